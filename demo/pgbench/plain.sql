-- SPDX-License-Identifier: PostgreSQL
\set id random(1, 200)
SELECT id FROM paragraphs
ORDER BY embedding <=> (SELECT embedding FROM questions WHERE id = :id) LIMIT 10;
