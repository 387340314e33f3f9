-- SPDX-License-Identifier: PostgreSQL
--
-- Documents of many vectors in indexes of hnsw
--

CREATE FUNCTION hnsw_vector_array_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;

CREATE FUNCTION hnsw_halfvec_array_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;

CREATE OPERATOR CLASS vector_maxsim_ops
	DEFAULT FOR TYPE vector[] USING hnsw AS
	OPERATOR 1 @# (vector[], vector[]) FOR ORDER BY float_ops,
	FUNCTION 1 negative_max_sim(vector[], vector[]),
	FUNCTION 3 hnsw_vector_array_support(internal);

CREATE OPERATOR CLASS halfvec_maxsim_ops
	DEFAULT FOR TYPE halfvec[] USING hnsw AS
	OPERATOR 1 @# (halfvec[], halfvec[]) FOR ORDER BY float_ops,
	FUNCTION 1 negative_max_sim(halfvec[], halfvec[]),
	FUNCTION 3 hnsw_halfvec_array_support(internal);

-- Queries that are arrays of vectors themselves, as text: an array cannot hold arrays of
-- different lengths
CREATE FUNCTION lokivector_recall(index regclass,
		queries text[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, text[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries text[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, text[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';
