-- A LIMIT whose value the plan does not know: the index, or reading the table

SET max_parallel_workers_per_gather = 0;
-- many pages, and few
CREATE TABLE wide (id integer, few text, twentieth text, half text, v vector(3), filler text);
ALTER TABLE wide ALTER filler SET STORAGE plain;
INSERT INTO wide SELECT i, 'x' || i % 100, 'x' || i % 20, 'x' || i % 2, ARRAY[sin(i), cos(i), i % 7]::vector, repeat('y', 1500)
FROM generate_series(1, 5000) i;
CREATE TABLE narrow AS SELECT id, few, twentieth, half, v FROM wide;
CREATE INDEX ON wide USING hnsw (v vector_l2_ops);
CREATE INDEX ON narrow USING hnsw (v vector_l2_ops);
VACUUM ANALYZE wide, narrow;

-- The way that a plan goes
CREATE FUNCTION way(query text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' and ', CASE WHEN plan ~ 'Index Scan using \w+_v_idx' THEN 'index' END, CASE WHEN plan ~ 'Seq Scan' THEN 'table' END)
	FROM (SELECT string_agg(line, '') AS plan FROM plan_lines(query) line) p
$$;

-- test: a filter without an index, which 1 %, 5 % or half of the rows pass
CREATE FUNCTION ways(rest text) RETURNS TABLE (from_table text, few text, twentieth text, half text) AS $$
DECLARE
	columns text[] = ARRAY['few', 'twentieth', 'half'];
BEGIN
	FOREACH from_table IN ARRAY ARRAY['wide', 'narrow'] LOOP
		FOR i IN 1 .. 3 LOOP
			EXECUTE format('PREPARE limited(vector, bigint, text) AS ' || rest, from_table, columns[i]);
			columns[i] = way('EXECUTE limited(''[1,0,3]'', 10, ''x1'')');
			DEALLOCATE limited;
		END LOOP;
		SELECT columns[1], columns[2], columns[3] INTO few, twentieth, half;
		RETURN NEXT;
		columns = ARRAY['few', 'twentieth', 'half'];
	END LOOP;
END
$$ LANGUAGE plpgsql;
SET plan_cache_mode = force_custom_plan;
SELECT * FROM ways('SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT $2');
SET plan_cache_mode = force_generic_plan;
SELECT * FROM ways('SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT $2');
SELECT * FROM ways('SELECT id FROM %I WHERE %I = $3 ORDER BY v <-> $1 LIMIT $2');

-- test: forms of a LIMIT that is not known
SELECT * FROM ways('SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT 10 OFFSET $2');
SELECT * FROM ways('SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT $2 + 5 OFFSET 3');
SELECT * FROM ways('SELECT * FROM (SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 OFFSET 0) s LIMIT $2');
SELECT * FROM ways('SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT (SELECT $2)');
SELECT * FROM ways('SELECT id, rank() OVER (ORDER BY v <-> $1) FROM %I WHERE %I = ''x1'' ORDER BY 2 LIMIT $2');

-- test: a session keeps to plans for one LIMIT while these cost less
RESET plan_cache_mode;
CREATE FUNCTION sixth(from_table text, filter text, rows integer) RETURNS text AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('PREPARE limited(vector, bigint) AS SELECT id FROM %I WHERE %I = ''x1'' ORDER BY v <-> $1 LIMIT $2', from_table, filter);
	FOR i IN 1 .. 6 LOOP
		EXECUTE format('EXECUTE limited(''[1,0,3]'', %s)', rows);
	END LOOP;
	result = way(format('EXECUTE limited(''[1,0,3]'', %s)', rows));
	DEALLOCATE limited;
	RETURN result;
END
$$ LANGUAGE plpgsql;
SELECT t, f, rows, sixth(t, f, rows) FROM unnest(ARRAY['wide', 'narrow']) AS t, unnest(ARRAY['few', 'twentieth', 'half']) AS f, unnest(ARRAY[3, 100]) AS rows;

