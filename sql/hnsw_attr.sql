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
