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
