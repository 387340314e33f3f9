-- Indexes on bit strings.

SET hnsw.ef_search = 100;

-- test: bit: order by each distance
SET enable_seqscan = off;
SET enable_sort = off;
CREATE TABLE t (b bit(3));
INSERT INTO t VALUES (B'000'), (B'100'), (B'111'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (b bit_hamming_ops);
INSERT INTO t VALUES (B'110');
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY b <~> B'111';
SELECT * FROM t ORDER BY b <~> B'111';
SELECT count(*) FROM (SELECT * FROM t ORDER BY b <~> NULL::bit) s;
DROP TABLE t;
CREATE TABLE t (b bit(4));
INSERT INTO t VALUES (B'0000'), (B'1100'), (B'1111'), (NULL);
CREATE INDEX t_idx ON t USING hnsw (b bit_jaccard_ops);
INSERT INTO t VALUES (B'1110');
SELECT * FROM t ORDER BY b <%> B'1111';
SELECT * FROM t ORDER BY b <%> B'0000', b;
SELECT b FROM t ORDER BY b <%> B'111';
DROP TABLE t;
RESET enable_seqscan;
RESET enable_sort;

-- test: bit: what cannot be indexed
CREATE TABLE t (b varbit(3), v vector(3));
CREATE INDEX ON t USING hnsw (b bit_hamming_ops);
CREATE INDEX ON t USING hnsw ((binary_quantize(v)) bit_hamming_ops);
CREATE INDEX t_idx ON t USING hnsw ((binary_quantize(v)::bit(3)) bit_hamming_ops);
CREATE INDEX ON t USING hnsw ((b::bit(64000)) bit_hamming_ops);
CREATE INDEX ON t USING hnsw ((b::bit(64001)) bit_hamming_ops);
CREATE INDEX ON t USING hnsw ((b::bit(3)));
SELECT lokivector_recall('t_idx', ARRAY['[1,2,3]']::vector[]);
DROP TABLE t;

-- Bits that depend on n alone: those of one of twenty centres, one in five turned
CREATE FUNCTION hb_bits(n integer, length integer) RETURNS varbit AS $$
	SELECT string_agg(((hashint8extended(n % 20, i) & 1) #
		(abs(hashint8extended(n, i) % 5) = 0)::int)::text, '' ORDER BY i)::varbit
	FROM generate_series(1, length) i
$$ LANGUAGE sql IMMUTABLE STRICT;

SET client_min_messages = warning;

-- test: bit: short strings, many of which are equal
SELECT * FROM try_classes('hb', 'b', 'bit(20)', 'hb_bits(i, 20)', 1500);

-- test: bit: strings inline
SELECT * FROM try_classes('hb', 'b', 'bit(52)', 'hb_bits(i, 52)', 1500);
SET hnsw.ef_search = 200;
SELECT * FROM try_classes('hb', 'b', 'bit(1000)', 'hb_bits(i, 1000)', 900);

-- test: bit: out of line
SELECT * FROM try_classes('hb', 'b', 'bit(17001)', 'hb_bits(i, 17001)', 100);

-- test: bit: the longest
SELECT * FROM try_classes('hb', 'b', 'bit(64000)', 'hb_bits(i, 64000)', 50);

-- test: bit: vacuum, and inserts after it
SELECT * FROM try_classes('hb', 'b', 'bit(200)', 'hb_bits(i, 200)', 600);
RESET client_min_messages;
VACUUM hb;
INSERT INTO hb SELECT i, hb_bits(i, 200) FROM generate_series(1001, 1200) i;
SELECT live, dead FROM lokivector_index_info('hb_idx');
SELECT lokivector_check('hb_idx', true);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hb_idx', ARRAY(SELECT hb_bits(-i, 200)::bit(200) FROM generate_series(1, 50) i));
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hb_idx', 50);
SELECT lokivector_build_memory('hb', 'b', 'bit_hamming_ops') > 10000 AS enough;
UPDATE hb SET id = -id WHERE id % 3 = 0;
SELECT lokivector_check('hb_idx', true);
DROP INDEX hb_idx;
CREATE INDEX hb_idx ON hb USING hnsw (b bit_hamming_ops) WITH (profile = compact);
SELECT code, bits, profile FROM lokivector_index_info('hb_idx');
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hb_idx', 50);
DROP INDEX hb_idx;
TRUNCATE hb;
CREATE INDEX hb_idx ON hb USING hnsw (b bit_hamming_ops);
INSERT INTO hb SELECT i, hb_bits(i, 200) FROM generate_series(1, 1200) i;
SELECT split_part(lokivector_calibrate('hb_idx'), ':', 1);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hb_idx', 50);

-- test: bit: a vector's signs, ranked again by the vector
CREATE TABLE v (id int, v vector(96));
INSERT INTO v SELECT i, (SELECT array_agg(hashint8extended(i, j)::float8 / 9223372036854775807 + sin(i % 20 * j) ORDER BY j) FROM generate_series(1, 96) j)::vector FROM generate_series(1, 800) i;
CREATE INDEX v_idx ON v USING hnsw ((binary_quantize(v)::bit(96)) bit_hamming_ops);
SET enable_seqscan = off;
SELECT id FROM (SELECT id, v FROM v ORDER BY binary_quantize(v)::bit(96) <~> binary_quantize((SELECT v FROM v WHERE id = 7)) LIMIT 40) s ORDER BY v <=> (SELECT v FROM v WHERE id = 7) LIMIT 1;
SELECT rows FROM lokivector_scan_stats();
RESET enable_seqscan;

-- test: bit: a walk with a filter among many ties, whose sorted pool becomes a heap when it is full (with fewer rows it ends before)
CREATE TABLE hb_ties AS SELECT i % 20 AS a, (SELECT string_agg(overlay('00000000' PLACING CASE WHEN i % 400 = 1 AND j < 2 THEN '0' ELSE '1' END
		FROM 1 + (hashint4extended(i, j) & 7)::int), '' ORDER BY j)::bit(64) FROM generate_series(0, 7) j) AS b
FROM generate_series(1, CASE WHEN test_short() THEN 4000 ELSE 76000 END) i;
CREATE INDEX hb_ties_idx ON hb_ties USING hnsw (b bit_hamming_ops, a) WITH (m = 24, ef_construction = 48);
SET enable_seqscan = off;
SELECT * FROM same('SELECT b <~> repeat(''0'', 64)::bit(64) AS d FROM hb_ties WHERE a < 19 ORDER BY d LIMIT 450', 'Index Scan.*');
RESET enable_seqscan;
DROP TABLE hb, v, hb_ties;
DROP FUNCTION hb_bits;

SELECT opcname, opcdefault, amopopr::regoperator, amprocnum, amproc
	FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod JOIN pg_amop o ON o.amopfamily = opcfamily JOIN pg_amproc p ON p.amprocfamily = opcfamily
	WHERE amname = 'hnsw' AND opcintype = 'bit'::regtype ORDER BY opcname, amprocnum;


RESET ALL;

-- Indexes on halfvecs.

SET hnsw.ef_search = 100;

-- test: halfvec: order by each distance
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

-- test: halfvec: what cannot be indexed, or searched for
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

-- test: halfvec: few dimensions
SELECT * FROM try_classes('hh', 'h', 'halfvec(8)', 'hh_vector(i, 8)', 1500);

-- test: halfvec: inline
SELECT * FROM try_classes('hh', 'h', 'halfvec(100)', 'hh_vector(i, 100)', 1500);

-- test: halfvec: out of line
SELECT * FROM try_classes('hh', 'h', 'halfvec(1200)', 'hh_vector(i, 1200)', 300);

-- test: halfvec: compact
SELECT * FROM try_classes('hh', 'h', 'halfvec(100)', 'hh_vector(i, 100)', 1500, 'WITH (profile = compact, refine_bits = 6)');
RESET client_min_messages;

-- test: halfvec: vacuum, and inserts after it
VACUUM hh;
INSERT INTO hh SELECT i, hh_vector(i, 100) FROM generate_series(2001, 2300) i;
SELECT live, dead FROM lokivector_index_info('hh_idx');
SELECT lokivector_check('hh_idx', true);
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hh_idx', ARRAY(SELECT hh_vector(-i, 100) FROM generate_series(1, 50) i));
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('hh_idx', 50);
SELECT lokivector_build_memory('hh', 'h', 'halfvec_l2_ops') > 100000 AS enough;

-- test: halfvec: duplicates share a node
CREATE TABLE same (h halfvec(50), i int);
INSERT INTO same SELECT hh_vector(i % 10, 50), i FROM generate_series(1, 500) i;
CREATE INDEX same_idx ON same USING hnsw (h halfvec_l2_ops);
INSERT INTO same SELECT hh_vector(i % 10, 50), i FROM generate_series(501, 700) i;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT i), max(h <-> hh_vector(7, 50)) FROM (SELECT h, i FROM same ORDER BY h <-> hh_vector(7, 50) LIMIT 70) s;
RESET enable_seqscan;

