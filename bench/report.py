# SPDX-License-Identifier: PostgreSQL
"""Tables (Markdown, CSV) of what run.py measured."""
import csv
import itertools
import math
import os
import statistics

from measure import spread

REACHED, BEST, EASY, MISSED = "", "the peer's best recall", \
    "reached at the smallest value", "not reached by lokivector"
LIBRARY = " in-process"           # ends the name of what runs without a server


def median(values):
    return statistics.median(values) if values else math.nan


def mb(count):
    return f"{count / 1e6:.1f}"


def table(head, rows):
    """A Markdown table"""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(x) for x in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write_csv(path, rows):
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, names, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: round(v, 5) if isinstance(v, float) else v
                             for k, v in row.items()})


# ---- curves ---------------------------------------------------------------

def points(result):
    """One row for each contender, k, ef and number of clients: medians"""
    recall, timings = {}, {}
    for r in result["recall"]:
        recall.setdefault((r["contender"], r["k"], r["ef"]), []).append(r)
    for t in result["timings"]:
        key = t["contender"], t["k"], t["ef"], t["clients"]
        timings.setdefault(key, []).append(t)
    clients = sorted({t["clients"] for t in result["timings"]}) or [None]
    rows = []
    for (name, k, ef), found in recall.items():
        for count in clients:
            row = {"set": result["set"], "rows": result["rows"],
                   "dims": result["dims"],
                   "metric": result["arguments"]["metric"],
                   "storage": result["arguments"]["storage"],
                   "contender": name, "k": k, "value": ef,
                   "recall": median([r["recall"] for r in found]),
                   "recall_min": min(r["recall"] for r in found),
                   "rows_returned": median([r["rows"] for r in found]),
                   "clients": count}
            timed = timings.get((name, k, ef, count), [])
            for what in ("qps", "mean_us", "p50_us", "p95_us", "p99_us"):
                row[what] = median([t[what] for t in timed])
            row["spread"] = spread([t["qps"] for t in timed]) if timed else math.nan
            rows.append(row)
    return rows


def curve(rows, name, k, clients):
    """(recall, qps) by rising ef, recall made monotone"""
    found = sorted((r["value"], r["recall"], r["qps"]) for r in rows
                   if r["contender"] == name and r["k"] == k
                   and r["clients"] == clients)
    out, best = [], 0.0
    for _, recall, qps in found:
        best = max(best, recall)
        out.append((best, qps))
    return out


def brackets(result):
    """The points (contender, k, ef) that a comparison at the targets, or at
    the best recall of a contender that stays below one, interpolates"""
    rows = points(result)
    targets = result["arguments"]["targets"]
    needed = set()
    for k in result["arguments"]["k"]:
        lines = {}
        for r in sorted(rows, key=lambda r: r["value"]):
            if r["k"] == k:
                line = lines.setdefault(r["contender"], {})
                line[r["value"]] = max([r["recall"], *line.values()])
        best = [max(line.values()) for line in lines.values()]
        wanted = set(targets) | {b for b in best if b < max(targets)}
        for name, line in lines.items():
            for target in wanted:
                above = [ef for ef in line if line[ef] >= target]
                below = [ef for ef in line if line[ef] < target]
                needed |= {(name, k, ef) for ef in above[:1] + below[-1:]}
    return needed


def rate_at(line, target):
    """Rate at a recall, log-linear between neighbours -> rate, note"""
    if not line or line[-1][0] < target:
        return None, MISSED
    if line[0][0] >= target:
        return line[0][1], EASY
    for (r0, q0), (r1, q1) in zip(line, line[1:]):
        if r0 < target <= r1:
            part = (target - r0) / (r1 - r0)
            return math.exp(math.log(q0) + part * math.log(q1 / q0)), REACHED
    return None, MISSED


def compare(line, other, target):
    """lokivector's line against a peer's -> dict.  Where the peer stays
    below the target, both are taken at its best recall."""
    notes = []
    if other[-1][0] < target:
        notes.append(f"{BEST} instead of {target}")
        target = other[-1][0]
    theirs, note = rate_at(other, target)
    if note:
        notes.append("peer: " + note)
    ours, note = rate_at(line, target)
    if note:
        notes.append(note if note == MISSED else "lokivector: " + note)
    return {"recall": target, "lokivector_qps": ours, "peer_qps": theirs,
            "ratio": ours / theirs if ours else math.nan,
            "note": "; ".join(notes)}


