-- A bound of a distance is a condition: scans by it find every row, where there is
-- no ORDER BY with a LIMIT

SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;
-- A run of every day tries fewer cases

-- Clusters, one inside another, or without them evenly spread
CREATE FUNCTION exact_vector(n integer, dim integer, clusters real DEFAULT 1) RETURNS real[] AS $$
	SELECT array_agg((clusters * (2 * sin((n % 50) * 3 + i * 7) + sin((n % 1000) * 5 + i * 11)) +
		hashint8extended(n, i)::float8 / 9223372036854775807)::real ORDER BY i)
	FROM generate_series(1, dim) i
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;

-- Of the queries, with a bound each that so many rows are within, those of which a
-- statement with $1 for the query and $2 for the bound returns what it does without
-- the index; and whether it uses the index
CREATE FUNCTION exact_same(tbl regclass, op text, type text, queries integer, share float8, statement text,
	OUT uses boolean, OUT same bigint, OUT rows text) AS $$
DECLARE
	q text;
	r float8;
	found text;
	truth text;
	line text;
	plan text := '';
BEGIN
	-- less those that differ; of an eighth in a short run
	same := queries;
	rows := '';
	PERFORM setseed(0.5);
	FOR n IN 1 .. CASE WHEN test_short() THEN (queries + 7) / 8 ELSE queries END LOOP
		EXECUTE format('SELECT v::text FROM %s OFFSET %s LIMIT 1', tbl, (n * 997) % 1500) INTO q;
		EXECUTE format('SELECT d FROM (SELECT v %s %L::%s AS d FROM %s) s ORDER BY d OFFSET %s LIMIT 1',
			op, q, type, tbl, (SELECT (reltuples * share)::bigint FROM pg_class WHERE oid = tbl)) INTO r;
		line := replace(replace(replace(statement, '$1', format('%L::%s', q, type)), '$2', r::text || '::float8'), '$3', op);
		SET LOCAL enable_seqscan = off;
		SET LOCAL enable_indexscan = on;
		SET LOCAL lokivector.enable_hybrid_scan = on;
		EXECUTE line INTO found;
		IF n = 1 THEN
			FOR line IN EXECUTE 'EXPLAIN ' || line LOOP
				plan := plan || line;
			END LOOP;
			line := replace(replace(replace(statement, '$1', format('%L::%s', q, type)), '$2', r::text || '::float8'), '$3', op);
		END IF;
		SET LOCAL enable_seqscan = on;
		SET LOCAL enable_indexscan = off;
		SET LOCAL lokivector.enable_hybrid_scan = off;
		EXECUTE line INTO truth;
		IF found IS DISTINCT FROM truth THEN
			same := same - 1;
			rows := left(rows || format('%s instead of %s, ', left(found, 60), left(truth, 60)), 200);
		END IF;
	END LOOP;
	uses := plan LIKE '%LokivectorHybridScan%';
END $$ LANGUAGE plpgsql;

CREATE TABLE exact_t (id integer, v vector(24), kind integer, tags integer[]) WITH (autovacuum_enabled = off);
INSERT INTO exact_t SELECT n, exact_vector(n, 24, 0)::vector, n % 7, ARRAY[n % 11, n % 13] FROM generate_series(1, CASE WHEN test_short() THEN 14000 ELSE 56000 END) n;
SET maintenance_work_mem = '256MB';
CREATE INDEX exact_v ON exact_t USING hnsw (v vector_l2_ops, kind);
CREATE INDEX exact_tags ON exact_t USING gin (tags);
ALTER TABLE exact_t ADD PRIMARY KEY (id);
CREATE TABLE exact_q AS SELECT id AS n, v FROM exact_t WHERE id % 5600 = 0;
VACUUM ANALYZE exact_t, exact_q;

-- test: counts
SELECT * FROM exact_same('exact_t', '<->', 'vector', 40, 0.002, 'SELECT count(*) FROM exact_t WHERE v <-> $1 < $2');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 4, 0.02, 'SELECT count(*) FROM exact_t WHERE v <-> $1 <= $2');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 2, 0.3, 'SELECT count(*) FROM exact_t WHERE v <-> $1 < $2');

-- test: with a column of the index, a bitmap, a filter, and all of these
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.004, 'SELECT array_agg(id ORDER BY id) FROM exact_t WHERE v <-> $1 < $2 AND kind = 3');
SELECT same, rows FROM exact_same('exact_t', '<->', 'vector', 3, 0.004, 'SELECT array_agg(id ORDER BY id) FROM exact_t WHERE v <-> $1 < $2 AND tags @> ''{3}''');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.004, 'SELECT array_agg(id ORDER BY id) FROM exact_t WHERE v <-> $1 < $2 AND id % 5 = 1');
SELECT same, rows FROM exact_same('exact_t', '<->', 'vector', 3, 0.02, 'SELECT array_agg(id ORDER BY id) FROM exact_t WHERE v <-> $1 < $2 AND kind IN (3, 5) AND tags && ''{3,4}'' AND id % 5 < 3');

