/*-------------------------------------------------------------------------
 *
 * new_reachable.c
 *	  Searching for nodes, and linking those that are not found.
 *
 * Vacuum searches for nodes that lost a link, and for those that were inserted since the
 * vacuum before, which later inserts may have hidden (R9).
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/new_reachable.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/vacuum/vacuum.h"

/*
 * Make ready to search for nodes and to link them; nothing is noted to be searched for.
 * Lists are chosen from at most `capacity` candidates.  Memory in the current context.
 */
void
loki_reachability_begin(LokiVacuum *vacuum, int capacity)
{
	LokiIndex  *state = vacuum->state;
	LokiSlotArray *upper = &state->arrays[LOKI_SLOTS_UPPER];

	loki_search_begin(&vacuum->search, vacuum->index, state, CurrentMemoryContext);
	loki_linker_begin(&vacuum->linker, vacuum->index, state, capacity);
	loki_bitmap_init(&vacuum->lost[0], vacuum->live.size);
	loki_bitmap_init(&vacuum->lost[1], upper->npages * upper->per_page);
}

/*
 * Search for a node on a layer, and link it if it is not found.  As an insert does, this
 * takes the insert lock, and releases it at the end.  No page may be locked.
 */
static void
find_node(LokiVacuum *vacuum, uint32 node, uint32 slot, int level)
{
	LokiListRef ref = {node, slot, level};

	Assert(level >= 0 && level <= LOKI_MAX_LEVEL && (level == 0) == (slot == LOKI_NONE));
	loki_vacuum_step();
	if (!loki_bitmap_test(&vacuum->live, node))
		return;
	LokiVacuumDelayPoint();
	loki_insert_lock(vacuum->index);
	loki_node_make_reachable(&vacuum->linker, &vacuum->search, NULL, &ref, true);
	loki_pushed_out_make_reachable(&vacuum->linker, &vacuum->search, NULL);
	loki_insert_unlock(vacuum->index);
}

/* Begin to search for what was noted, with UPPER slots, as searches of layer 0 begin at what is found there. */
static void
find_upper(LokiVacuum *vacuum)
{
	LokiUpperData *upper = (LokiUpperData *) vacuum->linker.slot;
	uint64		total = 0;

	for (int i = 0; i < lengthof(vacuum->lost); i++)
		total += pg_popcount((const char *) vacuum->lost[i].words,
							 (vacuum->lost[i].size / 64 + 1) * sizeof(uint64));
	loki_vacuum_phase(vacuum, LOKI_VACUUM_SEARCHING, total);
	loki_bitmap_foreach(slot, &vacuum->lost[1])
		if (loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_UPPER, slot, upper) &&
			upper->level > 0)
			find_node(vacuum, upper->node, slot, upper->level);
}

/* Search on layer 0 for the nodes that were noted, from `first` up to `end`. */
static void
find_base(LokiVacuum *vacuum, uint32 first, uint32 end)
{
	for (uint32 node = loki_bitmap_next(&vacuum->lost[0], first); node < end;
		 node = loki_bitmap_next(&vacuum->lost[0], node + 1))
		find_node(vacuum, node, LOKI_NONE, 0);
}

/* Search for the nodes and UPPER slots that were noted.  No page may be locked. */
void
loki_make_lost_reachable(LokiVacuum *vacuum)
{
	Assert(loki_no_buffer_locked());
	find_upper(vacuum);
	find_base(vacuum, 0, vacuum->lost[0].size);
}

/* ----------------------------------------------------------------
 * New nodes
 * ----------------------------------------------------------------
 */

/*
 * The nodes of a TID page that were noted have been searched for, and are not new any more.
 * Locks the page exclusively meanwhile.  No page may be locked before.
 */
static void
forget_new_nodes(LokiVacuum *vacuum, uint32 ordinal)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	uint32		first = ordinal * array->per_page;
	LokiChange	change;
	Page		page;

	LokiVacuumDelayPoint();
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, LOKI_SLOTS_TID, ordinal));
	for (uint32 i = 0; i < array->per_page; i++)
		if (loki_bitmap_test(&vacuum->lost[0], first + i))
		{
			LokiTidData *tid = (LokiTidData *) LokiPageSlot(page, array->slot_size, i);

			/* only vacuum frees nodes */
			Assert(LokiTidIsLive(tid));
			tid->state &= ~LOKI_TID_NEW;
		}
	loki_change_finish(&change);
}

/* Note which nodes are live, and which of them are new and are to be searched for; returns how many these are. */
static uint32
note_new_nodes(LokiVacuum *vacuum)
{
	LokiAllSlots all = {vacuum->state, vacuum->index, LOKI_SLOTS_TID, vacuum->strategy, loki_vacuum_step};
	const LokiTidData *tid;
	uint32		n = 0;

	while ((tid = loki_all_slots_next(&all)) != NULL)
	{
		/* an insert that is not done looks for its node itself */
		if (!LokiTidIsLive(tid) || (tid->state & LOKI_TID_LINKING) != 0)
			continue;
		loki_bitmap_set(&vacuum->live, all.number);
		if ((tid->state & LOKI_TID_NEW) == 0)
			continue;
		loki_bitmap_set(&vacuum->lost[0], all.number);
		n++;
	}
	return n;
}

/* Note the UPPER slots of these. */
static void
note_new_slots(LokiVacuum *vacuum)
{
	LokiAllSlots all = {vacuum->state, vacuum->index, LOKI_SLOTS_UPPER, vacuum->strategy, loki_vacuum_step};
	const LokiUpperData *upper;

	while ((upper = loki_all_slots_next(&all)) != NULL)
		if (upper->level > 0 && loki_bitmap_test(&vacuum->lost[0], upper->node))
			loki_bitmap_set(&vacuum->lost[1], all.number);
}

/*
 * Search for the nodes that were inserted since the vacuum before; a pending index has none.
 * Dead nodes were freed, and no page may be locked.  New nodes count as changed since the
 * calibration.
 */
void
loki_make_new_reachable(LokiVacuum *vacuum)
{
	LokiSlotArray *array;
	uint32		nnew;

	Assert(loki_no_buffer_locked());
	/* the bitmaps of the repair are stale: nodes were freed, and others came */
	vacuum->state = loki_index_open(vacuum->index, NULL);
	loki_index_refresh(vacuum->state, vacuum->index);
	array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	loki_bitmap_init(&vacuum->live, array->npages * array->per_page);
	loki_reachability_begin(vacuum, 0);
	nnew = note_new_nodes(vacuum);
	if (nnew == 0 || vacuum->state->pending)
		return;
	loki_calibrate_note_changed(vacuum->index, nnew);
	note_new_slots(vacuum);
	find_upper(vacuum);
	/* page by page, so that what is done stays done if vacuum is cancelled */
	for (uint32 node = loki_bitmap_next(&vacuum->lost[0], 0); node < vacuum->lost[0].size;
		 node = loki_bitmap_next(&vacuum->lost[0], node))
	{
		uint32		ordinal = node / array->per_page;
		uint32		end = (ordinal + 1) * array->per_page;

		find_base(vacuum, node, end);
		forget_new_nodes(vacuum, ordinal);
		node = end;
	}
}
