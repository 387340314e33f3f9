# SPDX-License-Identifier: PostgreSQL
# Scans under random conditions on a standby, by lists and otherwise, while the
# primary inserts, updates and vacuums.  Each answer is that of its snapshot, or
# the scan ends with a recovery conflict; and the pages that replay makes are those
# of the primary, byte by byte.
#
# LOKIVECTOR_LONG=1 takes two minutes in place of some seconds.

use FindBin;
use lib $FindBin::RealBin;
use LokiFilter;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 3 : 8;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_consistency_checking = 'generic'\n");
$primary->start;
create_filtered($primary, 3000);
my $standby = loki_standby($primary, "max_standby_streaming_delay = 500ms\n");
answers_by_list($standby, 'standby');
answers_by_map($standby, 'standby');

# The connection strings of doc/scaling.md, of which one host does not answer
my %address = map { $_->[0] => $_->[1]->host =~ s/\//%2F/gr . ':' . $_->[1]->port }
  [ db1 => $primary ], [ db2 => $standby ];
my $old_libpq = (`psql --version` =~ /(\d+)/)[0] < 16;
for my $string (slurp_file("$FindBin::RealBin/../../doc/scaling.md") =~ /^(postgresql:\S+)$/mg)
{
	my $reads = $string =~ /prefer-standby/;
	my $own = $string =~ s/app@//r;

	$own =~ s/(db\d)\.example\.com/$address{$1} \/\/ '%2Fnowhere'/ge;
	$own =~ s/\/app\?/\/postgres?/;
	$own =~ s/&load_balance_hosts=\w+// if $old_libpq;
	my $search = 'SELECT id FROM items ORDER BY v <-> (SELECT v FROM items WHERE id = 7) LIMIT 10';
	my ($answer, $errors);

	IPC::Run::run([ 'psql', '-XAtq', '-c', 'SELECT pg_is_in_recovery()', '-c', $search, $own ],
		'<', '/dev/null', '>', \$answer, '2>', \$errors) or diag($errors);
	is($answer, ($reads ? "t\n" : "f\n") . $primary->safe_psql('postgres', $search) . "\n",
		"a server answers at $string");
}

my @clients = (
	start_client($primary, 'attributes', 1, $seconds, q(
\set n random(1, 3000)
\set k random(1, 500)
UPDATE items SET part = :k, c = :k % 200 WHERE id = :n;
UPDATE items SET name = 'name of ' || :k % 200 WHERE id = :n + 1;
UPDATE items SET other = :k % 100 WHERE id = :n + 2;
)),
	start_client($primary, 'insert', 1, $seconds, "SELECT add_rows(10);\n"),
	start_client($primary, 'delete and vacuum', 1, $seconds, q(
\set n random(1, 4000)
DELETE FROM items WHERE id BETWEEN :n AND :n + 100;
VACUUM items;
\sleep 200 ms
)));

# A command on the standby, again while replay cancels it: what comes late does
# not wait for any snapshot
sub on_standby
{
	my ($sql) = @_;

	foreach my $attempt (1 .. 1000)
	{
		my ($result, $stdout, $stderr) = $standby->psql('postgres', $sql);

		return if $result == 0;
		last if $stderr !~ /conflict with recovery/;
	}
	BAIL_OUT("$sql fails on the standby");
}

# Errors of scans on the standby, but for conflicts
my ($answers, $conflicts, @errors) = (0, 0);
my $end = time() + $seconds;
for (my $n = 1; time() < $end; $n++)
{
	my $hold = $n % 4 == 0 ? 'SELECT pg_sleep(0.5);' : '';

	# replay that waits cannot conflict, however slow the machine is
	if ($n % 8 == 1)
	{
		on_standby('SELECT pg_wal_replay_pause()');
		$standby->poll_query_until('postgres', q(SELECT pg_get_wal_replay_pause_state() = 'paused'))
		  or BAIL_OUT('replay does not pause');
	}
	my ($result, $stdout, $stderr) = $standby->psql('postgres', qq(
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SELECT check_conditions($n * 10, 3);
		$hold
		SELECT check_conditions($n * 10, 3);
		COMMIT), on_error_stop => 1);
	on_standby('SELECT pg_wal_replay_resume()') if $n % 8 == 1;

	$answers++ if $result == 0;
	next if $result == 0;
	if ($stderr =~ /conflict with recovery/) { $conflicts++; }
	else { push @errors, $stderr; }
}
finish_client($_) foreach @clients;
is(join("\n", @errors), '', 'scans on the standby');
cmp_ok($answers, '>', 0, 'some are answered');
note("$answers answers, $conflicts conflicts");

# So many new rows that vacuum makes the lists anew
add_rows($primary, 1500);
$primary->safe_psql('postgres', 'VACUUM items');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
unlike(slurp_file($standby->logfile), qr/inconsistent page found/, 'no inconsistent page');
check_index($standby, 'check on the standby');
check_filters($standby, 'standby', 1, 60);
answers_by_list($standby, 'standby, afterwards');

# What was a standby goes on where the primary was.
$primary->stop;
$standby->promote;
check_filters($standby, 'promoted', 61, 60);
add_rows($standby, 1000);
$standby->safe_psql('postgres', 'VACUUM items');
check_index($standby, 'check when promoted');
check_filters($standby, 'promoted, after vacuum', 121, 60);
$standby->stop;
done_testing();
