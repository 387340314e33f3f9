# SPDX-License-Identifier: PostgreSQL
"""A step that measures one set with both contenders on one server, and more of it
than rates; the option --measures chooses among what it measures, each of which has its
rows under a name of its own.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import traceback

from cluster import TOP, say
from goals import holds
from measure import Contender, summarize
from options import arguments
from session import make_server, session, timed

WIDEST = 1000                   # hnsw.ef_search at most


class Lab:
    """One set, loaded and indexed by both contenders on one server, or by
    ours alone"""

    indexed = True
    contender = Contender
    measures = {}               # name: function of a Lab
    options = []

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


def beside(lab_class, spec, goals, argv, extra=(), measures=None):
    """The step: these measures of one set, or all that a lab has, and each one's rows"""
    known = lab_class.measures
    options = ["--set", spec, *lab_class.options, *extra]
    measures = measures or known
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
                known[name](lab)
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


# ---- other programs ---------------------------------------------------------

def program(spec, goals, argv, words, **settings):
    """What a program prints about a set, on a server with these settings; without a set the server is the
    program's, and the settings are its environment's"""
    p = argparse.ArgumentParser()
    p.add_argument("--words", default="", help="further options of the program")
    own, rest = p.parse_known_args(argv)
    args = arguments(["--peers", "pgvector:vector", "--set", spec, *rest])
    out = os.path.join(goals.out, goals.step)
    os.makedirs(out, exist_ok=True)
    words = [*words, *(["--set", args.set] if spec else []), *own.words.split()]
    interpreter = [sys.executable, "-B"] if words[0].endswith(".py") else []
    server = make_server(args) if spec else None
    try:
        if server:
            server.install_extension()
            server.start()
            server.restart(**settings)
            settings = {"PGHOST": server.host(""), "PGUSER": "postgres", "LOKIVECTOR_DATA": args.data or ""}
        done = subprocess.run(interpreter + words, cwd=TOP, text=True, stdout=subprocess.PIPE,
                              env={**os.environ, **settings})
    finally:
        if server:
            server.stop()
    say(done.stdout)
    with open(os.path.join(out, "report.md"), "w", encoding="utf-8") as f:
        f.writelines(f"    {line}\n" for line in [" ".join(words), "", *done.stdout.splitlines()])
    done.check_returncode()


# ---- joins ------------------------------------------------------------------

ROUNDS, PROBES = 5, 1000


def measure_joins(lab):
    """One statement of LATERAL probes, its second run, against the same queries singly"""
    probes, us = min(PROBES, len(lab.data.queries)), {}
    lab.warm()
    for c in lab.both:
        operator = c.statement(10, 0).split("embedding ")[1].split()[0]
        sql = (f"SELECT count(*) FROM {c.queries} q CROSS JOIN LATERAL (SELECT id FROM {c.items}"
               f" ORDER BY embedding {operator} q.v LIMIT 10) x WHERE q.id < {probes};\n")
        if f"using {c.index}" not in c.server.psql(c.db, "EXPLAIN " + sql, c.options()):
            raise RuntimeError(f"{c.name}: no LATERAL by index")
        found = []
        for _ in range(ROUNDS):
            with timed(lab.args), lab.server.favoured(
                    {max(os.sched_getaffinity(0))}, lab.args.realtime):
                probe = lab.server.seconds(c.db, sql * 2, c.options(lab.ef(c)[0])) * 1e6 / probes
            with timed(lab.args):
                single = summarize([c.time_queries(10, lab.ef(c)[0], 1, probes)])["mean_us"]
            found.append((probe, single))
        us[c.name] = [statistics.median(x) for x in zip(*found)]
    lab.raw["joins"] = us
    lab.row(4, f"{probes} LATERAL probes over {probes} single queries",
            *[probe / single for probe, single in us.values()], of="ours", note=lab.ef_note())


class JoinLab(Lab):
    """One set, indexed by both"""

    options = ["--peers", "pgvector:vector", "--seconds", "2", "--realtime"]
    measures = {"joins": measure_joins}
