-- lokivector_advice: each of its rules, and silence where nothing is to be done

CREATE TABLE advice_t (id integer, c integer, v vector(8));
SET enable_seqscan = off;
SET client_min_messages = warning;
INSERT INTO advice_t SELECT i, i % 10, ARRAY(SELECT sin(i * j) FROM generate_series(1, 8) j)::vector
FROM generate_series(1, 3000) i;
CREATE INDEX advice_idx ON advice_t USING hnsw (v vector_l2_ops);

-- test: statistics are missing
SELECT * FROM lokivector_advice('advice_idx');
ANALYZE advice_t;

-- test: nothing to be done
SELECT * FROM lokivector_advice('advice_idx');

-- test: parameters that wait for REINDEX
ALTER INDEX advice_idx SET (m = 20, bits = 2, ef_search = 50);
SELECT * FROM lokivector_advice('advice_idx') ORDER BY 2;
ALTER INDEX advice_idx SET (bits = auto, m = 16);
SELECT * FROM lokivector_advice('advice_idx');
-- test: parameters that REINDEX would refuse, given or by default
ALTER INDEX advice_idx SET (m = 40);
SELECT * FROM lokivector_advice('advice_idx') ORDER BY advice COLLATE "C";
ALTER INDEX advice_idx SET (m = 16, ef_construction = 31);
SELECT * FROM lokivector_advice('advice_idx');
ALTER INDEX advice_idx SET (profile = compact, ef_construction = 15);
ALTER INDEX advice_idx RESET (m);
SELECT * FROM lokivector_advice('advice_idx') ORDER BY advice COLLATE "C";
ALTER INDEX advice_idx RESET (m, bits, ef_search, profile, ef_construction);
SELECT * FROM lokivector_advice('advice_idx');

-- test: refine_bits that are no more than bits are none, and need no REINDEX
CREATE TABLE advice_r AS SELECT array_fill(i::real, '{40}')::vector(40) AS v FROM generate_series(1, 20) i;
CREATE INDEX advice_r_idx ON advice_r USING hnsw (v vector_l2_ops) WITH (bits = 4, refine_bits = 4);
SELECT bits, refine_bits FROM lokivector_index_info('advice_r_idx');
SELECT * FROM lokivector_advice('advice_r_idx');
ALTER INDEX advice_r_idx SET (refine_bits = 8);
SELECT * FROM lokivector_advice('advice_r_idx');
DROP TABLE advice_r;

-- test: 1-bit sketches that sorted lists have, or lack, until these are made again
CREATE TABLE advice_b AS SELECT i, i % 50 AS c, i % 4 AS few, ARRAY['t' || i % 60] AS tags,
	(SELECT array_agg(sin(i * j)) FROM generate_series(1, 48) j)::vector(48) AS v FROM generate_series(1, 3000) i;
CREATE INDEX advice_b_idx ON advice_b USING hnsw (v vector_l2_ops, c, few, tags);
ANALYZE advice_b;
SELECT * FROM lokivector_advice('advice_b_idx');
ALTER INDEX advice_b_idx SET (brief_codes = off);
SELECT * FROM lokivector_advice('advice_b_idx');
VACUUM advice_b;
SELECT * FROM lokivector_advice('advice_b_idx');
ALTER INDEX advice_b_idx RESET (brief_codes);
SELECT * FROM lokivector_advice('advice_b_idx');
VACUUM advice_b;
SELECT * FROM lokivector_advice('advice_b_idx');
-- test: lists that never have any: of few rows, and of distances that have no 1-bit sketches
CREATE INDEX advice_b_some ON advice_b USING hnsw (v vector_l2_ops, c) WHERE i <= 1000;
SELECT * FROM lokivector_advice('advice_b_some');
CREATE INDEX advice_b_l1 ON advice_b USING hnsw (v vector_l1_ops, c);
SELECT * FROM lokivector_advice('advice_b_l1');
DROP TABLE advice_b;

