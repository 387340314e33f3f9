-- Lists of nodes in the order of an attribute: few matches are found without
-- looking at all nodes, and stay complete whatever is inserted, deleted, updated
-- and vacuumed.

CREATE FUNCTION lists_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20, height => 1);

-- Tags of 180, the lower ones more often: up to 6 of them, 8 to 12, none, only NULL,
-- some of them NULL
CREATE FUNCTION lists_tags(n integer) RETURNS text[] AS $$
	SELECT CASE
		WHEN n % 53 = 0 THEN NULL
		WHEN n % 41 = 0 THEN '{}'
		WHEN n % 61 = 0 THEN '{NULL}'
		ELSE (SELECT array_agg('tag ' || (abs(hashint8extended(n, i)) % 13500 * (abs(hashint8extended(n, -i)) % 13500) / 1000000) ORDER BY i)
				|| CASE WHEN n % 37 = 0 THEN '{NULL}'::text[] ELSE '{}' END
			FROM generate_series(1, CASE WHEN n % 97 = 0 THEN 8 + n % 5 ELSE 1 + n % 6 END) i)
	END
$$ LANGUAGE sql IMMUTABLE STRICT;

-- tenant: 200 of them, 0 to 60 rows each; part: those of one region of space
CREATE TABLE lists_t (id integer, v vector(16), tenant integer, part bigint, name text, flag boolean,
	tags text[])
	WITH (autovacuum_enabled = off);
INSERT INTO lists_t SELECT i, lists_vector(i), (abs(hashint4(i)) % 14142 * (abs(hashint4(i)) % 14142) / 1000000)::integer,
	CASE WHEN i % 97 <> 0 THEN (i % 20) * 100 + abs(hashint4(i + 1)) % 100 END,
	'name ' || abs(hashint4(i + 2)) % 300, i % 2 = 0, lists_tags(i)
FROM generate_series(1, 6000) i;
CREATE INDEX lists_idx ON lists_t USING hnsw (v vector_l2_ops, tenant, part, name, flag, tags);
ANALYZE lists_t;

-- How a query is answered
CREATE FUNCTION lists_way(condition text) RETURNS text AS $$
DECLARE
	found integer;
	result text;
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	EXECUTE format('SELECT count(*) FROM (SELECT id FROM lists_t WHERE %s
		ORDER BY v <-> lists_vector(-1) LIMIT 10) s', condition) INTO found;
	SELECT format('%s: %s rows%s', strategy, found, CASE WHEN nodes_filtered > 2000 THEN ', many nodes' END)
	INTO result FROM lokivector_scan_stats();
	PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true);
	RETURN result;
END
$$ LANGUAGE plpgsql;

-- Conditions for which the index does not return what the table has: all rows
-- that match, and the nearest ten
-- A run of every day tries an eighth of the conditions
CREATE FUNCTION lists_wrong() RETURNS SETOF text AS $$
DECLARE
	condition text;
	query text;
