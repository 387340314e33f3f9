# SPDX-License-Identifier: PostgreSQL
"""The goals of hybrid SQL: filters of every selectivity and kind, few matches,
many tenants, attribute columns.  A step measures one set, with both contenders
on one server; the option --measures chooses among what it measures.

Each case has COUNT queries with their values in place, prepared once.  Ours
runs with nothing set.  pgvector runs with the fastest of: a relaxed iterative
scan without limits of its own, at the ef_search that is fastest among those
with recall 0.95 and all rows; bitmap or sequential scan and sort.
"""
import copy
import functools
import os
import re

import numpy as np

import goals_lab
import report
from goals_hybrid_cases import (Case, Truth, few, filters, of_one_value,
                                packages, queries, score, selectivities, statement, tenants)
from goals_hybrid_data import Hybrid, OfPackages
from goals_hybrid_ways import (EFS, ENOUGH, PLAIN, Way, best_of_pgvector, look,
                               partial, rates)
from inprocess import DATABASES, available
from measure import Contender, summarize
from session import timed

FASTER, AS_FAST = ">= 5", ">= 0.95"
EMBEDDED = ("u10", "u1", "c10", "c1")   # columns of an embedded database
RARE = 0.0005                   # share of matching rows, where it changes


class HybridLab(goals_lab.Lab):
    """One set in a table of many columns, indexed by both contenders"""

    indexed = False
    contender = Hybrid
    options = ["--peers", "pgvector:vector", "--realtime", "--seconds", "1", "--rounds", "2"]

    def __init__(self, bench, goals):
        super().__init__(bench, goals)
        for c in self.both:
            bench.build_one(c, 0)
        self.built = {b["contender"]: b for b in bench.result["builds"]}
        self.rows = self.contender.attributes(self.data)
        self.true = Truth(self.data, self.args.metric)
        self.warm()

    def row(self, goal, *figures, **how):
        """Goals of hybrid SQL have an h before their number."""
        super().row(f"h{goal}", *figures, **how)

    @property
    def all_rows(self):
        return Case("no filter", lambda query, rng: ("", np.ones(len(self.data.base), bool)))

    def of_one_value(self, case):
        return of_one_value(case, self.rows, self.data)

    def wanted(self, cases):
        """Those that --cases names, separated by |"""
        some = self.cases.split("|")
        return [c for c in cases(self.rows, self.data)
                if any(text in c.name for text in some)]

    def queries(self, case):
        return queries(case, self.data, self.args.metric, self.true)

    @functools.cached_property
    def unfiltered(self):
        """Figures of ours without a filter, the best of several: limits
        follow from it"""
        found = self.queries(self.all_rows)
        way = Way("nothing set", PLAIN)
        look(self, self.ours, way, found)
        best = max((rates(self, [(self.ours, found, way)])[0]
                    for _ in range(3)), key=lambda t: t["qps"])
        return dict(best, recall=way.recall)

    @property
    def p95_limit(self):
        """Milliseconds"""
        return max(3 * self.unfiltered["p95_us"] / 1e3, 1.0)

    def save(self, measure, results):
        self.raw[measure] = results
        report.write_csv(os.path.join(self.goals.out, self.goals.step.split(
            ":")[0], f"{measure}.csv"), results)


def figures(prefix, way, timing):
    return {f"{prefix}_rows": way.rows, f"{prefix}_recall": way.recall,
            f"{prefix}_qps": timing["qps"],
            f"{prefix}_median_ms": timing["p50_us"] / 1e3, f"{prefix}_spread": timing["spread"],
            f"{prefix}_p95_ms": timing["p95_us"] / 1e3}


