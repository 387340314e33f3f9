-- Row-level security: policies on attribute columns of each type are conditions
-- of the index; so are a user's own, if the operator is leakproof

SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';

CREATE TYPE security_level AS ENUM ('public', 'internal', 'secret', 'sealed', 'lost');
CREATE DOMAIN security_code AS text CHECK (value <> '');
CREATE TABLE security_t AS SELECT n AS id,
	(SELECT array_agg(sin(n * i) ORDER BY i) FROM generate_series(1, 8) i)::vector(8) AS v,
	n % 2 = 0 AS bool, (n % 5)::int2 AS int2, n % 5 AS int4, (n % 5)::int8 AS int8,
	(n % 5)::float4 AS float4, (n % 5)::float8 AS float8, (n % 5)::numeric AS num,
	date '2024-01-01' + n % 5 AS date, time '10:00' + n % 5 * interval '1 min' AS time,
	timetz '10:00+00' + n % 5 * interval '1 min' AS timetz,
	timestamp '2024-01-01' + n % 5 * interval '1 day' AS ts,
	timestamptz '2024-01-01' + n % 5 * interval '1 day' AS tstz,
	('00000000-0000-0000-0000-00000000000' || n % 5)::uuid AS uuid,
	('10.0.0.' || n % 5)::inet AS inet, ('10.' || n % 5 || '.0.0/16')::cidr AS cidr,
	(enum_range(NULL::security_level))[n % 5 + 1] AS enum,
	'user ' || n % 5 AS text, ('user ' || n % 5)::varchar(20) AS varchar,
	('user ' || n % 5)::char(8) AS bpchar, ('user ' || n % 5)::security_code AS code,
	ARRAY[n % 5, n % 3 + 5] AS ints, ARRAY['user ' || n % 5, 'all'] AS texts
	FROM generate_series(1, 1000) n;
CREATE INDEX security_a ON security_t USING hnsw (v vector_l2_ops, bool, int2, int4, int8, float4,
	float8, num, date, time, timetz, ts, tstz, uuid, inet, cidr, enum, text, varchar, bpchar, code,
	ints, texts);
VACUUM ANALYZE security_t;
CREATE ROLE regress_security_user;
GRANT SELECT ON security_t TO regress_security_user;
ALTER TABLE security_t ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION security_ids(condition text) RETURNS integer[] AS $$
DECLARE
	ids integer[];
BEGIN
	EXECUTE 'SELECT array_agg(id) FROM (SELECT id FROM security_t WHERE ' || condition ||
		' ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 5) s' INTO ids;
	RETURN ids;
END $$ LANGUAGE plpgsql;

-- Where a condition is evaluated
CREATE FUNCTION security_place(condition text, of text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(CASE WHEN line ~ 'Index Cond' THEN 'index' ELSE 'filter' END, ''), '')
	FROM plan_lines('SELECT id FROM security_t WHERE ' || condition || ' ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 5') line
	WHERE line ~ ('(Cond|Filter): .*\m' || of || '\M')
$$;

-- A policy, as who it is for and as who it is not for sees it
CREATE FUNCTION security_policy(condition text, of text, setting text) RETURNS text AS $$
DECLARE
	place text;
	found integer[];
	truth integer[];
BEGIN
	PERFORM set_config('app.value', setting, true);
	EXECUTE 'CREATE POLICY security_p ON security_t USING (' || condition || ')';
	SET LOCAL ROLE regress_security_user;
	place := security_place('true', of);
	found := security_ids('true');
	RESET ROLE;
	SET LOCAL enable_indexscan = off;
	truth := security_ids(condition);
	SET LOCAL enable_indexscan = on;
	DROP POLICY security_p ON security_t;
	RETURN CASE WHEN found = truth AND cardinality(found) = 5 THEN place ELSE format('%s, not %s', found, truth) END;
END $$ LANGUAGE plpgsql;

-- The same as a user's own condition beside a policy
CREATE FUNCTION security_own(condition text, of text, setting text) RETURNS text AS $$
DECLARE
	place text;
	found integer[];
	truth integer[];
