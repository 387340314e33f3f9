-- SPDX-License-Identifier: PostgreSQL
--
-- Type bytevec: 8 bits a dimension.  Behind the parts of the other types and of
-- what works on them, so that all that concerns it is here.
--

CREATE TYPE bytevec;

CREATE FUNCTION bytevec_in(cstring, oid, integer) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'bytevec_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_in(cstring, oid, integer) IS 'I/O';

CREATE FUNCTION bytevec_out(bytevec) RETURNS cstring
	AS 'MODULE_PATHNAME', 'bytevec_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_out(bytevec) IS 'I/O';

CREATE FUNCTION bytevec_typmod_in(cstring[]) RETURNS integer
	AS 'MODULE_PATHNAME', 'bytevec_typmod_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_typmod_in(cstring[]) IS 'I/O typmod';

CREATE FUNCTION bytevec_recv(internal, oid, integer) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'bytevec_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_recv(internal, oid, integer) IS 'I/O';

CREATE FUNCTION bytevec_send(bytevec) RETURNS bytea
	AS 'MODULE_PATHNAME', 'bytevec_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_send(bytevec) IS 'I/O';

CREATE TYPE bytevec (
	INPUT = bytevec_in,
	OUTPUT = bytevec_out,
	TYPMOD_IN = bytevec_typmod_in,
	RECEIVE = bytevec_recv,
	SEND = bytevec_send,
	ANALYZE = lokivector_typanalyze,
	STORAGE = external
);
COMMENT ON TYPE bytevec IS 'vector of 8 bits a dimension, with scale and offset';

--
-- Casts of bytevecs.  That to vector loses nothing and is implicit, so that functions
-- of vectors take bytevecs; none to bytevec is, so that nothing is rounded unasked.
--