BEGIN
	FOR condition IN
		SELECT format('tenant = %s', i * 3) FROM generate_series(0, 40) i
		UNION ALL SELECT format('tenant BETWEEN %s AND %s', i * 9, i * 9 + 1) FROM generate_series(0, 12) i
		UNION ALL SELECT format('tenant BETWEEN %s AND %s', i * 9, i * 9 + 6) FROM generate_series(0, 12) i
		UNION ALL SELECT format('tenant IN (%s, %s, %s)', i, i * 2, i * 5 + 100) FROM generate_series(1, 12) i
		UNION ALL SELECT format('part = %s', i * 211) FROM generate_series(0, 12) i
		UNION ALL SELECT format('part > %s', 1999 - i * 2) FROM generate_series(0, 6) i
		UNION ALL SELECT format('name = ''name %s''', i * 23) FROM generate_series(0, 13) i
		UNION ALL SELECT format('tenant = %s AND flag', i * 17) FROM generate_series(0, 12) i
		UNION ALL SELECT format('tenant < 60 AND part BETWEEN %s AND %s', i * 150, i * 150 + 20) FROM generate_series(0, 12) i
		UNION ALL SELECT format('tags && ''{tag %s}''', i * 17) FROM generate_series(0, 11) i
		UNION ALL SELECT format('tags && ''{tag %s,tag %s,tag %s,NULL}''', i * 17, i * 17 + 1, i * 12) FROM generate_series(1, 11) i
		UNION ALL SELECT format('tags @> ''{tag %s}''', i * 17 + 1) FROM generate_series(0, 11) i
		UNION ALL SELECT format('''tag %s'' = ANY (tags)', i * 17 + 2) FROM generate_series(1, 11) i
		UNION ALL SELECT format('tags @> %L', (lists_tags(i))[:2]) FROM generate_series(2, 12) i
		UNION ALL SELECT format('tags = %L', lists_tags(i)) FROM generate_series(27, 42) i
		UNION ALL SELECT format('tags <@ %L AND tags <> ''{}''', lists_tags(i) || '{tag 1,tag 5}') FROM generate_series(27, 42) i
		UNION ALL SELECT format('tags && ''{tag %s}'' AND tenant < 90', i * 7) FROM generate_series(0, 7) i
		UNION ALL SELECT format('tags @> ''{tag %s}'' AND part < %s', i * 3, 100 + i * 10) FROM generate_series(0, 7) i
		UNION ALL SELECT unnest(ARRAY['tags IS NULL', 'tags = ''{}''', 'tags <@ ''{}''', 'tags = ''{NULL}''', 'tags && ''{no tag}''',
			'tags @> (SELECT array_agg(''tag '' || i) FROM generate_series(0, 7) i)',
			'tags && (SELECT array_agg(''tag '' || i) FROM generate_series(60, 160) i)'])
		UNION ALL SELECT unnest('{part IS NULL,part IS NULL AND tenant < 20,tenant = -1,tenant > 1000}'::text[])
	LOOP
		CONTINUE WHEN test_short() AND hashtext(condition) % 8 <> 0;
		FOREACH query IN ARRAY ARRAY[
			format('SELECT array_agg(id ORDER BY id) FROM
				(SELECT id FROM lists_t WHERE %s ORDER BY v <-> lists_vector(-7)) s', condition),
			format('SELECT array_agg(id) FROM
				(SELECT id FROM lists_t WHERE %s ORDER BY v <-> lists_vector(-7) LIMIT 10) s', condition)]
		LOOP
			RETURN QUERY SELECT condition || ': ' || d FROM differing(rows_by_index(query), rows_by_table(query)) d WHERE d <> 'same';
		END LOOP;
	END LOOP;
END
$$ LANGUAGE plpgsql;

-- test: few matches come from a list, many do not
SELECT c, lists_way(c) FROM unnest('{tenant = 150,tenant = -1,tenant IN (77\, 99),tenant BETWEEN 120 AND 121,part = 1234,part IS NULL,name = ''name 7'',tenant = 150 AND flag}'::text[]) c;
SELECT c, lists_way(c) FROM unnest(ARRAY['tags && ''{tag 160}''', 'tags && ''{tag 150,tag 151}''', 'tags @> ''{tag 160}''', '''tag 160'' = ANY (tags)',
	'tags @> ''{tag 1,tag 160}''', format('tags = %L', lists_tags(27)), 'tags = ''{}''', 'tags && ''{no tag}''']) c;
SELECT lists_way('flag') LIKE 'list%' AS list;
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);
-- no lists of two values
SELECT f.slot_array, f.attribute, f.pages > 0 AS has_pages FROM lokivector_index_slot_arrays('lists_idx') f
WHERE f.slot_array IN ('sorted', 'separator') ORDER BY f.slot_array COLLATE "C", f.attribute;

-- test: rows inserted since the lists were made
INSERT INTO lists_t SELECT i, lists_vector(i), i % 200, i % 2000, 'name ' || i % 300, i % 2 = 0, lists_tags(i)
FROM generate_series(6001, 6500) i;
SELECT * FROM lists_wrong();
SELECT lists_way('tenant = 150');

-- test: numbers that vacuum freed and inserts use again
DELETE FROM lists_t WHERE id % 9 = 0;
VACUUM lists_t;
INSERT INTO lists_t SELECT i, lists_vector(i), i % 200, i % 2000, 'name ' || i % 300, i % 2 = 0, lists_tags(i)
FROM generate_series(7001, 7300) i;
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);

-- test: updates of an attribute
UPDATE lists_t SET tenant = (tenant + 50) % 200 WHERE id % 7 = 0;
SELECT * FROM lists_wrong();
VACUUM lists_t;
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);

