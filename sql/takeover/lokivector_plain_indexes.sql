-- SPDX-License-Identifier: PostgreSQL
--
-- The indexes that pgvector would not take as they are, with the reason and the statements
-- that replace or drop them: what lokivector_plain_indexes() lists, for databases whose
-- extension `vector` has a version of pgvector, where there is no such function.
--
--	psql -X -f lokivector_plain_indexes.sql
--	psql -X -v replace=1 -f lokivector_plain_indexes.sql
--
-- The second form runs the statements, of those indexes that the role owns, each index in a
-- transaction of its own.  CREATE INDEX evaluates expressions and predicates, which are code of
-- the tables' owners, as whoever runs it.
--

\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
SET search_path = pg_catalog, pg_temp;

CREATE OR REPLACE TEMP VIEW lokivector_plain AS
	SELECT c.oid::regclass AS index,
		concat_ws(', ', CASE WHEN s.foreign_type THEN 'type ' || format_type(t.oid, NULL) END,
			CASE WHEN s.domain THEN 'domain ' || format_type(a.atttypid, NULL) END,
			CASE WHEN s.columns THEN 'several columns' END, s.options,
			CASE WHEN s.dimensions THEN format('more than %s dimensions', s.most) END) AS reason,
		format(E'SET search_path = pg_catalog, pg_temp;\nDROP INDEX %s;%s', c.oid::regclass,
			CASE WHEN NOT (s.dimensions OR s.foreign_type OR s.domain) THEN
				format(E'\nCREATE INDEX %I ON %s USING %I (%s %I.%I)%s%s;', c.relname, i.indrelid::regclass,
					m.amname, pg_get_indexdef(c.oid, 1, false), n.nspname, o.opcname,
					' WITH (' || s.known || ')',
					' WHERE ' || pg_get_expr(i.indpred, i.indrelid))
			END) AS command, c.relowner AS owner
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
			string_agg(option, ', ') FILTER (WHERE NOT ours) AS known,
			string_agg(option, ', ') FILTER (WHERE ours) AS options
		FROM unnest(c.reloptions) AS option,
		LATERAL (SELECT option ~ '^(bits|refine_bits|profile|centers|brief_codes|ef_search|target_recall|recall_sample_rate)=') AS e(ours)) s
	WHERE NOT c.relispartition AND c.relpersistence <> 't' AND (s.foreign_type OR s.domain OR s.columns OR s.dimensions OR s.options IS NOT NULL);

\if :{?replace}
	\set ECHO queries
	SELECT command FROM pg_temp.lokivector_plain WHERE pg_has_role(owner, 'USAGE') ORDER BY index::text COLLATE "C" \gexec
	\set ECHO none
\else
	SELECT index, reason, command FROM pg_temp.lokivector_plain ORDER BY index::text COLLATE "C";
\endif
DROP VIEW pg_temp.lokivector_plain;
