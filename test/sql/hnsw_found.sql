-- Rows without near neighbors are found by their own vectors after vacuum has taken
-- nodes from around them
SET lokivector.build_seed = 1;
SET max_parallel_maintenance_workers = 0;
SET enable_seqscan = off;
SET lokivector.complete = off;
SET hnsw.ef_search = 256;

CREATE TABLE alone (id integer, v vector(256));
INSERT INTO alone SELECT n, (SELECT array_agg(hashint8extended(n, i) / 9223372036854775807.0
		ORDER BY i) FROM generate_series(1, 256) i)::vector
	FROM generate_series(1, 10000) n;
CREATE INDEX alone_idx ON alone USING hnsw (v vector_l2_ops);
DELETE FROM alone WHERE hashint4(id) % 5 IN (0, 1, -1, 2);
VACUUM ANALYZE alone;

-- test: no row is lost
SELECT count(*) FROM alone a, LATERAL (
	SELECT v <-> a.v AS distance FROM alone ORDER BY v <-> a.v LIMIT 1) b WHERE distance > 0;
SELECT lokivector_check('alone_idx');
DROP TABLE alone;
