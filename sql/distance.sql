--
-- Distances between vectors, and between bit strings
--

-- test: sums of small integers are exact with every instruction set
SELECT l2_distance('[0,0]'::vector, '[3,4]'), l2_distance('[0,0]'::vector, '[0,1]'), l2_distance('[1,2]'::vector, '[1,2]'), '[0,0]'::vector <-> '[3,4]';
SELECT inner_product('[1,2]'::vector, '[3,4]'), inner_product('[1,2]'::vector, '[-3,-4]'), '[1,2]'::vector <#> '[3,4]';
SELECT cosine_distance('[1,2]'::vector, '[2,4]'), cosine_distance('[1,1]'::vector, '[1,1]'), cosine_distance('[1,0]'::vector, '[0,2]'), cosine_distance('[1,1]'::vector, '[-1,-1]'), '[1,0]'::vector <=> '[-3,0]';
SELECT l1_distance('[0,0]'::vector, '[3,4]'), l1_distance('[0,0]'::vector, '[0,-1]'), l1_distance('[1,2]'::vector, '[1,2]'), '[-1,2]'::vector <+> '[3,-4]';
SELECT vector_l2_squared_distance('[0,0]', '[3,4]'), vector_negative_inner_product('[1,2]', '[3,4]');
SELECT vector_spherical_distance('[1,0]', '[1,0]'), vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,0]', '[-1,0]');
SELECT vector_spherical_distance('[2,0]', '[1,0]'), vector_spherical_distance('[2,0]', '[-1,0]');

-- test: arguments out of the range of floats, and beyond it
SELECT l2_distance('[3e38]'::vector, '[-3e38]'), vector_l2_squared_distance('[1e20]', '[0]'), l2_distance('[3e-30]'::vector, '[0]');
SELECT inner_product('[3e38]'::vector, '[3e38]'), inner_product('[3e38]'::vector, '[-3e38]'), '[3e38]'::vector <#> '[3e38]';
SELECT cosine_distance('[3e38]'::vector, '[3e38]'), cosine_distance('[3e38,1]'::vector, '[1,0]'), l1_distance('[3e38]'::vector, '[-3e38]'), l1_distance('[3e38,3e38]'::vector, '[0,0]');

-- test: a zero vector has no direction
SELECT cosine_distance('[0,0]'::vector, '[1,2]'), cosine_distance('[1,2]'::vector, '[0,0]'), cosine_distance('[0]'::vector, '[0]');

-- test: rounding does not bring a cosine out of its range
SELECT cosine_distance('[0.1,0.2,0.3]'::vector, '[0.1,0.2,0.3]') BETWEEN 0 AND 1e-6 AS near, cosine_distance('[1,1,1]'::vector, '[1.1,1.1,1.1]') >= 0 AS least, cosine_distance('[1,1,1]'::vector, '[-1.1,-1.1,-1.1]') <= 2 AS most;

-- test: sums of integers at every number of dimensions
SELECT count(*) AS dimensions FROM generate_series(1, 300) d,
	LATERAL (SELECT array_agg(1 + i % 9)::vector AS a, array_agg(1 - i % 7)::vector AS b,
		sum(((1 + i % 9) - (1 - i % 7)) ^ 2) AS l2, sum((1 + i % 9) * (1 - i % 7)) AS dot, sum(abs((1 + i % 9) - (1 - i % 7))) AS l1
		FROM generate_series(1, d) i) s
	WHERE vector_l2_squared_distance(a, b) = l2 AND inner_product(a, b) = dot AND l1_distance(a, b) = l1
	AND a <-> b = sqrt(l2) AND a <#> b = -dot AND a <+> b = l1;

-- test: against the same in float8, on random vectors
SELECT setseed(0.5);
CREATE TABLE t AS
	SELECT i, (1 + i * 7 % 400) AS d,
		(SELECT array_agg((random() - 0.5) * 10 ^ (i % 5 + 0 * j)) FROM generate_series(1, 1 + i * 7 % 400) j)::vector AS a,
		(SELECT array_agg((random() - 0.5) * 10 ^ (i % 3 + 0 * j)) FROM generate_series(1, 1 + i * 7 % 400) j)::vector AS b
	FROM generate_series(1, 400) i;
