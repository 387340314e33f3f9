#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Random expressions over the surface of pgvector, evaluated by two servers.

usage:
    differential.py compare [--count N] [--seed N] OTHER OURS
        Evaluate the expressions on both servers, show those whose outcomes
        differ, and end with a tally; the exit status tells whether none did.
    differential.py record [--count N] [--seed N] OTHER
        Print the expressions and their outcomes there as sql/differential.sql.

OTHER and OURS are connection strings of psql; OTHER has pgvector.  The
expressions are made of all functions, operators, casts and aggregates that its
extension has.  An outcome is a result as text, or SQLSTATE, message, detail and
hint of an error.  Numbers may differ by 1e-6 of the larger one; cosine
distances, which are differences from 1, by 1e-6.  Sums of many floats that
differ by more have to be within 1e-6 of the size of their terms from the sum of
doubles, or nearer to it than pgvector's.  Zeros have the same sign, but for those
of distances, where products that vanish leave one or the other.
"""

import argparse
import math
import random
import re
import subprocess
import sys

TYPES = ("vector", "halfvec", "sparsevec")

SETUP = r"""
-- What comes of an expression, errors as clients see them
CREATE OR REPLACE FUNCTION outcome(expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	hint text;
BEGIN
	EXECUTE 'SELECT (' || expression || ')::text' INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	-- where no function fits, or several do, servers differ in these
	IF sqlstate IN ('42883', '42725') THEN
		detail := '';
		hint := '';
	END IF;
	-- hints of dimensions, of syntax and of binary forms are ours alone
	IF sqlstate IN ('22000', '22P02') OR hint LIKE 'These bytes %' THEN
		hint := '';
	END IF;
	RETURN concat_ws(' | ', 'ERROR ' || sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
END $$;

-- n small numbers whose sums and products floats hold exactly
CREATE OR REPLACE FUNCTION series(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(((i::bigint * a + b) % 17 - 8) / 4.0::float8 ORDER BY i)
	FROM generate_series(1, n) AS i
$$;

-- n numbers whose sums and products they round
CREATE OR REPLACE FUNCTION reals(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(sin(i::bigint * a + b)::real::float8 ORDER BY i) FROM generate_series(1, n) AS i
$$;

-- What the receive function of a type makes of bytes
CREATE OR REPLACE FUNCTION received(kind text, data bytea) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	object oid;
	result text;
BEGIN
	DROP TABLE IF EXISTS incoming;
	EXECUTE 'CREATE TEMP TABLE incoming (v ' || kind || ')';
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a000000000000000000' || '\x0001'::bytea ||
		int4send(length(data)) || data || '\xffff'::bytea);
	PERFORM lo_export(object, current_setting('data_directory') || '/incoming');
	PERFORM lo_unlink(object);
	EXECUTE format('COPY incoming FROM %L WITH (FORMAT binary)',
		current_setting('data_directory') || '/incoming');
	EXECUTE 'SELECT v::text FROM incoming' INTO result;
	RETURN result;
END $$;

-- n numbers of which few have a sum that floats hold, and fewer a sum of squares
CREATE OR REPLACE FUNCTION large(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(((i::bigint * a + b) % 7 - 3) * 1e38::real::float8 ORDER BY i) FROM generate_series(1, n) AS i
$$;

-- A sum as floats hold it
CREATE OR REPLACE FUNCTION float_range(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN abs(x) < 3.4028235677973366e38 THEN x ELSE x * 'Infinity'::float8 END
$$;

-- What ANALYZE keeps of a column
CREATE OR REPLACE FUNCTION analyzed(kind text, rows text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	DROP TABLE IF EXISTS analyzed_rows;
	EXECUTE 'CREATE TEMP TABLE analyzed_rows (v ' || kind || ')';
	EXECUTE 'INSERT INTO analyzed_rows SELECT x::' || kind || ' FROM unnest($1) AS x' USING rows;
	ANALYZE analyzed_rows;
	SELECT concat_ws(' ', null_frac, avg_width, n_distinct, most_common_vals, most_common_freqs,
		histogram_bounds, correlation) INTO result
	FROM pg_stats WHERE tablename = 'analyzed_rows' AND schemaname ~ '^pg_temp';
	RETURN result;
END $$;

-- The distances of what an index finds among some rows, or none; in order, which
-- that of halfvecs normalized as pgvector does it is not always
DROP TABLE IF EXISTS some_vector, some_halfvec, some_sparsevec, some_bit, no_vector, no_halfvec, no_sparsevec, no_bit;
CREATE TABLE some_vector (v vector(3));
INSERT INTO some_vector SELECT ARRAY[i, i % 3 - 1, 2 - i]::vector FROM generate_series(1, 9) AS i;
CREATE TABLE some_halfvec AS SELECT v::halfvec(3) FROM some_vector;
CREATE TABLE some_sparsevec AS SELECT v::sparsevec(3) FROM some_vector;
CREATE TABLE some_bit AS SELECT binary_quantize(v)::bit(3) AS v FROM some_vector;
DO $$
DECLARE
	kind text;
	class text;
BEGIN
	FOREACH kind IN ARRAY '{vector,halfvec,sparsevec,bit}'::text[] LOOP
		EXECUTE format('CREATE TABLE no_%1$s (LIKE some_%1$s)', kind);
		FOREACH class IN ARRAY CASE kind WHEN 'bit' THEN '{hamming,jaccard}'::text[] ELSE '{l2,ip,cosine,l1}' END LOOP
			EXECUTE format('CREATE INDEX ON some_%1$s USING hnsw (v %1$s_%2$s_ops)', kind, class);
			EXECUTE format('CREATE INDEX ON no_%1$s USING hnsw (v %1$s_%2$s_ops)', kind, class);
		END LOOP;
	END LOOP;
END $$;
CREATE OR REPLACE FUNCTION nearest(name text, kind text, operator text, query text) RETURNS float8[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d ORDER BY d) FROM (SELECT v %1$s %2$L::%3$s AS d FROM %4$s ORDER BY v %1$s %2$L::%3$s LIMIT 9) AS t',
		operator, query, kind, name) INTO result;
	RETURN result;
END $$;

-- Bytes as a sparsevec, whatever they are
DROP CAST IF EXISTS (bytea AS sparsevec);
CREATE CAST (bytea AS sparsevec) WITHOUT FUNCTION;
"""

# The file that is recorded; the outcomes are kept in a table
RECORD = r"""-- Expressions whose outcomes are those of pgvector %(version)s.
-- Made by test/differential.py record --count %(count)d --seed %(seed)d
%(setup)s
-- Whether outcomes are the same, but for the last digits of numbers
CREATE FUNCTION same(a text, b text, size float8) RETURNS boolean LANGUAGE sql AS $$
	SELECT a = b OR a NOT LIKE 'ERROR%%' AND b NOT LIKE 'ERROR%%' AND
		regexp_replace(a, number, '#', 'g') = regexp_replace(b, number, '#', 'g') AND
		(SELECT bool_and(x = y OR abs(x - y) <= 1e-6 * greatest(abs(x), abs(y), size))
		 FROM ROWS FROM (regexp_matches(a, number, 'g'), regexp_matches(b, number, 'g')) AS t(m, n),
			LATERAL (SELECT m[1]::float8, n[1]::float8) AS v(x, y))
	FROM (SELECT '[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|Infinity|NaN)') AS pattern(number)
$$;

CREATE TABLE fact (kind text, size float8, expression text, outcome text);
COPY fact FROM stdin;
%(facts)s
\.
SET client_min_messages = error;
SET extra_float_digits = 1;
CREATE VIEW difference AS
	SELECT kind, expression, outcome AS pgvector, ours
	FROM fact, LATERAL (SELECT outcome(expression) OFFSET 0) AS evaluated(ours)
	WHERE NOT same(outcome, ours, size);
%(tests)s
DROP VIEW difference;
DROP TABLE fact;
DROP FUNCTION outcome, series, reals, large, float_range, received, analyzed, nearest, same(text, text, float8);
DROP TABLE some_vector, some_halfvec, some_sparsevec, some_bit, no_vector, no_halfvec, no_sparsevec, no_bit;
DROP CAST (bytea AS sparsevec);
"""

SURFACE = """
WITH member AS (
	SELECT classid, objid FROM pg_depend JOIN pg_extension AS e ON refobjid = e.oid
	WHERE extname = 'vector' AND refclassid = 'pg_extension'::regclass AND deptype = 'e')
SELECT 'function', proname, format_type(prorettype, NULL), string_agg(format_type(a.type, NULL), ';' ORDER BY a.n),
	CASE prokind WHEN 'a' THEN 'aggregate' ELSE '' END
FROM member JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND objid = p.oid,
	unnest(proargtypes) WITH ORDINALITY AS a(type, n)
GROUP BY p.oid, proname, prorettype, prokind
HAVING NOT bool_or(a.type IN ('internal'::regtype, 'cstring'::regtype, 'cstring[]'::regtype))
UNION ALL
SELECT 'operator', oprname, format_type(oprresult, NULL),
	format_type(oprleft, NULL) || ';' || format_type(oprright, NULL), ''
FROM member JOIN pg_operator AS o ON classid = 'pg_operator'::regclass AND objid = o.oid
UNION ALL
SELECT 'cast', '', format_type(casttarget, NULL), format_type(castsource, NULL), ''
FROM member JOIN pg_cast AS c ON classid = 'pg_cast'::regclass AND objid = c.oid
ORDER BY 1, 2, 4, 3
"""


# What distances are, in doubles, of the elements a and b; and the size of what
# is added up, where that is not the same.  Sums out of the range of floats are
# infinite.
L2, IP, L1 = (f"float_range(sum({term}))" for term in ("(a - b) ^ 2", "a * b", "abs(a - b)"))
COSINE = f"1 - greatest(least({IP} / sqrt(float_range(sum(a * a)) * float_range(sum(b * b))), 1), -1)"
EXACT = {
    "l2_distance": (f"sqrt({L2})",), "<->": (f"sqrt({L2})",), "l2_squared_distance": (L2,),
    "inner_product": (IP, "sum(abs(a * b))"),
    "negative_inner_product": ("-" + IP, "sum(abs(a * b))"), "<#>": ("-" + IP, "sum(abs(a * b))"),
    "cosine_distance": (COSINE, "1"), "<=>": (COSINE, "1"),
    "l1_distance": (L1,), "<+>": (L1,),
    # the angle of what is taken for unit vectors: steep near its ends
    "spherical_distance": (f"acos(greatest(least({IP}, 1), -1)) / pi()",
                           f"sum(abs(a * b)) / sqrt(greatest(1 - ({IP}) ^ 2, 1e-12)) / pi()"),
}


class Case:
    """An expression; `exact` computes its result and size in doubles."""

    def __init__(self, kind, expression, exact=None):
        self.kind = kind
        self.expression = expression
        self.exact = exact

    def size(self):
        """The size of what its result is the difference of."""
        return 1.0 if re.search("<=>|cosine|spherical", self.expression) else 0.0


class Psql:
    """A server, asked through psql."""

    def __init__(self, connection):
        self.connection = connection

    def run(self, script, *options):
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *options,
             "-d", self.connection], input=script.encode(), capture_output=True)
        if done.returncode != 0:
            sys.exit(f"{self.connection}: {done.stderr.decode()}")
        return done.stdout.decode()

    def outcomes(self, expressions):
        """What each expression gives; results may have several lines."""
        script = ["SET client_min_messages = error;", "SET extra_float_digits = 1;"]
        script += [f"SELECT outcome({quoted(e)});\n\\echo \x01" for e in expressions]
        found = self.run("\n".join(script)).split("\n\x01\n")[:-1]
        assert len(found) == len(expressions)
        return found


def quoted(text):
    """A literal of SQL."""
    if "\\" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"


class Generator:
    """Expressions, each of which calls one member of the surface."""

    NUMBERS = ("0", "-0", "1", "-1", "2.5", "1e-45", "1e-46", "-1e-46", "1.1754944e-38", "5.9e-39",
               "3.4028235e38", "-3.4028235e38", "3.4028236e38", "4e38", "65504", "65519", "65520",
               "-65520", "5.9604645e-08", "2.9802322e-08", "2.9802325e-08", "6.1035156e-05", "1e400",
               "-1e400", "1e-400", "0x1p3", "0x1.8p-1", "inf", "-inf", "Infinity", "nan", "NaN",
               "-nan", "nan(1)", "+1", ".5", "5.", "1e", "1e+", "--1", "1_0", "abc", "", "0x", "007",
               "1e3", "16777217", "0.1", "1.0000001", "123456789", "1e15", "1e16", "0.0001", "1e-5",
               "12345.678", "infin", "1d", "1f", "2048", "2049", "4097", "1 2", "½")
    SPACE = ("", "", "", "", " ", "  ", "\t", "\n", "\r\n", "\v", "\f", "\u00a0")
    DIMENSIONS = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 255,
                  256, 384, 768, 1000, 1024, 1025, 1536, 2000, 2001, 4000, 8191, 15999, 16000)

    def __init__(self, surface, seed, recorded, version):
        self.arguments = []
        self.version = version
        self.huge = False
        self.random = random.Random(seed)
        self.recorded = recorded
        self.members = [(kind, name, result, arguments.split(";"), extra)
                        for kind, name, result, arguments, extra in surface]
        self.turn = []

    def expression(self):
        """The members of the surface take turns with literals and the rest."""
        if not self.turn:
            self.turn = [lambda m=m: self.member(m) for m in self.members]
            for kind, count, make in (
                    ("text", 15, self.bad_text), ("text", 20, self.text_only), ("text", 20, self.mutated),
                    ("typmod", 12, self.typmod), ("binary", 15, self.wire), ("binary", 10, self.sent),
                    # older versions write where the indexes say
                    ("binary", 6 if self.version >= [0, 8, 7] else 0, self.damaged),
                    ("scan", 15, self.scan), ("statistics", 8, self.statistics), ("state", 15, self.combined),
                    ("aggregate", 8, self.zeros),
                    ("order", 12, self.sorted), ("order", 12, self.comparison),
                    ("array", 12, self.arrays), ("resolution", 12, self.ambiguous)):
                self.turn += [lambda k=kind, m=make: Case(k, m())] * count
            self.turn += [self.overflow] * 10
            self.random.shuffle(self.turn)
        return self.turn.pop()()

    def member(self, member):
        """A call of one member, and what its result is exactly."""
        kind, name, _, types, extra = member
        expression = self.call(member, self.dimension(), 2)
        formula = EXACT.get(re.sub("^(vector|halfvec|sparsevec)_", "", name))
        exact = None
        if formula and types[0] in TYPES:
            values = (f"ARRAY(SELECT unnest(({a})::vector::real[])::float8)" for a in self.arguments)
            exact = (f"(SELECT ARRAY[{formula[0]}, {formula[-1]}] "
                     f"FROM unnest({', '.join(values)}) AS t(a, b))")
        return Case(extra or kind, expression, exact)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, choices):
        return self.random.choice(choices)

    def dimension(self):
        if self.chance(0.75):
            return self.random.randint(1, 6)
        if self.recorded:
            return self.pick(self.DIMENSIONS[:20])
        return self.pick(self.DIMENSIONS)

    # Calls

    def call(self, member, dimension, depth):
        kind, name, target, types, extra = member
        if extra == "aggregate":
            return self.aggregate(name, types[0], dimension)
        if self.chance(0.06) and not kind == "cast":
            dimensions = [self.dimension() for _ in types]
        else:
            dimensions = [dimension] * len(types)
        arguments = [self.value(t, d, depth - 1) for t, d in zip(types, dimensions)]
        if name.endswith("spherical_distance") and self.chance(0.7):
            arguments = [f"l2_normalize({a})" for a in arguments]
        self.arguments = arguments
        if kind == "operator":
            return f"{arguments[0]} {name} {arguments[1]}"
        if kind == "cast":
            typmod = "" if self.chance(0.6) else f"({self.near(dimension)})"
            return f"({arguments[0]})::{target if target.endswith(']') else target + typmod}"
        if types[1:] == ["integer", "boolean"]:
            arguments[1] = self.pick(("-1", "-1", "0", "-2", str(dimension), str(self.near(dimension))))
            arguments[2] = self.pick(("true", "false", "NULL"))
        if name in ("vector_accum", "halfvec_accum", "vector_combine", "halfvec_combine",
                    "vector_avg", "halfvec_avg"):
            arguments = [self.state(dimension) if t == "double precision[]" else a
                         for t, a in zip(types, arguments)]
        return f"{name if name not in TYPES else chr(34) + name + chr(34)}({', '.join(arguments)})"

    def aggregate(self, name, kind, dimension):
        count = self.pick((0, 1, 2, 3, 7))
        rows = [f"({self.value(kind, dimension if self.chance(0.97) else 2, 0)})" for _ in range(count)]
        condition = "" if rows and self.chance(0.9) else " WHERE false"
        return (f"(SELECT {name}(x) FROM (VALUES {', '.join(rows or [f'(NULL::{kind})'])})"
                f" AS t(x){condition})")

    def combined(self):
        """States that aggregates do not make, with each other or with proper ones."""
        dimension = self.random.randint(1, 2)
        name = self.pick(("vector_combine", "halfvec_combine"))
        return f"{name}({self.state(dimension, 0.7)}, {self.state(dimension, 0.7)})"

    def zeros(self):
        """Zeros of either sign, of which an aggregate makes one of the right sign."""
        kind = self.pick(TYPES[:2])
        rows = [f"('[{self.pick(('-0', '-0', '0'))},{self.pick(('-0', '1'))}]'::{kind})"
                for _ in range(self.random.randint(1, 3))]
        return f"(SELECT {self.pick(('avg', 'sum'))}(x) FROM (VALUES {', '.join(rows)}) AS t(x))"

    def overflow(self):
        """A distance of vectors whose sums, or parts of them, are out of range."""
        self.huge = True
        case = self.member(self.pick([m for m in self.members if m[1] in ("<->", "<#>", "<=>", "<+>") and
                                      m[3][0] in ("vector", "sparsevec")]))
        self.huge = False
        return case

    def state(self, dimension, odd=0.15):
        if self.chance(odd):
            return self.pick(("'{}'::float8[]", "'{0}'::float8[]", "'{{1,2},{3,4}}'::float8[]",
                              "'{1,NULL}'::float8[]", "NULL::float8[]", "'{-1,2}'::float8[]",
                              "'{1e308,1e308}'::float8[]", "'{NaN,1}'::float8[]", "'{1}'::float8[]",
                              "'{0,5}'::float8[]", "'{1,Infinity}'::float8[]", "'{0.5,1}'::float8[]",
                              "'[2:4]={1,2,3}'::float8[]", "array_fill(1::float8, ARRAY[16002])",
                              "'{0,-0}'::float8[]", "'[5:6]={1,2}'::float8[]", "'[0:0]={2}'::float8[]",
                              "'{NaN}'::float8[]", "'{0,1,2}'::float8[]", "'{0,0}'::float8[]"))
        if dimension > 40:
            return f"(1::float8 || series({dimension}, {self.random.randint(1, 99)}, 3))"
        values = [self.exact() for _ in range(dimension)]
        return "'{" + ",".join([str(self.random.randint(1, 9))] + values) + "}'::float8[]"

    # Values

    def value(self, kind, dimension, depth=0):
        if self.chance(0.03):
            return f"NULL::{kind}"
        if kind in TYPES:
            if depth > 0 and self.chance(0.25):
                makers = [m for m in self.members if m[2] == kind and m[4] == ""
                          and not m[1].endswith("_avg")]
                return "(" + self.call(self.pick(makers), dimension, depth) + ")"
            return self.literal(kind, dimension)
        if kind == "bit":
            if depth > 0 and self.chance(0.3):
                return f"binary_quantize({self.value(self.pick(TYPES[:2]), dimension)})"
            return self.bits(dimension)
        if kind == "integer":
            return str(self.pick((-2147483648, -1, 0, 1, 1, 2, 3, dimension - 1, dimension, dimension + 1,
                                  16000, 2147483647)))
        if kind.endswith("[]"):
            return self.array(kind, dimension)
        return {"boolean": "true", "double precision": "1.5::float8"}[kind]

    def bits(self, dimension):
        if dimension > 64 or self.chance(0.1):
            part = "".join(self.pick("01") for _ in range(7))
            return f"repeat('{part}', {dimension})::bit({dimension})"
        if self.chance(0.05):
            return self.pick(("B''", "''::varbit", "B''::bit", "X'ff'", "B'101'::varbit"))
        return "B'" + "".join(self.pick("01") if self.chance(0.9) else "0" for _ in range(dimension)) + "'"

    def exact(self):
        """A number with which floats and half floats calculate exactly."""
        return str(self.random.randint(-32, 32) / 4) if self.chance(0.85) else self.pick(("0", "0", "-0"))

    def any_number(self):
        draw = self.random.random()
        if draw < 0.6:
            return self.exact()
        if draw < 0.9:
            return repr(self.random.uniform(-10, 10))[:self.random.randint(3, 12)]
        return repr(self.random.uniform(-1, 1) * 10.0 ** self.random.randint(-44, 38))

    def odd(self, share):
        return self.pick(self.NUMBERS) if self.chance(share) else self.any_number()

    def numbers(self, dimension):
        """How strange they are is drawn for all of them."""
        mood = self.random.random()
        if self.huge or mood < 0.03:
            return [self.pick(("1e38", "-1e38", "2e38", "-2e38", "3e38", "-3e38", "1", "-1", "1e10", "0"))
                    for _ in range(dimension)]
        if mood < 0.55 or dimension > 64:
            return [self.exact() for _ in range(dimension)]
        if mood < 0.63:
            return ["0"] * dimension
        if mood < 0.88:
            return [self.any_number() for _ in range(dimension)]
        return [self.odd(0.5 / dimension + 0.05) for _ in range(dimension)]

    def space(self):
        return self.pick(self.SPACE) if self.chance(0.05) else ""

    def text(self, kind, dimension):
        numbers = self.numbers(dimension)
        if kind == "sparsevec":
            pairs = [(i + 1, n) for i, n in enumerate(numbers)
                     if n != "0" and (dimension < 4 or self.chance(0.7))]
            if self.chance(0.1):
                self.random.shuffle(pairs)
            inside = ",".join(f"{self.space()}{i}{self.space()}:{self.space()}{n}{self.space()}"
                              for i, n in pairs)
            return "{" + inside + "}" + self.space() + "/" + self.space() + str(dimension) + self.space()
        inside = ",".join(self.space() + n + self.space() for n in numbers)
        return self.space() + "[" + inside + "]" + self.space()

    def literal(self, kind, dimension):
        if dimension > 40 and self.chance(0.8 if dimension < 300 else 1.0):
            a, b = self.random.randint(1, 99), self.random.randint(0, 99)
            numbers = "reals" if self.chance(0.3) and not self.recorded else "series"
            if kind != "halfvec" and (self.huge or self.chance(0.08)):
                numbers = "large"
            return f"{numbers}({dimension}, {a}, {b})::{kind}"
        if kind == "sparsevec" and self.chance(0.1):
            dimension = self.pick((100, 16000, 16001, 1000000, 1000000000))
            pairs = sorted(set(self.random.randint(1, dimension) for _ in range(4)))
            inside = ",".join(f"{i}:{self.exact()}" for i in pairs)
            return quoted("{" + inside + "}/" + str(dimension)) + "::sparsevec"
        typmod = "" if self.chance(0.9) else f"({self.near(dimension)})"
        return quoted(self.text(kind, dimension)) + f"::{kind}{typmod}"

    def near(self, dimension):
        return dimension if self.chance(0.7) else max(1, dimension + self.pick((-1, 1)))

    def array(self, kind, dimension):
        element = kind[:-2]
        if self.chance(0.12):
            return self.pick(("'{}'", "'{{1,2},{3,4}}'", "'{1,NULL}'", "'{NULL}'", "'[0:1]={1,2}'",
                              "'[5:6]={3,4}'")) + f"::{kind}"
        if self.chance(0.04):
            return f"array_fill({self.pick('01')}::{element}, ARRAY[{self.pick((16000, 16001, 20000))}])"
        if self.chance(0.02):
            return f"array_fill(1::{element}, ARRAY[2, 3])"
        if dimension > 40:
            if element == "integer":
                return f"(SELECT array_agg(x * 4)::integer[] FROM unnest(series({dimension}, 5, 1)) AS x)"
            return f"series({dimension}, {self.random.randint(1, 99)}, 1)::{kind}"
        if element == "integer":
            values = [str(self.pick((-2147483648, 2147483647, 16777217, 65520, 0, 1, -1, 3, 2049)))
                      if self.chance(0.2) else str(self.random.randint(-9, 9)) for _ in range(dimension)]
        else:
            values = [self.fit(element, n) for n in self.numbers(dimension)]
        return "'{" + ",".join(values) + "}'::" + kind

    def fit(self, element, number):
        """A number that arrays of the type may hold."""
        try:
            value = float(number)
        except ValueError:
            return "1"
        if self.recorded and "_" in number:
            return "1"
        if value != value:
            return "NaN"
        if abs(value) == float("inf"):
            return "Infinity" if value > 0 else "-Infinity"
        if element == "real" and (abs(value) > 3.4028235e38 or 0 < abs(value) < 1.5e-45):
            return "0.1"
        if element == "double precision" and self.chance(0.03):
            return self.pick(("1e300", "-1e300", "1e-300", "3.4028235677973366e38", "4.9e-324"))
        if element == "numeric" and self.chance(0.03):
            return self.pick(("1e400", "-1e1000", "1e-400", "0.10000000000000000000000000001", "3.50"))
        return number if "x" not in number else repr(value)

    # The rest of the surface

    def text_only(self):
        kind = self.pick(TYPES)
        return quoted(self.text(kind, self.random.randint(1, 6))) + f"::{kind}"

    def bad_text(self):
        kind = self.pick(TYPES)
        return quoted(self.pick((
            "", " ", "[", "]", "[]", "[ ]", "[,]", "[1,]", "[,1]", "[1,,2]", "[1", "1,2]", "[1]x", "[1] x",
            "[1]]", "[[1]]", "{1,2}", "(1)", "[1;2]", "[1 2]", "[\"1\"]", "[1.2.3]", "[1e5000]", "[0x1g]",
            "{", "}", "{}", "{}/", "{}/0", "{}/1", "{}/-1", "{}/x", "{}/1x", "{}/1 x", "{ }/3", "{1}/3",
            "{1:}/3", "{:1}/3", "{1:2,}/3", "{,1:2}/3", "{1:2,,2:3}/3", "{0:1}/3", "{4:1}/3", "{-1:1}/3",
            "{1:1,1:2}/3", "{1:0,1:0}/3", "{1:0}/3", "{1:1}/1000000001", "{1:1}/1000000000",
            "{2147483648:1}/3", "{99999999999999999999:1}/3", "{1:1}/99999999999999999999",
            "{1:1}/2147483647", "{1:1}/-99999999999999999999", "{1.5:1}/3", "{1:nan}/3", "{1:inf}/3",
            "{1:1e-46}/3", "{1:4e38}/3", "{1:-4e38}/3", "{1:1}3", "{1:1} 3", "{1:1}//3", "{1:1}/ 3 ",
            " {1:1}/3", "{1:1 2:2}/3", "{1;1}/3", "{+1:1}/3", "{01:1}/3", "{0x1:1}/3", "x{1:1}/3",
            "{3:1,2:1,1:1}/3", "{1:1,2:2,3:3,4:4}/3", "{1:1}/3\n", "[1]\n\n", "\t[1]", "[1\t,2]", "[1\\n]",
            "{1:-0}/2", "[-0]", "{2:1e-45}/2", "{-2147483648:1}/3", "{-99999999999:1}/2", "{1:1", "{1:1}",
            "{1:1/3", "{1:1}/3]", "[1}/3", "[1/3]", "{1 :1}/3", "{1: 1}/3", "{1:1 }/3", "{1:1}/+3",
            "[ 1]", "[1 ]", "[ 1 , 2 ]", "[+1]", "[+-1]", "[- 1]", "[e1]", "[1e1.5]", "[∞]", "[1,2]é",
            "{1:1,2:abc}/3", "{1:1,2:2e}/2", "[infinityx]", "[in]", "[nanx]", "[nan(]", "[NAN]", "[INF]",
            "{1:0x1p1}/1", "{1:-inf}/1", "{1:1}/03", "{ 1:1}/1", "{1:1, 2:2}/2", "{1:1 ,2:2}/2"))) + f"::{kind}"

    def mutated(self):
        kind = self.pick(TYPES)
        text = list(self.text(kind, self.random.randint(1, 4)))
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(text))
            draw = self.random.random()
            if draw < 0.4:
                text.insert(at, self.pick("[]{}(),:/ \t+-.eE0123456789xnaif\"'\\"))
            elif text and at < len(text):
                if draw < 0.7:
                    del text[at]
                else:
                    text[at] = self.pick("[]{},:/ \n+-.e0123456789xnif")
        return quoted("".join(text)) + f"::{kind}"

    def typmod(self):
        kind = self.pick(TYPES)
        dimension = self.random.randint(1, 4)
        typmod = self.pick(("0", "-1", "1", "2", "3", "4", "16000", "16001", "1000000000", "1000000001",
                            "2147483647", "2147483648", "a", "1,2", "'3'", "' 2 '", "1.5", "NULL", "''"))
        return f"{quoted(self.text(kind, dimension))}::{kind}({typmod})"

    def wire(self):
        """Bytes for the receive functions, most of them wrong in one place."""
        kind = self.pick(TYPES)
        count = self.random.randint(0, 3)
        number = lambda: self.pick(("3f800000", "00000000", "80000000", "7f800000", "7fc00000", "ff800000",
                                    "00000001", "c0000000", "40400000", "bf000000"))
        half = lambda: self.pick(("3c00", "0000", "8000", "7c00", "7e00", "fc00", "0001", "c000", "7bff"))
        unused = "0000" if self.chance(0.85) else self.pick(("0001", "ffff"))
        if kind == "sparsevec":
            dimension = self.pick((0, 1, 3, 5, 5, 5, 5, 1000000000, 1000000001, -1))
            nnz = count if self.chance(0.85) else self.pick((0, 1, -1, 16001, 4, 2147483647))
            indexes = sorted(self.random.sample(range(5), count))
            if self.chance(0.25):
                indexes = [self.pick((0, 1, 4, 5, -1, 2)) for _ in range(count)]
            data = (f"{dimension & 0xffffffff:08x}{nnz & 0xffffffff:08x}0000{unused}" +
                    "".join(f"{i & 0xffffffff:08x}" for i in indexes) +
                    "".join("3f800000" if self.chance(0.7) else number() for _ in range(count)))
        else:
            dimension = count if self.chance(0.85) else self.pick((0, 1, 3, 0xffff, 16001, 16000, 0x8000))
            data = f"{dimension:04x}{unused}" + "".join(
                (number() if kind == "vector" else half()) for _ in range(count))
        if self.chance(0.1):
            data = data[:self.random.randint(0, len(data) // 2) * 2]
        elif self.chance(0.05):
            data += "00"
        typmod = self.pick(("", "", "", "(3)", "(5)"))
        return f"received('{kind}{typmod}', '\\x{data}')"

    def damaged(self):
        """Bytes of a sparsevec that are stored as this machine does."""
        native = lambda n: (n & 0xffffffff).to_bytes(4, sys.byteorder).hex()
        dimension = self.pick((1, 3, 5, 16000, 16001))
        indexes = [self.pick((0, 1, 2, 3, 4, 5, dimension - 1, dimension, -1, -2147483648, 2147483647))
                   for _ in range(self.random.randint(1, 3))]
        data = "".join(map(native, [dimension, len(indexes), 0] + indexes)) + native(0x3f800000) * len(indexes)
        typmod = "" if self.chance(0.8) else f"({self.near(dimension)})"
        return f"'\\x{data}'::bytea::sparsevec::{self.pick(('vector', 'halfvec'))}{typmod}"

    def scan(self):
        """A search of an index on three dimensions, for a query of as many or not."""
        kind = self.pick(TYPES + ("bit",))
        operator = self.pick(("<~>", "<%>") if kind == "bit" else ("<->", "<#>", "<=>", "<+>"))
        dimension = self.pick((1, 2, 3, 3, 3, 4, 100))
        values = [str(self.random.randint(1, 9)) for _ in range(dimension)]
        query = ("".join(self.pick("01") for _ in range(dimension)) if kind == "bit" else
                 "{" + ",".join(f"{i + 1}:{v}" for i, v in enumerate(values)) + f"}}/{dimension}"
                 if kind == "sparsevec" else "[" + ",".join(values) + "]")
        query = "NULL" if self.chance(0.05) else f"'{query}'"
        return (f"nearest('{self.pick(('some', 'no'))}_{kind}', "
                f"'{kind if kind != 'bit' else 'varbit'}', '{operator}', {query})")

    def statistics(self):
        """Few values and many rows, as often as not of several dimensions."""
        kind = self.pick(TYPES)
        values = ["NULL"] * self.chance(0.3)
        for _ in range(self.random.randint(1, 12)):
            numbers = [self.pick("01234") for _ in range(self.pick((2, 2, 2, 1, 3, 300)))]
            values.append('"[' + ",".join(numbers) + ']"' if kind != "sparsevec" else
                          '"{' + ",".join(f"{i + 1}:{n}" for i, n in enumerate(numbers)) + f'}}/{len(numbers)}"')
        rows = [self.pick(values[:self.random.randint(1, len(values))]) for _ in range(self.pick((1, 2, 9, 60)))]
        return f"analyzed('{kind}', '{{{','.join(rows)}}}')"

    def sent(self):
        kind = self.pick(TYPES)
        value = self.value(kind, self.dimension(), 1)
        return self.pick((f"md5({kind}_send({value}))", f"{kind}_send({value})" if not self.recorded else
                          f"md5({kind}_send({value}))", f"pg_column_size({value})"))

    def sorted(self):
        kind = self.pick(TYPES)
        values = [self.value(kind, self.random.randint(1, 3)) for _ in range(self.random.randint(2, 6))]
        wanted = self.pick(("array_agg(x ORDER BY x)", "array_agg(x ORDER BY x DESC NULLS LAST)",
                            "array_agg(DISTINCT x)", "count(DISTINCT x)"))
        return f"(SELECT {wanted} FROM (VALUES {', '.join(f'({v})' for v in values)}) AS t(x))"

    def arrays(self):
        kind = self.pick(TYPES)
        values = [self.value(kind, 2) for _ in range(2)]
        return self.pick((f"ARRAY[{', '.join(values)}]", f"ARRAY[{', '.join(values)}]::text[]::{kind}[]",
                          f"ROW({', '.join(values)})", f"{values[0]} = ANY (ARRAY[{values[1]}])",
                          f"to_json({values[0]})", f"greatest({', '.join(values)})",
                          f"nullif({', '.join(values)})", f"{values[0]} IN ({', '.join(values)})",
                          f"{values[0]} BETWEEN {values[1]} AND {values[0]}",
                          f"{values[0]} IS DISTINCT FROM {values[1]}", f"ROW({values[0]}) < ROW({values[1]})",
                          f"coalesce({', '.join(values)})"))

    def comparison(self):
        kind = self.pick(TYPES)
        left = self.value(kind, self.random.randint(1, 3))
        right = left if self.chance(0.3) else self.value(kind, self.random.randint(1, 3))
        name = self.pick(("<", "<=", "=", "<>", ">=", ">"))
        if self.chance(0.3):
            return f"{kind}_cmp({left}, {right})"
        return f"{left} {name} {right}"

    def ambiguous(self):
        """What the parser makes of arguments of other types."""
        member = self.pick(self.members)
        values = [self.pick((self.value(self.pick(TYPES), 2), "'[1,2]'",
                             # what servers say of it as an array is not the same in all versions
                             "'{1:1}/2'" if not self.recorded else "'{1,2}'", "ARRAY[1,2]",
                             "'{1,2}'::real[]", "NULL", "B'10'", "'10'::varbit", "1"))
                  for _ in member[3]]
        if member[0] == "operator":
            return f"{values[0]} {member[1]} {values[1]}"
        if member[0] == "cast":
            return f"({values[0]})::{member[2]}"
        return f"{member[1] if member[1] not in TYPES else chr(34) + member[1] + chr(34)}({', '.join(values)})"


NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|Infinity|NaN)")


def same(other, ours, scale, signed):
    """Whether two outcomes are, but for the last digits of numbers; zeros have signs."""
    if other == ours:
        return True
    if other.startswith("ERROR") or ours.startswith("ERROR"):
        return False
    if NUMBER.sub("#", other) != NUMBER.sub("#", ours):
        return False
    for a, b in zip(NUMBER.findall(other), NUMBER.findall(ours)):
        a, b = float(a), float(b)
        if signed and a == b == 0 and math.copysign(1, a) != math.copysign(1, b):
            return False
        if a != b and not (a != a and b != b) and not abs(a - b) <= 1e-6 * max(abs(a), abs(b), scale):
            return False
    return True


def nearness(server, case, other, ours):
    """What our sum is, beside the exact one: as near to it as floats can be, or
    nearer than pgvector's; or a number or an infinity where pgvector's sum left
    the range of floats before its end, which is a departure."""
    exact = case.exact and server.outcomes([case.exact])[0]
    if not exact or any(outcome.startswith("ERROR") or outcome == "NULL" for outcome in (exact, other, ours)):
        return "different"
    exact, size = map(float, exact.strip("{}").split(","))
    other, ours = float(other), float(ours)
    if math.isfinite(other):
        return "to 1e-6 of the terms" if abs(ours - exact) <= max(abs(other - exact), 1e-6 * size) else "different"
    right = ours == exact or ours != ours and exact != exact or abs(ours - exact) <= 1e-6 * size
    return "departures" if right else "different"


# As doc/migrating-from-pgvector.md says: errors of ours where pgvector has none, operators that it
# has not, and what it did before version 0.8.7
NEW_ERRORS = ("ERROR 54000 | sparsevec cannot have more than 16000 non-zero elements",)
NEW_OPERATORS = re.compile(r"ERROR 42883 \| operator does not exist: (vector|halfvec|unknown) <[-#=+]> \S.*\[\]")
CHANGED = re.compile("(vector|halfvec)_combine\\(|nearest\\(")


def listed(case, other, ours, version):
    return ours in NEW_ERRORS or NEW_OPERATORS.match(other) or version < [0, 8, 7] and CHANGED.match(case.expression)


def version_of(server):
    version = server.run("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    return [int(number) for number in version.split(".")]


def generate(server, arguments, recorded):
    server.run("CREATE EXTENSION IF NOT EXISTS vector;" + SETUP)
    lines = server.run(SURFACE, "-F", "\x02").splitlines()
    generator = Generator([line.split("\x02") for line in lines], arguments.seed, recorded,
                          version_of(server))
    cases = []
    while len(cases) < arguments.count:
        case = generator.expression()
        if not recorded or len(case.expression) < 300:
            cases.append(case)
    return cases


def shortened(text):
    return text if len(text) <= 600 else text[:400] + " ... " + text[-200:]


def compare(arguments):
    servers = [Psql(arguments.other), Psql(arguments.ours)]
    servers[1].run("CREATE EXTENSION IF NOT EXISTS vector;" + SETUP)
    cases = generate(servers[0], arguments, False)
    version = version_of(servers[0])
    outcomes = [server.outcomes([case.expression for case in cases]) for server in servers]
    tally = dict.fromkeys(("to the letter", "to 1e-6", "to 1e-6 of the terms",
                           "departures", "different"), 0)
    for case, other, ours in zip(cases, *outcomes):
        if other == ours:
            found = "to the letter"
        elif same(other, ours, case.size(), case.exact is None):
            found = "to 1e-6"
        elif listed(case, other, ours, version):
            found = "departures"
        else:
            found = nearness(servers[1], case, other, ours)
        if found == "different":
            print(f"{shortened(case.expression)}\n    pgvector:   {shortened(other)}"
                  f"\n    lokivector: {shortened(ours)}")
        tally[found] += 1
    errors = sum(outcome.startswith("ERROR") for outcome in outcomes[0])
    print(f"{len(cases)} expressions, {errors} of them errors: " +
          ", ".join(f"{count} {what}" for what, count in tally.items()))
    return 1 if tally["different"] else 0


def copied(text):
    """A field of COPY."""
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return text


def record(arguments):
    server = Psql(arguments.other)
    cases = generate(server, arguments, True)
    outcomes = server.outcomes([case.expression for case in cases])
    # but for sums that left the range of floats
    facts = [(case.kind, f"{case.size():g}", copied(case.expression), copied(outcome))
             for case, outcome in zip(cases, outcomes)
             if case.exact is None or outcome not in ("NaN", "Infinity", "-Infinity") or
             nearness(server, case, outcome, outcome) == "departures"]
    facts = sorted(set(fact for fact in facts if len(fact[3]) < 400))
    tests = [f"-- test: {kind}\nSELECT * FROM difference WHERE kind = '{kind}';"
             for kind in sorted(set(fact[0] for fact in facts))]
    version = server.run("SELECT extversion FROM pg_extension WHERE extname = 'vector'").strip()
    setup = re.sub("^DROP .*\n", "", SETUP.replace(" OR REPLACE", ""), flags=re.M)
    print(RECORD % {"version": version, "count": arguments.count, "seed": arguments.seed,
                    "setup": setup, "tests": "\n".join(tests),
                    "facts": "\n".join("\t".join(fact) for fact in facts)}, end="")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("compare", "record"))
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("other")
    parser.add_argument("ours", nargs="?")
    arguments = parser.parse_args()
    return compare(arguments) if arguments.command == "compare" else record(arguments)


if __name__ == "__main__":
    sys.exit(main())
