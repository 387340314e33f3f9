# SPDX-License-Identifier: PostgreSQL
"""A server in the Debian system that test/chroot.sh makes.

Its cluster is thrown away at the end, or kept in a folder of the caller's,
which is seen inside by a bind mount, with a file that says what it holds.
"""
import contextlib
import fcntl
import filecmp
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHROOT = os.path.join(TOP, "test", "chroot.sh")
COPY_BLOCK = 5000
REALTIME = 10                   # priority, above the least
WARM_SECONDS = 0.3              # of each pgbench run, left out of its figures


def say(text):
    print(text, file=sys.stderr, flush=True)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def directory(path, mode="700", user=None):
    """Make a folder, or accept one that is of this user, or of the one named,
    alone -> its path without links"""
    done = subprocess.run([os.path.join(TOP, "test", "directory.sh"), path, mode,
                           *([user] if user else [])], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(1)
    return done.stdout.strip()


def binary_rows(vectors, item=">f4", number=">i4"):
    """Rows of a number from 0 on and a vector as COPY BINARY has them, in blocks"""
    dims = vectors.shape[1]
    row = np.dtype([("fields", ">i2"), ("id_len", ">i4"), ("id", number), ("len", ">i4"),
                    ("dims", ">i2"), ("unused", ">i2"), ("x", item, (dims,))])
    for at in range(0, len(vectors), COPY_BLOCK):
        part = vectors[at:at + COPY_BLOCK]
        out = np.zeros(len(part), row)
        out["fields"], out["id_len"], out["len"] = 2, row["id"].itemsize, row["x"].itemsize + 4
        out["id"] = np.arange(at, at + len(part))
        out["dims"], out["x"] = dims, part
        yield out.tobytes()


def copy_in(psql, table, blocks):
    """COPY BINARY from byte strings, by a psql whose words are given"""
    process = subprocess.Popen([*psql, "-c", f"COPY {table} FROM STDIN (FORMAT binary)"], stdin=subprocess.PIPE)
    process.stdin.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    for block in blocks:
        process.stdin.write(block)
    process.stdin.write(b"\xff\xff")
    process.stdin.close()
    if process.wait() != 0:
        raise RuntimeError(f"COPY to {table} failed")


class Timing:
    """Latencies of one pgbench run, in microseconds, and its rate"""

    def __init__(self, latencies, rate):
        self.latencies, self.rate = latencies, rate


class Server:
    def __init__(self, major, settings, keep=None, packages=(), name=""):
        """keep: a folder for the cluster, used again where there is one;
        name: of one of several servers of this process"""
        self.major = str(major)
        self.settings = settings
        self.root = output(CHROOT, "create", self.major,
                           *packages).split()[-1]
        # The folder itself becomes postgres's; what is above stays ours
        self.keep = keep and os.path.join(directory(os.path.dirname(
            os.path.abspath(keep))), os.path.basename(keep))
        self.work = "/srv/lokivector-bench-" + (
            "kept" if keep else f"{os.getpid()}{name}")
        self.bin = f"/usr/lib/postgresql/{major}/bin"
        self.running = False
        self.kept = {}
        self.loaded = set()
        self.locks = []
        os.makedirs(self.host(""), exist_ok=True)
        if keep:
            self.lock(self.keep + ".lock")
        self.binds = self.bound()

    def bound(self):
        """The work folder, and copies of the folders that an extension is
        installed into, so that no other run's lokivector comes in between
        -> options of chroot.sh"""
        binds = ["-b", f"{self.keep}:{self.work}"] if self.keep else []
        for path in (f"/usr/lib/postgresql/{self.major}/lib",
                     f"/usr/share/postgresql/{self.major}/extension"):
            copy = self.host(os.path.basename(path))
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self.root + path, copy, symlinks=True,
                            ignore=shutil.ignore_patterns("bitcode"))
            binds += ["-b", f"{copy}:{path}"]
        return binds

    def offers(self, extension):
        return os.path.exists(
            f"{self.root}/usr/share/postgresql/{self.major}/extension/"
            f"{extension}.control")

    # -- commands inside ----------------------------------------------------

    def command(self, *words, user="postgres"):
        return [CHROOT, "exec", "-u", user, *self.binds, self.major, *words]

    def inside(self, *words, user="postgres", **how):
        done = subprocess.run(self.command(*words, user=user), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              **how)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)[:200]}\n{done.stderr}")
        return done.stdout

    def host(self, path):
        """The path outside of a path below the work folder inside"""
        return os.path.join(self.keep or self.root + self.work, path)

    def write(self, name, text, how=">"):
        """As the user whom the folder belongs to, who may have links there"""
        path = f"{self.work}/{name}"
        self.inside("sh", "-c", f'cat {how}"$0"', path, input=text)
        return path

    def lock(self, path):
        """Until stop(), keep other runs from something."""
        f = open(path, "a")
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that uses {path}")
            fcntl.flock(f, fcntl.LOCK_EX)
        self.locks.append(f)

    # -- life ---------------------------------------------------------------

    def install_extension(self, targets="install"):
        """Build the working tree inside and install it for this server,
        before start().  Objects of the last time are used again."""
        self.lock(os.path.join(self.root, ".lokivector-bench"))
        self.copy_tree("/srv/lokivector-bench")
        make = f"make -C /srv/lokivector-bench with_llvm=no " \
            f"PG_CONFIG={self.bin}/pg_config"
        self.inside("sh", "-c", f"{make} -s -j$(nproc) all && "
                    f"{make} -s {targets}", user="root")
        self.locks.pop().close()

    def copy_tree(self, to):
        """The tree's files where they changed, and no others but objects
        made from them"""
        to = self.root + to
        files = set(output(os.path.join(TOP, "test", "files.sh")).split("\n"))
        files.discard("")
        for folder, _, names in os.walk(to):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), to)
                made_from = re.sub(r"\.(o|bc|d)$", ".c", path)
                if path not in files and made_from not in files:
                    os.remove(os.path.join(to, path))
        for name in files:
            source, copy = os.path.join(TOP, name), os.path.join(to, name)
            if not os.path.exists(copy) or not filecmp.cmp(source, copy,
                                                           shallow=False):
                os.makedirs(os.path.dirname(copy), exist_ok=True)
                shutil.copyfile(source, copy)
                shutil.copymode(source, copy)

    def start(self):
        if self.keep:
            self.read_kept()
        self.inside("install", "-d", "-m", "755", "-o", "postgres", "-g",
                    "postgres", self.work, user="root")
        self.running = True
        if not self.kept:
            self.inside("rm", "-rf", f"{self.work}/data", user="root")
            self.inside(f"{self.bin}/initdb", "-D", f"{self.work}/data", "-N",
                        "-A", "trust", "--no-locale", "-E", "UTF8")
            self.write("data/postgresql.conf", "include 'bench.conf'\n", ">>")
        self.inside("chown", "-R", "postgres:postgres", f"{self.work}/data",
                    user="root")
        self.pg_start()
        if self.keep and not self.kept:
            self.kept = {"tables": {}, "indexes": {}}
            self.write_kept()

    def pg_start(self, **settings):
        """Start with the settings of this run, and others just for now."""
        conf = dict(self.settings, listen_addresses="''",
                    unix_socket_directories=f"'{self.work}'", **settings)
        self.write("data/bench.conf", "".join(
            f"{k} = {v}\n" for k, v in conf.items()))
        self.inside(f"{self.bin}/pg_ctl", "-D", f"{self.work}/data", "-w",
                    "-t", "600", "-l", f"{self.work}/log", "start")

    def pg_stop(self):
        self.inside(f"{self.bin}/pg_ctl", "-D", f"{self.work}/data", "-w",
                    "-t", "600", "-m", "fast", "stop")

    def restart(self, **settings):
        """Start again, with some settings changed until the next time."""
        self.pg_stop()
        self.pg_start(**settings)

    def postmaster(self):
        with open(self.host("data/postmaster.pid")) as f:
            return int(f.readline())

    def stop(self):
        if not self.keep:
            self.throw_away()
        elif self.running and os.path.exists(
                self.host("data/postmaster.pid")):
            self.pg_stop()
            # No log is needed after a clean end, and it takes much room
            self.inside(f"{self.bin}/pg_resetwal", "-D", f"{self.work}/data")
        self.running = False
        while self.locks:
            self.locks.pop().close()

    def throw_away(self):
        """Data that goes is not to be shut down tidily."""
        with contextlib.suppress(RuntimeError):
            self.inside(f"{self.bin}/pg_ctl", "-D", f"{self.work}/data", "-w",
                        "-m", "immediate", "stop")
        shutil.rmtree(self.root + self.work, ignore_errors=True)

    # -- what is kept -------------------------------------------------------

    def read_kept(self):
        """What the cluster holds, and the end of a server left running"""
        with contextlib.suppress(FileNotFoundError):
            with open(self.host("kept.json")) as f:
                self.kept = json.load(f)
        if self.kept and os.path.exists(self.host("data/postmaster.pid")):
            with contextlib.suppress(RuntimeError):
                self.pg_stop()

    def write_kept(self):
        if self.keep:
            self.write("kept.json.part", json.dumps(self.kept, indent=1))
            os.rename(self.host("kept.json.part"), self.host("kept.json"))

    def has(self, what, name, key):
        """What is noted of a kept table or index with this key, or None"""
        found = self.kept.get(what, {}).get(name)
        return found if found and found["key"] == key else None

    def note(self, what, name, **how):
        if self.keep:
            self.kept[what][name] = how
            self.write_kept()

    def forget(self, what, name):
        if self.kept.get(what, {}).pop(name, None):
            self.write_kept()

    # -- clients ------------------------------------------------------------

    def client(self, program, db, options, *words):
        given = " ".join(f"-c {k}={v}" for k, v in (options or {}).items())
        return ["env", f"PGOPTIONS={given}", f"PGHOST={self.work}",
                f"{self.bin}/{program}", *words, db]

    def psql(self, db, sql, options=None):
        """Run SQL, return what it printed, unaligned."""
        return self.inside(*self.client("psql", db, options, "-XAtq", "-v",
                                        "ON_ERROR_STOP=1"), input=sql)

    def rows(self, db, sql, options=None):
        text = self.psql(db, sql, options)
        return [line.split("|") for line in text.splitlines()]

    def seconds(self, db, sql, options=None):
        """Seconds that one statement takes, by psql's clock"""
        text = self.psql(db, "\\timing on\n" + sql, options)
        return float(re.findall(r"^Time: ([0-9.]+) ms", text, re.M)[-1]) / 1e3

    def copy_in(self, db, table, blocks):
        copy_in(self.command(*self.client("psql", db, None, "-Xq", "-v", "ON_ERROR_STOP=1")), table, blocks)

    @contextlib.contextmanager
    def favoured(self, cores, realtime):
        """Cores and class of scheduling of this process, and of the backends
        to come, which have theirs from the postmaster."""
        processes = [0, self.postmaster()]
        before = [(p, os.sched_getaffinity(p)) for p in processes]
        try:
            for p in processes:
                os.sched_setaffinity(p, cores)
                if realtime:
                    os.sched_setscheduler(p, os.SCHED_RR,
                                          os.sched_param(REALTIME))
            yield
        finally:
            for p, cores in before:
                os.sched_setaffinity(p, cores)
                if realtime:
                    os.sched_setscheduler(p, os.SCHED_OTHER,
                                          os.sched_param(0))

    def pgbench(self, db, script, clients, options=None, seconds=None,
                transactions=None, pinned=False, realtime=False):
        """Run a script, or one of several at random, prepared -> Timing.
        Pinned: client and backends on one core, so that waking an idle core
        is not part of a latency."""
        cores = os.sched_getaffinity(0)
        if pinned:
            cores = {max(cores)}
        scripts = [script] if isinstance(script, str) else script
        files = [x for number, text in enumerate(scripts)
                 for x in ("-f", self.write(f"script-{number}.sql", text))]
        for name in glob.glob(self.host("lat.*")):
            os.remove(name)
        limit = ["-T", str(seconds)] if seconds else [
            "-t", str(transactions)]
        with self.favoured(cores, realtime):
            self.inside("sh", "-c", 'cd "$0" && exec "$@"', self.work,
                        *self.client("pgbench", db, options, "-n", "-M", "prepared", "-c", str(clients), "-j",
                                     str(clients), *limit, "-l", "--log-prefix=lat", "--random-seed=1", *files))
        log = np.concatenate([
            np.loadtxt(name, usecols=(2, 4, 5), ndmin=2)
            for name in glob.glob(self.host("lat.*"))])
        ends = log[:, 1] * 1e6 + log[:, 2]
        latencies = log[:, 0]
        if seconds:
            keep = ends >= ends.min() + WARM_SECONDS * 1e6
            if keep.sum() > 1:
                ends, latencies = ends[keep], latencies[keep]
            span = ends.max() - ends.min()
            rate = (len(ends) - 1) * 1e6 / max(span, 1)
        else:
            span = ends.max() - (ends - latencies).min()
            rate = len(ends) * 1e6 / max(span, 1)
        return Timing(latencies, rate)