CREATE FUNCTION bytevec(bytevec, integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec(bytevec, integer, boolean) IS 'check against a number of dimensions';

CREATE FUNCTION bytevec_to_vector(bytevec, integer, boolean) RETURNS vector
	AS 'MODULE_PATHNAME', 'bytevec_to_vector' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_to_vector(bytevec, integer, boolean) IS 'convert bytevec to vector';

CREATE FUNCTION vector_to_bytevec(vector, integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'vector_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION vector_to_bytevec(vector, integer, boolean) IS 'convert vector to bytevec';

CREATE FUNCTION bytevec_to_halfvec(bytevec, integer, boolean) RETURNS halfvec
	AS 'MODULE_PATHNAME', 'bytevec_to_halfvec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_to_halfvec(bytevec, integer, boolean) IS 'convert bytevec to halfvec';

CREATE FUNCTION halfvec_to_bytevec(halfvec, integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'halfvec_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION halfvec_to_bytevec(halfvec, integer, boolean) IS 'convert halfvec to bytevec';

CREATE FUNCTION bytevec_to_float4(bytevec, integer, boolean) RETURNS real[]
	AS 'MODULE_PATHNAME', 'bytevec_to_float4' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_to_float4(bytevec, integer, boolean) IS 'convert bytevec to real[]';

CREATE FUNCTION array_to_bytevec(integer[], integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'array_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_bytevec(integer[], integer, boolean) IS 'convert integer[] to bytevec';

CREATE FUNCTION array_to_bytevec(real[], integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'array_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_bytevec(real[], integer, boolean) IS 'convert real[] to bytevec';

CREATE FUNCTION array_to_bytevec(double precision[], integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'array_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_bytevec(double precision[], integer, boolean) IS 'convert double precision[] to bytevec';

CREATE FUNCTION array_to_bytevec(numeric[], integer, boolean) RETURNS bytevec
	AS 'MODULE_PATHNAME', 'array_to_bytevec' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION array_to_bytevec(numeric[], integer, boolean) IS 'convert numeric[] to bytevec';

CREATE CAST (bytevec AS bytevec)
	WITH FUNCTION bytevec(bytevec, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (bytevec AS bytevec) IS 'check dimensions';

CREATE CAST (bytevec AS vector)
	WITH FUNCTION bytevec_to_vector(bytevec, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (bytevec AS vector) IS 'convert to vector';

CREATE CAST (vector AS bytevec)
	WITH FUNCTION vector_to_bytevec(vector, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (vector AS bytevec) IS 'convert to bytevec';

CREATE CAST (bytevec AS halfvec)
	WITH FUNCTION bytevec_to_halfvec(bytevec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (bytevec AS halfvec) IS 'convert to halfvec';

CREATE CAST (halfvec AS bytevec)
	WITH FUNCTION halfvec_to_bytevec(halfvec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (halfvec AS bytevec) IS 'convert to bytevec';

CREATE CAST (bytevec AS real[])
	WITH FUNCTION bytevec_to_float4(bytevec, integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (bytevec AS real[]) IS 'convert to array';

CREATE CAST (integer[] AS bytevec)
	WITH FUNCTION array_to_bytevec(integer[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (integer[] AS bytevec) IS 'convert to bytevec';

CREATE CAST (real[] AS bytevec)
	WITH FUNCTION array_to_bytevec(real[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (real[] AS bytevec) IS 'convert to bytevec';

CREATE CAST (double precision[] AS bytevec)
	WITH FUNCTION array_to_bytevec(double precision[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (double precision[] AS bytevec) IS 'convert to bytevec';

CREATE CAST (numeric[] AS bytevec)
	WITH FUNCTION array_to_bytevec(numeric[], integer, boolean) AS ASSIGNMENT;
COMMENT ON CAST (numeric[] AS bytevec) IS 'convert to bytevec';

--
-- Distances of bytevecs, also from vectors
--

CREATE FUNCTION l2_distance(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l2_distance(bytevec, bytevec) IS 'Euclidean distance';

CREATE FUNCTION inner_product(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION inner_product(bytevec, bytevec) IS 'inner product';

CREATE FUNCTION cosine_distance(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cosine_distance(bytevec, bytevec) IS 'cosine distance';

CREATE FUNCTION l1_distance(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION l1_distance(bytevec, bytevec) IS 'taxicab distance';

CREATE FUNCTION bytevec_l2_squared_distance(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_l2_squared_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_l2_squared_distance(bytevec, bytevec) IS 'squared Euclidean distance';

CREATE FUNCTION bytevec_negative_inner_product(bytevec, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_negative_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_negative_inner_product(bytevec, bytevec) IS 'implementation of <#> operator';

CREATE FUNCTION bytevec_l2_distance(bytevec, vector) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_vector_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_l2_distance(bytevec, vector) IS 'implementation of <-> operator';

CREATE FUNCTION bytevec_l2_distance(vector, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_bytevec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_l2_distance(vector, bytevec) IS 'implementation of <-> operator';

CREATE FUNCTION bytevec_negative_inner_product(bytevec, vector) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_vector_negative_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_negative_inner_product(bytevec, vector) IS 'implementation of <#> operator';

CREATE FUNCTION bytevec_negative_inner_product(vector, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_bytevec_negative_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_negative_inner_product(vector, bytevec) IS 'implementation of <#> operator';

CREATE FUNCTION bytevec_cosine_distance(bytevec, vector) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_vector_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_cosine_distance(bytevec, vector) IS 'implementation of <=> operator';

CREATE FUNCTION bytevec_cosine_distance(vector, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_bytevec_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_cosine_distance(vector, bytevec) IS 'implementation of <=> operator';

CREATE FUNCTION bytevec_l1_distance(bytevec, vector) RETURNS double precision
	AS 'MODULE_PATHNAME', 'bytevec_vector_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_l1_distance(bytevec, vector) IS 'implementation of <+> operator';

CREATE FUNCTION bytevec_l1_distance(vector, bytevec) RETURNS double precision
	AS 'MODULE_PATHNAME', 'vector_bytevec_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_l1_distance(vector, bytevec) IS 'implementation of <+> operator';

--
-- What distances cost (planner.sql)
--

ALTER FUNCTION l2_distance(bytevec, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_l2_distance(bytevec, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_l2_distance(vector, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_negative_inner_product(bytevec, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_negative_inner_product(bytevec, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_negative_inner_product(vector, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION cosine_distance(bytevec, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_cosine_distance(bytevec, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_cosine_distance(vector, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION l1_distance(bytevec, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_l1_distance(bytevec, vector) SUPPORT lokivector_distance_support;
ALTER FUNCTION bytevec_l1_distance(vector, bytevec) SUPPORT lokivector_distance_support;
ALTER FUNCTION inner_product(bytevec, bytevec) SUPPORT lokivector_distance_support;

CREATE OPERATOR <-> (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (bytevec, bytevec) IS 'Euclidean distance';

CREATE OPERATOR <-> (
	LEFTARG = bytevec, RIGHTARG = vector, FUNCTION = bytevec_l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (bytevec, vector) IS 'Euclidean distance';

CREATE OPERATOR <-> (
	LEFTARG = vector, RIGHTARG = bytevec, FUNCTION = bytevec_l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (vector, bytevec) IS 'Euclidean distance';

CREATE OPERATOR <#> (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (bytevec, bytevec) IS 'negative inner product';

CREATE OPERATOR <#> (
	LEFTARG = bytevec, RIGHTARG = vector, FUNCTION = bytevec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (bytevec, vector) IS 'negative inner product';

CREATE OPERATOR <#> (
	LEFTARG = vector, RIGHTARG = bytevec, FUNCTION = bytevec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (vector, bytevec) IS 'negative inner product';

CREATE OPERATOR <=> (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (bytevec, bytevec) IS 'cosine distance';

CREATE OPERATOR <=> (
	LEFTARG = bytevec, RIGHTARG = vector, FUNCTION = bytevec_cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (bytevec, vector) IS 'cosine distance';

CREATE OPERATOR <=> (
	LEFTARG = vector, RIGHTARG = bytevec, FUNCTION = bytevec_cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (vector, bytevec) IS 'cosine distance';

CREATE OPERATOR <+> (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (bytevec, bytevec) IS 'taxicab distance';

CREATE OPERATOR <+> (
	LEFTARG = bytevec, RIGHTARG = vector, FUNCTION = bytevec_l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (bytevec, vector) IS 'taxicab distance';

CREATE OPERATOR <+> (
	LEFTARG = vector, RIGHTARG = bytevec, FUNCTION = bytevec_l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (vector, bytevec) IS 'taxicab distance';

--
-- Ordering of bytevecs
--

CREATE FUNCTION bytevec_lt(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_lt(bytevec, bytevec) IS 'implementation of < operator';

CREATE FUNCTION bytevec_le(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_le(bytevec, bytevec) IS 'implementation of <= operator';

CREATE FUNCTION bytevec_eq(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_eq(bytevec, bytevec) IS 'implementation of = operator';

CREATE FUNCTION bytevec_ne(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_ne(bytevec, bytevec) IS 'implementation of <> operator';

CREATE FUNCTION bytevec_ge(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_ge(bytevec, bytevec) IS 'implementation of >= operator';

CREATE FUNCTION bytevec_gt(bytevec, bytevec) RETURNS boolean
	AS 'MODULE_PATHNAME', 'bytevec_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_gt(bytevec, bytevec) IS 'implementation of > operator';

CREATE FUNCTION bytevec_cmp(bytevec, bytevec) RETURNS integer
	AS 'MODULE_PATHNAME', 'bytevec_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bytevec_cmp(bytevec, bytevec) IS 'less-equal-greater';

CREATE OPERATOR < (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR < (bytevec, bytevec) IS 'less than';

CREATE OPERATOR <= (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR <= (bytevec, bytevec) IS 'less than or equal';

CREATE OPERATOR = (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel
);
COMMENT ON OPERATOR = (bytevec, bytevec) IS 'equal';

CREATE OPERATOR <> (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR <> (bytevec, bytevec) IS 'not equal';

CREATE OPERATOR >= (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR >= (bytevec, bytevec) IS 'greater than or equal';

CREATE OPERATOR > (
	LEFTARG = bytevec, RIGHTARG = bytevec, FUNCTION = bytevec_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR > (bytevec, bytevec) IS 'greater than';

CREATE OPERATOR CLASS bytevec_ops
	DEFAULT FOR TYPE bytevec USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 bytevec_cmp(bytevec, bytevec);
COMMENT ON OPERATOR CLASS bytevec_ops USING btree IS 'by elements, then by dimensions';
COMMENT ON OPERATOR FAMILY bytevec_ops USING btree IS 'by elements, then by dimensions';

--
-- Index operator classes of bytevecs, whose queries may be vectors
--

CREATE FUNCTION hnsw_bytevec_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;

CREATE OPERATOR CLASS bytevec_l2_ops
	FOR TYPE bytevec USING hnsw AS
	OPERATOR 1 <-> (bytevec, bytevec) FOR ORDER BY float_ops,
	OPERATOR 1 <-> (bytevec, vector) FOR ORDER BY float_ops,
	OPERATOR 1 <-> (vector, bytevec) FOR ORDER BY float_ops,
	FUNCTION 1 bytevec_l2_squared_distance(bytevec, bytevec),
	FUNCTION 3 hnsw_bytevec_support(internal);

CREATE OPERATOR CLASS bytevec_ip_ops
	FOR TYPE bytevec USING hnsw AS
	OPERATOR 1 <#> (bytevec, bytevec) FOR ORDER BY float_ops,
	OPERATOR 1 <#> (bytevec, vector) FOR ORDER BY float_ops,
	OPERATOR 1 <#> (vector, bytevec) FOR ORDER BY float_ops,
	FUNCTION 1 bytevec_negative_inner_product(bytevec, bytevec),
	FUNCTION 3 hnsw_bytevec_support(internal);

CREATE OPERATOR CLASS bytevec_cosine_ops
	FOR TYPE bytevec USING hnsw AS
	OPERATOR 1 <=> (bytevec, bytevec) FOR ORDER BY float_ops,
	OPERATOR 1 <=> (bytevec, vector) FOR ORDER BY float_ops,
	OPERATOR 1 <=> (vector, bytevec) FOR ORDER BY float_ops,
	FUNCTION 1 bytevec_negative_inner_product(bytevec, bytevec),
	FUNCTION 3 hnsw_bytevec_support(internal);

CREATE OPERATOR CLASS bytevec_l1_ops
	FOR TYPE bytevec USING hnsw AS
	OPERATOR 1 <+> (bytevec, bytevec) FOR ORDER BY float_ops,
	OPERATOR 1 <+> (bytevec, vector) FOR ORDER BY float_ops,
	OPERATOR 1 <+> (vector, bytevec) FOR ORDER BY float_ops,
	FUNCTION 1 l1_distance(bytevec, bytevec),
	FUNCTION 3 hnsw_bytevec_support(internal);

CREATE FUNCTION lokivector_recall(index regclass,
		queries bytevec[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, bytevec[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries bytevec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, bytevec[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';
