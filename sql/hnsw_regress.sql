-- Scans that once lost rows, took too long, or failed

SET enable_seqscan = off;
SET enable_sort = off;

-- test: memory of a pass beyond what 32 bits count
CREATE TABLE regress_t (id integer, v vector(8), c integer);
INSERT INTO regress_t SELECT i, random_vector(i, 8), i % 100 FROM generate_series(1, 10000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops, c);
SET work_mem = '1GB';
SET hnsw.scan_mem_multiplier = 128;
SELECT count(*) FROM (SELECT id FROM regress_t WHERE c = 3 ORDER BY v <-> random_vector(5, 8)) s;
SELECT flat_scans > 0 AS pass FROM lokivector_scan_stats();
RESET hnsw.scan_mem_multiplier;
RESET work_mem;

-- test: a subplan of a node below LIMIT is not limited
SELECT cardinality(ARRAY(SELECT id FROM regress_t ORDER BY v <-> random_vector(7, 8)))
FROM regress_t ORDER BY v <-> random_vector(5, 8) LIMIT 1;

-- test: memory that an earlier probe has used
SET work_mem = '64kB';
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.ef_search = 10;
SELECT n, (SELECT count(*) >= 10 FROM (SELECT id FROM regress_t WHERE c = n
	ORDER BY v <-> random_vector(5, 8) LIMIT CASE WHEN n = 1 THEN 1000 ELSE 10 END) s) AS enough
FROM generate_series(0, 4) n;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET work_mem;

-- test: the LIMIT of a query that fails before its scan begins is forgotten
CREATE FUNCTION regress_bad(n integer) RETURNS vector AS $$
BEGIN
	RETURN random_vector(n / 0, 8);
END
$$ LANGUAGE plpgsql STABLE;
\set VERBOSITY terse
SELECT id FROM regress_t ORDER BY v <-> regress_bad(1) LIMIT 10000;
\set VERBOSITY default
BEGIN;
SET LOCAL hnsw.iterative_scan = relaxed_order;
DECLARE c CURSOR FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 8);
FETCH 1 FROM c;
SELECT nodes_refined < 200 AS narrow FROM lokivector_scan_stats();
ROLLBACK;

-- test: a query vector from a scan of the same index
SELECT count(*) FROM (SELECT id FROM regress_t ORDER BY v <->
	(SELECT v FROM regress_t ORDER BY v <-> random_vector(9, 8) LIMIT 1) LIMIT 500) s;
SELECT rows, nodes_refined BETWEEN 500 AND 700 AS wide FROM lokivector_scan_stats();
DROP TABLE regress_t;

-- test: two nodes of many duplicates, at the same distance
CREATE TABLE regress_t (id integer, v vector(3));
INSERT INTO regress_t SELECT i, CASE WHEN i <= 3000 THEN '[1,2,4]' ELSE '[1,2,3]' END::vector
FROM generate_series(1, 6000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM regress_t ORDER BY v <-> '[1,2,3.5]' LIMIT 3) s;
SELECT count(*), count(DISTINCT id), max(v <-> '[1,2,3.5]') FROM
	(SELECT * FROM regress_t ORDER BY v <-> '[1,2,3.5]' LIMIT 5990) s;
DROP TABLE regress_t;

-- test: more neighbors than local buffers
SET temp_buffers = '800kB';
CREATE TEMP TABLE regress_t (id integer, v vector(768));
ALTER TABLE regress_t ALTER v SET STORAGE EXTERNAL;
INSERT INTO regress_t SELECT i, random_vector(i, 768) FROM generate_series(1, 1000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops)
	WITH (m = 100, ef_construction = 200, bits = '8', refine_bits = '0');
SELECT count(*) FROM (SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768) LIMIT 10) s;

-- test: a cursor with an open TOAST table, across subtransactions
CREATE FUNCTION regress_error() RETURNS void AS $$
BEGIN
	PERFORM id FROM regress_t ORDER BY v <-> random_vector(1, 768) LIMIT 5;
	PERFORM id FROM regress_t ORDER BY v <-> '[1]' LIMIT 5;
EXCEPTION WHEN data_exception THEN
	NULL;
END
$$ LANGUAGE plpgsql;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768);
FETCH 1 FROM c;
SAVEPOINT s;
MOVE 100 FROM c;
SELECT regress_error();
ROLLBACK TO s;
MOVE 800 FROM c;
SELECT regress_error();
MOVE ALL FROM c;
ROLLBACK;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768);
MOVE ALL FROM c;
CLOSE c;
DROP TABLE regress_t;

-- test: an index truncated, built again and rolled back under the same name
BEGIN;
CREATE TABLE regress_t (id integer, v vector(3));
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops);
INSERT INTO regress_t VALUES (1, '[1,2,3]');
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
TRUNCATE regress_t;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
INSERT INTO regress_t VALUES (2, '[1,2,3]');
SAVEPOINT s;
REINDEX TABLE regress_t;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
ROLLBACK TO s;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
ROLLBACK;

DROP FUNCTION regress_error, regress_bad;
