-- Vectors of several sizes in one column: partial indexes on casts answer queries without the cast
SET hnsw.ef_search = 400;
SET max_parallel_workers_per_gather = 0;
SET client_min_messages = warning;

CREATE FUNCTION sizes_vector(n int, dims int) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(hashint8extended(n, j) / 1e19 ORDER BY j)::vector FROM generate_series(1, dims) j $$;
CREATE TABLE sizes (id int PRIMARY KEY, tenant int, v vector);
INSERT INTO sizes SELECT i, i % 5, CASE WHEN i % 100 > 0 THEN sizes_vector(i, (ARRAY[8, 16, 24, 32])[1 + i % 4]) END FROM generate_series(1, 4000) i;
CREATE INDEX sizes_8 ON sizes USING hnsw ((v::vector(8)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 8;
CREATE INDEX sizes_16 ON sizes USING hnsw ((v::vector(16)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 16;
CREATE INDEX sizes_24 ON sizes USING hnsw ((v::vector(24)) vector_cosine_ops, tenant) WHERE vector_dims(v) = 24;
ANALYZE sizes;

-- Rows of a query by the index, and without; and whether the plan has the index of this size
CREATE FUNCTION sizes_compare(dims int, spelling text, form text, tenant text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	q CONSTANT vector := sizes_vector(-dims, dims);
	query text := format('SELECT string_agg(id::text, '' '' %s) FROM (SELECT id, v <=> $1 AS d FROM sizes WHERE vector_dims(v) = %s %s %s %s) s',
		CASE form WHEN 'bound' THEN 'ORDER BY id' ELSE 'ORDER BY d, id' END,
		CASE spelling WHEN 'constant' THEN dims::text ELSE spelling END,
		CASE WHEN form <> 'order' THEN 'AND v <=> $1 < 0.8' END, tenant,
		CASE WHEN form <> 'bound' THEN 'ORDER BY v <=> $1 LIMIT 20' END);
	by_index text;
	without text;
	plan text := '';
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query USING q, dims LOOP
		plan := plan || line;
	END LOOP;
	EXECUTE query INTO by_index USING q, dims;
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_indexscan = off;
	SET LOCAL lokivector.enable_hybrid_scan = off;
	EXECUTE query INTO without USING q, dims;
	SET LOCAL enable_seqscan = off;
	RESET enable_indexscan;
	RESET lokivector.enable_hybrid_scan;
	RETURN concat_ws(', ', CASE WHEN plan !~ ('(using|Index:) sizes_' || dims || '\M') THEN 'no index' END,
		CASE WHEN plan ~ 'Cond: \((sizes\.)?tenant = 3\)' THEN 'tenant in the index' END,
		CASE WHEN by_index IS DISTINCT FROM without THEN 'other rows' WHEN without IS NULL THEN 'no rows' ELSE 'same rows' END);
END $$;

-- test: three sizes, three spellings, orders and bounds, with a tenant
SET enable_seqscan = off;
SELECT spelling, form, tenant, string_agg(sizes_compare(dims, spelling, form, tenant), '; ' ORDER BY dims) AS said
FROM unnest('{8,16,24}'::int[]) dims, unnest('{constant,$2,vector_dims($1)}'::text[]) spelling, unnest('{order,bound,both}'::text[]) form,
	(VALUES (''), ('AND tenant = 3')) t (tenant)
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
RESET enable_seqscan;

-- test: a size without an index, and no size: as without the indexes
SELECT plan_line($$SELECT id FROM sizes WHERE vector_dims(v) = 32 ORDER BY v <=> (SELECT sizes_vector(1, 32)) LIMIT 5$$);
SELECT id FROM sizes ORDER BY v <=> sizes_vector(1, 8) LIMIT 5;
SELECT count(*) FROM (SELECT id FROM sizes WHERE vector_dims(v) = 8 ORDER BY v <=> sizes_vector(1, 16) LIMIT 5) s;

-- test: a generic plan, which cannot know the size, is not taken
PREPARE sizes_search (vector, int) AS SELECT id FROM sizes WHERE vector_dims(v) = $2 ORDER BY v <=> $1 LIMIT 5;
DO $$ BEGIN FOR i IN 1..10 LOOP EXECUTE 'EXECUTE sizes_search(sizes_vector(1, 8), 8)'; END LOOP; END $$;
SELECT plan_line($$EXECUTE sizes_search('[1,2,3,4,5,6,7,8]', 8)$$);
SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = 'sizes_search';

-- test: scores, groups, joins and the whole order
SET enable_seqscan = off;
SELECT plan_line($$SELECT id, 1 - (v <=> '[1,2,3,4,5,6,7,8]') AS score FROM sizes WHERE vector_dims(v) = 8 ORDER BY score DESC LIMIT 5$$);
SELECT plan_line($$SELECT tenant, min('[1,2,3,4,5,6,7,8]' <=> v) AS d FROM sizes WHERE vector_dims(v) = 8 GROUP BY tenant ORDER BY d LIMIT 2$$);
SELECT plan_line($$SELECT q.id, n.id FROM (VALUES (1, sizes_vector(1, 8)), (2, sizes_vector(2, 8))) q (id, v),
	LATERAL (SELECT id FROM sizes WHERE vector_dims(sizes.v) = 8 ORDER BY sizes.v <=> q.v LIMIT 2) n$$);
SELECT plan_line($$SELECT count(*) FROM sizes WHERE vector_dims(v) = 8 AND v <=> '[1,2,3,4,5,6,7,8]' < 0.5 AND v::vector(8) <=> '[1,2,3,4,5,6,7,8]' < 0.6$$);

-- test: advice: the indexes that are missing, by statistics of sizes
SET search_path = pg_catalog, public;
SELECT * FROM lokivector_advice('sizes_8');
CREATE STATISTICS public.sizes_sizes ON (public.vector_dims(v)) FROM sizes;
CREATE STATISTICS public.sizes_other ON (id::text) FROM sizes;
ANALYZE sizes;
ALTER INDEX sizes_8 SET (ef_search = 99);
SELECT * FROM lokivector_advice('sizes_8');
DROP INDEX sizes_24;
SELECT regexp_replace(advice, '.* Run (.*)\.$', '\1') AS statement FROM lokivector_advice('sizes_16') ORDER BY 1 \gexec
SELECT advice FROM lokivector_advice('sizes_16');
RESET search_path;
SELECT plan_line($$SELECT id FROM sizes WHERE vector_dims(v) = vector_dims('[1,2]' || sizes_vector(1, 22)) ORDER BY v <=> (SELECT sizes_vector(1, 24)) LIMIT 5$$);

-- test: an empty list, which implies each index's predicate: no rows, and no error of another size
SELECT dims, count(s.id) FROM unnest('{8,16}'::int[]) dims,
	LATERAL (SELECT id FROM sizes WHERE vector_dims(v) = 16 AND tenant = ANY ('{}') ORDER BY v <=> sizes_vector(1, dims) LIMIT 5) s GROUP BY dims;
SELECT count(*) FROM sizes WHERE vector_dims(v) = 16 AND tenant = ANY ('{}') AND v <=> sizes_vector(1, 16) < 0.5;

-- test: rows of other sizes in a bitmap, of a statement that may look at rows again: none is measured
CREATE INDEX sizes_tenant ON sizes (tenant);
CREATE FUNCTION sizes_drawn(int) RETURNS bool VOLATILE LANGUAGE sql RETURN $1 % 7 <> 3 OR random() > 2;
CREATE FUNCTION sizes_locked(condition text, strength text) RETURNS text LANGUAGE plpgsql SET enable_sort = off AS $$
DECLARE
	query CONSTANT text := 'SELECT id FROM sizes WHERE ' || condition || ' ORDER BY v <=> sizes_vector(1, 8) LIMIT 5 ' || strength;
BEGIN
	RETURN concat_ws(', ', plan_nodes(query, 'LokivectorHybridScan'), (SELECT count(*) FROM unnest(rows_of(query))),
		differing(rows_of(query), rows_by_table(query)));
END $$;
-- scans are made to cost too much, so that rows of the bitmap would be measured
SET lokivector.scan_cost = 1000000;
SELECT sizes_locked('vector_dims(v) = 8 AND tenant = 3 AND id < 500 AND ' || further, strength) FROM unnest('{true,sizes_drawn(id),3 <= ALL (SELECT id + x FROM generate_series(3\, 9) x)}'::text[]) further,
	unnest('{"",FOR UPDATE}'::text[]) strength;
SELECT sizes_locked('sizes_drawn(id) AND random() < 2 AND vector_dims(v) = 8 AND tenant = 3 AND id < 500', 'FOR UPDATE');
-- nor behind a policy that is volatile
CREATE ROLE sizes_reader;
GRANT SELECT, UPDATE ON sizes TO sizes_reader;
ALTER TABLE sizes ENABLE ROW LEVEL SECURITY;
CREATE POLICY drawn ON sizes USING (sizes_drawn(id));
SET ROLE sizes_reader;
SELECT strength, sizes_locked('vector_dims(v) = 8 AND tenant = 3 AND id < 500' || further, strength) FROM unnest('{"",FOR UPDATE}'::text[]) strength,
	unnest('{""," AND random() < 2"," AND 1 - (v <=> sizes_vector(1, 8)) > -2"}'::text[]) further;
RESET lokivector.scan_cost;
RESET ROLE;
DROP POLICY drawn ON sizes;
ALTER TABLE sizes DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON sizes FROM sizes_reader;
DROP ROLE sizes_reader;
DROP INDEX sizes_tenant;
DROP FUNCTION sizes_locked, sizes_drawn;

-- test: casts that change values are not left out
CREATE TABLE sizes_other (id int, v vector(3), b bit(12));
INSERT INTO sizes_other SELECT i, ARRAY[i + 0.0001, 1, i % 7], i::bit(12) FROM generate_series(1, 200) i;
CREATE INDEX sizes_half ON sizes_other USING hnsw ((v::halfvec(3)) halfvec_l2_ops);
CREATE INDEX sizes_bits ON sizes_other USING hnsw ((b::bit(8)) bit_hamming_ops);
SELECT plan_line($$SELECT id FROM sizes_other ORDER BY v <-> '[1,2,3]' LIMIT 3$$);
SELECT plan_line($$SELECT id FROM sizes_other ORDER BY b <~> '000011110000' LIMIT 3$$);

DROP TABLE sizes, sizes_other;
DROP FUNCTION sizes_vector, sizes_compare;
DEALLOCATE sizes_search;
