-- MaxSim of documents and queries that are arrays of vectors

-- test: the largest product for each vector of the query, added up
SELECT max_sim(ARRAY['[1,0]', '[0,1]']::vector[], ARRAY['[3,1]', '[1,2]', '[-1,-1]']::vector[]);
SELECT max_sim(ARRAY['[1,0]', '[0,1]']::halfvec[], ARRAY['[3,1]', '[1,2]', '[-1,-1]']::halfvec[]);

-- test: the operator gives the negative, for ascending order
SELECT ARRAY['[1,0]', '[0,1]']::vector[] @# ARRAY['[3,1]', '[1,2]']::vector[] AS vector,
	ARRAY['[1,0]', '[0,1]']::halfvec[] @# ARRAY['[3,1]', '[1,2]']::halfvec[] AS halfvec;
SELECT '{"[1,0]","[0,1]"}'::vector[] @# '{"[3,1]","[1,2]"}' AS literal;

-- test: the left side is the document, the right side the query
SELECT ARRAY['[1,0]']::vector[] @# ARRAY['[1,0]', '[2,0]']::vector[] AS one_to_two,
	ARRAY['[1,0]', '[2,0]']::vector[] @# ARRAY['[1,0]']::vector[] AS two_to_one;

-- test: NULL arrays give NULL
SELECT max_sim(NULL, ARRAY['[1]']::vector[]), ARRAY['[1]']::halfvec[] @# NULL;

-- test: arrays without vectors, with NULLs, and of more dimensions
SELECT max_sim('{}'::vector[], ARRAY['[1]']::vector[]);
SELECT max_sim(ARRAY['[1]']::vector[], '{}'::vector[]);
SELECT max_sim('{}'::halfvec[], ARRAY['[1]']::halfvec[]);
SELECT max_sim(ARRAY['[1]', NULL]::vector[], ARRAY['[1]']::vector[]);
SELECT max_sim(ARRAY['[1]']::halfvec[], ARRAY[NULL]::halfvec[]);
SELECT max_sim(ARRAY[ARRAY['[1]']]::vector[], ARRAY['[1]']::vector[]);

-- test: vectors of different dimensions, within an array and between them
SELECT max_sim(ARRAY['[1,2]', '[1]']::vector[], ARRAY['[1,2]']::vector[]);
SELECT max_sim(ARRAY['[1,2]']::vector[], ARRAY['[1,2]', '[1]']::vector[]);
SELECT max_sim(ARRAY['[1,2]']::vector[], ARRAY['[1]']::vector[]);
SELECT max_sim(ARRAY['[1,2]']::halfvec[], ARRAY['[1]']::halfvec[]);

-- test: products beyond the range of real
SELECT max_sim(ARRAY['[3e38,3e38]']::vector[], ARRAY['[3e38,-3e38]', '[3e38,3e38]']::vector[]);
SELECT max_sim(ARRAY['[3e38]', '[1]']::vector[], ARRAY['[-3e38]']::vector[]);

-- test: a subscript that does not begin with one, and slices
SELECT max_sim('[5:6]={"[1,0]","[0,1]"}'::vector[], ARRAY['[3,1]']::vector[]),
	max_sim((ARRAY['[9,9]', '[1,0]', '[0,1]']::vector[])[2:3], ARRAY['[3,1]']::vector[]);

-- test: sizes of all kinds equal the same in SQL, in line and out of line
CREATE TABLE documents (id int PRIMARY KEY, tokens vector[], half_tokens halfvec[]);
INSERT INTO documents
	SELECT d, array_agg(v ORDER BY t), array_agg(v::halfvec ORDER BY t)
	FROM generate_series(1, 40) d, generate_series(1, 1 + d * 7 % 45) t,
		LATERAL (SELECT array_agg((hashint4(d * 1000003 + t * 1009 + i) % 1000) / 1000.0 ORDER BY i)::vector AS v
			FROM generate_series(1, 37) i) s
	GROUP BY d;
CREATE VIEW expanded AS
	SELECT d.id, q.id AS query, sum(largest) AS similarity, sum(half_largest) AS half_similarity
	FROM documents d, documents q, unnest(q.tokens) y,
		LATERAL (SELECT max(-(x <#> y)) AS largest, max(-(x::halfvec <#> y::halfvec)) AS half_largest
			FROM unnest(d.tokens) x) s
	GROUP BY d.id, q.id;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE abs(max_sim(d.tokens, q.tokens) - e.similarity) > 1e-5 * abs(e.similarity) + 1e-5) AS wrong,
	count(*) FILTER (WHERE abs(max_sim(d.half_tokens, q.half_tokens) - e.half_similarity)
		> 1e-5 * abs(e.half_similarity) + 1e-5) AS wrong_half,
	count(*) FILTER (WHERE (d.tokens @# q.tokens) <> -max_sim(d.tokens, q.tokens)) AS wrong_sign
	FROM expanded e JOIN documents d USING (id) JOIN documents q ON q.id = e.query;
ALTER TABLE documents ALTER tokens SET STORAGE EXTERNAL, ALTER half_tokens SET STORAGE EXTERNAL;
UPDATE documents SET tokens = tokens || tokens, half_tokens = half_tokens || half_tokens;
SELECT max(pg_column_size(tokens)) > 8192 AS out_of_line,
	bool_and(abs(max_sim(tokens, tokens[1:3]) - max_sim(tokens[1:cardinality(tokens) / 2], tokens[1:3])) < 1e-5) AS the_same
	FROM documents;

-- test: the nearest documents in order
SELECT id FROM documents ORDER BY tokens @# (SELECT tokens FROM documents WHERE id = 17), id LIMIT 1;
SELECT id FROM documents ORDER BY half_tokens @# (SELECT half_tokens FROM documents WHERE id = 23), id LIMIT 1;
DROP TABLE documents CASCADE;
