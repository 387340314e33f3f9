#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The version is written in lokivector.control; the other places agree.
set -u
cd "$(dirname "$0")/../.."

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" lokivector.control)

# agree NAME VALUE WANTED
agree()
{
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "found \"$2\", wanted \"$3\""
	fi
}

# A field of META.json, which has to be valid JSON
meta()
{
	perl -MJSON::PP -0777 -ne "print decode_json(\$_)->$1" META.json
}


agree "version in META.json" "$(meta "{version}")" "$version"
agree "scripts in META.json" "$(meta "{provides}{lokivector}{file}")" "sql/install"
agree "version in CHANGELOG.md" \
	"$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' CHANGELOG.md | head -n 1)" "$version"
agree "version in debian/changelog" \
	"$(sed -n '1s/^lokivector (\(.*\)-[^-]*) .*/\1/p' debian/changelog)" "$version"
