# SPDX-License-Identifier: PostgreSQL
"""Goal 1 of the write path: building an index."""
import watch
from cluster import say
from session import timed

EFS = (20, 40, 80, 160)
FACTORS = {(200000, 768): 8, (500000, 128): 8}  # else 10
OUR_BUILDS = 3


def build(lab, c, options=None):
    """-> seconds by the clock, of processors, and samples of its progress"""
    lab.server.psql(c.db, f"DROP INDEX IF EXISTS {c.index}; CHECKPOINT",
                    {"client_min_messages": "warning"})
    sql = lab.index_sql(c, c.items, c.index)
    with watch.processor(lab.server) as used, \
            watch.Sampled(c, watch.PHASES) as sampled, \
            watch.Preferred(lab.server, lab.args.realtime):
        seconds = lab.server.seconds(c.db, sql, options)
    return {"seconds": seconds, "processor": used[0],
            "phases": watch.phases(sampled.rows)}


def several_builds(lab, c, count, options=None):
    """The build of median time of several"""
    found = [build(lab, c, options) for _ in range(count)]
    for f in found:
        say(f"{c.name}: build {f['seconds']:.2f} s, processors "
            f"{f['processor']:.2f} s")
    return sorted(found, key=lambda f: f["seconds"])[(count - 1) // 2]


def told(phases):
    return ", ".join(f"{name.split(': ')[-1]} {seconds:.2f}"
                     for name, seconds in phases)


def measure_build(lab):
    rows, dims = lab.data.base.shape
    factor = FACTORS.get((rows, dims), 10)
    with timed(lab.args):
        theirs = several_builds(lab, lab.theirs, 1)
        alone = several_builds(lab, lab.ours, OUR_BUILDS, {
            "max_parallel_maintenance_workers": 0})
        ours = several_builds(lab, lab.ours, OUR_BUILDS)
    lab.raw["build"] = {"ours": ours, "alone": alone, "theirs": theirs}
    processes = 1 + lab.args.workers

    def speed(a, b, what):
        return [rows / b[what] if b[what] else None, rows / a[what]]

    lab.row(1, f"rows/s of a build by {processes} processes",
            *speed(theirs, ours, "seconds"), target=f">= {factor}",
            note=f"{ours['seconds']:.2f} and {theirs['seconds']:.2f} s; "
            f"{told(ours['phases'])}")
    lab.row(1, "rows a second of processor time of the same build",
            *speed(theirs, ours, "processor"), note="which other work on the "
            f"machine changes less: {ours['processor']:.2f} and "
            f"{theirs['processor']:.2f} s")
    scaled = alone["seconds"] / ours["seconds"] / processes
    lab.row(1, f"efficiency of {processes} processes", scaled,
            target=">= 0.8", note=f"one: {alone['seconds']:.2f} s, "
            f"{processes}: {ours['seconds']:.2f} s; processors "
            f"{alone['processor']:.2f} and {ours['processor']:.2f} s; one: "
            + told(alone["phases"]))
    recalls(lab)


def recalls(lab):
    """Recall at equal ef, where the lead is smallest"""
    found = {ef: [lab.recall_in(c, lab.bench.judge, None, ef)
                  for c in lab.both] for ef in EFS}
    lab.raw["recall"] = found
    ef = min(EFS, key=lambda ef: found[ef][0] - found[ef][1])
    lab.row(1, f"recall@10 of the build at ef_search {ef}, where the lead is "
            "smallest", *found[ef], target=">= 1", note=", ".join(
                "{}: {:.4f} and {:.4f}".format(ef, *found[ef])
                for ef in EFS))
    lab.row(1, "index, bytes a row", *[
        lab.size(c, c.index) / len(lab.data.base) for c in lab.both])

