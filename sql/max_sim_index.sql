-- An index over documents that are arrays of vectors

-- Words of a vocabulary, near a topic of the document
CREATE FUNCTION words(document int, length int) RETURNS vector[] LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(word ORDER BY t)
	FROM generate_series(1, length) t,
		LATERAL (SELECT l2_normalize(array_agg((hashint4((hashint4(document * 101 + t) % 300) * 1009 + i) % 1000) / 1000.0
			+ (hashint4((document % 40) * 2003 + i) % 1000) / 1200.0 ORDER BY i)::vector) AS word
			FROM generate_series(1, 32) i) s
$$;
CREATE TABLE documents (id int PRIMARY KEY, kind int, tokens vector(32)[]);
INSERT INTO documents SELECT d, d % 7, words(d, 8 + d % 9) FROM generate_series(1, 3000) d;
-- The share of the nearest k documents that a search finds, and whether they come in order
CREATE FUNCTION recall(queries int, k int, condition text DEFAULT 'true') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query vector[];
	farthest float8;
	wanted int;
	found int;
	ordered boolean;
	all_wanted int := 0;
	all_found int := 0;
	all_ordered boolean := true;
BEGIN
	FOR q IN 1..queries LOOP
		query := (words(q * 37 % 5000, 8))[2:6];
		EXECUTE format('SELECT count(*), max(d) FROM (SELECT d FROM (SELECT tokens @# $1 AS d FROM documents WHERE %s OFFSET 0) a'
			' ORDER BY d LIMIT %s) b', condition, k) INTO wanted, farthest USING query;
		EXECUTE format('SELECT count(*) FILTER (WHERE d <= $2), bool_and(d >= before OR before IS NULL) FROM (SELECT d, lag(d) OVER () AS before'
			' FROM (SELECT tokens @# $1 AS d FROM documents WHERE %s ORDER BY tokens @# $1 LIMIT %s) a) b', condition, k)
			INTO found, ordered USING query, farthest;
		all_wanted := all_wanted + wanted;
		all_found := all_found + found;
		all_ordered := all_ordered AND ordered;
	END LOOP;
	RETURN CASE WHEN all_found >= 0.95 * all_wanted THEN 'good' ELSE round(all_found / all_wanted::numeric, 3)::text END
		|| CASE WHEN all_ordered THEN ', in order' ELSE ', out of order' END;
END $$;

-- test: an index answers for the most similar documents
CREATE INDEX documents_index ON documents USING hnsw (tokens vector_maxsim_ops, kind);
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
PREPARE near_documents(vector[]) AS SELECT id FROM documents ORDER BY tokens @# $1 LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE near_documents(NULL);
DEALLOCATE near_documents;
RESET plan_cache_mode;
SET hnsw.ef_search = 100;
SELECT recall(100, 10);

-- test: max_sim() in falling order is the same search
EXPLAIN (COSTS OFF) SELECT id FROM documents ORDER BY max_sim(tokens, ARRAY[]::vector[]) DESC LIMIT 3;

