--
-- Every error of the type vector, with its SQLSTATE, message and detail
--

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

