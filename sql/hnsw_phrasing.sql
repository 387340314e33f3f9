-- How far a search looks does not depend on how the query is phrased: a condition that all rows
-- pass, wherever it is evaluated, finds what the plain search finds.

-- Half of the rows are in clusters of 20, the others lie between these
CREATE FUNCTION phrasing_vector(i integer) RETURNS vector(16) AS $$
	SELECT array_agg((CASE WHEN i % 2 = 0 THEN hashint4extended(i / 40, j) % 1000 + hashint4extended(i, j) % 100
		ELSE hashint4extended(i, j) % 1000 END)::real ORDER BY j)::vector(16) FROM generate_series(1, 16) j
$$ LANGUAGE sql IMMUTABLE;
CREATE TABLE phrasing_t (id integer, tenant integer, r integer, t2 integer, r2 integer, v vector(16));
INSERT INTO phrasing_t SELECT i, 1, abs(hashint4extended(i, 1) % 100), 1, abs(hashint4extended(i, 2) % 100), phrasing_vector(i)
FROM generate_series(1, 10000) i;
CREATE INDEX phrasing_idx ON phrasing_t USING hnsw (v vector_l2_ops, tenant, r);
CREATE INDEX ON phrasing_t (id);
VACUUM ANALYZE phrasing_t;
CREATE TABLE phrasing_keys AS SELECT i AS key FROM generate_series(1, 10000) i;
ALTER TABLE phrasing_keys ADD PRIMARY KEY (key);
ANALYZE phrasing_keys;
CREATE TABLE phrasing_q AS SELECT i, phrasing_vector(i + CASE WHEN i % 2 = 0 THEN 0 ELSE 100000 END) AS q
FROM generate_series(1, 300) i;
ANALYZE phrasing_q;
CREATE TABLE phrasing_truth AS SELECT c.condition, q.i, max(d) AS farthest
FROM phrasing_q q, (VALUES ('all', 100), ('90', 90), ('50', 50)) c (condition, below),
	LATERAL (SELECT (v <-> q.q)::text::float8 AS d FROM phrasing_t WHERE r < below ORDER BY 1 LIMIT 10) x GROUP BY 1, 2;
INSERT INTO phrasing_truth SELECT c.condition, q.i, max(d)
FROM phrasing_q q, (VALUES ('heap 90', 90), ('heap 50', 50)) c (condition, below),
	LATERAL (SELECT (v <-> q.q)::text::float8 AS d FROM phrasing_t WHERE r2 < below ORDER BY 1 LIMIT 10) x GROUP BY 1, 2;

-- The share of the nearest ten rows that the queries find
CREATE FUNCTION phrasing_recall(rows text, condition text, truth text) RETURNS float8 AS $$
DECLARE
	hits integer;
