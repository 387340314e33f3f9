#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# psql as pg_regress runs it for the files of sql (--launcher).
#
# A row is a line of columns, so that a value that changes changes its line alone.  Of the file, all of
# which psql repeats, there stay the names of tests, and each statement that prints something, with the
# comment before it.  A file that sets ECHO itself is left as it is.
set -eu
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script"
set -- "$@" --no-align --pset=footer=off
if grep -q '^\\set ECHO' "$script"; then
	"$@" <"$script"
	exit
fi
{
	"$@" <"$script" 2>&1 && echo 0 || echo $?
} | LC_ALL=C awk -v script="$script" '
	# The lines that psql repeats: all but blank ones between statements, and rows of a COPY
	BEGIN {
		for (at = 0; (getline line <script) > 0; copied = copied ? line != "\\." : line ~ /^COPY .* FROM stdin;$/)
			if (line != "" && !copied)
				lines[n++] = line
	}
	# Whether a statement ends with a line; none does within $$
	function ends(line) {
		body = (body + gsub(/\$[a-z_]*\$/, "&", line)) % 2
		return !body && line !~ /^--/ && line ~ /;[ \t]*(--.*)?$|^\\|\\g[a-z]*$/
	}
	function shortened(text,    lines, all, n) {
		all = split(text, lines, "\n")
		text = ""
		for (n = 1; n < all && lines[n] ~ /^--/; n++)
			text = text lines[n] "\n"
		text = text lines[n]
		if (all - n < 4)
			while (n < all)
				text = text "\n" lines[++n]
		else
			text = text " ..."
		return text
	}
	function show(line) {
		if (at < n && line == lines[at]) {
			statement = ended || statement == "" ? line : statement "\n" line
			ended = ends(lines[at++])
			if (line !~ /^-- test: /)
				return
			statement = names = ""
		} else if (statement != "" && line == "" && !ended) {
			statement = statement "\n"
			return
		}
		if (statement != "")
			print shortened(statement)
		# Names of columns stand where there are several, and not those of the answer before
		if (statement !~ /(^|\n)(SELECT|WITH|VALUES|EXPLAIN|EXECUTE|FETCH|SHOW)/ ||
			line !~ /^[a-z_?][a-z0-9_?|]*$|^QUERY PLAN$/)
			print line
		else if (line ~ /\|/ && line != names)
			print names = line
		statement = ""
	}
	NR > 1 { show(status) }
	{ status = $0 }
	END { exit status }'
