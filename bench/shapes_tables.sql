-- SPDX-License-Identifier: PostgreSQL
-- The tables of shapes_applications.sql, in the schema that is first in search_path.
-- bench/shapes.py has filled loaded (id, v), with ids from 1.

CREATE TABLE docs AS
	SELECT d AS id, d % 60 AS tenant_id, (ARRAY['published', 'published', 'draft'])[1 + d % 3] AS status,
		'author ' || d % 500 AS author
	FROM generate_series(0, 9999) d;
ALTER TABLE docs ADD PRIMARY KEY (id);
CREATE INDEX ON docs (author);

CREATE TABLE chunks AS
	SELECT id, id % 10000 AS doc_id, (id % 10000) % 60 AS tenant_id, 'main'::text AS collection,
		jsonb_build_object('lang', (ARRAY['en', 'de', 'fr'])[1 + id % 3], 'user', 'u' || id % 400) AS meta,
		to_tsvector('simple', 'word' || id % 50 || ' word' || id % 1999 || ' text') AS words,
		now() - id % 5000 * interval '1 hour' AS created_at, id * 7919 % 1000 AS likes,
		md5(id::text)::uuid AS u, v
	FROM loaded;
ALTER TABLE chunks ADD PRIMARY KEY (id), ALTER created_at SET NOT NULL, ALTER likes SET NOT NULL,
	ALTER collection SET NOT NULL;
CREATE INDEX ON chunks (tenant_id);
CREATE INDEX ON chunks (doc_id);
CREATE INDEX ON chunks (created_at);
CREATE INDEX ON chunks (likes);
CREATE INDEX ON chunks ((meta->>'user'));
CREATE UNIQUE INDEX ON chunks (u);
CREATE INDEX ON chunks USING gin (meta jsonb_path_ops);
CREATE INDEX ON chunks USING gin (words);
CREATE INDEX ON chunks USING hnsw (v vector_cosine_ops);

CREATE TABLE notes AS SELECT id, id % 60 AS tenant_id, v FROM loaded WHERE id % 3 = 0;
CREATE INDEX ON notes USING hnsw (v vector_cosine_ops, tenant_id, id);
CREATE TABLE duplicates AS SELECT id, v FROM loaded WHERE id <= 2000;
ALTER TABLE duplicates ADD PRIMARY KEY (id);
CREATE INDEX ON duplicates USING hnsw (v vector_cosine_ops);
CREATE VIEW hidden WITH (security_barrier) AS SELECT * FROM chunks WHERE tenant_id < 50;
CREATE VIEW owned WITH (security_barrier) AS
	SELECT id, v, tenant_id FROM chunks WHERE tenant_id = current_setting('shape.tenant', true)::int;
CREATE TABLE one_query AS SELECT v FROM chunks WHERE id = 99;
CREATE TABLE queries AS SELECT id, v FROM chunks WHERE id IN (99, 500, 900, 1500, 1900);
CREATE TABLE allowed AS SELECT md5(i::text)::uuid AS id, i % 30 AS usr FROM generate_series(1, 60000) i;
CREATE INDEX ON allowed (usr);

-- words of a document with their weights, as a learned sparse model makes them
CREATE TABLE sparse_docs AS
	SELECT id, id % 60 AS tenant_id, id % 5000 AS doc_id, terms.s
	FROM loaded, LATERAL (
		SELECT ('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/30000')::sparsevec(30000) AS s
		FROM (SELECT DISTINCT ON (w) w, round(0.1 + abs(hashint8extended(id, -i) % 100) / 40.0, 2) AS x
			FROM generate_series(1, 30) i,
				LATERAL (SELECT 1 + (power(abs(hashint8extended(id, i) % 100000) / 100000.0, 3) * 29998)::int AS w) t
			ORDER BY w, i) one) terms
	WHERE id <= 20000;
ALTER TABLE sparse_docs ADD PRIMARY KEY (id);
CREATE INDEX ON sparse_docs (tenant_id);
CREATE INDEX ON sparse_docs USING hnsw (s sparsevec_ip_ops);
CREATE INDEX ON sparse_docs USING hnsw (s sparsevec_cosine_ops);
CREATE TABLE sparse_query AS SELECT s FROM sparse_docs WHERE id = 77;

CREATE FUNCTION loop_over(q vector, most integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	r record;
	n integer := 0;
BEGIN
	FOR r IN SELECT id, v <=> q AS d FROM chunks ORDER BY v <=> q LOOP
		n := n + 1;
		EXIT WHEN n = most;
	END LOOP;
	RETURN n;
END $$;
CREATE FUNCTION fetch_tens(q vector, times integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	c CURSOR FOR SELECT id FROM chunks ORDER BY v <=> q;
BEGIN
	OPEN c;
	FOR i IN 1 .. times LOOP
		MOVE FORWARD 10 FROM c;
	END LOOP;
	CLOSE c;
	RETURN times;
END $$;
CREATE FUNCTION match_documents(query_embedding vector, match_count integer DEFAULT NULL, filter jsonb DEFAULT '{}')
RETURNS TABLE (doc integer, similarity float8) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT chunks.id, 1 - (chunks.v <=> query_embedding) FROM chunks WHERE chunks.meta @> filter
		ORDER BY chunks.v <=> query_embedding LIMIT match_count;
END $$;
DROP TABLE loaded;
VACUUM ANALYZE chunks, docs, notes, duplicates, one_query, queries, allowed, sparse_docs, sparse_query;
