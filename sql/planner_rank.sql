-- Ranks of the rows of a search, and what is computed of its rows after they are sorted

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE rank_items (id int PRIMARY KEY, attr int, owner text, v vector(8));
INSERT INTO rank_items
	SELECT i, i % 20, 'user' || i % 7,
		(SELECT array_agg(sin((i / 8) * 0.37 + j * 1.3 + (i / 8 % 13) * j)) FROM generate_series(1, 8) j)::vector
	FROM generate_series(0, 7999) i;
CREATE INDEX rank_items_v ON rank_items USING hnsw (v vector_l2_ops, attr);
CREATE TABLE rank_names (attr int PRIMARY KEY, name text);
INSERT INTO rank_names SELECT i, 'name' || i FROM generate_series(0, 19, 2) i;
CREATE TABLE rank_numbers AS SELECT r FROM generate_series(1::bigint, 3) r;
CREATE VIEW rank_near AS SELECT id, attr, owner, v <-> '[1,0,1,0,0,1,0,0]' AS d FROM rank_items;
VACUUM ANALYZE rank_items, rank_names;

-- The nodes of a statement, how many rows it has, whether its distances are in order,
-- and whether distances and ranks are those that it has without the index.  Rows of
-- one distance are many, so that those that LIMIT takes of the last ones may be others.
-- Where the statement says nothing of the numbers of these, or of rows that are not sorted yet, `same` is
-- left out.
CREATE FUNCTION rank_run(statement text, OUT ds float8[], OUT rs bigint[]) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN EXECUTE statement LOOP
		ds := ds || r.d;
		rs := rs || r.r;
	END LOOP;
END $$;
CREATE FUNCTION rank_check(statement text, OUT uses text, OUT rows int, OUT in_order boolean, OUT same boolean)
LANGUAGE plpgsql AS $$
DECLARE
	line text;
	got record;
	want record;
	seqscan text := current_setting('enable_seqscan');
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		uses := concat_ws(' ', uses, substring(line FROM '(Limit|Incremental Sort|Sort$|Index Scan|LokivectorHybridScan|Seq Scan|WindowAgg|Nested Loop|ProjectSet|Subquery Scan|Unique|Merge Append|Result)'));
	END LOOP;
	SELECT * INTO got FROM rank_run(statement);
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	SELECT * INTO want FROM rank_run(statement);
	SET LOCAL enable_indexscan = on;
	SET LOCAL lokivector.enable_hybrid_scan = on;
	PERFORM set_config('enable_seqscan', seqscan, true);
	rows := cardinality(got.ds);
	in_order := got.ds = (SELECT array_agg(d ORDER BY d) FROM unnest(got.ds) d);
	same := got = want;
END $$;
SET enable_seqscan = off;
SET hnsw.ef_search = 400;

-- test: all ranks are those of the first rows
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, dense_rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER w + dense_rank() OVER w * 1000 + row_number() OVER w * 1000000 AS r FROM rank_near WINDOW w AS (ORDER BY d) ORDER BY d LIMIT 50$$);
SELECT uses, rows, in_order FROM rank_check($$SELECT d, row_number() OVER () AS r FROM rank_near ORDER BY d LIMIT 50$$);
-- without an order of the query, and in that of the rank
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY r LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, dense_rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY 2 LIMIT 50 OFFSET 13$$);
SELECT * FROM rank_check($$SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near ORDER BY row_number() OVER (ORDER BY d) LIMIT 50 OFFSET 13$$);
SELECT * FROM rank_check($$SELECT d, row_number() OVER (ORDER BY 1 - d DESC) AS r FROM rank_near ORDER BY r LIMIT 50$$);
-- in an order that says nothing of it
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY r DESC LIMIT 50$$);

-- test: conditions and joins
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near WHERE attr = 3 ORDER BY d LIMIT 30$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 30 OFFSET 20$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near WHERE owner = 'user3' ORDER BY r LIMIT 30 OFFSET 20$$);
SELECT uses, rows, in_order FROM rank_check($$SELECT d, row_number() OVER () AS r FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 30$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near WHERE d < 1.5 ORDER BY d LIMIT 30$$);
SET lokivector.enable_join_keys = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near JOIN rank_names USING (attr) ORDER BY d LIMIT 30$$);
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET lokivector.enable_join_keys;

-- test: levels of a query
SELECT * FROM rank_check($$WITH s AS (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 20) SELECT a.d, a.r FROM s a$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near) s LIMIT 20 OFFSET 3$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 30 LIMIT 20$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r % 3 = 1 LIMIT 20$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, unnest(ARRAY[1, 2]), rank() OVER (ORDER BY d) AS r FROM rank_near) s LIMIT 20$$);

