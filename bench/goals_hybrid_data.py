# SPDX-License-Identifier: PostgreSQL
"""The table of the goals of hybrid SQL: a set's vectors with columns to filter
by, and the indexes on them.

	u50 ... u001	integer, random: a value has 50, 10, 1, 0.1, 0.01 % of the rows
	c50 ... c001	integer, the region of the vector: as many rows a value, all in
					one part of space
	dep, dep_n		u10 + 5, so that no row has u10 = dep
	price, day, name, big, tags, doc, span	of other types, random
	vendor			random, 1 % a value, with a b-tree in both databases
	few_a, _b		values of nine rows and of one, all others have -1: in the
					index, with a b-tree
	tenant			of 10,000 tenants, sizes by Zipf's law

Packages have other columns, drawn by laws like those of packages:

	year			2005 to 2026, each with more rows than the one before
	downloads		bigint, by Pareto's law: a few have most of them
	licence			text, of twelve, by Zipf's law
	keywords		text[] of three, of which the first goes by the region of the
					vector, the others are of 1,000 by Zipf's law
"""
import numpy as np

import truth
from cluster import COPY_BLOCK
from measure import Contender

SHARES = {"50": 2, "10": 10, "1": 100, "01": 1000, "001": 10_000}
TENANTS = 10_000
FEW = 200                       # values of nine rows, and as many of one
DAYS = 365
DAY = 86_400_000_000            # microseconds

INTEGERS = [*(f"u{s}" for s in SHARES), *(f"c{s}" for s in SHARES), "dep",
            "dep_n", "vendor", "few_a", "few_b", "tenant"]
OTHERS = {"big": "bigint", "price": "float8", "day": "timestamptz",
          "name": "text", "tags": "text[]", "doc": "jsonb",
          "span": "int4range"}
# In our index; the others have indexes of their own, or none
ATTRIBUTES = [*(f"u{s}" for s in SHARES), *(f"c{s}" for s in SHARES), "dep",
              "price", "day", "name", "tags", "few_a", "tenant"]
BOTH = ["(vendor)", "(few_b)", "USING gin (doc jsonb_path_ops)",
        "USING gist (span)"]
# What stands beside pgvector's index for what is in ours
BTREES = [*(f"(u{s})" for s in SHARES if s != "50"),
          *(f"(c{s})" for s in SHARES if s != "50"), "(u10, price)",
          "(u10, dep)", "(price)", "(day)", "(name)", "(few_a)", "(tenant)",
          "USING gin (tags)"]


