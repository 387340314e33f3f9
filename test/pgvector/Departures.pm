# SPDX-License-Identifier: PostgreSQL
# The list of departures of test/pgvector/departures.

package Departures;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(departures_of listed);

# Those of one kind of tests
sub departures_of
{
	my ($list, $kind) = @_;
	my @departures;

	open my $lines, '<', $list or die "$list: $!";
	while (my $line = <$lines>)
	{
		chomp $line;
		next if $line =~ /^(#|$)/;

		my ($of, $files, $pattern, $departure) = split /\t+/, $line;
		die "$list: $line" unless defined $departure;
		push @departures, { files => $files, pattern => $pattern, departure => $departure }
		  if $of eq $kind;
	}
	close $lines;
	return @departures;
}

# Which of them a difference in a file is, or undef
sub listed
{
	my ($name, $difference, @departures) = @_;

	foreach my $entry (@departures)
	{
		return $entry->{departure}
		  if $name =~ /^(?:$entry->{files})$/ && $difference =~ /^(?:$entry->{pattern})$/;
	}
	return undef;
}

1;
