-- Conditions on attributes that are no index conditions: negations, and OR.  The scan
-- tests them on slots, so that what is around a query and excluded does not hide the rest.
SET lokivector.enable_hybrid_scan = on;

CREATE FUNCTION condition_vector(n integer, scale float8) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, spread => scale);

-- test: rows of other groups than the one around the query
-- Groups far from each other, which were loaded one after the other
CREATE TABLE condition_g AS
SELECT i AS id, i / 500 AS g, 'group number ' || i / 500 AS name, ARRAY[i / 500] AS gs, i % 7 AS other,
	(condition_vector(-1 - i / 500, 1) + condition_vector(i, 0.01))::vector(16) AS v
FROM generate_series(0, 19999) i;
CREATE INDEX condition_g_idx ON condition_g USING hnsw (v vector_l2_ops, g, name, gs);
VACUUM ANALYZE condition_g;

-- Of some queries: those that find none of the nearest ten, those that find fewer rows than
-- there are, and those of whose rows the scan did not itself leave out all that it should
CREATE FUNCTION condition_missed(condition text, OUT missed bigint, OUT short bigint, OUT dropped bigint) AS $$
DECLARE
	q record;
	query text;
	found bigint[];
	truth bigint[];
BEGIN
	missed := 0;
	short := 0;
	dropped := 0;
	FOR q IN SELECT * FROM condition_g WHERE id % 500 = 3 LOOP
		query := format('SELECT array_agg(id) FROM (SELECT id FROM condition_g WHERE %s ORDER BY v <-> $1 LIMIT 10) s',
			replace(replace(condition, 'THIS', q.g::text), 'NEXT', ((q.g + 1) % 40)::text));
		SET LOCAL enable_seqscan = off;
		EXECUTE query INTO found USING q.v;
		SET LOCAL enable_seqscan = on;
		dropped := dropped + (SELECT (rows <> 10)::int FROM lokivector_scan_stats());
		SET LOCAL enable_indexscan = off;
		EXECUTE query INTO truth USING q.v;
		SET LOCAL enable_indexscan = on;
		short := short + (cardinality(found) < cardinality(truth))::int;
		missed := missed + (NOT found && truth)::int;
	END LOOP;
END $$ LANGUAGE plpgsql;
SELECT condition, missed, short, dropped FROM unnest(ARRAY[
	'g <> THIS', 'THIS <> g', 'g <> THIS::bigint', 'NOT g = THIS', 'g NOT IN (THIS, NEXT)',
	'g IS DISTINCT FROM THIS', 'g < THIS OR g > THIS', 'NOT (g = THIS OR g = NEXT)',
	$$name <> 'group number THIS'$$, $$name NOT IN ('group number THIS', 'none')$$,
	$$g <> THIS AND (name = 'group number NEXT' OR g IS NULL OR g > THIS)$$,
	$$g = NEXT OR name = 'group number NEXT'$$, 'g IS NOT DISTINCT FROM NEXT', 'NEXT = ANY (gs) OR g IS NULL',
	$$g IS NULL OR 'group number NEXT'::name = name$$
]) condition, condition_missed(condition) WHERE missed + short + dropped > 0;

-- test: the same by what is not in the index
SELECT condition, missed, short FROM unnest(ARRAY[
	'g + 0 <> THIS', '(g + THIS) % 2 = 1', 'g / 4 <> THIS / 4', 'g % 8 = (THIS + 4) % 8', 'other = 3',
	'g + 0 <> ALL (ARRAY(SELECT n.g FROM condition_g n WHERE id % 500 = 3 ORDER BY n.v <-> $1 FETCH FIRST 5 ROWS WITH TIES))'
]) condition, condition_missed(condition) WHERE missed + short > 0;

-- test: few rows pass, each in a group of its own, or all in far groups
CREATE FUNCTION condition_few(condition text, k integer, OUT missed bigint, OUT short bigint) LANGUAGE sql AS $$
	SELECT sum(wanted - hits), count(*) FILTER (WHERE returned < wanted)
	FROM condition_g q, found('condition_g', format('v <-> %L', q.v), k, condition) WHERE q.id % 500 = 3
