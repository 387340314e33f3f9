--
-- Every error of the type halfvec, with its SQLSTATE, message and detail
--

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