-- test: halfvec: an index that was there before its rows
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

-- test: halfvec: ... and is on an expression
SET lokivector.pending_nodes = 50;
CREATE TABLE casts (v vector(70));
CREATE INDEX casts_idx ON casts USING hnsw ((v::halfvec(70)) halfvec_cosine_ops);
INSERT INTO casts SELECT (SELECT array_agg((hashint8extended(i, j) % 4)::float8 ORDER BY j) FROM generate_series(1, 70) j)::vector FROM generate_series(1, 100) i;
RESET lokivector.pending_nodes;
SELECT pending FROM lokivector_index_info('casts_idx');
SELECT lokivector_check('casts_idx', true);

-- test: halfvec: an update that leaves the halfvec alone
UPDATE hh SET id = -id WHERE id % 3 = 0;
SELECT lokivector_check('hh_idx', true);

-- test: halfvec: with an attribute
CREATE TABLE a (h halfvec(20), i int);
INSERT INTO a SELECT hh_vector(i, 20), i % 10 FROM generate_series(1, 1000) i;
CREATE INDEX a_idx ON a USING hnsw (h halfvec_l2_ops, i);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT i FROM a WHERE i = 3 ORDER BY h <-> hh_vector(-3, 20) LIMIT 5;
SELECT count(*), min(i), max(i) FROM (SELECT i FROM a WHERE i = 3 ORDER BY h <-> hh_vector(-3, 20) LIMIT 200) s;
RESET enable_seqscan;

