-- CREATE INDEX and REINDEX

SELECT setseed(0.25);

CREATE FUNCTION random_vector(dim integer) RETURNS vector LANGUAGE sql AS
$$ SELECT array_agg(random() - 0.5)::vector FROM generate_series(1, dim) $$;

-- Rows of a table that are not the nearest to their own vector, as the index
-- finds it
CREATE FUNCTION lost(tab regclass, op text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	SET LOCAL enable_seqscan = off;
	EXECUTE format('SELECT count(*) FROM %1$s a WHERE v IS NOT NULL AND NOT EXISTS (SELECT FROM (SELECT b.v FROM %1$s b ORDER BY b.v %2$s a.v LIMIT 1) c WHERE c.v = a.v)', tab, op) INTO n;
	RETURN n;
END
$$;

-- test: a table without rows
CREATE TABLE build_empty (v vector(3));
CREATE INDEX build_empty_idx ON build_empty USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_empty_idx', true);
SELECT dimensions, metric, nodes, rows, entry_node, pages FROM lokivector_index_info('build_empty_idx');
SET enable_seqscan = off;
SELECT * FROM build_empty ORDER BY v <-> '[1,2,3]' LIMIT 5;
INSERT INTO build_empty VALUES ('[1,2,3]'), (NULL), ('[0,0,0]');
SELECT * FROM build_empty ORDER BY v <-> '[1,2,3]' LIMIT 5;
RESET enable_seqscan;
SELECT lokivector_check('build_empty_idx', true);

-- test: one row
CREATE TABLE build_one (v vector(40));
INSERT INTO build_one VALUES (random_vector(40));
CREATE INDEX build_one_idx ON build_one USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_one_idx', true);
SELECT nodes, rows, null_rows, entry_node FROM lokivector_index_info('build_one_idx');
SELECT lost('build_one', '<->');

-- test: only rows without a place in the graph
CREATE TABLE build_null (v vector(40), a integer);
INSERT INTO build_null VALUES (NULL, 1), (NULL, NULL), (array_fill(0, ARRAY[40])::vector, 2);
CREATE INDEX build_null_idx ON build_null USING hnsw (v vector_cosine_ops, a);
SELECT lokivector_check('build_null_idx', true);
SELECT nodes, rows, null_rows, entry_node FROM lokivector_index_info('build_null_idx');
SET enable_seqscan = off;
SELECT v IS NULL AS v_is_null, a FROM build_null ORDER BY v <=> random_vector(40), a;
RESET enable_seqscan;

-- test: all metrics, for each kind of code
CREATE TABLE build_many (id integer, v vector(64), a integer, b double precision);
INSERT INTO build_many SELECT i, random_vector(64), i % 7, i / 2 FROM generate_series(1, 500) i;
INSERT INTO build_many SELECT i, NULL, i % 7, NULL FROM generate_series(501, 510) i;
CREATE TABLE build_low AS SELECT id, subvector(v, 1, 8)::vector(8) AS v, a FROM build_many;
CREATE INDEX build_many_l2 ON build_many USING hnsw (v vector_l2_ops, a, b);
SELECT lokivector_check('build_many_l2', true), lost('build_many', '<->');
DROP INDEX build_many_l2;
CREATE INDEX build_many_cosine ON build_many USING hnsw (v vector_cosine_ops);
SELECT lokivector_check('build_many_cosine', true), lost('build_many', '<=>');
DROP INDEX build_many_cosine;
CREATE INDEX build_many_l1 ON build_many USING hnsw (v vector_l1_ops);
SELECT lokivector_check('build_many_l1', true), lost('build_many', '<+>');
DROP INDEX build_many_l1;
CREATE INDEX build_many_ip ON build_many USING hnsw (v vector_ip_ops);
SELECT lokivector_check('build_many_ip', true);
DROP INDEX build_many_ip;
CREATE INDEX build_low_l2 ON build_low USING hnsw (v vector_l2_ops, a);
SELECT lokivector_check('build_low_l2', true), lost('build_low', '<->');
DROP INDEX build_low_l2;

-- test: duplicates share a node, rows that differ in an attribute do not
CREATE TABLE build_equal (v vector(40), a integer);
INSERT INTO build_equal SELECT v.v, a FROM (SELECT random_vector(40) AS v FROM generate_series(1, 20)) v,
	generate_series(1, 3) a, generate_series(1, 4);
CREATE INDEX build_equal_idx ON build_equal USING hnsw (v vector_l2_ops, a);
SELECT lokivector_check('build_equal_idx', true);
SELECT nodes, rows FROM lokivector_index_info('build_equal_idx');
DROP INDEX build_equal_idx;
CREATE INDEX build_equal_idx ON build_equal USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_equal_idx', true);
SELECT nodes, rows FROM lokivector_index_info('build_equal_idx');
SELECT count(*) FROM (SELECT FROM build_equal ORDER BY v <-> random_vector(40)) s;

-- test: zero and negative zero are equal in attributes
CREATE TABLE build_zero (v vector(2), a double precision);
INSERT INTO build_zero VALUES ('[1,2]', 0), ('[1,2]', '-0');
CREATE INDEX build_zero_idx ON build_zero USING hnsw (v vector_l2_ops, a);
SELECT nodes, rows FROM lokivector_index_info('build_zero_idx');

-- test: one vector many times, under one attribute each
CREATE TABLE build_same (v vector(40), a integer);
INSERT INTO build_same SELECT v, i FROM (SELECT random_vector(40) AS v) v, generate_series(1, 500) i;
INSERT INTO build_same SELECT random_vector(40), 0 FROM generate_series(1, 100);
CREATE INDEX build_same_idx ON build_same USING hnsw (v vector_l2_ops, a);
SELECT lokivector_check('build_same_idx', true);
SELECT nodes, rows FROM lokivector_index_info('build_same_idx');
SELECT count(*) FROM (SELECT FROM build_same ORDER BY v <-> random_vector(40)) s;

-- test: an expression
CREATE TABLE build_expression (v vector);
INSERT INTO build_expression SELECT random_vector(40 + i % 3) FROM generate_series(1, 300) i;
CREATE INDEX ON build_expression USING hnsw ((v::vector(40)) vector_l2_ops);
CREATE INDEX build_expression_idx ON build_expression USING hnsw ((subvector(v, 1, 40)::vector(40)) vector_l2_ops);
SELECT lokivector_check('build_expression_idx', true);
SELECT nodes, rows FROM lokivector_index_info('build_expression_idx');

-- test: a partial index
CREATE INDEX build_many_partial ON build_many USING hnsw (v vector_l2_ops) WHERE a = 3;
SELECT lokivector_check('build_many_partial', true);
SELECT rows + null_rows = (SELECT count(*) FROM build_many WHERE a = 3) AS complete FROM lokivector_index_info('build_many_partial');
DROP INDEX build_many_partial;

-- test: an unlogged table
CREATE UNLOGGED TABLE build_unlogged AS SELECT id, v FROM build_many;
CREATE INDEX build_unlogged_idx ON build_unlogged USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_unlogged_idx', true);
SELECT pg_relation_size('build_unlogged_idx', 'init') / current_setting('block_size')::integer AS init_fork;
INSERT INTO build_unlogged VALUES (0, random_vector(64));
ALTER TABLE build_unlogged SET LOGGED;
SELECT lokivector_check('build_unlogged_idx', true);
ALTER TABLE build_unlogged SET UNLOGGED;
SELECT lokivector_check('build_unlogged_idx', true);

-- test: a temporary table
CREATE TEMPORARY TABLE build_temp AS SELECT id, v FROM build_many;
CREATE INDEX build_temp_idx ON build_temp USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_temp_idx', true);
SELECT lost('build_temp', '<->');

-- test: a table created in the same transaction
BEGIN;
CREATE TABLE build_transaction AS SELECT id, v FROM build_many;
CREATE INDEX build_transaction_idx ON build_transaction USING hnsw (v vector_l2_ops);
INSERT INTO build_transaction VALUES (0, random_vector(64));
COMMIT;
SELECT lokivector_check('build_transaction_idx', true);

-- test: an index that is rolled back
BEGIN;
CREATE INDEX build_rolled_back ON build_many USING hnsw (v vector_l2_ops);
ROLLBACK;
SELECT to_regclass('build_rolled_back');

-- test: a build that fails
CREATE TABLE build_fails (v vector(3), i integer);
INSERT INTO build_fails SELECT '[1,2,3]', i FROM generate_series(0, 100) i;
CREATE FUNCTION divided(v vector, i integer) RETURNS vector IMMUTABLE LANGUAGE sql AS
$$ SELECT ARRAY[1 / (50 - i), 2, 3]::public.vector $$;
CREATE INDEX ON build_fails USING hnsw ((divided(v, i)::vector(3)) vector_l2_ops);
CREATE INDEX build_fails_idx ON build_fails USING hnsw (v vector_l2_ops);
SELECT lokivector_check('build_fails_idx', true);

-- test: CREATE INDEX CONCURRENTLY
CREATE INDEX CONCURRENTLY build_many_idx ON build_many USING hnsw (v vector_l2_ops, a);
SELECT lokivector_check('build_many_idx', true);
SELECT nodes, rows, null_rows FROM lokivector_index_info('build_many_idx');

-- test: REINDEX
REINDEX INDEX build_many_idx;
SELECT lokivector_check('build_many_idx', true);
REINDEX INDEX CONCURRENTLY build_many_idx;
SELECT lokivector_check('build_many_idx', true);
REINDEX TABLE build_many;
SELECT lokivector_check('build_many_idx', true);
SELECT nodes, rows, null_rows FROM lokivector_index_info('build_many_idx');

-- test: TRUNCATE
CREATE TABLE build_truncate AS SELECT id, v FROM build_many;
CREATE INDEX build_truncate_idx ON build_truncate USING hnsw (v vector_l2_ops);
TRUNCATE build_truncate;
SELECT lokivector_check('build_truncate_idx', true);
SELECT nodes, rows, pages FROM lokivector_index_info('build_truncate_idx');
INSERT INTO build_truncate SELECT id, v FROM build_many WHERE id <= 100;
SELECT lokivector_check('build_truncate_idx', true);

-- test: VACUUM FULL and CLUSTER rebuild
DELETE FROM build_truncate WHERE id % 2 = 0;
VACUUM FULL build_truncate;
SELECT lokivector_check('build_truncate_idx', true);
SELECT nodes, rows FROM lokivector_index_info('build_truncate_idx');
CLUSTER build_truncate USING build_truncate_idx;

-- test: partitions
CREATE TABLE build_partitioned (id integer, v vector(64), a integer) PARTITION BY LIST (a);
CREATE TABLE build_partition_0 PARTITION OF build_partitioned FOR VALUES IN (0, 1, 2);
CREATE TABLE build_partition_1 PARTITION OF build_partitioned DEFAULT;
INSERT INTO build_partitioned SELECT id, v, a FROM build_many;
CREATE INDEX build_partitioned_idx ON build_partitioned USING hnsw (v vector_l2_ops);
SELECT inhrelid::regclass, lokivector_check(inhrelid, true) FROM pg_inherits
WHERE inhparent = 'build_partitioned_idx'::regclass ORDER BY inhrelid::regclass::text;
CREATE INDEX build_on_only ON ONLY build_partitioned USING hnsw (v vector_cosine_ops);
CREATE INDEX build_on_0 ON build_partition_0 USING hnsw (v vector_cosine_ops);
ALTER INDEX build_on_only ATTACH PARTITION build_on_0;
SELECT lokivector_check('build_on_0', true);

-- test: storage parameters
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 10);
SELECT m, ef_construction FROM lokivector_index_info('build_options');
SELECT lokivector_check('build_options', true);
DROP INDEX build_options;
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 100, ef_construction = 200);
SELECT m, ef_construction FROM lokivector_index_info('build_options');
SELECT lokivector_check('build_options', true);
DROP INDEX build_options;
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4);
SELECT lokivector_check('build_options', true);
DROP INDEX build_options;
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 31);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 1);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (m = 101);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (ef_construction = 3);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (ef_construction = 1001);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (bits = 3);
CREATE INDEX build_options ON build_many USING hnsw (v vector_l2_ops) WITH (refine_bits = 5);

