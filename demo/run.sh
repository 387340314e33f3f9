#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The demo: a private server with lokivector, the PostgreSQL manual in it, and
# questions to the manual.  doc/quickstart.md explains what it shows.
#
# usage: demo/run.sh [start | stop | clean]
#
# Needs a Debian system and, for packages that are missing, root or sudo.  The
# system's own server is copied, not touched.  See demo/common.sh for where
# things are put.  stop ends the server and leaves its files, start starts it again,
# clean removes them as well.  Without an argument the database manual is made anew;
# others that the server has stay, since they are the user's.
set -eEu -o pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/demo/common.sh"

STEPS=7
step=0
log=
teller=

next()
{
	step=$((step + 1))
	printf '\n[%d/%d] %s (after %d s) ...\n' $step $STEPS "$*" $SECONDS
}

trap 'failed $?' ERR
failed()
{
	trap - ERR
	[ $BASHPID -eq $$ ] || exit "$1"
	echo >&2
	echo "make demo stopped in step $step with status $1" >&2
	stop_telling
	# for the end of the log
	wait || true
	if [ -n "$log" ] && [ -s "$log" ]; then
		echo "the last lines of $log:" >&2
		tail -n 25 "$log" | sed 's/^/    /' >&2
	fi
	rm -f ${packages_log:+"$packages_log"}
	exit 1
}

# Run a command quietly in a subshell, its output in a log of its own.  The user writes it, as a link
# of his may lead anywhere.
quietly()
{
	log=$dir/$1.log
	shift
	"$@" 2>&1 | as_user tee "$log" >/dev/null
	log=
}

value() { sql -A -t -c "$1"; }

# Installs packages, sets pg_config
packages()
{
	pg_config=$("$top/test/packages.sh" "$@" 2> >(tee -a "$log" |
		grep --line-buffered -E '^(installing|reading|missing|no |apt |Get:|Unpacking|Setting|E:)' |
		cut -c -79 >&2))
}

install_packages()
{
	local doc=postgresql-doc major

	# Until there are packages there may be no user to own a directory
	packages_log=$(mktemp)
	log=$packages_log
	if compgen -G '/usr/share/doc/postgresql-doc-*/html/index.html' >/dev/null; then
		doc=
	fi
	packages python3 python3-numpy $doc
	pg_config=$(command -v "$pg_config")
	major=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
	manual=/usr/share/doc/postgresql-doc-$major/html
	[ -e "$manual/index.html" ] || packages "postgresql-doc-$major"
	make_directory
	# Some images of Debian leave out what belongs in /usr/share/doc
	if [ ! -e "$manual/index.html" ]; then
		as_user sh -c "cd '$dir' && apt-get -q download postgresql-doc-$major &&
			dpkg-deb -x postgresql-doc-${major}_*.deb manual" >>"$log" 2>&1
		manual=$dir/manual$manual
	fi
	rm -f "$log"
	log=
	echo "$("$pg_config" --version), manual in $manual"
}

build()
{
	as_user rm -rf "$dir/source/sql"
	as_user mkdir -p "$dir/source"
	# Times are kept, so that make compiles what has changed
	# No file stays that the tree does not have any more, but for what the compiler made
	as_user find "$dir/source" -type f ! -name '*.[do]' ! -name '*.bc' ! -name '*.so' -delete
	"$top/test/files.sh" | tar -C "$top" -cf - -T - |
		as_user tar -C "$dir/source" -xf - --no-same-owner
	pg_config=$(as_user "$dir/source/test/prefix.sh" "$dir/server" "$pg_config")
	as_user "$pg_config" --bindir | as_user tee "$dir/bindir" >/dev/null
	as_user make -s -C "$dir/source" -j"$(nproc)" with_llvm=no PG_CONFIG="$pg_config" all
	as_user make -s -C "$dir/source" with_llvm=no PG_CONFIG="$pg_config" install
}

