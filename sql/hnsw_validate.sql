-- Operator classes of the hnsw access method

-- test: every class is valid, and only those of attributes are defaults
SELECT opfname, opcname, opcintype::regtype, opcdefault, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_opfamily f ON f.oid = opcfamily JOIN pg_am a ON a.oid = opcmethod
WHERE amname = 'hnsw' AND opcintype IN ('vector'::regtype, 'bool'::regtype, 'int2'::regtype,
	'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype, 'date'::regtype,
	'timestamp'::regtype, 'timestamptz'::regtype, 'time'::regtype, 'timetz'::regtype,
	'numeric'::regtype, 'uuid'::regtype, 'text'::regtype, 'bpchar'::regtype, 'anyenum'::regtype,
	'inet'::regtype, 'anyarray'::regtype)
ORDER BY 1, 3::text, 2;

-- test: members of the families of vectors
SELECT opfname, amoplefttype::regtype, amopstrategy, amopopr::regoperator, amoppurpose,
	(SELECT opfname FROM pg_opfamily s WHERE s.oid = amopsortfamily) AS sort_family
FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am a ON a.oid = opfmethod
WHERE amname = 'hnsw' AND amoplefttype = 'vector'::regtype ORDER BY 1, 2::text;
SELECT opfname, amprocnum, amproc::regprocedure
FROM pg_amproc JOIN pg_opfamily f ON f.oid = amprocfamily JOIN pg_am a ON a.oid = opfmethod
WHERE amname = 'hnsw' AND amproclefttype = 'vector'::regtype ORDER BY 1, 2;

-- test: families of attributes have the operators of btree's, and of arrays GIN's
SELECT opfname, count(*), count(DISTINCT (amoplefttype, amoprighttype)) AS pairs,
	count(*) FILTER (WHERE EXISTS (
		SELECT FROM pg_amop b JOIN pg_opfamily g ON g.oid = b.amopfamily JOIN pg_am n ON n.oid = opfmethod
		WHERE n.amname = 'btree' AND g.opfname = f.opfname AND b.amopopr = o.amopopr
			AND b.amopstrategy = o.amopstrategy)) AS as_btree,
	count(*) FILTER (WHERE EXISTS (
		SELECT FROM pg_amop b JOIN pg_opfamily g ON g.oid = b.amopfamily JOIN pg_am n ON n.oid = opfmethod
		WHERE n.amname = 'gin' AND g.opfname = f.opfname AND b.amopopr = o.amopopr)) AS as_gin
FROM pg_amop o JOIN pg_opfamily f ON f.oid = amopfamily JOIN pg_am a ON a.oid = opfmethod
WHERE amname = 'hnsw' AND amoppurpose = 's' GROUP BY 1 ORDER BY 1;

-- Create a class from its members and validate it, without keeping it
CREATE FUNCTION validate_class(type regtype, members text) RETURNS boolean AS $$
DECLARE
	valid boolean;
BEGIN
	EXECUTE format('CREATE OPERATOR CLASS broken_ops FOR TYPE %s USING hnsw AS %s', type, members);
	SELECT amvalidate(c.oid) INTO valid FROM pg_opclass c WHERE opcname = 'broken_ops';
	DROP OPERATOR FAMILY broken_ops USING hnsw;
	RETURN valid;
END
$$ LANGUAGE plpgsql;

-- test: a vector class without its function
SELECT validate_class('vector', 'OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops');

-- test: a vector class without its operator
SELECT validate_class('vector', 'FUNCTION 1 l2_distance(vector, vector)');

-- test: a distance that is not for ordering
SELECT validate_class('vector',
	'OPERATOR 1 < (vector, vector), FUNCTION 1 l2_distance(vector, vector)');

-- test: strategies and functions that do not exist
SELECT validate_class('vector', 'OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	OPERATOR 2 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 l2_distance(vector, vector)');
SELECT validate_class('vector', 'OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 4 l2_distance(vector, vector)');

