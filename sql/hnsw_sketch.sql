-- 1-bit sketches in sorted lists: flat scans read them in order, and score few of the listed
-- nodes.  Answers are those of all rows that match, whatever becomes of the rows.
SET lokivector.build_seed = 1;
SET jit = off;

CREATE FUNCTION sketch_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 80, 40);

-- a: 4 values of 2,250 rows, and others; b: 100 values; c: rows of one region
CREATE TABLE sketch_t (id integer, v vector(80), a integer, b integer, c bigint, tags text[])
	WITH (autovacuum_enabled = off);
INSERT INTO sketch_t SELECT i, sketch_vector(i),
	CASE WHEN h % 16 < 12 THEN h % 4 ELSE 10 + h % 500 END, h / 7 % 100, (i % 40) * 1000 + h % 1000,
	ARRAY['tag ' || h % 60]
FROM (SELECT i, abs(hashint4(i) % 1000000) AS h FROM generate_series(1, 12000) i) s;
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_l2_ops, a, b, c, tags);
ANALYZE sketch_t;

-- Arrays have none; a page is missing from the count if its list has none
SELECT slot_array, attribute, slots, slot_bytes
FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';

-- The way that a condition is answered; rows that are not among the nearest, or out of order; and
-- whether few of the 2,250 nodes were scored
-- A run of every day tries fewer queries
CREATE FUNCTION sketch_way(condition text, k integer, operator text DEFAULT '<->')
RETURNS text AS $$
DECLARE
	q vector;
	missed integer := 0;
	unordered integer := 0;
	scored bigint := 0;
	way text;
	found float8[];
	truth float8[];
	once bigint;
	queries constant integer := CASE WHEN test_short() THEN 5 ELSE 20 END;
BEGIN
	FOR i IN 1 .. queries LOOP
		q := sketch_vector(-i * 7);
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
		EXECUTE format('SELECT array_agg(v %1$s $1) FROM (SELECT v FROM sketch_t WHERE %2$s ORDER BY v %1$s $1 LIMIT %3$s) s',
			operator, condition, k) INTO found USING q;
		SELECT strategy, nodes_scored INTO way, once FROM lokivector_scan_stats();
		scored := scored + once;
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
			set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT array_agg(v %1$s $1) FROM (SELECT v FROM sketch_t WHERE %2$s ORDER BY (v %1$s $1)::text::float8 LIMIT %3$s) s',
			operator, condition, k) INTO truth USING q;
		PERFORM set_config('enable_indexscan', 'on', true);
		missed := missed + (SELECT count(*) FROM unnest(truth) WITH ORDINALITY t (d, n)
			WHERE found[n] IS DISTINCT FROM d AND (found[n] IS NULL OR found[n] > truth[cardinality(truth)]));
		unordered := unordered + (SELECT count(*) FROM generate_subscripts(found, 1) n WHERE found[n] < found[n - 1]);
	END LOOP;
	RETURN format('%s, %s%s%s', way,
		CASE WHEN missed <= queries * k * 0.03 THEN 'nearest' ELSE missed || ' missed' END,
		CASE WHEN unordered > 0 THEN ', ' || unordered || ' out of order' END,
		CASE WHEN scored < queries * 1000 THEN ', few scored' END);
END
$$ LANGUAGE plpgsql;

CREATE FUNCTION sketch_ways(operator text DEFAULT '<->') RETURNS TABLE (condition text, way text) AS $$
	SELECT c, CASE WHEN c IN ('a = 1', 'b BETWEEN 20 AND 34') THEN w ELSE replace(w, ', few scored', '') END
	FROM unnest(ARRAY['a = 1', 'a IN (1, 3)', 'a = 2 AND b < 50', 'a = 0 AND b = 7',
		'b BETWEEN 20 AND 34', 'a BETWEEN 10 AND 90', 'a = 1 AND id % 2 = 0', 'c BETWEEN 3000 AND 4999',
		'a = 2 AND tags && ''{tag 1,tag 2,tag 3}''']) c, LATERAL (SELECT sketch_way(c, 10, operator) AS w) s
$$ LANGUAGE sql;

