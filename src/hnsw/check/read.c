/*-------------------------------------------------------------------------
 *
 * read.c
 *	  lokivector_check: reading pages, and reporting progress.
 *
 * LockBuffer() waits without checking for interrupts.  An index may be checked because a
 * process got stuck with a page of it.  So a check waits for a page by trying again, and it
 * holds no other page's lock meanwhile, but that of block 0 on a second walk of a free list.
 * It can be canceled at any time.
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
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* Between two attempts to lock a page, in milliseconds */
#define WAIT_MILLISECONDS	1

/* Pages between two reports of progress */
#define REPORT_PAGES		64

/* Lock a page in share mode, if nobody has to be waited for. */
static bool
try_lock(Buffer buffer)
{
	return BufferIsLocal(buffer) ||
		LWLockConditionalAcquire(BufferDescriptorGetContentLock(GetBufferDescriptor(buffer - 1)),
								 LW_SHARED);
}

/* Wait before another attempt, with no page locked but block 0; ERROR if the query is canceled. */
static void
wait_a_little(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 WAIT_MILLISECONDS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* Lock a pinned page as try_lock() does.  Only block 0 may be locked before. */
void
loki_check_lock(Buffer buffer)
{
	Assert(BufferIsLocal(buffer) || !loki_buffer_locked(buffer));
	while (!try_lock(buffer))
		wait_a_little();
}

/*
 * Copy a slot out; false if there is no such slot.  If the page cannot be locked at once, sets *locked
 * and returns false.  A TID page may be locked before.
 */
static bool
try_read(LokiCheck *check, int array, uint32 number, void *slot, bool *locked)
{
	uint32		slot_size = check->state->arrays[array].slot_size;
	BlockNumber block;
	uint32		place;
	Buffer		buffer;
	Page		page;
	bool		found;

	*locked = false;
	if (!loki_slot_locate(check->state, check->index, array, number, &block, &place))
		return false;
	Assert(loki_may_lock(array, loki_slot_page(&check->state->arrays[array], number, &place)));
	buffer = loki_buffer_read(check->state, check->index, block);
	if (!try_lock(buffer))
	{
		ReleaseBuffer(buffer);
		*locked = true;
		return false;
	}
	page = BufferGetPage(buffer);
	loki_slot_array_page_check(check->state, check->index, buffer, array);
	found = (int) place < LokiPageUsed(page, slot_size);
	if (found)
		memcpy(slot, LokiPageSlot(page, slot_size, place), slot_size);
	UnlockReleaseBuffer(buffer);
	return found;
}

/* As loki_slot_read(); no page may be locked. */
bool
loki_check_read(LokiCheck *check, int array, uint32 number, void *slot)
{
	bool		locked;
	bool		found;

	Assert(loki_no_buffer_locked());
	while (!(found = try_read(check, array, number, slot, &locked)) && locked)
		wait_a_little();
	return found;
}

/* Copy a block to check->page under share lock, and leave neither lock nor pin. */
void
loki_check_copy(LokiCheck *check, BlockNumber block)
{
	Buffer		buffer = ReadBufferExtended(check->index, MAIN_FORKNUM, block, RBM_NORMAL,
											check->strategy);

	loki_check_lock(buffer);
	memcpy(check->page.data, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
}

/* As loki_meta_read(); no page may be locked. */
void
loki_check_meta(LokiCheck *check, LokiMetaPageData *meta)
{
	Buffer		buffer = ReadBuffer(check->index, LOKI_META_BLKNO);

	Assert(loki_no_buffer_locked());
	loki_check_lock(buffer);
	loki_meta_validate(check->index, BufferGetPage(buffer));
	memcpy(meta, LokiPageGetMeta(BufferGetPage(buffer)), sizeof(LokiMetaPageData));
	UnlockReleaseBuffer(buffer);
}

/* For ereport: where a slot is, in the form of an errdetail.  See check.h. */
int
loki_check_where(LokiCheck *check, int array, uint32 number)
{
	BlockNumber block;
	uint32		place;

	Assert(array >= 0 && array < LOKI_SLOT_ARRAYS);
	if (!loki_slot_locate(check->state, check->index, array, number, &block, &place))
		return errdetail("Slot %u of the %s array does not exist.",
						 number, loki_slot_array_name(array));
	return errdetail("Slot %u of the %s array, at block %u, place %u.",
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

/* Whether the insert of a node has not ended by now.  See check.h. */
bool
loki_check_is_linking(LokiCheck *check, uint32 node)
{
	LokiTidData tid = {0};

	return loki_check_read(check, LOKI_SLOTS_TID, node, &tid) &&
		(tid.state & LOKI_TID_LINKING) != 0;
}

/* Whether there are dead nodes that vacuum has yet to free.  See check.h. */
bool
loki_check_dead_pending(LokiCheck *check)
{
	LokiMetaPageData meta;

	loki_check_meta(check, &meta);
	return (meta.flags & LOKI_META_DEAD_PENDING) != 0;
}

/* ----------------------------------------------------------------
 * TID lists
 * ----------------------------------------------------------------
 */

/* What is wrong with a slot of a node's TID list, or NULL */
static const char *
duplicate_fault(uint32 node, const LokiDuplicateData *slot)
{
	if (loki_slot_state(LOKI_SLOTS_DUPLICATE, slot) == LOKI_TID_FREE)
		return "is free";
	if (slot->node != node)
		return "names another node";
	if (slot->state != LOKI_TID_LIVE && slot->state != LOKI_TID_KILLED)
		return "has an invalid state";
	if (!ItemPointerIsValid(&slot->heap))
		return "has an invalid heap TID";
	return NULL;
}

/* ERROR for a fault of a slot of a node's TID list. */
static void
report_duplicate(LokiCheck *check, uint32 node, uint32 number, const char *fault)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("duplicate slot %u of node %u in index \"%s\" %s",
					number, node, RelationGetRelationName(check->index), fault),
			 loki_check_where(check, LOKI_SLOTS_TID, node)));
}

/*
 * Copy the slots of a TID list that begins at `head` to check->tid_list.slots.  The caller has
 * share locked the node's TID page, so the list cannot change.  False if a page cannot be
 * locked at once.  Cycles are found by Brent's method: a mark stays behind at every power of
 * two.
 */
static bool
copy_duplicates(LokiCheck *check, uint32 node, uint32 head)
{
	uint32		mark = LOKI_NONE;
	uint64		next_mark = 1;

	for (uint32 number = head; number != LOKI_NONE;)
	{
		LokiDuplicateData slot;
		bool		locked;
		const char *fault = NULL;

		if (!try_read(check, LOKI_SLOTS_DUPLICATE, number, &slot, &locked))
		{
			if (locked)
				return false;
			fault = "does not exist";
		}
		else if (number == mark)
			fault = "is part of a cycle";
		else
			fault = duplicate_fault(node, &slot);
		if (fault != NULL)
			report_duplicate(check, node, number, fault);

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
	return true;
}

/*
 * Copy the TID slot of a node as it is now, and the slots of its TID list to
 * check->tid_list.slots; none if it has one row by now.  ERROR if the list has a fault.  No page
 * may be locked before, and none is afterwards.
 */
void
loki_check_duplicates(LokiCheck *check, uint32 node, LokiTidData *tid)
{
	uint32		slot_size = check->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		place;
	BlockNumber block = loki_slot_block(check->state, check->index, LOKI_SLOTS_TID,
										node, &place);
	bool		copied = false;

	Assert(loki_no_buffer_locked());
	while (!copied)
	{
		Buffer		buffer = loki_buffer_read(check->state, check->index, block);

		check->tid_list.n = 0;
		loki_check_lock(buffer);
		loki_slot_array_page_check(check->state, check->index, buffer, LOKI_SLOTS_TID);
		memcpy(tid, LokiPageSlot(BufferGetPage(buffer), slot_size, place), LOKI_TID_SHORT);
		copied = LokiTidState(tid) != LOKI_TID_LIST ||
			copy_duplicates(check, node, LokiTidListHead(tid));
		UnlockReleaseBuffer(buffer);
		if (!copied)
			wait_a_little();
	}
	if (LokiTidState(tid) == LOKI_TID_LIST && check->tid_list.n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("node %u of index \"%s\" has an empty list of duplicates",
						node, RelationGetRelationName(check->index)),
				 loki_check_where(check, LOKI_SLOTS_TID, node)));
}

/* ----------------------------------------------------------------
 * Progress
 * ----------------------------------------------------------------
 *
 * pg_stat_progress_create_index has the phases of an index that is validated, which is
 * much like a check.  Its column `command` is NULL then.
 */

/* Begin the check of one of `total` indexes, of which `done` were checked before. */
void
loki_check_begin_progress(Relation heap, Relation index, int total, int done)
{
	const int	params[] = {
		PROGRESS_CREATEIDX_INDEX_OID, PROGRESS_CREATEIDX_PARTITIONS_TOTAL,
		PROGRESS_CREATEIDX_PARTITIONS_DONE
	};
	const int64 values[] = {RelationGetRelid(index), total, done};

	Assert(done >= 0 && done < total);
	pgstat_progress_start_command(PROGRESS_COMMAND_CREATE_INDEX, RelationGetRelid(heap));
	pgstat_progress_update_multi_param(lengthof(params), params, values);
}

/* Begin a phase of so many pages. */
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

/* A page was read; some are read twice, and an index may grow meanwhile. */
void
loki_check_progress(LokiCheck *check)
{
	if (++check->progress.done % REPORT_PAGES == 0)
		pgstat_progress_update_param(PROGRESS_SCAN_BLOCKS_DONE,
									 Min(check->progress.done, check->progress.total));
}
