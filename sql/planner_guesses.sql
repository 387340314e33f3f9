-- Conditions of which nothing is known: the server takes 0.5 % of the rows for those that pass each

SET client_min_messages = warning;
SET lokivector.build_seed = 1;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET random_page_cost = 1.1;
CREATE TABLE items (id int PRIMARY KEY, kb int, tenant int, path text COLLATE "C", meta jsonb, pad text, v vector(8));
INSERT INTO items SELECT i, i % 20, i % 7, 'users/' || i % 50 || '/' || i,
		jsonb_build_object('country', 'c' || i % 3, 'category', (i / 3 % 5)::text, 'source', 's' || i % 4, 'page', i % 100, 'code', i),
		repeat('x', 400), (SELECT array_agg(sin(i % 150 * j * 0.37) + i % 13 * 0.01) FROM generate_series(1, 8) j)::vector
	FROM generate_series(1, 20000) i;
CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops, tenant);
VACUUM ANALYZE items;
CREATE FUNCTION scans(statement text) RETURNS text LANGUAGE sql AS $$
	SELECT plan_nodes(statement, 'Index Scan using \w+|Bitmap Index Scan on \w+|LokivectorHybridScan|Seq Scan|Index Only Scan using \w+', ', ')
$$;
CREATE FUNCTION estimated(statement text) RETURNS int LANGUAGE sql RETURN plan_figure(statement);
CREATE FUNCTION nearest(condition text) RETURNS text LANGUAGE sql AS
	$$SELECT scans('SELECT id FROM items WHERE ' || condition || $q$ ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$q$)$$;

