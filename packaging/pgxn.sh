#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Install the archive that PGXN takes with PGXN's own client, in a system with
# PostgreSQL MAJOR, search with what it installed, and take it away again.
#
# usage: packaging/pgxn.sh MAJOR		(15, 17 or 18; test/chroot.sh)
#
# The archive is that of make dist: the tree as committed.  Where PGXN's
# validator is there (validate_pgxn_meta, of the Perl module
# PGXN::Meta::Validator), it reads META.json.
set -eu
. "$(dirname "$0")/steps.sh"
[ $# -eq 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
archive=lokivector-$version.zip

# pgxn COMMAND: with the archive
pgxn()
{
	inside sh -eu -c 'cd /srv
		pgxn "$1" --yes --nosudo --pg_config "/usr/lib/postgresql/$3/bin/pg_config" "./$2"
	' sh "$1" "$archive" "$major"
}

# The validator reads META.json where it is run, whatever file is named
is_valid() { (cd "$top" && validate_pgxn_meta META.json); }

make_system "$1" pgxnclient unzip
prefix="pgxn $major"
step "$prefix: make dist makes the archive" make -s -C "$top" dist || finish
if command -v validate_pgxn_meta >/dev/null; then
	step "$prefix: META.json is valid" is_valid || true
else
	echo "skip - $prefix: META.json is valid (no validate_pgxn_meta)"
fi
cp "$top/build/$archive" "$root/srv"
files >"$log.before"
step "$prefix: pgxn install installs it" pgxn install || finish
step "$prefix: extension lokivector answers by an index" searches lokivector || true
step "$prefix: pgxn uninstall takes it away" pgxn uninstall || true
step "$prefix: no file is left" nothing_left || true
finish
