-- What functions of a user's see: no row that a policy hides, or a condition before
-- them excludes, where the index holds a condition's column lossily

SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;
SET enable_sort = off;

-- without ICU such names have one form
SELECT count(*) > 0 AS icu FROM pg_collation WHERE collname = 'und-x-icu' \gset
\if :icu
CREATE COLLATION spy_no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION spy_no_case FROM "C";
\endif
CREATE TABLE spy_t (id integer, v vector(8), name text COLLATE spy_no_case, words text,
	ints integer[], num numeric, net inet, ip6 inet, code uuid, x text) WITH (autovacuum_enabled = off);
-- one row in eight is as the policies want it
INSERT INTO spy_t SELECT n,
	(SELECT array_agg(sin(n * i) ORDER BY i) FROM generate_series(1, 8) i)::vector,
	CASE n % 8 WHEN 0 THEN CASE WHEN :'icu' THEN 'User1' ELSE 'user1' END WHEN 4 THEN 'USER1' ELSE 'user ' || n % 8 END,
	'a common beginning ' || n % 8,
	ARRAY[n % 8] || array_agg(n * 31 % 97 + g),
	12345678901234567 + (n % 8) * 0.125, ('8.0.' || n % 8 || '.1/5')::inet,
	('2001:db8::' || n % 8)::inet, ('00000000-0000-0000-0000-00000000000' || n % 8)::uuid,
	CASE n % 8 WHEN 0 THEN n % 2 ELSE NULL END::text
	FROM generate_series(1, 2400) n, generate_series(100, 149) g GROUP BY n;
UPDATE spy_t SET x = 'no number' WHERE x IS NULL;
CREATE INDEX spy_idx ON spy_t USING hnsw (v vector_l2_ops, name, words, ints, num, net, ip6, code);
CREATE INDEX spy_ints ON spy_t USING gin (ints);
VACUUM ANALYZE spy_t;

-- Not leakproof, whatever it says of itself
CREATE FUNCTION spy_sees(id integer) RETURNS boolean AS $$
BEGIN
	PERFORM set_config('spy.seen', current_setting('spy.seen') || ',' || id, false);
	RETURN id % 3 = 0;
END $$ LANGUAGE plpgsql IMMUTABLE COST 0.0001;

-- Rows that a query returns, and those that the function saw and that are hidden
CREATE FUNCTION spy_query(query text, condition text, OUT rows bigint, OUT hidden bigint) AS $$
BEGIN
	PERFORM set_config('spy.seen', '0', false);
	EXECUTE 'SELECT count(*) FROM (' || query || ') s' INTO rows;
	RESET ROLE;
	EXECUTE 'SELECT count(DISTINCT id) FROM spy_t WHERE (' || condition || ') IS NOT TRUE AND
		id = ANY (string_to_array(current_setting(''spy.seen''), '','')::integer[])' INTO hidden;
END $$ LANGUAGE plpgsql;

CREATE ROLE regress_spy;
GRANT SELECT, UPDATE ON spy_t TO regress_spy;
ALTER TABLE spy_t ENABLE ROW LEVEL SECURITY;

-- The same with the condition as a policy
CREATE FUNCTION spy_policy(query text, condition text, OUT rows bigint, OUT hidden bigint) AS $$
BEGIN
	EXECUTE 'CREATE POLICY spy_p ON spy_t USING (' || condition || ')';
	SET LOCAL ROLE regress_spy;
	SELECT * FROM spy_query(query, condition) INTO rows, hidden;
	DROP POLICY spy_p ON spy_t;
END $$ LANGUAGE plpgsql;

CREATE TABLE spy_c (n serial, condition text);
INSERT INTO spy_c (condition) VALUES
	('name = ''user1'''), ('name IN (''USER1'', ''user9'')'), ('words < ''a common beginning 1'''),
	('ints @> ''{0}'''), ('ints = (SELECT ints FROM spy_c2)'),
	('num = 12345678901234567'), ('num < 12345678901234567.125'),
	('net < ''8.0.1.1/5'''), ('ip6 < ''2001:db8::1'''), ('code < ''00000000-0000-0000-0000-000000000001''');
