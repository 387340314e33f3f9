#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Documents of many vectors: an index with a node for each document (operator
class halfvec_maxsim_ops) beside an index with a node for each token, from which
documents are gathered and ranked by max_sim(), and beside a scan of all.

For each it prints the bytes of the index, the seconds of the build, and by
width recall@10 against all documents, milliseconds of a query, as median
and 95th percentile, and the median share of the time that the scan takes for the
same query.  A line is one way at one width.  The set is that of
tokens.py, or its first documents.

The server is whatever the command given with --psql connects to; its database
has lokivector.
"""
import argparse
import shlex
import sys

import numpy as np

import hard
import tokens

K = 10
REPEATS = 3                     # of each query; the fastest counts

WAYS = {
    "scan of all": "SELECT id FROM documents ORDER BY tokens @# $1 LIMIT 10",
    "a node for each document": "SELECT id FROM documents ORDER BY tokens @# $1 LIMIT 10",
    "a node for each token":
        """SELECT d.id FROM documents d WHERE d.id = ANY (ARRAY(
               SELECT DISTINCT x.document FROM unnest($1) q (v), LATERAL (
                   SELECT document FROM tokens ORDER BY tokens.v <#> q.v
                   LIMIT {width}) x))
           ORDER BY tokens @# $1 LIMIT 10""",
}
WIDTHS = {"scan of all": [0],
          "a node for each document": [40, 100, 200, 256, 400, 800],
          "a node for each token": [5, 10, 20, 40, 80]}
INDEXES = {"a node for each document": ("documents", "tokens halfvec_maxsim_ops"),
           "a node for each token": ("tokens", "v halfvec_ip_ops")}


def literal(vectors):
    """The text of a halfvec[]"""
    return "{" + ",".join('"[' + ",".join(f"{x:.5g}" for x in v) + ']"'
                          for v in vectors) + "}"


def copy(server, table, lines):
    server.sql(f"COPY {table} FROM STDIN;\n" + "\n".join(lines) + "\n\\.\n")


def load(server, documents, queries):
    dims = documents.vectors.shape[1]
    server.sql(f"""
        DROP TABLE IF EXISTS documents, tokens, queries;
        CREATE TABLE documents (id integer PRIMARY KEY, tokens halfvec({dims})[]);
        ALTER TABLE documents ALTER tokens SET STORAGE EXTERNAL;
        CREATE TABLE tokens (document integer, v halfvec({dims}));
        CREATE TABLE queries (id integer, tokens halfvec({dims})[]);""")
    for at in range(0, len(documents), 1000):
        copy(server, "documents", [f"{i}\t{literal(documents[i])}" for i in
                                   range(at, min(at + 1000, len(documents)))])
    copy(server, "queries", [f"{i}\t{literal(queries[i])}"
                             for i in range(len(queries))])
    server.sql("INSERT INTO tokens SELECT id, unnest(tokens) FROM documents;"
               "VACUUM ANALYZE documents; VACUUM ANALYZE tokens")


def similarities(documents, query):
    """max_sim() of all documents, whose values are float32, with a query"""
    products = documents.vectors @ query.astype(np.float32).T
    return np.maximum.reduceat(products, documents.starts[:-1]).sum(axis=1)


