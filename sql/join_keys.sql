-- Scans of an hnsw index for the join keys of another relation

SET max_parallel_workers_per_gather = 0;

CREATE FUNCTION values_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20);

CREATE TYPE values_color AS ENUM ('red', 'green', 'blue', 'black', 'white', 'grey');
CREATE TABLE values_kinds (id integer PRIMARY KEY, region integer, name text, short varchar(20),
	small smallint, big bigint, color values_color, ref integer);
INSERT INTO values_kinds SELECT n, n % 20, 'kind ' || n, 'kind ' || n, n, n,
	(enum_range(NULL::values_color))[n % 6 + 1], nullif(n % 7, 3) FROM generate_series(0, 99) n;
CREATE TABLE values_regions (id integer PRIMARY KEY, country text);
INSERT INTO values_regions SELECT n, 'country ' || n % 10 FROM generate_series(0, 19) n;
CREATE TABLE values_t (id integer PRIMARY KEY, v vector(16), kind integer, big bigint,
	name text, color values_color, other integer, plain integer);
INSERT INTO values_t SELECT n, values_vector(n), nullif(n * 7 % 103, 102), n * 13 % 101,
	'kind ' || n * 3 % 103, (enum_range(NULL::values_color))[n % 6 + 1], n * 11 % 103, n % 3
	FROM generate_series(1, 4000) n;
CREATE INDEX values_v ON values_t USING hnsw (v vector_l2_ops, kind, big, name, color);
CREATE INDEX values_other ON values_t (other);
VACUUM ANALYZE values_t;
ANALYZE values_kinds, values_regions;

