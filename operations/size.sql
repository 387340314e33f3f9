-- SPDX-License-Identifier: PostgreSQL
-- What an index will take: memory, disk and time of its build, computed from an index on a
-- sample that is made here and goes away again.  For who may create tables in the database:
--
--	psql -X -q -v rows=1000000 -v dimensions=768 -f operations/size.sql DATABASE
--
-- -v type=halfvec       the column's type (vector); bytevec, bit, sparsevec, or tsvector,
--                       whose dimensions are the different words of all rows
-- -v elements=120       elements of a sparsevec that are not zero, or words of a tsvector (120, but no more than dimensions)
-- -v options='bits = 4' storage parameters of the index (none)
-- -v attributes='integer, text[]'  types of further columns of the index (none)
-- -v values=1000         different values of each of these (1000); 2 of a boolean
-- -v sample=50000       rows of the sample (20000; from 2500, since an index of few
--                       rows has no codes yet, to 1000000)
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
\if :{?attributes}
\else
	\set attributes ''
\endif
\if :{?values}
\else
	\set values 1000
\endif
\if :{?sample}
\else
	\set sample 20000
\endif
\if :{?elements}
\else
	SELECT least(120, pg_catalog.substring(:'dimensions', '^[0-9]+(?:e[0-9])?$')::numeric) AS elements \gset
\endif

-- The sample is made where the role's tables are
SELECT pg_catalog.quote_ident(pg_catalog.current_schema()) AS own_schema \gset
\ir search_path.sql
\ir extension.sql

-- What makes a value of an attribute's type from the number n
SELECT coalesce(pg_catalog.string_agg(pg_catalog.format(', a%s %s', i, name), '' ORDER BY i), '') AS attribute_columns,
	coalesce(pg_catalog.string_agg(pg_catalog.format(', a%s', i), '' ORDER BY i), '') AS attribute_names,
	coalesce(pg_catalog.array_agg('a' || i::text ORDER BY i) FILTER (WHERE i IS NOT NULL), '{}') AS attribute_list,
	coalesce(pg_catalog.string_agg(pg_catalog.format(CASE WHEN elements THEN ', (SELECT pg_catalog.array_agg(CAST(%s AS %s)) FROM (SELECT pg_catalog.floor(:values::float8 * pg_catalog.random())::int AS n FROM pg_catalog.generate_series(1, 3) WHERE i > 0) e)'
		ELSE ', CAST(%s AS %s)' END, made, single), '' ORDER BY i), '') AS attribute_values,
	coalesce(pg_catalog.min(name) FILTER (WHERE made IS NULL), '') AS no_attribute
