#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Install a set of packages, as pinned here, into the current directory.
#
# usage: test/clients/install.sh SET
#
# The exit status is 3 if the tools of the language are missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

need()
{
	local tool

	for tool in "$@"; do
		command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 3; }
	done
}

case $1 in
	drivers | frameworks | haystack)
		need python3
		python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
			{ echo "python3 is older than 3.11, or without venv"; exit 3; }
		python3 -m venv venv
		# The files name all packages, so nothing is left to be resolved; of
		# most of what they hold nothing is run, so nothing is compiled here
		venv/bin/pip install -q --no-cache-dir --disable-pip-version-check \
			--no-compile --no-deps --only-binary :all: -r "$here/python/$1.txt"
		;;
	node | prisma)
		need node npm
		node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
			{ echo "node is older than 20"; exit 3; }
		cp "$here/$1/package.json" .
		# What the packages need in turn is of that day, so nothing else pins it
		npm install --before=2026-11-26 --ignore-scripts --no-audit --no-fund --loglevel=error --cache "$PWD/cache"
		rm -rf cache
		;;
	go)
		need go
		cp "$here/go/go.mod" "$here/go/go.sum" .
		GOTOOLCHAIN=local go mod download 2>&1 || {
			GOTOOLCHAIN=local go list -m >/dev/null 2>&1 || exit 3
			exit 1
		}
		;;
	java)
		need javac mvn
		cp "$here/java/pom.xml" .
		mvn -B -q "-Dmaven.repo.local=$PWD/repository" \
			dependency:build-classpath -Dmdep.outputFile=classpath
		;;
	php)
		# Debian's, of which nothing is installed
		"$here/../operations/unpack.sh" "$PWD" php-cli php-pgsql || exit 3
		printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s -n -d extension_dir=%s -d extension=pdo -d extension=pdo_pgsql "$@"\n' \
			"$PWD/usr/lib/$(uname -m)-linux-gnu" "$(echo "$PWD"/usr/bin/php[0-9]*.[0-9])" "$(echo "$PWD"/usr/lib/php/2*)" >php
		chmod +x php
		./php -r 'exit((int) !extension_loaded("pdo_pgsql"));'
		;;
	ruby)
		# Debian's as well; gems are found below the directory alone
		"$here/../operations/unpack.sh" "$PWD" ruby ruby-activerecord ruby-pg ruby-minitest || exit 3
		version=$(ls usr/lib/ruby | grep '^[0-9]')
		cat >ruby <<-EOF
			#!/bin/sh
			usr=$PWD/usr lib=$PWD/usr/lib/$(uname -m)-linux-gnu
			export LD_LIBRARY_PATH=\$lib
			export GEM_PATH=\$usr/share/rubygems-integration/all:\$usr/share/rubygems-integration/$version
			export RUBYLIB=\$usr/lib/ruby/vendor_ruby:\$lib/ruby/vendor_ruby/$version:\$usr/lib/ruby/$version:\$lib/ruby/$version
			exec $(echo "$PWD"/usr/bin/ruby[0-9]*) "\$@"
		EOF
		chmod +x ruby
		./ruby -e 'require "active_record"; require "pg"'
		;;
	*)
		echo "there is no set \"$1\""
		exit 1
		;;
esac
