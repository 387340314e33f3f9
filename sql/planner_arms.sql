-- UNION ALL whose arms get the order and the LIMIT

SET max_parallel_workers_per_gather = 0;
CREATE TABLE arms_a (id integer PRIMARY KEY, tenant integer, name text COLLATE "C", v vector(8));
CREATE TABLE arms_b (id integer PRIMARY KEY, tenant integer, name text COLLATE "C", v vector(8));
CREATE TABLE arms_t (id integer PRIMARY KEY, kind text);
INSERT INTO arms_a SELECT i, i % 10, 'name ' || i % 7, CASE WHEN i % 500 <> 0 THEN
	(SELECT array_agg(sin(i * j + j)) FROM generate_series(1, 8) j)::vector END FROM generate_series(1, 4000) i;
INSERT INTO arms_b SELECT i, i % 10, 'name ' || i % 5,
	(SELECT array_agg(sin(i * j * 3 + j)) FROM generate_series(1, 8) j)::vector FROM generate_series(5001, 9000) i;
INSERT INTO arms_t SELECT i, 'kind ' || i % 2 FROM generate_series(0, 9) i;
CREATE INDEX arms_a_v ON arms_a USING hnsw (v vector_cosine_ops);
CREATE INDEX arms_b_v ON arms_b USING hnsw (v vector_cosine_ops);
CREATE VIEW arms AS SELECT 'a' AS source, id, name, v FROM arms_a WHERE tenant < 8
	UNION ALL SELECT 'b', id, name, v FROM arms_b WHERE tenant > 2;
CREATE VIEW arms_hidden WITH (security_barrier) AS TABLE arms;
CREATE VIEW arms_closed WITH (security_barrier) AS SELECT id, name, v FROM arms_a WHERE tenant < 8;
VACUUM ANALYZE arms_a, arms_b, arms_t;

-- The nodes of a plan, and whether the query returns what it returns without the index
CREATE FUNCTION arms_check(query text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(': ', plan_nodes(query, 'Limit|Incremental Sort|Sort$|Index Scan using \w+|Seq Scan on \w+|Merge Append|Append|Nested Loop|Hash Join|Unique|HashAggregate|SetOp|Subquery Scan|Result|LockRows', ', '), outcome) FROM same(query)
$$;

-- test: arms with conditions
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2 ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id, d FROM (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b) u ORDER BY d LIMIT 20 OFFSET 30$$);
SELECT arms_check($$SELECT id, s FROM (SELECT id, 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, 1 - (v <=> '[1,2,3,4,5,6,7,8]') FROM arms_b WHERE tenant > 2) u ORDER BY s DESC, id LIMIT 20$$);
-- by an expression, of a view, also with a subquery
SELECT arms_check($$SELECT v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 20$$);
SELECT arms_check($$SELECT * FROM (SELECT source, id, greatest(0, 1 - (v <=> '[1,2,3,4,5,6,7,8]')) AS s FROM arms ORDER BY s DESC, id LIMIT 20) q WHERE id % 2 = 0$$);
SELECT arms_check($$SELECT source, id FROM arms ORDER BY v <=> (SELECT v FROM arms_b WHERE id = 6000), id LIMIT 20$$);
SELECT arms_check($$SELECT id, d FROM (SELECT id, v <=> (SELECT v FROM arms_b WHERE id = 6000) AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> (SELECT v FROM arms_b WHERE id = 6000) FROM arms_b WHERE tenant > 2) u ORDER BY d, id LIMIT 20$$);
-- joins, three arms, an arm of no distance, NULL
SELECT arms_check($$SELECT a.id, t.kind, a.v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a a JOIN arms_t t ON t.id = a.tenant WHERE t.kind = 'kind 1'
	UNION ALL SELECT id, name, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2
	UNION ALL SELECT id, kind, 0.01 FROM arms_t WHERE id < 3 ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE id % 500 = 0
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant = 11 ORDER BY d NULLS FIRST, id LIMIT 20$$);
-- columns of other types than the result, which core casts and pulls up no arm for; an arm that has casts itself
SELECT arms_check($$SELECT id::bigint AS id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT source, id, d FROM (SELECT 'a' AS source, id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a
	UNION ALL SELECT 'b', id::numeric, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2) u WHERE source <> 'c' ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id::bigint AS id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a
	UNION ALL SELECT id::bigint, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b ORDER BY d, id LIMIT 20$$);
-- casts upon casts, which need not be what one cast is, and of which there may be none
SELECT arms_check($$SELECT id, kind FROM (SELECT id, 16777217 AS kind, v FROM arms_a UNION ALL SELECT id, 1::real, v FROM arms_b
	UNION ALL SELECT id, 2::float8, v FROM arms_b) u WHERE kind = 16777216 ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 5$$);
