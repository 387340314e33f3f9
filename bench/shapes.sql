-- SPDX-License-Identifier: PostgreSQL
-- Forty shapes of queries, from what users of vector search in PostgreSQL
-- complain about: filters (P1), filters that nothing satisfies (P2), plans (P3),
-- no LIMIT (P4), distance predicates (P19), joins (P20), partitions (P21).
-- bench/shapes.py fills the tables and compares the planner's choice for each
-- with all other plans.
--
-- Tables: s 10,000 rows of 128 dimensions, m 50,000, l 200,000; ws 5,000 and
-- w 40,000 rows of 768 dimensions out of line; tiny 200; p 8 partitions of
-- 10,000.  Columns: id primary key; cat 100 values, price 0..1, in the index;
-- vendor 1 % of the rows each and rare 20 rows each, btree; flag 20 %, odd
-- 0.1 %, no index; tags text[], doc jsonb, GIN.
-- :q is a query vector.

-- shape: nearest, small table
SELECT id FROM s ORDER BY v <=> :q LIMIT 10;
-- shape: nearest, medium table
SELECT id FROM m ORDER BY v <=> :q LIMIT 10;
-- shape: nearest, large table
SELECT id FROM l ORDER BY v <=> :q LIMIT 10;
-- shape: nearest, small TOASTed table
SELECT id FROM ws ORDER BY v <=> :q LIMIT 10;
-- shape: nearest, TOASTed table
SELECT id FROM w ORDER BY v <=> :q LIMIT 10;
-- shape: nearest, tiny table
SELECT id FROM tiny ORDER BY v <=> :q LIMIT 10;
-- shape: LIMIT 500
SELECT id FROM l ORDER BY v <=> :q LIMIT 500;
-- shape: LIMIT 5000
SELECT id FROM m ORDER BY v <=> :q LIMIT 5000;
-- shape: no LIMIT
SELECT id FROM s ORDER BY v <=> :q;
-- shape: LIMIT 10 OFFSET 200
SELECT id FROM l ORDER BY v <=> :q LIMIT 10 OFFSET 200;
-- shape: = on an attribute, 1 %
SELECT id FROM l WHERE cat = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: = on an attribute, TOASTed
SELECT id FROM w WHERE cat = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: = on an attribute, nothing
SELECT id FROM l WHERE cat = -1 ORDER BY v <=> :q LIMIT 10;
-- shape: IN on an attribute
SELECT id FROM l WHERE cat IN (3, 5, 8) ORDER BY v <=> :q LIMIT 10;
-- shape: range of an attribute, 50 %
SELECT id FROM l WHERE price < 0.5 ORDER BY v <=> :q LIMIT 10;
-- shape: range of an attribute, 0.1 %
SELECT id FROM l WHERE price BETWEEN 0.5 AND 0.501 ORDER BY v <=> :q LIMIT 10;
-- shape: two attributes
SELECT id FROM l WHERE cat = 7 AND price > 0.7 ORDER BY v <=> :q LIMIT 10;
-- shape: = on a btree, 20 rows
SELECT id FROM l WHERE rare = 77 ORDER BY v <=> :q LIMIT 10;
-- shape: = on a btree, 1 %
SELECT id FROM l WHERE vendor = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: = on a btree, 1 %, TOASTed
SELECT id FROM w WHERE vendor = 7 ORDER BY v <=> :q LIMIT 10;
-- shape: a filter without index, 20 %
SELECT id FROM l WHERE flag = 1 ORDER BY v <=> :q LIMIT 10;
-- shape: a filter without index, 0.1 %
SELECT id FROM l WHERE odd = 1 ORDER BY v <=> :q LIMIT 10;
-- shape: a filter without index, 0.1 %, TOASTed
SELECT id FROM w WHERE odd = 1 ORDER BY v <=> :q LIMIT 10;
-- shape: array overlap with GIN
SELECT id FROM l WHERE tags && '{t7}' ORDER BY v <=> :q LIMIT 10;
-- shape: jsonb with GIN
SELECT id FROM l WHERE doc @> '{"k": 7}' ORDER BY v <=> :q LIMIT 10;
-- shape: join to a dimension table
SELECT l.id, c.name FROM l JOIN cats c ON c.id = l.cat WHERE c.region = 3 ORDER BY v <=> :q LIMIT 10;
-- shape: semi-join
SELECT id FROM l WHERE id IN (SELECT item FROM favs WHERE usr = 7) ORDER BY v <=> :q LIMIT 10;
-- shape: query vector from a CTE
WITH q AS (SELECT v FROM l WHERE id = 99) SELECT id FROM l ORDER BY v <=> (SELECT v FROM q) LIMIT 10;
-- shape: query vector from a joined row
SELECT l.id FROM l, (SELECT v FROM l WHERE id = 99) q ORDER BY l.v <=> q.v LIMIT 10;
-- shape: lateral, 50 query vectors
SELECT q.id, n.id FROM (SELECT id, v FROM tiny WHERE id <= 50) q CROSS JOIN LATERAL
	(SELECT id FROM l ORDER BY l.v <=> q.v LIMIT 5) n;
-- shape: score by alias
SELECT id, 1 - (v <=> :q) AS score FROM l ORDER BY score DESC LIMIT 10;
-- shape: score by alias with a threshold
SELECT id, 1 - (v <=> :q) AS score FROM l WHERE 1 - (v <=> :q) > 0.8 ORDER BY v <=> :q LIMIT 10;
-- shape: function, further sort key
SELECT id FROM l ORDER BY cosine_distance(v, :q), id LIMIT 10;
-- shape: generic plan, LIMIT $1
-- generic: (integer) 10
SELECT id FROM l ORDER BY v <=> :q LIMIT $1;
-- shape: generic plan, filter $1
-- generic: (integer) 7
SELECT id FROM l WHERE cat = $1 ORDER BY v <=> :q LIMIT 10;
-- shape: partitions
SELECT id FROM p ORDER BY v <=> :q LIMIT 10;
-- shape: one of the partitions
SELECT id FROM p WHERE part = 3 ORDER BY v <=> :q LIMIT 10;
-- shape: distance predicate, few rows
SELECT id FROM l WHERE v <=> :q < :few;
-- shape: distance predicate, ordered, TOASTed
SELECT id FROM w WHERE v <=> :q < :some ORDER BY v <=> :q;
-- shape: distance predicate and a filter
SELECT id FROM l WHERE v <=> :q < :some AND cat < 50 ORDER BY v <=> :q LIMIT 10;
