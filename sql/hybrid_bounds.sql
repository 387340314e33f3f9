-- Bounds of a distance: where NaN, rounding or a join could make a scan within
-- one differ from the clause itself

SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;

CREATE TABLE bounds_c (id integer, v vector(3));
INSERT INTO bounds_c SELECT n, CASE WHEN n % 50 = 0 THEN '[0,0,0]'::vector
	WHEN n % 50 = 1 THEN NULL ELSE array[sin(n), cos(n), sin(2 * n)]::vector END
	FROM generate_series(1, 2000) n;
CREATE INDEX ON bounds_c USING hnsw (v vector_cosine_ops);
CREATE TABLE bounds_l (id integer, v vector(3));
INSERT INTO bounds_l SELECT n, array[n, 0, 0]::vector FROM generate_series(1, 2000) n;
CREATE INDEX ON bounds_l USING hnsw (v vector_l2_ops);
ANALYZE bounds_c, bounds_l;

-- Rows by the index, by the table alone, and whether our node was used
CREATE FUNCTION bounds_compare(query text, OUT rows bigint, OUT same boolean, OUT hybrid boolean) LANGUAGE sql AS $$
	SELECT trim(f[1], '()')::bigint, f = rows_by_table(query), plan_nodes(query, 'LokivectorHybridScan') IS NOT NULL FROM rows_of(query) f
$$;

-- A plan, without what only newer servers say of it

-- test: NaN is above every score
SELECT q, clause, c.* FROM
	(VALUES ('[1,0,0]'), ('[0,0,0]'), (NULL)) q(q),
	(VALUES ('1 - (v <=> %L::vector) > 0.9'), ('1 - (v <=> %L::vector) >= ''NaN'''),
		('(v <=> %L::vector) * 2 < 0.2'), ('(v <=> %L::vector) * 2 <= ''NaN'''),
		('v <=> %L::vector < 0.1'), ('v <=> %L::vector < ''NaN'''),
		('v <=> %L::vector <= ''NaN'''),
		('1 - (v <=> %1$L::vector) > 0.9 AND v <=> %1$L::vector < 0.05')) w(clause),
	bounds_compare(format('SELECT count(*) FROM bounds_c WHERE ' || clause, q)) c
	ORDER BY clause, q;
SELECT count(*), count(*) FILTER (WHERE score = 'NaN')
	FROM (SELECT 1 - (v <=> '[1,0,0]') AS score FROM bounds_c
		  WHERE 1 - (v <=> '[1,0,0]') > 0.9 ORDER BY score DESC LIMIT 60) t;

-- test: constants that a distance is lost beside, or that make it overflow
SELECT clause, c.* FROM
	(VALUES ('(v <-> ''[1,0,0]'') * 1e-9 < 1e300'), ('(v <-> ''[1,0,0]'') / 1e9 < 1e300'),
		('(v <-> ''[1,0,0]'') * 1e-300 < 1e300'), ('(v <-> ''[1,0,0]'') + 1e18 <= 1e18'),
		('(v <-> ''[1,0,0]'') * 1e-5 + 1e6 <= 1e6'), ('100 - 5 * (v <-> ''[1,0,0]'') >= 50'),
		('-(v <-> ''[1,0,0]'') > ''-Infinity'''), ('10 - (v <-> ''[1,0,0]'') > NULL::float8')) w(clause),
	bounds_compare('SELECT count(*) FROM bounds_l WHERE ' || clause) c;

-- test: a vector in two parameters, which are equal or not
SET plan_cache_mode = force_generic_plan;
PREPARE bounds_two (vector, vector, float8) AS SELECT count(*) FROM (SELECT id FROM bounds_c
	WHERE id % 50 > 0 AND 1 - (v <=> $1) > $3 ORDER BY 1 - ($2 <=> v) DESC NULLS LAST LIMIT 30) t;
EXPLAIN (COSTS OFF) EXECUTE bounds_two('[1,0,0]', '[1,0,0]', 0.9);
CREATE FUNCTION bounds_both(a vector, b vector, score float8) RETURNS text AS $$
DECLARE
	ours bigint;
	truth bigint;
BEGIN
	EXECUTE format('EXECUTE bounds_two(%L, %L, %L)', a, b, score) INTO ours;
	SELECT least(count(*), 30) INTO truth FROM (SELECT 1 - (v <=> a) AS s FROM bounds_c WHERE id % 50 > 0 OFFSET 0) t WHERE s > score;
	RETURN ours || CASE WHEN ours = truth THEN ', same' ELSE ' instead of ' || truth END;
END $$ LANGUAGE plpgsql;
SELECT a, b, string_agg(bounds_both(a::vector, b::vector, score::float8), '; ' ORDER BY score)
	FROM (VALUES ('[1,0,0]', '[1,0,0]'), ('[1,0,0]', '[-1,0,0]'), ('[1,0,0]', '[0,0,0]'), ('[0,0,0]', '[0,0,0]'),
		(NULL, '[1,0,0]'), ('[1,0,0]', NULL), (NULL, NULL)) q (a, b),
	unnest(ARRAY['0.9', '0.9999', '2', 'NaN', NULL]) score GROUP BY a, b ORDER BY a, b;
