-- Distances of vectors from arrays of numbers, and what operands of no type stay beside them

CREATE TABLE a (id integer, v vector(3), h halfvec(3), b bytevec(3), s sparsevec(3));
INSERT INTO a SELECT i, w, w, w, w FROM generate_series(1, 200) i, LATERAL (SELECT ARRAY[i, i % 7, i % 11]::vector AS w) x;
CREATE INDEX a_v ON a USING hnsw (v vector_l2_ops);
CREATE INDEX a_c ON a USING hnsw (v vector_cosine_ops);
CREATE INDEX a_h ON a USING hnsw (h halfvec_l2_ops);
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
	bool_and(h <=> arr = h <=> arr::halfvec) AS cosine_half, bool_and(h <+> arr = h <+> arr::halfvec) AS l1_half
FROM a, (VALUES (ARRAY[1.5, -2, 3])) AS r(arr);
SELECT v <-> NULL::double precision[] AS null_array, NULL::vector <-> ARRAY[1.0] AS null_vector, b <-> ARRAY[1.0, 2, 3] IS NOT NULL AS of_bytevec
FROM a WHERE id = 1;

-- test: what is no vector is an error
SELECT v <-> ARRAY[1.0, 2] FROM a LIMIT 1;
SELECT v <-> ARRAY[1.0, 2, NULL] FROM a LIMIT 1;
SELECT v <-> ARRAY[[1.0, 2, 3]] FROM a LIMIT 1;
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
PREPARE typed_real(real[]) AS SELECT id FROM a ORDER BY h <-> $1 LIMIT 2;
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name;

-- test: the index is used, with constants, parameters and sub-selects
EXPLAIN (COSTS OFF) SELECT id FROM a ORDER BY v <-> ARRAY[50.0, 1, 6] LIMIT 2;
SELECT id FROM a ORDER BY v <-> ARRAY[50.0, 1, 6] LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id, v <=> '{50,1,6}'::real[] AS d FROM a ORDER BY d LIMIT 2;
EXPLAIN (COSTS OFF) SELECT id FROM a ORDER BY h <-> ARRAY[50, 1, 6] LIMIT 2;
SELECT id FROM a ORDER BY v <-> (SELECT array_agg(i::double precision) FROM generate_series(1, 3) i) LIMIT 1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE typed('{50,1,6}');
EXECUTE typed('{50,1,6}');
EXPLAIN (COSTS OFF) EXECUTE typed_real('{50,1,6}');
EXECUTE typed_real('{50,1,6}');
EXECUTE untyped('[50,1,6]');
RESET plan_cache_mode;
EXPLAIN (COSTS OFF) SELECT q.n, s.id FROM (VALUES (1, ARRAY[50.0, 1, 6]), (2, ARRAY[99, 1, 0])) AS q(n, arr),
	LATERAL (SELECT id FROM a ORDER BY v <-> q.arr LIMIT 1) s;
SELECT q.n, s.id FROM (VALUES (1, ARRAY[50.0, 1, 6]), (2, ARRAY[99, 1, 0])) AS q(n, arr),
	LATERAL (SELECT id FROM a ORDER BY v <-> q.arr LIMIT 1) s;

DEALLOCATE ALL;
DROP TABLE a;
