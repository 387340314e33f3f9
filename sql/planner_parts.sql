-- Tables that are read in parts, each by an index

SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;
CREATE TABLE parts_t (id integer PRIMARY KEY, kind integer NOT NULL, tag text, words tsvector NOT NULL, v vector(8), w vector(8));
INSERT INTO parts_t SELECT i, i % 10, CASE WHEN i % 7 > 0 THEN 'tag ' || i % 3 END, to_tsvector('simple', 'w' || i % 200 || ' x' || i % 3),
	CASE WHEN i % 500 <> 0 THEN (SELECT array_agg(sin(i * j + j) + hashint8extended(i, j) / 1e20) FROM generate_series(1, 8) j)::vector END,
	CASE WHEN i % 400 <> 0 THEN (SELECT array_agg(sin(i * j * 3 + j) + hashint8extended(i, j) / 1e20) FROM generate_series(1, 8) j)::vector END
	FROM generate_series(1, 5000) i;
INSERT INTO parts_t VALUES (5001, 3, 'tag 1', 'x1', '[0,0,0,0,0,0,0,0]', '[1,1,1,1,1,1,1,1]');
CREATE INDEX parts_v ON parts_t USING hnsw (v vector_cosine_ops);
CREATE INDEX parts_w ON parts_t USING hnsw (w vector_cosine_ops);
CREATE INDEX parts_words ON parts_t USING gin (words);
CREATE INDEX parts_kind ON parts_t (kind);
VACUUM ANALYZE parts_t;

-- The nodes of a plan, and whether the query returns what it returns without the index
CREATE FUNCTION parts_check(query text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(': ', plan_nodes(query, 'Limit|Sort$|Index Scan using parts_[vw]\M|Seq Scan on \w+|Merge Append|Append|LokivectorHybridScan|LokivectorScoreSearch|LokivectorGroupSearch', ', '), outcome) FROM same(query)
$$;

-- test: a condition or a bound
EXPLAIN (COSTS OFF) SELECT count(*) FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2;
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2 ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 60$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2 ORDER BY id LIMIT 10$$);
-- a sort of all rows costs as much, of so few
SET enable_sort = off;
SELECT parts_check($$SELECT id, 0.7 * (1 - (v <=> '[1,2,3,4,5,6,7,8]')) + 0.3 * ts_rank(words, 'w7') AS s FROM parts_t
	WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2 ORDER BY s DESC NULLS LAST, id LIMIT 20$$);
SELECT parts_check($$SELECT id, 0.7 * (1 - (v <=> '[1,2,3,4,5,6,7,8]')) + 0.3 * ts_rank(words, 'w7') AS s FROM parts_t
	WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.005 ORDER BY s DESC LIMIT 10$$);
