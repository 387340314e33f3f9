#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""How many instructions does the planning of a statement take?

Makes a cluster, fills it, and plans each statement several times in a single-user backend below
callgrind, which dumps its counts whenever a statement is planned.  The last planning of each
statement counts: caches are filled then.  Counts do not depend on what else the machine does.

usage: bench/planning.py [--bin FOLDER] [--only TEXT] [--keep FOLDER]
    --bin   the server's programs, with lokivector installed (default: pg_config's)
    --only  statements whose name has this
    --keep  leaves callgrind's dumps there, for callgrind_annotate

It runs as an ordinary user, and needs valgrind.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

TIMES = 3                       # that each statement is planned
DIMENSIONS = [f"d{i}" for i in range(1, 10)]
QUERY = "'[" + ",".join(str(i % 7) for i in range(16)) + "]'"
STAR = "SELECT f.id FROM {fact} f, " + ", ".join(DIMENSIONS) + " WHERE " + " AND ".join(
    f"f.k{i} = d{i}.id" for i in range(1, 10)) + " ORDER BY {order} LIMIT 10"

SETUP = ["CREATE EXTENSION lokivector"] + [
    f"CREATE TABLE {table} AS SELECT i AS id, i % 100 AS tenant, i % 500 AS doc, i % 997 AS price, "
    "(i % 365)::float8 AS age, "
    + ", ".join(f"i % {10 * n + 3} AS k{n}" for n in range(1, 10))
    + ", (SELECT array_agg(sin(i * 7919 + j)::float4) FROM generate_series(1, 16) j)::vector(16) AS v "
    "FROM generate_series(1, 2000) i" for table in ("items", "rows")] + [
    "ALTER TABLE items ADD PRIMARY KEY (id)", "ALTER TABLE rows ADD PRIMARY KEY (id)",
    "ALTER TABLE rows DROP v", "CREATE INDEX ON rows (age)",
    "CREATE INDEX ON items USING hnsw (v vector_l2_ops, tenant, price)",
    "CREATE INDEX ON items USING hnsw (v vector_cosine_ops)"] + [
    statement for table in DIMENSIONS for statement in (
        f"CREATE TABLE {table} AS SELECT i AS id, i::text AS name FROM generate_series(0, 99) i",
        f"ALTER TABLE {table} ADD PRIMARY KEY (id)")] + ["VACUUM ANALYZE"]

STATEMENTS = {
    "plain": f"SELECT id FROM items ORDER BY v <-> {QUERY} LIMIT 10",
    "filter": f"SELECT id FROM items WHERE tenant = 7 AND price < 500 ORDER BY v <-> {QUERY} LIMIT 10",
    "score": f"SELECT id FROM items ORDER BY 0.7 * (1 - (v <=> {QUERY})) + 0.3 * exp(-age) DESC LIMIT 10",
    "group": f"SELECT doc, min(v <-> {QUERY}) FROM items GROUP BY doc ORDER BY 2 LIMIT 10",
    "guess": f"SELECT i.id FROM items i JOIN rows r ON r.id = i.id WHERE r.price % 2 = 1 ORDER BY i.v <-> {QUERY} LIMIT 10",
    "having": f"SELECT i.id FROM items i JOIN rows r ON r.doc = i.id GROUP BY i.id HAVING count(*) > 1 ORDER BY i.v <-> {QUERY} LIMIT 10",
    "star": STAR.format(fact="items", order=f"f.v <-> {QUERY}"),
    "star without vectors": STAR.format(fact="rows", order="f.age")}


def backend(options, statements, below=()):
    """Run statements in a single-user backend"""
    command = [*below, os.path.join(options.bin, "postgres"), "--single", "-j", "-D", options.data,
               "-c", "autovacuum=off", "-c", "max_parallel_maintenance_workers=0", "postgres"]
    done = subprocess.run(command, input="".join(f"{s};\n\n" for s in statements), text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode != 0 or re.search(r"^.*ERROR:", done.stderr, re.M):
        sys.exit(f"{' '.join(command)}\n{done.stderr}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__[__doc__.index("usage: ") + 7:])
    parser.add_argument("--bin")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    options = parser.parse_args()
    if options.bin is None:
        options.bin = subprocess.check_output(["pg_config", "--bindir"], text=True).strip()
    names = [name for name in STATEMENTS if options.only in name]
    with tempfile.TemporaryDirectory() as folder:
        options.data = os.path.join(folder, "data")
        subprocess.run([os.path.join(options.bin, "initdb"), "-D", options.data, "-N", "-A", "trust",
                        "--no-locale", "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL)
        backend(options, SETUP)
        dumps = options.keep or folder
        backend(options, ["LOAD 'lokivector'"] + [f"EXPLAIN {STATEMENTS[name]}" for name in names
                                                  for _ in range(TIMES)],
                ("valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={dumps}/dump",
                 "--toggle-collect=pg_plan_query", "--dump-after=pg_plan_query"))
        for i, name in enumerate(names):
            # counts begin anew with each dump
            with open(f"{dumps}/dump.{(i + 1) * TIMES}", encoding="utf-8") as f:
                total = re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M)
            print(f"{name:24} {int(total.group(1)):14,}", flush=True)


if __name__ == "__main__":
    main()
