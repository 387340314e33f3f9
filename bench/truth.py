# SPDX-License-Identifier: PostgreSQL
"""Exact neighbours, and recall by distance.

A returned row counts if its exact distance is at most that of the k-th true
neighbour, so that among rows of equal distance any is right.  Distances are
taken in float64 on the values of the set, whatever the index stored.
"""
import hashlib
import os

import numpy as np

import datasets

SLACK = 1e-6                    # relative, for the rounding of float32
ORDER_SLACK = 1e-5              # of neighbours in a list
SMALL = 200000                  # rows that float64 is no trouble for
BASE_BLOCK = 20000
QUERY_BLOCK = 1000


def distances(metric, rows, query):
    """float64 distances of rows to one query, as the SQL operators have"""
    rows = np.asarray(rows, np.float64)
    query = np.asarray(query, np.float64)
    if metric == "l2":
        return np.sqrt(((rows - query) ** 2).sum(axis=1))
    dot = rows @ query
    if metric == "ip":
        return -dot
    norm = np.linalg.norm(rows, axis=1) * np.linalg.norm(query)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - dot / norm


def approximate(metric, block, queries):
    """scores that order as the distances do, except for rounding"""
    score = queries @ block.T
    if metric == "l2":
        return np.einsum("ij,ij->i", block, block)[None, :] - 2 * score
    if metric == "cosine":
        norm = np.linalg.norm(block, axis=1)
        score = score / np.where(norm > 0, norm, 1)[None, :]
        score[:, norm == 0] = -np.inf
    return -score


def smallest(score, ids, keep):
    """The keep lowest scores of each row with their ids, in any order"""
    if score.shape[1] <= keep:
        return score, ids
    part = np.argpartition(score, keep - 1, axis=1)[:, :keep]
    return np.take_along_axis(score, part, 1), np.take_along_axis(ids, part, 1)


def neighbours(metric, base, queries, k, alive=None):
    """ids of the k nearest rows of each query, nearest first"""
    # Rows of a tight cluster are equal to float32 scores
    kind = np.float64 if len(base) <= SMALL else np.float32
    keep = k + max(32, k // 8)      # float32 may swap a few at the border
    out = []
    for q_at in range(0, len(queries), QUERY_BLOCK):
        qs = np.ascontiguousarray(queries[q_at:q_at + QUERY_BLOCK], kind)
        best = np.empty((len(qs), 0), kind)
        ids = np.empty((len(qs), 0), np.int64)
        for at in range(0, len(base), BASE_BLOCK):
            block = np.ascontiguousarray(base[at:at + BASE_BLOCK], kind)
            here = np.arange(at, at + len(block))
            score = approximate(metric, block, qs)
            if alive is not None:
                score[:, ~alive[at:at + BASE_BLOCK]] = np.inf
            score, here = smallest(score, np.broadcast_to(here, score.shape),
                                   keep)
            best, ids = smallest(np.concatenate([best, score], axis=1),
                                 np.concatenate([ids, here], axis=1), keep)
        for q, cand in zip(qs, ids):
            d = distances(metric, base[np.sort(cand)], q)
            out.append(np.sort(cand)[np.argsort(d, kind="stable")][:k])
    return np.array(out)


def digest(data):
    """What tells a set from others of its name, by a sample of its rows"""
    found = hashlib.sha256()
    for array in (data.base, data.queries):
        found.update(repr((array.shape, str(array.dtype))).encode())
        step = max(1, len(array) // 997)
        found.update(np.ascontiguousarray(array[::step]).tobytes())
    return found.hexdigest()[:16]


def cached(name, make):
    """An array of a file that is made once"""
    path = os.path.join(datasets.cache_dir(), name + ".npy")
    if not os.path.exists(path):
        np.save(path + ".part.npy", make())
        os.rename(path + ".part.npy", path)
    return np.load(path)


def cached_neighbours(data, metric, k):
    """From the set's files where they reach far enough, else computed once"""
    given = data.truth.get(metric)
    if given is not None and given.shape[1] >= k:
        return np.asarray(given[:, :k], np.int64)
    return cached(f"truth-{data.name}-{metric}-{k}-{digest(data)}",
                  lambda: neighbours(metric, data.base, data.queries, k))


def cached_distances(data, metric, ids):
    """Distances of the true neighbours, computed once: their rows lie all
    over the set, which may be larger than memory"""
    digest_ids = hashlib.sha256(np.ascontiguousarray(ids)).hexdigest()[:16]
    return cached(f"distances-{data.name}-{metric}-{digest(data)}-{digest_ids}", lambda: np.array(
        [distances(metric, data.base[np.asarray(some)], q) for some, q in zip(ids, data.queries)]))


class Judge:
    """Scores lists of returned ids against thresholds by distance."""

    def __init__(self, metric, base, queries, true_ids, true=None):
        """true: distances of the true neighbours, where they are known"""
        self.metric, self.base, self.queries = metric, base, queries
        if true is None:
            true = [distances(metric, base[np.asarray(ids)], q)
                    for ids, q in zip(true_ids, queries)]
        self.true = true
        self.known = [dict(zip(map(int, ids), d))
                      for ids, d in zip(true_ids, true)]

    def distances(self, number, ids):
        """Of rows to a query, by its number"""
        known = self.known[number]
        new = sorted({int(i) for i in ids} - known.keys())
        if new:
            known.update(zip(new, distances(self.metric, self.base[new],
                                            self.queries[number])))
        return np.array([known[int(i)] for i in ids])

    def score(self, returned, k):
        """-> recall, mean rows returned, share of lists in exact order"""
        hits = rows = ordered = 0
        for number, (ids, true) in enumerate(zip(returned, self.true)):
            limit = np.partition(true, k - 1)[k - 1]
            limit += SLACK * abs(limit)
            ids = np.asarray(ids[:k], np.int64)
            rows += len(ids)
            if len(ids) == 0:
                continue
            d = self.distances(number, ids)
            ordered += bool(np.all(np.diff(d) >= -ORDER_SLACK * np.abs(d[1:])))
            unique = np.unique(ids, return_index=True)[1]
            hits += min(k, int((d[unique] <= limit).sum()))
        n = len(returned)
        return hits / (n * k), rows / n, ordered / n
