-- Filters on attribute columns: every type and operator, against a sequential
-- plan of the same query.

CREATE TABLE attr_t (
	id integer,
	v vector(3),
	b boolean,
	i2 smallint,
	i4 integer,
	i8 bigint,
	f4 real,
	f8 double precision,
	d date,
	ts timestamp,
	tz timestamptz
);

CREATE FUNCTION attr_same(condition text) RETURNS integer LANGUAGE sql RETURN same_by_index('attr_t', 'attr_idx', condition);

-- All operators, a column against constants
CREATE FUNCTION attr_compare(columns text[], constants text[]) RETURNS bigint AS $$
	SELECT sum(attr_same(format('%s %s %s', c, o, k)))
	FROM unnest(columns) c, unnest('{<,<=,=,>=,>}'::text[]) o, unnest(constants) k
$$ LANGUAGE sql;

SELECT setseed(0.25);
INSERT INTO attr_t
SELECT i, ARRAY[random(), random(), random()]::vector, i % 2 = 0,
	(i % 7 - 3)::smallint, i % 11 - 5, (i % 13 - 6)::bigint * 3000000000,
	(i % 17 - 8) / 10.0::real, (i % 19 - 9) / 10.0,
	date '2024-03-08' + i % 8, timestamp '2024-03-08' + i * interval '31 min',
	timestamptz '2024-03-08 00:00+00' + i * interval '29 min'
FROM generate_series(1, 200) i;

