-- Recall of live searches: which are sampled, what is measured, who sees it

SET enable_seqscan = off;
CREATE TABLE sampled (id integer, c integer, v vector(32));
INSERT INTO sampled SELECT i, i % 10, random_vector(i, 32) FROM generate_series(1, 3000) i;
CREATE INDEX sampled_idx ON sampled USING hnsw (v vector_l2_ops, c);
ANALYZE sampled;

CREATE FUNCTION search(first integer, last integer, k integer DEFAULT 10) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		PERFORM id FROM sampled ORDER BY v <-> random_vector(-i, 32) LIMIT k;
	END LOOP;
END $$;

-- test: nothing is sampled unless it is asked for
SELECT search(1, 20);
SELECT count(*) FROM lokivector_sampled_recall();
SELECT lokivector_measure_samples('sampled_idx');
SELECT count(*) FROM lokivector_stat_recall;

-- test: searches wait until they are measured
SET lokivector.recall_sample_rate = 1;
SELECT search(1, 20);
SELECT search(21, 25, 3);
SELECT k, count(*), count(recall) AS measured, min(sampled_at) > now() - interval '1 hour' AS recent
FROM lokivector_sampled_recall() GROUP BY k ORDER BY k;
SELECT schemaname, relname, indexrelname, index, waiting, measured, recall, recall_p1, trend, last_sampled
FROM lokivector_stat_recall;
SELECT count(*), bool_and(q::vector IN (SELECT random_vector(-i, 32) FROM generate_series(1, 25) i)) AS same
FROM lokivector_sampled_queries('sampled_idx') q;
SELECT lokivector_measure_samples('sampled_idx');
SELECT waiting, measured, recall > 0.9 AS found, recall_error < 0.1 AS error, recall_p1 = recall_min AS p1,
	abs(trend) <= 4 * trend_error + 0.1 AS trend, first_sampled < last_sampled AS dated
FROM lokivector_stat_recall;
SELECT count(*) FROM lokivector_sampled_queries('sampled_idx');
SELECT lokivector_measure_samples('sampled_idx');

-- test: what is measured is what lokivector_recall measures with these queries
SELECT lokivector_reset_counts('sampled_idx');
SELECT count(*) FROM lokivector_stat_recall;
SET hnsw.ef_search = 10;
SELECT search(1, 100);
SELECT lokivector_measure_samples('sampled_idx');
SELECT s.measured, s.recall < 0.99 AS narrow, abs(s.recall - r.recall) < 1e-6 AS recall,
	abs(s.recall_p1 - r.recall_p1) < 1e-6 AS p1, abs(s.recall_min - r.recall_min) < 1e-6 AS min
FROM lokivector_stat_recall s,
	lokivector_recall('sampled_idx', (SELECT array_agg(random_vector(-i, 32)) FROM generate_series(1, 100) i)) r;

-- test: each goes by the settings that it had
SELECT lokivector_reset_counts('sampled_idx');
SELECT search(1, 50);
RESET hnsw.ef_search;
SELECT lokivector_measure_samples('sampled_idx');
SET hnsw.ef_search = 10;
SELECT s.measured, abs(s.recall - r.recall) < 1e-6 AS recall
FROM lokivector_stat_recall s,
	lokivector_recall('sampled_idx', (SELECT array_agg(random_vector(-i, 32)) FROM generate_series(1, 50) i)) r;
RESET hnsw.ef_search;

-- test: searches that are not sampled: with filters, exact ones, those that measure
SELECT lokivector_reset_counts('sampled_idx');
SELECT count(*) FROM (SELECT id FROM sampled WHERE c = 3 ORDER BY v <-> random_vector(-1, 32) LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM sampled WHERE c <> 3 ORDER BY v <-> random_vector(-1, 32) LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM sampled WHERE id % 5 = 0 ORDER BY v <-> random_vector(-1, 32) LIMIT 50) s;
SELECT count(*) FROM (SELECT id FROM sampled ORDER BY v <-> random_vector(-1, 32)) s;
SELECT count(*) FROM (SELECT id FROM sampled WHERE v <-> random_vector(-1, 32) < 3 ORDER BY v <-> random_vector(-1, 32) LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM sampled ORDER BY v <-> NULL::vector LIMIT 5) s;
SELECT answered FROM lokivector_recall('sampled_idx', 5);
SELECT count(*) FROM lokivector_sampled_recall();