# Tell every ten seconds how many files are compiled, until stop_telling.  The sleeps are short, as
# the last one holds the output open.
tell_compiled()
{
	local all compiled i

	all=$("$top/test/files.sh" | grep -c '^src/.*\.c$')
	for ((i = 1; ; i++)); do
		sleep 1
		kill -0 $$ 2>/dev/null || exit 0
		[ $((i % 10)) -eq 0 ] || continue
		compiled=$(as_user find "$dir/source/src" -name '*.o' 2>/dev/null | wc -l)
		[ "$compiled" -eq 0 ] || [ "$compiled" -ge "$all" ] || echo "file $compiled of $all"
	done
}

stop_telling()
{
	# Waited for, so that the shell says nothing of its end
	[ -z "$teller" ] || { kill "$teller"; wait "$teller"; } 2>/dev/null || true
	teller=
}

# A cluster beside $dir/data, which gets that name when it is whole
make_cluster()
{
	as_user rm -rf "$dir/data.new"
	as_user "$bindir/initdb" -D "$dir/data.new" -U postgres -A trust -E UTF8 \
		--locale=C.UTF-8 --no-sync
	# A server to throw away: what matters is that it can be reached through
	# its socket alone
	as_user tee -a "$dir/data.new/postgresql.conf" >/dev/null <<-END
		listen_addresses = ''
		unix_socket_directories = '$dir/socket'
		shared_buffers = 256MB
		maintenance_work_mem = 256MB
		fsync = off
		full_page_writes = off
		max_wal_size = 1GB
		jit = off
	END
	as_user mv "$dir/data.new" "$dir/data"
}

launch()
{
	# Emptied on some systems when the machine starts
	as_user mkdir -p -m 700 "$dir/socket"
	as_user "$bindir/pg_ctl" -w -D "$dir/data" -l "$dir/server.log" start
}

# The data of a demo before this one stay, but for the manual
start_server()
{
	local had major

	if [ -e "$dir/data" ]; then
		had=$(as_user cat "$dir/data/PG_VERSION")
		major=$(as_user "$bindir/pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
		[ "$had" = "$major" ] ||
			fail "$dir/data has data of PostgreSQL $had; move it away, or remove it by: make demo-clean"
	else
		make_cluster
	fi
	launch
	as_user "$bindir/dropdb" --if-exists --force -h "$dir/socket" -U postgres manual
	as_user "$bindir/createdb" -h "$dir/socket" -U postgres manual
}

embed_manual()
{
	as_user env PATH="$bindir:$PATH" PGHOST="$dir/socket" PGUSER=postgres \
		PGDATABASE=manual PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$dir/source/demo/corpus.py" \
		--html "$manual" --out "$dir/corpus"
}

load()
{
	sql -v corpus="$dir/corpus" -f "$dir/source/demo/load.sql"
}

ask()
{
	echo
	echo "  $1${2:+   WHERE $2}"
	ROWS=3 "$top/demo/ask.sh" "$@" | sed 's/^/    /'
}

explain()
{
	local question=$1 condition=$2

	sql -A -t -c "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
		SELECT id FROM paragraphs WHERE $condition
		ORDER BY embedding <=> (SELECT embed('$question')) LIMIT 10" |
		sed 's/^/    /'
}

# Milliseconds of the average query, prepared, by one client
latency()
{
	as_user env PGOPTIONS="-c enable_indexscan=$2" "$bindir/pgbench" -n -M prepared \
		-c 1 -T 3 -h "$dir/socket" -U postgres -f "$dir/source/demo/pgbench/$1.sql" \
		manual 2>/dev/null | sed -n 's/^latency average = \(.*\) ms.*/\1/p'
}

measure()
{
	local condition

	echo
	echo "  recall@10 of 200 questions against the exact answer"
	for condition in "true" "part_id = 3" "is_code AND part_id = 6" \
		"released >= date '2025-01-01'"; do
		printf '    %-36s ' "WHERE $condition"
		value "SELECT round(recall(\$\$$condition\$\$)::numeric, 3)"
	done
	echo "  milliseconds a query         index   without"
	printf '    %-24s %7s   %7s\n' \
		"plain" "$(latency plain on)" "$(latency plain off)" \
		"WHERE part_id = ..." "$(latency filtered on)" "$(latency filtered off)"
	echo "  sizes"
	value "SELECT format('    table %s, its vectors alone %s, index %s',
		pg_size_pretty(pg_table_size('paragraphs')),
		pg_size_pretty(sum(pg_column_size(embedding))),
		pg_size_pretty(pg_relation_size('paragraphs_embedding_idx')))
		FROM paragraphs"
}

