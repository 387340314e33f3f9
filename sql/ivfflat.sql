--
-- The access method ivfflat, which builds a graph
--

-- test: operator classes: that of l2 is the default
CREATE TABLE t (i int, v vector(3));
INSERT INTO t VALUES (1, '[0,0,0]'), (2, '[1,2,3]'), (3, '[1,1,1]'), (4, NULL);
CREATE INDEX t_idx ON t USING ivfflat (v) WITH (lists = 1);
CREATE INDEX t_ip_idx ON t USING ivfflat (v vector_ip_ops) WITH (lists = '1');
CREATE INDEX t_cosine_idx ON t USING ivfflat (v vector_cosine_ops);
CREATE INDEX ON t USING ivfflat (v vector_l1_ops);
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1;
SELECT opcname, opcdefault, opcintype::regtype, amvalidate(c.oid)
	FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'ivfflat' AND opcintype = 'vector'::regtype ORDER BY 1;
SELECT indexrelid::regclass, metric, rows FROM pg_index, lokivector_index_info(indexrelid) WHERE indrelid = 't'::regclass ORDER BY 1;

-- test: order
SET enable_seqscan = off;
EXPLAIN (COSTS off) SELECT i FROM t ORDER BY v <-> '[3,3,3]';
SELECT i FROM t ORDER BY v <-> '[3,3,3]';
SELECT i FROM t ORDER BY v <#> '[3,3,3]';
SELECT i FROM t ORDER BY v <=> '[3,3,3]';
SELECT count(*) FROM (SELECT * FROM t ORDER BY v <-> (SELECT NULL::vector)) s;
INSERT INTO t VALUES (5, '[1,2,4]');
SELECT i FROM t ORDER BY v <-> '[3,3,3]' LIMIT 2;
DELETE FROM t WHERE i = 2;
VACUUM t;
SELECT i FROM t ORDER BY v <-> '[3,3,3]' LIMIT 2;
REINDEX INDEX t_idx;
TRUNCATE t;
SELECT i FROM t ORDER BY v <-> '[3,3,3]';
DROP TABLE t;

-- test: kinds of indexes
CREATE UNLOGGED TABLE t (i int, v vector(3));
INSERT INTO t SELECT i, ARRAY[i, 0, 0] FROM generate_series(1, 100) AS i;
CREATE INDEX ON t USING ivfflat (((v + v)::vector(3))) WHERE i > 50;
CREATE INDEX ON t USING ivfflat (((v::real[])::vector(3)) vector_cosine_ops) WITH (lists = 3);
CREATE INDEX CONCURRENTLY t_idx ON t USING ivfflat (v) WITH (lists = 3);
SELECT i FROM t ORDER BY v <-> '[7,0,0]', i LIMIT 1;
CREATE INDEX ON t USING ivfflat (v, v);
CREATE UNIQUE INDEX ON t USING ivfflat (v);
\set VERBOSITY sqlstate
CREATE INDEX ON t USING ivfflat (v DESC);
\set VERBOSITY default
CREATE INDEX ON t USING ivfflat (v) INCLUDE (i);
CREATE INDEX ON t USING ivfflat (i);
CREATE TABLE u (v vector);
CREATE INDEX ON u USING ivfflat (v);
DROP TABLE u;

-- test: halfvecs and bit strings
CREATE TABLE u (i int, h halfvec(3), b bit(4), w halfvec, s varbit(4));
CREATE INDEX ON u USING ivfflat (h);
CREATE INDEX ON u USING ivfflat (b bit_jaccard_ops);
CREATE INDEX ON u USING ivfflat (w halfvec_l2_ops);
CREATE INDEX ON u USING ivfflat (s bit_hamming_ops);
CREATE INDEX ON u USING ivfflat ((b::bit(64001)) bit_hamming_ops);
INSERT INTO u VALUES (1, '[1,2,3]', B'1100'), (2, '[3,2,1]', B'0011'), (3, '[0,0,0]', B'0000'), (4, NULL, NULL);
SET client_min_messages = warning;
CREATE INDEX u_l2 ON u USING ivfflat (h halfvec_l2_ops) WITH (lists = 1);
CREATE INDEX u_ip ON u USING ivfflat (h halfvec_ip_ops) WITH (lists = 1);
CREATE INDEX u_cosine ON u USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1);
CREATE INDEX u_hamming ON u USING ivfflat (b bit_hamming_ops) WITH (lists = 1);
RESET client_min_messages;
INSERT INTO u VALUES (5, '[1,2,4]', B'1000');
SET enable_sort = off;
SELECT i, h FROM u ORDER BY h <-> '[3,3,3]';
SELECT i, h FROM u ORDER BY h <#> '[3,3,3]';
SELECT i, h FROM u ORDER BY h <=> '[3,3,3]';
SELECT i, b FROM u ORDER BY b <~> B'1100';
RESET enable_sort;
SELECT n, metric, rows, null_rows FROM unnest('{u_l2,u_ip,u_cosine,u_hamming}'::regclass[]) AS n, lokivector_index_info(n);
SELECT lokivector_check(n, true) FROM unnest('{u_l2,u_ip,u_cosine,u_hamming}'::regclass[]) AS n;
DROP TABLE u;

