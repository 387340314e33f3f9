-- SPDX-License-Identifier: PostgreSQL
-- What should be changed; for owners, and members of pg_monitor
\ir psqlrc
\ir search_path.sql
\ir extension.sql
:lvadvice
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