$$;
SELECT condition, k, missed, short
FROM unnest(ARRAY['id % 500 = 7', 'g + 0 IN (3, 20, 37) AND id % 37 = 5', 'g + 0 = 20 AND id % 61 = 5', 'id % 100 = 7',
		'g + 0 NOT IN (SELECT x FROM generate_series(0, 39) x WHERE x <> 20)'])
		condition, unnest(ARRAY[1, 2, 5, 10, 40]) k, condition_few(condition, k)
WHERE missed + short > 0;
DROP FUNCTION condition_few;

-- test: parameters, and rows of other tables
PREPARE condition_p(integer, vector) AS
	SELECT count(*), count(*) FILTER (WHERE g <> $1)
	FROM (SELECT g FROM condition_g WHERE g <> $1 ORDER BY v <-> $2 LIMIT 10) s;
SET plan_cache_mode = force_generic_plan;
EXECUTE condition_p(5, condition_vector(-6, 1));
EXECUTE condition_p(6, condition_vector(-6, 1));
EXECUTE condition_p(NULL, condition_vector(-6, 1));
PREPARE condition_same(integer, vector) AS
	SELECT count(*), count(*) FILTER (WHERE g = $1)
	FROM (SELECT g FROM condition_g WHERE g IS NOT DISTINCT FROM $1 ORDER BY v <-> $2 LIMIT 10) s;
EXECUTE condition_same(5, condition_vector(-7, 1));
EXECUTE condition_same(NULL, condition_vector(-6, 1));
EXECUTE condition_same(6, condition_vector(-6, 1));
DEALLOCATE condition_same;
RESET plan_cache_mode;
-- conditions that may ask for nothing: what is asked for is a filter of the scan, which returns no row more
PREPARE condition_optional(integer, text, text, vector) AS
	SELECT count(*), count(*) FILTER (WHERE g = $1), count(*) FILTER (WHERE name = $2)
	FROM (SELECT g, name FROM condition_g WHERE ($1 IS NULL OR g = $1) AND ($2 = '' OR name = $2) AND ($3 = '' OR g <> $3::integer)
		ORDER BY v <-> $4 LIMIT 10) s;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE condition_optional(5, '', '', condition_vector(-1, 1));
EXECUTE condition_optional(5, '', '', condition_vector(-1, 1));
SELECT rows FROM lokivector_scan_stats();
EXECUTE condition_optional(NULL, 'group number 7', '', condition_vector(-1, 1));
SELECT rows FROM lokivector_scan_stats();
EXECUTE condition_optional(NULL, '', '', condition_vector(-1, 1));
EXECUTE condition_optional(NULL, '', '0', condition_vector(-1, 1));
SELECT rows FROM lokivector_scan_stats();
EXECUTE condition_optional(7, 'group number 7', '6', condition_vector(-1, 1));
EXECUTE condition_optional(5, 'group number 7', '', condition_vector(-1, 1));
EXECUTE condition_optional(5, NULL, '', condition_vector(-1, 1));
DEALLOCATE condition_optional;
-- the same in other words
CREATE FUNCTION condition_idiom(condition text, value text, OUT n int, OUT same boolean, OUT read bigint)
LANGUAGE plpgsql AS $$
DECLARE
	rows float8[];
	truth float8[];
BEGIN
	EXECUTE 'PREPARE condition_idiom(integer, vector) AS SELECT array_agg(d) FROM
		(SELECT v <-> $2 AS d FROM condition_g WHERE ' || condition || ' ORDER BY v <-> $2 LIMIT 10) s';
	EXECUTE format('EXECUTE condition_idiom(%s, condition_vector(-1, 1))', value) INTO rows;
	SELECT s.rows INTO read FROM lokivector_scan_stats() s;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	EXECUTE format('SELECT array_agg(d) FROM (SELECT v <-> condition_vector(-1, 1) AS d FROM condition_g WHERE %s ORDER BY 1 LIMIT 10) s',
		replace(condition, '$1', value || '::integer')) INTO truth;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	DEALLOCATE condition_idiom;
	n := cardinality(rows);
	same := rows = truth;
