--
-- Whether a database with vectors is after a move what it was before: rows,
-- contents, exact distances and nearest rows, and the recall of its indexes.
--
--	psql -d DATABASE -v phase=before -f lokivector_validate.sql
--	psql -d DATABASE -v phase=after -f lokivector_validate.sql
--	psql -d DATABASE -v phase=drop -f lokivector_validate.sql
--
-- `before` runs under pgvector as well as under lokivector; it records into the
-- schema lokivector_validation, which a dump of the database takes along, and
-- pg_dump -n lokivector_validation alone takes elsewhere.  `after` records again,
-- compares, prints a line for each check and a verdict, and ends with status 3
-- where anything differs.  In between nothing may be written to the tables.
--
--	-v queries=20	vectors of each column that are searched for; each reads the
--					table once
--	-v k=10			rows that each asks for
--	-v tolerance=0.01	recall that an index may lose
--
-- Distances are the same if they differ by no more than a millionth of themselves,
-- of the mean distance of the query from all rows, or of the numbers that are
-- subtracted, which are 1 at least for cosine distance.  Where several indexes
-- could answer, the recall is that of the one which the planner takes.
--

\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
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

SELECT :'phase' = 'before' AS before, :'phase' = 'after' AS after, :'phase' = 'drop' AS drop,
	:'phase' NOT IN ('before', 'after', 'drop') AS unclear,
	to_regnamespace('lokivector_validation') IS NULL AS fresh \gset
\if :unclear
	DO $$ BEGIN RAISE 'use -v phase=before, -v phase=after or -v phase=drop'; END $$;
\endif

BEGIN ISOLATION LEVEL REPEATABLE READ;
SET LOCAL client_min_messages = warning;
\if :before
	DROP SCHEMA IF EXISTS lokivector_validation CASCADE;
\elif :drop
	DROP SCHEMA IF EXISTS lokivector_validation CASCADE;
	COMMIT;
	\quit
\elif :fresh
	DO $$ BEGIN RAISE 'nothing was recorded before'; END $$;
\endif

-- The same text for the same values, and no rows hidden
SET LOCAL search_path = pg_catalog;
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

CREATE SCHEMA IF NOT EXISTS lokivector_validation;

-- A table with a column of vectors, or an index of them
CREATE TABLE IF NOT EXISTS lokivector_validation.tables (
	phase text, name text, rows bigint, digest numeric, PRIMARY KEY (phase, name));

-- A column and an operator, or an index; what cannot be measured has an error
CREATE TABLE IF NOT EXISTS lokivector_validation.units (
	phase text, name text, tab text, expression text, predicate text, type text, operator text,
	index text, measured bigint DEFAULT 0, recall float8, error text,
	PRIMARY KEY (phase, name));

CREATE TABLE IF NOT EXISTS lokivector_validation.queries (
	unit text, query int, value text, PRIMARY KEY (unit, query));

CREATE TABLE IF NOT EXISTS lokivector_validation.distances (
	phase text, unit text, query int, rows bigint, mean float8, scale float8,
	PRIMARY KEY (phase, unit, query));

CREATE TABLE IF NOT EXISTS lokivector_validation.nearest (
	phase text, unit text, query int, rank bigint, distance float8, digest text,
	PRIMARY KEY (phase, unit, query, rank));

-- The types of the extension, and those made of them
CREATE OR REPLACE VIEW lokivector_validation.types AS
	WITH RECURSIVE made(oid, base, direct) AS (
		SELECT t.oid, t.oid, true FROM pg_type t
		JOIN pg_depend d ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e'
			AND d.refclassid = 'pg_extension'::regclass
		JOIN pg_extension e ON e.oid = d.refobjid
		WHERE e.extname IN ('vector', 'lokivector') AND t.typname IN ('vector', 'halfvec', 'bytevec', 'sparsevec')
		UNION
		SELECT t.oid, m.base, m.direct AND t.typtype = 'd' FROM made m
		JOIN pg_type t ON t.typbasetype = m.oid OR t.typelem = m.oid)
	SELECT * FROM made;

CREATE OR REPLACE VIEW lokivector_validation.relations AS
	SELECT c.oid, c.oid::regclass::text AS name, c.relispartition AS part FROM pg_class c
	JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't' AND
		n.nspname NOT IN ('pg_catalog', 'information_schema', 'lokivector_validation') AND
		(c.relkind <> 'm' OR c.relispopulated);

