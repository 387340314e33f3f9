-- What plans rely on in scans of the index: that they are complete, and in order

SET client_min_messages = warning;
CREATE TABLE promise_items (id int PRIMARY KEY, grp int, v vector(8));
INSERT INTO promise_items
	SELECT i, i % 10, (SELECT array_agg(sin(i * 0.7 + j * j + (i % 97) * j)) FROM generate_series(1, 8) j)::vector
	FROM generate_series(1, 3000) i;
CREATE INDEX promise_items_v ON promise_items USING hnsw (v vector_l2_ops);
ANALYZE promise_items;

-- test: a plan that was made for complete scans keeps them
SET plan_cache_mode = force_generic_plan;
SET enable_seqscan = off;
PREPARE within(float8) AS
	SELECT count(*) FROM promise_items WHERE v <-> '[0,0,0,0,0,0,0,0]' < $1;
CREATE FUNCTION promise_agrees() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	got bigint;
BEGIN
	EXECUTE 'EXECUTE within(2)' INTO got;
	RETURN got > 1000 AND
		got = (SELECT count(*) FROM (SELECT v <-> '[0,0,0,0,0,0,0,0]' AS d FROM promise_items OFFSET 0) s WHERE d < 2);
END $$;
SELECT promise_agrees();
SET lokivector.complete = off;
SELECT promise_agrees();
RESET lokivector.complete;
SET hnsw.iterative_scan = strict_order;
SELECT promise_agrees();
RESET hnsw.iterative_scan;
SET hnsw.max_scan_tuples = 100;
SELECT promise_agrees();
RESET hnsw.max_scan_tuples;
SELECT promise_agrees();
SELECT name, generic_plans + custom_plans AS runs FROM pg_prepared_statements;

-- test: a cursor goes on as it was planned
CREATE FUNCTION promise_moved() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
	moved int;
BEGIN
	OPEN c FOR SELECT id FROM promise_items ORDER BY v <-> '[0,0,0,0,0,0,0,0]';
	SET LOCAL lokivector.complete = off;
	MOVE FORWARD 5000 IN c;
	GET DIAGNOSTICS moved = ROW_COUNT;
	RETURN moved;
END $$;
BEGIN;
SELECT promise_moved();
ROLLBACK;
RESET plan_cache_mode;
RESET enable_seqscan;
DEALLOCATE within;
DROP TABLE promise_items;
DROP FUNCTION promise_agrees, promise_moved;

-- test: groups of equal distances stay whole
CREATE TABLE promise_dup (id int, attr int, owner text, v vector(8));
INSERT INTO promise_dup
	SELECT i, i % 20, 'user' || i % 7,
		(SELECT array_agg(sin((i / 20) * 0.37 + j * 1.3 + (i / 20 % 13) * j)) FROM generate_series(1, 8) j)::vector
	FROM generate_series(0, 11999) i;
CREATE INDEX promise_dup_v ON promise_dup USING hnsw (v vector_l2_ops, attr);
CREATE INDEX promise_dup_ip ON promise_dup USING hnsw (v vector_ip_ops, attr);
CREATE TABLE promise_names (attr int PRIMARY KEY, name text);
INSERT INTO promise_names SELECT i, 'name' || i FROM generate_series(0, 19, 2) i;
CREATE VIEW promise_near AS SELECT id, attr, v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup;
VACUUM ANALYZE promise_dup, promise_names;

-- How the rows d of a statement come: how many are nearer than the row before, and
-- whether they are the same as without indexes, with the sum of k where they have one.
-- Those of a search are as many, and hardly farther.
CREATE FUNCTION promise_run(statement text, OUT ds float8[], OUT ks bigint) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	ks := 0;
	FOR r IN EXECUTE statement LOOP
		ds := ds || r.d;
		ks := ks + coalesce((to_jsonb(r)->>'k')::bigint, 0);
	END LOOP;
END $$;
CREATE FUNCTION promise_check(statement text, search boolean DEFAULT false,
	OUT uses text, OUT rows int, OUT late bigint, OUT same boolean)
