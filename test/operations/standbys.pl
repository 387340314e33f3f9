# SPDX-License-Identifier: PostgreSQL
# Reads on two standbys: connection strings of several hosts, and pgbouncer in between,
# as doc/scaling.md shows them.

use lib 'operations';
use OperationsTest;

unpack_or_skip('pgbouncer');

# pgbouncer takes one port for all hosts of a list, so each server has an address
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $port = free_port();
my %address = (primary => '127.0.0.1', standby1 => '127.0.0.2', standby2 => '127.0.0.3');
my %node;

sub listen_on_address
{
	my ($name) = @_;

	mkdir "$tmp/$name" or die "$tmp/$name: $!";
	$node{$name}->append_conf('postgresql.conf',
		"listen_addresses = '$address{$name}'\nport = $port\n"
		. "unix_socket_directories = '$tmp/$name'\n");
	return;
}

# What a statement prints, or the error
sub query
{
	my ($connection, $statement) = @_;
	my $output;

	IPC::Run::run([ 'psql', '-XAtq', '-c', $statement, $connection ], '<', '/dev/null',
		'>', \$output, '2>&1');
	chomp $output;
	return $output;
}

my $user = getpwuid($<);

sub hosts
{
	my ($names, $rest) = @_;

	return 'host=' . join(',', map { $address{$_} } @$names)
	  . " port=$port dbname=postgres user=$user connect_timeout=60 $rest";
}

$node{primary} = PostgreSQL::Test::Cluster->new('primary');
$node{primary}->init(allows_streaming => 1);
$node{primary}->append_conf('pg_hba.conf',
	"host all,replication all 127.0.0.0/8 trust\nlocal all,replication all trust\n");
$node{primary}->start;
create_items($node{primary}, 2000);
$node{primary}->backup('backup');
for my $name ('standby1', 'standby2')
{
	$node{$name} = PostgreSQL::Test::Cluster->new($name);
	$node{$name}->init_from_backup($node{primary}, 'backup', has_streaming => 1);
	$node{$name}->append_conf('postgresql.conf',
		"primary_conninfo = 'host=$address{primary} port=$port user=$user application_name=$name'\n");
}
$node{primary}->stop;
for my $name (sort keys %node)
{
	listen_on_address($name);
	$node{$name}->start;
}

my $all = [ 'standby1', 'standby2', 'primary' ];
my $writer = hosts([ 'standby1', 'primary', 'standby2' ], 'target_session_attrs=read-write');
my $reader = hosts($all, 'target_session_attrs=prefer-standby');
my $where = 'SELECT pg_is_in_recovery()';
my $search = 'SELECT id FROM items ORDER BY v <-> item(5) LIMIT 10';

is(query($writer, $where), 'f', 'a writer finds the primary');
is(query($reader, $where), 't', 'a reader finds a standby');

# The standbys have what the primary wrote, and the same index
query($writer, 'DELETE FROM items WHERE id = 5');
my $answer = query($writer, $search);
my $lsn = query($writer, 'SELECT pg_current_wal_lsn()');
for my $name ('standby1', 'standby2')
{
	my $at = hosts([$name], '');

	wait_for("$name replays", sub { query($at, "SELECT pg_last_wal_replay_lsn() >= '$lsn'") eq 't' });
	is(query($at, $search), $answer, "$name answers as the primary does");
}

# pgbouncer: one database for writers, one for readers, and a setting of the role
query($writer, "ALTER ROLE \"$user\" SET hnsw.ef_search = 77");
my $bouncer_port = free_port();
append_to_file("$tmp/users.txt", qq("$user" ""\n));
append_to_file("$tmp/pgbouncer.ini", join("\n",
	'[databases]',
	"app = host=$address{primary} port=$port dbname=postgres",
	"app_reads = host=$address{standby1},$address{standby2} port=$port dbname=postgres",
	'[pgbouncer]', 'pool_mode = transaction', 'default_pool_size = 4', 'auth_type = trust',
	'server_login_retry = 1', "auth_file = $tmp/users.txt", 'listen_addr = 127.0.0.1',
	'unix_socket_dir =', "listen_port = $bouncer_port", ''));
my $bouncer = start_program("$tmp/pgbouncer.log", 'pgbouncer', "$tmp/pgbouncer.ini");

sub pooled
{
	return "host=127.0.0.1 port=$bouncer_port user=$user dbname=$_[0]";
}

wait_for('pgbouncer', sub { query(pooled('app'), 'SELECT 1') eq '1' });
is(query(pooled('app'), $where), 'f', 'pgbouncer: the writers\' database is on the primary');
is(query(pooled('app_reads'), $where), 't', '... and the readers\' on standbys');
is(query(pooled('app_reads'), $search), $answer, '... where a search answers as on the primary');
wait_for('ALTER ROLE on a standby', sub {
	query(hosts(['standby1'], ''), 'SHOW hnsw.ef_search') eq '77' });

# Two transactions at once are on two standbys
my @sessions = map { { in => '', out => '' } } 1 .. 2;
for my $session (@sessions)
{
	$session->{handle} = IPC::Run::start([ 'psql', '-XAtq', pooled('app_reads') ],
		'<', \$session->{in}, '>', \$session->{out}, '2>&1');
	$session->{in} .= "BEGIN; SELECT host(inet_server_addr());\n";
	$session->{handle}->pump until $session->{out} =~ /\n/;
}
is(join(' ', sort map { $_->{out} =~ s/\n//r } @sessions), "$address{standby1} $address{standby2}",
	'pgbouncer spreads its connections over both standbys');
for my $session (@sessions)
{
	$session->{in} .= "COMMIT;\n\\q\n";
	$session->{handle}->finish;
}

# A standby is lost: the other one serves all
$node{standby2}->stop('immediate');
wait_for('pgbouncer goes on with one standby', sub { query(pooled('app_reads'), $search) eq $answer });
is(query(hosts([ 'standby2', 'standby1', 'primary' ], 'target_session_attrs=prefer-standby'), $where),
	't', 'a reader finds the standby that is left');
$node{standby1}->stop('immediate');
is(query($reader, $where), 'f', '... and the primary if there is none');

stop_program($bouncer);
done_testing();
