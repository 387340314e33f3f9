--
-- Every error of the type bytevec, with its SQLSTATE, message and detail
--

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
