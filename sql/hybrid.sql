-- Scans of an hnsw index within the bitmap of another index, and within a
-- distance

SET max_parallel_workers_per_gather = 0;

CREATE FUNCTION hybrid_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20);

CREATE TABLE hybrid_t (id integer PRIMARY KEY, v vector(16), tenant integer, a integer,
	b integer, h integer, j jsonb, r int4range, at integer, plain integer);
INSERT INTO hybrid_t SELECT n, CASE WHEN n % 100 <> 0 THEN hybrid_vector(n) END, n % 40, n % 50,
	n % 30, n % 60, jsonb_build_object('k', n % 70), int4range(n % 500, n % 500 + 5), n, n % 3
	FROM generate_series(1, 4000) n;
CREATE INDEX hybrid_v ON hybrid_t USING hnsw (v vector_l2_ops, tenant);
CREATE INDEX hybrid_a ON hybrid_t (a);
CREATE INDEX hybrid_b ON hybrid_t (b);
CREATE INDEX hybrid_h ON hybrid_t USING hash (h);
CREATE INDEX hybrid_j ON hybrid_t USING gin (j);
CREATE INDEX hybrid_r ON hybrid_t USING gist (r);
CREATE INDEX hybrid_at ON hybrid_t USING brin (at) WITH (pages_per_range = 2);
VACUUM ANALYZE hybrid_t;

-- What a query returns by the node, and otherwise
CREATE FUNCTION hybrid_same(query text, sorted boolean DEFAULT true) RETURNS text LANGUAGE sql
	SET enable_seqscan = off SET enable_sort = off SET enable_indexscan = off
	AS 'SELECT outcome || '', '' || rows FROM same(query, ordered => sorted)';

-- The plan, whatever else there is
CREATE FUNCTION hybrid_plan(query text) RETURNS text LANGUAGE sql
	SET enable_seqscan = off SET enable_sort = off SET enable_indexscan = off
	AS 'SELECT plan_line(query)';

-- Both
CREATE FUNCTION hybrid_check(query text) RETURNS SETOF text LANGUAGE sql AS 'SELECT hybrid_plan(query) UNION ALL SELECT hybrid_same(query)';

-- test: indexes of each kind
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_check($$SELECT id FROM hybrid_t WHERE j @> '{"k": 3}' ORDER BY v <-> hybrid_vector(-2) LIMIT 10$$);
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE r && int4range(20, 30) ORDER BY v <-> hybrid_vector(-3) LIMIT 10');
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE h = 13 ORDER BY v <-> hybrid_vector(-4) LIMIT 10');
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE at BETWEEN 1000 AND 1200 ORDER BY v <-> hybrid_vector(-5) LIMIT 10');

-- test: several indexes, and clauses that remain
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE a = 7 OR b = 12 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_check($$SELECT id FROM hybrid_t WHERE a < 20 AND j @> '{"k": 3}' AND plain = 1 ORDER BY v <-> hybrid_vector(-1)$$);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a IN (1, 2, 3) AND plain = 1 ORDER BY v <-> hybrid_vector(-1) LIMIT 20 OFFSET 5');
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE tenant = 7 AND b < 15 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');

-- test: an index by which a plain scan would be cheaper than by its bitmap
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM hybrid_t WHERE id BETWEEN 300 AND 340 ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]' LIMIT 10;
RESET enable_sort;

-- test: rows that match are few, none, or without a vector
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 7 AND b = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 30');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 77 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 0 AND id % 100 = 0 ORDER BY v <-> hybrid_vector(-1), id LIMIT 100');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a < 25 ORDER BY v <-> hybrid_vector(-1), id');
-- ... where these come first
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE a = 0 ORDER BY 1 - (v <-> hybrid_vector(-1)) DESC, id LIMIT 50');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 0 ORDER BY 1 - (v <-> hybrid_vector(-1)) DESC NULLS LAST, id');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a <= 20 ORDER BY 1 - (v <-> hybrid_vector(-1)) DESC, id LIMIT 50');

