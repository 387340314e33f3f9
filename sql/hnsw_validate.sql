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
