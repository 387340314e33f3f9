# SPDX-License-Identifier: PostgreSQL
"""Goal 4: the first queries after a start, with nothing in memory.

The index is four times shared_buffers, the server is started anew, the files
of the cluster are out of the page cache, and one fresh backend runs 100
queries.  The query vectors are read before, which is the same for all.
"""
import collections
import glob
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import numpy as np

import needs
from cluster import say
from session import timed

QUERIES = 100
ROUNDS = 3                      # each with other queries
PART = 4                        # of the index, that shared_buffers is
TOLERATED = 1 << 20            # bytes that may stay in the page cache
CALLS = "pread64,preadv,preadv2,fadvise64"
# Of a page of ours (src/hnsw/definition/layout.h)
SLOT_ARRAY_BYTE = 8192 - 16 + 10
SLOT_ARRAYS = {1: "directory", 2: "tid", 3: "code", 4: "link", 5: "refine",
               7: "upper", 8: "duplicate"}
COUNTERS = ("index", "heap", "toast", "read_ms")


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


class Cold:
    """A contender's cold start"""

    def __init__(self, lab, contender):
        self.lab, self.c = lab, contender
        self.server = contender.server
        self.kb = lab.bytes(contender) // PART // 8192 * 8
        self.left = 0

    def start(self):
        self.server.pg_stop()
        self.left = max(self.left, forget_pages(self.server))
        self.server.pg_start(shared_buffers=f"{self.kb}kB",
                             track_io_timing="on")
        if self.left > TOLERATED:
            say(f"{self.left >> 20} MB stay in the page cache")
        c = self.c
        self.server.psql(c.db, "CREATE EXTENSION IF NOT EXISTS pg_prewarm;"
                         f"SELECT pg_prewarm('{c.queries}'), "
                         f"pg_prewarm('{c.queries}_pkey')")

    def queries(self, first, count):
        """Latencies in ms of some queries by one backend"""
        ef = self.lab.ef(self.c)[0]
        script = ["\\o /dev/null",
                  f"PREPARE s(bigint) AS {self.c.statement(10, '$1')};",
                  "\\timing on"]
        total = len(self.lab.data.queries)
        script += [f"EXECUTE s({(first + i) % total});" for i in range(count)]
        text = self.server.psql(self.c.db, "\n".join(script),
                                self.c.options(ef))
        return [float(x) for x in re.findall(r"^Time: ([0-9.]+) ms", text,
                                             re.M)]

    def measured(self, first, count):
        """A cold start and some queries -> latencies, blocks read"""
        self.start()
        before = counters(self.c)
        latencies = self.queries(first, count)
        time.sleep(0.2)
        after = counters(self.c)
        return latencies, dict(zip(COUNTERS, np.subtract(after, before)))

    def calls(self, first, count):
        """System calls of some queries, after a cold start"""
        self.start()
        fd, path = tempfile.mkstemp()
        os.close(fd)
        tracer = subprocess.Popen(
            ["strace", "-f", "-y", "-s", "0", "-e", f"trace={CALLS}", "-o",
             path, "-p", str(self.server.postmaster())],
            stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        self.queries(first, count)
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        with open(path) as f:
            text = f.read()
        os.remove(path)
        reads = re.findall(r"pread\w+\(\d+<[^>]*/base/(\d+/\d+)(?:\.(\d+))?>"
                           r".*, (\d+)\) += (\d+)$", text, re.M)
        return {"announced": len(re.findall(r"fadvise64\(.*WILLNEED", text)),
                "reads": len(reads), "blocks": self.blocks(reads, count)}

    def blocks(self, reads, count):
        """Blocks of the index read a query, by slot array where it is ours"""
        c = self.c
        name = self.server.rows(c.db, f"SELECT pg_relation_filepath("
                                f"'{c.index}')")[0][0][len("base/"):]
        found = collections.Counter()
        for file, segment, offset, size in reads:
            for at in range(int(offset), int(offset) + int(size), 8192):
                if file == name:
                    found[self.array(name, segment, at)] += 1 / count
        return dict(found)

    def array(self, name, segment, at):
        if self.c is not self.lab.ours:
            return "index"
        with open(self.server.host(f"data/base/{name}" + (
                f".{segment}" if segment else "")), "rb") as f:
            f.seek(at + SLOT_ARRAY_BYTE)
            return SLOT_ARRAYS.get(f.read(1)[0], "other")


def one_round(colds, number, raw):
    """The contenders in turn, each by the first query and by all"""
    for cold in colds:
        name = cold.c.name
        with timed(cold.lab.args):
            first = number * QUERIES
            alone, blocks = cold.measured(first, 1)
            raw[name]["first"].append(dict(blocks, ms=alone[0]))
            latencies, blocks = cold.measured(first, QUERIES)
        p50, p95 = np.percentile(latencies, [50, 95])
        raw[name]["all"].append(dict(blocks, p50=p50, p95=p95,
                                     first_ms=latencies[0],
                                     total_ms=sum(latencies)))
        say(f"{name}: cold round {number}: {raw[name]['all'][-1]}, first "
            f"{raw[name]['first'][-1]}")


def median_of(raw, name, part, what):
    return float(statistics.median(x[what] for x in raw[name][part]))


def report_cold(lab, raw, left):
    def pair(part, what, over=1):
        return [median_of(raw, c.name, part, what) / over for c in lab.both]

    note = f"K = 10, {lab.ef_note()}"
    if left > TOLERATED:
        note += f"; {left >> 20} MB could not be dropped from the page cache"
    lab.row(4, "cold: index blocks read a query, first 100",
            *pair("all", "index", QUERIES), "<= 0.1", note=note)
    lab.row(4, "cold: p95 ms of the first 100", *pair("all", "p95"),
            "<= 0.2", note=note)
    lab.row(4, "cold: p50 ms of the first 100", *pair("all", "p50"))
    lab.row(4, "cold: ms of the first query", *pair("all", "first_ms"))
    lab.row(4, "cold: index blocks read by the first query",
            *pair("first", "index"), note="catalog not counted")
    rest = [(a - f) / (QUERIES - 1) for a, f in
            zip(pair("all", "index"), pair("first", "index"))]
    lab.row(4, "cold: index blocks read by each later one", *rest)
    lab.row(4, "cold: heap blocks read a query",
            *pair("all", "heap", QUERIES))
    lab.row(4, "cold: TOAST blocks read a query",
            *pair("all", "toast", QUERIES))
    lab.row(4, "cold: ms waiting for reads a query",
            *pair("all", "read_ms", QUERIES), note="track_io_timing")


def report_calls(lab, colds, raw):
    needs.packages({"/usr/bin/strace": "strace"})
    found = [cold.calls(0, QUERIES) for cold in colds]
    for cold, calls in zip(colds, found):
        raw[cold.c.name]["calls"] = calls
    lab.row(4, "cold: reads announced (fadvise) for each read",
            *[x["announced"] / max(1, x["reads"]) for x in found],
            target=">= 0.5", of="ours", note="blocks read a query: "
            + ", ".join(f"{array} {n:.1f}" for array, n in
                        sorted(found[0]["blocks"].items())))


def measure_cold(lab):
    lab.ef_note()
    colds = [Cold(lab, c) for c in lab.both]
    raw = {c.name: {"first": [], "all": []} for c in lab.both}
    for number in range(ROUNDS):
        one_round(colds, number, raw)
    report_cold(lab, raw, max(cold.left for cold in colds))
    report_calls(lab, colds, raw)
    lab.raw["cold"] = raw
    lab.server.restart()
