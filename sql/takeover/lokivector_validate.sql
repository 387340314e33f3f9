-- SPDX-License-Identifier: PostgreSQL
--
-- Whether a database with vectors is after a move what it was before: rows,
-- contents, exact distances and nearest rows, and the recall of its indexes.
--
--	psql -d DATABASE -v phase=before -f lokivector_validate.sql
--	psql -d DATABASE -v phase=after -f lokivector_validate.sql
--	psql -d DATABASE -v phase=drop -f lokivector_validate.sql
--
-- A superuser runs it, or the owner of all tables with CREATE on the database.  `before`
-- runs under pgvector as well as under lokivector; it records into the schema lokivector_validation, which
-- a dump of the database takes along, and pg_dump -n lokivector_validation alone
-- takes elsewhere.  `after` records again, compares, prints a line for each check
-- and a verdict, and ends with status 3 where anything differs, or where nothing
-- could be compared.  In between nothing may be written to the tables, or with live=1
-- only new rows, or with live=2 anything.
--
--	-v queries=20	vectors of each column that are searched for; each reads the
--					table once
--	-v k=10			rows that each asks for
--	-v tolerance=0.01	recall that an index may lose
--	-v live=1		rows may have been added: those of before that are nearest are there
--					unless new ones are nearer, no distance has become larger, and no
--					table smaller
--	-v live=2		rows may have been changed or deleted as well: the recall of indexes is
--					compared, and nothing else may be missing or fail
--
-- Each phase is one transaction, which keeps VACUUM from removing rows that die meanwhile.
--
-- Distances are the same if they differ by no more than a millionth of themselves,
-- of the mean distance of the query from all rows, or of the numbers that are
-- subtracted, which are 1 at least for cosine distance.  Where several indexes
-- could answer, the recall is that of the one which the planner takes.
--
-- Whom it trusts.  Expressions and predicates of indexes, checks of domains and the
-- like are code of the tables' owners, and the planner runs some of it already when
-- it reads an index's definition.  So no query of this session reads a user's table.
-- A materialized view that belongs to the table's owner does (pg_temp.evaluate()),
-- and REFRESH runs it as that owner within a security-restricted operation, as
-- ANALYZE and REINDEX do: nothing within can take another role, leave a cursor, a
-- prepared statement or a deferred trigger behind for the session, or change its
-- settings.  A function with SECURITY DEFINER would not do, as deferred triggers
-- and cursors WITH HOLD that it leaves run as the session's user at COMMIT.  Then
-- the subtransaction is rolled back, and with it whatever else that code did.
--
-- All that the script itself calls is in pg_catalog or made by it in pg_temp.  It
-- reads and writes the schema lokivector_validation only if that belongs to the
-- caller or to a superuser; nobody else has any right there.
--

\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
SET search_path = pg_catalog, pg_temp;
\if :{?phase} \else
	\set phase none
\endif
\if :{?queries} \else
	\set queries 20
\endif
\if :{?k} \else
	\set k 10
\endif
\if :{?tolerance} \else
	\set tolerance 0.01
\endif
\if :{?live} \else
	\set live 0
\endif

SELECT :'phase' = 'before' AS before, :'phase' = 'after' AS after, :'phase' = 'drop' AS drop,
	:'phase' NOT IN ('before', 'after', 'drop') AS unclear \gset
SELECT :'live' = '2' AS changed, coalesce(nullif(:'live', '2'), '1')::boolean AS live \gset
\if :unclear
	DO $$ BEGIN RAISE 'use -v phase=before, -v phase=after or -v phase=drop'; END $$;
\endif

-- Each statement sees what others have committed: an owner is looked up after his
-- table is locked
BEGIN ISOLATION LEVEL READ COMMITTED;
SET LOCAL client_min_messages = warning;

-- Whoever owns the schema can exchange what is in it
CREATE OR REPLACE FUNCTION pg_temp.check_schema() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	schema oid := to_regnamespace('lokivector_validation');
	other text;
