#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# No test takes a distance + 0 for a sort or a bound without the index: the planner knows that it rises
# with the distance.  A cast to text and back is nobody's order.  And a test that disables sequential scans
# enables them where it disables index scans: of two disabled scans the planner takes what costs less.
set -u
cd "$(dirname "$0")/../.."

found=$(grep -nE '<[-=#+~%@]+>.*\) \+ 0(\.0)? (LIMIT|AS|<|>|ORDER)|<[-=#+~%@]+>.*\) \+ 0(\.0)?[;)]' sql/*.sql test/t/*.pl)
if [ -z "$found" ]; then
	echo "ok - tests compare with plans without the index"
else
	echo "not ok - tests compare with plans without the index: write ::text::float8 for + 0"
	echo "$found"
fi

found=$(for file in $(grep -lE 'SET (LOCAL )?enable_seqscan = off' sql/*.sql); do
	awk -v file="$file" '
		/enable_seqscan(.,| =) .?on/ { enabled = NR }
		/SET LOCAL enable_indexscan = off/ { disabled = NR; enabled = enabled > NR - 3 ? enabled : 0 }
		disabled && !enabled && NR == disabled + 3 { print file ":" disabled }' "$file"
done)
if [ -z "$found" ]; then
	echo "ok - tests compare with sequential scans"
else
	echo "not ok - tests compare with sequential scans: enable them beside SET LOCAL enable_indexscan = off"
	echo "$found"
fi
