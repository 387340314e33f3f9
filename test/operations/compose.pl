# The compose file of operations/, without a daemon: docker-compose reads it, the files that
# it mounts are there, and the programs that it starts take them.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP qw(decode_json);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'operations';
use OperationsTest;

unpack_or_skip('docker-compose', 'python3-yaml', 'prometheus', 'prometheus-postgres-exporter');

# Debian 12 has one in Python, later ones have a program of its own
my $compose = "$root/usr/bin/docker-compose";
my @compose = -T $compose ? ('/usr/bin/python3', $compose) : ($compose);
my $text;
IPC::Run::run([ @compose, '-f', "$top/operations/compose.yaml", 'config' ], '<', '/dev/null', '>', \$text);
my %services = %{ yaml($text)->{services} };
is(join(' ', sort keys %services), 'exporter grafana prometheus server', 'docker-compose reads the file');

# Files by their places in a service
my (%mounted, @missing, @loose);
for my $service (sort keys %services)
{
	for my $volume (@{ $services{$service}{volumes} })
	{
		my ($source, $target) = ref $volume ? @$volume{qw(source target)} : split(/:/, $volume);

		$mounted{$service}{$target} = $source;
		push @missing, $source unless -f $source;
	}
	my $image = $services{$service}{image};
	push @loose, $image if defined $image && $image !~ /:v?\d+\.\d+\.\d+$/;
}
is("@missing", '', 'the files that it mounts are there');
is("@loose", '', 'images have a version');

# What the server begins with, as its entry point runs it
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
for my $target (sort grep { m{^/docker-entrypoint-initdb\.d/.*\.sql$} } keys %{ $mounted{server} })
{
	run_program('psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
		'-f', $mounted{server}{$target});
	pass("$target runs");
}

# The exporter with its command, and places in it
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $port = free_port();
my ($role) = $services{exporter}{environment}{DATA_SOURCE_NAME} =~ m{^postgresql://(\w+)\@server/postgres\?};
$ENV{DATA_SOURCE_NAME} = 'host=' . $node->host . ' port=' . $node->port . " user=$role dbname=postgres sslmode=disable";
my @command = map { s{=(/.*)}{'=' . ($mounted{exporter}{$1} // 'nothing')}er } @{ $services{exporter}{command} };
my $exporter = start_program("$tmp/exporter.log", 'prometheus-postgres-exporter', @command,
	"--web.listen-address=127.0.0.1:$port");
my $metrics;
wait_for('the exporter', sub {
	$metrics = HTTP::Tiny->new->get("http://127.0.0.1:$port/metrics")->{content};
	return $metrics =~ /^pg_up 1$/m;
});
like($metrics, qr/^lokivector_index_scans\{[^}]*relname="items"/m, 'the exporter has metrics of the first table');
stop_program($exporter);

# Prometheus finds its rules beside its configuration, and asks the exporter
run_program('mkdir', '-p', "$tmp/prometheus");
for my $target (keys %{ $mounted{prometheus} })
{
	run_program('cp', $mounted{prometheus}{$target}, "$tmp/prometheus") if $target =~ m{^/etc/prometheus/[^/]+$};
}
like(run_program('promtool', 'check', 'config', "$tmp/prometheus/prometheus.yml"),
	qr/prometheus\.yml is valid.*SUCCESS: \d+ rules found/s, 'Prometheus takes its configuration and rules');
my $config = yaml(slurp_file("$tmp/prometheus/prometheus.yml"));
is($config->{scrape_configs}[0]{static_configs}[0]{targets}[0], 'exporter:9187', '... and asks the exporter');

# Grafana asks Prometheus, and finds the dashboard where it looks
my $provisioning = '/etc/grafana/provisioning';
my $source = yaml(slurp_file($mounted{grafana}{"$provisioning/datasources/prometheus.yaml"}))->{datasources}[0];
is("$source->{type} $source->{url}", 'prometheus http://prometheus:9090', 'Grafana asks Prometheus');
my $path = yaml(slurp_file($mounted{grafana}{"$provisioning/dashboards/lokivector.yaml"}))->{providers}[0]{options}{path};
my $dashboard = decode_json(slurp_file($mounted{grafana}{"$path/dashboard.json"}));
cmp_ok(scalar(@{ $dashboard->{panels} }), '>', 5, '... and has the dashboard');
is($services{grafana}{environment}{GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH}, "$path/dashboard.json", '... as its first page');

# Nobody from outside reaches a port
my @open = grep { !/^127\.0\.0\.1/ }
  map { ref $_ ? $_->{host_ip} // 'all' : $_ } map { @{ $_->{ports} // [] } } values %services;
is("@open", '', 'ports are of this machine alone');

$node->stop;
done_testing();
