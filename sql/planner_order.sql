-- Forms of ORDER BY that are a nearest-neighbor order

-- enough rows to sort, so that paths are told apart by more than a hair
CREATE TABLE order_t (id integer PRIMARY KEY, v vector(8), nn vector(8) NOT NULL, a integer);
INSERT INTO order_t
SELECT i, CASE WHEN i % 200 = 0 THEN NULL WHEN i % 397 = 0 THEN array_fill(0, ARRAY[8])::vector ELSE w END, w, i % 20
FROM (SELECT i, (SELECT array_agg(sin(i * j + j)) FROM generate_series(1, 8) j)::vector AS w
	  FROM generate_series(1, 4000) i) s;
CREATE INDEX order_cosine ON order_t USING hnsw (v vector_cosine_ops, a);
CREATE INDEX order_l2 ON order_t USING hnsw (v vector_l2_ops, a);
CREATE INDEX order_ip ON order_t USING hnsw (nn vector_ip_ops, a);
CREATE INDEX order_l1 ON order_t USING hnsw (nn vector_l1_ops);
VACUUM ANALYZE order_t;

-- The plan, and whether it returns the values that a sort would return: of
-- rows with equal values any, so that values alone are compared
CREATE FUNCTION order_check(query text) RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT outcome FROM same('SELECT round(s::numeric, 4) FROM (' || query || ') q')) || ': ' ||
		string_agg(regexp_replace(regexp_replace(line, '^ *(->  )?', ''), '\$\d+', '$', 'g'), '; ')
	FROM plan_lines(query) line WHERE line !~ 'Limit|Index Cond: .id = '
$$;

