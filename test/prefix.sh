#!/bin/sh
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
if [ ! -e "$dir/complete" ]; then
	for path in "$bindir" "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)"; do
		mkdir -p "$dir${path%/*}"
		rm -rf "${dir:?}$path"
		cp -a "$path" "$dir$path"
	done
	touch "$dir/complete"
fi

# Headers are links, but in directories of their own, as some are installed
path=$("$pg_config" --includedir)
if [ ! -d "$dir$path" ] || [ -L "$dir$path" ]; then
	rm -f "$dir$path"
	mkdir -p "$dir${path%/*}"
	cp -as "$path" "$dir$path"
fi
echo "$dir$bindir/pg_config"
