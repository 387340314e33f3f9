#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Tests against pgvector itself, in a Debian chroot with a newer server, which
# packages pgvector and its source (test/chroot.sh; needs root and a mirror).
#
# usage: test/pgvector.sh PART...
#		regress			pgvector's regression tests, on lokivector installed as vector
#		tap				its TAP tests, likewise; an hour or more
#		differential	random expressions, evaluated by both
#
# MAJOR			the server: 17 (default) or 18
# TESTS			only these files of regress and tap, by name without suffix
# COUNT, SEED	how many expressions, and which
#
# Prints lines as test/run.sh does and, at last, a tally; the exit status tells
# whether every difference is a listed departure (test/pgvector/departures).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
major=${MAJOR:-17}

[ $# -gt 0 ] || set -- regress tap differential
"$top/test/chroot.sh" create "$major" "postgresql-$major-pgvector" python3 >/dev/null

# One directory for each source tree
dir=/srv/pgvector-$(printf %s "$top" | cksum | cut -d ' ' -f 1)
exec "$top/test/chroot.sh" exec -b "$top:/mnt/lokivector" "$major" env \
	TESTS="${TESTS:-}" COUNT="${COUNT:-}" SEED="${SEED:-}" \
	/mnt/lokivector/test/pgvector/inside.sh "$dir" "$major" "$@"
