-- SPDX-License-Identifier: PostgreSQL
--
-- What was done with the indexes.  Everyone may read it, as he may read the server's
-- statistics, but for counts that depend on rows which he may not see; only an index's owner
-- resets its counts.
--

CREATE FUNCTION lokivector_index_counts(
		OUT index regclass, OUT scans bigint,
		OUT walks bigint, OUT hops bigint, OUT flat_scans bigint, OUT list_scans bigint,
		OUT map_scans bigint, OUT exact_scans bigint, OUT widened_scans bigint,
		OUT nodes_scored bigint, OUT nodes_filtered bigint, OUT nodes_refined bigint,
		OUT heap_fetches bigint, OUT rows_returned bigint, OUT rows_dropped bigint,
		OUT late_rows bigint,
		OUT inserts bigint, OUT duplicates_joined bigint, OUT nodes_reused bigint,
		OUT neighbors_compared bigint, OUT neighbors_agreed bigint,
		OUT builds bigint, OUT vacuums bigint, OUT nodes_freed bigint,
		OUT calibrations bigint, OUT rows_changed bigint,
		OUT search_time double precision, OUT build_time double precision,
		OUT vacuum_time double precision,
		OUT last_scan timestamptz, OUT last_build timestamptz, OUT last_vacuum timestamptz,
		OUT last_calibration timestamptz, OUT counted_since timestamptz)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION lokivector_index_counts() IS
	'what was done with each hnsw index of the database since the server started (for everyone; for its owner and pg_monitor what depends on rows)';

CREATE FUNCTION lokivector_reset_counts(index regclass) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_reset_counts(regclass) IS
	'begin the counts of an hnsw index anew (for its owner)';

CREATE VIEW lokivector_stat_indexes AS
	SELECT n.nspname AS schemaname, t.relname, c.relname AS indexrelname, c.oid::regclass AS index,
		coalesce(s.scans, 0) AS scans,
		coalesce(s.walks, nothing) AS walks, coalesce(s.hops, nothing) AS hops,
		coalesce(s.flat_scans, nothing) AS flat_scans, coalesce(s.list_scans, nothing) AS list_scans,
		coalesce(s.map_scans, nothing) AS map_scans, coalesce(s.exact_scans, nothing) AS exact_scans,
		coalesce(s.widened_scans, nothing) AS widened_scans,
		coalesce(s.nodes_scored, nothing) AS nodes_scored,
		coalesce(s.nodes_filtered, nothing) AS nodes_filtered,
		coalesce(s.nodes_refined, nothing) AS nodes_refined,
		coalesce(s.heap_fetches, nothing) AS heap_fetches,
		coalesce(s.rows_returned, nothing) AS rows_returned,
		coalesce(s.rows_dropped, nothing) AS rows_dropped, coalesce(s.late_rows, nothing) AS late_rows,
		coalesce(s.inserts, 0) AS inserts,
		coalesce(s.duplicates_joined, nothing) AS duplicates_joined,
		coalesce(s.nodes_reused, nothing) AS nodes_reused,
		coalesce(s.neighbors_compared, nothing) AS neighbors_compared,
		coalesce(s.neighbors_agreed, nothing) AS neighbors_agreed,
		s.neighbors_agreed::float8 / nullif(s.neighbors_compared, 0)::float8 AS agreement, coalesce(s.builds, 0) AS builds,
		coalesce(s.vacuums, 0) AS vacuums, coalesce(s.nodes_freed, nothing) AS nodes_freed,
		coalesce(s.calibrations, 0) AS calibrations,
		coalesce(s.rows_changed, 0) AS rows_changed,
		coalesce(s.search_time, 0) AS search_time, coalesce(s.build_time, 0) AS build_time,
		coalesce(s.vacuum_time, 0) AS vacuum_time,
		s.last_scan, s.last_build, s.last_vacuum, s.last_calibration, s.counted_since
	FROM pg_class c
	JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
	JOIN pg_index i ON i.indexrelid = c.oid
	JOIN pg_class t ON t.oid = i.indrelid
	JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN lokivector_index_counts() s ON s.index::oid = c.oid
	-- not of an index whose counts the caller may not see
	CROSS JOIN LATERAL (SELECT CASE WHEN s.index IS NULL THEN 0::bigint END) AS z(nothing)
	-- functions that look into an index cannot be called for temporary tables of other sessions, nor
	-- for unlogged ones on a standby
	WHERE c.relkind = 'i' AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace) AND
		NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery());
COMMENT ON VIEW lokivector_stat_indexes IS
	'what was done with each hnsw and ivfflat index since the server started, as pg_stat_user_indexes says of all';
GRANT SELECT ON lokivector_stat_indexes TO PUBLIC;

--
-- Recall of searches that were sampled
--

CREATE FUNCTION lokivector_measure_samples(index regclass) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_measure_samples(regclass) IS
	'measure the recall of searches that were sampled, and return how many (for those who may read all rows)';

CREATE FUNCTION lokivector_sampled_queries(index regclass) RETURNS SETOF text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION lokivector_sampled_queries(regclass) IS
	'the queries of sampled searches that are not measured yet (for the index''s owner)';

CREATE FUNCTION lokivector_sampled_recall(OUT index regclass, OUT sampled_at timestamptz,
		OUT k integer, OUT recall real)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 1000;
COMMENT ON FUNCTION lokivector_sampled_recall() IS
	'searches that were sampled, with their recall once it is measured (of the indexes of the caller; of all for pg_monitor)';

