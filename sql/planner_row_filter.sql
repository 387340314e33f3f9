-- Conditions that the index does not know: rows that they drop are left out by the
-- scan itself, once LIMIT has asked for more than it takes.
SET enable_seqscan = off;
SET enable_sort = off;

CREATE FUNCTION row_filter_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20, height => 1);

-- Some rows are equal, some have no vector; padded: the vectors are out of line
CREATE TABLE row_filter_t (id integer, v vector(16), c integer, r integer, t text)
	WITH (autovacuum_enabled = off);
INSERT INTO row_filter_t SELECT i, CASE WHEN i % 100 <> 99 THEN row_filter_vector(CASE WHEN i % 10 = 7 THEN i % 50 ELSE i END) END,
	i % 5, abs(hashint4(i)) % 1000, 'text ' || abs(hashint4(i + 1)) % 100
FROM generate_series(1, 5000) i;
CREATE INDEX row_filter_idx ON row_filter_t USING hnsw (v vector_l2_ops, c);
CREATE TABLE row_filter_toast (LIKE row_filter_t) WITH (autovacuum_enabled = off);
ALTER TABLE row_filter_toast ALTER v TYPE vector(1000), ALTER v SET STORAGE EXTERNAL;
INSERT INTO row_filter_toast SELECT id, (v::real[] || array_fill(0::real, ARRAY[984]))::vector, c, r, t
FROM row_filter_t WHERE id <= 1500 AND v IS NOT NULL;
CREATE INDEX row_filter_toast_idx ON row_filter_toast USING hnsw (v vector_l2_ops, c);
-- some rows are dead, and not all pages are all-visible
VACUUM ANALYZE row_filter_t, row_filter_toast;
DELETE FROM row_filter_t WHERE id % 37 = 0;
UPDATE row_filter_t SET r = r WHERE id % 41 = 0;

-- Tables for which the nearest rows that match a condition are not what they should be:
-- too few or too many, not in order, or more than one in ten missing
CREATE FUNCTION row_filter_wrong(condition text, rows integer) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: %s, %s rows: %s, not %s', target, condition, rows, distances, nearest)
	FROM unnest('{row_filter_t,row_filter_toast}'::text[]) target, generate_series(-1, 1) n,
		LATERAL (SELECT row_filter_vector(n)::real[] || CASE target WHEN 'row_filter_toast' THEN array_fill(0::real, ARRAY[984]) END AS q) v,
		found(target, format('v <-> %L', q::vector), rows, condition, 1e-5)
	WHERE returned <> wanted OR hits < wanted - rows / 10 OR NOT in_order
$$;

-- test: as many rows as match, and the nearest
SELECT w FROM unnest(ARRAY['r < 500', 'r < 100', 'r < 10', 'r = 3', 'r < 0', 'c = 2 AND r < 200',
	'c IN (1, 3) AND r < 20', 'c = 2 AND r < 0', 't = ''text 7''', 't LIKE ''%7'' AND r < 300',
	'r < 100 AND id <> 4', 'ctid > ''(1,1)'' AND r < 100', 'r < 900 AND v IS NOT NULL',
	'tableoid <> 0 AND r % 10 = 3']) condition,
	unnest('{1,10,33}'::integer[]) rows, row_filter_wrong(condition, rows) w;

-- test: what is dropped is counted, once
CREATE FUNCTION row_filter_removed(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '\(actual.*', '') FROM plan_lines(query, 'ANALYZE') line
	WHERE line ~ 'Filter|Custom|Index Scan' AND line !~ 'Nodes Filtered'
$$;
SELECT * FROM row_filter_removed('SELECT id FROM row_filter_t WHERE r < 0 ORDER BY v <-> row_filter_vector(1) LIMIT 10');
SELECT count(*) FROM row_filter_t;

-- test: rows that are not all-visible, deleted, updated, and equal
DELETE FROM row_filter_t WHERE id % 17 = 0;
DELETE FROM row_filter_toast WHERE id % 17 = 0;
UPDATE row_filter_t SET r = 999 - r WHERE id % 13 = 0;
UPDATE row_filter_toast SET r = 999 - r WHERE id % 13 = 0;
SELECT w FROM unnest(ARRAY['r < 100', 'r < 10', 'c = 2 AND r < 200', 'r < 0']) condition,
	unnest('{1,10,33}'::integer[]) rows, row_filter_wrong(condition, rows) w;

-- test: LIMIT with OFFSET, parameters, ties
PREPARE p AS SELECT count(*), bool_and(r < $1) FROM
	(SELECT r FROM row_filter_t WHERE r < $1 ORDER BY v <-> row_filter_vector(3) LIMIT $2 OFFSET $3) s;
SET plan_cache_mode = force_generic_plan;
EXECUTE p(50, 10, 20);
EXECUTE p(50, 0, 0);
EXECUTE p(20, NULL, 5);
EXECUTE p(1000, 25, 3);
RESET plan_cache_mode;
DEALLOCATE p;
SELECT count(*) FROM (SELECT FROM row_filter_t WHERE r < 100
	ORDER BY v <-> row_filter_vector(7) FETCH FIRST 1 ROWS WITH TIES) s;
