\set ECHO none
-- What each file of sql has when it starts: test/suite.sh and the Makefile run this one before others, in
-- the same database.  Functions are all in public; their names are taken.

-- Whether the run is one of every day, which tries fewer cases
CREATE OR REPLACE FUNCTION test_short() RETURNS bool LANGUAGE sql STABLE
RETURN coalesce(current_setting('test.short', true), 'off')::bool;

-- The n-th of random vectors, the same on every server.  Elements are from -spread to spread; with
-- clusters they lie around that many centers, whose elements are from -height to height.
CREATE OR REPLACE FUNCTION random_vector(n bigint, dim int, clusters int DEFAULT 0, height float8 DEFAULT 2,
	spread float8 DEFAULT 1) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
	SELECT array_agg(CASE clusters WHEN 0 THEN 0 ELSE height * sin((n % clusters) * 3 + i * 7) END +
		spread * hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, dim) i
$$;

-- What a statement fails with.  Servers differ in the schema of names, and in what they add where no function fits, or several do.
CREATE OR REPLACE FUNCTION error_of(statement text, OUT code text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE statement;
	message := 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	message := replace(message, 'public.', '');
	IF code IN ('42883', '42725') THEN
		detail := '';
		hint := '';
	END IF;
END
$$;

-- The value that a type receives from bytes, as one field of one row of a binary COPY, or the error
CREATE OR REPLACE FUNCTION receive(field bytea, type text, OUT code text, OUT result text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
DECLARE
	file text := current_setting('test.file');
	object oid := lo_from_bytea(0, '\x5047434f50590aff0d0a000000000000000000'::bytea || '\x0001'::bytea ||
		int4send(length(field)) || field || '\xffff'::bytea);
BEGIN
	PERFORM lo_export(object, file);
	PERFORM lo_unlink(object);
	EXECUTE format('CREATE TEMP TABLE received (v %s)', type);
	EXECUTE format('COPY received FROM %L WITH (FORMAT binary)', file);
	SELECT v::text INTO result FROM received;
	DROP TABLE received;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, result = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END
$$;

-- The rows of a statement as the session's settings have it, by nothing but indexes, and by tables and sorts alone
CREATE OR REPLACE FUNCTION rows_of(statement text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	result text[];
BEGIN
	EXECUTE 'SELECT array_agg(q::text) FROM (' || statement || ') q' INTO result;
	RETURN result;
END
$$;
CREATE OR REPLACE FUNCTION rows_by_index(statement text) RETURNS text[] LANGUAGE plpgsql
	SET enable_seqscan = off SET enable_sort = off SET enable_indexscan = on
	AS 'BEGIN RETURN rows_of(statement); END';
CREATE OR REPLACE FUNCTION rows_by_table(statement text) RETURNS text[] LANGUAGE plpgsql
	SET enable_seqscan = on SET enable_sort = on SET enable_indexscan = off SET enable_indexonlyscan = off
	SET enable_bitmapscan = off SET lokivector.enable_hybrid_scan = off SET lokivector.enable_join_keys = off
	SET max_parallel_workers_per_gather = 0
	AS 'BEGIN RETURN rows_of(statement); END';

-- 'same', or where two answers differ, the first of it
CREATE OR REPLACE FUNCTION differing(found text[], truth text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN coalesce(found, '{}') = coalesce(truth, '{}') THEN 'same' ELSE
		format('%s rows instead of %s; ', coalesce(cardinality(found), 0), coalesce(cardinality(truth), 0)) ||
		string_agg(format('row %s: %s instead of %s', n, coalesce(f, 'none'), coalesce(t, 'none')), '; ' ORDER BY n) END
	FROM (SELECT * FROM unnest(found, truth) WITH ORDINALITY u(f, t, n) WHERE f IS DISTINCT FROM t LIMIT 5) s
$$;

-- A plan without what servers write differently: disabled nodes, sub-plans and what they are called by, fractions of
-- rows.  Long vectors are q.
CREATE OR REPLACE FUNCTION plan_lines(statement text, options text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	init_plans bool := false;
BEGIN
	IF options ~* 'analyze' THEN
		options := options || ', TIMING OFF, SUMMARY OFF, BUFFERS OFF';
	END IF;
	FOR line IN EXECUTE format('EXPLAIN (COSTS OFF%s) %s', ', ' || nullif(options, ''), statement) LOOP
		init_plans := init_plans OR line ~ 'InitPlan';
		CONTINUE WHEN line ~ '^ *(Disabled: true|Index Searches: |Window: )';
		-- most lines have nothing of it
		IF line !~ 'vector|Plan|rows=' AND NOT init_plans THEN
			RETURN NEXT line;
			CONTINUE;
		END IF;
		line := regexp_replace(line, '''\[[^'']{24,}\]''::vector', 'q', 'g');
		line := regexp_replace(line, ' \(returns \$\d+\)|(?<=(Init|Sub)Plan )expr_|(?<=rows=\d+)\.00', '', 'g');
		line := regexp_replace(line, '\(InitPlan \d+\)\.col1|(?<=InitPlan )\d+', '$', 'g');
		RETURN NEXT CASE WHEN init_plans THEN regexp_replace(line, '\$\d+', '$', 'g') ELSE line END;
	END LOOP;
END
$$;

-- The same in one line: each node has as many > as there are nodes above it
CREATE OR REPLACE FUNCTION plan_line(statement text, options text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(CASE WHEN line ~ '^ *->' THEN ' ' || repeat('>', 1 + strpos(line, '->') / 6) || ' ' || substring(line FROM '-> +(.*)')
		WHEN line ~ '^ ' THEN '; ' || btrim(line) ELSE line END, '') FROM plan_lines(statement, options) line
$$;

-- A plan as JSON, in the order of EXPLAIN, and a figure of its uppermost node
CREATE OR REPLACE FUNCTION plan_json(statement text, options text DEFAULT '') RETURNS json LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT JSON%s) %s', ', ' || nullif(options, ''), statement) INTO plan;
	RETURN plan;
END
$$;
CREATE OR REPLACE FUNCTION plan_figure(statement text, key text DEFAULT 'Plan Rows', options text DEFAULT '') RETURNS float8 LANGUAGE sql AS $$
	SELECT (plan_json(statement, options) -> 0 -> 'Plan' ->> key)::float8
$$;

-- The nodes of a plan that match a pattern, from the top down
CREATE OR REPLACE FUNCTION plan_nodes(statement text, pattern text, separator text DEFAULT ' ') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(substring(line FROM '(' || pattern || ')'), separator) FROM plan_lines(statement) line
$$;

-- A statement as the session's settings have it, and by tables and sorts: nodes of its plan, rows, whether they are the same in
-- the same order (of those that are not ordered: sorted), and what differs
CREATE OR REPLACE FUNCTION same(statement text, nodes text DEFAULT NULL, ordered bool DEFAULT true,
	OUT uses text, OUT rows int, OUT outcome text) LANGUAGE plpgsql AS $$
DECLARE
	found text[] := rows_of(statement);
	truth text[] := rows_by_table(statement);
BEGIN
	IF nodes IS NOT NULL THEN
		uses := plan_nodes(statement, nodes);
	END IF;
	rows := coalesce(cardinality(found), 0);
	outcome := differing(CASE WHEN ordered THEN found ELSE (SELECT array_agg(r ORDER BY r) FROM unnest(found) r) END,
		CASE WHEN ordered THEN truth ELSE (SELECT array_agg(r ORDER BY r) FROM unnest(truth) r) END);
END
$$;

-- The rows of a table (id, v vector(3), ...) with a condition by an index and by a sequential scan: 1 if they are the
-- same, and the index has evaluated the condition (unless it is not asked to)
CREATE OR REPLACE FUNCTION same_by_index(tab text, index text, condition text, in_index bool DEFAULT true) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	query text := format('SELECT id FROM %I WHERE %s ORDER BY v <-> ''[1,2,3]''', tab, condition);
	sums text := 'SELECT array_agg(id ORDER BY id) FROM (' || query || ') s';
	by_index int[];
	by_table int[];
	plan text := '';
	line text;
BEGIN
	PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_indexscan', 'on', true);
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	EXECUTE sums INTO by_index;
	PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true);
	EXECUTE sums INTO by_table;
	IF by_index IS DISTINCT FROM by_table THEN
		RAISE WARNING '%: % by index, % by table', condition, by_index, by_table;
		RETURN 0;
	ELSIF plan !~ ('Index Scan using ' || index) OR in_index AND (plan !~ 'Index Cond' OR plan ~ 'Filter') THEN
		RAISE WARNING '%: no index condition', condition;
		RETURN 0;
	END IF;
	RETURN 1;
END
$$;

-- Of the nearest rows of a source, those that its index finds: rows returned and wanted, those as near as the
-- farthest wanted, those as near as the wanted one of their place (to a share of its distance), whether they
-- come in order, and in full the distances
CREATE OR REPLACE FUNCTION found(source text, distance text, rows bigint, condition text DEFAULT 'true',
	tolerance float8 DEFAULT 0, OUT returned int, OUT wanted int, OUT hits int, OUT in_place int, OUT in_order bool,
	OUT distances float8[], OUT nearest float8[]) LANGUAGE plpgsql AS $$
DECLARE
	statement text := format('SELECT array_agg(d) FROM (SELECT %1$s AS d FROM %2$s WHERE %4$s ORDER BY %1$s LIMIT %3$s) s',
		distance, source, rows, condition);
BEGIN
	-- a row of one array, as text
	distances := coalesce(nullif(trim((rows_by_index(statement))[1], '()"'), '')::float8[], '{}');
	nearest := coalesce(nullif(trim((rows_by_table(statement))[1], '()"'), '')::float8[], '{}');
	returned := cardinality(distances);
	wanted := cardinality(nearest);
	-- NULL is farther than any distance
	SELECT count(*) FILTER (WHERE d <= far + tolerance * abs(far) OR far IS NULL),
		count(*) FILTER (WHERE n <= wanted AND (d <= nearest[n] + tolerance * abs(nearest[n]) OR nearest[n] IS NULL))
	INTO hits, in_place FROM unnest(distances) WITH ORDINALITY u(d, n), (SELECT nearest[wanted] AS far) f;
	hits := least(hits, wanted);
	in_order := distances = ARRAY(SELECT d FROM unnest(distances) d ORDER BY d);
END
$$;

-- Tables (id, value), one after the other, with an index of each class of a type, where a third of the rows come after
-- it and a fifth are deleted: the code, whether 20 queries find 195 of their 200 nearest, whether all rows are
-- returned.  lokivector_check() is content.  Values are made of i; queries are cast to each of some types in turn.
CREATE OR REPLACE FUNCTION try_classes(tab text, col text, type text, value text, nrows int, options text DEFAULT '', casts text[] DEFAULT '{""}',
	OUT class name, OUT dimensions int, OUT code text, OUT bits int, OUT refine_bits int, OUT good bool, OUT complete bool)
RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
	op text;
	hits int;
	query text;
	distance text;
BEGIN
	FOR class, op IN SELECT opcname, oprname FROM pg_am m, pg_opclass c, pg_amop, pg_operator o
		WHERE amname = 'hnsw' AND opcmethod = m.oid AND opcintype = split_part(type, '(', 1)::regtype AND amopfamily = opcfamily
			AND amoppurpose = 'o' AND amoplefttype = opcintype AND amoprighttype = opcintype AND o.oid = amopopr ORDER BY c.oid LOOP
		EXECUTE format('DROP TABLE IF EXISTS %1$I; CREATE TABLE %1$I (id int, %2$I %3$s);
			INSERT INTO %1$I SELECT i, %4$s FROM generate_series(1, %5$s * 2 / 3) i;
			CREATE INDEX %6$I ON %1$I USING hnsw (%2$I %7$I) %8$s;
			INSERT INTO %1$I SELECT i, %4$s FROM generate_series(%5$s * 2 / 3 + 1, %5$s) i;
			DELETE FROM %1$I WHERE id %% 5 = 0', tab, col, type, value, nrows, tab || '_idx', class, options);
		hits := 0;
		FOR i IN 1 .. 20 LOOP
			EXECUTE format('SELECT (%s)::text FROM (SELECT %s AS i) s', value, -i) INTO query;
			distance := format('%I %s %L%s', col, op, query, casts[1 + i % cardinality(casts)]);
			hits := hits + (SELECT in_place FROM found(tab, distance, 10, tolerance => 1e-6));
		END LOOP;
		good := hits >= 195;
		complete := (SELECT returned FROM found(tab, distance, nrows)) = nrows - nrows / 5;
		SELECT i.dimensions, i.code, i.bits, i.refine_bits INTO dimensions, code, bits, refine_bits FROM lokivector_index_info(tab || '_idx') i;
		PERFORM lokivector_check(tab || '_idx', true);
		RETURN NEXT;
	END LOOP;
END
$$;

-- What receive() writes is beside the results of a server that these tests started; graphs are the same in each
-- run, and ways that are disabled, which look expensive, are not compiled, as in test/server.conf
\getenv directory PG_ABS_BUILDDIR
SELECT format('ALTER DATABASE %I SET %s = %L', current_database(), name, value)
FROM (VALUES ('test.file', :'directory' || '/results/field'), ('lokivector.build_seed', '1'), ('jit', 'off')) v(name, value) \gexec
\c -

\set ECHO all
-- test: vectors are the same everywhere, and lie around centers
SELECT random_vector(-7, 3), random_vector(7, 3, height => 5), random_vector(7, 2, clusters => 2, spread => 0), random_vector(9, 2, 2, 1, 0);

-- test: answers that differ are told
SELECT differing('{a,b}', '{a,b}'), differing(NULL, NULL), differing('{}', NULL);
SELECT differing('{a,b,d,c}', '{a,c,c}'), differing(NULL, '{x}');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT * FROM same('SELECT name, setting FROM pg_settings WHERE name IN (''enable_seqscan'', ''enable_sort'', ''enable_indexscan'') ORDER BY name', 'Sort$|Function');
SELECT * FROM same('SELECT i * CASE current_setting(''enable_seqscan'') WHEN ''on'' THEN 1 ELSE -1 END FROM generate_series(-2, 2) i');
SELECT * FROM same('SELECT i * CASE current_setting(''enable_seqscan'') WHEN ''on'' THEN 1 ELSE -1 END FROM generate_series(-2, 2) i', ordered => false);

-- test: rows that a search misses are counted, and those that come late
SELECT * FROM found('generate_series(1, 9) i', 'i * CASE current_setting(''enable_indexscan'') WHEN ''on'' THEN 2 ELSE 1 END', 4);
SELECT * FROM found('generate_series(1, 9) i', 'CASE current_setting(''enable_indexscan'') WHEN ''on'' THEN 1.01 * nullif(i, 3) ELSE i END', 3, 'i > 1', tolerance => 0.1);

-- test: errors have all of their parts
SELECT * FROM error_of('SELECT ''[1,2]''::vector(3)');
SELECT * FROM error_of('SELECT ''[1]''::vector <=> 7'), error_of('SELECT 1') e;
SELECT * FROM receive('\x000100003f800000', 'vector(1)');
SELECT * FROM receive('\x000100003f800000', 'vector(2)');

-- test: plans are the same on every server
CREATE TABLE prelude_t (id int, v vector(2));
CREATE INDEX prelude_v ON prelude_t USING hnsw (v vector_l2_ops);
SELECT plan_lines('SELECT (SELECT max(id) FROM prelude_t) FROM prelude_t ORDER BY v <-> ''[1,2]'' LIMIT 3');
SELECT plan_nodes('SELECT FROM prelude_t ORDER BY v <-> ''[1,2]'' LIMIT 3', 'Limit|Index Scan using \w+|Sort', ', '),
	plan_figure('SELECT FROM prelude_t WHERE id = 1 LIMIT 1'), plan_figure('SELECT 1', 'Actual Rows', 'ANALYZE');
DROP TABLE prelude_t;