-- test: partitions, and a join that may drop rows
SET plan_cache_mode = force_generic_plan;
CREATE TABLE parted (LIKE wide) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (2500);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (2500) TO (10000);
INSERT INTO parted SELECT * FROM wide;
CREATE INDEX ON parted USING hnsw (v vector_l2_ops);
VACUUM ANALYZE parted;
PREPARE of_parts(vector, bigint) AS SELECT id FROM parted WHERE few = 'x1' ORDER BY v <-> $1 LIMIT $2;
SELECT way('EXECUTE of_parts(''[1,0,3]'', 10)');
PREPARE of_join(vector, bigint) AS SELECT w.id FROM wide w JOIN narrow n USING (id) WHERE w.few = 'x1' AND n.half = 'x1' ORDER BY w.v <-> $1 LIMIT $2;
SELECT way('EXECUTE of_join(''[1,0,3]'', 10)');

-- test: a LIMIT above an order that needs all rows, and one behind an OFFSET
SET random_page_cost = 1.1;
PREPARE of_ids(vector, bigint) AS SELECT * FROM (SELECT id, few FROM narrow ORDER BY v <-> $1) s ORDER BY few LIMIT $2;
PREPARE of_ranks(vector, bigint) AS SELECT * FROM (SELECT id, row_number() OVER (ORDER BY v <-> $1) AS rank FROM narrow) s ORDER BY rank LIMIT $2;
PREPARE of_windows(vector, bigint) AS SELECT id, row_number() OVER (ORDER BY v <-> $1) FROM narrow ORDER BY id LIMIT $2;
PREPARE of_nearest(vector, bigint) AS SELECT id, row_number() OVER (ORDER BY v <-> $1) FROM narrow ORDER BY v <-> $1 LIMIT $2;
PREPARE of_pages(vector, bigint) AS SELECT id FROM narrow ORDER BY v <-> $1 LIMIT $2 OFFSET 4000;
PREPARE of_many(vector, bigint) AS SELECT id FROM narrow ORDER BY v <-> $1 LIMIT 4000 OFFSET $2;
SELECT name, way(format('EXECUTE %s(''[1,0,3]'', 10)', name))
FROM unnest(ARRAY['of_ids', 'of_ranks', 'of_windows', 'of_nearest', 'of_pages', 'of_many']) AS name;
RESET random_page_cost;

-- test: a condition of which there are no statistics may keep more rows than the server guesses, alone and
-- beside others; once there are statistics, they count
SET plan_cache_mode = auto;
CREATE TABLE guessed AS SELECT id, v, id % 10 AS tenant,
	jsonb_build_object('kind', CASE WHEN id % 3 = 0 THEN 'a' ELSE 'b' || id END, 'rest', repeat('x', 500)) AS meta FROM wide;
CREATE INDEX guessed_v_idx ON guessed USING hnsw (v vector_l2_ops, tenant);
VACUUM ANALYZE guessed;
SELECT condition, way(format('SELECT id FROM guessed WHERE %s ORDER BY v <-> ''[1,0,3]'' LIMIT 10', condition))
FROM (VALUES ($$meta->>'kind' = 'a'$$), ($$meta->>'kind' = 'b7' AND tenant = 7$$),
	($$meta->>'kind' IN ('a', 'b1') AND tenant < 3$$)) v(condition);
SELECT way($$SELECT id FROM guessed WHERE meta->>'kind' = 'a' ORDER BY v <-> '[1,0,3]'$$) AS no_limit;
CREATE STATISTICS guessed_kind ON (meta->>'kind') FROM guessed;
ANALYZE guessed;
SELECT condition, way(format('SELECT id FROM guessed WHERE %s ORDER BY v <-> ''[1,0,3]'' LIMIT 10', condition))
FROM (VALUES ($$meta->>'kind' = 'a'$$), ($$meta->>'kind' = 'b7'$$)) v(condition);
DROP TABLE guessed;

DEALLOCATE ALL;
DROP TABLE wide, narrow, parted;
DROP FUNCTION way, ways, sixth;
