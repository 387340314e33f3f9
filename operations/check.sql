-- Compare all indexes with their tables; fails if one is damaged, not valid, or not the caller's
\set ON_ERROR_STOP 1
\set QUIET 1
SELECT coalesce(string_agg(format('%s: %s', index, coalesce(problem, 'sound')), E'\n' ORDER BY index::text),
	'there is no index') AS found, count(problem) AS damaged
FROM lokivector_check_all(heap_all_indexed => true) \gset
\echo :found
SELECT :damaged > 0 AS is_damaged \gset
\if :is_damaged
DO $$ BEGIN RAISE EXCEPTION 'an index is damaged, or was not checked'
	USING HINT = 'Damaged or not valid: REINDEX INDEX CONCURRENTLY, or drop it if its name ends with _ccnew or _ccold. Not checked: run this as the owner or a member of pg_monitor.'; END $$;
\endif
