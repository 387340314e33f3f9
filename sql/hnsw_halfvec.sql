-- Indexes on halfvecs.

SET hnsw.ef_search = 100;

-- test: order by each distance
SET enable_seqscan = off;
SET enable_sort = off;
CREATE TABLE t (h halfvec(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (h halfvec_l2_ops);
INSERT INTO t VALUES ('[1,2,4]');
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY h <-> '[3,3,3]';
SELECT * FROM t ORDER BY h <-> '[3,3,3]';
SELECT * FROM t ORDER BY h <-> '[3,3,3]'::vector;
SELECT count(*) FROM (SELECT * FROM t ORDER BY h <-> NULL::halfvec) s;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (h halfvec_ip_ops);
SELECT * FROM t ORDER BY h <#> '[3,3,3]';
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (h halfvec_cosine_ops);
SELECT * FROM t ORDER BY h <=> '[3,3,3]';
SELECT count(*) FROM (SELECT * FROM t ORDER BY h <=> '[0,0,0]') s;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (h halfvec_l1_ops);
SELECT * FROM t ORDER BY h <+> '[3,3,3]';
DROP TABLE t;
RESET enable_seqscan;
RESET enable_sort;

-- test: what cannot be indexed, or searched for
CREATE TABLE t (h halfvec, h3 halfvec(3), v vector(3));
CREATE INDEX ON t USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON t USING hnsw (h3);
CREATE INDEX ON t USING hnsw (h3 vector_l2_ops);
CREATE INDEX ON t USING hnsw (v halfvec_l2_ops);
CREATE INDEX t_idx ON t USING hnsw ((v::halfvec(3)) halfvec_l2_ops);
CREATE INDEX ON t USING hnsw ((h::halfvec(16000)) halfvec_l2_ops);
INSERT INTO t (v) VALUES ('[1,2,3]'), ('[4,5,6]');
SET enable_seqscan = off;
SELECT v FROM t ORDER BY v::halfvec(3) <-> '[4,4,4]';
SELECT v FROM t ORDER BY v::halfvec(3) <-> '[4,4]';
RESET enable_seqscan;
SELECT lokivector_recall('t_idx', ARRAY['[1,2,3]']::vector[]);
SELECT split_part(lokivector_calibrate('t_idx', ARRAY['[1,2,3]']::vector[]), ':', 1);
DROP TABLE t;

-- A halfvec in one of twenty clusters, that depends on n alone
CREATE FUNCTION hh_vector(n integer, dim integer) RETURNS halfvec LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, dim, 20)::halfvec;

SET client_min_messages = warning;

-- test: few dimensions
SELECT * FROM try_classes('hh', 'h', 'halfvec(8)', 'hh_vector(i, 8)', 1500);

-- test: inline
SELECT * FROM try_classes('hh', 'h', 'halfvec(100)', 'hh_vector(i, 100)', 1500);

-- test: out of line
SELECT * FROM try_classes('hh', 'h', 'halfvec(1200)', 'hh_vector(i, 1200)', 300);

-- test: compact
SELECT * FROM try_classes('hh', 'h', 'halfvec(100)', 'hh_vector(i, 100)', 1500, 'WITH (profile = compact, refine_bits = 6)');
RESET client_min_messages;

-- test: vacuum, and inserts after it
VACUUM hh;
INSERT INTO hh SELECT i, hh_vector(i, 100) FROM generate_series(2001, 2300) i;
SELECT live, dead FROM lokivector_index_info('hh_idx');
SELECT lokivector_check('hh_idx', true);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hh_idx', ARRAY(SELECT hh_vector(-i, 100) FROM generate_series(1, 50) i));
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hh_idx', 50);
SELECT lokivector_build_memory('hh', 'h', 'halfvec_l2_ops') > 100000 AS enough;

-- test: duplicates share a node
CREATE TABLE same (h halfvec(50), i int);
INSERT INTO same SELECT hh_vector(i % 10, 50), i FROM generate_series(1, 500) i;
CREATE INDEX same_idx ON same USING hnsw (h halfvec_l2_ops);
INSERT INTO same SELECT hh_vector(i % 10, 50), i FROM generate_series(501, 700) i;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT i), max(h <-> hh_vector(7, 50)) FROM (SELECT h, i FROM same ORDER BY h <-> hh_vector(7, 50) LIMIT 70) s;
RESET enable_seqscan;

