-- Scores that are made of a distance and other columns: rows come by distance until the best are known

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
-- some rows have no vector, some a zero vector, and some columns are NULL
CREATE TABLE posts (id int PRIMARY KEY, author int, age float8, votes int, weight real, price numeric, pinned bool NOT NULL,
	maybe float8, made timestamptz, v vector(8));
INSERT INTO posts
	SELECT i, i % 70, i * 7919 % 1000 / 10.0, i * 31 % 500, 0.5 + i * 17 % 100 / 100.0, i * 13 % 900 / 9.0, i % 50 = 0,
		CASE WHEN i % 5 > 0 THEN i * 37 % 100 / 100.0 END, timestamptz '2026-01-01 00:00+00' - i * 7919 % 5000 * interval '1 hour',
		CASE WHEN i % 211 = 0 THEN NULL WHEN i % 307 = 0 THEN '[0,0,0,0,0,0,0,0]'
			ELSE (SELECT array_agg(sin(i * 0.7 + j * j + (i % 97) * j)) FROM generate_series(1, 8) j)::vector END
	FROM generate_series(1, 5000) i;
CREATE INDEX posts_v ON posts USING hnsw (v vector_cosine_ops, author, weight, price, maybe);
CREATE INDEX posts_l2 ON posts USING hnsw (v vector_l2_ops);
CREATE INDEX posts_votes ON posts (votes);
CREATE INDEX posts_age ON posts (age);
CREATE INDEX posts_made ON posts (made);
CREATE TABLE authors (id int PRIMARY KEY, fame float8 NOT NULL);
INSERT INTO authors SELECT i, i % 10 / 10.0 FROM generate_series(0, 69) i;
CREATE INDEX ON authors (fame);
CREATE TABLE parts (LIKE posts) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT * FROM posts;
CREATE INDEX ON parts USING hnsw (v vector_cosine_ops);
CREATE VIEW near AS SELECT *, v <=> '[1,0,1,0,0,1,0,0]' AS d, v <-> '[1,0,1,0,0,1,0,0]' AS l FROM posts;
CREATE VIEW found AS SELECT * FROM near WHERE v IS NOT NULL AND vector_norm(v) > 0;
VACUUM ANALYZE posts, authors, parts;

-- The nodes of a statement, and whether its rows are those that it has without an index; a column s is
-- the score, and rows of equal scores may be others
CREATE FUNCTION scores_check(statement text, OUT uses text, OUT rows int, OUT outcome text) LANGUAGE sql AS $$
	SELECT plan_nodes(statement, 'Limit|Incremental Sort$|Sort$|LokivectorHybridScan|LokivectorScoreSearch|Subquery Scan|LockRows'), rows, outcome
	FROM same('SELECT round(s::numeric, 9) FROM (' || statement || ') q')
$$;
SET enable_seqscan = off;
SET hnsw.ef_search = 400;

-- test: recency, popularity, penalties, boosts
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-age) AS s FROM near ORDER BY s DESC NULLS LAST LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-extract(epoch FROM timestamptz '2026-01-02 00:00+00' - made) / 86400 / 30) AS s FROM found ORDER BY s DESC LIMIT 10 OFFSET 5$$);
SELECT * FROM scores_check($$SELECT id, (1 - d) * power(0.5, extract(day FROM timestamptz '2026-01-02 00:00+00' - made) / 30)::float8 AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, (1 - d) * exp(-abs(age - 50) / 20) AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, (1 - d) * 0.8 + 0.05 * ln(1 + votes) AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, l + votes / 1000.0 AS s FROM near ORDER BY s LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, l + price / 100 AS s FROM near ORDER BY s LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, (l * 2)::numeric - price / 200 AS s FROM near ORDER BY s LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, (1 - d) * weight AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, (1 - d) / (1 + age / 100) AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 1 - d + CASE WHEN pinned THEN 0.2 ELSE 0 END AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 1 - d + 0.1 * (votes > 400)::int - CASE WHEN author % 2 = 0 THEN 0.1 ELSE 0 END AS s FROM found ORDER BY s DESC NULLS LAST LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, greatest(0.3, 1 - d) + least(votes, 100) / 200.0 AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, round((1 - d)::numeric, 1) + round(price / 900, 2) AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, cosine_distance(v, '[1,0,1,0,0,1,0,0]') + age / 100 AS s FROM found ORDER BY s LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 0.5 * (v <=> '[1,0,1,0,0,1,0,0]') + 0.5 * (v <=> '[1,0,1,0,0,1,0,1]') AS s FROM found ORDER BY s LIMIT 10$$);
-- opposite queries: all rows have the same sum
SELECT * FROM scores_check($$SELECT id, (v <=> '[1,0,1,0,0,1,0,0]') + (v <=> '[-1,0,-1,0,0,-1,0,0]') AS s FROM found ORDER BY s LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, sqrt(l) + log(10 + votes) AS s FROM near ORDER BY s LIMIT 10$$);
-- further sort keys
SELECT * FROM scores_check($$SELECT id, id AS s, least(d, 0.5) + pinned::int AS r FROM near ORDER BY r, id LIMIT 30$$);
SELECT * FROM scores_check($$SELECT id, id AS s FROM near ORDER BY round((d + age / 100)::numeric, 1), id DESC LIMIT 30$$);
-- a condition makes the distance the same for all rows
SELECT * FROM scores_check($$SELECT id, l + votes / 1000.0 AS s FROM near WHERE l = (SELECT l FROM near WHERE id = 7) ORDER BY s LIMIT 3$$);
SELECT * FROM scores_check($$SELECT id, l + votes / 1000.0 AS s FROM near WHERE l = 0.5 ORDER BY s LIMIT 3$$);

