-- Index scans: nearest rows first, exact within LIMIT, and complete.

-- A vector in one of twenty clusters, that depends on n alone
CREATE FUNCTION scan_vector(n integer, dim integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, dim, 20);

-- Distances of the k nearest rows, by index or by table

-- Share of the k nearest that the index finds, by distance; -1 if they are too
-- few or not in order
CREATE FUNCTION scan_recall(tab text, op text, dim integer, queries integer, k integer) RETURNS float8 LANGUAGE sql AS $$
	SELECT CASE WHEN bool_and(returned = wanted AND in_order) THEN sum(hits) / (queries * k)::float8 ELSE -1 END
	FROM generate_series(1, queries) i, found(tab, format('v %s %L', op, scan_vector(-i, dim)), k, tolerance => 1e-9)
$$;

-- Whether a query's plan has a scan of an hnsw index
CREATE FUNCTION scan_by_index(query text) RETURNS boolean LANGUAGE sql
	RETURN plan_nodes(query, 'Index Scan using \w+_(?:v|expr|subvector|l2_normalize)_idx') IS NOT NULL;

CREATE TABLE scan_t (id integer, v vector(64), note text);
INSERT INTO scan_t SELECT i, scan_vector(i, 64) FROM generate_series(1, 3000) i;
CREATE INDEX scan_t_v_idx ON scan_t USING hnsw (v vector_l2_ops);
VACUUM ANALYZE scan_t;

-- test: the metrics against exact answers
CREATE TABLE scan_m (id integer, v vector(40));
INSERT INTO scan_m SELECT i, scan_vector(i, 40) FROM generate_series(1, 1500) i;
CREATE INDEX scan_m_l2 ON scan_m USING hnsw (v vector_l2_ops);
CREATE INDEX scan_m_ip ON scan_m USING hnsw (v vector_ip_ops);
CREATE INDEX scan_m_cosine ON scan_m USING hnsw (v vector_cosine_ops);
CREATE INDEX scan_m_l1 ON scan_m USING hnsw (v vector_l1_ops);
SELECT op, scan_recall('scan_m', op, 40, 20, 10) >= 0.95 AS recall
FROM unnest('{<->,<#>,<=>,<+>}'::text[]) op;

-- test: the metrics after inserts one by one
TRUNCATE scan_m;
INSERT INTO scan_m SELECT i, scan_vector(i, 40) FROM generate_series(1, 1500) i;
SELECT op, scan_recall('scan_m', op, 40, 20, 10) >= 0.95 AS recall
FROM unnest('{<->,<#>,<=>,<+>}'::text[]) op;

-- test: dimensions
CREATE FUNCTION scan_dimensions(dim integer, n integer) RETURNS SETOF text AS $$
DECLARE
	class text;
	op text;
	recall float8;
BEGIN
	EXECUTE format('CREATE TABLE scan_d (v vector(%s))', dim);
	INSERT INTO scan_d SELECT scan_vector(i, dim) FROM generate_series(1, n) i;
	FOR class, op IN VALUES ('l2', '<->'), ('ip', '<#>'), ('cosine', '<=>'), ('l1', '<+>') LOOP
		EXECUTE format('CREATE INDEX scan_d_idx ON scan_d USING hnsw (v vector_%s_ops)', class);
		recall := scan_recall('scan_d', op, dim, 10, 10);
		IF recall < 0.95 THEN
			RETURN NEXT format('%s dimensions, %s: %s', dim, class, recall);
		END IF;
		DROP INDEX scan_d_idx;
	END LOOP;
	DROP TABLE scan_d;
END
$$ LANGUAGE plpgsql;
SELECT scan_dimensions(dim, n) FROM (VALUES (1, 500), (3, 500), (8, 500), (32, 500),
	(33, 500), (64, 500), (100, 500), (128, 500), (784, 150), (1536, 100), (2001, 100),
	(16000, 12)) s(dim, n);

-- test: extremes of m and ef_construction
CREATE INDEX scan_m_small ON scan_m USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
SELECT scan_recall('scan_m', '<->', 40, 10, 10) > 0;
DROP INDEX scan_m_small, scan_m_l2;
CREATE INDEX scan_m_small ON scan_m USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
SET hnsw.ef_search = 400;
SELECT scan_recall('scan_m', '<->', 40, 10, 10) >= 0.5;
SELECT scan_recall('scan_m', '<->', 40, 10, 1500) >= 0.9;
RESET hnsw.ef_search;
DROP INDEX scan_m_small;
CREATE INDEX scan_m_large ON scan_m USING hnsw (v vector_l2_ops) WITH (m = 100, ef_construction = 1000);
SELECT scan_recall('scan_m', '<->', 40, 10, 10) >= 0.95;
INSERT INTO scan_m SELECT i, scan_vector(i, 40) FROM generate_series(1501, 1600) i;
SELECT scan_recall('scan_m', '<->', 40, 10, 10) >= 0.95;
SELECT lokivector_check('scan_m_large', true);

-- test: every number of bits
DROP INDEX scan_m_large;
CREATE FUNCTION scan_bits() RETURNS SETOF text AS $$
DECLARE
	b text;
	r text;
	recall float8;