LANGUAGE plpgsql AS $$
DECLARE
	line text;
	got record;
	want record;
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || statement LOOP
		uses := concat_ws(' ', uses, substring(line FROM '(Limit|Incremental Sort|Sort$|Index Scan|LokivectorHybridScan|Merge Join|Merge Append|Group|Unique|WindowAgg|LockRows|Nested Loop|Hash Join|ProjectSet|Subquery Scan|SetOp|HashAggregate|GroupAggregate|LokivectorJoinKeys)'));
	END LOOP;
	SELECT * INTO got FROM promise_run(statement);
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_sort = on;
	SET LOCAL enable_indexscan = off;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	SELECT * INTO want FROM promise_run(statement);
	SET LOCAL enable_indexscan = on;
	SET LOCAL lokivector.enable_hybrid_scan = on;
	rows := coalesce(array_length(got.ds, 1), 0);
	SELECT count(*) INTO late FROM (SELECT d, lag(d) OVER (ORDER BY i) AS before
									FROM unnest(got.ds) WITH ORDINALITY u(d, i)) s WHERE d < before;
	same := got IS NOT DISTINCT FROM want;
	IF search THEN
		same := array_length(got.ds, 1) = array_length(want.ds, 1) AND
			(SELECT sum(g) <= sum(w) * 1.05 FROM unnest(got.ds, want.ds) u(g, w));
	END IF;
END $$;
SET hnsw.ef_search = 400;
SET enable_hashagg = off;
SET enable_hashjoin = off;
SET max_parallel_workers_per_gather = 0;
SELECT * FROM promise_check($$SELECT v <#> '[1,0,1,0,0,1,0,0]' AS d, count(*) AS k FROM promise_dup GROUP BY 1 ORDER BY d LIMIT 30$$);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, count(*) AS k FROM promise_dup WHERE owner = 'user3' GROUP BY 1 ORDER BY d$$);
SELECT * FROM promise_check($$SELECT d, count(*) AS k FROM promise_near GROUP BY 1 ORDER BY d LIMIT 300$$);

-- test: distinct distances
SELECT * FROM promise_check($$SELECT DISTINCT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup ORDER BY d LIMIT 100$$);
SELECT * FROM promise_check($$SELECT DISTINCT ON (v <-> '[1,0,1,0,0,1,0,0]') v <-> '[1,0,1,0,0,1,0,0]' AS d, 1 AS k FROM promise_dup WHERE owner < 'user2' ORDER BY v <-> '[1,0,1,0,0,1,0,0]' LIMIT 200$$);

-- test: the first row by DISTINCT ON of one value: since 16 a Limit of core's, by which no scan becomes a search
SET hnsw.ef_search = 1;
SELECT rows, late, same FROM promise_check($$SELECT DISTINCT ON (attr) v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE attr = 3 ORDER BY attr, v <-> '[1,0,1,0,0,1,0,0]'$$);
SELECT rows, late, same FROM promise_check($$SELECT d FROM (SELECT DISTINCT ON (owner) owner, d, id FROM (SELECT *, v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup) i WHERE owner = 'user3' ORDER BY owner, d) s ORDER BY d LIMIT 5$$);
SET hnsw.ef_search = 400;

-- test: window functions over the distance
SELECT * FROM promise_check($$SELECT d, rank() OVER (ORDER BY d) AS k FROM promise_near$$);
SELECT * FROM promise_check($$SELECT d, cume_dist() OVER (ORDER BY d) AS c FROM promise_near LIMIT 500$$);
SELECT * FROM promise_check($$SELECT d, count(*) OVER (ORDER BY d) AS k FROM promise_near WHERE attr % 3 = 0 ORDER BY d LIMIT 100$$);

-- test: merge joins on the distance
SET enable_nestloop = off;
SELECT * FROM promise_check($$SELECT a.d, count(*) AS k FROM promise_near a JOIN promise_near b ON a.d = b.d AND a.attr = b.attr GROUP BY a.d ORDER BY a.d$$);
SELECT * FROM promise_check($$SELECT a.d FROM promise_near a JOIN promise_near b ON a.d = b.d AND a.id = b.id WHERE a.attr % 5 = 0 ORDER BY a.d LIMIT 100$$);
RESET enable_nestloop;

-- test: set operations
SELECT rows, late, same FROM promise_check($$SELECT d FROM promise_near UNION SELECT d FROM promise_near WHERE attr = 3 ORDER BY d LIMIT 50$$);
SELECT rows, late, same FROM promise_check($$SELECT d FROM promise_near UNION ALL SELECT d FROM promise_near WHERE attr % 4 = 1 ORDER BY d LIMIT 100$$, true);
SELECT rows, late, same FROM promise_check($$SELECT d, 1 AS k FROM promise_near INTERSECT SELECT d, 1 FROM promise_near WHERE attr % 4 = 1 ORDER BY d LIMIT 100$$);
SELECT rows, late, same FROM promise_check($$SELECT d, attr AS k FROM promise_near EXCEPT SELECT d, attr FROM promise_near WHERE attr % 4 = 1 ORDER BY d LIMIT 100$$);

-- test: LIMIT with a filter that the executor evaluates
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE owner = 'user3' ORDER BY d LIMIT 100$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE id % 101 = 7 ORDER BY d LIMIT 40$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE owner = 'user3' ORDER BY d LIMIT 60 OFFSET 200$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE attr = 3 ORDER BY d LIMIT 50$$, true);

