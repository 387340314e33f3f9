# SPDX-License-Identifier: PostgreSQL
# pgbackrest: a full and an incremental backup, and restores to a point in time between two
# inserts: beside the server, and in its place by the command of operations.md.  After each the
# index agrees with its table, and finds as much as before.  Then the server is lost with its
# disk.  Names of tests tell how long restores took, and the rows of how many seconds were lost.

use JSON::PP qw(decode_json);
use Time::HiRes qw(time usleep);
use lib 'operations';
use OperationsTest;

unpack_or_skip('pgbackrest');

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $node = PostgreSQL::Test::Cluster->new('main');
my $config = "$tmp/pgbackrest.conf";

# Paths of locks and sockets have to be there, and short
mkdir("$tmp/$_") for qw(repository log spool lock);
$node->init(allows_streaming => 1, extra => major() < 18 ? ['--data-checksums'] : []);
append_to_file($config, join("\n", '[global]',
	"repo1-path=$tmp/repository", "log-path=$tmp/log", "spool-path=$tmp/spool", "lock-path=$tmp/lock",
	'compress-type=gz', 'compress-level=1', 'repo1-retention-full=2', 'start-fast=y',
	'[main]', 'pg1-path=' . $node->data_dir, 'pg1-socket-path=' . $node->host, 'pg1-port=' . $node->port, ''));
my @pgbackrest = ('pgbackrest', "--config=$config", '--stanza=main');
$node->append_conf('postgresql.conf', join("\n", 'autovacuum = off', 'wal_level = replica', 'archive_mode = on',
	"archive_command = '@pgbackrest archive-push %p'", ''));
$node->start;
create_items($node, 3000);

# Commands of operations.md, with the configuration and the moment of this test
my $runbook = slurp_file("$top/doc/operations.md");
my $moment;

sub here
{
	my ($command) = @_;

	$command =~ s/^pgbackrest --stanza=main/@pgbackrest/m or die $command;
	$command =~ s/--target='[^']*'/--target='$moment'/;
	return $command;
}

run_program('sh', '-c', here($_)) for $runbook =~ /^(pgbackrest --stanza=main (?:stanza-create|check|--type=full backup))$/mg;

# Between the backups the index grows and is vacuumed
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(3001, 5000) i;
	DELETE FROM items WHERE id % 10 = 0;));
$node->safe_psql('postgres', 'VACUUM items');
run_program(@pgbackrest, '--type=incr', 'backup');
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(5001, 6000) i;));
$moment = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(6001, 6500) i;
	DELETE FROM items WHERE id < 100;
	SELECT pg_switch_wal();));
items_are_sound($node, 'the server that is backed up');
run_program(@pgbackrest, 'check');
$node->stop('immediate');

