-- What an index will take: memory, disk and time of its build, computed from an index on a
-- sample that is made here and goes away again.  For who may create tables in the database:
--
--	psql -X -q -v rows=1000000 -v dimensions=768 -f operations/size.sql DATABASE
--
-- -v type=halfvec       the column's type (vector); bytevec, bit, or sparsevec, of rows without zeros
-- -v options='bits = 4' storage parameters of the index (none)
-- -v sample=50000       rows of the sample (20000; from 1000 to 1000000)
--
-- The build uses this session's maintenance_work_mem and max_parallel_maintenance_workers; that
-- of the sample has to fit into the former.  A row's share of the build grows with the logarithm
-- of the rows, up to some three million; beyond it takes up to a half more.
\set ON_ERROR_STOP 1
\if :{?rows}
\else
	\set rows 1000000
\endif
\if :{?dimensions}
\else
	\set dimensions 768
\endif
\if :{?type}
\else
	\set type vector
\endif
\if :{?options}
\else
	\set options ''
\endif
\if :{?sample}
\else
	\set sample 20000
\endif
SELECT CASE WHEN :'type' NOT IN ('vector', 'halfvec', 'bytevec', 'sparsevec', 'bit')
		THEN format('type is vector, halfvec, bytevec, sparsevec or bit, not "%s"', :'type')
	ELSE (SELECT format('%s must be from %s to %s, not %s', what, least, most, said)
		FROM (VALUES ('rows', :'rows', 1, 2000000000), ('sample', :'sample', 1000, 1000000))
			AS number (what, said, least, most)
		-- 1e6 is a number, too
		WHERE CASE WHEN said ~ '^[0-9]{1,30}(e[0-9])?$' THEN said::numeric NOT BETWEEN least AND most
			ELSE true END
		LIMIT 1)
	END AS mistake \gset
\if :{?mistake}
	SET lokivector_size.mistake = :'mistake';
	DO $$ BEGIN RAISE EXCEPTION '%', current_setting('lokivector_size.mistake'); END $$;
\endif
\qecho :type, :rows rows of :dimensions dimensions
SELECT CASE WHEN :'options' <> '' THEN format('WITH (%s)', :'options') ELSE '' END AS with,
	:'type' || CASE WHEN :'type' = 'bit' THEN '_hamming_ops' ELSE '_l2_ops' END AS class,
	CASE WHEN :'type' = 'bit' THEN 'string_agg((x + 0.5 * random() > 0.75)::int::text, '''')'
		ELSE 'array_agg(x + 0.5 * random())' END AS elements \gset

-- A name of this session: another that makes a table of the same name would wait for this one
SELECT 'lokivector_sample_' || pg_backend_pid() AS sample_table,
	'lokivector_sample_' || pg_backend_pid() || '_centers' AS centers,
	'lokivector_sample_' || pg_backend_pid() || '_idx' AS sample_index \gset

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TABLE :sample_table (id bigserial PRIMARY KEY, v :type(:dimensions) NOT NULL);
SELECT current_setting('max_parallel_maintenance_workers') AS workers,
	string_to_array(replace(:'options', ' ', ''), ',') AS list,
	lokivector_build_memory(:'sample_table', 'v',
		options => string_to_array(replace(:'options', ' ', ''), ',')) AS memory_of_none \gset
ALTER TABLE :sample_table SET (parallel_workers = :workers);

-- Rows in a hundred clusters
CREATE TABLE :centers AS
SELECT c, array_agg(random()) AS center
FROM generate_series(0, 99) c, generate_series(1, :dimensions) GROUP BY c;
INSERT INTO :sample_table (v)
SELECT CAST((SELECT :elements FROM unnest(center) x) AS :type(:dimensions))
FROM generate_series(1, :sample) i JOIN :centers ON c = i % 100;

SELECT clock_timestamp() AS began \gset
CREATE INDEX :sample_index ON :sample_table USING hnsw (v :class) :with;
SELECT clock_timestamp() AS ended \gset

-- Parts that have slots for the rows grow as these do, others stay
WITH part AS (
	SELECT slot_array IN ('code', 'link', 'upper', 'tid') AS hot,
		bytes * CASE WHEN slots > :sample / 100 THEN :rows::float8 / :sample ELSE 1 END AS bytes
	FROM lokivector_index_slot_arrays(:'sample_index')),
figures AS (
	SELECT pg_table_size(:'sample_table') * (:rows::float8 / :sample) AS "table",
		(SELECT sum(bytes) FROM part) AS index,
		(SELECT sum(bytes) FROM part WHERE hot) AS hot,
		:memory_of_none + (:rows::float8 / :sample) * (lokivector_build_memory(:'sample_table', 'v',
			options => :'list') - :memory_of_none) AS memory,
		extract(epoch FROM timestamptz :'ended' - :'began') * (:rows::float8 / :sample)
			* greatest(ln(:rows) / ln(:sample), 1) AS seconds)
SELECT what, figure
FROM figures, LATERAL (VALUES
	('rows on disk', pg_size_pretty("table"::bigint)),
	('index on disk', pg_size_pretty(index::bigint)),
	('... and while it is rebuilt, with its WAL', pg_size_pretty(3 * index::bigint)),
	('of the index in shared_buffers', pg_size_pretty(hot::bigint)),
	('maintenance_work_mem', pg_size_pretty(memory::bigint)),
	(format('build by %s processes', :workers + 1), date_trunc('second', make_interval(secs => seconds + 1))::text)
) AS line (what, figure);
ROLLBACK;
