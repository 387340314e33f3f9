# SPDX-License-Identifier: PostgreSQL
"""Latent semantic analysis: vectors of lexemes from the company they keep.

The vector of a lexeme comes from a truncated singular value decomposition of
the positive pointwise mutual information between lexemes of one paragraph, and
is scaled by the lexeme's rarity.  The embedding of any text is then a plain sum
over its lexemes, which SQL can do.  A decomposition of the paragraph by lexeme
matrix itself, the textbook form, answers fewer questions at the same number of
dimensions: it matches words rather than what they are about.
"""

import numpy as np

CONTEXTS = 2000             # most frequent lexemes, the columns that describe the others
MIN_PARAGRAPHS = 2          # a lexeme met once has no company to learn from
OVERSAMPLING = 20
POWER_ITERATIONS = 3


class Lexemes:
    """Weighted lexemes of paragraphs, in compressed rows."""

    def __init__(self, paragraphs, triples):
        """triples: (paragraph number, lexeme, count), in any order."""
        frequency = {}
        for _, lexeme, _ in triples:
            frequency[lexeme] = frequency.get(lexeme, 0) + 1
        self.names = sorted(l for l, n in frequency.items() if n >= MIN_PARAGRAPHS)
        number = {lexeme: i for i, lexeme in enumerate(self.names)}
        self.frequency = np.array([frequency[l] for l in self.names])
        self.rarity = np.log(paragraphs / self.frequency).astype(np.float32)

        kept = [(p, number[l], n) for p, l, n in triples if l in number]
        kept.sort()
        table = np.array(kept, dtype=np.float64).reshape(-1, 3)
        rows = table[:, 0].astype(np.int64)
        self.columns = table[:, 1].astype(np.int64)
        self.counts = np.log1p(table[:, 2]).astype(np.float32)
        self.bounds = np.searchsorted(rows, np.arange(paragraphs + 1))

    def rows(self):
        """(columns, damped counts) of every paragraph."""
        for start, end in zip(self.bounds[:-1], self.bounds[1:]):
            yield self.columns[start:end], self.counts[start:end]


def mutual_information(lexemes):
    """Positive pointwise mutual information, lexemes by contexts, dense."""
    contexts = np.argsort(-lexemes.frequency, kind='stable')[:CONTEXTS]
    context_of = np.full(len(lexemes.names), -1)
    context_of[contexts] = np.arange(len(contexts))

    together = np.zeros((len(lexemes.names), len(contexts)), dtype=np.float32)
    total = np.zeros(len(lexemes.names))
    for columns, counts in lexemes.rows():
        if len(columns) == 0:
            continue
        weights = counts * lexemes.rarity[columns]
        weights /= max(np.linalg.norm(weights), 1e-6)
        total[columns] += weights * weights.sum()
        places = context_of[columns]
        known = places >= 0
        together[np.ix_(columns, places[known])] += np.outer(weights, weights[known])
    share = total[contexts] / total.sum()
    with np.errstate(divide='ignore', invalid='ignore'):
        together /= total[:, None].astype(np.float32)
        together /= share.astype(np.float32)
        np.log(together, out=together)
    together[~(together > 0)] = 0
    return together


def truncated_svd(matrix, dimensions):
    """Leading left singular vectors and values, by a randomized range finder."""
    random = np.random.default_rng(1)
    width = dimensions + OVERSAMPLING
    basis = random.standard_normal((matrix.shape[1], width)).astype(np.float32)
    for _ in range(POWER_ITERATIONS):
        basis, _ = np.linalg.qr(matrix.T @ (matrix @ basis))
    image = matrix @ basis
    values, rotation = np.linalg.eigh((image.T @ image).astype(np.float64))
    leading = np.argsort(-values)[:dimensions]
    singular = np.sqrt(np.maximum(values[leading], 1e-12))
    return image @ (rotation[:, leading] / singular).astype(np.float32), singular


def lexeme_vectors(lexemes, dimensions):
    """One row a lexeme, such that a text's embedding is the sum of its rows."""
    vectors, singular = truncated_svd(mutual_information(lexemes), dimensions)
    vectors *= np.sqrt(singular).astype(np.float32)
    return vectors * lexemes.rarity[:, None]


def embed_paragraphs(lexemes, vectors):
    """Unit vectors of all paragraphs; of one without lexemes, NaN."""
    result = np.zeros((len(lexemes.bounds) - 1, vectors.shape[1]), dtype=np.float32)
    for i, (columns, counts) in enumerate(lexemes.rows()):
        if len(columns):
            result[i] = counts @ vectors[columns]
    norms = np.linalg.norm(result, axis=1, keepdims=True)
    with np.errstate(invalid='ignore'):
        return result / np.where(norms > 0, norms, np.nan)
