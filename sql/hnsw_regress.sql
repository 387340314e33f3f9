-- Scans that once lost rows, took too long, or failed

SET enable_seqscan = off;
SET enable_sort = off;

-- test: memory of a pass beyond what 32 bits count
CREATE TABLE regress_t (id integer, v vector(8), c integer);
INSERT INTO regress_t SELECT i, random_vector(i, 8), i % 100 FROM generate_series(1, 10000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops, c);
SET work_mem = '1GB';
SET hnsw.scan_mem_multiplier = 128;
SELECT count(*) FROM (SELECT id FROM regress_t WHERE c = 3 ORDER BY v <-> random_vector(5, 8)) s;
SELECT flat_scans > 0 AS pass FROM lokivector_scan_stats();
RESET hnsw.scan_mem_multiplier;
RESET work_mem;

-- test: a subplan of a node below LIMIT is not limited
SELECT cardinality(ARRAY(SELECT id FROM regress_t ORDER BY v <-> random_vector(7, 8)))
FROM regress_t ORDER BY v <-> random_vector(5, 8) LIMIT 1;

-- test: memory that an earlier probe has used
SET work_mem = '64kB';
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.ef_search = 10;
SELECT n, (SELECT count(*) >= 10 FROM (SELECT id FROM regress_t WHERE c = n
	ORDER BY v <-> random_vector(5, 8) LIMIT CASE WHEN n = 1 THEN 1000 ELSE 10 END) s) AS enough
FROM generate_series(0, 4) n;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET work_mem;

-- test: the LIMIT of a query that fails before its scan begins is forgotten
CREATE FUNCTION regress_bad(n integer) RETURNS vector AS $$
BEGIN
	RETURN random_vector(n / 0, 8);
END
$$ LANGUAGE plpgsql STABLE;
\set VERBOSITY terse
SELECT id FROM regress_t ORDER BY v <-> regress_bad(1) LIMIT 10000;
\set VERBOSITY default
BEGIN;
SET LOCAL hnsw.iterative_scan = relaxed_order;
DECLARE c CURSOR FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 8);
FETCH 1 FROM c;
SELECT nodes_refined < 200 AS narrow FROM lokivector_scan_stats();
ROLLBACK;

-- test: a query vector from a scan of the same index
SELECT count(*) FROM (SELECT id FROM regress_t ORDER BY v <->
	(SELECT v FROM regress_t ORDER BY v <-> random_vector(9, 8) LIMIT 1) LIMIT 500) s;
SELECT rows, nodes_refined BETWEEN 500 AND 700 AS wide FROM lokivector_scan_stats();
DROP TABLE regress_t;

-- test: two nodes of many duplicates, at the same distance
CREATE TABLE regress_t (id integer, v vector(3));
INSERT INTO regress_t SELECT i, CASE WHEN i <= 3000 THEN '[1,2,4]' ELSE '[1,2,3]' END::vector
FROM generate_series(1, 6000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM regress_t ORDER BY v <-> '[1,2,3.5]' LIMIT 3) s;
SELECT count(*), count(DISTINCT id), max(v <-> '[1,2,3.5]') FROM
	(SELECT * FROM regress_t ORDER BY v <-> '[1,2,3.5]' LIMIT 5990) s;
DROP TABLE regress_t;

-- test: more neighbors than local buffers
SET temp_buffers = '800kB';
CREATE TEMP TABLE regress_t (id integer, v vector(768));
ALTER TABLE regress_t ALTER v SET STORAGE EXTERNAL;
INSERT INTO regress_t SELECT i, random_vector(i, 768) FROM generate_series(1, 1000) i;
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops)
	WITH (m = 100, ef_construction = 200, bits = '8', refine_bits = '0');
SELECT count(*) FROM (SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768) LIMIT 10) s;

-- test: a cursor with an open TOAST table, across subtransactions
CREATE FUNCTION regress_error() RETURNS void AS $$
BEGIN
	PERFORM id FROM regress_t ORDER BY v <-> random_vector(1, 768) LIMIT 5;
	PERFORM id FROM regress_t ORDER BY v <-> '[1]' LIMIT 5;
EXCEPTION WHEN data_exception THEN
	NULL;
END
$$ LANGUAGE plpgsql;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768);
FETCH 1 FROM c;
SAVEPOINT s;
MOVE 100 FROM c;
SELECT regress_error();
ROLLBACK TO s;
MOVE 800 FROM c;
SELECT regress_error();
MOVE ALL FROM c;
ROLLBACK;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM regress_t ORDER BY v <-> random_vector(5, 768);
MOVE ALL FROM c;
CLOSE c;
DROP TABLE regress_t;

