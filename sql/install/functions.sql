-- SPDX-License-Identifier: PostgreSQL
--
-- Looking into hnsw indexes.  Each of these functions asks whether its caller may
-- look into the index at hand (src/hnsw/definition/access.c), so that all may execute it.
--

CREATE FUNCTION lokivector_check(index regclass, heap_all_indexed boolean DEFAULT false)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED;

COMMENT ON FUNCTION lokivector_check(regclass, boolean) IS
	'verify an hnsw index, or all of a table or of partitions, and compare it with its table; returns that it is sound (for its owner and pg_monitor)';

CREATE FUNCTION lokivector_check_all(schema name DEFAULT NULL, heap_all_indexed boolean DEFAULT false,
		time_limit interval DEFAULT NULL, after regclass DEFAULT NULL,
		OUT index regclass, OUT problem text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION lokivector_check_all(name, boolean, interval, regclass) IS
	'verify all hnsw indexes of a schema, a row each (for their owner and pg_monitor)';

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
COMMENT ON FUNCTION lokivector_index_info(regclass) IS
	'what an hnsw index is: metric, codes, storage parameters, nodes and rows, size (for its owner and pg_monitor)';

CREATE FUNCTION lokivector_index_slot_arrays(index regclass,
		OUT slot_array text, OUT attribute integer, OUT slot_bytes integer,
		OUT slots bigint, OUT pages bigint, OUT bytes bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT PARALLEL RESTRICTED ROWS 12;
COMMENT ON FUNCTION lokivector_index_slot_arrays(regclass) IS
	'the parts of an hnsw index and their sizes (for its owner and pg_monitor)';

CREATE FUNCTION lokivector_recall(index regclass,
		queries integer DEFAULT 100, k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, integer, integer) IS
	'recall of an hnsw index for rows of its table as queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_recall(index regclass,
		queries vector[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, vector[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_recall(index regclass,
		queries halfvec[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, halfvec[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_recall(index regclass,
		queries sparsevec[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, sparsevec[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_recall(index regclass,
		queries bit[], k integer DEFAULT 10,
		OUT answered integer, OUT width double precision,
		OUT recall double precision, OUT recall_p1 double precision,
		OUT recall_min double precision, OUT milliseconds double precision)
	RETURNS record
	AS 'MODULE_PATHNAME', 'lokivector_recall_of' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_recall(regclass, bit[], integer) IS
	'recall of an hnsw index for given queries (for who may read all rows of the table)';

CREATE FUNCTION lokivector_prewarm(index regclass, max_bytes bigint DEFAULT NULL)
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_prewarm(regclass, bigint) IS
	'read what searches need of an hnsw index, or of all of a table or of partitions, into shared buffers, and return its bytes (for who may read the table)';

CREATE FUNCTION lokivector_build_memory(tab regclass, col name,
		operator_class text DEFAULT '',
		attributes name[] DEFAULT '{}', options text[] DEFAULT '{}')
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_build_memory(regclass, name, text, name[], text[]) IS
	'bytes of maintenance_work_mem with which an hnsw index is built in memory (for who may read the column)';

CREATE FUNCTION lokivector_build_memory(index regclass)
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'lokivector_rebuild_memory' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_build_memory(regclass) IS
	'bytes of maintenance_work_mem with which REINDEX builds an hnsw index in memory (for its owner and pg_monitor)';

CREATE FUNCTION lokivector_calibrate(index regclass)
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass) IS
	'measure what lokivector.target_recall goes by, with nodes of the index as queries (for its owner)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries vector[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, vector[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries halfvec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, halfvec[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries sparsevec[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, sparsevec[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';

CREATE FUNCTION lokivector_calibrate(index regclass, queries bit[])
	RETURNS text
	AS 'MODULE_PATHNAME', 'lokivector_calibrate_for' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION lokivector_calibrate(regclass, bit[]) IS
	'measure what lokivector.target_recall goes by, for given queries (for its owner)';

CREATE FUNCTION lokivector_calibration(index regclass,
		OUT width integer, OUT nodes_scored bigint,
		OUT recall_1 double precision, OUT recall_10 double precision,
		OUT recall_100 double precision)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 16;
COMMENT ON FUNCTION lokivector_calibration(regclass) IS
	'recall of an hnsw index by the width of its searches, as it was measured last (for its owner and pg_monitor)';

CREATE FUNCTION lokivector_search_width(index regclass, k integer DEFAULT 10,
		OUT ef_search integer, OUT target_recall double precision, OUT width bigint,
		OUT recall double precision)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_search_width(regclass, integer) IS
	'how wide a search for k rows is in this session, and what recall was measured for that (for the index''s owner and pg_monitor)';

--
-- Watching scans
--

CREATE FUNCTION lokivector_scan_stats(
		OUT nodes_scored bigint, OUT nodes_expanded bigint,
		OUT nodes_filtered bigint, OUT nodes_refined bigint,
		OUT heap_fetches bigint, OUT flat_scans bigint,
		OUT rows bigint, OUT nodes_matched bigint, OUT strategy text,
		OUT late_rows bigint)
	RETURNS record
	AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION lokivector_scan_stats() IS
	'work of the last hnsw index scan of this session''s last query (for everyone; under row security for the index''s owner and pg_monitor)';
