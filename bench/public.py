#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""ann-benchmarks and VectorDBBench, unedited, with their modules for pgvector:
against lokivector under the name of pgvector, and against pgvector; then with
lokivector's own modules.  See README.md.

usage: bench/public.py --ann-benchmarks FOLDER [OPTION...]
"""
import argparse
import csv
import glob
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True

import needs  # noqa: E402

needs.ensure()

import datasets  # noqa: E402
import options  # noqa: E402
import report  # noqa: E402
import session  # noqa: E402
from cluster import TOP, Server, say  # noqa: E402

HERE = os.path.join(TOP, "bench")
PACKAGES = ["vectordb-bench[pgvector]==2.0.0", "ansicolors", "docker"]
OURS, OWN, THEIRS = "lokivector", "lokivector, own module", "pgvector"
METRIC = {"l2": "L2", "cosine": "COSINE"}
DEFAULTS = ["--set", "fashion-mnist", "--ef", "100,200,400", "--rounds", "1",
            "--seconds", "5", "--peers", "pgvector:vector",
            "--shared-buffers", "1GB", "--maintenance-work-mem", "1GB"]


def arguments(argv):
    p = argparse.ArgumentParser(
        description="Options of run.py may follow; --ef, --clients and "
        "--seconds are VectorDBBench's, ann-benchmarks has its own.")
    p.add_argument("--ann-benchmarks", metavar="FOLDER",
                   help="a checkout of erikbern/ann-benchmarks")
    p.add_argument("--python", help="one that has " + ", ".join(PACKAGES)
                   + "; else they are installed for this one")
    p.add_argument("--tools", default="ann-benchmarks,vectordbbench")
    p.add_argument("--ann-runs", type=int, default=2)
    p.add_argument("--vdb-k", type=int, default=100)
    p.add_argument("--shares", default="0,0.1,0.01", help="of the rows that "
                   "have the label that VectorDBBench asks for; 0: any row")
    own, rest = p.parse_known_args(argv)
    own.tools, own.shares = own.tools.split(","), own.shares.split(",")
    if "ann-benchmarks" in own.tools and not own.ann_benchmarks:
        p.error("--ann-benchmarks is missing")
    return own, options.arguments(DEFAULTS + rest)


def with_tools(own):
    """Go on in a Python that has the tools, installing them where needed."""
    venv = os.path.join(datasets.cache_dir(), "public")
    python = own.python or os.path.join(venv, "bin", "python3")
    if os.path.abspath(sys.prefix) == os.path.dirname(os.path.dirname(
            os.path.abspath(python))):
        return python
    if not own.python and not os.path.exists(os.path.join(venv, "complete")):
        say("installing " + ", ".join(PACKAGES))
        subprocess.run(["python3", "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES],
                       check=True)
        open(os.path.join(venv, "complete"), "w").close()
    os.execv(python, [python, *sys.argv])


# ---- servers --------------------------------------------------------------

def servers(args):
    """One with lokivector under both names, one with pgvector"""
    found = {}
    for name, targets in ((OURS, "install install-as-vector FORCE=1"),
                          (THEIRS, None)):
        server = Server(args.server, options.settings(args), None,
                        [f"postgresql-{args.server}-pgvector"], f"-{name}")
        found[name] = server
        if targets:
            server.install_extension(targets)
    found[OWN] = found[OURS]
    return found


def make_databases(found):
    for name, extension in ((OURS, "vector"), (THEIRS, "vector"),
                            (OWN, "lokivector")):
        server = found[name]
        if not server.running:
            server.start()
        server.psql("postgres", f"CREATE DATABASE {database(name)}")
        server.psql(database(name), f"CREATE EXTENSION {extension}")
        is_ours = server.rows(database(name), "SELECT count(*) FROM pg_proc "
                              "WHERE proname = 'lokivector_version'")
        if (is_ours != [["0"]]) != (name != THEIRS):
            raise RuntimeError(f"{name}: not the extension that was meant")


def database(name):
    return "own" if name == OWN else "bench"


# ---- ann-benchmarks -------------------------------------------------------

def run_ann(name, server, b, round_):
    """-> points, one for each run that it stored"""
    folder = os.path.join(b.work, f"ann-{database(name)}-{server.major}"
                          f"-{name == THEIRS:d}-{round_}")
    os.makedirs(os.path.join(folder, "data"))
    package = os.path.join(folder, "ann_benchmarks")
    shutil.copytree(os.path.join(b.own.ann_benchmarks, "ann_benchmarks"),
                    package)
    shutil.copy(os.path.join(b.own.ann_benchmarks, "logging.conf"), folder)
    shutil.copytree(os.path.join(HERE, "ann_benchmarks"),
                    os.path.join(package, "algorithms", "lokivector"))
    os.link(b.hdf5, os.path.join(folder, "data", f"{b.data.name}.hdf5"))
    env = dict(os.environ, PYTHONPATH=folder,
               ANN_BENCHMARKS_PG_START_SERVICE="false",
               ANN_BENCHMARKS_PG_USER="postgres",
               ANN_BENCHMARKS_PG_DBNAME=database(name),
               ANN_BENCHMARKS_PG_HOST=server.host(""))
    runs = []
    while not runs:
        # A worker may see the queue before its first task is there, and end
        b.run([os.path.join(HERE, "public_ann.py"), b.data.name, "--local",
               "--algorithm", "lokivector" if name == OWN else "pgvector",
               "--runs", str(b.own.ann_runs)], folder, env)
        with open(os.path.join(folder, "results.json")) as f:
            runs = json.load(f)
    return [{"tool": "ann-benchmarks", "contender": name, "clients": 1,
             "group": group(run["parameters"]), "value": value(
                 run["parameters"]), "recall": run["recall"],
             "qps": run["qps"], "build_s": run["build_s"],
             "index_mb": run["index_kb"] * 1024 / 1e6} for run in runs]


def inside(parameters):
    return parameters[parameters.index("(") + 1:parameters.rindex(")")]


def group(parameters):
    """"PGVector(m=16, ef_construction=200, ef_search=10)" without its end"""
    return inside(parameters).rpartition(", ")[0]


def value(parameters):
    return int(inside(parameters).rpartition("=")[2])


# ---- VectorDBBench --------------------------------------------------------

def vdb_package(b):
    """A copy of the package with our module"""
    sys.path.insert(0, os.path.join(HERE, "vectordbbench"))
    from register import register
    found = os.path.join(b.work, "vdb-own", "vectordb_bench")
    spec = importlib.util.find_spec("vectordb_bench")
    shutil.copytree(spec.submodule_search_locations[0], found)
    register(found)
    return os.path.dirname(found)


def run_vdb(name, server, b, round_):
    """Load and build, then search at each width -> points"""
    found, labels = [], None
    for share in b.own.shares:
        for ef in b.args.ef:
            # One table without labels, and one with them
            load, labels = labels != (share != "0"), share != "0"
            found += vdb_point(name, server, b, share, ef, load)
    return found


def vdb_point(name, server, b, share, ef, load):
    folder = os.path.join(b.work, "vdb", f"{database(name)}-"
                          f"{name == THEIRS:d}-{share}-{ef}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    a, data = b.args, b.data
    env = dict(os.environ, RESULTS_LOCAL_DIR=folder, DATASET_LOCAL_DIR=b.work,
               LOG_FILE=os.path.join(folder, "log"))
    if name == OWN:
        env["PYTHONPATH"] = b.vdb_own
    stages = "--drop-old --load" if load else "--skip-drop-old --skip-load"
    b.run([os.path.join(HERE, "public_vdb.py"), share,
           "lokivectorhnsw" if name == OWN else "pgvectorhnsw",
           "--user-name", "postgres", "--password", "none", "--host",
           server.host(""), "--db-name", database(name), "--m", str(a.m),
           "--ef-construction", str(a.ef_construction), "--ef-search",
           str(ef), "--case-type", "PerformanceCustomDataset",
           "--custom-case-name", data.name, "--custom-dataset-name", "set",
           "--custom-dataset-dir", os.path.join(b.work, "parquet"),
           "--custom-dataset-size", str(len(data.base)),
           "--custom-dataset-dim", str(data.dims),
           "--custom-dataset-metric-type", METRIC[a.metric],
           "--custom-dataset-file-count", "1", "--k", str(b.own.vdb_k),
           "--num-concurrency", ",".join(map(str, a.clients)),
           "--concurrency-duration", str(a.seconds), *stages.split()],
          folder, env)
    path, = glob.glob(os.path.join(folder, "*", "result_*.json"))
    with open(path) as f:
        m = json.load(f)["results"][0]["metrics"]
    if not m["recall"]:
        raise RuntimeError(f"{name}: VectorDBBench failed, see {folder}")
    say(f"{name}: VectorDBBench, {share}, ef_search {ef}: recall "
        f"{m['recall']}, {m['conc_qps_list']}/s")
    title = "any row" if share == "0" else f"label of {float(share):.0%}"
    return [{"tool": "VectorDBBench", "contender": name, "clients": clients,
             "group": title, "value": ef, "recall": m["recall"], "qps": qps,
             "build_s": m["optimize_duration"] if load else None,
             "index_mb": index_mb(server, name) if load else None,
             "p99_ms": m["serial_latency_p99"] * 1000}
            for clients, qps in zip(m["conc_num_list"], m["conc_qps_list"])]


def index_mb(server, name):
    return int(server.rows(database(name), "SELECT max(pg_relation_size("
               "indexrelid)) FROM pg_index JOIN pg_class ON oid = indexrelid "
               "WHERE relam = (SELECT oid FROM pg_am WHERE amname = 'hnsw')")[
                   0][0]) / 1e6


# ---- report ---------------------------------------------------------------

KEY = ("tool", "group", "clients", "contender", "value")


def medians(points):
    """The rounds of a point as one"""
    found = {}
    for p in points:
        found.setdefault(tuple(p[k] for k in KEY), []).append(p)
    rows = []
    for key, some in found.items():
        row = dict(zip(KEY, key))
        for what in ("recall", "qps", "build_s", "index_mb", "p99_ms"):
            known = [p[what] for p in some if p.get(what) is not None]
            row[what] = statistics.median(known) if known else None
        rows.append(row)
    return rows


def line(rows, contender):
    """(recall, rate) by rising value, recall made monotone"""
    out, best = [], 0.0
    for r in sorted(rows, key=lambda r: r["value"]):
        if r["contender"] == contender:
            best = max(best, r["recall"])
            out.append((best, r["qps"]))
    return out


def compared(rows, targets):
    """Rows of the table of ratios at equal recall"""
    out = []
    for key in dict.fromkeys((r["tool"], r["group"], r["clients"])
                             for r in rows):
        here = [r for r in rows
                if (r["tool"], r["group"], r["clients"]) == key]
        theirs = line(here, THEIRS)
        for ours, target in ((o, t) for o in (OURS, OWN) for t in targets):
            if not theirs or not line(here, ours):
                continue
            f = report.compare(line(here, ours), theirs, target)
            out.append([*key, ours, f"{f['recall']:.4g}",
                        report.number(f["lokivector_qps"]),
                        report.number(f["peer_qps"]),
                        report.number(f["ratio"], ".2f"), f["note"]])
    return out


def write(b, points):
    rows = medians(points)
    with open(os.path.join(b.out, "curves.csv"), "w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: round(v, 4) if isinstance(v, float) else v
                          for k, v in row.items()} for row in rows)
    m = session.machine()
    size = f"{len(b.data.base):,} x {b.data.dims}"
    text = f"""# {b.data.name}: {size}, {b.args.metric}