-- test: scores
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC NULLS LAST LIMIT 50$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE v IS NOT NULL ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT 100 * (1 - (v <=> '[1,2,3,4,5,6,7,8]') / 2) AS s FROM order_t WHERE a = 3 ORDER BY 1 DESC LIMIT 50$$);
SELECT order_check($$SELECT s FROM (SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s, a FROM order_t) q WHERE a = 3 ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT (nn <#> '[1,2,3,4,5,6,7,8]') * -1 AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT -(nn <#> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT 1 / (1 + (v <-> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t ORDER BY s DESC LIMIT 30$$);
SELECT order_check($$SELECT exp(-(v <-> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t ORDER BY s DESC LIMIT 30$$);
SELECT order_check($$SELECT (1 - (v <=> '[1,2,3,4,5,6,7,8]'))::real AS s FROM order_t ORDER BY s DESC LIMIT 30$$);
SELECT order_check($$SELECT (v <-> '[1,2,3,4,5,6,7,8]') + 1 AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT v <-> '[1,2,3,4,5,6,7,8]' AS s FROM order_t ORDER BY s NULLS FIRST LIMIT 30$$);

-- test: all rows; the last is NULL or NaN or neither, as in a sort
SET enable_seqscan = off;
SET enable_sort = off;
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC LIMIT 5000$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC NULLS LAST LIMIT 5000$$);
SELECT order_check($$SELECT v <=> '[1,2,3,4,5,6,7,8]' AS s FROM order_t ORDER BY s NULLS FIRST LIMIT 5000$$);
SELECT order_check($$SELECT v <=> '[1,2,3,4,5,6,7,8]' AS s FROM order_t ORDER BY s LIMIT 5000$$);
-- no distance at all
SELECT order_check($$SELECT 1 - (v <=> '[0,0,0,0,0,0,0,0]') AS s FROM order_t ORDER BY s DESC LIMIT 30$$);
SELECT order_check($$SELECT 1 - (v <=> (SELECT NULL::vector)) AS s FROM order_t ORDER BY s DESC LIMIT 30$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE v IS NULL ORDER BY s DESC LIMIT 30$$);
RESET enable_seqscan;
RESET enable_sort;

-- test: scores that are cut off, filled and rounded
SELECT order_check($$SELECT greatest(0, 1 - (v <=> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT least(0.9, 1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0.95) AS s FROM order_t WHERE a = 3 ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), -1) AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT round((1 - (v <=> '[1,2,3,4,5,6,7,8]'))::numeric, 2) AS s FROM order_t ORDER BY s DESC NULLS LAST LIMIT 50$$);
SELECT order_check($$SELECT round((1 - (v <=> '[1,2,3,4,5,6,7,8]')) * 100) AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT (v <-> '[1,2,3,4,5,6,7,8]')::numeric(10,1)::real AS s FROM order_t WHERE id % 3 = 0 ORDER BY s, id LIMIT 50$$);
SELECT order_check($$SELECT o.v <-> q.nn AS d, greatest(0, 1 - (o.v <=> q.nn))::numeric AS s FROM order_t o, (SELECT nn FROM order_t WHERE id = 9) q ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT s FROM (SELECT coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0) AS s, v, a FROM order_t) q
	WHERE v IS NOT NULL AND a = 3 ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT coalesce(1 / (1 + (nn <+> '[1,2,3,4,5,6,7,8]')), 0.05) AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
-- NULL is among the others
SELECT order_check($$SELECT coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0) AS s FROM order_t ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT CASE WHEN v IS NULL THEN 0.99 ELSE 1 - (v <=> '[1,2,3,4,5,6,7,8]') END AS s FROM order_t WHERE a IN (0, 5) ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT CASE WHEN v IS NOT NULL THEN (v <-> '[1,2,3,4,5,6,7,8]')::numeric ELSE 13.5 END AS s FROM order_t WHERE id > 9 ORDER BY s, id LIMIT 50$$);
-- all rows: each end has NULL and zero vectors, or neither
SET enable_seqscan = off;
SET enable_sort = off;
CREATE FUNCTION order_ends(score text) RETURNS text AS $$
	SELECT regexp_replace(order_check(format('SELECT %s AS s FROM order_t ORDER BY s %s LIMIT 5000',
		replace(score, '#', '(v <=> ''[1,2,3,4,5,6,7,8]'')'), CASE WHEN score ~ '-' THEN 'DESC' END)),
		'; (Order By|Sort Key): [^;]*', '', 'g')
$$ LANGUAGE sql;
SELECT score, order_ends(score) FROM (VALUES
	('greatest(0, 1 - #)'), ('least(1, 1 - #)'), ('greatest(0, least(0.5, 1 - #))'), ('least(1.5, #)'),
	('greatest(0.5, #)'), ('0 - greatest(0.5, #)'), ('-least(1.5, #)'), ('coalesce(#, 2)'),
	('coalesce(least(1.5, #), 2)'), ('coalesce(least(1.5, #), 1)'), ('coalesce(1 - #, 1)'),
	('least(3, coalesce(#, 2))'), ('greatest(0, coalesce(1 - #, -1))'), ('0 - coalesce(#, 0)'),
	('CASE WHEN v IS NULL THEN 0 ELSE greatest(0, 1 - #) END'), ('coalesce(greatest(0, 1 - #), 0.5)'),
	('CASE WHEN v IS NULL THEN 0.5 ELSE greatest(0, 1 - #) END'), ('sqrt(coalesce(#, 0))'),
	('round((1 - #)::numeric, 2)'), ('coalesce(round((1 - #)::numeric, 2), 0)'), ('#::numeric'),
	('#::numeric::float8'), ('greatest(0.5, 1 - #::numeric)'), ('least(0.5, (1 - #)::real)'),
	('floor(10 * #)'), ('ceil(-#)'), ('trunc(#::numeric, 1)')) scores (score);
RESET enable_seqscan;
RESET enable_sort;
-- no query
PREPARE order_coalesce (vector) AS SELECT coalesce(1 - (v <=> $1), 0) AS s FROM order_t ORDER BY s DESC LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE order_coalesce ('[1,2,3,4,5,6,7,8]');
EXECUTE order_coalesce (NULL);
PREPARE order_case (vector) AS SELECT CASE WHEN v IS NULL THEN 0 ELSE 1 - (v <=> $1) END AS s FROM order_t ORDER BY s DESC LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE order_case ('[1,2,3,4,5,6,7,8]');
EXECUTE order_case (NULL);
RESET plan_cache_mode;
-- other constants, other orders, other rows
SELECT order_check($$SELECT greatest(a, 1 - (v <=> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT least(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 2 - (v <-> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT (1 - (v <=> '[1,2,3,4,5,6,7,8]'))::numeric / 3 AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT CASE WHEN a IS NULL THEN 0 ELSE 1 - (v <=> '[1,2,3,4,5,6,7,8]') END AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT round((v <=> '[1,2,3,4,5,6,7,8]')::numeric, a) AS s FROM order_t ORDER BY s LIMIT 20$$);
EXPLAIN (COSTS OFF) SELECT id FROM order_t ORDER BY coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0) DESC LIMIT 5 FOR UPDATE;

-- test: functions and sides
SELECT order_check($$SELECT l2_distance(v, '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT cosine_distance('[1,2,3,4,5,6,7,8]', v) AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT l1_distance(nn, '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT vector_negative_inner_product(nn, '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT inner_product(nn, '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT '[1,2,3,4,5,6,7,8]' <-> v AS s FROM order_t ORDER BY s LIMIT 20$$);

-- test: further sort keys
SELECT order_check($$SELECT v <-> '[1,2,3,4,5,6,7,8]' AS s FROM order_t ORDER BY s, id LIMIT 20$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE v IS NOT NULL ORDER BY s DESC, id DESC LIMIT 20$$);

-- test: IN and = ANY keep the order on every server
SELECT order_check($$SELECT v <-> '[1,2,3,4,5,6,7,8]' AS s FROM order_t WHERE a IN (3, 5) AND id <> 7 ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE a > 3 AND a = ANY ('{3,5}') ORDER BY s DESC LIMIT 20$$);

-- test: where the query vector comes from
SELECT order_check($$SELECT 1 - (v <=> (SELECT nn FROM order_t WHERE id = 9)) AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$WITH q AS (SELECT nn FROM order_t WHERE id = 9)
	SELECT v <-> (SELECT nn FROM q) AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT s FROM (VALUES (9), (10)) p(i), LATERAL
	(SELECT 1 - (v <=> (SELECT nn FROM order_t WHERE id = i)) AS s FROM order_t ORDER BY s DESC LIMIT 5) l ORDER BY i, s$$);

-- test: a joined row that there is one of at most
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, (SELECT nn FROM order_t WHERE id = 9) q ORDER BY s LIMIT 20$$);
SELECT order_check($$WITH q AS (SELECT * FROM order_t WHERE id = 9)
	SELECT 1 - (q.nn <=> o.v) AS s FROM order_t o, q WHERE o.id <> q.id AND o.a = 3 ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o CROSS JOIN (SELECT nn FROM order_t ORDER BY id LIMIT 1) q ORDER BY s, id LIMIT 20$$);
SELECT order_check($$SELECT o.v <-> q.mean AS s FROM order_t o, (SELECT avg(nn) AS mean FROM order_t) q ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, (SELECT nn FROM order_t WHERE id = -1) q ORDER BY s LIMIT 20$$);
-- with the conditions that match the index
EXPLAIN (COSTS OFF) SELECT o.id FROM order_t o, (SELECT nn FROM order_t WHERE id = 9) q WHERE o.a IN (3, 4) ORDER BY o.v <-> q.nn LIMIT 20;
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, (SELECT nn FROM order_t WHERE id = 9) q WHERE o.a IN (3, 4) ORDER BY s LIMIT 20$$);
-- the LIMIT goes through the join
SELECT count(*) FROM (SELECT o.id FROM order_t o, (SELECT nn FROM order_t WHERE id = 9) q ORDER BY o.v <-> q.nn LIMIT 300) s;
SELECT nodes_refined >= 300 AS wide FROM lokivector_scan_stats();
-- a WITH that is not pulled up, functions
SELECT order_check($$WITH q AS (SELECT '[1,2,3,4,5,6,7,8]'::vector AS nn)
	SELECT o.v <-> q.nn AS s, (SELECT count(*) FROM q) FROM order_t o, q ORDER BY s LIMIT 20$$);
SELECT order_check($$WITH q AS MATERIALIZED (SELECT nn FROM order_t WHERE id = 9)
	SELECT * FROM (SELECT o.v <-> q.nn AS s FROM order_t o, q ORDER BY s LIMIT 20) s WHERE s > 0$$);
SELECT order_check($$WITH q AS MATERIALIZED (SELECT avg(nn) AS nn FROM order_t) SELECT o.v <-> q.nn AS s FROM order_t o, q ORDER BY s LIMIT 20$$);
CREATE FUNCTION order_vector(text) RETURNS vector LANGUAGE plpgsql AS 'BEGIN RETURN $1::vector; END';
SELECT order_check($$SELECT o.v <-> q AS s FROM order_t o, order_vector('[1,2,3,4,5,6,7,8]') q ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, (VALUES (order_vector('[1,2,3,4,5,6,7,8]'))) q (nn) ORDER BY s LIMIT 20$$);
DROP FUNCTION order_vector;

-- test: several rows with query vectors, a search for each
SELECT order_check($$WITH q AS MATERIALIZED (SELECT nn FROM order_t WHERE id IN (9, 10)) SELECT o.v <-> q.nn AS s FROM order_t o, q ORDER BY s LIMIT 20$$);
SELECT order_check($$WITH q AS MATERIALIZED (SELECT nn FROM order_t WHERE id = 9 UNION ALL SELECT '[1,2,3,4,5,6,7,8]') SELECT o.v <-> q.nn AS s FROM order_t o, q ORDER BY s LIMIT 20$$);
SELECT order_check($$WITH q AS MATERIALIZED (SELECT unnest(ARRAY[nn, nn]) AS nn FROM order_t WHERE id = 9) SELECT o.v <-> q.nn AS s FROM order_t o, q ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT o.v <-> q AS s FROM order_t o, unnest(ARRAY['[1,2,3,4,5,6,7,8]', '[2,2,3,4,5,6,7,8]']::vector[]) q ORDER BY s LIMIT 20$$);
WITH RECURSIVE q AS (SELECT '[1,2,3,4,5,6,7,8]'::vector AS nn, 1 AS i UNION ALL
	SELECT nearest.nn, i + 1 FROM (SELECT o.nn, i FROM order_t o, q ORDER BY o.nn <-> q.nn, id LIMIT 1) nearest WHERE i < 3) SELECT count(*) FROM q;
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, (SELECT nn FROM order_t WHERE id IN (9, 10)) q ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT 1 - (q.nn <=> o.v) AS s FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 AND o.a < 15 ORDER BY s DESC NULLS LAST LIMIT 20 OFFSET 7$$);
SELECT order_check($$SELECT o.v <=> q.nn AS s FROM order_t o, (VALUES ('[0,0,0,0,0,0,0,0]'::vector), (NULL)) q (nn) ORDER BY s LIMIT 30 OFFSET 5$$);
-- not where rows of both sides are compared, or tied
EXPLAIN (COSTS OFF) SELECT o.id FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 ORDER BY sqrt(abs(o.v <-> q.nn)) LIMIT 20;
SELECT order_check($$SELECT o.v <-> q.nn AS s FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 AND o.id <> q.id ORDER BY s LIMIT 20$$);
EXPLAIN (COSTS OFF) SELECT o.id FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 ORDER BY o.v <-> q.nn, o.id LIMIT 20;
EXPLAIN (COSTS OFF) SELECT o.id, generate_series(1, o.a) FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 ORDER BY o.v <-> q.nn LIMIT 20;
EXPLAIN (COSTS OFF) SELECT o.id FROM order_t o, order_t q WHERE q.id BETWEEN 9 AND 11 ORDER BY o.v <-> q.nn FETCH FIRST 20 ROWS WITH TIES;

-- test: these are no nearest-neighbor order
EXPLAIN (COSTS OFF) SELECT id FROM order_t TABLESAMPLE BERNOULLI (50) ORDER BY 1 - (v <=> array_fill(1, ARRAY[8])::vector) DESC LIMIT 5;
EXPLAIN (COSTS OFF) SELECT o.id FROM order_t o TABLESAMPLE BERNOULLI (50), (SELECT nn FROM order_t LIMIT 1) q ORDER BY o.v <-> q.nn LIMIT 5;
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT v <-> '[1,2,3,4,5,6,7,8]' AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT (v <-> '[1,2,3,4,5,6,7,8]') * 0 AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT 1 / ((nn <#> '[1,2,3,4,5,6,7,8]') + 0.01) AS s FROM order_t ORDER BY s DESC LIMIT 20$$);
SELECT order_check($$SELECT (v <-> '[1,2,3,4,5,6,7,8]') + a AS s FROM order_t ORDER BY s LIMIT 20$$);
SELECT order_check($$SELECT sqrt(2 - (v <=> '[1,2,3,4,5,6,7,8]')) AS s FROM order_t WHERE a = 1 ORDER BY s LIMIT 20$$);

-- test: a distance that nobody reads is not computed
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM order_t ORDER BY 1 - (v <=> '[1]') DESC LIMIT 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM order_t ORDER BY inner_product(nn, '[1]')::real DESC LIMIT 1;

-- test: a generic plan
SET plan_cache_mode = force_generic_plan;
PREPARE order_p(vector, integer) AS SELECT id FROM order_t ORDER BY 1 - (nn <#> $1) DESC LIMIT $2;
PREPARE order_q(vector, integer) AS SELECT id FROM order_t ORDER BY 1 - (v <=> $1) DESC NULLS LAST OFFSET 10 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE order_p('[1]', 5);
EXPLAIN (COSTS OFF) EXECUTE order_q('[1]', 5);
EXECUTE order_q('[1,2,3,4,5,6,7,8]', 3);
DEALLOCATE ALL;
RESET plan_cache_mode;

-- test: partitions
CREATE TABLE order_p (id integer, v vector(8), a integer) PARTITION BY LIST (a);
CREATE TABLE order_p1 PARTITION OF order_p FOR VALUES IN (1);
CREATE TABLE order_p2 (a integer, v vector(8), id integer);
ALTER TABLE order_p ATTACH PARTITION order_p2 FOR VALUES IN (2);
CREATE INDEX ON order_p USING hnsw (v vector_cosine_ops);
INSERT INTO order_p SELECT id, v, id % 2 + 1 FROM order_t;
ANALYZE order_p;
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_p ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT cosine_distance(v, '[1,2,3,4,5,6,7,8]') AS s FROM order_p ORDER BY s, id LIMIT 50$$);
SELECT order_check($$SELECT greatest(0, 1 - (v <=> '[1,2,3,4,5,6,7,8]')) AS s FROM order_p ORDER BY s DESC LIMIT 50$$);
-- rows without a vector are among the others
SELECT order_check($$SELECT coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0) AS s FROM order_p ORDER BY s DESC LIMIT 50$$);
SELECT order_check($$SELECT coalesce(1 - (v <=> '[1,2,3,4,5,6,7,8]'), 0) AS s FROM order_p WHERE v IS NOT NULL ORDER BY s DESC LIMIT 50$$);

-- test: a partial index
DROP INDEX order_cosine;
CREATE INDEX order_partial ON order_t USING hnsw (v vector_cosine_ops) WHERE a = 3;
ANALYZE order_t;
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE a = 3 ORDER BY s DESC LIMIT 5$$);
SELECT order_check($$SELECT 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS s FROM order_t WHERE a = 4 ORDER BY s DESC LIMIT 5$$);

-- test: an operator that becomes a distance while a session asks for it
BEGIN;
CREATE OPERATOR <<->> (FUNCTION = l2_distance, LEFTARG = vector, RIGHTARG = vector);
SELECT ltrim(line, ' ->') FROM plan_lines($$SELECT id FROM order_t ORDER BY -(v <<->> '[1,2,3,4,5,6,7,8]') DESC LIMIT 5$$) line WHERE line ~ 'Scan';
ALTER OPERATOR FAMILY vector_l2_ops USING hnsw ADD OPERATOR 2 <<->> (vector, vector) FOR ORDER BY float_ops;
SELECT ltrim(line, ' ->') FROM plan_lines($$SELECT id FROM order_t ORDER BY -(v <<->> '[1,2,3,4,5,6,7,8]') DESC LIMIT 5$$) line WHERE line ~ 'Scan';
ROLLBACK;

DROP TABLE order_t, order_p;
DROP FUNCTION order_check;
