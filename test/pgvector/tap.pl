#!/usr/bin/perl
# SPDX-License-Identifier: PostgreSQL
# Judge the output of one of pgvector's TAP tests.
#
# usage: test/pgvector/tap.pl FILE STATUS DEPARTURES OUTPUT ERRORS
#
# Prints one line "ok" or "departure" with what passed and what is listed in
# DEPARTURES, or "not ok" and what is not.  A test that failed goes by its name
# or, as most have none, by the line of FILE that it is.

use strict;
use warnings;

use File::Basename;
use FindBin;
use lib $FindBin::Bin;
use Departures;

my ($file, $status, $list, $output, $errors) = @ARGV;
my $name = basename($file, '.pl');
my @departures = departures_of($list, 'tap');
my @source = ('', split /\n/, contents($file));
my ($text, $log) = (contents($output), contents($errors));
my (%listed, @others);

sub contents
{
	my ($path) = @_;
	local $/;

	open my $handle, '<', $path or die "$path: $!";
	return <$handle> // '';
}

my @failed;
while ($log =~ /^#   Failed test(?: '(.*)'\n# )? +at \S+ line (\d+)\.$/mg)
{
	my ($test, $line) = ($1, $source[$2]);

	$line =~ s/^\s+//;
	push @failed, $test // $line;
}
push @failed, 'a failure without a place' if @failed != (() = $text =~ /^not ok /mg);
push @failed, "ends early, with status $status" unless $text =~ /^1\.\.\d+/m;

foreach my $test (@failed)
{
	my $departure = listed($name, $test, @departures);

	$listed{$departure}++ if defined $departure;
	push @others, $test unless defined $departure;
}

my $kind = @others ? 'not ok' : %listed ? 'departure' : 'ok';
my $passed = () = $text =~ /^ok /mg;
print "$kind - tap $name: $passed passed",
  (map { ", $_ ($listed{$_})" } sort keys %listed), "\n", map { "    $_\n" } @others;
exit(@others ? 1 : 0);
