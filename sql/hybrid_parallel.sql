-- Scans within a bitmap or a distance in parallel workers

SET lokivector.build_seed = 1;
SET jit = off;

CREATE FUNCTION workers_vector(n integer) RETURNS vector AS $$
	SELECT array_agg(2 * sin((n % 20) * 3 + i * 7) +
		hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 16) i
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
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

CREATE FUNCTION workers_plan(query text) RETURNS SETOF text AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		CONTINUE WHEN line LIKE '%Disabled: true';
		RETURN NEXT regexp_replace(line, '''\[[^'']*\]''::vector', 'q', 'g');
	END LOOP;
END $$ LANGUAGE plpgsql;

-- What it returns in workers, and in none without an index
CREATE FUNCTION workers_same(query text) RETURNS text AS $$
DECLARE
	found text[];
	truth text[];
BEGIN
	EXECUTE 'SELECT array_agg(s::text ORDER BY s::text) FROM (' || query || ') s' INTO found;
	SET LOCAL max_parallel_workers_per_gather = 0;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	EXECUTE 'SELECT array_agg(s::text ORDER BY s::text) FROM (' || query || ') s' INTO truth;
	RETURN CASE WHEN found IS NOT DISTINCT FROM truth THEN 'same, ' || coalesce(cardinality(found), 0)
		ELSE format('%s instead of %s', found, truth) END;
END $$ LANGUAGE plpgsql SET enable_seqscan = off;

SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_seqscan = off;
SET enable_indexscan = off;

-- test: partitions
SELECT workers_plan('SELECT id FROM workers_t WHERE v <-> workers_vector(-1) < 3');
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
SELECT workers_plan('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 AND v <-> workers_vector(-1) < 4 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT q.id, t.id FROM workers_q q, LATERAL (SELECT id FROM workers_0 t WHERE a = q.id ORDER BY t.v <-> q.q LIMIT 2) t');
-- not where a function must stay with the leader
SELECT workers_plan('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');

DROP TABLE workers_t, workers_q;
DROP FUNCTION workers_plan, workers_same, workers_vector, workers_restricted;
