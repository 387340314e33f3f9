/*-------------------------------------------------------------------------
 *
 * write_node.c
 *	  Writing the slots of a new node.
 *
 * Where an nbtree or GiST page gets one tuple, a node gets a slot on a page of each slot array.
 * One record changes four pages (LOKI_CHANGE_PAGES), so there are some.  The first record claims a
 * TID slot and writes what a walk reads; the last one makes the node live (I7).  Until then nobody
 * knows the node, and what is there of it, vacuum reclaims.  src/hnsw/insert/README, "Insert".
 *
 * The pages of a record are locked together: that of TID first, as the claim leaves it,
 * then the others as loki_node_write() lists them.
 *
 * IDENTIFICATION
 *	  src/hnsw/insert/write_node.c
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

/* A slot of a new node, but not that of TID: which array it is for, and its bytes */
typedef struct NodeSlot
{
	int			array;			/* LOKI_SLOTS_xxx */
	const void *slot;			/* slot_size bytes, as long as the row */
} NodeSlot;

/*
 * Lock the page of a slot exclusively, and change the slot.  A TID slot is written in full:
 * what the page has may be a hint that is not in WAL.
 */
static void
change_slot(LokiNewRow *row, LokiChange *change, int array, const void *slot)
{
	uint32		slot_size = row->state->arrays[array].slot_size;
	uint32		place;
	int			page = loki_change_lock(change, array, row->node, &place);

	if (array == LOKI_SLOTS_TID)
		loki_change_slot(change, page, slot_size, place, slot);
	else
		loki_change_slot_differing(change, page, slot_size, place, slot);
}

/*
 * Claim a TID slot for the node, and write as many of its other slots as fit the record;
 * returns how many.  No content lock may be held; none is left.
 */
static int
claim_node(LokiNewRow *row, const NodeSlot *slots, int nslots)
{
	LokiChange	change;
	LokiClaim	claim;
	int			n = 0;

	Assert(row->node == LOKI_NONE && row->tid.state == LOKI_TID_RESERVED);
	for (;;)
	{
		loki_change_begin(&change, row->state, row->index);
		(void) loki_claim_begin(&change, LOKI_SLOTS_TID, ERROR, &claim);
		if (loki_node_has_pages(row->state, claim.number))
			break;
		loki_change_unlock(&change);
		loki_ensure_node(row->state, row->index, claim.number);
	}
	Assert(claim.number < LOKI_MAX_NUMBER);
	row->node = claim.number;
	row->grown = !claim.was_free;
	loki_claim_slot(&change, &claim, &row->tid);
	while (n < nslots && change.npages < LOKI_CHANGE_PAGES)
	{
		change_slot(row, &change, slots[n].array, slots[n].slot);
		n++;
	}
	loki_change_finish(&change);
	return n;
}

/*
 * Write the slots that are left, and the TID slot with the last of them.  No content lock
 * may be held; none is left.
 */
static void
write_slots(LokiNewRow *row, const NodeSlot *slots, int nslots)
{
	LokiChange	change;
	bool		last;

	Assert(LokiTidState(&row->tid) == LOKI_TID_LIVE);	/* I7 */
	do
	{
		last = nslots < LOKI_CHANGE_PAGES;
		loki_change_begin(&change, row->state, row->index);
		if (last)
			change_slot(row, &change, LOKI_SLOTS_TID, &row->tid);
		while (nslots > 0 && change.npages < LOKI_CHANGE_PAGES)
		{
			change_slot(row, &change, slots->array, slots->slot);
			slots++;
			nslots--;
		}
		loki_change_finish(&change);
	} while (!last);
}

/* Append a slot to a list of them, unless the node has none in that array. */
static void
add_node_slot(NodeSlot *slots, int *n, int array, const void *slot)
{
	if (slot == NULL)
		return;
	Assert(array != LOKI_SLOTS_TID && (*n == 0 || slots[*n - 1].array != array));
	slots[*n].array = array;
	slots[(*n)++].slot = slot;
}

