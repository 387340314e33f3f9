-- Scores under a policy that shows one tenant's rows: by these rows alone, whatever others write, and whenever VACUUM comes
SET lokivector.build_seed = 1;
SET jit = off;

CREATE FUNCTION tenant_document(i bigint, salt int DEFAULT 0) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT to_tsvector('simple', string_agg('w' || abs(hashint8extended(i * 31 + salt, j) % 97) % (1 + abs(hashint8extended(i + salt, -j) % 97)), ' '))
	FROM generate_series(1, 1 + abs(hashint8extended(i, salt) % 30)::int) j
$$;
CREATE TABLE tenant_notes (id bigint PRIMARY KEY, tenant int, secret bool DEFAULT false, words tsvector);
INSERT INTO tenant_notes SELECT i, 1 + i % 2, false, tenant_document(i) FROM generate_series(1, 2000) i;
INSERT INTO tenant_notes VALUES (2001, 1, false, ''), (2002, 1, false, NULL), (2003, 2, false, NULL);
-- rows with the same words share a node, and count each
INSERT INTO tenant_notes SELECT 2010 + i, 1, false, tenant_document(7) FROM generate_series(1, 40) i;
CREATE INDEX tenant_words ON tenant_notes USING hnsw (words bm25_ops, tenant);
CREATE ROLE regress_tenant;
GRANT SELECT ON tenant_notes TO regress_tenant;
ALTER TABLE tenant_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_notes USING (tenant = current_setting('app.tenant')::int);
SET app.tenant = 1;

-- What a tenant sees of scores: rows and scores bit by bit, in order; counts within bounds; by the index and by the table
CREATE FUNCTION tenant_answers() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	q tsquery;
	part text;
	result text := '';
BEGIN
	FOREACH q IN ARRAY ARRAY['w1', 'w1 & w50', 'w3 | w96 | w7', 'w0 & w2 & w4 & w90', 'nothing', 'w1 | nothing']::tsquery[] LOOP
		FOR i IN 1 .. 2 LOOP
			PERFORM set_config('enable_seqscan', CASE i WHEN 1 THEN 'off' ELSE 'on' END, true),
				set_config('enable_indexscan', CASE i WHEN 1 THEN 'on' ELSE 'off' END, true),
				set_config('lokivector.enable_hybrid_scan', CASE i WHEN 1 THEN 'on' ELSE 'off' END, true);
			SELECT string_agg(id || ' ' || encode(float8send(score), 'hex'), ',') INTO part
			FROM (SELECT id, words <@> q AS score FROM tenant_notes ORDER BY words <@> q, id LIMIT 25) s;
			result := result || E'\n' || i || q::text || ' ' || part;
			SELECT count(*) || ' ' || coalesce(encode(float8send(sum(words <@> q)), 'hex'), '') INTO part
			FROM (SELECT words FROM tenant_notes WHERE words <@> q < -1.5 ORDER BY id) s;
			result := result || ' ' || part;
		END LOOP;
	END LOOP;
	RETURN result;
END
$$;

-- test: scores are those of a table that has the tenant's rows alone
CREATE TABLE tenant_alone AS SELECT id, words FROM tenant_notes WHERE tenant = 1 AND id < 2003;
CREATE INDEX ON tenant_alone USING hnsw (words bm25_ops);
CREATE TABLE tenant_scores AS SELECT id, q, words <@> q::tsquery AS score FROM tenant_alone, unnest('{w1,w3 | w96,w0 & w90}'::text[]) q;
GRANT SELECT ON tenant_scores TO regress_tenant;
DELETE FROM tenant_notes WHERE id > 2003;
SET ROLE regress_tenant;
SELECT count(*), count(*) FILTER (WHERE n.words <@> q::tsquery IS NOT DISTINCT FROM score) AS same FROM tenant_notes n JOIN tenant_scores s USING (id);
SELECT count(*) AS rows, count(DISTINCT id) FROM (SELECT id, words <@> 'w1' FROM tenant_notes ORDER BY words <@> 'w1') s;
SELECT plan_line('SELECT id FROM tenant_notes ORDER BY words <@> ''w1'' LIMIT 3');
-- the index looks a bound up: no function but ours sees a row of another tenant
SELECT plan_line('SELECT id FROM tenant_notes WHERE words <@> ''w1'' < 0 ORDER BY words <@> ''w1'' LIMIT 3');
RESET ROLE;
INSERT INTO tenant_notes SELECT 2010 + i, 1, false, tenant_document(7) FROM generate_series(1, 40) i;

