# SPDX-License-Identifier: PostgreSQL
# The compose file of operations/, without a daemon: docker-compose reads it once there are
# passwords, the files that it mounts are there, and the programs that it starts take them.

use HTTP::Tiny;
use JSON::PP qw(decode_json);
use lib 'operations';
use OperationsTest;

unpack_or_skip('docker-compose', 'python3-yaml', 'prometheus', 'prometheus-postgres-exporter');

# Debian 12 has one in Python, later ones have a program of its own
my $compose = file_of_package('/usr/bin/docker-compose');
my @compose = -T $compose ? ('/usr/bin/python3', $compose) : ($compose);
my @make = ('make', '-s', '-f', "$top/operations/Makefile", 'passwords');
my $file = "$top/operations/.env";
my ($text, $errors);

# What a compose file has
sub config
{
	my ($path) = @_;

	return IPC::Run::run([ @compose, '-f', "$top/$path", 'config' ], '<', '/dev/null', '>', \$text, '2>', \$errors);
}

unlink($file);
ok(!config('operations/compose.yaml'), 'without passwords nothing starts');
like($errors, qr/make -f operations\/Makefile passwords/, '... and it says what to do');
run_program(@make);
is(sprintf('%o', (stat $file)[2] & 0777), '600', 'passwords are for their owner alone');
my $passwords = slurp_file($file);
my %password = $passwords =~ /^(\w+)_PASSWORD=(\S{32,})$/mg;
my %different = reverse %password;
is(join(' ', sort values %different), 'EXPORTER GRAFANA POSTGRES', '... and all different');
run_program(@make);
is(slurp_file($file), $passwords, '... and stay');
config('operations/compose.yaml') or diag($errors);
my %services = %{ yaml($text)->{services} };
is(join(' ', sort keys %services), 'exporter grafana prometheus server', 'docker-compose reads the file');

# Who needs a password
my %given = map { $_ => $services{$_}{environment} } qw(server exporter grafana);
is("@{$given{server}}{qw(POSTGRES_HOST_AUTH_METHOD POSTGRES_PASSWORD EXPORTER_PASSWORD)}",
	"scram-sha-256 $password{POSTGRES} $password{EXPORTER}", 'the server asks for passwords');
is("@{$given{grafana}}{qw(GF_AUTH_ANONYMOUS_ENABLED GF_SECURITY_ADMIN_PASSWORD)}", "false $password{GRAFANA}",
	'Grafana asks for one');
my %reached = map { $_ => join(' ', sort ref $services{$_}{networks} eq 'HASH'
			? keys %{ $services{$_}{networks} } : @{ $services{$_}{networks} }) } keys %services;
is_deeply(\%reached, { server => 'database', exporter => 'database metrics', prometheus => 'metrics', grafana => 'metrics' },
	'the exporter alone reaches the server');

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
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'\n");
unlink($node->data_dir . '/pg_hba.conf');
$node->append_conf('pg_hba.conf', "local all all trust\nhost all all all $given{server}{POSTGRES_HOST_AUTH_METHOD}\n");
$node->start;
local $ENV{EXPORTER_PASSWORD} = $given{server}{EXPORTER_PASSWORD};
for my $target (sort grep { m{^/docker-entrypoint-initdb\.d/.*\.sql$} } keys %{ $mounted{server} })
{
	run_program('psql', '-X', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'),
		'-f', $mounted{server}{$target});
	pass("$target runs");
}

# The exporter with its command, and places in it
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $port = free_port();
local @ENV{ keys %{ $given{exporter} } } = values %{ $given{exporter} };
$ENV{DATA_SOURCE_URI} =~ s/^server/'127.0.0.1:' . $node->port/e;
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

# What its role may do
sub as_exporter
{
	my ($password, $sql) = @_;

	local $ENV{PGPASSWORD} = $password;
	IPC::Run::run([ 'psql', '-XAtq', '-h', '127.0.0.1', '-p', $node->port, '-U', $ENV{DATA_SOURCE_USER}, '-d', 'postgres',
			'-c', $sql ], '<', '/dev/null', '>&', \my $said);
	return $said;
}
like(as_exporter('guessed', 'SELECT 1'), qr/password authentication failed/, 'another password is refused');
like(as_exporter($given{exporter}{DATA_SOURCE_PASS}, 'SELECT * FROM items'), qr/permission denied for table items/,
	'the role of the exporter reads no table');
like(as_exporter($given{exporter}{DATA_SOURCE_PASS}, 'BEGIN READ WRITE; CREATE TEMP TABLE t ()'),
	qr/permission denied/, '... and makes none, not even for itself');
like(as_exporter($given{exporter}{DATA_SOURCE_PASS}, 'CREATE SCHEMA s'), qr/read-only transaction|permission denied/, '... and writes nothing');

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
config('packaging/compose.yaml') or diag($errors);
my $alone = yaml($text)->{services}{server};
like(ref $alone->{command} ? "@{ $alone->{command} }" : $alone->{command}, qr/-c '?listen_addresses='?$/,
	'a server without passwords is reached through its socket alone');
unlink($file);

$node->stop;
done_testing();
