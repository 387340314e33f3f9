-- The nearest groups of rows: the first rows of each, in order, until LIMIT has enough

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
-- 4,000 rows in 400 documents; some have no vector, some a zero vector, and some documents nothing else
CREATE TABLE chunks (id int PRIMARY KEY, doc int, tenant int, lang text, v vector(8));
INSERT INTO chunks
	SELECT i, i / 10, i % 7, CASE WHEN i % 3 > 0 THEN 'lang' || i % 3 END,
		CASE WHEN i % 11 = 0 OR i / 10 % 50 = 9 THEN NULL WHEN i % 13 = 0 OR i / 10 % 50 = 8 THEN '[0,0,0,0,0,0,0,0]'
			ELSE (SELECT array_agg(sin(i * 0.7 + j * j + (i % 97) * j)) FROM generate_series(1, 8) j)::vector END
	FROM generate_series(0, 3999) i;
CREATE TABLE docs (id int PRIMARY KEY, title text, kind int);
INSERT INTO docs SELECT i, 'title ' || i, i % 5 FROM generate_series(0, 399) i;
CREATE INDEX chunks_v ON chunks USING hnsw (v vector_cosine_ops, tenant);
CREATE INDEX chunks_doc ON chunks (doc);
CREATE TABLE parts (id int, doc int, tenant int, lang text, v vector(8)) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1) PARTITION BY HASH (doc);
CREATE TABLE part10 PARTITION OF part1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part11 PARTITION OF part1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT * FROM chunks;
CREATE INDEX ON parts USING hnsw (v vector_cosine_ops);
CREATE VIEW near AS SELECT *, v <=> '[1,0,1,0,0,1,0,0]' AS d, 1 - (v <=> '[1,0,1,0,0,1,0,0]') AS s FROM chunks;
VACUUM ANALYZE chunks, docs, parts;

-- The nodes of a statement, but those of a second plan, how many rows it has, and whether they are those that it has
-- without an index
CREATE FUNCTION groups_check(statement text, OUT uses text, OUT rows int, OUT outcome text) LANGUAGE sql AS $$
	SELECT regexp_replace(uses, 'LokivectorSearchOrSort (Limit Sort Limit ((?! Limit).)*) Limit.*', '\1, or others'), rows, outcome FROM same(statement,
		'Limit|LokivectorSearchOrSort|Sort$|Index Scan|LokivectorHybridScan|LokivectorGroupSearch|Seq Scan|HashAggregate|GroupAggregate|WindowAgg|Nested Loop|Subquery Scan|Unique|Merge Append|LockRows')
$$;
SET enable_seqscan = off;
SET hnsw.ef_search = 400;