BEGIN
	SELECT r.rolname INTO other
	FROM (SELECT nspowner FROM pg_namespace WHERE oid = schema
		UNION SELECT relowner FROM pg_class WHERE relnamespace = schema) o (owner)
	JOIN pg_roles r ON r.oid = o.owner
	WHERE NOT r.rolsuper AND r.rolname <> current_user;
	IF FOUND THEN
		RAISE 'schema lokivector_validation is not to be trusted: role "%" owns it, or a part of it', other
			USING HINT = 'Run this script as that role, or drop the schema and begin with phase=before.';
	END IF;
	SELECT r.rolname INTO other FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
	WHERE n.oid = schema AND NOT pg_has_role(n.nspowner, 'USAGE');
	IF FOUND THEN
		RAISE insufficient_privilege USING MESSAGE = 'must be owner of schema lokivector_validation',
			HINT = format('Role "%s" made it: run this script as that role, or with phase=drop as that role first.', other);
	END IF;
END $$;

SELECT pg_temp.check_schema() \g /dev/null
\if :after
	DO $$
	BEGIN
		IF to_regnamespace('lokivector_validation') IS NULL THEN
			RAISE 'nothing was recorded before';
		END IF;
	END $$;
\else
	DROP SCHEMA IF EXISTS lokivector_validation CASCADE;
\endif
\if :drop
	COMMIT;
	\quit
\elif :before
	CREATE SCHEMA lokivector_validation;
\endif

-- No name in it for anybody else, whatever default privileges say
DO $$
DECLARE
	other oid;
BEGIN
	FOR other IN SELECT DISTINCT a.grantee FROM pg_namespace n, aclexplode(n.nspacl) a
		WHERE n.nspname = 'lokivector_validation' AND a.grantee <> n.nspowner
	LOOP
		EXECUTE format('REVOKE ALL ON SCHEMA lokivector_validation FROM %s CASCADE',
			CASE other WHEN 0 THEN 'PUBLIC' ELSE other::regrole::text END);
	END LOOP;
END $$;

-- The same text for the same values, and no rows hidden
SET LOCAL quote_all_identifiers = off;
SET LOCAL row_security = off;
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = postgres;
SET LOCAL timezone = 'UTC';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = hex;
SET LOCAL xmloption = content;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL jit = off;
SET LOCAL statement_timeout = 0;

-- A table with a column of vectors, or an index of them
CREATE TEMP TABLE tables (
	phase text, name text, rows bigint, digest numeric, error text, PRIMARY KEY (phase, name)) ON COMMIT DROP;

-- A column and an operator, or an index; what cannot be measured has an error
CREATE TEMP TABLE units (
	phase text, name text, relid oid, tab text, expression text, predicate text, type text, operator text,
	index text, measured bigint DEFAULT 0, recall float8, error text,
	PRIMARY KEY (phase, name)) ON COMMIT DROP;

CREATE TEMP TABLE queries (
	unit text, query int, value text, PRIMARY KEY (unit, query)) ON COMMIT DROP;

CREATE TEMP TABLE distances (
	phase text, unit text, query int, rows bigint, mean float8, scale float8,
	PRIMARY KEY (phase, unit, query)) ON COMMIT DROP;

CREATE TEMP TABLE nearest (
	phase text, unit text, query int, rank bigint, distance float8, digest text,
	PRIMARY KEY (phase, unit, query, rank)) ON COMMIT DROP;

-- The types and operators of the extension
CREATE OR REPLACE TEMP VIEW members AS
	SELECT d.classid, d.objid FROM pg_depend d
	JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
	WHERE d.deptype = 'e' AND e.extname IN ('vector', 'lokivector');

-- The types that are vectors, and those made of them
CREATE OR REPLACE TEMP VIEW types AS
	WITH RECURSIVE made(oid, base, direct) AS (
		SELECT t.oid, t.oid, true FROM pg_type t
		JOIN pg_temp.members d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid
		WHERE t.typname IN ('vector', 'halfvec', 'bytevec', 'sparsevec')
		UNION
		SELECT t.oid, m.base, m.direct AND t.typtype = 'd' FROM made m
		JOIN pg_type t ON t.typbasetype = m.oid OR t.typelem = m.oid)
	SELECT * FROM made;

CREATE OR REPLACE TEMP VIEW relations AS
	SELECT c.oid, c.oid::regclass::text AS name, c.relispartition AS part FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND
		n.nspname NOT IN ('pg_catalog', 'information_schema', 'lokivector_validation') AND
		(c.relkind <> 'm' OR c.relispopulated);

