/*-------------------------------------------------------------------------
 *
 * reachability.c
 *	  Searching for nodes, and linking those that are not found.
 *
 * Vacuum searches for nodes that lost a link, and for those that were inserted since the
 * vacuum before, which later inserts may have hidden.  src/hnsw/graph/README, "Nothing is
 * lost".
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/reachability.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/graph/requantize.h"
#include "hnsw/page/held.h"
#include "hnsw/page/insert_lock.h"
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
	vacuum->code = palloc(state->quantizer->code_size);
	vacuum->refine = palloc(Max(state->quantizer->refine_size, 1));
	loki_bitmap_init(&vacuum->lost[0], vacuum->live.size);
	loki_bitmap_init(&vacuum->lost[1], upper->npages * upper->per_page);
}

/*
 * Search for a node on a layer, and link it if it is not found.  As an insert does, this
 * takes the insert lock, which keeps codes from being made anew meanwhile, and releases it at
 * the end.  False if they were made anew before.  No page may be locked.
 */
static bool
find_node(LokiVacuum *vacuum, uint32 node, uint32 slot, int level)
{
	bool		valid;

	loki_vacuum_step();
	if (!loki_bitmap_test(&vacuum->live, node))
		return true;
	LokiVacuumDelayPoint();
	loki_insert_lock(vacuum->index);
	valid = !loki_was_requantized(vacuum->state, vacuum->index);
	if (valid)
	{
		loki_node_make_reachable(&vacuum->linker, &vacuum->search, node, slot, level, true,
								 vacuum->code, vacuum->refine);
		loki_pushed_out_make_reachable(&vacuum->linker, &vacuum->search);
	}
	loki_insert_unlock(vacuum->index);
	return valid;
}

/* Begin to search for what was noted. */
static void
begin_searching(LokiVacuum *vacuum)
{
	uint64		total = 0;

	for (int i = 0; i < lengthof(vacuum->lost); i++)
		total += pg_popcount((const char *) vacuum->lost[i].words,
							 (vacuum->lost[i].size / 64 + 1) * sizeof(uint64));
	loki_vacuum_phase(vacuum, LOKI_VACUUM_SEARCHING, total);
}

/* Search on layer 0 for the nodes that were noted, from `first` up to `end`. */
static bool
find_base(LokiVacuum *vacuum, uint32 first, uint32 end)
{
	for (uint32 node = loki_bitmap_next(&vacuum->lost[0], first); node < end;
		 node = loki_bitmap_next(&vacuum->lost[0], node + 1))
		if (!find_node(vacuum, node, LOKI_NONE, 0))
			return false;
	return true;
}

/* Search for the UPPER slots that were noted. */
static bool
find_upper(LokiVacuum *vacuum)
{
	LokiUpperData *upper = (LokiUpperData *) vacuum->linker.slot;

	loki_bitmap_foreach(slot, &vacuum->lost[1])
		if (loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_UPPER, slot, upper) &&
			upper->level > 0 && !find_node(vacuum, upper->node, slot, upper->level))
		return false;
	return true;
}

/*
 * Search for the nodes and UPPER slots that were noted.  False if codes were made anew, and
 * some were not searched for.  No page may be locked.  The layers above 0 come first, as
 * searches of layer 0 begin at what is found there.
 */
bool
loki_make_lost_reachable(LokiVacuum *vacuum)
{
	Assert(loki_no_buffer_locked());
	begin_searching(vacuum);
	return find_upper(vacuum) && find_base(vacuum, 0, vacuum->lost[0].size);
}

/* ----------------------------------------------------------------
 * New nodes
 * ----------------------------------------------------------------
 */

static const LokiTidData *
tid_on_page(LokiVacuum *vacuum, int place)
{
	return (const LokiTidData *)
		LokiPageSlot(vacuum->page.data,
					 vacuum->state->arrays[LOKI_SLOTS_TID].slot_size, place);
}

/*
 * Note which nodes are live, and which of them are to be searched for: all, or those that are
 * new, which are counted.  Returns whether any are noted.
 */
static bool
note_new_nodes(LokiVacuum *vacuum, bool all, uint32 *nnew)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	bool		any = false;

	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_TID, ordinal);

		for (int i = 0; i < used; i++)
		{
			const LokiTidData *tid = tid_on_page(vacuum, i);
			uint32		node = ordinal * array->per_page + i;

			/* an insert that is not done looks for its node itself */
			if (!LokiTidIsLive(tid) || (tid->state & LOKI_TID_LINKING) != 0)
				continue;
			loki_bitmap_set(&vacuum->live, node);
			*nnew += (tid->state & LOKI_TID_NEW) != 0;
			if (all || (tid->state & LOKI_TID_NEW) != 0)
			{
				loki_bitmap_set(&vacuum->lost[0], node);
				any = true;
			}
		}
	}
	return any;
}

/* Note the UPPER slots of the nodes that were noted. */
static void
note_upper_slots(LokiVacuum *vacuum)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_UPPER];

	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_UPPER, ordinal);

		for (int i = 0; i < used; i++)
		{
			const LokiUpperData *upper = (const LokiUpperData *)
				LokiPageSlot(vacuum->page.data, array->slot_size, i);

			if (upper->level > 0 && loki_bitmap_test(&vacuum->lost[0], upper->node))
				loki_bitmap_set(&vacuum->lost[1], ordinal * array->per_page + i);
		}
	}
}

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

/*
 * Clear the metapage's request for a search of all nodes, unless codes were made anew since.
 * Locks block 0 exclusively meanwhile.
 */
static void
forget_all_new(LokiVacuum *vacuum)
{
	LokiChange	change;
	LokiMetaPage meta;

	loki_change_begin(&change, vacuum->state, vacuum->index);
	meta = loki_change_meta(&change);
	if (meta->epoch == vacuum->state->epoch)
		meta->flags &= ~LOKI_META_ALL_NEW;
	loki_change_finish(&change);
}

/*
 * Search for the nodes that were inserted since the vacuum before, or for all if codes were
 * made anew since.  If that happens meanwhile, the next vacuum begins again.  Dead nodes were
 * freed, and no page may be locked.  New nodes count as changed since the calibration.
 */
void
loki_make_new_reachable(LokiVacuum *vacuum)
{
	LokiMetaPageData meta;
	LokiSlotArray *array;
	uint32		nnew = 0;

	Assert(loki_no_buffer_locked());
	vacuum->state = loki_index_open(vacuum->index, &meta);
	loki_index_refresh(vacuum->state, vacuum->index);
	array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	loki_bitmap_init(&vacuum->live, array->npages * array->per_page);
	loki_reachability_begin(vacuum, 0);
	if (!note_new_nodes(vacuum, (meta.flags & LOKI_META_ALL_NEW) != 0, &nnew))
		return;
	loki_calibrate_note_changed(vacuum->index, nnew);
	note_upper_slots(vacuum);
	begin_searching(vacuum);
	if (!find_upper(vacuum))
		return;
	/* page by page, so that what is done stays done if vacuum is cancelled */
	for (uint32 node = loki_bitmap_next(&vacuum->lost[0], 0); node < vacuum->lost[0].size;
		 node = loki_bitmap_next(&vacuum->lost[0], node))
	{
		uint32		ordinal = node / array->per_page;
		uint32		end = (ordinal + 1) * array->per_page;

		if (!find_base(vacuum, node, end))
			return;
		forget_new_nodes(vacuum, ordinal);
		node = end;
	}
	if (meta.flags & LOKI_META_ALL_NEW)
		forget_all_new(vacuum);
}
