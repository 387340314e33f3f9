-- SPDX-License-Identifier: PostgreSQL
-- Read by the other scripts: names mean what is in pg_catalog, and then what is in the extension's
-- schema, whatever search_path the role or the database has.  Others may be able to create
-- objects in that schema, so that scripts write pg_catalog before a function, and give an
-- operator operands of exactly its types.
SELECT pg_catalog.current_setting('search_path') AS own_path, pg_catalog.set_config('search_path',
	coalesce((SELECT pg_catalog.quote_ident(n.nspname::pg_catalog.text) FROM pg_catalog.pg_extension e
		JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
		WHERE e.extname OPERATOR(pg_catalog.=) ANY ('{lokivector,vector}'::pg_catalog.name[])),
		'pg_catalog') OPERATOR(pg_catalog.||) ', pg_temp', false) AS script_path \gset
