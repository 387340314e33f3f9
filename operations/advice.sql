-- SPDX-License-Identifier: PostgreSQL
-- What should be changed; for owners, and members of pg_monitor
\ir search_path.sql
\ir extension.sql
\ir each.sql
SELECT r.index::regclass AS index, r.about, r.advice
FROM pg_catalog.jsonb_to_recordset(pg_catalog.current_setting('lokivector_each.advice')::jsonb) AS r(index oid, about text, advice text)
ORDER BY r.index, r.about;
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
