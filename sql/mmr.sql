-- Maximal marginal relevance: vectors near a query that differ from each other

-- test: lambda weighs nearness against difference
SELECT lambda, mmr('[1,0]', ARRAY['[1,0.1]', '[1,0.11]', '[1,-0.2]', '[0,1]']::vector[], lambda, 3) AS vector,
	mmr('[1,0]', ARRAY['[1,0.1]', '[1,0.11]', '[1,-0.2]', '[0,1]']::halfvec[], lambda, 3) AS halfvec
	FROM unnest(ARRAY[1, 0.7, 0.3, 0]) lambda;

-- test: no more positions than vectors, none for none
SELECT mmr('[1]', ARRAY['[1]', '[2]']::vector[], 0.5, 10) AS all, mmr('[1]', ARRAY['[1]']::vector[], 0.5, 0) AS none,
	mmr('[1]', '{}'::vector[], 0.5, 10) AS empty, mmr('[1]', '{}'::halfvec[], 0.5, 10) AS half_empty;

-- test: NULL arguments give NULL
SELECT mmr(NULL, ARRAY['[1]']::vector[], 0.5, 1), mmr('[1]', NULL::vector[], 0.5, 1),
	mmr('[1]', ARRAY['[1]']::vector[], NULL, 1), mmr('[1]', ARRAY['[1]']::vector[], 0.5, NULL);

-- test: of equal scores the first; zero vectors are similar to nothing; no norm overflows
SELECT mmr('[1,0]', ARRAY['[0,1]', '[2,0]', '[3,0]']::vector[], 1, 2) AS first,
	mmr('[1,0]', ARRAY['[-1,0]', '[0,0]', '[1,1]']::vector[], 0.5, 3) AS zero,
	mmr('[0,0]', ARRAY['[1,0]', '[1,0]', '[0,1]']::vector[], 0.5, 3) AS zero_query,
	mmr('[3e38,0]', ARRAY['[3e38,3e38]', '[1e-40,0]']::vector[], 1, 2) AS long,
	mmr('[1,0]', '[5:6]={"[0,1]","[1,0]"}'::vector[], 1, 2) AS subscripts;

-- test: errors
SELECT mmr('[1]', ARRAY['[1]', NULL]::vector[], 0.5, 1);
SELECT mmr('[1]', ARRAY[NULL]::halfvec[], 0.5, 1);
SELECT mmr('[1]', ARRAY[ARRAY['[1]']]::vector[], 0.5, 1);
SELECT mmr('[1]', ARRAY['[1]', '[1,2]']::vector[], 0.5, 1);
SELECT mmr('[1,2]', ARRAY['[1]']::vector[], 0.5, 1);
SELECT mmr('[1,2]', ARRAY['[1]']::halfvec[], 0.5, 0);
SELECT mmr('[1]', ARRAY['[1]']::vector[], 1.01, 1);
SELECT mmr('[1]', ARRAY['[1]']::vector[], -0.01, 1);
SELECT mmr('[1]', ARRAY['[1]']::halfvec[], 'NaN', 1);
SELECT mmr('[1]', ARRAY['[1]']::vector[], 0.5, -1);

-- test: the same as the definition in SQL, at each step and for each lambda
CREATE TABLE items (id int PRIMARY KEY, v vector(9), h halfvec(9));
INSERT INTO items SELECT i, v, v::halfvec FROM generate_series(1, 60) i,
	LATERAL (SELECT array_agg((hashint4(i * 1009 + d) % 1000) / 1000.0 ORDER BY d)::vector(9) AS v
		FROM generate_series(1, 9) d) s;
CREATE FUNCTION mmr_by_definition(query vector, vectors vector[], lambda float8, k int) RETURNS int[]
LANGUAGE plpgsql AS $$
DECLARE
	chosen int[] := '{}';
BEGIN
	WHILE cardinality(chosen) < k LOOP
		SELECT chosen || position::int INTO chosen
		FROM unnest(vectors) WITH ORDINALITY d(v, position)
		WHERE position <> ALL (chosen)
		ORDER BY lambda * (1 - (d.v <=> query)) - (1 - lambda) *
			coalesce((SELECT max(1 - (d.v <=> vectors[s])) FROM unnest(chosen) s), 0) DESC LIMIT 1;
	END LOOP;
	RETURN chosen;
END $$;
SELECT count(*), count(*) FILTER (WHERE mmr(q.v, a.vectors, lambda, k) <> mmr_by_definition(q.v, a.vectors, lambda, k)) AS wrong,
	count(*) FILTER (WHERE mmr(q.h, a.halves, lambda, k) <>
		mmr_by_definition(q.h::vector, a.halves::vector[], lambda, k)) AS wrong_half
	FROM items q, unnest(ARRAY[1, 0.9, 0.5, 0.1]) lambda, unnest(ARRAY[1, 4, 12]) k,
		(SELECT array_agg(v ORDER BY id) AS vectors, array_agg(h ORDER BY id) AS halves FROM items) a
	WHERE q.id <= 15;

-- test: rows that differ, of the nearest, in one statement
CREATE INDEX ON items USING hnsw (v vector_cosine_ops);
WITH nearest AS (
	SELECT array_agg(id ORDER BY place) AS ids, array_agg(v ORDER BY place) AS vectors
	FROM (SELECT id, v, row_number() OVER () AS place
		FROM (SELECT * FROM items ORDER BY v <=> (SELECT v FROM items WHERE id = 7) LIMIT 20) s) s
)
SELECT count(*), count(DISTINCT id), max(id) FILTER (WHERE place = 1) AS first
	FROM (SELECT ids[position] AS id, place
		FROM nearest, unnest(mmr((SELECT v FROM items WHERE id = 7), vectors, 0.5, 5)) WITH ORDINALITY c(position, place)) s;
DROP FUNCTION mmr_by_definition;
DROP TABLE items;
