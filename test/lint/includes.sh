#!/bin/bash
# Which folder of src/ may know which.  A folder sees those to its right:
#		planner -> hnsw -> types -> quantize -> distance
# distance and quantize are pure C: of the server they see c.h alone.
set -u
cd "$(dirname "$0")/../.."

# rule NAME: what breaks it comes as lines on standard input.
rule()
{
	local broken

	broken=$(cat)
	if [ -z "$broken" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$broken"
	fi
}

# The #include "..." lines of a folder, as FILE:LINE:HEADER
includes_of()
{
	grep -nH '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src/$1/*.[ch] 2>/dev/null |
		sed 's/#[^"]*"\([^"]*\)".*/\1/'
}

# Includes of a folder of ours that is not one of those named
others_than()
{
	while IFS=: read -r file line header; do
		folder=${header%%/*}
		case $header in
			*/*) ;;
			*) continue ;;
		esac
		if [ -d "src/$folder" ] && [[ " $1 " != *" $folder "* ]]; then
			echo "$file:$line: $header"
		fi
	done
}

pure()
{
	while IFS=: read -r file line header; do
		case $header in
			c.h) ;;
			*) [ -e "src/$header" ] && [ "$header" != lokivector.h ] ||
				echo "$file:$line: $header" ;;
		esac
	done
}

includes_of distance | others_than "distance" | rule "distance knows no other folder"
includes_of quantize | others_than "quantize distance" | rule "quantize knows distance alone"
includes_of types | others_than "types quantize distance compat" |
	rule "types knows nothing to its left"
includes_of hnsw | others_than "hnsw types quantize distance compat" |
	rule "hnsw knows nothing to its left"
includes_of compat | others_than "compat" | rule "compat knows no other folder"
includes_of distance | pure | rule "distance includes c.h of the server alone"
includes_of quantize | pure | rule "quantize includes c.h of the server alone"
grep -niE 'hnsw' src/types/*.[ch] 2>/dev/null | rule "types never mentions hnsw"
includes_of planner | grep ':hnsw/' | grep -v ':hnsw/hnsw\.h$' |
	rule "planner sees hnsw through hnsw.h alone"
{ includes_of '*'; includes_of .; } | grep -E ':(hnsw/)?(hnswint|hnswpage)\.h$' |
	grep -v '^src/hnsw/' | rule "private headers of hnsw stay inside"
grep -nw PG_VERSION_NUM src/*.[ch] src/*/*.[ch] | grep -v '^src/compat/pgcompat\.h:' |
	rule "server versions are told apart in pgcompat.h alone"
grep -nE '\<(index|relation)_open\(' src/planner/*.c |
	grep -v -e 'return index_open(info->indexoid, NoLock)' -e '^src/planner/hybrid_exec\.c:' \
		-e 'try_relation_open' |
	rule "the planner opens no index that does not exist"
