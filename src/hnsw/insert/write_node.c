/*-------------------------------------------------------------------------
 *
 * write_node.c
 *	  Writing the slots of a new node.
 *
 * Where an nbtree or GiST page gets one tuple, a node gets a slot on a page of each slot array.
 * One record changes four pages (LOKI_CHANGE_PAGES), so there are some.  The first record claims a
 * TID slot and writes what a walk reads; the last one begins to link neighbors to the node, which is live
 * with it at the latest (I7).  Until then no link leads to the node, and what is there of it, vacuum reclaims.
 * src/hnsw/insert/README, "Insert".
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

/* Lock the page of a slot exclusively, and change the slot. */
static void
change_slot(LokiNewRow *row, LokiChange *change, int array, const void *slot)
{
	uint32		place;
	int			page = loki_change_lock(change, array, row->node, &place);

	loki_change_slot_differing(change, page, row->state->arrays[array].slot_size, place, slot);
}

/*
 * Lock the page of the TID slot exclusively, and change the state of the slot to what row->tid has when the
 * change is finished.  Until its insert has ended, nobody else changes the slot, and no scan leaves a hint
 * there, which WAL would not have.
 */
static void
change_state(LokiNewRow *row, LokiChange *change)
{
	uint32		place;
	int			page = loki_change_lock(change, LOKI_SLOTS_TID, row->node, &place);

	loki_change_slot_bytes(change, page, row->state->arrays[LOKI_SLOTS_TID].slot_size, place,
						   offsetof(LokiTidData, state), &row->tid.state, sizeof(row->tid.state));
}

/*
 * Whether the record that claims a slot makes the node live at once, so that the page of the newest nodes, for
 * which inserts wait, is locked once less: if it has all that anybody looks at before links lead to the node.
 * That leaves out nodes on other layers, those with attributes (I7), and IDs that are used again, which
 * derived lists have to know before (LOKI_SLOTS_REUSED).
 */
static bool
is_live_at_once(const LokiNewRow *row)
{
	return row->grown && !row->state->pending && row->level == 0 && row->state->nattributes == 0;
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
	if (is_live_at_once(row))
		row->tid.state = LOKI_TID_LIVE | LOKI_TID_LINKING;
	loki_claim_slot(&change, &claim, &row->tid);
	while (n < nslots && change.npages < LOKI_CHANGE_PAGES)
	{
		change_slot(row, &change, slots[n].array, slots[n].slot);
		n++;
	}
	loki_change_finish(&change);
	return n;
}

/* Whether one of the nodes that the narrow search of a layer ended among has taken the link to the node */
bool
loki_linked_narrowly(const LokiNewRow *row)
{
	const LokiInsertCache *cache = row->cache;
	const LokiBacklinks *links = &cache->links;
	const LokiList *list = &cache->lists[links->level];

	for (int i = 0; i < list->count; i++)
		for (int k = 0; k < cache->nnarrow[links->level] && links->states[i] == LOKI_BACKLINK_MADE; k++)
			if (cache->narrow[links->level][k] == list->nodes[i])
				return true;
	return false;
}

/*
 * The state of the node with a record that has all links made so far.  If they are all that there are to be,
 * and a scan finds the node by them, its insert ends with that record: nothing of steps 7 to 9 of
 * src/hnsw/insert/README is left.
 */
static uint16
state_with_links(const LokiNewRow *row)
{
	const LokiBacklinks *links = &row->cache->links;
	int			n = row->cache->lists[0].count;
	bool		ends = row->level == 0 && n > 0 && row->meta.entry.node != LOKI_NONE &&
		links->done == links->n && (row->found || loki_linked_narrowly(row));
	bool		linked = false;

	Assert(row->cache->linker.npushed_out == 0 && (n == 0 || links->level == 0));
	for (int i = 0; i < n && ends; i++)
	{
		ends = links->states[i] != LOKI_BACKLINK_ALONE;
		linked |= links->states[i] == LOKI_BACKLINK_MADE;
	}
	return LOKI_TID_LIVE | (ends && linked ? LOKI_TID_NEW : LOKI_TID_LINKING);
}

/* Whether a record with n slots of the node has room for all links that are left, and for the end of the insert */
static bool
ends_with(const LokiNewRow *row, int n)
{
	return !row->anew && row->level == 0 && n + loki_backlinks_pages(&row->cache->links) < LOKI_CHANGE_PAGES;
}