-- values at the ends of types, and their neighbors
INSERT INTO attr_t VALUES
	(1001, '[0,0,1]', true, -32768, -2147483648, -9223372036854775808, 'NaN', 'NaN',
	 '-infinity', '-infinity', '-infinity'),
	(1002, '[0,1,0]', false, 32767, 2147483647, 9223372036854775807, '-infinity', '-infinity',
	 'infinity', 'infinity', 'infinity'),
	(1003, '[0,1,1]', true, 0, 0, 0, '-0', '-0',
	 '4713-01-01 BC', '4713-01-01 00:00:00 BC', '4713-01-02 00:00:00+00 BC'),
	(1004, '[1,0,0]', false, 1, 1, 1, 'infinity', 'infinity',
	 '5874897-12-31', '294276-12-31 23:59:59.999999', '294276-12-30 23:59:59.999999+00'),
	(1005, '[1,0,1]', true, -1, -1, -1, 0.1, 0.1::real,
	 '294277-01-01', '294276-12-31', '294276-12-30 00:00:00+00'),
	(1006, '[1,1,0]', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(1007, '[1,1,1]', NULL, 5, NULL, 5, NULL, 5, NULL, '2024-03-10', NULL);

CREATE INDEX attr_idx ON attr_t USING hnsw (v vector_l2_ops, b, i2, i4, i8, f4, f8, d, ts, tz);

-- rows that are inserted after the index was created, some without a vector
INSERT INTO attr_t SELECT id + 2000, v, b, i2, i4, i8, f4, f8, d, ts, tz
FROM attr_t WHERE id % 3 = 0;
INSERT INTO attr_t SELECT id + 4000, NULL, b, i2, i4, i8, f4, f8, d, ts, tz
FROM attr_t WHERE id % 5 = 0 OR id BETWEEN 1000 AND 1999;

SELECT lokivector_check('attr_idx', true);

-- test: bool
SELECT sum(attr_same(format('b %s %s', o, k)))
FROM unnest('{<,<=,=,>=,>}'::text[]) o, unnest('{true,false}'::text[]) k;
SELECT attr_same('b'), attr_same('NOT b'), attr_same('b IS TRUE'), attr_same('b IS FALSE'),
	attr_same('b AND i4 > 0'), attr_same('b IN (true)');

SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE attr_b(boolean) AS
	SELECT count(*) FROM (SELECT id FROM attr_t WHERE b = $1 ORDER BY v <-> '[1,2,3]') s;
EXPLAIN (COSTS OFF) EXECUTE attr_b(true);
EXECUTE attr_b(true);
EXECUTE attr_b(false);
SELECT count(*) FILTER (WHERE b), count(*) FILTER (WHERE NOT b) FROM attr_t;
DEALLOCATE attr_b;
RESET plan_cache_mode;
RESET enable_seqscan;

-- test: integers against integers of every width
SELECT attr_compare('{i2,i4,i8}', ARRAY[
	'0::smallint', '(-3)::smallint', '32767::smallint', '(-32768)::smallint',
	'0', '1', '-5', '32768', '-32769', '2147483647', '-2147483648',
	'0::bigint', '3000000000', '-3000000000', '2147483648', '-2147483649',
	'9223372036854775807', '(-9223372036854775808)']);

-- test: floats against floats of both widths
SELECT attr_compare('{f4,f8}', ARRAY[
	'0::real', '''-0''::real', '0.1::real', '0.3::real', '(-0.8)::real',
	'''NaN''::real', '''infinity''::real', '''-infinity''::real',
	'0::float8', '''-0''::float8', '0.1::float8', '0.3::float8', '(-0.8)::float8',
	'''NaN''::float8', '''infinity''::float8', '''-infinity''::float8', '1e300::float8']);

-- test: dates and times against dates and times, in zones with and without changes
CREATE FUNCTION attr_times() RETURNS bigint AS $$
	SELECT attr_compare('{d,ts,tz}', ARRAY[
		'''2024-03-10''::date', '''infinity''::date', '''-infinity''::date',
		'''4713-01-01 BC''::date', '''5874897-12-31''::date', '''294277-01-01''::date',
		'''2024-03-10''::timestamp', '''2024-03-10 00:00:00.000001''::timestamp',
		'''2024-03-10 02:30''::timestamp', '''2024-03-10 03:00''::timestamp',
		'''1999-12-31 23:00''::timestamp', '''1969-07-20 20:17''::timestamp',
		'''infinity''::timestamp', '''-infinity''::timestamp',
		'''294276-12-31 23:59:59.999999''::timestamp', '''4713-01-01 BC''::timestamp',
		'''2024-03-10 00:00+00''::timestamptz', '''2024-03-10 05:00+00''::timestamptz',
		'''2024-03-10 06:30+00''::timestamptz', '''2024-03-10 07:00+00''::timestamptz',
		'''2024-03-10 07:30+00''::timestamptz', '''2024-03-12 17:15+00''::timestamptz',
		'''2024-06-01 12:00+00''::timestamptz', '''1999-12-31 23:00+00''::timestamptz',
		'''infinity''::timestamptz', '''-infinity''::timestamptz',
		'''294276-12-31 23:59:59.999999+00''::timestamptz',
		'''4713-01-01 00:00:00+00 BC''::timestamptz'])
$$ LANGUAGE sql;
SET timezone = 'UTC';
SELECT attr_times();
SET timezone = 'America/New_York';
SELECT attr_times();
SET timezone = 'Asia/Kolkata';
SELECT attr_times();
SET timezone = 'Pacific/Kiritimati';
SELECT attr_times();
-- local time goes back by six days: later times of real time come earlier
SET timezone = 'AAA-100BBB+50,M3.2.0/24,M11.1.0';
SELECT attr_times();

-- test: the day that a zone skipped, and the hour that comes twice
SET timezone = 'Pacific/Apia';
UPDATE attr_t SET d = date '2011-12-27' + id % 7,
	ts = timestamp '2011-12-28' + (id % 100) * interval '1 hour',
	tz = timestamptz '2011-12-29 00:00+00' + (id % 100) * interval '1 hour'
WHERE id % 2 = 0;
SELECT attr_compare('{d,ts,tz}', ARRAY[
	'''2011-12-29''::date', '''2011-12-30''::date', '''2011-12-31''::date',
	'''2011-12-30 12:00''::timestamp', '''2011-12-31 00:00''::timestamp',
	'''2011-12-30 09:59:59+00''::timestamptz', '''2011-12-30 10:00+00''::timestamptz',
	'''2011-12-30 10:30+00''::timestamptz', '''2011-12-31 10:00+00''::timestamptz']);
SET timezone = 'Europe/Berlin';
UPDATE attr_t SET d = date '2023-10-26' + id % 7,
	ts = timestamp '2023-10-28 22:00' + (id % 100) * interval '5 min',
	tz = timestamptz '2023-10-28 22:00+00' + (id % 100) * interval '5 min'
WHERE id % 2 = 0;
SELECT attr_compare('{d,ts,tz}', ARRAY[
	'''2023-10-29''::date', '''2023-10-29 02:30''::timestamp', '''2023-10-29 03:00''::timestamp',
	'''2023-10-29 00:30+00''::timestamptz', '''2023-10-29 01:00+00''::timestamptz',
	'''2023-10-29 01:30+00''::timestamptz', '''2023-10-28 22:00+00''::timestamptz']);

-- test: dates and times at random against constants at random
CREATE FUNCTION attr_random(tries integer) RETURNS bigint AS $$
	SELECT sum(attr_same(format('%s %s %L::%s', (ARRAY['d', 'ts', 'tz'])[1 + i % 3],
								(ARRAY['<', '<=', '=', '>=', '>'])[1 + i % 5],
								date_trunc((ARRAY['day', 'hour', 'second'])[1 + (i / 5) % 3],
										   timestamp '2023-03-20' + random() * interval '250 days'),
								(ARRAY['date', 'timestamp', 'timestamptz'])[1 + (i / 45) % 3])))
	FROM generate_series(1, tries) i
$$ LANGUAGE sql;
UPDATE attr_t SET d = date '2023-03-20' + (random() * 250)::integer,
	ts = date_trunc('hour', timestamp '2023-03-20' + random() * interval '250 days'),
	tz = date_trunc('hour', timestamptz '2023-03-20' + random() * interval '250 days')
WHERE id % 2 = 0;
SELECT attr_random(270);

-- test: null tests on attributes
SELECT sum(attr_same(format('%s IS %s', c, n)))
FROM unnest('{b,i2,i4,i8,f4,f8,d,ts,tz}'::text[]) c, unnest(ARRAY['NULL', 'NOT NULL']) n;

-- test: null tests on the vector
SELECT attr_same('v IS NULL'), attr_same('v IS NOT NULL'),
	attr_same('v IS NULL AND i4 > 0'), attr_same('v IS NOT NULL AND i4 IS NULL'),
	attr_same('i4 = 3');

-- test: several conditions, on one column and on several
SELECT attr_same('i4 > -3 AND i4 <= 2'), attr_same('i4 >= 2 AND i4 < 2'),
	attr_same('i4 > 0 AND i8 > 0 AND f8 < 0.5 AND i4 < 4::bigint'),
	attr_same('i2 = 1 AND i4 IS NULL'), attr_same('i4 IS NULL AND i4 > 0'),
	attr_same('f4 < 0 AND f4 > -0.5::float8 AND d > ''2023-04-01'' AND tz IS NOT NULL');

-- test: conditions in any order of columns
SELECT attr_same('tz > ''2023-04-01'' AND b >= false AND i2 < 2'),
	attr_same('f8 < 0.2 AND i8 >= 0 AND i4 < 3');

-- test: parameters of other types, and null
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE attr_p(bigint, real) AS
	SELECT count(*) FROM (SELECT id FROM attr_t WHERE i2 = $1 AND f8 > $2
						  ORDER BY v <-> '[1,2,3]') s;
EXPLAIN (COSTS OFF) EXECUTE attr_p(1, 0);
EXECUTE attr_p(1, 0);
SELECT count(*) FROM attr_t WHERE i2 + 0 = 1 AND f8 + 0 > 0;
EXECUTE attr_p(NULL, 0);
EXECUTE attr_p(5000000000, 0);
EXECUTE attr_p(1, 'NaN');
RESET plan_cache_mode;

-- test: the constant of a rescan
SELECT k, (SELECT count(*) FROM (SELECT id FROM attr_t WHERE i4 = k
								 ORDER BY v <-> '[1,2,3]') s) AS by_index,
	(SELECT count(*) FROM attr_t WHERE i4 + 0 = k) AS by_table
FROM unnest(ARRAY[-5, 0, NULL, 3, 100]) k;
RESET enable_seqscan;

-- test: columns of a domain
CREATE DOMAIN attr_positive AS integer CHECK (VALUE > 0);
CREATE TABLE attr_d (v vector(2), p attr_positive);
INSERT INTO attr_d SELECT ARRAY[i, i]::vector, i FROM generate_series(1, 20) i;
CREATE INDEX attr_d_idx ON attr_d USING hnsw (v vector_l2_ops, p);
SET enable_seqscan = off;
SELECT p FROM attr_d WHERE p > 15 ORDER BY v <-> '[18,18]' LIMIT 3;
SELECT lokivector_check('attr_d_idx', true);
RESET enable_seqscan;

-- test: types without operator class
CREATE TABLE attr_x (v vector(2), j jsonb, i interval);
CREATE INDEX ON attr_x USING hnsw (v vector_l2_ops, j);
CREATE INDEX ON attr_x USING hnsw (v vector_l2_ops, i);

SELECT lokivector_check('attr_idx', true);
DROP TABLE attr_t, attr_d, attr_x;
DROP DOMAIN attr_positive;
DROP FUNCTION attr_same, attr_compare, attr_times, attr_random;


RESET ALL;

-- Attribute columns whose slots do not hold all of a value, and conditions on
-- several constants: the rows of an index scan against those of a sequential
-- scan.

SET timezone = 'UTC';
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'great');
ALTER TYPE mood ADD VALUE 'fair' BEFORE 'ok';
ALTER TYPE mood ADD VALUE 'awful' BEFORE 'sad';
CREATE DOMAIN label AS text CHECK (VALUE <> 'none');
CREATE DOMAIN price AS numeric(12, 2);
CREATE DOMAIN tags AS text[];

CREATE TABLE type_t (
	id integer,
	v vector(3),
	n numeric,
	p price,
	t time,
	tz timetz,
	u uuid,
	s text,
	sc text COLLATE "C",
	vc varchar(40),
	bp character(12),
	l label,
	m mood,
	ip inet,
	net cidr,
	ai integer[],
	atx text[],
	an numeric[],
	am mood[],
	ag tags,
	av varchar(10)[]
);

CREATE FUNCTION type_same(condition text, in_index boolean DEFAULT true) RETURNS integer LANGUAGE sql
	RETURN same_by_index('type_t', 'type_idx', condition, in_index);

-- Operators of a column against constants and every fifth of its own values
CREATE FUNCTION type_compare(col text, ops text[], constants text[] DEFAULT '{}') RETURNS text AS $$
DECLARE
	own text[];
	type text := (SELECT format_type(atttypid, NULL) FROM pg_attribute
				  WHERE attrelid = 'type_t'::regclass AND attname = col);
	result text;
BEGIN
	IF type IN ('character', 'label', 'price', 'tags') THEN
		type := CASE type WHEN 'character' THEN 'bpchar' WHEN 'label' THEN 'text'
			WHEN 'price' THEN 'numeric' ELSE 'text[]' END;
	END IF;
	EXECUTE format('SELECT array_agg(DISTINCT %I::text) FROM type_t WHERE id %% 25 = 3', col) INTO own;
	SELECT format('%s of %s', sum(type_same(format('%I %s %L::%s', col, o, k, type))), count(*)) INTO result
	FROM unnest(ops) o, unnest(own || constants) k WHERE k IS NOT NULL;
	RETURN result;
END
$$ LANGUAGE plpgsql;

-- Some of a column's values, by the row's number: the same for many rows
CREATE FUNCTION pick(i integer, salt integer, choices text[]) RETURNS text AS $$
	SELECT choices[1 + abs(hashint8extended(i, salt) % (cardinality(choices) + 1))]
$$ LANGUAGE sql IMMUTABLE;

CREATE FUNCTION type_insert(first integer, last integer) RETURNS void AS $$
INSERT INTO type_t
SELECT i, CASE WHEN i % 41 <> 0 THEN ARRAY[i % 5, i % 3, i % 7]::vector END,
	pick(i, 1, '{0,0.0,1.1,1.10,-1.1,19.99,20,20.00,1e-400,1e400,-1e400,1e15,NaN,Infinity,-Infinity,
		0.1,0.1000000000000000000001,123456789012345678,123456789012345679,-123456789012345679,
		9007199254740992,9007199254740993,1234567890.12345,1234567890.123456,1e308,1.7976931348623159e308}')::numeric,
	(hashint8extended(i, 2) % 1000)::numeric / 100,
	pick(i, 3, '{00:00,24:00,12:30,12:30:00.000001,23:59:59.999999,06:00}')::time,
	pick(i, 4, '{00:00+00,24:00-15:59,12:30+00,13:30+01,11:30-01,00:00+15:59,12:30:00.000001+00}')::timetz,
	CASE i % 3 WHEN 0 THEN md5((i % 60)::text)::uuid
		WHEN 1 THEN lpad((i % 60)::text, 32, '0')::uuid
		ELSE ('01890a5d-ac96-7000-8000-' || lpad((i % 60)::text, 12, '0'))::uuid END,
	pick(i, 6, ARRAY['', 'a', 'abcdefgh', 'abcdefghi', 'abcdefghij', 'Ä', 'ÄÖÜäöüß', repeat('x', 3000),
		repeat('x', 2999) || 'y', 'A', ' a', 'a ']),
	pick(i, 7, ARRAY['', 'a', 'abcdefgh', 'abcdefghi', 'B', 'b']),
	pick(i, 8, ARRAY['', 'a', 'a ', 'abcdefgh', 'abcdefgh ', 'Zürich', 'a longer value']),
	pick(i, 9, ARRAY['', 'a', 'a ', 'abcdefgh', 'abcdefghi', 'abcdefghijkl', ' a']),
	pick(i, 10, '{a,b,c,somewhat longer,somewhat shorter}'),
	pick(i, 11, '{awful,sad,fair,ok,happy,great}')::mood,
	pick(i, 12, '{10.0.0.1,10.0.0.2,10.0.0.1/8,10.0.0.1/24,10.0.0.0/24,0.0.0.0/0,255.255.255.255,128.0.0.1/1,
		128.0.0.1/3,128.0.0.2/3,192.168.1.5/7,::,::1,2001:db8::1,2001:db8::2,2001:db8::/32,2001:db8:0:1::1/64,
		ffff::/16,::ffff:10.0.0.1,::/0}')::inet,
	pick(i, 13, '{10.0.0.0/8,10.0.0.0/24,10.0.0.1/32,2001:db8::/32,2001:db8::/48}')::cidr,
	CASE WHEN i % 11 <> 0 THEN ARRAY(SELECT CASE WHEN j % 9 = 8 THEN NULL
		ELSE abs(hashint8extended(i, j) % 30)::integer END FROM generate_series(1, i % 10) j) END,
	pick(i, 15, ARRAY['{}', '{a}', '{a,b}', '{b,a}', '{a,NULL}', '{NULL}', '{{a,b},{c,d}}', '{a,a}', '{A,"",zz}'])::text[],
	pick(i, 16, ARRAY['{1.0,2}', '{1,2.00}', '{1.1}', '{NaN}', '{}', '{0.1,0.2,0.3}'])::numeric[],
	pick(i, 17, ARRAY['{sad}', '{sad,ok}', '{great,fair}', '{}'])::mood[],
	pick(i, 18, ARRAY['{red}', '{red,green}', '{blue}', '{}', '{green,NULL}'])::tags,
	pick(i, 19, ARRAY['{red}', '{red,green}', '{NULL}', '{a long one,b}'])::varchar(10)[]
FROM generate_series(first, last) i
$$ LANGUAGE sql;

SELECT type_insert(1, 500);
-- an array with so many elements that its slot tells little
INSERT INTO type_t (id, v, ai, atx)
SELECT 501, '[1,1,1]', array_agg(i), array_agg('t' || i) FROM generate_series(1, 200) i;
CREATE INDEX type_idx ON type_t USING hnsw (v vector_l2_ops, n, p, t, tz, u, s, sc, vc, bp, l, m, ip, net,
	ai, atx, an, am, ag, av);
SELECT type_insert(502, 700);
-- the rows of one node have another value each that its slots cannot tell apart
UPDATE type_t SET n = n + 1 WHERE n = 123456789012345678 AND id % 2 = 0;
SELECT attributes FROM lokivector_index_info('type_idx');
SELECT lokivector_check('type_idx', true);
SELECT lokivector_build_memory('type_t', 'v', attributes => '{n,s,ip,m,ai,ag}') -
	lokivector_build_memory('type_t', 'v', attributes => '{n,s,ip,m}') AS arrays;

-- test: numeric
SELECT type_compare('n', '{<,<=,=,>=,>}', '{0,1.1,1.100,19.99,19.990000000000000000001,1e500,1e-500,
	123456789012345678,123456789012345677.5,123456789012345680,9007199254740993,NaN,Infinity,-Infinity,
	1234567890.12345,0.1,0.10000000000000000000009,1e308,1.7976931348623158e308}');
SELECT type_compare('p', '{<,<=,=,>=,>}', '{0,0.005,1.1,-3.37}');

-- test: times
SELECT type_compare('t', '{<,<=,=,>=,>}', '{00:00,24:00,12:30,12:29:59.999999}');
SELECT type_compare('tz', '{<,<=,=,>=,>}', '{12:30+00,13:30+01,11:30-01,00:00-15:59,24:00+15:59}');

-- test: uuid
SELECT type_compare('u', '{<,<=,=,>=,>}', '{00000000-0000-0000-0000-000000000000,
	00000000-0000-0000-0000-000000000007,01890a5d-ac96-7000-8000-000000000008,
	01890a5d-ac96-7000-8000-000000000061,ffffffff-ffff-ffff-ffff-ffffffffffff}');

-- test: strings
SELECT type_compare(c, '{=}', '{"",a,"a ",A,abcdefgh,"abcdefgh ",abcdefghi,absent,"absent from all rows"}')
FROM unnest('{s,sc,vc,bp,l}'::text[]) c;
SELECT type_same('sc = ''a''::name'), type_same('vc = ''Zürich''::text'), type_same('bp = ''a''');

-- test: enum
SELECT type_compare('m', '{<,<=,=,>=,>}', '{awful,sad,fair,ok,happy,great}');

-- test: addresses
SELECT type_compare('ip', '{<,<=,=,>=,>}', '{10.0.0.1,10.0.0.1/24,0.0.0.0/0,128.0.0.1/3,128.0.0.3/3,::,::/0,
	2001:db8::1,2001:db8::3,2001:db8:0:1::1/64,255.255.255.255}');
SELECT type_compare('net', '{<,<=,=,>=,>}', '{10.0.0.0/8,2001:db8::/32}');

-- test: arrays
SELECT type_compare('ai', '{=,&&,@>,<@}', '{"{}","{1}","{1,2,3}","{NULL}","{1,NULL}","{{1,2},{3,4}}","{1000}"}');
SELECT type_same('ai <@ (SELECT array_agg(i) FROM generate_series(0, 40) i)'),
	type_same('ai @> (SELECT array_agg(i) FROM generate_series(1, 200) i)'),
	type_same('ai && (SELECT array_agg(i) FROM generate_series(25, 90) i)');
SELECT type_compare('atx', '{=,&&,@>,<@}', '{"{}","{a}","{b,a}","{NULL}","{a,NULL}","{t7}","{absent}"}');
SELECT type_compare('an', '{=,&&,@>,<@}', '{"{1}","{1.0000}","{NaN}"}');
SELECT type_compare('am', '{=,&&,@>,<@}', '{"{}","{great}","{ok,fair}"}');
SELECT type_compare('ag', '{=,&&,@>,<@}', '{"{}","{red}","{green,blue}"}');
SELECT type_compare('av', '{=,&&,@>,<@}', '{"{}","{red}","{a long one}"}');
SELECT c, type_same(c) FROM unnest(ARRAY['5 = ANY (ai)', 'NULL = ANY (ai)', '(SELECT 7) = ANY (ai) AND ai @> ''{1}''',
	'''a'' = ANY (atx)', '''t7'' = ANY (atx)', '1.00 = ANY (an)', '''sad'' = ANY (am)', '''red'' = ANY (ag)',
	'''green'' = ANY (av)', '''a long one'' = ANY (av) AND n < 20']) c;
-- of another operator than that of arrays, and of ALL: a filter
SELECT type_same('7 < ANY (ai)', false), type_same('7 <> ALL (ai)', false), type_same('NOT 7 = ANY (ai)', false);

-- test: null tests
SELECT sum(type_same(format('%s IS %s', c, n)))
FROM unnest('{n,p,t,tz,u,s,sc,vc,bp,l,m,ip,net,ai,atx,an,am,ag,av}'::text[]) c, unnest(ARRAY['NULL', 'NOT NULL']) n;

-- test: lists of constants
SELECT c, type_same(c) FROM unnest(ARRAY[
	'n IN (0, 1.1, 20, 123456789012345678, ''NaN'', NULL)', 'n = ANY (ARRAY[NULL]::numeric[])',
	'n = ANY (''{}''::numeric[])', 'n = ANY (NULL::numeric[])', 'n < ANY (''{1,NULL,1e400}'')',
	'n >= ANY (''{NaN,123456789012345678}'')', 'n <= ANY (''{-1e400}'')',
	'u IN (''00000000-0000-0000-0000-000000000007'', ''01890a5d-ac96-7000-8000-000000000008'', NULL)',
	'u > ANY (''{01890a5d-ac96-7000-8000-000000000008,ffffffff-ffff-ffff-ffff-ffffffffffff}'')',
	's IN (''a'', ''abcdefghi'', ''Ä'', ''absent'')', 's = ANY (ARRAY(SELECT ''k'' || i FROM generate_series(1, 100) i) || ''{a,abcdefghij}''::text[])',
	'vc IN (''a'', ''Zürich'')', 'bp IN (''a'', ''abcdefghi'')', 'sc = ANY (ARRAY[''b'', ''B''])',
	'm IN (''sad'', ''great'')', 'm < ANY (''{fair,ok}'')', 'm >= ANY (''{great,NULL}'')', 'm < ANY (''{awful}'')',
	'ip IN (''10.0.0.1'', ''2001:db8::2'', ''128.0.0.1/3'')', 'ip < ANY (''{10.0.0.1,2001:db8::1}'')',
	'ip > ANY (''{10.0.0.1,2001:db8::1}'')', 't IN (''12:30'', ''24:00'')', 'tz IN (''12:30+00'', ''00:00+15:59'')',
	'ag && ANY (''{"{red}","{blue}"}''::tags[])', 'p IN (0.01, 1.1, 3)',
	'p = ANY (ARRAY(SELECT i / 100.0 FROM generate_series(-300, 300) i))']) c;

-- test: several conditions, at random
CREATE FUNCTION type_random(tries integer) RETURNS text AS $$
DECLARE
	conditions text[] := ARRAY['n > 0', 'n <= 20', 'n = 1.1', 'n >= 123456789012345679', 'p < 1', 'p BETWEEN -2 AND 3.5',
		't < ''12:30''', 'tz >= ''12:30+00''', 'u > ''01890a5d-ac96-7000-8000-000000000020''', 's = ''abcdefghi''',
		's = ''a''', 'sc = ''b''', 'vc = ''abcdefgh''', 'bp = ''a''', 'l = ''b''', 'm > ''fair''', 'm <= ''ok''',
		'ip < ''2001:db8::1''', 'net >= ''10.0.0.0/24''', '''red'' = ANY (ag)', '3 = ANY (ai)', 'ai && ''{1,2,3,4}''', 'ai @> ''{5}''', 'ai <@ ''{1,2,3,4,5,6,7,8,9,10,11}''',
		'atx @> ''{a}''', 'an && ''{1}''', 'ag @> ''{red}''', 'm IS NOT NULL', 's IS NULL', 'ai IS NOT NULL', 'v IS NOT NULL',
		'v IS NULL', 'n IN (0, 1.1, 20)', 'm IN (''sad'', ''ok'', ''great'')', 's IN (''a'', ''A'', ''abcdefghij'')',
		'n <> 20', '(m = ''ok'' OR t > ''12:00'')', 'id % 2 = 0'];
	chosen text;
	good integer := 0;
BEGIN
	PERFORM setseed(0.5);
	FOR try IN 1 .. tries LOOP
		SELECT string_agg(c, ' AND ') INTO chosen
		FROM (SELECT c FROM unnest(conditions) c ORDER BY random() LIMIT 1 + try % 3) s;
		good := good + type_same(chosen, false);
	END LOOP;
	RETURN format('%s of %s', good, tries);
END
$$ LANGUAGE plpgsql;
SELECT type_random(200);

-- test: rows are checked again only where slots cannot tell
CREATE FUNCTION removed(condition text) RETURNS SETOF text LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT trim(line) FROM plan_lines(format('SELECT id FROM type_t WHERE %s ORDER BY v <-> ''[1,2,3]''', condition), 'ANALYZE') line
	WHERE line ~ 'Recheck'
$$;
SELECT removed('n = 19.99'), removed('n < 20'), removed('s = ''a'''), removed('m >= ''ok'''), removed('ip = ''10.0.0.1''');
SELECT count(*) FROM type_t WHERE n = 123456789012345678;
SELECT removed('n = 123456789012345679') ~ '^Rows Removed by Index Recheck: [1-9]';

-- test: generic plans, NULL and empty lists among the parameters
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
PREPARE type_any(numeric[], text, mood) AS
	SELECT count(*) FROM (SELECT id FROM type_t WHERE n = ANY ($1) AND (s = $2 OR $2 IS NULL) AND m >= $3
						  ORDER BY v <-> '[1,2,3]') s;
EXECUTE type_any('{0,1.1,NULL,20}', 'a', 'fair');
SELECT count(*) FROM type_t WHERE n + 0 IN (0, 1.1, 20) AND s || '' = 'a' AND m::text IN ('fair', 'ok', 'happy', 'great');
EXECUTE type_any('{}', NULL, 'awful');
EXECUTE type_any(NULL, NULL, 'awful');
EXECUTE type_any('{NULL}', NULL, 'awful');
EXECUTE type_any('{123456789012345678}', NULL, 'awful');
SELECT count(*) FROM type_t WHERE n + 0 = 123456789012345678 AND m IS NOT NULL;
PREPARE type_tags(text[], uuid, inet) AS
	SELECT count(*) FROM (SELECT id FROM type_t WHERE atx && $1 AND u >= $2 AND ip < $3
						  ORDER BY v <-> '[1,2,3]') s;
EXPLAIN (COSTS OFF) EXECUTE type_tags('{a}', '00000000-0000-0000-0000-000000000007', '::/0');
EXECUTE type_tags('{a,NULL}', '00000000-0000-0000-0000-000000000007', '::/0');
SELECT count(*) FROM type_t
WHERE 'a' = ANY (atx) AND u::text >= '00000000-0000-0000-0000-000000000007' AND family(ip) = 4;
EXECUTE type_tags('{}', '00000000-0000-0000-0000-000000000007', '::/0');
EXECUTE type_tags(NULL, '00000000-0000-0000-0000-000000000007', '::/0');
PREPARE type_element(text) AS
	SELECT count(*) FROM (SELECT id FROM type_t WHERE $1 = ANY (atx) ORDER BY v <-> '[1,2,3]') s;
EXPLAIN (COSTS OFF) EXECUTE type_element('a');
EXECUTE type_element('a');
SELECT count(*) FROM type_t WHERE atx && '{a}';
EXECUTE type_element(NULL);
RESET plan_cache_mode;

-- test: the constant of a rescan, of each type
SELECT k, (SELECT count(*) FROM (SELECT id FROM type_t WHERE s = k ORDER BY v <-> '[1,2,3]') s) AS by_index,
	(SELECT count(*) FROM type_t WHERE s || '' = k) AS by_table
FROM unnest(ARRAY['a', NULL, 'abcdefghij', 'absent']) k;
RESET enable_seqscan;

-- test: collations
CREATE TABLE type_c (id integer, v vector(2), s text COLLATE "C", e text);
INSERT INTO type_c SELECT i, ARRAY[i, i % 3]::vector, pick(i, 1, '{a,A,b,abcdefghij,ABCDEFGHIJ}'),
	pick(i, 2, '{a,A,b,abcdefghij,ABCDEFGHIJ}') FROM generate_series(1, 60) i;
CREATE INDEX type_c_idx ON type_c USING hnsw (v vector_l2_ops, s, lower(e));
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM type_c WHERE s = 'a' AND lower(e) = 'abcdefghij' ORDER BY v <-> '[1,2]';
SELECT (SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM type_c WHERE s = 'a' AND lower(e) = 'abcdefghij' ORDER BY v <-> '[1,2]') s) =
	(SELECT array_agg(id ORDER BY id) FROM type_c WHERE s || '' = 'a' AND lower(e) || '' = 'abcdefghij');
-- of another collation than the column's: the same bytes; an order: a filter
EXPLAIN (COSTS OFF) SELECT id FROM type_c WHERE s = 'a' COLLATE "POSIX" ORDER BY v <-> '[1,2]';
EXPLAIN (COSTS OFF) SELECT id FROM type_c WHERE s < 'b' ORDER BY v <-> '[1,2]';
SELECT count(*) > 0 AS icu FROM pg_collation WHERE collname = 'und-x-icu' \gset
\if :icu
CREATE COLLATION no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION no_case FROM "C";
\endif
ALTER TABLE type_c ALTER s TYPE text COLLATE no_case;
ALTER TABLE type_c ADD a text[] COLLATE no_case;
UPDATE type_c SET a = ARRAY[s, e];
CREATE INDEX type_c_array ON type_c USING hnsw (v vector_l2_ops, a);
SELECT count(*) = (SELECT count(*) FROM type_c WHERE lower(s COLLATE "C") = 'abcdefghij') OR NOT :'icu' AS same
FROM (SELECT id FROM type_c WHERE s = 'Abcdefghij' ORDER BY v <-> '[1,2]') q;
SELECT count(*) = (SELECT count(*) FROM type_c WHERE lower(s COLLATE "C") = 'abcdefghij' OR lower(e COLLATE "C") = 'abcdefghij') OR NOT :'icu' AS same
FROM (SELECT id FROM type_c WHERE a && '{aBcdefghij}' ORDER BY v <-> '[1,2]') q;
RESET enable_seqscan;

-- test: as many columns as an index can have
CREATE TABLE type_w (v vector(2));
DO $$
BEGIN
	EXECUTE (SELECT format('ALTER TABLE type_w %s', string_agg(format('ADD c%s integer', i), ',')) FROM generate_series(1, 31) i);
	EXECUTE (SELECT format('INSERT INTO type_w SELECT ARRAY[j, j]::vector, %s FROM generate_series(1, 50) j',
						   string_agg(format('j %% %s', i), ',')) FROM generate_series(1, 31) i);
	EXECUTE (SELECT format('CREATE INDEX type_w_idx ON type_w USING hnsw (v vector_l2_ops, %s)', string_agg('c' || i, ','))
			 FROM generate_series(1, 31) i);
	INSERT INTO type_w (v, c31) VALUES ('[100,100]', 7), (NULL, 7);
END
$$;
SELECT lokivector_check('type_w_idx', true);
SELECT max(attribute) FROM lokivector_index_slot_arrays('type_w_idx');
SET enable_seqscan = off;
SELECT v, c1, c30, c31 FROM type_w WHERE c31 = 7 AND c30 IS NULL ORDER BY v <-> '[0,0]';
SELECT v FROM type_w WHERE c31 = 7 AND c30 = 8 AND c2 = 0 AND c3 = 2 ORDER BY v <-> '[0,0]';
RESET enable_seqscan;

-- test: rows that vacuum takes away, and updates
DELETE FROM type_t WHERE id % 7 = 0;
UPDATE type_t SET s = s || 'x', m = 'awful', ai = ai || 3 WHERE id % 5 = 0;
VACUUM type_t;
SELECT lokivector_check('type_idx', true);
SELECT type_random(60);

-- test: types that are not supported
CREATE TABLE type_x (v vector(2), j jsonb, ps point[], x xml, i interval);
CREATE INDEX ON type_x USING hnsw (v vector_l2_ops, j);
CREATE INDEX ON type_x USING hnsw (v vector_l2_ops, ps);
CREATE INDEX ON type_x USING hnsw (v vector_l2_ops, i);

DROP TABLE type_t, type_c, type_w, type_x;
DROP FUNCTION type_same, type_compare, type_insert, type_random, pick, removed;
DROP DOMAIN label, price, tags;
DROP TYPE mood;
