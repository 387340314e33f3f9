-- lokivector_recall: the share of the exact answers that an index finds.  With
-- hnsw.ef_search above the number of rows all of them are found.
SET hnsw.ef_search = 1000;

CREATE TABLE t (id integer PRIMARY KEY, v vector(40), c integer);
INSERT INTO t SELECT i, random_vector(i, 40), i % 5 FROM generate_series(1, 500) i;

-- test: every metric
CREATE INDEX t_l2 ON t USING hnsw (v vector_l2_ops);
CREATE INDEX t_ip ON t USING hnsw (v vector_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (v vector_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (v vector_l1_ops);
SELECT i, answered, width >= 500 AS wide, round(recall::numeric, 2) AS recall, recall_p1 >= 0.9 AS p1, recall_min >= 0.9 AS min, milliseconds > 0 AS took_time
FROM unnest(ARRAY['t_l2', 't_ip', 't_cosine', 't_l1']::regclass[]) i, lokivector_recall(i);

-- test: how many queries and neighbors
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', 7);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', queries => 10000, k => 3);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', 20, 10000);

-- test: a narrow search finds less
SET hnsw.ef_search = 1;
SET lokivector.complete = off;
SELECT answered, width < 40 AS narrow, recall < 0.9 AS less, recall_min FROM lokivector_recall('t_l2', 500, 2);
RESET lokivector.complete;
SET hnsw.ef_search = 1000;

-- test: queries that the caller gives
SELECT answered, width >= 500 AS wide, recall, recall_p1, recall_min
FROM lokivector_recall('t_cosine', ARRAY[random_vector(-1, 40), random_vector(-2, 40), random_vector(3, 40)], 5);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', ARRAY[]::vector[]);

-- test: several passes over the table
SET maintenance_work_mem = '1MB';
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', 500, 200);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l1', 500, 200);
RESET maintenance_work_mem;

-- test: columns, expressions, part of the rows
CREATE INDEX t_filter ON t USING hnsw (v vector_l2_ops, c);
CREATE INDEX t_part ON t USING hnsw (v vector_l2_ops) WHERE c = 2;
CREATE INDEX t_expr ON t USING hnsw ((subvector(v, 1, 8)::vector(8)) vector_l2_ops) WHERE c > 2;
SELECT i, answered, round(recall::numeric, 2) AS recall, recall_min >= 0.9 AS min
FROM unnest(ARRAY['t_filter', 't_part', 't_expr']::regclass[]) i, lokivector_recall(i, 1000);

-- test: changed rows, duplicates, rows without a place in the graph
UPDATE t SET v = random_vector(id + 1000, 40) WHERE id % 7 = 0;
UPDATE t SET c = c WHERE id % 11 = 0;
DELETE FROM t WHERE id % 13 = 0;
INSERT INTO t SELECT 1000 + i, random_vector(1, 40), i FROM generate_series(1, 50) i;
INSERT INTO t VALUES (2000, NULL, 1), (2001, array_fill(0, '{40}')::vector, 1);
SELECT i, answered, round(recall::numeric, 2) AS recall, recall_min >= 0.9 AS min
FROM unnest(ARRAY['t_l2', 't_cosine', 't_filter', 't_part']::regclass[]) i, lokivector_recall(i, 1000);
BEGIN;
DELETE FROM t WHERE id < 300;
SELECT answered, round(recall::numeric, 2) AS recall, recall_min >= 0.9 AS min FROM lokivector_recall('t_l2', 1000);
ROLLBACK;

-- test: few rows
CREATE TABLE few (v vector(2));
CREATE INDEX few_idx ON few USING hnsw (v vector_l2_ops);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('few_idx');
INSERT INTO few VALUES ('[1,2]');
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('few_idx');
INSERT INTO few VALUES ('[1,2]'), ('[3,4]');
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('few_idx');
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('few_idx', ARRAY['[0,0]']::vector[]);

-- test: huge values
INSERT INTO few VALUES ('[3e38,3e38]'), ('[-3e38,3e38]'), ('[1e-38,0]');
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('few_idx');

-- test: rows are neither easier nor harder to search for than vectors that the table does not have
SELECT setseed(0.9);
SET lokivector.build_seed = 1;
CREATE FUNCTION normal(dim integer) RETURNS vector AS $$
	SELECT array_agg(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::vector FROM generate_series(1, dim)
$$ LANGUAGE sql VOLATILE;
CREATE TABLE same AS SELECT i, normal(24)::vector(24) AS v FROM generate_series(1, 5000) i;
CREATE TABLE built AS SELECT v FROM same WHERE i > 1000;
CREATE INDEX built_idx ON built USING hnsw (v vector_l2_ops);
CREATE TABLE grown (i integer, v vector(24));
CREATE INDEX grown_idx ON grown USING hnsw (v vector_l2_ops);
INSERT INTO grown SELECT * FROM same WHERE i > 1000;
CREATE FUNCTION difference(index regclass, ef integer) RETURNS float8 AS $$
	SELECT set_config('hnsw.ef_search', ef::text, true);
	SELECT abs((SELECT recall FROM lokivector_recall(index, 2000)) -
		(SELECT recall FROM lokivector_recall(index, (SELECT array_agg(v) FROM same WHERE i <= 1000))));
$$ LANGUAGE sql VOLATILE;
SELECT i, ef, difference(i, ef) < 0.02 AS alike
FROM unnest(ARRAY['built_idx', 'grown_idx']::regclass[]) i, unnest(ARRAY[10, 40]) ef;
DELETE FROM grown WHERE i <= 2000;
VACUUM grown;
INSERT INTO grown SELECT i, normal(24) FROM generate_series(5001, 6000) i;
SELECT i, ef, difference(i, ef) < 0.02 AS alike
FROM unnest(ARRAY['grown_idx']::regclass[]) i, unnest(ARRAY[10, 40]) ef;
RESET lokivector.build_seed;

-- test: not what it can measure
SELECT lokivector_recall('t_pkey');
SELECT lokivector_recall('t');
SELECT lokivector_recall('t_l2', 0);
SELECT lokivector_recall('t_l2', 10, 0);
SELECT lokivector_recall('t_l2', 10, 10001);
SELECT lokivector_recall('t_l2', ARRAY['[1,2]']::vector[]);
SELECT lokivector_recall('t_l2', ARRAY[NULL]::vector[]);
SELECT lokivector_recall('t_cosine', ARRAY[array_fill(0, '{40}')::vector]);

-- test: who may
CREATE ROLE regress_recall;
SET ROLE regress_recall;
SELECT lokivector_recall('t_l2');
RESET ROLE;
GRANT EXECUTE ON FUNCTION lokivector_recall(regclass, integer, integer) TO regress_recall;
SET ROLE regress_recall;
SELECT lokivector_recall('t_l2');
RESET ROLE;
GRANT SELECT ON t TO regress_recall;
SET ROLE regress_recall;
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', 5);
RESET ROLE;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON t USING (c < 3);
SELECT answered, round(recall::numeric, 2) AS recall FROM lokivector_recall('t_l2', 5);
SET ROLE regress_recall;
SELECT lokivector_recall('t_l2');
RESET ROLE;
REVOKE ALL ON t FROM regress_recall;
REVOKE ALL ON FUNCTION lokivector_recall(regclass, integer, integer) FROM regress_recall;
DROP ROLE regress_recall;

DROP TABLE t, few, same, built, grown;
DROP FUNCTION normal, difference;
