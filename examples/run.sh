#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Run an example on the database of the demo, which is started, or made if it is not there.
#
# usage: examples/run.sh NAME [ARGUMENT...]
#
# NAME is a folder beside this file; its README.md has the arguments.  See demo/common.sh
# for where the demo is.  A program in Python gets an environment beside it, with the
# packages of requirements.txt, the example's own or this folder's.  The exit status is 3
# if these cannot be had within LOKIVECTOR_CLIENTS_TIMEOUT seconds (400).
set -eu -o pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/demo/common.sh"
name=${1:-}
[ -n "$name" ] && [ -e "$top/examples/$name/README.md" ] ||
	fail "usage: examples/run.sh NAME [ARGUMENT...]; examples/README.md has the names"
shift
(find_demo && running) >/dev/null 2>&1 || "$top/demo/run.sh" start >/dev/null 2>&1 || "$top/demo/run.sh" >&2
find_demo
cd /
# Without links, which an environment of Python would keep
home=$(readlink -m "$dir/examples")

# The server's user may not be able to read the tree
copy_programs()
{
	as_user mkdir -p "$home/tree"
	tar -C "$top" -cf - demo examples src test/clients/python |
		as_user tar -C "$home/tree" -xf - --no-same-owner
}

no_packages()
{
	echo "$*" >&2
	exit 3
}

# Sets python, which has the packages
install_packages()
{
	local list=$home/tree/examples/$name/requirements.txt environment

	[ -e "$list" ] || list=$home/tree/examples/requirements.txt
	# A list may include that of the clients
	environment=$home/python-$(cat "$list" "$top/test/clients/python/frameworks.txt" | cksum | cut -d ' ' -f 1)
	python=$environment/bin/python
	[ ! -e "$environment/complete" ] || return 0
	as_user /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
		no_packages "Python 3.11 or later with venv is needed (Debian: python3-venv)"
	echo "installing the packages of requirements.txt" >&2
	as_user /usr/bin/python3 -m venv --clear "$environment"
	# The lists name all packages, so nothing is left to be resolved
	as_user timeout "${LOKIVECTOR_CLIENTS_TIMEOUT:-400}" "$python" -m pip install -q --no-cache-dir \
		--disable-pip-version-check --no-deps --only-binary :all: -r "$list" >&2 ||
		no_packages "pip could not install the packages of requirements.txt"
	as_user touch "$environment/complete"
}

copy_programs
# Wide enough to find all of the nearest rows, whatever graph the build made
export PGOPTIONS="-c hnsw.ef_search=400"
example=$home/tree/examples/$name/$name
[ ! -e "$top/examples/$name/setup.sql" ] || sql -f "${example%/*}/setup.sql"
if [ -e "$top/examples/$name/$name.sql" ]; then
	sql -A -t -v question="${1:-}" -v condition="${2:-true}" -f "$example.sql"
else
	install_packages
	# Set in the child: by root's own PATH what gives up root would be the user's program
	exec_as_user env PATH="$bindir:$PATH" PGHOST="$dir/socket" PGUSER=postgres PGDATABASE=manual \
		PYTHONDONTWRITEBYTECODE=1 "$python" "$example.py" "$@"
fi