-- test: a narrow search, unless the session's settings or the index's own make it wide
CREATE TABLE advice_random AS
SELECT i, (SELECT array_agg(hashint8extended(i, j) / 1e19) FROM generate_series(1, 48) j)::vector(48) AS v
FROM generate_series(1, 3000) i;
CREATE INDEX advice_random_idx ON advice_random USING hnsw (v vector_l2_ops);
ANALYZE advice_random;
SET hnsw.ef_search = 1;
SELECT about, advice ~ '^With ef_search = 1 ' AS said FROM lokivector_advice('advice_random_idx');
ALTER INDEX advice_random_idx SET (ef_search = 400);
SELECT about FROM lokivector_advice('advice_random_idx');
RESET hnsw.ef_search;
SELECT about FROM lokivector_advice('advice_random_idx');
ALTER INDEX advice_random_idx SET (ef_search = 1);
SELECT about FROM lokivector_advice('advice_random_idx');
SET hnsw.ef_search = 400;
SELECT about FROM lokivector_advice('advice_random_idx');
RESET hnsw.ef_search;
SET lokivector.target_recall = 0.95;
SELECT about FROM lokivector_advice('advice_random_idx');
SET lokivector.target_recall = 0;
ALTER INDEX advice_random_idx SET (target_recall = 0.95);
SELECT about FROM lokivector_advice('advice_random_idx');
RESET lokivector.target_recall;
SELECT about FROM lokivector_advice('advice_random_idx');

-- test: codes that do not tell what is nearest, and values that are not coded
CREATE INDEX advice_coarse_idx ON advice_random USING hnsw (v vector_l2_ops) WITH (bits = 2, refine_bits = 0);
CREATE INDEX advice_exact_idx ON advice_random USING hnsw ((subvector(v, 1, 3)::vector(3)) vector_l2_ops) WITH (bits = 2, refine_bits = 0);
SELECT * FROM lokivector_advice('advice_coarse_idx');
SET lokivector.target_recall = 0.95;
SELECT * FROM lokivector_advice('advice_coarse_idx');
SELECT * FROM lokivector_advice('advice_exact_idx');
RESET lokivector.target_recall;
ALTER INDEX advice_coarse_idx SET (refine_bits = 4);
SELECT * FROM lokivector_advice('advice_coarse_idx');

-- test: sampled searches of which some find too little
DROP INDEX advice_coarse_idx, advice_exact_idx;
SET lokivector.recall_sample_rate = 1;
SET hnsw.ef_search = 1;
CREATE FUNCTION advice_search() RETURNS void LANGUAGE plpgsql AS $$
BEGIN FOR n IN 1..60 LOOP
	PERFORM FROM advice_random ORDER BY v <-> (SELECT array_agg(hashint8extended(-n, j) / 1e19) FROM generate_series(1, 48) j)::vector(48) LIMIT 1;
END LOOP; END $$;
SELECT advice_search();
SELECT index, lokivector_measure_samples(index) FROM lokivector_stat_recall WHERE relname = 'advice_random';
SELECT count(*) FROM lokivector_advice('advice_random_idx') WHERE advice ~ 'sampled';
SELECT advice_search();
RESET hnsw.ef_search;
RESET lokivector.recall_sample_rate;
SELECT index, lokivector_measure_samples(index) FROM lokivector_stat_recall WHERE relname = 'advice_random';
SELECT about, regexp_replace(advice, '0\.\d+', '?') AS advice FROM lokivector_advice('advice_random_idx') WHERE advice ~ 'sampled';
DROP FUNCTION advice_search;
DROP TABLE advice_random;

-- test: conditions on columns that the index does not have
DO $$ BEGIN FOR i IN 1..10 LOOP
	PERFORM id FROM advice_t WHERE c = 3 AND id % 97 = 0 ORDER BY v <-> ARRAY(SELECT cos(i * j) FROM generate_series(1, 8) j)::vector LIMIT 2;
