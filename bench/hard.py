#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Sets on which graphs fail, and what an index does with them.

Each set is generated from a seed.  For each the index of a server is built;
then recall of LIMIT 10, or another, is measured at several widths, its mean and that of the worst
hundredth of the queries, how many rows are not found by their own vectors,
and how many rows LIMIT 1000 gives that asks for the row with most copies.

The server is whatever the command given with --psql connects to; its database
has lokivector or pgvector.  A set may also be one that datasets.py reads.
"""
import argparse
import functools
import math
import shlex
import subprocess
import sys

import needs  # noqa: F401
import numpy as np

import datasets
import truth
from cluster import binary_rows, copy_in

OPERATOR = {"l2": "<->", "ip": "<#>", "cosine": "<=>"}
LATENT = {128: 48, 768: 96}
OWN_EF = 400                    # of searches for rows by their own vectors


# ---- sets -----------------------------------------------------------------

class Embeddings:
    """Rows that behave like embeddings: see README.md"""

    def __init__(self, rng, rows, dims):
        self.rng, self.dims = rng, dims
        self.latent = LATENT.get(dims, dims // 4)
        self.spectrum = 1 / np.sqrt(np.arange(1, self.latent + 1))
        self.centres = rng.standard_normal((max(1, rows // 400), self.latent))
        self.centres *= self.spectrum
        self.weights = rng.pareto(1.5, len(self.centres)) + 1
        self.weights /= self.weights.sum()
        self.mapping = rng.standard_normal((self.latent, dims))
        self.mapping /= math.sqrt(self.latent)

    def rows(self, n):
        rng = self.rng
        z = self.centres[rng.choice(len(self.centres), n, p=self.weights)]
        z = z + 0.6 * self.spectrum * rng.standard_normal((n, self.latent))
        x = z @ self.mapping + 0.08 * rng.standard_normal((n, self.dims))
        return x / np.linalg.norm(x, axis=1, keepdims=True)


def directions(rng, n, dims):
    x = rng.standard_normal((n, dims))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def lengths(rng, rows, dims, queries):
    """Inner product of rows of very different lengths"""
    e = Embeddings(rng, rows, dims)
    base = e.rows(rows) * rng.lognormal(0, 0.5, (rows, 1))
    return base, e.rows(queries)


def clusters(rng, rows, dims, queries):
    """Tight clusters far from one another, of 10 to a fifth of the rows;
    as many queries in a small one as in a large one"""
    count = 200
    weights = np.arange(1, count + 1) ** -1.2
    weights /= weights.sum()
    centres = directions(rng, count, dims)
    radius = np.exp(rng.uniform(np.log(0.02), np.log(0.2), count))
    e = Embeddings(rng, rows, dims)

    def of(cluster):
        # embeddings are rows of a length of one about nothing
        spread = e.rows(len(cluster)) * radius[cluster][:, None]
        return centres[cluster] + spread

    base = of(rng.choice(count, rows, p=weights))
    return base, of(rng.integers(0, count, queries))


def near(rng, rows, dims, queries):
    """A fifth of the rows lie at a distance of 1e-4 from others"""
    e = Embeddings(rng, rows, dims)
    base = e.rows(rows)
    copies = rng.choice(rows, rows // 5, replace=False)
    others = np.setdiff1d(np.arange(rows), copies)
    chosen = rng.choice(others[:rows // 100], len(copies))
    base[copies] = base[chosen] + 1e-4 * directions(rng, len(copies), dims)
    return base, e.rows(queries)


def outliers(rng, rows, dims, queries):
    """One row and query in twenty is ten times as long as the others, in any
    direction"""
    e = Embeddings(rng, rows, dims)

    def some(n):
        x = e.rows(n)
        far = rng.random(n) < 0.05
        x[far] = 10 * directions(rng, far.sum(), dims)
        return x

    return some(rows), some(queries)


def hubs(rng, rows, dims, queries):
    """One row in twenty is nearer to every row than any other row is"""
    base = directions(rng, rows, dims)
    base[::20] *= 0.01
    return base, directions(rng, queries, dims)


def few_hubs(rng, rows, dims, queries):
    """The same of one row in 200, of a normal distribution"""
    base = rng.standard_normal((rows, dims))
    base[::200] *= 0.2
    return base, rng.standard_normal((queries, dims))


def between(rng, rows, dims, queries):
    """Twelve clusters, one after the other, and queries from elsewhere; with --inserted the index
    grows cluster by cluster"""
    centres = rng.uniform(-1, 1, (24, dims))
    cluster = np.arange(rows) * 12 // rows
    other = rng.integers(12, 24, queries)
    return (centres[cluster] + .45 * rng.uniform(-1, 1, (rows, dims)),
            centres[other] + .45 * rng.uniform(-1, 1, (queries, dims)))


def duplicates(rng, rows, dims, queries):
    """A fifth of the rows are copies of others"""
    e = Embeddings(rng, rows, dims)
    base = e.rows(rows)
    copies = rng.choice(rows, rows // 5, replace=False)
    others = np.setdiff1d(np.arange(rows), copies)
    base[copies] = base[rng.choice(others, len(copies))]
    return base, e.rows(queries)


def identical(rng, rows, dims, queries):
    """Half of the rows are one vector"""
    e = Embeddings(rng, rows, dims)
    base = e.rows(rows)
    base[rng.choice(rows, rows // 2, replace=False)] = base[0]
    return base, e.rows(queries)


def tight(spread, rng, rows, dims, queries):
    """20 clusters of normal distribution, spread times as wide as their centers
    are; each query is a row"""
    centres = rng.standard_normal((20, dims))
    base = centres[rng.integers(0, 20, rows)]
    base = base + spread * rng.standard_normal((rows, dims))
    return base, base[rng.choice(rows, queries, replace=False)]


def parts(rng, rows, dims, queries):
    """Documents of 300 nearly equal parts, and nine times as many of 8, whose centers are
    anywhere; each query is near a document"""
    count = max(10, rows * 10 // 372)
    centres = rng.standard_normal((count, dims))
    document = np.repeat(np.arange(count), np.where(np.arange(count) % 10 == 0, 300, 8))
    spread = np.array([.003, .02, .1])[document % 3, None]
    base = centres[document] + spread * rng.standard_normal((len(document), dims))
    near = centres[rng.integers(0, count, queries)]
    return base, near + .7 * rng.standard_normal((queries, dims))


def chunks(rng, rows, dims, queries):
    """Documents of 50 nearly equal chunks, and queries anywhere near one"""
    document = rng.standard_normal((max(1, rows // 50), dims))
    base = np.repeat(document, 50, axis=0)
    near = document[rng.integers(0, len(document), queries)]
    return (base + .02 * rng.standard_normal(base.shape),
            near + .5 * rng.standard_normal(near.shape))


def models(rng, rows, dims, queries):
    """Half of the rows and queries are of another model, whose vectors are
    100 times as long"""
    def model():
        mean = .5 * rng.standard_normal(dims)
        latent = rng.standard_normal((24, dims)) / 5
        return lambda n: (mean + rng.standard_normal((n, 24)) @ latent
                          + .1 * rng.standard_normal((n, dims)))

    short, long = model(), model()

    def both(n):
        return np.concatenate([short(n - n // 2), 100 * long(n // 2)])

    return rng.permutation(both(rows)), both(queries)


def noise(rng, rows, dims, queries):
    """Rows without structure, whose distances hardly differ"""
    return rng.random((rows, dims)), rng.random((queries, dims))


SETS = {"lengths": (lengths, "ip"), "clusters": (clusters, "l2"),
        "near": (near, "l2"), "outliers": (outliers, "l2"),
        "hubs": (hubs, "l2"), "few_hubs": (few_hubs, "l2"),
        "between": (between, "cosine"), "duplicates": (duplicates, "l2"),
        "identical": (identical, "l2"),
        "tight_3": (functools.partial(tight, .003), "l2"),
        "tight_30": (functools.partial(tight, .03), "l2"),
        "tight_100": (functools.partial(tight, .1), "l2"),
        "parts": (parts, "cosine"), "chunks": (chunks, "cosine"),
        "models": (models, "l2"), "noise": (noise, "l2")}


def make(name, rows, dims, queries=1000, seed=1, data=None):
    """-> base, queries, metric; a name that is not among SETS is a set that
    datasets.py reads, below data"""
    if name not in SETS:
        found = datasets.load(name, data)
        found.limit(rows)
        return (np.array(found.base, np.float32),
                np.array(found.queries[:queries], np.float32), found.metric)
    function, metric = SETS[name]
    base, query = function(np.random.default_rng(seed), rows, dims, queries)
    return base.astype(np.float32), query.astype(np.float32), metric


# ---- a server -------------------------------------------------------------

class Server:
    def __init__(self, command):
        """command: of a psql that connects, in words"""
        self.command = command + ["-XAtq", "-v", "ON_ERROR_STOP=1"]

    def sql(self, text):
        done = subprocess.run(self.command, input=text, text=True,
                              stdout=subprocess.PIPE, check=True)
        return [line.split("|") for line in done.stdout.splitlines()]


class Table:
    """A set in a table of its own, with an index"""

    def __init__(self, server, name, metric):
        self.server, self.metric = server, metric
        self.name, self.queries = f"hard_{name}", f"hard_{name}_q"

    def load(self, base, queries):
        dims = base.shape[1]
        self.drop()
        self.server.sql(f"""
            CREATE TABLE {self.name} (id integer, v vector({dims}));
            CREATE TABLE {self.queries} (id integer, v vector({dims}));""")
        copy_in(self.server.command, self.name, binary_rows(base))
        copy_in(self.server.command, self.queries, binary_rows(queries))
        self.server.sql(f"VACUUM ANALYZE {self.name};"
                        f"VACUUM ANALYZE {self.queries};")

    def drop(self):
        self.server.sql(f"DROP TABLE IF EXISTS {self.name}, {self.queries}")

    def index(self, options):
        return (f"CREATE INDEX ON {self.name} USING hnsw "
                f"(v vector_{self.metric}_ops) {options}")

    def build(self, options):
        """-> seconds of the backend's processor time"""
        return self.processor(
            "SET maintenance_work_mem = '2GB';"
            "SET max_parallel_maintenance_workers = 0;", self.index(options))

    def fill(self, options):
        """An index on an empty table, and the rows inserted one by one"""
        rows = f"{self.name}_rows"
        seconds = self.processor(
            f"ALTER TABLE {self.name} RENAME TO {rows};"
            f"CREATE TABLE {self.name} (LIKE {rows});{self.index(options)};",
            f"""DO $$ DECLARE r record; BEGIN
            FOR r IN SELECT * FROM {rows} LOOP
                INSERT INTO {self.name} VALUES (r.id, r.v);
            END LOOP; END $$""")
        self.server.sql(f"DROP TABLE {rows}; VACUUM ANALYZE {self.name}")
        return seconds

    def processor(self, before, statement):
        clock = ("SELECT sum(split_part(s, ' ', n)::float8) / 100 "
                 "FROM pg_read_file('/proc/self/stat') s, "
                 "generate_series(14, 15) n")
        rows = self.server.sql(f"{before}{clock};{statement};{clock};")
        return float(rows[1][0]) - float(rows[0][0])

    def nearest(self, table, ef, k, where="true", condition="true"):
        """Ids that the index returns, of rows with a condition, for the vectors of a table.  An ef below 1
        is a lokivector.target_recall."""
        setting = "lokivector.target_recall" if ef < 1 else "hnsw.ef_search"
        return np.array(self.server.sql(
            "SET enable_seqscan = off; SET jit = off;"
            f"SET {setting} = {ef};"
            f"SELECT q.id, x.id FROM {table} q, LATERAL (SELECT id FROM "
            f"{self.name} WHERE {condition} ORDER BY v {OPERATOR[self.metric]} q.v LIMIT {k}) x "
            f"WHERE {where}"), np.int64).reshape(-1, 2)


