# SPDX-License-Identifier: PostgreSQL
"""The goals of the write path: building, inserting, vacuum.  A step measures one set,
with both contenders on one server; the option --measures chooses among what it measures.
"""
import os

import goals_lab
import truth
from goals_build import measure_build
from goals_insert import measure_insert
from goals_vacuum import measure_vacuum
from measure import OPERATOR
from session import timed


class WriteLab(goals_lab.Lab):
    """One set, loaded by both contenders on one server"""

    indexed = False
    options = ["--peers", "pgvector:vector", "--realtime", "--seconds", "2", "--held-out", "0.2"]
    measures = {"build": measure_build, "insert": measure_insert, "vacuum": measure_vacuum}

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

    # -- recall of a table with some of the rows ----------------------------

    def judge(self, alive):
        base, queries = self.data.base, self.data.queries
        near = truth.neighbours(self.args.metric, base, queries, 10, alive)
        return truth.Judge(self.args.metric, base, queries, near)

    def recall_in(self, c, judge, table, ef):
        return judge.score(c.answers(10, ef, self.count, table), 10)[0]

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
