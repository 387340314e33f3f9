# SPDX-License-Identifier: PostgreSQL
"""What is measured, for one contender on one server."""
import json
import statistics
import time

import numpy as np

import truth
from cluster import binary_rows, say
from extensions import QUERY

OPERATOR = {"l2": "<->", "cosine": "<=>", "ip": "<#>"}


class Contender:
    """A variant of an extension, as it is described, in the extension's
    database"""

    in_server = True
    apart = False               # does not fit beside the others
    shares = None               # whose index it uses

    def __init__(self, server, described, args):
        self.server, self.described, self.args = server, described, args
        self.name, self.extension = described.title, described.extension
        self.db, self.kind = described.database, described.type
        self.changes = described.changes    # takes part in inserts, vacuum
        self.items = f"items_{self.kind}"
        self.queries = f"queries_{self.kind}"
        self.index = f"{self.items}_idx{described.suffix}"
        self.shape = (0, 0)         # of the set

    # -- rows ---------------------------------------------------------------

    def prepare(self):
        """Make the database and the extension, once for all its types."""
        rows = self.server.rows("postgres", "SELECT count(*) FROM pg_database"
                                f" WHERE datname = '{self.db}'")
        if rows[0][0] == "0":
            self.server.psql("postgres", f'CREATE DATABASE "{self.db}"')
            self.server.psql(self.db, "CREATE EXTENSION "
                             f"{self.extension} CASCADE;"
                             "CREATE EXTENSION pg_prewarm")

    def close(self):
        pass

    def version(self):
        return self.server.rows(
            self.db, "SELECT extversion FROM pg_extension "
            f"WHERE extname = '{self.extension}'")[0][0]

    def table(self, name, column, dims, storage):
        sql = (f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} "
               f"(id bigint PRIMARY KEY, {column} {self.kind}({dims}));"
               f"ALTER TABLE {name} SET (parallel_workers = "
               f"{self.args.workers});")
        if storage != "default":
            sql += (f"ALTER TABLE {name} ALTER {column} SET STORAGE "
                    f"{storage};")
        self.server.psql(self.db, sql)

    def copy(self, name, vectors):
        item = {"vector": ">f4", "halfvec": ">f2"}[self.kind]
        self.server.copy_in(self.db, name, binary_rows(vectors, item, ">i8"))

    def load(self, data):
        """Fill the tables, unless they are kept -> seconds"""
        dims, storage = data.dims, self.args.storage
        self.shape = data.base.shape
        key = {"set": data.name, "digest": truth.digest(data),
               "storage": storage}
        if (self.db, self.items) in self.server.loaded:
            return 0.0
        self.server.loaded.add((self.db, self.items))
        kept = self.server.has("tables", f"{self.db}.{self.items}", key)
        # The query vectors are inline for all, whatever the table's storage
        self.table(self.queries, "v", dims,
                   "PLAIN" if dims <= 1900 else "default")
        self.copy(self.queries, data.queries)
        self.server.psql(self.db, f"VACUUM (ANALYZE) {self.queries}")
        if kept:
            return kept["seconds"]
        self.server.forget("tables", f"{self.db}.{self.items}")
        self.server.forget("indexes", f"{self.db}.{self.index}")
        start = time.monotonic()
        self.table(self.items, "embedding", dims, storage)
        self.copy(self.items, data.base)
        self.server.psql(self.db, f"VACUUM (ANALYZE) {self.items};"
                         "CHECKPOINT")
        seconds = time.monotonic() - start
        self.server.note("tables", f"{self.db}.{self.items}", key=key,
                         seconds=seconds)
        return seconds

    # -- index --------------------------------------------------------------

    def known(self, **more):
        """What the texts of a description may name"""
        a, (rows, dims) = self.args, self.shape
        return dict(more, metric=a.metric, m=a.m, rows=rows, dims=dims,
                    ef_construction=a.ef_construction,
                    processes=a.workers + 1,
                    loki_options=", " * bool(a.loki_options)
                    + a.loki_options)

    def index_options(self):
        return self.described.text("options", self.known())

    def indexed(self):
        """What the index is on, with its operator class"""
        return self.described.text("column", self.known())

    def create_index(self, table, index):
        """-> seconds"""
        options = self.index_options()
        return self.server.seconds(
            self.db, f"CREATE INDEX {index} ON {table} USING "
            f"{self.described.method} ({self.indexed()})"
            + f" WITH ({options})" * bool(options))

    def build(self):
        """Build the index, unless it is kept -> what is to be told of it, or
        None where another contender builds it"""
        if self.shares:
            return None
        key = {"on": self.indexed(), "with": self.index_options(),
               "version": self.version()}
        name = f"{self.db}.{self.index}"
        kept = self.server.has("indexes", name, key)
        if self.extension == "lokivector" and not self.args.old_index:
            kept = None
        if kept:
            seconds = kept["seconds"]
        else:
            self.server.forget("indexes", name)
            self.server.psql(self.db, f"DROP INDEX IF EXISTS {self.index}")
            seconds = self.create_index(self.items, self.index)
            self.server.psql(self.db, "CHECKPOINT")
            self.server.note("indexes", name, key=key, seconds=seconds)
        total, table = self.server.rows(
            self.db, f"SELECT pg_relation_size('{self.index}'), "
            f"pg_table_size('{self.items}')")[0]
        return {"contender": self.name, "seconds": seconds,
                "kept": bool(kept),
                "index_bytes": int(total), "table_bytes": int(table),
                "info": self.function_rows("lokivector_index_info"),
                "slot_arrays": self.function_rows(
                    "lokivector_index_slot_arrays")}

    def kept_recall(self, k, ef, found=None):
        """Recall as an earlier run found it with a peer's kept index, or
        None; found is to be noted."""
        index = self.server.kept.get("indexes", {}).get(
            f"{self.db}.{self.index}")
        if index is None or self.extension == "lokivector":
            return None
        known = index.setdefault("recall", {})
        point = f"{self.name} {k} {ef}"
        if found:
            known[point] = found
            self.server.write_kept()
        return known.get(point)

    def warm(self, table=None, index=None, toast=True):
        """Read index and table into shared_buffers."""
        table, index = table or self.items, index or self.index
        sql = f"SELECT pg_prewarm('{table}'), pg_prewarm('{index}');"
        if toast:
            sql = "SELECT pg_prewarm(reltoastrelid) FROM pg_class WHERE " \
                f"oid = '{table}'::regclass AND reltoastrelid <> 0;" + sql
        self.server.psql(self.db, sql)

    def database_bytes(self):
        return int(self.server.rows(
            self.db, "SELECT pg_database_size(current_database())")[0][0])

    def function_rows(self, function):
        """What a function of lokivector says of the index; [] without it"""
        found = self.server.rows(
            self.db, f"SELECT count(*) FROM pg_proc WHERE proname = "
            f"'{function}'")
        if self.extension != "lokivector" or found[0][0] == "0":
            return []
        try:
            text = self.server.psql(
                self.db, "SELECT row_to_json(t) FROM "
                f"{function}('{self.index}') t")
        except RuntimeError as problem:
            say(f"{function}: {problem}")
            return []
        return [json.loads(line) for line in text.splitlines()]

    # -- queries ------------------------------------------------------------

    def values(self, k):
        """Of the swept parameter; called ef below, as it is for most"""
        return self.described.values(self.args.ef, k)

    def statement(self, k, query, items=None, ef=100):
        return self.described.text("query", self.known(
            items=items or self.items, queries=self.queries, id=query, k=k,
            operator=OPERATOR[self.args.metric], value=ef), QUERY)

    def options(self, ef=None, k=10):
        settings = self.described.settings(self.known(value=ef, k=k)) \
            if ef else {}
        return {"enable_seqscan": "off", **settings}

    def check_plan(self, k):
        ef = self.values(k)[0]
        plan = self.server.psql(
            self.db, "EXPLAIN (COSTS OFF) " + self.statement(k, 0, None, ef),
            self.options(ef, k))
        if f"using {self.index}" not in plan:
            raise RuntimeError(f"{self.name}: index not used\n{plan}")

    def answers(self, k, ef, count, items=None):
        """The ids returned to each query, from the statement that is timed"""
        script = ["PREPARE s(bigint) AS "
                  f"{self.statement(k, '$1', items, ef)};"]
        for query in range(count):
            script.append(f"\\echo -\nEXECUTE s({query});")
        text = self.server.psql(self.db, "\n".join(script),
                                self.options(ef, k))
        parts = text.split("-\n")[1:]
        return [[int(x) for x in part.split()] for part in parts]

    def timed_run(self, script, clients, options):
        return self.server.pgbench(
            self.db, script, clients, options, seconds=self.args.seconds,
            pinned=self.args.pin and clients == 1,
            realtime=self.args.realtime)

    def time_queries(self, k, ef, clients, count):
        script = (f"\\set q random(0, {count - 1})\n"
                  f"{self.statement(k, ':q', None, ef)};\n")
        return self.timed_run(script, clients, self.options(ef, k))

    def time_floor(self, clients, count):
        """The same statement with a lookup by key for the search"""
        script = (f"\\set q random(0, {count - 1})\n"
                  f"SELECT id FROM {self.items} WHERE id = (SELECT id FROM "
                  f"{self.queries} WHERE id = :q) LIMIT 10;\n")
        return self.timed_run(script, clients, self.options())

    # -- change -------------------------------------------------------------

    def churn_table(self, rows, held):
        """A copy of the table without its last rows, with an index"""
        s = self.server
        s.psql(self.db, "DROP TABLE IF EXISTS churn; CREATE TABLE churn "
               f"(LIKE {self.items} INCLUDING ALL EXCLUDING INDEXES); "
               "ALTER TABLE churn ADD PRIMARY KEY (id), SET "
               f"(parallel_workers = {self.args.workers}); "
               f"INSERT INTO churn SELECT * FROM {self.items} "
               f"WHERE id < {rows - held} ORDER BY id; VACUUM ANALYZE churn; "
               "DROP SEQUENCE IF EXISTS churn_next; CREATE SEQUENCE "
               f"churn_next MINVALUE 0 START {rows - held}")
        self.create_index("churn", "churn_idx")
        s.psql(self.db, "CHECKPOINT")
        self.warm("churn", "churn_idx")

    def insert_rows(self, count, clients):
        """Insert rows singly, one a transaction -> Timing"""
        script = (f"INSERT INTO churn SELECT id, embedding FROM {self.items} "
                  "WHERE id = (SELECT nextval('churn_next'));\n")
        return self.server.pgbench(self.db, script, clients,
                                   {"synchronous_commit": "off"},
                                   transactions=count // clients,
                                   realtime=self.args.realtime)

    def delete_rows(self, ids):
        values = ",".join(map(str, ids))
        self.server.psql(self.db, "DELETE FROM churn WHERE id IN "
                         f"(SELECT unnest('{{{values}}}'::bigint[]))")

    def vacuum(self):
        seconds = self.server.seconds(self.db, "VACUUM churn")
        size = self.server.rows(self.db,
                                "SELECT pg_relation_size('churn_idx')")
        return seconds, int(size[0][0])


