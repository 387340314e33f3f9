# SPDX-License-Identifier: PostgreSQL
"""Data sets: readers of the public formats, and a generated one.

A set is base vectors, query vectors that are not among them, and, where the
files have them, the ids of the true neighbours.
"""
import glob
import gzip
import math
import os

import numpy as np

DEFAULT_METRIC = {"wordnet-lsa256": "cosine", "minilm-pypi": "cosine"}    # others: l2
HELD_OUT = 1000                 # queries taken from a file that has none
BLOCK = 20000


class DataSet:
    """name, base (n x d), queries (q x d), truth: metric -> ids or None"""

    def __init__(self, name, base, queries, truth=None, metric="l2"):
        self.name, self.base, self.queries = name, base, queries
        self.truth = truth or {}
        self.metric = metric

    @property
    def dims(self):
        return self.base.shape[1]

    def limit(self, rows):
        """Keep the first rows only; the files' truth no longer holds."""
        if rows and rows < len(self.base):
            self.base = self.base[:rows]
            self.truth = {}


def cache_dir():
    root = os.environ.get("LOKIVECTOR_CACHE")
    if not root:
        root = os.path.join(os.environ.get("XDG_CACHE_HOME")
                            or os.path.expanduser("~/.cache"), "lokivector")
    os.makedirs(root, exist_ok=True)
    return root


# ---- file formats ---------------------------------------------------------

def read_vecs(path):
    """fvecs, ivecs, bvecs: each row is its length in 32 bits and its values"""
    kind = os.path.splitext(path)[1]
    item = {".fvecs": "<f4", ".ivecs": "<i4", ".bvecs": "u1"}[kind]
    dims = int(np.fromfile(path, "<i4", 1)[0])
    row = np.dtype([("dims", "<i4"), ("x", item, (dims,))])
    return np.memmap(path, row, mode="r")["x"]


def read_idx(path):
    """IDX (the MNIST format), gzipped or not"""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        raw = f.read()
    kinds = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    ndim = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big")
             for i in range(ndim)]
    data = np.frombuffer(raw, kinds[raw[2]], offset=4 + 4 * ndim)
    return data.reshape(shape[0], -1)


def read_array(path):
    if path.endswith(".npy"):
        return np.load(path, mmap_mode="r")
    if path.endswith((".fvecs", ".ivecs", ".bvecs")):
        return read_vecs(path)
    return read_idx(path)


def first(directory, *patterns):
    for pattern in patterns:
        found = sorted(glob.glob(os.path.join(directory, pattern)))
        if found:
            return found[0]
    return None


def from_directory(name, path):
    """A folder of base and queries, named as the usual publishers do."""
    base = first(path, "base.npy", "*_base.?vecs", "base.?vecs",
                 "train-images*idx3*", "train.npy")
    query = first(path, "query.npy", "*_query.?vecs", "query.?vecs",
                  "t10k-images*idx3*", "test.npy")
    if base is None:
        raise SystemExit(f"no base vectors found in \"{path}\"")
    truth = {}
    for metric, short in (("l2", "l2"), ("cosine", "cos"), ("ip", "ip")):
        ids = first(path, f"gt_{short}_ids.npy")
        if ids:
            truth[metric] = np.load(ids)
    ids = first(path, "*_groundtruth.ivecs", "groundtruth.ivecs")
    if ids:
        truth["l2"] = read_vecs(ids)
    metric = DEFAULT_METRIC.get(name, "l2")
    base = read_array(base)
    if query is None:
        return split(name, base, metric)
    return DataSet(name, base, read_array(query), truth, metric)


def from_hdf5(name, path):
    """HDF5 as ann-benchmarks publishes it"""
    import h5py
    f = h5py.File(path, "r")
    metric = {"euclidean": "l2", "angular": "cosine", "dot": "ip"}.get(
        f.attrs.get("distance", "euclidean"), "l2")
    truth = {metric: f["neighbors"][:]} if "neighbors" in f else {}
    return DataSet(name, f["train"][:], f["test"][:], truth, metric)


def split(name, rows, metric):
    """Hold queries out of a file that has rows only."""
    pick = np.random.default_rng(1).permutation(len(rows))
    held = min(HELD_OUT, len(rows) // 10)
    return DataSet(name, rows[np.sort(pick[held:])], rows[pick[:held]], {},
                   metric)


# ---- generated ------------------------------------------------------------

def latent_dims(dims):
    """48 for 128 dimensions, 96 for 768, 128 for 1536, between by log"""
    r = np.interp(math.log2(dims), np.log2([128, 768, 1536]), [48, 96, 128])
    return max(1, min(dims, int(round(float(r)))))


class Mixture:
    """Where generated rows come from (see README.md): clusters for so many"""

    def __init__(self, rng, rows, dims):
        r = latent_dims(dims)
        self.dims = dims
        self.spectrum = (1 / np.sqrt(np.arange(1, r + 1))).astype(np.float32)
        count = max(1, rows // 400)
        self.centres = (rng.standard_normal((count, r), np.float32)
                        * self.spectrum)
        self.weights = rng.pareto(1.5, count) + 1
        self.weights /= self.weights.sum()
        self.mapping = (rng.standard_normal((r, dims), np.float32)
                        / math.sqrt(r))

    def rows(self, rng, n):
        z = self.centres[rng.choice(len(self.centres), n, p=self.weights)]
        z = z + 0.6 * self.spectrum * rng.standard_normal(z.shape, np.float32)
        x = z @ self.mapping
        x += 0.08 * rng.standard_normal((n, self.dims), np.float32)
        return x / np.linalg.norm(x, axis=1, keepdims=True)


def synthetic(rows, dims, seed=42, queries=1000):
    """Rows that behave like embeddings (see README.md), cached in a file."""
    stem = os.path.join(cache_dir(), f"synthetic-{rows}-{dims}-{seed}")
    base, query = stem + "-base.npy", stem + "-query.npy"
    if not (os.path.exists(base) and os.path.exists(query)):
        rng = np.random.default_rng(seed)
        mixture = Mixture(rng, rows, dims)
        out = np.lib.format.open_memmap(base + ".part", "w+", np.float32,
                                        (rows, dims))
        for at in range(0, rows, BLOCK):
            out[at:at + BLOCK] = mixture.rows(rng, min(BLOCK, rows - at))
        out.flush()
        np.save(query, mixture.rows(rng, queries))
        os.rename(base + ".part", base)
    name = f"synthetic-{rows}x{dims}"
    return DataSet(name, np.load(base, mmap_mode="r"), np.load(query), {},
                   "cosine")


# ---- entry ----------------------------------------------------------------

def load(spec, data_dir):
    """spec: synthetic:N:D[:SEED], a path, or a name below data_dir"""
    if spec.startswith("synthetic:"):
        return synthetic(*[int(x) for x in spec.split(":")[1:]])
    path = spec
    if not os.path.exists(path):
        path = os.path.join(data_dir or ".", spec)
    if not os.path.exists(path):
        path = os.path.join(cache_dir(), spec)
    if not os.path.exists(path):
        raise SystemExit(f"data set \"{spec}\" not found: name its folder "
                         "with --data or LOKIVECTOR_DATA, or use "
                         "--set synthetic:20000:256")
    name = os.path.basename(os.path.abspath(path)).split(".")[0]
    if os.path.isdir(path):
        return from_directory(name, path)
    if path.endswith((".hdf5", ".h5")):
        return from_hdf5(name, path)
    return split(name, read_array(path), DEFAULT_METRIC.get(name, "l2"))