/*
 * Write the slots that are left, and with the last of them make the node live (I7), unless it is.  The room
 * that is left in that record is for links to the node, which come after its slots.  No content lock may be
 * held; none is left.
 */
static void
write_slots(LokiNewRow *row, const NodeSlot *slots, int nslots)
{
	bool		live = row->tid.state != LOKI_TID_RESERVED;
	bool		pending = row->state->pending;
	LokiChange	change;
	bool		last;

	Assert(!live || is_live_at_once(row));
	do
	{
		bool		changes_state;

		last = nslots <= LOKI_CHANGE_PAGES - (live ? 0 : 1);
		changes_state = last && (!live || ends_with(row, nslots));
		loki_change_begin(&change, row->state, row->index);
		if (changes_state)
			change_state(row, &change);
		while (nslots > 0 && change.npages < LOKI_CHANGE_PAGES)
		{
			change_slot(row, &change, slots->array, slots->slot);
			slots++;
			nslots--;
		}
		if (last && !pending)
			loki_backlinks_write(&row->cache->linker, &row->cache->links, &change);
		if (changes_state)
			row->tid.state = pending ? LOKI_TID_LIVE : state_with_links(row);
		loki_change_finish(&change);
	} while (!last);
}

/*
 * Make the links to the node that are left of cache->links.  The last record on layer 0 also ends the insert,
 * if it can.  The insert lock is held, and no content lock; none is left.
 */
void
loki_node_link(LokiNewRow *row)
{
	LokiBacklinks *links = &row->cache->links;
	LokiChange	change;

	Assert(loki_insert_lock_held(row->index));
	while (links->done < links->n)
	{
		bool		last = ends_with(row, 0);

		loki_change_begin(&change, row->state, row->index);
		if (last)
			change_state(row, &change);
		loki_backlinks_write(&row->cache->linker, links, &change);
		if (last)
			row->tid.state = state_with_links(row);
		loki_change_finish(&change);
		CHECK_FOR_INTERRUPTS();
	}
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
	Assert(row->level == 0 || row->tid.state == LOKI_TID_RESERVED);
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
 * to it.  Others get the flag that their insert has not ended, unless it ends with their first links.
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
	 * them, since neighbors are pruned by the node's own list.  A pending node has neither codes nor links (N3).
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
	row->tail.node = row->node;
	row->tail.is_new = row->grown;
	(void) loki_tail_append(row->state, row->index, &row->meta, &row->tail, ERROR);
	if (!pending)
	{
		write_upper(row, link);
		loki_backlinks_begin(&row->cache->linker, 0, &row->cache->lists[0], row->node, LOKI_NONE,
							 &row->cache->links);
	}
	write_slots(row, slots + nwritten, nslots - nwritten);
}

/* Write the slots that a node which the index has gets in another set of codes and graph.  See loki_node_link_anew(). */
void
loki_node_write_anew(LokiNewRow *row, uint32 node, bool placed)
{
	LokiIndex  *state = row->state;
	const LokiList *list = &row->cache->lists[0];
	LokiLinkData *link = palloc0(LokiLinkSize(state->m));

	Assert(row->anew && row->level == 0);
	row->node = node;
	loki_ensure_node(state, row->index, node);
	loki_slot_write(state, row->index, LOKI_SLOTS_CODE, node, row->code);
	if (row->refine != NULL)
		loki_slot_write(state, row->index, LOKI_SLOTS_REFINE, node, row->refine);
	if (placed)
		return;
	loki_list_put(link, 0, state->m, list);
	loki_slot_write(state, row->index, LOKI_SLOTS_LINK, node, link);
	loki_backlinks_begin(&row->cache->linker, 0, list, node, LOKI_NONE, &row->cache->links);
}

/*
 * Let duplicates join the node, which is linked now (N2), unless its last links have: clear the flag that its
 * insert has not ended.  LOKI_TID_NEW stays until a vacuum has searched for it (graph/README, R9).  The insert
 * lock is held.
 */
void
loki_node_let_join(LokiNewRow *row)
{
	LokiChange	change;

	Assert(loki_insert_lock_held(row->index));
	if (row->tid.state == (LOKI_TID_LIVE | LOKI_TID_NEW))
		return;
	Assert(row->tid.state == (LOKI_TID_LIVE | LOKI_TID_LINKING));
	loki_change_begin(&change, row->state, row->index);
	change_state(row, &change);
	row->tid.state = LOKI_TID_LIVE | LOKI_TID_NEW;
	loki_change_finish(&change);
}
