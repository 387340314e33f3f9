#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# No warning from the server's compiler (as the build's log shows) nor from
# clang, with the WARNINGS of the Makefile.
set -u
cd "$(dirname "$0")/../.."

# silent NAME: warnings come on standard input.
silent()
{
	local warnings

	warnings=$(grep -A 4 -E 'warning:|error:' | head -n 60)
	if [ -z "$warnings" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$warnings"
	fi
}

if [ -n "${BUILD_LOG:-}" ]; then
	silent "the build gives no warning" <"$BUILD_LOG"
fi

clang=$(compgen -c clang | grep -E '^clang(-[0-9]+)?$' | sort -V | tail -n 1)
if [ -z "$clang" ]; then
	echo "ok - clang gives no warning # SKIP no clang"
	exit
fi
warnings=$(make -s print-WARNINGS)
{
	for file in src/*.c src/*/*.c src/*/*/*.c; do
		$clang -fsyntax-only -std=gnu99 -O2 $warnings \
			-Wmissing-prototypes -D_GNU_SOURCE -DLOKI_VERSION='""' -Isrc \
			-isystem "$("$PG_CONFIG" --includedir-server)" "$file"
	done
} 2>&1 | silent "clang gives no warning"
