-- SPDX-License-Identifier: PostgreSQL
-- The words of the paragraphs beside their vectors, once
SELECT pg_catalog.to_regclass('paragraphs_bm25') IS NULL AS missing \gset
\if :missing
	ALTER TABLE paragraphs ADD COLUMN IF NOT EXISTS words tsvector
		GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || section || ' ' || body)) STORED;
	CREATE INDEX paragraphs_bm25 ON paragraphs USING hnsw (words bm25_ops, part_id, chapter_id, is_code);
	ANALYZE paragraphs;
\endif

-- A paragraph as two lines to read
CREATE OR REPLACE FUNCTION hit(title text, section text, body text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN concat_ws(' / ', title, nullif(section, '')) || E'\n        ' || excerpt(body, 70);
