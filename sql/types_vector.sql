--
-- The type vector: text format, typmod, operators and functions
--

-- test: text: any space between tokens, any number that strtof reads
SELECT '[1,2,3]'::vector;
SELECT '[-1,+2,-3]'::vector;
SELECT '[1.,2.5,.25]'::vector;
SELECT ' [ 1,  2 ,    3  ] '::vector;
SELECT E' \t\n\r\x0b\f[ \t1\n,\r2\x0b,\f3 ] \n'::vector;
SELECT '[1e2,1E2,1e+2,100e-2]'::vector;
SELECT '[0x10,0x1p-1,0X1.8P1]'::vector;
SELECT '[0,-0,0.0,-0e5]'::vector;
SELECT '[00001,007]'::vector;

-- test: output is the shortest text that reads as the same float4
SELECT '[0.1,0.10000000149011612,1.23456789]'::vector;
SELECT '[16777216,16777217,16777218,33554435]'::vector;
SELECT '[3.4028235e38,-3.4028235e38]'::vector;
SELECT '[1.17549435e-38,1e-38,1e-45]'::vector;
SELECT '[1e-46,-1e-46]'::vector;
SELECT '[1e5,1e6,1e15,1e16,0.001,0.0001,0.00001]'::vector;
SELECT '[1e99999999999]'::vector;
SELECT '[0e99999999999]'::vector;
SELECT '[0.30000001192092896]'::vector = '[0.3]'::vector AS same;

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
SELECT '{"[1,2,3]","[4,5,6]"}'::vector[];
SELECT ARRAY['[1,2,3]', '[4,5,6]']::vector[];
SELECT typlen, typalign, typstorage, typcategory, typispreferred, typdelim,
	typmodin, typmodout, typanalyze, typsubscript
	FROM pg_type WHERE oid = 'vector'::regtype;

-- test: arithmetic
SELECT '[1,2,3]'::vector + '[4,5,6]';
SELECT '[1,2,3]'::vector - '[4,5,6]';
SELECT '[1,2,3]'::vector * '[4,5,6]';
SELECT '[1,2,3]'::vector || '[4,5]';
SELECT '[0,1e-20]'::vector * '[1e-45,1e-20]';
SELECT '[3e38]'::vector - '[3e38]';
SELECT '[1e-45]'::vector + '[-1e-45]';

-- test: comparison: by elements, then the shorter first
SELECT '[1,2,3]'::vector < '[1,2,3]', '[1,2,3]'::vector < '[1,2]', '[1,2]'::vector < '[1,2,3]', '[1,3]'::vector < '[1,2,3]';
SELECT '[1,2,3]'::vector <= '[1,2,3]', '[1,2,3]'::vector <= '[1,2]', '[1,2]'::vector <= '[1,2,3]';
SELECT '[1,2,3]'::vector = '[1,2,3]', '[1,2,3]'::vector = '[1,2]', '[0]'::vector = '[-0]';
SELECT '[1,2,3]'::vector <> '[1,2,3]', '[1,2,3]'::vector <> '[1,2]';
SELECT '[1,2,3]'::vector >= '[1,2,3]', '[1,2,3]'::vector >= '[1,2]', '[1,2]'::vector >= '[1,2,3]';
SELECT '[1,2,3]'::vector > '[1,2,3]', '[1,2,3]'::vector > '[1,2]', '[1,2]'::vector > '[1,2,3]';
SELECT vector_cmp('[1,2,3]', '[1,2,3]'), vector_cmp('[1,2,3]', '[0,0,0]'), vector_cmp('[0,0,0]', '[1,2,3]');
SELECT vector_cmp('[1,2]', '[1,2,3]'), vector_cmp('[1,2,3]', '[1,2]'), vector_cmp('[1,2]', '[2,3,4]'), vector_cmp('[2,3]', '[1,2,3]');

-- test: dimensions, norm, normalisation
SELECT vector_dims('[1,2,3]'::vector);
SELECT vector_norm('[3,4]'), vector_norm('[0,1]'), vector_norm('[0,0]');
SELECT vector_norm('[3e37,4e37]')::real, vector_norm('[3e-30,4e-30]')::real;
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
