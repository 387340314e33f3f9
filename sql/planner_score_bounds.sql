-- Bounds of scores: what columns can be is asked of indexes when a query is executed, whenever ANALYZE and VACUUM ran

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
SET hnsw.ef_search = 400;
SET enable_seqscan = off;
SET enable_sort = off;
-- Whether a statement is a search by scores, and whether its scores are those that it has by a sort
CREATE FUNCTION bounds_check(statement text, OUT search boolean, OUT outcome text) LANGUAGE sql AS $$
	SELECT uses IS NOT NULL, outcome FROM same('SELECT round(s::numeric, 9) FROM (' || statement || ') q', 'LokivectorScoreSearch')
$$;

-- Plans of prepared statements, without what servers from 18 on say of disabled nodes
CREATE FUNCTION plan_of(prepared text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT plan_line('EXECUTE ' || prepared || '(''[1,0,1,0,0,1,0,0]'')')
$$;

-- test: memories whose scores change after ANALYZE
CREATE TABLE mem (id int PRIMARY KEY, seen timestamptz NOT NULL, boost float8 NOT NULL DEFAULT 0, v vector(8));
CREATE FUNCTION spot(i int) RETURNS vector LANGUAGE sql AS $$SELECT array_agg(sin(i * 0.7 + j * j + (i % 97) * j))::vector FROM generate_series(1, 8) j$$;
INSERT INTO mem SELECT i, now() - interval '10 days' - i * interval '10 minutes', 0, spot(i) FROM generate_series(1, 9000) i;
CREATE INDEX mem_v ON mem USING hnsw (v vector_cosine_ops, boost);
CREATE INDEX mem_seen ON mem (seen);
ANALYZE mem;
INSERT INTO mem SELECT i, now(), 0, spot(i) FROM generate_series(9001, 9080) i;
CREATE VIEW recent AS SELECT id, 0.7 * (1 - (v <=> '[1,0,1,0,0,1,0,0]')) + 0.3 * exp(-extract(epoch FROM now() - seen)::float8 / 86400 / 14) AS s FROM mem ORDER BY s DESC LIMIT 10;
CREATE VIEW boosted AS SELECT id, 1 - (v <=> '[1,0,1,0,0,1,0,0]') + boost AS s FROM mem ORDER BY s DESC LIMIT 5;
CREATE VIEW worth AS SELECT id, (1 - (v <=> '[1,0,1,0,0,1,0,0]')) * exp(-extract(epoch FROM now() - seen)::float8 / 86400 / 14) * (1 + boost) AS s FROM mem ORDER BY s DESC LIMIT 10;
SELECT c.* FROM unnest(ARRAY['recent', 'boosted', 'worth']) t, bounds_check('SELECT s FROM ' || t) c;
UPDATE mem SET boost = 5 WHERE id IN (11, 2711, 3000);
SET default_statistics_target = 1;
ANALYZE mem;
SELECT c.* FROM unnest(ARRAY['recent', 'boosted', 'worth']) t, bounds_check('SELECT s FROM ' || t) c;
-- gone again, before VACUUM and after
UPDATE mem SET boost = 0;
SELECT c.* FROM unnest(ARRAY['recent', 'boosted', 'worth']) t, bounds_check('SELECT s FROM ' || t) c;
VACUUM mem;
SELECT c.* FROM unnest(ARRAY['recent', 'boosted', 'worth']) t, bounds_check('SELECT s FROM ' || t) c;
RESET default_statistics_target;
-- the planner's own choice: products and sums of three parts
CREATE TABLE memories AS SELECT i AS id, timestamptz '2026-01-01 00:00+00' - random() * interval '60 days' AS seen, 1 + floor(random() * 10) AS importance,
	(SELECT array_agg(random() - 0.5 + sin(i % 97 * j + j)) FROM generate_series(1, 16) j WHERE i > 0)::vector(16) AS v FROM generate_series(1, 12000) i, (SELECT setseed(0.4)) s;
CREATE INDEX memories_v ON memories USING hnsw (v vector_cosine_ops, seen, importance);
ANALYZE memories;
RESET enable_sort;
RESET enable_seqscan;
SELECT c.* FROM unnest(ARRAY['(1 - d) * exp(-age) * importance', '1 - d + exp(-age) + importance / 10']) score,
	bounds_check(format($$SELECT id, %s AS s FROM (SELECT *, v <=> (SELECT v FROM memories WHERE id = 7) AS d, extract(epoch FROM timestamptz '2026-01-01 00:00+00' - seen)::float8 / 86400 / 14 AS age FROM memories) x
		ORDER BY s DESC NULLS LAST LIMIT 5$$, score)) c;
DROP TABLE memories;
SET enable_seqscan = off;
SET enable_sort = off;

-- test: a value far from all others that was updated, rolled back or deleted bounds nothing, whether VACUUM has removed it or not
CREATE TABLE notes (id int PRIMARY KEY, read timestamptz NOT NULL, reads int NOT NULL, v vector(8)) WITH (autovacuum_enabled = off);
INSERT INTO notes SELECT i, timestamptz '2026-01-01 00:00+00' - i % 100 * interval '10 minutes', i % 7, spot(i) FROM generate_series(1, 12000) i;
CREATE INDEX notes_v ON notes USING hnsw (v vector_cosine_ops, read, reads);
ANALYZE notes;
RESET enable_seqscan;
RESET enable_sort;
CREATE FUNCTION notes_check(OUT search text, OUT outcome text, OUT rows_read text) LANGUAGE plpgsql AS $$
DECLARE
	statement text := 'SELECT round(s::numeric, 9) FROM (SELECT 0.6 * (1 - (v <=> ''[1,0,1,0,0,1,0,0]'')) + 0.3 * exp(-extract(epoch FROM timestamptz ''2026-01-01 00:00+00'' - read)::float8 / 86400) + 0.1 * ln(1 + reads) AS s FROM notes ORDER BY s DESC LIMIT 10) q';
BEGIN
	search := plan_nodes(statement, 'LokivectorScoreSearch|Seq Scan');
	SELECT s.outcome INTO outcome FROM same(statement) s;
	PERFORM rows_of(statement);
	SELECT CASE WHEN s.rows < 1200 THEN 'few' ELSE 'many' END INTO rows_read FROM lokivector_scan_stats() s;
END $$;
SELECT 'none' AS far, * FROM notes_check();
UPDATE notes SET reads = 1000000000 WHERE id = 5;
SELECT 'there' AS far, search, outcome FROM notes_check();
UPDATE notes SET reads = 3 WHERE id = 5;
SELECT 'updated' AS far, * FROM notes_check();
BEGIN;
INSERT INTO notes VALUES (12001, '2036-01-01 00:00+00', 3, spot(7)), (12002, '2036-01-01 00:00+00', 3, spot(7));
ROLLBACK;
SELECT 'rolled back' AS far, * FROM notes_check();
INSERT INTO notes VALUES (12001, '2036-01-01 00:00+00', 3, spot(7)), (12002, '2036-01-01 00:00+00', 3, spot(7)), (12003, '2036-01-01 00:00+00', 1000000000, NULL);
DELETE FROM notes WHERE id > 12000;
SELECT 'deleted' AS far, * FROM notes_check();
VACUUM ANALYZE notes;
SELECT 'vacuumed' AS far, * FROM notes_check();
-- more than are looked at for one search: those that are dead to everyone are marked
INSERT INTO notes SELECT i, '2026-01-01 00:00+00', 1000000000 + i, spot(i) FROM generate_series(12001, 12400) i;
DELETE FROM notes WHERE id > 12000;
SELECT search FROM notes_check();
SELECT 'many deleted' AS far, * FROM notes_check();
DROP INDEX notes_v;
CREATE INDEX notes_v ON notes USING hnsw (v vector_cosine_ops);
CREATE INDEX notes_read ON notes (read DESC);
CREATE INDEX notes_reads ON notes (reads);
SELECT 'none' AS far, * FROM notes_check();
UPDATE notes SET reads = 1000000000 WHERE id = 5;
SELECT 'there' AS far, search, outcome FROM notes_check();
UPDATE notes SET reads = 3 WHERE id = 5;
SELECT 'updated' AS far, * FROM notes_check();
BEGIN;
INSERT INTO notes VALUES (12001, '2036-01-01 00:00+00', 3, spot(7));
ROLLBACK;
SELECT 'rolled back' AS far, * FROM notes_check();
INSERT INTO notes SELECT i, '2026-01-01 00:00+00', 1000000000 + i, spot(i) FROM generate_series(12001, 12400) i;
DELETE FROM notes WHERE id > 12000;
SELECT search FROM notes_check();
SELECT 'many deleted' AS far, * FROM notes_check();
VACUUM (INDEX_CLEANUP off) notes;
SELECT 'vacuumed' AS far, * FROM notes_check();

-- test: a search whose bounds are useless, as that of a kept plan can be, reads what is left in the order of the table
CREATE FUNCTION kept_check(statement text, OUT search text, OUT outcome text, OUT measured text, OUT strategy text) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT round(s::numeric, 9) FROM (' || statement || ') q';
	truth text[] := rows_by_table(query);
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	search := plan_nodes(query, 'LokivectorScoreSearch');
	outcome := differing(rows_of(query), truth);
	SELECT CASE WHEN s.heap_fetches < 8000 THEN 'some' ELSE 'all' END, s.strategy INTO measured, strategy FROM lokivector_scan_stats() s;
END $$;
UPDATE notes SET reads = 1000000000 WHERE id = 5;
SELECT c.* FROM unnest(ARRAY['', 'WHERE id % 3 > 0', 'WHERE reads < 6']) condition,
	kept_check(format('SELECT 1 - (v <=> ''[1,0,1,0,0,1,0,0]'') + ln(1 + reads) AS s FROM notes %s ORDER BY s DESC LIMIT 10', condition)) c;
CREATE TABLE topics (id int PRIMARY KEY, boost float8 NOT NULL);
INSERT INTO topics SELECT i, i % 7 / 10.0 FROM generate_series(0, 99) i;
CREATE INDEX topics_boost ON topics (boost);
ANALYZE topics;
SELECT * FROM kept_check('SELECT 1 - (v <=> ''[1,0,1,0,0,1,0,0]'') + ln(1 + reads) + boost AS s FROM notes JOIN topics t ON t.id = notes.id % 100 ORDER BY s DESC LIMIT 10');
-- with a memory for fewer rows than there are; and again for each row
SET work_mem = '64kB';
SELECT * FROM kept_check('SELECT 1 - (v <=> ''[1,0,1,0,0,1,0,0]'') + ln(1 + reads) AS s FROM notes ORDER BY s DESC LIMIT 10');
RESET work_mem;
SELECT * FROM kept_check('SELECT q.s FROM (VALUES (1, ''[1,0,1,0,0,1,0,0]''::vector), (2, ''[0,1,1,0,0,1,0,0]''), (3, ''[1,0,1,0,1,1,0,0]'')) x(i, w), LATERAL (SELECT 1 - (v <=> w) + ln(1 + reads) AS s FROM notes ORDER BY s DESC LIMIT 3) q ORDER BY i, s DESC');
SET enable_seqscan = off;
SET enable_sort = off;
DROP TABLE notes, topics;
DROP FUNCTION notes_check, kept_check;

-- test: what is inserted after a plan was kept
SET plan_cache_mode = force_generic_plan;
PREPARE kept(vector) AS SELECT id FROM mem ORDER BY (v <=> $1) - boost LIMIT 2;
PREPARE kept_desc(vector) AS SELECT id FROM mem ORDER BY boost - (v <=> $1) DESC LIMIT 2;
SELECT plan_of('kept');
SELECT plan_of('kept_desc');
INSERT INTO mem VALUES (19001, now(), 3, '[-1,0,-1,0,0,-1,0,0]');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
EXECUTE kept_desc('[1,0,1,0,0,1,0,0]');
INSERT INTO mem VALUES (19002, now(), 'Infinity', '[-1,0,-1,0,0,-1,0,0]');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
EXECUTE kept_desc('[1,0,1,0,0,1,0,0]');
INSERT INTO mem VALUES (19003, now(), 'NaN', '[-1,0,-1,0,0,-1,0,0]');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
EXECUTE kept_desc('[1,0,1,0,0,1,0,0]');
DELETE FROM mem WHERE id > 19001;
INSERT INTO mem VALUES (19004, now(), 8, NULL), (19005, now(), 9, '[0,0,0,0,0,0,0,0]');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
DELETE FROM mem WHERE id > 19001;
-- rows of this transaction, of a subtransaction, and of a function that the query calls
BEGIN;
INSERT INTO mem VALUES (19006, now(), 4, '[-1,0,-1,0,0,-1,0,0]');
SAVEPOINT a;
INSERT INTO mem VALUES (19007, now(), 5, '[-1,0,-1,0,0,-1,0,0]');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
ROLLBACK TO a;
EXECUTE kept('[1,0,1,0,0,1,0,0]');
DECLARE c CURSOR FOR SELECT id FROM mem ORDER BY (v <=> '[1,0,1,0,0,1,0,0]') - boost LIMIT 2;
INSERT INTO mem VALUES (19008, now(), 6, '[-1,0,-1,0,0,-1,0,0]');
UPDATE mem SET boost = 0 WHERE id = 19006;
FETCH 2 FROM c;
EXECUTE kept('[1,0,1,0,0,1,0,0]');
ROLLBACK;
CREATE FUNCTION add_memory(id int) RETURNS int LANGUAGE sql VOLATILE AS $$INSERT INTO mem VALUES (20000 + id, now(), 7, '[-1,0,-1,0,0,-1,0,0]') RETURNING 1$$;
BEGIN;
SELECT n, (SELECT array_agg(id) FROM (SELECT id FROM mem WHERE id <> n ORDER BY (v <=> '[1,0,1,0,0,1,0,0]') - boost LIMIT 2) x) AS best, add_memory(n) FROM generate_series(1, 2) n;
EXECUTE kept('[1,0,1,0,0,1,0,0]');
ROLLBACK;
-- the bounds of an index that is dropped, or that takes all of its place
ALTER TABLE mem ALTER boost DROP NOT NULL;
EXECUTE kept_desc('[1,0,1,0,0,1,0,0]');
UPDATE mem SET boost = NULL WHERE id = 77;
EXECUTE kept_desc('[1,0,1,0,0,1,0,0]');
SELECT plan_of('kept_desc');
UPDATE mem SET boost = 0 WHERE id = 77;
VACUUM mem;
CREATE INDEX mem_boost ON mem (boost);
CREATE INDEX mem_alone ON mem USING hnsw (v vector_cosine_ops);
DROP INDEX mem_v;
SELECT plan_of('kept');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
REINDEX INDEX mem_boost;
EXECUTE kept('[1,0,1,0,0,1,0,0]');
DROP INDEX mem_boost;
SELECT plan_of('kept');
EXECUTE kept('[1,0,1,0,0,1,0,0]');
DEALLOCATE ALL;
RESET plan_cache_mode;
DROP VIEW recent, boosted, worth;
DROP TABLE mem;

-- test: each type, by each kind of index, and with none
CREATE TABLE typed (id int PRIMARY KEY, n int2, i int4, l int8, b bool, r real, f float8, d date, t timestamp, z timestamptz, p numeric, v vector(3));
CREATE FUNCTION fill(ids int4range, values_from int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO typed SELECT i, x, x, x * 1000000000000007, x % 2 = 0, x / 7.0, x / 7.0, date '2020-01-01' + x, timestamp '2020-01-01' + x * interval '1 hour',
		timestamptz '2020-01-01 00:00+00' + x * interval '1 second', x / 7.0, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector
	FROM (SELECT i, values_from + i % 100 AS x FROM generate_series(lower(ids), upper(ids) - 1) i) s
$$;
SELECT fill('[1,3000]', 0);
-- of each column one score that rises with it, and one that falls
CREATE TABLE forms AS SELECT *, format('SELECT id, (v <-> ''[1,0,0]'') %s AS s FROM typed ORDER BY s %s LIMIT 7', score, places) AS statement FROM (VALUES
	('n', '- 0.02 * n', ''), ('i', '+ 0.02 * i', ''), ('l', '+ 1e-17 * l::float8', ''), ('l', '- l / 1e17', ''), ('b', '+ 0.1 * b::int', ''),
	('r', '+ r / 7', ''), ('r', '- r::numeric::float8 / 7', ''), ('f', '- f / 7', ''), ('d', '+ (d - date ''2020-01-01'') * 0.02', ''),
	('t', '- extract(epoch FROM t - timestamp ''2020-01-01'')::float8 / 180000', ''),
	('z', '+ extract(epoch FROM z)::float8 / 50 - 31557600', ''), ('p', '+ (p / 7)::float8', ''), ('p', '- (p * 0.142857142857142857)::float8', '')) f(col, score, places);
CREATE FUNCTION forms_check(OUT search text, OUT wrong text) LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT col, ' ') FILTER (WHERE search), string_agg(col || ': ' || outcome, '; ') FILTER (WHERE outcome <> 'same')
	FROM (SELECT f.col, c.* FROM forms f, bounds_check(f.statement) c) x
$$;
CREATE INDEX typed_v ON typed USING hnsw (v vector_l2_ops);
-- none
SELECT * FROM forms_check();
-- attributes, also of a pending index; then with new ends, old ones, and without statistics at all
DROP INDEX typed_v;
CREATE INDEX typed_v ON typed USING hnsw (v vector_l2_ops, n, i, l, b, r, f, d, t, z, p);
SELECT * FROM forms_check();
SELECT fill('[3001,3020]', -300);
SELECT fill('[3021,3040]', 300);
SELECT * FROM forms_check();
DELETE FROM typed WHERE id > 3000;
SELECT * FROM forms_check();
VACUUM ANALYZE typed;
SELECT * FROM forms_check();
SELECT fill('[3001,3020]', 700);
SELECT * FROM forms_check();
TRUNCATE typed;
SELECT * FROM forms_check();
SELECT fill('[1,400]', -30);
SELECT fill('[401,410]', 1000);
SELECT * FROM forms_check();
-- duplicates share a node, and rows without a vector have none
INSERT INTO typed SELECT 1000 + id, n, i, l, b, r, f, d, t, z, p, v FROM typed;
INSERT INTO typed (id, n, i, l, b, r, f, d, t, z, p) SELECT 3000 + id, n, i, l, b, r, f, d, t, z, p FROM typed;
SELECT * FROM forms_check();
-- btrees, of either direction, at a row that sorts behind all
DROP INDEX typed_v;
CREATE INDEX typed_v ON typed USING hnsw (v vector_l2_ops);
CREATE INDEX ON typed (n);
CREATE INDEX ON typed (i DESC);
CREATE INDEX ON typed (l, n);
CREATE INDEX ON typed (b);
CREATE INDEX ON typed (r DESC NULLS LAST);
CREATE INDEX ON typed (f NULLS FIRST);
CREATE INDEX ON typed (d);
CREATE INDEX ON typed (t DESC);
CREATE INDEX ON typed (z);
CREATE INDEX ON typed (p DESC);
SELECT * FROM forms_check();
SELECT fill('[8000,8020]', -3000);
SELECT fill('[8021,8040]', 3000);
SELECT * FROM forms_check();
INSERT INTO typed (id, v) VALUES (9000, '[1,0,0]');
INSERT INTO typed (id, r, f, d, t, z, p, v) VALUES (9001, 'NaN', 'NaN', '2020-01-01', '2020-01-01', '2020-01-01', 'NaN', '[1,0,0]');
SELECT * FROM forms_check();
INSERT INTO typed (id, r, f, p, v) VALUES (9002, '-Infinity', 'Infinity', '-Infinity', '[1,0,0]');
SELECT * FROM forms_check();
INSERT INTO typed (id, v) SELECT 10000 + i, '[1,0,0]' FROM generate_series(1, 2000) i;
DELETE FROM typed WHERE id <= 9002;
SELECT * FROM forms_check();
DROP TABLE typed, forms;
DROP FUNCTION fill, forms_check;

-- test: indexes that do not have all rows, or none of the column; constraints and conditions
CREATE TABLE items (id int PRIMARY KEY, a float8, k text, v vector(3));
INSERT INTO items SELECT i, i % 30 / 10.0, 'k' || i % 3, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector FROM generate_series(1, 3000) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);
ANALYZE items;
CREATE VIEW best AS SELECT id, (v <-> '[1,0,0]') - a AS s FROM items ORDER BY s LIMIT 5;
CREATE VIEW best_desc AS SELECT id, a - (v <-> '[1,0,0]') AS s FROM items ORDER BY s DESC LIMIT 5;
UPDATE items SET a = 50 WHERE id = 8;
ALTER TABLE items ADD CONSTRAINT within CHECK (a BETWEEN 0 AND 3) NOT VALID;
SELECT * FROM bounds_check('SELECT s FROM best');
UPDATE items SET a = 3 WHERE id = 8;
ALTER TABLE items VALIDATE CONSTRAINT within;
SELECT * FROM bounds_check('SELECT s FROM best');
-- a column that may be NULL would come first
SELECT * FROM bounds_check('SELECT s FROM best_desc');
SELECT * FROM bounds_check($$SELECT id, a - (v <-> '[1,0,0]') AS s FROM items WHERE a IS NOT NULL ORDER BY s DESC LIMIT 5$$);
ALTER TABLE items ALTER a SET NOT NULL;
SELECT * FROM bounds_check('SELECT s FROM best_desc');
ALTER TABLE items DROP CONSTRAINT within;
SELECT * FROM bounds_check('SELECT s FROM best_desc');
SELECT c, b.* FROM unnest(ARRAY['a <= 2', 'a < 2 AND a > 1', '2.5 > a', 'a IN (1, 2, 0.5)', 'a = ANY (''{1,NULL,2}'')', 'a >= 1', 'a <> 1', 'a = 1', 'a < ''NaN''', 'a > 5 AND a < 3', 'NOT a > 2',
	'a = 1 OR a = 2']) c, bounds_check(format($$SELECT id, (v <-> '[1,0,0]') - a AS s FROM items WHERE %s ORDER BY s LIMIT 5$$, c)) b;