-- test: an index truncated, built again and rolled back under the same name
BEGIN;
CREATE TABLE regress_t (id integer, v vector(3));
CREATE INDEX ON regress_t USING hnsw (v vector_l2_ops);
INSERT INTO regress_t VALUES (1, '[1,2,3]');
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
TRUNCATE regress_t;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
INSERT INTO regress_t VALUES (2, '[1,2,3]');
SAVEPOINT s;
REINDEX TABLE regress_t;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
ROLLBACK TO s;
SELECT id FROM regress_t ORDER BY v <-> '[1,2,3]';
ROLLBACK;

DROP FUNCTION regress_error, regress_bad;


RESET ALL;

-- Distances that are NaN, infinite or -0: the order of an index is that of a sort

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;

-- as they are, so large and so small that sums of squares leave the range of real, zero,
-- and some many times
CREATE TABLE nonfinite (id int, v vector(4), h halfvec(4));
INSERT INTO nonfinite
	SELECT id, ARRAY[a * s, b * s, c * s, d * s]::float4[]::vector, ARRAY[a * 60000, b * 60000, c * 60000, d * 60000]::float4[]::vector::halfvec
	FROM (SELECT i AS id, sin(i) AS a, cos(i * 2) AS b, sin(i * 3) AS c, cos(i * 5) AS d,
			CASE i % 10 WHEN 1 THEN 1e20 WHEN 3 THEN 1e38 WHEN 7 THEN 1e-30 ELSE 1 END AS s
		FROM generate_series(1, 1500) i) g;
INSERT INTO nonfinite SELECT 2000 + i, '[0,0,0,0]', '[0,0,0,0]' FROM generate_series(1, 20) i;
INSERT INTO nonfinite SELECT 3000 + i, v, h FROM nonfinite, generate_series(1, 60) i WHERE id IN (100, 101, 103, 107, 111, 113);
INSERT INTO nonfinite SELECT 4000 + i, '[3e38,-3e38,3e38,-3e38]', '[65504,-65504,65504,-65504]' FROM generate_series(1, 5) i;
CREATE INDEX ON nonfinite USING hnsw (v vector_cosine_ops);
CREATE INDEX ON nonfinite USING hnsw (v vector_l2_ops);
CREATE INDEX ON nonfinite USING hnsw (v vector_ip_ops);
CREATE INDEX ON nonfinite USING hnsw (v vector_l1_ops);
CREATE INDEX ON nonfinite USING hnsw (h halfvec_cosine_ops);
CREATE INDEX ON nonfinite USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON nonfinite USING hnsw (h halfvec_ip_ops);
CREATE INDEX ON nonfinite USING hnsw (h halfvec_l1_ops);
VACUUM ANALYZE nonfinite;

-- The distances of a statement, by index and by sort: whether the former are in order,
-- how many rows have a NaN in each, and whether they are the same
CREATE FUNCTION nonfinite_run(statement text) RETURNS float8[] LANGUAGE plpgsql AS $$
DECLARE
	r record;
	ds float8[] := '{}';
BEGIN
	FOR r IN EXECUTE statement LOOP
		ds := ds || r.d;
	END LOOP;
	RETURN ds;
END $$;
CREATE FUNCTION nonfinite_check(statement text, OUT rows int, OUT in_order boolean, OUT nans bigint, OUT nans_of_sort bigint, OUT same boolean)
LANGUAGE plpgsql AS $$
DECLARE
	got float8[];
	want float8[];
BEGIN
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	got := nonfinite_run(statement);
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_sort = on;
	SET LOCAL enable_indexscan = off;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	want := nonfinite_run(statement);
	SET LOCAL enable_indexscan = on;
	SET LOCAL lokivector.enable_hybrid_scan = on;
	rows := cardinality(got);
	in_order := got = (SELECT array_agg(d ORDER BY d) FROM unnest(got) d);
	SELECT count(*) INTO nans FROM unnest(got) d WHERE d = 'NaN';
	SELECT count(*) INTO nans_of_sort FROM unnest(want) d WHERE d = 'NaN';
	same := got = want;
END $$;
CREATE FUNCTION nonfinite_queries(attribute text, operators text[], queries text[], limits text[], filter text)
RETURNS TABLE (operator text, query text, wanted text, rows int, in_order boolean, nans bigint, nans_of_sort bigint, same boolean)
LANGUAGE sql AS $$
	SELECT op, q, l, c.* FROM unnest(operators) WITH ORDINALITY o(op, i), unnest(queries) WITH ORDINALITY p(q, j),
		unnest(limits) WITH ORDINALITY r(l, k),
		nonfinite_check(format('SELECT %1$s %2$s %3$L AS d FROM nonfinite WHERE %5$s ORDER BY %1$s %2$s %3$L LIMIT %4$s', attribute, op, q, l, filter)) c
	ORDER BY k, j, i
