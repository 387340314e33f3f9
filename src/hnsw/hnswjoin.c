/*-------------------------------------------------------------------------
 *
 * hnswjoin.c
 *	  Inserting a row that is equal to others: it joins their node.
 *
 * The heap TIDs of such a node are in a chain of OVERFLOW slots.  TID slot and
 * chain change in one record, under the exclusive lock of the TID page.
 * src/hnsw/README, "Joining".
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswjoin.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "hnsw/hnswinsert.h"
#include "miscadmin.h"

/* Whether a node has the row's vector and attributes, by hash and bytes */
static bool
is_equal_row(LokiNewRow *row, uint32 node)
{
	LokiHashData hash;
	char		attribute[LOKI_ATTR_MAX_SLOT];

	if (!loki_slot_read(row->state, row->index, LOKI_FAMILY_HASH, node, &hash) ||
		memcmp(&hash, &row->hash, row->state->families[LOKI_FAMILY_HASH].slot_size) != 0)
		return false;
	for (int i = 0; i < row->state->nattributes; i++)
	{
		int			family = LOKI_FAMILY_ATTR + i;

		if (!loki_slot_read(row->state, row->index, family, node, attribute) ||
			memcmp(attribute, row->attributes[i], row->state->families[family].slot_size) != 0)
			return false;
	}
	return true;
}

/*
 * Make an OVERFLOW slot, whose next is *next, the head of a node's chain, if
 * the node's TID slot still is *seen.  One record, under the exclusive lock of
 * the TID page, then that of the OVERFLOW page.
 */
static bool
chain_overflow(LokiNewRow *row, uint32 node, const LokiTidData *seen,
			   uint32 overflow, uint32 next)
{
	LokiIndex  *state = row->state;
	uint32		slot_size = state->families[LOKI_FAMILY_TID].slot_size;
	uint32		place;
	uint32		overflow_place;
	BlockNumber block = loki_slot_block(state, row->index, LOKI_FAMILY_TID, node, &place);
	BlockNumber overflow_block = loki_slot_block(state, row->index, LOKI_FAMILY_OVERFLOW,
												 overflow, &overflow_place);
	Buffer		buffer = loki_buffer_read(state, row->index, block);
	Buffer		overflow_buffer = loki_buffer_read(state, row->index, overflow_block);
	bool		unchanged;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	loki_page_check(row->index, buffer, BufferGetPage(buffer), LOKI_FAMILY_TID, LOKI_NONE);
	unchanged = memcmp(LokiPageSlot(BufferGetPage(buffer), slot_size, place),
					   seen, slot_size) == 0;
	if (unchanged)
	{
		GenericXLogState *xlog = GenericXLogStart(row->index);
		Page		page = GenericXLogRegisterBuffer(xlog, buffer, 0);
		LokiTidData *tid = (LokiTidData *) loki_page_slot_for_write(page, slot_size, place);
		LokiOverflowData *slot;

		LockBuffer(overflow_buffer, BUFFER_LOCK_EXCLUSIVE);
		page = GenericXLogRegisterBuffer(xlog, overflow_buffer, 0);
		slot = (LokiOverflowData *) loki_page_slot_for_write(page, sizeof(LokiOverflowData),
															 overflow_place);
		slot->next = next;
		memset(&tid->u, 0, sizeof(tid->u));
		tid->state = LOKI_TID_OVERFLOW;
		LokiTidSetOverflowHead(tid, overflow);
		/* versions of a row share their value, which is not stored again */
		if (slot_size == LOKI_TID_LONG && LokiTidValue(tid) != LokiTidValue(&row->tid))
			LokiTidClearValue(tid);
		GenericXLogFinish(xlog);
		LockBuffer(overflow_buffer, BUFFER_LOCK_UNLOCK);
	}
	ReleaseBuffer(overflow_buffer);
	UnlockReleaseBuffer(buffer);
	return unchanged;
}

static uint32
claim_overflow(LokiNewRow *row, uint32 node, const ItemPointerData *heap)
{
	LokiOverflowData slot = {0};

	slot.node = node;
	slot.next = LOKI_NONE;
	slot.heap = *heap;
	slot.state = LOKI_TID_LIVE;
	return loki_slot_claim(row->state, row->index, LOKI_FAMILY_OVERFLOW, &slot);
}

/*
 * Add the row to a node that is equal to it; false if that node has died, or if
 * its own insert has not come to its end: should that be killed, nothing may
 * lead to the node.
 *
 * Slots are claimed before they are chained.  One that is not chained in the
 * end names a node that does not know it, and is reclaimed by vacuum; it must
 * not be freed here, since vacuum relies on being the only one who frees.
 */
static bool
join_node(LokiNewRow *row, uint32 node)
{
	uint32		first = LOKI_NONE;	/* slot of the TID that the node has */
	uint32		added = LOKI_NONE;	/* slot of the row */
	ItemPointerData first_heap;

	for (;;)
	{
		LokiTidData tid;
		uint32		next;

		if (!loki_slot_read(row->state, row->index, LOKI_FAMILY_TID, node, &tid))
			return false;
		switch (LokiTidState(&tid))
		{
			case LOKI_TID_LIVE:
			case LOKI_TID_KILLED:
				if (tid.state & LOKI_TID_LINKING)
					return false;
				if (first == LOKI_NONE || !ItemPointerEquals(&first_heap, &tid.u.heap))
					first = claim_overflow(row, node, &tid.u.heap);
				first_heap = tid.u.heap;
				next = first;
				break;
			case LOKI_TID_OVERFLOW:
				next = LokiTidOverflowHead(&tid);
				break;
			default:
				return false;
		}
		if (added == LOKI_NONE)
			added = claim_overflow(row, node, &row->tid.u.heap);
		if (chain_overflow(row, node, &tid, added, next))
			return true;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Look for an equal row in the pool of the search, and join its node.  The
 * estimate of an equal row is that of the row's own code.
 *
 * A node that seems equal is compared again after it was seen live: the pool
 * may hold a dead one, which vacuum may free and another insert use again
 * meanwhile, but one that is live stays what it is for as long as the page lock
 * is held.
 */
bool
loki_join_equal_row(LokiNewRow *row)
{
	LokiSearch *search = &row->cache->search;
	const LokiQuantizer *quantizer = row->state->quantizer;
	const void *own = row->code;
	float		self;
	float		tolerance;

	quantizer->score(quantizer, search->query, &own, 1, &self);
	/* recoding leaves nodes with other codes than those of their vectors */
	tolerance = (row->state->epoch > 1 ? 3.0f : 0.01f) * quantizer->error(quantizer, search->query, own, self) +
		1e-5f * fabsf(self) + FLT_MIN;
	for (int i = 0; i < search->npool; i++)
	{
		uint32		node = search->pool[i].node & ~LOKI_EXPANDED;

		if (!(fabsf(search->pool[i].distance - self) <= tolerance))
			continue;
		if (is_equal_row(row, node) &&
			loki_node_is_live(row->state, row->index, node) &&
			is_equal_row(row, node) && join_node(row, node))
			return true;
	}
	return false;
}
