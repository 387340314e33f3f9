-- SPDX-License-Identifier: PostgreSQL
-- Tables of the demo, and the function that turns a question into a vector.
-- usage: psql -v corpus=DIRECTORY -f demo/load.sql

\set ON_ERROR_STOP on
\cd :corpus

CREATE EXTENSION lokivector;

CREATE TABLE parts (
	id			int2 PRIMARY KEY,		-- the manual's own number, 0 the preface
	title		text NOT NULL
);

CREATE TABLE chapters (
	id			int2 PRIMARY KEY,
	part_id		int2 NOT NULL REFERENCES parts,
	title		text NOT NULL
);

CREATE TABLE paragraphs (
	id			int PRIMARY KEY,
	page		text NOT NULL,			-- file of the HTML manual
	part_id		int2 NOT NULL REFERENCES parts,
	chapter_id	int2 NOT NULL REFERENCES chapters,
	title		text NOT NULL,
	section		text NOT NULL,
	is_code		bool NOT NULL,
	chars		int4 NOT NULL,
	released	date,					-- in release notes, else NULL
	body		text NOT NULL,
	embedding	vector(256) NOT NULL
);

CREATE TABLE lexemes (
	lexeme		text PRIMARY KEY,
	embedding	vector(256) NOT NULL
);

CREATE TABLE questions (
	id			int PRIMARY KEY,
	question	text NOT NULL,
	embedding	vector(256)
);

\copy parts FROM 'parts.copy'
\copy chapters FROM 'chapters.copy'
\copy lexemes FROM 'lexemes.copy'
\copy questions (id, question) FROM 'questions.copy'
\copy paragraphs FROM 'paragraphs.copy'

-- The vector of a text is the sum of the vectors of its lexemes.  It is NULL if
-- the manual uses none of them.
CREATE FUNCTION embed(question text) RETURNS vector
LANGUAGE sql STABLE STRICT PARALLEL SAFE
AS $$
	SELECT l2_normalize(sum(embedding))
	FROM lexemes
	WHERE lexeme = ANY (tsvector_to_array(to_tsvector('english', question)))
$$;

-- The first n characters, to the end of a word, in lines of some 80.
CREATE FUNCTION excerpt(body text, n int) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
	SELECT rtrim(regexp_replace(
		CASE WHEN length(line) <= n THEN line
			 ELSE regexp_replace(left(line, n), '\s+\S*$', '') || '...' END,
		'(.{1,80})(\s+|$)', E'\\1\n', 'g'), E'\n')
	FROM regexp_replace(body, '\s+', ' ', 'g') AS line
$$;

-- Recall of the best k by distance: a row as near as the exact k-th one counts,
-- so that equal paragraphs may stand in for one another.
CREATE FUNCTION recall(filter text, k int DEFAULT 10) RETURNS float8
LANGUAGE plpgsql
AS $$
DECLARE
	query		text := format('SELECT coalesce(array_agg(d), ''{}'') FROM
		(SELECT embedding <=> $1 AS d FROM paragraphs WHERE %s
		 ORDER BY embedding <=> $1 LIMIT %s) AS nearest', filter, k);
	q			vector;
	exact		float8[];
	found		float8[];
	hits		float8 := 0;
	wanted		float8 := 0;
BEGIN
	FOR q IN SELECT embedding FROM questions WHERE embedding IS NOT NULL LOOP
		PERFORM set_config('enable_indexscan', 'off', true);
		EXECUTE query INTO exact USING q;
		PERFORM set_config('enable_indexscan', 'on', true);
		PERFORM set_config('enable_seqscan', 'off', true);
		EXECUTE query INTO found USING q;
		PERFORM set_config('enable_seqscan', 'on', true);
		wanted := wanted + cardinality(exact);
		hits := hits + (SELECT count(*) FROM unnest(found) AS d
						WHERE d <= exact[cardinality(exact)] + 1e-6);
	END LOOP;
	RETURN hits / nullif(wanted, 0);
END
$$;

UPDATE questions SET embedding = embed(question);
ANALYZE;
