--
-- Every error of the type sparsevec, with its SQLSTATE, message and detail
--

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

