-- SPDX-License-Identifier: PostgreSQL
-- The nearest paragraphs, each as a few lines to read.  demo/ask.sh runs it.
SELECT embed(:'question') IS NULL AS unknown \gset
\if :unknown
	\echo 'The manual uses none of these words.'
	\quit
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