-- test: further sort keys
CREATE TABLE promise_small (id int, owner int, v vector(8));
INSERT INTO promise_small SELECT (id * 7) % 300, attr, v FROM promise_dup WHERE id % 20 < 6 AND id < 1000;
CREATE INDEX promise_small_v ON promise_small USING hnsw (v vector_l2_ops);
ANALYZE promise_small;
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, id AS k FROM promise_small ORDER BY d, id LIMIT 33$$);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, id AS k FROM promise_small WHERE owner > 2 ORDER BY d, id DESC LIMIT 10 OFFSET 34$$);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, id AS k FROM promise_small WHERE owner = 3 ORDER BY owner, d, id DESC LIMIT 10 OFFSET 4$$);
SELECT * FROM promise_check($$SELECT 1 - (v <-> '[1,0,1,0,0,1,0,0]') AS e, id AS k, 0::float8 AS d FROM promise_small ORDER BY e DESC NULLS LAST, id LIMIT 20 OFFSET 2$$);
-- test: ties
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, 1 AS k FROM promise_dup ORDER BY d FETCH FIRST 30 ROWS WITH TIES$$);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, id AS k FROM promise_dup WHERE owner <> 'user1' ORDER BY d FETCH FIRST 301 ROWS WITH TIES$$);

-- test: joins under a LIMIT
SELECT * FROM promise_check($$SELECT d FROM promise_near JOIN promise_names USING (attr) ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT d FROM promise_near LEFT JOIN promise_names USING (attr) WHERE name IS NULL ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT d FROM promise_near n WHERE EXISTS (SELECT 1 FROM promise_names WHERE attr = n.attr AND name < 'name6') ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT d FROM promise_near n WHERE NOT EXISTS (SELECT 1 FROM promise_names WHERE attr = n.attr) ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT p.v <-> q.v AS d FROM promise_dup p, (SELECT v FROM promise_dup WHERE id = 77 LIMIT 1) q WHERE p.owner = 'user2' ORDER BY p.v <-> q.v LIMIT 40$$, true);
SELECT * FROM promise_check($$SELECT s.d FROM promise_names n, LATERAL (SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE attr = n.attr AND owner <> 'user1' ORDER BY d LIMIT 5) s ORDER BY d LIMIT 30$$, true);

