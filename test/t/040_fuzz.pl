# SPDX-License-Identifier: PostgreSQL
# Random statements over random schemas, by index and without (test/fuzz/fuzz.py).
# LOKIVECTOR_FUZZ_COUNT says how many (make fuzz: 20,000), LOKIVECTOR_FUZZ_SEED which, and
# LOKIVECTOR_FUZZ_PARALLEL that all of them run in parallel workers (make fuzz-parallel).
# What fails is written as SQL to the directory fuzz beside the logs of the tests.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(run);
use LokiTest;

my $count = $ENV{LOKIVECTOR_FUZZ_COUNT};
my $seed = $ENV{LOKIVECTOR_FUZZ_SEED} || 1;
my $fuzz = "$FindBin::RealBin/../fuzz/fuzz.py";
my ($out, $err);

if (!eval { run([ 'python3', $fuzz, '--help' ], '>', \$out, '2>', \$err) })
{
	SKIP: { skip 'python3 or libpq is not installed', 1 }
	done_testing();
	exit 0;
}

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "max_wal_size = 1GB\n");
$node->start;
if ($node->safe_psql('postgres', q(SELECT count(*) FROM pg_collation WHERE collprovider = 'i')) == 0)
{
	SKIP: { skip 'the server has no ICU', 1 }
	done_testing();
	exit 0;
}
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');

my $failures = ($ENV{TESTDIR} // PostgreSQL::Test::Utils::tempdir()) . '/../fuzz';
sub statements
{
	my ($name, @options) = @_;
	my $passed = run([ 'python3', $fuzz, @options, '--seed', $seed, '--out', $failures,
			$node->connstr('postgres') . ' user=' . (getpwuid($>))[0] ], '>', "$failures.log", '2>', \$err);

	$out = slurp_file("$failures.log");
	ok($passed, $name) or diag($out, $err);
	note($out);
}

if (!$ENV{LOKIVECTOR_FUZZ_PARALLEL})
{
	statements(($count // 300) . " statements, seed $seed", '--count', $count // 300);
}
# a few of them, unless they are asked for
if ($ENV{LOKIVECTOR_FUZZ_PARALLEL} || !$count)
{
	statements(($count // 80) . " statements in parallel workers, seed $seed", '--count', $count // 80, '--parallel');
}
done_testing();
