# SPDX-License-Identifier: PostgreSQL
"""The queries of the goals of hybrid SQL: for each case its conditions, and
which rows satisfy them.
"""
import functools

import numpy as np

import truth
from goals_hybrid_data import FEW, SHARES, TENANTS
from measure import OPERATOR

COUNT = 100                     # queries of a case
PLACE = "point(t.price, t.big::float8 / 4611686018427387904)"
PLACE_INDEX = f"""
    CREATE INDEX IF NOT EXISTS items_hybrid_place ON items_hybrid
        USING gist (({PLACE.replace("t.", "")}));
    ANALYZE items_hybrid"""
# Rows of one value of u1 for a user who is not the owner
READER = "hybrid_reader"
POLICY = f"""
    DO $$ BEGIN
        CREATE ROLE {READER};
    EXCEPTION WHEN duplicate_object THEN
    END $$;
    GRANT SELECT ON items_hybrid TO {READER};
    DROP POLICY IF EXISTS hybrid_policy ON items_hybrid;
    CREATE POLICY hybrid_policy ON items_hybrid
        USING (u1 = current_setting('app.tenant')::integer);
    ALTER TABLE items_hybrid ENABLE ROW LEVEL SECURITY"""
SHARE = {"50": 50, "10": 10, "1": 1, "01": 0.1, "001": 0.01}


class Case:
    """name; condition(number of a query, generator) -> SQL, rows that satisfy
    it (a mask, or ids); numbers of the queries"""

    def __init__(self, name, condition, queries=None, partial=None,
                 source="items_hybrid t", **more):
        self.name, self.condition, self.queries = name, condition, queries
        self.partial = partial  # column of which one value has an index
        self.source = source    # FROM
        self.more = more        # what the measure is to know


def equal(rows, column, value):
    return f"t.{column} = {value}", getattr(rows, column) == value


def drawn(rows, column, values, query, rng):
    """= with a value at random"""
    return equal(rows, column, int(rng.integers(values)))


def far(rows, column, data, query, rng):
    """= with the region farthest from the query"""
    return equal(rows, column, rows.opposite(data.queries[query])[column])


def selectivities(rows, data):
    outer = rows.outer(data.queries)[:COUNT]
    for name, values in SHARES.items():
        partial = name != "50"
        yield Case(f"{SHARE[name]} %, random",
                   functools.partial(drawn, rows, f"u{name}", values),
                   partial=partial and f"u{name}")
        yield Case(f"{SHARE[name]} %, far from the query",
                   functools.partial(far, rows, f"c{name}", data), outer,
                   partial=partial and f"c{name}")


# ---- other conditions --------------------------------------------------------

def in_list(rows, column, values, count, query, rng):
    some = rng.choice(values, count, replace=False)
    return f"t.{column} IN ({', '.join(map(str, some))})", np.isin(getattr(rows, column), some)


def price(rows, width, query, rng):
    low = round(float(rng.random() * (1 - width)), 6)
    high = round(low + width, 6)
    return f"t.price BETWEEN {low} AND {high}", (rows.price >= low) & (rows.price <= high)


def days(rows, length, query, rng):
    low = int(rng.integers(0, 28 - length))
    return (f"t.day >= '2000-02-{low + 1:02}' AND t.day < '2000-02-{low + 1 + length:02}'",
            (rows.day >= low + 31) & (rows.day < low + 31 + length))


def two_columns(rows, width, query, rng):
    one, left = equal(rows, "u10", int(rng.integers(10)))
    two, right = price(rows, width, query, rng)
    return f"{one} AND {two}", left & right


def name(rows, count, query, rng):
    some = rng.choice(1000, count, replace=False)
    texts = ", ".join(f"'product line {i:03}'" for i in some)
    return f"t.name IN ({texts})" if count > 1 else f"t.name = {texts}", np.isin(rows.name, some)


def tags(rows, query, rng):
    i = int(rng.integers(200))
    return f"t.tags && '{{tag {i:03}}}'", (rows.tags == i).any(axis=1)


def doc(rows, query, rng):
    i = int(rng.integers(1000))
    return f"t.doc @> '{{\"kind\": \"k{i:03}\"}}'", rows.doc == i


def span(rows, length, query, rng):
    low = int(rng.integers(2_000, 990_000))
    high = low + length
    return f"t.span && '[{low},{high})'", (rows.span < high) & (rows.span + rows.length > low)


def place(rows, side, query, rng):
    """In a box, as a point of two columns"""
    y = rows.big / 2.0 ** 62
    x0, y0 = rng.random(2) * (1 - side)
    x1, y1 = x0 + side, y0 + side
    return (f"{PLACE} <@ box '({x1},{y1}),({x0},{y0})'",
            (rows.price >= x0) & (rows.price <= x1) & (y >= y0) & (y <= y1))


