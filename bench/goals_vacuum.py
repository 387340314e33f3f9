# SPDX-License-Identifier: PostgreSQL
"""Goal 6 of the write path: delete and vacuum."""
import numpy as np

from cluster import say
from goals_insert import drop

SHARES = (1, 10, 50)            # per cent, one after the other


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

