#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Run the tests: all of them as short as on every day, or some parts in full.
#
# usage: test/run.sh				lint unit iso tap assert, with LOKIVECTOR_SHORT
#        test/run.sh PART...		lint unit sql iso tap assert, clients operations citus
#									examples arm64 bench
#        test/run.sh full			in full, what the first one shortens
#        test/run.sh LONG			stale soak standby kills fuzz crash-points sanitize
#									fuzz-parallel fuzz-input valgrind coverage (doc/contributors/testing.md)
#        test/run.sh attack			those of tap and sql that attack
#        test/run.sh format-sample	put what is installed into test/formats
#
# Installs what is missing (test/packages.sh), copies the source tree to a
# directory that an unprivileged user owns, and runs test/suite.sh there, as
# that user if this is root.  Neither the source tree nor the system's server
# are touched.
#
# PG_CONFIG				the server to test with (default: test/packages.sh)
# TESTS					only these files of a part, by name without suffix
# LOKIVECTOR_SHORT		if set, tests that take long try fewer cases
# LOKIVECTOR_LANES		programs that run side by side (test/suite.sh)
# LOKIVECTOR_KEEP		if set, a run of everything leaves what it has built
# LOKIVECTOR_DEADLINE		no file of TAP is begun after it, in seconds since 1970
# LOKIVECTOR_AMOUNT		of LONG: seconds, steps, kills, statements or points
# LOKIVECTOR_TEST_DIR	the directory to work in; by default build/test, and
#						for root a directory in TMPDIR or /var/tmp
# LOKIVECTOR_CLIENTS_DIR	packages of clients (default: DIR-clients beside it)
# LOKIVECTOR_TEST_USER	the user in place of root (default: postgres, nobody)
#
# The directory stays, so that the next run compiles what has changed; only a
# run of everything begins with an empty one, and leaves it so if all is well.
set -eu
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL
top=$(cd "$(dirname "$0")/.." && pwd)
[ -n "${LOKIVECTOR_PROGRESS:-}" ] || exec "$top/test/progress.pl" "$top/test/run.sh" "$@"

# A long test is a part with more to do
amount=${LOKIVECTOR_AMOUNT:-}
long()
{
	part=$1
	shift
	export "$@"
}
part=${1:-}
case $part in
	soak) long tap TESTS=019_soak LOKIVECTOR_SOAK_SECONDS="${amount:-1800}" ;;
	standby) long tap TESTS=042_standby LOKIVECTOR_SOAK_SECONDS="${amount:-1800}" ;;
	stale) long tap TESTS=070_stale LOKIVECTOR_STALE_STEPS="${amount:-40}" ;;
	kills) long tap TESTS=036_kills LOKIVECTOR_KILLS="${amount:-1000}" ;;
	fuzz) long tap TESTS=040_fuzz LOKIVECTOR_FUZZ_COUNT="${amount:-20000}" ;;
	fuzz-parallel)
		long tap TESTS=040_fuzz LOKIVECTOR_FUZZ_COUNT="${amount:-5000}" LOKIVECTOR_FUZZ_PARALLEL=yes
		;;
	crash-points)
		long tap TESTS=041_crash_points LOKIVECTOR_CRASH_POINTS="${amount:-all}" \
			LOKIVECTOR_SOAK_SECONDS=20000
		;;
	attack)
		long "sql tap" TESTS="hnsw_security planner_parallel soft_errors 056_names 025_validate \
			057_takeover_steps 058_audit 059_hostile_names 060_limits 061_privileges \
			065_printed_statements 066_shard_attacks"
		;;
	sanitize) long address LOKIVECTOR_FUZZ_COUNT="${amount:-2000}" ;;
	full)
		cd "$top"
		# those of is_slow() in test/unit/run.sh, and what looks at whether the run is short
		long "unit assert tap" TESTS="$({
			ls test/unit | grep -E '^(sketch|compact|fits|least|quantize)_test'
			grep -lE 'test_short\(\)|LOKIVECTOR_SHORT|lost_rows|rows_are_found' sql/*.sql test/t/*.pl
		} | sed 's|.*/||; s|\.[a-z]*$||' | tr '\n' ' ')"
		;;
	format-sample) long tap TESTS=046_formats LOKIVECTOR_FORMAT_SAMPLE=yes ;;
	fuzz-input) long fuzz-input LOKIVECTOR_FUZZ_SECONDS="${amount:-600}" ;;
esac
# shellcheck disable=SC2086	# they may be several
[ "$part" = "${1:-}" ] || set -- $part
everything=
if [ $# -eq 0 ]; then
	everything=yes
	set -- lint unit iso assert tap
	export LOKIVECTOR_SHORT=yes
fi
# Mistakes are told, and room is looked for, before packages are installed
"$top/test/names.sh" --check "$@"

if [ "$(id -u)" -eq 0 ]; then
	id=$(printf %s "$top" | cksum | cut -d ' ' -f 1)
	work=${TMPDIR:-/var/tmp}/lokivector-test-$id
else
	work=$top/build/test
	# The server's makefiles do not bear spaces
	case $work in
		*[[:space:]]*) work=${TMPDIR:-/var/tmp}/lokivector-test-$(printf %s "$top" | cksum | cut -d ' ' -f 1) ;;
	esac