def join(rows, query, rng):
    region = int(rng.integers(20))
    return f"k.region = {region}", rows.u1 % 20 == region


def semi_join(rows, query, rng):
    region = int(rng.integers(20))
    return f"t.u1 IN (SELECT id FROM kinds WHERE region = {region})", rows.u1 % 20 == region


def filters(rows, data):
    yield Case("integer, IN of 3, 3 %", functools.partial(in_list, rows, "u1", 100, 3))
    yield Case("integer, IN of 20, 0.2 %", functools.partial(in_list, rows, "u001", 10_000, 20))
    yield Case("float8, BETWEEN, 20 %", functools.partial(price, rows, 0.2))
    yield Case("float8, BETWEEN, 0.5 %", functools.partial(price, rows, 0.005))
    yield Case("timestamptz, a week, 1.9 %", functools.partial(days, rows, 7))
    yield Case("two columns, 2 %", functools.partial(two_columns, rows, 0.2))
    yield Case("two columns, 0.1 %", functools.partial(two_columns, rows, 0.01))
    yield Case("text, =, 0.1 %", functools.partial(name, rows, 1))
    yield Case("text, IN of 20, 2 %", functools.partial(name, rows, 20))
    yield Case("text[], &&, 1 %", functools.partial(tags, rows))
    yield Case("jsonb, @>, GIN, 0.1 %", functools.partial(doc, rows))
    yield Case("int4range, &&, GiST, 1 %", functools.partial(span, rows, 9_000))
    yield Case("int4range, &&, GiST, 0.1 %", functools.partial(span, rows, 10))
    yield Case("integer, =, b-tree, 1 %", functools.partial(drawn, rows, "vendor", 100))
    yield Case("integer, =, in no index, 10 %", functools.partial(drawn, rows, "dep_n", 10))
    yield Case("join, 5 %", functools.partial(join, rows),
               source="items_hybrid t JOIN kinds k ON k.id = t.u1")
    yield Case("semi-join, 5 %", functools.partial(semi_join, rows))
    yield Case("point in a box, GiST, 1 %", functools.partial(place, rows, 0.1),
               before=PLACE_INDEX)
    yield Case("row-level security, 1 %",
               lambda query, rng: ("", rows.u1 == 7), before=POLICY,
               given={"role": READER, "app.tenant": 7})


# ---- few matches ---------------------------------------------------------------

def some_few(rows, column, count, query, rng):
    """0, 1 or 9 rows"""
    return equal(rows, column, {9: 0, 1: FEW, 0: 2 * FEW}[count] + int(rng.integers(FEW)))


def never(rows, column, query, rng):
    """Two columns that are never so together, 10 % each"""
    value = int(rng.integers(10))
    return f"t.u10 = {value} AND t.{column} = {value}", np.zeros(len(rows.u10), bool)


def few(rows, data):
    for column, what in (("few_a", "attribute"), ("few_b", "b-tree")):
        for count in (0, 1, 9):
            yield Case(f"{count} matches, {what}", functools.partial(some_few, rows, column, count))
    yield Case("0 matches, two attributes of 10 %", functools.partial(never, rows, "dep"))
    yield Case("0 matches, an attribute of 10 %, a column without index",
               functools.partial(never, rows, "dep_n"), indexed=False)


# ---- packages -------------------------------------------------------------------

def packages(rows, data):
    """Conditions as one searches packages by"""
    outer = rows.outer(data.queries)[:COUNT]
    popular = int(np.quantile(rows.downloads, 0.99))
    recent = "t.year >= 2024", rows.year >= 2024
    used = f"t.downloads >= {popular}", rows.downloads >= popular

    def both(*conditions):
        return (" AND ".join(text for text, _ in conditions),
                np.logical_and.reduce([mask for _, mask in conditions]))

    def licence(*numbers):
        names = ", ".join(f"'licence {i:02}'" for i in numbers)
        return f"t.licence IN ({names})", np.isin(rows.licence, numbers)

    def keyword(number):
        return f"t.keywords @> '{{keyword {number:04}}}'", (rows.keywords == number).any(axis=1)

    for name, (text, mask) in {
            "year": recent, "downloads": used, "the most frequent licence": licence(0),
            "two rare licences": licence(9, 11), "a frequent keyword": keyword(1000),
            "a rare keyword": keyword(1500),
            "licence, year and keyword": both(licence(0, 1), recent, keyword(1002)),
            "keyword and downloads": both(keyword(1000), used)}.items():
        yield Case(f"{name}, {mask.mean():.2%}", lambda query, rng, found=(text, mask): found)
    yield Case("the keyword of a region far from the query, 0.1 %",
               lambda query, rng: keyword(rows.opposite(data.queries[query])["c01"]), outer)


# ---- tenants -------------------------------------------------------------------

