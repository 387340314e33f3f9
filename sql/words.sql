-- BM25: an index of words answers as a sort does, by scores as they are defined

CREATE FUNCTION document(n int, length int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	-- some words are frequent, and some occur more than once
	SELECT coalesce(string_agg('w' || (power(abs(hashint8extended(n, i) % 100000) / 100000.0, 3) * 800)::int
		|| ':' || i, ' '), '')::tsvector
	FROM generate_series(1, length) i
$$;
CREATE TABLE docs (id int PRIMARY KEY, tenant int, words tsvector);
INSERT INTO docs SELECT i, i % 7, CASE WHEN i % 50 <> 0 THEN document(i, 3 + i * 7 % 60) END FROM generate_series(1, 4000) i;
INSERT INTO docs SELECT i, i % 7, strip(document(i, 30)) FROM generate_series(4001, 4200) i;
INSERT INTO docs VALUES (5000, 3, ''), (5001, 3, 'w1:1,2,3,4,5,6,7,8,9 w700:10');

-- The score by the formula alone, from an array of words, of what the table has
CREATE FUNCTION reference(documents regclass, k1 float8, b float8, search text[]) RETURNS TABLE (id int, score float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$
		WITH word AS MATERIALIZED (SELECT d.id, u.lexeme, coalesce(cardinality(u.positions), 1) AS tf FROM %1$s d, unnest(d.words) u),
		document AS (SELECT d.id, coalesce(sum(tf), 0)::float8 AS length FROM %1$s d LEFT JOIN word USING (id) WHERE d.words IS NOT NULL GROUP BY d.id),
		every AS (SELECT count(*)::float8 AS n, avg(length) AS mean FROM document),
		df AS (SELECT lexeme, count(*)::float8 AS n FROM word WHERE lexeme = ANY ($3) GROUP BY lexeme)
		SELECT document.id, coalesce(sum(ln(1 + (every.n - df.n + 0.5) / (df.n + 0.5))
			* tf * ($1 + 1) / (tf + $1 * (1 - $2 + $2 * length / mean))), 0)
		FROM every CROSS JOIN document LEFT JOIN (word JOIN df USING (lexeme)) ON word.id = document.id
		GROUP BY document.id $q$, documents) USING k1, b, search;
END
$$;

-- test: without lists, with those of a build, and with other parameters: scores are those of the formula
SELECT words <@> 'w1'::tsquery FROM docs LIMIT 1;
CREATE TABLE few AS SELECT * FROM docs WHERE id <= 300;
CREATE INDEX few_words ON few USING hnsw (words bm25_ops);
CREATE INDEX docs_words ON docs USING hnsw (words bm25_ops, tenant);
SELECT count(*) FILTER (WHERE about = 'dimensions') AS of_dimensions FROM lokivector_advice('docs_words');
CREATE FUNCTION wrong(documents regclass, k1 float8, b float8) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	wrong bigint;
BEGIN
	EXECUTE format('SELECT count(*) FROM %s d JOIN reference(%L, $1, $2, ''{w1,w30,w700}'') r USING (id) WHERE abs(r.score + (d.words <@> ''w1 & w30 | w700 & !w2'')) > 1e-5', documents, documents) USING k1, b INTO wrong;
	RETURN wrong;
END
$$;
SELECT wrong('docs', 1.2, 0.75) AS docs, wrong('few', 1.2, 0.75) AS few;
ALTER INDEX few_words SET (k1 = 2, b = 0.3);
ALTER INDEX docs_words SET (k1 = 0, b = 1);
SELECT wrong('docs', 0, 1) AS docs, wrong('few', 2, 0.3) AS few;
-- ... which lists are not of before VACUUM
SELECT unlisted_nodes = nodes AS none FROM lokivector_index_info('docs_words');
-- Equal documents count one by one
CREATE TABLE equal AS SELECT * FROM docs UNION ALL SELECT i, 3, CASE WHEN i % 2 = 0 THEN document(77, 20) ELSE '' END FROM generate_series(6000, 6199) i;
CREATE INDEX equal_words ON equal USING hnsw (words bm25_ops, tenant);
SELECT wrong('equal', 1.2, 0.75) AS equal;
-- ... nearly so after all were updated: a row may join the node of an equal one that stays
ALTER TABLE equal SET (autovacuum_enabled = off);
UPDATE equal SET id = id;
VACUUM equal;
SELECT rows - live < 32 AS nearly FROM lokivector_index_info('equal_words');
DROP TABLE equal;

-- Statements whose rows differ in score from those of a plan without the index
CREATE FUNCTION different(filter text, statements int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	search tsquery;
	statement text;
	exact float8[];
	found float8[];
	plan text;
BEGIN
	FOR i IN 1..statements LOOP
		search := array_to_string(ARRAY(SELECT lexeme FROM unnest(document(-i, 1 + i % 5))), CASE WHEN i % 3 = 0 THEN ' & ' ELSE ' | ' END);
		statement := format('SELECT array_agg(d ORDER BY place) FROM (SELECT row_number() OVER () AS place, d FROM (SELECT words <@> %1$L::tsquery AS d FROM docs WHERE %2$s ORDER BY words <@> %1$L::tsquery LIMIT %3$s) a) b',
			search, replace(filter, '$1', quote_literal(search)), 1 + i * 13 % 90);
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_seqscan = on;
		EXECUTE statement INTO exact;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE statement INTO found;
		IF found IS DISTINCT FROM exact THEN
			RETURN NEXT format('%s %s: %s, not %s', filter, search, found, exact);
		END IF;
	END LOOP;
END
$$;
CREATE FUNCTION all_different(statements int) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT different(filter, statements)
	FROM unnest('{true,tenant = 3,"tenant IN (1, 5) AND id % 3 = 0",words @@ $1,words <@> $1 < -2}'::text[]) filter
$$;

-- test: equal to a sort, with lists of other parameters, after a build, and after what came then
SELECT all_different(10);
REINDEX INDEX docs_words;
SELECT all_different(60);
ALTER INDEX docs_words RESET (k1, b);
VACUUM docs;
SELECT wrong('docs', 1.2, 0.75);
SELECT all_different(60);
DELETE FROM docs WHERE id % 11 = 0;
UPDATE docs SET words = document(id, 20) WHERE id % 13 = 0;
UPDATE docs SET tenant = 3 WHERE id % 17 = 0;
INSERT INTO docs SELECT i, i % 7, document(i, 100) FROM generate_series(6000, 7500) i;
SELECT all_different(60);
SELECT lokivector_check('docs_words', true);
VACUUM docs;
SELECT all_different(60);
SELECT wrong('docs', 1.2, 0.75);
SELECT lokivector_check('docs_words', true);
SELECT dimensions, metric, code FROM lokivector_index_info('docs_words');

-- test: no words
SELECT count(d), min(d) FROM (SELECT words <@> '!w1' AS d FROM docs ORDER BY words <@> '!w1' LIMIT 5) s;
SELECT count(d) FROM (SELECT words <@> NULL::tsquery AS d FROM docs ORDER BY 1 LIMIT 5) s;

-- test: plans
EXPLAIN (COSTS off) SELECT id FROM docs ORDER BY words <@> 'w1 | w5' LIMIT 5;
EXPLAIN (COSTS off) SELECT id FROM docs WHERE tenant = 3 AND words <@> 'w1 | w5' < -1 ORDER BY bm25_distance(words, 'w1 | w5') LIMIT 5;
EXPLAIN (COSTS off) SELECT id FROM docs ORDER BY words <@@> bm25_weigh('docs_words', 'w1 | w5') LIMIT 5;
PREPARE search AS SELECT id, (words <@> $1)::numeric(7, 4) FROM docs ORDER BY words <@> $1, id LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS off) EXECUTE search('w1 | w5');
EXECUTE search('w1 & w700');
EXECUTE search('w700');
RESET plan_cache_mode;
SELECT bm25_weigh('docs_words', 'w1 & w30 & !w2 & (w30 | unheard)');
-- what a search did: entries of the lists of its words count as nodes that were scored
VACUUM docs;
SELECT count(*) AS entries FROM docs, unnest(words) WHERE lexeme IN ('w1', 'w5');
SELECT count(*) FROM (SELECT id FROM docs ORDER BY words <@> 'w1 | w5' LIMIT 5) s;
SELECT strategy, nodes_scored, heap_fetches BETWEEN 5 AND 50 AS few, rows FROM lokivector_scan_stats();
SELECT * FROM (SELECT id FROM docs ORDER BY words <@> '' LIMIT 5) s ORDER BY id;
SELECT strategy, nodes_scored FROM lokivector_scan_stats();

-- test: VACUUM counts words again when 2 % of the documents have come or gone
CREATE TABLE counted (id int, words tsvector) WITH (autovacuum_enabled = off);
INSERT INTO counted SELECT i, ('common w' || i)::tsvector FROM generate_series(1, 2000) i;
CREATE INDEX counted_words ON counted USING hnsw (words bm25_ops);
INSERT INTO counted SELECT i, 'new'::tsvector FROM generate_series(2001, 2030) i;
VACUUM counted;
SELECT bm25_weigh('counted_words', 'new | common');
INSERT INTO counted SELECT i, 'new'::tsvector FROM generate_series(2031, 2060) i;
VACUUM counted;
SELECT bm25_weigh('counted_words', 'new | common');
DELETE FROM counted WHERE id <= 1900;
VACUUM counted;
SELECT bm25_weigh('counted_words', 'new | common');
SELECT wrong('counted', 1.2, 0.75);
DELETE FROM counted;
VACUUM counted;
SELECT bm25_weigh('counted_words', 'new | common');
DROP TABLE counted;

-- test: documents of more words than a sparse vector has elements count as others do
CREATE TABLE lengthy AS SELECT id, words FROM docs WHERE id <= 1500 AND words IS NOT NULL;
INSERT INTO lengthy SELECT 6000 + n, ('w1 w700 ' || string_agg('l' || i, ' '))::tsvector FROM generate_series(1, 2) n, generate_series(1, 17000 + 3000 * n) i GROUP BY n;
INSERT INTO lengthy SELECT i, words FROM docs, generate_series(6100, 6120) i WHERE docs.id = 1;
CREATE INDEX lengthy_words ON lengthy USING hnsw (words bm25_ops);
SELECT wrong('lengthy', 1.2, 0.75), unlisted_nodes FROM lokivector_index_info('lengthy_words');
SELECT lokivector_check('lengthy_words', true);
SET enable_seqscan = off;
SELECT id FROM lengthy ORDER BY words <@> 'l17001' LIMIT 2;
RESET enable_seqscan;
DROP TABLE lengthy;

-- test: a condition that the nearest rows meet
CREATE TABLE words_many (id integer, words tsvector);
INSERT INTO words_many SELECT i, to_tsvector('simple', 'all w' || i % 20 || ' x' || i % 21 || ' y' || i % 2000) FROM generate_series(1, 20000) i;
CREATE INDEX words_many_words ON words_many USING hnsw (words bm25_ops);
CREATE INDEX words_many_gin ON words_many USING gin (words);
VACUUM ANALYZE words_many;
EXPLAIN (COSTS OFF) SELECT id FROM words_many WHERE words @@ 'w3' ORDER BY words <@> 'w3' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM words_many WHERE words @@ 'w3 & all' ORDER BY words <@> 'w3 & all' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM words_many WHERE words @@ 'y3' ORDER BY words <@> 'y3' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM words_many WHERE words @@ 'w3' ORDER BY words <@> 'w4' LIMIT 10;
-- a user's function
CREATE FUNCTION words_w3() RETURNS weighed_tsquery LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN bm25_weigh('words_many_words', 'w3'); END $$;
SELECT count(*), min(d) = max(d) AS same FROM (SELECT words <@@> words_w3() AS d FROM words_many WHERE words @@ 'w3'
	ORDER BY words <@@> words_w3() LIMIT 10) s;
DROP FUNCTION words_w3;
DROP TABLE words_many;

-- test: through views, subqueries and joins; by an expression; in partitions
CREATE VIEW seen AS SELECT id, words AS w FROM docs WHERE tenant <> 2;
SELECT count(*) FROM (SELECT w <@> 'w1 | w700' AS d FROM (SELECT * FROM seen OFFSET 0) s ORDER BY d LIMIT 5) a;
SELECT count(*) FROM few f LEFT JOIN docs d ON d.id = f.id WHERE d.words <@> 'w1' < 0;
SELECT count(d) FROM few f, LATERAL (SELECT d.words <@> (SELECT 'w3'::tsquery WHERE f.id > 0) AS d FROM docs d ORDER BY 1 LIMIT 1) s WHERE f.id < 5;
CREATE TABLE texts (id int, body text);
INSERT INTO texts VALUES (1, 'The quick brown foxes'), (2, 'a lazy dog, and a fox'), (3, 'dogs'), (4, NULL);
CREATE INDEX texts_words ON texts USING hnsw (to_tsvector('english', body) bm25_ops);
SELECT id, (to_tsvector('english', body) <@> websearch_to_tsquery('english', 'fox dogs'))::numeric(6, 4) AS score
FROM texts ORDER BY to_tsvector('english', body) <@> websearch_to_tsquery('english', 'fox dogs') LIMIT 10;
CREATE TABLE parts (LIKE docs) PARTITION BY LIST (tenant);
CREATE TABLE parts_a PARTITION OF parts FOR VALUES IN (0, 1, 2);
CREATE TABLE parts_b PARTITION OF parts DEFAULT;
CREATE INDEX parts_words ON parts USING hnsw (words bm25_ops);
INSERT INTO parts SELECT * FROM docs;
REINDEX TABLE parts;
SELECT wrong('parts', 1.2, 0.75);
VACUUM parts_a;
SELECT wrong('parts', 1.2, 0.75);
SELECT array_agg(a.d ORDER BY a.d) = array_agg(b.d ORDER BY b.d) FROM
	(SELECT row_number() OVER () AS r, * FROM (SELECT words <@> 'w1 | w30 | w700' AS d FROM parts ORDER BY d LIMIT 20) s) a
	JOIN (SELECT row_number() OVER () AS r, * FROM (SELECT words <@> 'w1 | w30 | w700' AS d FROM parts ORDER BY (words <@> 'w1 | w30 | w700')::text::float8 LIMIT 20) s) b USING (r);

-- test: the index that is meant
CREATE TABLE several (id int, live bool, a tsvector, b tsvector);
CREATE INDEX several_a ON several USING hnsw (a bm25_ops);
CREATE INDEX several_b ON several USING hnsw (b bm25_ops) WHERE live OR id > 100;
EXPLAIN (VERBOSE, COSTS off) SELECT a <@> 'x', b <@> 'x' FROM several WHERE live;
-- a partial index, whose statistics are of its rows, counts where the conditions imply its own
CREATE INDEX several_dead ON several USING hnsw (b bm25_ops) WHERE NOT live AND id > 0;
PREPARE several_id(int) AS SELECT b <@> 'x' FROM several WHERE NOT live AND id > $1;
CREATE FUNCTION several_index(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS off) ' || statement LOOP
		RETURN QUERY SELECT m[1] FROM regexp_matches(line, '<@@> bm25_weighed\(''([a-z_]+)|(?=bm25_distance)', 'g') m;
	END LOOP;
END $$;
SELECT statement, (SELECT string_agg(DISTINCT i, ' ') FROM several_index(statement) i) AS index FROM (VALUES
	('SELECT b <@> ''x'' FROM several WHERE live'),
	('SELECT id FROM several WHERE live IS TRUE AND b <@> ''x'' < 0'),
	('SELECT b <@> ''x'' FROM several WHERE NOT live AND id = 3'),
	('EXECUTE several_id(5)'),
	('EXECUTE several_id(-5)'),
	('SELECT s.b <@> ''x'' FROM several a JOIN several s ON s.live AND s.id = a.id'),
	('SELECT s.b <@> ''x'' FROM several a JOIN several s ON a.live AND s.id = a.id'),
	('SELECT s.b <@> ''x'' FROM several a LEFT JOIN several s ON s.live AND s.id = a.id'),
	('SELECT a.id, (SELECT min(b <@> ''x'') FROM several s WHERE s.live AND s.id < a.id) FROM several a'),
	('SELECT b <@> ''x'' FROM (SELECT * FROM several WHERE live LIMIT 5) s'),
	('UPDATE several SET id = 0 WHERE live AND b <@> ''x'' < 0'),
	('SELECT b <@> ''x'' FROM several')) v(statement);
-- through columns of joins and of groups
SELECT statement, (SELECT string_agg(DISTINCT i, ' ') FROM several_index(statement) i) AS index FROM (VALUES
	('SELECT a <@> ''x'', count(*) FROM several GROUP BY a'),
	('SELECT max(id) FROM several GROUP BY rollup (a, live) HAVING a <@> ''x'' < 0'),
	('SELECT b <@> ''x'', rank() OVER (ORDER BY b <@> ''x'') FROM several WHERE live GROUP BY b'),
	('SELECT (SELECT a <@> ''x'') FROM several GROUP BY a'),
	('SELECT a <@> ''x'' FROM (SELECT a FROM several GROUP BY a) s'),
	('SELECT a <@> ''x'' FROM (SELECT j.a FROM (several JOIN (SELECT 1 AS id) i USING (id)) j LIMIT 5) s'),
	('SELECT a <@> ''x'' FROM (SELECT a FROM several s JOIN (SELECT tsvector ''x'' AS a) i USING (a) GROUP BY a LIMIT 5) s'),
	('SELECT a <@> ''x'' FROM (SELECT a FROM several s FULL JOIN (SELECT tsvector ''x'' AS a) i USING (a) LIMIT 5) s')) v(statement);
-- conditions count of each level that passes the words on, so all levels have the same index
CREATE INDEX several_dark ON several USING hnsw (b bm25_ops) WITH (shared_statistics) WHERE NOT live;
CREATE INDEX several_positive ON several USING hnsw (b bm25_ops) WITH (shared_statistics) WHERE id > 0;
CREATE VIEW several_closed WITH (security_barrier) AS SELECT id, live AS l, b FROM (SELECT * FROM several WHERE id > 0) s WHERE NOT live;
SELECT statement, (SELECT string_agg(coalesce(i, 'none'), ' ') FROM several_index(statement) i) AS index FROM (VALUES
	('SELECT id FROM several_closed ORDER BY b <@> ''x'' LIMIT 5'),
	('SELECT b <@> ''x'' FROM several_closed'),
	('SELECT b <@> ''x'' FROM several WHERE NOT live AND id > 0'),
	('SELECT b <@> ''x'' FROM (SELECT live AS l, b FROM several OFFSET 0) s WHERE NOT l'),
	('SELECT b <@> ''x'' FROM (SELECT max(id) AS id, NOT live AS dead, b FROM several GROUP BY live, b) s WHERE dead AND id > 0'),
	('SELECT b <@> ''x'' FROM (SELECT (SELECT s.live) AS live, b FROM several s OFFSET 0) s WHERE NOT live'),
	('SELECT b <@> ''x'' FROM (SELECT id, b FROM several OFFSET 0) s WHERE s IS NOT NULL'),
	('SELECT b <@> ''x'' FROM several a LEFT JOIN (SELECT id AS i, b AS c FROM several WHERE NOT live) s ON s.i = a.id WHERE a.id > 0 AND s.c <@> ''x'' < 0'),
	('SELECT c <@> ''x'' FROM several a LEFT JOIN (SELECT id AS i, b AS c FROM several WHERE NOT live OFFSET 0) s ON s.i = a.id')) v(statement);
-- nor do conditions on one side of an outer join that are of the other
SELECT string_agg(DISTINCT i, ' ') AS index FROM several_index($$SELECT s.b <@> 'x' FROM several s
	LEFT JOIN LATERAL (SELECT o.id FROM several o WHERE o.id = s.id AND s.live) l ON true$$) i;
DROP INDEX several_dark, several_positive;
DROP VIEW several_closed;
-- values of parameters choose an index only where none counts for all values
CREATE INDEX several_some ON several USING hnsw (b bm25_ops) WHERE id IS NOT NULL;
PREPARE several_ids(int) AS SELECT b <@> 'x' FROM several WHERE NOT live AND id = $1;
SELECT several_index('EXECUTE several_ids(5)');
DROP INDEX several_some;
SELECT several_index('EXECUTE several_ids(5)');
-- and then no plan for all values takes the place of those for each
DO $$ BEGIN FOR i IN 1..8 LOOP EXECUTE 'EXECUTE several_ids(5)'; END LOOP; END $$;
SELECT several_index('EXECUTE several_ids(5)');
SELECT generic_plans, custom_plans > 8 AS custom FROM pg_prepared_statements WHERE name = 'several_ids';
DEALLOCATE several_ids;
SELECT b <@> 'x' FROM several;
DROP INDEX several_dead;
DROP FUNCTION several_index;
DEALLOCATE several_id;
SELECT concat(a, b)::tsvector <@> 'x' FROM several;
INSERT INTO several VALUES (1, true, 'x', 'x y');
SELECT b <@> 'x' FROM several;
SELECT concat(a, b)::tsvector <@> 'x' FROM several;

-- the query is of the rows that the statement sees, in PL/pgSQL as well
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		RAISE NOTICE '%', bm25_weigh('several_a', 'x');
		INSERT INTO several (a) VALUES ('x'), ('y'), ('z');
	END LOOP;
END
$$;

-- test: a domain, an expression of a query above, and of what may be NULL
CREATE DOMAIN document AS tsvector;
CREATE TABLE domains (id int, words document);
INSERT INTO domains VALUES (1, 'x'), (2, 'y z');
CREATE INDEX domains_words ON domains USING hnsw (words bm25_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT id FROM domains ORDER BY words <@> 'z' LIMIT 1;
RESET enable_seqscan;
SELECT id FROM domains ORDER BY words <@> 'z' LIMIT 1;
SELECT id FROM texts t WHERE (SELECT to_tsvector('english', t.body) <@> 'fox' WHERE t.id > 1) < 0;
SELECT d.id, t.id FROM domains d LEFT JOIN texts t ON t.id = d.id + 2
ORDER BY to_tsvector('english', t.body) <@> 'dog', d.id;
-- of a subquery's expression, which core wraps where an outer join may make it NULL
CREATE TABLE wrapped (id int, body text);
INSERT INTO wrapped VALUES (2, 'the dog'), (3, 'a fox');
CREATE INDEX wrapped_words ON wrapped USING hnsw (to_tsvector('english', coalesce(body, '')) bm25_ops);
SELECT d.id, s.id FROM domains d LEFT JOIN (SELECT id, coalesce(body, '') AS b FROM wrapped) s ON s.id = d.id
ORDER BY to_tsvector('english', s.b) <@> 'dog', d.id;
SELECT d.id, (SELECT s.id FROM domains e LEFT JOIN (SELECT id, coalesce(body, '') AS b FROM wrapped) s ON s.id = e.id
	ORDER BY to_tsvector('english', s.b) <@> 'dog' LIMIT 1) FROM domains d ORDER BY d.id;
DROP TABLE wrapped;

-- test: errors
SELECT id FROM docs ORDER BY words <@> 'w:*' LIMIT 1;
SELECT bm25_weigh('docs_pkey', 'w');
SELECT bm25_weigh('docs', 'w');
SELECT 'x'::weighed_tsquery;
SELECT lokivector_recall('docs_words', 10, 5);
SELECT lokivector_recall('docs_words', '{w1}'::text[], 5);
SELECT lokivector_calibrate('docs_words');
SELECT lokivector_calibrate('docs_words', '{w1}'::text[]);
CREATE INDEX ON docs USING hnsw (tenant, words bm25_ops);
CREATE INDEX ON docs USING hnsw (words bm25_ops) WITH (k1 = -1);
CREATE INDEX ON docs USING hnsw (words bm25_ops) WITH (b = 2);
CREATE INDEX ON docs USING hnsw (words);
CREATE INDEX ON texts USING hnsw (body);

-- test: who may know how many rows have a word
CREATE ROLE words_reader;
CREATE ROLE words_stranger;
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON docs TO words_reader USING (tenant = ANY ('{3}'));
GRANT SELECT ON docs TO words_reader;
CREATE VIEW barrier WITH (security_barrier) AS SELECT id, words FROM few WHERE tenant = 3;
GRANT SELECT ON barrier TO words_reader;
SET ROLE words_reader;
SELECT id FROM docs ORDER BY words <@> 'w1' LIMIT 1;
SELECT id FROM barrier ORDER BY words <@> 'w1' LIMIT 1;
SELECT bm25_weigh('docs_words', 'w1') IS NULL;
SELECT bm25_weigh('few_words', 'w1') IS NULL;
SET ROLE words_stranger;
SELECT id FROM docs ORDER BY words <@> 'w1' LIMIT 1;
SELECT bm25_weigh('docs_words', 'w1') IS NULL;
RESET ROLE;
ALTER INDEX docs_words SET (shared_statistics = true);
ALTER INDEX few_words SET (shared_statistics = true);
SET ROLE words_reader;
SELECT count(*) FROM (SELECT tenant FROM docs ORDER BY words <@> 'w1' LIMIT 10) s WHERE tenant = 3;
SELECT count(*) FROM (SELECT FROM barrier ORDER BY words <@> 'w1' LIMIT 10) s;
SELECT bm25_weigh('docs_words', 'w1') IS NULL;
SELECT bm25_weigh('few_words', 'w1') IS NULL;
SET ROLE words_stranger;
SELECT bm25_weigh('docs_words', 'w1') IS NULL;

-- not by a plan of before, nor by a query that somebody else has made
RESET ROLE;
CREATE TABLE searches AS SELECT bm25_weigh('docs_words', 'w1') AS search;
GRANT SELECT ON searches TO words_reader;
SET ROLE words_reader;
SET plan_cache_mode = force_generic_plan;
PREPARE hidden AS SELECT count(*) FROM docs WHERE words <@> $1 < 0;
EXECUTE hidden('w1');
SELECT bm25_weighed(search, 'w700') FROM searches;
RESET ROLE;
ALTER INDEX docs_words SET (shared_statistics = false);
SET ROLE words_reader;
EXECUTE hidden('w1');
SELECT bm25_weighed(search, 'w700') IS NULL FROM searches;
SELECT count(*) > 0 FROM docs, searches WHERE words <@@> search < 0;
RESET plan_cache_mode;

-- nor of rows that are chosen by a column which the user may not read
RESET ROLE;
CREATE VIEW several_seen AS SELECT id, b FROM several WHERE live;
GRANT SELECT ON several_seen TO words_reader;
GRANT SELECT (id, b) ON several TO words_reader;
SET ROLE words_reader;
SELECT id FROM several WHERE id > 100 ORDER BY b <@> 'x' LIMIT 1;
SELECT id FROM several_seen ORDER BY b <@> 'x' LIMIT 1;
RESET ROLE;
-- also by a plan that was made for somebody who may
SET plan_cache_mode = force_generic_plan;
PREPARE chosen AS SELECT count(b <@> 'x') FROM several WHERE id > 100;
EXECUTE chosen;
SET ROLE words_reader;
EXECUTE chosen;
RESET ROLE;
RESET plan_cache_mode;
DEALLOCATE chosen;
GRANT SELECT (live) ON several TO words_reader;
SET ROLE words_reader;
SELECT id FROM several WHERE id > 100 ORDER BY b <@> 'x' LIMIT 1;
RESET ROLE;
DROP VIEW several_seen;
DROP TABLE searches, several;
DROP VIEW barrier;
DROP POLICY own ON docs;
REVOKE SELECT ON docs FROM words_reader;
DROP ROLE words_reader, words_stranger;
