-- SPDX-License-Identifier: PostgreSQL
--
-- The way back: indexes whose definitions pgvector does not take, and the statements that replace
-- each by the nearest that it takes, or drop it.  Operators and functions of expressions and
-- predicates are written as this path finds them, so the statements set it before they name any.
--

CREATE FUNCTION lokivector_plain_indexes(OUT index regclass, OUT reason text, OUT command text)
	RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT c.oid::regclass,
		pg_catalog.concat_ws(', ', CASE WHEN s.foreign_type THEN 'type ' || pg_catalog.format_type(t.oid, NULL) END,
			CASE WHEN s.domain THEN 'domain ' || pg_catalog.format_type(a.atttypid, NULL) END,
			CASE WHEN s.columns THEN 'several columns' END, s.options,
			CASE WHEN s.dimensions THEN pg_catalog.format('more than %s dimensions', s.most) END),
		pg_catalog.format(E'SET search_path = pg_catalog, pg_temp;\nDROP INDEX %s;%s', c.oid::regclass,
			CASE WHEN NOT (s.dimensions OR s.foreign_type OR s.domain) THEN
				pg_catalog.format(E'\nCREATE INDEX %I ON %s USING %I (%s %I.%I)%s%s;', c.relname, i.indrelid::regclass,
					m.amname, pg_catalog.pg_get_indexdef(c.oid, 1, false), n.nspname, o.opcname,
					' WITH (' || s.known || ')',
					' WHERE ' || pg_catalog.pg_get_expr(i.indpred, i.indrelid))
			END) AS command
	FROM pg_class c
	JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
	JOIN pg_index i ON i.indexrelid = c.oid
	JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
	JOIN pg_opclass o ON o.oid = i.indclass[0]
	JOIN pg_type t ON t.oid = o.opcintype
	JOIN pg_namespace n ON n.oid = o.opcnamespace,
	LATERAL (SELECT CASE t.typname WHEN 'vector' THEN 2000 WHEN 'halfvec' THEN 4000 END AS most) l,
	LATERAL (
		SELECT t.typname NOT IN ('vector', 'halfvec', 'sparsevec', 'bit') AS foreign_type,
			EXISTS (SELECT FROM pg_type y WHERE y.oid = a.atttypid AND y.typtype = 'd') AS domain,
			i.indnatts > 1 AS columns, l.most, coalesce(a.atttypmod > l.most, false) AS dimensions,
			pg_catalog.string_agg(option, ', ') FILTER (WHERE NOT ours) AS known,
			pg_catalog.string_agg(option, ', ') FILTER (WHERE ours) AS options
		FROM pg_catalog.unnest(c.reloptions) AS option,
		LATERAL (SELECT option ~ '^(bits|refine_bits|profile|centers|brief_codes|ef_search|target_recall|recall_sample_rate)=') AS e(ours)) s
	WHERE NOT c.relispartition AND c.relpersistence <> 't' AND (s.foreign_type OR s.domain OR s.columns OR s.dimensions OR s.options IS NOT NULL)
	ORDER BY c.oid::regclass::text COLLATE "C";
END;
COMMENT ON FUNCTION lokivector_plain_indexes() IS 'hnsw and ivfflat indexes that pgvector would not take as they are, and the statements that replace or drop them (for everyone)';
