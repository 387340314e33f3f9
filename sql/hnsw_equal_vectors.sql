-- Rows of one vector that differ in an attribute, so that each is a node of its own:
-- searches are held against exact answers.

SET client_min_messages = warning;
-- A run of every day tries fewer cases

-- Vectors of one of `groups` values, at random, with an attribute of their own
CREATE FUNCTION equal_table(groups int, nrows int, dims int, seed float8) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setseed(seed);
	DROP TABLE IF EXISTS equal;
	CREATE TABLE equal (id int, v vector);
	EXECUTE format('INSERT INTO equal
		WITH g AS MATERIALIZED (SELECT i, (SELECT array_agg(random() * 4 - 2) FROM generate_series(1, %s) WHERE i = i)::vector AS v
			FROM generate_series(1, %s) i)
		SELECT n, v FROM generate_series(1, %s) n JOIN g ON i = 1 + n %% %s ORDER BY n',
		dims, groups, nrows, groups);
	EXECUTE format('ALTER TABLE equal ALTER v TYPE vector(%s)', dims);
END $$;

-- The share of the nearest 5 that searches find, by distance
CREATE FUNCTION equal_recall(ef int, op text DEFAULT '<->', condition text DEFAULT 'true',
							 nqueries int DEFAULT 60) RETURNS float8
LANGUAGE plpgsql AS $$
DECLARE
	query text;
	farthest float8;
	near int;
	found int := 0;
	wanted int := 0;
	dims int := (SELECT vector_dims(v) FROM equal LIMIT 1);
	nearest text := format('SELECT v %s $1::vector AS d FROM equal WHERE %s ORDER BY 1 LIMIT 5',
						   op, condition);
BEGIN
	PERFORM set_config('hnsw.ef_search', ef::text, true);
	FOR i IN 1 .. nqueries LOOP
		query := (SELECT array_agg(random() * 4 - 2) FROM generate_series(1, dims))::vector;
		PERFORM set_config('enable_indexscan', 'off', true), set_config('enable_seqscan', 'on', true),
			set_config('lokivector.enable_hybrid_scan', 'off', true);
		EXECUTE 'SELECT count(*), max(d) FROM (' || nearest || ') x' INTO near, farthest USING query;
		wanted := wanted + near;
		PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_seqscan', 'off', true);
		EXECUTE 'SELECT count(*) FROM (' || nearest || ') x WHERE d <= $2' INTO near USING query, farthest;
		found := found + near;
	END LOOP;
	RETURN found / wanted::float8;
END $$;

-- Recalls that are too low, NULL if none is
CREATE FUNCTION equal_poor(op text DEFAULT '<->', condition text DEFAULT 'true',
						   nqueries int DEFAULT 60) RETURNS text
LANGUAGE sql AS $$
	SELECT string_agg(format('%s with ef_search %s', round(recall::numeric, 3), ef), ', ')
	FROM (VALUES (10, .75), (40, .92), (100, .94)) AS w (ef, least),
		equal_recall(ef, op, condition, nqueries) AS recall
	WHERE recall < least AND (ef = 40 OR NOT test_short())
$$;

-- Make a table and its index, and search
CREATE FUNCTION equal_built(groups int, nrows int, dims int, options text DEFAULT '') RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM equal_table(groups, nrows, dims, 0.1);
	EXECUTE 'CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops, id) ' || options;
	RETURN equal_poor();
END $$;

-- test: groups of equal vectors whose attributes differ
SELECT equal_built(40, 2400, 24) AS poor;
SELECT equal_poor(condition => 'id > 0') AS poor, equal_poor(condition => 'id < 1000') AS poor;
SELECT lokivector_check('equal_idx', true);

-- test: every row of a group is found
SET hnsw.ef_search = 400;
SET enable_seqscan = off;
SELECT DISTINCT s.found FROM (SELECT DISTINCT v FROM equal) t,
	LATERAL (SELECT count(DISTINCT id) AS found FROM
		(SELECT id, v <-> t.v AS d FROM equal ORDER BY v <-> t.v LIMIT 60) l WHERE d = 0) s;
SELECT count(*) FROM equal t,
	LATERAL (SELECT id FROM equal WHERE id = t.id ORDER BY v <-> t.v LIMIT 1) s WHERE s.id = t.id;
RESET hnsw.ef_search;
RESET enable_seqscan;

-- test: few groups and many, large ones and small ones
SELECT groups, nrows, dims, CASE WHEN NOT test_short() OR groups IN (2, 20) THEN equal_built(groups, nrows, dims) END AS poor
FROM (VALUES (1, 2000, 8), (2, 2000, 16), (20, 6000, 16), (600, 6000, 16), (1000, 2000, 16),
	(100, 3000, 48)) AS t (groups, nrows, dims);

