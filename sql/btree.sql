--
-- B-tree indexes on vectors, sorting and grouping
--

CREATE TABLE t (v vector(3));
INSERT INTO t VALUES ('[0,0,0]'), ('[1,2,3]'), ('[1,1,1]'), (NULL), ('[-1,5,5]');
CREATE INDEX t_idx ON t (v);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM t WHERE v = '[1,2,3]';
SELECT * FROM t WHERE v = '[1,2,3]';
SELECT * FROM t WHERE v = '[1,2,4]';
EXPLAIN (COSTS OFF) SELECT * FROM t ORDER BY v LIMIT 2;
SELECT * FROM t ORDER BY v;
SELECT * FROM t ORDER BY v DESC;
SELECT * FROM t WHERE v >= '[1,1,1]' ORDER BY v;
SELECT * FROM t WHERE v > '[0,0,0]' AND v < '[1,2,3]';
SELECT * FROM t WHERE v <= '[0,0,0]' ORDER BY v;
SELECT * FROM t WHERE v = ANY (ARRAY['[0,0,0]', '[1,1,1]', '[9,9,9]']::vector[]) ORDER BY v;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP TABLE t;

-- test: unique, and a primary key
CREATE TABLE t (v vector PRIMARY KEY);
INSERT INTO t VALUES ('[1,2]'), ('[1,2,3]');
INSERT INTO t VALUES ('[1,2]');
INSERT INTO t VALUES ('[1,2]') ON CONFLICT DO NOTHING;
DROP TABLE t;

-- test: sort, distinct and merge: vectors of different dimensions have an order too
SELECT v FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[0,9,9]'), ('[1,2]'), ('[2]'), ('[1,2,0]')) AS t(v) ORDER BY v;
SELECT DISTINCT v FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[1,2]'), ('[0]'), ('[-0]')) AS t(v) ORDER BY v;
SELECT v, count(*) FROM (VALUES ('[1,2]'::vector), ('[1]'), ('[1,2]')) AS t(v) GROUP BY v ORDER BY v;

-- test: the order is that of real[]
CREATE TABLE t AS
	SELECT (SELECT array_agg((hashint4(i * 10 + j) % 3)::int) FROM generate_series(1, 1 + i % 4) j)::vector AS v
	FROM generate_series(1, 300) i;
SELECT count(*) AS pairs, count(*) FILTER (WHERE vector_cmp(a.v, b.v) <> btarraycmp(a.v::real[], b.v::real[])) AS different
	FROM t a, t b;

-- test: no hashing
EXPLAIN (COSTS OFF) SELECT v, count(*) FROM t GROUP BY v;
DROP TABLE t;

SELECT opcname, opcdefault, opcintype::regtype, amopstrategy, amopopr::regoperator
	FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod JOIN pg_amop o ON o.amopfamily = c.opcfamily
	WHERE amname = 'btree' AND opcname = 'vector_ops' ORDER BY amopstrategy;
SELECT amprocnum, amproc FROM pg_amproc p JOIN pg_opclass c ON c.opcfamily = p.amprocfamily WHERE opcname = 'vector_ops';
