-- SPDX-License-Identifier: PostgreSQL
-- Read by the scripts that call the extension's functions: why these are missing, where they are
SELECT pg_catalog.to_regprocedure('lokivector_version()') IS NULL AS is_missing \gset
\if :is_missing
	\warn 'This database has no extension lokivector, or has vector in a version of pgvector: see ALTER EXTENSION vector UPDATE, after which there is no way back to pgvector.'
\endif
