-- SPDX-License-Identifier: PostgreSQL
-- Functions and types of a C tree, and the vectors of its words
SET client_min_messages = warning;
CREATE SCHEMA IF NOT EXISTS code_search;
SET search_path = code_search, public;

CREATE TABLE IF NOT EXISTS tree (
	hash		text NOT NULL			-- of the sources that the other tables are made of
);

CREATE TABLE IF NOT EXISTS lexemes (
	lexeme		text PRIMARY KEY,
	embedding	vector(128) NOT NULL
);

CREATE TABLE IF NOT EXISTS code (
	name		text NOT NULL,
	file		text NOT NULL,			-- below src
	folder		text NOT NULL,			-- the first of file
	kind		text NOT NULL,			-- function or type
	is_static	bool NOT NULL,
	lines		int4 NOT NULL,
	remark		text NOT NULL,			-- the comment above it
	split_name	text NOT NULL,			-- the words in them
	split_remark text NOT NULL,
	split_code	text NOT NULL,
	words		tsvector NOT NULL GENERATED ALWAYS AS (
		setweight(to_tsvector('english', split_name), 'A')
		|| setweight(to_tsvector('english', split_remark), 'B')
		|| to_tsvector('english', split_code)) STORED,
	embedding	vector(128) NOT NULL
);
CREATE INDEX IF NOT EXISTS code_words_idx ON code USING gin (words);
CREATE INDEX IF NOT EXISTS code_embedding_idx ON code
	USING hnsw (embedding vector_cosine_ops, folder, kind, is_static, lines);
