-- SPDX-License-Identifier: PostgreSQL
--
-- Vectors of three sizes in one column: the processor time of queries that state the size, in three spellings, as times
-- that of the query with the cast of the index, by turns; and the least and the most of all.  For a superuser, on Linux.
--
--		psql -X -f bench/sizes.sql
--
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS lokivector;
SET search_path = pg_temp, public;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(.5) \g /dev/null
CREATE TEMP TABLE sized (id int, tenant int, v vector);
INSERT INTO sized SELECT i, i / 3 % 20, (SELECT array_agg(random() - .5) FROM generate_series(1, (ARRAY[64, 128, 384])[1 + i % 3]) WHERE i > 0)::vector
FROM generate_series(1, 15000) i;
CREATE INDEX sized_64 ON sized USING hnsw ((v::vector(64)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 64;
CREATE INDEX sized_128 ON sized USING hnsw ((v::vector(128)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 128;
CREATE INDEX sized_384 ON sized USING hnsw ((v::vector(384)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 384;
VACUUM ANALYZE sized;
CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql AS
$$SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6$$;
CREATE FUNCTION pg_temp.times(dims int, spelling text, form text, tenant text, OUT index bool, OUT ms numeric, OUT times numeric) LANGUAGE plpgsql AS $$
DECLARE
	qs vector[] := ARRAY(SELECT v FROM sized WHERE vector_dims(v) = dims AND id % 199 < 3 LIMIT 20);
	-- a bound that the nearest thirty rows meet
	bound float8 := (SELECT max(d) FROM (SELECT v <=> qs[1] AS d FROM sized WHERE vector_dims(v) = dims ORDER BY 1 LIMIT 30) s);
	query text;
	queries text[];
	q vector;
	began float8;
	best float8[] := '{inf,inf}';
	line text;
BEGIN
	FOREACH query IN ARRAY ARRAY['v', format('(v::vector(%s))', dims)] LOOP
		queries := queries || format('SELECT count(*) FROM (SELECT id FROM sized WHERE vector_dims(v) = %1$s %2$s %3$s %4$s) s', CASE WHEN query = 'v' THEN spelling ELSE dims::text END,
			CASE WHEN form <> 'order' THEN format('AND %s <=> $1 < %s', query, bound) END, tenant, CASE WHEN form <> 'bound' THEN format('ORDER BY %s <=> $1 LIMIT 10', query) END);
	END LOOP;
	index := false;
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || queries[1] USING qs[1], dims LOOP
		index := index OR line LIKE '%sized_' || dims || '%';
	END LOOP;
	FOR round IN 1 .. 8 LOOP
		FOR i IN 1 .. 2 LOOP
			began := pg_temp.cpu();
			-- the system adds up processor time every few milliseconds
			FOR repeated IN 1 .. 10 LOOP
				FOREACH q IN ARRAY qs LOOP
					EXECUTE queries[i] USING q, dims;
				END LOOP;
			END LOOP;
			best[i] := least(best[i], pg_temp.cpu() - began);
		END LOOP;
	END LOOP;
	ms := round((best[1] / cardinality(qs) / 10)::numeric, 3);
	times := round((best[1] / best[2])::numeric, 3);
END
$$;
CREATE TEMP TABLE figures AS
SELECT dims, spelling, form, tenant <> '' AS by_tenant, t.*
FROM unnest('{64,128,384}'::int[]) dims, (VALUES ('constant'), ('$2'), ('vector_dims($1)')) w (spelling), unnest('{order,bound,both}'::text[]) form,
	(VALUES (''), ('AND tenant = 3')) o (tenant), LATERAL pg_temp.times(dims, CASE spelling WHEN 'constant' THEN dims::text ELSE spelling END, form, tenant) t;
SELECT form, by_tenant, spelling, string_agg(dims || ': ' || ms || ' ms, ' || times || CASE WHEN index THEN '' ELSE ', no index' END, '; ' ORDER BY dims) AS times_of_the_cast
FROM figures GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT min(times), percentile_disc(.5) WITHIN GROUP (ORDER BY times) AS median, max(times), count(*) FILTER (WHERE times > 1.1) AS above, count(*) FROM figures;
