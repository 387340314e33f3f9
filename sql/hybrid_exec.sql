-- Scans of an hnsw index within the bitmap of another index, and within a
-- distance: where queries and statements use them

SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_indexscan = off;

CREATE FUNCTION hybrid_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 8, 20);

CREATE TABLE hybrid_t (id integer, v vector(8), a integer, b integer);
INSERT INTO hybrid_t SELECT n, hybrid_vector(n), n % 50, n % 20 FROM generate_series(1, 2000) n;
CREATE INDEX hybrid_v ON hybrid_t USING hnsw (v vector_l2_ops);
CREATE INDEX hybrid_a ON hybrid_t (a);
VACUUM ANALYZE hybrid_t;

-- test: generic plans
SET plan_cache_mode = force_generic_plan;
PREPARE nearest(vector, integer, bigint) AS
	SELECT id FROM hybrid_t WHERE a = $2 ORDER BY v <-> $1 LIMIT $3;
EXPLAIN (COSTS OFF) EXECUTE nearest(hybrid_vector(-1), 7, 3);
EXECUTE nearest(hybrid_vector(-1), 7, 3);
EXECUTE nearest(hybrid_vector(-2), 8, 2);
PREPARE within(vector, float8) AS SELECT count(*) FROM hybrid_t WHERE v <-> $1 < $2;
EXPLAIN (COSTS OFF) EXECUTE within(hybrid_vector(-1), 2);
EXECUTE within(hybrid_vector(-1), 2);
EXECUTE within(hybrid_vector(-2), 1.5);
EXECUTE within(hybrid_vector(-2), NULL);
RESET plan_cache_mode;

-- test: what EXPLAIN tells
CREATE FUNCTION hybrid_explain(query text, format text) RETURNS SETOF text AS $$
DECLARE
	plan text;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT %s) %s',
		format, query) INTO plan;
	RETURN QUERY SELECT key FROM json_each(plan::json #> '{0,Plan,Plans,0,Plans,0,Plans,0}')
		WHERE key NOT IN ('Async Capable', 'Parent Relationship', 'Parallel Aware', 'Disabled')
		ORDER BY key COLLATE "C";
END $$ LANGUAGE plpgsql;
SELECT hybrid_explain('SELECT id FROM hybrid_t WHERE a = 7 AND b > 3 AND v <-> hybrid_vector(-1) < 3
	ORDER BY v <-> hybrid_vector(-1) LIMIT 3', 'json');
EXPLAIN (COSTS OFF, VERBOSE) SELECT id FROM hybrid_t WHERE a = 7 AND b > 3
	ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;

-- test: statements that change what they find
BEGIN;
EXPLAIN (COSTS OFF) UPDATE hybrid_t SET b = -1 WHERE v <-> '[1,2,3,4,5,6,7,8]' < 10;
UPDATE hybrid_t SET b = -1 WHERE v <-> hybrid_vector(-1) < 1.8;
SELECT id, b FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 1.8 ORDER BY id;
UPDATE hybrid_t t SET a = 100, v = u.v FROM (VALUES (hybrid_vector(-1), 8), (hybrid_vector(-2), 9)) u (v, a)
	WHERE t.v <-> u.v < 2.5 AND t.a = u.a;
SELECT count(*), count(DISTINCT v) FROM hybrid_t WHERE a = 100;
SELECT count(*) FROM hybrid_t WHERE v <-> hybrid_vector(-1) <= 0;
DELETE FROM hybrid_t WHERE v <-> hybrid_vector(-1) <= 0 RETURNING a;
SELECT count(*) FROM hybrid_t WHERE v <-> hybrid_vector(-1) <= 0;
SELECT count(*) FROM (SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 3 FOR UPDATE) s;
ROLLBACK;

-- test: cursors
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 5;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ALL FROM c;
CLOSE c;
DECLARE c NO SCROLL CURSOR FOR SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1);
FETCH 2 FROM c;
UPDATE hybrid_t SET b = -2 WHERE CURRENT OF c;
SELECT id, b FROM hybrid_t WHERE b = -2;
INSERT INTO hybrid_t VALUES (3000, hybrid_vector(-1), 7, 0);
FETCH 2 FROM c;
ROLLBACK;

-- test: row security and security barriers
CREATE ROLE hybrid_user;
GRANT SELECT ON hybrid_t TO hybrid_user;
ALTER TABLE hybrid_t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON hybrid_t USING (a = 7);
CREATE FUNCTION hybrid_leak(integer) RETURNS boolean AS $$
BEGIN
	RAISE NOTICE 'id %', $1;
	RETURN true;
END $$ LANGUAGE plpgsql COST 0.0000001;
SET ROLE hybrid_user;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_t WHERE v <-> '[1,2,3,4,5,6,7,8]' < 8 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;
SELECT id, a FROM hybrid_t ORDER BY v <-> hybrid_vector(-1) LIMIT 3;
SELECT count(*) FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 4;
SELECT id FROM hybrid_t WHERE hybrid_leak(id) AND b > 5 ORDER BY v <-> hybrid_vector(-1) LIMIT 2;
RESET ROLE;
ALTER TABLE hybrid_t DISABLE ROW LEVEL SECURITY;
CREATE VIEW hybrid_view WITH (security_barrier) AS SELECT id, v, a, b FROM hybrid_t WHERE b = 7 AND a < 20;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_view WHERE v <-> '[1,2,3,4,5,6,7,8]' < 8;
SELECT id FROM hybrid_view WHERE v <-> hybrid_vector(-1) < 3.5 ORDER BY id;
SELECT id FROM hybrid_view WHERE v <-> hybrid_vector(-1) < 3.5 AND a = 7;
DROP VIEW hybrid_view;
DROP FUNCTION hybrid_leak;

-- test: a filter that is volatile is asked once for a row
CREATE SEQUENCE hybrid_s;
SELECT count(*) FROM (SELECT id FROM hybrid_t WHERE a = 7 AND nextval('hybrid_s') > 0 ORDER BY v <-> hybrid_vector(-1)) s;
SELECT last_value FROM hybrid_s;
SELECT count(*) FROM (SELECT id FROM hybrid_t WHERE a = 7 AND (SELECT nextval('hybrid_s') + hybrid_t.id) > 0 ORDER BY v <-> hybrid_vector(-1)) s;
SELECT last_value FROM hybrid_s;
DROP SEQUENCE hybrid_s;

-- test: transactions that see what others do not
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 2.5;
SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 1;
SELECT count(*) > 0 AS locked FROM pg_locks WHERE mode = 'SIReadLock' AND pid = pg_backend_pid()
	AND relation IN ('hybrid_t'::regclass, 'hybrid_v'::regclass, 'hybrid_a'::regclass);
COMMIT;

-- test: rows of this transaction, versions of a row, and deleted rows
BEGIN;
INSERT INTO hybrid_t VALUES (3001, hybrid_vector(-1), 7, 0);
UPDATE hybrid_t SET b = b + 1 WHERE a = 7;
UPDATE hybrid_t SET b = b + 1 WHERE a = 7 AND id % 2 = 1;
DELETE FROM hybrid_t WHERE a = 7 AND id % 100 = 57;
SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 3;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1)) s;
SELECT count(*), count(DISTINCT id) FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 2.5;
ROLLBACK;

