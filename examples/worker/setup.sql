-- SPDX-License-Identifier: PostgreSQL
-- Notes, and a queue of those whose texts have changed (doc/recipes.md), once
SELECT to_regclass('notes') IS NULL AS missing \gset
\if :missing
	CREATE TABLE notes (id bigserial PRIMARY KEY, body text NOT NULL, embedding vector(256));
	CREATE INDEX ON notes USING hnsw (embedding vector_cosine_ops);
	CREATE TABLE notes_changed (number bigserial PRIMARY KEY, id bigint NOT NULL);
	CREATE FUNCTION note_changed() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
	BEGIN
		INSERT INTO public.notes_changed (id) VALUES (new.id);
		RETURN NULL;
	END $$;
	CREATE TRIGGER note_changed AFTER INSERT OR UPDATE OF body ON notes
		FOR EACH ROW EXECUTE FUNCTION note_changed();
\endif
-- The same at each run of the example
TRUNCATE notes, notes_changed RESTART IDENTITY;
INSERT INTO notes (body) VALUES
	('The boiler was serviced in March.'), ('Spare keys are with the neighbour.'), ('The bins go out on Tuesday.');
