-- SPDX-License-Identifier: PostgreSQL
--
-- Searches of words under a policy that shows one tenant's rows: processor time in milliseconds of the best
-- ten, with statistics of the tenant's rows, which a search counts, by a number and by a uuid, whose rows are
-- read, and of all rows (shared_statistics).  For a superuser, on Linux.
--
--		psql -X -f bench/words_tenant.sql
--
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS lokivector;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(.5) \g /dev/null
BEGIN;
CREATE ROLE bench_tenant;
CREATE TABLE bench_words (id int, tenant int, words tsvector, account uuid GENERATED ALWAYS AS (md5(tenant::text)::uuid) STORED);
GRANT SELECT ON bench_words TO bench_tenant;
-- rows of a tenant lie between those of others
INSERT INTO bench_words
SELECT id, CASE WHEN place < 100 THEN 100 WHEN place < 10100 THEN 10000 WHEN place < 100100 THEN 90000 ELSE id % 50 END,
	to_tsvector('simple', (SELECT string_agg('w' || floor(30000 ^ random()), ' ') FROM generate_series(1, 60) WHERE id > 0))
FROM (SELECT id, id * 7919 % 200000 AS place FROM generate_series(1, 200000) id) p;
CREATE INDEX bench_words_index ON bench_words USING hnsw (words bm25_ops, tenant, account);
ALTER TABLE bench_words ENABLE ROW LEVEL SECURITY;
CREATE POLICY bench_policy ON bench_words USING (tenant = current_setting('bench.tenant')::int);
COMMIT;
VACUUM ANALYZE bench_words;

CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql AS
$$SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6$$;

CREATE FUNCTION pg_temp.words_time(tenant int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	began float8;
	best float8 := 'infinity';
	searches CONSTANT int := CASE WHEN tenant < 10000 THEN 200 ELSE 40 END;
BEGIN
	PERFORM set_config('bench.tenant', tenant::text, true);
	FOR round IN 0 .. 4 LOOP
		began := pg_temp.cpu();
		SET LOCAL ROLE bench_tenant;
		-- what was counted for one query is kept until the transaction ends
		FOR i IN 1 .. searches LOOP
			PERFORM id FROM bench_words ORDER BY words <@> format('w%s | w%s', 100 + searches * round + i, 1000 + i)::tsquery LIMIT 10;
		END LOOP;
		RESET ROLE;
		best := least(best, (pg_temp.cpu() - began) / searches);
	END LOOP;
	RETURN round(best::numeric, 2);
END
$$;
SELECT 'SELECT tenant AS rows, pg_temp.words_time(tenant) AS ms FROM unnest(''{100,10000,90000}''::int[]) tenant' AS times \gset
\echo statistics of the tenant
:times;
\echo the same, by a uuid
ALTER POLICY bench_policy ON bench_words USING (account = md5(current_setting('bench.tenant'))::uuid);
:times;
ALTER POLICY bench_policy ON bench_words USING (tenant = current_setting('bench.tenant')::int);
ALTER INDEX bench_words_index SET (shared_statistics = true);
\echo statistics of all rows
:times;
DROP TABLE bench_words;
DROP ROLE bench_tenant;