END LOOP; END $$;
SELECT about, regexp_replace(advice, '\d+', '?') AS advice FROM lokivector_advice('advice_idx');
SELECT lokivector_reset_counts('advice_idx');
DO $$ BEGIN FOR i IN 1..10 LOOP
	PERFORM id FROM advice_t WHERE id % 97 = 0 ORDER BY v <-> ARRAY(SELECT cos(i * j) FROM generate_series(1, 8) j)::vector LIMIT 2;
END LOOP; END $$;
SELECT about, regexp_replace(advice, '\d+', '?') AS advice FROM lokivector_advice('advice_idx');
SELECT lokivector_reset_counts('advice_idx');

-- test: rows that are read since codes do not tell which are nearest, of which conditions drop few
CREATE TABLE advice_tight AS
SELECT i, (SELECT array_agg(CASE WHEN i <= 2000 THEN 10 * sin(i * j) ELSE 100 + sin(i * j) / 1000 END) FROM generate_series(1, 48) j)::vector(48) AS v
FROM generate_series(1, 2300) i;
CREATE INDEX advice_tight_idx ON advice_tight USING hnsw (v vector_l2_ops) WITH (centers = 0);
ANALYZE advice_tight;
DO $$ BEGIN FOR n IN 3001..3010 LOOP
	PERFORM FROM advice_tight WHERE i % 10 <> 3 ORDER BY v <-> (SELECT array_agg(100 + sin(n * j) / 1000) FROM generate_series(1, 48) j)::vector(48) LIMIT 1;
END LOOP; END $$;
SELECT scans, heap_fetches > 20 * rows_returned AS many, rows_dropped > 0 AND rows_dropped < heap_fetches / 4 AS few_dropped FROM lokivector_stat_indexes WHERE indexrelname = 'advice_tight_idx';
SELECT * FROM lokivector_advice('advice_tight_idx') WHERE about <> 'width';
DROP TABLE advice_tight;

-- test: memory of a rebuild, if one is to be done
SET maintenance_work_mem = '1MB';
SELECT * FROM lokivector_advice('advice_idx');
ALTER INDEX advice_idx SET (m = 40, ef_construction = 80);
SELECT about, regexp_replace(advice, '\d+ kB', '? kB') AS advice FROM lokivector_advice('advice_idx') ORDER BY 1;
SELECT lokivector_build_memory('advice_idx') > 3000 * 40 * 8 AS links;
SELECT lokivector_build_memory('advice_idx') = lokivector_build_memory('advice_t', 'v', 'vector_l2_ops', options => '{m=40,ef_construction=80}') AS same;
RESET maintenance_work_mem;
ALTER INDEX advice_idx RESET (m, ef_construction);

-- test: dead rows, then free nodes
DELETE FROM advice_t WHERE id > 1200;
SELECT count(*) > 0 AS found FROM (SELECT id FROM advice_t ORDER BY v <-> '[1,1,1,1,1,1,1,1]' LIMIT 2000) s;
SELECT about, advice ~ '^\d+ of 3000 nodes belong to dead rows, .* Run VACUUM public\.advice_t' AS said
FROM lokivector_advice('advice_idx');
VACUUM advice_t;
SELECT * FROM lokivector_advice('advice_idx');
REINDEX INDEX advice_idx;
SELECT * FROM lokivector_advice('advice_idx');

-- test: an index that has not been calibrated
CREATE TABLE advice_late (v vector(3));
SET lokivector.pending_nodes = 0;
CREATE INDEX advice_late_idx ON advice_late USING hnsw (v vector_l2_ops);
RESET lokivector.pending_nodes;
SELECT * FROM lokivector_advice('advice_late_idx');
-- while it has no graph, no statement would calibrate it
INSERT INTO advice_late SELECT ARRAY[i % 50, i / 50, i % 7]::vector FROM generate_series(1, 1010) i;
ANALYZE advice_late;
SELECT pending, live, calibrated_nodes FROM lokivector_index_info('advice_late_idx');
SELECT * FROM lokivector_advice('advice_late_idx');
INSERT INTO advice_late SELECT ARRAY[i % 50, i / 50, i % 7]::vector FROM generate_series(1011, 1200) i;
ANALYZE advice_late;
SELECT * FROM lokivector_advice('advice_late_idx');
VACUUM advice_late;
SELECT * FROM lokivector_advice('advice_late_idx');

