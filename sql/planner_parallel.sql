-- Workers make no scan whose order depends on a parameter that they do not get

CREATE FUNCTION gathered_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 8);
CREATE FUNCTION gathered_restricted() RETURNS vector AS $$
BEGIN
	RETURN gathered_vector(-1);
END $$ LANGUAGE plpgsql STABLE PARALLEL RESTRICTED;

-- the same rows in partitions, in children, and in tables of a UNION ALL
CREATE TABLE gathered_rows AS SELECT n AS id, n % 10 AS k, n % 40 AS a, gathered_vector(n) AS v FROM generate_series(1, 6000) n;
CREATE TABLE gathered_parts (id integer, k integer, a integer, v vector(8)) PARTITION BY HASH (id);
-- no sequential scans by several workers, with whose costs servers differ
CREATE TABLE gathered_part0 PARTITION OF gathered_parts FOR VALUES WITH (MODULUS 3, REMAINDER 0) WITH (parallel_workers = 0);
CREATE TABLE gathered_part1 PARTITION OF gathered_parts FOR VALUES WITH (MODULUS 3, REMAINDER 1) WITH (parallel_workers = 0);
CREATE TABLE gathered_part2 PARTITION OF gathered_parts FOR VALUES WITH (MODULUS 3, REMAINDER 2) WITH (parallel_workers = 0);
CREATE TABLE gathered_parent (id integer, k integer, a integer, v vector(8)) WITH (parallel_workers = 0);
CREATE TABLE gathered_child () INHERITS (gathered_parent) WITH (parallel_workers = 0);
CREATE TABLE gathered_one (id integer, k integer, a integer, v vector(8)) WITH (parallel_workers = 0);
CREATE TABLE gathered_two (id integer, k integer, a integer, v vector(8)) WITH (parallel_workers = 0);
CREATE VIEW gathered_all AS SELECT * FROM gathered_one UNION ALL SELECT * FROM gathered_two;
CREATE VIEW gathered_some AS SELECT * FROM gathered_parts WHERE k < 5;
INSERT INTO gathered_parts SELECT * FROM gathered_rows;
INSERT INTO gathered_parent SELECT * FROM gathered_rows WHERE id % 2 = 0;
INSERT INTO gathered_child SELECT * FROM gathered_rows WHERE id % 2 = 1;
INSERT INTO gathered_one SELECT * FROM gathered_rows WHERE id % 2 = 0;
INSERT INTO gathered_two SELECT * FROM gathered_rows WHERE id % 2 = 1;
CREATE INDEX ON gathered_parts USING hnsw (v vector_l2_ops, k);
CREATE INDEX ON gathered_parent USING hnsw (v vector_l2_ops, k);
CREATE INDEX ON gathered_child USING hnsw (v vector_l2_ops, k);
CREATE INDEX ON gathered_one USING hnsw (v vector_l2_ops, k);
CREATE INDEX ON gathered_two USING hnsw (v vector_l2_ops, k);
CREATE INDEX ON gathered_parts (a);
CREATE TABLE gathered_q AS SELECT n AS id, gathered_vector(-n) AS v FROM generate_series(1, 6) n;
ALTER TABLE gathered_q SET (parallel_workers = 0);
CREATE TABLE gathered_kinds AS SELECT n AS k FROM generate_series(2, 4) n;
CREATE TABLE gathered_many AS SELECT n AS id, n % 10 AS k FROM generate_series(1, 3000) n;
CREATE INDEX ON gathered_many (id, k);
ALTER TABLE gathered_many SET (parallel_workers = 2);
VACUUM ANALYZE gathered_parts, gathered_parent, gathered_child, gathered_one, gathered_two, gathered_q, gathered_kinds, gathered_many;

-- How many scans by a distance a plan has in workers, and whether it returns in workers what it
-- returns in one process without an index
CREATE FUNCTION gathered(query text, OUT scans integer, OUT outcome text) LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT (SELECT count(DISTINCT n) FROM jsonb_path_query(plan_json(query, 'COSTS OFF')::jsonb,
			'strict $.** ? (@."Node Type" starts with "Gather").** ? (exists (@."Order By"))') n),
		outcome || ', ' || rows FROM same(query, ordered => false)
$$;