fi
work=${LOKIVECTOR_TEST_DIR:-$work}
case $work in
	*[[:space:]]*)
		echo "$work has spaces, which the server's makefiles do not bear; set TMPDIR or LOKIVECTOR_TEST_DIR" >&2
		exit 1
		;;
esac
"$top/test/room.sh" "$work" 1000 "set TMPDIR or LOKIVECTOR_TEST_DIR"

pg_config=$("$top/test/packages.sh")
pg_config=$(command -v "$pg_config")

# The NEON kernels are tested by emulation, where that can be installed.
case "$everything $* " in
	*" arm64 "*) emulated=yes ;;
	*) emulated=$everything ;;
esac
if [ -n "$emulated" ] && [ "$(uname -m)" = x86_64 ]; then
	"$top/test/packages.sh" gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
		qemu-user >/dev/null || echo "going on without emulation of arm64" >&2
fi

# Damaged input is made by libFuzzer, of the newest clang that is there, where that can be installed.
case " $* " in
	*" fuzz-input "*)
		clang=$(find /usr/bin -name 'clang-[1-9]*' | sort -V | tail -n 1)
		{ [ -n "$clang" ] && "$top/test/packages.sh" "libclang-rt-${clang##*-}-dev" >/dev/null; } ||
			echo "going on without libFuzzer" >&2
		;;
esac

# Recall is tested on the manual, and examples search it, where that can be installed.
case "$everything $* " in
	yes* | *" examples "*)
		"$top/test/packages.sh" python3-numpy postgresql-doc >/dev/null ||
			echo "going on without the manual" >&2
		;;
esac

# What draws the picture of the dashboard is installed by npm
case " $* " in
	*" operations "*)
		command -v npm >/dev/null || "$top/test/packages.sh" nodejs npm >/dev/null ||
			echo "going on without npm" >&2
		;;
esac

if [ "$(id -u)" -eq 0 ]; then
	user=${LOKIVECTOR_TEST_USER:-$(id -un postgres 2>/dev/null || echo nobody)}
	as_tester()
	{
		setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups \
			env HOME=/ "$@"
	}
else
	user=$(id -un)
	as_tester() { "$@"; }
fi

work=$("$top/test/directory.sh" "$work" 755 "$user") || {
	echo "set TMPDIR or LOKIVECTOR_TEST_DIR" >&2
	exit 1
}
# What tests fetch, and run, stays beside it
for part; do
	case $part in
		clients) [ -z "${LOKIVECTOR_CLIENTS_DIR:-}" ] || continue && beside=clients ;;
		operations | examples) beside=operations ;;
		*) continue ;;
	esac
	"$top/test/directory.sh" "$work-$beside" 755 "$user" >/dev/null
done
cd /
# One run at a time
exec 9<"$work"
flock -n 9 || { echo "waiting for another run in $work ..." && flock 9; }
if [ -n "$everything" ]; then
	as_tester find "$work" -mindepth 1 -delete
fi
as_tester rm -rf "$work/tree"
as_tester mkdir "$work/tree"
"$top/test/files.sh" | tar -C "$top" -cf - -T - |
	as_tester tar -C "$work/tree" -xf - --no-same-owner

# What needs root runs first; the suite counts the lines
case " $* " in
	*" lint "*)
		if [ "$(id -u)" -eq 0 ] && case " ${TESTS:-directories} " in *" directories "*) ;; *) false ;; esac; then
			export LOKIVECTOR_ROOT_LINES="$work/directories-root"
			"$top/test/lint/directories.sh" | as_tester tee "$LOKIVECTOR_ROOT_LINES" >/dev/null
		fi
		;;
esac
case " $* " in
	*" bench "*)
		"$top/test/packages.sh" python3-numpy $([ -n "${TESTS_bench:-}" ] || echo python3-matplotlib) >/dev/null ||
			echo "going on without packages of Python" >&2
		if [ "$(id -u)" -eq 0 ] && case " ${TESTS:-${TESTS_bench:-root}} " in *" root "*) ;; *) false ;; esac; then
			export LOKIVECTOR_BENCH_LINES="$work/bench-root"
			"$top/test/bench/root.sh" | as_tester tee "$LOKIVECTOR_BENCH_LINES" | sed -n 's/^# /# /p'
		fi
		;;
esac

sample=${LOKIVECTOR_FORMAT_SAMPLE:-}
if [ -n "$sample" ]; then
	export LOKIVECTOR_FORMAT_SAMPLE="$work/format-sample"
	as_tester rm -rf "$LOKIVECTOR_FORMAT_SAMPLE"
fi
status=0
as_tester "$work/tree/test/suite.sh" "$work" "$pg_config" "$@" 9<&- || status=$?
if [ -n "$sample" ] && [ $status -eq 0 ]; then
	version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/lokivector.control")
	mkdir -p "$top/test/formats/$version"
	# Read by the tester, whose links may lead anywhere
	for file in answers.out files.tar.xz install.sql.gz; do
		as_tester cat "$LOKIVECTOR_FORMAT_SAMPLE/$file" >"$top/test/formats/$version/$file"
	done
fi
if [ -n "$everything" ] && [ $status -eq 0 ] && [ -z "${LOKIVECTOR_KEEP:-}" ]; then
	as_tester find "$work" -mindepth 1 -delete
fi
exit $status