-- The plan without the query's vector
CREATE FUNCTION values_plan(query text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(plan_line(query), 'unnamed_subquery', '"ANY_subquery"')
$$;

-- How many values there were, and how often what has them was read
CREATE FUNCTION values_work(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, 'rows=.*loops', 'loops') FROM plan_lines(query, 'ANALYZE') line WHERE line ~ 'JoinKeys|Keys:|values_kinds'
$$;

-- Whether it is a plan of ours, and what it returns is what others return
CREATE FUNCTION values_same(query text) RETURNS text LANGUAGE sql SET enable_indexscan = on AS $$
	SELECT CASE WHEN uses IS NULL THEN 'others, ' ELSE 'ours, ' END || outcome || ' ' || rows FROM same(query, 'LokivectorJoinKeys')
$$;

-- Both
CREATE FUNCTION values_check(query text) RETURNS SETOF text LANGUAGE sql AS 'SELECT values_plan(query) UNION ALL SELECT values_same(query)';

-- test: semi-joins
SELECT values_check('SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t t WHERE EXISTS (SELECT FROM values_kinds k WHERE k.id = t.kind AND k.region < 4) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- values that come several times, and NULL
SELECT values_check('SELECT id FROM values_t WHERE kind IN (SELECT ref FROM values_kinds WHERE region < 15) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- no value
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = -1) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT ref FROM values_kinds WHERE id = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- what is read first may be anything
SELECT values_check($$SELECT id FROM values_t WHERE kind IN (SELECT k.id FROM values_kinds k JOIN values_regions r ON r.id = k.region WHERE country = 'country 3') ORDER BY v <-> values_vector(-1) LIMIT 10$$);
-- keys for which there is no index: each row is looked up in a hash table of them
CREATE TABLE values_rare AS SELECT n * 40 AS id, n AS rank FROM generate_series(0, 999) n;
ANALYZE values_rare;
SELECT values_check('SELECT id FROM values_t WHERE id - 1 IN (SELECT id FROM values_rare WHERE rank < 900) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- ... which are not read if no row meets the scan's other conditions; a row without a vector does
CREATE FUNCTION values_rare_read(condition text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '^ +(->  )?', '') FROM plan_lines('SELECT id FROM values_t WHERE ' || condition ||
		' AND id - 1 IN (SELECT id FROM values_rare WHERE rank < 900) ORDER BY v <-> values_vector(-1) LIMIT 10', 'ANALYZE') line
	WHERE line ~ 'JoinKeys|Keys:|on values_rare'
$$;
INSERT INTO values_t (id, big) VALUES (8001, 300);
SELECT values_rare_read('big = 200');
SELECT values_rare_read('big = 50');
SELECT values_rare_read('big = 300');
SELECT values_same('SELECT id FROM values_t WHERE big = 300 AND id - 1 IN (SELECT id FROM values_rare WHERE rank < 900) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- ... by conditions whose values are known before the scan begins
SELECT values_rare_read('big = (SELECT 200 + 0 * max(id) FROM values_regions)');
DELETE FROM values_t WHERE id = 8001;
-- ... and no index has slots but ours
DO $$BEGIN EXECUTE format('CREATE INDEX values_btree ON values_t (other, (v <-> %L::vector))', values_vector(-1)); END$$;
SELECT values_rare_read('other = 200');
SELECT values_check('SELECT id FROM values_t WHERE other = 50 AND id - 1 IN (SELECT id FROM values_rare WHERE rank < 900) ORDER BY v <-> values_vector(-1) LIMIT 10');
DROP INDEX values_btree;
-- ... but not by hash functions of two types, which would compare with each key
SELECT values_same('SELECT id FROM values_t WHERE (id - 1)::bigint IN (SELECT id FROM values_rare WHERE rank < 900) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- an array of the keys is no other condition
SELECT values_check('SELECT id FROM values_t WHERE kind = ANY (ARRAY(SELECT ref FROM values_kinds WHERE region < 15)) AND plain < 2 ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE big = ANY (ARRAY(SELECT DISTINCT ref::bigint FROM values_kinds WHERE region < 15 ORDER BY 1 LIMIT 3)) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE name = ANY (ARRAY(SELECT name FROM values_kinds WHERE region < 15)) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind < ANY (ARRAY(SELECT ref FROM values_kinds WHERE region = 3)) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t t WHERE kind = ANY (ARRAY(SELECT ref FROM values_kinds k WHERE k.id > t.kind)) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- the column is one of a query around it, which has more tables
SELECT values_same('SELECT k.id, (SELECT t.id FROM values_t t WHERE k.ref = ANY (ARRAY(SELECT ref FROM values_kinds WHERE region < 15)) ORDER BY v <-> values_vector(-1) LIMIT 1)
	FROM values_regions r, (VALUES (1)) x, values_kinds k WHERE r.id = k.region ORDER BY k.id LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind = ANY (ARRAY(SELECT ARRAY[ref, id] FROM values_kinds WHERE region < 15 AND ref IS NOT NULL)) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- rows that the sub-select, or the query, locks: it reads all of the first, and looks at the second again
BEGIN;
SELECT count(*) > 0 AS kept FROM values_plan('SELECT id FROM values_t WHERE kind = ANY (ARRAY(SELECT ref FROM values_kinds WHERE region < 15 FOR UPDATE)) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'InitPlan';
SELECT count(*) > 0 AS kept FROM values_plan('SELECT id FROM values_t WHERE kind = ANY (ARRAY(SELECT ref FROM values_kinds WHERE region < 15)) ORDER BY v <-> values_vector(-1) LIMIT 10 FOR UPDATE') p WHERE p ~ 'InitPlan';
ROLLBACK;
-- DISTINCT makes no difference to IN, if both compare alike
SELECT values_check('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT ref FROM values_kinds WHERE region < 15) AND plain < 2 ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE big IN (SELECT DISTINCT ref FROM values_kinds WHERE region < 15) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE (kind, plain) IN (SELECT DISTINCT ref, ref % 3 FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE name IN (SELECT DISTINCT short FROM values_kinds WHERE region < 15) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT count(*) FROM values_kinds GROUP BY ref) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT (random() * 0)::integer + ref FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- it stays with LIMIT, ON, and another equality
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT ref FROM values_kinds LIMIT 3) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT ON (ref) id FROM values_kinds ORDER BY ref, id) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE name COLLATE "POSIX" IN (SELECT DISTINCT name COLLATE "C" FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE kind::float8 IN (SELECT DISTINCT big FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE kind NOT IN (SELECT DISTINCT id FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT count(*) FROM values_plan('SELECT id FROM values_t WHERE kind IN (SELECT DISTINCT ref FROM values_kinds) ORDER BY id LIMIT 10') p WHERE p ~ 'Aggregate|Unique';
SELECT values_check('SELECT id FROM values_t WHERE kind IN (SELECT max(id) FROM values_kinds GROUP BY region) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds ORDER BY id LIMIT 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('WITH k AS MATERIALIZED (SELECT id FROM values_kinds WHERE region = 3) SELECT id FROM values_t WHERE kind IN (SELECT id FROM k) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = 3 UNION SELECT 4) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT generate_series(5, 8)) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT t2.kind FROM values_t t2 WHERE t2.id < 5) ORDER BY v <-> values_vector(-1) LIMIT 10');

-- test: keys of a table of which nothing is known, and more than expected; no nested loop compares with all
CREATE TABLE values_asked (ref integer, usr integer) WITH (autovacuum_enabled = off);
INSERT INTO values_asked SELECT 500 + n % 2, 1 FROM generate_series(1, 20000) n;
INSERT INTO values_asked VALUES (17, 1);
SELECT values_check('SELECT id FROM values_t WHERE other IN (SELECT ref FROM values_asked WHERE usr = 1) ORDER BY v <-> values_vector(5) LIMIT 1');
-- ... nor of a function that says it returns few
CREATE FUNCTION values_asked() RETURNS SETOF integer LANGUAGE plpgsql STABLE ROWS 2 AS 'BEGIN RETURN QUERY SELECT ref FROM values_asked; END';
SELECT values_check('SELECT id FROM values_t WHERE other IN (SELECT k FROM values_asked() k) ORDER BY v <-> values_vector(5) LIMIT 1');
DROP FUNCTION values_asked();
DROP TABLE values_asked;

-- test: keys that come at run time: of WITH, which is read twice, of a recursion and of expressions
SELECT values_check('WITH k AS MATERIALIZED (SELECT id, name FROM values_kinds WHERE region < 9) SELECT t.id, k.name FROM values_t t JOIN k ON k.id = t.kind ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('WITH k AS MATERIALIZED (SELECT id FROM values_kinds WHERE region < 9), l AS MATERIALIZED (SELECT id FROM k WHERE id < 50) SELECT t.id, l.id, k.id FROM values_t t JOIN l ON l.id = t.kind JOIN k ON k.id = t.big ORDER BY v <-> values_vector(-1), l.id LIMIT 10');
SELECT values_same('WITH k AS MATERIALIZED (SELECT id, random() < 2 AS r FROM values_kinds OFFSET 3) SELECT t.id, k.r FROM values_t t JOIN k ON k.id = t.plain + 5 ORDER BY v <-> values_vector(-1), t.id LIMIT 10');
SELECT r, count(*), count(DISTINCT s.id), bool_and(s.kind % 3 = r) FROM generate_series(0, 2) r, LATERAL (WITH k AS MATERIALIZED (SELECT id FROM values_kinds WHERE id % 3 = r)
	SELECT t.id, t.kind FROM values_t t JOIN k ON k.id = t.kind ORDER BY v <-> values_vector(-r) LIMIT 5) s GROUP BY r ORDER BY r;
-- since 17 arrays cost less in bitmaps of a btree index
SET enable_bitmapscan = off;
SELECT values_plan('WITH RECURSIVE c (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < 2000) SELECT id FROM values_t WHERE id IN (SELECT k FROM c) ORDER BY v <-> values_vector(-1) LIMIT 10');
RESET enable_bitmapscan;
SELECT values_same('WITH RECURSIVE c (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c WHERE k < 2000) SELECT id FROM values_t WHERE id IN (SELECT k FROM c) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE id IN (SELECT x::integer FROM jsonb_array_elements_text((SELECT jsonb_agg(n) FROM generate_series(1, 2000) n)) x) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE id IN (SELECT (x->>''id'')::integer FROM jsonb_array_elements((SELECT jsonb_agg(jsonb_build_object(''id'', n)) FROM generate_series(1, 2000, 3) n)) x) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT ref * 7 + coalesce(small, 0) FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, k.id FROM values_t t JOIN values_kinds k ON t.kind = k.small + k.ref ORDER BY v <-> values_vector(-1), k.id LIMIT 10');
-- WITH within a recursion, of one that was planned before it
SET enable_seqscan = off;
WITH RECURSIVE k AS MATERIALIZED (SELECT id FROM values_kinds WHERE region < 9), w (step, id, kind) AS (SELECT 1, 0, NULL::integer UNION ALL
	SELECT step + 1, s.id, s.kind FROM w, LATERAL (SELECT t.id, t.kind FROM values_t t JOIN k ON k.id = t.kind
		WHERE t.id > w.id ORDER BY v <-> values_vector(-step) LIMIT 1) s WHERE step < 5)
SELECT count(*), count(DISTINCT id), bool_and(kind % 20 < 9) FROM w;
RESET enable_seqscan;

-- test: many more keys than expected are not looked up one by one in another index: the search drops the rows of others
CREATE FUNCTION values_bitmaps(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM plan_lines(query, 'ANALYZE') line WHERE line ~ 'Keys:|Bitmaps:'
$$;
SET enable_indexscan = off;
SELECT values_bitmaps('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 6000, 3)))) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 6000, 3)))) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 6000, 3)))) AND id % 2 = 0 ORDER BY v <-> values_vector(-1) LIMIT 2000');
SELECT values_same('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(3990, 9000)))) ORDER BY v <-> values_vector(-1) LIMIT 20');
SELECT values_same('WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 2 FROM r WHERE i < 3000) SELECT id FROM values_t WHERE id IN (SELECT i FROM r) AND v <-> values_vector(-1) < 50 ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_bitmaps('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 60, 3)))) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- an exact scan reads no other rows
SELECT values_bitmaps('SELECT id FROM values_t WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 6000, 3)))) ORDER BY v <-> values_vector(-1) FETCH FIRST 10 ROWS WITH TIES');
-- how many are many goes by the index as it is, not as VACUUM has counted it
CREATE TABLE values_new (id integer, v vector(16)) WITH (autovacuum_enabled = off);
CREATE INDEX ON values_new USING hnsw (v vector_l2_ops);
CREATE INDEX ON values_new (id);
INSERT INTO values_new SELECT i, random_vector(i, 16) FROM generate_series(1, 4000) i;
SELECT values_bitmaps('SELECT id FROM values_new WHERE id IN (SELECT unnest(ARRAY(SELECT generate_series(1, 400)))) ORDER BY v <-> random_vector(-1, 16) LIMIT 10');
DROP TABLE values_new;
RESET enable_indexscan;
DROP FUNCTION values_bitmaps;

-- test: joins
SELECT values_check('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_check('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- several rows for one
SELECT values_same('SELECT t.id, k.id FROM values_t t JOIN values_kinds k ON k.ref = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1), k.id LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN values_kinds k ON k.ref = t.kind WHERE k.region < 9 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- further conditions of the join
SELECT values_check('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind AND k.big <> t.big WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t WHERE EXISTS (SELECT FROM values_kinds k WHERE k.id = t.kind AND k.region = 3 AND k.big > t.big) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind AND k.name = t.name WHERE k.region < 10 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- and of the table
SELECT values_check('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 AND t.big < 50 AND t.plain = 1 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region < 5 AND t.v <-> values_vector(-1) < 4 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- a third table
SELECT values_same('SELECT t.id, r.country FROM values_t t JOIN values_kinds k ON k.id = t.kind JOIN values_regions r ON r.id = k.region WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, k.name, k2.name FROM values_t t JOIN values_kinds k ON k.id = t.kind JOIN values_kinds k2 ON k2.id = t.big WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, k.name, k2.name FROM values_t t JOIN values_kinds k ON k.id = t.kind LEFT JOIN values_kinds k2 ON k2.id = t.other AND k2.id < 50 WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- other forms of ORDER BY
SELECT values_same('SELECT t.id, 1 - (t.v <-> values_vector(-1)) AS score FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY score DESC LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1), t.id OFFSET 5 LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1)');

-- test: types
SELECT values_check('SELECT id FROM values_t WHERE big IN (SELECT id FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT small FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT big FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_check('SELECT id FROM values_t WHERE name IN (SELECT short FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE name IN (SELECT name FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT id FROM values_t WHERE color IN (SELECT color FROM values_kinds WHERE id IN (4, 10)) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- another collation than the index's
SELECT values_same('SELECT id FROM values_t WHERE name COLLATE "C" IN (SELECT name FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');

-- test: a column of another index
SET enable_seqscan = off;
SET enable_memoize = off;
SET enable_sort = off;
SELECT values_check('SELECT id FROM values_t WHERE other IN (SELECT id FROM values_kinds WHERE id < 2) ORDER BY v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.other WHERE k.id < 2 AND t.kind < 50 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET enable_memoize;
RESET enable_sort;
RESET enable_seqscan;

-- test: an operator by which more values differ than by their type's own order
CREATE TYPE values_pair AS (n numeric);
CREATE TABLE values_p (id integer PRIMARY KEY, v vector(16), pair values_pair);
CREATE TABLE values_q (pair values_pair);
INSERT INTO values_p SELECT n, values_vector(n), ROW(CASE n % 300 WHEN 0 THEN 1.0 WHEN 1 THEN 1.00 ELSE n END)::values_pair FROM generate_series(1, 2000) n;
INSERT INTO values_q VALUES (ROW(1.0)), (ROW(1.00)), (ROW(2));
CREATE INDEX values_p_v ON values_p USING hnsw (v vector_l2_ops);
CREATE INDEX values_p_pair ON values_p (pair record_image_ops);
VACUUM ANALYZE values_p, values_q;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT values_same('SELECT id, pair FROM values_p WHERE pair *= ANY (SELECT pair FROM values_q) ORDER BY v <-> values_vector(-1)');
RESET enable_sort;
RESET enable_seqscan;

-- test: many values
SET enable_sort = off;
SET enable_seqscan = off;
SET enable_material = off;
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT n FROM generate_series(50, 5000) n) ORDER BY v <-> values_vector(-1) LIMIT 10');
-- as an array these would take more memory than a hash table may
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT n FROM generate_series(50, 5000) n) ORDER BY v <-> values_vector(-1) LIMIT 10');
RESET hash_mem_multiplier;
RESET work_mem;
RESET enable_material;
RESET enable_seqscan;
RESET enable_sort;

-- test: the genetic optimizer, which frees what it tries
SET geqo_threshold = 2;
SELECT values_same('SELECT t.id, r.country FROM values_t t JOIN values_kinds k ON k.id = t.kind JOIN values_regions r ON r.id = k.region JOIN values_kinds k2 ON k2.id = t.other WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, r.country FROM values_t t JOIN values_kinds k ON k.id = t.kind JOIN values_regions r ON r.id = k.region WHERE k.region = 3 AND t.big < 50 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET geqo_threshold;

-- test: rescans, with and without a parameter
SELECT values_check('SELECT r, s.id FROM generate_series(1, 4) r, LATERAL (SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = r % 2) ORDER BY v <-> values_vector(-1) LIMIT 3) s');
SELECT values_same('SELECT r, s.id FROM generate_series(1, 4) r, LATERAL (SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-r) LIMIT 3) s');
SELECT values_same('SELECT r, ARRAY(SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = r) ORDER BY v <-> values_vector(-r) LIMIT 3) FROM generate_series(1, 4) r');
-- keys that will be hashed are taken as often as they came
SELECT values_work('SELECT id FROM values_t WHERE kind IN (SELECT ref FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 3');
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT ref FROM values_kinds) ORDER BY v <-> values_vector(-1) LIMIT 3');
-- read once, for two scans
SELECT values_work('SELECT s.id FROM generate_series(1, 2) r, LATERAL (SELECT id FROM values_t WHERE kind IN (SELECT ref FROM values_kinds) ORDER BY v <-> values_vector(-r) LIMIT 3) s');

-- test: rows are looked up in the keys of this scan, not of the one before
SET enable_bitmapscan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT values_check('SELECT r, s.id FROM generate_series(1, 4) r, LATERAL (SELECT id FROM values_t WHERE other IN (SELECT id FROM values_kinds WHERE region % 4 <> r % 4 OFFSET 0) ORDER BY v <-> values_vector(-1) LIMIT 3) s');
SELECT values_same('SELECT r, s.id FROM generate_series(1, 4) r, LATERAL (WITH k AS MATERIALIZED (SELECT id FROM values_kinds WHERE region % 4 <> r % 4 OFFSET 0) SELECT id FROM (SELECT id FROM values_t WHERE other IN (SELECT id FROM k) ORDER BY v <-> values_vector(-1) LIMIT 3) t) s');
SELECT values_same('SELECT r, s.id FROM generate_series(1, 4) r, LATERAL (SELECT id FROM values_t WHERE other IN (SELECT id FROM values_kinds WHERE region % 4 <> 3 OFFSET 0) ORDER BY v <-> values_vector(-r) LIMIT 3) s');
SELECT values_same('SELECT id FROM values_t WHERE other IN (SELECT id FROM values_kinds WHERE region % 4 <> 3 OFFSET 0) ORDER BY v <-> values_vector(-1) LIMIT 10');
WITH RECURSIVE w (step, id, k) AS (
	SELECT 1, 0, 5 UNION ALL
	SELECT step + 1, t.id, t.kind FROM (SELECT t.id, t.kind, step FROM (SELECT DISTINCT k, step FROM w WHERE step < 5) x
		JOIN values_t t ON t.other = x.k ORDER BY t.v <-> values_vector(-1) LIMIT 1) t)
SELECT w.step, w.id, (SELECT t.other FROM values_t t WHERE t.id = w.id) = lag(k) OVER (ORDER BY step) AS of_step FROM w;
RESET enable_bitmapscan;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- test: lists of keys that the statement has
SELECT values_plan('SELECT t.id FROM values_t t JOIN (VALUES (3), (4), (7)) x (k) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, x.k FROM values_t t JOIN (VALUES (3), (4), (7), (NULL)) x (k) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_plan('SELECT t.id FROM values_t t JOIN unnest(ARRAY[3, 4, 7]) x (k) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, x.n FROM values_t t JOIN unnest(ARRAY[3, 4, 4, 7]) WITH ORDINALITY x (k, n) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1), x.n LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t JOIN jsonb_to_recordset(''[{"k": 3}, {"k": 8}]'') x (k integer) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- not if they are others when they are read again
SELECT values_plan('SELECT t.id FROM values_t t JOIN unnest(ARRAY[3, (random() * 9)::integer]) x (k) ON x.k = t.kind ORDER BY t.v <-> values_vector(-1) LIMIT 10') !~ 'JoinKeys' AS others;

-- test: generic plans
SET plan_cache_mode = force_generic_plan;
PREPARE values_p(vector, integer, integer) AS SELECT t.id, k.region FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = $2 ORDER BY t.v <-> $1 LIMIT $3;
EXPLAIN (COSTS OFF) EXECUTE values_p(values_vector(-1), 3, 4);
EXECUTE values_p(values_vector(-1), 3, 4);
EXECUTE values_p(values_vector(-1), 4, 2);
EXECUTE values_p(values_vector(-1), NULL, 2);
RESET plan_cache_mode;
DEALLOCATE values_p;

-- test: cursors
BEGIN;
DECLARE values_c SCROLL CURSOR FOR SELECT t.id FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 5;
FETCH 3 FROM values_c;
FETCH BACKWARD 2 FROM values_c;
FETCH ALL FROM values_c;
COMMIT;

-- test: parallel workers
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'debug_parallel_query' OR name = 'force_parallel_mode' AND NOT EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query');
SET max_parallel_workers_per_gather = 2;
SELECT values_check('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'debug_parallel_query' OR name = 'force_parallel_mode' AND NOT EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query');
SET max_parallel_workers_per_gather = 0;

-- test: these are left alone
SELECT values_same('SELECT t.id, k.name FROM values_t t LEFT JOIN values_kinds k ON k.id = t.kind AND k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t WHERE NOT EXISTS (SELECT FROM values_kinds k WHERE k.id = t.kind AND k.region > 1) ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id FROM values_t t WHERE kind NOT IN (SELECT id FROM values_kinds WHERE region > 1) ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT k.id, t.id FROM values_kinds k LEFT JOIN values_t t ON k.id = t.kind AND t.id < 300 WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1), k.id LIMIT 100');
SELECT values_same('SELECT k.id, t.id FROM values_regions r LEFT JOIN (values_kinds k JOIN values_t t ON k.id = t.kind AND t.id < 300) ON k.region = r.id AND r.id < 5 ORDER BY t.v <-> values_vector(-1), r.id LIMIT 100');
-- keys that all rows have, which would be one more path to join with each further table; unless no index finds partners
CREATE TABLE values_all (id integer PRIMARY KEY, same integer);
INSERT INTO values_all SELECT n, n FROM generate_series(0, 102) n;
ANALYZE values_all;
SET enable_indexscan = off;
SET enable_sort = off;
SELECT bool_or(p LIKE '%LokivectorJoinKeys%') AS by_id FROM values_plan('SELECT t.id, a.same FROM values_t t JOIN values_all a ON a.id = t.other ORDER BY t.v <-> values_vector(-1) LIMIT 10') p;
SELECT bool_or(p LIKE '%LokivectorJoinKeys%') AS without_index FROM values_plan('SELECT t.id FROM values_t t WHERE t.other IN (SELECT same FROM values_all) ORDER BY t.v <-> values_vector(-1) LIMIT 10') p;
RESET enable_indexscan;
RESET enable_sort;
DROP TABLE values_all;
-- a sample is another one each time; a row that is locked is returned but once
EXPLAIN (COSTS OFF) SELECT t.id, k.name FROM values_t t JOIN values_kinds k TABLESAMPLE BERNOULLI (10) ON k.id = t.kind ORDER BY t.v <-> '[1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> '[1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8]' LIMIT 10 FOR UPDATE;
SET lokivector.enable_join_keys = off;
SELECT values_same('SELECT id FROM values_t WHERE kind IN (SELECT id FROM values_kinds WHERE region = 3) ORDER BY v <-> values_vector(-1) LIMIT 10');
RESET lokivector.enable_join_keys;

-- test: row-level security, of either table
CREATE ROLE regress_values_user;
GRANT SELECT ON values_t, values_kinds TO regress_values_user;
ALTER TABLE values_t ENABLE ROW LEVEL SECURITY;
ALTER TABLE values_kinds ENABLE ROW LEVEL SECURITY;
CREATE POLICY values_p ON values_t USING (plain = current_setting('app.plain')::integer);
CREATE POLICY values_p ON values_kinds USING (id < current_setting('app.kinds')::integer);
SET app.plain = 1;
SET app.kinds = 50;
SET ROLE regress_values_user;
SELECT values_plan('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
SELECT values_same('SELECT t.id, t.plain, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
-- enum_eq is not leakproof, and must wait
SELECT values_same('SELECT id FROM values_t WHERE color IN (SELECT color FROM values_kinds WHERE id IN (4, 10)) ORDER BY v <-> values_vector(-1) LIMIT 10');
RESET ROLE;
-- a policy that is volatile, or asks another table, shows other rows each time
ALTER POLICY values_p ON values_kinds USING (random() < 0.5);
SET ROLE regress_values_user;
SELECT values_plan('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET ROLE;
GRANT SELECT ON values_regions TO regress_values_user;
ALTER POLICY values_p ON values_kinds USING ((SELECT count(*) FROM values_regions r WHERE r.id = region + 1 AND random() < 0.5) > 0);
SET ROLE regress_values_user;
SELECT values_plan('SELECT t.id, k.name FROM values_t t JOIN values_kinds k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET ROLE;
CREATE TABLE values_parts (id integer, region integer, name text) PARTITION BY LIST (region);
CREATE TABLE values_part PARTITION OF values_parts FOR VALUES IN (3);
INSERT INTO values_parts SELECT id, region, name FROM values_kinds WHERE region = 3;
ANALYZE values_parts;
GRANT SELECT ON values_parts TO regress_values_user;
ALTER TABLE values_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY values_p ON values_parts USING (random() < 0.5);
SET ROLE regress_values_user;
SELECT values_plan('SELECT t.id, k.name FROM values_t t JOIN values_parts k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET ROLE;
ALTER POLICY values_p ON values_parts USING (id > 0);
SET ROLE regress_values_user;
SELECT values_plan('SELECT t.id, k.name FROM values_t t JOIN values_parts k ON k.id = t.kind WHERE k.region = 3 ORDER BY t.v <-> values_vector(-1) LIMIT 10');
RESET ROLE;
DROP TABLE values_parts;

DROP TABLE values_t, values_kinds, values_regions, values_p, values_q;
DROP FUNCTION values_rare_read, values_check, values_same, values_plan, values_work, values_vector;
DROP TYPE values_color, values_pair;
DROP ROLE regress_values_user;