END $$;
SELECT condition, value, i.* FROM unnest(ARRAY['g = coalesce($1, g)', 'coalesce($1, g) = g', 'coalesce($1, g + 0) = g',
		'CASE WHEN $1 IS NULL THEN true ELSE g = $1 END', 'CASE WHEN $1 IS NOT NULL THEN g = $1 ELSE g <> 3 END',
		'g = CASE WHEN $1 IS NULL THEN g ELSE $1 END', 'CASE WHEN $1 = 0 THEN 1 ELSE 6 / $1 END = g', 'g < CASE WHEN $1 IS NULL THEN g + 1 ELSE $1 END',
		'(g = $1) IS NOT FALSE', 'g = ANY (ARRAY[$1]) OR $1 IS NULL']) condition,
	unnest(ARRAY['5', '0', 'NULL']) value, condition_idiom(condition, value) i
ORDER BY condition COLLATE "C", value;
DROP FUNCTION condition_idiom;
-- with LIMIT $3 OFFSET $4, which the server does not know either: slots decide, so that few rows are read
PREPARE condition_page(integer[], vector, bigint, bigint) AS SELECT g FROM condition_g
	WHERE (g = ANY ($1) OR $1 IS NULL) AND CASE WHEN $1 IS NULL THEN true ELSE g = coalesce($1[1], g) END ORDER BY v <-> $2 LIMIT $3 OFFSET $4;
EXECUTE condition_page('{5,6}', condition_vector(-1, 1), 4, 3);
SELECT nodes_filtered > 0 AS by_slots, rows < 20 AS few FROM lokivector_scan_stats();
EXECUTE condition_page(NULL, condition_vector(-6, 1), 2, 3);
DEALLOCATE condition_page;
PREPARE condition_either(integer, boolean, vector) AS
	SELECT count(*), count(*) FILTER (WHERE g = $1)
	FROM (SELECT g FROM condition_g WHERE ($2 AND g = $1) OR (NOT $2 AND g IS DISTINCT FROM $1) ORDER BY v <-> $3 LIMIT 10) s;
EXECUTE condition_either(3, true, condition_vector(-1, 1));
EXECUTE condition_either(0, false, condition_vector(-1, 1));
EXECUTE condition_either(NULL, false, condition_vector(-1, 1));
EXECUTE condition_either(0, NULL, condition_vector(-1, 1));
DEALLOCATE condition_either;
-- an error that no row comes to
PREPARE condition_error(integer, vector) AS
	SELECT count(*) FROM (SELECT g FROM condition_g WHERE g >= 0 OR (g = 6 / $1) IS NOT FALSE ORDER BY v <-> $2 LIMIT 10) s;
EXECUTE condition_error(0, condition_vector(-1, 1));
DEALLOCATE condition_error;
RESET plan_cache_mode;
SELECT count(*), count(*) FILTER (WHERE s.g <> k)
FROM generate_series(0, 19) k,
	LATERAL (SELECT g FROM condition_g WHERE g <> k ORDER BY v <-> condition_vector(-1 - k, 1) LIMIT 10) s;
-- within a bitmap and within a distance
CREATE INDEX condition_other ON condition_g (other);
SELECT count(*), count(*) FILTER (WHERE g <> 5 AND other = 3)
FROM (SELECT g, other FROM condition_g WHERE g <> 5 AND other = 3 ORDER BY v <-> condition_vector(-6, 1) LIMIT 10) s;
SELECT count(*), count(*) FILTER (WHERE g <> 5)
FROM (SELECT g FROM condition_g WHERE g <> 5 AND v <-> condition_vector(-6, 1) < 4 ORDER BY v <-> condition_vector(-6, 1) LIMIT 10) s;
-- not under pgvector's limits
SET lokivector.complete = off;
SELECT count(*) < 10 AS short
FROM (SELECT g FROM condition_g WHERE g <> 5 ORDER BY v <-> condition_vector(-6, 1) LIMIT 10) s;
RESET lokivector.complete;
DROP FUNCTION condition_missed;
DROP TABLE condition_g;

