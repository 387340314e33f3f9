# SPDX-License-Identifier: PostgreSQL
"""Goal 4 of the write path: inserts into an indexed table, by one client and by
many, what they wait for and write to the log."""
import os

import watch
from cluster import say
from measure import summarize
from session import timed

MANY = 16
LOGGED = 1000                   # rows after a checkpoint, and rows after those
WAIT_SECONDS = 8
PART = 0.18                     # of the rows held out, for each measure
STATEMENT = 100                 # rows of a multi-row INSERT


def single_rates(lab, held, raw):
    """Rows a second, singly, by one client and by as many as cores"""
    for clients in (1, os.cpu_count()):
        count = int(held * PART) // clients * clients
        found = []
        for c in lab.both:
            with timed(lab.args):
                found.append(summarize([c.insert_rows(count, clients)]))
        raw[f"{clients} clients"] = found
        lab.row(4, f"single inserts/s, {clients} "
                f"client{'s' * (clients > 1)}", *[t["qps"] for t in found],
                target=">= 5", note="p99 {:.0f} and {:.0f} us".format(
                    *[t["p99_us"] for t in found]))


def insert_by_many(c, table, n):
    """Single inserts of many clients.  Their rows are sums of two of the
    set's, so that there are enough."""
    script = (f"\\set a random(0, {n - 1})\n\\set b random(0, {n - 1})\n"
              f"INSERT INTO {table} SELECT nextval('churn_more'), "
              f"a.embedding + b.embedding FROM {c.items} a, {c.items} b "
              "WHERE a.id = :a AND b.id = :b;\n")
    c.server.psql(c.db, "DROP SEQUENCE IF EXISTS churn_more; "
                  f"CREATE SEQUENCE churn_more START {n}")
    return c.server.pgbench(c.db, script, MANY, {"synchronous_commit": "off"},
                            seconds=WAIT_SECONDS)


def slowest_ms(timings):
    return summarize([timings])["p99_us"] / 1e3


def slowest_without(lab, n):
    """p99 in ms of a table that has no index"""
    c = lab.ours
    c.server.psql(c.db, f"CREATE TABLE bare AS SELECT id, embedding FROM {c.items} LIMIT 0")
    with timed(lab.args):
        found = slowest_ms(insert_by_many(c, "bare", n))
    c.server.psql(c.db, "DROP TABLE bare")
    return found


def waits(lab, raw):
    """What many clients wait for; not in the real-time class, where nobody
    would sample."""
    n = len(lab.data.base)
    shares, rates, shown, slow = [], [], [], []
    for c in lab.both:
        with timed(lab.args), watch.sampled(c, watch.WAITS) as sampled:
            t = insert_by_many(c, "churn", n)
        rows = [(a, b, int(n)) for a, b, n in sampled]
        total = sum(n for *_, n in rows)
        bad = sum(n for a, b, n in rows if (a == "Lock" and b != "extend")
                  or b == "LockManager")
        shares.append(bad / max(1, total))
        rates.append(t.rate)
        slow.append(slowest_ms(t))
        raw[f"waits {c.name}"] = rows
        shown.append(f"{c.name}, {total} samples: " + ", ".join(
            f"{a} {b} {n}" for a, b, n in rows if a != "running"))
    lab.row(4, f"single inserts/s, {MANY} clients", *rates)
    lab.row(4, f"p99 of single inserts by {MANY} clients, ms", *slow,
            note=f"without an index {slowest_without(lab, n):.3g}")
    lab.row(4, f"share of {MANY} clients' samples that wait for a Lock other "
            "than extend, or LockManager", *shares, target="<= 0.01",
            of="ours", note="; ".join(shown))


def position(c):
    return c.server.rows(c.db, "SELECT pg_current_wal_insert_lsn()")[0][0]


def log_of(c, start, end):
    """-> bytes of records, of page images, bytes of records by manager"""
    rows = c.server.rows(
        c.db, "SELECT \"resource_manager/record_type\", record_size, fpi_size "
        f"FROM pg_get_wal_stats('{start}', '{end}') WHERE count > 0")
    return (sum(int(r[1]) for r in rows), sum(int(r[2]) for r in rows),
            {r[0]: int(r[1]) for r in rows})


