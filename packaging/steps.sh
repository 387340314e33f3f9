# SPDX-License-Identifier: PostgreSQL
# To be read by the scripts beside it: steps that say "ok - NAME" or
# "not ok - NAME", with the end of what a failed one printed, and systems of
# their own to make and install packages in.

top=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${LOKIVECTOR_PROGRESS:-}" ] ||
	exec "$top/test/progress.pl" "$top/packaging/${0##*/}" "$@"
logs=$(mktemp -d)
log=$logs/log
trap 'rm -rf "$logs"' EXIT
passed=0 failed=0

# step NAME COMMAND...
step()
{
	behavior=$1
	shift
	echo "# $behavior ..."
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok - $behavior"
		passed=$((passed + 1))
	else
		echo "not ok - $behavior"
		tail -n 40 "$log" | sed 's/^/    /'
		failed=$((failed + 1))
		return 1
	fi
}

# The last line, and the exit status
finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
	exit
}

# Packages come and go in these systems, so they are not those of the tests.  test/chroot.sh
# sees to it that the directory is of root alone (test/directory.sh).
LOKIVECTOR_CHROOT_DIR=${LOKIVECTOR_PACKAGING_CHROOT:-${TMPDIR:-/var/tmp}/lokivector-packages-chroot}
export LOKIVECTOR_CHROOT_DIR

# make_system MAJOR PACKAGE...: sets root
make_system()
{
	step "a system with PostgreSQL $1" "$top/test/chroot.sh" create "$@" || finish
	enter_system "$1"
}

# enter_system MAJOR: the one that is there, with a copy of the tree
enter_system()
{
	major=$1
	root=$("$top/test/chroot.sh" path "$major")
	exec 8>"$root.packages.lock"
	flock 8
	"$top/test/chroot.sh" copy "$major"
}

# Run a command in the system, as root or as the server's user
inside() { "$top/test/chroot.sh" exec "$major" "$@"; }
as_server() { "$top/test/chroot.sh" exec -u postgres "$major" "$@"; }

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/lokivector.control")

# All files where packages and servers put any
files() { inside find /etc /usr /opt /var/lib/postgresql ! -path "*/__pycache__*" | sort; }

# searches EXTENSION [OPTION...]: a database of a server with these options, which has
# the extension, answers by an index
searches()
{
	extension=$1
	shift
	as_server pg_virtualenv "$@" -v "$major" sh -eu -c '
		plan() { psql -XAtc "SET enable_seqscan = off; $1"; }
		psql -Xq -v ON_ERROR_STOP=1 <<-END
			CREATE EXTENSION $0;
			CREATE TABLE items (id int, embedding vector(3));
			INSERT INTO items SELECT i, ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 1000) i;
			CREATE INDEX items_embedding ON items USING hnsw (embedding vector_l2_ops, id);
		END
		point="ARRAY[sin(42), cos(42), 0]::real[]::vector"
		query="SELECT id FROM items ORDER BY embedding <-> $point LIMIT 1"
		plan "EXPLAIN (COSTS OFF) $query" | tee /dev/stderr | grep -q items_embedding
		[ "$(plan "$query" | tail -n 1)" = 42 ]
	' "$extension"
}

# Whether no file differs from before
nothing_left()
{
	files >"$log.after"
	diff "$log.before" "$log.after"
}