-- test: tables in other ways: partitions, inheritance, temporary
CREATE TABLE hybrid_parts (id integer, v vector(8), a integer) PARTITION BY HASH (id);
CREATE TABLE hybrid_parts_0 PARTITION OF hybrid_parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hybrid_parts_1 PARTITION OF hybrid_parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON hybrid_parts USING hnsw (v vector_l2_ops);
CREATE INDEX ON hybrid_parts (a);
INSERT INTO hybrid_parts SELECT id, v, a FROM hybrid_t;
ANALYZE hybrid_parts;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_parts WHERE a = 7 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;
EXECUTE nearest(hybrid_vector(-1), 7, 3);
SELECT id FROM hybrid_parts WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_parts WHERE v <-> '[1,2,3,4,5,6,7,8]' < 3;
EXECUTE within(hybrid_vector(-1), 2);
SELECT count(*) FROM hybrid_parts WHERE v <-> hybrid_vector(-1) < 2;
DROP TABLE hybrid_parts;

CREATE TABLE hybrid_child (LIKE hybrid_t INCLUDING INDEXES) INHERITS (hybrid_t);
INSERT INTO hybrid_child VALUES (4000, hybrid_vector(-1), 7, 0), (4001, hybrid_vector(-2), 8, 0);
SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 3;
SELECT count(*) FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 2;
DROP TABLE hybrid_child;

CREATE TEMP TABLE hybrid_temp AS SELECT * FROM hybrid_t;
CREATE INDEX ON hybrid_temp USING hnsw (v vector_l2_ops);
CREATE INDEX ON hybrid_temp (a);
SELECT id FROM hybrid_temp WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 3;
SELECT count(*) FROM hybrid_temp WHERE v <-> hybrid_vector(-1) < 2;

