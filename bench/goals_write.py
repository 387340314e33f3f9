# SPDX-License-Identifier: PostgreSQL
"""The goals of the write path: building, inserting, updating, vacuum, load.
A step measures one set, with both contenders on one server; the option
--measures chooses among what it measures.
"""
import functools
import os
import statistics

import goals_lab
import truth
from measure import OPERATOR
from session import timed

# Name: module, function of a WriteLab
MEASURES = {"build": ("goals_build", "measure_build"),
            "memory": ("goals_build", "measure_memory"),
            "insert": ("goals_insert", "measure_insert"),
            "update": ("goals_insert", "measure_update"),
            "vacuum": ("goals_vacuum", "measure_vacuum"),
            "cycles": ("goals_vacuum", "measure_cycles"),
            "first": ("goals_first", "measure_first"),
            "drift": ("goals_first", "measure_drift"),
            "load": ("goals_load", "measure_load"),
            "loaded": ("goals_load", "measure_loaded"),
            "restore": ("goals_load", "measure_restore")}
COMMON = ["--peers", "pgvector:vector", "--realtime", "--seconds", "2",
          "--held-out", "0.2"]


class WriteLab(goals_lab.Lab):
    """One set, loaded by both contenders on one server"""

    indexed = False

    def row(self, goal, *figures, **how):
        """Goals of the write path have a w before their number."""
        super().row(f"w{goal}", *figures, **how)

    @property
    def count(self):
        return len(self.data.queries)

    def index_sql(self, c, table, name):
        return (f"CREATE INDEX {name} ON {table} USING hnsw ({c.indexed()}) "
                f"WITH ({c.index_options()})")

    def size(self, c, relation):
        return int(self.server.rows(
            c.db, f"SELECT pg_relation_size('{relation}')")[0][0])

    def seconds(self, c, sql, options=None, pinned=True):
        """Of the last statement, alone on the machine as far as that goes"""
        cores = os.sched_getaffinity(0)
        with timed(self.args), self.server.favoured(
                {max(cores)} if pinned else cores, self.args.realtime):
            return self.server.seconds(c.db, sql, options)

    def turns(self, rounds, function):
        """function(contender), the contenders taking turns -> for each the
        median"""
        found = [[], []]
        for number in range(rounds):
            for i in (0, 1) if number % 2 == 0 else (1, 0):
                found[i].append(function(self.both[i]))
        return [statistics.median(f) for f in found]

    # -- recall of a table with some of the rows ----------------------------

    def judge(self, base=None, queries=None, alive=None):
        base = self.data.base if base is None else base
        queries = self.data.queries if queries is None else queries
        near = truth.neighbours(self.args.metric, base, queries, 10, alive)
        return truth.Judge(self.args.metric, base, queries, near)

    def recall_in(self, c, judge, table, ef):
        return judge.score(c.answers(10, ef, self.count, table), 10)[0]

    def ef_in(self, c, judge, table, target):
        """The smallest ef_search of 10, 11, 13, ... with this recall@10, or
        1000"""
        ef = 10
        while ef < 1000 and self.recall_in(c, judge, table, ef) < target:
            ef = min(1000, max(ef + 1, ef * 9 // 8))
        return ef

    def rate_in(self, c, table, ef):
        """Queries per second of one client"""
        c.warm(table, f"{table}_idx")
        script = (f"\\set q random(0, {self.count - 1})\n"
                  f"{c.statement(10, ':q', table)};\n")
        with timed(self.args):
            return c.timed_run(script, 1, c.options(ef)).rate

    def lost_in(self, c, table, step=1, ef=400):
        """Rows not found by their own vectors, of every step-th -> lost, of
        how many"""
        op = OPERATOR[self.args.metric]
        lost, of = self.server.rows(c.db, f"""
            SELECT count(*) FILTER (WHERE x.id IS DISTINCT FROM q.id AND
                coalesce(x.d, 1) > 1e-6), count(*)
            FROM {table} q LEFT JOIN LATERAL (
                SELECT id, embedding {op} q.embedding AS d FROM {table}
                ORDER BY embedding {op} q.embedding LIMIT 1) x ON true
            WHERE q.id % {step} = 0""", c.options(ef))[0]
        return int(lost), int(of)


def step(spec, measures, options=()):
    return functools.partial(
        goals_lab.beside, ["--set", spec, *COMMON, *options], measures,
        known=MEASURES, lab_class=WriteLab)


HUGE = ["--shared-buffers", "6GB", "--maintenance-work-mem", "9500MB"]
CHANGES = ("insert", "update", "vacuum")
STEPS = {
    "small": [
        ("write-fashion-mnist", step("fashion-mnist", ("build",))),
        ("write-wordnet-lsa256", step("wordnet-lsa256", ("build",))),
        ("write-30k-768", step("synthetic:30000:768", (
            "build", "memory", *CHANGES, "first"), ["--held-out", "0.3"])),
        ("write-50k-128", step("synthetic:50000:128", (
            "build", *CHANGES, "cycles", "first", "drift", "restore"))),
        ("write-load-128", step("synthetic:200000:128", ("load",))),
        ("write-load-768", step("synthetic:30000:768", ("load",))),
    ],
    "large": [
        ("write-200k-768", step("synthetic:200000:768", (
            "build", "memory", *CHANGES, "load"))),
        ("write-500k-128", step("synthetic:500000:128", (
            "build", "memory", *CHANGES, "first"))),
        ("write-1m-128", step("synthetic:1000000:128", ("load", "loaded"))),
        ("write-1m-1536", step("synthetic:1000000:1536", ("build",), HUGE)),
    ],
}