RESET enable_sort;
-- several conditions, bounds of two vectors, bounds with conditions
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w7' OR id = 12 OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE v <=> '[1,2,3,4,5,6,7,8]' < 0.2 OR w <=> '[8,7,6,5,4,3,2,1]' <= 0.2$$);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w7' OR (1 - (v <=> '[1,2,3,4,5,6,7,8]') > 0.7 AND kind = 3 AND tag IS NULL)$$);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE kind > 1 AND (words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2)$$);
-- a bound that is NULL; no rows; a join; a subquery
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < (SELECT NULL::float8)$$);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w777' OR v <=> '[1,2,3,4,5,6,7,8]' < -1$$);
SELECT parts_check($$SELECT count(*), sum(t.id) FROM parts_t t JOIN parts_t s ON s.id = t.id + 1 WHERE t.words @@ 'w7' OR t.v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT (SELECT count(*) FROM parts_t WHERE words @@ 'w7' OR v <=> s.v < 0.2) FROM parts_t s WHERE s.id < 4 ORDER BY 1$$);
-- an index has all columns of a part, whose plan does not need those of the condition
CREATE INDEX parts_id_kind ON parts_t (id, kind);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE kind % 7 = 3 OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE kind <> 3 OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
DROP INDEX parts_id_kind;
-- conditions that no index answers, volatile ones, those with a subquery; rows that are locked
SELECT parts_check($$SELECT count(*) FROM parts_t WHERE tag = 'tag 7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT count(*) FROM parts_t WHERE (words @@ 'w7' AND random() < 2) OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 0.1 * (kind = 3 AND random() < 2)::int DESC NULLS LAST, id LIMIT 5$$);
SELECT parts_check($$SELECT count(*) FROM parts_t t WHERE EXISTS (SELECT FROM parts_t s WHERE s.id = t.id + 4990) OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$);
SET enable_seqscan = on;
EXPLAIN (COSTS OFF) SELECT id FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2 FOR UPDATE;
EXPLAIN (COSTS OFF) DELETE FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2;
SET enable_seqscan = off;

-- test: the lesser of two distances
EXPLAIN (COSTS OFF) SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]') LIMIT 20;
SELECT parts_check($$SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]') LIMIT 20$$);
SELECT parts_check($$SELECT id, greatest(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 1 - (v <=> '[8,7,6,5,4,3,2,1]')) AS s FROM parts_t WHERE kind > 3 ORDER BY s DESC NULLS LAST LIMIT 20$$);
-- the greater; three; of two columns, each with NULL; with further keys
SELECT parts_check($$SELECT id FROM parts_t ORDER BY greatest(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[1,2,3,4,5,6,7,9]') LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]', w <=> '[-1,2,-3,4,-5,6,-7,8]') LIMIT 20$$);
SELECT parts_check($$SELECT id, least(v <=> '[1,2,3,4,5,6,7,8]', w <=> '[8,7,6,5,4,3,2,1]') IS NULL FROM parts_t WHERE id % 50 = 0 ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', w <=> '[8,7,6,5,4,3,2,1]'), id$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', 2 * (w <=> '[8,7,6,5,4,3,2,1]')), id LIMIT 20 OFFSET 5$$);
-- queries that are NULL or zero
PREPARE parts_lesser (vector, vector) AS SELECT array_agg(id) FROM (SELECT id FROM parts_t WHERE v IS NOT NULL
	ORDER BY least(v <=> $1, v <=> $2), id LIMIT 5) s;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE parts_lesser('[1,2,3,4,5,6,7,8]', NULL);
EXECUTE parts_lesser('[1,2,3,4,5,6,7,8]', '[1,2,3,4,5,6,7,8]');
EXECUTE parts_lesser('[1,2,3,4,5,6,7,8]', NULL);
EXECUTE parts_lesser(NULL, '[1,2,3,4,5,6,7,8]');
EXECUTE parts_lesser('[0,0,0,0,0,0,0,0]', '[1,2,3,4,5,6,7,8]');
EXECUTE parts_lesser(NULL, NULL);
RESET plan_cache_mode;

