#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build the images of packaging/Dockerfile with buildah, which needs no daemon,
# in a system with PostgreSQL MAJOR, and try what is in them.
#
# usage: packaging/image.sh MAJOR		(17 or 18; test/chroot.sh)
#
# The image that they are built from is taken from that system itself, in place
# of the official one, so no registry is asked.  packaging/deb.sh tries what the
# extension's image has with a server.
set -eu
. "$(dirname "$0")/steps.sh"
[ $# -eq 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# Commands of buildah, whose images lie in a directory of the system.  Their root
# has to be a mount point.
with_buildah()
{
	inside sh -eu -c 'mount --rbind / /mnt
		exec env BUILDAH_ISOLATION=chroot chroot /mnt sh -eu -c "$@"' sh "$@"
}

make_base()
{
	with_buildah '
		container=$(buildah from scratch)
		image=$(buildah mount "$container")
		tar -C / --one-file-system --exclude=./srv --exclude=./var/lib/containers \
			--exclude=./var/cache --exclude=./proc --exclude=./dev --exclude=./run -cf - . |
			tar -C "$image" -xf -
		mkdir -p "$image/proc" "$image/dev" "$image/run" "$image/var/cache/apt/archives/partial"
		buildah commit -q --rm "$container" "docker.io/library/postgres:$0"
	' "$major"
}

# build TARGET
build()
{
	with_buildah 'cd /srv/lokivector
		# Limits that may be lower here than those buildah sets
		files=$(bash -c "ulimit -n") processes=$(bash -c "ulimit -u")
		buildah build --pull=never -f packaging/Dockerfile \
			--ulimit "nofile=$files:$files" --ulimit "nproc=$processes:$processes" \
			--ignorefile packaging/Dockerfile.dockerignore --build-arg "PG_MAJOR=$0" \
			--target "$1" -t "lokivector-$1:$0" .' "$major" "$1"
}

server_has_library()
{
	with_buildah 'container=$(buildah from --pull=never "lokivector-server:$0")
		image=$(buildah mount "$container")
		test -e "$image/usr/lib/postgresql/$0/lib/lokivector.so"
		test -e "$image/usr/share/postgresql/$0/extension/lokivector.control"
		buildah rm "$container"' "$major"
}

# The extension's image has what CloudNativePG looks for, and nothing else
extension_has_files()
{
	with_buildah 'container=$(buildah from --pull=never "lokivector-extension:$0")
		cd "$(buildah mount "$container")"
		find . -type f | sort
		test -e lib/lokivector.so
		test -e share/extension/lokivector.control
		test -e "licenses/postgresql-$0-lokivector/copyright"
		[ "$(ls | tr "\n" " ")" = "lib licenses share " ]
		buildah rm "$container"' "$major"
}

make_system "$1" buildah netavark debhelper fakeroot postgresql-common-dev
prefix="image $major"
if command -v hadolint >/dev/null; then
	step "$prefix: hadolint finds nothing" hadolint "$top/packaging/Dockerfile" || true
else
	echo "skip - $prefix: hadolint finds nothing (no hadolint)"
fi
step "$prefix: a base image" make_base || finish
step "$prefix: the image of the extension is built" build extension || finish
step "$prefix: it has a library, scripts and a licence" extension_has_files || true
step "$prefix: the image of the server is built" build server || finish
step "$prefix: it has the extension" server_has_library || true
finish
