#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Libraries and embedded databases of PyPI, by the commands of hnswlib.cpp, but for save and load.

usage: bench/libraries.py NAME

Databases have as many columns of integers as "columns N" says; their values come before the rows in "build".
After "values COLUMN", with an integer for each query, a search finds rows that have it in this column, until
"values -1".

Graphs have m as hnswlib does, and as many candidates while they are built, but SymphonyQG at least 200, as
its authors do.  Vectors are kept with 8 bits a dimension beside the floats, by which the nearest are ranked
again.  One thread takes a query at a time; more of them take queries at once.
"""
import shutil
import sys
import tempfile
import threading
import time

import needs  # noqa: F401
import numpy as np

BLOCK = 1000                    # rows that a database takes at once


def read(kind, *shape):
    """A copy, since some libraries want to be able to write there"""
    return np.array(np.frombuffer(sys.stdin.buffer.read(4 * int(np.prod(shape))), kind).reshape(shape))


class Library:
    """Commands; make() and find() are the library's"""

    def build(self, rows, dims, space, m, candidates, threads):
        self.dims, self.space, self.m = int(dims), space, int(m)
        self.candidates, self.threads = int(candidates), int(threads)
        data = read("<f4", int(rows), self.dims)
        began = time.perf_counter()
        self.make(data)
        print(time.perf_counter() - began)

    def queries(self, count):
        self.rows = read("<f4", int(count), self.dims)

    def search(self, k, ef):
        self.width(int(ef))
        for query in range(len(self.rows)):
            print(*self.find(query, int(k)))

    def time(self, k, ef, seconds, threads):
        self.width(int(ef))
        found = [[] for _ in range(int(threads))]
        began = time.perf_counter()
        end = began + float(seconds)

        def searches(number):
            order = np.random.default_rng(number).integers(len(self.rows), size=1 << 16)
            before = time.perf_counter()
            while before < end:
                self.find(order[len(found[number]) % len(order)], int(k))
                now = time.perf_counter()
                found[number].append((now - before) * 1e9)
                before = now

        workers = [threading.Thread(target=searches, args=(i,)) for i in range(1, len(found))]
        for worker in workers:
            worker.start()
        searches(0)
        for worker in workers:
            worker.join()
        print(sum(map(len, found)), time.perf_counter() - began)
        print(*(int(ns) for one in found for ns in one))


class SymphonyQG(Library):
    """rabitqlib's SymqgIndex.  Threads share all queries in one call, whose mean stands for each latency."""

    def make(self, data):
        import rabitqlib        # each is in an environment of its own, which inprocess.py makes
        # unit vectors have the same order by L2
        self.index = rabitqlib.SymqgIndex(self.dims, 2 * self.m, "l2")
        self.index.build(data, max(self.candidates, 200), self.threads)

    def width(self, ef):
        self.ef = ef

    def search(self, k, ef):
        for ids in self.index.search(self.rows, int(k), int(ef))[0]:
            print(*ids)

    def find(self, query, k):
        return self.index.search(self.rows[query:query + 1], k, self.ef)[0][0]

    def time(self, k, ef, seconds, threads):
        if int(threads) == 1:
            super().time(k, ef, seconds, threads)
            return
        calls, began = [], time.perf_counter()
        while (before := time.perf_counter()) - began < float(seconds):
            self.index.search(self.rows, int(k), int(ef), int(threads))
            calls.append((time.perf_counter() - before) * 1e9 * int(threads) / len(self.rows))
        print(len(calls) * len(self.rows), time.perf_counter() - began)
        print(*map(int, calls))


