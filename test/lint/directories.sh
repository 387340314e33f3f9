#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Directories with names that are known in advance, as in /var/tmp, are used only if nobody else
# can write there (test/directory.sh).  Run by root, what scripts that root runs do with such
# directories that another user has made.
set -u
cd "$(dirname "$0")/../.."
top=$PWD
# Below what is named here every user has to come
tmp=$(TMPDIR=/tmp mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# result NAME STATUS [FILE]
result()
{
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		[ $# -lt 3 ] || tail -n 10 "$3"
	fi
}

# refused NAME COMMAND...: it fails, says why, and leaves everything as it was
refused()
{
	local name=$1 status=1
	shift

	"$@" >"$tmp/log" 2>&1 </dev/null || {
		grep -q 'alone can write to\|is not safe\|cannot make\|there is no user' "$tmp/log" && unharmed && status=0
	}
	result "$name" $status "$tmp/log"
}

if [ "$(id -u)" -ne 0 ]; then
	unharmed() { [ ! -e "$tmp/link" ] || [ -z "$(ls -A "$tmp/own")" ]; }

	made=$(umask 0 && test/directory.sh "$tmp/new/made") && [ "$made" = "$tmp/new/made" ] &&
		[ "$(stat -c '%F %a' "$made" "$tmp/new")" = $'directory 700\ndirectory 755' ]
	result "a directory is made for its user alone" $?
	mkdir -m 755 "$tmp/own" && ln -s own "$tmp/link" && ln -s . "$tmp/above"
	[ "$(test/directory.sh "$tmp/above/own")" = "$tmp/own" ]
	result "one that is there is accepted, by its path without links" $?
	refused "a link is refused" test/directory.sh "$tmp/link"
	mkdir "$tmp/shared" && chmod 775 "$tmp/shared"
	refused "a directory that others can write to is refused" test/directory.sh "$tmp/shared"
	refused "a directory of another user is refused" test/directory.sh /usr
	chmod 777 "$tmp/shared"
	refused "a place where others can put another directory is refused" test/directory.sh "$tmp/shared/made"
	chmod 1777 "$tmp/shared" && test/directory.sh "$tmp/shared/made" >/dev/null
	result "a place where they cannot, as in /var/tmp, is accepted" $?

	unchecked=$(test/files.sh | grep -E '\.(sh|py|pl|pm)$|^\.ci/' | tr '\n' '\0' |
		xargs -0 grep -lE 'TMPDIR:-|["=]/var/tmp' |
		tr '\n' '\0' | xargs -0 grep -LE 'test/directory\.sh|mkd?temp|directory\(')
	[ -z "$unchecked" ]
	result "scripts have such directories checked" $?
	[ -z "$unchecked" ] || echo "$unchecked"
	exit
fi

# Another user has been in a place like /var/tmp
chmod 711 "$tmp"
mkdir -m 1777 "$tmp/place"
mkdir "$tmp/victim"
echo kept >"$tmp/victim/file"
export TMPDIR=$tmp/place
unset TESTS LOKIVECTOR_CHROOT_DIR LOKIVECTOR_TEST_DIR

as_other() { setpriv --reuid nobody --regid nogroup --clear-groups env HOME=/ "$@"; }
unharmed() { [ "$(ls "$tmp/victim")" = file ] && [ "$(cat "$tmp/victim/file")" = kept ] && [ ! -e "$tmp/place/ran" ]; }
# Systems as older versions called them are there as well
as_other sh -eu -c '
	for system in "$1/place/lokivector-chroot/trixie" "$1/place/lokivector-chroot-trixie"; do
		mkdir -p "$system"
		touch "$system/.lokivector-complete" "$system/.lokivector-chroot"
		ln -s "$1/victim" "$system/srv"
		ln -s "$1/victim/file" "$system.lock"
	done
	asserts=$1/place/lokivector-asserts-$2/installed/bin
	mkdir -p "$asserts"
	touch "$asserts/../../built"
	printf "#!/bin/sh\ntouch %s/place/ran\n" "$1" >"$asserts/pg_config"
	chmod 755 "$asserts/pg_config"
	mkdir "$1/place/work"
	ln -s / "$1/place/link"
' sh "$tmp" "$("$(test/packages.sh)" --version | sed 's/^PostgreSQL \([0-9.]*\).*/\1/')"

refused "root: a chroot that another user made is not used" test/chroot.sh path 17
refused "root: nothing is written there" test/chroot.sh copy 17
refused "root: none of its programs is run" test/chroot.sh exec 17 true
(cd /var && LOKIVECTOR_CHROOT_DIR=$tmp/systems "$top/test/chroot.sh" path 17) >"$tmp/log" 2>&1
[ "$(stat -c '%U %a' "$tmp/systems")" = "root 755" ]
result "root: chroots are in a directory of root alone" $? "$tmp/log"
refused "root: a server with assertions that another user made is not run" test/asserts.sh unit
refused "root: tests do not run in a directory of another user" \
	env LOKIVECTOR_TEST_DIR="$tmp/place/work" TESTS=textscan test/run.sh unit
mkdir -m 700 "$tmp/older"
(cd /var && LOKIVECTOR_CHROOT_DIR=$tmp/older "$top/test/chroot.sh" path 17) >"$tmp/log" 2>&1
[ "$(stat -c '%U %a' "$tmp/older")" = "root 755" ]
result "root: callers of sudo can look into one that is there" $? "$tmp/log"
# The tester can put a link in the place of what is above his directory
chmod 755 "$tmp" && mkdir "$tmp/his" && chown nobody:nogroup "$tmp/his"
made=$(test/directory.sh "$tmp/his/a/b" 755 nobody) && [ "$(stat -c %U "$made" "$tmp/his/a" | sort -u)" = nobody ]
result "root: a user's directory is made by the user" $?
mkdir "$tmp/roots" && made=$(test/directory.sh "$tmp/roots/b" 755 nobody) && [ "$(stat -c %U "$made")" = nobody ]
result "root: or by root, where all above it is root's" $?
mkdir -p "$tmp/his/roots" && chmod 755 "$tmp/his/roots"
refused "root: not where the user could put another in its place" test/directory.sh "$tmp/his/roots/b" 755 nobody
refused "root: a user who does not exist is named" test/directory.sh "$tmp/roots/c" 755 nobody-there
chmod 711 "$tmp"
as_other sh -eu -c '
	demo=$1/place/demo
	mkdir -p "$demo/bin" "$demo/data"
	echo "$demo/bin" >"$demo/bindir"
	printf "#!/bin/sh\ntouch %s/place/ran\n" "$1" >"$demo/bin/pg_ctl"
	chmod 755 "$demo/bin/pg_ctl"
' sh "$tmp"
# The demo of this tree may be running
for command in start stop clean; do
	LOKIVECTOR_DEMO_DIR=$tmp/place/demo LOKIVECTOR_DEMO_USER=$(id -un postgres 2>/dev/null || echo daemon) \
		demo/run.sh $command >"$tmp/log" 2>&1
	unharmed && grep -q 'belongs to\|is not' "$tmp/log"
	result "root: demo/run.sh $command runs nothing of another user" $? "$tmp/log"
done
# A small server, whose programs note when root runs the demo's copies of them, which are the
# demo's user's
mkdir -p -m 755 "$tmp"/system/{bin,lib,share,include/server} "$tmp/stubs"
touch "$tmp/system/include/server/postgres.h"
cat >"$tmp/system/bin/pg_config" <<-'END'
	#!/bin/sh
	here=${0%/bin/*} name=${0##*/}
	case $here in
		*/place/*)
			place=${here%%/place/*}/place
			[ "$(/usr/bin/id -u)" -ne 0 ] || echo "$name" >>"$place/ran"
			echo "$name" >>"$place/noted"
			;;
	esac
	case "$name $*" in
		*" --version") echo "PostgreSQL 17.0" ;;
		*" --bindir") echo "$here/bin" ;;
		*" --pkglibdir") echo "$here/lib" ;;
		*" --sharedir") echo "$here/share" ;;
		*" --includedir") echo "$here/include" ;;
		*" --includedir-server") echo "$here/include/server" ;;
		"id "* | "setpriv "* | "env "*) exec "/usr/bin/$name" "$@" ;;
		"pg_ctl "*status) [ -e "$place/running" ] ;;
		# The demo ends here
		"createdb "*) exit 1 ;;
	esac
END
chmod 755 "$tmp/system/bin/pg_config"
for name in createdb dropdb env id initdb pg_ctl pgbench postgres psql setpriv; do
	ln "$tmp/system/bin/pg_config" "$tmp/system/bin/$name"
done
# Nothing is installed, built or fetched, and there is room
cat >"$tmp/stubs/make" <<-'END'
	#!/bin/sh
	case ${0##*/} in
		dpkg-query) echo installed ;;
		df) printf 'in a line\n- - - 1000 - -\n' ;;
	esac