DROP FUNCTION bounds_both;
DEALLOCATE bounds_two;
RESET plan_cache_mode;

-- test: joins by partition
CREATE TABLE bounds_a (k integer, v vector(3)) PARTITION BY LIST (k);
CREATE TABLE bounds_a1 PARTITION OF bounds_a FOR VALUES IN (1);
CREATE TABLE bounds_a2 PARTITION OF bounds_a FOR VALUES IN (2);
CREATE TABLE bounds_b (k integer, v vector(3)) PARTITION BY LIST (k);
CREATE TABLE bounds_b1 PARTITION OF bounds_b FOR VALUES IN (1);
CREATE TABLE bounds_b2 PARTITION OF bounds_b FOR VALUES IN (2);
INSERT INTO bounds_a SELECT 1 + n % 2, array[n, 0, 0]::vector FROM generate_series(1, 10) n;
INSERT INTO bounds_b SELECT 1 + n % 2, array[n, 0, 0]::vector FROM generate_series(1, 2000) n;
CREATE INDEX ON bounds_b USING hnsw (v vector_l2_ops);
ANALYZE bounds_a, bounds_b;
SET enable_partitionwise_join = on;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT plan_line('SELECT count(*) FROM bounds_a a JOIN bounds_b b ON a.k = b.k AND b.v <-> a.v < 5');
SELECT join_clause, c.* FROM
	(VALUES ('a.k = b.k AND b.v <-> a.v < 5'),
		('a.k = b.k AND b.v <-> a.v < 5 AND b.v <-> array[a.k, 1, 2]::vector < 100'),
		('b.v <-> a.v < 5')) j(join_clause),
	bounds_compare('SELECT count(*) FROM bounds_a a JOIN bounds_b b ON ' || join_clause) c;
