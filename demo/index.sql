-- SPDX-License-Identifier: PostgreSQL
CREATE INDEX paragraphs_embedding_idx ON paragraphs
    USING hnsw (embedding vector_cosine_ops, part_id, chapter_id, is_code, chars, released);
