--
-- The type vector: formats, typmod, operators, functions, casts, aggregates, b-tree indexes, errors with SQLSTATE
--

-- test: text: any space between tokens, any number that strtof reads
SELECT '[1,2,3]'::vector, '[-1,+2,-3]'::vector, '[1.,2.5,.25]'::vector, ' [ 1,  2 ,    3  ] '::vector;
SELECT E' \t\n\r\x0b\f[ \t1\n,\r2\x0b,\f3 ] \n'::vector;
SELECT '[1e2,1E2,1e+2,100e-2]'::vector, '[0x10,0x1p-1,0X1.8P1]'::vector, '[0,-0,0.0,-0e5]'::vector, '[00001,007]'::vector;

-- test: output is the shortest text that reads as the same float4
SELECT '[0.1,0.10000000149011612,1.23456789]'::vector, '[16777216,16777217,16777218,33554435]'::vector, '[3.4028235e38,-3.4028235e38]'::vector, '[1.17549435e-38,1e-38,1e-45]'::vector;
SELECT '[1e-46,-1e-46]'::vector, '[1e5,1e6,1e15,1e16,0.001,0.0001,0.00001]'::vector;
SELECT '[1e99999999999]'::vector;
SELECT '[0e99999999999]'::vector, '[0.30000001192092896]'::vector = '[0.3]'::vector AS same;

-- test: output is the text of real for numbers of any size
WITH numbers AS (
	SELECT ((8388608 + (i * 7919 + e * 104729 & 8388607)) * 2.0::float8 ^ e)::real AS x
	FROM generate_series(0, 199) i, generate_series(-149, 104) e
	UNION ALL SELECT (2.0::float8 ^ e)::real FROM generate_series(-149, 127) e
	UNION ALL SELECT (i / 10.0::float8 ^ places)::real
	FROM generate_series(0, 9999) i, generate_series(0, 7) places
	UNION ALL SELECT (999990 + i / 16.0)::real FROM generate_series(0, 400) i
), texts AS (
	SELECT x, ARRAY[x, -x, x]::vector::text AS text FROM numbers
)
SELECT count(*), min(x), max(x),
	count(*) FILTER (WHERE text <> format('[%s,%s,%s]', x, -x, x)) AS different
FROM texts;

-- test: rounding to float4 is that of the decimal number, not of a double near it
SELECT '[1.00000017881393432617187499]'::vector, '[1.00000017881393432617187500]'::vector,
	'[1.00000017881393432617187501]'::vector;

-- test: typmod
CREATE TABLE t (v vector(3), u vector, w vector(16000));
SELECT attname, format_type(atttypid, atttypmod), attstorage
	FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO t (v, u) VALUES ('[1,2,3]', '[1]'), (NULL, '[1,2]');
SELECT v, u FROM t;
DROP TABLE t;
SELECT '[1,2,3]'::vector(3);

-- test: size on disk and arrays
SELECT pg_column_size('[1]'::vector), pg_column_size('[1,2,3]'::vector);
SELECT vector_dims(v), pg_column_size(v)
	FROM (SELECT ('[' || repeat('1,', 15999) || '1]')::vector AS v) s;
SELECT '{"[1,2,3]","[4,5,6]"}'::vector[], ARRAY['[1,2,3]', '[4,5,6]']::vector[];
SELECT typlen, typalign, typstorage, typcategory, typispreferred, typdelim,
	typmodin, typmodout, typanalyze, typsubscript
	FROM pg_type WHERE oid = 'vector'::regtype;

-- test: arithmetic
SELECT '[1,2,3]'::vector + '[4,5,6]', '[1,2,3]'::vector - '[4,5,6]', '[1,2,3]'::vector * '[4,5,6]', '[1,2,3]'::vector || '[4,5]', '[0,1e-20]'::vector * '[1e-45,1e-20]';
SELECT '[3e38]'::vector - '[3e38]', '[1e-45]'::vector + '[-1e-45]';

