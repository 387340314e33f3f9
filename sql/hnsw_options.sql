-- Storage parameters and settings of hnsw

CREATE TABLE options_t (id integer, v vector(3));
INSERT INTO options_t SELECT i, ARRAY[i % 50, i / 50, i % 7]::vector FROM generate_series(1, 2000) i;

-- How many rows a query by index returns, and how many nodes it scored
CREATE FUNCTION options_rows(k text DEFAULT 'ALL') RETURNS integer AS $$
DECLARE
	n integer;
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	EXECUTE format('SELECT count(*) FROM (SELECT id FROM options_t ORDER BY v <-> ''[20,20,3]'' LIMIT %s) s', k) INTO n;
	RETURN n;
END
$$ LANGUAGE plpgsql;

-- test: ranges of m and ef_construction
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (m = 1);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (m = 101);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (ef_construction = 3);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (ef_construction = 1001);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 31);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (m = 'x');
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (lists = 10);

-- test: values of bits and refine_bits
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (bits = 3);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (refine_bits = 1);
CREATE INDEX ON options_t USING hnsw (v vector_l2_ops) WITH (bits = 'no');

-- test: as pg_dump writes them
CREATE INDEX options_idx ON options_t USING hnsw (v vector_l2_ops)
	WITH (m='8', ef_construction='100', bits='4', refine_bits='6');
SELECT pg_get_indexdef('options_idx'::regclass);
SELECT reloptions FROM pg_class WHERE relname = 'options_idx';
SELECT m, ef_construction FROM lokivector_index_info('options_idx');
DROP INDEX options_idx;
CREATE INDEX options_idx ON options_t USING hnsw (v vector_l2_ops) WITH (bits = auto, refine_bits = 'auto');
SELECT pg_get_indexdef('options_idx'::regclass);

-- test: ALTER INDEX
ALTER INDEX options_idx SET (m = 101);
ALTER INDEX options_idx SET (ef_construction = 3);
ALTER INDEX options_idx SET (bits = 5);
ALTER INDEX options_idx SET (fillfactor = 90);
ALTER INDEX options_idx SET (m = 4, ef_construction = 10);
SELECT m, options_rows() FROM lokivector_index_info('options_idx');
INSERT INTO options_t VALUES (2001, '[1,1,1]');
REINDEX INDEX options_idx;
SELECT m, options_rows() FROM lokivector_index_info('options_idx');
ALTER INDEX options_idx RESET (m, ef_construction, bits, refine_bits);
SELECT reloptions FROM pg_class WHERE relname = 'options_idx';
REINDEX INDEX options_idx;
SELECT m, ef_construction, options_rows() FROM lokivector_index_info('options_idx');
DELETE FROM options_t WHERE id = 2001;
VACUUM options_t;

-- test: parameters that wait for REINDEX, and those that it refuses
ALTER INDEX options_idx SET (ef_construction = 50);
ALTER INDEX options_idx SET (m = 20);
SELECT * FROM lokivector_advice('options_idx') WHERE about = 'parameters';
ALTER INDEX options_idx SET (profile = compact, m = 16, bits = auto, refine_bits = auto);
SELECT * FROM lokivector_advice('options_idx') WHERE about = 'parameters';
ALTER INDEX options_idx RESET (profile, ef_construction);
ALTER INDEX options_idx SET (m = 100);
SELECT * FROM lokivector_advice('options_idx') WHERE about = 'parameters' ORDER BY advice COLLATE "C";
REINDEX INDEX options_idx;
ALTER INDEX options_idx SET (ef_construction = 200);
REINDEX INDEX options_idx;
ALTER INDEX options_idx RESET (m, ef_construction, bits, refine_bits, profile);
SELECT * FROM lokivector_advice('options_idx') WHERE about = 'parameters';
REINDEX INDEX options_idx;
SELECT * FROM lokivector_advice('options_idx') WHERE about = 'parameters';
CREATE INDEX options_lists ON options_t USING ivfflat (v vector_l2_ops) WITH (lists = 10);
ALTER INDEX options_lists SET (lists = 20);
DROP INDEX options_lists;

