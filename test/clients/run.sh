#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Run programs that use the server through the packages that users install,
# with this extension installed as vector.
#
# usage: test/clients/run.sh PG_CONFIG CACHE DIRECTORY [PROGRAM...]
#        test/clients/run.sh --list		the names of all programs
#
# PG_CONFIG		of a server with the extension
# CACHE			where packages stay, a directory for each set of them
# DIRECTORY		for the server's data and for logs, replaced
# PROGRAM		by default all
#
# A line "# PROGRAM (LANGUAGE)" precedes the lines "ok - NAME" or "not ok -
# NAME" of a program.  What has no tools here, or no packages within
# LOKIVECTOR_CLIENTS_TIMEOUT seconds (400), is skipped: "# PROGRAM (LANGUAGE)
# skipped: REASON".  Not to be run as root.
set -u
all="psycopg sqlalchemy django asyncpg langchain llamaindex haystack pg drizzle knex prisma pgx jdbc hibernate springai pdo activerecord"
if [ "${1:-}" = --list ]; then
	printf '%s\n' $all
	exit
fi
here=$(cd "$(dirname "$0")" && pwd)
bindir=$("$1" --bindir)
cache=$2
out=$3
shift 3
chosen=" ${*:-$all} "

declare -A programs=(
	[drivers]="psycopg sqlalchemy django asyncpg"
	[frameworks]="langchain llamaindex"
	[haystack]="haystack"
	[node]="pg drizzle knex"
	[prisma]="prisma"
	[go]="pgx"
	[java]="jdbc hibernate springai"
	[php]="pdo"
	[ruby]="activerecord"
)
declare -A language=(
	[drivers]=python [frameworks]=python [haystack]=python [node]=node [prisma]=node [go]=go [java]=java
	[php]=php [ruby]=ruby
)

rm -rf "$out"
mkdir -p "$out" "$cache"
# Caches of the tools go there as well, if there is no other place
[ -w "$HOME" ] || export HOME=$cache/home
mkdir -p "$HOME"
export GOMODCACHE=$cache/go-modules GOCACHE=$cache/go-build GOFLAGS='-mod=readonly -modcacherw'
export GOTOOLCHAIN=local NO_UPDATE_NOTIFIER=1

# The programs of a set that are asked for
programs_of()
{
	local program

	for program in ${programs[$1]}; do
		case $chosen in
			*" $program "*) echo "$program" ;;
		esac
	done
}

# Where the packages of a set are: one place for each list of them
directory_of()
{
	local files

	case $1 in
		drivers | frameworks | haystack) files=$here/python/$1.txt ;;
		node | prisma) files="$here/$1/package.json $here/install.sh" ;;
		php | ruby) files=$here/install.sh ;;
		go) files="$here/go/go.mod $here/go/go.sum" ;;
		java) files=$here/java/pom.xml ;;
	esac
	echo "$cache/$1-$(cat $files | cksum | cut -d ' ' -f 1)"
}

# Install a set, unless it is there; its exit status stays in a file.
install_set()
{
	local set=$1 directory status=0

	directory=$(directory_of "$set")
	if [ ! -e "$directory/complete" ]; then
		rm -rf "$cache/$set"-*
		mkdir -p "$directory"
		(cd "$directory" &&
			timeout "${LOKIVECTOR_CLIENTS_TIMEOUT:-400}" "$here/install.sh" "$set") \
			>"$out/$set.log" 2>&1 </dev/null || status=$?
		[ $status -ne 0 ] || touch "$directory/complete"
	fi
	echo $status >"$out/$set.status"
}

