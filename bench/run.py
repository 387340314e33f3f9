#!/usr/bin/python3
"""lokivector against pgvector on one server; see README.md."""
import argparse
import contextlib
import fcntl
import json
import os
import signal
import sys
import time

sys.dont_write_bytecode = True

import needs  # noqa: E402

needs.ensure()

import numpy as np  # noqa: E402

import datasets  # noqa: E402
import report  # noqa: E402
import truth  # noqa: E402
from cluster import TOP, Server, say  # noqa: E402
from measure import OPCLASS, Contender, summarize  # noqa: E402

EF = "10,20,40,60,80,100,150,200,400"
DELETED = 0.10                  # share of the rows that vacuum removes


def numbers(text, kind=int):
    return [kind(x) for x in text.split(",") if x]


def memory():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def arguments(argv):
    cores = len(os.sched_getaffinity(0))
    buffers = f"{min(4096, memory() // 4 >> 20)}MB"
    p = argparse.ArgumentParser(
        description="Measure lokivector against pgvector on one server.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    p.add_argument("--set", default="synthetic:20000:256",
                   help="name below --data, path, or synthetic:ROWS:DIMS")
    p.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"),
                   help="folder of the sets (or LOKIVECTOR_DATA)")
    p.add_argument("--metric", choices=sorted(OPCLASS),
                   help="by default the set's own")
    p.add_argument("--limit-rows", type=int, help="first rows only")
    p.add_argument("--m", type=int, default=16)
    p.add_argument("--ef-construction", type=int, default=64)
    p.add_argument("--loki-options", default="",
                   help="further index options, such as bits = 2")
    p.add_argument("--pgvector-types", default="vector,halfvec")
    p.add_argument("--lokivector-types", default="vector")
    p.add_argument("--k", default="10", help="for example 10,100,1000")
    p.add_argument("--ef", default=EF)
    p.add_argument("--clients", default=f"1,{cores}")
    p.add_argument("--builds", type=int, default=3)
    p.add_argument("--rounds", type=int, default=1,
                   help="rounds of timing for each build")
    p.add_argument("--seconds", type=float, default=3,
                   help="of each timed point")
    p.add_argument("--targets", default="0.95,0.99",
                   help="recalls at which rates are compared")
    p.add_argument("--storage", default="default",
                   choices=["default", "plain", "external", "extended"],
                   help="of the table's vector column")
    p.add_argument("--held-out", type=float, default=0.02,
                   help="share of the rows that are inserted singly")
    p.add_argument("--shared-buffers", default=buffers)
    p.add_argument("--maintenance-work-mem", default=buffers)
    p.add_argument("--workers", type=int, default=max(1, cores - 1),
                   help="max_parallel_maintenance_workers")
    p.add_argument("--server", type=int, default=17, help="major version")
    p.add_argument("--no-pin", dest="pin", action="store_false",
                   help="leave a single client and its backend unpinned")
    p.add_argument("--realtime", action="store_true",
                   help="time queries and inserts in the real-time class "
                   "(SCHED_RR), to keep the machine's other work out")
    p.add_argument("--skip-lokivector", action="store_true")
    p.add_argument("--skip-pgvector", action="store_true")
    p.add_argument("--skip-timing", action="store_true")
    p.add_argument("--skip-changes", action="store_true",
                   help="no inserts, no vacuum")
    p.add_argument("--lock", help="file to lock while something is timed")
    p.add_argument("--out", help="folder of the results")
    args = p.parse_args(argv)
    args.k, args.ef = numbers(args.k), sorted(numbers(args.ef))
    args.clients = sorted(set(numbers(args.clients)))
    args.targets = numbers(args.targets, float)
    if int(args.seconds) != args.seconds or args.seconds < 1:
        p.error("--seconds must be a whole number")
    args.seconds = int(args.seconds)
    return args


