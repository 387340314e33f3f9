#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The goals, measured: a table of what was aimed at and what was reached.

usage: goals.py --size small|large|frontier [--only STEP,...] [options]

A step is a function step(goals, argv) that measures something and calls
goals.add for each figure; argv holds the options that it hands to
session.session or run.py with its own (set, metric, ...) added.  Each module
goals_*.py names its steps in STEPS, by size of the machine:

    STEPS = {"small": [("curve-fashion-mnist", function), ...], "large": ...}

Rows are written after each step.  Rows of the steps that do not run this time
stay as the last run left them.
"""
import argparse
import csv
import glob
import importlib
import json
import operator
import os
import sys
import time
import traceback

sys.dont_write_bytecode = True

import needs  # noqa: E402

needs.ensure()

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
        with open(os.path.join(self.out, "goals.csv"), "w",
                  newline="") as f:
            writer = csv.DictWriter(f, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow({k: figure(v) if isinstance(v, float) else v
                                 for k, v in row.items()})
        verdict = {True: "yes", False: "**no**", None: ""}
        lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS)
                 + "|"]
        for row in rows:
            cells = [verdict[row[k]] if k == "met" else figure(row[k])
                     for k in COLUMNS]
            lines.append("| " + " | ".join(cells) + " |")
        missed = sum(row["met"] is False for row in rows)
        with open(os.path.join(self.out, "goals.md"), "w") as f:
            f.write(f"# Goals, {self.size} machine\n\n    {self.command}\n\n"
                    + "\n".join(lines) + f"\n\n{len(rows)} rows, {missed} "
                    "not met.\n")


def all_steps(size):
    here = os.path.dirname(os.path.abspath(__file__))
    found = []
    for path in sorted(glob.glob(os.path.join(here, "goals_*.py"))):
        module = importlib.import_module(os.path.basename(path)[:-3])
        found += getattr(module, "STEPS", {}).get(size, [])
    return found


def arguments(argv):
    p = argparse.ArgumentParser(
        description="Measure the goals.  Options that are not named here go "
        "to the measurements, which have those of run.py.")
    p.add_argument("--size", choices=["small", "large", "frontier"], default="small",
                   help="small: sets below 1 GB; large: 1,000,000 x 1536, "
                   "24 GB of memory and 40 GB of disk; frontier: what is "
                   "still to be reached, on such a machine")
    p.add_argument("--only", help="these steps, by name or its beginning")
    p.add_argument("--list", action="store_true", help="name the steps")
    p.add_argument("--out", help="folder of the results")
    return p.parse_known_args(argv)


def main(argv):
    args, rest = arguments(argv)
    steps = all_steps(args.size)
    if args.only:
        wanted = tuple(args.only.split(","))
        steps = [s for s in steps if s[0].startswith(wanted)]
        if not steps:
            sys.exit(f"no step of size {args.size} begins with {args.only}; "
                     "--list names them")
    if args.list:
        print("\n".join(name for name, _ in steps))
        return
    out = args.out or os.path.join(TOP, "build", "bench",
                                   f"goals-{args.size}")
    goals = Goals(out, args.size, f"make bench-goals SIZE={args.size}")
    failed = []
    for name, step in steps:
        start = time.monotonic()
        say(f"== {name}")
        kept = goals.steps.get(name, [])
        goals.begin(name)
        try:
            step(goals, rest)
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
