-- SPDX-License-Identifier: PostgreSQL
-- An index of few rows is pending: it has neither codes nor a graph, and scans read all rows
SET lokivector.pending_nodes = 300;
SET enable_seqscan = off;
CREATE FUNCTION pending_row(n bigint, dim integer DEFAULT 72) RETURNS vector AS $$
	SELECT array_agg(3 + hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector FROM generate_series(1, dim) i
$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
-- The distances of the rows that the index finds, and of those that are nearest, in their order
CREATE FUNCTION pending_same(source text, expression text, op text, query text, condition text DEFAULT 'true', wanted integer DEFAULT 10000) RETURNS boolean
	LANGUAGE sql AS 'SELECT distances = nearest FROM found(source, concat_ws('' '', expression, op, query), wanted, condition)';

-- test: rows, duplicates, NULL, and what has no distance
CREATE TABLE pending_t (id integer, v vector(72), a integer) WITH (autovacuum_enabled = off);
CREATE INDEX pending_idx ON pending_t USING hnsw (v vector_cosine_ops, a);
SELECT pending, nodes, entry_node FROM lokivector_index_info('pending_idx');
INSERT INTO pending_t SELECT n, pending_row(n % 200), n % 200 % 7 FROM generate_series(1, 250) n;
INSERT INTO pending_t VALUES (301, NULL, 1), (302, array_fill(0, ARRAY[72])::vector, 2);
SELECT pending, nodes, live, rows, null_rows, max_level, entry_node FROM lokivector_index_info('pending_idx');
SELECT slot_array, slots FROM lokivector_index_slot_arrays('pending_idx') WHERE slots > 0 ORDER BY 1;
SELECT lokivector_check('pending_idx', true);
EXPLAIN (COSTS OFF) SELECT id FROM pending_t WHERE a = 3 ORDER BY v <=> '[1]' LIMIT 5;
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)');
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'a = 3');
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'a IN (3, 5) AND id > 20', 10);
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(9)', 'v <=> pending_row(9) < 0.05');
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(9)', 'id <> 9', 3);
SELECT answered, recall FROM lokivector_recall('pending_idx', 20);
SELECT count(*) FROM (SELECT FROM pending_t ORDER BY v <=> NULL) s;
SELECT id FROM (SELECT id FROM pending_t ORDER BY v <=> pending_row(1)) s OFFSET 250;
SELECT strategy, nodes_scored, nodes_refined, late_rows FROM lokivector_scan_stats();
SET lokivector.target_recall = 0.9;
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'true', 10);
RESET lokivector.target_recall;
SELECT lokivector_calibrate('pending_idx') IS NOT NULL AS calibrated;

-- test: updates, deletes, vacuum
UPDATE pending_t SET id = -id WHERE id % 10 = 0;
UPDATE pending_t SET v = pending_row(1000 + id) WHERE id % 10 = 1 AND v IS NOT NULL;
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)');
DELETE FROM pending_t WHERE id % 3 = 0;
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)');
VACUUM pending_t;
SELECT dead, vacuum_unfinished, vacuum_cycles FROM lokivector_index_info('pending_idx');
SELECT lokivector_check('pending_idx', true);
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)');
DELETE FROM pending_t;
VACUUM pending_t;
SELECT pending, live, dead, rows FROM lokivector_index_info('pending_idx');
SELECT count(*) FROM (SELECT FROM pending_t ORDER BY v <=> pending_row(1)) s;

-- test: the insert that brings the last node makes codes and graph; slots that were freed are used
INSERT INTO pending_t SELECT n, pending_row(n), n % 7 FROM generate_series(1, 299) n;
SELECT pending, entry_node FROM lokivector_index_info('pending_idx');
INSERT INTO pending_t SELECT n, pending_row(n % 50), n % 50 % 7 FROM generate_series(351, 399) n;
SELECT pending, live, rows FROM lokivector_index_info('pending_idx');
INSERT INTO pending_t VALUES (300, pending_row(300), 300 % 7);
SELECT pending, live, rows, entry_node IS NOT NULL AS graph FROM lokivector_index_info('pending_idx');
SELECT slot_array, slots FROM lokivector_index_slot_arrays('pending_idx') WHERE slot_array IN ('code', 'link', 'centroid') ORDER BY 1;
SELECT lokivector_check('pending_idx', true);
INSERT INTO pending_t SELECT n, pending_row(n), n % 7 FROM generate_series(400, 700) n;
INSERT INTO pending_t SELECT n, pending_row(n - 600), (n - 600) % 7 FROM generate_series(701, 720) n;
SELECT pending, live, rows FROM lokivector_index_info('pending_idx');
SELECT lokivector_check('pending_idx', true);
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'true', 10);
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'a = 3', 10);
TRUNCATE pending_t;
SELECT pending, nodes FROM lokivector_index_info('pending_idx');

