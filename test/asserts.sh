#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Tests on a server whose own assertions are on.  No distribution has one, so the source of the
# system's server is fetched by apt, and built in a directory that stays.  It also copies each tree
# of a query and of a plan, and writes and reads it, before it goes on with the result.
#
# usage: test/asserts.sh [PART...]		parts of test/run.sh, and fuzz (default: sql iso fuzz)
#        test/asserts.sh create			make the server, or use the one that is there
#										Exit status of both 3: it cannot be made here.
# environment: PG_CONFIG, TESTS, TESTS_sql, TMPDIR as test/run.sh; LOKIVECTOR_JOBS, processes of the
# build; LOKIVECTOR_AMOUNT, statements of fuzz (500)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- sql iso fuzz
parts=
fuzz=
for part; do
	case $part in
		create) ;;
		fuzz) fuzz=yes ;;
		*) parts="$parts $part" ;;
	esac
done
# shellcheck disable=SC2086	# they may be several
"$top/test/names.sh" --check $parts

cannot()
{
	echo "$*" >&2
	exit 3
}

pg_config=$("$top/test/packages.sh") || cannot "there is no server to have the source of"
version=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9.]*\).*/\1/')
major=${version%%.*}
work=$("$top/test/directory.sh" "${TMPDIR:-/var/tmp}/lokivector-asserts-$version" 755)
"$top/test/room.sh" "$work" 1500 "set TMPDIR"

# ICU, as tests have collations of it; since 18 the macros are what settings begin with
options="--enable-cassert --enable-debug --enable-tap-tests --with-icu --without-readline
	CPPFLAGS='-DCOPY_PARSE_PLAN_TREES -DWRITE_READ_PARSE_PLAN_TREES' CFLAGS='-O1 -g'"

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
			# whole at once, as what an interrupted run leaves would be taken for the source
			mkdir -p "$work/unpacked"
			tar -xjf "$work"/source/postgresql-*.orig.tar.bz2 -C "$work/unpacked"
			mv "$work"/unpacked/postgresql-*/ "$work/source"
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
	if [ "$(cat "$work/options" 2>/dev/null)" != "$options" ]; then
		[ ! -e GNUmakefile ] || make -s distclean
		echo "$options" >"$work/options"
	fi
	eval "./configure --prefix='$work/installed' $options"
	make -s -j "${LOKIVECTOR_JOBS:-$(nproc)}" world-bin
	make -s install-world-bin
	cp "$work/options" "$work/built"
}

if ! cmp -s "$work/options" "$work/built" || [ "$(cat "$work/built")" != "$options" ]; then
	echo "# building a server with assertions in $work ..."
	rm -f "$work/built"
	(build) >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		cannot "could not build a server with assertions"
	}
fi

run()
{
	PG_CONFIG=$work/installed/bin/pg_config LOKIVECTOR_TEST_DIR=${TMPDIR:-/var/tmp}/lokivector-test-asserts \
		"$top/test/run.sh" "$@"
}
status=0
# shellcheck disable=SC2086
[ -z "$parts" ] || run $parts || status=1
[ -z "$fuzz" ] || LOKIVECTOR_AMOUNT=${LOKIVECTOR_AMOUNT:-500} run fuzz || status=1
exit $status
