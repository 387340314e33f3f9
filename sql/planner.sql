-- When the planner chooses an hnsw index, and how a scan learns its LIMIT

CREATE FUNCTION planner_vector(n integer, dim integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, dim, 20);

CREATE TABLE planner_t (id integer PRIMARY KEY, v vector(64), a integer, b integer);
INSERT INTO planner_t SELECT i, planner_vector(i, 64), i % 100, i % 10 FROM generate_series(1, 5000) i;
CREATE INDEX planner_idx ON planner_t USING hnsw (v vector_l2_ops, a);
VACUUM ANALYZE planner_t;

-- test: a LIMIT
EXPLAIN (COSTS OFF) SELECT id FROM planner_t ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t ORDER BY v <-> '[1]' LIMIT 10 OFFSET 100;
EXPLAIN (COSTS OFF) SELECT id, v <-> '[1]' FROM planner_t ORDER BY v <-> '[1]' FETCH FIRST 3 ROWS WITH TIES;

-- test: all rows in order
EXPLAIN (COSTS OFF) SELECT id FROM planner_t ORDER BY v <-> '[1]';
EXPLAIN (COSTS OFF) SELECT id FROM planner_t ORDER BY v <-> '[1]' LIMIT 5000;

-- test: filters
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE a = 7 ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE b < 5 ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE a > 50 AND b < 5 ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE id = 7 ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE a = 7;

-- test: rows of a bitmap that are misjudged: the scan that decides when it has them
CREATE TABLE planner_misjudged AS SELECT i AS id, i % 2000 AS b, int8range(i % 2000, i % 2000, '[]') AS r, planner_vector(i, 520) AS v
	FROM generate_series(1, 8000) i;
ALTER TABLE planner_misjudged ALTER v TYPE vector(520), ALTER b SET STATISTICS 0, ALTER r SET STATISTICS 0;
CREATE INDEX ON planner_misjudged (b);
CREATE INDEX ON planner_misjudged USING gist (r);
CREATE INDEX ON planner_misjudged USING hnsw (v vector_l2_ops);
VACUUM ANALYZE planner_misjudged;
EXPLAIN (COSTS OFF) SELECT id FROM planner_misjudged WHERE r && '[100,200]' ORDER BY v <-> '[1]' LIMIT 10;
-- all rows are wanted, or some that a b-tree has, whose vectors a scan reads faster than the server
EXPLAIN (COSTS OFF) SELECT id FROM planner_misjudged WHERE r && '[100,200]' ORDER BY v <-> '[1]' LIMIT 80;
EXPLAIN (COSTS OFF) SELECT id FROM planner_misjudged WHERE b BETWEEN 100 AND 200 ORDER BY v <-> '[1]' LIMIT 10;
DROP TABLE planner_misjudged;

-- test: a generic plan
SET plan_cache_mode = force_generic_plan;
PREPARE planner_p(vector, bigint) AS SELECT id FROM planner_t ORDER BY v <-> $1 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE planner_p('[1]', 10);
PREPARE planner_q(vector, integer) AS SELECT id FROM planner_t WHERE a = $2 ORDER BY v <-> $1 LIMIT 10;
EXPLAIN (COSTS OFF) EXECUTE planner_q('[1]', 10);
DEALLOCATE ALL;
RESET plan_cache_mode;

-- test: joins
EXPLAIN (COSTS OFF) SELECT p.id, s.id FROM planner_t p,
	LATERAL (SELECT id FROM planner_t o ORDER BY o.v <-> p.v LIMIT 3) s WHERE p.id < 10;

-- test: an index that is empty, or was never analyzed
CREATE TABLE planner_e (id integer, v vector(3), a integer);
CREATE INDEX ON planner_e USING hnsw (v vector_l2_ops, a);
SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 5;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]';
SELECT * FROM planner_e WHERE a = 1 ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT * FROM planner_e WHERE v IS NULL ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT * FROM planner_e ORDER BY v <-> (SELECT NULL::vector) LIMIT 5;
INSERT INTO planner_e VALUES (1, '[1,2,3]', 1);
SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 5;
SELECT * FROM planner_e WHERE a = 2 ORDER BY v <-> '[1,2,3]' LIMIT 5;
INSERT INTO planner_e SELECT i, planner_vector(i, 3), i FROM generate_series(2, 100) i;
SELECT count(*) FROM (SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 50) s;
ANALYZE planner_e;
TRUNCATE planner_e;
SELECT count(*) FROM (SELECT * FROM planner_e ORDER BY v <-> '[1,2,3]' LIMIT 50) s;
RESET enable_seqscan;
DROP TABLE planner_e;

