--
-- Indexes that cannot be read (test/t/024_incompatible_indexes.pl has some)
--
CREATE TABLE o (id int PRIMARY KEY, v vector(2), b bit(8)) PARTITION BY RANGE (id);
CREATE TABLE o1 PARTITION OF o FOR VALUES FROM (0) TO (100);
CREATE TABLE o2 PARTITION OF o FOR VALUES FROM (100) TO (200);
INSERT INTO o SELECT i, ARRAY[i, -i], i::bit(8) FROM generate_series(1, 150) i;
CREATE INDEX ON o USING hnsw (v vector_l2_ops);
CREATE INDEX ON o USING ivfflat (b bit_hamming_ops);
CREATE INDEX ON ONLY o USING hnsw (v vector_cosine_ops);
CREATE TEMP TABLE ot (v vector(1));
CREATE INDEX ON ot USING hnsw (v vector_l2_ops);
CREATE UNLOGGED TABLE ou (v vector(1));
CREATE INDEX ON ou USING hnsw (v vector_l2_ops);
CREATE MATERIALIZED VIEW om AS SELECT v::halfvec(2) AS h FROM o WITH NO DATA;
CREATE INDEX ON om USING hnsw (h halfvec_l2_ops);

-- test: all is well
SELECT * FROM lokivector_incompatible_indexes();
SELECT count(*) FROM lokivector_incompatible_indexes(concurrently => false);
CALL lokivector_rebuild_incompatible_indexes();

-- test: what a failed command left is used by none
CREATE FUNCTION fails(v vector) RETURNS vector AS $$
BEGIN
	RETURN ARRAY[1 / (1 - length(current_setting('test.fails')))]::public.vector;
END $$ LANGUAGE plpgsql IMMUTABLE;
SET test.fails = x;
CREATE INDEX CONCURRENTLY o1_fails ON o1 USING hnsw ((fails(v)::vector(1)) vector_l2_ops);
SELECT indisvalid, indisready FROM pg_index WHERE indexrelid = 'o1_fails'::regclass;
SELECT * FROM lokivector_incompatible_indexes();

-- test: in a transaction block
BEGIN;
CALL lokivector_rebuild_incompatible_indexes();
COMMIT;

-- test: for everyone
CREATE ROLE regress_old;
SET ROLE regress_old;
SELECT * FROM lokivector_incompatible_indexes();
CALL lokivector_rebuild_incompatible_indexes();
RESET ROLE;
DROP ROLE regress_old;

-- test: the way back
CREATE SCHEMA "Back";
CREATE TABLE "Back".b (id int, v vector(3), long vector(2001), h halfvec(4001), s sparsevec(5), "Kind" int);
CREATE INDEX known ON "Back".b USING hnsw (v vector_l2_ops) WITH (m = 8);
CREATE INDEX "Two" ON "Back".b USING hnsw (v vector_l2_ops, "Kind") WITH (m = 8, bits = 4, ef_construction = 32) WHERE id > 5 AND v IS NOT NULL;
CREATE INDEX other ON "Back".b USING hnsw (s sparsevec_ip_ops) WITH (profile = balanced, ef_search = 80, target_recall = 0.9);
CREATE INDEX expression ON "Back".b USING hnsw ((subvector(long, 1, 3)::vector(3)) vector_cosine_ops, (id + 1));
CREATE INDEX expression2 ON "Back".b USING hnsw ((l2_normalize(v)::vector(3)) vector_cosine_ops) WITH (refine_bits = 8);
CREATE INDEX long ON "Back".b USING hnsw (long vector_l2_ops);
SET client_min_messages = warning;
CREATE INDEX longer ON "Back".b USING ivfflat (h halfvec_l2_ops) WITH (lists = 1);
RESET client_min_messages;
CREATE DOMAIN "Back".point AS vector(3);
CREATE TABLE "Back".p (v "Back".point);
CREATE INDEX of_domain ON "Back".p USING hnsw (v vector_l2_ops);
CREATE INDEX parent ON o USING hnsw (v vector_l2_ops, id);
\x on
SELECT * FROM lokivector_plain_indexes();
\x off
SELECT command FROM lokivector_plain_indexes() \gexec
RESET search_path;
SELECT * FROM lokivector_plain_indexes();
SELECT pg_get_indexdef('"Back"."Two"'::regclass);
DROP SCHEMA "Back" CASCADE;

DROP TABLE o, ot, ou CASCADE;
DROP FUNCTION fails;
