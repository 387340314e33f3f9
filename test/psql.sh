#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# psql as pg_regress runs it for the files of sql (--launcher): a row is a line of columns, below a line
# of their names.  A value that changes then changes its line alone, and most answers are two lines.
exec "$@" --no-align --pset=footer=off