-- test: a score that depends on a condition
EXPLAIN (COSTS OFF) SELECT id FROM parts_t ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 0.1 * (kind = 3)::integer DESC NULLS LAST LIMIT 20;
SELECT parts_check($$SELECT id FROM parts_t ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 0.1 * (kind = 3)::integer DESC NULLS LAST LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY (v <=> '[1,2,3,4,5,6,7,8]') * CASE WHEN tag = 'tag 1' THEN 0.8 ELSE 1 END LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE kind < 8 ORDER BY (v <=> '[1,2,3,4,5,6,7,8]') - CASE WHEN tag = 'tag 1' THEN 0.3 WHEN kind < 5 THEN 0.2 ELSE 0 END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE v IS NOT NULL ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 0.1 * (kind = 3)::integer - 0.1 * (id < 1000)::integer DESC LIMIT 20$$);
-- another vector on a condition
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind < 5 THEN v <=> '[1,2,3,4,5,6,7,8]' ELSE w <=> '[8,7,6,5,4,3,2,1]' END LIMIT 20$$);
-- a condition that may be NULL, in a cast; a part without order
SELECT parts_check($$SELECT id FROM parts_t ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 0.1 * (tag = 'tag 1')::integer DESC NULLS LAST, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN id ELSE v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN -(v <=> '[1,2,3,4,5,6,7,8]') ELSE v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
-- a condition of the score sees only rows that pass the others
SELECT parts_check($$SELECT id FROM parts_t WHERE kind <> 3 ORDER BY (v <=> '[1,2,3,4,5,6,7,8]') * CASE WHEN 1 / (kind - 3) > 0 THEN 0.8 ELSE 1 END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE kind <> 3 ORDER BY (v <=> '[1,2,3,4,5,6,7,8]') * CASE WHEN 1 / (kind - 3) > 0 OR words @@ 'w7' THEN 0.8 ELSE 1 END, id LIMIT 20$$);
-- one of CASE sees only rows for which those before it are not true, and one of COALESCE those that come to it
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN abs(abs(kind - 3)) = 0 THEN v <=> '[1,2,3,4,5,6,7,8]' WHEN 1 / (kind - 3) > 0 THEN w <=> '[8,7,6,5,4,3,2,1]' ELSE v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY coalesce(v <=> '[1,2,3,4,5,6,7,8]', CASE WHEN 1 / (kind - 3) > 0 THEN 3 ELSE 4 END), id LIMIT 20$$);
-- an AND is taken apart, and its parts keep their order
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind BETWEEN 2 AND 5 THEN v <=> '[1,2,3,4,5,6,7,8]' ELSE w <=> '[8,7,6,5,4,3,2,1]' END LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN abs(abs(kind - 3)) > 0 AND 1 / (kind - 3) > 0 THEN v <=> '[1,2,3,4,5,6,7,8]' ELSE w <=> '[8,7,6,5,4,3,2,1]' END, id LIMIT 20$$);
-- a condition that is NULL is false to WHEN alone
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN tag = 'tag 1' THEN v <=> '[1,2,3,4,5,6,7,8]' WHEN (tag = 'tag 1') IS FALSE THEN w <=> '[8,7,6,5,4,3,2,1]' ELSE -1 END, id LIMIT 20$$);
-- a condition that is NULL in a cast: of rows since ANALYZE, by a parameter, or though no column is
CREATE TABLE parts_late (id integer PRIMARY KEY, kind integer, doc jsonb NOT NULL, v vector(8) NOT NULL);
INSERT INTO parts_late SELECT id, id / 10, jsonb_build_object('kind', id / 10), v FROM parts_t WHERE v IS NOT NULL;
CREATE INDEX parts_late_v ON parts_late USING hnsw (v vector_cosine_ops);
VACUUM ANALYZE parts_late;
INSERT INTO parts_late SELECT id + 10000, NULL, '{"kind": "none"}', v FROM parts_late ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 3;
SET hnsw.ef_search = 400;
SELECT parts_check($$SELECT id FROM parts_late ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 10 * (kind = 3)::integer DESC NULLS LAST, id LIMIT 20$$) ~ 'same';
SELECT parts_check($$SELECT id FROM parts_late ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 10 * (kind = 3)::integer DESC, id LIMIT 20$$) ~ 'same';
SELECT parts_check($$SELECT id FROM parts_late WHERE kind > 400 ORDER BY (v <=> '[1,2,3,4,5,6,7,8]') - 10 * (kind = 403)::integer, id LIMIT 20$$) ~ 'same';
SELECT parts_check($$SELECT id FROM parts_late ORDER BY 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 10 * (doc @@ '$.kind == 3')::integer DESC NULLS LAST, id LIMIT 20$$) ~ 'same';
PREPARE parts_given (boolean) AS SELECT count(*) FROM (SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') + 10 * (id > 10000 AND $1)::integer AS s
	FROM parts_late ORDER BY s DESC NULLS LAST LIMIT 20) x WHERE s IS NULL;
SET plan_cache_mode = force_generic_plan;
EXECUTE parts_given(true);
EXECUTE parts_given(NULL);
RESET plan_cache_mode;
RESET hnsw.ef_search;
DEALLOCATE parts_given;
DROP TABLE parts_late;

