#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# isolationtester as pg_isolation_regress runs it (--launcher).  Of an answer there stay the names of columns and
# the rows: no line between them, no number of rows, no blanks that fill a column up.  A step that prints nothing, waits
# for nothing and ends no waiting is named by its permutation alone.
set -eu
{
	"$@" 2>&1 && echo 0 || echo $?
} | LC_ALL=C awk '
	function show(line) {
		sub(/ +$/, "", line)
		if (line ~ /^$|^-[-+]*$|^\([0-9]+ rows?\)$/)
			return
		if (step != "" && (line !~ /^(step [a-z_0-9]+|starting permutation): / || line ~ /<\.\.\. completed>$/))
			print step
		step = line ~ /^step [a-z_0-9]+: .*;$/ ? line : ""
		if (line ~ /^starting permutation: /)
			print ""
		if (step == "")
			print line
	}
	NR > 1 { show(status) }
	{ status = $0 }
	END { exit status }'
