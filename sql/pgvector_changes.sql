--
-- What pgvector changed from version 0.8.1 to 0.8.7, the newest when this was
-- written, and what became of it here.
--
-- 0.8.1	PostgreSQL 18									has been there
--			name and version in pg_get_loaded_modules()		has been there, with ours
--			faster binary_quantize and ||					same results
-- 0.8.2	overflow of a buffer in parallel builds			no such buffer
--			"Index Searches" in EXPLAIN						has been there
--			white space as the server's scanner takes it	same characters
-- 0.8.3	vacuum could damage hnsw						none of that code
--			slow distances of bits on PostgreSQL 18			kernels of our own
-- 0.8.4	"hnsw graph not repaired", inserts in vacuum	none of that code
--			ivfflat builds within maintenance_work_mem,		ivfflat is a graph, whose builds
--			or "memory required is ..."						need no more memory
-- 0.8.5	memory of ivfflat builds of small tables		likewise
-- 0.8.6	overflow of a buffer in ivfflat builds, 32 bits	no such buffer
--			non-zero elements of arrays cast to sparsevec	same error: test below
--			memory of ivfflat scans in nested loops			a scan that begins again frees its memory
--			parallel avg without rows failed				never here: test below
--			vector_combine checks dimensions				same errors: test below
--			levels of hnsw up to 63							levels of our own
--			checked sizes of allocations					add_size and mul_size where a size is given
-- 0.8.7	avg without rows again; vector_combine goes by	same results: test below
--			elements instead of rows
--			overflow of a buffer in ivfflat builds			no such buffer
--			receive functions were to read dimensions		signed in the release, as here: test
--			unsigned										below
--			casts check the indices of a sparsevec			same error, also where an index is
--															made: test below
--			hnsw and ivfflat compare the dimensions of		same error, also without rows: test
--			queries with the index's before they search		below
--			INSERT and VACUUM linked a neighbour twice		none of that code
--			comments on types, functions, operators			as many, in words of our own
--

