-- Vectors out of line: read where they are thought to lie, or by the index of
-- the TOAST table, they are what detoasting makes of them.

-- A vector that depends on n alone; compressible if its elements are equal
CREATE FUNCTION toast_vector(n integer, dim integer, compressible boolean DEFAULT false)
RETURNS vector AS $$
	SELECT array_agg(hashint8extended(n, CASE WHEN compressible THEN 0 ELSE i END)::float8
		/ 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, dim) i
$$ LANGUAGE sql IMMUTABLE STRICT;

-- Rows of a table whose distance, either way round, is not that of the vectors
-- that they were made of; NULL vectors count as those made of NULL.
CREATE FUNCTION toast_wrong(tab text, OUT wrong bigint, OUT of bigint) AS $$
DECLARE
	q vector := toast_vector(0, 1200);
BEGIN
	EXECUTE format('SELECT count(*) FILTER (WHERE
			v <-> $1 IS DISTINCT FROM w <-> $1 OR $1 <-> v IS DISTINCT FROM $1 <-> w OR
			v <#> $1 IS DISTINCT FROM w <#> $1 OR v <=> $1 IS DISTINCT FROM w <=> $1 OR
			v <+> $1 IS DISTINCT FROM w <+> $1 OR v <-> v <> 0), count(*)
		FROM (SELECT v, toast_vector(n, 1200, c) AS w FROM %s OFFSET 0) s', tab)
		INTO wrong, of USING q;
END
$$ LANGUAGE plpgsql;

-- Whether a table has values in its TOAST table
CREATE FUNCTION toast_used(tab regclass) RETURNS boolean AS $$
	SELECT pg_relation_size(reltoastrelid) > 0 FROM pg_class WHERE oid = tab
$$ LANGUAGE sql;

-- test: every way of storage
-- n is NULL where v is
CREATE TABLE toast_t (id integer, n integer, c boolean DEFAULT false, v vector(1200));
INSERT INTO toast_t SELECT i, i, false, toast_vector(i, 1200) FROM generate_series(1, 40) i;
INSERT INTO toast_t (id) VALUES (41);
SELECT toast_used('toast_t'), * FROM toast_wrong('toast_t');

CREATE TABLE toast_extended (id integer, n integer, c boolean, v vector(1200));
ALTER TABLE toast_extended ALTER v SET STORAGE EXTENDED;
ALTER TABLE toast_extended ALTER v SET COMPRESSION pglz;
INSERT INTO toast_extended SELECT i, i, i % 2 = 0, toast_vector(i, 1200, i % 2 = 0)
FROM generate_series(1, 40) i;
SELECT toast_used('toast_extended'), * FROM toast_wrong('toast_extended');

-- compressed, and so long that it is out of line nevertheless
CREATE TABLE toast_long (id integer, v vector(16000));
ALTER TABLE toast_long ALTER v SET STORAGE EXTENDED;
ALTER TABLE toast_long ALTER v SET COMPRESSION pglz;
INSERT INTO toast_long
SELECT i, (SELECT array_agg(hashint4(j / 8 * i) % 50) FROM generate_series(1, 16000) j)::vector
FROM generate_series(1, 5) i;
SELECT bool_and(pg_column_size(v) BETWEEN 2100 AND 48000) AS compressed FROM toast_long;
SELECT a.id, b.id, a.v <-> b.v = a.v::real[]::vector <-> b.v::real[]::vector AS equal
FROM toast_long a JOIN toast_long b ON b.id = a.id % 5 + 1 ORDER BY a.id;

CREATE TABLE toast_plain (id integer, n integer, c boolean, v vector(1200));
ALTER TABLE toast_plain ALTER v SET STORAGE PLAIN;
INSERT INTO toast_plain SELECT i, i, false, toast_vector(i, 1200) FROM generate_series(1, 40) i;
SELECT toast_used('toast_plain'), * FROM toast_wrong('toast_plain');

-- every way in one table
CREATE TABLE toast_mixed (id integer, n integer, c boolean, v vector(1200));
ALTER TABLE toast_mixed ALTER v SET STORAGE PLAIN;
INSERT INTO toast_mixed SELECT * FROM toast_t WHERE id % 4 = 0;
ALTER TABLE toast_mixed ALTER v SET STORAGE EXTENDED;
INSERT INTO toast_mixed SELECT * FROM toast_extended;
ALTER TABLE toast_mixed ALTER v SET STORAGE EXTERNAL;
INSERT INTO toast_mixed SELECT * FROM toast_extended;
INSERT INTO toast_mixed SELECT * FROM toast_plain ORDER BY id DESC;
SELECT * FROM toast_wrong('toast_mixed');

