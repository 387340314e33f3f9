#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Build lokivector as extension vector in a private copy of the server, and
# hold it against pgvector; test/pgvector.sh prepares directory and user.
#
# usage: test/pgvector/suite.sh DIRECTORY MAJOR PART...
#
# DIRECTORY/src is the source tree, DIRECTORY/pgvector that of pgvector.
set -u
work=$1
major=$2
shift 2
here=$work/src/test/pgvector
system_bindir=/usr/lib/postgresql/$major/bin
out=$work/out

explain() { tail -n "${2:-40}" "$1" | sed 's/^/    /'; }

build()
{
	rm -rf "$out"
	mkdir -p "$out"
	if {
		pg_config=$("$work/src/test/prefix.sh" "$work/pg" "$system_bindir/pg_config") &&
			make -s -C "$work/src" -j"$(nproc)" PG_CONFIG="$pg_config" all &&
			make -s -C "$work/src" PG_CONFIG="$pg_config" FORCE=1 install-as-vector
	} >"$out/build.log" 2>&1; then
		echo "ok - build"
	else
		echo "not ok - build"
		explain "$out/build.log"
		return 1
	fi
	bindir=$("$pg_config" --bindir)
	pgxs=$(dirname "$("$pg_config" --pgxs)")/../..
}

# The names of the files of one kind, or those of them that TESTS names
chosen()
{
	local file name

	for file in "$@"; do
		name=$(basename "${file%.*}")
		case " ${TESTS:-$name} " in
			*" $name "*) echo "$name" ;;
		esac
	done
}

# run_regress SETTING [LINE OF postgresql.conf]
run_regress()
{
	local setting=$1 dir=$out/regress-${1// /-} names

	names=$(chosen "$work"/pgvector/test/sql/*.sql)
	[ -n "$names" ] || return
	mkdir -p "$dir"
	printf '%s\n' "${2:-}" >"$dir/conf"
	# Its tests write to the directory that they run in
	(cd "$dir" &&
		"$pgxs/src/test/regress/pg_regress" --inputdir="$work/pgvector/test" --outputdir=. \
			--temp-instance="$dir/data" --temp-config="$dir/conf" --bindir="$bindir" \
			--no-locale --encoding=UTF8 --load-extension=vector $names) >"$dir/regress.log" 2>&1
	"$here/compare.pl" "regress, $setting" "$here/departures" "$work/pgvector/test/expected" \
		"$dir/results" $names
	if [ ! -d "$dir/results" ]; then
		explain "$dir/regress.log"
	fi
	rm -rf "$dir/data"
}

run_tap()
{
	local name dir status

	for name in $(chosen "$work"/pgvector/test/t/*.pl); do
		dir=$out/tap/$name
		mkdir -p "$dir/data" "$dir/log"
		status=0
		(cd "$work/pgvector" &&
			PATH="$bindir:$PATH" PGPORT=65432 TESTDIR="$dir" TESTLOGDIR="$dir/log" \
				TESTDATADIR="$dir/data" PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
				timeout 3600 perl -I "$pgxs/src/test/perl" -I test/perl "test/t/$name.pl") \
			>"$out/$name.log" 2>"$out/$name.err" || status=$?
		"$here/tap.pl" "$work/pgvector/test/t/$name.pl" "$status" "$here/departures" \
			"$out/$name.log" "$out/$name.err" || explain "$out/$name.err"
		rm -rf "$dir"
	done
}

# start NAME BINDIR PORT: a server for the expressions, and what connects to it
start()
{
	local data=$out/$1

	"$2/initdb" -D "$data" --no-locale -E UTF8 -A trust -U postgres &&
		printf '%s\n' "listen_addresses = ''" "unix_socket_directories = '$out'" \
			'fsync = off' 'autovacuum = off' >>"$data/postgresql.conf" &&
		"$2/pg_ctl" -w -D "$data" -o "-p $3" -l "$out/$1.server.log" start
}

stop()
{
	[ ! -e "$out/$1/postmaster.pid" ] || "$2/pg_ctl" -m immediate -D "$out/$1" stop
	rm -rf "${out:?}/$1"
}

run_differential()
{
	local ours="host=$out port=5433 user=postgres dbname=postgres"
	local other="host=$out port=5432 user=postgres dbname=postgres" status=0

	trap 'stop pgvector "$system_bindir"; stop lokivector "$bindir"' EXIT
	if start pgvector "$system_bindir" 5432 && start lokivector "$bindir" 5433; then
		PATH="$system_bindir:$PATH" "$work/src/test/differential.py" compare \
			--count "${COUNT:-10000}" --seed "${SEED:-1}" "$other" "$ours" || status=$?
	else
		status=1
	fi >"$out/differential.log" 2>&1
	sed '$!s/^/    /' "$out/differential.log" | tail -n 301
	if [ $status -eq 0 ]; then
		echo "ok - differential"
	else
		echo "not ok - differential"
	fi
}

run_parts()
{
	local part

	build || return
	for part in "$@"; do
		case $part in
			regress)
				run_regress "as it is"
				run_regress "not complete" 'lokivector.complete = off'
				;;
			tap) run_tap ;;
			differential) (run_differential) ;;
			*) echo "not ok - there is no part \"$part\"" ;;
		esac
	done
}

echo "# pgvector $(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$("$system_bindir/pg_config" --sharedir)/extension/vector.control")," \
	"PostgreSQL $("$system_bindir/pg_config" --version | sed 's/^PostgreSQL //')"
run_parts "$@" 2>&1 | tee "$work/results"
count() { grep -c "^$1 - " "$work/results"; }
failed=$(count "not ok")
echo "$(count ok) passed, $(count departure) as listed, $failed failed"
[ "$failed" -eq 0 ]
