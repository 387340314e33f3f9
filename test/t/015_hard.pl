# SPDX-License-Identifier: PostgreSQL
# Sets on which graphs fail, in a short form of bench/hard.py: rows of very
# different lengths by inner product, tight clusters, near and exact duplicates,
# outliers, documents of nearly equal parts.  Most of the ten nearest rows are found
# for every query, and every row by its own vector.
#
# Needs python3 with numpy (Debian: python3-numpy).

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(run);
use LokiTest;

my $hard = "$FindBin::RealBin/../../bench/hard.py";
my ($out, $err);

if (!eval { run([ 'python3', '-c', 'import numpy' ], '>', \$out, '2>', \$err) })
{
	SKIP: { skip 'python3 with numpy is not installed', 1 }
	done_testing();
	exit 0;
}

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');

my $psql = join(' ', 'psql', '-h', $node->host, '-p', $node->port, '-d', 'postgres');
my $rows = $ENV{LOKIVECTOR_LONG} ? 30000 : 8000;
# A short run has fewer sets, searches for fewer of the rows, and leaves out what is below
my @sets = $ENV{LOKIVECTOR_SHORT} ? qw(lengths clusters parts tight_3) :
  qw(lengths clusters near outliers duplicates identical parts tight_3 tight_30);
my @own = $ENV{LOKIVECTOR_SHORT} ? qw(--own 1000) : ();
my @some = $ENV{LOKIVECTOR_SHORT} ? (@own, '--sets', join(',', @sets)) : ();
my @inserted = $ENV{LOKIVECTOR_SHORT} ? qw(parts) : qw(parts tight_3 near clusters);

ok(run([ 'python3', '-B', $hard, '--psql', $psql, '--rows', $rows, '--dims', 64, '--ef', 100,
		'--check', @some ], '>', \$out, '2>', \$err), 'indexes are built and checked')
  or diag($err);
foreach my $set (@sets)
{
	my ($mean, $worst, $lost) =
	  $out =~ /^\| $set \|.*\| ([\d.]+) \/ ([\d.]+) \| (\d+) of \d+ \|/m;

	ok(defined $lost, "$set: is measured");
	next if !defined $lost;
	note("$set: mean $mean, worst hundredth $worst, lost $lost");
	cmp_ok($mean, '>=', 0.95, "$set: recall at ef_search 100");
	cmp_ok($worst, '>=', 0.5, "$set: recall of the worst queries");
	is($lost, 0, "$set: rows are found by their own vectors at ef_search 400");
}

# An index that grew row by row has the same links past clusters of near-duplicates
ok(run([ 'python3', '-B', $hard, '--psql', $psql, '--rows', $rows, '--dims', 64, '--ef', 100,
		'--sets', join(',', @inserted), '--inserted', @own ], '>', \$out, '2>', \$err),
	'rows are inserted one by one')
  or diag($err);
foreach my $set (@inserted)
{
	my ($mean, $lost) = $out =~ /^\| $set \|.*\| ([\d.]+) \/ [\d.]+ \| (\d+) of \d+ \|/m;

	ok(defined $lost, "$set, inserted: is measured");
	next if !defined $lost;
	note("$set, inserted: mean $mean, lost $lost");
	cmp_ok($mean, '>=', 0.9, "$set, inserted: recall at ef_search 100");
	is($lost, 0, "$set, inserted: rows are found by their own vectors at ef_search 400");
}

# Codes of a compact index take rows to be farther than they are, from a query that nearly equals them
if (!$ENV{LOKIVECTOR_SHORT})
{
	ok(run([ 'python3', '-B', $hard, '--psql', $psql, '--rows', 16000, '--dims', 384, '--ef', 40,
			'--sets', 'near', '--own', 4000, '--options', 'WITH (profile = compact)' ],
			'>', \$out, '2>', \$err), 'a compact index is built')
	  or diag($err);
	my ($lost) = $out =~ /^\| near \|.*\| (\d+) of \d+ \|/m;

	cmp_ok($lost // 4000, '<=', 20, 'near, compact: rows are found by their own vectors')
	  or diag($out);
}

$node->stop;
done_testing();