/*
 * Claim and write UPPER slots from layer 1 upwards.  If there is no room for one, the node
 * ends on the layer below, as nobody knows it yet.
 */
static void
write_upper(LokiNewRow *row, LokiLinkData *link)
{
	LokiUpperData *upper = palloc0(LokiUpperSize(row->state->m));

	Assert(row->level <= LOKI_MAX_LEVEL);
	Assert(row->tid.state == LOKI_TID_RESERVED);
	row->slots[0] = LOKI_NONE;
	for (int level = 1; level <= row->level; level++)
	{
		upper->node = row->node;
		upper->down = row->slots[level - 1];
		upper->level = (uint8) level;
		loki_list_put(upper, level, row->state->m, &row->cache->lists[level]);
		row->slots[level] = loki_slot_claim(row->state, row->index, LOKI_SLOTS_UPPER, upper,
											DEBUG1);
		if (row->slots[level] == LOKI_NONE)
		{
			row->level = level - 1;
			link->level = (uint8) row->level;
			loki_slot_write(row->state, row->index, LOKI_SLOTS_LINK, row->node, link);
		}
	}
}

/*
 * Claim a TID slot and write all slots of the node, which nobody can reach yet; then make it
 * live.  Sets row->node.  The insert lock is held, and no content lock; none is left.
 *
 * A node of a pending index is complete then, and rows may join it at once: nothing has to lead
 * to it.  Others get the flag that their insert has not ended, until loki_node_let_join().
 */
void
loki_node_write(LokiNewRow *row)
{
	bool		pending = row->state->pending;
	LokiLinkData *link = NULL;
	NodeSlot	slots[4 + LOKI_MAX_ATTRIBUTES];
	int			nslots = 0;
	int			nwritten;

	Assert(loki_insert_lock_held(row->index));	/* N1 */
	Assert(pending == (row->code == NULL) && (!pending || row->refine == NULL));	/* N3 */
	if (!pending)
	{
		link = palloc0(LokiLinkSize(row->state->m));
		link->level = (uint8) row->level;
		loki_list_put(link, 0, row->state->m, &row->cache->lists[0]);
	}
	/*
	 * In the order of locks within a record: the first one has TID and three of these, LINK the last of
	 * them.  A pending node has neither codes nor links (N3).
	 */
	add_node_slot(slots, &nslots, LOKI_SLOTS_CODE, row->code);
	add_node_slot(slots, &nslots, LOKI_SLOTS_HASH, &row->hash);
	add_node_slot(slots, &nslots, LOKI_SLOTS_LINK, link);
	add_node_slot(slots, &nslots, LOKI_SLOTS_REFINE, row->refine);
	for (int i = 0; i < row->state->nattributes; i++)
		add_node_slot(slots, &nslots, LOKI_SLOTS_ATTR + i, row->attributes[i]);
	Assert(nslots <= (int) lengthof(slots));
	row->tid.state = LOKI_TID_RESERVED;
	nwritten = claim_node(row, slots, nslots);
	loki_note_change(row->state, row->index, &row->meta, LOKI_SLOTS_REUSED, row->node);
	if (loki_column_listed(&row->state->column))
	{
		row->tail.node = row->node;
		row->tail.is_new = row->grown;
		(void) loki_tail_append(row->state, row->index, &row->meta, &row->tail, ERROR);
	}
	if (!pending)
		write_upper(row, link);
	row->tid.state = LOKI_TID_LIVE | (pending ? 0 : LOKI_TID_LINKING);
	write_slots(row, slots + nwritten, nslots - nwritten);
}

/*
 * Let duplicates join the node, which is linked now (N2): clear the flag that its insert has not ended.
 * LOKI_TID_NEW stays until a vacuum has searched for it (graph/README, R9).  The insert lock is held.
 */
void
loki_node_let_join(LokiNewRow *row)
{
	Assert(loki_insert_lock_held(row->index));
	Assert(row->tid.state == (LOKI_TID_LIVE | LOKI_TID_LINKING));
	row->tid.state = LOKI_TID_LIVE | LOKI_TID_NEW;
	write_slots(row, NULL, 0);
}
