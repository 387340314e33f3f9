-- SPDX-License-Identifier: PostgreSQL
-- The starter's database: roles, keys, tables and policies.  Run again, it changes nothing.
--
--	starter_owner	owns everything, and cannot log in
--	starter_app		the application logs in as it.  It reads no table; it asks for one key at a time
--	starter_reader	what a request runs as, if its key may search
--	starter_writer	the same, if its key may write as well
--
-- A policy does not trust the application to name the tenant: starter.tenant() derives it from
-- the key of the request, and from the proof that the request has this key.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT 'CREATE DATABASE starter TEMPLATE template0 ENCODING ''UTF8'''
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = 'starter') \gexec
\connect starter
SET client_min_messages = warning;
SELECT pg_catalog.to_regnamespace('starter') IS NULL AS new \gset
\if :new
BEGIN;
SELECT pg_catalog.format('CREATE ROLE %I NOLOGIN', role)
FROM pg_catalog.unnest(ARRAY['starter_owner', 'starter_app', 'starter_reader', 'starter_writer']) AS role
WHERE pg_catalog.to_regrole(role) IS NULL \gexec
ALTER ROLE starter_app LOGIN NOINHERIT;
GRANT starter_reader, starter_writer TO starter_app;
ALTER ROLE starter_app IN DATABASE starter SET search_path = starter, public, pg_temp;
ALTER ROLE starter_app IN DATABASE starter SET statement_timeout = '5s';
ALTER ROLE starter_app IN DATABASE starter SET idle_in_transaction_session_timeout = '30s';

CREATE EXTENSION IF NOT EXISTS lokivector WITH SCHEMA public;
CREATE SCHEMA starter AUTHORIZATION starter_owner;
GRANT USAGE ON SCHEMA starter TO starter_app, starter_reader, starter_writer;
REVOKE TEMPORARY ON DATABASE starter FROM public;
SET ROLE starter_owner;

CREATE TABLE starter.tenants (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE
);

-- A key is lk_ID_SECRET.  The request's proof is the hash of the secret, and digest the hash of
-- the proof, so nobody can make a proof of what is stored.
CREATE TABLE starter.keys (
	id text PRIMARY KEY,
	tenant_id integer NOT NULL REFERENCES starter.tenants ON DELETE CASCADE,
	name text NOT NULL,
	role text NOT NULL CHECK (role IN ('reader', 'writer')),
	digest bytea NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
	expires_at timestamptz NOT NULL,
	revoked_at timestamptz
);
CREATE INDEX ON starter.keys (tenant_id);

CREATE FUNCTION starter.key_of(id text)
RETURNS TABLE (tenant text, name text, role text, digest bytea, is_valid boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT t.name, k.name, k.role, k.digest, k.revoked_at IS NULL AND k.expires_at > pg_catalog.now()
	FROM starter.keys k JOIN starter.tenants t ON t.id = k.tenant_id
	WHERE k.id = key_of.id;
END;

-- The tenant whose key this transaction has shown, if the key allows the role; NULL otherwise
CREATE FUNCTION starter.tenant(role text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT k.tenant_id FROM starter.keys k
	WHERE k.id = pg_catalog.current_setting('starter.key', true)
	  AND k.digest = pg_catalog.sha256(pg_catalog.decode(pg_catalog.current_setting('starter.proof', true), 'hex'))
	  AND k.revoked_at IS NULL AND k.expires_at > pg_catalog.now()
	  AND k.role IN (tenant.role, 'writer');
END;
REVOKE ALL ON FUNCTION starter.key_of, starter.tenant FROM public;
GRANT EXECUTE ON FUNCTION starter.key_of TO starter_app;
GRANT EXECUTE ON FUNCTION starter.tenant TO starter_app, starter_reader, starter_writer;

-- Foreign keys have the tenant in them: their checks are not subject to policies
CREATE TABLE starter.collections (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id integer NOT NULL DEFAULT starter.tenant('writer') REFERENCES starter.tenants ON DELETE CASCADE,
	name text NOT NULL,
	UNIQUE (tenant_id, name),
	UNIQUE (tenant_id, id)
);
CREATE TABLE starter.documents (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id integer NOT NULL DEFAULT starter.tenant('writer'),
	collection_id bigint NOT NULL,
	title text NOT NULL,
	kind text NOT NULL,
	published date,
	UNIQUE (tenant_id, collection_id, id),
	FOREIGN KEY (tenant_id, collection_id) REFERENCES starter.collections (tenant_id, id) ON DELETE CASCADE
);
CREATE TABLE starter.passages (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id integer NOT NULL DEFAULT starter.tenant('writer'),
	collection_id bigint NOT NULL,
	document_id bigint NOT NULL,
	kind text NOT NULL,
	published date,
	body text NOT NULL,
	words tsvector NOT NULL GENERATED ALWAYS AS (pg_catalog.to_tsvector('english', body)) STORED,
	embedding public.vector(256) NOT NULL,
	FOREIGN KEY (tenant_id, collection_id, document_id)
		REFERENCES starter.documents (tenant_id, collection_id, id) ON DELETE CASCADE
);
-- Searches by vector, for any tenant, collection and filter
CREATE INDEX ON starter.passages USING hnsw
	(embedding public.vector_cosine_ops, tenant_id, collection_id, kind, published);
-- Searches by words read a collection of the tenant: @@ is not leakproof, so no GIN index is used
-- below a policy
CREATE INDEX ON starter.passages (tenant_id, collection_id, document_id);

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['collections', 'documents', 'passages'] LOOP
		EXECUTE pg_catalog.format('
			ALTER TABLE starter.%1$I ENABLE ROW LEVEL SECURITY;
			GRANT SELECT ON starter.%1$I TO starter_reader, starter_writer;
			GRANT INSERT, DELETE ON starter.%1$I TO starter_writer;
			CREATE POLICY reads ON starter.%1$I FOR SELECT TO starter_reader, starter_writer
				USING (tenant_id = (SELECT starter.tenant(''reader'')));
			CREATE POLICY inserts ON starter.%1$I FOR INSERT TO starter_writer
				WITH CHECK (tenant_id = (SELECT starter.tenant(''writer'')));
			CREATE POLICY deletes ON starter.%1$I FOR DELETE TO starter_writer
				USING (tenant_id = (SELECT starter.tenant(''writer'')));', name);
	END LOOP;
END $$;
-- Else a further command of this session would run as the owner
RESET ROLE;
COMMIT;
\endif
