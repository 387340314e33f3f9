#!/bin/sh
# Unpack Debian packages of another processor, and those that they need, into a directory,
# where an emulator finds their programs and libraries.  Nothing is installed.
#
# usage: test/foreign.sh DIRECTORY MACHINE PACKAGE...	(MACHINE as Debian names it: arm64)
#
# What an earlier run has unpacked is used again.
set -eu
umask 022
dir=$1 machine=$2
shift 2
[ "$(cat "$dir/complete" 2>/dev/null)" != "$*" ] || exit 0

rm -rf "$dir"
mkdir -p "$dir/apt/lists/partial" "$dir/apt/cache/archives/partial"
: >"$dir/apt/status"
apt()
{
	apt-get -q -y -o APT::Architecture="$machine" -o APT::Architectures="$machine" \
		-o Dir::State="$dir/apt" -o Dir::State::status="$dir/apt/status" \
		-o Dir::Cache="$dir/apt/cache" -o Debug::NoLocking=1 -o Acquire::Retries=5 "$@"
}
apt update
apt install --no-install-recommends --download-only "$@"
for package in "$dir"/apt/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$dir"
done
rm -rf "$dir/apt"
chmod 755 "$dir"
echo "$*" >"$dir/complete"
