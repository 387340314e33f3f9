#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Tests on a server whose own assertions are on.  No distribution has one, so the source of the
# system's server is fetched by apt, and built in a directory that stays.
#
# usage: test/asserts.sh [PART...]		parts of test/run.sh (default: sql iso)
# environment: PG_CONFIG, TMPDIR as test/run.sh; LOKIVECTOR_JOBS, processes of the build
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- sql iso
"$top/test/names.sh" --check "$@"

pg_config=$("$top/test/packages.sh")
version=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9.]*\).*/\1/')
major=${version%%.*}
work=$("$top/test/directory.sh" "${TMPDIR:-/var/tmp}/lokivector-asserts-$version" 755)
"$top/test/room.sh" "$work" 1500 "set TMPDIR"

cannot()
{
	echo "$*" >&2
	exit 1
}

# The source, by lists of its own: apt rarely has those of sources.  Not every mirror has sources of
# updates; those of the release do as well.
fetch()
{
	mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/source"
	apt-get indextargets --format 'deb-src $(REPO_URI) $(CODENAME) main' 'Created-By: Packages' \
		'Origin: Debian' | sort -u >"$work/sources.list"
	[ -s "$work/sources.list" ] || cannot "apt names no Debian mirror"
	set -- -q -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root
	for wanted in all release; do
		[ "$wanted" = all ] || sed -i '/ [a-z]*-/d' "$work/sources.list"
		if apt-get "$@" update &&
			(cd "$work/source" &&
				apt-get "$@" --only-source --download-only source "postgresql-$major"); then
			tar -xjf "$work"/source/postgresql-*.orig.tar.bz2 -C "$work/source"
			return
		fi
	done
	cannot "apt has no source of postgresql-$major"
}

build()
{
	"$top/test/packages.sh" zlib1g-dev libicu-dev pkg-config >/dev/null
	[ -n "$(ls -d "$work"/source/postgresql-*/ 2>/dev/null)" ] || fetch
	cd "$work"/source/postgresql-*/
	./configure --prefix="$work/installed" --enable-cassert --enable-debug --enable-tap-tests \
		--with-icu --without-readline CFLAGS="-O1 -g"
	make -s -j "${LOKIVECTOR_JOBS:-$(nproc)}" world-bin
	make -s install-world-bin
	touch "$work/built"
}

if [ ! -e "$work/built" ]; then
	echo "# building a server with assertions in $work ..."
	(build) >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		cannot "could not build a server with assertions"
	}
fi
cd "$top"
PG_CONFIG=$work/installed/bin/pg_config LOKIVECTOR_TEST_DIR=${TMPDIR:-/var/tmp}/lokivector-test-asserts \
	exec test/run.sh "$@"
