-- SPDX-License-Identifier: PostgreSQL
-- Compare all indexes with their tables; fails if one is damaged, not valid, or not the caller's
\set ON_ERROR_STOP 1
\set QUIET 1
\ir search_path.sql
\ir extension.sql
SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s: %s', index, coalesce(problem, 'sound')), E'\n' ORDER BY index::text),
	'there is no index') AS found, pg_catalog.count(problem) AS damaged
FROM lokivector_check_all(NULL::name, true, NULL::interval, NULL::regclass) \gset
\echo :found
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
SELECT :damaged OPERATOR(pg_catalog.>) 0 AS is_damaged \gset
\if :is_damaged
DO $$ BEGIN RAISE EXCEPTION 'an index is damaged, or was not checked'
	USING HINT = 'Damaged or not valid: REINDEX INDEX CONCURRENTLY, or drop it if its name ends with _ccnew or _ccold. Locked: run this again when pg_locks shows no lock of the index or its table, as of a build. Not checked: run this as the owner or a member of pg_monitor.'; END $$;
\endif
