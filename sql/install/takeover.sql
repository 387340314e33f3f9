-- SPDX-License-Identifier: PostgreSQL
--
-- Indexes of pgvector, and of formats of other releases
--

CREATE FUNCTION lokivector_incompatible_indexes(concurrently boolean DEFAULT true,
		OUT index regclass, OUT tab regclass, OUT valid boolean, OUT bytes bigint,
		OUT reason text, OUT command text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION lokivector_incompatible_indexes(boolean) IS 'hnsw and ivfflat indexes that cannot be read, and the commands that rebuild them (for everyone)';

CREATE PROCEDURE lokivector_rebuild_incompatible_indexes()
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE lokivector_rebuild_incompatible_indexes() IS 'rebuild the indexes of lokivector_incompatible_indexes(), each in a transaction of its own (for everyone, without those of other owners)';
