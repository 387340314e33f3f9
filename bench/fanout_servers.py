# SPDX-License-Identifier: PostgreSQL
"""The servers of fanout.py: a coordinator and two workers on one machine."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from cluster import directory
from shapes import Psql

NODES = ["coordinator", "worker_1", "worker_2"]
SETTINGS = """
listen_addresses = ''
shared_buffers = '1GB'
maintenance_work_mem = '1GB'
max_wal_size = '2GB'
wal_level = logical             # a shard of Citus moves while rows are written
max_wal_senders = 20
max_replication_slots = 20
max_worker_processes = 30
max_prepared_transactions = 100
"""
CITUS = """
shared_preload_libraries = 'citus'
citus.node_conninfo = 'sslmode=prefer'
citus.local_hostname = '{0}'
"""


class Servers:
    """Clusters in a folder, which root gives to the user postgres; None: a temporary one"""

    def __init__(self, folder):
        config = os.environ.get("PG_CONFIG", "pg_config")
        self.user = "postgres" if os.geteuid() == 0 else None
        # Without root's groups either
        self.who = dict(user=self.user, group=self.user, extra_groups=[]) if self.user else {}

        def place(what):
            return subprocess.run([config, "--" + what], check=True, text=True,
                                  **self.who, stdout=subprocess.PIPE).stdout.strip()

        self.citus = os.path.exists(place("sharedir") + "/extension/citus.control")
        bindir = place("bindir")
        # The clients run as root, so their folder has to be root's
        os.environ["PATH"] = (directory(bindir, "755", "root") if self.user else bindir) \
            + ":" + os.environ["PATH"]
        if folder:
            self.dir = directory(folder, "755", self.user)
        else:
            self.dir = tempfile.mkdtemp(prefix="lokivector-fanout-", dir="/var/tmp")
            if self.user:
                shutil.chown(self.dir, self.user)

    def run(self, *words):
        subprocess.run(words, check=True, cwd="/", **self.who, stdout=subprocess.DEVNULL)

    def start(self):
        self.stop()
        for node in NODES:
            path = os.path.join(self.dir, node)
            if not os.path.exists(path):
                self.run("initdb", "-D", path, "-N", "-A", "trust", "-U", "postgres",
                         "--no-locale", "-E", "UTF8")
                given = SETTINGS + (CITUS.format(self.dir) if self.citus else "") \
                    + f"port = {self.port(node)}\nunix_socket_directories = '{self.dir}'\n"
                self.run("sh", "-c", 'printf %s "$0" >>"$1"', given, path + "/postgresql.conf")
            self.run("pg_ctl", "-D", path, "-w", "-t", "600", "-l", path + ".log", "start")

    def stop(self):
        for node in NODES:
            path = os.path.join(self.dir, node)
            if os.path.exists(path + "/postmaster.pid"):
                # A machine that lost its power leaves the file without a server
                with contextlib.suppress(subprocess.CalledProcessError):
                    self.run("pg_ctl", "-D", path, "-w", "-m", "fast", "stop")

    def port(self, node):
        return 5432 + NODES.index(node)

    def at(self, node, database):
        """A connection string"""
        return f"host={self.dir} port={self.port(node)} user=postgres dbname={database}"

    def psql(self, node, database):
        return Psql(self.at(node, database))

    def database(self, node, name, extension="lokivector"):
        """Make it again"""
        db = self.psql(node, "postgres")
        db.run(f"SET client_min_messages = error; DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        db.run(f"CREATE DATABASE {name}")
        db = self.psql(node, name)
        db.run(f"SET client_min_messages = error; CREATE EXTENSION {extension}")
        return db


def copy_in(to):
    return subprocess.Popen(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", to, "-c",
                             "COPY items FROM STDIN (FORMAT binary)"], stdin=subprocess.PIPE)


def finish(load):
    load.stdin.close()
    if load.wait() != 0:
        raise SystemExit("could not fill a table")


def fill(to, blocks):
    """Blocks of COPY's binary format into the table items"""
    load = copy_in(to)
    for block in blocks:
        load.stdin.write(block)
    finish(load)


def pipe(come, query, to):
    """Rows of a query in one database into the table items of another"""
    load = copy_in(to)
    subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", come, "-c",
                    f"COPY ({query}) TO STDOUT (FORMAT binary)"], check=True, stdout=load.stdin)
    finish(load)
