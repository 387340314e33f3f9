# pgbackrest: a full and an incremental backup, and restores to a point in time between two
# inserts: beside the server, and in its place by the command of operations.md.  After each the
# index agrees with its table, and finds as much as before.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use lib 'operations';
use OperationsTest;

unpack_or_skip('pgbackrest');

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $node = PostgreSQL::Test::Cluster->new('main');
my $config = "$tmp/pgbackrest.conf";

# Paths of locks and sockets have to be there, and short
mkdir("$tmp/$_") for qw(repository log spool lock);
$node->init(extra => major() < 18 ? ['--data-checksums'] : []);
append_to_file($config, join("\n", '[global]',
	"repo1-path=$tmp/repository", "log-path=$tmp/log", "spool-path=$tmp/spool", "lock-path=$tmp/lock",
	'compress-type=gz', 'compress-level=1', 'repo1-retention-full=2', 'start-fast=y',
	'[main]', 'pg1-path=' . $node->data_dir, 'pg1-socket-path=' . $node->host, 'pg1-port=' . $node->port, ''));
my @pgbackrest = ('pgbackrest', "--config=$config", '--stanza=main');
$node->append_conf('postgresql.conf', join("\n", 'autovacuum = off', 'wal_level = replica', 'archive_mode = on',
	"archive_command = '@pgbackrest archive-push %p'", ''));
$node->start;
run_program(@pgbackrest, 'stanza-create');
create_items($node, 3000);
run_program(@pgbackrest, '--type=full', 'backup');

# Between the backups the index grows, is vacuumed and is requantized
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(3001, 5000) i;
	DELETE FROM items WHERE id % 10 = 0;));
$node->safe_psql('postgres', 'VACUUM items');
run_program(@pgbackrest, '--type=incr', 'backup');
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(5001, 6000) i;
	SELECT pg_create_restore_point('between');));
my $moment = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT i, item(i) FROM generate_series(6001, 6500) i;
	DELETE FROM items WHERE id < 100;
	SELECT pg_switch_wal();));
items_are_sound($node, 'the server that is backed up');
run_program(@pgbackrest, 'check');
$node->stop('immediate');

my $restored = PostgreSQL::Test::Cluster->new('restored');
my $began = time;
run_program(@pgbackrest, '--pg1-path=' . $restored->data_dir, '--type=name', '--target=between',
	'--target-action=promote', 'restore');
$restored->append_conf('postgresql.conf',
	'port = ' . $restored->port . "\nunix_socket_directories = '" . $restored->host . "'\narchive_mode = off\n");
$restored->start;
$restored->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
note(sprintf('restored and replayed in %.1f seconds', time - $began));

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

# The runbook's command, for this stanza and moment
my ($command) = slurp_file("$top/doc/operations.md") =~ /^(pgbackrest .* restore)$/m;
$command =~ s/--stanza=main //;
$command =~ s/--target='[^']*'/--target='$moment'/ or die 'no target';
$command =~ s/^pgbackrest/@pgbackrest/;
run_program('sh', '-c', $command);
$node->start;
$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
is_as_between($node, 'in its place');
run_program(@pgbackrest, '--type=full', 'backup');
pass('in its place: the next backup');
$node->stop;
done_testing();
