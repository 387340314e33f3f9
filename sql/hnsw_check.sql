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