BEGIN
	FOR b, r IN SELECT * FROM unnest('{auto,1,2,4,8}'::text[]) b, unnest('{auto,0,2,4,6,8}'::text[]) r LOOP
		BEGIN
			EXECUTE format('CREATE INDEX scan_m_v_idx ON scan_m USING hnsw (v vector_l2_ops)
				WITH (bits = %s, refine_bits = %s)', b, r);
		EXCEPTION WHEN invalid_parameter_value THEN
			RETURN NEXT format('bits %s, refine_bits %s: %s', b, r, SQLERRM);
			CONTINUE;
		END;
		recall := scan_recall('scan_m', '<->', 40, 5, 10);
		IF recall < (CASE b WHEN '1' THEN 0.7 WHEN '2' THEN 0.9 ELSE 0.95 END) THEN
			RETURN NEXT format('bits %s, refine_bits %s: recall %s', b, r, recall);
		END IF;
		DROP INDEX scan_m_v_idx;
	END LOOP;
END
$$ LANGUAGE plpgsql;
SELECT scan_bits();
DROP TABLE scan_m;

-- test: ef_search
CREATE FUNCTION scan_ef(ef integer, k integer) RETURNS boolean AS $$
	SELECT set_config('hnsw.ef_search', ef::text, true);
	SELECT scan_recall('scan_t', '<->', 64, 3, k) >= CASE WHEN ef < 10 AND k <= 10 THEN 0.5 ELSE 0.95 END;
$$ LANGUAGE sql;
SELECT ef, k FROM unnest('{1,2,10,40,100,1000}'::integer[]) ef, unnest('{1,10,500}'::integer[]) k
WHERE NOT scan_ef(ef, k);
SHOW hnsw.ef_search;

SET enable_seqscan = off;
SET enable_sort = off;

-- test: LIMIT
SELECT k, count(*), count(DISTINCT id), min(d) = 0 AS first, bool_and(ordered) AS ordered
FROM unnest('{1,10,500,2999,3000,5000}'::integer[]) k,
	LATERAL (SELECT id, d, d >= lag(d, 1, 0.0) OVER () AS ordered FROM (
		SELECT id, v <-> scan_vector(7, 64) AS d FROM scan_t
		ORDER BY v <-> scan_vector(7, 64) LIMIT k) s1) s2
GROUP BY k ORDER BY k;
SELECT scan_recall('scan_t', '<->', 64, 2, 2500) >= 0.95;
SELECT count(*) FROM (SELECT FROM scan_t ORDER BY v <-> scan_vector(7, 64) LIMIT 0) s;
SELECT count(*) FROM (SELECT FROM scan_t ORDER BY v <-> scan_vector(7, 64) LIMIT NULL) s;
SELECT count(*) FROM (SELECT FROM scan_t ORDER BY v <-> scan_vector(7, 64) LIMIT 9000000000000000000) s;

-- test: a search for fewer rows looks no farther than one for more
CREATE TABLE scan_far (id integer, v vector(40));
INSERT INTO scan_far SELECT i, random_vector(i, 40) FROM generate_series(1, 4000) i;
CREATE INDEX scan_far_v_idx ON scan_far USING hnsw (v vector_l2_ops);
VACUUM ANALYZE scan_far;
CREATE FUNCTION scan_work(k integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	scored bigint := 0;
BEGIN
	FOR q IN 1..30 LOOP
		PERFORM id FROM scan_far ORDER BY v <-> random_vector(-q, 40) LIMIT k;
		scored := scored + (SELECT nodes_scored FROM lokivector_scan_stats());
	END LOOP;
	RETURN scored;
END $$;
SELECT k, scan_work(k) >= lag(scan_work(k)) OVER (ORDER BY k) AS farther
FROM unnest('{1,5,10,20,100}'::integer[]) k;

-- test: LIMIT as a parameter
SET plan_cache_mode = force_generic_plan;
PREPARE scan_limit(vector, bigint, bigint) AS
	SELECT count(*), count(DISTINCT id) FROM (
		SELECT id FROM scan_t ORDER BY v <-> $1 LIMIT $2 OFFSET $3) s;
PREPARE scan_explain(vector, bigint, bigint) AS
	SELECT id FROM scan_t ORDER BY v <-> $1 LIMIT $2 OFFSET $3;
EXPLAIN (COSTS OFF) EXECUTE scan_explain('[1]', 1, 1);
EXECUTE scan_limit(scan_vector(1, 64), 1, 0);
EXECUTE scan_limit(scan_vector(1, 64), 600, 0);
SELECT rows FROM lokivector_scan_stats();
EXECUTE scan_limit(scan_vector(1, 64), 600, 2900);
EXECUTE scan_limit(scan_vector(1, 64), 10, 5000);
EXECUTE scan_limit(scan_vector(1, 64), NULL, NULL);
EXECUTE scan_limit(NULL, 5, NULL);
RESET plan_cache_mode;
DEALLOCATE scan_limit;
DEALLOCATE scan_explain;

-- test: OFFSET
SELECT (SELECT array_agg(id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(5, 64)
								   LIMIT 20 OFFSET 80) s) =
	(SELECT (array_agg(id))[81:100] FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(5, 64)
										  LIMIT 100) s) AS same;

-- test: FETCH FIRST WITH TIES
CREATE TABLE scan_ties (id integer, v vector(3));
INSERT INTO scan_ties SELECT i, ARRAY[i / 10, 0, 0]::vector FROM generate_series(0, 299) i;
CREATE INDEX scan_ties_v_idx ON scan_ties USING hnsw (v vector_l2_ops);
SELECT count(*), max(id) FROM (SELECT id FROM scan_ties ORDER BY v <-> '[0,0,0]'
							   FETCH FIRST 11 ROWS WITH TIES) s;
SELECT count(*) FROM (SELECT id FROM scan_ties ORDER BY v <-> '[15,0,0]'
					  FETCH FIRST 61 ROWS WITH TIES) s;

-- test: ties in the order of rows
SELECT id, v <-> '[15,0,0]' AS d FROM scan_ties ORDER BY v <-> '[15,0,0]' LIMIT 12;
DROP TABLE scan_ties;

-- test: no LIMIT
EXPLAIN (COSTS OFF) SELECT id FROM scan_t ORDER BY v <-> '[1]';
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(9, 64)) s;
SELECT ef, (SELECT count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(ef, 64)) s
			WHERE set_config('hnsw.ef_search', ef::text, false) IS NOT NULL)
FROM unnest('{1,1000,40}'::integer[]) ef;

-- test: cursors
-- What a cursor still has: rows, and how many different ones
CREATE FUNCTION scan_rest(c refcursor) RETURNS text AS $$
DECLARE
	ids integer[] := '{}';
	i integer;