-- test: the nearest documents
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT max(s) FROM near GROUP BY doc ORDER BY 1 DESC NULLS LAST LIMIT 10 OFFSET 330$$);
SELECT * FROM groups_check($$SELECT doc FROM near GROUP BY doc ORDER BY min(d) LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, 1 - min(d) AS s FROM near GROUP BY doc ORDER BY min(d) LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d), min(2 * d) FROM near GROUP BY doc ORDER BY min(d) LIMIT 10$$);
SELECT * FROM groups_check($$SELECT 1 - min(d) AS s FROM near GROUP BY doc ORDER BY s DESC NULLS LAST LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, lang, min(d) FROM near GROUP BY doc, lang ORDER BY 3, 1, 2 LIMIT 30$$);
SELECT * FROM groups_check($$SELECT lower(lang) AS l, min(d) FROM near GROUP BY 1 ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near GROUP BY doc HAVING min(d) > 0.2 ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, min(d) AS d FROM near GROUP BY doc) s ORDER BY d LIMIT 10$$);
-- a row of each
SELECT * FROM groups_check($$SELECT * FROM (SELECT DISTINCT ON (doc) doc, id, d FROM near ORDER BY doc, d) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT * FROM (SELECT DISTINCT ON (doc) doc, id, lang FROM near ORDER BY doc, d) s ORDER BY doc LIMIT 3$$);
SELECT * FROM groups_check($$WITH best AS (SELECT DISTINCT ON (doc) doc, id, d FROM near ORDER BY doc, d) SELECT * FROM best WHERE d > 0.2 ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT b.d, title FROM (SELECT DISTINCT ON (doc) doc, id, d FROM near ORDER BY doc, d) b JOIN docs ON docs.id = b.doc ORDER BY b.d LIMIT 10$$);
-- several rows of each
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, id, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n <= 2 ORDER BY d LIMIT 20$$);
SELECT * FROM groups_check($$SELECT d, n + 1 FROM (SELECT lang, d, row_number() OVER (PARTITION BY lang ORDER BY d) AS n FROM near) s WHERE n < 5 ORDER BY d LIMIT 20$$);
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n = 1 ORDER BY d LIMIT 20$$);
SELECT * FROM groups_check($$SELECT title, d FROM (SELECT doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s JOIN docs ON docs.id = doc WHERE n = 1 ORDER BY d LIMIT 20$$);
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n = 2 ORDER BY d LIMIT 5$$);
-- ranks: rows as near as each other have the same
CREATE VIEW ties AS SELECT *, round(d::numeric, 1)::float8 AS r FROM near WHERE tenant < 4;
SELECT * FROM groups_check($$SELECT r, n FROM (SELECT doc, r, rank() OVER (PARTITION BY doc ORDER BY r) AS n FROM ties) s WHERE n <= 2 ORDER BY r, n LIMIT 20$$);
SELECT * FROM groups_check($$SELECT tenant, r, n FROM (SELECT tenant, r, dense_rank() OVER (PARTITION BY tenant ORDER BY r) AS n FROM ties) s WHERE n < 4 ORDER BY r, n, tenant LIMIT 300$$);
SELECT * FROM groups_check($$SELECT d, n FROM (SELECT doc, d, rank() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n = 2 ORDER BY d LIMIT 5$$);
SELECT uses FROM groups_check($$SELECT r, n + m FROM (SELECT r, rank() OVER w AS n, row_number() OVER w AS m FROM ties WINDOW w AS (PARTITION BY doc ORDER BY r)) s WHERE n <= 2 ORDER BY r LIMIT 9$$);

-- test: ORDER BY of a subquery, by which the query sorts as well, decides nothing
SELECT * FROM groups_check($$SELECT * FROM (SELECT id, doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near ORDER BY 3) q WHERE n = 1 ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT * FROM (SELECT id, doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near ORDER BY 3) q WHERE n = 1) m ORDER BY d, id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT * FROM (SELECT id, doc, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near ORDER BY 3, 1) q WHERE n = 1 ORDER BY d) m ORDER BY d, id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, d FROM (SELECT doc, min(d) AS d FROM near GROUP BY doc ORDER BY 2) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$WITH s AS (SELECT doc, min(d) AS d FROM near GROUP BY doc ORDER BY 2) SELECT doc, d FROM s WHERE d > 0.1 ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT title, d FROM (SELECT id, doc, d FROM near ORDER BY d) s JOIN docs ON docs.id = doc WHERE kind < 4 ORDER BY d LIMIT 10$$);
-- but another one does, or more keys, and rows that are taken or locked by it
SELECT line FROM plan_lines($$SELECT id, round(d::numeric, 3) FROM (WITH k AS MATERIALIZED (SELECT id FROM docs WHERE kind < 4) SELECT n.id, d FROM near n WHERE doc IN (SELECT id FROM k) ORDER BY d) s ORDER BY d LIMIT 10$$, 'COSTS OFF') line WHERE line ~ 'Sort Key|Order By';
SELECT line FROM plan_lines($$SELECT id, n, d FROM (SELECT id, generate_series(1, 2) AS n, d FROM near ORDER BY d) s ORDER BY d LIMIT 10$$, 'COSTS OFF') line WHERE line ~ 'Sort Key|Order By';
SELECT * FROM groups_check($$SELECT doc, d FROM (SELECT doc, d FROM near ORDER BY d DESC) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT id, d FROM near ORDER BY d, id) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT id, d FROM near ORDER BY d LIMIT 20 OFFSET 3) s ORDER BY d, id DESC LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT id, d FROM near ORDER BY d FOR UPDATE) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT id, d FROM (SELECT DISTINCT ON (d) id, d FROM near WHERE d IS NOT NULL ORDER BY d, id) s ORDER BY d LIMIT 10$$);
-- and where rows are used in that order
SELECT uses LIKE 'Limit Sort GroupAggregate Index Scan%' AS sorts FROM groups_check($$WITH s AS (SELECT doc, min(d) AS d FROM near GROUP BY doc ORDER BY 2) SELECT doc, d, (SELECT string_agg(doc::text, ',') FROM s) FROM s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT string_agg(id::text, ',') FROM (SELECT id, d FROM near WHERE d < 0.5 ORDER BY d, id) s$$);
SELECT * FROM groups_check($$SELECT string_agg(id::text, ',' ORDER BY d) FROM (SELECT id, d FROM near WHERE d < 0.5 ORDER BY d, id) s$$);
SELECT * FROM groups_check($$SELECT id, row_number() OVER () AS n FROM (SELECT id, d FROM near WHERE d < 0.5 ORDER BY d) s ORDER BY d LIMIT 10$$);
CREATE SEQUENCE calls;
SELECT n, d > lag(d) OVER (ORDER BY n) AS farther FROM (SELECT d, nextval('calls') AS n FROM (SELECT d FROM near WHERE d < 0.5 ORDER BY d) s ORDER BY d LIMIT 4) c;