-- test: indexes of ivfflat, and on arrays of vectors
CREATE TABLE advice_sets (v vector(3), s vector(3)[]);
INSERT INTO advice_sets SELECT ARRAY[i % 50, i / 50, i % 7]::vector, ARRAY[ARRAY[i % 50, i / 50, 1]::vector, '[1,2,3]']
FROM generate_series(1, 1100) i;
-- sketches of arrays wait for a call, but not before there are any
SET lokivector.pending_nodes = 2000;
SET lokivector.target_recall = 0.9;
CREATE TABLE advice_pending (s vector(3)[]);
CREATE INDEX advice_pending_idx ON advice_pending USING hnsw (s vector_maxsim_ops);
INSERT INTO advice_pending SELECT s FROM advice_sets;
ANALYZE advice_pending;
SELECT pending, live FROM lokivector_index_info('advice_pending_idx');
SELECT * FROM lokivector_advice('advice_pending_idx');
DROP TABLE advice_pending;
RESET lokivector.target_recall;
RESET lokivector.pending_nodes;
CREATE INDEX advice_lists_idx ON advice_sets USING ivfflat (v vector_l2_ops);
CREATE INDEX advice_sets_idx ON advice_sets USING hnsw (s vector_maxsim_ops);
ANALYZE advice_sets;
SELECT * FROM lokivector_advice('advice_lists_idx');
SELECT * FROM lokivector_advice('advice_sets_idx');
-- reading many documents for each that is returned is how these search
DO $$ BEGIN FOR i IN 1..10 LOOP
	PERFORM FROM advice_sets ORDER BY s @# '{"[1,0,0]"}'::vector[] LIMIT 1;
END LOOP; END $$;
SELECT heap_fetches > 20 * rows_returned AS many FROM lokivector_stat_indexes WHERE indexrelname = 'advice_sets_idx';
SELECT * FROM lokivector_advice('advice_sets_idx');
SET lokivector.target_recall = 0.95;
SELECT * FROM lokivector_advice('advice_sets_idx');
SELECT split_part(lokivector_calibrate('advice_sets_idx'), ':', 1);
SELECT * FROM lokivector_advice('advice_sets_idx');
INSERT INTO advice_sets SELECT '[1,2,3]', ARRAY[ARRAY[i % 50, i / 50, 2]::vector, '[1,2,3]'] FROM generate_series(1, 600) i;
SELECT * FROM lokivector_advice('advice_sets_idx');
RESET lokivector.target_recall;
-- what was calibrated is told without a target, too, and if as many nodes came as went
SELECT * FROM lokivector_advice('advice_sets_idx');
SELECT split_part(lokivector_calibrate('advice_sets_idx'), ':', 1);
SELECT calibrated_nodes, changed_nodes FROM lokivector_index_info('advice_sets_idx');
DELETE FROM advice_sets WHERE ctid < '(5,0)';
VACUUM advice_sets;
INSERT INTO advice_sets SELECT '[1,2,3]', ARRAY[ARRAY[i % 50, i / 50, 3]::vector, '[1,2,3]']
FROM lokivector_index_info('advice_sets_idx') f, generate_series(1, (f.calibrated_nodes - f.live)::integer) i;
VACUUM advice_sets;
SELECT calibrated_nodes, live - calibrated_nodes AS more, changed_nodes > calibrated_nodes / 5 AS changed
FROM lokivector_index_info('advice_sets_idx');
SELECT * FROM lokivector_advice('advice_sets_idx');
SELECT split_part(lokivector_calibrate('advice_sets_idx'), ':', 1);
SELECT calibrated_nodes, changed_nodes FROM lokivector_index_info('advice_sets_idx');
SELECT * FROM lokivector_advice('advice_sets_idx');
VACUUM advice_sets;
SELECT * FROM lokivector_advice('advice_sets_idx');
DROP TABLE advice_sets;