SELECT * FROM sketch_ways();
SELECT lokivector_check('sketch_idx', true);

-- More rows than the first look leaves: all of them, each once, by further looks
SELECT sketch_way('a = 1', 100), replace(sketch_way('a = 1', 400), ', few scored', '');
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM sketch_t WHERE a = 1) AS matching
FROM (SELECT id FROM sketch_t WHERE a = 1 ORDER BY v <-> sketch_vector(-3) OFFSET 0) s;
RESET enable_sort;
RESET enable_seqscan;

-- Exact scans score every node that matches, so a list of most nodes is no use to them
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*) = (SELECT count(*) FROM sketch_t WHERE b >= 10 AND (v <-> sketch_vector(-3))::text::float8 < 7.5) AS same
FROM sketch_t WHERE b >= 10 AND v <-> sketch_vector(-3) < 7.5;
SELECT count(*) > 9000 AS all FROM (SELECT FROM sketch_t WHERE b >= 10 ORDER BY v <-> sketch_vector(-3) OFFSET 0) s;
SELECT strategy FROM lokivector_scan_stats();
RESET enable_sort;
RESET enable_seqscan;

-- Rows that changed since the lists were made: nodes of the old ones are dead, reused by others,
-- or not in the lists
DELETE FROM sketch_t WHERE id % 5 = 0;
UPDATE sketch_t SET a = 1 WHERE id % 97 = 0;
SELECT * FROM sketch_ways() WHERE condition LIKE 'a%';
VACUUM sketch_t;
INSERT INTO sketch_t SELECT i, sketch_vector(i + 3), i % 4, i % 100, i, NULL FROM generate_series(20001, 20400) i;
SELECT * FROM sketch_ways() WHERE condition LIKE 'a%';
SELECT lokivector_check('sketch_idx', true);

-- Too little memory: lists without 1-bit sketches; they come back
INSERT INTO sketch_t SELECT i, sketch_vector(i), i % 4, i % 100, i, NULL FROM generate_series(21001, 24000) i;
SET maintenance_work_mem = '1MB';
SET client_min_messages = warning;
VACUUM sketch_t;
RESET client_min_messages;
RESET maintenance_work_mem;
SELECT * FROM sketch_ways() WHERE condition LIKE 'a = 1%';
SELECT lokivector_check('sketch_idx', true);

-- Every metric and type that codes are made of, and cancelled statements
DROP INDEX sketch_idx;
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_cosine_ops, a, b, c, tags);
SELECT * FROM sketch_ways('<=>');
DROP INDEX sketch_idx;
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_ip_ops, a, b, c, tags);
SELECT * FROM sketch_ways('<#>') WHERE condition LIKE 'a%';
DROP INDEX sketch_idx;
CREATE INDEX sketch_idx ON sketch_t USING hnsw ((v::halfvec(80)) halfvec_l2_ops, a);
SELECT slot_array, slots, slot_bytes FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';
SELECT lokivector_check('sketch_idx', true);
DROP INDEX sketch_idx;

-- Conditions that are not in the index drop rows, so more are wanted than LIMIT told
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_l2_ops, a);
SELECT split_part(sketch_way('a = 1 AND id % 5 = 0', 10), ', ', 2) AS some_dropped,
	split_part(sketch_way('a = 1 AND id % 5 = 0 AND id IN (SELECT id FROM sketch_t WHERE b < 50)', 10), ', ', 2) AS more;
DROP INDEX sketch_idx;

-- A parameter leaves them out, from the next vacuum on
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_l2_ops, a) WITH (brief_codes = off);
SELECT slots FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';
SELECT way ~ 'nearest' AS nearest, way ~ 'few scored' AS few FROM sketch_ways() WHERE condition = 'a = 1';
ALTER INDEX sketch_idx SET (brief_codes = on);
VACUUM sketch_t;
SELECT slots > 0 FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';
SELECT * FROM sketch_ways() WHERE condition = 'a = 1';
ALTER INDEX sketch_idx SET (brief_codes = off);
VACUUM sketch_t;
SELECT slots > 0 FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';
SELECT lokivector_check('sketch_idx', true);
DROP INDEX sketch_idx;

