# Where the demo keeps its things and which user owns them; read by the scripts
# beside this file, which set top to the root of the source tree.
#
# LOKIVECTOR_DEMO_DIR	the directory (default: build/demo, or one in /var/tmp
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

as_user()
{
	if [ "$(id -un)" = "$user" ]; then
		"$@"
	else
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
			env HOME=/ "$@"
	fi
}

# Make a directory that the user owns, unless there is one.
claim()
{
	as_user mkdir -p "$1" 2>/dev/null ||
		{ mkdir -p "$1" && chown "$user" "$1"; } 2>/dev/null
	as_user test -w "$1" && as_user test -r "$1/."
}

# Sets dir.  The path of a socket has about a hundred characters at most.
choose_directory()
{
	local fallback

	fallback=/var/tmp/lokivector-demo-$(printf %s "$top" | cksum | cut -d ' ' -f 1)
	dir=${LOKIVECTOR_DEMO_DIR:-$top/build/demo}
	[ "${dir#/}" != "$dir" ] || dir=$PWD/$dir
	if [ ${#dir} -le 80 ] && claim "$dir"; then
		return
	fi
	[ -z "${LOKIVECTOR_DEMO_DIR:-}" ] ||
		fail "user $user cannot use $dir, or its name is longer than 80 characters"
	dir=$fallback
	claim "$dir" || fail "user $user cannot use $dir; set LOKIVECTOR_DEMO_DIR"
}

# Sets bindir, once the server has been made.
find_server()
{
	[ -e "$dir/bindir" ] || fail "there is no demo in $dir; run: make demo"
	bindir=$(cat "$dir/bindir")
}

running()
{
	as_user "$bindir/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
}

sql()
{
	as_user "$bindir/psql" -X -q -v ON_ERROR_STOP=1 -h "$dir/socket" -U postgres \
		-d manual "$@"
}
