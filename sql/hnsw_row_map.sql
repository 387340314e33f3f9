-- The map from heap TIDs to nodes: scans within the bitmap of another index
-- find what a sequential scan finds, whatever happened since the map was made

SET max_parallel_workers_per_gather = 0;
SET max_parallel_maintenance_workers = 0;

CREATE FUNCTION rowmap_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 8, 20);

CREATE TABLE rowmap_t (id integer, v vector(8), a integer, tags integer[], span int4range, note text)
	WITH (autovacuum_enabled = off);
CREATE FUNCTION rowmap_insert(first integer, last integer) RETURNS void AS $$
	INSERT INTO rowmap_t SELECT n, rowmap_vector(n), n % 100, ARRAY[n % 70, n % 30],
		int4range(n * 10, n * 10 + 300), 'note ' || n FROM generate_series(first, last) n
$$ LANGUAGE sql;
SELECT rowmap_insert(1, 6000);
CREATE INDEX rowmap_v ON rowmap_t USING hnsw (v vector_l2_ops);
CREATE INDEX rowmap_a ON rowmap_t (a);
CREATE INDEX rowmap_tags ON rowmap_t USING gin (tags) WITH (fastupdate = off);
CREATE INDEX rowmap_span ON rowmap_t USING gist (span);
CREATE INDEX rowmap_id ON rowmap_t USING brin (id) WITH (pages_per_range = 2);
VACUUM ANALYZE rowmap_t;

-- How a query within a bitmap finds its rows
CREATE FUNCTION rowmap_way(condition text, relation text = 'rowmap_t') RETURNS text AS $$
DECLARE
	n integer;
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
		set_config('enable_indexscan', 'off', true);
	EXECUTE format('SELECT count(*) FROM (SELECT id FROM %s WHERE %s ORDER BY v <-> %L LIMIT 5) s',
		relation, condition, rowmap_vector(-7)) INTO n;
	RETURN (SELECT strategy FROM lokivector_scan_stats());
END
$$ LANGUAGE plpgsql;

-- What it returns otherwise than a sequential scan, all rows and the nearest
CREATE FUNCTION rowmap_wrong(relation text = 'rowmap_t', conditions text[] = ARRAY[
	'a = 7', 'a IN (1, 2, 77)', 'a = 1000', 'tags @> ''{3}''', 'tags && ''{3,4}'' AND a < 50',
	'span && ''[3000,3100)''', 'a = 9 OR span @> 20000', 'id BETWEEN 100 AND 160', 'a = 7 AND note LIKE ''%7'''])
RETURNS SETOF text AS $$
DECLARE
	condition text;
	query text;
	found integer[];
	truth integer[];
BEGIN
	FOREACH condition IN ARRAY conditions
	LOOP
		FOREACH query IN ARRAY ARRAY[
			format('SELECT array_agg(id ORDER BY id) FROM
				(SELECT id FROM %s WHERE %s ORDER BY v <-> %L) s', relation, condition, rowmap_vector(-7)),
			format('SELECT array_agg(id ORDER BY d, id) FROM
				(SELECT id, v <-> %L d FROM %s WHERE %s ORDER BY v <-> %1$L LIMIT 10) s',
				rowmap_vector(-9), relation, condition)]
		LOOP
			PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
				set_config('enable_indexscan', 'off', true),
				set_config('lokivector.enable_hybrid_scan', 'on', true);
			EXECUTE query INTO found;
			PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
				set_config('lokivector.enable_hybrid_scan', 'off', true),
				set_config('enable_bitmapscan', 'off', true);
			EXECUTE query INTO truth;
			PERFORM set_config('enable_bitmapscan', 'on', true);
			IF found IS DISTINCT FROM truth THEN
				RETURN NEXT format('%s: %s, not %s', condition, found, truth);
			END IF;
		END LOOP;
	END LOOP;
END
$$ LANGUAGE plpgsql;

-- test: plans, and how rows are found
SET enable_seqscan = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM rowmap_t WHERE a = 7 ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM rowmap_t WHERE span && '[3000,3100)' OR a = 9
	ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
RESET enable_seqscan;
RESET enable_sort;
SELECT c, rowmap_way(c) FROM unnest(ARRAY['a = 7', 'tags @> ''{3}''',
	'span && ''[3000,3500)''', 'id BETWEEN 100 AND 160']) c;
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);
SELECT slot_array, pages FROM lokivector_index_slot_arrays('rowmap_v')
	WHERE slot_array IN ('row', 'block', 'gained', 'reused') ORDER BY slot_array;

