-- SPDX-License-Identifier: PostgreSQL
-- The attributes are the expressions that LlamaIndex makes of filters on metadata
CREATE INDEX IF NOT EXISTS data_reference_embedding_idx ON data_reference
	USING hnsw (embedding vector_cosine_ops, (metadata_->>'title'), ((metadata_->>'chars')::float));
ANALYZE data_reference;