BEGIN
	PERFORM set_config('app.value', setting, true);
	SET LOCAL ROLE regress_security_user;
	place := security_place(condition, of);
	found := security_ids(condition);
	RESET ROLE;
	SET LOCAL enable_indexscan = off;
	truth := security_ids(condition || ' AND id % 3 = 0');
	SET LOCAL enable_indexscan = on;
	RETURN CASE WHEN found = truth AND cardinality(found) = 5 THEN place ELSE format('%s, not %s', found, truth) END;
END $$ LANGUAGE plpgsql;

CREATE TABLE security_c (n serial, of text, condition text, setting text);
INSERT INTO security_c (of, condition, setting)
	SELECT c, format('%s = current_setting(''app.value'')::%s', c, coalesce(type, c)), setting
	FROM (VALUES ('bool', NULL, 't'), ('int2', NULL, '3'), ('int4', NULL, '3'), ('int8', NULL, '3'),
		('int8', 'int4', '3'), ('float4', NULL, '3'), ('float8', NULL, '3'), ('num', 'numeric', '3'),
		('date', NULL, '2024-01-03'), ('time', NULL, '10:03'), ('timetz', NULL, '10:03+00'),
		('ts', 'timestamp', '2024-01-03'), ('tstz', 'timestamptz', '2024-01-03 00:00+00'),
		('uuid', NULL, '00000000-0000-0000-0000-000000000003'), ('inet', NULL, '10.0.0.3'),
		('cidr', NULL, '10.3.0.0/16'), ('enum', 'security_level', 'sealed'), ('text', NULL, 'user 3'),
		('varchar', NULL, 'user 3'), ('bpchar', 'char(8)', 'user 3'), ('code', 'text', 'user 3'))
		t(c, type, setting);
INSERT INTO security_c (of, condition, setting) VALUES
	('bool', 'bool', ''), ('bool', 'NOT bool', ''), ('bool', 'bool IS NOT NULL', ''),
	('int4', 'int4 < current_setting(''app.value'')::integer', '3'),
	('int4', 'int4 BETWEEN 1 AND current_setting(''app.value'')::integer', '3'),
	('int4', 'int4 = ANY (current_setting(''app.value'')::integer[])', '{1,3}'),
	('int4', 'int4 IN (2, 3)', ''),
	('num', 'num >= current_setting(''app.value'')::numeric', '3'),
	('tstz', 'tstz < current_setting(''app.value'')::timestamptz', '2024-01-03'),
	('enum', 'enum <= current_setting(''app.value'')::security_level', 'internal'),
	('text', 'text = ANY (string_to_array(current_setting(''app.value''), '',''))', 'user 1,user 2'),
	('ints', 'ints @> ARRAY[current_setting(''app.value'')::integer]', '3'),
	('ints', 'ints && current_setting(''app.value'')::integer[]', '{3,4}'),
	('ints', 'current_setting(''app.value'')::integer = ANY (ints)', '3'),
	('texts', 'current_setting(''app.value'') = ANY (texts)', 'user 3'),
	('texts', 'texts && ARRAY[current_setting(''app.value''), ''nobody'']', 'user 3'),
	('text', '(text = current_setting(''app.value'') OR int4 = 1)', 'user 3');
UPDATE security_t SET text = 'regress_security_user' WHERE id % 10 = 4;

-- test: policies
SELECT condition, security_policy(condition, of, setting) FROM security_c
	ORDER BY n;

-- test: several policies, for some and for all
CREATE POLICY security_p ON security_t USING (int4 = current_setting('app.value')::integer);
CREATE POLICY security_q ON security_t AS RESTRICTIVE USING (bool);
SET app.value = '3';
SET ROLE regress_security_user;
SELECT security_place('true', 'int4'), security_place('true', 'bool'), security_ids('true');
RESET ROLE;
SELECT security_ids('int4 = 3 AND bool');
DROP POLICY security_p ON security_t;
DROP POLICY security_q ON security_t;

