-- SPDX-License-Identifier: PostgreSQL
-- How far builds, checks and vacuums are
\ir psqlrc
\ir search_path.sql
\ir extension.sql
:lvbuilds
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