CREATE OR REPLACE TEMP VIEW present AS
	-- each column, with each operator that measures a distance
	SELECT r.name || '.' || quote_ident(a.attname) || ' ' || o.oprname AS name, r.oid AS relid, r.name AS tab,
		quote_ident(a.attname) AS expression, NULL AS predicate, format_type(t.base, a.atttypmod) AS type,
		format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator, NULL AS index
	FROM pg_temp.relations r
	JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_temp.types t ON t.oid = a.atttypid AND t.direct
	JOIN pg_operator o ON o.oprleft = t.base AND o.oprright = t.base AND o.oprresult = 'float8'::regtype
	JOIN pg_temp.members d ON d.classid = 'pg_operator'::regclass AND d.objid = o.oid
	JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE NOT r.part
	UNION ALL
	-- each index
	SELECT i.indexrelid::regclass || ' ' || o.oprname, r.oid, r.name, pg_get_indexdef(i.indexrelid, 1, false),
		pg_get_expr(i.indpred, i.indrelid), format_type(a.atttypid, a.atttypmod),
		format('OPERATOR(%I.%s)', n.nspname, o.oprname), i.indexrelid::regclass::text
	FROM pg_index i
	JOIN pg_temp.relations r ON r.oid = i.indrelid
	JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
	JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
	JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = 1
	JOIN pg_opclass k ON k.oid = i.indclass[0]
	JOIN pg_amop p ON p.amopfamily = k.opcfamily AND p.amoplefttype = k.opcintype AND p.amoppurpose = 'o'
	JOIN pg_operator o ON o.oid = p.amopopr
	JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE i.indisvalid;

