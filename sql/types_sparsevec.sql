--
-- The type sparsevec: formats, typmod, operators, functions, casts, errors with SQLSTATE
--

-- test: text: any space between tokens, indices in any order, no zeros
SELECT '{1:1.5,3:3.5}/5'::sparsevec, '{3:3,1:1,2:-2}/3'::sparsevec;
SELECT E' \t{ 1 :\n1.5 ,\r3\x0b:\f-3.5 } / 5 '::sparsevec;
SELECT '{}/5'::sparsevec, '{ }/1'::sparsevec, '{1:0,2:-0,3:1,4:0e5}/5'::sparsevec, '{1:0,1:0,9:0,-1:0}/5'::sparsevec, '{+1:+1,02:1e2,3:0x10,4:.5}/+5'::sparsevec;
SELECT '{1:0.1,2:3.4028235e38,3:1e-45,4:0.0001,5:1e16}/5'::sparsevec, '{1000000000:1}/1000000000'::sparsevec;

-- test: typmod, catalog and size
CREATE TABLE t (s sparsevec(3), u sparsevec, w sparsevec(1000000000));
SELECT attname, format_type(atttypid, atttypmod), attstorage
	FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO t (s, u) VALUES ('{1:1}/3', '{}/1'), (NULL, '{2:2}/2');
SELECT s, u FROM t;
DROP TABLE t;
SELECT typlen, typalign, typstorage, typcategory, typispreferred, typdelim,
	typmodin, typmodout, typsubscript
	FROM pg_type WHERE oid = 'sparsevec'::regtype;
SELECT pg_column_size('{}/3'::sparsevec), pg_column_size('{1:1,2:2}/3'::sparsevec);
SELECT '{"{1:1}/2","{}/1"}'::sparsevec[];
SELECT array_agg(s) FROM (VALUES ('{1:1}/2'::sparsevec), ('{2:3}/4')) AS v(s);

-- test: binary format
SELECT sparsevec_send('{1:1.5,3:-2}/5'), sparsevec_send('{}/1000000000');

-- test: COPY in binary
CREATE TABLE t (i int, s sparsevec(4));
INSERT INTO t VALUES (1, '{1:1,4:-0.25}/4'), (2, '{}/4'), (3, NULL);
\getenv abs_builddir PG_ABS_BUILDDIR
\set file :abs_builddir '/results/sparsevec.bin'
COPY t TO :'file' WITH (FORMAT binary);
CREATE TABLE u (i int, s sparsevec(4));
COPY u FROM :'file' WITH (FORMAT binary);
SELECT * FROM u ORDER BY i;
CREATE TABLE v (i int, s sparsevec(3));
\set VERBOSITY sqlstate
COPY v FROM :'file' WITH (FORMAT binary);
\set VERBOSITY default
DROP TABLE t, u, v;

-- test: distances
SELECT l2_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), l2_distance('{2:1}/2'::sparsevec, '{}/2'), l2_distance('{1:3e38}/1'::sparsevec, '{1:-3e38}/1');
SELECT inner_product('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'), inner_product('{1:1}/2'::sparsevec, '{2:4}/2');
SELECT inner_product('{1:3e38}/1'::sparsevec, '{1:3e38}/1'), inner_product('{1:-3e38}/1'::sparsevec, '{1:3e38}/1');
SELECT cosine_distance('{1:1,2:2}/2'::sparsevec, '{1:2,2:4}/2'), cosine_distance('{1:1}/2'::sparsevec, '{2:2}/2'),
	cosine_distance('{1:1,2:1}/2'::sparsevec, '{1:-1.1,2:-1.1}/2');
