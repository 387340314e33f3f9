# SPDX-License-Identifier: PostgreSQL
# To be read by scripts that write an extension's files: the first lines of these, and
# the text of steps from one version to the next.
#
# In the source of a step, these lines stand for other text:
#	-- parts: NAME...			those parts of the install script
#	-- parts: all others		all parts that no line before it names
#	-- parts of before: NAME...	nothing; they are there already
#	-- comments of: NAME...		the COMMENT statements of those parts
#	-- step of lokivector: OLD--NEW		that step in sql/upgrade
#
# The script that reads this has set parts, the files of the parts.

# head_of FILE COMMAND
head_of()
{
	printf '%s\n' "/* $1 */" '' \
		'-- complain if script is sourced in psql, rather than via its extension' \
		"\\echo Use \"$2\" to load this file. \\quit"
}

# The file of a part
part()
{
	for file in $parts; do
		if [ "$(basename "$file" .sql)" = "$1" ]; then
			echo "$file"
			return
		fi
	done
	echo "there is no part $1" >&2
	return 1
}

# Parts that the line names that stands for them, or all that are left
named()
{
	if [ "$1" = "all others" ]; then
		for file in $parts; do
			basename "$file" .sql
		done | grep -vxF "$taken"
	else
		printf '%s\n' $1
	fi
}

# step SOURCE: taken has the names of parts that a line has named
taken=
step()
{
	[ -e "$1" ] || return 0
	while IFS= read -r line; do
		case $line in
			"-- parts of before: "*)
				for name in ${line#-- parts of before: }; do
					part "$name" >/dev/null || return
					taken="$taken
$name"
				done ;;
			"-- parts: "*)
				for name in $(named "${line#-- parts: }"); do
					taken="$taken
$name"
					echo
					cat "$(part "$name")"
				done ;;
			"-- comments of: "*)
				for name in ${line#-- comments of: }; do
					taken="$taken
$name"
					awk '/^COMMENT ON/ { on = 1 } on { print } /;$/ { on = 0 }' \
						"$(part "$name")"
				done ;;
			"-- step of lokivector: "*)
				(taken= && step "$(dirname "$1")/../upgrade/${line#-- step of lokivector: }.sql") ;;
			*) printf '%s\n' "$line" ;;
		esac
	done <"$1"
}