-- test: comparison: by elements, then the shorter first
SELECT '[1,2,3]'::vector < '[1,2,3]', '[1,2,3]'::vector < '[1,2]', '[1,2]'::vector < '[1,2,3]', '[1,3]'::vector < '[1,2,3]';
SELECT '[1,2,3]'::vector <= '[1,2,3]', '[1,2,3]'::vector <= '[1,2]', '[1,2]'::vector <= '[1,2,3]', '[1,2,3]'::vector = '[1,2,3]', '[1,2,3]'::vector = '[1,2]', '[0]'::vector = '[-0]';
SELECT '[1,2,3]'::vector <> '[1,2,3]', '[1,2,3]'::vector <> '[1,2]', '[1,2,3]'::vector >= '[1,2,3]', '[1,2,3]'::vector >= '[1,2]', '[1,2]'::vector >= '[1,2,3]';
SELECT '[1,2,3]'::vector > '[1,2,3]', '[1,2,3]'::vector > '[1,2]', '[1,2]'::vector > '[1,2,3]';
SELECT vector_cmp('[1,2,3]', '[1,2,3]'), vector_cmp('[1,2,3]', '[0,0,0]'), vector_cmp('[0,0,0]', '[1,2,3]');
SELECT vector_cmp('[1,2]', '[1,2,3]'), vector_cmp('[1,2,3]', '[1,2]'), vector_cmp('[1,2]', '[2,3,4]'), vector_cmp('[2,3]', '[1,2,3]');

-- test: dimensions, norm, normalisation
SELECT vector_dims('[1,2,3]'::vector), vector_norm('[3,4]'), vector_norm('[0,1]'), vector_norm('[0,0]'), vector_norm('[3e37,4e37]')::real, vector_norm('[3e-30,4e-30]')::real;
SELECT l2_normalize('[3,4]'::vector), l2_normalize('[3,0]'::vector), l2_normalize('[0,0.1]'::vector), l2_normalize('[0,0]'::vector);
SELECT l2_normalize('[3e38]'::vector), l2_normalize('[-1e-45]'::vector), l2_normalize('[3e38,4e-45]'::vector);

-- test: subvector: counted from 1, cut to what exists
SELECT subvector('[1,2,3,4,5]'::vector, 1, 3), subvector('[1,2,3,4,5]'::vector, 3, 2), subvector('[1,2,3,4,5]'::vector, 3, 9);
SELECT subvector('[1,2,3,4,5]'::vector, -1, 3), subvector('[1,2,3,4,5]'::vector, -1, 9), subvector('[1,2,3,4,5]'::vector, 0, 2);
SELECT subvector('[1,2,3,4,5]'::vector, 5, 2147483647), subvector('[1,2,3,4,5]'::vector, 1, 2147483647), subvector('[1,2,3,4,5]'::vector, -2147483644, 2147483647);

-- test: binary_quantize: a bit is set where the element is positive
SELECT binary_quantize('[1,0,-1]'::vector), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::vector);
SELECT binary_quantize('[-0,1e-45]'::vector), length(binary_quantize(('[' || repeat('1,', 99) || '1]')::vector));

-- test: NULL in, NULL out
SELECT '[1]'::vector + NULL, vector_norm(NULL), NULL::vector = '[1]', subvector('[1]'::vector, NULL, 1);

-- test: what the catalogs say
SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE 'vector'::regtype IN (o.oprleft, o.oprright) AND o.oprright <> 'double precision[]'::regtype
	ORDER BY o.oprcode::regprocedure::text COLLATE "C";
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
	JOIN pg_extension e ON e.oid = d.refobjid
	WHERE extname = 'lokivector' AND 'vector'::regtype = ANY (proargtypes || prorettype) AND
		p.oid::regprocedure::text !~ 'sparsevec|halfvec|_to_array'
	ORDER BY p.oid::regprocedure::text COLLATE "C";

\c -
-- test: arrays to vectors
SELECT '{1,-2,3}'::int[]::vector, '{1.5,2}'::real[]::vector, '{1.5,2}'::float8[]::vector, '{1.5,2}'::numeric[]::vector;
SELECT ARRAY[1,2,3]::vector, ARRAY[1.0,2.5]::vector, ARRAY[1::real]::vector, ARRAY[1::float8]::vector;
SELECT '{1,2,3}'::int[]::vector(3), '{1,2,3}'::real[]::vector(3), '{1,2,3}'::float8[]::vector(3), '{1,2,3}'::numeric[]::vector(3), '[2:4]={1,2,3}'::int[]::vector;

-- test: rounded to float4
SELECT '{16777217,2147483647,-2147483648}'::int[]::vector, '{0.1,1e-46,3.4028235e38,1.0000000596046448}'::float8[]::vector, '{0.1,1e-40,16777217,123456789.123456789}'::numeric[]::vector;
SELECT vector_dims(array_fill(0, ARRAY[16000])::vector), vector_dims(array_fill(0::numeric, ARRAY[16000])::vector);

