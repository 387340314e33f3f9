-- Groups of a table's rows in the order of a distance of these: GROUP BY and DISTINCT by a key

SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
-- 3,000 documents, many as near as others, some without a vector; 0 to 5 chunks of each
CREATE TABLE docs (id int PRIMARY KEY, code text NOT NULL COLLATE "C" UNIQUE, maybe int UNIQUE,
	later int NOT NULL UNIQUE DEFERRABLE, tenant int, title text, v vector(6));
INSERT INTO docs SELECT i, 'c' || i, nullif(i, 7), i, i % 6, 'title ' || i % 40,
		CASE WHEN i % 29 > 0 THEN (SELECT array_agg(round((sin(i % 700 * (j + 0.3)) * 6)::numeric)) FROM generate_series(1, 6) j)::vector END
	FROM generate_series(1, 3000) i;
CREATE TABLE chunks (id int PRIMARY KEY, doc int, kind int, body text);
INSERT INTO chunks SELECT i, 1 + hashint4(i) & 4095, i % 4, 'body ' || i % 17 FROM generate_series(1, 8000) i;
CREATE INDEX chunks_doc ON chunks (doc);
CREATE INDEX docs_v ON docs USING hnsw (v vector_l2_ops, tenant);
CREATE TABLE parts (id int PRIMARY KEY, v vector(6)) PARTITION BY HASH (id);
CREATE TABLE part0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts SELECT id, v FROM docs;
CREATE INDEX ON parts USING hnsw (v vector_l2_ops);
CREATE VIEW near AS SELECT *, v <-> '[1,2,-3,0,4,1]' AS dist FROM docs;
VACUUM ANALYZE docs, chunks, parts;

-- The nodes of a statement, how many rows it has, and whether they are those that it has without an index
CREATE FUNCTION groups_check(statement text, OUT uses text, OUT rows int, OUT outcome text) LANGUAGE sql AS $$
	SELECT * FROM same(statement,
		'Limit|Incremental Sort$|Sort$|Index Scan using docs_v|LokivectorHybridScan|LokivectorGroupSearch|Seq Scan|HashAggregate|GroupAggregate|Group$|Unique|Merge Append|Append')
$$;
SET hnsw.ef_search = 1000;

