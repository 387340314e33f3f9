-- Inserting rows into an hnsw index.

SET enable_seqscan = off;

CREATE FUNCTION insert_info(index regclass, OUT live bigint, OUT rows bigint,
							OUT null_rows bigint, OUT vacuum_unfinished boolean) AS $$
	SELECT live, rows, null_rows, vacuum_unfinished FROM lokivector_index_info(index)
$$ LANGUAGE sql;

-- test: rows inserted into an index on an empty table are found
CREATE TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
SELECT id FROM insert_t ORDER BY v <-> '[1,1,1]' LIMIT 5;
INSERT INTO insert_t VALUES (1, '[1,1,1]');
SELECT id FROM insert_t ORDER BY v <-> '[1,1,1]' LIMIT 5;
INSERT INTO insert_t VALUES (2, '[1,1,2]'), (3, '[9,9,9]'), (4, '[1,2,2]');
SELECT id FROM insert_t ORDER BY v <-> '[1,1,1]' LIMIT 5;
SELECT lokivector_check('insert_idx', true);

-- test: rows inserted into an index that was built are found
REINDEX INDEX insert_idx;
INSERT INTO insert_t SELECT 10 + i, ARRAY[i, 0, 0]::vector FROM generate_series(1, 200) i;
SELECT id FROM insert_t ORDER BY v <-> '[100.2,0,0]' LIMIT 5;
SELECT lokivector_check('insert_idx', true);

-- test: a row that is rolled back is not returned
BEGIN;
INSERT INTO insert_t VALUES (1000, '[100.1,0,0]');
SELECT id FROM insert_t ORDER BY v <-> '[100.1,0,0]' LIMIT 1;
SAVEPOINT s;
INSERT INTO insert_t VALUES (1001, '[100.15,0,0]');
ROLLBACK TO s;
SELECT id FROM insert_t ORDER BY v <-> '[100.15,0,0]' LIMIT 1;
ROLLBACK;
SELECT id FROM insert_t ORDER BY v <-> '[100.1,0,0]' LIMIT 1;
DROP TABLE insert_t;

-- test: NULL vectors come last
CREATE TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
INSERT INTO insert_t VALUES (1, NULL), (2, '[3,3,3]'), (3, NULL), (4, '[1,1,1]');
SELECT id FROM insert_t ORDER BY v <-> '[0,0,0]';
SELECT * FROM insert_info('insert_idx');
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;

-- test: vectors without direction come between the others and NULL
CREATE TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_cosine_ops);
INSERT INTO insert_t VALUES (1, NULL), (2, '[0,0,0]'), (3, '[0,1,0]'), (4, '[1,0,0]'), (5, '[0,0,0]');
SELECT id FROM insert_t ORDER BY v <=> '[1,0.5,0]';
SELECT * FROM insert_info('insert_idx');
DROP TABLE insert_t;

-- test: duplicates share a node
CREATE TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
INSERT INTO insert_t SELECT i, ARRAY[i % 3, 0, 0]::vector FROM generate_series(1, 3000) i;
SELECT * FROM insert_info('insert_idx');
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM insert_t ORDER BY v <-> '[0,0,0]') s;
SELECT bool_and(id % 3 = 1) FROM (SELECT id FROM insert_t ORDER BY v <-> '[1,0,0]' LIMIT 1000) s;
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;

-- test: rows with equal vectors and other attributes do not share a node
CREATE TABLE insert_t (id integer, v vector(3), c integer, d date);
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops, c int4_ops, d date_ops);
INSERT INTO insert_t VALUES (1, '[1,1,1]', 1, '2020-01-01'), (2, '[1,1,1]', 2, '2020-01-01'),
	(3, '[1,1,1]', 1, NULL), (4, '[1,1,1]', 1, '2020-01-01'), (5, '[1,1,1]', 1, NULL),
	(6, NULL, 1, NULL), (7, NULL, 1, NULL);
SELECT * FROM insert_info('insert_idx');
SELECT id FROM insert_t WHERE c = 1 ORDER BY v <-> '[0,0,0]', id;
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;

-- test: an update that leaves the indexed columns alone joins its own node
CREATE TABLE insert_t (id integer PRIMARY KEY, v vector(3), note text);
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
CREATE INDEX ON insert_t (note);
INSERT INTO insert_t SELECT i, ARRAY[i, i, 0]::vector, 'a' FROM generate_series(1, 100) i;
UPDATE insert_t SET note = 'b';
UPDATE insert_t SET note = 'c' WHERE id <= 50;
SELECT live, rows FROM insert_info('insert_idx');
SELECT id, note FROM insert_t ORDER BY v <-> '[49.9,50.8,0]' LIMIT 4;
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;

-- test: a value of other dimensions is refused
CREATE TABLE insert_t (id integer, v vector);
CREATE INDEX insert_idx ON insert_t USING hnsw ((v::vector(3)) vector_l2_ops);
INSERT INTO insert_t VALUES (1, '[1,2,3]');
INSERT INTO insert_t VALUES (2, '[1,2]');
SELECT id FROM insert_t ORDER BY v::vector(3) <-> '[1,2,3]';
DROP TABLE insert_t;

-- test: values that are stored out of line
CREATE TABLE insert_t (id integer, v vector(3000));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
INSERT INTO insert_t SELECT i, array_agg(sin(i * j) ORDER BY j)::vector
FROM generate_series(1, 30) i, generate_series(1, 3000) j GROUP BY i;
SELECT count(*) FROM insert_t a, LATERAL
	(SELECT id FROM insert_t ORDER BY v <-> a.v LIMIT 1) b WHERE a.id = b.id;
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;