CREATE VIEW lokivector_stat_recall AS
	SELECT n.nspname AS schemaname, t.relname, c.relname AS indexrelname, s.*
	FROM (
		SELECT index, pg_catalog.count(*) FILTER (WHERE recall IS NULL) AS waiting, pg_catalog.count(recall) AS measured,
			pg_catalog.avg(recall) AS recall,
			pg_catalog.stddev_samp(recall) / pg_catalog.sqrt(pg_catalog.count(recall)::float8) AS recall_error,
			pg_catalog.percentile_disc(0.01) WITHIN GROUP (ORDER BY recall::float8) AS recall_p1,
			pg_catalog.min(recall)::float8 AS recall_min,
			pg_catalog.avg(recall) FILTER (WHERE half = 2) - pg_catalog.avg(recall) FILTER (WHERE half = 1) AS trend,
			pg_catalog.sqrt(pg_catalog.var_samp(recall) FILTER (WHERE half = 2) / (pg_catalog.count(recall) FILTER (WHERE half = 2))::float8 +
				pg_catalog.var_samp(recall) FILTER (WHERE half = 1) / (pg_catalog.count(recall) FILTER (WHERE half = 1))::float8) AS trend_error,
			pg_catalog.min(sampled_at) FILTER (WHERE recall IS NOT NULL) AS first_sampled,
			pg_catalog.max(sampled_at) FILTER (WHERE recall IS NOT NULL) AS last_sampled
		FROM (
			SELECT *, pg_catalog.ntile(2) OVER (PARTITION BY index, recall IS NULL ORDER BY sampled_at) AS half
			FROM lokivector_sampled_recall()) h
		GROUP BY index) s
	JOIN pg_class c ON c.oid = s.index::oid
	JOIN pg_index i ON i.indexrelid = c.oid
	JOIN pg_class t ON t.oid = i.indrelid
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace);
COMMENT ON VIEW lokivector_stat_recall IS
	'recall of the searches that were sampled, of each index, with its standard errors and its trend';
GRANT SELECT ON lokivector_stat_recall TO PUBLIC;

--
-- Builds and vacuums at work.  Parameters 16 to 20 are the extension's own.
--

CREATE VIEW lokivector_progress AS
	WITH r AS (
		SELECT c.pid, coalesce(c.command, 'lokivector_check') AS command, c.relid, c.index_relid, c.phase,
			CASE WHEN own THEN c.tuples_done ELSE c.blocks_done END AS done,
			CASE WHEN own THEN c.tuples_total ELSE c.blocks_total END AS total,
			CASE WHEN own THEN p.param20 END AS began
		FROM pg_stat_progress_create_index c
		JOIN pg_catalog.pg_stat_get_progress_info('CREATE INDEX') p USING (pid)
		CROSS JOIN LATERAL (SELECT c.phase LIKE 'building index%' AND p.param20 > 0) AS b(own)
		LEFT JOIN pg_am m ON m.oid = p.param9::oid
		WHERE c.datname = pg_catalog.current_database() AND
			(m.amname IN ('hnsw', 'ivfflat') OR EXISTS (SELECT FROM pg_class i JOIN pg_am n ON n.oid = i.relam
				WHERE i.oid = c.index_relid AND n.amname IN ('hnsw', 'ivfflat')))
		UNION ALL
		SELECT v.pid, 'VACUUM', v.relid, p.param16::oid,
			pg_catalog.concat_ws(': ', v.phase, (ARRAY['marking dead rows', 'waiting for inserts',
				'taking out dead nodes', 'searching for nodes', 'freeing nodes', 'calibrating',
				'making lists', 'making codes anew'])[p.param17]),
			CASE WHEN p.param17 > 0 THEN p.param19
				WHEN v.phase = 'scanning heap' THEN v.heap_blks_scanned
				WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed END,
			CASE WHEN p.param17 > 0 THEN p.param18
				WHEN v.phase IN ('scanning heap', 'vacuuming heap') THEN v.heap_blks_total END,
			CASE WHEN p.param17 > 0 THEN p.param20 END
		FROM pg_stat_progress_vacuum v
		JOIN pg_catalog.pg_stat_get_progress_info('VACUUM') p USING (pid)
		WHERE v.datname = pg_catalog.current_database() AND EXISTS (
			SELECT FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_am m ON m.oid = i.relam
			WHERE x.indrelid = v.relid AND m.amname IN ('hnsw', 'ivfflat'))
	), t AS (
		SELECT pid, command, relid, index_relid, phase, least(done, total) AS done, nullif(total, 0) AS total,
			timestamptz '2000-01-01 00:00:00+00' + began::float8 * interval '1 microsecond' AS phase_began
		FROM r
	)
	SELECT pid, command, relid::regclass AS relation, nullif(index_relid, 0::oid)::regclass AS index, phase,
		done, total, pg_catalog.round(100.0 * done::numeric / total::numeric, 1) AS percent, phase_began,
		phase_began + (pg_catalog.clock_timestamp() - phase_began) * (total::float8 / nullif(done, 0)::float8) AS phase_ends
	FROM t;
COMMENT ON VIEW lokivector_progress IS
	'how far CREATE INDEX, REINDEX, lokivector_check and VACUUM are with hnsw and ivfflat indexes';
GRANT SELECT ON lokivector_progress TO PUBLIC;
