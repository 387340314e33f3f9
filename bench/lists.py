#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Searches by sorted lists, with 1-bit sketches and without, beside an index of the matching rows.

For each condition it prints the rows that match and, with 1-bit sketches and without, recall@10
among these rows and the microseconds of a search: median and 95th percentile, the least of
the rounds.  Beside it is an index of a table that has the matching rows alone.

    tenant  one of several tenants whose rows are any
    share   one value of 100, three of them, and ten of them
    far     a tenth of the rows, those nearest to one row; the queries are the farthest from it
    both    two attributes, of a tenth of the rows each, that one row in 1,000, or none, satisfies
            together

The server is the one that libpq's environment variables name; it should be idle.

usage: bench/lists.py [--set SET,...] [--rows N] [--data DIR] [--metric M] [--queries N]
                      [--rounds N] [--database NAME]
    --set       as those of run.py and hard.py; several, separated by commas
    --rows      of sets of hard.py (40000), which have 128 dimensions; others have all
    --metric    l2, ip or cosine (default: that of the set)
    --database  made anew, dropped at the end (loki_lists)
"""
import argparse
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import hard                                                # noqa: E402
from hard import OPERATOR                                  # noqa: E402
from shapes import new_database                            # noqa: E402

K = 10
SHARES = [0.12, 0.04, 0.02, 0.01, 0.004, 0.002]            # of a tenant

ASK = """CREATE OR REPLACE FUNCTION ask(most integer, OUT ids text, OUT us float8)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE q vector; began timestamptz; answer integer[];
BEGIN
    FOR q IN SELECT v FROM {queries} ORDER BY id LIMIT most LOOP
        began := clock_timestamp();
        answer := ARRAY(SELECT id FROM {table} WHERE {condition} ORDER BY v {operator} q LIMIT 10);
        us := 1e6 * extract(epoch FROM clock_timestamp() - began);
        ids := array_to_string(answer, ' ');
        RETURN NEXT;
    END LOOP;
