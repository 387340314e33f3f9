-- Vacuum of hnsw indexes.

SET enable_seqscan = off;

CREATE FUNCTION vacuum_info(index regclass, OUT live bigint, OUT dead bigint,
							OUT free bigint, OUT rows bigint, OUT null_rows bigint,
							OUT vacuum_unfinished boolean, OUT vacuum_cycles bigint) AS $$
	SELECT live, dead, free, rows, null_rows, vacuum_unfinished, vacuum_cycles
	FROM lokivector_index_info(index)
$$ LANGUAGE sql;

CREATE TABLE vacuum_t (id integer, v vector(3));
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops);
INSERT INTO vacuum_t SELECT i, ARRAY[i % 10, i / 10 % 10, i / 100]::vector
FROM generate_series(0, 999) i;

-- test: a vacuum without dead rows does nothing to the index
VACUUM vacuum_t;
SELECT * FROM vacuum_info('vacuum_idx');

-- test: nodes of dead rows are freed
DELETE FROM vacuum_t WHERE id % 3 = 0;
VACUUM vacuum_t;
SELECT * FROM vacuum_info('vacuum_idx');
SELECT count(*) FROM (SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]') s;
SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]' LIMIT 1;
SELECT id FROM vacuum_t ORDER BY v <-> '[1.1,2.2,3.3]' LIMIT 3;
SELECT lokivector_check('vacuum_idx', true);

-- test: freed nodes are used again
SELECT pg_relation_size('vacuum_idx') AS size \gset
INSERT INTO vacuum_t SELECT 1000 + i, ARRAY[i % 10 + 0.5, i / 10 % 10, i / 100]::vector
FROM generate_series(0, 299) i;
SELECT * FROM vacuum_info('vacuum_idx');
-- layers are drawn: there may be more nodes on the upper ones than before
SELECT pg_relation_size('vacuum_idx') - :size <= 8192 AS same_size;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]') s;
SELECT lokivector_check('vacuum_idx', true);

-- test: without index cleanup dead rows stay until the next vacuum
DELETE FROM vacuum_t WHERE id % 3 = 1;
VACUUM (INDEX_CLEANUP off) vacuum_t;
SELECT live, dead, vacuum_cycles FROM vacuum_info('vacuum_idx');
VACUUM (INDEX_CLEANUP on) vacuum_t;
SELECT live, dead, vacuum_cycles FROM vacuum_info('vacuum_idx');
SELECT lokivector_check('vacuum_idx', true);

-- test: all rows but one
DELETE FROM vacuum_t WHERE id <> 500;
VACUUM vacuum_t;
SELECT live, dead FROM vacuum_info('vacuum_idx');
SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]';
SELECT lokivector_check('vacuum_idx', true);

-- test: all rows, and new ones
DELETE FROM vacuum_t;
VACUUM vacuum_t;
SELECT live, dead FROM vacuum_info('vacuum_idx');
SELECT entry_node, max_level FROM lokivector_index_info('vacuum_idx');
SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]';
INSERT INTO vacuum_t VALUES (1, '[1,1,1]'), (2, '[2,2,2]');
SELECT id FROM vacuum_t ORDER BY v <-> '[1,1,1]';
SELECT lokivector_check('vacuum_idx', true);

-- test: rows inserted between a dead node's marking and its repair
INSERT INTO vacuum_t SELECT i, ARRAY[i, 0, 0]::vector FROM generate_series(3, 60) i;
DELETE FROM vacuum_t;
INSERT INTO vacuum_t SELECT 100 + i, ARRAY[i, 0, 0]::vector FROM generate_series(1, 60) i;
VACUUM vacuum_t;
SELECT live, dead FROM vacuum_info('vacuum_idx');
SELECT id FROM vacuum_t ORDER BY v <-> '[30,0,0]' LIMIT 1;
SELECT lokivector_check('vacuum_idx', true);
DROP TABLE vacuum_t;

-- test: rows outside the graph are freed at once
CREATE TABLE vacuum_t (id integer, v vector(3), c integer);
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_cosine_ops, c int4_ops);
INSERT INTO vacuum_t SELECT i, CASE i % 2 WHEN 0 THEN '[0,0,0]'::vector END, i FROM generate_series(1, 100) i;
DELETE FROM vacuum_t WHERE id <= 60;
VACUUM vacuum_t;
SELECT live, null_rows, vacuum_unfinished, vacuum_cycles FROM vacuum_info('vacuum_idx');
SELECT pg_relation_size('vacuum_idx') AS size \gset
INSERT INTO vacuum_t SELECT 200 + i, NULL, i FROM generate_series(1, 60) i;
-- layers are drawn: there may be more nodes on the upper ones than before
SELECT pg_relation_size('vacuum_idx') - :size <= 8192 AS same_size;
SELECT id FROM vacuum_t WHERE c IN (99, 100) ORDER BY v <=> '[1,1,1]';
SELECT count(*) FROM (SELECT id FROM vacuum_t ORDER BY v <=> '[1,1,1]') s;
SELECT lokivector_check('vacuum_idx', true);
DROP TABLE vacuum_t;

