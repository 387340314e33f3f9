-- SPDX-License-Identifier: PostgreSQL
-- Shapes of queries of published applications, drivers and questions.  bench/shapes.py runs
-- each over 60,000 rows of 64 dimensions, 100,000 of 256, and 20,000 of 1,536, which are
-- TOASTed; shapes_tables.sql has the tables.
--
-- What a shape has besides its query, each on lines that begin so:
--	-- set: NAME = VALUE		before it is planned
--	-- generic: TYPES VALUES	parameters of a generic plan
--	-- by hand:					another form of the query, to compare it with
-- :q is a query vector, :few and :some are bounds that 20 and 1,000 rows are within, and
-- {{query}} is the result of a query as a literal.

-- shape: nearest
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: condition that all rows pass
SELECT id FROM chunks WHERE collection = 'main' ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: tie-break on own id
SELECT id FROM chunks ORDER BY v <=> :q, id LIMIT 10;
-- shape: tie-break on a joined table
SELECT c.id FROM chunks c JOIN docs d ON d.id = c.doc_id ORDER BY c.v <=> :q, d.author LIMIT 10;
-- by hand:
SELECT s.id FROM (SELECT id, doc_id, v <=> :q AS x FROM chunks ORDER BY v <=> :q LIMIT 10) s JOIN docs d ON d.id = s.doc_id ORDER BY x, d.author;
-- shape: 20,000 ids as a constant array
SELECT id FROM chunks WHERE u = ANY ({{SELECT array_agg(u) FROM chunks WHERE id <= 20000}}::uuid[]) ORDER BY v <=> :q LIMIT 10;
-- shape: 20,000 ids as a parameter
-- generic: (uuid[]) {{SELECT array_agg(u) FROM chunks WHERE id <= 20000}}
SELECT id FROM chunks WHERE u = ANY ($1) ORDER BY v <=> :q LIMIT 10;
-- shape: 20,000 ids of a sub-select as an array
SELECT id FROM chunks WHERE u = ANY (ARRAY(SELECT id FROM allowed WHERE usr < 10)) ORDER BY v <=> :q LIMIT 10;
-- shape: IN (SELECT ...), 2,000 keys
SELECT id FROM chunks WHERE u IN (SELECT id FROM allowed WHERE usr = 1) ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE u = ANY ({{SELECT array_agg(id) FROM allowed WHERE usr = 1}}::uuid[]) ORDER BY v <=> :q LIMIT 10;
-- shape: IN (SELECT ...), 24,000 keys
SELECT id FROM chunks WHERE u IN (SELECT id FROM allowed WHERE usr IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)) ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE u = ANY ({{SELECT array_agg(id) FROM allowed WHERE usr BETWEEN 1 AND 12}}::uuid[]) ORDER BY v <=> :q LIMIT 10;
-- shape: IN (SELECT DISTINCT ...)
SELECT id FROM chunks WHERE doc_id IN (SELECT DISTINCT id FROM docs WHERE status = 'published') ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE doc_id IN (SELECT id FROM docs WHERE status = 'published') ORDER BY v <=> :q LIMIT 10;
-- shape: NOT IN (SELECT ...)
SELECT id FROM chunks WHERE doc_id NOT IN (SELECT id FROM docs WHERE status = 'draft') ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks c WHERE NOT EXISTS (SELECT FROM docs d WHERE d.id = c.doc_id AND status = 'draft') ORDER BY v <=> :q LIMIT 10;
-- shape: EXISTS
SELECT id FROM chunks c WHERE EXISTS (SELECT FROM docs d WHERE d.id = c.doc_id AND d.status = 'published') ORDER BY v <=> :q LIMIT 10;
-- shape: JOIN to VALUES of keys
SELECT c.id FROM chunks c JOIN (VALUES (1), (7), (11), (400), (9000), (77)) k (id) ON k.id = c.doc_id ORDER BY c.v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE doc_id IN (1, 7, 11, 400, 9000, 77) ORDER BY v <=> :q LIMIT 10;
-- shape: JOIN to unnest() of 2,000 keys
SELECT c.id FROM chunks c JOIN unnest({{SELECT array_agg(i) FROM generate_series(1, 2000) i}}::int[]) k (id) ON k.id = c.doc_id ORDER BY c.v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE doc_id = ANY ({{SELECT array_agg(i) FROM generate_series(1, 2000) i}}::int[]) ORDER BY v <=> :q LIMIT 10;
-- shape: JOIN to documents of an author
SELECT c.id, d.author FROM chunks c JOIN docs d ON d.id = c.doc_id WHERE d.author = 'author 7' ORDER BY c.v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE doc_id = ANY (ARRAY(SELECT id FROM docs WHERE author = 'author 7')) ORDER BY v <=> :q LIMIT 10;
-- shape: LEFT JOIN, select_related
SELECT c.id, d.author FROM chunks c LEFT JOIN docs d ON d.id = c.doc_id WHERE c.tenant_id = 7 ORDER BY c.v <=> :q LIMIT 10;
-- shape: LEFT JOIN, the vector on its nullable side
SELECT d.id, c.id FROM docs d LEFT JOIN chunks c ON c.doc_id = d.id ORDER BY c.v <=> :q LIMIT 10;
-- by hand:
SELECT d.id, c.id FROM docs d JOIN chunks c ON c.doc_id = d.id ORDER BY c.v <=> :q LIMIT 10;
-- shape: RIGHT JOIN, a rare tenant
SELECT d.id, c.id FROM chunks c RIGHT JOIN docs d ON c.doc_id = d.id WHERE d.tenant_id = 7 ORDER BY c.v <=> :q LIMIT 10;
-- by hand:
SELECT d.id, c.id FROM docs d JOIN chunks c ON c.doc_id = d.id WHERE d.tenant_id = 7 ORDER BY c.v <=> :q LIMIT 10;
-- shape: CTE with a score, threshold outside
WITH s AS (SELECT id, 1 - (v <=> :q) AS score FROM chunks) SELECT * FROM s WHERE score > 0.3 ORDER BY score DESC LIMIT 10;
-- shape: MATERIALIZED CTE, sorted again
WITH s AS MATERIALIZED (SELECT id, v <=> :q AS d FROM chunks ORDER BY d LIMIT 50) SELECT * FROM s ORDER BY d + 0, id LIMIT 10;
-- shape: jsonb ->> with an index
SELECT id FROM chunks WHERE meta->>'user' = 'u7' ORDER BY v <=> :q LIMIT 10;
-- shape: jsonb #>> without one
SELECT id FROM chunks WHERE meta#>>'{user}' = 'u7' ORDER BY v <=> :q LIMIT 10;
-- shape: jsonb @>, a third of the rows
SELECT id FROM chunks WHERE meta @> '{"lang": "de"}' ORDER BY v <=> :q LIMIT 10;
-- shape: jsonpath and a bound
SELECT id FROM chunks WHERE v <=> :q < :some AND meta @@ '$.lang == "de"' ORDER BY v <=> :q LIMIT 10;
-- shape: list of 2,000 ids, LIMIT 500
SELECT id FROM chunks WHERE id = ANY ({{SELECT array_agg(i * 17) FROM generate_series(1, 2000) i}}::int[]) ORDER BY v <=> :q LIMIT 500;
-- shape: Drizzle, gt(similarity), desc(similarity)
SELECT id, 1 - (v <=> :q) AS similarity FROM chunks WHERE 1 - (v <=> :q) > 0.3 ORDER BY 1 - (v <=> :q) DESC LIMIT 4;
-- shape: Drizzle, three parameters
-- generic: (vector, vector, float8, vector, integer) :q, :q, 0.3, :q, 10
SELECT id, 1 - (v <=> $1) FROM chunks WHERE 1 - (v <=> $2) > $3 ORDER BY 1 - (v <=> $4) DESC LIMIT $5;
-- by hand:
SELECT id, 1 - (v <=> :q) FROM chunks WHERE 1 - (v <=> :q) > 0.3 ORDER BY 1 - (v <=> :q) DESC LIMIT 10;
-- shape: one parameter
-- generic: (vector, float8, integer) :q, 0.3, 10
SELECT id, 1 - (v <=> $1) FROM chunks WHERE 1 - (v <=> $1) > $2 ORDER BY 1 - (v <=> $1) DESC LIMIT $3;
-- shape: metadata @> $2 with {}
-- generic: (vector, jsonb, integer) :q, '{}', 10
SELECT id FROM chunks WHERE meta @> $2 ORDER BY v <=> $1 LIMIT $3;
-- by hand:
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: tenant = $2
-- generic: (vector, integer, integer) :q, 7, 10
SELECT id FROM chunks WHERE tenant_id = $2 ORDER BY v <=> $1 LIMIT $3;
-- shape: two optional conditions, one asked for
-- generic: (vector, integer, integer) :q, 6, NULL
SELECT id FROM notes WHERE ($2 IS NULL OR tenant_id = $2) AND ($3 IS NULL OR id < $3) ORDER BY v <=> $1 LIMIT 10;
-- by hand:
SELECT id FROM notes WHERE tenant_id = 6 ORDER BY v <=> :q LIMIT 10;
-- shape: LIMIT and OFFSET as parameters
-- generic: (vector, integer, integer) :q, 10, 20
SELECT id FROM chunks ORDER BY v <=> $1 LIMIT $2 OFFSET $3;
-- shape: score descending, NULLS LAST
SELECT id FROM chunks WHERE tenant_id = 7 ORDER BY (1 - (v <=> :q)) DESC NULLS LAST LIMIT 10;
-- shape: Greatest
SELECT id, greatest(0, 1 - (v <=> :q)) AS s FROM chunks ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id, greatest(0, 1 - (v <=> :q)) AS s FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: Coalesce
SELECT id, coalesce(1 - (v <=> :q), 0) AS s FROM chunks ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id, coalesce(1 - (v <=> :q), 0) AS s FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: CASE WHEN v IS NULL
SELECT id, CASE WHEN v IS NULL THEN 0 ELSE 1 - (v <=> :q) END AS s FROM chunks ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: round(), numeric
SELECT id, round((1 - (v <=> :q))::numeric, 3) AS s FROM chunks ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id, round((1 - (v <=> :q))::numeric, 3) AS s FROM chunks ORDER BY v <=> :q LIMIT 10;
-- shape: recency blend
SELECT id, 0.7 * (1 - (v <=> :q)) + 0.3 * exp(-extract(epoch FROM now() - created_at)::float8 / 86400 / 90) AS s FROM chunks WHERE v IS NOT NULL ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id, 0.7 * (1 - d) + 0.3 * exp(-extract(epoch FROM now() - created_at)::float8 / 86400 / 90) AS s FROM (SELECT id, created_at, v <=> :q AS d FROM chunks ORDER BY v <=> :q LIMIT 3000) c ORDER BY s DESC LIMIT 10;
-- shape: recency blend with a threshold
SELECT id, 0.7 * (1 - (v <=> :q)) + 0.3 * exp(-extract(epoch FROM now() - created_at)::float8 / 86400 / 90) AS s FROM chunks WHERE v <=> :q < :some ORDER BY s DESC LIMIT 10;
-- shape: score times age within a tenant
SELECT id FROM chunks WHERE tenant_id = 7 ORDER BY (1 - (v <=> :q)) * exp(-extract(epoch FROM now() - created_at)::float8 / 86400 / 30) DESC NULLS LAST LIMIT 10;
-- shape: popularity
SELECT id FROM chunks ORDER BY (v <=> :q) - 0.01 * ln(1 + likes) LIMIT 10;
-- by hand:
SELECT id FROM (SELECT id, likes, v <=> :q AS d FROM chunks ORDER BY v <=> :q LIMIT 500) c ORDER BY d - 0.01 * ln(1 + likes) LIMIT 10;
-- shape: boost by a condition
SELECT id, (1 - (v <=> :q)) + 0.05 * (meta @> '{"lang": "de"}')::int AS s FROM chunks WHERE v IS NOT NULL ORDER BY s DESC NULLS LAST LIMIT 10;
-- by hand:
SELECT id, (1 - d) + 0.05 * (meta @> '{"lang": "de"}')::int AS s FROM (SELECT id, meta, v <=> :q AS d FROM chunks ORDER BY v <=> :q LIMIT 500) c ORDER BY s DESC LIMIT 10;
-- shape: blend of words and vectors, words OR bound
SELECT id, 0.7 * (1 - (v <=> :q)) + 0.3 * ts_rank(words, 'word77') AS s FROM chunks WHERE words @@ 'word77' OR v <=> :q < :few ORDER BY s DESC NULLS LAST LIMIT 10;
-- by hand:
SELECT id, max(s) AS s FROM ((SELECT id, 0.7 * (1 - (v <=> :q)) + 0.3 * ts_rank(words, 'word77') AS s FROM chunks WHERE words @@ 'word77') UNION ALL (SELECT id, 0.7 * (1 - (v <=> :q)) + 0.3 * ts_rank(words, 'word77') FROM chunks WHERE v <=> :q < :few)) a GROUP BY id ORDER BY 2 DESC LIMIT 10;
-- shape: words OR bound, nearest first
SELECT id FROM chunks WHERE words @@ 'word77' OR v <=> :q < :few ORDER BY v <=> :q LIMIT 10;
-- shape: words OR bound, counted
SELECT count(*) FROM chunks WHERE words @@ 'word77' OR v <=> :q < :few;
-- by hand:
SELECT count(*) FROM (SELECT id FROM chunks WHERE words @@ 'word77' UNION SELECT id FROM chunks WHERE v <=> :q < :few) a;
-- shape: words AND nearest
SELECT id FROM chunks WHERE words @@ 'word7' ORDER BY v <=> :q LIMIT 10;
-- shape: sum of two distances
SELECT id FROM chunks ORDER BY (v <=> :q) + (v <=> {{SELECT v FROM queries WHERE id = 99}}) LIMIT 10;
-- shape: lesser of two distances
SELECT id FROM chunks ORDER BY least(v <=> :q, v <=> {{SELECT v FROM queries WHERE id = 99}}) LIMIT 10;
-- by hand:
SELECT id FROM ((SELECT id, v <=> :q AS d FROM chunks ORDER BY d LIMIT 10) UNION ALL (SELECT id, v <=> {{SELECT v FROM queries WHERE id = 99}} AS d FROM chunks ORDER BY d LIMIT 10)) a GROUP BY id ORDER BY min(d) LIMIT 10;
-- shape: DISTINCT ON of a document, sorted outside
SELECT * FROM (SELECT DISTINCT ON (doc_id) doc_id, id, v <=> :q AS d FROM chunks ORDER BY doc_id, d) s ORDER BY d LIMIT 10;
-- by hand:
SELECT * FROM (SELECT DISTINCT ON (doc_id) doc_id, id, d FROM (SELECT doc_id, id, v <=> :q AS d FROM chunks ORDER BY v <=> :q LIMIT 40) c ORDER BY doc_id, d) s ORDER BY d LIMIT 10;
-- shape: DISTINCT ON over a search with LIMIT
SELECT DISTINCT ON (doc_id) doc_id, id, d FROM (SELECT doc_id, id, v <=> :q AS d FROM chunks ORDER BY d LIMIT 100) s ORDER BY doc_id, d;
-- shape: GROUP BY document, min of the distance
SELECT doc_id, min(v <=> :q) AS d FROM chunks GROUP BY doc_id ORDER BY d LIMIT 10;
-- by hand:
SELECT doc_id, min(d) AS d FROM (SELECT doc_id, v <=> :q AS d FROM chunks ORDER BY v <=> :q LIMIT 40) s GROUP BY doc_id ORDER BY d LIMIT 10;
-- shape: GROUP BY document, max of the score, filtered
SELECT doc_id, max(1 - (v <=> :q)) AS s FROM chunks WHERE tenant_id = 7 AND v IS NOT NULL GROUP BY doc_id ORDER BY s DESC LIMIT 10;
-- shape: GROUP BY document with a join
SELECT d.id, d.author, min(c.v <=> :q) AS x FROM chunks c JOIN docs d ON d.id = c.doc_id WHERE d.status = 'published' GROUP BY d.id, d.author ORDER BY x LIMIT 10;
-- shape: three chunks of each document
SELECT * FROM (SELECT doc_id, id, v <=> :q AS d, row_number() OVER (PARTITION BY doc_id ORDER BY v <=> :q) AS n FROM chunks) s WHERE n <= 3 ORDER BY d LIMIT 10;
-- shape: row_number() by tenant, three each
SELECT * FROM (SELECT id, tenant_id, row_number() OVER (PARTITION BY tenant_id ORDER BY v <=> :q) AS n FROM chunks WHERE tenant_id IN (1, 2, 3)) s WHERE n <= 3;
-- by hand:
SELECT t.id, s.id FROM (VALUES (1), (2), (3)) t (id), LATERAL (SELECT id FROM chunks WHERE tenant_id = t.id ORDER BY v <=> :q LIMIT 3) s;
-- shape: row_number() <= 40 outside
SELECT * FROM (SELECT id, row_number() OVER (ORDER BY v <=> :q) AS r FROM chunks) s WHERE r <= 40;
-- by hand:
SELECT id, row_number() OVER (ORDER BY v <=> :q) AS r FROM chunks ORDER BY r LIMIT 40;
-- shape: rank() with LIMIT
SELECT id, rank() OVER (ORDER BY v <=> :q) AS r FROM chunks ORDER BY r LIMIT 20;
-- shape: bound with LIMIT, no order
SELECT id FROM chunks WHERE v <=> :q < :some LIMIT 10;
-- shape: count(*) OVER () with a tenant
SELECT id, v <=> :q AS d, count(*) OVER () FROM chunks WHERE tenant_id = 7 ORDER BY d LIMIT 10;
-- shape: count(*) OVER () with a bound
SELECT id, v <=> :q AS d, count(*) OVER () FROM chunks WHERE v <=> :q < :some ORDER BY d LIMIT 10;
-- shape: count within a bound
SELECT count(*) FROM chunks WHERE v <=> :q < :some;
-- shape: count within a bound, a tenant
SELECT count(*) FROM chunks WHERE v <=> :q < :some AND tenant_id = 7;
-- shape: EXISTS within a bound
SELECT EXISTS (SELECT FROM chunks WHERE v <=> :q < :few);
-- shape: nearest distance as a min
SELECT min(v <=> :q) FROM chunks;
-- by hand:
SELECT v <=> :q FROM chunks ORDER BY v <=> :q LIMIT 1;
-- shape: UNION ALL of tables
SELECT * FROM (SELECT id, v <=> :q AS d FROM chunks UNION ALL SELECT id, v <=> :q FROM notes) u ORDER BY d LIMIT 10;
-- shape: UNION ALL of int and bigint
SELECT id, v <=> :q AS d FROM chunks UNION ALL SELECT id::bigint, v <=> :q FROM notes ORDER BY d LIMIT 10;
-- by hand:
SELECT id::bigint, v <=> :q AS d FROM chunks UNION ALL SELECT id::bigint, v <=> :q FROM notes ORDER BY d LIMIT 10;
-- shape: UNION ALL with conditions
SELECT * FROM (SELECT id, v <=> :q AS d FROM chunks WHERE tenant_id < 50 UNION ALL SELECT id, v <=> :q FROM notes WHERE tenant_id < 50) u ORDER BY d LIMIT 10;
-- by hand:
SELECT * FROM ((SELECT id, v <=> :q AS d FROM chunks WHERE tenant_id < 50 ORDER BY d LIMIT 10) UNION ALL (SELECT id, v <=> :q AS d FROM notes WHERE tenant_id < 50 ORDER BY d LIMIT 10)) u ORDER BY d LIMIT 10;
-- shape: UNION ALL of searches of tenants
(SELECT id, v <=> :q AS d FROM chunks WHERE tenant_id = 1 ORDER BY d LIMIT 10) UNION ALL (SELECT id, v <=> :q AS d FROM chunks WHERE tenant_id = 2 ORDER BY d LIMIT 10) ORDER BY d LIMIT 10;
-- shape: reciprocal ranks by FULL JOIN
WITH a AS (SELECT id, row_number() OVER (ORDER BY v <=> :q) AS r FROM chunks ORDER BY r LIMIT 40), b AS (SELECT id, row_number() OVER (ORDER BY ts_rank_cd(words, 'word77') DESC) AS r FROM chunks WHERE words @@ 'word77' LIMIT 40) SELECT coalesce(a.id, b.id) AS id, coalesce(1.0 / (60 + a.r), 0) + coalesce(1.0 / (60 + b.r), 0) AS score FROM a FULL JOIN b ON a.id = b.id ORDER BY score DESC LIMIT 10;
-- shape: rrf()
SELECT id FROM chunks ORDER BY rrf(v <=> :q, CASE WHEN words @@ 'word77' THEN -ts_rank_cd(words, 'word77') END) DESC LIMIT 10;
-- shape: barrier view
SELECT id FROM hidden ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE tenant_id < 50 ORDER BY v <=> :q LIMIT 10;
-- shape: barrier view, score by alias
SELECT id, 1 - (v <=> :q) AS s FROM hidden ORDER BY s DESC LIMIT 10;
-- by hand:
SELECT id, 1 - (v <=> :q) AS s FROM chunks WHERE tenant_id < 50 ORDER BY v <=> :q LIMIT 10;
-- shape: barrier view of a tenant
-- set: shape.tenant = 7
SELECT id FROM owned ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE tenant_id = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: barrier view with a condition
SELECT id FROM hidden WHERE tenant_id = 7 ORDER BY v <=> :q LIMIT 10;
-- by hand:
SELECT id FROM chunks WHERE tenant_id = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: barrier view within a bound
SELECT count(*) FROM hidden WHERE v <=> :q < :some;
-- by hand:
SELECT count(*) FROM chunks WHERE tenant_id < 50 AND v <=> :q < :some;
-- shape: cross join with a table of one row
SELECT c.id FROM chunks c CROSS JOIN one_query o ORDER BY c.v <=> o.v LIMIT 10;
-- by hand:
SELECT id FROM chunks ORDER BY v <=> (SELECT v FROM one_query) LIMIT 10;
-- shape: several query vectors of a table
SELECT c.id, q.id FROM chunks c, queries q ORDER BY c.v <=> q.v LIMIT 10;
-- by hand:
SELECT s.id, q.id FROM queries q, LATERAL (SELECT id, v <=> q.v AS d FROM chunks ORDER BY d LIMIT 10) s ORDER BY d LIMIT 10;
-- shape: several query vectors, unnest() and LATERAL
SELECT s.id FROM unnest(ARRAY(SELECT v FROM queries)) q (v), LATERAL (SELECT id, v <=> q.v AS d FROM chunks ORDER BY d LIMIT 10) s ORDER BY d LIMIT 10;
-- shape: LATERAL for each duplicate
SELECT a.id, b.id FROM (SELECT * FROM duplicates WHERE id <= 100) a, LATERAL (SELECT id FROM chunks c WHERE c.id <> a.id ORDER BY c.v <=> a.v LIMIT 1) b;
-- shape: self-join within a distance
SELECT count(*) FROM duplicates a JOIN duplicates b ON a.id < b.id AND a.v <=> b.v < 0.02;
-- shape: OFFSET 500
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10 OFFSET 500;
-- shape: page by the last distance
SELECT id FROM chunks WHERE v <=> :q > :few ORDER BY v <=> :q LIMIT 10;
-- shape: page by distance and id
SELECT id FROM chunks WHERE (v <=> :q, id) > (:few, 100) ORDER BY v <=> :q, id LIMIT 10;
-- shape: LIMIT NULL
SELECT id FROM chunks ORDER BY v <=> :q LIMIT NULL;
-- shape: match_documents()
-- set: plan_cache_mode = auto
SELECT count(*) FROM match_documents(:q, 5);
-- by hand:
SELECT count(*) FROM (SELECT id FROM chunks ORDER BY v <=> :q LIMIT 5) s;
-- shape: FETCH FIRST ROWS WITH TIES
SELECT id FROM chunks ORDER BY v <=> :q FETCH FIRST 10 ROWS WITH TIES;
-- shape: WITH TIES, iterative
-- set: hnsw.iterative_scan = strict_order
SELECT id FROM chunks ORDER BY v <=> :q FETCH FIRST 10 ROWS WITH TIES;
-- by hand:
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 11;
-- shape: FOR UPDATE
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10 FOR UPDATE;
-- shape: FOR UPDATE, iterative
-- set: hnsw.iterative_scan = strict_order
SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10 FOR UPDATE;
-- by hand:
SELECT id FROM chunks WHERE id IN (SELECT id FROM chunks ORDER BY v <=> :q LIMIT 10) FOR UPDATE;
-- shape: FOR UPDATE of a tenant, iterative
-- set: hnsw.iterative_scan = strict_order
SELECT id FROM chunks WHERE tenant_id < 30 ORDER BY v <=> :q LIMIT 10 FOR UPDATE SKIP LOCKED;
-- shape: loop that leaves after ten rows
SELECT loop_over(:q, 10);
-- shape: loop, iterative
-- set: hnsw.iterative_scan = strict_order
SELECT loop_over(:q, 10);
-- by hand:
SELECT count(*) FROM (SELECT id, v <=> :q FROM chunks ORDER BY v <=> :q LIMIT 10) s;
-- shape: cursor in tens
SELECT fetch_tens(:q, 5);
-- shape: cursor in tens, iterative
-- set: hnsw.iterative_scan = relaxed_order
SELECT fetch_tens(:q, 5);
-- by hand:
SELECT count(*) FROM (SELECT id FROM chunks ORDER BY v <=> :q LIMIT 50) s;
-- shape: sparse, nearest
SELECT id FROM sparse_docs ORDER BY s <#> (SELECT s FROM sparse_query) LIMIT 10;
-- shape: sparse, cosine
SELECT id FROM sparse_docs ORDER BY s <=> (SELECT s FROM sparse_query) LIMIT 10;
-- shape: sparse, a tenant
SELECT id FROM sparse_docs WHERE tenant_id = 7 ORDER BY s <#> (SELECT s FROM sparse_query) LIMIT 10;
-- shape: sparse, half of the tenants
SELECT id FROM sparse_docs WHERE tenant_id < 30 ORDER BY s <#> (SELECT s FROM sparse_query) LIMIT 10;
-- shape: sparse, score descending
SELECT id, -(s <#> (SELECT s FROM sparse_query)) AS score FROM sparse_docs ORDER BY score DESC LIMIT 10;
-- shape: sparse, bound
SELECT count(*) FROM sparse_docs WHERE s <=> {{SELECT s FROM sparse_query}} < 0.6;
-- shape: sparse, joined documents
SELECT p.id FROM sparse_docs p JOIN docs d ON d.id = p.doc_id WHERE d.author = 'author 7' ORDER BY p.s <#> (SELECT s FROM sparse_query) LIMIT 10;
-- shape: sparse, best of a document
SELECT doc_id, min(s <#> {{SELECT s FROM sparse_query}}) AS d FROM sparse_docs GROUP BY doc_id ORDER BY d LIMIT 10;
-- shape: sparse and dense, rrf()
SELECT p.id FROM (SELECT id FROM sparse_docs ORDER BY s <#> (SELECT s FROM sparse_query) LIMIT 40) p JOIN (SELECT id FROM chunks ORDER BY v <=> :q LIMIT 40) c USING (id);