CREATE OR REPLACE VIEW lokivector_validation.present AS
	-- each column, with each operator that measures a distance
	SELECT r.name || '.' || quote_ident(a.attname) || ' ' || o.oprname AS name, r.name AS tab,
		quote_ident(a.attname) AS expression, NULL AS predicate, format_type(t.base, a.atttypmod) AS type,
		format('OPERATOR(%I.%s)', n.nspname, o.oprname) AS operator, NULL AS index
	FROM lokivector_validation.relations r
	JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
	JOIN lokivector_validation.types t ON t.oid = a.atttypid AND t.direct
	JOIN pg_operator o ON o.oprleft = t.base AND o.oprright = t.base AND o.oprresult = 'float8'::regtype
	JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE NOT r.part
	UNION ALL
	-- each index
	SELECT i.indexrelid::regclass || ' ' || o.oprname, r.name, pg_get_indexdef(i.indexrelid, 1, false),
		pg_get_expr(i.indpred, i.indrelid), format_type(a.atttypid, a.atttypmod),
		format('OPERATOR(%I.%s)', n.nspname, o.oprname), i.indexrelid::regclass::text
	FROM pg_index i
	JOIN lokivector_validation.relations r ON r.oid = i.indrelid
	JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
	JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
	JOIN pg_attribute a ON a.attrelid = i.indexrelid AND a.attnum = 1
	JOIN pg_opclass k ON k.oid = i.indclass[0]
	JOIN pg_amop p ON p.amopfamily = k.opcfamily AND p.amoplefttype = k.opcintype AND p.amoppurpose = 'o'
	JOIN pg_operator o ON o.oid = p.amopopr
	JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE i.indisvalid;

-- What a row is told by: all of it but generated columns, which are computed
-- anew in another database, and may end in another digit
CREATE OR REPLACE FUNCTION lokivector_validation.row_of(tab text) RETURNS text LANGUAGE sql AS $$
	SELECT 'ROW(' || string_agg('lv_row.' || quote_ident(attname), ', ' ORDER BY attnum) || ')::text'
	FROM pg_attribute
	WHERE attrelid = tab::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
$$;

-- Where an expression is a vector that an operator can compare with a value:
-- columns without dimensions may have any.  Where an index has a predicate, the
-- expression may be an error elsewhere.
CREATE OR REPLACE FUNCTION lokivector_validation.condition(u lokivector_validation.units, value text)
RETURNS text LANGUAGE sql AS $$
	SELECT format('CASE WHEN %s THEN (%s) IS NOT NULL%s END', coalesce(u.predicate, 'true'), u.expression,
		CASE WHEN value IS NULL OR right(u.type, 1) = ')' THEN NULL
			WHEN u.type LIKE '%sparsevec'
			THEN format(' AND split_part((%s)::text, ''/'', 2) = split_part(%L, ''/'', 2)', u.expression, value)
			WHEN u.type LIKE '%vec%'
			THEN format(' AND array_length(string_to_array((%s)::text, '',''), 1) = %s', u.expression,
				array_length(string_to_array(value, ','), 1)) END)
$$;

