-- lokivector_why: why a search does not return a row
\set SHOW_CONTEXT never
SET enable_seqscan = off;
SET max_parallel_workers_per_gather = 0;

-- Rows among which narrow searches miss some: few links, 1-bit codes, vectors of many directions
CREATE TABLE why (id int, tenant int, v vector(32));
INSERT INTO why SELECT i, i % 3, CASE WHEN i % 100 <> 0 THEN
	(SELECT array_agg(hashint8extended(i, j) / 1e19 ORDER BY j) FROM generate_series(1, 32) j)::vector END
FROM generate_series(1, 2000) i;
INSERT INTO why SELECT id + 10000, 7, v FROM why WHERE id % 300 BETWEEN 1 AND 3;
CREATE INDEX why_v ON why USING hnsw (v vector_l2_ops, tenant) WITH (m = 4, ef_construction = 8, bits = 1, refine_bits = 0);
ANALYZE why;
CREATE FUNCTION why_query(n int) RETURNS text LANGUAGE sql AS $$
	SELECT (array_agg(hashint8extended(-n, j) / 1e19 ORDER BY j)::vector)::text FROM generate_series(1, 32) j
$$;

-- The rows that a search of some width returns, and what all rows say of it
CREATE FUNCTION why_search(query text, n int, condition text, width int) RETURNS tid[] LANGUAGE plpgsql
	SET lokivector.target_recall = 0 AS $$
DECLARE
	rows tid[];
BEGIN
	PERFORM set_config('hnsw.ef_search', width::text, true);
	EXECUTE format('SELECT array_agg(ctid) FROM (SELECT ctid FROM why WHERE %s ORDER BY v <-> %L LIMIT %s) s', condition, query, n) INTO rows;
	RETURN rows;
END $$;
CREATE FUNCTION why_verdict(query text, row_id int, n int, condition text) RETURNS text LANGUAGE plpgsql
	SET enable_indexscan = off AS $$
DECLARE
	verdict text;
BEGIN
	EXECUTE format($q$
		WITH met AS MATERIALIZED (SELECT id, v <-> %1$L AS d FROM why WHERE %2$s), r AS (SELECT d FROM met WHERE id = %3$s)
		SELECT CASE WHEN NOT EXISTS (SELECT FROM why WHERE id = %3$s) THEN 'not visible'
			WHEN NOT EXISTS (SELECT FROM r) THEN 'condition'
			WHEN (SELECT count(*) FROM met, r WHERE met.d < r.d OR r.d IS NULL AND met.d IS NOT NULL) >= %4$s THEN 'rank'
			WHEN (SELECT count(*) FROM met, r WHERE met.d <= r.d OR r.d IS NULL) > %4$s THEN 'tie'
			ELSE 'found' END $q$, query, condition, row_id, n) INTO verdict;
	RETURN verdict;
END $$;

-- test: 1,000 rows: what is said of each is so by a plan without the index, and the width finds it
CREATE TABLE why_asked AS
SELECT n, query, condition, k, id, tid, w.*
FROM (SELECT n, why_query(n) AS query, (ARRAY['true', 'tenant = 1', 'tenant < 2 AND id % 2 = 0', 'id > 10000'])[n % 4 + 1] AS condition,
		(ARRAY[1, 10, 10, 60])[n / 4 % 4 + 1] AS k FROM generate_series(1, CASE WHEN current_setting('test.short', true) = 'yes' THEN 16 ELSE 50 END) n) q,
LATERAL (SELECT tid, id FROM (
	(SELECT ctid AS tid, id FROM why ORDER BY v <-> query::vector LIMIT 10) UNION
	(SELECT unnest(why_search(query, k, condition, 1000)), 0 LIMIT 6) UNION
	(SELECT ctid, id FROM why WHERE id % 250 = n)) s (tid, x) JOIN why ON why.ctid = tid) r,
lokivector_why('why_v', query, tid, k, condition) w;
SELECT count(*) >= CASE WHEN current_setting('test.short', true) = 'yes' THEN 250 ELSE 1000 END AS enough, count(DISTINCT verdict) AS verdicts,
	count(DISTINCT width) >= 3 AS widths FROM why_asked;
