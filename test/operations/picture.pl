# SPDX-License-Identifier: PostgreSQL
# A picture of the dashboard, with what Prometheus has of a primary and its standby under load.
# Grafana cannot be had; the components that it draws panels with can.  The picture stays in
# the directory of the packages.

use JSON::PP qw(decode_json encode_json);
use lib 'operations';
use OperationsTest;

unpack_or_skip(qw(prometheus-postgres-exporter prometheus chromium fonts-dejavu-core));

# npm's packages stay for the next run.  What they need in turn is of that day.
my $home = "$root/picture";
my $errors;
my @npm = ('npm', 'install', '--before=2026-11-22', '--prefix', $home, '--ignore-scripts', '--no-audit', '--no-fund',
	'--loglevel=error', '--cache', "$home/cache");

run_program('mkdir', '-p', $home);
run_program('cp', glob("$top/test/operations/picture/*"), "$top/operations/dashboard.json", $home);
if (!-e "$home/complete")
{
	if (!eval { IPC::Run::run(\@npm, '<', '/dev/null', '>&', \$errors) })
	{
	  SKIP: { skip('npm: ' . ((split(/\n/, $errors // ''))[-1] // 'is not installed'), 1); }
		done_testing();
		exit;
	}
	append_to_file("$home/complete", '');
}

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
create_items($node, 5000);
create_exporter($node);
$node->safe_psql('postgres', 'CREATE INDEX items_cosine ON items USING hnsw (v vector_cosine_ops)');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
my @exporters = map { (start_exporter($_, "$top/operations/postgres_exporter.yaml"))[1] } $node, $standby;
my ($prometheus, $port) = start_prometheus("$top/operations/alerts.yaml", '', @exporters);

# Searches of both indexes, inserts, and now and then deletes, a vacuum and a measurement
my $began = time;
my $seconds = $ENV{LOKIVECTOR_PICTURE_SECONDS} // 40;
for (my $i = 1; time < $began + $seconds; $i++)
{
	my $searches = 30 + int(20 * sin($i / 15));

	$node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET lokivector.recall_sample_rate = 0.1;
		SELECT count(*) FROM generate_series(1, $searches) n, LATERAL (
			SELECT id FROM items ORDER BY v <-> item(-n - $i * 100) LIMIT 10) s;
		SELECT count(*) FROM generate_series(1, 10) n, LATERAL (
			SELECT id FROM items WHERE id % 7 > 1 ORDER BY v <=> item(-n - $i * 100) LIMIT 10) s;
		INSERT INTO items SELECT n, item(n) FROM generate_series($i * 20 + 10000, $i * 20 + 10019) n;));
	$node->safe_psql('postgres', "DELETE FROM items WHERE id % 60 = $i % 60") if $i % 5 == 0;
	$node->safe_psql('postgres', 'SELECT lokivector_measure_samples(index) FROM lokivector_stat_recall') if $i % 10 == 0;
	$node->safe_psql('postgres', 'VACUUM items') if $i % 20 == 10;
}

# What Prometheus has for the lines of each panel, as Grafana would ask for it
my $step = int($seconds / 200) + 1;
my ($from, $to) = ($began + 10, time);
my @panels;
for my $panel (@{ decode_json(slurp_file("$top/operations/dashboard.json"))->{panels} })
{
	my @lines;

	for my $target (@{ $panel->{targets} })
	{
		my $expression = $target->{expr} =~ s/\$__rate_interval/15s/gr =~ s/\$\w+/.*/gr;

		$expression =~ s/([^A-Za-z0-9])/sprintf('%%%02X', ord($1))/ge;
		my $answer = decode_json(
			http_get($port, "/api/v1/query_range?query=$expression&start=$from&end=$to&step=$step"));
		for my $line (@{ $answer->{data}{result} })
		{
			push @lines, {
				name => $target->{legendFormat} =~ s/\{\{(\w+)\}\}/$line->{metric}{$1} \/\/ ''/ger,
				times => [ map { $_->[0] * 1000 } @{ $line->{values} } ],
				values => [ map { $_->[1] =~ /^[-+.\de]+$/ ? $_->[1] + 0 : undef } @{ $line->{values} } ] };
		}
	}
	push @panels, \@lines;
}
is(join(', ', grep { !@{ $panels[$_] } } 0 .. $#panels), '', 'Prometheus has lines for every panel');
stop_program($prometheus);
$_->stop for $standby, $node;

# Bundle and draw
unlink("$home/series.json", "$home/page.html");
append_to_file("$home/series.json", encode_json({ from => $from * 1000, to => $to * 1000, panels => \@panels }));
append_to_file("$home/page.html", '<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="page.css">'
	  . '<body style="background: #f4f5f5"><div id="root" style="position: relative"></div>'
	  . '<script src="page.js"></script>');
chdir($home);
run_program('node_modules/.bin/esbuild', 'page.jsx', '--bundle', '--minify', '--outfile=page.js',
	'--loader:.svg=text', '--loader:.ttf=empty', '--define:process.env.NODE_ENV="production"',
	'--define:global=window', '--log-level=error');
my ($page, $messages) = browse("$home/page.html", '--window-size=1216,1220', '--virtual-time-budget=5000', '--dump-dom');
unlike($messages, qr/CONSOLE.*[Ee]rror/, 'Grafana draws the panels without fault');
is(scalar(() = $page =~ /<canvas/g), scalar(@panels), '... all of them');
browse("$home/page.html", '--window-size=1216,1220', '--virtual-time-budget=5000', "--screenshot=$home/dashboard.png");
my $picture = slurp_file("$home/dashboard.png");
is(join(' ', unpack('x16N2', $picture)), '1216 1220', 'a picture');
cmp_ok(length($picture), '>', 50000, '... which is not empty');
chdir("$top/test");
done_testing();
