#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Write what the extension's other name, vector, needs beside the library: the
# control file, the install script, a step from each version of pgvector to the
# next, up to ours, and an install script of the oldest version, from which the
# server goes by these steps where CREATE EXTENSION asks for another one.
#
# usage: sql/vector/build.sh DIRECTORY PART-FILE...
#
# The install script has the same parts as that of lokivector (sql/steps.sh).  Steps from
# versions that are in no line of versions, our own earlier ones, are those that have a file.
set -eu
dir=$1
shift
source=$(dirname "$0")
versions=$(grep -v '^#' "$source/versions")
oldest=$(printf '%s\n' "$versions" | head -n 1)
current=$(printf '%s\n' "$versions" | tail -n 1)

. "$source/../steps.sh"

# write_script NAME COMMAND
write_script()
{
	{
		head_of "vector--$1.sql" "$2"
		echo
		step "$source/$1.sql"
	} >"$dir/vector--$1.sql"
}

# write_step OLD--NEW
write_step()
{
	write_script "$1" "ALTER EXTENSION vector UPDATE TO '${1#*--}'"
}

parts=$*
rm -rf "$dir"
mkdir -p "$dir"

cat >"$dir/vector.control" <<-END
	# lokivector under pgvector's name
	comment = 'vector data type and ivfflat and hnsw access methods'
	default_version = '$current'
	module_pathname = '\$libdir/vector'
	relocatable = true
END

{
	head_of "vector--$current.sql" "CREATE EXTENSION vector"
	for file in "$@"; do
		echo
		cat "$file"
	done
} >"$dir/vector--$current.sql"

write_script "$oldest" "CREATE EXTENSION vector VERSION '$oldest'"
before=
for version in $versions; do
	[ -z "$before" ] || write_step "$before--$version"
	before=$version
done
for file in "$source"/*--*.sql; do
	name=$(basename "$file" .sql)
	[ -e "$dir/vector--$name.sql" ] || write_step "$name"
done
