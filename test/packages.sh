#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Install the Debian packages that building and testing need, and print the
# pg_config of the server to build for.  Everything else goes to stderr.
#
# usage: test/packages.sh [PACKAGE...]		further packages to install
#
# The server is that of PG_CONFIG if it is set, else the newest one between
# the bounds below that is installed with its headers, else the newest one that
# is installed without them, else the newest one that apt offers.  Without root or sudo nothing is installed: what
# is missing is named and the exit status is 1.
set -eu

oldest=15
newest=19
tools="build-essential perl libipc-run-perl"

say() { echo "$*" >&2; }

# The private servers of the tests need no cluster of the system, and one that
# a package starts would be left behind: tell Debian's packages not to make it,
# and leave the file as they would have made it.
no_cluster()
{
	conf=/etc/postgresql-common/createcluster.conf
	if [ ! -e "$conf" ]; then
		$sudo mkdir -p "${conf%/*}"
		echo "create_main_cluster = false" | $sudo tee "$conf" >/dev/null
		trap usual_clusters EXIT
	fi
}

# The package keeps our file and puts its own beside it, by a name of ucf
usual_clusters()
{
	$sudo rm -f "$conf" "$conf.ucf-dist"
	[ ! -e "/usr/share/postgresql-common/${conf##*/}" ] ||
		$sudo cp "/usr/share/postgresql-common/${conf##*/}" "$conf"
	$sudo rmdir "${conf%/*}" 2>/dev/null || true
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		sudo=
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		sudo=sudo
	else
		return 1
	fi
}

installed()
{
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null |
		grep -qx installed
}

# Of the server of version $major, by pg_config, which these set.  The makefiles
# of extensions come with the client, the headers do not.
has_server()
{
	pg_config=/usr/lib/postgresql/$major/bin/pg_config
	[ -x "$pg_config" ] && [ -x "${pg_config%/*}/postgres" ]
}
has_headers() { [ -e "$("$pg_config" --includedir-server)/postgres.h" ]; }
offered()
{
	pg_config=/usr/lib/postgresql/$major/bin/pg_config
	apt-cache show "postgresql-server-dev-$major" >/dev/null 2>&1
}

# The server to build for: sets major, and pg_config where there is one.
choose_server()
{
	if [ -n "${PG_CONFIG:-}" ]; then
		pg_config=$PG_CONFIG
		return
	fi
	for major in $(seq $newest -1 $oldest); do
		if has_server && has_headers; then
			return
		fi
	done
	for major in $(seq $newest -1 $oldest); do
		if has_server && offered; then
			tools="$tools postgresql-server-dev-$major"
			return
		fi
	done
	for major in $(seq $newest -1 $oldest); do
		if offered; then
			tools="$tools postgresql-$major postgresql-server-dev-$major"
			return
		fi
	done
	return 1
}

if ! command -v dpkg-query >/dev/null; then
	say "no Debian packages here: install by hand what these contain: $tools"
	PG_CONFIG=${PG_CONFIG:-pg_config}
	tools=
fi

# Read what apt's mirrors have, once.  A network that is not there is told at once; a mirror
# that does not answer now is asked again.
updated=
update()
{
	[ -z "$updated" ] || return 0
	say "reading what apt's mirrors have ..."
	log=$(mktemp)
	if ! $sudo apt-get -q -o Acquire::Retries=0 -o Acquire::http::Timeout=8 \
			-o APT::Update::Error-Mode=any update >"$log" 2>&1; then
		if ! grep -qE '^(Hit|Get):' "$log"; then
			tail -n 5 "$log" >&2
			rm -f "$log"
			say "apt reaches none of its mirrors: is there a network?"
			exit 1
		fi
		$sudo apt-get -q -o Acquire::Retries=5 update >&2
	fi
	rm -f "$log"
	updated=yes
}

if ! choose_server; then
	if as_root; then
		update
	fi
	choose_server || {
		say "no PostgreSQL between $oldest and $newest here, and apt offers none"
		exit 1
	}
fi

missing=
for package in $tools "$@"; do
	installed "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
	if ! as_root; then
		say "missing packages; install them as root: apt-get install$missing"
		exit 1
	fi
	say "installing:$missing ..."
	case $missing in
		*postgresql-*) no_cluster ;;
	esac
	update
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 \
		install --no-install-recommends $missing >&2 </dev/null
fi

if ! "$pg_config" --version >/dev/null 2>&1; then
	say "cannot run $pg_config; name one in PG_CONFIG"
	exit 1
fi
echo "$pg_config"
