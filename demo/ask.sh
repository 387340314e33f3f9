#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Ask the manual: the paragraphs nearest in meaning to a question.
#
# usage: demo/ask.sh "QUESTION" ["CONDITION"]
#
# CONDITION is SQL on the columns of paragraphs, such as "part_id = 3".
# ROWS is the number of rows (default 5).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/demo/common.sh"
[ $# -ge 1 ] && [ $# -le 2 ] && [ -n "$1" ] ||
	fail "usage: demo/ask.sh \"QUESTION\" [\"CONDITION\"]"
find_demo
cd /
running || fail "the demo's server is not running; run: demo/run.sh start"

sql -A -t -v question="$1" -v condition="${2:-true}" -v rows="${ROWS:-5}" <"$top/demo/ask.sql"