-- test: a condition without which the score is NULL or another constant
SET enable_seqscan = on;
EXPLAIN (COSTS OFF) SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END LIMIT 20;
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20 OFFSET 491$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN id > 7 THEN v <=> '[1,2,3,4,5,6,7,8]' END NULLS FIRST, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN tag = 'tag 1' THEN v <=> '[1,2,3,4,5,6,7,8]' ELSE 0.5 END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN id < 7 THEN -1 ELSE v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE kind > 2 ORDER BY CASE WHEN id < 7 THEN 2 WHEN kind = 3 THEN NULL ELSE 1 - (v <=> '[1,2,3,4,5,6,7,8]') END DESC NULLS LAST, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE id % 20 = 0 ORDER BY CASE WHEN kind = 3 OR tag IS NULL THEN v <=> '[1,2,3,4,5,6,7,8]' END, id OFFSET 3$$);
SELECT parts_check($$SELECT id FROM parts_t WHERE kind <> 3 ORDER BY CASE WHEN 1 / (kind - 3) > 0 THEN v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t t JOIN generate_series(1, 5000, 7) i ON i = id ORDER BY CASE WHEN kind > 2 THEN v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$);
-- pgvector's limits would end the scan of a part before its rows, and not that of the other
SET lokivector.complete = off;
SET hnsw.ef_search = 10;
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 AND tag = 'tag 1' THEN v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 20$$) ~ 'same';
SELECT parts_check($$SELECT id FROM parts_t WHERE tag = 'tag 1' ORDER BY coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0.75) DESC, id$$) ~ 'same';
RESET hnsw.ef_search;
RESET lokivector.complete;
-- a sort is cheaper
CREATE TABLE parts_few AS SELECT id, kind, v FROM parts_t WHERE id <= 150;
CREATE INDEX ON parts_few USING hnsw (v vector_cosine_ops, kind);
ANALYZE parts_few;
SELECT parts_check($$SELECT id FROM parts_few WHERE abs(id) < 164 ORDER BY CASE WHEN kind > 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END, id LIMIT 10$$);
SELECT parts_check($$SELECT id FROM parts_few WHERE abs(id) < 164 ORDER BY CASE WHEN kind > 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END LIMIT 10$$);
DROP TABLE parts_few;
-- no part has a distance, or rows with one come last
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN 1.5::float8 ELSE 2 END, id LIMIT 20$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY CASE WHEN kind = 3 THEN v <=> '[1,2,3,4,5,6,7,8]' END DESC, id LIMIT 20$$);
SET enable_seqscan = off;

-- a numeric score, of which a part is one constant in the order of a distance
SELECT regexp_replace(parts_check($$SELECT (0.7 * (1 - CASE WHEN v IS NULL THEN 0 ELSE 1 - (v <=> '[1,2,3,4,5,6,7,8]') END)::numeric + 0.3 * CASE WHEN id < 40 THEN 0.3 ELSE 0 END) AS s
	FROM parts_t ORDER BY s LIMIT 10$$), '.*: ', '');
-- test: rows without a vector among the others
SELECT parts_check($$SELECT id FROM parts_t ORDER BY coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0.75) DESC, id LIMIT 300$$);
SELECT parts_check($$SELECT id FROM parts_t ORDER BY coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0.75) + 0.1 * (kind = 3)::integer DESC, id LIMIT 20$$);
SELECT parts_check($$SELECT kind, max(coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0.75)) AS s FROM parts_t GROUP BY kind ORDER BY s DESC LIMIT 3$$);

-- test: without LIMIT, in parallel, below cursors and views
SELECT parts_check($$SELECT id FROM parts_t WHERE id < 3000 ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]'), id$$);
CREATE VIEW parts_seen WITH (security_barrier) AS SELECT * FROM parts_t WHERE kind < 8;
SELECT parts_check($$SELECT id FROM parts_seen WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2 ORDER BY id$$);
SELECT parts_check($$SELECT id FROM parts_seen ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]') LIMIT 20$$);
BEGIN;
DECLARE parts_cursor SCROLL CURSOR FOR SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]') LIMIT 5;
FETCH 3 FROM parts_cursor;
FETCH BACKWARD 2 FROM parts_cursor;
COMMIT;
-- a cursor whose row an UPDATE names scans the table once
BEGIN;
DECLARE parts_cursor CURSOR FOR SELECT id, kind FROM parts_t WHERE id = 7 OR v <=> '[1,2,3,4,5,6,7,8]' < 0.01;
FETCH 1 FROM parts_cursor;
UPDATE parts_t SET kind = kind WHERE CURRENT OF parts_cursor RETURNING id;
ROLLBACK;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT parts_check($$SELECT count(*), sum(id) FROM parts_t WHERE words @@ 'w7' OR v <=> '[1,2,3,4,5,6,7,8]' < 0.2$$) ~ 'same';
SELECT parts_check($$SELECT id FROM parts_t ORDER BY least(v <=> '[1,2,3,4,5,6,7,8]', v <=> '[8,7,6,5,4,3,2,1]') LIMIT 20$$) ~ 'same';
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE parts_t CASCADE;