-- test: a lossy bitmap
SET work_mem = '64kB';
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a < 25 ORDER BY v <-> hybrid_vector(-1) LIMIT 50');
RESET work_mem;

-- test: rows of another index in no order, and more than work_mem has room for
CREATE TABLE hybrid_rows (id integer, v vector(4), a integer, p point, r int4range) WITH (fillfactor = 10);
INSERT INTO hybrid_rows SELECT n, subvector(hybrid_vector(n), 1, 4), n * 7 % 1000,
	point(n % 100, n % 90), int4range(n % 500, n % 500 + 5) FROM generate_series(1, 12000) n;
CREATE INDEX ON hybrid_rows USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 16);
CREATE INDEX ON hybrid_rows (a);
CREATE INDEX ON hybrid_rows USING spgist (p);
CREATE INDEX ON hybrid_rows USING gist (r);
VACUUM ANALYZE hybrid_rows;
CREATE FUNCTION hybrid_rows(condition text, OUT kept text, OUT rows integer, OUT lossy boolean, OUT answer text)
	RETURNS SETOF record AS $$
DECLARE
	query text := 'SELECT id FROM hybrid_rows WHERE ' || condition ||
		' ORDER BY v <-> subvector(hybrid_vector(-1), 1, 4) LIMIT 20';
	plan json;
	node json;
BEGIN
	FOREACH kept IN ARRAY ARRAY['4MB', '64kB'] LOOP
		PERFORM set_config('work_mem', kept, true);
		EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ' || query INTO plan;
		node := plan #> '{0,Plan,Plans,0,Plans,0,Plans,0}';
		rows := (node ->> 'Bitmap Rows')::float8;
		lossy := (node ->> 'Lossy Pages')::float8 > 0;
		IF lossy THEN
			rows := NULL;
		END IF;
		answer := hybrid_same(query);
		RETURN NEXT;
	END LOOP;
END $$ LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_sort = off SET enable_indexscan = off SET work_mem = '4MB';
SELECT * FROM hybrid_rows('a BETWEEN 100 AND 200');
SELECT * FROM hybrid_rows('a IN (3, 1, 2) OR a > 990');
SELECT * FROM hybrid_rows('a IN (300, 100, 200)');
SELECT * FROM hybrid_rows('a >= 50');
SELECT * FROM hybrid_rows('p <@ box(point(10, 10), point(30, 30))');
SELECT * FROM hybrid_rows('p <@ box(point(-1, -1), point(80, 100))');
SELECT * FROM hybrid_rows('r && int4range(20, 30)');
SELECT * FROM hybrid_rows('r && int4range(20, 480)');
-- ... as a parameter changes
SELECT a, hybrid_same(format('SELECT id FROM hybrid_rows WHERE a = %s ORDER BY v <-> subvector(hybrid_vector(-1), 1, 4) LIMIT 5', a))
	FROM generate_series(1, 3) a;
SELECT k, ids FROM (VALUES (1), (2), (1200), (3)) b (k), LATERAL (SELECT array_agg(id) ids FROM (
	SELECT id FROM hybrid_rows WHERE a = k ORDER BY v <-> subvector(hybrid_vector(-1), 1, 4) LIMIT 5) s) l;

-- test: a distance, with each operator and in each form
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE 3 > hybrid_vector(-1) <-> v', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE hybrid_vector(-1) <-> v <= 2.5::float4', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE l2_distance(v, hybrid_vector(-1)) <= 2.5', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) <= 0', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < 0', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < NULL', false);
SELECT hybrid_same($$SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < 'NaN'$$, false);
SELECT hybrid_same($$SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < 'Infinity'$$, false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> NULL < 3', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> (SELECT v FROM hybrid_t WHERE id = 100) < 3', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < 3 AND v <-> hybrid_vector(7) >= 2', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < 4 AND v <-> hybrid_vector(27) <= 3', false);
-- the distance of a row, exactly
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) < (SELECT v <-> hybrid_vector(7) FROM hybrid_t WHERE id = 27)', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(7) <= (SELECT v <-> hybrid_vector(7) FROM hybrid_t WHERE id = 27)', false);