BEGIN
	LOOP
		FETCH c INTO i;
		EXIT WHEN NOT FOUND;
		ids := ids || i;
	END LOOP;
	RETURN (SELECT count(*) || ' rows, ' || count(DISTINCT u) || ' ids' FROM unnest(ids) u);
END
$$ LANGUAGE plpgsql;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64);
SELECT scan_rest('c');
DECLARE d CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64);
FETCH 1 FROM d;
MOVE 1000 FROM d;
SELECT scan_rest('d');
FETCH 1 FROM d;
FETCH BACKWARD 1 FROM d;
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64);
FETCH 1 FROM c;
MOVE 9 FROM c;
MOVE BACKWARD 8 FROM c;
SELECT scan_rest('c');
FETCH ABSOLUTE 1 FROM c;
COMMIT;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64);
FETCH 1 FROM c;
MOVE 1 FROM c;
COMMIT;
SELECT scan_rest('c');
CLOSE c;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64) LIMIT 100;
MOVE 40 FROM c;
SELECT scan_rest('c');
COMMIT;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(11, 64);
DECLARE d CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(12, 64);
FETCH 1 FROM c;
FETCH 1 FROM d;
SELECT scan_rest('c'), scan_rest('d');
COMMIT;

-- test: WHERE CURRENT OF
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(12, 64) FOR UPDATE;
FETCH 1 FROM c;
UPDATE scan_t SET note = 'current' WHERE CURRENT OF c;
MOVE 1 FROM c;
DELETE FROM scan_t WHERE CURRENT OF c;
SELECT count(*) FILTER (WHERE note = 'current'), count(*), count(DISTINCT id)
FROM (SELECT id, note FROM scan_t ORDER BY v <-> scan_vector(12, 64)) s;
ROLLBACK;

-- test: WHERE CURRENT OF with LIMIT, and rows that are locked as they come
BEGIN;
SET LOCAL enable_seqscan = off;
CREATE TABLE scan_locks (id int PRIMARY KEY, note text, v vector(3));
INSERT INTO scan_locks SELECT i, '', ARRAY[i, 0, 0]::vector FROM generate_series(1, 2000) i;
CREATE INDEX ON scan_locks USING hnsw (v vector_l2_ops);
ANALYZE scan_locks;
EXPLAIN (COSTS OFF) SELECT id FROM scan_locks ORDER BY v <-> '[0,0,0]' LIMIT 5 FOR UPDATE;
DECLARE c CURSOR FOR SELECT id FROM scan_locks ORDER BY v <-> '[0,0,0]' LIMIT 5 FOR UPDATE;
FETCH 1 FROM c;
DELETE FROM scan_locks WHERE CURRENT OF c RETURNING id;
FETCH 1 FROM c;
UPDATE scan_locks SET note = 'current' WHERE CURRENT OF c RETURNING id;
CLOSE c;
DECLARE c CURSOR FOR SELECT id FROM (SELECT id FROM scan_locks WHERE id > 10 ORDER BY v <-> '[0,0,0]' FOR UPDATE) s LIMIT 5;
SAVEPOINT s;
FETCH 2 FROM c;
ROLLBACK TO s;
FETCH 1 FROM c;
SELECT id, xmax <> '0' AS locked FROM scan_locks WHERE id BETWEEN 13 AND 15 ORDER BY id;
CLOSE c;
-- a statement that runs to its end searches
UPDATE scan_locks SET note = 'nearest'
	WHERE id = ANY (ARRAY(SELECT id FROM scan_locks WHERE id > 10 ORDER BY v <-> '[0,0,0]' LIMIT 5 FOR UPDATE SKIP LOCKED))
	RETURNING id;
ROLLBACK;

-- test: an open cursor while rows come and go
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_t ORDER BY v <-> scan_vector(13, 64);
FETCH 1 FROM c;
INSERT INTO scan_t SELECT i, scan_vector(13, 64) FROM generate_series(5001, 5050) i;
DELETE FROM scan_t WHERE id % 20 = 13;
UPDATE scan_t SET v = scan_vector(13, 64) WHERE id % 20 = 14;
SELECT scan_rest('c');
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(13, 64)) s;
ROLLBACK;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(13, 64)) s;

-- test: LATERAL joins
SELECT count(*), count(DISTINCT q), bool_and(q = id) FILTER (WHERE d = 0)
FROM generate_series(1, 60) q,
	LATERAL (SELECT id, v <-> scan_vector(q, 64) AS d FROM scan_t
			 ORDER BY v <-> scan_vector(q, 64) LIMIT 5) s;
SELECT a.id, count(b.id), min(b.id) FROM scan_t a LEFT JOIN LATERAL (
	SELECT id FROM scan_t ORDER BY v <-> a.v LIMIT a.id) b ON true
WHERE a.id <= 3 GROUP BY a.id ORDER BY a.id;

-- test: memory over many rescans
CREATE FUNCTION scan_memory() RETURNS bigint AS $$
	SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts
$$ LANGUAGE sql VOLATILE;
CREATE TABLE scan_probes AS SELECT i, scan_vector(i, 64) AS q FROM generate_series(1, 2000) i;
SELECT count(*), max(m) FILTER (WHERE i = 2000) - max(m) FILTER (WHERE i = 500) < 65536 AS level
FROM (SELECT i, CASE WHEN i IN (500, 2000) THEN scan_memory() END AS m
	  FROM scan_probes, LATERAL (SELECT id FROM scan_t ORDER BY v <-> q LIMIT 1) s) s;
DROP TABLE scan_probes;