SELECT c.* FROM bounds_compare('SELECT count(*) FROM bounds_l l
	LEFT JOIN (SELECT k, coalesce(v, ''[3,0,0]'') AS w FROM bounds_a) a ON a.k = l.id
	JOIN bounds_b b ON b.v <-> a.w < 1.5') c;
RESET enable_partitionwise_join;

-- test: the genetic optimizer
SET geqo_threshold = 2;
SELECT count(*) FROM generate_series(1, 20) seed,
	LATERAL (SELECT set_config('geqo_seed', (seed / 21.0)::text, false)) s,
	LATERAL bounds_compare('SELECT sum(id) FROM (SELECT i.id FROM bounds_l i
		JOIN (SELECT v FROM bounds_l LIMIT 1) q ON true
		JOIN bounds_l a ON a.id = i.id JOIN bounds_c b ON b.id = i.id
		ORDER BY i.v <-> q.v LIMIT 5) t') c WHERE c.same;
RESET geqo_threshold;
RESET enable_hashjoin;
RESET enable_mergejoin;

DROP TABLE bounds_c, bounds_l, bounds_a, bounds_b;
DROP FUNCTION bounds_compare;

-- test: a search within a bound finds as many rows as LIMIT, from queries between clusters
CREATE TABLE bounds_k AS SELECT c, (SELECT array_agg((hashint4(c * 1009 + d) % 1000) / 1000.0 ORDER BY d) FROM generate_series(1, 32) d)::vector(32) AS v
	FROM generate_series(0, 39) c;
CREATE TABLE bounds_r AS SELECT i AS id, (v + (SELECT array_agg((hashint4(i * 331 + d) % 1000) / 4000.0 ORDER BY d) FROM generate_series(1, 32) d)::vector)::vector(32) AS v
	FROM generate_series(1, 10000) i JOIN bounds_k ON c = i % 40;
CREATE INDEX ON bounds_r USING hnsw (v vector_l2_ops);
ANALYZE bounds_r;
CREATE FUNCTION bounds_short(queries integer, OUT short bigint, OUT nothing bigint) AS $$
DECLARE
	query vector;
	bound float8;
	n bigint;
BEGIN
	short := 0;
	nothing := 0;
	FOR i IN 1..queries LOOP
		query := (SELECT array_agg((hashint4(i * 7919 + d) % 1000) * 1.5 / 1000.0 ORDER BY d) FROM generate_series(1, 32) d)::vector;
		EXECUTE 'SELECT max(d) + 1e-9 FROM (SELECT v <-> $1 AS d FROM bounds_r ORDER BY 1 FETCH FIRST 10 ROWS WITH TIES) s' INTO bound USING query;
		EXECUTE format('SELECT count(*) FROM (SELECT id FROM bounds_r WHERE v <-> %1$L < %2$s ORDER BY v <-> %1$L LIMIT 10) s', query, bound) INTO n;
		short := short + (n < 10)::int;
		nothing := nothing + (n = 0)::int;
	END LOOP;
END $$ LANGUAGE plpgsql;
SELECT short <= 20 AS short, nothing <= 2 AS nothing FROM bounds_short(100);
DROP FUNCTION bounds_short;

-- test: EXPLAIN says by which strategy rows were found
CREATE FUNCTION bounds_strategy(query text) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_path_query_first(plan_json(query, 'ANALYZE, TIMING OFF')::jsonb, '$.**?(@."Node Type" == "Custom Scan").Strategy') #>> '{}'
$$;
SELECT v AS q FROM bounds_r WHERE id = 43 \gset
SELECT bounds_strategy(format('SELECT count(*) FROM bounds_r WHERE v <-> %L < 1', :'q')) AS condition,
	bounds_strategy(format('SELECT id FROM bounds_r WHERE v <-> %1$L < 1 ORDER BY v <-> %1$L LIMIT 3', :'q')) AS search,
	bounds_strategy('SELECT count(*) FROM bounds_k k, LATERAL (SELECT 1 FROM bounds_r r WHERE r.v <-> k.v < 1) s') AS joined;
DROP FUNCTION bounds_strategy;
DROP TABLE bounds_k, bounds_r;

-- test: a search within a bound has all rows there are, where nearly all are at one distance
CREATE TABLE bounds_o AS SELECT i AS id, i % 7 AS a, hashint4(i + 5) % 40 AS b,
	(SELECT array_agg((d = 1 + abs(hashint4(i)) % 100 * (abs(hashint4(i + 1)) % 100) * 64 / 10000)::int + noise * (hashint4(i * 331 + d) % 1000) / 1e6 ORDER BY d)
		FROM generate_series(1, 64) d)::vector(64) AS v
	FROM generate_series(1, 3000) i, LATERAL (SELECT i % 2 AS noise) n;
CREATE FUNCTION bounds_missed(operator text, queries integer, OUT missed bigint, OUT hybrid boolean)
AS $$
DECLARE
	kind text := (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'bounds_o'::regclass AND attname = 'v');
	condition text;
	query text;
	bound float8;
	statement text;
	plan text;
	hybrids bigint := 0;
	found bigint;
	there bigint;
BEGIN
	missed := 0;
	FOR i IN 1..queries LOOP
		condition := (ARRAY['true', 'a = 3', 'b < 0', 'id % 3 = 0'])[1 + i % 4];
		query := (SELECT v FROM bounds_o WHERE id = 1 + i * 37 % 3000);
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_seqscan = on;
		SET LOCAL lokivector.enable_hybrid_scan = off;
		EXECUTE format('SELECT max(d) FROM (SELECT v %s %L::%s AS d FROM bounds_o WHERE %s ORDER BY 1 LIMIT %s) s',
			operator, query, kind, condition, (ARRAY[1, 5, 31, 100, 400])[1 + i % 5]) INTO bound;
		statement := format('SELECT count(*) FROM (SELECT FROM bounds_o WHERE v %1$s %2$L::%6$s <= %3$s AND %4$s ORDER BY v %1$s %2$L::%6$s LIMIT %5$s) s',
			operator, query, bound + abs(bound) * 1e-9, condition, (ARRAY[5, 50, 1000])[1 + i % 3], kind);
		EXECUTE statement INTO there;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		SET LOCAL lokivector.enable_hybrid_scan = on;
		EXECUTE statement INTO found;
		EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
		hybrids := hybrids + (plan ~ 'LokivectorHybridScan')::int;
		missed := missed + (found <> there)::int;
	END LOOP;
	hybrid := hybrids > queries / 2;
END $$ LANGUAGE plpgsql;
CREATE INDEX bounds_o_idx ON bounds_o USING hnsw (v vector_l2_ops);
ANALYZE bounds_o;
SELECT * FROM bounds_missed('<->', 120);
DROP INDEX bounds_o_idx;
CREATE INDEX bounds_o_idx ON bounds_o USING hnsw (v vector_ip_ops, a, b) WITH (brief_codes = off);
SELECT * FROM bounds_missed('<#>', 60);
DROP INDEX bounds_o_idx;
CREATE INDEX bounds_o_idx ON bounds_o USING hnsw (v vector_cosine_ops, b) WITH (profile = compact, m = 4);
SELECT * FROM bounds_missed('<=>', 60);
DROP INDEX bounds_o_idx;
ALTER TABLE bounds_o ALTER v TYPE halfvec(64);
CREATE INDEX bounds_o_idx ON bounds_o USING hnsw (v halfvec_l1_ops, a);
SELECT * FROM bounds_missed('<+>', 60);
DROP INDEX bounds_o_idx;
ALTER TABLE bounds_o ALTER v TYPE bit(64) USING binary_quantize(v)::bit(64);
CREATE INDEX bounds_o_idx ON bounds_o USING hnsw (v bit_hamming_ops, b);
SELECT * FROM bounds_missed('<~>', 60);
DROP FUNCTION bounds_missed;
DROP TABLE bounds_o;