-- test: who asks
CREATE POLICY security_p ON security_t USING (text = current_user);
SET ROLE regress_security_user;
SELECT security_place('true', 'text'), security_ids('true');
EXPLAIN (COSTS OFF) SELECT id FROM security_t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 5;
-- a bound, without an order: no hidden row is counted as removed by a filter
EXPLAIN (COSTS OFF) SELECT id FROM security_t WHERE v <-> '[1,2,3,4,5,6,7,8]' < 1;
RESET ROLE;
SELECT security_ids('text = ''regress_security_user''');
DROP POLICY security_p ON security_t;
CREATE POLICY security_p ON security_t USING (current_user = text);
SET ROLE regress_security_user;
SELECT security_place('true', 'text'), security_ids('true');
RESET ROLE;
DROP POLICY security_p ON security_t;

-- test: text under another collation
SELECT of, security_place(condition, of), security_ids(condition) =
	ARRAY(SELECT id FROM (SELECT * FROM security_t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' OFFSET 0) s
		WHERE bpchar = 'user 3' AND (of <> 'text' OR text = 'user 3') LIMIT 5) AS same
	FROM (VALUES ('text', $$text COLLATE "C" = 'user 3'$$), ('varchar', $$'user 3' COLLATE "C" = varchar$$),
		('code', $$code = 'user 3'::name$$), ('text', $$text || '' COLLATE "C" = 'user 3'$$)) c(of, condition);

-- test: conditions of the user beside a policy
CREATE POLICY security_p ON security_t USING (id % 3 = 0);
SET enable_sort = off;
SELECT condition, security_own(condition, of, setting) FROM security_c
	ORDER BY n;

RESET enable_sort;

-- test: a setting that changes under a prepared plan
DROP POLICY security_p ON security_t;
CREATE POLICY security_p ON security_t USING (int4 = current_setting('app.value')::integer);
SET plan_cache_mode = force_generic_plan;
SET ROLE regress_security_user;
PREPARE security_q AS SELECT id % 5 AS tenant FROM security_t ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 2;
EXPLAIN (COSTS OFF) EXECUTE security_q;
SET app.value = '1';
EXECUTE security_q;
SET app.value = '2';
EXECUTE security_q;
RESET ROLE;

DROP TABLE security_t, security_c;
DROP FUNCTION security_own, security_policy, security_place, security_ids;
DROP DOMAIN security_code;
DROP TYPE security_level;
DROP ROLE regress_security_user;


RESET ALL;

-- Who may call the functions that look into an index

CREATE ROLE regress_access_owner;
CREATE ROLE regress_access_monitor IN ROLE pg_monitor;
CREATE ROLE regress_access_reader;
CREATE ROLE regress_access_other;
CREATE TABLE access_t (id integer, v vector(3));
INSERT INTO access_t SELECT i, ARRAY[i % 10, i / 10, i]::vector FROM generate_series(1, 100) i;
CREATE INDEX access_idx ON access_t USING hnsw (v vector_l2_ops);
CREATE INDEX access_btree ON access_t (id);
ALTER TABLE access_t OWNER TO regress_access_owner;
GRANT SELECT ON access_t TO regress_access_reader;

-- Which of the functions a role may call, and the message where it may not
CREATE FUNCTION access_calls(index text, OUT call text, OUT outcome text) RETURNS SETOF record AS $$
BEGIN
	FOREACH call IN ARRAY ARRAY['lokivector_check(%L)', 'lokivector_check(%L, true)',
		'lokivector_index_info(%L)', 'lokivector_index_slot_arrays(%L)', 'lokivector_calibration(%L)',
		'lokivector_recall(%L, 5, 2)', 'lokivector_recall(%L, ARRAY[''[1,2,3]''::vector], 2)',
		'lokivector_prewarm(%L)', 'lokivector_calibrate(%L)', 'lokivector_calibrate(%L, ARRAY[''[1,2,3]''::vector])'] LOOP
		BEGIN
			EXECUTE format('SELECT count(*) FROM ' || call, index);
			outcome := 'ok';
		EXCEPTION WHEN OTHERS THEN
			outcome := sqlerrm;
		END;
		RETURN NEXT;
	END LOOP;
END
$$ LANGUAGE plpgsql;
SET client_min_messages = warning;

-- test: the owner
SET ROLE regress_access_owner;
SELECT * FROM access_calls('access_idx');
SELECT lokivector_build_memory('access_t', 'v') > 0 AS bytes;
RESET ROLE;

-- test: a member of pg_monitor
SET ROLE regress_access_monitor;
SELECT * FROM access_calls('access_idx');
SELECT lokivector_build_memory('access_t', 'v');
RESET ROLE;

-- test: who may read the table
SET ROLE regress_access_reader;
SELECT * FROM access_calls('access_idx');
SELECT lokivector_build_memory('access_t', 'v') > 0 AS bytes;
RESET ROLE;

-- test: anyone else
SET ROLE regress_access_other;
SELECT * FROM access_calls('access_idx');
SELECT * FROM access_calls('access_btree');
SELECT * FROM access_calls('access_t');
SELECT * FROM access_calls('0');
SELECT lokivector_build_memory('access_t', 'v');
RESET ROLE;
GRANT SELECT (id) ON access_t TO regress_access_other;
SET ROLE regress_access_other;
SELECT lokivector_build_memory('access_t', 'v');
RESET ROLE;
GRANT SELECT (v) ON access_t TO regress_access_other;
SET ROLE regress_access_other;
SELECT lokivector_build_memory('access_t', 'v') > 0 AS bytes;
RESET ROLE;

-- test: every function that takes an index and nothing else
CREATE FUNCTION access_outcome(call text, role name) RETURNS text AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE call;
	RESET ROLE;
	RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
	RETURN sqlstate;
END
$$ LANGUAGE plpgsql;
SELECT p.proname, access_outcome(call, 'regress_access_owner') AS owner,
	access_outcome(call, 'regress_access_monitor') AS monitor,
	access_outcome(call, 'regress_access_reader') AS reader,
	access_outcome(call, 'regress_access_other') AS other
FROM pg_depend d
JOIN pg_proc p ON p.oid = d.objid AND p.pronargs - p.pronargdefaults = 1 AND p.proargtypes[0] = 'regclass'::regtype
CROSS JOIN LATERAL format('SELECT count(*) FROM %I(%L)', p.proname, 'access_idx') AS call
WHERE d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND p.proname LIKE 'lokivector%'
ORDER BY p.proname COLLATE "C";
DROP FUNCTION access_outcome;

-- test: row-level security
ALTER TABLE access_t ENABLE ROW LEVEL SECURITY;
CREATE POLICY access_p ON access_t USING (id < 10);
SET ROLE regress_access_reader;
SELECT * FROM access_calls('access_idx') WHERE call ~ 'recall|prewarm';
RESET ROLE;
SET ROLE regress_access_monitor;
SELECT * FROM access_calls('access_idx') WHERE call NOT LIKE '%calibrate%';
RESET ROLE;
SET ROLE regress_access_owner;
SELECT * FROM access_calls('access_idx') WHERE outcome <> 'ok';
RESET ROLE;
ALTER TABLE access_t FORCE ROW LEVEL SECURITY;
SET ROLE regress_access_owner;
SELECT * FROM access_calls('access_idx') WHERE call LIKE '%recall%';
RESET ROLE;

-- test: no operator class in the search path
CREATE SCHEMA access_s;
CREATE OPERATOR CLASS access_s.access_ops FOR TYPE vector USING hnsw AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_l2_squared_distance(vector, vector);
SELECT n.nspname AS schema FROM pg_extension e, pg_namespace n WHERE e.extname = 'lokivector' AND n.oid = extnamespace \gset
SET search_path = '';
SELECT :"schema".lokivector_build_memory('public.access_t', 'v') > 0 AS bytes;
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'vector_l2_ops') > 0 AS bytes;
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'access_s.access_ops') > 0 AS bytes;
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'access_ops');
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'nowhere.access_ops');
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'a.b.c.d');
SET search_path = access_s, pg_catalog;
SELECT :"schema".lokivector_build_memory('public.access_t', 'v', 'access_ops') > 0 AS bytes;
RESET search_path;
DROP SCHEMA access_s CASCADE;