def names(result, ours=False):
    """Contenders that are ours, or the others"""
    return [x["contender"] for x in result["load"]
            if x["contender"].startswith("lokivector") == ours]


def headline(result):
    """The peer that ratios are quoted against, the first one given"""
    return next((name for name in names(result) if not name.endswith(LIBRARY)), None)


def ratios(result, rows):
    """lokivector against each peer, at each k, number of clients, target"""
    out = []
    a = result["arguments"]
    for k, clients, target, ours in itertools.product(
            a["k"], a["clients"], a["targets"], names(result, ours=True)):
        line = curve(rows, ours, k, clients)
        if all(math.isnan(rate) for _, rate in line):
            continue
        for theirs in names(result):
            other = curve(rows, theirs, k, clients)
            out.append(dict({"k": k, "clients": clients, "target": target,
                             "contender": ours, "against": theirs},
                            **compare(line, other, target)))
    return out


def best_peer(found):
    """Of the comparisons of one point, that with the best peer: the fastest
    of those that reach the target, if any does"""
    peers = [f for f in found if not f["against"].endswith(LIBRARY)]
    there = [f for f in peers if f["recall"] == f["target"]]
    return max(there or peers, default=None, key=lambda f: (
        f["peer_qps"] if there else f["recall"]))


def by_point(found):
    """Comparisons grouped by all but the peer"""
    groups = {}
    for f in found:
        groups.setdefault((f["k"], f["clients"], f["target"],
                           f["contender"]), []).append(f)
    return groups


def floors(result):
    """(clients, contender) -> medians of rate and mean latency"""
    found = {}
    for f in result["floors"]:
        found.setdefault((f["clients"], f["contender"]), []).append(f)
    return {key: (median([f["qps"] for f in fs]),
                  median([f["mean_us"] for f in fs]))
            for key, fs in sorted(found.items())}


# ---- sections -------------------------------------------------------------

def number(value, form=".0f"):
    return "-" if value is None or math.isnan(value) else f"{value:{form}}"


def ratio_section(result, found):
    """A row for each peer; the ratio against the first one in bold"""
    if not found:
        return ""
    floor = floors(result)
    rows = []
    for (k, clients, target, ours), group in by_point(found).items():
        best = best_peer(group)
        for f in group:
            ratio = number(f["ratio"], ".2f")
            notes = ["best peer"] * (f is best and len(group) > 1)
            rows.append([
                k, clients, f"{f['recall']:.4g}", ours,
                number(f["lokivector_qps"]),
                number(floor.get((clients, ours), (None,))[0]), f["against"],
                number(f["peer_qps"]),
                f"**{ratio}**" if f is group[0] else ratio,
                "; ".join(notes + [f["note"]] * bool(f["note"]))])
    return "## Queries per second at equal recall\n\n" + table(
        ["k", "clients", "recall", "", "per s", "floor per s", "against",
         "per s", "ratio", "note"], rows) + "\n"


def build_rows(result):
    out = []
    for load in result["load"]:
        name = load["contender"]
        built = [b for b in result["builds"] if b["contender"] == name]
        if not built:
            continue
        size = median([b["index_bytes"] for b in built])
        out.append({"contender": name, "version": load["version"],
                    "load_s": load["seconds"],
                    "build_s": median([b["seconds"] for b in built]),
                    "kept": built[-1]["kept"],
                    "index_bytes": int(size),
                    "bytes_per_row": size / result["rows"],
                    "table_bytes": built[-1]["table_bytes"]})
    base = next((b["index_bytes"] for b in out
                 if b["contender"] == headline(result)), None)
    for b in out:
        b["index_ratio"] = b["index_bytes"] / base if base else math.nan
    return out


