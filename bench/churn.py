#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What an index is worth whose rows are replaced: in each round some of them are
deleted, as many new ones inserted, and the table vacuumed.

The set is `noise`, uniformly random numbers, or one of datasets.py.  Recall@10
is measured at several widths, before, every few rounds, and after a REINDEX of
the rows that are there then.

The server is whatever the command given with --psql connects to.
"""
import argparse
import shlex
import sys

import numpy as np

import datasets
import hard
import truth

METRIC = "l2"
K = 10


def rows_of(args, rng, n):
    if args.set == "noise":
        return rng.random((n, args.dims), dtype=np.float32)
    base = np.asarray(datasets.load(args.set, args.data).base, np.float32)
    if n > len(base):
        raise SystemExit(f"{args.set} has {len(base)} rows; {n} are needed")
    return base[rng.permutation(len(base))[:n]]


class Steps:
    """A table of which some rows are there"""

    def __init__(self, server, args):
        rng = np.random.default_rng(args.seed)
        self.share = round(args.rows * args.share)
        count = args.rows + args.rounds * self.share
        rows = rows_of(args, rng, count + args.queries)
        self.server, self.args, self.rng = server, args, rng
        self.base, self.queries = rows[:count], rows[count:]
        self.table = hard.Table(server, "churn", METRIC)
        self.all = f"{self.table.name}_all"
        self.alive = np.arange(count) < args.rows

    def recall(self):
        """Mean recall at each width"""
        there = np.flatnonzero(self.alive)
        true = there[truth.neighbours(METRIC, self.base[there], self.queries, K)]
        return [hard.recall(METRIC, self.base, self.queries, true,
                            self.table.nearest(self.table.queries, ef, K), K).mean()
                for ef in self.args.ef]

    def replace(self, number):
        """One round"""
        name, first = self.table.name, self.args.rows + number * self.share
        gone = self.rng.permutation(np.flatnonzero(self.alive))[:self.share]
        self.alive[gone] = False
        self.alive[first:first + self.share] = True
        self.server.sql(f"""
            DELETE FROM {name} WHERE id = ANY ('{{{','.join(map(str, gone))}}}');
            INSERT INTO {name} SELECT * FROM {self.all}
                WHERE id >= {first} AND id < {first + self.share} ORDER BY id;
            VACUUM {name}""")

    def run(self):
        """Yields the name of each step, and recall after it"""
        sql, name, args = self.server.sql, self.table.name, self.args
        self.table.load(self.base, self.queries)
        sql(f"""DROP TABLE IF EXISTS {self.all};
            ALTER TABLE {name} RENAME TO {self.all};
            CREATE TABLE {name} AS SELECT * FROM {self.all} WHERE id < {args.rows};
            {self.table.index(args.options)}""")
        yield "built", self.recall()
        for number in range(args.rounds):
            self.replace(number)
            if (number + 1) % args.every == 0:
                yield f"{number + 1} rounds", self.recall()
        sql(f"REINDEX TABLE {name}")
        yield "rebuilt", self.recall()
        self.table.drop()
        sql(f"DROP TABLE {self.all}")


def main(argv):
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--psql", required=True, help="command that connects")
    p.add_argument("--data", default=None, help="folder of the sets")
    p.add_argument("--set", default="noise")
    p.add_argument("--rows", type=int, default=10000)
    p.add_argument("--dims", type=int, default=16, help="of noise")
    p.add_argument("--rounds", type=int, default=30)
    p.add_argument("--every", type=int, default=10, metavar="ROUNDS")
    p.add_argument("--share", type=float, default=.1, help="of the rows, a round")
    p.add_argument("--queries", type=int, default=500)
    p.add_argument("--ef", default="40,100")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--options", default="", help="as WITH (m = 4)")
    args = p.parse_args(argv)
    args.ef = [int(ef) for ef in args.ef.split(",")]
    print("| step | " + " | ".join(f"ef {ef}" for ef in args.ef) + " |")
    print("|" + "---|" * (1 + len(args.ef)))
    for step, found in Steps(hard.Server(shlex.split(args.psql)), args).run():
        print(f"| {step} | " + " | ".join(f"{r:.4f}" for r in found) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