-- test: subqueries under a LIMIT
SELECT * FROM promise_check($$SELECT d FROM (SELECT id, d FROM promise_near ORDER BY d, id) s WHERE id % 3 = 0 ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT d FROM (SELECT id, d FROM promise_near WHERE attr % 2 = 1 ORDER BY d) s LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT d, id AS k FROM (SELECT id, d FROM promise_near WHERE attr % 2 = 1 ORDER BY d, id DESC) s LIMIT 20 OFFSET 7$$, true);
SELECT * FROM promise_check($$SELECT d FROM (SELECT * FROM (SELECT id, d, attr FROM promise_near ORDER BY d) s WHERE attr % 2 = 1 OFFSET 3) s LIMIT 20$$, true);
SELECT * FROM promise_check($$SELECT d, unnest(ARRAY[1, 2]) AS k FROM promise_near WHERE id % 7 = 0 ORDER BY d LIMIT 50$$, true);

-- test: bounds and bitmaps under a LIMIT
CREATE INDEX promise_dup_owner ON promise_dup (owner);
SELECT * FROM promise_check($$SELECT d FROM promise_near WHERE d < 2 ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE owner = 'user3' AND id % 2 = 0 ORDER BY d LIMIT 50$$, true);
DROP INDEX promise_dup_owner;

-- test: rows that are locked
BEGIN;
SELECT * FROM promise_check($$SELECT d FROM (SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup WHERE owner = 'user3' ORDER BY d LIMIT 30 FOR UPDATE) s$$, true);
ROLLBACK;
SET enable_seqscan = off;
BEGIN;
SELECT count(*) FROM (SELECT id FROM promise_dup WHERE owner = 'user3' ORDER BY v <-> '[1,0,1,0,0,1,0,0]' LIMIT 30 OFFSET 12 FOR UPDATE) s;
SELECT count(*) FROM promise_dup WHERE xmax::text = pg_current_xact_id()::text;
ROLLBACK;
BEGIN;
SELECT count(*) FROM (SELECT id FROM promise_dup WHERE owner = 'user3' ORDER BY v <-> '[1,0,1,0,0,1,0,0]', id LIMIT 30 OFFSET 12 FOR UPDATE) s;
SELECT count(*) FROM promise_dup WHERE xmax::text = pg_current_xact_id()::text;
ROLLBACK;

-- test: LIMIT and OFFSET that are parameters
SET plan_cache_mode = force_generic_plan;
PREPARE limited(bigint, bigint) AS SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup
	WHERE owner = 'user3' ORDER BY d LIMIT $1 OFFSET $2;
PREPARE bare(bigint) AS SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_dup ORDER BY d LIMIT $1;
EXPLAIN (COSTS OFF) EXECUTE limited(1, 1);
EXPLAIN (COSTS OFF) EXECUTE bare(1);
CREATE FUNCTION promise_execute(call text, OUT rows int, OUT late bigint, OUT same boolean) LANGUAGE plpgsql AS $$
DECLARE
	got float8[];
	want float8[];
	r record;
BEGIN
	FOR r IN EXECUTE 'EXECUTE ' || call LOOP
		got := got || r.d;
	END LOOP;
	PERFORM set_config('enable_indexscan', 'off', true);
	DISCARD PLANS;
	FOR r IN EXECUTE 'EXECUTE ' || call LOOP
		want := want || r.d;
	END LOOP;
	PERFORM set_config('enable_indexscan', 'on', true);
	rows := coalesce(array_length(got, 1), 0);
	SELECT count(*) INTO late FROM (SELECT d, lag(d) OVER (ORDER BY i) AS before
									FROM unnest(got) WITH ORDINALITY u(d, i)) s WHERE d < before;
	same := got IS NOT DISTINCT FROM want;
END $$;
SELECT call, (promise_execute(call)).* FROM unnest(ARRAY['limited(20, 0)', 'limited(20, NULL)', 'limited(20, 100)',
	'limited(NULL, NULL)', 'limited(NULL, 1700)', 'limited(9223372036854775807, 9223372036854775807)',
	'limited(9223372036854775807, 10)', 'limited(0, 5)', 'limited(5, 100000)', 'bare(25)', 'bare(NULL)', 'bare(11999)']) call;