BEGIN
	EXECUTE format('SELECT count(*) FROM phrasing_q q JOIN phrasing_truth t USING (i),
		LATERAL (SELECT v <-> q.q AS d FROM %s WHERE %s ORDER BY v <-> q.q LIMIT 10) x
		WHERE t.condition = %L AND d <= farthest', rows, condition, truth) INTO hits;
	RETURN hits / 10.0 / (SELECT count(*) FROM phrasing_q);
END $$ LANGUAGE plpgsql;
CREATE ROLE regress_phrasing;
GRANT SELECT ON phrasing_t, phrasing_q, phrasing_truth, phrasing_keys TO regress_phrasing;
CREATE POLICY phrasing_policy ON phrasing_t USING (t2 = 1);
SET enable_seqscan = off;
SET enable_sort = off;

-- A run of every day tries fewer settings
CREATE FUNCTION phrasing_check(setting text, OUT phrase text, OUT lost float8) RETURNS SETOF record AS $$
DECLARE
	plain float8;
	p record;
BEGIN
	PERFORM set_config(CASE WHEN setting LIKE '.%' THEN 'lokivector.target_recall' ELSE 'hnsw.ef_search' END, setting, true);
	plain := phrasing_recall('phrasing_t', 'true', 'all');
	FOR p IN SELECT * FROM (VALUES
		('in the index', 'phrasing_t', 'tenant = 1', 'all', .002),
		('on the heap', 'phrasing_t', 't2 = 1', 'all', .002),
		('by a b-tree', 'phrasing_t', 'id > 0', 'all', .002),
		('a bound', 'phrasing_t', 'v <-> q.q < 100000', 'all', .002),
		('a join', 'phrasing_t JOIN phrasing_keys ON key = id', 'true', 'all', .002),
		('90 % in the index', 'phrasing_t', 'r < 90', '90', .005),
		('50 % in the index', 'phrasing_t', 'r < 50', '50', .005),
		('90 % on the heap', 'phrasing_t', 'r2 < 90', 'heap 90', .005),
		('50 % on the heap', 'phrasing_t', 'r2 < 50', 'heap 50', .005)) x (phrase, rows, condition, truth, may_lose)
	LOOP
		lost := plain - phrasing_recall(p.rows, p.condition, p.truth);
		phrase := p.phrase;
		IF lost > p.may_lose THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END $$ LANGUAGE plpgsql;
SELECT setting, c.* FROM unnest(CASE WHEN test_short() THEN '{40,.9}' ELSE '{10,40,100,.9,.95}' END::text[]) setting, phrasing_check(setting) c;

-- A larger hnsw.ef_search does not find less
CREATE FUNCTION phrasing_widths() RETURNS float8[] AS $$
DECLARE
	found float8[];
	ef integer;
BEGIN
	FOREACH ef IN ARRAY CASE WHEN test_short() THEN '{10,40,400}' ELSE '{10,20,40,100,400,1000}' END::int[] LOOP
		PERFORM set_config('hnsw.ef_search', ef::text, true);
		found := found || phrasing_recall('phrasing_t', 'true', 'all');
	END LOOP;
	RETURN found;
END $$ LANGUAGE plpgsql;
SELECT bool_and(found >= before - .001) AS no_less
FROM (SELECT found, lag(found, 1, 0::float8) OVER (ORDER BY o) AS before FROM unnest(phrasing_widths()) WITH ORDINALITY w (found, o)) w;
DROP FUNCTION phrasing_widths;

-- A walk that has used up its memory is followed by a flat scan, though there are rows at hand
INSERT INTO phrasing_truth SELECT 'heap 10', q.i, max(d)
FROM phrasing_q q, LATERAL (SELECT (v <-> q.q)::text::float8 AS d FROM phrasing_t WHERE r2 < 10 ORDER BY 1 LIMIT 10) x GROUP BY q.i;
SET work_mem = '64kB';
SELECT phrasing_recall('phrasing_t', 'r2 < 10', 'heap 10') > .99 AS found;
RESET work_mem;

-- Row security
ALTER TABLE phrasing_t ENABLE ROW LEVEL SECURITY;
BEGIN;
SELECT phrasing_recall('phrasing_t', 'true', 'all') AS plain \gset
SET LOCAL ROLE regress_phrasing;
SELECT :plain - phrasing_recall('phrasing_t', 'true', 'all') <= .002 AS the_same;
COMMIT;

DROP TABLE phrasing_t, phrasing_q, phrasing_truth, phrasing_keys;
DROP FUNCTION phrasing_recall, phrasing_check, phrasing_vector;
DROP ROLE regress_phrasing;

-- test: a search for more rows looks as far as one for ten, also far from all rows
-- 40 clusters, and queries from outside of them
CREATE FUNCTION far_vector(i integer, spread integer) RETURNS vector(64) AS $$
	SELECT array_agg((hashint4extended(i % 40, j) % 1000 + hashint4extended(i, j) % (spread + 1) +
		hashint4extended(i, 1000 + j) % (spread + 1))::real ORDER BY j)::vector(64) FROM generate_series(1, 64) j
$$ LANGUAGE sql IMMUTABLE;
CREATE TABLE far_t AS SELECT i AS id, far_vector(i, 400)::vector(64) AS v FROM generate_series(1, 10000) i;
CREATE INDEX far_idx ON far_t USING hnsw (v vector_l2_ops);
CREATE TABLE far_q AS SELECT i, (SELECT array_agg((hashint4extended(-i, j) % 1000)::real ORDER BY j)
	FROM generate_series(1, 64) j)::vector(64) AS q FROM generate_series(1, 100) i;
CREATE TABLE far_truth AS SELECT i, array_agg(d ORDER BY d) AS d FROM far_q f,
	LATERAL (SELECT (v <-> f.q)::text::float8 AS d FROM far_t ORDER BY 1 LIMIT 50) x GROUP BY i;
CREATE FUNCTION far_recall(k integer) RETURNS float8 AS $$
DECLARE
	hits integer;
BEGIN
	EXECUTE format('SELECT count(*) FROM far_q f JOIN far_truth t USING (i),
		LATERAL (SELECT v <-> f.q AS d FROM far_t ORDER BY v <-> f.q LIMIT %s) x WHERE x.d <= t.d[%1$s]', k) INTO hits;
	RETURN hits / k::float8 / (SELECT count(*) FROM far_q);
END $$ LANGUAGE plpgsql;
SELECT far_recall(10) > 0.95 AS ten, far_recall(20) > far_recall(10) - 0.05 AS twenty,
	far_recall(50) > far_recall(10) - 0.05 AS fifty;
DROP TABLE far_t, far_q, far_truth;
DROP FUNCTION far_vector, far_recall;
