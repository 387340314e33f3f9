#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Clients that search while others write, and autovacuum runs.

Three clients search; then they search again while two others write, one row a transaction: half of
it inserts, a third updates of the vector, the rest deletes.  It prints for each kind of client the
rate, percentiles of the time and the longest, then

    recall  of some queries at the end of each minute, beside exact answers of the same snapshot
    index   its size before and after, and bytes of log a write
    vacuum  how many ended, and the share of the samples in which one ran
    waits   of each kind of client by name, in samples of pg_stat_activity
    longest the longest searches: when each began, and what all processes waited for meanwhile

The server is the one that libpq's environment variables name.  Its settings are printed: fsync
should be on, and the machine idle.

usage: bench/load.py [--set SET] [--data DIR] [--seconds N] [--minute N] [--searchers N]
                     [--writers N] [--queries N] [--peer] [--database NAME]
    --seconds   of each of the two runs (600)
    --minute    seconds between two measures of recall (60)
    --queries   whose recall is measured (20)
    --peer      pgvector too, in a database of its own, where the server has it
    --database  made anew, dropped at the end (loki_load)
"""
import argparse
import collections
import glob
import os
import subprocess
import sys
import tempfile
import time

import needs  # noqa: F401
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import watch                                               # noqa: E402
from cluster import Timing, binary_rows, copy_in           # noqa: E402
from hard import OPERATOR                                  # noqa: E402
from measure import summarize                              # noqa: E402
from shapes import Psql, new_database                      # noqa: E402

LONGEST = 3                     # searches of which is told what was waited for
SETTINGS = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "maintenance_work_mem",
            "autovacuum_naptime", "autovacuum_vacuum_cost_delay", "max_wal_size")
NEAREST = "SELECT {what} FROM items ORDER BY v {op} {query} LIMIT 10"
# Rows that are written are sums of two of the set's, so that there are enough
SUM = "SELECT {id} a.v + b.v FROM rows a, rows b WHERE a.id = :a AND b.id = :b"
ANY = ("(SELECT id FROM items WHERE id >= (SELECT trunc(random() * last_value) FROM ids)::int "
       "ORDER BY id LIMIT 1)")
WRITES = {                      # and of how many this is one
    "INSERT INTO items " + SUM.format(id="nextval('ids'),"): 3,
    f"UPDATE items SET v = ({SUM.format(id='')}) WHERE id = {ANY}": 2,
    f"DELETE FROM items WHERE id = {ANY}": 1}


class Clients:
    """Clients of one kind, by pgbench, each transaction in a log"""

    def __init__(self, args, folder, kind, clients, scripts):
        self.prefix = os.path.join(folder, kind)
        files = []
        for i, (text, weight) in enumerate(scripts.items()):
            files += ["-f", f"{self.prefix}-{i}.sql@{weight}"]
            with open(f"{self.prefix}-{i}.sql", "w", encoding="utf-8") as f:
                f.write(text)
        self.process = subprocess.Popen(
            ["pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", str(clients), "-T",
             str(args.seconds), "--random-seed=42", "-l", f"--log-prefix={self.prefix}-log", *files],
            stdout=subprocess.DEVNULL, env=dict(os.environ, PGDATABASE=args.name, PGAPPNAME=kind))

    def end(self):
        """-> seconds at which each transaction began, and its milliseconds"""
        if self.process.wait() != 0:
            raise SystemExit("pgbench failed")
        logs = glob.glob(f"{self.prefix}-log*")
        log = np.concatenate([np.loadtxt(name, usecols=(2, 4, 5), ndmin=2) for name in logs if os.path.getsize(name)])
        for name in logs:
            os.remove(name)
        took = log[:, 0] / 1e3
        return log[:, 1] + log[:, 2] / 1e6 - took / 1e3, took


class Waits(watch.Beside):
    """What processes wait for.  Each sample is a transaction of its own, since VACUUM removes
    nothing that an older one might see: not so watch.sampled()"""

    every = 0.02

    def __init__(self, args):
        super().__init__()
        self.db, self.seen, self.vacuums, self.taken = Psql(args.name), [], 0, 0

    def sample(self):
        self.taken += 1
        rows = [line.split("|") for line in self.db.run("""
            SELECT extract(epoch FROM clock_timestamp()), CASE WHEN application_name IN ('search', 'write')
                THEN application_name ELSE backend_type END, coalesce(wait_event_type || ' ' || wait_event, 'runs')
            FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (state = 'active' OR
                backend_type <> 'client backend' AND wait_event_type IS DISTINCT FROM 'Activity')""")]
        self.seen += [(float(at), kind, event) for at, kind, event in rows]
        self.vacuums += any(kind == "autovacuum worker" for _, kind, _ in rows)

    def counts(self, kind):
        found = collections.Counter(event for _, who, event in self.seen if who == kind)
        return ", ".join(f"{event} {n}" for event, n in found.most_common())

    def between(self, begin, end):
        found = collections.Counter(f"{kind}: {event}" for at, kind, event in self.seen
                                    if begin - self.every <= at <= end)
        return ", ".join(f"{what} {n}" for what, n in found.most_common())


class Contender:
    """An extension with the set's rows and an index, in a database of its own"""

    def __init__(self, args, db, extension, data):
        self.args, self.db, self.extension = args, db, extension
        self.op = OPERATOR[args.metric or data.metric]
        self.name = "pgvector" if extension == "vector" else extension
        dims = data.base.shape[1]
        tables = ("rows", "queries")
        for table in tables:
            db.run(f"CREATE TABLE {table} (id integer PRIMARY KEY, v vector({dims}))")
        for table, vectors in zip(tables, (data.base, data.queries)):
            copy_in(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", args.name], table, binary_rows(vectors))
        db.run(f"""CREATE TABLE items (LIKE rows INCLUDING INDEXES) WITH (autovacuum_vacuum_threshold = 0,
                       autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_threshold = 0,
                       autovacuum_vacuum_insert_scale_factor = 0.02);
                   INSERT INTO items SELECT * FROM rows ORDER BY id;
                   CREATE SEQUENCE ids START {len(data.base)};
                   CREATE INDEX items_v ON items USING hnsw (v vector_{args.metric or data.metric}_ops)""")
        db.run("VACUUM ANALYZE items, rows, queries")
        db.run("CHECKPOINT")
        self.search = {f"\\set q random(0, {len(data.queries) - 1})\n" + NEAREST.format(
            what="id", op=self.op, query="(SELECT v FROM queries WHERE id = :q)") + ";\n": 1}
        random = "".join(f"\\set {name} random(0, {len(data.base) - 1})\n" for name in "ab")
        self.writes = {f"{random}{text};\n": weight for text, weight in WRITES.items()}

    def number(self, sql):
        return float(self.db.run(f"SELECT {sql}")[0])

    def recall(self):
        """By distance, beside exact answers that the same snapshot gives"""
        found = []
        self.db.run("BEGIN ISOLATION LEVEL REPEATABLE READ")
        for index in ("off", "on"):
            near = NEAREST.format(what=f"v {self.op} q.v AS d", op=self.op, query="q.v")
            rows = self.db.run(f"""SET LOCAL enable_indexscan = {index}; SET LOCAL enable_seqscan =
                {'off' if index == 'on' else 'on'};
                SELECT q.id, n.d FROM queries q, LATERAL ({near}) n WHERE q.id < {self.args.queries} ORDER BY 1, 2""")
            answers = collections.defaultdict(list)
            for query, distance in (row.split("|") for row in rows):
                answers[query].append(float(distance))
            found.append(answers)
        self.db.run("COMMIT")
        exact, given = found
        right = sum(d <= true[-1] + 1e-7 * abs(true[-1]) for q, true in exact.items() for d in given[q])
        return right / sum(map(len, exact.values()))

    def run(self, folder, writers):
        """Search for so many seconds, while others write"""
        args = self.args
        size, lsn = "pg_relation_size('items_v') / 1e6", "pg_current_wal_insert_lsn() - '0/0'"
        ended = "autovacuum_count FROM pg_stat_user_tables WHERE relname = 'items'"
        before = [self.number(sql) for sql in (size, lsn, ended)]
        recalls, start = [], time.time()
        with Waits(args) as waits:
            clients = {"search": Clients(args, folder, "search", args.searchers, self.search)}
            if writers:
                clients["write"] = Clients(args, folder, "write", writers, self.writes)
            for minute in range(1, int(args.seconds // args.minute) + 1):
                time.sleep(max(0, start + minute * args.minute - time.time() - 1))
                recalls.append(self.recall())
            done = {kind: client.end() for kind, client in clients.items()}
        for kind, (_, took) in done.items():
            self.tell(f"{args.searchers} search" + f", {writers} write" * (writers > 0) + f": {kind}", took)
        after = [self.number(sql) for sql in (size, lsn, ended)]
        if writers:
            print(f"# index: {before[0]:.1f} MB, then {after[0]:.1f}; "
                  f"{(after[1] - before[1]) / len(done['write'][1]):.0f} bytes of log a write")
            print(f"# vacuum: {after[2] - before[2]:.0f} ended, {waits.vacuums / waits.taken:.0%} of the time")
        print("# recall: " + " ".join(f"{recall:.3f}" for recall in recalls))
        for kind in done:
            print(f"# waits, {kind}: {waits.counts(kind)}")
        began, took = done["search"]
        for i in np.argsort(-took)[:LONGEST]:
            print(f"# longest: {took[i]:.1f} ms at second {began[i] - start:.2f}: "
                  f"{waits.between(began[i], began[i] + took[i] / 1e3)}", flush=True)

    def tell(self, what, took):
        t = summarize([Timing(took * 1e3, len(took) / self.args.seconds)])
        print(f"| {self.name} | {what} | {t['qps']:.0f} | {t['p50_us'] / 1e3:.2f} | {t['p95_us'] / 1e3:.2f} "
              f"| {t['p99_us'] / 1e3:.2f} | {took.max():.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="synthetic:200000:128")
    parser.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"))
    parser.add_argument("--metric", choices=sorted(OPERATOR))
    parser.add_argument("--database", default="loki_load")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--minute", type=int, default=60)
    parser.add_argument("--searchers", type=int, default=3)
    parser.add_argument("--writers", type=int, default=2)
    parser.add_argument("--queries", type=int, default=20)
    parser.add_argument("--peer", action="store_true")
    args = parser.parse_args()
    data = datasets.load(args.set, args.data)
    names = {"lokivector": args.database, "vector": args.database + "_pgvector"}
    for extension in ("lokivector", "vector")[:1 + args.peer]:
        args.name = names[extension]
        with new_database(args.name, extension) as db, tempfile.TemporaryDirectory() as folder:
            if db is None:
                print("# pgvector is not installed")
                continue
            contender = Contender(args, db, extension, data)
            if extension == "lokivector":
                print(f"# {data.name}: " + ", ".join(f"{name} {db.run('SHOW ' + name)[0]}" for name in SETTINGS))
                print("| | clients | a second | p50 ms | p95 ms | p99 ms | longest ms |\n|---|---|---|---|---|---|---|")
            for writers in (0, args.writers):
                contender.run(folder, writers)


if __name__ == "__main__":
    main()
