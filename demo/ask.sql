-- SPDX-License-Identifier: PostgreSQL
-- The nearest paragraphs, each as a few lines to read.  demo/ask.sh runs it.
SELECT embed(:'question') IS NULL AS unknown \gset
\if :unknown
	\echo 'The manual uses none of these words.'
	\quit
\endif
-- A word that only one paragraph has is in no lexemes either
SELECT string_agg(word, ', ' ORDER BY n) AS lacking
FROM (SELECT btrim(word, '?!.,;:"()') AS word, n, tsvector_to_array(to_tsvector('english', word)) AS lexemes
	  FROM regexp_split_to_table(:'question', '\s+') WITH ORDINALITY AS w(word, n)) AS words
WHERE lexemes <> '{}' AND NOT EXISTS (SELECT FROM lexemes l WHERE l.lexeme = ANY (words.lexemes)) \gset
\if :{?lacking}
	\echo 'The manual lacks these words, which do not count:' :lacking
\endif

SELECT to_char(distance, '0.00') || '  ' || concat_ws(' / ', title, nullif(section, ''))
	   || coalesce(' (' || released || ')', '')
	   || E'\n       ' || replace(excerpt(body, 240), E'\n', E'\n       ')
FROM (SELECT title, section, released, body,
			 embedding <=> (SELECT embed(:'question')) AS distance
	  FROM paragraphs
	  WHERE :condition
	  ORDER BY distance
	  LIMIT :rows) AS nearest
ORDER BY distance;
