#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
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

# The #include "..." lines of a folder and those in it, as FILE:LINE:HEADER
includes_of()
{
	grep -rnH --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' src/$1 2>/dev/null |
		sed 's/#[^"]*"\([^"]*\)".*/\1/'
}

# within FOLDER FACE FOLDER...: the folders in a folder, each of which sees those
# behind it.  The header FACE may be seen by all.  Prints what breaks that.
within()
{
	local outer=$1 face=$2
	shift 2
	includes_of "$outer" | awk -F: -v outer="$outer" -v face="$face" -v order="$*" '
		# A file lies in the first folder of the order if in none of the others
		function place(path,    parts, n) {
			n = split(path, parts, "/")
			return n == 3 ? at[parts[2]] : 1
		}
		BEGIN {
			n = split(order, names, " ")
			for (i = 1; i <= n; i++)
				at[names[i]] = i
		}
		{
			file = $1
			sub(/^src\//, "", file)
			if (index($3, outer "/") != 1 || $3 == face)
				next
			if (!place(file) || !place($3) || place(file) > place($3))
				print $1 ":" $2 ": " $3
		}'
}

# arrows FOLDER: how many includes lead from each folder in it to the others
arrows()
{
	includes_of "$1" | awk -F: -v outer="$1" '
		function folder(path,    parts) {
			return split(path, parts, "/") == 3 ? parts[2] : "face"
		}
		{
			file = $1
			sub(/^src\//, "", file)
			if (index($3, outer "/") == 1 && folder(file) != folder($3))
				count[folder(file) " -> " folder($3)]++
		}
		END { for (arrow in count) print "# " outer ": " arrow " " count[arrow] }' | sort
}

# wide FOLDER HEADER...: the headers of a folder that more than half of its files see,
# directly or by other headers, but for those named
wide()
{
	local folder=$1
	shift
	includes_of . | awk -F: -v folder="$folder" -v named="$*" '
		function reach(file,    n, i, headers) {
			n = split(direct[file], headers, " ")
			for (i = 1; i <= n; i++)
				if (!(headers[i] in seen)) {
					seen[headers[i]] = 1
					reach(headers[i])
				}
		}
		{
			sub(/^src\/\.\//, "", $1)
			direct[$1] = direct[$1] " " $3
			files[$1] = 1
		}
		END {
			for (file in files) {
				if (folder != "." && index(file, folder "/") != 1)
					continue
				total++
				split("", seen)
				reach(file)
				for (header in seen)
					if (folder == "." ? header in files : index(header, folder "/") == 1)
						count[header]++
			}
			for (header in count)
				if (count[header] * 2 > total && index(" " named " ", " " header " ") == 0)
					print header ": seen by " count[header] " of " total " files"
		}'
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
grep -rniE --include='*.[ch]' 'hnsw' src/types | rule "types never mentions hnsw"
includes_of planner | grep ':hnsw/' | grep -v -e ':hnsw/hnsw\.h$' -e ':hnsw/filter/tid_set\.h$' |
	rule "planner sees hnsw through hnsw.h and the sets of TIDs alone"
includes_of . | grep -E ':hnsw/' |
	grep -v -e ':hnsw/hnsw\.h$' -e '^src/\.*/*hnsw/' \
		-e '^src/\./planner/.*:hnsw/filter/tid_set\.h$' |
	rule "private headers of hnsw stay inside"

hnsw_folders="face check vacuum build recall insert scan filter derived graph statistics page definition"
within hnsw hnsw/hnsw.h $hnsw_folders | rule "folders of hnsw see those behind them alone"
arrows hnsw
planner_folders="face forms order hybrid cost query"
within planner planner/planner.h $planner_folders | rule "folders of planner see those behind them alone"
arrows planner
# what differs between servers, and what a code is
wide . compat/pgcompat.h quantize/quantize.h |
	rule "no header is seen by most of the files"
# the face, and what an index is
wide hnsw hnsw/hnsw.h hnsw/definition/layout.h hnsw/definition/column.h hnsw/page/index.h |
	rule "no header of hnsw is seen by most of its files"
wide planner | rule "no header of planner is seen by most of its files"
for header in src/hnsw/*/*.h src/planner/*/*.h; do
	sed -nE 's/^extern [^;(]*[ *](loki_[a-z0-9_]+)\(.*/\1/p' "$header" |
		while read -r name; do
			grep -q "^$name(" "${header%/*}"/*.c || echo "$header: $name()"
		done
done | rule "a header declares functions of its own folder"
grep -rn --include='*.h' '#include "postgres\.h"' src |
	rule "headers leave postgres.h to the files that include them"
grep -rnw --include='*.[ch]' PG_VERSION_NUM src | grep -v '^src/compat/' |
	rule "server versions are told apart in src/compat alone"
grep -nE '\<(index|relation)_open\(' src/planner/*.c src/planner/*/*.c |
	grep -v -e 'return index_open(info->indexoid, NoLock)' -e '^src/planner/hybrid/exec\.c:' \
		-e 'try_relation_open' |
	rule "the planner opens no index that does not exist"
