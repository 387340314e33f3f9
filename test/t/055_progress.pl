# SPDX-License-Identifier: PostgreSQL
# How far VACUUM and builds are, in lokivector_progress.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use IPC::Run;

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION IF NOT EXISTS lokivector;
	CREATE TABLE t AS SELECT i AS id, ARRAY[sin(i), cos(i * 3), sin(i * 7)]::vector(3) AS v
		FROM generate_series(1, 10000) i;
	CREATE INDEX idx ON t USING hnsw (v vector_l2_ops);
	INSERT INTO t SELECT i, ARRAY[sin(i), cos(i * 3), sin(i * 7)] FROM generate_series(10001, 10020) i;
	DELETE FROM t WHERE id % 100 = 0;
	CREATE FUNCTION watch(what text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r record;
		seen text[] := '{}';
		begun boolean := false;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			FOR r IN SELECT * FROM lokivector_progress LOOP
				ASSERT r.command = 'VACUUM' AND r.relation = 't'::regclass;
				ASSERT r.percent IS NULL OR r.percent BETWEEN 0 AND 100;
				ASSERT r.phase !~ ': ' OR (r.index = 'idx'::regclass AND r.phase_began <= clock_timestamp());
				IF r.percent BETWEEN 1 AND 99 AND r.phase ~ ': ' THEN
					ASSERT r.phase_ends > r.phase_began;
				END IF;
				IF r.phase <> ALL (seen) AND r.percent > 0 THEN
					seen := seen || r.phase;
				END IF;
			END LOOP;
			IF EXISTS (SELECT FROM pg_stat_activity WHERE query = what AND state = 'active') THEN
				begun := true;
			ELSE
				EXIT WHEN begun;
			END IF;
			PERFORM pg_sleep(0.002);
		END LOOP;
		RETURN array_to_string(seen, E'\n');
	END $$;));

# Each page that VACUUM reads takes so long that it is seen; the watcher waits for it to begin,
# and returns the phases that had come some way
my $vacuum = IPC::Run::start(['psql', '-X', '-q', '-d', $node->connstr('postgres'),
		'-c', 'SET vacuum_cost_delay = 15', '-c', 'SET vacuum_cost_limit = 1', '-c', 'VACUUM t'],
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my %seen = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', q(SELECT watch('VACUUM t')));
$vacuum->finish;
ok($seen{$_}, $_) for ('scanning heap', 'vacuuming indexes: marking dead rows',
	'cleaning up indexes: taking out dead nodes', 'cleaning up indexes: freeing nodes',
	'cleaning up indexes: searching for nodes');
is($node->safe_psql('postgres', 'SELECT count(*) FROM lokivector_progress'), '0', 'nothing at rest');

# A build with so few links that all nodes are searched for more than once: that counts as more
# work, and what is done never becomes less
$node->safe_psql('postgres', q(
	CREATE TABLE hard AS SELECT i AS id, (SELECT array_agg(random() + 0 * (i + j)) FROM generate_series(1, 24) j)::vector(24) AS v
		FROM generate_series(1, 20000) i;
	CREATE FUNCTION watch_build(what text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		r record;
		phase text := '';
		done bigint := 0;
		most bigint := 0;
		begun boolean := false;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			FOR r IN SELECT * FROM lokivector_progress LOOP
				ASSERT r.phase <> phase OR r.done >= done, format('%s: %s after %s', phase, r.done, done);
				phase := r.phase;
				done := coalesce(r.done, 0);
				IF phase ~ 'reachable' THEN
					most := greatest(most, r.total);
				END IF;
			END LOOP;
			IF EXISTS (SELECT FROM pg_stat_activity WHERE query = what AND state = 'active') THEN
				begun := true;
			ELSE
				EXIT WHEN begun;
			END IF;
			PERFORM pg_sleep(0.002);
		END LOOP;
		RETURN most;
	END $$;));
my $statement = 'CREATE INDEX ON hard USING hnsw (v vector_l2_ops) WITH (m = 2, ef_construction = 4)';
my $build = IPC::Run::start(['psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $statement],
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $most = $node->safe_psql('postgres', "SELECT watch_build('$statement')");
$build->finish;
cmp_ok($most, '>=', 40000, 'rounds of searches for all nodes');

$node->stop;
done_testing();
