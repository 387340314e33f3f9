#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# test/psql.sh leaves out of what psql prints nothing but statements without an answer and names of
# columns, and ends as psql does.
set -u
cd "$(dirname "$0")/../.."
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# What psql prints: behind a tab, < marks answers, = what is to stay; and - what is of the script alone
cat >"$directory/all" <<'E_ALL'
-- of the file
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	RETURN 1;

END
$$;
-- test: one column	=
SET jit = off;
-- why	=
SELECT count(*)	=
	FROM t;	=
count	<
7	=<
SELECT 'id' AS name;	=
name	<
id	=<
SELECT nothing FROM t;	=
nothing	<
-- test: several	=
SELECT a, b FROM t;	=
a|b	=<
1|2	=<
SELECT a, b FROM u;	=
a|b	<
a|b	=<
SELECT b, a FROM t;	=
b|a	=<
2|1	=<
SELECT a, b FROM t;	=
a|b	=<
1|2	=<
INSERT INTO nothing VALUES (1);	=
ERROR:  relation "nothing" does not exist	=<
SET jit = on;
COPY t FROM stdin;
1	-
\.	-
DO $$ BEGIN RAISE NOTICE 'x'; END $$;	=
NOTICE:  x	=<
	=<
-- test: several again	=
SELECT a, b FROM t;	=
a|b	=<
1|2	=<
DROP TABLE t;	=
server closed the connection unexpectedly	=<
E_ALL
# psql repeats neither blank lines nor rows of a COPY
sed -e '/	=*<$/d' -e 's/	[=-]$//' -e 's/^-- test/\n&/' "$directory/all" >"$directory/script"
sed -e '/	-$/d' -e 's/	=*<*$//' "$directory/all" >"$directory/output"
sed -n 's/	=<*$//p' "$directory/all" >"$directory/expected"
printf '#!/bin/sh\ncat >/dev/null\ncat "%s"\nexit 3\n' "$directory/output" >"$directory/psql"
chmod +x "$directory/psql"

test/psql.sh "$directory/psql" <"$directory/script" >"$directory/result"
status=$?
wrong=$(diff "$directory/expected" "$directory/result") && [ $status -eq 3 ] &&
	echo "ok - answers stay in the output of sql" ||
	echo "not ok - answers stay in the output of sql: status $status
$wrong"
