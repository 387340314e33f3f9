-- lokivector_check, lokivector_index_info, lokivector_index_slot_arrays

CREATE TABLE check_t (id integer, v vector(16), a integer, b boolean);
SELECT setseed(0.75);

CREATE FUNCTION check_vector(integer) RETURNS vector AS
$$ SELECT array_agg(random() + $1 * 0)::vector FROM generate_series(1, 16) $$ LANGUAGE sql;

-- test: an empty index
CREATE INDEX check_idx ON check_t USING hnsw (v vector_l2_ops, a, b);
SELECT lokivector_check('check_idx');
SELECT lokivector_check('check_idx', true);
SELECT nodes, live, rows, null_rows, entry_node, vacuum_unfinished FROM lokivector_index_info('check_idx');

-- test: rows inserted one by one
INSERT INTO check_t SELECT i, check_vector(i), i % 5, i % 3 = 0 FROM generate_series(1, 500) i;
SELECT lokivector_check('check_idx', true);

-- test: rows without a vector
INSERT INTO check_t SELECT i, NULL, i, NULL FROM generate_series(501, 520) i;
SELECT lokivector_check('check_idx', true);

-- test: duplicates share a node
INSERT INTO check_t SELECT id + 1000, v, a, b FROM check_t WHERE id <= 100;
INSERT INTO check_t SELECT id + 2000, v, a, b FROM check_t WHERE id <= 50;
INSERT INTO check_t SELECT id + 3000, v, a + 1, b FROM check_t WHERE id <= 10;
SELECT lokivector_check('check_idx', true);
SELECT nodes < rows AS shared, rows, null_rows FROM lokivector_index_info('check_idx');

-- test: rows deleted, vacuumed and inserted again
DELETE FROM check_t WHERE id % 3 = 0;
SELECT lokivector_check('check_idx', true);
VACUUM check_t;
SELECT lokivector_check('check_idx', true);
SELECT live < rows AS shared, dead, free > 0 AS free, rows, null_rows, vacuum_cycles, vacuum_unfinished
FROM lokivector_index_info('check_idx');
INSERT INTO check_t SELECT i, check_vector(i), i % 5, i % 3 = 0 FROM generate_series(4001, 4300) i;
SELECT lokivector_check('check_idx', true);
UPDATE check_t SET v = check_vector(id) WHERE id % 10 = 1;
UPDATE check_t SET b = NOT b WHERE id % 10 = 2;
UPDATE check_t SET id = -id WHERE id % 10 = 4;
SELECT lokivector_check('check_idx', true);

-- test: rows of a transaction that rolled back
BEGIN;
INSERT INTO check_t SELECT i, check_vector(i), 0, true FROM generate_series(5001, 5100) i;
SELECT lokivector_check('check_idx', true);
ROLLBACK;
SELECT lokivector_check('check_idx', true);

-- test: all rows deleted
DELETE FROM check_t;
VACUUM check_t;
SELECT lokivector_check('check_idx', true);
SELECT live, dead, rows, null_rows FROM lokivector_index_info('check_idx');
INSERT INTO check_t SELECT i, check_vector(i), i % 5, i % 3 = 0 FROM generate_series(1, 300) i;
SELECT lokivector_check('check_idx', true);

-- test: an index built at once, with every metric
CREATE INDEX check_ip ON check_t USING hnsw (v vector_ip_ops);
CREATE INDEX check_cosine ON check_t USING hnsw (v vector_cosine_ops, b);
CREATE INDEX check_l1 ON check_t USING hnsw (v vector_l1_ops) WITH (m = 5, ef_construction = 20);
REINDEX INDEX check_idx;
INSERT INTO check_t VALUES (6001, '[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]', 1, true), (6002, NULL, NULL, NULL);
SELECT i, lokivector_check(i::regclass, true) FROM unnest('{check_idx,check_ip,check_cosine,check_l1}'::text[]) i;
SELECT i, dimensions, metric, m, ef_construction, attributes, nodes, rows, null_rows
FROM unnest('{check_idx,check_ip,check_cosine,check_l1}'::text[]) i, lokivector_index_info(i::regclass);
DROP INDEX check_ip, check_cosine, check_l1;

