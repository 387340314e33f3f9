#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What it costs to ask several servers instead of one.

A generated set is loaded into one table, into shards of postgres_fdw and, if the
server's installation has Citus, into a table that Citus distributes.  The program starts
the servers that this takes: a coordinator and two workers, on this machine.  Shards are
distributed by the hash of a column, tenant, over both workers.  Three statements are
measured: the nearest of all rows with a constant LIMIT, with LIMIT as a parameter, and
the nearest rows of one tenant.

Each way is measured at the least hnsw.ef_search that has the recall asked for; beside it
is the same statement on one shard of postgres_fdw alone, at the same ef_search.  Times
are those of the client, psql, for prepared statements that are transactions of their own.
At last a shard of Citus moves to the other worker and back, while clients search and
insert.

usage: bench/fanout.py [--rows N] [--dims N] [--type TYPE] [--tenants N]
                       [--shards N,N...] [--citus N] [--keep DIR] [--prepare]
                       [--recall R] [--queries N] [--rounds N] [--clients N]
                       [--seconds N]
    --shards   of postgres_fdw (1,2,4,8)
    --citus    shards of Citus (4)
    --keep     a folder for the servers, which are used again (none: a temporary one)
    --prepare  loads and builds what DIR does not have yet, and measures nothing
    --clients  at the same time, beside one alone (4)
    --seconds  of searches and inserts before a shard moves (30)

PG_CONFIG names the server to use (pg_config), in which lokivector is installed.
"""
import argparse
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import truth                                               # noqa: E402
from fanout_servers import NODES, Servers, fill, pipe      # noqa: E402
from shapes import literal                                 # noqa: E402

EF = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640]
BLOCK = 20_000
KINDS = {"LIMIT 10": ("", "", "", "10"),
         "LIMIT $2": (", bigint", ", 10", "", "$2"),
         "WHERE tenant = $2 LIMIT 10": (", integer", ", {tenant}", "WHERE tenant = $2", "10")}
TENANT = "WHERE tenant = $2 LIMIT 10"


def say(text):
    print(text, file=sys.stderr, flush=True)


# ---- the sets -------------------------------------------------------------

def binary(base, args):
    """Rows as COPY's binary format has them"""
    item = {"vector": ">f4", "halfvec": ">f2"}[args.type]
    row = np.dtype([("columns", ">i2"), ("id_size", ">i4"), ("id", ">i4"), ("tenant_size", ">i4"),
                    ("tenant", ">i4"), ("v_size", ">i4"), ("dims", ">i2"), ("unused", ">i2"),
                    ("v", item, (args.dims,))])
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for at in range(0, args.rows, BLOCK):
        block = base[at:at + BLOCK]
        out = np.zeros(len(block), row)
        out["columns"], out["id_size"], out["tenant_size"] = 3, 4, 4
        out["id"] = np.arange(at, at + len(block))
        out["tenant"] = out["id"] % args.tenants
        out["v_size"], out["dims"] = 4 + block.shape[1] * np.dtype(item).itemsize, args.dims
        out["v"] = block
        yield out.tobytes()
    yield b"\xff\xff"


def create(db, args, options=""):
    db.run(f"CREATE TABLE items (id integer, tenant integer, v {args.type}({args.dims})"
           + ("" if "PARTITION" in options else ", PRIMARY KEY (tenant, id)") + f") {options}")


def index(db, args):
    db.run(f"CREATE INDEX items_v ON items USING hnsw (v {args.type}_cosine_ops, tenant);"
           "VACUUM ANALYZE items")


def prepare_one(servers, args):
    """All rows in one table of the coordinator"""
    db = servers.database("coordinator", "one")
    create(db, args)
    fill(servers.at("coordinator", "one"), binary(datasets.synthetic(args.rows, args.dims).base, args))
    index(db, args)


def shards_of(shards):
    """-> server and database of each shard of postgres_fdw"""
    if shards == 1:
        return [("coordinator", "one")]
    return [(NODES[1 + n % 2], f"fdw_{shards}_{n}") for n in range(shards)]


def prepare_fdw(servers, args, shards):
    db = servers.database("coordinator", f"fdw_{shards}")
    db.run("CREATE EXTENSION postgres_fdw")
    create(db, args, "PARTITION BY HASH (tenant)")
    one = servers.psql("coordinator", "one")
    one.run("DROP TABLE IF EXISTS hashed; CREATE TABLE hashed (tenant integer) PARTITION BY HASH (tenant)")
    for n, (node, name) in enumerate(shards_of(shards)):
        db.run(f"""CREATE SERVER shard_{n} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
            host '{servers.dir}', port '{servers.port(node)}', dbname '{name}',
            extensions 'lokivector', async_capable 'true', parallel_commit 'true', options '');
            CREATE USER MAPPING FOR CURRENT_USER SERVER shard_{n} OPTIONS (user 'postgres');
            CREATE FOREIGN TABLE items_{n} PARTITION OF items FOR VALUES
            WITH (MODULUS {shards}, REMAINDER {n}) SERVER shard_{n} OPTIONS (table_name 'items')""")
        if shards > 1:
            shard = servers.database(node, name)
            create(shard, args)
            pipe(servers.at("coordinator", "one"), "SELECT * FROM items WHERE satisfies_hash_partition("
                 f"'hashed'::regclass, {shards}, {n}, tenant)", servers.at(node, name))
            index(shard, args)
    db.run("ANALYZE items")


