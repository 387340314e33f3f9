# SPDX-License-Identifier: PostgreSQL
# Every kind of write on a primary, with many duplicates and with vacuum, while eight
# clients query its standby: replay goes on, queries wait for nothing that does not
# end, and both give the same answers at the same place of WAL.  Then the standby
# takes over.
#
# LOKIVECTOR_SOAK_SECONDS says for how long (make standby: half an hour).

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use Time::HiRes qw(time usleep);

my $seconds = $ENV{LOKIVECTOR_SOAK_SECONDS} || ($ENV{LOKIVECTOR_SHORT} ? 6 : 20);
my $delay = 3;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', q(
lokivector.build_seed = -1
max_connections = 40
max_wal_size = 2GB
));
$primary->start;
create_items($primary, 16);
$primary->safe_psql('postgres', q(
	CREATE SEQUENCE ids;
	ALTER TABLE items ADD n integer NOT NULL DEFAULT 0;
	CREATE INDEX items_n ON items (n);
	INSERT INTO items SELECT n, item(n), n % 50 FROM
		(SELECT nextval('ids')::integer AS n FROM generate_series(1, 1500)) s;));
my $standby = loki_standby($primary, "max_standby_streaming_delay = ${delay}s\n");

my (@writers, @readers);

sub writer
{
	my ($name, $count, $sql) = @_;

	push @writers, start_client($primary, $name, $count, $seconds, $sql);
	return;
}

# A row, by its number
my $some = q(
SELECT last_value AS last FROM ids \gset
\set n :last - random(0, least(:last, 3000) - 1)
);

writer('insert', 1, q(
INSERT INTO items SELECT n, item(n), n % 50
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
));
writer('insert-equal', 2, q(
\set n random(1, 20)
INSERT INTO items SELECT nextval('ids'), item(:n), 1;
INSERT INTO items SELECT nextval('ids'), item(0), 1;
));
writer('insert-abort', 1, q(
BEGIN;
INSERT INTO items SELECT n, CASE WHEN n % 5 > 0 THEN item(n % 30) END, 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
ROLLBACK;
INSERT INTO items VALUES (nextval('ids'), NULL, 1);
));
writer('update', 2, "$some
UPDATE items SET n = n + 1 WHERE id = :n;
UPDATE items SET c = c % 7 WHERE id = :n - 1;
UPDATE items SET v = item(id % 40) WHERE id = :n - 2;
");
writer('delete', 1, q(
SELECT last_value AS last FROM ids \gset
\set n random(1, :last)
DELETE FROM items WHERE id BETWEEN :n AND :n + 20 OR id < :last - 6000;
));
writer('vacuum', 1, q(
VACUUM items;
));
# Not concurrently: on any standby, queries that are planned while the old index is
# dropped may then fail.  It does not run while the lock below is held.
writer('rebuild', 1, q(
SELECT pg_try_advisory_lock(1) AS mine \gset
\if :mine
REINDEX INDEX items_idx;
SELECT pg_advisory_unlock(1);
\endif
\sleep 3 s
));

# What replay cancels is repeated
push @readers, start_client($standby, 'read', 8, $seconds, q(
\set n random(0, 60)
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(:n) LIMIT 500) s;
SELECT id FROM items WHERE c = 1 ORDER BY v <-> item(:n) LIMIT 20;
SELECT id FROM items WHERE c IN (2, 3) ORDER BY v <-> item(:n) LIMIT 20;
), '--max-tries=0');

# Answers of a server, by distance, and all rows of the index
my $answers = q(
SET enable_seqscan = off;
SELECT string_agg(d::text, ' ' ORDER BY d) FROM generate_series(-5, 25) n, LATERAL (
	SELECT v <-> item(n) AS d FROM items ORDER BY v <-> item(n) LIMIT 20) s;
SELECT string_agg(d::text, ' ' ORDER BY d) FROM generate_series(-5, 25) n, LATERAL (
	SELECT v <-> item(n) AS d FROM items WHERE c = 1 ORDER BY v <-> item(n) LIMIT 20) s;
SELECT count(*) || ' ' || sum(hashint4extended(id, 1)) FROM (
	SELECT id FROM items ORDER BY v <-> item(0)) s;);

