#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Print the names of the files of this source tree, one a line: those that git
# tracks or would track, or, where there is no git, all but build results.
set -eu
cd "$(dirname "$0")/.."
{
	git ls-files --cached --others --exclude-standard 2>/dev/null | grep . ||
		find . \( -name .git -o -path ./build -o -path ./results \) -prune -o \
			-type f ! -name '.env*' ! -name '*.o' ! -name '*.bc' ! -name '*.so' -print |
		sed 's,^\./,,'
} | while IFS= read -r name; do
	[ ! -f "$name" ] || printf '%s\n' "$name"
done | sort
