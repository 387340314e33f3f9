#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Documents ranked by words: BM25 by an hnsw index, beside ts_rank_cd over GIN, pg_textsearch and bm25s,
and learned sparse vectors beside pgvector and Seismic.

Documents are made on the spot: words by Zipf's law, or elements that occur as often as those of
SPLADE do.  Each line has seconds and bytes of the index, and for LIMIT 10 and 100 the milliseconds
of a search (mean, median, 95th percentile, one client) and which share of a sort's answers it finds;
then the seconds of an INSERT of a hundredth of the rows, and of a VACUUM after that many have gone.
Counts by an attribute follow, of documents that have a word and of vectors within a bound: rows that
are counted, milliseconds without lokivector's scan and with it, the median of five.
pg_textsearch is measured in the same database, if shared_preload_libraries has it.
bm25s and Seismic (PyPI: bm25s, pyseismic-lsr) run in this process, by one thread, if they are
installed; the second line of bm25s is the greatest relative difference of a score.  pgvector is
measured in a database of its own, if the server has it.

The server is the one that libpq's environment variables name; it should be idle.

usage: bench/words.py [--documents N] [--rows N] [--queries N] [--database NAME]
    --documents  of words (200000), of 30 to 300 words each
    --rows       of sparse vectors (15000), of 30,522 dimensions
    --queries    of 1 to 5 words (100)
    --database   made anew, dropped at the end (loki_words)
"""
import argparse
import os
import sys
import time

import needs  # noqa: F401
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
from shapes import copy, new_database                # noqa: E402

VOCABULARY = 60000
DIMS = 30522
LIMITS = (10, 100)
K1 = 1.2                                                   # as the index has it


def zipf(generator, n, size):
    """Numbers below n, of which the first are the most frequent"""
    weights = 1 / (np.arange(n) + 2.7) ** 1.05
    return np.searchsorted(np.cumsum(weights) / weights.sum(), generator.random(size))


def copy_texts(database, table, texts):
    """Fill a table of a number and a text"""
    copy(database, table, ((str(i), text) for i, text in enumerate(texts)))


def figures(times):
    times = np.array(times)
    return f"{times.mean():.2f}, {np.median(times):.2f}, {np.percentile(times, 95):.2f}"


def milliseconds(db, statement):
    """Of planning and of execution"""
    lines = db.run(f"EXPLAIN (ANALYZE, TIMING off) {statement}")
    return sum(float(line.split()[2]) for line in lines if " Time: " in line)


class Contender:
    """An index and the statement that uses it, with %s for the query, and %d for LIMIT at its end"""

    def __init__(self, db, name, index, statement, order, index_name="measured"):
        self.db, self.name, self.statement, self.order = db, name, statement, order
        self.table = index.split()[0]
        began = time.perf_counter()
        db.run(f"""SET maintenance_work_mem = '2GB'; SET client_min_messages = error;
                   DROP INDEX IF EXISTS {index_name}; CREATE INDEX {index_name} ON {index}""")
        self.build = time.perf_counter() - began
        self.bytes = int(db.run(f"VACUUM ANALYZE; SELECT pg_relation_size('{index_name}')")[0])

    def sql(self, query, limit):
        return self.statement % ((query,) * self.statement.count("%s") + (limit,))

    def found(self, query, limit):
        """The share of a sort's answers that the index finds; ties count for each other"""
        scores = []
        for on in ("on", "off"):
            self.db.run(f"SET enable_indexscan = {on}; SET lokivector.enable_hybrid_scan = {on}")
            scores.append([float(x) for x in self.db.run(
                f"SELECT {self.order % query} FROM ({self.sql(query, limit)}) AS t ORDER BY 1")])
        self.db.run("RESET enable_indexscan; RESET lokivector.enable_hybrid_scan")
        return sum(score <= scores[1][-1] + 1e-5 * abs(scores[1][-1]) + 1e-6 for score in scores[0]) / len(scores[1])

    def changes(self):
        """Seconds of an INSERT, and of a VACUUM that removes as many rows"""
        table, seconds = self.table, []
        for change in (f"INSERT INTO {table} SELECT * FROM {table} WHERE id % 100 = 7",
                       f"DELETE FROM {table} WHERE id % 100 = 3", f"VACUUM {table}"):
            began = time.perf_counter()
            self.db.run(change)
            seconds.append(f"{time.perf_counter() - began:.2f}")
        return [seconds[0], seconds[2]]

    def measure(self, queries, widths=None):
        """A line, or one for each value of hnsw.ef_search"""
        for ef in widths or [None]:
            if ef:
                self.db.run(f"SET hnsw.ef_search = {ef}")
            self.measure_one(queries, self.name + (f", ef {ef}" if ef else ""), ef == (widths or [None])[-1])

    def measure_one(self, queries, name, last):
        columns = [f"{self.build:.1f}", f"{self.bytes / 1e6:.1f}"]
        for limit in LIMITS:
            times = []
            for query in queries:
                self.db.run(self.sql(query, limit))
                times.append(milliseconds(self.db, self.sql(query, limit)))
            found = np.mean([self.found(query, limit) for query in queries[:20]]) if self.order else None
            columns += [figures(times), "-" if found is None else f"{found:.3f}"]
        columns += self.changes() if last else ["-", "-"]
        print(f"| {name} | " + " | ".join(columns) + " |", flush=True)


