-- Aggregates below a join, which PostgreSQL has since 19: there a relation's rows are groups

SET max_parallel_workers_per_gather = 0;

CREATE TABLE eager_t (id integer, kind integer, v vector(3), x integer) WITH (autovacuum_enabled = off);
INSERT INTO eager_t SELECT n, n % 40, ARRAY[n % 40, n % 7, n % 3]::vector, n FROM generate_series(1, 4000) n;
CREATE TABLE eager_k (id integer, b integer) WITH (autovacuum_enabled = off);
INSERT INTO eager_k SELECT n % 40, n % 5 FROM generate_series(1, 400) n;
CREATE INDEX eager_idx ON eager_t USING hnsw (v vector_l2_ops, kind);
VACUUM ANALYZE eager_t, eager_k;
-- of groups of any size
SELECT count(set_config(name, '0', false)) = (current_setting('server_version_num')::int >= 190000)::int AS ok
FROM pg_settings WHERE name = 'min_eager_agg_group_size';

-- Whether groups below the join are made where the server can, and the answer is the one without an index
CREATE FUNCTION eager_plan(query text, OUT below boolean, OUT same boolean) LANGUAGE sql SET enable_seqscan = off AS $$
	SELECT uses IS NOT NULL OR current_setting('server_version_num')::int < 190000, outcome = 'same' AND rows > 1
	FROM same(query, 'Partial (?:Hash|Group)?Aggregate')
$$;

-- test: groups of rows within a distance
SELECT * FROM eager_plan($$SELECT k.b, count(*), sum(t.x) FROM eager_t t JOIN eager_k k ON k.id = t.kind
	WHERE t.v <-> '[1,2,3]' < 3 GROUP BY k.b ORDER BY k.b$$);

-- test: the least distance of each group, where paths of plain rows by the keys of another table are none of groups
SELECT * FROM eager_plan($$SELECT t.kind, min(t.v <-> '[1,2,3]') AS d FROM eager_t t
	WHERE t.kind IN (SELECT id FROM eager_k WHERE b = 3) GROUP BY t.kind ORDER BY d, t.kind LIMIT 1000$$);

DROP FUNCTION eager_plan;
DROP TABLE eager_t, eager_k;
