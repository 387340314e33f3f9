--
-- Aggregates of the type vector
--

SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]', NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY[NULL, NULL]::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[1]']::vector[]) v;

-- test: avg adds in float8, sum in float4
SELECT avg(v) FROM unnest(ARRAY['[3e38]', '[3e38]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[16777216]', '[1]', '[1]']::vector[]) v;

-- test: groups of different dimensions
SELECT g, avg(v), sum(v) FROM (VALUES (1, '[1,2]'::vector), (1, '[3,4]'), (2, '[5]'), (3, NULL)) AS t(g, v) GROUP BY g ORDER BY g;

-- test: the state stays valid after each row of a window
SELECT i, avg(v) OVER (ORDER BY i), sum(v) OVER (ORDER BY i) FROM (VALUES (1, '[1,2]'::vector), (2, '[3,4]'), (3, '[5,12]')) AS t(i, v);
SELECT i, avg(v) OVER (ORDER BY i ROWS 1 PRECEDING) FROM (VALUES (1, '[1,2]'::vector), (2, '[3,4]'), (3, '[5,12]')) AS t(i, v);

-- test: the functions by themselves leave their arguments alone
CREATE TABLE t (s float8[]);
INSERT INTO t VALUES ('{2,4,6}');
SELECT vector_accum(s, '[1,2]'), vector_combine(s, '{1,10,20}'), vector_avg(s), s FROM t;
DROP TABLE t;
SELECT vector_accum('{0}', '[1,2]'), vector_accum('{0,0,0}', '[1,2]');
SELECT vector_combine('{0}', '{0}'), vector_combine('{0}', '{1,2,3}'), vector_combine('{1,2,3}', '{0}'), vector_combine('{1,2,3}', '{2,5,6}');
SELECT vector_avg('{0}'), vector_avg('{0,0,0}'), vector_avg('{2,4,6}');

-- test: parallel plans, with rows and without; these sums are exact in any order
CREATE TABLE t AS SELECT i, ARRAY[i % 10, 0.5, i % 2]::vector AS v FROM generate_series(1, 10000) i;
ALTER TABLE t SET (parallel_workers = 2);
ANALYZE t;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT avg(v), sum(v) FROM t;
SELECT avg(v), sum(v) FROM t;
SELECT avg(v), sum(v) FROM t WHERE i < 0;
SELECT avg(v), sum(v) FROM t WHERE i = 4997;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE t;

SELECT aggfnoid::regprocedure, aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggmtransfn, aggtranstype::regtype, agginitval, proparallel
	FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
	WHERE aggfnoid IN ('avg(vector)'::regprocedure, 'sum(vector)'::regprocedure)
	ORDER BY aggfnoid::regprocedure::text COLLATE "C";
