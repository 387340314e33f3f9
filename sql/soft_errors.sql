-- Errors of input that a caller asks to have saved: since PostgreSQL 16, by pg_input_is_valid(),
-- and since 17 by COPY ... ON_ERROR and by json_value()

SELECT current_setting('server_version_num')::integer >= 160000 AS saves,
	current_setting('server_version_num')::integer >= 170000 AS ignores \gset

CREATE TABLE soft (type text, input text, valid boolean);
INSERT INTO soft VALUES
	('vector', '[1,2.5,-3e4]', true), ('vector', ' [ 1 , 2 ] ', true),
	('vector', '', false), ('vector', '[]', false), ('vector', '[1,2', false), ('vector', '{1,2}', false),
	('vector', '[1,2]x', false), ('vector', '[1,x]', false), ('vector', '[4e38]', false),
	('vector', '[nan]', false), ('vector', '[1,-inf]', false),
	('vector', '[' || repeat('1,', 16000) || '1]', false),
	('vector(3)', '[1,2,3]', true), ('vector(3)', '[1,2]', false),
	('halfvec', '[1,65504]', true), ('halfvec', '[1,65520]', false), ('halfvec', '[65520', false),
	('halfvec', '[', false), ('halfvec', '[]', false), ('halfvec', '[nan]', false), ('halfvec', '[inf]', false),
	('halfvec', '[4e38]', false), ('halfvec', '[1]1', false),
	('halfvec(2)', '[1,2]', true), ('halfvec(2)', '[1]', false),
	('sparsevec', '{1:1,3:2}/5', true), ('sparsevec', '{}/5', true), ('sparsevec', '{3:2,1:1}/5', true),
	('sparsevec', '', false), ('sparsevec', '[1]', false), ('sparsevec', '{x:1}/5', false), ('sparsevec', '{1}/5', false),
	('sparsevec', '{1:x}/5', false), ('sparsevec', '{1:1', false), ('sparsevec', '{1:1}', false),
	('sparsevec', '{1:1}/', false), ('sparsevec', '{1:1}/5x', false), ('sparsevec', '{1:4e38}/5', false),
	('sparsevec', '{1:1e-60}/5', false), ('sparsevec', '{1:nan}/5', false), ('sparsevec', '{1:inf}/5', false),
	('sparsevec', '{0:1}/5', false), ('sparsevec', '{6:1}/5', false), ('sparsevec', '{1:1,1:2}/5', false),
	('sparsevec', '{}/0', false), ('sparsevec', '{}/1000000001', false),
	('sparsevec', '{' || repeat('1:1,', 16000) || '1:1}/5', false),
	('sparsevec(5)', '{1:1}/5', true), ('sparsevec(5)', '{1:1}/6', false),
	('bytevec', '[1,2.5]', true), ('bytevec', '[0,255]*0.5+1', true), ('bytevec', '[0,255]*0.5-1', true),
	('bytevec', '[', false), ('bytevec', '[]', false), ('bytevec', '[1]x', false), ('bytevec', '[nan]', false),
	('bytevec', '[4e38]', false), ('bytevec', '[inf]', false), ('bytevec', '[-3e38,3e38]', false),
	('bytevec', '[1]*', false), ('bytevec', '[1]*x', false), ('bytevec', '[1]*1', false),
	('bytevec', '[1]*1+x', false), ('bytevec', '[1]*1+1x', false), ('bytevec', '[1]*4e38+1', false),
	('bytevec', '[1]*nan+1', false), ('bytevec', '[1]*-1+1', false), ('bytevec', '[1]*3e38+1', false),
	('bytevec', '[256]*1+1', false), ('bytevec', '[1.5]*1+1', false),
	('bytevec(2)', '[1,2]', true), ('bytevec(2)', '[1]', false), ('bytevec(2)', '[1]*1+1', false),
	('vector[]', '{"[1,2]","[3]"}', true), ('vector[]', '{"[1,2]","[3"}', false);

-- the message that is saved is the one that is raised
CREATE FUNCTION raised(type text, input text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT %L::%s', input, type);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN sqlerrm;
END $$;

-- test: what is raised
SELECT type, left(input, 30) AS input, valid = (raised(type, input) IS NULL) AS right, left(raised(type, input), 75) AS raised
FROM soft;

-- Other servers raise these errors instead, and the same output is made of that
SELECT CASE WHEN :'saves' THEN 'pg_input_is_valid(input, type)' ELSE 'raised(type, input) IS NULL' END AS valid,
	CASE WHEN :'saves' THEN '(pg_input_error_info(input, type)).message' ELSE 'raised(type, input)' END AS message,
	CASE WHEN :'ignores' THEN 'soft_copy' ELSE 'soft_text' END AS target,
	CASE WHEN :'ignores' THEN ', ON_ERROR ignore' ELSE '' END AS ignore,
	CASE WHEN :'ignores' THEN 'json_value(''{"a":"[1,x]"}'', ''$.a'' RETURNING vector NULL ON ERROR)' ELSE 'NULL::vector' END AS a,
	CASE WHEN :'ignores' THEN 'json_value(''{"a":"[1,2]"}'', ''$.a'' RETURNING vector NULL ON ERROR)' ELSE '''[1,2]''::vector' END AS b,
	CASE WHEN :'ignores' THEN 'json_value(''{"a":"[1,2]"}'', ''$.a'' RETURNING vector(3) DEFAULT ''[0,0,0]''::vector(3) ON ERROR)'
		ELSE '''[0,0,0]''::vector' END AS c \gset

-- test: each of these errors can be saved
SELECT type, left(input, 30) AS input, valid, :valid AS found, raised(type, input), :message AS saved FROM soft
WHERE valid <> (:valid) OR raised(type, input) IS DISTINCT FROM :message;
SELECT count(*) FROM soft WHERE NOT (:valid);

-- test: COPY leaves out rows that do not fit
CREATE TABLE soft_copy (id integer, v vector(3), h halfvec(2), s sparsevec(4), b bytevec(2));
CREATE TABLE soft_text (id integer, v text, h text, s text, b text);
SET client_min_messages = warning;
COPY :target FROM STDIN (FORMAT csv, DELIMITER ';' :ignore);
1;[1,2,3];[1,2];{1:1}/4;[1,2]
2;[1,2];[1,2];{1:1}/4;[1,2]
3;[1,2,3];[1,2,3];{1:1}/4;[1,2]
4;[1,2,3];[1,2];{1:1}/5;[1,2]
5;[1,2,3];[1,2];{1:1}/4;[1,x]
6;[4,5,6];[3,4];{2:1}/4;[3,4]
\.
RESET client_min_messages;
INSERT INTO soft_copy (id) SELECT id FROM soft_text
WHERE concat(raised('vector(3)', v), raised('halfvec(2)', h), raised('sparsevec(4)', s), raised('bytevec(2)', b)) = '';
SELECT id FROM soft_copy ORDER BY id;

-- test: json_value() gives its default
SELECT :a AS a, :b AS b, :c AS c;

DROP TABLE soft, soft_copy, soft_text;
DROP FUNCTION raised;