-- test: aggregates of what is joined
SELECT * FROM groups_check($$SELECT d.id, count(c.id) FROM near d LEFT JOIN chunks c ON c.doc = d.id GROUP BY d.id, dist ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id, count(*) FROM docs d JOIN chunks c ON c.doc = d.id GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10 OFFSET 5$$);
-- since 16 rows are sorted for an aggregate below it, so that groups are not searched for
SELECT rows, outcome FROM groups_check($$SELECT d.id, d.title, json_agg(c.body ORDER BY c.id) FROM docs d LEFT JOIN chunks c ON c.doc = d.id WHERE tenant = 3 GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id, c.kind, string_agg(DISTINCT c.body, ',') FROM near d JOIN chunks c ON c.doc = d.id GROUP BY d.id, dist, c.kind ORDER BY dist, d.id, c.kind LIMIT 20$$);
SELECT * FROM groups_check($$SELECT d.id, count(*) AS n FROM near d JOIN chunks c ON c.doc = d.id GROUP BY d.id, dist HAVING count(*) > 2 ORDER BY dist, n DESC, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT code, 1 / (1 + dist) AS score, max(c.id) FROM near d JOIN chunks c ON c.doc = d.id GROUP BY code, dist ORDER BY score DESC NULLS LAST, code LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id, min(dist), count(c.id) FROM near d LEFT JOIN chunks c ON c.doc = d.id GROUP BY d.id ORDER BY 2, 1 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id FROM docs d GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.*, count(c.id) FROM near d LEFT JOIN chunks c ON c.doc = d.id GROUP BY d.id, code, maybe, later, tenant, title, v, dist ORDER BY dist, d.id LIMIT 10$$);
-- test: DISTINCT with the distance in the list
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist FROM near d JOIN chunks c ON c.doc = d.id WHERE kind IN (1, 2) ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT DISTINCT dist, d.id, title, v FROM near d LEFT JOIN chunks c ON c.doc = d.id ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist FROM near d ORDER BY dist, d.id LIMIT 10 OFFSET 3$$);
-- an inner join of what nothing counts is as good as a semi-join, and marks are read once
CREATE TABLE marks AS SELECT doc, kind FROM chunks;
VACUUM ANALYZE marks;
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist FROM near d JOIN marks m ON m.doc = d.id WHERE kind = 1 ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id FROM near d JOIN marks m ON m.doc = d.id WHERE kind = 1 GROUP BY d.id, dist ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, c.kind FROM near d JOIN marks m ON m.doc = d.id JOIN chunks c ON c.doc = d.id WHERE m.kind = 1 ORDER BY dist, d.id, c.kind LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id, count(*) FROM near d JOIN marks m ON m.doc = d.id WHERE kind = 1 GROUP BY d.id, dist ORDER BY dist, d.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, m.kind FROM near d JOIN marks m ON m.doc = d.id WHERE kind < 2 ORDER BY dist, d.id, m.kind LIMIT 10$$);
SELECT count(*) > count(DISTINCT id) AS several FROM (SELECT DISTINCT d.id, dist, random() AS r FROM near d JOIN marks m ON m.doc = d.id WHERE kind = 1 ORDER BY dist LIMIT 20) q;
SELECT count(*) > count(DISTINCT id) AS several FROM (SELECT DISTINCT d.id, dist, (SELECT random() + d.id) AS r FROM near d JOIN marks m ON m.doc = d.id WHERE kind = 1 ORDER BY dist LIMIT 20) q;
-- ... and each row has its own chance to pass
SELECT plan_nodes($$SELECT DISTINCT d.id, dist FROM near d JOIN marks m ON m.doc = d.id JOIN chunks c ON c.id = d.tenant WHERE m.kind = 1 AND c.kind + d.id > 0 ORDER BY dist, d.id LIMIT 10$$, 'LokivectorJoinKeys');
SELECT plan_nodes($$SELECT DISTINCT d.id, dist FROM near d JOIN marks m ON m.doc = d.id JOIN chunks c ON c.id = d.tenant WHERE m.kind = 1 AND c.kind + d.id > random() ORDER BY dist, d.id LIMIT 10$$, 'LokivectorJoinKeys');
-- test: columns of other tables, of which one row is joined to one of docs
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, o.title FROM near d JOIN chunks c ON c.doc = d.id JOIN docs o ON o.id = d.tenant + 1 ORDER BY dist, d.id LIMIT 20$$);
SELECT * FROM groups_check($$SELECT d.id, o.title, p.code, count(*) FROM near d JOIN chunks c ON c.doc = d.id LEFT JOIN docs o ON o.maybe = d.tenant + 4 LEFT JOIN docs p ON p.code = 'c' || o.tenant GROUP BY d.id, dist, o.title, p.code ORDER BY dist, d.id LIMIT 20$$);
-- ... or several, by a constraint that may wait, in part of a key, and where another table has a say
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, o.title FROM near d JOIN chunks c ON c.doc = d.id JOIN docs o ON o.later = d.tenant + 1 ORDER BY dist, d.id, o.title LIMIT 20$$);
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, c.body FROM near d JOIN chunks c ON c.doc = d.id LEFT JOIN docs o ON o.id = c.kind ORDER BY dist, d.id, c.body LIMIT 20$$);
SELECT * FROM groups_check($$SELECT DISTINCT d.id, dist, o.title FROM near d JOIN chunks c ON c.doc = d.id LEFT JOIN docs o ON o.id = d.tenant AND o.id > c.kind ORDER BY dist, d.id, o.title LIMIT 20$$);
-- test: as applications' libraries write it: Django's distinct() over many, Rails' eager_load, SQLAlchemy's and Django's aggregates
SELECT * FROM groups_check($$SELECT DISTINCT "d"."id", "d"."title", "d"."v", ("d"."v" <-> '[1,2,3,4,5,6]') AS "distance" FROM "docs" "d" INNER JOIN "chunks" ON ("d"."id" = "chunks"."doc") WHERE "chunks"."kind" IN (1, 2) ORDER BY "distance" ASC, "d"."id" LIMIT 10$$);
SELECT * FROM groups_check($$SELECT DISTINCT "docs"."id", docs.v <-> '[1,2,3,4,5,6]' AS alias_0 FROM "docs" LEFT OUTER JOIN "chunks" ON "chunks"."doc" = "docs"."id" ORDER BY docs.v <-> '[1,2,3,4,5,6]', docs.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT docs.id, docs.title, string_agg(chunks.body, ', ') AS string_agg_1 FROM docs LEFT OUTER JOIN chunks ON chunks.doc = docs.id WHERE docs.tenant = 2 GROUP BY docs.id HAVING count(chunks.id) > 0 ORDER BY docs.v <-> '[1,2,3,4,5,6]', docs.id LIMIT 10$$);
SELECT * FROM groups_check($$SELECT "docs"."id", "docs"."title", "docs"."v", COUNT("chunks"."id") AS "n", ("docs"."v" <-> '[1,2,3,4,5,6]') AS "distance" FROM "docs" LEFT OUTER JOIN "chunks" ON ("docs"."id" = "chunks"."doc") GROUP BY "docs"."id", "distance" ORDER BY "distance" ASC, "docs"."id" LIMIT 10$$);
-- by a snapshot that is kept, as it is newer than the key
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM groups_check($$SELECT d.id FROM docs d GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10$$);
COMMIT;
-- test: what stays as it was: no key, or one that may not hold for all rows; the nullable side; no LIMIT
SELECT * FROM groups_check($$SELECT v, count(*) FROM docs GROUP BY v ORDER BY v <-> '[1,2,3,4,5,6]', v LIMIT 10$$);
SELECT * FROM groups_check($$SELECT title, dist, count(*) FROM near GROUP BY title, dist ORDER BY dist, title LIMIT 10$$);
SELECT * FROM groups_check($$SELECT maybe, dist, count(*) FROM near GROUP BY maybe, dist ORDER BY dist, maybe LIMIT 10$$);
SELECT * FROM groups_check($$SELECT later, dist, count(*) FROM near GROUP BY later, dist ORDER BY dist, later LIMIT 10$$);
SELECT * FROM groups_check($$SELECT code COLLATE "POSIX", dist, count(*) FROM near GROUP BY code COLLATE "POSIX", dist ORDER BY dist, 1 LIMIT 10$$);
SELECT * FROM groups_check($$SELECT d.id, count(*) FROM chunks c LEFT JOIN docs d ON c.doc = d.id GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10$$);
SELECT uses FROM groups_check($$SELECT d.id FROM docs d GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id$$);
SELECT * FROM groups_check($$SELECT d.id FROM docs d GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id FETCH FIRST 5 ROWS WITH TIES$$);
SET lokivector.complete = off;
SELECT * FROM groups_check($$SELECT d.id FROM docs d GROUP BY d.id ORDER BY d.v <-> '[1,2,3,4,5,6]', d.id LIMIT 10$$);
RESET lokivector.complete;
-- keys that differ among what is joined to a row, in the open and in a sub-plan
SELECT count(*) - count(DISTINCT (id, r)) AS twice FROM (SELECT DISTINCT d.id, dist, (random() * 1.2)::int AS r FROM near d JOIN chunks c ON c.doc = d.id ORDER BY dist LIMIT 20) q;
SELECT count(*) - count(DISTINCT (id, r)) AS twice FROM (SELECT d.id, (random() * 1.2)::int AS r FROM near d JOIN chunks c ON c.doc = d.id GROUP BY d.id, dist, 2 ORDER BY dist LIMIT 20) q;
SELECT count(*) - count(DISTINCT (id, r)) AS twice FROM (SELECT DISTINCT d.id, dist, (SELECT (random() * 1.2)::int WHERE d.id > 0) AS r FROM near d JOIN chunks c ON c.doc = d.id ORDER BY dist LIMIT 20) q;
-- a condition makes the column never NULL
SELECT * FROM groups_check($$SELECT maybe, dist, count(*) FROM near WHERE maybe > 0 GROUP BY maybe, dist ORDER BY dist, maybe LIMIT 10$$);