FROM (
	SELECT i, name, single, elements,
		CASE WHEN category = 'B' THEN 'n % 2 = 0'
			WHEN category = 'N' THEN 'n'
			WHEN single IN ('date', 'timestamp without time zone', 'timestamp with time zone')
				THEN 'timestamp ''2000-01-01'' + n::float8 * interval ''1 day'''
			WHEN category = 'D' THEN 'time ''00:00'' + n::float8 * interval ''1 second'''
			WHEN single = 'uuid' THEN 'pg_catalog.md5(n::text)'
			WHEN category = 'S' THEN '''value '' || n::text'
			WHEN single = 'inet' THEN 'inet ''10.0.0.0'' + n::bigint' END AS made
	FROM (SELECT i, name, pg_catalog.to_regtype(name) AS type
		FROM (SELECT i, pg_catalog.btrim(part) AS name FROM pg_catalog.string_to_table(nullif(pg_catalog.btrim(:'attributes'), ''), ',') WITH ORDINALITY p (part, i)) s) named
	LEFT JOIN pg_type t ON t.oid = named.type::oid
	LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
	CROSS JOIN LATERAL (SELECT pg_catalog.format_type(coalesce(e.oid, t.oid), NULL) AS single, e.oid IS NOT NULL AS elements,
		coalesce(e.typcategory, t.typcategory) AS category) c) s \gset
SELECT CASE WHEN :'type' NOT IN ('vector', 'halfvec', 'bytevec', 'sparsevec', 'bit', 'tsvector')
		THEN pg_catalog.format('type is vector, halfvec, bytevec, sparsevec, bit or tsvector, not "%s"', :'type')
	WHEN :'no_attribute' <> '' THEN pg_catalog.format('no values can be made of the attribute type "%s"', :'no_attribute')
	ELSE (SELECT pg_catalog.format('%s must be from %s to %s, not %s', what, least, most, said)
		FROM (VALUES ('rows', :'rows', 1, 2000000000), ('sample', :'sample', greatest(2500, nullif(pg_catalog.current_setting('lokivector.pending_nodes', true), '')::int), 1000000),
				('dimensions', :'dimensions', 1, 2000000000),
				('values', :'values', 1, 2000000000), ('elements', :'elements', 1, 16000))
			AS number (what, said, least, most)
		-- 1e6 is a number, too
		WHERE CASE WHEN said ~ '^[0-9]{1,30}(e[0-9])?$' THEN said::numeric NOT BETWEEN least::numeric AND most::numeric
			ELSE true END
		LIMIT 1)
	END AS mistake \gset
\if :{?mistake}
	SET lokivector_size.mistake = :'mistake';
	DO $$ BEGIN RAISE EXCEPTION '%', pg_catalog.current_setting('lokivector_size.mistake'); END $$;
\endif
SELECT :'dimensions'::numeric::int AS dimensions \gset
\qecho :type, :rows rows of :dimensions dimensions
SELECT CASE WHEN :'options' <> '' THEN pg_catalog.format('WITH (%s)', :'options') ELSE '' END AS with,
	:'type' || CASE WHEN :'type' = 'tsvector' THEN '' ELSE '(' || :dimensions::text || ')' END AS column_type,
	CASE :'type' WHEN 'tsvector' THEN 'bm25_ops' WHEN 'bit' THEN 'bit_hamming_ops' WHEN 'sparsevec' THEN 'sparsevec_ip_ops' ELSE :'type' || '_l2_ops' END AS class,
	CASE WHEN :'type' IN ('sparsevec', 'tsvector') THEN 1 ELSE :dimensions END AS center_dimensions,
	CASE WHEN :'type' = 'bit' THEN '(SELECT pg_catalog.string_agg((x + 0.5::float8 * pg_catalog.random() > 0.75::float8)::int::text, '''') FROM pg_catalog.unnest(center) x)'
		-- some elements of many rows are not zero, as some words are frequent
		WHEN :'type' IN ('sparsevec', 'tsvector') THEN CASE WHEN :'type' = 'tsvector'
				THEN '(SELECT pg_catalog.array_to_tsvector(pg_catalog.array_agg(''word'' || place::text)) FROM ('
				ELSE '(SELECT ''{'' || pg_catalog.string_agg(place::text || '':'' || (pg_catalog.random() + 0.5::float8)::real::text, '','' ORDER BY place) || ''}/'' || :dimensions::text FROM (' END
			|| CASE WHEN :elements * 4 < :dimensions THEN 'SELECT DISTINCT 1 + pg_catalog.floor(:dimensions::float8 * pg_catalog.power(pg_catalog.random(), 3::float8))::int AS place FROM pg_catalog.generate_series(1, (1.1 * :elements::numeric)::int) WHERE i > 0'
				ELSE 'SELECT place FROM pg_catalog.generate_series(1, :dimensions) place WHERE i > 0 ORDER BY pg_catalog.random() LIMIT :elements' END
			|| ') places)'
		ELSE '(SELECT pg_catalog.array_agg(x + 0.5::float8 * pg_catalog.random()) FROM pg_catalog.unnest(center) x)' END AS value \gset

-- A name of this session: another that makes a table of the same name would wait for this one
SELECT :'own_schema' || '.lokivector_sample_' || pg_catalog.pg_backend_pid()::text AS sample_table,
	:'own_schema' || '.lokivector_sample_' || pg_catalog.pg_backend_pid()::text || '_centers' AS centers,
	'lokivector_sample_' || pg_catalog.pg_backend_pid()::text || '_idx' AS sample_index \gset

BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TABLE :sample_table (id bigserial PRIMARY KEY, v :column_type NOT NULL :attribute_columns);
SELECT pg_catalog.current_setting('max_parallel_maintenance_workers') AS workers,
	pg_catalog.string_to_array(pg_catalog.replace(:'options', ' ', ''), ',') AS list,
	lokivector_build_memory(:'sample_table'::regclass, 'v'::name, ''::text, :'attribute_list'::name[],
		pg_catalog.string_to_array(pg_catalog.replace(:'options', ' ', ''), ',')) AS memory_of_none \gset
ALTER TABLE :sample_table SET (parallel_workers = :workers);

-- Rows in a hundred clusters
CREATE TABLE :centers AS
SELECT c, pg_catalog.array_agg(pg_catalog.random()) AS center
FROM pg_catalog.generate_series(0, 99) c, pg_catalog.generate_series(1, :center_dimensions) GROUP BY c;
INSERT INTO :sample_table (v :attribute_names)
SELECT CAST(:value AS :column_type) :attribute_values
FROM pg_catalog.generate_series(1, :sample) i JOIN :centers ON c = i % 100, LATERAL (SELECT pg_catalog.floor(:values::float8 * pg_catalog.random())::int + 0 * i AS n) r;

SELECT pg_catalog.clock_timestamp() AS began \gset
CREATE INDEX :sample_index ON :sample_table USING hnsw (v :class :attribute_names) :with;
SELECT pg_catalog.clock_timestamp() AS ended \gset

-- Parts that have slots for the rows grow as these do, and others stay.  The centroid stays, too: its
-- slots are those of the basis behind it.  Entries of sorted lists and of the row map are node IDs,
-- which have more bits in a larger index.
WITH part AS (
	SELECT slot_array IN ('code', 'link', 'upper', 'tid', 'window', 'term', 'posting') AS hot,
		bytes::float8 * CASE WHEN slot_array = 'term' THEN pg_catalog.ceil(:rows::float8 / 65536::float8) / pg_catalog.ceil(:sample::float8 / 65536::float8)
			WHEN slots > :sample::bigint / 100 AND slot_array <> 'centroid' THEN :rows::float8 / :sample::float8 ELSE 1 END
			* CASE WHEN slots > 0 AND slot_array = 'sorted' THEN bits_of_rows / bits
				WHEN slots > 0 AND slot_array = 'row' THEN 1::float8 + (bits_of_rows - bits) / (slots * 64 / :sample::bigint)::float8
				ELSE 1 END AS bytes
	FROM lokivector_index_slot_arrays((:'own_schema' || '.' || :'sample_index')::regclass),
		LATERAL (SELECT pg_catalog.ceil(pg_catalog.log(2, :rows::numeric))::float8 AS bits_of_rows, pg_catalog.ceil(pg_catalog.log(2, :sample::numeric))::float8 AS bits) b),
figures AS (
	SELECT pg_catalog.pg_table_size(:'sample_table'::regclass)::float8 * (:rows::float8 / :sample::float8) AS "table",
		(SELECT pg_catalog.sum(bytes) FROM part) AS index,
		(SELECT pg_catalog.sum(bytes) FROM part WHERE hot) AS hot,
		:memory_of_none::float8 + (:rows::float8 / :sample::float8) * (lokivector_build_memory(:'sample_table'::regclass, 'v'::name, ''::text,
			:'attribute_list'::name[], :'list'::text[]) - :memory_of_none::bigint)::float8 AS memory,
		extract(epoch FROM timestamptz :'ended' - timestamptz :'began')::float8 * (:rows::float8 / :sample::float8)
			* greatest(pg_catalog.ln(:rows::float8) / pg_catalog.ln(:sample::float8), 1) AS seconds)
SELECT what, figure
FROM figures, LATERAL (VALUES
	('rows on disk', pg_catalog.pg_size_pretty("table"::bigint)),
	('index on disk', pg_catalog.pg_size_pretty(index::bigint)),
	('... and while it is rebuilt, with its WAL', pg_catalog.pg_size_pretty(3 * index::bigint)),
	('of the index in shared_buffers', pg_catalog.pg_size_pretty(hot::bigint)),
	('maintenance_work_mem', pg_catalog.pg_size_pretty(memory::bigint)),
	(pg_catalog.format('build by %s process%s', :workers + 1, CASE WHEN :workers > 0 THEN 'es' END), pg_catalog.date_trunc('second', pg_catalog.make_interval(secs => seconds + 1::float8))::text)
) AS line (what, figure);
ROLLBACK;
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
