-- SPDX-License-Identifier: PostgreSQL
-- The index that test/fuzz/pages.c damages, and at last the file that it is in.  A server
-- in single-user mode reads this, to which an empty line ends a statement.

CREATE EXTENSION lokivector;

CREATE TABLE t (v vector(8), a integer, b text, c integer[]);

INSERT INTO t SELECT CASE WHEN i % 100 > 0 THEN
		(SELECT array_agg(sin(i / 2 * j)) FROM generate_series(1, 8) j)::vector END,
	i % 50, 'word ' || i % 40, ARRAY[i % 9, i % 7] FROM generate_series(1, 1400) i;

CREATE INDEX t_i ON t USING hnsw (v vector_l2_ops, a, b, c) WITH (m = 8);

-- dead nodes that were freed, nodes that were reused, nodes behind the lists,
-- and rows that joined listed nodes
DELETE FROM t WHERE a = 7;

VACUUM t;

INSERT INTO t SELECT (SELECT array_agg(cos(i * j)) FROM generate_series(1, 8) j)::vector,
	i % 50, 'word', ARRAY[i, i + 1] FROM generate_series(1, 60) i;

INSERT INTO t SELECT v, a, b, c FROM t LIMIT 30;

SELECT pg_relation_filepath('t_i');