EXECUTE limited(-1, 0);
EXECUTE limited(1, -1);
DEALLOCATE limited;
DEALLOCATE bare;
RESET plan_cache_mode;

-- test: no LIMIT at all
RESET enable_seqscan;
SELECT * FROM promise_check($$SELECT d FROM promise_near ORDER BY d$$);
SELECT * FROM promise_check($$SELECT d FROM promise_near WHERE attr % 3 = 1 ORDER BY d LIMIT ALL$$);
SELECT * FROM promise_check($$SELECT d FROM promise_near WHERE attr % 3 = 1 ORDER BY d OFFSET 3000$$);
SELECT * FROM promise_check($$SELECT min(d) AS d FROM promise_near WHERE attr % 3 = 1$$);

-- test: partitions
CREATE TABLE promise_parts (id int, attr int, v vector(8)) PARTITION BY HASH (id);
CREATE TABLE promise_parts0 PARTITION OF promise_parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE promise_parts1 PARTITION OF promise_parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO promise_parts SELECT id, attr, v FROM promise_dup;
CREATE INDEX promise_parts_v ON promise_parts USING hnsw (v vector_l2_ops);
ANALYZE promise_parts;
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_parts ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d FROM promise_parts WHERE attr % 7 = 3 ORDER BY d LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT v <-> '[1,0,1,0,0,1,0,0]' AS d, count(*) AS k FROM promise_parts GROUP BY 1 ORDER BY d LIMIT 50$$);
-- columns that are computed of sorted rows, which partitions and children have in different nodes
CREATE TABLE promise_parent (id int, attr int, v vector(8));
CREATE TABLE promise_child () INHERITS (promise_parent);
INSERT INTO promise_parent SELECT * FROM promise_parts0;
INSERT INTO promise_child SELECT * FROM promise_parts1;
CREATE INDEX ON promise_parent USING hnsw (v vector_l2_ops);
CREATE INDEX ON promise_child USING hnsw (v vector_l2_ops);
ANALYZE promise_parent, promise_child;
SELECT * FROM promise_check($$SELECT 1 + (v <-> '[1,0,1,0,0,1,0,0]') AS d, attr AS k FROM promise_parent ORDER BY v <-> '[1,0,1,0,0,1,0,0]', attr DESC LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT 1 + (v <-> '[1,0,1,0,0,1,0,0]') AS d, attr AS k FROM promise_parts ORDER BY v <-> '[1,0,1,0,0,1,0,0]', attr DESC LIMIT 50$$, true);
SELECT * FROM promise_check($$SELECT 1 + (v <-> '[1,0,1,0,0,1,0,0]') AS d, attr AS k FROM promise_parent WHERE attr % 7 = 3 ORDER BY v <-> '[1,0,1,0,0,1,0,0]', attr DESC LIMIT 50$$, true);
DROP TABLE promise_parent CASCADE;

-- test: under pgvector's limits the rows that there are come in order
SET lokivector.complete = off;
SET enable_seqscan = off;
CREATE FUNCTION promise_late(statement text) RETURNS bigint LANGUAGE sql AS
	'SELECT count(*) FROM (SELECT d, lag(d) OVER (ORDER BY i) AS before
		FROM promise_run(statement), unnest(ds) WITH ORDINALITY u(d, i)) s WHERE d < before';
SELECT promise_late($$SELECT d FROM promise_near WHERE attr % 3 = 1 ORDER BY d LIMIT 200$$),
	promise_late($$SELECT d, count(*) FROM promise_near GROUP BY 1 ORDER BY d$$);
SET hnsw.iterative_scan = relaxed_order;
SELECT promise_late($$SELECT d FROM promise_near WHERE attr % 3 = 1 ORDER BY d LIMIT 200$$),
	promise_late($$SELECT d, count(*) FROM promise_near GROUP BY 1 ORDER BY d$$);
RESET hnsw.iterative_scan;
RESET lokivector.complete;

