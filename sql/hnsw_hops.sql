-- Walks by hops: most rows match a filter, but none around the query

SET max_parallel_maintenance_workers = 0;
SET enable_seqscan = off;
SET hnsw.ef_search = 1;
CREATE TABLE hops (id integer, side integer, v vector(4));
INSERT INTO hops SELECT i, (i >= 18000)::int, ARRAY[i * 8566748839 % 10000000000 / 5e9,
	i * 7338918566 % 10000000000 / 5e9, i * 6287067210 % 10000000000 / 5e9,
	i * 5385972572 % 10000000000 / 5e9]::vector +
	(CASE WHEN i < 18000 THEN '[-1,-1,-1,-1]' ELSE '[2,2,2,2]' END)::vector FROM generate_series(1, 70000) i;
CREATE INDEX hops_idx ON hops USING hnsw (v vector_l2_ops, side) WITH (m = 8, ef_construction = 32);
CREATE TABLE hops_q AS SELECT i, ARRAY[sin(i * 5), sin(i * 7), sin(i * 11), sin(i * 13)]::vector(4) AS q
	FROM generate_series(1, 20) i;
ANALYZE hops;

-- test: a search from the other side goes by hops, and finds the nearest rows
SELECT lokivector_reset_counts('hops_idx');
CREATE TABLE hops_found AS SELECT i, x.d FROM hops_q, LATERAL
	(SELECT v <-> q AS d FROM hops WHERE side = 1 ORDER BY v <-> q LIMIT 1) x;
SELECT hops, flat_scans FROM lokivector_stat_indexes WHERE indexrelname = 'hops_idx';
SELECT count(*) AS found, count(*) FILTER (WHERE f.d <= n.d) > 10 AS most_nearest,
	bool_and(f.d <= n.d * 1.5) AS all_near
FROM hops_found f JOIN (SELECT i, min(v <-> q) AS d FROM hops_q, hops WHERE side = 1 GROUP BY i) n USING (i);

-- test: such a search goes on until all rows are found
SELECT count(*), count(DISTINCT id), min(side) FROM
	(SELECT id, side FROM hops WHERE side = 1 ORDER BY v <-> '[0,0,0,0]' LIMIT 100000) s;

-- test: hops begin all over the index where most rows match
-- The rows lie along a curve, so what begins in few places does not get far
TRUNCATE hops, hops_found;
INSERT INTO hops SELECT i, (i >= 18000)::int, ARRAY[sin(i), sin(i * 1.7), sin(i * 2.3), sin(i * 3.1)]::vector +
	(CASE WHEN i < 18000 THEN '[0,0,0,0]' ELSE '[3,3,3,3]' END)::vector FROM generate_series(1, 70000) i;
REINDEX TABLE hops;
SELECT lokivector_reset_counts('hops_idx');
INSERT INTO hops_found SELECT i, x.d FROM hops_q, LATERAL
	(SELECT v <-> q AS d FROM hops WHERE side = 1 ORDER BY v <-> q LIMIT 1) x;
SELECT hops, flat_scans FROM lokivector_stat_indexes WHERE indexrelname = 'hops_idx';
SELECT count(*) AS found, bool_and(nearer < 5200) AS in_nearest_tenth FROM
	(SELECT f.i, count(*) FILTER (WHERE v <-> q < f.d) AS nearer
	FROM hops_found f JOIN hops_q q USING (i), hops WHERE side = 1 GROUP BY f.i) s;

DROP TABLE hops, hops_q, hops_found;
