-- SPDX-License-Identifier: PostgreSQL
--
-- One extension of these types in a database
--

DO $$
BEGIN
	IF (SELECT pg_catalog.count(*) FROM pg_catalog.pg_extension WHERE extname IN ('lokivector', 'vector')) > 1 THEN
		RAISE duplicate_object USING
			MESSAGE = 'extensions "lokivector" and "vector" cannot be in one database',
			DETAIL = 'They define the same types.',
			HINT = 'To move a database from one to the other, see doc/migrating-from-pgvector.md.';
	END IF;
END
$$;