CREATE INDEX items_part ON items (a) WHERE id < 2000;
CREATE INDEX items_expr ON items ((a + 1));
CREATE INDEX items_second ON items (id, a);
CREATE UNIQUE INDEX CONCURRENTLY items_failed ON items (a);
SELECT * FROM bounds_check('SELECT s FROM best');
DROP INDEX items_v;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops, a) WHERE k = 'k1';
SELECT * FROM bounds_check('SELECT s FROM best');
SELECT * FROM bounds_check($$SELECT id, (v <-> '[1,0,0]') - a AS s FROM items WHERE k = 'k1' ORDER BY s LIMIT 5$$);
-- a condition of text: only whether it is NULL
DROP INDEX items_v;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops, k);
SELECT * FROM bounds_check($$SELECT id, (k = 'k2')::int - (v <-> '[1,0,0]') AS s FROM items ORDER BY s DESC LIMIT 5$$);
UPDATE items SET k = NULL WHERE id = 5;
SELECT * FROM bounds_check($$SELECT id, (k = 'k2')::int - (v <-> '[1,0,0]') AS s FROM items ORDER BY s DESC LIMIT 5$$);
-- a domain, an index that was not finished, and a table without rows
CREATE DOMAIN share AS float8;
ALTER TABLE items ADD w share DEFAULT 1;
UPDATE items SET w = id % 10 / 10.0;
CREATE INDEX items_w ON items (w);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[1,0,0]') - w AS s FROM items ORDER BY s LIMIT 5$$);
CREATE TABLE other (id int PRIMARY KEY, fame float8);
CREATE INDEX other_fame ON other (fame);
SELECT * FROM bounds_check($$SELECT items.id, (v <-> '[1,0,0]') - coalesce(fame, 0) AS s FROM items LEFT JOIN other USING (id) ORDER BY s LIMIT 5$$);
INSERT INTO other SELECT i, i FROM generate_series(1, 5) i;
SELECT * FROM bounds_check($$SELECT items.id, (v <-> '[1,0,0]') - coalesce(fame, 0) AS s FROM items LEFT JOIN other USING (id) ORDER BY s LIMIT 5$$);
SELECT * FROM bounds_check($$SELECT items.id, fame - (v <-> '[1,0,0]') AS s FROM items LEFT JOIN other USING (id) ORDER BY s DESC LIMIT 5$$);
SELECT * FROM bounds_check($$SELECT items.id, fame - (v <-> '[1,0,0]') AS s FROM items JOIN (SELECT id, max(fame) AS most, fame FROM other GROUP BY id, fame) o USING (id) ORDER BY s DESC LIMIT 5$$);
SELECT * FROM bounds_check($$SELECT items.id, fame - (v <-> '[1,0,0]') AS s FROM items JOIN (SELECT id, fame FROM other UNION ALL SELECT id, 100 FROM other) o USING (id) ORDER BY s DESC LIMIT 5$$);
DROP VIEW best, best_desc;
DROP TABLE items, other;
DROP DOMAIN share;

