# SPDX-License-Identifier: PostgreSQL
"""A set in the formats of ann-benchmarks and VectorDBBench."""
import os

import h5py
import numpy as np
import pyarrow
from pyarrow import parquet

import truth

NEIGHBORS = 100
DISTANCE = {"l2": "euclidean", "cosine": "angular"}
SHARES = (0.01, 0.1)            # of the rows that have a label


def label(share):
    """As VectorDBBench names the label that this share of the rows has"""
    return f"label_{share * 100:.0f}p"


def labels(count):
    """A label for each row, at random"""
    drawn = np.random.default_rng(5).random(count)
    found = np.full(count, "label_rest", object)
    below = 0.0
    for share in SHARES:
        found[(drawn >= below) & (drawn < below + share)] = label(share)
        below += share
    return found


def hdf5(data, metric, path):
    """ann-benchmarks: train, test, their neighbors and distances"""
    near = truth.cached_neighbours(data, metric, NEIGHBORS)
    with h5py.File(path, "w") as f:
        f.attrs.update({"type": "dense", "distance": DISTANCE[metric],
                        "dimension": data.dims, "point_type": "float"})
        f["train"] = np.asarray(data.base, np.float32)
        f["test"] = np.asarray(data.queries, np.float32)
        f["neighbors"] = near
        f["distances"] = truth.cached_distances(data, metric, near)


def write(folder, name, **columns):
    parquet.write_table(pyarrow.table(columns),
                        os.path.join(folder, name + ".parquet"))


def parquets(data, metric, folder):
    """VectorDBBench: rows, queries, labels, neighbors with and without a
    condition on the label"""
    os.makedirs(folder, exist_ok=True)
    rows = np.arange(len(data.base))
    write(folder, "train", id=rows,
          emb=list(np.asarray(data.base, np.float32)))
    queries = np.arange(len(data.queries))
    write(folder, "test", id=queries,
          emb=list(np.asarray(data.queries, np.float32)))
    tags = labels(len(data.base))
    write(folder, "scalar_labels", id=rows, labels=list(tags))
    near = {"neighbors": truth.cached_neighbours(data, metric, NEIGHBORS)}
    for share in SHARES:
        near[f"neighbors_labels_{label(share)}"] = truth.neighbours(
            metric, data.base, data.queries, NEIGHBORS, tags == label(share))
    for name, ids in near.items():
        write(folder, name, id=queries, neighbors_id=list(ids))