-- test: query vectors from elsewhere
SELECT (SELECT id FROM scan_t ORDER BY v <-> (SELECT v FROM scan_t WHERE id = 17) LIMIT 1);
SELECT scan_by_index('SELECT id FROM scan_t ORDER BY v <-> (SELECT v FROM scan_t WHERE id = 17) LIMIT 5');
WITH q AS MATERIALIZED (SELECT v FROM scan_t WHERE id = 18)
SELECT id FROM scan_t ORDER BY v <-> (SELECT v FROM q) LIMIT 1;
WITH q(n, v) AS (VALUES (1, scan_vector(19, 64)), (2, scan_vector(20, 64)))
SELECT n, id FROM q, LATERAL (SELECT id FROM scan_t ORDER BY scan_t.v <-> q.v LIMIT 1) s ORDER BY n;
SELECT id FROM scan_t ORDER BY scan_vector(21, 64) <-> v LIMIT 1;

-- test: subqueries that run scans of the same index
SELECT count(*), count(DISTINCT id), bool_and(other) FROM (
	SELECT o.id, (SELECT i.id FROM scan_t i WHERE i.id <> o.id ORDER BY i.v <-> o.v LIMIT 1) <> o.id AS other
	FROM scan_t o ORDER BY o.v <-> scan_vector(22, 64) LIMIT 30) s;
CREATE FUNCTION scan_inner(integer) RETURNS bigint AS $$
	SELECT count(*) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector($1, 64) LIMIT 700) s
$$ LANGUAGE sql VOLATILE;
SELECT count(*), sum(n) FROM (SELECT id, scan_inner(id) AS n FROM scan_t
	ORDER BY v <-> scan_vector(23, 64) LIMIT 4) s;
SELECT count(*) FROM (SELECT id FROM scan_t WHERE scan_inner(id) = 700
	ORDER BY v <-> scan_vector(23, 64) LIMIT 4) s;
SELECT id FROM scan_t WHERE id IN (SELECT id FROM scan_t ORDER BY v <-> scan_vector(24, 64) LIMIT 2)
ORDER BY v <-> scan_vector(24, 64) LIMIT 1;

-- test: plpgsql
CREATE FUNCTION scan_loop() RETURNS integer AS $$
DECLARE
	r record;
	n integer := 0;
BEGIN
	FOR r IN SELECT id FROM scan_t ORDER BY v <-> scan_vector(25, 64) LOOP
		n := n + 1;
		IF n % 1000 = 0 THEN
			PERFORM id FROM scan_t ORDER BY v <-> scan_vector(n, 64) LIMIT 10;
		END IF;
	END LOOP;
	RETURN n;
END
$$ LANGUAGE plpgsql;
SELECT scan_loop();
CREATE PROCEDURE scan_commit(INOUT n integer) AS $$
DECLARE
	r record;
BEGIN
	FOR r IN SELECT id FROM scan_t ORDER BY v <-> scan_vector(25, 64) LIMIT 200 LOOP
		n := n + 1;
		COMMIT;
	END LOOP;
END
$$ LANGUAGE plpgsql;
CALL scan_commit(0);

-- test: an error inside a scan
SELECT count(*) FROM (SELECT 1 / (id - 26) FROM scan_t ORDER BY v <-> scan_vector(26, 64) LIMIT 5) s;
SELECT 1 / (id - 26) FROM scan_t ORDER BY v <-> scan_vector(26, 64) LIMIT 5;
DO $$
BEGIN
	FOR i IN 1 .. 20 LOOP
		BEGIN
			PERFORM 1 / (id - 26) FROM scan_t ORDER BY v <-> scan_vector(26, 64);
		EXCEPTION WHEN division_by_zero THEN
			NULL;
		END;
	END LOOP;
END
$$;
SELECT id FROM scan_t ORDER BY v <-> scan_vector(26, 64) LIMIT 1;

-- test: rows of this transaction, and of transactions that ended
CREATE TABLE scan_x (id integer, v vector(40), other integer) WITH (fillfactor = 50);
INSERT INTO scan_x SELECT i, scan_vector(i, 40), 0 FROM generate_series(1, 400) i;
CREATE INDEX scan_x_v_idx ON scan_x USING hnsw (v vector_l2_ops);
CREATE FUNCTION scan_rows() RETURNS text AS $$
	SELECT count(*) || ' rows, ' || count(DISTINCT id) || ' ids, sum ' || sum(id)
	FROM (SELECT id FROM scan_x ORDER BY v <-> scan_vector(-7, 40)) s
$$ LANGUAGE sql VOLATILE;
BEGIN;
INSERT INTO scan_x SELECT i, scan_vector(i, 40), 0 FROM generate_series(401, 450) i;
SELECT scan_rows();
SAVEPOINT a;
INSERT INTO scan_x SELECT i, scan_vector(i, 40), 0 FROM generate_series(451, 500) i;
DELETE FROM scan_x WHERE id = 1;
SELECT scan_rows();
ROLLBACK TO a;
SELECT scan_rows();
SELECT id FROM scan_x ORDER BY v <-> scan_vector(430, 40) LIMIT 1;
ROLLBACK;
SELECT scan_rows();
SELECT id = 430 AS own FROM scan_x ORDER BY v <-> scan_vector(430, 40) LIMIT 1;

-- test: dead and updated rows before vacuum
UPDATE scan_x SET other = 1;
SELECT scan_rows();
UPDATE scan_x SET v = scan_vector(id + 1000, 40) WHERE id % 2 = 0;
SELECT scan_rows();
UPDATE scan_x SET v = scan_vector(id, 40), other = 2;
UPDATE scan_x SET v = scan_vector(id, 40), other = 3;
UPDATE scan_x SET other = 4;
SELECT scan_rows(), scan_recall('scan_x', '<->', 40, 10, 10) >= 0.95 AS recall;
DELETE FROM scan_x WHERE id % 10 <> 0;
SELECT scan_rows(), scan_recall('scan_x', '<->', 40, 10, 10) >= 0.95 AS recall;
VACUUM scan_x;
SELECT scan_rows(), scan_recall('scan_x', '<->', 40, 10, 10) >= 0.95 AS recall;
DELETE FROM scan_x;
SELECT count(*) FROM (SELECT id FROM scan_x ORDER BY v <-> scan_vector(1, 40) LIMIT 5) s;
VACUUM scan_x;
SELECT count(*) FROM (SELECT id FROM scan_x ORDER BY v <-> scan_vector(1, 40) LIMIT 5) s;
TRUNCATE scan_x;
SELECT count(*) FROM (SELECT id FROM scan_x ORDER BY v <-> scan_vector(1, 40) LIMIT 5) s;
INSERT INTO scan_x VALUES (1, scan_vector(1, 40));
SELECT id FROM scan_x ORDER BY v <-> scan_vector(1, 40) LIMIT 5;
DROP TABLE scan_x;