stop_server()
{
	as_user "$bindir/pg_ctl" -w -m fast -D "$dir/data" stop
}

# Whatever a demo has left, one that did not come to its end too
clean()
{
	list_candidates
	cd /
	for dir in "${candidates[@]}"; do
		[ -d "$dir" ] || continue
		is_ours || {
			echo "$dir is not user $user's alone; it belongs to $(stat -c %U "$dir"), and is left" >&2
			continue
		}
		if [ -e "$dir/bindir" ]; then
			bindir=$(as_user cat "$dir/bindir")
			! running || stop_server >/dev/null
		fi
		rm -rf "$dir"
		echo "removed $dir"
	done
}

case "$*" in
	"")
		;;
	start)
		find_demo
		cd /
		[ -e "$dir/complete" ] || fail "the demo in $dir is not complete; run: make demo"
		! running || fail "the demo's server is running"
		launch
		exit
		;;
	stop)
		find_demo
		cd /
		running || fail "the demo's server is not running"
		stop_server
		exit
		;;
	clean)
		clean
		exit
		;;
	*)
		fail "usage: demo/run.sh [start | stop | clean]"
		;;
esac

look_for_room
[ -n "${LOKIVECTOR_PROGRESS:-}" ] || exec "$top/test/progress.pl" "$top/demo/run.sh"
next "Debian packages"
install_packages
cd /

next "build lokivector, install it into a copy of the server"
if [ -e "$dir/bindir" ]; then
	bindir=$(as_user cat "$dir/bindir")
	! running || stop_server >/dev/null
fi
tell_compiled &
teller=$!
quietly build build
stop_telling
bindir=$(as_user cat "$dir/bindir")
echo "$(as_user "$bindir/postgres" --version) in $dir/server"

next "start a private server"
as_user rm -f "$dir/complete"
quietly start start_server
echo "socket in $dir/socket"

next "cut the manual into paragraphs and embed them"
log=$dir/embed.log
embed_manual

next "load them"
log=$dir/load.log
load
value "SELECT format('%s paragraphs in %s chapters of %s parts', (SELECT count(*) FROM paragraphs),
	(SELECT count(*) FROM chapters), (SELECT count(*) FROM parts))"

next "build the index"
grep -v "^--" "$top/demo/index.sql"
sql -c '\timing on' -f "$dir/source/demo/index.sql" | sed 's/^Time: /took /'
value "VACUUM ANALYZE paragraphs"
as_user touch "$dir/complete"

next "ask"
ask "limit memory used by sorting"
ask "reclaim space after deleting many rows"
ask "remove duplicate rows from a result"
ask "undo the changes of a transaction" "part_id = 1"
ask "join two tables" "is_code AND chars < 300"
ask "memory leak" "released >= date '2025-01-01'"
echo
echo "  how the first is answered"
explain "limit memory used by sorting" "true"
echo "  and with a filter"
explain "undo the changes of a transaction" "part_id = 1 AND NOT is_code"
measure

cat <<END

The server goes on running.  Ask it something:
    demo/ask.sh "what happens when power fails"
    demo/ask.sh "wait for a lock" "part_id = 2 AND NOT is_code"
Let your own programs and psql find it, in a database that is empty:
    export PGHOST=$dir/socket PGUSER=postgres PGDATABASE=postgres
Look around in the manual:
    $bindir/psql -h $dir/socket -U postgres manual
    SELECT title FROM paragraphs ORDER BY embedding <=> embed('sort by two columns') LIMIT 5;
Stop it, and start it again:
    demo/run.sh stop
    demo/run.sh start
Remove all that it made, but the Debian packages:
    make demo-clean
END