-- test: a cursor is in order, and with relaxed_order it goes on with late rows, and counts them
CREATE TABLE promise_spread (id int, v vector(32));
INSERT INTO promise_spread SELECT i, (SELECT array_agg(hashint4(i * 100 + d) % 1000 ORDER BY d) FROM generate_series(1, 32) d)::vector
	FROM generate_series(1, 8000) i;
CREATE INDEX ON promise_spread USING hnsw (v vector_l2_ops);
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM promise_spread ORDER BY v <-> array_fill(300, ARRAY[32])::vector;
MOVE 8000 FROM c;
SELECT rows, late_rows > 0 AS late FROM lokivector_scan_stats();
SET LOCAL hnsw.iterative_scan = relaxed_order;
SET LOCAL hnsw.max_scan_tuples = 8000;
DECLARE d CURSOR FOR SELECT id FROM promise_spread ORDER BY v <-> array_fill(300, ARRAY[32])::vector;
MOVE 1000 FROM d;
SELECT rows, late_rows > 0 AS late FROM lokivector_scan_stats();
COMMIT;
RESET enable_seqscan;

-- test: hnsw.iterative_scan makes searches of a loop, a driver's fetches, WITH TIES, and rows that are locked
ANALYZE promise_spread;
CREATE FUNCTION promise_loop(most int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n int := 0;
BEGIN
	FOR r IN SELECT id FROM promise_spread ORDER BY v <-> array_fill(300, ARRAY[32])::vector LOOP
		n := n + 1;
		EXIT WHEN n = most;
	END LOOP;
	RETURN n;
END $$;
CREATE FUNCTION promise_ways(OUT way text, OUT rows int, OUT late bigint, OUT search boolean) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	run record;
BEGIN
	FOREACH way IN ARRAY ARRAY['FETCH FIRST 10 ROWS WITH TIES', 'OFFSET 5 FETCH FIRST 10 ROWS WITH TIES',
		'LIMIT 10 FOR UPDATE', 'LIMIT 10 FOR SHARE SKIP LOCKED'] LOOP
		SELECT * INTO run FROM promise_run('SELECT v <-> array_fill(300, ARRAY[32])::vector AS d FROM promise_spread ORDER BY d ' || way);
		SELECT strategy = 'walk' AND nodes_scored < 4000 INTO search FROM lokivector_scan_stats();
		rows := array_length(run.ds, 1);
		SELECT count(*) INTO late FROM (SELECT d, lag(d) OVER (ORDER BY i) AS before
										FROM unnest(run.ds) WITH ORDINALITY u(d, i)) s WHERE d < before;
		RETURN NEXT;
	END LOOP;
	way := 'loop';
	rows := promise_loop(10);
	late := NULL;
	SELECT strategy = 'walk' AND nodes_scored < 4000 INTO search FROM lokivector_scan_stats();
	RETURN NEXT;
END $$;
SET hnsw.ef_search = 40;
SELECT * FROM promise_ways();
SET hnsw.iterative_scan = strict_order;
SELECT * FROM promise_ways();
SET hnsw.iterative_scan = relaxed_order;
SELECT * FROM promise_ways();
RESET hnsw.iterative_scan;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM promise_spread ORDER BY v <-> array_fill(300, ARRAY[32])::vector LIMIT 20 FOR UPDATE;
MOVE 3 FROM c;
UPDATE promise_spread SET id = -id WHERE CURRENT OF c;
ROLLBACK;
SET hnsw.iterative_scan = strict_order;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM promise_spread ORDER BY v <-> array_fill(300, ARRAY[32])::vector LIMIT 20 FOR UPDATE;
FETCH 3 FROM c;
UPDATE promise_spread SET id = -id WHERE CURRENT OF c RETURNING id;
ROLLBACK;
RESET hnsw.iterative_scan;
DROP FUNCTION promise_loop, promise_ways;
RESET hnsw.ef_search;
RESET enable_hashagg;
RESET enable_hashjoin;
RESET max_parallel_workers_per_gather;
DROP TABLE promise_parts;
DROP VIEW promise_near;
DROP TABLE promise_dup, promise_names, promise_small, promise_spread;
DROP FUNCTION promise_run, promise_check, promise_execute, promise_late;

-- test: pgvector's limits are for searches; other statements lose no row
CREATE TABLE promise_left (id int, v vector(4));
CREATE TABLE promise_right (id int);
INSERT INTO promise_left
	SELECT i, ARRAY[sin(i), cos(i), sin(2 * i), i % 5]::vector FROM generate_series(1, 2000) i;
INSERT INTO promise_right SELECT generate_series(1, 2000);
CREATE INDEX promise_left_v ON promise_left USING hnsw (v vector_l2_ops);
ANALYZE promise_left, promise_right;
SET enable_seqscan = off;
SET enable_mergejoin = off;
CREATE FUNCTION promise_lost() RETURNS TABLE (of_join bigint, of_rank bigint, of_search bigint)
LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM (
				SELECT FROM promise_left l FULL JOIN promise_right r USING (id)
				WHERE l.id IS NULL OR r.id IS NULL
				ORDER BY l.v <-> '[1,0,0,1]' LIMIT 100) s),
		(SELECT 2000 - count(n) FROM (
			SELECT row_number() OVER (ORDER BY v <-> '[1,0,0,1]') n FROM promise_left) s),
		(SELECT 2000 - count(*) FROM (
			SELECT FROM promise_left ORDER BY v <-> '[1,0,0,1]' LIMIT 2000) s)
