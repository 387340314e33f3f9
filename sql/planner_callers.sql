-- Each scan asks its own plan for LIMIT and filter, whatever else runs meanwhile

-- No constant of a plan, so that scans begin before their query is known
CREATE FUNCTION callers_vector(n integer) RETURNS vector LANGUAGE sql STABLE STRICT RETURN random_vector(n, 8);

CREATE TABLE callers_t (id integer, v vector(8), r integer) WITH (autovacuum_enabled = off);
INSERT INTO callers_t SELECT n, callers_vector(n), n % 100 FROM generate_series(1, 3000) n;
CREATE INDEX callers_idx ON callers_t USING hnsw (v vector_l2_ops);
VACUUM ANALYZE callers_t;
SET enable_seqscan = off;
SET enable_sort = off;

-- Which LIMIT the last scan of this backend went by
CREATE FUNCTION callers_last() RETURNS text AS $$
	SELECT CASE WHEN nodes_scored = 0 THEN 'none' WHEN heap_fetches >= 400 THEN '400'
		WHEN heap_fetches < 100 THEN '3' ELSE format('%s fetches', heap_fetches) END
	FROM lokivector_scan_stats()
$$ LANGUAGE sql VOLATILE;

-- ... and of a scan that is made here, with a LIMIT that the plan does not know
CREATE FUNCTION callers_search(n integer, lim bigint) RETURNS text AS $$
DECLARE
	found integer;
	last text;
BEGIN
	SELECT count(*) INTO found FROM
		(SELECT FROM callers_t ORDER BY v <-> callers_vector(n) LIMIT lim) s;
	last := callers_last();
	RETURN CASE WHEN found = coalesce(lim, 3000) THEN last ELSE format('%s rows', found) END;
END
$$ LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan;

-- test: searches of one after the other
SELECT callers_search(1, 3), callers_search(1, 400), callers_search(1, NULL), callers_search(1, 3);

-- test: a search by a condition, which sees the search whose rows it gets
CREATE FUNCTION callers_condition(n integer, lim bigint, outside text) RETURNS boolean AS $$
DECLARE
	before text := callers_last();
BEGIN
	RETURN before = outside AND callers_search(n, lim) = coalesce(lim::text, 'none');
END
$$ LANGUAGE plpgsql STABLE;
SELECT count(*) FROM (SELECT FROM callers_t WHERE callers_condition(id, 3, '400')
	ORDER BY v <-> callers_vector(2) LIMIT 400) s;
SELECT count(*) FROM (SELECT FROM callers_t WHERE callers_condition(id, 400, '3')
	ORDER BY v <-> callers_vector(2) LIMIT 3) s;
SELECT count(*) FROM (SELECT FROM callers_t WHERE callers_condition(id, NULL, '3')
	ORDER BY v <-> callers_vector(2) LIMIT 3) s;

-- test: a search by a condition that the scan evaluates, for it drops rows
CREATE FUNCTION callers_rare(n integer, r integer) RETURNS boolean AS $$
BEGIN
	RETURN r = 7 AND callers_search(n, 400) = '400';
END
$$ LANGUAGE plpgsql STABLE;
SELECT count(*), bool_and(r = 7) FROM (SELECT r FROM callers_t WHERE callers_rare(id, r)
	ORDER BY v <-> callers_vector(3) LIMIT 3) s;

-- test: a search by the expression of the query vector
CREATE FUNCTION callers_near(n integer, lim bigint) RETURNS vector AS $$
BEGIN
	RETURN CASE WHEN callers_search(n, lim) = coalesce(lim::text, 'none') THEN callers_vector(n) END;
END
$$ LANGUAGE plpgsql STABLE;
SELECT count(*) FROM (SELECT FROM callers_t ORDER BY v <-> callers_near(4, 3) LIMIT 400) s;
SELECT callers_last();
SELECT count(*) FROM (SELECT FROM callers_t ORDER BY v <-> callers_near(4, 400) LIMIT 3) s;
SELECT callers_last();
SELECT count(*) FROM (SELECT FROM callers_t ORDER BY v <-> callers_near(4, NULL) LIMIT 3) s;
SELECT callers_last();

