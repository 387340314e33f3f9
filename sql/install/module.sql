--
-- The module
--

DO $$
BEGIN
	IF (SELECT count(*) FROM pg_catalog.pg_extension WHERE extname IN ('lokivector', 'vector')) > 1 THEN
		RAISE duplicate_object USING
			MESSAGE = 'extensions "lokivector" and "vector" cannot be in one database',
			DETAIL = 'They define the same types.',
			HINT = 'To move a database from one to the other, see doc/migrating-from-pgvector.md.';
	END IF;
END
$$;

CREATE FUNCTION lokivector_version() RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_version() IS 'version of the lokivector library';

CREATE FUNCTION lokivector_simd() RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_simd' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_simd() IS 'instruction sets in use';
