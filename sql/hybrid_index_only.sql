-- Rows out of the index alone: counts by attributes of what is within a bound, or in another index

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
CREATE TYPE mood AS ENUM ('calm', 'glad', 'cross');
CREATE DOMAIN years AS smallint;
CREATE TABLE notes (id int PRIMARY KEY, kind int, lang text, mood mood, day date, at timestamptz, done bool, age years, size bigint,
	price float8, tag text, words tsvector, v vector(40));
-- some rows are equal in vector and attributes, some have no vector or a zero vector, and some attributes are NULL
INSERT INTO notes
	SELECT i, CASE WHEN i % 37 > 0 THEN j % 12 END, (ARRAY['de', 'en', 'fr', 'nl', NULL])[j % 5 + 1],
		(ARRAY['calm', 'glad', 'cross', NULL])[j % 4 + 1]::mood, date '2026-01-01' + j % 9, timestamptz '2026-01-01 00:00+00' + j % 7 * interval '1 hour',
		j % 3 = 0, j % 20, j % 6 * 10000000000, CASE WHEN j % 2 = 0 THEN 0 ELSE '-0' END, 'tag of ' || j % 3,
		to_tsvector('simple', 'w' || j % 2 || ' w' || j % 10 || ' w' || j % 100),
		CASE WHEN i % 211 = 0 THEN NULL WHEN i % 307 = 0 THEN array_fill(0, ARRAY[40])::vector
			ELSE (SELECT array_agg(sin(j * 0.7 + k * k + (j % 7) * k)) FROM generate_series(1, 40) k)::vector END
	FROM (SELECT i, i - i % 3 * (i % 5) AS j FROM generate_series(1, 6000) i) x;
CREATE INDEX notes_l2 ON notes USING hnsw (v vector_l2_ops, kind, lang, mood, day, at, done, age, size, price, tag);
CREATE INDEX notes_cosine ON notes USING hnsw (v vector_cosine_ops, kind, lang);
CREATE INDEX notes_ip ON notes USING hnsw (v vector_ip_ops, kind);
CREATE INDEX notes_l1 ON notes USING hnsw (v vector_l1_ops, kind);
CREATE INDEX notes_bm25 ON notes USING hnsw (words bm25_ops, kind, mood);
CREATE INDEX notes_words ON notes USING gin (words);
CREATE INDEX notes_size ON notes (size);
VACUUM (ANALYZE, FREEZE) notes;

-- The nodes of a statement, whether it fetches rows, and whether its rows are those that it has without an index
CREATE FUNCTION facets_check(statement text, OUT uses text, OUT rows int, OUT outcome text) LANGUAGE sql AS $$
	SELECT (SELECT string_agg(CASE WHEN line ~ 'Heap Fetches: [1-9]' THEN '(fetches)'
			ELSE substring(line FROM '(LokivectorHybridScan|Index Only|Seq Scan|Bitmap Heap Scan|Append)') END, ' ') FROM plan_lines(statement, 'ANALYZE') line),
		rows, outcome FROM same(statement, ordered => false)
$$;
-- The plan of a statement; PostgreSQL 18 names the table of a column that is grouped by
SET enable_seqscan = off;
SELECT v AS q FROM notes WHERE id = 77 \gset
CREATE TABLE query AS SELECT v AS q FROM notes WHERE id = 77;

-- test: what EXPLAIN shows
SELECT plan_line($$SELECT kind, count(*) FROM notes WHERE v <-> array_fill(1, ARRAY[40])::vector < 6 AND age % 2 = 0 GROUP BY kind$$);
SELECT plan_line($$SELECT kind, count(*) FROM notes WHERE words @@ 'w1 & w7' GROUP BY kind$$);

