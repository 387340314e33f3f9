-- SPDX-License-Identifier: PostgreSQL
--
-- What to change, and why: rules over what the functions above and the server's catalogs tell.
-- Statements are for another session, whose path is its own, so every name has its schema.
--

CREATE FUNCTION lokivector_advice(index regclass, OUT about text, OUT advice text)
	RETURNS SETOF record LANGUAGE sql VOLATILE PARALLEL RESTRICTED ROWS 3 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH refused AS MATERIALIZED (
		-- an index that the functions above refuse to look into for the caller
		SELECT relname FROM pg_class WHERE oid = lokivector_advice.index::oid AND relkind = 'i' AND
			NOT pg_catalog.pg_has_role(relowner, 'USAGE') AND NOT pg_catalog.pg_has_role('pg_monitor', 'USAGE')
	), invalid AS MATERIALIZED (
		-- everyone sees the processes that build, and their locks; not everyone sees which index.
		-- A build locks its index, but not while CREATE INDEX CONCURRENTLY waits for transactions;
		-- one on the same table may look at its other indexes
		SELECT relname, indexrelid, indisready, EXISTS (
			SELECT FROM pg_catalog.pg_stat_progress_create_index p JOIN pg_catalog.pg_locks l USING (pid)
			WHERE p.datname = pg_catalog.current_database() AND
				(l.relation = indexrelid AND l.mode <> 'AccessShareLock' OR
				l.relation = indrelid AND l.mode = 'ShareUpdateExclusiveLock' AND
				coalesce(nullif(p.index_relid, 0::oid), indexrelid) = indexrelid)) AS running
		FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
		WHERE indexrelid = lokivector_advice.index::oid AND NOT indisvalid AND NOT EXISTS (SELECT FROM refused)
	), relaxed AS MATERIALIZED (
		-- a column that has lost the dimensions which its index needs, and maybe cannot be used without
		SELECT a.attname, coalesce(pg_catalog.pg_partition_root(x.indrelid), x.indrelid::regclass) AS altered,
			coalesce(e.oid, t.oid)::pg_catalog.regtype AS type, CASE WHEN e.oid IS NOT NULL THEN '[]' END AS brackets,
			a.attinhcount > 0 AND NOT r.relispartition OR r.reloftype <> 0::oid AS elsewhere,
			t.typname NOT IN ('vector', 'halfvec', 'bytevec') AS closed
		FROM pg_index x
		JOIN pg_class c ON c.oid = x.indexrelid
		JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
		JOIN pg_class r ON r.oid = x.indrelid
		JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
		CROSS JOIN LATERAL (
			-- the type below domains
			WITH RECURSIVE below AS (
				SELECT a.atttypid AS type, a.atttypmod AS typmod
				UNION ALL
				SELECT d.typbasetype, d.typtypmod FROM below JOIN pg_type d ON d.oid = below.type AND d.typtype = 'd')
			SELECT below.typmod, b.* FROM below JOIN pg_type b ON b.oid = below.type AND b.typtype = 'b') t
		LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
		WHERE x.indexrelid = lokivector_advice.index::oid AND t.typmod < 0 AND t.oid <> 'pg_catalog.tsvector'::pg_catalog.regtype::oid AND c.relkind = 'i' AND
			NOT EXISTS (SELECT FROM refused)
	), begun AS MATERIALIZED (
		-- a build that failed early has left no pages to look at; one that runs is not to be judged
		SELECT lokivector_advice.index AS oid
		WHERE NOT EXISTS (SELECT FROM refused) AND
			NOT EXISTS (SELECT FROM invalid WHERE running OR NOT indisready) AND
			NOT EXISTS (SELECT FROM relaxed WHERE closed)
	), info AS MATERIALIZED (
		SELECT begun.oid, f.* FROM begun, lokivector_index_info(begun.oid) f
	), facts AS (
		SELECT info.*, c.reloptions, x.indisvalid, x.indrelid, t.reltuples,
			s.scans, s.heap_fetches, s.rows_returned, s.rows_dropped,
			w.ef_search AS ef, w.target_recall AS target, w.recall AS at_ef,
			EXISTS (SELECT FROM pg_am m WHERE m.oid = c.relam AND m.amname = 'ivfflat') AS ivfflat,
			-- codes of sketches, which lokivector_calibrate() alone measures, by rows
			(SELECT t.typcategory = 'A'
				FROM pg_opclass o JOIN pg_type t ON t.oid = o.opcintype
				WHERE o.oid = x.indclass[0]) AS sketched,
			pg_catalog.pg_size_bytes(pg_catalog.current_setting('shared_buffers')) AS shared_buffers
		FROM info
		CROSS JOIN LATERAL lokivector_search_width(info.oid, 10) w
		JOIN pg_class c ON c.oid = info.oid::oid
		JOIN pg_index x ON x.indexrelid = c.oid
		JOIN pg_class t ON t.oid = x.indrelid
		LEFT JOIN lokivector_stat_indexes s ON s.index::oid = c.oid
	), i AS MATERIALIZED (
		-- coarse: codes that do not tell which rows are nearest, so that searches read more rows;
		-- waits: vacuum does not calibrate sketches, and calls no function that is not written in C
		SELECT *, 'lokivector_calibrate(regclass)'::pg_catalog.regprocedure::pg_catalog.regproc AS calibrate,
			sketched OR coalesce(code_dimensions < dimensions, false) OR
			code NOT IN ('bits', 'lists') AND greatest(bits, refine_bits) < 4 AS coarse,
			sketched OR EXISTS (SELECT FROM pg_depend d JOIN pg_proc p ON p.oid = d.refobjid
				JOIN pg_language l ON l.oid = p.prolang
				WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = facts.oid::oid
				AND d.refclassid = 'pg_proc'::regclass::oid AND l.lanname NOT IN ('internal', 'c')) AS waits
		FROM facts
	), parts AS MATERIALIZED (
		SELECT f.* FROM begun, lokivector_index_slot_arrays(begun.oid) f
	), hot AS (
		SELECT pg_catalog.sum(bytes)::bigint AS bytes FROM parts WHERE slot_array IN ('code', 'link', 'upper', 'tid')
	), brief AS (
		-- a sorted list has a separator for each 64 nodes; long ones have 1-bit sketches
		SELECT coalesce((SELECT option_value::boolean FROM pg_catalog.pg_options_to_table(i.reloptions)
				WHERE option_name = 'brief_codes'), true) AS wanted,
			coalesce((SELECT pg_catalog.bool_or(b.slots > 0) FROM parts b WHERE b.slot_array = 'brief'), false) AS present,
			EXISTS (SELECT FROM parts b JOIN parts s USING (attribute) WHERE b.slot_array = 'brief' AND b.slots = 0 AND
				s.slot_array = 'separator' AND s.slots > 1024 / 64) AS missing
		FROM i
	), widths AS (
		SELECT pg_catalog.max(recall_10) AS best FROM i, lokivector_calibration(i.oid)
	), aged AS (
		-- whether a rebuild would make more local centers, of which there is one for 64 rows, as many as fit 1 MB
		SELECT i.crowded > 0.06::float8 AND more > 2 * centers AS crowded,
			centers > 0 AND more > centers AND live > 64 * 64 * centers AS grown
		FROM i CROSS JOIN LATERAL (SELECT CASE
			WHEN code = 'rotated' AND profile = 'balanced' AND bits < 8 AND NOT sketched AND NOT EXISTS
				(SELECT FROM pg_catalog.pg_options_to_table(i.reloptions) WHERE option_name = 'centers')
			THEN least(255, live / 64, 262144 / code_dimensions) ELSE 0 END AS more) m
	), options AS (
		SELECT o.option_name, o.option_value FROM i, pg_catalog.pg_options_to_table(i.reloptions) o
	), wanted AS (
		-- a rebuild takes defaults for what is not set
		SELECT coalesce(pg_catalog.max(number) FILTER (WHERE option_name = 'm'),
				CASE WHEN pg_catalog.bool_or(option_value = 'compact') THEN 8 ELSE 16 END) AS m,
			coalesce(pg_catalog.max(number) FILTER (WHERE option_name = 'ef_construction'), 64) AS ef_construction,
			coalesce(pg_catalog.max(option_value) FILTER (WHERE option_name = 'profile'), 'balanced') AS profile
		FROM (SELECT option_name, option_value, CASE WHEN option_value ~ '^\d+$' THEN option_value::integer END AS number
			FROM options) o
	), built AS (
		SELECT option_name, option_value,
			-- posting lists have no graph
			CASE option_name WHEN 'm' THEN CASE WHEN code <> 'lists' THEN i.m::text END
				WHEN 'profile' THEN CASE WHEN code <> 'lists' THEN i.profile END
				WHEN 'bits' THEN CASE code WHEN 'rotated' THEN i.bits::text END
				-- no more bits than the code has are none
				WHEN 'refine_bits' THEN CASE WHEN code = 'rotated' AND NOT (i.refine_bits = 0 AND
						CASE WHEN option_value ~ '^\d+$' THEN option_value::integer <= i.bits ELSE false END)
					THEN i.refine_bits::text END
				WHEN 'centers' THEN i.centers::text END AS kept
		FROM i, (SELECT 'm' AS option_name, m::text AS option_value FROM wanted
			UNION ALL SELECT 'profile', profile FROM wanted
			UNION ALL SELECT option_name, option_value FROM options WHERE option_name IN ('bits', 'refine_bits')
			-- other numbers are upper limits
			UNION ALL SELECT option_name, option_value FROM options WHERE option_name = 'centers' AND option_value = '0') o
	), sized AS MATERIALIZED (
		-- an index of one of several sizes, as its predicate says
		SELECT x.*, t.relname, n.nspname, part[1] AS dims
		FROM begun JOIN pg_index x ON x.indexrelid = begun.oid::oid
		JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
		CROSS JOIN LATERAL pg_catalog.regexp_match(pg_catalog.pg_get_expr(x.indpred, x.indrelid),
			'^\((\S*vector_dims\(.*\)) = (\d+)\)$') AS m(part)
		WHERE part IS NOT NULL
	), unsized AS MATERIALIZED (
		-- ... of which the statistics have others
		SELECT sized.*, size
		FROM sized JOIN pg_stats_ext_exprs e ON e.schemaname = nspname AND e.tablename = relname AND e.expr = dims
		CROSS JOIN LATERAL pg_catalog.unnest(CASE WHEN e.expr = dims THEN e.most_common_vals::text::integer[] END) AS v(size)
		WHERE NOT EXISTS (SELECT FROM pg_index o WHERE o.indrelid = sized.indrelid AND o.indclass[0] = sized.indclass[0] AND
			pg_catalog.pg_get_expr(o.indpred, o.indrelid) = pg_catalog.format('(%s = %s)', dims, size))
	), said (about, advice) AS MATERIALIZED (
	SELECT 'rights', pg_catalog.format('The index was not looked into: the caller must be owner of index %s or have privileges of pg_monitor.', relname)
	FROM refused
	UNION ALL
	SELECT 'valid', pg_catalog.format(CASE WHEN running
		THEN 'No query can use the index yet. A build is running on its table: wait until pg_stat_progress_create_index no longer shows it.'
		WHEN relname::text ~ '_cc(new|old)[0-9]*$'
		THEN 'No query can use the index, which a REINDEX CONCURRENTLY left that did not come to an end. Run DROP INDEX CONCURRENTLY %s.'
		ELSE 'No query can use the index, because its build did not come to an end. Run REINDEX INDEX CONCURRENTLY %s, or drop it.'
		END, indexrelid::regclass)
	FROM invalid
	UNION ALL
	SELECT 'parameters', pg_catalog.format('%s = %s holds after REINDEX; the index was built with %s.',
		option_name, option_value, kept)
	FROM built WHERE option_value <> kept AND option_value <> 'auto'
	UNION ALL
	SELECT 'parameters', pg_catalog.format('brief_codes = %s holds from the next VACUUM on%s.', CASE WHEN wanted THEN 'on' ELSE 'off' END,
		CASE WHEN wanted THEN ', if maintenance_work_mem has room for them' END)
	FROM brief WHERE CASE WHEN wanted THEN missing ELSE present END
	UNION ALL
	SELECT 'parameters', pg_catalog.format('REINDEX fails, because ef_construction is less than twice m. Set ef_construction to %s or more, or m to %s or less.',
		2 * m, ef_construction / 2)
	FROM wanted WHERE ef_construction < 2 * m
	UNION ALL
	SELECT 'dimensions', pg_catalog.format('Column %1$s has no dimensions, so ' ||
			CASE WHEN closed THEN 'all that uses the index fails.' ELSE 'REINDEX, TRUNCATE, VACUUM FULL and a restored dump fail.' END ||
			CASE WHEN elsewhere THEN ' Give it the type %3$s(%4$s)%5$s in the table that it is inherited from, or in the type that its table is of.'
			ELSE ' Run ALTER TABLE %2$s ALTER COLUMN %1$s TYPE %3$s(%4$s)%5$s, in one command for all such columns of the table.' END,
		pg_catalog.quote_ident(attname), altered, type, coalesce(info.dimensions::text, 'n'), brackets)
	FROM relaxed LEFT JOIN info ON true
	UNION ALL
	SELECT 'sizes', pg_catalog.format('Vectors of %7$s dimensions have no such index. Run CREATE INDEX CONCURRENTLY ON %1$s USING hnsw (%2$s %3$s%4$s)%5$s WHERE %6$s OPERATOR(pg_catalog.=) %7$s.',
		indrelid::regclass,
		pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(indexrelid, 1, false), '\(\d+\)\)$', pg_catalog.format('(%s))', size)),
		(SELECT pg_catalog.format('%I.%I', n.nspname, o.opcname) FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace
			WHERE o.oid = indclass[0]),
		(SELECT pg_catalog.string_agg(', ' || pg_catalog.pg_get_indexdef(indexrelid, k, false), '' ORDER BY k)
			FROM pg_catalog.generate_series(2, indnkeyatts::integer) k),
		(SELECT ' WITH (' || pg_catalog.string_agg(pg_catalog.format('%I = %L', option_name, option_value), ', ') || ')' FROM options),
		dims, size)
	FROM unsized
	UNION ALL
	SELECT 'sizes', pg_catalog.format('The planner does not know which sizes the column has. Run CREATE STATISTICS %I.%I ON (%s) FROM %s, then ANALYZE.',
		nspname, relname::text || '_sizes', dims, indrelid::regclass)
	FROM sized WHERE NOT EXISTS (SELECT FROM pg_statistic_ext e
		WHERE e.stxrelid = indrelid AND dims = ANY (pg_catalog.pg_get_statisticsobjdef_expressions(e.oid)))
	UNION ALL
	SELECT 'vacuum', pg_catalog.format('%s of %s nodes belong to dead rows, which searches pass through. Run VACUUM %s, or have autovacuum come more often.',
		killed + dead, nodes, indrelid::regclass)
	FROM i WHERE killed + dead > greatest(1000, nodes / 5)
	UNION ALL
	SELECT 'size', pg_catalog.format('%s of %s nodes are free. New rows will use them; if none are to come, REINDEX INDEX CONCURRENTLY %s makes the index smaller.',
		free, nodes, oid::regclass)
	-- of info itself, so that it is read in any case: it refuses what is no index of ours
	FROM info WHERE free > greatest(1000, nodes / 2)
	UNION ALL
	SELECT 'lists', pg_catalog.format('%s nodes are not up to date in the sorted lists and the row map. Run VACUUM %s; if that does not help, with a larger maintenance_work_mem.',
		unlisted_nodes, indrelid::regclass)
	FROM i WHERE unlisted_nodes > greatest(10000, nodes / 5) AND code <> 'lists'
	UNION ALL
	-- inserts make lists, but those that have no memory, are not in time, or would have to call functions that are not written in C
	SELECT 'lists', pg_catalog.format('%s of %s rows are in no posting list, and each search reads them one by one. Run ' || CASE WHEN waits
			THEN 'REINDEX INDEX CONCURRENTLY %4$s.'
			ELSE 'VACUUM %3$s; if that does not help, raise maintenance_work_mem.' END,
		unlisted_nodes, nodes, indrelid::regclass, oid::regclass)
	FROM i WHERE unlisted_nodes > greatest(1000, nodes / CASE WHEN waits THEN 20 ELSE 2 END) AND code = 'lists'
	UNION ALL
	SELECT 'calibration', pg_catalog.format('The index has not measured its recall, so target_recall has no effect. Run VACUUM %s, or SELECT %s(%L::pg_catalog.regclass).',
		indrelid::regclass, calibrate, oid::regclass)
	-- while it is pending there is no graph, and searches are exact
	FROM i WHERE coalesce(calibrated_nodes, 0) = 0 AND live >= 1000 AND pending = 0 AND NOT waits AND code <> 'lists'
	UNION ALL
	SELECT 'calibration', pg_catalog.format(CASE WHEN calibrated_nodes > 0 THEN 'The index has changed by much since it measured its recall, which target_recall goes by.'
			ELSE 'The index has not measured its recall, so target_recall has no effect.' END ||
			' Run SELECT %s(%L::pg_catalog.regclass)' || CASE WHEN sketched THEN ', with queries like those of its users.' ELSE '.' END,
		calibrate, oid::regclass)
	FROM i WHERE waits AND live >= 1000 AND pending = 0 AND code <> 'lists' AND (target > 0::float8 AND calibrated_nodes IS NULL OR
		greatest(pg_catalog.abs(live - calibrated_nodes), changed_nodes) > calibrated_nodes / 5)
	UNION ALL
	SELECT 'recall', CASE WHEN aged.crowded THEN
			pg_catalog.format('%s of the rows lie in crowds, whose rows the codes do not tell apart: most came after the codes were made. VACUUM makes codes anew, if they fit maintenance_work_mem and it has not done so for a fourth of the nodes or more; otherwise run REINDEX INDEX CONCURRENTLY %s.',
				pg_catalog.round(i.crowded::numeric, 2), i.oid::regclass)
		WHEN grown THEN
			pg_catalog.format('The index has grown to %s nodes since its codes got their %s local centers. Run REINDEX INDEX CONCURRENTLY %s, which makes more.',
				live, centers, i.oid::regclass)
		ELSE pg_catalog.format('The widest search that was measured finds %s of the nearest ten. Build with more bits, or with larger m and ef_construction.',
			pg_catalog.round(best::numeric, 3)) END
	FROM i, aged, widths WHERE aged.crowded OR grown OR best < 0.95::float8 AND NOT sketched
	UNION ALL
	SELECT 'recall', pg_catalog.format('Of %s sampled searches, the worst hundredth found %s of their rows. Set target_recall or ef_search; if that does not help, REINDEX INDEX CONCURRENTLY %s.',
		measured, pg_catalog.round(recall_p1::numeric, 2), s.index)
	FROM lokivector_stat_recall s
	WHERE s.index::oid = lokivector_advice.index::oid AND measured >= 100 AND recall_p1 < 0.5::float8
	UNION ALL
	SELECT 'recall', pg_catalog.format('Of %s sampled searches, the mean found %s of their rows; target_recall is %s. If queries differ from the rows, run SELECT %s(%L::pg_catalog.regclass, queries) with some of them.',
		measured, pg_catalog.round(s.recall::numeric, 3), target, calibrate, i.oid::regclass)
	FROM i JOIN lokivector_stat_recall s ON s.index::oid = i.oid::oid
	WHERE measured >= 100 AND s.recall + 2::float8 * s.recall_error < target - 0.01::float8
	UNION ALL
	SELECT 'width', pg_catalog.format('With %s the index has measured %s of the nearest ten, for queries like the rows. Searches may find more: lokivector_recall() tells. Set %s.',
		CASE WHEN ivfflat THEN 'ivfflat.probes = ' || pg_catalog.current_setting('ivfflat.probes') ELSE 'ef_search = ' || ef::text END,
		pg_catalog.round(at_ef::numeric, 3),
		CASE WHEN ivfflat THEN 'lokivector.target_recall or ivfflat.probes'
			ELSE 'target_recall or ef_search, for the index or for the session' END)
	FROM i, widths WHERE i.at_ef < 0.9::float8 AND best >= 0.95::float8 AND target = 0::float8
	UNION ALL
	SELECT 'shared_buffers', pg_catalog.format('Searches touch %s of the index at random, and shared_buffers is %s. Make it larger, or build with profile = compact.',
		pg_catalog.pg_size_pretty(hot.bytes), pg_catalog.pg_size_pretty(shared_buffers))
	FROM i, hot WHERE hot.bytes > shared_buffers / 5 * 4
	UNION ALL
	SELECT 'filters', pg_catalog.format('Searches read %s rows for each that they return. ' ||
		'Add the columns of their conditions to the index as attributes.', heap_fetches / rows_returned)
	FROM i WHERE scans >= 10 AND heap_fetches > 20 * rows_returned AND rows_returned > 0 AND rows_dropped > heap_fetches / 2 AND NOT coarse
	UNION ALL
	SELECT 'statistics', pg_catalog.format('The planner knows nothing of the table''s values. Run ANALYZE %s.', indrelid::regclass)
	-- pg_stats hides tables from those who may not read them, and a crash or a restore forgets the times
	FROM i WHERE live >= 1000 AND pg_catalog.pg_stat_get_last_analyze_time(indrelid) IS NULL AND
		pg_catalog.pg_stat_get_last_autoanalyze_time(indrelid) IS NULL AND NOT pg_catalog.pg_is_in_recovery() AND
		pg_catalog.has_table_privilege(indrelid, 'SELECT') AND NOT pg_catalog.row_security_active(indrelid) AND
		NOT EXISTS (SELECT FROM pg_stats p JOIN pg_namespace n ON n.nspname = p.schemaname
			JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = p.tablename WHERE t.oid = indrelid)
	)
	SELECT about, advice FROM said
	UNION ALL
	SELECT 'maintenance_work_mem', pg_catalog.format('A rebuild of the index in memory takes %s, and maintenance_work_mem is %s. Set it higher before you rebuild the index, or the build takes longer.',
		pg_catalog.pg_size_pretty(m.bytes), pg_catalog.pg_size_pretty(m.setting))
	FROM begun, LATERAL (SELECT lokivector_build_memory(begun.oid) AS bytes,
		pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) AS setting) m
	WHERE m.bytes > m.setting AND EXISTS (SELECT FROM said WHERE said.about IN ('valid', 'parameters', 'size', 'recall'));
