-- Codes around local centers (src/quantize/README, "Local centers").

SET client_min_messages = warning;
SELECT setseed(0.5);

-- every third row lies in a crowd, a thousand times narrower than the rest is wide
CREATE FUNCTION crowd_row(n integer, dims integer, width float8 DEFAULT 0.003) RETURNS real[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(CASE WHEN n % 3 = 0 THEN sin(d * 2.1) + width * (random() + random() - 1) ELSE 2 * random() - 1 END)
	FROM generate_series(1, dims) d
$$;
CREATE FUNCTION crowd_queries(dims integer) RETURNS vector[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(crowd_row(3 * i, dims)::vector) FROM generate_series(1, 60) i
$$;
CREATE TABLE crowd (id integer PRIMARY KEY, tenant integer, v vector(96));
INSERT INTO crowd SELECT i, i % 7, crowd_row(i, 96) FROM generate_series(1, 6000) i;
CREATE TABLE even (id integer, v vector(96));
INSERT INTO even SELECT i, crowd_row(3 * i + 1, 96) FROM generate_series(1, 3000) i;
CREATE FUNCTION centers_of(index regclass) RETURNS integer LANGUAGE sql AS 'SELECT centers FROM lokivector_index_info(index)';

-- test: an index of crowds has centers, and one of other rows none
CREATE INDEX crowd_idx ON crowd USING hnsw (v vector_l2_ops);
CREATE INDEX even_idx ON even USING hnsw (v vector_l2_ops);
SELECT centers_of('crowd_idx'), centers_of('even_idx'), lokivector_check('crowd_idx', true);

-- test: rows of the crowd are found, which one mean does not tell apart
SELECT recall > 0.9 AS found FROM lokivector_recall('crowd_idx', crowd_queries(96));
CREATE INDEX crowd_mean ON crowd USING hnsw (v vector_l2_ops) WITH (centers = 0);
SELECT centers_of('crowd_mean'), recall < 0.7 AS lost FROM lokivector_recall('crowd_mean', crowd_queries(96));
DROP INDEX crowd_mean;

-- test: the number of centers: no more than one for 64 rows, nor than fit a megabyte
CREATE INDEX even_many ON even USING hnsw (v vector_l2_ops) WITH (centers = 255);
CREATE INDEX even_some ON even USING hnsw (v vector_ip_ops) WITH (centers = 5);
SELECT centers_of('even_many'), centers_of('even_some'), lokivector_check('even_many', true), lokivector_check('even_some', true);
SELECT recall > 0.9 AS found FROM lokivector_recall('even_many', 50);
DROP INDEX even_many, even_some;
CREATE TABLE wide AS SELECT i AS id, crowd_row(i, 2000)::vector(2000) AS v FROM generate_series(1, 600) i;
SET lokivector.pending_nodes = 500;
CREATE INDEX wide_idx ON wide USING hnsw (v vector_cosine_ops);
RESET lokivector.pending_nodes;
SELECT centers_of('wide_idx'), lokivector_check('wide_idx', true);

-- test: where there are none
CREATE INDEX ON even USING hnsw (v vector_l2_ops) WITH (centers = 256);
CREATE INDEX ON even USING hnsw (v vector_l2_ops) WITH (centers = -1);
CREATE INDEX ON even USING hnsw (v vector_l2_ops) WITH (centers = 4, profile = compact);
CREATE INDEX ON even USING hnsw (v vector_l2_ops) WITH (centers = 4, bits = 8);
CREATE INDEX even_bytes ON even USING hnsw (v vector_l2_ops) WITH (bits = 8);
CREATE INDEX even_compact ON even USING hnsw (v vector_l2_ops) WITH (profile = compact);
CREATE INDEX even_taxi ON even USING hnsw (v vector_l1_ops) WITH (centers = 4);
CREATE INDEX even_short ON even USING hnsw ((subvector(v, 1, 8)::vector(8)) vector_l2_ops) WITH (centers = 4);
SELECT centers_of('even_bytes'), centers_of('even_compact'), centers_of('even_taxi'), centers_of('even_short');

-- test: duplicates are no crowd
CREATE TABLE same AS SELECT i AS id, (SELECT v FROM even e WHERE e.id = CASE WHEN i % 2 = 0 THEN 1 ELSE i END) AS v
FROM generate_series(1, 2999) i;
CREATE INDEX same_idx ON same USING hnsw (v vector_l2_ops);
SELECT centers_of('same_idx');

-- test: each distance and type; exact bounds, and all rows in the order of distance
CREATE FUNCTION try(class text, type text, operator text, parameters text, OUT centers integer, OUT good text, OUT ranked boolean,
	OUT bounded boolean, OUT complete boolean) LANGUAGE plpgsql AS $$
DECLARE
	q text := format('%L::%s', crowd_row(3, 96)::vector, type);
	bound float8;
	statement text;
	by_index integer[];
	by_table integer[];
BEGIN
	EXECUTE format('CREATE INDEX try_idx ON crowd USING hnsw ((v::%s) %s) %s', type, class, parameters);
	centers := centers_of('try_idx');
	good := lokivector_check('try_idx', true);
	SELECT recall > 0.8 INTO ranked FROM lokivector_recall('try_idx', crowd_queries(96)::text[]);
	EXECUTE format('SELECT v::%s %s %s FROM crowd ORDER BY 1 LIMIT 1 OFFSET 100', type, operator, q) INTO bound;
	statement := format('SELECT array_agg(id ORDER BY id) FROM crowd WHERE v::%s %s %s < %s', type, operator, q, bound);
	SET enable_seqscan = off;
	EXECUTE statement INTO by_index;
	EXECUTE format('SELECT count(*) = 6000 AND count(DISTINCT id) = 6000 AND bool_and(d >= before) FROM (
		SELECT id, d, lag(d, 1, d) OVER () AS before FROM (SELECT id, v::%1$s %2$s %3$s AS d FROM crowd ORDER BY v::%1$s %2$s %3$s LIMIT 7000) s) s',
		type, operator, q) INTO complete;
	DROP INDEX try_idx;
	EXECUTE statement INTO by_table;
	bounded := by_index IS NOT DISTINCT FROM by_table AND cardinality(by_table) > 10;
	RESET enable_seqscan;
END $$;
SELECT * FROM try('vector_l2_ops', 'vector(96)', '<->', '');
SELECT * FROM try('vector_cosine_ops', 'vector(96)', '<=>', '');
SELECT * FROM try('vector_ip_ops', 'vector(96)', '<#>', '');
SELECT * FROM try('halfvec_l2_ops', 'halfvec(96)', '<->', '');
SELECT * FROM try('vector_l2_ops', 'vector(96)', '<->', 'WITH (refine_bits = 0)');
SELECT * FROM try('vector_l2_ops', 'vector(96)', '<->', 'WITH (bits = 1)');
SELECT * FROM try('vector_cosine_ops', 'vector(96)', '<=>', 'WITH (bits = 2, refine_bits = 8)');

-- test: conditions by sorted lists and their 1-bit sketches
CREATE INDEX crowd_tenant ON crowd USING hnsw (v vector_l2_ops, tenant);
VACUUM ANALYZE crowd;
DROP INDEX crowd_idx;
CREATE FUNCTION found_of_tenants() RETURNS float8 LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	q vector := crowd_row(3, 96);
	hits integer := 0;
BEGIN
	FOR t IN 0..6 LOOP
		hits := hits + (SELECT count(*) FROM
			(SELECT id FROM crowd WHERE tenant = t ORDER BY v <-> q LIMIT 10) a NATURAL JOIN
			(SELECT id FROM (SELECT id, v <-> q AS d FROM crowd WHERE tenant = t OFFSET 0) s ORDER BY d LIMIT 10) b);
	END LOOP;
	RETURN hits / 70.0;
END $$;
SELECT centers_of('crowd_tenant') > 0 AS centers, found_of_tenants() > 0.9 AS found, lokivector_check('crowd_tenant', true);

-- test: by inner product the nearest are long rows, whose centers are a thousand times as far
CREATE TABLE lengths AS SELECT id, tenant, CASE WHEN id % 13 = 0 AND id % 3 > 0 THEN (SELECT array_agg(1000 * x) FROM unnest(v::real[]) x)::vector(96) ELSE v END AS v FROM crowd;
CREATE INDEX lengths_idx ON lengths USING hnsw (v vector_ip_ops, tenant);
VACUUM ANALYZE lengths;
CREATE FUNCTION found_of_lengths(OUT worst integer, OUT share float8) LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
	q vector;
	hits integer;
BEGIN
	worst := 10;
	share := 0;
	FOR i IN 1..40 LOOP
		q := crowd_row(i, 96)::vector;
		SELECT count(*) INTO hits FROM
			(SELECT id FROM lengths WHERE tenant = i % 7 ORDER BY v <#> q LIMIT 10) a NATURAL JOIN
			(SELECT id FROM (SELECT id, v <#> q AS d FROM lengths WHERE tenant = i % 7 OFFSET 0) s ORDER BY d LIMIT 10) b;
		worst := least(worst, hits);
		share := share + hits / 400.0;
	END LOOP;
END $$;
SELECT centers_of('lengths_idx') > 0 AS centers, worst >= 8 AS each, share > 0.97 AS found, lokivector_check('lengths_idx', true) FROM found_of_lengths();

-- rows of one direction and many lengths are no crowd, though the short ones lie near each other
CREATE TABLE log_normal AS SELECT ARRAY(SELECT length * (1 + random()) FROM generate_series(1, 64))::vector(64) AS v
FROM (SELECT exp(2 * (random() + random() + random())) AS length FROM generate_series(1, 3000)) l;
CREATE INDEX log_normal_idx ON log_normal USING hnsw (v vector_ip_ops);
SELECT centers_of('log_normal_idx');

-- test: an index that grows from nothing, and loses rows
SET lokivector.pending_nodes = 1024;
CREATE TABLE grown (LIKE crowd);
CREATE INDEX grown_idx ON grown USING hnsw (v vector_cosine_ops, tenant);
INSERT INTO grown SELECT * FROM crowd WHERE id <= 1000;
SELECT centers_of('grown_idx') AS pending;
INSERT INTO grown SELECT * FROM crowd WHERE id > 1000;
SELECT centers_of('grown_idx'), recall > 0.8 AS found, lokivector_check('grown_idx', true) FROM lokivector_recall('grown_idx', crowd_queries(96));
RESET lokivector.pending_nodes;
DELETE FROM grown WHERE id % 4 = 0;
VACUUM grown;
UPDATE grown SET tenant = tenant + 1 WHERE id % 5 = 0;
INSERT INTO grown SELECT * FROM crowd WHERE id % 8 = 0;
VACUUM grown;
SELECT centers_of('grown_idx'), recall > 0.8 AS found, lokivector_check('grown_idx', true) FROM lokivector_recall('grown_idx', crowd_queries(96));

-- test: rows are found by themselves, as inserts and builds promise
SELECT count(*) FILTER (WHERE found <> id) AS missed FROM
	(SELECT id, (SELECT id FROM grown g WHERE tenant >= 0 ORDER BY g.v <=> s.v LIMIT 1) AS found FROM grown s WHERE id % 50 = 3) s;

-- test: memory for less than the nodes, and workers
SET maintenance_work_mem = '1MB';
CREATE INDEX crowd_file ON crowd USING hnsw (v vector_cosine_ops);
SET maintenance_work_mem = '64MB';
SET min_parallel_table_scan_size = 0;
ALTER TABLE crowd SET (parallel_workers = 2);
CREATE INDEX crowd_workers ON crowd USING hnsw (v vector_ip_ops) WITH (centers = 255);
SELECT centers_of('crowd_file') > 0 AS file, lokivector_check('crowd_file', true),
	centers_of('crowd_workers') > 0 AS workers, lokivector_check('crowd_workers', true);

-- test: a crowd that comes after the codes is seen, and REINDEX gives it centers
RESET maintenance_work_mem;
SET lokivector.pending_nodes = 1024;
CREATE TABLE later (LIKE crowd);
CREATE INDEX later_idx ON later USING hnsw (v vector_l2_ops);
INSERT INTO later SELECT * FROM crowd WHERE id % 3 <> 0;
SELECT centers, crowded FROM lokivector_index_info('later_idx');
INSERT INTO later SELECT * FROM crowd WHERE id % 3 = 0;
SELECT centers, crowded > 0.2 AS crowded FROM lokivector_index_info('later_idx');
SELECT regexp_replace(advice, '0\.\d+', 'N') AS advice FROM lokivector_advice('later_idx') WHERE about = 'recall';
REINDEX INDEX later_idx;
SELECT centers, crowded < 0.03 AS resolved FROM lokivector_index_info('later_idx');
SELECT count(*) FROM lokivector_advice('later_idx') WHERE about = 'recall';
-- none where the user wants no centers
ALTER INDEX later_idx SET (centers = 0);
REINDEX INDEX later_idx;
SELECT centers, crowded > 0.2 AS crowded FROM lokivector_index_info('later_idx');
SELECT count(*) FROM lokivector_advice('later_idx') WHERE advice LIKE '%crowds%';

-- test: VACUUM makes codes and graph anew, around centers, and once more when the index is four times as large
CREATE TABLE anew (LIKE crowd);
CREATE INDEX anew_idx ON anew USING hnsw (v vector_l2_ops, tenant);
SET lokivector.pending_nodes = 300;
CREATE INDEX anew_cosine ON anew USING hnsw (v vector_cosine_ops);
RESET lokivector.pending_nodes;
CREATE FUNCTION anew_state(OUT centers text, OUT resolved boolean, OUT near boolean, OUT good text, OUT tenants boolean) LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
	q vector := crowd_row(3, 96);
BEGIN
	SELECT string_agg(centers_of(i)::text, ', '), bool_and(crowded < 0.03), bool_and(recall > 0.9), string_agg(lokivector_check(i, true), ', ')
	INTO centers, resolved, near, good FROM unnest('{anew_idx, anew_cosine}'::regclass[]) i, LATERAL lokivector_index_info(i),
		LATERAL lokivector_recall(i, crowd_queries(96));
	SELECT count(*) > 25 INTO tenants FROM generate_series(0, 2) t,
		LATERAL (SELECT id FROM anew WHERE tenant = t ORDER BY v <-> q LIMIT 10) a
		WHERE id IN (SELECT id FROM anew e WHERE e.tenant = t ORDER BY (e.v <-> q)::text::float8 LIMIT 10);
END $$;
INSERT INTO anew SELECT * FROM crowd WHERE id % 3 <> 0 AND id <= 2100;
VACUUM anew;
SELECT centers FROM anew_state();
INSERT INTO anew SELECT * FROM crowd WHERE id % 3 = 0 AND id <= 1800;
SELECT resolved, near FROM anew_state();
VACUUM anew;
SELECT * FROM anew_state();
-- what comes and goes then
DELETE FROM anew WHERE id % 5 = 0;
INSERT INTO anew SELECT * FROM crowd WHERE id % 3 = 0 AND id BETWEEN 1801 AND 3000;
VACUUM anew;
UPDATE anew SET tenant = tenant WHERE id % 7 = 0;
VACUUM anew;
SELECT * FROM anew_state();
-- a crowd elsewhere: not yet, as the index has hardly grown; then it has
INSERT INTO anew SELECT id, tenant, (SELECT array_agg(x + 3) FROM unnest(v::real[]) x)::vector(96) FROM crowd WHERE id % 3 = 0;
VACUUM anew;
SELECT resolved FROM anew_state();
INSERT INTO anew SELECT id, id % 3, v FROM even UNION ALL SELECT * FROM crowd WHERE id > 3000;
VACUUM anew;
SELECT resolved, near, good, tenants FROM anew_state();
-- none without memory for them, nor where the user wants no centers
CREATE INDEX anew_little ON anew USING hnsw (v vector_l2_ops) WITH (centers = 0);
TRUNCATE anew;
INSERT INTO anew SELECT * FROM crowd WHERE id % 3 <> 0;
INSERT INTO anew SELECT * FROM crowd WHERE id % 3 = 0;
SET maintenance_work_mem = '1MB';
VACUUM anew;
SELECT i, centers_of(i) FROM unnest('{anew_idx, anew_little}'::regclass[]) i;
RESET maintenance_work_mem;
VACUUM anew;
SELECT i, centers_of(i) > 0 AS centers FROM unnest('{anew_idx, anew_little}'::regclass[]) i;
DROP TABLE anew;

-- test: REINDEX is advised where an index has 64 times the rows that its centers were made of, if a rebuild makes more
CREATE TABLE aged AS SELECT v FROM even UNION ALL SELECT v FROM crowd WHERE id % 3 = 1;
CREATE INDEX aged_idx ON aged USING hnsw (v vector_l2_ops) WITH (centers = 1);
SELECT centers, crowded, live > 64 * 64 AS grown FROM lokivector_index_info('aged_idx');
SELECT count(*) FROM lokivector_advice('aged_idx') WHERE advice LIKE '%local centers%';
ALTER INDEX aged_idx RESET (centers);
SELECT advice FROM lokivector_advice('aged_idx') WHERE advice LIKE '%local centers%';
DELETE FROM aged WHERE ctid > (SELECT ctid FROM aged ORDER BY ctid OFFSET 4095 LIMIT 1);
VACUUM aged;
SELECT live FROM lokivector_index_info('aged_idx');
SELECT count(*) FROM lokivector_advice('aged_idx') WHERE advice LIKE '%local centers%';

-- test: where codes do not show crowds
CREATE INDEX even_ip ON even USING hnsw (v vector_ip_ops);
SELECT crowded FROM lokivector_index_info('even_ip') UNION ALL SELECT crowded FROM lokivector_index_info('even_taxi')
UNION ALL SELECT crowded FROM lokivector_index_info('even_short');

DROP TABLE crowd, even, wide, same, grown, lengths, later, aged;
