-- Indexes on bit strings.

SET hnsw.ef_search = 100;

-- test: order by each distance
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

-- test: what cannot be indexed
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

-- test: short strings, many of which are equal
SELECT * FROM try_classes('hb', 'b', 'bit(20)', 'hb_bits(i, 20)', 1500);

-- test: strings inline
SELECT * FROM try_classes('hb', 'b', 'bit(52)', 'hb_bits(i, 52)', 1500);
SET hnsw.ef_search = 200;
SELECT * FROM try_classes('hb', 'b', 'bit(1000)', 'hb_bits(i, 1000)', 900);

-- test: out of line
SELECT * FROM try_classes('hb', 'b', 'bit(17001)', 'hb_bits(i, 17001)', 100);

-- test: the longest
SELECT * FROM try_classes('hb', 'b', 'bit(64000)', 'hb_bits(i, 64000)', 50);

-- test: vacuum, and inserts after it
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

-- test: a vector's signs, ranked again by the vector
CREATE TABLE v (id int, v vector(96));
INSERT INTO v SELECT i, (SELECT array_agg(hashint8extended(i, j)::float8 / 9223372036854775807 + sin(i % 20 * j) ORDER BY j) FROM generate_series(1, 96) j)::vector FROM generate_series(1, 800) i;
CREATE INDEX v_idx ON v USING hnsw ((binary_quantize(v)::bit(96)) bit_hamming_ops);
SET enable_seqscan = off;
SELECT id FROM (SELECT id, v FROM v ORDER BY binary_quantize(v)::bit(96) <~> binary_quantize((SELECT v FROM v WHERE id = 7)) LIMIT 40) s ORDER BY v <=> (SELECT v FROM v WHERE id = 7) LIMIT 1;
SELECT rows FROM lokivector_scan_stats();
RESET enable_seqscan;

-- test: a walk with a filter among many ties, whose sorted pool becomes a heap when it is full (with fewer rows it ends before)
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