SELECT id, n, condition, k, verdict, why_verdict(query, id, k, condition) FROM why_asked
WHERE verdict <> why_verdict(query, id, k, condition) AND NOT (verdict = 'not found' AND why_verdict(query, id, k, condition) = 'found');
SELECT count(*) FILTER (WHERE NOT tid = ANY (why_search(query, k, condition, width))) AS not_found,
	count(*) FILTER (WHERE width > 40 AND tid = ANY (why_search(query, k, condition, width / 2))) AS found_before
FROM why_asked WHERE verdict = 'found' AND width < 1000;
SELECT count(*) FROM why_asked WHERE verdict = 'not found' AND tid = ANY (why_search(query, k, condition, 1000));
SELECT bool_and(uses_index) FROM why_asked WHERE verdict = 'found' AND condition = 'true';

-- test: the session's settings are what they were
SET hnsw.ef_search = 77;
SET lokivector.target_recall = 0.9;
SELECT verdict, rank, width FROM lokivector_why('why_v', why_query(1), (SELECT ctid FROM why ORDER BY v <-> why_query(1)::vector LIMIT 1), 1);
SELECT current_setting('hnsw.ef_search') AS ef, current_setting('lokivector.target_recall') AS recall, current_setting('search_path') AS path;
RESET hnsw.ef_search;
RESET lokivector.target_recall;

-- test: TIDs of no row, of dead rows, and NULLs
SELECT t, verdict FROM unnest('{"(0,0)","(0,65535)","(4294967295,65535)","(4294967294,1)"}'::tid[]) t, lokivector_why('why_v', why_query(1), t, 1)
WHERE verdict <> 'not visible';
BEGIN;
SELECT ctid AS tid FROM why WHERE id = 1 \gset
DELETE FROM why WHERE id = 1;
SELECT verdict FROM lokivector_why('why_v', why_query(1), :'tid', 1);
ROLLBACK;
SELECT verdict FROM lokivector_why('why_v', why_query(1), :'tid', 1);
SELECT w IS NULL AS none FROM lokivector_why('why_v', NULL, '(0,1)', 1) w;
SELECT verdict, distance, rank FROM lokivector_why('why_v', why_query(1), (SELECT ctid FROM why WHERE id = 100), 10);
SELECT verdict, distance, rank FROM lokivector_why('why_v', why_query(1), (SELECT ctid FROM why WHERE id = 100), 10000, 'id = 100');

-- test: errors
SELECT * FROM lokivector_why('why_v', why_query(1), '(0,1)', 0);
SELECT * FROM lokivector_why('why', why_query(1), '(0,1)', 1);
CREATE TABLE why_parts (id int, v vector(2)) PARTITION BY RANGE (id);
CREATE TABLE why_part PARTITION OF why_parts FOR VALUES FROM (0) TO (10);
INSERT INTO why_parts VALUES (1, '[1,1]'), (2, '[2,2]');
CREATE INDEX why_parts_v ON why_parts USING hnsw (v vector_l2_ops);
SELECT * FROM lokivector_why('why_parts_v', '[1,2]', '(0,1)', 1);
SELECT verdict, distance, rank, width FROM lokivector_why('why_part_v_idx', '[1,2]', '(0,2)', 2);
\set VERBOSITY terse
SELECT * FROM lokivector_why('why_part_v_idx', '[1,2,3]', '(0,1)', 1);
SELECT * FROM lokivector_why('why_part_v_idx', 'x', '(0,1)', 1);
-- ... a condition is one expression, which writes nothing by itself
SELECT * FROM lokivector_why('why_part_v_idx', '[1,2]', '(0,1)', 1, 'true); DROP TABLE why; SELECT (true');
SELECT * FROM lokivector_why('why_part_v_idx', '[1,2]', '(0,1)', 1, 'id = $1');
SELECT verdict FROM lokivector_why('why_part_v_idx', '[1,2]', '(0,1)', 1, 'id = 1 -- all');

-- test: indexes of other types, pending, on expressions, of words
CREATE TABLE why_types (id int, h halfvec(2), b bit(8), s sparsevec(9), m vector(2)[], w tsvector, loose vector);
INSERT INTO why_types SELECT i, ARRAY[i, i % 5]::halfvec, i::bit(8), format('{1:%s,2:%s}/9', i, i % 7 + 1)::sparsevec, ARRAY[ARRAY[i, 1]::vector],
	('fox' || CASE WHEN i % 3 = 0 THEN ' dog' ELSE ' cat jumps' END || ' n' || i)::tsvector, CASE WHEN i % 2 = 0 THEN ARRAY[i, 1]::vector ELSE '[1]' END
