# SPDX-License-Identifier: PostgreSQL
# What the tests of operating share: programs of Debian's packages, servers that these
# reach, and an index to look after.

package OperationsTest;

use strict;
use warnings;

use Cwd qw(abs_path);
use HTTP::Tiny;
use IPC::Run;
use JSON::PP qw(decode_json);
use parent 'Exporter';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw($top $root @unpacked major unpack_packages unpack_or_skip file_of_package run_program yaml start_program
  stop_program finish_program create_items items_are_sound free_port wait_for http_get create_exporter
  start_stalled_build start_exporter unknown_metrics start_prometheus query_prometheus panels_without_data browse start_demo
  load_demo);

# A test has strict, warnings and the server's modules for tests by this one.
sub import
{
	my ($class) = @_;
	my $caller = caller;

	$class->export_to_level(1, $class);
	strict->import;
	warnings->import;
	eval "package $caller; use PostgreSQL::Test::Cluster; use PostgreSQL::Test::Utils; use Test::More; 1" or die $@;
	return;
}

our $top = abs_path('..');

# What stays for the next run: packages, in a directory for each set of them, and what tests fetch
our $root = $ENV{LOKIVECTOR_OPERATIONS_DIR} // "$PostgreSQL::Test::Utils::tmp_check/packages";

# The sets that are unpacked, the last one first
our @unpacked;

sub major
{
	return (`pg_config --version` =~ /(\d+)/)[0];
}

