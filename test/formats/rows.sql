-- The rows of a sample.  Most indexes are built on rows, and then age: rows are deleted and
-- others take their nodes, and of some that were deleted last, nodes are still there.

-- Element i of vector n, in eighths
CREATE FUNCTION element(n int, i int) RETURNS float8 LANGUAGE sql IMMUTABLE AS
	$$ SELECT ((hashint8extended(n % 29, i) & 31) + (hashint8extended(n, i) & 15)) / 8.0 - 3 $$;
CREATE FUNCTION elements(n int, dim int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
	$$ SELECT array_agg(element(n, i)::real ORDER BY i) FROM generate_series(1, dim) i $$;
-- The same far from zero, where codes are made anew
CREATE FUNCTION far(n int) RETURNS vector LANGUAGE sql IMMUTABLE AS
	$$ SELECT array_agg(element(n, i) + 8 ORDER BY i)::vector FROM generate_series(1, 64) i $$;

-- The same, every third vector in a crowd
CREATE FUNCTION crowded(n int) RETURNS vector LANGUAGE sql IMMUTABLE AS
	$$ SELECT array_agg(CASE WHEN n % 3 = 0 THEN 2 + i % 5 + element(n, i) / 64 ELSE element(n, i) END ORDER BY i)::vector
		FROM generate_series(1, 64) i $$;

CREATE FUNCTION add_items(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO items SELECT n, elements(n, 64)::vector, elements(n + 7, 64)::halfvec,
		CASE WHEN n % 5 = 1 THEN
			format('{%s:1,%s:2.5,%s:-1.25}/1000', n % 30 + 1, n % 7 + 301, n % 11 + 900)::sparsevec END,
		hashint8extended(n % 29, 1)::bit(64) # (n % 37)::bit(64),
		n % 7, n % 100, n * 10000000000, n / 8.0, n / 4.0, 'name ' || n % 20, 'c' || n % 50,
		ARRAY['tag' || n % 5, 'tag' || n % 11], ARRAY[n % 13, n], date '2026-01-01' + n % 200,
		timestamptz '2026-01-01 00:00+00' + n * interval '1 minute', n % 3 = 0,
		('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, ('10.0.0.' || n % 250)::inet
	FROM generate_series(first, last) n $$;

-- Equal vectors, zero vectors and rows without any
SELECT add_items(1, 200);
INSERT INTO items (id, v, category) SELECT n, elements(n - 200, 64)::vector, n % 7
	FROM generate_series(201, 220) n;
INSERT INTO items (id, v, category) VALUES (221, array_fill(0, ARRAY[64])::vector, 1), (222, NULL, 2);
INSERT INTO short SELECT n, elements(n, 5)::vector FROM generate_series(1, 60) n;
INSERT INTO long SELECT n, (elements(n, 12) || array_fill(n % 3, ARRAY[588])::real[])::vector
	FROM generate_series(1, 40) n;
INSERT INTO grown SELECT n, far(n), n % 9 FROM generate_series(1, 1100) n;
INSERT INTO crowds SELECT n, crowded(n), n % 4 FROM generate_series(1, 260) n;
INSERT INTO documents SELECT n,
	(SELECT array_agg(elements(n * 5 + j, 8)::vector) FROM generate_series(1, n % 4 + 1) j),
	(SELECT array_agg(elements(n * 5 + j, 8)::halfvec) FROM generate_series(1, n % 3 + 1) j), n % 5
	FROM generate_series(1, 80) n;
REINDEX TABLE items;
REINDEX TABLE short;
REINDEX TABLE long;
REINDEX TABLE crowds;
REINDEX TABLE documents;
SELECT lokivector_calibrate('grown_l2');

-- What is deleted first is freed, and part of it is used again
DELETE FROM items WHERE id % 5 = 0;
DELETE FROM short WHERE id % 5 = 0;
DELETE FROM long WHERE id % 5 = 0;
DELETE FROM grown WHERE id % 5 = 0;
DELETE FROM crowds WHERE id % 5 = 0;
DELETE FROM documents WHERE id % 5 = 0;
VACUUM;
SELECT add_items(401, 420);
INSERT INTO long SELECT n, (elements(n, 12) || array_fill(n % 3, ARRAY[588])::real[])::vector
	FROM generate_series(101, 104) n;
INSERT INTO grown SELECT n, far(n), n % 9 FROM generate_series(2001, 2060) n;
INSERT INTO crowds SELECT n, crowded(n), n % 4 FROM generate_series(301, 330) n;
INSERT INTO documents SELECT n, ARRAY[elements(n, 8)::vector], ARRAY[elements(n, 8)::halfvec], n % 5
	FROM generate_series(101, 110) n;
UPDATE items SET v = elements(id + 500, 64)::vector WHERE id % 40 = 1;

-- Of these, indexes keep the entries
DELETE FROM items WHERE id % 10 = 3;
DELETE FROM short WHERE id % 10 = 3;
DELETE FROM long WHERE id % 10 = 3;
DELETE FROM grown WHERE id % 10 = 3;
DELETE FROM crowds WHERE id % 10 = 3;
DELETE FROM documents WHERE id % 10 = 3;