$$;
SET hnsw.ef_search = 10;
SET hnsw.max_scan_tuples = 100;
SET hnsw.iterative_scan = relaxed_order;
SELECT of_join, of_rank, of_search > 1000 AS limited FROM promise_lost();
SET hnsw.iterative_scan = strict_order;
SELECT of_join, of_rank, of_search > 1000 AS limited FROM promise_lost();
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
SELECT * FROM promise_lost();
RESET hnsw.ef_search;
RESET enable_mergejoin;
RESET enable_seqscan;
DROP TABLE promise_left, promise_right;
DROP FUNCTION promise_lost;

-- test: late rows stay below no node that relies on their order
CREATE TABLE promise_wide (v vector(32));
INSERT INTO promise_wide
	SELECT (SELECT array_agg(floor(4 * random())) FROM generate_series(1, 32) WHERE i = i)::vector
	FROM generate_series(1, 5000) i;
CREATE INDEX promise_wide_v ON promise_wide USING hnsw (v vector_l2_ops);
ANALYZE promise_wide;
CREATE VIEW promise_ordered AS
	SELECT v <-> array_fill(1, ARRAY[32])::vector AS d FROM promise_wide
	ORDER BY v <-> array_fill(1, ARRAY[32])::vector;
SET enable_seqscan = off;
SET enable_sort = off;
SET enable_hashagg = off;
SET enable_hashjoin = off;
SET enable_nestloop = off;
SET hnsw.ef_search = 10;
SET hnsw.max_scan_tuples = 100000;
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) - count(DISTINCT d) AS repeated FROM (SELECT d FROM promise_ordered GROUP BY d) s;
SELECT count(*) - count(DISTINCT d) AS repeated FROM (SELECT DISTINCT d FROM promise_ordered) s;
SELECT count(*) AS late FROM (
	SELECT d, lag(d) OVER () AS before FROM (
		SELECT d FROM promise_ordered ORDER BY d FETCH FIRST 300 ROWS WITH TIES) t) s WHERE d < before;
SELECT count(*) > 0 AS joined FROM promise_ordered a JOIN promise_ordered b USING (d);
SELECT count(*) AS late FROM (
	SELECT d, lag(d) OVER () AS before FROM (
		SELECT d FROM promise_ordered ORDER BY d LIMIT 300) t) s WHERE d < before;
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
RESET hnsw.ef_search;
RESET enable_nestloop;
RESET enable_hashjoin;
RESET enable_hashagg;
RESET enable_sort;
RESET enable_seqscan;
DROP VIEW promise_ordered;
DROP TABLE promise_wide;
