/*-------------------------------------------------------------------------
 *
 * duplicate.c
 *	  Inserting a duplicate: it joins the node of the rows that it equals.
 *
 * As nbtree's posting lists since version 13, this spares the key of every duplicate; here it
 * spares its place in the graph as well.  The heap TIDs of such a node are in a TID list, a linked
 * list whose entries are DUPLICATE slots, the newest first.  TID slot and TID list change in one
 * record, under the exclusive lock of the TID page (I8).  src/hnsw/insert/README, "Joining".
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/duplicate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/derived/derived.h"
#include "hnsw/insert/insert.h"
#include "hnsw/page/change.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"

/* Whether a node has the row's vector and attributes, by hash and bytes.  Share locks. */
static bool
is_duplicate(LokiNewRow *row, uint32 node)
{
	LokiSlotArray *arrays = row->state->arrays;
	char		slot[Max(LOKI_ATTR_MAX_SLOT, sizeof(LokiHashData))];

	for (int i = 0; i <= row->state->nattributes; i++)
	{
		int			array = LokiSharedArray(i);
		const void *own = i == 0 ? (const void *) &row->hash : row->attributes[i - 1];

		if (!loki_slot_read(row->state, row->index, array, node, slot) ||
			memcmp(slot, own, arrays[array].slot_size) != 0)
			return false;
	}
	return true;
}

/*
 * Whether a row may join a node with this TID slot: it is live, and its own insert has come to its
 * end.  BM25 counts documents by nodes, so one of words has a row and its next version at most.
 */
static bool
may_join(const LokiNewRow *row, const LokiTidData *tid)
{
	switch (LokiTidState(tid))
	{
		case LOKI_TID_LIST:
			return row->state->column.type->words == NULL;
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
			return (tid->state & LOKI_TID_LINKING) == 0;
		default:
			return false;
	}
}

typedef enum JoinResult
{
	JOIN_DONE,
	JOIN_REFUSED,				/* the node takes no rows */
	JOIN_NO_SLOTS				/* they must be claimed elsewhere first */
} JoinResult;

/*
 * Add the row to a node in one record: claim DUPLICATE slots, and put them at the head of the TID
 * list; two if there is no list yet, one of which is for the row that the node has.  Locks the TID
 * page exclusively, then that of DUPLICATE; leaves no lock.
 */
static JoinResult
join_at_once(LokiNewRow *row, uint32 node)
{
	uint32		slot_size = row->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		free_head = row->meta.free_head[LokiSlotArrayFreeList(LOKI_SLOTS_DUPLICATE)];
	LokiTidData tid = {0};
	LokiDuplicateData own;		/* the change reads them at its end */
	LokiDuplicateData first;
	JoinResult	result = JOIN_REFUSED;
	LokiChange	change;
	LokiClaim	claims[2];
	uint32		place;
	int			page;
	bool		has_list;

	loki_change_begin(&change, row->state, row->index);
	page = loki_change_lock(&change, LOKI_SLOTS_TID, node, &place);
	Assert(loki_buffer_locked_exclusively(change.pages[page].buffer));	/* I8 */
	memcpy(&tid, LokiPageSlot(loki_change_page(&change, page), slot_size, place), slot_size);
	has_list = LokiTidState(&tid) == LOKI_TID_LIST;
	if (may_join(row, &tid))	/* N2 */
		result = loki_claim_at_once(&change, LOKI_SLOTS_DUPLICATE, free_head, has_list ? 1 : 2,
									claims) ? JOIN_DONE : JOIN_NO_SLOTS;
	if (result == JOIN_DONE)
	{
		uint32		next = has_list ? LokiTidListHead(&tid) : claims[1].number;

		Assert(next != claims[0].number);
		own = loki_duplicate_slot(node, next, &row->tid.u.heap);
		loki_claim_slot(&change, &claims[0], &own);
		if (!has_list)
		{
			first = loki_duplicate_slot(node, LOKI_NONE, &tid.u.heap);
			loki_claim_slot(&change, &claims[1], &first);
		}
		loki_tid_make_list(&tid, slot_size, claims[0].number, &row->tid);
		loki_change_slot(&change, page, slot_size, place, &tid);
	}
	loki_change_finish(&change);
	return result;
}

/*
 * Make a DUPLICATE slot the head of a node's TID list, followed by the slot `next`, if the
 * node's TID slot still is *seen.  Locks the TID page, then that of DUPLICATE.
 */
static bool
prepend_duplicate(LokiNewRow *row, uint32 node, const LokiTidData *seen,
				  uint32 duplicate, uint32 next)
{
	uint32		slot_size = row->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		place;
	uint32		duplicate_place;
	LokiTidData tid = *seen;
	LokiChange	change;
	int			page;
	bool		same;

	Assert(duplicate != next);
	loki_change_begin(&change, row->state, row->index);
	page = loki_change_lock(&change, LOKI_SLOTS_TID, node, &place);
	same = memcmp(LokiPageSlot(loki_change_page(&change, page), slot_size, place), seen,
				  slot_size) == 0;
	if (same)
	{
		int			duplicate_page = loki_change_lock(&change, LOKI_SLOTS_DUPLICATE, duplicate,
													  &duplicate_place);

		loki_tid_make_list(&tid, slot_size, duplicate, &row->tid);
		loki_change_slot(&change, page, slot_size, place, &tid);
		loki_change_slot_bytes(&change, duplicate_page, sizeof(LokiDuplicateData),
							   duplicate_place, offsetof(LokiDuplicateData, next), &next,
							   sizeof(next));
	}
	loki_change_finish(&change);
	return same;
}