-- test: types of attributes
SELECT 'notes WHERE v <-> (' || quote_literal(:'q') || ')::vector < ' AS near \gset
SELECT * FROM facets_check('SELECT count(*) FROM ' || :'near' || '5');
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
SELECT * FROM facets_check('SELECT lang, count(*) FROM ' || :'near' || '5.5 GROUP BY lang');
SELECT * FROM facets_check('SELECT mood, done, count(*) FROM ' || :'near' || '5.5 GROUP BY mood, done');
SELECT * FROM facets_check('SELECT day, at, min(age), sum(size) FROM ' || :'near' || '5.5 GROUP BY day, at');
SELECT * FROM facets_check('SELECT kind, size FROM ' || :'near' || '4 AND kind < 6 AND lang = ''en'' AND age + 1 < 10');
SELECT * FROM facets_check('SELECT count(*), count(kind), count(DISTINCT lang) FROM ' || :'near' || '5 AND mood IS NOT NULL');
-- slots do not tell these
SELECT * FROM facets_check('SELECT price, count(*) FROM ' || :'near' || '5 GROUP BY price');
SELECT * FROM facets_check('SELECT tag, count(*) FROM ' || :'near' || '5 GROUP BY tag');
SELECT * FROM facets_check('SELECT id, kind FROM ' || :'near' || '5');
SELECT * FROM facets_check('SELECT kind, v <-> ''' || :'q' || ''' FROM ' || :'near' || '5');
SELECT * FROM facets_check('SELECT count(notes) FROM ' || :'near' || '5');
SELECT * FROM facets_check('SELECT kind, ctid FROM ' || :'near' || '5');

-- test: other distances, and bounds of what rises with them
SELECT * FROM facets_check(format('SELECT kind, lang, count(*) FROM notes WHERE v <=> %L < 0.8 GROUP BY kind, lang', :'q'));
SELECT * FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE 1 - (v <=> %L) > 0.2 GROUP BY kind', :'q'));
SELECT * FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE 1 - (v <=> %L) >= 0.2 AND v <=> %L < 0.75 GROUP BY kind', :'q', :'q'));
SELECT * FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE v <#> %L < -3 GROUP BY kind', :'q'));
SELECT * FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE v <+> %L <= 28 GROUP BY kind', :'q'));
SELECT bound, c.* FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0', '-1', NULL]) bound,
	facets_check(format('SELECT kind, count(*) FROM notes WHERE v <-> %L < %L GROUP BY kind', :'q', bound)) c;
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE 1 - (v <=> array_fill(0, ARRAY[40])::vector) > 0.5 GROUP BY kind$$);
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE v <=> array_fill(0, ARRAY[40])::vector <= 'NaN' GROUP BY kind$$);
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE v <-> NULL < 1 GROUP BY kind$$);
-- sums of floats are infinite where distances are large
SELECT c.* FROM unnest(ARRAY['<-> %L < 1e31', '<-> %L < 1e308', '<#> %L < -3e39', '<#> %L < 1e300', '<+> %L < 1e40']) clause,
	facets_check('SELECT kind, count(*) FROM notes WHERE v ' || format(clause, array_fill(1e38::float4, ARRAY[40])::vector) || ' GROUP BY kind') c;

-- test: other indexes, with a bound and without
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE words @@ 'w1' GROUP BY kind$$);
SELECT * FROM facets_check($$SELECT mood, count(*) FROM notes WHERE words @@ 'w1 & !w7' AND kind = 3 GROUP BY mood$$);
SELECT * FROM facets_check($$SELECT day, count(*) FROM notes WHERE words @@ 'w0 <-> w7' GROUP BY day$$);
SELECT * FROM facets_check($$SELECT done, count(*) FROM notes WHERE size < 30000000000 AND words @@ 'w1:*' GROUP BY done$$);
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 AND words @@ ''w1'' GROUP BY kind');
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 AND words @@ ''w1'' AND id % 2 = 0 GROUP BY kind');
-- conditions that an index answers in another form are conditions of the row as well
CREATE INDEX notes_done ON notes (done);
CREATE INDEX notes_tag ON notes (tag text_pattern_ops);
SELECT outcome FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE v <=> %L < 0.8 AND done GROUP BY kind', :'q'));
SELECT outcome FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE v <=> %L < 0.8 AND done IS FALSE GROUP BY kind', :'q'));
SELECT outcome FROM facets_check(format('SELECT kind, count(*) FROM notes WHERE v <=> %L < 0.8 AND tag LIKE %L GROUP BY kind', :'q', 'tag of 1%'));
SELECT outcome FROM facets_check($$SELECT kind, count(*) FROM notes WHERE tag LIKE 'tag of 1%' GROUP BY kind$$);
DROP INDEX notes_done, notes_tag;

-- test: conditions on attributes alone
SELECT * FROM facets_check('SELECT count(*) FROM notes WHERE kind = 3');
SELECT * FROM facets_check('SELECT lang, count(*) FROM notes WHERE kind IN (3, 4) AND NOT done GROUP BY lang');
SELECT * FROM facets_check('SELECT day, count(*) FROM notes WHERE lang = ''en'' GROUP BY day');
SELECT * FROM facets_check('SELECT DISTINCT mood FROM notes WHERE kind IS NULL');
SELECT * FROM facets_check('SELECT count(*) FROM notes');

-- test: in parts
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 OR kind = 3 GROUP BY kind');
SELECT * FROM facets_check('SELECT count(*) FROM ' || :'near' || format('5 OR v <-> %L < 3 OR kind = 3 AND done', :'q'));
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 AND lang = ''en'' OR words @@ ''w1 & w7'' OR size = 0 GROUP BY kind');
SELECT * FROM facets_check('SELECT done, count(*) FROM (SELECT * FROM ' || :'near' || '5 OR words @@ ''w1 & w7'') n WHERE kind IN (3, 4) GROUP BY done');
SELECT * FROM facets_check(format('SELECT lang, count(*) FROM notes WHERE v <=> %L < 0.8 OR kind = 3 OR mood = ''glad'' GROUP BY lang', :'q'));

-- test: bounds that rows are at, and many of them
SELECT count(*), count(*) FILTER (WHERE outcome = 'same' AND uses ~ 'Only') FROM (
	SELECT facets_check(format('SELECT kind, count(*) FROM notes WHERE v <-> (%L)::vector %s %L::float8 GROUP BY kind', :'q',
		CASE WHEN n.id % 2 = 0 THEN '<' ELSE '<=' END, n.v <-> :'q')) AS c
	FROM notes n WHERE n.id % 61 = 3 AND v IS NOT NULL) x, LATERAL (SELECT (c).*) y;
SELECT count(*), count(*) FILTER (WHERE outcome = 'same' AND uses ~ 'Only') FROM (
	SELECT facets_check(format('SELECT kind, count(*) FROM notes WHERE v <=> (%L)::vector < %L::float8 AND lang <> ''de'' GROUP BY kind', :'q', n.v <=> :'q')) AS c
	FROM notes n WHERE n.id % 61 = 3 AND v IS NOT NULL AND vector_norm(v) > 0) x, LATERAL (SELECT (c).*) y;

-- test: rows that are not visible to everyone
DELETE FROM notes WHERE id % 10 = 0;
UPDATE notes SET kind = 50 WHERE id % 11 = 0;
INSERT INTO notes SELECT id + 10000, 60, lang, mood, day, at, done, age, size, price, tag, words, v FROM notes WHERE id % 13 = 0;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE words @@ 'w1' GROUP BY kind$$);
BEGIN;
DELETE FROM notes WHERE kind = 60;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
ROLLBACK;
VACUUM (FREEZE) notes;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
SELECT * FROM facets_check($$SELECT kind, count(*) FROM notes WHERE words @@ 'w1' GROUP BY kind$$);

-- test: prepared statements, cursors, LIMIT, joins, subqueries
PREPARE facets(vector, float8, int) AS SELECT kind, count(*) FROM notes WHERE v <-> $1 < $2 AND kind > $3 GROUP BY kind ORDER BY kind;
SET plan_cache_mode = force_generic_plan;
SELECT plan_line('EXECUTE facets(''' || :'q' || ''', 4.5, 8)');
EXECUTE facets(:'q', 4.5, 8);
EXECUTE facets(:'q', 4.5, 55);
-- bounds that are no numbers, and queries that have no distance, are known when the plan runs
PREPARE l2(vector, float8) AS SELECT count(*) FROM notes WHERE v <-> $1 < $2;
PREPARE cosine(vector, float8) AS SELECT count(*) FROM notes WHERE v <=> $1 <= $2;
PREPARE similarity(vector, float8, float8) AS SELECT count(*) FROM notes WHERE 1 - (v <=> $1) > $2 AND v <=> $1 < $3;
-- what a statement counts by its generic plan, and by a plan without an index
CREATE FUNCTION facets_generic(statement text, OUT uses bool, OUT counted text, OUT truth text) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	SET LOCAL plan_cache_mode = force_generic_plan;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		uses := coalesce(uses, false) OR line ~ 'Index Only';
	END LOOP;
	EXECUTE statement INTO counted;
	DISCARD PLANS;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	SET LOCAL plan_cache_mode = force_custom_plan;
	EXECUTE statement INTO truth;
	DISCARD PLANS;
	SET LOCAL enable_seqscan = off;
	SET LOCAL lokivector.enable_hybrid_scan = on;
	SET LOCAL enable_indexscan = on;
END $$;
SELECT name, query, bound, c.* FROM (VALUES ('l2(%L, %L)'), ('cosine(%L, %L)'), ('similarity(%L, 0.5, %L)')) n(name),
	(VALUES ('a row', :'q'), ('zero', array_fill(0, ARRAY[40])::text), ('null', NULL)) q(query, value),
	unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0.7', NULL]) bound,
	facets_generic('EXECUTE ' || format(name, translate(value, '{}', '[]'), bound)) c;
DEALLOCATE ALL;
RESET plan_cache_mode;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT kind FROM notes WHERE v <-> (SELECT q FROM query) < 4.5 AND kind = 3;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
MOVE FORWARD ALL IN c;
FETCH BACKWARD 1 FROM c;
ROLLBACK;
SELECT * FROM facets_check('SELECT count(*) FROM (SELECT kind FROM ' || :'near' || '5 LIMIT 20) x');
SELECT * FROM facets_check('SELECT n.kind, count(*) FROM ' || replace(:'near', 'notes', 'notes n JOIN (VALUES (1), (2), (2)) k (k) ON n.kind = k.k') || '5 GROUP BY 1');
SELECT * FROM facets_check('SELECT kind, kind % 3 AS third, count(*) FROM ' || :'near' || '5 GROUP BY GROUPING SETS ((kind), (2), ())');
SELECT * FROM facets_check('SELECT k, (SELECT count(*) FROM ' || :'near' || 'k) FROM generate_series(1, 5) k');
SELECT * FROM facets_check('SELECT kind FROM ' || :'near' || '4.5 AND kind = 3 FOR SHARE');
WITH gone AS (DELETE FROM notes WHERE v <-> (SELECT q FROM query) < 3 RETURNING kind) SELECT count(*) > 0 FROM gone;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');

-- test: pgvector's limits do not end a count early, and with them there is no such scan
SET hnsw.max_scan_tuples = 100;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
RESET hnsw.max_scan_tuples;

-- test: row security
CREATE ROLE regress_counter;
GRANT SELECT ON notes, query TO regress_counter;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON notes TO regress_counter USING (kind IN (1, 2, 3));
SET ROLE regress_counter;
SELECT * FROM facets_check('SELECT kind, count(*) FROM notes WHERE v <-> (SELECT q FROM query) < 5 GROUP BY kind');
SELECT kind, count(*) > 0 FROM notes WHERE v <-> (SELECT q FROM query) < 5 GROUP BY kind ORDER BY kind;
RESET ROLE;
ALTER TABLE notes DISABLE ROW LEVEL SECURITY;

-- test: partitions, a partial index, an unlogged table, an index without rows
-- although rows are not known to be visible to everyone
SET random_page_cost = 1;
CREATE TABLE parts (id int, kind int, v vector(3)) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE UNLOGGED TABLE part1 (id int, kind int, v vector(3));
ALTER TABLE parts ATTACH PARTITION part1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX ON parts USING hnsw (v vector_l2_ops, kind);
SELECT * FROM facets_check($$SELECT kind, count(*) FROM parts WHERE v <-> '[1,2,3]' < 20 GROUP BY kind$$);
INSERT INTO parts SELECT i, i % 5, ARRAY[i % 7, i % 110, i % 31]::vector FROM generate_series(1, 6000) i;
SELECT * FROM facets_check($$SELECT kind, count(*) FROM parts WHERE v <-> '[1,2,3]' < 20 GROUP BY kind$$);
REINDEX INDEX parts_v_kind_idx;
VACUUM (ANALYZE, FREEZE) parts;
SELECT * FROM facets_check($$SELECT kind, count(*) FROM parts WHERE v <-> '[1,2,3]' < 20 GROUP BY kind$$);
DROP INDEX notes_l2, notes_cosine, notes_ip, notes_l1;
-- an expression among the attributes is not the row
CREATE INDEX notes_expression ON notes USING hnsw (v vector_l2_ops, (kind % 3), kind);
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 GROUP BY kind');
SELECT * FROM facets_check('SELECT count(notes), count(DISTINCT notes) FROM ' || :'near' || '5');
SELECT * FROM facets_check('SELECT kind % 3, count(*) FROM ' || :'near' || '5 GROUP BY 1');
DROP INDEX notes_expression;
CREATE INDEX notes_part ON notes USING hnsw (v vector_l2_ops, kind) WHERE kind > 4;
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 AND kind > 4 GROUP BY kind');
SELECT * FROM facets_check('SELECT kind, count(*) FROM ' || :'near' || '5 AND kind > 3 GROUP BY kind');

-- test: cleanup
DROP TABLE notes, query, parts;
DROP FUNCTION facets_check, facets_generic;
DROP TYPE mood;
DROP DOMAIN years;
DROP ROLE regress_counter;