-- test: sums of distances from constants by <=> and <#>, as one distance
CREATE INDEX posts_ip ON posts USING hnsw (v vector_ip_ops);
CREATE FUNCTION scores_read(statement text) RETURNS text LANGUAGE sql AS $$
	SELECT substring(plan_json(statement, 'ANALYZE, TIMING OFF')::text FROM '"Index Scan".*"Actual Rows": (\d+)')
$$;
CREATE TEMP TABLE sums AS SELECT n, replace(replace(replace('SELECT id, ' || score || ' LIMIT 10', 'a)', '''[1,0,1,0,0,1,0,0]'')'),
	'b)', '''[0,2,1,0,0,3,0,1]'')'), 'c)', '''[0,0,1,1,-1,1,0,0]'')') AS statement
FROM (VALUES (1, '(v <=> a) + (v <=> b) AS s FROM found ORDER BY s'),
	(2, '0.7 * (1 - (v <=> a)) + (1 - (v <=> b)) / 3 AS s FROM found ORDER BY s DESC'),
	(3, '(v <=> a) + 2 - (v <=> b) * 0.4 - -(v <=> c) AS s FROM posts ORDER BY s'),
	(4, 'cosine_distance(v, a) + (v <=> b) + 0.0001 * votes AS s FROM found ORDER BY s'),
	(5, 'sqrt((v <=> a) + (v <=> b)) AS s FROM found ORDER BY s'),
	(6, '(v <#> a) + 0.5 * (v <#> b) AS s FROM found ORDER BY s'),
	(7, '(v <=> a) + (v <=> b) AS s FROM found WHERE author = 3 ORDER BY s'),
	(8, '(v <-> a) + (v <-> b) AS s FROM found ORDER BY s'),
	(9, '(v <=> a) + (v <#> b) AS s FROM found ORDER BY s')) v(n, score);
SELECT n, uses, outcome, scores_read(statement)::int < 20 AS few FROM sums, scores_check(statement) ORDER BY n;
-- a sum that a column multiplies
SELECT outcome FROM scores_check($$SELECT id, ((v <=> '[1,0,1,0,0,1,0,0]') + (v <=> '[0,2,1,0,0,3,0,1]')) * (1e6 + votes) AS s FROM found ORDER BY s LIMIT 10$$);
SELECT outcome FROM scores_check($$SELECT id, (2 - (v <=> '[1,0,1,0,0,1,0,0]') - (v <=> '[0,2,1,0,0,3,0,1]')) * (1e6 + votes) AS s FROM found ORDER BY s DESC LIMIT 10$$);
DROP INDEX posts_ip;
DROP FUNCTION scores_read;
DROP TABLE sums;

-- test: conditions, joins, subqueries, policies
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-age) AS s FROM found WHERE author = 3 ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-age) AS s FROM found WHERE votes < 250 ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-age) AS s FROM near WHERE d < 0.5 ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 0.7 * (1 - d) + 0.3 * exp(-age) AS s FROM found WHERE id % 100 = 3 ORDER BY s DESC LIMIT 100$$);
SELECT * FROM scores_check($$SELECT p.id, (1 - d) + 0.2 * fame AS s FROM found p JOIN authors a ON a.id = p.author ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT p.id, (1 - d) + 0.2 * coalesce(fame, 0) AS s FROM found p LEFT JOIN authors a ON a.id = p.author AND a.id < 10 ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT p.id, (1 - d) + coalesce(fame, 1.2) AS s FROM found p JOIN (SELECT i AS id, fame FROM generate_series(0, 69) i LEFT JOIN authors a ON a.id = i AND i < 69 OFFSET 0) a ON a.id = p.author ORDER BY s DESC LIMIT 3$$);
SELECT * FROM scores_check($$SELECT id, s FROM (WITH w AS (SELECT id, d + age / 100 AS s FROM near) SELECT * FROM w ORDER BY s LIMIT 20) x WHERE id % 2 = 0 ORDER BY s LIMIT 5$$);
SELECT * FROM scores_check($$SELECT id, (SELECT round(sum(s)::numeric, 9) FROM (SELECT (p.v <-> q.v) + p.age / 10 AS s FROM posts p WHERE p.author <> q.author ORDER BY s LIMIT 5) x) AS s FROM posts q WHERE id < 20 ORDER BY id$$);
CREATE ROLE scores_reader;
GRANT SELECT ON posts, near, found TO scores_reader;
ALTER TABLE posts ENABLE ROW LEVEL SECURITY;
CREATE POLICY some_authors ON posts USING (author < 30);
SET ROLE scores_reader;
SELECT * FROM scores_check($$SELECT id, (v <-> '[1,0,1,0,0,1,0,0]') + age / 100 AS s FROM posts ORDER BY s LIMIT 10$$);
RESET ROLE;
ALTER TABLE posts DISABLE ROW LEVEL SECURITY;

