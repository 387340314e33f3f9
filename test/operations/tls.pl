# SPDX-License-Identifier: PostgreSQL
# TLS with client certificates: a role of the application searches over a connection that
# both sides have proved.

use lib 'operations';
use OperationsTest;

unpack_or_skip('openssl');
my $dir = "$PostgreSQL::Test::Utils::tmp_check/certificates";
mkdir $dir;

# A certificate of this name, signed by the authority of that name, or by itself
sub certificate
{
	my ($name, $authority, $subject) = @_;

	run_program('openssl', 'req', '-new', '-nodes', '-newkey', 'rsa:2048', '-subj', "/CN=$subject",
		'-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	run_program('openssl', 'x509', '-req', '-days', '2', '-in', "$dir/$name.csr", '-out', "$dir/$name.crt",
		$authority eq $name
		? ('-signkey', "$dir/$name.key", '-extfile', "$dir/authority")
		: ('-CA', "$dir/$authority.crt", '-CAkey', "$dir/$authority.key", '-CAcreateserial'));
	chmod(0600, "$dir/$name.key");
	return;
}

append_to_file("$dir/authority", "basicConstraints = critical, CA:TRUE\n");
certificate('root', 'root', 'root');
certificate('server', 'root', 'localhost');
certificate('app', 'root', 'app');
certificate('stranger', 'stranger', 'app');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
my $port = free_port();
$node->append_conf('postgresql.conf', qq(
listen_addresses = '127.0.0.1'
port = $port
ssl = on
ssl_ca_file = '$dir/root.crt'
ssl_cert_file = '$dir/server.crt'
ssl_key_file = '$dir/server.key'
));
unlink($node->data_dir . '/pg_hba.conf');
append_to_file($node->data_dir . '/pg_hba.conf',
	"local all all trust\nhostssl all app 127.0.0.1/32 cert\n");
$node->{_port} = $port;
$node->start;
create_items($node, 2000);
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN; GRANT SELECT ON items TO app');

# Whom clients trust
my $trusted = 'root';

# What psql says with a certificate
sub search_with
{
	my ($certificate, $mode) = @_;
	my $connection = "host=localhost hostaddr=127.0.0.1 port=$port dbname=postgres user=app sslmode=$mode "
	  . "sslrootcert=$dir/$trusted.crt"
	  . ($certificate ? " sslcert=$dir/$certificate.crt sslkey=$dir/$certificate.key" : ' sslcert=none sslkey=none');
	my $output;

	IPC::Run::run([ 'psql', '-XAt', '-d', $connection,
			'-c', 'SET enable_seqscan = off',
			'-c', 'SELECT count(*), (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())
				FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5) s' ],
		'<', '/dev/null', '>&', \$output);
	return $output;
}

like(search_with('app', 'verify-full'), qr/^5\|t$/m, 'a search with a certificate');
like(search_with('', 'verify-full'), qr/requires a valid client certificate/, 'without one');
like(search_with('stranger', 'verify-full'), qr/unknown ca|certificate/i, 'with one that nobody signed');
unlike(search_with('stranger', 'verify-full'), qr/^5/m, 'nothing is found with that');
like(search_with('app', 'disable'), qr/no pg_hba\.conf entry/, 'without TLS');

# Replaced by a reload: a new authority signs both sides, and an open session goes on
my $session = $node->background_psql('postgres');
certificate('next', 'next', 'next');
certificate('next-app', 'next', 'app');
system('sh', '-c', 'cat "$0/root.crt" "$0/next.crt" >"$0/both.crt"', $dir) == 0 or die 'cannot write certificates';
$node->append_conf('postgresql.conf', "ssl_ca_file = '$dir/both.crt'\n");
$node->reload;
wait_for('a certificate of the new authority', sub { search_with('next-app', 'verify-full') =~ /^5\|t$/m });
like(search_with('app', 'verify-full'), qr/^5\|t$/m, 'both authorities count');
certificate('server', 'next', 'localhost');
$trusted = 'next';
$node->append_conf('postgresql.conf', "ssl_ca_file = '$dir/next.crt'\n");
$node->reload;
wait_for('the server\'s new certificate', sub { search_with('next-app', 'verify-full') =~ /^5\|t$/m });
unlike(search_with('app', 'verify-full'), qr/^5/m, 'after it, the new certificates alone');
is($session->query('SELECT 1'), '1', 'a session went on');
$session->quit;

$node->stop;
done_testing();
