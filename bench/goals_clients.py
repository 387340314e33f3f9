# SPDX-License-Identifier: PostgreSQL
"""Goal 9: many clients.  Locks of a scan, what backends wait for, and whether
the pages that all searches need stay in a small shared_buffers."""
import os
import re
import threading

from cluster import say

SAMPLE_SECONDS = 20
MANY = 16
# src/hnsw/definition/layout.h
SLOT_ARRAY = {3: "code", 4: "link", 7: "upper"}
SLOT_ARRAY_BYTE = 8192 - 16 + 10
WAIT_TYPES = ("Lock", "LWLock", "BufferPin")
HOT_QUERIES = 1000


# ---- locks ----------------------------------------------------------------

def locks(lab, c, isolation):
    """Locks of a backend with a scan in the middle, but for those on its own
    transaction -> list of (relation, mode)"""
    sql = (f"BEGIN ISOLATION LEVEL {isolation};"
           f"DECLARE found CURSOR FOR {c.statement(10, 0)};"
           "MOVE 1 IN found;"
           "SELECT coalesce(l.relation::regclass::text, l.locktype), l.mode "
           "FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype "
           "NOT IN ('virtualxid', 'transactionid') AND l.relation IS "
           "DISTINCT FROM 'pg_locks'::regclass ORDER BY 1, 2;")
    return [tuple(row) for row in lab.server.rows(c.db, sql, c.options())]


def measure_locks(lab):
    others, shown = [], []
    for c in lab.both:
        plain = {mode for _, mode in locks(lab, c, "REPEATABLE READ")}
        serial = {mode for _, mode in locks(lab, c, "SERIALIZABLE")}
        predicate = [row for row in locks(lab, c, "SERIALIZABLE")
                     if row == (c.index, "SIReadLock")]
        others.append(len((plain | serial) - {
            "AccessShareLock", "SIReadLock"}))
        shown.append(f"{c.name}: {', '.join(sorted(plain))}; SERIALIZABLE: "
                     f"{', '.join(sorted(serial))}, SIReadLock on the index "
                     f"{'yes' if predicate else 'no'}")
        if c is lab.ours and not predicate:
            others[-1] += 1
    lab.row(9, "kinds of locks of a scan beside AccessShareLock and "
            "SIReadLock", *others, target="<= 0", of="ours",
            note="; ".join(shown))


# ---- waits ----------------------------------------------------------------

SAMPLER = f"""
CREATE TEMP TABLE seen (type text, event text);
DO $$
DECLARE
    until timestamptz := clock_timestamp() + interval '{SAMPLE_SECONDS} s';
BEGIN
    WHILE clock_timestamp() < until LOOP
        PERFORM pg_stat_clear_snapshot();
        INSERT INTO seen SELECT coalesce(wait_event_type, 'running'),
            coalesce(wait_event, '') FROM pg_stat_activity
            WHERE application_name = 'pgbench' AND state = 'active';
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
SELECT type, event, count(*) FROM seen GROUP BY 1, 2 ORDER BY 3 DESC;
"""


def sampled(lab, c, clients):
    """What the backends of a load wait for -> {(type, event): samples}"""
    found, script = {}, (
        f"\\set q random(0, {len(lab.data.queries) - 1})\n"
        f"{c.statement(10, ':q')};\n")

    def sample():
        for type_, event, count in lab.server.rows(c.db, SAMPLER):
            found[type_, event] = int(count)

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        lab.server.pgbench(c.db, script, clients, c.options(lab.ef(c)[0]),
                           seconds=SAMPLE_SECONDS)
    finally:
        sampler.join()
    return found


def is_wait(type_, event):
    """Whether scans stand in each other's way"""
    return type_ in ("Lock", "BufferPin") or event.startswith("BufferContent")


def measure_waits(lab):
    raw = []
    for clients in (2 * os.cpu_count(), MANY):
        bad, total, shown = [], [], []
        for c in lab.both:
            lab.ef(c)
            # A quarter of the index in memory: reads and replacement, too
            lab.server.restart(
                shared_buffers=f"{lab.bytes(c) // 4 // 8192 * 8}kB")
            found = sampled(lab, c, clients)
            raw.append({"contender": c.name, "clients": clients, "samples": {
                " ".join(key): n for key, n in found.items()}})
            bad.append(sum(n for key, n in found.items() if is_wait(*key)))
            total.append(sum(found.values()))
            shown.append(f"{c.name}: " + ", ".join(
                f"{' '.join(key).strip()} {n}" for key, n in found.items()
                if key[0] in WAIT_TYPES))
        lab.row(9, f"samples of {clients} clients that wait for a Lock, a "
                "BufferContent lock or a pin", *bad, target="<= 0",
                of="ours", note=f"of {total[0]} and {total[1]} samples; "
                + "; ".join(shown))
    lab.raw["waits"] = raw
    lab.server.restart()


# ---- hot pages ------------------------------------------------------------

