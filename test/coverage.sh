#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Say how many lines of src were run by what was built with --coverage, and name
# the functions that were not.
#
# usage: test/coverage.sh DIRECTORY OUTPUT
set -u
cd "$1"
mkdir -p "$2"
if ! command -v gcovr >/dev/null; then
	echo "skip - coverage: gcovr is not installed"
	exit 0
fi
gcovr -r . -f 'src/' --exclude-unreachable-branches --json "$2/lines.json" \
	--html-details "$2/index.html" --txt "$2/lines.txt" 2>"$2/gcovr.log"
# Functions without a line that was run
for object in $(find src -name '*.gcda'); do
	gcov -f -n -o "${object%.gcda}.o" "${object%.gcda}.c" 2>/dev/null |
		awk -v file="${object%.gcda}.c" '
			/^Function / { name = $2; gsub("\x27", "", name) }
			/^Lines executed:0.00%/ && name { print file ": " name }
			/^File / { exit }
			/^Lines executed/ { name = "" }'
done | sort -u >"$2/functions.txt"
share=$(awk '$1 == "TOTAL" { sub("%", "", $4); print $4 }' "$2/lines.txt")
awk '$1 ~ /^src/ && $4 + 0 < 90 { print "    " $1 " " $4 " not: " $5 }' "$2/lines.txt"
sed 's/^/    /' "$2/functions.txt"
if [ "${share:-0}" -ge 90 ]; then
	echo "ok - coverage: $share % of the lines of src"
else
	echo "not ok - coverage: ${share:-?} % of the lines of src"
fi
