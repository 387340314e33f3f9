-- SPDX-License-Identifier: PostgreSQL
--
-- Diversity: vectors that are near a query, but not near each other
--

CREATE FUNCTION mmr(query vector, vectors vector[], lambda double precision, k integer)
	RETURNS integer[]
	AS 'MODULE_PATHNAME', 'vector_mmr' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION mmr(vector, vector[], double precision, integer) IS
	'positions of k vectors that are near a query and differ from each other: maximal marginal relevance';

CREATE FUNCTION mmr(query halfvec, vectors halfvec[], lambda double precision, k integer)
	RETURNS integer[]
	AS 'MODULE_PATHNAME', 'halfvec_mmr' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION mmr(halfvec, halfvec[], double precision, integer) IS
	'positions of k vectors that are near a query and differ from each other: maximal marginal relevance';
