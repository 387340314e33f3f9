-- Scans within a bitmap or a distance in parallel workers

CREATE FUNCTION workers_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20);
CREATE FUNCTION workers_restricted() RETURNS vector AS $$
BEGIN
	RETURN workers_vector(-1);
END $$ LANGUAGE plpgsql STABLE PARALLEL RESTRICTED;

CREATE TABLE workers_t (id integer, v vector(16), a integer, b integer) PARTITION BY HASH (id);
-- no sequential scans by several workers, with whose costs servers differ
CREATE TABLE workers_0 PARTITION OF workers_t FOR VALUES WITH (MODULUS 2, REMAINDER 0) WITH (parallel_workers = 0);
CREATE TABLE workers_1 PARTITION OF workers_t FOR VALUES WITH (MODULUS 2, REMAINDER 1) WITH (parallel_workers = 0);
CREATE INDEX ON workers_t USING hnsw (v vector_l2_ops, b);
CREATE INDEX ON workers_t (a);
INSERT INTO workers_t SELECT n, workers_vector(n), n % 50, n % 7 FROM generate_series(1, 4000) n;
VACUUM ANALYZE workers_t;
CREATE TABLE workers_q AS SELECT n AS id, workers_vector(-n) AS q FROM generate_series(1, 20) n;
ANALYZE workers_q;

-- What it returns in workers, and in none without an index
CREATE FUNCTION workers_same(query text) RETURNS text LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT outcome || ', ' || rows FROM same(query, ordered => false)
$$;

SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_seqscan = off;
SET enable_indexscan = off;

-- test: partitions
SELECT plan_lines('SELECT id FROM workers_t WHERE v <-> workers_vector(-1) < 3');
SELECT workers_same('SELECT id FROM workers_t WHERE v <-> workers_vector(-1) < 3');
SELECT workers_same('SELECT id FROM workers_t WHERE v <-> workers_vector(-1) < 6 AND a = 7 AND b < 5');
SELECT workers_same('SELECT count(*), sum(id) FROM workers_t WHERE v <-> workers_vector(-1) < 5');
SELECT workers_same('SELECT q.id, t.id FROM workers_q q JOIN workers_t t ON t.v <-> q.q < 3');
SELECT workers_same('SELECT id FROM workers_t WHERE v <-> workers_restricted() < 3');

-- test: all of a query in one worker
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET min_parallel_index_scan_size;
SET enable_sort = off;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'debug_parallel_query' OR name = 'force_parallel_mode' AND NOT EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query');
SELECT plan_lines('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 AND v <-> workers_vector(-1) < 4 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT q.id, t.id FROM workers_q q, LATERAL (SELECT id FROM workers_0 t WHERE a = q.id ORDER BY t.v <-> q.q LIMIT 2) t');
-- not where a function must stay with the leader
SELECT plan_lines('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');

DROP TABLE workers_t, workers_q;
DROP FUNCTION workers_same, workers_vector, workers_restricted;
