#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Recall and work of searches that say the same in several ways.

Each set of hard.py, or of datasets.py, gets an index on its vectors and two
attributes.  Then recall@k is measured without a condition, and with conditions
that all rows pass, or 90 or 50 % of them at random: on columns of the index
and of the heap, by a b-tree, by a bound, and by a join.  The same nodes
should be scored, and the same rows found, where all rows pass.  "50 % alone"
is a table of the rows that pass "50 % on the heap", with an index of its own:
how hard these rows are without any condition.

The server is whatever the command given with --psql connects to; its database
has lokivector.
"""
import shlex

import needs  # noqa: F401
import numpy as np

import hard
import truth

PHRASES = {                     # condition, share of the rows that pass
    "plain": ("true", 100), "in the index": ("a = 1", 100),
    "on the heap": ("b = 1", 100), "by a b-tree": ("id >= 0", 100),
    "a bound": ("v {op} q.v < 1e30", 100),
    "a join": ("id IN (SELECT key FROM {keys})", 100),
    "90 % in the index": ("r < 90", 90), "50 % in the index": ("r < 50", 50),
    "90 % on the heap": ("s < 90", 90), "50 % on the heap": ("s < 50", 50),
    "50 % alone": ("s < 50", 50)}


class Phrased(hard.Table):
    """A set with two attributes in the index, and the same on the heap"""

    def load(self, base, queries):
        super().load(base, queries)
        self.keys = f"{self.name}_keys"
        self.server.sql(f"""
            ALTER TABLE {self.name} ADD a integer DEFAULT 1,
                ADD b integer DEFAULT 1, ADD r integer, ADD s integer;
            UPDATE {self.name} SET r = abs(hashint4extended(id, 1) % 100),
                s = abs(hashint4extended(id, 2) % 100);
            CREATE TABLE {self.keys} AS SELECT id AS key FROM {self.name};
            CREATE INDEX ON {self.name} (id); CREATE INDEX ON {self.keys} (key);
            VACUUM FULL {self.name}; VACUUM ANALYZE {self.name};
            ANALYZE {self.keys};""")

    def index(self, options):
        return (f"CREATE INDEX ON {self.name} USING hnsw "
                f"(v vector_{self.metric}_ops, a, r) {options}")

    def drop(self):
        self.server.sql(f"DROP TABLE IF EXISTS {self.name}_keys")
        super().drop()

    def ids(self, condition):
        return np.array(self.server.sql(
            f"SELECT id FROM {self.name} WHERE {condition}"), np.int64)[:, 0]

    def search(self, setting, condition, k):
        return self.nearest(self.queries, setting, k, condition=condition.format(
            op=hard.OPERATOR[self.metric], keys=self.keys))


def main():
    p = hard.parser(__doc__, rows=20000, ef="10,40,100,0.9,0.95,0.99")
    p.add_argument("--dims", type=int, default=128)
    p.add_argument("--queries", type=int, default=1000)
    p.add_argument("-k", type=int, default=10)
    p.add_argument("--phrases", default=",".join(PHRASES))
    args = p.parse_args()
    server = hard.Server(shlex.split(args.psql))
    print("| set | phrase | " + " | ".join(map(str, args.ef)) + " |")
    print("|" + "---|" * (len(args.ef) + 2))
    for name in args.sets.split(","):
        base, queries, metric = hard.make(name, args.rows, args.dims,
                                          args.queries, data=args.data)
        table = Phrased(server, name.replace("-", "_").replace(":", "_"), metric)
        table.load(base, queries)
        table.build(args.options)
        for phrase in args.phrases.split(","):
            condition, share = PHRASES[phrase]
            ids = np.arange(len(base)) if share == 100 else np.sort(table.ids(condition))
            true = ids[truth.neighbours(metric, base[ids], queries, args.k)]
            searched, alone = table, phrase.endswith(" alone")
            if alone:
                searched = Phrased(server, table.name + "_alone", metric)
                searched.load(base[ids], queries)
                searched.build(args.options)
            cells = []
            for setting in args.ef:
                before = hard.scored(searched)
                answers = searched.search(setting, "true" if alone else condition, args.k)
                nodes = (hard.scored(searched) - before) / len(queries)
                if alone:
                    answers[:, 1] = ids[answers[:, 1]]
                found = hard.recall(metric, base, queries, true, answers, args.k)
                cells.append(f"{found.mean():.4f} ({nodes:.0f})")
            print(f"| {name} | {phrase} | " + " | ".join(cells) + " |", flush=True)
            if alone:
                searched.drop()
        table.drop()


if __name__ == "__main__":
    main()
