#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The tests of moving over from pgvector, and from one version of PostgreSQL to
# the next, on a Debian system that has what they need: PostgreSQL 17 with
# pgvector, and 15 beside it (test/chroot.sh).  As root.
#
# usage: test/takeover.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)

"$top/test/chroot.sh" create 17 postgresql-17-pgvector >/dev/null

# The older version is in the older release, of which nothing else is taken
"$top/test/chroot.sh" exec 17 sh -eu -c '
	source=/etc/apt/sources.list.d/bookworm.list
	if [ ! -e "$source" ]; then
		sed -n "s/^deb \([^ ]*\) trixie main$/deb \1 bookworm main/p" /etc/apt/sources.list >"$source"
		printf "Package: *\nPin: release n=bookworm\nPin-Priority: 50\n" >/etc/apt/preferences.d/bookworm
		apt-get -q update >&2
	fi
	lokivector-packages postgresql-15 postgresql-server-dev-15' >/dev/null

TESTS="007_dump_pgvector 022_as_vector 023_swap 024_incompatible_indexes 025_validate \
	026_replication 027_pg_upgrade 057_takeover_steps" exec "$top/test/chroot.sh" test 17 tap
