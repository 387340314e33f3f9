#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The programs of bench start, and every command of the documents that names one of them has
# options that it takes.
set -u
cd "$(dirname "$0")/../.."
if ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
	echo "ok # skip bench: /usr/bin/python3 with numpy is not installed"
	exit 0
fi
exec /usr/bin/python3 -B test/lint/bench.py $(test/files.sh | grep '\.md$')