-- The IDs of a query's rows, for each row of gathered_q
CREATE FUNCTION for_each(query text) RETURNS text AS $$
	SELECT 'SELECT q.id, (SELECT string_agg(x.id::text, '','') FROM (' || query || ') x) FROM gathered_q q'
$$ LANGUAGE sql;

SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
-- else a MergeAppend is cheaper for few partitions
SET enable_incremental_sort = off;

-- test: sub-selects
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY 1 - (s.v <-> q.v) DESC, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> q.v + gathered_vector(3), id'));

-- test: views, inheritance, UNION ALL
SELECT * FROM gathered(for_each('SELECT id FROM gathered_some s WHERE k = 3 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parent s WHERE k = 3 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_all s WHERE k = 3 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM (SELECT * FROM gathered_parts UNION ALL SELECT * FROM gathered_one) s WHERE k = 3 ORDER BY s.v <-> q.v, id'));

-- test: LATERAL
SELECT * FROM gathered('SELECT q.id, s.id FROM gathered_q q, LATERAL (SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> q.v, id LIMIT 100000) s');
SELECT * FROM gathered('SELECT q.id, s.id FROM gathered_q q LEFT JOIN LATERAL (SELECT id FROM gathered_all s WHERE k = 3 ORDER BY s.v <-> q.v, id OFFSET 0) s ON true');
SELECT * FROM gathered('SELECT m.k, count(*), sum(s.id) FROM gathered_many m, LATERAL (SELECT q.id FROM gathered_q q, LATERAL (SELECT id FROM gathered_parts s WHERE s.k = 3 ORDER BY s.v <-> q.v, id LIMIT 100000) s) s WHERE m.id < 50 GROUP BY m.k');

-- test: joins
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_many m LEFT JOIN gathered_one s USING (k) WHERE m.id < 30 ORDER BY s.v <-> q.v, s.id'));
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_many m LEFT JOIN gathered_one s ON s.id = m.id AND s.k = 2 WHERE m.id < 30 ORDER BY s.v <-> q.v, s.id'));
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_kinds m JOIN gathered_parts s USING (k) ORDER BY s.v <-> q.v, s.id'));
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_one s WHERE k IN (SELECT k FROM gathered_kinds) ORDER BY s.v <-> q.v, s.id'));
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_all s WHERE k IN (SELECT k FROM gathered_kinds) ORDER BY s.v <-> q.v, s.id'));
SELECT * FROM gathered(for_each('SELECT s.id FROM gathered_parts s, (SELECT v FROM gathered_q LIMIT 1) r WHERE k = 3 ORDER BY s.v <-> r.v + q.v, s.id'));

-- test: scans within a bitmap or a distance
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE a = 13 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE s.v <-> q.v < 1.2 ORDER BY id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE s.v <-> gathered_vector(-1) < 1.2 AND s.v <-> q.v < 2 ORDER BY id'));
SELECT * FROM gathered('SELECT q.id, s.id FROM gathered_q q JOIN gathered_parts s ON s.v <-> q.v < 1.2');
-- a bound that is known keeps its workers
SELECT scans > 0 AS workers, outcome FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE s.v <-> gathered_vector(-1) < 1.2 ORDER BY s.v <-> q.v, id'));

-- test: the nearest groups
SELECT * FROM gathered(for_each('SELECT a AS id FROM gathered_parts s WHERE k = 3 GROUP BY a ORDER BY min(s.v <-> q.v) LIMIT 3'));
SELECT * FROM gathered(for_each('SELECT id FROM (SELECT DISTINCT ON (a) a, id, s.v <-> q.v AS d FROM gathered_all s WHERE k = 3 ORDER BY a, d) g ORDER BY d LIMIT 3'));
SELECT * FROM gathered('SELECT q.id, s.* FROM gathered_q q, LATERAL (SELECT id, n FROM (SELECT id, s.v <-> q.v AS d, row_number() OVER (PARTITION BY a ORDER BY s.v <-> q.v) AS n FROM gathered_one s) g WHERE n <= 2 ORDER BY d LIMIT 5) s');

-- test: generic plans
SET plan_cache_mode = force_generic_plan;
CREATE FUNCTION gathered_generic(wanted integer) RETURNS text AS $$
DECLARE
	ids text;
