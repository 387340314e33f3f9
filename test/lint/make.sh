#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What make says where a server's development files are missing.
set -u
cd "$(dirname "$0")/../.."

said=$(make --no-print-directory all PG_CONFIG=/nonexistent/pg_config 2>&1)
if echo "$said" | grep -q '"/nonexistent/pg_config" finds no development files of a server: install them' &&
	[ "$(echo "$said" | wc -l)" -eq 1 ]; then
	echo "ok - make says which files are missing"
else
	echo "not ok - make says which files are missing"
	echo "$said"
fi