-- test: CREATE INDEX follows the same rule
INSERT INTO pending_t SELECT n, pending_row(n), n % 7 FROM generate_series(1, 299) n;
REINDEX INDEX pending_idx;
SELECT pending, live, rows FROM lokivector_index_info('pending_idx');
SELECT lokivector_check('pending_idx', true);
SELECT pending_same('pending_t', 'v', '<=>', 'pending_row(7)', 'a = 3');
INSERT INTO pending_t VALUES (300, pending_row(300), 300 % 7);
SELECT pending FROM lokivector_index_info('pending_idx');
SELECT lokivector_check('pending_idx', true);
REINDEX INDEX CONCURRENTLY pending_idx;
SELECT pending FROM lokivector_index_info('pending_idx');
SET lokivector.pending_nodes = 0;
REINDEX INDEX pending_idx;
SELECT pending FROM lokivector_index_info('pending_idx');
SET lokivector.pending_nodes = 300;

-- test: nodes enough to be calibrated, but no graph
SET lokivector.pending_nodes = 2000;
TRUNCATE pending_t;
INSERT INTO pending_t SELECT n, pending_row(n), 1 FROM generate_series(1, 1010) n;
SELECT pending, live FROM lokivector_index_info('pending_idx');
SELECT split_part(lokivector_calibrate('pending_idx'), ':', 1);
SET lokivector.pending_nodes = 300;

-- test: rows that nobody sees say nothing of the rows to come
TRUNCATE pending_t;
BEGIN;
INSERT INTO pending_t SELECT n, pending_row(n), 1 FROM generate_series(1, 290) n;
ROLLBACK;
INSERT INTO pending_t SELECT n, pending_row(n), 1 FROM generate_series(1, 20) n;
SELECT pending, live FROM lokivector_index_info('pending_idx');
VACUUM pending_t;
INSERT INTO pending_t SELECT n, pending_row(n), 1 FROM generate_series(21, 640) n;
SELECT pending, live FROM lokivector_index_info('pending_idx');
SELECT lokivector_check('pending_idx', true);
DROP TABLE pending_t;

-- test: each kind of vector and code
CREATE TABLE pending_kinds (id integer, v vector(72), s sparsevec(3000), b bit(60), x vector(72)[]);
CREATE FUNCTION pending_kind(definition text, expression text, op text, query text, options text DEFAULT '',
	OUT pending bigint, OUT checked text, OUT same boolean, OUT later bigint, OUT later_checked text, OUT nearest boolean) AS $$
BEGIN
	TRUNCATE pending_kinds;
	EXECUTE format('CREATE INDEX pending_k ON pending_kinds USING hnsw (%s) %s', definition, options);
	INSERT INTO pending_kinds SELECT n, pending_row(n), ('{' || n || ':1,' || 1000 + n * 7 % 50 || ':2.5,' || 2000 + n % 9 || ':-1}/3000')::sparsevec,
		(hashint8extended(n, 1)::bit(60)), ARRAY[pending_row(n), pending_row(-n)] FROM generate_series(1, 299) n;
	SELECT i.pending INTO pending FROM lokivector_index_info('pending_k') i;
	checked := lokivector_check('pending_k', true);
	same := pending_same('pending_kinds', expression, op, query);
	INSERT INTO pending_kinds SELECT n, pending_row(n), ('{' || n || ':1,' || 1000 + n * 7 % 50 || ':2.5,' || 2000 + n % 9 || ':-1}/3000')::sparsevec,
		(hashint8extended(n, 1)::bit(60)), ARRAY[pending_row(n), pending_row(-n)] FROM generate_series(300, 400) n;
	SELECT i.pending INTO later FROM lokivector_index_info('pending_k') i;
	later_checked := lokivector_check('pending_k', true);
	nearest := pending_same('pending_kinds', expression, op, query, 'true', 1);
	DROP INDEX pending_k;
