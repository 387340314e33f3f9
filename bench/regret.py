#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""How far from the best way is the plan of a statement?

Statements of applications and frameworks, with conditions of several kinds that 50, 5, .1 % of
the rows or none pass, in plans for one value and for all, on the server that libpq's environment
variables name, in a database that is made anew.  Each is executed as planned and in every other
way: with scans of a kind switched off, by reading the table, and as written by hand.  First what
they do is counted: blocks, nodes and rows, which do not depend on what else the machine does.
Those that do most against their best way are then timed: by the CPU time of their process if the server is on
this machine, and in turns with the other way.  With --cpu all ways are timed, and nothing is counted: counts do not
know what a condition costs.  Prints the worst, and how many are within which factor.  What is exact by contract has a list of its own: its time, and that of the search which a
setting makes of it.

usage: bench/regret.py [--rows N] [--dims N] [--set SET] [--timed N] [--runs N] [--worst N] [--only TEXT]
           [--cpu] [--plans KIND] [--database NAME] [--keep]
    --set       vectors of a set of datasets.py, in place of generated ones of so many dimensions
    --timed     how many statements are timed (default: 50)
    --runs      of each, of which the median counts (default: 5)
    --worst     lines that are printed (default: 20)
    --only      statements whose name has this
    --cpu       measure all ways by the CPU time of their process
    --plans     custom or generic: for one value, or for all (default: both)
    --keep      use the database again, if it is there, and leave it
