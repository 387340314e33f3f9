# SPDX-License-Identifier: PostgreSQL
"""The stages of the benchmark of a large table, each of which gives its
figures and may begin again after an interruption."""
import re
import time
import types

import numpy as np

import large_rows
import large_server
import watch
from cluster import say
from large_rows import PARTS, QUERY, SMALL
from large_server import Local, Memory, Progress, WithoutCache, timed
from measure import summarize

EF = [10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 1000]
TARGETS = (.90, .95, .99)
K = 10
CLIENTS = (1, 4)
BUILD_BUFFERS = "1GB"           # the memory is maintenance_work_mem's
SMALL_BUFFERS = "2GB"
SLACK = "* 1.000001 + 1e-9"     # of distances that count as equal
COLD_ROUNDS, COLD_QUERIES = 3, 100
TRIED = 500                     # inserts before those that are timed
CHECKED = 5                     # queries whose truth is checked by a scan
FORETOLD = 30                   # samples of progress, at least
SETTLE = 0.5                    # seconds until a backend's counters are seen
GONE = 100                      # one row of so many is deleted
VACUUM_MEMORY = "1GB"


class Bench:
    """The set, the server and what was found so far"""

    def __init__(self, args, rows, server, state):
        self.args, self.rows = args, rows
        self.server, self.state, self.db = server, state, "loki"

    # -- tables -------------------------------------------------------------

    def columns(self):
        return "v {}_cosine_ops, {}".format(self.args.type, ", ".join(
            f"c{part}" for part in PARTS))

    def with_options(self):
        profile = self.args.profile
        return f" WITH (profile = {profile})" if profile else ""

    def build(self, table, db=None, columns=None, options=None):
        """An index, with the rows on disk -> figures.  One that is there from
        an interrupted run goes."""
        s, db = self.server, db or self.db
        s.psql(db, f"DROP INDEX IF EXISTS {table}_v; ALTER TABLE {table} SET "
               f"(parallel_workers = {self.args.workers}); CHECKPOINT")
        how = s.restart_cold(shared_buffers=BUILD_BUFFERS)
        sql = (f"CREATE INDEX {table}_v ON {table} USING hnsw "
               f"({columns or self.columns()})"
               + (self.with_options() if options is None else options))
        with watch.processor(s) as cpu, Memory(s) as memory, \
                Progress(s, db) as progress:
            seconds = s.seconds(db, sql)
        s.psql(db, "CHECKPOINT")
        rows = int(s.value(db, f"SELECT reltuples::bigint FROM pg_class "
                           f"WHERE relname = '{table}'"))
        return {"rows": rows, "seconds": seconds, "cpu_seconds": cpu[0],
                "peak_memory": memory.peak, "processes": memory.processes,
                "page_cache": how, "statement": sql,
                "bytes": self.size(f"{table}_v", db),
                "phases": watch.phases(progress.rows),
                "foretold": len(progress.rows) >= FORETOLD and
                watch.foretold(progress.rows),
                "progress": thin(progress.rows)}

    def size(self, relation, db=None):
        return int(self.server.value(db or self.db, "SELECT pg_table_size("
                                     f"'{relation}')"))

    # -- searches -----------------------------------------------------------

    def settings(self, ef):
        """ef below 1 is a lokivector.target_recall"""
        name = "lokivector.target_recall" if ef < 1 else "hnsw.ef_search"
        return {name: ef, "enable_seqscan": "off"}

    def recall(self, ef, part=1, table="items", db=None, far=None):
        """Mean recall@10 of the queries whose neighbors are known.  far is
        the distance of the tenth."""
        where = f"WHERE c{part} = q.id % {part}" if part > 1 else ""
        return float(self.server.rows(db or self.db, f"""
            SELECT avg(hits) / {K} FROM queries q, LATERAL (
                SELECT count(*) AS hits FROM (SELECT v <=> q.v AS d
                    FROM {table} {where} ORDER BY v <=> q.v LIMIT {K}) n
                WHERE d <= {far or f'q.far_{part}'} {SLACK}) h
            WHERE q.far_{part} IS NOT NULL""", self.settings(ef))[0][0])

    def statement(self, query, value, part, table):
        where = f"WHERE c{part} = {value} " if part > 1 else ""
        return (f"SELECT id FROM {table} {where}ORDER BY v <=> (SELECT v FROM "
                f"queries WHERE id = {query}) LIMIT {K}")

    def plan(self, part=1, table="items"):
        """That of a search; it is to read the index"""
        plan = self.server.psql(self.db, "EXPLAIN (COSTS OFF) "
                                + self.statement(0, 0, part, table))
        if f"{table}_v" not in plan:
            raise RuntimeError(f"index of {table} not used\n{plan}")
        return plan

    def time(self, ef, clients=1, part=1, table="items", db=None):
        """-> rate and latencies, of queries at random"""
        script = (f"\\set q random(0, {self.args.timed_queries - 1})\n"
                  f"\\set f :q % {part}\n"
                  + self.statement(":q", ":f", part, table) + ";\n")
        return summarize([self.server.pgbench(
            db or self.db, script, clients, self.settings(ef),
            seconds=self.args.seconds, pinned=clients == 1)])

    def widths(self, targets=TARGETS, **of):
        """{target: (least ef_search with this recall, the recall)}; the
        widest where none has it"""
        found, at = {}, iter(EF)
        ef = next(at)
        recall = self.recall(ef, **of)
        for target in targets:
            while recall < target and ef != EF[-1]:
                ef = next(at)
                recall = self.recall(ef, **of)
                say(f"ef_search {ef}: recall {recall:.4f}")
            found[str(target)] = ef, recall
        return found

    def warm(self, table="items", db=None, buffers=None):
        """The index in shared_buffers, and of the table what fits into the
        page cache"""
        s, db = self.server, db or self.db
        s.restart(shared_buffers=buffers or self.args.shared_buffers)
        s.psql(db, f"SELECT pg_prewarm('{table}_v'), pg_prewarm('queries'), "
               f"pg_prewarm('{table}', 'read')")

    def ef(self):
        return self.state["search"]["widths"]["0.95"][0]


