#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Each figure in a table of README.md and doc/benchmarks.md is in one of the reports of
# bench/results that its section links to, rounded as the table has it.  Cells with words,
# and sections without a report, are not looked at.
set -u
cd "$(dirname "$0")/../.."

wrong=$(perl -e '
	use File::Basename;

	sub text { local (@ARGV, $/) = @_; return join("", <>); }

	for my $page (@ARGV)
	{
		for my $section (split(/^(?=## )/m, text($page)))
		{
			my (@reports, %have);

			push @reports, glob(dirname(dirname($page) . "/$_") . "/*.{csv,md}")
			  for $section =~ /\]\(((?:\.\.\/)?bench\/results\/[^)#]+\.(?:md|csv))\)/g;
			next unless @reports;
			my @figures = map { tr/,//dr } text(@reports) =~ /(?<![\w.])(\d[\d,]*(?:\.\d+)?)(?!\w)/g;
			for my $line ($section =~ /^\|(?![-|]+$)(.*)\|$/mg)
			{
				my (undef, @cells) = split(/\s*\|\s*/, $line);

				for my $cell (grep { /^[\d.,]+$/ } @cells)
				{
					my $decimals = length(($cell =~ /\.(\d+)$/)[0] // "");

					$have{$decimals} //= { map { sprintf("%.${decimals}f", $_) => 1 } @figures };
					print "$page: $cell in: $line\n" if !$have{$decimals}{ $cell =~ tr/,//dr };
				}
			}
		}
	}' README.md doc/benchmarks.md)
if [ -z "$wrong" ]; then
	echo "ok - figures are those of the reports"
else
	echo "not ok - figures are those of the reports"
	echo "$wrong"
fi
wrong=$(python3 -B bench/results.py --check 2>&1) &&
	echo "ok - tables are those of bench/results.py" ||
	echo "not ok - tables are those of bench/results.py
$wrong"