-- test: rows inserted since the map was made
SELECT rowmap_insert(6001, 6080);
SELECT rowmap_way('a = 7');
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);

-- test: numbers that vacuum freed and inserts use again, before the map is made anew
DELETE FROM rowmap_t WHERE id % 300 = 0;
VACUUM rowmap_t;
SELECT * FROM rowmap_wrong();
SELECT rowmap_insert(7001, 7025);
SELECT rowmap_way('a = 7');
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);

-- test: versions of rows, which join their nodes, and rows equal to others
UPDATE rowmap_t SET a = (a + 7) % 100 WHERE id % 37 = 0;
UPDATE rowmap_t SET span = int4range(lower(span) + 5, upper(span) + 5) WHERE id % 53 = 0;
INSERT INTO rowmap_t SELECT id + 10000, v, 7, tags, span, note FROM rowmap_t WHERE id % 61 = 0;
SELECT rowmap_way('a = 7');
-- a page that has many of these 367 is read once: 208 blocks, of which the heap has some
CREATE FUNCTION rowmap_buffers(condition text) RETURNS integer AS $$
DECLARE
	plan jsonb;
BEGIN
	PERFORM rowmap_way(condition);
	EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT id FROM rowmap_t WHERE %s ORDER BY v <-> %L LIMIT 5',
		condition, rowmap_vector(-7)) INTO plan;
	RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::integer + (plan #>> '{0,Plan,Shared Read Blocks}')::integer;
END
$$ LANGUAGE plpgsql;
SELECT rowmap_buffers('a = 7') < 300 AS few;
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);

-- test: a transaction's own rows, and those of one that is rolled back
BEGIN;
SELECT rowmap_insert(7101, 7120);
UPDATE rowmap_t SET a = 7 WHERE id = 10;
SELECT * FROM rowmap_wrong();
ROLLBACK;
SELECT * FROM rowmap_wrong();

-- test: the map is made anew when much is not in it
UPDATE rowmap_t SET a = (a + 1) % 100 WHERE id % 3 = 0;
SELECT rowmap_way('a = 7');
SELECT * FROM rowmap_wrong();
DELETE FROM rowmap_t WHERE id % 3 = 1;
VACUUM rowmap_t;
SELECT rowmap_way('a = 7');
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);

-- test: lossy pages
SET work_mem = '64kB';
INSERT INTO rowmap_t SELECT n, rowmap_vector(n), 7, NULL, NULL, repeat('x', 4000) FROM generate_series(20001, 22000) n;
VACUUM ANALYZE rowmap_t;
SELECT * FROM rowmap_wrong(conditions => ARRAY['a = 7', 'a = 7 OR a = 9', 'a < 20']);
RESET work_mem;

-- test: REINDEX
REINDEX INDEX rowmap_v;
SELECT rowmap_way('a = 77');
SELECT * FROM rowmap_wrong();
SELECT lokivector_check('rowmap_v', true);