-- test: guesses do not multiply below what a search is worth
SELECT nearest($$meta->>'country' = 'c1'$$);
SELECT nearest($$meta->>'country' = 'c1' AND meta->>'category' = '2'$$);
SELECT nearest($$meta->>'country' = 'c1' AND meta->>'category' = '2' AND meta->>'source' = 's1'$$);
SELECT nearest($$meta->>'country' IN ('c1', 'c2') AND (meta->>'page')::numeric > 50 AND meta->>'category' = '2'$$);
SELECT nearest($$(meta->>'country' = 'c1' OR meta->>'source' = 's2') AND NOT meta->>'category' = '4'$$);
SELECT nearest($$id % 20 = 1 AND meta->>'category' = '2'$$);
SELECT nearest($$tenant = 3 AND meta->>'country' = 'c1' AND meta->>'category' = '2'$$);
SELECT scans($$SELECT id FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2' ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 500$$);
SELECT scans($$SELECT id FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2' ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 5000$$);
-- of two operands that both depend on the row
SELECT scans($$SELECT id FROM items WHERE kb = (SELECT 3 WHERE items.id > 0) ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 50$$);
SELECT scans($$SELECT id FROM items WHERE kb % 7 = tenant ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 50$$);
-- a further sort key, where core guesses a row and sorts at once: still a search for ten
SELECT plan_nodes($$SELECT id FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2' AND meta->>'source' = 's1' ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT 10$$, 'Limit|Sort(?! )|Index Scan using \w+|Seq Scan', ', ');
-- the estimate itself remains
SELECT estimated($$SELECT FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2'$$);
-- what is known remains too: statistics, a unique key, and another index's condition
SELECT nearest($$id = 77 AND meta->>'country' = 'c1'$$);
SELECT nearest($$path = 'users/3/3' AND meta->>'country' = 'c1'$$);
SELECT nearest($$path LIKE 'users/3/3%' AND meta->>'country' = 'c1'$$);
CREATE INDEX items_code ON items ((meta->>'code'));
SELECT nearest($$meta->>'code' = '500'$$);
SELECT nearest($$meta->>'code' = '500' AND meta->>'country' = 'c1'$$);
ANALYZE items;
SELECT nearest($$meta->>'code' = '500' AND meta->>'country' = 'c1'$$);
DROP INDEX items_code;

-- test: these have the server's own plans: a b-tree on an expression without statistics (above), merge joins, no ORDER BY, no LIMIT
SELECT scans($$SELECT id FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2' LIMIT 10$$);
SELECT scans($$SELECT id FROM items WHERE meta->>'country' = 'c1' AND meta->>'category' = '2' ORDER BY v <-> '[1,2,3,4,5,6,7,8]'$$);
SET enable_hashjoin = off;
SET enable_nestloop = off;
SELECT plan_nodes($$SELECT count(*) FROM items a JOIN items b ON b.id = a.id + 1 WHERE a.meta->>'country' = 'c1'$$, 'Merge Join|Sort(?! )|Index Scan using \w+|Seq Scan|Index Only Scan using \w+', ', ');
RESET enable_hashjoin;
RESET enable_nestloop;

-- test: guesses of a table that is joined
CREATE TABLE parts AS SELECT i AS id, i / 3 AS item, 'part ' || i AS body FROM generate_series(1, 60000) i;
CREATE INDEX parts_item ON parts (item);
VACUUM ANALYZE parts;
SELECT scans($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE i.tenant = 3 AND p.id % 2 = 0 AND length(p.body) > 3 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);
SELECT scans($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE i.tenant = 3 AND p.id < 3 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);

-- joins that read all rows of a scan, or of its groups, do not take what costs a part of them, as a search below LIMIT does
SELECT plan_nodes($$SELECT i.id FROM items i JOIN parts p ON p.item + 0 = i.id WHERE p.id % 20 = 1 AND i.meta->>'country' = 'c1' ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$,
	'Hash Join|Nested Loop|Index Scan using \w+|Seq Scan', ', ');
CREATE TABLE labels AS SELECT id AS item, id % 20 AS label FROM items;
ANALYZE labels;
SELECT plan_nodes($$SELECT s.id FROM (SELECT DISTINCT ON (i.id % 1000) i.id % 1000 AS g, i.id, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items i
	WHERE i.meta->>'country' = 'c1' ORDER BY g, d) s JOIN labels l ON l.item = s.id WHERE label = 1 ORDER BY d LIMIT 10$$, 'Hash Join|Nested Loop|Index Scan using \w+|Seq Scan', ', ');
-- nor do joins of joins, and where LIMIT takes more than are guessed
SELECT plan_nodes($$SELECT i.id FROM items i JOIN labels l ON l.item = i.id + 0 JOIN parts p ON p.item + 0 = l.item WHERE l.label + 0 = 1 AND i.meta->>'country' = 'c1' ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 100$$,
	'^Limit|LokivectorSearchOrSort|Hash Join|Nested Loop|Index Scan using \w+|Seq Scan', ', ');
SELECT plan_nodes($$SELECT s.id FROM (SELECT DISTINCT ON (i.kb) i.kb, i.id, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items i
	WHERE i.meta->>'country' = 'c1' ORDER BY i.kb, d) s JOIN labels l ON l.item = s.id WHERE label = 1 ORDER BY d LIMIT 100$$, '^Limit|LokivectorSearchOrSort|Hash Join|Nested Loop|Index Scan using \w+|Seq Scan', ', ');
DROP TABLE labels;

-- test: a search of which joins and HAVING drop most rows is given up for the other plan
-- which plan had the rows, and how many of them are those that the table has
CREATE FUNCTION way(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb := plan_json(statement, 'ANALYZE, TIMING off') -> 0 -> 'Plan';
BEGIN
	RETURN CASE WHEN plan ->> 'Custom Plan Provider' IS DISTINCT FROM 'LokivectorSearchOrSort' THEN 'one plan: ' || (plan ->> 'Node Type')
		WHEN plan -> 'Plans' -> 1 ->> 'Actual Loops' = '0' THEN 'search' ELSE 'other' END || (SELECT ', ' || rows || ', ' || outcome FROM same(statement));
END
$$;
SET hnsw.ef_search = 500;
SELECT n, way(format($$SELECT i.id, p.id AS part FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM generate_series(1, 2) n;
SELECT way(s) FROM (VALUES ($$SELECT i.id FROM items i WHERE EXISTS (SELECT FROM parts p WHERE p.item = i.id AND p.id % 2 = 3) ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 10$$),
	($$SELECT DISTINCT i.id, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 ORDER BY d, i.id LIMIT 10$$)) v(s);
SELECT n, way(format($$SELECT i.id, count(*), max(p.body) FROM items i JOIN parts p ON p.item = i.id GROUP BY i.id HAVING count(*) > %s ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 10 OFFSET 2$$, n)) FROM generate_series(2, 3) n;
SELECT way($$SELECT i.id, min(i.v <-> '[1,2,3,4,5,6,7,8]') AS d FROM items i LEFT JOIN parts p ON p.item = i.id GROUP BY i.id HAVING max(p.id) < 300 ORDER BY d, i.id LIMIT 10$$);
-- groups by another key, of which LIMIT takes few, or so many that core's plan for all seems to cost more than ours
SELECT n, k, way(format($$SELECT p.item %% %s AS g, min(i.v <-> '[1,2,3,4,5,6,7,8]') AS d FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s GROUP BY 1 ORDER BY d, g LIMIT 5 OFFSET 1$$, k, n)) FROM generate_series(1, 3, 2) n, (VALUES (20000), (10)) v(k);
SELECT plan_nodes($$SELECT p.item % 10 AS g, min(i.v <-> '[1,2,3,4,5,6,7,8]') AS d FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 1 GROUP BY 1 ORDER BY d LIMIT 5$$, '(?:First|Second) Plan.*|Lokivector\w+|Sort(?! )|\w*Aggregate', ', ');
-- beside a condition that the scan evaluates, and one that another index answers
SELECT way($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 AND i.kb + 0 < 15 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 10$$);
SELECT way($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 AND i.id > 2000 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 10$$);
-- where the joined rows are compared with those of the scan, or are of the nullable side of a join
SELECT n, way(format($$SELECT i.id, p.id AS part FROM items i JOIN parts p ON p.item = i.id WHERE p.id + %s > i.kb ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM (VALUES (0), (-100000)) v(n);
SELECT n, way(format($$SELECT i.id, p.id AS part FROM items i LEFT JOIN parts p ON p.item = i.id WHERE coalesce(p.body, 'none') <> 'none' AND length(coalesce(p.body, '')) > %s ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM (VALUES (1), (100)) v(n);
-- where conditions of the joined table exclude each other, of which the server knows each share
SELECT n, way(format($$SELECT i.id, p.id AS part FROM items i JOIN parts p ON p.item = i.id WHERE p.id < 9000 AND p.item > %s ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM (VALUES (10), (8000)) v(n);
-- where each row that passes is compared with all of the other table, and many more pass than the server guesses
SELECT way($$SELECT i.id FROM items i WHERE i.meta->>'country' IN ('c1', 'c2', 'c3', 'c4') AND i.meta->>'source' = 's1' AND NOT EXISTS (SELECT FROM parts p WHERE p.item + 0 = i.id) ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);
-- no row is dropped by a condition of the outer join itself
SELECT way($$SELECT i.id, p.id AS part FROM items i LEFT JOIN parts p ON p.item = i.id AND p.id > i.kb + 100000 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 10$$);
-- again and again, with rows and without
SELECT * FROM same($$SELECT n, s.id FROM (VALUES (1), (3), (0), (5), (1)) r(n) CROSS JOIN LATERAL (SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = n
	ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 3) s$$, 'LokivectorSearchOrSort');
SELECT * FROM same($$SELECT n, s.* FROM (VALUES (1), (3), (3), (5), (1)) r(n) CROSS JOIN LATERAL (SELECT p.item % 500 AS g, min(i.v <-> '[1,2,3,4,5,6,7,8]') AS d
	FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = n OR p.id % 4000 = n GROUP BY 1 ORDER BY d, g LIMIT 3) s$$, 'LokivectorSearchOrSort');
-- again without a change: what the search's Sort has kept is not all; nor is it when only what is computed above that changes
CREATE TABLE one AS SELECT 1 AS n;
ANALYZE one;
INSERT INTO one VALUES (2), (3);
SELECT * FROM same($$SELECT n, s.id FROM one CROSS JOIN (SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 OR p.id % 40000 = 7
	ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 3) s$$, 'LokivectorSearchOrSort');
CREATE FUNCTION dear(a int, b int) RETURNS int LANGUAGE plpgsql STABLE COST 1000 AS 'BEGIN RETURN a * 10 + b; END';
SET enable_material = off;
SELECT * FROM same($$SELECT r.n, s.* FROM (VALUES (1), (2)) r(n) CROSS JOIN LATERAL (SELECT one.n AS one, s.dear FROM one CROSS JOIN
	(SELECT dear(i.id, r.n) FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 OR p.id % 40000 = 7
	ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id LIMIT 3) s OFFSET 0) s$$, 'LokivectorSearchOrSort');
RESET enable_material;
DROP TABLE one;
DROP FUNCTION dear;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 3 OR p.id % 40000 = 7 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
FETCH 5 FROM c;
FETCH BACKWARD 1 FROM c;
COMMIT;
-- sub-plans, which both plans have, unless one could tell how often they are evaluated
SELECT n, way(format($$SELECT i.id, p.id AS part, (SELECT count(*) FROM parts q WHERE q.item = i.id) FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM generate_series(1, 2) n;
SELECT n, way(format($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s AND (i.kb < 0 OR EXISTS (SELECT FROM parts q WHERE q.item = i.id)) ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, n)) FROM generate_series(1, 2) n;
SELECT what, plan_nodes(format($$SELECT i.id, %s FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = 1 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$, what), 'LokivectorSearchOrSort') FROM (VALUES
	('(SELECT kb FROM items j WHERE j.id = i.kb)'), ('(SELECT kb FROM items j WHERE j.id = i.kb FOR UPDATE)'), ('(SELECT kb FROM items j WHERE j.id = i.kb AND random() < 2)'),
	('(SELECT (SELECT kb FROM items j WHERE j.id = i.kb + k.kb AND random() < 2) FROM items k WHERE k.id = i.kb)'),
	('(SELECT i.kb WHERE (SELECT i.id > 0))'), ('(SELECT i.kb WHERE (SELECT i.id > 0 AND random() < 2))')) v(what);
-- what may be called once, and rows that are locked
SELECT way($$SELECT i.id, clock_timestamp() > '2000-1-1' FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 1 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$);
SELECT way($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 1 AND random() < 2 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$);
CREATE TABLE calls (n int);
CREATE FUNCTION called() RETURNS SETOF int LANGUAGE sql AS 'INSERT INTO calls VALUES (1) RETURNING n';
SELECT i.id, c FROM items i JOIN parts p ON p.item = i.id CROSS JOIN called() c WHERE p.id % 2 = 3 OR p.id % 40000 = 7 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10;
SELECT count(*) FROM calls;
DROP FUNCTION called;
DROP TABLE calls;
SELECT plan_nodes($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 1 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]' LIMIT 10 FOR UPDATE$$, 'LokivectorSearchOrSort');
-- ranks, of which the first are wanted
SELECT n, way(format($$SELECT * FROM (SELECT i.v <-> '[1,2,3,4,5,6,7,8]' AS d, row_number() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS r FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s) s WHERE r <= 10$$, n)) FROM generate_series(1, 2) n;
SELECT n, way(format($$SELECT * FROM (SELECT i.v <-> '[1,2,3,4,5,6,7,8]' AS d, 1 + rank() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS r, rank() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS s FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s) s WHERE s < 10$$, n)) FROM generate_series(1, 2) n;
SELECT n, way(format($$SELECT i.v <-> '[1,2,3,4,5,6,7,8]' AS d, row_number() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS r FROM items i JOIN parts p ON p.item = i.id WHERE p.id %% 2 = %s ORDER BY r LIMIT 10$$, n)) FROM generate_series(1, 2) n;
SELECT * FROM same($$SELECT n, s.* FROM (VALUES (1), (3), (3), (0), (1)) r(n) CROSS JOIN LATERAL (SELECT * FROM (SELECT i.v <-> '[1,2,3,4,5,6,7,8]' AS d,
	row_number() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS r FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = n) s WHERE r <= 3) s$$, 'LokivectorSearchOrSort');
SELECT count(*) > 0 AS verbose FROM plan_lines($$SELECT * FROM (SELECT i.v <-> '[1,2,3,4,5,6,7,8]' AS d, row_number() OVER (ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]') AS r FROM items i JOIN parts p ON p.item = i.id WHERE p.id % 2 = 1) s WHERE r <= 10$$, 'VERBOSE');
-- groups and ranks in a subquery, also below a condition or a join
CREATE VIEW near AS SELECT *, v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items;
CREATE TABLE forms (form text, text text);
INSERT INTO forms VALUES
	('first rows', $$SELECT * FROM (SELECT DISTINCT ON (p.item) p.item, kb, d FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n} ORDER BY p.item, d) s ORDER BY d, item LIMIT 10 OFFSET 2$$),
	('groups', $$SELECT * FROM (SELECT kb, i.id % 500 AS g, min(d) AS d FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n} GROUP BY 1, 2) s ORDER BY d, g, kb LIMIT 10$$),
	('numbers', $$SELECT d, r FROM (SELECT d, row_number() OVER (PARTITION BY kb ORDER BY d) AS r FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n}) s WHERE r <= 3 ORDER BY d, r LIMIT 5$$),
	('ranks', $$SELECT d, r FROM (SELECT d, i.id, dense_rank() OVER (PARTITION BY kb ORDER BY d) AS r FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n}) s WHERE r = 2 ORDER BY d LIMIT 5$$),
	('a condition', $$SELECT 1 - d AS s, kb FROM (SELECT DISTINCT ON (i.id % 1000) kb, d, i.id % 1000 AS g FROM near i ORDER BY i.id % 1000, d) s WHERE (kb + g) % 2 = {n} - 1 ORDER BY s.d, g LIMIT 5$$),
	('a join above', $$SELECT item, p.id FROM (SELECT DISTINCT ON (q.item) q.item, d FROM near i JOIN parts q ON q.item = i.id WHERE q.id > 3000 ORDER BY q.item, d) s JOIN parts p USING (item) WHERE p.id % 2 = {n} ORDER BY d, p.id LIMIT 5$$),
	('a sub-plan', $$SELECT kb, min(d) AS d, (SELECT count(*) FROM parts q WHERE q.item = kb + {n}) AS parts FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n} GROUP BY kb ORDER BY d, kb LIMIT 5$$),
	('a sub-plan above', $$SELECT s.*, (SELECT max(q.id) FROM parts q WHERE q.item = s.item) AS part FROM (SELECT DISTINCT ON (p.item) p.item, d FROM near i JOIN parts p ON p.item = i.id WHERE p.id % 2 = {n} ORDER BY p.item, d) s ORDER BY d, item LIMIT 5$$),
	('a sub-plan''s condition', $$SELECT * FROM (SELECT DISTINCT ON (i.id % 1000) kb, d, i.id FROM near i ORDER BY i.id % 1000, d) s WHERE (SELECT count(*) FROM parts q WHERE q.item = s.id) = {n} * 3 ORDER BY d, id LIMIT 5$$),
	('a join', $$SELECT s.item, p.id, d FROM (SELECT kb AS item, min(d) AS d FROM near i JOIN parts q ON q.item = i.id WHERE q.id % 2 = {n} GROUP BY kb) s JOIN parts p USING (item) ORDER BY d, item, p.id LIMIT 8$$);
SELECT form, n, way(replace(text, '{n}', n::text)) FROM forms, generate_series(1, 3, 2) n ORDER BY form, n;
SELECT form, same.* FROM forms, same(format('SELECT n, s.* FROM (VALUES (1), (3), (3), (0), (5), (1)) r(n) CROSS JOIN LATERAL (%s) s', replace(text, '{n}', 'n')), 'LokivectorSearchOrSort') ORDER BY form;
-- fewer groups than LIMIT takes, as is known, or as turns out: no statistics tell of the groups, or they are beside each other
SELECT way($$SELECT kb, min(d) FROM near WHERE kb < 9 GROUP BY kb ORDER BY 2 LIMIT 10$$), way($$SELECT * FROM (SELECT DISTINCT ON (kb) kb, d FROM near WHERE kb = 5 ORDER BY kb, d) s ORDER BY d LIMIT 10$$);
SELECT way($$SELECT kb % 3, min(d) FROM near GROUP BY 1 ORDER BY 2 LIMIT 10$$), way($$SELECT * FROM (SELECT DISTINCT ON (kb % 3) kb % 3 AS g, d FROM near ORDER BY kb % 3, d) s ORDER BY d LIMIT 10$$);
CREATE TABLE item_parts (id int, kb int, v vector(8)) PARTITION BY LIST (kb);
CREATE TABLE item_part PARTITION OF item_parts DEFAULT;
INSERT INTO item_parts SELECT id, kb, v FROM items;
CREATE INDEX ON item_parts USING hnsw (v vector_l2_ops);
ANALYZE item_parts;
-- volatile functions, rows that are locked, and partitions in the subquery
SELECT name, plan_nodes(format($$SELECT * FROM (SELECT DISTINCT ON (p.item) p.item, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM %s i JOIN parts p ON p.item = i.id
	WHERE p.id %% 2 = 1 %s ORDER BY p.item, d) s ORDER BY d LIMIT 10$$, items, condition), 'LokivectorSearchOrSort|LokivectorGroupSearch') FROM (VALUES
	('as above', 'items', ''), ('volatile', 'items', 'AND random() < 2'), ('sub-plan', 'items', 'AND i.kb < (SELECT 30 + i.id)'), ('init plan', 'items', 'AND i.kb < (SELECT 30)'), ('volatile init plan', 'items', 'AND i.kb < (SELECT 30 + random())'), ('partition', 'item_parts', '')) v(name, items, condition);
-- two ways of one sub-plan, of which each plan of a subquery chooses one
SELECT way($$SELECT s.item FROM (SELECT DISTINCT ON (p.item) p.item, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items i JOIN parts p ON p.item = i.id
	WHERE p.id % 2 = 3 AND (i.kb < 2 OR EXISTS (SELECT FROM parts q WHERE q.item = i.id)) ORDER BY p.item, d) s ORDER BY d, item LIMIT 10$$);
SELECT plan_nodes(replace(text, '{n}', '1') || ' FOR UPDATE OF p', 'LokivectorSearchOrSort|LokivectorGroupSearch') FROM forms WHERE form = 'a join';
-- policies of both plans, and values that are not known
CREATE ROLE regress_guesses;
GRANT SELECT ON items, parts TO regress_guesses;
CREATE POLICY items_policy ON items USING (tenant = 2);
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
SET ROLE regress_guesses;
SELECT n, way(format($$SELECT * FROM (SELECT DISTINCT ON (p.item) p.item, tenant, i.v <-> '[1,2,3,4,5,6,7,8]' AS d FROM items i JOIN parts p ON p.item = i.id
	WHERE p.id %% 2 = (SELECT %s) ORDER BY p.item, d) s ORDER BY d, item LIMIT 5$$, n)) FROM generate_series(1, 3, 2) n;
RESET ROLE;
ALTER TABLE items DISABLE ROW LEVEL SECURITY;
DROP POLICY items_policy ON items;
REVOKE ALL ON items, parts FROM regress_guesses;
DROP ROLE regress_guesses;
SET plan_cache_mode = force_generic_plan;
PREPARE best(int, vector, bigint) AS SELECT item, round(d::numeric, 3) FROM (SELECT DISTINCT ON (p.item) p.item, i.v <-> $2 AS d FROM items i JOIN parts p ON p.item = i.id
	WHERE p.id % 2 = $1 OR p.id % 20000 = 9 ORDER BY p.item, d) s ORDER BY d, item LIMIT $3;
EXECUTE best(1, '[1,2,3,4,5,6,7,8]', 3);
EXECUTE best(3, '[1,2,3,4,5,6,7,8]', 4);
SELECT n, plan_json(format('EXECUTE best(%s, %L, 4)', n, '[1,2,3,4,5,6,7,8]'), 'ANALYZE, TIMING off') #>> '{0,Plan,Plans,1,Actual Loops}' AS others FROM generate_series(1, 3, 2) n;
DEALLOCATE best;
RESET plan_cache_mode;
DROP VIEW near;
DROP TABLE forms, item_parts;
-- what is no guess
SELECT way($$SELECT i.id FROM items i JOIN parts p ON p.item = i.id WHERE p.item > 7 ORDER BY i.v <-> '[1,2,3,4,5,6,7,8]', i.id, p.id LIMIT 10$$);
RESET hnsw.ef_search;
DROP FUNCTION way;
DROP TABLE parts;

-- test: plans for all values
SET plan_cache_mode = force_generic_plan;
PREPARE by_two(text, text, vector) AS SELECT id FROM items WHERE meta->>'country' = $1 AND meta->>'category' = $2 ORDER BY v <-> $3 LIMIT 10;
SELECT scans($$EXECUTE by_two('c1', '2', '[1,2,3,4,5,6,7,8]')$$);
PREPARE by_path(text, vector) AS SELECT id FROM items WHERE path LIKE $1 AND meta->>'category' = '1' ORDER BY v <-> $2 LIMIT 10;
SELECT scans($$EXECUTE by_path('users/3/%', '[1,2,3,4,5,6,7,8]')$$);
RESET plan_cache_mode;

-- test: a condition that slots decide is costed so, also where a policy keeps it from being one of the index
CREATE INDEX items_path ON items USING hnsw (v vector_l2_ops, tenant, path text_prefix_ops);
CREATE ROLE regress_guesses;
GRANT SELECT ON items TO regress_guesses;
CREATE POLICY items_policy ON items USING (tenant = 1);
ALTER TABLE items ENABLE ROW LEVEL SECURITY;
SET ROLE regress_guesses;
SELECT nearest($$path ^@ 'users/3/3'$$);
SELECT nearest($$path LIKE 'users/3/3%'$$);
SELECT nearest($$(path LIKE 'users/3/3%' OR path LIKE 'users/4/4%')$$);
SELECT nearest($$path LIKE 'users/3/3%' AND kb = 77$$);
RESET ROLE;
ALTER TABLE items DISABLE ROW LEVEL SECURITY;
DROP POLICY items_policy ON items;
REVOKE ALL ON items FROM regress_guesses;
DROP ROLE regress_guesses;
DROP INDEX items_path;

-- test: statistics decide where there are some
CREATE STATISTICS items_country ON (meta->>'country') FROM items;
CREATE STATISTICS items_category ON (meta->>'category') FROM items;
CREATE STATISTICS items_source ON (meta->>'source') FROM items;
ANALYZE items;
SELECT nearest($$meta->>'country' = 'c1' AND meta->>'category' = '2' AND meta->>'source' = 's1'$$);
SELECT nearest($$meta->>'country' = 'none' AND meta->>'category' = 'none'$$);

-- test: a partial index knows how many rows meet its predicate
CREATE TABLE mixed (id int PRIMARY KEY, kb int, v vector);
INSERT INTO mixed SELECT id, kb, CASE WHEN id % 4 > 0 THEN v ELSE subvector(v, 1, 3) END FROM items;
CREATE INDEX mixed_v ON mixed USING hnsw ((v::vector(8)) vector_l2_ops) WHERE vector_dims(v) = 8;
VACUUM ANALYZE mixed;
SELECT estimated('SELECT FROM mixed WHERE vector_dims(v) = 8');
SELECT estimated('SELECT FROM mixed WHERE vector_dims(v) = 8 AND kb = 7');
SELECT estimated('SELECT FROM mixed WHERE vector_dims(v) = 3');
SELECT scans($$SELECT id FROM mixed WHERE vector_dims(v) = 8 AND kb = 7 ORDER BY v::vector(8) <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);
SELECT scans($$SELECT id FROM mixed WHERE vector_dims(v) = 3 ORDER BY v::vector(8) <-> '[1,2,3,4,5,6,7,8]' LIMIT 10$$);

-- test: where the table is read, only vectors of rows that pass are measured, which decides if they are out of line
CREATE TABLE outline (id int, meta jsonb, v vector(1000));
INSERT INTO outline SELECT i, jsonb_build_object('k', i % 2), (SELECT array_agg(i * j % 1009) FROM generate_series(1, 1000) j)::vector FROM generate_series(1, 7000) i;
CREATE INDEX outline_v ON outline USING hnsw (v vector_l2_ops);
VACUUM ANALYZE outline;
SELECT scans($$SELECT id FROM outline WHERE meta->>'k' = '1' AND id * 7 % 2 = 1 ORDER BY v <-> array_fill(0.5::float4, ARRAY[1000])::vector LIMIT 100$$);

DROP TABLE items, mixed, outline;
DROP FUNCTION scans, estimated, nearest;