def renew_extension(server, db="loki"):
    """Put lokivector as installed now into a kept database, and keep the
    tables.  The values of its types are what they were, so their columns
    become bytea meanwhile, and only the catalog is written."""
    rows = server.rows("postgres", "SELECT count(*) FROM pg_database WHERE "
                       f"datname = '{db}'")
    if rows[0][0] == "0":
        return
    columns = server.rows(db, """
        SELECT c.relname, a.attname, t.typname, a.atttypmod, a.attstorage
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_type t ON t.oid = a.atttypid
        WHERE c.relkind = 'r' AND c.relname ~ '^items_'
            AND t.typname IN ('vector', 'halfvec')""")
    drops = server.rows(db, """
        SELECT 'DROP INDEX ' || i.relname FROM pg_class i
            JOIN pg_am am ON am.oid = i.relam
        WHERE i.relkind = 'i' AND am.amname = 'hnsw'""")
    sql = ["BEGIN"] + [row[0] for row in drops]
    kinds = sorted({kind for _, _, kind, _, _ in columns})
    sql += [f"CREATE CAST ({kind} AS bytea) WITHOUT FUNCTION"
            for kind in kinds]
    sql += [f"ALTER TABLE {table} ALTER {column} TYPE bytea"
            f" USING {column}::bytea" for table, column, *_ in columns]
    sql += ["DROP EXTENSION lokivector CASCADE",
            "CREATE EXTENSION lokivector"]
    sql += [f"CREATE CAST (bytea AS {kind}) WITHOUT FUNCTION"
            for kind in kinds]
    storages = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}
    for table, column, kind, typmod, storage in columns:
        # A type with dimensions would have each row checked and rewritten
        sql += [f"ALTER TABLE {table} ALTER {column} TYPE {kind} USING "
                f"{column}::{kind}",
                f"ALTER TABLE {table} ALTER {column} SET STORAGE "
                f"{storages[storage]}",
                f"UPDATE pg_attribute SET atttypmod = {typmod} WHERE "
                f"attrelid = '{table}'::regclass AND attname = '{column}'"]
    sql += [f"DROP CAST (bytea AS {kind})" for kind in kinds] + ["COMMIT"]
    for name in list(server.kept.get("indexes", {})):
        if name.startswith(db + "."):
            server.forget("indexes", name)
    server.psql(db, ";\n".join(sql))


def spread(rates):
    """Of several runs, beside their median"""
    middle = statistics.median(rates)
    return (max(rates) - min(rates)) / middle if middle else 0.0


def summarize(timings):
    """Several runs of one point -> rate (median), latencies (pooled)"""
    pooled = np.concatenate([t.latencies for t in timings])
    p50, p95, p99 = np.percentile(pooled, [50, 95, 99])
    rates = [t.rate for t in timings]
    return {"qps": statistics.median(rates), "spread": spread(rates),
            "mean_us": float(pooled.mean()), "p50_us": float(p50),
            "p95_us": float(p95), "p99_us": float(p99)}