class Database(Library):
    """What also has filters"""

    ncolumns, column = 0, -1

    def columns(self, count):
        self.ncolumns = int(count)

    def build(self, rows, *others):
        self.attributes = read("<i4", self.ncolumns, int(rows))
        self.names = [f"a{i}" for i in range(self.ncolumns)]
        self.folder = tempfile.mkdtemp()
        super().build(rows, *others)

    def values(self, column):
        self.column = int(column)
        if self.column >= 0:
            self.wanted = read("<i4", len(self.rows))

    def condition(self, query):
        """-> column, value; None without a filter"""
        return (f"a{self.column}", int(self.wanted[query])) if self.column >= 0 else None

    def blocks(self, data):
        """-> number of the first row, rows, their attributes"""
        for at in range(0, len(data), BLOCK):
            yield at, data[at:at + BLOCK], self.attributes[:, at:at + BLOCK]

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Zvec(Database):
    def make(self, data):
        import zvec
        self.zvec = zvec
        zvec.init(log_level=zvec.LogLevel.ERROR, optimize_threads=self.threads)
        graph = zvec.HnswIndexParam(
            metric_type=zvec.MetricType.L2 if self.space == "l2" else zvec.MetricType.IP, m=self.m,
            ef_construction=self.candidates, quantize_type=zvec.QuantizeType.INT8)
        schema = zvec.CollectionSchema(
            "rows", vectors=zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, self.dims, index_param=graph),
            fields=[zvec.FieldSchema(name, zvec.DataType.INT32, index_param=zvec.InvertIndexParam())
                    for name in self.names])
        self.rows_of = zvec.create_and_open(self.folder + "/rows", schema,
                                            zvec.CollectionOption(enable_mmap=False))
        for at, rows, attributes in self.blocks(data):
            self.rows_of.insert([
                zvec.Doc(id=str(at + i), vectors={"v": row},
                         fields={name: int(attributes[c, i]) for c, name in enumerate(self.names)})
                for i, row in enumerate(rows)])
        self.rows_of.optimize(zvec.OptimizeOption(concurrency=self.threads))

    def width(self, ef):
        self.parameters = self.zvec.HnswQueryParam(ef=ef, is_using_refiner=True)

    def find(self, query, k):
        query_of = self.zvec.Query("v", vector=self.rows[query], param=self.parameters)
        where = self.condition(query)
        found = self.rows_of.query(queries=query_of, topk=k, output_fields=[],
                                   filter=where and f"{where[0]} = {where[1]}")
        return [row.id for row in found]


class LanceDB(Database):
    """One partition, which is a graph"""

    def make(self, data):
        import lancedb
        import pyarrow
        self.metric = "l2" if self.space == "l2" else "dot"
        vectors = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(data.ravel()), self.dims)
        rows = pyarrow.table({"id": np.arange(len(data), dtype=np.int32), "v": vectors,
                              **dict(zip(self.names, self.attributes))})
        self.rows_of = lancedb.connect(self.folder).create_table("rows", rows)
        for name in self.names:
            self.rows_of.create_scalar_index(name)
        self.rows_of.create_index(metric=self.metric, vector_column_name="v", index_type="IVF_HNSW_SQ",
                                  num_partitions=1, m=self.m, ef_construction=self.candidates)

    def width(self, ef):
        self.ef = ef

    def find(self, query, k):
        found = self.rows_of.search(self.rows[query], vector_column_name="v").distance_type(
            self.metric).limit(k).nprobes(1).ef(max(self.ef, 2 * k)).refine_factor(2)
        where = self.condition(query)
        if where:
            found = found.where(f"{where[0]} = {where[1]}", prefilter=True)
        return found.select(["id", "_distance"]).to_arrow()["id"].to_pylist()


class Qdrant(Database):
    """Qdrant Edge: the engine of Qdrant's server"""

    def make(self, data):
        import qdrant_edge as q
        self.q = q
        distance = q.Distance.Euclid if self.space == "l2" else q.Distance.Dot
        self.rows_of = q.EdgeShard.create(self.folder, q.EdgeConfig(
            vectors=q.EdgeVectorParams(self.dims, distance),
            hnsw_config=q.HnswIndexConfig(self.m, self.candidates, 10000, max_indexing_threads=self.threads),
            quantization_config=q.ScalarQuantizationConfig(q.ScalarType.Int8),
            optimizers=q.EdgeOptimizersConfig(default_segment_number=1)))
        for name in self.names:
            self.rows_of.update(q.UpdateOperation.create_field_index(name, q.PayloadSchemaType.Integer))
        for at, rows, attributes in self.blocks(data):
            self.rows_of.update(q.UpdateOperation.upsert_points([
                q.Point(at + i, row.tolist(), {name: int(attributes[c, i]) for c, name in enumerate(self.names)})
                for i, row in enumerate(rows)]))
        while self.rows_of.optimize():
            pass

    def width(self, ef):
        self.parameters = self.q.SearchParams(
            hnsw_ef=ef, quantization=self.q.QuantizationSearchParams(rescore=True, oversampling=2.0))

    def find(self, query, k):
        q, where = self.q, self.condition(query)
        found = self.rows_of.search(q.SearchRequest(
            query=q.Query.Nearest(self.rows[query].tolist()), limit=k, params=self.parameters,
            filter=where and q.Filter(must=[q.FieldCondition(where[0], match=q.MatchValue(where[1]))])))
        return [row.id for row in found]


LIBRARIES = {"symphonyqg": SymphonyQG, "zvec": Zvec, "lancedb": LanceDB, "qdrant": Qdrant}


def main(name):
    library = LIBRARIES[name]()
    while line := sys.stdin.buffer.readline().split():
        getattr(library, line[0].decode())(*map(bytes.decode, line[1:]))
        print("done", flush=True)
    if isinstance(library, Database):
        library.close()


if __name__ == "__main__":
    main(sys.argv[1])
