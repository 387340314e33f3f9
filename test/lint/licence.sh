#!/bin/sh
# Each source file names its licence in a line that tools read (spdx.dev).  Tests of pg_regress
# are left out, since their output has every line.
set -u
cd "$(dirname "$0")/../.."

missing=$(test/files.sh | grep -E '\.(c|h|cpp|py|sh|pl|pm|sql|mjs|go|java)$|^\.ci/run$' |
	grep -vE '^sql/[^/]*\.sql$|^expected/|^test/(isolation|formats)/' |
	xargs -d '\n' grep -L 'SPDX-License-Identifier: PostgreSQL' | while read -r file; do
	[ ! -s "$file" ] || echo "    $file"
done)
if [ -z "$missing" ]; then
	echo "ok - each source file has its licence"
else
	echo "not ok - each source file has its licence"
	echo "$missing"
fi
