# SPDX-License-Identifier: PostgreSQL
"""Libraries in processes of their own, measured as contenders are: what a graph costs without a server."""
import glob
import itertools
import os
import subprocess
import sys
import tempfile

import numpy as np

import datasets
import extensions
import needs
import options
import truth
from cluster import TOP, Timing, output, say

BLOCK = 20000
SAVE_SECONDS = 20               # a build worth keeping
SHARE_OF_MEMORY = 0.2           # larger ones run without the server beside


class Library:
    """A program that takes commands as hnswlib.cpp says; `program` starts it"""

    db = extension = None
    in_server = changes = False
    saves = True                # its program has "save" and "load"
    columns = ()                # of a database: arrays of integers

    def __init__(self, args):
        self.args = args
        self.process = None

    @property
    def name(self):
        return f"{self.extension} in-process"

    def prepare(self):
        pass

    def load(self, data):
        self.data = data
        size = len(data.base) * data.dims * 4
        self.apart = size > SHARE_OF_MEMORY * options.memory()
        return 0.0

    # -- the process --------------------------------------------------------

    def send(self, line, arrays=()):
        """A command and its values -> the lines of the answer"""
        pipe = self.process.stdin
        pipe.write(line.encode() + b"\n")
        for array in arrays:
            pipe.write(np.ascontiguousarray(array, "<i4" if array.dtype.kind == "i" else "<f4").tobytes())
        pipe.flush()
        answer = []
        while True:
            line = self.process.stdout.readline().decode()
            if not line:
                raise RuntimeError(f"{self.extension} ended")
            if line == "done\n":
                return answer
            answer.append(line)

    def prepared(self, rows):
        rows = np.asarray(rows, np.float32)
        if self.args.metric == "cosine":
            norm = np.linalg.norm(rows, axis=1, keepdims=True)
            rows = rows / np.where(norm > 0, norm, 1)
        return rows

    def build(self):
        a, data = self.args, self.data
        self.close()
        self.process = subprocess.Popen(
            self.program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        before = self.resident()
        space = "l2" if a.metric == "l2" else "ip"
        threads = a.workers + 1
        stem = os.path.join(
            datasets.cache_dir(), f"{self.extension}-links-{data.name}-{a.metric}-{a.m}-"
            f"{a.ef_construction}-{truth.digest(data)}-{threads}-")
        kept = glob.glob(glob.escape(stem) + "*")
        shape = f"{len(data.base)} {data.dims} {space} {a.m} " \
            f"{a.ef_construction}"
        rows = itertools.chain(self.columns, (self.prepared(data.base[at:at + BLOCK])
                                              for at in range(0, len(data.base), BLOCK)))
        if self.columns:
            self.send(f"columns {len(self.columns)}")
        if kept:
            seconds = float(kept[0][len(stem):])
            self.send(f"load {kept[0]} {shape}", rows)
        else:
            answer = self.send(f"build {shape} {threads}", rows)
            seconds = float(answer[0])
            if a.keep and self.saves and seconds > SAVE_SECONDS:
                self.send(f"save {stem}{seconds:.1f}")
        self.send(f"queries {len(data.queries)}",
                  [self.prepared(data.queries)])
        return {"contender": self.name, "seconds": seconds,
                "kept": bool(kept), "index_bytes": self.resident() - before,
                "table_bytes": 0, "info": [], "slot_arrays": []}

    def resident(self):
        with open(f"/proc/{self.process.pid}/statm") as f:
            return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None

    # -- as a contender -----------------------------------------------------

    def warm(self, toast=True):
        pass

    def check_plan(self, k):
        pass

    def values(self, k):
        return extensions.widths(self.args.ef, k)

    def kept_recall(self, k, ef, found=None):
        return None

    def ask(self, queries, column, values):
        """From here on these queries, each with a value of a column; a column below 0 is none"""
        self.send(f"queries {len(queries)}", [self.prepared(queries)])
        self.send(f"values {column}", [values] if column >= 0 else [])

    def answers(self, k, ef, count):
        return [[int(x) for x in line.split()]
                for line in self.send(f"search {k} {ef}")]

    def time_queries(self, k, ef, clients, count):
        """With several clients as many threads -> Timing"""
        pid = self.process.pid
        cores = os.sched_getaffinity(0)
        pinned = self.args.pin and clients == 1
        os.sched_setaffinity(pid, {max(cores)} if pinned else cores)
        if self.args.realtime:
            os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))
        try:
            totals, latencies = self.send(
                f"time {k} {ef} {self.args.seconds} {clients}")
        finally:
            if self.args.realtime:
                os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        total, seconds = map(float, totals.split())
        return Timing(np.fromstring(latencies, sep=" ") / 1e3,
                      total / seconds)


class Hnswlib(Library):
    extension = option = "hnswlib"

    def __init__(self, args):
        super().__init__(args)
        needs.packages({"/usr/include/hnswlib/hnswlib.h": "libhnswlib-dev",
                        "/usr/bin/g++": "g++"})
        self.folder = tempfile.TemporaryDirectory()
        self.program = [os.path.join(self.folder.name, "hnswlib")]
        subprocess.run(["g++", "-O3", "-march=native", "-pthread", "-o",
                        *self.program,
                        os.path.join(TOP, "bench", "hnswlib.cpp")],
                       check=True)

    def version(self):
        return output("dpkg-query", "-W", "-f", "${Version}",
                      "libhnswlib-dev")


class PyPI(Library):
    """A package of PyPI in an environment of its own: libraries.py"""

    saves = False
    packages = ()

    def __init__(self, args):
        super().__init__(args)
        venv = os.path.join(datasets.cache_dir(), "-".join(self.packages).replace("==", "-"))
        python = os.path.join(venv, "bin", "python3")
        if not os.path.exists(os.path.join(venv, "complete")):
            subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q",
                            "numpy", *self.packages], check=True)
            open(os.path.join(venv, "complete"), "w").close()
        self.program = [python, os.path.join(TOP, "bench", "libraries.py"), self.option]

    def version(self):
        return self.packages[0].split("==")[1]


class SymphonyQG(PyPI):
    extension, option, packages = "SymphonyQG", "symphonyqg", ("rabitqlib==0.7.1",)


class Zvec(PyPI):
    extension, option, packages = "zvec", "zvec", ("zvec==0.8.0",)


class LanceDB(PyPI):
    extension, option, packages = "LanceDB", "lancedb", ("lancedb==0.40.0",)


class Qdrant(PyPI):
    extension, option, packages = "Qdrant Edge", "qdrant", ("qdrant-edge-py==0.9.0",)


LIBRARIES = (Hnswlib, SymphonyQG, Zvec, LanceDB, Qdrant)
DATABASES = (Zvec, LanceDB, Qdrant)     # with columns to filter by


def available(kinds, args):
    """Those of them that can be installed"""
    for kind in kinds:
        try:
            yield kind(args)
        except (SystemExit, subprocess.CalledProcessError) as problem:
            say(f"{kind.extension} is left out: {problem}")