END $$"""


def arguments(description, sets, database):
    """A parser of what all need that measure sets in a database of their own"""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default=sets)
    parser.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"))
    parser.add_argument("--metric", choices=sorted(OPERATOR))
    parser.add_argument("--database", default=database)
    return parser


def distances(metric, rows, q):
    if metric == "l2":
        return ((rows - q) ** 2).sum(1)
    if metric == "ip":
        return -(rows @ q)
    return 1 - rows @ q / (np.linalg.norm(rows, axis=1) * np.linalg.norm(q))


class Set:
    """A set with its attributes, in the database"""

    def __init__(self, args, db, name):
        self.args, self.db = args, db
        self.name = name
        if name in hard.SETS:
            self.base, self.queries, metric = hard.make(name, args.rows, 128)
        else:
            data = datasets.load(name, args.data)
            self.name, metric = data.name, data.metric
            self.base = np.asarray(data.base, np.float32)
            self.queries = np.asarray(data.queries, np.float32)
        self.metric = args.metric or metric
        n = len(self.base)
        generator = np.random.default_rng(1)
        order = generator.permutation(n)
        self.tenant = np.empty(n, int)
        start = 0
        self.sizes = [int(share * n) for share in SHARES]
        for i, size in enumerate(self.sizes):
            self.tenant[order[start:start + size]] = i
            start += size
        self.tenant[order[start:]] = 100 + generator.integers(0, 4000, n - start)
        self.share = generator.integers(0, 100, n)
        # its tenth is never that of share, but in one row of 100 of the lower tenths
        self.other = (self.share + generator.integers(10, 90, n)) % 100
        same = np.flatnonzero(self.share < 50)[::100]
        self.other[same] = self.share[same]
        near = np.argsort(distances(self.metric, self.base, self.base[n // 2]), kind="stable")
        self.far = np.empty(n, int)
        self.far[near] = np.arange(n) * 10 // n
        self.farthest = np.argsort(-distances(self.metric, self.queries, self.base[n // 2]), kind="stable")

    def fill(self):
        dims = self.base.shape[1]
        self.db.run(f"""DROP TABLE IF EXISTS items, raw, queries, far_queries, attributes CASCADE;
                        CREATE TABLE queries (id integer, v vector({dims}));
                        CREATE TABLE far_queries (id integer, v vector({dims}));
                        CREATE TABLE raw (id integer, v vector({dims}));
                        CREATE TABLE attributes (id integer, tenant integer, share integer, far integer,
                            other integer)""")
        server = hard.Server(["psql", "-d", self.args.database])
        server.copy("queries", self.queries)
        server.copy("far_queries", self.queries[self.farthest])
        server.copy("raw", self.base)
        lines = [f"({i}, {t}, {s}, {f}, {o})"
                 for i, (t, s, f, o) in enumerate(zip(self.tenant, self.share, self.far, self.other))]
        for i in range(0, len(lines), 20000):
            self.db.run("INSERT INTO attributes VALUES " + ", ".join(lines[i:i + 20000]))
        self.db.run(f"""CREATE TABLE items (id integer, tenant integer, share integer, far integer, other integer, v vector({dims}));
                        ALTER TABLE items ALTER v SET STORAGE plain;
                        INSERT INTO items SELECT id, tenant, share, far, other, v FROM raw JOIN attributes USING (id) ORDER BY id;
                        VACUUM ANALYZE items; SET maintenance_work_mem = '4GB'; SET enable_seqscan = off;
                        CREATE INDEX items_v ON items USING hnsw (v vector_{self.metric}_ops, tenant, share, far, other)""")

    def conditions(self):
        """-> name, condition, which rows match, table of the queries"""
        for i, size in enumerate(self.sizes):
            yield f"tenant of {size:,}", f"tenant = {i}", self.tenant == i, "queries"
        yield "share, 1 of 100", "share = 7", self.share == 7, "queries"
        yield "share, 3 of 100", "share IN (1, 50, 77)", np.isin(self.share, [1, 50, 77]), "queries"
        yield ("share, 10 of 100", "share BETWEEN 40 AND 49",
               (self.share >= 40) & (self.share < 50), "queries")
        yield "far, a tenth", "far = 0", self.far == 0, "far_queries"
        for label, low in (("both, one in 1,000", 40), ("both, none", 60)):
            yield (label, f"share BETWEEN {low} AND {low + 9} AND other BETWEEN {low} AND {low + 9}",
                   (self.share // 10 == low // 10) & (self.other // 10 == low // 10), "queries")

    def truth(self, matching, queries):
        rows = np.flatnonzero(matching)
        asked = self.queries[self.farthest] if queries == "far_queries" else self.queries
        edges = []
        for q in asked[:self.args.queries]:
            d = distances(self.metric, self.base[rows], q)
            edges.append(np.partition(d, K - 1)[K - 1] if len(rows) >= K else np.inf)
        return asked, edges, min(K, len(rows))

    def ask(self, table, condition, queries, truth):
        """-> recall, median and 95th percentile of microseconds"""
        asked, edges, most = truth
        self.db.run(ASK.format(table=table, condition=condition, queries=queries, operator=OPERATOR[self.metric]))
        best = None
        for _ in range(self.args.rounds + 1):
            rows = [line.split("|") for line in self.db.run(f"SELECT ids, us FROM ask({self.args.queries})")]
            times = [float(row[1]) for row in rows]
            now = float(np.median(times)), float(np.percentile(times, 95))
            best = now if best is None else min(best, now)
        found = 0
        for row, q, edge in zip(rows, asked, edges):
            ids = [int(i) for i in row[0].split()]
            d = distances(self.metric, self.base[ids], q)
            found += (d <= edge + 1e-5 * abs(edge)).sum()
        return (found / (most * len(rows)) if most else 1.0,) + best


def measure(args, db, name):
    this = Set(args, db, name)
    this.fill()
    cases = [(*case, this.truth(case[2], case[3])) for case in this.conditions()]
    columns = {}
    for sketch in ("on", "off"):
        db.run(f"ALTER INDEX items_v SET (brief_codes = {sketch}); REINDEX INDEX items_v")
        for label, condition, _, queries, truth in cases:
            columns[label, sketch] = this.ask("items", condition, queries, truth)
    for label, condition, matching, queries, truth in cases:
        db.run(f"""DROP TABLE IF EXISTS own; CREATE TABLE own (LIKE items INCLUDING STORAGE);
                   INSERT INTO own SELECT * FROM items WHERE {condition} ORDER BY id; VACUUM ANALYZE own;
                   CREATE INDEX ON own USING hnsw (v vector_{this.metric}_ops)""")
        own = this.ask("own", "true", queries, truth)
        on, off = columns[label, "on"], columns[label, "off"]
        print(f"| {this.name} | {label} | {matching.sum():,} "
              + "".join(f"| {r:.3f} | {m:.0f}, {p:.0f} " for r, m, p in (on, off, own))
              + f"| {on[1] / own[1]:.2f} |", flush=True)


def main():
    parser = arguments(__doc__, "synthetic:500000:128", "loki_lists")
    parser.add_argument("--rows", type=int, default=40000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    print("| set | condition | rows | recall, 1-bit sketches | us | recall, without | us "
          "| recall, own index | us | times its own |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with new_database(args.database) as db:
        for name in args.set.split(","):
            measure(args, db, name)


if __name__ == "__main__":
    main()
