#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build and run the unit tests of the folders that need no server.  Each
# program is built and run these ways, as far as the machine has the tools:
#	plain		as the server's own objects are optimised
#	assert		the same, with assertions
#	sanitize	with the address and undefined behaviour sanitizers
#	arm64		cross-compiled, under qemu-aarch64 (NEON)
#	s390x		cross-compiled, under qemu-s390x (bytes in the other order)
# Prints the TAP of each program under a line "# PROGRAM (WAY)".
#
# usage: test/unit/run.sh [NAME ...]	(NAME as in test/unit/NAME_test.c)
# environment: PG_CONFIG, CC, UNIT_WAYS (default "plain assert sanitize arm64 s390x"),
#	UNIT_BUILD (default build/unit); LOKIVECTOR_SHORT: emulated are only programs that reach
#	NEON and do not take long
set -u
cd "$(dirname "$0")/../.."

include=$("${PG_CONFIG:-pg_config}" --includedir-server)
build=${UNIT_BUILD:-build/unit}
warnings="-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers"
sanitize="-fsanitize=address,undefined -fno-sanitize-recover=all"
failed=0
mkdir -p "$build"

have() {
	command -v "$1" >/dev/null 2>&1
}

# Whether compiler $1 can link a program with flags $2
can_link() {
	# shellcheck disable=SC2086
	echo 'int main(void) { return 0; }' |
		$1 $2 -x c -o "$build/probe" - 2>/dev/null
}

# The files that the line "Sources:" in a test's first comment names
sources() {
	for word in $(sed -n 's/^ \* Sources: *//p' "$1"); do
		if [ -d "$word" ]; then
			ls "$word"/*.c
		else
			echo "$word"
		fi
	done
}

# compile WAY COMPILER FLAGS SOURCE...: object files of a way, which programs share.  Those are made
# that are older than their source or any header, by one process at a time.
compile() {
	way=$1 compiler=$2 flags=$3
	shift 3
	mkdir -p "$build/$way"
	(
		flock 9
		newest=$(find src test/unit -name '*.h' -printf '%T@ %p\n' | sort -n | sed -n '$s/^[^ ]* //p')
		for source in "$@"; do
			object=$(object_of "$way" "$source")
			[ "$object" -nt "$source" ] && [ "$object" -nt "$newest" ] || echo "$object $source"
		done |
			# shellcheck disable=SC2086
			xargs -r -L 1 -P "$(nproc)" $compiler -std=gnu99 -ffp-contract=off $flags $warnings -DFRONTEND -D_GNU_SOURCE \
				-Isrc -Itest/unit -isystem "$include" -c -o
	) 9>"$build/$way/lock"
}

object_of() {
	echo "$build/$1/$(echo "$2" | tr / _).o"
}

# run_test NAME WAY COMPILER FLAGS [RUNNER]
run_test() {
	test=test/unit/${1}_test.c
	program=$build/$2/$1
	echo "# $1 ($2)"
	# shellcheck disable=SC2046,SC2086
	if ! compile "$2" "$3" "$4" "$test" $(sources "$test") ||
		! $3 $4 -o "$program" $(for source in "$test" $(sources "$test"); do object_of "$2" "$source"; done) -lm; then
		echo "not ok - $1 ($2) does not compile"
		failed=1
	elif ! ${5:-} "$program"; then
		echo "# $1 ($2) failed"
		failed=1
	fi
}

# Those that take half a minute and more under emulation; they use NEON, which others compare with
# what it is to give
is_slow() {
	case $1 in
		sketch | compact | fits | least | quantize) true ;;
		*) false ;;
	esac
}

# run_emulated NAME WAY MACHINE [FLAGS]
run_emulated() {
	if [ -n "${LOKIVECTOR_SHORT:-}" ] &&
		{ is_slow "$1" || ! sources "test/unit/${1}_test.c" | grep -q '^src/distance/neon.c$'; }; then
		echo "# $1 ($2) skipped: in a short run"
	elif have "$3-linux-gnu-gcc" && have "qemu-$3"; then
		run_test "$1" "$2" "$3-linux-gnu-gcc" "-O2 -static ${4:-}" "qemu-$3"
	else
		echo "# $1 ($2) skipped: no cross compiler or no qemu-$3"
	fi
}

[ $# -gt 0 ] || set -- $(ls test/unit/*_test.c | sed 's|.*/||; s|_test\.c$||')
for name in "$@"; do
	for way in ${UNIT_WAYS:-plain assert sanitize arm64 s390x}; do
		case $way in
			plain)
				run_test "$name" plain "${CC:-cc}" "-O2"
				;;
			assert)
				run_test "$name" assert "${CC:-cc}" "-O2 -DUSE_ASSERT_CHECKING"
				;;
			sanitize)
				if can_link "${CC:-cc}" "$sanitize"; then
					run_test "$name" sanitize "${CC:-cc}" "-O1 -g $sanitize"
				else
					echo "# $name (sanitize) skipped: no sanitizer libraries"
				fi
				;;
			arm64)
				run_emulated "$name" arm64 aarch64
				;;
			s390x)
				# The headers are those of this machine, but for what is said here
				run_emulated "$name" s390x s390x -DWORDS_BIGENDIAN
				;;
		esac
	done
done
exit $failed