-- test: NULL queries
SELECT count(*) FROM (SELECT v FROM scan_t ORDER BY v <-> (SELECT NULL::vector) LIMIT 50) s;
SELECT rows FROM lokivector_scan_stats();
SELECT count(*), count(d) FROM (SELECT v <-> (SELECT NULL::vector) AS d FROM scan_t
							    ORDER BY v <-> (SELECT NULL::vector)) s;
SELECT scan_by_index('SELECT FROM scan_t ORDER BY v <-> (SELECT NULL::vector)');

-- test: rows without a direction come last
CREATE TABLE scan_n (id integer, v vector(3));
CREATE INDEX scan_n_v_idx ON scan_n USING hnsw (v vector_cosine_ops);
INSERT INTO scan_n VALUES (1, '[1,1,1]'), (2, NULL), (3, '[0,0,0]'), (4, '[-1,-1,-1]'),
	(5, '[1,2,3]'), (6, NULL), (7, '[0,0,0]'), (8, '[1e-20,1e-20,0]'), (9, '[1e20,0,0]');
SELECT id, round((v <=> '[1,1,1]')::numeric, 4) AS d FROM scan_n ORDER BY v <=> '[1,1,1]';
SELECT array_agg(id) FROM (SELECT id FROM scan_n ORDER BY v <=> '[1,1,1]' LIMIT 8) s;
SELECT count(*), count(v), count(d), count(*) FILTER (WHERE d = 'NaN')
FROM (SELECT v, v <=> '[0,0,0]' AS d FROM scan_n ORDER BY v <=> '[0,0,0]') s;
REINDEX TABLE scan_n;
SELECT id, round((v <=> '[1,1,1]')::numeric, 4) AS d FROM scan_n ORDER BY v <=> '[1,1,1]';
SELECT count(*), count(v), count(d) FROM (SELECT v, v <=> (SELECT NULL::vector) AS d FROM scan_n ORDER BY v <=> (SELECT NULL::vector)) s;

-- test: IS NULL and IS NOT NULL
SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM scan_n WHERE v IS NULL ORDER BY v <=> '[1,1,1]') s;
SELECT id FROM scan_n WHERE v IS NOT NULL ORDER BY v <=> '[1,1,1]';
SELECT count(*) FROM (SELECT id FROM scan_n WHERE v IS NULL AND v IS NOT NULL ORDER BY v <=> '[1,1,1]') s;
SELECT count(*) FROM (SELECT id FROM scan_n WHERE v IS NULL ORDER BY v <=> '[0,0,0]') s;
SELECT count(*) FROM (SELECT id FROM scan_n WHERE v IS NOT NULL ORDER BY v <=> '[0,0,0]') s;
SELECT count(*) FROM (SELECT id FROM scan_n WHERE v IS NOT NULL ORDER BY v <=> (SELECT NULL::vector)) s;
DROP INDEX scan_n_v_idx;
CREATE INDEX scan_n_v_idx ON scan_n USING hnsw (v vector_l2_ops);
SELECT id FROM scan_n ORDER BY v <-> '[1,1,1]';
DROP INDEX scan_n_v_idx;
CREATE INDEX scan_n_v_idx ON scan_n USING hnsw (v vector_ip_ops);
SELECT id FROM scan_n WHERE v IS NOT NULL ORDER BY v <#> '[1,1,1]';
DROP TABLE scan_n;

-- test: large and small values
CREATE TABLE scan_l (id integer, v vector(3));
INSERT INTO scan_l VALUES (1, '[1e38,1e38,1e38]'), (2, '[-1e38,1e38,0]'), (3, '[1e-40,0,0]'),
	(4, '[3e38,-3e38,3e38]'), (5, '[1,2,3]'), (6, '[0,0,0]'), (7, '[1e19,1e19,1e19]');