-- test: vectors to arrays
SELECT '[1,2.5,-3]'::vector::real[];
SELECT pg_typeof('[1]'::vector::real[]), array_ndims('[1,2]'::vector::real[]), array_lower('[1,2]'::vector::real[], 1), array_length('[1,2]'::vector::real[], 1);
SELECT '[0.1,1e-45,3.4028235e38]'::vector::real[]::vector = '[0.1,1e-45,3.4028235e38]' AS same;

-- test: vectors to vectors of fixed dimensions
SELECT '[1,2,3]'::vector::vector(3), ('[1,2,3]'::vector(3))::vector;

-- test: implicit to real[], by assignment only from arrays
CREATE FUNCTION takes_array(real[]) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
SELECT takes_array('[1,2.5]'::vector);
DROP FUNCTION takes_array;
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES (ARRAY[1,2,3]), (ARRAY[1.5,2,3]), ('{7,8,9}'::float8[]);
SELECT v FROM t;
INSERT INTO t VALUES (ARRAY[1,2]);
DROP TABLE t;
\set VERBOSITY terse
SELECT vector_norm(ARRAY[1,2]);
\set VERBOSITY default

-- test: without a cast of their own: through text
SELECT '[1,2]'::vector::text, '[1,2]'::text::vector;

SELECT castsource::regtype AS source, casttarget::regtype AS target, castfunc::regprocedure, castcontext, castmethod
	FROM pg_cast WHERE 'vector'::regtype IN (castsource, casttarget) AND
		castfunc::regprocedure::text !~ 'sparsevec|halfvec'
	ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

\c -
-- test: aggregates of the type vector
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]', NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[NULL, NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1]']::vector[]) v;

-- test: avg adds in float8, sum in float4
SELECT avg(v) FROM unnest(ARRAY['[3e38]', '[3e38]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[16777216]', '[1]', '[1]']::vector[]) v;

-- test: groups of different dimensions
SELECT g, avg(v), sum(v) FROM (VALUES (1, '[1,2]'::vector), (1, '[3,4]'), (2, '[5]'), (3, NULL)) AS t(g, v) GROUP BY g ORDER BY g;

-- test: the state stays valid after each row of a window
SELECT i, avg(v) OVER (ORDER BY i), sum(v) OVER (ORDER BY i) FROM (VALUES (1, '[1,2]'::vector), (2, '[3,4]'), (3, '[5,12]')) AS t(i, v);
SELECT i, avg(v) OVER (ORDER BY i ROWS 1 PRECEDING) FROM (VALUES (1, '[1,2]'::vector), (2, '[3,4]'), (3, '[5,12]')) AS t(i, v);

-- test: the functions by themselves leave their arguments alone
CREATE TABLE t (s float8[]);
INSERT INTO t VALUES ('{2,4,6}');
SELECT vector_accum(s, '[1,2]'), vector_combine(s, '{1,10,20}'), vector_avg(s), s FROM t;
DROP TABLE t;
SELECT vector_accum('{0}', '[1,2]'), vector_accum('{0,0,0}', '[1,2]');
SELECT vector_combine('{0}', '{0}'), vector_combine('{0}', '{1,2,3}'), vector_combine('{1,2,3}', '{0}'), vector_combine('{1,2,3}', '{2,5,6}');
SELECT vector_avg('{0}'), vector_avg('{0,0,0}'), vector_avg('{2,4,6}');

-- test: parallel plans, with rows and without; these sums are exact in any order
CREATE TABLE t AS SELECT i, ARRAY[i % 10, 0.5, i % 2]::vector AS v FROM generate_series(1, 10000) i;
ALTER TABLE t SET (parallel_workers = 2);
ANALYZE t;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(v), sum(v) FROM t;
SELECT avg(v), sum(v) FROM t;
SELECT avg(v), sum(v) FROM t WHERE i < 0;
SELECT avg(v), sum(v) FROM t WHERE i = 4997;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE t;

SELECT aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggmtransfn, aggtranstype::regtype, agginitval, proparallel
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
	WHERE aggfnoid IN ('avg(vector)'::regprocedure, 'sum(vector)'::regprocedure)
	ORDER BY aggfnoid::regprocedure::text COLLATE "C";

