# SPDX-License-Identifier: PostgreSQL
"""Goal 8 of search: the sets of hard.py, with both contenders on one server.

A set is in a table of its own in each contender's database; nothing is timed
but processor time of the builds.
"""
import functools
import json
import os

import hard
import options
import truth
from cluster import say
from extensions import describe
from measure import Contender
from session import machine, make_server

EFS = (40, 100, 200, 400)
MEAN, WORST = 0.95, 0.5         # recall to be reached, at some ef of EFS
OWN_ROWS = 2000                 # of pgvector's, searched for by themselves


def contenders(server, args):
    server.install_extension()
    server.start()
    both = [Contender(server, describe(name, "vector"), args)
            for name in ("lokivector", "pgvector")]
    for c in both:
        c.prepare()
    return both


def enough(found):
    """The smallest ef that has both recalls, or the largest"""
    return next((ef for ef in EFS if found["recall"][ef][0] >= MEAN
                 and found["recall"][ef][1] >= WORST), EFS[-1])


def curve(found):
    return ", ".join(f"{ef}: {mean:.3f} / {worst:.1f}"
                     for ef, (mean, worst) in found["recall"].items())


def report(goals, name, ours, theirs):
    ef = enough(ours)
    own, peer = ours["recall"][ef], theirs["recall"][ef]
    goals.add(8, name, f"recall@10 at ef_search {ef}, mean", own[0], peer[0],
              target=f">= {MEAN}", note="mean / first percentile at "
              f"ef_search: {curve(ours)}; pgvector {curve(theirs)}")
    goals.add(8, name, f"recall@10 at ef_search {ef}, first percentile",
              own[1], peer[1], target=f">= {WORST}")
    goals.add(8, name, f"rows not found by their own vectors at ef_search "
              f"{hard.OWN_EF}", ours["lost"], theirs["lost"], target="<= 0",
              note=f"of {ours['own']} and {theirs['own']}")
    if ours["copies"] >= 1000:
        goals.add(8, name, "rows of LIMIT 1000 at ef_search 40, where "
                  f"{ours['copies']} are equal", ours["thousand"],
                  theirs["thousand"], target=">= 1000")
    goals.add(8, name, "processor seconds of one process to build",
              ours["seconds"], theirs["seconds"],
              ours["seconds"] / theirs["seconds"])


def run(sets, goals, argv):
    """sets: (name, rows, dims, whether rows are inserted one by one)"""
    args = options.arguments(argv)
    server = make_server(args)
    out = os.path.join(goals.out, goals.step)
    os.makedirs(out, exist_ok=True)
    raw = {"machine": machine(), "sets": {}}
    try:
        both = contenders(server, args)
        for name, rows, dims, inserted in sets:
            title = f"{name}, {rows} x {dims}" + ", inserted" * inserted
            base, queries, metric = hard.make(name, rows, dims)
            true = truth.neighbours(metric, base, queries, 10)
            found = []
            for c in both:
                table = hard.Table(hard.Server(server.command(
                    *server.client("psql", c.db, None))), name, metric)
                found.append(hard.measure(
                    table, base, queries, true, EFS,
                    0 if c is both[0] else OWN_ROWS, inserted=inserted))
                table.drop()
                say(f"{title}: {c.name}: {found[-1]}")
            raw["sets"][title] = {c.name: f for c, f in zip(both, found)}
            report(goals, title, *found)
            goals.write()
    finally:
        server.stop()
    with open(os.path.join(out, "raw.json"), "w") as f:
        json.dump(raw, f, indent=1)


def step(*sets):
    return functools.partial(run, sets)


ALL = [(name, 50000, 128, False) for name in hard.SETS]
STEPS = {"small": [("hard-128", step(*ALL)),
                   ("hard-768", step(*[(name, 20000, 768, True) for name in (
                       "lengths", "clusters", "outliers", "duplicates",
                       "identical")]))],
         "large": []}