-- test: defaults of the settings
SELECT name, setting, unit, vartype, context, min_val, max_val, enumvals, boot_val
FROM pg_settings WHERE name LIKE 'hnsw.%' OR name LIKE 'lokivector.%' ORDER BY name;
SHOW hnsw.ef_search;
SHOW hnsw.iterative_scan;
SHOW hnsw.max_scan_tuples;
SHOW hnsw.scan_mem_multiplier;
SHOW lokivector.complete;

-- test: ranges of the settings
SET hnsw.ef_search = 0;
SET hnsw.ef_search = 1001;
SET hnsw.ef_search = 'many';
SET hnsw.iterative_scan = on;
SET hnsw.iterative_scan = strict;
SET hnsw.max_scan_tuples = 0;
SET hnsw.max_scan_tuples = 2147483648;
SET hnsw.scan_mem_multiplier = 0.5;
SET hnsw.scan_mem_multiplier = 1001;
SET lokivector.complete = maybe;
SET lokivector.build_seed = -2;
SHOW hnsw.ef_search;

-- test: names that do not exist
SET hnsw.foo = 1;
SET hnsw.efsearch = 1;
SET lokivector.foo = 1;
SELECT set_config('hnsw.bar', '1', false);

-- test: complete unless somebody asked for limits
SELECT options_rows(), options_rows('1000'), options_rows('10');
SET hnsw.ef_search = 10;
SELECT options_rows(), options_rows('1000');
RESET hnsw.ef_search;

-- test: hnsw.iterative_scan = off ends with ef_search nodes
SET hnsw.iterative_scan = off;
SELECT options_rows(), options_rows('10'), options_rows('1000');
SET hnsw.ef_search = 1;
SELECT options_rows(), options_rows('10');
SET hnsw.ef_search = 200;
SELECT options_rows(), options_rows('10');
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
SELECT options_rows();

-- test: duplicates share a node
CREATE TABLE options_dup (v vector(3));
INSERT INTO options_dup SELECT '[1,1,1]' FROM generate_series(1, 20);
INSERT INTO options_dup SELECT ARRAY[i, 2, 3]::vector FROM generate_series(1, 5) i;
CREATE INDEX ON options_dup USING hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SET hnsw.iterative_scan = off;
SET hnsw.ef_search = 1;
SELECT count(*) FROM (SELECT v FROM options_dup ORDER BY v <-> '[1,1,1]') s;
SELECT count(*) FROM (SELECT v FROM options_dup ORDER BY v <-> '[5,2,3]') s;
RESET hnsw.ef_search;
RESET hnsw.iterative_scan;
RESET enable_seqscan;
DROP TABLE options_dup;

-- test: pgvector's limits leave out rows without a distance
CREATE TABLE options_null (id integer, v vector(3));
INSERT INTO options_null VALUES (1, '[1,2,3]'), (2, NULL), (3, '[0,0,0]'), (4, '[1,1,1]');
CREATE INDEX ON options_null USING hnsw (v vector_cosine_ops);
SET enable_seqscan = off;
SELECT array_agg(id) FROM (SELECT id FROM options_null ORDER BY v <=> '[1,1,1]') s;
SET lokivector.complete = off;
SELECT array_agg(id) FROM (SELECT id FROM options_null ORDER BY v <=> '[1,1,1]') s;
SELECT count(*) FROM (SELECT id FROM options_null ORDER BY v <=> (SELECT NULL::vector)) s;
SELECT count(*) FROM (SELECT id FROM options_null ORDER BY v <=> '[0,0,0]') s;
SELECT count(*) FROM (SELECT id FROM options_t ORDER BY v <-> (SELECT NULL::vector)) s;
SET hnsw.iterative_scan = relaxed_order;
SET hnsw.max_scan_tuples = 300;
SELECT count(*) FROM (SELECT id FROM options_t ORDER BY v <-> (SELECT NULL::vector)) s;
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;
RESET lokivector.complete;
SELECT count(*) FROM (SELECT id FROM options_t ORDER BY v <-> (SELECT NULL::vector)) s;
RESET enable_seqscan;
DROP TABLE options_null;

-- test: hnsw.iterative_scan = relaxed_order
SET hnsw.iterative_scan = relaxed_order;
SELECT options_rows(), options_rows('1000'), options_rows('10');
SET hnsw.max_scan_tuples = 1;
SELECT options_rows() BETWEEN 300 AND 700 AS first_walk;
SET hnsw.max_scan_tuples = 700;
SELECT options_rows() BETWEEN 700 AND 1300 AS about;
SELECT nodes_scored BETWEEN 700 AND 1300 AS scored, flat_scans FROM lokivector_scan_stats();
RESET hnsw.max_scan_tuples;

