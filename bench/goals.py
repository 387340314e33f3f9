#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The goals, measured: a table of what was aimed at and what was reached.

usage: goals.py --size small|results [--only STEP,...] [options]

STEPS has them all: of a small machine, and what results.py fills the pages from.  A step is a kind and a
set, and what is not as usual for this one.

Rows are written after each step.  Rows of the steps that do not run this time
stay as the last run left them.
"""
import argparse
import functools
import json
import operator
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True

import needs  # noqa: E402
import report  # noqa: E402
from cluster import TOP, say  # noqa: E402

COLUMNS = ["goal", "set", "what", "ours", "pgvector", "ratio", "target",
           "met", "note"]
HOLDS = {">=": operator.ge, "<=": operator.le}


def holds(target, value):
    """Whether a figure keeps a target like ">= 12", which words may follow.
    None without a target.  A missing figure keeps no target"""
    if not target:
        return None
    sign, bound = target.split()[:2]
    return value is not None and bool(HOLDS[sign](value, float(bound)))


def figure(value):
    """A number as a reader wants it"""
    if not isinstance(value, float):
        return "" if value is None else str(value)
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.4g}"


class Goals:
    """The rows, kept in a file by the step that measured them"""

    def __init__(self, out, size, command):
        self.out, self.size, self.command = out, size, command
        self.steps, self.step = {}, None
        self.file = os.path.join(out, "goals.json")
        if os.path.exists(self.file):
            with open(self.file) as f:
                self.steps = json.load(f)

    def begin(self, step):
        self.step, self.steps[step] = step, []

    def add(self, goal, set, what, ours, pgvector=None, ratio=None,
            target=None, met=None, note=""):
        """target: ">= 12" or "<= 352", of the ratio where there is one, else
        of ours.  met follows from it unless it is given."""
        if met is None:
            met = holds(target, ours if ratio is None else ratio)
        row = dict(goal=str(goal), set=set, what=what, ours=ours,
                   pgvector=pgvector, ratio=ratio, target=target, met=met,
                   note=note)
        self.steps[self.step].append(row)
        say("goal " + ", ".join(f"{k} {figure(v)}" for k, v in row.items()
                                if v not in (None, "")))

    def rows(self):
        found = [row for step in self.steps.values() for row in step]
        return sorted(found, key=lambda row: (len(row["goal"].split(".")[0]),
                                              row["goal"]))

    def write(self):
        os.makedirs(self.out, exist_ok=True)
        with open(self.file, "w") as f:
            json.dump(self.steps, f, indent=1, default=float)
        rows = self.rows()
        report.write_csv(os.path.join(self.out, "goals.csv"), [
            {k: figure(v) if isinstance(v, float) else v for k, v in row.items()} for row in rows])
        verdict = {True: "yes", False: "**no**", None: ""}
        table = report.table(COLUMNS, [[verdict[row[k]] if k == "met" else figure(row[k]) for k in COLUMNS]
                                       for row in rows])
        missed = sum(row["met"] is False for row in rows)
        with open(os.path.join(self.out, "goals.md"), "w") as f:
            f.write(f"# Goals, {self.size} machine\n\n    {self.command}\n\n"
                    + table + f"\n{len(rows)} rows, {missed} "
                    "not met.\n")


# ---- the steps ------------------------------------------------------------

def kinds():
    """-> name of a kind: function(spec, goals, argv, ...)"""
    import goals_curves
    import goals_hybrid
    import goals_lab
    import goals_write
    return {"curve": goals_curves.set_step, "deep": goals_curves.deep_step,
            "write": functools.partial(goals_lab.beside, goals_write.WriteLab),
            "hybrid": functools.partial(goals_lab.beside, goals_hybrid.HybridLab),
            "packages": functools.partial(goals_lab.beside, goals_hybrid.PackageLab),
            "program": goals_lab.program,
            "joins": functools.partial(goals_lab.beside, goals_lab.JoinLab)}


SHOWN = ["--peers", "pgvector:vector,pgvector:halfvec,pgvector:binary,vectorchord", "--symphonyqg",
         "--rounds", "2", "--clients", f"1,{2 * len(os.sched_getaffinity(0))}"]
# By size: name, kind, set, what is not as usual
STEPS = {
    "small": [
        ("curve-fashion-mnist", "curve", "fashion-mnist", {"targets": "0.98,0.99"}),
        ("curve-wordnet-lsa256", "curve", "wordnet-lsa256", {}),
        ("curve-200k-768", "curve", "synthetic:200000:768", {"hnswlib": ">= 1"}),
        ("curve-500k-128", "curve", "synthetic:500000:128", {}),
        ("deep-200k-768", "deep", "synthetic:200000:768", {"extra": ["--storage", "plain"]}),
        ("deep-500k-128", "deep", "synthetic:500000:128", {}),
        ("write-fashion-mnist", "write", "fashion-mnist", {"measures": ["build"]}),
        ("write-wordnet-lsa256", "write", "wordnet-lsa256", {"measures": ["build"]}),
        ("write-30k-768", "write", "synthetic:30000:768", {"extra": ["--held-out", "0.3"]}),
        ("write-50k-128", "write", "synthetic:50000:128", {}),
        ("hybrid-50k-128", "hybrid", "synthetic:50000:128", {}),
        ("joins-200k-768", "joins", "synthetic:200000:768", {}),
    ],
    # what results.py fills the pages from, and the minutes that each may take: 180 in all
    "results": [
        ("results-minilm", "curve", "minilm-pypi",
         {"targets": "0.95,0.98,0.99", "extra": SHOWN, "minutes": 12}),
        ("results-minilm-deep", "deep", "minilm-pypi", {"extra": ["--rounds", "2"], "minutes": 5}),
        ("results-minilm-filters", "packages", "minilm-pypi", {"apart": True, "minutes": 10}),
        ("results-minilm-write", "write", "minilm-pypi",
         {"extra": ["--limit-rows", "50000"], "apart": True, "minutes": 10}),
        ("results-regret", "program", "minilm-pypi",
         {"words": ["bench/regret.py", "--rows", "100000", "--timed", "50"], "minutes": 13}),
        ("results-stale", "program", "",
         {"words": ["test/run.sh", "stale"], "LOKIVECTOR_AMOUNT": "12", "LOKIVECTOR_FUZZ_SEED": "1", "minutes": 12}),
        ("results-load", "program", "minilm-pypi",
         {"words": ["bench/load.py", "--peer", "--seconds", "150", "--minute", "30"], "fsync": "on",
          "autovacuum": "on", "autovacuum_naptime": "10s", "minutes": 14}),
        ("results-200k-768", "curve", "synthetic:200000:768",
         {"targets": "0.95,0.98,0.99", "extra": SHOWN, "minutes": 16}),
        ("results-500k-128", "curve", "synthetic:500000:128",
         {"targets": "0.95,0.98,0.99", "extra": SHOWN, "minutes": 14}),
        ("results-wordnet", "curve", "wordnet-lsa256", {"targets": "0.95,0.99", "extra": SHOWN, "minutes": 11}),
        ("results-fashion", "curve", "fashion-mnist", {"targets": "0.98,0.99", "extra": SHOWN, "minutes": 7}),
        ("results-deep", "deep", "synthetic:200000:768",
         {"extra": ["--storage", "plain", "--rounds", "2"], "minutes": 4}),
        ("results-write", "write", "synthetic:50000:128", {"apart": True, "minutes": 4}),
        ("results-filters", "hybrid", "synthetic:200000:768",
         {"measures": ["selectivity", "filters", "few"], "apart": True, "minutes": 28}),
        ("results-joins", "joins", "synthetic:200000:768", {"apart": True, "minutes": 4}),
        ("results-tenants", "hybrid", "synthetic:200000:768",
         {"measures": ["tenants"], "apart": True, "minutes": 8}),
        ("results-embedded", "hybrid", "synthetic:100000:128",
         {"measures": ["embedded"], "apart": True, "minutes": 4}),
    ],
}


def run(step, goals, argv):
    """A step of STEPS.  If it is apart, its rows lie in a folder of its own: if one of its measures failed, a
    run of that one takes the rows of the others, too."""
    _, kind, spec, how = step
    how = {k: v for k, v in how.items() if k != "minutes"}
    if not how.pop("apart", False):
        kinds()[kind](spec, goals, argv, **how)
        return
    inner = Goals(os.path.join(goals.out, goals.step), goals.size, goals.command)
    inner.begin(goals.step)
    try:
        kinds()[kind](spec, inner, argv, **how)
    finally:
        inner.write()


def arguments(argv):
    p = argparse.ArgumentParser(
        description="Measure the goals.  Options that are not named here go "
        "to the measurements, which have those of run.py.")
    p.add_argument("--size", choices=sorted(STEPS), default="small",
                   help="small: sets below 1 GB; results: see results.py")
    p.add_argument("--only", help="these steps, by name or its beginning")
    p.add_argument("--list", action="store_true", help="name the steps")
    p.add_argument("--out", help="folder of the results")
    return p.parse_known_args(argv)


def main(argv):
    args, rest = arguments(argv)
    steps = STEPS[args.size]
    if args.only:
        wanted = tuple(args.only.split(","))
        steps = [s for s in steps if s[0] in wanted] or [s for s in steps if s[0].startswith(wanted)]
        if not steps:
            sys.exit(f"no step of size {args.size} begins with {args.only}; "
                     "--list names them")
    if args.list:
        print("\n".join(step[0] for step in steps))
        return
    out = args.out or os.path.join(TOP, "build", "bench",
                                   f"goals-{args.size}")
    goals = Goals(out, args.size, f"make bench-goals SIZE={args.size}")
    failed = []
    for step in steps:
        name = step[0]
        start = time.monotonic()
        say(f"== {name}")
        kept = goals.steps.get(name, [])
        goals.begin(name)
        try:
            run(step, goals, rest)
        except Exception:
            traceback.print_exc()
            goals.steps[name] = kept
            failed.append(name)
        say(f"== {name}: {time.monotonic() - start:.0f} s")
        goals.write()
    say(f"results in {out}"
        + (", failed: " + ", ".join(failed) if failed else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
