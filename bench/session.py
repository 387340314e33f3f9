# SPDX-License-Identifier: PostgreSQL
"""One data set, one server, and the contenders on it."""
import contextlib
import fcntl
import itertools
import json
import os
import signal
import sys

import numpy as np

import datasets
import extensions
import options
import report
import truth
from cluster import TOP, Server, say
from inprocess import LIBRARIES, available
from measure import Contender, renew_extension, summarize

DELETED = 0.10                  # share of the rows that vacuum removes


@contextlib.contextmanager
def timed(args):
    """Alone on the machine, among those who take the same lock"""
    if not args.lock:
        yield
        return
    with open(args.lock, "a") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def make_server(args, keep=None):
    """A server, and in args.peers those of them that are installed for it, as the first has to be"""
    server = Server(args.server, {}, keep, sorted({
        d.told["package"].format(server=args.server) for d in extensions.chosen(args.peers)
        if "package" in d.told}))
    words = args.peers.split(",")
    offered = [word for word in words if all(server.offers(d.extension) for d in extensions.chosen(word))]
    for word in words:
        if word not in offered:
            say(f"{word} is left out: its extension is not installed for PostgreSQL {args.server} in {server.root}")
    if words[0] not in offered:
        server.stop()
        raise SystemExit(f"{words[0]}, with which others are compared, is not there")
    args.peers = ",".join(offered)
    server.settings = options.settings_with_peers(args)
    return server


def contenders(server, args, kind_of=Contender):
    ours = [] if args.skip_lokivector else [
        extensions.describe("lokivector", kind)
        for kind in args.lokivector_types.split(",")]
    found = []
    for described in ours + extensions.chosen(args.peers):
        c = kind_of(server, described, args)
        c.shares = next((o for o in found if (o.db, o.index) ==
                         (c.db, c.index)), None)
        found.append(c)
    if not args.prepare:
        found += available([library for library in LIBRARIES if getattr(args, library.option)], args)
    return found


