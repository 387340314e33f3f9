#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Recall against searches a second of several commits, which take turns on one machine.

Each commit is built as gate.py builds it and has a server with one set and its index.  For each
width its recall is taken; then its clients search, some seconds for each commit, round after
round, in the other order in each second round.  A rate is the median of the rounds.

Prints the curves, and for the last commit at each of its points the rate of the fastest other
commit at that recall, which is read off between two of its points (logarithms of the rate and of
1 - recall), and the ratio of the two.
"""
import argparse
import math
import os
import statistics
import sys

import gate
import hard
import truth
from cluster import TOP, directory


def rates(sides, width, clients, queries, args):
    """-> the median rate of each side"""
    found = [[] for _ in sides]
    for number in range(args.rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for i in order:
            found[i].append(sides[i].rate(queries, args.seconds, clients,
                                          {"hnsw.ef_search": str(width)}))
    return [statistics.median(rounds) for rounds in found]


def at_recall(curve, recall):
    """-> the rate of a curve of (recall, rate) at a recall, or None outside of it"""
    def lost(r):
        return math.log(1 - min(r, .99999))

    curve = sorted(curve)
    for (low, fast), (high, slow) in zip(curve, curve[1:]):
        if low <= recall <= high and low < high:
            share = (lost(recall) - lost(low)) / (lost(high) - lost(low))
            return math.exp(math.log(fast) + share * (math.log(slow) - math.log(fast)))
    return None


def curves(sides, clients, recalls, queries, args):
    """Prints the table of a number of clients, and that of ratios at equal recall"""
    measured = [rates(sides, width, clients, queries, args) for width in args.ef]
    points = [[(found[i], rate[i]) for found, rate in zip(recalls, measured)]
              for i in range(len(sides))]
    print(f"\nClients: {clients}. Recall, searches a second\n\n| |"
          + "".join(f" ef {width} |" for width in args.ef) + "\n|" + "---|" * (len(args.ef) + 1))
    for name, curve in zip(args.commits, points):
        print(f"| {name} |" + "".join(f" {found:.4f}, {rate:,.0f} |" for found, rate in curve))
    *others, last = points
    print(f"\n| recall of {args.commits[-1]} | searches a second | fastest other there | ratio |\n"
          + "|---|---|---|---|")
    for recall, rate in last:
        best = max((r for r in (at_recall(curve, recall) for curve in others) if r), default=None)
        if best:
            print(f"| {recall:.4f} | {rate:,.0f} | {best:,.0f} | {rate / best:.3f} |")
    sys.stdout.flush()


def arguments(argv):
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("commits", nargs="+", metavar="COMMIT", help="or a folder")
    p.add_argument("--set", default="synthetic:200000:768", help="of hard.py or datasets.py")
    p.add_argument("--rows", type=int, help="of the set; of hard.py's 20000, if not given")
    p.add_argument("--dims", type=int, default=128, help="of a set of hard.py")
    p.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"),
                   help="folder of sets of datasets.py")
    p.add_argument("--queries", type=int, default=1000)
    p.add_argument("--limit", type=int, default=gate.K, help="rows that a search asks for")
    p.add_argument("--ef", type=int, nargs="+", default=[10, 20, 40, 80])
    p.add_argument("--clients", type=int, nargs="+", default=[1, 2 * os.cpu_count()])
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=3, help="of a commit in a round")
    p.add_argument("--pg-config", default=os.environ.get("PG_CONFIG", "pg_config"))
    p.add_argument("--user", default="postgres", help="who runs the servers, if this is root")
    p.add_argument("--dir", default=os.path.join(TOP, "build", "bench", "commits"),
                   help="of builds and clusters; builds stay")
    return p.parse_args(argv)


def main(argv):
    args = arguments(argv)
    gate.K = args.limit
    args.dir = directory(os.path.abspath(args.dir), "755")
    rows = args.rows or (20000 if args.set in hard.SETS else None)
    base, queries, metric = hard.make(args.set, rows, args.dims, args.queries,
                                      data=args.data)
    true = truth.neighbours(metric, base, queries, gate.K)
    settings = {**gate.SETTINGS, "shared_buffers": "1GB", "maintenance_work_mem": "1GB"}
    sides = []
    try:
        for number, source in enumerate(args.commits):
            side = gate.Side(f"side-{number}", source, args, settings)
            sides.append(side)
            side.load("commits", metric, base, queries)
            side.build()
        recalls = [[side.recall(width, base, queries, true) for side in sides]
                   for width in args.ef]
        for clients in args.clients:
            curves(sides, clients, recalls, len(queries), args)
    finally:
        for side in sides:
            side.server.remove()


if __name__ == "__main__":
    main(sys.argv[1:])