BEGIN
	SELECT string_agg((SELECT string_agg(x.id::text, ',') FROM (SELECT id FROM gathered_parts s WHERE k = wanted ORDER BY s.v <-> q.v, id) x), ';' ORDER BY q.id)
	INTO ids FROM gathered_q q;
	RETURN md5(ids);
END $$ LANGUAGE plpgsql SET enable_seqscan = off;
SELECT gathered_generic(n) = (SELECT md5(string_agg((SELECT string_agg(x.id::text, ',') FROM (SELECT id FROM gathered_rows s WHERE k = n ORDER BY s.v <-> q.v, id) x), ';' ORDER BY q.id)) FROM gathered_q q) AS same
FROM generate_series(1, 3) n;
RESET plan_cache_mode;

-- test: functions that stay with the leader
SELECT * FROM gathered('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> gathered_restricted(), id');
SELECT * FROM gathered('SELECT id FROM gathered_all s WHERE k = 3 ORDER BY s.v <-> gathered_restricted(), id');

-- test: a vector that is computed before the scan goes to the workers
SELECT scans > 0 AS workers, outcome FROM gathered('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> (SELECT v FROM gathered_q WHERE id = 2), id');
SELECT scans > 0 AS workers, outcome FROM gathered('SELECT id FROM gathered_all s WHERE k = 3 ORDER BY s.v <-> (SELECT v FROM gathered_q WHERE id = 2), id');
SELECT scans > 0 AS workers, outcome FROM gathered('SELECT id FROM gathered_all s WHERE k = 3 ORDER BY s.v <-> gathered_vector(-1), id');
-- anew for each row of gathered_q
SELECT scans > 0 AS workers, outcome FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> (SELECT v FROM gathered_q r WHERE r.id = q.id), id'));

-- test: all of a query in one worker
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'debug_parallel_query' OR name = 'force_parallel_mode' AND NOT EXISTS (SELECT FROM pg_settings WHERE name = 'debug_parallel_query');
SELECT * FROM gathered(for_each('SELECT id FROM gathered_parts s WHERE k = 3 ORDER BY s.v <-> q.v, id'));
SELECT * FROM gathered(for_each('SELECT id FROM gathered_one s WHERE k = 3 ORDER BY s.v <-> q.v, id LIMIT 5'));
SELECT * FROM gathered(for_each('SELECT a AS id FROM gathered_one s GROUP BY a ORDER BY min(s.v <-> q.v) LIMIT 3'));
SELECT scans > 0 AS workers, outcome FROM gathered('SELECT a, min(s.v <-> gathered_vector(-1)) FROM gathered_one s GROUP BY a ORDER BY 2 LIMIT 5');
SELECT scans > 0 AS workers, outcome FROM gathered('SELECT id FROM gathered_one s WHERE k IN (SELECT k FROM gathered_kinds) ORDER BY s.v <-> gathered_vector(-1) LIMIT 5');
SELECT * FROM gathered(for_each('SELECT id FROM gathered_one s WHERE k IN (SELECT k FROM gathered_kinds) ORDER BY s.v <-> q.v, id LIMIT 5'));

DROP VIEW gathered_all, gathered_some;
DROP TABLE gathered_rows, gathered_parts, gathered_parent, gathered_child, gathered_one, gathered_two, gathered_q, gathered_kinds, gathered_many;
DROP FUNCTION gathered, for_each, gathered_generic, gathered_vector, gathered_restricted;

\c -
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
SELECT plan_line('SELECT id FROM workers_t WHERE v <-> workers_vector(-1) < 3');
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
SELECT plan_line('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 AND v <-> workers_vector(-1) < 4 ORDER BY v <-> workers_vector(-1) LIMIT 10');
SELECT workers_same('SELECT q.id, t.id FROM workers_q q, LATERAL (SELECT id FROM workers_0 t WHERE a = q.id ORDER BY t.v <-> q.q LIMIT 2) t');
-- not where a function must stay with the leader
SELECT plan_line('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');
SELECT workers_same('SELECT id FROM workers_0 WHERE a = 6 ORDER BY v <-> workers_restricted() LIMIT 10');

DROP TABLE workers_t, workers_q;
DROP FUNCTION workers_same, workers_vector, workers_restricted;
