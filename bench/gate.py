#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Is this commit worse than another?  Both are built and run side by side on one machine,
and take turns; what counts are ratios.

Three sets are made on the spot.  For each the index is built, its size and the recall and
nodes scored of searches are taken, and then a single client searches, some seconds for one
and some for the other, round after round.  Prints a line for each measure; the exit status
is 1 if one of them is worse than its limit.

BASE and HEAD are commits, or folders, of which copies are built with what is in them.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys

import needs
import hard                                                # noqa: E402
import truth                                               # noqa: E402
from cluster import TOP, Local, directory, output, say            # noqa: E402

# Embeddings; documents of nearly equal parts; clusters
SETS = (("synthetic:{rows}:256", 256), ("parts", 128), ("tight_30", 64))
WIDTHS = (10, 40, 100)
K = 10
SETTINGS = {"shared_buffers": "256MB", "maintenance_work_mem": "256MB", "max_wal_size": "4GB",
            "autovacuum": "off", "jit": "off", "fsync": "off", "lokivector.build_seed": "1"}
# Measure -> the ratio of HEAD to BASE that is just good enough, and whether less is better
LIMITS = {"recall": (.997, False), "nodes scored": (1.05, True), "index size": (1.02, True),
          "build time": (1.10, True), "searches a second": (.93, False)}
TIMES = ("build time", "searches a second")


class Side:
    """One of the two: a server with its build of the extension"""

    def __init__(self, name, source, args, settings=SETTINGS):
        self.where = os.path.join(args.dir, name)
        self.server = Local(self.where, self.installed(source, args), args.user, settings)
        self.server.start()
        self.server.make_database("gate", "lokivector")
        self.sql = hard.Server(self.server.command(*self.server.client("psql", "gate", None)))

    def installed(self, source, args):
        """-> the programs of a copy of the server that has the extension; one that was made for
        a commit is used again"""
        folder = os.path.isdir(source)
        label = os.path.basename(self.where) if folder else \
            output("git", "-C", TOP, "rev-parse", "--short=12", source + "^{commit}").strip()
        tree, prefix = (os.path.join(args.dir, f"{kind}-{label}") for kind in ("tree", "prefix"))
        done = os.path.join(prefix, "gate-complete")
        config = output(os.path.join(TOP, "test", "prefix.sh"), prefix, args.pg_config).strip()
        if folder or not os.path.exists(done):
            say(f"building {source} ...")
            shutil.rmtree(tree, ignore_errors=True)
            if folder:
                # results of the folder's own benchmarks, but not src/hnsw/build
                shutil.copytree(source, tree, symlinks=True, ignore=lambda where, names: {".git"} |
                                ({"build"} if where == source else set()))
            else:
                os.makedirs(tree)
                archive = subprocess.Popen(["git", "-C", TOP, "archive", source],
                                           stdout=subprocess.PIPE)
                subprocess.run(["tar", "-C", tree, "-xf", "-"], stdin=archive.stdout, check=True)
            make = ["make", "-s", "-C", tree, "with_llvm=no", f"PG_CONFIG={config}"]
            given = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
            with open(os.path.join(args.dir, "build.log"), "a", encoding="utf-8") as log:
                for words in (["-j", str(os.cpu_count()), "all"], ["install"]):
                    subprocess.run([*make, *words], check=True, stdout=log, stderr=log, env=given)
            shutil.rmtree(tree)
            open(done, "w", encoding="utf-8").close()
        return os.path.dirname(config)

    def load(self, name, metric, base, queries):
        self.table = hard.Table(self.sql, name, metric)
        self.table.load(base, queries)
        self.sql.sql(f"CREATE UNIQUE INDEX ON {self.table.queries} (id)")

    def build(self):
        """-> processor seconds of the backend"""
        self.sql.sql(f"DROP INDEX IF EXISTS {self.table.name}_v_idx")
        return self.table.build("")

    def size(self):
        return int(self.sql.sql(f"SELECT pg_relation_size('{self.table.name}_v_idx')")[0][0])

    def recall(self, width, base, queries, true):
        answers = self.table.nearest(self.table.queries, width, K)
        return hard.recall(self.table.metric, base, queries, true, answers, K).mean()

    def searched(self, width, base, queries, true):
        """-> recall, and nodes scored by a search"""
        before = hard.scored(self.table)
        recall = self.recall(width, base, queries, true)
        return recall, (hard.scored(self.table) - before) / len(queries)

    def rate(self, queries, seconds, clients=1, options=None):
        """-> searches a second; one client shares a core with its backend"""
        script = (f"\\set id random(0, {queries - 1})\n"
                  f"SELECT id FROM {self.table.name} ORDER BY v {hard.OPERATOR[self.table.metric]}"
                  f" (SELECT v FROM {self.table.queries} WHERE id = :id) LIMIT {K};\n")
        return self.server.pgbench("gate", script, clients,
                                   {"enable_seqscan": "off", **(options or {})}, seconds,
                                   pinned=clients == 1).rate


