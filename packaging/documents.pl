#!/usr/bin/perl
# SPDX-License-Identifier: PostgreSQL
# Make the links of documents fit a package: operations lies below examples there, and
# what the package does not have becomes plain text.  The list of the files of operations
# is without those.
#
# usage: packaging/documents.pl DIRECTORY...		such as debian/PACKAGE/usr/share/doc/PACKAGE
use strict;
use warnings;

use File::Basename;

for my $page (map { glob("$_/*.md $_/doc/*.md $_/examples/operations/README.md") } @ARGV)
{
	my $of_operations = $page =~ m{/examples/operations/};
	my $link = sub {
		my ($text, $target) = @_;
		my $moved = $of_operations ? "../$target" : $target =~ s{^((?:\.\./)?)operations/}{$1examples/operations/}r;

		return "[$text]($target)" if $target =~ /^(?:https?:|#)/;
		return -e dirname($page) . '/' . ($moved =~ s/#.*//r) ? "[$text]($moved)" : $text;
	};

	open my $file, '<', $page or die "$page: $!";
	my $content = join('', <$file>);
	close $file;
	$content =~ s/(?<!!)\[([^][]*)\]\(([^()\s]+)\)/$link->($1, $2)/ge;
	$content =~ s{^\| `([^`]+)`.*\n}{-e dirname($page) . "/$1" ? $& : ''}gem if $of_operations;
	open $file, '>', $page or die "$page: $!";
	print $file $content;
	close $file;
}
