-- A scan that has cost as much as reading the rest of its rows in the order of the table does that.
SET lokivector.build_seed = 1;
SET jit = off;
SET enable_bitmapscan = off;

CREATE FUNCTION rest_vector(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 16, 20, height => 1);

-- Rows of one in ten share 50 vectors, some have none or a zero vector, some are dead, some were updated
CREATE TABLE rest_t (id integer, v vector(16), tenant integer, name text, kind integer, price numeric, w text)
	WITH (autovacuum_enabled = off);
INSERT INTO rest_t SELECT i, CASE i % 100 WHEN 99 THEN NULL WHEN 98 THEN array_fill(0::real, ARRAY[16])::vector
		ELSE rest_vector(CASE WHEN i % 10 = 7 THEN i % 50 ELSE i END) END,
	i % 3, repeat('long', 20) || i % 5, i % 4, i % 7 + 0.1, 'w' || i
FROM generate_series(1, 8000) i;
CREATE INDEX rest_t_idx ON rest_t USING hnsw (v vector_cosine_ops, tenant, name, price);
VACUUM ANALYZE rest_t;
DELETE FROM rest_t WHERE id % 37 = 0;
UPDATE rest_t SET w = w || '.' WHERE id % 41 = 0;
UPDATE rest_t SET tenant = 2 - tenant WHERE id % 43 = 0;

-- The same rows, in order, as by reading the table?  And how the scan ended.
CREATE FUNCTION rest_of(condition text, rows text DEFAULT '200', target text DEFAULT 'rest_t', q integer DEFAULT 3,
	OUT n bigint, OUT same boolean, OUT strategy text) AS $$
DECLARE
	query text := format('SELECT array_agg(id), array_agg(d) FROM
		(SELECT id, v <=> %L AS d FROM %s WHERE %s ORDER BY v <=> %1$L LIMIT %4$s) s',
		rest_vector(q), target, condition, rows);
	truth integer[];
	found integer[];
	d float8[];
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	EXECUTE query INTO found, d;
	SELECT s.strategy INTO strategy FROM lokivector_scan_stats() s;
	PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
	EXECUTE query INTO truth;
	PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_sort', 'on', true);
	n := coalesce(array_length(found, 1), 0);
	same := ARRAY(SELECT unnest(found) ORDER BY 1) = ARRAY(SELECT unnest(truth) ORDER BY 1) AND
		(n = 0 OR d IS NOT DISTINCT FROM (SELECT array_agg(x ORDER BY x) FROM unnest(d) x));
END
$$ LANGUAGE plpgsql;

-- test: conditions that few rows pass
SELECT * FROM rest_of('id % 100 = 5');
SELECT * FROM rest_of('id % 1000 = 5');
SELECT * FROM rest_of('w LIKE ''w77_''');
SELECT * FROM rest_of('id < 0');
-- all have a vector that others have, too; some have none
SELECT * FROM rest_of('id % 100 = 7');
SELECT * FROM rest_of('id % 100 IN (5, 98, 99)', '400');

-- test: conditions that slots decide are not rechecked, others are
SELECT * FROM rest_of('tenant = 1 AND id % 100 = 5');
SELECT * FROM rest_of('tenant <> 1 AND id % 100 = 5');
SELECT * FROM rest_of('name = repeat(''long'', 20) || 3 AND id % 100 = 13');
SELECT * FROM rest_of('name = repeat(''long'', 20) || 4 AND id % 100 = 13');
SELECT * FROM rest_of('price = 2.1 AND id % 100 = 9');
SELECT * FROM rest_of('price > 3 AND (tenant = 0 OR kind = 2) AND id % 100 = 9');