-- test: with a filter, and within a bound
SELECT recall(50, 10, 'kind = 3');
SELECT recall(20, 10, 'kind IN (1, 2)');
SELECT count(*) = (SELECT count(*) FROM (SELECT tokens @# (words(77, 5)) AS d FROM documents OFFSET 0) s WHERE d < -4.6) AS exact
	FROM documents WHERE tokens @# words(77, 5) < -4.6;

-- test: within a bound and under a LIMIT: all rows that there are, though estimates bound nothing
CREATE TABLE mixed (id int, tokens vector(4)[]);
INSERT INTO mixed SELECT i, ARRAY(SELECT ARRAY(SELECT (hashint4(i * 1009 + t * 101 + d) % 1000) / 1000.0 FROM generate_series(1, 4) d)::vector
	FROM generate_series(1, 2 + i % 6) t) FROM generate_series(1, 3000) i;
INSERT INTO mixed SELECT 9999, array_agg(CASE WHEN t = 1 THEN '[5,5,5,5]' ELSE '[0.01,0.01,0.01,0.01]' END::vector) FROM generate_series(1, 200) t;
CREATE INDEX ON mixed USING hnsw (tokens vector_maxsim_ops);
SELECT id FROM mixed WHERE tokens @# '{"[1,1,1,1]"}' < -10 ORDER BY tokens @# '{"[1,1,1,1]"}' LIMIT 3;
SELECT count(*) = (SELECT count(*) FROM (SELECT tokens @# '{"[1,-1,1,0]","[0,1,-1,1]"}' AS d FROM mixed OFFSET 0) s WHERE d < -1.5) AS complete
	FROM (SELECT id FROM mixed WHERE tokens @# '{"[1,-1,1,0]","[0,1,-1,1]"}' < -1.5
		ORDER BY tokens @# '{"[1,-1,1,0]","[0,1,-1,1]"}' LIMIT 3000) s;
DROP TABLE mixed;

-- test: recall is measured by the arrays themselves, with documents as queries
SELECT answered, recall > 0.95 AS good, recall_min >= 0.7 AS even_the_worst
	FROM lokivector_recall('documents_index', 50, 10);
SET hnsw.ef_search = 1;
SET lokivector.complete = off;
SELECT recall < 0.6 AS narrow FROM lokivector_recall('documents_index', 50, 10);
RESET lokivector.complete;
SET hnsw.ef_search = 100;
SELECT lokivector_recall('documents_index', ARRAY['[1,2,3]']::vector[]);

-- test: rows that are inserted, updated, deleted and vacuumed
INSERT INTO documents SELECT d, d % 7, words(d, 8 + d % 9) FROM generate_series(3001, 4000) d;
DELETE FROM documents WHERE id % 5 = 0;
UPDATE documents SET tokens = words(id + 10000, 12) WHERE id % 11 = 0;
VACUUM documents;
SELECT recall(100, 10);
SELECT lokivector_check('documents_index', true);
SELECT count(*) FROM (SELECT id FROM documents ORDER BY tokens @# words(1, 3) LIMIT 100000) s;

-- test: equal documents share a node, documents that differ in order do not
CREATE TABLE few (id int, tokens vector(2)[]);
INSERT INTO few VALUES (1, '{"[1,0]","[0,1]"}'), (2, '{"[1,0]","[0,1]"}'), (3, '{"[0,1]","[1,0]"}'), (4, NULL), (5, '{"[1,1]"}');
CREATE INDEX few_index ON few USING hnsw (tokens vector_maxsim_ops);
SELECT nodes, rows FROM lokivector_index_info('few_index');
SELECT id, tokens @# '{"[2,0]"}' AS d FROM few ORDER BY d, id LIMIT 5;
SELECT id FROM few ORDER BY tokens @# '{"[0,-1]"}' LIMIT 1;

-- test: what an index does not take
INSERT INTO few VALUES (6, '{}');
INSERT INTO few VALUES (6, '{"[1,1,1]"}');
INSERT INTO few VALUES (6, '{NULL}');
SELECT id FROM few ORDER BY tokens @# '{"[1,0,0]"}' LIMIT 1;
SELECT id FROM few ORDER BY tokens @# '{}' LIMIT 1;
SELECT id FROM few ORDER BY tokens @# NULL::vector[] LIMIT 1;
CREATE TABLE undeclared (tokens vector[]);
CREATE INDEX ON undeclared USING hnsw (tokens vector_maxsim_ops);
SELECT answered, recall FROM lokivector_recall('few_index', 3, 1);

-- test: halfvec, and the operator class that is the default
DROP INDEX documents_index;
ALTER TABLE documents ALTER tokens TYPE halfvec(32)[] USING tokens::halfvec[];
CREATE INDEX documents_index ON documents USING hnsw (tokens) WITH (m = 12);
SELECT id FROM documents ORDER BY tokens @# words(102, 5)::halfvec[] LIMIT 1;
SELECT count(*) FILTER (WHERE id = ANY (ARRAY(SELECT id FROM documents ORDER BY tokens @# words(d, 6)::halfvec[] LIMIT 3)))
	FROM generate_series(6, 96, 10) d JOIN documents ON id = d;
SELECT lokivector_check('documents_index', true);

-- test: an index from its first row on, and one that is built again
CREATE TABLE grown (LIKE documents);
CREATE INDEX grown_index ON grown USING hnsw (tokens halfvec_maxsim_ops);
INSERT INTO grown SELECT * FROM documents WHERE id <= 500;
SELECT count(*) FILTER (WHERE id = ANY (ARRAY(SELECT id FROM grown ORDER BY tokens @# words(d, 6)::halfvec[] LIMIT 3)))
	FROM generate_series(6, 96, 10) d JOIN grown ON id = d;
REINDEX INDEX grown_index;
SELECT lokivector_check('grown_index', true);

DROP FUNCTION recall;
DROP TABLE documents, few, undeclared, grown;
DROP FUNCTION words;