-- test: a table that was just loaded, and never analyzed, is searched by its index
CREATE TABLE planner_loaded (LIKE planner_t) WITH (autovacuum_enabled = off);
CREATE INDEX ON planner_loaded USING hnsw (v vector_l2_ops, a);
INSERT INTO planner_loaded TABLE planner_t;
EXPLAIN (COSTS OFF) SELECT id FROM planner_loaded ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_loaded WHERE a = 7 AND b <> 3 ORDER BY v <-> '[1]' LIMIT 10;
DROP TABLE planner_loaded;

-- test: a partial index
CREATE INDEX planner_partial ON planner_t USING hnsw (v vector_l2_ops) WHERE b = 3;
DROP INDEX planner_idx;
ANALYZE planner_t;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE b = 3 ORDER BY v <-> '[1]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM planner_t WHERE b = 4 ORDER BY v <-> '[1]' LIMIT 10;
DROP INDEX planner_partial;
CREATE INDEX planner_idx ON planner_t USING hnsw (v vector_l2_ops, a);

SET enable_seqscan = off;
SET enable_sort = off;

-- How wide the last scan walked, and what it returned
CREATE FUNCTION planner_last(OUT rows bigint, OUT refined bigint) AS
	'SELECT rows, nodes_refined FROM lokivector_scan_stats()' LANGUAGE sql VOLATILE;

-- test: a scan walks as wide as its LIMIT
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 10) s;
SELECT rows, refined < 100 AS narrow FROM planner_last();
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 400) s;
SELECT rows, refined BETWEEN 400 AND 800 AS wide FROM planner_last();
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 10 OFFSET 390) s;
SELECT rows, refined BETWEEN 400 AND 800 AS wide FROM planner_last();

-- test: the LIMIT of another query does not count
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64)
	LIMIT (SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(2, 64) LIMIT 300) s)) s;
SELECT rows, refined BETWEEN 300 AND 600 AS wide FROM planner_last();
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 10) s;
SELECT rows, refined < 100 AS narrow FROM planner_last();

-- test: LIMIT over other nodes
SELECT count(*) FROM (SELECT DISTINCT b FROM (SELECT b FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 200) s LIMIT 3) s;
SELECT rows, refined BETWEEN 200 AND 400 AS wide FROM planner_last();
SELECT count(*) FROM (SELECT p.id FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 150) p
	JOIN planner_t USING (id) LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 20 FOR UPDATE) s;
SELECT rows FROM planner_last();

-- test: functions that run queries inside scans
CREATE FUNCTION planner_count(n integer, k integer) RETURNS bigint AS $$
	SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(n, 64) LIMIT k) s
$$ LANGUAGE sql VOLATILE;
SELECT sum(n) FROM (SELECT planner_count(id, 3) AS n FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 100) s;
SELECT count(*) FROM (SELECT id FROM planner_t WHERE planner_count(id, 2) = 2 ORDER BY v <-> planner_vector(1, 64) LIMIT 60) s;
SELECT sum((SELECT count(*) FROM (SELECT id FROM planner_t o ORDER BY o.v <-> p.v LIMIT p.id) s))
FROM (SELECT * FROM planner_t ORDER BY id LIMIT 30) p;
CREATE FUNCTION planner_recursive(n integer) RETURNS bigint AS $$
BEGIN
	RETURN (SELECT count(*) + CASE WHEN n > 0 THEN planner_recursive(n - 1) ELSE 0 END
			FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(n, 64) LIMIT n + 1) s);
END
$$ LANGUAGE plpgsql;
SELECT planner_recursive(20);

-- test: errors inside scans leave no LIMIT behind
CREATE FUNCTION planner_fail(integer) RETURNS integer AS $$
BEGIN
	RAISE EXCEPTION 'fail';
