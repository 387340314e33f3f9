"""What is measured, for one contender on one server."""
import json
import statistics

import numpy as np

from cluster import say

OPERATOR = {"l2": "<->", "cosine": "<=>", "ip": "<#>"}
OPCLASS = {"l2": "l2_ops", "cosine": "cosine_ops", "ip": "ip_ops"}
COPY_BLOCK = 5000


class Contender:
    """An extension with a column type, in a database of its own"""

    def __init__(self, server, name, extension, database, kind, args):
        self.server, self.name, self.args = server, name, args
        self.extension, self.db, self.kind = extension, database, kind
        self.items, self.queries = f"items_{kind}", f"queries_{kind}"
        self.index = f"{self.items}_idx"

    # -- rows ---------------------------------------------------------------

    def prepare(self):
        """Make the database and the extension, once for all its types."""
        rows = self.server.rows("postgres", "SELECT count(*) FROM pg_database"
                                f" WHERE datname = '{self.db}'")
        if rows[0][0] == "0":
            self.server.psql("postgres", f"CREATE DATABASE {self.db}")
            self.server.psql(self.db, f"CREATE EXTENSION {self.extension};"
                             "CREATE EXTENSION pg_prewarm")

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
        dims = vectors.shape[1]
        item = {"vector": ">f4", "halfvec": ">f2"}[self.kind]
        size = np.dtype(item).itemsize * dims + 4
        row = np.dtype([("fields", ">i2"), ("id_len", ">i4"), ("id", ">i8"),
                        ("len", ">i4"), ("dims", ">i2"), ("unused", ">i2"),
                        ("x", item, (dims,))])

        def blocks():
            for at in range(0, len(vectors), COPY_BLOCK):
                part = vectors[at:at + COPY_BLOCK]
                out = np.zeros(len(part), row)
                out["fields"], out["id_len"], out["len"] = 2, 8, size
                out["id"] = np.arange(at, at + len(part))
                out["dims"], out["x"] = dims, part
                yield out.tobytes()

        self.server.copy_in(self.db, name, blocks())

    def load(self, data):
        dims = data.dims
        self.table(self.items, "embedding", dims, self.args.storage)
        # The query vectors are inline for all, whatever the table's storage
        self.table(self.queries, "v", dims,
                   "PLAIN" if dims <= 1900 else "default")
        self.copy(self.items, data.base)
        self.copy(self.queries, data.queries)
        self.server.psql(self.db, f"VACUUM (ANALYZE) {self.items};"
                         f"VACUUM (ANALYZE) {self.queries}; CHECKPOINT")

    # -- index --------------------------------------------------------------

    def create_index(self, table, index):
        """-> seconds"""
        a = self.args
        with_ = f"m = {a.m}, ef_construction = {a.ef_construction}"
        if self.extension == "lokivector" and a.loki_options:
            with_ += ", " + a.loki_options
        seconds = self.server.seconds(
            self.db, f"CREATE INDEX {index} ON {table} USING hnsw (embedding "
            f"{self.kind}_{OPCLASS[a.metric]}) WITH ({with_})")
        self.server.psql(
            self.db, f"CHECKPOINT; SELECT pg_prewarm('{index}'), "
            f"pg_prewarm('{table}'); SELECT pg_prewarm(reltoastrelid) FROM "
            f"pg_class WHERE oid = '{table}'::regclass "
            "AND reltoastrelid <> 0")
        return seconds

    def build(self):
        self.server.psql(self.db, f"DROP INDEX IF EXISTS {self.index}")
        seconds = self.create_index(self.items, self.index)
        total, table = self.server.rows(
            self.db, f"SELECT pg_relation_size('{self.index}'), "
            f"pg_table_size('{self.items}')")[0]
        return {"contender": self.name, "seconds": seconds,
                "index_bytes": int(total), "table_bytes": int(table),
                "info": self.function_rows("lokivector_index_info"),
                "families": self.function_rows("lokivector_index_families")}

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

    def statement(self, k, query, items=None):
        return (f"SELECT id FROM {items or self.items} ORDER BY embedding "
                f"{OPERATOR[self.args.metric]} (SELECT v FROM {self.queries} "
                f"WHERE id = {query}) LIMIT {k}")

    @staticmethod
    def options(ef=None):
        options = {"enable_seqscan": "off"}
        if ef:
            options["hnsw.ef_search"] = ef
        return options

    def check_plan(self, k):
        plan = self.server.psql(self.db, "EXPLAIN (COSTS OFF) "
                                + self.statement(k, 0), self.options())
        if f"using {self.index}" not in plan:
            raise RuntimeError(f"{self.name}: index not used\n{plan}")

    def answers(self, k, ef, count, items=None):
        """The ids returned to each query, from the statement that is timed"""
        script = [f"PREPARE s(bigint) AS {self.statement(k, '$1', items)};"]
        for query in range(count):
            script.append(f"\\echo -\nEXECUTE s({query});")
        text = self.server.psql(self.db, "\n".join(script), self.options(ef))
        parts = text.split("-\n")[1:]
        return [[int(x) for x in part.split()] for part in parts]

    def timed_run(self, script, clients, options):
        return self.server.pgbench(
            self.db, script, clients, options, seconds=self.args.seconds,
            pinned=self.args.pin and clients == 1,
            realtime=self.args.realtime)

    def time_queries(self, k, ef, clients, count):
        script = (f"\\set q random(0, {count - 1})\n"
                  f"{self.statement(k, ':q')};\n")
        return self.timed_run(script, clients, self.options(ef))

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


def summarize(timings):
    """Several runs of one point -> rate (median), latencies (pooled)"""
    pooled = np.concatenate([t.latencies for t in timings])
    p50, p95, p99 = np.percentile(pooled, [50, 95, 99])
    return {"qps": statistics.median(t.rate for t in timings),
            "mean_us": float(pooled.mean()), "p50_us": float(p50),
            "p95_us": float(p95), "p99_us": float(p99)}
