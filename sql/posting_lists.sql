-- Posting lists of sparse vectors: scans equal brute force, whatever happened to the table

CREATE FUNCTION word(n int, i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	-- some words are frequent
	SELECT 1 + (power(abs(hashint8extended(n, i) % 100000) / 100000.0, 3) * 2999)::int
$$;
CREATE FUNCTION document(n int, length int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/3000', '{}/3000')::public.sparsevec
	FROM (SELECT DISTINCT ON (w) w, 1 + abs(hashint8extended(n, -i) % 40) / 8.0
				* CASE WHEN hashint8extended(n, 1000 + i) % 5 = 0 THEN -1 ELSE 1 END AS x
		FROM generate_series(1, length) i, LATERAL (SELECT public.word(n, i) AS w) s ORDER BY w, i) s
$$;

-- Statements whose rows differ in distance from those of a plan without the index
CREATE FUNCTION different(op text, filter text, statements int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	query sparsevec;
	statement text;
	exact float8[];
	found float8[];
	plan text;
BEGIN
	FOR i IN 1..statements LOOP
		query := document(-i, 1 + i * 7 % 30);
		statement := format('SELECT array_agg(d ORDER BY place) FROM (SELECT row_number() OVER () AS place, d FROM (SELECT s %1$s %2$L AS d FROM docs WHERE %3$s ORDER BY s %1$s %2$L LIMIT %4$s) a) b',
			op, query, filter, 1 + i * 13 % 90);
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_seqscan = on;
		EXECUTE statement INTO exact;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE statement INTO found;
		IF found IS DISTINCT FROM exact THEN
			RETURN NEXT format('%s %s %s: %s, not %s', op, filter, query, found, exact);
		END IF;
	END LOOP;
	EXECUTE 'EXPLAIN (COSTS off) ' || format('SELECT FROM docs ORDER BY s %1$s %2$L LIMIT 5', op, query) INTO plan;
	FOR plan IN EXECUTE 'EXPLAIN (COSTS off) ' || format('SELECT FROM docs ORDER BY s %1$s %2$L LIMIT 5', op, query) LOOP
		EXIT WHEN plan ~ 'Index Scan using docs_';
	END LOOP;
	IF plan !~ 'Index Scan using docs_' THEN
		RETURN NEXT plan;
	END IF;
END
$$;
CREATE FUNCTION all_different(statements int) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT different(op, filter, statements)
	FROM unnest('{<#>,<->,<=>,<+>}'::text[]) op, unnest('{true,tenant = 3,"tenant IN (1, 5) AND id % 3 = 0"}'::text[]) filter
$$;

-- test: every metric: a build, and what came after it
CREATE TABLE docs (id int PRIMARY KEY, tenant int, s sparsevec(3000));
INSERT INTO docs SELECT i, i % 7, CASE WHEN i % 50 <> 0 THEN document(i, 5 + i % 40) END FROM generate_series(1, 4000) i;
INSERT INTO docs SELECT i, i % 7, document(7, 20) FROM generate_series(4001, 4060) i;
INSERT INTO docs VALUES (5000, 3, '{}/3000'), (5001, 3, '{1:1e-30}/3000'), (5002, 3, '{1:3e38,2:1}/3000'), (5003, 3, '{2:-1e20,3000:1}/3000');
CREATE INDEX docs_ip ON docs USING hnsw (s sparsevec_ip_ops, tenant);
CREATE INDEX docs_l2 ON docs USING hnsw (s sparsevec_l2_ops);
CREATE INDEX docs_cosine ON docs USING hnsw (s sparsevec_cosine_ops, tenant);
CREATE INDEX docs_l1 ON docs USING hnsw (s sparsevec_l1_ops) WITH (profile = compact);
SELECT i, code, dimensions, code_dimensions, bits, pending, unlisted_nodes FROM unnest('{docs_ip,docs_l2,docs_cosine,docs_l1}'::regclass[]) i, lokivector_index_info(i);
SELECT width, recall FROM lokivector_search_width('docs_ip');
SELECT slot_array, slots > 0 AS some FROM lokivector_index_slot_arrays('docs_ip') WHERE slot_array IN ('code', 'link', 'posting', 'term', 'window');
SELECT i, lokivector_check(i, true) FROM unnest('{docs_ip,docs_l2,docs_cosine,docs_l1}'::regclass[]) i;
SELECT all_different(25);

-- test: rows that came, went and changed are found as they are
INSERT INTO docs SELECT i, i % 7, document(i, 5 + i % 40) FROM generate_series(6001, 6400) i;
UPDATE docs SET tenant = tenant + 1 WHERE id % 9 = 0;
UPDATE docs SET s = document(id + 1, 12) WHERE id % 11 = 0;
DELETE FROM docs WHERE id % 8 = 0;
SELECT all_different(12);
SELECT i, lokivector_check(i, true) FROM unnest('{docs_ip,docs_l2,docs_cosine,docs_l1}'::regclass[]) i;
VACUUM docs;
SELECT all_different(12);
-- nodes that are used again
INSERT INTO docs SELECT i, i % 7, document(i, 5 + i % 40) FROM generate_series(7001, 7300) i;
SELECT all_different(12);
SELECT i, lokivector_check(i, true) FROM unnest('{docs_ip,docs_l2,docs_cosine,docs_l1}'::regclass[]) i;
INSERT INTO docs SELECT i, i % 7, document(i, 5 + i % 40) FROM generate_series(8001, 10000) i;
SELECT unlisted_nodes > 100 AS grown FROM lokivector_index_info('docs_ip');
VACUUM docs;
SELECT unlisted_nodes FROM lokivector_index_info('docs_ip');
SELECT all_different(12);
SELECT i, lokivector_check(i, true) FROM unnest('{docs_ip,docs_l2,docs_cosine,docs_l1}'::regclass[]) i;

-- test: bounds, joins, cursors and an offset, in exact order
SET enable_seqscan = off;
SELECT count(*), count(*) FILTER (WHERE d >= -20) FROM (SELECT s <#> document(-3, 20) AS d FROM docs WHERE s <#> document(-3, 20) < -20 ORDER BY 1) a;
SELECT count(*) = (SELECT count(*) FROM docs WHERE s <-> document(-4, 9) < 40) AS same FROM (SELECT FROM docs WHERE s <-> document(-4, 9) < 40 ORDER BY s <-> document(-4, 9)) a;
SELECT q, bool_and(nearest = ANY (again)) AS found FROM generate_series(1, 5) q,
	LATERAL (SELECT s <=> document(-q, 10) AS nearest FROM docs ORDER BY s <=> document(-q, 10) LIMIT 7) a,
	LATERAL (SELECT array_agg(d) AS again FROM (SELECT s <=> document(-q, 10) AS d FROM docs ORDER BY (s <=> document(-q, 10))::text::float8 LIMIT 7) b) c
GROUP BY q ORDER BY q;
SELECT count(*), count(DISTINCT id), bool_and(d >= before OR before IS NULL) FILTER (WHERE d <> 'NaN') AS ordered FROM (
	SELECT id, d, lag(d) OVER (ORDER BY place) AS before FROM (SELECT id, d, row_number() OVER () AS place FROM (SELECT id, s <=> document(-5, 15) AS d FROM docs ORDER BY s <=> document(-5, 15) OFFSET 0) a) b) c;
RESET enable_seqscan;
DROP TABLE docs;

-- test: of rows that have nothing in common with the query only as many are read as are returned
CREATE TABLE docs (id int PRIMARY KEY, s sparsevec(3000));
INSERT INTO docs SELECT i, ('{' || 1 + i % 50 || ':1,' || 100 + i || ':-0.5}/3000')::sparsevec FROM generate_series(1, 2500) i;
INSERT INTO docs VALUES (3000, '{1:1e-40,2800:-1}/3000'), (3001, '{2800:2}/3000'), (3002, '{2:5,2800:1}/3000');
CREATE INDEX docs_ip ON docs USING hnsw (s sparsevec_ip_ops);
CREATE INDEX docs_cosine ON docs USING hnsw (s sparsevec_cosine_ops);
VACUUM ANALYZE docs;
SET enable_seqscan = off;
SELECT array_agg(id ORDER BY d, id) FILTER (WHERE d <> 0), array_agg(d ORDER BY d) FROM (SELECT id, s <#> '{2800:1}/3000' AS d FROM docs ORDER BY d LIMIT 6) a;
SELECT heap_fetches, rows FROM lokivector_scan_stats();
SELECT array_agg(id ORDER BY d, id) FILTER (WHERE d <> 1), array_agg(round(d::numeric, 3) ORDER BY d) FROM (SELECT id, s <=> '{2800:1}/3000' AS d FROM docs ORDER BY d LIMIT 6) a;
SELECT heap_fetches, rows FROM lokivector_scan_stats();
SELECT array_agg(id ORDER BY id) FROM docs WHERE s <#> '{2800:1}/3000' < 0;
SELECT heap_fetches, rows FROM lokivector_scan_stats();
SELECT count(*) FROM docs WHERE s <#> '{2800:1}/3000' <= 0;
SELECT array_agg(id) FROM (SELECT id FROM docs WHERE s <#> '{2800:1}/3000' < 0 ORDER BY s <#> '{2800:1}/3000' LIMIT 10) a;
SELECT heap_fetches, rows FROM lokivector_scan_stats();
-- an element that is too small for the product, and one that vanishes beside others
SELECT id, d FROM (SELECT id, s <#> '{1:1e-20,2800:-1}/3000' AS d FROM docs ORDER BY d LIMIT 2) a ORDER BY d, id;
RESET enable_seqscan;
EXPLAIN (COSTS OFF) SELECT id FROM docs WHERE s <#> '{2800:1}/3000' < 0 ORDER BY s <#> '{2800:1}/3000' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE s <#> '{2800:1}/3000' < 0;
DROP TABLE docs;

-- test: an expression, a condition of the index, and a row whose older version has another vector
CREATE TABLE docs (id int PRIMARY KEY, tenant int, a int, s sparsevec(3000)) WITH (fillfactor = 50);
INSERT INTO docs SELECT i, i % 7, i, document(i, 8) FROM generate_series(1, 1500) i;
UPDATE docs SET a = a + 1 WHERE id % 3 = 0;
CREATE INDEX docs_expression ON docs USING hnsw ((document(a, 6)::sparsevec(3000)) sparsevec_ip_ops) WHERE tenant < 5;
SELECT count(*) FROM (SELECT document(a, 6)::sparsevec(3000) <#> document(17, 6) AS d FROM docs WHERE tenant < 5 ORDER BY 1 LIMIT 20) x;
SELECT lokivector_check('docs_expression', true);
SET enable_seqscan = off;
SELECT array_agg(d ORDER BY d) = (SELECT array_agg(d ORDER BY d) FROM (SELECT document(a, 6)::sparsevec(3000) <#> document(17, 6) AS d FROM docs WHERE tenant < 5 ORDER BY (document(a, 6)::sparsevec(3000) <#> document(17, 6))::text::float8 LIMIT 20) y) AS same
	FROM (SELECT document(a, 6)::sparsevec(3000) <#> document(17, 6) AS d FROM docs WHERE tenant < 5 ORDER BY 1 LIMIT 20) x;
RESET enable_seqscan;
DROP TABLE docs;

-- test: little memory makes more windows, and settings of searches change nothing
SET maintenance_work_mem = '2MB';
CREATE TABLE docs (id int PRIMARY KEY, tenant int, s sparsevec(3000));
INSERT INTO docs SELECT i, i % 7, document(i, 90) FROM generate_series(1, 3000) i;
CREATE INDEX docs_ip ON docs USING hnsw (s sparsevec_ip_ops) WITH (m = 4, ef_construction = 16);
SELECT slots > 1 AS windows FROM lokivector_index_slot_arrays('docs_ip') WHERE slot_array = 'window';
SET hnsw.ef_search = 1;
SET lokivector.target_recall = 0.5;
SELECT different('<#>', 'true', 20);
SELECT different('<#>', 'tenant = 2', 20);
SELECT lokivector_calibrate('docs_ip');
SELECT answered, recall FROM lokivector_recall('docs_ip', 20, 10);
RESET maintenance_work_mem;
RESET hnsw.ef_search;
RESET lokivector.target_recall;
SELECT lokivector_check('docs_ip', true);
DROP TABLE docs;

-- test: rows that no list can have are not what lists are made again for
CREATE TABLE docs (id int PRIMARY KEY, s sparsevec(3000));
INSERT INTO docs SELECT i, document(i, 8) FROM generate_series(1, 2000) i;
INSERT INTO docs SELECT i, '{1:1e20}/3000' FROM generate_series(2001, 2060) i;
CREATE INDEX docs_ip ON docs USING hnsw (s sparsevec_ip_ops);
CREATE VIEW made AS SELECT unlisted_nodes, (SELECT slots > 1 FROM lokivector_index_slot_arrays('docs_ip') WHERE slot_array = 'window') AS again
	FROM lokivector_index_info('docs_ip');
DELETE FROM docs WHERE id = 1;
VACUUM docs;
-- lists are written beside those in use, so another page of windows would show that they were made again
TABLE made;
INSERT INTO docs SELECT i, document(i, 8) FROM generate_series(3001, 3030) i;
VACUUM docs;
TABLE made;
INSERT INTO docs SELECT i, document(i, 8) FROM generate_series(3031, 3060) i;
VACUUM docs;
TABLE made;
SELECT different('<#>', 'true', 10);
SELECT lokivector_check('docs_ip', true);
DROP VIEW made;
DROP TABLE docs;

-- test: lists that become longer with each VACUUM take twice their space
CREATE FUNCTION text_of(n int, words int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg('w' || (power(abs(hashint8extended(n, i) % 100000) / 100000.0, 2) * 9999)::int, ' ')::tsvector FROM generate_series(1, words) i
$$;
CREATE TABLE texts AS SELECT n AS id, text_of(n, 80) AS body FROM generate_series(1, 3000) n;
CREATE INDEX texts_idx ON texts USING hnsw (body bm25_ops);
SELECT CASE WHEN vacuum THEN 'VACUUM texts' ELSE format('WITH gone AS (DELETE FROM texts WHERE id BETWEEN %1$s AND %1$s + 74) INSERT INTO texts SELECT n, text_of(n, 95) FROM generate_series(3000 + %1$s, 3074 + %1$s) n', 1 + 75 * i) END
FROM generate_series(0, 9) i, unnest('{false,true}'::bool[]) WITH ORDINALITY v(vacuum, o) ORDER BY i, o \gexec
SELECT pg_relation_size('texts_idx') AS size \gset
REINDEX INDEX texts_idx;
SELECT :size < 2.4 * pg_relation_size('texts_idx') AS twice, lokivector_check('texts_idx', true);
DROP TABLE texts;
DROP FUNCTION text_of, all_different, different, document, word;

-- test: rows of a tail whose estimates have no room in work_mem
CREATE TABLE tail_t (id int, words tsvector) WITH (autovacuum_enabled = off);
INSERT INTO tail_t SELECT i, ('all w' || i % 50 || ' v' || i % 7)::tsvector FROM generate_series(1, 15000) i;
CREATE INDEX tail_words ON tail_t USING hnsw (words bm25_ops);
INSERT INTO tail_t SELECT i, ('w' || i % 50 || CASE WHEN i % 5 > 0 THEN ' all' ELSE '' END || ' x' || i % 400)::tsvector FROM generate_series(15001, 17900) i;
CREATE FUNCTION tail_scores(memory text, OUT scores float8[], OUT fetched bigint) LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
	PERFORM set_config('work_mem', memory, true);
	scores := ARRAY(SELECT words <@> 'all | x7 | w8' FROM tail_t ORDER BY words <@> 'all | x7 | w8' LIMIT 40);
	fetched := (SELECT heap_fetches FROM lokivector_scan_stats());
END $$;
SELECT a.scores = b.scores AS same, a.scores = ARRAY(SELECT words <@> 'all | x7 | w8' FROM tail_t ORDER BY (words <@> 'all | x7 | w8')::text::float8 LIMIT 40) AS exact,
	a.fetched < 500 AS few, b.fetched - a.fetched BETWEEN 1 AND 300 AS more
FROM tail_scores('4MB') a, tail_scores('64kB') b;
DROP TABLE tail_t;
DROP FUNCTION tail_scores;
