--
-- Indexes on sparse vectors
--

-- test: every metric, NULL and zero last
CREATE TABLE t (i int, s sparsevec(3));
INSERT INTO t VALUES (1, '{}/3'), (2, '{1:1,2:2,3:3}/3'), (3, '{1:1,2:1,3:1}/3'), (4, NULL);
CREATE INDEX ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_ip_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX ON t USING hnsw (s sparsevec_l1_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT i FROM t ORDER BY s <-> '{1:3,2:3,3:3}/3';
INSERT INTO t VALUES (5, '{1:1,2:2,3:4}/3');
SELECT i, s <-> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <-> '{1:3,2:3,3:3}/3';
SELECT i, s <#> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <#> '{1:3,2:3,3:3}/3';
SELECT i, round((s <=> '{1:3,2:3,3:3}/3')::numeric, 6) AS distance FROM t ORDER BY s <=> '{1:3,2:3,3:3}/3';
SELECT i, s <+> '{1:3,2:3,3:3}/3' AS distance FROM t ORDER BY s <+> '{1:3,2:3,3:3}/3';
SELECT count(*) FROM (SELECT * FROM t ORDER BY s <=> '{}/3') AS q;
SELECT count(*) FROM (SELECT * FROM t ORDER BY s <-> (SELECT NULL::sparsevec)) AS q;
SELECT indexrelid::regclass, metric, dimensions, rows, null_rows
	FROM pg_index, lokivector_index_info(indexrelid) WHERE indrelid = 't'::regclass ORDER BY indexrelid::regclass::text;
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass;
SELECT answered, recall FROM lokivector_recall('t_s_idx', 10, 2);
SELECT answered, recall FROM lokivector_recall('t_s_idx', ARRAY['[1,2,3]']::vector[], 2);
DROP TABLE t;

-- test: many dimensions
CREATE TABLE t (i int PRIMARY KEY, s sparsevec(1000000), c int);
CREATE FUNCTION item(n int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(j || ':' || v, ',') || '}/1000000')::sparsevec
		FROM (SELECT DISTINCT ON (j) j, 1 + k % 4 AS v
			FROM (SELECT k, 1 + abs(hashint8extended(n % 40 * 1000 + CASE WHEN k < 25 THEN k ELSE n * 7919 + k END, 1) % 1000000) AS j
				FROM generate_series(1, 40) AS k) AS places
			ORDER BY j, k) AS elements
$$;
INSERT INTO t SELECT n, item(n), n % 10 FROM generate_series(1, 1200) AS n;
CREATE INDEX t_l2 ON t USING hnsw (s sparsevec_l2_ops, c);
CREATE INDEX t_ip ON t USING hnsw (s sparsevec_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (s sparsevec_l1_ops);
INSERT INTO t SELECT n, item(n), n % 10 FROM generate_series(1201, 1300) AS n;
-- of the ten nearest rows, by distance, those that the index finds
CREATE FUNCTION recall(operator text, filter text DEFAULT 'true', OUT recall numeric) LANGUAGE sql AS $$
	SELECT sum(hits) / 200.0 FROM generate_series(1, 20) k, found('t', format('s %s %L', operator, item(10000 + k)), 10, filter)
$$;
SELECT operator, recall > 0.97 AS good, CASE WHEN recall <= 0.97 THEN recall END AS recall
	FROM unnest(ARRAY['<->', '<#>', '<=>', '<+>']) AS operator, recall(operator);
SELECT recall > 0.97 AS good FROM recall('<->', 'c = 3');
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <-> item(1)) AS q;
SELECT i, s <-> item(7) AS distance FROM t ORDER BY s <-> item(7) LIMIT 1;
SELECT bool_and(d >= before) AS ordered FROM (
	SELECT d, lag(d) OVER () AS before FROM (SELECT s <=> item(1) AS d FROM t ORDER BY s <=> item(1) LIMIT 30) AS n) AS p;
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisprimary;
DELETE FROM t WHERE i % 2 = 0;
VACUUM t;
UPDATE t SET s = item(i + 1) WHERE i < 100;
SELECT recall > 0.97 AS good FROM recall('<=>');
SELECT lokivector_check(indexrelid, true) FROM pg_index WHERE indrelid = 't'::regclass AND NOT indisprimary;
SELECT answered, recall > 0.97 AS good FROM lokivector_recall('t_l2', 50, 10);
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('t_l2', ARRAY[item(1), item(2), item(3)], 10);
DROP TABLE t;
DROP FUNCTION recall, item;

-- test: dimensions as there may be
CREATE TABLE t (i int, s sparsevec(1000000000));
INSERT INTO t SELECT i, format('{%s:1}/1000000000', i * 1000)::sparsevec FROM generate_series(1, 3000) AS i;
INSERT INTO t SELECT 0, '{5:1}/1000000000' FROM generate_series(1, 50);
CREATE INDEX t_idx ON t USING hnsw (s sparsevec_l1_ops);
SELECT nodes, rows FROM lokivector_index_info('t_idx');
SELECT lokivector_check('t_idx', true);
DROP TABLE t;

-- test: as many elements as there may be, and large values
CREATE TABLE t (i int, s sparsevec(20000));
INSERT INTO t SELECT i, ('{' || string_agg(j || ':' || (i * j) % 5 + 1, ',') || '}/20000')::sparsevec
	FROM generate_series(1, 20) AS i, generate_series(i, 16000 + i - 1) AS j GROUP BY i;
INSERT INTO t VALUES (21, '{1:3e38,2:3e38,20000:3e38}/20000'), (22, '{1:1e-45}/20000'), (23, '{}/20000');
CREATE INDEX t_l2 ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX t_cosine ON t USING hnsw (s sparsevec_cosine_ops);
SELECT i FROM t ORDER BY s <-> (SELECT s FROM t WHERE i = 9) LIMIT 1;
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <-> (SELECT s FROM t WHERE i = 9)) AS q;
SELECT count(DISTINCT i) FROM (SELECT i FROM t ORDER BY s <=> (SELECT s FROM t WHERE i = 9)) AS q;
SELECT lokivector_check('t_l2', true), lokivector_check('t_cosine', true);
DROP TABLE t;

-- test: what cannot be indexed or searched for
CREATE TABLE t (s sparsevec, u sparsevec(5000));
CREATE INDEX ON t USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (u);
CREATE INDEX ON t USING ivfflat (u sparsevec_l2_ops);
CREATE INDEX ON t USING hnsw (u sparsevec_l2_ops);
INSERT INTO t (u) VALUES ('{1:1}/5000');
SELECT u FROM t ORDER BY u <-> '{1:1}/5001';
DROP TABLE t;
