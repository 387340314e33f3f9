#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The tests themselves; test/run.sh prepares the directory and the user.
#
# usage: test/suite.sh DIRECTORY PG_CONFIG PART...
#
# DIRECTORY/tree is the source tree.  Prints a line "ok - NAME", "not ok - NAME"
# or "skip - NAME" for each named behaviour, below it, indented, what explains
# a failure, a line "# NAME ..." before what takes long (test/progress.pl), and at last
# "N passed, N failed"; the exit status tells whether nothing failed.
#
# Programs run side by side, LOKIVECTOR_LANES of them (one more than there are processors, as
# they wait for servers now and then).  The lines of each come at its end.
#
# If LOKIVECTOR_SHORT is set, tests that take long try fewer cases, and the plain variant has
# no bitcode.
set -u
work=$1
system_pg_config=$2
shift 2
parts=$*

major=$("$system_pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
pgxs=$(dirname "$("$system_pg_config" --pgxs)")/../..
system_bindir=$("$system_pg_config" --bindir)
# PostgreSQL::Test::Utils unsets LC_ALL, and clusters then have the encoding of LANG
export LC_ALL=C.UTF-8 LANG=C.UTF-8
# Nothing is a failure for being slow: how long servers may take to start and
# stop, and what the TAP tests wait for, to come
export PGCTLTIMEOUT=600 PG_TEST_TIMEOUT_DEFAULT=600
# Paths of sockets have to be short, and this user has to be able to make them
export TMPDIR=/tmp
umask 022
unset PGHOST PGPORT PGUSER PGDATABASE PGOPTIONS

# What servers' logs have of crashes
crashes='TRAP:|runtime error:|AddressSanitizer:|^SUMMARY:|PANIC:|terminated by signal'

lanes=${LOKIVECTOR_LANES:-$(($(nproc) + 1))}

# What is said at once, whatever lane says it
begin() { echo "# $1 ..." >&3; }

# lane COMMAND...: run it beside others, as soon as there is room.  "wait" waits for all.
lane()
{
	while [ "$(jobs -pr | wc -l)" -ge "$lanes" ]; do
		wait -n
	done
	(
		lines=$work/lane-$BASHPID
		"$@" >"$lines" 2>&1
		exec 8>"$work/lanes.lock"
		flock 8
		cat "$lines"
		rm "$lines"
	) &
}

# Lines of a log, or its last ones, as the explanation of a failure
explain() { tail -n "${2:-40}" "$1" | sed 's/^/    /'; }

# Those of a part's names that are in TESTS, or in a variable of the part, if that is set
chosen()
{
	local name some=TESTS_$1

	for name in $("$work/tree/test/names.sh" "$1"); do
		case " ${TESTS:-${!some:-$name}} " in
			*" $name "* | *" ${name}_test "*) echo "$name" ;;
		esac
	done
}

# Build and install a variant, once, into a server copy of its own: sets src,
# out and pg_config.  Variants are plain; assert: with assertions and the
# undefined-behaviour sanitizer (-fno-wrapv lets it see signed overflow);
# address: with the address sanitizer as well; coverage: counting what is run; arm64: the
# server and the extension of that processor, emulated.
built=
prepare()
{
	# with what a stack trace needs of debug information, and no more
	local variant=$1 dir=$work/$major-$1 flags=(LOKI_CFLAGS=-g1)

	src=$dir/src
	out=$dir/out
	pg_config=$dir/pg$system_bindir/pg_config
	case " $built " in
		*" $variant "*) return 0 ;;
		*" not-$variant "*) return 1 ;;
	esac

	if [ "$variant" = assert ]; then
		flags=(with_llvm=no
			LOKI_LDFLAGS='-static-libubsan -fsanitize=undefined'
			LOKI_CFLAGS='-g1 -DUSE_ASSERT_CHECKING -fno-wrapv -fsanitize=undefined -fno-sanitize-recover=all')
	elif [ "$variant" = address ]; then
		flags=(with_llvm=no LOKI_LDFLAGS='-fsanitize=address,undefined'
			LOKI_CFLAGS='-O1 -DUSE_ASSERT_CHECKING -fno-wrapv -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all')
	elif [ "$variant" = coverage ]; then
		flags=(with_llvm=no LOKI_LDFLAGS=--coverage LOKI_CFLAGS='-O1 --coverage')
	elif [ "$variant" = arm64 ]; then
		flags+=(with_llvm=no CC=aarch64-linux-gnu-gcc)
	elif [ -n "${LOKIVECTOR_SHORT:-}" ]; then
		flags+=(with_llvm=no)
	fi
	rm -rf "$out"
	mkdir -p "$src" "$out"
	# No file stays that the tree does not have any more, but for what the compiler made.
	# Times are kept, so that make compiles what has changed.
	find "$src" -type f ! -name '*.[do]' ! -name '*.bc' ! -name '*.so' -delete
	cp -a "$work/tree/." "$src"
	begin "build: $variant"
	if {
		"$src/test/prefix.sh" "$dir/pg" "$system_pg_config" &&
			{ [ "$variant" != arm64 ] || "$src/test/emulate.sh" "$work/arm64" "$pg_config" "$major"; } &&
			make -s -C "$src" -j"$(nproc)" PG_CONFIG="$pg_config" "${flags[@]}" all &&
			make -s -C "$src" PG_CONFIG="$pg_config" "${flags[@]}" install &&
			{ [ "$variant" != address ] || preload_sanitizer "${pg_config%/*}"; }
	} >"$out/build.log" 2>&1; then
		echo "ok - build: $variant"
		built="$built $variant"
	else
		echo "not ok - build: $variant"
		explain "$out/build.log"
		built="$built not-$variant"
		return 1
	fi
}

