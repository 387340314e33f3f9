#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Does the planner weigh an index against reading the table, if a filter is in no index?

For each table, share of rows that match and LIMIT: the time by the index, the time of
reading the table, and which of them the planner takes if LIMIT is a constant, in a generic
plan whose LIMIT is a parameter, in one whose filter is a parameter too, and after six
executions of a prepared statement.  Works in a database of its own, on the server that
libpq's environment variables name.

usage: bench/limits.py [--database NAME] [--keep] [--plans] [TABLE...]
    --database  made anew, or used again with --keep (default: loki_limits)
    --plans     no times, only what the planner takes
    TABLE       ROWSxDIMS, or ROWSxDIMSplain, whose vectors are in line
"""
import argparse
import json
import os
import re
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
from shapes import Psql, literal                           # noqa: E402

TABLES = ["20000x128", "200000x128", "20000x768", "20000x768plain", "50000x768plain",
          "200000x768"]
MATCHES = [10000, 1000, 100, 10, 2]     # one of so many rows
LIMITS = [10, 100]
VECTORS = 3
BAD = 2.0                               # times the better of the two


def fill(database, name):
    rows, dims, plain = re.fullmatch(r"(\d+)x(\d+)(plain)?", name).groups()
    rows, dims = int(rows), int(dims)
    data = datasets.synthetic(max(rows, 200_000 if dims == 768 else 500_000), dims)
    db = Psql(database)
    columns = ", ".join(f"f{m} text" for m in MATCHES)
    db.run(f'CREATE TABLE "{name}" (id integer, {columns}, v vector({dims}))')
    if plain:
        db.run(f'ALTER TABLE "{name}" ALTER v SET STORAGE plain')
    rng = np.random.default_rng(rows)
    labels = [rng.integers(0, m, rows) for m in MATCHES]
    load = subprocess.Popen(["psql", "-Xq", "-d", database, "-c", f'COPY "{name}" FROM STDIN'],
                            stdin=subprocess.PIPE, text=True)
    for i in range(rows):
        load.stdin.write("\t".join([str(i)] + [f"x{l[i]}" for l in labels] +
                                   [literal(data.base[i])[1:-1]]) + "\n")
    load.stdin.close()
    if load.wait() != 0:
        raise SystemExit(f"could not fill {name}")
    db.run(f"""SET maintenance_work_mem = '1GB';
        CREATE INDEX ON "{name}" USING hnsw (v vector_cosine_ops);
        VACUUM ANALYZE "{name}" """)
    db.run(f"CREATE TABLE IF NOT EXISTS q_{dims} (n serial, v vector({dims}))")
    for q in data.queries[:VECTORS]:
        db.run(f"INSERT INTO q_{dims} (v) VALUES ({literal(q)})")


def plan(db, query):
    return json.loads("".join(db.run(f"EXPLAIN (FORMAT JSON{query}")))[0]


def way(node):
    """Which of the two a plan goes: by the index, or by reading the table"""
    text = json.dumps(node)
    return "index" if "Index Scan" in text else "table"


def measure(db, query, off):
    """The least time of a plan, the median over the query vectors"""
    db.run(f"SET {off} = off")
    times = []
    for n in range(VECTORS):
        runs = [plan(db, f", ANALYZE, TIMING OFF) {query(n)}") for _ in range(3)]
        times.append(min(run["Execution Time"] for run in runs))
    db.run(f"RESET {off}")
    return float(np.median(times))


def choices(db, name, match, limit, vector):
    select = f'SELECT id FROM "{name}" WHERE f{match} = %s ORDER BY v <=> $1 LIMIT $2'
    db.run(f"PREPARE c(vector, integer) AS {select % repr('x1')};"
           f"PREPARE p(vector, integer, text) AS {select % '$3'}")
    arguments = f"{vector}, {limit}"
    found = []
    for mode, call in (("force_custom_plan", "c"), ("force_generic_plan", "c"),
                       ("force_generic_plan", "p"), ("auto", "c")):
        third = ", 'x1'" if call == "p" else ""
        db.run(f"SET plan_cache_mode = {mode}")
        execute = f"EXECUTE {call}({arguments}{third})"
        for _ in range(6 if mode == "auto" else 0):
            db.run(execute)
        found.append(plan(db, f") {execute}")["Plan"])
    db.run("RESET plan_cache_mode; DEALLOCATE ALL")
    return found


def case(db, name, match, limit, timed):
    dims = re.search(r"x(\d+)", name).group(1)
    vectors = [f"'{v}'" for v in db.run(f"SELECT v FROM q_{dims} ORDER BY n LIMIT {VECTORS}")]

    def query(n):
        return (f"""SELECT id FROM "{name}" WHERE f{match} = 'x1' """
                f"ORDER BY v <=> {vectors[n]} LIMIT {limit}")

    times = {"index": measure(db, query, "enable_seqscan"),
             "table": measure(db, query, "enable_indexscan")} if timed else {}
    plans = choices(db, name, match, limit, vectors[0])
    ways = [way(p) for p in plans]
    worst = max(times[w] / min(times.values()) for w in ways) if timed else 0
    print(f"| {name} | {100 / match:g} % | {limit} | "
          + (f"{times['index']:.2f} | {times['table']:.2f} | " if timed else "")
          + " | ".join(f"{w} ({p['Total Cost']:.0f})" for w, p in zip(ways, plans))
          + (f" | {worst:.1f}{' !' if worst > BAD else ''}" if timed else "") + " |", flush=True)
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--database", default="loki_limits")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--plans", action="store_true")
    parser.add_argument("tables", nargs="*", default=TABLES)
    arguments = parser.parse_args()
    if not arguments.keep:
        subprocess.run(["dropdb", "--if-exists", arguments.database], check=True)
        subprocess.run(["createdb", arguments.database], check=True)
        Psql(arguments.database).run("SET client_min_messages = error; CREATE EXTENSION lokivector")
        for name in arguments.tables:
            fill(arguments.database, name)
    db = Psql(arguments.database)
    db.run("SET client_min_messages = error; LOAD 'lokivector'")
    timed = not arguments.plans
    print("| table | match | LIMIT | " + ("index, ms | table, ms | " if timed else "")
          + "constant | generic LIMIT | and filter | auto |" + (" worst |" if timed else ""))
    worst = [case(db, name, match, limit, timed) for name in arguments.tables
             for match in MATCHES for limit in LIMITS]
    if timed:
        print(f"\n{sum(w <= BAD for w in worst)} of {len(worst)} cases within {BAD:g} times "
              "the better of the two")


if __name__ == "__main__":
    main()