-- test: both arguments from rows, in any order
SELECT count(*), count(*) FILTER (WHERE a.v <-> b.v IS DISTINCT FROM
	toast_vector(a.n, 1200, a.c) <-> toast_vector(b.n, 1200, b.c)) AS wrong
FROM (SELECT * FROM toast_mixed WHERE id % 3 = 0) a,
	(SELECT * FROM toast_t ORDER BY hashint4(id) LIMIT 20) b;

-- test: places that held one value hold another one, or none
UPDATE toast_t SET n = n + 100, v = toast_vector(n + 100, 1200) WHERE id % 3 = 0;
SELECT * FROM toast_wrong('toast_t');
DELETE FROM toast_t WHERE id % 4 = 0;
VACUUM toast_t;
SELECT * FROM toast_wrong('toast_t');
INSERT INTO toast_t SELECT i, i, false, toast_vector(i, 1200) FROM generate_series(201, 230) i;
SELECT * FROM toast_wrong('toast_t');
UPDATE toast_t SET id = -id;
SELECT * FROM toast_wrong('toast_t');
VACUUM FULL toast_t;
SELECT * FROM toast_wrong('toast_t');
ALTER TABLE toast_t ADD COLUMN w float8 DEFAULT random();
SELECT * FROM toast_wrong('toast_t');
ALTER TABLE toast_t ALTER id TYPE bigint;
SELECT * FROM toast_wrong('toast_t');
BEGIN;
INSERT INTO toast_t SELECT i, i, false, toast_vector(i, 1200) FROM generate_series(301, 310) i;
SELECT * FROM toast_wrong('toast_t');
ROLLBACK;
SELECT * FROM toast_wrong('toast_t');

-- test: an operator that is kept for a transaction
-- through savepoints that are rolled back, and while the table is emptied
CREATE FUNCTION toast_steps() RETURNS TABLE (step text, wrong integer) AS $$
DECLARE
	a record;
	d float8;
BEGIN
	CREATE TEMPORARY TABLE toast_own (n integer, v vector(1200));
	FOR s IN 1 .. 6 LOOP
		step := CASE s WHEN 2 THEN 'truncated' WHEN 4 THEN 'new file' ELSE 'filled' END;
		wrong := 0;
		IF s IN (2, 4) THEN
			TRUNCATE toast_own;
		END IF;
		INSERT INTO toast_own SELECT i, toast_vector(i, 1200)
		FROM generate_series(s * 100, s * 100 + 12 / s) i;
		FOR a IN SELECT * FROM toast_own LOOP
			BEGIN
				d := a.v <-> toast_vector(7, 1200);
				IF d <> toast_vector(a.n, 1200) <-> toast_vector(7, 1200) THEN
					wrong := wrong + 1;
				END IF;
				IF a.n % 2 = 0 THEN
					RAISE division_by_zero;
				END IF;
			EXCEPTION WHEN division_by_zero THEN
			END;
		END LOOP;
		RETURN NEXT;
	END LOOP;
END
$$ LANGUAGE plpgsql;
SELECT * FROM toast_steps();
CREATE TABLE toast_own_kept AS SELECT * FROM toast_own;
SELECT count(*) FROM toast_own_kept;

-- test: errors are those of any other vector
SELECT v <-> '[1,2,3]' FROM toast_mixed LIMIT 1;
SELECT toast_vector(1, 1199) <-> v FROM toast_mixed LIMIT 1;

-- test: parallel workers
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*), count(*) FILTER (WHERE v <-> w <> 0)
FROM (SELECT v, toast_vector(n, 1200, c) AS w FROM toast_mixed OFFSET 0) s;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

DROP TABLE toast_t, toast_extended, toast_long, toast_plain, toast_mixed, toast_own,
	toast_own_kept;
DROP FUNCTION toast_vector, toast_wrong, toast_used, toast_steps;


RESET ALL;

-- Index scans over vectors out of line: ranked by their values in the TOAST
-- table, without a look at their rows.

SET hnsw.ef_search = 400;