-- test: updates of elements
UPDATE lists_t SET tags = tags || 'tag 170'::text WHERE id % 11 = 0;
UPDATE lists_t SET tags = array_remove(tags, 'tag 2') WHERE id % 13 = 0;
SELECT * FROM lists_wrong();
VACUUM lists_t;
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);

-- test: lists are made anew when many rows have come
INSERT INTO lists_t SELECT i, lists_vector(i), i % 200, i % 2000, 'name ' || i % 300, i % 2 = 0, lists_tags(i)
FROM generate_series(10001, 12000) i;
VACUUM lists_t;
SELECT lists_way('tenant = 150');
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);

-- test: an index that grew from an empty table
TRUNCATE lists_t;
INSERT INTO lists_t SELECT i, lists_vector(i), i % 200, i % 2000, 'name ' || i % 300, i % 2 = 0, lists_tags(i)
FROM generate_series(1, 2000) i;
SELECT lists_way('tenant = 150');
VACUUM lists_t;
SELECT lists_way('tenant = 150');
SELECT * FROM lists_wrong();

-- test: a cursor goes on behind the nearest, and rescans choose their strategy anew
SET enable_seqscan = off;
SET enable_sort = off;
BEGIN;
DECLARE c CURSOR FOR SELECT tenant FROM lists_t WHERE tenant IN (3, 4) ORDER BY v <-> lists_vector(-1);
FETCH 2 FROM c;
MOVE FORWARD 15 IN c;
FETCH ALL FROM c;
COMMIT;
SELECT t.tenant, count(s.id) FROM (VALUES (3), (-1), (199), (NULL)) t (tenant),
	LATERAL (SELECT id FROM lists_t l WHERE l.tenant = t.tenant ORDER BY v <-> lists_vector(-1) LIMIT 7) s
GROUP BY 1 ORDER BY 1;
RESET enable_seqscan;
RESET enable_sort;

-- test: a list with many arrays whose elements are not known does not say how many match
TRUNCATE lists_t;
INSERT INTO lists_t SELECT i, lists_vector(i), i % 200, i % 2000, 'name ' || i % 300, i % 2 = 0,
	CASE WHEN i % 2 = 0 THEN lists_tags(i)
		ELSE (SELECT array_agg('tag ' || abs(hashint8extended(i, k)) % 180 ORDER BY k) FROM generate_series(1, 9) k) END
FROM generate_series(1, 6000) i;
REINDEX INDEX lists_idx;
SELECT lists_way('tags && ''{tag 160}''');
-- no walk that is wide enough for the half of the nodes
SELECT nodes_expanded FROM lokivector_scan_stats();
SELECT lists_way('tags = ''{tag 160}''');
SELECT * FROM lists_wrong();
SELECT lokivector_check('lists_idx', true);

DROP TABLE lists_t;
DROP FUNCTION lists_vector, lists_tags, lists_way, lists_wrong;

-- test: the least value of a type, beside NULLs
CREATE TABLE least (id int, at timestamptz, n bigint, v vector(3));
INSERT INTO least
SELECT i, CASE i % 20 WHEN 3 THEN '-infinity' WHEN 5 THEN NULL ELSE timestamptz '2020-01-01' + i * interval '1 minute' END,
	CASE i % 20 WHEN 3 THEN -9223372036854775808 WHEN 5 THEN NULL ELSE i END, ARRAY[sin(i), cos(i), sin(i * 3)]
FROM generate_series(1, 20000) i;
CREATE INDEX least_idx ON least USING hnsw (v vector_l2_ops, at, n);
SELECT lokivector_check('least_idx', true);
ANALYZE least;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT FROM least WHERE at IS NULL ORDER BY v <-> '[1,2,3]' LIMIT 1500) s;
SELECT count(*) FROM (SELECT FROM least WHERE at = '-infinity' ORDER BY v <-> '[1,2,3]' LIMIT 1500) s;
SELECT count(*) FROM (SELECT FROM least WHERE n IS NULL ORDER BY v <-> '[1,2,3]' LIMIT 1500) s;
SELECT count(*) FROM (SELECT FROM least WHERE n < -1 ORDER BY v <-> '[1,2,3]' LIMIT 1500) s;
RESET enable_seqscan;
DROP TABLE least;