\c -
-- test: b-tree indexes on vectors, sorting and grouping
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[-1,5,5]');
CREATE INDEX t_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE v = '[1,2,3]';
SELECT * FROM t WHERE v = '[1,2,3]';
SELECT * FROM t WHERE v = '[1,2,4]';
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY v LIMIT 2;
SELECT * FROM t ORDER BY v;
SELECT * FROM t ORDER BY v DESC;
SELECT * FROM t WHERE v >= '[1,1,1]' ORDER BY v;
SELECT * FROM t WHERE v > '[0,0,0]' AND v < '[1,2,3]';
SELECT * FROM t WHERE v <= '[0,0,0]' ORDER BY v;
SELECT * FROM t WHERE v = ANY (ARRAY['[0,0,0]', '[1,1,1]', '[9,9,9]']::vector[]) ORDER BY v;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TABLE t;

-- test: unique, and a primary key
CREATE TABLE t (v vector PRIMARY KEY);
INSERT INTO t VALUES ('[1,2]'), ('[1,2,3]');
INSERT INTO t VALUES ('[1,2]');
INSERT INTO t VALUES ('[1,2]') ON CONFLICT DO NOTHING;
DROP TABLE t;

-- test: sort, distinct and merge: vectors of different dimensions have an order too
SELECT v FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[0,9,9]'), ('[1,2]'), ('[2]'), ('[1,2,0]')) AS t(v) ORDER BY v;
SELECT DISTINCT v FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[1,2]'), ('[0]'), ('[-0]')) AS t(v) ORDER BY v;
SELECT v, count(*) FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[1,2]')) AS t(v) GROUP BY v ORDER BY v;

-- test: the order is that of real[]
CREATE TABLE t AS
	SELECT (SELECT array_agg((hashint4(i * 10 + j) % 3)::int) FROM generate_series(1, 1 + i % 4) j)::vector AS v
	FROM generate_series(1, 300) i;
SELECT count(*) AS pairs, count(*) FILTER (WHERE vector_cmp(a.v, b.v) <> btarraycmp(a.v::real[], b.v::real[])) AS different
	FROM t a, t b;

-- test: no hashing
EXPLAIN (COSTS OFF) SELECT v, count(*) FROM t GROUP BY v;
DROP TABLE t;

SELECT opcname, opcdefault, opcintype::regtype, amopstrategy, amopopr::regoperator
	FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_amop o ON o.amopfamily = c.opcfamily
	WHERE amname = 'btree' AND opcname = 'vector_ops' ORDER BY amopstrategy;
SELECT amprocnum, amproc FROM pg_amproc p JOIN pg_opclass c ON c.opcfamily = p.amprocfamily WHERE opcname = 'vector_ops';

\c -
-- test: the binary format of vectors
SELECT vector_send('[1,-2,3.5]'), vector_send('[0,-0,1e-45,3.4028235e38]');

-- test: out and in again
CREATE TABLE t (i int, v vector, w vector(3));
INSERT INTO t VALUES (1, '[1,2,3]', '[0.1,-0,1e-45]'), (2, NULL, NULL), (3, '[1e10]', '[3.4028235e38,-1e-38,1]');
INSERT INTO t SELECT 4, array_agg(j / 7.0)::vector FROM generate_series(1, 16000) j;
CREATE TABLE u (LIKE t);
\getenv abs_builddir PG_ABS_BUILDDIR
\set filename :abs_builddir '/results/copy_binary.bin'
COPY t TO :'filename' WITH (FORMAT binary);
COPY u FROM :'filename' WITH (FORMAT binary);
SELECT i, v, w FROM u WHERE i < 4 ORDER BY i;
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE vector_send(t.v) IS NOT DISTINCT FROM vector_send(u.v) AND vector_send(t.w) IS NOT DISTINCT FROM vector_send(u.w);
DROP TABLE u;

-- test: text
\set filename :abs_builddir '/results/copy_binary.txt'
CREATE TABLE u (LIKE t);
COPY t TO :'filename';
COPY u FROM :'filename';
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE vector_send(t.v) IS NOT DISTINCT FROM vector_send(u.v) AND vector_send(t.w) IS NOT DISTINCT FROM vector_send(u.w);
DROP TABLE t, u;

-- test: bytes that are no vector: each is one field of one row of a binary COPY
SELECT field, typmod, r.* FROM (VALUES
	('\x000100003f800000'::bytea, ''),
	('\x00030000bf8000000000000080000000', '(3)'),
	('\x00030000bf8000000000000080000000', '(2)'),
	('\x00000000', ''),
	('\xffff0000', ''),
	('\x3e810000', ''),
	('\x000100013f800000', ''),
	('\x0001ffff3f800000', ''),
	('\x000100007fc00000', ''),
	('\x000100007f800000', ''),
	('\x00010000ff800000', ''),
	('\x000200003f800000', ''),
	('\x000100', ''),
	('\x000100003f80000000', ''),
	('\x0001', ''),
	('\x', '')) AS f(field, typmod), receive(field, 'vector' || typmod) AS r;

