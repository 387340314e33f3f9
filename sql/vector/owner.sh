#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Succeed if no extension vector is installed but our own.
#
# usage: sql/vector/owner.sh SCRIPTS LIBRARIES [FORCE]
#
# SCRIPTS and LIBRARIES are the directories to look in.  With a third argument,
# whatever is there may be replaced.
set -eu
control=$1/vector.control

if [ $# -gt 2 ] || grep -qs '^# lokivector' "$control"; then
	exit 0
fi
for file in "$control" "$2"/vector.so "$2"/vector.dylib; do
	if [ -e "$file" ]; then
		echo "$file is not lokivector's; FORCE=1 replaces pgvector's files" >&2
		exit 1
	fi
done
