#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Serve the demo's database over HTTP: GraphQL by PostGraphile, keys mapped to roles.
#
# usage: operations/gateway/run.sh			serve until interrupted
#        operations/gateway/run.sh key NAME ROLE PARTS	print a key; PARTS: 1,2,5
#
# The demo's server has to run (make demo).  node 18 or later and npm have to be there; the
# packages of package-lock.json are put beside the demo.  doc/operations.md shows requests.
# GATEWAY_PORT, GATEWAY_RATE and GATEWAY_BYTES are those of gateway.mjs.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
. "$top/demo/common.sh"
[ $# -eq 0 ] || { [ "$1" = key ] && [ $# -eq 4 ]; } ||
	fail "usage: operations/gateway/run.sh [key NAME ROLE PARTS]"
find_demo
cd /
# npm wants no symbolic link
home=$(readlink -m "$dir/gateway")

install_packages()
{
	if ! as_user cmp -s "$here/package-lock.json" "$home/complete"; then
		node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null ||
			fail "node 18 or later and npm are needed (Debian: nodejs npm)"
		as_user mkdir -p "$home"
		as_user cp "$here/package.json" "$here/package-lock.json" "$home"
		as_user npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --loglevel=error \
			--cache "$home/cache" >&2 || fail "npm could not install the packages of package-lock.json"
		as_user rm -rf "$home/cache"
		as_user cp "$here/package-lock.json" "$home/complete"
	fi
	as_user cp "$here/gateway.mjs" "$home"
}

# What keys are signed with is made once
read_secret()
{
	as_user sh -c 'umask 077; [ -s "$1" ] || od -An -v -N 32 -t x1 /dev/urandom | tr -d " \n" >"$1"' \
		sh "$dir/gateway.secret"
	GATEWAY_SECRET=$(as_user cat "$dir/gateway.secret")
	export GATEWAY_SECRET
}

running || fail "the demo's server is not running; run: make demo"
install_packages
read_secret
if [ $# -gt 0 ]; then
	as_user node "$home/gateway.mjs" "$@"
	exit
fi
sql -f "$here/setup.sql"
export PGHOST=$dir/socket PGUSER=gateway PGDATABASE=manual
exec_as_user node "$home/gateway.mjs"
