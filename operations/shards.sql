-- SPDX-License-Identifier: PostgreSQL
-- A table whose partitions are on other servers, as doc/sharding.md has it: servers, user
-- mappings, tables, indexes and partitions for any number of shards.  For a superuser of
-- the coordinator, in one line:
--
--	SHARD_PASSWORD=secret psql -X -d DATABASE -v user=app
--		-v shards='shard1.example.com shard2.example.com:5433' -v table=notes -v key=tenant
--		-v columns='id bigint NOT NULL, tenant integer NOT NULL, embedding vector(768)'
--		-v primary_key=id -v index='hnsw (embedding vector_cosine_ops, tenant)'
--		-f operations/shards.sql
--
--	shards			host or host:port of each, with a space between
--	dbname			the database on each; the coordinator's name of it, if not said
--	user			who the coordinator is there; may create tables in schema public.  The
--					password is taken from the environment, as others see a command's words
--	table			the name here; there it is followed by _1, _2, ...
--	columns			their definitions
--	key				the columns by whose hash rows are distributed
--	primary_key		columns, on each shard
--	index			method and columns; without it no index is made, as before a large load
--	settings		of the sessions there; '-c hnsw.ef_search=100'
--	extension		lokivector, or vector if it is installed under that name
--
-- What is there stays as it is, so the script may be run again: after a shard did not
-- answer, or with index after a load.  That goes for the password of a user mapping and for
-- an index of the script's name as well.  A server shard_N of another address is an error.
-- If a shard does not fit, nothing is left here.
\set ON_ERROR_STOP 1
\if :{?dbname}
\else
	\set dbname :DBNAME
\endif
\set password ''
\getenv password SHARD_PASSWORD
\if :{?settings}
\else
	\set settings '-c hnsw.ef_search=100'
\endif
\if :{?extension}
\else
	\set extension lokivector
\endif
\if :{?index}
\else
	\set index ''
\endif
SET client_min_messages = warning;

BEGIN;
SELECT pg_catalog.current_schema() AS own_schema \gset
CREATE EXTENSION IF NOT EXISTS :"extension" SCHEMA :"own_schema";
CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA :"own_schema";
CREATE EXTENSION IF NOT EXISTS dblink SCHEMA :"own_schema";
\ir search_path.sql
SELECT extnamespace::regnamespace AS dblink FROM pg_extension WHERE extname = 'dblink' \gset

CREATE TEMP TABLE shard ON COMMIT DROP AS
SELECT n, 'shard_' || n::text AS server, :'table' || ('_' || n::text) AS name,
	pg_catalog.regexp_replace(address, ':\d+$', '') AS host,
	coalesce(substring(address FROM ':(\d+)$'), '5432') AS port
FROM pg_catalog.regexp_split_to_table(trim(:'shards'), '\s+') WITH ORDINALITY s (address, n);

-- Servers, and who we are there
\o /dev/null
SELECT pg_catalog.format('CREATE SERVER IF NOT EXISTS %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (
		host %L, port %L, dbname %L, connect_timeout ''5'', options %L,
		extensions %L, async_capable ''true'', parallel_commit ''true'', batch_size ''1000'')',
	server, host, port, :'dbname', :'settings', :'extension')
FROM pg_temp.shard ORDER BY n \gexec
\o
SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s has %s %s, not %s', server, option_name, option_value, asked),
		'; ' ORDER BY n, option_name), '') AS elsewhere
FROM pg_temp.shard JOIN pg_foreign_server ON srvname = server, pg_catalog.pg_options_to_table(srvoptions),
	LATERAL (SELECT CASE option_name WHEN 'host' THEN host WHEN 'port' THEN port
		WHEN 'dbname' THEN :'dbname' END AS asked) a
WHERE option_value <> asked \gset
SELECT :'elsewhere' <> '' AS moved \gset
\if :moved
	\warn 'Nothing was made here:' :elsewhere
	ROLLBACK;
	DO $$ BEGIN RAISE 'servers of these names have other addresses'
		USING HINT = 'ALTER SERVER changes an address.'; END $$;
\endif
\o /dev/null
SELECT pg_catalog.format('CREATE USER MAPPING IF NOT EXISTS FOR CURRENT_USER SERVER %I OPTIONS (user %L%s)',
	server, :'user', CASE WHEN :'password' <> '' THEN pg_catalog.format(', password %L', :'password') END)
FROM pg_temp.shard ORDER BY n \gexec

-- Their tables and indexes
SELECT :dblink.dblink_exec(server, pg_catalog.format('CREATE EXTENSION IF NOT EXISTS %I', :'extension'))
FROM pg_temp.shard ORDER BY n;
SELECT :dblink.dblink_exec(server, pg_catalog.format('CREATE TABLE IF NOT EXISTS public.%I (%s, PRIMARY KEY (%s))',
	name, :'columns', :'primary_key'))
FROM pg_temp.shard ORDER BY n;
SELECT :dblink.dblink_exec(server, pg_catalog.format('CREATE INDEX IF NOT EXISTS %I ON public.%I USING %s',
	name || '_search', name, :'index'))
FROM pg_temp.shard WHERE :'index' <> '' ORDER BY n;

-- The table here, and its partitions
CREATE TABLE IF NOT EXISTS :"own_schema".:"table" (:columns) PARTITION BY HASH (:key);
SELECT pg_catalog.format('CREATE FOREIGN TABLE IF NOT EXISTS %I.%I PARTITION OF %I.%I
		FOR VALUES WITH (MODULUS %s, REMAINDER %s) SERVER %I OPTIONS (schema_name ''public'')',
	:'own_schema', name, :'own_schema', :'table', pg_catalog.count(*) OVER (), n - 1, server)
FROM pg_temp.shard ORDER BY n \gexec
\o

-- What searches need
SELECT * FROM lokivector_check_shards(pg_catalog.format('%I.%I', :'own_schema', :'table')::regclass);
SELECT coalesce(pg_catalog.string_agg(pg_catalog.format('%s (%s): %s', partition, server, fault), '; '), '') AS faults
FROM lokivector_check_shards(pg_catalog.format('%I.%I', :'own_schema', :'table')::regclass)
WHERE fault IS NOT NULL AND (:'index' <> '' OR fault NOT LIKE 'no index on %') \gset
SELECT :'faults' <> '' AS faulty \gset
\if :faulty
	\warn 'Nothing was made here:' :faults
	ROLLBACK;
	DO $$ BEGIN RAISE 'the shards do not fit'; END $$;
\endif
COMMIT;
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