CREATE TABLE u AS
	SELECT i, d, a, b, s.* FROM t, LATERAL (
		SELECT sqrt(sum((x::float8 - y::float8) ^ 2)) AS l2, sum(x::float8 * y::float8) AS dot,
			sum(abs(x::float8 * y::float8)) AS terms, sum(abs(x::float8 - y::float8)) AS l1,
			sqrt(sum(x::float8 ^ 2)) AS norma, sqrt(sum(y::float8 ^ 2)) AS normb
			FROM unnest(a::real[], b::real[]) AS e(x, y)) s;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE abs(l2_distance(a, b) - l2) > 1e-5 * l2) AS l2,
	count(*) FILTER (WHERE abs(vector_l2_squared_distance(a, b) - l2 ^ 2) > 1e-5 * l2 ^ 2) AS l2_squared,
	count(*) FILTER (WHERE abs(inner_product(a, b) - dot) > 1e-5 * terms) AS inner_product,
	count(*) FILTER (WHERE abs(cosine_distance(a, b) - (1 - dot / (norma * normb))) > 1e-5) AS cosine,
	count(*) FILTER (WHERE abs(l1_distance(a, b) - l1) > 1e-5 * l1) AS l1,
	count(*) FILTER (WHERE abs(vector_norm(a) - norma) > 1e-12 * norma) AS norm,
	count(*) FILTER (WHERE abs(vector_norm(l2_normalize(b)) - 1) > 1e-6) AS normalize,
	count(*) FILTER (WHERE abs(vector_spherical_distance(l2_normalize(a), l2_normalize(b)) - acos(greatest(-1, least(1, dot / (norma * normb)))) / pi()) > 1e-3) AS spherical
	FROM u;