-- test: rows that no posting list has yet, and an expression by which VACUUM makes no lists
CREATE FUNCTION advice_sparse(i integer) RETURNS sparsevec LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RETURN format('{%s:1,%s:2}/500', 1 + i % 400, 401 + i % 99); END $$;
CREATE TABLE advice_sparse AS SELECT i, advice_sparse(i) AS s FROM generate_series(1, 3000) i;
CREATE INDEX advice_sparse_idx ON advice_sparse USING hnsw ((s::sparsevec(500)) sparsevec_ip_ops);
CREATE INDEX advice_sparse_made ON advice_sparse USING hnsw ((advice_sparse(i)::sparsevec(500)) sparsevec_ip_ops);
INSERT INTO advice_sparse SELECT i, advice_sparse(i) FROM generate_series(3001, 3900) i;
ANALYZE advice_sparse;
SELECT about, advice FROM unnest('{advice_sparse_idx,advice_sparse_made}'::regclass[]) i, lokivector_advice(i);
-- inserts make lists of an expression when rows have doubled, first at 4,000, or 8,000
INSERT INTO advice_sparse SELECT i, advice_sparse(i) FROM generate_series(3901, 7000) i;
SELECT about, advice FROM unnest('{advice_sparse_idx,advice_sparse_made}'::regclass[]) i, lokivector_advice(i);
VACUUM advice_sparse;
ALTER INDEX advice_sparse_idx SET (m = 8);	-- of graphs, which it has not
SELECT about, advice FROM unnest('{advice_sparse_idx,advice_sparse_made}'::regclass[]) i, lokivector_advice(i);
DROP TABLE advice_sparse;
DROP FUNCTION advice_sparse;

-- test: an index that is not valid
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'advice_late_idx'::regclass;
SELECT * FROM lokivector_advice('advice_late_idx');
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'advice_late_idx'::regclass;

-- test: an index that has no pages, as its build failed
CREATE TABLE advice_failed (v vector);
INSERT INTO advice_failed VALUES ('[1,2,3]'), ('[1,2]');
CREATE INDEX CONCURRENTLY advice_failed_idx ON advice_failed USING hnsw ((v::vector(3)) vector_l2_ops);
SELECT * FROM lokivector_advice('advice_failed_idx');
ALTER INDEX advice_failed_idx RENAME TO advice_ccnew1;
SELECT advice FROM lokivector_advice('advice_ccnew1');
DROP TABLE advice_failed;

-- test: only for those who may look into the index; an owner asks for all indexes, of others too
CREATE ROLE regress_advice;
CREATE ROLE regress_advice_monitor IN ROLE pg_monitor;
CREATE TABLE advice_own (v vector(3));
INSERT INTO advice_own SELECT v FROM advice_late;
CREATE INDEX advice_own_idx ON advice_own USING hnsw (v vector_l2_ops);
ALTER TABLE advice_own OWNER TO regress_advice;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'advice_idx'::regclass;
SET ROLE regress_advice;
SELECT * FROM lokivector_advice('advice_late_idx');
SELECT s.index, a.about, a.advice FROM lokivector_stat_indexes s, lokivector_advice(s.index) a
WHERE s.relname ~ '^advice_' ORDER BY s.index::text COLLATE "C";
SELECT * FROM lokivector_advice('advice_late');
RESET ROLE;
-- test: who may not read the table cannot see whether the planner knows of it, as after a crash
ANALYZE advice_own;
SELECT pg_stat_reset_single_table_counters('advice_own'::regclass);
SET ROLE regress_advice_monitor;
SELECT s.index, a.about, a.advice FROM lokivector_stat_indexes s, lokivector_advice(s.index) a
WHERE s.relname ~ '^advice_' ORDER BY s.index::text COLLATE "C";
RESET ROLE;
SELECT * FROM lokivector_advice('advice_own_idx');
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'advice_idx'::regclass;
DROP TABLE advice_own;
DROP ROLE regress_advice, regress_advice_monitor;
SELECT * FROM lokivector_advice('advice_late');

DROP TABLE advice_t, advice_late;
