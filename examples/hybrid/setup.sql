-- SPDX-License-Identifier: PostgreSQL
-- The words of the paragraphs beside their vectors, once
SELECT NOT EXISTS (
	SELECT FROM pg_attribute WHERE attrelid = 'paragraphs'::regclass AND attname = 'words'
) AS missing \gset
\if :missing
	ALTER TABLE paragraphs ADD COLUMN words tsvector
		GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || section || ' ' || body)) STORED;
	CREATE INDEX paragraphs_words_idx ON paragraphs USING gin (words);
	ANALYZE paragraphs;
\endif

-- A paragraph as two lines to read
CREATE OR REPLACE FUNCTION hit(title text, section text, body text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN concat_ws(' / ', title, nullif(section, '')) || E'\n        ' || excerpt(body, 70);
