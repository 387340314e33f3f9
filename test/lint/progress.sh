#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# test/progress.pl says that a command is still running, and cuts none of its lines.
set -u
cd "$(dirname "$0")/../.."

printed=$(LOKIVECTOR_PATIENCE=1 test/progress.pl sh -c \
	'echo "a step ..."; printf "part of "; sleep 3; echo "a line"; printf "no end"; exit 3')
status=$?
if [ $status -eq 3 ] && echo "$printed" | grep -q '^# still running: a step, [0-9]* s$' &&
	[ "$(echo "$printed" | grep -v '^# still running' | tr '\n' '|')" = "a step ...|part of a line|no end|" ]; then
	echo "ok - progress is told between lines"
else
	echo "not ok - progress is told between lines"
	echo "$printed, status $status"
fi