-- test: in order, all of them
SELECT same, rows FROM exact_same('exact_t', '<->', 'vector', 4, 0.002, 'SELECT array_agg(d) FROM (SELECT v <-> $1 AS d FROM exact_t WHERE v <-> $1 < $2 ORDER BY v <-> $1) s');
SELECT same, rows FROM exact_same('exact_t', '<->', 'vector', 2, 0.05, 'SELECT array_agg(d) FROM (SELECT v <-> $1 AS d FROM exact_t WHERE v <-> $1 < $2 ORDER BY v <-> $1) s');
BEGIN;
SET LOCAL enable_seqscan = off;
DECLARE c CURSOR FOR SELECT v <-> (SELECT v FROM exact_t WHERE id = 500) < 2 FROM exact_t WHERE v <-> (SELECT v FROM exact_t WHERE id = 500) < 2;
MOVE FORWARD 10 IN c;
MOVE FORWARD ALL IN c;
COMMIT;

-- test: joins of what is not there
SELECT * FROM exact_same('exact_t', '<->', 'vector', 2, 0.0002, 'SELECT array_agg(n ORDER BY n) FROM exact_q WHERE NOT EXISTS (SELECT FROM exact_t t WHERE t.v <-> exact_q.v < $2 AND t.id <> n)');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 2, 0.0002, 'SELECT array_agg(a.id ORDER BY a.id) FROM exact_t a LEFT JOIN exact_t b ON b.v <-> a.v < $2 AND b.id <> a.id WHERE a.id IN (7, 1400, 2800, 5000, 7000) AND b.id IS NULL');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.002, 'SELECT count(*) FROM (SELECT id FROM exact_t WHERE id % 10 = 3 EXCEPT SELECT id FROM exact_t WHERE v <-> $1 < $2) s');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.002, 'SELECT count(*) FROM (SELECT id FROM exact_t WHERE v <-> $1 < $2 INTERSECT ALL SELECT id FROM exact_t WHERE kind = 3) s');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.002, 'SELECT count(*) FROM (SELECT id FROM exact_t WHERE v <-> $1 < $2 FOR UPDATE) s');
SELECT * FROM exact_same('exact_t', '<->', 'vector', 3, 0.002, 'SELECT array_agg(k ORDER BY k) FROM (SELECT kind, count(*) FROM exact_t WHERE v <-> $1 < $2 GROUP BY kind) k');

-- test: statements that change what they find
SET enable_seqscan = off;
BEGIN;
CREATE TEMP TABLE exact_gone AS SELECT 0 AS n, 0::bigint AS left WITH NO DATA;
DO $$
DECLARE
	q vector;
	r float8;
BEGIN
	FOR n IN 1..8 LOOP
		q := exact_vector(n * 131, 24, 0);
		SELECT d INTO r FROM (SELECT l2_distance(v, q) AS d FROM exact_t) s ORDER BY d OFFSET 100 LIMIT 1;
		DELETE FROM exact_t WHERE v <-> q < r;
		INSERT INTO exact_gone SELECT n, count(*) FROM exact_t WHERE l2_distance(v, q) + 0 * id < r;
	END LOOP;
END $$;
SELECT count(*), sum("left") FROM exact_gone;
SELECT count(*) < 56000 AS deleted FROM exact_t;
ROLLBACK;
BEGIN;
UPDATE exact_t SET kind = -1 WHERE v <-> (SELECT v FROM exact_t WHERE id = 500) < 2.4;
SELECT count(*) > 0 AS some, bool_and(kind = -1) FROM exact_t WHERE l2_distance(v, exact_vector(500, 24, 0)::vector) + 0 * id < 2.4;
SELECT bool_and(l2_distance(v, exact_vector(500, 24, 0)::vector) + 0 * id < 2.4) FROM exact_t WHERE kind = -1;
MERGE INTO exact_t t USING (SELECT exact_vector(700, 24, 0)::vector AS q) s ON t.v <-> s.q < 2.4 WHEN MATCHED THEN UPDATE SET kind = -2 WHEN NOT MATCHED THEN DO NOTHING;
SELECT count(*) > 0 AS some, bool_and(kind = -2) FROM exact_t WHERE l2_distance(v, exact_vector(700, 24, 0)::vector) + 0 * id < 2.4;
ROLLBACK;
RESET enable_seqscan;
DROP TABLE exact_t, exact_q;