-- test: bits of the codes
DO $$
DECLARE
	b integer;
	r integer;
	i record;
BEGIN
	DROP INDEX build_many_idx;
	FOREACH b IN ARRAY ARRAY[1, 2, 4, 8] LOOP
		FOREACH r IN ARRAY ARRAY[0, 2, 4, 6, 8] LOOP
			EXECUTE format('CREATE INDEX build_bits ON build_many USING hnsw (v vector_l2_ops) WITH (bits = %s, refine_bits = %s)', b, r);
			PERFORM lokivector_check('build_bits', true);
			SELECT * INTO i FROM lokivector_index_info('build_bits');
			RAISE INFO 'bits %, refine_bits %: % and %, lost %', b, r, i.bits, i.refine_bits, lost('build_many', '<->');
			DROP INDEX build_bits;
		END LOOP;
	END LOOP;
END
$$;

-- test: columns without or with too many dimensions
CREATE TABLE build_dimensions (v vector, w vector(16000), x vector(1), y vector(2001));
INSERT INTO build_dimensions SELECT '[1]', random_vector(16000), random_vector(1), random_vector(2001) FROM generate_series(1, 3);
CREATE INDEX ON build_dimensions USING hnsw (v vector_l2_ops);
CREATE INDEX build_dimensions_w ON build_dimensions USING hnsw (w vector_l2_ops);
CREATE INDEX build_dimensions_x ON build_dimensions USING hnsw (x vector_l2_ops);
CREATE INDEX build_dimensions_y ON build_dimensions USING hnsw (y vector_cosine_ops);
CREATE INDEX build_dimensions_l1 ON build_dimensions USING hnsw (w vector_l1_ops);
SELECT c.relname, lokivector_check(c.oid, true), i.dimensions, i.nodes FROM pg_class c, lokivector_index_info(c.oid) i
WHERE relname LIKE 'build\_dimensions\__%' ORDER BY 1;

