# SPDX-License-Identifier: PostgreSQL
# The gate between two commits, on very small sets.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use lib 'bench';
use BenchTest;

skip_all_without_numpy();
$ENV{PG_CONFIG} = `pg_config --bindir` =~ s/\n/\/pg_config/r;
my $short = PostgreSQL::Test::Utils::tempdir_short();

# The tree against itself: builds, and nothing is worse, as times are not judged.  Then a limit that
# nothing keeps
my @gate = ('--base', $top, '--head', $top, '--dir', "$short/gate", qw(--rows 1500 --queries 30 --rounds 1 --seconds 1
	--no-times));
check_program('gate', [@gate], lines_of(27, qr/\| \S+ \| [\w ]+ \| [\d.e+]+ \| [\d.e+]+ \| [\d.]+ \| [\d.]+ \| ok \|/),
	qr/^0 worse$/m);
IPC::Run::run([ $python, '-B', "$top/bench/gate.py", @gate, '--limit', 'index size=0.5' ],
	'>', \my $worse, '2>', \my $said);
ok($? >> 8 == 1 && $worse =~ /^3 worse$/m, 'gate: a limit that is not kept') or diag("$worse$said");
done_testing();
