# SPDX-License-Identifier: PostgreSQL
"""How much searches find in tables that are too large for passes over all nodes.

Few of the random statements can be counted there, and few say nothing: of queries that no
row resembles, one search finds all and the next one nothing.  So each distance that an
index knows is searched by as many queries as the bounds need.
"""

import re

SEARCHES = 100              # of each kind, for each distance
LIMIT = 10

# By kind of index, thin being those with few links (m = 5), few bits (profile = compact) or inner
# products of few dimensions, whose graphs lead from a few long rows to few others (pgvector's find
# .96), and kind of queries: such as rows are, and any.  A search's recall of any has a standard deviation
# of .35: five standard errors, .17, are below what new indexes had at the least, .79 and .61.
RECALL = {("full", "rows"): 0.97, ("thin", "rows"): 0.9, ("full", "any"): 0.6, ("thin", "any"): 0.4}


def depth(schema, indexes):
    thin = "m = 5|compact" + "|_ip_ops" * (schema.vectors.dimension < 4)
    return "thin" if re.search(thin, str(indexes)) else "full"


def operands(schema, column, cast, query):
    """Both sides of a distance."""
    dimension = schema.vectors.dimension
    if cast == "binary":
        return f"binary_quantize({column})::bit({dimension})", f"binary_quantize({query})::bit({dimension})"
    return column + cast, query + cast


class Recall:
    """Counts what searches find of the nearest rows, by depth and kind of queries."""

    def __init__(self, connection, schema, off):
        self.run = connection.run
        self.schema = schema
        self.off = ";".join(f"SET LOCAL {name} = off" for name in off)

    def queries(self, kind, column):
        vectors = self.schema.vectors
        if kind == "any":
            return [f"'{vectors.literal()}'::{vectors.type}" for _ in range(SEARCHES)]
        rows = self.run(f"SELECT v FROM (SELECT {self.schema.vector(column, self.schema.distinct)} AS v "
                        f"FROM generate_series({self.schema.rows + 1}, {self.schema.rows + SEARCHES}) n) s "
                        "WHERE v IS NOT NULL")
        return [f"'{row[0]}'::{vectors.type}" for row in rows]

    def distances(self, settings, expression):
        """Those of a search, but for NaN and NULL."""
        rows = self.run(f"BEGIN; {settings}; SELECT d FROM (SELECT {expression} AS d FROM t "
                        f"ORDER BY {expression} LIMIT {LIMIT}) s WHERE d < 'Infinity'")
        self.run("COMMIT")
        return [float(row[0]) for row in rows]

    def measure(self, distance, kind):
        """-> rows found, rows there are"""
        column, cast, operator = distance
        wanted = found = 0
        for query in self.queries(kind, column):
            sides = operands(self.schema, column, cast, query)
            expression = f"({sides[0]}) {operator} ({sides[1]})"
            nearest = self.distances(self.off, expression)
            rows = self.distances("SET LOCAL enable_seqscan = off; SET LOCAL hnsw.ef_search = 100;"
                                  "SET LOCAL ivfflat.probes = 100", expression)
            wanted += len(nearest)
            found += sum(d <= nearest[-1] for d in rows if nearest)
        return found, wanted

    def all(self):
        """-> by index, depth, kind of queries: rows found, rows there are"""
        if len(self.schema.vectors.scales) > 1:
            return
        indexes = self.schema.indexes[:len(self.schema.distances)]
        for distance in dict.fromkeys(self.schema.distances):
            if distance[0] == "words":          # whose searches are exact
                continue
            same = [index for index, other in zip(indexes, self.schema.distances) if other == distance]
            for kind in ("rows", "any"):
                yield "; ".join(same), depth(self.schema, same), kind, *self.measure(distance, kind)
