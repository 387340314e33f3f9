#!/bin/sh
# Print the names of the types that the built library uses, for pg_bsd_indent
# (make typedefs): as PostgreSQL does it, from the debugging information.
set -eu
cd "$(dirname "$0")/../.."
objdump -Wi lokivector.so |
	awk '/DW_TAG_/ { typedef = /DW_TAG_typedef/ }
		typedef && /DW_AT_name/ { print $NF; typedef = 0 }' |
	sort -u
