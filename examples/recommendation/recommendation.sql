-- SPDX-License-Identifier: PostgreSQL
-- What a reader may want to read next: near one of the sections read before, on another page.
SET search_path = recommendation, public;
CREATE TEMP TABLE history AS
SELECT sections.* FROM sections JOIN readings ON section_id = id WHERE reader = :'question';
SELECT count(*) = 0 AS unknown FROM history \gset
\if :unknown
	\echo 'The readers are:'
	SELECT DISTINCT '  ' || reader FROM readings ORDER BY 1;
	\quit
\endif

\echo 'Read'
SELECT '  ' || heading(title, section) FROM history ORDER BY id;

-- One search for each section read; a candidate of several belongs to the nearest
CREATE TEMP TABLE candidates AS
SELECT DISTINCT ON (near.id) near.id, near.embedding, distance,
	format(E'  %s\n        because of %s', heading(near.title, near.section),
		   coalesce(nullif(history.section, ''), history.title)) AS hit
FROM history
CROSS JOIN LATERAL (
	SELECT *, embedding <=> history.embedding AS distance
	FROM sections
	WHERE page <> ALL (ARRAY(SELECT page FROM history)) AND :condition
	ORDER BY distance LIMIT 10
) AS near
ORDER BY near.id, distance, history.id;

\echo 'Nearest'
SELECT hit FROM candidates ORDER BY distance, id LIMIT 5;

\echo 'Near, and different from each other'
WITH listed AS (
	SELECT array_agg(id ORDER BY distance, id) AS ids, array_agg(embedding ORDER BY distance, id) AS vectors
	FROM candidates
)
SELECT hit
FROM listed
CROSS JOIN unnest(mmr((SELECT avg(embedding) FROM history), vectors, 0.5, 5))
	WITH ORDINALITY AS taken (position, place)
JOIN candidates ON id = ids[position]
ORDER BY place;
