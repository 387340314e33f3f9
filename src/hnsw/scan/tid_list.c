/*-------------------------------------------------------------------------
 *
 * tid_list.c
 *	  The heap TIDs of a node: the one in its TID slot, or a TID list.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/tid_list.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"

/* Append a TID, and the DUPLICATE slot that it is from, or LOKI_NONE. */
static void
add_tid(LokiScan *so, ItemPointer tid, uint32 slot)
{
	LokiTidList *list = &so->tids;

	list->rows = loki_grow(so->context, list->rows, &list->allocated, list->n + 1, 16,
						   sizeof(*list->rows));
	list->rows[list->n].tid = *tid;
	list->rows[list->n++].slot = slot;
}

/* See scan.h. */
void
loki_set_tid(LokiScan *so, ItemPointer tid)
{
	so->tids.n = 0;
	if (tid != NULL)
		add_tid(so, tid, LOKI_NONE);
}

/*
 * The slot where the next part of a node's TID list begins; LOKI_NONE if nothing is left.
 * The last row of the part before was fetched and is visible.  Its slot can be another
 * row's only if all other rows were removed and the node's TID slot took its TID
 * back.  The node's TID page is share locked.
 */
static uint32
next_part(LokiScan *so, const LokiPartialNode *partial)
{
	LokiDuplicateData slot;

	Assert(partial->slot != LOKI_NONE && partial->length > 0);
	if (!loki_slot_read(so->state, so->scan->indexRelation, LOKI_SLOTS_DUPLICATE,
						partial->slot, &slot) ||
		(slot.state & LOKI_TID_STATE_MASK) == LOKI_TID_FREE ||
		slot.node != partial->node ||
		!ItemPointerEquals(&slot.heap, (ItemPointer) &partial->tid))
		return LOKI_NONE;
	return slot.next;
}

/*
 * Read `most` slots of a node's TID list, from `head` on.  The node's TID page is share
 * locked, and each DUPLICATE page for the copy of its slot.  True if the list goes on.
 */
static bool
read_duplicates(LokiScan *so, LokiPartialNode *partial, uint32 head, uint32 most)
{
	LokiDuplicateData slot;

	for (uint32 i = 0; head != LOKI_NONE; i++)
	{
		if (i == most)
			return true;
		loki_listed_row_read(so->state, so->scan->indexRelation, partial->node, head, &partial->length, &slot);
		if (loki_is_wanted_duplicate(so, &slot))
			add_tid(so, &slot.heap, head);
		head = slot.next;
	}
	return false;
}

/*
 * The heap TIDs of a node, none if it is dead or free: those of its TID slot, or of the
 * next `most` slots of its TID list.  Returns whether there are more.  No page may be
 * locked by the caller; none is locked or pinned afterwards.
 */
bool
loki_node_part(LokiScan *so, LokiPartialNode *partial, uint32 most)
{
	Relation	index = so->scan->indexRelation;
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		place;
	BlockNumber block = loki_slot_block(so->state, index, LOKI_SLOTS_TID, partial->node, &place);
	Buffer		buffer = loki_buffer_read(so->state, index, block);
	Page		page = BufferGetPage(buffer);
	LokiTidData *slot = (LokiTidData *) LokiPageSlot(page, slot_size, place);
	bool		begins = partial->slot == LOKI_NONE;
	bool		more = false;

	Assert(loki_no_buffer_locked());
	Assert(begins == (partial->length == 0));
	so->tids.n = 0;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_slot_array_page_check(so->state, index, buffer, LOKI_SLOTS_TID);
	so->tids.lsn = BufferGetLSNAtomic(buffer);
	if ((int) place < LokiPageUsed(page, slot_size))
		switch (LokiTidState(slot))
		{
			case LOKI_TID_LIVE:
			case LOKI_TID_KILLED:
				if (begins && !loki_is_killed(so, slot) && loki_is_within(so, &slot->u.heap))
					add_tid(so, &slot->u.heap, LOKI_NONE);
				break;
			case LOKI_TID_LIST:
				more = read_duplicates(so, partial, begins ? LokiTidListHead(slot) :
									   next_part(so, partial), most);
				break;
			default:
				break;
		}
	UnlockReleaseBuffer(buffer);
	Assert(!more || so->tids.n <= most);
	return more;
}

/* All heap TIDs of a node */
void
loki_node_tids(LokiScan *so, uint32 node)
{
	LokiPartialNode partial = {.node = node, .slot = LOKI_NONE};

	(void) loki_node_part(so, &partial, PG_UINT32_MAX);
}
