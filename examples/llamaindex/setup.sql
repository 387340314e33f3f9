-- SPDX-License-Identifier: PostgreSQL
-- The table that LlamaIndex makes for the store "reference".  It would ask for the extension
-- by the name of vector, which is here only after make install-as-vector.
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS data_reference (
	id			bigserial PRIMARY KEY,
	text		varchar NOT NULL,
	metadata_	jsonb,
	node_id		varchar,
	embedding	vector(256)
);
