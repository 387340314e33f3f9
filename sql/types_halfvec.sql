--
-- The type halfvec: text and binary format, typmod, operators, functions, errors with SQLSTATE
--
-- test: text: any space between tokens, any number that strtof reads
SELECT '[1,2,3]'::halfvec, '[-1,+2,-3]'::halfvec, '[1.,2.5,.25]'::halfvec, ' [ 1,  2 ,    3  ] '::halfvec;
SELECT E' \t\n\r\x0b\f[ \t1\n,\r2\x0b,\f3 ] \n'::halfvec, '[1e2,1E2,1e+2,100e-2]'::halfvec, '[0x10,0x1p-1,0X1.8P1]'::halfvec;

-- test: output is the shortest text that reads as the same float4
SELECT '[0.1,0.2,0.3,1.23456789,3.14159265]'::halfvec, '[0,-0,1e-46,-1e-46]'::halfvec, '[1e5]'::vector::text, '[60000,65504,-65504,1000.4,0.00061035156,1e-4,1e-5]'::halfvec;

-- test: the nearest half, that with an even last place of two
SELECT '[2048,2049,2050,2051,4097,4098,4099,4102,4101.99,4102.01]'::halfvec, '[1.00048828125,1.00048828126,1.00146484375,1.0014648437]'::halfvec;
SELECT '[65519,-65519.99]'::halfvec, '[65519.996]'::halfvec;

-- test: below 2^-14 halves are multiples of 2^-24
SELECT '[6.1035156e-05,6.0975552e-05,6.1e-05,5.9604645e-08,2.9802323e-08,2.9802326e-08,8.940697e-08]'::halfvec;

-- test: as a real would be rounded, not the decimal number itself
SELECT '[1.0004882812500001,1.00048828130]'::halfvec;

-- test: typmod
CREATE TABLE t (v halfvec(3), u halfvec, w halfvec(16000));
SELECT attname, format_type(atttypid, atttypmod), attstorage
	FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum;
INSERT INTO t (v, u) VALUES ('[1,2,3]', '[1]'), (NULL, '[1,2]');
SELECT v, u FROM t;
DROP TABLE t;

-- test: size on disk and arrays
SELECT pg_column_size('[1]'::halfvec), pg_column_size('[1,2,3]'::halfvec), typlen, typalign, typstorage, typcategory, typispreferred, typdelim
	FROM pg_type WHERE oid = 'halfvec'::regtype;
SELECT ARRAY['[1]', '[2,3]']::halfvec[], '{"[1,2]","[3]"}'::halfvec[];

-- test: binary format
SELECT halfvec_send('[1,-2,3.5]'), halfvec_send('[0,-0,5.9604645e-08,65504,-65504,6.1035156e-05]');
CREATE TABLE t (i int, v halfvec, w halfvec(3));
INSERT INTO t VALUES (1, '[1,2,3]', '[0.1,-0,1e-7]'), (2, NULL, NULL), (3, '[1e4]', '[65504,-1e-5,1]');
INSERT INTO t SELECT 4, array_agg(j / 7.0)::halfvec FROM generate_series(1, 16000) j;
CREATE TABLE u (LIKE t);
\getenv abs_builddir PG_ABS_BUILDDIR
\set filename :abs_builddir '/results/types_halfvec.bin'
COPY t TO :'filename' WITH (FORMAT binary);
COPY u FROM :'filename' WITH (FORMAT binary);
SELECT i, v, w FROM u WHERE i < 4 ORDER BY i;
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE halfvec_send(t.v) IS NOT DISTINCT FROM halfvec_send(u.v) AND halfvec_send(t.w) IS NOT DISTINCT FROM halfvec_send(u.w);
SELECT count(*) AS same FROM t WHERE v::text::halfvec = v;
DROP TABLE t, u;

