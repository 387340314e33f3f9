#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Fusions of two orders beside the same written by hand, and MaxSim beside other ways.

The rows of a generated set have a text each, whose words follow Zipf's law.  A fusion of
words and meaning is timed beside two statements of common table expressions: one that
takes the best 100 of each order, as rrf() does here, and one that ranks all rows.  The
tests compare the scores of the first two; here many rows have words of equal rank, and
which of them are among the best 100 is left to chance.

max_sim() is timed over documents of so many vectors, beside an expression of SQL over the
same arrays, and beside numpy, one thread, on arrays that are in memory.

The server is the one that libpq's environment variables name.  Times are the client's,
medians in milliseconds.

usage: bench/ranking.py [--rows N] [--dims N] [--documents N] [--rounds N] [--database NAME]
    --database  made anew, dropped at the end (loki_ranking)
"""
import argparse
import os
import statistics
import subprocess
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np                                         # noqa: E402

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
from shapes import literal, new_database                           # noqa: E402

WORDS = 30                      # of a text
VOCABULARY = 20_000
SHARES = [.002, .05, .15]       # of the rows have the words of a query
FILTERS = ["true", "price < 0.05"]

FUSION = """SELECT round(rrf(v <=> {vector}, CASE WHEN words @@ '{word}'
    THEN -ts_rank_cd(words, '{word}') END)::numeric, 6) AS score
FROM items WHERE {where} ORDER BY rrf(v <=> {vector}, CASE WHEN words @@ '{word}'
    THEN -ts_rank_cd(words, '{word}') END) DESC LIMIT 10"""

BY_HAND = """WITH meaning AS (
    SELECT id, rank() OVER (ORDER BY v <=> {vector}) AS rank FROM items WHERE {where}
    ORDER BY v <=> {vector} LIMIT {best}
), text AS (
    SELECT id, rank() OVER (ORDER BY ts_rank_cd(words, '{word}') DESC) AS rank FROM items
    WHERE {where} AND words @@ '{word}' ORDER BY rank LIMIT {best}
)
SELECT round(coalesce(1.0 / (60 + meaning.rank), 0) + coalesce(1.0 / (60 + text.rank), 0), 6)
    AS score FROM meaning FULL JOIN text USING (id) ORDER BY score DESC LIMIT 10"""

EXPRESSION = """SELECT id, (SELECT sum(best) FROM (
    SELECT max(-(t <#> q)) AS best FROM unnest(tokens) t, unnest({query}) q GROUP BY q) b) AS s
FROM documents ORDER BY s DESC LIMIT 10"""

MAX_SIM = "SELECT id, max_sim(tokens, {query}) AS s FROM documents ORDER BY s DESC LIMIT 10"


def fill(database, table, rows):
    load = subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c",
                             f"COPY {table} FROM STDIN"], stdin=subprocess.PIPE, text=True)
    for row in rows:
        load.stdin.write("\t".join(row) + "\n")
    load.stdin.close()
    if load.wait() != 0:
        raise SystemExit(f"could not fill {table}")


def times(db, statements, rounds):
    """The statements in turn, so many times -> medians in ms, answers of the last

    Each round begins with another one, since what ran before leaves its data in caches."""
    taken = [[] for _ in statements]
    answers = [None] * len(statements)
    for n in range(rounds * len(statements)):
        i = (n + n // len(statements)) % len(statements)
        began = time.perf_counter()
        answers[i] = db.run(statements[i])
        taken[i].append((time.perf_counter() - began) * 1000)
    return [statistics.median(t) for t in taken], answers


def make_items(args, db):
    data = datasets.synthetic(args.rows, args.dims)
    rng = np.random.default_rng(1)
    chance = 1 / np.arange(1, VOCABULARY + 1)
    db.run(f"""CREATE TABLE items (id integer PRIMARY KEY, price float4, v vector({args.dims}),
               body text, words tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED)""")

    def rows():
        for i, v in enumerate(data.base):
            words = rng.choice(VOCABULARY, WORDS, p=chance / chance.sum())
            yield (str(i), f"{rng.random():.6f}", literal(v)[1:-1], " ".join(f"w{w}" for w in words))
    fill(args.database, "items (id, price, v, body)", rows())
    db.run("""SET maintenance_work_mem = '1GB';
              CREATE INDEX ON items USING hnsw (v vector_cosine_ops, price);
              CREATE INDEX ON items USING gin (words); VACUUM ANALYZE items""")
    return data.queries


def with_share(args, db):
    """The words whose rows are nearest to the shares asked for, and their rows"""
    rows = [line.split("|") for line in
            db.run("SELECT word, ndoc FROM ts_stat('SELECT words FROM items')")]
    found = [(word, int(n)) for word, n in rows]
    return [min(found, key=lambda f: abs(f[1] - share * args.rows)) for share in SHARES]


def fusions(args, db):
    queries = make_items(args, db)
    print("| rows with the word | filter | rrf(), ms | by hand, best 100, ms | by hand, all ranks, ms |")
    print("|---|---|---|---|---|")
    for where in FILTERS:
        for number, (word, rows) in enumerate(with_share(args, db)):
            values = {"word": word, "where": where, "vector": literal(queries[number])}
            medians, _ = times(db, [
                FUSION.format(**values), BY_HAND.format(best=100, **values),
                BY_HAND.format(best="ALL", **values)], args.rounds)
            print(f"| {rows:,} | {where} |" + "|".join(f" {m:.1f} " for m in medians) + "|", flush=True)


def array(vectors):
    return "ARRAY[" + ",".join(literal(v) for v in vectors) + "]::vector[]"


def documents(args, db):
    """max_sim() over documents of 1 to 120 vectors of 128 dimensions"""
    rng = np.random.default_rng(2)
    dims = 128
    sets = [rng.standard_normal((rng.integers(1, 121), dims), np.float32)
            for _ in range(args.documents)]
    db.run(f"CREATE TABLE documents (id integer, tokens vector({dims})[])")
    fill(args.database, "documents",
         ((str(i), "{" + ",".join('"' + literal(v)[1:-1] + '"' for v in vectors) + "}")
          for i, vectors in enumerate(sets)))
    db.run("VACUUM ANALYZE documents; SET max_parallel_workers_per_gather = 0; SET jit = off")
    print("\n| vectors of the query | max_sim(), ms | expression, ms | times | numpy, ms |")
    print("|---|---|---|---|---|")
    for n in (1, 8, 32):
        query = rng.standard_normal((n, dims), np.float32)
        medians, answers = times(db, [MAX_SIM.format(query=array(query)),
                                      EXPRESSION.format(query=array(query))], 3)
        if [a.split("|")[0] for a in answers[0]] != [a.split("|")[0] for a in answers[1]]:
            raise SystemExit("max_sim() and the expression are not alike")
        taken = []
        for _ in range(args.rounds):
            began = time.perf_counter()
            for vectors in sets:
                (vectors @ query.T).max(axis=0).sum()
            taken.append((time.perf_counter() - began) * 1000)
        print(f"| {n} | {medians[0]:.1f} | {medians[1]:,.0f} | {medians[1] / medians[0]:.0f} "
              f"| {statistics.median(taken):.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dims", type=int, default=96)
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--database", default="loki_ranking")
    args = parser.parse_args()
    with new_database(args.database) as db:
        fusions(args, db)
        documents(args, db)


if __name__ == "__main__":
    main()
