-- SPDX-License-Identifier: PostgreSQL
-- Sections of the manual, and what two readers have read of them, once
SELECT to_regnamespace('recommendation') IS NULL AS missing \gset
\if :missing
	BEGIN;
	CREATE SCHEMA recommendation;
	SET search_path = recommendation, public;

	-- The vector of a section is the mean of those of its paragraphs
	CREATE TABLE sections AS
	SELECT row_number() OVER (ORDER BY min(id))::int AS id, page, title, section, part_id, released,
		sum(chars)::int AS chars, avg(embedding)::vector(256) AS embedding
	FROM paragraphs GROUP BY page, title, section, part_id, released;
	ALTER TABLE sections ADD PRIMARY KEY (id);
	CREATE INDEX sections_embedding_idx ON sections
		USING hnsw (embedding vector_cosine_ops, page, part_id, released, chars);

	CREATE TABLE readings (
		reader		text,
		section_id	int REFERENCES sections,
		PRIMARY KEY (reader, section_id)
	);
	INSERT INTO readings
	SELECT reader, id
	FROM sections JOIN (VALUES
		('ada', 'continuous-archiving.html', '26.3.1. Setting Up WAL Archiving'),
		('ada', 'monitoring-locks.html', ''),
		('ada', 'routine-vacuuming.html', '25.1.2. Recovering Disk Space'),
		('ben', 'functions-json.html', '9.16.2. The SQL/JSON Path Language'),
		('ben', 'queries-with.html', '7.8.2. Recursive Queries'),
		('ben', 'textsearch-tables.html', '12.2.2. Creating Indexes')
	) AS opened (reader, page, section) USING (page, section);

	CREATE FUNCTION heading(title text, section text) RETURNS text LANGUAGE sql IMMUTABLE
	RETURN concat_ws(' / ', title, nullif(section, ''));
	ANALYZE sections, readings;
	COMMIT;
\endif
