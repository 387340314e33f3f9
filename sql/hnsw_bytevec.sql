-- Indexes on bytevecs.

SET hnsw.ef_search = 100;

-- test: order by each distance, from a bytevec, from a vector, to a vector
SET enable_seqscan = off;
SET enable_sort = off;
CREATE TABLE t (b bytevec(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]*1+0'), ('[1,1,1]'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (b bytevec_l2_ops);
INSERT INTO t VALUES ('[1,2,4]*1+0');
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY b <-> '[3,3,3]';
SELECT * FROM t ORDER BY b <-> '[3,3,3]';
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY b <-> '[3,3,4]'::vector;
SELECT * FROM t ORDER BY b <-> '[3,3,4]'::vector;
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY '[3,3,4]'::vector <-> b;
SELECT * FROM t ORDER BY '[3,3,4]'::vector <-> b;
SELECT * FROM t ORDER BY b <-> '[3,3,4]'::halfvec::vector LIMIT 2;
SELECT * FROM t ORDER BY 1 - (b <-> '[3,3,4]'::vector) DESC LIMIT 2;
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY l2_distance(b, '[3,3,3]') LIMIT 2;
SELECT count(*) FROM (SELECT * FROM t ORDER BY b <-> NULL::bytevec) s;
SELECT count(*) FROM (SELECT * FROM t ORDER BY b <-> NULL::vector) s;
SELECT x.q, n.b FROM (VALUES ('[3,3,4]'::vector), ('[0,0,1]'), ('[1,1,2]')) AS x(q), LATERAL (SELECT b FROM t ORDER BY b <-> x.q LIMIT 1) n;
SELECT x.b, n.b FROM t x, LATERAL (SELECT b FROM t ORDER BY t.b <-> x.b LIMIT 1) n ORDER BY x.b;
PREPARE p(vector) AS SELECT * FROM t ORDER BY b <-> $1 LIMIT 1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE p('[3,3,4]');
EXECUTE p('[3,3,4]');
EXECUTE p('[0.5,0,0]');
EXECUTE p('[-3.4e38,0,3.4e38]');
DEALLOCATE p;
RESET plan_cache_mode;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (b bytevec_ip_ops);
SELECT * FROM t ORDER BY b <#> '[3,3,3]';
SELECT * FROM t ORDER BY b <#> '[3,3,4]'::vector;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (b bytevec_cosine_ops);
SELECT * FROM t ORDER BY b <=> '[3,3,3]';
SELECT * FROM t ORDER BY b <=> '[3,3,4]'::vector;
SELECT count(*) FROM (SELECT * FROM t ORDER BY b <=> '[0,0,0]') s;
SELECT count(*) FROM (SELECT * FROM t ORDER BY b <=> '[0,0,0]'::vector) s;
DROP INDEX t_idx;
CREATE INDEX t_idx ON t USING hnsw (b bytevec_l1_ops);
SELECT * FROM t ORDER BY b <+> '[3,3,3]';
SELECT * FROM t ORDER BY b <+> '[3,3,4]'::vector;
DROP TABLE t;
RESET enable_seqscan;
RESET enable_sort;

-- test: what cannot be indexed, or searched for
CREATE TABLE t (b bytevec, b3 bytevec(3), v vector(3));
CREATE INDEX ON t USING hnsw (b bytevec_l2_ops);
CREATE INDEX ON t USING hnsw (b3);
CREATE INDEX ON t USING hnsw (b3 vector_l2_ops);
CREATE INDEX ON t USING hnsw (v bytevec_l2_ops);
CREATE INDEX t_idx ON t USING hnsw ((v::bytevec(3)) bytevec_l2_ops);
CREATE INDEX ON t USING hnsw ((b::bytevec(16000)) bytevec_l2_ops);
INSERT INTO t (v) VALUES ('[1,2,3]'), ('[4,5,6]');
INSERT INTO t (v) VALUES ('[-3e38,0,3e38]');
SET enable_seqscan = off;
SELECT v FROM t ORDER BY v::bytevec(3) <-> '[4,4,4]';
SELECT v FROM t ORDER BY v::bytevec(3) <-> '[4,4,4]'::vector;
SELECT v FROM t ORDER BY v::bytevec(3) <-> '[4,4]';
SELECT v FROM t ORDER BY v::bytevec(3) <-> '[4,4]'::vector;
RESET enable_seqscan;
SELECT lokivector_recall('t_idx', ARRAY['[1,2,3]']::vector[]);
SELECT split_part(lokivector_calibrate('t_idx', ARRAY['[1,2,3]']::vector[]), ':', 1);
SELECT answered, recall FROM lokivector_recall('t_idx', ARRAY['[1,2,3]']::bytevec[], 1);
SELECT lokivector_build_memory('t', 'b3') > 0 AS estimated;
DROP TABLE t;

-- A vector in one of twenty clusters, that depends on n alone
CREATE FUNCTION bb_vector(n integer, dim integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, dim, 20);

SET client_min_messages = warning;

-- test: few dimensions
SELECT * FROM try_classes('bb', 'b', 'bytevec(8)', 'bb_vector(i, 8)', 1500, '', '{::vector,::bytevec}');

-- test: inline
SELECT * FROM try_classes('bb', 'b', 'bytevec(100)', 'bb_vector(i, 100)', 1500, '', '{::vector,::bytevec}');

-- test: out of line
SELECT * FROM try_classes('bb', 'b', 'bytevec(2400)', 'bb_vector(i, 2400)', 150, '', '{::vector,::bytevec}');

-- test: compact
SELECT * FROM try_classes('bb', 'b', 'bytevec(100)', 'bb_vector(i, 100)', 1500, 'WITH (profile = compact)', '{::vector,::bytevec}') WHERE class <> 'bytevec_l1_ops';

-- test: vacuum, which repairs the graph; then rows in the freed slots
VACUUM bb;
SELECT live, dead FROM lokivector_index_info('bb_idx');
INSERT INTO bb SELECT i, bb_vector(i, 100) FROM generate_series(2001, 2300) i;
SELECT lokivector_check('bb_idx', true);

-- test: duplicates share a node, whatever their codes
CREATE TABLE same (b bytevec(2), i int);
INSERT INTO same SELECT CASE WHEN i % 2 = 0 THEN '[0,2]*1+0'::bytevec ELSE '[0,1]*2+0' END, i FROM generate_series(1, 100) i;
CREATE INDEX same_idx ON same USING hnsw (b bytevec_l2_ops);
INSERT INTO same SELECT CASE WHEN i % 2 = 0 THEN '[0,2]*1+0'::bytevec ELSE '[0,1]*2+0' END, i FROM generate_series(101, 150) i;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SELECT lokivector_check('same_idx', true);

-- test: filters and bounds, by index and by table
CREATE TABLE a (b bytevec(20), i int, tags text[]);
INSERT INTO a SELECT bb_vector(i, 20), i % 10, ARRAY['t' || i % 3, 'u' || i % 7] FROM generate_series(1, 2000) i;
CREATE INDEX a_idx ON a USING hnsw (b bytevec_l2_ops, i, tags);
CREATE FUNCTION bb_filter(condition text, OUT plan text, OUT rows bigint, OUT good boolean) LANGUAGE sql SET enable_seqscan = off SET enable_sort = off AS $$
	SELECT plan_nodes(format('SELECT FROM a WHERE %s ORDER BY b <-> bb_vector(-3, 20) LIMIT 30', condition), 'Index Scan using \w+|LokivectorHybridScan'),
		returned, in_place >= 0.95 * wanted
	FROM found('a', 'b <-> bb_vector(-3, 20)', 30, condition)
$$;
SELECT c, f.* FROM unnest(ARRAY['i = 3', 'i IN (3, 4)', 'tags @> ''{t1,u2}''', 'i < 5 AND tags && ''{u1}''',
	'b <-> bb_vector(-3, 20) < 3.5', '1 - (b <-> bb_vector(-3, 20)) > -2.5', 'bb_vector(-3, 20) <-> b < 3.5']) AS c, bb_filter(c) AS f;

-- test: statistics of distances serve bounds whose other side is a vector
ANALYZE a;
CREATE FUNCTION bb_rows(condition text, OUT estimate float8) LANGUAGE sql SET enable_indexscan = off SET enable_seqscan = on AS $$
	SELECT plan_figure('SELECT FROM a WHERE ' || condition)
$$;
SELECT abs(estimate / n - 1) < 0.6 AS near FROM
	(VALUES ('b <-> bb_vector(-3, 20)::bytevec < 8'), ('b <-> bb_vector(-3, 20) < 8'), ('bb_vector(-3, 20) <-> b < 8')) AS c(c), bb_rows(c),
	(SELECT count(*)::float8 AS n FROM a WHERE b <-> bb_vector(-3, 20) < 8) AS counted;

-- test: recall and calibration; searches with a vector as the query are sampled too
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('a_idx', 50);
SELECT split_part(lokivector_calibrate('a_idx'), ':', 1);
SELECT count(*) > 0 AS calibrated FROM lokivector_calibration('a_idx');
SET lokivector.target_recall = 0.9;
SELECT count(*) FROM (SELECT FROM a ORDER BY b <-> bb_vector(-3, 20) LIMIT 10) s;
RESET lokivector.target_recall;
SET lokivector.recall_sample_rate = 1;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM a ORDER BY b <-> bb_vector(-5, 20) LIMIT 10) s;
SELECT count(*) FROM (SELECT FROM a ORDER BY b <-> bb_vector(-6, 20)::bytevec LIMIT 10) s;
SELECT count(*) FROM (SELECT FROM a ORDER BY b <-> ('[-3e38,3e38' || repeat(',0', 18) || ']')::vector LIMIT 10) s;
RESET enable_seqscan;
RESET lokivector.recall_sample_rate;
SELECT query::bytevec <-> bb_vector(-5, 20) < 0.05 AS fifth, query::bytevec = bb_vector(-6, 20)::bytevec AS sixth FROM lokivector_sampled_queries('a_idx') AS query ORDER BY 1, 2;
SELECT lokivector_measure_samples('a_idx');
DROP FUNCTION bb_filter, bb_rows;