-- test: statements at random have the rows of the plain plan
CREATE FUNCTION pick(i int, salt int, VARIADIC choices text[]) RETURNS text
IMMUTABLE LANGUAGE sql RETURN choices[1 + (hashint4extended(i, salt) & 1048575) % cardinality(choices)];
CREATE FUNCTION statement(i int, extra text) RETURNS text LANGUAGE sql AS $$
	SELECT format(CASE WHEN pick(i, 1, 'g', 'g', 'd') = 'g' THEN
			'SELECT d.id, %1$s%5$s FROM near d %2$s JOIN chunks c ON c.doc = d.id %3$s WHERE %4$s GROUP BY d.id, dist%5$s HAVING %6$s ORDER BY %7$s, d.id%8$s LIMIT %9$s OFFSET %10$s' ELSE
			'SELECT DISTINCT d.id, dist%5$s, %11$s FROM near d %2$s JOIN chunks c ON c.doc = d.id %3$s WHERE %4$s ORDER BY dist, d.id%8$s LIMIT %9$s' END,
		pick(i, 2, 'count(*)', 'count(c.id), min(dist)', 'string_agg(c.body, '','' ORDER BY c.id DESC)', 'json_agg(c.kind ORDER BY c.id)', 'count(DISTINCT c.body), max(dist)', '1'),
		pick(i, 3, '', 'LEFT'),
		pick(i, 4, '', '', 'AND c.kind = 2', 'AND c.kind < d.tenant'),
		pick(i, 5, 'true', 'tenant = 2', 'tenant IN (1, 5)', 'd.id % 3 = 0', 'dist < 9', 'dist IS NOT NULL', 'd.title < ''title 2''') || extra,
		kinds,
		pick(i, 7, 'true', 'true', 'count(*) > 1', 'min(c.kind) = 1', 'dist > 3'),
		pick(i, 8, 'dist', 'dist', 'min(dist)', '-dist DESC', 'dist, count(*)'),
		kinds,
		pick(i, 9, '1', '7', '20', '60', '900'),
		pick(i, 10, '0', '0', '3', '40'),
		pick(i, 11, '1', 'd.title', 'd.v'))
	FROM (SELECT pick(i, 6, '', '', ', c.kind') AS kinds) k
