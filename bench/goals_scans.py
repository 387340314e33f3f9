# SPDX-License-Identifier: PostgreSQL
"""Goals 5 and 7: vectors in TOAST, LATERAL probes, exact scans."""
import argparse
import os
import re
import statistics

from cluster import say
from measure import Contender, summarize
from session import timed

ROUNDS = 5
PROBES = 1000
EXACT_QUERIES = 3
EXACT_ROUNDS = 3


def rates(lab, contenders, efs, rounds=ROUNDS):
    """Mean latencies in us of single queries by one client, by turns"""
    count, found = len(lab.data.queries), {c.name: [] for c in contenders}
    with timed(lab.args):
        for turn in range(rounds):
            for c in contenders[turn % 2:] + contenders[:turn % 2]:
                t = summarize([c.time_queries(10, efs[c.name], 1, count)])
                found[c.name].append(t["mean_us"])
    return {name: statistics.median(us) for name, us in found.items()}


# ---- goal 5 ---------------------------------------------------------------

def inline_twin(lab, contender):
    """The same rows with STORAGE PLAIN, loaded and indexed"""
    args = argparse.Namespace(**dict(vars(lab.args), storage="plain"))
    twin = Contender(lab.server, contender.described, args)
    twin.name += " plain"
    twin.items += "_plain"
    twin.index = f"{twin.items}_idx"
    twin.load(lab.data)
    twin.build()
    twin.warm()
    return twin


def measure_toast(lab):
    if lab.data.dims < 500:
        say("toast: vectors of so few dimensions are in line anyway")
        return
    c = lab.ours
    twin = inline_twin(lab, c)
    c.warm()
    ef, recall = lab.ef(c)
    us = rates(lab, [c, twin], {c.name: ef, twin.name: ef})
    lab.raw["toast"] = us
    c.server.psql(c.db, f"DROP TABLE {twin.items}")
    c.server.forget("tables", f"{c.db}.{twin.items}")
    lab.row(5, "time of a query, K = 10: vectors in TOAST over STORAGE PLAIN",
            us[c.name] / us[twin.name], target="<= 1.5",
            note=f"{us[c.name]:.0f} and {us[twin.name]:.0f} us, ef_search "
            f"{ef} (recall {recall:.3f})")


# ---- goal 7 ---------------------------------------------------------------

def favoured(lab, single=True):
    """One core for a client and its backend, as for a single client"""
    cores = os.sched_getaffinity(0)
    return lab.server.favoured({max(cores)} if single and lab.args.pin
                               else cores, lab.args.realtime)


def times(c, sql, options):
    """ms of each statement, all by one backend"""
    text = c.server.psql(c.db, "\\o /dev/null\n\\timing on\n" + sql, options)
    return [float(x) for x in re.findall(r"^Time: ([0-9.]+) ms", text, re.M)]


def lateral_statement(c, probes):
    operator = c.statement(10, 0).split("embedding ")[1].split()[0]
    return (f"SELECT count(*) FROM (SELECT q.id FROM {c.queries} q CROSS "
            f"JOIN LATERAL (SELECT id FROM {c.items} ORDER BY embedding "
            f"{operator} q.v LIMIT 10) x WHERE q.id < {probes}) y;\n")


def text_us(lab, c, probes):
    """Microseconds of a single query as many clients send it: not prepared,
    with the vector as text"""
    operator = c.statement(10, 0).split("embedding ")[1].split()[0]
    vectors = c.server.rows(c.db, f"SELECT v FROM {c.queries} WHERE id < "
                            f"{probes} ORDER BY id")
    with favoured(lab):
        ms = times(c, "".join(
            f"SELECT id FROM {c.items} ORDER BY embedding {operator} '{v}' "
            "LIMIT 10;\n" for v, in vectors), c.options(lab.ef(c)[0]))
    return statistics.mean(ms) * 1000


def lateral_us(lab, c, probes):
    """Microseconds a probe, the second of two runs of the statement"""
    with favoured(lab):
        ms = times(c, lateral_statement(c, probes) * 2,
                   c.options(lab.ef(c)[0]))
    return ms[1] * 1000 / probes


