#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What lokivector_calibrate() takes for an index on arrays of vectors, and the recall by
width that it measures with documents and with questions.

Documents are generated sets of 30 to 90 vectors (datasets.Texts); a question is 8 to 24
vectors of a document, with noise.

The server is the one that libpq's environment variables name.

usage: bench/calibrate.py [--documents N] [--topics N] [--questions N] [--database NAME]
    --database  made anew, dropped at the end (loki_calibrate)
"""
import argparse
import os
import sys
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import documents                                           # noqa: E402
import ranking                                             # noqa: E402
from shapes import new_database                                    # noqa: E402


def make(args):
    """-> documents, questions, as text"""
    rng = np.random.default_rng(1)
    texts = datasets.Texts(rng, args.topics)
    sets = [texts.document(topic, rng.integers(30, 91))
            for topic in rng.integers(0, args.topics, args.documents)]
    questions = [texts.query(sets[rng.integers(len(sets))], rng.integers(8, 25))
                 for _ in range(args.questions)]
    return [[documents.literal(s) for s in which] for which in (sets, questions)]


def timed(db, statement):
    began = time.monotonic()
    db.run(statement)
    return time.monotonic() - began


def calibrated(db, queries, statement):
    """Prints the recall that a calibration has found at each width"""
    seconds = timed(db, statement)
    for width, recall in (r.split("|") for r in db.run(
            "SELECT width, round(recall_10::numeric, 3) FROM lokivector_calibration('documents_idx')")):
        print(f"| {queries} | {seconds:.0f} | {width} | {recall} |", flush=True)


def measure(args, db):
    sets, questions = make(args)
    for table, rows in (("documents", sets), ("questions", questions)):
        db.run(f"CREATE TABLE {table} (id integer, tokens vector({datasets.Texts.dims})[])")
        ranking.fill(args.database, table, ((str(i), row) for i, row in enumerate(rows)))
    db.run("VACUUM ANALYZE; SET maintenance_work_mem = '1GB'")
    seconds = timed(db, "CREATE INDEX documents_idx ON documents USING hnsw (tokens vector_maxsim_ops)")
    print(f"{len(sets):,} documents; build: {seconds:.0f} s\n\n"
          "| queries | calibration, s | width | recall@10 |\n|---|---|---|---|")
    calibrated(db, "documents", "SELECT lokivector_calibrate('documents_idx')")
    calibrated(db, f"{len(questions)} questions", "SELECT lokivector_calibrate('documents_idx', "
               "(SELECT array_agg(tokens::text) FROM questions))")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--documents", type=int, default=12_000)
    p.add_argument("--topics", type=int, default=800)
    p.add_argument("--questions", type=int, default=50)
    p.add_argument("--database", default="loki_calibrate")
    args = p.parse_args()
    with new_database(args.database) as db:
        measure(args, db)


if __name__ == "__main__":
    main()
