/*-------------------------------------------------------------------------
 *
 * killed.c
 *	  Remembering in the index which rows are dead to everyone.
 *
 * A scan that finds a row dead to all transactions notes its entry.  At the end of a batch
 * it marks the entries that it noted as killed, so that later scans do not look at those
 * rows.  The mark is a hint: it is not logged, and a page that somebody has locked is not
 * marked.
 *
 * A mark must not hit another row's entry.  Vacuum removes a row's entry before its heap
 * TID can belong to another row.  It logs that as a change of the TID page, for duplicates
 * too.  So as long as the page's LSN is what it was when the TID was read, the entry is
 * that of the dead row.  Nothing is marked if changes are not logged.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/killed.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/rmgr.h"
#include "compat/compare_numbers.h"
#include "compat/pgcompat.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"

/* Entries that are noted before they are marked */
#define MAX_KILLS		1024

/*
 * Begin a scan: decide whether it trusts marks, and makes them.
 *
 * Page images take marks to a standby, where snapshots may still see the rows.  A check of
 * replay against page images would report marks as faults.
 */
void
loki_kill_begin(LokiScan *so)
{
	IndexScanDesc scan = so->scan;

	so->killed.trust = scan->ignore_killed_tuples;
	so->killed.may_mark = !scan->xactStartedInRecovery && RelationNeedsWAL(scan->indexRelation) &&
		!(wal_consistency_checking != NULL && wal_consistency_checking[RM_GENERIC_ID]);
	so->killed.n = 0;
}

/*
 * Note an entry whose row is dead to everyone.  When the notes are full, the entries are
 * marked.  No page may be locked by the caller.
 */
void
loki_kill_note(LokiScan *so, const LokiEntryRef *entry)
{
	Assert(loki_no_buffer_locked());
	if (!so->killed.may_mark)
		return;
	if (so->killed.n == MAX_KILLS)
		loki_kill_flush(so);
	if (so->killed.entries == NULL)
		so->killed.entries = MemoryContextAlloc(so->context, sizeof(LokiEntryRef) * MAX_KILLS);
	so->killed.entries[so->killed.n++] = *entry;
}

/*
 * Mark the DUPLICATE slot of a row.  The caller holds the exclusive lock of the node's TID
 * page; the DUPLICATE page is locked only if nobody else has locked it.
 */
static void
kill_duplicate(LokiScan *so, const LokiEntryRef *kill)
{
	Relation	index = so->scan->indexRelation;
	BlockNumber block;
	uint32		place;
	Buffer		buffer;

	Assert(so->killed.may_mark && kill->duplicate != LOKI_NONE);
	if (!loki_slot_locate(so->state, index, LOKI_SLOTS_DUPLICATE, kill->duplicate,
						  &block, &place))
		return;
	buffer = loki_buffer_read(so->state, index, block);
	if (ConditionalLockBuffer(buffer))
	{
		LokiDuplicateData *slot = (LokiDuplicateData *)
			LokiPageSlot(BufferGetPage(buffer), sizeof(LokiDuplicateData), place);

		loki_slot_array_page_check(so->state, index, buffer, LOKI_SLOTS_DUPLICATE);
		if (slot->node == kill->node && slot->state == LOKI_TID_LIVE &&
			ItemPointerEquals(&slot->heap, (ItemPointer) &kill->heap))
		{
			slot->state = LOKI_TID_KILLED;
			MarkBufferDirtyHint(buffer, true);
		}
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	}
	ReleaseBuffer(buffer);
}

/*
 * Mark entries of nodes of one TID page, if nobody has locked it.  A node whose insert has not ended is not marked,
 * since no row may join it.  No page may be locked by the caller; none is locked or pinned afterwards.
 */
void
loki_kill_page(LokiScan *so, const LokiEntryRef *kills, uint32 n)
{
	LokiSlotArray *array = &so->state->arrays[LOKI_SLOTS_TID];
	uint32		place;
	Buffer		buffer = loki_buffer_read(so->state, so->scan->indexRelation,
										  loki_page_block(array, loki_slot_page(array, kills[0].node, &place)));
	Page		page = BufferGetPage(buffer);
	XLogRecPtr	lsn;
	bool		marked = false;

	Assert(n > 0 && so->killed.may_mark && loki_no_buffer_locked());
	/* without a record for each change the LSN would say nothing */
	Assert(RelationNeedsWAL(so->scan->indexRelation));	/* I12 */
	if (!ConditionalLockBuffer(buffer))
	{
		ReleaseBuffer(buffer);
		return;
	}
	lsn = BufferGetLSNAtomic(buffer);
	loki_slot_array_page_check(so->state, so->scan->indexRelation, buffer, LOKI_SLOTS_TID);
	for (uint32 i = 0; i < n; i++)
	{
		LokiTidData *tid;

		(void) loki_slot_page(array, kills[i].node, &place);
		tid = (LokiTidData *) LokiPageSlot(page, array->slot_size, place);
		if (kills[i].lsn != lsn)
			continue;
		if (kills[i].duplicate != LOKI_NONE)
		{
			if (LokiTidState(tid) == LOKI_TID_LIST)
				kill_duplicate(so, &kills[i]);
		}
		else if ((tid->state & ~LOKI_TID_NEW) == LOKI_TID_LIVE &&
				 ItemPointerEquals(&tid->u.heap, (ItemPointer) &kills[i].heap))
		{
			tid->state = LOKI_TID_KILLED | (tid->state & LOKI_TID_NEW);
			marked = true;
		}
	}
	if (marked)
		MarkBufferDirtyHint(buffer, true);
	UnlockReleaseBuffer(buffer);
}

/* Mark the entries that were noted, page by page.  No page may be locked by the caller. */
void
loki_kill_flush(LokiScan *so)
{
	LokiSlotArray *array = &so->state->arrays[LOKI_SLOTS_TID];
	uint32		last;

	Assert(loki_no_buffer_locked());
	/* by the first member, their node, and thereby by page of TID */
	if (so->killed.n > 1)
		qsort(so->killed.entries, so->killed.n, sizeof(LokiEntryRef), loki_compare_uint32);
	for (uint32 first = 0; first < so->killed.n; first = last)
	{
		uint32		place;
		uint32		ordinal = loki_slot_page(array, so->killed.entries[first].node, &place);

		for (last = first + 1; last < so->killed.n; last++)
			if (loki_slot_page(array, so->killed.entries[last].node, &place) != ordinal)
				break;
		loki_kill_page(so, so->killed.entries + first, last - first);
	}
	so->killed.n = 0;
}

/*
 * ERROR if vacuum may have removed nodes of rows that the snapshot sees, as old_snapshot_threshold lets it.  Before
 * the first one it changes the metapage.  So that is looked at when nodes have been read.  No page may be locked.
 */
void
loki_test_snapshot(LokiScan *so)
{
	Relation	index = so->scan->indexRelation;
	Buffer		buffer;

	if (!OldSnapshotThresholdActive())
		return;
	buffer = ReadBuffer(index, LOKI_META_BLKNO);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	TestForOldSnapshot(so->scan->xs_snapshot, index, BufferGetPage(buffer));
	UnlockReleaseBuffer(buffer);
}
