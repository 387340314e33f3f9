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
