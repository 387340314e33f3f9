#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Make a directory to work in, or accept the one that is there, and print its path without
# symbolic links.  Names in /var/tmp are known in advance, and everybody can make a directory
# or a link there: what lies in it would be run, and written through.
#
# usage: test/directory.sh DIRECTORY [MODE [USER]]
#
# MODE		of a new directory, also 755 (default: 700)
# USER		who has to own it (default: the user of this process); run by root, he makes it, so
#			that root writes nowhere where USER can put something else in the place of what
#			root means; root does where all that is above is root's
#
# The directory has to be no link, to be of USER, and to be writable by nobody else.  Nobody
# else may be able to put another in its place: each directory above is of root, of USER or
# of who runs this, sudo's caller included, and is sticky if everybody may write there.
set -eu
umask 022
[ $# -ge 1 ] && [ $# -le 3 ] || { sed -n '2,/^set -eu/{/^set -eu/!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
mode=${2:-700} user=${3:-$(id -un 2>/dev/null || id -u)}

# is_safe PATH TEST...: whether it is a directory of which find's TEST holds
is_safe()
{
	path=$1
	shift
	[ -n "$(find "$path" -maxdepth 0 -type d "$@")" ]
}

refuse()
{
	echo "$1; remove it, or name another directory" >&2
	exit 1
}

id -u "$user" >/dev/null 2>&1 || refuse "there is no user $user for $1"
as_user()
{
	if [ "$(id -u)" -eq 0 ] && [ "$(id -u "$user")" -ne 0 ]; then
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups "$@"
	else
		"$@"
	fi
}

roots=yes
as_user mkdir -p "$(dirname "$1")" 2>/dev/null || mkdir -p "$(dirname "$1")"
above=$(cd -P "$(dirname "$1")" && pwd)
dir=${above%/}/$(basename "$1")
while
	is_safe "$above" '(' -user 0 -o -user "$user" -o -user "$(id -u)" -o -user "${SUDO_UID:-0}" ')' \
		'(' ! -perm -2 -o -perm -1000 ')' ||
		refuse "$dir is not safe, as others can write to $above or own it"
	is_safe "$above" -user 0 || roots=
	[ "$above" != / ]
do
	above=$(dirname "$above")
done

if [ ! -e "$dir" ] && [ ! -h "$dir" ]; then
	as_user mkdir -m "$mode" "$dir" 2>/dev/null || {
		[ "$(id -u)" -eq 0 ] && [ -n "$roots" ] || refuse "user $user cannot make $dir"
		mkdir -m "$mode" "$dir"
		chown -h "$user:$(id -g "$user")" "$dir"
	}
fi
is_safe "$dir" -user "$user" ! -perm /022 ||
	refuse "$dir is not a directory that user $user alone can write to"
echo "$dir"
