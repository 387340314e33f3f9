-- SPDX-License-Identifier: PostgreSQL
--
-- Indexes of pgvector, and of formats of other releases
--

CREATE FUNCTION lokivector_incompatible_indexes(concurrently boolean DEFAULT true,
		OUT index regclass, OUT tab regclass, OUT valid boolean, OUT bytes bigint,
		OUT reason text, OUT command text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION lokivector_incompatible_indexes(boolean) IS 'hnsw and ivfflat indexes that cannot be read, and the commands that rebuild them (for everyone)';

CREATE PROCEDURE lokivector_rebuild_incompatible_indexes()
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE lokivector_rebuild_incompatible_indexes() IS 'rebuild the indexes of lokivector_incompatible_indexes(), each in a transaction of its own (for everyone, without those of other owners)';

--
-- The way back: indexes whose definitions pgvector does not take, and the
-- nearest that it takes, if any
--
CREATE FUNCTION lokivector_plain_indexes(OUT index regclass, OUT reason text, OUT plain text)
	RETURNS SETOF record LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
	SELECT c.oid::regclass,
		pg_catalog.concat_ws(', ', CASE WHEN s.foreign_type THEN 'type ' || pg_catalog.format_type(t.oid, NULL) END,
			CASE WHEN s.domain THEN 'domain ' || pg_catalog.format_type(a.atttypid, NULL) END,
			CASE WHEN s.columns THEN 'several columns' END, s.options,
			CASE WHEN s.dimensions THEN pg_catalog.format('more than %s dimensions', s.most) END),
		CASE WHEN NOT (s.dimensions OR s.foreign_type OR s.domain) THEN
			pg_catalog.format('CREATE INDEX %I ON %s USING %I (%s %I.%I)%s%s;', c.relname, i.indrelid::regclass,
				m.amname, pg_catalog.pg_get_indexdef(c.oid, 1, false), n.nspname, o.opcname,
				' WITH (' || s.known || ')',
				' WHERE ' || pg_catalog.pg_get_expr(i.indpred, i.indrelid))
		END
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
		LATERAL (SELECT option ~ '^(bits|refine_bits|profile|brief_codes|ef_search|target_recall|recall_sample_rate)=') AS e(ours)) s
	WHERE NOT c.relispartition AND (s.foreign_type OR s.domain OR s.columns OR s.dimensions OR s.options IS NOT NULL)
	ORDER BY c.oid::regclass::text COLLATE "C";
END;
COMMENT ON FUNCTION lokivector_plain_indexes() IS 'hnsw and ivfflat indexes that pgvector would not take as they are, and the nearest that it takes (for everyone)';