class Local(Server):
    """A server of the machine's own, with its cluster in a folder; its programs are in another.  Root has it
    run as another user."""

    def __init__(self, folder, bindir, user, given):
        self.keep = self.work = os.path.abspath(folder)
        self.bin, self.settings = bindir, given
        self.user = user if os.geteuid() == 0 else None
        self.running = False

    def command(self, *words, user=None):
        if not self.user:
            return list(words)
        return ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups", *words]

    def start(self):
        """Of a cluster that is there, or of a new one.  A server that an interrupted run has left ends first,
        and its statements with it."""
        directory(self.work, "755", self.user)
        if os.path.exists(self.host("data/postmaster.pid")):
            with contextlib.suppress(RuntimeError):
                self.pg_stop()
        if not os.path.exists(self.host("data/bench.conf")):
            shutil.rmtree(self.host("data"), ignore_errors=True)
            self.inside(f"{self.bin}/initdb", "-D", f"{self.work}/data", "-A", "trust", "--no-locale", "-E", "UTF8")
            self.write("data/postgresql.conf", "include 'bench.conf'\n", ">>")
        self.pg_start()
        self.running = True

    def remove(self):
        if self.running:
            self.pg_stop()
        shutil.rmtree(self.work, ignore_errors=True)

    def make_database(self, db, extension):
        self.psql("postgres", f"DROP DATABASE IF EXISTS {db};CREATE DATABASE {db}")
        self.psql(db, f"CREATE EXTENSION {extension};CREATE EXTENSION pg_prewarm")