def build_section(result, rows):
    return "## Load, build and size\n\n" + table(
        ["", "version", "load s", "build s", "index MB", "bytes a row",
         f"of {headline(result) or 'a peer'}'s", "table MB"],
        [[b["contender"], b["version"], f"{b['load_s']:.1f}",
          f"{b['build_s']:.1f}{' (kept)' * b['kept']}", mb(b["index_bytes"]),
          f"{b['bytes_per_row']:.0f}", f"{b['index_ratio']:.3f}",
          mb(b["table_bytes"])] for b in rows]) + "\n"


def last_info(result, what):
    return next((b[what] for b in reversed(result["builds"]) if b[what]), [])


def slot_array_section(result):
    """Bytes by slot array, and the geometry, of the last build"""
    arrays = last_info(result, "slot_arrays")
    info = last_info(result, "info")
    text = ""
    if arrays:
        head = list(arrays[0]) + ["bytes a row"]
        text += "## lokivector's index by slot array\n\n" + table(
            head, [list("" if x is None else x for x in row.values())
                   + [f"{(row.get('bytes') or 0) / result['rows']:.1f}"]
                   for row in arrays]) + "\n"
    if info:
        text += "lokivector_index_info: " + ", ".join(
            f"{k} {v}" for k, v in info[0].items()
            if v not in (None, 0, [], False)) + ".\n\n"
    return text


def change_section(result):
    if not result["changes"]:
        return ""
    clients = result["arguments"]["clients"]
    head = [""] + [f"inserts/s, {c} client{'s' * (c > 1)}" for c in clients]
    rows = [[c["contender"]]
            + [f"{c[f'inserts_per_s_{n}']:.0f}" for n in clients]
            + [f"{c['recall_inserted']:.4f}", f"{c['vacuum_s']:.2f}",
               f"{c['recall_vacuumed']:.4f}", mb(c["vacuum_index_bytes"])]
            for c in result["changes"]]
    return "## Inserts, then 10 % deleted and VACUUM\n\n" + table(
        head + ["recall@10 after", "VACUUM s", "recall@10 after",
                "index MB after"], rows) + "\n"


def floor_section(result):
    rows = [[clients, name, number(rate), number(mean)]
            for (clients, name), (rate, mean) in floors(result).items()]
    return "## Floor: lookup by primary key instead of the search\n\n" + \
        table(["clients", "", "per s", "mean us"], rows) + "\n" if rows else ""


def header(result):
    a, m, s = result["arguments"], result["machine"], result["settings"]
    given = ", ".join(f"{k} = {v}" for k, v in s.items())
    builds = 1 + max((b["build"] for b in result["builds"]), default=-1)
    single = "shares a core with its backend" if a["pin"] else "is not pinned"
    return (f"# {result['set']}: {result['rows']:,} x {result['dims']}, "
            f"{a['metric']}\n\n"
            f"{result['queries']} held-out queries; m = {a['m']}, "
            f"ef_construction = {a['ef_construction']}; medians of "
            f"{builds} build(s), {a['rounds']} round(s) of "
            f"{a['seconds']} s on each; column storage {a['storage']}; a "
            f"single client {single}"
            f"{', all timed in the real-time class' * a['realtime']}. "
            f"{m['cpu']}, {m['simd']}, {m['cores']} cores, "
            f"{m['memory_gb']} GB; PostgreSQL {result['server']}: {given}."
            f" Tables and indexes together: {mb(result['database_bytes'])} "
            f"MB.\n\n    {result['command']}\n\n")


def write(result, out):
    """Write all files -> a summary in text"""
    rows = points(result)
    found = ratios(result, rows)
    builds = build_rows(result)
    write_csv(os.path.join(out, "curves.csv"), rows)
    write_csv(os.path.join(out, "ratios.csv"), found)
    write_csv(os.path.join(out, "builds.csv"), builds)
    write_csv(os.path.join(out, "changes.csv"), result["changes"])
    text = header(result) + ratio_section(result, found) \
        + build_section(result, builds) + slot_array_section(result) \
        + change_section(result) + floor_section(result) \
        + "[curves.csv](curves.csv) has recall and speed of each value of the parameter that is swept.\n"
    with open(os.path.join(out, "report.md"), "w") as f:
        f.write(text)
    return "\n" + ratio_section(result, found) \
        + build_section(result, builds) + change_section(result)
