-- SPDX-License-Identifier: PostgreSQL
--
-- Searches of rows whose text begins with a prefix: processor time in milliseconds of the nearest ten, by an attribute of
-- text_prefix_ops, by a b-tree of text_pattern_ops beside the hybrid scan, and by an array and a number with
-- as many rows; plans for one value and for all.  For a superuser, on Linux.
--
--		psql -X -f bench/prefix.sql
--
\set ON_ERROR_STOP on
\pset footer off
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS lokivector;
SET search_path = pg_temp, public;
SET max_parallel_workers_per_gather = 0;
SELECT setseed(.5) \g /dev/null
CREATE TEMP TABLE prefix_docs (id int, path text, tags text[], tenant int, v vector(64));
INSERT INTO prefix_docs
SELECT i, 'users/' || name || '/' || i, ARRAY[name], length(name), v
FROM (SELECT i, CASE WHEN r < .001 THEN 'al' WHEN r < .051 THEN 'bob' WHEN r < .061 THEN 'edward' WHEN r < .5 THEN 'carol' ELSE 'dorothy' END AS name,
		(SELECT array_agg(random() - .5) FROM generate_series(1, 64) WHERE i > 0)::vector AS v
	FROM (SELECT i, random() AS r FROM generate_series(1, 100000) i) x) y;
CREATE INDEX prefix_index ON prefix_docs USING hnsw (v vector_l2_ops, tags, tenant, path text_prefix_ops);
ANALYZE prefix_docs;

CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql AS
$$SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 / 1e6$$;

CREATE FUNCTION pg_temp.prefix_times(way text, name text, mode text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	began float8;
	best float8 := 'infinity';
	q vector;
	qs vector[] := ARRAY(SELECT v FROM prefix_docs WHERE id % 997 = 0);
	value text := CASE way WHEN 'array' THEN name WHEN 'number' THEN length(name)::text WHEN '^@' THEN 'users/' || name || '/'
		ELSE 'users/' || name || '/%' END;
BEGIN
	PERFORM set_config('plan_cache_mode', mode, true);
	FOR round IN 1 .. 3 LOOP
		began := pg_temp.cpu();
		FOREACH q IN ARRAY qs LOOP
			CASE way
				WHEN 'array' THEN PERFORM id FROM prefix_docs WHERE tags @> ARRAY[value] ORDER BY v <-> q LIMIT 10;
				WHEN 'number' THEN PERFORM id FROM prefix_docs WHERE tenant = value::int ORDER BY v <-> q LIMIT 10;
				WHEN '^@' THEN PERFORM id FROM prefix_docs WHERE path ^@ value ORDER BY v <-> q LIMIT 10;
				WHEN 'LIKE' THEN PERFORM id FROM prefix_docs WHERE path LIKE value ORDER BY v <-> q LIMIT 10;
			END CASE;
		END LOOP;
		best := least(best, (pg_temp.cpu() - began) / cardinality(qs));
	END LOOP;
	RETURN round(best::numeric, 2);
END
$$;
\set table 'SELECT share, mode, (SELECT string_agg(way || '' '' || pg_temp.prefix_times(way, name, mode), '', '') FROM unnest(ways) way) AS ms FROM (VALUES (''50 %'', ''dorothy''), (''5 %'', ''bob''), (''1 %'', ''edward''), (''.1 %'', ''al'')) s (share, name), unnest(''{force_custom_plan,force_generic_plan}''::text[]) mode'
SELECT '{array,number,^@,LIKE}'::text[] AS ways \gset
\echo text_prefix_ops
:table, (SELECT :'ways'::text[] AS ways) w;
DROP INDEX prefix_index;
CREATE INDEX ON prefix_docs USING hnsw (v vector_l2_ops);
CREATE INDEX ON prefix_docs (path text_pattern_ops);
ANALYZE prefix_docs;
\echo a b-tree of text_pattern_ops
:table, (SELECT '{^@,LIKE}'::text[] AS ways) w;