class Bench:
    def __init__(self, args, argv, data, server, out, kind_of):
        self.kind_of = kind_of
        self.args, self.argv, self.data = args, argv, data
        self.server, self.out = server, out
        self.result = {"builds": [], "recall": [], "timings": [],
                       "floors": [], "changes": [], "load": []}
        self.all = []

    def open(self):
        """True neighbours, server, tables: all that precedes an index"""
        args, data = self.args, self.data
        self.deepest = max(args.k)
        self.true = truth.cached_neighbours(data, args.metric,
                                            max(100, self.deepest))
        self.judge = truth.Judge(
            args.metric, data.base, data.queries, self.true,
            truth.cached_distances(data, args.metric, self.true))
        self.start()
        self.all = contenders(self.server, args, self.kind_of)
        for c in self.all:
            c.prepare()
            took = c.load(data)
            say(f"{c.name} {c.version()}: loaded in {took:.1f} s")
            self.result["load"].append({
                "contender": c.name, "version": c.version(),
                "swept": c.described.swept if c.in_server else "ef",
                "seconds": took})

    def prepare(self):
        """Build what can be kept."""
        for c in self.all:
            if c.extension != "lokivector":
                self.build_one(c, 0)

    def run(self):
        for build in range(self.args.builds):
            self.build(build)
            self.measure(build)
            self.save()
        if not self.args.skip_changes:
            for c in self.all:
                if c.changes:
                    self.changes(c)
                    self.save()

    def document(self):
        """All that was measured, and how"""
        data = self.data
        return dict(
            self.result, set=data.name, rows=len(data.base), dims=data.dims,
            queries=len(data.queries), arguments=vars(self.args),
            command=command(self.argv), machine=machine(),
            settings=options.settings_with_peers(self.args),
            server=self.version)

    def save(self):
        """What there is so far, so that a run cut short is not lost"""
        result = self.document()
        with open(os.path.join(self.out, "raw.json"), "w") as f:
            json.dump(result, f, indent=1)
        return report.write(result, self.out)

    def start(self):
        server = self.server
        if not self.args.skip_lokivector:
            say("building lokivector")
            server.install_extension()
        server.start()
        self.version = server.rows("postgres", "SHOW server_version")[
            0][0].split()[0]
        if not self.args.skip_lokivector and not self.args.old_index:
            renew_extension(server)

    def build(self, number=0):
        """Build all indexes and read them into memory."""
        for c in self.all:
            if not c.apart:
                self.build_one(c, number)
        fits = self.check_memory()
        for c in self.all:
            c.warm(toast=fits)
        # Where not all fits, one run of the queries reads the rows they need
        self.touched = {c.name for c in self.all if fits}

    def build_one(self, c, number):
        # A kept cluster's builds are not compared
        with contextlib.nullcontext() if self.args.keep else timed(
                self.args):
            built = c.build()
        if built:
            say(f"{c.name}: build {built['seconds']:.1f} s"
                f"{' (kept)' * built['kept']}, "
                f"{built['index_bytes'] / 1e6:.1f} MB")
            self.result["builds"].append(dict(built, build=number))

    def measure(self, number=0):
        """Recall, then rates, at each width"""
        self.measure_these([c for c in self.all if not c.apart], number)
        apart = [c for c in self.all if c.apart]
        if not apart:
            return
        self.server.pg_stop()
        for c in apart:
            say(f"{c.name}: the server is stopped meanwhile")
            self.build_one(c, number)
            self.measure_these([c], number)
            c.close()
        self.server.pg_start()

    def measure_these(self, contenders, number):
        for k in self.args.k:
            for c in contenders:
                c.check_plan(k)
                for ef in c.values(k):
                    recall = self.measure_recall(c, k, ef, number)
                    if self.args.brackets and recall >= max(
                            self.args.targets):
                        break
        if not self.args.skip_timing:
            self.brackets = report.brackets(self.document())
            for round_ in range(self.args.rounds):
                self.time_round(contenders,
                                number * self.args.rounds + round_)

    def check_memory(self):
        """Nothing is to be read from outside shared_buffers while timed."""
        need = sum({c.db: c.database_bytes() for c in self.all
                    if c.in_server}.values())
        have = int(self.server.rows(
            "postgres", "SELECT setting::bigint * 8192 FROM pg_settings "
            "WHERE name = 'shared_buffers'")[0][0])
        self.result["database_bytes"] = need
        if need > have:
            say(f"warning: {need >> 20} MB of data, {have >> 20} MB of "
                "shared_buffers: raise --shared-buffers")
        return need <= have

    def measure_recall(self, c, k, ef, build):
        found = c.name in self.touched and c.kept_recall(k, ef)
        if not found:
            answers = c.answers(k, ef, len(self.data.queries))
            found = self.judge.score(answers, k)
            c.kept_recall(k, ef, found)
            self.touched.add(c.name)
        recall, rows, ordered = found
        say(f"{c.name}: k {k} ef {ef} recall {recall:.4f}"
            + (f" rows {rows:.1f}" if rows < k else "")
            + (f" ordered {ordered:.3f}" if ordered < 1 else ""))
        self.result["recall"].append({
            "contender": c.name, "build": build, "k": k, "ef": ef,
            "recall": recall, "rows": rows, "ordered": ordered})
        return recall

    def time_round(self, turn, round_):
        """One pass over all points, the contenders taking turns"""
        count = len(self.data.queries)
        first = round_ % len(turn)
        turn = turn[first:] + turn[:first]
        for clients in self.args.clients:
            for c in turn:
                if not c.in_server:
                    continue
                with timed(self.args):
                    t = c.time_floor(clients, count)
                self.result["floors"].append(dict(
                    summarize([t]), contender=c.name, clients=clients,
                    round=round_))
            for k in self.args.k:
                for values in itertools.zip_longest(
                        *[c.values(k) for c in turn]):
                    self.time_point(zip(turn, values), k, clients, count,
                                    round_)

    def time_point(self, turn, k, clients, count, round_):
        """turn: contenders, each with its value or with None"""
        with timed(self.args):
            for c, ef in turn:
                if not ef or self.args.brackets and (
                        c.name, k, ef) not in self.brackets:
                    continue
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
            "memory_gb": round(options.memory() / 2 ** 30)}


def command(argv):
    """With the options to give again, without what names this machine"""
    names = ("--data", "--out", "--lock", "--keep")
    kept, skip = [], False
    for word in argv:
        if skip:
            skip = False
        elif word in names:
            skip = True
        elif not word.startswith(tuple(name + "=" for name in names)):
            kept.append(f"'{word}'" if " " in word else word)
    return f'make bench ARGS="{" ".join(kept)}"'


@contextlib.contextmanager
def session(argv, kind_of=Contender):
    """A Bench for these options (those of run.py), with its server running
    and its tables loaded.  kind_of: the class of contenders"""
    args = options.arguments(argv)
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
    keep = args.keep and os.path.join(args.keep, f"{args.server}-{name}")
    signal.signal(signal.SIGTERM, lambda *a: sys.exit(1))
    server = make_server(args, keep)
    bench = Bench(args, argv, data, server, out, kind_of)
    try:
        bench.open()
        yield bench
    finally:
        for c in bench.all:
            c.close()
        server.stop()
