# SPDX-License-Identifier: PostgreSQL
# The promise of lokivector.target_recall: that much of the exact answer is
# found, within a tolerance, whether an index was built, filled, or has changed;
# and what is known of an index outlives a crash and comes to a standby.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run;
use LokiTest;

# A query's recall moves the mean of 500 by little, and a calibration is a
# sample as well
my $tolerance = 0.02;

my $node = loki_node('primary', allows_streaming => 1);
$node->start;
create_items($node, 48);
my $standby = loki_standby($node);

$node->safe_psql('postgres', q(
	CREATE TABLE queries AS SELECT n, item(-n) AS q FROM generate_series(1, 500) n));

# Recall of the ten nearest over the queries, and the mean of nodes scored
sub measure
{
	my ($target) = @_;

	return split /\|/, $node->safe_psql('postgres', qq(
		SET lokivector.target_recall = $target;
		SELECT recall, width FROM
			lokivector_recall('items_idx', (SELECT array_agg(q) FROM queries))));
}

sub keeps_promise
{
	my ($name) = @_;
	my $last = 0;

	foreach my $target (0.9, 0.95, 0.99)
	{
		my ($recall, $width) = measure($target);

		cmp_ok($recall, '>=', $target - $tolerance, "$name: recall for $target");
		cmp_ok($width, '>=', $last, "$name: a higher target takes no narrower walk");
		note("$name: target $target, recall $recall, width $width");
		$last = $width;
	}
	return;
}

sub calibrated_nodes
{
	my ($server) = @_;

	return $server->safe_psql('postgres',
		q(SELECT calibrated_nodes FROM lokivector_index_info('items_idx')));
}

# The index is there before its rows
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 4000) n));
is(calibrated_nodes($node), '', 'an index that was created empty is not calibrated');
$node->safe_psql('postgres', 'VACUUM items');
is(calibrated_nodes($node), 4000, 'vacuum calibrates it');
keeps_promise('after vacuum');

$node->safe_psql('postgres', 'REINDEX INDEX items_idx');
is(calibrated_nodes($node), 4000, 'a build calibrates');
keeps_promise('after a build');

# More rows, then fewer
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), 1 FROM generate_series(4001, 12000) n;
	VACUUM items));
is(calibrated_nodes($node), 12000, 'vacuum calibrates what has grown');
keeps_promise('after growth');
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 3 <> 0');
$node->safe_psql('postgres', 'VACUUM items');
is(calibrated_nodes($node), 4000, 'vacuum calibrates what has shrunk');
keeps_promise('after deletes');
check_index($node, 'check');

# Without a calibration, inserts alone measure how distances grow, so that searches for what is far from
# all rows look far enough
$node->safe_psql('postgres', q(
	SELECT setseed(0.1);
	CREATE TABLE centers AS
		SELECT c, array_agg(random() * 2 - 1) AS a FROM generate_series(1, 60) c, generate_series(1, 48) GROUP BY c;
	CREATE TABLE points AS
		SELECT c, i, (SELECT array_agg(x + 0.35 * (random() * 2 - 1) ORDER BY o)
					  FROM unnest(a) WITH ORDINALITY u (x, o) WHERE i > 0)::vector(48) AS v
		FROM centers, generate_series(1, 101) i;
	CREATE TABLE grown (v vector(48));
	CREATE INDEX grown_idx ON grown USING hnsw (v vector_cosine_ops);
	INSERT INTO grown SELECT v FROM points WHERE c <= 20 AND i > 1 ORDER BY c, i;));
my $far = q(SELECT recall, width FROM lokivector_recall('grown_idx',
	(SELECT array_agg(v) FROM points WHERE c > 20 AND i <= 4)));
my $found = $node->safe_psql('postgres', $far);

cmp_ok((split /\|/, $found)[0], '>=', 0.98, 'a grown index finds what is far from its rows');
is($node->safe_psql('postgres', q(SELECT lokivector_check('grown_idx', true))), 'sound', 'which is sound');

# Both are logged
my $calibration = q(SELECT string_agg(c::text, ' ') FROM lokivector_calibration('items_idx') c);
my $expected = $node->safe_psql('postgres', $calibration);

$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $calibration), $expected, 'a standby knows it');
is($standby->safe_psql('postgres', $far), $found, '... and how distances grow');
$standby->stop;
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $calibration), $expected, 'it outlives a crash');
is($node->safe_psql('postgres', $far), $found, '... and so does the growth');

# What vacuum has counted outlasts its cancel: the number of nodes alone would not have the next
# one calibrate.  Each page and each walk take so long that the phase is seen.
$node->safe_psql('postgres', q(
	CREATE TABLE cancelled AS SELECT i AS id, ARRAY[sin(i), cos(i * 3), sin(i * 7)]::vector(3) AS v
		FROM generate_series(1, 2000) i;
	CREATE INDEX cancelled_idx ON cancelled USING hnsw (v vector_l2_ops);
	INSERT INTO cancelled SELECT i, ARRAY[sin(i), cos(i * 3), sin(i * 7)] FROM generate_series(2001, 2300) i;
	DELETE FROM cancelled WHERE id <= 310;
	CREATE FUNCTION cancel_calibrating() RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		begun boolean := false;
		running boolean;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			SELECT count(*) > 0 INTO running FROM pg_stat_activity
			WHERE query = 'VACUUM cancelled' AND state = 'active';
			begun := begun OR running;
			IF begun AND NOT running THEN
				RETURN 'it was not seen';
			END IF;
			PERFORM pg_cancel_backend(pid) FROM lokivector_progress
			WHERE relation = 'cancelled'::regclass AND phase ~ ': calibrating$';
			IF FOUND THEN
				RETURN 'cancelled';
			END IF;
			PERFORM pg_sleep(0.002);
		END LOOP;
	END $$;));

sub counted
{
	return $node->safe_psql('postgres', q(SELECT live, calibrated_nodes, changed_nodes
		FROM lokivector_index_info('cancelled_idx')));
}

my $errors = '';
my $vacuum = IPC::Run::start(['psql', '-X', '-q', '-d', $node->connstr('postgres'),
		'-c', 'SET vacuum_cost_delay = 15', '-c', 'SET vacuum_cost_limit = 1', '-c', 'VACUUM cancelled'],
	'2>', \$errors, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
is($node->safe_psql('postgres', 'SELECT cancel_calibrating()'), 'cancelled', 'vacuum calibrates');
$vacuum->finish;
like($errors, qr/canceling statement due to user request/, '... and is cancelled');
is(counted(), '1990|2000|610', '... with its count');
$node->safe_psql('postgres', 'VACUUM cancelled');
is(counted(), '1990|1990|0', 'the next one calibrates');

$node->stop;
done_testing();
