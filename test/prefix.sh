#!/bin/sh
# Make a private, relocated copy of the server that PG_CONFIG names, and print
# the path of its pg_config.  Installing into the copy needs no rights on the
# system's own directories and leaves them as they are.
#
# usage: test/prefix.sh DIRECTORY [PG_CONFIG]
set -eu
dir=$1
pg_config=${2:-pg_config}

bindir=$("$pg_config" --bindir)        # .../lib/postgresql/NN/bin
sharedir=$("$pg_config" --sharedir)    # .../share/postgresql/NN
include=$("$pg_config" --includedir)
major=$(basename "$sharedir")

copy_bin=$dir/lib/postgresql/$major/bin
if [ ! -x "$copy_bin/postgres" ]; then
	mkdir -p "$dir/lib/postgresql" "$dir/share/postgresql" "$dir/include"
	cp -a "$(dirname "$bindir")" "$dir/lib/postgresql/"
	cp -a "$sharedir" "$dir/share/postgresql/"
	ln -sfn "$include" "$dir/include/postgresql"
fi
echo "$copy_bin/pg_config"