CREATE TABLE spy_c2 AS SELECT ints FROM spy_t WHERE id = 8;
GRANT SELECT ON spy_c2 TO regress_spy;

-- test: conditions that are policies
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 20', condition) ORDER BY n;

-- test: all rows of a search
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	ORDER BY v <-> ''[1,2,3,4,5,6,7,8]''', condition) ORDER BY n;

-- test: an offset, a row lock, several levels
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 5 OFFSET 9', condition) WHERE n < 4 ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 20 FOR UPDATE', condition) WHERE n < 4 ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM
	(SELECT * FROM spy_t WHERE id > 16 ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 200) s WHERE spy_sees(id) LIMIT 20', condition) WHERE n < 4 ORDER BY n;

-- test: conditions within a bitmap, and within a distance
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	AND ints && ARRAY[0,100,101,140,190] ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 20', condition) ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	AND v <-> ''[0,0,0,0,0,0,0,0]'' < 3', condition) ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	AND v <-> ''[0,0,0,0,0,0,0,0]'' < 1.9 ORDER BY v <-> ''[0,0,0,0,0,0,0,0]'' LIMIT 20', condition) ORDER BY n;

-- test: a bound is used if none of its functions may tell that a hidden row is near to it
CREATE FUNCTION spy_zero() RETURNS float8 AS $$
BEGIN
	PERFORM set_config('spy.seen', current_setting('spy.seen') || ',', false);
	RETURN 0;
END $$ LANGUAGE plpgsql STABLE;
CREATE FUNCTION spy_bound(bound text, OUT rows bigint, OUT calls integer, OUT used boolean) AS $$
DECLARE
	line text;
BEGIN
	CREATE POLICY spy_p ON spy_t USING (num = 12345678901234567);
	SET LOCAL ROLE regress_spy;
	PERFORM set_config('spy.seen', '', false);
	EXECUTE 'SELECT count(*) FROM spy_t WHERE ' || bound INTO rows;
	calls := length(current_setting('spy.seen'));
	used := false;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT FROM spy_t WHERE ' || bound LOOP
		used := used OR line ~ 'Distance Bound';
	END LOOP;
	RESET ROLE;
	DROP POLICY spy_p ON spy_t;
END $$ LANGUAGE plpgsql;
SELECT n, bound, rows, calls - min(calls) OVER (PARTITION BY bound) AS more_calls, used FROM (SELECT v AS hidden FROM spy_t WHERE id = 1) h, (SELECT v AS shown FROM spy_t WHERE id = 8) s,
	LATERAL (VALUES (1, hidden, '0'), (2, shown, '0'), (3, hidden, 'spy_zero()'), (4, shown, 'spy_zero()'), (5, '[9,9,9,9,9,9,9,9]', 'spy_zero()')) t (n, q, bound),
	spy_bound(format('v <-> %L <= %s', q, bound)) b ORDER BY n;

-- test: many duplicates
INSERT INTO spy_t SELECT n + 10000, '[1,2,3,4,5,6,7,8]', CASE n % 8 WHEN 0 THEN 'user1' ELSE 'other' || n % 8 END,
	'a common beginning ' || n % 8, ints, 12345678901234567 + (n % 8) * 0.125, net, ip6, code, '2'
	FROM generate_series(1, 300) n, (SELECT * FROM spy_t WHERE id = 8) t;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id)
	ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 20', condition) WHERE condition ~ 'name|words|num' ORDER BY n;
DELETE FROM spy_t WHERE id > 10000;

-- test: vectors out of line
CREATE TABLE spy_toast (LIKE spy_t) WITH (autovacuum_enabled = off);
ALTER TABLE spy_toast ALTER v TYPE vector(600), ALTER v SET STORAGE EXTERNAL;
INSERT INTO spy_toast SELECT id, (v::real[] || array_fill(0::real, ARRAY[592]))::vector, name, words, ints, num,
	net, ip6, code, x FROM spy_t WHERE id <= 1200;
CREATE INDEX spy_toast_idx ON spy_toast USING hnsw (v vector_l2_ops, name, num);
VACUUM ANALYZE spy_toast;
ALTER TABLE spy_toast ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON spy_toast TO regress_spy;
CREATE POLICY spy_p ON spy_toast USING (name = 'user1');
SET ROLE regress_spy;
SELECT rows > 0 AS some, hidden FROM spy_query('SELECT FROM spy_toast WHERE spy_sees(id) ORDER BY
	v <-> (SELECT (ARRAY[1,2,3,4,5,6,7,8] || array_fill(0::real, ARRAY[592]))::vector) LIMIT 20', 'name = ''user1''');