-- test: some of many are kept, each as likely as another
SELECT search(1, 400, 1);
SELECT count(*), count(*) FILTER (WHERE n <= 200) BETWEEN 15 AND 85 AS mixed
FROM lokivector_sampled_queries('sampled_idx') q, generate_series(1, 400) n WHERE q::vector = random_vector(-n, 32);
SELECT lokivector_measure_samples('sampled_idx');
SELECT waiting, measured FROM lokivector_stat_recall;

-- test: a share
SET lokivector.recall_sample_rate = 0.1;
SELECT search(1, 400, 1);
SELECT waiting BETWEEN 4 AND 99 AS some, measured FROM lokivector_stat_recall;
SET lokivector.recall_sample_rate = 1;

-- test: a sample is within .02 of the recall of all searches
SELECT lokivector_reset_counts('sampled_idx');
SET hnsw.ef_search = 10;
CREATE PROCEDURE search_some() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0 .. 6 LOOP
		SET LOCAL lokivector.recall_sample_rate = 0.5;
		PERFORM search(i * 150 + 1, i * 150 + 150);
		PERFORM lokivector_measure_samples('sampled_idx');
		COMMIT;
	END LOOP;
END $$;
CALL search_some();
SELECT s.measured BETWEEN 400 AND 650 AS half, s.recall BETWEEN 0.7 AND 0.99 AS narrow,
	abs(s.recall - r.recall) < 0.02 AS near, s.recall_error BETWEEN 0.001 AND 0.01 AS error
FROM lokivector_stat_recall s,
	lokivector_recall('sampled_idx', (SELECT array_agg(random_vector(-i, 32)) FROM generate_series(1, 1050) i)) r;
DROP PROCEDURE search_some;

-- test: the same where rows are in clusters
CREATE FUNCTION clustered_item(n integer) RETURNS vector AS $$
	SELECT random_vector(10000 + abs(n) % 40, 32) + array_fill(0.7, '{32}')::vector * random_vector(n, 32)
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
CREATE TABLE clustered (id integer, v vector(32));
INSERT INTO clustered SELECT i, clustered_item(i) FROM generate_series(1, 3000) i;
CREATE INDEX clustered_idx ON clustered USING hnsw (v vector_l2_ops);
CREATE PROCEDURE search_some() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0 .. 6 LOOP
		SET LOCAL lokivector.recall_sample_rate = 0.5;
		FOR j IN i * 150 + 1 .. i * 150 + 150 LOOP
			PERFORM id FROM clustered ORDER BY v <-> clustered_item(-j) LIMIT 10;
		END LOOP;
		PERFORM lokivector_measure_samples('clustered_idx');
		COMMIT;
	END LOOP;
END $$;
CALL search_some();
SELECT s.measured BETWEEN 400 AND 650 AS half, abs(s.recall - r.recall) < 0.02 AS near
FROM lokivector_stat_recall s,
	lokivector_recall('clustered_idx', (SELECT array_agg(clustered_item(-i)) FROM generate_series(1, 1050) i)) r
WHERE s.index = 'clustered_idx'::regclass;
DROP TABLE clustered;
DROP FUNCTION clustered_item;
DROP PROCEDURE search_some;
RESET hnsw.ef_search;

-- test: the share of an index, unless the session has set one
RESET lokivector.recall_sample_rate;
SELECT lokivector_reset_counts('sampled_idx');
ALTER INDEX sampled_idx SET (recall_sample_rate = 2);
ALTER INDEX sampled_idx SET (recall_sample_rate = 1);
CREATE INDEX sampled_other ON sampled USING hnsw (v vector_cosine_ops);
SELECT count(*) FROM (SELECT FROM sampled ORDER BY v <=> random_vector(-1, 32) LIMIT 5) s;
SELECT search(1, 5, 1);
SELECT index, waiting FROM lokivector_stat_recall;
SET lokivector.recall_sample_rate = 0;
SELECT search(1, 5, 1);
SELECT index, waiting FROM lokivector_stat_recall;
SELECT pg_get_indexdef('sampled_idx'::regclass);
ALTER INDEX sampled_idx RESET (recall_sample_rate);
RESET lokivector.recall_sample_rate;
SELECT search(1, 5, 1);
SELECT index, waiting FROM lokivector_stat_recall;
DROP INDEX sampled_other;
SET lokivector.recall_sample_rate = 1;

