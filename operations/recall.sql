-- SPDX-License-Identifier: PostgreSQL
-- Recall of each index whose table the role may read, measured by exact searches
\ir psqlrc
\ir search_path.sql
\ir extension.sql
:lvrecall
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
