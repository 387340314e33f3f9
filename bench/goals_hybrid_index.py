# SPDX-License-Identifier: PostgreSQL
"""Goals of hybrid SQL that need indexes of their own: a tenant among ten
thousand against the tenant alone, and what attribute columns cost.
"""
import statistics

import watch
from cluster import say
from goals_hybrid import add_rows, compare
from goals_hybrid_cases import Query, statement, tenants
from goals_hybrid_data import FOUR
from goals_hybrid_ways import PLAIN, Way, look, rates
from measure import Contender
from session import timed

BUILDS = 3


def alone(lab, column, value):
    """A table of one tenant's rows with an index of its own"""
    c = lab.ours
    c.server.psql(c.db, f"""
        DROP TABLE IF EXISTS alone;
        CREATE TABLE alone (LIKE {c.items} INCLUDING STORAGE);
        INSERT INTO alone SELECT * FROM {c.items} WHERE {column} = {value}
            ORDER BY id;
        CREATE INDEX alone_idx ON alone USING hnsw
            ({Contender.indexed(c)}) WITH ({c.index_options()});
        VACUUM ANALYZE alone""")
    c.warm("alone", "alone_idx")


def measure_tenants(lab):
    results = []
    for case in lab.wanted(tenants):
        r = compare(lab, case)
        add_rows(lab, 4, r)
        alone(lab, *case.more["alone"])
        found = lab.queries(case)
        own = []
        for query in found:
            sql = statement("alone t", "", lab.data.queries[query.number],
                            lab.args.metric)
            one = Query.__new__(Query)
            one.__dict__.update(query.__dict__, sql=sql)
            own.append(one)
        among, by_itself = Way("all", PLAIN), Way("alone", PLAIN)
        look(lab, lab.ours, among, found)
        look(lab, lab.ours, by_itself, own)
        a, b = rates(lab, [(lab.ours, found, among),
                           (lab.ours, own, by_itself)])
        r.update(alone_qps=b["qps"], alone_recall=by_itself.recall,
                 alone_plan=by_itself.plan, alone_p95_ms=b["p95_us"] / 1e3,
                 ratio_alone=a["mean_us"] / b["mean_us"])
        lab.row(4, f"{case.name}: mean us, against an index of its own",
                a["mean_us"], b["mean_us"], target="<= 2",
                note=f"recall {among.recall:.3f} and {by_itself.recall:.3f}; "
                f"{by_itself.plan}")
        results.append(r)
        lab.save("tenants", results)
    lab.server.psql(lab.ours.db, "DROP TABLE alone")


def build(lab, attributes):
    """-> seconds, seconds of processors, bytes"""
    c, name = lab.ours, "items_hybrid_four"
    on = ", ".join([Contender.indexed(c), *attributes])
    with watch.processor(lab.server) as used, \
            watch.Preferred(lab.server, lab.args.realtime):
        seconds = lab.server.seconds(
            c.db, f"CREATE INDEX {name} ON {c.items} USING hnsw ({on}) WITH "
            f"({c.index_options()})")
    size = int(lab.server.rows(
        c.db, f"SELECT pg_relation_size('{name}')")[0][0])
    lab.server.psql(c.db, f"DROP INDEX {name}; CHECKPOINT")
    say(f"{len(attributes)} attributes: {seconds:.2f} s, processors "
        f"{used[0]:.2f} s, {size / 1e6:.1f} MB")
    return seconds, used[0], size


def measure_attributes(lab):
    """The build with an integer, a bigint, a text and a timestamptz"""
    builds = {0: [], 4: []}
    with timed(lab.args):
        for _ in range(BUILDS):
            builds[0].append(build(lab, []))
            builds[4].append(build(lab, FOUR))
    none, four = ([statistics.median(x) for x in zip(*builds[n])]
                  for n in (0, 4))
    rows = len(lab.data.base)
    lab.row(5, "build with four attribute columns, against none: seconds",
            four[0], none[0], target="<= 1.15", note="the second figure is "
            f"ours without; processors {four[1]:.2f} and {none[1]:.2f} s")
    lab.row(5, "index with four attribute columns: bytes a row more than "
            "without", (four[2] - none[2]) / rows, target="<= 40",
            note=f"{four[2] / rows:.1f} and {none[2] / rows:.1f}")
    lab.save("attributes", [
        {"attributes": n, "seconds": b[0], "processors": b[1], "bytes": b[2]}
        for n in builds for b in builds[n]])