# Make the programs of packages callable by their names.  Returns why they cannot be had.
sub unpack_packages
{
	my @packages = @_;
	my $set = join('/', $root, 'packages', join('+', @packages));
	my $errors;

	return "@packages: " . ((split(/\n/, $errors))[-1] // 'cannot be had')
	  if !IPC::Run::run([ "$top/test/operations/unpack.sh", $set, @packages ],
		'>', '/dev/null', '2>', \$errors);
	unshift @unpacked, $set;
	$ENV{PATH} = "$set/usr/sbin:$set/usr/bin:$ENV{PATH}:/usr/sbin";
	# Debian 12 has some libraries in /lib
	$ENV{LD_LIBRARY_PATH} = join(':', glob("$set/usr/lib/*-linux-gnu*"), glob("$set/lib/*-linux-gnu*"),
		glob("$set/usr/lib/*-linux-gnu*/pulseaudio"), $ENV{LD_LIBRARY_PATH} // ());
	$ENV{PYTHONPATH} = join(':', map { ("$_/usr/lib/python3/dist-packages", glob("$_/usr/lib/python3.*")) } @unpacked);
	return;
}

# The same; without the packages the file ends with a line that says why
sub unpack_or_skip
{
	my $reason = unpack_packages(@_) // return;

  SKIP: { skip($reason, 1); }
	done_testing();
	exit;
}

# A file or folder of a package: unpacked, or where a package is that was installed before
sub file_of_package
{
	my ($path) = @_;

	return (grep { -e } map { "$_$path" } @unpacked)[0] // $path;
}

# Run a program to its end; dies with its output if it fails, and returns the output
sub run_program
{
	my @command = @_;
	my $output;

	IPC::Run::run(\@command, '<', '/dev/null', '>&', \$output) or die "@command: $output";
	return $output;
}

# The content of a file in YAML; needs the package python3-yaml
sub yaml
{
	my ($text) = @_;
	my $json;

	IPC::Run::run([ '/usr/bin/python3', '-c',
			'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' ],
		'<', \$text, '>', \$json) or die 'no YAML';
	return decode_json($json);
}

# Start a program that runs until stop_program(); its output goes to a file
my (@running, %log);

sub start_program
{
	my ($log, @command) = @_;
	my $handle = IPC::Run::start(\@command, '<', '/dev/null', '>', $log, '2>&1');

	push @running, $handle;
	$log{$log} = 1;
	return $handle;
}

sub stop_program
{
	my ($handle) = @_;

	@running = grep { $_ != $handle } @running;
	$handle->kill_kill(grace => 60);
	return;
}

# Wait for its end, and return its exit status
sub finish_program
{
	my ($handle) = @_;

	@running = grep { $_ != $handle } @running;
	$handle->finish;
	return $handle->result(0);
}

END
{
	my $status = $?;
	my @left = @running;

	stop_program($_) for @left;
	$? = $status;
}

# A port of TCP that nobody has
sub free_port
{
	return PostgreSQL::Test::Cluster::get_free_port();
}

# Wait until a condition holds; if it does not, programs have told why
sub wait_for
{
	my ($what, $condition) = @_;
	my $end = time + 2 * $PostgreSQL::Test::Utils::timeout_default;

	do
	{
		return if $condition->();
		select(undef, undef, undef, 0.1);
	} while (time < $end);
	diag("$_:\n" . join("\n", grep { defined } (split(/\n/, slurp_file($_)))[ -10 .. -1 ])) for sort keys %log;
	die "waited in vain for $what";
}

# The body of a page on a port of this machine, '' if there is none
sub http_get
{
	my ($port, $path) = @_;
	my $response = HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default / 4)
	  ->get("http://127.0.0.1:$port$path");

	return $response->{success} ? $response->{content} : '';
}

# The role that exporters log in with, as operations.md makes it
sub create_exporter
{
	my ($node) = @_;
	my ($statements) = slurp_file("$top/doc/operations.md") =~ /^(CREATE ROLE exporter .*?)^```/ms;

	$node->safe_psql('postgres', $statements);
	return;
}

# A build that waits for a transaction: the session of that, and the handle of the build.  Whoever
# ends the session lets it go on.
sub start_stalled_build
{
	my ($node) = @_;
	my $session = $node->background_psql('postgres');

	$session->query_safe('BEGIN; LOCK items IN ROW EXCLUSIVE MODE;');
	my $build = start_program("$PostgreSQL::Test::Utils::tmp_check/build.log", 'psql', '-X', '-d', $node->connstr('postgres'),
		'-c', 'CREATE INDEX CONCURRENTLY items_stalled ON items USING hnsw (v vector_l2_ops)');
	$node->poll_query_until('postgres', q(SELECT count(*) > 0 FROM lokivector_progress WHERE phase ~ '^waiting'))
	  or die 'no build waits';
	return ($session, $build);
}

# Start prometheus-postgres-exporter on a server, for the role exporter and with a file of
# queries, and maybe more options; returns its handle and port
sub start_exporter
{
	my ($node, $queries, @options) = @_;
	my $port = free_port();

	local $ENV{DATA_SOURCE_NAME} =
	  'host=' . $node->host . ' port=' . $node->port . ' user=exporter dbname=postgres sslmode=disable';
	my $exporter = start_program("$PostgreSQL::Test::Utils::tmp_check/exporter_$port.log",
		'prometheus-postgres-exporter', '--disable-default-metrics', '--disable-settings-metrics',
		"--extend.query-path=$queries", "--web.listen-address=127.0.0.1:$port", @options);
	wait_for('the exporter', sub { http_get($port, '/metrics') =~ /^pg_up 1$/m });
	return ($exporter, $port);
}

# Metrics that the rules name and that are not among these
sub unknown_metrics
{
	my %known = map { $_ => 1 } @_;

	return join(' ', grep { !$known{$_} }
		  slurp_file("$top/operations/alerts.yaml") =~ /\b(lokivector_(?:index|sampled|replay|progress|extension)_\w+)/g);
}

# Start Prometheus with a file of rules, and what is done to metrics, on exporters; returns its
# handle and port
sub start_prometheus
{
	my ($rules, $relabel, @exporters) = @_;
	my $port = free_port();
	my $tmp = $PostgreSQL::Test::Utils::tmp_check;
	my $targets = join(', ', map { "\"127.0.0.1:$_\"" } @exporters);

	append_to_file("$tmp/prometheus.yaml", qq(
global: {scrape_interval: 3s, evaluation_interval: 1s}
rule_files: ["$rules"]
scrape_configs:
  - job_name: lokivector
    static_configs: [{targets: [$targets]}]
$relabel));
	my $prometheus = start_program("$tmp/prometheus.log", 'prometheus', "--config.file=$tmp/prometheus.yaml",
		"--storage.tsdb.path=$tmp/prometheus", "--web.listen-address=127.0.0.1:$port");
	wait_for('Prometheus', sub { http_get($port, '/-/ready') ne '' });
	return ($prometheus, $port);
}

# What Prometheus has for an expression, once it has scraped
sub query_prometheus
{
	my ($port, $expression) = @_;

	return run_program('promtool', 'query', 'instant', "http://127.0.0.1:$port", $expression) =~ s/^\s+|\s+$//gr;
}

# Queries of the dashboard for which Prometheus has no data.  Quotients without searches are
# NaN, which is data; a vacuum there need not have been.
sub panels_without_data
{
	my ($port) = @_;
	my @without;

	for my $panel (@{ decode_json(slurp_file("$top/operations/dashboard.json"))->{panels} })
	{
		for my $target (@{ $panel->{targets} })
		{
			my $expression = $target->{expr} =~ s/\$__rate_interval/5m/gr =~ s/\$\w+/.*/gr =~ s/ > 0\)/ >= 0)/r;

			# a scrape may come too late
			push @without, "$panel->{title}: $expression"
			  if !eval { wait_for('data', sub { query_prometheus($port, $expression) ne '' }); 1 };
		}
	}
	return join(', ', @without);
}

# What Chromium makes of a file, in another or as it prints, and its messages.  It may not look up
# any name
sub browse
{
	my ($file, @options) = @_;
	my $tmp = $PostgreSQL::Test::Utils::tmp_check;
	my ($output, $messages);

	append_to_file("$tmp/fonts.conf",
		"<fontconfig><dir>/usr/share/fonts</dir>"
		  . join('', map { "<dir>$_/usr/share/fonts</dir>" } @unpacked) . "<cachedir>$tmp/fonts</cachedir></fontconfig>\n")
	  unless -e "$tmp/fonts.conf";
	local @ENV{qw(HOME FONTCONFIG_FILE)} = ($tmp, "$tmp/fonts.conf");
	IPC::Run::run([ file_of_package('/usr/lib/chromium/chromium'), '--headless', '--no-sandbox', '--disable-gpu',
			'--disable-dev-shm-usage', "--user-data-dir=$tmp/chromium", '--host-resolver-rules=MAP * ~NOTFOUND',
			'--enable-logging=stderr', '--hide-scrollbars', @options, "file://$file" ],
		'<', '/dev/null', '>', \$output, '2>', \$messages) or die "chromium: $messages";
	return ($output, $messages);
}

# A server as demo/run.sh leaves it, without tables: the server and the demo's directory.
# What is put into the named folder of that directory stays for the next run.
sub start_demo
{
	my ($folder, $settings) = @_;
	my $demo = PostgreSQL::Test::Utils::tempdir_short();
	my $node = PostgreSQL::Test::Cluster->new('main');

	mkdir("$demo/$_") for qw(socket corpus);
	run_program('mkdir', '-p', "$root/$folder");
	symlink("$root/$folder", "$demo/$folder");
	symlink($node->data_dir, "$demo/data");
	append_to_file("$demo/bindir", run_program('pg_config', '--bindir'));
	$ENV{LOKIVECTOR_DEMO_DIR} = $demo;

	$node->init(extra => [ '--encoding=UTF8' ]);
	$node->append_conf('postgresql.conf',
		"listen_addresses = ''\nunix_socket_directories = '$demo/socket'\nport = 5432\n"
		  . ($settings // ''));
	$node->{_port} = 5432;
	$node->{_host} = "$demo/socket";
	$node->start;
	$node->safe_psql('postgres', q(
		SELECT 'CREATE ROLE postgres SUPERUSER LOGIN' WHERE to_regrole('postgres') IS NULL \gexec
		CREATE DATABASE manual));
	return ($node, $demo);
}

# The demo's tables and index, of the files in corpus
sub load_demo
{
	my ($node, $demo) = @_;

	run_program('psql', '-X', '-q', '-h', "$demo/socket", '-U', 'postgres', '-d', 'manual',
		'-v', "corpus=$demo/corpus", '-f', "$top/demo/load.sql", '-f', "$top/demo/index.sql");
	$node->safe_psql('manual', 'VACUUM ANALYZE paragraphs');
	return;
}

# Table items(id, v) of so many rows, with an index
sub create_items
{
	my ($node, $rows) = @_;

	$node->safe_psql('postgres', qq(
		CREATE EXTENSION lokivector;
		CREATE FUNCTION item(n integer) RETURNS vector LANGUAGE sql IMMUTABLE
		RETURN (SELECT array_agg(sin(n * j)) FROM generate_series(1, 16) j)::vector;
		CREATE TABLE items (id integer PRIMARY KEY, v vector(16));
		INSERT INTO items SELECT i, item(i) FROM generate_series(1, $rows) i;
		CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops);
		ANALYZE items;));
	return;
}

# The index agrees with its table, and finds rows as well as it should
sub items_are_sound
{
	my ($node, $name) = @_;
	my ($result, $stdout, $stderr) = $node->psql('postgres', q(
		SELECT lokivector_check('items_idx', true);
		SELECT recall > 0.95 FROM lokivector_recall('items_idx');));

	is("$result $stdout", "0 sound\nt", $name) or diag($stderr);
	return;
}

1;
