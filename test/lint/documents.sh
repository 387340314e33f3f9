#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# README.md has at most 900 words as wc counts them, code and tables included, and no paragraph of a
# page for users more than 100.  cost.sh prints the words of all other pages.
set -u
cd "$(dirname "$0")/../.."

count=$(wc -w <README.md)
[ "$count" -le 900 ] && result=ok || result="not ok"
echo "$result - README.md: $count words, 900 at most"

long=$(perl -CSD -e '
	for my $page (@ARGV)
	{
		open my $file, "<", $page or die "$page: $!";
		my $text = join("", <$file>) =~ s/^```.*?^```\n/\n/smgr;

		for (split(/\n\s*\n|\n(?=\s*(?:[-*#|]|\d+\.) )/, $text))
		{
			my $words = () = /\S+/g;

			print "$page: $words words: ", substr($_, 0, 60), "\n" if $words > 100 && !/^\s*\|/;
		}
	}' README.md doc/*.md)
if [ -z "$long" ]; then
	echo "ok - paragraphs have at most 100 words"
else
	echo "not ok - paragraphs have at most 100 words"
	echo "$long"
fi