-- test: partial and expression indexes
CREATE INDEX check_partial ON check_t USING hnsw (v vector_l2_ops) WHERE a = 2;
CREATE INDEX check_expression ON check_t USING hnsw (((v + v)::vector(16)) vector_l2_ops, (a + 1));
SELECT lokivector_check('check_partial', true), lokivector_check('check_expression', true);
DROP INDEX check_partial, check_expression;

-- test: unlogged and temporary tables
CREATE UNLOGGED TABLE check_u (v vector(3));
CREATE INDEX check_u_idx ON check_u USING hnsw (v vector_l2_ops);
INSERT INTO check_u SELECT ARRAY[i, i, 1]::vector FROM generate_series(1, 50) i;
SELECT lokivector_check('check_u_idx', true);
CREATE TEMP TABLE check_temp (v vector(3));
CREATE INDEX check_temp_idx ON check_temp USING hnsw (v vector_l2_ops);
INSERT INTO check_temp SELECT * FROM check_u;
SELECT lokivector_check('check_temp_idx', true);

-- test: sizes by array
SELECT slot_array, attribute, slot_bytes, slots FROM lokivector_index_slot_arrays('check_u_idx') WHERE slot_array <> 'upper';
SELECT slot_array, attribute, slot_bytes > 0 AS slot_bytes, slots, bytes = pages * current_setting('block_size')::int AS bytes
FROM lokivector_index_slot_arrays('check_idx') WHERE slot_array IN ('tid', 'link', 'attribute', 'nullattribute');
SELECT sum(f.pages) + 2 = i.pages AS all_pages, i.unused_pages, i.bytes = pg_relation_size('check_idx') AS bytes
FROM lokivector_index_slot_arrays('check_idx') f, lokivector_index_info('check_idx') i GROUP BY i.pages, i.unused_pages, i.bytes;

-- test: what is no hnsw index
CREATE INDEX check_btree ON check_t (id);
SELECT lokivector_check('check_btree');
SELECT lokivector_check('check_t');
SELECT lokivector_check(0);
SELECT lokivector_index_info('check_btree');
SELECT lokivector_index_info('check_t');
SELECT * FROM lokivector_index_slot_arrays('check_btree');
SELECT lokivector_check(NULL);
CREATE TABLE check_p (v vector(3)) PARTITION BY LIST (v);
CREATE INDEX check_p_idx ON check_p USING hnsw (v vector_l2_ops);
SELECT lokivector_check('check_p_idx');
SELECT lokivector_index_info('check_p_idx');

-- test: an index that is not valid
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'check_u_idx'::regclass;
SELECT lokivector_check('check_u_idx');
SELECT lokivector_check('check_u');
-- by the names that REINDEX CONCURRENTLY gives
ALTER INDEX check_u_idx RENAME TO check_u_idx_ccnew12;
SELECT lokivector_check('check_u_idx_ccnew12');
SELECT lokivector_prewarm('check_u_idx_ccnew12');
SELECT split_part(lokivector_calibrate('check_u_idx_ccnew12'), ':', 1);
ALTER INDEX check_u_idx_ccnew12 RENAME TO check_u_idx_ccold;
SELECT lokivector_recall('check_u_idx_ccold');
ALTER INDEX check_u_idx_ccold RENAME TO ccnew;
SELECT lokivector_recall('ccnew');
ALTER INDEX ccnew RENAME TO check_u_idx;
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'check_u_idx'::regclass;

