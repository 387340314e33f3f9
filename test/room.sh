#!/bin/sh
# Whether there is room in a directory.
#
# usage: test/room.sh DIRECTORY MEGABYTES HINT
set -eu
free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
if [ "$free" -lt "$2" ]; then
	echo "the file system of $1 has $free MB free, and $2 MB are needed; make room, or $3" >&2
	exit 1
fi