FROM generate_series(1, 50) i;
CREATE INDEX why_h ON why_types USING hnsw (h halfvec_cosine_ops);
CREATE INDEX why_b ON why_types USING hnsw (b bit_hamming_ops);
CREATE INDEX why_s ON why_types USING hnsw (s sparsevec_ip_ops);
CREATE INDEX why_m ON why_types USING hnsw (m vector_maxsim_ops);
CREATE INDEX why_w ON why_types USING hnsw (w bm25_ops);
CREATE INDEX why_loose ON why_types USING hnsw ((loose::vector(2)) vector_l2_ops) WHERE vector_dims(loose) = 2;
SELECT name, verdict, width, uses_index, count(*), min(rank), max(rank)
FROM (VALUES ('why_h', '[1,1]', 'true'), ('why_b', '00000000', 'true'), ('why_s', '{1:1}/9', 'id > 10'), ('why_m', '{"[1,0]"}', 'true'),
	('why_w', 'dog & n12', 'true'), ('why_loose', '[3,1]', 'vector_dims(loose) = 2')) q (name, query, condition),
why_types, lokivector_why(name::regclass, query, why_types.ctid, 3, condition)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3;

-- test: a partial index: rows that it lacks have a verdict of their own, and do not count
SELECT verdict, uses_index, count(*), min(rank), max(rank), bool_and(id % 2 = 0) AS even
FROM why_types, lokivector_why('why_loose', '[3,1]', why_types.ctid, 3) GROUP BY 1, 2 ORDER BY 1, 2;
CREATE SCHEMA why_half;
CREATE FUNCTION why_half.below(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 < $2 OR $1 > 40 AND $1 < 43';
CREATE OPERATOR why_half.< (LEFTARG = int, RIGHTARG = int, FUNCTION = why_half.below);
CREATE INDEX why_half_h ON why_types USING hnsw (h halfvec_l2_ops) WHERE id OPERATOR(why_half.<) 20 OR b IS NULL;
SELECT verdict, uses_index, count(*), min(rank), max(rank), min(id), max(id)
FROM why_types, lokivector_why('why_half_h', '[1,1]', why_types.ctid, 3, 'id <> 7 -- all') GROUP BY 1, 2 ORDER BY 1, 2;

-- test: row security: a hidden row and none are one answer, and ranks count what the caller sees
CREATE ROLE regress_why;
CREATE TABLE why_rows (id int, who text, v vector(2));
INSERT INTO why_rows SELECT i, CASE WHEN i % 2 = 0 THEN 'regress_why' ELSE 'other' END, ARRAY[i, 0]::vector FROM generate_series(1, 300) i;
CREATE INDEX why_rows_v ON why_rows USING hnsw (v vector_l2_ops);
SET ROLE regress_why;
SELECT * FROM lokivector_why('why_rows_v', '[0,0]', '(0,6)', 3);
RESET ROLE;
GRANT SELECT ON why_rows TO regress_why;
ALTER TABLE why_rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON why_rows USING (who = current_user);
CREATE FUNCTION why_spy(int) RETURNS boolean LANGUAGE plpgsql COST 1e-9 AS $$ BEGIN IF $1 % 2 = 1 THEN RAISE 'saw row %', $1; END IF; RETURN true; END $$;
SET ROLE regress_why;
SELECT t, verdict, distance, rank, width FROM unnest('{"(0,5)","(0,6)","(0,8)","(7,99)"}'::tid[]) t, lokivector_why('why_rows_v', '[0,0]', t, 3, 'why_spy(id)');
SELECT count(*) AS differ FROM generate_series(1, 100) i, lokivector_why('why_rows_v', '[0,0]', format('(0,%s)', i)::tid, 3, 'who <> ''x''') w
WHERE (verdict, rank) IS DISTINCT FROM (CASE WHEN i % 2 = 1 THEN 'not visible' WHEN i > 6 THEN 'rank' ELSE 'found' END, CASE WHEN i % 2 = 0 THEN i / 2 END);
RESET ROLE;

-- test: names: those of the condition by the caller's path, all others in full
CREATE SCHEMA why_decoys;
SET search_path = why_decoys, pg_catalog, public;
CREATE FUNCTION why_decoys.decoy(anyelement, anyelement) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'a decoy was called'; END $$;
CREATE FUNCTION why_decoys.taken(tid, tid) RETURNS boolean LANGUAGE sql AS $$SELECT why_decoys.decoy(1, 1)$$;
CREATE OPERATOR why_decoys.= (LEFTARG = tid, RIGHTARG = tid, FUNCTION = why_decoys.taken);
CREATE FUNCTION why_decoys.taken(float8, float8) RETURNS boolean LANGUAGE sql AS $$SELECT why_decoys.decoy(1, 1)$$;
CREATE OPERATOR why_decoys.< (LEFTARG = float8, RIGHTARG = float8, FUNCTION = why_decoys.taken);
CREATE FUNCTION why_decoys.taken(int8, int4) RETURNS boolean LANGUAGE sql AS $$SELECT why_decoys.decoy(1, 1)$$;
CREATE OPERATOR why_decoys.> (LEFTARG = int8, RIGHTARG = int4, FUNCTION = why_decoys.taken);
CREATE FUNCTION why_decoys.taken(vector, vector) RETURNS float8 LANGUAGE sql AS $$SELECT 1 / why_decoys.decoy(1, 1)::int$$;
CREATE OPERATOR why_decoys.<-> (LEFTARG = vector, RIGHTARG = vector, FUNCTION = why_decoys.taken);
CREATE FUNCTION why_decoys.set_config(text, text, boolean) RETURNS text LANGUAGE sql AS $$SELECT why_decoys.decoy(1, 1)::text$$;
CREATE FUNCTION why_decoys.current_setting(text) RETURNS text LANGUAGE sql AS $$SELECT why_decoys.decoy(1, 1)::text$$;
CREATE FUNCTION why_decoys.format(text, VARIADIC "any") RETURNS text LANGUAGE internal AS 'text_format';
CREATE FUNCTION why_decoys.vector_dims(vector) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT 2$$;
CREATE DOMAIN why_decoys.vector AS public.vector CHECK (false);
CREATE FUNCTION why_decoys.here(int) RETURNS boolean LANGUAGE sql AS $$SELECT $1 OPERATOR(pg_catalog.<) 3$$;
SELECT verdict, rank, width FROM lokivector_why('public.why_part_v_idx', '[1,1]', '(0,1)', 1, 'here(id)');
SELECT verdict, rank, width FROM lokivector_why('public.why_loose', '[2,1]', '(0,2)', 1, 'public.vector_dims(loose) OPERATOR(pg_catalog.=) 2');
SET search_path = public;
SELECT verdict FROM lokivector_why('why_part_v_idx', '[1,1]', '(0,1)', 1, 'here(id)');
RESET search_path;

-- test: functions of another role, as in an index on an expression, are not run
CREATE FUNCTION why_mine(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
ALTER FUNCTION why_mine OWNER TO regress_why;
CREATE INDEX why_expression ON why_part USING hnsw ((why_mine(v)::vector(2)) vector_l2_ops);
SELECT * FROM lokivector_why('why_expression', '[1,1]', '(0,1)', 1);
CREATE DOMAIN why_domain AS vector CHECK (why_mine(VALUE) IS NOT NULL);
ALTER FUNCTION why_mine OWNER TO CURRENT_USER;
ALTER DOMAIN why_domain OWNER TO regress_why;
CREATE INDEX why_of_domain ON why_part USING hnsw ((((v::why_domain)::vector)::vector(2)) vector_l2_ops);
SELECT * FROM lokivector_why('why_of_domain', '[1,1]', '(0,1)', 1);
SELECT verdict, rank FROM lokivector_why('why_expression', '[1,1]', '(0,1)', 1);

\set VERBOSITY default
SET client_min_messages = warning;
DROP SCHEMA why_decoys CASCADE;
DROP TABLE why, why_asked, why_parts, why_types, why_rows;
DROP DOMAIN why_domain;
DROP FUNCTION why_query, why_search, why_verdict, why_spy, why_mine;
DROP ROLE regress_why;
