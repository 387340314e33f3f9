-- SPDX-License-Identifier: PostgreSQL
--
-- One order out of several.  The planner replaces calls of these functions
-- (src/planner/README); STABLE keeps it from evaluating them before.
--

CREATE FUNCTION lokivector_fusion_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_fusion_support(internal) IS 'planner support: fusions of orders';

CREATE FUNCTION rrf(VARIADIC legs double precision[]) RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE SUPPORT lokivector_fusion_support;
COMMENT ON FUNCTION rrf(double precision[]) IS
	'reciprocal rank fusion, for ORDER BY ... DESC: 1 / (60 + rank) in the order of each leg, summed';

CREATE FUNCTION weighted_rrf(weights double precision[], VARIADIC legs double precision[])
	RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE SUPPORT lokivector_fusion_support;
COMMENT ON FUNCTION weighted_rrf(double precision[], double precision[]) IS
	'reciprocal rank fusion with a weight for each leg, for ORDER BY ... DESC';

CREATE FUNCTION weighted_scores(weights double precision[], VARIADIC legs double precision[])
	RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE SUPPORT lokivector_fusion_support;
COMMENT ON FUNCTION weighted_scores(double precision[], double precision[]) IS
	'fusion by values, for ORDER BY ... DESC: from 1 for the least of a leg to 0 for its largest, weighted and summed';

CREATE FUNCTION leg_rank(leg integer) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL SAFE SUPPORT lokivector_fusion_support;
COMMENT ON FUNCTION leg_rank(integer) IS
	'a row''s rank in a leg of the fusion that its query is in order of, NULL if it has none';

CREATE FUNCTION fusion_weight(weights double precision[], leg integer, legs integer)
	RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION fusion_weight(double precision[], integer, integer) IS
	'the weight of a leg in an array with one for each of the legs';
