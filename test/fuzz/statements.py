# SPDX-License-Identifier: PostgreSQL
"""Random statements over the tables of a schema."""

import re

from schema import BY_NAME, FUNCTIONS, OPERATORS
from text import Choice, Limit, Rendering, Value, optional


class Statement:
    """A tree, and what its outcome has to have.

    sort	columns that the rows are sorted by, as (place, descending), or (place, descending, nulls_first)
    search	an ORDER BY distance LIMIT decides which rows there are
    counted	... and has to find as many as there can be
    streams	under pgvector's limits it is such a search too
    nearest	the place of the distance whose k least are asked for
    change	it changes t
    rank	the window function in the second column, which goes by the rows found, and
		whether the rows are sorted by it
    """

    def __init__(self, kind, tree, sort=(), search=False, counted=True, nearest=None, change=False, rank=None):
        self.kind = kind
        self.tree = tree
        self.sort = list(sort)
        self.search = search
        self.counted = counted
        self.nearest = nearest
        self.change = change
        self.rank = rank
        self.writes = change or kind == "chosen"
        self.streams = search or kind in ("ties", "ordered")


class Distance:
    def __init__(self, text, descending, bare):
        self.text = text
        self.descending = descending
        self.bare = bare
        self.order = " DESC" if descending else ""


