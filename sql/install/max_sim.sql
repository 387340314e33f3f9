-- SPDX-License-Identifier: PostgreSQL
--
-- Documents of many vectors: MaxSim over vector[] and halfvec[]
--

CREATE FUNCTION max_sim(document vector[], query vector[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION max_sim(vector[], vector[]) IS
	'sum over the query''s vectors of the largest inner product with a vector of the document';

CREATE FUNCTION max_sim(document halfvec[], query halfvec[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'halfvec_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION max_sim(halfvec[], halfvec[]) IS
	'sum over the query''s vectors of the largest inner product with a vector of the document';

CREATE FUNCTION negative_max_sim(document vector[], query vector[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_negative_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION negative_max_sim(vector[], vector[]) IS 'implementation of @# operator';

CREATE FUNCTION negative_max_sim(document halfvec[], query halfvec[]) RETURNS double precision
	AS 'MODULE_PATHNAME', 'halfvec_negative_max_sim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION negative_max_sim(halfvec[], halfvec[]) IS 'implementation of @# operator';

CREATE OPERATOR @# (
	LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = negative_max_sim
);
COMMENT ON OPERATOR @#(vector[], vector[]) IS 'negative MaxSim of a document and a query';

CREATE OPERATOR @# (
	LEFTARG = halfvec[], RIGHTARG = halfvec[], FUNCTION = negative_max_sim
);
COMMENT ON OPERATOR @#(halfvec[], halfvec[]) IS 'negative MaxSim of a document and a query';