def tenant(rows, column, value, query, rng):
    return equal(rows, column, value)


def tenants(rows, data):
    sizes = np.bincount(rows.tenant, minlength=TENANTS)
    for rank in (1, 10, 100, 1000, 10_000):
        value = rank - 1
        yield Case(f"tenant {rank} by size, {sizes[value]} rows",
                   functools.partial(tenant, rows, "tenant", value), alone=("tenant", value))
    size = int((rows.u001 == 7).sum())
    yield Case(f"one of 10,000 equal tenants, {size} rows",
               functools.partial(tenant, rows, "u001", 7), alone=("u001", 7))


# ---- one value for a partial index ----------------------------------------------

def of_one_value(case, rows, data):
    """-> value, the case with that value alone: the most usual among the
    queries where it follows from the query"""
    column = case.partial
    numbers = range(len(data.queries))
    value = 3
    if column.startswith("c"):
        values = [rows.opposite(data.queries[q])[column] for q in numbers]
        value = int(np.bincount(values).argmax())
        numbers = [q for q in rows.outer(data.queries) if values[q] == value]
    return value, Case(case.name, functools.partial(tenant, rows, column, value), numbers[:COUNT])


# ---- queries -------------------------------------------------------------------

class Query:
    """One query of a case: its text, the rows that match, the distance of the
    last to be found, and the share of rows nearer than all that match"""

    def __init__(self, sql, number, mask, distances, nearer):
        self.sql, self.number, self.mask, self.nearer = (sql, number, mask,
                                                         nearer)
        self.matches = int(mask.sum())
        self.expected = len(distances)
        self.limit = distances[-1] if len(distances) else None


class Truth:
    """Exact answers, by float32 scores of all rows to each query"""

    def __init__(self, data, metric):
        self.data, self.metric, self.known = data, metric, {}

    def prepare(self, numbers):
        new = [q for q in numbers if q not in self.known]
        if not new:
            return
        if len(self.known) + len(new) > 3 * COUNT:
            self.known.clear()
            new = numbers
        queries = np.ascontiguousarray(self.data.queries[new], np.float32)
        scores = np.empty((len(new), len(self.data.base)), np.float32)
        for at in range(0, len(self.data.base), truth.BASE_BLOCK):
            block = np.ascontiguousarray(
                self.data.base[at:at + truth.BASE_BLOCK], np.float32)
            scores[:, at:at + len(block)] = truth.approximate(
                self.metric, block, queries)
        self.known.update(zip(new, scores))

    def nearest(self, number, ids, k=10):
        """-> the k nearest of these rows, their distances"""
        if len(ids) == 0:
            return ids, np.zeros(0)
        score = self.known[number][ids]
        if len(ids) > k + 32:
            ids = ids[np.argpartition(score, k + 31)[:k + 32]]
        d = truth.distances(self.metric, self.data.base[ids],
                            self.data.queries[number])
        order = np.argsort(d, kind="stable")[:k]
        return ids[order], d[order]


def statement(source, where, vector, metric):
    """As a user would write it, the values in place"""
    text = ",".join(f"{x:.9g}" for x in vector)
    where = f"WHERE {where} " if where else ""
    return (f"SELECT t.id FROM {source} {where}ORDER BY t.embedding "
            f"{OPERATOR[metric]} '[{text}]' LIMIT 10")


def queries(case, data, metric, true):
    """-> the queries of a case"""
    rng = np.random.default_rng(11)
    numbers = range(min(COUNT, len(data.queries)))
    if case.queries is not None:
        numbers = [int(q) for q in case.queries]
    true.prepare(list(numbers))
    found = []
    for number in numbers:
        where, mask = case.condition(number, rng)
        near, distances = true.nearest(number, np.flatnonzero(mask))
        score = true.known[number]
        nearer = float((score < score[near[0]]).mean()) if len(near) else None
        found.append(Query(
            statement(case.source, where, data.queries[number], metric),
            number, mask, distances, nearer))
    return found


def score(found, returned, data, metric):
    """-> recall (of what there is to be found), share of the queries with as
    many rows as there are to be, rows a query; an error where a row does not
    match"""
    hits = wanted = full = rows = 0
    for query, ids in zip(found, returned):
        ids = np.asarray(ids, np.int64)
        if not query.mask[ids].all() or len(np.unique(ids)) < len(ids):
            raise RuntimeError(f"rows that do not match: {query.sql[:200]}")
        rows += len(ids)
        full += len(ids) == query.expected
        wanted += query.expected
        if len(ids):
            d = truth.distances(metric, data.base[np.sort(ids)],
                                data.queries[query.number])
            hits += int((d <= query.limit + truth.SLACK *
                         abs(query.limit)).sum())
    n = len(returned)
    return hits / wanted if wanted else 1.0, full / n, rows / n
