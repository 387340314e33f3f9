#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# No parameter of a macro has the name of a member that its body reads: the argument would
# take the member's place as well, and (desc)->state become (desc)->x + 1.
set -u
cd "$(dirname "$0")/../.."

found=$(find src test -name '*.[ch]' -exec perl -0777 -ne '
	s/\\\n/ /g;
	while (/^#\s*define\s+(\w+)\(([^)]*)\)(.*)/mg) {
		my ($name, $parameters, $body) = ($1, $2, $3);
		for my $parameter ($parameters =~ /\w+/g) {
			print "$ARGV: $name($parameter)\n" if $body =~ /(->|[\w\])]\.)\s*$parameter\b/;
		}
	}' {} +)
if [ -z "$found" ]; then
	echo "ok - parameters of macros are no members"
else
	echo "not ok - parameters of macros are no members"
	echo "$found"
fi
