# SPDX-License-Identifier: PostgreSQL
# What the tests of the benchmarks share: programs of bench with very small sets, and what
# they are to print.

package BenchTest;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw($top $python check_program skip_all_without_numpy lines_of);

our $top = abs_path('..');
our $python = '/usr/bin/python3';

# Sets are made anew.  Without numpy the file ends with a line that says so
sub skip_all_without_numpy
{
	$ENV{LOKIVECTOR_CACHE} = "$PostgreSQL::Test::Utils::tmp_check/cache";
	delete $ENV{LOKIVECTOR_DATA};
	return if -x $python && system($python, '-c', 'import numpy') == 0;
  SKIP: { skip("$python with numpy is not installed", 1); }
	done_testing();
	exit;
}

# Run a program of bench to its end; what it prints has to match each pattern.  Returns that,
# or '' where the program failed or lacks a Python package, which is skipped
sub check_program
{
	my ($name, $words, @patterns) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ $python, '-B', "$top/bench/$name.py", @$words ],
		'<', '/dev/null', '>', \$stdout, '2>', \$stderr);
	my $status = $?;
	my $shown = join(' ', $name, @$words) =~ s/\S*\Q$PostgreSQL::Test::Utils::tmp_check\E/DIR/gr;

  SKIP:
	{
		# A module of ours has to be found
		if ($status && $stderr =~ /^(?:(?:ModuleNotFoundError|ImportError): .*'|the benchmark needs )(\w+)/m && !-e "$top/bench/$1.py")
		{
			skip("$shown: no Python module $1", 1);
		}
		my @without = grep { $stdout !~ $_ } @patterns;
		ok($status == 0 && !@without, $shown)
		  or diag("status $status", map({ "\nprints nothing like $_" } @without), "\n$stdout$stderr");
		return $status == 0 ? $stdout : '';
	}
	return '';
}

# A pattern: so many lines that begin like this
sub lines_of
{
	my ($number, $begin) = @_;

	return qr/\A(?:(?!^$begin).*\n)*(?:^$begin.*\n(?:(?!^$begin).*\n)*){$number}\z/m;
}

1;
