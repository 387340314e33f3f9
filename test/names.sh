#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# The names that tests have in TESTS.
#
# usage: test/names.sh PART...			those of these parts, a line each
#        test/names.sh --check PART...	says which parts do not exist, and which words of
#										TESTS name no test of them; exit status 1 if any
set -u
cd "$(dirname "$0")" || exit 1
check=
[ "${1:-}" != --check ] || { check=yes && shift; }

part_names()
{
	local files=() file

	case $1 in
		lint) files=(lint/*.sh) ;;
		unit) files=(unit/*_test.c) ;;
		sql | address | valgrind) files=(../sql/*.sql) ;;
		iso) files=(isolation/specs/*.spec) ;;
		tap) files=(t/*.pl) ;;
		operations | citus) files=("$1"/*.pl) ;;
		bench) files=(bench/*.pl bench/*.sh) ;;
		examples) (cd ../examples && printf '%s\n' */ | tr -d /) ;;
		assert | arm64) part_names unit && part_names sql ;;
		coverage) part_names sql && part_names iso && part_names tap ;;
		fuzz-input) files=(input pages) ;;
		clients) clients/run.sh --list ;;
		*) echo "there is no part \"$1\"" >&2 && return 1 ;;
	esac
	for file in "${files[@]}"; do
		file=${file##*/}
		file=${file%.*}
		echo "${file%_test}"
	done
}

status=0
names=$(for part; do part_names "$part" || exit; done) || status=1
if [ -z "$check" ]; then
	[ -z "$names" ] || echo "$names"
elif [ $status -eq 0 ]; then
	for name in ${TESTS:-}; do
		grep -qFx -e "${name%_test}" <<<"$names" ||
			{ echo "no test of $* is named $name" >&2 && status=1; }
	done
fi
exit $status