CREATE INDEX hybrid_c ON hybrid_t USING hnsw (v vector_cosine_ops);
CREATE INDEX hybrid_i ON hybrid_t USING hnsw (v vector_ip_ops);
CREATE INDEX hybrid_1 ON hybrid_t USING hnsw (v vector_l1_ops);
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <=> hybrid_vector(-1) < 0.1');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <=> hybrid_vector(-1) < 0.1', false);
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE 1 - (v <=> hybrid_vector(-1)) > 0.9');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE 1 - (v <=> hybrid_vector(-1)) > 0.9', false);
-- a vector that depends on the row
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <=> (v + hybrid_vector(a)) < 0.01');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <=> (v + hybrid_vector(a)) < 0.01', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <#> hybrid_vector(-1) <= -35', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE inner_product(v, hybrid_vector(-1)) > 35', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <+> hybrid_vector(-1) < 9', false);
DROP INDEX hybrid_c, hybrid_i, hybrid_1;

-- test: a distance together with order, limit and other clauses
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 ORDER BY v <-> hybrid_vector(-1) LIMIT 200');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 ORDER BY v <-> hybrid_vector(-1) LIMIT 5');
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 AND a < 20 AND tenant > 3 ORDER BY v <-> hybrid_vector(-1)');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 AND b = 7', false);