-- Compact indexes have none, nor have those of few rows or exact codes
CREATE INDEX sketch_idx ON sketch_t USING hnsw (v vector_l2_ops, a) WITH (profile = compact);
SELECT count(*) FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';
DROP INDEX sketch_idx;
CREATE INDEX sketch_idx ON sketch_t USING hnsw ((subvector(v, 1, 20)::vector(20)) vector_l2_ops, a);
SELECT count(*) FROM lokivector_index_slot_arrays('sketch_idx') WHERE slot_array = 'brief';

-- Lists that were made while the index was pending get 1-bit sketches when they are made again
SET lokivector.pending_nodes = 1600;
CREATE TABLE sketch_moved (id integer, v vector(80), a integer) WITH (autovacuum_enabled = off);
CREATE INDEX sketch_moved_idx ON sketch_moved USING hnsw (v vector_l2_ops, a);
RESET lokivector.pending_nodes;
CREATE FUNCTION sketch_move(first integer, last integer) RETURNS void AS $$
	INSERT INTO sketch_moved SELECT i, sketch_vector(40 * i + i % 10), CASE WHEN i % 16 > 0 THEN 1 ELSE i % 997 END
	FROM generate_series(first, last) i
$$ LANGUAGE sql;
CREATE FUNCTION sketch_scored(OUT way text, OUT few boolean) AS $$
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	PERFORM id FROM sketch_moved WHERE a = 1 ORDER BY v <-> sketch_vector(4000007) LIMIT 10;
	SELECT strategy, nodes_scored < 1300 INTO way, few FROM lokivector_scan_stats();
END
$$ LANGUAGE plpgsql;
SELECT sketch_move(1, 1500);
VACUUM sketch_moved;
SELECT slot_array, slots > 0 AS made FROM lokivector_index_slot_arrays('sketch_moved_idx') WHERE slot_array IN ('sorted', 'brief', 'code') ORDER BY 1;
SELECT sketch_scored();
SELECT sketch_move(1501, 2060);
SELECT lokivector_check('sketch_moved_idx', true);
SELECT sketch_scored();
VACUUM sketch_moved;
SELECT slot_array, slots > 0 AS made FROM lokivector_index_slot_arrays('sketch_moved_idx') WHERE slot_array IN ('sorted', 'brief', 'code') ORDER BY 1;
SELECT sketch_scored();
SELECT lokivector_check('sketch_moved_idx', true);
DROP TABLE sketch_moved;
DROP FUNCTION sketch_scored, sketch_move;

DROP TABLE sketch_t;
DROP FUNCTION sketch_ways, sketch_way, sketch_vector;

\c -
-- Conditions on two attributes that few rows satisfy together: flat scans read the sorted lists
-- of both, and test only nodes that are on both.
SET lokivector.build_seed = 1;
SET jit = off;

CREATE FUNCTION joint_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 80, 40);

-- a and b: 10 values each, of which 1 row in 100 has the same for both; c: one of a tenth of them
-- is NULL; tags: those of a, and some others
CREATE TABLE joint_t (id integer, v vector(80), a integer, b integer, c bigint, tags text[])
	WITH (autovacuum_enabled = off);
CREATE FUNCTION joint_insert(first integer, last integer) RETURNS void AS $$
	INSERT INTO joint_t SELECT i, joint_vector(i), h % 10,
		CASE WHEN h / 10 % 100 = 0 THEN h % 10 ELSE (h % 10 + 1 + h / 1000 % 9) % 10 END,
		CASE WHEN h / 70 % 10 > 0 THEN h / 3000 % 40 END,
		ARRAY['tag ' || h % 10, 'tag ' || 10 + h / 10 % 50]
	FROM (SELECT i, abs(hashint4(i)) AS h FROM generate_series(first, last) i) s
$$ LANGUAGE sql;
SELECT joint_insert(1, 20000);
CREATE INDEX joint_idx ON joint_t USING hnsw (v vector_l2_ops, a, b, c, tags);
ANALYZE joint_t;

