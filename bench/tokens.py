#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Make the set manual-tokens: the paragraphs of the PostgreSQL manual with a
vector for each token.

usage: tokens.py [MANUAL]

MANUAL is the folder of the manual's HTML (Debian package postgresql-doc-15).
A document is a paragraph of up to 126 tokens, each token's vector the last
state of all-MiniLM-L6-v2 (embed.py) there, projected from 384 to 128
dimensions by the principal components of a sample, and of unit length again.
A query is a sentence of a paragraph that is not among the documents, in the
same way.  The set goes to the cache; it takes half an hour of one core.
"""
import os
import re
import sys

sys.dont_write_bytecode = True

import embed  # noqa: E402
import numpy as np  # noqa: E402

import datasets  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "demo"))
import manual  # noqa: E402

NAME = "manual-tokens"
MANUAL = "/usr/share/doc/postgresql-doc-15/html"
LONGEST = 128                   # tokens, the marks of the ends among them
DIMS = 128
QUERIES = 200
SAMPLE = 4000                   # documents that components are taken of


class Sets:
    """Sets of vectors: all vectors, and where each set begins"""

    def __init__(self, vectors, starts):
        self.vectors, self.starts = vectors, starts

    @classmethod
    def of(cls, sets):
        return cls(np.concatenate(sets),
                   np.cumsum([0] + [len(x) for x in sets]))

    def __len__(self):
        return len(self.starts) - 1

    def first(self, n):
        n = min(n, len(self))
        return Sets(self.vectors[:self.starts[n]], self.starts[:n + 1])

    def __getitem__(self, i):
        return self.vectors[self.starts[i]:self.starts[i + 1]]


def texts(folder):
    """-> paragraphs, and sentences of others"""
    rng = np.random.default_rng(1)
    found = [p.body for p in manual.cut(folder) if not p.is_code]
    found = [found[i] for i in rng.permutation(len(found))]
    sentences, used = [], 0
    while len(sentences) < QUERIES:
        of = [s for s in re.split(r"(?<=[.?!])\s+", found[used])
              if 40 <= len(s) <= 200]
        used += 1
        if of:
            sentences.append(of[rng.integers(len(of))])
    return found[used:], sentences


def path(name):
    folder = os.path.join(datasets.cache_dir(), NAME)
    os.makedirs(folder, exist_ok=True)
    return os.path.join(folder, name)


def make(folder=MANUAL):
    """The set's files, unless they are there"""
    if os.path.exists(path("complete")):
        return
    documents, queries = texts(folder)
    embedder = embed.Embedder(LONGEST)
    embedder.check()
    sets = {"base": embedder.states(documents),
            "query": embedder.states(queries)}
    sample = np.concatenate(sets["base"][:SAMPLE]).astype(np.float64)
    _, components = np.linalg.eigh(sample.T @ sample)
    components = components[:, :-DIMS - 1:-1].astype(np.float32)
    for name, some in sets.items():
        some = Sets.of([embed.unit(x.astype(np.float32) @ components)
                        .astype(np.float16) for x in some])
        np.save(path(name + ".npy"), some.vectors)
        np.save(path(name + "-starts.npy"), some.starts)
    np.save(path("texts.npy"), np.array(documents))
    open(path("complete"), "w").close()


def load():
    """-> documents, queries"""
    return [Sets(np.load(path(name + ".npy")),
                 np.load(path(name + "-starts.npy")))
            for name in ("base", "query")]


if __name__ == "__main__":
    make(*sys.argv[1:2])
