# SPDX-License-Identifier: PostgreSQL
# lokivector_check() waits for a page that another process has locked, and can be
# cancelled while it does.
#
# Writers are stopped where they happen to be, until one of them has a page locked: then
# a check waits, and goes on waiting.  Images of pages in every record, which are
# compressed under the lock, make them hold locks most of the time.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run qw(pump);
use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $writers = 3;
my $attempts = 300;

my $node = loki_node('main');
$node->append_conf('postgresql.conf', q(
fsync = off
max_wal_size = 4GB
wal_consistency_checking = generic
wal_compression = on
));
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION item(n integer) RETURNS vector AS $$
		SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, 8) i
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE t (id integer, v vector(8));
	INSERT INTO t SELECT n, item(n) FROM generate_series(1, 500) n;
	CREATE INDEX t_i ON t USING hnsw (v vector_l2_ops) WITH (m = 4);));

my @pids;

# Nothing stays stopped, however the test ends
END
{
	my $status = $?;
	kill 'CONT', @pids;
	$? = $status;
}

my @sessions = map { open_session($node) } 1 .. $writers;
foreach my $session (@sessions)
{
	push @pids, ask($session, 'SELECT pg_backend_pid();');
	# one statement each, so that a snapshot of the others waits for none of them
	$session->{in} .= "INSERT INTO t SELECT n, item(n % 3000) FROM (SELECT generate_series(1, 100000000) AS n) s;\n";
	$session->{run}->pump_nb;
}

my $checker = open_session($node);
my $observer = open_session($node);
my $pid = ask($checker, 'SELECT pg_backend_pid();');
ask($checker, 'SET client_min_messages = error;');
ask($observer, "SET statement_timeout = '10s';");

# Whether its statement, which was sent, comes to wait for a page: in the check itself,
# or, if the check cannot be interrupted, in LockBuffer().  It may wait for something
# else that a stopped writer has; 30 seconds are enough to know.
sub waits_for_page
{
	for (1 .. 1000)
	{
		$checker->{run}->pump_nb;
		return 0 if $checker->{out} =~ /^done$/m;
		my $event = ask($observer, "SELECT wait_event FROM pg_stat_activity WHERE pid = $pid AND state = 'active';");

		return 1 if $event eq 'Extension' || $event eq 'BufferContent';
		usleep(30000);
	}
	return 0;
}

# Let writers go on, until each has added to the log
sub go_on
{
	my $lsn = ask($observer, 'SELECT pg_current_wal_insert_lsn();');

	kill 'CONT', @pids;
	until (ask($observer, "SELECT pg_current_wal_insert_lsn() > '$lsn';") eq 't')
	{
		usleep(1000);
	}
	return;
}

my $check = "SELECT lokivector_check('t_i');";
my $waits = 0;
for my $attempt (1 .. $attempts)
{
	go_on();
	kill 'STOP', @pids;
	$checker->{out} = $checker->{err} = '';
	$checker->{in} .= "$check\n\\echo done\n";
	$waits = waits_for_page();
	note("attempt $attempt") if $waits;
	last if $waits;
	kill 'CONT', @pids;
	pump($checker->{run}) until $checker->{out} =~ /^done$/m;
}
ok($waits, 'a check waits for a page that is locked');

SKIP:
{
	skip 'no page was locked', 3 if !$waits;

	is(ask($observer, "SELECT pg_cancel_backend($pid);"), 't', 'it is cancelled');
	$checker->{timer}->start($PostgreSQL::Test::Utils::timeout_default);
	pump($checker->{run}) until $checker->{out} =~ /^done$/m;
	like($checker->{err}, qr/canceling statement due to user request/, 'and ends');

	$checker->{err} = '';
	ask($checker, "SET statement_timeout = '100ms';\n$check\nRESET statement_timeout;");
	like($checker->{err}, qr/canceling statement due to statement timeout/, 'a timeout ends the next');
}

kill 'CONT', @pids;
ask($observer, "SELECT pg_terminate_backend($_, 600000);") foreach @pids;
$checker->{err} = '';
ask($checker, "SELECT lokivector_check('t_i', true);");
is($checker->{err}, '', 'the index is sound');
close_session($checker);
close_session($observer);
$node->stop;

done_testing();
