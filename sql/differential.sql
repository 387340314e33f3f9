-- Expressions whose outcomes are those of pgvector 0.8.7.
-- Made by test/differential.py record --count 520 --seed 2026

-- What comes of an expression, errors as clients see them
CREATE FUNCTION outcome(expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
	hint text;
BEGIN
	EXECUTE 'SELECT (' || expression || ')::text' INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', 'ERROR ' || sqlstate, sqlerrm, nullif(detail, ''), nullif(hint, ''));
END $$;

-- n small numbers whose sums and products floats hold exactly
CREATE FUNCTION series(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(((i::bigint * a + b) % 17 - 8) / 4.0::float8 ORDER BY i)
	FROM generate_series(1, n) AS i
$$;

-- n numbers whose sums and products they round
CREATE FUNCTION reals(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(sin(i::bigint * a + b)::real::float8 ORDER BY i) FROM generate_series(1, n) AS i
$$;

-- What the receive function of a type makes of bytes
CREATE FUNCTION received(kind text, data bytea) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	object oid;
	result text;
BEGIN
	DROP TABLE IF EXISTS incoming;
	EXECUTE 'CREATE TEMP TABLE incoming (v ' || kind || ')';
	object := lo_from_bytea(0, '\x5047434f50590aff0d0a000000000000000000' || '\x0001'::bytea ||
		int4send(length(data)) || data || '\xffff'::bytea);
	PERFORM lo_export(object, current_setting('data_directory') || '/incoming');
	PERFORM lo_unlink(object);
	EXECUTE format('COPY incoming FROM %L WITH (FORMAT binary)',
		current_setting('data_directory') || '/incoming');
	EXECUTE 'SELECT v::text FROM incoming' INTO result;
	RETURN result;
END $$;

-- Whether outcomes are the same, but for the last digits of numbers
CREATE FUNCTION same(a text, b text, size float8) RETURNS boolean LANGUAGE sql AS $$
	SELECT a = b OR a NOT LIKE 'ERROR%' AND b NOT LIKE 'ERROR%' AND
		regexp_replace(a, number, '#', 'g') = regexp_replace(b, number, '#', 'g') AND
		(SELECT bool_and(x = y OR abs(x - y) <= 1e-6 * greatest(abs(x), abs(y), size))
		 FROM ROWS FROM (regexp_matches(a, number, 'g'), regexp_matches(b, number, 'g')) AS t(m, n),
			LATERAL (SELECT m[1]::float8, n[1]::float8) AS v(x, y))
	FROM (SELECT '[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|Infinity|NaN)') AS pattern(number)
$$;

CREATE TABLE fact (kind text, size float8, expression text, outcome text);
COPY fact FROM stdin;
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0.75,-7.0,6.75,-4.5,4.25,0,2.5,1.75,1.25,-7.25,-0.75,0,3.75,-0.25,-0.75,5.25,0.25]'::halfvec), ('[2.396,-7.0,-4.25,-6.5,\t-5.25,0,-3.0,\n0,-1.0,1.25,-8.52295,1.0,-6.5,-2.5,-3.0,-47830795.08700607,-8.]'::halfvec(16))) AS t(x))	ERROR 22003 | "-47830795.08700607" is out of range for type halfvec
aggregate	0	(SELECT avg(x) FROM (VALUES ('[0.25]'::vector), ('[-1.5]'::vector), ('[1.25]'::vector)) AS t(x))	[0]
aggregate	0	(SELECT avg(x) FROM (VALUES (NULL::halfvec), ('[3.25,5.75]'::halfvec)) AS t(x))	[3.25,5.75]
aggregate	0	(SELECT avg(x) FROM (VALUES (NULL::vector)) AS t(x) WHERE false)	NULL
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,  -0.25]'::vector), ('[-1.5,4.75]'::vector)) AS t(x))	[-1.5,4.5]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[007,-7.0]'::vector)) AS t(x))	[7,-7]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[1e-46,1.669474377]'::halfvec), ('[6.5,-1.25]'::halfvec)) AS t(x))	[6.5,0.41992188]
array	0	'[-5.25,8.7355758]'::vector IN ('[-5.25,8.7355758]'::vector, '[-1.25,infin]'::vector)	ERROR 22000 | infinite value not allowed in vector
array	0	'[-5.75,-6.5]'::halfvec(1) IS DISTINCT FROM '[0,3.75]'::halfvec	ERROR 22000 | expected 1 dimensions, not 2
array	0	'[0,0]'::vector IS DISTINCT FROM '[5.75,-6.0]'::vector(2)	true
array	0	'[3.25,4.539257064805135e+28]'::vector IN ('[3.25,4.539257064805135e+28]'::vector, '[5.5,\t9.441]'::vector)	true
array	0	'[6.7,2.25]'::halfvec BETWEEN '[7.0,8.0]'::halfvec AND '[6.7,2.25]'::halfvec	false
array	0	'{1:-4.5,2:1.980910258}/2\r\n'::sparsevec IS DISTINCT FROM '{2\n:-0.5\t}/2'::sparsevec(2)	true
array	0	ARRAY['[0,6.0]'::halfvec, '[-2.25,-2.75]'::halfvec]::text[]::halfvec[]	{"[0,6]","[-2.25,-2.75]"}
array	0	ARRAY['[2049,3.4028235e38]'::vector, '[0,-4.5]'::vector]::text[]::vector[]	{"[2049,3.4028235e+38]","[0,-4.5]"}
array	0	ARRAY['\r\n[-4.42764,6.68584591]'::halfvec, '[4.0,6.5]'::halfvec(3)]	ERROR 22000 | expected 3 dimensions, not 2
array	0	ARRAY['{1:-2.5,2:3.25}/2'::sparsevec, '{1:-nan}/\r\n2'::sparsevec]::text[]::sparsevec[]	ERROR 22000 | NaN not allowed in sparsevec
array	0	ARRAY[' [-5.5,0]'::halfvec, '[7.0,7.5]'::halfvec]	ERROR 22P02 | invalid input syntax for type halfvec: " [-5.5,0]" | Vector contents must start with "[".
array	0	ROW('[-3.5,5.5]'::halfvec(1), '[0,6.25]'::halfvec)	ERROR 22000 | expected 1 dimensions, not 2
array	0	ROW('[-6.75,-6.5]'::vector, '[0,0]'::vector(2))	("[-6.75,-6.5]","[0,0]")
array	0	ROW('[0,0]'::vector) < ROW('[-6.5,-6.0]'::vector)	false
array	0	ROW('[0,0]'::vector, '[-3.0,-4.25]'::vector)	("[0,0]","[-3,-4.25]")
array	0	ROW('[6.08660810,-6.485858808620646e-34]'::vector, '[8.0,-6.75]'::vector)	("[6.086608,-6.485859e-34]","[8,-6.75]")
array	0	greatest('[4.25, 4.75]'::halfvec, '[3.0,6.647148791855335e+33]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[4.25, 4.75]"
array	0	nullif('[1.5,5.5]'::halfvec, '[0,0]'::halfvec)	[1.5,5.5]
array	0	to_json('[0.75,-4.7517972430255216e+26]'::halfvec)	ERROR 22003 | "-4.7517972430255216e+26" is out of range for type halfvec
array	0	to_json('{1:-6.5,2:-0.75}/2'::sparsevec)	"{1:-6.5,2:-0.75}/2"
array	0	to_json('{2:-4.8}/2'::sparsevec)	"{2:-4.8}/2"
binary	0	md5(halfvec_send((subvector('[2.75,-5.25,3.25,0,-4.25,-0.25,0.0,3.0,-5.5,-1.25,1.0,-6.5,-5.25,0,2.25,-3.0,0]  '::halfvec, 3, 2147483647))))	256013fc28f8dae2a940adefd1bc3deb
binary	0	md5(halfvec_send(series(64, 18, 56)::halfvec))	70fe35a5fb243599e81230f91e2b4a47
binary	0	md5(sparsevec_send('{1:-2.75,2:5.2606075,3:1.75}/3'::sparsevec))	a937047ec3b7b471b48f69e953f9881b
binary	0	md5(sparsevec_send('{}/1'::sparsevec))	f52aead55c71d643510d5f624f787e11
binary	0	md5(sparsevec_send((array_to_sparsevec('{-2.75,-755.666426379248}'::double precision[], -1, false))))	4b121551cf008152748c7c939cc0aae4
binary	0	md5(vector_send(' [-2.0,-6.5,0,-5.25,3.75]'::vector))	8307cf5dcd127f75bccac6a5c5c6cd5c
binary	0	md5(vector_send('[-7.75,3.25,-6.5,6.0,0.0]'::vector))	f578d31bb1645d6ac9eadadcea6cadce
binary	0	md5(vector_send(' [0,-1.25,-5.0,-1.5,-2.25,-6.0]'::vector))	ERROR 22P02 | invalid input syntax for type vector: " [0,-1.25,-5.0,-1.5,-2.25,-6.0]" | Vector contents must start with "[".
binary	0	md5(vector_send(('[-4.75]'::vector - '[1.25]'::vector)))	43efe4fe870ebcb57dfe31f9de06903d
binary	0	md5(vector_send((('{1,NULL}'::integer[])::vector)))	ERROR 22004 | array must not contain nulls
binary	0	md5(vector_send((array_to_vector('{6.0}'::real[], 1, false))))	c0f5fe8f3bb6a184bdf56f373f37809f
binary	0	md5(vector_send((sparsevec_to_vector('{1:4.7217}/2'::sparsevec, 2, true))))	f6c8d75ef0d81142ce8cf0fe7b8e0d9f
binary	0	md5(vector_send(series(65, 34, 31)::vector))	af3ce10a68b6294788775f1db5bd8eba
binary	0	pg_column_size('[-0.75]'::halfvec)	10
binary	0	pg_column_size('[1.5,0.0]'::halfvec)	12
binary	0	pg_column_size('[5.1114910160,1.25,-215514824329165.12,-1.,0]'::vector)	28
binary	0	pg_column_size('{3:-7.0,4:1.5}/4'::sparsevec)	32
binary	0	pg_column_size((sparsevec_to_vector(series(128, 86, 56)::sparsevec, 128, false)))	520
binary	0	received('halfvec', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec', '\\x000200003c003c00')	[1,1]
binary	0	received('halfvec', '\\x000300007c0080003c00')	ERROR 22000 | infinite value not allowed in halfvec
binary	0	received('halfvec', '\\x000300007e0000010001')	ERROR 22000 | NaN not allowed in halfvec
binary	0	received('halfvec', '\\x800000007e0000013c00')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec(3)', '\\x')	ERROR 08P01 | insufficient data left in message
binary	0	received('halfvec(3)', '\\x000300008000000000')	ERROR 08P01 | insufficient data left in message
binary	0	received('halfvec(5)', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('sparsevec', '\\x00')	ERROR 08P01 | insufficient data left in message
binary	0	received('sparsevec', '\\x000000050000000000000000')	{}/5
binary	0	received('sparsevec', '\\x00000005000000010000000000000002c0000000')	{3:-2}/5
binary	0	received('sparsevec', '\\x0000000500000003000000000000000200000003000000043f8000003f8000003f800000')	{3:1,4:1,5:1}/5
binary	0	received('sparsevec(3)', '\\x3b9aca010000000100000000000000013f800000')	ERROR 54000 | sparsevec cannot have more than 1000000000 dimensions
binary	0	received('sparsevec(5)', '\\x0000000100000001000000000000000000000000')	ERROR 22000 | expected 5 dimensions, not 1
binary	0	received('sparsevec(5)', '\\xffffffff0000000100000000000000003f800000')	ERROR 22000 | sparsevec must have at least 1 dimension
binary	0	received('vector', '\\x00000000')	ERROR 22000 | vector must have at least 1 dimension
binary	0	received('vector', '\\x00010000bf000000')	[-0.5]
binary	0	received('vector', '\\x0001ffffc0000000')	ERROR 22000 | expected unused to be 0, not -1
binary	0	received('vector', '\\x0003000000000000000000007f800000')	ERROR 22000 | infinite value not allowed in vector
binary	0	received('vector', '\\xffff0000bf0000008000000000000000')	ERROR 22000 | vector must have at least 1 dimension
binary	0	received('vector(3)', '\\x000200003f8000')	ERROR 22000 | expected 3 dimensions, not 2
binary	0	received('vector(5)', '\\x00000000')	ERROR 22000 | vector must have at least 1 dimension
cast	0	('[0,-1.0]'::halfvec)::real[]	{0,-1}
cast	0	('[0,0,0,0,0] '::vector)::vector	ERROR 22P02 | invalid input syntax for type vector: "[0,0,0,0,0] " | Junk after closing right brace.
cast	0	('[0.25,-5.75,-3.5]'::vector)::real[]	{0.25,-5.75,-3.5}
cast	0	('[0]'::vector)::sparsevec(2)	ERROR 22000 | expected 2 dimensions, not 1
cast	0	('[2.5,0,-2.25,-3.976526087524268e-30,-5.061,7.0,-0.25,5.73898052,1.2635266418]'::halfvec)::vector	[2.5,0,-2.25,-0,-5.0625,7,-0.25,5.7382812,1.2636719]
cast	0	('[3.5,0,-6.25,6.25,6.5,-8.0]\t'::halfvec)::halfvec	[3.5,0,-6.25,6.25,6.5,-8]
cast	0	('[4.0,4.25,5.84689933,-6.75]'::halfvec(5))::sparsevec(4)	ERROR 22000 | expected 5 dimensions, not 4
cast	0	('[4.25]'::vector)::halfvec(1)	[4.25]
cast	0	('[5:6]={3,4}'::double precision[])::sparsevec(1)	ERROR 22000 | expected 1 dimensions, not 2
cast	0	('[5:6]={3,4}'::numeric[])::vector	[3,4]
cast	0	('[6.5,0\t,-3.0,\t0]'::halfvec)::sparsevec	{1:6.5,3:-3}/4
cast	0	('[\r\n0,-6.25]'::vector)::halfvec	[0,-6.25]
cast	0	('{-2.195,-7.125075191}'::real[])::sparsevec(2)	{1:-2.195,2:-7.1250753}/2
cast	0	('{-6.5,8.0,5.5,7.5,7.0}'::numeric[])::halfvec(5)	[-6.5,8,5.5,7.5,7]
cast	0	('{0,-0.5,-7.55702364142082e-32,0.25,-1.75,-2.39302873}'::double precision[])::vector	[0,-0.5,-7.5570234e-32,0.25,-1.75,-2.3930287]
cast	0	('{0,0}'::real[])::vector	[0,0]
cast	0	('{0}'::double precision[])::halfvec	[0]
cast	0	('{1,5,-8}'::integer[])::vector	[1,5,-8]
cast	0	('{1.1754944e-38,0,-1,-8.8390067,0,0.75}'::real[])::sparsevec	{1:1.1754944e-38,3:-1,4:-8.839006,6:0.75}/6
cast	0	('{1.75,6.25,0,-6.25}'::real[])::vector	[1.75,6.25,0,-6.25]
cast	0	('{2:4.25,4:5.0}/5'::sparsevec)::sparsevec(5)	{2:4.25,4:5}/5
cast	0	('{3,1,3,-2,3}'::integer[])::vector(5)	[3,1,3,-2,3]
cast	0	('{4,6,1,-2147483648}'::integer[])::halfvec(4)	ERROR 22003 | "-2.1474836e+09" is out of range for type halfvec
cast	0	('{5,-7,-8,-4,65520}'::integer[])::halfvec	ERROR 22003 | "65520" is out of range for type halfvec
cast	0	('{5.0}'::real[])::halfvec	[5]
cast	0	('{5.25,4.0,-8.0}'::double precision[])::halfvec(3)	[5.25,4,-8]
cast	0	('{6.25,-3.75}'::numeric[])::halfvec	[6.25,-3.75]
cast	0	('{64571399:5.75,522279054:5.75,715228207:1.75,910899506:-6.25}/1000000000'::sparsevec)::vector	ERROR 54000 | vector cannot have more than 16000 dimensions
cast	0	('{7,0,1,3,5}'::integer[])::sparsevec	{1:7,3:1,4:3,5:5}/5
cast	0	('{9.34171040,6.75}'::real[])::halfvec	[9.34375,6.75]
cast	0	('{}/1'::sparsevec)::halfvec(1)	[0]
cast	0	('{}/6'::sparsevec(6))::halfvec(6)	[0,0,0,0,0,0]
cast	0	(('[-5.75,7.5,0,0]'::vector + '[-0,-1.25,-6.0,4.75]'::vector))::vector	[-5.75,6.25,-6,4.75]
cast	0	(NULL::sparsevec)::vector(5)	NULL
cast	0	(series(128, 5, 0)::vector)::sparsevec(127)	ERROR 22000 | expected 127 dimensions, not 128
cast	0	(series(63, 29, 14)::halfvec)::real[]	{0.25,-1,2,0.75,-0.5,-1.75,1.25,0,-1.25,1.75,0.5,-0.75,-2,1,-0.25,-1.5,1.5,0.25,-1,2,0.75,-0.5,-1.75,1.25,0,-1.25,1.75,0.5,-0.75,-2,1,-0.25,-1.5,1.5,0.25,-1,2,0.75,-0.5,-1.75,1.25,0,-1.25,1.75,0.5,-0.75,-2,1,-0.25,-1.5,1.5,0.25,-1,2,0.75,-0.5,-1.75,1.25,0,-1.25,1.75,0.5,-0.75}
cast	0	(series(64, 33, 1)::numeric[])::vector	[-2,2,1.75,1.5,1.25,1,0.75,0.5,0.25,0,-0.25,-0.5,-0.75,-1,-1.25,-1.5,-1.75,-2,2,1.75,1.5,1.25,1,0.75,0.5,0.25,0,-0.25,-0.5,-0.75,-1,-1.25,-1.5,-1.75,-2,2,1.75,1.5,1.25,1,0.75,0.5,0.25,0,-0.25,-0.5,-0.75,-1,-1.25,-1.5,-1.75,-2,2,1.75,1.5,1.25,1,0.75,0.5,0.25,0,-0.25,-0.5,-0.75]
function	0	"halfvec"('[-4.25,3.75,0.75,5.25,0.25]'::halfvec, 2, true)	ERROR 22000 | expected 2 dimensions, not 5
function	0	"halfvec"('[4.5,2.75,-2.5,3.25]'::halfvec, 0, false)	ERROR 22000 | expected 0 dimensions, not 4
function	0	"sparsevec"('{}/1'::sparsevec, -2, false)	ERROR 22000 | expected -2 dimensions, not 1
function	0	"sparsevec"((l2_normalize('{1:4.5, 2:-0.75,3:3.75}/4'::sparsevec)), -1, false)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:4.5, 2:-0.75,3:3.75}/4"
function	0	"vector"('[0,-3.25,\r\n-3.0,0\n,0 ,0]'::vector, 6, false)	ERROR 22P02 | invalid input syntax for type vector: "[0,-3.25,\r\n-3.0,0\n,0 ,0]"
function	0	"vector"((('[-4.25]'::vector)::vector), 0, true)	ERROR 22000 | expected 0 dimensions, not 1
function	0	array_to_halfvec('{-4.0,-6.75}'::double precision[], 0, false)	ERROR 22000 | expected 0 dimensions, not 2
function	0	array_to_halfvec('{-6.0,-7.25,0.5,0,-0.75,-1.3789,-4.796,5.532463,-6.,6.75,0.25,3.0,-7.0,5.87344981802024e-31,1.879942,2.0,1.43}'::numeric[], 17, NULL)	NULL
function	0	array_to_halfvec('{-7,-4,4,-7,1,-4}'::integer[], 6, NULL)	NULL
function	0	array_to_halfvec('{-7.78641,-6.56337133981966e+21,-0.9675341414414405,1.802,3.4028235e38}'::numeric[], -1, true)	ERROR 22003 | "-6.5633716e+21" is out of range for type halfvec
function	0	array_to_halfvec('{0,-5,-8}'::integer[], -2, true)	ERROR 22000 | expected -2 dimensions, not 3
function	0	array_to_halfvec('{1.25,-1.0,-4.75,0,1e-300}'::double precision[], 0, false)	ERROR 22000 | expected 0 dimensions, not 5
function	0	array_to_halfvec('{8.205116832767916e-36,1.75,4.75,6.5,0.8}'::real[], 0, NULL)	NULL
function	0	array_to_sparsevec('{-4.25,0,1.5}'::double precision[], 0, false)	ERROR 22000 | expected 0 dimensions, not 3
function	0	array_to_sparsevec('{-5.25,6.0,-2.5,-5.0,-1.5}'::numeric[], 0, NULL)	NULL
function	0	array_to_sparsevec('{1,-2}'::integer[], -1, false)	{1:1,2:-2}/2
function	0	array_to_sparsevec('{3.75,6.75,-2.25}'::real[], -2, false)	ERROR 22000 | expected -2 dimensions, not 3
function	0	array_to_sparsevec('{4.75,5.75,1.5,-7.5}'::double precision[], -1, false)	{1:4.75,2:5.75,3:1.5,4:-7.5}/4
function	0	array_to_sparsevec('{NULL}'::real[], 3, false)	ERROR 22004 | array must not contain nulls
function	0	array_to_sparsevec(array_fill(0::numeric, ARRAY[16000]), -1, false)	{}/16000
function	0	array_to_vector('[0:1]={1,2}'::real[], -2, true)	ERROR 22000 | expected -2 dimensions, not 2
function	0	array_to_vector('{-5.75,1.75,7.75,0}'::double precision[], 0, false)	ERROR 22000 | expected 0 dimensions, not 4
function	0	array_to_vector('{-7.65}'::numeric[], 2, NULL)	NULL
function	0	array_to_vector('{0,0,0}'::numeric[], -2, NULL)	NULL
function	0	array_to_vector('{1.25,-0.,3.0876013973546444e-37}'::double precision[], 3, NULL)	NULL
function	0	array_to_vector('{}'::real[], 0, false)	ERROR 22000 | vector must have at least 1 dimension
function	0	array_to_vector(array_fill(0::integer, ARRAY[20000]), 3, NULL)	NULL
function	0	array_to_vector(array_fill(1::integer, ARRAY[2, 3]), 4, NULL)	NULL
function	0	binary_quantize('[  7.5,2.75,4.0,-6.512165,-3.75,-5.5,3.5,-3.5,-3.5,3.5,-6.7134616,46.34510367439104,-0.648,-7.367014,1.25,0]'::halfvec)	1110001001010010
function	0	binary_quantize('[4.75,-4.75]'::vector)	10
function	0	binary_quantize((array_to_halfvec('{5.0,-6.25}'::real[], 2, NULL)))	NULL
function	0	halfvec_accum('{5,5.0,-4.75,-2.75,0.5,-7.0,-0.5}'::float8[], '[-3.75,9.4331,-9.74976603,2.75 ,-2.0,7.75]'::halfvec)	{6,1.25,4.6796875,-12.5,3.25,-9,7.25}
function	0	halfvec_accum('{9,0}'::float8[], (halfvec_concat('[0]'::halfvec, '[0]'::halfvec)))	ERROR 22000 | expected 1 dimensions, not 2
function	0	halfvec_add((('[-0.75]'::vector)::halfvec(1)), '[8.784980]'::halfvec)	[8.03125]
function	0	halfvec_avg('{3,-2.5}'::float8[])	[-0.8334961]
function	0	halfvec_cmp('[-4.0,3.75,-2.25,1.25]'::halfvec, '[-5.75,3.75,1.0\n,5.75]'::halfvec)	1
function	0	halfvec_cmp('[3.25,-2.25,0.75,2.5,-7.0,6.75]'::halfvec, (halfvec_concat('[-4.25,8.527748,5.75,7.25,5.0,8.283]'::halfvec(6), '[-3.75,-3.75,4.5,0.25,-6.25,-5.5 ]'::halfvec)))	ERROR 22P02 | invalid input syntax for type halfvec: "[-3.75,-3.75,4.5,0.25,-6.25,-5.5 ]"
function	0	halfvec_combine('{6,0,0,0}'::float8[], '{7,-2.75,-6.25,-6.0}'::float8[])	{13,-2.75,-6.25,-6}
function	0	halfvec_combine('{8,-5.5,0,8.0,3.75,5.0,8.0}'::float8[], '{2,7.5,-5.25,7.75,3.25,7.25,0}'::float8[])	{10,2,-5.25,15.75,7,12.25,8}
function	0	halfvec_concat('[5.5]'::halfvec, '[-4.2417]'::halfvec)	[5.5,-4.2421875]
function	0	halfvec_eq('[-1.0,0,2.75,-0.25]'::halfvec, '[-2.75  ,0,5.75,0]'::halfvec)	false
function	0	halfvec_eq((subvector(series(128, 45, 28)::halfvec, 2147483647, 16000)), series(128, 81, 48)::halfvec)	ERROR 22000 | halfvec must have at least 1 dimension
function	0	halfvec_ge('[7.25]'::halfvec, '[0.0]'::halfvec)	true
function	0	halfvec_ge((halfvec_mul('[6.75,-1.1641512069294803e-38]'::halfvec(2), '[-2.75,-3.5]'::halfvec)), '[2.0,1.75]'::halfvec)	false
function	0	halfvec_gt('[-8.,7.75]'::halfvec(2), '[3.211120,-9.164703807506624e-45]\r\n'::halfvec)	false
function	0	halfvec_l2_squared_distance('[1.0,0]'::halfvec, '[-6.5,-0.5]'::halfvec)	56.5
function	0	halfvec_l2_squared_distance(series(65, 12, 65)::halfvec, series(65, 47, 23)::halfvec)	243.9375
function	0	halfvec_le((('{2  :-2.75,4:-4.25}/4'::sparsevec(5))::halfvec), '[-0.0555928,-8.1,-7.54951666309339,-7.75]'::halfvec)	ERROR 22000 | expected 5 dimensions, not 4
function	0	halfvec_lt('[-8.417225994215973e+17,-5.6,-7.5,-0.5]'::halfvec, '[6.75,-1.0,-4.5,-2.0]'::halfvec)	ERROR 22003 | "-8.417225994215973e+17" is out of range for type halfvec
function	0	halfvec_lt('[2.0,0,-4.5,-1.5,-3.75,0]'::halfvec, '[6.0,0.75,-6.25,-3.5,7.5,0]'::halfvec)	true
function	0	halfvec_mul('[ 0,0.50322006,-0.75,-7.0,-1.0,-3.75,-6.75,9.400,0,-1.25,4.75,-4.75,7.215404431693505e-38,-2.152419,-7.75]'::halfvec, (l2_normalize('[2.0,5.5,5.25,-5.5,0,-7.0,-3.75,-6.75,0,4.5\t,0.5,6.25,6.5,3.25,0]'::halfvec)))	[0,0.15649414,-0.22241211,2.1757812,-0,1.4833984,1.4306641,-3.5859375,0,-0.3178711,0.13427734,-1.6777344,0,-0.3955078,-0]
function	0	halfvec_ne('[0]'::halfvec, '[-5.5]'::halfvec(1))	true
function	0	halfvec_ne((array_to_halfvec('{9,2049,-2147483648}'::integer[], -1, true)), '[-8.0,0.0,1e+]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[-8.0,0.0,1e+]"
function	0	halfvec_negative_inner_product('[-4.25,7.5,3.5 ,-1.75,-6.5]'::halfvec, '[-5.0,2.0,-2.0,5.25,0]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[-4.25,7.5,3.5 ,-1.75,-6.5]"
function	0	halfvec_negative_inner_product((subvector('[0.25,-4.0,infin,0,0]'::halfvec, 1, 4)), (('{-6.25,-5.0,6.0,-1.0,-7.75}'::real[])::halfvec(4)))	ERROR 22000 | infinite value not allowed in halfvec
function	0	halfvec_out((subvector('[4.5,-2.0,\r\n0,-3.5,\r\n-3.0,-1.0,1.5,8.0,-5.5,8.0,-2.75,0,-6.5,-1.25,\r\n5.75,2.25]'::halfvec, 1, 17)))	[4.5,-2,0,-3.5,-3,-1,1.5,8,-5.5,8,-2.75,0,-6.5,-1.25,5.75,2.25]
function	0	halfvec_send('[-0.25,0,-2.5]'::halfvec)	\\x00030000b4000000c100
function	0	halfvec_send((halfvec_sub('[-7.25,6.412800271]'::halfvec, '[3.25,0]'::halfvec)))	\\x00020000c940466a
function	0	halfvec_to_float4('[-2.0,7.5]'::halfvec, 2, NULL)	NULL
function	0	halfvec_to_float4('[-6.75,4.0]'::halfvec, 0, NULL)	NULL
function	0	halfvec_to_sparsevec((('[7.0,5.0,5.75] '::vector)::halfvec), -2, NULL)	ERROR 22P02 | invalid input syntax for type vector: "[7.0,5.0,5.75] " | Junk after closing right brace.
function	0	halfvec_to_sparsevec((array_to_halfvec('{-7.8540,2.5,-2.9279966590015103e-40,2.634392574117874e+28,0,3.971933934}'::double precision[], -1, true)), 0, true)	ERROR 22003 | "2.6343927e+28" is out of range for type halfvec
function	0	halfvec_to_vector('[0]'::halfvec, -1, false)	[0]
function	0	halfvec_to_vector('[3.5]'::halfvec, -1, true)	[3.5]
function	0	hamming_distance(binary_quantize('[-4.0, 4.75,0,6.75]'::vector), NULL::bit)	NULL
function	0	hamming_distance(repeat('1011000', 2)::bit(2), B'10')	0
function	0	inner_product('[-7.75,0,7.25,-4.0 ,0.0,4.5,2.75,2.75,0]'::vector, '[-4.741407813458287e-40,8.103088254661795e+23,1.7458824061893342e-43,6.5984142866,-4.,-4.286517510,0,4.5276677599  ,4.7725460]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[-7.75,0,7.25,-4.0 ,0.0,4.5,2.75,2.75,0]"
function	0	inner_product('{4:-4.0,1:0.25,10:-0.5,15:5.5,16:-7.25,13:5.75,9:2.0,5:3.0,12:-6.75,11:6.25,7:-0.25}/16'::sparsevec, '{3:9.4,4:-0.25,6:0.5,7:3.5,8:2.08697973,9:-7.,10:3.24,12:-6.054702442,13:7.7800503,14:-7.75,15:-4.5,16:-2.0}/16'::sparsevec)	59.859527587890625
function	0	inner_product((l2_normalize('[2.25,5.75,0.5,0,0,-2.75]'::halfvec)), '[8.95,-1.75,7.758015094313225e-43,-7.5,5.75,-1.5]'::halfvec)	2.09710693359375
function	0	inner_product(NULL::halfvec, '[-3.,-3.6196113,5.4544,-1.25,-7.0]'::halfvec)	NULL
function	0	jaccard_distance(B'0110', binary_quantize('[-7.0,-3.75 ,-7.25,0]'::vector))	ERROR 22P02 | invalid input syntax for type vector: "[-7.0,-3.75 ,-7.25,0]"
function	0	jaccard_distance(B'11', B'11')	0
function	0	l1_distance('[-5.865894774913179e-31,-3.75,7.30422307,0,8.3781634044,2.75,0]'::halfvec, '[-1.0,7.25,7.5,1.75,-6.25,2.0,5.75]'::halfvec)	35.0703125
function	0	l1_distance('[0,0.5,3.5,2.75,-7.0,5.0]'::vector, '[6.1546,-3.75,9.8215367,-8.683,-4.5, -7.385071041468274e-23 ]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[6.1546,-3.75,9.8215367,-8.683,-4.5, -7.385071041468274e-23 ]"
function	0	l1_distance('{1:-1.25,4:,5:3.25}/6'::sparsevec, (array_to_sparsevec('[5:6]={3,4}'::double precision[], -1, true)))	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-1.25,4:,5:3.25}/6"
function	0	l1_distance((array_to_sparsevec('{-3.5}'::real[], -1, false)), '{\t1:-7.97329210}/1'::sparsevec)	4.473291873931885
function	0	l2_distance('[0.0]'::halfvec, '[4.8619930735809963e+33]'::halfvec)	ERROR 22003 | "4.8619930735809963e+33" is out of range for type halfvec
function	0	l2_distance('[6.25,0,7.5,-7.5,0,-3.0,0,-6.75,3.75]'::vector(10), '[-3.25,-5.75,6.25,-3.5,-3.0,6.0,0,-1.75,  -5.25]'::vector)	ERROR 22000 | expected 10 dimensions, not 9
function	0	l2_distance('{4:0.77354,6:0.5,8:3.8957109,9:4.713,10:4.75,11:-4.75,13:6.696,  14:5.25,15:-7.0}/15'::sparsevec, (('[3.786450,-5.559792109,0,-0.927,1.1040133,6.75,-7.5,-4.0,0,0,-1.61748213,-3.635,0.75,0,-7.21]'::vector)::sparsevec))	18.378689142580583
function	0	l2_distance((('{5.25,6.25,4.0,2.75,-5.0,0,-7.5,-1.0,3.50}'::numeric[])::sparsevec), '{2:3.75,3:-0.5,\t4:-5.5,5: 7.75,6:-1.25,8:3.25,9:4.0}/9'::sparsevec)	18.995065148611626
function	0	l2_distance((halfvec_sub('[-4.75,3.5]'::halfvec, '[-8.297460204640304e-38,6.0878 ]'::halfvec)), (('{0,5.25}'::real[])::halfvec))	ERROR 22P02 | invalid input syntax for type halfvec: "[-8.297460204640304e-38,6.0878 ]"
function	0	l2_distance((l2_normalize('[-0.5,-6.25]'::vector)), (sparsevec_to_vector('{1:-5.0,2:4.75}/2'::sparsevec, -2, false)))	ERROR 22000 | expected -2 dimensions, not 2
function	0	l2_norm('[0.75]'::halfvec)	0.75
function	0	l2_norm('{2:4.0,3:-6.75,4:5.75}/4'::sparsevec)	9.72753822917186
function	0	l2_norm((('{-6.75,0,0.5}'::real[])::sparsevec))	6.768493185340442
function	0	l2_norm((halfvec_mul('[-6.25,-2.5,-7.21639]'::halfvec, '[-2.38,-0.25,-1.0466]'::halfvec)))	16.702156631190253
function	0	l2_normalize('[-1.25,-6.25,-0.25]'::halfvec)	[-0.19592285,-0.97998047,-0.03918457]
function	0	l2_normalize('[-1.25,0]'::vector)	[-1,0]
function	0	l2_normalize('[0]'::vector)	[0]
function	0	l2_normalize('[7.9,6.5,1.7646538]'::halfvec)	[0.7607422,0.62597656,0.17004395]
function	0	l2_normalize('{1:0.75,\r\n2:6.0,3:-2.5}/5'::sparsevec)	{1:0.114624105,2:0.91699284,3:-0.38208035}/5
function	0	l2_normalize('{1:7.5,2:5.0}/3'::sparsevec)	{1:0.8320503,2:0.5547002}/3
function	0	sparsevec_cmp('{1:6.0,3:4.5,4:5.5}/4'::sparsevec, '{1:5.5,2:-2.25,3:-1.75,4:-4.5}/4'::sparsevec)	1
function	0	sparsevec_eq((('[-0.29286661]'::halfvec)::sparsevec), '{}/1'::sparsevec(1))	false
function	0	sparsevec_ge('{1:-3.5,2:-4.25}/3'::sparsevec, '{1:-0.75,2:-1.75}/3'::sparsevec)	false
function	0	sparsevec_gt((array_to_sparsevec('{2.0,-3.5}'::real[], 2, true)), (('{1:-2.75,2:-0.25}/2'::sparsevec(2))::sparsevec(2)))	true
function	0	sparsevec_gt(NULL::sparsevec, (array_to_sparsevec(series(64, 19, 1)::numeric[], -1, NULL)))	NULL
function	0	sparsevec_l2_squared_distance('{20:3.25,23:3.5,46:-0.75,53:-6.75}/100'::sparsevec, '{1:1.5}/1'::sparsevec)	ERROR 22000 | different sparsevec dimensions 100 and 1
function	0	sparsevec_le('{1:-6.25,2:0.75}/2'::sparsevec(2), '{}/2'::sparsevec)	true
function	0	sparsevec_le(NULL::sparsevec, (array_to_sparsevec('{7,7}'::integer[], -1, true)))	NULL
function	0	sparsevec_lt('{2:5.5,3\r\n:3.0,4:2.0}/4\n'::sparsevec(4), '{2:4.25,3:1.75,4:-3.0}/\r\n4'::sparsevec)	false
function	0	sparsevec_lt('{}/1'::sparsevec, (array_to_sparsevec('{3.75}'::double precision[], -2, NULL)))	NULL
function	0	sparsevec_ne('{168447:-5.5,400641:0,624670:-2.75,915069:2.5}/1000000'::sparsevec, '{2:2.25,3:-5.5,4:5.75,5\n: -2.75,6:-7.75}/6'::sparsevec)	true
function	0	sparsevec_ne('{1:3.75,2:0.640283,3:-8.0}/3'::sparsevec, '{1:-3.25,2:7.489607,3:4.047673}/3'::sparsevec)	true
function	0	sparsevec_negative_inner_product('{}/3'::sparsevec, '{1:-5.0,\r\n2:-8.0,3:-1.0}/3'::sparsevec)	-0
function	0	sparsevec_negative_inner_product(series(128, 79, 41)::sparsevec, ("sparsevec"('{1:4.5,2:6.75,3:0.25,4:-2.75,5:-6.75}/6'::sparsevec(6), 6, NULL)))	NULL
function	0	sparsevec_out('{1:-6.0,3:1.0}/3'::sparsevec)	{1:-6,3:1}/3
function	0	sparsevec_out('{2:-5.0,3:-6.75,6:2.75}/6'::sparsevec)	{2:-5,3:-6.75,6:2.75}/6
function	0	sparsevec_send('{1:1.25,2:-0.75}/2'::sparsevec)	\\x00000002000000020000000000000000000000013fa00000bf400000
function	0	sparsevec_to_halfvec('{333:0,8592:2.5,9784:0.0,12712:-2.0}/16000'::sparsevec, 4, NULL)	NULL
function	0	sparsevec_to_vector('{1:1.0,2:-8.0,3:3.0}/3'::sparsevec, -2, NULL)	NULL
function	0	subvector('[0,0,0,0,0,\n0\n]'::vector, -2147483648, 1)	ERROR 22000 | vector must have at least 1 dimension
function	0	subvector('[2.5,4.75,-4.25,0.75,-5.25]'::vector, 4, -1)	ERROR 22000 | vector must have at least 1 dimension
function	0	subvector('[5.5,0,6.0,0.0,4.0,7.75]'::halfvec, 2, 7)	[0,6,0,4,7.75]
function	0	subvector('\n[-2.5,-4.5,-1.5,-3.75,0.75,0]'::halfvec, -2147483648, 3)	ERROR 22000 | halfvec must have at least 1 dimension
function	0	vector_accum('{5,0,6.0}'::float8[], '[-8.0,-4.75,-5.5,4.0]'::vector)	ERROR 22000 | expected 2 dimensions, not 4
function	0	vector_add('[6.5]'::vector, '[-2.25]'::vector)	[4.25]
function	0	vector_avg('{6,8.0,3.75}'::float8[])	[1.3333334,0.625]
function	0	vector_cmp('[-0.5,\r\n-0.5,1.75,3.5,-2.5,6.5,-2.9221012]'::vector, '[5.75,5.25,-5.5,-5.75,0.0,-0.75,-2.75]'::vector)	-1
function	0	vector_combine('{7,3.0}'::float8[], '{3,4.75}'::float8[])	{10,7.75}
function	0	vector_combine('{9,6.0,-8.0,4.0}'::float8[], '{9,-6.75,0,-6.0}'::float8[])	{18,-0.75,-8,-2}
function	0	vector_concat('[-7.25,0,1.25,3.25]'::vector, (vector_concat('[-6.5,3.75,-0.101324,6.51470236]'::vector, '[4.75,0,-7.0,-4.75]'::vector)))	[-7.25,0,1.25,3.25,-6.5,3.75,-0.101324,6.5147023,4.75,0,-7,-4.75]
function	0	vector_concat('[0,-1.0,7.5]'::vector, (array_to_vector(array_fill(1::integer, ARRAY[20000]), 0, NULL)))	NULL
function	0	vector_dims('[0,0, 0,0,0]'::vector)	5
function	0	vector_dims('[1.25,300881727549.7784,4.0,9.872545652438203e-38]'::halfvec)	ERROR 22003 | "300881727549.7784" is out of range for type halfvec
function	0	vector_dims(('[-6.25,7.0,0,-1.5]'::halfvec || '[-1.1001625275163973e-20,9.198835877996851e-30,-2.7614754555114617e+28,1.25]'::halfvec))	ERROR 22003 | "-2.7614754555114617e+28" is out of range for type halfvec
function	0	vector_eq('[7.5,-3.5,8.7047,3.0,3.25,-3.15522486]'::vector, '[0,0,0,  0,0,0]'::vector)	false
function	0	vector_eq(('[1.5,0,1.75,-9.390238279]'::vector - '[1.5,-2.25,-6.0,-5.25]'::vector), (vector_sub('[-5.134,1.75, 5.236843864881091e+29,6.25]'::vector, '[0.25,-6.5,-0.5]'::vector)))	ERROR 22000 | different vector dimensions 4 and 3
function	0	vector_ge(' [5.25,4.0,6.75,4.75,-3.75,-2.75]'::vector, '[4.25,7.5,-7.0,-4.0,-5.25,0]'::vector)	true
function	0	vector_ge('[-8.0,-5.5,-8.3,-7.75,-3.25,-4.,-7.75,2.0,7.25]'::vector, '[-8.2925440,3.25,0,9.643025628628753e-06,-8.35647,0.4518,-4.5,8.08971,0.7]'::vector)	true
function	0	vector_gt((('{5.75,0,-3.0,0}'::numeric[])::vector(4)), '[-4.75,-1.0,0.5,-1.0]'::vector)	true
function	0	vector_gt((array_to_vector('{5.5,-4.0,7.5}'::numeric[], -1, false)), '[6.0]'::vector)	false
function	0	vector_l2_squared_distance('[0.25]'::vector, '[-2.0]'::vector)	5.0625
function	0	vector_l2_squared_distance((l2_normalize('[-2.5,3.3062062506803435e-37,8.6450530611101e-09,-2.5,9.60306728159765e-41,-1.8008304,4.5,7.4907931,-0.5]'::vector)), ('[-3.5,-8.0,2.0,-6.25,0,5.25,-4.0,7.25,1.75]'::vector || '[5.5,5.5,3.0,-5.25\n,-7.75,0,0,-7.25,-5.75] '::vector))	ERROR 22000 | different vector dimensions 9 and 18
function	0	vector_le('[5.5,7.0,4.17]'::vector, '[-2.0,7.5,3.75]'::vector)	false
function	0	vector_le(("vector"('[7.25,5.0,-0.75,2.75,4.75]'::vector, -2, false)), '[0,0,0\r\n,0,0]'::vector)	ERROR 22000 | expected -2 dimensions, not 5
function	0	vector_lt('[0]'::vector, '[3.0,0,-5.5]'::vector)	true
function	0	vector_mul('[8.5100,5.5]'::vector, '[0,-2.0]'::vector)	[0,-11]
function	0	vector_ne('[2.5,0,-7.75,2.25,0]'::vector, '[0,0,0,0,0]'::vector)	true
function	0	vector_ne((subvector('[0, -2.820089]'::vector, NULL::integer, 2)), '[4.0\n,6.9]'::vector(3))	ERROR 22000 | expected 3 dimensions, not 2
function	0	vector_negative_inner_product('[0,-6.0,-1.25,-2.75,-1.75,1.75,\r\n-5.75,5.5,1.75]'::vector, '[0,0,0,5.601686,5.870857169911534e+24,0,-3.75,2.0,9.253206290]'::vector)	1.027400058096538e+25
function	0	vector_negative_inner_product(NULL::vector, '[1.97,-4.75]'::vector)	NULL
function	0	vector_norm('[-5.0,0,3.0,4.75,1.0,0.7696]'::vector)	7.625928410378636
function	0	vector_norm(('[-647225.8949799152,7.75,-4.5,16777217,5.75]'::vector || '[-2.5,-4.0,0,0.75,-4.75]'::vector))	16789695.59116794
function	0	vector_out('[-2.8031,0,5.25,0.75,1.75,-3.618657]'::vector)	[-2.8031,0,5.25,0.75,1.75,-3.618657]
function	0	vector_out('[-6.75,7.75,-5.5]'::vector(2))	ERROR 22000 | expected 2 dimensions, not 3
function	0	vector_send('[5.25,-8.0]'::vector)	\\x0002000040a80000c1000000
function	0	vector_sub('[12345.678]'::vector, '[1.7]'::vector)	[12343.978]
function	0	vector_to_float4('[0,8.042466470473161e-21,9.4,-6.0]'::vector(4), -2, false)	{0,8.042466e-21,9.4,-6}
function	0	vector_to_float4('[0,0,0,0,0,0]'::vector, -2, NULL)	NULL
function	0	vector_to_halfvec('[4.0,6.75,5.25,-1.5,-7.5,2.0]'::vector(6), -1, true)	[4,6.75,5.25,-1.5,-7.5,2]
function	0	vector_to_halfvec(("vector"('[-2.75,-3.0]'::vector(2), 0, false)), 1, NULL)	ERROR 22000 | expected 0 dimensions, not 2
function	0	vector_to_sparsevec('[5.0,6.5,-3.5,6.75]'::vector(5), 4, true)	ERROR 22000 | expected 5 dimensions, not 4
function	0	vector_to_sparsevec(series(64, 34, 67)::vector, -2, true)	ERROR 22000 | expected -2 dimensions, not 64
function	1	cosine_distance('[0,0]'::vector, '[-5.5]'::vector)	ERROR 22000 | different vector dimensions 2 and 1
function	1	cosine_distance('[3.0,-4.0]'::vector, '[0,0]'::vector)	NaN
function	1	cosine_distance('{4:3.3347674883,2:-2.25,1:5.0,\n3:-0.}/4'::sparsevec, '{1:7.25,2:6.5,3:-0.5,4:7.25}/4'::sparsevec)	0.41258480528189656
function	1	cosine_distance((l2_normalize('[4.75,7.96225]'::halfvec)), '[0,4.25]'::halfvec)	0.14113150560498855
function	1	halfvec_spherical_distance((array_to_halfvec(array_fill(0::double precision, ARRAY[20000]), 1, true)), '[-2.5]'::halfvec)	ERROR 54000 | halfvec cannot have more than 16000 dimensions
function	1	halfvec_spherical_distance(l2_normalize('[-6.0,0.25,0.0,-5.0,-5.0,1.529621,-7.0] '::halfvec), l2_normalize('[-7.5,-4.5 ,3.25,-3955176617.3848257,-0.5,5.498\r\n,8.693309208]'::halfvec))	ERROR 22P02 | invalid input syntax for type halfvec: "[-6.0,0.25,0.0,-5.0,-5.0,1.529621,-7.0] " | Junk after closing right brace.
function	1	vector_spherical_distance('[-2.25]'::vector, '[-5.75]'::vector)	0
function	1	vector_spherical_distance(l2_normalize((('{1:6.957,2:9.75920880044415e+21}\n/2'::sparsevec)::vector)), l2_normalize('[-0.75]'::vector))	ERROR 22000 | different vector dimensions 2 and 1
operator	0	'[-0.25,-7.0,7.5,-3.25]'::halfvec > '[-0.25,4.5,-3.75,5.0]'::halfvec	false
operator	0	'[-0.25,3.25,-3.5,0]'::vector = '[7.75,2.75]'::vector	false
operator	0	'[-1.344440608142652e-34,-2.0,1.75,-5.25]'::halfvec + '[6.25,5.5,-4.75,-2.0]'::halfvec	[6.25,3.5,-3,-7.25]
operator	0	'[-2.25,1.0,3.0]'::vector(3) || (('[-7.5,1.75,-3.75]'::vector)::vector)	[-2.25,1,3,-7.5,1.75,-3.75]
operator	0	'[-3.25,-4.0,\r\n0,-2.75,0.25]'::vector * (array_to_vector('{{1,2},{3,4}}'::double precision[], 0, false))	ERROR 22000 | array must be 1-D
operator	0	'[-3.75]'::vector <> '[1.0000001]'::vector(1)	true
operator	0	'[-4.0,6.09726]'::halfvec < '[-4.5787,1e-45]'::halfvec	false
operator	0	'[-4.5]'::halfvec - '[4.0]'::halfvec	[-8.5]
operator	0	'[-5.0,5.75,6.75,-3.25,-3.0]'::halfvec >= (sparsevec_to_halfvec('{5698:-3.75,7602:-2.0,9147:-4.25,12887:7.0}/16000'::sparsevec, -1, NULL))	NULL
operator	0	'[-5.25,7.75,3.75,2.25,5.5,6.0]'::halfvec <= '[5.5,0.75,-1.5,-58437935023945.67,1.5,-9.7902]'::halfvec	ERROR 22003 | "-58437935023945.67" is out of range for type halfvec
operator	0	'[-6.0,-2.0,3.5,3.75\n]'::halfvec > (halfvec_concat('[3.25,5.5,-0.75,-2.25]'::halfvec, '[\r\n0,-4.25,5.25,-2.25]'::halfvec))	false
operator	0	'[-6.0853498,0,2.0]'::vector >= '[6.25,5.25,-5.5]'::vector(3)	false
operator	0	'[-6.5,-4.5 ,6.8]'::halfvec(3) <#> (subvector('[0,3.5,9.7709]'::halfvec, -1, 16000))	ERROR 22P02 | invalid input syntax for type halfvec: "[-6.5,-4.5 ,6.8]"
operator	0	'[0,-1.75,4.25,7.53137,0.75,6.25,8.0]'::halfvec >= (subvector('[0,2.25,-3.25,-6.25,3.0,2.0,-6.75]'::halfvec, 1, 3))	false
operator	0	'[0,-7.5,-6.5,-6.75,7.0,3.25,0,-0.25]'::vector + '[-1.25,7.5,2.0,0,2.5,-2.0,-2.25,-2.5]'::vector	[-1.25,0,-4.5,-6.75,9.5,1.25,-2.25,-2.75]
operator	0	'[0,0,0,0,0,0]'::vector <+> '[0,7.5,0,0,-4.25,7.0]'::vector	18.75
operator	0	'[0,0,0]'::halfvec <-> ((array_fill(1::real, ARRAY[2, 3]))::halfvec)	ERROR 22000 | array must be 1-D
operator	0	'[0,0]'::vector <-> '[0,-3.25]'::vector	3.25
operator	0	'[0,2.75,6.5,1.75,-6.,6.7012011,-8.31585,-5.0,1.75]'::halfvec || '[-2.8868375998544236e+23,-2.5,-7.25,0.2,-8.7279,-0.25,0,0,-2.376028558]'::halfvec	ERROR 22003 | "-2.8868375998544236e+23" is out of range for type halfvec
operator	0	'[0,4.0,-8.39369]'::halfvec <+> '[0.75,-2.02,0]'::halfvec	15.16015625
operator	0	'[0,5.25]'::halfvec <+> '[5.0,1.25]'::halfvec	9
operator	0	'[0.0,-3.25,0,0.75,-3.5,2.0]'::vector - NULL::vector	NULL
operator	0	'[0.0001]'::halfvec < '[-7.5]'::halfvec	false
operator	0	'[0.05814041589290691,0.0,-2.25]'::vector * '[-5.,7.75,2.6816130490438136e-12]'::vector	[-0.29070207,0,-6.0336293e-12]
operator	0	'[0.203934,-7.0,0]'::vector <#> (('{1_0,-70.76607045260724,0}'::real[])::vector(3))	ERROR 22P02 | invalid input syntax for type real: "1_0"
operator	0	'[0.25,-4.25,0.5,3.75,-2.75,-3.75]'::vector < '[-3.5,5.0,0,0.25,-5.0,-1.25]'::vector(7)	ERROR 22000 | expected 7 dimensions, not 6
operator	0	'[1.0]'::vector(1) > '[0]'::vector(2)	ERROR 22000 | expected 2 dimensions, not 1
operator	0	'[2.5]'::vector <> '[0.0]'::vector	true
operator	0	'[2.75,3.75,-5.5]'::vector < '\r\n[-1.25,5.5,\r\n3.75]'::vector(4)	ERROR 22000 | expected 4 dimensions, not 3
operator	0	'[3.75,-3.5,-6.0]'::vector(3) - '[0,-1.5,-8.0]'::vector	[3.75,-2,2]
operator	0	'[4.0,5.5,0.25,5.5,-4.0,\r\n-0.75]'::vector <-> '[-3.75,0,-0.75,-6.5,-1.5,0]'::vector	15.560366319595435
operator	0	'[5.25,-2.25,5.0,7.0,-7.5,-0.75,5.25]'::vector = '\r\n[0,0,0,0,  0,0,0]'::vector	false
operator	0	'[7.5,0.25,-8.0]'::vector <= '[7.75,0,7.75]'::vector	true
operator	0	'[8.59465,0,-955592.3620525197,-2.25,2.5600566,-7.75]'::vector <#> (subvector('[3.25,4.75,4.75,-7.0,7.25,1.25]'::vector, 3, 3))	ERROR 22000 | different vector dimensions 6 and 3
operator	0	'[ -2.0,4.25,5.25,0,-3.5]'::vector || '[5.0016058,0,-3.6956072,-4.5,-4.5]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[ -2.0,4.25,5.25,0,-3.5]"
operator	0	'{2:-3.0,5:-7.75,6:-8.0}/6'::sparsevec <#> (('{1,NULL}'::numeric[])::sparsevec(5))	ERROR 22004 | array must not contain nulls
operator	0	'{2:-5.5,3:4.75,4:-3.75}/4'::sparsevec <#> (halfvec_to_sparsevec('[0,7.5,-3.5,2.5]'::halfvec, 4, true))	67.25
operator	0	'{2:6.0,3:6.75,4:4.5,5:3.234568,\t6:3.5}/6'::sparsevec > NULL::sparsevec	NULL
operator	0	'{4:-80.6885057035391}/4'::sparsevec <-> '{135649758:0,190191761:4.25,264558269:0,363347374:3.0}/1000000000'::sparsevec	ERROR 22000 | different sparsevec dimensions 4 and 1000000000
operator	0	'{}/1'::sparsevec >= '{1:-2.}/1'::sparsevec	true
operator	0	('[6.1035156e-05]'::vector || '[-1.75]'::vector) <= (('{3.0}'::numeric[])::vector(1))	true
operator	0	('[7.75,0.5,-6.0,-0.5,7.304092,-6.4470]'::halfvec * NULL::halfvec) = '[0,0,0,0,0,0]'::halfvec	NULL
operator	0	(('[-7.0,7.25,1.5,1.25]'::vector)::sparsevec) <+> '{3:5.0}/ 4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{3:5.0}/ 4"
operator	0	(('[.5,65519]'::vector)::sparsevec) <= '{}/2'::sparsevec	false
operator	0	(('{-7.75,-5.25,2.6702711,-0.75}'::double precision[])::halfvec(4)) + '[5.5,-5.0,6.0,-6.25]'::halfvec(4)	[-2.25,-10.25,8.671875,-7]
operator	0	(('{1:2.75,2:3.75}/2'::sparsevec)::sparsevec(2)) <> '{2:0x1.8p-1}/2  '::sparsevec	true
operator	0	(array_to_halfvec('{-2.75,0}'::numeric[], 2, NULL)) <#> ('[4.25,3.906310874]'::halfvec * '[0,1.5]'::halfvec)	NULL
operator	0	(array_to_vector('{4,0,2,-1,3,-9}'::integer[], -1, NULL)) <+> '[-4.5,-7.5,-1.25,  0,6.5\t,0]'::vector	NULL
operator	0	(array_to_vector(array_fill(0::real, ARRAY[16001]), 0, true)) > '[-6.25,6.25,7.0,0\t]'::vector(3)	ERROR 54000 | vector cannot have more than 16000 dimensions
operator	0	(subvector('[1.25,5.0,8.0,-4.25]'::halfvec, 0, 5)) * (sparsevec_to_halfvec('{2:2.25,3:-7.75,4:2.75}/4'::sparsevec, -2, false))	ERROR 22000 | expected -2 dimensions, not 4
operator	0	B'100000' <~> binary_quantize('[4.5,2.75,-6.25,0,7.5,-7.0]'::halfvec)	2
operator	0	NULL::halfvec <-> '[-0.5,-5.25,-2.25,5.75,6.0,3.75]'::halfvec(5)	ERROR 22000 | expected 5 dimensions, not 6
operator	0	NULL::halfvec <= '[7.25]'::halfvec(1)	NULL
operator	0	binary_quantize('[1e+]'::vector) <~> B'0'	ERROR 22P02 | invalid input syntax for type vector: "[1e+]"
operator	0	binary_quantize('[8.835201857326556e-14]'::vector) <%> B'0'	1
operator	0	series(127, 46, 22)::halfvec <> (series(127, 50, 90)::halfvec * series(127, 14, 51)::halfvec)	true
operator	0	series(64, 46, 68)::sparsevec < series(64, 43, 41)::sparsevec	true
operator	0	series(64, 46, 80)::sparsevec = series(64, 19, 96)::sparsevec	false
operator	1	'[7.0,2.0,-4.75,-7.25,1.25,4.75,2.25,-5.0,-4.0,4.5,1.5,0,4.0,3.0,0]\r\n'::halfvec <=> '[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]'::halfvec(14)	ERROR 22000 | expected 14 dimensions, not 15
operator	1	'{1:-4.0,2:-6.0,3:  2.25}/4'::sparsevec <=> (array_to_sparsevec('{7.0,0,0.932870,-8.0}'::double precision[], 4, true))	1.3213192342292188
operator	1	'{341055570:-6.25,842694516:5.0,863967742:5.0,899749109:1.0}/1000000000'::sparsevec <=> '{1:-3.5,2:-3.0,3:-4.5,4:3.75}/6'::sparsevec	ERROR 22000 | different sparsevec dimensions 1000000000 and 6
operator	1	("vector"('[-4.25,-4.75,9.702625943564574e-43,-0.58395,2.0]'::vector, 5, NULL)) <=> '[-2.75,7.173098416886279e-23,16777217,4.0835336925003675e-06,-3.75]'::vector	NULL
operator	1	(array_to_halfvec('{0,3.75,2.25,-2.0,-3.0,-1.5}'::double precision[], -1, true)) <=> '[6.5,0,3.25,-0.25,0,\r\n-2.0]'::halfvec	0.7554632915118841
order	0	'[0,0,0]'::halfvec <= '[-2.5,-4.75]'::halfvec(2)	false
order	0	'[-2.25,0.25,2.5]'::halfvec <= '[3.75,4.0]'::halfvec	true
order	0	'[-3.0,9.9155]'::halfvec > '[-4.0,-6.25]'::halfvec	true
order	0	'[-3.0]'::halfvec <= '[65519,1e-45]'::halfvec	true
order	0	'[0,0]'::vector <= '[0,0]'::vector	true
order	0	'[0,0.0001,-7.25]'::vector >= '[-3.25]'::vector	true
order	0	'[0.0,7.5,-6.0]  '::vector < '[0,0]'::vector	false
order	0	'[0]'::halfvec <> '[\n1.25,-5.75]'::halfvec	true
order	0	'[0]'::vector >= '[0,0,0]'::vector	false
order	0	'[4.5,-6.5]'::halfvec <= '[4.5,-6.5]'::halfvec	true
order	0	'[5.9604645e-08]'::vector < '[1e-45]'::vector	false
order	0	'[\t-8.84084666]'::vector > '[-2.75]'::vector	false
order	0	'{1:-2.0,2:0.25,3:5.25}/3'::sparsevec >= '{1:5.5}/1'::sparsevec	false
order	0	'{1:-4.25}/1'::sparsevec <> '{1:-3.75,2: -0.5}/2'::sparsevec	true
order	0	'{1:-6.75,2:\t6.25,3:4.25}/3'::sparsevec >= '{2:4.75}/2'::sparsevec	false
order	0	'{1:9.12262453502366e-18 }/1 '::sparsevec <= '{1:9.12262453502366e-18 }/1 '::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:9.12262453502366e-18 }/1 " | Junk after closing.
order	0	'{38482:-2.25,398232:-7.5,754638:7.5,887927:-0.75}/1000000'::sparsevec > '{38482:-2.25,398232:-7.5,754638:7.5,887927:-0.75}/1000000'::sparsevec	false
order	0	'{}\r\n/2'::sparsevec <> '{1185:7.5,2170:-8.0,3512:-7.5,6108:8.0}/16000'::sparsevec	true
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[  -2.0]'::vector), ('[0]'::vector)) AS t(x))	{[-2],[0]}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-4.750409421386046e-45,1.25]'::halfvec), ('[2.0,0,-5.75]'::halfvec)) AS t(x))	{"[-0,1.25]","[2,0,-5.75]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[5.25]'::halfvec), ('[1.0]'::halfvec)) AS t(x))	{[1],[5.25]}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('{192313915:-0.25,547450662:2.0,564478211:-1.5,815031524:0}/1000000000'::sparsevec), ('{1\n:2.25,2:8.4953770295\n,3:1.9}/3'::sparsevec), ('{1:2.0}/3'::sparsevec), ('{1:6.25}/1'::sparsevec)) AS t(x))	{"{192313915:-0.25,547450662:2,564478211:-1.5}/1000000000","{1:2}/3","{1:2.25,2:8.495377,3:1.9}/3","{1:6.25}/1"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-2.0,-6.9,0]'::halfvec), ('[-2.0,0,0]'::halfvec), ('[-0.75,1e15]'::halfvec)) AS t(x))	ERROR 22003 | "1e15" is out of range for type halfvec
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-4.0]'::vector), ('[5.25,-0.25]  '::vector), (NULL::vector), ('[0,-1.75,7.5]'::vector)) AS t(x))	{"[5.25,-0.25]","[0,-1.75,7.5]",[-4],NULL}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-5.5,-6.8457964,\r\n7.16]'::vector), ('[1.0,0,0.0]'::vector), ('[5.0,-5.25]'::vector(2))) AS t(x))	{"[5,-5.25]","[1,0,0]","[-5.5,-6.8457966,7.16]"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[0,-4.25,7.0]'::halfvec), ('[0,-6.75]'::halfvec), ('[-3.5,3.1760383341170414e-45,0.0]'::halfvec), ('[-0.75,4.75]'::halfvec), ('[0]'::halfvec(1)), ('[-4.5\t]'::halfvec)) AS t(x))	{"[0,-4.25,7]","[0,-6.75]",[0],"[-0.75,4.75]","[-3.5,0,0]",[-4.5]}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[0]'::vector), ('[-3.5]'::vector)) AS t(x))	{[0],[-3.5]}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[7.0]'::halfvec), ('[0]'::halfvec), ('[0.0,1.5,3.0152612298096626e-30]'::halfvec), ('[4.5]'::halfvec), ('[0]'::halfvec)) AS t(x))	{[7],[4.5],"[0,1.5,0]",[0],[0]}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{1:-2.25,2:5.388883427286166e-41}/2'::sparsevec), ('{37648:-3.5,593941:3.75,780284:5.75,809027:-1.5}/1000000'::sparsevec), ('{3:3.25,2:5.5,1:7.75}/3'::sparsevec)) AS t(x))	{"{1:7.75,2:5.5,3:3.25}/3","{37648:-3.5,593941:3.75,780284:5.75,809027:-1.5}/1000000","{1:-2.25,2:5.3888e-41}/2"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{1:-8.0}/1'::sparsevec), ('{1:6.5,2:6.25}/2'::sparsevec), ('{}/1'::sparsevec), ('{1:7.75,2:-2.5,3:-6.75}/3'::sparsevec), ('{1:6.027780508845648e+23,2:  3.25,3:1.75}/3'::sparsevec)) AS t(x))	{"{1:6.0277806e+23,2:3.25,3:1.75}/3","{1:7.75,2:-2.5,3:-6.75}/3","{1:6.5,2:6.25}/2","{}/1","{1:-8}/1"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{1:0.5176505861756799,2:4.0}/2'::sparsevec), ('{1:4.75,2:2.5}/2'::sparsevec), ('{140229814:5.25,270769787:7.0,358644465:0,753436008:-7.75}/1000000000'::sparsevec), ('{1:123456789}/1'::sparsevec), ('{}/1'::sparsevec)) AS t(x))	{"{1:1.2345679e+08}/1","{1:4.75,2:2.5}/2","{1:0.5176506,2:4}/2","{140229814:5.25,270769787:7,753436008:-7.75}/1000000000","{}/1"}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[-0.907095652]'::vector), ('[-4.5]'::vector)) AS t(x))	{[-4.5],[-0.9070957]}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('{1:-6.5}/3'::sparsevec), ('{1:-4.75,2:-8.0,3:2.5}/3'::sparsevec), ('{}/1'::sparsevec), ('{1:3.75}/1'::sparsevec)) AS t(x))	{"{1:-6.5}/3","{1:-4.75,2:-8,3:2.5}/3","{}/1","{1:3.75}/1"}
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-5.5,0,4.75]'::vector), ('[-6.25,-1.75,3.5\t]'::vector)) AS t(x))	2
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-6.75\r\n]'::halfvec), ('[\n6.25,0]'::halfvec), ('[-5.75  ,0.5]'::halfvec), ('[-5.267626,-4.25439,5.0]'::halfvec(3)), ('[2.75,5.0,-5.25]'::halfvec)) AS t(x))	5
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-7.5,-0.5,6.306257722623434e-09]'::halfvec), ('[-5.5,-5.75,-5.0]'::halfvec(3)), ('[ 7.5,-2.5]'::halfvec), ('[\t-6.222684,-9.6,  -8.348478349589326e+35]'::halfvec), ('[7.75]'::halfvec)) AS t(x))	ERROR 22003 | "-8.348478349589326e+35" is out of range for type halfvec
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[0,0]'::vector), ('[-7.5,6.75]'::vector)) AS t(x))	2
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[5.9e-39]'::vector), ('[7.75]'::vector), ('[  3.0,0,-3.25]'::vector), ('[3.25]'::vector(1)), ('[7.75]'::vector), ('[0\t,0]'::vector)) AS t(x))	5
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[6.544209396477596e-17]'::vector), ('[3.25,-6.75]'::vector), ('[-3.0,-3.75]'::vector), ('[0]'::vector)) AS t(x))	4
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[7.75]'::halfvec), ('[2.75,5.75]'::halfvec), ('[3.48,6.25,-5.583561210276937e+25]'::halfvec), ('[0]'::halfvec), ('[3.0,-5.75,7.0]'::halfvec)) AS t(x))	ERROR 22003 | "-5.583561210276937e+25" is out of range for type halfvec
order	0	NULL::halfvec <= '[12345.678]'::halfvec	NULL
order	0	vector_cmp('[-6.253307489,-3.5]'::vector, '[0,0,0]'::vector)	-1
order	0	vector_cmp('[-8.0,-1.0]'::vector, '[5.36356333,-0.,1.42274]'::vector)	-1
resolution	0	'[-1.5,-2.5]'::halfvec >= '{1,2}'::real[]	ERROR 42883 | operator does not exist: halfvec >= real[] | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	'[1,2]' <%> '{}/2'::sparsevec	ERROR 42883 | operator does not exist: unknown <%> sparsevec | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	'[NaN,1e-400]'::halfvec * NULL	ERROR 22000 | NaN not allowed in halfvec
resolution	0	'{1,2}'::real[] * '[1,2]'	ERROR 42883 | operator does not exist: real[] * unknown | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	'{1:1}/2' <-> B'10'	ERROR 42883 | operator does not exist: unknown <-> bit | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	('10'::varbit)::halfvec	ERROR 42846 | cannot cast type bit varying to halfvec
resolution	0	('[-5.75,1.75]'::vector)::vector	[-5.75,1.75]
resolution	0	(ARRAY[1,2])::halfvec	[1,2]
resolution	0	B'10' < '10'::varbit	false
resolution	0	array_to_vector(NULL, 1, '[9.328540,6.5]'::halfvec(2))	ERROR 42883 | function array_to_vector(unknown, integer, halfvec) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	halfvec_concat(B'10', '{1,2}'::real[])	ERROR 42883 | function halfvec_concat(bit, real[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	halfvec_l2_squared_distance('{1,2}'::real[], 1)	ERROR 42883 | function halfvec_l2_squared_distance(real[], integer) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	halfvec_le('[0,0]'::halfvec, NULL)	NULL
resolution	0	halfvec_mul('[1,2]', '[1,2]')	[1,4]
resolution	0	sparsevec_negative_inner_product(ARRAY[1,2], NULL)	ERROR 42883 | function sparsevec_negative_inner_product(integer[], unknown) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	subvector(ARRAY[1,2], ARRAY[1,2], B'10')	ERROR 42883 | function subvector(integer[], integer[], bit) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sum('10'::varbit)	ERROR 42883 | function sum(bit varying) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	vector_avg(1)	ERROR 42883 | function vector_avg(integer) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	vector_dims('{1:1}/2')	ERROR 42725 | function vector_dims(unknown) is not unique | Could not choose a best candidate function. You might need to add explicit type casts.
resolution	0	vector_out(1)	ERROR 42883 | function vector_out(integer) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	vector_to_halfvec('10'::varbit, '[1,2]', '{1,2}'::real[])	ERROR 42883 | function vector_to_halfvec(bit varying, unknown, real[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	1	cosine_distance('10'::varbit, B'10')	ERROR 42883 | function cosine_distance(bit varying, bit) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
text	0	'  [0.75,-0.25]'::halfvec	[0.75,-0.25]
text	0	',[anan]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: ",[anan]" | Vector contents must start with "[".
text	0	'-7.75,-6.75,7\n.25]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "-7.75,-6.75,7\n.25]" | Vector contents must start with "[".
text	0	'1,2]'::vector	ERROR 22P02 | invalid input syntax for type vector: "1,2]" | Vector contents must start with "[".
text	0	'1a:5,75}/1'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "1a:5,75}/1" | Vector contents must start with "{".
text	0	'3:-5.0,3:2.25,4:-3.5}4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "3:-5.0,3:2.25,4:-3.5}4" | Vector contents must start with "{".
text	0	'5.5+'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "5.5+" | Vector contents must start with "[".
text	0	'8\t30]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "8\t30]" | Vector contents must start with "[".
text	0	'[  2.4827 5'::vector	ERROR 22P02 | invalid input syntax for type vector: "[  2.4827 5"
text	0	'[+1]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[+1]" | Vector contents must start with "{".
text	0	'[,0,,0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[,0,,0]"
text	0	'[-.25,0.25,-710]'::halfvec	[-0.25,0.25,-710]
text	0	'[-0.5,)7.75,-3.0,5.5]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-0.5,)7.75,-3.0,5.5]"
text	0	'[-1.7980819526388836e+34]'::vector	[-1.7980819e+34]
text	0	'[-2.5,3.75,-7.25]'::halfvec	[-2.5,3.75,-7.25]
text	0	'[-3.25,-1.5]'::vector	[-3.25,-1.5]
text	0	'[-4.2,0,-E7.641225788]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-4.2,0,-E7.641225788]"
text	0	'[-4.25,-5.5,5.5 ]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-4.25,-5.5,5.5 ]"
text	0	'[-4.393153181339e-42,-0.7,3.5,5.884606,8.737,7.7041]'::vector	[-4.393e-42,-0.7,3.5,5.884606,8.737,7.7041]
text	0	'[-4.75,-45 ,6i.0]\t'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-4.75,-45 ,6i.0]\t"
text	0	'[-4.75,0,-7.5,3.25]'::vector	[-4.75,0,-7.5,3.25]
text	0	'[-45,3:0,0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-45,3:0,0]"
text	0	'[-5.0,6.25,7.25,6.75,1.5 ,1.0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-5.0,6.25,7.25,6.75,1.5 ,1.0]"
text	0	'[-6.25,0,7.75,0,-6.75,-4.0\r\n]'::vector	[-6.25,0,7.75,0,-6.75,-4]
text	0	'[-7.25,5.0,-4.0,-5.25,9.183,7.75]'::vector	[-7.25,5,-4,-5.25,9.183,7.75]
text	0	'[0,-4.0,-1.0, -5.0,-3.25]'::vector	[0,-4,-1,-5,-3.25]
text	0	'[0,-4.75,-7.25]'::halfvec	[0,-4.75,-7.25]
text	0	'[0,-6.0,6.5]'::halfvec	[0,-6,6.5]
text	0	'[0,0,0,0]'::vector	[0,0,0,0]
text	0	'[0,0,00a]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[0,0,00a]"
text	0	'[0,4.25,3.99783486178,007]'::halfvec	[0,4.25,3.9980469,7]
text	0	'[0,4.5,9.888231748325005e+37,2.665605,5.25,-2.9158954656344214e+33]'::halfvec	ERROR 22003 | "9.888231748325005e+37" is out of range for type halfvec
text	0	'[0,55.6857]'::halfvec	[0,55.6875]
text	0	'[0.75, -6.25,-4.0,2.25,2.0,0]'::halfvec	[0.75,-6.25,-4,2.25,2,0]
text	0	'[08.66581720]'::halfvec	[8.6640625]
text	0	'[0]'::halfvec	[0]
text	0	'[0]'::vector	[0]
text	0	'[0]\r\n'::halfvec	[0]
text	0	'[1 ]'::vector	[1]
text	0	'[1.0\nx'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[1.0\nx"
text	0	'[1.25,-0.5,-1.5,2.5,-5.75,-0.25]'::halfvec	[1.25,-0.5,-1.5,2.5,-5.75,-0.25]
text	0	'[1;2]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[1;2]"
text	0	'[2,5.80'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[2,5.80"
text	0	'[2.5,-3.25,-3.6717,0.4182940]'::halfvec	[2.5,-3.25,-3.671875,0.4182129]
text	0	'[3.0,-7.0,\r\n-6.5,6.5,0,3.0]'::halfvec	[3,-7,-6.5,6.5,0,3]
text	0	'[3.0,.75]'::vector	[3,0.75]
text	0	'[3.0,8.76756703806886e+18,-1.5]  '::halfvec	ERROR 22003 | "8.76756703806886e+18" is out of range for type halfvec
text	0	'[3.25]'::vector	[3.25]
text	0	'[4.5,-7.5,7..5]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[4.5,-7.5,7..5]"
text	0	'[4.75,-4.311668102473067e-37,8.0,2.5]'::halfvec	[4.75,-0,8,2.5]
text	0	'[5.25,-7.5,0,1.0]'::halfvec	[5.25,-7.5,0,1]
text	0	'[5.5,-1.25,-3.75,2.75,3.5]'::halfvec	[5.5,-1.25,-3.75,2.75,3.5]
text	0	'[6. 5,-0759]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[6. 5,-0759]"
text	0	'[6.75,-0.5,-3.75,5.0,  -5.5]'::vector	[6.75,-0.5,-3.75,5,-5.5]
text	0	'[655196-2.5,6.5\n]'::halfvec	ERROR 22003 | "655196" is out of range for type halfvec
text	0	'[7.75,0,6.256327487549354e+22,4.75, -5.]'::halfvec	ERROR 22003 | "6.256327487549354e+22" is out of range for type halfvec
text	0	'[9.430864434173603e-4,1,7.0,6.25]'::halfvec	[0.0009431839,1,7,6.25]
text	0	'[INF]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[INF]" | Vector contents must start with "{".
text	0	'[]'::halfvec	ERROR 22000 | halfvec must have at least 1 dimension
text	0	'[]'::vector	ERROR 22000 | vector must have at least 1 dimension
text	0	'[in]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[in]"
text	0	'[nanx]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[nanx]" | Vector contents must start with "{".
text	0	'{  1:1.5,2:-6.5,4:575}/4'::sparsevec	{1:1.5,2:-6.5,4:575}/4
text	0	'{ 1:.5}/1'::sparsevec	{1:0.5}/1
text	0	'{ 1:1}/1'::vector	ERROR 22P02 | invalid input syntax for type vector: "{ 1:1}/1" | Vector contents must start with "[".
text	0	'{01:1}/3'::sparsevec	{1:1}/3
text	0	'{1:1e16 x}/1'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:1e16 x}/1"
text	0	'{1:-4.25}/1'::sparsevec	{1:-4.25}/1
text	0	'{1:-4e38}/3'::sparsevec	ERROR 22003 | "-4e38" is out of range for type sparsevec
text	0	'{1:-inf}/1'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:-inf}/1" | Vector contents must start with "[".
text	0	'{1:0,1:0}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:0,1:0}/3" | Vector contents must start with "[".
text	0	'{1:0.0,2:-0.78,3:-3.85493671}/3'::sparsevec	{2:-0.78,3:-3.8549366}/3
text	0	'{1:0.5,2:6.75,3:-8.0,4:-5.0}/6'::sparsevec	{1:0.5,2:6.75,3:-8,4:-5}/6
text	0	'{1:0}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:0}/3" | Vector contents must start with "[".
text	0	'{1:1 2:2}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1 2:2}/3" | Vector contents must start with "[".
text	0	'{1:1 2:2}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:1 2:2}/3"
text	0	'{1:1 }/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1 }/3" | Vector contents must start with "[".
text	0	'{1:1,2:2e}/2'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1,2:2e}/2" | Vector contents must start with "[".
text	0	'{1:1,2:abc}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:1,2:abc}/3"
text	0	'{1:1}/ 3 '::sparsevec	{1:1}/3
text	0	'{1:1}/ 3 '::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1}/ 3 " | Vector contents must start with "[".
text	0	'{1:1}/1000000000'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1}/1000000000" | Vector contents must start with "[".
text	0	'{1:1}/99999999999999999999'::sparsevec	ERROR 54000 | sparsevec cannot have more than 1000000000 dimensions
text	0	'{1:4.25,3:5.54:2.5}:/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:4.25,3:5.54:2.5}:/4"
text	0	'{1:4.5}/1'::sparsevec	{1:4.5}/1
text	0	'{1\n:-2.5,2:-6.0,3:5.75}/3'::sparsevec	{1:-2.5,2:-6,3:5.75}/3
text	0	'{2147483648:1}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{2147483648:1}/3" | Vector contents must start with "[".
text	0	'{2:-1.25,3:n-2.5}/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:-1.25,3:n-2.5}/4"
text	0	'{2:3.25,3:2.25,4:-9.35514627178097e-37}/4  '::sparsevec	{2:3.25,3:2.25,4:-9.355147e-37}/4
text	0	'{2:5.0}/4\t\r\n'::sparsevec	{2:5}/4
text	0	'{2:5.5,3:4.25:9.167473}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:5.5,3:4.25:9.167473}/3"
text	0	'{2:7.5,3:5.0,6:-8.14904842}/6'::sparsevec	{2:7.5,3:5,6:-8.149049}/6
text	0	'{4:-6.0}/5'::sparsevec	{4:-6}/5
text	0	'{{}/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{{}/4"
text	0	'{}(2}'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{}(2}" | Unexpected end of input.
text	0	'{}/1 x'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{}/1 x" | Junk after closing.
text	0	'{}/1x'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{}/1x" | Junk after closing.
text	0	'{}/6'::sparsevec	{}/6
typmod	0	'  [  2.25,-0.75,6.5]'::vector(0)	ERROR 22023 | dimensions for type vector must be at least 1
typmod	0	' [0,0.01]'::vector(2147483648)	ERROR 22003 | value "2147483648" is out of range for type integer
typmod	0	'[-1.25,4.5,-1.75,0]'::vector(2147483647)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[-2.75,3.75]'::vector(16000)	ERROR 22000 | expected 16000 dimensions, not 2
typmod	0	'[-5.5,-6.0,0]'::vector('')	ERROR 22P02 | invalid input syntax for type integer: ""
typmod	0	'[-5.8260,-7.5]'::vector(1)	ERROR 22000 | expected 1 dimensions, not 2
typmod	0	'[-6.01260,-5.6558098,-8.0,\r\n-3.75]'::vector(1000000000)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[-7.5,6.75]'::halfvec(4)	ERROR 22000 | expected 4 dimensions, not 2
typmod	0	'[0 ,5.25]'::vector(4)	ERROR 22000 | expected 4 dimensions, not 2
typmod	0	'[0,0,0]'::vector(1000000001)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[0,0,0]'::halfvec(1000000000)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[0,6.0,1.75,0]'::halfvec(1000000001)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[0.5]'::halfvec(16000)	ERROR 22000 | expected 16000 dimensions, not 1
typmod	0	'[0]'::halfvec(1000000001)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[0]'::halfvec(2147483647)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[1d,-7.0]'::halfvec(4)	ERROR 22P02 | invalid input syntax for type halfvec: "[1d,-7.0]"
typmod	0	'[7.5]'::vector(2147483647)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'{1  :1041575238898382.4,3:-6.25}/3'::sparsevec(2)	ERROR 22000 | expected 2 dimensions, not 3
typmod	0	'{1:-0.25}/1'::sparsevec(2147483648)	ERROR 22003 | value "2147483648" is out of range for type integer
typmod	0	'{2:-5.5}/4'::sparsevec('')	ERROR 22P02 | invalid input syntax for type integer: ""
\.
SET client_min_messages = error;
SET extra_float_digits = 1;
CREATE VIEW difference AS
	SELECT kind, expression, outcome AS pgvector, ours
	FROM fact, LATERAL (SELECT outcome(expression) OFFSET 0) AS evaluated(ours)
	WHERE NOT same(outcome, ours, size);
-- test: aggregate
SELECT * FROM difference WHERE kind = 'aggregate';
-- test: array
SELECT * FROM difference WHERE kind = 'array';
-- test: binary
SELECT * FROM difference WHERE kind = 'binary';
-- test: cast
SELECT * FROM difference WHERE kind = 'cast';
-- test: function
SELECT * FROM difference WHERE kind = 'function';
-- test: operator
SELECT * FROM difference WHERE kind = 'operator';
-- test: order
SELECT * FROM difference WHERE kind = 'order';
-- test: resolution
SELECT * FROM difference WHERE kind = 'resolution';
-- test: text
SELECT * FROM difference WHERE kind = 'text';
-- test: typmod
SELECT * FROM difference WHERE kind = 'typmod';
DROP VIEW difference;
DROP TABLE fact;
DROP FUNCTION outcome, series, reals, received, same;