-- test: conditions of the index that slots leave open drop rows as others do
CREATE TABLE rest_l (id integer, path text, words tsvector, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO rest_l SELECT id, 'docs/' || w, ('common:1' || CASE WHEN id % 100 = 5 THEN 'A' ELSE 'B' END)::tsvector, v FROM rest_t;
CREATE INDEX rest_l_idx ON rest_l USING hnsw (v vector_cosine_ops, path text_prefix_ops);
VACUUM ANALYZE rest_l;
SELECT *, (SELECT rows < 1000 FROM lokivector_scan_stats()) AS few FROM rest_of('path LIKE ''%77_''', '10', target => 'rest_l');
SELECT *, (SELECT rows < 1000 FROM lokivector_scan_stats()) AS few FROM rest_of('path LIKE ''d%77''', '70', target => 'rest_l');
DROP INDEX rest_l_idx;
CREATE INDEX rest_l_idx ON rest_l USING hnsw (v vector_cosine_ops);
CREATE INDEX rest_l_words ON rest_l USING gin (words);
SET enable_bitmapscan = on;
SET enable_indexscan = off;
SET enable_seqscan = off;
SET enable_sort = off;
SELECT plan_nodes('SELECT id FROM rest_l WHERE words @@ ''common:A'' ORDER BY v <=> rest_vector(3) LIMIT 10', 'Custom Scan.*|Recheck.*|Filter.*');
SELECT count(*), sum(id) FROM (SELECT id FROM rest_l WHERE words @@ 'common:A' ORDER BY v <=> rest_vector(3) LIMIT 100) s;
SELECT strategy, rows < 1000 AS few FROM lokivector_scan_stats();
RESET enable_sort;
RESET enable_seqscan;
RESET enable_indexscan;
SET enable_bitmapscan = off;
SELECT count(*), sum(id) FROM rest_l WHERE words @@ 'common:A' AND id % 100 = 5;

-- test: an index of a part of the table
CREATE TABLE rest_p (LIKE rest_t) WITH (autovacuum_enabled = off);
INSERT INTO rest_p SELECT * FROM rest_t;
CREATE INDEX rest_p_part ON rest_p USING hnsw (v vector_cosine_ops) WHERE kind = 1;
VACUUM ANALYZE rest_p;
SELECT * FROM rest_of('kind = 1 AND id % 100 = 5', target => 'rest_p');
SELECT * FROM rest_of('kind = 1 AND id % 25 = 6', target => 'rest_p');

-- test: conditions that are volatile or have sub-plans
SELECT * FROM rest_of('id % 100 = 5 AND random() < 2');
SELECT * FROM rest_of('id % 100 = (SELECT 5 WHERE rest_t.id > 0)');
-- ... behind others
SELECT * FROM rest_of('id % 100 = 5 AND id >= (SELECT 0 WHERE rest_t.id > 0)');
SELECT * FROM rest_of('id % 10 = 5 AND id % 100 = (SELECT 5 WHERE rest_t.id > 0)');

-- test: a bound of the distance comes before the filter, which is evaluated once for each row within it
SELECT * FROM rest_of('v <=> rest_vector(3) < 1.3 AND id % 100 = 5');
SELECT * FROM rest_of('v <=> rest_vector(3) < 0.9 AND id % 100 = 5 AND random() < 2', '10');
CREATE SEQUENCE rest_seq;
SELECT count(*) FROM (SELECT FROM rest_t WHERE v <=> rest_vector(3) < 1.3 AND nextval('rest_seq') < 0 ORDER BY v <=> rest_vector(3) LIMIT 10) s;
SELECT last_value = (SELECT count(*) FROM rest_t WHERE v <=> rest_vector(3) < 1.3) AS once FROM rest_seq;

-- test: a filter that costs less than the distance comes before a bound, but not before that of a policy
CREATE FUNCTION rest_counts(integer) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN
	RETURN nextval('rest_seq') < 0;
END
$$;
CREATE FUNCTION rest_counted(condition text, OUT rows bigint, OUT others boolean) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM setval('rest_seq', 1);
	EXECUTE 'SELECT count(*) FROM (SELECT FROM rest_t WHERE v <=> rest_vector(3) < 0.7 AND ' || condition ||
		' ORDER BY v <=> rest_vector(3) LIMIT 10) s' INTO rows;
	SELECT last_value - 1 > (SELECT count(*) FROM rest_t WHERE v <=> rest_vector(3) < 0.7) INTO others FROM rest_seq;
END
$$;
SET enable_seqscan = off;
SELECT * FROM rest_counted('rest_counts(id)');
-- all of it counts: a costly clause behind a cheap one that all rows pass sees rows within the bound
ALTER FUNCTION rest_counts COST 100000;
SELECT * FROM rest_counted('rest_counts(id)');
SELECT * FROM rest_counted('id >= 0 AND rest_counts(id)');
ALTER FUNCTION rest_counts COST 0.0001;
CREATE ROLE regress_rest;
GRANT SELECT ON rest_t TO regress_rest;
GRANT ALL ON rest_seq TO regress_rest;
CREATE POLICY rest_policy ON rest_t USING (v <=> rest_vector(3) < 0.7);
ALTER TABLE rest_t ENABLE ROW LEVEL SECURITY;
SET ROLE regress_rest;
SELECT * FROM rest_counted('rest_counts(id)');
RESET ROLE;
ALTER TABLE rest_t DISABLE ROW LEVEL SECURITY;
DROP POLICY rest_policy ON rest_t;
REVOKE ALL ON rest_t, rest_seq FROM regress_rest;
DROP ROLE regress_rest;
RESET enable_seqscan;
DROP FUNCTION rest_counted, rest_counts;
DROP SEQUENCE rest_seq;

-- test: iterative scans under pgvector's limits, which return no more rows without a LIMIT
SET hnsw.max_scan_tuples = 2000;
SET hnsw.iterative_scan = strict_order;
SELECT * FROM rest_of('id % 1000 = 5', '10');
SET hnsw.iterative_scan = relaxed_order;
SELECT * FROM rest_of('id % 1000 = 5', '10');
SELECT n < 8000 AS limited, strategy FROM rest_of('id > 0', 'ALL');
RESET hnsw.iterative_scan;
RESET hnsw.max_scan_tuples;

-- test: all rows, in memory and not
SELECT * FROM rest_of('true', 'ALL');
SET work_mem = '64kB';
SELECT * FROM rest_of('true', 'ALL');
SELECT * FROM rest_of('id % 2 = 1', '7000');
SELECT * FROM rest_of('id % 2 = 1', '7000 OFFSET 10');
SELECT * FROM rest_of('tenant = 1', 'ALL');
RESET work_mem;

-- test: within a distance
SELECT n, same FROM rest_of('v <=> rest_vector(3) < 0.5 AND id % 100 = 5');
SELECT n, same FROM rest_of('v <=> rest_vector(3) < 0.5 AND id % 2 = 1', '5000');

-- test: within the rows of another index
CREATE TABLE rest_g (id integer, v vector(16), tags integer[]) WITH (autovacuum_enabled = off);
INSERT INTO rest_g SELECT id, v, ARRAY[id % 2, 10 + id % 7] FROM rest_t;
CREATE INDEX rest_g_v ON rest_g USING hnsw (v vector_cosine_ops);
CREATE INDEX rest_g_tags ON rest_g USING gin (tags);
VACUUM ANALYZE rest_g;
SET enable_bitmapscan = on;
SELECT * FROM rest_of('tags @> ARRAY[1] AND id % 100 = 5', target => 'rest_g');
SELECT * FROM rest_of('tags @> ARRAY[1] AND id % 100 = 6', target => 'rest_g');
SELECT * FROM rest_of('tags @> ARRAY[1] AND id % 100 = 5 AND random() < 2', target => 'rest_g');
SELECT * FROM rest_of('tags @> ARRAY[1] AND id % 100 = 5 AND id >= (SELECT 0 WHERE id > 0)', target => 'rest_g');
SELECT n, same FROM rest_of('tags @> ARRAY[1] AND id % 100 = 5 AND v <=> rest_vector(3) < 0.5', target => 'rest_g');
SET work_mem = '64kB';
SELECT * FROM rest_of('tags @> ARRAY[1] AND id % 100 = 5', target => 'rest_g');
RESET work_mem;
SET enable_bitmapscan = off;

-- test: a scan that begins again
SET enable_seqscan = off;
SELECT q, count(*), count(DISTINCT s.id), min(s.id), max(s.id) FROM generate_series(1, 3) q,
	LATERAL (SELECT id FROM rest_t WHERE id % 200 = 5 + q ORDER BY v <=> rest_vector(q) LIMIT 100) s
GROUP BY q ORDER BY q;

-- test: rows that come and go while a cursor is open
BEGIN;
DECLARE rest_c CURSOR FOR SELECT id FROM rest_t WHERE id % 100 = 5 ORDER BY v <=> rest_vector(3) LIMIT 200;
MOVE 1 FROM rest_c;
DELETE FROM rest_t WHERE id % 200 = 5;
INSERT INTO rest_t SELECT 100005 + 100 * i, rest_vector(3) FROM generate_series(1, 20) i;
MOVE ALL FROM rest_c;
ROLLBACK;

-- test: out of line, and by an expression
CREATE TABLE rest_toast (id integer, v vector(1000)) WITH (autovacuum_enabled = off);
ALTER TABLE rest_toast ALTER v SET STORAGE EXTERNAL;
INSERT INTO rest_toast SELECT id, (v::real[] || array_fill(0::real, ARRAY[984]))::vector FROM rest_t
WHERE id <= 1500 AND v IS NOT NULL;
CREATE INDEX rest_toast_idx ON rest_toast USING hnsw ((subvector(v, 1, 16)::vector(16)) vector_cosine_ops);
VACUUM ANALYZE rest_toast;
SELECT * FROM rest_of('id % 100 = 5', target => '(SELECT id, subvector(v, 1, 16)::vector(16) AS v FROM rest_toast) t');
DROP INDEX rest_toast_idx;
CREATE INDEX rest_toast_idx ON rest_toast USING hnsw (v vector_cosine_ops);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM rest_toast WHERE id % 100 = 5
	ORDER BY v <=> (SELECT v FROM rest_toast WHERE id = 7) LIMIT 100) s;
