#!/bin/sh
# Write what the extension's other name, vector, needs beside the library: the
# control file, the install script and a step from each version of pgvector to
# the next, up to ours.
#
# usage: sql/vector/build.sh DIRECTORY PART-FILE...
#
# The install script has the same parts as that of lokivector.  In the files of
# steps, these lines stand for other text:
#	-- parts: NAME...			those parts
#	-- parts: all others		all parts that no line before it names
#	-- comments of: NAME...		the COMMENT statements of those parts
set -eu
dir=$1
shift
source=$(dirname "$0")
versions=$(grep -v '^#' "$source/versions")
current=$(printf '%s\n' "$versions" | tail -n 1)

head_of()
{
	printf '%s\n' "/* $1 */" '' \
		'-- complain if script is sourced in psql, rather than via its extension' \
		"\\echo Use \"$2\" to load this file. \\quit"
}

# The file of a part
part()
{
	for file in $parts; do
		if [ "$(basename "$file" .sql)" = "$1" ]; then
			echo "$file"
			return
		fi
	done
	echo "there is no part $1" >&2
	return 1
}

# Parts that the line names that stands for them, or all that are left
named()
{
	if [ "$1" = "all others" ]; then
		for file in $parts; do
			basename "$file" .sql
		done | grep -vxF "$taken"
	else
		printf '%s\n' $1
	fi
}

step()
{
	[ -e "$source/$1.sql" ] || return 0
	while IFS= read -r line; do
		case $line in
			"-- parts: "*)
				for name in $(named "${line#-- parts: }"); do
					taken="$taken
$name"
					echo
					cat "$(part "$name")"
				done ;;
			"-- comments of: "*)
				for name in ${line#-- comments of: }; do
					taken="$taken
$name"
					grep '^COMMENT ON' "$(part "$name")" || true
				done ;;
			*) printf '%s\n' "$line" ;;
		esac
	done <"$source/$1.sql"
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

taken=
before=
for version in $versions; do
	if [ -n "$before" ]; then
		{
			head_of "vector--$before--$version.sql" "ALTER EXTENSION vector UPDATE TO '$version'"
			echo
			step "$before--$version"
		} >"$dir/vector--$before--$version.sql"
	fi
	before=$version
done
