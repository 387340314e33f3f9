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