-- test: halfvec: many dimensions
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


RESET ALL;

-- Indexes on bytevecs.

SET hnsw.ef_search = 100;

-- test: bytevec: order by each distance, from a bytevec, from a vector, to a vector
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

-- test: bytevec: what cannot be indexed, or searched for
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

-- test: bytevec: few dimensions
SELECT * FROM try_classes('bb', 'b', 'bytevec(8)', 'bb_vector(i, 8)', 1500, '', '{::vector,::bytevec}');

-- test: bytevec: inline
SELECT * FROM try_classes('bb', 'b', 'bytevec(100)', 'bb_vector(i, 100)', 1500, '', '{::vector,::bytevec}');

-- test: bytevec: out of line
SELECT * FROM try_classes('bb', 'b', 'bytevec(2400)', 'bb_vector(i, 2400)', 150, '', '{::vector,::bytevec}');

-- test: bytevec: compact
SELECT * FROM try_classes('bb', 'b', 'bytevec(100)', 'bb_vector(i, 100)', 1500, 'WITH (profile = compact)', '{::vector,::bytevec}') WHERE class <> 'bytevec_l1_ops';

-- test: bytevec: vacuum, which repairs the graph; then rows in the freed slots
VACUUM bb;
SELECT live, dead FROM lokivector_index_info('bb_idx');
INSERT INTO bb SELECT i, bb_vector(i, 100) FROM generate_series(2001, 2300) i;
SELECT lokivector_check('bb_idx', true);