class Attributes:
    """The columns of all rows as arrays, and the axes by which regions are
    cut: the first four principal ones of the vectors"""

    kinds = {**{c: "integer" for c in INTEGERS}, **OTHERS}
    inside, both, beside = ATTRIBUTES, BOTH, BTREES

    def __init__(self, data):
        n = len(data.base)
        rng = np.random.default_rng(5)
        for name, values in SHARES.items():
            setattr(self, f"u{name}", rng.integers(0, values, n, np.int32))
        self.dep = self.dep_n = (self.u10 + 5) % 10
        self.vendor = rng.integers(0, 100, n, np.int32)
        self.price = rng.random(n)
        self.day = rng.integers(0, DAYS, n)
        self.big = rng.integers(0, 2 ** 62, n)
        self.name = rng.integers(0, 1000, n)
        self.tags = rng.integers(0, 200, (n, 2))
        self.doc = rng.integers(0, 1000, n)
        self.span = rng.integers(0, 1_000_000, n)
        self.length = rng.integers(1, 2_000, n)
        for name in ("few_a", "few_b"):
            setattr(self, name, few(n, rng))
        weights = 1 / np.arange(1, TENANTS + 1)
        self.tenant = rng.choice(TENANTS, n, p=weights / weights.sum()
                                 ).astype(np.int32)
        self.cut(data)

    def cut(self, data):
        """Regions: tenths along an axis, tenths of those along the next"""
        sample = np.asarray(data.base[::max(1, len(data.base) // 20_000)])
        self.centre = sample.mean(axis=0)
        axes = np.linalg.svd(sample - self.centre, full_matrices=False)[2][:4]
        self.axes = axes.T
        along = np.concatenate([
            (data.base[at:at + 50_000] - self.centre) @ self.axes
            for at in range(0, len(data.base), 50_000)])
        self.median = np.median(along, axis=0)
        self.c50 = (along[:, 0] >= self.median[0]).astype(np.int32)
        region = np.zeros(len(data.base), np.int32)
        for axis, name in enumerate(("c10", "c1", "c01", "c001")):
            region = region * 10 + tenth(region, along[:, axis])
            setattr(self, name, region)

    def opposite(self, query):
        """-> name of a column: the region farthest from a query"""
        along = (query - self.centre) @ self.axes
        above = along >= self.median
        found, region = {"c50": int(not above[0])}, 0
        for axis, name in enumerate(("c10", "c1", "c01", "c001")):
            region = region * 10 + (0 if above[axis] else 9)
            found[name] = region
        return found

    def outer(self, queries):
        """Numbers of the queries, the farthest from the middle first"""
        along = (queries - self.centre) @ self.axes
        return np.argsort(-abs(along[:, 0] - self.median[0]), kind="stable")

    def fields(self, part):
        """The others, in the order of the table's columns"""
        for name in INTEGERS:
            yield name, ">i4", getattr(self, name)[part]
        yield "big", ">i8", self.big[part]
        yield "price", ">f8", self.price[part]
        yield "day", ">i8", self.day[part] * DAY
        yield typed("name", texts("product line %03d", self.name[part]))
        yield typed("tags", arrays("tag %03d", self.tags[part]))
        yield typed("doc", texts('\1{"kind": "k%03d", "shop": 7}', self.doc[part]))
        span = np.zeros(len(self.span[part]), [("flags", "u1"), ("len1", ">i4"), ("low", ">i4"),
                                               ("len2", ">i4"), ("high", ">i4")])
        span["flags"], span["len1"], span["len2"] = 2, 4, 4     # [low, high)
        span["low"] = self.span[part]
        span["high"] = self.span[part] + self.length[part]
        yield typed("span", span)


class Packages(Attributes):
    kinds = {"year": "integer", "downloads": "bigint", "licence": "text", "keywords": "text[]"}
    inside, both = list(kinds), []
    beside = ["(year)", "(downloads)", "(licence)", "USING gin (keywords)"]

    def __init__(self, data):
        n, rng = len(data.base), np.random.default_rng(5)
        years, ranks = np.arange(1, 23), 1 / np.arange(1, 1001)
        self.year = rng.choice(2004 + years, n, p=years / years.sum())
        self.downloads = (100 * rng.pareto(0.7, n)).astype(np.int64)
        self.licence = rng.choice(12, n, p=ranks[:12] / ranks[:12].sum())
        self.cut(data)
        self.keywords = np.column_stack([self.c01, 1000 + rng.choice(1000, (n, 2), p=ranks / ranks.sum())])

    def fields(self, part):
        yield "year", ">i4", self.year[part]
        yield "downloads", ">i8", self.downloads[part]
        yield typed("licence", texts("licence %02d", self.licence[part]))
        yield typed("keywords", arrays("keyword %04d", self.keywords[part]))


def few(n, rng):
    """Values 0 to FEW - 1 have nine rows each, those from FEW on one"""
    column = np.full(n, -1, np.int32)
    at = rng.permutation(n)[:10 * FEW]
    column[at[:9 * FEW]] = np.arange(9 * FEW) // 9
    column[at[9 * FEW:]] = FEW + np.arange(FEW)
    return column


def tenth(group, value):
    """0 to 9: in which tenth of its group each value is"""
    order = np.lexsort((value, group))
    sizes = np.bincount(group)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group))
    return ((rank - first[group]) * 10 // sizes[group]).astype(np.int32)


# ---- COPY ------------------------------------------------------------------

def texts(form, numbers):
    """Numbers in a text of one length, as bytes"""
    known = [(form % i).encode() for i in range(int(numbers.max()) + 1)]
    return np.array(known)[numbers]


def arrays(form, numbers):
    """Arrays of as many such texts as numbers has columns"""
    found = texts(form, numbers)
    count, size = found.shape[1], found.dtype.itemsize
    out = np.zeros(len(found), [(x, ">i4") for x in ("dimensions", "nulls", "type", "size", "lower")] + [
        x for i in range(count) for x in ((f"length{i}", ">i4"), (f"text{i}", found.dtype))])
    out["dimensions"], out["type"], out["size"], out["lower"] = 1, 25, count, 1
    for i in range(count):
        out[f"length{i}"], out[f"text{i}"] = size, found[:, i]
    return out


def first_fields(part, data):
    """[name of a field, its numpy type, its value] of id and vector"""
    yield "id", ">i8", np.arange(len(data.base))[part]
    vector = np.zeros(len(data.base[part]), [
        ("dims", ">i2"), ("unused", ">i2"), ("x", ">f4", (data.dims,))])
    vector["dims"], vector["x"] = data.dims, data.base[part]
    yield "embedding", vector.dtype, vector


def typed(name, value):
    return name, value.dtype, value


def blocks(rows, data):
    for at in range(0, len(data.base), COPY_BLOCK):
        part = slice(at, at + COPY_BLOCK)
        fields = [*first_fields(part, data), *rows.fields(part)]
        out = np.zeros(len(fields[0][2]), [("fields", ">i2")] + [
            x for name, kind, _ in fields
            for x in ((f"{name}_len", ">i4"), (name, kind))])
        out["fields"] = len(fields)
        for name, kind, value in fields:
            out[f"{name}_len"] = np.dtype(kind).itemsize
            out[name] = value
        yield out.tobytes()


# ---- contenders --------------------------------------------------------------

class Hybrid(Contender):
    """An extension with the table of many columns"""

    made = Attributes
    rows = {}                   # digest of a set: its attributes

    def __init__(self, *args):
        super().__init__(*args)
        self.items = "items_hybrid"
        self.index = "items_hybrid_idx"

    @classmethod
    def attributes(cls, data):
        key = cls.made, truth.digest(data)
        if key not in cls.rows:
            cls.rows[key] = cls.made(data)
        return cls.rows[key]

    def load(self, data):
        self.shape = data.base.shape
        key = {"set": data.name, "digest": truth.digest(data), "layout": [*self.made.kinds]}
        name = f"{self.db}.{self.items}"
        kept = self.server.has("tables", name, key)
        if kept:
            return kept["seconds"]
        self.server.forget("tables", name)
        self.server.forget("indexes", f"{self.db}.{self.index}")
        spelled = ", ".join(f"{c} {kind}" for c, kind in self.made.kinds.items())
        self.server.psql(self.db, f"""
            DROP TABLE IF EXISTS {self.items}, kinds;
            CREATE TABLE {self.items} (id bigint PRIMARY KEY,
                embedding vector({data.dims}), {spelled});
            ALTER TABLE {self.items} SET (parallel_workers =
                {self.args.workers});
            CREATE TABLE kinds AS SELECT i AS id, i % 20 AS region,
                'kind ' || i AS label FROM generate_series(0, 99) i;
            ALTER TABLE kinds ADD PRIMARY KEY (id)""")
        self.server.copy_in(self.db, self.items,
                            blocks(self.attributes(data), data))
        seconds = 0.0
        for on in self.made.both + (self.made.beside if self.extension == "vector" else []):
            seconds += self.server.seconds(
                self.db, f"CREATE INDEX ON {self.items} {on}")
        self.server.psql(self.db, "CHECKPOINT")
        self.server.note("tables", name, key=key, seconds=seconds)
        return seconds

    def indexed(self):
        found = super().indexed()
        return found if self.extension == "vector" else ", ".join(
            [found, *self.made.inside])

    def build(self):
        built = super().build()
        if not built["kept"]:
            self.server.psql(self.db, f"VACUUM (ANALYZE) {self.items}; "
                             "ANALYZE kinds; CHECKPOINT")
        return built


class OfPackages(Hybrid):
    made = Packages