SELECT strategy FROM lokivector_scan_stats();
-- a bound that stays in the filter costs nothing of rows that the rest of it drops, so that it takes no flat scan to know
SELECT v AS q FROM rest_toast WHERE id = 7 \gset
SELECT count(*) FROM (SELECT id FROM rest_toast WHERE id % 1000 = 5 AND (2 - (v <=> :'q')) / 2 >= 0.1 ORDER BY v <=> :'q' LIMIT 10) s;
SELECT strategy, flat_scans FROM lokivector_scan_stats();
-- a distance in the filter takes what measuring takes, whatever settings of the planner say
SET lokivector.detoast_cost = 0;
SELECT count(*) FROM (SELECT id FROM rest_toast WHERE v <=> :'q' > 0.2 ORDER BY v <=> :'q' LIMIT 1) s;
SELECT nodes_scored AS scored FROM lokivector_scan_stats() \gset
RESET lokivector.detoast_cost;
SELECT count(*) FROM (SELECT id FROM rest_toast WHERE v <=> :'q' > 0.2 ORDER BY v <=> :'q' LIMIT 1) s;
SELECT nodes_scored = :scored AS same FROM lokivector_scan_stats();
RESET enable_seqscan;

-- test: bits, of which very many have the same distance
CREATE TABLE rest_b (id integer, b bit(32));
INSERT INTO rest_b SELECT i, (hashint4(i) & hashint4(i % 100))::bit(32) FROM generate_series(1, 6000) i;
CREATE INDEX rest_b_idx ON rest_b USING hnsw (b bit_hamming_ops);
CREATE FUNCTION rest_bits(rows integer, OUT same boolean, OUT expanded boolean) AS $$
DECLARE
	query text := format('SELECT array_agg(d) FROM (SELECT b <~> 12345::bit(32) AS d FROM rest_b
		ORDER BY b <~> 12345::bit(32) LIMIT %s) s', rows);
	found float8[];
	truth float8[];
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
	EXECUTE query INTO found;
	expanded := nodes_expanded > 1000 FROM lokivector_scan_stats();
	PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
	EXECUTE query INTO truth;
	PERFORM set_config('enable_indexscan', 'on', true), set_config('enable_sort', 'on', true);
	same := found = truth;