-- test: hnsw.iterative_scan = strict_order
SET hnsw.iterative_scan = strict_order;
SELECT options_rows() BETWEEN 200 AND 2000 AS some, options_rows('10');
SET enable_seqscan = off;
SELECT bool_and(d >= before) FROM (SELECT d, lag(d, 1, 0.0) OVER () AS before FROM (
	SELECT v <-> '[20,20,3]' AS d FROM options_t ORDER BY v <-> '[20,20,3]') s1) s2;
SELECT count(*) FROM (SELECT id FROM options_t WHERE id % 100 = 7 ORDER BY v <-> '[20,20,3]' LIMIT 5) s;
RESET enable_seqscan;
RESET hnsw.iterative_scan;

-- test: iterative scans return all rows that they have scored
CREATE TABLE options_wide (id integer, v vector(32));
INSERT INTO options_wide SELECT i, (SELECT array_agg(hashint8extended(i, j)::float8 / 9223372036854775807)::vector
	FROM generate_series(1, 32) j) FROM generate_series(1, 6000) i;
CREATE INDEX ON options_wide USING hnsw (v vector_l2_ops);
SET enable_seqscan = off;
SET hnsw.max_scan_tuples = 1000;
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) >= 1000 AS scored FROM (SELECT FROM options_wide ORDER BY v <-> array_fill(0.1, ARRAY[32])::vector LIMIT 6000) s;
SELECT count(*) >= 40 AS match FROM (SELECT FROM options_wide WHERE id % 20 = 3 ORDER BY v <-> array_fill(0.1, ARRAY[32])::vector LIMIT 100) s;
SET hnsw.iterative_scan = strict_order;
SELECT count(*) >= 950 AS scored FROM (SELECT FROM options_wide ORDER BY v <-> array_fill(0.1, ARRAY[32])::vector LIMIT 6000) s;
SELECT count(*) >= 40 AS match FROM (SELECT FROM options_wide WHERE id % 20 = 3 ORDER BY v <-> array_fill(0.1, ARRAY[32])::vector LIMIT 100) s;
-- the first search is not cut short
SET hnsw.max_scan_tuples = 1;
SET hnsw.ef_search = 1000;
SELECT count(*) >= 1000 AS first FROM (SELECT FROM options_wide ORDER BY v <-> array_fill(0.1, ARRAY[32])::vector LIMIT 6000) s;
RESET ALL;
DROP TABLE options_wide;

-- test: hnsw.max_scan_tuples alone asks for limits
SET hnsw.max_scan_tuples = 20000;
SELECT options_rows();
RESET hnsw.max_scan_tuples;
SELECT options_rows();

-- test: hnsw.scan_mem_multiplier and hnsw.ef_search do not
SET hnsw.scan_mem_multiplier = 2;
SET hnsw.ef_search = 40;
SELECT options_rows();
RESET hnsw.scan_mem_multiplier;
RESET hnsw.ef_search;

-- test: lokivector.complete wins
SET hnsw.iterative_scan = off;
SET lokivector.complete = on;
SELECT options_rows();
SET lokivector.complete = off;
SELECT options_rows();
RESET hnsw.iterative_scan;
SELECT options_rows();
SET hnsw.iterative_scan = relaxed_order;
SELECT options_rows();
SET hnsw.max_scan_tuples = 1;
SET lokivector.complete = on;
SELECT options_rows();
RESET ALL;
SELECT options_rows();

-- test: SET LOCAL and ROLLBACK
BEGIN;
SET LOCAL hnsw.iterative_scan = off;
SELECT options_rows();
SAVEPOINT a;
SET LOCAL lokivector.complete = on;
SELECT options_rows();
ROLLBACK TO a;
SELECT options_rows();
COMMIT;
SELECT options_rows();
BEGIN;
SET hnsw.iterative_scan = off;
SELECT options_rows();
ROLLBACK;
SELECT options_rows();
BEGIN;
SET lokivector.complete = off;
COMMIT;
SELECT options_rows();
SET LOCAL lokivector.complete = on;
DISCARD ALL;
SELECT options_rows();

