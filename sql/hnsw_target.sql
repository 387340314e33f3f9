-- What targets of recall promise: of queries that no row foretells
SET lokivector.build_seed = 1;
SELECT setseed(0.2);
CREATE FUNCTION around(center float8[], spread float8, dim integer) RETURNS vector AS $$
	SELECT array_agg(coalesce(center[i], 0) + spread * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) ORDER BY i)::vector
	FROM generate_series(1, dim) i
$$ LANGUAGE sql VOLATILE;

-- test: a calibration with rows makes no search narrower than it is without a target
CREATE TABLE apart AS
	SELECT around(center, 0.4, 32)::vector(32) AS v
	FROM (SELECT around(NULL, 1, 32)::float4[]::float8[] AS center FROM generate_series(1, 30) c) s, generate_series(1, 100) i;
CREATE INDEX apart_idx ON apart USING hnsw (v vector_ip_ops);
CREATE TABLE strangers AS SELECT i, around(NULL, 1, 32) AS q FROM generate_series(1, 200) i;
CREATE FUNCTION found(target float8, OUT width float8, OUT recall float8) AS $$
	SELECT set_config('lokivector.target_recall', target::text, true);
	SELECT width, recall FROM lokivector_recall('apart_idx', (SELECT array_agg(q) FROM strangers WHERE i <= 100));
$$ LANGUAGE sql VOLATILE;
SELECT target, r.width >= d.width AS as_wide, r.recall >= d.recall AS found_as_much
FROM found(0) d, unnest(ARRAY[0.5, 0.9, 0.99]) target, found(target) r;
SELECT target, w.width
FROM unnest(ARRAY[0.5, 0.9]) target,
	LATERAL (SELECT set_config('lokivector.target_recall', target::text, false)) s(done),
	LATERAL lokivector_search_width('apart_idx', CASE WHEN done <> '' THEN 10 END) w;
RESET lokivector.target_recall;

-- test: one with queries of users does, and keeps what they need
SELECT lokivector_calibrate('apart_idx', (SELECT array_agg(q) FROM strangers WHERE i > 100)) ~ '^calibrated' AS calibrated;
SELECT lokivector_check('apart_idx', true);
SELECT target, r.width < d.width AS narrower, r.width > d.width AS wider, r.recall >= target - 0.03 AS kept
FROM found(0) d, unnest(ARRAY[0.5, 0.99]) target, found(target) r;
SELECT lokivector_calibrate('apart_idx') ~ '^calibrated' AS calibrated;
SELECT r.width >= d.width AS as_wide FROM found(0) d, found(0.5) r;

DROP TABLE apart, strangers;
DROP FUNCTION around, found;
