#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Indent C files as PostgreSQL does, with the pg_bsd_indent of PostgreSQL 17
# (in the chroot of test/chroot.sh) and the options of pgindent.
# What it gets wrong is mended: pointers returned, designated initializers.
# Lines of comments stay as they are.
#
# usage: test/format.sh			lines of src and test that differ from the last commit
#        test/format.sh FILE...	whole files
#
# Lines that nobody changed stay, since pg_bsd_indent would split values of a
# struct, (Type) {a, b}, and more.  Prints the names of the files that it changes.
set -eu
cd "$(dirname "$0")/.."

make -s all
root=$(test/chroot.sh create 17)
[ -x "$root/usr" ] || { echo "$root cannot be entered" >&2; exit 1; }
test/chroot.sh copy 17
test/typedefs.sh >"$root/srv/lokivector/typedefs"
whole=$#
if [ $# = 0 ]; then
	set -- $({ git diff --name-only --diff-filter=d HEAD; git ls-files -o --exclude-standard; } |
		grep -E '^(src|test)/.*\.[ch]$' || true)
	[ $# -gt 0 ] || exit 0
fi

test/chroot.sh exec 17 sh -eu -c '
	cd /srv/lokivector
	for file in "$@"; do
		/usr/lib/postgresql/17/bin/pg_bsd_indent -Utypedefs \
			-bad -bap -bbb -bc -bl -cli1 -cp33 -cdb -nce -d0 -di12 -nfc1 -nfcb \
			-i4 -l79 -lc119 -lp -lpl -nip -npro -sac -tpg -ts4 <"$file" |
			perl -0pe "s/^(\w[\w ]*?)[ \t]+(\*+)\$/\$1 \$2/mg;
				s/,\.(\w+ =)/, .\$1/g; s/ =\n\n\{/ =\n{/g" \
				>"$file.indented"
	done' sh "$@"

for file in "$@"; do
	indented=$root/srv/lokivector/$file.indented
	[ -s "$indented" ] || continue
	if [ "$whole" = 0 ] && git ls-files --error-unmatch "$file" >/dev/null 2>&1; then
		# of what was indented the places with a line that the commit has not
		diff -U0 "$file" "$indented" | perl -e '
			my ($file) = @ARGV;
			my ($keep, @changed);
			for (qx{git diff -U0 HEAD -- $file})
			{
				@changed[$1 .. $1 + ($2 // 1) - 1] = (1) x ($2 // 1) if /^\@\@ \S+ \+(\d+)(?:,(\d+))? /;
			}
			while (<STDIN>)
			{
				$keep = grep { $_ } @changed[$1 .. $1 + ($2 // 1) - 1] if /^\@\@ -(\d+)(?:,(\d+))? /;
				print if $. <= 2 || $keep;
			}' "$file" >"$indented.diff"
		cp "$file" "$indented"
		patch -s --no-backup-if-mismatch "$indented" "$indented.diff" || continue
	fi
	if ! cmp -s "$file" "$indented"; then
		cat "$indented" >"$file"
		echo "$file"
	fi
done
