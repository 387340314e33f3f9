#!/usr/bin/perl
# SPDX-License-Identifier: PostgreSQL
# Compare the results of pgvector's regression tests with what they expect.
#
# usage: test/pgvector/compare.pl PREFIX DEPARTURES EXPECTED RESULTS NAME...
#
# Prints a line "ok", "departure" or "not ok" for each file, and every
# difference that DEPARTURES does not list.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Departures;

my ($prefix, $list, $expected, $results, @names) = @ARGV;
my @departures = departures_of($list, 'regress');

foreach my $name (@names)
{
	my (%listed, @others);

	foreach my $difference (differences("$expected/$name.out", "$results/$name.out"))
	{
		my $departure = listed($name, $difference, @departures);

		$listed{$departure}++ if defined $departure;
		push @others, $difference unless defined $departure;
	}
	if (@others)
	{
		print "not ok - $prefix: $name\n", map { "    $_\n" } @others;
	}
	elsif (%listed)
	{
		print "departure - $prefix: $name: ",
		  join(', ', map { "$_ ($listed{$_})" } sort keys %listed), "\n";
	}
	else
	{
		print "ok - $prefix: $name\n";
	}
}

# Each as its lines, "-" expected and "+" found, joined by "~"
sub differences
{
	my (@files) = @_;
	my @found;

	return ('no output') unless -e $files[1];
	foreach my $line (split /\n/, `diff -U0 $files[0] $files[1]`)
	{
		next if $line =~ /^(---|\+\+\+) \//;
		if ($line =~ /^@@/)
		{
			push @found, '';
			next;
		}
		$found[-1] .= ($found[-1] eq '' ? '' : '~') . $line;
	}
	return @found;
}