SELECT arms_check($$SELECT id FROM (SELECT id, '[1,2,3]'::bytevec AS v, v AS w FROM arms_a UNION ALL SELECT id, '[1,2,4]'::vector, v FROM arms_b
	UNION ALL SELECT id, '[1,2,5]'::halfvec, v FROM arms_b) u ORDER BY w <=> '[1,2,3,4,5,6,7,8]', id LIMIT 5$$);
-- more rows than there are, and none
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant = 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant = 2 ORDER BY d, id LIMIT 5000$$);
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant = 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant = 2 ORDER BY d, id LIMIT 0$$);

-- test: conditions on the rows of all arms
SELECT arms_check($$SELECT * FROM (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2) u WHERE id % 100 = 1 AND d > 0.5 ORDER BY d LIMIT 20$$);
SELECT arms_check($$SELECT source, id FROM arms WHERE name = 'name 3' AND source <> 'c' ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20 OFFSET 2$$);
SELECT arms_check($$SELECT id, d FROM (SELECT id, tenant, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, tenant, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b) u WHERE tenant = 4 OR d < 0.3 ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms WHERE id IN (SELECT id * 1000 FROM arms_t) OR random() < 2 ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);
SELECT arms_check($$SELECT id, d FROM (SELECT id::bigint AS id, name AS n, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, kind, id * 0.02 FROM arms_t WHERE id > 1) u WHERE id % 3 = 1 ORDER BY d, id LIMIT 20$$);

-- test: security barriers
SELECT arms_check($$SELECT id FROM arms_hidden ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_closed ORDER BY d LIMIT 10 OFFSET 3$$);
SELECT arms_check($$SELECT id, 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM arms_closed ORDER BY s DESC, id LIMIT 10$$);
SELECT arms_check($$SELECT id FROM (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_closed ORDER BY d, id LIMIT 20) s WHERE id % 2 = 0 ORDER BY d, id$$);
SELECT arms_check($$SELECT id FROM arms_closed WHERE id > 2000 AND name = 'name 3' ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);
SELECT arms_check($$SELECT id FROM arms_hidden WHERE id BETWEEN 2000 AND 7000 ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed WHERE v <=> '[1,2,3,4,5,6,7,8]' > 0.3 ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);
-- no function of the query sees a row that the view hides, nor is a condition of the query below the LIMIT
CREATE FUNCTION arms_spy(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN
	IF $1 IN (SELECT v FROM arms_a WHERE tenant = 8) THEN
		RAISE 'a hidden row is seen';
	END IF;
	RETURN $1;
END $$;
CREATE FUNCTION arms_spy(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE COST 0.0001 AS $$
BEGIN
	IF $1 % 10 = 8 THEN
		RAISE 'a hidden row is seen';
	END IF;
	RETURN $1;
END $$;
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY arms_spy(v) <=> '[1,2,3,4,5,6,7,8]' LIMIT 3$$);
SELECT arms_check($$SELECT arms_spy(id) FROM arms_closed ORDER BY v <=> '[1,2,3,4,5,6,7,8]', arms_spy(id) LIMIT 3$$);
SELECT arms_check($$SELECT arms_spy(id) FROM arms_closed ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 3$$);
SELECT arms_check($$SELECT id FROM arms_closed WHERE id > 100 AND arms_spy(id) % 100 = 7 ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 30$$);
SELECT arms_check($$SELECT c.id FROM arms_closed c JOIN arms_t t ON t.id = arms_spy(c.id) % 10 AND t.kind = 'kind 1' ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 30$$);
DROP FUNCTION arms_spy(vector), arms_spy(integer);

-- test: subqueries of a sort key, which have the same value each time
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_b WHERE id = 6000), id LIMIT 20$$);
SELECT arms_check($$SELECT id, v <=> (SELECT v FROM arms_closed WHERE id = 6000) AS d FROM arms_closed ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed c WHERE id > 10 ORDER BY 1 - (v <=> (SELECT v FROM arms_b b WHERE b.id = 6000 AND b.tenant = 0)) DESC, id LIMIT 20$$);
-- ... or may not have
SELECT arms_check($$SELECT id FROM arms_closed c ORDER BY v <=> (SELECT v FROM arms_b b WHERE b.id = c.id + 5000), id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_b WHERE tenant = 0 ORDER BY id LIMIT 1), id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_b WHERE id = 6000 AND random() < 2), id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT avg(v) FROM arms_b WHERE id = 6000), id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_b WHERE id = (SELECT 6000)), id LIMIT 20$$);
SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_b) LIMIT 20;
CREATE TABLE arms_parent (id integer, v vector(8));
CREATE TABLE arms_child () INHERITS (arms_parent);
INSERT INTO arms_child SELECT id, v FROM arms_b WHERE id = 6000;
SELECT arms_check($$SELECT id FROM arms_closed ORDER BY v <=> (SELECT v FROM arms_parent WHERE id = 6000), id LIMIT 20$$);
DROP TABLE arms_parent CASCADE;