-- What a query says of the rows of a table, as the table's owner (see above).  The
-- query reads them as lokivector_validation.source, a view of the caller's, so
-- that row security of the owner's own does not hide any.
CREATE OR REPLACE FUNCTION pg_temp.evaluate(tab oid, part text, question text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
	name text := tab::regclass;
	owner oid;
	answer jsonb;
	done boolean := false;
BEGIN
	EXECUTE format('CREATE VIEW lokivector_validation.source AS
		SELECT lv_row.tableoid AS lv_table, lv_row.ctid AS lv_tid, lv_row.* FROM %s %s lv_row', part, name);
	-- From here on the table is locked, and stays whose it is
	SELECT c.relowner INTO STRICT owner FROM pg_class c WHERE c.oid = tab AND c.oid = name::regclass;
	IF EXISTS (
		WITH RECURSIVE below(oid) AS (
			SELECT tab UNION SELECT i.inhrelid FROM below b JOIN pg_inherits i ON i.inhparent = b.oid)
		SELECT FROM below b JOIN pg_class c ON c.oid = b.oid JOIN pg_roles r ON r.oid = c.relowner
		WHERE c.relowner <> owner AND NOT r.rolsuper)
	THEN
		RAISE 'partitions or children of % belong to other roles', name;
	END IF;

	-- The question is parsed as the owner as well: input functions run checks of domains that are
	-- elements of its constants.  Its answer is jsonb by then: its columns may be of his types,
	-- whose casts to json are his code.
	CREATE FUNCTION lokivector_validation.answer(question text) RETURNS jsonb LANGUAGE plpgsql AS $answer$
	DECLARE
		answer jsonb;
	BEGIN
		EXECUTE format('SELECT jsonb_agg(to_jsonb(lv_answer)) FROM (%s) lv_answer', question) INTO answer;
		RETURN answer;
	END $answer$;
	EXECUTE format('CREATE MATERIALIZED VIEW lokivector_validation.evaluated (answer) AS
		SELECT lokivector_validation.answer(%L) WITH NO DATA', question);
	EXECUTE format('GRANT USAGE ON SCHEMA lokivector_validation TO %s', owner::regrole);
	EXECUTE format('GRANT EXECUTE ON FUNCTION lokivector_validation.answer TO %s', owner::regrole);
	EXECUTE format('GRANT SELECT ON lokivector_validation.source TO %s', owner::regrole);
	EXECUTE format('ALTER MATERIALIZED VIEW lokivector_validation.evaluated OWNER TO %s', owner::regrole);
	REFRESH MATERIALIZED VIEW lokivector_validation.evaluated;

	-- Where that code made an index or statistics on it, reading it would run them
	IF EXISTS (SELECT FROM pg_depend WHERE refclassid = 'pg_class'::regclass AND
		refobjid = 'lokivector_validation.evaluated'::regclass AND deptype <> 'i' AND classid <> 'pg_rewrite'::regclass)
	THEN
		RAISE 'an expression of % made something that depends on its result', name;
	END IF;
	-- to_jsonb() copies what may be stored out of line, which the rollback takes away
	EXECUTE 'SELECT to_jsonb(e.answer) FROM lokivector_validation.evaluated e' INTO STRICT answer;
	done := true;
	RAISE SQLSTATE 'LV000';
EXCEPTION WHEN SQLSTATE 'LV000' THEN
	IF NOT done THEN
		RAISE;
	END IF;
	RETURN answer;
END $$;

-- What a row is told by: all of it but generated columns, which are computed
-- anew in another database, and may end in another digit
CREATE OR REPLACE FUNCTION pg_temp.row_of(tab oid) RETURNS text LANGUAGE sql AS $$
	SELECT 'ROW(' || string_agg('lv_row.' || quote_ident(attname), ', ' ORDER BY attnum) || ')::text'
	FROM pg_attribute
	WHERE attrelid = tab AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- The dimensions of an expression, where its type leaves them open
CREATE OR REPLACE FUNCTION pg_temp.dimensions(type text, expression text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN right(type, 1) = ')' THEN NULL
		WHEN type LIKE '%sparsevec' THEN format('split_part((%s)::text, ''/'', 2)', expression)
		WHEN type LIKE '%vec%' THEN format('array_length(string_to_array((%s)::text, '',''), 1)', expression) END
$$;

-- Where an expression is a vector that an operator can compare with a value of so
-- many dimensions.  Where an index has a predicate, the expression may be an error
-- elsewhere.
CREATE OR REPLACE FUNCTION pg_temp.condition(u pg_temp.units, dimensions text) RETURNS text LANGUAGE sql AS $$
	SELECT format('CASE WHEN %s THEN (%s) IS NOT NULL%s END', coalesce(u.predicate, 'true'), u.expression,
		' AND ' || pg_temp.dimensions(u.type, u.expression) || ' = ' || dimensions)
$$;

-- The queries of a unit as rows, with their dimensions and with distances that count as near
CREATE OR REPLACE FUNCTION pg_temp.values_of(u pg_temp.units) RETURNS text LANGUAGE sql AS $$
	SELECT '(VALUES ' || string_agg(format('(%s, %L::%s, %s, %L::float8)', q.query, q.value, u.type,
			coalesce(pg_temp.dimensions(u.type, quote_literal(q.value)), 'NULL'), b.bound), ', ' ORDER BY q.query) ||
		') lv_query (query, value, dimensions, bound)'
	FROM pg_temp.queries q
	LEFT JOIN LATERAL (
		SELECT max(n.distance) + 1e-6 * greatest(max(abs(n.distance)), max(d.scale)) AS bound
		FROM pg_temp.nearest n JOIN pg_temp.distances d USING (phase, unit, query)
		WHERE n.phase = u.phase AND n.unit = u.name AND n.query = q.query) b ON true
	WHERE q.unit = u.name
$$;

-- The mean of all distances, and the nearest rows, by a pass over the table for each query
CREATE OR REPLACE FUNCTION pg_temp.measure_exact(u pg_temp.units, k int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb := pg_temp.evaluate(u.relid, CASE WHEN u.index IS NOT NULL THEN 'ONLY' ELSE '' END, format('
		SELECT lv_query.query, lv_found.* FROM %s, LATERAL (
			WITH measured AS MATERIALIZED (
				SELECT lv_row.lv_table, lv_row.lv_tid, (%s) %s lv_query.value AS lv_distance
				FROM lokivector_validation.source lv_row WHERE %s),
			summed AS (
				SELECT count(*) AS rows, avg(abs(lv_distance)) AS mean
				FROM measured WHERE lv_distance <> ''NaN'' AND abs(lv_distance) <> ''Infinity'')
			SELECT rows, mean, rank, lv_distance AS distance, digest FROM summed LEFT JOIN (
				SELECT row_number() OVER (ORDER BY lv_distance) AS rank, lv_distance,
					(SELECT md5(%s) FROM lokivector_validation.source lv_row
					WHERE lv_row.lv_table = lv_nearest.lv_table AND lv_row.lv_tid = lv_nearest.lv_tid) AS digest
				FROM (SELECT * FROM measured WHERE lv_distance <> ''NaN'' ORDER BY lv_distance LIMIT %s) lv_nearest) n
			ON true) lv_found',
		pg_temp.values_of(u), u.expression, u.operator, pg_temp.condition(u, 'lv_query.dimensions'),
		pg_temp.row_of(u.relid), k));
BEGIN
	INSERT INTO pg_temp.distances
	SELECT DISTINCT u.phase, u.name, query, rows, mean,
		greatest(mean, CASE WHEN u.operator LIKE '%.<=>)' THEN 1.0 ELSE 0.0 END)
	FROM jsonb_to_recordset(answer) AS f (query int, rows bigint, mean float8);
	INSERT INTO pg_temp.nearest
	SELECT u.phase, u.name, query, rank, distance, digest
	FROM jsonb_to_recordset(answer) AS f (query int, rank bigint, distance float8, digest text) WHERE rank IS NOT NULL;
END $$;

-- How often this transaction has searched an index of a table
CREATE OR REPLACE FUNCTION pg_temp.searches(tab oid) RETURNS numeric LANGUAGE sql AS $$
	SELECT sum(pg_stat_get_xact_numscans(c.oid)) FROM pg_index i
	JOIN pg_class c ON c.oid = i.indexrelid
	JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
	WHERE i.indrelid = tab
$$;

-- The share of the rows that an index finds that are as near as those
CREATE OR REPLACE FUNCTION pg_temp.measure_index(u pg_temp.units, k int) RETURNS float8
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
	before numeric := pg_temp.searches(u.relid);
	answer jsonb := pg_temp.evaluate(u.relid, 'ONLY', format('
		SELECT lv_query.query, count(*) FILTER (WHERE lv_distance <= bound) AS found FROM %s LEFT JOIN LATERAL (
			SELECT (%s) %s lv_query.value AS lv_distance FROM lokivector_validation.source lv_row%s
			ORDER BY (%s) %s lv_query.value LIMIT %s) lv_found ON true GROUP BY 1',
		pg_temp.values_of(u), u.expression, u.operator, ' WHERE ' || u.predicate, u.expression, u.operator, k));
BEGIN
	IF pg_temp.searches(u.relid) = before THEN
		RAISE 'no index is used';
	END IF;
	RETURN (
		SELECT avg(CASE WHEN wanted > 0 THEN f.found::float8 / wanted ELSE 1 END)
		FROM jsonb_to_recordset(answer) AS f (query int, found bigint), LATERAL (
			SELECT count(*) AS wanted FROM pg_temp.nearest n
			WHERE n.phase = u.phase AND n.unit = u.name AND n.query = f.query) w);
END $$;

-- Everything, into the tables above
CREATE OR REPLACE FUNCTION pg_temp.record(now text, queries int, k int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	t record;
	u pg_temp.units;
	share float8;
BEGIN
	INSERT INTO pg_temp.units (phase, name, relid, tab, expression, predicate, type, operator, index)
	SELECT now, p.* FROM pg_temp.present p;

	FOR t IN
		SELECT r.oid, r.name FROM pg_temp.relations r WHERE NOT part AND EXISTS (
			SELECT FROM pg_attribute a JOIN pg_temp.types y ON y.oid = a.atttypid
			WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped)
		UNION SELECT relid, tab FROM pg_temp.units WHERE phase = now
	LOOP
		BEGIN
			INSERT INTO pg_temp.tables
			SELECT now, t.name, f.* FROM jsonb_to_recordset(pg_temp.evaluate(t.oid, '', format('
				SELECT count(*) AS rows, coalesce(sum((''x'' || left(md5(%s), 16))::bit(64)::bigint), 0) AS digest
				FROM lokivector_validation.source lv_row', pg_temp.row_of(t.oid)))) AS f (rows bigint, digest numeric);
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO pg_temp.tables (phase, name, error) VALUES (now, t.name, SQLERRM);
		END;
	END LOOP;

	FOR u IN SELECT * FROM pg_temp.units WHERE phase = now ORDER BY name LOOP
		BEGIN
			IF now = 'before' THEN
				INSERT INTO pg_temp.queries
				SELECT u.name, f.* FROM jsonb_to_recordset(pg_temp.evaluate(u.relid, '', format('
					WITH lv_chosen AS MATERIALIZED (
						SELECT DISTINCT md5((%1$s)::text) AS digest FROM lokivector_validation.source lv_row WHERE %2$s
						ORDER BY 1 LIMIT %3$s)
					SELECT row_number() OVER (ORDER BY digest) AS query, min(value) AS value
					FROM lv_chosen JOIN (SELECT (%1$s)::text AS value FROM lokivector_validation.source lv_row WHERE %2$s OFFSET 0) lv_values
						ON md5(value) = digest
					GROUP BY digest', u.expression, pg_temp.condition(u, NULL), queries)))
					AS f (query int, value text);
			END IF;
			CONTINUE WHEN NOT EXISTS (SELECT FROM pg_temp.queries WHERE unit = u.name);
			PERFORM pg_temp.measure_exact(u, k);
			share := CASE WHEN u.index IS NOT NULL THEN pg_temp.measure_index(u, k) END;
			UPDATE pg_temp.units SET recall = share,
				measured = (SELECT count(*) FROM pg_temp.distances WHERE phase = now AND unit = u.name)
			WHERE phase = now AND name = u.name;
		EXCEPTION WHEN OTHERS THEN
			UPDATE pg_temp.units SET error = SQLERRM WHERE phase = now AND name = u.name;
		END;
	END LOOP;
END $$;

-- A line for each check; `same` is NULL where there is nothing to compare with
CREATE OR REPLACE FUNCTION pg_temp.compare(tolerance float8, live boolean, changed boolean)
RETURNS TABLE (what text, object text, before text, after text, same boolean) LANGUAGE sql AS $$
	SELECT 'rows', name, coalesce(b.error, b.rows::text), coalesce(a.error, a.rows::text),
		CASE WHEN changed AND a.rows <> b.rows THEN NULL
			WHEN b.rows IS NOT NULL THEN coalesce(a.rows = b.rows OR live AND a.rows > b.rows, false) END
	FROM (SELECT * FROM pg_temp.tables WHERE phase = 'before') b
	FULL JOIN (SELECT * FROM pg_temp.tables WHERE phase = 'after') a USING (name)
	UNION ALL
	SELECT 'contents', name, to_hex(hashtextextended(b.digest::text, 0)), to_hex(hashtextextended(a.digest::text, 0)),
		CASE WHEN NOT live OR NOT changed AND a.rows = b.rows THEN a.digest = b.digest END
	FROM pg_temp.tables b JOIN pg_temp.tables a USING (name)
	WHERE b.phase = 'before' AND a.phase = 'after'
	UNION ALL
	-- means of all distances, and the nearest ones by rank
	SELECT 'distances', name, coalesce(b.error, b.measured || ' queries'), coalesce(a.error, a.measured || ' queries'),
		CASE WHEN changed AND a.phase IS NOT NULL AND a.error IS NULL THEN NULL
			WHEN b.phase IS NOT NULL AND b.error IS NULL THEN a.phase IS NOT NULL AND a.error IS NULL AND NOT EXISTS (
			SELECT FROM pg_temp.distances x
			FULL JOIN (SELECT * FROM pg_temp.distances WHERE phase = 'after') y USING (unit, query)
			WHERE x.phase = 'before' AND unit = name AND
				(y.rows = x.rows AND (x.mean IS NULL OR abs(y.mean - x.mean) <= 1e-6 * x.scale) OR
					live AND y.rows > x.rows) IS NOT TRUE) AND NOT EXISTS (
			SELECT FROM pg_temp.nearest x
			JOIN pg_temp.distances s USING (phase, unit, query)
			LEFT JOIN pg_temp.nearest y ON y.phase = 'after' AND y.unit = x.unit AND
				y.query = x.query AND y.rank = x.rank
			WHERE x.phase = 'before' AND x.unit = name AND
				(y.distance - x.distance <= 1e-6 * greatest(abs(x.distance), s.scale) AND
					(live OR x.distance - y.distance <= 1e-6 * greatest(abs(x.distance), s.scale))) IS NOT TRUE) END
	FROM (SELECT * FROM pg_temp.units WHERE phase = 'before') b
	FULL JOIN (SELECT * FROM pg_temp.units WHERE phase = 'after') a USING (name)
	UNION ALL
	-- rows that are nearer than the last are in both lists, or at least those of before
	SELECT 'nearest rows', b.name, b.measured || ' queries', a.measured || ' queries', NOT EXISTS (
		SELECT FROM (
			SELECT n.*, s.scale, max(n.distance) FILTER (WHERE n.phase = 'after' OR NOT live)
				OVER (PARTITION BY n.query, live OR n.phase = 'after') AS last
			FROM pg_temp.nearest n JOIN pg_temp.distances s USING (phase, unit, query)
			WHERE n.unit = b.name) x
		WHERE (x.phase = 'before' OR NOT live) AND
			x.distance < x.last - 1e-5 * greatest(abs(x.last), x.scale) AND NOT EXISTS (
			SELECT FROM pg_temp.nearest y
			WHERE y.phase <> x.phase AND y.unit = x.unit AND y.query = x.query AND y.digest = x.digest))
	FROM pg_temp.units b JOIN pg_temp.units a USING (name)
	WHERE NOT changed AND b.phase = 'before' AND a.phase = 'after' AND b.error IS NULL AND a.error IS NULL
	UNION ALL
	SELECT 'recall of index', name, to_char(b.recall, '0.9999'), to_char(a.recall, '0.9999'),
		CASE WHEN b.recall IS NOT NULL THEN coalesce(a.recall >= b.recall - tolerance, false) END
	FROM (SELECT * FROM pg_temp.units WHERE phase = 'before' AND index IS NOT NULL) b
	FULL JOIN (SELECT * FROM pg_temp.units WHERE phase = 'after' AND index IS NOT NULL) a USING (name)
	WHERE coalesce(b.measured, a.measured) > 0
$$;

\if :after
	INSERT INTO pg_temp.tables TABLE lokivector_validation.tables;
	INSERT INTO pg_temp.units TABLE lokivector_validation.units;
	INSERT INTO pg_temp.queries TABLE lokivector_validation.queries;
	INSERT INTO pg_temp.distances TABLE lokivector_validation.distances;
	INSERT INTO pg_temp.nearest TABLE lokivector_validation.nearest;
\endif
SELECT pg_temp.record(:'phase', :queries, :k) \g /dev/null

\if :before
	CREATE TABLE lokivector_validation.tables AS TABLE pg_temp.tables;
	CREATE TABLE lokivector_validation.units AS TABLE pg_temp.units;
	CREATE TABLE lokivector_validation.queries AS TABLE pg_temp.queries;
	CREATE TABLE lokivector_validation.distances AS TABLE pg_temp.distances;
	CREATE TABLE lokivector_validation.nearest AS TABLE pg_temp.nearest;
	DO $$
	BEGIN
		IF NOT EXISTS (SELECT FROM pg_temp.tables) THEN
			RAISE 'no table of this database has vectors';
		END IF;
	END $$;
	SELECT format('recorded %s tables and %s columns and indexes, %s of them not measured',
		(SELECT count(*) FROM pg_temp.tables),
		count(*), count(error)) AS "lokivector_validation" FROM pg_temp.units;
	SELECT name, error AS "not measured" FROM (SELECT name, error FROM pg_temp.tables
		UNION ALL SELECT name, error FROM pg_temp.units) f WHERE error IS NOT NULL ORDER BY 1;
	COMMIT;
	\quit
\endif

CREATE TEMP TABLE checks ON COMMIT DROP AS SELECT * FROM pg_temp.compare(:tolerance, :'live', :'changed');
SELECT what, object, before, after,
	CASE same WHEN true THEN 'same' WHEN false THEN 'DIFFERENT' ELSE 'not compared' END AS verdict
FROM pg_temp.checks ORDER BY what COLLATE "C", object COLLATE "C";
SELECT format('%s checks, %s differences', count(same), count(*) FILTER (WHERE NOT same)) AS verdict,
	count(*) FILTER (WHERE NOT same) > 0 AS differs, count(same) = 0 AS nothing FROM pg_temp.checks \gset
COMMIT;
\echo verdict: :verdict
\if :differs
	\if :changed
		DO $$ BEGIN RAISE 'the database is not what it was before'; END $$;
	\elif :live
		DO $$ BEGIN RAISE 'the database is not what it was before'
			USING HINT = 'If rows were changed or deleted since phase=before, compare with -v live=2.'; END $$;
	\else
		DO $$ BEGIN RAISE 'the database is not what it was before'
			USING HINT = 'If rows were added since phase=before, compare with -v live=1; if rows were changed or deleted, with -v live=2.'; END $$;
	\endif
\elif :nothing
	DO $$ BEGIN RAISE 'nothing was compared'; END $$;
\endif
