-- Counts of what was done with each index

CREATE TABLE stat_t (id integer, c integer, v vector(3));
SET enable_seqscan = off;
INSERT INTO stat_t SELECT i, i % 10, ARRAY[i % 50, i / 50, i % 7]::vector FROM generate_series(1, 2000) i;
CREATE INDEX stat_idx ON stat_t USING hnsw (v vector_l2_ops, c);

-- test: a build
SELECT relname, indexrelname, index, scans, inserts, builds, vacuums, build_time > 0 AS took_time,
	last_build > now() - interval '1 hour' AS recent, counted_since IS NOT NULL AS known
FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: scans by strategy, and what they did
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[20,20,3]' LIMIT 5) s;
SELECT scans, walks, rows_returned, nodes_scored > 5 AS scored, heap_fetches >= 5 AS fetched,
	search_time > 0 AS took_time, last_scan IS NOT NULL AS dated
FROM lokivector_stat_indexes WHERE relname = 'stat_t';
SELECT count(*) FROM (SELECT id FROM stat_t WHERE c = 3 ORDER BY v <-> '[20,20,3]' LIMIT 300) s;
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[20,20,3]') s;
SELECT scans, walks + hops + flat_scans + list_scans + map_scans AS by_strategy, exact_scans,
	rows_returned FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: the same as this session's statistics of a scan
SELECT lokivector_reset_counts('stat_idx');
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[1,2,3]' LIMIT 7) s;
SELECT c.nodes_scored = s.nodes_scored AND c.nodes_refined = s.nodes_refined AND
	c.heap_fetches = s.heap_fetches AND c.rows_returned = s.rows AS same
FROM lokivector_stat_indexes c, lokivector_scan_stats() s WHERE relname = 'stat_t';

-- test: scans that begin again count one by one
SELECT lokivector_reset_counts('stat_idx');
SELECT count(*) FROM (VALUES ('[1,2,3]'), ('[4,5,6]'), ('[7,8,9]')) q(x),
	LATERAL (SELECT id FROM stat_t ORDER BY v <-> x::vector LIMIT 4) s;
SELECT scans, rows_returned FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: inserts and vacuums
INSERT INTO stat_t SELECT i, 0, ARRAY[i, 1, 1]::vector FROM generate_series(1, 20) i;
INSERT INTO stat_t VALUES (21, 0, NULL);
DELETE FROM stat_t WHERE id <= 10;
VACUUM stat_t;
SELECT inserts, vacuums, nodes_freed, vacuum_time > 0 AS took_time, last_vacuum IS NOT NULL AS dated
FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: rows that join others, nodes that are used again, and rows changed since a calibration
SELECT lokivector_reset_counts('stat_idx');
INSERT INTO stat_t SELECT i, 0, '[1.5,1.5,1.5]' FROM generate_series(1, 15) i;
SELECT inserts, duplicates_joined, nodes_reused, rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';
UPDATE stat_t SET id = id + 1 WHERE v = '[1.5,1.5,1.5]' AND id <= 3;
INSERT INTO stat_t VALUES (1, 0, NULL), (2, 0, '[0,0,0]');
SELECT inserts, duplicates_joined, nodes_reused, rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';
DELETE FROM stat_t WHERE v = '[1.5,1.5,1.5]';
VACUUM stat_t;
SELECT inserts, nodes_freed, rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';
SELECT split_part(lokivector_calibrate('stat_idx'), ':', 1);
SELECT rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';
INSERT INTO stat_t VALUES (1, 0, '[2.5,1,1]');
SELECT rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';
REINDEX INDEX stat_idx;
SELECT rows_changed FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: one row in 64 says how many of its nearest ten a default search finds, and duplicates do not
CREATE TABLE stat_agree (v vector(48));
CREATE INDEX stat_agree_idx ON stat_agree USING hnsw (v vector_l2_ops);
CREATE FUNCTION stat_row(n int) RETURNS vector LANGUAGE sql IMMUTABLE AS
	$$ SELECT array_agg((hashint8extended(n, i) % 1000)::real)::vector FROM generate_series(1, 48) i $$;
INSERT INTO stat_agree SELECT stat_row(i) FROM generate_series(1, 2500) i;
SELECT neighbors_compared BETWEEN 10 * 2500 / 64 / 2 AND 10 * 2500 / 64 * 2 AS some, neighbors_compared % 10 AS tens,
	agreement BETWEEN 0.9 AND 0.9999 AS nearly, agreement = neighbors_agreed / neighbors_compared::float8 AS share
