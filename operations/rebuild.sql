-- Rebuild indexes while they are in use, one after the other: all, or with -v index=NAME one
\set ON_ERROR_STOP 1
\if :{?index}
\else
	\set index ''
\endif
SELECT format('REINDEX (VERBOSE) INDEX CONCURRENTLY %s', indexrelid::regclass)
FROM pg_index
JOIN pg_class c ON c.oid = indexrelid
JOIN pg_am m ON m.oid = c.relam
WHERE m.amname IN ('hnsw', 'ivfflat') AND c.relkind = 'i' AND c.relpersistence <> 't'
	AND c.oid = coalesce(nullif(:'index', '')::regclass, c.oid) \gexec
