# SPDX-License-Identifier: PostgreSQL
# Searches by scores while values far from all others come, go and are rolled back, and rows are vacuumed: each answer has
# the scores that its snapshot has without an index, at once and again later, on a primary and on a standby.
#
# LOKIVECTOR_LONG=1 takes two minutes in place of some seconds.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 3 : 8;

my $node = loki_node('main', allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION lokivector;
	CREATE FUNCTION spot(i int) RETURNS vector LANGUAGE sql IMMUTABLE AS
		$$SELECT array_agg(sin(i * 0.7 + j * j + (i % 97) * j))::vector FROM generate_series(1, 8) j$$;
	CREATE TABLE notes (id serial, hits int, worth float8, seen timestamptz DEFAULT '2026-01-01', other int DEFAULT 0, v vector(8));
	INSERT INTO notes SELECT i, i % 7, i % 50 / 7.0, timestamptz '2026-01-01' + i * interval '1 minute', 0, spot(i)
		FROM generate_series(1, 1500) i;
	SELECT setval('notes_id_seq', 1500);
	CREATE INDEX notes_v ON notes USING hnsw (v vector_l2_ops, hits, worth);
	CREATE INDEX notes_seen ON notes (seen);
	CREATE INDEX notes_id ON notes (id);
	ANALYZE notes;
	-- a value like others, or now and then far from them: of few such rows each is to be found
	CREATE FUNCTION value() RETURNS int LANGUAGE sql AS
		$$SELECT CASE WHEN random() < 0.98 THEN random() * 5 ELSE (random() - 0.5) * power(10, 1 + random() * 3) END::int$$;
	CREATE FUNCTION scores(n int) RETURNS TABLE (form text, uses boolean, outcome text) LANGUAGE plpgsql AS $$
	DECLARE
		score text;
		places text;
		line text;
		found numeric[];
		wanted numeric[];
	BEGIN
		FOREACH score IN ARRAY ARRAY['d - hits', 'd + hits', 'd - worth * 2', 'd + 0.1 * worth - 0.01 * hits',
			'd + extract(epoch FROM seen - ''2026-01-01'')::float8 / 3600', 'extract(epoch FROM ''2026-01-01'' - seen)::float8 / 3600 + d'] LOOP
			FOREACH places IN ARRAY ARRAY['', ' DESC NULLS LAST'] LOOP
				form := format('SELECT CASE WHEN s < ''Infinity'' THEN round(s::numeric, 6) END AS s FROM (SELECT %s AS s FROM '
					'(SELECT *, v <-> spot(%s) AS d FROM %%s) t%s ORDER BY s%s LIMIT %s) q',
					CASE WHEN places = '' THEN score ELSE '-(' || score || ')' END, n,
					CASE WHEN n % 3 = 0 THEN ' WHERE hits < 4' ELSE '' END, places, 1 + n % 3);
				uses := false;
				FOR line IN EXECUTE 'EXPLAIN ' || format(form, 'notes') LOOP
					uses := uses OR line LIKE '%LokivectorScoreSearch%';
				END LOOP;
				EXECUTE 'SELECT array_agg(s) FROM (' || format(form, 'notes') || ') a' INTO found;
				EXECUTE 'WITH t AS MATERIALIZED (SELECT * FROM notes) SELECT array_agg(s) FROM (' || format(form, 't') || ') a' INTO wanted;
				outcome := CASE WHEN found IS NOT DISTINCT FROM wanted THEN 'same' ELSE concat(found, ' for ', wanted) END;
				RETURN NEXT;
			END LOOP;
		END LOOP;
	END $$;
	ALTER FUNCTION scores SET enable_seqscan = off;
	ALTER FUNCTION scores SET enable_sort = off;
	ALTER FUNCTION scores SET hnsw.ef_search = 400;
	CREATE FUNCTION check_scores(n int) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		wrong text := (SELECT string_agg(form || ': ' || outcome, '; ') FROM scores(n) WHERE outcome <> 'same');
	BEGIN
		IF wrong IS NOT NULL THEN
			RAISE EXCEPTION '%', wrong;
		END IF;
	END $$;
});
my $standby = loki_standby($node, "max_standby_streaming_delay = -1\n");
my $forms = q{SELECT uses, outcome, count(*) FROM scores(3) GROUP BY 1, 2};
is($node->safe_psql('postgres', $forms), 't|same|12', 'all scores are searches');

my @clients;

sub client
{
	my ($name, $count, $sql, $server) = @_;

	push @clients, start_client($server // $node, $name, $count, $seconds, $sql, '--max-tries=100');
	return;
}

my $kept = q(
\set n random(1, 1000)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT check_scores(:n);
\sleep 50 ms
SELECT check_scores(:n);
COMMIT;
);
client('far', 2, q(
\set n random(1, 2000)
UPDATE notes SET hits = value(), worth = value() / 7.0 WHERE id = :n;
UPDATE notes SET seen = '2026-01-01'::timestamptz + value() * interval '1 hour' WHERE id = :n + 1;
UPDATE notes SET hits = 0, worth = 0, seen = '2026-01-01' WHERE id % 8 = :client_id AND (abs(hits) > 8 OR abs(worth) > 8 OR abs(extract(epoch FROM seen - '2026-01-01')) > 100000);
));
client('rollback', 1, q(
\set n random(1, 2000)
BEGIN;
INSERT INTO notes (hits, worth, v) VALUES (value(), value(), spot(:n));
SAVEPOINT s;
UPDATE notes SET hits = 9000, worth = -9000, seen = '2031-01-01' WHERE id = :n;
ROLLBACK TO s;
UPDATE notes SET other = other + 1 WHERE id BETWEEN :n AND :n + 5;
\if :n < 1000
COMMIT;
\else
ROLLBACK;
\endif
));
client('delete', 1, q(
\set n random(1, 2000)
DELETE FROM notes WHERE id = :n OR (id % 3 = 0 AND hits > 1000);
INSERT INTO notes (hits, worth, v) VALUES (value(), value() / 7.0, spot(:n));
\sleep 10 ms
));
client('vacuum', 1, q(
VACUUM (INDEX_CLEANUP ON) notes;
\sleep 100 ms
));
client('kept', 1, $kept);
client('serializable', 1, q(
\set n random(1, 1000)
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT check_scores(:n);
COMMIT;
));
client('standby', 1, $kept, $standby);
finish_client($_) foreach @clients;

is($node->safe_psql('postgres', q(SELECT lokivector_check('notes_v', true))), 'sound', 'check');
is($node->safe_psql('postgres', 'SELECT check_scores(n) FROM generate_series(1, 10) n'), "\n" x 9, 'scores afterwards');
$standby->stop;
$node->stop;
done_testing();