def in_process(db, documents, queries):
    """bm25s, and how much scores differ from its"""
    try:
        import bm25s
    except ImportError:
        print("# bm25s is not installed")
        return
    began = time.perf_counter()
    index = bm25s.BM25(method="lucene", k1=K1, b=0.75, dtype="float64")
    index.index([list(map(str, document)) for document in documents], show_progress=False)
    columns, worst = [f"{time.perf_counter() - began:.1f}", "-"], 0
    for limit in LIMITS:
        times = []
        for query in queries:
            words = [[str(word) for word in query]]
            began = time.perf_counter()
            _, scores = index.retrieve(words, k=min(limit, len(documents)), show_progress=False)
            times.append(1000 * (time.perf_counter() - began))
            if limit == LIMITS[0]:
                text = " | ".join(f"w{word}x" for word in query)
                ours = [-float(x) for x in db.run(
                    f"SELECT words <@> '{text}' FROM documents ORDER BY words <@> '{text}' LIMIT {limit}")]
                theirs = scores[0][:len(ours)] * (K1 + 1)      # Lucene leaves out this factor
                worst = max([worst] + [abs(a - b) / b for a, b in zip(ours, theirs) if b > 0])
        columns += [figures(times), "-"]
    print("| bm25s, in a process | " + " | ".join(columns + ["-", "-"]) + " |")
    print(f"# Scores differ from those of bm25s by {worst:.1e} at most", flush=True)


def text_of(document):
    return " ".join(f"w{word}x" for word in document)