-- test: a table that is empty, and one without statistics
TRUNCATE hybrid_t;
EXECUTE nearest(hybrid_vector(-1), 7, 3);
EXECUTE within(hybrid_vector(-1), 2);
INSERT INTO hybrid_t VALUES (1, hybrid_vector(-1), 7, 7), (2, hybrid_vector(-2), 7, 7);
EXECUTE nearest(hybrid_vector(-1), 7, 3);
EXECUTE within(hybrid_vector(-1), 2);

-- test: rows of a bitmap are read where the index has more nodes than VACUUM has counted
CREATE TABLE hybrid_updated (id integer, tenant integer, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO hybrid_updated SELECT i, CASE WHEN i % 80 = 0 THEN 9 ELSE i % 3 END, random_vector(i, 16) FROM generate_series(1, 4000) i;
CREATE INDEX hybrid_updated_v ON hybrid_updated USING hnsw (v vector_l2_ops);
CREATE INDEX hybrid_updated_tenant ON hybrid_updated (tenant);
VACUUM ANALYZE hybrid_updated;
UPDATE hybrid_updated SET v = v * v + v;
UPDATE hybrid_updated SET v = v * v + v;
UPDATE hybrid_updated SET v = v * v + v;
SELECT line FROM plan_lines('SELECT id, v <-> random_vector(-1, 16) AS distance, count(*) OVER () FROM hybrid_updated
	WHERE tenant = 9 ORDER BY distance LIMIT 10', 'ANALYZE, TIMING OFF, SUMMARY OFF') line WHERE line LIKE '%Strategy%';
DROP TABLE hybrid_updated;

-- test: ... and where all of them are taken
CREATE TABLE hybrid_all (id integer, a integer, b integer, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO hybrid_all SELECT i, i % 8, i % 3, random_vector(i, 16) FROM generate_series(1, 4000) i;
CREATE INDEX hybrid_all_v ON hybrid_all USING hnsw (v vector_l2_ops, b);
CREATE INDEX hybrid_all_a ON hybrid_all (a);
VACUUM ANALYZE hybrid_all;
CREATE FUNCTION hybrid_way(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT btrim(line) FROM plan_lines(query, 'ANALYZE, TIMING OFF, SUMMARY OFF') line WHERE line ~ 'Strategy|Nodes Filtered'
	UNION ALL SELECT outcome || ', ' || rows FROM same(query) WHERE query NOT LIKE 'EXECUTE%'
$$;
SELECT hybrid_way('SELECT id, count(*) OVER () FROM hybrid_all WHERE a = 3 ORDER BY v <-> random_vector(-1, 16) LIMIT 10');
SELECT hybrid_way('SELECT id FROM hybrid_all WHERE a = 3 ORDER BY v <-> random_vector(-1, 16)');
SELECT hybrid_way('SELECT ARRAY(SELECT id FROM hybrid_all WHERE a = 3 ORDER BY v <-> random_vector(-1, 16))');
PREPARE all_of(bigint) AS SELECT id FROM hybrid_all WHERE a = 3 ORDER BY v <-> random_vector(-1, 16) LIMIT $1;
SET plan_cache_mode = force_generic_plan;
SELECT hybrid_way('EXECUTE all_of(NULL)');
RESET plan_cache_mode;
SELECT hybrid_way('SELECT id FROM hybrid_all WHERE a = 3 AND v <-> random_vector(-1, 16) < 9 ORDER BY v <-> random_vector(-1, 16)');
-- fewer, or a window passes rows on; the index has a condition, or a bound that leaves out most; memory has room for less
SELECT hybrid_way('EXECUTE all_of(10)');
SELECT hybrid_way('SELECT id, row_number() OVER (ORDER BY v <-> random_vector(-1, 16)), lag(id) OVER (ORDER BY v <-> random_vector(-1, 16)) FROM hybrid_all WHERE a = 3 LIMIT 10');
SELECT hybrid_way('SELECT id FROM hybrid_all WHERE a = 3 AND b = 2 ORDER BY v <-> random_vector(-1, 16)');
SELECT hybrid_way('SELECT id FROM hybrid_all WHERE a = 3 AND v <-> random_vector(-1, 16) < 2 ORDER BY v <-> random_vector(-1, 16)');
UPDATE hybrid_all SET a = 3;
SET work_mem = '64kB';
SELECT hybrid_way('SELECT id FROM hybrid_all WHERE a = 3 ORDER BY v <-> random_vector(-1, 16)');
RESET work_mem;
DROP FUNCTION hybrid_way;
DROP TABLE hybrid_all;

DEALLOCATE ALL;
DROP TABLE hybrid_t, hybrid_temp;
DROP FUNCTION hybrid_explain, hybrid_vector;
DROP ROLE hybrid_user;