-- A vector that depends on n alone; compressible if its elements are equal
CREATE FUNCTION ht_vector(n integer, compressible boolean DEFAULT false) RETURNS vector AS $$
	SELECT array_agg(hashint8extended(n, CASE WHEN compressible THEN 0 ELSE i END)::float8
		/ 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 600) i
$$ LANGUAGE sql IMMUTABLE STRICT;

-- Distances of the k rows nearest to a query, by index or by table
CREATE FUNCTION ht_nearest(q vector, k integer, by_index boolean) RETURNS text AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('enable_seqscan', (NOT by_index)::text, true),
		set_config('enable_sort', (NOT by_index)::text, true),
		set_config('enable_indexscan', by_index::text, true);
	EXECUTE 'SELECT string_agg(d::text, '' '') || '' '' || count(DISTINCT id) FROM
		(SELECT id, v <-> $1 AS d FROM ht ORDER BY v <-> $1 LIMIT $2) s' INTO result USING q, k;
	RETURN result;
END
$$ LANGUAGE plpgsql;

-- Of 10 queries: those for all rows whose answer is not that of the table, or
-- that return other than k rows if k are asked for; and the descents of the TOAST
-- index that the latter take.  A LIMIT of more rows than there are is answered in
-- order, whatever the walk finds.
CREATE FUNCTION ht_wrong(k integer, OUT wrong bigint, OUT descents bigint) AS $$
DECLARE
	q vector;
	before bigint;
	found text;
	toast_index oid := (SELECT indexrelid FROM pg_index JOIN pg_class c ON indrelid = reltoastrelid
		WHERE c.oid = 'ht'::regclass);
BEGIN
	wrong := 0;
	descents := 0;
	FOR i IN 1 .. 10 LOOP
		q := ht_vector(-i);
		before := pg_stat_get_xact_numscans(toast_index);
		found := ht_nearest(q, k, true);
		descents := descents + pg_stat_get_xact_numscans(toast_index) - before;
		IF found NOT LIKE '% ' || k OR
			ht_nearest(q, 1000, true) IS DISTINCT FROM ht_nearest(q, 1000, false) THEN
			wrong := wrong + 1;
		END IF;
	END LOOP;
END
$$ LANGUAGE plpgsql;

CREATE TABLE ht (id integer, v vector(600), w integer);
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(1, 300) i;
CREATE INDEX ht_idx ON ht USING hnsw (v vector_l2_ops);

-- test: an index that was built
SELECT slot_bytes FROM lokivector_index_slot_arrays('ht_idx') WHERE slot_array = 'tid';
SELECT * FROM ht_wrong(10);
SELECT wrong FROM ht_wrong(300);
SELECT lokivector_check('ht_idx', true);

-- test: rows inserted one by one
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(301, 350) i;
INSERT INTO ht SELECT id + 1000, v FROM ht WHERE id % 10 = 0;
SELECT wrong FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);
DELETE FROM ht WHERE id > 1000;
VACUUM ht;
SELECT wrong FROM ht_wrong(10);

-- test: versions of rows share their values
REINDEX INDEX ht_idx;
UPDATE ht SET id = -id WHERE id % 2 = 0;
SELECT * FROM ht_wrong(10);
SELECT wrong FROM ht_wrong(350);
CREATE INDEX ht_id ON ht (id);
UPDATE ht SET id = -id WHERE id % 3 = 0;
SELECT * FROM ht_wrong(10);
VACUUM ht;
SELECT wrong FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);
DROP INDEX ht_id;

-- test: values are stored anew
UPDATE ht SET v = ht_vector(id + 5000) WHERE id % 4 = 1;
SELECT * FROM ht_wrong(10);
VACUUM ht;
SELECT wrong FROM ht_wrong(10);
DELETE FROM ht WHERE id % 5 = 0;
VACUUM ht;
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(401, 460) i;
SELECT wrong FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);

