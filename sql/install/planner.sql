--
-- What the planner is told of the types: statistics
--

CREATE FUNCTION lokivector_typanalyze(internal) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_typanalyze(internal) IS 'ANALYZE: a profile of distances';

ALTER TYPE vector SET (ANALYZE = lokivector_typanalyze);