def log(lab, raw):
    """Bytes of log a row: of the first rows after a checkpoint, and of the
    records alone, which is what is left when every page was written since"""
    first, steady, shown = [], [], []
    for c in lab.both:
        c.server.psql(c.db, "CREATE EXTENSION IF NOT EXISTS pg_walinspect;"
                      "CHECKPOINT")
        start = position(c)
        c.insert_rows(LOGGED, 1)
        middle = position(c)
        c.insert_rows(LOGGED, 1)
        end = position(c)
        records, images, _ = log_of(c, start, middle)
        first.append((records + images) / LOGGED)
        records, images, parts = log_of(c, middle, end)
        steady.append(records / LOGGED)
        shown.append(f"{c.name}: " + ", ".join(
            f"{name} {n / LOGGED:.0f}" for name, n in sorted(
                parts.items(), key=lambda x: -x[1]) if n >= LOGGED)
            + f", page images of these rows {images / LOGGED:.0f}")
    raw["log"] = first, steady, shown
    bound = "<= 1500" if lab.data.dims <= 128 else None
    lab.row(4, "log, bytes an insert without page images", *steady,
            target=bound, of="ours", note="; ".join(shown))
    lab.row(4, f"log, bytes an insert, first {LOGGED} rows after a checkpoint",
            *first, target="<= 0.333")


def several(lab, held, raw):
    """Many rows a statement"""
    single = [t["qps"] for t in raw["1 clients"]]
    count = int(held * PART) // STATEMENT * STATEMENT
    rates = [[], []]
    for i, c in enumerate(lab.both):
        at = int(c.server.rows(c.db, "SELECT nextval('churn_next')")[0][0])
        script = ";\n".join(
            f"INSERT INTO churn SELECT id, embedding FROM {c.items} WHERE id "
            f">= {at + n} AND id < {at + n + STATEMENT}"
            for n in range(0, count, STATEMENT))
        took = lab.seconds(c, f"DO $$ BEGIN {script}; END $$")
        rates[0].append(count / took)
        c.server.psql(c.db, f"COPY (SELECT * FROM {c.items} WHERE id >= "
                      f"{at + count} AND id < {at + 2 * count}) TO "
                      f"'{c.server.work}/rows.copy' (FORMAT binary)")
        took = lab.seconds(c, f"COPY churn FROM '{c.server.work}/rows.copy' "
                           "(FORMAT binary)")
        rates[1].append(count / took)
        os.remove(lab.server.host("rows.copy"))
    for what, found in zip((f"INSERT of {STATEMENT} rows", "COPY"), rates):
        lab.row(4, f"rows/s of {what} into an indexed table", *found,
                target=f">= {single[0]:.0f}", of="ours", note="target: "
                "faster than single inserts by one client")


def measure_insert(lab):
    n = len(lab.data.base)
    held, raw = int(n * lab.args.held_out), {}
    if held < 2 * LOGGED / (1 - 4 * PART):
        raise RuntimeError("too few rows are held out")
    for c in lab.both:
        c.churn_table(n, held)
    single_rates(lab, held, raw)
    log(lab, raw)
    several(lab, held, raw)
    for c in lab.both:
        done = int(c.server.rows(c.db, "SELECT count(*) FROM churn")[0][0])
        c.server.psql(c.db, f"INSERT INTO churn SELECT * FROM {c.items} i "
                      "WHERE NOT EXISTS (SELECT FROM churn WHERE id = i.id)")
        say(f"{c.name}: {done} of {n} rows were inserted while timed")
    recall = [lab.recall_in(c, lab.bench.judge, "churn", 40)
              for c in lab.both]
    lab.row(4, f"recall@10 at ef_search 40 after inserts of "
            f"{lab.args.held_out:.0%} of the rows", *recall)
    waits(lab, raw)
    lab.raw["insert"] = raw
    drop(lab, "churn")


def drop(lab, table):
    for c in lab.both:
        c.server.psql(c.db, f"DROP TABLE {table}; CHECKPOINT")

