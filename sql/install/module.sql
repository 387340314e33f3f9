-- SPDX-License-Identifier: PostgreSQL
--
-- The module
--

CREATE FUNCTION lokivector_version() RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_version' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_version() IS 'version of the lokivector library';

CREATE FUNCTION lokivector_simd() RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_simd' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_simd() IS 'instruction sets in use';
