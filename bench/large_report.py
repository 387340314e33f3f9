# SPDX-License-Identifier: PostgreSQL
"""report.md of the benchmark of a large table"""
import os

from large_rows import PARTS

GB, MILLION = 1e9, 1e6
TARGET_MS = 50                  # p95 at .95 with 2 GB of memory for the index
TARGET_SECONDS = 60             # of a build of 1,000,000 x 1,536
TARGET_DIMS = 1536


def latency(t):
    return "p50 / p95 / p99 {:.2f} / {:.2f} / {:.2f} ms".format(
        *[t[name] / 1e3 for name in ("p50_us", "p95_us", "p99_us")])


def load(f, found):
    rows = found["set"]["rows"]
    yield "load", f"{f['seconds']:.0f} s, {rows / f['seconds']:,.0f} rows/s"
    yield "table", f"{f['bytes'] / GB:.2f} GB, {f['bytes'] / rows:.0f} bytes a row"


def truth(f, found):
    yield ("primary key, after the load",
           f"{f['primary_key_seconds']:.1f} s")


def build_line(f):
    line = (f"{f['seconds']:.1f} s, {f['seconds'] / f['rows'] * MILLION:.1f} s "
            f"a million rows; {f['cpu_seconds']:.1f} s of processors; peak "
            f"memory {f['peak_memory'] / GB:.2f} GB in {f['processes']} processes")
    phases = [f"{name.replace('building index: ', '')} {seconds:.0f} s"
              for name, seconds in f["phases"]]
    return line + ("; " + ", ".join(phases) if phases else "")


def linear(f, found):
    for name in ("small", "third"):
        yield f"build of {f[name]['rows']:,} rows", build_line(f[name])


def build(f, found):
    s = found["set"]
    yield f"build of {f['rows']:,} rows", build_line(f)
    yield "maintenance_work_mem", (
        f"{found['settings']['maintenance_work_mem']}; in memory it would "
        f"take {f['memory_wanted'] / GB:.2f} GB")
    if f["foretold"]:
        name, missed = f["foretold"]
        yield "progress", (f"from a fifth of \"{name}\" on its end is foretold "
                           f"within {missed:.1%} of its length")
    small = found["stages"].get("linear", {}).get("small")
    if small:
        more = (f["seconds"] / f["rows"]) / (small["seconds"] / small["rows"])
        yield "build time a row, against the small table's", f"{more:.2f} times"
    if s["dims"] == TARGET_DIMS:
        yield "target", f"{TARGET_SECONDS} s a million rows"
    yield "index", (f"{f['bytes'] / GB:.2f} GB, {f['bytes'] / f['rows']:.0f} "
                    f"bytes a row; touched by searches {f['hot_bytes'] / GB:.2f} GB")
    yield "its parts, bytes a row", ", ".join(
        f"{name} {size / f['rows']:.0f}" for name, size in f["parts"]
        if size >= f["rows"])


def search(f, found):
    for ef, point in f["points"].items():
        name = f"target_recall = {ef}" if float(ef) < 1 else f"ef_search = {ef}"
        for clients, t in point["clients"].items():
            yield (f"{name}, {clients} client{'s' * (clients != '1')}",
                   f"recall@10 {point['recall']:.4f}, {latency(t)}, "
                   f"{t['qps']:,.0f} queries/s")


def filters(f, found):
    for part in PARTS:
        t = f[str(part)]
        yield (f"filter, one row of {part}",
               f"recall@10 {t['recall']:.4f}, {latency(t)}")


def cold(f, found):
    yield (f"cold, shared_buffers {f['shared_buffers_kb'] / 1e6:.2f} GB, "
           f"ef_search = {f['ef']}"), (
        "p50 / p95 / p99 {p50_ms:.1f} / {p95_ms:.1f} / {p99_ms:.1f} ms; blocks "
        "a query: index {index:.0f}, table {heap:.0f}, TOAST {toast:.0f}; "
        "reads {read_ms:.1f} ms; page cache emptied by {page_cache}".format(**f))


def memory(f, found):
    if "alone" in f:
        yield "shared_buffers 2 GB, no page cache, 1 client", (
            f"ef_search = {f['ef']}, recall@10 {f['recall']:.4f}, {latency(f['alone'])}; target: p95 "
            f"under {TARGET_MS} ms")
        yield ("shared_buffers 2 GB, no page cache, 4 clients",
               f"{latency(f['alone_4'])}, {f['alone_4']['qps']:,.0f} queries/s")
    yield "shared_buffers 2 GB and the page cache, 1 client", (
        f"recall@10 {f['recall']:.4f}, {latency(f['beside'])}")


def vacuum(f, found):
    yield "1 % deleted", (f"DELETE {f['delete_seconds']:.1f} s, VACUUM "
                          f"{f['seconds']:.1f} s; recall@10 then "
                          f"{f['recall']:.4f} at ef_search = {f['ef']}")


def inserts(f, found):
    for clients in ("1", "4"):
        t = f[clients]
        yield (f"inserts, {clients} client{'s' * (clients != '1')}",
               f"{t['qps']:,.0f} rows/s, {latency(t)}; {t['count']:,} rows")


def small(name, f):
    yield f"{name}, {f['rows']:,} rows: build", build_line(f)
    yield f"{name}, {f['rows']:,} rows: index", f"{f['bytes'] / GB:.2f} GB"
    for clients, t in f["clients"].items():
        yield (f"{name}, {f['rows']:,} rows: ef_search = {f['ef']}, {clients} "
               f"client{'s' * (clients != '1')}",
               f"recall@10 {f['recall']:.4f}, {latency(t)}, {t['qps']:,.0f} queries/s")


def pgvector(f, found):
    yield from small("lokivector", f["lokivector"])
    if "pgvector" in f:
        yield from small(f"pgvector {f['pgvector']['version']}", f["pgvector"])
    else:
        yield "pgvector", f"skipped: {f['skipped']}"


LINES = (load, truth, linear, build, search, filters, cold, memory, vacuum,
         inserts, pgvector)


def lines(found):
    stages = found["stages"]
    for part in LINES:
        if part.__name__ in stages:
            yield from part(stages[part.__name__], found)
    if stages:
        yield "most memory of the machine in use, without the page cache", (
            f"{max(f['machine_memory'] for f in stages.values()) / GB:.1f} GB")
        yield "most disk", f"{max(f['disk'] for f in stages.values()) / GB:.1f} GB"


def write(folder, found):
    s, m = found["set"], found["machine"]
    text = [f"# {s['rows']:,} x {s['dims']} on one machine", "",
            f"    {found['command']}", "",
            f"{s['type']}, profile {s['profile'] or 'balanced'}; PostgreSQL "
            f"{found['server']}; {m['processor']}, {m['cores']} cores, "
            f"{m['memory'] / GB:.0f} GB. Settings: "
            + ", ".join(f"{k} = {v}" for k, v in found["settings"].items())
            + f". Recall is of {s['queries']} queries, times are of "
            f"{s['timed_queries']:,} at random.", "",
            "| what | figure |", "|---|---|"]
    text += [f"| {what} | {figure} |" for what, figure in lines(found)]
    text += ["", "| stage | seconds | attempts |", "|---|---|---|"]
    text += [f"| {name} | {f['stage_seconds']:.0f} | "
             f"{found['attempts'][name] + 1} |"
             for name, f in found["stages"].items()]
    path = os.path.join(folder, "report.md")
    with open(path + ".part", "w") as f:
        f.write("\n".join(text) + "\n")
    os.rename(path + ".part", path)
