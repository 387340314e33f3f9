#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""What an index is worth that grew by inserts, beside one built on all rows.

Two thirds of the rows are there when the index is built; the rest is inserted
row by row, by several clients at once.  Recall@k of as many queries as are
asked for is given as mean, first percentile and worst, at several widths, and
beside it that of an index that is built anew on the same table; and how many
rows are not found by their own vectors.

Recall@10 has steps of .1, so --limit 100 says more about its first percentile.
With --builds all is done so many times, on sets of their own; at the end come
the differences, grown less rebuilt, with their standard errors: of the mean, of
the first percentile, and of the mean of the worst fiftieth.

The server is whatever the command given with --psql connects to.
"""
import argparse
import shlex
import subprocess
import sys

import numpy as np

import hard
import truth

METRIC = "l2"


def between(rng, rows, n):
    """Points on the lines between rows"""
    a = rows[rng.integers(0, len(rows), n)]
    b = rows[rng.integers(0, len(rows), n)]
    t = rng.random((n, 1))
    return a * t + b * (1 - t)


def grown(rng, built, inserted, dims, queries):
    """What is inserted is like what was there"""
    e = hard.Embeddings(rng, built, dims)
    return e.rows(built), e.rows(inserted), e.rows(queries)


def drifted(rng, built, inserted, dims, queries):
    """... like nothing that was there"""
    e = hard.Embeddings(rng, built, dims)
    other = hard.Embeddings(rng, inserted, dims)
    return (e.rows(built), other.rows(inserted),
            np.vstack([e.rows(queries // 2), other.rows(queries - queries // 2)]))


def interpolated(rng, built, inserted, dims, queries):
    """... between what was there"""
    e = hard.Embeddings(rng, built, dims)
    base = e.rows(built)
    return (base, between(rng, base, inserted),
            np.vstack([e.rows(queries // 2),
                       between(rng, base, queries - queries // 2)]))


def spread(rng, built, inserted, dims, queries):
    """... between tight clusters"""
    base, q, _ = hard.make("clusters", built, dims, queries // 2,
                           int(rng.integers(1, 1000)))
    return (base, between(rng, base, inserted),
            np.vstack([q, between(rng, base, queries - queries // 2)]))


def overlapping(rng, built, inserted, dims, queries):
    """... between overlapping clusters"""
    def items(n):
        cluster = rng.integers(0, 23, n)[:, None] * 3
        return (1.5 * np.sin(cluster + np.arange(1, dims + 1)[None, :] * 7)
                + rng.uniform(-1, 1, (n, dims)))

    base = items(built)
    return (base, between(rng, base, inserted),
            np.vstack([items(queries // 2),
                       between(rng, base, queries - queries // 2)]))


def isotropic(rng, built, inserted, dims, queries):
    """... as well in all directions"""
    base = rng.standard_normal((built, dims))
    return (base, between(rng, base, inserted),
            np.vstack([rng.standard_normal((queries // 2, dims)),
                       between(rng, base, queries - queries // 2)]))


def apart(rng, built, inserted, dims, queries):
    """... between small clusters far from one another"""
    centres = hard.directions(rng, built // 50, dims)

    def of(n):
        return (centres[rng.integers(0, len(centres), n)]
                + 0.15 * hard.directions(rng, n, dims))

    base = of(built)
    return (base, between(rng, base, inserted),
            np.vstack([of(queries // 2),
                       between(rng, base, queries - queries // 2)]))


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


def measure(table, base, queries, true, efs, own):
    """-> by ef the recall of each query; rows lost"""
    k = true.shape[1]
    found = [hard.recall(METRIC, base, queries, true,
                         table.nearest(table.queries, ef, k), k) for ef in efs]
    return found, hard.lost(table, base, own, hard.OWN_EF)[0]


def summary(r):
    """What differences are of: mean, first percentile, worst fiftieth"""
    return (r.mean(), np.quantile(r, .01),
            np.sort(r)[:max(1, len(r) // 50)].mean())


def differences(grown, rebuilt):
    """Means over builds, with standard errors"""
    d = np.array([np.subtract(summary(g), summary(r))
                  for g, r in zip(grown, rebuilt)])
    error = d.std(axis=0, ddof=1) / np.sqrt(len(d))
    return " / ".join(f"{x:+.3f} ({e:.3f})" for x, e in zip(d.mean(axis=0), error))


def run(server, name, args, efs, seed):
    rng = np.random.default_rng(seed)
    built, new, queries = SETS[name](rng, args.rows - args.rows // 3,
                                     args.rows // 3, args.dims, args.queries)
    built, new, queries = (x.astype(np.float32) for x in (built, new, queries))
    base = np.vstack([built, new])
    true = truth.neighbours(METRIC, base, queries, args.limit)
    table = hard.Table(server, f"grown_{name}", METRIC)
    table.load(base, queries)
    server.sql(f"""
        DROP TABLE IF EXISTS {table.name}_new;
        CREATE TABLE {table.name}_new AS SELECT * FROM {table.name}
            WHERE id >= {len(built)};
        DELETE FROM {table.name} WHERE id >= {len(built)};
        VACUUM FULL {table.name}; VACUUM ANALYZE {table.name}""")
    server.sql("SET maintenance_work_mem = '1GB';" + table.index(args.options))
    insert(server, table.name, f"{table.name}_new", args.clients)
    server.sql(f"VACUUM {table.name}")
    if args.check:
        server.sql("SELECT lokivector_check(indexrelid, true) FROM pg_index"
                   f" WHERE indrelid = '{table.name}'::regclass")
    yield "grown", measure(table, base, queries, true, efs, args.own)
    if not args.keep:
        server.sql(f"REINDEX TABLE {table.name}")
        yield "rebuilt", measure(table, base, queries, true, efs, args.own)
        server.sql(f"DROP TABLE {table.name}_new")
        table.drop()


def main(argv):
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--psql", required=True, help="command that connects")
    p.add_argument("--sets", default=",".join(SETS))
    p.add_argument("--rows", type=int, default=30087)
    p.add_argument("--dims", type=int, default=64)
    p.add_argument("--ef", default="10,20,40",
                   help="widths; one below 1 is a target of recall")
    p.add_argument("--queries", type=int, default=500)
    p.add_argument("--limit", type=int, default=10, help="k of recall@k")
    p.add_argument("--builds", type=int, default=1)
    p.add_argument("--clients", type=int, default=2)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--own", type=int, default=0, metavar="ROWS",
                   help="search for so many rows by their vectors (all)")
    p.add_argument("--options", default="", help="as WITH (m = 32)")
    p.add_argument("--keep", action="store_true",
                   help="leave the grown index, and build none anew")
    p.add_argument("--check", action="store_true",
                   help="check lokivector's indexes, too")
    args = p.parse_args(argv)
    server = hard.Server(shlex.split(args.psql))
    efs = [float(ef) if float(ef) < 1 else int(ef) for ef in args.ef.split(",")]
    print("| set | index | " + " | ".join(f"ef {ef}" for ef in efs) + " | lost |")
    print("|" + "---|" * (len(efs) + 3))
    for name in args.sets.split(","):
        recalls = {"grown": [], "rebuilt": []}
        for seed in range(args.seed, args.seed + args.builds):
            for index, (found, lost) in run(server, name, args, efs, seed):
                recalls[index].append(found)
                line = [name, index,
                        *[f"{r.mean():.3f} / {np.quantile(r, .01):.2f} / {r.min():.1f}"
                          for r in found], str(lost)]
                print("| " + " | ".join(line) + " |", flush=True)
        if args.builds > 1 and not args.keep:
            line = [differences(*[[found[i] for found in recalls[index]]
                                  for index in ("grown", "rebuilt")])
                    for i in range(len(efs))]
            print(f"| {name} | difference | " + " | ".join(line) + " | |",
                  flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