END
$$ LANGUAGE plpgsql;
SELECT * FROM pending_kind('v vector_l2_ops', 'v', '<->', 'pending_row(5)');
SELECT * FROM pending_kind('v vector_ip_ops', 'v', '<#>', 'pending_row(5)');
SELECT * FROM pending_kind('v vector_l1_ops', 'v', '<+>', 'pending_row(5)');
SELECT * FROM pending_kind('(v::halfvec(72)) halfvec_l2_ops', '(v::halfvec(72))', '<->', 'pending_row(5)::halfvec');
SELECT * FROM pending_kind('(v::bytevec(72)) bytevec_cosine_ops', '(v::bytevec(72))', '<=>', 'pending_row(5)::bytevec');
SELECT * FROM pending_kind('(subvector(v, 1, 70)::vector(70)) vector_l2_ops', '(subvector(v, 1, 70)::vector(70))', '<->', 'subvector(pending_row(5), 1, 70)');
SELECT * FROM pending_kind('s sparsevec_l2_ops', 's', '<->', '''{5:1,1035:2.5,2005:-1}/3000''::sparsevec');
SELECT * FROM pending_kind('b bit_hamming_ops', 'b', '<~>', 'hashint8extended(5, 1)::bit(60)');
SELECT * FROM pending_kind('v vector_l2_ops', 'v', '<->', 'pending_row(5)', 'WITH (bits = 1, refine_bits = 0)');
SET client_min_messages = warning;
SELECT * FROM pending_kind('v vector_l2_ops', 'v', '<->', 'pending_row(5)', 'WITH (profile = compact)');
RESET client_min_messages;
DROP FUNCTION pending_kind;
DROP TABLE pending_kinds;

-- test: a compact index chooses its code of its own rows
SET lokivector.pending_nodes = 1100;
CREATE TABLE pending_compact (id integer, v vector(1200));
CREATE INDEX pending_c ON pending_compact USING hnsw (v vector_l2_ops) WITH (profile = compact);
CREATE FUNCTION pending_long(n integer) RETURNS vector AS $$
	SELECT array_agg(sin(n * 0.7) * cos(i) + cos(n * 0.3) * sin(i * 0.5) + hashint8extended(n, i)::float8 / 9e19 ORDER BY i)::vector FROM generate_series(1, 1200) i
$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
INSERT INTO pending_compact SELECT n, pending_long(n) FROM generate_series(1, 1099) n;
SELECT pending, code_dimensions FROM lokivector_index_info('pending_c');
INSERT INTO pending_compact SELECT n, pending_long(n) FROM generate_series(1100, 1150) n;
SELECT pending, code_dimensions < 1200 AS fewer FROM lokivector_index_info('pending_c');
SELECT slots > 1200 AS basis FROM lokivector_index_slot_arrays('pending_c') WHERE slot_array = 'centroid';
SELECT lokivector_check('pending_c', true);
DROP TABLE pending_compact;
DROP FUNCTION pending_long;

-- test: unlogged and temporary tables
SET lokivector.pending_nodes = 100;
CREATE UNLOGGED TABLE pending_u (v vector(72));
CREATE INDEX pending_u1 ON pending_u USING hnsw (v vector_l2_ops);
CREATE INDEX pending_u2 ON pending_u USING hnsw (v vector_cosine_ops) WHERE v IS NOT NULL;
INSERT INTO pending_u SELECT pending_row(n) FROM generate_series(1, 150) n;
SELECT i, pending, live FROM unnest('{pending_u1,pending_u2}'::text[]) i, lokivector_index_info(i::regclass);
SELECT lokivector_check('pending_u1', true), lokivector_check('pending_u2', true);
DROP TABLE pending_u;
CREATE TEMPORARY TABLE pending_u (v vector(72));
CREATE INDEX pending_u1 ON pending_u USING hnsw (v vector_l2_ops);
INSERT INTO pending_u SELECT pending_row(n) FROM generate_series(1, 150) n;
SELECT pending, live FROM lokivector_index_info('pending_u1');
SELECT lokivector_check('pending_u1', true);
DROP TABLE pending_u;

-- test: a cursor that was opened before goes on
CREATE TABLE pending_cursor (id integer, v vector(72));
CREATE INDEX pending_cursor_i ON pending_cursor USING hnsw (v vector_l2_ops);
INSERT INTO pending_cursor SELECT n, pending_row(n) FROM generate_series(1, 90) n;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM pending_cursor ORDER BY v <-> pending_row(1);
FETCH 1 FROM c;
INSERT INTO pending_cursor SELECT n, pending_row(n) FROM generate_series(91, 200) n;
SELECT pending FROM lokivector_index_info('pending_cursor_i');
MOVE FORWARD ALL FROM c;
SELECT count(*) FROM (SELECT id FROM pending_cursor ORDER BY v <-> pending_row(1)) s;
COMMIT;
DROP TABLE pending_cursor;

-- test: codes stay when the insert that made them is rolled back
CREATE TABLE pending_failed (id integer, v vector(72));
CREATE INDEX pending_failed_i ON pending_failed USING hnsw (v vector_l2_ops);
INSERT INTO pending_failed SELECT n, pending_row(n) FROM generate_series(1, 99) n;
BEGIN;
SAVEPOINT a;
INSERT INTO pending_failed VALUES (100, pending_row(100));
ROLLBACK TO a;
SELECT pending FROM lokivector_index_info('pending_failed_i');
COMMIT;
SELECT lokivector_check('pending_failed_i', true);
SELECT pending_same('pending_failed', 'v', '<->', 'pending_row(7)');
DROP TABLE pending_failed;

-- test: older versions, which were HOT before the index was made, are not what its expressions take
-- their page has room, so nothing prunes it
CREATE TABLE pending_versions (id integer, v vector) WITH (autovacuum_enabled = off);
ALTER TABLE pending_versions ALTER v SET STORAGE PLAIN;
INSERT INTO pending_versions SELECT n, pending_row(n, 3) FROM generate_series(1, 3) n;
UPDATE pending_versions SET v = pending_row(id, 410);
CREATE INDEX pending_versions_idx ON pending_versions USING hnsw ((v::vector(410)) vector_l2_ops) WHERE vector_dims(v) = 410;
INSERT INTO pending_versions SELECT n, pending_row(n, 410) FROM generate_series(4, 300) n;
SELECT pending, nodes, live FROM lokivector_index_info('pending_versions_idx');
SELECT lokivector_check('pending_versions_idx', true);
SELECT id FROM pending_versions WHERE vector_dims(v) = 410 ORDER BY v::vector(410) <-> pending_row(2, 410) LIMIT 1;
DROP TABLE pending_versions;

-- test: a dead row, of which an expression takes all columns, and whose values were removed, has no codes
CREATE TABLE pending_whole (id integer, v vector(600), pad text) WITH (autovacuum_enabled = off);
ALTER TABLE pending_whole ALTER v SET STORAGE EXTERNAL, ALTER pad SET STORAGE PLAIN;
CREATE FUNCTION pending_vector(pending_whole) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1.v; END';
CREATE INDEX pending_whole_idx ON pending_whole USING hnsw ((pending_vector(pending_whole)::vector(600)) vector_l2_ops);
INSERT INTO pending_whole SELECT n, pending_row(n, 600), repeat('x', 1680) FROM generate_series(1, 200) n;
DELETE FROM pending_whole WHERE id % 3 = 0;
SELECT reltoastrelid::regclass AS toast FROM pg_class WHERE oid = 'pending_whole'::regclass \gset
VACUUM :toast;
INSERT INTO pending_whole SELECT n, pending_row(n, 600), '' FROM generate_series(201, 400) n;
SELECT pending, nodes FROM lokivector_index_info('pending_whole_idx');
SELECT lokivector_check('pending_whole_idx', true);
SELECT id FROM pending_whole ORDER BY pending_vector(pending_whole)::vector(600) <-> pending_row(2, 600) LIMIT 1;
DROP INDEX pending_whole_idx;
DROP FUNCTION pending_vector;
DROP TABLE pending_whole;

DROP FUNCTION pending_same, pending_row;
RESET enable_seqscan;
RESET lokivector.pending_nodes;
