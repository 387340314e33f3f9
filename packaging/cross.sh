#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build the library for other processors with Debian's cross compilers, and run
# the unit tests there under emulation (test/unit/run.sh).
#
# usage: packaging/cross.sh [MACHINE...]		(default: aarch64 s390x)
#
# The server's headers are those of this machine.  Its sizes of types are those of both, so
# the files compile and the unit tests run; what else they need is said below.  A server
# needs a library that was built with its own headers (test/emulate.sh).
set -eu
. "$(dirname "$0")/steps.sh"
pg_config=$("$top/test/packages.sh" gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
	gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user)
dir=$top/build/cross

# build MACHINE FLAGS
build()
{
	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1"
	"$top/test/files.sh" | tar -C "$top" -cf - -T - | tar -C "$dir/$1" -xf -
	make -s -C "$dir/$1" PG_CONFIG="$pg_config" CC="$1-linux-gnu-gcc" with_llvm=no \
		LOKI_CFLAGS="$2" all || return
	"$1-linux-gnu-readelf" -h "$dir/$1/lokivector.so"
	! "$1-linux-gnu-nm" -D --undefined-only "$dir/$1/lokivector.so" | grep ' loki_'
}

# unit WAY
unit()
{
	PG_CONFIG=$pg_config UNIT_WAYS=$1 UNIT_BUILD=$dir/unit "$top/test/unit/run.sh" >"$dir/unit.log" 2>&1 || {
		grep -v '^ok' "$dir/unit.log"
		return 1
	}
	! grep ' skipped: ' "$dir/unit.log"
}

[ $# -gt 0 ] || set -- aarch64 s390x
for machine; do
	way=$machine flags=
	case $machine in
		aarch64) way=arm64 ;;
		s390x) flags=-DWORDS_BIGENDIAN ;;
	esac
	step "cross: the library is built for $machine" build "$machine" "$flags" || true
	step "cross: the unit tests pass on $machine" unit "$way" || true
done
finish
