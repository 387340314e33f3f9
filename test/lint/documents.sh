#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# How much there is to read: words of README.md, of the pages for users, of the READMEs in
# src and of doc/design, without code and the marks of tables; and no paragraph of a page for
# users has more than 100 words.
set -u
cd "$(dirname "$0")/../.."

# words NAME LIMIT FILE...
words()
{
	name=$1 limit=$2
	shift 2
	count=$(sed '/^```/,/^```/d' "$@" | tr -d '|' | wc -w)
	if [ "$count" -le "$limit" ]; then
		echo "ok - $name: $count words, $limit at most"
	else
		echo "not ok - $name: $count words, $limit at most"
	fi
}

words "README.md" 900 README.md
# shellcheck disable=SC2046
words "pages for users" 30000 $(test/files.sh | grep '^doc/[^/]*\.md$')
# shellcheck disable=SC2046
words "design" 12000 $(test/files.sh | grep '^doc/design/.*\.md$')
# shellcheck disable=SC2046
words "READMEs of src" 15000 $(test/files.sh | grep '^src/.*README$')

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