def compare(lab, case):
    """Both contenders on one case -> a dict of figures"""
    for c in lab.both if "before" in case.more else ():
        c.server.psql(c.db, case.more["before"])
    found = lab.queries(case)
    given = case.more.get("given", PLAIN)
    ours = Way("nothing set", given)
    look(lab, lab.ours, ours, found)
    theirs = best_of_pgvector(lab, found, case.more.get("indexed", True), given)
    runs = [(lab.ours, found, ours)] + [(lab.theirs, found, way)
                                        for way in theirs]
    if case.partial:
        found_one, one = partial(lab, case, lab.theirs)
        runs.append((lab.theirs, found_one, one))
    timings = rates(lab, runs)
    best = max(range(len(theirs)), key=lambda i: timings[1 + i]["qps"])
    nearer = sorted(q.nearer for q in found if q.nearer is not None)
    result = {
        "case": case.name,
        "matches": sum(q.matches for q in found) / len(found),
        "rows_expected": sum(q.expected for q in found) / len(found),
        "rows_nearer": nearer[len(nearer) // 2] if nearer else None,
        **figures("ours", ours, timings[0]), "ours_full": ours.full,
        **figures("pgvector", theirs[best], timings[1 + best]),
        "ratio": timings[0]["qps"] / timings[1 + best]["qps"]}
    if case.partial:
        result.update(figures("partial", one, timings[-1]))
        result["ratio_partial"] = timings[0]["qps"] / timings[-1]["qps"]
        lab.server.psql(lab.theirs.db, "DROP INDEX items_hybrid_part")
    result.update(ours_plan=ours.plan, pgvector_way=theirs[best].name,
                  pgvector_plan=theirs[best].plan)
    return result


def add_rows(lab, goal, r, faster=True):
    """The goals of one case: all rows, recall, rate, the slowest queries"""
    case = r["case"]
    target = None
    if faster:
        rare = r["matches"] / len(lab.data.base) < RARE
        target = AS_FAST if rare else FASTER
    if r["ours_full"] < 1:
        lab.row(goal, f"{case}: queries with all their rows", r["ours_full"],
                target=">= 1")
    note = f"rows {r['ours_rows']:.3g} of {r['rows_expected']:.3g}, recall " \
        f"{r['ours_recall']:.3f}; {r['pgvector_way']}, recall " \
        f"{r['pgvector_recall']:.3f}, spread {r['ours_spread']:.3f}"
    lab.row(goal, f"{case}: queries/s", r["ours_qps"], r["pgvector_qps"],
            target=target, note=note)
    if "ratio_partial" in r:
        lab.row(goal, f"{case}: queries/s, against a partial index",
                r["ours_qps"], r["partial_qps"],
                note=f"its recall {r['partial_recall']:.3f}")
    lab.row(goal, f"{case}: recall@10", r["ours_recall"],
            r["pgvector_recall"], target=f">= {ENOUGH}", of="ours")


def add_p95(lab, goal, r, limit, note=""):
    lab.row(goal, f"{r['case']}: p95, ms", r["ours_p95_ms"],
            r["pgvector_p95_ms"], target=f"<= {limit:.3g}", of="ours",
            note=note or f"median {r['ours_median_ms']:.3g} and "
            f"{r['pgvector_median_ms']:.3g}")


def measure_cases(measure, goal, cases, lab):
    u = lab.unfiltered
    results = []
    lab.row(goal, f"no filter ({measure}): queries/s", u["qps"],
            note=f"recall {u['recall']:.3f}, p95 {u['p95_us'] / 1e3:.3g} ms")
    for case in lab.wanted(cases):
        r = compare(lab, case)
        results.append(r)
        add_rows(lab, goal, r)
        add_p95(lab, goal, r, lab.p95_limit)
        lab.save(measure, results)


def measure_few(lab):
    results = []
    for case in lab.wanted(few):
        r = compare(lab, case)
        results.append(r)
        add_rows(lab, 3, r, faster=False)
        if case.more.get("indexed", True):
            add_p95(lab, 3, r, 20)
        lab.save("few", results)


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
            own.append(copy.copy(query))
            own[-1].sql = statement("alone t", "", lab.data.queries[query.number], lab.args.metric)
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


def column_of(query):
    """-> the column that a query of an equality names, its value; without one None, 0"""
    match = re.search(r"t\.(\w+) = (\d+) ", query.sql)
    return (match.group(1), int(match.group(2))) if match else (None, 0)


def answer_by(lab, database, found):
    """An embedded database at the narrowest width that suffices -> width, recall, figures of one client"""
    columns, values = zip(*map(column_of, found))
    database.ask(lab.data.queries[[query.number for query in found]],
                 EMBEDDED.index(columns[0]) if columns[0] else -1, np.array(values, np.int32))
    for ef in EFS:
        recall, full, _ = score(found, database.answers(10, ef, len(found)), lab.data, lab.args.metric)
        if recall >= ENOUGH and full == 1:
            break
    with timed(lab.args):
        runs = [database.time_queries(10, ef, 1, len(found)) for _ in range(lab.args.rounds)]
    return ef, recall, summarize(runs)


def measure_embedded(lab):
    """Embedded databases, without SQL and protocol, against ours with both"""
    cases = [lab.all_rows]
    cases += [case for case in selectivities(lab.rows, lab.data) if case.name.startswith(("10 %", "1 %"))]
    results, ours = [], {}
    for case in cases:
        found, way = lab.queries(case), Way("nothing set", PLAIN)
        look(lab, lab.ours, way, found)
        ours[case.name] = found, way, rates(lab, [(lab.ours, found, way)])[0]
    for database in available(DATABASES, lab.args):
        database.columns = [getattr(lab.rows, name) for name in EMBEDDED]
        database.load(lab.data)
        built = database.build()
        for name, (found, way, rate) in ours.items():
            ef, recall, theirs = answer_by(lab, database, found)
            lab.row(5, f"{name}, against {database.extension} {database.version()}: queries/s", rate["qps"],
                    theirs["qps"], note=f"recall {way.recall:.3f} and {recall:.3f} at ef {ef}; its build "
                    f"{built['seconds']:.0f} s, memory {built['index_bytes'] / 1e6:.0f} MB")
            results.append({"case": name, "database": database.extension, "ours_qps": rate["qps"],
                            "ours_recall": way.recall, "qps": theirs["qps"], "recall": recall, "ef": ef,
                            "p95_ms": theirs["p95_us"] / 1e3, "build_s": built["seconds"]})
            lab.save("embedded", results)
        database.close()


HybridLab.measures = {"selectivity": functools.partial(measure_cases, "selectivity", 1, selectivities),
                      "filters": functools.partial(measure_cases, "filters", 2, filters),
                      "few": measure_few, "tenants": measure_tenants,
                      "embedded": measure_embedded}


class PackageLab(HybridLab):
    """The same with the attributes of packages"""

    contender = OfPackages
    measures = {"packages": functools.partial(measure_cases, "packages", 2, packages)}