{len(b.data.queries)} queries. {m['cpu']}, {m['cores']} cores;
PostgreSQL {b.version}; one or two rounds as the command says.
ann-benchmarks asks for 10 rows, VectorDBBench for {b.own.vdb_k}.

    {b.command}

## Queries per second at equal recall

""" + report.table(["tool", "index or condition", "clients", "", "recall",
                    "per s", "pgvector per s", "ratio", "note"],
                   compared(rows, b.args.targets)) + "\n## All points\n\n"
    text += report.table(
        ["tool", "index or condition", "clients", "", "ef_search", "recall",
         "per s", "build s", "index MB", "p99 ms"],
        [[*[r[k] for k in KEY], f"{r['recall']:.4f}", f"{r['qps']:.0f}",
          *[report.number(r[k], ".1f") for k in (
              "build_s", "index_mb", "p99_ms")]] for r in rows])
    with open(os.path.join(b.out, "report.md"), "w") as f:
        f.write(text)


# ---- run ------------------------------------------------------------------

class Public:
    """What all runs of the tools need"""

    def __init__(self, own, args, python, argv):
        import public_data
        self.own, self.args, self.python = own, args, python
        self.data = datasets.load(args.set, args.data)
        self.data.limit(args.limit_rows)
        args.metric = args.metric or self.data.metric
        self.out = os.path.abspath(args.out or os.path.join(
            TOP, "build", "bench", f"public-{self.data.name}-{args.metric}"))
        self.work = os.path.join(self.out, "work")
        self.command = "bench/public.py --ann-benchmarks FOLDER " \
            + session.shown(argv, "--ann-benchmarks", "--python")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)
        self.hdf5 = os.path.join(self.work, "set.hdf5")
        if "ann-benchmarks" in own.tools:
            public_data.hdf5(self.data, args.metric, self.hdf5)
        if "vectordbbench" in own.tools:
            public_data.parquets(self.data, args.metric,
                                 os.path.join(self.work, "parquet"))
            self.vdb_own = vdb_package(self)

    def run(self, command, folder, env):
        with open(os.path.join(folder, "output"), "a") as f:
            done = subprocess.run([self.python, *command], cwd=folder,
                                  env=env, stdout=f, stderr=f)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed, see {f.name}")


TOOLS = {"ann-benchmarks": run_ann, "vectordbbench": run_vdb}


def main(argv):
    own, args = arguments(argv)
    python = with_tools(own)
    b = Public(own, args, python, argv)
    found = servers(args)
    points, turn = [], [OURS, THEIRS, OWN]
    try:
        make_databases(found)
        b.version = found[OURS].rows("postgres", "SHOW server_version")[0][
            0].split()[0]
        for round_ in range(args.rounds):
            for tool in own.tools:
                for name in turn if round_ % 2 == 0 else turn[::-1]:
                    say(f"round {round_}: {tool}: {name}")
                    points += TOOLS[tool](name, found[name], b, round_)
                    write(b, points)
    finally:
        for server in found.values():
            server.stop()
    say(f"results in {b.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