-- test: every type and metric
CREATE TABLE exact_v (id integer, v vector(72)) WITH (autovacuum_enabled = off);
INSERT INTO exact_v SELECT n, exact_vector(n, 72)::vector FROM generate_series(1, 2000) n;
CREATE TABLE exact_h AS SELECT id, v::halfvec(72) AS v FROM exact_v;
CREATE TABLE exact_s AS SELECT id, v::sparsevec(72) AS v FROM exact_v;
CREATE TABLE exact_b AS SELECT id, binary_quantize(v)::bit(72) AS v FROM exact_v;
VACUUM ANALYZE exact_v, exact_h, exact_s, exact_b;
CREATE FUNCTION exact_metric(tbl regclass, opclass text, op text, type text, options text) RETURNS text AS $$
DECLARE
	result text := '';
	line text;
BEGIN
	EXECUTE format('CREATE INDEX exact_i ON %s USING hnsw (v %s) %s', tbl, opclass, options);
	FOR line IN SELECT s.uses || ' ' || s.same || ' ' || s.rows FROM unnest('{0.005,0.1}'::float8[]) share,
		exact_same(tbl, op, type, 4, share, format('SELECT array_agg(id ORDER BY id) FROM %s WHERE v $3 $1 < $2', tbl)) s LOOP
		result := result || line;
	END LOOP;
	FOR line IN SELECT s.same || ' ' || s.rows FROM
		exact_same(tbl, op, type, 2, 0.05, format('SELECT array_agg(d' || CASE WHEN options <> '' THEN ' ORDER BY d' ELSE '' END || ') FROM (SELECT v $3 $1 AS d FROM %s WHERE v $3 $1 < $2 ORDER BY v $3 $1) s', tbl)) s LOOP
		result := result || line;
	END LOOP;
	DROP INDEX exact_i;
	RETURN result;
END $$ LANGUAGE plpgsql;
SELECT tbl, opclass, exact_metric(tbl, opclass, op, type, '') FROM (VALUES
	('exact_v', 'vector_l2_ops', '<->', 'vector'), ('exact_v', 'vector_ip_ops', '<#>', 'vector'),
	('exact_v', 'vector_cosine_ops', '<=>', 'vector'), ('exact_v', 'vector_l1_ops', '<+>', 'vector'),
	('exact_h', 'halfvec_l2_ops', '<->', 'halfvec'), ('exact_h', 'halfvec_ip_ops', '<#>', 'halfvec'),
	('exact_h', 'halfvec_cosine_ops', '<=>', 'halfvec'), ('exact_h', 'halfvec_l1_ops', '<+>', 'halfvec'),
	('exact_s', 'sparsevec_l2_ops', '<->', 'sparsevec'), ('exact_s', 'sparsevec_ip_ops', '<#>', 'sparsevec'),
	('exact_s', 'sparsevec_cosine_ops', '<=>', 'sparsevec'), ('exact_s', 'sparsevec_l1_ops', '<+>', 'sparsevec'),
	('exact_b', 'bit_hamming_ops', '<~>', 'bit(72)'), ('exact_b', 'bit_jaccard_ops', '<%>', 'bit(72)'))
	t(tbl, opclass, op, type);

-- test: codes of every size, and those of parts of a vector
SELECT o, opclass, exact_metric('exact_v', opclass, op, 'vector', format('WITH (%s)', o)) FROM
	unnest('{"bits = 1","bits = 2, refine_bits = 8","bits = 8, refine_bits = 0","bits = 2, refine_bits = 0","profile = compact"}'::text[]) o,
	(VALUES ('vector_l2_ops', '<->'), ('vector_ip_ops', '<#>'), ('vector_cosine_ops', '<=>')) m(opclass, op) ORDER BY 1, 2;

-- test: sketches of sparse vectors
CREATE TABLE exact_w AS SELECT n AS id, (SELECT '{' || string_agg((i * 60 + n % 50 + abs(hashint4(n * 31 + i)) % 10) || ':' || round((1.5 + sin(n * i))::numeric, 3), ',' ORDER BY i) || '}/2000' FROM generate_series(1, 30) i)::sparsevec(2000) AS v FROM generate_series(1, 1600) n;
VACUUM ANALYZE exact_w;
SELECT opclass, exact_metric('exact_w', opclass, op, 'sparsevec', '') FROM (VALUES
	('sparsevec_l2_ops', '<->'), ('sparsevec_ip_ops', '<#>'), ('sparsevec_cosine_ops', '<=>')) m(opclass, op);

