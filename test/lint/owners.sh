#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The state of a scan is parts (hnsw/scan/scan.h).  The comment above each part names the
# files that write it, in parentheses; others ask these.  It names none where each may count.
set -u
cd "$(dirname "$0")/../.."

broken=$(awk '
	FNR == 1 { header = FILENAME == "src/hnsw/scan/scan.h" }
	# the comment before a struct, in one line
	header && /^\/\*/ { comment = "" }
	header && /^(\/\*| \*)/ { comment = comment $0 }
	header && /^typedef struct/ {
		n = split(comment, words, "[^a-z_.]+")
		for (i = 1; i <= n; i++)
			if (words[i] ~ /^[a-z_]+\.c$/)
				owners[$3] = owners[$3] words[i] " "
		comment = ""
		fields = $3 == "LokiScan"
	}
	header && fields && /^\t[A-Z][A-Za-z]+[ \t]+[a-z]+;/ && $1 in owners {
		sub(/;.*/, "", $2)
		of[$2] = owners[$1]
	}
	!header {
		line = $0
		while (match(line, /(\+\+|--)?so->[a-z]+\.[a-z_.]+(\[[^]]*\])?( *(\+\+|--|[-+*\/|&]?=[^=]))?/)) {
			found = substr(line, RSTART, RLENGTH)
			line = substr(line, RSTART + RLENGTH)
			if (found !~ /^(\+\+|--)/ && found !~ /(\+\+|--|=.)$/)
				continue
			part = found
			sub(/.*so->/, "", part)
			sub(/\..*/, "", part)
			file = FILENAME
			sub(/.*\//, "", file)
			if (part in of && index(" " of[part], " " file " ") == 0)
				print FILENAME ":" FNR ": " found
		}
	}
	END {
		for (part in of)
			parts++
		if (parts < 10)
			print "only " parts + 0 " parts of the state name their files"
	}' src/hnsw/scan/scan.h src/hnsw/*/*.c)
if [ -z "$broken" ]; then
	echo "ok - parts of a scan's state are written by the files that they name"
else
	echo "not ok - parts of a scan's state are written by the files that they name"
	echo "$broken"
fi

# The planner works out what a query asks once (src/planner/query/level.c).  Who looks at the Query of a level by
# himself is named there, as is the one call of core's that matches conditions to indexes (query/matches.c).
readers=$(grep -l 'root->parse' src/planner/*.c src/planner/*/*.c | tr '\n' ' ')
matching=$(grep -n '[^a-z_]create_index_paths(' src/planner/*.c src/planner/*/*.c | grep -v ':[ \t]*[/ ]\*' | cut -d: -f1 | tr '\n' ' ')
if [ "$readers" = "src/planner/forms/fusion.c src/planner/forms/vector_join.c src/planner/query/level.c src/planner/query/words.c " ] &&
	[ "$matching" = "src/planner/query/matches.c " ]; then
	echo "ok - the planner reads a query, and has core match its conditions, where it says so"
else
	echo "not ok - the planner reads a query, and has core match its conditions, where it says so"
	echo "root->parse: $readers"
	echo "create_index_paths(): $matching"
fi

# A gap of core's (src/planner/README) has a version that ends it, a test, and an Assert that notices when core changes:
# in the function that follows, or below a comment that cites it.
lacking=$(perl -e '
	use strict;
	use warnings;

	my (%gap, %cited);
	for my $file (@ARGV)
	{
		open my $fh, "<", $file or die "$file: $!";
		my $text = do { local $/; <$fh> };
		$cited{$1} = 1 while $text =~ m{\((P\d+)\)(?:(?!\*/).)*\*/\s*Assert\(}gs;
		while ($text =~ m{/\*((?:(?!\*/).)*)\*/(.*?)^\}}gms)
		{
			my ($comment, $code) = ($1, $2);
			$comment =~ s/\s*\n[ \t]*\* ?/ /g;
			while ($comment =~ /\b[Gg]ap (P\d+)([^.]*)/g)
			{
				my ($name, $says) = ($1, $2);
				$gap{$name} = 1;
				print "$file: $name: no version\n"
				  if $says !~ /\b(?:no version|ends|1[6-9] (?:has|makes|ends))\b/;
				my @tests = map { m{/} ? $_ : "sql/$_" } $says =~ m{((?:sql/|t/)?\w+_\w+|sql/\w+)}g;
				@tests = grep { -e "$_.sql" || glob("test/$_*.pl") } @tests;
				print "$file: $name: no test\n" if !@tests;
				$cited{$name} = 1 if $code =~ /\bAssert\(/;
			}
			pos($text) -= length($code) + 2;
		}
	}
	open my $readme, "<", "src/planner/README" or die "README: $!";
	my %listed = map { $_ => 1 } grep { substr($_, 1) > 20 } map { /^(P\d+)\t/ ? $1 : () } <$readme>;
	print "src/planner/README: $_\n" for grep { !$gap{$_} || !$listed{$_} } sort keys %{ { %gap, %listed } };
	print "only ", scalar(keys %gap), " gaps\n" if keys %gap < 10;
	print "$_: no Assert\n" for grep { !$cited{$_} } sort keys %gap;
	' src/compat/*.h src/planner/*.c src/planner/*/*.c)
if [ -z "$lacking" ]; then
	echo "ok - gaps of core have the version that ends them, an Assert and a test"
else
	echo "not ok - gaps of core have the version that ends them, an Assert and a test"
	echo "$lacking"
fi
