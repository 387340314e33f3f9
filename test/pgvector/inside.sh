#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The part of test/pgvector.sh that root does inside the chroot: fetch the
# source package, copy the tree, and run test/pgvector/suite.sh as postgres.
#
# usage: test/pgvector/inside.sh DIRECTORY MAJOR PART...
set -eu
dir=$1
major=$2
shift 2
tree=$(cd "$(dirname "$0")/../.." && pwd)

as_tester()
{
	setpriv --reuid postgres --regid postgres --init-groups \
		env HOME=/ LC_ALL=C.UTF-8 "$@"
}

as_tester true
mkdir -p "$dir"
chown postgres: "$dir"
# What root writes lies beside it.  One run at a time
exec 9<"$dir"
flock 9

fetch_source()
{
	sources=/etc/apt/sources.list.d/lokivector-source.list
	if [ ! -e "$sources" ]; then
		sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$sources"
		apt-get -q update
	fi
	mkdir -p "$dir-package"
	cd "$dir-package"
	rm -f -- *
	# what the package lists name may be gone by now
	apt-get -q source --download-only pgvector || {
		apt-get -q update
		apt-get -q source --download-only pgvector
	}
	as_tester rm -rf "$dir/pgvector"
	as_tester mkdir "$dir/pgvector"
	as_tester tar -xzf pgvector_*.orig.tar.gz --strip-components=1 -C "$dir/pgvector"
}

case " $* " in
	*" regress "* | *" tap "*)
		fetch_source >"$dir-fetch.log" 2>&1 9<&- || {
			tail -n 5 "$dir-fetch.log" >&2
			echo "pgvector's source package is not to be had" >&2
			exit 1
		}
		;;
esac

as_tester mkdir -p "$dir/src"
as_tester rm -rf "$dir/src/sql" "$dir/src/test"
"$tree/test/files.sh" | tar -C "$tree" -cf - -T - |
	as_tester tar -C "$dir/src" -xf - --no-same-owner
cd /
as_tester "$dir/src/test/pgvector/suite.sh" "$dir" "$major" "$@" 9<&-