-- test: settings of a function
CREATE FUNCTION options_off() RETURNS integer SET hnsw.iterative_scan = off AS
	'SELECT options_rows()' LANGUAGE sql;
CREATE FUNCTION options_ef() RETURNS integer SET hnsw.iterative_scan = off SET hnsw.ef_search = 77 AS
	'SELECT options_rows()' LANGUAGE sql;
SELECT options_off(), options_ef(), options_rows();
ALTER FUNCTION options_ef() RESET hnsw.ef_search;
SELECT options_ef();
ALTER FUNCTION options_ef() SET hnsw.ef_search = 2000;
ALTER FUNCTION options_ef() SET hnsw.foo = 1;

-- test: settings of a database and of a role
SELECT current_database() AS db \gset
ALTER DATABASE :"db" SET hnsw.ef_search = 33;
ALTER DATABASE :"db" SET hnsw.iterative_scan = off;
\c
SELECT options_rows();
SHOW hnsw.ef_search;
RESET hnsw.iterative_scan;
SELECT options_rows();
SET lokivector.complete = on;
SELECT options_rows();
ALTER DATABASE :"db" RESET hnsw.ef_search;
ALTER DATABASE :"db" RESET hnsw.iterative_scan;
CREATE ROLE regress_options_user LOGIN SUPERUSER;
ALTER ROLE regress_options_user SET hnsw.ef_search = 25;
ALTER ROLE regress_options_user SET lokivector.complete = off;
SELECT current_user AS me \gset
\c - regress_options_user
SELECT options_rows();
SHOW lokivector.complete;
\c - :me
DROP ROLE regress_options_user;
SELECT options_rows();
ALTER DATABASE :"db" SET hnsw.ef_search = 1001;

-- test: settings before the library is loaded
\c
SET hnsw.ef_search = 30;
SET hnsw.iterative_scan = 'off';
SELECT options_rows();
SHOW hnsw.ef_search;
\c
SET hnsw.ef_search = 5000;
SET hnsw.unknown = 1;
SELECT '[1]'::vector;
SHOW hnsw.ef_search;
SHOW hnsw.unknown;
SET hnsw.unknown = 2;
SELECT options_rows();

-- test: an unset value follows no other
\c
SELECT options_rows();
SET hnsw.iterative_scan = DEFAULT;
SELECT options_rows();
SET hnsw.iterative_scan TO 'off';
SELECT options_rows();
SELECT set_config('hnsw.iterative_scan', 'off', true), options_rows();
RESET hnsw.iterative_scan;
SELECT options_rows();

-- test: ef_search is read when a query runs
PREPARE options_p AS SELECT count(*) FROM (SELECT id FROM options_t ORDER BY v <-> '[1,2,3]') s;
SET enable_seqscan = off;
SET enable_sort = off;
SET lokivector.complete = off;
EXECUTE options_p;
SET hnsw.ef_search = 15;
EXECUTE options_p;
DEALLOCATE options_p;

-- test: an index's own ef_search, unless the session set one
ALTER INDEX options_idx SET (ef_search = 0);
ALTER INDEX options_idx SET (ef_search = 1001);
RESET hnsw.ef_search;
SELECT options_rows();
ALTER INDEX options_idx SET (ef_search = 60);
SELECT options_rows();
SET hnsw.ef_search = 40;
SELECT options_rows();
BEGIN;
SET LOCAL hnsw.ef_search = 30;
SELECT options_rows();
COMMIT;
RESET hnsw.ef_search;
SELECT options_rows();
SELECT pg_get_indexdef('options_idx'::regclass);
ALTER INDEX options_idx RESET (ef_search);
SELECT options_rows();

-- test: an index's own target_recall, unless the session set one or hnsw.ef_search
CREATE FUNCTION options_scored() RETURNS bigint AS $$
	SELECT options_rows('5');
	SELECT nodes_scored FROM lokivector_scan_stats()
