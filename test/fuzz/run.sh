#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build the libFuzzer programs of this folder with clang and the address and
# undefined-behaviour sanitizers, and run each for a while.  Prints TAP; what
# was found lies in DIRECTORY/NAME-*.
#
# usage: test/fuzz/run.sh DIRECTORY SECONDS [NAME...]
#
# A program is linked with the files of src that define what it calls, and what these call in turn.
set -u
build=$1
seconds=$2
shift 2
cd "$(dirname "$0")/../.."
clang=$(find /usr/bin -name 'clang-[1-9]*' | sort -V | tail -n 1)
clang=${clang:-$(command -v clang)}
include=$("${PG_CONFIG:-pg_config}" --includedir-server)
libdir=$("${PG_CONFIG:-pg_config}" --pkglibdir)
flags="-std=gnu99 -g -O1 -w"
flags="$flags -DUSE_ASSERT_CHECKING -D_GNU_SOURCE -DLOKI_VERSION=\"0\" -DPGDLLEXPORT="
flags="$flags -Isrc -Itest/fuzz -isystem $include"
failed=0
mkdir -p "$build"

# object_of SOURCE: compile it unless that is done, and set object
object_of()
{
	object=$build/$(echo "${1%.c}" | tr / -).o
	if [ ! -e "$object" ] || find "$1" src test/fuzz -name '*.h' -newer "$object" -o \
		-path "$1" -newer "$object" | grep -q .; then
		case $1 in
			src/distance/*) sanitize= ;;	# the unit tests do
			*) sanitize="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all" ;;
		esac
		"$clang" $flags $sanitize -c -o "$object" "$1"
	fi
}

# definitions: "NAME FILE" for each function and variable of src that other files may use
definitions()
{
	find src -name '*.c' -exec awk '
		/^[a-z_0-9]+\(/ && before !~ /^static/ { sub(/\(.*/, ""); print $0, FILENAME }
		/^[A-Za-z][^(]*[ *]loki_[a-z_0-9]+( = |;|\[)/ && !/^(static|extern|return) / {
			sub(/( = |;|\[).*/, ""); sub(/.*[ *]/, ""); print $0, FILENAME }
		{ before = $0 }' {} +
}

# compile NAME: the program, with what it needs of src.  Functions of the server that are never
# called may be missing, but none of ours: those that damaged pages may not lead to are in absent.c.
compile()
{
	objects=
	set -- "$1" "test/fuzz/$1.c" test/fuzz/stubs.c
	[ "$1" != pages ] || set -- "$@" test/fuzz/absent.c
	program=$1
	shift
	while :; do
		for source in "$@"; do
			object_of "$source" || return 1
			objects="$objects $object"
		done
		"$clang" -no-pie -fsanitize=fuzzer,address,undefined -o "$build/$program" $objects \
			-Wl,--warn-unresolved-symbols -L"$libdir" -lpgcommon -lpgport -lm \
			2>"$build/$program.unresolved" || return 1
		set -- $(sed -n "s/.*undefined reference to .\([A-Za-z0-9_]*\).*/\1/p" "$build/$program.unresolved" |
			sort -u | awk 'NR == FNR { file[$1] = $2; next } $1 in file { print file[$1] }' \
			"$build/definitions" - | sort -u)
		if [ $# -eq 0 ]; then
			! grep 'undefined.*loki_' "$build/$program.unresolved"
			return
		fi
	done
}

# The file of the index that pages.c damages, by a server in single-user mode
make_index_file()
{
	bindir=$("${PG_CONFIG:-pg_config}" --bindir)
	data=$build/data
	rm -rf "$data"
	"$bindir/initdb" -D "$data" --no-locale -E UTF8 -U postgres >"$build/pages.log" 2>&1 &&
		"$bindir/postgres" --single -j -D "$data" -c lokivector.build_seed=1 postgres \
			<test/fuzz/pages.sql >>"$build/pages.log" 2>&1 || return 1
	file=$(sed -n 's/.*pg_relation_filepath = "\([^"]*\)".*/\1/p' "$build/pages.log")
	[ -n "$file" ] && cp "$data/$file" "$build/index" && rm -rf "$data"
}

# fuzz NAME: from the inputs that earlier runs have kept
fuzz()
{
	[ "$1" != pages ] || make_index_file || return 1
	export LOKIVECTOR_FUZZ_INDEX="$build/index"
	mkdir -p "$build/corpus-$1"
	"$build/$1" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$build/$1-" $(test ! -e "test/fuzz/$1.dict" || echo "-dict=test/fuzz/$1.dict") \
		"$build/corpus-$1" >"$build/$1.log" 2>&1
}

echo 'int LLVMFuzzerTestOneInput(const void *a, unsigned long b) { return 0; }' >"$build/probe.c"
if ! "${clang:-clang}" -fsanitize=fuzzer -o "$build/probe" "$build/probe.c" 2>/dev/null; then
	echo "ok - fuzz input # skip clang with libFuzzer is not installed"
	exit 0
fi
definitions >"$build/definitions"
for name in "$@"; do
	if ! compile "$name" >"$build/$name.log" 2>&1; then
		echo "not ok - $name does not compile"
	elif fuzz "$name"; then
		echo "ok - $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log") inputs"
		continue
	else
		echo "not ok - $name"
	fi
	tail -n 40 "$build/$name.log" | sed 's/^/# /'
	failed=1
done
exit $failed
