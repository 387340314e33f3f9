--
-- The type bytevec: text and binary format, typmod, operators, functions, errors with SQLSTATE
--
-- test: text: the elements, which are quantized, or the exact form, which output has
SELECT '[0,255]'::bytevec, '[-1,0.5,1]'::bytevec, ' [ 1,  2 ,    3  ] '::bytevec, '[7,7]'::bytevec, '[0]'::bytevec;
SELECT '[12,200,0]*0.00123-0.157'::bytevec, E' [ 0 , 255 ] * 0.5 \n+2e1\t'::bytevec, '[1.0,0x10,2e2]*0x1p-3-0'::bytevec, '[3]*0+1.5'::bytevec;

-- test: the exact form keeps its numbers, but for a scale of more than 16 significant bits
SELECT '[0,1,2]*0.5+0.25'::bytevec::vector, '[0,255]*65535+0'::bytevec::vector, '[0,255]*65537+0'::bytevec::vector, '[1,3]*1e-45+0'::bytevec::vector;
SELECT v, v::text::bytevec::text = v::text AS same FROM unnest(ARRAY['[0.1,0.2,0.3]', '[1e-40,1e-44]', '[3e38,1e-3]', '[-1.5e38,1.5e38]', '[1e10,-7]', '[123.456]', '[-0]']::bytevec[]) v;

-- test: elements are offset + scale * code, and the nearest to what was quantized
SELECT '[0,1]'::bytevec::vector, '[0,10,20]'::bytevec::vector, '[-2,-1,0,1]'::bytevec::vector, '[5,5,5]'::bytevec::vector;
SELECT max(abs(x - e) / (max - min)) <= 0.5 / 255 * 1.00001 AS near FROM
	(SELECT unnest(v::real[])::float8 AS x, unnest(v::bytevec::real[])::float8 AS e, min, max FROM
		(SELECT array_agg(x)::vector AS v, min(x), max(x) FROM (SELECT d, (hashint8extended(d, i) % 1000003)::float8 * 2.0::float8 ^ (d % 60 - 30) AS x FROM generate_series(1, 200) d, generate_series(1, 50) i) s GROUP BY d) t) u;

-- test: integers that are near each other stay what they are
SELECT '[-100,7,155]'::bytevec::vector, '[-100,7,156]'::bytevec::vector, '[16777000,16777215]'::bytevec::vector, '[1,2,2.5]'::bytevec::vector;
SELECT count(*) FILTER (WHERE v::bytevec::vector = v) AS same
	FROM (SELECT array_agg(hashint4(i * d) % 128 + d)::vector AS v FROM generate_series(1, 100) d, generate_series(1, 20) i GROUP BY d) s;

-- test: quantizing again changes nothing
SELECT count(*), count(*) FILTER (WHERE v::vector::bytevec::text = v::text) AS same
	FROM (SELECT array_agg((hashint8extended(d, i) % 1000003)::float8)::bytevec AS v FROM generate_series(1, 300) d, generate_series(1, 500) i GROUP BY d) s;

-- test: typmod
CREATE TABLE t (v bytevec(3), u bytevec, w bytevec(16000));
SELECT attname, format_type(atttypid, atttypmod), attstorage
	FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO t (v, u) VALUES ('[1,2,3]', '[1]'), (NULL, '[1,2]');
SELECT v::vector, u::vector FROM t;
DROP TABLE t;

-- test: size on disk and arrays
SELECT pg_column_size('[1]'::bytevec), pg_column_size('[1,2,3]'::bytevec), typlen, typalign, typstorage, typcategory, typispreferred, typdelim
	FROM pg_type WHERE oid = 'bytevec'::regtype;
SELECT ARRAY['[1]', '[0,255]']::bytevec[], '{"[0,255]*1+0","[3]"}'::bytevec[], '{"[0,255]"}'::bytevec[]::vector[];