-- test: rows that are not visible are made up for
BEGIN;
DELETE FROM ht WHERE id IN (SELECT id FROM ht ORDER BY v <-> ht_vector(-1) LIMIT 25);
SET LOCAL hnsw.ef_search = 40;
SET LOCAL enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM ht ORDER BY v <-> ht_vector(-1) LIMIT 10) s;
-- ... by the rows that are ranked, and those of the pool's nodes, which are not measured
SELECT rows, heap_fetches BETWEEN 35 AND 180 AS fetched FROM lokivector_scan_stats();
SET LOCAL hnsw.ef_search = 400;
SELECT * FROM ht_wrong(10);
SELECT wrong FROM ht_wrong(100);
SET LOCAL enable_seqscan = off;
SET LOCAL enable_indexscan = on;
-- the same under pgvector's limits
SET LOCAL hnsw.ef_search = 40;
SET LOCAL hnsw.iterative_scan = off;
SELECT count(*) BETWEEN 1 AND 40 AS some FROM (SELECT id FROM ht ORDER BY v <-> ht_vector(-1) LIMIT 50) s;
SET LOCAL hnsw.iterative_scan = strict_order;
SELECT count(*), bool_and(d >= before) AS ordered FROM (SELECT d, lag(d) OVER (ROWS UNBOUNDED PRECEDING) AS before
	FROM (SELECT v <-> ht_vector(-1) AS d FROM ht ORDER BY v <-> ht_vector(-1) LIMIT 50) s) s;
ROLLBACK;
BEGIN;
SAVEPOINT a;
DELETE FROM ht WHERE id % 2 = 1;
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(501, 520) i;
SELECT wrong FROM ht_wrong(50);
ROLLBACK TO a;
SELECT wrong FROM ht_wrong(50);
DECLARE c CURSOR FOR SELECT id FROM ht ORDER BY v <-> ht_vector(-2);
MOVE 20 FROM c;
DELETE FROM ht WHERE id % 2 = 1;
MOVE ALL FROM c;
COMMIT;
SELECT wrong FROM ht_wrong(50);

-- test: duplicates
INSERT INTO ht SELECT 2000 + i, ht_vector(2000) FROM generate_series(1, 150) i;
DELETE FROM ht WHERE id > 2000 AND id % 3 = 0;
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM ht ORDER BY v <-> ht_vector(2000) LIMIT 100) s WHERE id > 2000;
SELECT heap_fetches < 200 AS few FROM lokivector_scan_stats();
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM ht ORDER BY v <-> ht_vector(2000) LIMIT 40) s WHERE id > 2000;
RESET enable_seqscan;
DELETE FROM ht WHERE id > 2001;
VACUUM ht;
SELECT wrong FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);

-- test: the table is rewritten
VACUUM FULL ht;
SELECT * FROM ht_wrong(10);
ALTER TABLE ht ALTER w TYPE bigint;
SELECT * FROM ht_wrong(10);
TRUNCATE ht;
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(1, 100) i;
SELECT * FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);

-- test: every way of storage in one table
-- values of EXTENDED that can be compressed have no chunks of their own here
ALTER TABLE ht ALTER v SET STORAGE EXTENDED;
INSERT INTO ht SELECT i, ht_vector(i, i % 2 = 0) FROM generate_series(101, 150) i;
ALTER TABLE ht ALTER v SET STORAGE MAIN;
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(151, 200) i;
ALTER TABLE ht ALTER v SET STORAGE PLAIN;
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(201, 250) i;
SELECT wrong FROM ht_wrong(10);
SELECT wrong FROM ht_wrong(250);
REINDEX INDEX ht_idx;
SELECT wrong FROM ht_wrong(10);
SELECT lokivector_check('ht_idx', true);

-- test: an index on an expression
DROP INDEX ht_idx;
CREATE INDEX ht_idx ON ht USING hnsw ((v::vector(600)) vector_l2_ops);
SELECT lokivector_check('ht_idx', true);
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM ht ORDER BY (v::vector(600)) <-> ht_vector(-1) LIMIT 10) s;
RESET enable_seqscan;

-- test: temporary and unlogged tables
DROP TABLE ht;
CREATE TEMPORARY TABLE ht (id integer, v vector(600));
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(1, 100) i;
CREATE INDEX ht_idx ON ht USING hnsw (v vector_l2_ops);
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(101, 150) i;
SELECT * FROM ht_wrong(10);
DROP TABLE ht;
CREATE UNLOGGED TABLE ht (id integer, v vector(600));
CREATE INDEX ht_idx ON ht USING hnsw (v vector_l2_ops);
INSERT INTO ht SELECT i, ht_vector(i) FROM generate_series(1, 100) i;
SELECT * FROM ht_wrong(10);

DROP TABLE ht;
DROP FUNCTION ht_vector, ht_nearest, ht_wrong;
