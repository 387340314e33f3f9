#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# No test takes a distance + 0 for a sort or a bound without the index: the planner knows that it rises
# with the distance.  A cast to text and back is nobody's order.
set -u
cd "$(dirname "$0")/../.."

found=$(grep -nE '<[-=#+~%@]+>.*\) \+ 0(\.0)? (LIMIT|AS|<|>|ORDER)|<[-=#+~%@]+>.*\) \+ 0(\.0)?[;)]' sql/*.sql test/t/*.pl)
if [ -z "$found" ]; then
	echo "ok - tests compare with plans without the index"
else
	echo "not ok - tests compare with plans without the index: write ::text::float8 for + 0"
	echo "$found"
fi
