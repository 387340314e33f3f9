#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The limit that memory sets: what a query has to read, and how long this machine takes for it.

For each set it makes a table with its vectors in line, and an index.  A query reads so many
codes, neighbor lists, refined codes, TIDs and rows, each of so many bytes and each somewhere
else.  memory.c measures how long one processor takes for a block of that size at a random
place, if it knows all places beforehand.  The sum is the least time that the query needs, and
stands beside the processor time that it takes, with as many clients as keep all processors
busy.

The server is the one that libpq's environment variables name; it runs on this machine.

usage: bench/memory_bound.py [--set SET,...] [--data DIR] [--metric M] [--ef N] [--limit K,...]
                      [--seconds S] [--phases] [--database NAME]
    --set       as those of run.py; several, separated by commas
    --metric    l2, ip or cosine (default: that of the set)
    --ef        hnsw.ef_search, or K if that is more (40)
    --limit     rows of a query; several, separated by commas (10)
    --phases    also where the time goes (phases.py), which needs perf and the right to use it
    --database  made anew, dropped at the end (loki_memory)
"""
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import hard                                                # noqa: E402
import phases                                              # noqa: E402
import truth                                               # noqa: E402
from bytes import OPERATOR, arguments                      # noqa: E402
from shapes import HERE, new_database                      # noqa: E402

COUNTED = 200                   # queries whose work is counted

# Of the tables {items} and {queries}
COUNT = """CREATE OR REPLACE FUNCTION count_work(rows integer, most integer)
RETURNS TABLE (ids text, scored float8, expanded float8, refined float8, fetched float8)
LANGUAGE plpgsql AS $$
DECLARE q vector;
BEGIN
    FOR q IN SELECT v FROM {queries} WHERE id < most ORDER BY id LOOP
        SELECT array_to_string(ARRAY(SELECT id FROM {items} ORDER BY {column} {operator} q LIMIT rows), ' ') INTO ids;
        SELECT nodes_scored, nodes_expanded, nodes_refined, heap_fetches
            INTO scored, expanded, refined, fetched FROM lokivector_scan_stats();
        RETURN NEXT;
    END LOOP;
