#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Indent C files as PostgreSQL does, with the pg_bsd_indent of PostgreSQL 17
# (in the chroot of test/chroot.sh) and the options of pgindent.
# What it gets wrong is mended: pointers returned, designated initializers.
#
# usage: test/format.sh [FILE...]	(default: all of src and test)
#
# Prints the names of the files that it changes.
set -eu
cd "$(dirname "$0")/.."

make -s all
root=$(test/chroot.sh create 17)
[ -x "$root/usr" ] || { echo "$root cannot be entered" >&2; exit 1; }
test/chroot.sh copy 17
test/typedefs.sh >"$root/srv/lokivector/typedefs"
[ $# -gt 0 ] || set -- $(test/files.sh | grep -E '^(src|test)/.*\.[ch]$')

test/chroot.sh exec 17 sh -eu -c '
	cd /srv/lokivector
	for file in "$@"; do
		/usr/lib/postgresql/17/bin/pg_bsd_indent -Utypedefs \
			-bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 \
			-i4 -l79 -lp -lpl -nip -npro -sac -tpg -ts4 <"$file" |
			perl -0pe "s/^(\w[\w ]*?)[ \t]+(\*+)\$/\$1 \$2/mg;
				s/,\.(\w+ =)/, .\$1/g; s/ =\n\n\{/ =\n{/g" \
				>"$file.indented"
	done' sh "$@"

for file in "$@"; do
	if [ -s "$root/srv/lokivector/$file.indented" ] &&
		! cmp -s "$file" "$root/srv/lokivector/$file.indented"; then
		cat "$root/srv/lokivector/$file.indented" >"$file"
		echo "$file"
	fi
done
