# SPDX-License-Identifier: PostgreSQL
# A coordinator and three servers that operations/shards.sql has set up: 200 random queries
# return the rows of a plain table in their order, and no server sends more rows than LIMIT
# and OFFSET take; rows go in through the table; a stopped server is named; policies and
# user mappings hold.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use ShardTest;

my $node = loki_node('coordinator');
my @shards = map { loki_node("shard_$_") } 1 .. 3;
my $recipe = "$FindBin::RealBin/../../operations/shards.sql";

$node->start;
plan skip_all => 'postgres_fdw and dblink are not installed'
  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_available_extensions
	WHERE name IN ('postgres_fdw', 'dblink')") < 2;
$_->start for @shards;
srand(48);

my $user = $node->safe_psql('postgres', 'SELECT CURRENT_USER');
my %variables = (
	shards => join(' ', map { $_->host . ':' . $_->port } @shards),
	user => $user,
	table => 'items',
	columns => $columns,
	key => 'tenant',
	primary_key => 'id',
	settings => '-c hnsw.ef_search=1000');

# Run the script
sub set_up
{
	my %with = (%variables, @_);
	my @command = ('psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', $recipe);
	my ($stdout, $stderr);
	my $ok = IPC::Run::run([ @command, map { ('-v', "$_=$with{$_}") } sort keys %with ],
		'<', '/dev/null', '>', \$stdout, '2>', \$stderr);

	return ($ok, $stdout, $stderr);
}

