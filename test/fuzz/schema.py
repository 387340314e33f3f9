# SPDX-License-Identifier: PostgreSQL
"""Random tables, their rows, and indexes on them."""

import re

from text import quoted

# Constants of attributes: their types' edges, and what lossy slots confuse.
# Where equal values look alike, they can be grouped by.
INTS = ("0", "1", "2", "3", "-1")
WORDS = ("", "a", "abcd", "abcde", "user 1", "USER 1", "user 2", "User 2", "a ", "0123456789abcdef", "é")


class Type:
    def __init__(self, name, values, operators="< <= = >= > <>", plain=False, btree=True, element=None,
                 collation=None):
        self.name = name
        self.values = values
        self.operators = operators.split()
        self.plain = plain
        self.btree = btree
        self.element = element
        self.collation = collation


TYPES = [
    Type("boolean", ("t", "f"), plain=True),
    Type("smallint", INTS + ("32767", "-32768"), plain=True),
    Type("integer", INTS + ("2147483647", "-2147483648"), plain=True),
    Type("bigint", INTS + ("9223372036854775807", "-9223372036854775808", "4294967296"), plain=True),
    Type("real", ("0", "-0", "1", "2", "1.5", "1e-45", "3.4e38", "NaN", "Infinity", "-Infinity")),
    Type("double precision", ("0", "-0", "1", "2", "1.5", "5e-324", "1e308", "NaN", "Infinity", "-Infinity")),
    Type("numeric", ("0", "1", "1.0", "2", "0.1", "12345678901234567", "12345678901234568", "NaN",
                     "Infinity", "-Infinity", "1e-200", "1e200")),
    Type("date", ("2024-01-01", "2024-02-29", "infinity", "-infinity", "4713-01-01 BC", "5000-01-01"), plain=True),
    Type("time", ("00:00", "12:00", "23:59:59.999999", "24:00"), plain=True),
    Type("timetz", ("12:00+00", "13:00+01", "11:00-01", "24:00-15:59")),
    Type("timestamp", ("2024-01-01", "2024-01-01 12:00", "infinity", "-infinity", "4713-01-01 BC"), plain=True),
    Type("timestamptz", ("2024-01-01+00", "2024-01-01 12:00+00", "infinity", "-infinity"), plain=True),
    Type("uuid", tuple(f"00000000-0000-0000-0000-{i:012x}" for i in range(4)) +
         ("ffffffff-ffff-ffff-ffff-ffffffffffff",), plain=True),
    Type("fuzz_level", ("low", "middle", "high", "Top"), plain=True),
    Type("text", WORDS, "= <>", plain=True),
    Type("varchar(20)", WORDS, "= <>", plain=True),
    Type("character(8)", WORDS[:8], "= <>"),
    Type("fuzz_domain", WORDS[1:], "= <>", plain=True),
    Type("inet", ("10.0.0.1", "10.0.0.1/24", "10.0.0.0/24", "0.0.0.0/0", "0.0.0.0/3", "::1", "::/0",
                  "2001:db8::1/64", "2001:db8::2/64"), plain=True),
    Type("cidr", ("10.0.0.0/24", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32"), plain=True),
    Type("integer[]", ("{}", "{1}", "{1,2}", "{2,1}", "{1,NULL}", "{NULL}", "{1,2,3,4,5,6,7,8}",
                       "{11,12,13,14,15,16,17,18,19,20,21,22,23,24,25}", "[2:3]={1,2}", "{{1,2},{3,4}}"),
         "= && @> <@", plain=True, element="integer"),
    Type("text[]", ("{}", "{a}", "{a,b}", "{abcdefgh}", "{a,NULL}", "{user 1,USER 1}",
                    "{a,b,c,d,e,f,g,h,i,j,k}"), "= && @> <@", plain=True, element="text"),
    Type("double precision[]", ("{}", "{0}", "{-0}", "{NaN}", "{1,NaN}", "{Infinity,NULL}", "{0,1,2,3,4,5,6,-0}"),
         "= && @> <@", element="double precision"),
    Type("numeric[]", ("{}", "{1}", "{1.0}", "{1.00,2}", "{NaN}", "{NULL}", "{12345678901234567,12345678901234568}"),
         "= && @> <@", element="numeric"),
]
CI = Type("text", WORDS, "= <>", collation="fuzz_ci")
BY_NAME = {kind.name: kind for kind in TYPES}

OPERATORS = {"vector": {"<->": "l2", "<#>": "ip", "<=>": "cosine", "<+>": "l1"},
             "bit": {"<~>": "hamming", "<%>": "jaccard"}}
OPERATORS["halfvec"] = OPERATORS["bytevec"] = OPERATORS["sparsevec"] = OPERATORS["vector"]
FUNCTIONS = {"<@>": "bm25_distance", "<->": "l2_distance", "<=>": "cosine_distance", "<+>": "l1_distance", "<~>": "hamming_distance",
             "<%>": "jaccard_distance"}

SETUP = """
DROP SCHEMA IF EXISTS fuzz CASCADE;
CREATE SCHEMA fuzz;
SET search_path = fuzz, public;
SET timezone = 'UTC';
CREATE TYPE fuzz_level AS ENUM ('high', 'low', 'Top', 'middle');
CREATE DOMAIN fuzz_domain AS text;
CREATE COLLATION fuzz_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE FUNCTION h(n bigint, salt bigint) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN (hashint8extended(n, salt) & 2147483647)::integer;
-- a search for the words of a document
CREATE FUNCTION wanted(words tsvector) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN array_to_string(tsvector_to_array(words), ' | ')::tsquery;
"""


class Column:
    def __init__(self, name, kind):
        self.name = name
        self.kind = kind

    def declaration(self):
        collate = f" COLLATE {self.kind.collation}" if self.kind.collation else ""
        return f"{self.name} {self.kind.name}{collate}"


class Vectors:
    """The vectors of a schema: of which type, how large, and how they are made."""

    def __init__(self, random):
        self.random = random
        self.kind = random.choices(("vector", "halfvec", "bytevec", "bit", "sparsevec"), (45, 13, 13, 9, 20))[0]
        self.dimension = random.choice((1, 2, 3, 3, 5, 8, 8, 16, 24, 24, 70, random.choice((70, 300, 700))))
        self.grid = random.choice((0, 0, 1, 3))
        self.scales = (1,)      # of numbers near the ends of the type
        if random.random() < 0.04:
            self.scales = {"vector": (1, 1e19, 1e-20), "halfvec": (1, 2e4, 6e-8)}.get(self.kind, (1,))
        self.wide = self.kind == "sparsevec" and random.random() < 0.3
        if self.wide:
            self.dimension = 2000
        self.type = f"{self.kind}({self.dimension})"

    def numbers(self):
        scale = self.random.choice(self.scales)
        if self.grid:
            return [self.random.randint(-self.grid, self.grid) * scale for _ in range(self.dimension)]
        return [round(self.random.uniform(-2, 2), 4) * scale for _ in range(self.dimension)]

    def literal(self):
        """A query."""
        if self.kind == "bit":
            return "".join(self.random.choice("01") for _ in range(self.dimension))
        if self.wide:
            return "{%d:%.3f,%d:1}/2000" % (self.random.randint(1, 600), self.random.uniform(-2, 2),
                                            self.random.randint(601, 1200))
        numbers = [0] * self.dimension if self.random.random() < 0.04 else self.numbers()
        if self.kind != "sparsevec":
            return "[" + ",".join(f"{x:g}" for x in numbers) + "]"
        return "{" + ",".join(f"{i + 1}:{x:g}" for i, x in enumerate(numbers) if x) + "}/%d" % self.dimension

    def expression(self, distinct):
        """SQL for the vector of row n; rows with the same n % distinct are equal."""
        key = f"n % {distinct}"
        if self.kind == "bit":
            return (f"(SELECT string_agg((h({key}, i) % 2)::text, '' ORDER BY i) "
                    f"FROM generate_series(1, {self.dimension}) i)::{self.type}")
        if self.wide:
            return (f"CASE WHEN h(n, -1) % 30 = 0 THEN NULL ELSE format('{{%s:%s,%s:%s,%s:1}}/2000', "
                    f"1 + h({key}, 1) % 600, 1 + h({key}, 2) % 5, 601 + h({key}, 3) % 600, "
                    f"h({key}, 4) % 100 / 50.0 - 1.01, 1201 + h({key}, 5) % 700) END::{self.type}")
        if self.grid:
            number = f"(h({key}, i) % {2 * self.grid + 1} - {self.grid})"
            if self.kind != "sparsevec":
                number += f" * (1 - 2 * (h({key}, -2) % 2))::float8"        # -0 as well
        else:
            number = f"(h({key} % 7, i) % 1000 / 400.0 + h({key}, i) % 10000 / 5000.0 - 2.25)"
        if len(self.scales) > 1:
            number += f" * (ARRAY{list(self.scales)})[1 + h(n % 50, 0) % {len(self.scales)}]"
        return (f"CASE h(n, -1) % 40 WHEN 0 THEN NULL WHEN 1 THEN array_fill(0, ARRAY[{self.dimension}])::vector "
                f"ELSE (SELECT array_agg({number} ORDER BY i) FROM generate_series(1, {self.dimension}) i)::vector "
                f"END::{self.type}")


class Words:
    """The documents of a schema: how they are made, and searches for their words."""

    def __init__(self, random):
        self.random = random
        self.length = random.choice((1, 6, 25, 25, 120))
        self.vocabulary = random.choice((3, 60, 60, 3000))

    def literal(self):
        """A search: words, some of which nobody has."""
        random = self.random
        draw = random.random()
        if draw < 0.05:
            return random.choice(("", "!w1", "!(!w1)"))
        words = [f"w{int(random.random() ** 3 * self.vocabulary * 1.1)}{random.choice(('', '', '', ':A'))}"
                 for _ in range(random.choice((1, 1, 2, 2, 3, 5, 12)) if draw < 0.97 else 150)]
        if draw > 0.9:
            words[-1] = "!" + words[-1]
        return "".join(word + random.choice((" | ", " | ", " & ", " <-> ")) for word in words[:-1]) + words[-1]

    def expression(self, distinct):
        """SQL for the document of row n."""
        key = f"n % {distinct}"
        words = (f"(SELECT string_agg('w' || (power(h({key}, i) % 10000 / 10000.0, 3) * {self.vocabulary})::int || ':' || i, ' ') "
                 f"FROM generate_series(101, 101 + h({key}, 99) % {self.length}) i)::tsvector")
        return f"CASE h(n, -9) % 20 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN strip({words}) ELSE {words} END"


class Schema:
    """What setup() creates: table t with indexes, and u to join it with."""

    def __init__(self, random, secure=False, large=False, parallel=False, words=None):
        self.random = random
        self.large = large
        self.vectors = Vectors(random)
        self.kinds = random.sample(TYPES, random.randint(2, 5))
        if secure or random.random() < 0.3:
            self.kinds.append(CI)
        self.columns = [Column(f"a{i}", kind) for i, kind in enumerate(self.kinds)]
        self.rows = random.choices((0, 1, 7, 60, 300, 1200, 2500), (1, 1, 1, 6, 30, 35, 15))[0]
        if self.vectors.dimension > 70 and not self.vectors.wide:
            self.rows = min(self.rows, 300)
        if large:
            self.rows = 56000       # where passes over all nodes end
            self.vectors.dimension = min(self.vectors.dimension, 24)
            self.vectors.type = f"{self.vectors.kind}({self.vectors.dimension})"
            self.vectors.wide = False
            self.vectors.grid = 0
        self.partitioned = not secure and random.random() < (0.5 if parallel else 0.25)
        # a worker then scans a table as a whole, by an index
        self.whole = parallel and random.random() < 0.6
        self.inherited = parallel and not secure and not self.partitioned and random.random() < 0.4
        self.indexes = []
        self.distances = []     # that these know: column, cast, operator
        self.second = self.vectors.kind == "vector" and random.random() < 0.3
        words = random.random() < 0.25 if words is None else words
        self.words = Words(random) if words else None

    def value(self, column, n, salt):
        words = ", ".join(quoted(v) for v in column.kind.values)
        at = f"h({n}, {salt}) % {len(column.kind.values) + 1} % {self.random.choice((100, 100, 3))}"
        return f"(ARRAY[{words}, NULL]::text[])[1 + {at}]::{column.kind.name}"

    def vector(self, column, distinct):
        """SQL for a vector of row n."""
        expression = self.vectors.expression(distinct)
        return expression if column == "v" else expression.replace("h(", "h(7 + ")

    def fill(self, table, rows, distinct, salt, first=1):
        values = ["n", self.vector("v", distinct)]
        if self.second and table == "t":
            values.append(self.vector("w", distinct))
        if self.words:
            values.append(self.words.expression(distinct))
        values += [self.value(column, f"n / {self.random.choice((1, 1, 9))}", salt + i)
                   for i, column in enumerate(self.columns)]
        return (f"INSERT INTO {table} SELECT {', '.join(values)} "
                f"FROM generate_series({first}, {first + rows - 1}) AS n")

    def tables(self):
        vector = [f"v {self.vectors.type}"]
        words = ["words tsvector"] if self.words else []
        attributes = [column.declaration() for column in self.columns]
        second = [f"w {self.vectors.type}"] if self.second else []
        self.key = self.random.choice(("PRIMARY KEY", "PRIMARY KEY", "NOT NULL"))
        body = ", ".join([f"id integer {self.key}"] + vector + second + words + attributes)
        unlogged = self.random.choice(("", "", "UNLOGGED "))
        if not self.partitioned:
            yield f"CREATE {unlogged}TABLE t ({body})"
        else:
            way = self.random.choice(("HASH", "RANGE"))
            yield f"CREATE TABLE t ({body}) PARTITION BY {way} (id)"
            for i in range(3):
                bound = (f"WITH (MODULUS 3, REMAINDER {i})" if way == "HASH" else
                         f"FROM ({('MINVALUE', '200', '900')[i]}) TO ({('200', '900', 'MAXVALUE')[i]})")
                yield f"CREATE TABLE t{i} PARTITION OF t FOR VALUES {bound}"
        if self.inherited:
            yield "CREATE TABLE t_child () INHERITS (t)"
        if self.whole:
            for table in ("t0", "t1", "t2") if self.partitioned else ("t", "t_child") if self.inherited else ("t",):
                yield f"ALTER TABLE {table} SET (parallel_workers = 0)"
        yield "CREATE TABLE u (" + ", ".join(["id integer PRIMARY KEY"] + vector + words + attributes) + ")"

    def graph_index(self, name):
        """An hnsw or ivfflat index, over the vector or an expression of it."""
        random, vectors = self.random, self.vectors
        operator = random.choice(list(OPERATORS[vectors.kind]))
        method, column = "hnsw", f"v {vectors.kind}_{OPERATORS[vectors.kind][operator]}_ops"
        options, attributes = [], []
        draw = random.random()
        cast = ""
        if self.second and draw < 0.2:
            column = column.replace("v ", "w ", 1)
        elif vectors.kind == "vector" and draw < 0.3 and len(vectors.scales) == 1:
            half = random.choice(list(OPERATORS["halfvec"].items()))
            operator, column = half[0], f"(v::halfvec({vectors.dimension})) halfvec_{half[1]}_ops"
            cast = f"::halfvec({vectors.dimension})"
        elif vectors.kind == "vector" and draw < 0.36:
            operator, column = "<~>", f"(binary_quantize(v)::bit({vectors.dimension})) bit_hamming_ops"
            cast = "binary"
        self.distances.append(("w" if column.startswith("w") else "v", cast, operator))
        if random.random() < 0.15 and not column.startswith("(") and (
                operator in ("<->", "<#>", "<=>") and vectors.kind in ("vector", "halfvec") or operator == "<~>"):
            method = "ivfflat"
            options.append(f"lists = {random.choice((1, 10, 100))}")
        else:
            attributes = [c.name for c in random.sample(self.columns, random.randint(0, len(self.columns)))]
            options += random.sample(("m = 5", "ef_construction = 32", "bits = 1", "bits = 8", "refine_bits = 0"),
                                     random.choice((0, 0, 1)))
            if random.random() < 0.2 and vectors.kind == "vector" and not options:
                options = ["profile = compact"]
        where = ""
        if random.random() < 0.12:
            where = " WHERE " + random.choice(("id > 20", "v IS NOT NULL", "id % 2 = 0"))
        with_ = f" WITH ({', '.join(options)})" if options else ""
        return f"CREATE INDEX {name} ON t USING {method} ({', '.join([column] + attributes)}){with_}{where}"

    def words_index(self, name):
        """An index that ranks by words."""
        random = self.random
        self.distances += [("words", "", "<@>")] * 2
        columns = ["words bm25_ops"] + [c.name for c in random.sample(self.columns, random.randint(0, len(self.columns)))]
        options = random.sample(("k1 = 2", "k1 = 0", "b = 0", "b = 1"), random.choice((0, 0, 1)))
        if random.random() < 0.8:
            options.append("shared_statistics")
        with_ = f" WITH ({', '.join(options)})" if options else ""
        where = random.choice(("", "", "", " WHERE id % 2 = 0"))
        return f"CREATE INDEX {name} ON t USING hnsw ({', '.join(columns)}){with_}{where}"

    def words_indexes(self):
        return [index.split()[2] for index in self.indexes if "bm25_ops" in index]

    def other_index(self, name):
        if self.words and self.random.random() < 0.3:
            return f"CREATE INDEX {name} ON t USING gin (words)"
        column = self.random.choice(self.columns)
        methods = ["hash"]
        if column.kind.element:
            methods = ["gin"]
        elif column.kind.btree:
            methods = ["btree", "btree", "brin", "hash"]
        method = self.random.choice(methods)
        if method == "brin" and column.kind.name in ("boolean", "fuzz_level"):
            method = "btree"
        return f"CREATE INDEX {name} ON t USING {method} ({column.name})"

    def building(self):
        """How indexes are built."""
        memory, workers = self.random.choice((("64MB", 0), ("64MB", 0), ("64MB", 0), ("1MB", 0), ("128MB", 2)))
        yield f"SET maintenance_work_mem = '{memory}'"
        yield f"SET max_parallel_maintenance_workers = {workers}"
        yield "SET min_parallel_table_scan_size = 0"
        yield from self.indexes
        yield "RESET min_parallel_table_scan_size"

    def setup(self):
        """Statements that make the schema, to be run one by one."""
        random = self.random
        rows, distinct = self.rows, 100000 if self.large else random.choice((5, 40, 100000, 100000))
        self.distinct = distinct
        yield SETUP
        yield from self.tables()
        if self.vectors.dimension > 70 and random.random() < 0.6:
            yield f"ALTER TABLE t ALTER v SET STORAGE {random.choice(('PLAIN', 'EXTERNAL', 'EXTENDED'))}"
        self.indexes = [self.graph_index(f"g{i}") for i in range(random.choice((1, 1, 2, 3)))]
        if self.words:
            self.indexes += [self.words_index(f"g{len(self.indexes) + i}") for i in range(random.choice((1, 1, 2)))]
        self.indexes += [self.other_index(f"o{i}") for i in range(random.choice((0, 1, 2)))]
        if self.inherited:
            self.indexes += [re.sub(r"INDEX (\w+) ON t", r"INDEX \1_child ON t_child", index) for index in self.indexes]
        if random.random() < 0.5:
            yield self.fill("t", rows, distinct, 1)
            yield from self.building()
        else:
            yield self.fill("t", rows // 2, distinct, 1)
            yield from self.building()
            yield self.fill("t", rows - rows // 2, distinct, 1, rows // 2 + 1)
        if self.inherited:
            yield ("WITH moved AS (DELETE FROM ONLY t WHERE id % 3 = 0 RETURNING *) "
                   "INSERT INTO t_child SELECT * FROM moved")
        yield ("CREATE VIEW barrier WITH (security_barrier, security_invoker) AS SELECT * FROM t WHERE " +
               random.choice(("id % 5 <> 2", f"id > {random.randint(0, 300)}", f"{self.columns[0].name} IS NOT NULL")))
        yield self.fill("u", random.choice((0, 3, 12, 40, 40, 150)), distinct, random.choice((1, 50)))
        yield from self.changes()
        if random.random() < 0.85:
            yield "ANALYZE t"
            yield "ANALYZE u"

    def changes(self):
        """What makes an index one that has been in use."""
        random = self.random
        if random.random() < 0.4:
            yield f"DELETE FROM t WHERE h(id, 77) % {random.choice((2, 7))} = 0"
        if random.random() < 0.3:
            yield f"UPDATE t SET {self.columns[0].name} = NULL WHERE h(id, 78) % 5 = 0"
        if random.random() < 0.5:
            yield "VACUUM t"
        if random.random() < 0.3:
            yield f"UPDATE t SET v = (SELECT v FROM t ORDER BY id LIMIT 1) WHERE h(id, 79) % 9 = 0"
        if self.words and random.random() < 0.4:
            yield "UPDATE t SET words = words || (SELECT words FROM t WHERE words <> '' ORDER BY id LIMIT 1) WHERE h(id, 80) % 9 = 0"
        if self.words and random.random() < 0.2 and not self.partitioned:
            yield f"ALTER INDEX {self.words_indexes()[0]} SET (k1 = 0.5)"