-- test: temporary and unlogged tables
CREATE TEMP TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_ip_ops);
INSERT INTO insert_t SELECT i, ARRAY[i, 1, 0]::vector FROM generate_series(1, 300) i;
SELECT id FROM insert_t ORDER BY v <#> '[1,0,0]' LIMIT 3;
SELECT lokivector_check('insert_idx', true);
DROP TABLE insert_t;
CREATE UNLOGGED TABLE insert_t (id integer, v vector(3));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
INSERT INTO insert_t SELECT i, ARRAY[i, 1, 0]::vector FROM generate_series(1, 300) i;
SELECT id FROM insert_t ORDER BY v <-> '[77,1,0]' LIMIT 1;
TRUNCATE insert_t;
SELECT id FROM insert_t ORDER BY v <-> '[77,1,0]' LIMIT 1;
INSERT INTO insert_t VALUES (1, '[1,1,1]');
SELECT id FROM insert_t ORDER BY v <-> '[77,1,0]' LIMIT 1;
DROP TABLE insert_t;

-- test: the smallest m and the largest
CREATE TABLE insert_t (id integer, v vector(2));
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
CREATE INDEX insert_idx100 ON insert_t USING hnsw (v vector_l2_ops) WITH (m = 100, ef_construction = 200);
INSERT INTO insert_t SELECT i, ARRAY[i % 40, i / 40]::vector FROM generate_series(0, 999) i;
SELECT live FROM insert_info('insert_idx');
SELECT live FROM insert_info('insert_idx100');
SELECT lokivector_check('insert_idx100', true);
SELECT count(*) FROM (SELECT id FROM insert_t ORDER BY v <-> '[0,0]') s;
DROP TABLE insert_t;

-- test: inserts fill the first page of the extent directory
SELECT format('CREATE TABLE insert_t (v vector(1), %s)', string_agg(format('c%s int8', i), ', '))
FROM generate_series(1, 31) i \gexec
INSERT INTO insert_t SELECT ARRAY[i]::vector FROM generate_series(1, 23450) i;
SELECT format('CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops, %s) WITH (m = 2, ef_construction = 4)',
	string_agg(format('c%s', i), ', ')) FROM generate_series(1, 31) i \gexec
CREATE VIEW insert_directory AS
	SELECT sum(CASE WHEN pages <= 32 THEN pages ELSE 32 + ceil((pages - 32) / 2.0) END) > 1019
		AS has_two_pages FROM lokivector_index_slot_arrays('insert_idx');
SELECT * FROM insert_directory;
INSERT INTO insert_t SELECT ARRAY[-i]::vector FROM generate_series(1, 1500) i;
SELECT * FROM insert_directory;
SELECT lokivector_check('insert_idx', true);
DROP VIEW insert_directory;
DROP TABLE insert_t;

-- test: inner products: short vectors that came first keep no longer ones out
SELECT FROM setseed(0.5);
CREATE TABLE insert_t (v halfvec(10));
CREATE INDEX insert_idx ON insert_t USING hnsw (v halfvec_ip_ops);
CREATE FUNCTION insert_random(product boolean) RETURNS halfvec LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(random() * CASE WHEN product THEN 2 * random() ELSE 1 END)::halfvec
	FROM generate_series(1, 10)
$$;
INSERT INTO insert_t SELECT insert_random(true) FROM generate_series(1, 10000);
SELECT recall >= 0.98 AS as_if_built FROM lokivector_recall('insert_idx',
	ARRAY(SELECT insert_random(false) FROM generate_series(1, 100)), 20);
SELECT lokivector_check('insert_idx', true);
DROP FUNCTION insert_random;
DROP TABLE insert_t;

-- test: small groups are found after others were inserted between large ones
SET lokivector.build_seed = 1;
CREATE FUNCTION insert_between(a integer, b integer, n integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(((i = a)::integer + (i = b)::integer) / 2.0 +
		0.01 * hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 64) i
$$;
CREATE TABLE insert_t (id integer, v vector(64));
INSERT INTO insert_t SELECT n, insert_between(part, part, n) FROM (
	SELECT n, CASE WHEN n <= 1600 THEN 1 + n % 40 ELSE 41 + n % 20 END AS part
	FROM generate_series(1, 1700) n) s;
CREATE INDEX insert_idx ON insert_t USING hnsw (v vector_l2_ops);
INSERT INTO insert_t SELECT 10000 + n,
	insert_between(1 + n % 40, 1 + (n % 40 + 1 + n / 40 % 39) % 40, 10000 + n)
FROM generate_series(1, 1560) n;
SET lokivector.complete = off;
SELECT count(*) < 20 AS are_found FROM (SELECT v FROM insert_t WHERE id BETWEEN 1601 AND 1700) a,
	LATERAL (SELECT v <-> a.v AS distance FROM insert_t ORDER BY v <-> a.v LIMIT 1) b
WHERE distance > 0;
RESET lokivector.complete;
RESET lokivector.build_seed;
DROP FUNCTION insert_between;
DROP TABLE insert_t;

-- test: equal nodes do not give up the same link at once
CREATE TABLE insert_equal (v vector(16), c integer);
CREATE INDEX insert_equal_idx ON insert_equal USING hnsw (v vector_ip_ops, c);
INSERT INTO insert_equal SELECT random_vector(n % 600, 16, 6, 30), n FROM generate_series(1, 2400) n;
SELECT lokivector_check('insert_equal_idx');
DROP TABLE insert_equal;

DROP FUNCTION insert_info;
RESET enable_seqscan;
