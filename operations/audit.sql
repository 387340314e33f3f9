-- SPDX-License-Identifier: PostgreSQL
-- What pgaudit recorded, as CSV: who ran which statement on what, from a time on, by default of
-- the last day.  In postgresql.conf: logging_collector = on, log_destination = 'jsonlog' (with
-- others if you like), and pgaudit as its documents say (pgaudit.log, pgaudit.log_relation).  It
-- is for superusers, or members of pg_monitor who may execute pg_read_file(text).
--
--	psql -X -q -v since='2026-11-01' -f operations/audit.sql >audit.csv
\set ON_ERROR_STOP 1
\ir search_path.sql
\if :{?since}
\else
	SELECT pg_catalog.now() - '1 day'::pg_catalog.interval AS since \gset
\endif
\pset format csv
WITH line AS (
	SELECT l::pg_catalog.json AS line FROM pg_catalog.pg_ls_logdir() f, LATERAL pg_catalog.regexp_split_to_table(
		pg_catalog.pg_read_file(pg_catalog.current_setting('log_directory') || '/'::pg_catalog.text || f.name), E'\n') l
	WHERE f.name ~ '\.json$'::pg_catalog.text AND f.modification >= :'since'::pg_catalog.timestamptz
		AND l ~ '"message":"AUDIT: .*\}$'::pg_catalog.text
)
SELECT line ->> 'timestamp'::pg_catalog.text AS at, line ->> 'user'::pg_catalog.text AS "user",
	line ->> 'dbname'::pg_catalog.text AS database, line ->> 'remote_host'::pg_catalog.text AS host,
	line ->> 'session_id'::pg_catalog.text AS session, a[1] AS class, a[2] AS command, a[3] AS kind, a[4] AS object,
	CASE WHEN a[5] ~ '^"'::pg_catalog.text
		THEN pg_catalog.replace(pg_catalog.substr(a[5], 2, pg_catalog.length(a[5]) - 2), '""', '"') ELSE a[5] END AS statement
FROM line, LATERAL pg_catalog.regexp_match(line ->> 'message'::pg_catalog.text,
	'^AUDIT: \w+,\d+,\d+,([^,]*),([^,]*),([^,]*),([^,]*),("(?:[^"]|"")*"|[^,]*)') a
WHERE (line ->> 'timestamp'::pg_catalog.text)::pg_catalog.timestamptz >= :'since'::pg_catalog.timestamptz ORDER BY at;
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
