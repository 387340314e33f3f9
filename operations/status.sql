-- SPDX-License-Identifier: PostgreSQL
-- What was done with each index, and how large it is
\ir psqlrc
\ir search_path.sql
\ir extension.sql
:lvstatus
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