CREATE INDEX scan_l_v_idx ON scan_l USING hnsw (v vector_l2_ops);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_l ORDER BY v <-> '[1,1,1]') s;
SELECT (array_agg(id))[1:3] FROM (SELECT id FROM scan_l ORDER BY v <-> '[1,1,1]') s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_l ORDER BY v <-> '[3e38,3e38,3e38]') s;
DROP TABLE scan_l;
CREATE TABLE scan_l (id integer, v vector(64));
INSERT INTO scan_l SELECT i, (scan_vector(i, 64)::real[])::vector * array_fill(s, '{64}')::vector
FROM generate_series(1, 60) i, unnest('{1e-38,1e-20,1,1e20,1e37}'::real[]) s;
CREATE INDEX scan_l_v_idx ON scan_l USING hnsw (v vector_l2_ops);
SELECT count(*), count(DISTINCT (id, v)) FROM (SELECT id, v FROM scan_l ORDER BY v <-> scan_vector(1, 64)) s;
INSERT INTO scan_l SELECT id + 1000, v FROM scan_l;
SELECT count(*), count(DISTINCT (id, v)) FROM (SELECT id, v FROM scan_l ORDER BY v <-> scan_vector(1, 64)) s;
DROP INDEX scan_l_v_idx;
CREATE INDEX scan_l_v_idx ON scan_l USING hnsw (v vector_cosine_ops);
SELECT count(*), count(DISTINCT (id, v)) FROM (SELECT id, v FROM scan_l ORDER BY v <=> scan_vector(1, 64)) s;
DROP INDEX scan_l_v_idx;
CREATE INDEX scan_l_v_idx ON scan_l USING hnsw (v vector_ip_ops);
SELECT count(*), count(DISTINCT (id, v)) FROM (SELECT id, v FROM scan_l ORDER BY v <#> scan_vector(1, 64)) s;
DROP INDEX scan_l_v_idx;
CREATE INDEX scan_l_v_idx ON scan_l USING hnsw (v vector_l1_ops);
SELECT count(*), count(DISTINCT (id, v)) FROM (SELECT id, v FROM scan_l ORDER BY v <+> scan_vector(1, 64)) s;
DROP TABLE scan_l;

-- test: expression indexes
CREATE TABLE scan_e (id integer, v vector);
INSERT INTO scan_e SELECT i, scan_vector(i, CASE WHEN i <= 500 THEN 3 ELSE 6 END) FROM generate_series(1, 1000) i;
CREATE INDEX scan_e_v_idx ON scan_e USING hnsw ((v::vector(3)) vector_l2_ops) WHERE vector_dims(v) = 3;
CREATE INDEX scan_e_subvector_idx ON scan_e USING hnsw ((subvector(v, 2, 2)::vector(2)) vector_l2_ops);
CREATE INDEX scan_e_l2_normalize_idx ON scan_e USING hnsw ((l2_normalize(v)::vector(6)) vector_ip_ops) WHERE id > 500;
SELECT scan_by_index('SELECT id FROM scan_e WHERE vector_dims(v) = 3 ORDER BY v::vector(3) <-> ''[1,2,3]'' LIMIT 5');
SELECT id FROM scan_e WHERE vector_dims(v) = 3 ORDER BY v::vector(3) <-> scan_vector(33, 3)::vector(3) LIMIT 1;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM scan_e WHERE vector_dims(v) = 3 ORDER BY v::vector(3) <-> '[1,2,3]') s;
SELECT scan_by_index('SELECT id FROM scan_e ORDER BY subvector(v, 2, 2)::vector(2) <-> ''[1,2]'' LIMIT 5');
SELECT id FROM scan_e WHERE id > 500
ORDER BY subvector(v, 2, 2)::vector(2) <-> subvector(scan_vector(633, 6), 2, 2)::vector(2) LIMIT 1;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_e ORDER BY subvector(v, 2, 2)::vector(2) <-> '[1,2]') s;
SELECT id FROM scan_e WHERE id > 500
ORDER BY l2_normalize(v)::vector(6) <#> l2_normalize(scan_vector(733, 6))::vector(6) LIMIT 1;
SELECT scan_by_index('SELECT id FROM scan_e WHERE id > 600
	ORDER BY l2_normalize(v)::vector(6) <#> l2_normalize(scan_vector(733, 6))::vector(6) LIMIT 1');
UPDATE scan_e SET v = v + v WHERE id % 3 = 0;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_e ORDER BY subvector(v, 2, 2)::vector(2) <-> '[1,2]') s;
DROP TABLE scan_e;

-- test: partial indexes
CREATE TABLE scan_p (id integer, v vector(3), a integer);
INSERT INTO scan_p SELECT i, scan_vector(i, 3), i % 4 FROM generate_series(1, 800) i;
CREATE INDEX scan_p_v_idx ON scan_p USING hnsw (v vector_l2_ops) WHERE a = 2;
SELECT count(*), count(DISTINCT id), min(a), max(a) FROM (
	SELECT id, a FROM scan_p WHERE a = 2 ORDER BY v <-> '[1,2,3]') s;
SELECT scan_by_index('SELECT FROM scan_p WHERE a = 2 ORDER BY v <-> ''[1,2,3]'' LIMIT 3'),
	scan_by_index('SELECT FROM scan_p WHERE a = 1 ORDER BY v <-> ''[1,2,3]'' LIMIT 3');
UPDATE scan_p SET a = 2 WHERE a = 1;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_p WHERE a = 2 ORDER BY v <-> '[1,2,3]') s;
DROP TABLE scan_p;

-- test: duplicates
CREATE TABLE scan_dup (id integer, v vector(3));
INSERT INTO scan_dup SELECT i, '[1,1,1]' FROM generate_series(1, 20) i;
CREATE INDEX scan_dup_v_idx ON scan_dup USING hnsw (v vector_l2_ops);
SET hnsw.ef_search = 1;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]') s;
SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]' LIMIT 3;
INSERT INTO scan_dup SELECT i, '[1,1,1]' FROM generate_series(21, 1000) i;
INSERT INTO scan_dup SELECT i, scan_vector(i, 3) FROM generate_series(1001, 1100) i;
SELECT count(*), count(DISTINCT id), max(id) FROM (
	SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]' LIMIT 1000) s;
RESET hnsw.ef_search;
SELECT count(*), count(DISTINCT id), max(id) FROM (
	SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]' LIMIT 1000) s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_dup ORDER BY v <-> '[9,9,9]') s;
SELECT scan_recall('scan_dup', '<->', 3, 10, 10);
DELETE FROM scan_dup WHERE id BETWEEN 2 AND 900;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]' LIMIT 101) s;
VACUUM scan_dup;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_dup ORDER BY v <-> '[1,1,1]' LIMIT 101) s;
DROP TABLE scan_dup;

-- test: queries of other dimensions
SELECT id FROM scan_t ORDER BY v <-> '[1,2,3]' LIMIT 1;
SELECT id FROM scan_t ORDER BY v <-> (scan_vector(1, 65)) LIMIT 1;
PREPARE scan_other(vector) AS SELECT id FROM scan_t ORDER BY v <-> $1 LIMIT 1;
EXECUTE scan_other('[1]');
EXECUTE scan_other(scan_vector(1, 64));
DEALLOCATE scan_other;

