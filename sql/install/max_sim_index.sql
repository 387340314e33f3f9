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
