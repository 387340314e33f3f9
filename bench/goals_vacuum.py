# SPDX-License-Identifier: PostgreSQL
"""Goal 6 of the write path: delete and vacuum."""
import numpy as np

from cluster import say
from goals_insert import drop

SHARES = (1, 10, 50)            # per cent, one after the other
CYCLES, CYCLE_ROWS, CYCLED = 20, 10000, 0.1
SAMPLE = 10                     # of pgvector's rows, every so many


def fresh_recall(lab, c, judge, ef=40):
    """Recall of an index built anew on the table, beside the old one"""
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


# ---- cycles ---------------------------------------------------------------

def cycle(lab, c, gone, back):
    c.delete_rows(gone)
    values = ",".join(map(str, back))
    c.server.psql(c.db, f"INSERT INTO churn SELECT id, embedding FROM "
                  f"{c.items} WHERE id IN (SELECT unnest('{{{values}}}'"
                  "::bigint[]))")


def cycles(lab, c, pool, rows):
    """Delete, insert, vacuum -> sizes, rows lost with dead rows around and
    after VACUUM, recall, and that of a fresh index"""
    rng, alive = np.random.default_rng(9), np.zeros(pool, bool)
    alive[:rows] = True
    c.churn_table(rows, 0)
    sizes, step = [], 1 if c is lab.ours else SAMPLE
    for number in range(CYCLES):
        count = int(rows * CYCLED)
        gone = rng.choice(np.flatnonzero(alive), count, False)
        back = rng.choice(np.flatnonzero(~alive), count, False)
        alive[gone], alive[back] = False, True
        cycle(lab, c, gone, back)
        if number == CYCLES - 1:
            dirty = lab.lost_in(c, "churn", step)
        c.server.psql(c.db, "VACUUM churn")
        sizes.append(lab.size(c, "churn_idx"))
    mask = np.zeros(len(lab.data.base), bool)
    mask[:pool] = alive
    judge = lab.judge(alive=mask)
    return {"sizes": sizes, "dirty": dirty,
            "clean": lab.lost_in(c, "churn", step),
            "recall": lab.recall_in(c, judge, "churn", 40),
            "fresh": fresh_recall(lab, c, judge)}


def measure_cycles(lab):
    pool = min(len(lab.data.base), CYCLE_ROWS * 3 // 2)
    found = [cycles(lab, c, pool, pool * 2 // 3) for c in lab.both]
    lab.raw["cycles"] = found
    each = f"{CYCLES} times {CYCLED:.0%} deleted, inserted, vacuum: "
    lab.row(6, each + "size of the index over that after 2",
            *[f["sizes"][-1] / f["sizes"][1] for f in found],
            target="<= 1.02", of="ours", note="MB after 1, 2, 10 and 20: "
            + "; ".join(", ".join(f"{f['sizes'][i] / 1e6:.2f}" for i in (
                0, 1, 9, 19)) for f in found))
    lab.row(6, each + "recall@10 at ef_search 40 less that of a fresh index",
            *[f["recall"] - f["fresh"] for f in found], target=">= -0.01",
            of="alone", note="{:.4f} and {:.4f}".format(
                *[f["recall"] for f in found]))
    for what, when in (("clean", "after it"), ("dirty", "before its last "
                                               "vacuum")):
        lab.row(6, each + "rows not found by their own vectors at ef_search "
                f"400, {when}", *[f[what][0] for f in found], target="<= 0",
                of="ours", note="of {} and {}".format(
                    *[f[what][1] for f in found]))
    drop(lab, "churn")
