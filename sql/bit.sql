--
-- Distances between bit strings
--
SELECT hamming_distance('111', '111'), hamming_distance('111', '110'), hamming_distance('111', '100'), hamming_distance('111', '000');
SELECT hamming_distance(B'', B''), B'10' <~> B'11', '101'::varbit <~> '010'::varbit, hamming_distance('10', '1'::varbit || B'1');
SELECT jaccard_distance('1111', '1111'), jaccard_distance('1111', '1110'), jaccard_distance('1111', '1100'), jaccard_distance('1111', '1000');
SELECT jaccard_distance('1111', '0000'), jaccard_distance('1100', '1000'), jaccard_distance('0000', '0000'), jaccard_distance(B'', B''), B'1100' <%> B'0110';
SELECT hamming_distance(NULL, B'1'), B'1' <%> NULL;

-- test: lengths that do not match
SELECT hamming_distance('111', '00');
SELECT B'1111' <%> B'000';
SELECT hamming_distance(B'', B'1');
SELECT jaccard_distance('1'::bit(4), '1'::bit(3));

-- test: every length up to 700 bits and some beyond, against sums of single bits
CREATE FUNCTION random_bits(n int, seed int) RETURNS varbit LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg((hashint8extended(seed, j) & 1)::text, '' ORDER BY j)::varbit FROM generate_series(1, n) j
$$;
SELECT count(*), count(*) FILTER (WHERE a <~> b <> differ) AS hamming, count(*) FILTER (WHERE a <%> b <> CASE WHEN common = 0 THEN 1 ELSE 1 - common::float8 / either END) AS jaccard
	FROM (SELECT a, b, bit_count(a # b) AS differ, bit_count(a & b) AS common, bit_count(a | b) AS either
		FROM (SELECT random_bits(n, 1) AS a, random_bits(n, 2) AS b FROM generate_series(1, 700) n UNION ALL SELECT random_bits(n, 3), random_bits(n, 4) FROM unnest('{1024,1535,4096,64000,64001}'::int[]) n) s) t;
DROP FUNCTION random_bits;

-- test: long strings, from a table
CREATE TABLE t (i int, b bit(20000));
INSERT INTO t SELECT i, repeat('1', i)::bit(20000) FROM generate_series(0, 20000, 5000) i;
SELECT i, b <~> repeat('1', 7000)::bit(20000) AS hamming, b <%> repeat('1', 7000)::bit(20000) AS jaccard FROM t ORDER BY i;
SELECT repeat('1', 1000000)::varbit <~> repeat('0', 1000000)::varbit, repeat('1', 1000000)::varbit <%> repeat('10', 500000)::varbit;
DROP TABLE t;

-- test: binary_quantize gives bit strings
SELECT binary_quantize('[1,0,-1,2]'::vector) <~> binary_quantize('[1,1,1,1]'::halfvec), pg_typeof(binary_quantize('[1]'::vector)), binary_quantize('[1,-1,1]'::vector)::bit(3) <%> B'100';

SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE o.oprname IN ('<~>', '<%>') AND o.oprleft = 'bit'::regtype ORDER BY 1;
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p WHERE proname IN ('hamming_distance', 'jaccard_distance') ORDER BY 1;