-- test: lists
CREATE INDEX ON t USING ivfflat (v) WITH (lists = 0);
CREATE INDEX ON t USING ivfflat (v) WITH (lists = 32769);
CREATE INDEX ON t USING ivfflat (v) WITH (m = 16);
CREATE INDEX ON t USING hnsw (v vector_l2_ops) WITH (lists = 16);
ALTER INDEX t_idx SET (lists = 5);
SELECT reloptions FROM pg_class WHERE relname = 't_idx';

-- test: settings
SHOW ivfflat.probes;
SHOW ivfflat.iterative_scan;
SHOW ivfflat.max_probes;
SET ivfflat.probes = 0;
SET ivfflat.probes = 32769;
SET ivfflat.iterative_scan = on;
SET ivfflat.iterative_scan = strict_order;
SET ivfflat.max_probes = 0;
SET ivfflat.max_probes = 32769;
SET ivfflat.other = 1;
SELECT name, short_desc, vartype, context, boot_val, min_val, max_val, enumvals FROM pg_settings WHERE name LIKE 'ivfflat.%' ORDER BY 1;

-- test: scans are complete, unless one of pgvector's limits is set
CREATE TABLE n (i int PRIMARY KEY, v vector(3));
INSERT INTO n SELECT i, ARRAY[i % 10, i / 10 % 10, i / 100] FROM generate_series(0, 999) AS i;
CREATE INDEX n_idx ON n USING ivfflat (v) WITH (lists = 10);
CREATE FUNCTION rows_found(OUT rows bigint) BEGIN ATOMIC
	SELECT count(*) FROM (SELECT i FROM n ORDER BY v <-> '[4,4,4]') AS s;
END;
SELECT * FROM rows_found();
SET ivfflat.probes = 9;
SELECT * FROM rows_found();
SET ivfflat.iterative_scan = off;
SELECT rows < 1000 AS fewer FROM rows_found();
SET ivfflat.iterative_scan = relaxed_order;
SELECT rows FROM rows_found();
SET lokivector.complete = on;
SET ivfflat.iterative_scan = off;
SELECT * FROM rows_found();
RESET lokivector.complete;
RESET ivfflat.iterative_scan;

-- test: more probes find more
RESET ivfflat.probes;
SET lokivector.complete = off;
SELECT rows AS rows1 FROM rows_found() \gset
SET ivfflat.probes = 3;
SELECT rows AS rows3 FROM rows_found() \gset
SET ivfflat.probes = 10;
SELECT rows AS rows10 FROM rows_found() \gset
SET ivfflat.probes = 100;
SELECT rows AS rows100 FROM rows_found() \gset
SELECT :rows1 < :rows3 AS more, :rows3 < :rows10 AS still_more, :rows10 = :rows100 AS all_lists;
RESET lokivector.complete;
RESET ivfflat.probes;

-- test: as many probes as lists find everything, and the nearest
SET client_min_messages = warning;
CREATE TABLE e (i int, v vector(8), b bit(8));
SELECT FROM setseed(0.25);
INSERT INTO e SELECT i, ARRAY[random() * random(), random(), random(), random(), random(), random(), random(), random()]
	FROM generate_series(1, 3000) AS i;
UPDATE e SET b = binary_quantize(v - '[.5,.5,.5,.5,.5,.5,.5,.5]');
CREATE INDEX ON e USING ivfflat (v vector_ip_ops) WITH (lists = 20);
CREATE INDEX ON e USING ivfflat (b bit_hamming_ops) WITH (lists = 20);
CREATE TABLE q AS SELECT v, b FROM e WHERE i <= 50;
CREATE FUNCTION exact_of(probes int, OUT hits bigint, OUT ways text) LANGUAGE plpgsql AS $$
DECLARE
	query q;
	kinds text[];
BEGIN
	PERFORM set_config('ivfflat.probes', probes::text, true);
	hits := 0;
	FOR query IN SELECT * FROM q LOOP
		SET LOCAL enable_sort = off;
		CREATE TEMP TABLE nearest ON COMMIT DROP AS SELECT i FROM e ORDER BY v <#> query.v LIMIT 20;
		kinds := kinds || (SELECT strategy FROM lokivector_scan_stats());
		SET LOCAL enable_sort = on;
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_seqscan = on;
		hits := hits + (SELECT count(*) FROM nearest JOIN
			(SELECT i FROM e ORDER BY v <#> query.v LIMIT 20) s USING (i));
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		DROP TABLE nearest;
	END LOOP;
	ways := (SELECT string_agg(DISTINCT kind, ',') FROM unnest(kinds) AS kind);
END $$;
SELECT * FROM exact_of(20);
SELECT ways FROM exact_of(19);
SET lokivector.complete = off;
SET ivfflat.probes = 20;
SET enable_sort = off;
SELECT count(*) FROM (SELECT * FROM e ORDER BY b <~> B'11111111') AS s;
RESET enable_sort;
RESET lokivector.complete;
RESET ivfflat.probes;
RESET client_min_messages;
DROP FUNCTION exact_of;
DROP TABLE e, q;

-- test: the graph is whole
SELECT lokivector_check('n_idx', true);
DROP FUNCTION rows_found;
DROP TABLE t, n;