def prepare_citus(servers, args):
    for node in NODES:
        servers.database(node, "citus", extension="citus")
    db = servers.psql("coordinator", "citus")
    db.run(f"SELECT citus_set_coordinator_host('{servers.dir}', {servers.port(NODES[0])});" + "".join(
        f"SELECT citus_add_node('{servers.dir}', {servers.port(node)});" for node in NODES[1:]))
    db.run(f"CREATE EXTENSION lokivector; SET citus.shard_count = {args.citus}")
    create(db, args)
    db.run("SELECT create_distributed_table('items', 'tenant')")
    pipe(servers.at("coordinator", "one"), "TABLE items", servers.at("coordinator", "citus"))
    index(db, args)


def prepare(servers, args):
    """Make what is not there yet"""
    steps = {"one": lambda: prepare_one(servers, args)}
    for shards in args.shards:
        steps[f"fdw_{shards}"] = lambda shards=shards: prepare_fdw(servers, args, shards)
    if servers.citus:
        steps["citus"] = lambda: prepare_citus(servers, args)
    for name, step in steps.items():
        done = os.path.join(servers.dir, f"{name}-{args.rows}-{args.dims}-{args.type}-{args.tenants}"
                            + (f"-{args.citus}" if name == "citus" else ""))
        if not os.path.exists(done):
            say(f"loading {name}")
            step()
            open(done, "w").close()
    truth.cached_neighbours(datasets.synthetic(args.rows, args.dims), "cosine", 10)
    for node in NODES:
        servers.psql(node, "postgres").run("CHECKPOINT")


# ---- what is measured -----------------------------------------------------

class Measure:
    """Searches of the table items in any database"""

    def __init__(self, servers, args):
        self.servers, self.args = servers, args
        data = datasets.synthetic(args.rows, args.dims)
        self.queries = data.queries[:args.queries]
        self.tenants = np.arange(len(self.queries)) * 7 % args.tenants
        ids = truth.cached_neighbours(data, "cosine", 10)[:args.queries]
        own = [t + args.tenants * truth.neighbours("cosine", data.base[t::args.tenants], [q], 10)[0]
               for t, q in zip(self.tenants, self.queries)]
        self.judges = {kind: truth.Judge("cosine", data.base, self.queries, own if kind == TENANT else ids)
                       for kind in KINDS}
        for kind in KINDS:
            with open(self.script(kind), "w") as f:
                f.writelines(f"EXECUTE near({literal(q)}{KINDS[kind][1].format(tenant=tenant)});\n"
                             for q, tenant in zip(self.queries, self.tenants))

    def script(self, kind):
        return os.path.join(self.servers.dir, f"searches-{list(KINDS).index(kind)}.sql")

    def client(self, node, database, ef, kind, rounds):
        """A psql that searches, once for nothing and then timed"""
        types, _, where, limit = KINDS[kind]
        near = (f"PREPARE near({self.args.type}{types}) AS SELECT id FROM items {where} "
                f"ORDER BY v <=> $1 LIMIT {limit}")
        script = ["-f", self.script(kind)]
        return subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.servers.at(node, database),
             "-c", f"SET hnsw.ef_search = {ef}", "-c", near, "-c", "\\o /dev/null", *script,
             "-c", "\\o", "-c", "\\timing on", *script * rounds], stdout=subprocess.PIPE, text=True)

    def search(self, node, database, ef, kind, rounds, clients=1):
        """-> median and 95th percentile in ms, recall"""
        times, found, ids = [], [], []
        started = [self.client(node, database, ef, kind, rounds) for _ in range(clients)]
        for out in [client.communicate()[0] for client in started]:
            for line in out.splitlines():
                if line.startswith("Time: "):
                    times.append(float(line.split()[1]))
                    found.append(ids)
                    ids = []
                else:
                    ids.append(int(line))
        if any(client.returncode for client in started):
            raise SystemExit(f"a client of {database} ended with an error")
        recall = self.judges[kind].score(found[:len(self.queries)], 10)[0]
        return (*np.quantile(times, [.5, .95]), recall)

    def shards_search_with(self, database, ef):
        """For sessions that the coordinator begins from now on"""
        coordinator = self.servers.psql(NODES[0], database)
        for server in coordinator.run("SELECT srvname FROM pg_foreign_server"):
            coordinator.run(f"ALTER SERVER {server} OPTIONS (SET options '-c hnsw.ef_search={ef}')")
        # Citus sends it to the workers
        coordinator.run(f"ALTER DATABASE {database} SET hnsw.ef_search = {ef}")

    def row(self, name, database, kind, alone=None):
        """A line of the table; alone is the node and database of one shard"""
        for ef in EF:
            self.shards_search_with(database, ef)
            if self.search(NODES[0], database, ef, kind, 1)[2] >= self.args.recall:
                break
        p50, p95, recall = self.search(NODES[0], database, ef, kind, self.args.rounds)
        many = self.search(NODES[0], database, ef, kind, self.args.rounds, self.args.clients)
        one = [None, None]
        if alone and kind != TENANT:
            one = self.search(*alone, ef, kind, self.args.rounds)
        print(f"| {name} | {kind} | {ef} | {recall:.3f} | {p50:.2f} | {p95:.2f} "
              f"| {many[0]:.2f} | {many[1]:.2f} | "
              + (f"{one[0]:.2f} | {one[1]:.2f} | {p50 - one[0]:+.2f} |" if one[0] else "| | |"), flush=True)
        return ef