END
$$ LANGUAGE plpgsql;
SELECT planner_fail(id) FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 700;
SELECT id FROM planner_t WHERE a = planner_fail(1) ORDER BY v <-> planner_vector(1, 64) LIMIT 700;
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) OFFSET 4990) s;
SELECT rows FROM planner_last();
SELECT count(*) FROM (SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 10) s;
SELECT rows, refined < 100 AS narrow FROM planner_last();

-- test: EXPLAIN ANALYZE
CREATE FUNCTION planner_explain(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM plan_lines(query, 'ANALYZE') line WHERE line !~ 'Order By|Strategy|Nodes|Flat Scans|Heap Fetches'
$$;
SELECT planner_explain('SELECT id FROM planner_t WHERE a < 0 ORDER BY v <-> planner_vector(1, 64) LIMIT 10');
SELECT planner_explain('SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 10');
SELECT planner_explain('SELECT id FROM planner_t WHERE b = 1 AND a = 21 ORDER BY v <-> planner_vector(1, 64) LIMIT 10');
SELECT rows FROM planner_last();

-- test: cursors
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 600;
FETCH 1 FROM c;
DECLARE d CURSOR FOR SELECT id FROM planner_t ORDER BY v <-> planner_vector(2, 64) LIMIT 5;
FETCH 1 FROM d;
SELECT rows, refined < 100 AS narrow FROM planner_last();
MOVE ALL FROM c;
SELECT rows, refined BETWEEN 600 AND 1200 AS wide FROM planner_last();
MOVE 1 FROM d;
SELECT rows FROM planner_last();
CLOSE c;
MOVE 2 FROM d;
SELECT rows FROM planner_last();
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM planner_t ORDER BY v <-> planner_vector(1, 64) LIMIT 600;
FETCH 1 FROM c;
SAVEPOINT a;
DECLARE d CURSOR FOR SELECT id FROM planner_t ORDER BY v <-> planner_vector(2, 64) LIMIT 5;
FETCH 1 FROM d;
ROLLBACK TO a;
MOVE ALL FROM c;
SELECT rows FROM planner_last();
COMMIT;

-- test: distances that are read, and those that are not
SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 1;
SELECT id, v <-> planner_vector(77, 64) AS d FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 1;
SELECT id FROM (SELECT id, v <-> planner_vector(77, 64) AS d FROM planner_t ORDER BY d LIMIT 20) s WHERE d = 0;
SELECT count(*), count(DISTINCT d), min(d), bool_and(round(d::numeric, 5) = round((t.v <-> planner_vector(77, 64))::numeric, 5))
FROM (SELECT id, v <-> planner_vector(77, 64) AS d FROM planner_t ORDER BY 2 LIMIT 3) s JOIN planner_t t USING (id);
SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) FETCH FIRST 1 ROWS WITH TIES;
SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 1 FOR UPDATE;
SELECT row_number() OVER (ORDER BY v <-> planner_vector(77, 64)), id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 1;
PREPARE planner_d(vector) AS SELECT id FROM planner_t ORDER BY v <-> $1 LIMIT 1;
EXECUTE planner_d(planner_vector(78, 64));
EXECUTE planner_d(planner_vector(79, 64));
DEALLOCATE planner_d;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM planner_t ORDER BY v <-> '[1]' LIMIT 1;

-- test: a query that runs again after an update by others sees the same
RESET enable_seqscan;
RESET enable_sort;
UPDATE planner_t SET b = b + 1 WHERE id IN (SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 5);
DELETE FROM planner_t WHERE id = (SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 1);
INSERT INTO planner_t SELECT id + 10000, v, a, b FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 5;
SELECT count(*) FROM planner_t WHERE id > 10000;
CREATE TABLE planner_c AS SELECT id FROM planner_t ORDER BY v <-> planner_vector(77, 64) LIMIT 7;
SELECT count(*) FROM planner_c;
CREATE MATERIALIZED VIEW planner_m AS
	SELECT id FROM planner_t ORDER BY v <-> (SELECT v FROM planner_t WHERE id = 177) LIMIT 7;
REFRESH MATERIALIZED VIEW planner_m;
SELECT count(*) FROM planner_m;
DROP MATERIALIZED VIEW planner_m;

