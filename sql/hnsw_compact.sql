-- profile = compact: few bits of the principal dimensions, half the links

CREATE TABLE compact_t (id int, v vector(832));
SET lokivector.build_seed = 1;
SET hnsw.ef_search = 100;

-- rows that vary along 24 directions, and a little along all
SELECT setseed(0.5);
CREATE FUNCTION compact_random(a real) RETURNS vector LANGUAGE sql VOLATILE AS
	'SELECT array_agg(a * (random() - 0.5))::real[]::vector FROM generate_series(1, 832)';
CREATE TABLE compact_direction AS SELECT d, compact_random(1) AS v FROM generate_series(1, 24) d;
CREATE FUNCTION compact_row() RETURNS vector LANGUAGE sql VOLATILE AS $$
	SELECT sum(v * array_fill(((random() + random() - 1) / sqrt(d))::real, ARRAY[832])::vector) + compact_random(0.02)
	FROM compact_direction
$$;
INSERT INTO compact_t SELECT i, compact_row() FROM generate_series(1, 1100) i;
INSERT INTO compact_t VALUES (0, NULL);
INSERT INTO compact_t SELECT 2000 + id, v FROM compact_t WHERE id <= 20;

CREATE FUNCTION compact_info(index regclass, OUT code_dimensions int, OUT bits int, OUT refine_bits int,
		OUT profile text, OUT m int, OUT ef_construction int, OUT nodes bigint, OUT rows bigint) AS
	'SELECT code_dimensions, bits, refine_bits, profile, m, ef_construction, nodes, rows
	FROM lokivector_index_info(index)' LANGUAGE sql;
-- share of the true 10 found for 20 of the rows, themselves among them
CREATE FUNCTION compact_recall(operator text) RETURNS bool LANGUAGE sql AS $$
	SELECT sum(hits) >= 196 FROM (SELECT v FROM compact_t WHERE v IS NOT NULL ORDER BY id LIMIT 20) q,
		found('compact_t', format('v %s %L', operator, v), 10)
$$;

CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_l2_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_idx');
SELECT compact_recall('<->');
SELECT lokivector_check('compact_idx', true);
SELECT slot_array, slot_bytes, slots FROM lokivector_index_slot_arrays('compact_idx')
WHERE slot_array NOT IN ('upper', 'directory');

-- the other metrics
DROP INDEX compact_idx;
CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_ip_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_idx');
SELECT compact_recall('<#>');
SELECT lokivector_check('compact_idx', true);
DROP INDEX compact_idx;
CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_cosine_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_idx');
SELECT compact_recall('<=>');
SELECT lokivector_check('compact_idx', true);

-- inserts, duplicates among them, and vacuum
INSERT INTO compact_t SELECT 3000 + i, compact_row() FROM generate_series(1, 100) i;
INSERT INTO compact_t SELECT 4000 + id, v FROM compact_t WHERE id BETWEEN 3001 AND 3010;
SELECT nodes, rows FROM compact_info('compact_idx');
SELECT compact_recall('<=>');
SELECT lokivector_check('compact_idx', true);
DELETE FROM compact_t WHERE id % 3 = 1;
VACUUM compact_t;
SELECT compact_recall('<=>');
SELECT lokivector_check('compact_idx', true);
DROP INDEX compact_idx;

-- options count
CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_l2_ops)
	WITH (profile = compact, m = 12, bits = 2, refine_bits = 4, ef_construction = 32);
SELECT * FROM compact_info('compact_idx');
SELECT compact_recall('<->');
SELECT lokivector_check('compact_idx', true);
ALTER INDEX compact_idx RESET (m, bits, refine_bits);
ALTER INDEX compact_idx SET (profile = balanced);
REINDEX INDEX compact_idx;
SELECT code_dimensions, profile, m, ef_construction FROM compact_info('compact_idx');
DROP INDEX compact_idx;
CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_l2_ops) WITH (profile = small);

-- too little data: random dimensions until REINDEX
TRUNCATE compact_t;
CREATE INDEX compact_idx ON compact_t USING hnsw (v vector_l2_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_idx');
INSERT INTO compact_t SELECT i, compact_row() FROM generate_series(1, 200) i;
SELECT compact_recall('<->');
SELECT lokivector_check('compact_idx', true);
INSERT INTO compact_t SELECT 200 + i, compact_row() FROM generate_series(1, 900) i;
REINDEX INDEX compact_idx;
SELECT * FROM compact_info('compact_idx');
SELECT compact_recall('<->');

-- a table without statistics, two rows a page: the sample is as large as with them
CREATE TABLE compact_long (id int, v vector(832));
ALTER TABLE compact_long ALTER v SET STORAGE PLAIN;
INSERT INTO compact_long SELECT id + 2000 * i, v + array_fill(i, ARRAY[832])::vector
FROM compact_t, generate_series(0, 1) i WHERE v IS NOT NULL;
CREATE INDEX compact_long_idx ON compact_long USING hnsw (v vector_l2_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_long_idx');
DROP INDEX compact_long_idx;
ANALYZE compact_long;
CREATE INDEX compact_long_idx ON compact_long USING hnsw (v vector_l2_ops) WITH (profile = compact);
SELECT * FROM compact_info('compact_long_idx');

-- fewer dimensions need no projection, or no rotation
CREATE TABLE compact_small (a vector(3), b vector(128), c vector(300));
CREATE INDEX compact_a ON compact_small USING hnsw (a vector_l2_ops) WITH (profile = compact);
CREATE INDEX compact_b ON compact_small USING hnsw (b vector_l2_ops) WITH (profile = compact);
CREATE INDEX compact_c ON compact_small USING hnsw (c vector_l1_ops) WITH (profile = compact);
CREATE INDEX compact_d ON compact_small USING hnsw (c vector_l2_ops) WITH (profile = compact);
CREATE INDEX compact_e ON compact_small USING hnsw (c vector_l2_ops) WITH (profile = compact, bits = 4);
SELECT index, i.* FROM unnest('{compact_a,compact_b,compact_c,compact_d,compact_e}'::text[]) index,
	compact_info(index::regclass) i;

-- an unlogged index starts with random dimensions, too
CREATE UNLOGGED TABLE compact_unlogged AS SELECT * FROM compact_t LIMIT 50;
CREATE INDEX compact_unlogged_idx ON compact_unlogged USING hnsw (v vector_l2_ops) WITH (profile = compact);
SELECT lokivector_check('compact_unlogged_idx', true);

DROP TABLE compact_t, compact_long, compact_small, compact_unlogged, compact_direction;
DROP FUNCTION compact_random, compact_row, compact_info, compact_recall;
