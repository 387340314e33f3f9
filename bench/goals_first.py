# SPDX-License-Identifier: PostgreSQL
"""Goal 7 of the write path: the index first, the data later."""
import numpy as np

import datasets
from cluster import say
from goals_insert import drop

RECALL = 0.99                   # at which times are compared


def filled(lab, c, parts):
    """A table whose index is there before its rows -> seconds to load"""
    c.table("churn", "embedding", lab.data.dims, lab.args.storage)
    c.server.psql(c.db, lab.index_sql(c, "churn", "churn_idx"))
    start = 0
    for i, part in enumerate(parts):
        c.server.psql(c.db, f"CREATE TABLE part{i} (LIKE churn)")
        c.copy(f"part{i}", part, start)
        start += len(part)
    took = sum(lab.seconds(c, f"INSERT INTO churn SELECT * FROM part{i}")
               for i in range(len(parts)))
    for i in range(len(parts)):
        c.server.psql(c.db, f"DROP TABLE part{i}")
    # as autovacuum does after inserts
    c.server.psql(c.db, "VACUUM ANALYZE churn; CHECKPOINT")
    return took


def state(lab, c, judge):
    """Recall, rate at equal recall, and size of churn's index"""
    ef = lab.ef_in(c, judge, "churn", RECALL)
    found = {"recall": lab.recall_in(c, judge, "churn", 40), "ef": ef,
             "rate": lab.rate_in(c, "churn", ef),
             "size": lab.size(c, "churn_idx")}
    say(f"{c.name}: {found}")
    return found


def compare(lab, title, parts, judge):
    took, first, later = [], [], []
    for c in lab.both:
        took.append(filled(lab, c, parts))
        first.append(state(lab, c, judge))
        c.server.psql(c.db, "DROP INDEX churn_idx")
        c.server.psql(c.db, lab.index_sql(c, "churn", "churn_idx"))
        later.append(state(lab, c, judge))
    lab.raw[title] = took, first, later

    def each(function):
        return [function(a, b) for a, b in zip(first, later)]

    lab.row(7, f"{title}: recall@10 at ef_search 40 less that of an index "
            "built afterwards", *each(lambda a, b: a["recall"] - b["recall"]),
            target=">= -0.01", of="alone", note="{:.4f} and {:.4f}".format(
                *[a["recall"] for a in first]))
    lab.row(7, f"{title}: time of a query at recall {RECALL} over that of an "
            "index built afterwards",
            *each(lambda a, b: b["rate"] / a["rate"]),
            target="<= 1.2", of="ours", note="ef_search {} instead of {}, "
            "pgvector {} instead of {}".format(
                *[x["ef"] for pair in zip(first, later) for x in pair]))
    lab.row(7, f"{title}: size over that of an index built afterwards",
            *each(lambda a, b: a["size"] / b["size"]), target="<= 1.1",
            of="ours")
    rows = sum(len(part) for part in parts)
    lab.row(7, f"{title}: rows/s of the load", *[rows / t for t in took])
    drop(lab, "churn")


def measure_first(lab):
    compare(lab, "index first", [lab.data.base], lab.bench.judge)


def measure_drift(lab):
    """Half of the rows, then as many of another distribution; queries of
    both"""
    half, asked = len(lab.data.base) // 2, lab.count // 2
    other = datasets.synthetic(len(lab.data.base), lab.data.dims, seed=43)
    parts = [lab.data.base[:half], other.base[:half]]
    queries = np.concatenate([lab.data.queries[:asked],
                              other.queries[:lab.count - asked]])
    judge = lab.judge(np.concatenate(parts), queries)
    for c in lab.both:
        c.table("queries_drift", "v", lab.data.dims, "PLAIN")
        c.copy("queries_drift", queries)
        c.server.psql(c.db, "VACUUM ANALYZE queries_drift")
    old = [c.queries for c in lab.both]
    try:
        for c in lab.both:
            c.queries = "queries_drift"
        compare(lab, "index first, second half of other rows", parts, judge)
    finally:
        for c, name in zip(lab.both, old):
            c.queries = name