RESET ROLE;

-- test: sort keys that have a part of the table each, and parts of a condition
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t ORDER BY
	CASE WHEN spy_sees(id) THEN v <-> ''[1,2,3,4,5,6,7,8]'' ELSE 2 + (v <-> ''[1,2,3,4,5,6,7,8]'') END LIMIT 20', condition) WHERE n < 4 ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t ORDER BY
	(v <-> ''[1,2,3,4,5,6,7,8]'') + spy_sees(id)::int LIMIT 20', condition) WHERE n < 4 ORDER BY n;
SELECT condition, rows > 0 AS some, hidden FROM spy_c, spy_policy('SELECT FROM spy_t WHERE spy_sees(id) OR
	v <-> ''[1,2,3,4,5,6,7,8]'' < 14 ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 20', condition) WHERE n < 4 ORDER BY n;

-- test: errors of rows that the index's condition excludes
SELECT id FROM spy_t WHERE name = 'user1' AND num = 12345678901234567 AND x::int = 1 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;
SELECT id FROM spy_t WHERE num = 12345678901234567 AND x::int = 0 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;
SELECT id FROM spy_t WHERE ip6 < '2001:db8::1' AND x::int = 0 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;
SELECT count(*) FROM (SELECT FROM spy_t WHERE words < 'a common beginning 1' AND x::int < 0 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3) s;

-- test: a policy with a subselect comes before distances, whose errors would tell of hidden rows
CREATE TABLE spy_names AS SELECT name FROM spy_t WHERE id = 8;
GRANT SELECT ON spy_names TO regress_spy;
CREATE INDEX spy_id_idx ON spy_t (id);
CREATE POLICY spy_p ON spy_t USING (name COLLATE "C" IN (SELECT name COLLATE "C" FROM spy_names));
SET ROLE regress_spy;
SET enable_indexscan = off;
SELECT id FROM spy_t WHERE id = 1 ORDER BY v <-> '[1,2]' LIMIT 5;
SELECT id FROM spy_t WHERE id = 8 ORDER BY v <-> '[1,2]' LIMIT 5;
RESET enable_indexscan;
RESET ROLE;
DROP POLICY spy_p ON spy_t;
DROP INDEX spy_id_idx;
DROP TABLE spy_names;

-- test: rows that a recheck removes are counted as such
CREATE FUNCTION spy_removed(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT trim(line) FROM plan_lines(query, 'ANALYZE') line WHERE line ~ 'Removed'
$$;
SELECT * FROM spy_removed('SELECT id FROM spy_t WHERE num = 12345678901234567 AND x::int < 0 ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3');

DROP TABLE spy_t, spy_toast, spy_c, spy_c2;
DROP FUNCTION spy_sees, spy_query, spy_policy, spy_removed, spy_zero, spy_bound;
DROP COLLATION spy_no_case;
DROP ROLE regress_spy;