-- test: an index that was there before its rows
TRUNCATE hh;
DROP INDEX hh_idx;
SET lokivector.pending_nodes = 700;
CREATE INDEX hh_idx ON hh USING hnsw (h halfvec_cosine_ops);
RESET lokivector.pending_nodes;
INSERT INTO hh SELECT i, hh_vector(i, 100) FROM generate_series(1, 600) i;
SELECT pending, entry_node FROM lokivector_index_info('hh_idx');
SELECT lokivector_check('hh_idx', true);
INSERT INTO hh SELECT i, hh_vector(i, 100) FROM generate_series(601, 1500) i;
SELECT pending FROM lokivector_index_info('hh_idx');
SELECT lokivector_check('hh_idx', true);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hh_idx', 50);
SELECT split_part(lokivector_calibrate('hh_idx'), ':', 1);
SELECT count(*) > 0 AS calibrated FROM lokivector_calibration('hh_idx');

-- test: ... and is on an expression
SET lokivector.pending_nodes = 50;
CREATE TABLE casts (v vector(70));
CREATE INDEX casts_idx ON casts USING hnsw ((v::halfvec(70)) halfvec_cosine_ops);
INSERT INTO casts SELECT (SELECT array_agg((hashint8extended(i, j) % 4)::float8 ORDER BY j) FROM generate_series(1, 70) j)::vector FROM generate_series(1, 100) i;
RESET lokivector.pending_nodes;
SELECT pending FROM lokivector_index_info('casts_idx');
SELECT lokivector_check('casts_idx', true);

-- test: an update that leaves the halfvec alone
UPDATE hh SET id = -id WHERE id % 3 = 0;
SELECT lokivector_check('hh_idx', true);

-- test: with an attribute
CREATE TABLE a (h halfvec(20), i int);
INSERT INTO a SELECT hh_vector(i, 20), i % 10 FROM generate_series(1, 1000) i;
CREATE INDEX a_idx ON a USING hnsw (h halfvec_l2_ops, i);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT i FROM a WHERE i = 3 ORDER BY h <-> hh_vector(-3, 20) LIMIT 5;
SELECT count(*), min(i), max(i) FROM (SELECT i FROM a WHERE i = 3 ORDER BY h <-> hh_vector(-3, 20) LIMIT 200) s;
RESET enable_seqscan;

-- test: many dimensions
CREATE TABLE wide (h halfvec(16000), v vector(16000));
INSERT INTO wide SELECT h, h FROM (SELECT hh_vector(i, 16000) AS h FROM generate_series(1, 30) i) s;
CREATE INDEX wide_l2 ON wide USING hnsw (h halfvec_l2_ops);
CREATE INDEX wide_l1 ON wide USING hnsw (h halfvec_l1_ops);
CREATE INDEX wide_v ON wide USING hnsw (v vector_cosine_ops);
CREATE INDEX wide_v1 ON wide USING hnsw (v vector_l1_ops);
INSERT INTO wide SELECT h, h FROM (SELECT hh_vector(i, 16000) AS h FROM generate_series(31, 40) i) s;
SELECT i.*, recall > 0.9 AS good FROM unnest('{wide_l2,wide_l1,wide_v,wide_v1}'::regclass[]) AS n,
	LATERAL (SELECT n AS index, dimensions, code, bits, refine_bits, rows FROM lokivector_index_info(n)) i, lokivector_recall(n, 10, 3);
SELECT lokivector_check(n, true) FROM unnest('{wide_l2,wide_l1,wide_v,wide_v1}'::regclass[]) AS n;
DROP TABLE hh, same, a, wide, casts;
DROP FUNCTION hh_vector;

SELECT amname, opcname, opcdefault, amopopr::regoperator, amprocnum, amproc
	FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod JOIN pg_amop o ON o.amopfamily = opcfamily JOIN pg_amproc p ON p.amprocfamily = opcfamily
	WHERE amname = 'hnsw' AND opcintype = 'halfvec'::regtype ORDER BY opcname, amprocnum;
