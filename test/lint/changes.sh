#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Pages of an index are changed through hnsw/page/change.c alone, which locks them in
# one order and logs them in that order.  Others are named here, with the reason
# in src/hnsw/page/README ("WAL"): what makes pages that nobody can know yet, and hints
# of dead rows, whose locks are not waited for.
set -u
cd "$(dirname "$0")/../.."

# only NAME PATTERN FILES: which files may have what the pattern matches
only()
{
	found=$(grep -nE "$2" src/*.c src/*/*.[ch] src/*/*/*.[ch] | grep -vE "^src/(hnsw/($3)\.[ch]:|compat/)")
	if [ -z "$found" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1"
		echo "$found"
	fi
}

only "pages are locked exclusively where they are changed" \
	'BUFFER_LOCK_EXCLUSIVE|RBM_ZERO_AND' 'page/change|page/page|page/extent|build/write'
only "locks that are not waited for are those of hints" \
	'ConditionalLockBuffer|MarkBufferDirtyHint' 'scan/killed'
only "pages are made dirty where they are changed" \
	'MarkBufferDirty\(' 'page/change|page/page|page/extent|build/write'
only "records are written where pages are changed" \
	'GenericXLog[A-Z]|XLogInsert|XLogBeginInsert|XLogRegister' 'page/change'
only "new pages are logged where they are made" \
	'log_newpage' 'page/page|page/extent|build/write'
