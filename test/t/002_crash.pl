# SPDX-License-Identifier: PostgreSQL
# The server is killed during inserts and builds.  After recovery the index is
# sound, and every committed row is found by its own vector.
#
# LOKIVECTOR_LONG=1 kills it twenty times in place of three.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use LokiTest;

my $kills = $ENV{LOKIVECTOR_LONG} ? 20 : $ENV{LOKIVECTOR_SHORT} ? 1 : 3;

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "restart_after_crash = on\n");
$node->start;
create_items($node, 16);
$node->safe_psql('postgres', 'CREATE SEQUENCE ids');

# Kill a server process of a client that runs a query which matches a pattern,
# after `delay` seconds of it, and wait for the server to come back.  The
# postmaster takes the death of one process for a crash: it kills the others and
# recovers.  False if the client has come to its end before.
sub crash
{
	my ($client, $pattern, $delay) = @_;
	my $pid = '';
	my $patience = $PostgreSQL::Test::Utils::timeout_default * 10;

	while ($client->pumpable)
	{
		$pid = $node->safe_psql('postgres', qq(
			SELECT pid FROM pg_stat_activity WHERE state = 'active' AND
				query ~ '$pattern' AND pid <> pg_backend_pid() LIMIT 1));
		last if $pid ne '';
		select(undef, undef, undef, 0.05);
		$client->pump_nb if $client->pumpable;
	}
	return 0 if $pid eq '';
	select(undef, undef, undef, $delay);
	my $before = -s $node->logfile;
	return 0 if kill('KILL', $pid) != 1;

	foreach my $attempt (1 .. $patience)
	{
		return 1 if slurp_file($node->logfile, $before) =~
			/all server processes terminated.*database system is ready/s;
		select(undef, undef, undef, 0.1);
	}
	return 0;
}

sub check_rows
{
	my ($name) = @_;

	check_index($node, "$name: check");
	rows_are_found($node, 400, "$name: rows found by their own vectors");
	return;
}

# Inserts by ten clients, some of duplicates
my $script = "$PostgreSQL::Test::Utils::tmp_check/insert.sql";
append_to_file($script, q(
INSERT INTO items SELECT n, item(CASE n % 5 WHEN 0 THEN n % 50 ELSE n END::integer), 1
FROM (SELECT nextval('ids') AS n FROM generate_series(1, 5)) s;
));

foreach my $round (1 .. $kills)
{
	my ($out, $err) = ('', '');
	my $clients = start [
		'pgbench', '--no-vacuum', '--client=10', '--time=60',
		"--file=$script", '--host=' . $node->host, '--port=' . $node->port,
		'postgres' ], '>', \$out, '2>', \$err;

	truncate($node->logfile, 0);
	ok(crash($clients, 'INSERT INTO items', 0.5 + 0.1 * ($round % 7)),
		"insert $round: the server recovers");
	finish $clients;
	check_rows("insert $round");
	next if $round % 3 != 2;

	$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 4 = 0');
	$node->safe_psql('postgres', 'VACUUM items');
	check_rows("insert $round, after vacuum");
}

# Builds
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), 1 FROM
		(SELECT nextval('ids')::integer AS n FROM generate_series(1, 5000)) s));
my $count = $node->safe_psql('postgres', 'SELECT count(*) FROM items');

foreach my $round (1 .. $kills)
{
	my ($out, $err) = ('', '');
	my $build = start [
		'psql', '--no-psqlrc', '--quiet', '--host=' . $node->host,
		'--port=' . $node->port, '--command=REINDEX INDEX items_idx', 'postgres' ],
	  '>', \$out, '2>', \$err;

	truncate($node->logfile, 0);
	my $crashed = crash($build, 'REINDEX INDEX', 0.02 * ($round % 10));
	finish $build;
	SKIP:
	{
		skip "build $round ended before it could be killed", 1 if !$crashed;
		pass("build $round: the server recovers");
	}
	check_rows("build $round");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM items'), $count,
		"build $round: no row is lost");
}

$node->stop;
done_testing();
