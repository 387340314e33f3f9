-- SPDX-License-Identifier: PostgreSQL
-- From 0.1.0, which was never released, but installed by those who tried it

-- parts of before: alone module vector halfvec bit sparsevec hnsw ivfflat halfvec_index bit_index
-- parts of before: sparsevec_array sparsevec_index attributes functions takeover planner

-- What parts that are new call

CREATE FUNCTION lokivector_build_memory(index regclass)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'lokivector_rebuild_memory' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION lokivector_search_width(index regclass, k integer DEFAULT 10,
		OUT ef_search integer, OUT target_recall double precision, OUT width bigint,
		OUT recall double precision)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

-- changed_nodes is new, and a column has another name
DROP FUNCTION lokivector_index_info(regclass);
CREATE FUNCTION lokivector_index_info(index regclass,
		OUT dimensions integer, OUT metric text, OUT code text,
		OUT code_dimensions integer, OUT bits integer, OUT refine_bits integer,
		OUT profile text, OUT m integer, OUT ef_construction integer, OUT attributes text[],
		OUT nodes bigint, OUT live bigint, OUT killed bigint, OUT dead bigint,
		OUT reserved bigint, OUT free bigint,
		OUT rows bigint, OUT null_rows bigint,
		OUT max_level integer, OUT entry_node bigint, OUT pending bigint,
		OUT vacuum_cycles bigint, OUT vacuum_unfinished boolean,
		OUT calibrated_nodes bigint, OUT changed_nodes bigint, OUT unlisted_nodes bigint,
		OUT pages bigint, OUT unused_pages bigint, OUT bytes bigint)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED;

-- Parts that are new, each with its comments
-- parts: all others

CREATE FUNCTION lokivector_recall(index regclass,
		queries sparsevec[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

-- These say what they found, and queries may be NULL, which is an error of its own
DROP FUNCTION lokivector_check(regclass, boolean);
CREATE FUNCTION lokivector_check(index regclass, heap_all_indexed boolean DEFAULT false)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED;

DROP FUNCTION lokivector_calibrate(regclass);
CREATE FUNCTION lokivector_calibrate(index regclass)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, vector[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries vector[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, halfvec[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries halfvec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION lokivector_calibrate(index regclass, queries sparsevec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, bit[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries bit[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION lokivector_prewarm(index regclass, max_bytes bigint DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE OR REPLACE FUNCTION lokivector_build_memory(tab regclass, col name,
		operator_class text DEFAULT '',
		attributes name[] DEFAULT '{}', options text[] DEFAULT '{}')
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE OR REPLACE FUNCTION lokivector_plain_indexes(OUT index regclass, OUT reason text, OUT plain text)
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
		LATERAL (SELECT option ~ '^(bits|refine_bits|profile|ef_search|target_recall|recall_sample_rate)=') AS e(ours)) s
	WHERE NOT c.relispartition AND (s.foreign_type OR s.domain OR s.columns OR s.dimensions OR s.options IS NOT NULL)
	ORDER BY c.oid::regclass::text COLLATE "C";
END;

-- comments of: functions takeover
