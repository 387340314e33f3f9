# SPDX-License-Identifier: PostgreSQL
"""Where the time of a query goes, by phase: samples of perf(1) while pgbench runs.

A sample belongs to the first phase that has one of the functions on its stack.  perf follows
frame pointers, which Debian's server and what is built for it have.
"""
import collections
import os
import subprocess
import sys

PHASES = [
    ("upper layers", {"loki_search_entries"}),
    ("refining", {"loki_refine_first", "loki_refine_within"}),
    ("rows, and their distances", {"loki_rerank_complete"}),
    ("walk", {"first_walk"}),
    ("widening the walk", {"loki_walk_widen", "walk_by_heap"}),
    ("the rest of the search", {"loki_hnsw_gettuple"}),
    ("executor, and rows that it reads again", {"standard_ExecutorRun", "standard_ExecutorStart"}),
    ("protocol, plans and transactions", {"PostgresMain"}),
]
CLIENT, OTHER = "pgbench", "other processes"


def phase_of(command, stack):
    if command == "pgbench":
        return CLIENT
    return next((phase for phase, functions in PHASES if functions & stack), OTHER)


def samples(file):
    """-> command, set of the functions on the stack"""
    out = subprocess.run(["perf", "script", "-i", file, "-F", "comm,ip,sym"], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    for sample in out.split("\n\n"):
        command, *stack = sample.strip().split("\n")
        if command and not command.startswith("swapper"):
            yield command.strip(), {frame.split()[1] for frame in stack if len(frame.split()) > 1}


def measure(pgbench, env, folder):
    """Run the command, which keeps all processors busy -> [(phase, share of the time)]"""
    file = os.path.join(folder, "perf.data")
    done = subprocess.run(
        ["perf", "record", "-q", "-a", "-g", "-F", "999", "-o", file, "--", *pgbench], env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"perf cannot record: {done.stderr.strip()}")
    counted = collections.Counter(phase_of(*sample) for sample in samples(file))
    order = [phase for phase, _ in PHASES] + [CLIENT, OTHER]
    return [(phase, counted[phase] / counted.total()) for phase in order]
