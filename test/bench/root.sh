#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Benchmarks beside pgvector, which need root and a Debian system of their own
# (test/chroot.sh): run.py, with what report.py writes, and some steps of goals.py.  Prints
# lines as test/suite.sh does.
#
# usage: test/bench/root.sh
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d /var/tmp/lokivector-check-bench.XXXXXX) || exit 1
trap 'rm -rf "$tmp"' EXIT
export LOKIVECTOR_CACHE="$tmp/cache"
set=synthetic:2000:16

# check NAME FILE PATTERN WORD...: the program WORD... ends well, and FILE has PATTERN
check()
{
	name=$1 file=$2 pattern=$3
	shift 3
	echo "# bench root $name ..."
	if /usr/bin/python3 -B "$top/bench/$1" --set $set "${@:2}" >"$tmp/log" 2>&1 &&
		grep -qE -e "$pattern" "$tmp/$file"; then
		echo "ok - bench root: $name"
	elif grep -q 'pip.* returned non-zero' "$tmp/log"; then
		echo "skip - bench root: $name: no packages"
	else
		echo "not ok - bench root: $name"
		tail -n 40 "$tmp/log" | sed 's/^/    /'
	fi
}

"$top/test/chroot.sh" create 17 postgresql-17-pgvector >"$tmp/log" 2>&1
status=$?
if [ $status -ne 0 ]; then
	# Status 3 says that it cannot be made here
	[ $status -eq 3 ] && result=skip || result="not ok"
	echo "$result - bench root: $(tail -n 1 "$tmp/log")"
	exit 0
fi
check "run.py" run/report.md '^\| .*hnswlib' run.py --hnswlib --symphonyqg --builds 1 --seconds 1 --ef 10,40 \
	--clients 1 --targets 0.9 --held-out 0.1 --set synthetic:2000:64 --out "$tmp/run"
check "goals.py, a curve" curve/goals.csv '^1' goals.py --size small --only curve-200k \
	--seconds 1 --ef 10,40 --rounds 1 --out "$tmp/curve"
check "goals.py, writes" write/goals.csv '^w' goals.py --size small --only write-50k --measures build,vacuum \
	--out "$tmp/write"
check "goals.py, filters" hybrid/goals.csv '^h' goals.py --size small --only hybrid-50k --seconds 1 \
	--cases '1 %, random|tenant 100 by' --measures selectivity,tenants --out "$tmp/hybrid"
check "goals.py, embedded databases" embedded/results-embedded/goals.csv '^h5,.*Qdrant' goals.py --size results \
	--only results-embedded --seconds 1 --rounds 1 --out "$tmp/embedded"
check "goals.py, joins" joins/goals.csv '^4' goals.py --size small --only joins-200k --seconds 1 --out "$tmp/joins"
check "results.py" results/results-deep/ratios.csv '^100,' results.py --only results-deep --seconds 1 \
	--peers pgvector:vector,vectorchord --out "$tmp/results"
check "results.py, packages" packages/results-minilm-filters/goals.csv '^h2,.*keyword and downloads' results.py \
	--only results-minilm-filters --seconds 1 --rounds 1 --out "$tmp/packages"
check "results.py, a program" load/results-load/report.md '^    # recall: ' results.py --only results-load \
	--words "--seconds 2 --minute 1 --queries 5" --out "$tmp/load"