-- test: rows without a distance, NaN, and other NULLs
SET enable_sort = off;
SELECT * FROM scores_check($$SELECT id, 1 - d + age / 100 AS s FROM near ORDER BY s DESC LIMIT 60$$);
SELECT * FROM scores_check($$SELECT id, 1 - d + age / 100 AS s FROM near ORDER BY s DESC NULLS LAST LIMIT 30$$);
SELECT * FROM scores_check($$SELECT id, d + age / 100 AS s FROM near ORDER BY s NULLS FIRST LIMIT 40$$);
SELECT * FROM scores_check($$SELECT id, d + age / 100 AS s FROM near WHERE id % 100 < 3 ORDER BY s LIMIT 200$$);
SELECT * FROM scores_check($$SELECT id, coalesce(1 - d, 0.9) + age / 100 AS s FROM near ORDER BY s DESC NULLS LAST LIMIT 40$$);
SELECT * FROM scores_check($$SELECT id, 5 - least(1, 1 - d) + age / 100 AS s FROM near ORDER BY s LIMIT 40$$);
SELECT * FROM scores_check($$SELECT id, 1 - d + maybe AS s FROM found ORDER BY s DESC NULLS LAST LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, 1 - d + coalesce(maybe, 0.5) AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT * FROM scores_check($$SELECT id, greatest(1 - d, maybe) AS s FROM found ORDER BY s DESC LIMIT 30$$);
SELECT * FROM scores_check($$SELECT id, least(d, maybe) + age / 10 AS s FROM near ORDER BY s LIMIT 30$$);
SELECT * FROM scores_check($$SELECT id, 1 - (v <=> NULL::vector) + age AS s FROM posts ORDER BY s DESC LIMIT 3$$);
-- scores that are infinite, NaN and NULL, each beyond the other
CREATE TABLE ends AS SELECT i AS id, i / 30.0::float8 AS age, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector(3) AS v FROM generate_series(1, 3000) i;
CREATE INDEX ends_v ON ends USING hnsw (v vector_l2_ops);
CREATE INDEX ON ends (age);
VACUUM ANALYZE ends;
INSERT INTO ends SELECT 3001 + i, (ARRAY[NULL, 'NaN', 'Infinity', '1'])[1 + i / 2]::float8, ARRAY[1, i, 0]::vector(3) FROM generate_series(0, 7) i;
SELECT n, outcome FROM generate_series(1, 8) n, scores_check(format($$SELECT id, (v <-> '[1,0,0]') + age AS s FROM ends WHERE id > 3000 ORDER BY s LIMIT %s$$, n)) ORDER BY n;
SELECT n, outcome FROM generate_series(1, 8) n, scores_check(format($$SELECT id, - ((v <-> '[1,0,0]') + age) AS s FROM ends WHERE id > 3000 ORDER BY s DESC NULLS LAST LIMIT %s$$, n)) ORDER BY n;
-- a row that is better than all that ANALYZE has seen
INSERT INTO ends VALUES (4000, 1000, '[50,0,0]');
SELECT * FROM scores_check($$SELECT id, (v <-> '[1,0,0]') - age AS s FROM ends WHERE age < 1e6 ORDER BY s LIMIT 2500$$);
DROP TABLE ends;
-- a score that a cast to real makes less than its bound
CREATE TABLE rounded AS SELECT i AS id, i / 1000.0::float8 AS extra, ARRAY[2 + i, 0]::vector(2) AS v FROM generate_series(1, 3000) i;
INSERT INTO rounded VALUES (3001, 1e-8, '[1,0.00031623]'), (3002, 0, '[1,0.00033166]');
CREATE INDEX rounded_v ON rounded USING hnsw (v vector_l2_ops, extra);
VACUUM ANALYZE rounded;
-- both are as far away, as a real and by the index
SELECT * FROM scores_check($$SELECT id, (v <-> '[0,0]')::real + extra AS s FROM rounded ORDER BY s LIMIT 1$$);
SELECT outcome FROM scores_check($$SELECT id, (v <-> '[0,0]')::real + extra::real AS s FROM rounded ORDER BY s LIMIT 3$$);
SELECT outcome FROM scores_check($$SELECT id, (v <-> '[0,0]')::numeric + extra::numeric AS s FROM rounded ORDER BY s LIMIT 3$$);
SELECT outcome FROM scores_check($$SELECT id, (3 - (v <-> '[0,0]')) / (1 + extra) AS s FROM rounded ORDER BY s DESC LIMIT 3$$);
DROP TABLE rounded;
-- test: scores with casts, where a unit of real or of float8 is between rows
-- the distances are halfway between two of real
CREATE TABLE ulps AS SELECT i AS id, 1 + a * 2 ^ -52 AS e, 1 + a * 1e-8::float8 AS t, (1 + b * 2 ^ -23)::real AS f, 1 + c * 1e-17 AS n, a::int AS k,
	9007199254740992 + c AS l, timestamp '2026-01-01' + c * interval '1 us' AS made,
	ARRAY[CASE WHEN i > 50 THEN 1 + i / 200.0 ELSE 1 + d * 2 ^ -23 END, 2 ^ -11.5]::vector(2) AS v
	FROM generate_series(1, 1000) i, LATERAL (SELECT abs(hashint4extended(i, 1)) % 9 AS a, abs(hashint4extended(i, 2)) % 7 AS b,
		abs(hashint4extended(i, 3)) % 7 AS c, abs(hashint4extended(i, 4)) % 5 AS d) r;
CREATE INDEX ulps_v ON ulps USING hnsw (v vector_l2_ops, e, t, f, n, k, l);
CREATE INDEX ulps_made ON ulps (made);
VACUUM ANALYZE ulps;
CREATE FUNCTION pick(n int, place int, choices text[]) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN choices[1 + abs(hashint4extended(n, place)) % cardinality(choices)];
-- the n-th score: of the distance, cast, with one or two columns, cast as a whole
CREATE FUNCTION cast_score(n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	score text := replace(pick(n, 1, '{d,d,3 * d,d / 3,d * d,sqrt(d),exp(d),1 / d,ln(1 + d),2 - d}'), 'd', '(v <-> ''[0,0]'')');
BEGIN
	score := format(pick(n, 2, '{%s,(%s)::real,(%s)::numeric,(%s)::real::numeric,(%s)::numeric::real,(%s)::real::float8,
		"round((%s)::numeric, 7)",(1e7 * (%s))::int,(1e15 * (%s))::bigint,trunc(1e6 * (%s))}'), score);
	FOR i IN 1 .. 1 + abs(hashint4extended(n, 3)) % 2 LOOP
		score := format(pick(n, 20 + i, '{(%s)%s,(%s)%s,(%s)::real%s::real,(%s)::numeric%s::numeric,(%s)::real%s::float8,(%s)::float8%s::float8,
			(%s)::numeric%s::real::numeric}'), score, pick(n, 30 + i, '{+,-,*,/,+}') ||
			pick(n, 10 + i, '{e,t,f,n,k,l,e::real,t::real,n::real,k::real,l::real,e::numeric,t::numeric,f::numeric,k::numeric,l::numeric,
			n::float8,l::float8,(e - 1),(t - 1),(f - 1),(n - 1)::real,"extract(epoch FROM made - timestamp ''2025-12-01'')",
			"extract(epoch FROM made)","round(n, 17)",ln(n),exp(f),sqrt(e),(1e8 * t)::int,(n::float8)::real}'));
	END LOOP;
	RETURN format(pick(n, 4, '{%s,%s,(%s)::real,(%s)::numeric,(%s)::numeric::real,"round((%s)::numeric, 8)","GREATEST(%s, 0.1)"}'), score);
END
$$;
-- statements whose rows are not those of a sort, and how many have the node; those that are an error are passed over
CREATE FUNCTION casts_check(last int, OUT wrong text[], OUT nodes int) LANGUAGE plpgsql AS $$
DECLARE
	statement text;
	outcome record;
BEGIN
	nodes := 0;
	FOR n IN 1 .. last LOOP
		FOR k IN 1 .. 5 LOOP
			-- numerics that are the same as float8 are in any order
			statement := format('SELECT s::float8 FROM (SELECT %s AS s FROM ulps ORDER BY s %s LIMIT %s) q', cast_score(n),
				pick(n, 5, '{ASC,DESC NULLS LAST}'), k);
			BEGIN
				outcome := same(statement, 'LokivectorScoreSearch');
				nodes := nodes + (outcome.uses IS NOT NULL)::int;
				IF outcome.outcome <> 'same' THEN
					wrong := wrong || (n || ', ' || statement || ': ' || outcome.outcome);
				END IF;
			EXCEPTION WHEN numeric_value_out_of_range OR division_by_zero THEN
				EXIT;
			END;
		END LOOP;
	END LOOP;
END
$$;
SELECT wrong, nodes > last AS many FROM (SELECT CASE WHEN test_short() THEN 40 ELSE 200 END AS last) l, casts_check(last);
DROP FUNCTION casts_check, cast_score, pick;
DROP TABLE ulps;

-- test: numbers of numeric that no float8 is near to, and infinite ones
CREATE TABLE tiny AS SELECT i AS id, i % 3 / 2.0::float8 AS w, i % 5 * 0.2 AS n, ARRAY[1 + i / 1000.0, 0]::vector(2) AS v FROM generate_series(1, 3000) i;
INSERT INTO tiny VALUES (3001, 1, 1, '[0,1]');
CREATE INDEX tiny_l2 ON tiny USING hnsw (v vector_l2_ops, w, n);
CREATE INDEX tiny_cosine ON tiny USING hnsw (v vector_cosine_ops, w, n);
VACUUM ANALYZE tiny;
SELECT score, descending, uses, outcome FROM (VALUES ('(5 - d) * 1e-200 * 1e-200 * 1e300 * 1e100 + n', true),
	('(d - 5) * 1e-200 * 1e-200 * 1e300 * 1e100 - n', false), ('d * 1e200 * 1e200 * 1e-300 * 1e-100 - n', false),
	('d * 1e400 * 1e-400 - n', false), ('1 / (d * 1e200 * 1e200) * 1e300 * 1e100 + n', true),
	('n - exp(-2000 * d) * 1e300 * 1e300 * 1e269', false)) s(score, descending),
	scores_check(format('SELECT id, %s AS s FROM tiny ORDER BY s %s LIMIT 5', regexp_replace(score, '\md\M', '(v <-> ''[0,0]'')::numeric'),
		CASE WHEN descending THEN 'DESC' ELSE 'ASC' END));
SET plan_cache_mode = force_generic_plan;
PREPARE small(numeric, numeric) AS SELECT id FROM tiny ORDER BY (5 - (v <-> '[0,0]')::numeric) * $1 * $2 + n DESC LIMIT 5;
SELECT plan_nodes('EXECUTE small(1e-400, 1e400)', 'LokivectorScoreSearch');
EXECUTE small(1e-400, 1e400);
DEALLOCATE small;
RESET plan_cache_mode;
-- the score of 3001 is NaN
SELECT rows, outcome FROM scores_check($$SELECT id, 1 / (1 + exp(((v <=> '[1,0]') - 1) * 'Infinity')) + w AS s FROM tiny ORDER BY s DESC LIMIT 2$$);
SELECT rows, outcome FROM scores_check($$SELECT id, exp((1 - (v <=> '[1,0]')) * 'Infinity') + w AS s FROM tiny ORDER BY s LIMIT 2$$);
DROP TABLE tiny;
-- distances that are infinite
CREATE TABLE endless AS SELECT i AS id, i % 5 / 4.0::float8 AS w, ARRAY[i / 100.0, 0]::vector(2) AS v FROM generate_series(1, 300) i;
INSERT INTO endless SELECT 300 + i, i % 2, ARRAY[CASE WHEN i > 2 THEN -3e38 ELSE 3e38 END, 0] FROM generate_series(1, 4) i;
CREATE INDEX endless_l2 ON endless USING hnsw (v vector_l2_ops, w);
CREATE INDEX endless_ip ON endless USING hnsw (v vector_ip_ops, w);
VACUUM ANALYZE endless;
SELECT operator, count(*) AS tried, count(*) FILTER (WHERE uses ~ 'ScoreSearch') > 40 AS by_node, array_agg(score || ' LIMIT ' || k || ': ' || outcome) FILTER (WHERE outcome <> 'same') AS wrong
FROM unnest('{<->,<#>}'::text[]) operator, unnest('{1,3,7}'::int[]) k, unnest(ARRAY['d * w', 'd + w', 'd - w', 'least(d, 0.5) + w', '(d * w)::numeric + 1', 'd::real * w',
	'w - 1 / (1 + abs(d))', '1 / (1 + abs(d)) + w DESC', '- d - w DESC', '- d::numeric + w DESC', '- power(abs(d), w) DESC', 'd * (w + 0.1)', '- d * (w + 0.1) DESC',
	'abs(d) / (1 + abs(d)) - w', 'w - abs(d) / (1 + abs(d)) DESC', 'd - d / 2 + w', 'd / 2 - d + w DESC']) score,
	scores_check(format('SELECT id, %s AS s FROM endless ORDER BY s %s LIMIT %s', regexp_replace(replace(score, ' DESC', ''), '\md\M', '(v ' || operator || ' ''[1,0]'')', 'g'),
		substring(score FROM 'DESC'), k)) GROUP BY operator ORDER BY operator DESC;
DROP TABLE endless;

RESET enable_sort;

-- test: other statements have other plans
SELECT uses FROM scores_check($$SELECT id, 1 - d + maybe AS s FROM found ORDER BY s DESC LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, d + age AS s FROM near ORDER BY s DESC LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, (v <#> '[1,0,1,0,0,1,0,0]') + age AS s FROM posts ORDER BY s LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, d + age AS s FROM near ORDER BY s$$);
SELECT uses FROM scores_check($$SELECT id, d + age AS s FROM near ORDER BY s FETCH FIRST 5 ROWS WITH TIES$$);
SELECT uses FROM scores_check($$SELECT id, d * (age - 50) AS s FROM near ORDER BY s LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, d + random() AS s FROM near ORDER BY s LIMIT 0$$);
SELECT uses FROM scores_check($$SELECT id, d + age / 10 AS s FROM near ORDER BY s LIMIT 10 FOR UPDATE OF near$$);
SELECT uses ~ 'Score' AS found FROM scores_check($$SELECT author, min(d) + max(age) AS s FROM near GROUP BY author ORDER BY s LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT DISTINCT d + age / 10 AS s FROM near ORDER BY s LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, (v <=> '[1,0,1,0,0,1,0,0]') + age / 100 AS s FROM parts ORDER BY s LIMIT 10$$);

-- test: the planner takes it by its cost
RESET enable_seqscan;
RESET hnsw.ef_search;
SELECT uses FROM scores_check($$SELECT id, l + votes / 1000.0 AS s FROM near ORDER BY s LIMIT 10$$);
SELECT uses FROM scores_check($$SELECT id, l / 1000 + votes AS s FROM near ORDER BY s LIMIT 10$$);
SET plan_cache_mode = force_generic_plan;
PREPARE cheap(vector, bigint) AS SELECT id FROM posts ORDER BY (v <-> $1) + votes / 1000.0 LIMIT $2;
EXPLAIN (COSTS OFF) EXECUTE cheap('[1,0,1,0,0,1,0,0]', 3);
DEALLOCATE cheap;
RESET plan_cache_mode;
SET enable_seqscan = off;
SET hnsw.ef_search = 400;

-- test: parameters of a generic plan, and rescans
SET plan_cache_mode = force_generic_plan;
SET enable_sort = off;
PREPARE best(vector, float8, float8, bigint, bigint) AS
	SELECT id, round(($2 * (1 - (v <=> $1)) + $3 * exp(-age))::numeric, 6) FROM found ORDER BY $2 * (1 - (v <=> $1)) + $3 * exp(-age) DESC NULLS LAST LIMIT $4 OFFSET $5;
EXPLAIN (COSTS OFF) EXECUTE best('[1,0,1,0,0,1,0,0]', 0.7, 0.3, 3, 1);
EXECUTE best('[1,0,1,0,0,1,0,0]', 0.7, 0.3, 3, 1);
EXECUTE best('[0,0,1,0,0,1,0,1]', 0.1, 0.9, 2, NULL);
EXECUTE best('[0,0,1,0,0,1,0,1]', -1, 0, 2, NULL);
DEALLOCATE best;
PREPARE best(float8) AS SELECT s FROM (SELECT $1 * (1 - d) + age AS s FROM found ORDER BY s DESC NULLS LAST LIMIT 1) x;
EXECUTE best(NULL);
EXECUTE best('NaN');
PREPARE by_part(float8) AS SELECT id FROM near ORDER BY l + CASE WHEN $1 > 0 AND pinned THEN 1 / $1 ELSE 0 END LIMIT 2;
EXECUTE by_part(0);
EXECUTE by_part(2);
PREPARE without_rows(float8) AS SELECT id FROM near WHERE id % 5000 = -1 ORDER BY l + age * (1 / $1) LIMIT 2;
EXECUTE without_rows(0);
DEALLOCATE ALL;
RESET plan_cache_mode;
RESET enable_sort;
SELECT q.id, s.* FROM (SELECT id, v, age FROM posts WHERE id IN (1, 2, 3)) q,
	LATERAL (SELECT p.id, round(((p.v <-> q.v) + q.age * p.age / 100)::numeric, 6) AS s FROM posts p ORDER BY (p.v <-> q.v) + q.age * p.age / 100 LIMIT 3) s ORDER BY 1, 3;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM near ORDER BY l + age / 100 LIMIT 5;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
COMMIT;

-- test: a query without a direction, among several distances: what the planner estimates is a number
SELECT rows, outcome FROM scores_check($$SELECT id, 0.5 * (v <=> '[0,0,0,0,0,0,0,0]') + 0.5 * d + 0.01 * id AS s FROM near ORDER BY s LIMIT 5$$);
SELECT rows, outcome FROM scores_check($$SELECT id, 0.5 * d + 0.5 * (v <=> '[0,0,0,0,0,0,0,0]') + 0.01 * id AS s FROM near ORDER BY s DESC LIMIT 5$$);
SELECT rows, outcome FROM scores_check($$SELECT id, 0.5 * l + 0.5 * (v <-> '[3e38,3e38,3e38,3e38,0,0,0,0]') + 0.01 * id AS s FROM near ORDER BY s LIMIT 5$$);

-- test: a score by parts, of rows that are projected before they are sorted
SELECT rows, outcome FROM scores_check($$SELECT id, CASE WHEN author IN (1, 2) THEN l * 0.5 ELSE l END AS s FROM near ORDER BY s LIMIT 5$$);
SELECT rows, outcome FROM scores_check($$SELECT s FROM (SELECT CASE WHEN author IN (1, 2) THEN l * 0.5 ELSE l END AS s, id FROM near) n ORDER BY s, id LIMIT 5$$);

-- test: an error of rows that are not returned may vanish, and none is added; where ln and sqrt may fail, rows are sorted
CREATE TABLE vast (id int, f float8, rare bool, v vector(3));
INSERT INTO vast SELECT i, CASE WHEN i % 100 = 0 THEN 1e300 ELSE 1 + i % 7 END, i > 3000, ARRAY[sin(i), cos(i), CASE WHEN i % 100 = 0 THEN 1000 ELSE i % 7 END]::vector FROM generate_series(1, 3000) i;
CREATE INDEX ON vast USING hnsw (v vector_l2_ops, f);
VACUUM ANALYZE vast;
CREATE FUNCTION vast_check(score text, OUT uses text, OUT rows int, OUT right_rows bool, OUT plain text)
LANGUAGE plpgsql AS $$
DECLARE
	line text;
	statement text := format('SELECT id, %s AS s FROM vast WHERE %%s ORDER BY s LIMIT 5', score);
	found float8[];
	truth float8[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || format(statement, 'true') LOOP
		uses := coalesce(substring(line FROM 'LokivectorScoreSearch'), uses, substring(line FROM 'Sort$'));
	END LOOP;
	BEGIN
		EXECUTE format('SELECT array_agg(s) FROM (%s) q', format(statement, 'true')) INTO found;
		rows := cardinality(found);
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
	SET LOCAL enable_indexscan = off;
	SET LOCAL enable_seqscan = on;
	BEGIN
		EXECUTE format('SELECT count(*) FROM (%s) q', format(statement, 'true'));
		plain := 'no error';
	EXCEPTION WHEN OTHERS THEN plain := SQLERRM;
	END;
	IF found IS NOT NULL THEN
		EXECUTE format('SELECT array_agg(s) FROM (%s) q', format(statement, 'f < 1e300')) INTO truth;
		right_rows := found = truth;
	END IF;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
END $$;
SELECT score, c.* FROM unnest(ARRAY['d + exp(-f * 100)', 'd + 1e-12 * (f * 1e10)', 'd + 0.01 * power(f, 2)', 'd + 1e-300 * (1 / f)',
	'd + ln(f - 2)', 'd + sqrt(f - 2)']) AS score, vast_check(replace(score, 'd', '(v <-> ''[0,1,3]'')')) AS c;
SELECT * FROM vast_check($$(v <-> '[0,1,3]') + CASE WHEN rare THEN current_setting('vast.no_such')::float8 ELSE 0.01 * f END$$);
DROP FUNCTION vast_check;
DROP TABLE vast;

-- test: the best score as an aggregate is no ORDER BY ... LIMIT 1 that a node could compute
SET enable_seqscan = on;
SELECT * FROM scores_check($$SELECT min(l + votes / 100.0) AS s, max(1 - l - votes / 100.0) FROM near$$);
SELECT * FROM scores_check($$SELECT max((1 - d) * 0.8 + 0.5 * ln(1 + votes)) AS s FROM found$$);
SELECT * FROM scores_check($$SELECT min(d - CASE WHEN pinned THEN 0.9 ELSE 0 END) AS s FROM found WHERE author < 30$$);
SELECT * FROM scores_check($$SELECT min((v <=> '[1,0,1,0,0,1,0,0]') + votes / 100.0) AS s FROM parts$$);
SELECT * FROM scores_check($$SELECT a.id, (SELECT min(l + votes / 100.0) FROM near WHERE author = a.id) AS s FROM authors a ORDER BY a.id LIMIT 3$$);
SET enable_seqscan = off;

-- test: few rows are read, and those that no LIMIT takes are dropped
CREATE FUNCTION rows_read(statement text) RETURNS int LANGUAGE sql AS $$
	SELECT substring(plan_json(statement, 'ANALYZE, TIMING OFF')::text
		FROM '"Custom Plan Provider": "LokivectorScoreSearch".*"Node Type": "Index Scan".*?"Actual Rows": ([0-9]+)')::int
$$;
SET hnsw.ef_search = 40;
SET enable_sort = off;
SELECT rows_read($$SELECT id FROM near ORDER BY l + age / 1000 LIMIT 10$$) < 300 AS few,
	rows_read($$SELECT id FROM near ORDER BY l + age LIMIT 10$$) > 2000 AS many;
SELECT * FROM scores_check($$SELECT id, l + age AS s FROM near ORDER BY s LIMIT 300$$);
-- a LIMIT that is volatile has a plain sort
SELECT rows, outcome FROM scores_check($$SELECT id, id AS s FROM near ORDER BY floor(l / 1e9) - (age > 1e9)::int, id DESC LIMIT 3 + (random() < 0)::int$$);

-- test: rows that wait and outgrow work_mem
SET plan_cache_mode = force_generic_plan;
PREPARE best(bigint) AS SELECT id, l + age AS s FROM near ORDER BY s LIMIT $1;
-- whether the node sorted rows on disk
CREATE FUNCTION spills(statement text) RETURNS boolean LANGUAGE sql AS $$
	SELECT substring(plan_json('EXECUTE ' || statement, 'ANALYZE, BUFFERS, TIMING OFF')::text
		FROM '"LokivectorScoreSearch".*?"Temp Written Blocks": ([0-9]+)')::int > 0
$$;
CREATE TABLE large AS EXECUTE best(3000);
SELECT s, spills(s) FROM unnest(ARRAY['best(3000)', 'best(NULL)']) s;
-- a LIMIT that is all, as some clients write it
CREATE TABLE most AS EXECUTE best(9223372036854775807);
SELECT count(*) FROM most;
DROP TABLE most;
SET work_mem = '64kB';
CREATE TABLE small AS EXECUTE best(3000);
CREATE TABLE everything AS EXECUTE best(NULL);
SELECT s, spills(s) FROM unnest(ARRAY['best(3000)', 'best(NULL)', 'best(3)']) s;
-- all scores are equal, and might be better
PREPARE tied(bigint) AS SELECT id FROM near ORDER BY floor(l / 1e9) - (age > 1e9)::int LIMIT $1;
SELECT s, spills(s) FROM unnest(ARRAY['tied(3000)', 'tied(3)']) s;
RESET work_mem;
SELECT count(*), count(DISTINCT s.id) AS ids, bool_and(abs(l.s - s.s) < 1e-9) AS same FROM
	(SELECT row_number() OVER (ORDER BY ctid) AS n, * FROM large) l FULL JOIN (SELECT row_number() OVER (ORDER BY ctid) AS n, * FROM small) s USING (n);
SELECT count(*), bool_and(s >= before OR before IS NULL OR s IS NULL) AS ordered FROM (SELECT s, lag(s) OVER (ORDER BY ctid) AS before FROM everything) x;
DROP TABLE large, small, everything;
DEALLOCATE ALL;
RESET plan_cache_mode;
RESET enable_sort;

DROP VIEW near, found;
-- test: a rank of words, whose column may be NULL, in a score in descending order
CREATE TABLE ranked AS SELECT i AS id, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector(3) AS v,
	CASE WHEN i % 11 > 0 THEN to_tsvector('simple', 'w' || i % 5 || ' all') END AS words FROM generate_series(1, 4000) i;
CREATE INDEX ranked_idx ON ranked USING hnsw (v vector_l2_ops);
ANALYZE ranked;
EXPLAIN (COSTS OFF) SELECT id FROM ranked ORDER BY 0.01 * ts_rank(words, 'w3') - (v <-> '[1,0,0]') DESC NULLS LAST LIMIT 5;
CREATE TABLE found AS SELECT id FROM ranked ORDER BY 0.01 * ts_rank(words, 'w3') - (v <-> '[1,0,0]') DESC NULLS LAST LIMIT 5;
SET enable_indexscan = off;
SELECT array_agg(id) = (SELECT array_agg(id) FROM found) AS same FROM (SELECT id FROM ranked
	ORDER BY 0.01 * ts_rank(words, 'w3') - (v <-> '[1,0,0]') DESC NULLS LAST LIMIT 5) s;
RESET enable_indexscan;
DROP TABLE ranked, found;
-- a rank above 1: a word of weight B before many of A
CREATE TABLE ranked AS SELECT i AS id, ARRAY[i / 100.0, 0]::vector(2) AS v, (CASE i WHEN 0 THEN 'w:1A,2A,3A,4A,5A'
	WHEN 13 THEN (SELECT 'w:1B,' || string_agg(j || 'A', ',') FROM generate_series(2, 40) j) ELSE 'x' END)::tsvector AS words
	FROM generate_series(0, 3000) i;
CREATE INDEX ranked_idx ON ranked USING hnsw (v vector_l2_ops);
VACUUM ANALYZE ranked;
SELECT * FROM scores_check($$SELECT id, ts_rank(words, 'w') - (v <-> '[0,0]') AS s FROM ranked ORDER BY s DESC NULLS LAST LIMIT 1$$);
DROP TABLE ranked;
-- test: the least value of a column, in no slot of its statistics
CREATE TABLE rare AS SELECT i AS id, ARRAY[sin(i), cos(i * 1.7), sin(i * 3.1)]::vector(3) AS v, (i = 4000)::int * 100 AS boost,
	CASE WHEN i % 505 = 0 THEN 0 ELSE 1 + i % 100 END AS votes FROM generate_series(1, 5000) i;
CREATE INDEX rare_idx ON rare USING hnsw (v vector_l2_ops, votes, boost);
VACUUM ANALYZE rare;
SELECT 0 = ANY (most_common_vals::text::int[]) AS listed, histogram_bounds FROM pg_stats WHERE tablename = 'rare' AND attname = 'votes';
SET enable_sort = off;
SELECT * FROM scores_check($$SELECT id, (v <-> '[1,0,0]') + 0.9 * votes AS s FROM rare ORDER BY s LIMIT 8$$);
RESET enable_sort;
-- all others are one value
SELECT most_common_vals, most_common_freqs < '{1}' AS others, histogram_bounds FROM pg_stats WHERE tablename = 'rare' AND attname = 'boost';
SELECT * FROM scores_check($$SELECT id, (v <-> '[1,0,0]') - boost AS s FROM rare ORDER BY s LIMIT 8$$);
-- test: a btree index on the score itself
CREATE INDEX rare_score ON rare (((v <-> '[1,0,0]') + 0.9 * votes));
ANALYZE rare;
EXPLAIN (COSTS OFF) SELECT id FROM rare ORDER BY (v <-> '[1,0,0]') + 0.9 * votes LIMIT 8;
EXPLAIN (COSTS OFF) SELECT id FROM rare ORDER BY (v <-> '[1,0,0]') + 0.9 * votes, id LIMIT 8;
-- its path costs more than all others then, and core drops it
SET enable_seqscan = on;
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM rare ORDER BY (v <-> '[1,0,0]') + 0.9 * votes LIMIT 8;
RESET enable_indexscan;
SET enable_seqscan = off;
-- test: a score that a column of another table equals: the planner's own order
CREATE TABLE totals AS SELECT id, (v <-> '[1,0,0]') + 0.9 * votes AS total FROM rare;
CREATE INDEX ON totals (total);
VACUUM ANALYZE totals;
SELECT outcome FROM scores_check($$SELECT rare.id, (v <-> '[1,0,0]') + 0.9 * votes AS s FROM rare JOIN totals ON total = (v <-> '[1,0,0]') + 0.9 * votes ORDER BY s LIMIT 8$$);
DROP TABLE rare, totals;

DROP TABLE posts, authors, parts;
DROP ROLE scores_reader;
DROP FUNCTION scores_check, rows_read, spills;
RESET enable_seqscan;
RESET hnsw.ef_search;