-- test: columns of a domain have the dimensions of its type
CREATE DOMAIN build_point AS vector(3) CHECK (vector_norm(VALUE) < 1000);
CREATE DOMAIN build_nested AS build_point NOT NULL;
CREATE DOMAIN build_half AS halfvec(3);
CREATE DOMAIN build_document AS vector(3)[];
CREATE DOMAIN build_sparse AS sparsevec(2000);
CREATE DOMAIN build_loose AS vector;
CREATE DOMAIN build_varbit AS varbit(8);
CREATE TABLE build_domain (id int, v build_point, n build_nested, h build_half, d build_document, s build_sparse,
	loose build_loose, bits build_varbit);
INSERT INTO build_domain
SELECT i, a, a, a::halfvec, ARRAY[a, a + '[1,0,0]'], format('{1:%s,2:%s}/2000', 1 + i % 37, 1 + i % 41)::sparsevec, a, B'10101010'
FROM generate_series(1, 1500) i, LATERAL (SELECT ARRAY[i % 37, i % 41, i % 43]::vector AS a) x;
CREATE INDEX build_domain_v ON build_domain USING hnsw (v vector_l2_ops, id);
CREATE INDEX build_domain_n ON build_domain USING hnsw (n vector_cosine_ops);
CREATE INDEX build_domain_h ON build_domain USING ivfflat (h halfvec_l2_ops) WITH (lists = 1);
CREATE INDEX build_domain_d ON build_domain USING hnsw (d vector_maxsim_ops);
CREATE INDEX build_domain_s ON build_domain USING hnsw (s sparsevec_l2_ops);
CREATE INDEX build_domain_e ON build_domain USING hnsw ((((v + '[1,1,1]')::vector(3))::build_point) vector_l2_ops);
CREATE INDEX build_domain_loose ON build_domain USING hnsw (loose vector_l2_ops);
CREATE INDEX build_domain_bits ON build_domain USING hnsw (bits bit_hamming_ops);
INSERT INTO build_domain SELECT id + 1500, v, n, h, d, s FROM build_domain WHERE id BETWEEN 100 AND 109;
INSERT INTO build_domain (v, n) VALUES ('[1,2]', '[1,2,3]');
ANALYZE build_domain;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain WHERE id > 700 ORDER BY v <-> '[3,4,5]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain ORDER BY n <=> '[3,4,5]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain ORDER BY h <-> '[3,4,5]'::halfvec(3) LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain ORDER BY d @# '{"[3,4,5]"}'::vector[] LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain ORDER BY s <-> '{1:3,2:4}/2000' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM build_domain ORDER BY ((v + '[1,1,1]')::vector(3))::build_point <-> '[3,4,5]' LIMIT 5;
SELECT id, v FROM build_domain WHERE id > 700 ORDER BY v <-> '[3,4,5]' LIMIT 3;
SELECT id FROM build_domain WHERE id > 1500 ORDER BY n <=> '[3,4,5]' LIMIT 3;
SELECT count(*) FROM (SELECT id FROM build_domain ORDER BY h <-> '[3,4,5]'::halfvec(3) LIMIT 20) r;
SELECT count(*) FROM (SELECT id FROM build_domain ORDER BY d @# '{"[3,4,5]"}'::vector[] LIMIT 20) r;
SELECT count(*) FROM (SELECT id FROM build_domain ORDER BY s <-> '{1:3,2:4}/2000' LIMIT 20) r;
SELECT id FROM build_domain ORDER BY v <-> '[3,4]' LIMIT 3;
RESET enable_seqscan;
SELECT c, lokivector_check(c, true) FROM pg_index i, LATERAL (SELECT indexrelid::regclass AS c) x
WHERE indrelid = 'build_domain'::regclass ORDER BY c::text;
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('build_domain_v', 10);
SELECT lokivector_build_memory('build_domain', 'v', attributes => '{id}') > 0 AS sized;
SELECT lokivector_build_memory('build_domain', 'loose');
REINDEX INDEX build_domain_s;
CREATE DOMAIN build_long AS vector(600);
CREATE TABLE build_long_rows (v vector(600), d build_long);
INSERT INTO build_long_rows SELECT a, a FROM generate_series(1, 100) i, LATERAL (SELECT array_fill(i, '{600}')::vector AS a) x;
ANALYZE build_long_rows;
CREATE FUNCTION build_cost(query text) RETURNS float8 LANGUAGE sql RETURN plan_figure(query, 'Total Cost');
SELECT build_cost('SELECT v <-> array_fill(1, ARRAY[600])::vector FROM build_long_rows') =
	build_cost('SELECT d <-> array_fill(1, ARRAY[600])::vector FROM build_long_rows') AS alike;
DROP TABLE build_long_rows;
DROP FUNCTION build_cost;
DROP DOMAIN build_long;
DROP TABLE build_domain;
DROP DOMAIN build_nested, build_point, build_half, build_document, build_sparse, build_loose, build_varbit;

-- test: an index that outgrows maintenance_work_mem
SET maintenance_work_mem = '1MB';
CREATE TABLE build_spill AS SELECT i AS id, random_vector(16)::vector(16) AS v, i % 3 AS a FROM generate_series(1, 4000) i;
INSERT INTO build_spill SELECT id, v, a FROM build_spill WHERE id % 100 = 0;
INSERT INTO build_spill SELECT id, NULL, a FROM build_spill WHERE id % 1000 = 0;
CREATE INDEX build_spill_idx ON build_spill USING hnsw (v vector_l2_ops, a);
RESET maintenance_work_mem;
SELECT lokivector_check('build_spill_idx', true);
SELECT nodes, rows, null_rows FROM lokivector_index_info('build_spill_idx');
SELECT lost('build_spill', '<->');

-- test: memory told beforehand
SELECT lokivector_build_memory('build_spill', 'v', 'vector_l2_ops', '{a}') AS bytes,
	lokivector_build_memory('build_spill', 'v', 'vector_l2_ops', '{a}') / count(v) AS a_row,
	lokivector_build_memory('build_spill', 'v', attributes => '{a,id}') / count(v) AS more_attributes,
	lokivector_build_memory('build_spill', 'v', options => '{m=32,ef_construction=100}') / count(v) AS more_links
FROM build_spill;
SELECT lokivector_build_memory('build_empty', 'v');
SELECT lokivector_build_memory('build_spill', 'w');
SELECT lokivector_build_memory('build_spill', 'a');
SELECT lokivector_build_memory('build_spill', 'v', 'vector_no_ops');
SELECT lokivector_build_memory('build_spill', 'v', attributes => '{v}');
SELECT lokivector_build_memory('build_spill', 'v', options => '{m=1}');
SELECT lokivector_build_memory('build_dimensions', 'v');
SELECT lokivector_build_memory('build_partitioned', 'v');

-- test: a seed makes builds alike
CREATE FUNCTION contents(index regclass) RETURNS text LANGUAGE sql AS $$
	SELECT md5(string_agg(substr(page, 25), '' ORDER BY block))
	FROM (SELECT block, pg_read_binary_file(pg_relation_filepath(index), block * 8192, 8192) AS page
		FROM generate_series(1, pg_relation_size(index) / 8192 - 1) block) p
$$;
CREATE INDEX build_seed_1 ON build_many USING hnsw (v vector_l2_ops, a);
CREATE INDEX build_seed_2 ON build_many USING hnsw (v vector_l2_ops, a);
SET lokivector.build_seed = 2;
CREATE INDEX build_seed_3 ON build_many USING hnsw (v vector_l2_ops, a);
SET lokivector.build_seed = -1;
CREATE INDEX build_seed_4 ON build_many USING hnsw (v vector_l2_ops, a);
CHECKPOINT;
SELECT contents('build_seed_1') = contents('build_seed_2') AS same,
	contents('build_seed_1') = contents('build_seed_3') AS other_seed,
	contents('build_seed_1') = contents('build_seed_4') AS no_seed;

-- test: phases of a build, as pg_stat_progress_create_index names them
SELECT string_agg(pg_indexam_progress_phasename(oid, n), ', ' ORDER BY n) FROM pg_am, generate_series(0, 20) n
WHERE amname = 'hnsw';

DROP TABLE build_empty, build_one, build_null, build_many, build_low, build_equal, build_zero, build_same,
	build_expression, build_unlogged, build_temp, build_transaction, build_fails, build_truncate,
	build_partitioned, build_dimensions, build_spill;
DROP FUNCTION random_vector(integer), lost, divided, contents;
RESET lokivector.build_seed;

-- test: a column that loses its dimensions keeps those of its index
CREATE TABLE build_relaxed (id int, v vector(3), h halfvec(3), b bytevec(3), s sparsevec(3));
INSERT INTO build_relaxed SELECT i, a, a::halfvec, a::bytevec, a::sparsevec
FROM generate_series(1, 1500) i, LATERAL (SELECT ARRAY[i % 37, i % 41, i % 43]::vector AS a) x;
CREATE INDEX build_relaxed_v ON build_relaxed USING hnsw (v vector_l2_ops, id);
CREATE INDEX build_relaxed_h ON build_relaxed USING hnsw (h halfvec_cosine_ops);
CREATE INDEX build_relaxed_b ON build_relaxed USING hnsw (b bytevec_l2_ops);
CREATE INDEX build_relaxed_s ON build_relaxed USING hnsw (s sparsevec_l2_ops);
ALTER TABLE build_relaxed ALTER v TYPE vector, ALTER h TYPE halfvec, ALTER b TYPE bytevec;
\c -
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id, v FROM build_relaxed ORDER BY v <-> '[3,4,5]' LIMIT 3;
SELECT id, v FROM build_relaxed ORDER BY v <-> '[3,4,5]' LIMIT 3;
SELECT count(*) FROM (SELECT id FROM build_relaxed ORDER BY h <=> '[3,4,5]'::halfvec LIMIT 20) r;
SELECT count(*) FROM (SELECT id FROM build_relaxed ORDER BY b <-> '[3,4,5]'::vector LIMIT 20) r;
SELECT id FROM build_relaxed ORDER BY v <-> '[3,4]' LIMIT 3;
INSERT INTO build_relaxed VALUES (1501, '[3,4,5]', '[3,4,5]', '[3,4,5]', '{1:3}/3');
INSERT INTO build_relaxed (id, v) VALUES (1502, '[3,4]');
DELETE FROM build_relaxed WHERE id % 3 = 0;
VACUUM build_relaxed;
SELECT id FROM build_relaxed WHERE id > 1400 ORDER BY v <-> '[3,4,5]' LIMIT 1;
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('build_relaxed_v', 10);
SELECT split_part(lokivector_calibrate('build_relaxed_h'), ':', 1);
ALTER INDEX build_relaxed_v SET (ef_search = 50);
SELECT c, lokivector_check(c, true) FROM pg_index i, LATERAL (SELECT indexrelid::regclass AS c) x
WHERE indrelid = 'build_relaxed'::regclass ORDER BY c::text;
REINDEX INDEX build_relaxed_v;
SELECT i, a.about, a.advice FROM unnest('{build_relaxed_v,build_relaxed_h,build_relaxed_b,build_relaxed_s}'::regclass[]) i,
	lokivector_advice(i) a WHERE a.about = 'dimensions';
SELECT count(*) FROM (SELECT FROM build_relaxed ORDER BY s <-> '{1:3}/3' LIMIT 20) r;
ALTER TABLE build_relaxed ALTER s TYPE sparsevec;
SELECT count(*) FROM (SELECT FROM build_relaxed ORDER BY s <-> '{1:3}/3' LIMIT 20) r;
INSERT INTO build_relaxed (id) VALUES (1503);
\c -
INSERT INTO build_relaxed (id) VALUES (1503);
SELECT a.* FROM lokivector_advice('build_relaxed_s') a;
ALTER TABLE build_relaxed ALTER s TYPE sparsevec(3), ALTER v TYPE vector(3), ALTER h TYPE halfvec(3), ALTER b TYPE bytevec(3);
INSERT INTO build_relaxed (id) VALUES (1503);
REINDEX INDEX build_relaxed_v;
SELECT lokivector_check('build_relaxed_v', true);
SELECT count(*) FROM lokivector_advice('build_relaxed_v') WHERE about = 'dimensions';
DROP TABLE build_relaxed;
CREATE TABLE build_relaxed (v vector(3), d vector(3)[]) PARTITION BY RANGE (v);
CREATE TABLE "build relaxed 1" PARTITION OF build_relaxed DEFAULT;
CREATE INDEX build_relaxed_d ON "build relaxed 1" USING hnsw (d vector_maxsim_ops);
ALTER TABLE build_relaxed ALTER d TYPE vector[];
INSERT INTO build_relaxed VALUES ('[1,2,3]', '{"[1,2,3]"}');
REINDEX INDEX build_relaxed_d;
SELECT a.* FROM lokivector_advice('build_relaxed_d') a;
ALTER TABLE build_relaxed ALTER COLUMN d TYPE vector(3)[];
INSERT INTO build_relaxed VALUES ('[1,2,3]', '{"[1,2,3]"}');
DROP TABLE build_relaxed;
-- a domain, a column that is inherited, and a table of a type
CREATE DOMAIN build_known AS sparsevec(3);
CREATE DOMAIN build_unknown AS sparsevec;
CREATE TABLE build_relaxed (s build_known);
CREATE INDEX build_relaxed_s ON build_relaxed USING hnsw (s sparsevec_l2_ops);
ALTER TABLE build_relaxed ALTER s TYPE build_unknown;
INSERT INTO build_relaxed VALUES ('{1:1}/3');
SELECT a.* FROM lokivector_advice('build_relaxed_s') a;
DROP TABLE build_relaxed;
DROP DOMAIN build_known, build_unknown;
CREATE TABLE build_parent (s sparsevec(3));
CREATE TABLE build_relaxed () INHERITS (build_parent);
CREATE INDEX build_relaxed_s ON build_relaxed USING hnsw (s sparsevec_l2_ops);
ALTER TABLE build_parent ALTER s TYPE sparsevec;
INSERT INTO build_relaxed VALUES ('{1:1}/3');
SELECT a.* FROM lokivector_advice('build_relaxed_s') a;
ALTER TABLE build_parent ALTER s TYPE sparsevec(3);
INSERT INTO build_relaxed VALUES ('{1:1}/3');
DROP TABLE build_parent CASCADE;
CREATE TYPE build_type AS (s sparsevec(3));
CREATE TABLE build_relaxed OF build_type;
CREATE INDEX build_relaxed_s ON build_relaxed USING hnsw (s sparsevec_l2_ops);
ALTER TYPE build_type ALTER ATTRIBUTE s TYPE sparsevec CASCADE;
INSERT INTO build_relaxed VALUES ('{1:1}/3');
SELECT a.* FROM lokivector_advice('build_relaxed_s') a;
ALTER TYPE build_type ALTER ATTRIBUTE s TYPE sparsevec(3) CASCADE;
INSERT INTO build_relaxed VALUES ('{1:1}/3');
DROP TABLE build_relaxed;
DROP TYPE build_type;

-- test: a temporary table that commits empty, with a column that has lost its dimensions, and a later index
CREATE TEMP TABLE build_emptied (id int, v vector(3)) ON COMMIT DELETE ROWS;
CREATE INDEX build_emptied_v ON build_emptied USING hnsw (v vector_l2_ops);
BEGIN;
INSERT INTO build_emptied VALUES (1, '[1,2,3]');
ALTER TABLE build_emptied ALTER v TYPE vector;
CREATE UNIQUE INDEX build_emptied_id ON build_emptied (id);
SELECT v FROM build_emptied ORDER BY v <-> '[3,3,3]';
COMMIT;
SELECT count(*) FROM build_emptied;
INSERT INTO build_emptied VALUES (1, '[1,2,3]');
VACUUM build_emptied;
SELECT v FROM build_emptied ORDER BY v <-> '[3,3,3]';
REINDEX INDEX build_emptied_v;
ALTER TABLE build_emptied ALTER v TYPE vector(3);
BEGIN;
INSERT INTO build_emptied VALUES (1, '[1,2,3]');
SELECT v FROM build_emptied ORDER BY v <-> '[3,3,3]';
COMMIT;
INSERT INTO build_emptied VALUES (1, '[1,2,3]');
SELECT count(*) FROM build_emptied;
DROP TABLE build_emptied;
-- test: rows of two models, of which one's are a hundred times as long
CREATE TABLE two_lengths (i integer, v vector(64));
INSERT INTO two_lengths SELECT i, (SELECT array_agg((CASE WHEN i % 2 = 0 THEN 1 ELSE 100 END) *
	(1 + hashint8extended(i, j) / 9223372036854775807.0) ORDER BY j) FROM generate_series(1, 64) j)::real[]::vector
FROM generate_series(1, 4000) i;
CREATE INDEX two_lengths_idx ON two_lengths USING hnsw (v vector_l2_ops);
SELECT recall >= 0.9 AS short_ones_are_found FROM lokivector_recall('two_lengths_idx',
	(SELECT array_agg((SELECT array_agg(1 + hashint8extended(-i, j) / 9223372036854775807.0 ORDER BY j)
		FROM generate_series(1, 64) j)::real[]::vector) FROM generate_series(1, 100) i), 10);
DROP TABLE two_lengths;
