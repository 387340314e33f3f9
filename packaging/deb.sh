#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build Debian's packages for the release that has PostgreSQL MAJOR, in a system
# of that release, and try them there: lintian, apt, a search, the regression
# tests on what was installed, pgvector's package before and after, purge.
#
# usage: packaging/deb.sh MAJOR		(15, 17, 18 or 19; test/chroot.sh)
#
# The packages are for MAJOR, also where the Debian release has another version as its own.
# They are put into build/deb/MAJOR, and the files of an image of the
# extension into build/extension-image/MAJOR.
set -eu
. "$(dirname "$0")/steps.sh"
[ $# -eq 1 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case $1 in
	15 | 17 | 18 | 19) ;;
	*)
		echo "make deb: no Debian release here has PostgreSQL $1; MAJOR may be 15, 17, 18 or 19" >&2
		exit 2
		;;
esac
package=postgresql-$1-lokivector
other=postgresql-$1-pgvector

build()
{
	inside sh -eu -c '
		version=$1
		export PG_SUPPORTED_VERSIONS="$2"
		rm -rf /srv/deb
		mkdir -p /srv/deb
		cp -a /srv/lokivector "/srv/deb/lokivector-$version"
		cd /srv/deb
		tar --exclude debian -czf "lokivector_$version.orig.tar.gz" "lokivector-$version"
		cd "lokivector-$version"
		pg_buildext updatecontrol
		DEB_BUILD_OPTIONS=parallel=$(nproc) dpkg-buildpackage -us -uc
	' sh "$version" "$major"
}

check_lintian()
{
	inside sh -eu -c 'cd /srv/deb
		lintian --show-overrides --fail-on error,warning --tag-display-limit 0 *.changes'
}

# install PACKAGE...: files in /srv/deb by name without version, and PACKAGE- to remove one
install()
{
	inside sh -eu -c 'cd /srv/deb
		for package; do
			case $package in
				*-) set -- "$@" "$package" ;;
				*) set -- "$@" "./$(ls | grep "^${package}_.*\.deb$")" ;;
			esac
			shift
		done
		apt-get -q -y install "$@"' sh "$@"
}

# The packages are not installed where pgvector's is not to be removed, and say why
refused()
{
	! install "$package" "$package-as-vector" && grep -q "takes the place of pgvector, which is installed" "$log" &&
		absent "$package-as-vector" && ! absent "$other"
}

# The same where make installed pgvector, with the way on that there is then
refused_of_make()
{
	control=/usr/share/postgresql/$major/extension/vector.control
	inside sh -eu -c 'mkdir -p "${0%/*}" && echo "# pgvector" >"$0"' "$control"
	! install "$package" "$package-as-vector" && grep -q "make uninstall" "$log" && absent "$package-as-vector"
	result=$?
	inside rm "$control"
	purge "$package-as-vector" "$package" || true
	return "$result"
}

# A later version of one package leaves the other where it is
later()
{
	inside sh -eu -c 'cd /srv
		rm -rf later later.deb
		dpkg-deb -R "deb/$(ls deb | grep "^${0}_.*\.deb$")" later
		sed -i "s/^Version: .*/&.1/" later/DEBIAN/control
		dpkg-deb -b later later.deb
		apt-get -q -y install ./later.deb
	' "$package" && ! absent "$package-as-vector" && searches vector
}

# What the image of the extension has, as CloudNativePG mounts it beside a server
# (packaging/Dockerfile)
lay_out()
{
	inside sh -eu -c '
		package=postgresql-$0-lokivector
		rm -rf /srv/unpacked /srv/extension-image
		dpkg-deb -x "/srv/deb/$(ls /srv/deb | grep "^${package}_.*\.deb$")" /srv/unpacked
		mkdir -p "/srv/extension-image/licenses/$package" /srv/extension-image/share
		cd /srv/unpacked/usr
		cp -a "lib/postgresql/$0/lib" /srv/extension-image
		cp -a "share/postgresql/$0/extension" /srv/extension-image/share
		cp -a "share/doc/$package/copyright" "/srv/extension-image/licenses/$package"
		find /srv/extension-image -type f
	' "$major"
	rm -rf "$top/build/extension-image/$major"
	mkdir -p "$top/build/extension-image"
	cp -a "$root/srv/extension-image" "$top/build/extension-image/$major"
}

apt() { inside apt-get -q -y "$@"; }

# Whether or not they are there, which apt would not have
purge() { inside dpkg --purge "$@" >/dev/null 2>&1; }

# As the server's own user, as tests have the server write files beside theirs
tests()
{
	inside sh -c 'cd "/srv/deb/lokivector-$1" && autopkgtest -B --user=postgres . -- null' \
		sh "$version"
}

absent() { ! inside dpkg-query -W -f '${db:Status-Status}' "$1" | grep -qx installed; }

make_system "$1" debhelper postgresql-server-dev-all lintian autopkgtest fakeroot
prefix="deb $major"
purge "$package" "$package-as-vector" "$other" || true

step "$prefix: the packages are built" build || finish
# Of one version alone: the pages name them by a pattern
rm -rf "$top/build/deb/$major"
mkdir -p "$top/build/deb/$major"
cp "$root"/srv/deb/*.deb "$top/build/deb/$major"
step "$prefix: lintian has no error and no warning" check_lintian || true
step "$prefix: the files of an extension's image" lay_out || true
if [ "$major" -ge 18 ]; then
	step "$prefix: a server finds them by extension_control_path" searches lokivector \
		-o "extension_control_path=/srv/extension-image/share:\$system" \
		-o "dynamic_library_path=/srv/extension-image/lib:\$libdir" || true
fi
files >"$log.before"
step "$prefix: apt installs both packages" install "$package" "$package-as-vector" || finish
step "$prefix: the scripts of operations are installed" \
	inside test -e "/usr/share/doc/$package/examples/operations/Makefile" || true
step "$prefix: extension lokivector answers by an index" searches lokivector || true
step "$prefix: extension vector answers by an index" searches vector || true
step "$prefix: autopkgtest passes on what was installed" tests || true
step "$prefix: a later version of a package leaves the other one" later || true
step "$prefix: apt purges both packages" apt purge "$package" "$package-as-vector" || true
step "$prefix: purge leaves no file" nothing_left || true
step "$prefix: where make installed pgvector, the message says how to go on" refused_of_make || true
if inside apt-cache show "$other" >/dev/null 2>&1; then
	step "$prefix: apt installs pgvector" apt install "$other" || true
	step "$prefix: extension vector's package does not take its place unasked" refused || true
	step "$prefix: extension vector's package takes the place of pgvector's" \
		install "$package" "$package-as-vector" "$other-" || true
	step "$prefix: pgvector's package is gone" absent "$other" || true
	step "$prefix: apt installs pgvector in its place" apt install "$other" "$package-as-vector-" || true
	step "$prefix: extension vector's package is gone" absent "$package-as-vector" || true
	purge "$other" "$package-as-vector" "$package" || true
	step "$prefix: purge leaves no file of the two" nothing_left || true
fi
finish
