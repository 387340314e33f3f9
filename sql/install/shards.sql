-- SPDX-License-Identifier: PostgreSQL
--
-- Partitions on other servers: whether a search finds there what it needs
--

-- The same query asks the catalogs of this server and those of a shard, as foreign tables
-- that last as long as the question.  It needs no rights but those on the server.  Nothing
-- else is read there: the planner of any query of a table or view runs its owner's code, as
-- the role of the user mapping.  enabled_roles has the roles whose rights that one has.
CREATE FUNCTION lokivector_check_shards(tab regclass, OUT partition regclass, OUT server name,
		OUT version text, OUT indexes text, OUT fault text)
	RETURNS SETOF record LANGUAGE plpgsql STRICT VOLATILE PARALLEL UNSAFE ROWS 10
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	catalogs CONSTANT text[] := ARRAY[
		'pg_extension (extname name, extnamespace oid, extversion text)',
		'pg_namespace (oid oid, nspname name, nspowner oid, nspacl text[])',
		'pg_class (oid oid, relname name, relnamespace oid, relowner oid, relacl text[])',
		'pg_attribute (attrelid oid, attname name, attnum int2, atttypid oid, atttypmod int4, attacl text[])',
		'pg_type (oid oid, typname name, typtype "char", typbasetype oid, typtypmod int4)',
		'pg_index (indexrelid oid, indrelid oid, indkey int2vector, indclass oidvector, indisvalid bool, indpred text)',
		'pg_opclass (oid oid, opcname name, opcmethod oid)', 'pg_am (oid oid, amname name)',
		'pg_roles (oid oid, rolname name)', 'enabled_roles (role_name name)'];
	-- A column of a domain counts as one of the type below it.  An item of an ACL is
	-- GRANTEE=PRIVILEGES/GRANTOR.  Of what is granted, 0 is the table, and -1 its schema
	question CONSTANT text := $question$
		WITH RECURSIVE t AS MATERIALIZED (
			SELECT c.oid, relacl::text[], relowner, nspacl::text[], nspowner
			FROM %1$spg_class c JOIN %1$spg_namespace n ON n.oid = relnamespace
			WHERE nspname = $3 AND relname = $4
		), names AS (
			SELECT here, attnum, atttypid, atttypmod, attacl::text[]
			FROM unnest($5, $6) u (there, here)
			LEFT JOIN (t JOIN %1$spg_attribute a ON attrelid = t.oid) ON attname = there
		), types AS (
			SELECT here, atttypid AS type, atttypmod AS typmod FROM names WHERE here = ANY ($7)
			UNION ALL
			SELECT here, typbasetype, typtypmod
			FROM types JOIN %1$spg_type y ON y.oid = type WHERE typtype = 'd'
		), mine AS (
			SELECT role_name::text AS role FROM %2$senabled_roles
		), granted AS (
			SELECT object
			FROM (SELECT 0, relacl, relowner FROM t UNION ALL SELECT -1, nspacl, nspowner FROM t
				UNION ALL SELECT attnum, attacl, NULL FROM names) o (object, acl, owner)
			LEFT JOIN %1$spg_roles r ON r.oid = owner,
			unnest(coalesce(acl, ARRAY['"' || replace(rolname, '"', '""') || '"=rU'])) item,
			regexp_match(item, '^("(?:[^"]|"")*"|[^"=]*)=[^/]*[rU]') grantee
			WHERE regexp_replace(grantee[1], '"("?)', '\1', 'g') IN (SELECT role FROM mine UNION SELECT '')
			UNION ALL
			SELECT unnest(ARRAY[0, -1]) FROM mine WHERE role = 'pg_read_all_data'
		)
		SELECT to_jsonb(facts) FROM (SELECT
			(SELECT extversion FROM %1$spg_extension JOIN %1$spg_namespace n ON n.oid = extnamespace
				WHERE extname = $1 AND nspname = $2) AS version,
			EXISTS (SELECT FROM t) AS is_there,
			ARRAY(SELECT here FROM names WHERE attnum IS NULL) AS missing,
			ARRAY(SELECT here FROM names WHERE attnum IS NOT NULL AND NOT (-1 IN (TABLE granted) AND
				(0 IN (TABLE granted) OR attnum IN (TABLE granted)))) AS forbidden,
			ARRAY(SELECT concat(here, ' ', typname, '(' || nullif(typmod, -1) || ')')
				FROM types JOIN %1$spg_type y ON y.oid = type WHERE typtype <> 'd' ORDER BY here) AS columns,
			ARRAY(SELECT DISTINCT concat(coalesce(here, attname), ' ', opcname)
				FROM t JOIN %1$spg_index x ON indrelid = t.oid
				JOIN %1$spg_opclass o ON o.oid = indclass[0]
				JOIN %1$spg_am m ON m.oid = opcmethod
				JOIN %1$spg_attribute k ON attrelid = indexrelid AND k.attnum = 1
				LEFT JOIN names ON names.attnum = indkey[0]
				WHERE amname IN ('hnsw', 'ivfflat') AND indisvalid AND indpred IS NULL
				ORDER BY 1) AS indexes) AS facts $question$;
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
		SELECT attname, typbasetype, typtypmod
		FROM types JOIN pg_type y ON y.oid = type WHERE typtype = 'd'
	)
	SELECT coalesce(array_agg(attname::text ORDER BY attname), '{}'),
		coalesce(array_agg(concat(attname, ' ', typname, '(' || nullif(typmod, -1) || ')') ORDER BY attname), '{}')
	INTO vectors, wanted
	FROM types JOIN pg_type y ON y.oid = type
	JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.deptype = 'e' AND
		d.objid = CASE y.typcategory WHEN 'A' THEN y.typelem ELSE y.oid END
	WHERE y.typtype <> 'd' AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = own.oid;

	FOR shard IN
		SELECT c.oid AS partition, s.srvname, w.fdwname,
			coalesce(o.there ->> 'schema_name', n.nspname) AS schema_there,
			coalesce(o.there ->> 'table_name', c.relname) AS name_there, a.*,
			(SELECT option_value FROM pg_options_to_table(s.srvoptions) WHERE option_name = 'extensions') AS extensions
		FROM (SELECT relid FROM pg_partition_tree(tab) WHERE isleaf UNION SELECT tab) p
		JOIN pg_class c ON c.oid = p.relid AND c.relkind IN ('r', 'f')
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
		LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
		LEFT JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw,
		LATERAL (SELECT jsonb_object_agg(option_name, option_value) AS there FROM pg_options_to_table(f.ftoptions)) o,
		LATERAL (SELECT array_agg(attname::text) AS here, array_agg(coalesce((SELECT option_value
				FROM pg_options_to_table(attfdwoptions) WHERE option_name = 'column_name'), attname)) AS there
			FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
		ORDER BY n.nspname, c.relname
	LOOP
		fault := NULL;
		facts := NULL;
		BEGIN
			IF shard.fdwname <> 'postgres_fdw' THEN
				RAISE 'its server is one of %, not of postgres_fdw', shard.fdwname;
			END IF;
			FOREACH definition IN ARRAY CASE WHEN shard.srvname IS NOT NULL THEN catalogs ELSE '{}' END LOOP
				EXECUTE format('CREATE FOREIGN TABLE pg_temp.lokivector_shard_%s
					SERVER %I OPTIONS (schema_name %L, table_name %L)', definition, shard.srvname,
					CASE WHEN definition ^@ 'pg_' THEN 'pg_catalog' ELSE 'information_schema' END,
					split_part(definition, ' ', 1));
			END LOOP;
			EXECUTE format(question, VARIADIC CASE WHEN shard.srvname IS NULL THEN '{pg_catalog.,information_schema.}'
				ELSE array_fill('pg_temp.lokivector_shard_'::text, '{2}') END) INTO facts USING own.extname,
				own.nspname, shard.schema_there, shard.name_there, shard.there, shard.here, vectors;
			-- the foreign tables go with the subtransaction
			RAISE SQLSTATE 'LVOK0';
		EXCEPTION
			WHEN SQLSTATE 'LVOK0' THEN NULL;
			WHEN OTHERS THEN
				GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
				fault := concat_ws(': ', SQLERRM, nullif(detail, ''));
		END;
		answers := answers || jsonb_build_array(coalesce(facts, '{}') || jsonb_build_object(
			'place', jsonb_array_length(answers), 'partition', shard.partition,
			'server', shard.srvname, 'fault', fault, 'sent', shard.srvname IS NULL OR
				own.extname = ANY (regexp_split_to_array(shard.extensions, '\s*,\s*'))));
	END LOOP;

	RETURN QUERY
	WITH answer AS (
		SELECT * FROM jsonb_to_recordset(answers) a (place integer, partition oid, server name, version text,
			is_there boolean, columns text[], missing text[], forbidden text[], indexes text[], fault text, sent boolean)
	), needed AS (
		SELECT DISTINCT i FROM answer a, unnest(a.indexes) i
	)
	SELECT a.partition::regclass, a.server, a.version, array_to_string(a.indexes, ', '),
		coalesce(a.fault, nullif(concat_ws('; ',
			CASE WHEN a.version IS NULL THEN
				format('no extension %s in schema %s', own.extname, own.nspname)
			WHEN split_part(a.version, '.', 1) <> split_part(own.extversion, '.', 1) THEN
				format('version %s, and %s here', a.version, own.extversion) END,
			CASE WHEN a.sent IS NOT TRUE THEN
				format('the option extensions of the server does not name %s', own.extname) END,
			CASE WHEN NOT a.is_there THEN 'no such table'
			WHEN a.columns <> wanted THEN format('%s in place of %s',
				coalesce(nullif(array_to_string(a.columns, ', '), ''), 'no column'),
				array_to_string(wanted, ', '))
			ELSE 'no column ' || nullif(array_to_string(a.missing, ', '), '') END,
			-- of the table here the right is asked for, not of its partitions
			CASE WHEN a.server IS NOT NULL THEN
				'no right to read ' || nullif(array_to_string(a.forbidden, ', '), '') END,
			CASE WHEN a.is_there THEN
				(SELECT 'no index on ' || string_agg(n.i, ', ' ORDER BY n.i) FROM (
					SELECT i FROM needed UNION ALL
					SELECT v FROM unnest(vectors) v
					WHERE NOT EXISTS (SELECT FROM needed WHERE starts_with(i, v || ' '))) n
				WHERE n.i <> ALL (a.indexes)) END), ''))
	FROM answer a ORDER BY a.place;
END;
$$;
COMMENT ON FUNCTION lokivector_check_shards(regclass) IS
	'whether the servers of a table''s partitions have what searches need: the extension, columns and indexes (for everyone who may use these servers and make temporary tables)';