END;
COMMENT ON FUNCTION lokivector_advice(regclass) IS
	'what to change about an hnsw index, and why; no rows if nothing (for its owner and pg_monitor; a row says so to others)';

-- Of all indexes: an error, as of a damaged index, is a row, and the others have theirs.  Each index has a
-- subtransaction, which is always rolled back, so that no lock is left; rows that were returned in it stay.
-- What another session has locked is not waited for, or not for long, if it has come to lock it since.
CREATE FUNCTION lokivector_advice_all(OUT index regclass, OUT about text, OUT advice text)
	RETURNS SETOF record LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, pg_temp SET lock_timeout = '1ms'
AS $$
DECLARE
	own CONSTANT name := (SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname IN ('lokivector', 'vector'));
	i record;
BEGIN
	FOR i IN EXECUTE format('SELECT s.*, EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
				WHERE datname = current_database() AND relation IN (indexrelid, indrelid) AND mode = ''AccessExclusiveLock'' AND pid <> pg_backend_pid()) AS is_locked
			FROM %I.lokivector_stat_indexes s JOIN pg_index ON indexrelid = s.index::oid ORDER BY indexrelid', own) LOOP
		index := i.index;
		BEGIN
			IF i.is_locked THEN
				RAISE lock_not_available;
			END IF;
			RETURN QUERY EXECUTE format('SELECT $1, a.* FROM %I.lokivector_advice($1) a', own) USING index;
			RAISE SQLSTATE 'LK000';
		EXCEPTION
			WHEN SQLSTATE 'LK000' THEN
				CONTINUE;
			WHEN lock_not_available THEN
				about := 'locked';
				advice := 'Another session has locked the index or its table: look again.';
			WHEN OTHERS THEN
				about := 'error';
				advice := format('%s. REINDEX INDEX CONCURRENTLY %I.%I rebuilds the index.', SQLERRM, i.schemaname, i.indexrelname);
		END;
		-- it may be gone
		IF EXISTS (SELECT FROM pg_class WHERE oid = index::oid) THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION lokivector_advice_all() IS
	'what to change about each hnsw index, and why; of one that cannot be read, its error (for its owner and pg_monitor; a row says so to others)';

