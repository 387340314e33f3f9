# SPDX-License-Identifier: PostgreSQL
# prometheus-sql-exporter with the queries of operations/: they are those for
# prometheus-postgres-exporter, and with the lines of operations.md Prometheus has the same
# metrics, so rules and dashboard work with either.

use lib 'operations';
use OperationsTest;

unpack_or_skip('prometheus-sql-exporter', 'prometheus', 'python3-yaml');

# Queries by their names, with labels and columns
my $file = "$top/operations/sql_exporter.yaml";
my %queries = map { $_->{name} => [ $_->{query}, $_->{labels} // [], $_->{values} ] }
  map { @{ $_->{queries} } } @{ yaml(slurp_file($file))->{jobs} };
my $other = yaml(slurp_file("$top/operations/postgres_exporter.yaml"));
for my $name (keys %$other)
{
	my %columns = (LABEL => []);

	for (@{ $other->{$name}{metrics} })
	{
		my ($column, $is) = %$_;

		push @{ $columns{ $is->{usage} eq 'LABEL' ? 'LABEL' : 'value' } }, $column;
	}
	$other->{$name} = [ $other->{$name}{query}, @columns{ 'LABEL', 'value' } ];
}
is_deeply(\%queries, $other, 'its queries are those of the other exporter');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
create_items($node, 5000);
create_exporter($node);
$node->safe_psql('postgres', q(
	SET enable_seqscan = off;
	SET lokivector.recall_sample_rate = 1;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5) s;
	RESET lokivector.recall_sample_rate;
	SELECT lokivector_measure_samples('items_idx');
	DELETE FROM items WHERE id % 2 = 0;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 4000) s;));

my $port = free_port();
my $log = "$PostgreSQL::Test::Utils::tmp_check/sql_exporter.log";
my $host = $node->host =~ s/(\W)/sprintf('%%%02X', ord($1))/ger;
$ENV{DATA_SOURCE_NAME} = "postgres://exporter@/postgres?host=$host&port=" . $node->port . '&sslmode=disable';
my $exporter = start_program($log, 'prometheus-sql-exporter', "-config.file=$file",
	"-web.listen-address=127.0.0.1:$port");
my $failed = qr/^sql_exporter_last_scrape_failed\{.*\} 0$/m;
wait_for('the queries', sub { (() = http_get($port, '/metrics') =~ /$failed/g) == keys %queries });
unlike(slurp_file($log), qr/error/i, 'the exporter takes all values');

# A build that runs, of which it counts in its next round
my ($old, $build) = start_stalled_build($node);
wait_for('the build', sub { http_get($port, '/metrics') =~ /^sql_lokivector_progress\{/m });

# What operations.md says to do with its metrics
my ($relabel) = slurp_file("$top/doc/operations.md") =~ /^(    metric_relabel_configs:\n(?:      .*\n)+)/m;
my ($prometheus, $prometheus_port) = start_prometheus("$top/operations/alerts.yaml", $relabel, $port);
wait_for('samples', sub {
	query_prometheus($prometheus_port, 'count_over_time(lokivector_index_state_nodes[5m]) > 2') ne '' });
like(query_prometheus($prometheus_port, 'lokivector_index_scans'),
	qr/^lokivector_index_scans\{(?!.*\bcol=).*indexrelname="items_idx".*\} => 3 /, 'a metric as the other exporter has it');
is(panels_without_data($prometheus_port), '', 'every panel of the dashboard has data');
is(unknown_metrics(run_program('promtool', 'query', 'series', '--match={__name__=~"lokivector_.*"}',
	"http://127.0.0.1:$prometheus_port") =~ /__name__="(\w+)"/g), '', 'rules name metrics that there are');

stop_program($_) for $prometheus, $exporter;
$old->quit;
is(finish_program($build), 0, 'the build ends');
$node->stop;
done_testing();
