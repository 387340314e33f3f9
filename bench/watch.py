# SPDX-License-Identifier: PostgreSQL
"""What a server's processes do while a statement runs: processor time,
memory, phases of a build, waits."""
import contextlib
import os
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.05                    # seconds between samples
PHASES_EVERY = 0.05
SHORTEST = 0.5                  # seconds of a phase that can tell its end
WAITS_EVERY = 0.01
OURS = ("/SYSV", "/dev/shm/", "[heap]", "")     # mappings that are memory


# ---- processor time -------------------------------------------------------

def finished_seconds(server):
    """Processor time of all backends and workers that have ended"""
    with open(f"/proc/{server.postmaster()}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


@contextlib.contextmanager
def processor(server):
    """Of all backends that come and go meanwhile -> list of one figure"""
    found = []
    settle(server)
    before = finished_seconds(server)
    yield found
    settle(server)
    found.append(finished_seconds(server) - before)


def settle(server):
    """Until no client's backend is left, in several looks: the list of
    children can miss one while another ends"""
    clean = 0
    for _ in range(100):
        time.sleep(0.05)
        clean = 0 if any("[local]" in title or "parallel worker" in title
                         for _, title in children(server)) else clean + 1
        if clean == 4:
            return


def children(server):
    """(pid, title) of the server's processes"""
    with contextlib.suppress(OSError):
        pid = server.postmaster()
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            for child in f.read().split():
                with contextlib.suppress(OSError):
                    with open(f"/proc/{child}/cmdline") as g:
                        yield int(child), g.read().replace("\0", " ")


# ---- memory ---------------------------------------------------------------

def own_bytes(pid):
    """Memory of a process but for files and shared_buffers; of what it
    shares, its part"""
    total, counted = 0, False
    with open(f"/proc/{pid}/smaps") as f:
        for line in f:
            word = line.split(None, 1)[0]
            if word.endswith(":"):
                if counted and word == "Pss:":
                    total += int(line.split()[1]) * 1024
                continue
            fields = line.split(None, 5)
            path = fields[5].strip() if len(fields) > 5 else ""
            counted = path.startswith(OURS[:3]) or path == OURS[3]
    return total


def memory_files(pid):
    """Files in memory that a process has open -> {inode: bytes}, whoever has
    mapped them"""
    found = {}
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            if os.readlink(f"{folder}/{name}").startswith("/memfd:"):
                status = os.stat(f"{folder}/{name}")
                found[status.st_ino] = status.st_blocks * 512
    return found


class Beside:
    """Something done again and again to building processes meanwhile"""

    every = EVERY

    def __init__(self, server, titles=("CREATE INDEX", "parallel worker")):
        self.server, self.titles = server, titles
        self.ended = threading.Event()

    def building(self):
        return [pid for pid, title in children(self.server)
                if any(t in title for t in self.titles)]

    def run(self):
        while not self.ended.wait(self.every):
            self.sample()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


class Preferred(Beside):
    """Building processes come before the machine's other work, which is not
    stopped as by the real-time class.  Sessions share a processor before
    their processes do."""

    def __init__(self, server, wanted):
        super().__init__(server)
        self.wanted, self.done = wanted, set()

    def sample(self):
        if not self.wanted:
            return
        for pid in set(self.building()) - self.done:
            self.done.add(pid)
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, pid, -20)
                with open(f"/proc/{pid}/autogroup", "w") as f:
                    f.write("-20")


class Memory(Beside):
    """The highest sum of the memory of building processes"""

    def __init__(self, server, *titles):
        super().__init__(server, *titles)
        self.peak = self.processes = 0

    def sample(self):
        sizes, files = [], {}
        for pid in self.building():
            with contextlib.suppress(OSError):
                sizes.append(own_bytes(pid))
                files.update(memory_files(pid))
        total = sum(sizes) + sum(files.values())
        if total > self.peak:
            self.peak, self.processes = total, len(sizes)


# ---- sampling by SQL ------------------------------------------------------

SAMPLER = """
CREATE TEMP TABLE seen (t float8, {columns});
DO $$
DECLARE
    started timestamptz := clock_timestamp();
    any_seen bool := false;
    n bigint;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        INSERT INTO seen SELECT extract(epoch FROM clock_timestamp()),
            {values};
        GET DIAGNOSTICS n = ROW_COUNT;
        any_seen := any_seen OR n > 0;
        EXIT WHEN n = 0 AND {ended} AND (any_seen OR
            clock_timestamp() > started + interval '10 s');
        PERFORM pg_sleep({every});
    END LOOP;
END $$;
SELECT {summary};
"""
PHASES = SAMPLER.format(
    columns="phase text, bd bigint, bt bigint, td bigint, tt bigint",
    values="phase, blocks_done, blocks_total, tuples_done, tuples_total "
    "FROM pg_stat_progress_create_index", every=PHASES_EVERY, ended="true",
    summary="t, phase, bd, bt, td, tt FROM seen ORDER BY t")
WAITS = SAMPLER.format(
    columns="type text, event text",
    values="coalesce(wait_event_type, 'running'), coalesce(wait_event, '') "
    "FROM pg_stat_activity WHERE application_name = 'pgbench' AND state = "
    "'active'", every=WAITS_EVERY,
    ended="NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = "
    "'pgbench')",
    summary="type, event, count(*) FROM seen GROUP BY 1, 2 ORDER BY 3 DESC")


class Sampled:
    """Rows of a sampler that runs beside, in .rows at the end"""

    def __init__(self, c, sql):
        self.c, self.sql, self.rows = c, sql, []

    def run(self):
        self.rows = self.c.server.rows(self.c.db, self.sql)

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_):
        self.thread.join()


def phases(rows):
    """Samples of a build's progress -> list of (phase, seconds)"""
    found = []
    for i, row in enumerate(rows[:-1]):
        seconds = float(rows[i + 1][0]) - float(row[0])
        if found and found[-1][0] == row[1]:
            found[-1][1] += seconds
        else:
            found.append([row[1], seconds])
    return found


def foretold(rows, after=0.2):
    """The longest phase that counts tuples, and by how much its length was
    missed at worst, from this part of it on, by who takes it to go on at the
    rate so far -> name, share; or None, where there is none long enough"""
    counted = [row for row in rows if int(row[5] or 0) > 0]
    spans = {}
    for row in counted:
        spans.setdefault(row[1], []).append((float(row[0]), int(row[4] or 0)
                                             / int(row[5])))
    if not spans:
        return None
    name, span = max(spans.items(), key=lambda x: x[1][-1][0] - x[1][0][0])
    start, length = span[0][0], span[-1][0] - span[0][0]
    if length < SHORTEST:
        return None
    return name, max([abs((t - start) / done - length) / length
                      for t, done in span if done >= after], default=0.0)