@contextlib.contextmanager
def timed(args):
    """Alone on the machine, among those who take the same lock"""
    if not args.lock:
        yield
        return
    with open(args.lock, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def settings(args):
    return {"shared_buffers": args.shared_buffers,
            "maintenance_work_mem": args.maintenance_work_mem,
            "max_parallel_maintenance_workers": args.workers,
            "max_worker_processes": args.workers + 8,
            "max_parallel_workers": args.workers + 8,
            "max_parallel_workers_per_gather": 0,
            "dynamic_shared_memory_type": "sysv",
            "max_wal_size": "32GB", "checkpoint_timeout": "1h",
            "fsync": "off", "full_page_writes": "on", "jit": "off",
            "autovacuum": "off", "huge_pages": "off"}


def contenders(server, args):
    found = []
    if not args.skip_lokivector:
        say("building lokivector")
        server.install_extension()
        for kind in args.lokivector_types.split(","):
            name = "lokivector" if kind == "vector" else f"lokivector {kind}"
            found.append(Contender(server, name, "lokivector", "loki", kind,
                                   args))
    if not args.skip_pgvector:
        for kind in args.pgvector_types.split(","):
            found.append(Contender(server, f"pgvector {kind}", "vector",
                                   "pgv", kind, args))
    return found


def widths(args, k):
    """ef_search below LIMIT means the same as LIMIT at best."""
    return [ef for ef in args.ef if ef >= k] or [min(1000, max(k, 1))]


class Bench:
    def __init__(self, args, data, server, save):
        self.args, self.data, self.server = args, data, server
        self.save = save
        self.result = {"builds": [], "recall": [], "timings": [],
                       "floors": [], "changes": [], "load": []}

    def run(self):
        args, data = self.args, self.data
        self.deepest = max(args.k)
        self.true = truth.cached_neighbours(data, args.metric,
                                            max(100, self.deepest))
        self.judge = truth.Judge(args.metric, data.base, data.queries,
                                 self.true)
        self.server.start()
        self.version = self.server.rows("postgres", "SHOW server_version")[
            0][0].split()[0]
        self.all = contenders(self.server, args)
        for c in self.all:
            c.prepare()
            start = time.monotonic()
            c.load(data)
            took = time.monotonic() - start
            say(f"{c.name} {c.version()}: loaded in {took:.1f} s")
            self.result["load"].append({
                "contender": c.name, "version": c.version(),
                "seconds": took})
        for build in range(args.builds):
            self.one_build(build)
            self.save(self)
        if not args.skip_changes:
            for c in self.all:
                self.changes(c)
                self.save(self)

    def one_build(self, number):
        for c in self.all:
            with timed(self.args):
                built = c.build()
            say(f"{c.name}: build {built['seconds']:.1f} s, "
                f"{built['index_bytes'] / 1e6:.1f} MB")
            self.result["builds"].append(dict(built, build=number))
        self.check_memory()
        for k in self.args.k:
            for c in self.all:
                c.check_plan(k)
                for ef in widths(self.args, k):
                    self.measure_recall(c, k, ef, number)
        if not self.args.skip_timing:
            for round_ in range(self.args.rounds):
                self.time_round(number * self.args.rounds + round_)

    def check_memory(self):
        """Nothing is to be read from outside shared_buffers while timed."""
        need = sum({c.db: c.database_bytes() for c in self.all}.values())
        have = int(self.server.rows(
            "postgres", "SELECT setting::bigint * 8192 FROM pg_settings "
            "WHERE name = 'shared_buffers'")[0][0])
        self.result["database_bytes"] = need
        if need > have:
            say(f"warning: {need >> 20} MB of data, {have >> 20} MB of "
                "shared_buffers: raise --shared-buffers")

    def measure_recall(self, c, k, ef, build):
        answers = c.answers(k, ef, len(self.data.queries))
        recall, rows, ordered = self.judge.score(answers, k)
        say(f"{c.name}: k {k} ef {ef} recall {recall:.4f}"
            + (f" rows {rows:.1f}" if rows < k else "")
            + (f" ordered {ordered:.3f}" if ordered < 1 else ""))
        self.result["recall"].append({
            "contender": c.name, "build": build, "k": k, "ef": ef,
            "recall": recall, "rows": rows, "ordered": ordered})

    def time_round(self, round_):
        """One pass over all points, the contenders taking turns"""
        count = len(self.data.queries)
        turn = self.all[round_ % len(self.all):] + \
            self.all[:round_ % len(self.all)]
        for clients in self.args.clients:
            for c in turn:
                with timed(self.args):
                    t = c.time_floor(clients, count)
                self.result["floors"].append(dict(
                    summarize([t]), contender=c.name, clients=clients,
                    round=round_))
            for k in self.args.k:
                for ef in widths(self.args, k):
                    self.time_point(turn, k, ef, clients, count, round_)

    def time_point(self, turn, k, ef, clients, count, round_):
        with timed(self.args):
            for c in turn:
                t = summarize([c.time_queries(k, ef, clients, count)])
                say(f"{c.name}: k {k} ef {ef} clients {clients}: "
                    f"{t['qps']:.0f}/s, {t['mean_us']:.0f} us")
                self.result["timings"].append(dict(
                    t, contender=c.name, k=k, ef=ef, clients=clients,
                    round=round_))

    def changes(self, c):
        """Single inserts of held-out rows, then a delete and VACUUM"""
        args, data, n = self.args, self.data, len(self.data.base)
        per = len(args.clients) * max(args.clients)
        held = max(per, int(n * args.held_out) // per * per)
        change = {"contender": c.name, "held_out": held}
        c.churn_table(n, held)
        for clients in args.clients:
            with timed(args):
                t = summarize([c.insert_rows(held // len(args.clients),
                                             clients)])
            change[f"inserts_per_s_{clients}"] = t["qps"]
            change[f"insert_p99_us_{clients}"] = t["p99_us"]
        change["recall_inserted"] = self.recall_of_churn(c, self.judge)
        gone = np.random.default_rng(7).choice(n, int(n * DELETED), False)
        c.delete_rows(gone)
        with timed(args):
            change["vacuum_s"], change["vacuum_index_bytes"] = c.vacuum()
        alive = np.ones(n, bool)
        alive[gone] = False
        left = truth.neighbours(args.metric, data.base, data.queries, 10,
                                alive)
        judge = truth.Judge(args.metric, data.base, data.queries, left)
        change["recall_vacuumed"] = self.recall_of_churn(c, judge)
        self.server.psql(c.db, "DROP TABLE churn")
        say(str(change))
        self.result["changes"].append(change)

    def recall_of_churn(self, c, judge):
        answers = c.answers(10, 40, len(self.data.queries), "churn")
        return judge.score(answers, 10)[0]


def machine():
    with open("/proc/cpuinfo") as f:
        lines = f.read().splitlines()
    model = [x.split(":", 1)[1].strip() for x in lines
             if x.startswith("model name")]
    flags = [x for x in lines if x.startswith("flags")]
    widest = [x for x in ("avx512f", "avx2") if flags and
              f" {x} " in flags[0] + " "]
    return {"cpu": model[0] if model else os.uname().machine,
            "simd": widest[0] if widest else "", "cores": os.cpu_count(),
            "memory_gb": round(memory() / 2 ** 30)}


def command(argv):
    """The command to give again, without what names this machine"""
    kept, skip = [], False
    for word in argv:
        if skip:
            skip = False
        elif word in ("--data", "--out", "--lock"):
            skip = True
        elif not word.startswith(("--data=", "--out=", "--lock=")):
            kept.append(f"'{word}'" if " " in word else word)
    return 'make bench ARGS="' + " ".join(kept) + '"'


def main(argv):
    args = arguments(argv)
    signal.signal(signal.SIGTERM, lambda *a: sys.exit(1))
    data = datasets.load(args.set, args.data)
    data.limit(args.limit_rows)
    args.metric = args.metric or data.metric
    name = f"{data.name}-{args.metric}"
    if args.storage != "default":
        name += f"-{args.storage}"
    out = args.out or os.path.join(TOP, "build", "bench", name)
    os.makedirs(out, exist_ok=True)
    say(f"{name}: {data.base.shape[0]} x {data.dims}, "
        f"{len(data.queries)} queries")

    def save(bench):
        """What there is so far, so that a run cut short is not lost"""
        result = dict(
            bench.result, set=data.name, rows=len(data.base), dims=data.dims,
            queries=len(data.queries), arguments=vars(args),
            command=command(argv), settings=settings(args),
            machine=machine(), server=bench.version)
        with open(os.path.join(out, "raw.json"), "w") as f:
            json.dump(result, f, indent=1)
        return report.write(result, out)

    server = Server(args.server, settings(args))
    try:
        bench = Bench(args, data, server, save)
        bench.run()
        say(save(bench))
    finally:
        server.stop()
    say(f"results in {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
