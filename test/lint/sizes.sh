#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# No C file is longer than 800 lines, no function longer than 120, no function has more than
# 8 parameters, and no struct has more than 20 fields.
set -u
cd "$(dirname "$0")/../.."

# limit NAME: what exceeds it comes as lines on standard input.
limit()
{
	long=$(cat)
	if [ -z "$long" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$long"
	fi
}

test/files.sh | grep '\.[ch]$' | xargs wc -l |
	awk '$2 != "total" && $1 > 800 { print $2 ": " $1 " lines" }' |
	limit "files of 800 lines at most"

# A body lies between braces in the first column; initializers do not count.
test/files.sh | grep '\.c$' | xargs awk '
	FNR == 1 { begin = 0 }
	/^{/ && previous !~ /=$/ { begin = FNR; name = signature }
	/^}/ {
		if (begin && FNR - begin - 1 > 120)
			print FILENAME ": " name ": " FNR - begin - 1 " lines"
		begin = 0
	}
	/^[a-zA-Z_].*\(/ { signature = $0; sub(/\(.*/, "", signature) }
	{ previous = $0 }' |
	limit "functions of 120 lines at most"

test/files.sh | grep '^src/.*\.c$' | xargs perl -0ne '
	s{/\*.*?\*/}{}gs;
	while (/^(\w+)\(((?:[^()]|\([^()]*\))*)\)\s*\n\{/mg)
	{
		my ($name, $parameters) = ($1, $2);
		$parameters =~ s/\([^()]*\)//g;
		my $n = 1 + ($parameters =~ tr/,//);
		print "$ARGV: $name: $n parameters\n" if $n > 8;
	}' | limit "functions of 8 parameters at most"

# Without comments a field ends with each semicolon, and with each comma outside of
# parentheses.
test/files.sh | grep '^src/.*\.[ch]$' | while read -r file; do
	"${CC:-cc}" -fpreprocessed -E -P -w "$file" | awk -v file="$file" '
		/^(typedef )?struct[^;*]*$/ { name = $NF; body = "" }
		/^}/ && name {
			while (gsub(/\([^()]*\)/, "", body)) ;
			if ((fields = gsub(/[;,]/, "", body)) > 20)
				print file ": " name ": " fields " fields"
			name = ""
		}
		name { body = body $0 }'
done | limit "structs of 20 fields at most"