$$;
SELECT count(*) AS statements, sum((uses LIKE '%Index Scan using docs_v%')::int) > 150 AS by_index, sum((outcome = 'same')::int) AS same,
	min(statement(i, '')) FILTER (WHERE outcome <> 'same') AS fault
FROM generate_series(1, 400) i, groups_check(statement(i, ''));

-- test: a row that comes late brings its whole group: each row is one of the plain plan's without LIMIT, once and in order
CREATE TABLE poor AS SELECT id, tenant, title, (SELECT array_agg(hashint4extended(id, j) % 1000)::float8[] FROM generate_series(1, 48) j)::vector(48) AS v FROM docs;
ALTER TABLE poor ADD PRIMARY KEY (id);
CREATE INDEX poor_v ON poor USING hnsw (v vector_l2_ops, tenant) WITH (m = 2, ef_construction = 4);
CREATE VIEW far AS SELECT *, v <-> (SELECT v FROM poor WHERE id = 5) AS dist FROM poor;
VACUUM ANALYZE poor;
CREATE FUNCTION whole(statement text, OUT outcome text, OUT exact boolean) LANGUAGE plpgsql AS $$
DECLARE
	missing int;
	twice int;
	falls int;
BEGIN
	EXECUTE format('CREATE TEMP TABLE found AS SELECT q::text AS line, row_number() OVER () AS n FROM (%s) q', statement);
	SET LOCAL enable_indexscan = off;
	EXECUTE format('CREATE TEMP TABLE truth AS SELECT q::text AS line, row_number() OVER () AS n FROM (%s) q',
		regexp_replace(statement, ' LIMIT .*', ''));
	SET LOCAL enable_indexscan = on;
	SELECT count(*) INTO missing FROM found WHERE line NOT IN (SELECT line FROM truth);
	SELECT count(*) INTO twice FROM found f JOIN found g ON f.line = g.line AND f.n <> g.n;
	SELECT count(*) INTO falls FROM (SELECT lag(t.n) OVER (ORDER BY f.n) > t.n AS before FROM found f JOIN truth t USING (line)) o WHERE before;
	exact := NOT EXISTS (SELECT FROM (SELECT t.n - lag(t.n) OVER (ORDER BY t.n) AS step FROM truth t JOIN found f USING (line)) o WHERE step > 1);
	DROP TABLE found, truth;
	outcome := CASE WHEN missing + twice + falls = 0 THEN 'whole' ELSE
		format('%s wrong, %s twice, %s out of order: %s', missing, twice, falls, statement) END;
