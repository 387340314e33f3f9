-- SPDX-License-Identifier: PostgreSQL
\set id random(1, 200)
\set part random(1, 8)
SELECT id FROM paragraphs WHERE part_id = :part
ORDER BY embedding <=> (SELECT embedding FROM questions WHERE id = :id) LIMIT 10;
