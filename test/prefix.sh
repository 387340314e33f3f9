#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Make a private, relocated copy of the server that PG_CONFIG names, and print
# the path of its pg_config.  Installing into the copy needs no rights on the
# system's own directories and leaves them as they are.
#
# usage: test/prefix.sh DIRECTORY [PG_CONFIG]
set -eu
mkdir -p "$1"
dir=$(cd "$1" && pwd)
pg_config=${2:-${PG_CONFIG:-pg_config}}

# A server finds its files by where they lie from its own program, so each
# directory keeps its full path below the copy.
bindir=$("$pg_config" --bindir)
include=$("$pg_config" --includedir)
pkglibdir=$("$pg_config" --pkglibdir)
sharedir=$("$pg_config" --sharedir)
# What is installed beside the server, such as Citus, comes and goes by itself
files=$(find "$bindir" "$pkglibdir" "$sharedir" -printf '%p %s %T@\n' | sort | cksum)
version="$("$pg_config" --version) of $bindir, files $files"
if [ "$(cat "$dir/complete" 2>/dev/null)" != "$version" ]; then
	rm -rf "${dir:?}$include"
	for path in "$bindir" "$pkglibdir" "$sharedir"; do
		mkdir -p "$dir${path%/*}"
		rm -rf "${dir:?}$path"
		cp -a "$path" "$dir$path"
	done
	# Libraries that programs find by where they lie from them
	ldd "$bindir/psql" | sed -n "s|.* => \($bindir/\.\./.*\)/[^/]* (.*|\1|p" | sort -u |
		while read -r libs; do
			mkdir -p "$dir$libs"
			cp -a "$libs/." "$dir$libs"
		done
	echo "$version" >"$dir/complete"
fi

# Headers are links, but in directories of their own, as some are installed;
# those of the server may come later than the rest.
if [ ! -e "$dir$("$pg_config" --includedir-server)/postgres.h" ]; then
	rm -rf "${dir:?}$include"
	mkdir -p "$dir${include%/*}"
	cp -as "$include" "$dir$include"
fi
echo "$dir$bindir/pg_config"