-- test: UNION ALL, inheritance and partitions
CREATE TABLE scan_part (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE scan_part_1 PARTITION OF scan_part FOR VALUES FROM (0) TO (500);
CREATE TABLE scan_part_2 PARTITION OF scan_part FOR VALUES FROM (500) TO (1000);
CREATE TABLE scan_part_3 PARTITION OF scan_part FOR VALUES FROM (1000) TO (2000);
INSERT INTO scan_part SELECT i, scan_vector(i, 3) FROM generate_series(1, 1500) i;
CREATE INDEX ON scan_part USING hnsw (v vector_l2_ops);
ANALYZE scan_part;
EXPLAIN (COSTS OFF) SELECT id FROM scan_part ORDER BY v <-> '[1,2,3]' LIMIT 10;
SELECT scan_recall('scan_part', '<->', 3, 10, 10), scan_recall('scan_part', '<->', 3, 2, 300);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_part ORDER BY v <-> '[1,2,3]') s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_part ORDER BY v <-> '[1,2,3]' LIMIT 700) s;
ALTER TABLE scan_part DETACH PARTITION scan_part_3;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT id, v <-> '[1,2,3]' AS d FROM scan_part_1
	UNION ALL SELECT id, v <-> '[1,2,3]' FROM scan_part_3) s ORDER BY d LIMIT 10;
SELECT count(*), count(DISTINCT id), bool_and(ordered) FROM (SELECT id, d >= lag(d, 1, 0.0) OVER () AS ordered FROM (
	SELECT * FROM (SELECT id, v <-> '[1,2,3]' AS d FROM scan_part_1
		UNION ALL SELECT id, v <-> '[1,2,3]' FROM scan_part_3) s1 ORDER BY d LIMIT 400) s2) s3;
DROP TABLE scan_part, scan_part_3;

-- test: two orders
RESET enable_sort;
SELECT id FROM scan_t ORDER BY v <-> scan_vector(34, 64), v <-> scan_vector(35, 64) LIMIT 1;
SELECT id FROM scan_t ORDER BY v <-> scan_vector(34, 64), id LIMIT 1;

-- test: orders that the index does not have
SELECT scan_by_index('SELECT id FROM scan_t ORDER BY v <-> ''[1]'' DESC LIMIT 1'),
	scan_by_index('SELECT id FROM scan_t ORDER BY v <#> ''[1]'' LIMIT 1'),
	scan_by_index('SELECT id FROM scan_t ORDER BY v LIMIT 1'),
	scan_by_index('SELECT id FROM scan_t WHERE v <-> ''[1]'' < 1'),
	scan_by_index('SELECT id FROM scan_t WHERE v IS NULL'),
	scan_by_index('SELECT count(*) FROM scan_t'),
	scan_by_index('SELECT id, 1 - (v <-> ''[1]'') AS score FROM scan_t ORDER BY score LIMIT 1');

-- test: conditions that the executor checks
EXPLAIN (COSTS OFF) SELECT id FROM scan_t WHERE v <-> '[1]' < 4 AND id > 5 ORDER BY v <-> '[1]' LIMIT 1;
SELECT count(*) = (SELECT count(*) FROM scan_t WHERE (v <-> scan_vector(36, 64))::text::float8 < 5) AS same, count(*) > 0 AS some
FROM (SELECT id FROM scan_t WHERE v <-> scan_vector(36, 64) < 5 ORDER BY v <-> scan_vector(36, 64)) s;

-- test: an index-only scan, a bitmap scan and a backward scan are not planned
SELECT scan_by_index('SELECT v FROM scan_t ORDER BY v <-> ''[1]'' LIMIT 1');
SELECT amgetbitmap, amcanbackward, amcanorder FROM (
	SELECT pg_indexam_has_property(oid, 'can_order') AS amcanorder,
		pg_index_has_property('scan_t_v_idx', 'bitmap_scan') AS amgetbitmap,
		pg_index_has_property('scan_t_v_idx', 'backward_scan') AS amcanbackward
	FROM pg_am WHERE amname = 'hnsw') s;

-- test: little memory
SET work_mem = '64kB';
SET enable_sort = off;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(37, 64)) s;
SELECT flat_scans > 0 AS passes FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(37, 64) LIMIT 2500) s;
SELECT scan_recall('scan_t', '<->', 64, 2, 10) >= 0.95, scan_recall('scan_t', '<->', 64, 1, 2500) >= 0.9;
CREATE TABLE scan_w (id integer, v vector(2), a integer);
INSERT INTO scan_w SELECT i, scan_vector(i, 2), i % 3 FROM generate_series(1, 12000) i;
CREATE INDEX scan_w_v_idx ON scan_w USING hnsw (v vector_l2_ops, a) WITH (m = 4, ef_construction = 10);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_w ORDER BY v <-> '[1,1]') s;
SELECT flat_scans > 2 AS passes FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_w WHERE a = 1 ORDER BY v <-> '[1,1]') s;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_w WHERE a < 2 ORDER BY v <-> '[1,1]' LIMIT 5000) s;
SELECT scan_recall('scan_w', '<->', 2, 2, 5000) >= 0.95;
SET hnsw.scan_mem_multiplier = 100;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_w ORDER BY v <-> '[1,1]' LIMIT 1000) s;
SELECT flat_scans FROM lokivector_scan_stats();
RESET hnsw.scan_mem_multiplier;
RESET work_mem;
DROP TABLE scan_w;