-- test: rows that change at random, without ANALYZE
CREATE TABLE random_rows (id int PRIMARY KEY, a float8, b real, c numeric, v vector(4));
CREATE INDEX random_v ON random_rows USING hnsw (v vector_cosine_ops, a, c);
CREATE INDEX random_b ON random_rows (b);
ALTER TABLE random_rows SET (autovacuum_enabled = off);
CREATE FUNCTION change_rows() RETURNS void LANGUAGE sql AS $$
	INSERT INTO random_rows SELECT n + i, 10 ^ (4 * random() - 2), -(10 ^ (2 * random())), (10 ^ (3 * random()))::numeric, ARRAY[random(), random(), random(), random()]::vector
		FROM (SELECT coalesce(max(id), 0) AS n FROM random_rows) m, generate_series(1, 150) i;
	UPDATE random_rows SET a = a * (random() - 0.3), b = CASE WHEN random() < 0.05 THEN NULL ELSE b * random() END WHERE random() < 0.1;
	UPDATE random_rows SET c = -c WHERE random() < 0.02;
	DELETE FROM random_rows WHERE random() < 0.05;
$$;
SELECT setseed(0.3);
DO $$
DECLARE
	search boolean;
	outcome text;
	form text;
	searches int := 0;
BEGIN
	FOR i IN 1 .. 12 LOOP
		PERFORM change_rows();
		FOREACH form IN ARRAY ARRAY['d + a', 'd - b / 50', 'd * (1 + exp(-a))', '(2 - d) * b', 'd + (c / 300)::float8', 'd + ln(1 + abs(a)) - coalesce(b, -3)',
			'(1 - d) * a * c::float8', 'd / (5 + a * a)', 'greatest(d, a) - sqrt(abs(b))', 'd::numeric * c', 'd * power(abs(b) + 1, 0.5)', '-d * a'] LOOP
			SELECT c.search, c.outcome FROM bounds_check(format('SELECT %s AS s FROM (SELECT *, v <=> ''[0.5,0.5,0.5,0.5]'' AS d FROM random_rows) x ORDER BY s %s LIMIT %s',
				form, (ARRAY['', 'DESC', 'DESC NULLS LAST', 'NULLS FIRST'])[1 + (random() * 3)::int], 1 + (random() * 20)::int)) c INTO search, outcome;
			searches := searches + search::int;
			IF outcome <> 'same' THEN
				RAISE EXCEPTION '% round %: %', form, i, outcome;
			END IF;
		END LOOP;
	END LOOP;
	IF searches < 60 THEN
		RAISE EXCEPTION 'only % searches', searches;
	END IF;
