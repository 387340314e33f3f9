# SPDX-License-Identifier: PostgreSQL
# What the tests of documents share: the blocks of a page, and how what was printed is
# compared with them.

package Documents;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(blocks plain missing);

# The blocks of a page: language, what follows it, number of the first line, lines
sub blocks
{
	my ($page) = @_;
	my (@blocks, $block);
	my $number = 0;

	for my $line (split(/\n/, slurp_file($page)))
	{
		$number++;
		if ($line =~ /^```\s*(\S*)\s*(.*?)\s*$/)
		{
			push @blocks, $block if $block;
			$block = $block ? undef
			  : { language => $1, rest => $2, first => $number + 1, lines => [] };
		}
		elsif ($block)
		{
			push @{ $block->{lines} }, $line;
		}
	}
	return @blocks;
}

# A line without what differs in white space, and without the arrow of a plan
sub plain
{
	my ($line) = @_;

	return $line =~ s/\s+/ /gr =~ s/^ (?:-> )?| $//gr;
}

# The first line of a text that is not in what was printed, in this order
sub missing
{
	my ($text, $printed) = @_;
	my @left = map { plain($_) } @$printed;

	for my $line (grep { $_ ne "" && $_ ne "..." && !/^[-+]+$/ } map { plain($_) } @$text)
	{
		shift @left while @left && $left[0] ne $line;
		return $line unless @left;
		shift @left;
	}
	return;
}

1;
