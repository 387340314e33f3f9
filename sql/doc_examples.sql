-- The example of doc/multi-tenant.md: tenants in one index, kept apart by
-- row-level security

CREATE TABLE notes (
	id			integer PRIMARY KEY,
	tenant		integer NOT NULL,
	kind		integer NOT NULL,
	embedding	vector(8) NOT NULL
);
-- 500 tenants; the first has half of the rows
INSERT INTO notes
SELECT i, CASE WHEN i % 2 = 0 THEN 1 ELSE i % 500 + 2 END, i % 7,
	(SELECT array_agg(sin(i * j)) FROM generate_series(1, 8) j)::vector
FROM generate_series(1, 10000) i;
CREATE INDEX notes_embedding ON notes USING hnsw (embedding vector_cosine_ops, tenant, kind);
ANALYZE notes;

CREATE ROLE regress_notes_user;
GRANT SELECT, INSERT, UPDATE ON notes TO regress_notes_user;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notes_tenant ON notes
	USING (tenant = current_setting('app.tenant')::integer);
SET app.tenant = '7';

CREATE FUNCTION notes_leak(integer) RETURNS boolean AS $$
BEGIN
	RAISE NOTICE 'seen: %', $1;
	RETURN true;
END
$$ LANGUAGE plpgsql COST 0.0000001;

CREATE FUNCTION notes_same(id integer) RETURNS boolean AS $$
DECLARE
	near numeric[];
	exact numeric[];
BEGIN
	PERFORM set_config('app.tenant', id::text, true);
	near = ARRAY(SELECT round((embedding <=> '[1,2,3,4,5,6,7,8]')::numeric, 4) FROM notes
		ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5);
	exact = ARRAY(SELECT round((embedding <=> '[1,2,3,4,5,6,7,8]')::numeric, 4) FROM notes ORDER BY 1 LIMIT 5);
	RETURN near = exact AND cardinality(near) = 5;
END
$$ LANGUAGE plpgsql;

SET ROLE regress_notes_user;

-- test: the policy is a condition of the index
EXPLAIN (COSTS OFF) SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM notes WHERE kind = 3 ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id, 1 - (embedding <=> '[1,2,3,4,5,6,7,8]') AS score FROM notes ORDER BY score DESC LIMIT 5;

-- test: as many rows as asked for, of this tenant alone
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5) s;
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]') s;
SET app.tenant = '1';
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 50) s;
SET app.tenant = '-1';
SELECT count(*) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5) s;

-- test: the same distances as without an index
SELECT tenant, notes_same(tenant) FROM (VALUES (1), (3), (7), (501)) t(tenant);

-- test: a function that could tell of others' rows sees none of them
SET app.tenant = '7';
SELECT count(*) FROM (SELECT id FROM notes WHERE notes_leak(tenant) AND kind = 3
	ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 3) s;

-- test: rows come and go
INSERT INTO notes VALUES (10001, 7, 3, '[1,2,3,4,5,6,7,8]');
INSERT INTO notes VALUES (10002, 8, 3, '[1,2,3,4,5,6,7,8]');
SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 1;
RESET ROLE;
DELETE FROM notes WHERE tenant = 7;
SET ROLE regress_notes_user;
SELECT count(*) FROM (SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 1) s;

RESET ROLE;
DROP TABLE notes;
DROP FUNCTION notes_leak, notes_same;
DROP ROLE regress_notes_user;


RESET ALL;

-- The example of doc/time-travel.md: versions of rows, searched as of a time

SET timezone = 'UTC';

CREATE TABLE articles (
	id			bigint NOT NULL,
	title		text NOT NULL,
	embedding	vector(8) NOT NULL,
	valid_from	timestamptz NOT NULL,
	valid_to	timestamptz NOT NULL DEFAULT 'infinity',
	PRIMARY KEY (id, valid_from),
	CHECK (valid_from < valid_to)
);
CREATE INDEX articles_embedding ON articles USING hnsw (embedding vector_cosine_ops, valid_from, valid_to);

