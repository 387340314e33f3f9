# SPDX-License-Identifier: PostgreSQL
"""What a server's processes do while a statement runs: processor time,
memory, phases of a build, waits."""
import contextlib
import os
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.05                    # seconds between samples
WAITS_EVERY = 0.01


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


class Beside:
    """sample() is called again and again meanwhile"""

    every = EVERY

    def __init__(self):
        self.ended = threading.Event()

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

    def __init__(self, server):
        super().__init__()
        self.server, self.done = server, set()

    def sample(self):
        building = {pid for pid, title in children(self.server) if "CREATE INDEX" in title or "parallel worker" in title}
        for pid in building - self.done:
            self.done.add(pid)
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, pid, -20)
                with open(f"/proc/{pid}/autogroup", "w") as f:
                    f.write("-20")


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
    "FROM pg_stat_progress_create_index", every=EVERY, ended="true",
    summary="t, phase, bd, bt, td, tt FROM seen ORDER BY t")
WAITS = SAMPLER.format(
    columns="type text, event text",
    values="coalesce(wait_event_type, 'running'), coalesce(wait_event, '') "
    "FROM pg_stat_activity WHERE application_name = 'pgbench' AND state = "
    "'active'", every=WAITS_EVERY,
    ended="NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = "
    "'pgbench')",
    summary="type, event, count(*) FROM seen GROUP BY 1, 2 ORDER BY 3 DESC")


@contextlib.contextmanager
def sampled(c, sql):
    """-> list of the rows of a sampler that runs beside, full at the end"""
    rows = []
    thread = threading.Thread(target=lambda: rows.extend(c.server.rows(c.db, sql)))
    thread.start()
    time.sleep(0.3)
    try:
        yield rows
    finally:
        thread.join()


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
