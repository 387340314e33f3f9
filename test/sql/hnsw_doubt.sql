-- Searches go on where the nodes that they kept may not have the nearest rows: many of them are
-- dead, or codes do not tell them apart.
SET lokivector.build_seed = 1;
SET jit = off;

-- A row of one of 10 regions, which are the tighter the smaller `spread` is
CREATE FUNCTION doubt_vector(n integer, spread float8) RETURNS vector AS $$
	SELECT array_agg(2 * sin((abs(n) % 10) * 3 + i * 7) +
		spread * hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 80) i
$$ LANGUAGE sql IMMUTABLE STRICT;

CREATE TABLE doubt_t (id integer, v vector(80), w vector(80), a integer, b integer) WITH (autovacuum_enabled = off);
INSERT INTO doubt_t SELECT i, doubt_vector(i, 0.3), doubt_vector(i, 0.005), abs(hashint4(i)) % 10, i / 10 % 3
FROM generate_series(1, 10000) i;
CREATE INDEX doubt_idx ON doubt_t USING hnsw (v vector_l2_ops, a);
CREATE INDEX doubt_tight_idx ON doubt_t USING hnsw (w vector_l2_ops, a, b);
ANALYZE doubt_t;

-- The share of the nearest k rows that ten searches find, and whether one made more than a flat scan
CREATE FUNCTION doubt_recall(field text, condition text, k integer, OUT recall numeric, OUT again boolean) AS $$
DECLARE
	q vector;
	found float8[];
	truth float8[];
	scans bigint;
BEGIN
	recall := 0;
	again := false;
	FOR i IN 1 .. 10 LOOP
		q := doubt_vector(-i, CASE field WHEN 'v' THEN 0.3 ELSE 0.005 END);
		PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true);
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$I <-> $1 AS d FROM doubt_t WHERE %2$s ORDER BY %1$I <-> $1 LIMIT %3$s) s',
			field, condition, k) INTO found USING q;
		SELECT flat_scans INTO scans FROM lokivector_scan_stats();
		PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_sort', 'on', true),
			set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$I <-> $1 AS d FROM doubt_t WHERE %2$s ORDER BY (%1$I <-> $1) + 0 LIMIT %3$s) s',
			field, condition, k) INTO truth USING q;
		PERFORM set_config('enable_indexscan', 'on', true);
		again := again OR scans > 1;
		recall := recall + (SELECT count(*) FROM unnest(found) d WHERE d <= truth[k]) / (k * 10.0);
	END LOOP;
END
$$ LANGUAGE plpgsql;

-- Nothing is dead
SELECT recall >= 0.98 AS found FROM doubt_recall('v', 'a = 1', 10);

-- The nearest rows are dead, but not to everyone yet
CREATE FUNCTION doubt_delete(most integer) RETURNS void AS $$
	DELETE FROM doubt_t WHERE id IN (SELECT n.id FROM generate_series(1, 10) i,
		LATERAL (SELECT id FROM doubt_t WHERE a < 5 ORDER BY (v <-> doubt_vector(-i, 0.3)) + 0 LIMIT most) n)
$$ LANGUAGE sql SET enable_indexscan = off;
BEGIN;
SELECT doubt_delete(35);
SELECT recall >= 0.98 AS found, again FROM doubt_recall('v', 'a < 5', 10);
ROLLBACK;
BEGIN;
SELECT doubt_delete(60);
SELECT recall >= 0.98 AS found, again FROM doubt_recall('v', 'a < 5', 10);
SELECT recall >= 0.98 AS found, again FROM doubt_recall('v', 'a < 5', 100);
ROLLBACK;

-- They are dead to everyone: the first scans see that, later ones pass over them
BEGIN;
SELECT doubt_delete(35);
COMMIT;
SELECT recall >= 0.98 AS found FROM doubt_recall('v', 'a < 5', 10);
SELECT recall >= 0.98 AS found FROM doubt_recall('v', 'a < 5', 10);

-- Codes do not tell rows of a region apart
SELECT recall >= 0.9 AS found, again FROM doubt_recall('w', 'a = 1', 10);
SELECT recall >= 0.9 AS found, again FROM doubt_recall('w', 'a < 5', 10);
SELECT recall >= 0.9 AS found, again FROM doubt_recall('w', 'a < 5', 60);
-- ... in a walk either, whose pool is narrower with a filter, or hardly wider than LIMIT
SELECT recall >= 0.9 AS found FROM doubt_recall('w', 'b = 1', 25);
SELECT recall >= 0.9 AS found FROM doubt_recall('w', 'true', 100);

DROP TABLE doubt_t;
DROP FUNCTION doubt_recall, doubt_delete;
DROP FUNCTION doubt_vector;