-- test: functions with wrong signatures
SELECT validate_class('vector', 'OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_dims(vector), FUNCTION 2 l2_distance(vector, vector),
	FUNCTION 3 vector_norm(vector)');

-- test: a function for two types
SELECT validate_class('vector', 'OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 l2_distance(vector, vector), FUNCTION 1 (vector, text) l2_distance(vector, vector)');

-- test: an attribute class without some operators
SELECT validate_class('integer', 'OPERATOR 1 <, OPERATOR 3 =');

-- test: an attribute class whose family lacks operators between types
SELECT validate_class('integer', 'OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
	OPERATOR 5 >, OPERATOR 3 = (integer, bigint)');

-- test: an attribute class with a strategy that btree does not have
SELECT validate_class('integer', 'OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
	OPERATOR 5 >, OPERATOR 6 <>');

-- test: text has no order, and arrays have no more than some operators
SELECT validate_class('text', 'OPERATOR 1 <, OPERATOR 3 =');
SELECT validate_class('anyarray', 'OPERATOR 3 =, OPERATOR 6 &&, OPERATOR 7 @>');

-- test: an attribute class with a support function
SELECT validate_class('integer', 'OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=,
	OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer)');

DROP FUNCTION validate_class;


RESET ALL;

--
-- Indexes that cannot be read (test/t/024_incompatible_indexes.pl has some)
--
CREATE TABLE o (id int PRIMARY KEY, v vector(2), b bit(8)) PARTITION BY RANGE (id);
CREATE TABLE o1 PARTITION OF o FOR VALUES FROM (0) TO (100);
CREATE TABLE o2 PARTITION OF o FOR VALUES FROM (100) TO (200);
INSERT INTO o SELECT i, ARRAY[i, -i], i::bit(8) FROM generate_series(1, 150) i;
CREATE INDEX ON o USING hnsw (v vector_l2_ops);
CREATE INDEX ON o USING ivfflat (b bit_hamming_ops);
CREATE INDEX ON ONLY o USING hnsw (v vector_cosine_ops);
CREATE TEMP TABLE ot (v vector(1));
CREATE INDEX ON ot USING hnsw (v vector_l2_ops);
CREATE UNLOGGED TABLE ou (v vector(1));
CREATE INDEX ON ou USING hnsw (v vector_l2_ops);
CREATE MATERIALIZED VIEW om AS SELECT v::halfvec(2) AS h FROM o WITH NO DATA;
CREATE INDEX ON om USING hnsw (h halfvec_l2_ops);

-- test: all is well
SELECT * FROM lokivector_incompatible_indexes();
SELECT count(*) FROM lokivector_incompatible_indexes(concurrently => false);
CALL lokivector_rebuild_incompatible_indexes();

-- test: what a failed command left is used by none
CREATE FUNCTION fails(v vector) RETURNS vector AS $$
BEGIN
	RETURN ARRAY[1 / (1 - length(current_setting('test.fails')))]::public.vector;
END $$ LANGUAGE plpgsql IMMUTABLE;
SET test.fails = x;
CREATE INDEX CONCURRENTLY o1_fails ON o1 USING hnsw ((fails(v)::vector(1)) vector_l2_ops);
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'o1_fails'::regclass;
SELECT * FROM lokivector_incompatible_indexes();

-- test: in a transaction block
BEGIN;
CALL lokivector_rebuild_incompatible_indexes();
COMMIT;

-- test: for everyone
CREATE ROLE regress_old;
SET ROLE regress_old;
SELECT * FROM lokivector_incompatible_indexes();
CALL lokivector_rebuild_incompatible_indexes();
RESET ROLE;
DROP ROLE regress_old;

-- test: the way back
CREATE SCHEMA "Back";
CREATE TABLE "Back".b (id int, v vector(3), long vector(2001), h halfvec(4001), s sparsevec(5), "Kind" int);
CREATE INDEX known ON "Back".b USING hnsw (v vector_l2_ops) WITH (m = 8);
CREATE INDEX "Two" ON "Back".b USING hnsw (v vector_l2_ops, "Kind") WITH (m = 8, bits = 4, ef_construction = 32) WHERE id > 5 AND v IS NOT NULL;
CREATE INDEX other ON "Back".b USING hnsw (s sparsevec_ip_ops) WITH (profile = balanced, ef_search = 80, target_recall = 0.9);
CREATE INDEX expression ON "Back".b USING hnsw ((subvector(long, 1, 3)::vector(3)) vector_cosine_ops, (id + 1));
CREATE INDEX expression2 ON "Back".b USING hnsw ((l2_normalize(v)::vector(3)) vector_cosine_ops) WITH (refine_bits = 8);
CREATE INDEX long ON "Back".b USING hnsw (long vector_l2_ops);
SET client_min_messages = warning;
CREATE INDEX longer ON "Back".b USING ivfflat (h halfvec_l2_ops) WITH (lists = 1);
RESET client_min_messages;
CREATE DOMAIN "Back".point AS vector(3);
CREATE TABLE "Back".p (v "Back".point);
CREATE INDEX of_domain ON "Back".p USING hnsw (v vector_l2_ops);
CREATE INDEX parent ON o USING hnsw (v vector_l2_ops, id);
\x on
SELECT * FROM lokivector_plain_indexes();
\x off
SELECT command FROM lokivector_plain_indexes() \gexec
RESET search_path;
SELECT * FROM lokivector_plain_indexes();
SELECT pg_get_indexdef('"Back"."Two"'::regclass);
DROP SCHEMA "Back" CASCADE;

DROP TABLE o, ot, ou CASCADE;
DROP FUNCTION fails;