-- test: conditions, joins, partitions
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near WHERE tenant = 3 GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near WHERE lang = 'lang1' GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near WHERE doc < 20 GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near WHERE d < 0.3 GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT title, min(d) FROM near JOIN docs ON docs.id = doc WHERE kind = 3 GROUP BY docs.id ORDER BY 2 LIMIT 10$$);
-- numbered rows of five groups: LIMIT takes nearly all that have a number, which are the first of very many
SET enable_seqscan = on;
SELECT * FROM groups_check($$SELECT * FROM (SELECT kind, n.id, d, row_number() OVER (PARTITION BY kind ORDER BY d) AS r FROM near n JOIN docs ON docs.id = doc) s WHERE r <= 3 ORDER BY d LIMIT 14$$);
SET enable_seqscan = off;
-- in a subquery, and of ranks, whose order a LIMIT above takes as well
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, min(d) AS d FROM near JOIN docs ON docs.id = doc WHERE kind < 3 GROUP BY doc) s ORDER BY d LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM near WHERE doc IN (SELECT id FROM docs WHERE kind < 3)) s WHERE r <= 3$$);
SELECT * FROM groups_check($$SELECT doc, min(c.v <=> q.v) FROM chunks c, (SELECT v FROM chunks WHERE id = 17) q GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(v <=> '[1,0,1,0,0,1,0,0]') FROM parts GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT docs.id, (SELECT string_agg(doc::text, ',') FROM (SELECT doc FROM chunks c WHERE c.tenant = docs.kind GROUP BY doc ORDER BY min(c.v <=> '[1,0,1,0,0,1,0,0]') LIMIT 5) s) FROM docs WHERE docs.id < 20$$);

-- a left join makes all of them where documents without one come last
SELECT * FROM groups_check($$SELECT e.doc, q.d FROM (SELECT DISTINCT doc FROM near) e LEFT JOIN (SELECT doc, min(d) AS d FROM near GROUP BY doc) q ON q.doc = e.doc ORDER BY q.d, e.doc LIMIT 10$$);
-- test: rows without a distance, and as many groups as there are
-- a group of NULLs alone makes the search go on, so sorting is cheaper
SELECT uses FROM groups_check($$SELECT max(s) FROM near GROUP BY doc ORDER BY 1 DESC LIMIT 30$$);
SELECT uses FROM groups_check($$SELECT max(s) FROM near WHERE v IS NOT NULL GROUP BY doc ORDER BY 1 DESC LIMIT 30$$);
SELECT uses FROM groups_check($$SELECT max(s) FROM near WHERE d < 1 GROUP BY doc ORDER BY 1 DESC LIMIT 30$$);
SET enable_sort = off;
SET enable_hashagg = off;
SELECT * FROM groups_check($$SELECT max(s) FROM near GROUP BY doc ORDER BY 1 DESC LIMIT 30$$);
SELECT * FROM groups_check($$SELECT max(s) FROM near WHERE tenant = 1 GROUP BY doc ORDER BY 1 DESC LIMIT 600$$);
SELECT * FROM groups_check($$SELECT max(1 - (v <=> '[1,0,1,0,0,1,0,0]')) FROM parts WHERE doc BETWEEN 50 AND 60 GROUP BY doc ORDER BY 1 DESC LIMIT 5 OFFSET 8$$);
SELECT * FROM groups_check($$SELECT min(d) FROM near GROUP BY doc ORDER BY 1 LIMIT 600$$);
SELECT * FROM groups_check($$SELECT min(d) FROM near WHERE doc % 50 IN (7, 8, 9) GROUP BY doc ORDER BY 1 LIMIT 600$$);
SELECT * FROM groups_check($$SELECT s FROM (SELECT DISTINCT ON (doc) doc, s FROM near ORDER BY doc, d) b ORDER BY s DESC LIMIT 30$$);
SELECT * FROM groups_check($$SELECT s FROM (SELECT DISTINCT ON (doc) doc, s FROM near ORDER BY doc, s DESC) b ORDER BY s DESC LIMIT 30$$);
SELECT * FROM groups_check($$SELECT s FROM (SELECT DISTINCT ON (doc) doc, s FROM near WHERE v IS NOT NULL ORDER BY doc, d) b ORDER BY s DESC LIMIT 30$$);
SELECT * FROM groups_check($$SELECT s FROM (SELECT DISTINCT ON (doc) doc, s FROM near ORDER BY doc, s DESC NULLS LAST) b ORDER BY s DESC NULLS LAST LIMIT 600$$);
RESET enable_sort;
RESET enable_hashagg;