# The server of a copy is not built with the address sanitizer, whose library has to
# be there first: put a script in its place that loads it.  That library starts in the
# midst of others' beginnings, and looks for a function of this name; the message that
# there is none would wait for a lock which those hold.
preload_sanitizer()
{
	echo 'char *swift_demangle(void) { return 0; }' >"$1/demangle.c"
	gcc -shared -fPIC -o "$1/demangle.so" "$1/demangle.c" || return 1
	[ -e "$1/postgres.bin" ] || mv "$1/postgres" "$1/postgres.bin" || return 1
	cat >"$1/postgres" <<EOF_POSTGRES
#!/bin/sh
ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=0 \\
	LD_PRELOAD="$(gcc -print-file-name=libasan.so) $1/demangle.so" \\
	exec "\${0%/*}/postgres.bin" "\$@"
EOF_POSTGRES
	chmod +x "$1/postgres"
}

# TAP as our lines.  A line "# PROGRAM (WAY)" of test/unit/run.sh begins
# another program; its comments stay as explanations.
tap_lines()
{
	awk -v prefix="$1: " '
		function line(kind, text) {
			sub(/^ *[0-9]* *(- )?/, "", text)
			print kind " - " prefix program text
			failed = failed || kind == "not ok"
		}
		/^# [^ ]+ \([a-z0-9]+\)$/ {
			program = substr($0, 3) ": "; failed = 0; next
		}
		/^# [^ ]+ \([a-z0-9]+\) skipped: / {
			program = ""; line("skip", substr($0, 3)); next
		}
		/^# [^ ]+ \([a-z0-9]+\) failed$/ {
			if (!failed) line("not ok", "ended with an error")
			next
		}
		/^ok .*# *(skip|SKIP|TO[D]O)/ { line("skip", substr($0, 3)); next }
		/^not ok .*# *TO[D]O/ { line("skip", substr($0, 7)); next }
		/^ok / { line("ok", substr($0, 3)); next }
		/^not ok / { line("not ok", substr($0, 7)); next }
		/^Bail out!/ { line("not ok", $0); next }
		!/^1\.\./ { print "    " $0 }'
}

run_lint_file()
{
	local name=$1

	begin "lint $name"
	(cd "$src" &&
		PG_CONFIG=$pg_config BUILD_LOG=$out/build.log "test/lint/$name.sh") \
		>"$out/$name.log" 2>&1 ||
		grep -q '^not ok ' "$out/$name.log" ||
		echo "not ok - $name.sh ended with an error" >>"$out/$name.log"
	tap_lines lint <"$out/$name.log"
	# run by root before
	[ "$name" != directories ] || [ -z "${LOKIVECTOR_ROOT_LINES:-}" ] || tap_lines lint <"$LOKIVECTOR_ROOT_LINES"
}

run_lint()
{
	local name

	for name in $(chosen lint); do
		lane run_lint_file "$name"
	done
}

# What a program of test/unit is compiled with is its own affair: the way.
run_unit_file()
{
	local prefix=$1 ways=$2 name=$3

	begin "$prefix $name"
	PG_CONFIG=$pg_config UNIT_WAYS=$ways UNIT_BUILD=$out/unit \
		"$src/test/unit/run.sh" "$name" 2>&1 | tap_lines "$prefix"
}