# The runbook's commands beside the server
my $restored = PostgreSQL::Test::Cluster->new('restored');
my $began = time;
my ($commands) = $runbook =~ /^(mkdir -m 700 .*?)^```/ms;
my ($dump) = $commands =~ s/^(pg_dump .*)\n//m ? $1 : die 'no dump';
my $options = '-p ' . $restored->port . ' -k ' . $restored->host;
my ($stop) = $commands =~ s/^(\S*pg_ctl .* stop && rm -r .*)\n//m ? $1 : die 'no stop';
$commands =~ s{/usr/lib/postgresql/\d+/bin/}{};
$commands =~ s{/var/lib/postgresql/\d+/past}{$restored->data_dir}ge;
$commands =~ s/-p 5433/$options/;
$commands =~ s/ \\\n +-c config_file=\S+ -c data_directory=[^"]*//;
run_program('sh', '-ec', "cd $tmp\n" . here($commands));
$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
my $took = time - $began;
my $size = $restored->safe_psql('postgres', q(SELECT pg_size_pretty(sum(pg_database_size(oid))) FROM pg_database));
$dump =~ s/-p 5433/'-h ' . $restored->host . ' -p ' . $restored->port/e;
$dump =~ s/DATABASE > items\.sql/postgres/;
like(run_program('sh', '-c', $dump), qr/^COPY public\.items .*^6000\t/ms, 'beside: a table is dumped');
$stop =~ s{/usr/lib/postgresql/\d+/bin/}{};
$stop =~ s{/var/lib/postgresql/\d+/past}{$restored->data_dir}ge;
$stop =~ s/ && rm -r .*// or die $stop;
run_program('sh', '-c', $stop);
$restored->append_conf('postgresql.conf',
	'port = ' . $restored->port . "\nunix_socket_directories = '" . $restored->host . "'\n");
$restored->start;
pass(sprintf('beside: %s restored and replayed in %.1f seconds', $size, $took));

# What is there after a restore
sub is_as_between
{
	my ($server, $name) = @_;

	is($server->safe_psql('postgres', 'SELECT count(*), min(id), max(id) FROM items'), '5500|1|6000',
		"$name: the table is as it was between the inserts");
	items_are_sound($server, "$name: the index agrees with it");
	is($server->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FROM generate_series(5001, 5400) i, LATERAL (
			SELECT id FROM items ORDER BY v <-> item(i) LIMIT 1) s WHERE i % 10 > 0 AND s.id = i)), '360',
		"$name: rows that came after the last backup are found");
	return;
}

is_as_between($restored, 'beside');
$restored->safe_psql('postgres', 'INSERT INTO items SELECT i, item(i) FROM generate_series(7001, 7500) i');
$restored->safe_psql('postgres', 'VACUUM items');
items_are_sound($restored, 'it goes on from there');
is($restored->safe_psql('postgres',
		q(SELECT sum(checksum_failures) FROM pg_stat_database WHERE datname = 'postgres')), '0',
	'no checksum fails');
$restored->stop;

# The runbook's command in its place
my ($command) = $runbook =~ /^(pgbackrest .*--delta .*)$/m;
$began = time;
run_program('sh', '-c', here($command));
$node->start;
$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
pass(sprintf('in its place: restored and replayed in %.1f seconds', time - $began));
is_as_between($node, 'in its place');

# A standby of it goes on beyond the moment of the restore
my @reset = $runbook =~ /^(ALTER SYSTEM RESET \w+;)$/mg;
is(scalar(@reset), 3, 'the target is taken out');
$node->safe_psql('postgres', $_) for @reset;
$node->backup('after');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'after', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', 'CREATE TABLE after_restore ()');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q(SELECT pg_is_in_recovery(), to_regclass('after_restore'))), 't|after_restore',
	'... and a standby follows');
$standby->stop;
$node->safe_psql('postgres', 'DROP TABLE after_restore');

# The units of operations/backup: what they run, and that systemd takes them
my %units = map { s{.*/}{}r => slurp_file($_) } glob("$top/operations/backup/*");
my %runs = map { $_ => ($units{$_} =~ m{^ExecStart=/usr/bin/(.*)$}m)[0] } grep { /service$/ } keys %units;
run_program('sh', '-c', here($runs{'pgbackrest@.service'} =~ s/%i/$_/r)) for qw(full diff full);
pass('in its place: the next backups, by the units');
my ($stanza) = @{ decode_json(run_program(@pgbackrest, '--output=json', 'info')) };
is(join(' ', map { $_->{type} } @{ $stanza->{backup} }), 'full diff full', '... of which those stay that retention keeps');
unlike(run_program('sh', '-c', here($runs{'pgbackrest-verify.service'})), qr/error|invalid/i, '... and are verified');
SKIP:
{
	my @run = grep { defined } map { /^Unit=(\S+)/m ? $1 =~ s/@\w+/@/r : undef } values %units;

	is(join(' ', grep { !exists $units{$_} } @run), '', '... which timers begin');
	skip('there is no systemd-analyze', 1) if !-x '/usr/bin/systemd-analyze';
	my $binary = file_of_package('/usr/bin/pgbackrest');
	mkdir("$tmp/units");
	append_to_file("$tmp/units/$_", $units{$_} =~ s{/usr/bin/pgbackrest}{$binary}r) for sort keys %units;
	is(run_program('systemd-analyze', 'verify', glob("$tmp/units/*.timer"), "$tmp/units/pgbackrest\@full.service"), '',
		'... and systemd takes the units');
}

# A client inserts rows until the server is lost with its disk, shortly before WAL would have been
# archived for archive_timeout
$node->safe_psql('postgres', q(
	CREATE TABLE moments (id serial, at timestamptz DEFAULT clock_timestamp());
	ALTER SYSTEM SET archive_timeout = '10s';
	SELECT pg_reload_conf();));
append_to_file("$tmp/insert.sql", "INSERT INTO moments DEFAULT VALUES \\watch 0.1\n");
my $client = start_program("$tmp/insert.log", 'psql', '-X', '-d', $node->connstr('postgres'), '-f', "$tmp/insert.sql");
my $archived = $node->safe_psql('postgres', 'SELECT archived_count FROM pg_stat_archiver');
# Not by poll_query_until(), which writes the query into a pipe that psql may have closed
my $attempts = 10 * $PostgreSQL::Test::Utils::timeout_default;
while (run_program('psql', '-XAt', '-d', $node->connstr('postgres'), '-c',
		"SELECT archived_count >= $archived + 2 AND now() - last_archived_time > '8 s' FROM pg_stat_archiver") !~ /^t/)
{
	die 'no WAL is archived' if $attempts-- == 0;
	usleep(100_000);
}
my $lost = time;
$node->stop('immediate');
stop_program($client);
my $again = PostgreSQL::Test::Cluster->new('again');
$began = time;
run_program(@pgbackrest, '--pg1-path=' . $again->data_dir, '--archive-mode=off', 'restore');
$again->append_conf('postgresql.conf',
	'port = ' . $again->port . "\nunix_socket_directories = '" . $again->host . "'\n");
$again->start;
$again->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
$took = time - $began;
my ($rows, $last, $seconds) = split(/\|/, $again->safe_psql('postgres',
	"SELECT count(*), max(id), extract(epoch FROM to_timestamp($lost) - max(at)) FROM moments"));
is($rows, $last, 'after the loss of the disk: every row that was archived is there');
pass(sprintf('... those of the last %.1f seconds are lost (archive_timeout = 10s)', $seconds));
pass(sprintf('... restored to the end of the archive in %.1f seconds', $took));
items_are_sound($again, '... and the index agrees with its table');
$again->stop;
done_testing();
