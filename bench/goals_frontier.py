# SPDX-License-Identifier: PostgreSQL
"""The frontier: what is still to be reached.  A step takes figures from the
steps of other modules, and sets the frontier's own targets to them.

Only f9, the public benchmarks, has a command of its own (public.py), as it
needs checkouts.
"""
import functools
import os
import re

import numpy as np

import datasets
import goals_hybrid
import goals_lab
import goals_write
import rounding
import truth
from cluster import say
from goals import Goals, holds
from goals_curves import LARGE, deep_step, step as curve_step
from options import arguments


def frontier(step, lines, goals, argv):
    """Run another module's step, and add those of its rows that a line wants:
    (goal, pattern of `what`, target).  A target bounds the ratio, or with
    `ours` behind it our own figure.  All rows of the step lie beside: if one of
    its measures failed, a run of that one takes the rows of the others, too."""
    inner = Goals(os.path.join(goals.out, goals.step), goals.size, goals.command)
    inner.begin(goals.step)
    try:
        step(inner, argv)
    except SystemExit as problem:
        if not isinstance(problem.code, str):
            raise               # a signal, or a wrong option
        say(f"{goals.step}: {problem}")
        goals.add(lines[0][0], "", goals.step, None, note=problem.code)
        return
    finally:
        inner.write()
    for goal, pattern, target in lines:
        found = [row for row in inner.rows() if re.search(pattern, row["what"])]
        if not found:
            say(f"{goals.step}: no figure of {pattern}")
        for row in found:
            of = "ours" if target and target.endswith("ours") else "ratio"
            goals.add(goal, row["set"], row["what"], row["ours"], row["pgvector"],
                      row["ratio"], target, holds(target, row[of]), row["note"])


def picked(step, *lines):
    return functools.partial(frontier, step, lines)


def limit(spec, target, options=()):
    """Of ours alone, with vectors in line"""
    step = functools.partial(
        goals_lab.beside, ["--set", spec, "--peers", "", "--storage", "plain",
                           "--k", "1000", "--seconds", "5", *options], ("limit",),
        known={"limit": ("goals_limit", "measure_limit")})
    return picked(step, ("f1", "LIMIT 10,", target), ("f1", "LIMIT 1000?,", None))


def deep(spec, extra):
    return picked(functools.partial(deep_step, spec, extra),
                  ("f2", r"recall@100 .*[2-9] clients", ">= 8"),
                  ("f2", r"recall@1000 .*[2-9] clients", ">= 6"))


def write(spec, *lines, measures=("build",), options=()):
    return picked(goals_write.step(spec, measures, options), *lines)


BUILD = "^rows/s of a build by"
MEDIUM = ["--shared-buffers", "5GB", "--maintenance-work-mem", "4GB"]


def types_step(goals, argv):
    """What rows of 8 bits a dimension lose, exact answers to 500 queries"""
    data = arguments(goals_lab.chosen(argv, ())[2]).data
    for name in ("synthetic:100000:128", "synthetic:20000:768", "fashion-mnist",
                 "sift-kodak", "wordnet-lsa256"):
        try:
            found = datasets.load(name, data)
        except SystemExit as problem:
            say(f"{name}: {problem}")
            continue
        rows, queries = (np.asarray(x, np.float32) for x in
                         (found.base, found.queries[:500]))
        true = truth.neighbours(found.metric, rows, queries, 10)
        judge = truth.Judge(found.metric, rows, queries, true)
        near = truth.neighbours(found.metric, rounding.rounded(
            rows, 8, "range"), queries, 10)
        goals.add("f8", found.name, "recall@10 that rows of bytevec lose",
                  1 - judge.score(list(near), 10)[0], target="<= 0.005")


PEERS = ["--peers", "pgvector:vector,vectorchord,pgvectorscale"]
STEPS = {
    "frontier": [
        ("limit-500k-128", limit("synthetic:500000:128", "<= 3 ours", MEDIUM)),
        ("limit-1m-1536", limit("synthetic:1000000:1536", "<= 2 ours", LARGE)),
        ("deep-200k-768", deep("synthetic:200000:768",
                               ["--storage", "plain", *MEDIUM])),
        ("deep-500k-128", deep("synthetic:500000:128", MEDIUM)),
        ("hnswlib-500k-128", picked(
            curve_step("synthetic:500000:128", extra=["--peers", "pgvector:vector"]),
            ("f3", "against hnswlib", ">= 1.2"))),
        ("joins", picked(
            goals_lab.step("synthetic:200000:768", ("lateral",), goals_lab.SMALL),
            ("f4", "LATERAL probes over", "<= 0.5 ours"))),
        ("filters-1m-128", picked(
            goals_hybrid.step("synthetic:1000000:128"),
            ("f5", "p95, ms", "<= 1 ours"),
            ("f5", "against an index of its own", "<= 1.5"),
            ("f5", "^two columns, 0.1 %: queries/s$", ">= 5"),
            ("f5", "^(1|0.1) %, random: queries/s, against a partial", ">= 0.8"))),
        ("filters-200k-768", picked(
            goals_hybrid.step("synthetic:200000:768"),
            ("f5", "^(two columns, 0.1 %|jsonb.*): queries/s$", ">= 5"))),
        ("build-wordnet", write("wordnet-lsa256", ("f6", BUILD, ">= 10"))),
        ("build-30k-768", write("synthetic:30000:768", ("f6", BUILD, ">= 8"))),
        ("build-1m-1536", write("synthetic:1000000:1536", ("f6", BUILD, ">= 12"),
                                options=goals_write.HUGE)),
        ("changes-50k-128", write(
            "synthetic:50000:128", ("f6", BUILD, ">= 8"),
            ("f7", "^seconds of VACUUM", "<= 0.12 ours"),
            ("f7", "^p99 of single inserts", "<= 2 ours"),
            ("f7", "^rows/s of COPY", ">= 20"),
            measures=("build", "insert", "vacuum"))),
        ("types", types_step),
        ("peers-200k-768", picked(
            curve_step("synthetic:200000:768", extra=PEERS),
            ("f10", "^queries/s at recall@10", None))),
        ("peers-500k-128", picked(
            curve_step("synthetic:500000:128", extra=PEERS),
            ("f10", "^queries/s at recall@10", None))),
    ],
}
