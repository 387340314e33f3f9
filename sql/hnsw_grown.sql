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
SELECT recall_far('grown_v') < 0.9 AS missed;
RESET lokivector.complete;

-- test: a graph of few nodes measures it as soon as there are enough
SET lokivector.pending_nodes = 40;
CREATE TABLE few (v vector(48));
CREATE INDEX few_v ON few USING hnsw (v vector_cosine_ops);
INSERT INTO few SELECT v FROM items WHERE c <= 6 AND i > 1 ORDER BY c, i;
SELECT recall_far('few_v') >= 0.98 AS found, lokivector_check('few_v', true);
RESET lokivector.pending_nodes;

-- test: inner products and encodings have no growth
CREATE INDEX grown_ip ON few USING hnsw (v vector_ip_ops);
INSERT INTO few SELECT v FROM items WHERE c > 6 AND c <= 12 AND i > 1;
SELECT lokivector_check('grown_ip', true);

-- test: growth is that around rows, also where the caller gives queries
SELECT lokivector_calibrate('grown_v', (SELECT array_agg(v) FROM items WHERE c > 30 AND i > 8 AND i <= 12)) ~ '^calibrated' AS calibrated;
SELECT recall_far('grown_v') >= 0.98 AS found, lokivector_check('grown_v', true);

DROP TABLE grown, few, items, centers;
DROP FUNCTION recall_far;