END $$;
DROP TABLE random_rows;
DROP FUNCTION change_rows;

-- test: who does not see all rows learns nothing from what a plan costs
CREATE TABLE hidden (id int PRIMARY KEY, owner text, a float8 NOT NULL, v vector(3));
INSERT INTO hidden SELECT i, CASE WHEN i % 2 = 0 THEN 'bounds_reader' ELSE 'other' END, i % 10, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector FROM generate_series(1, 2000) i;
CREATE INDEX hidden_v ON hidden USING hnsw (v vector_l2_ops, a);
ANALYZE hidden;
CREATE ROLE bounds_reader;
GRANT SELECT ON hidden TO bounds_reader;
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON hidden USING (owner = current_user);
CREATE FUNCTION cost_of(statement text) RETURNS float8 LANGUAGE sql RETURN plan_figure(statement, 'Total Cost');
CREATE TEMP TABLE costs (n int, cost text);
GRANT ALL ON costs TO bounds_reader;
SET ROLE bounds_reader;
INSERT INTO costs SELECT 1, cost_of($$SELECT id FROM hidden ORDER BY (v <-> '[1,0,0]') - a LIMIT 3$$);
RESET ROLE;
BEGIN;
UPDATE hidden SET a = 1000000 WHERE id = 7;
SET LOCAL ROLE bounds_reader;
INSERT INTO costs SELECT 2, cost_of($$SELECT id FROM hidden ORDER BY (v <-> '[1,0,0]') - a LIMIT 3$$);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[1,0,0]') - a AS s FROM hidden ORDER BY s LIMIT 3$$);
COMMIT;
RESET ROLE;
SELECT count(DISTINCT cost) FROM costs;
-- what a scan reads would tell of the rows of others, so indexes are not asked; constraints and conditions are no secret
ALTER TABLE hidden ADD CHECK (a >= 0 AND a <= 1000000::float8);
SET ROLE bounds_reader;
SELECT * FROM bounds_check($$SELECT id, (v <-> '[1,0,0]') - a AS s FROM hidden ORDER BY s LIMIT 3$$);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[1,0,0]') - a AS s FROM hidden WHERE a < 20 ORDER BY s LIMIT 3$$);
RESET ROLE;
DROP TABLE hidden, costs;