run_unit()
{
	local name

	for name in $(chosen unit); do
		lane run_unit_file "$1" "$2" "$name"
	done
}

# Compare the output of one test with what was expected, section by section;
# a line that matches the pattern begins a section and names it.
compare_sections()
{
	local prefix=$1 pattern=$2 expected=$3 result=$4

	if [ ! -e "$result" ]; then
		echo "not ok - $prefix: was not run"
		return
	fi
	awk -v prefix="$prefix" -v pattern="$pattern" '
		FNR == 1 { file = FILENAME == ARGV[1] ? 1 : 2; name = "" }
		$0 ~ pattern {
			name = $0
			sub(pattern, "", name)
			while ((file, name) in text)
				name = name " (again)"
			if (file == 1)
				order[n++] = name
			else if (!((1, name) in text))
				unexpected[m++] = name
		}
		{ text[file, name] = text[file, name] $0 "\n" }
		END {
			for (i = 0; i < n; i++)
				print (text[1, order[i]] == text[2, order[i]] ? "ok" : "not ok"), \
					"- " prefix ": " order[i]
			for (i = 0; i < m; i++)
				print "not ok - " prefix ": " unexpected[i] ": no output is expected"
			if (n == 0 || text[1, ""] != text[2, ""])
				print (text[1, ""] == text[2, ""] ? "ok" : "not ok"), \
					"- " prefix ": " (n == 0 ? "output" : "what precedes the first test")
		}' "$expected" "$result"
}

# Run test files through pg_regress or a program like it, which starts a
# server for them, then report on each named section of their output.
run_regress()
{
	local out=$out/$1 prefix=$2 program=$3 input=$4 pattern=$5 names=$6
	local data=$out/data name status=0 launcher=psql

	[ "$program" = regress/pg_regress ] || launcher=isolation
	rm -rf "$out"
	mkdir -p "$out"
	# pg_regress would stop at the first
	for name in $names; do
		if [ ! -e "$input/expected/$name.out" ]; then
			mkdir -p "$input/expected"
			touch "$input/expected/$name.out"
			echo "not ok - $prefix $name: expected output is missing" \
				"(see $out/results/$name.out)"
		fi
	done
	begin "$prefix: $(wc -w <<<"$names") files"
	[ -z "${LOKIVECTOR_SHORT:-}" ] || local -x PGOPTIONS="-c test.short=on"
	"$pgxs/src/test/$program" --inputdir="$input" --outputdir="$out" \
		--temp-instance="$data" --temp-config="$src/test/server.conf" \
		--bindir="$("$pg_config" --bindir)" --no-locale --encoding=UTF8 \
		--load-extension=lokivector --launcher="sh $src/test/$launcher.sh" $names 2>&1 3>&- | tee "$out/regress.log" |
		sed -unE 's/^test ([^ ]+) .* ([0-9]+ ms).*/# \1: \2/p
			s/^(not )?ok [0-9]+ +[-+] ([^ ]+) +([0-9]+ ms).*/# \2: \3/p' >&3
	status=${PIPESTATUS[0]}

	for name in $names; do
		compare_sections "$prefix $name" "$pattern" \
			"$input/expected/$name.out" "$out/results/$name.out"
	done >"$out/sections.log"
	if [ $status -ne 0 ] && ! grep -q '^not ok ' "$out/sections.log"; then
		echo "not ok - $prefix: $(basename "$program") ended with status $status" \
			>>"$out/sections.log"
	fi
	cat "$out/sections.log"
	if [ $status -ne 0 ]; then
		if [ -s "$out/regression.diffs" ]; then
			explain "$out/regression.diffs" 400
		else
			explain "$out/regress.log"
		fi
		grep -E "$crashes" \
			"$out/log/postmaster.log" | sed 's/^/    /'
	fi
	rm -rf "$data"
}

# Files share a server with every fourth, so that there are several to run side by side.  The prelude is
# the first on each.
run_sql()
{
	local names group

	for group in 1 2 3 4; do
		names=$(chosen sql | awk -v group="$group" 'NR % 4 == group % 4')
		[ -z "$names" ] || lane run_regress "sql-$group" "$1" regress/pg_regress "$src" '^-- test: ' \
			"prelude $(grep -vx prelude <<<"$names")"
	done
}

run_iso()
{
	local names

	names=$(chosen iso)
	[ -z "$names" ] || lane run_regress iso iso isolation/pg_isolation_regress "$src/test/isolation" \
		'^starting permutation: ' "$names"
}