-- test: rows of which many versions are removed keep their neighbors
CREATE TABLE versions (id integer PRIMARY KEY, v vector(16), seen integer) WITH (autovacuum_enabled = off);
CREATE FUNCTION versions_item(n integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(1.5 * sin((n % 23) * 3 + i * 7) + hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 16) i $$;
INSERT INTO versions SELECT n, versions_item(n), 0 FROM generate_series(1, 2000) n;
CREATE INDEX versions_idx ON versions USING hnsw (v vector_l2_ops, seen);
CREATE TABLE versions_nearest AS SELECT q, id FROM generate_series(77, 1900, 200) q,
	LATERAL (SELECT id FROM versions ORDER BY (v <-> versions_item(q))::text::float8 LIMIT 5) s;
CREATE FUNCTION versions_found() RETURNS bigint LANGUAGE sql SET enable_seqscan = off SET enable_sort = off AS $$
	SELECT count(*) FROM versions_nearest n
	WHERE id IN (SELECT id FROM versions ORDER BY v <-> versions_item(n.q) LIMIT 5) $$;
DO $$
BEGIN
	FOR i IN 1 .. 80 LOOP
		UPDATE versions SET seen = seen + 1 WHERE id IN (SELECT id FROM versions_nearest);
	END LOOP;
END $$;
SELECT versions_found() >= 49 AS found;
VACUUM (INDEX_CLEANUP on) versions;
SELECT versions_found() >= 49 AS found, lokivector_check('versions_idx', true);
DROP TABLE versions, versions_nearest;
DROP FUNCTION versions_found, versions_item;

-- test: TID lists of duplicates lose their dead ones
CREATE TABLE vacuum_t (id integer, v vector(3));
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops);
INSERT INTO vacuum_t SELECT i, ARRAY[i % 4, 0, 0]::vector FROM generate_series(0, 399) i;
SELECT live, rows FROM vacuum_info('vacuum_idx');
-- of 0 the newest, of 1 the oldest and some in the middle, of 2 all but one
DELETE FROM vacuum_t WHERE id % 4 = 0 AND id >= 200 OR
	id % 4 = 1 AND (id < 40 OR id BETWEEN 100 AND 150) OR
	id % 4 = 2 AND id <> 202;
VACUUM vacuum_t;
SELECT * FROM vacuum_info('vacuum_idx');
SELECT id % 4 AS v, count(*) FROM (SELECT id FROM vacuum_t ORDER BY v <-> '[0,0,0]') s
GROUP BY 1 ORDER BY 1;
SELECT lokivector_check('vacuum_idx', true);
INSERT INTO vacuum_t SELECT i, ARRAY[i % 4, 0, 0]::vector FROM generate_series(400, 407) i;
SELECT id FROM vacuum_t WHERE id % 4 = 2 ORDER BY v <-> '[2,0,0]', id;
DELETE FROM vacuum_t WHERE id % 4 = 3;
VACUUM vacuum_t;
SELECT * FROM vacuum_info('vacuum_idx');
SELECT lokivector_check('vacuum_idx', true);
DROP TABLE vacuum_t;

-- test: statistics of the index
CREATE TABLE vacuum_t (id integer, v vector(3));
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops);
INSERT INTO vacuum_t SELECT i, CASE WHEN i > 10 THEN ARRAY[i % 50, 0, 0]::vector END
FROM generate_series(1, 200) i;
DELETE FROM vacuum_t WHERE id % 2 = 0;
VACUUM vacuum_t;
SELECT reltuples, relpages = pg_relation_size(oid) / current_setting('block_size')::integer AS pages
FROM pg_class WHERE relname = 'vacuum_idx';
ANALYZE vacuum_t;
SELECT reltuples FROM pg_class WHERE relname = 'vacuum_idx';
DROP TABLE vacuum_t;

-- test: several indexes, vacuumed in parallel
CREATE TABLE vacuum_t (id integer, v vector(3));
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops);
CREATE INDEX vacuum_idx2 ON vacuum_t USING hnsw (v vector_cosine_ops);
INSERT INTO vacuum_t SELECT i, ARRAY[i, i % 7, 1]::vector FROM generate_series(1, 500) i;
DELETE FROM vacuum_t WHERE id % 2 = 0;
SET min_parallel_index_scan_size = 0;
VACUUM (PARALLEL 2) vacuum_t;
RESET min_parallel_index_scan_size;
SELECT live, dead, rows FROM vacuum_info('vacuum_idx');
SELECT live, dead, rows FROM vacuum_info('vacuum_idx2');
SELECT lokivector_check('vacuum_idx', true), lokivector_check('vacuum_idx2', true);
DROP TABLE vacuum_t;