FROM lokivector_stat_indexes WHERE relname = 'stat_agree';
SELECT neighbors_compared FROM lokivector_stat_indexes WHERE relname = 'stat_agree' \gset before_
INSERT INTO stat_agree SELECT stat_row(i) FROM generate_series(1, 2500) i;
SELECT duplicates_joined, neighbors_compared - :before_neighbors_compared AS compared
FROM lokivector_stat_indexes WHERE relname = 'stat_agree';
SELECT relname, neighbors_compared, agreement FROM lokivector_stat_indexes WHERE relname = 'stat_t';
DROP TABLE stat_agree;

-- test: scans whose first walk was too narrow, and rows that they dropped
SELECT lokivector_reset_counts('stat_idx');
SET hnsw.ef_search = 10;
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[20,20,3]' LIMIT 5) s;
SELECT scans, widened_scans, rows_dropped FROM lokivector_stat_indexes WHERE relname = 'stat_t';
BEGIN;
DELETE FROM stat_t WHERE c < 8;
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[20,20,3]' LIMIT 50) s;
ROLLBACK;
SELECT count(*) FROM (SELECT id FROM stat_t WHERE id % 7 = 0 ORDER BY v <-> '[20,20,3]' LIMIT 50) s;
SELECT scans, widened_scans, rows_dropped > 0 AS dropped
FROM lokivector_stat_indexes WHERE relname = 'stat_t';
RESET hnsw.ef_search;

-- test: all rows that conditions dropped are counted, by the scan and by its caller
CREATE TABLE stat_few AS SELECT i AS id, i % 10 AS c, ARRAY[i, 1, 1]::vector(3) AS v FROM generate_series(1, 100) i;
CREATE INDEX stat_few_idx ON stat_few USING hnsw (v vector_l2_ops);
SELECT count(*) FROM (SELECT FROM stat_few WHERE id > 7 ORDER BY v <-> '[0,1,1]' LIMIT 5) s;
SELECT count(*) FROM (SELECT FROM stat_few WHERE c = 3 ORDER BY v <-> '[0,1,1]' LIMIT 2) s;
SELECT scans, rows_dropped >= 7 + 2 + 9 AS dropped FROM lokivector_stat_indexes WHERE relname = 'stat_few';

DROP TABLE stat_few;

-- test: calibrations, by builds, by vacuum and by hand
SELECT calibrations, last_calibration IS NULL AS none FROM lokivector_stat_indexes WHERE relname = 'stat_t';
SELECT split_part(lokivector_calibrate('stat_idx'), ':', 1);
SELECT calibrations, last_calibration > counted_since AS dated FROM lokivector_stat_indexes WHERE relname = 'stat_t';
CREATE TABLE stat_grown (v vector(3));
CREATE INDEX stat_grown_idx ON stat_grown USING hnsw (v vector_l2_ops);
SELECT calibrations FROM lokivector_stat_indexes WHERE relname = 'stat_grown';
INSERT INTO stat_grown SELECT v FROM stat_t;
VACUUM stat_grown;
SELECT calibrations FROM lokivector_stat_indexes WHERE relname = 'stat_grown';
REINDEX INDEX stat_grown_idx;
SELECT calibrations, last_calibration <= last_build AS in_time
FROM lokivector_stat_indexes WHERE relname = 'stat_grown';
VACUUM stat_grown;
SELECT calibrations FROM lokivector_stat_indexes WHERE relname = 'stat_grown';
DROP TABLE stat_grown;

-- test: vacuum calibrates when a fifth of the nodes came or went, though they are as many as before
CREATE TABLE stat_replaced AS SELECT i AS id, ARRAY[sin(i), cos(i), i]::vector(3) AS v FROM generate_series(1, 2000) i;
CREATE INDEX stat_replaced_idx ON stat_replaced USING hnsw (v vector_l2_ops);
CREATE FUNCTION stat_replace(round integer) RETURNS void LANGUAGE sql AS $$
	DELETE FROM stat_replaced WHERE id BETWEEN 80 * round - 79 AND 80 * round;
	INSERT INTO stat_replaced SELECT i, ARRAY[cos(i), i, sin(i)] FROM generate_series(2000 + 80 * round - 79, 2000 + 80 * round) i;
$$;
SELECT stat_replace(1);
VACUUM stat_replaced;
SELECT stat_replace(2);
VACUUM stat_replaced;
SELECT calibrations FROM lokivector_stat_indexes WHERE relname = 'stat_replaced';
SELECT lokivector_check('stat_replaced_idx');
SELECT stat_replace(3);
VACUUM stat_replaced;
SELECT calibrations FROM lokivector_stat_indexes WHERE relname = 'stat_replaced';
SELECT stat_replace(4);
VACUUM stat_replaced;
SELECT calibrations, nodes_freed FROM lokivector_stat_indexes WHERE relname = 'stat_replaced';
SELECT lokivector_check('stat_replaced_idx');
DROP FUNCTION stat_replace;
DROP TABLE stat_replaced;

