-- Expressions whose outcomes are those of pgvector 0.8.7.
-- Made by test/differential.py record --count 640 --seed 2026

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
	-- where no function fits, or several do, servers differ in these
	IF sqlstate IN ('42883', '42725') THEN
		detail := '';
		hint := '';
	END IF;
	-- hints of dimensions, of syntax and of binary forms are ours alone
	IF sqlstate IN ('22000', '22P02') OR hint LIKE 'These bytes %' THEN
		hint := '';
	END IF;
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

-- n numbers of which few have a sum that floats hold, and fewer a sum of squares
CREATE FUNCTION large(n integer, a integer, b integer) RETURNS float8[]
LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(((i::bigint * a + b) % 7 - 3) * 1e38::real::float8 ORDER BY i) FROM generate_series(1, n) AS i
$$;

-- A sum as floats hold it
CREATE FUNCTION float_range(x float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN abs(x) < 3.4028235677973366e38 THEN x ELSE x * 'Infinity'::float8 END
$$;

-- What ANALYZE keeps of a column
CREATE FUNCTION analyzed(kind text, rows text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	DROP TABLE IF EXISTS analyzed_rows;
	EXECUTE 'CREATE TEMP TABLE analyzed_rows (v ' || kind || ')';
	EXECUTE 'INSERT INTO analyzed_rows SELECT x::' || kind || ' FROM unnest($1) AS x' USING rows;
	ANALYZE analyzed_rows;
	SELECT concat_ws(' ', null_frac, avg_width, n_distinct, most_common_vals, most_common_freqs,
		histogram_bounds, correlation) INTO result
	FROM pg_stats WHERE tablename = 'analyzed_rows' AND schemaname ~ '^pg_temp';
	RETURN result;
END $$;

-- The distances of what an index finds among some rows, or none; in order, which
-- that of halfvecs normalized as pgvector does it is not always
CREATE TABLE some_vector (v vector(3));
INSERT INTO some_vector SELECT ARRAY[i, i % 3 - 1, 2 - i]::vector FROM generate_series(1, 9) AS i;
CREATE TABLE some_halfvec AS SELECT v::halfvec(3) FROM some_vector;
CREATE TABLE some_sparsevec AS SELECT v::sparsevec(3) FROM some_vector;
CREATE TABLE some_bit AS SELECT binary_quantize(v)::bit(3) AS v FROM some_vector;
DO $$
DECLARE
	kind text;
	class text;
BEGIN
	FOREACH kind IN ARRAY '{vector,halfvec,sparsevec,bit}'::text[] LOOP
		EXECUTE format('CREATE TABLE no_%1$s (LIKE some_%1$s)', kind);
		FOREACH class IN ARRAY CASE kind WHEN 'bit' THEN '{hamming,jaccard}'::text[] ELSE '{l2,ip,cosine,l1}' END LOOP
			EXECUTE format('CREATE INDEX ON some_%1$s USING hnsw (v %1$s_%2$s_ops)', kind, class);
			EXECUTE format('CREATE INDEX ON no_%1$s USING hnsw (v %1$s_%2$s_ops)', kind, class);
		END LOOP;
	END LOOP;
END $$;
CREATE FUNCTION nearest(name text, kind text, operator text, query text) RETURNS float8[]
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	result float8[];
BEGIN
	EXECUTE format('SELECT array_agg(d ORDER BY d) FROM (SELECT v %1$s %2$L::%3$s AS d FROM %4$s ORDER BY v %1$s %2$L::%3$s LIMIT 9) AS t',
		operator, query, kind, name) INTO result;
	RETURN result;
END $$;

-- Bytes as a sparsevec, whatever they are
CREATE CAST (bytea AS sparsevec) WITHOUT FUNCTION;

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
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0,-0]'::halfvec)) AS t(x))	[-0,-0]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0,1]'::vector)) AS t(x))	[-0,1]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0,1]'::vector), ('[0,-0]'::vector)) AS t(x))	[0,0.5]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0,1]'::vector), ('[0,-0]'::vector), ('[-0,1]'::vector)) AS t(x))	[0,0.6666667]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-0.5,-6.25,-6.5,-7.0,-6.5]'::vector), ('[-2.25,0.75,4.25,0\r\n,-2.0]'::vector), ('[-3.5,4.0,0,0,0]'::vector)) AS t(x))	[-2.0833333,-0.5,-0.75,-2.3333333,-2.8333333]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[0,-0]'::halfvec)) AS t(x))	[0,-0]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[0,-0]'::halfvec), ('[-0,-0]'::halfvec), ('[-0,1]'::halfvec)) AS t(x))	[0,0.33325195]
aggregate	0	(SELECT avg(x) FROM (VALUES ('[0,1]'::vector), ('[-0,1]'::vector), ('[0,1]'::vector)) AS t(x))	[0,1]
aggregate	0	(SELECT avg(x) FROM (VALUES (NULL::halfvec)) AS t(x) WHERE false)	NULL
aggregate	0	(SELECT avg(x) FROM (VALUES (NULL::vector)) AS t(x) WHERE false)	NULL
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-0,-0]'::halfvec)) AS t(x))	[-0,-0]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-0,-0]'::vector), ('[-0,1]'::vector), ('[-0,1]'::vector)) AS t(x))	[-0,2]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-4.0,\t-2.0\t,-2.25,0,1.5]'::vector), ('[-1.466650,-6.0,7.9479,-6.75,-6.75]'::vector)) AS t(x))	[-5.46665,-8,5.6979,-6.75,-5.25]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-5.5,5.75]'::vector), ('[-0.25,2.75]'::vector)) AS t(x))	[-5.75,8.5]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,1]'::halfvec)) AS t(x))	[0,1]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,1]'::halfvec), ('[-0,-0]'::halfvec), ('[-0,-0]'::halfvec)) AS t(x))	[0,1]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,1]'::halfvec), ('[-0,1]'::halfvec), ('[-0,1]'::halfvec)) AS t(x))	[0,3]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,1]'::vector)) AS t(x))	[0,1]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[0,1]'::vector), ('[0,-0]'::vector)) AS t(x))	[0,1]
aggregate	0	(SELECT sum(x) FROM (VALUES ('\r\n[5.331657262616004e+24,-1.25,5.5]'::halfvec), ('[1.75,6.25,-1.5]'::halfvec)) AS t(x))	ERROR 22003 | "5.331657262616004e+24" is out of range for type halfvec
aggregate	0	(SELECT sum(x) FROM (VALUES (NULL::halfvec)) AS t(x) WHERE false)	NULL
array	0	'[-1e38,-3e38] '::halfvec = ANY (ARRAY['[-0.75,0.0]'::halfvec])	ERROR 22003 | "-1e38" is out of range for type halfvec
array	0	'[-4.75,0.5]'::vector(3) = ANY (ARRAY['[5.75,2.25]'::vector])	ERROR 22000 | expected 3 dimensions, not 2
array	0	'[2.0,4.75]'::vector = ANY (ARRAY['[-0.75,-4.0]'::vector])	false
array	0	'[3.5,-3.5]'::halfvec BETWEEN '[5.0,-2.0]'::halfvec AND '[3.5,-3.5]'::halfvec	false
array	0	'[5.1316276744,-3.25]'::vector IN ('[5.1316276744,-3.25]'::vector, '[4.25,-6.0]'::vector)	true
array	0	'{1:-0.3630,2:4.0}/2'::sparsevec IS DISTINCT FROM '{2:0.0}/2'::sparsevec	true
array	0	'{1:-0.75,2:-7.25}/2'::sparsevec IS DISTINCT FROM '{371011873:7.25,569371815:-0,780242665:5.25,890521067:-0.5}/1000000000'::sparsevec	true
array	0	ARRAY['[-3.0,6.5]'::vector, '[6.5,4.0]'::vector]::text[]::vector[]	{"[-3,6.5]","[6.5,4]"}
array	0	ARRAY['[2.75,5.75]'::halfvec, '[-6.0,-1.0]'::halfvec]::text[]::halfvec[]	{"[2.75,5.75]","[-6,-1]"}
array	0	ARRAY['\r\n[-0,7.75]'::halfvec, '[-7.5,-4.25]'::halfvec]::text[]::halfvec[]	{"[-0,7.75]","[-7.5,-4.25]"}
array	0	ARRAY['{1:-4.5,2:8.934599809690369e-16}/2'::sparsevec(2), '{1:-3.0,2:8.0}/2'::sparsevec]	{"{1:-4.5,2:8.9346e-16}/2","{1:-3,2:8}/2"}
array	0	ARRAY['{23:-4.25,33:-4.0,48:0,84:1.0}/100'::sparsevec, '{1:0.75,\r\n2:5.75}/  2 '::sparsevec]	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:0.75,\r\n2:5.75}/  2 " | Junk after closing.
array	0	ROW('[-0,-3.25]'::halfvec, '[7.5,-0]'::halfvec)	("[-0,-3.25]","[7.5,-0]")
array	0	ROW('[6.25,-4.5]'::vector, '[0,3.0]'::vector)	("[6.25,-4.5]","[0,3]")
array	0	ROW('{96030:1.0,101855:-7.25,206771:0,293147:0}/1000000'::sparsevec, '{43:-0,53:-7.0,59:0.25,93:1.5}/100'::sparsevec)	("{96030:1,101855:-7.25}/1000000","{53:-7,59:0.25,93:1.5}/100")
array	0	coalesce('[-0,-0]'::halfvec(3), '[-7.0,-3.25]'::halfvec)	ERROR 22000 | expected 3 dimensions, not 2
array	0	coalesce('[0,-5.25]'::halfvec, '[3.0,7.25]'::halfvec)	[0,-5.25]
array	0	greatest('{}/2'::sparsevec, '{1:0.0,2:8.0}/2'::sparsevec)	{2:8}/2
array	0	to_json('[0.25,-4.75]'::halfvec)	"[0.25,-4.75]"
array	0	to_json('{1:-2.25,2:-5.}/2'::sparsevec)	"{1:-2.25,2:-5}/2"
array	0	to_json('{1:-6.0,2:-1.25}/2'::sparsevec)	"{1:-6,2:-1.25}/2"
binary	0	'\\x010000000100000000000000020000000000803f'::bytea::sparsevec::halfvec(1)	ERROR XX000 | index out of bounds
binary	0	'\\x01000000020000000000000001000000050000000000803f0000803f'::bytea::sparsevec::halfvec	ERROR XX000 | index out of bounds
binary	0	'\\x030000000100000000000000000000000000803f'::bytea::sparsevec::vector	[1,0,0]
binary	0	'\\x03000000020000000000000003000000000000000000803f0000803f'::bytea::sparsevec::halfvec	ERROR XX000 | index out of bounds
binary	0	'\\x03000000020000000000000004000000000000000000803f0000803f'::bytea::sparsevec::vector	ERROR XX000 | index out of bounds
binary	0	'\\x03000000020000000000000004000000ffffffff0000803f0000803f'::bytea::sparsevec::vector(4)	ERROR 22000 | expected 4 dimensions, not 3
binary	0	'\\x0300000003000000000000000300000002000000030000000000803f0000803f0000803f'::bytea::sparsevec::vector	ERROR XX000 | index out of bounds
binary	0	'\\x050000000100000000000000ffffffff0000803f'::bytea::sparsevec::vector	ERROR XX000 | index out of bounds
binary	0	'\\x813e00000100000000000000813e00000000803f'::bytea::sparsevec::vector	ERROR 54000 | vector cannot have more than 16000 dimensions
binary	0	'\\x813e00000100000000000000ffffff7f0000803f'::bytea::sparsevec::halfvec	ERROR 54000 | halfvec cannot have more than 16000 dimensions
binary	0	md5(halfvec_send('[-5.791465,-0.75,3.75]'::halfvec))	89c2267f1e60a03b12684c68e34ed678
binary	0	md5(halfvec_send('[-6.25,0,7.0,-1.0]'::halfvec))	1e7fab454f52c41dacd10c9589da71da
binary	0	md5(halfvec_send(('[7.5,-3.75,5.0,-4.75,-1.0]'::halfvec - '[0,0,0,0,0]'::halfvec)))	5b89da5794d8b87589d6e223ddcea120
binary	0	md5(halfvec_send((halfvec_mul('[-424865.10988848057,-7.5]'::halfvec, '[-5.0,-0]\t'::halfvec))))	ERROR 22003 | "-424865.10988848057" is out of range for type halfvec
binary	0	md5(sparsevec_send('{1296:5.0,4644:-3.75,10107:-5.5,14692:-2.0}/16001'::sparsevec))	c63d562c6ac33923d210911a914443fc
binary	0	md5(sparsevec_send('{1:-2.0}/1'::sparsevec))	b762d4ed7c9cdaa102db4d04bb8bf057
binary	0	md5(sparsevec_send('{1:2.3333536,2:-3.8247,3:-6.25,4:3.0,5:5.25}/6'::sparsevec))	8cdacf18e8a713a56d0a864eb0a13fa0
binary	0	md5(sparsevec_send('{389:4.25,7960:5.5,9282:1.5,14967:1.75}/16000'::sparsevec))	e33d438df9ea05cea0a1a2cf0c88b2fd
binary	0	md5(sparsevec_send('{4055:0,5834:3.0,8053:-0,11404:-2.75}/16000'::sparsevec))	54f75c73b3a9ee7c1393de41acb8a45c
binary	0	md5(vector_send('[-1.5,2.75,-9.00842]'::vector))	2a1cde762fde0bc9da3345098de7cdd1
binary	0	md5(vector_send('[1,-1e38,3e38,3e38,1e38]'::vector))	1ea451dea9edc3af569416dd2107f324
binary	0	md5(vector_send('[7.538949936163685e+27,7.25,-3.25,-2.75,-6.25]'::vector))	e21edc3e611773025f9a8733dfb58976
binary	0	md5(vector_send((('{1:5.25}/1'::sparsevec)::vector)))	af4ea186508cd357c13c2656e3313cc6
binary	0	pg_column_size('[-0,-7.25,-6.75]'::halfvec)	14
binary	0	pg_column_size('[-0.25]'::halfvec)	10
binary	0	pg_column_size('[4.75,0,1.75\r\n]'::vector(4))	ERROR 22000 | expected 4 dimensions, not 3
binary	0	pg_column_size('{12:-3.5,68:3.25,69:0.25,83:-6.0}/100'::sparsevec)	48
binary	0	received('halfvec', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec', '\\x0001ffff3c00')	ERROR 22000 | expected unused to be 0, not -1
binary	0	received('halfvec', '\\x000200003c00c000')	[1,-2]
binary	0	received('halfvec', '\\x0002ffffc000fc00')	ERROR 22000 | expected unused to be 0, not -1
binary	0	received('halfvec', '\\x000300007c00fc003c00')	ERROR 22000 | infinite value not allowed in halfvec
binary	0	received('halfvec(3)', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec(3)', '\\x000100')	ERROR 08P01 | insufficient data left in message
binary	0	received('sparsevec', '\\x0000000000000003000000000000000000000003000000043f800000000000003f800000')	ERROR 22000 | sparsevec must have at least 1 dimension
binary	0	received('sparsevec', '\\x000000010000000000000000')	{}/1
binary	0	received('sparsevec', '\\x000000050000000000000000')	{}/5
binary	0	received('sparsevec', '\\x000000050000000100000000ffffffff3f800000')	ERROR 22000 | sparsevec index out of bounds
binary	0	received('sparsevec', '\\x000000057fffffff00000000000000000000000140400000c0000000')	ERROR 54000 | sparsevec cannot have more than 16000 non-zero elements
binary	0	received('sparsevec', '\\x00000005ffffffff00000000')	ERROR 22000 | sparsevec cannot have negative number of elements
binary	0	received('sparsevec', '\\x3b9aca010000000000000000')	ERROR 54000 | sparsevec cannot have more than 1000000000 dimensions
binary	0	received('sparsevec(5)', '\\x0000000300000003000000000000000000000001000000047fc00000bf0000003f800000')	ERROR 22000 | expected 5 dimensions, not 3
binary	0	received('sparsevec(5)', '\\x3b9aca01ffffffff00')	ERROR 08P01 | insufficient data left in message
binary	0	received('vector', '\\x00000000')	ERROR 22000 | vector must have at least 1 dimension
binary	0	received('vector', '\\x0001000100000001')	ERROR 22000 | expected unused to be 0, not 1
binary	0	received('vector', '\\x000200007f80000080000000')	ERROR 22000 | infinite value not allowed in vector
binary	0	received('vector', '\\x0003000000000000c0000000c0000000')	[0,-2,-2]
binary	0	received('vector', '\\x00030000c00000003f8000003f800000')	[-2,1,1]
binary	0	received('vector(3)', '\\x0001000000000001')	ERROR 22000 | expected 3 dimensions, not 1
binary	0	received('vector(5)', '\\x0001000000000000')	ERROR 22000 | expected 5 dimensions, not 1
binary	0	received('vector(5)', '\\x0001ffff3f800000')	ERROR 22000 | expected 5 dimensions, not 1
binary	0	received('vector(5)', '\\x0002000000000001ff800000')	ERROR 22000 | expected 5 dimensions, not 2
cast	0	('[  5.22,2.0]'::halfvec)::halfvec(2)	[5.21875,2]
cast	0	('[ 6.25,8.0,-3.5,-6.25]'::halfvec)::real[]	{6.25,8,-3.5,-6.25}
cast	0	('[-5.75,0.0,-3.5\r\n]'::vector)::sparsevec(3)	{1:-5.75,3:-3.5}/3
cast	0	('[-7.75,-4.5,2.25,8.0,5.75,1.75,-0.5,6.75,2.25,-1.0,-7.25,0,0,-3.0,-1.75,6.75,7.75,-3.75,-6.5,-2.75,-4.75,0,0,4.5,0,6.5,7.75,-2.0,0.75,-6.75,4.75]'::vector)::real[]	{-7.75,-4.5,2.25,8,5.75,1.75,-0.5,6.75,2.25,-1,-7.25,0,0,-3,-1.75,6.75,7.75,-3.75,-6.5,-2.75,-4.75,0,0,4.5,0,6.5,7.75,-2,0.75,-6.75,4.75}
cast	0	('[0,0,0,0,0]  '::vector(6))::halfvec	ERROR 22000 | expected 6 dimensions, not 5
cast	0	('[1,-1e38,0  ,-3e38\n,1,1e10]'::halfvec)::sparsevec	ERROR 22003 | "-1e38" is out of range for type halfvec
cast	0	('[1.0000001,7.238830868174662e-44,5.5877789,-7.0,-529.8321223554769,-8.32331]'::vector)::vector(7)	ERROR 22000 | expected 7 dimensions, not 6
cast	0	('[5.0]'::halfvec)::real[]	{5}
cast	0	('\t[0,0]'::vector)::vector(2)	[0,0]
cast	0	('{-1,-2147483648,8}'::integer[])::vector	[-1,-2.1474836e+09,8]
cast	0	('{-2.020,-7.,-5.25,7.75,4.25,-7.59706,1.51459,0,-2.372,6.3,-1.6,-7.5,0.5,-1.,3.11,1.5,0}'::double precision[])::vector	[-2.02,-7,-5.25,7.75,4.25,-7.59706,1.51459,0,-2.372,6.3,-1.6,-7.5,0.5,-1,3.11,1.5,0]
cast	0	('{-4.5,4.0,1.0,6.0,2.25,-7.25,0.25,-4.5,-1.25,-4.25,-8.0,-3.5,3.0,-6.75,7.75,3.25}'::double precision[])::halfvec	[-4.5,4,1,6,2.25,-7.25,0.25,-4.5,-1.25,-4.25,-8,-3.5,3,-6.75,7.75,3.25]
cast	0	('{-4.75,6.5,4.710557452514082e-43,-0}'::numeric[])::halfvec	[-4.75,6.5,0,0]
cast	0	('{-6,6}'::integer[])::sparsevec	{1:-6,2:6}/2
cast	0	('{-7.,-7.5,-2.566914431344207e+26,-6.0,-5.91870028,3.5,-0.809432805,3.975284147,4.75,-3.25,-5.25,5.25,4.25,-6.0,-1.25,-1.25,0,-6.74538562,-3.75,0,-2.403,0.5,1.5,-1.6950159,-7.75,-3.5229614,-4.0,-5.75,-6.0,65504,0,1,5.5}'::real[])::sparsevec	{1:-7,2:-7.5,3:-2.5669144e+26,4:-6,5:-5.9187,6:3.5,7:-0.8094328,8:3.975284,9:4.75,10:-3.25,11:-5.25,12:5.25,13:4.25,14:-6,15:-1.25,16:-1.25,18:-6.7453856,19:-3.75,21:-2.403,22:0.5,23:1.5,24:-1.6950159,25:-7.75,26:-3.5229614,27:-4,28:-5.75,29:-6,30:65504,32:1,33:5.5}/33
cast	0	('{-9.955,-6.5,8.7028747602,-6.5,5.25}'::double precision[])::sparsevec(6)	ERROR 22000 | expected 6 dimensions, not 5
cast	0	('{0,-6.0,-2.5}'::double precision[])::vector	[0,-6,-2.5]
cast	0	('{0,0,0,0,0,0}'::numeric[])::vector	[0,0,0,0,0,0]
cast	0	('{0.0,2.5,-2.0,-7.25}'::numeric[])::vector(4)	[0,2.5,-2,-7.25]
cast	0	('{0.008519012997018752,-6.,-5.0,-Infinity,0}'::real[])::sparsevec	ERROR 22000 | infinite value not allowed in sparsevec
cast	0	('{0.75,1.25}'::numeric[])::sparsevec	{1:0.75,2:1.25}/2
cast	0	('{0}'::numeric[])::halfvec(1)	[0]
cast	0	('{1,0,-8}'::integer[])::vector(4)	ERROR 22000 | expected 4 dimensions, not 3
cast	0	('{1,NULL}'::integer[])::sparsevec	ERROR 22004 | array must not contain nulls
cast	0	('{1.25,7.739668889740448e-10,-3.460225,-3.8}'::real[])::vector	[1.25,7.739669e-10,-3.460225,-3.8]
cast	0	('{1:\r\n5.25}/1'::sparsevec)::sparsevec	{1:5.25}/1
cast	0	('{3.0,-4.0}'::numeric[])::sparsevec(2)	{1:3,2:-4}/2
cast	0	('{4,65520,-2,-9,-8,7}'::integer[])::halfvec	ERROR 22003 | "65520" is out of range for type halfvec
cast	0	('{4.5}'::real[])::halfvec	[4.5]
cast	0	('{6,3}'::integer[])::halfvec(3)	ERROR 22000 | expected 3 dimensions, not 2
cast	0	('{\t1:-3.0,2:-5.25,4:-1.0,5:5.5}/5'::sparsevec(6))::halfvec	ERROR 22000 | expected 6 dimensions, not 5
cast	0	(("sparsevec"('{1:-2.25,2:-0,3:-4.75,4:-0}/4'::sparsevec, -1, false)))::vector(3)	ERROR 22000 | expected 3 dimensions, not 4
cast	0	(('[-3.5,7.25,-6.75,-0,-2.25]'::halfvec - '[-4.41412,8.0,-6.8,0,-0.6891]'::halfvec))::vector	[0.9140625,-0.75,0.05078125,-0,-1.5605469]
cast	0	(((' [4.0,1.0,3.25,0,3.75,-7.25]'::halfvec)::sparsevec))::sparsevec	{1:4,2:1,3:3.25,5:3.75,6:-7.25}/6
cast	0	((('[1.75,7.25,7.0,7.0]'::vector)::vector))::real[]	{1.75,7.25,7,7}
cast	0	((('{-8,8,5,3}'::integer[])::vector(3)))::halfvec	ERROR 22000 | expected 3 dimensions, not 4
cast	0	((array_to_sparsevec('{0,0,0,0,0,0}'::double precision[], 6, true)))::vector	[0,0,0,0,0,0]
cast	0	(NULL::real[])::halfvec	NULL
cast	0	(NULL::sparsevec)::halfvec	NULL
cast	0	(array_fill(0::real, ARRAY[20000]))::vector(2)	ERROR 54000 | vector cannot have more than 16000 dimensions
function	0	"halfvec"('[0,0,0]'::halfvec, -1, true)	[0,0,0]
function	0	"halfvec"((halfvec_sub('[1.1060844708,-9.86,0.84979640,-7.5,-6.0,0.75]'::halfvec, '[-3.5,2.0,-6.25,7.75,-1.0,-1.0]'::halfvec)), 6, NULL)	NULL
function	0	"sparsevec"('{1:-7.25}/1'::sparsevec, -1, true)	{1:-7.25}/1
function	0	"sparsevec"('{1:2.5,2:2.95153}/2'::sparsevec, -1, NULL)	NULL
function	0	"vector"((sparsevec_to_vector(series(128, 96, 66)::sparsevec, -2, false)), -1, false)	ERROR 22000 | expected -2 dimensions, not 128
function	0	"vector"(NULL::vector, -1, NULL)	NULL
function	0	array_to_halfvec('{-1.0304053,-0,4.75,9.9768,-0.75}'::real[], -1, false)	[-1.0302734,-0,4.75,9.9765625,-0.75]
function	0	array_to_halfvec('{-8.,7.75}'::numeric[], -1, true)	[-8,7.75]
function	0	array_to_halfvec('{-8}'::integer[], -1, true)	[-8]
function	0	array_to_halfvec('{0,-0.25,-7.0,-4.75}'::double precision[], 4, true)	[0,-0.25,-7,-4.75]
function	0	array_to_halfvec('{0,-4.75,7.25,-7.75,2.5}'::double precision[], 5, NULL)	NULL
function	0	array_to_halfvec('{0}'::numeric[], -1, false)	[0]
function	0	array_to_halfvec('{1.7457200,0,-0,1.0,-1.25}'::real[], -1, false)	[1.7460938,0,-0,1,-1.25]
function	0	array_to_sparsevec('{-5.0,6.5,-6.75,0.25,-7.0}'::numeric[], 5, NULL)	NULL
function	0	array_to_sparsevec('{-6.25,9.086145457300297e-38,-3.5,3.5319533203,0.25,9.864826394}'::double precision[], 0, false)	ERROR 22000 | expected 0 dimensions, not 6
function	0	array_to_sparsevec('{3,7,-7,4}'::integer[], 3, true)	ERROR 22000 | expected 3 dimensions, not 4
function	0	array_to_sparsevec('{3.5,0,7.5,-2.440360}'::real[], -1, NULL)	NULL
function	0	array_to_sparsevec('{4.0,3.5,1.5,2.0,2.75,-5.25,-1.75,0,3.0,-5.75,5.75,8.0,3.25,0,5.0,7.5,-4.0,4.5,-2.5,5.0,-5.75,4.25,5.25,-8.0,-1.0,-3.5,0,-5.25,-6.5,7.75,4.0}'::numeric[], -1, false)	{1:4,2:3.5,3:1.5,4:2,5:2.75,6:-5.25,7:-1.75,9:3,10:-5.75,11:5.75,12:8,13:3.25,15:5,16:7.5,17:-4,18:4.5,19:-2.5,20:5,21:-5.75,22:4.25,23:5.25,24:-8,25:-1,26:-3.5,28:-5.25,29:-6.5,30:7.75,31:4}/31
function	0	array_to_sparsevec('{7}'::integer[], -1, NULL)	NULL
function	0	array_to_sparsevec(NULL::real[], -1, NULL)	NULL
function	0	array_to_sparsevec(series(65, 20, 1)::double precision[], -1, NULL)	NULL
function	0	array_to_vector('{-0,0,0,-4.5,0}'::numeric[], -1, true)	[0,0,0,-4.5,0]
function	0	array_to_vector('{-2,4,9,5,16777217}'::integer[], 5, NULL)	NULL
function	0	array_to_vector('{-8,-1,-2147483648,8,-8,2147483647}'::integer[], 0, true)	ERROR 22000 | expected 0 dimensions, not 6
function	0	array_to_vector('{1,NULL}'::double precision[], 0, false)	ERROR 22004 | array must not contain nulls
function	0	array_to_vector('{1.25,0,-2.75,6.5}'::double precision[], -2, false)	ERROR 22000 | expected -2 dimensions, not 4
function	0	array_to_vector('{3.25,-4.75,1.75,-3.25}'::numeric[], 4, NULL)	NULL
function	0	array_to_vector('{6.7101756,3.5,3.25}'::real[], 0, true)	ERROR 22000 | expected 0 dimensions, not 3
function	0	binary_quantize('[-1.25,6.25,-1.0]'::halfvec)	010
function	0	binary_quantize('[-5.75]'::vector)	0
function	0	binary_quantize((('[3.25]'::halfvec)::vector(1)))	1
function	0	binary_quantize(series(64, 46, 68)::halfvec)	1001101100100110010011011001001100100110110010011001001101100100
function	0	halfvec_accum('{2,-2.5,0}'::float8[], (sparsevec_to_halfvec('{5:\r\n-0,1:8.8314523569}/5'::sparsevec, 5, true)))	ERROR 22000 | expected 2 dimensions, not 5
function	0	halfvec_accum('{7,-2.25}'::float8[], '[  -4.25]'::halfvec)	{8,-6.5}
function	0	halfvec_add('[-1.5,-0]'::halfvec, '[5.25,-3.0]'::halfvec)	[3.75,-3]
function	0	halfvec_add('[-5.4525208,-6.29365,-7.25,-3.75]'::halfvec, '[-0,5.25,-2.25,4.25]\n'::halfvec)	[-5.453125,-1.0429688,-9.5,0.5]
function	0	halfvec_avg('{3,-0,0}'::float8[])	[-0,0]
function	0	halfvec_avg('{3,0,-6.75,0}'::float8[])	[0,-2.25,0]
function	0	halfvec_cmp('[-1.5,4.0]'::halfvec, '[4.0317092071,6.5,\r\n-0.25,-7.78096992923906e-40,-4.0,-3.6108070]'::halfvec)	-1
function	0	halfvec_cmp((array_to_halfvec('{-3}'::integer[], 1, NULL)), '[-7.5 ,-7.75,-2.75,6.25,-0.5,-8.860266775122262e+16]'::halfvec)	ERROR 22003 | "-8.860266775122262e+16" is out of range for type halfvec
function	0	halfvec_combine('{0.5,1}'::float8[], '{9,2.75,1.0}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
function	0	halfvec_combine('{7,0.25,-0}'::float8[], '{1,-6.25,4.25}'::float8[])	{8,-6,4.25}
function	0	halfvec_concat('[7.25,9.5,6.9511172813,-3.17515591481067,8.0]'::halfvec, '[0,-1.75,1.0,3.0,0.75]'::halfvec)	[7.25,9.5,6.9492188,-3.1757812,8,0,-1.75,1,3,0.75]
function	0	halfvec_concat('[7.75]'::halfvec, '[0]'::halfvec)	[7.75,0]
function	0	halfvec_eq('[-2.25,5.25,2.0]'::halfvec, '[7.747516404,-1.533504,-1.38667]'::halfvec)	false
function	0	halfvec_eq('[-8.0,0x1p3,-6.945847160616012e+27]'::halfvec, '[-5.824875864879704e-29,7.444114624298933e-08]'::halfvec)	ERROR 22003 | "-6.945847160616012e+27" is out of range for type halfvec
function	0	halfvec_ge('[0,-7.5,-6.5,-6.75,7.0,3.25,0,5.5]'::halfvec, '[-1.25,7.5,2.0,0,2.5,-2.0,-2.25,-2.5]'::halfvec)	true
function	0	halfvec_gt((('{1:-7.576993,2:6.0}/2'::sparsevec)::halfvec), '[-1e38,3e38]'::halfvec)	ERROR 22003 | "-1e38" is out of range for type halfvec
function	0	halfvec_gt(NULL::halfvec, '[6.5,  0 ,5.5]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[6.5,  0 ,5.5]"
function	0	halfvec_l2_squared_distance(series(100, 52, 92)::halfvec, series(100, 75, 82)::halfvec)	341.125
function	0	halfvec_le((('{-1,1,0}'::numeric[])::halfvec), '[86839430740.1583,5.6413284,6.5]'::halfvec)	ERROR 22003 | "86839430740.1583" is out of range for type halfvec
function	0	halfvec_lt('[-6.0,-7.75,-1.75,-6.75,-2.5,4.75]'::halfvec(6), '[0,-7.5,0,-9.4508,-5.9501,-7.25]'::halfvec)	true
function	0	halfvec_mul('[0,0,\r\n0,0]'::halfvec, '[-0,9.727309770811222e+18,-3.24233,0]'::halfvec)	ERROR 22003 | "9.727309770811222e+18" is out of range for type halfvec
function	0	halfvec_mul('[0,3.0]'::halfvec, (halfvec_add('[-7.0,-7.75]'::halfvec, '[-5.75,-6.0]'::halfvec)))	[-0,-41.25]
function	0	halfvec_ne('[-5.259454154096832e+35]'::halfvec, '[0]'::halfvec)	ERROR 22003 | "-5.259454154096832e+35" is out of range for type halfvec
function	0	halfvec_negative_inner_product('[-0.25,-1.25,-0.5,6.25,\n0.75]'::halfvec, '[2.75,-1.25,-8.908405049478423e-21,5.0,-2.]'::halfvec)	-30.625
function	0	halfvec_negative_inner_product('[-2.25,1.0,3.0]'::halfvec(3), (('[-7.5,1.75,-3.75]'::vector)::halfvec))	-7.375
function	0	halfvec_out('[-7.25,-4.0,4.5,-7.5,5.75]'::halfvec)	[-7.25,-4,4.5,-7.5,5.75]
function	0	halfvec_out('[4.75,-7.0,-4.5955491,-3.25,9.62]'::halfvec(5))	[4.75,-7,-4.59375,-3.25,9.6171875]
function	0	halfvec_send('[2.75,5.75,-5.5,0]'::halfvec)	\\x00040000418045c0c5800000
function	0	halfvec_send('[3.25,-6.25,3.0,0.25]'::halfvec)	\\x000400004280c64042003400
function	0	halfvec_sub('[-1.0,-7.205355,6.5,-7.973873,-1.5,2.5,-1.75,5.5,-9.71000843]'::halfvec, '[-0]'::halfvec)	ERROR 22000 | different halfvec dimensions 9 and 1
function	0	halfvec_sub('[-5.25,3.75,-7.75,1.75]'::halfvec, '[0.5,\n6.0 ,0,-3.0]'::halfvec)	[-5.75,-2.25,-7.75,4.75]
function	0	halfvec_to_float4('[-0.,-5.,5.75,-0.775679,2.0074700243403033e-42,-6.0]'::halfvec, 6, false)	{-0,-5,5.75,-0.7758789,0,-6}
function	0	halfvec_to_sparsevec('[-8.027983338704585e+21,  -2.7,1.5]'::halfvec, 2, false)	ERROR 22003 | "-8.027983338704585e+21" is out of range for type halfvec
function	0	halfvec_to_sparsevec(series(100, 8, 50)::halfvec, 100, NULL)	NULL
function	0	halfvec_to_vector('[-1]'::halfvec, -1, false)	[-1]
function	0	halfvec_to_vector((halfvec_add('[0,0,0 ]'::halfvec, '[4.75,-835506533.5190444,-3.5]'::halfvec)), -1, true)	ERROR 22P02 | invalid input syntax for type halfvec: "[0,0,0 ]"
function	0	hamming_distance(B'1000101000100111100000011000111', B'1000010100101100101010000101110')	14
function	0	inner_product('[-3.0,0.246,5.37,-7.094964457,4.673990880,-6.0,-7.0,0.5,5.5,-896659008932.7134,4.0,7.75,-0.5,-1.25,7.75]'::halfvec, '[5.75,-2.75,5.562485271195974e-42,9.2131,4.8957070039,0.75,1.5,Infinity,\r\n.5, -1.0,3.75,65519,-3.5,-0.5,3.145695884433568e+34]'::halfvec)	ERROR 22003 | "-896659008932.7134" is out of range for type halfvec
function	0	inner_product('[-3.5,-4.511,-0.5,-1.75,-4.17]'::vector, (array_to_vector('[0:1]={1,2}'::numeric[], 5, NULL)))	NULL
function	0	inner_product('{515171287:7.25,621580003:-3.0,624418050:-4.25,693253131:3.5}/1000000000'::sparsevec, (('[-8.0,-2.]'::vector)::sparsevec))	ERROR 22000 | different sparsevec dimensions 1000000000 and 2
function	0	inner_product((('{5}'::integer[])::vector(2)), '[0.0]  '::vector)	ERROR 22000 | expected 2 dimensions, not 1
function	0	inner_product((halfvec_add('[\r\n-2.25,5.4,0,-6.5,0,-9.6874]'::halfvec, '[3.5,7.25,0.0,1,6.5,-7.39635]'::halfvec)), '[5.5,-4.0,7.5,-6.0,5.0,-1.25]'::halfvec)	43.12890625
function	0	jaccard_distance(B'00111', B'00111')	0
function	0	jaccard_distance(binary_quantize('[5.25]'::vector), binary_quantize('[0.5]'::halfvec))	0
function	0	l1_distance('[-7.5,-6.5,5.0]'::vector, (array_to_vector('{1,7,-2}'::integer[], -1, NULL)))	NULL
function	0	l1_distance('{1:-3.9494,2:½ ,3:8.0}/4'::sparsevec, (('{1:3.75,4:-0}/4'::sparsevec)::sparsevec(5)))	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-3.9494,2:½ ,3:8.0}/4"
function	0	l1_distance((l2_normalize('{1:9.0941944955,\n3:2.0,4:0.75}/6'::sparsevec)), '{1:0.0,2:3.5,3:-0.5,5:-8.00629821848385e-26,6:6.75}/6'::sparsevec)	12.017887115478516
function	0	l1_distance(NULL::halfvec, '[-7.75] '::halfvec)	NULL
function	0	l2_distance('[-7.5,-5.661,0.75,0,-2.0,2.25,7.42800201, 0,6.0,-6.5,0,-6.0,-0.91342,-3.0,-2.25,7.786071549169851e-41]'::vector, '[1.5,6.71,7.0,4.25,3.0,2.25,1.25,\n6.720523590966605e+26,7.5832389,3.4887,-6.237,-2.19581,2.1828602083,1.0,-5.25,9.6]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[-7.5,-5.661,0.75,0,-2.0,2.25,7.42800201, 0,6.0,-6.5,0,-6.0,-0.91342,-3.0,-2.25,7.786071549169851e-41]"
function	0	l2_distance('[6.25,-0,0,7.0]'::halfvec, '[7.75,-5.75,-7.5,-2.75]'::halfvec)	13.66107609231425
function	0	l2_distance('{1:0.0,2:-3.5,4:-3.75}/4'::sparsevec, '{1:1.70,3:-5.0,4:4.0,2:-3.75}/4'::sparsevec)	9.381630955737304
function	0	l2_distance((subvector('[2.5,-3.75,0,-5.5,4.0,6.25,-2.25,1.75,0,-3.5,7.0,-2.5,0,6.0,0.75,-6.25,-3.5]'::halfvec, 2147483647, -1)), '[5.0]'::halfvec)	ERROR 22000 | halfvec must have at least 1 dimension
function	0	l2_distance(series(64, 93, 90)::sparsevec, series(64, 24, 45)::sparsevec)	14.882876066137216
function	0	l2_norm('[1f]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[1f]"
function	0	l2_norm('{2:-6.25,4:-0.5,5:  7.75}/5'::sparsevec)	9.968701018688442
function	0	l2_norm((('{-1e1000,-2.0,-2.75}'::numeric[])::sparsevec(4)))	ERROR 22000 | expected 4 dimensions, not 3
function	0	l2_norm((array_to_halfvec(series(64, 90, 1)::real[], -1, false)))	9.788385975225946
function	0	l2_normalize('[-2.75]'::halfvec)	[-1]
function	0	l2_normalize('[1.98183756,0.4903,2.408286034878289e-11]'::halfvec)	[0.9707031,0.2401123,0]
function	0	l2_normalize('[3.0,-2.25,-2.9058231339907882e+35,0.25,6.0]'::vector)	[1.0324097e-35,-7.7430726e-36,-1,8.603414e-37,2.0648194e-35]
function	0	l2_normalize('{2:2.75,3:0.75,4:8.0}/4\t'::sparsevec)	{2:0.32380965,3:0.088311724,4:0.9419917}/4
function	0	l2_normalize((('{1,NULL}'::real[])::vector(2)))	ERROR 22004 | array must not contain nulls
function	0	sparsevec_cmp('{1:5.0,2: 0.25,4:4.0,5:2.75}/5'::sparsevec, '{1:2.5,5:-3.25}/5'::sparsevec)	1
function	0	sparsevec_eq('{1:-6.25,2:4.5}/2'::sparsevec(2), '{1:-0.5,2:0.5}/2'::sparsevec)	false
function	0	sparsevec_eq('{2:-2e38,\n3:1e38,4:1\r\n,5:-3e38}/5'::sparsevec, '{1:1.6135957208367024e+28,4:5.75,5:-5.81319916}/5'::sparsevec)	false
function	0	sparsevec_ge('{1929:-2.0,6352:3.0,12292:-6.0,12896:1.5}/16001'::sparsevec, (('{}/6'::sparsevec)::sparsevec))	true
function	0	sparsevec_ge('{1:8.0, 2:2.0,4:-1.75,7:-0,11:-1.25,12:-3.75,13:1.25,14:-5.5,15:1.75,16:6.5,17:-6.25}/17'::sparsevec, '{1:2.0,3:-0,6:-4.0,7:-6.0,8:-0,9:7.0,10:-2.5,11:6.0,12:-3.5,14:3.25,15:6.5,16:6.5}/17'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:8.0, 2:2.0,4:-1.75,7:-0,11:-1.25,12:-3.75,13:1.25,14:-5.5,15:1.75,16:6.5,17:-6.25}/17"
function	0	sparsevec_gt('{1:-3.0,3:-8.0}/3'::sparsevec, '{1:2.75,2:4.0 ,3:-5.0}/3'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:2.75,2:4.0 ,3:-5.0}/3"
function	0	sparsevec_gt(NULL::sparsevec, '{1:7.75,2:-0.75,3:-7.0}/3'::sparsevec)	NULL
function	0	sparsevec_l2_squared_distance('{1:2.5,2:-4.1454301,4:-5.286661920172749e-19,5:-7.700 }/5'::sparsevec, '{1:6.75,3:7.6425256}/5'::sparsevec)	152.94528198242188
function	0	sparsevec_l2_squared_distance('{3:2.75,4:-6.25}/6'::sparsevec, '{1:1.287262782,\r\n3:3.25,5:-2.75}/6'::sparsevec)	48.532047271728516
function	0	sparsevec_le('{4:5.8552386220}/5'::sparsevec, '{3:5.25\t,5:-0.5  }/5'::sparsevec)	true
function	0	sparsevec_le((('{-0.5}'::real[])::sparsevec), ("sparsevec"('{1:5.0}/1'::sparsevec(1), 0, true)))	ERROR 22000 | expected 0 dimensions, not 1
function	0	sparsevec_lt('{1:-0,3:5.25,2:2.25}/3'::sparsevec, (('{-3e38,-2e38,-1}'::numeric[])::sparsevec))	false
function	0	sparsevec_lt('{1:2.9802322e-08,2:6.75}/2'::sparsevec, '{1:-7.25,2:-2.5}/2'::sparsevec)	false
function	0	sparsevec_ne('{215164826:7.25,249468500:6.75,265449848:7.0,369338612:-0}/1000000000'::sparsevec, '{1:4.5,2:-9.353265}/5'::sparsevec)	true
function	0	sparsevec_ne('{}/4'::sparsevec, '{2:2.0,\t3:4.0,4: 3.0}/4'::sparsevec)	true
function	0	sparsevec_negative_inner_product('{1:-3.668949779247397e+16,2:6.513132013888832e+33,3:-0.25,5:1.194,6:-9.}/6'::sparsevec, (array_to_sparsevec('{5,-6,-8,-6,-3,3}'::integer[], -1, NULL)))	NULL
function	0	sparsevec_negative_inner_product(NULL::sparsevec, NULL::sparsevec)	NULL
function	0	sparsevec_out('{}/\t2'::sparsevec)	{}/2
function	0	sparsevec_out((('{-9.6,-4.5,-9.,0}'::double precision[])::sparsevec(5)))	ERROR 22000 | expected 5 dimensions, not 4
function	0	sparsevec_send('{2:-5.25,5:1.958914157} /5'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:-5.25,5:1.958914157} /5" | Unexpected end of input.
function	0	sparsevec_send((vector_to_sparsevec('[0]'::vector, -1, true)))	\\x000000010000000000000000
function	0	sparsevec_to_halfvec('{1:6.75}/1'::sparsevec(1), -2, false)	ERROR 22000 | expected -2 dimensions, not 1
function	0	sparsevec_to_halfvec('{2:-3e38,3:1e10,4:-1,6:1e38,7:-2e38,10:3e38,12:-1,13:1e10,14\n:-2e38,16:3e38,17:2e38,19:1e10,21:2e38,22:-1,23:1e10,24:1e38,27:1e10,29:1e10,30:2e38}/32'::sparsevec, -1, NULL)	NULL
function	0	sparsevec_to_vector('{}/6'::sparsevec, -2, NULL)	NULL
function	0	sparsevec_to_vector((('{-2.75,4.75,-2.25,-0,-5.75,4.25}'::double precision[])::sparsevec), 6, false)	[-2.75,4.75,-2.25,0,-5.75,4.25]
function	0	subvector((('{1,-5,65520,-3,0,3,-5,1,-6,2,1,-7,3,-2,-8,-7,1,-7,6,-7,2,16777217,-3,8,-2,3,8,-4,2147483647,3,-2147483648,5,1}'::integer[])::halfvec), 3, 1)	ERROR 22003 | "65520" is out of range for type halfvec
function	0	subvector((array_to_halfvec('{-0.25}'::double precision[], -1, NULL)), 2, 2)	NULL
function	0	subvector((vector_mul('[3e38,3e38,2e38,-3e38,1e38,\n1,2e38,-1,-3e38,1e10,2e38,-1e38,0,-2e38,-1e38]'::vector, '[0.75,-1.5,0.6773026,-4.5156046634512114e-14,7.25,-2.75,-2.646260400430522e+27,9.182176988,0,\t-0.5,1.5,9.278768651941276e+26,4.08435342,-2.0,-0]'::vector)), -2147483648, 16000)	ERROR 22003 | value out of range: overflow
function	0	vector_accum('{7,-5.5,8.0,3.75,0,0,8.0,6.25,2.0,0,-3.75,-3.5,3.5,1.75,6.25,0,6.5,-1.5}'::float8[], '[6.5,-4.8988179,3.1492069,8.372950,-4.75,-1.0,4.352,6.117876577886638e-13,7.75,-2.5,-6.75  ,4.0,7.5,7.25,-5.75,0.75,7.75  ]'::vector)	{8,1,3.101181983947754,6.899206876754761,8.372949600219727,-4.75,7,10.60200023651123,2.000000000000612,7.75,-6.25,-10.25,7.5,9.25,13.5,-5.75,7.25,6.25}
function	0	vector_add('[-1.25,2.75,0.75,-0,-6.25]'::vector, '[0,4.75,0.5,6.0,-0.75]'::vector)	[-1.25,7.5,1.25,6,-7]
function	0	vector_add(NULL::vector, '[8.0,2.734291649694531e+33,-6.25,2.25,-0.75,-0,-4.22]'::vector)	NULL
function	0	vector_avg('{2,3.0,-7.0,-0}'::float8[])	[1.5,-3.5,-0]
function	0	vector_avg('{NaN}'::float8[])	ERROR 22000 | vector must have at least 1 dimension
function	0	vector_cmp('[0]'::vector, '[4.75]'::vector)	-1
function	0	vector_combine('{9,-6.25,0.0,5.5,0,6.0}'::float8[], '{{1,2},{3,4}}'::float8[])	ERROR XX000 | vector_combine: expected state array
function	0	vector_concat('[0,0,0,0,0,0,0,0,0,0,0,0,  0,0,0,0, 0]'::vector, (('{-5.75,-8.0,-0.5,-1.74828844,-7.0,3.0,1.862701,6.75,-2.5,-7.09,-0.41128,-5.75,0.0,0,-5.3,1.7043,7.361402569797803e-08}'::real[])::vector(16)))	ERROR 22000 | expected 16 dimensions, not 17
function	0	vector_dims('[ 2.45736,3.07362,2.5,2.25]'::halfvec)	4
function	0	vector_dims('[-3.5,0,-1.75,-5.25]'::vector)	4
function	0	vector_dims('[0,0,0]'::vector)	3
function	0	vector_eq('[-2.25,0,0.25,0.5,-4.5,0.75,-5.75,3.5,7.25,4.75,-4.5,-4.75,4.0,0,-7.0,-6.0]'::vector, (l2_normalize('[0,  -8.0,-0,-5.5,-4.0,2.75,-0.25,1.25,-0,-8.0,-1.25,6.5,-8.0,-4.0,-1.75,5.75]'::vector)))	false
function	0	vector_ge('[-4.75,6.0\r\n,-1.75,1.75,7.5  ,0.75,-4.25,-3.0,-1.75]'::vector(9), '[8.0,0,-1.75,7.75]'::vector)	false
function	0	vector_ge(series(100, 29, 22)::vector, series(100, 95, 67)::vector)	false
function	0	vector_gt('[-1e38]'::vector, (('[6.25]'::halfvec)::vector(1)))	false
function	0	vector_gt(("vector"(series(64, 34, 10)::vector, 64, true)), series(64, 20, 67)::vector)	true
function	0	vector_l2_squared_distance('[6.0]'::vector, '[-0]'::vector)	36
function	0	vector_le('[-2.28,-0.25363885856943336,-275288126.657685,-1.5]'::vector, '[7.5,-4.5,-0,-4.5]'::vector)	true
function	0	vector_le('[-8.520851040118331e-27,-3.14688,-7.25,-7.75,0]'::vector, '[5.5,-2.75,-0.25,-6.0,-7.75]'::vector)	true
function	0	vector_lt(('[-5.5]'::vector(1) * '[-4.25]'::vector), '[1e3]'::vector)	true
function	0	vector_mul((array_to_vector('{7.5,-6.25,-4.0,-0.75,-7.0}'::numeric[], 5, false)), '[6.5,-6.5,0,0,-0.5]'::vector)	[48.75,40.625,-0,-0,3.5]
function	0	vector_mul((array_to_vector(series(64, 59, 1)::double precision[], 64, true)), ((series(64, 91, 1)::numeric[])::vector))	[-0.0625,-2.5,-0,0,-0.375,-2.1875,-0.125,2.625,0.75,0.625,-2,-0.75,-0.9375,-1.5,0.75,0.5,3.0625,-0.0625,-2.5,-0,0,-0.375,-2.1875,-0.125,2.625,0.75,0.625,-2,-0.75,-0.9375,-1.5,0.75,0.5,3.0625,-0.0625,-2.5,-0,0,-0.375,-2.1875,-0.125,2.625,0.75,0.625,-2,-0.75,-0.9375,-1.5,0.75,0.5,3.0625,-0.0625,-2.5,-0,0,-0.375,-2.1875,-0.125,2.625,0.75,0.625,-2,-0.75,-0.9375]
function	0	vector_ne('[-7.5]'::vector, '[4.25]'::vector)	true
function	0	vector_ne((array_to_vector('{0,9,-7,-5}'::integer[], 5, NULL)), (l2_normalize('[0.25,7.5 ,3.75,-1.5]'::vector)))	NULL
function	0	vector_negative_inner_product('[-1.0]'::vector, '[3.25]'::vector)	3.25
function	0	vector_negative_inner_product('[-6.25]'::vector(1), '[7.5]'::vector)	46.875
function	0	vector_norm('[-4.741407813458287e-40,8.103088254661795e+23,1.7458824061893342e-43,6.5984142866,-4.,-4.286517510,-0,-0  ,5.75]'::vector)	8.103088298891468e+23
function	0	vector_out('[-6.75,6.5,-6.5]'::vector)	[-6.75,6.5,-6.5]
function	0	vector_out('[-7.5,-5.0,-6.25]'::vector)	[-7.5,-5,-6.25]
function	0	vector_send('[0.75,-7.4469289\r\n,-3.12963,4.9838715219747435e-43,3.5,-1.07265141,-2.00462423,-4.25,-5.794,7.0,-5.454982143897544e+19,-3.5,2.0,-0,-1.6710982846335053e-35]'::vector)	\\x000f00003f400000c0ee4d3ec0484bdc0000016440600000bf894ca4c0004bc3c0880000c0b9687340e00000e03d41f9c0600000400000008000000085b1b39f
function	0	vector_send('[4.5,6.5,0.75,-1.75,7.5,-0.25]'::vector)	\\x000600004090000040d000003f400000bfe0000040f00000be800000
function	0	vector_sub('[-6.5,2.75,-2.25,7.75,2.25,6.25]'::vector, '[6.0,3.75,-0,-5.25,-4.25,-4.0]'::vector)	[-12.5,-1,-2.25,13,6.5,10.25]
function	0	vector_sub('[6.75]'::vector, '[-0]'::vector)	[6.75]
function	0	vector_to_float4('[1.25,300881727549.7784,4.0,9.872545652438203e-38]'::vector, -1, false)	{1.25,3.0088174e+11,4,9.872546e-38}
function	0	vector_to_float4('[6.75,-4.75,  0]'::vector, -1, NULL)	NULL
function	0	vector_to_halfvec('[-0,-6.5,0,3.75,-0.75,0,0.75,\r\n0.25,0,-3.5,-8.0,2.5,-5.25,-3.75,-2.25,-1.0]'::vector, 16, true)	[-0,-6.5,0,3.75,-0.75,0,0.75,0.25,0,-3.5,-8,2.5,-5.25,-3.75,-2.25,-1]
function	0	vector_to_halfvec((sparsevec_to_vector(series(127, 39, 22)::sparsevec, 0, false)), 127, true)	ERROR 22000 | expected 0 dimensions, not 127
function	0	vector_to_sparsevec('[2.25]'::vector, 1, NULL)	NULL
function	0	vector_to_sparsevec((array_to_vector(array_fill(1::integer, ARRAY[20000]), 0, NULL)), 2, NULL)	NULL
function	1	cosine_distance('[-1.5,-1.75,0,0.75,-2.0,0]'::halfvec, '[0,7.0,3.0,1.5,4.75,2.25]'::halfvec)	1.7001526486319132
function	1	cosine_distance('[0,-2.75,-7.0,6.0]'::halfvec, NULL::halfvec)	NULL
function	1	cosine_distance('{1:-2.75}/1'::sparsevec, '{1:-1}/1'::sparsevec)	0
function	1	cosine_distance('{2566:-1.0,4007:5.75,7982:-7.0,10670:-0.5}/16001'::sparsevec, (('[5.471943856437613e-32,5.56250135,-5.5819680,-6.674408905183569e+16,0.0]'::vector)::sparsevec))	ERROR 22000 | different sparsevec dimensions 16001 and 5
function	1	halfvec_spherical_distance('[-0,1.75,-3.0,6.25]'::halfvec(4), '[2.0,0,-1.75,  -2.75]'::halfvec)	1
function	1	halfvec_spherical_distance(l2_normalize('[2.0,-7.5,2.75,-6.25,-4.5,-4.25,-4.0,1.5,-4.0,4.25,5.25,-4.0,-7.25,4.5,0,-7.5]'::halfvec), l2_normalize('[0,0,0,0,0,0,0,0,0,\t0,0,0,0,0,0,0]'::halfvec))	0.5
function	1	vector_spherical_distance(l2_normalize('[0,-2.75,0,-6.0]'::vector), l2_normalize('[-5.25,\t6.0,-7.25,0]'::vector))	0.5745228637033485
function	1	vector_spherical_distance(l2_normalize((('{1.25,2.6,-8.0}'::double precision[])::vector(4))), l2_normalize('[-0.25,7.0,3.0]'::vector))	ERROR 22000 | expected 4 dimensions, not 3
operator	0	'[-1,1,1,-1e38]'::vector <+> '[-7.5,-2.25,-6.5  ,1.85]'::vector	9.999999680285692e+37
operator	0	'[-0]'::halfvec = '[NaN]'::halfvec	ERROR 22000 | NaN not allowed in halfvec
operator	0	'[-2.25,-5.25,2.0,3.5,-3.75]'::halfvec * (NULL::halfvec * '[7.484,1e-46,9.06,6.0,-2.569645]'::halfvec)	NULL
operator	0	'[-2.5,0,7.75,6.0,-0]'::halfvec = '[4.5,-2.5,-5.25,-1.0,-2.25]'::halfvec	false
operator	0	'[-2e38,1e38]'::vector <#> '[-1,-1]'::vector	-9.999999680285692e+37
operator	0	'[-3.25,-1.,2.071]'::halfvec(3) >= '[3.75,-4.25,-4.75]'::halfvec	false
operator	0	'[-3.75,0.25,-6.5,4.25,8.0,5.75]'::halfvec <-> ((array_fill(0::real, ARRAY[20000]))::halfvec(7))	ERROR 54000 | halfvec cannot have more than 16000 dimensions
operator	0	'[-3.75]'::vector <= (('[-1.0]'::vector)::vector(1))	true
operator	0	'[-3e38]'::vector <#> '[-6.75]'::vector	-Infinity
operator	0	'[-4.75,1e400]'::vector > '[-0.862593,-0.75]'::vector	ERROR 22003 | "1e400" is out of range for type vector
operator	0	'[-5.25 ,-0.75,-7.5,6.25,4.75,1.0]'::halfvec <#> '[0.25,3.25,7.25\t,-1.75,-4.0,7.75]'::halfvec	80.3125
operator	0	'[-5.25,-6.75,-4.25,-4.75  ,0.25]'::vector(5) >= '[0,-0.75,5.75,-5.5,0]'::vector	false
operator	0	'[-5.25,6.25]'::vector + '[0,-4.75]'::vector	[-5.25,1.5]
operator	0	'[-6.75,-0,-0,-1.0053,-6.5]'::vector + (subvector('[0,-2.5,3.0,6.5,-2.75]'::vector, 1, 2147483647))	[-6.75,-2.5,3,5.4947,-9.25]
operator	0	'[-65520,8.70,-7.75]'::halfvec > (subvector('[0,0,7.25 ]'::halfvec, 2, 2))	ERROR 22003 | "-65520" is out of range for type halfvec
operator	0	'[-7.25  ,3.505342689,-7.612831200032249e-14,9.14763928]'::halfvec(3) <+> '[-8.,-5.1978334,-6.3,-4.75]'::halfvec	ERROR 22000 | expected 3 dimensions, not 4
operator	0	'[-7.361144905299051e+25,-5.5,-5.5,-8.072913431]'::halfvec < (subvector('[-0,0.25,3.75,8.0]'::halfvec, 3, 1))	ERROR 22003 | "-7.361144905299051e+25" is out of range for type halfvec
operator	0	'[-7.75,-7.25,-4.25,0.75,2.0,-0.5]'::vector(7) <> '[5.75,7.8259683657,-5.601374,-8.41,4.5,-6.75]'::vector	ERROR 22000 | expected 7 dimensions, not 6
operator	0	'[-8.,-3.75,1.558657,-1.436395883106425e+26,1.75,-6524277232238778.0,8.0,-3.75,-0.75,5.75,5.0,-7.00223589,-3.06,7.3731432320,1.04,6.75,3.8]\n'::vector || (('{9,-3,3,16777217,16777217,3,3,3,8,-3,7,-8,-7,-2,0,-8,6}'::integer[])::vector)	[-8,-3.75,1.558657,-1.43639585e+26,1.75,-6.524277e+15,8,-3.75,-0.75,5.75,5,-7.002236,-3.06,7.373143,1.04,6.75,3.8,9,-3,3,1.6777216e+07,1.6777216e+07,3,3,3,8,-3,7,-8,-7,-2,0,-8,6]
operator	0	'[0,  0,0,0]'::halfvec < '[-1.0,-0,7.5,0]'::halfvec	false
operator	0	'[0,-6.0]'::halfvec > '[6.25,-4.75]\t'::halfvec	false
operator	0	'[0,-6.5,-7.0,-4.25,-0]'::halfvec <-> '[-7.0,6.75,1.5,0.25,-5.5]'::halfvec	18.636322062037884
operator	0	'[0,-7.0]'::halfvec - '[4.25,-5.0]'::halfvec(2)	[-4.25,-2]
operator	0	'[0,0,0,0,0]'::vector <-> '[7.5,-1.0,-7.75, -7.5,-1.75]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[7.5,-1.0,-7.75, -7.5,-1.75]"
operator	0	'[0,0,0,4.25,-1.5,-0]'::vector - '[3.75,-0.25,4.0,-0.5,7.5,5.0]'::vector	[-3.75,0.25,-4,4.75,-9,-5]
operator	0	'[1,1e10,0]'::vector <-> '[2e38,3e38,-3e38]'::vector	Infinity
operator	0	'[1.5,-4.75,-4.75,-3.5,4.0]'::vector > '[3.5,-7.5,-2.75,-7.25,-6.25]'::vector	false
operator	0	'[1e38,2e38]'::vector < '\r\n[-0,-5.75]'::vector	false
operator	0	'[1 , -2e38,-1,1e10,-1]'::vector <#> '[-1,3e38,3e38,-1,1]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[1 , -2e38,-1,1e10,-1]"
operator	0	'[2.0,-0.25,-4.0]'::vector <+> ('[0.5,-7.0,-5.75]'::vector - '[4.75,-0,-4.75 ]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[4.75,-0,-4.75 ]"
operator	0	'[2.5]'::vector(2) <= ('[0.0,2.25]\n'::vector * '[-4.5,7.627331664514714e-18]'::vector)	ERROR 22000 | expected 2 dimensions, not 1
operator	0	'[3.0,1.25,0,0,6.25,2.75,5.5,-3.25,-0.75,-0.5,-1.75,-2.5,-3.25,8.0,4.25]'::halfvec || (subvector('[-2.9771251153207757e+21,-1.25,-2.453769860,5.0,-0.756,1.553981236488957e-35,4.25,7.25,-3.25,-4.244681744554455e-17,4.701573347513448e-25,5.25,4.75,0.25,-5.25]'::halfvec, 2, 14))	ERROR 22003 | "-2.9771251153207757e+21" is out of range for type halfvec
operator	0	'[4.75,0,6.25]'::vector * '[-4.5,1.0000001,0.0001]'::vector	[-21.375,0,0.000625]
operator	0	'[5.25,2.0,-9.312598115454622e+26,-3.,3.5]'::halfvec <> '[0,2.75,8.0,  -2.25,7.0]'::halfvec(5)	ERROR 22003 | "-9.312598115454622e+26" is out of range for type halfvec
operator	0	'[6.25,-4.25,4.0]'::vector >= (('{0,0,0}'::real[])::vector(2))	ERROR 22000 | expected 2 dimensions, not 3
operator	0	'[NaN,-6.622219\t,-3.,3.75,7.967281608375326e-31\r\n]'::vector <-> (array_to_vector('{-2.905251734758081e+35,0,0,1.0,-0.75}'::real[], 6, false))	ERROR 22000 | NaN not allowed in vector
operator	0	'[\t2.5,3.75,0,2.0,0,0.75]'::halfvec(6) <= '[-65520,5.5,\t1e15,0,1.25,2.25]'::halfvec(6)	ERROR 22003 | "-65520" is out of range for type halfvec
operator	0	'{1:-3.75,2:-1.25}/2'::sparsevec <-> '{1:1.75,\t2:1.5}/2'::sparsevec	6.149186938124422
operator	0	'{1:1,2:2e38,3:3e38}/4'::sparsevec <+> '{2:2e38,4:-1e38}/4'::sparsevec	Infinity
operator	0	'{1:2.085440064,2:7.0,3:-2.25,4:0.5,5:-9.,6:-0,7:5.076209214499223e+19,8:3.25,9:-7.0,10:-7.7640,11:5.5,12:3.25,13:-6.5,14:0.0,15 :3.0}/15'::sparsevec = '{2:-0.5,7:6.75,12:-8.0,11:  -0,14:3.0,9:6.75,4:-0.75,10:-7.75,3:7.0}/15'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:2.085440064,2:7.0,3:-2.25,4:0.5,5:-9.,6:-0,7:5.076209214499223e+19,8:3.25,9:-7.0,10:-7.7640,11:5.5,12:3.25,13:-6.5,14:0.0,15 :3.0}/15"
operator	0	'{1:3.25 ,2:5.75,3:-4.0}/3'::sparsevec <> NULL::sparsevec	NULL
operator	0	'{1:3.75,2:-3.9,4:-0}/4'::sparsevec > (('{137100629:-1.25,395182727:-4.25,666820543:-0.75,978031397:-5.25}/1000000000'::sparsevec)::sparsevec(4))	ERROR 22000 | expected 4 dimensions, not 1000000000
operator	0	'{1:6.0,2:0.5,3:3.5}/3'::sparsevec(2) <#> '{1:6.1035156e-05}/1'::sparsevec	ERROR 22000 | expected 2 dimensions, not 3
operator	0	'{1:7.0,2:-0.25}/2'::sparsevec > (('[-3.75,2.25]'::halfvec)::sparsevec(2))	true
operator	0	'{1:7.5,2:7.75}/2'::sparsevec(1) >= '{1:-1.25,2:-1.75}/ 2'::sparsevec(1)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-1.25,2:-1.75}/ 2"
operator	0	'{1\r\n:-8.0}/1\t'::sparsevec < '{1:-5.25}/1'::sparsevec	true
operator	0	'{2:-2.25,3:7.25,4:-0}/4'::sparsevec <= '{23322:7.0,159948:1.25,183292:0,290528:2.75}/1000000'::sparsevec	true
operator	0	'{2:-3e38 ,3:1,4:1e10,6:1e38}/6'::sparsevec <+> '{1:2e38,2:3e38,4:-2e38,5:1e38,6:1e10,7:1e10,8:-3e38,9:1e10}/9'::sparsevec	ERROR 22000 | different sparsevec dimensions 6 and 9
operator	0	'{385599:-0,402535:3.75,459908:0,846416:-3.0}/1000000'::sparsevec <> '{1:3.5,2:0.25}/2'::sparsevec	true
operator	0	'{3:5.75,4:1.3612062622482026e+24}/4'::sparsevec >= '{2:1.0,3:3.5,4:-7.25}/4'::sparsevec	false
operator	0	'{3:7.75,4:-5.533628,5:5.9891437443}/5'::sparsevec = '{1:-6.25,2:2.0}/2'::sparsevec	false
operator	0	'{86359822:7.5,207751780:-6.0,537447273:-3.5,837701707:-0.75}/1000000000'::sparsevec < '{}/6'::sparsevec	false
operator	0	'{}/1'::sparsevec <+> '{1:-1.4468698}/1'::sparsevec	1.4468698501586914
operator	0	'{}/1'::sparsevec <+> '{2:2e38,4:-1e38,5:3e38,7:-1e38,8:-2e38,9:3e38,11:1e10,13:\n1,14:1,16:3e38}/16'::sparsevec(17)	ERROR 22000 | expected 17 dimensions, not 16
operator	0	'{}/4'::sparsevec <+> '{2:-0,3:-6.0,4:-0}  /4'::sparsevec	6
operator	0	('[-3.75]'::halfvec - '[0]'::halfvec) <#> ('[1.7774]'::halfvec || '[-0]'::halfvec)	ERROR 22000 | different halfvec dimensions 1 and 2
operator	0	('[-4.25]'::halfvec - '[8.697918142475778e-18]'::halfvec) + (('{1:5.75}/1'::sparsevec)::halfvec)	[1.5]
operator	0	('[-4.75,-0.5,8.489752084458578e-23,-2.962782,3.5]'::vector + '[-6.25] '::vector) <#> '[0,0,0]'::vector	ERROR 22000 | different vector dimensions 5 and 1
operator	0	('[5.75,4.75]'::vector + '[3.25,5.75\t]'::vector(2)) - '[0,0]'::vector	[9,10.5]
operator	0	(('[-2.75,-2.8,3.25,-6.477,-6.3922]'::halfvec)::halfvec) <> '[4.0,-8.0,-7.0,2.75,-2.25]'::halfvec	true
operator	0	(('{1,-3}'::integer[])::sparsevec) <#> (vector_to_sparsevec('[-7.25,5.5]'::vector, -1, false))	23.75
operator	0	(('{3,-5,-2,4,4,-1}'::integer[])::halfvec(6)) >= '[0x,5.8281,-7.75,-2.5,nan]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0x,5.8281,-7.75,-2.5,nan]"
operator	0	(('{65520,8,-1,-7,-1,-8,0,-2,-3}'::integer[])::vector) <+> '[2e38,1e38,-1e38,-1,-3e38,-1 ,3e38, -2e38,-3e38]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[2e38,1e38,-1e38,-1,-3e38,-1 ,3e38, -2e38,-3e38]"
operator	0	(array_to_vector('{-9,65520}'::integer[], 2, false)) <+> (('{-1}'::integer[])::vector)	ERROR 22000 | different vector dimensions 2 and 1
operator	0	(l2_normalize('[6.25,6.75,-6.25,-0.5,-4.5,1.5,-6.0,3.75]'::vector(9))) * '[5.75,-7.75,1.0,0,4.0,0.75,0,-7.0]'::vector	ERROR 22000 | expected 9 dimensions, not 8
operator	0	(sparsevec_to_vector('{1:1,2:1e10,3:1e10,6:3e38}/6'::sparsevec, -2, false)) <+> ('[1,0,2e38,1e38,1,3e38]'::vector * '[1,2e38,1e10,-1e38,1e10,-3e38]'::vector)	ERROR 22000 | expected -2 dimensions, not 6
operator	0	(vector_add('[1]'::vector, '[1]'::vector(1))) <-> (l2_normalize('[-3e38]'::vector))	3
operator	0	(vector_add('[1e38,\r\n1e38]'::vector, ' [-3.25,1.25]'::vector)) || '[5.25,-8.998579552592049e-39]'::vector	[1e+38,1e+38,5.25,-8.99858e-39]
operator	0	(vector_to_halfvec('[7.539068012,-2.5,-7.25,0.2]'::vector, 0, false)) || (l2_normalize('[0,-2.75,7.75,-1.0]'::halfvec))	ERROR 22000 | expected 0 dimensions, not 4
operator	0	B'000' <%> B'100'	1
operator	0	NULL::halfvec <= '[-6.210289624543726e-42,-0.5,4.4,0,0,6.75,0,-7.5,\r\n3.19,7.16657,9.15789478,7.0,8.0,-3.25,3.5442303,-7.942,-1.25,-1.75,-5.79,-5.75,-2.1816128394455835e-45,3.25,5.75,2.75,-3.91,-5.5,2.0,0,\t0,8.0,-3.25]'::halfvec	NULL
operator	0	NULL::vector = '[-8.0,1.2,-8.0,3.0,-0,0.0]'::vector	NULL
operator	0	binary_quantize('[-5.25,-1.25,-3.75,0,3.75,-0\r\n]'::vector) <%> repeat('0101101', 6)::bit(6)	0.6666666666666667
operator	0	binary_quantize('[-6.75,5.0, 5.0,2.5,-0.25]'::vector) <~> B'11010'	2
operator	0	binary_quantize(NULL::halfvec) <~> B'001000'	NULL
operator	0	large(128, 79, 41)::sparsevec <#> ("sparsevec"('{2:1,4  :2e38,6:1e38}/6'::sparsevec(6), 0, true))	ERROR 22000 | expected 0 dimensions, not 6
operator	0	series(128, 41, 28)::vector < series(128, 51, 2)::vector	true
operator	0	series(63, 69, 72)::halfvec + series(63, 18, 82)::halfvec	[1,1.5,-2.25,-1.75,-1.25,-0.75,-0.25,0.25,0.75,1.25,1.75,2.25,-1.5,-1,-0.5,0,0.5,1,1.5,-2.25,-1.75,-1.25,-0.75,-0.25,0.25,0.75,1.25,1.75,2.25,-1.5,-1,-0.5,0,0.5,1,1.5,-2.25,-1.75,-1.25,-0.75,-0.25,0.25,0.75,1.25,1.75,2.25,-1.5,-1,-0.5,0,0.5,1,1.5,-2.25,-1.75,-1.25,-0.75,-0.25,0.25,0.75,1.25,1.75,2.25]
operator	1	'[-2e38,-3e38,-1e38]'::vector(2) <=> ("vector"('[-1e38,0,-1e38]'::vector, 3, false))	ERROR 22000 | expected 2 dimensions, not 3
operator	1	'[-4.0,-0]'::halfvec <=> (array_to_halfvec('{0.8122378209,7.75}'::real[], 2, false))	1.104205286948664
operator	1	'[ 3e38,-3e38,-1e38]'::halfvec <=> '[-0.25,3.75,-5.75]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[ 3e38,-3e38,-1e38]"
operator	1	'{1:1e38,2:1e38,3:-2e38,5:3e38}/6'::sparsevec <=> '{4:1e10,6:3e38}/6'::sparsevec	1
operator	1	('[-1e38,1e38,\r\n0,3e38,-2e38,2e38,1e38,-2e38,2e38,-1e38,3e38,-1,-3e38,3e38,1,1e10]'::vector(16) * '[1e38,-1e38,3e38,-1,0,1e38,-1,-3e38,1,\t3e38,0,0,1,3e38,-2e38,-3e38]'::vector) <=> '[-1e38,2e38\r\n,3e38,-1,1e38,1e38,1e10,2e38,2e38,1e10,2e38,1e10,-1e38,-2e38,1e38,1e38]'::vector	ERROR 22003 | value out of range: overflow
operator	1	(('[6.75, -2.25]'::vector)::sparsevec) <=> NULL::sparsevec	NULL
operator	1	(l2_normalize('{1:2e38,2:-1e38}/2'::sparsevec(2))) <=> '{1:3e38,2:2e38}/2'::sparsevec	1
operator	1	(vector_sub('[-3.75,-0,-2.25]'::vector, '[0.25,-4.0,2.75]'::vector)) <=> '[-2.0,4.25\r\n,-0]'::vector	0.29502255979834313
order	0	'[-0,6.734814378088592e+30]'::halfvec < '[-0,6.734814378088592e+30]'::halfvec	ERROR 22003 | "6.734814378088592e+30" is out of range for type halfvec
order	0	'[-0.75,-4.0]'::halfvec >= '[16777217,-4.75,-5.20685]'::halfvec	ERROR 22003 | "16777217" is out of range for type halfvec
order	0	'[-1.5,-2.75,7.25]'::vector >= '[65286.549062846745]'::vector	false
order	0	'[-3.25,-2.65861,0.6694]'::vector = '[0]'::vector	false
order	0	'[-5.5,5.5,4.25]'::vector >= '[0.5,-7.5,-0]'::vector	false
order	0	'[-7.5]'::vector <> '[-3.4028235e38]'::vector	true
order	0	'[-8.0,-8.0]'::halfvec > '[-8.0,-8.0]'::halfvec	false
order	0	'[0.5,7.5,-1.75\t]'::halfvec = '[0,0]'::halfvec	false
order	0	'[0]'::halfvec = '[0]'::halfvec	true
order	0	'[1.0]'::vector = '[3.0,-3.0,0]'::vector	false
order	0	'[3e38,-1]'::halfvec >= '[3e38,-1]'::halfvec	ERROR 22003 | "3e38" is out of range for type halfvec
order	0	'[4.75]'::halfvec <> '[4.75]'::halfvec	false
order	0	'[6.5]'::halfvec = '[-4.75,-7.0,-0]'::halfvec	false
order	0	'{1:-0,2:-1.0,3:-0.5}/3'::sparsevec >= '{3:-0,2:2.25,1:4.5}/3'::sparsevec(2)	ERROR 22000 | expected 2 dimensions, not 3
order	0	'{1:-5.75,3:-6.0}/3'::sparsevec = '{1:-5.75,3:-6.0}/3'::sparsevec	true
order	0	'{1:-6.5}/1'::sparsevec <= '{1:-6.5}/1'::sparsevec	true
order	0	'{1:3.0,2:7.75}/ 2'::sparsevec <> '{1:3.0,2:7.75}/ 2'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:3.0,2:7.75}/ 2"
order	0	'{1:3.4028236e38}/1'::sparsevec <= '{1:-3.0}/1'::sparsevec	ERROR 22003 | "3.4028236e38" is out of range for type sparsevec
order	0	'{1:3.628670903950226e-37,2:7.0,3:0.5}/3'::sparsevec <= '{1:-2382963187514.362}/1'::sparsevec	false
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-0,3.0]'::vector), ('[0,0]'::vector), ('[7.5,-0,0.0]'::vector), ('[0]'::vector), ('[0,0]'::vector), ('[-4.0052,-1.5]'::vector(2))) AS t(x))	{"[-4.0052,-1.5]",[0],"[0,0]","[-0,3]","[7.5,-0,0]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-0.5,7.5,\t2.75]'::vector), ('[6.5,-0]'::vector), ('[0,-2.25,5.5]'::vector), ('[-3.5,-4.5,0.0\n]'::vector)) AS t(x))	{"[-3.5,-4.5,0]","[-0.5,7.5,2.75]","[0,-2.25,5.5]","[6.5,-0]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-3.0]'::vector(1)), ('[-3.11]'::vector), ('[-4.25,-5.5,-5.25]'::vector), ('[-1.0,7.75,-0.75]'::vector)) AS t(x))	{"[-4.25,-5.5,-5.25]",[-3.11],[-3],"[-1,7.75,-0.75]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-3.5,5.0,5.25]'::halfvec), ('[-7.0,1e400]'::halfvec), ('[-7.25]'::halfvec), ('[5.5,7.0,4.17]'::halfvec), ('[-1e38,-2e38,1e38]'::halfvec)) AS t(x))	ERROR 22003 | "1e400" is out of range for type halfvec
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[3.75,2.75]'::vector), ('[0,6.656362917]'::vector)) AS t(x))	{"[0,6.656363]","[3.75,2.75]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('{1:.5}/1'::sparsevec), ('{1:-1}/1'::sparsevec(1)), ('{272039828:7.5,407355975:-0,929027994:3.0,982037807:7.0}/1000000000'::sparsevec), ('{1:-1.0,2:5.25,3:3.0}/3'::sparsevec), ('{1:-6.466459816409872e-29}/1'::sparsevec)) AS t(x))	{"{1:-1}/1","{1:-1,2:5.25,3:3}/3","{1:-6.4664596e-29}/1","{272039828:7.5,929027994:3,982037807:7}/1000000000","{1:0.5}/1"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-0,0]'::halfvec), ('[-1.25,-4.0]'::halfvec(1)), ('[-1.0]'::halfvec), ('[0]'::halfvec)) AS t(x))	ERROR 22000 | expected 1 dimensions, not 2
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-3.75,4.25 ]'::vector), ('[-2.0]'::vector), ('[-1,-1,2e38]'::vector)) AS t(x))	ERROR 22P02 | invalid input syntax for type vector: "[-3.75,4.25 ]"
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[3e38,1]'::vector), ('[0]'::vector(1)), ('[-4.0,6.75]'::vector)) AS t(x))	{"[3e+38,1]",[0],"[-4,6.75]"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[5.0,7.0,0]'::halfvec), ('[3.75] '::halfvec), ('[0,0,0]'::halfvec)) AS t(x))	ERROR 22P02 | invalid input syntax for type halfvec: "[3.75] " | Junk after closing right brace.
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{1:-6.56204,2:-1.}/2'::sparsevec), ('{312012315:2.5,581448372:-1.0,745409759:0.5,888263634:-5.0}/1000000000'::sparsevec)) AS t(x))	{"{312012315:2.5,581448372:-1,745409759:0.5,888263634:-5}/1000000000","{1:-6.56204,2:-1}/2"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{1: -5.0,2:-6.0,3:0.75}/3 '::sparsevec), ('{1:1e}/1'::sparsevec), ('{}/1'::sparsevec)) AS t(x))	ERROR 22P02 | invalid input syntax for type sparsevec: "{1: -5.0,2:-6.0,3:0.75}/3 "
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('{3:5.0,2:-0.25,1:6.75}/3'::sparsevec), ('{1:-0.25,2:0.75}/2'::sparsevec)) AS t(x))	{"{1:6.75,2:-0.25,3:5}/3","{1:-0.25,2:0.75}/2"}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[-2.5\t,0.5,1.75]'::halfvec), ('[-0]'::halfvec), (' [0]'::halfvec), ('[-6.0]'::halfvec), ('[-7.0,3.0,6.75]'::halfvec(3)), ('[4.75]'::halfvec)) AS t(x))	{"[-7,3,6.75]",[-6],"[-2.5,0.5,1.75]",[-0],[0],[4.75]}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[-3.12883,0,NaN]'::vector), ('[1.5,-0]'::vector), ('[9.279093585]'::vector), (NULL::vector), ('[0.5]'::vector), ('[-2.0,-3.25]'::vector)) AS t(x))	ERROR 22000 | NaN not allowed in vector
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('{1:1.0000001\r\n}/1\n'::sparsevec), ('{1:-1942708.8809928384,2:0.75}/2'::sparsevec)) AS t(x))	{"{1:-1.9427089e+06,2:0.75}/2","{1:1.0000001}/1"}
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-3.5,-2.5]'::vector), ('[-65520,0x1.8p-1]'::vector), ('[6.75,1.0,-2.0]'::vector), ('[-1.5,-2.817870100163538e-18,-4.75]'::vector), ('[1e-5]'::vector(1))) AS t(x))	5
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-4.75]'::halfvec), ('[6.75,3.0]'::halfvec), ('[427521012.6273416,1.3553722361,-0.5]'::halfvec), ('[5.5,6.25,1.25]'::halfvec)) AS t(x))	ERROR 22003 | "427521012.6273416" is out of range for type halfvec
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('{}/3'::sparsevec), (NULL::sparsevec), ('{1:6.5,2:2.75}/2'::sparsevec), ('{1:6.25,2:-5.,3:7.75}/3'::sparsevec), ('{1:6.85087,2:3.7476443174535605e-32}/2'::sparsevec)) AS t(x))	4
order	0	halfvec_cmp('[-4.25,3.5,-0]'::halfvec, '[6.0,4.75]'::halfvec(2))	-1
order	0	halfvec_cmp('[0]'::halfvec(1), '[3.5,-3.25]'::halfvec)	-1
order	0	halfvec_cmp('[0]'::halfvec, '[0]'::halfvec)	0
order	0	sparsevec_cmp('{632:0.5,4048:-5.75,4126:-5.75,5515:6.0}/16000'::sparsevec, '{632:0.5,4048:-5.75,4126:-5.75,5515:6.0}/16000'::sparsevec)	0
order	0	vector_cmp('[-2.55250,1e+]'::vector, '[1e-45,2.0,6.424189911418528e+22]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[-2.55250,1e+]"
resolution	0	"halfvec"(1, 1, '{1,2}'::real[])	ERROR 42883 | function halfvec(integer, integer, real[]) does not exist
resolution	0	"sparsevec"(ARRAY[1,2], 1, '{1,2}')	ERROR 42883 | function sparsevec(integer[], integer, unknown) does not exist
resolution	0	'{1,2}' < ARRAY[1,2]	false
resolution	0	(1)::halfvec	ERROR 42846 | cannot cast type integer to halfvec
resolution	0	(NULL)::vector	NULL
resolution	0	ARRAY[1,2] < '[1,2]'	ERROR 22P02 | malformed array literal: "[1,2]" | Missing "]" after array dimensions.
resolution	0	B'10' = B'10'	true
resolution	0	NULL <~> '{1,2}'::real[]	ERROR 42883 | operator does not exist: unknown <~> real[]
resolution	0	avg('10'::varbit)	ERROR 42883 | function avg(bit varying) does not exist
resolution	0	halfvec_lt('{1,2}', '[2.75,-6. ]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[2.75,-6. ]"
resolution	0	halfvec_ne(ARRAY[1,2], '{1,2}'::real[])	ERROR 42883 | function halfvec_ne(integer[], real[]) does not exist
resolution	0	halfvec_ne(NULL, B'10')	ERROR 42883 | function halfvec_ne(unknown, bit) does not exist
resolution	0	halfvec_negative_inner_product(ARRAY[1,2], ARRAY[1,2])	ERROR 42883 | function halfvec_negative_inner_product(integer[], integer[]) does not exist
resolution	0	halfvec_to_sparsevec('10'::varbit, '[1.0,-0]'::halfvec, B'10')	ERROR 42883 | function halfvec_to_sparsevec(bit varying, halfvec, bit) does not exist
resolution	0	hamming_distance('{1,2}', '[1,2]')	ERROR 22P02 | "{" is not a valid binary digit
resolution	0	sparsevec_lt(1, '{1,2}'::real[])	ERROR 42883 | function sparsevec_lt(integer, real[]) does not exist
resolution	0	sparsevec_ne('{1,2}', '{1,2}')	ERROR 22P02 | invalid input syntax for type sparsevec: "{1,2}"
resolution	0	sparsevec_ne('{1:3.5,2:0.25}/2'::sparsevec, '[1,2]')	ERROR 22P02 | invalid input syntax for type sparsevec: "[1,2]" | Vector contents must start with "{".
resolution	0	vector_add('10'::varbit, '10'::varbit)	ERROR 42883 | function vector_add(bit varying, bit varying) does not exist
resolution	0	vector_to_float4(NULL, '{1,2}', '{1,2}')	ERROR 22P02 | invalid input syntax for type integer: "{1,2}"
resolution	1	halfvec_spherical_distance('[1,2]', '{1,2}'::real[])	ERROR 42883 | function halfvec_spherical_distance(unknown, real[]) does not exist
resolution	1	halfvec_spherical_distance(B'10', '[7.75,0]'::vector)	ERROR 42883 | function halfvec_spherical_distance(bit, vector) does not exist
scan	0	nearest('no_bit', 'varbit', '<%>', '001')	NULL
scan	0	nearest('no_bit', 'varbit', '<%>', '01')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('no_bit', 'varbit', '<%>', '1')	ERROR 22000 | expected 3 dimensions, not 1
scan	0	nearest('no_bit', 'varbit', '<%>', '100')	NULL
scan	0	nearest('no_bit', 'varbit', '<%>', NULL)	NULL
scan	0	nearest('no_halfvec', 'halfvec', '<+>', '[5,4,1]')	NULL
scan	0	nearest('no_halfvec', 'halfvec', '<->', '[8,6,5,1,2,2,4,2,4,8,2,4,2,7,5,1,6,8,9,6,3,3,3,5,7,6,6,7,3,8,2,4,1,5,4,5,4,4,1,5,9,3,1,8,5,1,9,2,8,7,8,8,2,1,1,7,9,1,7,6,7,2,2,3,9,4,3,4,3,6,2,4,1,1,9,8,1,3,1,6,7,2,4,1,7,1,8,4,2,8,3,1,2,1,5,7,8,6,8,2]')	ERROR 22000 | expected 3 dimensions, not 100
scan	0	nearest('no_halfvec', 'halfvec', '<->', NULL)	NULL
scan	0	nearest('no_sparsevec', 'sparsevec', '<+>', '{1:5,2:6,3:2,4:1}/4')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('no_sparsevec', 'sparsevec', '<->', '{1:9,2:7,3:2,4:8}/4')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('no_vector', 'vector', '<#>', '[4,2,9]')	NULL
scan	0	nearest('no_vector', 'vector', '<#>', '[6,5,8,1,8,2,5,3,6,4,1,7,4,4,3,5,2,1,6,8,7,6,9,6,1,1,2,7,8,2,8,4,3,6,7,7,6,9,8,7,1,1,5,5,2,4,4,4,4,8,9,8,4,1,5,7,5,2,1,1,2,7,6,6,4,9,3,6,2,1,3,1,4,7,5,2,5,7,6,5,9,4,8,1,9,2,2,1,4,4,3,6,6,6,3,6,7,4,7,1]')	ERROR 22000 | expected 3 dimensions, not 100
scan	0	nearest('no_vector', 'vector', '<+>', '[6,8,9,6]')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('no_vector', 'vector', '<->', '[2,3,6,1]')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('some_bit', 'varbit', '<~>', '00')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('some_bit', 'varbit', '<~>', '1')	ERROR 22000 | expected 3 dimensions, not 1
scan	0	nearest('some_bit', 'varbit', '<~>', '10')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('some_bit', 'varbit', '<~>', '110')	{0,0,0,1,1,1,1,1,2}
scan	0	nearest('some_halfvec', 'halfvec', '<+>', NULL)	{NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL}
scan	0	nearest('some_halfvec', 'halfvec', '<->', '[3]')	ERROR 22000 | expected 3 dimensions, not 1
scan	0	nearest('some_halfvec', 'halfvec', '<->', '[8,4,4]')	{7.810249675906654,8.18535277187245,8.246211251235321,8.602325267042627,8.660254037844387,9.643650760992955,9.899494936611665,10.44030650891055,12.12435565298214}
scan	0	nearest('some_vector', 'vector', '<+>', '[6,6,8]')	{17,17,18,18,19,19,20,21,25}
scan	1	nearest('no_halfvec', 'halfvec', '<=>', '[7,4,4,1]')	ERROR 22000 | expected 3 dimensions, not 4
scan	1	nearest('some_sparsevec', 'sparsevec', '<=>', '{1:7,2:5}/2')	ERROR 22000 | expected 3 dimensions, not 2
state	0	halfvec_combine('{0,-0}'::float8[], '{0.5,1}'::float8[])	{0.5,1}
state	0	halfvec_combine('{0}'::float8[], '{0,5}'::float8[])	{0,5}
state	0	halfvec_combine('{1,-4.75}'::float8[], '{0,5}'::float8[])	{1,0.25}
state	0	halfvec_combine('{1,NULL}'::float8[], '{0,5}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine('{1e308,1e308}'::float8[], '{1}'::float8[])	{1e+308,1e+308}
state	0	halfvec_combine('{2,-4.75,3.5}'::float8[], '{{1,2},{3,4}}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine('{3,-1.25,7.25}'::float8[], '{0,1,2}'::float8[])	{3,-0.25,9.25}
state	0	halfvec_combine('{3,3.25,6.5}'::float8[], '{0,-0}'::float8[])	ERROR 22000 | expected 2 dimensions, not 1
state	0	halfvec_combine('{5,-7.5}'::float8[], '[2:4]={1,2,3}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
state	0	halfvec_combine('{7,-3.25}'::float8[], '{1,Infinity}'::float8[])	ERROR 22003 | value out of range: overflow
state	0	halfvec_combine('{8,4.25}'::float8[], '{-1,2}'::float8[])	{7,6.25}
state	0	halfvec_combine('{NaN}'::float8[], '{0,5}'::float8[])	{NaN,5}
state	0	halfvec_combine('{NaN}'::float8[], '{4,-0,2.75}'::float8[])	{NaN,-0,2.75}
state	0	halfvec_combine(NULL::float8[], '{1,Infinity}'::float8[])	NULL
state	0	halfvec_combine(NULL::float8[], '{}'::float8[])	NULL
state	0	vector_combine('{0,0}'::float8[], '{8,-5.5,-0}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
state	0	vector_combine('{2,2.25,-5.25}'::float8[], '{0,-0}'::float8[])	ERROR 22000 | expected 2 dimensions, not 1
state	0	vector_combine('{4,-1.0,0}'::float8[], '{1,-0.75,1.75}'::float8[])	{5,-1.75,1.75}
state	0	vector_combine('{5,-3.5}'::float8[], '{0,-0}'::float8[])	{5,-3.5}
state	0	vector_combine('{8,-8.0}'::float8[], '{4,0.75}'::float8[])	{12,-7.25}
state	0	vector_combine('{9,2.0,7.75}'::float8[], '{6,3.5,-6.75}'::float8[])	{15,5.5,1}
state	0	vector_combine('{9,6.0}'::float8[], '{NaN,1}'::float8[])	{NaN,7}
state	0	vector_combine('{NaN,1}'::float8[], '{2,-2.75,-1.0}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
state	0	vector_combine('{NaN}'::float8[], '{2,-6.5}'::float8[])	{NaN,-6.5}
state	0	vector_combine('{{1,2},{3,4}}'::float8[], '{0,1,2}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	vector_combine(array_fill(1::float8, ARRAY[16002]), '{{1,2},{3,4}}'::float8[])	ERROR XX000 | vector_combine: expected state array
statistics	0	analyzed('halfvec', '{"[0,0]","[0,0]"}')	0 9 -0.5 {"[0,0]"} {1} 1
statistics	0	analyzed('halfvec', '{"[0]","[0]","[0]","[0]","[0]","[0]","[0]","[0]","[0]"}')	0 7 -0.11111111 {[0]} {1} 1
statistics	0	analyzed('vector', '{"[0,1]"}')	0 13 -1
statistics	0	analyzed('vector', '{"[3,0]"}')	0 13 -1
text	0	' [-3.5,2.0,7.0,2.75]'::halfvec	[-3.5,2,7,2.75]
text	0	' {2:6.25}72'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: " {2:6.25}72" | Unexpected end of input.
text	0	''::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "" | Vector contents must start with "{".
text	0	',-.25,-0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: ",-.25,-0]" | Vector contents must start with "[".
text	0	'0,-1.253E.75]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "0,-1.253E.75]" | Vector contents must start with "[".
text	0	'08,-7.5, 1.0,-4.75]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "08,-7.5, 1.0,-4.75]" | Vector contents must start with "[".
text	0	'1,2]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "1,2]" | Vector contents must start with "[".
text	0	'1:0x1px3}/1'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "1:0x1px3}/1" | Vector contents must start with "{".
text	0	'[ -4.25,-2.25]'::vector	[-4.25,-2.25]
text	0	'['::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[" | Vector contents must start with "{".
text	0	'['::vector	ERROR 22P02 | invalid input syntax for type vector: "["
text	0	'[+1]'::vector	[1]
text	0	'[-0,-0. 5,8.0,-7.5]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-0,-0. 5,8.0,-7.5]"
text	0	'[-0,0,-31.0,.75]'::vector	[-0,0,-31,0.75]
text	0	'[-0,5.5,-1.5,-4.0]'::vector	[-0,5.5,-1.5,-4]
text	0	'[-0.706310449]'::vector	[-0.70631045]
text	0	'[-0.75,-7.205103246198052e+36,2.5,0,-6.6080286200665015e+37,-0.2]'::halfvec	ERROR 22003 | "-7.205103246198052e+36" is out of range for type halfvec
text	0	'[-1,1e.3x8]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-1,1e.3x8]"
text	0	'[-1.2827461,4492457317955101.0,-2.75,7.1875,5.25,5.0]'::vector	[-1.2827461,4.4924574e+15,-2.75,7.1875,5.25,5]
text	0	'[-1.5,-4.00,7.5]'::vector	[-1.5,-4,7.5]
text	0	'[-1.75,6.5,-5.0,1.5]'::halfvec	[-1.75,6.5,-5,1.5]
text	0	'[-2.25]'::halfvec	[-2.25]
text	0	'[-2.5,-2.75,-8.0,5.25,4.0]'::vector	[-2.5,-2.75,-8,5.25,4]
text	0	'[-3.0{]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-3.0{]"
text	0	'[-3.5,4.7,1.25,-3[75]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-3.5,4.7,1.25,-3[75]"
text	0	'[-4025,1.25,1.5,-1.0466]'::halfvec	[-4024,1.25,1.5,-1.046875]
text	0	'[-7.5,-2.25,-2.75,-1.0]'::halfvec	[-7.5,-2.25,-2.75,-1]
text	0	'[-7.75,-7.25,-4.0,-0]'::halfvec	[-7.75,-7.25,-4,-0]
text	0	'[-8.0,-7.25,4.5,-3.75,-2.75,-0]'::halfvec	[-8,-7.25,4.5,-3.75,-2.75,-0]
text	0	'[0,-6.25,0-7.0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0,-6.25,0-7.0]"
text	0	'[0,0,0,0,0,0]'::halfvec	[0,0,0,0,0,0]
text	0	'[0,0,0]'::halfvec	[0,0,0]
text	0	'[0,\t0,0,0,0]'::halfvec	[0,0,0,0,0]
text	0	'[0.0,-1.25,-7.5]'::vector	[0,-1.25,-7.5]
text	0	'[0.5,-7.5,-2.5]'::vector	[0.5,-7.5,-2.5]
text	0	'[0.6136089667988636]'::halfvec	[0.61376953]
text	0	'[0.75,-2.5,0,0,7.0,1.5]'::vector	[0.75,-2.5,0,0,7,1.5]
text	0	'[07.54'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[07.54"
text	0	'[0]'::vector	[0]
text	0	'[0}+,\n]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0}+,\n]"
text	0	'[1 2]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[1 2]" | Vector contents must start with "{".
text	0	'[1,,2]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[1,,2]" | Vector contents must start with "{".
text	0	'[1.0,-4.0,-1.5,3.75]'::halfvec	[1,-4,-1.5,3.75]
text	0	'[1e38,-1,-3e38,-2e38]'::vector	[1e+38,-1,-3e+38,-2e+38]
text	0	'[2.25 ,7.921465814,\t0.0001,4e38,-7.25]'::vector	ERROR 22003 | "4e38" is out of range for type vector
text	0	'[2.5,-1.0,-\r\n-0,7.25]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[2.5,-1.0,-\r\n-0,7.25]"
text	0	'[2.547999219821181e-"1]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[2.547999219821181e-"1]"
text	0	'[2.75,-5.25,3.25,-0]'::halfvec	[2.75,-5.25,3.25,-0]
text	0	'[2e38]'::vector	[2e+38]
text	0	'[2e38,1e,10]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[2e38,1e,10]"
text	0	'[3.0567167393180673e-26,65519,-7.1765-2,-1.0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[3.0567167393180673e-26,65519,-7.1765-2,-1.0]"
text	0	'[3.1865745515,9.09,7.0,-9.342425162443538e+34,-0.5035750930404614,6.87]'::halfvec	ERROR 22003 | "-9.342425162443538e+34" is out of range for type halfvec
text	0	'[4.025]'::halfvec	[4.0234375]
text	0	'[4.5,2.25 ,-5.5,-0.25,-0 ]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[4.5,2.25 ,-5.5,-0.25,-0 ]"
text	0	'[4.75]'::halfvec	[4.75]
text	0	'[5.5,3.0,8.76756703806886e+18]'::vector	[5.5,3,8.7675673e+18]
text	0	'[5.75,7.75]'::vector	[5.75,7.75]
text	0	'[NaN,-0.5]'::halfvec	ERROR 22000 | NaN not allowed in halfvec
text	0	'[[1]]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[[1]]"
text	0	'[\t-45.7-]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[\t-45.7-]"
text	0	'[f0,/4.56,0.0\t,1.25]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[f0,/4.56,0.0\t,1.25]"
text	0	'[i0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[i0]"
text	0	'[infi6n]'::vector	ERROR 22000 | infinite value not allowed in vector
text	0	'\n[-7.5,-2.86,-7.5]'::vector	[-7.5,-2.86,-7.5]
text	0	'\t[1]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "\t[1]" | Vector contents must start with "{".
text	0	'][7.0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "][7.0]" | Vector contents must start with "[".
text	0	'{1.5:1}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1.5:1}/3" | Vector contents must start with "[".
text	0	'{1:-0}1'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-0}1" | Unexpected end of input.
text	0	'{1:-2.5,2:-3.0,3:-5.]}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-2.5,2:-3.0,3:-5.]}/3"
text	0	'{1:-6.5,2:i6.5,3:2.5}3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-6.5,2:i6.5,3:2.5}3"
text	0	'{1:-6.75,2:-7.5}/2'::sparsevec	{1:-6.75,2:-7.5}/2
text	0	'{1:-nan  ,2:-.94708}/2\r\n'::sparsevec	ERROR 22000 | NaN not allowed in sparsevec
text	0	'{1:.5e0}/1'::sparsevec	{1:0.5}/1
text	0	'{1:0,1:0}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:0,1:0}/3" | Vector contents must start with "[".
text	0	'{1:1 }/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1 }/3" | Vector contents must start with "[".
text	0	'{1:1'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1" | Vector contents must start with "[".
text	0	'{1:1, 2:2}/2'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1, 2:2}/2" | Vector contents must start with "[".
text	0	'{1:1,1:2}/3'::sparsevec	ERROR 22000 | sparsevec indices must not contain duplicates
text	0	'{1:1,2:2,3:3,4:4}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1,2:2,3:3,4:4}/3" | Vector contents must start with "[".
text	0	'{1:1,2:2e}/2'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1,2:2e}/2" | Vector contents must start with "[".
text	0	'{1:1}'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1}" | Vector contents must start with "[".
text	0	'{1:1}/1.'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:1}/1." | Junk after closing.
text	0	'{1:1}/1000000001'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1}/1000000001" | Vector contents must start with "[".
text	0	'{1:1}/3\n'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1}/3\n" | Vector contents must start with "[".
text	0	'{1:1}/3]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:1}/3]" | Junk after closing.
text	0	'{1:2.5,2:6.75,3:0.13'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:2.5,2:6.75,3:0.13"
text	0	'{1:3.0,2:-0.25,3:-4.5}/3'::sparsevec	{1:3,2:-0.25,3:-4.5}/3
text	0	'{1:4.25,2:5.5,3:-2.75}/3'::sparsevec	{1:4.25,2:5.5,3:-2.75}/3
text	0	'{1:7.25}/1'::sparsevec	{1:7.25}/1
text	0	'{1;1}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1;1}/3" | Vector contents must start with "[".
text	0	'{2147483648:1}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{2147483648:1}/3" | Vector contents must start with "[".
text	0	'{2:-2.25,5:2.0446,6:7.0}/6'::sparsevec	{2:-2.25,5:2.0446,6:7}/6
text	0	'{38.0})/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{38.0})/4"
text	0	'{3:-4.0,1:1_0,2:-6.0}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{3:-4.0,1:1_0,2:-6.0}/3"
text	0	'{}/'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{}/"
text	0	'{}/0'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{}/0" | Vector contents must start with "[".
text	0	'{}/2'::sparsevec	{}/2
text	0	'}/0/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "}/0/4" | Vector contents must start with "{".
text	0	E'[-5.75]\\\\'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-5.75]\\" | Junk after closing right brace.
text	0	E'[5.75,7.28\\\\ ]9'::vector	ERROR 22P02 | invalid input syntax for type vector: "[5.75,7.28\\ ]9"
text	0	E'{3:-0.94,1:-88.''3271\\\\}/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{3:-0.94,1:-88.'3271\\}/4"
typmod	0	'[-3.160921919,5.5,-5.30392595]'::halfvec(3)	[-3.1601562,5.5,-5.3046875]
typmod	0	'[-5.0,-1.5,2.5]'::vector(2147483647)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[0,0,0,0]'::halfvec('3')	ERROR 22000 | expected 3 dimensions, not 4
typmod	0	'[0,-6.75,-2.25,5.75]'::halfvec(2147483647)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[0,2.75,2.0,-3.4028235e38]'::vector(NULL)	ERROR 42601 | type modifiers must be simple constants or identifiers
typmod	0	'[2.0,-7.0,-0,-5.75]'::vector(1)	ERROR 22000 | expected 1 dimensions, not 4
typmod	0	'[2.0]'::halfvec(1000000000)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[5.0,5.25,4.25]'::vector(1000000001)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[5.25]'::halfvec(NULL)	ERROR 42601 | type modifiers must be simple constants or identifiers
typmod	0	'[5.5,0,0,7.75]'::vector(16000)	ERROR 22000 | expected 16000 dimensions, not 4
typmod	0	'{ 4:2.25}/4'::sparsevec(2147483647)	ERROR 22023 | dimensions for type sparsevec cannot exceed 1000000000
typmod	0	'{1:-0,2:2.75}/2'::sparsevec(2147483647)	ERROR 22023 | dimensions for type sparsevec cannot exceed 1000000000
typmod	0	'{1:-4.25,2:-2.0,3:-1.5}/3'::sparsevec(16000)	ERROR 22000 | expected 16000 dimensions, not 3
typmod	0	'{1:-9.311071006994107e-45,2:-2.41527110,4:-4.857}/4'::sparsevec(a)	ERROR 22P02 | invalid input syntax for type integer: "a"
typmod	0	'{1:0x1p3,2:2048,3:5.25}/3'::sparsevec(1.5)	ERROR 22P02 | invalid input syntax for type integer: "1.5"
typmod	0	'{1:1.75,2:-2.25,3:0.0}/3'::sparsevec(2147483647)	ERROR 22023 | dimensions for type sparsevec cannot exceed 1000000000
typmod	0	'{1:3.0,2:-6.0 ,3:5.25}/3'::sparsevec('')	ERROR 22P02 | invalid input syntax for type integer: ""
typmod	0	'{1:5.75,2:0.5,4:1.5}/4'::sparsevec('')	ERROR 22P02 | invalid input syntax for type integer: ""
typmod	0	'{2:5.25,3:-5.482759877524401e+27}/3'::sparsevec(-1)	ERROR 22023 | dimensions for type sparsevec must be at least 1
typmod	0	'{}/2'::sparsevec(4)	ERROR 22000 | expected 4 dimensions, not 2
typmod	0	'{}/3'::sparsevec(' 2 ')	ERROR 22000 | expected 2 dimensions, not 3
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
-- test: scan
SELECT * FROM difference WHERE kind = 'scan';
-- test: state
SELECT * FROM difference WHERE kind = 'state';
-- test: statistics
SELECT * FROM difference WHERE kind = 'statistics';
-- test: text
SELECT * FROM difference WHERE kind = 'text';
-- test: typmod
SELECT * FROM difference WHERE kind = 'typmod';
DROP VIEW difference;
DROP TABLE fact;
DROP FUNCTION outcome, series, reals, large, float_range, received, analyzed, nearest, same(text, text, float8);
DROP TABLE some_vector, some_halfvec, some_sparsevec, some_bit, no_vector, no_halfvec, no_sparsevec, no_bit;
DROP CAST (bytea AS sparsevec);
