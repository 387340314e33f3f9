-- SPDX-License-Identifier: PostgreSQL
-- From 0.1.0, which was never released, but installed by those who tried it

-- parts of before: alone module vector halfvec bit sparsevec hnsw ivfflat halfvec_index bit_index
-- parts of before: sparsevec_array sparsevec_index attributes functions takeover planner

-- What parts that are new call

CREATE FUNCTION lokivector_build_memory(index regclass)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'lokivector_rebuild_memory' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

CREATE FUNCTION lokivector_search_width(index regclass, k integer DEFAULT 10,
		OUT ef_search integer, OUT target_recall double precision, OUT width bigint,
		OUT recall double precision)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

-- changed_nodes is new, and a column has another name
DROP FUNCTION lokivector_index_info(regclass);
CREATE FUNCTION lokivector_index_info(index regclass,
		OUT dimensions integer, OUT metric text, OUT code text,
		OUT code_dimensions integer, OUT bits integer, OUT refine_bits integer, OUT centers integer,
		OUT profile text, OUT m integer, OUT ef_construction integer, OUT attributes text[],
		OUT nodes bigint, OUT live bigint, OUT killed bigint, OUT dead bigint,
		OUT reserved bigint, OUT free bigint,
		OUT rows bigint, OUT null_rows bigint,
		OUT max_level integer, OUT entry_node bigint, OUT pending bigint,
		OUT vacuum_cycles bigint, OUT vacuum_unfinished boolean,
		OUT calibrated_nodes bigint, OUT changed_nodes bigint, OUT unlisted_nodes bigint, OUT crowded double precision,
		OUT pages bigint, OUT unused_pages bigint, OUT bytes bigint)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED;

CREATE FUNCTION lokivector_recall(index regclass,
		queries sparsevec[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

-- These say what they found, and queries may be NULL, which is an error of its own
DROP FUNCTION lokivector_check(regclass, boolean);
CREATE FUNCTION lokivector_check(index regclass, heap_all_indexed boolean DEFAULT false)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED;

DROP FUNCTION lokivector_calibrate(regclass);
CREATE FUNCTION lokivector_calibrate(index regclass)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, vector[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries vector[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, halfvec[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries halfvec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION lokivector_calibrate(index regclass, queries sparsevec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

DROP FUNCTION lokivector_calibrate(regclass, bit[]);
CREATE FUNCTION lokivector_calibrate(index regclass, queries bit[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;

CREATE FUNCTION lokivector_prewarm(index regclass, max_bytes bigint DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;

CREATE OR REPLACE FUNCTION lokivector_build_memory(tab regclass, col name,
		operator_class text DEFAULT '',
		attributes name[] DEFAULT '{}', options text[] DEFAULT '{}')
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

-- comments of: functions takeover

-- Parts that are new, each with its comments, and one that has changed
DROP FUNCTION lokivector_plain_indexes();
-- parts: all others
