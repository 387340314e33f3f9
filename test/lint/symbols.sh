#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What the library exports: exactly the functions that the install
# scripts name, with their descriptions, what the server calls by name, and the
# entries of parallel workers (exports.txt).  All other symbols that are not
# static begin with loki_ or Loki.
set -u
cd "$(dirname "$0")/../.."

# One statement a line, without comments; of those that create a C function,
# the symbol, or the function's name where none is given.
sql_symbols()
{
	sed 's/--.*//' sql/install/*.sql | tr '\n\t' '  ' | tr ';' '\n' | sed -nE \
		-e "s/.*AS +'MODULE_PATHNAME' *, *'([^']+)'.*/\1/p; t" \
		-e "s/.*(FUNCTION|PROCEDURE) +([A-Za-z0-9_]+) *\(.*AS +'MODULE_PATHNAME'.*/\2/p" |
		sort -u
}

objects=$(find src -name '*.c' | sed 's/c$/o/')

allowed()
{
	printf '%s\n' Pg_magic_func _PG_init
	sql_symbols | sed 'p; s/^/pg_finfo_/'
	sed 's/#.*//; /^[[:space:]]*$/d' test/lint/exports.txt
}

# compare NAME WANTED GOT
compare()
{
	local difference

	difference=$(diff <(echo "$2") <(echo "$3") | grep '^[<>]' |
		sed 's/^</missing:/; s/^>/unexpected:/')
	if [ -z "$difference" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$difference"
	fi
}

compare "exported symbols" "$(allowed | sort -u)" \
	"$(nm -D --defined-only lokivector.so | awk '{ print $3 }' | sort -u)"

# Tests and benchmarks count, and files that use it in other versions of the server
compare "what one file uses is static" "" \
	"$(comm -23 <(nm -g --defined-only $objects | awk 'NF == 3 { print $3 }' | sort -u) \
			<({ allowed && nm -u $objects | awk 'NF == 2 { print $2 }'; } | sort -u) |
		while read -r name; do
			[ "$(grep -rlw --include='*.c' "$name" src test bench | wc -l)" -gt 1 ] || echo "$name"
		done)"

compare "symbols that are not static begin with loki" "" \
	"$(nm -g --defined-only $objects |
		awk 'NF == 3 { print $3 }' | grep -v -i '^loki' | sort -u |
		comm -23 - <(allowed | sort -u))"