-- test: ranks
SELECT arms_check($$SELECT id, row_number() OVER (ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id) AS r FROM arms_closed ORDER BY r LIMIT 20$$);
SELECT arms_check($$SELECT id, rank() OVER (ORDER BY v <=> '[1,2,3,4,5,6,7,8]') FROM arms WHERE id % 3 = 1 ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 20 OFFSET 3$$);
SELECT arms_check($$SELECT dense_rank() OVER w, rank() OVER w AS r, d FROM (SELECT id, round((v <=> '[1,2,3,4,5,6,7,8]')::numeric, 1) AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, round((v <=> '[1,2,3,4,5,6,7,8]')::numeric, 1) FROM arms_b WHERE tenant > 2) u WINDOW w AS (ORDER BY d) ORDER BY r LIMIT 20$$);
-- these need further rows
SELECT arms_check($$SELECT id, row_number() OVER (ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id) AS r FROM arms_closed ORDER BY r DESC LIMIT 20$$);
SELECT arms_check($$SELECT id, rank() OVER (PARTITION BY id % 2 ORDER BY v <=> '[1,2,3,4,5,6,7,8]') AS r FROM arms_closed ORDER BY r, id LIMIT 20$$);
SELECT arms_check($$SELECT id, rank() OVER (ORDER BY id) AS r FROM arms_closed ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);
SELECT arms_check($$SELECT id, ntile(3) OVER (ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id) AS r FROM arms_closed ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);

-- test: subqueries in expressions, and those of WITH
SELECT arms_check($$SELECT ARRAY(SELECT id FROM arms_closed ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20)$$);
SELECT arms_check($$SELECT id FROM arms_t WHERE id IN (SELECT id % 10 FROM arms_closed WHERE id > 2000 ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT 20) ORDER BY id$$);
SELECT arms_check($$SELECT id, (SELECT min(d) FROM (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_closed ORDER BY d LIMIT 3) s) FROM arms_t ORDER BY id$$);
SELECT arms_check($$WITH s AS MATERIALIZED (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms ORDER BY d, id LIMIT 20) SELECT count(*), min(id), max(id) FROM s$$);
SELECT arms_check($$WITH s AS (SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_closed ORDER BY d, id LIMIT 20) SELECT * FROM s ORDER BY d, id$$);
-- of another query vector for each row
SELECT arms_check($$SELECT id, ARRAY(SELECT c.id FROM arms_closed c ORDER BY c.v <=> b.v, id LIMIT 3) FROM arms_b b WHERE id BETWEEN 5001 AND 5005 ORDER BY id$$);

-- test: words
CREATE TABLE arms_words (id integer PRIMARY KEY, tenant integer, words tsvector);
INSERT INTO arms_words SELECT i, i % 10, to_tsvector('simple', concat_ws(' ', 'all', 'w' || i % 7, 'w' || i % 11, CASE WHEN i % 3 = 0 THEN 'w' || i % 7 END))
	FROM generate_series(1, 8000) i;
CREATE INDEX arms_words_all ON arms_words USING hnsw (words bm25_ops);
CREATE VIEW arms_words_closed WITH (security_barrier) AS SELECT id, words FROM arms_words WHERE tenant < 8;
CREATE VIEW arms_words_open AS SELECT id, words FROM arms_words WHERE tenant < 8;
VACUUM ANALYZE arms_words;
SELECT arms_check($$(SELECT id, words <@> 'w3'::tsquery AS s FROM arms_words WHERE tenant < 8)
	UNION ALL (SELECT id, words <@> 'w5'::tsquery FROM arms_words WHERE tenant > 2) ORDER BY s, id LIMIT 20$$);
SELECT arms_check($$SELECT id, -s AS score FROM (SELECT id, tenant, words <@> 'w3 | w5'::tsquery AS s FROM arms_words WHERE tenant < 8
	UNION ALL SELECT id, tenant, bm25_distance(words, 'w5') FROM arms_words WHERE tenant > 2) u WHERE tenant > 3 ORDER BY -s DESC, id LIMIT 20$$);