class Generator:
    def __init__(self, random, schema, ask, secure=False, parallel=False):
        self.random = random
        self.ask = ask          # what is in the tables
        self.schema = schema
        self.secure = secure
        self.kinds = [(20, self.nearest), (5, self.ordered), (12, self.bound), (7, self.grouped), (5, self.distinct),
                      (7, self.window), (6, self.sets), (7, self.joined), (4, self.merged), (5, self.lateral),
                      (6, self.semi), (4, self.ties), (4, self.subquery), (3, self.scalar), (3, self.locked), (4, self.ranked),
                      (4, self.counted), (3, self.united), (4, self.arms), (5, self.groups), (8, self.scored), (4, self.parts),
                      (5, self.barrier), (4, self.crossed), (6, self.facets), (20, self.keyed),
                      (25 if parallel else 3, self.correlated)]
        if not secure:
            self.kinds += [(3, self.update), (3, self.delete), (2, self.insert), (2, self.merge), (3, self.chosen)]

    def chance(self, probability):
        return self.random.random() < probability

    def statement(self):
        weights, makers = zip(*self.kinds)
        return self.random.choices(makers, weights)[0]()

    # ---- distances ----

    def query(self):
        """The vector that distances are from."""
        kind = self.schema.vectors.type
        draw = self.random.random()
        if draw < 0.12:
            return [f"(SELECT v FROM t WHERE id = {self.random.randint(1, 60)} AND v IS NOT NULL LIMIT 1)"]
        if self.schema.vectors.kind == "bytevec" and self.chance(0.5):
            kind = kind.replace("bytevec", "vector")
        if draw < 0.14:
            return [Value(None, kind)]
        return [Value(self.schema.vectors.literal(), kind)]

    def words_query(self, query=None):
        """The search for words that scores are of; in place of a vector of u, its words."""
        draw = self.random.random()
        if query is not None and isinstance(query[0], str) and "u" in query[0]:
            return ["wanted(" + re.sub(r"\.v\b", ".words", query[0]) + ")"]
        if draw < 0.1:
            return [f"(SELECT wanted(words) FROM t WHERE id = {self.random.randint(1, 60)} LIMIT 1)"]
        if draw < 0.12:
            return ["NULL::tsquery"]
        return [Value(self.schema.words.literal(), "tsquery")]

    def distance(self, alias="t", query=None, plain=False):
        """A distance that an index may know, or an expression that rises or falls with it."""
        random, vectors = self.random, self.schema.vectors
        operators = list(OPERATORS[vectors.kind])
        column, cast, operator = random.choice(self.schema.distances)
        if self.chance(0.1):
            column, cast, operator = "v", "", random.choice(operators)
        if column == "words":
            query = self.words_query(query)
        side, query = f"{alias}.{column}", query or self.query()
        if cast == "binary":
            side = f"binary_quantize({side})::bit({vectors.dimension})"
            query = ["binary_quantize(", query, f")::bit({vectors.dimension})"]
        elif cast:
            side, query = side + cast, ["(", query, f"){cast}"]
        if operator in FUNCTIONS and self.chance(0.08):
            bare = [f"{FUNCTIONS[operator]}({side}, ", query, ")"]
        elif self.chance(0.9) or column == "words":
            bare = [f"({side} {operator} ", query, ")"]
        else:
            bare = ["(", query, f" {operator} {side})"]
        if plain or self.chance(0.75):
            return Distance(bare, False, bare)
        before, after, falls = random.choice((("-", "", True), ("1 - ", "", True), ("", " * 2 + 1", False),
                                              ("sqrt(abs(", "))", False), ("", "::real", False),
                                              ("", " + 0", False), ("3 - 2 * ", "", True),
                                              ("greatest(0, 1 - ", ")", True), ("least(", ", 1.5)", False),
                                              ("coalesce(", ", 0.7)", False), ("coalesce(1 - ", ", 0)", True),
                                              (f"CASE WHEN {side} IS NULL THEN 0 ELSE 1 - ", " END", True),
                                              ("round((1 - ", ")::numeric, 2)", True), ("", "::numeric", False),
                                              ("floor(10 * ", ")", False)))
        return Distance(Choice([f"({before}", bare, f"{after})"]), falls and self.chance(0.9), bare)

    def radius(self, alias="t", query=None):
        """A bound of a distance."""
        distance = self.distance(alias, query, plain=True)
        radius = self.random.choice((0, 0.05, 0.7, 1, 1.0000001, 2, "NaN", "Infinity", "-Infinity"))
        if self.chance(0.8):
            share = self.random.choice((0, 0.01, 0.05, 0.05, 0.2, 0.2, 0.5, 0.9))
            radius = self.ask(f"SELECT percentile_disc({share}) WITHIN GROUP (ORDER BY d) FROM (SELECT " +
                              Rendering().text(distance.text).replace("u.v", "t.v").replace("u.words", "t.words") + " AS d FROM t LIMIT 500) s") or 1
            if self.chance(0.4):
                radius = f"{float(radius):.2g}"
        operator = self.random.choice(("<", "<", "<=", "<=", ">", "BETWEEN 0.1 AND"))
        return [distance.text, f" {operator} ", Value(str(radius), "float8")]

    # ---- conditions ----

    def leaf(self, alias):
        random = self.random
        draw = random.random()
        if draw < 0.12:
            return f"{alias}.id {random.choice(('<', '>', '<>'))} {random.randint(0, self.schema.rows)}"
        if draw < 0.18:
            return f"{alias}.id % {random.choice((2, 2, 3, 10))} = 1"
        if self.schema.words and draw < 0.25:
            return [f"{alias}.words @@ ", self.words_query()]
        column = random.choice(self.schema.columns)
        kind, side = column.kind, f"{alias}.{column.name}"
        if draw < 0.25:
            return f"{side} IS {random.choice(('', 'NOT ', 'NOT '))}NULL"
        if kind.name == "boolean" and draw < 0.5:
            return random.choice((side, f"NOT {side}", f"{side} IS TRUE", f"{side} IS NOT TRUE"))
        type_ = {"fuzz_domain": "text", "character(8)": "bpchar"}.get(kind.name, kind.name.split("(")[0])
        values = [Value(random.choice(kind.values), type_) for _ in range(random.randint(1, 4))]
        if draw < 0.4 and not kind.element:
            commas = [part for value in values for part in (value, ", ")][:-1]
            if self.chance(0.2):
                commas.append(", NULL")
            return random.choice(([f"{side} IN (", commas, ")"], [f"{side} = ANY (ARRAY[", commas, "])"],
                                  [f"{side} NOT IN (", commas, ")"]))
        if draw < 0.45 and "<=" in kind.operators:
            return [f"{side} BETWEEN ", values[0], " AND ", values[-1]]
        if type_ in ("smallint", "integer", "bigint") and self.chance(0.5):
            other = BY_NAME[random.choice(("smallint", "integer", "bigint"))]
            values = [Value(random.choice(other.values), other.name)]
        if kind.name in ("text", "varchar(20)") and not kind.collation and self.chance(0.15):
            return [f"{side} = ", Value(random.choice(kind.values), "name")]
        if kind.element and self.chance(0.2):
            return [f"{random.choice(kind.values[2:4]).strip('{}').split(',')[0]!r} = ANY ({side})"]
        return [f"{side} {random.choice(kind.operators)} ", values[0]]

    def tree(self, alias, depth=2):
        draw = self.random.random()
        if depth == 0 or draw < 0.6:
            return self.leaf(alias)
        one = self.tree(alias, depth - 1)
        if draw < 0.68:
            return Choice(["NOT (", one, ")"], one)
        if draw < 0.73:
            asked = self.random.choice(("server_version", "fuzz.unknown"))
            return Choice([f"(current_setting('{asked}', true) IS NULL OR ", one, ")"], one)
        two = self.tree(alias, depth - 1)
        return Choice(["(", one, " AND " if draw < 0.85 else " OR ", two, ")"], one, two)

    def conditions(self, alias="t", bound=0.12, more=()):
        """What may follow FROM."""
        parts = list(more)
        if self.chance(0.75):
            parts.append(Choice(self.tree(alias), "true"))
        if self.chance(bound):
            parts.append(Choice(self.radius(alias), "true"))
        if self.chance(0.06):
            parts.append(Choice(["(", self.tree(alias, 1), " OR ", self.radius(alias), ")"], "true"))
        if self.secure or self.chance(0.06):
            parts.append(Choice(f"spy({alias}.id)", "true") if self.secure else Choice(f"abs({alias}.id) > 5", "true"))
        self.random.shuffle(parts)
        joined = [x for part in parts for x in (part, " AND ")][:-1]
        return [" WHERE ", joined] if joined else ""

    # ---- relations ----

    def join(self):
        """t beside others: its FROM list, and conditions for WHERE."""
        random = self.random
        draw = random.random()
        if draw < 0.65:
            return "t", [], ["t.id"]
        column = random.choice([c for c in self.schema.columns])
        on = random.choice((f"t.{column.name} = u.{column.name}", "t.id = u.id", "t.id % 7 = u.id"))
        if self.secure and self.chance(0.3):
            on += " AND spy(t.id)"
        if draw < 0.75:
            return f"t JOIN u ON {on}", [], ["t.id", "u.id"]
        if draw < 0.8:
            return "t, u", [on], ["t.id", "u.id"]
        if draw < 0.87:
            return f"{random.choice(('t LEFT JOIN u', 'u LEFT JOIN t'))} ON {on}", [], ["t.id", "u.id"]
        if draw < 0.9:
            return f"u RIGHT JOIN t ON {on}", [], ["t.id", "u.id"]
        if draw < 0.92:
            return f"t FULL JOIN u ON {on}", [], ["t.id", "u.id"]
        kinds = (f"EXISTS (SELECT FROM u WHERE {on})", f"NOT EXISTS (SELECT FROM u WHERE {on})",
                 f"t.{column.name} IN (SELECT {random.choice(('', 'DISTINCT '))}u.{column.name} FROM u WHERE u.id < {random.randint(1, 40)})",
                 f"t.id NOT IN (SELECT u.id FROM u)")
        return "t", [random.choice(kinds)], ["t.id"]

    def output(self):
        """Columns that may be selected beside others."""
        last = ", spy(t.id)" if self.secure else ", t.tableoid::regclass"
        return self.random.choice(("", "", f", t.{self.random.choice(self.schema.columns).name}", last))

    def limit(self, offset=0.25, most=60):
        count = str(self.random.choice((1, 2, 5, 10, 10, 30, most)))
        if self.chance(0.03):
            count = "0"
        skipped = ""
        if self.chance(offset):
            skipped = Choice([" OFFSET ", Value(str(self.random.randint(0, 20)), "bigint")], "")
        return [Limit(" LIMIT ", Value(count, "bigint"), skipped)]

    # ---- statements ----

    def nearest(self):
        relation, more, ids = self.join()
        query = self.query()
        distance = self.distance(query=query)
        if self.chance(0.08):       # clients pass one vector in two parameters
            more = more + [self.radius(query=[Value(part.text, part.kind) if isinstance(part, Value) else part for part in query])]
        ties = self.random.choice(("", "", ", t.id", ", spy(t.id), t.id" if self.secure else ", -t.id"))
        tree = [f"SELECT {', '.join(ids)}, ", distance.text, f" AS d{self.output()} FROM {relation}",
                self.conditions(more=more), " ORDER BY ", distance.text, distance.order,
                optional(ties) if ties else "", self.limit()]
        return Statement("nearest", tree, [(len(ids), distance.descending)], search=True, nearest=len(ids))

    def ordered(self):
        relation, more, ids = self.join()
        distance = self.distance()
        tree = [f"SELECT {', '.join(ids)}, ", distance.text, f" AS d FROM {relation}", self.conditions(more=more),
                " ORDER BY ", distance.text, distance.order]
        return Statement("ordered", tree, [(len(ids), distance.descending)])

    def bound(self):
        relation, more, ids = self.join()
        columns = self.random.choice((", ".join(ids), "count(*), min(t.id), max(t.id)"))
        tree = [f"SELECT {columns} FROM {relation}", self.conditions(bound=0.1, more=more + [self.radius()])]
        return Statement("bound", tree)

    def grouped(self):
        distance = self.distance()
        column = self.random.choice([c for c in self.schema.columns if c.kind.plain and not c.kind.collation]
                                    or [None])
        having = optional(" HAVING count(*) > 1") if self.chance(0.2) else ""
        if column is None or self.chance(0.6):
            sets = Choice("ROLLUP (1)", "1") if self.chance(0.15) else "1"
            tree = ["SELECT ", distance.text, " AS d, count(*), min(t.id) FROM t", self.conditions(),
                    " GROUP BY ", sets, having,
                    optional(" ORDER BY 1", distance.order, ", 2, 3", optional(self.limit()[0].parts))]
            return Statement("grouped", tree)
        order = optional(" ORDER BY 2", distance.order, ", 1", optional(self.limit()[0].parts))
        tree = [f"SELECT t.{column.name}, min(", distance.text, ") AS d, count(*), max(t.id) FROM t",
                self.conditions(), " GROUP BY 1", having, order]
        return Statement("grouped", tree)

    def facets(self):
        """Counts by columns that an index may have, of rows within a bound or found by other indexes."""
        names = [f"t.{c.name}" for c in self.schema.columns if c.kind.plain and not c.kind.collation]
        names = self.random.sample(names, min(len(names), self.random.randint(0, 2)))
        parts = [Choice(self.radius(), "true")] if self.chance(0.7) else []
        parts += [Choice(self.leaf("t"), "true") for _ in range(self.random.randint(0 if parts else 1, 2))]
        tree = ["SELECT ", ", ".join(names + ["count(*)"]), " FROM t WHERE ",
                [x for part in parts for x in (part, " AND ")][:-1]]
        if names:
            tree += [" GROUP BY ", ", ".join(names)]
        return Statement("facets", tree)

    def distinct(self):
        distance = self.distance()
        way = self.random.random()
        if way < 0.5:
            tree = ["SELECT DISTINCT ", distance.text, " AS d FROM t", self.conditions(),
                    optional(" ORDER BY 1", distance.order, optional(self.limit()[0].parts))]
        else:
            tree = ["SELECT DISTINCT ON (", distance.text, ") ", distance.text, " AS d, t.id FROM t",
                    self.conditions(), " ORDER BY ", distance.text, distance.order, ", t.id"]
        return Statement("distinct", tree)

    def window(self):
        distance = self.distance()
        column = self.random.choice(self.schema.columns).name
        over = [f"PARTITION BY t.{column} " if self.chance(0.25) else "", "ORDER BY ", distance.text, distance.order]
        call = self.random.choice(("row_number()", "rank()", "dense_rank()", "count(*)", "lag(t.id)",
                                   "first_value(t.id)"))
        ties = ", t.id" if call not in ("rank()", "dense_rank()", "count(*)") else ""
        tree = ["SELECT t.id, ", f"{call} OVER (", over, ties, ") AS n, ", distance.text, " AS d FROM t",
                self.conditions()]
        if call == "count(*)" and self.chance(0.5):
            tree = ["SELECT t.id, count(*) OVER () AS n, ", distance.text, " AS d FROM t", self.conditions(), " ORDER BY d", distance.order]
            return Statement("window", tree, [(2, distance.descending)])
        if self.chance(0.5) and (call != "rank()" or over[0]):     # that is a search: ranked()
            tree = ["SELECT * FROM (", tree, ") s WHERE n <= ", Value(str(self.random.randint(1, 20)), "bigint"),
                    Choice(" ORDER BY d, id", "")]
        return Statement("window", tree)

    def ranked(self):
        """The nearest rows and their ranks, in one query level or two."""
        distance = self.distance()
        call = self.random.choice(("row_number()", "rank()", "dense_rank()"))
        tree = ["SELECT t.id, ", f"{call} OVER (ORDER BY ", distance.text, distance.order, ") AS n, ", distance.text,
                " AS d FROM t", self.conditions()]
        strict = self.chance(0.5)
        if call != "dense_rank()" and self.chance(0.3):
            tree = ["SELECT s.* FROM (", tree, ") s",
                    Limit(" WHERE n <= ", Value(str(self.random.randint(1, 20)), "bigint")), " ORDER BY n"]
            return Statement("ranked", tree, [(2, distance.descending)], search=True, counted=call == "row_number()",
                             nearest=2, rank=(call, True))
        order = [" ORDER BY ", "n" if strict else "d" + distance.order, self.limit()]
        if self.chance(0.3):
            tree = ["SELECT s.* FROM (", tree, ") s", order]
        else:
            tree = tree + order
        return Statement("ranked", tree, [(2, distance.descending)], search=True, nearest=2, rank=(call, strict))

    def counted(self):
        """How many rows a search returns, which is exact."""
        distance = self.distance()
        relation, more, _ = self.join()
        inner = [f" FROM {relation}", self.conditions(more=more), " ORDER BY ", distance.text, distance.order,
                 self.limit()]
        if self.chance(0.6):
            return Statement("counted", ["SELECT count(*) FROM (SELECT t.id", inner, ") s"])
        distance = self.distance(query=["u.v"])
        return Statement("counted", ["SELECT u.id, cardinality(ARRAY(SELECT t.id FROM t", self.conditions(),
                                     " ORDER BY ", distance.text, distance.order, self.limit(),
                                     f")) FROM u WHERE u.id < {self.random.randint(2, 12)}"])

    def united(self):
        """Two searches, and the rows of both."""
        query = self.query()

        def search():
            distance = self.distance(query=query)
            return ["(SELECT t.id, ", distance.text, " AS d FROM t", self.conditions(), " ORDER BY ", distance.text,
                    distance.order, self.limit(), ")"]
        tree = [search(), " UNION ALL ", search()]
        if self.chance(0.4):
            tree = ["SELECT count(*) FROM (", tree, ") s"]
            return Statement("united", tree)
        return Statement("united", tree, search=True)

    def arms(self):
        """A search of several arms."""
        distance = self.distance()

        def arm():
            return [f"SELECT t.id{self.random.choice(('', '', '::bigint'))}, ", distance.text, " AS d FROM t",
                    self.conditions(bound=0.3)]
        tree = [arm(), " UNION ALL ", arm()]
        if self.chance(0.5):
            tree = ["SELECT * FROM (", tree, ") s"]
        return Statement("arms", [tree, " ORDER BY d", distance.order, optional(", 1"), self.limit()],
                         [(1, distance.descending)], search=True, nearest=1)

    def barrier(self):
        """Rows of a view with security_barrier."""
        distance = self.distance()
        rows = [" FROM barrier t", self.conditions()]
        way = self.random.random()
        if way < 0.2:
            return Statement("barrier", ["SELECT count(*), min(t.id)", " FROM barrier t",
                                         self.conditions(more=[self.radius()])])
        nearest = ["SELECT t.id, ", distance.text, " AS d", rows]
        if way < 0.4:
            nearest = ["SELECT * FROM (", nearest, " UNION ALL SELECT t.id, ", distance.text, " FROM t) s"]
        return Statement("barrier", [nearest, " ORDER BY d", distance.order,
                                     optional(", 1") if self.chance(0.3) else "", self.limit()],
                         [(1, distance.descending)], search=True, nearest=1)

    def crossed(self):
        """The nearest rows to any of several query vectors."""
        distance = self.distance(query=["u.v"])
        tree = ["SELECT t.id, u.id, ", distance.text, " AS d FROM ", self.random.choice(("t, u", "u CROSS JOIN t")),
                self.conditions(more=[f"u.id <= {self.random.randint(1, 9)}"]), " ORDER BY d", distance.order,
                optional(", 1") if self.chance(0.1) else "", self.limit()]
        return Statement("crossed", tree, [(2, distance.descending)], search=True, nearest=2)

    def keyed(self):
        """The nearest rows with a key of u, some of whose rows are asked for: as a join, and in the forms of a semi-join."""
        random, distance = self.random, self.distance()
        column = random.choice(self.schema.columns)
        key = random.choice((column.name, column.name, column.name, "id", "id % 7"))
        ours, theirs = (f"t.{key}", "k.id" if key == "id % 7" else f"k.{key}")
        source = random.choice(("u", "u", "u", "(SELECT * FROM u UNION ALL SELECT * FROM u)",
                                "(SELECT * FROM u ORDER BY id LIMIT 9)",
                                "u" if key.startswith("id") else f"(SELECT {key}, max(id) AS id FROM u GROUP BY 1)"))
        few = [Choice(f"k.id {random.choice(('<=', '<=', '>', '<>', '% 2 < '))} {random.randint(1, 9)}", "true")]
        if source == "u" and self.chance(0.3):
            few += [" AND ", Choice(self.tree("k", 1), "true")]
        equal, ids = f"{ours} = {theirs}", "t.id"
        if self.chance(0.15):
            equal += random.choice((" AND t.id <> k.id", " AND k.id < t.id + 5"))
        way = random.choice(("IN", "IN", "EXISTS", "ARRAY", "JOIN", "DISTINCT", "DISTINCT", "GROUP BY", "twice"))
        if way == "IN" or (way == "ARRAY" and column.kind.element):
            more = [[f"{ours} IN (SELECT {random.choice(('', 'DISTINCT '))}{theirs} FROM {source} k WHERE ", few, ")"]]
        elif way == "ARRAY":
            more = [[f"{ours} = ANY (ARRAY(SELECT {theirs} FROM {source} k WHERE ", few, "))"]]
        elif way == "EXISTS":
            more = [[f"EXISTS (SELECT FROM {source} k WHERE {equal} AND ", few, ")"]]
        else:
            more = [equal, few]
        relation = f"t JOIN {source} k ON {equal}" if self.chance(0.5) else f"t, {source} k"
        if way in ("IN", "ARRAY", "EXISTS"):
            relation = "t"
        elif way == "JOIN":
            ids = "t.id, k.id"
        elif way == "twice":
            relation += f" JOIN u l ON l.{column.name} = t.{column.name}" if "JOIN" in relation else ", u l"
            more += [f"l.id = t.id % {random.choice((3, 40))}"]
            ids = "t.id, k.id, l.id"
        where = [f" FROM {relation}", self.conditions(more=more)]
        place = ids.count(",") + 1
        if way == "GROUP BY":
            best = "max(" if distance.descending else "min("
            tree = [f"SELECT t.id, {best}", distance.text, ") AS d, count(*)", where, " GROUP BY 1 ORDER BY d"]
        else:
            tree = [f"SELECT {'DISTINCT ' if way == 'DISTINCT' else ''}{ids}, ", distance.text, " AS d", where, " ORDER BY d"]
        return Statement("keyed", tree + [distance.order, self.limit()], [(place, distance.descending)], search=True,
                         nearest=place)

    def groups(self):
        """The nearest groups of rows."""
        distance = self.distance()
        column = self.random.choice(["id"] + [c.name for c in self.schema.columns
                                              if c.kind.plain and not c.kind.collation])
        relation, more, _ = self.join()
        where = [f" FROM {relation}", self.conditions(more=more)]
        way = self.random.random()
        if way < 0.5:
            best = "max(" if distance.descending else "min("
            tree = [f"SELECT t.{column}, {best}", distance.text, ") AS d", where, " GROUP BY 1"]
            if way < 0.1:
                tree = [self.random.choice(("SELECT * FROM (", "WITH s AS (")), tree, " ORDER BY 2", distance.order, ")"]
                tree += [" s" if tree[0][0] == "S" else " SELECT * FROM s"]
            tree += [" ORDER BY d"]
        elif way < 0.75:
            tree = [f"SELECT * FROM (SELECT DISTINCT ON (t.{column}) t.{column}, ", distance.text, " AS d", where,
                    f" ORDER BY t.{column}, ", distance.text, distance.order, ") s ORDER BY d"]
        else:
            call = self.random.choice(("row_number", "row_number", "rank", "dense_rank"))
            tree = [f"SELECT {column}, d FROM (SELECT t.{column}, ", distance.text, f" AS d, {call}() OVER "
                    f"(PARTITION BY t.{column} ORDER BY ", distance.text, distance.order, ") AS n", where,
                    optional(" ORDER BY 2", distance.order), ") s WHERE n <= ", Value(str(self.random.randint(1, 4)), "bigint"), " ORDER BY d"]
        return Statement("groups", tree + [distance.order, self.limit()], [(1, distance.descending)], search=True,
                         nearest=1)

    def condition(self):
        """A condition that may be NULL, also where its columns are not."""
        leaf, draw = f"t.id % 3 = {self.random.randint(0, 2)}" if self.chance(0.3) else self.leaf("t"), self.random.random()
        if draw < 0.2:
            return ["(", leaf, " AND ", Value(self.random.choice((None, "t", "f")), "boolean"), ")"]
        return ["(", leaf, ") IS TRUE"] if draw < 0.3 else leaf

    def nulls(self, falls):
        """An order, and what is_sorted() has to know of it."""
        if self.chance(0.6):
            return " DESC" if falls else "", (falls,)
        first = self.chance(0.5)
        return (" DESC" if falls else "") + (" NULLS FIRST" if first else " NULLS LAST"), (falls, first)

    def parts(self):
        """All rows by a score of a condition, or of two distances."""
        one, two = self.distance(plain=True).text, self.distance(plain=True).text
        falls = self.chance(0.5)
        if falls:
            one, two = ["(1 - ", one, ")"], ["(1 - ", two, ")"]
        kind, draw = "parts", self.random.random()
        if draw < 0.4:
            score = ["CASE WHEN ", self.leaf("t"), " THEN ", one, " ELSE ", self.random.choice((two, "NULL", "0.5")), " END"]
        elif draw < 0.6:
            score = ["greatest(" if falls else "least(", one, ", ", two, ")"]
        else:       # which is a search by the distance, under limits, if the condition is a constant
            kind = "cast"
            score = ["(", one, " + ", self.random.choice(("0.1", "-10")), " * (", self.condition(), ")::int)"]
        order, how = self.nulls(falls)
        tree = ["SELECT t.id, ", score, " AS d FROM t", self.conditions(), " ORDER BY d", order]
        return Statement(kind, tree, [(1, *how)])

    def scored(self):
        """The best rows by a score of a distance and other columns."""
        distance = self.distance(plain=self.chance(0.8))
        relation, more, ids = self.join()
        numbers = [f"t.{c.name}::float8" for c in self.schema.columns
                   if c.kind.name in ("smallint", "integer", "real", "double precision", "numeric")]
        number = self.random.choice(numbers + ["t.id", "t.id", "(t.id % 11)"])
        term = self.random.choice((f"{number} / 500.0", f"exp(-abs({number} / 100.0))", f"coalesce({number}, 3) * 0.01",
                                   f"least(greatest({number}, 0), 40) * 0.01", f"1 / (1 + abs({number} / 50.0))",
                                   "CASE WHEN t.id < 40 THEN 0.3 ELSE 0 END", f"({number} > 9)::int",
                                   f"round({number}::numeric / 100, 1)", "(t.id / 50.0)::real"))
        before, between, falls = self.random.choice((("", " + ", False), ("1 - ", " + ", True), ("", " - ", False),
                                                     ("0.7 * (1 - ", ") + 0.3 * ", True), ("2 * ", " + ", False),
                                                     ("", " * ", False), ("(3 - ", ") * ", True), ("greatest(0.2, ", ") + ", False)))
        if self.schema.words and self.chance(0.3):
            term = ["(", self.distance(plain=True).text, " * 0.1)"]
        elif self.chance(0.15):
            others = [other.bare for other in (self.distance(plain=True) for _ in range(5)) if other.bare[0] == distance.bare[0]]
            term = ["(", others[0], " * 0.4)"] if others else term
        elif self.chance(0.2):
            term = [self.random.choice(("0.1", "3", "-10")), " * (", self.condition(), ")::int"]
        text = distance.text
        if self.chance(0.15):
            text = ["(", text, self.random.choice((")::real", ")::numeric", ")::real::numeric"))]
        score = [f"({before}", text, between, term, ")"]
        falls = falls != distance.descending
        if self.chance(0.2):
            score, falls = [self.random.choice(("least(", "greatest(")), distance.text, ", ", self.distance(plain=True).text, ")"], distance.descending
        elif self.chance(0.15):
            other = self.random.choice((distance.text, distance.text, "NULL", "0.5"))
            if other != distance.text:
                score, falls = distance.text, distance.descending
            leaf = self.leaf("t")
            null = [" WHEN (", leaf, ") IS NULL THEN 0.3"] if self.chance(0.3) else ""
            score = ["CASE WHEN ", leaf, " THEN ", score, null, " ELSE ", other, " END"]
        order, how = self.nulls(falls)
        tree = [f"SELECT {', '.join(ids)}, ", score, f" AS d{self.output()} FROM {relation}", self.conditions(more=more),
                " ORDER BY d", order, optional(", t.id") if self.chance(0.2) else "", self.limit()]
        return Statement("scored", tree, [(len(ids), *how)], search=True, nearest=len(ids))

    def sets(self):
        query = self.query()
        one, two = self.distance(query=query, plain=True), self.distance(query=query, plain=True)
        name = self.random.choice(("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL"))
        ids = self.random.choice(("", ", t.id"))

        def branch(distance):
            return ["SELECT ", distance.text, f" AS d{ids} FROM t", self.conditions(bound=0.4)]
        return Statement("sets", [branch(one), f" {name} ", branch(two), optional(" ORDER BY 1", ", 2" if ids else "")])

    def joined(self):
        """A search or a pass in a subquery, joined with another relation."""
        distance = self.distance()
        search = self.chance(0.5)
        column = self.random.choice(self.schema.columns).name
        on = self.random.choice((f"s.{column} = u.{column}", "s.id = u.id", "s.id % 7 = u.id"))
        inner = ["SELECT t.*, ", distance.text, " AS d FROM t", self.conditions(bound=0.3)]
        if search or self.chance(0.5):
            inner += [" ORDER BY ", distance.text, distance.order]
        if search:
            inner += self.limit()
        kind = self.random.choice(("JOIN", "LEFT JOIN"))
        relation = Choice(["(", inner, f") s {kind} u ON {on}"])
        order = Choice([" ORDER BY s.d", distance.order]) if self.chance(0.5) else ""
        tree = ["SELECT s.id, u.id, s.d FROM ", relation, order]
        return Statement("joined", tree, [(2, distance.descending)] if order else (), search=search, counted=False)

    def merged(self):
        """A join whose condition is a distance."""
        query = self.query()
        one, two = self.distance(query=query, plain=True), self.distance(query=query, plain=True)

        def side(distance):
            return ["(SELECT t.id, ", distance.text, " AS d FROM t", self.conditions(bound=0.3), ")"]
        kind = self.random.choice(("JOIN", "LEFT JOIN", "FULL JOIN"))
        return Statement("merged", ["SELECT count(*), sum(a.id), sum(b.id) FROM ", side(one), f" a {kind} ",
                                    side(two), " b ON a.d = b.d"])

    def lateral(self):
        """For each row of u the nearest, or all within a distance."""
        distance = self.distance(query=["u.v"])
        where = f" WHERE u.id <= {self.random.randint(1, 15)}"
        draw = self.random.random()
        if draw < 0.5:
            inner = ["SELECT t.id, ", distance.text, " AS d FROM t", self.conditions(), " ORDER BY ", distance.text,
                     distance.order, self.limit(most=20)]
            kind = self.random.choice(("JOIN", "LEFT JOIN"))
            return Statement("lateral", ["SELECT u.id, s.* FROM u ", f"{kind} LATERAL (", inner, ") s ON true", where],
                             search=True)
        radius = self.radius(query=["u.v"])
        if draw < 0.75:
            return Statement("lateral", ["SELECT u.id, t.id FROM u, t", where, " AND ", radius, " AND ",
                                         Choice(self.tree("t"), "true")])
        return Statement("lateral", ["SELECT u.id, (SELECT count(*) FROM t", self.conditions(more=[radius]),
                                     ") FROM u", where])

    def correlated(self):
        """For each row of u all rows, sorted by a query whose vector is of u."""
        random = self.random
        vector = random.choice(("u.v", "u.v", "u.v", "(SELECT w.v FROM u w WHERE w.id = u.id)",
                                "(SELECT w.v FROM u w ORDER BY w.id LIMIT 1)"))
        distance = self.distance(query=[vector])
        source = random.choice(("t", "t", "(SELECT * FROM t UNION ALL SELECT * FROM t) t"))
        column = random.choice(self.schema.columns).name
        more = random.choice(([], [], [], [f"t.{column} IN (SELECT k.{column} FROM u k)"],
                              [f"EXISTS (SELECT FROM u k WHERE k.{column} = t.{column})"]))
        rows = [f" FROM {source}", self.conditions(more=more), " ORDER BY ", distance.text, distance.order]
        where = f" WHERE u.id <= {1 if self.schema.large else random.randint(1, 6)}"
        draw = random.random()
        if draw < 0.3:
            tree = ["SELECT u.id, ARRAY(SELECT t.id", rows, f", t.id) FROM u{where}"]
        elif draw < 0.6:
            tree = ["SELECT u.id, (SELECT string_agg(x.id::text, ',') FROM (SELECT t.id", rows,
                    f", t.id) x) FROM u{where}"]
        else:
            kind = random.choice(("JOIN", "LEFT JOIN"))
            columns = random.choice(("u.id, s.*", "count(*), sum(s.id)"))
            tree = [f"SELECT {columns} FROM u {kind} LATERAL (SELECT t.id, ", distance.text, " AS d", rows,
                    optional(" OFFSET 0"), f") s ON true{where}"]
        return Statement("correlated", tree)

    def semi(self):
        radius = self.radius(query=["u.v"])
        no = self.random.choice(("", "NOT "))
        if self.chance(0.5):
            return Statement("semi", [f"SELECT u.id FROM u WHERE {no}EXISTS (SELECT FROM t",
                                      self.conditions(more=[radius]), ")"])
        if self.chance(0.5):
            return Statement("semi", [f"SELECT t.id FROM t WHERE {no}EXISTS (SELECT FROM u WHERE ", radius, ") AND ",
                                      Choice(self.tree("t"), "true")])
        return Statement("semi", [f"SELECT u.id FROM u WHERE u.id {no}IN (SELECT t.id FROM t",
                                  self.conditions(more=[self.radius()]), ")"])

    def ties(self):
        distance = self.distance()
        tree = ["SELECT t.id, ", distance.text, " AS d FROM t", self.conditions(), " ORDER BY ", distance.text,
                distance.order, Limit(" FETCH FIRST ", str(self.random.choice((1, 3, 10, 40))), " ROWS WITH TIES")]
        return Statement("ties", tree, [(1, distance.descending)])

    def subquery(self):
        """A statement under others that change little of it."""
        statement = self.random.choice((self.bound, self.grouped, self.distinct, self.ordered, self.sets))()
        if self.chance(0.4):
            tree = [f"WITH c AS {self.random.choice(('', 'MATERIALIZED ', 'NOT MATERIALIZED '))}(", statement.tree,
                    ") SELECT * FROM c"]
        else:
            tree = ["SELECT count(*) FROM (", statement.tree, ") c"]
        return Statement("subquery", tree)

    def scalar(self):
        distance = self.distance(plain=True)
        before, after = self.random.choice((("min(", ")"), ("max(", ")"), ("count(", ")"), ("count(DISTINCT ", ")"),
                                            ("array_agg(t.id ORDER BY ", ", t.id)"),
                                            ("percentile_disc(0.2) WITHIN GROUP (ORDER BY ", ")")))
        return Statement("scalar", [f"SELECT {before}", distance.text, f"{after} FROM t", self.conditions(bound=0.5)])

    def locked(self):
        how = self.random.choice(("UPDATE", "SHARE"))
        if self.chance(0.5):
            return Statement("locked", ["SELECT t.id FROM t", self.conditions(more=[self.radius()]),
                                        f" FOR {how} OF t"])
        distance = self.distance()
        return Statement("locked", ["SELECT t.id, ", distance.text, " AS d FROM t", self.conditions(), " ORDER BY ",
                                    distance.text, distance.order, self.limit(), f" FOR {how} OF t"],
                         [(1, distance.descending)], search=True, nearest=1)

    def update(self):
        column = self.random.choice(self.schema.columns)
        value = Value(self.random.choice(column.kind.values), column.kind.name)
        if self.chance(0.3):
            return Statement("update", [f"UPDATE t SET {column.name} = ", value, " FROM u WHERE ",
                                        self.radius(query=["u.v"]), " AND u.id < 4 RETURNING t.id"], change=True)
        return Statement("update", [f"UPDATE t SET {column.name} = ", value, self.conditions(more=[self.radius()]),
                                    " RETURNING t.id"], change=True)

    def delete(self):
        if self.chance(0.3):
            return Statement("delete", ["DELETE FROM t USING u WHERE ", self.radius(query=["u.v"]),
                                        " AND u.id < 4 RETURNING t.id"], change=True)
        return Statement("delete", ["DELETE FROM t", self.conditions(more=[self.radius()]), " RETURNING t.id"],
                         change=True)

    def chosen(self):
        """
        A change of the nearest rows.  A loop may run a sub-select of IN again, which does not lock rows that are
        changed by then, and takes others; ARRAY is made once.
        """
        distance = self.distance()
        column = self.random.choice(self.schema.columns)
        value = Value(self.random.choice(column.kind.values), column.kind.name)
        locks = self.random.choice(("", " FOR UPDATE", " FOR UPDATE SKIP LOCKED"))
        inner = ["(SELECT t.id FROM t", self.conditions(), " ORDER BY ", distance.text, distance.order, self.limit(),
                 f"{locks})"]
        inner = ["= ANY (ARRAY", inner, ")"] if locks else ["IN ", inner]
        before = self.random.choice(("DELETE FROM t", [f"UPDATE t SET {column.name} = ", value]))
        return Statement("chosen", [before, " WHERE t.id ", inner, " RETURNING t.id"], search=True)

    def insert(self):
        columns = ", ".join(["v"] + (["words"] if self.schema.words else []) + [c.name for c in self.schema.columns])
        if self.schema.key == "PRIMARY KEY" and self.chance(0.3):
            column = self.schema.columns[0].name
            return Statement("insert", [f"INSERT INTO t (id, {columns}) SELECT id, {columns} FROM t",
                                        self.conditions(more=[self.radius()]), " ON CONFLICT (id) DO UPDATE SET "
                                        f"{column} = NULL, v = excluded.v RETURNING id"], change=True)
        return Statement("insert", [f"INSERT INTO t (id, {columns}) SELECT id + 100000, {columns} FROM t",
                                    self.conditions(more=[self.radius()]), " RETURNING id"], change=True)

    def merge(self):
        column = self.random.choice(self.schema.columns).name
        return Statement("merge", ["MERGE INTO t USING (SELECT * FROM u WHERE id < 4) u ON t.id % 4 = u.id AND ",
                                   self.radius(), " AND ", Choice(self.tree("t"), "true"),
                                   " WHEN MATCHED AND t.id % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET "
                                   f"{column} = u.{column} WHEN NOT MATCHED THEN DO NOTHING"], change=True)
