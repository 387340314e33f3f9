# SPDX-License-Identifier: PostgreSQL
"""A server of the machine's own, with its cluster in a folder, for the
benchmark of a large table; and what the machine does meanwhile."""
import contextlib
import glob
import os
import re
import shutil
import subprocess
import time

import options
import watch
from cluster import Server, directory, output

TOLERATED = 1 << 20            # bytes that may stay in the page cache
COUNTERS = ("index", "heap", "toast", "read_ms")


def settings(args):
    """Those of the other benchmarks, but that commits are safe and disks are waited for"""
    return {**options.settings(args), "fsync": "on", "wal_level": "minimal",
            "max_wal_size": "4GB", "checkpoint_timeout": "15min", "track_io_timing": "on"}


class Local(Server):
    """Its programs are in a folder; root has it run as another user."""

    def __init__(self, folder, bindir, user, given):
        self.keep = self.work = os.path.abspath(folder)
        self.bin, self.settings = bindir, given
        self.user = user if os.geteuid() == 0 else None
        self.version = re.search(r"[0-9.]+", output(*self.command(
            os.path.join(bindir, "postgres"), "--version")))[0]
        self.running = False

    def command(self, *words, user=None):
        if not self.user:
            return list(words)
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                "--init-groups", *words]

    def start(self):
        """Of a cluster that is there, or of a new one.  A server that an
        interrupted run has left ends first, and its statements with it."""
        directory(self.work, "755", self.user)
        if os.path.exists(self.host("data/postmaster.pid")):
            with contextlib.suppress(RuntimeError):
                self.pg_stop()
        if not os.path.exists(self.host("data/bench.conf")):
            shutil.rmtree(self.host("data"), ignore_errors=True)
            self.inside(f"{self.bin}/initdb", "-D", f"{self.work}/data", "-A",
                        "trust", "--no-locale", "-E", "UTF8")
            self.write("data/postgresql.conf", "include 'bench.conf'\n", ">>")
        self.pg_start()

    def pg_start(self, **given):
        super().pg_start(**given)
        self.running = True

    def pg_stop(self):
        super().pg_stop()
        self.running = False

    def stop(self):
        if self.running:
            self.pg_stop()

    def remove(self):
        self.stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def offers(self, extension):
        return self.value("postgres", "SELECT count(*) FROM "
                          "pg_available_extensions WHERE name = "
                          f"'{extension}'") == "1"

    def must_have(self, extension):
        if not self.offers(extension):
            raise SystemExit(f"{extension} is not installed for the server in "
                             f"{self.bin}")

    def make_database(self, db, extension):
        self.psql("postgres", f"DROP DATABASE IF EXISTS {db};"
                  f"CREATE DATABASE {db}")
        self.psql(db, f"CREATE EXTENSION {extension};"
                  "CREATE EXTENSION pg_prewarm")

    def value(self, db, sql):
        return self.rows(db, sql)[0][0]

    def copy_table(self, db, table, made, where):
        """Some rows of a table into a new one, frozen and without a log"""
        self.psql(db, f"DROP TABLE IF EXISTS {made}")
        words = ("-Xq1", "-v", "ON_ERROR_STOP=1", "-c")
        source = subprocess.Popen(self.command(*self.client(
            "psql", db, None, *words, f"COPY (SELECT * FROM {table} WHERE "
            f"{where}) TO STDOUT (FORMAT binary)")), stdout=subprocess.PIPE)
        done = subprocess.run(self.command(*self.client(
            "psql", db, None, *words, f"CREATE TABLE {made} (LIKE {table})",
            "-c", f"COPY {made} FROM STDIN (FORMAT binary, FREEZE)")),
            stdin=source.stdout)
        source.stdout.close()
        if source.wait() != 0 or done.returncode != 0:
            raise RuntimeError(f"{table} was not copied to {made}")
        self.psql(db, f"ANALYZE {made}")

    # -- out of memory ------------------------------------------------------

    def restart_cold(self, **given):
        """Start with nothing in memory -> how the page cache was emptied"""
        self.stop()
        how = "drop_caches"
        if not drop_caches():
            how = "POSIX_FADV_DONTNEED"
            left = forget_pages(self)
            if left > TOLERATED:
                how += f", {left >> 20} MB stayed"
        self.pg_start(**given)
        return how


def cached_bytes(server):
    """How much of the cluster's tables is in the page cache"""
    if not shutil.which("fincore"):
        return 0
    left = subprocess.run(
        ["fincore", "-b", "-n", "-o", "RES", *glob.glob(
            server.host("data/base/*/*"))], stdout=subprocess.PIPE, text=True)
    return sum(int(x) for x in left.stdout.split())


