/*-------------------------------------------------------------------------
 *
 * read.c
 *	  lokivector_check: reading slots, and reporting progress.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/read.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/check/check.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "pgstat.h"

/* Where a slot is, for the detail of an error or a warning.  See check.h. */
char *
loki_check_where(LokiCheck *check, int array, uint32 number)
{
	BlockNumber block;
	uint32		place;

	Assert(array >= 0 && array < LOKI_SLOT_ARRAYS);
	if (!loki_slot_locate(check->state, check->index, array, number, &block, &place))
		return psprintf("Slot %u of the %s array does not exist.",
						number, loki_slot_array_name(array));
	return psprintf("Slot %u of the %s array, at block %u, place %u.",
					number, loki_slot_array_name(array), block, place);
}

/* TID state of a node as it is now.  See check.h. */
int
loki_check_state_now(LokiCheck *check, uint32 node)
{
	LokiTidData tid;

	if (node > LOKI_MAX_NUMBER ||
		!loki_check_read(check, LOKI_SLOTS_TID, node, &tid))
		return LOKI_TID_FREE;
	return LokiTidState(&tid);
}

/* Whether there are dead nodes that vacuum has yet to free.  See check.h. */
bool
loki_check_vacuum_unfinished(LokiCheck *check)
{
	LokiMetaPageData meta;

	loki_meta_read(check->index, &meta);
	return (meta.flags & LOKI_META_VACUUM_UNFINISHED) != 0;
}

/* ----------------------------------------------------------------
 * TID lists
 * ----------------------------------------------------------------
 */

/*
 * Copy the slots of a TID list that begins at `head` to check->tid_list.slots.  The caller has
 * share locked the node's TID page, so the list cannot change (I8).  Cycles are found by Brent's
 * method: a mark stays behind at every power of two.
 */
static void
copy_duplicates(LokiCheck *check, uint32 node, uint32 head)
{
	uint32		mark = LOKI_NONE;
	uint64		next_mark = 1;

	for (uint32 number = head; number != LOKI_NONE;)
	{
		LokiDuplicateData slot;
		const char *fault = NULL;

		if (!loki_check_read(check, LOKI_SLOTS_DUPLICATE, number, &slot))
			fault = "does not exist";
		else if (number == mark)
			fault = "is part of a cycle";
		else if (loki_slot_state(LOKI_SLOTS_DUPLICATE, &slot) == LOKI_TID_FREE)
			fault = "is free";
		else if (slot.node != node)
			fault = "names another node";
		else if (slot.state != LOKI_TID_LIVE && slot.state != LOKI_TID_KILLED)
			fault = "has an invalid state";
		else if (!ItemPointerIsValid(&slot.heap))
			fault = "has an invalid heap TID";
		if (fault != NULL)
			loki_check_fault(check, psprintf("duplicate slot %u of node %u", number, node),
							 loki_check_where(check, LOKI_SLOTS_TID, node), "%s", fault);

		check->tid_list.slots = loki_grow(CurrentMemoryContext, check->tid_list.slots,
										  &check->tid_list.allocated, check->tid_list.n + 1, 64,
										  sizeof(LokiDuplicateData));
		Assert(check->tid_list.n < check->tid_list.allocated);
		check->tid_list.slots[check->tid_list.n++] = slot;
		if (check->tid_list.n == next_mark)
		{
			mark = number;
			next_mark *= 2;
		}
		number = slot.next;
	}
}

/*
 * Copy the TID slot of a node as it is now, and the slots of its TID list to
 * check->tid_list.slots; none if it has one row now.  ERROR if the list has a fault.  No page
 * may be locked before, and none is afterwards.
 */
void
loki_check_duplicates(LokiCheck *check, uint32 node, LokiTidData *tid)
{
	uint32		slot_size = check->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		place;
	BlockNumber block = loki_slot_block(check->state, check->index, LOKI_SLOTS_TID,
										node, &place);
	Buffer		buffer = loki_buffer_read(check->state, check->index, block);

	Assert(loki_no_buffer_locked());
	check->tid_list.n = 0;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_slot_array_page_check(check->state, check->index, buffer, LOKI_SLOTS_TID);
	memcpy(tid, LokiPageSlot(BufferGetPage(buffer), slot_size, place), LOKI_TID_SHORT);
	if (LokiTidState(tid) == LOKI_TID_LIST)
		copy_duplicates(check, node, LokiTidListHead(tid));
	UnlockReleaseBuffer(buffer);
	if (LokiTidState(tid) == LOKI_TID_LIST && check->tid_list.n == 0)
		loki_check_fault(check, psprintf("node %u", node),
						 loki_check_where(check, LOKI_SLOTS_TID, node), "has an empty list of duplicates");
}

/* ----------------------------------------------------------------
 * Progress
 * ----------------------------------------------------------------
 *
 * pg_stat_progress_create_index has the phases of an index that is validated, which is
 * much like a check.  Its column `command` is NULL then.
 */

/* Begin a phase of a number of pages. */
void
loki_check_phase(LokiCheck *check, int64 phase, BlockNumber pages)
{
	const int	params[] = {
		PROGRESS_CREATEIDX_PHASE, PROGRESS_SCAN_BLOCKS_TOTAL, PROGRESS_SCAN_BLOCKS_DONE
	};
	const int64 values[] = {phase, pages, 0};

	check->progress.total = pages;
	check->progress.done = 0;
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}