"""
import argparse
import itertools
import json
import os
import statistics
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import needs  # noqa: E402, F401
import datasets                                            # noqa: E402
import shapes                                              # noqa: E402

# Microseconds of what is counted, by shapes.py on tables of 200,000 rows: what makes one sum of them
BLOCK, NODE, ROW = 0.3, 0.06, 0.15
EXTRA = 0.25                    # milliseconds that are no regret

SWITCHES = [(), ("enable_seqscan",), ("enable_sort",), ("lokivector.enable_hybrid_scan",),
            ("enable_nestloop", "enable_incremental_sort"),
            ("enable_indexscan", "enable_bitmapscan", "lokivector.enable_hybrid_scan")]

# Conditions with their values in generic plans, by the share of rows that pass
SHARES = {"50 %": 2, "5 %": 20, ".1 %": 1000, "none": 0}
CONDITIONS = {
    "attribute": "tenant{n} = $2",
    "optional": "($2 IS NULL OR tenant{n} = $2)",
    "array": "tenant{n} = ANY (ARRAY[$2, -7])",
    "heap": "plain{n} = $2",
    "modulo": "(id * 7919) % {m} = $2",
    "json": "meta->>'k{n}' = $2::text",
    "two of json": "meta->>'k{n}' = $2::text AND meta->>'all' = '1'",
    "three of json": "meta->>'k{n}' = $2::text AND meta->>'all' = '1' AND meta->>'every' = '1'",
    "coalesce": "tenant{n} = coalesce($2, tenant{n})",
    "CASE": "CASE WHEN $2 IS NULL THEN true ELSE tenant{n} = $2 END",
    "IS NOT FALSE": "(tenant{n} = $2) IS NOT FALSE",
    "b-tree and heap": "keyed2 = 1 AND plain{n} = $2",
    "volatile": "plain{n} = $2 AND volatile(id) > 0",
    "sub-plan": "plain{n} = (SELECT $2 WHERE d.id > 0)",
    "prefix": "path{n} LIKE $2 || '/%'",
    "b-tree": "keyed{n} = $2",
    "IN (SELECT)": "id IN (SELECT doc FROM tags WHERE tag{n} = $2)"}

# {where} is a condition on d
STATEMENTS = {
    "LIMIT 10": "SELECT d.id FROM docs d WHERE {where} ORDER BY d.v <=> $1 LIMIT 10",
    "LIMIT 100": "SELECT d.id FROM docs d WHERE {where} ORDER BY d.v <=> $1 LIMIT 100",
    "score DESC": "SELECT d.id, 1 - (d.v <=> $1) AS score FROM docs d WHERE {where} ORDER BY score DESC LIMIT 10"}
# Filters and joins as frameworks write them; {c} is a condition by jsonb, {j} its value
FRAMEWORKS = {
    "mem0": ("SELECT id, v <=> $1 AS distance, meta FROM docs WHERE meta->>'all' = '1' AND meta->>'k{n}' = $2::text "
             "ORDER BY distance LIMIT 5"),
    "LlamaIndex": ("SELECT id, body, meta, v <=> $1 AS distance FROM docs WHERE meta->>'k{n}' IN ('{j}', '-2') "
                   "ORDER BY distance ASC LIMIT 10"),
    "LangChain": ("SELECT id, body, meta, v <=> $1 AS distance FROM docs WHERE keyed2 IN (0, 1) AND "
                  "jsonb_path_match(meta, '$.k{n} == $value', jsonb_build_object('value', $2)) "
                  "ORDER BY distance ASC LIMIT 4"),
    "Haystack": ("SELECT *, 1 - (v <=> $1) AS score FROM docs WHERE meta->>'every' = '1' AND "
                 "(meta->>'k{n}')::numeric = $2 ORDER BY score DESC LIMIT 10"),
    "Spring AI": ("SELECT *, v <=> $1 AS distance FROM docs WHERE v <=> $1 < 1.0 AND "
                  "meta::jsonb @@ '$.k{n} == {j}'::jsonpath ORDER BY distance LIMIT 100"),
    "Supabase": ("SELECT id, body, 1 - (d.v <=> $1) AS similarity FROM docs d WHERE "
                 "meta @> jsonb_build_object('k{n}', $2) AND 1 - (d.v <=> $1) > 0.1 ORDER BY d.v <=> $1 LIMIT 10"),
    "LangChain4j": ("WITH temp AS (SELECT (2 - (v <=> $1)) / 2 AS score, id, body, meta FROM docs "
                    "WHERE (meta->>'k{n}')::text = $2::text) "
                    "SELECT * FROM temp WHERE score >= 0.1 ORDER BY score DESC LIMIT 10"),
    "Django": ("SELECT DISTINCT d.id, d.body, d.v <=> $1 AS distance FROM docs d INNER JOIN tags t ON d.id = t.doc "
               "WHERE t.tag{n} = $2 ORDER BY distance ASC LIMIT 10"),
    "Rails": ("SELECT docs.*, docs.v <=> $1 AS neighbor_distance FROM docs WHERE docs.v IS NOT NULL AND "
              "docs.tenant{n} = $2 ORDER BY docs.v <=> $1 LIMIT 5"),
    "SQLAlchemy": ("SELECT anon.id, c.body FROM (SELECT d.id, d.v <=> $1 AS distance FROM docs d "
                   "WHERE d.plain{n} = $2 ORDER BY distance LIMIT 10) anon LEFT OUTER JOIN chunks c "
                   "ON c.doc = anon.id ORDER BY anon.distance, c.id"),
    "EF Core": ("SELECT d.id, d.v <=> $1 AS distance FROM docs AS d INNER JOIN chunks c ON c.doc = d.id "
                "WHERE d.tenant{n} = $2 AND c.id % 2 = 0 ORDER BY d.v <=> $1 LIMIT 10")}

# Keys that come as the search begins
KEYS = "SELECT doc FROM tags WHERE tag{n} = $2"
RUN_TIME = {
    "ANY (ARRAY)": f"SELECT id FROM docs WHERE id = ANY (ARRAY({KEYS})) ORDER BY v <=> $1 LIMIT 10",
    "keys of WITH": (f"WITH k AS MATERIALIZED ({KEYS}) SELECT id FROM docs WHERE id IN (SELECT doc FROM k) "
                     "ORDER BY v <=> $1 LIMIT 10"),
    "WITH joined": f"WITH k AS MATERIALIZED ({KEYS}) SELECT id FROM docs JOIN k ON k.doc = id ORDER BY v <=> $1 LIMIT 10",
    "keys of a function": f"SELECT id FROM docs WHERE id IN (SELECT unnest(ARRAY({KEYS}))) ORDER BY v <=> $1 LIMIT 10"}
# Very many rows as near as each other
TIES = {f"bits, LIMIT {n}": f"SELECT id FROM bits ORDER BY b <~> (SELECT b FROM bits WHERE id = 1) LIMIT {n}"
        for n in (10, 40, 100, 400, 2000)}
# Fewer groups than LIMIT takes, as the planner can know or not
FEW_GROUPS = {
    "groups of two values": "SELECT tenant20, min(v <=> $1) AS dist FROM docs WHERE tenant20 IN ($2, 3) GROUP BY 1 ORDER BY dist LIMIT 10",
    "first of one value": ("SELECT * FROM (SELECT DISTINCT ON (tenant20) tenant20, id, v <=> $1 AS dist FROM docs WHERE tenant20 = $2 "
                           "ORDER BY tenant20, dist) s ORDER BY dist LIMIT 10"),
    "groups of an expression": "SELECT tenant20 % 3 AS t, min(v <=> $1) AS dist FROM docs GROUP BY 1 ORDER BY dist LIMIT 10"}
# What is exact by contract, and the setting that makes it a search (doc/exact-and-approximate.md)
EXACT = {
    "WITH TIES": "SELECT id FROM docs ORDER BY v <=> $1 FETCH FIRST 10 ROWS WITH TIES",
    "FOR UPDATE": "SELECT id FROM docs ORDER BY v <=> $1 LIMIT 10 FOR UPDATE",
    "WITH TIES, a heap condition": "SELECT id FROM docs WHERE plain20 = $2 ORDER BY v <=> $1 FETCH FIRST 10 ROWS WITH TIES",
    "FOR UPDATE, a heap condition": "SELECT id FROM docs WHERE plain20 = $2 ORDER BY v <=> $1 LIMIT 10 FOR UPDATE"}
SEARCH = "hnsw.iterative_scan = strict_order"
BY_HAND = "(SELECT * FROM docs d WHERE {where} ORDER BY d.v <=> $1 LIMIT 10) d"
# Joins and HAVING that drop rows, by the share of documents that they leave
DROPPED = {
    "joined side": ("SELECT d.id, c.body FROM docs d JOIN chunks c ON c.doc = d.id WHERE c.id % {m} = $2 "
                    "ORDER BY d.v <=> $1 LIMIT 10"),
    "EXISTS of children": ("SELECT d.id FROM docs d WHERE EXISTS (SELECT FROM chunks c WHERE c.doc = d.id AND c.id % {m} = $2) "
                           "ORDER BY d.v <=> $1 LIMIT 10"),
    "count of joined side": ("SELECT d.id, count(*) FROM docs d JOIN chunks c ON c.doc = d.id WHERE c.id % {m} = $2 "
                             "GROUP BY d.id ORDER BY d.v <=> $1 LIMIT 10"),
    "parent of the joined side": ("SELECT c.id FROM chunks c JOIN docs d ON d.id = c.doc WHERE c.id % {m} = $2 AND d.v IS NOT NULL "
                                  "ORDER BY d.v <=> $1 LIMIT 10"),
    "HAVING max()": ("SELECT d.id FROM docs d JOIN chunks c ON c.doc = d.id GROUP BY d.id "
                     "HAVING max(c.id) % {m} = $2 ORDER BY d.v <=> $1 LIMIT 10"),
    "HAVING with min()": ("SELECT d.id, min(d.v <=> $1) AS dist FROM docs d JOIN chunks c ON c.doc = d.id GROUP BY d.id "
                          "HAVING max(c.id) % {m} = $2 ORDER BY dist LIMIT 10"),
    "HAVING without a join": "SELECT d.id FROM docs d GROUP BY d.id HAVING max(d.id) % {m} = $2 ORDER BY d.v <=> $1 LIMIT 10",
    "first of groups": ("SELECT * FROM (SELECT DISTINCT ON (d.plain1000) d.plain1000, d.id, d.v <=> $1 AS dist FROM docs d "
                        "JOIN chunks c ON c.doc = d.id WHERE c.id % {m} = $2 ORDER BY d.plain1000, dist) s ORDER BY dist LIMIT 10"),
    "min() in a subquery": ("SELECT * FROM (SELECT d.plain1000, min(d.v <=> $1) AS dist FROM docs d JOIN chunks c ON c.doc = d.id "
                            "WHERE c.id % {m} = $2 GROUP BY 1) s ORDER BY dist LIMIT 10"),
    "numbered in groups": ("SELECT * FROM (SELECT d.id, d.v <=> $1 AS dist, row_number() OVER (PARTITION BY d.plain1000 ORDER BY d.v <=> $1) AS n "
                           "FROM docs d JOIN chunks c ON c.doc = d.id WHERE c.id % {m} = $2) s WHERE n <= 2 ORDER BY dist LIMIT 10"),
    "first of groups, joined": ("SELECT c.id FROM (SELECT DISTINCT ON (plain1000) id, v <=> $1 AS dist FROM docs "
                                "ORDER BY plain1000, dist) s JOIN chunks c ON c.doc = s.id WHERE c.id % {m} = $2 ORDER BY dist LIMIT 10")}
OVER_CHILDREN = {
    "count of children": ("SELECT d.id, count(c.id) FROM {d} LEFT JOIN chunks c ON c.doc = d.id {where} "
                          "GROUP BY d.id{v} ORDER BY d.v <=> $1 LIMIT 10"),
    "json_agg of children": ("SELECT d.id, json_agg(c.body) FROM {d} LEFT JOIN chunks c ON c.doc = d.id {where} "
                             "GROUP BY d.id{v} ORDER BY d.v <=> $1 LIMIT 10"),
    "HAVING": ("SELECT d.id FROM {d} LEFT JOIN chunks c ON c.doc = d.id {where} "
               "GROUP BY d.id{v} HAVING count(c.id) >= 2 ORDER BY d.v <=> $1 LIMIT 10"),
    "string_agg as SQLAlchemy": ("SELECT d.id, d.body, string_agg(c.body, ', ') AS string_agg_1 FROM {d} LEFT OUTER JOIN chunks c "
                                 "ON c.doc = d.id {where} GROUP BY d.id{v}{body} ORDER BY d.v <=> $1 LIMIT 10"),
    "DISTINCT as Django": ("SELECT DISTINCT d.id, d.body, d.v, d.v <=> $1 AS distance FROM {d} INNER JOIN chunks c ON d.id = c.doc "
                           "{where} ORDER BY distance ASC LIMIT 10"),
    "DISTINCT": ("SELECT DISTINCT d.id, d.v <=> $1 AS dist FROM {d} LEFT JOIN chunks c ON c.doc = d.id {where} "
                 "ORDER BY dist LIMIT 10")}


def fill(db, data):
    """Documents with a column of each kind for each share, and their chunks and tags"""
    shares = [n for n in SHARES.values() if n]
    rows = len(data.base)
    db.run("CREATE TABLE loaded (id serial, v vector(%d))" % data.dims)
    for start in range(0, rows, 2000):
        db.run("INSERT INTO loaded (v) VALUES " +
               ",".join(f"({shapes.literal(v)})" for v in data.base[start:start + 2000]))
    names = ("tenant", "plain", "keyed")
    columns = ", ".join(f"(hashint4(id) & 1048575) % {n} AS {name}{n}" for n in shares for name in names)
    keys = ", ".join(f"'k{n}', (hashint4(id) & 1048575) % {n}" for n in shares)
    paths = ", ".join(f"(hashint4(id) & 1048575) % {n} || '/' || id AS path{n}" for n in shares)
    db.run(f"""CREATE TABLE docs AS SELECT id, {columns}, {paths},
            jsonb_build_object('all', 1, 'every', 1, {keys}) AS meta, repeat('x', 200) AS body, v FROM loaded;
        ALTER TABLE docs ADD PRIMARY KEY (id);
        CREATE TABLE chunks AS SELECT i AS id, 1 + i % {rows} AS doc, 'body ' || i AS body
            FROM generate_series(1, 2 * {rows}) i;
        ALTER TABLE chunks ADD PRIMARY KEY (id); CREATE INDEX ON chunks (doc);
        CREATE TABLE tags AS SELECT id AS doc, {", ".join(f"tenant{n} AS tag{n}" for n in shares)} FROM docs;
        SET maintenance_work_mem = '512MB';
        CREATE INDEX ON docs USING hnsw (v vector_cosine_ops, {", ".join(f"tenant{n}" for n in shares)});
        CREATE TABLE bits AS SELECT id, (SELECT string_agg((hashint4(id * 131 + j) > 3e8 * sin(id % 37 * j))::int::text, ''
                ORDER BY j) FROM generate_series(1, 128) j)::bit(128) AS b FROM generate_series(1, least(20000, {rows})) id;
        CREATE INDEX ON bits USING hnsw (b bit_hamming_ops);
        CREATE FUNCTION volatile(integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
        {"".join(f"CREATE INDEX ON docs (keyed{n}); CREATE INDEX ON tags (tag{n});" for n in shares)}
        VACUUM ANALYZE""")


def statements():
    """-> name, statement, the same by hand, the value of $2"""
    for (kind, condition), (share, n) in itertools.product(CONDITIONS.items(), SHARES.items()):
        condition = condition.replace("{n}", str(n or 20)).replace("{m}", str(n or 20))
        for form, text in STATEMENTS.items():
            yield f"{kind}, {share}, {form}", text.format(where=condition), None, "1" if n else "-1"
    for (name, text), (share, n) in itertools.product((FRAMEWORKS | RUN_TIME).items(), SHARES.items()):
        value = "1" if n else "-1"
        yield f"{name}, {share}", text.replace("{n}", str(n or 20)).replace("{j}", value), None, value
    for (name, text), (share, n) in itertools.product(DROPPED.items(), SHARES.items()):
        yield f"{name}, {share}", text.replace("{m}", str(n or 20)), None, "1" if n else "-1"
    for name, text in (TIES | FEW_GROUPS).items():
        yield name, text, None, "1"
    for (form, text), (share, n) in itertools.product(OVER_CHILDREN.items(), SHARES.items()):
        for kind in ("attribute", "json"):
            condition = CONDITIONS[kind].replace("{n}", str(n or 20))
            yield (f"{kind}, {share}, {form}", text.format(d="docs d", where="WHERE " + condition, v="", body=""),
                   text.format(d=BY_HAND.format(where=condition), where="", v=", d.v", body=", d.body"),
                   "1" if n else "-1")


def work(plan):
    """Microseconds of the rows that a plan's nodes return and drop"""
    loops = plan["Actual Loops"]
    rows = plan["Actual Rows"] * loops + plan.get("Rows Removed by Filter", 0) * loops
    return rows * ROW + sum(map(work, plan.get("Plans", [])))


def scored(db):
    return int(db.run("SELECT coalesce(sum(nodes_scored), 0)::bigint FROM lokivector_stat_indexes")[0])


def prepare(db, query, generic, off, value):
    """Plan a statement, and how it is executed"""
    db.run("DEALLOCATE ALL; RESET ALL; SET max_parallel_workers_per_gather = 0; SET jit = off")
    for switch in off:
        db.run(f"SET {switch}" if "=" in switch else f"SET {switch} = off")
    db.run(f"SET plan_cache_mode = force_{'generic' if generic else 'custom'}_plan")
    kind = "text" if "LIKE" in query or "::text" in query else "integer"
    db.run(f"PREPARE regret(vector, {kind}) AS {query}")
    return f"EXECUTE regret({prepare.vector}, '{value}')"


def count(db, query, generic, off, value):
    """-> a sum of what a way does, in milliseconds; how it reads the vectors"""
    execute = prepare(db, query, generic, off, value)
    db.run(execute)             # what is kept of an index by a process
    before = scored(db)
    plan = json.loads("\n".join(db.run("EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) " + execute)))[0]["Plan"]
    nodes = scored(db) - before
    blocks = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return (blocks * BLOCK + nodes * NODE + work(plan)) / 1000, shapes.outline(plan)


def cpu_spent(db):
    """Milliseconds of CPU that the session's process has taken; None if it is not on this machine"""
    try:
        with open(f"/proc/{cpu_spent.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1e6
    except OSError:
        return None


def clock_once(db, query, generic, off, value):
    execute = prepare(db, query, generic, off, value)
    db.run(execute)             # what is kept of an index by a process
    before = cpu_spent(db)
    if before is None:
        plan = db.run("EXPLAIN (ANALYZE, TIMING off, FORMAT json) " + execute)
        return json.loads("\n".join(plan))[0]["Execution Time"]
    db.run(execute)
    return cpu_spent(db) - before


def clock(db, ways, generic, value, runs):
    """The medians of the times of ways, in turns"""
    times = [[clock_once(db, query, generic, off, value) for query, off in ways] for _ in range(runs)]
    return [statistics.median(way) for way in zip(*times)]


def regret(chosen, best):
    return max(1.0, (chosen - EXTRA) / best) if best > 0 else 1.0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=60000)
    p.add_argument("--dims", type=int, default=64)
    p.add_argument("--set")
    p.add_argument("--timed", type=int, default=50)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--worst", type=int, default=20)
    p.add_argument("--only", default="")
    p.add_argument("--cpu", action="store_true")
    p.add_argument("--plans", choices=("custom", "generic"))
    p.add_argument("--database", default="loki_regret")
    p.add_argument("--keep", action="store_true")
    args = p.parse_args()
    data = datasets.load(args.set or f"synthetic:{args.rows}:{args.dims}", os.environ.get("LOKIVECTOR_DATA"))
    data.limit(args.rows)
    with shapes.new_database(args.database, keep=args.keep) as db:
        if not db.run("SELECT 1 FROM pg_class WHERE relname = 'docs'"):
            fill(db, data)
        prepare.vector = shapes.literal(data.queries[5])
        cpu_spent.pid = db.run("SELECT pg_backend_pid()")[0]
        counted = []
        for (name, text, hand, value), generic in itertools.product(statements(), (False, True)):
            if args.only not in name or args.plans == ("custom" if generic else "generic"):
                continue
            ways = [(text, off) for off in SWITCHES] + ([(hand, ())] if hand else [])
            if args.cpu:
                found = [(min(clock_once(db, query, generic, off, value) for _ in range(2)),
                          ", ".join(off) or "by hand", query, off) for query, off in ways]
            else:
                found = [(*count(db, query, generic, off, value), query, off) for query, off in ways]
            best = min(found, key=lambda way: way[0])
            counted.append((regret(found[0][0], best[0]), f"{name}{', generic' * generic}", found[0], best,
                            generic, value))
        counted.sort(key=lambda line: -line[0])
        factors = [line[0] for line in counted]
        within = sum(factor <= 1.5 for factor in factors)
        print(f"{'CPU' if args.cpu else 'counts'}: median {statistics.median(factors):.2f}, {within} of {len(factors)} within 1.5, "
              f"worst {factors[0]:.2f}")
        for name, text in EXACT.items():
            exact, search = clock(db, [(text, ()), (text, (SEARCH,))], False, "1", args.runs)
            print(f"exact: {name:49} {exact:9.2f} {search:9.2f} {regret(exact, search):7.2f}          {SEARCH}")
        timed = []
        for factor, name, chosen, best, generic, value in counted[:args.timed]:
            mine, other = clock(db, [chosen[2:], best[2:]], generic, value, args.runs)
            timed.append((regret(mine, other), name, mine, other, factor, best))
        timed.sort(key=lambda line: -line[0])
        for factor, name, mine, other, counts, best in timed[:args.worst]:
            print(f"{name:56} {mine:9.2f} {other:9.2f} {factor:7.2f} {counts:7.2f}  "
                  f"{shapes.label(best[1])}")


if __name__ == "__main__":
    main()
