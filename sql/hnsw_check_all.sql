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
