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