END
chmod 755 "$tmp/stubs/make"
for name in apt-get df dpkg-deb dpkg-query; do
	ln "$tmp/stubs/make" "$tmp/stubs/$name"
done
planted()
{
	PG_CONFIG=$tmp/system/bin/pg_config PATH=$tmp/stubs:$PATH LOKIVECTOR_PROGRESS=yes \
		LOKIVECTOR_DEMO_DIR=$tmp/place/planted LOKIVECTOR_DEMO_USER=nobody "$@" >"$tmp/log" 2>&1 </dev/null
}
# ran_as_user NAME PROGRAM...: the user ran these, and root none
ran_as_user()
{
	local name=$1 program status=0
	shift

	for program; do
		grep -qx "$program" "$tmp/place/noted" || status=1
	done
	unharmed || { sort "$tmp/place/ran" | uniq -c >>"$tmp/log" && rm "$tmp/place/ran" && status=1; }
	result "root: $name" $status "$tmp/log"
	rm -f "$tmp/place/noted"
}
as_other sh -eu -c 'mkdir -p "$1/place/planted/data" && echo 17 >"$1/place/planted/data/PG_VERSION"' sh "$tmp"
planted demo/run.sh
grep -q 'stopped in step 3 ' "$tmp/log" || echo "it did not get to step 3" >>"$tmp/log"
ran_as_user "demo/run.sh has the demo's user run the server's programs" pg_config postgres pg_ctl createdb
as_other sh -eu -c '
	environment=$1/place/planted/examples/python-$2
	mkdir -p "$environment/bin"
	touch "$environment/complete" "$1/place/running"
	cp "$1/system/bin/pg_config" "$environment/bin/python"
' sh "$tmp" "$(cat examples/requirements.txt test/clients/python/frameworks.txt | cksum | cut -d ' ' -f 1)"
planted examples/run.sh rag what
ran_as_user "examples/run.sh has him run an example's program, and what it finds" pg_ctl psql python
planted examples/run.sh hybrid what && planted demo/ask.sh what
ran_as_user "... and searches" pg_ctl psql
refused "root: tests do not run behind a link" \
	env LOKIVECTOR_TEST_DIR="$tmp/place/link" TESTS=textscan test/run.sh unit
