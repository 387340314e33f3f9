-- Expressions whose outcomes are those of pgvector 0.8.7.
-- Made by test/differential.py record --count 620 --seed 2026

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

-- The distances of what an index finds among some rows, or none
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
	EXECUTE format('SELECT array_agg(d) FROM (SELECT v %1$s %2$L::%3$s AS d FROM %4$s ORDER BY v %1$s %2$L::%3$s LIMIT 9) AS t',
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
aggregate	0	(SELECT avg(x) FROM (VALUES ('[-5.5,4.0 ,6.25,-2.25]'::halfvec(4))) AS t(x))	ERROR 22P02 | invalid input syntax for type halfvec: "[-5.5,4.0 ,6.25,-2.25]"
aggregate	0	(SELECT avg(x) FROM (VALUES (NULL::vector)) AS t(x) WHERE false)	NULL
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-6.75,-2.5]'::vector), ('[6.484601318506007e-05,-2.5]'::vector)) AS t(x))	[-6.749935,-5]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-4.0]'::halfvec)) AS t(x))	[-4]
aggregate	0	(SELECT sum(x) FROM (VALUES ('[-535192020223762.3,-4.5]'::vector), ('[2.25,-4.25]'::vector), ('[2.75,-0]'::vector(1)), ('[-0,-3.25]'::vector), ('[5.25,3.4028235e38]'::vector), ('[-0.5,-1.0]'::vector), ('[-7.75,-0]'::vector)) AS t(x))	ERROR 22000 | expected 1 dimensions, not 2
array	0	'[-7.5,-1.25]'::vector = ANY (ARRAY['[7.75,3.25] '::vector])	ERROR 22P02 | invalid input syntax for type vector: "[7.75,3.25] " | Junk after closing right brace.
array	0	'[4.25,4.75]'::vector IN ('[4.25,4.75]'::vector, '[3.25,-4.25\t]'::vector)	true
array	0	'[4.75,-9.634405]'::vector IN ('[4.75,-9.634405]'::vector, ' [0,0]'::vector(2))	ERROR 22P02 | invalid input syntax for type vector: " [0,0]" | Vector contents must start with "[".
array	0	'[5.25,3.5]'::vector IS DISTINCT FROM '[-1.0,1.0]'::vector(2)	true
array	0	'[abc,7.0]'::vector BETWEEN '[-3.6864,8.624869909289051e-30]'::vector AND '[abc,7.0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[abc,7.0]"
array	0	'{19:-0,25:-3.5,73:0.5,94:-0.25}/100'::sparsevec IS DISTINCT FROM '{}/2'::sparsevec	true
array	0	ARRAY['[-3.25,-4.5]'::halfvec, '[0,-0.25]'::halfvec]	{"[-3.25,-4.5]","[0,-0.25]"}
array	0	ROW('[3.25,9.395]'::halfvec, '[0.5\n,5.75]'::halfvec)	("[3.25,9.3984375]","[0.5,5.75]")
array	0	coalesce('{1:-3.25,2:-4.75}/2'::sparsevec, '{1:-5.25,2:1.75}/2'::sparsevec)	{1:-3.25,2:-4.75}/2
array	0	coalesce('{1:3.0}/2'::sparsevec, '{115833:-1.5,553544:-2.75,722231:4.0,822040:0}/1000000'::sparsevec)	{1:3}/2
array	0	coalesce('{1:7.75,2:3.5}/2'::sparsevec, '{1:-4.25,2:-5.432689}/2'::sparsevec(1))	{1:7.75,2:3.5}/2
array	0	greatest('[-0.5,-7.5]'::halfvec, '[-4.436252324,-5.0]'::halfvec)	[-0.5,-7.5]
array	0	greatest('[-1.25,0]'::halfvec, '[0,5.0]'::halfvec)	[0,5]
array	0	greatest('[-5.0,6.25]'::halfvec, '[4.0,2.0]'::halfvec)	[4,2]
array	0	greatest('{4808:0,181749:-3.75,383499:-5.0,481072:0.0}/1000000'::sparsevec, '{19:-6.25,77:-8.0,95:4.75}/100'::sparsevec)	{181749:-3.75,383499:-5}/1000000
array	0	nullif('[  0,-1.0]'::halfvec, '[-5.5,0]'::halfvec)	[0,-1]
array	0	nullif('{1:-7.25,2:7.75}/2'::sparsevec, '{1:3e38,2:-1}/2'::sparsevec)	{1:-7.25,2:7.75}/2
array	0	nullif('{1:-2.,\n2:-7.5}/2'::sparsevec(2), '{1:-7.75,2:4.5}/2'::sparsevec)	{1:-2,2:-7.5}/2
array	0	nullif('{}/2'::sparsevec, '{1:-2.9,2:4.0} /2'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-2.9,2:4.0} /2" | Unexpected end of input.
array	0	to_json('{1:-1.5,2:7.75}/2'::sparsevec)	"{1:-1.5,2:7.75}/2"
array	0	to_json('{1:5.971968,2:-2.663}/2'::sparsevec)	"{1:5.971968,2:-2.663}/2"
array	0	to_json('{91102:-3.25,96070:-1.0,334181:5.25,352279:5.75}/1000000'::sparsevec)	"{91102:-3.25,96070:-1,334181:5.25,352279:5.75}/1000000"
binary	0	'\\x010000000100000000000000010000000000803f'::bytea::sparsevec::halfvec	ERROR XX000 | index out of bounds
binary	0	'\\x030000000100000000000000000000800000803f'::bytea::sparsevec::halfvec	ERROR XX000 | index out of bounds
binary	0	'\\x03000000020000000000000002000000050000000000803f0000803f'::bytea::sparsevec::vector	ERROR XX000 | index out of bounds
binary	0	'\\x030000000200000000000000ffffff7f010000000000803f0000803f'::bytea::sparsevec::halfvec(3)	ERROR XX000 | index out of bounds
binary	0	'\\x030000000200000000000000ffffff7f020000000000803f0000803f'::bytea::sparsevec::halfvec	ERROR XX000 | index out of bounds
binary	0	'\\x050000000100000000000000020000000000803f'::bytea::sparsevec::halfvec(5)	[0,0,1,0,0]
binary	0	'\\x813e00000100000000000000020000000000803f'::bytea::sparsevec::vector	ERROR 54000 | vector cannot have more than 16000 dimensions
binary	0	'\\x813e00000100000000000000ffffffff0000803f'::bytea::sparsevec::halfvec	ERROR 54000 | halfvec cannot have more than 16000 dimensions
binary	0	'\\x813e0000020000000000000004000000010000000000803f0000803f'::bytea::sparsevec::halfvec	ERROR 54000 | halfvec cannot have more than 16000 dimensions
binary	0	md5(halfvec_send('[-1.25,-0,-8.0]'::halfvec))	2ed272a85a7b83fb51a610010ff6173f
binary	0	md5(halfvec_send('[-4.25,0,1.0,4.25]'::halfvec))	1536156b61a639766daabb7811f28086
binary	0	md5(halfvec_send('[2.5, 2.0,1.75,0,-2.75,2.5]'::halfvec(6)))	ERROR 22P02 | invalid input syntax for type halfvec: "[2.5, 2.0,1.75,0,-2.75,2.5]"
binary	0	md5(halfvec_send(('[-7.75,-2.0,-0,2.0,-7.5  ,3.5]'::halfvec + '[\r\n-2e38,-1e38,-1e38,1e10,-1e38,2e38]'::halfvec(6))))	ERROR 22003 | "-2e38" is out of range for type halfvec
binary	0	md5(halfvec_send(('[0,-55692.67663924655,-4.0,0.25,4.0,5.5]'::halfvec * '[-0,-6.75,-3.25,1.5,-4.25,0]'::halfvec)))	ERROR 22003 | value out of range: overflow
binary	0	md5(halfvec_send(((NULL::numeric[])::halfvec(3))))	NULL
binary	0	md5(vector_send('[-6.25,-2.5,-7.21639,-0]'::vector))	5bcb5bc5567ef61855d7724752fa8e94
binary	0	md5(vector_send('[-6.5,4.5,7.75,-0.79064513]'::vector))	e7e09a81e2247106610285d18a8b1c4a
binary	0	md5(vector_send('[0,\t0,0]'::vector))	a9affd0f20d6b45436f63ea3016b6fc3
binary	0	md5(vector_send('[3.0,-7.0,-5.5,-4.5,-3.5,-8.0]'::vector))	c204e91943d57223425a8b0990ec1f0b
binary	0	md5(vector_send('[6.5,-0.219760]'::vector))	3b758ba858d6b3cd4dd3f027fd280113
binary	0	md5(vector_send('[8.7,0.0,5.0]'::vector))	46843589c7d05e15b028158f332f1c70
binary	0	pg_column_size('[-3.5, 1.5]'::vector)	16
binary	0	pg_column_size('[-4.5,0,0,-2.0,4.25,-0.25,0,8.0,0.0,-1.25,-0.75,-2.75,5.25,0,5.75,-5.5,-0,0,4.0,-3.0,-5.25,-6.75,5.5,3.75,-2.0,-0.5,-3.25,-7.5,7.25,0.75,-4.25,6.5,1.75]'::vector)	140
binary	0	pg_column_size('[0,0, 0]'::vector)	20
binary	0	pg_column_size('[5.25,3.25,-5.25,0]'::vector)	24
binary	0	pg_column_size('\n[0.6723]'::vector(1))	12
binary	0	pg_column_size('{1:5.5,3:0.4182940\t,4:2.738}/ 4'::sparsevec)	40
binary	0	pg_column_size((('[-1.0,-inf,1e400,1e-46,2.75]'::vector)::halfvec))	ERROR 22000 | infinite value not allowed in vector
binary	0	pg_column_size((vector_mul('[7.25,8.0]'::vector, NULL::vector)))	NULL
binary	0	received('halfvec', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec', '\\x000100')	ERROR 08P01 | insufficient data left in message
binary	0	received('halfvec', '\\x000100007e00800000')	ERROR 22000 | NaN not allowed in halfvec
binary	0	received('halfvec', '\\x0001ffff7c00')	ERROR 22000 | expected unused to be 0, not -1
binary	0	received('halfvec', '\\x000200007bff3c00')	[65504,1]
binary	0	received('halfvec', '\\x0003000000007c000001')	ERROR 22000 | infinite value not allowed in halfvec
binary	0	received('halfvec', '\\x0003fffffc0000007c00')	ERROR 22000 | expected unused to be 0, not -1
binary	0	received('halfvec(5)', '\\x00000000')	ERROR 22000 | halfvec must have at least 1 dimension
binary	0	received('halfvec(5)', '\\x0002000080007c00')	ERROR 22000 | expected 5 dimensions, not 2
binary	0	received('halfvec(5)', '\\x000300003c003c000001')	ERROR 22000 | expected 5 dimensions, not 3
binary	0	received('sparsevec', '\\x00000000000000020000000000000002000000033f800000ff800000')	ERROR 22000 | sparsevec must have at least 1 dimension
binary	0	received('sparsevec', '\\x0000000300000002000000010000000000000002bf0000003f800000')	ERROR 22000 | expected unused to be 0, not 1
binary	0	received('sparsevec', '\\x00000005000000020000000000000000000000023f80000080000000')	ERROR 22000 | binary representation of sparsevec cannot contain zero values
binary	0	received('sparsevec', '\\x0000000500000003000000000000000200000003000000043f8000003f80000000000000')	ERROR 22000 | binary representation of sparsevec cannot contain zero values
binary	0	received('sparsevec', '\\x3b9aca000000000000000000')	{}/1000000000
binary	0	received('sparsevec', '\\x3b9aca0000000002000000000000000100000002ff8000003f800000')	ERROR 22000 | infinite value not allowed in sparsevec
binary	0	received('sparsevec', '\\x3b9aca00000000020000000000000003000000043f8000003f800000')	{4:1,5:1}/1000000000
binary	0	received('sparsevec', '\\x3b9aca010000000000000000')	ERROR 54000 | sparsevec cannot have more than 1000000000 dimensions
binary	0	received('sparsevec(5)', '\\xffffffff0000000000000000')	ERROR 22000 | sparsevec must have at least 1 dimension
binary	0	received('vector', '\\x0000')	ERROR 08P01 | insufficient data left in message
binary	0	received('vector', '\\x00000000')	ERROR 22000 | vector must have at least 1 dimension
binary	0	received('vector', '\\x000100007f800000')	ERROR 22000 | infinite value not allowed in vector
binary	0	received('vector(3)', '\\x0000')	ERROR 08P01 | insufficient data left in message
binary	0	received('vector(3)', '\\x0001000000000001')	ERROR 22000 | expected 3 dimensions, not 1
binary	0	received('vector(5)', '\\x00000000')	ERROR 22000 | vector must have at least 1 dimension
binary	0	received('vector(5)', '\\x0001000100000000')	ERROR 22000 | expected 5 dimensions, not 1
binary	0	received('vector(5)', '\\x00030000000000003f80000080000000')	ERROR 22000 | expected 5 dimensions, not 3
binary	0	received('vector(5)', '\\x00030000c00000007f8000007fc00000')	ERROR 22000 | expected 5 dimensions, not 3
cast	0	('[-3.0,-0,6.0]'::vector)::halfvec(3)	[-3,-0,6]
cast	0	('[-7.88,0.0,7.25,-5.25,5.5]'::vector(5))::sparsevec	{1:-7.88,3:7.25,4:-5.25,5:5.5}/5
cast	0	('[0,0,0,0]'::vector(5))::sparsevec	ERROR 22000 | expected 5 dimensions, not 4
cast	0	('[1.0]'::vector)::vector	[1]
cast	0	('[2.25,4.533,2.5,6.0]'::halfvec)::halfvec(4)	[2.25,4.53125,2.5,6]
cast	0	('[2.5,-5.75,-3.06855412,-2.0] '::halfvec)::halfvec(4)	[2.5,-5.75,-3.0683594,-2]
cast	0	('[4.0,4.25,-0.75,0.5,-7.0,1.5]'::halfvec)::real[]	{4,4.25,-0.75,0.5,-7,1.5}
cast	0	('[6.25,0,0,-2.25,-0]'::halfvec)::real[]	{6.25,0,0,-2.25,-0}
cast	0	('[7.0,-5.75,-5.25,0.75]'::vector)::halfvec	[7,-5.75,-5.25,0.75]
cast	0	('[7.5,0.25,-2.25,-4.75,0.75\t,2.5]'::vector)::real[]	{7.5,0.25,-2.25,-4.75,0.75,2.5}
cast	0	('{-2.5,-5.5}'::numeric[])::vector(2)	[-2.5,-5.5]
cast	0	('{-3e38,-1,0,2e38,0}'::double precision[])::sparsevec(5)	{1:-3e+38,2:-1,4:2e+38}/5
cast	0	('{-4.5,3.75,2.5}'::real[])::halfvec	[-4.5,3.75,2.5]
cast	0	('{-5.05302878,-5.784275,9.49409,1.25,2.68099,-5.5,0,-9.34284,9.31,-6.682891783592686e-40,2.75,-5.869592349,6.1035156e-05,-9.,-4.055845,1.0,-1.5}'::double precision[])::halfvec(17)	[-5.0546875,-5.7851562,9.4921875,1.25,2.6816406,-5.5,0,-9.34375,9.3125,-0,2.75,-5.8710938,6.1035156e-05,-9,-4.0546875,1,-1.5]
cast	0	('{0,8.0,0,-6.1429}'::double precision[])::vector	[0,8,0,-6.1429]
cast	0	('{0.0,-2.75,0,-6.25,7.0}'::double precision[])::vector	[0,-2.75,0,-6.25,7]
cast	0	('{1,1}'::numeric[])::sparsevec(2)	{1:1,2:1}/2
cast	0	('{1,9,-4,-2,0,-5}'::integer[])::sparsevec(6)	{1:1,2:9,3:-4,4:-2,6:-5}/6
cast	0	('{1:-6.75,2\r\n:1e+}/2'::sparsevec)::vector	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-6.75,2\r\n:1e+}/2"
cast	0	('{1:4.5,2:-6.75,3:-5.5}/5'::sparsevec)::sparsevec	{1:4.5,2:-6.75,3:-5.5}/5
cast	0	('{1:4.5,2:5.75,4:6.5,5:-7.75,6:1.5}/6'::sparsevec(5))::vector(6)	ERROR 22000 | expected 5 dimensions, not 6
cast	0	('{1:6.25  ,2:2.4541,3:3.75}/ 3'::sparsevec(3))::sparsevec	{1:6.25,2:2.4541,3:3.75}/3
cast	0	('{1:\r\n9.046812151,2:-9.035206}/2'::sparsevec)::halfvec	[9.046875,-9.0390625]
cast	0	('{2.25622192951066e-17,-7.5,-2.4,-5.75,-28425.378897017927,-2.843,7.66345,-0,8.694512657,-5.5,-1.25,1.75,-3.15307298,2.0,0.25,-6.75,-4.25,0.75,-7.,-4.5,-5.2,2.58,7.75,3.749834141671857e+37,-5.7258537,-2.,-5.0,-1.0,-7.2213160,8.0,6.0}'::real[])::sparsevec	{1:2.256222e-17,2:-7.5,3:-2.4,4:-5.75,5:-28425.379,6:-2.843,7:7.66345,9:8.694512,10:-5.5,11:-1.25,12:1.75,13:-3.153073,14:2,15:0.25,16:-6.75,17:-4.25,18:0.75,19:-7,20:-4.5,21:-5.2,22:2.58,23:7.75,24:3.7498342e+37,25:-5.725854,26:-2,27:-5,28:-1,29:-7.221316,30:8,31:6}/31
cast	0	('{3,-2147483648,-1}'::integer[])::halfvec(3)	ERROR 22003 | "-2.1474836e+09" is out of range for type halfvec
cast	0	('{4.0,-0,0,-5.5,-0,-2.5,0,-6.75,-0}'::real[])::halfvec	[4,-0,0,-5.5,-0,-2.5,0,-6.75,-0]
cast	0	('{4.88169878,7.0,5.25,2.75,-0.75}'::numeric[])::sparsevec	{1:4.8816986,2:7,3:5.25,4:2.75,5:-0.75}/5
cast	0	('{5.9604645e-08}'::real[])::sparsevec(1)	{1:5.9604645e-08}/1
cast	0	('{6,2,6,-5,2,-9}'::integer[])::vector(7)	ERROR 22000 | expected 7 dimensions, not 6
cast	0	('{7,9}'::integer[])::vector	[7,9]
cast	0	('{{1,2},{3,4}}'::integer[])::sparsevec(65)	ERROR 22000 | array must be 1-D
cast	0	('{}'::numeric[])::vector	ERROR 22000 | vector must have at least 1 dimension
cast	0	((halfvec_mul('[8.5893165,0,2.75,8.90992,-4.75,0.8746509922752324]'::halfvec, '[-4.331156822,0,-0.75,6.0\t,0,1.0]'::halfvec)))::sparsevec	{1:-37.1875,3:-2.0625,4:53.4375,6:0.8745117}/6
cast	0	((l2_normalize('[-1.25,1.0000001]'::halfvec)))::vector	[-0.7807617,0.6245117]
cast	0	((l2_normalize('[-2e38,1,1]'::vector)))::vector	[-1,5e-39,5e-39]
cast	0	((l2_normalize(NULL::halfvec)))::vector(5)	NULL
cast	0	(NULL::real[])::vector(127)	NULL
cast	0	(NULL::real[])::vector(6)	NULL
cast	0	(array_fill(1::numeric, ARRAY[20000]))::halfvec	ERROR 54000 | halfvec cannot have more than 16000 dimensions
cast	0	(array_fill(1::numeric, ARRAY[20000]))::halfvec(5)	ERROR 54000 | halfvec cannot have more than 16000 dimensions
function	0	"halfvec"('[0]'::halfvec, -2, NULL)	NULL
function	0	"sparsevec"('{1:5.9e-39,2:-2.0}/2'::sparsevec(2), -1, true)	{1:5.9e-39,2:-2}/2
function	0	"sparsevec"('{2:6.75}/2'::sparsevec, 2, NULL)	NULL
function	0	"vector"('[-4.75,-7.75,3.5\t,-0]'::vector, 4, NULL)	NULL
function	0	"vector"('[0]'::vector, -1, true)	[0]
function	0	array_to_halfvec('{-3.5,-7.75,-6.0,-0,0.75,-0}'::numeric[], 0, NULL)	NULL
function	0	array_to_halfvec('{-3.5,0.25,2.25}'::real[], -1, true)	[-3.5,0.25,2.25]
function	0	array_to_halfvec('{-6,-3}'::integer[], 2, true)	[-6,-3]
function	0	array_to_halfvec('{0.75,1.25,1e300,-3.25}'::double precision[], -2, NULL)	NULL
function	0	array_to_halfvec('{0.75}'::numeric[], 4, true)	ERROR 22000 | expected 4 dimensions, not 1
function	0	array_to_halfvec('{1e38,3e38,0,-3e38,3e38,0}'::real[], -1, NULL)	NULL
function	0	array_to_halfvec('{6.5}'::double precision[], 1, NULL)	NULL
function	0	array_to_sparsevec('{-2.75,-3.25,0.069672071275992,-0}'::double precision[], -2, false)	ERROR 22000 | expected -2 dimensions, not 4
function	0	array_to_sparsevec('{-3.0,6.75,9.103168,0.0,-8.3,0.25}'::numeric[], -1, NULL)	NULL
function	0	array_to_sparsevec('{-7,1,-3,8,2049}'::integer[], -1, true)	{1:-7,2:1,3:-3,4:8,5:2049}/5
function	0	array_to_sparsevec('{3.25,-2.0}'::real[], 0, true)	ERROR 22000 | expected 0 dimensions, not 2
function	0	array_to_sparsevec('{3.911987729178004e+21,-1.1,-4.25,-0,4.12}'::real[], 4, true)	ERROR 22000 | expected 4 dimensions, not 5
function	0	array_to_sparsevec('{NULL}'::numeric[], -1, false)	ERROR 22004 | array must not contain nulls
function	0	array_to_sparsevec('{{1,2},{3,4}}'::integer[], 2, true)	ERROR 22000 | array must be 1-D
function	0	array_to_sparsevec(NULL::double precision[], -2, false)	NULL
function	0	array_to_vector('{-4}'::integer[], 0, false)	ERROR 22000 | expected 0 dimensions, not 1
function	0	array_to_vector('{-6.25,8.8,-1.25}'::real[], 3, true)	[-6.25,8.8,-1.25]
function	0	array_to_vector('{0,0,3.50,0}'::numeric[], 0, true)	ERROR 22000 | expected 0 dimensions, not 4
function	0	array_to_vector('{3.25,-6.25}'::double precision[], -1, NULL)	NULL
function	0	array_to_vector('{6,8,0,-1}'::integer[], -1, false)	[6,8,0,-1]
function	0	array_to_vector('{8.0,7.25,-4.75,0.75}'::numeric[], 4, true)	[8,7.25,-4.75,0.75]
function	0	array_to_vector('{NULL}'::double precision[], -1, false)	ERROR 22004 | array must not contain nulls
function	0	binary_quantize('[  -3.5]'::halfvec)	0
function	0	binary_quantize('[2.0,1.75,-3.0,5.25,-7.5,7.25]'::vector)	110101
function	0	binary_quantize(NULL::halfvec)	NULL
function	0	binary_quantize(series(65, 70, 46)::vector)	11000011110000011110000111100000111100001111000001111000011110000
function	0	halfvec_accum('{6,0.0,-7.5,-4.75,-0,-7.0}'::float8[], '[\t6.75,1.5,6.25,0,5.0]'::halfvec)	{7,6.75,-6,1.5,0,-2}
function	0	halfvec_accum('{9,-5.75,3.75,-2.75,-4.5,-7.0}'::float8[], '[-6.5,-8.0, 4.5,6.25,-6.75]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[-6.5,-8.0, 4.5,6.25,-6.75]"
function	0	halfvec_add((array_to_halfvec('{-5.5,-7.5,-3.75,4.25,7.0,5.0}'::double precision[], 6, true)), '[-4.0,1e16,-6.0,0.75,-3.4028235e38,-0.54]\r\n'::halfvec)	ERROR 22003 | "1e16" is out of range for type halfvec
function	0	halfvec_add((l2_normalize(NULL::halfvec)), '[6.25,-0.5,-8.860266775122262e+16,-9.6828 ,3.75,3.0]'::halfvec)	ERROR 22003 | "-8.860266775122262e+16" is out of range for type halfvec
function	0	halfvec_avg('{4,8.0,1.0,-1.75,-0,6.5}'::float8[])	[2,0.25,-0.4375,-0,1.625]
function	0	halfvec_avg('{7,-3.25}'::float8[])	[-0.46435547]
function	0	halfvec_cmp(('[-6.25]'::halfvec * '[-65520]'::halfvec), '[-6.982012416]'::halfvec)	ERROR 22003 | "-65520" is out of range for type halfvec
function	0	halfvec_cmp(('[0,0,0]'::halfvec - '[5.5,-7.25,-3.25]'::halfvec), (array_to_halfvec('{2147483647,0,-6}'::integer[], 0, false)))	ERROR 22000 | expected 0 dimensions, not 3
function	0	halfvec_combine('{1,0,6.5,6.25,-0,0,-4.75}'::float8[], '{7,0.5,2.0,1.25,0.75,-6.75,-6.0}'::float8[])	{8,0.5,8.5,7.5,0.75,-6.75,-10.75}
function	0	halfvec_combine('{1}'::float8[], '{9,-0.75,3.75,0,0,-7.0}'::float8[])	{10,-0.75,3.75,0,0,-7}
function	0	halfvec_concat('[0.25]'::halfvec, '[6.5]'::halfvec)	[0.25,6.5]
function	0	halfvec_concat('\r\n[-1.5]'::halfvec, NULL::halfvec)	NULL
function	0	halfvec_eq('[-0,4.0]'::halfvec, '[-5.25,0.75]'::halfvec)	false
function	0	halfvec_eq(series(64, 66, 89)::halfvec, series(64, 2, 1)::halfvec)	false
function	0	halfvec_ge(NULL::halfvec, ('[2.75,2.25,8.0]'::halfvec || '[-1e38,-1e38,3e38]'::halfvec))	ERROR 22003 | "-1e38" is out of range for type halfvec
function	0	halfvec_gt('[5.25,1.0,-1.5,-4.0,7.5]'::halfvec, '[2e38,-3e38,1e38,-2e38,-1e38]'::halfvec)	ERROR 22003 | "2e38" is out of range for type halfvec
function	0	halfvec_gt((halfvec_concat('[2.5,0,-4.0,-0.25363885856943336,-275288126.657685,-1.5,0.5,1 2]'::halfvec(9), '[2.0,-1.5,3.5,4.75,1.25,-2.25,-2.75,-1.0]'::halfvec)), (array_to_halfvec('{-2.25,3.25,7.25,1.75,1.5,-2.0,6.5,-7.25}'::real[], -1, false)))	ERROR 22003 | "-275288126.657685" is out of range for type halfvec
function	0	halfvec_l2_squared_distance('[7.25,1.0,0,-3.25,-5.25]'::halfvec, '[3.25,5.0,1.0,0,0]'::halfvec(5))	71.125
function	0	halfvec_le('[-0.5,-5.5\n,-7.0411,0.9495533903,0]'::halfvec, '[-7.5,1.6343,8.251918642,-6.5368157,4.75]'::halfvec)	false
function	0	halfvec_lt('[-3.0,4.9661762384489334e-30,8.0,-2.951026903]  '::halfvec, '[9.2236662,-8.75,-5.05104,6.452244240866958e+35]'::halfvec(4))	ERROR 22003 | "6.452244240866958e+35" is out of range for type halfvec
function	0	halfvec_lt('[abc,3.4028235e38]'::halfvec, '[0,3.4028235e38]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[abc,3.4028235e38]"
function	0	halfvec_mul('[0.7006,-8.42796]'::halfvec, '[2.0,-6.25]'::halfvec)	[1.4013672,52.6875]
function	0	halfvec_mul('[1.1754944e-38,0,-0.25,0,-3.,-3.9296,9.3512041,-2.0,3.75,2.0,-7.0,2.718005692796639e-14,0,Infinity,-2.6,5.5]'::halfvec, (vector_to_halfvec('[1.717616,2.0,-0,-2.25,-1.5\r\n,2.0,\n3.75, -1.689984839,1.75,-5.693463335979668e-38,4.0,-7.0,-4.75,-2.75,-3.25,-3.25]'::vector, 16, true)))	ERROR 22000 | infinite value not allowed in halfvec
function	0	halfvec_ne('[6.75,0,-0.75,-3.5]'::halfvec, '[4.75,-2.5,3.0,6.5]'::halfvec)	true
function	0	halfvec_negative_inner_product('[-3.75,0.25,-6.5,4.25,8.0,5.75]'::halfvec, ((array_fill(0::real, ARRAY[20000]))::halfvec(7)))	ERROR 54000 | halfvec cannot have more than 16000 dimensions
function	0	halfvec_negative_inner_product('[-7.25,4.25,1.5,\r\n6.0]'::halfvec, '[1e-5,12345.678,1.5,-2.75]'::halfvec)	-52447.75
function	0	halfvec_out('[6.75,\n2.0286934600737628e-24,4.75]'::halfvec)	[6.75,0,4.75]
function	0	halfvec_out((halfvec_add('[1e-400]'::halfvec, '[NaN]'::halfvec)))	ERROR 22000 | NaN not allowed in halfvec
function	0	halfvec_send('[4.25,6.0,-0,2.75]'::halfvec)	\\x000400004440460080004180
function	0	halfvec_send(("halfvec"('[7.25,-2.75,\n-0,0.0,3.0,2.5]'::halfvec, 6, false)))	\\x000600004740c1808000000042004100
function	0	halfvec_sub('[-7.25,0,-6.5]'::halfvec, '[4.478433646,0,-5.61246912]'::halfvec)	[-11.7265625,0,-0.88671875]
function	0	halfvec_to_float4('[2e38,-1,3e38,3e38,1e38,3e38]'::halfvec, 6, true)	ERROR 22003 | "2e38" is out of range for type halfvec
function	0	halfvec_to_float4('[4.75,-5.25,-7.5\r\n,5.0,-3.5,3.75,-2.75,-4.25,7.75]'::halfvec, -1, false)	{4.75,-5.25,-7.5,5,-3.5,3.75,-2.75,-4.25,7.75}
function	0	halfvec_to_sparsevec('[-7.,3.5,-6.25,-4.499,-6.,8.0]'::halfvec, -2, NULL)	NULL
function	0	halfvec_to_sparsevec((vector_to_halfvec('[6.0,3.75,4.0,-0.25,-4.0,0.5, -6.5]'::vector, 7, true)), 7, NULL)	NULL
function	0	halfvec_to_vector('[5.0]  '::halfvec, -1, false)	[5]
function	0	halfvec_to_vector((halfvec_add('[0.25,0,1.0,-7.25,0.75]'::halfvec, '[-0.25,4.5,3.5,-0,-4.822282]'::halfvec)), 0, NULL)	NULL
function	0	hamming_distance(B'001010001011011101110100001100111111110100000000111100001110001', B'101011000101000000000111101001000000011011010100100100111010000')	35
function	0	hamming_distance(B'0110', B'1110')	1
function	0	inner_product('[0.25]'::halfvec, '[-7.0]'::halfvec)	-1.75
function	0	inner_product('\t[-0.5,-7.5]\t'::vector, (('{5.25,-0}'::numeric[])::vector(2)))	-2.625
function	0	inner_product('{1:-4.75,3:3.5}/3'::sparsevec, '{1:-8.0,2:-0.75}/3'::sparsevec)	38
function	0	inner_product(('[7.5,-4.25 ,5.0\t,5.75,-2.75,1.0 ]'::vector * '[-2.0,1.5,-3.5,-1.5,-7.0,-4.25]'::vector), (array_to_vector('{6.7782299516,-1.75,-2.0,7.5214,-9.38792,0}'::real[], -1, false)))	-301.10675048828125
function	0	inner_product((l2_normalize('[-7.5,0,-3.0,-1.75,6.5,0]'::halfvec)), '[1,1e10]'::halfvec)	ERROR 22003 | "1e10" is out of range for type halfvec
function	0	jaccard_distance(binary_quantize('[0]'::vector(2)), X'ff')	ERROR 22000 | expected 2 dimensions, not 1
function	0	jaccard_distance(binary_quantize('[7.75,2.5,0.75,-2.5]'::halfvec), binary_quantize('[5.25,0.25,5.0,0.0]'::halfvec))	0
function	0	l1_distance('[-2.5,0,-7.75,2.25]'::vector, (vector_add('[-8.0,-5.5,-8.3,-7.75]'::vector, '[2.75,6.75,0.25,0.25]'::vector)))	14.050000190734863
function	0	l1_distance('[-6.5,-3.0,-5.75,-5.25,-7.25]'::halfvec, NULL::halfvec)	NULL
function	0	l1_distance('[2.75,-3.75]'::vector, '[3.2140910,-5.0]'::vector)	1.7140910625457764
function	0	l1_distance('{2:-5.5,3:5.0,5:-0,9:1.25,11:-6.5,12:-0,13:6.5}/16'::sparsevec, '{}/16'::sparsevec)	24.75
function	0	l1_distance('{3470:2.75,4755:-7.75,13234:1.5,15580:-6.75}/16001'::sparsevec, '{1:-1.25,2:-7.38317,3:-6.25}/3'::sparsevec)	ERROR 22000 | different sparsevec dimensions 16001 and 3
function	0	l1_distance(("halfvec"(series(65, 72, 43)::halfvec, -1, NULL)), series(65, 34, 40)::halfvec)	NULL
function	0	l2_distance('[-0]'::vector, '[4.25]'::vector)	4.25
function	0	l2_distance('[-2.75, 5.75,0,-1.75,1.25]'::halfvec, '[0,-0,2.25,-4.0,-1.5]'::halfvec)	ERROR 22P02 | invalid input syntax for type halfvec: "[-2.75, 5.75,0,-1.75,1.25]"
function	0	l2_distance('[8.507059287204717e-31,3.6,6.25]'::vector, (sparsevec_to_vector('{}/3'::sparsevec, 0, true)))	ERROR 22000 | expected 0 dimensions, not 3
function	0	l2_distance('{5:5.75,4:-6.0,1:-1.5,2:-2.75}/5'::sparsevec, NULL::sparsevec)	NULL
function	0	l2_distance((('{-0.75,5.75,0,-7.25,-3.0,3.25,1.25,7.5,-0.25,7.5,5.0,-6.0,0,-4.0,1.25,3.25}'::double precision[])::sparsevec(16)), '{1:7.25,2:-5.25,3:0.0,5:2.5,9:-2.25,10:4.75,12:-7.0,14:1.25}/16'::sparsevec)	20.33316256758894
function	0	l2_distance((('{-7.25,-7.5,7.25,-3.25}'::real[])::halfvec), '[-1.0,7.75,-5.5,4.75]'::halfvec)	22.320114247019436
function	0	l2_norm('[3.75,-2.25, 0,1.25,\n3.25]'::halfvec)	5.5901699437494745
function	0	l2_norm('[\t-3.5,2.8,6.9214190,0.0,0,0]'::halfvec)	8.246619254335474
function	0	l2_norm('{75033311:-4.25,490563974:-6.0,595185512:2.0,934000499:6.0}/1000000000'::sparsevec)	9.698582370635412
function	0	l2_norm('{}/8'::sparsevec(8))	0
function	0	l2_normalize('[0,0,0]'::halfvec)	[0,0,0]
function	0	l2_normalize('[0.5]'::vector)	[1]
function	0	l2_normalize('[6.75,-0.25,\t-5.0,-2.5]'::halfvec)	[0.77001953,-0.028518677,-0.5703125,-0.28515625]
function	0	l2_normalize('[8.1025,-4.75,3.5,-3.25]'::vector)	[0.7689669,-0.45079827,0.33216715,-0.30844092]
function	0	l2_normalize('{}/5'::sparsevec)	{}/5
function	0	l2_normalize((('[0,0,0,0,0,0,0,0,0,0,0,0,0 ,0,0]'::halfvec)::sparsevec))	{}/15
function	0	sparsevec_cmp('{2:-6.6829796,5:1.0000001}/5'::sparsevec, '{1:5.25,2:0.75,3:1.5,4:\r\n2.0,5:3.75}/5'::sparsevec)	-1
function	0	sparsevec_cmp('{3:-1.5,5:-8.0,6:4.25,8:1.75,10:1.25,11:-4.0,15:-0,16:1.25,17:-0}/17'::sparsevec, '{5736:-4.25,8852:0.75,9366:-3.0,10863:5.75}/16000'::sparsevec)	-1
function	0	sparsevec_eq('{1:-9.901843850824975e-14,2:6.65}/2'::sparsevec, '{2:\r\n-8.0}/2'::sparsevec)	false
function	0	sparsevec_eq('{3:5.,4:2.0446}/4'::sparsevec, '{188460739:-2.5,221948086:-3.75,570376064:0,982950790:-4.75}/1000000000'::sparsevec)	false
function	0	sparsevec_ge((('{16777217}'::integer[])::sparsevec(1)), '{}/1'::sparsevec)	true
function	0	sparsevec_gt('{1:-4.75,3:-1.1845,4:-5.25,5:-7.49896}/6'::sparsevec, '{2:2.75,\t4:6.75,5:-3.75}/6'::sparsevec)	false
function	0	sparsevec_gt((('[5:6]={3,4}'::real[])::sparsevec(4)), '{1:1e10,2:2e38,4:1}/4'::sparsevec)	ERROR 22000 | expected 4 dimensions, not 2
function	0	sparsevec_l2_squared_distance((array_to_sparsevec('{4.343243616,4.25,0}'::real[], 3, NULL)), (('[-0.5035750930404614,6.87,0.5]'::vector(3))::sparsevec))	NULL
function	0	sparsevec_l2_squared_distance((halfvec_to_sparsevec('[-5.0,-8.0,0]'::halfvec, -2, false)), '{1349:-3.25,5617:-0.75,14024:-0.5,15694:-1.75}/16001'::sparsevec)	ERROR 22000 | expected -2 dimensions, not 3
function	0	sparsevec_le((array_to_sparsevec('{1.25,1.735845,6.276328116791627e+23}'::real[], 2, true)), '{3:-4.25,4:-6.75,5:-0,6:5.5}/6'::sparsevec)	ERROR 22000 | expected 2 dimensions, not 3
function	0	sparsevec_lt('{2:6.25,7:4.5,15:2.0,3:7.0,9:7.75,10:-0,8:-7.5,14:-3.5}/15'::sparsevec, '{}/15\t'::sparsevec)	false
function	0	sparsevec_lt('{1958:0.75,5874:-3.75,6625:-8.0,8795:-2.25}/16001'::sparsevec, '{1:-8.0,2:-8.0,3:3.75\n}\n/6'::sparsevec)	false
function	0	sparsevec_ne('{1:-4.42,2:-2.75,4:0.75,6:6.25,7:8.0,8:-6.25,9:-6.25,11:-2.25,13:-6.75,15:5.21770\r\n,17:-0.85845519}/17'::sparsevec, '{2:-2.25,4:-7.5,5:-0,6:-2.5,9:-1.5,14\t:4.0,15:-4.75,16:1.0}/17'::sparsevec(17))	true
function	0	sparsevec_ne('{4:6.0,5:0.5}/ 7'::sparsevec, (('\t[0.75,5.25,4.75,-3.75,2.25,0,1.0]'::halfvec)::sparsevec(8)))	ERROR 22000 | expected 8 dimensions, not 7
function	0	sparsevec_negative_inner_product('{17:0,52:7.75,92:0.75,97:-6.0}/100'::sparsevec, '{1:-7.75,2:-2.75,3:-4.75}/3'::sparsevec)	ERROR 22000 | different sparsevec dimensions 100 and 3
function	0	sparsevec_negative_inner_product('{1:-0}/1'::sparsevec, '{1:5.0}/1'::sparsevec)	-0
function	0	sparsevec_out('{1:-6.0,2:-5.75,3:-2.0}/3'::sparsevec)	{1:-6,2:-5.75,3:-2}/3
function	0	sparsevec_out('{2:-7.25,4:-0,5:-1.5}/5'::sparsevec)	{2:-7.25,5:-1.5}/5
function	0	sparsevec_send('{1:-6.25,2:-7.0,3:-0.25}/3'::sparsevec(3))	\\x000000030000000300000000000000000000000100000002c0c80000c0e00000be800000
function	0	sparsevec_send('{\t2:5.0,3:1.5,4:6.75,5:2.5,6:3.75}/6'::sparsevec)	\\x000000060000000500000000000000010000000200000003000000040000000540a000003fc0000040d800004020000040700000
function	0	sparsevec_to_halfvec('{1:-5.5,2:6.0,  3:4.5}/3'::sparsevec, 3, true)	[-5.5,6,4.5]
function	0	sparsevec_to_halfvec('{2:65519,\t3:-8.0,5:3.4028235e38}/5'::sparsevec, 5, false)	ERROR 22003 | "3.4028235e+38" is out of range for type halfvec
function	0	sparsevec_to_vector('{1:-1.0,2:1.0,3:-0}/3'::sparsevec, -2, true)	ERROR 22000 | expected -2 dimensions, not 3
function	0	sparsevec_to_vector((('{2,5,0,0,-5,2,3,-7,-8}'::integer[])::sparsevec), 9, true)	[2,5,0,0,-5,2,3,-7,-8]
function	0	subvector('[0.000781607020180142]'::halfvec, 3, 3)	ERROR 22000 | halfvec must have at least 1 dimension
function	0	subvector('[5.5,-3.25,-2.0,4.16,1.75  ,2.25]'::halfvec, 16000, 6)	ERROR 22000 | halfvec must have at least 1 dimension
function	0	subvector((('{0}'::integer[])::vector), 3, 3)	ERROR 22000 | vector must have at least 1 dimension
function	0	vector_accum('{5,-0,4.0,-2.5}'::float8[], '[-5.25,2.25,4.75]'::vector)	{6,-5.25,6.25,2.25}
function	0	vector_accum('{5,-1.5,1.75,0.5,-6.5,-1.0,1.25}'::float8[], '[-0.25,6.0,-3.0,3.0,-4.75,-4.25]'::vector(7))	ERROR 22000 | expected 7 dimensions, not 6
function	0	vector_add('[3.0,1.0 ,4.0,0]'::vector, ('[-4.75,0,2.0,3.25]'::vector - '[\n1.25,-7.25,0.25,-2.75\t]'::vector))	[-3,8.25,5.75,6]
function	0	vector_avg('{1,0.75,-6.0,-0,7.0}'::float8[])	[0.75,-6,-0,7]
function	0	vector_cmp((vector_concat('[2.25,-1.75]'::vector, '[0,0]\t'::vector)), '[0,0]'::vector)	1
function	0	vector_combine('{2,-1.0}'::float8[], '{5,-1.5}'::float8[])	{7,-2.5}
function	0	vector_concat((vector_concat('[0,-7.0,-0,-6.0,7.5,-1.75,4.75,-2.25]'::vector, '[1.2  ,-8.0,3.0,-0,0.0,-0,0.007117103039871076,0]'::vector)), '[-7.25,4.25,-7.0,0,7.0,-7.5,0,-4.25]'::vector)	[0,-7,-0,-6,7.5,-1.75,4.75,-2.25,1.2,-8,3,-0,0,-0,0.007117103,0,-7.25,4.25,-7,0,7,-7.5,0,-4.25]
function	0	vector_dims('[1.25,7.75,7.5,3.25,0,1.75,-7.25,0,6.25,0.5,-4.0 ,5.5, -2.5  ,-4.0,-0,4.0]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[1.25,7.75,7.5,3.25,0,1.75,-7.25,0,6.25,0.5,-4.0 ,5.5, -2.5  ,-4.0,-0,4.0]"
function	0	vector_dims('[7.25,5.72696]'::vector)	2
function	0	vector_dims(series(127, 52, 8)::halfvec)	127
function	0	vector_eq('[-1.25]'::vector, '[-2.25]'::vector)	false
function	0	vector_eq(series(65, 73, 99)::vector, series(65, 42, 42)::vector)	false
function	0	vector_ge('[-9.311071006994107e-45,-2.41527110]'::vector, '[ -4.25,3.0]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[ -4.25,3.0]"
function	0	vector_ge('[ -2.895,-5.75,-2.5,-6.25,-9.,-3483.4662213360266,-6.0,-3.75,3.75]'::vector, (('{0.75,3.0,6.0,0,-3.0,-7.5,7.75,0.25,-2.5}'::real[])::vector))	ERROR 22P02 | invalid input syntax for type vector: "[ -2.895,-5.75,-2.5,-6.25,-9.,-3483.4662213360266,-6.0,-3.75,3.75]"
function	0	vector_gt('[-0.25]'::vector, NULL::vector)	NULL
function	0	vector_gt('[-2.5,0.75,0.75,6.0]'::vector(3), NULL::vector)	ERROR 22000 | expected 3 dimensions, not 4
function	0	vector_l2_squared_distance('[-6.0,3.25,6.5,-6.5,0,8.0,4.5]'::vector, (vector_add('[-2.75,-7.25,4.0,2.25,0,3.0,2.75]'::vector(7), '[1.25,-3.75,0.5,  5.5,-7.0,4.0  ,-2.25]'::vector)))	496.375
function	0	vector_l2_squared_distance('[-1.5,7.25,7.25,-4.6,1.25,-6.56204]'::vector, '[1.25,7.6,5.2221379702793324e-11,1.5 ,4.0,-2.25]'::vector)	123.61369323730469
function	0	vector_le('[-1.0,8.8373, -7.380165613044895e+30,3.75,-3.25]'::vector(4), '[0.5,-0,2.75,3.5,6.0]'::vector)	ERROR 22000 | expected 4 dimensions, not 5
function	0	vector_lt('[0,0,\n0]'::vector, (('{4.75,-2.75,0.5}'::double precision[])::vector(3)))	true
function	0	vector_mul('[0,0\n,-2.75]'::vector(2), '[-1.75,0,-4.75]'::vector)	ERROR 22000 | expected 2 dimensions, not 3
function	0	vector_mul('[0.0,-6.75,-5.75,-4.25]'::vector, '[-2.0,\n7.0,7.25,7.75]'::vector)	[-0,-47.25,-41.6875,-32.9375]
function	0	vector_ne((halfvec_to_vector('[0,0]'::halfvec, -1, NULL)), NULL::vector)	NULL
function	0	vector_ne(NULL::vector, '[1f,81511.22435362947]'::vector)	ERROR 22P02 | invalid input syntax for type vector: "[1f,81511.22435362947]"
function	0	vector_negative_inner_product('[-7.25,-0.944434771,-4.75,-8.,0,0]'::vector(5), (subvector('[-0.25,2.25,-4.25,-5.25,-0,-5.25]'::vector, 6, 7)))	ERROR 22000 | expected 5 dimensions, not 6
function	0	vector_negative_inner_product('[7.25,-0,-2.36819,-0.75,2.17284614]'::vector, '[-3.0,4.75,2.25,-5.5,5.75]'::vector)	10.459563255310059
function	0	vector_norm('[6.3,7.291636466345508,-6.25,6.26115,6.25]'::vector)	14.49775715863067
function	0	vector_out('[0,0,0]'::vector)	[0,0,0]
function	0	vector_out('[3.43101460]'::vector)	[3.4310145]
function	0	vector_send('[-1.095293949,2.25]'::vector)	\\x00020000bf8c329840100000
function	0	vector_send((halfvec_to_vector('[0,0,0]'::halfvec, 3, NULL)))	NULL
function	0	vector_sub('[abc]\r\n'::vector, '[-4.072]'::vector(1))	ERROR 22P02 | invalid input syntax for type vector: "[abc]\r\n"
function	0	vector_sub(('[-2.0,7.75,-2.0,7.75,-1.5]'::vector + '[0,-5.5,-5.5,-6.25\n,4.75]'::vector), '[3.75  ,-6.0,-8.0,-5.25,1.0]'::vector)	[-5.75,8.25,0.5,6.75,2.25]
function	0	vector_to_float4(' [2.645365,-0,0.5]'::vector, 0, false)	{2.645365,-0,0.5}
function	0	vector_to_float4('[7.5,-8.75416,-5.9629,4.75,-7.5,0,-9.20,-0.5,2.908974,-4.7157102647665307e-14,0.75,-7.96791470782723e-45,7.0\r\n,-4.0,4.02345  ,1.0\n,5.75,3.75,2.1585967456,7.5,\n-0.5,6.146228,-0,-2.5,1.75,-0.6698073,1.25,2.61596,5.557054, -8.653865,0.221842,0.75,-4.0]'::vector, -1, false)	{7.5,-8.75416,-5.9629,4.75,-7.5,0,-9.2,-0.5,2.908974,-4.7157102e-14,0.75,-8e-45,7,-4,4.02345,1,5.75,3.75,2.1585968,7.5,-0.5,6.146228,-0,-2.5,1.75,-0.6698073,1.25,2.61596,5.557054,-8.653865,0.221842,0.75,-4}
function	0	vector_to_halfvec('[0.5,4.5,5.0]'::vector(3), -2, NULL)	NULL
function	0	vector_to_halfvec('[2.0]'::vector, -1, true)	[2]
function	0	vector_to_sparsevec('[-0,0.25]'::vector, 0, false)	ERROR 22000 | expected 0 dimensions, not 2
function	0	vector_to_sparsevec('[7.977,nan]'::vector, 0, false)	ERROR 22000 | NaN not allowed in vector
function	1	cosine_distance('{2:1_0,1:6.25}/2'::sparsevec, '{1:6.25,2:-0}/2'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:1_0,1:6.25}/2"
function	1	cosine_distance('{}/1'::sparsevec, '{6785:0,7467:-7.75,10352:5.0,10925:6.5}/16001'::sparsevec)	ERROR 22000 | different sparsevec dimensions 1 and 16001
function	1	cosine_distance((('[-2.0,1.75,-5.0]'::vector)::halfvec), NULL::halfvec)	NULL
function	1	cosine_distance((array_to_vector('{-0,-0,0.25,5.0}'::real[], -1, NULL)), '[0,1.75,-3.25,1.25]'::vector)	NULL
function	1	cosine_distance(series(65, 86, 34)::halfvec, series(65, 8, 45)::halfvec)	0.8418109181088348
function	1	halfvec_spherical_distance('[2.5\r\n,0,-7.5,-6.25,-7.748047983]'::halfvec(5), ('[-7.5,7.25,2.0,-5.25,-7.0]'::halfvec - '[0.75  ,3.25,7.0,3.46806,-3.25]'::halfvec(6)))	ERROR 22000 | expected 6 dimensions, not 5
function	1	halfvec_spherical_distance(l2_normalize(("halfvec"('[-0.25,1.5,-2.5,4.0\r\n,-4.25,5.0]'::halfvec, -1, true))), l2_normalize((('{9,3,-4,-8,2049,-3}'::integer[])::halfvec(7))))	ERROR 22000 | expected 7 dimensions, not 6
function	1	vector_spherical_distance(l2_normalize('[0]'::vector(1)), l2_normalize((array_to_vector('{1e-300}'::double precision[], -1, false))))	0.5
operator	0	'[-3.0,0]'::halfvec || '[4.25,-7.75]'::halfvec	[-3,0,4.25,-7.75]
operator	0	'[\r\n-0.75,2.5,-1.75,-4.25,5.25,-2.25]'::halfvec <= '[-8.54416,-0,-9.17,5.4188681534,6.5,-2.39397605]'::halfvec	false
operator	0	'[  -0,4.75,-8.0,2.75,2.25]'::vector - '[-1.25,5.5,3.0,3.5,-5.]'::vector	[1.25,-0.75,-11,-0.75,7.25]
operator	0	'[  0.75,-6.5,-4.75,4.0]'::vector = '[nan,-3.5,7.5,-0.367581]'::vector	ERROR 22000 | NaN not allowed in vector
operator	0	'[-0,-2.25,9.8486278022  ,-5.5,-0.5,3.666809993  ,3.0,-1.0,-2.75,3.5,-2.5,-7.5,-3.93266730,-7.75,5941908.063369981]'::vector <= '[-3.25,-6.5 ,0.5,-2.0,-6.5,0,3.75,-0.5,-7.25,3.5,-1.75,0,4.5,1.0,0]'::vector	false
operator	0	'[-0,-3.25,-6.0,2.0,-6.75]'::halfvec || '[-6.25,-6.0,1.5,-8.0,2.0]'::halfvec	[-0,-3.25,-6,2,-6.75,-6.25,-6,1.5,-8,2]
operator	0	'[-0,8.0,-0.5,-0.75]'::vector > '[-0,-7.25,2.5,-5.25]\t'::vector	true
operator	0	'[-0.75,-4.75,3.0,-6.0,4.25]'::halfvec <#> '[5.5,-7.75,4.5,7.25,-4.0]'::halfvec	14.3125
operator	0	'[-0]'::halfvec + '[-0]'::halfvec	[-0]
operator	0	'[-2.0,4.25,0]'::halfvec + '[5.1,2.75,2.118101040586118e+20]'::halfvec	ERROR 22003 | "2.118101040586118e+20" is out of range for type halfvec
operator	0	'[-2.5,-6.0,-0,0,0,-2.25]'::halfvec = '[3.75,-4.5,-2.75,0.5,-7.5,0]'::halfvec(6)	false
operator	0	'[-3.75,7.25]'::vector * (array_to_vector('{4.0,3.25}'::numeric[], -2, true))	ERROR 22000 | expected -2 dimensions, not 2
operator	0	'[-5.0,2.5,1.0,0,2.25,0,7.0,-3.75,-3.25,1.5,4.5,-6.0,4.25,2.75,3.25,-0]'::vector + (vector_mul(' [2.75,-8.0,-4.5,0,6.0,-0.75,0,-0.5,1.0,1.75,-5.5,2.0,-0,-0,-2.75,-5.25]'::vector, NULL::vector))	ERROR 22P02 | invalid input syntax for type vector: " [2.75,-8.0,-4.5,0,6.0,-0.75,0,-0.5,1.0,1.75,-5.5,2.0,-0,-0,-2.75,-5.25]" | Vector contents must start with "[".
operator	0	'[-5.25,-0.3377457,5.3360969,3.0,-6.25,-3.671919756,6.932809763,nan(1),-1.0]'::vector <> '[0,-1.0,-7.5,\n0,0\n,-3.5,-3.75,3.0,-0.5]'::vector	ERROR 22000 | NaN not allowed in vector
operator	0	'[-5.388177675,0.8\r\n,-8.0]'::vector <#> '[-8.0,-3.25,-5.0]'::vector	-80.50542449951172
operator	0	'[-6.5192]'::vector - '[-1.75]'::vector	[-4.7692]
operator	0	'[-6.75,0,-6.0]'::halfvec = '[-2.25,4.5,-0.75]'::halfvec	false
operator	0	'[0.0,0.62988,0]'::halfvec * (('{8.0,2.5,6.25}'::numeric[])::halfvec(3))	[0,1.5742188,0]
operator	0	'[1.0,6.0,0\r\n,-1.75,5.5,3.0\r\n]'::vector <+> '[-1.3396984745450946e-41,2.75,8.711667,32988.804714081474,1.75,-6.75]'::vector	33017.015625
operator	0	'[1.5,5.5,2.5,5.75,-3.0]'::vector(5) >= '[8.1,\r\n-5.25,-5.422396658951059e-09,4738322.878734511,1.75]'::vector	false
operator	0	'[1e38,-3e38,-3e38,-1,1,1e38,-1e38,-1,2e38]'::vector < '[2.998151615796123e-33,-2.33570033 ,7.75,-0.25,0.45298664,4.0,4.5,-0.75,3.75]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[2.998151615796123e-33,-2.33570033 ,7.75,-0.25,0.45298664,4.0,4.5,-0.75,3.75]"
operator	0	'[4.364815,-4.0,8.316]'::vector >= '[-0.5,-0.5,1.75]'::vector	true
operator	0	'[5.25]'::vector + (array_to_vector('{-7.0}'::double precision[], -1, NULL))	NULL
operator	0	'[5.75]'::halfvec <> '[-7.25]'::halfvec	true
operator	0	'[6.0,7.75,4.75,8.0]'::halfvec <+> '[-0,-4.5,5.5,-4.5]'::halfvec(4)	31.5
operator	0	'[7.26654518763028e+27,-2.89448056,5.0,0.2419571,342.9524628744585]'::halfvec > '[-0.5,-3.0,-4.75,0.0,0]'::halfvec	ERROR 22003 | "7.26654518763028e+27" is out of range for type halfvec
operator	0	'[8.98,-863333859779344.1,0,-1.842,-9.656661883710991e-20,1e-45]'::halfvec <= '[-5.4,0.31641,8.960276495,-7.25,-6.75,-4.25]'::halfvec	ERROR 22003 | "-863333859779344.1" is out of range for type halfvec
operator	0	'[\r\n-2.532,3.0,-4.0,2049,0,4.6642,-5.89,0.0005647951123991986]'::vector <#> ('[-6.25,0,-6.25,\t-0,-0.5,0,-6.25,-1.25]'::vector || '[1.0,4.0,5.75,-3.25,2.0,-2.25,-4.5,-1.25]'::vector)	ERROR 22000 | different vector dimensions 8 and 16
operator	0	'[abc]'::vector < '[0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[abc]"
operator	0	'{1:--1,2:5.9934455, 3:7.75}/3'::sparsevec <> '{2:-2e38,3:2e38}/3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:--1,2:5.9934455, 3:7.75}/3"
operator	0	'{1:-1.25,2:2.5}/2'::sparsevec <+> '{1:5.0,2:1.25}/2'::sparsevec(1)	ERROR 22000 | expected 1 dimensions, not 2
operator	0	'{1:2.25}/1'::sparsevec > '{3115:-2.5,7199:0,10032:-2.25,14817:0}/16001'::sparsevec	true
operator	0	'{1:5.75,2:-1.0,4:5.0,5 :-7.25}/5'::sparsevec <+> '{1: -5.0,2:-0.59286328,3:2.5}/5'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:5.75,2:-1.0,4:5.0,5 :-7.25}/5"
operator	0	'{1:7.447003,3:-3.25,2:-4.598863444108367e+36}/3'::sparsevec <> '{1:5.0,3:6.0}/3'::sparsevec	true
operator	0	'{2:5.75,3:-4.0}/3\r\n'::sparsevec <= '{2:1.25,3:0.0,1:-2.75}/3'::sparsevec	false
operator	0	'{36:4.75,46:-0,53:4.5,94:3.0}/100'::sparsevec > '{2:-2.75,3:-0.5,4:4.75}/5'::sparsevec	true
operator	0	'{4:4.5,5:-5.75,6:3.5,7:-0,8:1.0,9:6.25,11:-2.25,12:-1.0,13:-5.25,14:-7.75,15:6.75,17:-0,19:-2.5,20:6.25,21:5.25,22:-2.0,26:5.5,28:-0,30:-1.75,31:-0.5}/31'::sparsevec >= '{}/5'::sparsevec	true
operator	0	'{}/3'::sparsevec < '{2:3.5,3:-6.25} /3'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:3.5,3:-6.25} /3" | Unexpected end of input.
operator	0	("sparsevec"('{ 1:-2.5,2:-5.0,3:3.25}/3'::sparsevec, -1, false)) >= large(100, 66, 67)::sparsevec	true
operator	0	('[-1.5,3.25,7.75,7.5,1.75,4.5]'::vector * '[0.2045525,9.674339465648397e+30,-0.18,-5.,8.0,-0]'::vector) = '[6.25,0.75,6.25,3.75,4.5,0]'::vector	false
operator	0	('[6.0 ]'::vector - '[-5.25]'::vector(1)) <= '[7.0]'::vector	false
operator	0	(('[-3.5,-6.0]'::halfvec)::vector) <-> '[6.25,-3.75]'::vector	10.00624804809475
operator	0	(('[6.0,6.0,2.25,6.25,-0.25]'::halfvec)::halfvec(5)) <#> '[2.29592819,-7.2955,4.0,0,-1.5]'::halfvec(5)	20.625
operator	0	(('{1:6.75}/1'::sparsevec)::sparsevec(2)) <#> (array_to_sparsevec(NULL::integer[], 1, false))	ERROR 22000 | expected 2 dimensions, not 1
operator	0	(array_to_halfvec('{-1.732670,-5.616548252,0,-2.19581,2.1828602083,1.0}'::real[], 6, NULL)) > '[-4.75,-0,5.5,-5.75,-8.0,0]'::halfvec	NULL
operator	0	(array_to_vector('{-1.8532639224716616e-29,0}'::numeric[], 0, false)) > '[-1.5,-7.25]'::vector	ERROR 22000 | expected 0 dimensions, not 2
operator	0	(halfvec_concat('[3.5,-0,-4.5,6.25,0,-4.5,0,0,4.75]'::halfvec(9), '[0,0,0,0,0,0,0,0,0]'::halfvec)) >= '[4.5,-4.7734,-0.8925704,-1.75\t,-1.75,-5.25,-6.5,2.75,7.0]'::halfvec	false
operator	0	(halfvec_mul('[5.25]'::halfvec(1), '[0]'::halfvec)) - '[7.557250]'::halfvec(1)	[-7.5585938]
operator	0	(halfvec_sub('[2.7928647445388096e-25]'::halfvec, '[-3.5]'::halfvec(2))) <-> '[-6.5]'::halfvec	ERROR 22000 | expected 2 dimensions, not 1
operator	0	(halfvec_sub(NULL::halfvec, '[1.7171631804,0,6.25,-8.116598015,5.75]'::halfvec)) <+> '[5.5,-1.38667,2.75,-9.43270,  6.84638]'::halfvec	NULL
operator	0	(l2_normalize('[-4.5]'::halfvec)) >= '[-5.604677075671865e+35]'::halfvec	ERROR 22003 | "-5.604677075671865e+35" is out of range for type halfvec
operator	0	(vector_add('[0,0,0]'::vector, '[3.0]'::vector)) * (vector_sub('[abc ]'::vector, '[0]'::vector))	ERROR 22P02 | invalid input syntax for type vector: "[abc ]"
operator	0	(vector_concat('[0.81795807]'::vector, '[-6.5]'::vector)) <-> '[-2.25]'::vector	ERROR 22000 | different vector dimensions 2 and 1
operator	0	(vector_sub('[-3.0,-6.75,6907883652.668367,-6.11156,3.0]'::vector, '[0,0.5\r\n,6.75,1.25,0]'::vector)) || '[-6.5,-3.75,6.75, -7.75,0.0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-6.5,-3.75,6.75, -7.75,0.0]"
operator	0	(vector_to_halfvec(' [6.0,0,1.0]'::vector, -1, false)) <> (array_to_halfvec('{-2.0,-7.0,0}'::double precision[], -1, NULL))	ERROR 22P02 | invalid input syntax for type vector: " [6.0,0,1.0]" | Vector contents must start with "[".
operator	0	(vector_to_sparsevec('[5.5,-2.0]'::vector, -2, true)) = '{}/2'::sparsevec	ERROR 22000 | expected -2 dimensions, not 2
operator	0	B'0' <%> B'0'	1
operator	0	B'0000' <%> repeat('0110011', 4)::bit(4)	1
operator	0	NULL::bit <~> B'110'	NULL
operator	0	NULL::halfvec <-> '[2.0,0.75,7.75]'::halfvec	NULL
operator	0	repeat('1100001', 100)::bit(100) <~> binary_quantize(series(100, 9, 66)::vector)	49
operator	0	series(127, 60, 56)::halfvec < series(127, 20, 89)::halfvec	false
operator	0	series(127, 66, 10)::vector <> series(127, 41, 70)::vector	true
operator	0	series(128, 15, 0)::sparsevec <-> (array_to_sparsevec(series(128, 78, 1)::real[], -2, true))	ERROR 22000 | expected -2 dimensions, not 128
operator	0	series(64, 42, 29)::sparsevec = (('{{1,2},{3,4}}'::numeric[])::sparsevec(64))	ERROR 22000 | array must be 1-D
operator	1	'[0.5,-0,-0.75,-1.25]'::vector <=> '[1.014805,-3.5,1_0,-2.25]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[1.014805,-3.5,1_0,-2.25]"
operator	1	'{1:1.25}/1'::sparsevec <=> '{1:-0.5}/1'::sparsevec	2
operator	1	'{2:3.75}/2'::sparsevec <=> '{55527631:1.25,145469991:-0,373428578:-1.5,953782203:-0.75}/1000000000'::sparsevec	ERROR 22000 | different sparsevec dimensions 2 and 1000000000
order	0	'[-3.25 ,1.59,8.0]'::halfvec > '[0,1.5]'::halfvec	false
order	0	'[-3.25]'::vector = '[-6.25,0,6.0]'::vector	false
order	0	'[-6.75,-7.5]'::vector >= '[-6.75,-7.5]'::vector	true
order	0	'[0,0,0]'::vector < '[0]'::vector	false
order	0	'[0,\n0,0]'::halfvec <> '[0,\n0,0]'::halfvec	false
order	0	'[0]'::vector(1) <= '[-1.25]'::vector	false
order	0	'[1.25,-7.5]'::halfvec = '[Infinity]'::halfvec	ERROR 22000 | infinite value not allowed in halfvec
order	0	'[2.75,-0.5,6.75  ]'::vector >= '[-7.25,-0,-7.5]'::vector	true
order	0	'[3.0,7.25]'::halfvec = '[-6.57075609552231e-09,2.25,4.5]'::halfvec	false
order	0	'[3.71142438,6.53490387]'::vector <> '[6.649515938438456e-28,27917949251.125896]'::vector	true
order	0	'[3.75]'::vector <= '[0.25]'::vector(2)	ERROR 22000 | expected 2 dimensions, not 1
order	0	'[65504,-8.9]'::vector > '[-7.75,0.5]'::vector	true
order	0	'{1:-3.5,2:-3.5,3:0.25}/3'::sparsevec > '{1:7.0,2:-5.5}/2'::sparsevec	false
order	0	'{1:4.25,2:-2.25}/2'::sparsevec <= '{1:4.25,2:-2.25}/2'::sparsevec	true
order	0	'{1:6.5}/1'::sparsevec <= '{}/2'::sparsevec	false
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[-0]'::halfvec), ('[1.0\r\n,7.25]'::halfvec), ('[-4.75,0]'::halfvec), ('[5.5,5.0,-6.25]'::halfvec), ('[-6.145,8.47509564,-8.0]'::halfvec)) AS t(x))	{"[-6.1445312,8.4765625,-8]","[-4.75,0]",[-0],"[1,7.25]","[5.5,5,-6.25]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[0,0,0]'::halfvec), ('[3.75]'::halfvec), ('[-0,2.609602948125984e-41,9.348203568161035e+16]'::halfvec), ('[-6.5,4.5,-7.75]'::halfvec), ('[3.0,-4.0]'::halfvec), ('[-8.0]'::halfvec)) AS t(x))	ERROR 22003 | "9.348203568161035e+16" is out of range for type halfvec
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('[7.0,-3.25]'::vector), ('[-0.25,-7.0]'::vector), ('[5.14107]'::vector), ('[4.0]'::vector)) AS t(x))	{"[-0.25,-7]",[4],[5.14107],"[7,-3.25]"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('{1:-0,2:-6.25}/2'::sparsevec), ('{1:5.0,2:3.0}/2'::sparsevec), ('{332:-5.5,3266:-0,4738:0,15510:-0}/16000'::sparsevec), ('{1 :3.5,2:6.25}/2'::sparsevec)) AS t(x))	{"{2:-6.25}/2","{332:-5.5}/16000","{1:3.5,2:6.25}/2","{1:5,2:3}/2"}
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES ('{\t1:-2.0,2 :-4.25,3:-0}/3'::sparsevec), ('{\r\n1:5.9604645e-08,2:-3.842116653}/2'::sparsevec)) AS t(x))	ERROR 22P02 | invalid input syntax for type sparsevec: "{\t1:-2.0,2 :-4.25,3:-0}/3"
order	0	(SELECT array_agg(DISTINCT x) FROM (VALUES (NULL::sparsevec), ('{1:5.5,2:-1.75}/2'::sparsevec)) AS t(x))	{"{1:5.5,2:-1.75}/2",NULL}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-2.25]'::vector), ('[1.0,-5.0]'::vector)) AS t(x))	{"[1,-5]",[-2.25]}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-3.0,2.0]'::vector), (' [-5.75]'::vector), ('[7.75]'::vector), ('[-6.0]'::vector), ('[1.0,9.65927068478356e+34,1.1754944e-38]'::vector), ('[\r\n1d,\r\n3.4028236e38]'::vector)) AS t(x))	ERROR 22P02 | invalid input syntax for type vector: " [-5.75]" | Vector contents must start with "[".
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-4.5,0.5,5.5]'::vector), ('[7.5,1.75,-5.0]'::vector), ('[-7.75,-7.75]'::vector), ('[8.0]'::vector), ('[-7.0]'::vector)) AS t(x))	{[8],"[7.5,1.75,-5]","[-4.5,0.5,5.5]",[-7],"[-7.75,-7.75]"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[-6.5,5.0,2.75]'::halfvec), ('[1e-46]'::halfvec), ('[-4.0]'::halfvec)) AS t(x))	{[0],[-4],"[-6.5,5,2.75]"}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[0.75,3.75,-1.5]'::halfvec), ('[4.25,0]'::halfvec), ('[2.9802325e-08,-9.287362043]'::halfvec), ('[0.75,-2.75]'::halfvec), ('[0]'::halfvec)) AS t(x))	{"[4.25,0]","[0.75,3.75,-1.5]","[0.75,-2.75]","[5.9604645e-08,-9.2890625]",[0]}
order	0	(SELECT array_agg(x ORDER BY x DESC NULLS LAST) FROM (VALUES ('[\t3.25,\r\n0]'::vector), ('[  0,0]'::vector), ('[2.75,-3.75]'::vector), ('[0,-0,7.5]'::vector), ('[941408.0890039211,77983279926.87492,4.5]'::vector(4)), ('[-0.502123691,-0.5]'::vector)) AS t(x))	ERROR 22000 | expected 4 dimensions, not 3
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[-3.0,-3.5,-2.75]'::vector), ('[6.75,-8.0,-0]'::vector), ('[5.471943856437613e-32,5.56250135]'::vector)) AS t(x))	{"[-3,-3.5,-2.75]","[5.471944e-32,5.5625014]","[6.75,-8,-0]"}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[-3.75,5.5]'::vector), ('[1.6665]'::vector), ('[2.25]'::vector), ('[4.1,-6.2]'::vector), ('[1.0,1.75,-2.25]'::vector), ('[0.46110485449701977,5.75]'::vector)) AS t(x))	{"[-3.75,5.5]","[0.46110484,5.75]","[1,1.75,-2.25]",[1.6665],[2.25],"[4.1,-6.2]"}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[0,-6.0]'::halfvec(2)), ('[0]'::halfvec)) AS t(x))	{[0],"[0,-6]"}
order	0	(SELECT array_agg(x ORDER BY x) FROM (VALUES ('[3.25,0,-0]'::halfvec), ('[1e-45]'::halfvec), ('[6.75]'::halfvec(1)), ('[-3.5,4.0]'::halfvec(2))) AS t(x))	{"[-3.5,4]",[0],"[3.25,0,-0]",[6.75]}
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[-5.75]'::vector), (NULL::vector), ('[2.75]'::vector), ('[-6.75,-0]'::vector), ('[4363245248.334757]'::vector)) AS t(x))	4
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('[0.1,-6.75,3.65112253]'::halfvec), ('[-1.0,8.67]'::halfvec(2)), ('\t[0,0,0]'::halfvec), ('[4.0,6.0,0]'::halfvec)) AS t(x))	4
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('{1:-1.,2:-7.5,3:1.25}/3'::sparsevec), ('{1:-6.5,2:-1.761431376245195e+34,3:7.0}/3'::sparsevec)) AS t(x))	2
order	0	(SELECT count(DISTINCT x) FROM (VALUES ('{1:-2e38,2:3e38}/2'::sparsevec), ('{1:2.5}/1'::sparsevec), ('{1\n:0.5}/1'::sparsevec)) AS t(x))	3
order	0	(SELECT count(DISTINCT x) FROM (VALUES (NULL::vector), ('[-2.25 ]'::vector), ('[-3.5]'::vector)) AS t(x))	ERROR 22P02 | invalid input syntax for type vector: "[-2.25 ]"
order	0	NULL::sparsevec <> '{}/2'::sparsevec	NULL
order	0	halfvec_cmp('[4.5,-3.9262804,-8.366]'::halfvec, '[4.5,-3.9262804,-8.366]'::halfvec)	0
order	0	sparsevec_cmp('{1:-0,2:-7.25}/2'::sparsevec, '{1:-0,2:-7.25}/2'::sparsevec)	0
order	0	sparsevec_cmp('{1:-0.25,2:-0}/2'::sparsevec, '{1:1.75,2:0.0,3:1.25}/3'::sparsevec)	-1
order	0	sparsevec_cmp('{1:}/1'::sparsevec, '{1459:-2.75,2734:-7.25,3415:3.75,7993:0}/16001'::sparsevec)	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:}/1"
order	0	sparsevec_cmp('{33:2.75,36:1.25,70:-7.5}/100'::sparsevec, '{33:2.75,36:1.25,70:-7.5}/100'::sparsevec)	0
resolution	0	'10'::varbit <+> '{1:1}/2'	ERROR 42883 | operator does not exist: bit varying <+> unknown | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	('[1,2]')::halfvec	[1,2]
resolution	0	(1)::halfvec	ERROR 42846 | cannot cast type integer to halfvec
resolution	0	B'10' <-> 1	ERROR 42883 | operator does not exist: bit <-> integer | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	0	NULL <+> '[6.0,8.030512725126846e+24]'::halfvec	ERROR 22003 | "8.030512725126846e+24" is out of range for type halfvec
resolution	0	array_to_sparsevec('10'::varbit, NULL, ARRAY[1,2])	ERROR 42883 | function array_to_sparsevec(bit varying, unknown, integer[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	array_to_vector(1, ARRAY[1,2], 1)	ERROR 42883 | function array_to_vector(integer, integer[], integer) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	halfvec_add('[1,2]', ARRAY[1,2])	ERROR 42883 | function halfvec_add(unknown, integer[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	halfvec_avg(B'10')	ERROR 42883 | function halfvec_avg(bit) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	inner_product('10'::varbit, ARRAY[1,2])	ERROR 42883 | function inner_product(bit varying, integer[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sparsevec_l2_squared_distance(NULL, ARRAY[1,2])	ERROR 42883 | function sparsevec_l2_squared_distance(unknown, integer[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sparsevec_lt('10'::varbit, '[1,2]')	ERROR 42883 | function sparsevec_lt(bit varying, unknown) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sparsevec_to_halfvec('[1,2]', 1, ARRAY[1,2])	ERROR 42883 | function sparsevec_to_halfvec(unknown, integer, integer[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sparsevec_to_halfvec(ARRAY[1,2], ARRAY[1,2], '10'::varbit)	ERROR 42883 | function sparsevec_to_halfvec(integer[], integer[], bit varying) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sparsevec_to_vector('{1:1}/2', '{1:-7.5,2:-0}/2'::sparsevec, 1)	ERROR 42883 | function sparsevec_to_vector(unknown, sparsevec, integer) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	0	sum('[0,1.1]'::halfvec)	[0,1.0996094]
resolution	0	vector_mul('{1:4.0,2:-3.25}/2'::sparsevec, '{1,2}'::real[])	ERROR 42883 | function vector_mul(sparsevec, real[]) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	1	ARRAY[1,2] <=> ARRAY[1,2]	ERROR 42883 | operator does not exist: integer[] <=> integer[] | No operator matches the given name and argument types. You might need to add explicit type casts.
resolution	1	cosine_distance('{1,2}'::real[], '10'::varbit)	ERROR 42883 | function cosine_distance(real[], bit varying) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
resolution	1	cosine_distance(1, '[0.5,8.70]'::vector)	ERROR 42883 | function cosine_distance(integer, vector) does not exist | No function matches the given name and argument types. You might need to add explicit type casts.
scan	0	nearest('no_bit', 'varbit', '<~>', '100')	NULL
scan	0	nearest('no_bit', 'varbit', '<~>', '110')	NULL
scan	0	nearest('no_halfvec', 'halfvec', '<+>', '[2,9]')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('no_halfvec', 'halfvec', '<+>', '[7,5,4]')	NULL
scan	0	nearest('no_halfvec', 'halfvec', '<->', '[3,2,8,4]')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('no_halfvec', 'halfvec', '<->', '[3,9,9]')	NULL
scan	0	nearest('no_halfvec', 'halfvec', '<->', '[4,2]')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('no_halfvec', 'halfvec', '<->', NULL)	NULL
scan	0	nearest('no_sparsevec', 'sparsevec', '<#>', '{1:3,2:6,3:3}/3')	NULL
scan	0	nearest('no_sparsevec', 'sparsevec', '<#>', '{1:8,2:8,3:2}/3')	NULL
scan	0	nearest('no_sparsevec', 'sparsevec', '<->', '{1:8,2:3}/2')	ERROR 22000 | expected 3 dimensions, not 2
scan	0	nearest('no_vector', 'vector', '<->', '[4,3,9,5]')	ERROR 22000 | expected 3 dimensions, not 4
scan	0	nearest('no_vector', 'vector', '<->', '[8,1,5]')	NULL
scan	0	nearest('some_bit', 'varbit', '<%>', '1')	ERROR 22000 | expected 3 dimensions, not 1
scan	0	nearest('some_halfvec', 'halfvec', '<+>', '[1,8,4]')	{11,12,16,17,18,22,23,24,28}
scan	0	nearest('some_halfvec', 'halfvec', '<->', '[8,3,9]')	{11,11.045361017187261,11.874342087037917,12.083045973594572,12.529964086141668,13.74772708486752,14.352700094407323,15.132745950421556,16.522711641858304}
scan	0	nearest('some_sparsevec', 'sparsevec', '<#>', '{1:9,2:6,3:2}/3')	{-66,-61,-53,-45,-40,-32,-24,-19,-11}
scan	0	nearest('some_sparsevec', 'sparsevec', '<->', '{1:6,2:6,3:6}/3')	{8.774964387392123,9.273618495495704,10.198039027185569,10.344080432788601,10.344080432788601,12.206555615733702,12.569805089976535,13.152946437965905,15.066519173319364}
scan	0	nearest('some_vector', 'vector', '<+>', '[2,9,5]')	{13,14,17,18,19,23,24,25,29}
scan	0	nearest('some_vector', 'vector', '<+>', '[4,8]')	ERROR 22000 | expected 3 dimensions, not 2
scan	1	nearest('no_halfvec', 'halfvec', '<=>', '[4,1,4,1]')	ERROR 22000 | expected 3 dimensions, not 4
scan	1	nearest('no_halfvec', 'halfvec', '<=>', '[8,4,3]')	NULL
scan	1	nearest('some_halfvec', 'halfvec', '<=>', '[1,3,5]')	{0.2828628343993639,0.6220355269907727,1.2,1.2267786838055363,1.2548235957188127,1.3195647676692506,1.3536898713513366,1.3947089411806863,1.4282805264991718}
scan	1	nearest('some_halfvec', 'halfvec', '<=>', '[6,5,7,3,7,9,6,8,3,2,4,1,6,2,7,2,7,8,7,6,1,6,3,7,6,2,8,1,4,4,7,7,6,4,9,7,5,9,3,4,8,7,9,6,9,4,5,3,8,6,6,7,1,4,5,7,1,3,4,8,3,7,2,4,2,8,9,6,8,2,1,5,3,5,2,9,9,5,8,9,6,6,3,3,9,6,4,6,9,4,3,3,7,4,2,1,6,2,2,8]')	ERROR 22000 | expected 3 dimensions, not 100
scan	1	nearest('some_halfvec', 'halfvec', '<=>', '[6,8,6]')	{0.2330350111526296,0.2723931248910011,0.7101144821737757,0.7699105033457889,0.8293525297148094,0.880382166575665,0.8965824620009961,0.9528857152568454,0.9700321980898723}
scan	1	nearest('some_sparsevec', 'sparsevec', '<=>', '{1:8,2:4,3:9}/3')	{0.05262703862190021,0.2950926231497586,0.7386133489130333,0.7532824181024156,0.7735345465702095,0.8902121170120829,0.8992224288257996,0.9133957681161333,0.9655712370486059}
scan	1	nearest('some_vector', 'vector', '<=>', '[6,1]')	ERROR 22000 | expected 3 dimensions, not 2
state	0	halfvec_combine('[5:6]={1,2}'::float8[], '[2:4]={1,2,3}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
state	0	halfvec_combine('{0,5}'::float8[], '{1,NULL}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine('{1,Infinity}'::float8[], '{0,1,2}'::float8[])	ERROR 22000 | expected 1 dimensions, not 2
state	0	halfvec_combine('{1e308,1e308}'::float8[], '{{1,2},{3,4}}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine('{5,0,-2.75}'::float8[], '{NaN,1}'::float8[])	ERROR 22000 | expected 2 dimensions, not 1
state	0	halfvec_combine('{7,-7.0}'::float8[], '{NaN}'::float8[])	{NaN,-7}
state	0	halfvec_combine('{8,7.25}'::float8[], '{5,-4.25}'::float8[])	{13,3}
state	0	halfvec_combine('{8,7.5}'::float8[], '{1e308,1e308}'::float8[])	{1e+308,1e+308}
state	0	halfvec_combine('{9,-6.25,-7.5}'::float8[], '{6,-0,-3.5}'::float8[])	{15,-6.25,-11}
state	0	halfvec_combine('{}'::float8[], '[5:6]={1,2}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine('{}'::float8[], '{0,-0}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	halfvec_combine(array_fill(1::float8, ARRAY[16002]), '[5:6]={1,2}'::float8[])	ERROR 54000 | vector cannot have more than 16000 dimensions
state	0	halfvec_combine(array_fill(1::float8, ARRAY[16002]), NULL::float8[])	NULL
state	0	vector_combine('[0:0]={2}'::float8[], '{0,1,2}'::float8[])	{2,1,2}
state	0	vector_combine('[0:0]={2}'::float8[], array_fill(1::float8, ARRAY[16002]))	ERROR 54000 | vector cannot have more than 16000 dimensions
state	0	vector_combine('[2:4]={1,2,3}'::float8[], '{0,1,2}'::float8[])	{1,3,5}
state	0	vector_combine('{0,1,2}'::float8[], '{3,0,2.25}'::float8[])	{3,1,4.25}
state	0	vector_combine('{0,5}'::float8[], '{1,Infinity}'::float8[])	ERROR 22003 | value out of range: overflow
state	0	vector_combine('{0}'::float8[], '{1,0.25}'::float8[])	{1,0.25}
state	0	vector_combine('{1}'::float8[], '{8,-5.75}'::float8[])	{9,-5.75}
state	0	vector_combine('{2,-1.5}'::float8[], '{4,-2.5}'::float8[])	{6,-4}
state	0	vector_combine('{2,4.5,5.75}'::float8[], '{NaN}'::float8[])	{NaN,4.5,5.75}
state	0	vector_combine('{6,0,5.0}'::float8[], '{2,-3.0,4.5}'::float8[])	{8,-3,9.5}
state	0	vector_combine('{7,-8.0,-7.0}'::float8[], '{2,0.25,5.5}'::float8[])	{9,-7.75,-1.5}
state	0	vector_combine('{8,7.5}'::float8[], '{1e308,1e308}'::float8[])	{1e+308,1e+308}
state	0	vector_combine('{9,0.25}'::float8[], '{0,-0}'::float8[])	{9,0.25}
state	0	vector_combine('{{1,2},{3,4}}'::float8[], '{2,-0.75,-2.75}'::float8[])	ERROR XX000 | vector_combine: expected state array
state	0	vector_combine(array_fill(1::float8, ARRAY[16002]), '{4,-1.25}'::float8[])	ERROR 54000 | vector cannot have more than 16000 dimensions
statistics	0	analyzed('halfvec', '{"[0,1]"}')	0 9 -1
statistics	0	analyzed('halfvec', '{"[0,4]","[0,4]","[1,4]","[1,4]","[0,4]","[0,4]","[0,4]","[1,4]","[2,1]"}')	0 9 -0.33333334 {"[0,4]","[1,4]"} {0.5555556,0.33333334} 0.75
statistics	0	analyzed('halfvec', '{"[1,1]"}')	0 9 -1
statistics	0	analyzed('halfvec', '{"[1,2]","[0,4,2]"}')	0 10 -1 {"[0,4,2]","[1,2]"} -1
statistics	0	analyzed('halfvec', '{"[1]"}')	0 7 -1
statistics	0	analyzed('halfvec', '{"[2,1,0]"}')	0 11 -1
statistics	0	analyzed('halfvec', '{"[4,0,1]","[4,0,1]"}')	0 11 -0.5 {"[4,0,1]"} {1} 1
statistics	0	analyzed('sparsevec', '{"{1:2,2:2}/2","{1:3,2:1}/2"}')	0 29 -1 {"{1:2,2:2}/2","{1:3,2:1}/2"} 1
text	0	' '::vector	ERROR 22P02 | invalid input syntax for type vector: " " | Vector contents must start with "[".
text	0	'[ 1]'::halfvec	[1]
text	0	'[ 1]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[ 1]" | Vector contents must start with "{".
text	0	'[ ]'::halfvec	ERROR 22000 | halfvec must have at least 1 dimension
text	0	'['::vector	ERROR 22P02 | invalid input syntax for type vector: "["
text	0	'[+-1]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[+-1]"
text	0	'[- .65]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[- .65]"
text	0	'[-.,5-7.0,-6.0,0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-.,5-7.0,-6.0,0]"
text	0	'[-0,0,-1..0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-0,0,-1..0]"
text	0	'[-0,1e+]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-0,1e+]"
text	0	'[-0.25,2.895286x0903,45,-6.25]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-0.25,2.895286x0903,45,-6.25]"
text	0	'[-0.75,5.2364734917,4.75,-0.5,-1.25]'::halfvec	[-0.75,5.2382812,4.75,-0.5,-1.25]
text	0	'[-1.75,-6.0,-7.5,2.75,-3.6713329534934957e-36,-0]'::vector	[-1.75,-6,-7.5,2.75,-3.671333e-36,-0]
text	0	'[-1.75\t,7.5,3.75,2.25,1.5,1.25]\r\n'::vector	[-1.75,7.5,3.75,2.25,1.5,1.25]
text	0	'[-3.25,7.5,0]'::vector	[-3.25,7.5,0]
text	0	'[-3e38,0,-1,-2e38,  1e10,3e38]'::halfvec	ERROR 22003 | "-3e38" is out of range for type halfvec
text	0	'[-4.25,3.25]'::halfvec	[-4.25,3.25]
text	0	'[-4.5,-6.870911473500986e-24]'::halfvec	[-4.5,-0]
text	0	'[-4.75,-5.6131,-0]'::halfvec	[-4.75,-5.6132812,-0]
text	0	'[-5.112750,-1.25]'::halfvec	[-5.1132812,-1.25]
text	0	'[-5.25,7.5]'::halfvec	[-5.25,7.5]
text	0	'[-5.531870,-6.72744,-1.3677290475]'::vector	[-5.53187,-6.72744,-1.3677291]
text	0	'[-6.9,-1.4140,2.25,3.0]'::vector	[-6.9,-1.414,2.25,3]
text	0	'[-6.97964691506611,-2.0]'::halfvec	[-6.9804688,-2]
text	0	'[-7.0 ]'::halfvec	[-7]
text	0	'[-7.0,4.5,3.0,-3.0,5.0,-1.75]'::vector	[-7,4.5,3,-3,5,-1.75]
text	0	'[-7.75,-0,7.25,-2.0,-7.25\n,-6.0]'::vector	[-7.75,-0,7.25,-2,-7.25,-6]
text	0	'[-9.8,8.220406405673257x+4,f-0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[-9.8,8.220406405673257x+4,f-0]"
text	0	'[-f1.0,-2.75,1.25]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[-f1.0,-2.75,1.25]"
text	0	'[0,,0,0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[0,,0,0]"
text	0	'[0,0,0'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0,0,0"
text	0	'[0,0,0,0,0]'::halfvec	[0,0,0,0,0]
text	0	'[0,0,:0,0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[0,0,:0,0]"
text	0	'[0,0.25]'::vector	[0,0.25]
text	0	'[0.6982601477,-3.0,-3.9686,-7.0,5.182447858]'::vector	[0.6982601,-3,-3.9686,-7,5.182448]
text	0	'[0.951549,4.0'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0.951549,4.0"
text	0	'[0[,0,0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[0[,0,0]"
text	0	'[0]['::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[0][" | Junk after closing right brace.
text	0	'[1.25]'::vector	[1.25]
text	0	'[1e1.5]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[1e1.5]"
text	0	'[1}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[1}/3"
text	0	'[1}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "[1}/3"
text	0	'[2.0,-0,,-03.0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[2.0,-0,,-03.0]"
text	0	'[2.0,-2.5,-1.75]'::halfvec	[2,-2.5,-1.75]
text	0	'[2.25,2.75,2.25,5.0]'::halfvec	[2.25,2.75,2.25,5]
text	0	'[2.25,6.75]'::vector	[2.25,6.75]
text	0	'[2.5,-0.5['::vector	ERROR 22P02 | invalid input syntax for type vector: "[2.5,-0.5["
text	0	'[2.75,6.25\r\n,3.25]'::vector	[2.75,6.25,3.25]
text	0	'[2e38,17e38,-1e38]'::vector	ERROR 22003 | "17e38" is out of range for type vector
text	0	'[3.25,0]'::halfvec	[3.25,0]
text	0	'[4.279563352]'::halfvec	[4.28125]
text	0	'[4.70,65'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[4.70,65"
text	0	'[5.25,-2.7 ,7+.0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[5.25,-2.7 ,7+.0]"
text	0	'[5.7138,6.299951075.63707,-n2.0]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[5.7138,6.299951075.63707,-n2.0]"
text	0	'[5.75,n-2.75]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[5.75,n-2.75]"
text	0	'[6.75,5.25,0.75,7.75,-1.0]'::vector	[6.75,5.25,0.75,7.75,-1]
text	0	'[7.95a,1.75]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "[7.95a,1.75]"
text	0	'[8.470,8.2451843365,4.5,-8.33318170]'::halfvec	[8.46875,8.2421875,4.5,-8.3359375]
text	0	'[INF]'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "[INF]" | Vector contents must start with "{".
text	0	'[NAN]'::halfvec	ERROR 22000 | NaN not allowed in halfvec
text	0	'[\n-0,4.5,5.25,-0.5,4.25,7.25]'::vector	[-0,4.5,5.25,-0.5,4.25,7.25]
text	0	'[]'::halfvec	ERROR 22000 | halfvec must have at least 1 dimension
text	0	'\t[1,.25,-1.5,4.5,0.0]'::halfvec	[1,0.25,-1.5,4.5,0]
text	0	'f30a,0]'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "f30a,0]" | Vector contents must start with "[".
text	0	'x{1:1}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "x{1:1}/3" | Vector contents must start with "[".
text	0	'{ 1:4.:5,2:-0.25}/2'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{ 1:4.:5,2:-0.25}/2"
text	0	'{+1:1}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{+1:1}/3" | Vector contents must start with "[".
text	0	'{-1:1}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{-1:1}/3" | Vector contents must start with "[".
text	0	'{-99999999999:1}/2'::sparsevec	ERROR 22000 | sparsevec index out of bounds
text	0	'{1:1.75,2:5.5,4:4.75,6:6.25}/6'::sparsevec	{1:1.75,2:5.5,4:4.75,6:6.25}/6
text	0	'{1:-.818,3:0.25 ,4:-5.75+}7/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:-.818,3:0.25 ,4:-5.75+}7/4"
text	0	'{1:-0,\t2:-5.0747,3:-1.0}/3'::sparsevec	{2:-5.0747,3:-1}/3
text	0	'{1:-1.0,2:3.75,3:5.25,4\r\n:06.0  }\r\n/4'::sparsevec	{1:-1,2:3.75,3:5.25,4:6}/4
text	0	'{1:-3.25,2: 4.5,3:-9.92910,4:-3.4460721679778787e-23,5:-0,6:-4.495001}/6'::sparsevec	{1:-3.25,2:4.5,3:-9.9291,4:-3.4460723e-23,6:-4.495001}/6
text	0	'{1:-3.75,3:-2.0,4:-3.75}/4'::sparsevec	{1:-3.75,3:-2,4:-3.75}/4
text	0	'{1:-6.0,2:7.5,3:-2.0}/3'::sparsevec	{1:-6,2:7.5,3:-2}/3
text	0	'{1:0}/3'::sparsevec	{}/3
text	0	'{1:1, 2:2}/2'::sparsevec	{1:1,2:2}/2
text	0	'{1:1,1:2}/3'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1,1:2}/3" | Vector contents must start with "[".
text	0	'{1:1,2:2,3:3,4:4}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1,2:2,3:3,4:4}/3" | Vector contents must start with "[".
text	0	'{1:1,2:abc}/3'::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1,2:abc}/3" | Vector contents must start with "[".
text	0	'{1:1}/ 3 '::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1}/ 3 " | Vector contents must start with "[".
text	0	'{1:1}/ 3 '::vector	ERROR 22P02 | invalid input syntax for type vector: "{1:1}/ 3 " | Vector contents must start with "[".
text	0	'{1:1}/3\n'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{1:1}/3\n" | Vector contents must start with "[".
text	0	'{1:3.75,2:-0[.501}\r\n/2'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{1:3.75,2:-0[.501}\r\n/2"
text	0	'{1:5.0,2:1.0}/2'::sparsevec	{1:5,2:1}/2
text	0	'{1:7.75,2:-8.0}/2'::sparsevec	{1:7.75,2:-8}/2
text	0	'{1:955,2:5.75}/2'::sparsevec	{1:955,2:5.75}/2
text	0	'{2:-3.0,4:x-2.0}/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{2:-3.0,4:x-2.0}/4"
text	0	'{2:-7.75,3:4.04278783,4:0.78}/4'::sparsevec	{2:-7.75,3:4.042788,4:0.78}/4
text	0	'{2:1e-45}/2'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "{2:1e-45}/2" | Vector contents must start with "[".
text	0	'{2:6.5,3:0.5}/3'::sparsevec	{2:6.5,3:0.5}/3
text	0	'{2i:2.225,1:-6.5}2'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{2i:2.225,1:-6.5}2"
text	0	'{:-0.75,2: -1.5,3:1.5}/4'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{:-0.75,2: -1.5,3:1.5}/4"
text	0	'{:4.25,2:-0}/2'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{:4.25,2:-0}/2"
text	0	'{\r\n1:-0+/1'::sparsevec	ERROR 22P02 | invalid input syntax for type sparsevec: "{\r\n1:-0+/1"
text	0	'{}/ 1'::sparsevec	{}/1
text	0	'{}/4'::sparsevec	{}/4
text	0	E'[8.4222693418951929e-12,-6.5592\\\\4572]'::vector	ERROR 22P02 | invalid input syntax for type vector: "[8.4222693418951929e-12,-6.5592\\4572]"
text	0	E'\\\\[7.5'::halfvec	ERROR 22P02 | invalid input syntax for type halfvec: "\\[7.5" | Vector contents must start with "[".
typmod	0	' [-7.25,7.25]'::vector(1.5)	ERROR 22P02 | invalid input syntax for type integer: "1.5"
typmod	0	'[-0.5,7.0,0]'::halfvec(4)	ERROR 22000 | expected 4 dimensions, not 3
typmod	0	'[-0.75,-0.5]'::vector(-1)	ERROR 22023 | dimensions for type vector must be at least 1
typmod	0	'[-1.5,7.75]'::vector('')	ERROR 22P02 | invalid input syntax for type integer: ""
typmod	0	'[-2.0]'::halfvec(1000000001)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[-2.25,0.5,5.5,-3.25]'::vector(16000)	ERROR 22000 | expected 16000 dimensions, not 4
typmod	0	'[-43865365.11584736]'::vector('3')	ERROR 22000 | expected 3 dimensions, not 1
typmod	0	'[-6.5,5.5,5.5,-1.25]'::halfvec(1,2)	ERROR 22023 | invalid type modifier
typmod	0	'[0,0, -0]'::vector(1.5)	ERROR 22P02 | invalid input syntax for type integer: "1.5"
typmod	0	'[0,0  ,-5.25]'::halfvec(1000000001)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'[0.75,-4.75]'::vector(1000000001)	ERROR 22023 | dimensions for type vector cannot exceed 16000
typmod	0	'[1e38,3e38,1,-2e38]'::vector(1.5)	ERROR 22P02 | invalid input syntax for type integer: "1.5"
typmod	0	'[2.129752]'::halfvec('')	ERROR 22P02 | invalid input syntax for type integer: ""
typmod	0	'[2e38,  -1e38,1,\n0]'::vector(4)	[2e+38,-1e+38,1,0]
typmod	0	'[6.0,1.75,  8.0,6.75]'::halfvec(16001)	ERROR 22023 | dimensions for type halfvec cannot exceed 16000
typmod	0	'{1:-7.25}/1'::sparsevec(2)	ERROR 22000 | expected 2 dimensions, not 1
typmod	0	'{1:1.8987279,2:-7.5,3:0.5}/3'::sparsevec(NULL)	ERROR 42601 | type modifiers must be simple constants or identifiers
typmod	0	'{1:2.25}/1'::sparsevec(0)	ERROR 22023 | dimensions for type sparsevec must be at least 1
typmod	0	'{2:-0,4:-2.75}/4'::sparsevec(2147483647)	ERROR 22023 | dimensions for type sparsevec cannot exceed 1000000000
typmod	0	'{}/1'::sparsevec(16000)	ERROR 22000 | expected 16000 dimensions, not 1
typmod	0	' [-2.75,-2.0 ]'::halfvec(1.5)	ERROR 22P02 | invalid input syntax for type integer: "1.5"
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
DROP FUNCTION outcome, series, reals, large, float_range, received, analyzed, nearest, same;
DROP TABLE some_vector, some_halfvec, some_sparsevec, some_bit, no_vector, no_halfvec, no_sparsevec, no_bit;
DROP CAST (bytea AS sparsevec);
