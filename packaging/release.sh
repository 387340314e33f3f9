#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What can be checked of a release by a machine, in the order of the checklist in
# doc/contributors/releasing.md.  All of it takes a day on a small machine.
#
# usage: packaging/release.sh [PART...]		source tests packages (default: all)
#
# As root, as tests and packages need systems of other Debian releases.
set -eu
. "$(dirname "$0")/steps.sh"
cd "$top"

is_committed() { git status --short && [ -z "$(git status --porcelain)" ]; }

# The versions agree, META.json is JSON, and so on
is_clean_lint() { test/run.sh lint; }

has_date()
{
	grep "^## $version (20[0-9-]*)$" CHANGELOG.md || return
	! git grep -nE 'not yet released|Nothing is published yet' -- README.md
}

# The words that stand for addresses are in the table of doc/contributors/releasing.md alone
has_addresses()
{
	! git grep -nwE 'TRACKER|CONTACT' -- README.md doc ':!doc/contributors/releasing.md' || return
	! git grep -n 'packages\.invalid' -- debian
}

# From each version that was kept there is a step to a later one
has_upgrades()
{
	for old in $(cd test/formats && ls -d -- *.*.*/ | tr -d /); do
		[ "$old" = "$version" ] || ls sql/upgrade/"$old"--*.sql || return
	done
}

# Its install script is the one that make writes now
has_sample()
{
	make -s PG_CONFIG="$(test/packages.sh)" "lokivector--$version.sql"
	gzip -dc "test/formats/$version/install.sql.gz" | diff - "lokivector--$version.sql"
}

# One target of make, whose own lines are shown
target()
{
	echo "# make $*"
	if make --no-print-directory "$@"; then
		echo "ok - make $*"
		passed=$((passed + 1))
	else
		echo "not ok - make $*"
		failed=$((failed + 1))
	fi
}

source_part()
{
	step "release: everything is committed" is_committed || true
	step "release: CHANGELOG.md has the date of $version, and README.md calls it released" has_date || true
	step "release: each address is written in its place" has_addresses || true
	step "release: a script leads here from each release" has_upgrades || true
	step "release: test/formats has a sample of $version" has_sample || true
	step "release: lint passes" is_clean_lint || true
	target site
}

tests_part()
{
	target test
	target test-full
	target test-pg16
	target test-pg17
	target test-pg18
	target test-pg19
	target test-takeover
	target check-pgvector
	target check-clients
	target check-arm64
}

packages_part()
{
	for major in 15 17 18; do
		target deb MAJOR=$major
		target check-fresh MAJOR=$major
	done
	for major in 15 17; do
		target check-fresh MAJOR=$major PARTS=operations
	done
	target wheel
	target check-pgxn MAJOR=15
	target check-pgxn MAJOR=18
	target check-image MAJOR=18
	target check-cross
}

[ $# -gt 0 ] || set -- source tests packages
for part; do
	"${part}_part"
done
finish