-- test: every half is what its text reads as, and what its float4 rounds to
CREATE FUNCTION half(bits int) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN bits & 32768 = 0 THEN 1 ELSE -1 END * CASE WHEN bits & 31744 = 0
		THEN (bits & 1023) * 2.0::float8 ^ -24
		ELSE (1024 + (bits & 1023)) * 2.0::float8 ^ (((bits & 31744) >> 10) - 25) END
$$;
SELECT count(*), count(*) FILTER (WHERE substr(halfvec_send(ARRAY[h]::float8[]::halfvec), 5) <> int2send((CASE WHEN b > 32767 THEN b - 65536 ELSE b END)::int2)) AS wrong
	FROM (SELECT b, half(b) AS h FROM generate_series(0, 65535) b WHERE b & 31744 <> 31744 AND b <> 32768) s;
SELECT count(*), count(*) FILTER (WHERE ARRAY[h]::float8[]::halfvec::text::halfvec <> ARRAY[h]::float8[]::halfvec) AS wrong,
	count(*) FILTER (WHERE (ARRAY[h]::float8[]::halfvec::real[])[1] <> h) AS wrong_real
	FROM (SELECT half(b) AS h FROM generate_series(0, 65535, 7) b WHERE b & 31744 <> 31744) s;
SELECT count(*) FILTER (WHERE ARRAY[middle]::halfvec <> ARRAY[even]::halfvec) AS ties, count(*) FILTER (WHERE ARRAY[middle + step / 4]::halfvec <> ARRAY[above]::halfvec) AS above,
	count(*) FILTER (WHERE ARRAY[middle - step / 4]::halfvec <> ARRAY[below]::halfvec) AS below
	FROM (SELECT half(b) AS below, half(b + 1) AS above, half(b + b % 2) AS even, (half(b) + half(b + 1)) / 2 AS middle, half(b + 1) - half(b) AS step
		FROM generate_series(0, 31742) b) s;
DROP FUNCTION half;

-- test: arithmetic
SELECT '[1,2,3]'::halfvec + '[4,5,6]', '[65504]'::halfvec + '[-65504]', '[1,2,3]'::halfvec - '[4,5,7]', '[1,2,3]'::halfvec * '[4,5,6]';
SELECT '[0.1]'::halfvec + '[0.2]', '[2048]'::halfvec + '[1]', '[2048]'::halfvec + '[3]', '[65504]'::halfvec + '[15]', '[0.1]'::halfvec * '[0.1]', '[0]'::halfvec * '[65504]';
SELECT '[1e-3]'::halfvec * '[1e-3]', '[6e-8]'::halfvec * '[0.6]', '[1,2]'::halfvec || '[3]';

-- test: comparison
SELECT '[1,2,3]'::halfvec < '[1,2,3]', '[1,2,3]'::halfvec < '[1,2]', '[1,2]'::halfvec < '[1,2,3]', '[1,3]'::halfvec < '[1,2,3]';
SELECT '[1,2,3]'::halfvec <= '[1,2,3]', '[1,2,3]'::halfvec <= '[1,2]', '[1,2]'::halfvec <= '[1,2,3]', '[1,2,3]'::halfvec = '[1,2,3]', '[1,2,3]'::halfvec = '[1,2]', '[0]'::halfvec = '[-0]';
SELECT '[1,2,3]'::halfvec <> '[1,2,3]', '[1,2,3]'::halfvec <> '[1,2]', '[1,2,3]'::halfvec >= '[1,2,3]', '[1,2,3]'::halfvec >= '[1,2]', '[1,2]'::halfvec >= '[1,2,3]';
SELECT '[1,2,3]'::halfvec > '[1,2,3]', '[1,2,3]'::halfvec > '[1,2]', '[1,2]'::halfvec > '[1,2,3]';
SELECT halfvec_cmp('[1,2,3]', '[1,2,3]'), halfvec_cmp('[1,2,3]', '[0,0,0]'), halfvec_cmp('[0,0,0]', '[1,2,3]'), halfvec_cmp('[-1]', '[1]'), halfvec_cmp('[-1]', '[-2]');
SELECT halfvec_cmp('[1,2]', '[1,2,3]'), halfvec_cmp('[1,2,3]', '[1,2]'), halfvec_cmp('[1,2]', '[2,3,4]'), halfvec_cmp('[2,3]', '[1,2,3]');
SELECT v FROM (VALUES ('[1,2]'::halfvec), ('[1]'), ('[0,9,9]'), ('[1,2]'), ('[2]'), ('[-1,2,0]'), (NULL)) AS t(v) ORDER BY v;
SELECT DISTINCT v FROM (VALUES ('[1,2]'::halfvec), ('[1]'), ('[1,2]'), ('[0]')) AS t(v) ORDER BY v;

