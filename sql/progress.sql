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