# ---- measuring ------------------------------------------------------------

def recall(metric, base, queries, true, answers, k):
    """Share of the k nearest that each query found, by distance"""
    out = np.zeros(len(queries))
    for i, q in enumerate(queries):
        got = answers[answers[:, 0] == i, 1]
        limit = truth.distances(metric, base[true[i, k - 1:k]], q)[0]
        found = truth.distances(metric, base[got], q)
        out[i] = (found <= limit + 1e-7 * abs(limit)).sum() / k
    return np.minimum(out, 1)


def lost(table, base, rows, ef):
    """Of so many rows, or all, those not found by their own vectors; by inner
    product only rows count that are among the ten nearest to themselves"""
    n = len(base)
    step = max(1, n // rows) if rows else 1
    if table.metric == "ip":
        ids = np.arange(0, n, step)
        true = truth.neighbours(table.metric, base, base[ids], 10)
        own = ids[(true == ids[:, None]).any(axis=1)]
        got = table.nearest(table.name, ef, 10, f"q.id % {step} = 0")
        found = got[got[:, 0] == got[:, 1], 0]
        return len(np.setdiff1d(own, found)), len(own)
    got = table.nearest(table.name, ef, 1, f"q.id % {step} = 0")
    same = (base[got[:, 0]] == base[got[:, 1]]).all(axis=1)
    return len(got) - same.sum(), len(got)


def scored(table):
    """Nodes scored by all searches of lokivector's index so far"""
    return int(table.server.sql(
        "SELECT nodes_scored FROM lokivector_stat_indexes "
        f"WHERE relname = '{table.name}'")[0][0])


def most_copied(base):
    """-> the row with most copies, and how many there are of it"""
    unique, first, counts = np.unique(base, axis=0, return_index=True,
                                      return_counts=True)
    best = counts.argmax()
    return first[best], counts[best]


def measure(table, base, queries, true, efs, own, options="", inserted=False,
            nodes=False, k=10):
    """-> seconds of building; by ef the mean recall, its first percentile and,
    if asked for, the nodes that a search scores; rows lost, of how many; rows
    of LIMIT 1000 for the row with most copies, and how many copies that has"""
    table.load(base, queries)
    found = {"seconds": (table.fill if inserted else table.build)(options),
             "recall": {}, "nodes": {}}
    for ef in efs:
        before = scored(table) if nodes else 0
        answers = table.nearest(table.queries, ef, k)
        if nodes:
            found["nodes"][ef] = (scored(table) - before) / len(queries)
        r = recall(table.metric, base, queries, true, answers, k)
        found["recall"][ef] = float(r.mean()), float(np.quantile(r, .01))
    found["lost"], found["own"] = map(int, lost(table, base, own, OWN_EF))
    row, found["copies"] = map(int, most_copied(base))
    found["thousand"] = len(table.nearest(table.name, 40, 1000,
                                          f"q.id = {row}"))
    return found


def widths(text):
    return [float(ef) if "." in ef else int(ef) for ef in text.split(",")]


def parser(description, **defaults):
    """Options of what measures on such sets"""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--psql", required=True, help="command that connects")
    p.add_argument("--sets", default=",".join(SETS))
    p.add_argument("--rows", type=int)
    p.add_argument("--ef", type=widths, help="below 1: lokivector.target_recall")
    p.add_argument("--options", default="", help="as WITH (m = 32)")
    p.add_argument("--data", metavar="DIRECTORY", help="of sets that are not generated here")
    p.set_defaults(**defaults)
    return p


def main(argv):
    p = parser(__doc__, rows=50000, ef="40,100,200,400")
    p.add_argument("--dims", type=int, default=128)
    p.add_argument("--limit", type=int, default=10, metavar="K")
    p.add_argument("--own", type=int, default=0, metavar="ROWS",
                   help="search for so many rows by their vectors (all)")
    p.add_argument("--inserted", action="store_true",
                   help="insert the rows one by one into an empty index")
    p.add_argument("--check", action="store_true",
                   help="check lokivector's indexes, too")
    p.add_argument("--queries", type=int, default=1000)
    p.add_argument("--nodes", action="store_true",
                   help="say how many nodes a search of lokivector scores")
    args = p.parse_args(argv)
    server = Server(shlex.split(args.psql))
    if server.sql("SELECT to_regtype('vector') IS NULL")[0][0] == "t":
        raise SystemExit("the database has no type vector: run CREATE EXTENSION"
                         " lokivector, or vector for pgvector")
    print("| set | rows | build, s | " + " | ".join(f"ef {ef}" for ef in args.ef)
          + " | lost | LIMIT 1000 |")
    print("|" + "---|" * (len(args.ef) + 5))
    for name in args.sets.split(","):
        base, queries, metric = make(name, args.rows, args.dims, args.queries,
                                     data=args.data)
        true = truth.neighbours(metric, base, queries, args.limit)
        table = Table(server, name.replace("-", "_").replace(":", "_"), metric)
        f = measure(table, base, queries, true, args.ef, args.own, args.options,
                    args.inserted, args.nodes, args.limit)
        if args.check:
            server.sql("SELECT lokivector_check(indexrelid, true) FROM pg_index"
                       f" WHERE indrelid = '{table.name}'::regclass")
        table.drop()
        line = [name, f"{len(base)} x {base.shape[1]}", f"{f['seconds']:.1f}",
                *[f"{mean:.3f} / {worst:.1f}"
                  + (f" ({f['nodes'][ef]:.0f})" if args.nodes else "")
                  for ef, (mean, worst) in f["recall"].items()],
                f"{f['lost']} of {f['own']}", str(f["thousand"])]
        print("| " + " | ".join(line) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