def in_turns(sides, rounds, work):
    """work(side) for BASE and HEAD, in the other order in each second round -> both medians, and
    the median of the ratios of HEAD to BASE of the rounds"""
    found = []
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        got = {i: work(sides[i]) for i in order}
        found.append((got[0], got[1]))
    return (*map(statistics.median, zip(*found)),
            statistics.median(head / base for base, head in found))


def measures(sides, spec, args):
    """Yields for a set: the measure, of BASE, of HEAD, and their ratio"""
    name, dims = spec[0].format(rows=args.rows), spec[1]
    base, queries, metric = hard.make(name, args.rows, dims, args.queries)
    true = truth.neighbours(metric, base, queries, K)
    for side in sides:
        side.load(name.split(":")[0], metric, base, queries)
    yield "build time", "", *in_turns(sides, min(3, args.rounds), Side.build)
    yield "index size", "", *in_turns(sides, 1, Side.size)
    for width in WIDTHS:
        both = [side.searched(width, base, queries, true) for side in sides]
        for i, what in enumerate(("recall", "nodes scored")):
            yield what, f"ef {width}", both[0][i], both[1][i], both[1][i] / both[0][i]
    yield "searches a second", "", *in_turns(
        sides, args.rounds, lambda side: side.rate(len(queries), args.seconds))
    for side in sides:
        side.table.drop()


def arguments(argv):
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--base", help="by default the last tag, or where there is none the commit "
                   "in bench/gate.base")
    p.add_argument("--head", default="HEAD")
    p.add_argument("--rows", type=int, default=20000)
    p.add_argument("--queries", type=int, default=500)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--seconds", type=int, default=2, help="of a client in a round")
    p.add_argument("--no-times", dest="times", action="store_false",
                   help="print times, but do not judge them")
    p.add_argument("--limit", action="append", default=[], metavar="MEASURE=RATIO",
                   help="in place of its limit")
    p.add_argument("--pg-config", default=os.environ.get("PG_CONFIG", "pg_config"))
    p.add_argument("--user", default="postgres", help="who runs the servers, if this is root")
    p.add_argument("--dir", default=os.path.join(TOP, "build", "bench", "gate"),
                   help="of builds and clusters; builds stay")
    args = p.parse_args(argv)
    args.limits = dict(LIMITS)
    for given in args.limit:
        what, _, ratio = given.partition("=")
        if what not in LIMITS:
            p.error(f"there is no measure {what}")
        args.limits[what] = (float(ratio), LIMITS[what][1])
    return args


def default_base():
    tag = subprocess.run(["git", "-C", TOP, "describe", "--tags", "--abbrev=0", "HEAD"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if tag.returncode == 0:
        return tag.stdout.strip()
    with open(os.path.join(TOP, "bench", "gate.base"), encoding="utf-8") as f:
        return f.read().split()[0]


def main(argv):
    args = arguments(argv)
    base = args.base or default_base()
    args.dir = directory(os.path.abspath(args.dir), "755")
    sides, worse = [], 0
    try:
        for name, source in (("base", base), ("head", args.head)):
            sides.append(Side(name, source, args))
        print(f"| set | measure | {base} | {args.head} | ratio | limit | |\n|" + "---|" * 7)
        for spec in SETS:
            for what, how, was, now, ratio in measures(sides, spec, args):
                limit, less = args.limits[what]
                bad = (ratio > limit if less else ratio < limit) and (args.times or what not in TIMES)
                worse += bad
                print(f"| {spec[0].split(':')[0]} | {what} {how}".rstrip()
                      + f" | {was:.5g} | {now:.5g} | {ratio:.3f} | {limit:g} |"
                      f" {'WORSE' if bad else 'ok'} |", flush=True)
    finally:
        for side in sides:
            side.server.remove()
    print(f"{worse} worse")
    return int(worse > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