# The document's command, on two fresh servers, where the coordinator is no superuser
for my $shard (@shards[ 0, 1 ])
{
	$shard->safe_psql('postgres', 'CREATE ROLE app LOGIN; CREATE DATABASE app OWNER app');
	$shard->safe_psql('app', 'CREATE EXTENSION lokivector');
}
my ($command) = slurp_file("$FindBin::RealBin/../../doc/sharding.md") =~ /^```sh\n(createdb app .*?)^```/ms;
my $hosts = join(' ', map { $_->host . ':' . $_->port } @shards[ 0, 1 ]);
like($command, qr/shard1\.example\.com shard2\.example\.com:5433/, 'doc/sharding.md has the command');
$command =~ s/shard1\.example\.com shard2\.example\.com:5433/$hosts/;
$command =~ s{operations/shards.sql}{$recipe};
{
	local %ENV = (%ENV, $node->_get_env());
	my ($output, $errors);

	ok(IPC::Run::run([ 'sh', '-c', $command ], '<', '/dev/null', '>', \$output, '2>', \$errors),
		'... which works on fresh servers') or diag($errors);
}
$node->safe_psql('app', "INSERT INTO notes SELECT n, n % 10, ARRAY(SELECT sin(n * i) FROM generate_series(1, 768) i)
	FROM generate_series(1, 100) n");
is($node->safe_psql('app', 'SELECT id FROM notes ORDER BY embedding <=> (' .
		'SELECT embedding FROM notes WHERE id = 77) LIMIT 1'), 77, '... and notes is searched');

# First with a shard that does not answer, and with one that has another table
$shards[2]->stop;
my ($ok, $stdout, $stderr) = set_up();
ok(!$ok, 'a shard that does not answer stops the script');
like($stderr, qr/could not establish connection.*\Q${\ $shards[2]->port}\E/s, '... which names it');
$shards[2]->start;
$shards[1]->safe_psql('postgres',
	'CREATE EXTENSION IF NOT EXISTS lokivector; CREATE TABLE items_2 (id integer, v vector(7))');
($ok, $stdout, $stderr) = set_up();
ok(!$ok, 'so does a shard that does not fit');
like($stderr, qr/items_2 \(shard_2\): v vector\(7\) in place of v vector\(8\)/, '... which is named');
is($node->safe_psql('postgres', "SELECT to_regclass('items')"), '', '... and nothing is left here');
$shards[1]->safe_psql('postgres', 'DROP TABLE items_2');

($ok, $stdout, $stderr) = set_up();
ok($ok, 'tables are made without indexes') or diag($stderr);
create_plain($node, 3000);
$node->safe_psql('postgres', 'INSERT INTO items SELECT * FROM plain WHERE id <= 1000');
my $copy = "$PostgreSQL::Test::Utils::tmp_check/rows";
$node->safe_psql('postgres', "COPY (SELECT * FROM plain WHERE id > 1000) TO '$copy'; COPY items FROM '$copy'");
($ok, $stdout, $stderr) = set_up(index => 'hnsw (v vector_l2_ops, kind)');
ok($ok, 'indexes are made when the script is run again') or diag($stderr);
is($node->safe_psql('postgres',
		"SELECT server, indexes, fault FROM lokivector_check_shards('items')"),
	join("\n", map { "shard_$_|v vector_l2_ops|" } 1 .. 3), '... on all shards');
($ok, $stdout, $stderr) = set_up(table => 'Other Items', shards => join(' ', reverse split / /, $variables{shards}));
ok(!$ok, 'servers of other addresses stop the script');
like($stderr, qr/shard_1 has port \Q${\ $shards[0]->port}, not ${\ $shards[2]->port}\E/, '... which names them');
is($node->safe_psql('postgres', q(SELECT to_regclass('"Other Items"'))), '', '... and makes no table');
($ok, $stdout, $stderr) = set_up(table => 'Other Items');
ok($ok, 'a name may need quotes') or diag($stderr);
is(join(' ', map { $_ > 0 } map { $shards[ $_ - 1 ]->safe_psql('postgres',
			"SELECT count(*) FROM items_$_") } 1 .. 3), '1 1 1', 'all have rows');
is($node->safe_psql('postgres', 'SELECT count(*) FROM (TABLE items EXCEPT TABLE plain) d'), 0,
	'INSERT and COPY wrote them through the table');
is($node->safe_psql('postgres', 'SELECT count(*) FROM items'), 3000, '... and all of them');
random_queries_agree($node, sub
{
	my ($query, $plan) = @_;
	my $sent = 0;

	$sent += $1 * $2 while $plan =~ /Foreign Scan on .*\(actual rows=([\d.]+) loops=(\d+)\)/g;
	return $plan =~ /Foreign Scan/ && $sent <= 3 * ($query->{limit} + $query->{offset});
}, 'force_custom_plan', 'force_generic_plan');

# Writes through the table
my @writes = (
	"INSERT INTO items VALUES (5001, 2, 1, '[9,9,9,9,9,9,9,9]', 'new'), (5003, 3, 1, '[8,8,8,8,8,8,8,8]', 'new')",
	"UPDATE items SET v = '[7,7,7,7,7,7,7,7]', kind = 4 WHERE id = 10 AND tenant = 3",
	"UPDATE items SET note = 'changed' WHERE id % 10 = 1",
	"DELETE FROM items WHERE id % 10 = 2",
	"BEGIN; DELETE FROM items; ROLLBACK");
for my $table ('items', 'plain')
{
	$node->safe_psql('postgres', join(";\n", @writes) =~ s/\bitems\b/$table/gr);
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM (TABLE items EXCEPT TABLE plain) d'), 0,
	'INSERT, UPDATE and DELETE go through the table');
is($node->safe_psql('postgres', "SELECT id FROM items ORDER BY v <-> '[9,9,9,9,9,9,9,9]' LIMIT 3"),
	"5001\n5003\n10", '... and searches find what they wrote');
like(error_of($node, 'INSERT INTO items (id, tenant) VALUES (1, 1)'), qr/duplicate key .*items_\d_pkey/s,
	"a shard's key is unique");

# Another role has a mapping of its own, to a role to which policies apply there too
my $search = "SELECT count(*), count(*) FILTER (WHERE tenant = 1), count(*) FILTER (WHERE kind = 2)
	FROM (SELECT * FROM items ORDER BY v <-> '[1,0,0,0,0,0,0,0]' LIMIT 20) n";
for my $n (1 .. 3)
{
	$shards[ $n - 1 ]->safe_psql('postgres', "CREATE ROLE reader LOGIN;
		GRANT SELECT ON items_$n TO reader;
		ALTER TABLE items_$n ENABLE ROW LEVEL SECURITY;
		CREATE POLICY kinds ON items_$n TO reader USING (kind = 2)");
	$node->safe_psql('postgres', "CREATE ROLE reader") if $n == 1;
	$node->safe_psql('postgres', "CREATE USER MAPPING FOR reader SERVER shard_$n
		OPTIONS (user 'reader', password_required 'false')") if $n < 3;
}
like(error_of($node, "SET ROLE reader; $search"), qr/permission denied for table items/,
	'another role needs the privilege');
$node->safe_psql('postgres', 'GRANT SELECT ON items TO reader');
like(error_of($node, "SET ROLE reader; $search"), qr/user mapping not found/, '... and a mapping on each server');
$node->safe_psql('postgres',
	"CREATE USER MAPPING FOR reader SERVER shard_3 OPTIONS (user 'reader', password_required 'false')");
like($node->safe_psql('postgres', "SET ROLE reader; $search"), qr/^20\|\d+\|20$/,
	'a policy of the shards holds for the role of the mapping');
$node->safe_psql('postgres', "ALTER TABLE items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY tenants ON items TO reader USING (tenant = 1)");
is($node->safe_psql('postgres', "SET ROLE reader; $search"), '20|20|20', '... and so does one of the table');
like(error_of($node, "SET ROLE reader; INSERT INTO items (id, tenant) VALUES (9001, 1)"),
	qr/permission denied for table items/, '... and privileges');

# A mapping to a role that may not read the table
$shards[1]->safe_psql('postgres', 'CREATE ROLE stranger LOGIN');
$node->safe_psql('postgres', "ALTER USER MAPPING FOR CURRENT_USER SERVER shard_2 OPTIONS (SET user 'stranger')");
is($node->safe_psql('postgres', "SELECT server, fault FROM lokivector_check_shards('items') WHERE fault IS NOT NULL"),
	'shard_2|no right to read id, tenant, kind, v, note', 'a shard that may not be read is a fault');
$node->safe_psql('postgres', "ALTER USER MAPPING FOR CURRENT_USER SERVER shard_2 OPTIONS (SET user '$user')");

# A server that has stopped
my ($of_first) = split(/\n/, $node->safe_psql('postgres',
	"SELECT tenant FROM items WHERE tableoid = 'items_1'::regclass LIMIT 1"));
$shards[1]->stop('immediate');
like(error_of($node, "SELECT id FROM items ORDER BY v <-> '[1,0,0,0,0,0,0,0]' LIMIT 3"),
	qr/could not connect to server "shard_2"/, 'a stopped server is an error that names it');
is($node->safe_psql('postgres', "SELECT server FROM lokivector_check_shards('items')
	WHERE fault LIKE 'could not connect to server \"shard_2\"%'"), 'shard_2', '... and a fault of its partition');
is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT id FROM items WHERE tenant = $of_first
	ORDER BY v <-> '[1,0,0,0,0,0,0,0]' LIMIT 3) n"), 3, 'tenants of other servers are served');
$shards[1]->start;
is($node->safe_psql('postgres', 'SELECT count(*) = (SELECT count(*) FROM plain) FROM items'), 't',
	'all are, when it is back');
my ($host, $port) = ($shards[1]->host, $shards[1]->port);
$node->safe_psql('postgres', "ALTER SERVER shard_2 OPTIONS (SET host '/nowhere,$host', SET port '$port,$port',
	ADD target_session_attrs 'read-write')");
is($node->safe_psql('postgres', 'SELECT count(*) = (SELECT count(*) FROM plain) FROM items'), 't',
	'a server may have several hosts');

done_testing();