SELECT count(*) FROM row_filter_t WHERE r < 100 AND v = row_filter_vector(7);

-- test: a cursor takes what it wants
BEGIN;
DECLARE c CURSOR FOR SELECT r < 100 AS right FROM row_filter_t WHERE r < 100 ORDER BY v <-> row_filter_vector(3) LIMIT 12;
FETCH 1 FROM c;
MOVE FORWARD 5 IN c;
FETCH ALL FROM c;
COMMIT;

-- test: rescans, each with a LIMIT of its own
SELECT n, count(s.id), bool_and(s.r < n * 10) FROM generate_series(0, 4) n,
	LATERAL (SELECT id, r FROM row_filter_t WHERE r < n * 10 ORDER BY v <-> row_filter_vector(n) LIMIT n * 3) s
GROUP BY n ORDER BY n;
SELECT n, (SELECT count(*) FROM (SELECT FROM row_filter_t WHERE r < n ORDER BY v <-> row_filter_vector(n) LIMIT 3) s)
FROM generate_series(0, 20, 5) n;

-- test: a scan within the condition of a scan
SELECT count(*) FROM (SELECT id FROM row_filter_t o WHERE r < 300 AND EXISTS (SELECT FROM row_filter_t i
	WHERE i.r < 50 ORDER BY i.v <-> o.v LIMIT 1) ORDER BY v <-> row_filter_vector(1) LIMIT 10) s;
CREATE FUNCTION row_filter_near(q vector) RETURNS bigint AS $$
	SELECT count(*) FROM (SELECT FROM row_filter_t WHERE r < 30 ORDER BY v <-> q LIMIT 3) s
$$ LANGUAGE sql STABLE;
SELECT count(*) FROM (SELECT id FROM row_filter_t WHERE r < 20 AND row_filter_near(v) = 3
	ORDER BY v <-> row_filter_vector(1) LIMIT 10) s;

-- test: errors of conditions, and what follows them
SELECT id FROM row_filter_t WHERE 1 / r > 2 AND r < 5 ORDER BY v <-> row_filter_vector(1) LIMIT 30;
SELECT w FROM row_filter_wrong('r < 50', 10) w;

-- test: volatile conditions are evaluated once a row
CREATE SEQUENCE row_filter_seq;
SELECT count(*) FROM (SELECT id FROM row_filter_t WHERE nextval('row_filter_seq') < 0 ORDER BY v <-> row_filter_vector(1) LIMIT 3) s;
SELECT last_value = (SELECT count(*) FROM row_filter_t) AS once FROM row_filter_seq;
-- also by the scan, which asks about some rows at once; what comes before them excludes the others
SELECT setval('row_filter_seq', 1, false);
SELECT count(*) FROM (SELECT id FROM row_filter_t WHERE r < 20 AND 0 <= ALL (SELECT nextval('row_filter_seq') - row_filter_t.id * 0)
	ORDER BY v <-> row_filter_vector(1) LIMIT 30) s;
SELECT last_value <= (SELECT count(*) FROM row_filter_t WHERE r < 20) AS once, (SELECT rows < 80 FROM lokivector_scan_stats()) AS dropped FROM row_filter_seq;

-- test: pgvector's limits look at as many rows as before
SET lokivector.complete = off;
SET hnsw.ef_search = 20;
SELECT count(*) FROM (SELECT FROM row_filter_t WHERE r < 0 ORDER BY v <-> row_filter_vector(1) LIMIT 10) s;
SELECT heap_fetches <= 20 AS few FROM lokivector_scan_stats();
RESET lokivector.complete;
RESET hnsw.ef_search;

-- test: row security
CREATE ROLE row_filter_reader;
GRANT SELECT ON row_filter_t TO row_filter_reader;
CREATE FUNCTION row_filter_leak(r integer) RETURNS boolean AS $$
BEGIN
	IF r >= 100 THEN
		RAISE NOTICE 'seen: %', r;
	END IF;
	RETURN r < 40;
END
$$ LANGUAGE plpgsql STABLE COST 0.0001;
CREATE POLICY row_filter_policy ON row_filter_t USING (r < 100);
ALTER TABLE row_filter_t ENABLE ROW LEVEL SECURITY;
SET ROLE row_filter_reader;
SELECT count(*), bool_and(r < 40) FROM (SELECT r FROM row_filter_t WHERE row_filter_leak(r) ORDER BY v <-> row_filter_vector(1) LIMIT 10) s;
RESET ROLE;

DROP TABLE row_filter_t, row_filter_toast;
DROP SEQUENCE row_filter_seq;
DROP FUNCTION row_filter_vector, row_filter_wrong, row_filter_removed, row_filter_near, row_filter_leak;
DROP ROLE row_filter_reader;