-- test: btree
CREATE TABLE t (v halfvec(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[-1,5,5]');
CREATE INDEX t_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE v = '[1,2,3]';
SELECT * FROM t WHERE v = '[1,2,3]';
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY v LIMIT 2;
SELECT * FROM t ORDER BY v;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TABLE t;

-- test: distances
SELECT l2_distance('[0,0]'::halfvec, '[3,4]'), l2_distance('[0,0]'::halfvec, '[0,1]'), '[0,0]'::halfvec <-> '[3,4]';
SELECT inner_product('[1,2]'::halfvec, '[3,4]'), inner_product('[65504]'::halfvec, '[65504]'), '[1,2]'::halfvec <#> '[3,4]';
SELECT cosine_distance('[1,2]'::halfvec, '[2,4]'), cosine_distance('[1,2]'::halfvec, '[0,0]'), cosine_distance('[1,1]'::halfvec, '[1,1]'), cosine_distance('[1,0]'::halfvec, '[0,2]'),
	cosine_distance('[1,1]'::halfvec, '[-1,-1]'), cosine_distance('[1,1]'::halfvec, '[1.1,1.1]'), '[1,0]'::halfvec <=> '[-2,0]';
SELECT l1_distance('[0,0]'::halfvec, '[3,4]'), l1_distance('[0,0]'::halfvec, '[0,-1]'), '[0,0]'::halfvec <+> '[3,4]';
SELECT halfvec_l2_squared_distance('[0,0]', '[3,4]'), halfvec_negative_inner_product('[1,2]', '[3,4]'), halfvec_spherical_distance('[1,0]', '[0,1]'), halfvec_spherical_distance('[1,0]', '[1,0]');

-- test: distances are those of the same vectors; integers, so that sums are exact
SELECT count(*) AS pairs, count(*) FILTER (WHERE a <-> b = x <-> y AND a <#> b = x <#> y AND a <+> b = x <+> y AND (a <=> b)::text = (x <=> y)::text) AS same
	FROM (SELECT va AS x, vb AS y, va::halfvec AS a, vb::halfvec AS b FROM generate_series(1, 140) d,
		LATERAL (SELECT array_agg(hashint4(j) % 5)::vector AS va, array_agg(hashint4(j + d) % 7)::vector AS vb FROM generate_series(1, d) j) s) t;

-- test: dimensions, norm, normalisation
SELECT vector_dims('[1,2,3]'::halfvec), l2_norm('[3,4]'::halfvec), l2_norm('[0,1]'::halfvec), l2_norm('[0,0]'::halfvec), l2_norm('[2]'::halfvec);
SELECT l2_normalize('[3,4]'::halfvec), l2_normalize('[3,0]'::halfvec), l2_normalize('[0,0.1]'::halfvec), l2_normalize('[0,0]'::halfvec), l2_normalize('[65504]'::halfvec), l2_normalize('[-6e-8]'::halfvec);

-- test: subvector: counted from 1, cut to what exists
SELECT subvector('[1,2,3,4,5]'::halfvec, 1, 3), subvector('[1,2,3,4,5]'::halfvec, 3, 2), subvector('[1,2,3,4,5]'::halfvec, 3, 9);
SELECT subvector('[1,2,3,4,5]'::halfvec, -1, 3), subvector('[1,2,3,4,5]'::halfvec, -1, 9), subvector('[1,2,3,4,5]'::halfvec, 0, 2);
SELECT subvector('[1,2,3,4,5]'::halfvec, 5, 2147483647), subvector('[1,2,3,4,5]'::halfvec, -2147483644, 2147483647);

-- test: binary_quantize: a bit is set where the element is positive
SELECT binary_quantize('[1,0,-1]'::halfvec), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::halfvec);
SELECT binary_quantize('[-0,6e-8,-6e-8]'::halfvec), length(binary_quantize(('[' || repeat('1,', 99) || '1]')::halfvec));

-- test: NULL in, NULL out
SELECT '[1]'::halfvec + NULL, l2_norm(NULL::halfvec), NULL::halfvec = '[1]', subvector('[1]'::halfvec, NULL, 1);

-- test: casts
SELECT '[1,2,3]'::halfvec(3), '[1,2,3]'::vector::halfvec, '[1,2,3]'::vector(3)::halfvec(3), '[1.1,2]'::halfvec::vector, '[1.1,2]'::halfvec::vector(2), '[1.1,-2]'::halfvec::real[];
SELECT '{1,2,3}'::int[]::halfvec, '{1.1,2.25}'::real[]::halfvec(2), '{1.1,1e-9}'::float8[]::halfvec, '{1.1,65519.9}'::numeric[]::halfvec, '[3:4]={5,6}'::int[]::halfvec;
CREATE TABLE t (v halfvec, w vector, r real[]);
INSERT INTO t VALUES ('{1,2}'::int[], '[1,2]'::halfvec, '[1,2]'::halfvec), ('{1,2}'::numeric[], '{1,2}'::real[], '{1,2}');
INSERT INTO t SELECT w, v, r FROM t;
SELECT * FROM t;
SELECT w <-> v AS l2, pg_typeof(w + v) FROM t LIMIT 1;
DROP TABLE t;
SELECT castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext
	FROM pg_cast WHERE 'halfvec'::regtype IN (castsource, casttarget) AND castfunc::regprocedure::text !~ 'sparsevec|bytevec'
	ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";

-- test: aggregates; sum adds halves
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::halfvec[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]', NULL]::halfvec[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[]::halfvec[]) v;
SELECT avg(v) FROM unnest(ARRAY['[65504]', '[65504]']::halfvec[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[2048]', '[1]', '[1]']::halfvec[]) v;
SELECT g, avg(v), sum(v) FROM (VALUES (1, '[1,2]'::halfvec), (1, '[3,4]'), (2, '[5]'), (3, NULL)) AS t(g, v) GROUP BY g ORDER BY g;
SELECT i, avg(v) OVER (ORDER BY i), sum(v) OVER (ORDER BY i) FROM (VALUES (1, '[1,2]'::halfvec), (2, '[3,4]'), (3, '[5,12]')) AS t(i, v);
SELECT halfvec_accum('{0}', '[1,2]'), halfvec_accum('{1,2,3}', '[1,2]'), halfvec_combine('{0}', '{1,2,3}'), halfvec_combine('{1,2,3}', '{2,5,6}'), halfvec_avg('{0}'), halfvec_avg('{2,4,6}');
CREATE TABLE t AS SELECT i, ARRAY[i % 10, 0.5, i % 2]::halfvec AS v FROM generate_series(1, 10000) i;
ALTER TABLE t SET (parallel_workers = 2);
ANALYZE t;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(v) FROM t;
SELECT avg(v) FROM t;
SELECT avg(v), sum(v) FROM t WHERE i < 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE t;
SELECT aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggmtransfn, aggtranstype::regtype, agginitval, proparallel
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
	WHERE aggfnoid IN ('avg(halfvec)'::regprocedure, 'sum(halfvec)'::regprocedure)
	ORDER BY aggfnoid::regprocedure::text COLLATE "C";

-- test: a table whose values are out of line
CREATE TABLE t (i int, v halfvec(3000));
INSERT INTO t SELECT i, array_fill(i, ARRAY[3000])::halfvec FROM generate_series(1, 20) i;
SELECT i, v <-> array_fill(3, ARRAY[3000])::halfvec AS distance FROM t ORDER BY 2, 1 LIMIT 3;
SELECT pg_column_size(v) FROM t LIMIT 1;
DROP TABLE t;

-- test: what the catalogs say
SELECT o.oprname, o.oprresult::regtype AS result, o.oprcode::regprocedure, c.oprname AS commutator, n.oprname AS negator, o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash
	FROM pg_operator o LEFT JOIN pg_operator c ON c.oid = o.oprcom LEFT JOIN pg_operator n ON n.oid = o.oprnegate
	WHERE 'halfvec'::regtype IN (o.oprleft, o.oprright) AND o.oprright <> 'double precision[]'::regtype
	ORDER BY o.oprcode::regprocedure::text COLLATE "C";
SELECT p.oid::regprocedure AS function, prorettype::regtype AS result, provolatile, proparallel, proisstrict, prosrc
	FROM pg_proc p WHERE ('halfvec'::regtype = ANY (proargtypes || prorettype) OR proname LIKE 'halfvec%') AND p.oid::regprocedure::text !~ 'sparsevec|bytevec' AND probin IS NOT NULL
	ORDER BY p.oid::regprocedure::text COLLATE "C";
SELECT opcname, opcdefault, opcintype::regtype, amopstrategy, amopopr::regoperator
	FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_amop o ON o.amopfamily = c.opcfamily
	WHERE amname = 'btree' AND opcname = 'halfvec_ops' ORDER BY amopstrategy;
SELECT amprocnum, amproc FROM pg_amproc p JOIN pg_opclass c ON c.opcfamily = p.amprocfamily WHERE opcname = 'halfvec_ops';

-- test: output of every finite half is the text of real
WITH halves AS (
	SELECT (m * 2.0::float8 ^ -24)::real AS x FROM generate_series(0, 1023) m
	UNION ALL
	SELECT ((1024 + m) * 2.0::float8 ^ e)::real
	FROM generate_series(0, 1023) m, generate_series(-24, 5) e
), texts AS (
	SELECT x, ARRAY[x, -x, x]::halfvec::text AS text FROM halves
)
SELECT count(*), min(x), max(x),
	count(*) FILTER (WHERE text <> format('[%s,%s,%s]', x, -x, x)) AS different
FROM texts;

\c -
-- test: the text of a halfvec
SELECT input, e.* FROM unnest(ARRAY[
	'', '  ', 'hello', '1,2,3', '{1,2,3}', ' 1]',
	'[]', '[ ]', ' [  ]',
	'[', '[1', '[1,', '[1,2', '[1,]', '[,1]', '[1,,3]', '[1, ,3]', '[1 2]', '[1;2]', '[1}', '[hello,1]',
	'[1,hello]', '[1e]', '[1a]', '[- 1]', '[0x]', '[--1]', '[.]', '[1.2.3]', '[[1]]',
	'[1,2,3]]', '[1,2,3]9', '[1,2,3],', '[1] [2]',
	'[65520]', '[1,-65520]', '[ 65520.0 ,2]', '[ 1 , 7e4 ]', '[4e38,1]', '[1,-4e38]', '[ 1e400 ,2]', '[65519.999]', '[0x1p16]',
	'[NaN,1]', '[1,nan]', '[nan(1)]', '[Infinity,1]', '[-Infinity]', '[1,inf]', '[+INF]'
	]) AS input,
	error_of(format('SELECT %L::halfvec', input)) AS e;

-- test: of several errors the first counts
SELECT input, e.* FROM unnest(ARRAY['[nan,hello', '[65520,nan', '[1,hello,nan]', '[1,1e5,4e38]', '[4e38,1e5]', '[65520', '[1,65520]9', '[65520,']) AS input,
	error_of(format('SELECT %L::halfvec', input)) AS e;

-- test: too many dimensions, seen before what follows
SELECT what, e.* FROM (VALUES
	('16001 elements', '[' || repeat('1,', 16000) || '1]'),
	('16000 elements and rubbish', '[' || repeat('1,', 16000) || 'x')) AS v(what, input),
	error_of(format('SELECT %L::halfvec', input)) AS e;

-- test: the typmod
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT ''[1]''::halfvec(0)',
	'SELECT ''[1]''::halfvec(-1)',
	'SELECT ''[1]''::halfvec(16001)',
	'SELECT ''[1]''::halfvec(3, 2)',
	'SELECT ''[1]''::halfvec(a)',
	'SELECT ''[1,2,3]''::halfvec(2)',
	'SELECT ''[1,2,3]''::halfvec::halfvec(4)',
	'SELECT ''[1,2,3]''::vector::halfvec(4)',
	'SELECT ''[1,2,3]''::halfvec::vector(4)',
	'CREATE TABLE t (v halfvec(16001))'
	]) AS statement, error_of(statement) AS e;

-- test: dimensions that do not match
SELECT expression, e.* FROM unnest(ARRAY[
	'''[1,2]''::halfvec <-> ''[3]''', '''[1,2]''::halfvec <#> ''[3]''', '''[1,2]''::halfvec <=> ''[3]''', '''[1,2]''::halfvec <+> ''[3]''',
	'l2_distance(''[1,2]''::halfvec, ''[3]'')', 'inner_product(''[1,2]''::halfvec, ''[3]'')',
	'cosine_distance(''[1,2]''::halfvec, ''[3]'')', 'l1_distance(''[1,2]''::halfvec, ''[3]'')',
	'halfvec_l2_squared_distance(''[1,2]'', ''[3]'')', 'halfvec_negative_inner_product(''[1,2]'', ''[3]'')',
	'halfvec_spherical_distance(''[1,2]'', ''[3]'')', '''[1,2]''::vector <-> ''[3]''::halfvec',
	'''[1]''::halfvec + ''[2,3]''', '''[1]''::halfvec - ''[2,3]''', '''[1]''::halfvec * ''[2,3]'''
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: results out of range
SELECT expression, e.* FROM unnest(ARRAY[
	'''[65504]''::halfvec + ''[65504]''', '''[65504]''::halfvec + ''[16]''', '''[-65504]''::halfvec - ''[65504]''', '''[1,256]''::halfvec * ''[1,256]''',
	'''[1e-4]''::halfvec * ''[1e-4]''', '''[256,1e-5]''::halfvec * ''[256,1e-5]''', '''[1e-5,256]''::halfvec * ''[1e-5,256]''',
	'''[65520]''::vector::halfvec', '''[1,-1e30]''::vector::halfvec', '''[1.5,123456.7]''::vector::halfvec'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: concatenation and subvector
SELECT expression, e.* FROM unnest(ARRAY[
	'array_fill(0, ARRAY[16000])::halfvec || ''[1]''',
	'subvector(''[1,2,3,4,5]''::halfvec, 1, 0)', 'subvector(''[1,2,3,4,5]''::halfvec, 3, -1)',
	'subvector(''[1,2,3,4,5]''::halfvec, 6, 1)', 'subvector(''[1,2,3,4,5]''::halfvec, -1, 2)',
	'subvector(''[1,2,3,4,5]''::halfvec, 2147483647, 10)', 'subvector(''[1]''::halfvec, 1, -2147483648)'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: arrays
SELECT expression, e.* FROM unnest(ARRAY[
	'''{}''::int[]::halfvec', '''{}''::real[]::halfvec', '''{}''::numeric[]::halfvec',
	'''{{1}}''::real[]::halfvec', '''{{1,2},{3,4}}''::int[]::halfvec',
	'''{NULL}''::real[]::halfvec', '''{1,NULL}''::int[]::halfvec', '''{1,NULL}''::numeric[]::halfvec',
	'''{NaN}''::real[]::halfvec', '''{Infinity}''::real[]::halfvec', '''{-Infinity}''::float8[]::halfvec', '''{NaN}''::numeric[]::halfvec',
	'''{1,65520}''::int[]::halfvec', '''{1,65520.5}''::real[]::halfvec', '''{1,4e38}''::float8[]::halfvec', '''{-1e20}''::float8[]::halfvec',
	'''{1e5}''::numeric[]::halfvec', '''{65520,1e39}''::numeric[]::halfvec', '''{1e39,65520}''::numeric[]::halfvec', '''{1e39}''::numeric[]::halfvec', '''{NaN,65520}''::real[]::halfvec',
	'''{1,2,3}''::real[]::halfvec(2)', '''{1,2,3}''::int[]::halfvec(4)',
	'array_fill(0, ARRAY[16001])::halfvec', 'array_fill(0::real, ARRAY[16001])::halfvec(3)',
	'''{1,2}''::text[]::halfvec', '''{1,2}''::bigint[]::halfvec', '''[1]''::halfvec <-> ''{1}''::text[]'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: states of aggregates
SELECT expression, e.* FROM unnest(ARRAY[
	'halfvec_accum(''{}'', ''[1]'')', 'halfvec_accum(''{{0}}'', ''[1]'')', 'halfvec_accum(''{0,NULL}'', ''[1]'')',
	'halfvec_accum(''{1,2}'', ''[1,2]'')', 'halfvec_accum(''{1,Infinity}'', ''[1]'')',
	'halfvec_avg(''{}'')', 'halfvec_avg(''{NULL}'')', 'halfvec_avg(''{{1,2}}'')', 'halfvec_avg(''{1}'')', 'halfvec_avg(''{1,NaN}'')',
	'halfvec_avg(''{1,1e39}'')', 'halfvec_avg(''{1,65520}'')', 'halfvec_avg(''{1,Infinity,65520}'')', 'halfvec_avg(''{1,65520,NaN}'')', 'halfvec_avg(array_fill(1::float8, ARRAY[16002]))',
	'halfvec_combine(''{}'', ''{1,2}'')', 'halfvec_combine(''{1,2}'', ''{1,2,3}'')',
	'avg(v) FROM (VALUES (''[1,2]''::halfvec), (''[3]'')) AS t(v)', 'sum(v) FROM (VALUES (''[1,2]''::halfvec), (''[3]'')) AS t(v)',
	'sum(v) FROM (VALUES (''[65504]''::halfvec), (''[65504]'')) AS t(v)'
	]) AS expression, error_of('SELECT ' || expression) AS e;

-- test: functions that the types do not share
SELECT statement, e.* FROM unnest(ARRAY[
	'SELECT vector_norm(''[1]''::halfvec)', 'SELECT min(''[1]''::halfvec)', 'SELECT -''[1]''::halfvec', 'SELECT ''[1]''::halfvec / ''[1]''',
	'SELECT vector_dims(''[1]'')', 'SELECT l2_normalize(''[1]'')', 'SELECT ''[1]'' <-> ''[1]''', 'SELECT (''[1,2]''::halfvec)[1]'
	]) AS statement, error_of(statement) AS e;

-- test: bytes that are no halfvec: each is one field of one row of a binary COPY
SELECT field, typmod, r.* FROM (VALUES
	('\x000100003c00'::bytea, ''),
	('\x00030000bc0000008000', '(3)'),
	('\x00030000bc0000008000', '(2)'),
	('\x00000000', ''),
	('\xffff0000', ''),
	('\x3e810000', ''),
	('\x000100013c00', ''),
	('\x0001ffff3c00', ''),
	('\x000100007e00', ''),
	('\x00010000fc01', ''),
	('\x000100007c00', ''),
	('\x00010000fc00', ''),
	('\x000200003c00', ''),
	('\x000100', ''),
	('\x000100003c0000', ''),
	('\x', '')) AS f(field, typmod), receive(field, 'halfvec' || typmod) AS r;