-- test: text or an array in the place of the binary form has a hint; a fault of a value has its own
SELECT type, form, r.code, r.result FROM unnest(ARRAY['vector', 'halfvec', 'bytevec', 'sparsevec']) AS type,
	(VALUES ('text', '[1,2,3]'::bytea), ('short text', '[1]'), ('sparse text', '{1:1}/3'), ('numbers', '0.25, 0.5'), ('real[]', array_send('{1,2,3}'::real[])),
		('double precision[]', array_send('{1,2,3}'::float8[]))) AS f(form, field),
	receive(field, type) AS r WHERE r.hint LIKE 'These bytes do not begin as the binary form of type ' || type || ' does. Have the client%' ORDER BY 1, 2;
SELECT result, hint FROM receive('[1,2,3]', 'vector');
SELECT result, hint FROM receive(vector_send('[1,2,3]'), 'vector(2)') UNION ALL SELECT result, hint FROM receive('\x000100007fc00000', 'vector')
	UNION ALL SELECT result, hint FROM receive('\x00030001', 'vector(2)') UNION ALL SELECT result, hint FROM receive(sparsevec_send('{1:1}/3'), 'sparsevec(2)');

\c -
-- test: the text of a vector
SELECT input, e.* FROM unnest(ARRAY[
	'', '  ', 'hello', '1,2,3', '{1,2,3}', ' 1]',
	'[]', '[ ]', ' [  ]',
	'[', '[1', '[1,', '[1,2', '[1,]', '[,1]', '[1,,3]', '[1, ,3]', '[1 2]', '[1;2]', '[1}', '[hello,1]',
	'[1,hello]', '[1e]', '[1a]', '[- 1]', '[0x]', '[--1]', '[.]', '[1.2.3]', '[[1]]',
	'[1,2,3]]', '[1,2,3]9', '[1,2,3],', '[1] [2]',
	'[4e38,1]', '[1,-4e38]', '[ 1e400 ,2]', '[3.4028236e38]', '[0x1p128]',
	'[NaN,1]', '[1,nan]', '[nan(1)]', '[Infinity,1]', '[-Infinity]', '[1,inf]', '[+INF]'
	]) AS input,
	error_of(format('SELECT %L::vector', input)) AS e;

-- test: of several errors the first counts
SELECT input, e.* FROM unnest(ARRAY['[nan,hello', '[4e38,nan', '[1,hello,nan]']) AS input,
	error_of(format('SELECT %L::vector', input)) AS e;

-- test: too many dimensions, seen before what follows
SELECT what, e.* FROM (VALUES
	('16001 elements', '[' || repeat('1,', 16000) || '1]'),
	('16000 elements and rubbish', '[' || repeat('1,', 16000) || 'x')) AS v(what, input),
	error_of(format('SELECT %L::vector', input)) AS e;

-- test: the typmod
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT ''[1]''::vector(0)',
	'SELECT ''[1]''::vector(-1)',
	'SELECT ''[1]''::vector(16001)',
	'SELECT ''[1]''::vector(3, 2)',
	'SELECT ''[1]''::vector(a)',
	'SELECT ''[1]''::vector(''1.5'')',
	'SELECT ''[1,2,3]''::vector(2)',
	'SELECT ''[1,2,3]''::vector::vector(4)',
	'CREATE TABLE t (v vector(16001))'
	]) AS statement, error_of(statement) AS e;