-- test: other statements have other plans
SELECT * FROM groups_check($$SELECT doc, min(d), count(*) FROM near GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d), max(s) FROM near GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, max(d) FROM near WHERE v IS NOT NULL GROUP BY doc ORDER BY 2, 1 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near GROUP BY doc ORDER BY 2, 1$$);
SELECT * FROM groups_check($$SELECT doc, min(d) FROM near GROUP BY doc ORDER BY 2 FETCH FIRST 5 ROWS WITH TIES$$);
SELECT rows, outcome FROM groups_check($$SELECT doc, min(d) FROM near GROUP BY ROLLUP (doc) ORDER BY 2, 1 LIMIT 5$$);
SELECT * FROM groups_check($$SELECT doc, min(d), min(v <=> '[1,0,1,0,0,1,0,1]') FROM near GROUP BY doc ORDER BY 2 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT * FROM (SELECT doc, id, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n > 9 AND d IS NOT NULL ORDER BY d LIMIT 5$$);

-- test: statements without distances, in a session that has the library
SELECT tenant, count(*) FROM chunks GROUP BY 1 ORDER BY 2, 1 LIMIT 2;
SELECT tenant, 1 + count(*) AS n FROM chunks GROUP BY 1 ORDER BY n DESC, 1 LIMIT 1;
SELECT * FROM (SELECT tenant, count(*) AS c FROM chunks GROUP BY 1) s ORDER BY c, tenant LIMIT 1;
WITH s AS MATERIALIZED (SELECT tenant, count(*) AS c FROM chunks GROUP BY 1)
	SELECT * FROM s ORDER BY c, tenant LIMIT 1;
WITH s AS MATERIALIZED (SELECT id, row_number() OVER (ORDER BY id) AS r FROM docs)
	SELECT * FROM s ORDER BY r LIMIT 1;
WITH s AS MATERIALIZED (SELECT DISTINCT ON (doc) doc, id FROM chunks ORDER BY doc, id)
	SELECT * FROM s ORDER BY id LIMIT 2;
SELECT id, (SELECT count(*) FROM chunks c WHERE c.doc = docs.id GROUP BY doc) FROM docs ORDER BY id LIMIT 2;
SELECT id, (SELECT row_number() OVER (ORDER BY 1)) FROM docs ORDER BY id LIMIT 1;
SELECT id FROM docs WHERE EXISTS (SELECT count(*) FROM chunks c WHERE c.doc = docs.id GROUP BY tenant HAVING count(*) > 1)
	ORDER BY id LIMIT 2;

-- test: GROUPING() needs an aggregate node
SELECT * FROM groups_check($$SELECT doc, grouping(doc), min(v <=> '[1,0,1,0,0,1,0,0]') FROM chunks GROUP BY doc ORDER BY 3 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT doc, min(v <=> '[1,0,1,0,0,1,0,0]') FROM chunks GROUP BY doc HAVING grouping(doc) = 0 ORDER BY 2 LIMIT 10$$);

-- test: the genetic optimizer, and a key that is a constant
SET geqo_threshold = 2;
SELECT rows, outcome FROM groups_check($$SELECT title, min(d) FROM near JOIN docs ON docs.id = doc WHERE kind = 3 GROUP BY docs.id ORDER BY 2 LIMIT 10$$);
SELECT rows, outcome FROM groups_check($$SELECT b.d FROM (SELECT DISTINCT ON (doc) doc, d FROM near JOIN docs ON docs.id = doc ORDER BY doc, d) b ORDER BY b.d LIMIT 10$$);
RESET geqo_threshold;
SET random_page_cost = 0.01;
SELECT rows, outcome FROM groups_check($$SELECT * FROM (SELECT DISTINCT ON (doc) doc, d FROM near JOIN docs ON docs.id = doc WHERE doc = 5 ORDER BY doc, d) s ORDER BY d LIMIT 3$$);
RESET random_page_cost;

-- test: a search reads a part of the index
CREATE FUNCTION groups_way(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'SELECT count(*) FROM (' || statement || ') s';
	RETURN (SELECT strategy FROM lokivector_scan_stats());
END $$;
SET hnsw.ef_search = 40;
SELECT groups_way($$SELECT doc, min(d) FROM near GROUP BY doc ORDER BY 2 LIMIT 10$$),
	groups_way($$SELECT * FROM (SELECT DISTINCT ON (doc) doc, id, d FROM near ORDER BY doc, d) s ORDER BY d LIMIT 10$$),
	groups_way($$SELECT * FROM (SELECT doc, id, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s WHERE n <= 2 ORDER BY d LIMIT 20$$);
SET hnsw.ef_search = 400;

-- test: parameters of a generic plan, and rescans
SET plan_cache_mode = force_generic_plan;
PREPARE nearest_docs(vector, bigint, bigint) AS
	SELECT doc, round(min(v <=> $1)::numeric, 4) FROM chunks GROUP BY doc ORDER BY min(v <=> $1) LIMIT $2 OFFSET $3;
SELECT * FROM plan_lines($$EXECUTE nearest_docs('[1,0,1,0,0,1,0,0]', 3, 1)$$) LIMIT 11;
EXECUTE nearest_docs('[1,0,1,0,0,1,0,0]', 3, 1);
EXECUTE nearest_docs('[0,0,1,0,0,1,0,1]', 2, NULL);
PREPARE passages(bigint) AS SELECT doc, id, n FROM (SELECT doc, id, d, row_number() OVER (PARTITION BY doc ORDER BY d) AS n FROM near) s
	WHERE n <= $1 ORDER BY d LIMIT 4;
SELECT * FROM plan_lines($$EXECUTE passages(1)$$) LIMIT 12;
EXECUTE passages(1);
EXECUTE passages(2);
DEALLOCATE ALL;
RESET plan_cache_mode;
SELECT q.id, s.* FROM (SELECT id, v FROM chunks WHERE id IN (1, 2, 3)) q,
	LATERAL (SELECT doc, round(min(c.v <=> q.v)::numeric, 4) FROM chunks c GROUP BY doc ORDER BY min(c.v <=> q.v) LIMIT 3) s ORDER BY 1, 3;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT doc FROM near GROUP BY doc ORDER BY min(d) LIMIT 5;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
COMMIT;

-- test: groups that outgrow the memory of hash tables
-- a generic plan expects that LIMIT takes few groups
SET plan_cache_mode = force_generic_plan;
SET enable_sort = off;
SET enable_hashagg = off;
-- whether the node sorted rows on disk
CREATE FUNCTION spills(statement text) RETURNS boolean LANGUAGE sql AS $$
	SELECT substring(plan_json('EXECUTE ' || statement, 'ANALYZE, BUFFERS, TIMING OFF')::text
		FROM '"LokivectorGroupSearch".*?"Temp Written Blocks": ([0-9]+)')::int > 0
$$;
PREPARE ids(bigint) AS SELECT id, min(d) AS s FROM near GROUP BY id ORDER BY s LIMIT $1;
PREPARE having_ids(bigint) AS SELECT id, min(d) AS s FROM near GROUP BY id HAVING min(d) > 0.5 ORDER BY s LIMIT $1;
PREPARE waiting(bigint) AS SELECT id, max(s) AS s FROM near GROUP BY id ORDER BY s DESC LIMIT $1;
PREPARE numbers(bigint) AS SELECT id, n + coalesce(s, 0) AS s FROM
	(SELECT doc, lang, id, s, d, row_number() OVER (PARTITION BY doc, lang ORDER BY d) AS n FROM near) x WHERE n <= 2 ORDER BY d LIMIT $1;
PREPARE ranks(bigint) AS SELECT id, n + coalesce(r, 0) AS s FROM
	(SELECT id, r, rank() OVER (PARTITION BY id ORDER BY r) AS n FROM ties) x WHERE n <= 2 ORDER BY r LIMIT $1;
CREATE TABLE large_ranks AS EXECUTE ranks(2000);
CREATE TABLE large AS EXECUTE ids(3500);
CREATE TABLE large_having AS EXECUTE having_ids(2000);
CREATE TABLE large_waiting AS EXECUTE waiting(3500);
CREATE TABLE large_numbers AS EXECUTE numbers(2000);
SELECT s, spills(s) FROM unnest(ARRAY['ids(3500)', 'having_ids(2000)', 'waiting(3500)', 'numbers(2000)', 'ranks(2000)']) s;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT s, spills(s) FROM unnest(ARRAY['ids(3500)', 'having_ids(2000)', 'waiting(3500)', 'numbers(2000)', 'ranks(2000)', 'ids(10)']) s;
CREATE TABLE small AS EXECUTE ids(3500);
CREATE TABLE small_having AS EXECUTE having_ids(2000);
CREATE TABLE small_waiting AS EXECUTE waiting(3500);
CREATE TABLE small_numbers AS EXECUTE numbers(2000);
CREATE TABLE small_ranks AS EXECUTE ranks(2000);
RESET work_mem;
RESET hash_mem_multiplier;
SELECT kind, count(*), bool_and(large IS NOT DISTINCT FROM small) AS same FROM (
	SELECT 'ids' AS kind, l.s AS large, s.s AS small FROM (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM large) l
		FULL JOIN (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM small) s USING (n)
	UNION ALL SELECT 'having', l.s, s.s FROM (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM large_having) l
		FULL JOIN (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM small_having) s USING (n)
	UNION ALL SELECT 'waiting', l.s, s.s FROM (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM large_waiting) l
		FULL JOIN (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM small_waiting) s USING (n)
	UNION ALL SELECT 'numbers', l.s, s.s FROM (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM large_numbers) l
		FULL JOIN (SELECT row_number() OVER (ORDER BY ctid) AS n, s FROM small_numbers) s USING (n)
	UNION ALL SELECT 'ranks', l.s, s.s FROM (SELECT row_number() OVER (ORDER BY s) AS n, s FROM large_ranks) l
		FULL JOIN (SELECT row_number() OVER (ORDER BY s) AS n, s FROM small_ranks) s USING (n)) x GROUP BY 1 ORDER BY 1;
SELECT count(*), count(DISTINCT id) FROM small;
DROP TABLE large, large_having, large_waiting, large_numbers, large_ranks, small, small_having, small_waiting, small_numbers, small_ranks;
DEALLOCATE ALL;
DROP FUNCTION spills;
RESET enable_sort;
RESET enable_hashagg;
RESET plan_cache_mode;

-- test: memory over many rescans, each of which sorts a row that could have to wait
CREATE FUNCTION groups_memory() RETURNS bigint LANGUAGE sql VOLATILE AS
	'SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts';
CREATE TABLE probes AS SELECT i, (SELECT array_agg(sin(i * j)) FROM generate_series(1, 8) j)::vector AS q FROM generate_series(1, 1200) i;
SELECT uses FROM groups_check($$SELECT i, doc FROM probes, LATERAL (SELECT doc FROM chunks WHERE v IS NOT NULL GROUP BY doc
	ORDER BY max(1 - (v <=> q)) DESC LIMIT 1) s WHERE i = 1$$);
SELECT count(*), max(m) FILTER (WHERE i = 1200) - max(m) FILTER (WHERE i = 200) < 65536 AS level
FROM (SELECT i, CASE WHEN i IN (200, 1200) THEN groups_memory() END AS m FROM probes,
	LATERAL (SELECT doc FROM chunks WHERE v IS NOT NULL GROUP BY doc ORDER BY max(1 - (v <=> q)) DESC LIMIT 1) s) s;
DROP TABLE probes;
DROP FUNCTION groups_memory;

-- test: policies and volatile functions
CREATE ROLE groups_reader;
GRANT SELECT ON chunks TO groups_reader;
ALTER TABLE chunks ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_tenants ON chunks USING (tenant < 3);
SET ROLE groups_reader;
SELECT * FROM groups_check($$SELECT doc, min(v <=> '[1,0,1,0,0,1,0,0]') FROM chunks GROUP BY doc ORDER BY 2 LIMIT 10$$);
RESET ROLE;
ALTER TABLE chunks DISABLE ROW LEVEL SECURITY;
SELECT uses FROM groups_check($$SELECT * FROM (SELECT DISTINCT ON (doc) doc, random() > 2 AS r, d FROM near ORDER BY doc, d) s ORDER BY d LIMIT 10$$);

DROP VIEW ties, near;
DROP TABLE chunks, docs, parts;
DROP ROLE groups_reader;
DROP FUNCTION groups_check, groups_way;
RESET enable_seqscan;
RESET hnsw.ef_search;