$$ LANGUAGE sql;
ALTER INDEX options_idx SET (target_recall = 1.5);
RESET lokivector.complete;
SELECT lokivector_calibrate('options_idx', (SELECT array_agg(v + '[0.01,0.02,0.03]') FROM options_t WHERE id % 7 = 3)) ~ '^calibrated' AS calibrated;
SELECT options_scored() AS by_ef \gset
SET lokivector.target_recall = 0.5;
SELECT options_scored() AS by_recall \gset
RESET lokivector.target_recall;
SELECT :by_recall < :by_ef AS narrower;
ALTER INDEX options_idx SET (target_recall = 0.5);
SELECT options_scored() = :by_recall AS by_index;
SET lokivector.target_recall = 0;
SELECT options_scored() = :by_ef AS by_setting;
RESET lokivector.target_recall;
SET hnsw.ef_search = 40;
SELECT options_scored() = :by_ef AS by_ef_search;
RESET hnsw.ef_search;
SELECT options_scored() = :by_recall AS by_index;
ALTER INDEX options_idx SET (ef_search = 100);
SELECT options_scored() = :by_recall AS target_goes_first;
CREATE TABLE options_parts (id integer, v vector(3)) PARTITION BY HASH (id);
CREATE TABLE options_part PARTITION OF options_parts FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX ON options_parts USING hnsw (v vector_l2_ops) WITH (ef_search = 70, target_recall = 0.9);
SELECT reloptions FROM pg_class WHERE relname = 'options_part_v_idx';
DROP TABLE options_parts;
DROP FUNCTION options_scored;

DROP TABLE options_t;
DROP FUNCTION options_rows, options_off, options_ef;

\c -
-- Every error of the access method hnsw that SQL can cause, with its SQLSTATE

CREATE TABLE error_t (id integer, v vector(3), w vector, x vector(2001), y vector(16000), t text,
	a real[], n numeric, j jsonb, p point, vs vector[]);
INSERT INTO error_t (id, v, w) VALUES (1, '[1,2,3]', '[1]');

-- test: the first column
SELECT c, e.* FROM unnest('{v,w,w vector_l2_ops,t vector_l2_ops,id vector_l2_ops,a vector_l2_ops,
	v halfvec_nonsense_ops,(v + v) vector_l2_ops,((w || w)) vector_l2_ops}'::text[]) c,
	error_of(format('CREATE INDEX error_idx ON error_t USING hnsw (%s)', c)) e;
SELECT e.* FROM error_of('CREATE INDEX error_idx ON error_t USING hnsw (id)') e;
SELECT e.* FROM error_of('CREATE INDEX error_idx ON error_t USING hnsw (id, v vector_l2_ops)') e;

-- test: arrays of a domain, and arrays that have no vectors
CREATE DOMAIN error_domain AS halfvec(3);
CREATE DOMAIN error_number AS integer;
CREATE TABLE error_a (hs error_domain[], ns integer[], ds error_number[]);
SELECT c, e.* FROM unnest('{hs,ns,ds,hs halfvec_maxsim_ops,(hs::halfvec(3)[])}'::text[]) c,
	error_of(format('CREATE INDEX error_idx ON error_a USING hnsw (%s)', c)) e;
DROP TABLE error_a;
DROP DOMAIN error_domain, error_number;

-- test: further columns
SELECT c, e.* FROM unnest('{j,p,v vector_l2_ops,vs}'::text[]) c,
	error_of(format('CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops, %s)', c)) e;

-- test: a type that the access method does not know
CREATE OPERATOR CLASS error_ops FOR TYPE jsonb USING hnsw AS
	OPERATOR 1 < (jsonb, jsonb), FUNCTION 1 jsonb_cmp(jsonb, jsonb);
SELECT e.* FROM error_of('CREATE INDEX error_idx ON error_t USING hnsw (j error_ops)') e;
SELECT e.* FROM error_of('CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops, j error_ops)') e;
DROP OPERATOR FAMILY error_ops USING hnsw;

-- test: what the access method cannot do
SELECT s, e.* FROM unnest(ARRAY[
	'CREATE UNIQUE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops)',
	'CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops) INCLUDE (id)',
	'CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops DESC)',
	'CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops NULLS FIRST)',
	'CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops ASC)',
	'ALTER TABLE error_t ADD EXCLUDE USING hnsw (v WITH =)',
	'ALTER TABLE error_t ADD EXCLUDE USING hnsw (v vector_l2_ops WITH <->)']) s, error_of(s) e;
CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops);
SELECT e.* FROM error_of('CLUSTER error_t USING error_idx') e;
SELECT e.* FROM error_of('ALTER TABLE error_t REPLICA IDENTITY USING INDEX error_idx') e;
DROP INDEX error_idx;