-- The way that a condition is answered, and whether all nodes of a list were tested; the rows, if
-- they are not the nearest ones
CREATE FUNCTION joint_way(condition text, k integer DEFAULT 10) RETURNS text AS $$
DECLARE
	q vector;
	found float8[];
	truth float8[];
	way text;
	tested bigint := 0;
	scored bigint := 0;
	once record;
	missed integer := 0;
BEGIN
	FOR i IN 1 .. 10 LOOP
		q := joint_vector(-i * 7);
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
		EXECUTE format('SELECT array_agg(v <-> $1) FROM (SELECT v FROM joint_t WHERE %s ORDER BY v <-> $1 LIMIT %s) s',
			condition, k) INTO found USING q;
		SELECT * INTO once FROM lokivector_scan_stats();
		way := once.strategy;
		tested := tested + once.nodes_filtered;
		scored := scored + once.nodes_scored;
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
			set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT array_agg(v <-> $1) FROM (SELECT v FROM joint_t WHERE %s ORDER BY (v <-> $1)::text::float8 LIMIT %s) s',
			condition, k) INTO truth USING q;
		PERFORM set_config('enable_indexscan', 'on', true);
		IF found IS DISTINCT FROM truth THEN
			missed := missed + 1;
		END IF;
	END LOOP;
	RETURN format('%s, %s%s', way, CASE WHEN tested < 10 * 2500 THEN 'few tested' WHEN scored < 10 * 3000 THEN 'few scored' ELSE 'many scored' END,
		CASE WHEN missed > 0 THEN format(', %s of 10 differ', missed) END);
END
$$ LANGUAGE plpgsql;

CREATE FUNCTION joint_ways() RETURNS TABLE (condition text, way text) AS $$
	SELECT c, joint_way(c)
	FROM unnest(ARRAY['a = 3 AND b = 3', 'a = 3 AND b = 3 AND id % 2 = 0', 'a IN (3, 5) AND b = 3 AND c IS NULL',
		'b BETWEEN 2 AND 3 AND a BETWEEN 3 AND 4 AND c < 4', 'a = 3 AND b = 3 AND tags && ''{tag 12,tag 13}''',
		'b = 4 AND tags && ''{tag 4}''', 'b = 4 AND tags @> ''{tag 4,tag 10}''', 'c IS NULL AND a = 3 AND b = 3',
		'a = 3 AND b = 3 AND a <> 3']) c
$$ LANGUAGE sql;

-- Of 2,000 nodes of either list few are tested, besides a sample of 1,024 nodes
SELECT * FROM joint_ways();

-- No sample told how many nodes are on both lists, and they are nearly all of one
SELECT joint_way('a <= 2 AND tags && ''{tag 0,tag 1,tag 2}''', 100);

-- All rows, each once
SET enable_seqscan = off;
SET enable_sort = off;
SELECT count(*), count(DISTINCT id), (SELECT count(*) FROM joint_t WHERE a = 3 AND b = 3) AS matching
FROM (SELECT id FROM joint_t WHERE a = 3 AND b = 3 ORDER BY v <-> joint_vector(-3) OFFSET 0) s;

-- Rows within a distance, of which none may be missed
SELECT count(*) = (SELECT count(*) FROM joint_t WHERE a = 3 AND b = 3 AND (v <-> joint_vector(-3))::text::float8 < 12) AS same,
	count(*) > 2 AS some
FROM joint_t WHERE a = 3 AND b = 3 AND v <-> joint_vector(-3) < 12;
RESET enable_sort;
RESET enable_seqscan;

-- Rows that changed since the lists were made: nodes are dead, are reused by others, or are not
-- in the lists
DELETE FROM joint_t WHERE id % 5 = 0;
UPDATE joint_t SET b = a WHERE id % 197 = 0;
UPDATE joint_t SET b = 3 WHERE a = 3 AND id % 97 = 0;
SELECT * FROM joint_ways() WHERE way LIKE '%differ%';
VACUUM joint_t;
SELECT joint_insert(20001, 20300);
SELECT * FROM joint_ways() WHERE way LIKE '%differ%';
SELECT lokivector_check('joint_idx', true);

DROP TABLE joint_t;
DROP FUNCTION joint_insert, joint_way, joint_ways, joint_vector;
