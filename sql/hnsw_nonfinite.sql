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
