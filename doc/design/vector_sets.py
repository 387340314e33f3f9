#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How well sketches of sets of vectors order documents by MaxSim, for several
numbers of planes with the same number of floats (src/hnsw/definition/README,
"Types").

Documents are sets of 60 vectors, made by bench/datasets.py.  A query is 16
vectors of a document with noise.

For each sketch it prints the share of the ten nearest documents that are among
the first 10, 20, 40, 80 and 160 by the sketch's inner product.

Needs numpy; takes two minutes.
"""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
import datasets                                            # noqa: E402

DOCUMENTS, VECTORS = 3000, 60
QUERIES, QUERY_VECTORS = 40, 16
TOPICS = 200
DIM = datasets.Texts.dims

rng = np.random.default_rng(1)
texts = datasets.Texts(rng, TOPICS)
documents = np.stack([texts.document(t, VECTORS) for t in rng.integers(0, TOPICS, DOCUMENTS)])
queries = np.stack([texts.query(documents[rng.integers(DOCUMENTS)], QUERY_VECTORS)
                    for _ in range(QUERIES)])


def max_sim(q):
    products = documents.reshape(-1, DIM) @ q.T
    return products.reshape(DOCUMENTS, VECTORS, -1).max(axis=1).sum(axis=1)


nearest = np.argsort(-np.stack([max_sim(q) for q in queries]), axis=1)[:, :10]


def parts_of(sets, normals):
    return ((sets @ normals) > 0) @ (1 << np.arange(normals.shape[1]))


def sums(parts, projected, nparts):
    """-> sums of a set's vectors in each part, and how many there are"""
    total = np.zeros((len(parts), nparts, projected.shape[2]), np.float32)
    count = np.zeros((len(parts), nparts), np.float32)
    for i in range(parts.shape[1]):
        rows = np.arange(len(parts))
        np.add.at(total, (rows, parts[:, i]), projected[:, i])
        np.add.at(count, (rows, parts[:, i]), 1)
    return total, count


def fill(means, count):
    """An empty part gets the mean of those that differ in the fewest planes."""
    nparts = means.shape[1]
    planes = np.array([[bin(a ^ b).count("1") for b in range(nparts)] for a in range(nparts)])
    for part in range(nparts):
        for i in np.where(count[:, part] == 0)[0]:
            full = np.where(count[i] > 0)[0]
            away = planes[part][full]
            means[i, part] = means[i, full[away == away.min()]].mean(axis=0)


def sketches(repetitions, planes, dim):
    random = np.random.default_rng(0)
    of_queries, of_documents = [], []
    for _ in range(repetitions):
        normals = random.normal(size=(DIM, planes)).astype(np.float32)
        signs = random.choice([-1, 1], size=(DIM, dim)).astype(np.float32) / np.sqrt(dim)
        total, count = sums(parts_of(documents, normals), documents @ signs, 1 << planes)
        means = total / np.maximum(count, 1)[:, :, None]
        fill(means, count)
        of_documents.append(means.reshape(DOCUMENTS, -1))
        total, _ = sums(parts_of(queries, normals), queries @ signs, 1 << planes)
        of_queries.append(total.reshape(QUERIES, -1))
    return np.hstack(of_queries), np.hstack(of_documents)


print("repetitions x planes x dimensions = floats: recall of the first 10 20 40 80 160")
for repetitions, planes, dim in ((16, 3, 16), (8, 4, 16), (4, 5, 16), (8, 5, 8), (32, 3, 8)):
    q, d = sketches(repetitions, planes, dim)
    order = np.argsort(-(q @ d.T), axis=1)
    recall = [np.mean([np.isin(nearest[i], order[i, :n]).mean() for i in range(QUERIES)])
              for n in (10, 20, 40, 80, 160)]
    print(f"{repetitions} x {planes} x {dim} = {d.shape[1]}: " +
          " ".join(f"{share:.2f}" for share in recall), flush=True)