-- test: parallel plans
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT count(*) FROM (SELECT id FROM planner_t WHERE b < 9 ORDER BY v <-> planner_vector(1, 64) LIMIT 10) s;
SELECT count(*), count(DISTINCT p.id) FROM planner_t p, LATERAL (SELECT id FROM planner_t o ORDER BY o.v <-> p.v LIMIT 2) s
WHERE p.id <= 200;

-- test: distances of small values cost little, whatever their type says of the size
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
CREATE TABLE planner_small (typed vector(8), v vector, s sparsevec(30000));
INSERT INTO planner_small SELECT format('[1,2,3,4,5,6,7,%s]', i)::vector, format('[1,2,3,4,5,6,7,%s]', i)::vector,
	format('{1:1,7:2,300:3,20000:%s}/30000', i)::sparsevec FROM generate_series(1, 1000) i;
ANALYZE planner_small;
CREATE FUNCTION planner_cost(distance text) RETURNS float8 LANGUAGE sql AS $$
	SELECT plan_figure(format('SELECT %s FROM planner_small', distance), 'Total Cost')
$$;
SELECT d, planner_cost(d) < 200 AS little
FROM unnest(ARRAY[$$typed <-> '[1,2,3,4,5,6,7,8]'$$, $$v <-> '[1,2,3,4,5,6,7,8]'$$, $$s <-> '{1:1}/30000'$$]) d;
DROP TABLE planner_small;
DROP FUNCTION planner_cost;

-- test: IS NULL of a timestamptz depends on no time zone, so no recheck drops rows that would have to be sorted
CREATE TABLE planner_time (made timestamptz, v vector(2));
INSERT INTO planner_time SELECT CASE WHEN i % 3 > 0 THEN timestamptz '2026-01-01 00:00+00' END, format('[1,%s]', i)::vector
	FROM generate_series(1, 300) i;
CREATE INDEX ON planner_time USING hnsw (v vector_l2_ops, made);
ANALYZE planner_time;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT v FROM planner_time WHERE made IS NULL ORDER BY v <-> '[1,2]' LIMIT 3;
RESET enable_seqscan;
DROP TABLE planner_time;

DROP TABLE planner_t, planner_c;
DROP FUNCTION planner_vector, planner_last, planner_count, planner_recursive, planner_fail, planner_explain;

\c -
-- Aggregates below a join, which PostgreSQL has since 19: there a relation's rows are groups

SET max_parallel_workers_per_gather = 0;

CREATE TABLE eager_t (id integer, kind integer, v vector(3), x integer) WITH (autovacuum_enabled = off);
INSERT INTO eager_t SELECT n, n % 40, ARRAY[n % 40, n % 7, n % 3]::vector, n FROM generate_series(1, 4000) n;
CREATE TABLE eager_k (id integer, b integer) WITH (autovacuum_enabled = off);
INSERT INTO eager_k SELECT n % 40, n % 5 FROM generate_series(1, 400) n;
CREATE INDEX eager_idx ON eager_t USING hnsw (v vector_l2_ops, kind);
VACUUM ANALYZE eager_t, eager_k;
-- of groups of any size
SELECT count(set_config(name, '0', false)) = (current_setting('server_version_num')::int >= 190000)::int AS ok
FROM pg_settings WHERE name = 'min_eager_agg_group_size';

-- Whether groups below the join are made where the server can, and the answer is the one without an index
CREATE FUNCTION eager_plan(query text, OUT below boolean, OUT same boolean) LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT uses IS NOT NULL OR current_setting('server_version_num')::int < 190000, outcome = 'same' AND rows > 1
	FROM same(query, 'Partial (?:Hash|Group)?Aggregate')
$$;

-- test: groups of rows within a distance
SELECT * FROM eager_plan($$SELECT k.b, count(*), sum(t.x) FROM eager_t t JOIN eager_k k ON k.id = t.kind
	WHERE t.v <-> '[1,2,3]' < 3 GROUP BY k.b ORDER BY k.b$$);

-- test: the least distance of each group, where paths of plain rows by the keys of another table are none of groups
SELECT * FROM eager_plan($$SELECT t.kind, min(t.v <-> '[1,2,3]') AS d FROM eager_t t
	WHERE t.kind IN (SELECT id FROM eager_k WHERE b = 3) GROUP BY t.kind ORDER BY d, t.kind LIMIT 1000$$);

DROP FUNCTION eager_plan;
DROP TABLE eager_t, eager_k;
