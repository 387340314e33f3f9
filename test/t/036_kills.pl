# SPDX-License-Identifier: PostgreSQL
# The server is killed, with all of its processes, at random moments of a load of 16
# clients that insert, update, delete, search and vacuum.  Each time it comes back
# with an index that is sound, and has every row of the table once.
# LOKIVECTOR_KILLS says how often (make kills: 1,000 times).

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use LokiTest;
use Time::HiRes qw(sleep time);

my $kills = $ENV{LOKIVECTOR_KILLS} || ($ENV{LOKIVECTOR_SHORT} ? 2 : 4);

my $node = loki_node('main');
$node->append_conf('postgresql.conf', q(
fsync = off
max_connections = 40
checkpoint_timeout = 30s
max_wal_size = 200MB
log_statement = none
));
$node->start;
create_items($node, 16);
# Rows that last: older ones are deleted
my $most = 3000;
$node->safe_psql('postgres', "CREATE SEQUENCE ids; INSERT INTO items
	SELECT n, item(n), n % 9 FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, $most)) s");

my %scripts = (
	insert => q(
INSERT INTO items SELECT n, item(n), n % 9
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
),
	equal => q(
\set n random(1, 20)
INSERT INTO items SELECT nextval('ids'), item(:n), 1;
),
	abort => q(
BEGIN;
INSERT INTO items SELECT n, CASE WHEN n % 5 > 0 THEN item(n) END, 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
ROLLBACK;
),
	update => qq(
\\set r random(0, $most)
UPDATE items SET c = c % 9 + 1 WHERE id = (SELECT last_value - :r FROM ids);
),
	vector => qq(
\\set r random(0, $most)
UPDATE items SET v = item(id + :r % 7) WHERE id = (SELECT last_value - :r FROM ids);
),
	delete => qq(
\\set r random(0, $most)
DELETE FROM items WHERE id IN (SELECT last_value - :r FROM ids)
	OR id < (SELECT last_value - $most FROM ids);
),
	read => q(
\set n random(1, 3000)
SELECT id FROM items WHERE c < 8 ORDER BY v <-> item(:n) LIMIT 10;
),
	vacuum => 'VACUUM items;');
my %weight = (insert => 4, equal => 3, abort => 1, update => 2, vector => 2, delete => 2, read => 4);

foreach my $name (keys %scripts)
{
	append_to_file("$PostgreSQL::Test::Utils::tmp_check/kill-$name.sql", $scripts{$name});
}

# Begin a load; it ends when the server does.
sub start_load
{
	my ($clients, @files) = @_;
	my $output = '';

	return start(
		[ 'pgbench', '--no-vacuum', "--client=$clients", '--time=3600',
			(map { "--file=$PostgreSQL::Test::Utils::tmp_check/kill-$_" } @files),
			'--host=' . $node->host, '--port=' . $node->port, 'postgres' ],
		'>&', \$output);
}

# Kill the server with all of its processes at once, and wait until these have let go
# of its memory.  It is stopped before, so that it begins no others.
sub kill_server
{
	my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my $until = time() + $PostgreSQL::Test::Utils::timeout_default;

	kill 'STOP', $pid;
	my @children = grep { /^\d+$/ } split /\s+/, `ps -o pid= --ppid $pid`;
	$node->kill9;
	kill 'KILL', @children;
	my $list = join ',', $pid, @children;
	while (`ps -o pid= -p $list` =~ /\d/)
	{
		die 'processes do not end' if time() > $until;
		sleep 0.02;
	}
	return;
}

# What is wrong with the index, '' if nothing is
sub faults
{
	my ($stdout, $stderr) = ('', '');

	$node->psql('postgres', q(
		SELECT lokivector_check('items_idx', true);
		VACUUM (INDEX_CLEANUP ON) items;
		SELECT lokivector_check('items_idx', true);
		SET enable_seqscan = off;
		SELECT 'rows: ' || by_index || ' of ' || by_table FROM
			(SELECT count(*) || ' ' || count(DISTINCT id) AS by_index FROM
				(SELECT id FROM items ORDER BY v <-> item(1)) s) i,
			(SELECT count(*) || ' ' || count(*) AS by_table FROM items) t
		WHERE by_index <> by_table;
		INSERT INTO items SELECT nextval('ids'), item(77), 7;),
		stdout => \$stdout, stderr => \$stderr, on_error_die => 0, on_error_stop => 1);
	$stdout = join "\n", grep { $_ ne '' && $_ ne 'sound' } split /\n/, $stdout;
	# An insert that did not come to its end may have left a node above the entry point
	$stderr =~ s/^psql:\S+ WARNING:  index "items_idx" has nodes above its entry point\nDETAIL:.*\n//mg;
	return join "\n", grep { $_ ne '' } $stdout, $stderr;
}

my @faults;
my $seed = $ENV{LOKIVECTOR_KILLS_SEED} // 1;
srand($seed);
foreach my $kill (1 .. $kills)
{
	my @loads = (
		start_load(15, map { "$_.sql\@$weight{$_}" } sort keys %weight),
		start_load(1, 'vacuum.sql'));

	$node->poll_query_until('postgres',
		q(SELECT count(*) > 12 FROM pg_stat_activity WHERE backend_type = 'client backend'))
	  or die 'the clients do not begin';
	sleep rand(1.5);
	kill_server();
	finish($_) foreach @loads;
	$node->start;
	my $faults = faults();
	push @faults, "after kill $kill: $faults" if $faults ne '';
	last if @faults > 5;
	note("$kill kills") if $kill % 50 == 0;
}
is(join("\n", @faults), '', "faults after $kills kills");
rows_are_found($node, 400, 'rows found by their own vectors');
my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|XX002/, 'no damage in the log');
$node->stop;

done_testing();
