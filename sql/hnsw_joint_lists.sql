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