-- test: bytevec: duplicates share a node, whatever their codes
CREATE TABLE same (b bytevec(2), i int);
INSERT INTO same SELECT CASE WHEN i % 2 = 0 THEN '[0,2]*1+0'::bytevec ELSE '[0,1]*2+0' END, i FROM generate_series(1, 100) i;
CREATE INDEX same_idx ON same USING hnsw (b bytevec_l2_ops);
INSERT INTO same SELECT CASE WHEN i % 2 = 0 THEN '[0,2]*1+0'::bytevec ELSE '[0,1]*2+0' END, i FROM generate_series(101, 150) i;
SELECT nodes, rows FROM lokivector_index_info('same_idx');
SELECT lokivector_check('same_idx', true);

-- test: bytevec: filters and bounds, by index and by table
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

-- test: bytevec: statistics of distances serve bounds whose other side is a vector
ANALYZE a;
CREATE FUNCTION bb_rows(condition text, OUT estimate float8) LANGUAGE sql SET enable_indexscan = off SET enable_seqscan = on AS $$
	SELECT plan_figure('SELECT FROM a WHERE ' || condition)
$$;
SELECT abs(estimate / n - 1) < 0.6 AS near FROM
	(VALUES ('b <-> bb_vector(-3, 20)::bytevec < 8'), ('b <-> bb_vector(-3, 20) < 8'), ('bb_vector(-3, 20) <-> b < 8')) AS c(c), bb_rows(c),
	(SELECT count(*)::float8 AS n FROM a WHERE b <-> bb_vector(-3, 20) < 8) AS counted;

-- test: bytevec: recall and calibration; searches with a vector as the query are sampled too
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

-- test: bytevec: an index that was there before its rows
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


RESET ALL;

--
-- Indexes on sparse vectors
--

-- test: sparsevec: every metric, NULL and zero last
CREATE TABLE t (i int, s sparsevec(3));
INSERT INTO t VALUES (1, '{}/3'), (2, '{1:1,2:2,3:3}/3'), (3, '{1:1,2:1,3:1}/3'), (4, NULL);
CREATE INDEX ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_ip_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_l1_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT i FROM t ORDER BY s <-> '{1:3,2:3,3:3}/3';
INSERT INTO t VALUES (5, '{1:1,2:2,3:4}/3');
SELECT i, s <-> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <-> '{1:3,2:3,3:3}/3';
SELECT i, s <#> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <#> '{1:3,2:3,3:3}/3';
SELECT i, round((s <=> '{1:3,2:3,3:3}/3')::numeric, 6) AS distance FROM t ORDER BY s <=> '{1:3,2:3,3:3}/3';
SELECT i, s <+> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <+> '{1:3,2:3,3:3}/3';
SELECT count(*) FROM (SELECT * FROM t ORDER BY s <=> '{}/3') AS q;
SELECT count(*) FROM (SELECT * FROM t ORDER BY s <-> (SELECT NULL::sparsevec)) AS q;
SELECT indexrelid::regclass, metric, dimensions, rows, null_rows
	FROM pg_index, lokivector_index_info(indexrelid) WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text;
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass;
SELECT answered, recall FROM lokivector_recall('t_s_idx', 10, 2);
SELECT answered, recall FROM lokivector_recall('t_s_idx', ARRAY['[1,2,3]']::vector[], 2);
DROP TABLE t;

-- test: sparsevec: many dimensions
CREATE TABLE t (i int PRIMARY KEY, s sparsevec(1000000), c int);
CREATE FUNCTION item(n int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(j || ':' || v, ',') || '}/1000000')::sparsevec
		FROM (SELECT DISTINCT ON (j) j, 1 + k % 4 AS v
			FROM (SELECT k, 1 + abs(hashint8extended(n % 40 * 1000 + CASE WHEN k < 25 THEN k ELSE n * 7919 + k END, 1) % 1000000) AS j
				FROM generate_series(1, 40) AS k) AS places
			ORDER BY j, k) AS elements
