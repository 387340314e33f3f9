-- SPDX-License-Identifier: PostgreSQL
-- Read by the scripts that look into all indexes: what lokivector_advice() says of each, as JSON in
-- the setting lokivector_each.advice.  The advice of an index that cannot be read, such as a damaged
-- one, is its error, and the others are read all the same.  Nothing is written, so it runs on a
-- standby.
\set quiet :QUIET
\set QUIET on
DO $$
DECLARE
	i regclass;
	said jsonb;
	all_said jsonb := '[]';
BEGIN
	FOR i IN SELECT s.index FROM lokivector_stat_indexes s
	LOOP
		BEGIN
			said := (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('index', i::oid, 'about', a.about, 'advice', a.advice))
				FROM lokivector_advice(i) a);
		EXCEPTION WHEN OTHERS THEN
			said := pg_catalog.jsonb_build_object('index', i::oid, 'about', 'error', 'advice',
				pg_catalog.format('%s. REINDEX INDEX CONCURRENTLY %s rebuilds the index.', SQLERRM, i));
		END;
		all_said := all_said || coalesce(said, '[]');
	END LOOP;
	PERFORM pg_catalog.set_config('lokivector_each.advice', all_said::text, false);
END $$;
\set QUIET :quiet