$$;

-- test: squares that overflow
SELECT v <=> '[1,2,3,4]' AS cosine, v <=> '[1e20,2e20,3e20,-4e20]' AS nan, v <-> '[1,2,3,4]' > 1e300 AS infinite,
	v <#> '[0,0,0,0]' AS minus_zero
FROM nonfinite WHERE id IN (101, 103, 107, 2001) ORDER BY id;
SELECT query, wanted, rows, in_order, nans, nans_of_sort FROM nonfinite_queries('v', '{<=>}', '{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e38,2e38,3e38,-1e38]","[1e-30,2e-30,1e-30,-1e-30]"}', '{60,400,1700}', 'true');

-- test: conditions that the executor evaluates
SELECT query, wanted, rows, in_order, nans, nans_of_sort FROM nonfinite_queries('v', '{<=>}', '{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e-30,2e-30,1e-30,-1e-30]"}', '{60,400}', 'id % 3 <> 0');

-- test: more rows than have a distance
SELECT * FROM nonfinite_queries('v', '{<=>,<->,<#>,<+>}', '{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e38,2e38,3e38,-1e38]","[1e-30,2e-30,1e-30,-1e-30]","[0,0,0,0]"}', '{1900,ALL}', 'true');

-- test: distances that are infinite
SELECT operator, query, wanted, rows, in_order, nans FROM nonfinite_queries('v', '{<->,<+>}', '{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e38,2e38,3e38,-1e38]"}', '{60,1000}', 'true');
SELECT query, wanted, rows, in_order, nans FROM nonfinite_queries('v', '{<#>}', '{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e38,2e38,3e38,-1e38]","[0,0,0,0]"}', '{60,1000}', 'true');

-- test: halfvec
SELECT * FROM nonfinite_queries('h', '{<=>,<->,<#>,<+>}', '{"[1,2,3,4]","[60000,-60000,60000,60000]","[6e-8,6e-8,0,6e-8]","[0,0,0,0]"}', '{1900}', 'true');
SELECT operator, query, wanted, rows, in_order, nans = nans_of_sort AS nans FROM nonfinite_queries('h', '{<=>,<->,<#>,<+>}', '{"[1,2,3,4]","[60000,-60000,60000,60000]","[6e-8,6e-8,0,6e-8]","[0,0,0,0]"}', '{60}', 'id % 3 <> 0');

-- test: conditions on such distances
SELECT op, q, b, c.rows, c.same FROM unnest('{<=>,<->,<#>,<+>}'::text[]) op, unnest('{"[1,2,3,4]","[1e20,2e20,3e20,-4e20]","[1e-30,2e-30,1e-30,-1e-30]"}'::text[]) q, unnest('{0.5,1.5,1e39}'::text[]) b,
	nonfinite_check(format('SELECT count(*)::float8 AS d FROM nonfinite WHERE v %s %L < %s', op, q, b)) c WHERE NOT c.same;

DROP TABLE nonfinite;
DROP FUNCTION nonfinite_run, nonfinite_check, nonfinite_queries;

-- rows that are all infinitely near are equally right
CREATE TABLE endless (v vector(2));
INSERT INTO endless SELECT ARRAY[1e38, 1e38 * cos(i)] FROM generate_series(1, 200) i;
CREATE INDEX endless_ip ON endless USING hnsw (v vector_ip_ops);
CREATE INDEX endless_l2 ON endless USING hnsw (v vector_l2_ops);
SELECT recall FROM lokivector_recall('endless_ip', ARRAY['[1e38,0]']::vector[]);
SELECT recall FROM lokivector_recall('endless_l2', ARRAY['[-3e38,-3e38]']::vector[]);
DROP TABLE endless;

-- codes of one bit are calibrated by a pass over the table, whose products overflow
CREATE TABLE endless (v vector(64));
INSERT INTO endless SELECT (SELECT array_agg(1e19 * sin(i * d) ORDER BY d) FROM generate_series(1, 64) d)::vector
	FROM generate_series(1, 1200) i;
CREATE INDEX endless_ip ON endless USING hnsw (v vector_ip_ops) WITH (bits = 1, refine_bits = 0);
SELECT min(recall_1) > 0.3 AS found FROM lokivector_calibration('endless_ip');
DROP TABLE endless;
