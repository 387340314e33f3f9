# SPDX-License-Identifier: PostgreSQL
"""Goals 1 and 2: queries per second at equal recall, warm."""
import os

import report
from cluster import say
from session import session

EF = "10,15,20,30,40,60,80,100,120,160,240,320,480,640,1000"
COMMON = ["--skip-changes", "--builds", "1", "--rounds", "3", "--seconds",
          "2", "--brackets", "--realtime", "--ef", EF]
PEERS = ["--peers", "pgvector,pgvector:binary,pgvector:binary/4", "--hnswlib"]


def run(goals, argv, options):
    """-> the document of one run, its points and its comparisons"""
    out = os.path.join(goals.out, goals.step)
    with session(COMMON + options + argv + ["--out", out]) as bench:
        bench.run()
        say(bench.save())
        result = bench.document()
    rows = report.points(result)
    return result, rows, report.ratios(result, rows)


def curve(options, goal, factor, goals, argv, hnswlib=None):
    """Rows of one set: against plain vector with the target factor, the best
    of pgvector's, and hnswlib"""
    result, rows, found = run(goals, argv, options)
    floor = report.floors(result)
    for point, group in report.by_point(found).items():
        k, clients, target, ours = point
        peers = {f["against"]: f for f in group}
        head = peers[report.headline(result)]
        what = f"queries/s at recall@{k} {head['recall']:.3g}, {clients} " \
            f"client{'s' * (clients > 1)}"
        rate = floor.get((clients, ours), (None,))[0]
        add(goals, goal, result, what, head, f">= {factor}",
            f"floor {report.number(rate)}/s")
        best = report.best_peer(group)
        if best is not head:
            add(goals, goal, result, f"{what}, against "
                f"{best['against']}", best)
        for library in filter(lambda name: name.endswith(report.LIBRARY), peers):
            add(goals, goal, result, f"{what}, against {library}",
                peers[library], hnswlib if library.startswith("hnswlib") else None)


def add(goals, goal, result, what, f, target=None, note=""):
    ratio = None if f["ratio"] != f["ratio"] else f["ratio"]
    goals.add(goal, result["set"], what, f["lokivector_qps"], f["peer_qps"],
              ratio, target, met=None if ratio or not target else False,
              note="; ".join(x for x in (note, f["note"]) if x))


def set_step(spec, goals, argv, extra=(), goal=1, factor=6, targets="0.95,0.99", hnswlib=None):
    options = ["--set", spec, "--targets", targets, *PEERS, *extra]
    curve(options, goal, factor, goals, argv, hnswlib)


def deep_step(spec, goals, argv, extra=()):
    """K = 100 and 1,000, with the vectors in line"""
    options = ["--set", spec, "--k", "100,1000", "--targets", "0.95",
               "--peers", "pgvector:vector", *extra]
    curve(options, 1, 6, goals, argv)
