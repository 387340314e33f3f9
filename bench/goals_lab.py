# SPDX-License-Identifier: PostgreSQL
"""The goals beside rates: memory, cold reads, TOAST, joins and scans, many
clients.  A step measures one set, with both contenders on one server; the
option --measures chooses among what it measures, each of which has its rows
under a name of its own.
"""
import argparse
import functools
import importlib
import json
import os
import time
import traceback

from cluster import say
from goals import holds
from measure import Contender
from session import session

# Name: module, function of a Lab
MEASURES = {"memory": ("goals_memory", "measure_memory"),
            "cold": ("goals_cold", "measure_cold"),
            "toast": ("goals_scans", "measure_toast"),
            "lateral": ("goals_scans", "measure_lateral"),
            "exact": ("goals_scans", "measure_exact"),
            "locks": ("goals_clients", "measure_locks"),
            "waits": ("goals_clients", "measure_waits"),
            "hot": ("goals_clients", "measure_hot"),
            "compact": ("goals_memory", "measure_compact")}
COMMON = ["--peers", "pgvector:vector", "--seconds", "2", "--realtime",
          "--maintenance-work-mem", "2GB"]
SMALL = COMMON + ["--shared-buffers", "2500MB"]
LARGE = COMMON + ["--shared-buffers", "10GB", "--maintenance-work-mem",
                  "9500MB"]
WIDEST = 1000                   # hnsw.ef_search at most


class Lab:
    """One set, loaded and indexed by both contenders on one server, or by
    ours alone"""

    indexed = True
    contender = Contender

    def __init__(self, bench, goals):
        self.bench, self.goals = bench, goals
        self.args, self.data, self.server = (bench.args, bench.data,
                                             bench.server)
        self.both = bench.all
        self.ours, self.theirs = (*bench.all, None)[:2]
        self.raw, self.efs = {}, {}
        if self.indexed:
            bench.build()
        self.built = {b["contender"]: b for b in bench.result["builds"]}

    def bytes(self, contender):
        return self.built[contender.name]["index_bytes"]

    def warm(self):
        for c in self.both:
            c.warm()

    def row(self, goal, what, ours, theirs=None, target=None, of="ratio",
            note=""):
        """of: what the target bounds, the ratio or our own figure; alone:
        ours, and a ratio says nothing"""
        ratio = ours / theirs if theirs and of != "alone" else None
        value = ratio if of == "ratio" and theirs is not None else ours
        met = holds(target, value)
        if target and of != "ratio" and theirs is not None:
            target += " (ours)"
        self.goals.add(goal, self.data.name, what, ours, theirs, ratio,
                       target, met, note)

    # -- equal recall -------------------------------------------------------

    def recall(self, contender, ef, k=10):
        answers = contender.answers(k, ef, len(self.data.queries))
        return self.bench.judge.score(answers, k)[0]

    def ef(self, contender, target=0.95):
        """The smallest ef_search (to 3 %) with this recall@10 -> ef, recall"""
        key = contender.name, target
        if key not in self.efs:
            low, high = 9, 10
            best = self.recall(contender, high)
            while best < target and high < WIDEST:
                low, high = high, min(2 * high, WIDEST)
                best = self.recall(contender, high)
            while high - low > max(1, high // 32):
                middle = (low + high) // 2
                found = self.recall(contender, middle)
                if found >= target:
                    high, best = middle, found
                else:
                    low = middle
            say(f"{contender.name}: recall {best:.4f} at ef_search {high}")
            self.efs[key] = high, best
        return self.efs[key]

    def ef_note(self):
        return "ef_search " + " and ".join(
            f"{self.ef(c)[0]} (recall {self.ef(c)[1]:.3f})"
            for c in self.both)


def chosen(argv, known):
    p = argparse.ArgumentParser()
    p.add_argument("--measures", default=",".join(known))
    p.add_argument("--cases", default="", help="those whose name has this, "
                   "in measures that have cases")
    own, rest = p.parse_known_args(argv)
    return own.measures.split(","), own.cases, rest


def beside(options, measures, goals, argv, known=None, lab_class=Lab):
    """The step: these measures of one set, and each one's rows"""
    known = known or MEASURES
    wanted, cases, rest = chosen(argv, known)
    step, out = goals.step, os.path.join(goals.out, goals.step)
    names = [m for m in known if m in measures and m in wanted]
    if not names:
        return
    failed = []
    with session(options + rest + ["--out", out],
                 lab_class.contender) as bench:
        lab = lab_class(bench, goals)
        lab.cases = cases
        for name in names:
            start = time.monotonic()
            kept = goals.steps.get(f"{step}: {name}", [])
            goals.begin(f"{step}: {name}")
            try:
                module, function = known[name]
                getattr(importlib.import_module(module), function)(lab)
            except Exception:
                traceback.print_exc()
                goals.steps[f"{step}: {name}"] = kept
                failed.append(name)
            say(f"{step}: {name}: {time.monotonic() - start:.0f} s")
            goals.write()
        with open(os.path.join(out, "raw.json"), "w") as f:
            json.dump(dict(bench.document(), measured=lab.raw), f, indent=1,
                      default=float)
    if failed:
        raise RuntimeError("failed: " + ", ".join(failed))


def step(spec, measures, options):
    return functools.partial(beside, ["--set", spec] + options, measures)


ALL = tuple(MEASURES)
STEPS = {
    "small": [
        ("beside-768", step("synthetic:200000:768", ALL, SMALL)),
        ("beside-fashion-mnist", step("fashion-mnist", (
            "memory", "cold", "toast", "lateral", "hot"), SMALL)),
        ("beside-1536", step("synthetic:50000:1536", ("memory", "compact"),
                             SMALL)),
        ("beside-128", step("synthetic:50000:128", ("memory", "compact"),
                            SMALL))],
    "large": [
        ("beside-1M", step("synthetic:1000000:1536", (
            "memory", "cold", "toast", "lateral", "hot", "compact"),
            LARGE))]}
