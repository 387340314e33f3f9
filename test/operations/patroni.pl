# SPDX-License-Identifier: PostgreSQL
# patroni with etcd: the primary and its patroni are killed while rows are inserted.  With
# synchronous commit no row that was committed is lost, the index of the new primary is
# sound, and the old one comes back as its standby.  Names of tests tell how long clients wait for
# a primary.

use IO::Socket::INET;
use Time::HiRes qw(time);
use lib 'operations';
use OperationsTest;

# Patroni takes any of several stores; its package may come without the library of this one
unpack_or_skip('patroni', 'python3-etcd', 'etcd-server');

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $etcd_port = free_port();
my $peer_port = free_port();
my $bindir = run_program('pg_config', '--bindir');
my $user = getpwuid($>);

chomp $bindir;
start_program("$tmp/etcd.log", 'etcd', '--data-dir', "$tmp/etcd",
	'--listen-client-urls', "http://127.0.0.1:$etcd_port",
	'--advertise-client-urls', "http://127.0.0.1:$etcd_port",
	'--listen-peer-urls', "http://127.0.0.1:$peer_port");
wait_for('etcd', sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$etcd_port") });

# Servers by their names; patroni makes, starts and stops them
my (%node, %api, %patroni);

sub start_patroni
{
	my ($name) = @_;

	$patroni{$name} = start_program("$tmp/patroni_$name.log",
		'python3', file_of_package('/usr/bin/patroni'), "$tmp/$name.yaml");
	return;
}

for my $name ('a', 'b')
{
	$node{$name} = PostgreSQL::Test::Cluster->new($name);
	$api{$name} = free_port();
	rmdir($node{$name}->data_dir);
	append_to_file("$tmp/$name.yaml", qq(
scope: items
name: $name
restapi: {listen: "127.0.0.1:$api{$name}", connect_address: "127.0.0.1:$api{$name}"}
etcd3: {host: "127.0.0.1:$etcd_port"}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 1
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {wal_log_hints: "on", autovacuum: "off"}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
postgresql:
  listen: "127.0.0.1:@{[$node{$name}->port]}"
  connect_address: "127.0.0.1:@{[$node{$name}->port]}"
  data_dir: "@{[$node{$name}->data_dir]}"
  bin_dir: "$bindir"
  pgpass: "$tmp/pgpass_$name"
  authentication: {superuser: {username: $user}, replication: {username: $user}, rewind: {username: $user}}
  parameters: {unix_socket_directories: "@{[$node{$name}->host]}"}
));
}

# What a server says of a condition; nothing if it does not answer
sub says
{
	my ($name, $query) = @_;
	# psql may be gone before it is told the query, which is an error of its own
	my ($result, $stdout) = eval { $node{$name}->psql('postgres', $query) };

	return ($result // 1) == 0 ? $stdout : '';
}

sub wait_for_primary
{
	my ($name) = @_;

	wait_for("$name as the primary", sub { says($name, 'SELECT pg_is_in_recovery()') eq 'f' });
	return;
}

# A standby is one that the primary waits for at each commit, and that patroni has noted as such:
# it promotes no other
sub wait_for_standby
{
	my ($primary) = @_;
	my ($standby) = grep { $_ ne $primary } keys %node;

	wait_for("a standby of $primary", sub {
		says($primary, q(SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync')) eq '1'
		  && http_get($api{$standby}, '/sync') ne '';
	});
	return;
}

start_patroni('a');
wait_for_primary('a');
start_patroni('b');
wait_for_standby('a');
create_items($node{a}, 2000);

# A client inserts row after row, and says which were committed, until the server is gone
append_to_file("$tmp/insert.sql",
	join('', map { "INSERT INTO items VALUES ($_, item($_)) RETURNING id;\n" } 10001 .. 60000));
my $client = start_program("$tmp/inserted", 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1',
	'-h', $node{a}->host, '-p', $node{a}->port, '-d', 'postgres', '-f', "$tmp/insert.sql");
wait_for('inserts', sub { (-s "$tmp/inserted" // 0) > 2000 });

my ($postmaster) = slurp_file($node{a}->data_dir . '/postmaster.pid') =~ /^(\d+)/;
$patroni{a}->signal('KILL');
kill 'KILL', $postmaster;
my $killed = time;
wait_for_primary('b');
pass(sprintf('the standby becomes the primary %.1f seconds after the kill (ttl = 20)', time - $killed));
stop_program($_) for $client, $patroni{a};
my ($committed) = (grep { /^\d+$/ } reverse split(/\n/, slurp_file("$tmp/inserted")));
cmp_ok($committed, '>', 10001, 'rows were committed when the primary was killed');
is(says('b', "SELECT count(*) FROM items WHERE id BETWEEN 10001 AND $committed"), $committed - 10000,
	'none of them is lost');
items_are_sound($node{b}, 'the index of the new primary agrees with its table');
is(says('b', qq(SET enable_seqscan = off;
	SELECT count(*) FROM generate_series(greatest(10001, $committed - 99), $committed) i, LATERAL (
		SELECT id FROM items ORDER BY v <-> item(i) LIMIT 1) s WHERE s.id = i)),
	$committed > 10100 ? '100' : $committed - 10000,
	'the last rows are found by their vectors');

# The old primary has WAL that the new one does not have; patroni rewinds it
start_patroni('a');
wait_for_standby('b');
is(says('a', 'SELECT pg_is_in_recovery()'), 't', 'the old primary comes back as a standby');
$node{b}->safe_psql('postgres', q(
	DELETE FROM items WHERE id % 3 = 0;
	INSERT INTO items SELECT i, item(i) FROM generate_series(90001, 90300) i;));
$node{b}->safe_psql('postgres', 'VACUUM items');
my $end = $node{b}->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
wait_for('replay', sub { says('a', "SELECT pg_last_wal_replay_lsn() >= '$end'") eq 't' });
items_are_sound($node{a}, 'its index agrees with its table');

# The commands of operations.md, without questions.  They are refused until patroni knows
# that the standby has all there is
my %command = map { (split / /)[3] => $_ } slurp_file("$top/doc/operations.md") =~ /^(patronictl .*)$/mg;

sub patronictl
{
	my ($what, %names) = @_;
	my @command = split / /, $command{$what};

	splice @command, 0, 3, 'python3', file_of_package('/usr/bin/patronictl'), '-c', "$tmp/b.yaml";
	$names{ $command[ $_ - 1 ] } && ($command[$_] = $names{ $command[ $_ - 1 ] }) for 1 .. $#command;
	IPC::Run::run([ @command, $what eq 'list' ? () : '--force' ], '<', '/dev/null', '>&', \my $output);
	return $output;
}

my $began;
wait_for('a switchover', sub {
	$began = time;
	patronictl('switchover', '--leader' => 'b', '--candidate' => 'a') =~ /Successfully switched over/;
});
wait_for_primary('a');
pass(sprintf('a switchover takes %.1f seconds', time - $began));
wait_for_standby('a');
$node{a}->safe_psql('postgres', 'INSERT INTO items SELECT i, item(i) FROM generate_series(91001, 91300) i');
items_are_sound($node{a}, 'after a switchover as well');
wait_for('the list', sub { patronictl('list') =~ /\| a .*\| Leader .*\| b .*\| Sync Standby /s });
pass('the list says who is what');
wait_for('a failover', sub { $began = time; patronictl('failover') =~ /Successfully failed over/ });
wait_for_primary('b');
pass(sprintf('a failover by hand takes %.1f seconds', time - $began));
wait_for_standby('b');
items_are_sound($node{b}, 'after a failover by hand as well');

stop_program($patroni{$_}) for 'a', 'b';
done_testing();
