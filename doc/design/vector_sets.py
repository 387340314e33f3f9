#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""How well sketches of sets of vectors order documents by MaxSim, for several
numbers of planes and repetitions (src/hnsw/definition/README,
"Types").

Documents are sets of 60 generated vectors.  A query is 16 vectors of a document
with noise.

For each sketch it prints the share of the ten nearest documents that are among
the first 10, 20, 40, 80, 160 and 320 by the sketch's inner product.

Needs numpy; takes two minutes.
"""
import numpy as np

DOCUMENTS, VECTORS = 3000, 60
QUERIES, QUERY_VECTORS = 40, 16
TOPICS = 200


class Texts:
    """Sets of vectors that behave like those of texts, a vector for each token: words of a
    vocabulary, half of them from the words of the text's topic, each with what the text, its
    topic and its place add to it"""

    words, latent, dims = 4000, 48, 128

    def __init__(self, rng, topics):
        self.rng = rng
        self.spread = 1 / np.sqrt(np.arange(1, self.latent + 1))
        self.mapping = rng.normal(size=(self.latent, self.dims)) / np.sqrt(self.latent)
        self.meanings, self.topics = self.normal(self.words), self.normal(topics)
        share = 1 / np.arange(1, self.words + 1) ** 0.9
        self.share = share / share.sum()
        self.topic_words = rng.integers(0, self.words, (topics, 150))

    def normal(self, n):
        return (self.rng.normal(size=(n, self.latent)) * self.spread) @ self.mapping

    def document(self, topic, vectors):
        rng = self.rng
        common = rng.choice(self.words, vectors, p=self.share)
        own = self.topic_words[topic][rng.integers(0, 150, vectors)]
        chosen = self.meanings[np.where(rng.random(vectors) < 0.5, common, own)]
        noise = 0.25 * self.normal(vectors) + 0.05 * rng.normal(size=(vectors, self.dims))
        return unit(chosen + 0.5 * self.topics[topic] + 0.3 * self.normal(1) + noise)

    def query(self, document, vectors):
        """Some vectors of a document, with noise"""
        some = self.rng.choice(len(document), vectors, replace=False)
        return unit(document[some] + 0.35 * self.normal(vectors))


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


DIM = Texts.dims
rng = np.random.default_rng(1)
texts = Texts(rng, TOPICS)
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


print("repetitions x planes x dimensions = floats: recall of the first 10 20 40 80 160 320")
for repetitions, planes, dim in ((16, 3, 16), (8, 4, 16), (4, 5, 16), (8, 5, 8), (32, 3, 8), (32, 3, 16)):
    q, d = sketches(repetitions, planes, dim)
    order = np.argsort(-(q @ d.T), axis=1)
    recall = [np.mean([np.isin(nearest[i], order[i, :n]).mean() for i in range(QUERIES)])
              for n in (10, 20, 40, 80, 160, 320)]
    print(f"{repetitions} x {planes} x {dim} = {d.shape[1]}: " +
          " ".join(f"{share:.2f}" for share in recall), flush=True)
