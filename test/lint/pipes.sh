#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What psql prints is for people: a name in it may end a line, and be a command of psql or of the
# shell.  So no command that users are given has another program read it, by a pipe, a loop or a
# file, nor has psql read what a filter of text has cut out of something; SQL runs the statements
# that it writes by \gexec.  What may is listed, with a reason.
set -u
cd "$(dirname "$0")/../.."

allowed='
demo/run.sh: "$top/demo/ask.sh" "$@" | sed	indents what people read
demo/run.sh: sql -A -t -c "EXPLAIN (ANALYZE, COSTS OFF, TI | sed	indents what people read
demo/run.sh: sql -c '\''\timing on'\'' -f "$dir/source/demo/inde | sed	words a line that people read
doc/migrating-from-pgvector.md: psql -XAt0d postgres -c '\''SELECT datname FROM | xargs	names end in NUL, and go to the environment of psql
doc/migrating-from-pgvector.md: psql -XAt -o sequences.sql	a script as a whole, whose names are literals
doc/operations.md: psql -X -q -o report.html	a page for browsers
operations/Makefile: (psql) $(if $(RECALL),-v recall=1) -o report.html	a page for browsers
operations/report.sql: psql -X -q -o report.html	a page for browsers
packaging/fresh.sh: demo/ask.sh "limit memory used by sorting" | tee	a test that looks for a word
packaging/fresh.sh: demo/ask.sh "limit memory used by sorting" | grep	a test that looks for a word
packaging/steps.sh: plan "EXPLAIN (COSTS OFF) $query" | tee	a test that looks for a word
packaging/steps.sh: plan "$query" | tail	a test that compares a number
'
found=$(test/files.sh | grep -E '^(doc/[^/]*\.md|(operations|sql/takeover|packaging|debian|demo|examples)/.*)$' | perl -e '
	my (%text, %calls);

	while (my $file = <STDIN>)
	{
		chomp $file;
		next unless -T $file && $file !~ /\.py$/;
		open my $in, "<", $file or die "$file: $!";
		my $text = join("", <$in>);
		# of a page what stands as code, in blocks or within a sentence
		$text = join("\n", $text =~ /^```.*\n((?s:.*?))^```|(?<!`)`([^`\n]+)`/mg) if $file =~ /\.md$/;
		$text =~ s/^\s*(?:#|--)(?!\s*psql).*//mg;
		$text{$file} = $text;
	}
	# short functions and scripts that print what psql prints, also by one another
	$calls{psql} = 1;
	for (1 .. 2)
	{
		my $called = qr/^\s*(?:as_\w+ )?"?(?:\$\w+\/)?(?:@{[ join("|", map { quotemeta } sort keys %calls) ]})"? /m;

		for my $file (grep { /\.sh$/ } sort keys %text)
		{
			my %functions = $text{$file} =~ /^\s*(\w+)\(\)\s*\{(.*\}$|(?:.*\n){1,5}?\s*\}$)/mg;

			$calls{$_} = 1 for grep { $functions{$_} =~ $called } keys %functions;
			$calls{$file =~ s/.*\///r} = 1 if $text{$file} =~ /\n$called.*\n\z/;
		}
	}
	my $all = join("|", map { quotemeta } sort keys %calls);
	my $quoted = qr/\x27[^\x27]*\x27|"(?:[^"\\]|\\.)*"/s;

	for my $file (sort keys %text)
	{
		my $text = $text{$file};
		my $names = $file =~ /\.sh$/ ? $all : "psql|\\$\\(psql\\)";
		my $said = sub { print "$file: ", join(" | ", map { s/\s+/ /gr } @_), "\n" };

		while ($text =~ /("?(?:[\w\$.{}\/-]*\/)?(?<![\w.-])(?:$names)(?![\w(.])"?(?:$quoted|\\\n|[^|;&\n"\x27\\]|\\.|(?<=>)&)*)\|(?!\|)\s*(?:\\\n\s*)?(\S+)/g)
		{
			my ($command, $reader) = ($1, $2);

			$said->(substr($command, 0, 45) =~ s/\s+$//r, $reader);
		}
		# text that was cut or changed on the way, as of a dump
		$said->($1) while $text =~ /((?<![\w-])(?:sed|awk|grep|cut|tr|perl|head|tail|sort) (?:$quoted|\\\n|[^|;&\n"\x27\\]|\\.)*\|\s*(?:\w+=(?:$quoted|\S)* )*psql)/g;
		$said->($1) while $text =~ /((?:\\(?:o|out)|\\g) (?!\/dev\/null)[^\s\\][^\n`]*|(?<![\w-])(?:$names) [^\n|;]*? (?:-o|--output)[ =]?\S+|\b(?:for \w+ in|eval|read [^\n;]*<|done <)[^\n;]*[(]\s*(?:as_user )?(?:$names) [^\n]*)/g;
	}')
unknown=$(printf '%s\n' "$found" | grep -vxF "$(printf '%s' "$allowed" | cut -f 1)")
gone=$(printf '%s' "$allowed" | cut -f 1 | grep . | grep -vxF "$found")
if [ -z "$unknown$gone" ]; then
	echo "ok - no program reads what psql prints for people, and psql no cut text"
else
	echo "not ok - no program reads what psql prints for people, and psql no cut text"
	printf '%s\n' "$unknown" | sed '/./s/^/is not for it: /'
	printf '%s\n' "$gone" | sed '/./s/^/is no longer there: /'
fi