-- test: a row that the index does not have, and one that it has with other values
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = 'check_idx'::regclass;
INSERT INTO check_t VALUES (7001, check_vector(1), 1, true);
UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = 'check_idx'::regclass;
SELECT lokivector_check('check_idx');
\set VERBOSITY sqlstate
SELECT lokivector_check('check_idx', true);
\set VERBOSITY default
REINDEX INDEX check_idx;
SELECT lokivector_check('check_idx', true);
CREATE TABLE check_w (v vector(3), a integer);
INSERT INTO check_w VALUES ('[1,2,3]', 4);
CREATE FUNCTION check_value(integer) RETURNS integer IMMUTABLE AS $$ BEGIN RETURN $1; END $$ LANGUAGE plpgsql;
CREATE INDEX check_w_idx ON check_w USING hnsw (v vector_l2_ops, check_value(a));
SELECT lokivector_check('check_w_idx', true);
CREATE OR REPLACE FUNCTION check_value(integer) RETURNS integer IMMUTABLE AS $$ BEGIN RETURN $1 + 1; END $$ LANGUAGE plpgsql;
SELECT lokivector_check('check_w_idx');
SELECT lokivector_check('check_w_idx', true);

-- test: who may call
CREATE ROLE regress_check_user;
SET ROLE regress_check_user;
SELECT lokivector_check('check_idx');
SELECT lokivector_index_info('check_idx');
SELECT * FROM lokivector_index_slot_arrays('check_idx');
RESET ROLE;
DROP ROLE regress_check_user;

DROP TABLE check_t, check_u, check_temp, check_p, check_w;
DROP FUNCTION check_vector, check_value;

\c -
-- lokivector_check of tables and partitions, lokivector_check_all, progress