DROP FUNCTION access_calls;
DROP TABLE access_t;
DROP ROLE regress_access_owner, regress_access_monitor, regress_access_reader, regress_access_other;

-- test: memory of a build on columns of each type
CREATE TABLE access_types (v vector(8), h halfvec(8), s sparsevec(8), b bit(8), w vector(8)[], x halfvec(8)[], k tsvector, t text);
INSERT INTO access_types SELECT ARRAY[i, 1, 2, 3, 4, 5, 6, 7]::vector FROM generate_series(1, 10) i;
UPDATE access_types SET h = v, s = v::sparsevec, b = binary_quantize(v), w = ARRAY[v, v], x = ARRAY[v::halfvec], k = 'a b';
SELECT name, lokivector_build_memory('access_types', name) > 0 AS bytes FROM unnest('{v,h,s,b,w,x,k}'::name[]) name;
SELECT lokivector_build_memory('access_types', 't');
SELECT lokivector_build_memory('access_types', 'h', 'vector_l2_ops');
DROP TABLE access_types;

-- test: expressions that run as the table's owner for what others write and search see none of their functions
CREATE ROLE regress_path_owner;
CREATE ROLE regress_path_user;
CREATE SCHEMA path_app AUTHORIZATION regress_path_owner;
CREATE SCHEMA path_evil AUTHORIZATION regress_path_user;
GRANT USAGE ON SCHEMA path_app TO regress_path_user;
SET ROLE regress_path_owner;
CREATE FUNCTION path_app.clean(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
SET search_path = path_app, public;
-- one finds another function by the path, one does not
CREATE FUNCTION path_app.words(t text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN to_tsvector('simple', clean(t)); END $$;
CREATE FUNCTION path_app.own_words(t text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN to_tsvector('simple', path_app.clean(t)); END $$;
CREATE FUNCTION path_app.vec(t text) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE n int := length(clean(t)); BEGIN RETURN ARRAY[n, 1]::vector; END $$;
CREATE TABLE docs (id int, body text);
CREATE INDEX docs_words ON docs USING hnsw (words(body) bm25_ops);
CREATE TABLE own (id int, body text);
CREATE INDEX own_words ON own USING hnsw (own_words(body) bm25_ops);
CREATE TABLE vectors (id int, body text);
SET lokivector.pending_nodes = 20;
CREATE INDEX vectors_v ON vectors USING hnsw ((vec(body)::vector(2)) vector_l2_ops);
GRANT SELECT, INSERT ON docs, own, vectors TO regress_path_user;
RESET ROLE;
SET ROLE regress_path_user;
CREATE FUNCTION path_evil.clean(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
	IF current_user <> 'regress_path_user' THEN RAISE 'runs as %', current_user; END IF;
	RETURN lower(t);
END $$;
SET search_path = path_evil, path_app, public;
INSERT INTO docs SELECT i, 'a w' || i FROM generate_series(1, 1100) i;
INSERT INTO own SELECT i, 'a w' || i FROM generate_series(1, 1100) i;
SELECT code, message FROM error_of('SELECT id FROM docs ORDER BY words(body) <@> ''w7'' LIMIT 1');
SELECT id FROM own ORDER BY own_words(body) <@> 'w7' LIMIT 1;
SELECT code, message FROM error_of('INSERT INTO vectors SELECT i, repeat(''x'', i) FROM generate_series(1, 40) i');
RESET search_path;
RESET ROLE;
RESET lokivector.pending_nodes;
DROP SCHEMA path_app, path_evil CASCADE;
DROP ROLE regress_path_owner, regress_path_user;