-- test: nothing that a plain scan could not do as well
SELECT hybrid_plan('SELECT id FROM hybrid_t ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE tenant = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE plain = 1 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) > 3 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
-- under pgvector's limits a scan would leave rows out
SET lokivector.complete = off;
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3');
RESET lokivector.complete;
SET lokivector.enable_hybrid_scan = off;
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
RESET lokivector.enable_hybrid_scan;

-- test: joins, with the vector or the bound of another row
CREATE TABLE hybrid_q (id integer PRIMARY KEY, q vector(16), radius float8, tenant integer, a integer);
INSERT INTO hybrid_q SELECT n, hybrid_vector(-n), n * 0.7, n, n FROM generate_series(1, 5) n;
INSERT INTO hybrid_q VALUES (6, NULL, 3, 6, 6), (7, hybrid_vector(-7), NULL, 7, 7);
ANALYZE hybrid_q;
SELECT hybrid_plan('SELECT t.id FROM hybrid_q q JOIN hybrid_t t ON t.v <-> q.q < q.radius');
SELECT hybrid_same('SELECT t.id * 10 + q.id AS id FROM hybrid_q q JOIN hybrid_t t ON t.v <-> q.q < q.radius', false);
SELECT hybrid_plan('SELECT t.id FROM hybrid_q q JOIN hybrid_t t ON t.v <-> q.q < 3 AND t.tenant = 8');
SELECT hybrid_same('SELECT t.id * 10 + q.id AS id FROM hybrid_q q JOIN hybrid_t t ON t.v <-> q.q < 6 AND t.tenant < 38 AND t.a = q.a', false);
SELECT hybrid_plan('SELECT q.id FROM hybrid_q q WHERE EXISTS (SELECT FROM hybrid_t t WHERE t.v <-> q.q < q.radius)');
SELECT hybrid_same('SELECT q.id FROM hybrid_q q WHERE EXISTS (SELECT FROM hybrid_t t WHERE t.v <-> q.q < q.radius)', false);
SELECT hybrid_same('SELECT q.id FROM hybrid_q q WHERE NOT EXISTS (SELECT FROM hybrid_t t WHERE t.v <-> q.q < q.radius)', false);
SELECT hybrid_same('SELECT coalesce(t.id, 0) * 10 + q.id AS id FROM hybrid_q q LEFT JOIN hybrid_t t ON t.v <-> q.q < q.radius', false);

-- test: the nearest rows for each of other rows; the bitmap changes, or not
SELECT hybrid_plan('SELECT t.id FROM hybrid_q q, LATERAL (SELECT id FROM hybrid_t t WHERE t.a = q.a ORDER BY t.v <-> q.q LIMIT 3) t');
SELECT hybrid_same('SELECT t.id FROM hybrid_q q, LATERAL (SELECT id FROM hybrid_t t WHERE t.a = q.a ORDER BY t.v <-> q.q, t.id LIMIT 3) t');
SELECT hybrid_plan('SELECT t.id FROM hybrid_q q, LATERAL (SELECT id FROM hybrid_t t WHERE t.a = 7 ORDER BY t.v <-> q.q LIMIT 3) t');
SELECT hybrid_same('SELECT t.id FROM hybrid_q q, LATERAL (SELECT id FROM hybrid_t t WHERE t.a = 7 ORDER BY t.v <-> q.q, t.id LIMIT 3) t');
SELECT hybrid_same('SELECT t.id FROM hybrid_q q, LATERAL (SELECT id FROM hybrid_t t WHERE t.b < 20 AND tenant = q.tenant AND t.v <-> q.q < q.radius * 2 ORDER BY t.v <-> q.q LIMIT 10) t');

-- test: clauses with sub-selects, some without a variable
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 AND (SELECT count(*) FROM hybrid_q) > 6', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 7 AND (SELECT count(*) FROM hybrid_q) > 6 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_same('SELECT id FROM hybrid_t t WHERE a = 7 AND EXISTS (SELECT FROM hybrid_q q WHERE q.id = t.tenant OR q.id = t.b) ORDER BY v <-> hybrid_vector(-1) LIMIT 10');

-- test: a partial index
CREATE INDEX hybrid_p ON hybrid_t USING hnsw (v vector_l2_ops) WHERE plain = 1;
DROP INDEX hybrid_v;
SELECT hybrid_check('SELECT id FROM hybrid_t WHERE a = 7 AND plain = 1 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a < 40 AND plain = 1 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 AND plain = 1', false);
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE v <-> hybrid_vector(-1) < 3 AND plain = 2');
DROP INDEX hybrid_p;

-- test: pgvector's limits are not for scans within a bitmap, with LIMIT, with rows locked, and without LIMIT
SET hnsw.iterative_scan = strict_order;
SET hnsw.max_scan_tuples = 1;
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 7 AND tenant < 20 ORDER BY v <-> hybrid_vector(-1) LIMIT 10');
SELECT hybrid_same('WITH locked AS (SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1) LIMIT 10 FOR UPDATE) SELECT * FROM locked');
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a = 7 ORDER BY v <-> hybrid_vector(-1)');
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;

-- test: an index on an expression
CREATE INDEX hybrid_e ON hybrid_t USING hnsw ((subvector(v, 1, 8)::vector(8)) vector_l2_ops);
SET enable_bitmapscan = off;
SELECT hybrid_plan('SELECT id FROM hybrid_t WHERE subvector(v, 1, 8)::vector(8) <-> subvector(hybrid_vector(-1), 1, 8) < 1.5 AND a < 20');
RESET enable_bitmapscan;
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE subvector(v, 1, 8)::vector(8) <-> subvector(hybrid_vector(-1), 1, 8) < 1.5 AND a < 20', false);
SELECT hybrid_same('SELECT id FROM hybrid_t WHERE a < 20 ORDER BY subvector(v, 1, 8)::vector(8) <-> subvector(hybrid_vector(-1), 1, 8) LIMIT 10');

DROP TABLE hybrid_t, hybrid_q;
DROP FUNCTION hybrid_check, hybrid_plan, hybrid_same, hybrid_vector;
