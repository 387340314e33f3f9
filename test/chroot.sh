#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# A Debian system of another release in a directory of its own, to build and
# test against a newer server.  Needs root (or sudo) and a package mirror,
# which is taken from what the machine's own apt uses.
#
# usage:
#	test/chroot.sh create MAJOR [PACKAGE...]
#		Make the system for PostgreSQL MAJOR (or use the one that is there)
#		and install what building and testing need, and the packages named.
#		Exit status 3: it cannot be made here.
#	test/chroot.sh fresh MAJOR
#		Make the system anew, with what debootstrap --variant=minbase puts there and
#		nothing else.
#	test/chroot.sh path MAJOR
#		Print its directory; exit status 1 where it is not complete.
#	test/chroot.sh exec [-u USER] [-b HOSTDIR:DIR]... MAJOR COMMAND [ARG...]
#		Run a command inside, as root or as USER, in /, with /proc and /dev,
#		and HOSTDIR seen as DIR.  Mounts belong to the command (and what it
#		leaves running) alone; none has to be undone.
#	test/chroot.sh copy MAJOR
#		Copy this source tree to /srv/lokivector inside, replacing the last.
#	test/chroot.sh test MAJOR [PART...]
#		create, then test/run.sh PART... on a copy inside (default: unit sql iso
#		tap; TESTS, TESTS_sql, TESTS_tap, LOKIVECTOR_SHORT and LOKIVECTOR_DEADLINE as there).
#	test/chroot.sh remove MAJOR
#
# MAJOR		Debian release
# 15		bookworm
# 17		trixie (also has postgresql-17-pgvector)
# 18		sid (also has postgresql-18-pgvector and postgresql-18-pg-textsearch)
# 19		sid, with the server's packages of experimental: a release candidate
#
# The system is RELEASE (of 19 experimental) in the directory LOKIVECTOR_CHROOT_DIR, by default
# lokivector-chroot in TMPDIR or /var/tmp.  That is of root alone, as its programs run as root.
set -eu
umask 022

usage() { sed -n '2,/^set -eu/{/^set -eu/!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
say() { echo "chroot: $*" >&2; }
cannot() { say "cannot be made: $*"; exit 3; }

top=$(cd "$(dirname "$0")/.." && pwd)

# Sets what belongs to MAJOR.  Tests of the optional packages are skipped without these.
release_of()
{
	optional='' suite=
	case $1 in
		15) release=bookworm ;;
		17) release=trixie ;;
		18) release=sid optional=postgresql-18-pg-textsearch ;;
		19) release=sid suite=experimental ;;
		*) usage ;;
	esac
	major=$1
	systems=$("$top/test/directory.sh" "${LOKIVECTOR_CHROOT_DIR:-${TMPDIR:-/var/tmp}/lokivector-chroot}" 755 root) ||
		{ say "set LOKIVECTOR_CHROOT_DIR"; exit 1; }
	# others may look into it, as callers of sudo do
	[ "$(id -u)" -ne 0 ] || chmod 755 "$systems"
	root=$systems/${suite:-$release}
}

# Run a command whose mounts are its own.  Where the root directory is no mount
# point, as in a chroot, there is no propagation to change.
isolated()
{
	if unshare --mount true 2>/dev/null; then
		unshare --mount "$@"
	else
		unshare --mount --propagation unchanged "$@"
	fi
}

complete() { [ -e "$root/.lokivector-complete" ]; }

# The Debian mirror that apt uses here.
find_mirror()
{
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' |
		sed -n 's/^Debian Debian main //p' | head -n 1
}

# How apt reaches its mirrors (proxies, checks), without its hooks.
apt_transport()
{
	apt-config dump |
		grep -iE '^Acquire::(https?::|Retries|Check-|Max-ValidTime|ForceIPv)' ||
		true
}

create()
{
	if ! complete; then
		make_system
	fi
	cp "$top/test/packages.sh" "$root/usr/local/bin/lokivector-packages"
	inside root / lokivector-packages "$@" >/dev/null ||
		cannot "installing packages failed"
	for package in $optional; do
		inside root / lokivector-packages "$package" >/dev/null ||
			say "$package is not to be had"
	done
	echo "$root"
}

# The mark goes last, so that what an interrupted removal left can be removed
remove_system()
{
	[ -e "$root/.lokivector-chroot" ] || return 0
	find "$root" -mindepth 1 -maxdepth 1 ! -name .lokivector-chroot \
		-exec rm -rf --one-file-system {} +
	rm -rf --one-file-system "$root"
}

