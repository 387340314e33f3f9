-- SPDX-License-Identifier: PostgreSQL
--
-- What the planner is told of the types: statistics, and what distances cost
--

CREATE FUNCTION lokivector_typanalyze(internal) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_typanalyze(internal) IS 'ANALYZE: a profile of distances';

CREATE FUNCTION lokivector_distance_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_distance_support(internal) IS 'planner support: costs of distances';

ALTER TYPE vector SET (ANALYZE = lokivector_typanalyze);
ALTER TYPE halfvec SET (ANALYZE = lokivector_typanalyze);
ALTER TYPE sparsevec SET (ANALYZE = lokivector_typanalyze);

ALTER FUNCTION l2_distance(vector, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION inner_product(vector, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION cosine_distance(vector, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION l1_distance(vector, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION vector_negative_inner_product(vector, vector) SUPPORT lokivector_distance_support;

ALTER FUNCTION l2_distance(halfvec, halfvec) SUPPORT lokivector_distance_support;
ALTER FUNCTION inner_product(halfvec, halfvec) SUPPORT lokivector_distance_support;
ALTER FUNCTION cosine_distance(halfvec, halfvec) SUPPORT lokivector_distance_support;
ALTER FUNCTION l1_distance(halfvec, halfvec) SUPPORT lokivector_distance_support;
ALTER FUNCTION halfvec_negative_inner_product(halfvec, halfvec) SUPPORT lokivector_distance_support;

ALTER FUNCTION bm25_weighed_distance(tsvector, weighed_tsquery) SUPPORT lokivector_distance_support;

ALTER FUNCTION l2_distance(sparsevec, sparsevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION inner_product(sparsevec, sparsevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION cosine_distance(sparsevec, sparsevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION l1_distance(sparsevec, sparsevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION sparsevec_negative_inner_product(sparsevec, sparsevec) SUPPORT lokivector_distance_support;
