# SPDX-License-Identifier: PostgreSQL
# Where the demo keeps its things and which user owns them; read by the scripts
# beside this file, which set top to the root of the source tree.
#
# LOKIVECTOR_DEMO_DIR	the directory (default: build/demo, or one in TMPDIR, /var/tmp
#						if the user cannot get there)
# LOKIVECTOR_DEMO_USER	the user in place of root (default: the one who called
#						sudo, else postgres)

unset MAKEFLAGS MFLAGS MAKELEVEL
unset PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS PGPASSWORD PGSERVICE
export LC_ALL=C.UTF-8

fail()
{
	echo "$*" >&2
	exit 1
}

# A server does not run as root.
if [ "$(id -u)" -eq 0 ]; then
	user=${LOKIVECTOR_DEMO_USER:-${SUDO_USER:-postgres}}
	[ "$user" != root ] || user=postgres
else
	user=$(id -un)
fi

# Go on as a program that the user runs
exec_as_user()
{
	[ "$(id -un)" != "$user" ] || exec "$@"
	exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups env HOME=/ "$@"
}

as_user()
{
	(exec_as_user "$@")
}

# Sets candidates: where the demo may be.  The path of a socket has about a
# hundred characters at most.
list_candidates()
{
	if [ -n "${LOKIVECTOR_DEMO_DIR:-}" ]; then
		candidates=("$LOKIVECTOR_DEMO_DIR")
		[ "${LOKIVECTOR_DEMO_DIR#/}" != "$LOKIVECTOR_DEMO_DIR" ] ||
			candidates=("$PWD/$LOKIVECTOR_DEMO_DIR")
	else
		candidates=("$top/build/demo"
			"${TMPDIR:-/var/tmp}/lokivector-demo-$(printf %s "$top" | cksum | cut -d ' ' -f 1)")
	fi
}

# Say at once that there is room in none of these places.  Who the user is may be known
# when there are packages.
look_for_room()
{
	local complaint

	list_candidates
	for dir in "${candidates[@]}"; do
		if complaint=$("$top/test/room.sh" "$dir" 500 "set LOKIVECTOR_DEMO_DIR" 2>&1); then
			return
		fi
	done
	fail "$complaint"
}

# Sets dir, a directory that is the user's alone (test/directory.sh), has room, and has no space
# in its name, which the server's makefiles would not bear; makes it if need be.
make_directory()
{
	local candidate

	list_candidates
	for candidate in "${candidates[@]}"; do
		[ ${#candidate} -le 80 ] && [[ $candidate != *[[:space:]]* ]] || continue
		# What is above it may be his as well
		as_user mkdir -p "${candidate%/*}" 2>/dev/null || true
		dir=$("$top/test/directory.sh" "$candidate" 755 "$user" 2>/dev/null) || continue
		if as_user test -r "$dir/."; then
			"$top/test/room.sh" "$dir" 500 "set LOKIVECTOR_DEMO_DIR" || exit 1
			return
		fi
		rmdir "$dir" 2>/dev/null || true
	done
	fail "user $user cannot use ${candidates[*]}, or others can, or its name has spaces or more than 80 characters;" \
		"set LOKIVECTOR_DEMO_DIR"
}

# Whether dir is the user's alone, as make_directory left it.  What lies in another's is not run:
# it would run as the other user, but at this terminal, where it could type.
is_ours()
{
	"$top/test/directory.sh" "$dir" 755 "$user" >/dev/null 2>&1
}

# Sets dir and bindir of the demo that is there.
find_demo()
{
	list_candidates
	for dir in "${candidates[@]}"; do
		[ -e "$dir/bindir" ] || continue
		is_ours || fail "$dir is not user $user's alone (it belongs to $(stat -c %U "$dir"));" \
			"if that is who ran the demo, call this as that user, or as root with LOKIVECTOR_DEMO_USER"
		bindir=$(as_user cat "$dir/bindir")
		return
	done
	fail "there is no demo in ${candidates[*]}; run: make demo"
}

running()
{
	as_user "$bindir/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

sql()
{
	as_user "$bindir/psql" -X -q -P pager=off -v ON_ERROR_STOP=1 -h "$dir/socket" -U postgres \
		-d manual "$@"
}