SELECT cosine_distance('{1:1}/2'::sparsevec, '{}/2'), cosine_distance('{1:3e38}/1'::sparsevec, '{1:3e38}/1');
SELECT l1_distance('{}/2'::sparsevec, '{1:3,2:4}/2'), l1_distance('{1:1,3:-3}/3'::sparsevec, '{2:2,3:5}/3');
SELECT '{1:3}/2'::sparsevec <-> '{2:4}/2' AS l2, '{1:3}/2'::sparsevec <#> '{1:4}/2' AS ip,
	'{1:3}/2'::sparsevec <=> '{1:4}/2' AS cosine, '{1:3}/2'::sparsevec <+> '{2:4}/2' AS l1;
SELECT sparsevec_l2_squared_distance('{1:3}/2', '{2:4}/2'), sparsevec_negative_inner_product('{1:3}/2', '{1:4}/2');

-- test: distances are those of dense vectors, whatever the numbers of elements
CREATE TABLE pairs AS
	SELECT n, a::vector AS a, b::vector AS b
	FROM (SELECT n, array_agg(CASE WHEN i * 7919 % 101 < share_a THEN i * 31 % 9 - 4 ELSE 0 END ORDER BY i) AS a,
		array_agg(CASE WHEN i * 104729 % 103 < share_b THEN i * 17 % 9 - 4 ELSE 0 END ORDER BY i) AS b
		FROM (VALUES (1, 50, 50), (2, 1, 99), (3, 99, 1), (4, 100, 100), (5, 0, 30), (6, 10, 20)) AS s(n, share_a, share_b),
			generate_series(1, 1000) AS i GROUP BY n) AS v;
SELECT n, bool_and(a::sparsevec <-> b::sparsevec = a <-> b) AS l2,
	bool_and(a::sparsevec <#> b::sparsevec = a <#> b) AS ip,
	bool_and((a::sparsevec <=> b::sparsevec)::text = (a <=> b)::text) AS cosine,
	bool_and(a::sparsevec <+> b::sparsevec = a <+> b) AS l1,
	bool_and(a::sparsevec::vector = a) AS back
	FROM pairs GROUP BY n ORDER BY n;
DROP TABLE pairs;

-- test: values out of line
CREATE TABLE t (i int, s sparsevec);
INSERT INTO t SELECT i, ('{' || string_agg(j || ':' || i % 7 + 1, ',') || '}/20000')::sparsevec
	FROM generate_series(1, 5) AS i, generate_series(i, 20000, 10) AS j GROUP BY i;
SELECT a.i, b.i, a.s <-> b.s AS l2, a.s <#> b.s AS ip FROM t AS a, t AS b WHERE a.i <= b.i AND b.i < 3 ORDER BY 1, 2;
DROP TABLE t;

-- test: norm and normalisation
SELECT l2_norm('{1:3,2:4}/2'::sparsevec), l2_norm('{}/2'::sparsevec), l2_norm('{1:3e37,2:4e37}/2'::sparsevec)::real;
SELECT l2_normalize('{1:3,3:4}/3'::sparsevec), l2_normalize('{}/2'::sparsevec), l2_normalize('{1:3e38}/1'::sparsevec);
SELECT l2_normalize('{1:3e38,2:1e-30}/2'::sparsevec), l2_normalize('{1:1e-45}/1'::sparsevec);

-- test: comparison, as of the dense vectors
WITH s(s) AS (VALUES ('{}/2'::sparsevec), ('{1:1}/2'), ('{1:-1}/2'), ('{2:1}/2'), ('{2:-1}/2'),
	('{}/3'), ('{3:1}/3'), ('{3:-1}/3'), ('{1:1,2:2}/2'), ('{1:1,2:2}/3'), ('{1:1,2:2,3:-1}/3'), ('{2:1,3:5}/5'))
SELECT array_agg(s ORDER BY s) AS sparse, array_agg(s ORDER BY s::vector) AS dense,
	bool_and(s = s::vector::sparsevec) AS equal FROM s;
WITH s(s) AS (VALUES ('{}/2'::sparsevec), ('{1:1}/2'), ('{1:-1}/2'), ('{2:1}/2'), ('{2:-1}/2'),
	('{}/3'), ('{3:1}/3'), ('{3:-1}/3'), ('{1:1,2:2}/2'), ('{1:1,2:2}/3'), ('{1:1,2:2,3:-1}/3'), ('{2:1,3:5}/5'))
SELECT bool_and((a.s < b.s) = (a.s::vector < b.s::vector)) AS lt,
	bool_and((a.s <= b.s) = (a.s::vector <= b.s::vector)) AS le,
	bool_and((a.s = b.s) = (a.s::vector = b.s::vector)) AS eq,
	bool_and((a.s <> b.s) = (a.s::vector <> b.s::vector)) AS ne,
	bool_and((a.s >= b.s) = (a.s::vector >= b.s::vector)) AS ge,
	bool_and((a.s > b.s) = (a.s::vector > b.s::vector)) AS gt,
	bool_and(sparsevec_cmp(a.s, b.s) = vector_cmp(a.s::vector, b.s::vector)) AS cmp
	FROM s AS a, s AS b;

-- test: btree
CREATE TABLE t (s sparsevec(3));
INSERT INTO t VALUES ('{}/3'), ('{1:1,2:2,3:3}/3'), ('{1:1,2:1,3:1}/3'), (NULL);
CREATE INDEX ON t (s);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS off) SELECT * FROM t WHERE s = '{1:1,2:2,3:3}/3';
SELECT * FROM t WHERE s = '{1:1,2:2,3:3}/3';
SELECT * FROM t ORDER BY s LIMIT 1;
RESET enable_bitmapscan;
RESET enable_seqscan;
SELECT s, count(*) FROM t GROUP BY s ORDER BY s;
DROP TABLE t;

