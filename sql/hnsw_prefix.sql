-- Prefixes of texts by text_prefix_ops: ^@, LIKE and = in plans for one pattern and for all, beside what reads the table

-- A path of some parts; letters of one to four bytes, wildcards and backslashes among them
CREATE FUNCTION prefix_path(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN i % 50 = 0 THEN NULL ELSE (SELECT coalesce(string_agg(
		(ARRAY['a', 'docs/', 'docs/alice/', 'ä', '語', '😀', '%', '_', '\', 'A', '/', 'a rather long part of a path/'])
		[1 + abs(hashint4extended(i, j) % CASE WHEN j = 1 THEN 3 ELSE 12 END)], '' ORDER BY j), '')
		FROM generate_series(1, abs(hashint4extended(i, 0) % 6)) j) END
$$;
CREATE TABLE prefix_t (id int, tenant int, path text, short varchar(40), data jsonb, v vector(8));
INSERT INTO prefix_t SELECT i, i % 3, prefix_path(i), left(prefix_path(i), 40), jsonb_build_object('p', prefix_path(i)), random_vector(i, 8)
FROM generate_series(1, 3000) i;
CREATE INDEX prefix_idx ON prefix_t USING hnsw (v vector_l2_ops, path text_prefix_ops, short text_prefix_ops, (data ->> 'p') text_prefix_ops, tenant);
VACUUM ANALYZE prefix_t;
-- rows that lists do not have, and places used again
INSERT INTO prefix_t SELECT i, i % 3, prefix_path(i), left(prefix_path(i), 40), jsonb_build_object('p', prefix_path(i)), random_vector(i, 8)
FROM generate_series(3001, 3100) i;
DELETE FROM prefix_t WHERE id % 20 = 0;
VACUUM prefix_t;
INSERT INTO prefix_t SELECT i, i % 3, prefix_path(i), left(prefix_path(i), 40), jsonb_build_object('p', prefix_path(i)), random_vector(i, 8)
FROM generate_series(3101, 3300) i;

-- test: the index is sound, by its table as well
SELECT count(*) FROM lokivector_check('prefix_idx', true);

-- test: conditions on the index in plans for one pattern and for all, and those that are none
SET enable_seqscan = off;
PREPARE prefix_like(text, vector) AS SELECT id FROM prefix_t WHERE path LIKE $1 ORDER BY v <-> $2 LIMIT 3;
SET plan_cache_mode = force_generic_plan;
SELECT plan_line('EXECUTE prefix_like(''docs/%'', ''[1,2,3,4,5,6,7,8]'')');
RESET plan_cache_mode;
SELECT condition, plan_nodes(format('SELECT id FROM prefix_t WHERE %s ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3', condition), 'Index Cond.*|Filter.*')
FROM unnest(ARRAY['path ^@ ''docs/''', 'path LIKE ''docs/%''', 'path = ''docs/''', 'path IN (''a'', ''docs/'')', 'path LIKE ANY (''{a%,docs/%}'')',
	'short LIKE ''docs/%''', 'data ->> ''p'' ^@ ''docs/''', 'path NOT LIKE ''docs/%''', 'path <> ''a''', 'path ILIKE ''docs/%''', 'path ~ ''^docs/''',
	'path > ''docs''', 'path LIKE ''docs/%'' OR tenant = 1']) condition;

-- test: slots leave out what begins otherwise, in the index condition and in the filter
SELECT condition, (SELECT sum(substring(line FROM 'Removed by .*: (\d+)')::int)
	FROM plan_lines(format('SELECT id FROM prefix_t WHERE %s ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 400', condition), 'ANALYZE') line) AS removed
FROM unnest(ARRAY['path LIKE ''docs/alice/%''', '(path LIKE ''docs/alice/%'' OR path LIKE ''docs/docs/%'')', 'path LIKE ''docs/alice/😀%'' AND true']) condition;

-- The rows in order by one form of condition: static SQL, of which plan_cache_mode makes plans for one pattern or for all
CREATE FUNCTION prefix_rows(form int, p text, ps text[], most int) RETURNS int[] LANGUAGE plpgsql AS $$
BEGIN
	CASE form
		WHEN 1 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path ^@ p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 2 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path LIKE p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 3 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path = p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 4 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path LIKE ANY (ps) ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 5 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path ^@ ANY (ps) ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 6 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path = ANY (ps) ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 7 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path NOT LIKE p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 8 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path <> p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 9 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path LIKE p OR path ^@ ps[1] OR path IS NULL ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 10 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE short LIKE p AND tenant = 1 ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 11 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE data ->> 'p' ^@ p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 12 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path ILIKE p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 13 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path IS NOT DISTINCT FROM p ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
		WHEN 14 THEN RETURN ARRAY(SELECT id FROM prefix_t WHERE path COLLATE "C" LIKE p AND path ^@ ps[2] ORDER BY v <-> '[1,2,3,4,5,6,7,8]', id LIMIT most);
	END CASE;
END
$$;
-- A pattern of a row: its first letters, with a wildcard or without, escaped or not; NULL and nothing too
CREATE FUNCTION prefix_pattern(i int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN i % 40 = 0 THEN NULL WHEN i % 40 = 1 THEN '' WHEN i % 40 = 2 THEN '%' WHEN i % 40 = 3 THEN '_%' ELSE
		CASE i % 3 WHEN 0 THEN regexp_replace(part, '([\\%_])', '\\\1', 'g') WHEN 1 THEN replace(part, '\', '\\') ELSE part END ||
		(ARRAY['%', '', '_', '%a%', '%/', '_%'])[1 + i % 6] END
	FROM (SELECT left(prefix_path(i * 7 + 1), abs(hashint4(i) % 40)) AS part) s
$$;
CREATE FUNCTION prefix_differing(first int, last int, most int) RETURNS TABLE (i int, form int, mode text, pattern text) LANGUAGE plpgsql AS $$
DECLARE
	ps text[];
	found int[];
	truth int[];
	e text;
	f text;
BEGIN
	FOR n IN first .. last LOOP
		i := n;
		pattern := prefix_pattern(i);
		ps := ARRAY(SELECT prefix_pattern(i + j) FROM generate_series(1, i % 4) j);
		FOR k IN 1 .. 14 LOOP
			form := k;
			PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true),
				set_config('lokivector.enable_hybrid_scan', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true);
			truth := '{}';
			e := '';
			BEGIN
				truth := prefix_rows(form, pattern, ps, most);
			EXCEPTION WHEN invalid_escape_sequence THEN
				e := SQLERRM;
			END;
			PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
			FOREACH mode IN ARRAY ARRAY['force_custom_plan', 'force_generic_plan'] LOOP
				PERFORM set_config('plan_cache_mode', mode, true);
				f := '';
				BEGIN
					found := prefix_rows(form, pattern, ps, most);
				EXCEPTION WHEN invalid_escape_sequence THEN
					f := SQLERRM;
					found := '{}';
				END;
				-- a row that slots leave out, or that is too far, is not asked for the end of its pattern
				IF e <> '' AND f = '' THEN
					CONTINUE;
				ELSIF found <> truth OR e <> f THEN
					RETURN NEXT;
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;

-- test: all rows in order, by patterns at random, as without an index
SELECT * FROM prefix_differing(1, CASE WHEN test_short() THEN 30 ELSE 150 END, NULL);

-- test: the nearest three of them
SELECT * FROM prefix_differing(1001, CASE WHEN test_short() THEN 1020 ELSE 1100 END, 3);

-- test: an escape without a letter is an error of rows that begin so
SELECT * FROM error_of('SELECT id FROM prefix_t WHERE path LIKE ''docs/\'' ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3');
SELECT id FROM prefix_t WHERE path LIKE 'nowhere\' ORDER BY v <-> '[1,2,3,4,5,6,7,8]' LIMIT 3;

-- test: an IN list of thousands, and none
SELECT outcome FROM same('SELECT id FROM prefix_t WHERE path = ANY (ARRAY(SELECT prefix_path(i) FROM generate_series(1, 3000, 2) i)) ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'', id');
SELECT outcome FROM same('SELECT id FROM prefix_t WHERE path LIKE ANY (ARRAY(SELECT prefix_path(i) || ''%'' FROM generate_series(1, 3000, 100) i)) ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'', id');
SELECT * FROM same('SELECT id FROM prefix_t WHERE path LIKE ANY (''{}''::text[]) ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3');
SELECT * FROM same('SELECT id FROM prefix_t WHERE path ^@ ANY (''{NULL}''::text[]) ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3');

-- test: a pattern of each row of a join
SELECT uses, rows > 0 AS rows, outcome FROM same('SELECT p, id FROM (VALUES (''docs/alice/''), (''a''), (''''), (NULL)) x (p),
	LATERAL (SELECT id, v FROM prefix_t WHERE path ^@ p ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 5) y ORDER BY p, v <-> ''[1,2,3,4,5,6,7,8]''', 'Index Cond.*');

-- test: under a policy ^@ is a condition on the index, and LIKE narrows by slots
CREATE ROLE regress_prefix;
GRANT SELECT ON prefix_t TO regress_prefix;
CREATE POLICY prefix_policy ON prefix_t USING (tenant = 1);
ALTER TABLE prefix_t ENABLE ROW LEVEL SECURITY;
SET ROLE regress_prefix;
SELECT condition, plan_nodes(statement, 'Index Cond.*|Filter.*'), plan_nodes(statement, 'Removed by .*', ', ') AS removed, (same(statement)).outcome
FROM (SELECT condition, format('SELECT id FROM prefix_t WHERE %s ORDER BY v <-> ''[1,2,3,4,5,6,7,8]'' LIMIT 3', condition) AS statement
	FROM unnest(ARRAY['path ^@ ''docs/alice/''', 'path LIKE ''docs/alice/%''']) condition) s;
RESET ROLE;
ALTER TABLE prefix_t DISABLE ROW LEVEL SECURITY;
DROP POLICY prefix_policy ON prefix_t;
REVOKE ALL ON prefix_t FROM regress_prefix;
DROP ROLE regress_prefix;

-- test: collations that call other bytes equal have no bound
CREATE COLLATION prefix_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE prefix_collated (id int, path text COLLATE prefix_ci, bytes text COLLATE "C", v vector(2));
INSERT INTO prefix_collated SELECT i, (ARRAY['Docs/', 'docs/', 'DOCS/', 'other'])[1 + i % 4], (ARRAY['Docs/', 'docs/', 'DOCS/', 'other'])[1 + i % 4], ARRAY[i, i % 7]::vector
FROM generate_series(1, 100) i;
CREATE INDEX ON prefix_collated USING hnsw (v vector_l2_ops, path text_prefix_ops, bytes text_prefix_ops);
SELECT * FROM same('SELECT id FROM prefix_collated WHERE path = ''docs/'' ORDER BY v <-> ''[1,2]'', id', 'Index Cond.*');
SELECT * FROM same('SELECT id FROM prefix_collated WHERE path IN (''docs/'', ''OTHER'') ORDER BY v <-> ''[1,2]'', id', 'Index Cond.*');
SELECT * FROM same('SELECT id FROM prefix_collated WHERE bytes LIKE ''docs%'' ORDER BY v <-> ''[1,2]'', id', 'Index Cond.*');
SELECT rows, outcome FROM same('SELECT id FROM prefix_collated WHERE bytes COLLATE prefix_ci = ''docs/'' ORDER BY v <-> ''[1,2]'', id');
SELECT rows, outcome FROM same('SELECT id FROM prefix_collated WHERE path COLLATE "C" LIKE ''docs%'' ORDER BY v <-> ''[1,2]'' LIMIT 5');
DROP TABLE prefix_collated;
DROP COLLATION prefix_ci;

-- test: memory of a build, told beforehand
CREATE TABLE prefix_memory AS SELECT path, short, v FROM prefix_t;
CREATE INDEX prefix_memory_idx ON prefix_memory USING hnsw (v vector_l2_ops, path text_prefix_ops, short text_prefix_ops);
SELECT lokivector_build_memory('prefix_memory', 'v', 'vector_l2_ops', '{path,short}') - lokivector_build_memory('prefix_memory_idx') AS differing;
DROP TABLE prefix_memory;

DROP TABLE prefix_t;
DROP FUNCTION prefix_rows, prefix_differing, prefix_pattern, prefix_path;