-- The mean of all distances, and the nearest rows, by a pass over the table
CREATE OR REPLACE FUNCTION lokivector_validation.measure_exact(
	phase text, u lokivector_validation.units, query int, value text, k int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('
		WITH measured AS MATERIALIZED (
			SELECT lv_row.tableoid AS lv_table, lv_row.ctid AS lv_tid, (%s) %s %L::%s AS lv_distance
			FROM %s lv_row WHERE %s),
		summed AS (
			INSERT INTO lokivector_validation.distances
			SELECT $1, $2, $3, count(*), avg(abs(lv_distance)), greatest(avg(abs(lv_distance)), $5)
			FROM measured WHERE lv_distance <> ''NaN'' AND abs(lv_distance) <> ''Infinity'')
		INSERT INTO lokivector_validation.nearest
		SELECT $1, $2, $3, row_number() OVER (ORDER BY lv_distance), lv_distance,
			(SELECT md5(%s) FROM %s lv_row
			WHERE lv_row.tableoid = lv_nearest.lv_table AND lv_row.ctid = lv_nearest.lv_tid)
		FROM (SELECT * FROM measured WHERE lv_distance <> ''NaN'' ORDER BY lv_distance LIMIT $4) lv_nearest',
		u.expression, u.operator, value, u.type, u.tab,
		lokivector_validation.condition(u, value), lokivector_validation.row_of(u.tab), u.tab) USING phase, u.name, query, k,
		CASE WHEN u.operator LIKE '%.<=>)' THEN 1.0 ELSE 0.0 END;
END $$;

-- The share of the rows that an index finds that are as near as those
CREATE OR REPLACE FUNCTION lokivector_validation.measure_index(
	measured text, u lokivector_validation.units, asked int, value text, k int) RETURNS float8
LANGUAGE plpgsql SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off AS $$
DECLARE
	search text := format('SELECT (%s) %s %L::%s AS lv_distance FROM ONLY %s%s ORDER BY (%s) %s %L::%s LIMIT %s',
		u.expression, u.operator, value, u.type, u.tab, ' WHERE ' || u.predicate,
		u.expression, u.operator, value, u.type, k);
	line text;
	used boolean := false;
	bound float8;
	wanted bigint;
	found bigint;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || search LOOP
		used := used OR EXISTS (
			SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
			JOIN pg_am m ON m.oid = c.relam AND m.amname IN ('hnsw', 'ivfflat')
			WHERE i.indrelid = u.tab::regclass AND position('Index Scan using ' || quote_ident(c.relname) || ' ' IN line) > 0);
	END LOOP;
	IF NOT used THEN
		RAISE 'no index is used';
	END IF;

	SELECT max(n.distance) + 1e-6 * greatest(max(abs(n.distance)), max(d.scale)), count(*) INTO bound, wanted
	FROM lokivector_validation.nearest n
	JOIN lokivector_validation.distances d USING (phase, unit, query)
	WHERE n.phase = measured AND n.unit = u.name AND n.query = asked;
	EXECUTE format('SELECT count(*) FROM (%s) s WHERE lv_distance <= $1', search) INTO found USING bound;
	RETURN CASE WHEN wanted > 0 THEN found::float8 / wanted ELSE 1 END;
END $$;

-- Everything, into the tables above
CREATE OR REPLACE FUNCTION lokivector_validation.record(now text, queries int, k int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	t record;
	u lokivector_validation.units;
	q record;
	recalls float8[];
BEGIN
	DELETE FROM lokivector_validation.tables WHERE phase = now;
	DELETE FROM lokivector_validation.units WHERE phase = now;
	DELETE FROM lokivector_validation.distances WHERE phase = now;
	DELETE FROM lokivector_validation.nearest WHERE phase = now;

	INSERT INTO lokivector_validation.units (phase, name, tab, expression, predicate, type, operator, index)
	SELECT now, p.* FROM lokivector_validation.present p;

	FOR t IN
		SELECT name FROM lokivector_validation.relations r WHERE NOT part AND EXISTS (
			SELECT FROM pg_attribute a JOIN lokivector_validation.types y ON y.oid = a.atttypid
			WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped)
		UNION SELECT tab FROM lokivector_validation.units WHERE phase = now
	LOOP
		EXECUTE format('
			INSERT INTO lokivector_validation.tables
			SELECT $1, $2, count(*), coalesce(sum((''x'' || left(md5(%s), 16))::bit(64)::bigint), 0)
			FROM %s lv_row', lokivector_validation.row_of(t.name), t.name) USING now, t.name;
	END LOOP;

	FOR u IN SELECT * FROM lokivector_validation.units WHERE phase = now ORDER BY name LOOP
		BEGIN
			recalls := NULL;
			IF now = 'before' THEN
				EXECUTE format('
					INSERT INTO lokivector_validation.queries
					SELECT $1, row_number() OVER (ORDER BY md5(value)), value
					FROM (SELECT DISTINCT (%s)::text AS value FROM %s WHERE %s) s ORDER BY md5(value) LIMIT $2',
					u.expression, u.tab, lokivector_validation.condition(u, NULL)) USING u.name, queries;
			END IF;
			FOR q IN SELECT * FROM lokivector_validation.queries WHERE unit = u.name ORDER BY query LOOP
				PERFORM lokivector_validation.measure_exact(now, u, q.query, q.value, k);
				IF u.index IS NOT NULL THEN
					recalls := recalls || lokivector_validation.measure_index(now, u, q.query, q.value, k);
				END IF;
			END LOOP;
			UPDATE lokivector_validation.units
			SET recall = (SELECT avg(r) FROM unnest(recalls) r),
				measured = (SELECT count(*) FROM lokivector_validation.distances WHERE phase = now AND unit = u.name)
			WHERE phase = now AND name = u.name;
		EXCEPTION WHEN OTHERS THEN
			UPDATE lokivector_validation.units SET error = SQLERRM WHERE phase = now AND name = u.name;
		END;
	END LOOP;
END $$;

-- A line for each check; `same` is NULL where there is nothing to compare with
CREATE OR REPLACE FUNCTION lokivector_validation.compare(tolerance float8)
RETURNS TABLE (what text, object text, before text, after text, same boolean) LANGUAGE sql AS $$
	SELECT 'rows', name, b.rows::text, a.rows::text,
		CASE WHEN b.phase IS NOT NULL THEN a.rows IS NOT DISTINCT FROM b.rows END
	FROM (SELECT * FROM lokivector_validation.tables WHERE phase = 'before') b
	FULL JOIN (SELECT * FROM lokivector_validation.tables WHERE phase = 'after') a USING (name)
	UNION ALL
	SELECT 'contents', name, to_hex(hashtextextended(b.digest::text, 0)), to_hex(hashtextextended(a.digest::text, 0)),
		a.digest = b.digest
	FROM lokivector_validation.tables b JOIN lokivector_validation.tables a USING (name)
	WHERE b.phase = 'before' AND a.phase = 'after'
	UNION ALL
	-- means of all distances, and the nearest ones by rank
	SELECT 'distances', name, coalesce(b.error, b.measured || ' queries'), coalesce(a.error, a.measured || ' queries'),
		CASE WHEN b.phase IS NOT NULL AND b.error IS NULL THEN a.phase IS NOT NULL AND a.error IS NULL AND NOT EXISTS (
			SELECT FROM lokivector_validation.distances x
			FULL JOIN (SELECT * FROM lokivector_validation.distances WHERE phase = 'after') y USING (unit, query)
			WHERE x.phase = 'before' AND unit = name AND
				(y.rows = x.rows AND (x.mean IS NULL OR abs(y.mean - x.mean) <= 1e-6 * x.scale)) IS NOT TRUE) AND NOT EXISTS (
			SELECT FROM lokivector_validation.nearest x
			JOIN lokivector_validation.distances s USING (phase, unit, query)
			LEFT JOIN lokivector_validation.nearest y ON y.phase = 'after' AND y.unit = x.unit AND
				y.query = x.query AND y.rank = x.rank
			WHERE x.phase = 'before' AND x.unit = name AND
				(abs(y.distance - x.distance) <= 1e-6 * greatest(abs(x.distance), s.scale)) IS NOT TRUE) END
	FROM (SELECT * FROM lokivector_validation.units WHERE phase = 'before') b
	FULL JOIN (SELECT * FROM lokivector_validation.units WHERE phase = 'after') a USING (name)
	UNION ALL
	-- rows that are nearer than the last are in both lists
	SELECT 'nearest rows', b.name, b.measured || ' queries', a.measured || ' queries', NOT EXISTS (
		SELECT FROM (
			SELECT n.*, s.scale, max(n.distance) OVER (PARTITION BY n.phase, n.query) AS last
			FROM lokivector_validation.nearest n JOIN lokivector_validation.distances s USING (phase, unit, query)
			WHERE n.unit = b.name) x
		WHERE x.distance < x.last - 1e-5 * greatest(abs(x.last), x.scale) AND NOT EXISTS (
			SELECT FROM lokivector_validation.nearest y
			WHERE y.phase <> x.phase AND y.unit = x.unit AND y.query = x.query AND y.digest = x.digest))
	FROM lokivector_validation.units b JOIN lokivector_validation.units a USING (name)
	WHERE b.phase = 'before' AND a.phase = 'after' AND b.error IS NULL AND a.error IS NULL
	UNION ALL
	SELECT 'recall of index', name, to_char(b.recall, '0.9999'), to_char(a.recall, '0.9999'),
		CASE WHEN b.recall IS NOT NULL THEN coalesce(a.recall >= b.recall - tolerance, false) END
	FROM (SELECT * FROM lokivector_validation.units WHERE phase = 'before' AND index IS NOT NULL) b
	FULL JOIN (SELECT * FROM lokivector_validation.units WHERE phase = 'after' AND index IS NOT NULL) a USING (name)
	WHERE coalesce(b.measured, a.measured) > 0
$$;

SELECT lokivector_validation.record(:'phase', :queries, :k) \g /dev/null
COMMIT;

\if :before
	SELECT format('recorded %s tables and %s columns and indexes, %s of them not measured',
		(SELECT count(*) FROM lokivector_validation.tables),
		count(*), count(error)) AS "lokivector_validation" FROM lokivector_validation.units;
	SELECT name, error AS "not measured" FROM lokivector_validation.units WHERE error IS NOT NULL ORDER BY 1;
	\quit
\endif

CREATE TEMP TABLE lokivector_checks AS SELECT * FROM lokivector_validation.compare(:tolerance);
SELECT what, object, before, after,
	CASE same WHEN true THEN 'same' WHEN false THEN 'DIFFERENT' ELSE 'new' END AS verdict
FROM lokivector_checks ORDER BY what COLLATE "C", object COLLATE "C";
SELECT format('%s checks, %s differences', count(same), count(*) FILTER (WHERE NOT same)) AS verdict,
	count(*) FILTER (WHERE NOT same) > 0 AS differs FROM lokivector_checks \gset
\echo verdict: :verdict
\if :differs
	DO $$ BEGIN RAISE 'the database is not what it was before'; END $$;
\endif
