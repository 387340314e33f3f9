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