-- test: a build is counted when an index that was there before its rows gets its codes
SET lokivector.pending_nodes = 300;
CREATE TABLE stat_pending (v vector(12));
CREATE INDEX stat_pending_idx ON stat_pending USING hnsw (v vector_l2_ops);
RESET lokivector.pending_nodes;
INSERT INTO stat_pending SELECT ARRAY(SELECT sin(i * j) FROM generate_series(1, 12) j)::vector
FROM generate_series(1, 299) i;
SELECT builds, inserts, walks FROM lokivector_stat_indexes WHERE relname = 'stat_pending';
INSERT INTO stat_pending SELECT ARRAY(SELECT sin(i * j) FROM generate_series(1, 12) j)::vector
FROM generate_series(300, 310) i;
SELECT builds, build_time > 0 AS timed, inserts FROM lokivector_stat_indexes WHERE relname = 'stat_pending';
DROP TABLE stat_pending;

-- test: nothing is counted without track_counts
SET track_counts = off;
SELECT count(*) FROM (SELECT id FROM stat_t ORDER BY v <-> '[1,2,3]' LIMIT 4) s;
RESET track_counts;
SELECT scans FROM lokivector_stat_indexes WHERE relname = 'stat_t';

-- test: everyone reads them, the owner resets them
CREATE ROLE regress_stat_reader;
SET ROLE regress_stat_reader;
SELECT scans FROM lokivector_stat_indexes WHERE relname = 'stat_t';
SELECT lokivector_reset_counts('stat_idx');
RESET ROLE;
SELECT lokivector_reset_counts('stat_t');
SELECT lokivector_reset_counts('stat_idx');
SELECT scans, inserts, last_scan, last_build, counted_since IS NOT NULL AS dated FROM lokivector_stat_indexes WHERE relname = 'stat_t';
DROP ROLE regress_stat_reader;

-- test: an index that was dropped is forgotten, one that is not committed is not
BEGIN;
CREATE INDEX stat_second ON stat_t USING ivfflat (v vector_l2_ops);
SELECT indexrelname, builds FROM lokivector_stat_indexes WHERE relname = 'stat_t' ORDER BY 1;
DROP INDEX stat_idx;
SELECT count(*) FROM lokivector_index_counts() c
WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = c.index);
ROLLBACK;
SELECT indexrelname, counted_since IS NOT NULL AS known FROM lokivector_stat_indexes WHERE relname = 'stat_t';
DROP INDEX stat_idx;
SELECT count(*) FROM lokivector_index_counts() c
WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = c.index);

DROP TABLE stat_t;


RESET ALL;

-- How far builds are.  VACUUM is watched by t/055_progress.pl.

CREATE TABLE progress_t (id integer, v vector(3));
INSERT INTO progress_t SELECT i, ARRAY[i, i % 7, i % 11]::vector FROM generate_series(1, 3000) i;
ANALYZE progress_t;
SET max_parallel_maintenance_workers = 0;

CREATE FUNCTION watch(id integer, v vector) RETURNS vector AS $$
DECLARE
	r record;
BEGIN
	IF id = 2900 THEN
		PERFORM pg_stat_clear_snapshot();
		SELECT * INTO r FROM public.lokivector_progress WHERE pid = pg_backend_pid();
		-- Calibrating reads some rows again, as many times as it likes
		IF r.pid IS NOT NULL AND r.phase <> 'building index: calibrating' THEN
			-- By name alone: from 17 on, maintenance runs without public in search_path
			RAISE NOTICE '% of %, index %: %', r.command,
				(SELECT relname FROM pg_class WHERE oid = r.relation), r.index IS NOT NULL, r.phase;
			IF r.percent IS NOT NULL THEN
				RAISE NOTICE 'done %, began %, ends %', r.percent BETWEEN 0 AND 100,
					r.phase_began <= clock_timestamp(), r.phase_ends >= r.phase_began;
			END IF;
		END IF;
	END IF;
	RETURN v;
END $$ LANGUAGE plpgsql IMMUTABLE;

-- test: builds, and a check
CREATE INDEX progress_idx ON progress_t USING hnsw ((watch(id, v)::vector(3)) vector_l2_ops);
REINDEX INDEX progress_idx;
SELECT lokivector_check('progress_idx', true);

-- test: other access methods are not shown, nor is anything at rest
CREATE INDEX progress_btree ON progress_t ((watch(id, v)));
SELECT count(*) FROM lokivector_progress;

DROP TABLE progress_t;
DROP FUNCTION watch;
