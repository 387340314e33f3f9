-- Many rows with one vector share a node, whose rows are read as they are
-- asked for
SET enable_seqscan = off;

CREATE TABLE same (id integer, v vector(4));
INSERT INTO same SELECT n, '[1,2,3,4]' FROM generate_series(1, 3000) n;
INSERT INTO same SELECT 3000 + n, ARRAY[n, 0, 0, 0]::vector FROM generate_series(5, 504) n;
CREATE INDEX same_idx ON same USING hnsw (v vector_l2_ops);
SELECT nodes, rows FROM lokivector_index_info('same_idx');

-- test: as many as are asked for, each once
SELECT count(*), count(DISTINCT id), min(d), max(d) FROM (
	SELECT id, v <-> '[1,2,3,4]' AS d FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1) s;
SELECT heap_fetches FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id), min(d), max(d) FROM (
	SELECT id, v <-> '[1,2,3,4]' AS d FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]') s;

-- test: what is farther comes after all of them
SELECT id FROM (SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 3003) s OFFSET 3000;

-- test: what is nearer comes before any of them
SELECT id <= 3000 AS same, count(*) FROM (
	SELECT id FROM same ORDER BY v <-> '[5,0,0,0]' LIMIT 50) s GROUP BY 1 ORDER BY 1;

-- test: rows that were deleted, before and after vacuum
DELETE FROM same WHERE id <= 2000 AND id % 50 <> 0;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;
VACUUM same;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]' LIMIT 1000) s;

-- test: rows that are inserted join the node
INSERT INTO same SELECT 10000 + n, '[1,2,3,4]' FROM generate_series(1, 500) n;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same ORDER BY v <-> '[1,2,3,4]') s;
SELECT lokivector_check('same_idx', true);

-- test: a condition that drops most rows of a node, whose rows are dead in part
CREATE TABLE same_dead (id integer, v vector(3)) WITH (autovacuum_enabled = off);
INSERT INTO same_dead SELECT n, '[1,2,3]' FROM generate_series(1, 3000) n;
CREATE INDEX same_dead_idx ON same_dead USING hnsw (v vector_l2_ops);
DELETE FROM same_dead WHERE id % 3 = 0;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same_dead WHERE id % 500 = 1 ORDER BY v <-> '[1,2,4]' LIMIT 10) s;
SELECT count(*), count(DISTINCT id) FROM (
	SELECT id FROM same_dead WHERE id % 50 = 1 ORDER BY v <-> '[1,2,4]' LIMIT 100) s;
DROP TABLE same_dead;

DROP TABLE same;
