#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Nested levels of the rotated code, and the constants in src/quantize.

A coordinate of a rotated vector, scaled by sqrt(dimensions) / norm, is close
to a standard normal number y.  The code's first bit is the sign of y; |y|
falls into one of eight ranges, and a range has 16 equal parts, so that 1, 2,
4, 6 and 8 bits are prefixes of one another.

The bounds of the ranges are those of Lloyd and Max inside the two ranges of
the 2-bit code (0 to .982 and above), rounded to 64ths: then a part of range i
is exactly WIDTHS[i] / 1024 wide and integer arithmetic decodes 6 and 8 bits.
Parts of Lloyd and Max inside the ranges would win less than 2 %, except in
the last range, whose end is a compromise: 6 bits want it at 3.6, 8 bits at
4.1 standard deviations.

Needs numpy.
"""
import numpy as np

BOUNDS = np.array([0, 15, 30, 46, 63, 85, 112, 148, 256])
WIDTHS = np.diff(BOUNDS)

N = 2_000_000
y = (np.arange(N) + 0.5) / N * 9
weight = np.exp(-y * y / 2)
weight /= weight.sum()
rng = np.searchsorted(BOUNDS[1:8] / 64, y, side="right")
part = np.minimum(15, np.floor((y * 64 - BOUNDS[rng]) * 16 / WIDTHS[rng])).astype(int)


def centroids(cell):
    return np.bincount(cell, weights=weight * y) / np.bincount(cell, weights=weight)


def show(name, level):
    """Tangent of the angle between code and vector, mean of level times y."""
    xy = (weight * level * y).sum()
    tangent = np.sqrt((weight * level * level).sum() / xy ** 2 - 1)
    print(f"{name:34} tangent {tangent:.5f}  projection {xy:.5f}")
    return tangent


def small_levels():
    """Odd integers up to 127, for products of 8 bits, nearest in angle."""
    mean = centroids(rng)
    best = (1, None)
    for scale in np.linspace(100, 127, 271) / mean[7]:
        level = np.round((mean * scale - 1) / 2) * 2 + 1
        xy = (weight * level[rng] * y).sum()
        found = (weight * level[rng] ** 2).sum() / xy ** 2
        if level.max() <= 127 and (best[1] is None or found < best[0]):
            best = (found, level)
    return best[1].astype(int)


small4 = small_levels()
wide4 = np.round(1024 * centroids(rng)).astype(int)
wide2 = np.round(1024 * centroids(rng // 4)).astype(int)
print("levels4", small4.tolist())
print("loki_levels4", [(127 + int(v)) // 2 for v in [*-small4[::-1], *small4]])
print("levels4_wide", wide4.tolist(), "levels2_wide", wide2.tolist())
show("1 bit", np.ones(N))
show("2 bits, 1 and 3", 1.0 + 2 * (rng // 4))
show("2 bits, 1024ths", 1.0 * wide2[rng // 4])
show("4 bits, small", 1.0 * small4[rng])
show("4 bits, 1024ths", 1.0 * wide4[rng])
base, step = 16.0 * BOUNDS[rng], WIDTHS[rng]
show("6 bits", base + 2 * step + step * (part & 12))
show("8 bits", base + (step + 1) // 2 + step * part)