-- test: what the catalogs say
SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE 'sparsevec'::regtype IN (o.oprleft, o.oprright)
	ORDER BY o.oprcode::regprocedure::text COLLATE "C";
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
	JOIN pg_extension e ON e.oid = d.refobjid
	WHERE extname = 'lokivector' AND 'sparsevec'::regtype = ANY (proargtypes || prorettype)
	ORDER BY p.oid::regprocedure::text COLLATE "C";

-- test: casts
SELECT '{2:1.5,3:-2}/3'::sparsevec::vector, '{}/2'::sparsevec::vector, '{2:1.5,3:-65504,4:1e-10}/4'::sparsevec::halfvec, '[0,1.5,-2]'::halfvec::sparsevec;
SELECT '[0,1.5,-2,0,-0]'::vector::sparsevec, '[0]'::vector::sparsevec(1);
SELECT ARRAY[1, 0, 2, 0, 3]::sparsevec, ARRAY[1, 0, 2.5]::real[]::sparsevec,
	ARRAY[1, 0, 2.5]::float8[]::sparsevec, ARRAY[1, 0, 2.5]::numeric[]::sparsevec(3);
SELECT ARRAY[1, 1e-50]::float8[]::sparsevec, '[2:3]={1,2}'::int[]::sparsevec, '{1:1}/2'::sparsevec::sparsevec(2);
SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext
	FROM pg_cast WHERE 'sparsevec'::regtype IN (castsource, casttarget)
	ORDER BY castsource::regtype::text, casttarget::regtype::text;
SELECT '[1,2,3]'::vector <-> '{1:1}/3'::sparsevec AS distance, '[1,2,3]'::halfvec <-> '{1:1}/3'::sparsevec AS distance;