start_server()
{
	local attempt

	PGPASSWORD=$(od -An -N16 -tx8 /dev/urandom | tr -d ' \n')
	export PGPASSWORD PGHOST=127.0.0.1 PGUSER=tester PGPORT LC_ALL=C.UTF-8
	echo "$PGPASSWORD" >"$out/password"
	"$bindir/initdb" -D "$out/data" -U "$PGUSER" --pwfile="$out/password" -A scram-sha-256 \
		-E UTF8 --no-locale -N >"$out/initdb.log" 2>&1 || return
	# TCP alone, as not all clients know other ways
	cat >>"$out/data/postgresql.conf" <<-EOF
		listen_addresses = '127.0.0.1'
		unix_socket_directories = ''
		fsync = off
		max_connections = 50
	EOF
	for attempt in 1 2 3 4 5 6 7 8; do
		PGPORT=$((20000 + RANDOM % 20000))
		"$bindir/pg_ctl" -D "$out/data" -l "$out/server.log" -o "-p $PGPORT" -w start \
			>"$out/start.log" 2>&1 && return
	done
	return 1
}

compile()
{
	case $1 in
		pgx) (cd "$here/go" && go build -o "$out/pgx" .) ;;
		prisma)
			# The client alone is made, for which the engine that Prisma fetches is not needed
			cp "$here/prisma/schema.prisma" "$here/prisma/prisma.config.mjs" "$2" &&
				(cd "$2" && PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 npx prisma generate)
			;;
		jdbc | hibernate | springai) javac -Xlint:all -d "$out/java" -cp "$(cat "$2/classpath")" "$here"/java/*.java ;;
	esac >"$out/compile.log" 2>&1 || {
		echo "not ok - compiling"
		sed 's/^/# /' "$out/compile.log" | head -n 40
		return 1
	}
}

run_program()
{
	local program=$1 directory=$2

	compile "$program" "$directory" || return 0
	export PGDATABASE=$program
	"$bindir/createdb" "$program" || return
	case $program in
		pgx) set -- "$out/pgx" ;;
		jdbc) set -- java -cp "$out/java:$(cat "$directory/classpath")" JdbcTest ;;
		hibernate) set -- java -cp "$out/java:$(cat "$directory/classpath")" HibernateTest ;;
		springai) set -- java -cp "$out/java:$(cat "$directory/classpath")" SpringAiTest ;;
		pg | drizzle | knex)
			# Modules are looked for beside the program
			cp "$here"/node/*.mjs "$directory"
			set -- node "$directory/${program}_test.mjs"
			;;
		prisma)
			cp "$here"/prisma/*.mjs "$here/prisma/schema.prisma" "$here/node/check.mjs" "$directory"
			set -- node "$directory/prisma_test.mjs"
			;;
		pdo) set -- "$directory/php" "$here/php/pdo_test.php" ;;
		activerecord) set -- "$directory/ruby" "$here/ruby/activerecord_test.rb" ;;
		*) set -- "$directory/venv/bin/python" "$here/python/${program}_test.py" ;;
	esac
	(cd "$out" && timeout 900 "$@") </dev/null 2>&1
}

run_set()
{
	local set=$1 program reason

	for program in $(programs_of "$set"); do
		case $(cat "$out/$set.status") in
			0)
				echo "# $program (${language[$set]})"
				run_program "$program" "$(directory_of "$set")" ||
					echo "# $program (${language[$set]}) failed"
				;;
			3) echo "# $program (${language[$set]}) skipped: $(tail -n 1 "$out/$set.log")" ;;
			*)
				echo "# $program (${language[$set]}) skipped: no packages"
				tail -n 3 "$out/$set.log" | cut -c 1-300
				;;
		esac
	done
}

trap '"$bindir/pg_ctl" -D "$out/data" -m immediate stop >/dev/null 2>&1; rm -rf "$out/data"' EXIT
echo "# server (postgres)"
if start_server; then
	echo "ok - starts"
else
	echo "not ok - starts"
	cat "$out"/*.log
	exit 1
fi

# All sets at once: most of the time goes into waiting for the network
declare -A installing
sets=
for set in drivers node prisma go java php ruby haystack frameworks; do
	[ -n "$(programs_of "$set")" ] || continue
	sets="$sets $set"
	install_set "$set" &
	installing[$set]=$!
done
for set in $sets; do
	wait "${installing[$set]}"
	run_set "$set"
done

echo "# server (postgres)"
if grep -E 'PANIC:|TRAP:|terminated by signal' "$out/server.log"; then
	echo "not ok - lives to the end"
else
	echo "ok - lives to the end"
fi
