#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Whether there is room for a directory, which need not be there yet.
#
# usage: test/room.sh DIRECTORY MEGABYTES HINT
set -eu
dir=$1
while [ ! -e "$dir" ]; do
	dir=$(dirname "$dir")
done
free=$(df -Pm "$dir" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt "$2" ]; then
	echo "the file system of $1 has $free MB free, and $2 MB are needed; make room, or $3" >&2
	exit 1
fi