-- One call for a new article and for a new version of an old one
CREATE FUNCTION put_article(id bigint, title text, embedding vector, at timestamptz DEFAULT now())
RETURNS bigint AS $$
	UPDATE articles SET valid_to = at WHERE articles.id = put_article.id AND valid_to = 'infinity';
	INSERT INTO articles VALUES (id, title, embedding, at) RETURNING articles.id
$$ LANGUAGE sql;
CREATE FUNCTION articles_near(query vector, at timestamptz DEFAULT now(), rows integer DEFAULT 5)
RETURNS TABLE (id bigint, title text, distance float8) AS $$
	SELECT id, title, embedding <=> query FROM articles
	WHERE valid_from <= at AND at < valid_to
	ORDER BY embedding <=> query LIMIT rows
$$ LANGUAGE sql STABLE;

-- 1,000 articles, of which those divisible by 3 change each month, 24 times
CREATE FUNCTION article_vector(id bigint, version integer) RETURNS vector AS $$
	SELECT array_agg(sin(id * i) + version * 0.2 * cos(id + i) ORDER BY i)::vector FROM generate_series(1, 8) i
$$ LANGUAGE sql IMMUTABLE;
SELECT count(put_article(i, 'article ' || i, article_vector(i, 0), '2020-01-01')) FROM generate_series(1, 1000) i;
SELECT count(put_article(i, 'article ' || i || ', version ' || n, article_vector(i, n), '2020-01-01'::timestamptz + n * interval '1 month'))
FROM generate_series(1, 24) n, generate_series(3, 1000, 3) i;
VACUUM ANALYZE articles;
SELECT count(*), count(DISTINCT id) FROM articles;

-- test: the plan
SET datestyle = 'ISO';
EXPLAIN (COSTS OFF) SELECT id, title FROM articles
WHERE valid_from <= '2020-08-15' AND '2020-08-15' < valid_to
ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;

-- test: as of several times; nothing before the first version
SELECT * FROM articles_near(article_vector(300, 7), '2020-08-15', 1);
SELECT * FROM articles_near(article_vector(300, 7), '2019-12-31', 1);
SELECT at::date, near = exact AS same FROM
	(SELECT at, (SELECT array_agg(id) FROM articles_near(article_vector(300, 7), at, 10)) AS near,
		(SELECT array_agg(id) FROM (SELECT id FROM articles WHERE valid_from <= at AND at < valid_to
			ORDER BY (embedding <=> article_vector(300, 7))::text::float8 LIMIT 10) e) AS exact
	 FROM generate_series('2020-01-01', '2022-06-01', interval '3 months') at) s;

-- test: one version of each at a time
SELECT at::date, count(*), count(DISTINCT id) FROM
	(VALUES ('2020-01-15'::timestamptz), ('2021-07-15'), ('2024-01-01')) t(at),
	articles_near('[1,2,3,4,5,6,7,8]', at, 2000) GROUP BY at ORDER BY at;

-- test: a change shows at once, and the past stays
SELECT put_article(43, 'article 43, rewritten', '[8,7,6,5,4,3,2,1]', '2023-01-01');
SELECT id, title FROM articles_near('[8,7,6,5,4,3,2,1]', '2023-01-01', 1);
SELECT 43 IN (SELECT id FROM articles_near(article_vector(43, 0), '2022-12-31', 5)) AS before,
	43 IN (SELECT id FROM articles_near(article_vector(43, 0), '2023-01-01', 5)) AS after;

-- test: what changed near a subject in a month
SELECT count(*) FROM (SELECT id FROM articles WHERE valid_from >= '2020-05-01' AND valid_from < '2020-06-01'
	ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 400) s;

DROP TABLE articles;
DROP FUNCTION put_article, articles_near, article_vector;