-- test: flat scans with room for few nodes go on while codes leave rows in doubt, also where the last row is tied by chance
CREATE TABLE scan_doubt (id integer, v vector(48), pair integer);
INSERT INTO scan_doubt SELECT i, (SELECT array_agg(hashint8extended(i / 2, j)::float8 / 9223372036854775807 ORDER BY j) FROM generate_series(1, 48) j)::vector, i % 2
FROM generate_series(1, 10000) i;
CREATE INDEX scan_doubt_v_idx ON scan_doubt USING hnsw (v vector_l2_ops, pair) WITH (bits = 1, m = 2, ef_construction = 4);
-- rows that are among the nearest, and flat scans
CREATE FUNCTION scan_found(k integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	farthest float8;
	found bigint;
BEGIN
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	farthest := (SELECT v <-> (SELECT v FROM scan_doubt WHERE id = 7) AS d FROM scan_doubt ORDER BY d OFFSET k - 1 LIMIT 1);
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	EXECUTE format('SELECT count(*) FROM (SELECT v <-> (SELECT v FROM scan_doubt WHERE id = 7) AS d FROM scan_doubt ORDER BY d LIMIT %s) s
		WHERE d <= $1', k) INTO found USING farthest;
	RETURN CASE WHEN found >= 0.97 * k AND (SELECT flat_scans > 2 FROM lokivector_scan_stats()) THEN 'good' ELSE format('%s of %s', found, k) END;
END $$;
SET work_mem = '64kB';
SELECT k, scan_found(k) FROM unnest('{1000,1001,1600,1601,2000,2001}'::integer[]) k;
RESET work_mem;
DROP FUNCTION scan_found;
DROP TABLE scan_doubt;

-- test: unlogged and temporary tables
CREATE TEMP TABLE scan_temp (id integer, v vector(64));
INSERT INTO scan_temp SELECT id, v FROM scan_t WHERE id <= 1000;
CREATE INDEX scan_temp_v_idx ON scan_temp USING hnsw (v vector_l2_ops);
SELECT scan_recall('scan_temp', '<->', 64, 10, 10) >= 0.95;
INSERT INTO scan_temp SELECT id, v FROM scan_t WHERE id > 1000;
SELECT scan_recall('scan_temp', '<->', 64, 10, 10) >= 0.95, scan_recall('scan_temp', '<->', 64, 1, 2000) >= 0.95;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM scan_temp ORDER BY v <-> scan_vector(1, 64)) s;
DROP TABLE scan_temp;
CREATE UNLOGGED TABLE scan_u (id integer, v vector(64));
CREATE INDEX scan_u_v_idx ON scan_u USING hnsw (v vector_l2_ops);
INSERT INTO scan_u SELECT id, v FROM scan_t WHERE id <= 1000;
SELECT scan_recall('scan_u', '<->', 64, 10, 10) >= 0.95;
DROP TABLE scan_u;

-- test: more indexes in a transaction than a session remembers
BEGIN;
CREATE TABLE scan_many (id integer, v vector(33)) PARTITION BY LIST (id);
DO $$
BEGIN
	FOR i IN 1 .. 80 LOOP
		EXECUTE format('CREATE TABLE scan_many_%s PARTITION OF scan_many FOR VALUES IN (%s)', i, i);
	END LOOP;
END
$$;
CREATE INDEX ON scan_many USING hnsw (v vector_l2_ops);
INSERT INTO scan_many SELECT i % 80 + 1, scan_vector(i, 33) FROM generate_series(1, 800) i;
COMMIT;
SELECT count(*), count(DISTINCT v) FROM (SELECT v FROM scan_many ORDER BY v <-> scan_vector(1, 33)) s;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_many ORDER BY v <-> scan_vector(1, 33);
MOVE 100 FROM c;
SELECT scan_recall('scan_many', '<->', 33, 3, 20);
SELECT scan_rest('c');
COMMIT;
DROP TABLE scan_many;

-- test: what an index scan counts as
RESET enable_seqscan;
RESET enable_sort;
SELECT count(*) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 10) s;
SELECT nodes_scored > 0 AS scored, nodes_expanded > 0 AS expanded, nodes_filtered, nodes_refined >= 40 AS refined,
	heap_fetches >= 10 AS fetched, flat_scans, rows
FROM lokivector_scan_stats();
SELECT pg_stat_force_next_flush();
SELECT idx_blks_hit > 0 AS hit, idx_blks_read BETWEEN 0 AND idx_blks_hit AS read
FROM pg_statio_user_indexes WHERE indexrelname = 'scan_t_v_idx';

-- test: lokivector_scan_stats is about the last query, and can be called again
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 3) s;
SHOW enable_seqscan;
EXPLAIN (COSTS OFF) SELECT 1;
SELECT strategy, rows FROM lokivector_scan_stats();
SELECT strategy, rows FROM lokivector_scan_stats();
SELECT strategy, rows FROM lokivector_scan_stats(), (SELECT id FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 2) s;
SELECT strategy, rows FROM lokivector_scan_stats();
SELECT count(*) FROM generate_series(1, 3);
SELECT strategy, rows, nodes_scored FROM lokivector_scan_stats();
SELECT strategy, rows FROM lokivector_scan_stats();
PREPARE scan_p AS SELECT count(*) FROM (SELECT id FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 4) s;
EXECUTE scan_p;
SELECT strategy, rows FROM lokivector_scan_stats();
DEALLOCATE scan_p;
BEGIN;
DECLARE c CURSOR FOR SELECT id > 0 AS ok FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 5;
SELECT 1 AS one;
SELECT strategy, rows FROM lokivector_scan_stats();
FETCH 2 FROM c;
SELECT strategy, rows FROM lokivector_scan_stats();
COMMIT;
CREATE FUNCTION scan_strategy() RETURNS text AS $$
BEGIN
	PERFORM id FROM scan_t ORDER BY v <-> scan_vector(1, 64) LIMIT 6;
	PERFORM count(*) FROM scan_t WHERE id > 5;
	RETURN (SELECT strategy || ' ' || rows FROM lokivector_scan_stats());
END $$ LANGUAGE plpgsql;
SELECT scan_strategy();
SELECT strategy, rows FROM lokivector_scan_stats();
DROP FUNCTION scan_strategy;
RESET enable_seqscan;

DROP TABLE scan_t;
DROP FUNCTION scan_vector, scan_recall, scan_by_index, scan_dimensions, scan_bits,
	scan_ef, scan_rest, scan_memory, scan_inner, scan_loop, scan_rows;
DROP PROCEDURE scan_commit;