-- test: equal vectors that differ in their attributes stay connected
CREATE TABLE vacuum_t (id integer, v vector(2), c integer);
INSERT INTO vacuum_t SELECT i, '[1,1]', i FROM generate_series(1, 20000) i;
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops, c) WITH (m = 4, ef_construction = 8);
DELETE FROM vacuum_t WHERE id % 2 = 0;
VACUUM vacuum_t;
SELECT lokivector_check('vacuum_idx', true);
DROP TABLE vacuum_t;

-- test: rows of short lists stay within reach
CREATE TABLE vacuum_t (id integer, v vector(32));
SELECT setseed(0.3);
INSERT INTO vacuum_t SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 32) WHERE i > 0)::vector
FROM generate_series(1, 3000) i;
SET max_parallel_maintenance_workers = 0;
SET lokivector.build_seed = 1;
CREATE INDEX vacuum_idx ON vacuum_t USING hnsw (v vector_l2_ops) WITH (m = 4);
RESET lokivector.build_seed;
RESET max_parallel_maintenance_workers;
DELETE FROM vacuum_t WHERE id % 10 < 2;
VACUUM vacuum_t;
DELETE FROM vacuum_t WHERE id % 10 < 4;
VACUUM vacuum_t;
DELETE FROM vacuum_t WHERE id % 10 < 6;
VACUUM vacuum_t;
-- 9; 21 where one link to a node counted as enough
SELECT count(*), count(*) FILTER (WHERE v <> nearest) <= 15 AS few_lost
FROM (SELECT v, (SELECT b.v FROM vacuum_t b ORDER BY b.v <-> a.v LIMIT 1) AS nearest FROM vacuum_t a) s;
SELECT lokivector_check('vacuum_idx', true);
DROP TABLE vacuum_t;

DROP FUNCTION vacuum_info;
RESET enable_seqscan;


RESET ALL;

-- Updates that leave the indexed columns alone.

SET enable_seqscan = off;
-- rows come in threes that are all but equal
SET hnsw.ef_search = 200;

CREATE FUNCTION update_info(index regclass, OUT live bigint, OUT rows bigint) AS $$
	SELECT live, rows FROM lokivector_index_info(index)
$$ LANGUAGE sql;
CREATE FUNCTION update_item(n integer, dim integer) RETURNS vector AS $$
	SELECT array_agg(sin(n * i) ORDER BY i)::vector FROM generate_series(1, dim) i
$$ LANGUAGE sql IMMUTABLE;
CREATE FUNCTION hot() RETURNS bigint AS $$
	SELECT pg_stat_get_xact_tuples_hot_updated(oid) FROM pg_class WHERE relname = 'update_t'
$$ LANGUAGE sql;

-- test: an update of a column that has no index is HOT where there is room
CREATE TABLE update_t (id integer, v vector(8), c integer, note text) WITH (fillfactor = 50);
CREATE INDEX update_idx ON update_t USING hnsw (v vector_l2_ops, c);
INSERT INTO update_t SELECT n, update_item(n, 8), n % 3, 'a' FROM generate_series(1, 100) n;
BEGIN;
SELECT hot() AS before \gset
UPDATE update_t SET note = 'b' WHERE id <= 20;
SELECT hot() - :before AS hot;
COMMIT;
SELECT * FROM update_info('update_idx');

-- test: an update of an attribute or of the vector is not
BEGIN;
SELECT hot() AS before \gset
UPDATE update_t SET c = 7 WHERE id <= 5;
UPDATE update_t SET v = update_item(1000 + id, 8) WHERE id BETWEEN 21 AND 25;
SELECT hot() - :before AS hot;
COMMIT;
SELECT * FROM update_info('update_idx');
SELECT id FROM update_t WHERE c = 7 ORDER BY v <-> update_item(3, 8) LIMIT 1;
SELECT id FROM update_t ORDER BY v <-> update_item(1023, 8) LIMIT 1;
SELECT lokivector_check('update_idx', true);

-- test: an update that sets what was there before is HOT
BEGIN;
SELECT hot() AS before \gset
UPDATE update_t SET v = v, c = c WHERE id BETWEEN 31 AND 40;
SELECT hot() - :before AS hot;
COMMIT;
DROP TABLE update_t;