-- test: binary format
SELECT bytevec_send('[0,1,255]*1-2'), bytevec_send('[7]*0+0.5');
CREATE TABLE t (i int, v bytevec, w bytevec(3));
INSERT INTO t VALUES (1, '[1,2,3]', '[0.1,-0,1e-7]'), (2, NULL, NULL), (3, '[1e4]', '[65504,-1e-5,1]');
INSERT INTO t SELECT 4, array_agg(j / 7.0)::bytevec FROM generate_series(1, 16000) j;
INSERT INTO t SELECT 10 + d, array_agg((hashint8extended(d, i) % 1000003)::float8 * 2.0::float8 ^ (d % 80 - 60))::bytevec FROM generate_series(1, 200) d, generate_series(1, 30) i GROUP BY d;
CREATE TABLE u (LIKE t);
\getenv abs_builddir PG_ABS_BUILDDIR
\set filename :abs_builddir '/results/types_bytevec.bin'
COPY t TO :'filename' WITH (FORMAT binary);
COPY u FROM :'filename' WITH (FORMAT binary);
SELECT i, v::vector, w FROM u WHERE i < 4 ORDER BY i;
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE bytevec_send(t.v) IS NOT DISTINCT FROM bytevec_send(u.v) AND bytevec_send(t.w) IS NOT DISTINCT FROM bytevec_send(u.w);
SELECT count(*) AS same FROM t WHERE bytevec_send(v::text::bytevec) = bytevec_send(v);
DROP TABLE t, u;

-- test: comparison, of the elements
SELECT '[0,1,255]*1+0'::bytevec < '[0,1,255]*1+0', '[1,2,3]'::bytevec < '[1,2]', '[1,2]'::bytevec < '[1,2,3]', '[1,3]'::bytevec < '[1,2,3]';
SELECT '[1,2,3]'::bytevec <= '[1,2,3]', '[1,2,3]'::bytevec <= '[1,2]', '[1,2]'::bytevec <= '[1,2,3]';
SELECT '[1,2,3]'::bytevec = '[1,2,3]', '[1,2,3]'::bytevec = '[1,2]', '[0,2]*1+0'::bytevec = '[0,1]*2+0', '[0]*0+0'::bytevec = '[0]*0-0', '[3]*0+1'::bytevec = '[4]*0+1';
SELECT '[1,2,3]'::bytevec <> '[1,2,3]', '[1,2,3]'::bytevec <> '[1,2]', '[0,2]*1+0'::bytevec <> '[0,1]*2+0';
SELECT '[1,2,3]'::bytevec >= '[1,2,3]', '[1,2,3]'::bytevec >= '[1,2]', '[1,2]'::bytevec >= '[1,2,3]';
SELECT '[1,2,3]'::bytevec > '[1,2,3]', '[1,2,3]'::bytevec > '[1,2]', '[1,2]'::bytevec > '[1,2,3]';
SELECT bytevec_cmp('[1,2,3]', '[1,2,3]'), bytevec_cmp('[1,2,3]', '[0,0,0]'), bytevec_cmp('[0,0,0]', '[1,2,3]'), bytevec_cmp('[-1]', '[1]'), bytevec_cmp('[0,2]*1+0', '[0,1]*2+0');
SELECT v::vector FROM (VALUES ('[1,2]'::bytevec), ('[1]'), ('[0,9,9]'), ('[1,2]'), ('[2]'), ('[-1,2,0]'), (NULL)) AS t(v) ORDER BY v;
SELECT count(DISTINCT v) FROM (VALUES ('[1,2]'::bytevec), ('[1]'), ('[0,255]*0.00390625+1'), ('[0,1]*1+1'), ('[0,2]*0.5+1')) AS t(v);
SELECT count(*) AS pairs, count(*) FILTER (WHERE bytevec_cmp(a, b) = vector_cmp(a, b)) AS same
	FROM (SELECT array_agg(hashint4(i * 7 + d) % 3)::bytevec AS a FROM generate_series(1, 60) d, generate_series(1, 2) i GROUP BY d) x,
		(SELECT array_agg(hashint4(i * 7 + d) % 3)::bytevec AS b FROM generate_series(1, 60) d, generate_series(1, 2) i GROUP BY d) y;

