-- What targets of recall promise: of queries that no row foretells, and of rows that are near to all others
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
CREATE FUNCTION width_of(target float8, OUT width float8, OUT recall float8) AS $$
	SELECT set_config('lokivector.target_recall', target::text, true);
	SELECT width, recall FROM lokivector_recall('apart_idx', (SELECT array_agg(q) FROM strangers WHERE i <= 100));
$$ LANGUAGE sql VOLATILE;
SELECT target, r.width >= d.width AS as_wide, r.recall >= d.recall AS found_as_much
FROM width_of(0) d, unnest(ARRAY[0.5, 0.9, 0.99]) target, width_of(target) r;
SELECT target, w.width
FROM unnest(ARRAY[0.5, 0.9]) target,
	LATERAL (SELECT set_config('lokivector.target_recall', target::text, false)) s(done),
	LATERAL lokivector_search_width('apart_idx', CASE WHEN done <> '' THEN 10 END) w;
RESET lokivector.target_recall;

-- test: one with queries of users does, and keeps what they need
SELECT lokivector_calibrate('apart_idx', (SELECT array_agg(q) FROM strangers WHERE i > 100)) ~ '^calibrated' AS calibrated;
SELECT lokivector_check('apart_idx', true);
SELECT target, r.width < d.width AS narrower, r.width > d.width AS wider, r.recall >= target - 0.03 AS kept
FROM width_of(0) d, unnest(ARRAY[0.5, 0.99]) target, width_of(target) r;
SELECT lokivector_calibrate('apart_idx') ~ '^calibrated' AS calibrated;
SELECT r.width >= d.width AS as_wide FROM width_of(0) d, width_of(0.5) r;

-- test: scans find what a calibration says, also where some rows are among the nearest of all
CREATE TABLE hubs AS SELECT around(NULL, CASE WHEN i % 100 = 0 THEN 0.2 ELSE 1 END, 64)::vector(64) AS v FROM generate_series(1, 6000) i;
CREATE INDEX hubs_idx ON hubs USING hnsw (v vector_l2_ops);
CREATE TABLE asked AS SELECT around(NULL, 1, 64) AS q FROM generate_series(1, 300) i;
CREATE FUNCTION said_and_found(target float8, OUT said float8, OUT found float8) AS $$
	SELECT set_config('lokivector.target_recall', target::text, true);
	SELECT w.recall, r.recall FROM lokivector_search_width('hubs_idx') w, lokivector_recall('hubs_idx', (SELECT array_agg(q) FROM asked)) r;
$$ LANGUAGE sql VOLATILE;
SELECT target, found >= target - 0.01 AS kept, found >= said - 0.02 AS as_said
FROM unnest(ARRAY[0.9, 0.95, 0.99]) target, said_and_found(target);

-- test: nor does a calibration with rows make a search for many rows narrower than it is without a target
CREATE FUNCTION wide(index regclass, target float8, k int) RETURNS bigint AS $$
	SELECT set_config('lokivector.target_recall', target::text, true);
	SELECT width FROM lokivector_search_width(index, k);
$$ LANGUAGE sql VOLATILE;
SELECT k, wide('hubs_idx', 0.5, k) = wide('hubs_idx', 0, k) AS as_without, wide('hubs_idx', 0.99, k) > wide('hubs_idx', 0, k) AS wider
FROM unnest(ARRAY[10, 11, 50, 100, 500]) k;

-- test: documents of fifty chunks that are nearly equal, of which a search for a hundred rows finds two and the next best
CREATE TABLE chunks AS
	SELECT around(center, 0.02, 32)::vector(32) AS v
	FROM (SELECT around(NULL, 1, 32)::float4[]::float8[] AS center FROM generate_series(1, 80) c) s, generate_series(1, 50) i;
CREATE INDEX chunks_idx ON chunks USING hnsw (v vector_cosine_ops);
CREATE FUNCTION found_of(target float8, k int) RETURNS float8 AS $$
	SELECT set_config('lokivector.target_recall', target::text, true);
	SELECT recall FROM lokivector_recall('chunks_idx', (SELECT array_agg(around(v::float4[]::float8[], 0.5, 32)) FROM (SELECT v FROM (SELECT v, row_number() OVER () AS n FROM chunks) c WHERE n % 40 = 0) s), k);