-- test: another index forbids HOT: the new versions join the nodes
CREATE TABLE update_t (id integer, v vector(40), c integer);
INSERT INTO update_t SELECT n, update_item(n, 40), 0 FROM generate_series(1, 2000) n;
CREATE INDEX update_idx ON update_t USING hnsw (v vector_l2_ops);
CREATE INDEX ON update_t (c);
BEGIN;
SELECT hot() AS before \gset
UPDATE update_t SET c = c + 1;
SELECT hot() - :before AS hot;
COMMIT;
SELECT * FROM update_info('update_idx');
SELECT count(*) FROM update_t a, LATERAL
	(SELECT id FROM update_t ORDER BY v <-> a.v LIMIT 1) b WHERE a.id = b.id;
SELECT lokivector_check('update_idx', true);

-- test: the index grows by 64 bytes a row at most, until vacuum
CREATE TABLE update_size AS SELECT pg_relation_size('update_idx') AS size;
UPDATE update_t SET c = c + 1;
SELECT pg_relation_size('update_idx') - size <= 64 * 2000 AS small FROM update_size;
SELECT * FROM update_info('update_idx');
VACUUM update_t;
SELECT * FROM update_info('update_idx');
UPDATE update_size SET size = pg_relation_size('update_idx');
UPDATE update_t SET c = c + 1;
VACUUM update_t;
UPDATE update_t SET c = c + 1;
SELECT pg_relation_size('update_idx') = size AS same FROM update_size;
SELECT lokivector_check('update_idx', true);
DROP TABLE update_size;

-- test: updates of one row many times
UPDATE update_t SET c = c + 1 WHERE id = 7;
DO $$ BEGIN
	FOR i IN 1..1200 LOOP
		UPDATE update_t SET c = c + 1 WHERE id = 7;
	END LOOP;
END $$;
SELECT id, c FROM update_t ORDER BY v <-> update_item(7, 40) LIMIT 1;
SELECT lokivector_check('update_idx', true);
VACUUM update_t;
SELECT * FROM update_info('update_idx');
SELECT id, c FROM update_t ORDER BY v <-> update_item(7, 40) LIMIT 1;
SELECT lokivector_check('update_idx', true);

-- test: updates that are rolled back
BEGIN;
UPDATE update_t SET c = c + 1;
SAVEPOINT s;
UPDATE update_t SET c = c + 1 WHERE id <= 1000;
ROLLBACK TO s;
ROLLBACK;
SELECT id FROM update_t ORDER BY v <-> update_item(77, 40) LIMIT 1;
VACUUM update_t;
SELECT * FROM update_info('update_idx');
SELECT lokivector_check('update_idx', true);

-- test: a trigger changes a column that the statement does not name
CREATE FUNCTION update_trigger() RETURNS trigger AS $$
BEGIN
	new.v := update_item(5000 + new.id, 40);
	RETURN new;
END $$ LANGUAGE plpgsql;
CREATE TRIGGER update_trigger BEFORE UPDATE ON update_t
	FOR EACH ROW EXECUTE FUNCTION update_trigger();
UPDATE update_t SET c = c + 1 WHERE id = 13;
SELECT id FROM update_t ORDER BY v <-> update_item(5013, 40) LIMIT 1;
SELECT lokivector_check('update_idx', true);
DROP TABLE update_t;
DROP FUNCTION update_trigger;

-- test: vectors out of line: versions share the value, which keeps its place
CREATE TABLE update_t (id integer, v vector(600), c integer);
ALTER TABLE update_t ALTER v SET STORAGE EXTERNAL;
INSERT INTO update_t SELECT n, update_item(n, 600), 0 FROM generate_series(1, 200) n;
CREATE INDEX update_idx ON update_t USING hnsw (v vector_l2_ops);
CREATE INDEX ON update_t (c);
UPDATE update_t SET c = c + 1;
UPDATE update_t SET c = c + 1 WHERE id <= 50;
VACUUM update_t;
UPDATE update_t SET v = (SELECT b.v FROM update_t b WHERE b.id = 3) WHERE id = 2;
UPDATE update_t SET c = c + 1 WHERE id = 2;
SELECT * FROM update_info('update_idx');
SELECT count(*) FROM update_t a, LATERAL
	(SELECT id FROM update_t ORDER BY v <-> a.v LIMIT 1) b WHERE a.id = b.id AND a.id > 3;
SELECT id FROM update_t ORDER BY v <-> update_item(3, 600), id LIMIT 2;
DELETE FROM update_t WHERE id = 3;
VACUUM update_t;
SELECT id FROM update_t ORDER BY v <-> update_item(3, 600) LIMIT 1;
SELECT lokivector_check('update_idx', true);
DROP TABLE update_t;

DROP FUNCTION update_info, update_item, hot;
RESET enable_seqscan;
