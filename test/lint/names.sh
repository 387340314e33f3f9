#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What an administrator runs writes pg_catalog before functions of the server, since others may
# have made functions in a schema of its search_path that fit better: bodies of views and SQL
# functions, DO, scripts and queries of operations.  Bodies that set search_path need not.
# Operators and all else are tested by test/t/056_names.pl.  And a number names one program of test/t.
set -u
cd "$(dirname "$0")/../.."

found=$(test/files.sh | grep -E '^(sql/(install|upgrade|vector)/.*\.sql|operations/(.*\.sql|psqlrc|.*_exporter\.yaml))$' |
	xargs awk '
	FNR == 1 { script = FILENAME ~ /^operations/; inside = 0 }
	/^(CREATE VIEW|UPDATE )/ { inside = 1; end = ";$" }
	/^BEGIN ATOMIC/ { inside = 1; end = "^END;" }
	/^DO \$\$/ { inside = 1; end = "^\\$\\$;" }
	script || inside {
		line = $0
		sub(/(^|[ \t])--([ \t].*|$)/, "", line)
		gsub(/(AS|FUNCTION) [a-z_]+\(/, "", line)
		while (match(line, /(^|[^A-Za-z0-9_.:"%$\\])[a-z][a-z0-9_]*\(/)) {
			name = substr(line, RSTART, RLENGTH - 1)
			sub(/^[^a-z]/, "", name)
			line = substr(line, RSTART + RLENGTH)
			# syntax, and our own
			if (name !~ /^(coalesce|nullif|greatest|least|extract|trim|substring|lokivector_.*)$/)
				print FILENAME ":" FNR ": " name "()"
		}
	}
	inside && $0 ~ end { inside = 0 }')
if [ -z "$found" ]; then
	echo "ok - functions of the server are qualified in what an administrator runs"
else
	echo "not ok - functions of the server are qualified in what an administrator runs"
	echo "$found"
fi

found=$(test/files.sh | sed -n 's|^test/t/\([0-9]*\)_.*\.pl$|\1|p' | sort | uniq -d)
if [ -z "$found" ]; then
	echo "ok - each program of test/t has a number of its own"
else
	echo "not ok - each program of test/t has a number of its own"
	echo "$found"
fi
