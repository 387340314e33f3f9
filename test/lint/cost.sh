#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What the source costs who reads it, in figures.  They have no limits here; those of sizes.sh do.
set -u
cd "$(dirname "$0")/../.."

test/files.sh | perl -e '
	use strict;
	use warnings;

	my ($code, $comments, $asserts, $constants, $hooks) = (0) x 5;
	my (%most, %words);

	sub larger
	{
		my ($what, $number, $where) = @_;
		$most{$what} = [ $number, $where ] if $number > ($most{$what}[0] // -1);
	}
	while (my $file = <STDIN>)
	{
		chomp $file;
		my $source = $file =~ m{^src/.*\.[ch]$};
		my $page = $file =~ m{^src/.*README$} ? "READMEs of src" :
		  $file =~ m{^doc/design/.*\.md$} ? "doc/design" : $file =~ m{^doc/[^/]*\.md$} ? "other pages of doc" : undef;
		next if !$source && !$page;
		open my $fh, "<", $file or die "$file: $!";
		my $text = do { local $/; <$fh> };
		$words{$page} += () = $text =~ /\S+/g if $page;
		next if !$source;

		larger("lines of a file", $text =~ tr/\n//, $file);
		$comments += 1 + tr/\n// for $text =~ m{/\*.*?\*/}gs;
		$text =~ s{/\*.*?\*/}{}gs;
		$code += () = $text =~ /^.*\S.*$/mg;
		$asserts += () = $text =~ /\b(?:Static)?Assert\w*\(/g;
		$constants += () = $text =~ /^#define[ \t]+\w+[ \t]+\(?-?[0-9.]+/mg
		  if $file =~ m{^src/hnsw/(?:scan|graph|recall|insert)/};
		$hooks += () = $text =~ /^\s*\w+_hook = \w+(?<!_hook);/mg;
		while ($text =~ /^(\w+)\(((?:[^()]|\([^()]*\))*)\)\s*\n\{/mg)
		{
			my ($name, $parameters) = ($1, $2);
			$parameters =~ s/\([^()]*\)//g;
			larger("parameters of a function", 1 + ($parameters =~ tr/,//), "$file: $name");
		}
		while ($text =~ /^(?:typedef )?struct (\w+)\s*\n\{(.*?)^\}/gms)
		{
			my ($name, $body) = ($1, $2);
			1 while $body =~ s/\([^()]*\)//g;
			larger("fields of a struct", $body =~ tr/;,//, "$file: $name");
		}
	}
	printf "# | lines of code of src | %d |\n", $code;
	printf "# | comments, lines for each line of code | %.2f |\n", $comments / $code;
	printf "# | Asserts for 1,000 lines of code | %.1f |\n", 1000 * $asserts / $code;
	printf "# | numeric constants of scan, graph, recall and insert | %d |\n", $constants;
	printf "# | installations of hooks | %d |\n", $hooks;
	printf "# | %s at most | %d | %s |\n", $_, @{ $most{$_} } for sort keys %most;
	printf "# | words of %s | %d |\n", $_, $words{$_} for sort keys %words;
	printf "%sok - cost of the source in figures\n", $code && $asserts && $hooks && keys %most == 3 && keys %words == 3 ? "" : "not ";
'