sub answers_of
{
	my ($session) = @_;

	return ask($session, "BEGIN;$answers COMMIT;");
}

# Wait until the standby is where the primary is; false if it does not get there
my $longest = 0;

sub catch_up
{
	my $begin = time;
	my $lsn = $primary->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn()');
	my $there = $standby->poll_query_until('postgres',
		"SELECT pg_last_wal_replay_lsn() >= '$lsn'::pg_lsn");

	$longest = time - $begin if time - $begin > $longest;
	return $there;
}

sub still_writing
{
	my $run = $writers[0]->{run};

	$run->pump_nb if $run->pumpable;
	return $run->pumpable;
}

my $compared = 0;
my $differing = '';
my $stuck = 0;

while (still_writing())
{
	my $last = $primary->safe_psql('postgres', 'SELECT last_value FROM ids');
	my $holder = open_session($primary);
	my $reader = open_session($standby);

	usleep(100_000) until ask($holder, 'SELECT pg_try_advisory_lock(1);') eq 't';
	# Who writes waits for this lock, vacuum included
	ask($holder, 'BEGIN; LOCK TABLE items IN EXCLUSIVE MODE;');
	if (!catch_up())
	{
		$stuck = 1;
		last;
	}
	my $expected = ask($holder, $answers);
	my $answer = answers_of($reader);

	$differing .= "primary:\n$expected\nstandby:\n$answer\n" if $answer ne $expected;
	$compared++;
	ask($holder, 'COMMIT; SELECT pg_advisory_unlock(1);');
	close_session($holder);
	close_session($reader);
	last if !still_writing();
	$primary->poll_query_until('postgres', qq(
		SELECT (SELECT last_value > $last + 200 FROM ids) OR NOT EXISTS (
			SELECT FROM pg_stat_activity WHERE application_name = 'pgbench')));
}

ok(!$stuck, 'replay goes on');
if ($stuck)
{
	my $waiting = $standby->safe_psql('postgres', q(
		SELECT string_agg(concat_ws(' ', backend_type, wait_event_type, wait_event), ', ')
		FROM pg_stat_activity));

	diag("the standby: $waiting");
	$_->{run}->kill_kill foreach (@writers, @readers);
	$standby->stop('immediate');
	$primary->stop('immediate');
	done_testing();
	exit;
}
finish_client($_) foreach @writers;
# A query that replay cancels is repeated.  Between two of them the server ends the
# session instead, and pgbench goes on with those that are left
foreach my $client (@readers)
{
	$client->{run}->finish;
	my $ended = $client->{err} =~ s/^FATAL:  terminating connection due to conflict with recovery\n(?:(?:DETAIL|HINT):.*\n)*pgbench: error: client \d+ aborted .*\n//mg;

	$client->{err} =~ s/^pgbench: error: Run was aborted;.*\n//m if $ended;
	unlike($client->{err}, qr/ERROR|FATAL|aborted/, "$client->{name}: no error");
}
foreach my $client (@writers, @readers)
{
	note("$client->{name}: $1 transactions")
	  if $client->{out} =~ /transactions actually processed: (\d+)/;
}
note(sprintf('%d comparisons, replay was there after %.1f s at most', $compared, $longest));
cmp_ok($compared, '>', 0, 'answers were compared');
is(substr($differing, 0, 4000), '', 'answers equal those of the primary at the same place of WAL');

ok(catch_up(), 'the standby has everything');
check_index($standby, 'check on the standby');
is(rows_by_index($standby), rows_by_index($primary), 'all rows on the standby');
foreach my $node ($primary, $standby)
{
	my @errors = grep { /ERROR|PANIC|TRAP|terminated by signal/ && !/due to conflict with recovery/ }
	  split /\n/, slurp_file($node->logfile);

	is(join("\n", @errors), '', $node->name . ': no error but of queries that replay canceled');
}

$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n % 900), 1 FROM
		(SELECT nextval('ids')::integer + 1000 AS n FROM generate_series(1, 300)) s;));
check_index($standby, 'check after promotion and inserts');
$standby->safe_psql('postgres', 'VACUUM items');
check_index($standby, 'check after vacuum');
rows_are_found($standby, 400, 'rows found by their own vectors after promotion');
$standby->stop;
done_testing();
