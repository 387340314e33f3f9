--
-- Casts of the type vector
--

-- test: arrays to vectors
SELECT '{1,-2,3}'::int[]::vector, '{1.5,2}'::real[]::vector, '{1.5,2}'::float8[]::vector, '{1.5,2}'::numeric[]::vector;
SELECT ARRAY[1,2,3]::vector, ARRAY[1.0,2.5]::vector, ARRAY[1::real]::vector, ARRAY[1::float8]::vector;
SELECT '{1,2,3}'::int[]::vector(3), '{1,2,3}'::real[]::vector(3), '{1,2,3}'::float8[]::vector(3), '{1,2,3}'::numeric[]::vector(3);
SELECT '[2:4]={1,2,3}'::int[]::vector;

-- test: rounded to float4
SELECT '{16777217,2147483647,-2147483648}'::int[]::vector;
SELECT '{0.1,1e-46,3.4028235e38,1.0000000596046448}'::float8[]::vector;
SELECT '{0.1,1e-40,16777217,123456789.123456789}'::numeric[]::vector;
SELECT vector_dims(array_fill(0, ARRAY[16000])::vector), vector_dims(array_fill(0::numeric, ARRAY[16000])::vector);

-- test: vectors to arrays
SELECT '[1,2.5,-3]'::vector::real[];
SELECT pg_typeof('[1]'::vector::real[]), array_ndims('[1,2]'::vector::real[]), array_lower('[1,2]'::vector::real[], 1), array_length('[1,2]'::vector::real[], 1);
SELECT '[0.1,1e-45,3.4028235e38]'::vector::real[]::vector = '[0.1,1e-45,3.4028235e38]' AS same;

-- test: vectors to vectors of fixed dimensions
SELECT '[1,2,3]'::vector::vector(3), ('[1,2,3]'::vector(3))::vector;

-- test: implicit to real[], by assignment only from arrays
CREATE FUNCTION takes_array(real[]) RETURNS text LANGUAGE sql AS 'SELECT $1::text';
SELECT takes_array('[1,2.5]'::vector);
DROP FUNCTION takes_array;
CREATE TABLE t (v vector(3));
INSERT INTO t VALUES (ARRAY[1,2,3]), (ARRAY[1.5,2,3]), ('{7,8,9}'::float8[]);
SELECT v FROM t;
INSERT INTO t VALUES (ARRAY[1,2]);
DROP TABLE t;
\set VERBOSITY terse
SELECT vector_norm(ARRAY[1,2]);
\set VERBOSITY default

-- test: without a cast of their own: through text
SELECT '[1,2]'::vector::text, '[1,2]'::text::vector;

SELECT castsource::regtype AS source, casttarget::regtype AS target, castfunc::regprocedure, castcontext, castmethod
	FROM pg_cast WHERE 'vector'::regtype IN (castsource, casttarget) AND
		castfunc::regprocedure::text !~ 'sparsevec|halfvec'
	ORDER BY castsource::regtype::text COLLATE "C", casttarget::regtype::text COLLATE "C";