\c -
-- test: the text of a sparse vector
SELECT input, e.* FROM unnest(ARRAY[
	'', '  ', 'hello', '[1,2,3]', '1:1}/2', '}', '{', '{ ', '{1', '{1:', '{1: ', '{1:1', '{1:1,', '{1:1, ', '{,', '{,}/2', '{1:1,}/2',
	'{1:1,,2:2}/2', '{:1}/2', '{1}/2', '{1:}/2', '{1 1}/2', '{a:1}/2', '{1:a}/2', '{1.5:1}/2', '{1:1;2:2}/2',
	'{1:1}', '{1:1} ', '{}', '{1:1}x', '{1:1}/', '{1:1}/ ', '{1:1}/a', '{1:1}/2x', '{1:1}/2 3', '{1:1}/2.5', '{1:1}//2', '{{1:1}}/2',
	'{1:4e38}/1', '{1:-4e38}/1', '{1: 1e400 }/1', '{1:1e-46}/1', '{1:-1e-46,2:1}/2', '{1:0x1p-200}/1', '{1:0x1p128}/1',
	'{1:NaN}/1', '{1:nan(1)}/1', '{1:Infinity}/1', '{1:-inf}/1',
	'{0:1}/1', '{2:1}/1', '{-1:1}/1', '{2147483648:1}/1', '{-2147483649:1}/1', '{9999999999999999999:1}/1', '{1:1,1:2}/2', '{2:1,1:2,2:3}/2',
	'{}/0', '{}/-1', '{}/1000000001', '{}/2147483648', '{}/-9999999999999999999', '{}/9999999999999999999', '{1:1}/0', '{1:1}/ -5'
	]) AS input,
	error_of(format('SELECT %L::sparsevec', input)) AS e;

-- test: numbers so small that they lose digits, but no more
SELECT input, e.* FROM unnest(ARRAY['{1:1e-40}/1', '{1:1e-45}/1', '{1:0e-400}/1', '{1:0x0p-400}/1']) AS input,
	error_of(format('SELECT %L::sparsevec', input)) AS e;

-- test: of several errors the first counts
SELECT input, e.* FROM unnest(ARRAY['{1:nan,hello', '{1:4e38,2:nan', '{9:1,1:hello}/2', '{9:1}/0', '{9:1}/2x']) AS input,
	error_of(format('SELECT %L::sparsevec(5)', input)) AS e;

-- test: too many elements, told by commas, before all else
SELECT what, e.* FROM (VALUES
	('16001 elements', (SELECT '{' || string_agg(i || ':1', ',') || '}/20000' FROM generate_series(1, 16001) AS i)),
	('16001 zeros', (SELECT '{' || string_agg(i || ':0', ',') || '}/20000' FROM generate_series(1, 16001) AS i)),
	('16000 elements', (SELECT '{' || string_agg(i || ':1', ',') || '}/20000' FROM generate_series(1, 16000) AS i)),
	('commas', repeat(',', 16000)),
	('fewer commas', repeat(',', 3))) AS v(what, input),
	error_of(format('SELECT %L::sparsevec', input)) AS e;

-- test: the typmod
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT ''{}/1''::sparsevec(0)',
	'SELECT ''{}/1''::sparsevec(-1)',
	'SELECT ''{}/1''::sparsevec(1000000001)',
	'SELECT ''{}/1''::sparsevec(1,2)',
	'SELECT ''{}/1''::sparsevec(''a'')',
	'SELECT ''{}/1''::sparsevec(2)',
	'SELECT (''{}/1''::sparsevec)::sparsevec(2)',
	'SELECT ''[1,2]''::vector::sparsevec(3)',
	'SELECT ''{}/2''::sparsevec::vector(3)',
	'SELECT ARRAY[1,2]::sparsevec(3)'
	]) AS statement, error_of(statement) AS e;

