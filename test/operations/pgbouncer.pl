# SPDX-License-Identifier: PostgreSQL
# pgbouncer in transaction mode: how settings reach a query there, and prepared
# statements.

use lib 'operations';
use OperationsTest;

unpack_or_skip('pgbouncer');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
create_items($node, 2000);
$node->safe_psql('postgres', q(
	CREATE ROLE narrow LOGIN;
	ALTER ROLE narrow SET hnsw.ef_search = 7;
	GRANT SELECT ON items TO narrow;));

# One connection to the server, which all clients take in turn
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $port = free_port();
my $user = $node->safe_psql('postgres', 'SELECT current_user');
append_to_file("$tmp/users.txt", qq("$user" ""\n"narrow" ""\n));
append_to_file("$tmp/pgbouncer.ini", join("\n",
	'[databases]', 'postgres = host=' . $node->host . ' port=' . $node->port,
	'[pgbouncer]', 'pool_mode = transaction', 'default_pool_size = 1', 'auth_type = trust',
	"auth_file = $tmp/users.txt", "unix_socket_dir = " . $node->host, "listen_port = $port", '')); 
my $bouncer = start_program("$tmp/pgbouncer.log", 'pgbouncer', "$tmp/pgbouncer.ini");
my $connection = 'host=' . $node->host . " port=$port dbname=postgres";
wait_for('pgbouncer', sub { (`psql -XAtc 'SELECT 1' "$connection user=$user" 2>&1` // '') eq "1\n" });

# What a client prints, each its own
sub client
{
	my ($statements, $role) = @_;
	my $output;

	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', "$connection user=" . ($role // $user) ],
		'<', \$statements, '>', \$output, '2>&1');
	chomp $output;
	return $output;
}

my $search = "SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 3) s;\n";
my $show = "SELECT current_setting('hnsw.ef_search');\n";

is(client($search), '3', 'a search through pgbouncer');
client("SET hnsw.ef_search = 11;\n");
is(client($show), '11', 'SET reaches the next client: pgbouncer does not take it back');
client("RESET hnsw.ef_search;\n");

is(client("BEGIN; SET LOCAL hnsw.ef_search = 12; $show COMMIT;\n"), '12', 'SET LOCAL holds in its transaction');
is(client($show), '40', '... and in no other');
is(client($search . $show, 'narrow'), "3\n7", 'ALTER ROLE ... SET holds for a role');
is(client($search . $show), "3\n40", '... and for no other');

$node->safe_psql('postgres', 'ALTER INDEX items_idx SET (ef_search = 200)');
is(client("SELECT lokivector_reset_counts('items_idx');\n$search"
		. "SELECT nodes_scored > 300 FROM lokivector_index_counts();\n"), "\n3\nt",
	q(an index's own ef_search holds for all clients));
$node->safe_psql('postgres', 'ALTER INDEX items_idx RESET (ef_search)');

# Prepared statements of the protocol: since 1.21 pgbouncer prepares them on the
# connection that it has at the moment
my ($version) = run_program('pgbouncer', '--version') =~ /PgBouncer (\d+\.\d+)/;
SKIP:
{
	skip("prepared statements need pgbouncer 1.21, this is $version", 1)
	  if (split(/\./, $version))[1] < 21 && $version =~ /^1\./;
	skip("pgbench is not installed", 1) if system('pgbench --version >/dev/null 2>&1') != 0;
	stop_program($bouncer);
	append_to_file("$tmp/pgbouncer.ini", "max_prepared_statements = 100\n");
	$bouncer = start_program("$tmp/pgbouncer.log", 'pgbouncer', "$tmp/pgbouncer.ini");
	wait_for('pgbouncer', sub { (`psql -XAtc 'SELECT 1' "$connection user=$user" 2>&1` // '') eq "1\n" });
	append_to_file("$tmp/search.sql",
		"\\set n random(1, 2000)\nSELECT id FROM items ORDER BY v <-> item(:n) LIMIT 3;\n");
	my $output = run_program('pgbench', '-n', '-M', 'prepared', '-c', '4', '-t', '50',
		'-f', "$tmp/search.sql", "$connection user=$user");
	like($output, qr/number of transactions actually processed: 200\/200/, 'prepared statements');
}

stop_program($bouncer);
done_testing();
