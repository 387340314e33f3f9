#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What lokivector_prewarm() saves: blocks that the first 100 queries of a server read.

A server of its own is started anew each time, its files are taken out of the page cache,
and one backend runs the queries: without lokivector_prewarm(), after it, and after it with
a bound that leaves nothing out.  Blocks are those that pg_statio_user_indexes and
pg_statio_user_tables count as read from outside of shared_buffers.

usage: bench/prewarm.py [--rows N] [--dims N] [--rounds N] [--bindir DIR] [--user USER] [--dir DIR]
    --bindir    programs of a server that has lokivector (those of PG_CONFIG, or the newest)
    --user      who runs the server, if this is root (postgres)
    --dir       for the cluster, removed at the end (build/bench/prewarm)
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import goals_cold                                          # noqa: E402
import large_server                                        # noqa: E402
from shapes import literal                                 # noqa: E402

QUERIES = 100
SETTINGS = {"shared_buffers": "1GB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB",
            "autovacuum": "off", "jit": "off"}
WAYS = ["", "SELECT lokivector_prewarm('items_idx');",
        "SELECT lokivector_prewarm('items_idx', 1 << 30);"]
BLOCKS = """SELECT i.idx_blks_read, heap_blks_read + coalesce(toast_blks_read + tidx_blks_read, 0)
    FROM pg_statio_user_indexes i JOIN pg_statio_user_tables USING (relid)
    WHERE i.indexrelname = 'items_idx'"""


def load(server, data):
    server.make_database("loki", "lokivector")
    lines = [f"{i}\t{literal(v)[1:-1]}" for i, v in enumerate(data.base)]
    server.psql("loki", f"CREATE TABLE items (id integer, v vector({data.dims}));\n"
                "COPY items FROM STDIN;\n" + "\n".join(lines) + "\n\\.\n")
    server.psql("loki", "CREATE INDEX items_idx ON items USING hnsw (v vector_cosine_ops);"
                "VACUUM ANALYZE items")
    return int(server.value("loki", "SELECT pg_relation_size('items_idx')"))


def blocks(server):
    return [int(x) for x in server.rows("loki", BLOCKS)[0]]


def cold(server, way, queries):
    """-> bytes that were prewarmed, and blocks of the index and the table that queries read"""
    server.pg_stop()
    goals_cold.forget_pages(server)
    server.pg_start()
    prewarmed = server.psql("loki", way).strip() if way else "0"
    before = blocks(server)
    server.psql("loki", "\\o /dev/null\n" + "".join(
        f"SELECT id FROM items ORDER BY v <=> {literal(q)} LIMIT 10;\n" for q in queries))
    return [int(prewarmed)] + [b - a for a, b in zip(before, blocks(server))]


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--dims", type=int, default=256)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--bindir")
    p.add_argument("--user", default="postgres")
    p.add_argument("--dir", default="build/bench/prewarm")
    args = p.parse_args()
    server = large_server.Local(args.dir, large_server.bindir_of(args.bindir), args.user, SETTINGS)
    server.start()
    try:
        server.must_have("lokivector")
        data = datasets.synthetic(args.rows, args.dims)
        print(f"index: {load(server, data) / 1e6:.1f} MB\n\n"
              "| statement before | MB read by it | blocks of the index | blocks of the table |\n"
              "|---|---|---|---|")
        for number in range(args.rounds):
            queries = data.queries[number * QUERIES:(number + 1) * QUERIES]
            for way in WAYS:
                read, index, table = cold(server, way, queries)
                print(f"| {way} | {read / 1e6:.1f} | {index:,} | {table:,} |", flush=True)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