-- test: few links, narrow builds and compact indexes
SELECT options, CASE WHEN NOT test_short() OR options ~ 'm = 4' THEN equal_built(40, 2400, 24, options) END AS poor
FROM (VALUES ('WITH (m = 4)'), ('WITH (ef_construction = 32)'), ('WITH (profile = compact)')) AS t (options);

-- test: by cosine and by inner product
SELECT equal_table(40, 2400, 24, 0.3);
CREATE INDEX equal_idx ON equal USING hnsw (v vector_cosine_ops, id);
SELECT equal_poor('<=>') AS poor;
DROP INDEX equal_idx;
CREATE INDEX equal_idx ON equal USING hnsw (v vector_ip_ops, id);
SELECT equal_poor('<#>') AS poor;

-- test: a build of several processes
SET max_parallel_maintenance_workers = 2;
SET min_parallel_table_scan_size = 0;
SET lokivector.build_seed = -1;
SELECT equal_table(200, 11000, 24, 0.1);
CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops, id);
-- A search finds all of a group or nothing.  Recall with ef_search 40 is .957, so the
-- standard error of 600 searches is .008.
SELECT CASE WHEN NOT test_short() THEN equal_poor(nqueries => 600) END AS poor;
SELECT lokivector_check('equal_idx', true);
RESET lokivector.build_seed;
RESET min_parallel_table_scan_size;
RESET max_parallel_maintenance_workers;

-- test: groups that are inserted, or that lose the rows that were there first
SELECT equal_table(40, 2400, 24, 0.4);
CREATE TABLE equal_rows AS SELECT * FROM equal;
TRUNCATE equal;
CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops, id);
INSERT INTO equal SELECT * FROM equal_rows;
SELECT equal_poor() AS poor;
DELETE FROM equal WHERE id <= 1200;
VACUUM equal;
SELECT equal_poor() AS poor;
REINDEX INDEX equal_idx;
SELECT equal_poor() AS poor;
DELETE FROM equal WHERE id <= 1800;
VACUUM equal;
SELECT equal_poor() AS poor;
INSERT INTO equal SELECT * FROM equal_rows WHERE id <= 1800;
SELECT equal_poor() AS poor;
SELECT lokivector_check('equal_idx', true);

-- test: clusters so tight that codes do not tell their rows apart
SELECT setseed(0.5);
TRUNCATE equal;
DROP INDEX equal_idx;
ALTER TABLE equal ALTER v TYPE vector;
INSERT INTO equal
	WITH g AS MATERIALIZED (SELECT i, (SELECT array_agg(random() * 4 - 2) FROM generate_series(1, 64) WHERE i = i) AS a
		FROM generate_series(1, 12) i)
	SELECT n, (SELECT array_agg(x + (random() - 0.5) * 0.1 ORDER BY o) FROM unnest(a) WITH ORDINALITY u(x, o) WHERE n = n)::vector
	FROM generate_series(1, 3600) n JOIN g ON i = 1 + n % 12 ORDER BY n;
ALTER TABLE equal ALTER v TYPE vector(64);
CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops);
CREATE FUNCTION equal_neighbors(ef int) RETURNS float8 LANGUAGE sql AS $$
	SELECT set_config('hnsw.ef_search', ef::text, true);
	SELECT sum(hits) / 1500.0 FROM equal q, found('equal', format('v <-> %L', q.v), 10) WHERE q.id % 24 = 5;
$$;
SELECT ef, equal_neighbors(ef) < 0.9 AS poor FROM (VALUES (10), (40)) AS w (ef);
SELECT scans > 0 AS scanned, widened_scans FROM lokivector_stat_indexes WHERE index = 'equal_idx'::regclass;

-- test: a narrow search becomes no wider than one that begins wider
SELECT setseed(0.5);
TRUNCATE equal;
DROP INDEX equal_idx;
CREATE FUNCTION equal_around(middle float8, far float8) RETURNS vector LANGUAGE sql VOLATILE AS $$
	SELECT (SELECT array_agg(middle + far * x / norm) FROM unnest(a) x)::vector
	FROM (SELECT array_agg(x) AS a, sqrt(sum(x * x)) AS norm FROM (SELECT random() - 0.5 AS x FROM generate_series(1, 64)) r) s