-- test: btree
CREATE TABLE t (v bytevec(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[-1,5,5]');
CREATE INDEX t_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE v = '[1,1,1]';
SELECT * FROM t WHERE v = '[1,1,1]';
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY v LIMIT 2;
SELECT v::vector FROM t ORDER BY v;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TABLE t;

-- test: distances, of bytevecs, from vectors and to vectors
SELECT l2_distance('[0,0]'::bytevec, '[3,3]'), '[0,0]'::bytevec <-> '[0,51]*5+0', '[0,0]'::bytevec <-> '[3,4]'::vector, '[3,4]'::vector <-> '[0,0]'::bytevec;
SELECT inner_product('[1,1]'::bytevec, '[3,3]'), '[0,51]*5+0'::bytevec <#> '[1,1]', '[1,1]'::bytevec <#> '[3,4]'::vector, '[3,4]'::vector <#> '[1,1]'::bytevec;
SELECT cosine_distance('[1,1]'::bytevec, '[2,2]'), cosine_distance('[1,1]'::bytevec, '[0,0]'), '[1,1]'::bytevec <=> '[-2,-2]', '[1,1]'::bytevec <=> '[1,-1]'::vector, '[1,-1]'::vector <=> '[1,1]'::bytevec;
SELECT l1_distance('[0,0]'::bytevec, '[3,3]'), '[0,0]'::bytevec <+> '[0,51]*5+0', '[0,0]'::bytevec <+> '[3,4]'::vector, '[3,4]'::vector <+> '[0,0]'::bytevec;
SELECT bytevec_l2_squared_distance('[0,0]', '[3,3]'), bytevec_negative_inner_product('[1,1]'::bytevec, '[3,3]'::bytevec);

-- test: they are to the last bit those of the elements
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE a <-> b = a::vector <-> b::vector AND a <#> b = a::vector <#> b::vector AND a <+> b = a::vector <+> b::vector AND a <=> b = a::vector <=> b::vector) AS bytevecs,
	count(*) FILTER (WHERE a <-> y = a::vector <-> y AND a <#> y = a::vector <#> y AND a <+> y = a::vector <+> y AND a <=> y = a::vector <=> y) AS of_vectors,
	count(*) FILTER (WHERE a <-> y = y <-> a AND a <#> y = y <#> a AND a <+> y = y <+> a AND a <=> y = y <=> a) AS both_ways
	FROM (SELECT vb AS y, va::bytevec AS a, vb::bytevec AS b FROM generate_series(1, 140) d,
		LATERAL (SELECT array_agg(sin(j * d))::vector AS va, array_agg(cos(j * d))::vector AS vb FROM generate_series(1, d) j) s) t;

-- test: ... and, but for rounding, their sums in double
SELECT count(*) AS pairs, count(*) FILTER (WHERE abs((a <-> y) - l2) <= 1e-5 * l2 AND abs((a <+> y) - l1) <= 1e-5 * l1 AND abs((a <#> y) + dot) <= 1e-5 * (1 + abs(dot))) AS near
	FROM (SELECT a, y, sqrt(sum((e - f) ^ 2)) AS l2, sum(abs(e - f)) AS l1, sum(e * f) AS dot
		FROM (SELECT d, array_agg(sin(j * d))::bytevec AS a, array_agg(cos(j * d))::vector AS y FROM generate_series(1, 140) d, generate_series(1, d) j GROUP BY d) s,
			LATERAL (SELECT unnest(a::real[])::float8 AS e, unnest(y::real[])::float8 AS f) u GROUP BY d, a, y) t;

-- test: functions, operators and aggregates of vectors take bytevecs
SELECT vector_dims('[1,2,3]'::bytevec), vector_norm('[0,1]*5+0'::bytevec), l2_normalize('[0,1]*5+0'::bytevec), subvector('[0,1,2]*2+1'::bytevec, 2, 2), binary_quantize('[0,1]*2-1'::bytevec);
SELECT '[0,1]*2+1'::bytevec + '[1,1]', '[0,1]*2+1'::bytevec || '[4]'::vector, avg(v), sum(v), pg_typeof(sum(v)) FROM unnest(ARRAY['[0,1]*2+1', NULL, '[0,2]*2+1']::bytevec[]) v;
SELECT '[0,1]*2+1'::bytevec = '[1,3]'::vector AS equal, '[1,3]'::vector < '[0,1]*2+1'::bytevec AS less, pg_typeof(coalesce('[0,1]*2+1'::bytevec, '[1,3]'::vector));

-- test: NULL in, NULL out
SELECT '[1]'::bytevec <-> NULL::bytevec, '[1]'::bytevec <-> NULL::vector, NULL::bytevec = '[1]', NULL::bytevec::vector;

-- test: casts
SELECT '[0,255]'::bytevec(2), '[0,255]'::vector::bytevec, '[0,255]'::vector(2)::bytevec(2), '[0,255]'::halfvec::bytevec, '[0,1]*2+1'::bytevec::vector(2), '[0,1]*2+1'::bytevec::halfvec(2), '[0,1]*2+1'::bytevec::real[];
SELECT '{0,255}'::int[]::bytevec, '{0,2.55}'::real[]::bytevec(2), '{1.1,1e-9}'::float8[]::bytevec, '{1.1,65519.9}'::numeric[]::bytevec, '[3:4]={5,6}'::int[]::bytevec;
CREATE TABLE t (v bytevec, w vector, h halfvec, r real[]);
INSERT INTO t VALUES ('{0,255}'::int[], '[0,255]*1+0'::bytevec, '[0,255]*1+0'::bytevec, '[0,255]*1+0'::bytevec), ('[0,255]'::vector, '[0,255]', '[0,255]', '{0,255}');
INSERT INTO t SELECT h, v, v, v FROM t;
SELECT * FROM t;
DROP TABLE t;
SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext
	FROM pg_cast WHERE 'bytevec'::regtype IN (castsource, casttarget)
	ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- test: what a literal and a parameter of no type become; what is not a distance stays an error
CREATE TABLE t (v bytevec(2), w vector(2), h halfvec(2));
PREPARE p AS SELECT v <-> $1, $2 <-> v, w <-> $3, $4 <-> w, h <-> $5 FROM t;
PREPARE f AS SELECT l2_distance(v, $1), l2_distance(w, $2), l2_distance(h, $3), l2_distance(v, w) FROM t;
SELECT name, parameter_types FROM pg_prepared_statements ORDER BY name;
DEALLOCATE ALL;
SELECT w <-> h, w <-> '[1,2]', '[1,2]' <-> w, h <-> w, v <-> w, w <-> v, v <-> v FROM t;
\set VERBOSITY terse
SELECT v <-> h FROM t;
SELECT v <-> '{1:1}/2'::sparsevec FROM t;
SELECT '[1,2]' <-> '[1,2]';
\set VERBOSITY default
DROP TABLE t;

-- test: a table whose values are out of line
CREATE TABLE t (i int, v bytevec(3000));
INSERT INTO t SELECT i, array_fill(i, ARRAY[3000])::bytevec FROM generate_series(1, 20) i;
SELECT i, v <-> array_fill(3, ARRAY[3000])::vector AS distance FROM t ORDER BY 2, 1 LIMIT 3;
SELECT pg_column_size(v) FROM t LIMIT 1;
DROP TABLE t;

-- test: what the catalogs say
SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oid::regoperator AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE 'bytevec'::regtype IN (o.oprleft, o.oprright)
	ORDER BY o.oprcode::regprocedure::text COLLATE "C";
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p WHERE ('bytevec'::regtype = ANY (proargtypes || prorettype) OR proname LIKE 'bytevec%') AND probin IS NOT NULL
	ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT opcname, opcdefault, opcintype::regtype, amopstrategy, amopopr::regoperator
	FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_amop o ON o.amopfamily = c.opcfamily
	WHERE amname = 'btree' AND opcname = 'bytevec_ops' ORDER BY amopstrategy;
SELECT amprocnum, amproc FROM pg_amproc p JOIN pg_opclass c ON c.opcfamily = p.amprocfamily WHERE opcname = 'bytevec_ops';

\c -
-- test: the text of a bytevec: elements
SELECT input, e.* FROM unnest(ARRAY[
	'', '  ', 'hello', '1,2,3', '{1,2,3}', ' 1]', '[]', '[ ]',
	'[', '[1', '[1,', '[1,2', '[1,]', '[,1]', '[1 2]', '[hello,1]', '[1a]', '[[1]]', '[1,2,3]]', '[1,2,3]9', '[1] [2]',
	'[4e38,1]', '[ 1e400 ,2]', '[NaN,1]', '[1,nan]', '[Infinity,1]', '[1,-inf]',
	'[-3e38,3e38]', '[-2e38,0,2e38]', '[-1.7e38,1.7e38]'
	]) AS input,
	error_of(format('SELECT %L::bytevec', input)) AS e;

-- test: the exact form
SELECT input, e.* FROM unnest(ARRAY[
	'[1]*', '[1]*1', '[1]*1+', '[1]*+1', '[1]*1 1', '[1]*1*1', '[1]*1+1+1', '[1]*1+1]', '[1]*a+1', '[1]*1+a', '[1]+1', '[1]**1+0', '[1]*1+ 1', '[1]*1- 1',
	'[]*1+0', '[256]*1+0', '[-1]*1+0', '[1.5]*1+0', '[1,2,300]*1+0', '[nan]*1+0', '[1e10]*1+0', '[1,]*1+0',
	'[1]*-1+0', '[1]*-0+0', '[1]*nan+0', '[1]*1+nan', '[1]*inf+0', '[1]*1-inf', '[1]*1e39+0', '[1]*1+1e39',
	'[1]*1e37+0', '[1]*1e36+3e38', '[1]*1.3e36+0', '[1]*1.3e36+1e38'
	]) AS input,
	error_of(format('SELECT %L::bytevec', input)) AS e;

-- test: too many dimensions, seen before what follows
SELECT what, e.* FROM (VALUES
	('16001 elements', '[' || repeat('1,', 16000) || '1]'),
	('16001 codes', '[' || repeat('1,', 16000) || '1]*1+0'),
	('16000 elements and rubbish', '[' || repeat('1,', 16000) || 'x')) AS v(what, input),
	error_of(format('SELECT %L::bytevec', input)) AS e;

-- test: the typmod
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT ''[1]''::bytevec(0)',
	'SELECT ''[1]''::bytevec(-1)',
	'SELECT ''[1]''::bytevec(16001)',
	'SELECT ''[1]''::bytevec(3, 2)',
	'SELECT ''[1]''::bytevec(a)',
	'SELECT ''[1,2,3]''::bytevec(2)',
	'SELECT ''[1,2,3]''::bytevec::bytevec(4)',
	'SELECT ''[1,2,3]''::vector::bytevec(4)',
	'SELECT ''[1,2,3]''::halfvec::bytevec(4)',
	'SELECT ''{1,2,3}''::real[]::bytevec(4)',
	'SELECT ''[1,2,3]''::bytevec::vector(4)',
	'SELECT ''[1,2,3]''::bytevec::halfvec(4)',
	'CREATE TABLE t (v bytevec(16001))'
	]) AS statement, error_of(statement) AS e;

-- test: dimensions that do not match
SELECT expression, e.* FROM unnest(ARRAY[
	'''[1,2]''::bytevec <-> ''[3]''', '''[1,2]''::bytevec <#> ''[3]''', '''[1,2]''::bytevec <=> ''[3]''', '''[1,2]''::bytevec <+> ''[3]''',
	'''[1,2]''::bytevec <-> ''[3]''::vector', '''[1,2]''::vector <-> ''[3]''::bytevec',
	'l2_distance(''[1,2]''::bytevec, ''[3]'')', 'inner_product(''[1,2]''::bytevec, ''[3]'')',
	'bytevec_l2_squared_distance(''[1,2]'', ''[3]'')', 'bytevec_cosine_distance(''[1,2]''::bytevec, ''[3]''::vector)'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: arrays and other types
SELECT expression, e.* FROM unnest(ARRAY[
	'''{}''::real[]::bytevec', '''{{1},{2}}''::real[]::bytevec', '''{1,NULL}''::real[]::bytevec',
	'''{1,NaN}''::real[]::bytevec', '''{1,-Infinity}''::float8[]::bytevec', '''{1e300}''::float8[]::bytevec', '''{1e300}''::numeric[]::bytevec',
	'''{-3e38,3e38}''::float8[]::bytevec', '''[-3e38,3e38]''::vector::bytevec',
	'array_fill(1, ''{16001}'')::bytevec', '''[1e5]''::bytevec::halfvec'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: bytes that are no bytevec: each is one field of one row of a binary COPY
SELECT field, typmod, r.* FROM (VALUES
	('\x000100003f8000000000000007'::bytea, ''),
	('\x000200003f800000bf8000000007', '(2)'),
	('\x000200003f800000bf8000000007', '(3)'),
	('\x000200003f8000000000000007', ''),
	('\x000100003f800000000000000707', ''),
	('\x000100003f800000', ''),
	('\x000100', ''),
	('\x', ''),
	('\x000000003f80000000000000', ''),
	('\xffff00003f80000000000000', ''),
	('\x3e8100003f80000000000000', ''),
	('\x000100013f8000000000000007', ''),
	('\x0001ffff3f8000000000000007', ''),
	('\x000100007fc000000000000007', ''),
	('\x000100007f8000000000000007', ''),
	('\x00010000bf8000000000000007', ''),
	('\x00010000800000000000000007', ''),
	('\x000100003f8000800000000007', ''),
	('\x000100003f8001000000000007', ''),
	('\x000100003f8000007fc0000007', ''),
	('\x000100003f800000ff80000007', ''),
	('\x000100007f0000000000000007', ''),
	('\x000100007b8000007f60000007', '')) AS f(field, typmod), receive(field, 'bytevec' || typmod) AS r;