def resident(lab, c):
    """Blocks of the index in shared_buffers, by slot array where it is ours,
    and how many of them the clock sweep sees as used
    -> {slot array: (blocks, used)}
    """
    array = f"get_byte(get_raw_page('{c.index}', b.relblocknumber::int), " \
        f"{SLOT_ARRAY_BYTE})" if c is lab.ours else "0"
    # get_raw_page reads through shared buffers: the list is made before
    rows = lab.server.rows(c.db, f"""
        CREATE TEMP TABLE held AS SELECT relblocknumber, usagecount
            FROM pg_buffercache WHERE relfilenode =
                pg_relation_filenode('{c.index}') AND reldatabase = (SELECT
                oid FROM pg_database WHERE datname = current_database());
        SELECT {array}, count(*), count(*) FILTER (WHERE usagecount > 1)
            FROM held b GROUP BY 1""")
    found = {}
    for f, n, used in rows:
        name = SLOT_ARRAY.get(int(f), "other") if c is lab.ours else "all"
        blocks, hot = found.get(name, (0, 0))
        found[name] = blocks + int(n), hot + int(used)
    return found


def index_reads(c):
    return int(c.server.rows(
        c.db, "SELECT pg_stat_clear_snapshot(), idx_blks_read FROM "
        f"pg_statio_user_indexes WHERE indexrelname = '{c.index}'")[0][1])


def search(lab, c, count):
    """Blocks of the index that each of some queries read"""
    script = [f"PREPARE s(bigint) AS {c.statement(10, '$1')};"]
    script += [f"EXECUTE s({i % len(lab.data.queries)});"
               for i in range(count)]
    before = index_reads(c)
    c.server.psql(c.db, "\\o /dev/null\n" + "\n".join(script)
                  + "\nSELECT pg_stat_force_next_flush();",
                  c.options(lab.ef(c)[0]))
    return (index_reads(c) - before) / count


def filler(lab, c):
    """A table as large as the index"""
    kb = lab.bytes(c) // 8192 * 8
    c.server.psql(c.db, f"""
        CREATE EXTENSION IF NOT EXISTS pg_buffercache;
        CREATE EXTENSION IF NOT EXISTS pageinspect;
        DROP TABLE IF EXISTS filler;
        CREATE TABLE filler (id bigint PRIMARY KEY, t text);
        ALTER TABLE filler ALTER t SET STORAGE PLAIN;
        INSERT INTO filler SELECT i, repeat('x', 7900)
            FROM generate_series(1, {kb // 8}) i;
        VACUUM ANALYZE filler; CHECKPOINT""")


def disturbed(lab, c, raw):
    """Blocks read a query: as it was, after a sequential scan of a large
    table, and after as many of its rows were read by key as fill half of
    shared_buffers; and the hot pages before and after."""
    filler(lab, c)
    # Three quarters of the index, so that it does not fit
    buffers = lab.bytes(c) * 3 // 4 // 8192
    lab.server.restart(shared_buffers=f"{buffers * 8}kB")
    search(lab, c, HOT_QUERIES)
    found = {"before": search(lab, c, 100), "held": [resident(lab, c)]}
    search(lab, c, HOT_QUERIES)
    c.server.psql(c.db, "SELECT count(*) FROM filler WHERE t < 'a'",
                  {"max_parallel_workers_per_gather": 0})
    found["held"].append(resident(lab, c))
    found["scanned"] = search(lab, c, 100)
    search(lab, c, HOT_QUERIES)
    c.server.psql(
        c.db, f"SELECT sum(length(f.t)) FROM generate_series(1, "
        f"{buffers // 2}) i, LATERAL (SELECT t FROM filler WHERE id = i "
        "OFFSET 0) f", {"enable_seqscan": "off"})
    found["held"].append(resident(lab, c))
    found["filled"] = search(lab, c, 100)
    c.server.psql(c.db, "DROP TABLE filler")
    raw[c.name] = found
    say(f"{c.name}: {found}")
    return found


def hot_blocks(held):
    """Blocks that searches need, not those of REFINE and the rest"""
    return sum(n for array, (n, _) in held.items() if array != "other")


def measure_hot(lab):
    raw = {}
    both = [disturbed(lab, c, raw) for c in lab.both]
    lab.raw["hot"] = raw
    held = [[hot_blocks(h) for h in found["held"]] for found in both]
    detail = "; ".join(
        f"{array} " + ", ".join(str(h.get(array, (0, 0))[0])
                                 for h in both[0]["held"])
        for array in SLOT_ARRAY.values())
    pages = sum(f["pages"] for f in lab.built[lab.ours.name]["slot_arrays"]
                if f["slot_array"] in SLOT_ARRAY.values())
    lab.row(9, "share of the CODE, LINK and UPPER pages (pgvector: all) in "
            "shared_buffers that stay there during a large sequential scan",
            *[h[1] / h[0] for h in held], target=">= 0.95", of="ours",
            note="shared_buffers is 3/4 of the index")
    lab.row(9, "the same, while rows read by key fill half of shared_buffers",
            *[h[2] / h[0] for h in held], target=">= 1",
            note=f"of {pages} pages, at first, after the scan, after the "
            f"reads by key: {detail}")
    for what, when in (("undisturbed", "before"),
                       ("after the sequential scan", "scanned"),
                       ("after the reads by key", "filled")):
        lab.row(9, f"index blocks read a query, {what}",
                *[found[when] for found in both])
    lab.server.restart()
