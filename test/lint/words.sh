#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What must not be found in any file of the tree.
set -u
cd "$(dirname "$0")/../.."

# absent NAME PATTERN [EXCEPT [FILES]]
absent()
{
	found=$(test/files.sh | grep -v '^test/lint/words\.sh$' | grep -E "${4:-.}" |
		tr '\n' '\0' | xargs -0 grep -nIHE -e "$2" | grep -vE "${3:-^$}" | head -n 20)
	if [ -z "$found" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$found"
	fi
}

absent "nothing is left open" '\<(TODO|FIXME|XXX)\>'
# the peers of the benchmark are, to their advantage
absent "nothing is compiled for one machine alone" 'march=native' '^bench/'
absent "no path of one machine" \
	'(^|[^][:alnum:]_}.$)-])/(tmp|home|work|root)(/|[^[:alnum:]_-]|$)' 'mktemp|TMPDIR'
# the glossary is in src/hnsw/README
absent "the words are those of the glossary" \
	'\<([Rr]ecod(e|ed|es|ing)|[Ff]ences?|FENCE|RENEWED|JOINED|OVERFLOW|[Cc]lumped|unsure|hnsw(way|join|equal|old)|hnswint|(chosen|choose|chooses) again|join values?|numbers of nodes|node numbers?|[Nn]umbers? (of|that (is|are|was|were)|were|was|are|is) used again|[Nn]umbers used again|[Ee]qual rows?|[Rr]elink(s|ed|ing)?|[Vv]erif(y|ies|ied|ying) (the )?graphs?)\>|(of|with|the) chains? of (rows|duplicates)' \
	'^(CHANGELOG\.md|bench/results/)'
absent "families are those of operators" '\<[Ff]amil(y|ies)\>' '[Oo]perator famil' \
	'^(README|CONTRIBUTING|doc/.*|bench/README|operations/.*)\.md$|/README$'