def forget_pages(server):
    """Take the cluster's files out of the page cache, of a stopped server;
    only where they stay there the whole cache is dropped."""
    for folder, _, found in os.walk(server.host("data")):
        for name in found:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
    left = cached_bytes(server)
    if left > TOLERATED and drop_caches():
        left = cached_bytes(server)
    return left


def drop_caches():
    """All of the machine's page cache; False where that is not allowed"""
    try:
        os.sync()
        with open("/proc/sys/vm/drop_caches", "w") as f:
            f.write("3")
    except OSError:
        return False
    return True


def counters(c):
    """Blocks read so far, of the index, the table and its TOAST"""
    row = c.server.rows(c.db, f"""
        SELECT i.idx_blks_read, t.heap_blks_read,
            coalesce(t.toast_blks_read + t.tidx_blks_read, 0),
            d.blk_read_time
        FROM pg_statio_user_indexes i JOIN pg_statio_user_tables t
            USING (relid), pg_stat_database d
        WHERE i.indexrelname = '{c.index}' AND d.datname = '{c.db}'""")[0]
    return [float(x) for x in row]


def disk_bytes(folder):
    """Of all files, which may come and go"""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512
    return total


def used_memory():
    """Of the machine, without the page cache"""
    with open("/proc/meminfo") as f:
        kb = dict(re.findall(r"^(\w+): +(\d+) kB", f.read(), re.M))
    return (int(kb["MemTotal"]) - int(kb["MemAvailable"])) * 1024


class Limits(watch.Beside):
    """The most memory and disk that a stage has"""

    every = 5

    def __init__(self, folder):
        super().__init__(None)
        self.folder, self.memory, self.disk = folder, 0, 0

    def sample(self):
        self.memory = max(self.memory, used_memory())
        self.disk = max(self.disk, disk_bytes(self.folder))

    def __exit__(self, *what):
        super().__exit__(*what)
        self.sample()


class Memory(watch.Memory):
    """Looked at for a twentieth of the time: the page tables of gigabytes are
    long"""

    def sample(self):
        self.every = max(watch.EVERY, 20 * timed(super().sample)[0])


class Progress(watch.Beside):
    """Samples of lokivector_progress, or for pgvector of the server's view:
    (seconds, phase, blocks, of, rows, of)"""

    every = 1
    own = """SELECT extract(epoch FROM clock_timestamp()), phase, 0, 0,
        coalesce(done, 0), coalesce(total, 0) FROM lokivector_progress"""
    core = """SELECT extract(epoch FROM clock_timestamp()), phase, blocks_done,
        blocks_total, tuples_done, tuples_total
        FROM pg_stat_progress_create_index"""

    def __init__(self, server, db):
        super().__init__(server)
        self.db, self.rows = db, []
        self.sql = self.own if db == "loki" else self.core

    def sample(self):
        with contextlib.suppress(RuntimeError):
            self.rows += self.server.rows(self.db, self.sql)


class WithoutCache(watch.Beside):
    """The page cache is emptied again and again, so that what shared_buffers
    does not hold comes from disk."""

    every = 0.5

    def __init__(self):
        super().__init__(None)
        self.done = 0

    def sample(self):
        with contextlib.suppress(OSError):
            with open("/proc/sys/vm/drop_caches", "w") as f:
                f.write("1")
            self.done += 1


def bindir_of(given):
    """The folder of the server's programs: the one given, that of PG_CONFIG,
    or of the newest server installed as Debian has them"""
    config = os.environ.get("PG_CONFIG")
    if given:
        return os.path.abspath(given)
    if config:
        return output(config, "--bindir").strip()
    newest = max(glob.glob("/usr/lib/postgresql/*/bin/postgres"), default=None,
                 key=lambda path: int(path.split("/")[4]))
    if newest:
        return os.path.dirname(newest)
    return output("pg_config", "--bindir").strip()


def machine():
    """What the report says of it"""
    with open("/proc/cpuinfo") as f:
        model = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    with open("/proc/meminfo") as f:
        memory = int(re.search(r"MemTotal: +(\d+)", f.read())[1]) * 1024
    return {"cores": len(os.sched_getaffinity(0)), "memory": memory,
            "processor": model[1] if model else os.uname().machine}


def timed(work):
    """-> seconds, and what it gave"""
    start = time.monotonic()
    found = work()
    return time.monotonic() - start, found
