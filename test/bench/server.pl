# SPDX-License-Identifier: PostgreSQL
# Benchmarks that measure on a server that is there, with sets of a few hundred or thousand
# rows: each ends well and prints as many lines of figures as it measures.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'bench';
use BenchTest;

skip_all_without_numpy();

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--encoding=UTF8']);
$node->append_conf('postgresql.conf', "shared_buffers = 256MB\nfsync = off\njit = off\nmax_connections = 50\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE bench');
$node->safe_psql('bench', 'CREATE EXTENSION lokivector');
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => $node->safe_psql('postgres', 'SELECT current_user'));
delete $ENV{PGDATABASE};

my @psql = ('--psql', 'psql -d bench');
my $set = 'synthetic:2000:16';
my $share = qr/[01]\.\d+/;

check_program('hard', [ @psql, qw(--rows 1000 --dims 16 --queries 20 --ef 40,.9 --own 50 --check --nodes
			--sets lengths,hubs,duplicates) ],
	lines_of(3, qr/\| \w+ \| \d+ x 16 \| [\d.]+ \| $share /));
check_program('hard', [ @psql, '--sets', $set, qw(--rows 500 --queries 20 --ef 40) ],
	lines_of(1, qr/\| $set \| 500 x 16 \|/));
check_program('hard', [ @psql, qw(--rows 300 --dims 8 --queries 10 --ef 40 --inserted --sets clusters) ],
	lines_of(1, qr/\| clusters \| 300 x 8 \|.*\| \d+ of 300 \|/));
check_program('lost', [ @psql, qw(--rows 600 --clients 1,2 --ef 40 --delete 30 --ids) ],
	lines_of(10, qr/\| interpolated \| \d+ x \d+ \| [12] \| [\w %]+ \| \d+ \| \d+ \|/));
check_program('lost', [ @psql, '--sets', $set, qw(--rows 600 --clients 1 --ef 40 --order --empty) ],
	lines_of(3, qr/\| $set \| \d+ x 16 \| 1 /));

check_program('phrasing', [ @psql, qw(--rows 600 --dims 16 --queries 10 --sets clusters --ef 40,0.9
			--phrases), 'plain,50 % on the heap,50 % alone' ],
	lines_of(3, qr/\| clusters \| (?:plain|50 % [\w ]+) \|(?: $share \(\d+\) \|){2}/));
check_program('words', [qw(--documents 300 --rows 200 --queries 5)],
	lines_of(2, qr/\| (?:words|sparsevec) <[\w@#> ]+\| [\d.]+ \| [\d.]+ \|(?: [\d., ]+ \| 1\.000 \|){2}/));
my $load = check_program('load', [ '--set', $set, qw(--seconds 3 --minute 1 --queries 5 --peer) ],
	lines_of(3, qr/\| lokivector \| 3 search[\w, ]*: (?:search|write) (?:\| [\d.]+ ){5}\|/),
	# with pgvector beside it, where that is installed
	qr/(?:^# recall: $share $share $share\n.*?){2}/ms, qr/^# index: .*^# vacuum: /ms);

# The times of so few rows say nothing about plans
my @shapes = qw(--rows 1200 --runs 1 --any --file);
my $shapes = check_program('shapes', [ @shapes, 'shapes' ], qr/^\d+ of 40 within/m);
check_program('shapes', [ @shapes, qw(shapes --keep --only join --plans) ], qr/^\d+ of \d+ within/m)
  if $shapes;
check_program('shapes', [ @shapes, qw(shapes_applications --quick) ], qr/^\d+ of 309 within/m);
my $regret = check_program('regret', [ '--set', $set, qw(--rows 1200 --timed 2 --runs 1 --only), ', 5 %' ],
	qr/^counts: median [\d.]+, \d+ of 178 within 1\.5/m);
check_program('regret', [qw(--rows 1200 --dims 16 --timed 1 --runs 1 --cpu --only), 'Rails, 5 %'],
	qr/^CPU: median [\d.]+, \d+ of 2 within 1\.5/m);

# What results.py reads of these
my $results = PostgreSQL::Test::Utils::tempdir();
my %printed = (load => $load, regret => $regret, stale => "24 passed, 0 failed\n");
foreach my $step (sort keys %printed)
{
	mkdir("$results/results-$step") or die $!;
	append_to_file("$results/results-$step/report.md", $printed{$step} =~ s/^/    /gmr);
}
IPC::Run::run([ $python, '-B', '-c', 'import sys, results; results.KEPT = sys.argv[1]; print(*results.load(), *results.promises(), sep="\n")',
		$results ], '>', \my $tables, '2>&1', init => sub { chdir "$top/bench" });
like($tables, qr/write:\ search\ \|(?:\ [\d.]+\ \|){5}\ $share\ \|\n .* write:\ write\ .*\|\ \ \|
	.* of\ 178:\ median\ \|\ [\d.]+\ \| .* worst\ by\ time [^\n]*\ \|\ [\d.]+\ \| .* of\ 24\ \|\ 0\ \|/sx, 'tables of results.py')
  if $load && $regret;

# Without a server
my $picture = "$PostgreSQL::Test::Utils::tmp_check/recall.svg";
check_program('picture', [$picture]);
ok(slurp_file($picture) =~ /<svg.*pgvector halfvec/s, 'picture draws curves') if -e $picture;

$node->stop;
done_testing();