-- test: memory that does not suffice
SET client_min_messages = warning;
SET maintenance_work_mem = '1MB';
CREATE TABLE rowmap_memory (id integer, v vector(8), a integer);
INSERT INTO rowmap_memory SELECT n, rowmap_vector(n), n % 100 FROM generate_series(1, 1200) n;
INSERT INTO rowmap_memory SELECT n, '[1,2,3,4,5,6,7,8]', n % 100 + 1000 FROM generate_series(10001, 300000) n;
CREATE INDEX rowmap_memory_v ON rowmap_memory USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
CREATE INDEX ON rowmap_memory (a);
VACUUM ANALYZE rowmap_memory;
SELECT pages > 0 AS mapped FROM lokivector_index_slot_arrays('rowmap_memory_v') WHERE slot_array = 'row';
SELECT lokivector_check('rowmap_memory_v', true);
SET maintenance_work_mem = '8MB';
VACUUM rowmap_memory;
SELECT pages > 0 AS mapped FROM lokivector_index_slot_arrays('rowmap_memory_v') WHERE slot_array = 'row';
SELECT lokivector_check('rowmap_memory_v', true);
SET maintenance_work_mem = '1MB';
INSERT INTO rowmap_memory SELECT n, rowmap_vector(n), n % 100 FROM generate_series(2001, 3500) n;
VACUUM rowmap_memory;
SELECT lokivector_check('rowmap_memory_v', true);
SET maintenance_work_mem = '8MB';
VACUUM rowmap_memory;
SELECT lokivector_check('rowmap_memory_v', true);
DROP TABLE rowmap_memory;
RESET maintenance_work_mem;
RESET client_min_messages;

-- test: an index that grew from an empty table, and few rows on many blocks
CREATE TABLE rowmap_grown (id integer, v vector(300), a integer, filler text) WITH (autovacuum_enabled = off);
ALTER TABLE rowmap_grown ALTER filler SET STORAGE PLAIN;
CREATE INDEX rowmap_grown_v ON rowmap_grown USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8);
CREATE INDEX ON rowmap_grown (a);
CREATE FUNCTION rowmap_long(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 300);
INSERT INTO rowmap_grown SELECT n, rowmap_long(n), n % 40, repeat('x', 5000) FROM generate_series(1, 2000) n;
VACUUM ANALYZE rowmap_grown;
SELECT slot_array, pages FROM lokivector_index_slot_arrays('rowmap_grown_v')
	WHERE slot_array IN ('row', 'block', 'gained', 'reused') ORDER BY slot_array;
UPDATE rowmap_grown SET a = 7 WHERE id IN (5, 6, 1000);
SELECT lokivector_check('rowmap_grown_v', true);
SET enable_seqscan = off;
SET enable_indexscan = off;
SET enable_sort = off;
SELECT array_agg(id) FROM (SELECT id FROM rowmap_grown WHERE a = 7 ORDER BY v <-> rowmap_long(1000) LIMIT 4) s;
SELECT strategy FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id) FROM
	(SELECT id FROM rowmap_grown WHERE a = 7 ORDER BY v <-> rowmap_long(1000)) s;
RESET enable_seqscan;
RESET enable_indexscan;
RESET enable_sort;
SELECT count(*) FROM rowmap_grown WHERE a = 7;
DROP TABLE rowmap_grown;

-- test: a compact index has no map
CREATE TABLE rowmap_compact (id integer, v vector(8), a integer);
INSERT INTO rowmap_compact SELECT n, rowmap_vector(n), n % 100 FROM generate_series(1, 1200) n;
CREATE INDEX rowmap_compact_v ON rowmap_compact USING hnsw (v vector_l2_ops) WITH (profile = compact);
CREATE INDEX ON rowmap_compact (a);
VACUUM ANALYZE rowmap_compact;
SELECT count(*) FROM lokivector_index_slot_arrays('rowmap_compact_v') WHERE slot_array IN ('row', 'block', 'gained');
SELECT rowmap_way('a < 40', 'rowmap_compact') <> 'map' AS other_way;
SELECT lokivector_check('rowmap_compact_v', true);

DROP TABLE rowmap_compact, rowmap_t;
DROP FUNCTION rowmap_vector, rowmap_long, rowmap_insert, rowmap_way, rowmap_wrong;