CREATE SCHEMA check_all;
SET search_path = check_all, public;
CREATE TABLE plain (id integer, v vector(3), a integer);
INSERT INTO plain SELECT i, ARRAY[i % 10, i / 10, i]::vector, i % 5 FROM generate_series(1, 200) i;
CREATE INDEX plain_v ON plain USING hnsw (v vector_l2_ops, a);
CREATE INDEX plain_c ON plain USING ivfflat (v vector_cosine_ops);
CREATE INDEX plain_id ON plain (id);
CREATE TABLE parts (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE parts_3 PARTITION OF parts_2 FOR VALUES FROM (100) TO (200);
CREATE INDEX parts_v ON parts USING hnsw (v vector_l2_ops);
CREATE INDEX parts_id ON parts (id);
INSERT INTO parts SELECT id % 200, v FROM plain;

-- An index that lacks a row of its table
CREATE FUNCTION hide_row(index regclass, tab regclass) RETURNS void AS $$
BEGIN
	UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = index;
	EXECUTE format('INSERT INTO %s VALUES (150, ''[1,2,3]'')', tab);
	UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid = index;
END $$ LANGUAGE plpgsql;

-- test: a table, a partitioned table, a partitioned index
SELECT lokivector_check('plain'), lokivector_check('plain', true);
SELECT lokivector_check('parts'), lokivector_check('parts', true);
SELECT lokivector_check('parts_v', true), lokivector_check('parts_2', true);
SELECT lokivector_check('parts_id', true);
CREATE TABLE without (v vector(3));
SELECT lokivector_check('without', true);
CREATE VIEW a_view AS SELECT 1;
SELECT lokivector_check('a_view', true);

-- test: each of them finds what is wrong
BEGIN;
SELECT hide_row('parts_3_v_idx', 'parts_3');
SAVEPOINT a;
\set VERBOSITY sqlstate
SELECT lokivector_check('parts', true);
ROLLBACK TO a;
SELECT lokivector_check('parts_v', true);
ROLLBACK TO a;
SELECT lokivector_check('parts_3', true);
ROLLBACK TO a;
SELECT lokivector_check('parts_1', true);
\set VERBOSITY default
ROLLBACK;

-- test: all indexes of a schema
SELECT * FROM lokivector_check_all('check_all');
SELECT * FROM lokivector_check_all('check_all', true);
SELECT * FROM lokivector_check_all('check_none');
CREATE SCHEMA check_none;
SELECT * FROM lokivector_check_all('check_none');
DROP SCHEMA check_none;
SELECT * FROM lokivector_check_all() WHERE index = 'plain_v'::regclass;

-- test: problems are rows
BEGIN;
SELECT hide_row('parts_3_v_idx', 'parts_3');
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'plain_c'::regclass;
SELECT index, regexp_replace(problem, '\(\d+,\d+\)', '(B,O)') AS problem
FROM lokivector_check_all('check_all', heap_all_indexed => true);
SELECT * FROM lokivector_check_all('check_all');
ROLLBACK;

-- test: going on where the time ended
SELECT * FROM lokivector_check_all('check_all', time_limit => '0 seconds');
SELECT * FROM lokivector_check_all('check_all', time_limit => '0 seconds', after => 'plain_v');
SELECT * FROM lokivector_check_all('check_all', time_limit => '1 hour', after => 'plain_c');
SELECT * FROM lokivector_check_all('check_all', after => 'parts_3_v_idx');

-- test: indexes of others
CREATE ROLE regress_check_all;
GRANT USAGE ON SCHEMA check_all TO regress_check_all;
ALTER TABLE parts_1 OWNER TO regress_check_all;
SET ROLE regress_check_all;
SELECT * FROM lokivector_check_all('check_all', true);
SELECT lokivector_check('parts');
SELECT lokivector_check('parts_v');
SELECT lokivector_check('parts_1');
RESET ROLE;
ALTER TABLE parts OWNER TO regress_check_all;
SET ROLE regress_check_all;
SELECT lokivector_check('parts');
RESET ROLE;

-- test: how far it has come
CREATE FUNCTION watch(v vector) RETURNS vector AS $$
DECLARE
	r record;
BEGIN
	SELECT * INTO r FROM pg_stat_progress_create_index WHERE pid = pg_backend_pid();
	IF r.command IS NULL AND v OPERATOR(public.=) '[1,0,1]' THEN
		RAISE NOTICE '% of %: %, % of % pages, % of % indexes',
			(SELECT relname FROM pg_class WHERE oid = r.index_relid), (SELECT relname FROM pg_class WHERE oid = r.relid),
			r.phase, r.blocks_done, r.blocks_total, r.partitions_done, r.partitions_total;
	END IF;
	RETURN v;
END $$ LANGUAGE plpgsql IMMUTABLE;
CREATE INDEX plain_watched ON plain USING hnsw ((watch(v)::vector(3)) vector_l2_ops);
SELECT lokivector_check('plain_watched', true);
SELECT lokivector_check('plain', true);
SELECT count(*) FROM pg_stat_progress_create_index WHERE pid = pg_backend_pid();

-- test: it can be canceled
CREATE FUNCTION stopped(v vector) RETURNS vector AS $$
BEGIN
	IF current_setting('check_all.stop', true) = 'on' THEN
		PERFORM pg_cancel_backend(pg_backend_pid());
		PERFORM pg_sleep(60);
	END IF;
	RETURN v;
END $$ LANGUAGE plpgsql IMMUTABLE;
DROP INDEX plain_watched;
CREATE INDEX plain_stopped ON plain USING hnsw ((stopped(v)::vector(3)) vector_l2_ops);
SET check_all.stop = on;
SELECT * FROM lokivector_check_all('check_all', true);
RESET check_all.stop;
SELECT count(*) FROM lokivector_check_all('check_all', true);

-- test: advice on all indexes, and the recall of all
-- An index of which something raises an error has it as a row, and the others have theirs
CREATE FUNCTION broken(v vector) RETURNS vector AS $$
BEGIN
	RETURN CASE current_setting('check_all.break', true) WHEN 'on' THEN ARRAY[1 / (public.vector_dims(v) - 3)]::public.vector ELSE v END;
END $$ LANGUAGE plpgsql IMMUTABLE;
DROP INDEX plain_stopped;
CREATE INDEX plain_broken ON plain USING hnsw ((broken(v)::vector(3)) vector_l2_ops);
CREATE INDEX plain_last ON plain USING hnsw (v vector_l2_ops) WITH (m = 8);
ALTER INDEX plain_last SET (m = 20);
-- no recall is measured of it
CREATE TABLE of_words (w tsvector);
CREATE INDEX ON of_words USING hnsw (w bm25_ops);
CREATE VIEW advised AS SELECT a.index, about, advice FROM lokivector_advice_all() a JOIN pg_class c ON c.oid = a.index
	WHERE relnamespace = 'check_all'::regnamespace AND about <> 'statistics' ORDER BY relname, about;
CREATE VIEW recalled AS SELECT r.index, answered, recall IS NOT NULL AS recall, error
	FROM lokivector_recall_all(20, 5) r JOIN pg_class c ON c.oid = r.index
	WHERE relnamespace = 'check_all'::regnamespace ORDER BY relname;
SELECT * FROM advised;
SET check_all.break = on;
SELECT * FROM recalled;
RESET check_all.break;
SELECT count(*) FROM recalled WHERE error IS NOT NULL;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'plain_last'::regclass;
SELECT index, about FROM advised WHERE about = 'valid';
SELECT count(*) FROM recalled WHERE index = 'plain_last'::regclass;
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'plain_last'::regclass;
SELECT a.index, error FROM lokivector_recall_all(0) a WHERE index = 'plain_c'::regclass;
SELECT count(*) FROM lokivector_recall_all(NULL);

-- test: ... by others
SET client_min_messages = warning;
CREATE ROLE regress_check_rows;
GRANT USAGE ON SCHEMA check_all TO regress_check_rows;
GRANT SELECT ON plain, parts_1 TO regress_check_rows;
ALTER TABLE parts_1 ENABLE ROW LEVEL SECURITY;
RESET client_min_messages;
SET ROLE regress_check_rows;
SELECT index, about FROM lokivector_advice_all() WHERE index IN ('plain_c'::regclass, 'parts_1_v_idx'::regclass);
SELECT a.index, answered, error FROM lokivector_recall_all(5, 2) a JOIN pg_class c ON c.oid = a.index
WHERE relnamespace = 'check_all'::regnamespace ORDER BY relname;
RESET ROLE;

-- test: ... can be canceled
DROP INDEX plain_broken;
CREATE INDEX plain_stopped ON plain USING hnsw ((stopped(v)::vector(3)) vector_l2_ops);
SET check_all.stop = on;
SELECT * FROM lokivector_recall_all(5, 2);
RESET check_all.stop;

SET client_min_messages = warning;
RESET search_path;
DROP SCHEMA check_all CASCADE;
DROP ROLE regress_check_all, regress_check_rows;

-- test: functions that take an index say where to find those of a partitioned one
CREATE TABLE check_parts (id integer, v vector(3)) PARTITION BY RANGE (id);
CREATE TABLE check_part PARTITION OF check_parts DEFAULT;
CREATE INDEX "check Parts" ON check_parts USING hnsw (v vector_l2_ops);
INSERT INTO check_parts SELECT i, ARRAY[i, 1, 2] FROM generate_series(1, 100) i;
SELECT * FROM lokivector_index_info('"check Parts"');
SELECT * FROM lokivector_index_slot_arrays('"check Parts"');
SELECT * FROM lokivector_recall('"check Parts"', 10, 5);
SELECT * FROM lokivector_recall('"check Parts"', ARRAY['[1,1,1]']::vector[]);
SELECT * FROM lokivector_calibrate('"check Parts"');
SELECT * FROM lokivector_calibration('"check Parts"');
SELECT relid, nodes FROM pg_partition_tree('public."check Parts"'), lokivector_index_info(relid) WHERE isleaf;
DROP TABLE check_parts;


RESET ALL;

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

-- test: an empty index is prewarmed
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
