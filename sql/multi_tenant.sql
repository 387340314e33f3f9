-- The example of doc/multi-tenant.md: tenants in one index, kept apart by
-- row-level security

CREATE TABLE notes (
	id			integer PRIMARY KEY,
	tenant		integer NOT NULL,
	kind		integer NOT NULL,
	embedding	vector(8) NOT NULL
);
-- 500 tenants; the first has half of the rows
INSERT INTO notes
SELECT i, CASE WHEN i % 2 = 0 THEN 1 ELSE i % 500 + 2 END, i % 7,
	(SELECT array_agg(sin(i * j)) FROM generate_series(1, 8) j)::vector
FROM generate_series(1, 10000) i;
CREATE INDEX notes_embedding ON notes USING hnsw (embedding vector_cosine_ops, tenant, kind);
ANALYZE notes;

CREATE ROLE regress_notes_user;
GRANT SELECT, INSERT, UPDATE ON notes TO regress_notes_user;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY notes_tenant ON notes
	USING (tenant = current_setting('app.tenant')::integer);
SET app.tenant = '7';

CREATE FUNCTION notes_leak(integer) RETURNS boolean AS $$
BEGIN
	RAISE NOTICE 'seen: %', $1;
	RETURN true;
END
$$ LANGUAGE plpgsql COST 0.0000001;

CREATE FUNCTION notes_same(id integer) RETURNS boolean AS $$
DECLARE
	near numeric[];
	exact numeric[];
BEGIN
	PERFORM set_config('app.tenant', id::text, true);
	near = ARRAY(SELECT round((embedding <=> '[1,2,3,4,5,6,7,8]')::numeric, 4) FROM notes
		ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5);
	exact = ARRAY(SELECT round((embedding <=> '[1,2,3,4,5,6,7,8]')::numeric, 4) FROM notes ORDER BY 1 LIMIT 5);
	RETURN near = exact AND cardinality(near) = 5;
END
$$ LANGUAGE plpgsql;

SET ROLE regress_notes_user;

-- test: the policy is a condition of the index
EXPLAIN (COSTS OFF) SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM notes WHERE kind = 3 ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id, 1 - (embedding <=> '[1,2,3,4,5,6,7,8]') AS score FROM notes ORDER BY score DESC LIMIT 5;

-- test: as many rows as asked for, of this tenant alone
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5) s;
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]') s;
SET app.tenant = '1';
SELECT count(*), min(tenant), max(tenant) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 50) s;
SET app.tenant = '-1';
SELECT count(*) FROM (SELECT * FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 5) s;

-- test: the same distances as without an index
SELECT tenant, notes_same(tenant) FROM (VALUES (1), (3), (7), (501)) t(tenant);

-- test: a function that could tell of others' rows sees none of them
SET app.tenant = '7';
SELECT count(*) FROM (SELECT id FROM notes WHERE notes_leak(tenant) AND kind = 3
	ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 3) s;

-- test: rows come and go
INSERT INTO notes VALUES (10001, 7, 3, '[1,2,3,4,5,6,7,8]');
INSERT INTO notes VALUES (10002, 8, 3, '[1,2,3,4,5,6,7,8]');
SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 1;
RESET ROLE;
DELETE FROM notes WHERE tenant = 7;
SET ROLE regress_notes_user;
SELECT count(*) FROM (SELECT id FROM notes ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 1) s;

RESET ROLE;
DROP TABLE notes;
DROP FUNCTION notes_leak, notes_same;
DROP ROLE regress_notes_user;
