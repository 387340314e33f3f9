-- SPDX-License-Identifier: PostgreSQL
-- What pgaudit recorded, as CSV: who ran which statement on what, from a time on, by default of
-- the last day.  In postgresql.conf: logging_collector = on, log_destination = 'jsonlog' (with
-- others if you like), log_error_verbosity = verbose, and pgaudit as its documents say
-- (pgaudit.log, pgaudit.log_relation).  It is for superusers, or members of pg_monitor who may
-- execute pg_read_binary_file(text, bigint, bigint, boolean).
--
--	psql -X -q -v since='2026-11-01' -f operations/audit.sql >audit.csv
--
-- A client can log the text of a record by RAISE LOG, but then the line has a context, and mostly
-- the statement; pgaudit hides both.  With log_error_verbosity = verbose a line also has the C
-- function that wrote it, which no client chooses, in whatever language.
\set ON_ERROR_STOP 1
\ir search_path.sql
\if :{?since}
\else
	SELECT pg_catalog.now() - '1 day'::pg_catalog.interval AS since \gset
\endif
-- Names of a failed login may be any bytes.  So lines are read with these as \ooo and \ as \\, and
-- those in UTF-8 are decoded.  A line that is cut off, as the last one may be, is not a whole object.
\set whole '^\\{"[a-z_]+":(?:"(?:[^"\\\\]|\\\\[0-7]{3}|\\\\\\\\(?:["/bfnrt]|\\\\\\\\|u[0-9a-f]{4}))*"|-?[0-9]+)(?:,"[a-z_]+":(?:"(?:[^"\\\\]|\\\\[0-7]{3}|\\\\\\\\(?:["/bfnrt]|\\\\\\\\|u[0-9a-f]{4}))*"|-?[0-9]+))*\\}$'
\set utf8 '^(?:[^\\\\]|\\\\\\\\|\\\\3(?:0[2-7]|[123].)\\\\2..|\\\\340\\\\2[4-7].\\\\2..|\\\\3(?:4[1-7]|5[0-467])(?:\\\\2..){2}|\\\\355\\\\2[0-3].\\\\2..|\\\\360\\\\2[2-7].(?:\\\\2..){2}|\\\\36[123](?:\\\\2..){3}|\\\\364\\\\2[01].(?:\\\\2..){2})*$'
\set field '("(?:[^"]|"")*"|[^",]*)'
\pset format csv
WITH line AS MATERIALIZED (
	SELECT CASE
		WHEN l !~ :'whole'::pg_catalog.text THEN NULL
		WHEN l ~ :'utf8'::pg_catalog.text AND pg_catalog.getdatabaseencoding()::pg_catalog.text = 'UTF8'::pg_catalog.text
			THEN pg_catalog.convert_from(pg_catalog.decode(l, 'escape'), 'UTF8')
		ELSE pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(l, '\\', E'\x01'), '\', '\\'), E'\x01', '\')
		END::pg_catalog.json AS line
	FROM pg_catalog.pg_ls_logdir() f, LATERAL pg_catalog.string_to_table(pg_catalog.encode(pg_catalog.pg_read_binary_file(
		pg_catalog.current_setting('log_directory') || '/'::pg_catalog.text || f.name, 0::pg_catalog.int8, f.size, true), 'escape'), E'\n') l
	WHERE f.name ~ '\.json$'::pg_catalog.text AND f.modification >= :'since'::pg_catalog.timestamptz
		AND l ~ '"message":"AUDIT: '::pg_catalog.text
)
SELECT line ->> 'timestamp'::pg_catalog.text AS at, line ->> 'user'::pg_catalog.text AS "user",
	line ->> 'dbname'::pg_catalog.text AS database, line ->> 'remote_host'::pg_catalog.text AS host,
	line ->> 'session_id'::pg_catalog.text AS session, r[1] AS class, r[2] AS command, r[3] AS kind, r[4] AS object,
	r[5] AS statement
FROM line, LATERAL pg_catalog.regexp_match(line ->> 'message'::pg_catalog.text, '^AUDIT: (?:SESSION|OBJECT),\d+,\d+,'::pg_catalog.text
		|| :'field'::pg_catalog.text || ','::pg_catalog.text || :'field'::pg_catalog.text || ','::pg_catalog.text || :'field'::pg_catalog.text
		|| ','::pg_catalog.text || :'field'::pg_catalog.text || ','::pg_catalog.text || :'field'::pg_catalog.text || ','::pg_catalog.text) quoted,
	LATERAL (SELECT pg_catalog.array_agg(CASE WHEN q ~ '^"'::pg_catalog.text
			THEN pg_catalog.replace(pg_catalog.substr(q, 2, pg_catalog.length(q) - 2), '""', '"') ELSE q END ORDER BY place)
		FROM pg_catalog.unnest(quoted) WITH ORDINALITY fields (q, place)) record (r)
WHERE quoted IS NOT NULL AND line ->> 'statement'::pg_catalog.text IS NULL AND line ->> 'context'::pg_catalog.text IS NULL
	AND CASE WHEN line ->> 'func_name'::pg_catalog.text IS NULL THEN line ->> 'state_code'::pg_catalog.text IS NULL
		ELSE line ->> 'func_name'::pg_catalog.text = 'log_audit_event'::pg_catalog.text END
	AND (line ->> 'timestamp'::pg_catalog.text)::pg_catalog.timestamptz >= :'since'::pg_catalog.timestamptz
ORDER BY (line ->> 'timestamp'::pg_catalog.text)::pg_catalog.timestamptz, session, (line ->> 'line_num'::pg_catalog.text)::pg_catalog.int4;
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
