#!/usr/bin/env python3
"""What it costs to ask several servers instead of one.

The rows of a generated set are in one table, and then in 1, 2, 4 and 8 shards of
postgres_fdw, which are databases of the server that libpq's environment variables
name.  All shards work at the same time if the machine has as many cores.  Each way is
measured at the least hnsw.ef_search that has the recall asked for; beside it is a
search of the first shard alone, at the same ef_search.  Times are the server's own, of
prepared statements.

usage: bench/fanout.py [--rows N] [--dims N] [--shards N,N...] [--recall R]
                       [--queries N] [--rounds N] [--database NAME]
    --database  and NAME_1, NAME_2, ...: made anew, dropped at the end (loki_fanout)
"""
import argparse
import io
import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
from shapes import Psql, literal                           # noqa: E402

EF = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640]
WARM = 50                       # queries before those that are timed

# One function for each table, so that its statement is planned as prepared ones are.
# far is the distance of the tenth row, which a row that belongs to the ten reaches.
TIMES = """
CREATE OR REPLACE FUNCTION times(OUT ms float8, OUT recall float8) RETURNS SETOF record AS $$
DECLARE
    query record; began timestamptz; found float8[];
BEGIN
    FOR query IN SELECT * FROM queries ORDER BY id LOOP
        began = clock_timestamp();
        found = ARRAY(SELECT v <=> query.v FROM items ORDER BY v <=> query.v LIMIT 10);
        ms = extract(epoch FROM clock_timestamp() - began) * 1000;
        recall = (SELECT count(*) FROM unnest(found) d WHERE d <= query.far * 1.000001) / 10.0;
        RETURN NEXT;
    END LOOP;
END $$ LANGUAGE plpgsql;
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def make(database):
    drop([database])
    subprocess.run(["createdb", database], check=True)
    db = Psql(database)
    db.run("SET client_min_messages = error; CREATE EXTENSION lokivector")
    return db


def copy(database, table, rows):
    """Rows of text into a table"""
    load = subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c",
                             f"COPY {table} FROM STDIN"], stdin=subprocess.PIPE, text=True)
    for row in rows:
        load.stdin.write(row)
    load.stdin.close()
    if load.wait() != 0:
        raise SystemExit(f"could not fill {table}")


def lines(vectors):
    return (f"{i}\t{literal(v)[1:-1]}\n" for i, v in enumerate(vectors))


def index(db, table):
    db.run(f"SET maintenance_work_mem = '1GB'; CREATE INDEX ON {table} USING hnsw (v vector_cosine_ops);"
           f"VACUUM ANALYZE {table}")


class Way:
    """One table in one database, searched in sessions of their own"""

    def __init__(self, args, database, servers=()):
        self.args, self.database, self.servers = args, database, servers
        db = Psql(database)
        db.run(TIMES)

    def measure(self, ef, rounds=1):
        """-> median and 95th percentile in ms, recall"""
        db = Psql(self.database)
        for server in self.servers:
            db.run(f"ALTER SERVER {server} OPTIONS (SET options '-c hnsw.ef_search={ef}')")
        db.run(f"SET hnsw.ef_search = {ef}")
        db.run(f"SELECT count(*) FROM (SELECT times() LIMIT {WARM}) t")
        found = np.array([[float(x) for x in line.split("|")]
                          for _ in range(rounds) for line in db.run("SELECT * FROM times()")])
        return (*np.quantile(found[:, 0], [.5, .95]), found[:, 1].mean())

    def at_recall(self):
        """-> the least ef_search with the recall asked for, and what is measured there"""
        for ef in EF:
            if self.measure(ef)[2] >= self.args.recall:
                break
        return (ef, *self.measure(ef, self.args.rounds))


def distribute(args, db, shards):
    """A table of so many shards -> names of their databases"""
    names = [f"{args.database}_{n + 1}" for n in range(shards)]
    host = os.environ.get("PGHOST", "/var/run/postgresql")
    port = os.environ.get("PGPORT", "5432")

    db.run("DROP TABLE IF EXISTS items CASCADE; DROP EXTENSION IF EXISTS postgres_fdw CASCADE")
    db.run("CREATE EXTENSION postgres_fdw; CREATE TABLE items (id integer, "
           f"v vector({args.dims})) PARTITION BY HASH (id)")
    for n, name in enumerate(names):
        shard = make(name)
        shard.run(f"CREATE TABLE items (id integer, v vector({args.dims}))")
        db.run(f"""CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}',
            port '{port}', dbname '{name}', extensions 'lokivector', async_capable 'true',
            batch_size '1000', options '');
            CREATE USER MAPPING FOR CURRENT_USER SERVER {name};
            CREATE FOREIGN TABLE items_{n + 1} PARTITION OF items FOR VALUES
            WITH (MODULUS {shards}, REMAINDER {n}) SERVER {name} OPTIONS (table_name 'items')""")
    db.run("INSERT INTO items SELECT * FROM rows")
    queries = db.run("COPY queries TO STDOUT")
    for name in names:
        shard = Psql(name)
        index(shard, "items")
        shard.run(f"CREATE TABLE queries (id integer, v vector({args.dims}), far float8)")
        copy(name, "queries", io.StringIO("".join(q + "\n" for q in queries)))
    return names


def run(args):
    data = datasets.synthetic(args.rows, args.dims)
    db = make(args.database)

    say("filling one table")
    db.run(f"""CREATE TABLE rows (id integer, v vector({args.dims}));
        CREATE TABLE queries (id integer, v vector({args.dims}), far float8)""")
    copy(args.database, "rows", lines(data.base))
    copy(args.database, "queries (id, v)", lines(data.queries[:args.queries]))
    db.run("""UPDATE queries q SET far = (SELECT max(d) FROM (
        SELECT r.v <=> q.v AS d FROM rows r ORDER BY d LIMIT 10) n)""")
    index(db, "rows")
    db.run("CREATE VIEW items AS TABLE rows")
    ef, p50, p95, recall = Way(args, args.database).at_recall()
    db.run("DROP VIEW items")
    print("| shards | rows of each | ef_search | recall@10 | p50 ms | p95 ms "
          "| one shard alone: p50 ms | p95 ms | p50 over it, ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    print(f"| one table | {args.rows:,} | {ef} | {recall:.3f} | {p50:.2f} | {p95:.2f} | | | |",
          flush=True)
    for shards in args.shards:
        say(f"filling {shards} shards")
        names = distribute(args, db, shards)
        ef, p50, p95, recall = Way(args, args.database, names).at_recall()
        one50, one95, _ = Way(args, names[0]).measure(ef, args.rounds)
        print(f"| {shards} | {args.rows // shards:,} | {ef} | {recall:.3f} | {p50:.2f} | {p95:.2f} "
              f"| {one50:.2f} | {one95:.2f} | {p50 - one50:+.2f} |", flush=True)
        drop(names)


def drop(names):
    for name in names:
        subprocess.run(["dropdb", "--if-exists", "--force", name], check=True, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--shards", default=[1, 2, 4, 8],
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--recall", type=float, default=.95)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="loki_fanout")
    args = parser.parse_args()
    try:
        run(args)
    finally:
        drop([args.database] + [f"{args.database}_{n + 1}" for n in range(max(args.shards))])


if __name__ == "__main__":
    main()