END $$"""

QUERY = """\\set i random(0, {most})
SELECT id FROM items ORDER BY v {operator} (SELECT v FROM queries WHERE id = :i) LIMIT {rows};
"""


def fill(args, db, data, metric):
    db.run(f"""DROP TABLE IF EXISTS items, queries;
               CREATE TABLE queries (id integer PRIMARY KEY, v vector({data.dims}));
               CREATE TABLE items (id integer, v vector({data.dims}));
               ALTER TABLE items ALTER v SET STORAGE plain""")
    server = hard.Server(["psql", "-d", args.database])
    server.copy("queries", data.queries)
    server.copy("items", data.base)
    db.run(f"""VACUUM ANALYZE items; VACUUM ANALYZE queries; SET maintenance_work_mem = '4GB';
               CREATE INDEX items_v ON items USING hnsw (v vector_{metric}_ops)""")
    # else queries for many rows would wait for rows that nobody read before
    db.run("CREATE EXTENSION IF NOT EXISTS pg_prewarm; SELECT pg_prewarm('items'), pg_prewarm('items_v')")
    db.run(COUNT.format(items="items", column="v", queries="queries", operator=OPERATOR[metric]))


class Memory:
    """Nanoseconds for a block of some bytes, as memory.c measures them"""

    def __init__(self, folder):
        self.program = os.path.join(folder, "memory")
        subprocess.run(["cc", "-O2", "-o", self.program, os.path.join(HERE, "memory.c")], check=True)

    def measure(self, megabytes, sizes):
        out = subprocess.run([self.program, str(megabytes)] + [str(s) for s in sizes], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        self.order = float(re.search(r"^order (\S+)", out, re.M).group(1))
        return {int(size): float(ns) for size, ns in re.findall(r"^random (\d+) (\S+)", out, re.M)}


def parts_of(slots, dims):
    """What a query reads, and the bytes of each; slots: bytes of a slot by name of the array"""
    return [("codes", slots["code"]), ("neighbor lists", slots["link"]),
            ("refined codes", slots.get("refine", slots["code"])), ("TIDs", slots["tid"]),
            ("rows", 4 * dims + 40)]


def counted(scored, expanded, refined, fetched):
    """How many of each part, in the order of parts_of()"""
    return scored, expanded, refined, fetched, fetched


def needed(parts, numbers, ns):
    """Microseconds that so many of each part take, if ns has the nanoseconds for its bytes"""
    return [number * ns[size] / 1000 for (_, size), number in zip(parts, numbers)]


def pgbench(args, operator, rows, most, folder):
    """-> the command, and its environment"""
    script = os.path.join(folder, "query.sql")
    with open(script, "w") as f:
        f.write(QUERY.format(operator=operator, rows=rows, most=most))
    return (["pgbench", "-n", "-M", "prepared", "-c", str(2 * os.cpu_count()), "-j",
             str(os.cpu_count()), "-T", str(args.seconds), "-f", script, args.database],
            {**os.environ, "PGOPTIONS": f"-c hnsw.ef_search={max(args.ef, rows)}"})


def queries_a_second(command, env):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
    return float(re.search(r"^tps = ([\d.]+)", out, re.M).group(1))


def work(db, rows, n):
    """-> the ids found, and the means of what is read"""
    lines = [line.split("|") for line in db.run(f"SELECT * FROM count_work({rows}, {n})")]
    return ([[int(i) for i in line[0].split()] for line in lines],
            np.mean([[float(x) for x in line[1:]] for line in lines], axis=0))


def measure(args, db, name, folder):
    memory = Memory(folder)
    data = datasets.load(name, args.data)
    metric = args.metric or data.metric
    most = max(args.limit)
    true = truth.cached_neighbours(data, metric, max(100, most))
    judge = truth.Judge(metric, data.base, data.queries, true)
    fill(args, db, data, metric)
    slots = {kind: int(size) for kind, size in (line.split("|") for line in db.run(
        "SELECT slot_array, slot_bytes FROM lokivector_index_slot_arrays('items_v') WHERE slots > 0"))}
    total = int(db.run("SELECT pg_table_size('items') + pg_relation_size('items_v')")[0])
    parts = parts_of(slots, data.dims)
    ns = memory.measure(max(1, min(total >> 20, 8192)), [size for _, size in parts])
    print(f"\n{data.name}, {metric}: {total / 2**20:,.0f} MB; this machine reads "
          f"{memory.order:.1f} GB/s in order\n")
    print("| rows | recall | read | bytes each | number | ns each | us |\n|---|---|---|---|---|---|---|")
    n = min(COUNTED, len(data.queries))
    for rows in args.limit:
        db.run(f"SET hnsw.ef_search = {max(args.ef, rows)}; SET enable_seqscan = off")
        found, done = work(db, rows, n)
        recall = judge.score(found, rows)[0]
        numbers = counted(*done)
        times = needed(parts, numbers, ns)
        for (part, size), number, time in zip(parts, numbers, times):
            print(f"| {rows} | {recall:.3f} | {part} | {size} | {number:,.0f} | {ns[size]:.0f} | {time:.1f} |")
        command = pgbench(args, OPERATOR[metric], rows, len(data.queries) - 1, folder)
        rate = queries_a_second(*command)
        least, taken = sum(times), 1e6 * os.cpu_count() / rate
        print(f"| {rows} | {recall:.3f} | **the least** | | | | **{least:.0f}** |")
        print(f"| {rows} | {recall:.3f} | **taken**, {rate:,.0f} queries/s | | | | "
              f"**{taken:.0f}** ({taken / least:.1f} times) |", flush=True)
        for phase, share in phases.measure(*command, folder) if args.phases else ():
            print(f"| {rows} | {recall:.3f} | {phase} | | | | {share * taken:.1f} |", flush=True)


def main():
    parser = arguments(__doc__, "synthetic:200000:768", "loki_memory")
    parser.add_argument("--ef", type=int, default=40)
    parser.add_argument("--limit", type=lambda s: [int(x) for x in s.split(",")], default=[10])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--phases", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, new_database(args.database) as db:
        for name in args.set.split(","):
            measure(args, db, name, folder)


if __name__ == "__main__":
    main()