-- test: order of the arguments
SELECT count(*) FILTER (WHERE a <-> b <> b <-> a) AS l2, count(*) FILTER (WHERE a <#> b <> b <#> a) AS inner_product,
	count(*) FILTER (WHERE a <=> b <> b <=> a) AS cosine, count(*) FILTER (WHERE a <+> b <> b <+> a) AS l1 FROM u;
DROP TABLE t, u;

SELECT NULL::vector <-> '[1]', '[1]'::vector <#> NULL, cosine_distance(NULL::vector, NULL), NULL::vector <+> '[1]';

\c -
-- test: distances between bit strings
SELECT hamming_distance('111', '111'), hamming_distance('111', '110'), hamming_distance('111', '100'), hamming_distance('111', '000');
SELECT hamming_distance(B'', B''), B'10' <~> B'11', '101'::varbit <~> '010'::varbit, hamming_distance('10', '1'::varbit || B'1');
SELECT jaccard_distance('1111', '1111'), jaccard_distance('1111', '1110'), jaccard_distance('1111', '1100'), jaccard_distance('1111', '1000');
SELECT jaccard_distance('1111', '0000'), jaccard_distance('1100', '1000'), jaccard_distance('0000', '0000'), jaccard_distance(B'', B''), B'1100' <%> B'0110';
SELECT hamming_distance(NULL, B'1'), B'1' <%> NULL;

-- test: lengths that do not match
SELECT hamming_distance('111', '00');
SELECT B'1111' <%> B'000';
SELECT hamming_distance(B'', B'1');
SELECT jaccard_distance('1'::bit(4), '1'::bit(3));

-- test: every length up to 700 bits and some beyond, against sums of single bits
CREATE FUNCTION random_bits(n int, seed int) RETURNS varbit LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg((hashint8extended(seed, j) & 1)::text, '' ORDER BY j)::varbit FROM generate_series(1, n) j
$$;
SELECT count(*), count(*) FILTER (WHERE a <~> b <> differ) AS hamming, count(*) FILTER (WHERE a <%> b <> CASE WHEN common = 0 THEN 1 ELSE 1 - common::float8 / either END) AS jaccard
	FROM (SELECT a, b, bit_count(a # b) AS differ, bit_count(a & b) AS common, bit_count(a | b) AS either
		FROM (SELECT random_bits(n, 1) AS a, random_bits(n, 2) AS b FROM generate_series(1, 700) n UNION ALL SELECT random_bits(n, 3), random_bits(n, 4) FROM unnest('{1024,1535,4096,64000,64001}'::int[]) n) s) t;
DROP FUNCTION random_bits;

-- test: long strings, from a table
CREATE TABLE t (i int, b bit(20000));
INSERT INTO t SELECT i, repeat('1', i)::bit(20000) FROM generate_series(0, 20000, 5000) i;
SELECT i, b <~> repeat('1', 7000)::bit(20000) AS hamming, b <%> repeat('1', 7000)::bit(20000) AS jaccard FROM t ORDER BY i;
SELECT repeat('1', 1000000)::varbit <~> repeat('0', 1000000)::varbit, repeat('1', 1000000)::varbit <%> repeat('10', 500000)::varbit;
DROP TABLE t;

-- test: binary_quantize gives bit strings
SELECT binary_quantize('[1,0,-1,2]'::vector) <~> binary_quantize('[1,1,1,1]'::halfvec), pg_typeof(binary_quantize('[1]'::vector)), binary_quantize('[1,-1,1]'::vector)::bit(3) <%> B'100';

SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE o.oprname IN ('<~>', '<%>') AND o.oprleft = 'bit'::regtype ORDER BY 1;
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p WHERE proname IN ('hamming_distance', 'jaccard_distance') ORDER BY 1;

\c -
-- Distances of vectors from arrays of numbers, and what operands of no type stay beside them

CREATE TABLE a (id integer, v vector(3), h halfvec(3), b bytevec(3), s sparsevec(3));
INSERT INTO a SELECT i, w, w, w, w FROM generate_series(1, 200) i, LATERAL (SELECT ARRAY[i, i % 7, i % 11]::vector AS w) x;
CREATE INDEX a_v ON a USING hnsw (v vector_l2_ops);
CREATE INDEX a_c ON a USING hnsw (v vector_cosine_ops);
CREATE INDEX a_h ON a USING hnsw (h halfvec_l2_ops);
CREATE INDEX a_b ON a USING hnsw (b bytevec_cosine_ops);
ANALYZE a;
SET enable_seqscan = off;
SET enable_sort = off;

-- test: each distance is that of the vector of the array
SELECT '[1,2,3]'::vector <-> ARRAY[1.5, 2, 3] AS numeric, '[1,2,3]'::vector <-> ARRAY[1, 2, 4] AS integer,
	'[1,2,3]'::vector <-> '{1,2,5}'::real[] AS real, '[1,2,3]'::vector <-> '{1,2,6}'::double precision[] AS double,
	'[1,2,3]'::vector <-> '{1,2,7}'::bigint[] AS bigint, '[1,2,3]'::vector <-> '{1,2,8}'::smallint[] AS smallint;
SELECT bool_and(v <-> arr = v <-> arr::vector) AS l2, bool_and(v <#> arr = v <#> arr::vector) AS ip,
	bool_and(v <=> arr = v <=> arr::vector) AS cosine, bool_and(v <+> arr = v <+> arr::vector) AS l1,
	bool_and(h <-> arr = h <-> arr::halfvec) AS l2_half, bool_and(h <#> arr = h <#> arr::halfvec) AS ip_half,
	bool_and(h <=> arr = h <=> arr::halfvec) AS cosine_half, bool_and(h <+> arr = h <+> arr::halfvec) AS l1_half,
	bool_and(b <-> arr = b <-> arr::vector) AS l2_byte, bool_and(b <#> arr = b <#> arr::vector) AS ip_byte,
	bool_and(b <=> arr = b <=> arr::vector) AS cosine_byte, bool_and(b <+> arr = b <+> arr::vector) AS l1_byte
FROM a, (VALUES (ARRAY[1.5, -2, 3])) AS r(arr);
SELECT v <-> NULL::double precision[] AS null_array, NULL::vector <-> ARRAY[1.0] AS null_vector, b <-> ARRAY[1.0, 2, 3] IS NOT NULL AS of_bytevec
FROM a WHERE id = 1;

-- test: what is no vector is an error
SELECT v <-> ARRAY[1.0, 2] FROM a LIMIT 1;
SELECT v <-> ARRAY[1.0, 2, NULL] FROM a LIMIT 1;
SELECT v <-> ARRAY[[1.0, 2, 3]] FROM a LIMIT 1;
SELECT b <=> ARRAY[1.0, 2] FROM a LIMIT 1;
-- servers explain these differently
\set VERBOSITY terse
SELECT v <-> ARRAY['1', '2', '3'] FROM a LIMIT 1;
SELECT s <-> ARRAY[1.0, 2, 3] FROM a LIMIT 1;
\set VERBOSITY default

-- test: operands of no type stay what they were
SELECT pg_typeof(v <-> '[1,2,3]'), v <-> '[1,2,3]' = v <-> '[1,2,3]'::vector AS same, h <-> '[1,2,3]' = h <-> '[1,2,3]'::halfvec AS half,
	'[1,2,3]' <-> v = v <-> '[1,2,3]' AS left, s <-> '{1:1}/3' = s <-> '{1:1}/3'::sparsevec AS sparse, b <-> '[1,2,3]' >= 0 AS byte,
	v <-> NULL AS null, v <-> h = v::halfvec <-> h AS to_half, v <-> s = v::sparsevec <-> s AS to_sparse, v <-> b = v <-> b::vector AS to_byte
FROM a WHERE id = 1;
\set VERBOSITY terse
SELECT '[1,2]' <-> '[1,2]';
\set VERBOSITY default
SELECT v <-> '{1,2,3}' FROM a LIMIT 1;
PREPARE untyped AS SELECT id FROM a ORDER BY v <-> $1 LIMIT 2;
PREPARE left_untyped AS SELECT id FROM a ORDER BY $1 <=> v LIMIT 2;
PREPARE half_untyped AS SELECT id FROM a ORDER BY h <-> $1 LIMIT 2;
PREPARE typed(double precision[]) AS SELECT id FROM a ORDER BY v <-> $1 LIMIT 2;
PREPARE byte_untyped AS SELECT id FROM a ORDER BY b <=> $1 LIMIT 2;
PREPARE typed_byte(smallint[]) AS SELECT id FROM a ORDER BY b <=> $1 LIMIT 2;
PREPARE typed_real(real[]) AS SELECT id FROM a ORDER BY h <-> $1 LIMIT 2;
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name;

-- test: the index is used, with constants, parameters and sub-selects
EXPLAIN (COSTS OFF) SELECT id FROM a ORDER BY v <-> ARRAY[50.0, 1, 6] LIMIT 2;
SELECT id FROM a ORDER BY v <-> ARRAY[50.0, 1, 6] LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id, v <=> '{50,1,6}'::real[] AS d FROM a ORDER BY d LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id FROM a ORDER BY h <-> ARRAY[50, 1, 6] LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id FROM a ORDER BY b <=> '{50,1,6}'::int[] LIMIT 2;
SELECT id FROM a ORDER BY b <=> '{50,1,6}'::int[] LIMIT 2;
SELECT id FROM a WHERE b <=> ARRAY[50.0, 1, 6] < 0.0005 ORDER BY b <=> ARRAY[50.0, 1, 6] LIMIT 3;
SELECT id FROM a ORDER BY v <-> (SELECT array_agg(i::double precision) FROM generate_series(1, 3) i) LIMIT 1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE typed('{50,1,6}');
EXECUTE typed('{50,1,6}');
EXPLAIN (COSTS OFF) EXECUTE typed_real('{50,1,6}');
EXECUTE typed_real('{50,1,6}');
EXPLAIN (COSTS OFF) EXECUTE typed_byte('{50,1,6}');
EXECUTE typed_byte('{50,1,6}');
EXECUTE byte_untyped(ARRAY[50, 1, 6]);
EXECUTE untyped('[50,1,6]');
RESET plan_cache_mode;
EXPLAIN (COSTS OFF) SELECT q.n, s.id FROM (VALUES (1, ARRAY[50.0, 1, 6]), (2, ARRAY[99, 1, 0])) AS q(n, arr),
	LATERAL (SELECT id FROM a ORDER BY v <-> q.arr LIMIT 1) s;
SELECT q.n, s.id FROM (VALUES (1, ARRAY[50.0, 1, 6]), (2, ARRAY[99, 1, 0])) AS q(n, arr),
	LATERAL (SELECT id FROM a ORDER BY v <-> q.arr LIMIT 1) s;

DEALLOCATE ALL;
DROP TABLE a;


RESET ALL;

-- Maximal marginal relevance: vectors near a query that differ from each other

-- test: lambda weighs nearness against difference
SELECT lambda, mmr('[1,0]', ARRAY['[1,0.1]', '[1,0.11]', '[1,-0.2]', '[0,1]']::vector[], lambda, 3) AS vector,
	mmr('[1,0]', ARRAY['[1,0.1]', '[1,0.11]', '[1,-0.2]', '[0,1]']::halfvec[], lambda, 3) AS halfvec
	FROM unnest(ARRAY[1, 0.7, 0.3, 0]) lambda;

-- test: no more positions than vectors, none for none
SELECT mmr('[1]', ARRAY['[1]', '[2]']::vector[], 0.5, 10) AS all, mmr('[1]', ARRAY['[1]']::vector[], 0.5, 0) AS none,
	mmr('[1]', '{}'::vector[], 0.5, 10) AS empty, mmr('[1]', '{}'::halfvec[], 0.5, 10) AS half_empty;

-- test: NULL arguments give NULL
SELECT mmr(NULL, ARRAY['[1]']::vector[], 0.5, 1), mmr('[1]', NULL::vector[], 0.5, 1),
	mmr('[1]', ARRAY['[1]']::vector[], NULL, 1), mmr('[1]', ARRAY['[1]']::vector[], 0.5, NULL);

-- test: of equal scores the first; zero vectors are similar to nothing; no norm overflows
SELECT mmr('[1,0]', ARRAY['[0,1]', '[2,0]', '[3,0]']::vector[], 1, 2) AS first,
	mmr('[1,0]', ARRAY['[-1,0]', '[0,0]', '[1,1]']::vector[], 0.5, 3) AS zero,
	mmr('[0,0]', ARRAY['[1,0]', '[1,0]', '[0,1]']::vector[], 0.5, 3) AS zero_query,
	mmr('[3e38,0]', ARRAY['[3e38,3e38]', '[1e-40,0]']::vector[], 1, 2) AS long,
	mmr('[1,0]', '[5:6]={"[0,1]","[1,0]"}'::vector[], 1, 2) AS subscripts;

-- test: errors
SELECT mmr('[1]', ARRAY['[1]', NULL]::vector[], 0.5, 1);
SELECT mmr('[1]', ARRAY[NULL]::halfvec[], 0.5, 1);
SELECT mmr('[1]', ARRAY[ARRAY['[1]']]::vector[], 0.5, 1);
SELECT mmr('[1]', ARRAY['[1]', '[1,2]']::vector[], 0.5, 1);
SELECT mmr('[1,2]', ARRAY['[1]']::vector[], 0.5, 1);
SELECT mmr('[1,2]', ARRAY['[1]']::halfvec[], 0.5, 0);
SELECT mmr('[1]', ARRAY['[1]']::vector[], 1.01, 1);
SELECT mmr('[1]', ARRAY['[1]']::vector[], -0.01, 1);
SELECT mmr('[1]', ARRAY['[1]']::halfvec[], 'NaN', 1);
SELECT mmr('[1]', ARRAY['[1]']::vector[], 0.5, -1);

-- test: the same as the definition in SQL, at each step and for each lambda
CREATE TABLE items (id int PRIMARY KEY, v vector(9), h halfvec(9));
INSERT INTO items SELECT i, v, v::halfvec FROM generate_series(1, 60) i,
	LATERAL (SELECT array_agg((hashint4(i * 1009 + d) % 1000) / 1000.0 ORDER BY d)::vector(9) AS v
		FROM generate_series(1, 9) d) s;
CREATE FUNCTION mmr_by_definition(query vector, vectors vector[], lambda float8, k int) RETURNS int[]
LANGUAGE plpgsql AS $$
DECLARE
	chosen int[] := '{}';
BEGIN
	WHILE cardinality(chosen) < k LOOP
		SELECT chosen || position::int INTO chosen
		FROM unnest(vectors) WITH ORDINALITY d(v, position)
		WHERE position <> ALL (chosen)
		ORDER BY lambda * (1 - (d.v <=> query)) - (1 - lambda) *
			coalesce((SELECT max(1 - (d.v <=> vectors[s])) FROM unnest(chosen) s), 0) DESC LIMIT 1;
	END LOOP;
	RETURN chosen;
END $$;
SELECT count(*), count(*) FILTER (WHERE mmr(q.v, a.vectors, lambda, k) <> mmr_by_definition(q.v, a.vectors, lambda, k)) AS wrong,
	count(*) FILTER (WHERE mmr(q.h, a.halves, lambda, k) <>
		mmr_by_definition(q.h::vector, a.halves::vector[], lambda, k)) AS wrong_half
	FROM items q, unnest(ARRAY[1, 0.9, 0.5, 0.1]) lambda, unnest(ARRAY[1, 4, 12]) k,
		(SELECT array_agg(v ORDER BY id) AS vectors, array_agg(h ORDER BY id) AS halves FROM items) a
	WHERE q.id <= 15;

-- test: rows that differ, of the nearest, in one statement
CREATE INDEX ON items USING hnsw (v vector_cosine_ops);
WITH nearest AS (
	SELECT array_agg(id ORDER BY place) AS ids, array_agg(v ORDER BY place) AS vectors
	FROM (SELECT id, v, row_number() OVER () AS place
		FROM (SELECT * FROM items ORDER BY v <=> (SELECT v FROM items WHERE id = 7) LIMIT 20) s) s
)
SELECT count(*), count(DISTINCT id), max(id) FILTER (WHERE place = 1) AS first
	FROM (SELECT ids[position] AS id, place
		FROM nearest, unnest(mmr((SELECT v FROM items WHERE id = 7), vectors, 0.5, 5)) WITH ORDINALITY c(position, place)) s;
DROP FUNCTION mmr_by_definition;
DROP TABLE items;
