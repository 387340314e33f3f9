#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A large table on one machine: ten million rows, unless told otherwise.

A server of its own is started from the programs in --bindir, where lokivector
is installed.  The rows are generated (README.md) and go straight into the
table.  Each stage writes its figures to state.json in --out; the same command
again goes on after the last stage that is complete, and writes report.md at the
end.  Then the cluster is removed, unless --keep is given.

  load      COPY of generated rows, without a log
  truth     true neighbors of the queries, of all rows and of each filter's
  linear    builds of a tenth and of a third of the rows
  build     the index: time, memory, progress, bytes
  search    recall and latency, in memory, by one client and by four
  filters   conditions that one of 10, 100 and 1,000 rows passes
  cold      the first queries, shared_buffers being a quarter of the index
  memory    searches with shared_buffers of 2 GB
  vacuum    one per cent of the rows is deleted
  inserts   single rows, by one client and by four
  pgvector  both extensions on a tenth of the rows
"""
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse  # noqa: E402
import glob  # noqa: E402
import json  # noqa: E402
import shlex  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import large_report  # noqa: E402
import large_server  # noqa: E402
from cluster import directory, say  # noqa: E402
from large_rows import ITEM, Rows  # noqa: E402
from large_server import Limits, Local  # noqa: E402
from large_stages import STAGES, Bench  # noqa: E402

SAME = ("rows", "dims", "type", "profile", "seed", "queries", "timed_queries",
        "pgvector_rows", "processes")


def parse(argv):
    cores = len(os.sched_getaffinity(0))
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", type=int, default=10_000_000)
    p.add_argument("--dims", type=int, default=768)
    p.add_argument("--type", default="halfvec", choices=ITEM)
    p.add_argument("--profile", help="of the index, as compact")
    p.add_argument("--out", metavar="DIR",
                   default="/var/tmp/lokivector-bench-large",
                   help="of the state, the report and the cluster")
    p.add_argument("--bindir", metavar="DIR", help="the server's programs "
                   "(those of PG_CONFIG, or the newest server's)")
    p.add_argument("--user", default="postgres",
                   help="who runs the server, if this is root")
    p.add_argument("--maintenance-work-mem", default="11GB")
    p.add_argument("--shared-buffers", default="9GB",
                   help="for stages with the index in memory")
    p.add_argument("--workers", type=int, default=max(1, cores - 1),
                   help="max_parallel_maintenance_workers")
    p.add_argument("--processes", type=int, default=2,
                   help="that generate rows")
    p.add_argument("--queries", type=int, default=300,
                   help="whose true neighbors are found")
    p.add_argument("--timed-queries", type=int, default=5000)
    p.add_argument("--seconds", type=int, default=30, help="of each run")
    p.add_argument("--pgvector-rows", type=int,
                   help="of the small table (rows / 10)")
    p.add_argument("--pgvector-bindir", metavar="DIR",
                   help="of a server with pgvector, if the other has none")
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--only", nargs="+", metavar="STAGE", choices=STAGES,
                   help="these stages, whatever was done, and keep the "
                   "cluster")
    p.add_argument("--keep", action="store_true", help="the cluster")
    args = p.parse_args(argv)
    args.pgvector_rows = args.pgvector_rows or args.rows // 10
    args.out = os.path.abspath(args.out)
    if args.queries > args.timed_queries:
        p.error("--timed-queries must be at least --queries")
    return args


class State:
    """What was found, in a file"""

    def __init__(self, args, argv):
        self.path = os.path.join(args.out, "state.json")
        given = {name: getattr(args, name) for name in SAME}
        self.found = {"set": given, "stages": {}, "attempts": {}}
        if os.path.exists(self.path):
            with open(self.path) as f:
                self.found = json.load(f)
        if self.found["set"] != given:
            raise SystemExit(f"\"{args.out}\" has a run with other options: "
                             f"{self.found['set']}; give another --out")
        self.found["command"] = "bench/large.py " + shlex.join(argv)
        self.found["machine"] = large_server.machine()

    def __getitem__(self, name):
        """Figures of a stage"""
        if name == "attempts":
            return self.found["attempts"]
        if name not in self.found["stages"]:
            raise SystemExit(f"stage {name} is to be done first")
        return self.found["stages"][name]

    def save(self):
        with open(self.path + ".part", "w") as f:
            json.dump(self.found, f, indent=1)
        os.rename(self.path + ".part", self.path)

    def do(self, name, bench):
        attempts = self.found["attempts"]
        attempts[name] = attempts.get(name, -1) + 1
        self.save()
        say(f"-- {name}")
        with Limits(bench.args.out) as limits:
            seconds, figures = large_server.timed(lambda: STAGES[name](bench))
        figures.update(stage_seconds=seconds, machine_memory=limits.memory,
                       disk=limits.disk)
        self.found["stages"][name] = figures
        self.save()
        large_report.write(bench.args.out, self.found)


def run(args, argv):
    args.out = directory(args.out, "755")
    state = State(args, argv)
    missing = [name for name in STAGES if name not in state.found["stages"]]
    todo = [name for name in STAGES if name in (args.only or missing)]
    server = Local(os.path.join(args.out, "cluster"),
                   large_server.bindir_of(args.bindir), args.user,
                   large_server.settings(args))
    state.found["server"] = server.version
    state.found["settings"] = server.settings
    rows = Rows(args.rows, args.dims, args.type, args.seed)
    bench = Bench(args, rows, server, state)
    try:
        if todo:
            server.start()
            server.must_have("lokivector")
        for name in todo:
            state.do(name, bench)
    finally:
        server.stop()
    if not args.keep and not args.only:
        server.remove()
        for path in glob.glob(os.path.join(args.out, "truth-*.npz")):
            os.remove(path)
    large_report.write(args.out, state.found)
    print(os.path.join(args.out, "report.md"))


def ended(*_):
    raise SystemExit("interrupted: the same command goes on from here")


def main(argv):
    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    run(parse(argv), argv)


if __name__ == "__main__":
    main(sys.argv[1:])