/* Claim a DUPLICATE slot, in no TID list yet; LOKI_NONE if there is no room. */
static uint32
claim_duplicate(LokiNewRow *row, uint32 node, const ItemPointerData *heap)
{
	LokiDuplicateData slot = loki_duplicate_slot(node, LOKI_NONE, heap);

	return loki_slot_claim(row->state, row->index, LOKI_SLOTS_DUPLICATE, &slot, DEBUG1);
}

/*
 * Add the row to a node step by step, if slots must be claimed on a new page or on the next
 * page of the free list.  No content lock may be held; none is left.
 *
 * Slots are claimed before they are put into the TID list.  A slot that does not get there
 * names a node that does not know it, and vacuum reclaims it.  It must not be freed here:
 * vacuum relies on nobody else freeing slots.  False if there is no room for a slot: then
 * the row gets a node of its own, which may reuse one that vacuum freed.
 */
static bool
join_in_steps(LokiNewRow *row, uint32 node)
{
	uint32		first = LOKI_NONE;	/* slot of the TID that the node has */
	uint32		added = LOKI_NONE;	/* slot of the row */
	ItemPointerData first_heap;

	for (;;)
	{
		LokiTidData tid = {0};
		uint32		next;

		if (!loki_slot_read(row->state, row->index, LOKI_SLOTS_TID, node, &tid) ||
			!may_join(row, &tid))
			return false;
		if (LokiTidState(&tid) != LOKI_TID_LIST)
		{
			if (first == LOKI_NONE || !ItemPointerEquals(&first_heap, &tid.u.heap))
				first = claim_duplicate(row, node, &tid.u.heap);
			first_heap = tid.u.heap;
			next = first;
		}
		else
			next = LokiTidListHead(&tid);
		if (added == LOKI_NONE)
			added = claim_duplicate(row, node, &row->tid.u.heap);
		if (next == LOKI_NONE || added == LOKI_NONE)
			return false;
		if (prepend_duplicate(row, node, &tid, added, next))
			return true;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Join a node if it is equal to the row.  False if it is not, if that node has died, or if its own
 * insert has not come to its end: if that insert is killed, nothing may lead to the node.  The
 * insert lock is held, and no content lock; none is left.
 *
 * A node that seems equal is compared again after it was seen live.  The first time it may
 * have been dead, and vacuum may have freed it and another insert reused it since then.  A
 * live node stays what it is while the insert lock is held.
 */
bool
loki_join_duplicate(LokiNewRow *row, uint32 node)
{
	JoinResult	result;

	Assert(loki_insert_lock_held(row->index));	/* N1 */
	Assert(row->node == LOKI_NONE && loki_no_buffer_locked());
	if (!is_duplicate(row, node) || !loki_node_is_live(row->state, row->index, node) ||
		!is_duplicate(row, node))
		return false;
	loki_note_change(row->state, row->index, &row->meta, LOKI_SLOTS_GAINED, node);
	result = join_at_once(row, node);
	return result == JOIN_DONE || (result == JOIN_NO_SLOTS && join_in_steps(row, node));
}

/*
 * Make searches stop at a node that is equal to the row as far as its code shows: the estimate of a
 * duplicate is that of the row's own code, up to rounding.  The search's
 * query is the row's; the caller says by search->target.stop when a search is to stop.
 */
void
loki_look_for_duplicate(LokiNewRow *row)
{
	LokiSearch *search = &row->cache->search;
	const LokiQuantizer *quantizer = row->state->quantizer;
	const void *own = row->code;
	float		self;
	float		error;

	quantizer->score(quantizer, search->query.used, &own, 1, &self);
	error = quantizer->error(quantizer, search->query.used, own, self);
	Assert(!search->target.stop);
	search->target.distance = self;
	search->target.tolerance = 0.01f * error + 1e-5f * fabsf(self) + FLT_MIN;
}

/*
 * Look for a duplicate in the pool of the search, and join its node.  False if there is none.  Only nodes
 * at the distance of the row's own code are read.  The insert lock is held, and no content lock.
 */
bool
loki_insert_duplicate(LokiNewRow *row)
{
	LokiSearch *search = &row->cache->search;

	if (!search->target.met)
		return false;
	for (int i = 0; i < search->pool.n; i++)
		if (fabsf(search->pool.nearest[i].distance - search->target.distance) <= search->target.tolerance &&
			loki_join_duplicate(row, search->pool.nearest[i].node & ~LOKI_EXPANDED))
			return true;
	return false;
}

/*
 * Join the node of a row with the same vector and attributes; false if there is none.  HASH is read
 * page by page under share lock, and nothing is locked while a node is joined.  The insert lock is held, so
 * that the index stays pending, and no content lock; none is left.
 */
bool
loki_join_pending(LokiNewRow *row)
{
	LokiSlotArray *array = &row->state->arrays[LOKI_SLOTS_HASH];

	Assert(loki_insert_lock_held(row->index));	/* N1 */
	Assert(row->meta.pending > 0 && row->meta.entry.node == LOKI_NONE); /* N3 */

	/*
	 * posting lists have a node for each row; all of HASH would be too much
	 * to read
	 */
	if (loki_column_listed(&row->state->column))
		return false;
	loki_index_refresh(row->state, row->index);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		PGAlignedBlock copy;
		int			used = loki_page_copy(row->state, row->index, LOKI_SLOTS_HASH, ordinal, NULL,
										  copy.data);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < used; i++)
			if (memcmp(LokiPageSlot(copy.data, array->slot_size, i), &row->hash,
					   array->slot_size) == 0 &&
				loki_join_duplicate(row, ordinal * array->per_page + i))
				return true;
	}
	return false;
}
