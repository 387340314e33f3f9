-- Left joins in the order of a distance of their nullable side

SET max_parallel_workers_per_gather = 0;
CREATE TABLE outer_docs (id integer PRIMARY KEY, tenant integer, title text);
CREATE TABLE outer_chunks (id integer PRIMARY KEY, doc integer, live boolean NOT NULL, v vector(8));
CREATE TABLE outer_tags (doc integer, tag text);
CREATE TABLE outer_notes (chunk integer, note integer);
-- every tenth document has no chunk, and every tenth chunk no document; some chunks have no distance
INSERT INTO outer_docs SELECT i, i % 10, 'title ' || i FROM generate_series(1, 1000) i;
INSERT INTO outer_chunks SELECT i, CASE WHEN i % 1000 % 10 > 0 THEN i % 1000 END, i % 3 > 0, CASE WHEN i % 500 <> 3 THEN
	(SELECT array_agg(CASE WHEN i % 500 = 4 THEN 0 ELSE sin(i * j + j) END) FROM generate_series(1, 8) j)::vector END
	FROM generate_series(1, 10000) i;
INSERT INTO outer_tags SELECT i % 1000, 'tag ' || i % 7 FROM generate_series(1, 1500) i;
INSERT INTO outer_notes SELECT i % 10000, i FROM generate_series(1, 30000) i;
CREATE INDEX outer_chunks_v ON outer_chunks USING hnsw (v vector_cosine_ops, doc);
CREATE INDEX ON outer_chunks (doc);
CREATE INDEX ON outer_tags (doc);
CREATE INDEX ON outer_notes (chunk);
VACUUM ANALYZE outer_docs, outer_chunks, outer_tags, outer_notes;

-- Whether the query returns what it returns without the index, and whether it uses that
CREATE FUNCTION outer_check(query text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN uses IS NULL THEN 'sorted, ' ELSE 'in order, ' END || outcome
	FROM same(replace(query, ':q', '''[1,2,3,4,5,6,7,8]'''), 'Append')
$$;

-- test: the plan of a left join in the order of its nullable side
EXPLAIN (COSTS OFF) SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id
	ORDER BY c.v <=> '[1,2,3,4,5,6,7,8]' LIMIT 10;

-- test: rows with a partner, and then those without
SELECT query, outer_check(query) FROM unnest(ARRAY[
	'SELECT c.v <=> :q FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY c.v <=> :q LIMIT 10',
	'SELECT d.id, c.id, c.v <=> :q FROM outer_chunks c RIGHT JOIN outer_docs d ON c.doc = d.id ORDER BY c.v <=> :q, d.id, c.id LIMIT 20 OFFSET 7',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id AND c.live ORDER BY c.v <=> :q, c.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id AND c.id > d.id + 500 WHERE d.tenant IN (1, 2, 3) ORDER BY c.v <=> :q, c.id LIMIT 10',
	'SELECT d.id, c.id, 1 - (c.v <=> :q) FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY 1 - (c.v <=> :q) DESC NULLS LAST, c.id LIMIT 10',
	'SELECT d.id, c.id, t.tag FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id LEFT JOIN outer_tags t ON t.doc = d.id ORDER BY c.v <=> :q, c.id, t.tag LIMIT 10',
	'SELECT t.tag, d.id FROM outer_tags t LEFT JOIN (SELECT * FROM outer_chunks WHERE doc < 990) d ON d.doc = t.doc ORDER BY d.v <=> :q, d.id, t.tag LIMIT 30',
	-- the key of the nullable side is unique, and that of the other is not
	'SELECT c.id, n.note FROM outer_notes n LEFT JOIN outer_chunks c ON c.id = n.chunk ORDER BY c.v <=> :q, c.id, n.note LIMIT 12'
]) query;
-- so many that rows without a partner are among them; all rows have one; none has
SET enable_sort = off;
SELECT query, outer_check(query) FROM unnest(ARRAY[
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY c.v <=> :q, c.id, d.id LIMIT 9300',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id AND c.id < 100 ORDER BY c.v <=> :q, c.id, d.id LIMIT 300',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id AND c.id < 0 ORDER BY c.v <=> :q, c.id, d.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY c.v <=> :q, c.id, d.id'
]) query;
RESET enable_sort;

-- test: left joins that are sorted: rows without a partner are first, or their score is not NULL
SELECT query, outer_check(query) FROM unnest(ARRAY[
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY 1 - (c.v <=> :q) DESC, d.id, c.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY coalesce(1 - (c.v <=> :q), 0) DESC, d.id, c.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON coalesce(c.doc, 7) = d.id ORDER BY c.v <=> :q, d.id, c.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc IS NOT DISTINCT FROM d.id ORDER BY c.v <=> :q, d.id, c.id LIMIT 10',
	'SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id WHERE random() >= 0 ORDER BY c.v <=> :q, d.id, c.id LIMIT 10'
]) query;
SET lokivector.complete = off;
SELECT outer_check('SELECT d.id, c.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY c.v <=> :q, c.id LIMIT 100');
RESET lokivector.complete;
BEGIN;
SELECT count(*) FROM (SELECT d.id FROM outer_docs d LEFT JOIN outer_chunks c ON c.doc = d.id ORDER BY c.v <=> '[1,2,3,4,5,6,7,8]' LIMIT 2 FOR UPDATE OF d) s;
ROLLBACK;

DROP FUNCTION outer_check;
DROP TABLE outer_docs, outer_chunks, outer_tags, outer_notes;