def ask(server):
    """-> {(way, width): (for each query the ids that it returns, and its milliseconds)}

    All ways answer a query in turn, since a machine's speed changes within minutes."""
    values = ", ".join(f"({n}, '{way}', {width}, $q${query.format(width=width)}$q$)"
                       for way, query in WAYS.items()
                       for n, width in enumerate(WIDTHS[way]))
    rows = server.sql(f"""
        CREATE TEMP TABLE ways (n integer, way text, width integer, query text);
        INSERT INTO ways VALUES {values};
        CREATE FUNCTION pg_temp.ask(OUT way text, OUT width integer, OUT ids integer[],
            OUT ms float8) RETURNS SETOF record LANGUAGE plpgsql AS $$
        DECLARE q record; w record; t timestamptz;
        BEGIN
            FOR q IN SELECT * FROM queries ORDER BY id LOOP
                FOR w IN SELECT * FROM ways ORDER BY ways.way, n LOOP
                    PERFORM set_config('enable_indexscan', (w.width > 0)::text, false),
                        set_config('enable_seqscan', (w.width = 0)::text, false),
                        set_config('hnsw.ef_search', greatest(w.width, 1)::text, false);
                    way := w.way; width := w.width; ms := 'infinity';
                    FOR i IN 1..CASE w.width WHEN 0 THEN 1 ELSE {REPEATS} END LOOP
                        t := clock_timestamp();
                        EXECUTE format('SELECT ARRAY(%s)', w.query) INTO ids USING q.tokens;
                        ms := least(ms, 1000 * extract(epoch FROM clock_timestamp() - t));
                    END LOOP;
                    RETURN NEXT;
                END LOOP;
            END LOOP;
        END $$;
        SET jit = off; SET max_parallel_workers_per_gather = 0;
        SELECT way, width, array_to_string(ids, ' '), ms FROM pg_temp.ask()""")
    answers = {}
    for way, width, ids, ms in rows:
        found, times = answers.setdefault((way, int(width)), ([], []))
        found.append([int(i) for i in ids.split()])
        times.append(float(ms))
    return answers


def recall(truth, found):
    """truth: similarities of all documents by query; ties count as found"""
    shares = []
    for all_of, ids in zip(truth, found):
        least = np.partition(all_of, -K)[-K]
        shares.append((all_of[ids] >= least - 1e-5 * abs(least)).sum() / K)
    return float(np.minimum(shares, 1).mean())


def build(server, way):
    """-> bytes and seconds"""
    table, column = INDEXES[way]
    rows = server.sql(f"""
        SET maintenance_work_mem = '2GB';
        SELECT extract(epoch FROM clock_timestamp());
        CREATE INDEX {table}_hnsw ON {table} USING hnsw ({column});
        SELECT extract(epoch FROM clock_timestamp());
        SELECT pg_relation_size('{table}_hnsw');""")
    return int(rows[2][0]), float(rows[1][0]) - float(rows[0][0])


def main(argv):
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--psql", required=True, help="command that connects")
    p.add_argument("--documents", type=int, default=24000)
    p.add_argument("--queries", type=int, default=200)
    p.add_argument("--manual", default=tokens.MANUAL)
    args = p.parse_args(argv)
    tokens.make(args.manual)
    documents, queries = tokens.load()
    documents, queries = documents.first(args.documents), queries.first(args.queries)
    server = hard.Server(shlex.split(args.psql))
    load(server, documents, queries)
    values = tokens.Sets(documents.vectors.astype(np.float32), documents.starts)
    truth = [similarities(values, queries[i]) for i in range(len(queries))]
    print(f"{len(documents)} documents, {len(documents.vectors)} vectors of "
          f"{documents.vectors.shape[1]} dimensions\n")
    sizes = {way: build(server, way) for way in INDEXES}
    answers = ask(server)
    scan = np.array(answers["scan of all", 0][1])
    print("| way | width | index | build | recall@10 | median | 95 % | of the scan's time |")
    print("|---|---|---|---|---|---|---|---|")
    for (way, width), (found, ms) in answers.items():
        size, seconds = sizes.get(way, (0, 0))
        print(f"| {way} | {width} | {size / 1e6:.1f} MB | {seconds:.1f} s | "
              f"{recall(truth, found):.3f} | {np.median(ms):.2f} ms | {np.quantile(ms, .95):.2f} ms | "
              f"1/{np.median(scan / ms):.0f} |")
    server.sql("DROP TABLE documents, tokens, queries")


if __name__ == "__main__":
    main(sys.argv[1:])