-- test: an index that was there before its rows
TRUNCATE bb;
DROP INDEX bb_idx;
SET lokivector.pending_nodes = 700;
CREATE INDEX bb_idx ON bb USING hnsw (b bytevec_cosine_ops);
RESET lokivector.pending_nodes;
INSERT INTO bb SELECT i, bb_vector(i, 100) FROM generate_series(1, 600) i;
SELECT pending, entry_node FROM lokivector_index_info('bb_idx');
SELECT lokivector_check('bb_idx', true);
INSERT INTO bb SELECT i, bb_vector(i, 100) FROM generate_series(601, 1500) i;
SELECT pending FROM lokivector_index_info('bb_idx');
SELECT lokivector_check('bb_idx', true);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('bb_idx', 50);
UPDATE bb SET id = -id WHERE id % 3 = 0;
SELECT lokivector_check('bb_idx', true);
DROP TABLE bb, same, a;
DROP FUNCTION bb_vector;

SELECT amname, opcname, opcdefault, amopopr::regoperator, amprocnum, amproc
	FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod JOIN pg_amop o ON o.amopfamily = opcfamily JOIN pg_amproc p ON p.amprocfamily = opcfamily
	WHERE amname = 'hnsw' AND opcintype = 'bytevec'::regtype ORDER BY opcname, amopopr::regoperator::text COLLATE "C", amprocnum;
SELECT opcname, amvalidate(oid) FROM pg_opclass WHERE opcintype = 'bytevec'::regtype ORDER BY opcname;
