-- SPDX-License-Identifier: PostgreSQL
-- What compose.yaml begins with: the first table of README.md
CREATE EXTENSION lokivector;

CREATE TABLE items (
    id bigserial PRIMARY KEY,
    category int,
    embedding vector(3)
);
INSERT INTO items (category, embedding) VALUES (1, '[1,2,3]'), (2, '[4,5,6]'), (1, '[3,1,1]');
CREATE INDEX ON items USING hnsw (embedding vector_l2_ops, category);