-- test: no row is lost, whatever the type of the attribute
-- Values that slots tell apart, and values that they do not; some texts have the hash of
-- another
CREATE TYPE condition_e AS ENUM ('a', 'b', 'c');
CREATE TABLE condition_t AS
SELECT i AS id, CASE WHEN i % 50 > 0 THEN condition_vector(i, 1) END::vector(16) AS v,
	CASE WHEN i % 11 > 0 THEN i % 5 END AS n, CASE WHEN i % 13 > 0 THEN i % 3 = 0 END AS b,
	CASE WHEN i % 7 > 0 THEN (i % 4)::numeric + 0.00000000000000000001 * (i % 3) END AS m,
	CASE WHEN i % 17 > 0 THEN (enum_range(NULL::condition_e))[1 + i % 3] END AS e,
	CASE WHEN i % 19 > 0 THEN ARRAY[i % 3, i % 4] END AS a, ((i % 3)::text)::varchar AS c,
	md5((i % 4)::text)::uuid AS u, date '2024-01-01' + i % 6 AS d,
	(SELECT array_agg('text ' || k) FROM generate_series(1, 3) k)[1 + i % 3] AS t
FROM generate_series(1, 3000) i;
WITH hashes AS MATERIALIZED (
	SELECT hashtext('text ' || k) AS hash, array_agg('text ' || k) AS texts
	FROM generate_series(1, 200000) k GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1)
UPDATE condition_t SET t = texts[1 + id / 10 % 2] FROM hashes WHERE id % 10 = 0;
CREATE INDEX condition_t_idx ON condition_t USING hnsw (v vector_l2_ops, n, b, m, e, a, c, u, d, t, abs(n) int4_ops);
VACUUM ANALYZE condition_t;
SELECT t AS one FROM condition_t WHERE id = 10 \gset
SELECT t AS same FROM condition_t WHERE id = 20 \gset
SELECT :'one' <> :'same' AND hashtext(:'one') = hashtext(:'same') AS hashed;

