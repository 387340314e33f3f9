# SPDX-License-Identifier: PostgreSQL
"""What a query takes, over the least that this machine's memory needs for it
(memory_bound.py), with vectors in line."""
import os
import tempfile

import numpy as np

import memory_bound
from cluster import say
from measure import OPERATOR

LIMITS = (10, 100, 1000)
EF = 40                         # hnsw.ef_search, or LIMIT if that is more


def bytes_read(c):
    """Of the table and the index that are read"""
    return int(c.server.rows(c.db, f"SELECT pg_table_size('{c.items}') + "
                             f"pg_relation_size('{c.index}')")[0][0])


def measure_limit(lab):
    c, dims = lab.ours, lab.data.dims
    count = min(memory_bound.COUNTED, len(lab.data.queries))
    c.server.psql(c.db, memory_bound.COUNT.format(
        items=c.items, queries=c.queries, column="embedding",
        operator=OPERATOR[lab.args.metric]))
    slots = {f["slot_array"]: f["slot_bytes"] for f in
             c.function_rows("lokivector_index_slot_arrays") if f["slots"]}
    parts = memory_bound.parts_of(slots, dims)
    c.warm()
    with tempfile.TemporaryDirectory() as folder:
        ns = memory_bound.Memory(folder).measure(
            max(1, min(bytes_read(c) >> 20, 8192)), [size for _, size in parts])
    for k in (k for k in LIMITS if k <= max(100, lab.bench.deepest)):
        ef = max(EF, k)
        lines = c.server.rows(c.db, f"SELECT * FROM count_work({k}, {count})",
                              c.options(ef, k))
        recall = lab.bench.judge.score(
            [[int(i) for i in line[0].split()] for line in lines], k)[0]
        numbers = memory_bound.counted(*np.mean(
            [[float(x) for x in line[1:]] for line in lines], axis=0))
        least = sum(memory_bound.needed(parts, numbers, ns))
        rate = c.time_queries(k, ef, 2 * os.cpu_count(),
                              len(lab.data.queries)).rate
        taken = 1e6 * os.cpu_count() / rate
        read = ", ".join(f"{n:.0f} {part} of {size} bytes"
                         for (part, size), n in zip(parts, numbers))
        say(f"LIMIT {k}: {taken:.0f} us, memory needs {least:.0f}")
        lab.row(1, f"us of a processor for LIMIT {k}, over those that memory "
                "needs", taken / least, of="alone",
                note=f"{taken:.0f} and {least:.0f} us, recall {recall:.3f}; "
                f"{read}")
