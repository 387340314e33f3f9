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