-- One step of another tenant's history, of which some use the first one's documents
CREATE FUNCTION tenant_step(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r int := abs(hashint4extended(n, 5) % 100);
BEGIN
	INSERT INTO tenant_notes SELECT n * 1000000 + i, 2 + (i + n) % 2, false, tenant_document(i * (1 + r % 3), CASE WHEN r % 4 = 0 THEN 0 ELSE n END)
	FROM generate_series(1, r * 3) i;
	UPDATE tenant_notes SET words = tenant_document(id, n) WHERE tenant > 1 AND id % 17 = r % 17;
	UPDATE tenant_notes SET tenant = 5 - tenant WHERE tenant > 1 AND id % 23 = r % 23;
	UPDATE tenant_notes SET words = NULL WHERE tenant > 1 AND id % 101 = r;
	DELETE FROM tenant_notes WHERE tenant > 1 AND id % 7 = r % 7;
	IF r % 5 = 0 THEN
		DELETE FROM tenant_notes WHERE tenant > 1 AND id % 3 > 0;
	END IF;
	BEGIN
		INSERT INTO tenant_notes SELECT n * 1000000 + 500000 + i, 1, false, 'w1 w96' FROM generate_series(1, r) i;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
	END;
END
$$;
CREATE TABLE tenant_seen (n int, answers text);
GRANT INSERT, SELECT ON tenant_seen TO regress_tenant;

-- test: fifty histories of others change no bit of what a tenant sees
SET ROLE regress_tenant;
INSERT INTO tenant_seen VALUES (0, tenant_answers());
RESET ROLE;
\set ECHO none
\o /dev/null
SELECT format('SELECT tenant_step(%s)', n), CASE n % 4 WHEN 1 THEN 'VACUUM tenant_notes' WHEN 3 THEN 'ANALYZE tenant_notes' END,
	CASE n % 10 WHEN 4 THEN 'REINDEX INDEX tenant_words' WHEN 9 THEN 'VACUUM FULL tenant_notes' END,
	'SET ROLE regress_tenant', format('INSERT INTO tenant_seen VALUES (%s, tenant_answers())', n), 'RESET ROLE'
FROM generate_series(1, CASE WHEN test_short() THEN 10 ELSE 50 END) n \gexec
\o
\set ECHO all
SELECT count(DISTINCT answers) AS answers, count(*) >= 11 AS histories FROM tenant_seen;
SELECT n, a.line, b.line FROM (SELECT n, t.* FROM tenant_seen, regexp_split_to_table(answers, E'\n') WITH ORDINALITY t (line, i)) a
	JOIN (SELECT t.* FROM tenant_seen, regexp_split_to_table(answers, E'\n') WITH ORDINALITY t (line, i) WHERE n = 0) b USING (i) WHERE a.line <> b.line LIMIT 3;
SELECT lokivector_check('tenant_words', true) IS NOT NULL AS checked;

-- test: the tenant's own rows count at once, and in one's own transaction
SET ROLE regress_tenant;
SELECT count(DISTINCT words <@> 'w1') > 1 AS scores FROM tenant_notes;
RESET ROLE;
BEGIN;
INSERT INTO tenant_notes VALUES (-1, 1, false, 'once');
SET LOCAL ROLE regress_tenant;
SELECT id, words <@> 'once' < 0 AS scored FROM tenant_notes ORDER BY words <@> 'once' LIMIT 1;
SET LOCAL app.tenant = 2;
SELECT count(*) FROM tenant_notes WHERE words <@> 'once' < 0;
ROLLBACK;

-- test: policies of one tenant in other words: sides exchanged, a subquery, a type that is compared with the column's, read and write
CREATE FUNCTION tenant_try(condition text, statement text DEFAULT 'SELECT count(*) FROM (SELECT id FROM tenant_notes ORDER BY words <@> ''w1'' LIMIT 3) s')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('ALTER POLICY tenant_policy ON tenant_notes USING (%s)', condition);
	SET LOCAL ROLE regress_tenant;
	SELECT CASE WHEN (e.error).message = 'no error' THEN 'by tenant' ELSE (e.error).message END INTO result FROM (SELECT error_of(statement) AS error) e;
	RESET ROLE;
	RETURN result;
END
$$;
GRANT UPDATE ON tenant_notes TO regress_tenant;
SELECT condition, tenant_try(condition) FROM unnest(ARRAY['current_setting(''app.tenant'')::int = tenant', 'tenant = (SELECT current_setting(''app.tenant'')::int)',
	'tenant = current_setting(''app.tenant'')::bigint', 'tenant = 1', 'tenant = current_setting(''app.tenant'')::int AND tenant = current_setting(''app.tenant'')::int']) condition;
SELECT tenant_try('tenant = 1', 'UPDATE tenant_notes SET id = id WHERE words <@> ''w1'' < -100');
SELECT tenant_try('tenant = 1', 'SELECT (SELECT count(*) FROM (SELECT 1 WHERE n.words <@> ''w1'' < 0) s) FROM tenant_notes n LIMIT 1');
SELECT tenant_try('tenant = (SELECT 1)', 'SELECT (SELECT count(*) FROM (SELECT 1 WHERE n.words <@> ''w1'' < 0) s) FROM tenant_notes n LIMIT 1');
SELECT tenant_try('tenant = (SELECT 1)', 'SELECT * FROM (SELECT words <@> ''w1'' AS s FROM tenant_notes OFFSET 0) s ORDER BY s LIMIT 1');

-- test: all other policies hide more or show more, and are an error
SELECT condition, tenant_try(condition) FROM unnest(ARRAY['tenant = 1 OR tenant = 2', 'tenant = ANY (''{1}'')', 'tenant <> 2', 'tenant = 1 AND NOT secret', 'tenant < 2', 'id = 1',
	'tenant = 1 AND tenant = 2', 'tenant = id % 2', 'tenant = (SELECT n.tenant FROM tenant_seen n2, (SELECT 1 AS tenant) n WHERE n2.n = tenant_notes.id LIMIT 1)',
	'tenant = trunc(random())::int', 'true', 'tenant IS NOT DISTINCT FROM 1']) condition;
SELECT tenant_try('tenant = 1');
CREATE POLICY tenant_rest ON tenant_notes AS RESTRICTIVE USING (NOT secret);
SELECT tenant_try('tenant = 1');
DROP POLICY tenant_rest ON tenant_notes;
CREATE POLICY tenant_other ON tenant_notes USING (id = 5);
SELECT tenant_try('tenant = 1');
-- a second one that says the same hides and shows nothing
ALTER POLICY tenant_other ON tenant_notes USING (tenant = 1);
SELECT tenant_try('tenant = 1'), tenant_try('tenant = 2');
DROP POLICY tenant_other ON tenant_notes;
CREATE VIEW tenant_barrier WITH (security_barrier) AS SELECT * FROM tenant_notes WHERE id > 5;
ALTER VIEW tenant_barrier OWNER TO regress_tenant;
GRANT SELECT ON tenant_barrier TO regress_tenant;
SELECT tenant_try('tenant = 1', 'SELECT id FROM tenant_barrier ORDER BY words <@> ''w1'' LIMIT 1');
DROP VIEW tenant_barrier;
-- nor does a condition of the user make a tenant
SELECT tenant_try('id > 0', 'SELECT id FROM tenant_notes WHERE tenant = 1 ORDER BY words <@> ''w1'' LIMIT 1');

-- test: rows that INSERT returns, EXCLUDED and partitions have no conditions of the policy, and are an error as well
GRANT SELECT, INSERT, UPDATE ON tenant_notes TO regress_tenant;
SELECT statement, tenant_try('tenant = 1', statement) FROM unnest(ARRAY['INSERT INTO tenant_notes VALUES (-5, 1) RETURNING words <@> ''w1''',
	'INSERT INTO tenant_notes VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET secret = excluded.words <@> ''w1'' < -1',
	'INSERT INTO tenant_notes VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET secret = false WHERE tenant_notes.words <@> ''w1'' < -1']) statement;
CREATE TABLE tenant_whole (tenant int, words tsvector) PARTITION BY LIST (tenant);
CREATE TABLE tenant_whole1 PARTITION OF tenant_whole DEFAULT;
CREATE INDEX ON tenant_whole1 USING hnsw (words bm25_ops, tenant);
CREATE TABLE tenant_parent (tenant int, words tsvector);
CREATE TABLE tenant_child () INHERITS (tenant_parent);
CREATE INDEX ON tenant_child USING hnsw (words bm25_ops, tenant);
ALTER TABLE tenant_whole ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_parent ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_whole USING (tenant = 1);
CREATE POLICY tenant_policy ON tenant_parent USING (tenant = 1);
CREATE VIEW tenant_barrier WITH (security_barrier) AS SELECT * FROM tenant_child WHERE tenant = 1;
CREATE VIEW tenant_above AS SELECT * FROM tenant_barrier;
GRANT SELECT, INSERT ON tenant_whole, tenant_parent, tenant_child, tenant_above TO regress_tenant;
SELECT statement, tenant_try('tenant = 1', statement) FROM unnest(ARRAY['SELECT 1 FROM tenant_whole WHERE words <@> ''w1'' < -1', 'SELECT 1 FROM tenant_parent WHERE words <@> ''w1'' < -1',
	'INSERT INTO tenant_above VALUES (1) RETURNING words <@> ''w1''', 'INSERT INTO tenant_child VALUES (1) RETURNING words <@> ''w1''']) statement;
DROP VIEW tenant_above, tenant_barrier;
DROP TABLE tenant_whole, tenant_child, tenant_parent;

-- test: no user can ask for a tenant's words by the function
SELECT * FROM error_of('SELECT bm25_weighed(bm25_weigh(''tenant_words'', ''w1''), ''w1'', 2)');
SET ROLE regress_tenant;
SELECT * FROM error_of('SELECT bm25_weigh(''tenant_words'', ''w1'')');
RESET ROLE;

-- test: a plan for all values, of a setting that changes, and of NULL
SELECT tenant_try('tenant = nullif(current_setting(''app.tenant''), '''')::int');
SET ROLE regress_tenant;
SET plan_cache_mode = force_generic_plan;
PREPARE tenant_search(tsquery) AS SELECT count(*), count(DISTINCT tenant), min(words <@> $1) < 0 AS scored FROM tenant_notes WHERE words <@> $1 < 0;
SET app.tenant = 1;
EXECUTE tenant_search('w1');
SET app.tenant = 9;
EXECUTE tenant_search('w1');
SET app.tenant = '';
EXECUTE tenant_search('w1');
SET app.tenant = 1;
-- what makes the words sees no row, so that their scores are still bounded by the index; a function of the row is called later
PREPARE tenant_words_of(text) AS SELECT count(*) FROM tenant_notes WHERE words <@> websearch_to_tsquery('simple', $1) < 0;
SELECT plan_lines('EXECUTE tenant_words_of(''w1'')');
EXECUTE tenant_words_of('w1');
PREPARE tenant_words_by(text) AS SELECT count(*) FROM tenant_notes WHERE words <@> websearch_to_tsquery('simple', $1 || left(id::text, 0)) < 0;
SELECT plan_lines('EXECUTE tenant_words_by(''w1'')');
EXECUTE tenant_words_by('w1');
RESET plan_cache_mode;
DEALLOCATE tenant_search;
DEALLOCATE tenant_words_of;
DEALLOCATE tenant_words_by;
RESET ROLE;

-- test: rows are read once for each search of a statement, also where a loop comes back to many of them
CREATE SEQUENCE tenant_reads;
CREATE FUNCTION tenant_read(tenant int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM nextval('public.tenant_reads'); RETURN tenant; END $$;
CREATE TABLE tenant_counted AS SELECT i AS id, i % 2 AS tenant, tenant_document(i) AS words FROM generate_series(1, 10) i;
CREATE INDEX ON tenant_counted USING hnsw (words bm25_ops, tenant_read(tenant));
CREATE TABLE tenant_searches AS SELECT ('w' || i % 90 || ' | s' || i)::tsquery AS q FROM generate_series(1, 1500) i;
ALTER TABLE tenant_counted ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_counted USING (tenant_read(tenant) = 1);
GRANT SELECT ON tenant_counted, tenant_searches TO regress_tenant;
GRANT USAGE ON SEQUENCE tenant_reads TO regress_tenant;
SELECT setval('tenant_reads', 1);
SET ROLE regress_tenant;
SELECT count(*) AS found, sum(score) AS scores FROM tenant_counted d, LATERAL (SELECT d.words <@> s.q AS score FROM tenant_searches s WHERE d.words <@> s.q < 0 OFFSET 0) s \gset
RESET ROLE;
SELECT last_value BETWEEN 7500 AND 7600 AS once FROM tenant_reads;
-- memory for a few: they are counted again, with the same scores
SET ROLE regress_tenant;
SET work_mem = '64kB';
SELECT count(*) = :found AND :found > 500 AND sum(score) = :scores AS same FROM tenant_counted d, LATERAL (SELECT d.words <@> s.q AS score FROM tenant_searches s WHERE d.words <@> s.q < 0 OFFSET 0) s;
RESET work_mem;
RESET ROLE;
SELECT last_value > 15000 AS again FROM tenant_reads;
DROP TABLE tenant_counted, tenant_searches;
DROP FUNCTION tenant_read;
DROP SEQUENCE tenant_reads;

-- test: no row is read of pages that all see, and of others those that lists do not have; scores are the same
CREATE SEQUENCE tenant_reads;
CREATE FUNCTION tenant_read(tenant int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM nextval('public.tenant_reads'); RETURN tenant; END $$;
CREATE TABLE tenant_counted WITH (fillfactor = 50) AS SELECT i AS id, i % 3 AS tenant, CASE WHEN i > 3000 THEN repeat('a b c d e f ', 100)::tsvector ELSE tenant_document(i) END AS words FROM generate_series(1, 3010) i;
CREATE INDEX ON tenant_counted USING hnsw (words bm25_ops, tenant_read(tenant));
CREATE INDEX tenant_plain ON tenant_counted USING hnsw (words bm25_ops, tenant);
ALTER TABLE tenant_counted ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_counted USING (tenant_read(tenant) = 1);
GRANT SELECT ON tenant_counted TO regress_tenant;
GRANT USAGE ON SEQUENCE tenant_reads TO regress_tenant;
-- the rows that a search reads, and whether its scores are those of a count of rows
CREATE FUNCTION tenant_reads(OUT rows_read int, OUT same bool) LANGUAGE plpgsql AS $$
DECLARE
	scores float8[];
	truth float8[];
BEGIN
	-- a plan is made first, which calls the function as well
	SET LOCAL ROLE regress_tenant;
	PERFORM words <@> 'w1 | b' FROM tenant_counted ORDER BY words <@> 'w1 | b' LIMIT 10;
	RESET ROLE;
	PERFORM setval('tenant_reads', 1);
	SET LOCAL ROLE regress_tenant;
	SELECT array_agg(s ORDER BY s) INTO scores FROM (SELECT words <@> 'w2 | w3 | b' AS s FROM tenant_counted ORDER BY words <@> 'w2 | w3 | b' LIMIT 10) t;
	RESET ROLE;
	SELECT last_value - 1 INTO rows_read FROM tenant_reads;
	DROP TABLE IF EXISTS tenant_alone;
	CREATE TEMP TABLE tenant_alone AS SELECT words FROM tenant_counted WHERE tenant = 1;
	CREATE INDEX ON tenant_alone USING hnsw (words bm25_ops);
	SELECT array_agg(s ORDER BY s) INTO truth FROM (SELECT words <@> 'w2 | w3 | b' AS s FROM tenant_alone ORDER BY words <@> 'w2 | w3 | b' LIMIT 10) t;
	same := scores = truth;
END
$$;
SET client_min_messages = warning;
VACUUM tenant_counted;
SELECT * FROM tenant_reads();
-- rows that are gone, and their pages, which all see again after VACUUM
DELETE FROM tenant_counted WHERE id % 7 = 0;
SELECT * FROM tenant_reads();
VACUUM tenant_counted;
SELECT * FROM tenant_reads();
-- of rows that come, and take the place of others, these alone are read
INSERT INTO tenant_counted SELECT i, 1, tenant_document(i, 3) FROM generate_series(4001, 4100) i;
SELECT * FROM tenant_reads();
VACUUM tenant_counted;
SELECT * FROM tenant_reads();
RESET client_min_messages;
SELECT lokivector_check('tenant_plain', true) IS NOT NULL AS checked;
DROP TABLE tenant_counted;
DROP FUNCTION tenant_read, tenant_reads;
DROP SEQUENCE tenant_reads;

-- test: tenants by names and by other types, of partitions and expressions
CREATE TABLE tenant_parts (id int, owner text, account uuid, data jsonb, held bool) PARTITION BY RANGE (id);
CREATE TABLE tenant_part1 PARTITION OF tenant_parts FOR VALUES FROM (0) TO (100);
CREATE TABLE tenant_part2 PARTITION OF tenant_parts FOR VALUES FROM (100) TO (1000);
INSERT INTO tenant_parts SELECT i, CASE WHEN i % 3 = 0 THEN 'regress_tenant' ELSE 'others' END, md5((i % 2)::text)::uuid, jsonb_build_object('t', i % 4, 'text', 'w' || i % 10 || ' w' || i % 6), nullif(i % 3, 2) = 1 FROM generate_series(1, 300) i;
CREATE INDEX tenant_parts_words ON tenant_parts USING hnsw (to_tsvector('simple', data ->> 'text') bm25_ops, owner, account, (data ->> 't'), held);
GRANT SELECT ON tenant_parts TO regress_tenant;
ALTER TABLE tenant_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_parts USING (owner = current_user);
CREATE FUNCTION tenant_parts_seen(policy text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	found text;
	truth text;
BEGIN
	EXECUTE format('ALTER POLICY tenant_policy ON tenant_parts USING (%s)', policy);
	SET LOCAL ROLE regress_tenant;
	SELECT string_agg(id || ' ' || score, ',' ORDER BY score, id) INTO found
	FROM (SELECT id, to_tsvector('simple', data ->> 'text') <@> 'w1 | w2' AS score FROM tenant_parts) s WHERE score < 0;
	-- the formula, of the rows that are seen
	WITH docs AS (SELECT id, to_tsvector('simple', data ->> 'text') AS words, 2 AS length FROM tenant_parts),
		seen AS (SELECT count(*)::float8 AS n, avg(length)::float8 AS mean FROM docs),
		terms AS (SELECT w, ln(1 + (n - d + 0.5) / (d + 0.5)) * 2.2 AS weight FROM seen, (SELECT w, count(*)::float8 AS d FROM docs, unnest('{w1,w2}'::text[]) w WHERE words @@ w::tsquery GROUP BY w) c),
		scores AS (SELECT id, -sum(weight * tf / (tf + 1.2 * (1 - 0.75 + 0.75 * length / mean))) AS score
			FROM seen, terms, docs, LATERAL (SELECT cardinality(positions)::float8 AS tf FROM unnest(words) u WHERE lexeme = w) o GROUP BY id)
	SELECT CASE WHEN count(*) = count(*) FILTER (WHERE abs(scores.score - f.score) < 1e-5) THEN 'same' ELSE 'differs' END || ' ' || (count(*) > 15)
	INTO truth FROM scores FULL JOIN (SELECT split_part(x, ' ', 1)::int AS id, split_part(x, ' ', 2)::float8 AS score FROM regexp_split_to_table(found, ',') x) f USING (id);
	RESET ROLE;
	RETURN truth;
END
$$;
SELECT policy, tenant_parts_seen(policy) FROM unnest(ARRAY['owner = current_user', 'owner::varchar::text = current_user::text', 'account = md5(''1'')::uuid', 'data ->> ''t'' = ''2''',
	'held', 'held = true', 'held IS TRUE', 'NOT held', 'held = false', 'held IS FALSE']) policy;
