# SPDX-License-Identifier: PostgreSQL
"""How each contender answers the queries of a case: ours as it comes, pgvector
by the fastest of the plans an expert would force.
"""
import contextlib
import json
import math
import os
import re

from cluster import say
from goals_hybrid_cases import queries, score
from measure import summarize
from session import timed

EFS = (10, 20, 40, 80, 160, 320, 640, 1000)
FEW_EFS = (40, 200, 1000)       # where each takes long
ENOUGH = 0.95                   # recall
SLOW = 30.0                     # milliseconds; from here on fewer queries
TRIED = 3                       # queries of a first look
FEWER = 10                      # of slow ones; TRIED of very slow ones
HOPELESS = 2                    # times the most that is of interest
PLAIN = {}                      # nothing set
ITERATIVE = {"enable_seqscan": "off", "enable_bitmapscan": "off",
             "enable_sort": "off", "hnsw.iterative_scan": "relaxed_order",
             "hnsw.max_scan_tuples": 2_000_000_000,
             "hnsw.scan_mem_multiplier": 1000}
SORTED = {"enable_indexscan": "off"}    # bitmaps of other indexes remain
PARTIAL = {"enable_seqscan": "off", "enable_bitmapscan": "off",
           "enable_sort": "off", "hnsw.iterative_scan": "relaxed_order"}


class Way:
    """Settings, and what they gave"""

    def __init__(self, name, options):
        self.name, self.options = name, options
        self.recall = self.full = self.rows = self.ms = self.plan = None

    def fit(self):
        return self.recall >= ENOUGH and self.full == 1


def answers(c, found, options):
    """-> for each query the ids, and the mean milliseconds of a second run
    without planning, but for the slowest, which other work may have held up"""
    script = []
    for query in found:
        script.append(f"PREPARE s AS {query.sql};\n\\o /dev/null\nEXECUTE s;"
                      "\n\\o\n\\echo -\n\\timing on\nEXECUTE s;\n"
                      "\\timing off\nDEALLOCATE s;")
    text = c.server.psql(c.db, "\n".join(script), options)
    ids, times = [], []
    for part in text.split("-\n")[1:]:
        *rows, last = part.split("\n")[:-1]
        times.append(float(re.match(r"Time: ([0-9.]+) ms", last).group(1)))
        ids.append([int(x) for x in rows])
    times = sorted(times)[:math.ceil(0.95 * len(times))]
    return ids, sum(times) / len(times)


def nodes(plan):
    """What a plan reads, from its top down"""
    name = plan.get("Custom Plan Provider", plan["Node Type"])
    where = plan.get("Index Name", plan.get("Relation Name", ""))
    here = f"{name} {where}".strip()
    return [here] + [x for p in plan.get("Plans", ()) for x in nodes(p)]


def outline(c, query, options):
    """The plan in a line, without LIMIT"""
    text = c.server.psql(c.db, f"EXPLAIN (FORMAT JSON) {query.sql}", options)
    found = nodes(json.loads(text)[0]["Plan"])
    return " > ".join(x.replace("items_hybrid", "items")
                      for x in found if x != "Limit")


def quiet(lab):
    """Alone on the machine as far as that goes, on one core"""
    stack = contextlib.ExitStack()
    stack.enter_context(timed(lab.args))
    stack.enter_context(lab.server.favoured(
        {max(os.sched_getaffinity(0))}, lab.args.realtime))
    return stack


def first_look(c, way, found, most):
    """Milliseconds a query; where that is far beyond most, endless"""
    options = dict(way.options)
    if most:
        options["statement_timeout"] = int(max(50, HOPELESS * most))
    try:
        return answers(c, found[:TRIED], options)[1]
    except RuntimeError as problem:
        if "statement timeout" not in str(problem):
            raise
        return math.inf


def look(lab, c, way, found, most=None):
    """Recall and rows with these settings; not where a first look says that
    it takes more than most milliseconds"""
    way.plan = outline(c, found[0], way.options)
    with quiet(lab):
        way.ms = first_look(c, way, found, most)
        if most and way.ms > most:
            return False
        part = found if way.ms < 3 * SLOW else found[
            :FEWER if way.ms < 20 * SLOW else TRIED]
        ids, way.ms = answers(c, part, way.options)
    way.recall, way.full, way.rows = score(part, ids, lab.data,
                                           lab.args.metric)
    say(f"{c.name}, {way.name}: {way.ms:.2f} ms, recall {way.recall:.3f}, "
        f"rows {way.rows:.2f}, all in {way.full:.2f}; {way.plan}")
    return True


def best_of_pgvector(lab, found, indexed, given):
    """-> the ways that may be the fastest, the best first.  indexed: not only
    by reading the table; given: settings of every way"""
    c = lab.theirs
    best = Way("sort", {**SORTED, **given})
    look(lab, c, best, found)
    ways = [best]
    iterative = []
    for ef in EFS if best.ms < 10 * SLOW else FEW_EFS * indexed:
        way = Way(f"iterative, ef_search {ef}",
                  {**ITERATIVE, "hnsw.ef_search": ef, **given})
        if not look(lab, c, way, found, 2 * min(w.ms for w in ways)):
            if way.ms == math.inf:
                break
            continue
        if c.index.replace("items_hybrid", "items") not in way.plan:
            raise RuntimeError(f"pgvector's index is not used: {way.plan}")
        if way.fit():
            iterative.append(way)
            ways.append(way)
            least = min(w.ms for w in iterative)
            if all(w.ms > 1.3 * least for w in iterative[-2:]):
                break
    ways.sort(key=lambda way: way.ms)
    return [way for way in ways[:3] if way.ms < 1.7 * ways[0].ms]


def partial(lab, case, c):
    """pgvector with an index on the rows of one value -> queries, way"""
    value, one = lab.of_one_value(case)
    found = queries(one, lab.data, lab.args.metric, lab.true)
    name = "items_hybrid_part"
    c.server.psql(c.db, f"DROP INDEX IF EXISTS {name}; CREATE INDEX {name} ON "
                  f"{c.items} USING hnsw ({c.indexed()}) WITH "
                  f"({c.index_options()}) WHERE {case.partial} = {value}")
    c.warm(c.items, name)
    best = None
    for ef in EFS:
        way = Way(f"partial, ef_search {ef}",
                  dict(PARTIAL, **{"hnsw.ef_search": ef}))
        look(lab, c, way, found)
        if best is None or way.recall > best.recall:
            best = way
        if way.fit():
            break
    return found, best


def rate(lab, c, found, way):
    """One client -> Timing"""
    seconds = lab.args.seconds * (1 if way.ms < SLOW / 3 else
                                  2 if way.ms < 3 * SLOW else 3)
    return c.server.pgbench(
        c.db, [query.sql + ";\n" for query in found], 1, way.options,
        seconds=seconds, pinned=lab.args.pin, realtime=lab.args.realtime)


def rates(lab, runs):
    """[(contender, queries, way)] in turns -> for each its figures"""
    timings = [[] for _ in runs]
    with timed(lab.args):
        for round_ in range(lab.args.rounds):
            for i in range(len(runs)):
                i = (i + round_) % len(runs)
                timings[i].append(rate(lab, *runs[i]))
    return [summarize(t) for t in timings]
