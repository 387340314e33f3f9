#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How many rows of an index are not found by their own vectors, after each of
the things that change a graph.

Half of the rows are there when the index is built, the rest is inserted by one
client and by several; then rows are deleted, vacuumed away and put back.  After
each step every row is searched for by its vector, and counted as lost if the
nearest row that the index returns is at another distance than 0.

With --order the rows are sorted by their place along the direction in which they
are spread the most, so that those inserted are unlike those built.  With --empty
all are inserted, and codes are made when the index has nodes enough; `pending`
is how many, until then.

The server is whatever the command given with --psql connects to.
"""
import shlex
import subprocess
import sys

import needs  # noqa: F401
import numpy as np

import datasets
import hard


# ---- sets: rows that are built, rows that are inserted -------------------------

def between(rng, rows, n):
    """Points on the lines between rows"""
    a = rows[rng.integers(0, len(rows), n)]
    b = rows[rng.integers(0, len(rows), n)]
    t = rng.random((n, 1))
    return a * t + b * (1 - t)


def grown(rng, built, inserted, dims):
    """What is inserted is like what was there"""
    e = hard.Embeddings(rng, built, dims)
    return e.rows(built), e.rows(inserted)


def drifted(rng, built, inserted, dims):
    """... like nothing that was there"""
    e = hard.Embeddings(rng, built, dims)
    other = hard.Embeddings(rng, inserted, dims)
    return e.rows(built), other.rows(inserted)


def interpolated(rng, built, inserted, dims):
    """... between what was there"""
    base = hard.Embeddings(rng, built, dims).rows(built)
    return base, between(rng, base, inserted)


def spread(rng, built, inserted, dims):
    """... between tight clusters"""
    base = hard.make("clusters", built, dims, 1, int(rng.integers(1, 1000)))[0]
    return base, between(rng, base, inserted)


def overlapping(rng, built, inserted, dims):
    """... between overlapping clusters"""
    cluster = rng.integers(0, 23, built)[:, None] * 3
    base = (1.5 * np.sin(cluster + np.arange(1, dims + 1)[None, :] * 7)
            + rng.uniform(-1, 1, (built, dims)))
    return base, between(rng, base, inserted)


def isotropic(rng, built, inserted, dims):
    """... as well in all directions"""
    base = rng.standard_normal((built, dims))
    return base, between(rng, base, inserted)


def apart(rng, built, inserted, dims):
    """... between small clusters far from one another"""
    centres = hard.directions(rng, built // 50, dims)
    base = centres[rng.integers(0, len(centres), built)] + 0.15 * hard.directions(rng, built, dims)
    return base, between(rng, base, inserted)


SETS = {f.__name__: f for f in (grown, drifted, interpolated, spread, apart,
                                overlapping, isotropic)}


def insert(server, table, rows, clients):
    """Row by row, each client a share of the rows"""
    running = []
    for client in range(clients):
        process = subprocess.Popen(server.command, text=True,
                                   stdin=subprocess.PIPE)
        process.stdin.write(f"""DO $$ DECLARE r record; BEGIN
            FOR r IN SELECT * FROM {rows} WHERE id % {clients} = {client}
                ORDER BY id LOOP
                INSERT INTO {table} VALUES (r.id, r.v);
            END LOOP; END $$;\n""")
        process.stdin.close()
        running.append(process)
    if any(process.wait() != 0 for process in running):
        raise RuntimeError("inserts failed")


def rows_of(name, data, n, order):
    """-> n rows of a set, in random order or along their widest direction"""
    if name in hard.SETS:
        base, _, _ = hard.make(name, n, 128, 1)
    elif name in SETS:
        return np.vstack(SETS[name](np.random.default_rng(1), n - n // 2, n // 2, 64)).astype(np.float32)
    else:
        base = datasets.load(name, data).base
    rng = np.random.default_rng(1)
    base = np.asarray(base[np.sort(rng.permutation(len(base))[:n])], np.float32)
    if not order:
        return base[rng.permutation(len(base))]
    centred = base - base.mean(axis=0)
    widest = np.linalg.eigh(centred[:5000].T @ centred[:5000])[1][:, -1]
    return base[np.argsort(centred @ widest)]


class Steps:
    """One table, and what is done to it"""

    def __init__(self, server, base, args):
        self.server, self.base, self.args = server, base, args
        self.table = hard.Table(server, "lost", "l2")
        self.all = f"{self.table.name}_all"

    def lost(self):
        """Rows lost at each width"""
        counts = []
        for ef in self.args.ef:
            got = self.table.nearest(self.table.name, ef, 1)
            same = (self.base[got[:, 0]] == self.base[got[:, 1]]).all(axis=1)
            counts.append(self.rows() - int(same.sum()))
            if self.args.ids and ef == self.args.ef[-1]:
                print("  lost:", *got[~same, 0], file=sys.stderr)
        return counts

    def rows(self):
        return int(self.server.sql(f"SELECT count(*) FROM {self.table.name}")[0][0])

    def insert(self, clients, where):
        new = f"{self.table.name}_new"
        self.server.sql(f"DROP TABLE IF EXISTS {new}; CREATE TABLE {new} AS"
                        f" SELECT * FROM {self.all} WHERE {where}")
        insert(self.server, self.table.name, new, clients)

    def pending(self):
        """Nodes at which the index gets codes; 0: it has them"""
        return self.server.sql("SELECT pending FROM pg_index, LATERAL"
                               " lokivector_index_info(indexrelid) WHERE indrelid ="
                               f" '{self.table.name}'::regclass")[0][0]

    def run(self, clients):
        """Yields the name of each step, and what is lost after it"""
        sql, name, args = self.server.sql, self.table.name, self.args
        built = 0 if args.empty else len(self.base) // 2
        self.table.load(self.base, self.base[:1])
        sql(f"DROP TABLE IF EXISTS {self.all}; ALTER TABLE {name} RENAME TO {self.all};"
            f"CREATE TABLE {name} AS SELECT * FROM {self.all} WHERE id < {built};"
            f"SET maintenance_work_mem = '1GB'; {self.table.index(args.options)}")
        yield "built", self.lost()
        self.insert(clients, f"id >= {built}")
        yield "inserted", self.lost()
        sql(f"VACUUM {name}")
        yield "vacuumed", self.lost()
        for percent in args.delete:
            sql(f"DELETE FROM {name} WHERE abs(hashint4(id) % 100) < {percent};"
                f"VACUUM {name}")
            yield f"{percent} % deleted", self.lost()
            self.insert(clients, f"NOT EXISTS (SELECT FROM {name} t WHERE t.id ="
                        f" {self.all}.id)")
            yield "put back", self.lost()


def main(argv):
    p = hard.parser(__doc__, sets="interpolated", rows=30000, ef="40,100,400")
    p.add_argument("--clients", default="1,2")
    p.add_argument("--delete", default="", metavar="PERCENT,...")
    p.add_argument("--order", action="store_true", help="rows inserted are unlike"
                   " those built")
    p.add_argument("--empty", action="store_true", help="build on no rows")
    p.add_argument("--ids", action="store_true", help="tell which are lost")
    args = p.parse_args(argv)
    args.delete = [int(x) for x in args.delete.split(",") if x]
    server = hard.Server(shlex.split(args.psql))
    print("| set | rows | clients | step | pending | "
          + " | ".join(f"lost at ef {ef}" for ef in args.ef) + " |")
    print("|" + "---|" * (5 + len(args.ef)))
    for name in args.sets.split(","):
        base = rows_of(name, args.data, args.rows, args.order)
        for clients in [int(x) for x in args.clients.split(",")]:
            steps = Steps(server, base, args)
            for step, lost in steps.run(clients):
                print(f"| {name} | {len(base)} x {base.shape[1]} | {clients} | {step} |"
                      f" {steps.pending()} | " + " | ".join(map(str, lost)) + " |",
                      flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