-- test: rescans, and two scans of one plan
SELECT n, lim, count(*), min(last), max(last) FROM (VALUES (1, 3), (2, 400), (3, NULL), (4, 3)) q (n, lim),
	LATERAL (SELECT callers_last() AS last FROM callers_t ORDER BY v <-> callers_vector(n) LIMIT lim) s
GROUP BY n, lim ORDER BY n;
SELECT count(*), min(a.last), max(a.last), min(b.last), max(b.last)
FROM (SELECT id, callers_last() AS last FROM callers_t ORDER BY v <-> callers_vector(5) LIMIT 400) a
	LEFT JOIN (SELECT id, callers_last() AS last FROM callers_t ORDER BY v <-> callers_vector(5) LIMIT 3) b
	ON b.id = a.id;

-- test: cursors, opened in another order than they begin, and going on in turn
BEGIN;
DECLARE few CURSOR FOR SELECT r < 50 FROM callers_t WHERE r < 50 ORDER BY v <-> callers_vector(6) LIMIT 3;
DECLARE many CURSOR FOR SELECT r >= 50 FROM callers_t WHERE r >= 50 ORDER BY v <-> callers_vector(6) LIMIT 400;
DECLARE bare CURSOR FOR SELECT id > 0 FROM callers_t ORDER BY v <-> callers_vector(6) LIMIT 3;
DECLARE never CURSOR FOR SELECT id FROM callers_t ORDER BY v <-> callers_vector(6) LIMIT 400;
FETCH bare;
SELECT callers_last();
FETCH few;
FETCH many;
MOVE ALL FROM many;
FETCH ALL FROM few;
MOVE ALL FROM bare;
SELECT callers_last();
CLOSE few;
SELECT callers_search(6, NULL);
COMMIT;

-- test: an error that is caught between the beginning of a scan and its first row
CREATE FUNCTION callers_fail(n integer) RETURNS vector AS $$
BEGIN
	PERFORM callers_search(n, 3);
	RAISE EXCEPTION 'fail';
END
$$ LANGUAGE plpgsql STABLE;
CREATE FUNCTION callers_caught(query text) RETURNS text AS $$
BEGIN
	EXECUTE query;
	RETURN 'no error';
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
END
$$ LANGUAGE plpgsql;
SELECT callers_caught('SELECT id FROM callers_t WHERE r < 0 ORDER BY v <-> callers_fail(7) LIMIT 3'),
	callers_search(7, 400), callers_search(7, NULL), callers_search(7, 3);
SELECT callers_caught('SELECT id FROM callers_t WHERE callers_fail(id) IS NULL ORDER BY v <-> callers_vector(7) LIMIT 400'),
	callers_search(7, 3), callers_search(7, NULL), callers_search(7, 400);
BEGIN;
DECLARE c CURSOR FOR SELECT id > 0 FROM callers_t ORDER BY v <-> callers_vector(7) LIMIT 400;
SELECT callers_caught('SELECT id FROM callers_t ORDER BY v <-> callers_fail(7) LIMIT 3');
FETCH c;
SELECT callers_last();
SELECT callers_caught('SELECT id FROM callers_t ORDER BY v <-> callers_fail(7) LIMIT 3');
MOVE ALL FROM c;
SAVEPOINT a;
DECLARE d CURSOR FOR SELECT id > 0 FROM callers_t ORDER BY v <-> callers_vector(7) LIMIT 3;
ROLLBACK TO a;
SELECT callers_search(7, NULL);
COMMIT;