CREATE FUNCTION outcome(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE 'SELECT (' || expression || ')::text' INTO result;
	RETURN coalesce(result, 'NULL');
EXCEPTION WHEN OTHERS THEN
	RETURN 'ERROR ' || SQLSTATE || ' ' || SQLERRM;
END $$;

-- test: states of avg that no aggregate makes are combined by their elements
SELECT a, b, replace(outcome(format('%s_combine(%L, %L)', type, a, b)), repeat('1,', 100), '') AS combined
FROM unnest('{vector,halfvec}'::text[]) AS type, (VALUES
	('{0}', '{0}'), ('{1}', '{1}'), ('{1}', '{0}'), ('{0,1}', '{0,2}'), ('{0,1}', '{3,2}'), ('{3,1}', '{0,2}'),
	('{0}', '{3,1}'), ('{2}', '{3,1}'), ('{3,1}', '{2}'), ('{0,1}', '{0}'), ('{0}', '{0,1}'),
	('[5:6]={1,2}', '{0}'), ('{0}', '[5:6]={1,2}'), ('[5:6]={1,2}', '[3:4]={1,3}'), ('[5:5]={2}', '[3:3]={3}'),
	('{1,2}', '{1,2,3}'), ('{0,0}', '{1,2,3}'), ('{2,Infinity}', '{1,1}'), ('{2}', '{1,Infinity}'),
	('{1,1e308}', '{1,1e308}'), ('{1,-0}', '{1,-0}'), ('{NaN}', '{1,-0}'), ('{}', '{0}'), ('{0}', '{NULL}')) AS t(a, b);
SELECT outcome('vector_combine(''{0}'', array_fill(1::float8, ARRAY[16002]))'),
	outcome('vector_combine(array_fill(1::float8, ARRAY[16002]), ''{0}'')'),
	outcome('vector_combine(array_fill(1::float8, ARRAY[16002]), ''{1,2}'')'),
	outcome('vector_combine(''{1,2}'', array_fill(1::float8, ARRAY[16002]))'),
	outcome('halfvec_combine(''{2}'', array_fill(1::float8, ARRAY[16002]))');
SELECT outcome('vector_accum(''[5:5]={0}'', ''[1]'')'), outcome('vector_accum(''[5:6]={0,0}'', ''[1]'')'),
	outcome('vector_accum(''{NaN}'', ''[-0]'')'), outcome('halfvec_accum(''{0}'', ''[-0]'')'),
	outcome('vector_accum(''{0,0}'', ''[-0]'')');

-- test: the result of combining is not an argument
CREATE TABLE states (a float8[], b float8[]);
INSERT INTO states VALUES ('{0}', '{1,2}'), ('{1,2}', '{0}'), ('{1,2}', '{3,4}'), ('{1}', '{2}');
SELECT vector_combine(a, b), a, b FROM states;
DROP TABLE states;

-- test: the first row of avg is copied
CREATE TABLE zeros (g int, v vector, h halfvec);
INSERT INTO zeros SELECT g, '[-0,0,-0]', '[-0,0,-0]' FROM generate_series(1, 3) AS g;
INSERT INTO zeros VALUES (4, '[-0,0,0]', '[-0,0,0]'), (4, '[0,-0,-0]', '[0,-0,-0]');
SELECT avg(v), avg(h), sum(v), sum(h) FROM zeros WHERE g < 4;
SELECT g, avg(v), avg(h) FROM zeros GROUP BY g ORDER BY g;
SELECT g, avg(v) OVER (ORDER BY g ROWS 1 PRECEDING) FROM zeros WHERE g < 4;
ALTER TABLE zeros SET (parallel_workers = 2);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT avg(v), avg(h) FROM zeros WHERE g < 4;
SELECT avg(v), avg(h) FROM zeros WHERE g < 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE zeros;

-- test: a product whose parts overflow is a number, or an infinity
CREATE TABLE pair (id int, a float8[], b float8[]);
INSERT INTO pair VALUES (1, '{1e38,-1e38,3e38}', '{1,1,1}'), (2, '{3e38,3e38,-3e38}', '{1,1,1}'),
	(3, '{3e38,-3e38,3e38}', '{1e10,1e10,1e10}'), (4, '{3e38,-3e38}', '{1e10,1e10}'),
	(5, '{3e38}', '{3e38}'), (6, '{3e38}', '{1}'), (7, '{3e38}', '{-3e38}');
INSERT INTO pair SELECT 8, array_agg(CASE WHEN i % 64 IN (0, 1, 5) THEN (CASE i % 64 WHEN 1 THEN -3e38 ELSE 2e38 END) ELSE 0 END),
	array_agg(1) FROM generate_series(0, 127) AS i;
CREATE FUNCTION rounded(x float8) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN abs(x) < 'Infinity' THEN to_char(x, '9.999EEEE') ELSE x::text END
$$;
SELECT id, rounded(a::vector <#> b::vector) AS ip, rounded(a::vector <=> b::vector) AS cosine,
	rounded(a::vector <-> b::vector) AS l2, rounded(a::vector <+> b::vector) AS l1,
	rounded(vector_norm(a::vector)) AS norm, rounded(vector_spherical_distance(a::vector, b::vector)) AS angle
FROM pair ORDER BY id;
SELECT id FROM pair WHERE (a::vector <#> b::vector, a::vector <=> b::vector, a::vector <-> b::vector, a::vector <+> b::vector)
	IS DISTINCT FROM (a::sparsevec <#> b::sparsevec, a::sparsevec <=> b::sparsevec, a::sparsevec <-> b::sparsevec, a::sparsevec <+> b::sparsevec);
DROP TABLE pair;
DROP FUNCTION rounded;

-- test: an index measures such products as the operators do
CREATE TABLE huge (id int, v vector(8), s sparsevec(8));
INSERT INTO huge SELECT i, x::vector, x::sparsevec FROM generate_series(1, 200) AS i,
	LATERAL (SELECT array_agg(((i * 7 + j * 13) % 21 - 10) * 3e37) AS x FROM generate_series(1, 8) AS j) AS t;
CREATE INDEX huge_ip ON huge USING hnsw (v vector_ip_ops);
CREATE INDEX huge_cosine ON huge USING hnsw (v vector_cosine_ops);
CREATE INDEX huge_sparse_ip ON huge USING hnsw (s sparsevec_ip_ops);
CREATE INDEX huge_sparse_cosine ON huge USING hnsw (s sparsevec_cosine_ops);
SET hnsw.ef_search = 400;
SELECT type, operator, returned, distances = nearest AS same
FROM (VALUES ('vector', '[1,1,-1,1,1,-1,1,1]'), ('sparsevec', '{1:1,2:1,3:-1,4:1,5:1,6:-1,7:1,8:1}/8')) AS q(type, query),
	unnest('{<#>,<=>}'::text[]) AS operator, found('huge', format('%s %s %L', left(type, 1), operator, query), 200)
ORDER BY 1, 2;
RESET hnsw.ef_search;
DROP TABLE huge;

-- test: receive functions read dimensions signed
SELECT type, field, r.* FROM unnest('{vector,halfvec}'::text[]) AS type,
	unnest('{"\\x00000000","\\x80000000","\\xffff0000","\\x3e810000","\\x00018000","\\x0001ffff","\\x7fff0000"}'::bytea[]) AS field, receive(field, type) AS r;

-- test: indices of a sparsevec that are out of bounds are not written to
CREATE CAST (bytea AS sparsevec) WITHOUT FUNCTION;
CREATE FUNCTION int4_native(x int) RETURNS bytea LANGUAGE sql AS $$
	-- the least byte first
	SELECT substring(b FROM 4 FOR 1) || substring(b FROM 3 FOR 1) || substring(b FROM 2 FOR 1) || substring(b FROM 1 FOR 1)
	FROM int4send(x) AS b
$$;
SELECT i, target, outcome(format('(%L::bytea::sparsevec)::%s', int4_native(5) || int4_native(2) || int4_native(0) ||
		int4_native(1) || int4_native(i) || '\x0000803f0000803f', target))
FROM unnest('{4,5,-1,2147483647}'::int[]) AS i, unnest('{vector,halfvec}'::text[]) AS target;
CREATE TABLE damaged (s sparsevec(5));
INSERT INTO damaged SELECT (int4_native(5) || int4_native(2) || int4_native(0) || int4_native(1) || int4_native(1000000) ||
	'\x0000803f0000803f')::sparsevec;
CREATE INDEX ON damaged USING hnsw (s sparsevec_l2_ops);
DROP TABLE damaged;
DROP CAST (bytea AS sparsevec);
DROP FUNCTION int4_native;

-- test: an array of more than 16,000 elements that are not zero is no sparsevec
SELECT outcome('array_fill(1, ARRAY[16001])::sparsevec'), left(outcome('(array_fill(1, ARRAY[16000]) || array_fill(0, ARRAY[9]))::sparsevec'), 9);

-- test: queries of other dimensions are an error, with rows and without
SET enable_seqscan = off;
CREATE TABLE empty (v vector(3), h halfvec(3), s sparsevec(3), b bit(3));
CREATE INDEX ON empty USING hnsw (v vector_l2_ops);
CREATE INDEX ON empty USING hnsw (v vector_cosine_ops);
CREATE INDEX ON empty USING hnsw (h halfvec_l2_ops);
CREATE INDEX ON empty USING hnsw (s sparsevec_l2_ops);
CREATE INDEX ON empty USING hnsw (b bit_hamming_ops);
CREATE VIEW outcomes AS SELECT query, outcome(format('SELECT count(*) FROM (SELECT FROM empty ORDER BY %s LIMIT 3) AS t', query))
FROM (VALUES ('v <-> ''[1,2]'''), ('v <=> ''[0,0]'''), ('h <-> ''[1,2]'''), ('s <-> ''{}/2'''), ('b <~> B''10'''),
	('v <-> NULL'), ('v <-> ''[1,2,3]''')) AS t(query);
SELECT * FROM outcomes;
INSERT INTO empty VALUES ('[1,2,3]', '[1,2,3]', '{1:1}/3', B'101');
SELECT * FROM outcomes;
DROP VIEW outcomes;
DROP TABLE empty;

-- test: scans in nested loops
CREATE TABLE many (id int, v vector(64));
INSERT INTO many SELECT i, array_agg(sin(i * j)) FROM generate_series(1, 300) AS i, generate_series(1, 64) AS j GROUP BY i;
CREATE INDEX ON many USING hnsw (v vector_cosine_ops);
SELECT count(*), sum((n.id = m.id)::int) FROM many AS m, LATERAL (SELECT id FROM many ORDER BY v <=> m.v LIMIT 1) AS n;
DROP TABLE many;
RESET enable_seqscan;

DROP FUNCTION outcome;