def measure_lateral(lab):
    probes = min(PROBES, len(lab.data.queries))
    for c in lab.both:
        plan = c.server.psql(c.db, "EXPLAIN " + lateral_statement(c, probes),
                             c.options())
        if f"using {c.index}" not in plan:
            raise RuntimeError(f"{c.name}: no LATERAL by index\n{plan}")
        lab.ef(c)
    lab.warm()
    parts = ("probe", "single", "floor", "text")
    raw = {c.name: {part: [] for part in parts} for c in lab.both}
    with timed(lab.args):
        for _ in range(ROUNDS):
            for c in lab.both:
                raw[c.name]["probe"].append(lateral_us(lab, c, probes))
                t = c.time_queries(10, lab.ef(c)[0], 1, probes)
                raw[c.name]["single"].append(summarize([t])["mean_us"])
                t = c.time_floor(1, probes)
                raw[c.name]["floor"].append(summarize([t])["mean_us"])
                raw[c.name]["text"].append(text_us(lab, c, probes))
    lab.raw["lateral"] = raw
    us = [{part: statistics.median(raw[c.name][part])
           for part in parts} for c in lab.both]
    lab.row(7, f"{probes} LATERAL probes over {probes} single queries",
            *[x["probe"] / x["single"] for x in us], target="<= 0.7",
            of="ours", note=lab.ef_note())
    lab.row(7, "the same over single queries that are not prepared, with the "
            "vector as text", *[x["probe"] / x["text"] for x in us])
    lab.row(7, "LATERAL: us a probe", *[x["probe"] for x in us])
    lab.row(7, "single query by pgbench, us", *[x["single"] for x in us],
            note="floor {:.0f} and {:.0f} us".format(*[x["floor"]
                                                       for x in us]))


def exact_ms(lab, c, workers):
    """Median ms of exact queries with no index, after one to warm up"""
    one = (f"SELECT id FROM {c.items} ORDER BY embedding <-> (SELECT v FROM "
           f"{c.queries} WHERE id = %d) LIMIT 10;\n")
    options = {"enable_indexscan": "off", "enable_bitmapscan": "off",
               "max_parallel_workers_per_gather": workers}
    plan = c.server.psql(c.db, "EXPLAIN " + one % 0, options)
    planned = re.search(r"Workers Planned: (\d+)", plan)
    if f"on {c.items}" not in plan or f"using {c.index}" in plan:
        raise RuntimeError(f"{c.name}: not a sequential scan\n{plan}")
    queries = "".join(one % i for i in [0, *range(EXACT_QUERIES)])
    with favoured(lab, workers == 0):
        found = times(c, queries, options)
    return statistics.median(found[1:]), int(planned[1]) if planned else 0


def measure_exact(lab):
    lab.warm()
    raw = []
    for c in lab.both:          # workers as the server's defaults have them
        c.server.psql(c.db, f"ALTER TABLE {c.items} RESET "
                      "(parallel_workers)")
    for what, workers in (("no parallel workers", 0), ("default workers", 2)):
        found, planned = {c.name: [] for c in lab.both}, {}
        with timed(lab.args):
            for _ in range(EXACT_ROUNDS):
                for c in lab.both:
                    ms, planned[c.name] = exact_ms(lab, c, workers)
                    found[c.name].append(ms)
        raw.append({"what": what, "ms": found, "planned": planned})
        ours, theirs = [statistics.median(found[c.name]) for c in lab.both]
        lab.row(7, f"exact ORDER BY <-> LIMIT 10, no index, {what}: "
                "queries a second", 1000 / ours, 1000 / theirs, ">= 1.5",
                note=f"{ours:.0f} and {theirs:.0f} ms; workers planned: "
                + ", ".join(f"{k} {v}" for k, v in planned.items()))
    for c in lab.both:
        c.server.psql(c.db, f"ALTER TABLE {c.items} SET (parallel_workers = "
                      f"{lab.args.workers})")
    lab.raw["exact"] = raw