-- test: parameters
SELECT o, e.* FROM unnest(ARRAY['m = 1', 'm = 101', 'ef_construction = 3', 'ef_construction = 1001',
	'm = 33', 'm = 100, ef_construction = 199', 'bits = 3', 'refine_bits = 16', 'lists = 1', 'fillfactor = 50']) o,
	error_of(format('CREATE INDEX error_idx ON error_t USING hnsw (v vector_l2_ops) WITH (%s)', o)) e;

-- test: more dimensions than pgvector allows
SELECT c, o, e.message FROM unnest('{x,y}'::text[]) c, unnest('{vector_l2_ops,vector_ip_ops,vector_cosine_ops,vector_l1_ops}'::text[]) o,
	error_of(format('CREATE INDEX ON error_t USING hnsw (%s %s)', c, o)) e;

-- test: rows of other dimensions
CREATE TABLE error_e (v vector);
INSERT INTO error_e VALUES ('[1,2,3]'), ('[1,2]');
SELECT e.* FROM error_of('CREATE INDEX error_e_idx ON error_e USING hnsw ((v::vector(3)) vector_l2_ops)') e;
DELETE FROM error_e WHERE vector_dims(v) = 2;
SELECT e.* FROM error_of('CREATE INDEX error_e_idx ON error_e USING hnsw ((v::vector(3)) vector_l2_ops)') e;
SELECT e.* FROM error_of('INSERT INTO error_e VALUES (''[1,2,3,4]'')') e;
SELECT e.* FROM error_of('UPDATE error_e SET v = ''[1]''') e;
CREATE FUNCTION error_value(v vector) RETURNS vector IMMUTABLE LANGUAGE sql AS 'SELECT v';
SELECT e.* FROM error_of('CREATE INDEX error_f_idx ON error_e USING hnsw (error_value(v) vector_l2_ops)') e;

-- test: queries of other dimensions
SET enable_seqscan = off;
SELECT q, e.* FROM unnest('{[1],[1\,2\,3\,4],NULL}'::text[]) q,
	error_of(format('SELECT * FROM error_e ORDER BY v::vector(3) <-> %L::vector LIMIT 1', NULLIF(q, 'NULL'))) e;
CREATE INDEX error_idx ON error_t USING hnsw (v vector_cosine_ops, id);
SELECT q, e.* FROM unnest('{[1],[1\,2\,3\,4],[0\,0\,0\,0],[0\,0\,0]}'::text[]) q,
	error_of(format('SELECT * FROM error_t ORDER BY v <=> %L LIMIT 1', q)) e;
SELECT e.* FROM error_of('SELECT * FROM error_t WHERE id = 5 ORDER BY v <=> ''[1,2]'' LIMIT 1') e;
TRUNCATE error_t;
SELECT e.* FROM error_of('SELECT * FROM error_t ORDER BY v <=> ''[1,2]'' LIMIT 1') e;

-- test: settings
SELECT s, e.* FROM unnest(ARRAY['hnsw.ef_search = 0', 'hnsw.ef_search = 1001', 'hnsw.iterative_scan = on',
	'hnsw.max_scan_tuples = 0', 'hnsw.scan_mem_multiplier = 0', 'hnsw.scan_mem_multiplier = 1001',
	'hnsw.foo = 1', 'lokivector.complete = 2', 'lokivector.build_seed = -2', 'lokivector.foo = 1']) s,
	error_of('SET ' || s) e;

-- test: changes of the column
SELECT s, e.* FROM unnest(ARRAY[
	'ALTER TABLE error_t ALTER v TYPE vector',
	'ALTER TABLE error_t ALTER v TYPE text',
	'ALTER TABLE error_t ALTER v TYPE vector(4)',
	'ALTER TABLE error_t ALTER id TYPE interval USING NULL',
	'ALTER TABLE error_t ALTER id TYPE bigint']) s, error_of(s) e;
SELECT pg_get_indexdef('error_idx'::regclass);

-- test: the handler
-- 42883 or 0A000, by the server's minor version
SELECT e.code IN ('42883', '0A000') AS refused FROM error_of('SELECT hnswhandler(NULL)') e;

RESET enable_seqscan;
DROP TABLE error_t, error_e;
DROP FUNCTION error_value;