-- test: a condition on row_number() is a LIMIT
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r BETWEEN 11 AND 30 ORDER BY r$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r = 1$$);
SELECT uses, rows, in_order FROM rank_check($$SELECT d, r FROM (SELECT d, attr, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE 30 > r AND attr = 3$$);
SELECT * FROM rank_check($$WITH s AS (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near WHERE owner = 'user3') SELECT d, r FROM s WHERE r < 30 ORDER BY r LIMIT 10$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near JOIN rank_names USING (attr) WHERE attr < 10) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r + k AS r FROM (SELECT d, row_number() OVER w AS r, rank() OVER w AS k FROM rank_near WINDOW w AS (ORDER BY d)) s WHERE r <= 30::smallint AND k <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= -1$$);
SELECT rows, in_order, same FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= (SELECT 30)$$);
-- one on rank() is WITH TIES
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY d) AS r, attr, d FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY d) AS r, d FROM rank_near ORDER BY r) s WHERE r < 34 AND r > 8 ORDER BY r$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near WHERE owner = 'user3' ORDER BY d) s WHERE r <= 5$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY 1 - d DESC) AS r, d, attr FROM rank_near JOIN rank_names USING (attr)) s WHERE r = 1 ORDER BY r LIMIT 2$$);
SELECT * FROM rank_check($$SELECT d, r + k AS r FROM (SELECT d, rank() OVER w AS r, dense_rank() OVER w AS k FROM rank_near WINDOW w AS (ORDER BY d)) s WHERE r <= 30::smallint AND k <= 3$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY d) AS r, d FROM rank_near WHERE d < 1.5 OFFSET 0) s WHERE r <= 3$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY d) AS r, d FROM rank_near) s WHERE r <= 0$$);
-- these are none
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT rank() OVER (ORDER BY d, id) AS r, d FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT dense_rank() OVER (ORDER BY d) AS r, d FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d, id) AS r FROM rank_near) s WHERE r <= 30$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r >= 7990$$);
SELECT * FROM rank_check($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 30 OR r > 7990$$);
SELECT * FROM rank_check($$SELECT d, r + n AS r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r, count(*) OVER (ORDER BY d) AS n FROM rank_near) s WHERE r <= 30$$);
SET plan_cache_mode = force_generic_plan;
PREPARE first_ranks(bigint, int) AS SELECT count(*), max(r) FROM (SELECT row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= $1 AND r < $2;
EXECUTE first_ranks(30, 40);
EXECUTE first_ranks(NULL, 40);
EXECUTE first_ranks(-5, 40);
EXECUTE first_ranks(30, 4);
PREPARE ranks_with_ties(bigint) AS SELECT count(*), max(r) FROM (SELECT rank() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= $1;
EXECUTE ranks_with_ties(30);
EXECUTE ranks_with_ties(NULL);
EXECUTE ranks_with_ties(-5);
DEALLOCATE ALL;
RESET plan_cache_mode;

-- test: what looks at further rows is exact
SELECT * FROM rank_check($$SELECT d, count(*) OVER () AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, count(*) OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER w + count(*) OVER w AS r FROM rank_near WINDOW w AS (ORDER BY d) ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, ntile(10) OVER (ORDER BY d)::bigint AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, (1e6 * percent_rank() OVER (ORDER BY d))::bigint AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, (1e6 * cume_dist() OVER (ORDER BY d))::bigint AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, (1e6 * lead(d) OVER (ORDER BY d))::bigint AS r FROM rank_near ORDER BY d LIMIT 50$$);
-- other windows, further keys
SELECT rows, in_order, same FROM rank_check($$SELECT d, rank() OVER (PARTITION BY attr ORDER BY d) AS r FROM rank_near ORDER BY r, d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) + row_number() OVER (ORDER BY d, id) AS r FROM rank_near ORDER BY d, id LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, row_number() OVER (ORDER BY d, id) AS r FROM rank_near ORDER BY d, id LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY r, id LIMIT 50$$);
SELECT rows, in_order, same FROM rank_check($$SELECT d, rank() OVER (ORDER BY id) AS r FROM rank_near ORDER BY d, r LIMIT 50$$);
SELECT rows, in_order, same FROM rank_check($$SELECT DISTINCT d, dense_rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 50$$);
SELECT * FROM rank_check($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d FETCH FIRST 50 ROWS WITH TIES$$);

-- test: a search does not pass over all nodes
CREATE FUNCTION rank_way(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM rank_run(statement);
	RETURN (SELECT strategy FROM lokivector_scan_stats());
END $$;
SET hnsw.ef_search = 40;
SELECT rank_way($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 20$$),
	rank_way($$SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY r LIMIT 20$$),
	rank_way($$SELECT d, r FROM (SELECT d, row_number() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 20$$),
	rank_way($$SELECT d, r FROM (SELECT d, rank() OVER (ORDER BY d) AS r FROM rank_near) s WHERE r <= 20$$),
	rank_way($$SELECT d, count(*) OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT 20$$);
SET hnsw.ef_search = 400;

-- test: a window that needs all rows first
SET enable_seqscan = on;
SELECT * FROM rank_check($$SELECT d, count(*) OVER () AS r FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 10$$);
SELECT * FROM rank_check($$SELECT d, count(*) OVER (ORDER BY d RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS r FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 10$$);
-- this one needs a few
SELECT * FROM rank_check($$SELECT d, count(*) OVER (ORDER BY d) AS r FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 10$$);
SET enable_seqscan = off;

-- test: LIMIT and OFFSET that are parameters
SET plan_cache_mode = force_generic_plan;
PREPARE ranked(bigint, bigint) AS SELECT r FROM (SELECT rank() OVER (ORDER BY d) AS r FROM rank_near ORDER BY d LIMIT $1 OFFSET $2) s;
EXECUTE ranked(4, 7);
EXECUTE ranked(NULL, 7990);
EXECUTE ranked(-1, 0);
DEALLOCATE ranked;
RESET plan_cache_mode;

-- test: volatile functions are called in the order of the rows
CREATE SEQUENCE rank_sequence;
CREATE FUNCTION rank_calls(statement text, OUT uses text, OUT rows int, OUT in_order boolean, OUT same boolean, OUT called bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setval('rank_sequence', 1, false);
	SELECT c.uses, c.rows, c.in_order INTO uses, rows, in_order FROM rank_check(statement) c;
	PERFORM setval('rank_sequence', 1, false);
	SELECT rs = (SELECT array_agg(r ORDER BY r) FROM unnest(rs) r) INTO same FROM rank_run(statement);
	called := nextval('rank_sequence') - 1;
END $$;
SET enable_sort = off;
SELECT * FROM rank_calls($$SELECT nextval('rank_sequence') AS r, d FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 200 OFFSET 20$$);
SELECT * FROM rank_calls($$SELECT nextval('rank_sequence') AS r, owner, d FROM rank_near WHERE owner = 'user3' ORDER BY d, id LIMIT 30 OFFSET 20$$);
SELECT * FROM rank_calls($$SELECT d, r FROM (SELECT nextval('rank_sequence') AS r, d FROM rank_near WHERE owner = 'user3' ORDER BY d) s LIMIT 200$$);
BEGIN;
SELECT * FROM rank_calls($$SELECT nextval('rank_sequence') AS r, d FROM (SELECT nextval('rank_sequence') AS r, v <-> '[1,0,1,0,0,1,0,0]' AS d FROM rank_items WHERE owner = 'user3' ORDER BY d LIMIT 200 FOR UPDATE) s$$);
ROLLBACK;

-- test: expensive functions are called for the rows that LIMIT and OFFSET take
CREATE FUNCTION rank_expensive(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE COST 100000 AS $$
BEGIN
	PERFORM nextval('rank_sequence');
	RETURN id;
END $$;
SELECT * FROM rank_calls($$SELECT 1::bigint AS r, rank_expensive(id), d FROM rank_near WHERE owner = 'user3' ORDER BY d LIMIT 30 OFFSET 20$$);
SELECT * FROM rank_calls($$SELECT 1::bigint AS r, rank_expensive(id), d FROM rank_near WHERE owner = 'user3' ORDER BY d, id LIMIT 30 OFFSET 20$$);
BEGIN;
SELECT called FROM rank_calls($$SELECT r, x, d FROM (SELECT 1::bigint AS r, rank_expensive(id) AS x, v <-> '[1,0,1,0,0,1,0,0]' AS d FROM rank_items WHERE owner = 'user3' ORDER BY d LIMIT 30 OFFSET 20 FOR UPDATE) s$$);
ROLLBACK;
EXPLAIN (VERBOSE, COSTS OFF) SELECT rank_expensive(id), nextval('rank_sequence'), id FROM rank_items WHERE owner = 'user3' ORDER BY v <-> '[1,0,1,0,0,1,0,0]', id LIMIT 30;

-- test: number one of a UNION ALL, which has no ranks
SELECT count(*) FROM (SELECT r FROM rank_numbers UNION ALL SELECT r FROM rank_numbers) s WHERE r = 1::bigint;

DROP VIEW rank_near;
DROP TABLE rank_items, rank_names, rank_numbers;
DROP SEQUENCE rank_sequence;
DROP FUNCTION rank_run, rank_check, rank_way, rank_calls, rank_expensive;
RESET enable_sort;
RESET enable_seqscan;
RESET hnsw.ef_search;