SELECT policy, (error_of(format('SELECT tenant_parts_seen(%L)', policy))).message FROM unnest(ARRAY['held IS NOT TRUE', 'held IS NOT FALSE', 'held IS UNKNOWN', 'held IS NOT DISTINCT FROM NULL', 'owner IS NOT DISTINCT FROM current_user', 'held IS DISTINCT FROM true']) policy;

-- test: without a policy statistics_by asks for the same: scores are those that the policy's reader sees, bit by bit
SELECT tenant_try('tenant = current_setting(''app.tenant'')::int');
CREATE FUNCTION tenant_scored(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(id || '' '' || encode(float8send(s), ''hex''), '','' ORDER BY s, id) FROM (SELECT id, words <@> ''w1 | w96'' AS s FROM tenant_notes WHERE %s ORDER BY words <@> ''w1 | w96'', id LIMIT 50) t', condition) INTO result;
	RETURN result;
END
$$;
SET app.tenant = 2;
SET ROLE regress_tenant;
SELECT tenant_scored('true') AS by_policy \gset
RESET ROLE;
SELECT tenant_scored('tenant = 2') = :'by_policy' AS without;
ALTER INDEX tenant_words SET (statistics_by = tenant);
SELECT condition, tenant_scored(condition) = :'by_policy' AS same FROM unnest(ARRAY['tenant = 2', '2::bigint = tenant', 'tenant = current_setting(''app.tenant'')::int AND id IS NOT NULL', '(tenant = 2 AND id > 0) AND NOT secret']) condition;
SELECT encode(float8send(s.score), 'hex') = split_part(split_part(:'by_policy', ',', 1), ' ', 2) AS same FROM (SELECT id, tenant, words <@> 'w1 | w96' AS score FROM tenant_notes) s WHERE tenant = 2 ORDER BY score, id LIMIT 1;
PREPARE tenant_search(int, text) AS SELECT encode(float8send(min(words <@> 'w1 | w96')), 'hex') = split_part(split_part($2, ',', 1), ' ', 2) AS same FROM tenant_notes WHERE tenant = $1;
EXECUTE tenant_search(2, :'by_policy');
SET plan_cache_mode = force_generic_plan;
EXECUTE tenant_search(2, :'by_policy');
EXECUTE tenant_search(1, :'by_policy');
RESET plan_cache_mode;
-- a join's condition states it of the side that has no rows else, and of no other
CREATE FUNCTION tenant_joined(tables text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT encode(float8send(min(n.words <@> ''w1 | w96'')), ''hex'') FROM %s', tables) INTO result;
	RETURN CASE WHEN result = split_part(split_part(tenant_scored('tenant = 2'), ',', 1), ' ', 2) THEN 'same' ELSE 'differs' END;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN SQLERRM;
END
$$;
SELECT tables, tenant_joined(tables) FROM unnest(ARRAY['(VALUES (1), (2)) a (i) LEFT JOIN tenant_notes n ON n.tenant = 2 AND i = 2', 'tenant_notes n RIGHT JOIN (VALUES (1), (2)) a (i) ON n.tenant = 2 AND i = 2',
	'(VALUES (1)) v JOIN (tenant_notes n JOIN (VALUES (2)) a (i) ON n.tenant = 2 AND i > 0) ON true', 'tenant_notes n WHERE EXISTS (SELECT FROM tenant_seen s WHERE s.n >= 0 AND n.id > s.n - 1000 AND n.tenant = 2)',
	'tenant_notes n LEFT JOIN (VALUES (1)) a (i) ON n.tenant = 2', '(VALUES (1)) a (i) RIGHT JOIN tenant_notes n ON n.tenant = 2', 'tenant_notes n FULL JOIN (VALUES (2)) a (i) ON n.tenant = i AND n.tenant = 2',
	'tenant_notes n WHERE NOT EXISTS (SELECT FROM tenant_seen s WHERE n.id = s.n AND n.tenant = 2)']) tables;
SELECT EXISTS (SELECT FROM tenant_notes WHERE tenant = 2 AND words <@> 'w1' < 0), count(*) FILTER (WHERE s.n = 0) AS zero FROM tenant_seen s WHERE EXISTS (SELECT FROM tenant_notes n WHERE n.id > s.n AND n.tenant = 2 AND n.words <@> 'w1' < 0);
SELECT count(*) AS none FROM tenant_seen s WHERE NOT EXISTS (SELECT FROM tenant_notes n WHERE n.id > -s.n AND n.tenant = 2 AND n.words <@> 'w1' < 0);
DROP FUNCTION tenant_joined;
-- a policy counts as before; who states another value sees nothing
SET ROLE regress_tenant;
SELECT tenant_scored('true') = :'by_policy' AS same, tenant_scored('tenant = 1') IS NULL AS none;
RESET ROLE;

-- test: a query that states no tenant is an error, but by an index that it names
SELECT condition, e.* FROM unnest(ARRAY['true', 'tenant = 1 OR tenant = 2', 'tenant = ANY (''{1,2}'')', 'tenant > 1', 'tenant = id', 'id = 2', 'tenant = (SELECT 2)']) condition,
	error_of(format('SELECT id FROM tenant_notes WHERE %s ORDER BY words <@> ''w1'' LIMIT 1', condition)) e;
SELECT (error_of('SELECT o.n, s.score FROM tenant_seen o, LATERAL (SELECT words <@> ''w1'' AS score FROM tenant_notes WHERE tenant = o.n ORDER BY 1 LIMIT 1) s')).message;
SELECT (error_of('INSERT INTO tenant_notes VALUES (-5, 1) RETURNING words <@> ''w1''')).message;
SELECT count(*) FROM (SELECT id FROM tenant_notes ORDER BY words <@@> bm25_weigh('tenant_words', 'w1') LIMIT 3) s;
EXECUTE tenant_search(2, :'by_policy');
-- nor does an index of all rows that is made later change a score where one is stated; elsewhere it counts
CREATE INDEX tenant_later ON tenant_notes USING hnsw (words bm25_ops);
EXECUTE tenant_search(2, :'by_policy');
SELECT tenant_scored('true') IS NOT NULL AS scored;
ALTER INDEX tenant_later SET (shared_statistics = true);
SET ROLE regress_tenant;
SELECT tenant_scored('true') = :'by_policy' AS same;
RESET ROLE;
DROP INDEX tenant_later;
-- with shared_statistics as well, a policy of several parts states it
ALTER INDEX tenant_words SET (shared_statistics = true);
SELECT condition, tenant_try(condition, 'SELECT count(*) FROM tenant_notes WHERE words <@> ''w1'' < 0') FROM unnest(ARRAY['tenant = 2 AND NOT secret', 'tenant = 2 OR secret', 'tenant = ANY (''{2}'')']) condition;
SELECT tenant_try('tenant = current_setting(''app.tenant'')::int AND NOT secret');
SET ROLE regress_tenant;
SELECT tenant_scored('true') = :'by_policy' AS same;
RESET ROLE;
-- a function of the query that states a tenant sees no row before the policy, so the index looks no bound up
CREATE FUNCTION tenant_told() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 2; END';
ALTER POLICY tenant_policy ON tenant_notes USING (NOT secret);
SET ROLE regress_tenant;
SELECT DISTINCT substring(line, 'Filter|Distance Bound') AS bound
FROM plan_lines('SELECT id FROM tenant_notes WHERE tenant = tenant_told() AND words <@> ''w1'' < 0 ORDER BY words <@> ''w1'' LIMIT 3') line WHERE line ~ '< ''0''';
SELECT DISTINCT substring(line, 'Filter|Distance Bound') AS bound
FROM plan_lines('SELECT id FROM tenant_notes WHERE tenant = 2 AND words <@> ''w1'' < 0 ORDER BY words <@> ''w1'' LIMIT 3') line WHERE line ~ '< ''0''';
RESET ROLE;
DROP FUNCTION tenant_told;
SELECT tenant_try('tenant = current_setting(''app.tenant'')::int');
ALTER INDEX tenant_words RESET (shared_statistics);
-- why a row is not found goes by the same scores
SELECT id AS nearest, ctid AS place FROM tenant_notes WHERE tenant = 2 ORDER BY words <@> 'w1 | w96', id LIMIT 1 \gset
SELECT verdict, encode(float8send(distance), 'hex') = split_part(split_part(:'by_policy', ',', 1), ' ', 2) AS same FROM lokivector_why('tenant_words', 'w1 | w96', :'place', 500, 'tenant = 2');
SELECT (error_of(format('SELECT * FROM lokivector_why(''tenant_words'', ''w1'', %L, 500)', :'place'))).message;
SET ROLE regress_tenant;
SELECT verdict, encode(float8send(distance), 'hex') = split_part(split_part(:'by_policy', ',', 1), ' ', 2) AS same FROM lokivector_why('tenant_words', 'w1 | w96', :'place', 500);
RESET ROLE;
ALTER INDEX tenant_words RESET (statistics_by);
EXECUTE tenant_search(2, :'by_policy');
DEALLOCATE tenant_search;

-- test: an index of all rows comes before a partial one that counts by tenant, which counts the rows that it has
CREATE TABLE tenant_langs AS SELECT i AS id, i % 3 AS tenant, i % 2 = 0 AS english, tenant_document(i) AS words FROM generate_series(1, 900) i;
CREATE INDEX tenant_all ON tenant_langs USING hnsw (words bm25_ops);
CREATE FUNCTION tenant_langs(rows text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT string_agg(id || '' '' || encode(float8send(s), ''hex''), '','' ORDER BY s, id) FROM (SELECT id, words <@> ''w1 | w96'' AS s FROM %s ORDER BY words <@> ''w1 | w96'', id LIMIT 20) t', rows) INTO result;
	RETURN result;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	RETURN SQLERRM;
END
$$;
SELECT tenant_langs('tenant_langs WHERE english AND tenant = 1') AS by_all \gset
CREATE INDEX tenant_english ON tenant_langs USING hnsw (words bm25_ops, tenant) WITH (statistics_by = tenant) WHERE english;
SELECT tenant_langs('tenant_langs WHERE english AND tenant = 1') = :'by_all' AS by_all, tenant_langs('tenant_langs WHERE english') NOT LIKE 'scores%' AS scored;
DROP INDEX tenant_all;
CREATE TEMP TABLE tenant_few AS SELECT id, words FROM tenant_langs WHERE english AND tenant = 1;
CREATE INDEX ON tenant_few USING hnsw (words bm25_ops);
SELECT tenant_langs('tenant_langs WHERE english AND tenant = 1') = tenant_langs('tenant_few') AS by_tenant;
SELECT tenant_langs('tenant_langs WHERE english');
SELECT (error_of('SELECT words <@> ''w1'' FROM tenant_langs WHERE tenant = 1')).message;
-- under a policy as well, whatever the query says of the rest
CREATE INDEX tenant_all ON tenant_langs USING hnsw (words bm25_ops, tenant);
ALTER TABLE tenant_langs ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant_policy ON tenant_langs USING (tenant = 1);
GRANT SELECT ON tenant_langs TO regress_tenant;
DROP TABLE tenant_few;
CREATE TEMP TABLE tenant_few AS SELECT id, english, words FROM tenant_langs WHERE tenant = 1;
CREATE INDEX ON tenant_few USING hnsw (words bm25_ops);
SELECT tenant_langs('tenant_few WHERE english') AS by_tenant \gset
SET ROLE regress_tenant;
SELECT tenant_langs('tenant_langs WHERE english') = :'by_tenant' AS same;
RESET ROLE;
DROP TABLE tenant_few, tenant_langs;
DROP FUNCTION tenant_langs;

-- test: statistics_by names a column of the index after its first: else builds warn, and queries fail
ALTER INDEX tenant_words SET (statistics_by = words);
SELECT * FROM error_of('SELECT id FROM tenant_notes WHERE tenant = 1 ORDER BY words <@> ''w1'' LIMIT 1');
ALTER INDEX tenant_words SET (statistics_by = tenants);
SELECT (error_of('SELECT id FROM tenant_notes WHERE tenant = 1 ORDER BY words <@> ''w1'' LIMIT 1')).message;
REINDEX INDEX tenant_words;
CREATE TABLE tenant_renamed (words tsvector, owner int);
CREATE INDEX tenant_renamed_words ON tenant_renamed USING hnsw (words bm25_ops, owner) WITH (statistics_by = tenant);
TRUNCATE tenant_renamed;
DROP TABLE tenant_renamed;
ALTER INDEX tenant_words SET (statistics_by = tenant);
ALTER TABLE tenant_notes RENAME secret TO hidden;
ALTER TABLE tenant_notes RENAME hidden TO secret;
SELECT count(*) FROM (SELECT id FROM tenant_notes WHERE tenant = 1 ORDER BY words <@> 'w1' LIMIT 3) s;
-- of a partitioned table another index has the new name
ALTER INDEX tenant_parts_words RENAME TO tenant_parts_before;
CREATE INDEX tenant_parts_words ON tenant_parts USING hnsw (to_tsvector('simple', data ->> 'text') bm25_ops, held) WITH (statistics_by = held);
DROP INDEX tenant_parts_before;
SELECT count(to_tsvector('simple', data ->> 'text') <@> 'w1') FROM tenant_parts WHERE held;
ALTER TABLE tenant_parts RENAME held TO kept;
SELECT * FROM error_of('SELECT to_tsvector(''simple'', data ->> ''text'') <@> ''w1'' FROM tenant_parts WHERE kept');
CREATE INDEX tenant_parts_after ON tenant_parts USING hnsw (to_tsvector('simple', data ->> 'text') bm25_ops, kept) WITH (statistics_by = kept);
DROP INDEX tenant_parts_words;
SELECT count(to_tsvector('simple', data ->> 'text') <@> 'w1') FROM tenant_parts WHERE kept;
ALTER INDEX tenant_words SET (statistics_by = '');
SELECT count(*) FROM (SELECT id FROM tenant_notes ORDER BY words <@> 'w1' LIMIT 3) s;
ALTER INDEX tenant_words RESET (statistics_by);
DROP FUNCTION tenant_scored;
SET app.tenant = 1;

-- test: indexes without the tenant's column, with shared statistics, and of other roles
SELECT tenant_try('tenant = 1');
DROP INDEX tenant_words;
CREATE INDEX tenant_words ON tenant_notes USING hnsw (words bm25_ops);
SELECT tenant_try('tenant = 1');
ALTER INDEX tenant_words SET (shared_statistics = true);
SELECT tenant_try('tenant = 1');

DROP TABLE tenant_notes, tenant_parts, tenant_alone, tenant_scores, tenant_seen;
DROP FUNCTION tenant_document, tenant_answers, tenant_step, tenant_try, tenant_parts_seen;
DROP ROLE regress_tenant;