def words(args, db, generator):
    lengths = generator.integers(30, 301, args.documents)
    documents = np.split(zipf(generator, VOCABULARY, lengths.sum()), np.cumsum(lengths)[:-1])
    queries = [np.unique(zipf(generator, VOCABULARY // 10, generator.integers(1, 6)))
               for _ in range(args.queries)]
    texts = [" | ".join(f"w{word}x" for word in query) for query in queries]
    db.run("CREATE TABLE documents (id integer, words tsvector)")
    db.run("CREATE TABLE raw (id integer, body text)")
    copy_texts(args.database, "raw", map(text_of, documents))
    db.run("""INSERT INTO documents SELECT id, to_tsvector('simple', body) FROM raw; DROP TABLE raw;
              VACUUM ANALYZE documents""")
    order = "words <@> '%s'::tsquery"
    contender = Contender(db, "words <@> tsquery", "documents USING hnsw (words bm25_ops)",
                          "SELECT words FROM documents ORDER BY words <@> '%s'::tsquery LIMIT %d", order)
    in_process(db, documents, queries)      # before rows change
    contender.measure(texts)
    contender = Contender(db, "ts_rank_cd, GIN", "documents USING gin (words)",
                          """SELECT words FROM documents WHERE words @@ '%s'::tsquery
                             ORDER BY ts_rank_cd(words, '%s') DESC LIMIT %d""", None)
    contender.measure(texts[:20])
    if "pg_textsearch" in db.run("SHOW shared_preload_libraries")[0]:
        db.run("CREATE EXTENSION pg_textsearch; CREATE TABLE texts (id integer, body text)")
        copy_texts(args.database, "texts", map(text_of, documents))
        db.run("VACUUM ANALYZE texts")
        contender = Contender(db, "pg_textsearch", f"""texts USING bm25 (body)
                              WITH (text_config = 'simple', k1 = {K1}, b = 0.75)""",
                              "SELECT body FROM texts ORDER BY body <@> to_bm25query('%s', 'texts_words') LIMIT %d",
                              None, "texts_words")
        contender.measure([text.replace(" |", "") for text in texts])


def count(db, what, statement):
    columns = [db.run(f"SELECT sum(n) FROM ({statement}) AS t")[0]]
    for on in ("off", "on"):
        db.run(f"SET lokivector.enable_hybrid_scan = {on}")
        columns.append(f"{np.median([milliseconds(db, statement) for _ in range(5)]):.1f}")
    print(f"| {what} | " + " | ".join(columns) + " |", flush=True)


def counts(args, db):
    """Rows out of the index alone, as facets of a search want them"""
    print("\n| counts by an attribute | rows | without, ms | with, ms |\n|---|---|---|---|", flush=True)
    db.run("""SET max_parallel_workers_per_gather = 0;
              ALTER TABLE documents ADD kind integer; UPDATE documents SET kind = id % 20;
              CREATE INDEX ON documents USING hnsw (words bm25_ops, kind); VACUUM ANALYZE documents""")
    for word in (0, 20, 400):               # the index by GIN is there
        count(db, f"words @@ 'w{word}x'",
              f"SELECT kind, count(*) AS n FROM documents WHERE words @@ 'w{word}x' GROUP BY kind")
    points = datasets.load(f"synthetic:{args.documents}:128", None)
    db.run("CREATE TABLE points (id integer, v vector(128), kind integer)")
    copy_texts(args.database, "points (id, v)", (str(row.tolist()) for row in points.base))
    db.run("""UPDATE points SET kind = id % 20;
              CREATE INDEX ON points USING hnsw (v vector_l2_ops, kind); VACUUM (FULL, ANALYZE) points; VACUUM points""")
    q = str(points.queries[0].tolist())
    for part in (400, 10):
        bound = db.run(f"SELECT v <-> '{q}' FROM points ORDER BY 1 OFFSET {args.documents // part} LIMIT 1")[0]
        count(db, f"v <-> q < {float(bound):.3f}",
              f"SELECT kind, count(*) AS n FROM points WHERE v <-> '{q}' < {bound} GROUP BY kind")


def sparse_vectors(generator, n, least, most):
    """As SPLADE makes them: few elements, of which some occur in many rows, with weights of any size"""
    for _ in range(n):
        elements = np.unique(zipf(generator, DIMS, generator.integers(least, most)))
        weights = generator.gamma(1.5, 0.5, len(elements))
        yield "{" + ",".join(f"{e + 1}:{w:.4f}" for e, w in zip(elements, weights)) + "}/" + str(DIMS)


def seismic_in_process(db, rows, queries):
    """Seismic, by one thread, and how many of the nearest it finds; widths that its authors give"""
    try:
        import seismic
    except ImportError:
        print("# Seismic is not installed")
        return
    string = seismic.get_seismic_string()

    def parsed(text):
        pairs = [pair.split(":") for pair in text[1:text.index("}")].split(",")]
        return np.array([p[0] for p in pairs], dtype=string), np.array([p[1] for p in pairs], dtype=np.float32)

    began = time.perf_counter()
    dataset = seismic.SeismicDataset()
    for i, row in enumerate(rows):
        dataset.add_document(str(i), *parsed(row))
    output = os.dup(1)
    os.dup2(2, 1)                           # it tells of its progress
    index = seismic.SeismicIndex.build_from_dataset(dataset, num_threads=1)
    os.dup2(output, 1)
    build = time.perf_counter() - began
    for cut, factor in ((10, 0.8), (40, 1.0)):
        columns = [f"{build:.1f}", "-"]
        for limit in LIMITS:
            times, found, wanted = [], 0, 0
            for i, query in enumerate(queries):
                tokens, weights = parsed(query)
                began = time.perf_counter()
                hits = index.search("q", tokens, weights, k=limit, query_cut=cut, heap_factor=factor)
                times.append(1000 * (time.perf_counter() - began))
                if i < 20:
                    least = -float(db.run(f"SELECT max(d) FROM (SELECT v <#> '{query}'::sparsevec AS d FROM vectors "
                                          f"ORDER BY 1 LIMIT {limit}) s")[0])
                    found += sum(hit[1] >= least - 0.01 for hit in hits)    # it rounds weights
                    wanted += limit
            columns += [figures(times), f"{found / wanted:.3f}"]
        print(f"| Seismic, in a process, query_cut {cut}, heap_factor {factor} | " +
              " | ".join(columns + ["-", "-"]) + " |", flush=True)


def sparse(args, db, database, name, widths, generator):
    header()
    db.run(f"CREATE TABLE vectors (id integer, v sparsevec({DIMS}))")
    copy_texts(database, "vectors", sparse_vectors(generator, args.rows, 40, 180))
    queries = list(sparse_vectors(generator, args.queries, 10, 40))
    contender = Contender(db, name, "vectors USING hnsw (v sparsevec_ip_ops)",
                          f"SELECT v FROM vectors ORDER BY v <#> '%s'::sparsevec LIMIT %d",
                          "v <#> '%s'::sparsevec")
    if database == args.database:
        seismic_in_process(db, sparse_vectors(np.random.default_rng(2), args.rows, 40, 180), queries)
    contender.measure(queries, widths)


def beside(args):
    """pgvector, in a database of its own"""
    name = args.database + "_pgvector"
    with new_database(name, "vector") as db:
        if db is None:
            print("# pgvector is not installed")
        else:
            sparse(args, db, name, "pgvector", (40, 100, 200, 400, 800), np.random.default_rng(2))


def header():
    print("\n| | build s | MB | LIMIT 10 ms: mean, median, p95 | found | LIMIT 100 ms | found "
          "| INSERT s | VACUUM s |\n|---|---|---|---|---|---|---|---|---|", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=200000)
    parser.add_argument("--rows", type=int, default=15000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--database", default="loki_words")
    args = parser.parse_args()
    header()
    with new_database(args.database) as db:
        words(args, db, np.random.default_rng(1))
        counts(args, db)
        sparse(args, db, args.database, "sparsevec <#>", None, np.random.default_rng(2))
    beside(args)


if __name__ == "__main__":
    main()