-- test: binary input
SELECT what, e.* FROM (VALUES
	('valid', '\x0000000500000002000000000000000000000002 3fc00000c0000000'),
	('no elements', '\x000000050000000000000000'),
	('other dimensions', '\x000000060000000000000000'),
	('no dimensions', '\x000000000000000000000000'),
	('negative dimensions', '\xffffffff0000000000000000'),
	('too many dimensions', '\x3b9aca010000000000000000'),
	('negative elements', '\x00000005ffffffff00000000'),
	('too many elements', '\x3b9aca0000003e8100000000'),
	('more elements than dimensions', '\x000000050000000600000000'),
	('unused', '\x000000050000000000000007'),
	('unused and dimensions', '\x000000060000000000000007'),
	('negative index', '\x0000000500000001000000 00ffffffff3f800000'),
	('index too large', '\x00000005000000010000000000000005 3f800000'),
	('descending', '\x0000000500000002000000000000000200000001 3fc00000c0000000'),
	('duplicates', '\x0000000500000002000000000000000200000002 3fc00000c0000000'),
	('zero', '\x00000005000000010000000000000001 00000000'),
	('negative zero', '\x00000005000000010000000000000001 80000000'),
	('NaN', '\x00000005000000010000000000000001 7fc00000'),
	('infinity', '\x00000005000000010000000000000001 ff800000'),
	('too short', '\x0000000500000001000000000000 0001'),
	('too long', '\x00000005000000000000000000')) AS v(what, bytes),
	receive(replace(bytes, ' ', '')::bytea, 'sparsevec(5)') AS e;

-- test: different dimensions
SELECT f, e.* FROM unnest(ARRAY['l2_distance', 'inner_product', 'cosine_distance', 'l1_distance',
	'sparsevec_l2_squared_distance', 'sparsevec_negative_inner_product']) AS f,
	error_of(format('SELECT %s(''{}/2''::sparsevec, ''{1:1}/3''::sparsevec)', f)) AS e;
SELECT o, e.* FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) AS o,
	error_of(format('SELECT ''{}/2''::sparsevec %s ''{1:1}/3''::sparsevec', o)) AS e;

-- test: casts
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT ''{}/16001''::sparsevec::vector',
	'SELECT ''{1:1}/1000000000''::sparsevec::vector(3)',
	'SELECT ''{}/16001''::sparsevec::halfvec',
	'SELECT ''{}/2''::sparsevec::halfvec(3)',
	'SELECT ''{2:65520}/2''::sparsevec::halfvec',
	'SELECT ''[1,2]''::halfvec::sparsevec(3)',
	'SELECT ''{}''::int[]::sparsevec',
	'SELECT ''{{1,2}}''::int[]::sparsevec',
	'SELECT ''{1,NULL}''::int[]::sparsevec',
	'SELECT ''{NaN}''::real[]::sparsevec',
	'SELECT ''{1,Infinity}''::real[]::sparsevec',
	'SELECT ''{-Infinity}''::float8[]::sparsevec',
	'SELECT ''{1e300}''::float8[]::sparsevec',
	'SELECT ''{NaN}''::numeric[]::sparsevec',
	'SELECT ''{1e300}''::numeric[]::sparsevec',
	'SELECT array_to_sparsevec(ARRAY[1,2]::bigint[], 1, true)',
	'SELECT array_fill(1, ARRAY[16000])::sparsevec IS NULL',
	'SELECT array_fill(1, ARRAY[16001])::sparsevec',
	'SELECT array_fill(0, ARRAY[16001])::sparsevec',
	'SELECT ''{1:1}/2''::sparsevec::real[]',
	'SELECT ''[1,2]''::vector <-> ARRAY[1,2]::text[]'
	]) AS statement, error_of(statement) AS e;

-- test: what sparsevec does not have
SELECT statement, e.code, e.message FROM unnest(ARRAY[
	'SELECT ''{}/1''::sparsevec + ''{}/1''::sparsevec',
	'SELECT ''{}/1''::sparsevec || ''{}/1''::sparsevec',
	'SELECT binary_quantize(''{}/1''::sparsevec)',
	'SELECT avg(''{}/1''::sparsevec)',
	'SELECT vector_dims(''{}/1''::sparsevec)',
	'SELECT subvector(''{}/1''::sparsevec, 1, 1)'
	]) AS statement, error_of(statement) AS e;