-- The same of recall.  Searches for words are exact, and rows are no queries of them.
CREATE FUNCTION lokivector_recall_all(queries integer DEFAULT 100, k integer DEFAULT 10,
		OUT index regclass, OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision, OUT error text)
	RETURNS SETOF record LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE ROWS 100
	SET search_path = pg_catalog, pg_temp SET lock_timeout = '1ms'
AS $$
DECLARE
	own CONSTANT name := (SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname IN ('lokivector', 'vector'));
	is_locked boolean;
BEGIN
	FOR index, is_locked IN EXECUTE format('SELECT index, EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
				WHERE datname = current_database() AND relation IN (indexrelid, indrelid) AND mode = ''AccessExclusiveLock'' AND pid <> pg_backend_pid())
			FROM %I.lokivector_stat_indexes s JOIN pg_index ON indexrelid = index::oid JOIN pg_attribute ON attrelid = indexrelid AND attnum = 1
			WHERE indisvalid AND atttypid <> ''tsvector''::regtype AND has_table_privilege(indrelid, ''SELECT'') AND NOT row_security_active(indrelid)
			ORDER BY indexrelid', own) LOOP
		BEGIN
			IF is_locked THEN
				RAISE lock_not_available;
			END IF;
			RETURN QUERY EXECUTE format('SELECT $1, r.*, NULL::text FROM %I.lokivector_recall($1, $2, $3) r', own) USING index, queries, k;
			RAISE SQLSTATE 'LK000';
		EXCEPTION
			WHEN SQLSTATE 'LK000' THEN
				CONTINUE;
			WHEN lock_not_available THEN
				error := 'locked by another session, look again';
			WHEN OTHERS THEN
				error := SQLERRM;
		END;
		-- it may be gone
		IF EXISTS (SELECT FROM pg_class WHERE oid = index::oid) THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END;
$$;
COMMENT ON FUNCTION lokivector_recall_all(integer, integer) IS
	'recall of each valid hnsw index of vectors whose table the caller may read, for rows of the table as queries; of one that cannot be measured, the error';
