# SPDX-License-Identifier: PostgreSQL
"""Goal 8 of the write path: loading.

The same files for both: the text that lokivector writes, which has the
shortest digits that give the same float, and binary.
"""
import os
import time

from cluster import say

ROUNDS = 3


def files(lab, *formats):
    """The set in the server's folder -> format: path"""
    c, found = lab.ours, {}
    for format_ in formats:
        found[format_] = f"{lab.server.work}/rows.{format_}"
        c.server.psql(c.db, f"COPY (SELECT id, embedding FROM {c.items} ORDER "
                      f"BY id) TO '{found[format_]}' (FORMAT {format_})")
    return found


def remove(lab, paths):
    for path in paths.values():
        os.remove(lab.server.host(os.path.basename(path)))


def empty_table(c, name, dims):
    c.server.psql(c.db, f"SET client_min_messages = warning;"
                  f"DROP TABLE IF EXISTS {name}; CREATE TABLE {name} "
                  f"(id bigint, embedding {c.kind}({dims}));"
                  f"ALTER TABLE {name} SET (parallel_workers = "
                  f"{c.args.workers})")


def copy_seconds(lab, paths, format_, before):
    """before: a statement of the same transaction, which saves the log where
    it is TRUNCATE and wal_level is minimal"""
    def one(c):
        empty_table(c, "loaded", lab.data.dims)
        c.server.psql(c.db, "CHECKPOINT")
        took = lab.seconds(c, f"BEGIN; {before} COPY loaded FROM "
                           f"'{paths[format_]}' (FORMAT {format_})")
        c.server.psql(c.db, "DROP TABLE loaded; CHECKPOINT")
        return took
    return one


def measure_load(lab):
    n = len(lab.data.base)
    paths = files(lab, "text", "binary")
    # The log is not to fill the disk: each table starts with a checkpoint
    lab.server.restart(max_wal_size="2GB", wal_level="minimal")
    for format_, target in (("text", ">= 2"), ("binary", None)):
        size = os.path.getsize(lab.server.host(f"rows.{format_}"))
        for before, how in (("", ""), ("TRUNCATE loaded;", ", without a log")):
            took = lab.turns(ROUNDS, copy_seconds(lab, paths, format_, before))
            say(f"{format_}{how}: {took}")
            lab.row(8, f"rows/s of COPY, {format_}{how}, into a table without "
                    "an index", *[n / t for t in took], target=target,
                    note=f"{size / n:.0f} bytes a row")
    remove(lab, paths)
    lab.server.restart()


def measure_loaded(lab):
    """Rows from text to a finished index, ours alone"""
    c, path = lab.ours, files(lab, "text")["text"]
    lab.server.restart(max_wal_size="2GB")
    empty_table(c, "loaded", lab.data.dims)
    copy = lab.seconds(c, f"COPY loaded FROM '{path}'")
    build = lab.seconds(c, lab.index_sql(c, "loaded", "loaded_idx"),
                        pinned=False)
    c.server.psql(c.db, "DROP TABLE loaded; CHECKPOINT")
    bound = "<= 90" if len(lab.data.base) >= 10 ** 6 else None
    lab.row(8, "seconds to load (text COPY) and index", copy + build,
            target=bound, note=f"{copy:.1f} + {build:.1f}")
    remove(lab, {"text": path})
    lab.server.restart()


def restore_seconds(lab, c, dump, jobs):
    server = lab.server
    server.psql("postgres", "DROP DATABASE IF EXISTS restored;"
                "CREATE DATABASE restored")
    start = time.monotonic()
    server.inside(*server.client("pg_restore", dump, None, "-d", "restored",
                                 "-j", str(jobs)))
    took = time.monotonic() - start
    valid = server.rows("restored", "SELECT count(*) FROM pg_index WHERE "
                        "indisvalid AND indexrelid::regclass::text LIKE "
                        "'part%_idx'")[0][0]
    if valid != "2":
        raise RuntimeError(f"{c.name}: {valid} of 2 indexes restored")
    server.psql("postgres", "DROP DATABASE restored")
    return took


def measure_restore(lab):
    """Two tables with half of the rows each, and their indexes"""
    server, half = lab.server, len(lab.data.base) // 2
    one, two = [], []
    for c in lab.both:
        dump = f"{server.work}/dump"
        for part in (0, 1):
            name = f"part{part}"
            empty_table(c, name, lab.data.dims)
            c.server.psql(c.db, f"INSERT INTO {name} SELECT id, embedding "
                          f"FROM {c.items} WHERE id >= {part * half} AND id < "
                          f"{(part + 1) * half};"
                          + lab.index_sql(c, name, f"{name}_idx"))
        server.inside(*server.client("pg_dump", c.db, None, "-Fc", "-Z0", "-f",
                                     dump, "-t", "part0", "-t", "part1",
                                     "--extension", c.extension))
        one.append(restore_seconds(lab, c, dump, 1))
        two.append(restore_seconds(lab, c, dump, 2))
        server.psql(c.db, "DROP TABLE part0, part1")
        os.remove(server.host("dump"))
    lab.row(8, "seconds of pg_restore -j 2 of two tables with their indexes",
            *two, target="<= 0.5", note="-j 1: {:.1f} and {:.1f}".format(*one))
    lab.row(8, "the same over the seconds of -j 1",
            *[b / a for a, b in zip(one, two)])