-- test: a scan that never begins
SELECT n, CASE WHEN n > 9 THEN (SELECT id > 0 FROM callers_t ORDER BY v <-> callers_vector(n) LIMIT 1) END
FROM generate_series(8, 10) n;
CREATE FUNCTION callers_explain(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM plan_lines(query, 'ANALYZE') line WHERE line ~ 'Index Scan|Nodes|Flat Scans|Heap Fetches'
$$;
SELECT callers_explain('SELECT id FROM callers_t ORDER BY v <-> callers_vector(9) LIMIT 0');

-- test: sub-plans that several scans and expressions share
CREATE TABLE callers_p (id integer, found boolean) PARTITION BY RANGE (id);
CREATE TABLE callers_p1 PARTITION OF callers_p FOR VALUES FROM (1) TO (11);
CREATE TABLE callers_p2 PARTITION OF callers_p FOR VALUES FROM (11) TO (21);
CREATE INDEX ON callers_p (id);
INSERT INTO callers_p SELECT generate_series(1, 20);
ANALYZE callers_p;
SELECT count(*) FROM callers_p p WHERE id =
	(SELECT t.id FROM callers_t t WHERE t.r < 50 ORDER BY t.v <-> callers_vector(p.id) LIMIT 1);
SELECT count(*) FROM callers_p p WHERE id =
	(SELECT t.id FROM callers_t t WHERE t.v <-> callers_vector(p.id) < 0.5
	ORDER BY t.v <-> callers_vector(p.id) LIMIT 1);
WITH u AS (UPDATE callers_p p SET found = true RETURNING id =
	(SELECT t.id FROM callers_t t ORDER BY t.v <-> callers_vector(p.id) LIMIT 1) AS same)
SELECT count(*), bool_and(same) FROM u;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT count(*), bool_and(p.id = n) FROM generate_series(1, 20) n JOIN callers_p p ON p.id =
	(SELECT t.id FROM callers_t t ORDER BY t.v <-> callers_vector(n) LIMIT 1);
RESET enable_hashjoin;
RESET enable_mergejoin;
DROP TABLE callers_p;

-- test: a scan locks the index against others' rows when it begins, and not before
CREATE FUNCTION callers_locks() RETURNS bigint AS $$
	SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND mode = 'SIReadLock' AND
		relation = 'callers_idx'::regclass
$$ LANGUAGE sql VOLATILE;
BEGIN ISOLATION LEVEL SERIALIZABLE;
DECLARE c CURSOR FOR SELECT id > 0 FROM callers_t ORDER BY v <-> callers_vector(6) LIMIT 3;
SELECT callers_locks();
FETCH c;
SELECT callers_locks();
COMMIT;

-- test: partitions of which run time leaves one
CREATE TABLE callers_l (id integer, v vector(8), k integer) PARTITION BY LIST (k);
CREATE TABLE callers_l0 PARTITION OF callers_l FOR VALUES IN (0);
CREATE TABLE callers_l1 PARTITION OF callers_l FOR VALUES IN (1);
INSERT INTO callers_l SELECT id, v, id % 2 FROM callers_t;
CREATE INDEX ON callers_l USING hnsw (v vector_l2_ops);
ANALYZE callers_l;
SET plan_cache_mode = force_generic_plan;
PREPARE callers_tenant(integer, integer) AS
	SELECT id, k FROM callers_l WHERE k = $1 ORDER BY v <-> callers_vector($2) LIMIT 1;
EXECUTE callers_tenant(1, 7);
SELECT callers_last();
EXECUTE callers_tenant(0, 8);
SELECT callers_last();
EXECUTE callers_tenant(2, 8);
RESET plan_cache_mode;
SELECT id, k FROM callers_l WHERE k = (SELECT 1) ORDER BY v <-> callers_vector(9) LIMIT 1;
SELECT callers_last();
DROP TABLE callers_l;
DEALLOCATE callers_tenant;

DROP TABLE callers_t;
DROP FUNCTION callers_vector, callers_last, callers_search, callers_condition, callers_rare,
	callers_near, callers_fail, callers_caught, callers_explain, callers_locks;
