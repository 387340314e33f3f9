-- SPDX-License-Identifier: PostgreSQL
--
-- Why a search does not return a row: statements of the caller, with his rights, over what he may see
--

-- Names in the condition are those of this path.  All else that is run under it is named in full.
-- As it is stable, all statements have one snapshot, and write nothing.
CREATE FUNCTION lokivector_why(index regclass, query text, tid tid, k integer, condition text, path text,
		OUT verdict text, OUT distance double precision, OUT rank bigint, OUT width integer,
		OUT uses_index boolean)
	RETURNS record LANGUAGE plpgsql STRICT STABLE PARALLEL UNSAFE
	SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	index_id CONSTANT oid := index;
	i record;
	predicate text;			-- of the index
	rows_met text;			-- FROM and WHERE
	is_visible boolean;		-- the row
	is_found boolean;
	scans bigint;
BEGIN
	SELECT format('ONLY %I.%I', n.nspname, t.relname) AS tab,
		format('::%I.%I OPERATOR(%I.%s) ', y.nspname, l.typname, s.nspname, CASE WHEN by_tenant THEN '<@>' ELSE o.oprname END) AS operator,
		CASE WHEN by_tenant THEN format('%L::pg_catalog.tsquery', query)
			WHEN l.oid = 'tsvector'::regtype
			THEN format('%I.bm25_weigh(%s::pg_catalog.oid::pg_catalog.regclass, %L::pg_catalog.tsquery)', s.nspname, index_id, query)
			ELSE format('%L::%I.%I', query, y.nspname, l.typname) END AS query,
		EXISTS (SELECT FROM pg_depend d
			LEFT JOIN pg_operator u ON d.refclassid = 'pg_operator'::regclass AND u.oid = d.refobjid
			LEFT JOIN pg_proc p ON p.oid = CASE d.refclassid WHEN 'pg_proc'::regclass THEN d.refobjid ELSE u.oprcode::oid END
			-- of domains, which have constraints
			LEFT JOIN pg_type b ON d.refclassid = 'pg_type'::regclass AND b.oid = d.refobjid
			WHERE d.classid = 'pg_class'::regclass AND d.objid = index_id AND coalesce(p.proowner, b.typowner) <> o.oprowner AND
				coalesce(p.proowner, b.typowner) <> (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user)) AS runs_others
	INTO i
	FROM pg_class c JOIN pg_am m ON m.oid = c.relam AND m.amname = 'hnsw' JOIN pg_index x ON x.indexrelid = c.oid
	JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
	JOIN pg_opclass f ON f.oid = x.indclass[0]
	JOIN pg_type l ON l.oid = f.opcintype JOIN pg_namespace y ON y.oid = l.typnamespace
	JOIN pg_amop a ON a.amopfamily = f.opcfamily AND a.amoppurpose = 'o' AND a.amoplefttype = l.oid AND
		(a.amoprighttype = l.oid OR l.oid = 'tsvector'::regtype)
	JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
	-- words that are counted by tenant: the planner finds whose in the policy, or in the condition
	CROSS JOIN LATERAL (SELECT l.oid = 'tsvector'::regtype AND
		(row_security_active(t.oid) OR EXISTS (SELECT FROM unnest(c.reloptions) r WHERE r ~ '^statistics_by=.')) AS by_tenant) w
	WHERE c.oid = index_id AND c.relkind = 'i';
	IF i IS NULL THEN
		RAISE wrong_object_type USING MESSAGE = format('relation %s is not an hnsw index with rows', index),
			HINT = 'SELECT index FROM lokivector_stat_indexes lists such indexes, and ivfflat indexes.';
	ELSIF k < 1 THEN
		RAISE invalid_parameter_value USING MESSAGE = format('k must be at least 1, not %s', k);
	ELSIF i.runs_others THEN
		-- who owns the table would have them run as whoever asks
		RAISE insufficient_privilege USING MESSAGE = format('index %s calls functions of another role', index),
			HINT = 'Ask as the owner of these functions.';
	END IF;

	PERFORM set_config('search_path', path, true);
	i.query := pg_catalog.concat('(', pg_catalog.pg_get_indexdef(index_id, 1, false), ')', i.operator, i.query);
	-- the rows of a partial index alone: others may have no distance at all, being of another size
	SELECT coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid, false), 'true') INTO predicate
	FROM pg_catalog.pg_index x WHERE x.indexrelid OPERATOR(pg_catalog.=) index_id;
	EXECUTE pg_catalog.format(E'SELECT true, CASE WHEN (%1$s) IS NOT TRUE THEN ''not in the index'' WHEN (%2$s\n) IS NOT TRUE THEN ''condition'' END
		FROM %3$s WHERE ctid OPERATOR(pg_catalog.=) %4$L::pg_catalog.tid', predicate, condition, i.tab, tid::pg_catalog.text)
	INTO is_visible, verdict;
	IF is_visible IS NULL THEN
		verdict := 'not visible';
	END IF;
	IF verdict IS NOT NULL THEN
		RETURN;
	END IF;

	rows_met := pg_catalog.format(E'FROM %s WHERE (%s) AND (%s\n)', i.tab, predicate, condition);
	EXECUTE pg_catalog.format('SELECT %s %s AND ctid OPERATOR(pg_catalog.=) %L::pg_catalog.tid', i.query, rows_met, tid::pg_catalog.text)
	INTO distance;
	-- rows without a distance are the last
	EXECUTE pg_catalog.format('SELECT nearer OPERATOR(pg_catalog.+) 1, CASE WHEN nearer OPERATOR(pg_catalog.>=) $2 THEN ''rank''
			WHEN nearer OPERATOR(pg_catalog.+) as_near OPERATOR(pg_catalog.>) $2 THEN ''tie'' END
		FROM (SELECT pg_catalog.count(*) FILTER (WHERE d OPERATOR(pg_catalog.<) $1 OR $1 IS NULL AND d IS NOT NULL) AS nearer,
			pg_catalog.count(*) FILTER (WHERE d OPERATOR(pg_catalog.=) $1 OR $1 IS NULL AND d IS NULL) AS as_near
			FROM (SELECT %s AS d %s) each) counted', i.query, rows_met)
	INTO rank, verdict USING distance, k;
	IF verdict IS NOT NULL THEN
		RETURN;
	END IF;

	PERFORM pg_catalog.set_config('lokivector.target_recall', '0', true);
	FOREACH width IN ARRAY ARRAY[40, 80, 160, 320, 640, 1000] LOOP
		PERFORM pg_catalog.set_config('hnsw.ef_search', width::pg_catalog.text, true);
		scans := pg_catalog.pg_stat_get_xact_numscans(index_id);
		EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM (SELECT ctid AS t %s ORDER BY %s LIMIT %s) nearest
			WHERE t OPERATOR(pg_catalog.=) %L::pg_catalog.tid)', rows_met, i.query, k, tid::pg_catalog.text)
		INTO is_found;
		uses_index := pg_catalog.pg_stat_get_xact_numscans(index_id) OPERATOR(pg_catalog.>) scans;
		IF is_found THEN
			verdict := 'found';
			RETURN;
		END IF;
	END LOOP;
	verdict := 'not found';
	width := NULL;
END;
$$;
COMMENT ON FUNCTION lokivector_why(regclass, text, tid, integer, text, text) IS
	'the same, with names in the condition as of a search_path';

CREATE FUNCTION lokivector_why(index regclass, query text, tid tid, k integer, condition text DEFAULT 'true',
		OUT verdict text, OUT distance double precision, OUT rank bigint, OUT width integer,
		OUT uses_index boolean)
	RETURNS record LANGUAGE sql STABLE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT * FROM lokivector_why(index, query, tid, k, condition, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION lokivector_why(regclass, text, tid, integer, text) IS
	'why a search for the nearest k rows does not return a row, or how wide it has to be (for who may read the table)';
