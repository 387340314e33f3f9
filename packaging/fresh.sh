#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Do as a new user does, in a fresh Debian system of the release that has
# PostgreSQL MAJOR: README's "Start", or the package of make deb alone; or run there what
# make check-operations runs.
#
# usage: packaging/fresh.sh MAJOR [PART...]		demo package operations (default: the first
#												two); TESTS="NAME..." of operations
#
# Each part has a system of its own, which is removed at the end.
set -eu
. "$(dirname "$0")/steps.sh"
[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
LOKIVECTOR_CHROOT_DIR=$LOKIVECTOR_CHROOT_DIR-fresh
major=$1
prefix="fresh $major"
shift

# README's, but that git has nothing to clone from
get_tree()
{
	inside sh -c 'apt-get update && apt-get install -y git make' &&
		inside mkdir -p '/srv/a path' && inside mv /srv/lokivector '/srv/a path/'
}

# make_there TARGET [COMMAND...]: make, run by a command.  The last line of what is printed
# is the longest silence
make_there()
{
	target=$1
	shift
	inside "$@" sh -c 'make --no-print-directory -C "/srv/a path/lokivector" "$0" 2>&1' "$target" |
		perl -e '
			my ($last, $silence, $text) = (time, 0, "");
			while (sysread STDIN, $text, 65536, length $text)
			{
				$silence = time - $last if time - $last > $silence;
				$last = time;
			}
			print "$text\nlongest silence: $silence seconds\n";
			exit($text =~ /^make: \*\*\*/m);'
}

# refuses PATTERN TARGET [COMMAND...]: fails, and says why
refuses()
{
	pattern=$1
	shift
	if make_there "$@"; then
		return 1
	fi
	grep -q -e "$pattern" "$log"
}

on_full_disk()
{
	refuses ' MB free, and ' "$1" unshare --mount --propagation unchanged sh -eu -c '
		mkdir -p /srv/full
		mount -t tmpfs -o size=50m none /srv/full
		export TMPDIR=/srv/full LOKIVECTOR_DEMO_DIR=/srv/full/demo LOKIVECTOR_TEST_DIR=/srv/full/test
		exec "$@"' sh
}

answers()
{
	inside sh -eu -c 'cd "/srv/a path/lokivector"
		demo/ask.sh "limit memory used by sorting" | tee /dev/stderr | grep -q work_mem
		demo/run.sh stop
		demo/run.sh start
		demo/ask.sh "limit memory used by sorting" | grep -q work_mem
		demo/run.sh stop'
}

# Files where packages put none, or clusters alone; the command begins in the root directory
places() { inside find etc/postgresql home opt srv tmp var/lib/postgresql var/tmp -mindepth 1 2>/dev/null | sort; }

left_nothing()
{
	places >"$log.after"
	diff "$log.before" "$log.after"
}

first_table()
{
	cp "$top/packaging/first-table.sql" "$root/srv"
	as_server pg_virtualenv -v "$major" psql -X -v ON_ERROR_STOP=1 -f /srv/first-table.sql \
		-c "SELECT id FROM items WHERE category = 1 ORDER BY embedding <-> '[3,1,2]' LIMIT 5"
}

demo_part()
{
	step "$prefix: git and make are installed" get_tree || finish
	inside rm -rf /srv/full
	places >"$log.before"
	for target in demo test; do
		step "$prefix: make $target says that there is no network" \
			refuses 'is there a network' "$target" unshare --net || true
		step "$prefix: make $target says that the disk is full" on_full_disk "$target" || true
	done
	step "$prefix: make demo, in a path with a space" make_there demo || finish
	tail -n 1 "$log" | sed 's/^/# /'
	step "$prefix: the demo answers" answers || true
	step "$prefix: make demo-clean" make_there demo-clean || true
	inside rm -rf /srv/full
	step "$prefix: nothing is left" left_nothing || true
}

package_part()
{
	cp "$top/build/deb/$major/postgresql-$major-lokivector"_*.deb "$root/srv"
	step "$prefix: apt installs the package, and what it needs" inside sh -c '
		apt-get update && cd /srv && apt-get install -y ./postgresql-*.deb' || finish
	step "$prefix: README's first table" first_table || true
	step "$prefix: an index answers" searches lokivector || true
}

# The lines of the tests are shown as they come
operations_part()
{
	if inside env TESTS="${TESTS:-}" /srv/lokivector/test/run.sh operations; then
		echo "ok - $prefix: operations"
		passed=$((passed + 1))
	else
		echo "not ok - $prefix: operations"
		failed=$((failed + 1))
	fi
}

[ $# -gt 0 ] || set -- demo package
for part; do
	step "$prefix: a system for the $part" "$top/test/chroot.sh" fresh "$major" || finish
	enter_system "$major"
	"${part}_part"
	"$top/test/chroot.sh" remove "$major"
done
finish
