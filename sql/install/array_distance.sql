-- SPDX-License-Identifier: PostgreSQL
-- Distances from arrays of numbers, which is what drivers make of lists: [0.1, 0.2] has the type
-- double precision[], real[], numeric[] or integer[] there, and each of these becomes the first.
-- The planner puts the bodies in place of the functions, so that it finds an index.  Operands of
-- no type stay vectors: PostgreSQL prefers operators of two equal types.  Beside a bytevec the
-- array becomes a vector, which rounds nothing.  Without an operator for it the column would become
-- one, and no index would serve that.

CREATE FUNCTION vector_l2_distance_to_array(vector, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <-> $2::vector;
COMMENT ON FUNCTION vector_l2_distance_to_array(vector, double precision[]) IS 'Euclidean distance';
CREATE OPERATOR <-> (
	LEFTARG = vector, RIGHTARG = double precision[], FUNCTION = vector_l2_distance_to_array
);
COMMENT ON OPERATOR <-> (vector, double precision[]) IS 'Euclidean distance';

CREATE FUNCTION vector_negative_inner_product_to_array(vector, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <#> $2::vector;
COMMENT ON FUNCTION vector_negative_inner_product_to_array(vector, double precision[]) IS 'negative inner product';
CREATE OPERATOR <#> (
	LEFTARG = vector, RIGHTARG = double precision[], FUNCTION = vector_negative_inner_product_to_array
);
COMMENT ON OPERATOR <#> (vector, double precision[]) IS 'negative inner product';

CREATE FUNCTION vector_cosine_distance_to_array(vector, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <=> $2::vector;
COMMENT ON FUNCTION vector_cosine_distance_to_array(vector, double precision[]) IS 'cosine distance';
CREATE OPERATOR <=> (
	LEFTARG = vector, RIGHTARG = double precision[], FUNCTION = vector_cosine_distance_to_array
);
COMMENT ON OPERATOR <=> (vector, double precision[]) IS 'cosine distance';

CREATE FUNCTION vector_l1_distance_to_array(vector, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <+> $2::vector;
COMMENT ON FUNCTION vector_l1_distance_to_array(vector, double precision[]) IS 'taxicab distance';
CREATE OPERATOR <+> (
	LEFTARG = vector, RIGHTARG = double precision[], FUNCTION = vector_l1_distance_to_array
);
COMMENT ON OPERATOR <+> (vector, double precision[]) IS 'taxicab distance';

CREATE FUNCTION halfvec_l2_distance_to_array(halfvec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <-> $2::halfvec;
COMMENT ON FUNCTION halfvec_l2_distance_to_array(halfvec, double precision[]) IS 'Euclidean distance';
CREATE OPERATOR <-> (
	LEFTARG = halfvec, RIGHTARG = double precision[], FUNCTION = halfvec_l2_distance_to_array
);
COMMENT ON OPERATOR <-> (halfvec, double precision[]) IS 'Euclidean distance';

CREATE FUNCTION halfvec_negative_inner_product_to_array(halfvec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <#> $2::halfvec;
COMMENT ON FUNCTION halfvec_negative_inner_product_to_array(halfvec, double precision[]) IS 'negative inner product';
CREATE OPERATOR <#> (
	LEFTARG = halfvec, RIGHTARG = double precision[], FUNCTION = halfvec_negative_inner_product_to_array
);
COMMENT ON OPERATOR <#> (halfvec, double precision[]) IS 'negative inner product';

CREATE FUNCTION halfvec_cosine_distance_to_array(halfvec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <=> $2::halfvec;
COMMENT ON FUNCTION halfvec_cosine_distance_to_array(halfvec, double precision[]) IS 'cosine distance';
CREATE OPERATOR <=> (
	LEFTARG = halfvec, RIGHTARG = double precision[], FUNCTION = halfvec_cosine_distance_to_array
);
COMMENT ON OPERATOR <=> (halfvec, double precision[]) IS 'cosine distance';

CREATE FUNCTION halfvec_l1_distance_to_array(halfvec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <+> $2::halfvec;
COMMENT ON FUNCTION halfvec_l1_distance_to_array(halfvec, double precision[]) IS 'taxicab distance';
CREATE OPERATOR <+> (
	LEFTARG = halfvec, RIGHTARG = double precision[], FUNCTION = halfvec_l1_distance_to_array
);
COMMENT ON OPERATOR <+> (halfvec, double precision[]) IS 'taxicab distance';

CREATE FUNCTION bytevec_l2_distance_to_array(bytevec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <-> $2::vector;
COMMENT ON FUNCTION bytevec_l2_distance_to_array(bytevec, double precision[]) IS 'Euclidean distance';
CREATE OPERATOR <-> (
	LEFTARG = bytevec, RIGHTARG = double precision[], FUNCTION = bytevec_l2_distance_to_array
);
COMMENT ON OPERATOR <-> (bytevec, double precision[]) IS 'Euclidean distance';

CREATE FUNCTION bytevec_negative_inner_product_to_array(bytevec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <#> $2::vector;
COMMENT ON FUNCTION bytevec_negative_inner_product_to_array(bytevec, double precision[]) IS 'negative inner product';
CREATE OPERATOR <#> (
	LEFTARG = bytevec, RIGHTARG = double precision[], FUNCTION = bytevec_negative_inner_product_to_array
);
COMMENT ON OPERATOR <#> (bytevec, double precision[]) IS 'negative inner product';

CREATE FUNCTION bytevec_cosine_distance_to_array(bytevec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <=> $2::vector;
COMMENT ON FUNCTION bytevec_cosine_distance_to_array(bytevec, double precision[]) IS 'cosine distance';
CREATE OPERATOR <=> (
	LEFTARG = bytevec, RIGHTARG = double precision[], FUNCTION = bytevec_cosine_distance_to_array
);
COMMENT ON OPERATOR <=> (bytevec, double precision[]) IS 'cosine distance';

CREATE FUNCTION bytevec_l1_distance_to_array(bytevec, double precision[]) RETURNS double precision
	LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN $1 <+> $2::vector;
COMMENT ON FUNCTION bytevec_l1_distance_to_array(bytevec, double precision[]) IS 'taxicab distance';
CREATE OPERATOR <+> (
	LEFTARG = bytevec, RIGHTARG = double precision[], FUNCTION = bytevec_l1_distance_to_array
);
COMMENT ON OPERATOR <+> (bytevec, double precision[]) IS 'taxicab distance';
