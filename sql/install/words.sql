-- SPDX-License-Identifier: PostgreSQL
--
-- Ranking by words: BM25 over tsvector
--

CREATE TYPE weighed_tsquery;

CREATE FUNCTION weighed_tsquery_in(cstring) RETURNS weighed_tsquery
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION weighed_tsquery_in(cstring) IS 'I/O';

CREATE FUNCTION weighed_tsquery_out(weighed_tsquery) RETURNS cstring
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION weighed_tsquery_out(weighed_tsquery) IS 'I/O';

CREATE TYPE weighed_tsquery (
	INPUT = weighed_tsquery_in,
	OUTPUT = weighed_tsquery_out,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE weighed_tsquery IS 'a search for words, with their weights';

-- Restricted, as a worker would weigh by itself, while VACUUM changes what weights follow from
CREATE FUNCTION bm25_weigh(index regclass, words tsquery) RETURNS weighed_tsquery
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED COST 1000;
COMMENT ON FUNCTION bm25_weigh(regclass, tsquery) IS
	'a search for words, weighed by the rows of an index';

CREATE FUNCTION bm25_weighed(index weighed_tsquery, words tsquery) RETURNS weighed_tsquery
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION bm25_weighed(weighed_tsquery, tsquery) IS
	'a search for words, weighed by the rows of the same index';

CREATE FUNCTION bm25_weighed(index weighed_tsquery, words tsquery, tenant anyelement) RETURNS weighed_tsquery
	AS 'MODULE_PATHNAME', 'bm25_weighed_of_tenant' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION bm25_weighed(weighed_tsquery, tsquery, anyelement) IS
	'for plans: a search for words, weighed by the rows of one tenant';

CREATE FUNCTION bm25_weighed_distance(tsvector, weighed_tsquery) RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bm25_weighed_distance(tsvector, weighed_tsquery) IS 'implementation of <@@> operator';

CREATE FUNCTION lokivector_words_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION lokivector_words_support(internal) IS 'planner support: finds the index of words';

CREATE FUNCTION bm25_distance(tsvector, tsquery) RETURNS double precision
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
	SUPPORT lokivector_words_support;
COMMENT ON FUNCTION bm25_distance(tsvector, tsquery) IS 'implementation of <@> operator';

-- Not <@> as well, lest words <@> 'fox' be ambiguous
CREATE OPERATOR <@@> (
	LEFTARG = tsvector, RIGHTARG = weighed_tsquery, PROCEDURE = bm25_weighed_distance
);
COMMENT ON OPERATOR <@@> (tsvector, weighed_tsquery) IS 'negative BM25 score';

CREATE OPERATOR <@> (
	LEFTARG = tsvector, RIGHTARG = tsquery, PROCEDURE = bm25_distance
);
COMMENT ON OPERATOR <@> (tsvector, tsquery) IS 'negative BM25 score';

CREATE FUNCTION hnsw_tsvector_support(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C;

CREATE OPERATOR CLASS bm25_ops
	FOR TYPE tsvector USING hnsw AS
	OPERATOR 1 <@@> (tsvector, weighed_tsquery) FOR ORDER BY float_ops,
	FUNCTION 1 (tsvector, weighed_tsquery) bm25_weighed_distance(tsvector, weighed_tsquery),
	FUNCTION 3 hnsw_tsvector_support(internal);
