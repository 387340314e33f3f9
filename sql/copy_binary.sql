--
-- The binary format of vectors
--

SELECT vector_send('[1,-2,3.5]');
SELECT vector_send('[0,-0,1e-45,3.4028235e38]');

-- test: out and in again
CREATE TABLE t (i int, v vector, w vector(3));
INSERT INTO t VALUES (1, '[1,2,3]', '[0.1,-0,1e-45]'), (2, NULL, NULL), (3, '[1e10]', '[3.4028235e38,-1e-38,1]');
INSERT INTO t SELECT 4, array_agg(j / 7.0)::vector FROM generate_series(1, 16000) j;
CREATE TABLE u (LIKE t);
\getenv abs_builddir PG_ABS_BUILDDIR
\set filename :abs_builddir '/results/copy_binary.bin'
COPY t TO :'filename' WITH (FORMAT binary);
COPY u FROM :'filename' WITH (FORMAT binary);
SELECT i, v, w FROM u WHERE i < 4 ORDER BY i;
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE vector_send(t.v) IS NOT DISTINCT FROM vector_send(u.v) AND vector_send(t.w) IS NOT DISTINCT FROM vector_send(u.w);
DROP TABLE u;

-- test: text
\set filename :abs_builddir '/results/copy_binary.txt'
CREATE TABLE u (LIKE t);
COPY t TO :'filename';
COPY u FROM :'filename';
SELECT count(*) AS same FROM t JOIN u USING (i) WHERE vector_send(t.v) IS NOT DISTINCT FROM vector_send(u.v) AND vector_send(t.w) IS NOT DISTINCT FROM vector_send(u.w);
DROP TABLE t, u;

-- test: bytes that are no vector: each is one field of one row of a binary COPY
SELECT field, typmod, r.* FROM (VALUES
	('\x000100003f800000'::bytea, ''),
	('\x00030000bf8000000000000080000000', '(3)'),
	('\x00030000bf8000000000000080000000', '(2)'),
	('\x00000000', ''),
	('\xffff0000', ''),
	('\x3e810000', ''),
	('\x000100013f800000', ''),
	('\x0001ffff3f800000', ''),
	('\x000100007fc00000', ''),
	('\x000100007f800000', ''),
	('\x00010000ff800000', ''),
	('\x000200003f800000', ''),
	('\x000100', ''),
	('\x000100003f80000000', ''),
	('\x0001', ''),
	('\x', '')) AS f(field, typmod), receive(field, 'vector' || typmod) AS r;

-- test: text or an array in the place of the binary form has a hint; a fault of a value has its own
SELECT type, form, r.code, r.result FROM unnest(ARRAY['vector', 'halfvec', 'bytevec', 'sparsevec']) AS type,
	(VALUES ('text', '[1,2,3]'::bytea), ('short text', '[1]'), ('sparse text', '{1:1}/3'), ('numbers', '0.25, 0.5'), ('real[]', array_send('{1,2,3}'::real[])),
		('double precision[]', array_send('{1,2,3}'::float8[]))) AS f(form, field),
	receive(field, type) AS r WHERE r.hint LIKE 'These bytes do not begin as the binary form of type ' || type || ' does. Have the client%' ORDER BY 1, 2;
SELECT result, hint FROM receive('[1,2,3]', 'vector');
SELECT result, hint FROM receive(vector_send('[1,2,3]'), 'vector(2)') UNION ALL SELECT result, hint FROM receive('\x000100007fc00000', 'vector')
	UNION ALL SELECT result, hint FROM receive('\x00030001', 'vector(2)') UNION ALL SELECT result, hint FROM receive(sparsevec_send('{1:1}/3'), 'sparsevec(2)');
