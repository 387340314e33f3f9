#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Print a step of the extension lokivector from one version to the next.
#
# usage: sql/upgrade/build.sh OLD--NEW PART-FILE...
#
# Its source is the file OLD--NEW.sql beside this one (sql/steps.sh).
set -eu
name=$1
source=$(dirname "$0")
shift
parts=$*
. "$source/../steps.sh"
head_of "lokivector--$name.sql" "ALTER EXTENSION lokivector UPDATE TO '${name#*--}'"
echo
step "$source/$name.sql"