END $$;
SET hnsw.ef_search = 1;
SELECT outcome, count(*), sum((NOT exact)::int) > 20 AS rows_are_missed
FROM generate_series(401, 700) i, whole(replace(statement(i, ''), 'near d', 'far d')) GROUP BY 1;
RESET hnsw.ef_search;

-- test: a group of many rows is not cut where its row comes late
CREATE TABLE few_links (id int PRIMARY KEY, v vector(8));
INSERT INTO few_links SELECT i, (SELECT array_agg(hashint4(i * 8 + j) & 31) FROM generate_series(1, 8) j)::vector FROM generate_series(1, 3000) i;
CREATE TABLE many (far int);
INSERT INTO many SELECT i FROM generate_series(1, 3000) i, generate_series(1, CASE WHEN i % 5 = 0 THEN 80 ELSE 2 END);
CREATE INDEX ON many (far);
CREATE INDEX ON few_links USING hnsw (v vector_l2_ops) WITH (m = 4, ef_construction = 8);
VACUUM ANALYZE few_links, many;
CREATE FUNCTION cut_groups(ef int, statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	cut bigint := 0;
	more bigint;
BEGIN
	PERFORM set_config('hnsw.ef_search', ef::text, true);
	FOR i IN 1 .. 40 LOOP
		EXECUTE format('SELECT count(*) FILTER (WHERE n <> CASE mod(id, 5) WHEN 0 THEN 80 ELSE 2 END) + count(*) - count(DISTINCT id) FROM (' ||
			statement || ') q', (SELECT array_agg(hashint4(i * 8 - j) & 31) FROM generate_series(1, 8) j)::vector) INTO more;
		cut := cut + more;
	END LOOP;
	RETURN cut;
END $$;
SELECT ef, cut_groups(ef, 'SELECT d.id, count(*) AS n FROM few_links d JOIN many c ON c.far = d.id GROUP BY d.id ORDER BY d.v <-> %L LIMIT 100'),
	cut_groups(ef, 'SELECT d.id, count(*) AS n FROM few_links d JOIN many c ON c.far = d.id GROUP BY d.id HAVING count(*) > 10 ORDER BY d.v <-> %L LIMIT 20'),
	cut_groups(ef, 'SELECT DISTINCT d.id, CASE mod(d.id, 5) WHEN 0 THEN 80 ELSE 2 END AS n, d.v <-> %L AS dist FROM few_links d JOIN many c ON c.far = d.id ORDER BY dist LIMIT 100')
FROM unnest('{1, 40}'::int[]) ef;

-- test: plans for all values of parameters
SET plan_cache_mode = force_generic_plan;
PREPARE counts(vector, int, int) AS SELECT d.id, count(c.id) FROM docs d LEFT JOIN chunks c ON c.doc = d.id
	WHERE tenant = $2 GROUP BY d.id ORDER BY d.v <-> $1, d.id LIMIT $3;
EXPLAIN (COSTS OFF) EXECUTE counts('[1,2,3,4,5,6]', 2, 5);
EXECUTE counts('[1,2,3,4,5,6]', 2, 5);
RESET plan_cache_mode;
-- a partitioned table has keys that the planner knows since 16
SELECT rows, outcome FROM groups_check($$SELECT p.id, count(c.id) FROM parts p LEFT JOIN chunks c ON c.doc = p.id GROUP BY p.id ORDER BY v <-> '[1,2,3,4,5,6]', p.id LIMIT 10$$);

DROP VIEW near, far;
DROP TABLE docs, chunks, parts, poor, few_links, many;
DROP FUNCTION groups_check, pick, statement, whole, cut_groups;
