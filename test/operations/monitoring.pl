# prometheus-postgres-exporter with the queries of operations/, and the alert rules by
# promtool: each rule's metrics are there, and causes that a server can be given show.

use strict;
use warnings;

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'operations';
use OperationsTest;

unpack_or_skip('prometheus-postgres-exporter', 'prometheus');

chdir("$top/operations");
like(run_program('promtool', 'check', 'rules', 'alerts.yaml'), qr/SUCCESS/, 'the rules are rules');
like(run_program('promtool', 'test', 'rules', 'alerts_test.yaml'), qr/SUCCESS/,
	'each alert comes for its cause, and rests without it');
chdir("$top/test");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
create_items($node, 5000);
$node->safe_psql('postgres', q(
	CREATE ROLE exporter LOGIN IN ROLE pg_monitor;
	CREATE INDEX items_failed ON items USING hnsw (v vector_cosine_ops);
	UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_failed'::regclass;
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 5) s;
	SELECT count(*) FROM (SELECT id FROM items WHERE id % 50 = 0 ORDER BY v <-> item(5) LIMIT 80) s;
	DELETE FROM items WHERE id % 2 = 0;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 4000) s;));

# Scrape the exporter once; the samples by their names and index
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

sub scrape
{
	my $port = free_port();
	my $text = '';

	local $ENV{DATA_SOURCE_NAME} =
	  'host=' . $node->host . ' port=' . $node->port . ' user=exporter dbname=postgres sslmode=disable';
	my $exporter = start_program("$tmp/exporter.log", 'prometheus-postgres-exporter',
		'--disable-default-metrics', '--disable-settings-metrics', "--extend.query-path=$top/operations/postgres_exporter.yaml",
		"--web.listen-address=127.0.0.1:$port");
	wait_for('the exporter', sub { ($text = get($port)) =~ /^pg_up 1$/m });
	stop_program($exporter);
	return $text;
}

# The body of an HTTP response, or nothing
sub get
{
	my ($port) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") or return '';

	print $socket "GET /metrics HTTP/1.0\r\n\r\n";
	local $/;
	return <$socket> // '';
}

sub sample
{
	my ($text, $name, $index) = @_;

	return $text =~ /^\Q$name\E\{[^}]*indexrelname="\Q$index\E"[^}]*\} (\S+)$/m ? $1 + 0 : undef;
}

my $text = scrape();
unlike($text, qr/pg_exporter_user_queries_load_error\{[^}]*\} 1/, 'the exporter reads the queries');
like($text, qr/^pg_exporter_last_scrape_error 0$/m, 'no query fails for a member of pg_monitor');
cmp_ok(sample($text, 'lokivector_index_scans', 'items_idx'), '==', 3, 'scans');
cmp_ok(sample($text, 'lokivector_index_widened_scans', 'items_idx'), '>=', 1, 'scans that went on wider');
cmp_ok(sample($text, 'lokivector_index_search_seconds', 'items_idx'), '>', 0, 'time');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_idx'), '==', 1, 'an index that is valid');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 0, 'an index that is not');
cmp_ok(sample($text, 'lokivector_index_state_recall', 'items_idx'), '>', 0.9, 'recall');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '>', 1000, 'dead rows');
like($text, qr/^lokivector_index_advice_given\{about="vacuum",[^}]*indexrelname="items_idx"/m, 'advice');
like($text, qr/^lokivector_replay_lag_seconds(\{[^}]*\})? 0$/m, 'replay');

# Rules and panels name metrics that the exporter has
my %known = map { $_ => 1 } $text =~ /^(lokivector_\w+)/mg;
for my $file ('alerts.yaml', 'dashboard.json')
{
	next unless -e "$top/operations/$file";
	my @unknown = grep { !$known{$_} } slurp_file("$top/operations/$file") =~ /\b(lokivector_(?:index|replay)\w+)/g;

	is("@unknown", '', "$file names metrics that there are");
}

# After the cure
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres', 'REINDEX INDEX items_failed');
$text = scrape();
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 1, 'REINDEX makes it valid');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '==', 0, 'VACUUM takes dead rows out');

done_testing();
