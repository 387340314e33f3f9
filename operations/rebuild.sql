-- SPDX-License-Identifier: PostgreSQL
-- Rebuild indexes while they are in use, one after the other: all that the role may rebuild, or
-- with -v index=NAME one.
-- An index that a cancelled REINDEX CONCURRENTLY left is not rebuilt: drop it.
\set ON_ERROR_STOP 1
\if :{?index}
\else
	\set index ''
\endif
-- looked up by the role's own path
SELECT CASE WHEN :'index' OPERATOR(pg_catalog.<>) ''
	THEN :'index'::pg_catalog.text::pg_catalog.regclass::pg_catalog.oid::pg_catalog.text ELSE '' END AS index \gset
\ir search_path.sql
WITH commands (command) AS (
	SELECT CASE WHEN NOT left_over THEN pg_catalog.format('REINDEX (VERBOSE) INDEX CONCURRENTLY %s', name)
		WHEN :'index' <> ''::text THEN pg_catalog.format('DO %L', pg_catalog.format('BEGIN RAISE EXCEPTION %L USING HINT = %L; END',
			pg_catalog.replace(pg_catalog.format('a cancelled REINDEX CONCURRENTLY left the index %s', name), '%', '%%'),
			'Drop it, and rebuild the index that it was to replace.')) END
	FROM (
		SELECT pg_catalog.format('%s.%I', c.relnamespace::regnamespace, c.relname) AS name, m.amname IN ('hnsw', 'ivfflat') AND c.relkind = 'i' AND c.relpersistence <> 't' AND
			CASE WHEN pg_catalog.current_setting('server_version_num')::int < 170000 THEN pg_catalog.pg_has_role(c.relowner, 'USAGE')
				ELSE pg_catalog.has_table_privilege(i.indrelid, 'MAINTAIN') END AS is_ours,
			coalesce(NOT i.indisvalid AND c.relname::text ~ '_cc(new|old)[0-9]*$', false) AS left_over
		FROM pg_class c
		LEFT JOIN pg_am m ON m.oid = c.relam
		LEFT JOIN pg_index i ON i.indexrelid = c.oid
		WHERE c.oid = coalesce(nullif(:'index', ''::text)::oid, c.oid)
	) AS relations
	WHERE is_ours OR :'index' <> ''::text)
SELECT command FROM commands
UNION ALL
SELECT 'DO $$BEGIN RAISE INFO ''there is no hnsw index that this role may rebuild''; END$$'
WHERE NOT EXISTS (SELECT FROM commands WHERE command IS NOT NULL) \gexec
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
