# SPDX-License-Identifier: PostgreSQL
# Benchmarks that start servers of their own, with sets of a few thousand rows.

use strict;
use warnings;

use JSON::PP qw(decode_json);
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'bench';
use BenchTest;

skip_all_without_numpy();
$ENV{PG_CONFIG} = `pg_config --bindir` =~ s/\n/\/pg_config/r;
my $short = PostgreSQL::Test::Utils::tempdir_short();

# Each stage once; the same command then has nothing left to do
my @small = qw(--rows 6000 --dims 16 --queries 20 --timed-queries 50 --seconds 1
  --maintenance-work-mem 64MB --shared-buffers 128MB --workers 1 --processes 1);

sub check_large
{
	my ($type, @more) = @_;
	my $out = "$short/$type";

	return if !check_program('large', [ @small, '--type', $type, @more, '--out', $out ], qr/report\.md$/m);
	my $stages = decode_json(slurp_file("$out/state.json"))->{stages};
	my $report = slurp_file("$out/report.md");
	is(join(' ', sort keys %$stages), 'build cold filters inserts linear load memory pgvector search truth vacuum',
		"large, $type: all stages");
	ok(!-e "$out/cluster", "large, $type: no cluster is left");
	ok(!(grep { !($_->{recall} > .8) } values %{ $stages->{search}{points} }), "large, $type: recall") or diag($report);
	unlike($report, qr/\bnan\b|None/, "large, $type: report has all figures");
	return;
}
check_large('halfvec');
check_large('bytevec', '--profile', 'compact');

check_program('fanout', [ qw(--rows 2000 --dims 16 --tenants 20 --queries 20 --rounds 1 --clients 2 --seconds 1 --citus 2),
		'--shards', '1,2' ],
	lines_of(6, qr/\| postgres_fdw, [12] \| [^|]+ \| \d+ \| [\d.]+ \| [\d.]+ \|/));
done_testing();
