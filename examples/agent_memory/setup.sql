-- SPDX-License-Identifier: PostgreSQL
-- Memories of agents, made anew: a row for each version of a memory
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS agent_memory CASCADE;
CREATE SCHEMA agent_memory;
SET search_path = agent_memory, public;

CREATE TABLE memories (
	tenant		text NOT NULL DEFAULT current_setting('app.tenant'),
	name		text NOT NULL,
	body		text NOT NULL,
	embedding	vector(256) NOT NULL,
	valid_from	timestamptz NOT NULL,
	valid_to	timestamptz NOT NULL DEFAULT 'infinity',
	PRIMARY KEY (tenant, name, valid_from),
	CHECK (valid_from < valid_to)
);
CREATE INDEX memories_embedding_idx ON memories
	USING hnsw (embedding vector_cosine_ops, tenant, valid_from, valid_to);

-- An agent sees and changes the memories of its tenant alone
ALTER TABLE memories ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_memories ON memories
	USING (tenant = nullif(current_setting('app.tenant', true), ''));
SELECT 'CREATE ROLE memory_agent' WHERE to_regrole('memory_agent') IS NULL \gexec
GRANT USAGE ON SCHEMA agent_memory TO memory_agent;
GRANT SELECT, INSERT, UPDATE, DELETE ON memories TO memory_agent;
GRANT SELECT ON paragraphs, lexemes TO memory_agent;