-- the index's statistics are of rows that the view hides, and those of a partial one need the condition
SELECT id FROM arms_words_closed ORDER BY words <@> 'w3' LIMIT 3;
ALTER INDEX arms_words_all SET (shared_statistics);
SELECT arms_check($$SELECT id, words <@> 'w3 | w5' AS s FROM arms_words_closed ORDER BY s, id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_words_closed WHERE id > 10 ORDER BY 1 - (words <@> 'w3 | w5') DESC, id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM arms_words_closed ORDER BY words <@> (SELECT 'w3 | w5'::tsquery FROM arms_t WHERE id = 3), id LIMIT 20$$);
SELECT arms_check($$SELECT id FROM (SELECT * FROM arms_words_closed WHERE id < 6000) s ORDER BY words <@> 'w3 | w5', id LIMIT 20$$);
-- a second index that shares nothing is passed by, whichever is older
CREATE INDEX arms_words_new ON arms_words USING hnsw (words bm25_ops) WITH (k1 = 2);
SELECT arms_check($$SELECT id, words <@> 'w3 | w5' AS s FROM arms_words_closed ORDER BY s, id LIMIT 20$$);
ALTER INDEX arms_words_all SET (shared_statistics = false);
ALTER INDEX arms_words_new SET (shared_statistics);
SELECT arms_check($$SELECT id, words <@> 'w3 | w5' AS s FROM arms_words_closed ORDER BY s, id LIMIT 20$$);
ALTER INDEX arms_words_new RESET (shared_statistics);
SELECT id, words <@> 'w3 | w5' AS s FROM arms_words_closed ORDER BY s, id LIMIT 20;
SELECT arms_check($$SELECT id, words <@> 'w3 | w5' AS s FROM arms_words_open ORDER BY s, id LIMIT 20$$);
SET plan_cache_mode = force_generic_plan;
PREPARE arms_w (tsquery, integer) AS SELECT id FROM arms_words_closed ORDER BY words <@> $1, id LIMIT $2;
EXECUTE arms_w ('w3', 3);
ALTER INDEX arms_words_all SET (shared_statistics);
EXECUTE arms_w ('w3', 3);
EXPLAIN (COSTS OFF) EXECUTE arms_w ('w3', 3);
ALTER INDEX arms_words_all SET (shared_statistics = false);
EXECUTE arms_w ('w3', 3);
DEALLOCATE arms_w;
RESET plan_cache_mode;
DROP TABLE arms_words CASCADE;

-- test: parameters
SET plan_cache_mode = force_generic_plan;
PREPARE arms_p (vector, bigint, bigint) AS SELECT id FROM arms ORDER BY v <=> $1, id LIMIT $2 OFFSET $3;
-- servers name the arms differently
CREATE FUNCTION arms_plan(statement text) RETURNS SETOF text AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		RETURN NEXT regexp_replace(line, '"\*SELECT\* \d+"|unnamed_subquery(_\d+)?', 'arm', 'g');
	END LOOP;
END
$$ LANGUAGE plpgsql;
SELECT arms_plan($$EXECUTE arms_p ('[1,2,3,4,5,6,7,8]', 3, 2)$$);
EXECUTE arms_p ('[9,1,1,1,5,6,7,8]', 3, 2);
EXECUTE arms_p ('[9,1,1,1,5,6,7,8]', 5, NULL);
SELECT count(*) FROM (SELECT id FROM arms ORDER BY v <=> '[1,2,3,4,5,6,7,8]' LIMIT NULL) s;
EXECUTE arms_p ('[1,2,3,4,5,6,7,8]', -1, 0);
DEALLOCATE arms_p;
RESET plan_cache_mode;

-- test: these are left alone
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2 ORDER BY d, id LIMIT 20$$);
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2 ORDER BY d, id FETCH FIRST 20 ROWS WITH TIES$$);
SELECT arms_check($$SELECT id, count(*) OVER () FROM arms ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 20$$);
EXPLAIN (COSTS OFF) SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, random() FROM arms_b WHERE tenant > 2 ORDER BY d LIMIT 20;
SELECT arms_check($$SELECT id, v <=> '[1,2,3,4,5,6,7,8]' AS d FROM arms_a WHERE tenant < 8
	UNION ALL SELECT id, v <=> '[1,2,3,4,5,6,7,8]' FROM arms_b WHERE tenant > 2 ORDER BY d, id$$);

DROP VIEW arms_closed, arms_hidden, arms;
DROP TABLE arms_a, arms_b, arms_t;
DROP FUNCTION arms_check, arms_plan;