-- test: constraints are read as they are, and nothing in them is called
CREATE TABLE constrained (id int, v vector(2), a float8, b numeric NOT NULL, c bigint NOT NULL, e bool CHECK (NOT e), CHECK (b >= 0 AND b <= 1 / 2.0), CHECK (a BETWEEN -1 AND 100), CHECK (c IN (1, 2, 3)), d int DEFAULT 1 CHECK (d IN (1, 2, NULL)));
INSERT INTO constrained SELECT i, ARRAY[i, i % 3]::vector, i % 100, i % 2 / 2.0, 1 + i % 3, CASE WHEN i % 3 > 0 THEN false END FROM generate_series(1, 500) i;
UPDATE constrained SET d = 90 WHERE id = 50;
CREATE FUNCTION fine(int) RETURNS int IMMUTABLE LANGUAGE sql RETURN 1000;
ALTER TABLE constrained ADD CHECK (a < fine(1));
CREATE OR REPLACE FUNCTION fine(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE INDEX constrained_v ON constrained USING hnsw (v vector_l2_ops);
CREATE INDEX constrained_d ON constrained (d);
ANALYZE constrained;
SELECT * FROM bounds_check($$SELECT id, (v <-> '[3,1]') - a / 10 AS s FROM constrained ORDER BY s LIMIT 3$$);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[3,1]') - c AS s FROM constrained ORDER BY s LIMIT 3$$);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[3,1]')::numeric - b AS s FROM constrained ORDER BY s LIMIT 3$$);
SELECT * FROM bounds_check($$SELECT id, (v <-> '[3,1]') - coalesce(e::int, 0) * 9 AS s FROM constrained WHERE NOT e OR e IS NULL ORDER BY s LIMIT 3$$);
-- a list with NULL is not false for any value
SELECT * FROM bounds_check($$SELECT id, (v <-> '[3,1]') - d AS s FROM constrained ORDER BY s LIMIT 3$$);
DROP TABLE constrained;
DROP FUNCTION fine;

-- test: numbers at which a float8 ends to be exact, and beyond all of them
CREATE TABLE beyond (id int, v vector(2), x bigint NOT NULL, y numeric NOT NULL CHECK (y >= 0));
INSERT INTO beyond SELECT i, ARRAY[i * 0.001, 0]::vector, 9007199254740992, i FROM generate_series(1, 100) i;
INSERT INTO beyond VALUES (999, '[0.5,0]', 9007199254740993, 1e400);
CREATE INDEX beyond_v ON beyond USING hnsw (v vector_l2_ops);
CREATE INDEX beyond_x ON beyond (x);
CREATE INDEX beyond_y ON beyond (y);
ANALYZE beyond;
SELECT search, outcome FROM bounds_check($$SELECT id, (x - 9007199254740990) - (v <-> '[0,0]') AS s FROM beyond ORDER BY s DESC LIMIT 1$$);
SELECT search, outcome FROM bounds_check($$SELECT id, y + (v <-> '[0,0]')::numeric AS s FROM beyond ORDER BY s LIMIT 3$$);
DROP TABLE beyond;

DROP ROLE bounds_reader;
DROP FUNCTION bounds_check, plan_of, spot, add_memory, cost_of;