$$;
INSERT INTO equal SELECT i, equal_around(i % 2 * 0.1, CASE WHEN i > 3980 THEN 0.8 ELSE 1 END) FROM generate_series(1, 4000) i;
CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops) WITH (bits = 1, refine_bits = 6);
SET enable_seqscan = off;
CREATE FUNCTION equal_expanded(ef int, k int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	expanded int := 0;
BEGIN
	PERFORM setseed(0.1), set_config('hnsw.ef_search', ef::text, true);
	FOR i IN 1 .. 20 LOOP
		EXECUTE format('SELECT FROM equal ORDER BY v <-> %L LIMIT %s', equal_around(i % 2 * 0.1, 0.1), k);
		expanded := expanded + (SELECT nodes_expanded FROM lokivector_scan_stats());
	END LOOP;
	RETURN expanded;
END $$;
SELECT equal_expanded(10, 9) < 0.95 * equal_expanded(40, 9) AS no_wider;

-- test: a search whose filter drops rows becomes as wide as one that begins wider
CREATE FUNCTION equal_walked(k int, condition text DEFAULT 'true') RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	scored int := 0;
	query vector;
BEGIN
	FOR query IN SELECT v FROM equal WHERE id % 200 = 7 LOOP
		EXECUTE format('SELECT FROM equal WHERE %s ORDER BY v <-> $1 LIMIT %s', condition, k) USING query;
		scored := scored + (SELECT nodes_scored FROM lokivector_scan_stats());
	END LOOP;
	RETURN scored;
END $$;
SET lokivector.build_seed = 1;
TRUNCATE equal;
DROP INDEX equal_idx;
INSERT INTO equal
	WITH g AS MATERIALIZED (SELECT i, (SELECT array_agg(random() * 4 - 2) FROM generate_series(1, 64) WHERE i = i) AS a
		FROM generate_series(1, 5) i)
	SELECT n, (SELECT array_agg(x + (random() - 0.5) * 0.3 ORDER BY o) FROM unnest(a) WITH ORDINALITY u(x, o) WHERE n = n)::vector
	FROM generate_series(1, 10000) n JOIN g ON i = 1 + n % 5 ORDER BY n;
CREATE INDEX equal_idx ON equal USING hnsw (v vector_l2_ops);
SET hnsw.ef_search = 35;
SELECT equal_walked(30, 'id % 11 = 7') AS wider \gset
SET hnsw.ef_search = 34;
SELECT equal_walked(30, 'id % 11 = 7') > 0.7 * :wider AS as_wide;
RESET lokivector.build_seed;

DROP TABLE equal, equal_rows;
DROP FUNCTION equal_around, equal_walked, equal_expanded, equal_neighbors, equal_built, equal_poor, equal_recall, equal_table;


RESET ALL;

-- Many rows with one vector share a node, whose rows are read as they are
-- asked for
SET enable_seqscan = off;

CREATE TABLE same (id integer, v vector(4));
INSERT INTO same SELECT n, '[1,2,3,4]' FROM generate_series(1, 3000) n;
INSERT INTO same SELECT 3000 + n, ARRAY[n, 0, 0, 0]::vector FROM generate_series(5, 504) n;
CREATE INDEX same_idx ON same USING hnsw (v vector_l2_ops);
SELECT nodes, rows FROM lokivector_index_info('same_idx');

-- test: as many as are asked for, each once
SELECT count(*), count(DISTINCT id), min(d), max(d) FROM (
	SELECT id, v <-> '[1,2,3,4]' AS d FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1) s;
SELECT heap_fetches FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id), min(d), max(d) FROM (
	SELECT id, v <-> '[1,2,3,4]' AS d FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]') s;

-- test: what is farther comes after all of them
SELECT id FROM (SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 3003) s OFFSET 3000;

-- test: what is nearer comes before any of them
SELECT id <= 3000 AS same, count(*) FROM (
	SELECT id FROM same ORDER BY v <-> '[5,0,0,0]' LIMIT 50) s GROUP BY 1 ORDER BY 1;

-- test: rows that were deleted, before and after vacuum
DELETE FROM same WHERE id <= 2000 AND id % 50 <> 0;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;
VACUUM same;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;

-- test: rows that are inserted join the node
INSERT INTO same SELECT 10000 + n, '[1,2,3,4]' FROM generate_series(1, 500) n;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]') s;
SELECT lokivector_check('same_idx', true);

-- test: a condition that drops most rows of a node, whose rows are dead in part
CREATE TABLE same_dead (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO same_dead SELECT n, '[1,2,3]' FROM generate_series(1, 3000) n;
CREATE INDEX same_dead_idx ON same_dead USING hnsw (v vector_l2_ops);
DELETE FROM same_dead WHERE id % 3 = 0;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same_dead WHERE id % 500 = 1 ORDER BY v <-> '[1,2,4]' LIMIT 10) s;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same_dead WHERE id % 50 = 1 ORDER BY v <-> '[1,2,4]' LIMIT 100) s;
DROP TABLE same_dead;

DROP TABLE same;