$$;
INSERT INTO t SELECT n, item(n), n % 10 FROM generate_series(1, 1200) AS n;
CREATE INDEX t_l2 ON t USING hnsw (s sparsevec_l2_ops, c);
CREATE INDEX t_ip ON t USING hnsw (s sparsevec_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (s sparsevec_l1_ops);
INSERT INTO t SELECT n, item(n), n % 10 FROM generate_series(1201, 1300) AS n;
-- of the ten nearest rows, by distance, those that the index finds
CREATE FUNCTION recall(operator text, filter text DEFAULT 'true', OUT recall numeric) LANGUAGE sql AS $$
	SELECT sum(hits) / 200.0 FROM generate_series(1, 20) k, found('t', format('s %s %L', operator, item(10000 + k)), 10, filter)
$$;
SELECT operator, recall > 0.97 AS good, CASE WHEN recall <= 0.97 THEN recall END AS recall
	FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) AS operator, recall(operator);
SELECT recall > 0.97 AS good FROM recall('<->', 'c = 3');
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <-> item(1)) AS q;
SELECT i, s <-> item(7) AS distance FROM t ORDER BY s <-> item(7) LIMIT 1;
SELECT bool_and(d >= before) AS ordered FROM (
	SELECT d, lag(d) OVER () AS before FROM (SELECT s <=> item(1) AS d FROM t ORDER BY s <=> item(1) LIMIT 30) AS n) AS p;
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisprimary;
DELETE FROM t WHERE i % 2 = 0;
VACUUM t;
UPDATE t SET s = item(i + 1) WHERE i < 100;
SELECT recall > 0.97 AS good FROM recall('<=>');
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisprimary;
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('t_l2', 50, 10);
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('t_l2', ARRAY[item(1), item(2), item(3)], 10);
DROP TABLE t;
DROP FUNCTION recall, item;

-- test: sparsevec: dimensions as there may be
CREATE TABLE t (i int, s sparsevec(1000000000));
INSERT INTO t SELECT i, format('{%s:1}/1000000000', i * 1000)::sparsevec FROM generate_series(1, 3000) AS i;
INSERT INTO t SELECT 0, '{5:1}/1000000000' FROM generate_series(1, 50);
CREATE INDEX t_idx ON t USING hnsw (s sparsevec_l1_ops);
SELECT nodes, rows FROM lokivector_index_info('t_idx');
SELECT lokivector_check('t_idx', true);
DROP TABLE t;

-- test: sparsevec: as many elements as there may be, and large values
CREATE TABLE t (i int, s sparsevec(20000));
INSERT INTO t SELECT i, ('{' || string_agg(j || ':' || (i * j) % 5 + 1, ',') || '}/20000')::sparsevec
	FROM generate_series(1, 20) AS i, generate_series(i, 16000 + i - 1) AS j GROUP BY i;
INSERT INTO t VALUES (21, '{1:3e38,2:3e38,20000:3e38}/20000'), (22, '{1:1e-45}/20000'), (23, '{}/20000');
CREATE INDEX t_l2 ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX t_cosine ON t USING hnsw (s sparsevec_cosine_ops);
SELECT i FROM t ORDER BY s <-> (SELECT s FROM t WHERE i = 9) LIMIT 1;
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <-> (SELECT s FROM t WHERE i = 9)) AS q;
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <=> (SELECT s FROM t WHERE i = 9)) AS q;
SELECT lokivector_check('t_l2', true), lokivector_check('t_cosine', true);
DROP TABLE t;

-- test: sparsevec: what cannot be indexed or searched for
CREATE TABLE t (s sparsevec, u sparsevec(5000));
CREATE INDEX ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (u);
CREATE INDEX ON t USING ivfflat (u sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (u sparsevec_l2_ops);
INSERT INTO t (u) VALUES ('{1:1}/5000');
SELECT u FROM t ORDER BY u <-> '{1:1}/5001';
DROP TABLE t;
