-- One order out of several: rrf(), weighted_rrf(), weighted_scores() and leg_rank()
CREATE TABLE items (id int PRIMARY KEY, tenant int, v vector(3), words tsvector, age int);
INSERT INTO items SELECT i, i % 3, ARRAY[sin(i), cos(i), sin(i * 3)],
		to_tsvector('simple', 'w' || i % 7 || ' w' || i % 11 || ' w' || i % 13), i * 7 % 3001
	FROM generate_series(1, 3000) i;
CREATE INDEX items_v ON items USING hnsw (v vector_cosine_ops, tenant);
CREATE INDEX items_words ON items USING gin (words);
CREATE INDEX items_age ON items (age);
ANALYZE items;
CREATE FUNCTION nodes(query text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT regexp_replace(line, '^[ >-]*|(?<=ctid) =.*(?=\))', '', 'g') FROM plan_lines(query) line
	WHERE line ~ 'Scan.* on (items|part)|Index Cond|Order By|TID Cond' AND line !~ 'Subquery'
$$;

-- test: each leg uses its index, with the condition
SET enable_seqscan = off;
SELECT nodes($$SELECT id FROM items WHERE tenant = 1 ORDER BY rrf(v <=> '[1,2,3]',
	CASE WHEN words @@ 'w3' THEN -ts_rank_cd(words, 'w3') END, -age, age) DESC LIMIT 5$$);
RESET enable_seqscan;

-- test: a condition of a leg that may fail for a row comes after those of the query, and uses no index then
CREATE FUNCTION is_open(tenant int) RETURNS boolean LANGUAGE plpgsql COST 10000 AS $$ BEGIN RETURN tenant <> 0; END $$;
CREATE TABLE opened AS SELECT id FROM items WHERE tenant <> 0;
CREATE INDEX items_age_7 ON items ((age % 7));
SELECT count(*) FROM (SELECT id FROM items WHERE is_open(tenant)
	ORDER BY rrf(CASE WHEN 10 / tenant > 1 THEN v <=> '[1,2,3]' END, age) DESC LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM items CROSS JOIN array_to_vector('{1,2,3}'::int[], 3, false) AS q WHERE id IN (SELECT id FROM opened)
	ORDER BY rrf(CASE WHEN 10 / tenant > 1 THEN v <=> q END, age) DESC LIMIT 5) s;
SET enable_seqscan = off;
SELECT nodes($$SELECT id FROM items WHERE is_open(tenant) ORDER BY rrf(CASE WHEN words @@ 'w3' THEN age END) DESC LIMIT 5$$);
SELECT nodes($$SELECT id FROM items WHERE is_open(tenant) ORDER BY rrf(CASE WHEN age % 7 = 3 THEN v <=> '[1,2,3]' END) DESC LIMIT 5$$);
RESET enable_seqscan;
DROP INDEX items_age_7;
DROP FUNCTION is_open;
DROP TABLE opened;

-- test: scores and ranks, also of rows that a leg does not have
SELECT id, round(score::numeric, 6) AS score, first, second,
	score = coalesce(1.0::float8 / (60 + first), 0) + coalesce(1.0::float8 / (60 + second), 0) AS sum
	FROM (SELECT id, rrf(v <=> '[1,2,3]', CASE WHEN words @@ 'w3 & w4' THEN age END) AS score,
		leg_rank(1) AS first, leg_rank(2) AS second
		FROM items ORDER BY score DESC, id LIMIT 6) s;
SELECT id, weighted_rrf('{1,3}', v <=> '[1,2,3]', age) AS score FROM items ORDER BY score DESC LIMIT 1;
SELECT id, round(weighted_scores('{1,0.5}', v <=> '[1,2,3]', age)::numeric, 3) AS score FROM items
	ORDER BY weighted_scores('{1,0.5}', v <=> '[1,2,3]', age) DESC LIMIT 2;
SELECT age FROM items ORDER BY rrf(-(age + 1)) DESC LIMIT 1;

-- test: views, prepared statements, lateral joins, common table expressions
CREATE TABLE answer AS SELECT id, rrf(v <=> '[1,2,3]', age) AS score FROM items WHERE tenant = 1 ORDER BY score DESC LIMIT 10;
CREATE FUNCTION differs(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	EXECUTE format('WITH q AS (%s) SELECT (SELECT count(*) FROM (TABLE answer EXCEPT ALL TABLE q) s) +
		(SELECT count(*) FROM (TABLE q EXCEPT ALL TABLE answer) s)', query) INTO n;
	RETURN n;
END $$;
CREATE VIEW hits AS SELECT id, tenant, rrf(v <=> '[1,2,3]', age) AS score FROM items;
SELECT differs('SELECT id, score FROM hits WHERE tenant = 1 ORDER BY score DESC LIMIT 10') AS view,
	differs($$SELECT n.* FROM (VALUES ('[1,2,3]'::vector)) q(v), LATERAL (SELECT id, rrf(items.v <=> q.v, age) AS score
		FROM items WHERE tenant = 1 ORDER BY score DESC LIMIT 10) n$$) AS values,
	differs($$SELECT n.* FROM (SELECT '[1,2,3]'::vector AS v FROM items WHERE id = 1) q CROSS JOIN LATERAL (SELECT id, rrf(items.v <=> q.v, age) AS score
		FROM items WHERE tenant = 1 ORDER BY score DESC LIMIT 10) n$$) AS lateral,
	differs($$WITH q AS MATERIALIZED (SELECT '[1,2,3]'::vector AS v) SELECT id, rrf(v <=> (SELECT v FROM q), age) AS score
		FROM items WHERE tenant = 1 ORDER BY score DESC LIMIT 10$$) AS cte,
	differs($$WITH q AS MATERIALIZED (SELECT 1 AS t) SELECT id, rrf(v <=> '[1,2,3]', age) AS score
		FROM items WHERE tenant IN (SELECT t FROM q) ORDER BY score DESC LIMIT 10$$) AS semijoin_cte,
	differs($$WITH t AS MATERIALIZED (SELECT 1 AS t) SELECT s.* FROM t CROSS JOIN LATERAL (SELECT id, rrf(v <=> '[1,2,3]', age) AS score
		FROM items WHERE tenant = (SELECT t.t FROM t) AND tenant = t.t ORDER BY score DESC LIMIT 10) s$$) AS outer_cte,
	differs($$SELECT id, rrf(v <=> q, age) AS score FROM items, array_to_vector('{1,2,3}'::int[], 3, false) q
		WHERE tenant = 1 ORDER BY score DESC LIMIT 10$$) AS function,
	differs($$SELECT id, rrf(v <=> q, age) AS score FROM items CROSS JOIN l2_normalize(v) w CROSS JOIN (SELECT '[1,2,3]'::vector) s(q)
		WHERE tenant = 1 ORDER BY score DESC LIMIT 10$$) AS functions,
	differs($$SELECT id, score FROM (SELECT id, rrf(v <=> '[1,2,3]', age) AS score FROM items WHERE tenant = 1 ORDER BY score DESC LIMIT 10) s
		JOIN items USING (id)$$) AS joined;
-- columns of a join that has a name
SELECT differs($$SELECT id, rrf(v <=> '[1,2,3]', j.age) AS score FROM (items CROSS JOIN l2_normalize(v) w) AS j
	WHERE tenant = 1 ORDER BY score DESC LIMIT 10$$) AS name;
PREPARE near (vector, int, int) AS SELECT id, rrf(v <=> $1, age) AS score FROM items WHERE tenant = $2 ORDER BY score DESC LIMIT $3;
SET plan_cache_mode = force_generic_plan;
CREATE TABLE prepared AS EXECUTE near('[1,2,3]', 1, 10);
SELECT differs('TABLE prepared') AS generic;
PREPARE ranks (int) AS SELECT id, leg_rank($1), leg_rank($1 + 1) FROM items ORDER BY rrf(age, -age) DESC, id LIMIT 1;
EXECUTE ranks(1);
EXECUTE ranks(2);
EXECUTE ranks(NULL);
RESET plan_cache_mode;
SELECT count(*) FROM (SELECT id FROM items ORDER BY rrf(v <=> '[1,2,3]', age) DESC LIMIT 9223372036854775807) s;

-- test: without LIMIT every row has its ranks, in a cursor too
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, leg_rank(1), leg_rank(2) FROM items ORDER BY rrf(age, -age) DESC, id;
FETCH 2 FROM c;
MOVE LAST IN c;
FETCH BACKWARD 1 FROM c;
COMMIT;

-- test: the first statement of a session
\c -
SELECT id FROM items ORDER BY rrf(age) DESC LIMIT 2;

-- test: partitions have one order
CREATE TABLE parted (LIKE items) PARTITION BY LIST (tenant);
CREATE TABLE part_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE part_12 PARTITION OF parted FOR VALUES IN (1, 2);
INSERT INTO parted TABLE items;
CREATE INDEX ON parted USING hnsw (v vector_cosine_ops);
ANALYZE parted;
SELECT count(*) AS different FROM (
	(SELECT id, rrf(v <=> '[1,2,3]', age) AS score FROM parted ORDER BY score DESC LIMIT 20) EXCEPT ALL
	(SELECT id, rrf(v <=> '[1,2,3]', age) AS score FROM items ORDER BY score DESC LIMIT 20)) s;

-- test: row security hides rows from every leg
CREATE ROLE fusion_reader;
GRANT SELECT ON items, answer TO fusion_reader;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON items TO fusion_reader USING (tenant = 1);
SET ROLE fusion_reader;
SELECT count(*) AS different FROM (TABLE answer EXCEPT ALL
	(SELECT id, rrf(v <=> '[1,2,3]', age) AS score FROM items ORDER BY score DESC LIMIT 10)) s;
RESET ROLE;
REVOKE SELECT ON items FROM fusion_reader;
GRANT SELECT (id, age) ON items TO fusion_reader;
SET ROLE fusion_reader;
SELECT count(*) FROM (SELECT id FROM items ORDER BY rrf(age) DESC LIMIT 2) s;
SELECT id FROM items ORDER BY rrf(v <=> '[1,2,3]') DESC LIMIT 2;
RESET ROLE;
ALTER TABLE items DISABLE ROW LEVEL SECURITY;
DROP OWNED BY fusion_reader;
DROP ROLE fusion_reader;

-- test: where there are no ranks, the call is an error, which says why
SELECT rrf(1, 2);
SELECT id, leg_rank(1) FROM items ORDER BY age LIMIT 1;
SELECT id FROM items ORDER BY rrf(age) LIMIT 1;
SELECT id FROM items WHERE rrf(age) > 0 ORDER BY rrf(age) DESC LIMIT 1;
SELECT id FROM items ORDER BY rrf(age) DESC LIMIT 1 FOR UPDATE;
SELECT tenant FROM items GROUP BY tenant ORDER BY rrf(tenant) DESC LIMIT 1;
SELECT id, row_number() OVER (ORDER BY id) FROM items ORDER BY weighted_scores('{1}', age) DESC LIMIT 1;
SELECT i.id FROM items i JOIN items j USING (age) ORDER BY rrf(i.age) DESC LIMIT 1;
SELECT rrf(1) AS score ORDER BY score DESC;
SELECT n FROM generate_series(1, 5) n ORDER BY rrf(n) DESC;
SELECT id FROM items ORDER BY rrf(VARIADIC ARRAY(SELECT age::float8)) DESC LIMIT 1;
SELECT id FROM items ORDER BY rrf(rrf(age), age) DESC LIMIT 1;
SELECT id, weighted_rrf('{1}', age) FROM items ORDER BY rrf(age) DESC LIMIT 1;
CREATE TABLE fusion_check (n int CHECK (rrf(n) > 0));
INSERT INTO fusion_check VALUES (1);
DROP TABLE fusion_check;
\set VERBOSITY terse
SELECT id FROM items ORDER BY id, rrf(age) DESC LIMIT 1;
SELECT id FROM items ORDER BY leg_rank(1) DESC LIMIT 1;
SELECT id FROM items WHERE rrf(age) > 0;
SELECT tenant FROM items GROUP BY tenant HAVING rrf(tenant) > 0;
SELECT DISTINCT id, rrf(age) AS score FROM items ORDER BY score DESC LIMIT 1;
SELECT count(*) FROM items ORDER BY rrf(1) DESC LIMIT 1;
SELECT i.id FROM items i LEFT JOIN items j USING (age) ORDER BY rrf(i.age) DESC LIMIT 1;
SELECT i.id FROM items i, (SELECT 1 AS a OFFSET 0) s ORDER BY rrf(i.age) DESC LIMIT 1;
SELECT id FROM items TABLESAMPLE bernoulli (100) ORDER BY rrf(age) DESC LIMIT 1;
-- of another wrapper than postgres_fdw all rows may have one TID
CREATE FOREIGN DATA WRAPPER fusion_far;
CREATE SERVER fusion_far FOREIGN DATA WRAPPER fusion_far;
CREATE TABLE fusion_parts (id int) PARTITION BY LIST (id);
CREATE FOREIGN TABLE fusion_part PARTITION OF fusion_parts DEFAULT SERVER fusion_far;
SELECT id FROM fusion_parts ORDER BY rrf(id) DESC LIMIT 1;
DROP TABLE fusion_parts;
DROP SERVER fusion_far;
DROP FOREIGN DATA WRAPPER fusion_far;
SELECT id FROM items ORDER BY rrf(VARIADIC ARRAY[]::float8[]) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_rrf('{}', VARIADIC ARRAY[]::float8[]) DESC LIMIT 1;
SELECT id FROM items ORDER BY rrf(VARIADIC ARRAY[ARRAY[age::float8, id]]) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_rrf('{1}', id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY rrf(id, age) DESC, weighted_scores('{1}', age) LIMIT 1;
SELECT id, leg_rank(2) FROM items ORDER BY rrf(age) DESC LIMIT 1;
SELECT id, leg_rank(0) FROM items ORDER BY rrf(age, -age) DESC LIMIT 1;
UPDATE items SET age = rrf(age);

SELECT id FROM items ORDER BY weighted_rrf(ARRAY[leg_rank(1)], age) DESC LIMIT 1;
SELECT id FROM abs(leg_rank(1)) x, items ORDER BY rrf(age) DESC LIMIT 1;
-- a call that is never evaluated is none
SELECT CASE WHEN false THEN rrf(1) END AS nothing;
-- a view whose name is that of the subquery, and whose columns have other types
CREATE VIEW fusion AS SELECT DISTINCT 'a' AS tid, 'b' AS tab, 'c' AS score, 'd' AS rank_1;
SELECT id FROM items, fusion ORDER BY rrf(age) DESC LIMIT 1;
SELECT leg_rank(1) FROM fusion;
DROP VIEW fusion;

-- test: a semi-join beside other subqueries: in functions, legs and policies
SELECT id FROM items WHERE tenant IN (SELECT 1 FROM answer) ORDER BY rrf(v <=> (SELECT '[1,2,3]'::vector), age) DESC, id LIMIT 3;
SELECT id FROM items, abs((SELECT 1)) x WHERE age IN (SELECT id FROM items) ORDER BY rrf(age - x) DESC, id LIMIT 3;
CREATE ROLE fusion_reader;
GRANT SELECT ON items TO fusion_reader;
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON items TO fusion_reader USING (tenant = (SELECT 1));
SET ROLE fusion_reader;
SELECT id, tenant FROM items WHERE EXISTS (SELECT FROM generate_series(1, 9) n WHERE n = id) ORDER BY rrf(age) DESC, id LIMIT 3;
SELECT id, tenant FROM items ORDER BY rrf(age) DESC, id LIMIT 3;
RESET ROLE;
ALTER TABLE items DISABLE ROW LEVEL SECURITY;
DROP OWNED BY fusion_reader;
DROP ROLE fusion_reader;

-- test: legs are not cut where LIMIT does not say how many rows there will be
SELECT count(*) FROM (SELECT id FROM items ORDER BY rrf(tenant) DESC FETCH FIRST ROW WITH TIES) s;
SELECT count(*) FROM (SELECT generate_series(1, age - 2990) FROM items ORDER BY rrf(age) DESC LIMIT 5) s;
CREATE SEQUENCE calls;
SELECT id FROM items ORDER BY rrf(age, -age) DESC, id LIMIT nextval('calls');
SELECT last_value FROM calls;
DROP SEQUENCE calls;

-- test: weights
SELECT id FROM items ORDER BY weighted_rrf('{1}', id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_rrf('{1,NULL}', id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_rrf(NULL, id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_scores('{1,-1}', id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_scores('{1,NaN}', id, age) DESC LIMIT 1;
SELECT id FROM items ORDER BY weighted_scores('{Infinity,1}', id, age) DESC LIMIT 1;
-- called by itself it reads nothing behind the array
SELECT fusion_weight('{1,2}', 2, 2);
SELECT fusion_weight('{1,2}', 0, 2);
SELECT fusion_weight('{1}', 100000000, 1);
SELECT fusion_weight('{1}', NULL, 1);
SELECT fusion_weight('{1}', 1, NULL);
SELECT weighted_rrf('{1,2}', 1.0, 2.0);
SELECT weighted_scores('{1,2}', 1.0, 2.0);
DROP TABLE items, parted, answer, prepared CASCADE;
DROP FUNCTION nodes, differs;

\c -
-- Fusions equal the same ranks joined by hand: ties, NULLs, NaN, legs without rows, filters
SET client_min_messages = warning;
-- A run of every day tries fewer cases
CREATE TABLE items (id int PRIMARY KEY, tenant int, age int, place int, v vector(3), h halfvec(2), words tsvector);
INSERT INTO items SELECT i, i % 4, nullif(hashint4(i) % 40, 0),
		CASE WHEN i % 6 > 0 THEN i * 7 % 401 END,
		CASE WHEN i % 17 > 0 THEN ARRAY[hashint4(i) % 9, hashint4(i + 1000) % 9, hashint4(i + 2000) % 9] END,
		CASE WHEN i % 5 > 0 THEN ARRAY[hashint4(i + 3000) % 50, hashint4(i + 4000) % 50] END,
		CASE WHEN i % 7 > 0 THEN to_tsvector('simple', concat_ws(' ',
			'w' || i % 5, 'w' || i % 11, 'w' || i % 3, 'rare' || i % 90)) END
	FROM generate_series(1, 400) i;
CREATE INDEX ON items USING hnsw (v vector_l2_ops, tenant);
CREATE INDEX ON items USING hnsw (v vector_cosine_ops);
CREATE INDEX ON items USING hnsw (h halfvec_ip_ops);
CREATE INDEX ON items USING gin (words);
CREATE INDEX ON items (age);
ANALYZE items;

-- A number from 0 to n - 1 that depends on the case and a name
CREATE FUNCTION choose(c int, name text, n int) RETURNS int LANGUAGE sql IMMUTABLE
	RETURN (hashtext(name || ' ' || c)::bigint + 2147483648) % n;

-- Leg n of a case: the condition and the value.  Where equal values may be cut, both
-- queries sort by the same.
CREATE FUNCTION leg(c int, n int, OUT condition text, OUT value text) LANGUAGE sql IMMUTABLE AS $$
	SELECT s[1], s[2] FROM (SELECT string_to_array((ARRAY[
		format('true~v <-> ''[%s,%s,3]''', choose(c, 'x', 9), choose(c, 'y', 9)),
		format('true~v <=> ''[%s,%s,3]''', choose(c, 'x', 9), choose(c, 'y', 9)),
		format('true~h <#> ''[%s,-1]''', choose(c, 'z', 9)),
		format('words @@ ''w%s''~-ts_rank_cd(words, ''w%1$s'')', choose(c, 'w', 12)),
		format('words @@ ''rare%s | w2''~-ts_rank_cd(words, ''rare%1$s | w2'')', choose(c, 'w', 90)),
		'age IS NOT NULL~age', 'true~place', 'true~-place', 'words @@ ''nowhere''~1', 'true~NULL::int', 'age > 10~v <-> ''[1,2,3]'''])
		[1 + choose(c, 'leg' || n, 11)], '~') AS s) s
$$;
CREATE FUNCTION legs(c int) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1 + choose(c, 'legs', 4);
CREATE FUNCTION method(c int) RETURNS int LANGUAGE sql IMMUTABLE RETURN choose(c, 'method', 3);
CREATE FUNCTION weight(c int, n int) RETURNS float8 LANGUAGE sql IMMUTABLE
	RETURN CASE method(c) WHEN 0 THEN 1 ELSE choose(c, 'weight' || n, 10) / 4.0 END;
CREATE FUNCTION condition(c int) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (ARRAY['true', 'tenant = 1', 'tenant IN (0, 2)', 'id < 70', 'false', 'words @@ ''w1''', 'age IS NOT NULL',
		'tenant IN (SELECT id FROM items WHERE id < 3)', 'NOT EXISTS (SELECT FROM items i WHERE i.id = items.id + 370)',
		'id IN (SELECT i.id * 2 FROM items i LEFT JOIN items j ON i.id = j.age)',
		'EXISTS (SELECT FROM items i WHERE i.id = items.age) AND tenant < (SELECT max(tenant) FROM items)',
		'id IN (SELECT i.id * 2 FROM items i WHERE i.tenant < items.tenant) AND id > (SELECT 7)',
		'NOT EXISTS (SELECT FROM items i JOIN items j USING (tenant) WHERE i.id = items.id + 370 AND j.age = items.age) AND id <> (SELECT 5)',
		'EXISTS (WITH k AS MATERIALIZED (SELECT 3 AS id) SELECT FROM items i, k WHERE i.id = items.age AND i.tenant IN
			(SELECT j.tenant FROM items j WHERE j.id = i.id + k.id)) AND (SELECT true)',
		'EXISTS (SELECT FROM items i, LATERAL (SELECT i.age + j.tenant AS n FROM items j WHERE j.id = i.id) s WHERE s.n = items.age)
			AND tenant NOT IN (SELECT 2)'])[1 + choose(c, 'condition', 15)];
CREATE FUNCTION count_of(c int) RETURNS int LANGUAGE sql IMMUTABLE
	RETURN (ARRAY[1, 3, 10, 10, 25, 90, NULL, NULL])[1 + choose(c, 'count', 8)];
CREATE FUNCTION skip_of(c int) RETURNS int LANGUAGE sql IMMUTABLE RETURN (ARRAY[0, 0, 0, 7])[1 + choose(c, 'skip', 4)];

CREATE FUNCTION fused(c int) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (SELECT format('SELECT id, %s%s) AS score%s FROM items WHERE %s ORDER BY score DESC, id LIMIT %s OFFSET %s',
		(ARRAY['rrf(', format('weighted_rrf(%L, ', array_agg(weight(c, n) ORDER BY n)),
			format('weighted_scores(%L, ', array_agg(weight(c, n) ORDER BY n))])[1 + method(c)],
		string_agg(CASE condition WHEN 'true' THEN value ELSE format('CASE WHEN %s THEN %s END', condition, value) END, ', ' ORDER BY n),
		string_agg(format(', leg_rank(%s) AS r%1$s', n), '' ORDER BY n), condition(c), coalesce(count_of(c)::text, 'ALL'), skip_of(c))
	FROM generate_series(1, legs(c)) n, leg(c, n));

CREATE FUNCTION by_hand(c int) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN (SELECT format('WITH %s SELECT id, %s AS score%s FROM %s ORDER BY score DESC, id LIMIT %s OFFSET %s',
		string_agg(format('x%1$s AS (SELECT id, %2$s AS value FROM items WHERE (%3$s) AND (%4$s) ORDER BY %8$s LIMIT %5$s),
			l%1$s AS (SELECT id, rank() OVER (ORDER BY value) AS r%1$s, %6$s AS p%1$s FROM x%1$s WHERE value %7$s)',
			n, '(' || value || ')::float8', condition(c), condition, coalesce((60 + 4 * (count_of(c) + skip_of(c)))::text, 'ALL'),
			weight(c, n) || CASE WHEN method(c) < 2 THEN '::float8 / (60 + rank() OVER (ORDER BY value))'
				ELSE '::float8 * CASE WHEN max(value) OVER () = min(value) OVER () THEN 1
					ELSE (max(value) OVER () - value) / (max(value) OVER () - min(value) OVER ()) END' END,
			CASE WHEN method(c) < 2 THEN 'IS NOT NULL' ELSE '< ''Infinity''' END,
			CASE WHEN value ~ '^(v|h|age)' THEN value ELSE 'value' END), ', ' ORDER BY n),
		string_agg(format('coalesce(p%s, 0)', n), ' + ' ORDER BY n), string_agg(format(', r%s', n), '' ORDER BY n),
		string_agg(CASE n WHEN 1 THEN 'l1' ELSE format('FULL JOIN l%s USING (id)', n) END, ' ' ORDER BY n),
		coalesce(count_of(c)::text, 'ALL'), skip_of(c))
	FROM generate_series(1, legs(c)) n, leg(c, n));

CREATE FUNCTION compare(first int, last int, OUT cases int, OUT returned int, OUT different int) LANGUAGE plpgsql AS $$
DECLARE
	a text;
	b text;
	n int;
	-- of a short run's cases each stands for eight
	step int := CASE WHEN test_short() THEN 8 ELSE 1 END;
BEGIN
	cases := 0; returned := 0; different := 0;
	FOR c IN first .. last BY step LOOP
		EXECUTE format('SELECT string_agg(s::text, '' '' ORDER BY score DESC, id), count(*) FROM (%s) s', fused(c)) INTO a, n;
		EXECUTE format('SELECT string_agg(s::text, '' '' ORDER BY score DESC, id) FROM (%s) s', by_hand(c)) INTO b;
		cases := cases + step;
		returned := returned + n * step;
		IF a IS DISTINCT FROM b THEN
			different := different + 1;
			RAISE WARNING '% is % but % is %', fused(c), a, by_hand(c), b;
		END IF;
	END LOOP;
END $$;

-- test: a thousand cases by exact scans
SET enable_indexscan = off;
SET lokivector.enable_hybrid_scan = off;
SELECT cases, returned > 10000 AS returned, different FROM compare(1, 1000);

-- test: two hundred by searches of the indexes
RESET enable_indexscan;
RESET lokivector.enable_hybrid_scan;
SET enable_seqscan = off;
SELECT cases, returned > 2000 AS returned, different FROM compare(1001, 1200);
RESET enable_seqscan;
DROP TABLE items CASCADE;
DROP FUNCTION compare, fused, by_hand, legs, method, weight, condition, count_of, skip_of, leg, choose;