def thin(rows, most=200):
    return rows[::max(1, len(rows) // most)]


# ---- rows -----------------------------------------------------------------

def load(b):
    """Rows, and candidates for the nearest"""
    b.server.restart(shared_buffers=BUILD_BUFFERS)
    b.server.make_database(b.db, "lokivector")
    queries = b.rows.queries(b.args.timed_queries)[:b.args.queries]
    paths = [f"{b.args.out}/truth-{n}.npz" for n in range(b.args.processes)]
    seconds, _ = timed(lambda: large_rows.load(
        b.server, b.db, "items", b.rows, b.args.processes, 0, b.args.rows,
        large_rows.Truth(queries, b.args.pgvector_rows), paths))
    return {"seconds": seconds, "bytes": b.size("items")}


def truth(b):
    """The server takes the distances of the candidates itself."""
    s, db = b.server, b.db
    far = ", ".join(f"far_{part} float8" for part in (1, SMALL, *PARTS))
    s.psql(db, f"""DROP TABLE IF EXISTS queries, truth;
        ALTER TABLE items DROP CONSTRAINT IF EXISTS items_pkey;
        CREATE TABLE queries (id integer PRIMARY KEY,
            v {QUERY[b.args.type]}({b.args.dims}), {far});
        CREATE TABLE truth (query integer, part integer, id integer,
            distance float8)""")
    seconds = s.seconds(db, "ALTER TABLE items ADD PRIMARY KEY (id)")
    s.psql(db, "COPY queries (id, v) FROM STDIN;\n" + "".join(
        "{}\t[{}]\n".format(i, ",".join(f"{x:.6g}" for x in v))
        for i, v in enumerate(b.rows.queries(b.args.timed_queries)))
        + "\\.\nALTER TABLE queries ALTER v SET STORAGE PLAIN")
    paths = [f"{b.args.out}/truth-{n}.npz" for n in range(b.args.processes)]
    s.psql(db, "COPY truth (query, part, id) FROM STDIN;\n" + "".join(
        f"{q}\t{part}\t{i}\n" for q, part, i in large_rows.candidates(paths))
        + "\\.\n")
    s.psql(db, """ANALYZE items; ANALYZE queries; ANALYZE truth;
        UPDATE truth t SET distance = i.v <=> q.v
        FROM items i, queries q WHERE i.id = t.id AND q.id = t.query;
        CREATE INDEX ON truth (query)""")
    for part in (1, SMALL, *PARTS):
        s.psql(db, f"UPDATE queries SET far_{part} = {tenth(part)} "
               f"WHERE id < {b.args.queries}")
    s.psql(db, "VACUUM (FREEZE, ANALYZE) queries")
    return {"primary_key_seconds": seconds, "queries": b.args.queries}


def tenth(part, where="true", of="queries"):
    """Distance of the tenth row to a query, or of the last if there are
    fewer"""
    return (f"(SELECT max(distance) FROM (SELECT distance FROM truth WHERE "
            f"query = {of}.id AND part = {part} AND {where} "
            f"ORDER BY distance LIMIT {K}) n)")


def check_truth(b):
    """A few queries by a scan of the small table, which has no index yet"""
    wrong = b.server.rows(b.db, f"""
        SELECT q.id, far_{SMALL}, far FROM queries q, LATERAL (
            SELECT max(d) AS far FROM (SELECT v <=> q.v AS d FROM small
                ORDER BY d LIMIT {K}) n) x
        WHERE q.id < {CHECKED} AND far_{SMALL} NOT BETWEEN far AND far {SLACK}""")
    if wrong:
        raise RuntimeError(f"neighbors are not the true ones: {wrong}")


# ---- builds ---------------------------------------------------------------

def linear(b):
    """Builds of a tenth and a third of the rows; the first remains, to be
    compared with pgvector."""
    found = {}
    for name, rows in (("small", b.args.pgvector_rows),
                       ("third", b.args.rows // 3)):
        b.server.restart(shared_buffers=BUILD_BUFFERS)
        b.server.copy_table(b.db, "items", name, f"id < {rows}")
        if name == "small":
            check_truth(b)
        found[name] = b.build(name)
        say(f"{name}: built in {found[name]['seconds']:.1f} s")
    b.server.psql(b.db, "DROP TABLE third")
    return found


def build(b):
    columns = ", ".join(f"c{part}" for part in PARTS)
    options = b.args.profile and f"profile={b.args.profile}"
    needed = b.server.value(b.db, "SELECT lokivector_build_memory('items', "
                            f"'v', '{b.args.type}_cosine_ops', '{{{columns}}}'"
                            f", '{{{options or ''}}}')")
    parts = b.server.rows
    found = b.build("items")
    found["memory_wanted"] = int(needed)
    found["parts"] = [(name, int(size)) for name, size in parts(
        b.db, "SELECT slot_array || coalesce(' ' || attribute, ''), bytes "
        "FROM lokivector_index_slot_arrays('items_v') ORDER BY bytes DESC")]
    found["hot_bytes"] = sum(size for name, size in found["parts"]
                             if name in ("code", "link", "upper", "tid"))
    return found


# ---- searches -------------------------------------------------------------

def search(b):
    b.warm()
    found = {"plan": b.plan(), "widths": b.widths(), "points": {}}
    points = [ef for ef, _ in found["widths"].values()] + [.95]
    b.time(points[0], max(CLIENTS))
    for ef in dict.fromkeys(points):
        found["points"][str(ef)] = {
            "recall": b.recall(ef),
            "clients": {str(n): b.time(ef, n) for n in CLIENTS}}
        say(f"{ef}: {found['points'][str(ef)]}")
    return found


def filters(b):
    b.warm()
    ef, found = b.ef(), {}
    for part in PARTS:
        b.time(ef, part=part)
        found[str(part)] = dict(b.time(ef, part=part), plan=b.plan(part),
                                recall=b.recall(ef, part))
        say(f"one row of {part}: {found[str(part)]}")
    return found


def one_backend(b, first, count):
    """Latencies in ms of some queries, one after the other"""
    script = ["\\o /dev/null", "PREPARE s(integer) AS "
              + b.statement("$1", 0, 1, "items") + ";", "\\timing on"]
    script += [f"EXECUTE s({first + i});" for i in range(count)]
    text = b.server.psql(b.db, "\n".join(script), b.settings(b.ef()))
    return [float(x) for x in re.findall(r"^Time: ([0-9.]+) ms", text, re.M)]


def percentiles(ms):
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"),
                    map(float, np.percentile(ms, [50, 95, 99]))))


def cold(b):
    """The first queries of a fresh backend, shared_buffers being a quarter of
    the index"""
    kb = b.size("items_v") // 4 // 8192 * 8
    of = types.SimpleNamespace(server=b.server, db=b.db, index="items_v")
    ms, reads, first = [], [], []
    for number in range(COLD_ROUNDS):
        how = b.server.restart_cold(shared_buffers=f"{kb}kB")
        b.server.psql(b.db, "SELECT pg_prewarm('queries'), "
                      "pg_prewarm('queries_pkey')")
        before = large_server.counters(of)
        found = one_backend(b, number * COLD_QUERIES, COLD_QUERIES)
        time.sleep(SETTLE)
        reads.append(np.subtract(large_server.counters(of), before))
        ms += found
        first.append(found[0])
    blocks = np.sum(reads, axis=0) / (COLD_ROUNDS * COLD_QUERIES)
    return dict(percentiles(ms), first_ms=max(first), page_cache=how,
                shared_buffers_kb=kb, ef=b.ef(),
                **dict(zip(large_server.COUNTERS, map(float, blocks))))


def memory(b):
    """shared_buffers of 2 GB: with a page cache beside it, and with none, so
    that each block that is not in shared_buffers comes from disk.  The index is
    read into memory first, as after a start; the stage before has a server that
    does not."""
    found = {"ef": b.ef(), "shared_buffers": SMALL_BUFFERS}
    found["page_cache"] = b.server.restart_cold(shared_buffers=SMALL_BUFFERS)
    found["prewarmed"] = int(b.server.value(
        b.db, "SELECT lokivector_prewarm('items_v')"))
    with WithoutCache() as without:
        b.time(b.ef())
        alone = b.time(b.ef())
        four = b.time(b.ef(), 4)
    if without.done:
        found["alone"], found["alone_4"] = alone, four
    b.time(b.ef(), 4)
    found["beside"] = b.time(b.ef())
    found["recall"] = b.recall(b.ef())
    return found


# ---- changes --------------------------------------------------------------

def vacuum(b):
    """Each attempt deletes rows of its own, so that an interrupted one leaves
    this one all of its work."""
    s, gone = b.server, b.state["attempts"]["vacuum"]
    b.warm()
    seconds = s.seconds(b.db, f"DELETE FROM items WHERE id % {GONE} = {gone}")
    took = s.seconds(b.db, "VACUUM items", {
        "maintenance_work_mem": VACUUM_MEMORY})
    far = tenth(1, f"truth.id % {GONE} > {gone}", "q")
    return {"rows": b.args.rows // GONE, "delete_seconds": seconds,
            "seconds": took, "ef": b.ef(), "recall": b.recall(b.ef(), far=far),
            "bytes": b.size("items_v")}


def inserts(b):
    """Rows that no table has, singly, one a transaction"""
    s, n = b.server, b.args.rows
    pool = max(4 * TRIED, min(n // 10, 300_000))
    b.warm()
    s.psql(b.db, f"DELETE FROM items WHERE id >= {n}")
    large_rows.load(s, b.db, "pool", b.rows, b.args.processes, n, pool)
    s.psql(b.db, "ALTER TABLE pool ADD PRIMARY KEY (id); DROP SEQUENCE IF "
           f"EXISTS pool_next; CREATE SEQUENCE pool_next START {n}")
    script = ("INSERT INTO items SELECT * FROM pool WHERE id = "
              "(SELECT nextval('pool_next'));\n")
    found = {"synchronous_commit": "off"}

    def insert(count, clients):
        return summarize([s.pgbench(
            b.db, script, clients, {"synchronous_commit": "off"},
            transactions=max(1, count // clients))])

    for clients in CLIENTS:
        tried = insert(TRIED, clients)
        count = min(int(tried["qps"] * b.args.seconds), pool // 2 - 2 * TRIED)
        found[str(clients)] = dict(insert(max(TRIED, count), clients),
                                   count=max(TRIED, count))
    s.psql(b.db, "DROP TABLE pool; DROP SEQUENCE pool_next")
    return found


# ---- pgvector -------------------------------------------------------------

def small_figures(b, db, found):
    """Of an index on the small table: recall and latency at .95"""
    b.warm("small", db)
    ef, recall = b.widths((.95,), table="small", db=db,
                          part=SMALL)["0.95"]
    b.time(ef, table="small", db=db)
    return dict(found, ef=ef, recall=recall, clients={
        str(n): b.time(ef, n, table="small", db=db) for n in CLIENTS})


def peer(b):
    """-> a server with pgvector, or None; why there is none"""
    if b.args.type == "bytevec":
        return None, "pgvector has no bytevec"
    if b.args.pgvector_bindir:
        return Local(f"{b.args.out}/pgvector", b.args.pgvector_bindir,
                     b.args.user, b.server.settings), None
    s = b.server
    if not s.offers("vector"):
        return None, "the server has no pgvector, and no --pgvector-bindir " \
            "is given"
    s.make_database("pgv", "vector")
    if s.value("pgv", "SELECT count(*) FROM pg_proc WHERE proname = "
               "'lokivector_index_info'") != "0":
        return None, "the server's extension \"vector\" is lokivector under " \
            "pgvector's name"
    return s, None


def pgvector(b):
    """Both on the small table, each with its defaults"""
    s = b.server
    found = {"lokivector": small_figures(b, b.db, b.state["linear"]["small"])}
    queries = s.psql(b.db, f"COPY (SELECT id, v, far_{SMALL} FROM queries) "
                     "TO STDOUT")
    b.server, why = peer(b)
    try:
        if why:
            say(f"no comparison with pgvector: {why}")
            found["skipped"] = why
        else:
            s.stop()
            found["pgvector"] = pgvector_figures(b, queries)
            b.server.stop()
    finally:
        b.server = s
    return found


def pgvector_figures(b, queries):
    s = b.server
    s.start()
    s.make_database("pgv", "vector")
    large_rows.load(s, "pgv", "small", b.rows, b.args.processes, 0,
                    b.args.pgvector_rows)
    s.psql("pgv", f"""CREATE TABLE queries (id integer PRIMARY KEY,
        v {b.args.type}({b.args.dims}), far_{SMALL} float8);
        ALTER TABLE queries ALTER v SET STORAGE PLAIN;
        COPY queries FROM STDIN;\n{queries}\\.
        VACUUM (FREEZE, ANALYZE) queries; ANALYZE small""")
    found = b.build("small", "pgv", f"v {b.args.type}_cosine_ops", "")
    found["version"] = s.value("pgv", "SELECT extversion FROM pg_extension "
                               "WHERE extname = 'vector'")
    return small_figures(b, "pgv", found)


STAGES = {f.__name__: f for f in (load, truth, linear, build, search, filters,
                                  cold, memory, vacuum, inserts, pgvector)}