def measure(servers, args):
    print(f"| {args.rows:,} rows in | statement | ef_search | recall@10 | p50 ms | p95 ms "
          f"| {args.clients} clients: p50 ms | p95 ms | one shard alone: p50 ms | p95 ms | p50 over it, ms |")
    print("|---" * 11 + "|")
    here, ef = Measure(servers, args), {}
    for kind in KINDS:
        here.row("one table", "one", kind)
        for shards in args.shards:
            here.row(f"postgres_fdw, {shards}", f"fdw_{shards}", kind, shards_of(shards)[0])
        if servers.citus:
            alone = shards_of(args.citus)[0] if args.citus in args.shards else None
            ef[kind] = here.row(f"Citus, {args.citus}", "citus", kind, alone)
    if servers.citus:
        move(servers, args, here, ef["LIMIT 10"])


# ---- a shard that moves ---------------------------------------------------

class Load:
    """A client that runs statements until it is told to stop"""

    def __init__(self, servers, setup, statements):
        self.db = servers.psql(NODES[0], "citus")
        self.db.run(setup)
        self.statements, self.done, self.stopped = statements, [], False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for statement in self.statements:
            if self.stopped:
                break
            began, failed = time.monotonic(), 0
            try:
                self.db.run(statement)
            except RuntimeError:
                failed = 1
            self.done.append((began, (time.monotonic() - began) * 1000, failed))

    def between(self, begin, end):
        """-> statements, median, 95th percentile and maximum in ms, errors"""
        ms, failed = np.array([x[1:] for x in self.done if begin <= x[0] < end]).T
        return (f"{len(ms):,} | {np.median(ms):.2f} | {np.quantile(ms, .95):.2f} | {ms.max():.1f} "
                f"| {failed.sum():.0f}")


def searches(here):
    for n in itertools.count():
        yield f"EXECUTE near({literal(here.queries[n % len(here.queries)])})"


def inserts(here, first):
    rng = np.random.default_rng(first)
    for n in itertools.count():
        v = here.queries[n % len(here.queries)]
        v = v + rng.standard_normal(len(v)) * .3 / len(v) ** .5
        yield f"INSERT INTO items VALUES ({first + n}, {rng.integers(here.args.tenants)}, {literal(v)})"


def move(servers, args, here, ef):
    """A shard of Citus to the other worker and back, while clients search and insert"""
    here.shards_search_with("citus", ef)
    db = servers.psql(NODES[0], "citus")
    near = f"PREPARE near({args.type}) AS SELECT id FROM items ORDER BY v <=> $1 LIMIT 10"
    load = {"search": Load(servers, near, searches(here)),
            "insert": Load(servers, "SELECT 1", inserts(here, 2 * args.rows))}
    print("\n| | seconds | statement | number | p50 ms | p95 ms | longest ms | errors |\n" + "|---" * 8 + "|")

    def spell(name, action):
        begin = time.monotonic()
        action()
        end = time.monotonic()
        for what, client in load.items():
            print(f"| {name} | {end - begin:.1f} | {what} | {client.between(begin, end)} |", flush=True)

    shard, port = db.run("SELECT shardid, nodeport FROM citus_shards WHERE table_name = 'items'::regclass "
                         "ORDER BY shardid LIMIT 1")[0].split("|")
    ports = [port, *(p for p in map(str, map(servers.port, NODES[1:])) if p != port)]
    try:
        spell("at rest", lambda: time.sleep(args.seconds))
        for name, (source, target) in (("to the other worker", ports), ("back", ports[::-1])):
            spell(name, lambda: db.run(
                f"SELECT citus_move_shard_placement({shard}, '{servers.dir}', {source}, "
                f"'{servers.dir}', {target}, 'force_logical')"))
    finally:
        for client in load.values():
            client.stopped = True
            client.thread.join()
    db.run(f"DELETE FROM items WHERE id >= {args.rows}; VACUUM items")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--type", choices=["vector", "halfvec"], default="vector")
    parser.add_argument("--tenants", type=int, default=1000)
    parser.add_argument("--shards", default=[1, 2, 4, 8],
                        type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--citus", type=int, default=4)
    parser.add_argument("--keep")
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--recall", type=float, default=.95)
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=int, default=30)
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    servers = Servers(args.keep)
    try:
        servers.start()
        prepare(servers, args)
        if not args.prepare:
            measure(servers, args)
    finally:
        servers.stop()
        if not args.keep:
            shutil.rmtree(servers.dir)


if __name__ == "__main__":
    main()
