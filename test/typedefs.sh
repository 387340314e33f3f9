#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Print the names of types for pg_bsd_indent (test/format.sh): those that the
# built library uses, from its debugging information, as PostgreSQL does it,
# and those that the sources declare, but none that is a macro, too.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."
{
	objdump -Wi lokivector.so |
		awk '/DW_TAG_/ { typedef = /DW_TAG_typedef/ }
			typedef && /DW_AT_name/ { print $NF; typedef = 0 }'
	test/files.sh | grep -E '^(src|test)/.*\.[ch]$' | xargs sed -nE \
		-e 's/^typedef .*[ *]([A-Za-z_0-9]+);.*/\1/p' \
		-e 's/^typedef .*\(\*([A-Za-z_0-9]+)\).*/\1/p' \
		-e 's/^\} ([A-Za-z_0-9]+);.*/\1/p' \
		-e 's/^#define ([A-Z]+) +(__m[0-9]+i?|[a-z]+[0-9]+x[0-9]+_t)$/\1/p'
	# NEON is not in a library for another processor
	grep -ohE '\<[a-z]+[0-9]+x[0-9]+(x[0-9])?_t\>' src/*/*.[ch] src/*/*/*.[ch]
} | sort -u | grep -vxF "$(sed -nE 's/^#define ([A-Za-z_0-9]+)\(.*/\1/p' src/*.h src/*/*.h src/*/*/*.h)"
