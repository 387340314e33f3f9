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
