#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Unpack Debian packages, and those that they need and that are not installed, into a
# directory, so that their programs run from there: nothing is installed, and no
# service starts.  Takes no rights beyond those of the directory.
#
# usage: test/operations/unpack.sh DIRECTORY PACKAGE...
#
# A later run with the same directory finds what an earlier one has unpacked.  Runs side by side wait for
# each other.  Each set of packages takes a directory of its own: a package may be a library's newer
# version, and a program that loads a library while it is written dies without a word.
set -eu
dir=$1
shift
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9

# apt may recommend nothing, and is asked what it would do
needed=$(apt-get -s --no-install-recommends install "$@" 2>&1) || {
	printf '%s\n' "$needed" | sed -n 's/^E: //p' >&2
	exit 1
}
mkdir -p "$dir/packages"
cd "$dir/packages"
missing=
for package in $(printf '%s\n' "$needed" | sed -n 's/^Inst \([^ ]*\) .*/\1/p'); do
	[ -e "$package.unpacked" ] || missing="$missing $package"
done
# All at once, as apt takes a second to begin
[ -z "$missing" ] || apt-get -q download $missing >&2
for package in $missing; do
	dpkg -x "$package"_*.deb "$dir"
	rm -f "$package"_*.deb
	touch "$package.unpacked"
done

# Debian 12 installs the beginning of this module with Python; the rest may be unpacked here
for module in "$dir"/usr/lib/python3.*/distutils; do
	if [ -d "$module" ] && [ ! -e "$module/__init__.py" ]; then
		cp "${module#"$dir"}"/*.py "$module"
	fi
done