-- Conditions for which an index scan does not return the rows that there are, all of them
-- or the nearest five
CREATE FUNCTION condition_wrong(condition text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s: %s rows of %s', condition, returned, wanted)
	FROM unnest('{5,100000}'::int[]) k, found('condition_t', format('v <-> %L', condition_vector(-5, 1)), k, condition)
	WHERE distances IS DISTINCT FROM nearest
$$;
SELECT w FROM unnest(ARRAY[
	'n <> 3', 'n IS DISTINCT FROM 3', 'n IS NOT DISTINCT FROM 3', 'n IS NOT DISTINCT FROM NULL OR n = 1',
	'n IS NOT DISTINCT FROM (SELECT NULL::int)', 'n IS NOT DISTINCT FROM (SELECT 3)', 'b IS NOT DISTINCT FROM (SELECT NULL::bool) OR n = 1', 'n <> 99', 'n <> 99999999999',
	'n NOT IN (1, 2)', 'n NOT IN (1, NULL)', 'n <> ALL (ARRAY[]::int[])', 'n <> ALL (NULL::int[])',
	'n <> ANY (ARRAY[1, 2])', 'n < ALL (ARRAY[3, 4])', 'n IN (1, 2) OR n IS NULL', 'n = 1 OR id = 7',
	'n = 1 OR (n = 2 AND id % 2 = 0)', 'n <> 1 AND random() < 2', 'n = 1 OR random() < 2',
	'b', 'NOT b', 'b IS NOT TRUE', 'b IS NOT FALSE', 'b IS UNKNOWN OR n = 1', 'b IS NOT UNKNOWN OR n = 1',
	'b OR n = 1', 'NOT b OR n = 1', 'b <> true', 'b IS DISTINCT FROM false',
	'm <> 1', 'm <> 1.00000000000000000001', 'm <> 2.00000000000000000002', 'm IS DISTINCT FROM 2.00000000000000000001', 'm NOT IN (1, 2)', 'm > 2 OR m < 1', 'm <> 1 OR n = 2',
	$$e <> 'b'$$, $$e NOT IN ('a', 'b')$$, $$e < 'b' OR e > 'b'$$, $$a <> '{0,0}'$$, $$a = '{0,0}' OR n = 1$$,
	$$a @> '{1}' OR a && '{2,3}'$$, $$NOT a @> '{1}'$$, '1 = ANY (a) OR 3 = ANY (a)', '(SELECT 1) = ANY (a) OR n = 1', 'NULL = ANY (a) OR n = 1', '(SELECT NULL::int) = ANY (a) OR n = 1', 'n = ANY (a) OR n = 3', '2 < ANY (a) OR n = 3', '1 <> ALL (a)', '1 = ALL (a) OR n = 3', $$c <> '1'$$, $$c NOT IN ('0', '2')$$,
	$$u <> md5('1')::uuid$$, $$u IS DISTINCT FROM md5('2')::uuid$$, $$d <> '2024-01-03'$$,
	$$d <> timestamptz '2024-01-03 00:00:00+00'$$, $$d < '2024-01-02' OR d >= timestamp '2024-01-05 12:00:00'$$,
	$$t <> 'text 1'$$, $$t NOT IN ('text 1', 'text 3')$$, $$t <> 'text 2' COLLATE "C"$$, 't <> current_user',
	'v IS NULL AND n <> 3', 'v IS NULL OR n = 3', 'abs(n) <> 3', 'abs(n) = 3 OR n = 1', 'n <> n', 'n <> id % 5',
	'CASE WHEN n = 1 THEN true END OR n = 2', 'n = (SELECT 3) OR n = 4', 'n <> (SELECT 3)', 'n <> (SELECT max(x.id) FROM condition_t x WHERE x.id < 3 AND x.n <> 1)'
]) condition, condition_wrong(condition) w;
SELECT w FROM unnest(ARRAY[:'one', :'same']) t, condition_wrong(format('t <> %L', t)) w;
SELECT w FROM unnest(ARRAY[:'one', :'same']) t, condition_wrong(format('t IS DISTINCT FROM %L AND t LIKE ''text ____%%''', t)) w;
-- texts that a nondeterministic collation takes for equal, which needs ICU
SELECT count(*) > 0 AS icu FROM pg_collation WHERE collname = 'und-x-icu' \gset
\if :icu
CREATE COLLATION condition_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\else
CREATE COLLATION condition_ci FROM "C";
\endif
SELECT count(*) = 0 OR NOT :'icu' AS none FROM (
	SELECT id FROM condition_t WHERE t <> 'TEXT 1' COLLATE condition_ci AND t = 'text 1' ORDER BY v <-> condition_vector(-5, 1) LIMIT 10) s;
SELECT CASE WHEN :'icu' THEN count(*) ELSE 10 END AS count FROM (
	SELECT id FROM condition_t WHERE t = 'TEXT 1' COLLATE condition_ci OR n = 77 ORDER BY v <-> condition_vector(-5, 1) LIMIT 10) s;

-- test: a policy
CREATE FUNCTION condition_spy(integer) RETURNS boolean AS $$
BEGIN
	IF $1 = 3 THEN RAISE WARNING 'saw a hidden row'; END IF;
	RETURN true;
END $$ LANGUAGE plpgsql COST 0.0001;
CREATE ROLE regress_condition;
GRANT SELECT ON condition_t TO regress_condition;
ALTER TABLE condition_t ENABLE ROW LEVEL SECURITY;
CREATE POLICY condition_policy ON condition_t USING (n <> 3);
SET ROLE regress_condition;
SELECT count(*), count(*) FILTER (WHERE n = 3) AS hidden FROM (
	SELECT n FROM condition_t WHERE condition_spy(n) AND (b OR t <> 'text 1') ORDER BY v <-> condition_vector(-5, 1) LIMIT 100) s;
RESET ROLE;
DROP FUNCTION condition_wrong, condition_spy;
DROP TABLE condition_t;
DROP ROLE regress_condition;
DROP TYPE condition_e;
DROP COLLATION condition_ci;
DROP FUNCTION condition_vector;
