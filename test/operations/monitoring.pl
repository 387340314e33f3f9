# prometheus-postgres-exporter with the queries of operations/, alert rules by promtool
# and by Prometheus, the queries of the dashboard; before and after causes of alerts.

use strict;
use warnings;

use IO::Socket::INET;
use JSON::PP qw(decode_json);
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
	SET lokivector.recall_sample_rate = 1;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5) s;
	RESET lokivector.recall_sample_rate;
	SELECT lokivector_measure_samples('items_idx');
	DELETE FROM items WHERE id % 2 = 0;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 4000) s;));

# Start the exporter; returns its handle and port
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

sub start_exporter
{
	my $port = free_port();

	local $ENV{DATA_SOURCE_NAME} =
	  'host=' . $node->host . ' port=' . $node->port . ' user=exporter dbname=postgres sslmode=disable';
	my $exporter = start_program("$tmp/exporter.log", 'prometheus-postgres-exporter',
		'--disable-default-metrics', '--disable-settings-metrics',
		"--extend.query-path=$top/operations/postgres_exporter.yaml", "--web.listen-address=127.0.0.1:$port");
	wait_for('the exporter', sub { get($port) =~ /^pg_up 1$/m });
	return ($exporter, $port);
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

# Samples of one scrape
sub scrape
{
	my ($exporter, $port) = start_exporter();
	my $text = get($port);

	stop_program($exporter);
	return $text;
}

# What Prometheus has for an expression, once it has scraped
sub query
{
	my ($port, $expression) = @_;

	return run_program('promtool', 'query', 'instant', "http://127.0.0.1:$port", $expression) =~ s/^\s+|\s+$//gr;
}

sub sample
{
	my ($text, $name, $index) = @_;

	return $text =~ /^\Q$name\E\{[^}]*indexrelname="\Q$index\E"[^}]*\} (\S+)$/m ? $1 + 0 : undef;
}

my $text = scrape();
unlike($text, qr/pg_exporter_user_queries_load_error\{[^}]*\} 1/, 'the exporter reads the queries');
like($text, qr/^pg_exporter_last_scrape_error 0$/m, 'no query fails for a member of pg_monitor');
cmp_ok(sample($text, 'lokivector_index_scans', 'items_idx'), '==', 5, 'scans, that of the measurement too');
cmp_ok(sample($text, 'lokivector_index_widened_scans', 'items_idx'), '>=', 1, 'scans that went on wider');
cmp_ok(sample($text, 'lokivector_index_search_seconds', 'items_idx'), '>', 0, 'time');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_idx'), '==', 1, 'an index that is valid');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 0, 'an index that is not');
cmp_ok(sample($text, 'lokivector_index_state_recall', 'items_idx'), '>', 0.9, 'recall');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '>', 1000, 'dead rows');
cmp_ok(sample($text, 'lokivector_sampled_measured', 'items_idx'), '==', 1, 'searches that were sampled');
cmp_ok(sample($text, 'lokivector_sampled_recall', 'items_idx'), '>', 0, 'and their recall');
like($text, qr/^lokivector_index_advice_given\{about="vacuum",[^}]*indexrelname="items_idx"/m, 'advice');
like($text, qr/^lokivector_replay_lag_seconds(\{[^}]*\})? 0$/m, 'replay');

# Rules name metrics that the exporter has
my %known = map { $_ => 1 } $text =~ /^(lokivector_\w+)/mg;
my @unknown = grep { !$known{$_} }
  slurp_file("$top/operations/alerts.yaml") =~ /\b(lokivector_(?:index|sampled|replay)\w+)/g;
is("@unknown", '', 'rules name metrics that there are');

# Prometheus itself, with the rules: every panel of the dashboard has data, and alerts are
# pending whose causes are there
my ($exporter, $exporter_port) = start_exporter();
my $port = free_port();
append_to_file("$tmp/prometheus.yaml", qq(
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$top/operations/alerts.yaml"]
scrape_configs: [{job_name: lokivector, static_configs: [{targets: ["127.0.0.1:$exporter_port"]}]}]
));
my $prometheus = start_program("$tmp/prometheus.log", 'prometheus', "--config.file=$tmp/prometheus.yaml",
	"--storage.tsdb.path=$tmp/prometheus", "--web.listen-address=127.0.0.1:$port");
wait_for('Prometheus', sub { IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port") });
wait_for('samples', sub { query($port, 'count_over_time(lokivector_index_state_nodes[5m]) > 2') ne '' });
wait_for('alerts', sub { query($port, 'ALERTS{alertname="LokivectorAdvice"}') ne '' });
for my $alert ('IndexInvalid', 'DeadRows')
{
	like(query($port, "ALERTS{alertname=\"Lokivector$alert\"}"), qr/alertstate="pending"/,
		"$alert is pending where its cause is");
}
for my $alert ('RecallLow', 'SampledRecallLow', 'StateUnknown', 'VacuumUnfinished', 'ReplayLag')
{
	is(query($port, "ALERTS{alertname=\"Lokivector$alert\"}"), '', "$alert rests");
}

# Quotients without searches are NaN, which is data; a vacuum there was none yet
my @without;
for my $panel (@{ decode_json(slurp_file("$top/operations/dashboard.json"))->{panels} })
{
	for my $target (@{ $panel->{targets} })
	{
		my $expression = $target->{expr} =~ s/\$__rate_interval/5m/gr =~ s/\$\w+/.*/gr =~ s/ > 0\)/ >= 0)/r;

		push @without, "$panel->{title}: $expression" if query($port, $expression) eq '';
	}
}
is("@without", '', 'every panel of the dashboard has data');
stop_program($_) for $prometheus, $exporter;

# An index that is locked is not waited for
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; REINDEX INDEX items_idx;');
$text = scrape();
cmp_ok(sample($text, 'lokivector_index_scans', 'items_idx'), '==', 5, 'counts of an index that is locked');
is(sample($text, 'lokivector_index_state_nodes', 'items_idx'), undef, 'its state is not waited for');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 0, 'the state of others is there');
$lock->query_safe('ROLLBACK');
$lock->quit;

# After the cure
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres', 'REINDEX INDEX items_failed');
$text = scrape();
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 1, 'REINDEX makes it valid');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '==', 0, 'VACUUM takes dead rows out');

done_testing();
