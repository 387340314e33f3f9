#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Make the copy of a server by test/prefix.sh run as one for arm64, under qemu-aarch64: a
# script that runs the program of Debian's package for arm64 takes the place of "postgres",
# and libraries and headers of such packages take the place of the copy's (a header says
# which functions are pointers there).  Clients stay as they are.
#
# usage: test/emulate.sh DIRECTORY PG_CONFIG MAJOR
#
# DIRECTORY		where the packages are unpacked.  apt has its state there as well, and
#				so knows nothing of the packages that this machine has
# PG_CONFIG		that of the copy
set -eu
dir=$1 pg_config=$2 major=$3
bindir=$("$pg_config" --bindir)
package=postgresql-$major

# Both have to be of the same version, or initdb refuses the server
version=$(dpkg-query -W -f '${Version}' "$package")
root=$dir/root
if [ "$(cat "$dir/complete" 2>/dev/null)" != "$version" ]; then
	rm -rf "$dir"
	mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$root"
	touch "$dir/status"
	cat >"$dir/apt.conf" <<-END_CONF
		APT::Architecture "arm64";
		APT::Architectures { "arm64"; };
		APT::Install-Recommends "false";
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::State::lists "lists";
		Dir::Cache "$dir";
		Dir::Cache::archives "archives";
		Debug::NoLocking "true";
	END_CONF
	export APT_CONFIG="$dir/apt.conf"
	apt-get -q -o Acquire::Retries=5 update
	apt-get -q -y -o Acquire::Retries=5 --download-only install \
		"$package=$version"
	(cd "$dir/archives" && apt-get -q download "postgresql-server-dev-$major=$version")
	for file in "$dir"/archives/*.deb; do
		dpkg-deb -x "$file" "$root"
	done
	rm -r "$dir/archives" "$dir/lists"
	echo "$version" >"$dir/complete"
fi

cp -a "$root/usr/lib/postgresql/$major/lib/." "$("$pg_config" --pkglibdir)"
cp -a --remove-destination "$root/usr/include/postgresql/$major/server/." \
	"$("$pg_config" --includedir-server)"
rm "$bindir/postgres"
cat >"$bindir/postgres" <<END_SERVER
#!/bin/sh
exec qemu-aarch64 -0 "$bindir/postgres" -L "$root" \\
	"$root/usr/lib/postgresql/$major/bin/postgres" "\$@"
END_SERVER
chmod +x "$bindir/postgres"
"$bindir/postgres" --version
