-- SPDX-License-Identifier: PostgreSQL
-- What the gateway serves of the demo's database: one function, and the rights of the roles
-- that keys name.  Run again, it changes nothing.
--
--	gateway		the role that the gateway logs in as; it owns and may read nothing
--	api_reader	may search the parts of the manual that its key names (api.parts)
--	api_guest	may not search
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = public, pg_temp;
BEGIN;

SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway') AS new_roles \gset
\if :new_roles
CREATE ROLE api_reader;
CREATE ROLE api_guest;
CREATE ROLE gateway LOGIN NOINHERIT IN ROLE api_reader, api_guest;
ALTER ROLE gateway SET statement_timeout = '5s';
\endif

-- Without api.parts there is nothing to see
DROP POLICY IF EXISTS api_parts ON paragraphs;
CREATE POLICY api_parts ON paragraphs FOR SELECT TO api_reader
	USING (part_id = ANY (pg_catalog.string_to_array(pg_catalog.current_setting('api.parts', true), ',')::int2[]));
ALTER TABLE paragraphs ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON paragraphs, lexemes TO api_reader;

-- Domains refuse what nobody should ask
DROP SCHEMA IF EXISTS api CASCADE;
CREATE SCHEMA api;
CREATE DOMAIN api.question AS text CHECK (pg_catalog.length(VALUE) BETWEEN 1 AND 1000);
CREATE DOMAIN api.number_of_rows AS integer CHECK (VALUE BETWEEN 1 AND 100);

-- The body is parsed now, so no search_path of a caller changes what it means.  A question
-- of which the manual has no word has no vector, and finds nothing.
CREATE FUNCTION api.match_items(question api.question, k api.number_of_rows DEFAULT 10,
	part integer DEFAULT NULL)
RETURNS TABLE (id integer, part_id integer, title text, section text, body text, distance float8)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT p.id, p.part_id, p.title, p.section, p.body,
		   p.embedding <=> (SELECT public.embed(question)) AS distance
	FROM public.paragraphs p
	WHERE (part IS NULL OR p.part_id = part) AND (SELECT public.embed(question)) IS NOT NULL
	ORDER BY p.embedding <=> (SELECT public.embed(question))
	LIMIT coalesce(k, 10);
END;
COMMENT ON FUNCTION api.match_items IS 'The paragraphs that are nearest in meaning to a question';

REVOKE ALL ON FUNCTION api.match_items FROM public;
GRANT USAGE ON SCHEMA api TO api_reader, api_guest;
GRANT EXECUTE ON FUNCTION api.match_items TO api_reader;
COMMIT;