END
$$ LANGUAGE plpgsql;
SELECT n, (rest_bits(n)).* FROM unnest('{150,400,1000,5000}'::integer[]) n;

-- test: an index without codes yet, and one of posting lists
SET lokivector.pending_nodes = 10000;
CREATE TABLE rest_pending (LIKE rest_t) WITH (autovacuum_enabled = off);
CREATE INDEX rest_pending_idx ON rest_pending USING hnsw (v vector_cosine_ops, tenant, name, price);
INSERT INTO rest_pending SELECT * FROM rest_t WHERE id <= 3000;
RESET lokivector.pending_nodes;
ANALYZE rest_pending;
SELECT * FROM rest_of('id % 100 = 5', target => 'rest_pending');
SELECT * FROM rest_of('id % 10 = 3', '20', target => 'rest_pending');
SELECT * FROM rest_of('tenant = 1 AND id % 100 = 5', target => 'rest_pending');
SELECT * FROM rest_of('id % 100 = 5 AND random() < 2', target => 'rest_pending');
SELECT * FROM rest_of('true', 'ALL', target => 'rest_pending');
CREATE TABLE rest_s (id integer, v sparsevec(100)) WITH (autovacuum_enabled = off);
INSERT INTO rest_s SELECT i, format('{%s:1,%s:2}/100', i % 50 + 1, 51 + i % 47)::sparsevec FROM generate_series(1, 6000) i;
CREATE INDEX rest_s_idx ON rest_s USING hnsw (v sparsevec_ip_ops);
VACUUM ANALYZE rest_s;
SELECT count(*), count(DISTINCT id), sum(id) FROM rest_s WHERE id % 200 = 5;
SET enable_seqscan = off;
SELECT count(*), count(DISTINCT id), sum(id) FROM
	(SELECT id FROM rest_s WHERE id % 200 = 5 ORDER BY v <#> '{6:1,60:2}/100' LIMIT 100) s;
SELECT strategy FROM lokivector_scan_stats();
RESET enable_seqscan;

-- test: on pages whose rows all see, the newest versions of rows are found, and serializable transactions lock them
DELETE FROM rest_t WHERE id % 47 = 0;
UPDATE rest_t SET w = w || '.' WHERE id % 41 = 0;
VACUUM rest_t;
SELECT * FROM rest_of('w LIKE ''%.''');
SELECT * FROM rest_of('w LIKE ''%..''');
SELECT * FROM rest_of('true', 'ALL');
VACUUM rest_pending;
SET enable_seqscan = off;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(*) FROM (SELECT FROM rest_pending WHERE id % 100 = 5 ORDER BY v <=> rest_vector(3) LIMIT 10) s;
SELECT strategy FROM lokivector_scan_stats();
SELECT DISTINCT locktype FROM pg_locks WHERE mode = 'SIReadLock' AND relation = 'rest_pending'::regclass;
COMMIT;
RESET enable_seqscan;

-- test: neither versions that are marked dead nor nodes that vacuum has freed are rows of the rest
CREATE TABLE rest_v (id integer, n integer, v vector(16)) WITH (autovacuum_enabled = off);
INSERT INTO rest_v SELECT i, 0, random_vector(i, 16) FROM generate_series(1, 8000) i;
CREATE INDEX rest_v_idx ON rest_v USING hnsw (v vector_l2_ops);
VACUUM ANALYZE rest_v;
CREATE FUNCTION rest_work(OUT scored bigint, OUT hits bigint) LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
	plan json;
BEGIN
	scored := 0;
	hits := 0;
	FOR i IN 1 .. 10 LOOP
		EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT json)
			SELECT id FROM rest_v WHERE id %% 300 = 7 ORDER BY v <-> %L LIMIT 10', random_vector(-i, 16)) INTO plan;
		hits := hits + (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint;
		scored := scored + (SELECT nodes_scored FROM lokivector_scan_stats());
	END LOOP;
END
$$;
SELECT scored AS built FROM rest_work() \gset
UPDATE rest_v SET v = v + ('[0.001' || repeat(',0', 15) || ']')::vector;
UPDATE rest_v SET v = v + ('[0.001' || repeat(',0', 15) || ']')::vector;
UPDATE rest_v SET v = v + ('[0.001' || repeat(',0', 15) || ']')::vector;
SELECT FROM rest_work();
SELECT scored AS before FROM rest_work() \gset
VACUUM (INDEX_CLEANUP on) rest_v;
SELECT scored AS after FROM rest_work() \gset
SELECT :before < 10 * :built AS before, :after < 2 * :built AS after;

-- test: slots of TID lists are read without a lock for each
REINDEX TABLE rest_v;
UPDATE rest_v SET n = n + 1;
UPDATE rest_v SET n = n + 1;
UPDATE rest_v SET n = n + 1;
SELECT FROM rest_work();
SELECT hits / 10 < 3 * 8000 AS few FROM rest_work();
SELECT lokivector_check('rest_v_idx', true);

-- test: where all versions of a row are read, fewer rows are read before the rest
VACUUM rest_v;
BEGIN;
DO $$BEGIN FOR i IN 1 .. 10 LOOP UPDATE rest_v SET n = n + 1; END LOOP; END$$;
SET LOCAL enable_seqscan = off;
SET LOCAL enable_sort = off;
SELECT id FROM rest_v WHERE id < 0 ORDER BY v <-> random_vector(-1, 16) LIMIT 10;
SELECT strategy, heap_fetches < 1.5 * 8000 AS few FROM lokivector_scan_stats();
ROLLBACK;

DROP TABLE rest_v, rest_l, rest_g, rest_pending, rest_s, rest_t, rest_p, rest_toast, rest_b;
DROP FUNCTION rest_of, rest_work, rest_bits, rest_vector;