# Run a program FOLDER/NAME.pl of test with its arguments, and report on it as PART's
run_tap_file()
{
	local part=$1 folder=$2 name=$3 status=0 began=$SECONDS tap=$out/tap-$3

	shift 3
	# Those that install from the tree do so one after the other
	if grep -qE "'make'|TakeoverTest" "$src/test/$folder/$name.pl"; then
		exec 7>"$out/make.lock"
		flock 7
	fi
	rm -rf "$tap"
	mkdir -p "$tap/tmp_check"
	begin "$part $name"
	(cd "$src/test" &&
		PATH="$("$pg_config" --bindir):$PATH" PGPORT=65432 PG_TEST_PORT_DIR="$work/ports" \
			PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
			TESTDIR="$tap" TESTLOGDIR="$tap/log" \
			TESTDATADIR="$tap/tmp_check" LOKIVECTOR_OPERATIONS_DIR="$work-operations" \
			TEMP_CONFIG="$src/test/server.conf" \
			timeout $((1200 + ${LOKIVECTOR_SOAK_SECONDS:-0} + ${LOKIVECTOR_KILLS:-0} * 30 + ${LOKIVECTOR_STALE_STEPS:-0} * 300 + ${LOKIVECTOR_FUZZ_COUNT:-0} / 5)) \
			perl -I "$pgxs/src/test/perl" -I t "$folder/$name.pl" "$@" 3>&- 7>&-) \
		>"$out/$name.log" 2>"$out/$name.err" || status=$?
	if [ $status -ne 0 ] && ! grep -q '^not ok ' "$out/$name.log"; then
		echo "not ok - ended with status $status" >>"$out/$name.log"
	fi
	tap_lines "$part $name" <"$out/$name.log" | grep -v '^    '
	echo "# $part $name: $((SECONDS - began)) seconds"
	if [ $status -ne 0 ]; then
		explain "$out/$name.err"
		# What a test died of is in its log alone
		find "$tap" -name 'regress_log_*' -exec tail -n 20 {} + | sed 's/^/    /'
		find "$tap" -name '*.log' -exec \
			grep -hE "$crashes" {} + |
			sed 's/^/    /'
	fi
	rm -rf "$tap"
}

# Programs of test/t, or of test/operations, test/citus and test/bench, which use what Debian's packages
# have, or what was installed beside the server
run_tap()
{
	local part=${1:-tap} folder=${2:-t} name

	for name in $(chosen "$part"); do
		if [ -n "${LOKIVECTOR_DEADLINE:-}" ] && [ "$(date +%s)" -ge "$LOKIVECTOR_DEADLINE" ]; then
			echo "skip - $part $name: no time is left"
		else
			lane run_tap_file "$part" "$folder" "$name"
		fi
	done
}

# Programs of test/bench; what needs root has run before, and left its lines
run_bench()
{
	local name

	for name in $(chosen bench); do
		if [ "$name" != root ]; then
			lane run_tap_file bench bench "$name"
		elif [ -n "${LOKIVECTOR_BENCH_LINES:-}" ]; then
			cat "$LOKIVECTOR_BENCH_LINES"
		else
			echo "skip - bench root: benchmarks beside pgvector need root"
		fi
	done
}

# All on one server, as it takes longer to fill than to search; but for the starter, which needs no
# manual
run_examples()
{
	local names

	names=$(chosen examples)
	! grep -qx starter <<<"$names" || lane run_tap_file examples examples starter
	names=$(grep -vx starter <<<"$names")
	[ -z "$names" ] || lane run_tap_file examples examples readme $names
}

# Text and binary input, and damaged pages, by libFuzzer
run_fuzz_input()
{
	PG_CONFIG=$pg_config "$src/test/fuzz/run.sh" "$work/fuzz-input" \
		"${LOKIVECTOR_FUZZ_SECONDS:-20}" ${TESTS:-input pages} 2>&1 | tap_lines "fuzz input"
}

# The plain variant under valgrind, which knows what was never written; a server's
# start is left out.  The tests are those where memory is used in most ways.
run_valgrind()
{
	local copy=$work/$major-valgrind bindir log

	if ! command -v valgrind >/dev/null; then
		echo "skip - valgrind: is not installed"
		return
	fi
	rm -rf "$copy" "$out/valgrind"
	mkdir -p "$copy" "$out/valgrind"
	cp -a "${pg_config%"$system_bindir"/*}" "$copy/pg"
	bindir=$copy/pg$system_bindir
	mv "$bindir/postgres" "$bindir/postgres.bin"
	cat >"$bindir/postgres" <<EOF_POSTGRES
#!/bin/sh
case " \$* " in
	*" --boot "* | *" --single "* | *" -V "* | *" --check "*) exec "$bindir/postgres.bin" "\$@" ;;