make_system()
{
	command -v apt-get >/dev/null || cannot "this machine has no apt"
	mirror=$(find_mirror)
	if [ -z "$mirror" ] || ! command -v debootstrap >/dev/null; then
		apt-get -q -o Acquire::Retries=5 update >&2 || cannot "apt-get update failed"
		DEBIAN_FRONTEND=noninteractive apt-get -q -y \
			-o DPkg::Lock::Timeout=600 -o Acquire::Retries=5 install --no-install-recommends \
			debootstrap >&2 </dev/null || cannot "debootstrap is not to be had"
		mirror=$(find_mirror)
	fi
	[ -n "$mirror" ] || cannot "apt names no Debian mirror"

	# What an interrupted run left
	if [ -e "$root" ]; then
		[ -e "$root/.lokivector-chroot" ] ||
			cannot "$root exists and is something else"
		remove_system
	fi

	# debootstrap does not read apt's configuration
	eval "$(apt-config shell http_proxy Acquire::http::Proxy \
		https_proxy Acquire::https::Proxy)"
	export http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}"

	say "making ${suite:-$release} in $root"
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	touch "$root/.lokivector-chroot"
	# What packages write need not outlast a crash
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/lokivector"
	isolated debootstrap --variant=minbase --include=ca-certificates \
		"$release" "$root" "$mirror" >"$root.log" 2>&1 9>&- || {
		tail -n 5 "$root.log" >&2
		cannot "debootstrap $release failed"
	}
	apt_transport >"$root/etc/apt/apt.conf.d/90lokivector"
	if [ -n "$suite" ]; then
		# Of the suite nothing but the server and its libraries is taken
		echo "deb $mirror $suite main" >"$root/etc/apt/sources.list.d/$suite.list"
		printf 'Package: src:postgresql-%s\nPin: release a=%s\nPin-Priority: 600\n' "$major" "$suite" \
			>"$root/etc/apt/preferences.d/$suite"
	fi
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
		cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
	fi
	# No service starts inside
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	# debootstrap has read what the release offers, and not the suite
	[ -z "$suite" ] || inside root / apt-get -q -o Acquire::Retries=5 update >&2 ||
		cannot "apt-get update failed"
	touch "$root/.lokivector-complete"
}

# inside USER BINDS COMMAND...: run a command in the system.  BINDS is a list
# of HOSTDIR:DIR separated by newlines, or "/".
inside()
{
	user=$1 binds=$2
	shift 2
	isolated sh -eu -c '
		root=$1 user=$2 binds=$3
		shift 3
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		echo "$binds" | while IFS=: read -r from to; do
			[ "$from" != / ] || continue
			mkdir -p "$root$to"
			mount --rbind "$from" "$root$to"
		done
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/ LANG=C.UTF-8 TERM="${TERM:-dumb}" \
			DEBIAN_FRONTEND=noninteractive \
			chroot "$root" /usr/bin/setpriv --reuid "$user" --regid "$user" \
			--init-groups "$@"
	' sh "$root" "$user" "$binds" "$@" 9>&-
}

copy_tree()
{
	rm -rf "${root:?}$1"
	mkdir -p "$root$1"
	"$top/test/files.sh" | tar -C "$top" -cf - -T - |
		tar -C "$root$1" -xf - --no-same-owner
}

[ $# -ge 2 ] || usage
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || cannot "this needs root"
	exec sudo env LOKIVECTOR_CHROOT_DIR="${LOKIVECTOR_CHROOT_DIR:-}" \
		TMPDIR="${TMPDIR:-}" TESTS="${TESTS:-}" TESTS_sql="${TESTS_sql:-}" TESTS_tap="${TESTS_tap:-}" \
		LOKIVECTOR_SHORT="${LOKIVECTOR_SHORT:-}" LOKIVECTOR_DEADLINE="${LOKIVECTOR_DEADLINE:-}" "$0" "$@"
fi

command=$1
shift
user=root binds=/
if [ "$command" = exec ]; then
	while getopts u:b: option; do
		case $option in
			u) user=$OPTARG ;;
			b) binds="$binds
$OPTARG" ;;
			*) usage ;;
		esac
	done
	shift $((OPTIND - 1))
fi
[ $# -ge 1 ] || usage
release_of "$1"
shift

need_complete() { complete || { say "no complete system in $root"; exit 1; }; }

case $command in
	create | fresh | test | copy)
		# One at a time
		exec 9>"$root.lock"
		flock 9
		;;
esac

case $command in
	create)
		create "$@"
		;;
	fresh)
		remove_system
		make_system
		;;
	path)
		need_complete
		echo "$root"
		;;
	exec)
		need_complete
		inside "$user" "$binds" "$@"
		;;
	copy)
		need_complete
		copy_tree /srv/lokivector
		;;
	test)
		[ $# -gt 0 ] || set -- unit sql iso tap
		"$top/test/names.sh" --check "$@"
		create >/dev/null
		dir=/srv/test-$(printf %s "$top" | cksum | cut -d ' ' -f 1)
		copy_tree "$dir"
		exec 9>&-
		inside root / env TESTS="${TESTS:-}" TESTS_sql="${TESTS_sql:-}" TESTS_tap="${TESTS_tap:-}" \
			LOKIVECTOR_SHORT="${LOKIVECTOR_SHORT:-}" LOKIVECTOR_DEADLINE="${LOKIVECTOR_DEADLINE:-}" \
			"$dir/test/run.sh" "$@"
		;;
	remove)
		remove_system
		rm -f "$root.log" "$root.lock"
		;;
	*)
		usage
		;;
esac
