-- SPDX-License-Identifier: PostgreSQL
-- Three answers to one question: by words, by meaning, and by both, fused.
SELECT embed(:'question') AS vector, plainto_tsquery('english', :'question') AS query \gset

\echo 'By words'
SELECT '  ' || hit(title, section, body)
FROM (SELECT *, words <@> :'query' AS distance FROM paragraphs
	  WHERE words <@> :'query' < 0 AND :condition ORDER BY distance LIMIT 3) AS nearest
ORDER BY distance, id;

\echo 'By meaning'
SELECT '  ' || hit(title, section, body)
FROM (SELECT *, embedding <=> :'vector' AS distance FROM paragraphs
	  WHERE :condition ORDER BY distance LIMIT 3) AS nearest
ORDER BY distance, id;

\echo 'By both (place by meaning, by words)'
SELECT format('  (%s, %s) %s', coalesce(meaning::text, '-'), coalesce(by_words::text, '-'),
	hit(title, section, body))
FROM (SELECT *, rrf(embedding <=> :'vector',
					CASE WHEN words <@> :'query' < 0 THEN words <@> :'query' END) AS score,
			 leg_rank(1) AS meaning, leg_rank(2) AS by_words
	  FROM paragraphs WHERE :condition ORDER BY score DESC LIMIT 5) AS best
ORDER BY score DESC, id;
