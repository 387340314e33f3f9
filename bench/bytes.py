#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What 8 bits a dimension cost and save: vector, halfvec and bytevec columns of one set.

For each set it prints recall@10 by type of the column: that of exact answers, which is
what rounding of the rows costs, and that of an index at several widths.  Recall counts
against the unrounded vectors, by distance (truth.py).  Queries are vectors; for a bytevec
column they are also rounded as the rows are, as a query written without a type is.  Beside
it are the bytes of a row in the table, the milliseconds of an exact search of all rows and
of a search by the index at the largest width, by one client on a server with other tables
in memory.

The server is the one that libpq's environment variables name.

usage: bench/bytes.py [--set SET,...] [--data DIR] [--metric M] [--queries N] [--exact N]
                      [--ef N,...] [--limit ROWS] [--database NAME]
    --set       as those of run.py; several, separated by commas
    --metric    l2, ip or cosine (default: that of the set)
    --exact     queries that are answered without an index, too (100)
    --ef        widths of searches (40,100,400); "" makes no index
    --database  made anew, dropped at the end (loki_bytes)
"""
import argparse
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import hard                                                # noqa: E402
import truth                                               # noqa: E402
from shapes import new_database                                    # noqa: E402

K = 10
OPERATOR = {"l2": "<->", "ip": "<#>", "cosine": "<=>"}

# The column's type, and that of the queries
WAYS = [("vector", "vector"), ("halfvec", "halfvec"), ("bytevec", "vector"), ("bytevec", "bytevec")]

ASK = """CREATE OR REPLACE FUNCTION ask(most integer, OUT query integer, OUT ids text, OUT ms float8)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE q {type}; began timestamptz;
BEGIN
    FOR query, q IN SELECT id, v FROM queries WHERE id < most ORDER BY id LOOP
        began := clock_timestamp();
        SELECT array_to_string(ARRAY(SELECT id FROM items_{column} ORDER BY v {operator} q LIMIT 10), ' ') INTO ids;
        ms := 1000 * extract(epoch FROM clock_timestamp() - began);
        RETURN NEXT;
    END LOOP;
END $$"""


def fill(args, db, data, metric):
    """-> bytes of a row by type"""
    db.run(f"""DROP TABLE IF EXISTS queries, items_vector, items_halfvec, items_bytevec;
               CREATE TABLE queries (id integer PRIMARY KEY, v vector({data.dims}));
               CREATE TABLE items_vector (id integer, v vector({data.dims}))""")
    server = hard.Server(["psql", "-d", args.database])
    server.copy("queries", data.queries)
    server.copy("items_vector", data.base)
    sizes = {}
    for kind in ("vector", "halfvec", "bytevec"):
        if kind != "vector":
            db.run(f"CREATE TABLE items_{kind} AS SELECT id, v::{kind}({data.dims}) AS v FROM items_vector")
        db.run(f"VACUUM ANALYZE items_{kind}; SET maintenance_work_mem = '2GB'")
        if args.ef:
            db.run(f"CREATE INDEX ON items_{kind} USING hnsw (v {kind}_{metric}_ops)")
        sizes[kind] = int(db.run(f"SELECT pg_table_size('items_{kind}')")[0]) / len(data.base)
    return sizes


def ask(db, column, query, metric, most, settings):
    """-> ids by query, and the median of milliseconds"""
    db.run(ASK.format(type=query, column=column, operator=OPERATOR[metric]))
    db.run(settings)
    rows = [line.split("|") for line in db.run(f"SELECT query, ids, ms FROM ask({most}) ORDER BY query")]
    return ([[int(i) for i in row[1].split()] for row in rows],
            float(np.median([float(row[2]) for row in rows])))


def measure(args, db, name):
    data = datasets.load(name, args.data)
    data.limit(args.limit)
    metric = args.metric or data.metric
    queries = data.queries = np.asarray(data.queries[:args.queries], np.float32)
    data.truth = {m: t[:len(queries)] for m, t in data.truth.items()}
    true = truth.cached_neighbours(data, metric, 100)
    judge = truth.Judge(metric, data.base, queries, true)
    sizes = fill(args, db, data, metric)
    for column, query in WAYS:
        exact, slow = ask(db, column, query, metric, args.exact,
                          "SET enable_indexscan = off; SET max_parallel_workers_per_gather = 0; SET jit = off")
        shares = [judge.score(exact, K)[0]]
        ms = 0
        for ef in args.ef:
            found, ms = ask(db, column, query, metric, len(queries),
                            f"SET enable_indexscan = on; SET enable_seqscan = off; SET hnsw.ef_search = {ef}")
            shares.append(judge.score(found, K)[0])
        db.run("RESET enable_seqscan")
        print(f"| {data.name}, {metric} | {column} | {query} | {sizes[column]:,.0f} | "
              + " | ".join(f"{share:.4f}" for share in shares) + f" | {slow:.1f} | {ms:.3f} |", flush=True)


def arguments(description, sets, database):
    """A parser of what all need that measure sets in a database of their own"""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default=sets)
    parser.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"))
    parser.add_argument("--metric", choices=sorted(OPERATOR))
    parser.add_argument("--database", default=database)
    return parser


def main():
    parser = arguments(__doc__, "synthetic:20000:256", "loki_bytes")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--exact", type=int, default=100)
    parser.add_argument("--ef", type=lambda s: [int(x) for x in s.split(",") if x], default=[40, 100, 400])
    parser.add_argument("--limit", type=int, default=0)
    args = parser.parse_args()
    with new_database(args.database) as db:
        print("| set, distance | column | queries | bytes a row | exact |"
              + "".join(f" ef {ef} |" for ef in args.ef) + " all rows, ms | index, ms |")
        print("|---|---|---|---|---|" + "---|" * (len(args.ef) + 2))
        for name in args.set.split(","):
            measure(args, db, name)


if __name__ == "__main__":
    main()
