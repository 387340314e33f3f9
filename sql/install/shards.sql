-- SPDX-License-Identifier: PostgreSQL
--
-- Partitions on other servers: whether a search finds there what it needs
--

-- The same query asks the catalogs of this server and those of a shard, as foreign tables
-- that last as long as the question.  It needs no rights but those on the server.
CREATE FUNCTION lokivector_check_shards(tab regclass, OUT partition regclass, OUT server name,
		OUT version text, OUT indexes text, OUT fault text)
	RETURNS SETOF record LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	catalogs CONSTANT text[] := ARRAY[
		'extension (extname name, extnamespace oid, extversion text)',
		'namespace (oid oid, nspname name)',
		'class (oid oid, relname name, relnamespace oid)',
		'attribute (attrelid oid, attname name, attnum int2, atttypid oid, atttypmod int4)',
		'type (oid oid, typname name, typtype "char", typbasetype oid, typtypmod int4)',
		'index (indexrelid oid, indrelid oid, indkey int2vector, indclass oidvector, '
			'indisvalid bool, indpred text)',
		'opclass (oid oid, opcname name, opcmethod oid)',
		'am (oid oid, amname name)'];
	-- a column of a domain counts as one of the type below it
	question CONSTANT text := '
		WITH RECURSIVE t AS MATERIALIZED (
			SELECT c.oid FROM %1$sclass c JOIN %1$snamespace n ON n.oid = c.relnamespace
			WHERE n.nspname = $3 AND c.relname = $4
		), names AS (
			SELECT * FROM unnest($5, $6) WITH ORDINALITY u (there, here, place)
		), types AS (
			SELECT here, place, a.atttypid AS type, a.atttypmod AS typmod
			FROM t JOIN %1$sattribute a ON a.attrelid = t.oid JOIN names ON there = a.attname
			UNION ALL
			SELECT here, place, y.typbasetype, y.typtypmod
			FROM types JOIN %1$stype y ON y.oid = type WHERE y.typtype = ''d''
		)
		SELECT to_jsonb(facts) FROM (SELECT
			(SELECT e.extversion FROM %1$sextension e JOIN %1$snamespace n ON n.oid = e.extnamespace
				WHERE e.extname = $1 AND n.nspname = $2) AS version,
			EXISTS (SELECT FROM t) AS is_there,
			ARRAY(SELECT format(''%%s %%s'', here, y.typname) ||
					CASE WHEN typmod > 0 THEN format(''(%%s)'', typmod) ELSE '''' END
				FROM types JOIN %1$stype y ON y.oid = type
				WHERE y.typtype <> ''d'' ORDER BY place) AS columns,
			ARRAY(SELECT DISTINCT format(''%%s %%s'', coalesce(here, a.attname, k.attname), o.opcname)
				FROM t JOIN %1$sindex x ON x.indrelid = t.oid
				JOIN %1$sopclass o ON o.oid = x.indclass[0]
				JOIN %1$sam m ON m.oid = o.opcmethod
				JOIN %1$sattribute k ON k.attrelid = x.indexrelid AND k.attnum = 1
				LEFT JOIN %1$sattribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
				LEFT JOIN names ON there = a.attname
				WHERE m.amname IN (''hnsw'', ''ivfflat'') AND x.indisvalid AND x.indpred IS NULL
				ORDER BY 1) AS indexes) AS facts';
	own record;					-- the extension here
	vectors text[];				-- the columns of its types
	wanted text[];				-- ... with types
	shard record;
	facts jsonb;				-- the answer to the question
	answers jsonb := '[]';
	definition text;
	detail text;
BEGIN
	SELECT e.oid, e.extname, e.extversion, n.nspname INTO own
	FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
	JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
	JOIN pg_am m ON d.classid = 'pg_am'::regclass AND d.objid = m.oid AND m.amname = 'hnsw'
	WHERE d.deptype = 'e';

	WITH RECURSIVE types AS (
		SELECT attname, atttypid AS type, atttypmod AS typmod FROM pg_attribute
		WHERE attrelid = tab AND attnum > 0 AND NOT attisdropped
		UNION ALL
		SELECT attname, y.typbasetype, y.typtypmod
		FROM types JOIN pg_type y ON y.oid = type WHERE y.typtype = 'd'
	)
	SELECT coalesce(array_agg(attname::text ORDER BY attname), '{}'),
		coalesce(array_agg(attname || ' ' || y.typname ||
			CASE WHEN typmod > 0 THEN format('(%s)', typmod) ELSE '' END ORDER BY attname), '{}')
	INTO vectors, wanted
	FROM types JOIN pg_type y ON y.oid = type
	JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.deptype = 'e' AND
		d.objid = CASE y.typcategory WHEN 'A' THEN y.typelem ELSE y.oid END
	WHERE y.typtype <> 'd' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = own.oid;

	FOR shard IN
		SELECT c.oid::regclass AS partition, s.srvname, w.fdwname, n.nspname, c.relname,
			(SELECT option_value FROM pg_options_to_table(s.srvoptions)
				WHERE option_name = 'extensions') AS extensions,
			(SELECT max(option_value) FROM pg_options_to_table(f.ftoptions)
				WHERE option_name = 'schema_name') AS schema_there,
			(SELECT max(option_value) FROM pg_options_to_table(f.ftoptions)
				WHERE option_name = 'table_name') AS name_there,
			ARRAY(SELECT coalesce((SELECT option_value FROM pg_options_to_table(a.attfdwoptions)
					WHERE option_name = 'column_name'), a.attname)
				FROM unnest(vectors) v JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = v
				ORDER BY a.attname) AS vectors_there,
			-- as text, since no row is read
			(SELECT string_agg(format('c%s text OPTIONS (column_name %L)', a.attnum,
					coalesce((SELECT option_value FROM pg_options_to_table(a.attfdwoptions)
						WHERE option_name = 'column_name'), a.attname)), ', ') FROM pg_attribute a
				WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND
					a.attname <> ALL (vectors)) AS others
		FROM (SELECT relid FROM pg_partition_tree(tab) WHERE isleaf
			UNION SELECT tab) p
		JOIN pg_class c ON c.oid = p.relid AND c.relkind IN ('r', 'f')
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
		LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
		LEFT JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
		ORDER BY n.nspname, c.relname
	LOOP
		fault := NULL;
		facts := NULL;
		IF shard.srvname IS NULL THEN
			EXECUTE format(question, 'pg_catalog.pg_') INTO facts USING own.extname, own.nspname,
				shard.nspname, shard.relname, vectors, vectors;
		ELSIF shard.fdwname <> 'postgres_fdw' THEN
			fault := format('its server is one of %s, not of postgres_fdw', shard.fdwname);
		ELSE
			BEGIN
				FOREACH definition IN ARRAY catalogs LOOP
					EXECUTE format('CREATE FOREIGN TABLE pg_temp.lokivector_shard_%s
						SERVER %I OPTIONS (schema_name ''pg_catalog'', table_name %L)',
						definition, shard.srvname, 'pg_' || split_part(definition, ' ', 1));
				END LOOP;
				EXECUTE format(question, 'pg_temp.lokivector_shard_') INTO facts
				USING own.extname, own.nspname, coalesce(shard.schema_there, shard.nspname),
					coalesce(shard.name_there, shard.relname), shard.vectors_there, vectors;
				IF (facts ->> 'is_there')::boolean AND has_table_privilege(shard.partition, 'SELECT') THEN
					-- It may be read, and has the other columns.  Asked by a table of our own, as the
					-- planner runs code of the partition's owner: statistics, constraints
					EXECUTE format('CREATE FOREIGN TABLE pg_temp.lokivector_shard_rows (%s)
						SERVER %I OPTIONS (schema_name %L, table_name %L)',
						CASE WHEN facts -> 'columns' = to_jsonb(wanted) THEN shard.others END,
						shard.srvname, coalesce(shard.schema_there, shard.nspname),
						coalesce(shard.name_there, shard.relname));
					EXECUTE 'SELECT * FROM pg_temp.lokivector_shard_rows LIMIT 0';
				END IF;
				-- the foreign tables go with the subtransaction
				RAISE SQLSTATE 'LVOK0';
			EXCEPTION
				WHEN SQLSTATE 'LVOK0' THEN NULL;
				WHEN OTHERS THEN
					GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
					fault := concat_ws(': ', SQLERRM, nullif(detail, ''));
			END;
		END IF;
		answers := answers || jsonb_build_array(coalesce(facts, '{}') || jsonb_build_object(
			'place', jsonb_array_length(answers), 'partition', shard.partition::oid,
			'server', shard.srvname, 'fault', fault, 'sent', shard.srvname IS NULL OR
				own.extname = ANY (regexp_split_to_array(shard.extensions, '\s*,\s*'))));
	END LOOP;

	RETURN QUERY
	WITH answer AS (
		SELECT * FROM jsonb_to_recordset(answers) a (place integer, partition oid, server name, version text,
			is_there boolean, columns text[], indexes text[], fault text, sent boolean)
	), needed AS (
		SELECT DISTINCT i FROM answer a, unnest(a.indexes) i
	)
	SELECT a.partition::regclass, a.server, a.version, array_to_string(a.indexes, ', '),
		CASE WHEN a.fault IS NOT NULL THEN a.fault
			ELSE nullif(concat_ws('; ',
				CASE WHEN a.version IS NULL THEN
					format('no extension %s in schema %s', own.extname, own.nspname)
				WHEN split_part(a.version, '.', 1) <> split_part(own.extversion, '.', 1) THEN
					format('version %s, and %s here', a.version, own.extversion) END,
				CASE WHEN a.sent IS NOT TRUE THEN
					format('the option extensions of the server does not name %s', own.extname) END,
				CASE WHEN NOT a.is_there THEN 'no such table'
				WHEN a.columns <> wanted THEN format('%s in place of %s',
					coalesce(nullif(array_to_string(a.columns, ', '), ''), 'no column'),
					array_to_string(wanted, ', ')) END,
				CASE WHEN a.is_there THEN
					(SELECT 'no index on ' || string_agg(n.i, ', ' ORDER BY n.i) FROM (
						SELECT i FROM needed UNION ALL
						SELECT v FROM unnest(vectors) v
						WHERE NOT EXISTS (SELECT FROM needed WHERE starts_with(i, v || ' '))) n
					WHERE n.i <> ALL (a.indexes)) END), '') END
	FROM answer a ORDER BY a.place;
END;
$$;
COMMENT ON FUNCTION lokivector_check_shards(regclass) IS
	'whether the servers of a table''s partitions have what searches need: the extension, columns and indexes (for everyone who may use these servers and make temporary tables)';