-- test: rows that came and went since
SELECT lokivector_reset_counts('sampled_idx');
SELECT search(1, 30);
DELETE FROM sampled WHERE id > 1500;
INSERT INTO sampled SELECT i, i % 10, random_vector(i, 32) FROM generate_series(5001, 6000) i;
SELECT lokivector_measure_samples('sampled_idx');
SELECT measured, recall > 0.9 AS found FROM lokivector_stat_recall;
SELECT search(1, 3);
TRUNCATE sampled;
SELECT lokivector_measure_samples('sampled_idx');
INSERT INTO sampled SELECT i, i % 10, random_vector(i, 32) FROM generate_series(1, 1000) i;

-- test: slowly
SELECT search(1, 5);
SET vacuum_cost_delay = '1ms';
SET vacuum_cost_limit = 10;
SELECT lokivector_measure_samples('sampled_idx');
RESET vacuum_cost_delay;
RESET vacuum_cost_limit;

-- test: other types
CREATE TABLE sampled_types AS SELECT id, v::halfvec(32) AS h,
	binary_quantize(v)::bit(32) AS b, ARRAY[v, random_vector(id + 7, 32)]::vector(32)[] AS a FROM sampled;
CREATE INDEX sampled_h ON sampled_types USING hnsw (h halfvec_cosine_ops);
CREATE INDEX sampled_b ON sampled_types USING hnsw (b bit_hamming_ops);
CREATE INDEX sampled_a ON sampled_types USING hnsw (a vector_maxsim_ops);
SELECT count(*) FROM (SELECT FROM sampled_types ORDER BY h <=> random_vector(-1, 32)::halfvec LIMIT 5) s;
SELECT count(*) FROM (SELECT FROM sampled_types ORDER BY b <~> binary_quantize(random_vector(-1, 32)) LIMIT 5) s;
SELECT count(*) FROM (SELECT FROM sampled_types ORDER BY a @# ARRAY[random_vector(-1, 32), random_vector(-2, 32)] LIMIT 5) s;
SELECT i, lokivector_measure_samples(i)
FROM unnest(ARRAY['sampled_h', 'sampled_b', 'sampled_a']::regclass[]) i;
SELECT index, measured, recall > 0.5 AS found FROM lokivector_stat_recall WHERE relname = 'sampled_types' ORDER BY index;
DROP TABLE sampled_types;
SELECT count(*) FROM lokivector_sampled_recall() WHERE index NOT IN (SELECT oid FROM pg_class);

-- test: whose they are
CREATE ROLE regress_sampled_owner;
CREATE ROLE regress_sampled_reader;
CREATE ROLE regress_sampled_monitor IN ROLE pg_monitor;
ALTER TABLE sampled OWNER TO regress_sampled_owner;
GRANT SELECT ON sampled TO regress_sampled_reader;
SELECT lokivector_reset_counts('sampled_idx');
SET ROLE regress_sampled_reader;
SELECT search(1, 5);
SELECT count(*) FROM lokivector_stat_recall;
SELECT lokivector_sampled_queries('sampled_idx');
SELECT lokivector_measure_samples('sampled_idx');
SELECT search(1, 5);
RESET ROLE;
ALTER TABLE sampled ENABLE ROW LEVEL SECURITY;
CREATE POLICY sampled_policy ON sampled USING (c = 1);
SET ROLE regress_sampled_reader;
SELECT lokivector_measure_samples('sampled_idx');
SET ROLE regress_sampled_monitor;
SELECT waiting, measured FROM lokivector_stat_recall;
SELECT lokivector_sampled_queries('sampled_idx');
SELECT lokivector_measure_samples('sampled_idx');
SET ROLE regress_sampled_owner;
SELECT waiting, measured FROM lokivector_stat_recall;
SELECT count(*) FROM lokivector_sampled_queries('sampled_idx');
SELECT lokivector_measure_samples('sampled_idx');
RESET ROLE;
SELECT waiting, measured FROM lokivector_stat_recall;

-- test: what is no index of ours
SELECT lokivector_measure_samples('sampled');
SELECT lokivector_sampled_queries('sampled');

DROP TABLE sampled;
DROP ROLE regress_sampled_owner, regress_sampled_reader, regress_sampled_monitor;
RESET lokivector.recall_sample_rate;
DROP FUNCTION search;
