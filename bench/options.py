# SPDX-License-Identifier: PostgreSQL
"""Options of the benchmark, and the server's settings that follow."""
import argparse
import os

import extensions
from measure import OPERATOR

EF = "10,20,40,60,80,100,150,200,400"


def numbers(text, kind=int):
    return [kind(x) for x in text.split(",") if x]


def memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def arguments(argv):
    cores = len(os.sched_getaffinity(0))
    buffers = f"{min(4096, memory() // 4 >> 20)}MB"
    p = argparse.ArgumentParser(
        description="Measure lokivector against others on one server.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--set", default="synthetic:20000:256",
                   help="name below --data, path, or synthetic:ROWS:DIMS")
    p.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"),
                   help="folder of the sets (or LOKIVECTOR_DATA)")
    p.add_argument("--metric", choices=sorted(OPERATOR),
                   help="by default the set's own")
    p.add_argument("--limit-rows", type=int, help="first rows only")
    p.add_argument("--m", type=int, default=16)
    p.add_argument("--ef-construction", type=int, default=64)
    p.add_argument("--loki-options", default="",
                   help="further index options, such as bits = 2")
    p.add_argument("--peers", default="pgvector",
                   help="extensions to compare with: names of files of "
                   "bench/extensions, or paths, each with the variants it "
                   "chooses or with one, as in "
                   "pgvector:vector,pgvector:binary/4,vectorchord")
    p.add_argument("--lokivector-types", default="vector")
    p.add_argument("--k", default="10", help="for example 10,100,1000")
    p.add_argument("--ef", default=EF)
    p.add_argument("--clients", default=f"1,{cores}")
    p.add_argument("--builds", type=int, default=3)
    p.add_argument("--rounds", type=int, default=1,
                   help="rounds of timing for each build")
    p.add_argument("--seconds", type=float, default=3,
                   help="of each timed point")
    p.add_argument("--targets", default="0.95,0.99",
                   help="recalls at which rates are compared")
    p.add_argument("--brackets", action="store_true",
                   help="measure recall up to the highest target, and time "
                   "only the widths next to the targets")
    p.add_argument("--storage", default="default",
                   choices=["default", "plain", "external", "extended"],
                   help="of the table's vector column")
    p.add_argument("--held-out", type=float, default=0.02,
                   help="share of the rows that are inserted singly")
    p.add_argument("--shared-buffers", default=buffers)
    p.add_argument("--maintenance-work-mem", default=buffers)
    p.add_argument("--workers", type=int, default=max(1, cores - 1),
                   help="max_parallel_maintenance_workers")
    p.add_argument("--server", type=int, default=17, help="major version")
    p.add_argument("--no-pin", dest="pin", action="store_false",
                   help="leave a single client and its backend unpinned")
    p.add_argument("--realtime", action="store_true",
                   help="time queries and inserts in the real-time class "
                   "(SCHED_RR), to keep the machine's other work out")
    for library in ("hnswlib", "symphonyqg", "zvec", "lancedb", "qdrant"):
        p.add_argument(f"--{library}", action="store_true",
                       help="measure it in a process of its own, too")
    p.add_argument("--skip-lokivector", action="store_true")
    p.add_argument("--skip-timing", action="store_true")
    p.add_argument("--skip-changes", action="store_true",
                   help="no inserts, no vacuum")
    p.add_argument("--lock", help="file to lock while something is timed")
    p.add_argument("--out", help="folder of the results")
    p.add_argument("--keep", metavar="DIR",
                   help="keep clusters in this folder, one for each set, and "
                   "use their tables and the peers' indexes again")
    p.add_argument("--old-index", action="store_true",
                   help="use lokivector's kept index, too, with the library "
                   "of this tree: only where neither the SQL objects nor the "
                   "format of the index have changed since")
    p.add_argument("--prepare", action="store_true",
                   help="only load and build the peers' indexes, to be kept")
    args = p.parse_args(argv)
    args.k, args.ef = numbers(args.k), sorted(numbers(args.ef))
    args.clients = sorted(set(numbers(args.clients)))
    args.targets = numbers(args.targets, float)
    if int(args.seconds) != args.seconds or args.seconds < 1:
        p.error("--seconds must be a whole number")
    args.seconds = int(args.seconds)
    if args.prepare and not args.keep:
        p.error("--prepare needs --keep")
    return args


def settings(args):
    """Of every server that is measured"""
    return {"shared_buffers": args.shared_buffers,
            "maintenance_work_mem": args.maintenance_work_mem,
            "max_parallel_maintenance_workers": args.workers,
            "max_worker_processes": args.workers + 8,
            "max_parallel_workers": args.workers + 8,
            "max_parallel_workers_per_gather": 0,
            "dynamic_shared_memory_type": "sysv",
            "max_wal_size": "2GB" if args.keep else "4GB",
            "wal_level": "minimal" if args.keep else "replica",
            "max_wal_senders": 0, "checkpoint_timeout": "1h",
            "fsync": "off", "full_page_writes": "on", "jit": "off",
            "autovacuum": "off", "huge_pages": "off"}


def settings_with_peers(args):
    """The same, and what the peers want loaded when their server starts"""
    preload = {d.told["preload"] for d in extensions.chosen(args.peers)
               if "preload" in d.told}
    return {**settings(args),
            "shared_preload_libraries": f"'{','.join(sorted(preload))}'"}
