#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""What codes with a scale and an offset for each row cost, by their bits, without a server.

For each set, distance, number of bits and way to choose the scale and the offset, it prints
recall@10 of exact answers over the rounded rows, the share of the 10 true neighbors among the
first 20 and the first 50 of them, and the squared error as a share of the variance of the
elements.  Queries are not rounded.  A set of fewer than 1,000 rows has each row ask for the
others.  The ways are

    range           from the least to the greatest element, as bytevec has it
    error           the range with the least squared error, elements beyond it go to its ends
    apart           as range, but the 8 elements farthest from the mean are kept as they are
    rotated range, rotated error
                    the same after one random rotation of all rows and queries

usage: bench/rounding.py [--set SET,...] [--data DIR] [--metric M,...] [--bits N,...]
                         [--way WAY,...] [--queries N]
    --set       as those of run.py
    --metric    l2, ip or cosine (default: that of the set)
    --bits      (4,8)
    --way       (all)
    --queries   (500)
"""
import argparse
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import datasets                                            # noqa: E402
import truth                                               # noqa: E402

K = 10
DEPTHS = (10, 20, 50)
BLOCK = 4000
SMALL_SET = 1000
APART = 8
SHRUNK = np.linspace(0.3, 1, 8)    # ranges to try, as shares of the whole
ROUNDS = 6                          # of least squares
WAYS = ("range", "error", "apart", "rotated range", "rotated error")


def decoded(rows, scale, offset, most):
    return offset + scale * np.clip(np.rint((rows - offset) / scale), 0, most)


def error_of(rows, scale, offset, most):
    return ((decoded(rows, scale, offset, most) - rows) ** 2).sum(axis=1, keepdims=True)


def by_range(rows, most):
    """-> scale and offset of each row"""
    least = rows.min(axis=1, keepdims=True)
    return np.maximum((rows.max(axis=1, keepdims=True) - least) / most, 1e-30), least


def by_squares(rows, scale, offset, most):
    """The scale and the offset that fit the codes best, which these make"""
    codes = np.clip(np.rint((rows - offset) / scale), 0, most)
    codes_mean, rows_mean = codes.mean(axis=1, keepdims=True), rows.mean(axis=1, keepdims=True)
    codes -= codes_mean
    variance = (codes * codes).sum(axis=1, keepdims=True)
    slope = (codes * (rows - rows_mean)).sum(axis=1, keepdims=True) / np.maximum(variance, 1e-30)
    scale = np.where(slope > 0, slope, scale)
    return scale, rows_mean - scale * codes_mean


def by_error(rows, most):
    """-> scale and offset of each row: the best shrunk range, then the best fit"""
    whole, least = by_range(rows, most)
    mean = rows.mean(axis=1, keepdims=True)
    best, error = (whole, least), error_of(rows, whole, least, most)
    tries = [(whole * share, mean - (mean - least) * share) for share in SHRUNK]
    for i in range(len(SHRUNK) + ROUNDS):
        scale, offset = tries[i] if i < len(tries) else by_squares(rows, scale, offset, most)
        found = error_of(rows, scale, offset, most)
        better = found < error
        best = np.where(better, scale, best[0]), np.where(better, offset, best[1])
        error = np.minimum(found, error)
        if i == len(SHRUNK) - 1:
            scale, offset = best
    return best


def kept_apart(rows, most):
    """-> rows rounded but for the elements farthest from the mean"""
    rows = rows.copy()
    far = np.argpartition(-np.abs(rows - rows.mean(axis=1, keepdims=True)), APART, axis=1)[:, :APART]
    kept = np.take_along_axis(rows, far, 1)
    np.put_along_axis(rows, far, rows.mean(axis=1, keepdims=True), 1)
    rows = decoded(rows, *by_range(rows, most), most)
    np.put_along_axis(rows, far, kept, 1)
    return rows


def rounded(rows, bits, way):
    most = 2 ** bits - 1
    out = np.empty_like(rows)
    for at in range(0, len(rows), BLOCK):
        block = rows[at:at + BLOCK]
        if way == "apart":
            out[at:at + BLOCK] = kept_apart(block, most)
        else:
            choose = by_error if way.endswith("error") else by_range
            out[at:at + BLOCK] = decoded(block, *choose(block, most), most)
    return out


def rotation(dims):
    q, r = np.linalg.qr(np.random.default_rng(7).standard_normal((dims, dims)))
    return (q * np.sign(np.diag(r))).astype(np.float32)


def nearest(metric, rows, queries, k, of_rows):
    """ids of the k nearest rows; without row i for query i, if queries are the rows"""
    ids = truth.neighbours(metric, rows, queries, k + of_rows)
    if not of_rows:
        return list(ids)
    return [[int(i) for i in some if i != number][:k] for number, some in enumerate(ids)]


def measure(args, data, metric):
    rows, queries = (np.asarray(x, np.float32) for x in (data.base, data.queries))
    small = len(rows) < SMALL_SET
    if small:
        rows = queries = np.concatenate([rows, queries])
    else:
        queries = queries[:args.queries]
    depth = [d for d in DEPTHS if d < len(rows) // 2]
    true = nearest(metric, rows, queries, K, small)
    judge = truth.Judge(metric, rows, queries, true)
    turn = rotation(rows.shape[1])
    variance = ((rows - rows.mean(axis=1, keepdims=True)) ** 2).sum()
    for bits in args.bits:
        for way in args.way:
            turned = [x @ turn for x in (rows, queries)] if "rotated" in way else [rows, queries]
            approximate = rounded(turned[0], bits, way)
            error = ((approximate - turned[0]) ** 2).sum() / variance
            found = nearest(metric, approximate, turned[1], max(depth), small)
            shares = [share_within(judge, found, d) for d in depth] + [float("nan")] * (len(DEPTHS) - len(depth))
            print(f"| {data.name}, {metric} | {len(rows):,} x {rows.shape[1]} | {bits} | {way} | "
                  + " | ".join(f"{share:.4f}" for share in shares) + f" | {error:.6f} |", flush=True)


def share_within(judge, found, depth):
    """Of the K true neighbors, those among the first rows found, by distance"""
    hits = 0
    for number, true in enumerate(judge.true):
        limit = max(true)
        near = judge.distances(number, found[number][:depth]) <= limit + truth.SLACK * abs(limit)
        hits += min(int(near.sum()), K)
    return hits / K / len(judge.true)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default="synthetic:20000:256")
    parser.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA"))
    parser.add_argument("--metric", type=lambda s: s.split(","))
    parser.add_argument("--bits", type=lambda s: [int(x) for x in s.split(",")], default=[4, 8])
    parser.add_argument("--way", type=lambda s: s.split(","), default=WAYS)
    parser.add_argument("--queries", type=int, default=500)
    args = parser.parse_args()
    print("| set, distance | rows | bits | way | recall@10 | in the first 20 | in the first 50 | squared error |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name in args.set.split(","):
        data = datasets.load(name, args.data)
        for metric in args.metric or [data.metric]:
            measure(args, data, metric)


if __name__ == "__main__":
    main()
