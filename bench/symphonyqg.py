#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""SymphonyQG (rabitqlib of PyPI) by the commands of hnswlib.cpp, but for save and load.

Its graph has twice M links a node, as the base layer of hnswlib has, and is built with 200 candidates
at least, as its authors do.  One thread takes a query at a time; more share all queries in one call, whose
mean stands for each query's latency.
"""
import sys
import time

import numpy as np

LEAST_CANDIDATES = 200


def floats(count, dims):
    values = np.frombuffer(sys.stdin.buffer.read(4 * count * dims), "<f4")
    return np.ascontiguousarray(values.reshape(count, dims))


class Program:
    def build(self, rows, dims, space, m, candidates, threads):
        import rabitqlib        # which only the environment has that inprocess.py makes
        rows, self.dims = int(rows), int(dims)
        data = floats(rows, self.dims)
        began = time.perf_counter()
        # unit vectors have the same order by L2
        self.index = rabitqlib.SymqgIndex(self.dims, 2 * int(m), "l2")
        self.index.build(data, max(int(candidates), LEAST_CANDIDATES), int(threads))
        print(time.perf_counter() - began)

    def queries(self, count):
        self.rows = floats(int(count), self.dims)

    def search(self, k, ef):
        for ids in self.index.search(self.rows, int(k), int(ef))[0]:
            print(*ids)

    def time(self, k, ef, seconds, threads):
        k, ef, threads = int(k), int(ef), int(threads)
        order = np.random.default_rng(threads).integers(len(self.rows), size=1 << 16)
        latencies, done = [], 0
        began = before = time.perf_counter()
        while before - began < float(seconds):
            if threads == 1:
                at = order[done % len(order)]
                self.index.search(self.rows[at:at + 1], k, ef)
                count = 1
            else:
                count = len(self.rows)
                self.index.search(self.rows, k, ef, threads)
            now = time.perf_counter()
            latencies.append((now - before) * 1e9 * threads / count)
            before = now
            done += count
        print(done, before - began)
        print(*map(int, latencies))


def main():
    program = Program()
    while line := sys.stdin.buffer.readline().split():
        getattr(program, line[0].decode())(*map(bytes.decode, line[1:]))
        print("done", flush=True)


if __name__ == "__main__":
    main()
