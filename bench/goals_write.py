# SPDX-License-Identifier: PostgreSQL
"""The goals of the write path: building, inserting, vacuum.  A step measures one set,
with both contenders on one server; the option --measures chooses among what it measures.
"""
import contextlib
import os

import numpy as np

import goals_lab
import truth
import watch
from cluster import say
from goals_insert import drop, measure_insert
from measure import OPERATOR
from session import timed

EFS = (20, 40, 80, 160)
FACTORS = {(200000, 768): 8, (500000, 128): 8}  # else 10
OUR_BUILDS = 3
SHARES = (1, 10, 50)            # per cent, one after the other


# ---- goal 1: building an index ----------------------------------------------

def build(lab, c, options=None):
    """-> seconds by the clock, of processors, and samples of its progress"""
    lab.server.psql(c.db, f"DROP INDEX IF EXISTS {c.index}; CHECKPOINT",
                    {"client_min_messages": "warning"})
    sql = lab.index_sql(c, c.items, c.index)
    with watch.processor(lab.server) as used, \
            watch.sampled(c, watch.PHASES) as sampled, \
            watch.Preferred(lab.server) if lab.args.realtime else contextlib.nullcontext():
        seconds = lab.server.seconds(c.db, sql, options)
    return {"seconds": seconds, "processor": used[0],
            "phases": watch.phases(sampled)}


def several_builds(lab, c, count, options=None):
    """The build of median time of several"""
    found = [build(lab, c, options) for _ in range(count)]
    for f in found:
        say(f"{c.name}: build {f['seconds']:.2f} s, processors "
            f"{f['processor']:.2f} s")
    return sorted(found, key=lambda f: f["seconds"])[(count - 1) // 2]


def told(phases):
    return ", ".join(f"{name.split(': ')[-1]} {seconds:.2f}"
                     for name, seconds in phases)


def measure_build(lab):
    rows, dims = lab.data.base.shape
    factor = FACTORS.get((rows, dims), 10)
    with timed(lab.args):
        theirs = several_builds(lab, lab.theirs, 1)
        alone = several_builds(lab, lab.ours, OUR_BUILDS, {
            "max_parallel_maintenance_workers": 0})
        ours = several_builds(lab, lab.ours, OUR_BUILDS)
    lab.raw["build"] = {"ours": ours, "alone": alone, "theirs": theirs}
    processes = 1 + lab.args.workers

    def speed(a, b, what):
        return [rows / b[what] if b[what] else None, rows / a[what]]

    lab.row(1, f"rows/s of a build by {processes} processes",
            *speed(theirs, ours, "seconds"), target=f">= {factor}",
            note=f"{ours['seconds']:.2f} and {theirs['seconds']:.2f} s; "
            f"{told(ours['phases'])}")
    lab.row(1, "rows a second of processor time of the same build",
            *speed(theirs, ours, "processor"), note="which other work on the "
            f"machine changes less: {ours['processor']:.2f} and "
            f"{theirs['processor']:.2f} s")
    scaled = alone["seconds"] / ours["seconds"] / processes
    lab.row(1, f"efficiency of {processes} processes", scaled,
            target=">= 0.8", note=f"one: {alone['seconds']:.2f} s, "
            f"{processes}: {ours['seconds']:.2f} s; processors "
            f"{alone['processor']:.2f} and {ours['processor']:.2f} s; one: "
            + told(alone["phases"]))
    recalls(lab)


def recalls(lab):
    """Recall at equal ef, where the lead is smallest"""
    found = {ef: [lab.recall_in(c, lab.bench.judge, None, ef)
                  for c in lab.both] for ef in EFS}
    lab.raw["recall"] = found
    ef = min(EFS, key=lambda ef: found[ef][0] - found[ef][1])
    lab.row(1, f"recall@10 of the build at ef_search {ef}, where the lead is "
            "smallest", *found[ef], target=">= 1", note=", ".join(
                "{}: {:.4f} and {:.4f}".format(ef, *found[ef])
                for ef in EFS))
    lab.row(1, "index, bytes a row", *[
        lab.size(c, c.index) / len(lab.data.base) for c in lab.both])


# ---- goal 6: delete and vacuum ----------------------------------------------

def fresh_recall(lab, c, judge, ef=40):
    """Recall of an index built again on the table, beside the old one"""
    c.server.psql(c.db, lab.index_sql(c, "churn", "fresh_idx"))
    try:
        valid(c, False)
        return lab.recall_in(c, judge, "churn", ef)
    finally:
        valid(c, True)
        c.server.psql(c.db, "DROP INDEX fresh_idx")


def valid(c, is_valid):
    """Whether the planner uses the table's own index"""
    c.server.psql(c.db, f"UPDATE pg_index SET indisvalid = {is_valid} WHERE "
                  "indexrelid = 'churn_idx'::regclass")


def measure_vacuum(lab):
    n = len(lab.data.base)
    rng, alive, raw = np.random.default_rng(7), np.ones(n, bool), []
    for c in lab.both:
        c.churn_table(n, 0)
    for share in SHARES:
        there = np.flatnonzero(alive)
        gone = rng.choice(there, max(1, len(there) * share // 100), False)
        alive[gone] = False
        took, recall, size = [], [], []
        judge = lab.judge(alive=alive)
        for c in lab.both:
            c.delete_rows(gone)
            took.append(lab.seconds(c, "VACUUM churn"))
            recall.append(lab.recall_in(c, judge, "churn", 40))
            size.append(lab.size(c, "churn_idx"))
            say(f"{c.name}: {share} %: {took[-1]:.3f} s, {recall[-1]:.4f}")
        fresh = fresh_recall(lab, lab.ours, judge)
        lost = lab.lost_in(lab.ours, "churn")
        raw.append((share, took, recall, fresh, lost, size))
        lab.row(6, f"deleted rows/s of VACUUM, {share} % deleted",
                *[len(gone) / t for t in took], target=">= 10",
                note="seconds {:.3f} and {:.3f}; index MB {:.1f} and "
                "{:.1f}".format(*took, *[s / 1e6 for s in size]))
        lab.row(6, f"recall@10 at ef_search 40 after it, {share} %, less that "
                "of a fresh index", recall[0] - fresh, target=">= -0.01",
                note=f"{recall[0]:.4f}, fresh {fresh:.4f}, pgvector "
                f"{recall[1]:.4f}; {lost[0]} of {lost[1]} rows not found by "
                "their own vectors")
    few, many = [took for _, took, *_ in raw[:2]]
    lab.row(6, f"seconds of VACUUM, {SHARES[0]} % deleted, over those of "
            f"{SHARES[1]} %", *[a / b for a, b in zip(few, many)], of="ours")
    lab.raw["vacuum"] = raw
    drop(lab, "churn")


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
