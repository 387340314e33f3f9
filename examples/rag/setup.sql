-- SPDX-License-Identifier: PostgreSQL
-- Retrieval is that of the hybrid search
\ir ../hybrid/setup.sql
