-- How many rows the planner expects of distance predicates

-- 50 clusters of 100 rows
CREATE FUNCTION sel_vector(n integer, dim integer) RETURNS vector AS $$
	SELECT array_agg(3 * sin((n % 50) * i * 1.7 + i) +
		hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, dim) i
$$ LANGUAGE sql IMMUTABLE STRICT;
CREATE TABLE sel_t (id integer PRIMARY KEY, v vector(32));
INSERT INTO sel_t SELECT i, sel_vector(i, 32) FROM generate_series(1, 5000) i;

-- Rows expected, and rows there are, as a word where they differ by much
CREATE FUNCTION sel_rows(query text, at_most float8) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN expected / actual > at_most THEN format('%s expected of %s', expected, actual)
		WHEN actual / expected > at_most THEN format('only %s expected of %s', expected, actual)
		ELSE 'good' END
	FROM plan_json(query, 'ANALYZE, TIMING OFF') p,
		LATERAL (SELECT (p #>> '{0,Plan,Plan Rows}')::float8 AS expected, greatest((p #>> '{0,Plan,Actual Rows}')::float8, 1) AS actual) r
$$;
CREATE FUNCTION sel_expected(query text) RETURNS float8 LANGUAGE sql RETURN plan_figure(query);

-- test: without statistics
SELECT sel_expected('SELECT * FROM sel_t WHERE v <-> ''[1]'' < 1') < 100 AS few;
SELECT sel_expected('SELECT * FROM sel_t WHERE v <-> ''[1]'' > 1') > 1000 AS many;

-- test: statistics
ANALYZE sel_t;
SELECT null_frac, avg_width, n_distinct, most_common_vals, array_length(histogram_bounds::text::vector[], 1) AS bounds,
	abs(correlation) < 0.5 AS scattered
FROM pg_stats WHERE tablename = 'sel_t' AND attname = 'v';
SELECT ARRAY[stakind1, stakind2, stakind3, stakind4, stakind5] AS kinds, staop3, array_length(stanumbers3, 1) AS numbers,
	ARRAY(SELECT stanumbers3[1 + 26 * i] > 3900 FROM generate_series(0, 3) i) AS targets,
	stanumbers3[2] AS external, stanumbers3[3] AS bytes, array_length(stavalues3::text::vector[], 1) AS vectors
FROM pg_statistic WHERE starelid = 'sel_t'::regclass AND staattnum = 2;

-- test: comparisons are estimated as those of arrays are
CREATE TABLE sel_m (a real[], v vector, h halfvec, s sparsevec);
INSERT INTO sel_m SELECT x, x, x, x FROM generate_series(1, 900) AS i,
	LATERAL (SELECT CASE WHEN i % 9 < 5 THEN ARRAY[1, 1] WHEN i % 9 < 7 THEN ARRAY[2, i % 4] ELSE ARRAY[i, 0] END::real[] AS x) AS t;
INSERT INTO sel_m SELECT FROM generate_series(1, 100);
ANALYZE sel_m;
SELECT attname, null_frac, n_distinct, most_common_freqs,
	array_length(CASE attname WHEN 's' THEN histogram_bounds::text::sparsevec[]::text[] WHEN 'a' THEN NULL
		ELSE histogram_bounds::text::vector[]::text[] END, 1) AS bounds, round(correlation::numeric, 5) AS correlation
FROM pg_stats WHERE tablename = 'sel_m' ORDER BY attname COLLATE "C";
SELECT most_common_vals FROM pg_stats WHERE tablename = 'sel_m' AND attname = 'v';
SELECT condition, sel_expected('SELECT * FROM sel_m WHERE v ' || condition) AS v,
	sel_expected('SELECT * FROM sel_m WHERE a ' || replace(replace(condition, '[', '{'), ']', '}')) AS a
FROM (VALUES ('= ''[1,1]'''), ('= ''[2,3]'''), ('= ''[7,7]'''), ('<> ''[1,1]'''), ('< ''[1,1]'''), ('< ''[450,0]'''),
	('> ''[2,2]'''), ('IS NULL'), ('IN (''[1,1]'', ''[2,3]'')')) AS c(condition);
SELECT sel_expected('SELECT * FROM sel_m x JOIN sel_m y ON x.v = y.v') = sel_expected('SELECT * FROM sel_m x JOIN sel_m y ON x.a = y.a') AS same;

-- test: values of more than 1 kB are not compared
CREATE TABLE sel_w (a real[], v vector(300));
ALTER TABLE sel_w ALTER a SET STORAGE plain, ALTER v SET STORAGE plain;
INSERT INTO sel_w SELECT x, x FROM generate_series(1, 200) i, LATERAL (SELECT array_fill(i % 2, ARRAY[300])::real[] AS x) AS t;
ANALYZE sel_w;
SELECT attname, n_distinct, most_common_vals IS NULL AS none_common, histogram_bounds IS NULL AS no_bounds, correlation
FROM pg_stats WHERE tablename = 'sel_w' ORDER BY attname COLLATE "C";
SELECT sel_rows('SELECT * FROM sel_w WHERE v <-> ' || quote_literal(array_fill(1, ARRAY[300])::vector) || ' < 1', 2);
DROP TABLE sel_m, sel_w;

-- test: operators and bounds, for a query that is not known and one that is
SELECT operator, bound, sel_rows(format('SELECT * FROM sel_t WHERE v %s (SELECT v FROM sel_t WHERE id = 77) < %s',
		operator, bound), 3) AS unknown,
	sel_rows(format('SELECT * FROM sel_t WHERE v %s %L < %s', operator, sel_vector(77, 32), bound), 3) AS known
FROM (VALUES ('<->', 0.001), ('<->', 4.5), ('<->', 5), ('<->', 10), ('<->', 20), ('<->', 1000), ('<=>', 0.07),
	('<=>', 0.1), ('<=>', 1), ('<+>', 20), ('<+>', 25), ('<+>', 100), ('<#>', -100), ('<#>', 0)) o(operator, bound);

-- test: a query that is not like the rows
SELECT bound, sel_rows(format('SELECT * FROM sel_t WHERE v <-> %L < %s', array_fill(30, ARRAY[32])::vector, bound), 200)
FROM (VALUES (50), (100), (171), (500)) o(bound);

-- test: clusters of different sizes, of which the largest ones have most of the short distances
CREATE TABLE sel_c AS SELECT i AS id, sel_vector(50 * i + (i % 71) * (i % 71) / 100, 32) AS v FROM generate_series(1, 5000) i;
ANALYZE sel_c;
SELECT operator, bound, sel_rows(format('SELECT * FROM sel_c WHERE v %s %L < %s', operator, sel_vector(77, 32), bound), 3)
FROM (VALUES ('<->', 4.5), ('<->', 5), ('<=>', 0.1), ('<+>', 25), ('<#>', -130)) o(operator, bound);
DROP TABLE sel_c;

-- test: forms
SELECT form, sel_rows('SELECT * FROM sel_t WHERE ' || replace(form, 'q', quote_literal(sel_vector(77, 32)) || '::vector'), 3)
FROM (VALUES ('q <-> v < 5'), ('5 > v <-> q'), ('v <-> q <= 5'), ('v <-> q > 5'), ('NOT v <-> q < 5'), ('v <-> q BETWEEN 4.5 AND 5'),
	('l2_distance(v, q) < 5'), ('1 - (v <=> q) > 0.9'), ('(v <-> q) * 2 < 10'), ('inner_product(v, q) > 100'),
	('v <-> q < 5 OR v <-> q > 1000'), ('v <-> q < 5 AND id < 2500'), ('v <-> q < ''NaN'''),
	('v <-> q < v <-> sel_vector(3, 32)')) f(form);

-- test: joins
SELECT sel_rows('SELECT * FROM sel_t a JOIN sel_t b ON b.id = a.id WHERE a.v <-> ' || quote_literal(sel_vector(77, 32)) || ' < 5', 3);

-- test: a generic plan does not know the bound
SET plan_cache_mode = force_generic_plan;
PREPARE sel_p(vector, float8) AS SELECT * FROM sel_t WHERE v <-> $1 < $2;
SELECT sel_expected('EXECUTE sel_p(''[1]'', 1)') < 100 AS few;
SET plan_cache_mode = force_custom_plan;
SELECT sel_expected(format('EXECUTE sel_p(%L, 100)', sel_vector(77, 32))) AS all;
DEALLOCATE sel_p;
RESET plan_cache_mode;

-- test: partitions
CREATE TABLE sel_p (id integer, v vector(32)) PARTITION BY RANGE (id);
CREATE TABLE sel_p1 PARTITION OF sel_p FOR VALUES FROM (0) TO (2500);
CREATE TABLE sel_p2 PARTITION OF sel_p FOR VALUES FROM (2500) TO (10000);
INSERT INTO sel_p SELECT * FROM sel_t;
ANALYZE sel_p;
SELECT sel_rows('SELECT * FROM sel_p WHERE v <-> ' || quote_literal(sel_vector(77, 32)) || ' < 5', 3);
SELECT sel_rows('SELECT * FROM sel_p JOIN sel_t USING (id) WHERE sel_p.v <-> ' || quote_literal(sel_vector(77, 32)) || ' < 5', 3);
DROP TABLE sel_p;

-- test: NULLs, several dimensions, TOAST, duplicates, few rows, none
CREATE TABLE sel_n (v vector);
ANALYZE sel_n;
INSERT INTO sel_n VALUES (NULL), (NULL);
ANALYZE sel_n;
SELECT null_frac FROM pg_stats WHERE tablename = 'sel_n';
INSERT INTO sel_n VALUES ('[1,2]'), ('[1,2,3]');
ANALYZE sel_n;
SELECT null_frac, n_distinct FROM pg_stats WHERE tablename = 'sel_n';
INSERT INTO sel_n SELECT sel_vector(i % 20, 8) FROM generate_series(1, 1000) i;
ANALYZE sel_n;
SELECT round(null_frac::numeric, 4), n_distinct FROM pg_stats WHERE tablename = 'sel_n';
SELECT sel_expected('SELECT * FROM sel_n WHERE v <-> ' || quote_literal(sel_vector(7, 8)) || ' < 1') < 200 AS few,
	sel_expected('SELECT * FROM sel_n WHERE v <-> ' || quote_literal(sel_vector(7, 8)) || ' < 100') > 900 AS many;
TRUNCATE sel_n;
INSERT INTO sel_n SELECT sel_vector(i, 1200) FROM generate_series(1, 200) i;
ANALYZE sel_n;
SELECT avg_width, n_distinct FROM pg_stats WHERE tablename = 'sel_n';
SELECT stanumbers1[2] AS external, stanumbers1[3] AS bytes FROM pg_statistic WHERE starelid = 'sel_n'::regclass;
TRUNCATE sel_n;
INSERT INTO sel_n SELECT array_fill(0, ARRAY[3])::vector FROM generate_series(1, 100);
ANALYZE sel_n;
SELECT sel_rows('SELECT * FROM sel_n WHERE v <-> ''[0,0,0]'' < 1', 2) AS l2,
	sel_rows('SELECT * FROM sel_n WHERE v <-> ''[0,0,9]'' < 1', 1000) AS far;

-- test: a domain
CREATE DOMAIN sel_domain AS vector(32);
CREATE TABLE sel_d (v sel_domain);
INSERT INTO sel_d SELECT v FROM sel_t;
ANALYZE sel_d;
SELECT sel_rows('SELECT * FROM sel_d WHERE v <-> ' || quote_literal(sel_vector(77, 32)) || ' < 5', 3);
DROP TABLE sel_d;
DROP DOMAIN sel_domain;

-- test: a query of another type than the column counts as one of the same type
CREATE TABLE sel_b (b bytevec, v vector(32));
INSERT INTO sel_b SELECT v::bytevec, v FROM sel_t;
ANALYZE sel_b;
SELECT operator, bound, n, sel_expected(format('SELECT * FROM sel_b WHERE b %s %L::vector < %s', operator, q, bound)) / same BETWEEN 0.9 AND 1.1 AS bytevec_vector,
	sel_expected(format('SELECT * FROM sel_b WHERE %L::vector %s b < %s', q, operator, bound)) / same BETWEEN 0.9 AND 1.1 AS vector_bytevec,
	sel_expected(format('SELECT * FROM sel_b WHERE v %s %L::bytevec < %s', operator, q, bound)) / same BETWEEN 0.9 AND 1.1 AS of_vectors
FROM (VALUES ('<->', 10), ('<->', 100), ('<->', 171), ('<=>', 0.1), ('<+>', 100), ('<#>', -100), ('<#>', -1000)) o(operator, bound),
	(VALUES (1, sel_vector(77, 32)), (2, array_fill(30, ARRAY[32])::vector)) AS queries(n, q),
	sel_expected(format('SELECT * FROM sel_b WHERE b %s %L::bytevec < %s', operator, q, bound)) AS same;
DROP TABLE sel_b;

DROP TABLE sel_t, sel_n;
DROP FUNCTION sel_vector;

-- test: a distance whose operator has no commutator, the column on its right
CREATE TABLE sets (tokens vector[]);
INSERT INTO sets SELECT ARRAY['[1,2]', '[2,1]']::vector[] FROM generate_series(1, 100);
ANALYZE sets;
EXPLAIN (COSTS OFF) SELECT 1 FROM sets WHERE '{"[1,1]","[1,0]"}'::vector[] @# tokens < -3;
DROP TABLE sets;

-- test: scores of words, from posting lists, and from the server's statistics where there are none
CREATE FUNCTION sel_words(n int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg('w' || (abs(hashint8extended(n, j) % 1000 / 1000.0) ^ 3 * 100)::int::text || ':' || j, ' ')::tsvector
	FROM generate_series(1, 3 + n * 7 % 40) j
$$;
CREATE TABLE sel_listed (id int, tenant int, words tsvector);
INSERT INTO sel_listed SELECT i, i % 5, CASE WHEN i % 10 > 0 THEN sel_words(i) END FROM generate_series(1, 6000) i;
CREATE TABLE sel_unlisted (LIKE sel_listed);
CREATE INDEX sel_unlisted_words ON sel_unlisted USING hnsw (words bm25_ops, tenant);
CREATE INDEX sel_listed_words ON sel_listed USING hnsw (words bm25_ops);
INSERT INTO sel_unlisted TABLE sel_listed;
ANALYZE sel_listed, sel_unlisted;
CREATE TEMP TABLE sel_bounds AS SELECT search, bound FROM (VALUES
	('w5', '< 0'), ('w5', '< -1'), ('w5', '< -2'), ('w5', '<= 0'), ('w5', '> 0'), ('w5', '>= -2'), ('w5', '< 1'), ('w5', '< -100'),
	('w5', '< ''NaN'''), ('w5', '< ''-Infinity'''), ('w5', '< -1e-320'), ('w40', '< 0'), ('w40', '< -2'), ('w40', '< -4'),
	('!w5', '< 0'), ('w5 & !w2', '< 0'), ('w5 & w40', '< 0'), ('w5 | w40 | none', '< -2'), ('w1 | w2 | w3 | w4 | w5', '< -3')) v(search, bound);
SELECT search, bound, sel_rows(format('SELECT * FROM sel_listed WHERE words <@> %L %s', search, bound), 3) AS listed,
	sel_rows(format('SELECT * FROM sel_unlisted WHERE words <@> %L %s', search, bound), 3) AS unlisted FROM sel_bounds;
SELECT search, bound, sel_rows(format('SELECT * FROM sel_listed WHERE words <@> %L %s', search, bound), 3) AS listed
FROM (VALUES ('none', '< 0'), ('w40', '< -3'), ('w40 | none', '< -3')) v(search, bound);
-- by the parameters of the index
ALTER INDEX sel_listed_words SET (k1 = 0);
REINDEX INDEX sel_listed_words;
SELECT search, bound, sel_rows(format('SELECT * FROM sel_listed WHERE words <@> %L %s', search, bound), 3) AS k1_0
FROM (VALUES ('w5', '< -0.5'), ('w5', '< -2'), ('w40', '< -4')) v(search, bound);
ALTER INDEX sel_listed_words SET (k1 = 20);
REINDEX INDEX sel_listed_words;
SELECT search, bound, sel_rows(format('SELECT * FROM sel_listed WHERE words <@> %L %s', search, bound), 3) AS k1_20
FROM (VALUES ('w5', '< -0.5'), ('w5', '< -1'), ('w40', '< -2')) v(search, bound);
ALTER INDEX sel_listed_words RESET (k1);
REINDEX INDEX sel_listed_words;
-- a query that is not known, as before; one by an index of another's name; the beginning of a word
SELECT sel_expected('SELECT * FROM sel_listed WHERE words <@> (SELECT ''w5''::tsquery OFFSET 0) < 0') AS unknown,
	sel_rows('SELECT * FROM sel_listed WHERE words <@@> bm25_weigh(''sel_listed_words'', ''w5'') < 0', 3) AS named,
	sel_rows('SELECT * FROM sel_listed WHERE words <@@> bm25_weigh(''sel_unlisted_words'', ''w5'') < 0', 3) AS foreign_name,
	sel_expected('SELECT * FROM sel_listed WHERE words <@> ''w5:*'' < 0') AS beginning;
-- a bound in a table of partitions
CREATE TABLE sel_parts (LIKE sel_listed) PARTITION BY LIST (tenant);
CREATE TABLE sel_parts_1 PARTITION OF sel_parts FOR VALUES IN (0, 1);
CREATE TABLE sel_parts_2 PARTITION OF sel_parts DEFAULT;
INSERT INTO sel_parts TABLE sel_listed;
CREATE INDEX sel_parts_words ON sel_parts USING hnsw (words bm25_ops);
ANALYZE sel_parts;
SELECT sel_rows('SELECT * FROM sel_parts WHERE words <@> ''w40'' < 0', 3) AS parts, sel_rows('SELECT * FROM sel_parts_1 WHERE words <@> ''w40'' < 0', 3) AS part;
-- row security: the plan is a search, not a sort; who may not know how many rows have a word learns it from no estimate
CREATE ROLE sel_reader;
GRANT SELECT ON sel_listed TO sel_reader;
ALTER TABLE sel_listed ENABLE ROW LEVEL SECURITY;
CREATE POLICY sel_own ON sel_listed TO sel_reader USING (tenant = 3);
INSERT INTO sel_listed SELECT i, 4, ('secret x' || i)::tsvector FROM generate_series(1, 500) i;
REINDEX INDEX sel_listed_words;
SELECT sel_rows('SELECT * FROM sel_listed WHERE words <@@> bm25_weigh(''sel_listed_words'', ''secret'') < 0', 3) AS owner;
SET ROLE sel_reader;
SELECT sel_expected('SELECT * FROM sel_listed WHERE words <@@> bm25_weigh(''sel_listed_words'', ''secret'') < 0') < 10 AS few;
RESET ROLE;
ALTER INDEX sel_listed_words SET (shared_statistics = true);
SET ROLE sel_reader;
SELECT search, sel_rows(format('SELECT * FROM sel_listed WHERE words <@> %L < 0', search), 3) AS expected
FROM unnest('{w5,w40,w5|w40}'::text[]) search;
EXPLAIN (COSTS OFF) SELECT id FROM sel_listed WHERE words <@> 'w5' < 0 ORDER BY words <@> 'w5' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM sel_listed WHERE words <@> 'w40 | w5' < -2 ORDER BY words <@> 'w40 | w5' LIMIT 10;
RESET ROLE;
DROP TABLE sel_listed, sel_unlisted, sel_parts, sel_bounds;
DROP FUNCTION sel_words, sel_rows, sel_expected;
DROP ROLE sel_reader;
