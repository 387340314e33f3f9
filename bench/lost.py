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
all are inserted, and codes are made anew as the index grows; `epoch` counts how
often they were.

The server is whatever the command given with --psql connects to.
"""
import argparse
import shlex
import sys

import numpy as np

import datasets
import grown
import hard


def rows_of(name, data, n, order):
    """-> n rows of a set, in random order or along their widest direction"""
    if name in hard.SETS:
        base, _, _ = hard.make(name, n, 128, 1)
    elif name in grown.SETS:
        parts = grown.SETS[name](np.random.default_rng(1), n - n // 2, n // 2, 64, 2)
        return np.vstack(parts[:2]).astype(np.float32)
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
        grown.insert(self.server, self.table.name, new, clients)

    def epoch(self):
        """How often codes were made anew"""
        return self.server.sql("SELECT epoch FROM pg_index, LATERAL"
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
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--psql", required=True, help="command that connects")
    p.add_argument("--data", default=None, help="folder of the sets")
    p.add_argument("--sets", default="interpolated")
    p.add_argument("--rows", type=int, default=30000)
    p.add_argument("--clients", default="1,2")
    p.add_argument("--ef", default="40,100,400")
    p.add_argument("--delete", default="", metavar="PERCENT,...")
    p.add_argument("--order", action="store_true", help="rows inserted are unlike"
                   " those built")
    p.add_argument("--empty", action="store_true", help="build on no rows")
    p.add_argument("--options", default="", help="as WITH (m = 32)")
    p.add_argument("--ids", action="store_true", help="tell which are lost")
    args = p.parse_args(argv)
    args.ef = [int(ef) for ef in args.ef.split(",")]
    args.delete = [int(x) for x in args.delete.split(",") if x]
    server = hard.Server(shlex.split(args.psql))
    print("| set | rows | clients | step | epoch | "
          + " | ".join(f"lost at ef {ef}" for ef in args.ef) + " |")
    print("|" + "---|" * (5 + len(args.ef)))
    for name in args.sets.split(","):
        base = rows_of(name, args.data, args.rows, args.order)
        for clients in [int(x) for x in args.clients.split(",")]:
            steps = Steps(server, base, args)
            for step, lost in steps.run(clients):
                print(f"| {name} | {len(base)} x {base.shape[1]} | {clients} | {step} |"
                      f" {steps.epoch()} | " + " | ".join(map(str, lost)) + " |",
                      flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
