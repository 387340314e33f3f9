-- lokivector_prewarm: what is read, bounds, tables, partitions, and who may call it

CREATE TABLE prewarm_t (id integer, v vector(64), a integer);
INSERT INTO prewarm_t SELECT i, (SELECT array_agg(sin(i * j)) FROM generate_series(1, 64) j), i % 7
FROM generate_series(1, 1000) i;
CREATE INDEX prewarm_v ON prewarm_t USING hnsw (v vector_l2_ops, a);

-- Pages of the slot arrays named, or of all, with the metapage and the directory
CREATE FUNCTION prewarm_pages(index regclass, arrays text[] DEFAULT NULL) RETURNS bigint AS $$
	SELECT 2 + sum(pages) FROM lokivector_index_slot_arrays(index)
	WHERE arrays IS NULL OR slot_array = ANY (arrays)
$$ LANGUAGE sql;
-- The same that a call returns
CREATE FUNCTION prewarmed(index regclass, max_bytes bigint DEFAULT NULL) RETURNS bigint AS $$
	SELECT lokivector_prewarm(index, max_bytes) / current_setting('block_size')::integer
$$ LANGUAGE sql;

-- test: what searches read
SELECT prewarmed('prewarm_v') = prewarm_pages('prewarm_v', '{centroid,upper,code,link,tid,attribute}') AS hot;
SELECT lokivector_prewarm('prewarm_v') = lokivector_prewarm('prewarm_v', NULL) AS same;

-- test: all of it
SELECT prewarmed('prewarm_v', 1 << 30) = prewarm_pages('prewarm_v') AS complete;
SELECT prewarmed('prewarm_v', 1 << 30) = pages - unused_pages AS complete FROM lokivector_index_info('prewarm_v');
SELECT prewarmed('prewarm_v', 9223372036854775807) = prewarm_pages('prewarm_v') AS complete;

-- test: a bound, beside which metapage and directory are read
SELECT blocks, prewarmed('prewarm_v', blocks * current_setting('block_size')::bigint)
FROM unnest('{0,1,2,3,10}'::integer[]) blocks;
SELECT prewarmed('prewarm_v', 4 * current_setting('block_size')::bigint - 1);
SELECT lokivector_prewarm('prewarm_v', -1);
SELECT lokivector_prewarm(NULL), lokivector_prewarm(NULL, 100);

-- test: an empty index
CREATE TABLE prewarm_empty (v vector(3));
CREATE INDEX prewarm_empty_v ON prewarm_empty USING hnsw (v vector_l2_ops);
SELECT prewarmed('prewarm_empty_v') = prewarm_pages('prewarm_empty_v') AS complete;

-- test: a temporary table
CREATE TEMP TABLE prewarm_temp (v vector(3));
INSERT INTO prewarm_temp SELECT ARRAY[i, i, i] FROM generate_series(1, 100) i;
CREATE INDEX prewarm_temp_v ON prewarm_temp USING hnsw (v vector_l2_ops);
SELECT prewarmed('prewarm_temp_v', 1 << 30) = prewarm_pages('prewarm_temp_v') AS complete;

-- test: all indexes of a table
CREATE INDEX prewarm_c ON prewarm_t USING ivfflat (v vector_cosine_ops) WITH (lists = 10);
CREATE INDEX prewarm_id ON prewarm_t (id);
SELECT prewarmed('prewarm_t', 1 << 30) = prewarm_pages('prewarm_v') + prewarm_pages('prewarm_c') AS complete;
SELECT prewarmed('prewarm_t', 5 * current_setting('block_size')::bigint);
CREATE TABLE prewarm_none (v vector(3));
SELECT lokivector_prewarm('prewarm_none');

-- test: an index whose build has failed, which no search uses
CREATE FUNCTION prewarm_fails(v vector) RETURNS vector(3) LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it fails'; END $$;
INSERT INTO prewarm_none VALUES ('[1,2,3]');
CREATE INDEX prewarm_none_ok ON prewarm_none USING hnsw (v vector_l2_ops);
\set VERBOSITY terse
CREATE INDEX CONCURRENTLY prewarm_none_failed ON prewarm_none USING hnsw ((prewarm_fails(v)::vector(3)) vector_l2_ops);
\set VERBOSITY default
SELECT prewarmed('prewarm_none') = prewarmed('prewarm_none_ok') AS same;
SELECT lokivector_prewarm('prewarm_none_failed');
DROP INDEX prewarm_none_failed;

-- test: partitions
CREATE TABLE prewarm_parts (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE prewarm_part_1 PARTITION OF prewarm_parts FOR VALUES FROM (0) TO (100);
CREATE TABLE prewarm_part_2 PARTITION OF prewarm_parts FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE prewarm_part_3 PARTITION OF prewarm_part_2 DEFAULT;
CREATE INDEX prewarm_parts_v ON prewarm_parts USING hnsw (v vector_l2_ops);
INSERT INTO prewarm_parts SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 199) i;
SELECT prewarmed('prewarm_parts_v', 1 << 30) =
	prewarm_pages('prewarm_part_1_v_idx') + prewarm_pages('prewarm_part_3_v_idx') AS complete;
SELECT prewarmed('prewarm_parts') = prewarmed('prewarm_part_1') + prewarmed('prewarm_part_2_v_idx') AS same;

-- test: other relations
CREATE VIEW prewarm_view AS SELECT 1;
CREATE INDEX prewarm_parts_id ON prewarm_parts (id);
SELECT lokivector_prewarm('prewarm_id');
SELECT lokivector_prewarm('prewarm_parts_id');
SELECT lokivector_prewarm('prewarm_view');
SELECT lokivector_prewarm(0);

-- test: who may read a partitioned table may read its partitions
CREATE ROLE regress_prewarm;
SET ROLE regress_prewarm;
SELECT lokivector_prewarm('prewarm_v');
SELECT lokivector_prewarm('prewarm_t');
SELECT lokivector_prewarm('prewarm_parts_v');
SELECT lokivector_prewarm('prewarm_part_3_v_idx');
RESET ROLE;
GRANT SELECT ON prewarm_part_2 TO regress_prewarm;
SET ROLE regress_prewarm;
SELECT lokivector_prewarm('prewarm_parts_v');
SELECT lokivector_prewarm('prewarm_part_1_v_idx');
SELECT lokivector_prewarm('prewarm_part_2_v_idx') > 0 AS bytes;
SELECT lokivector_prewarm('prewarm_part_3_v_idx') > 0 AS bytes;
SELECT lokivector_prewarm('prewarm_part_3') > 0 AS bytes;
RESET ROLE;
GRANT SELECT ON prewarm_parts TO regress_prewarm;
SET ROLE regress_prewarm;
SELECT lokivector_prewarm('prewarm_parts_v') > 0 AS bytes;
RESET ROLE;

SET client_min_messages = warning;
DROP VIEW prewarm_view;
DROP TABLE prewarm_t, prewarm_empty, prewarm_temp, prewarm_none, prewarm_parts;
DROP FUNCTION prewarm_pages, prewarmed, prewarm_fails;
DROP ROLE regress_prewarm;
RESET client_min_messages;