-- test: an index that grew, and whose rows were removed in part
CREATE TABLE exact_grown (LIKE exact_v) WITH (autovacuum_enabled = off);
CREATE INDEX exact_l2 ON exact_grown USING hnsw (v vector_l2_ops);
CREATE INDEX exact_ip ON exact_grown USING hnsw (v vector_ip_ops);
CREATE INDEX exact_cosine ON exact_grown USING hnsw (v vector_cosine_ops);
INSERT INTO exact_grown SELECT id, v FROM exact_v WHERE id <= 700;
INSERT INTO exact_grown SELECT id, v + array_fill(3, ARRAY[72])::vector FROM exact_v WHERE id > 700;
DELETE FROM exact_grown WHERE id % 7 = 3;
VACUUM ANALYZE exact_grown;
INSERT INTO exact_grown SELECT id, v FROM exact_v WHERE id % 7 = 3;
ANALYZE exact_grown;
SELECT op, s.* FROM unnest('{<->,<#>,<=>}'::text[]) op, exact_same('exact_grown', op, 'vector', 5, 0.02, 'SELECT array_agg(id ORDER BY id) FROM exact_grown WHERE v $3 $1 < $2') s;

-- test: a cursor goes on in an index that gets its codes in between
SET lokivector.pending_nodes = 500;
CREATE TABLE exact_pending (LIKE exact_v) WITH (autovacuum_enabled = off);
CREATE INDEX exact_pending_i ON exact_pending USING hnsw (v vector_l2_ops);
RESET lokivector.pending_nodes;
INSERT INTO exact_pending SELECT id, v FROM exact_v WHERE id <= 400;
ANALYZE exact_pending;
SET enable_seqscan = off;
CREATE FUNCTION exact_rest(OUT pending bigint, OUT later bigint, OUT missed bigint, OUT more bigint) AS $$
DECLARE
	c CURSOR (q vector, r float8) FOR SELECT id FROM exact_pending WHERE v <-> q < r;
	query vector := (SELECT v FROM exact_pending WHERE id = 7);
	bound float8 := (SELECT v <-> query FROM exact_pending ORDER BY 1 OFFSET 200 LIMIT 1);
	nearer integer[] := ARRAY(SELECT id FROM exact_pending WHERE (v <-> query)::text::float8 < bound);
	got integer[] := '{}';
	next integer;
BEGIN
	pending := (SELECT i.pending FROM lokivector_index_info('exact_pending_i') i);
	OPEN c(query, bound);
	FOR i IN 1..3 LOOP
		FETCH c INTO next;
		got := got || next;
	END LOOP;
	INSERT INTO exact_pending SELECT id, v + array_fill(3, ARRAY[72])::vector FROM exact_v WHERE id BETWEEN 401 AND 1500;
	LOOP
		FETCH c INTO next;
		EXIT WHEN NOT FOUND;
		got := got || next;
	END LOOP;
	CLOSE c;
	later := (SELECT i.pending FROM lokivector_index_info('exact_pending_i') i);
	missed := (SELECT count(*) FROM (SELECT unnest(nearer) EXCEPT ALL SELECT unnest(got)) s);
	more := (SELECT count(*) FROM (SELECT unnest(got) EXCEPT ALL SELECT unnest(nearer)) s);
END $$ LANGUAGE plpgsql;
SELECT * FROM exact_rest();
RESET enable_seqscan;
DROP FUNCTION exact_rest;
DROP TABLE exact_pending;

-- test: rows that have no distance, and those that are far or short
INSERT INTO exact_v SELECT 4000 + n, CASE WHEN n % 3 > 0 THEN array_fill(CASE WHEN n % 3 = 1 THEN 0 ELSE 10 ^ (n - 25) END::real, ARRAY[72])::vector END FROM generate_series(1, 50) n;
SELECT opclass, exact_metric('exact_v', opclass, op, 'vector', '') FROM
	(VALUES ('vector_l2_ops', '<->'), ('vector_ip_ops', '<#>'), ('vector_cosine_ops', '<=>')) m(opclass, op);
CREATE INDEX exact_i ON exact_v USING hnsw (v vector_cosine_ops);
SELECT * FROM exact_same('exact_v', '<=>', 'vector', 5, 0.02, 'SELECT array_agg(id ORDER BY id) FROM exact_v WHERE 1 - (v <=> $1) > 1 - $2');

DROP TABLE exact_v, exact_h, exact_s, exact_b, exact_w, exact_grown;
DROP FUNCTION exact_same, exact_vector, exact_metric;
