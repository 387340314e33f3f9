-- SPDX-License-Identifier: PostgreSQL
-- Passages with the vectors of a model, which rag.py fills in
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS passages (
	id int PRIMARY KEY,
	page text,
	title text,
	section text,
	body text,
	embedding vector(256),
	words tsvector GENERATED ALWAYS AS (to_tsvector('english', title || ' ' || section || ' ' || body)) STORED
);