esac
exec valgrind -q --trace-children=yes --suppressions="$src/test/valgrind.supp" \\
	--log-file="$out/valgrind/%p" --time-stamp=no --error-markers=begin,end "$bindir/postgres.bin" "\$@"
EOF_POSTGRES
	chmod +x "$bindir/postgres"
	pg_config=$bindir/pg_config TESTS=${TESTS:-types_vector types_sparsevec hnsw_scan hnsw_insert hnsw_vacuum hybrid_exec} \
		run_sql "valgrind sql"
	wait
	if log=$(grep -l begin "$out"/valgrind/*); then
		echo "not ok - valgrind: memory"
		cat $log >"$out/valgrind.log"
		explain "$out/valgrind.log" 200
	else
		echo "ok - valgrind: memory"
	fi
}

# What all tests together reach of src.  Kernels are chosen once by each server.
run_coverage()
{
	local simd

	find "$src" -name '*.gcda' -delete
	run_sql "coverage sql"
	run_iso
	run_tap
	wait
	for simd in scalar avx2; do
		LOKIVECTOR_SIMD=$simd TESTS="distance types_halfvec types_bytevec types_sparsevec hnsw_build hnsw_compact hnsw_types" \
			run_sql "coverage $simd sql"
		wait
	done
	"$src/test/coverage.sh" "$src" "$out/coverage"
}

# Packages stay where the next run finds them, outside of what a run of
# everything empties.
run_clients()
{
	local log=$out/install-as-vector.log

	if ! make -s -C "$src" PG_CONFIG="$pg_config" install-as-vector >"$log" 2>&1; then
		echo "not ok - clients: install-as-vector"
		explain "$log"
		return
	fi
	"$src/test/clients/run.sh" "$pg_config" "${LOKIVECTOR_CLIENTS_DIR:-$work-clients}" \
		"$out/clients" ${TESTS:-} 2>&1 | tap_lines clients
}

run_parts()
{
	local part

	exec 3>&1
	echo "# PostgreSQL $("$system_pg_config" --version | sed 's/^PostgreSQL //'), $(uname -m)"
	for part in $parts; do
		case $part in
			lint) prepare plain && run_lint ;;
			unit) prepare plain && run_unit unit "plain arm64" ;;
			sql) prepare plain && run_sql sql ;;
			iso) prepare plain && run_iso ;;
			tap) prepare plain && run_tap ;;
			operations | citus) prepare plain && run_tap "$part" "$part" ;;
			bench) prepare plain && run_bench ;;
			assert)
				if prepare assert; then
					run_sql "assert sql"
					run_unit "assert unit" "assert sanitize"
				fi
				;;
			arm64)
				if prepare arm64; then
					run_unit "arm64 unit" arm64
					run_sql "arm64 sql"
				fi
				;;
			address)
				if prepare address; then
					run_sql "address sql"
					LOKIVECTOR_FUZZ_COUNT=${LOKIVECTOR_FUZZ_COUNT:-1000} TESTS=040_fuzz run_tap
				fi
				;;
			fuzz-input) prepare plain && run_fuzz_input ;;
			valgrind) prepare plain && run_valgrind ;;
			coverage) prepare coverage && run_coverage ;;
			clients) prepare plain && lane run_clients ;;
			examples) prepare plain && run_examples ;;
		esac
	done
	wait
}

cd "$work" || exit 1
run_parts 2>&1 | tee "$work/results"

# What failed, once more, as the last lines are what is looked at first
if grep -q '^not ok - ' "$work/results"; then
	echo "# Failed:"
	grep '^not ok - ' "$work/results" | sed 's/^/# /'
	grep '^    ' "$work/results" | grep -v '/bin/ld: \|(\.text\|^    # kernels: \|^    # this processor: ' | tail -n 200 | sed 's/^/# /'
fi

count() { grep -c "^$1 - " "$work/results"; }
passed=$(count ok)
failed=$(count "not ok")
skipped=$(count skip)
[ "$passed" -gt 0 ] || failed=$((failed + 1))
total="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || total="$total, $skipped skipped"
echo "$total"
[ "$failed" -eq 0 ]
