-- SPDX-License-Identifier: PostgreSQL
-- Read by the scripts that look into all indexes: the advice on each, which the shortcut lvread
-- leaves in the setting lokivector_each.advice
\ir psqlrc
\set quiet :QUIET
\set QUIET on
:lvread
\set QUIET :quiet