$$ LANGUAGE sql VOLATILE;
SELECT target, k, found_of(target, k) >= 0.95 AS found
FROM unnest(ARRAY[0, 0.9]) target, unnest(ARRAY[10, 100]) k;

DROP TABLE apart, strangers, hubs, asked, chunks;
DROP FUNCTION around, width_of, said_and_found, wide, found_of;

\c -
-- An index that grew part by part, with queries from elsewhere: inserts measure how distances grow, so
-- that searches look as far before the first vacuum as after it.
SELECT setseed(0.1);

CREATE TABLE centers AS
	SELECT c, array_agg(random() * 2 - 1) AS a FROM generate_series(1, 60) c, generate_series(1, 48) GROUP BY c;
CREATE TABLE items AS
	SELECT c, i, (SELECT array_agg(x + 0.35 * (random() * 2 - 1) ORDER BY o)
				  FROM unnest(a) WITH ORDINALITY u (x, o) WHERE i > 0)::vector(48) AS v
	FROM centers, generate_series(1, 101) i;
CREATE FUNCTION recall_far(index regclass) RETURNS float8 AS $$
	SELECT recall FROM lokivector_recall(index, (SELECT array_agg(v) FROM items WHERE c > 30 AND i <= 8))
$$ LANGUAGE sql;

-- test: an index that got its graph, and then twice as many nodes, by inserts
CREATE TABLE grown (v vector(48));
CREATE INDEX grown_v ON grown USING hnsw (v vector_cosine_ops);
INSERT INTO grown SELECT v FROM items WHERE c <= 20 AND i > 1 ORDER BY c, i;
SELECT recall_far('grown_v') >= 0.98 AS found;
INSERT INTO grown SELECT v FROM items WHERE c > 20 AND c <= 30 AND i > 1 ORDER BY c, i;
SELECT recall_far('grown_v') >= 0.98 AS found, (SELECT recall FROM lokivector_recall('grown_v')) >= 0.98 AS by_rows;
SELECT calibrated_nodes, lokivector_check('grown_v', true) FROM lokivector_index_info('grown_v');

-- test: without growth, searches ended too soon
SET lokivector.complete = off;
SELECT recall_far('grown_v') < 0.96 AS missed;
RESET lokivector.complete;

-- test: a graph of few nodes measures it as soon as there are enough
SET lokivector.pending_nodes = 40;
CREATE TABLE few (v vector(48));
CREATE INDEX few_v ON few USING hnsw (v vector_cosine_ops);
INSERT INTO few SELECT v FROM items WHERE c <= 6 AND i > 1 ORDER BY c, i;
SELECT recall_far('few_v') >= 0.98 AS found, lokivector_check('few_v', true);
RESET lokivector.pending_nodes;

-- test: VACUUM measures it where most node IDs are free
CREATE TABLE freed (v vector(48));
CREATE INDEX freed_v ON freed USING hnsw (v vector_cosine_ops);
INSERT INTO freed SELECT v FROM items WHERE c <= 20 AND i > 1 ORDER BY c, i;
UPDATE freed SET v = v + v;
UPDATE freed SET v = v + v;
UPDATE freed SET v = v + v;
VACUUM freed;
SELECT recall_far('freed_v') >= 0.98 AS found;

-- test: inner products and encodings have no growth
CREATE INDEX grown_ip ON few USING hnsw (v vector_ip_ops);
INSERT INTO few SELECT v FROM items WHERE c > 6 AND c <= 12 AND i > 1;
SELECT lokivector_check('grown_ip', true);

-- test: growth is that around rows, also where the caller gives queries
SELECT lokivector_calibrate('grown_v', (SELECT array_agg(v) FROM items WHERE c > 30 AND i > 8 AND i <= 12)) ~ '^calibrated' AS calibrated;
SELECT recall_far('grown_v') >= 0.98 AS found, lokivector_check('grown_v', true);

DROP TABLE grown, few, freed, items, centers;
DROP FUNCTION recall_far;