-- test: dimensions that do not match
SELECT expression, e.* FROM unnest(ARRAY[
	'''[1,2]''::vector <-> ''[3]''', '''[1,2]''::vector <#> ''[3]''', '''[1,2]''::vector <=> ''[3]''', '''[1,2]''::vector <+> ''[3]''',
	'l2_distance(''[1,2]''::vector, ''[3]'')', 'inner_product(''[1,2]''::vector, ''[3]'')',
	'cosine_distance(''[1,2]''::vector, ''[3]'')', 'l1_distance(''[1,2]''::vector, ''[3]'')',
	'vector_l2_squared_distance(''[1,2]'', ''[3]'')', 'vector_negative_inner_product(''[1,2]'', ''[3]'')',
	'vector_spherical_distance(''[1,2]'', ''[3]'')',
	'''[1]''::vector + ''[2,3]''', '''[1]''::vector - ''[2,3]''', '''[1]''::vector * ''[2,3]'''
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: results out of range
SELECT expression, e.* FROM unnest(ARRAY[
	'''[3e38]''::vector + ''[3e38]''', '''[-3e38]''::vector - ''[3e38]''', '''[1,1e37]''::vector * ''[1,1e37]''',
	'''[1e-37]''::vector * ''[1e-37]''', '''[1e37,1e-37]''::vector * ''[1e37,1e-37]''', '''[1e-37,1e37]''::vector * ''[1e-37,1e37]'''
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: concatenation and subvector
SELECT expression, e.* FROM unnest(ARRAY[
	'array_fill(0, ARRAY[16000])::vector || ''[1]''',
	'subvector(''[1,2,3,4,5]''::vector, 1, 0)', 'subvector(''[1,2,3,4,5]''::vector, 3, -1)',
	'subvector(''[1,2,3,4,5]''::vector, 6, 1)', 'subvector(''[1,2,3,4,5]''::vector, -1, 2)',
	'subvector(''[1,2,3,4,5]''::vector, 2147483647, 10)', 'subvector(''[1,2,3,4,5]''::vector, -2147483648, 2147483647)',
	'subvector(''[1,2,3,4,5]''::vector, 2147483647, 2147483647)', 'subvector(''[1]''::vector, 1, -2147483648)'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: arrays
SELECT expression, e.* FROM unnest(ARRAY[
	'''{}''::int[]::vector', '''{}''::real[]::vector', '''{}''::numeric[]::vector',
	'''{{1}}''::real[]::vector', '''{{1,2},{3,4}}''::int[]::vector',
	'''{NULL}''::real[]::vector', '''{1,NULL}''::int[]::vector', '''{1,NULL}''::numeric[]::vector',
	'''{NaN}''::real[]::vector', '''{Infinity}''::real[]::vector', '''{-Infinity}''::float8[]::vector', '''{NaN}''::numeric[]::vector',
	'''{1,4e38}''::float8[]::vector', '''{-1e308}''::float8[]::vector',
	'''{1e39}''::numeric[]::vector', '''{NaN,1e39}''::numeric[]::vector', '''{Infinity,NaN}''::numeric[]::vector',
	'''{1,2,3}''::real[]::vector(2)', '''{1,2,3}''::int[]::vector(4)',
	'array_fill(0, ARRAY[16001])::vector', 'array_fill(0::real, ARRAY[16001])::vector(3)',
	'''{1,2}''::text[]::vector', '''{1,2}''::bigint[]::vector', '''[1]''::vector <-> ''{1}''::text[]'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: states of aggregates
SELECT expression, e.* FROM unnest(ARRAY[
	'vector_accum(''{}'', ''[1]'')', 'vector_accum(''{{0}}'', ''[1]'')', 'vector_accum(''{0,NULL}'', ''[1]'')',
	'vector_accum(''{1,2}'', ''[1,2]'')', 'vector_accum(''{1,Infinity}'', ''[1]'')', 'vector_accum(''{1,-Infinity}'', ''[1]'')',
	'vector_avg(''{}'')', 'vector_avg(''{NULL}'')', 'vector_avg(''{{1,2}}'')', 'vector_avg(''{1}'')', 'vector_avg(''{1,NaN}'')',
	'vector_avg(''{1,1e39}'')', 'vector_avg(array_fill(1::float8, ARRAY[16002]))',
	'vector_combine(''{}'', ''{1,2}'')', 'vector_combine(''{1,2}'', ''{}'')', 'vector_combine(''{{1,2}}'', ''{1,2}'')',
	'vector_combine(''{1,NULL}'', ''{1,2}'')', 'vector_combine(''{1,2}'', ''{1,2,3}'')', 'vector_combine(''{1,1e308}'', ''{1,1e308}'')',
	'avg(v) FROM (VALUES (''[1,2]''::vector), (''[3]'')) AS t(v)', 'sum(v) FROM (VALUES (''[1,2]''::vector), (''[3]'')) AS t(v)',
	'sum(v) FROM (VALUES (''[3e38]''::vector), (''[3e38]'')) AS t(v)'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: what vectors do not have
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT min(''[1]''::vector)', 'SELECT -''[1]''::vector', 'SELECT ''[1]''::vector / ''[1]''',
	'CREATE TABLE t (v vector(3)) PARTITION BY HASH (v)', 'SELECT (''[1,2]''::vector)[1]'
	]) AS statement, error_of(statement) AS e;
