/*-------------------------------------------------------------------------
 *
 * vacuum.c
 *	  Vacuum: mark the nodes of dead rows, have the graph repaired, free them.
 *
 * ambulkdelete sets the metapage's flag "vacuum unfinished" and marks nodes dead in one pass
 * over TID.  amvacuumcleanup repairs and frees by that flag alone, so it finishes what a crash or
 * a cancelled vacuum left.  It waits for the inserts that may have seen a dead node as
 * live, repairs the graph, and frees slots.  Only one vacuum runs at a time, and only
 * vacuum frees slots (I11).
 *
 *	TID slot	live, killed, reserved -> dead		ambulkdelete
 *				list -> shorter list, live or dead	ambulkdelete
 *				dead -> free						amvacuumcleanup
 *
 * All locks are of single pages, or of a TID page and one of DUPLICATE below it.  The callback
 * and delays come with no page locked.  src/hnsw/vacuum/README.
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/vacuum.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/compare_numbers.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/recall/recall.h"
#include "hnsw/statistics/statistics.h"
#include "hnsw/vacuum/vacuum.h"

/* Copy a page under share lock.  See vacuum.h.  The delay is VACUUM's, at each page as in nbtree. */
int
loki_vacuum_read_page(LokiVacuum *vacuum, int array, uint32 ordinal)
{
	Assert(loki_no_buffer_locked());
	LokiVacuumDelayPoint();
	loki_vacuum_step();
	return loki_page_copy(vacuum->state, vacuum->index, array, ordinal, vacuum->strategy,
						  vacuum->page.data);
}

/* Begin a change, which locks pages until loki_change_finish(). */
void
loki_vacuum_change(LokiVacuum *vacuum, LokiChange *change)
{
	loki_change_begin(change, vacuum->state, vacuum->index);
	change->strategy = vacuum->strategy;
}

/*
 * Free n slots of a page, whose places are in vacuum->places, in one record, and give the
 * page to the free list.  No page may be locked before, and none is afterwards.
 */
static void
free_places(LokiVacuum *vacuum, int array, uint32 ordinal, int n)
{
	uint32		slot_size = vacuum->state->arrays[array].slot_size;
	LokiChange	change;
	Page		page;

	if (n == 0)
		return;
	Assert(loki_no_buffer_locked());
	Assert((uint32) n <= vacuum->state->arrays[array].per_page);
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, array, ordinal));
	for (int i = 0; i < n; i++)
	{
		char	   *slot = LokiPageSlot(page, slot_size, vacuum->places[i]);

		Assert(vacuum->places[i] < LokiPageUsed(page, slot_size));
		Assert(loki_slot_state(array, slot) != LOKI_TID_FREE);
		memset(slot, 0, slot_size);
		/* node 0 exists, so a free slot of UPPER names none */
		if (array == LOKI_SLOTS_UPPER)
			((LokiUpperData *) slot)->node = LOKI_NONE;
	}
	LokiPageOpaque(page)->free_slots += n;
	loki_change_finish(&change);
	loki_freelist_add(vacuum->state, vacuum->index, array, ordinal);
}

/*
 * The same for the page that was copied last.  If there is nothing to free, but a crash
 * kept the page from the free list, it is added now.
 */
static void
free_copied_places(LokiVacuum *vacuum, int array, uint32 ordinal, int n)
{
	LokiPageOpaque opaque = LokiPageOpaque((Page) vacuum->page.data);

	if (n > 0)
		free_places(vacuum, array, ordinal, n);
	else if (opaque->free_slots > 0 && !(opaque->flags & LOKI_PAGE_ON_FREELIST))
		loki_freelist_add(vacuum->state, vacuum->index, array, ordinal);
}

/* ----------------------------------------------------------------
 * ambulkdelete: marking
 * ----------------------------------------------------------------
 */

/* Ask whether the index entry of a heap TID may be removed, and count it. */
static bool
is_removable(LokiVacuum *vacuum, ItemPointerData *heap)
{
	Assert(loki_no_buffer_locked());
	if (vacuum->marking.callback(heap, vacuum->marking.callback_state))
	{
		vacuum->marking.stats->tuples_removed += 1;
		return true;
	}
	vacuum->marking.stats->num_index_tuples += 1;
	return false;
}

/*
 * Log the flag, before the first dead node is logged, also if a vacuum before has left it: scans go by the
 * metapage's LSN (loki_test_snapshot()).  No page may be locked.
 */
static void
set_unfinished(LokiVacuum *vacuum)
{
	LokiChange	change;

	Assert(loki_no_buffer_locked());
	if (vacuum->marking.flagged)
		return;
	loki_change_begin(&change, vacuum->state, vacuum->index);
	loki_change_meta(&change)->flags |= LOKI_META_VACUUM_UNFINISHED;
	loki_change_keep(&change, 0);
	loki_change_finish(&change);
	vacuum->marking.flagged = true;
}

/* Note a DUPLICATE slot that is to be freed when no list has it any more. */
static void
add_removed(LokiMarking *marking, uint32 number)
{
	marking->removed = loki_grow(CurrentMemoryContext, marking->removed,
								 &marking->removed_allocated, marking->nremoved + 1, 256,
								 sizeof(uint32));
	marking->removed[marking->nremoved++] = number;
}

/*
 * Begin a change by locking the TID page of a node exclusively, as the change's page 0.
 * *tid is the slot's copy.
 */
static void
lock_tid(LokiVacuum *vacuum, uint32 node, LokiChange *change, uint32 *place, LokiTidData *tid)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	int			page;

	Assert(loki_no_buffer_locked());
	loki_vacuum_change(vacuum, change);
	page = loki_change_lock(change, LOKI_SLOTS_TID, node, place);
	Assert(page == 0);
	memcpy(tid, LokiPageSlot(loki_change_page(change, page), slot_size, *place), slot_size);
}

/*
 * Take a run of slots out of a node's TID list: those from `first` up to `next`, which
 * follow `before`.  LOKI_NONE stands for the head; slots may have been inserted before it
 * meanwhile.  A node whose list is empty then is dead.  Locks the TID page exclusively, and then
 * a page of DUPLICATE; none may be locked before, and none is afterwards.
 */
static void
remove_run(LokiVacuum *vacuum, uint32 node, uint32 before, uint32 first, uint32 next)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	LokiTidData tid;
	LokiChange	change;
	uint32		place;
	uint32		number;
	uint64		length = 0;
	LokiDuplicateData slot;
	int			page;

	Assert(first != next);
	set_unfinished(vacuum);
	lock_tid(vacuum, node, &change, &place, &tid);
	Assert(LokiTidState(&tid) == LOKI_TID_LIST);
	number = LokiTidListHead(&tid);
	for (; before == LOKI_NONE && number != first; number = slot.next)
	{
		loki_listed_row_read(vacuum->state, vacuum->index, node, number, &length, &slot);
		if (slot.next == first)
			before = number;
	}
	if (before != LOKI_NONE)
	{
		loki_listed_row_read(vacuum->state, vacuum->index, node, before, &length, &slot);
		slot.next = next;
		page = loki_change_lock(&change, LOKI_SLOTS_DUPLICATE, before, &place);

		/*
		 * The TID page is part of the record, although nothing changes there.
		 * Replay then waits for a standby's readers of the list before it comes
		 * to the record that frees slots.
		 */
		loki_change_keep(&change, 0);
		loki_change_slot(&change, page, sizeof(LokiDuplicateData), place, &slot);
	}
	else
	{
		tid.state = next == LOKI_NONE ? LOKI_TID_DEAD :
			LOKI_TID_LIST | (tid.state & LOKI_TID_NEW);
		if (next == LOKI_NONE)
			ItemPointerSetInvalid(&tid.u.heap);
		else
			LokiTidSetListHead(&tid, next);
		loki_change_slot(&change, 0, slot_size, place, &tid);
	}
	loki_change_finish(&change);
}

/*
 * Remove the heap TIDs of dead rows from a node's TID list, and put the only one that is left back into the TID slot.
 * Duplicates that are inserted meanwhile come before those that are read here.  Locks the TID page exclusively; no
 * page may be locked before, and none is afterwards.
 */
static void
vacuum_duplicates(LokiVacuum *vacuum, uint32 node)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	LokiTidData tid;
	LokiDuplicateData slot;
	LokiChange	change;
	uint32		place;
	uint32		before = LOKI_NONE; /* last slot that stays */
	uint32		first = LOKI_NONE;	/* first of a run that goes */
	uint32		stay = 0;
	uint64		length = 0;

	if (!loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_TID, node, &tid) ||
		LokiTidState(&tid) != LOKI_TID_LIST)
		return;
	for (uint32 number = LokiTidListHead(&tid); number != LOKI_NONE; number = slot.next)
	{
		loki_listed_row_read(vacuum->state, vacuum->index, node, number, &length, &slot);
		if (is_removable(vacuum, &slot.heap))
		{
			if (first == LOKI_NONE)
				first = number;
			add_removed(&vacuum->marking, number);
			continue;
		}
		if (first != LOKI_NONE)
			remove_run(vacuum, node, before, first, number);
		first = LOKI_NONE;
		before = number;
		stay++;
	}
	if (first != LOKI_NONE)
		remove_run(vacuum, node, before, first, LOKI_NONE);
	if (stay != 1)
		return;
	length = 0;
	lock_tid(vacuum, node, &change, &place, &tid);
	if (LokiTidListHead(&tid) == before)
	{
		loki_listed_row_read(vacuum->state, vacuum->index, node, before, &length, &slot);
		Assert(slot.next == LOKI_NONE);
		tid.u.heap = slot.heap;
		tid.state = LOKI_TID_LIVE | (tid.state & LOKI_TID_NEW);
		loki_change_slot(&change, 0, slot_size, place, &tid);
		add_removed(&vacuum->marking, before);
	}
	loki_change_finish(&change);
}

/*
 * Mark n slots of a TID page dead, whose places are in vacuum->places.  A node that has got
 * a TID list since the page was copied is left for vacuum_duplicates().  Returns how many
 * there are; their places are moved to the beginning of vacuum->places.  Locks the page
 * exclusively; none may be locked before, and none is afterwards.
 */
static int
mark_dead(LokiVacuum *vacuum, uint32 ordinal, int n)
{
	LokiChange	change;
	Page		page;
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	int			nlists = 0;

	if (n == 0)
		return 0;
	set_unfinished(vacuum);
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, LOKI_SLOTS_TID, ordinal));
	for (int i = 0; i < n; i++)
	{
		LokiTidData *tid = (LokiTidData *) LokiPageSlot(page, slot_size, vacuum->places[i]);

		if (LokiTidState(tid) == LOKI_TID_LIST)
		{
			vacuum->marking.stats->tuples_removed -= 1;
			vacuum->places[nlists++] = vacuum->places[i];
			continue;
		}
		Assert(LokiTidState(tid) != LOKI_TID_FREE);
		tid->state = LOKI_TID_DEAD;
	}
	loki_change_finish(&change);
	return nlists;
}

/* Mark what is dead on one page of TID, and remove dead duplicates, whose slots are freed page by page. */
static void
vacuum_tid_page(LokiVacuum *vacuum, uint32 ordinal)
{
	LokiSlotArray *duplicates = &vacuum->state->arrays[LOKI_SLOTS_DUPLICATE];
	LokiMarking *marking = &vacuum->marking;
	uint32		first = ordinal * vacuum->state->arrays[LOKI_SLOTS_TID].per_page;
	int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_TID, ordinal);
	uint32		freeing = LOKI_NONE;	/* page of DUPLICATE */
	int			ndead = 0;
	int			nfree = 0;
	int			nlists;

	for (int i = 0; i < used; i++)
	{
		LokiTidData *tid = loki_vacuum_slot(vacuum, LOKI_SLOTS_TID, i);

		int			slot_state = LokiTidState(tid);

		if ((slot_state == LOKI_TID_RESERVED || slot_state == LOKI_TID_LIVE ||
			 slot_state == LOKI_TID_KILLED) && is_removable(vacuum, &tid->u.heap))
			vacuum->places[ndead++] = (uint16) i;
	}
	/*
	 * Lists are read last, and the page copy, which vacuum->page holds, is
	 * older by then.  A node that became a list meanwhile was counted as one
	 * removed row in the first loop, and mark_dead() takes that back.
	 */
	nlists = mark_dead(vacuum, ordinal, ndead);
	Assert(nlists <= ndead);
	for (int i = 0; i < nlists; i++)
		vacuum_duplicates(vacuum, first + vacuum->places[i]);
	for (int i = 0; i < used; i++)
	{
		LokiTidData *tid = loki_vacuum_slot(vacuum, LOKI_SLOTS_TID, i);

		if (LokiTidState(tid) == LOKI_TID_LIST)
			vacuum_duplicates(vacuum, first + i);
	}
	/* after the records that took them out of lists: a reader of a list never meets a free slot (I8) */
	if (marking->nremoved == 0)
		return;
	qsort(marking->removed, marking->nremoved, sizeof(uint32), loki_compare_uint32);
	for (uint32 i = 0; i < marking->nremoved; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(duplicates, marking->removed[i], &place);

		/* a slot is in one list, once */
		Assert(i == 0 || marking->removed[i - 1] < marking->removed[i]);
		if (page != freeing)
		{
			free_places(vacuum, LOKI_SLOTS_DUPLICATE, freeing, nfree);
			freeing = page;
			nfree = 0;
		}
		vacuum->places[nfree++] = (uint16) place;
	}
	free_places(vacuum, LOKI_SLOTS_DUPLICATE, freeing, nfree);
	marking->nremoved = 0;		/* nothing refers to a freed slot of DUPLICATE */
}

/*
 * ambulkdelete: mark the nodes of rows that the callback names.  It may name none, as when
 * CREATE INDEX CONCURRENTLY collects the heap TIDs that are indexed.
 */
IndexBulkDeleteResult *
loki_hnsw_bulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
					 IndexBulkDeleteCallback callback, void *callback_state)
{
	LokiVacuum *vacuum;
	LokiIndex  *state;
	LokiCounts	counts = {{0}};
	double		removed_before;
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	if (loki_index_is_unbuilt(info->index))
		return stats;
	vacuum = palloc0(sizeof(LokiVacuum));
	state = loki_index_open(info->index, NULL);
	removed_before = stats->tuples_removed;
	/* it is called again for each batch of dead TIDs: rows that stay are counted anew, removed ones added up */
	stats->estimated_count = false;
	stats->num_index_tuples = 0;
	vacuum->index = info->index;
	vacuum->state = state;
	vacuum->strategy = info->strategy;
	vacuum->marking.stats = stats;
	vacuum->marking.callback = callback;
	vacuum->marking.callback_state = callback_state;

	loki_index_refresh(state, info->index);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_MARKING,
					  state->arrays[LOKI_SLOTS_TID].npages + state->arrays[LOKI_SLOTS_NULLTID].npages);
	for (uint32 i = 0; i < state->arrays[LOKI_SLOTS_TID].npages; i++)
		vacuum_tid_page(vacuum, i);
	/* nothing refers to slots of NULLTID, which are freed at once */
	for (uint32 ordinal = 0; ordinal < state->arrays[LOKI_SLOTS_NULLTID].npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_NULLTID, ordinal);
		int			ndead = 0;

		for (int i = 0; i < used; i++)
		{
			LokiTidData *tid = loki_vacuum_slot(vacuum, LOKI_SLOTS_NULLTID, i);

			if (LokiTidState(tid) != LOKI_TID_FREE && is_removable(vacuum, &tid->u.heap))
				vacuum->places[ndead++] = (uint16) i;
		}
		free_copied_places(vacuum, LOKI_SLOTS_NULLTID, ordinal, ndead);
	}

	loki_vacuum_phase(vacuum, LOKI_VACUUM_NONE, 0);
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	if (vacuum->marking.removed)
		pfree(vacuum->marking.removed);
	pfree(vacuum);
	counts.of[LOKI_COUNT_ROWS_CHANGED] = (uint64) (stats->tuples_removed - removed_before);
	counts.of[LOKI_TIME_VACUUM] = loki_microseconds_since(start);
	loki_count(info->index, &counts);
	return stats;
}

/* ----------------------------------------------------------------
 * amvacuumcleanup: repairing and freeing
 * ----------------------------------------------------------------
 */

/* Note which slots of a slot array are in use; before inserts are waited for (V2). */
static void
note_used(LokiVacuum *vacuum, int array, LokiBitmap *used_slots)
{
	LokiSlotArray *slots = &vacuum->state->arrays[array];
	LokiAllSlots all = {vacuum->state, vacuum->index, array, vacuum->strategy, loki_vacuum_step};
	const void *slot;

	loki_bitmap_init(used_slots, slots->npages * slots->per_page);
	while ((slot = loki_all_slots_next(&all)) != NULL)
		if (loki_slot_state(array, slot) != LOKI_TID_FREE)
			loki_bitmap_set(used_slots, all.number);
}

/* Note which DUPLICATE slots are in a node's TID list. */
static void
note_duplicates(LokiVacuum *vacuum, uint32 node)
{
	LokiTidData tid;
	LokiDuplicateData slot;
	uint64		length = 0;

	if (!loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_TID, node, &tid) ||
		LokiTidState(&tid) != LOKI_TID_LIST)
		return;
	for (uint32 number = LokiTidListHead(&tid); number != LOKI_NONE; number = slot.next)
	{
		loki_listed_row_read(vacuum->state, vacuum->index, node, number, &length, &slot);
		loki_bitmap_set(&vacuum->duplicate_listed, number);
	}
}

/* Note which nodes are dead, which are live, and the slots of their TID lists. */
static void
note_nodes(LokiVacuum *vacuum)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	LokiAllSlots all = {vacuum->state, vacuum->index, LOKI_SLOTS_TID, vacuum->strategy, loki_vacuum_step};
	const LokiTidData *tid;

	loki_bitmap_init(&vacuum->dead, array->npages * array->per_page);
	loki_bitmap_init(&vacuum->live, array->npages * array->per_page);
	loki_bitmap_init(&vacuum->duplicate_listed, vacuum->duplicate_used.size);
	while ((tid = loki_all_slots_next(&all)) != NULL)
	{
		if (LokiTidState(tid) == LOKI_TID_DEAD)
		{
			loki_bitmap_set(&vacuum->dead, all.number);
			vacuum->ndead++;
		}
		if (LokiTidState(tid) == LOKI_TID_LIST)
			note_duplicates(vacuum, all.number);
		if (LokiTidIsLive(tid))
			loki_bitmap_set(&vacuum->live, all.number);
	}
}

/* Free the slots of a slot array that belong to dead nodes, or to nobody. */
static void
free_array(LokiVacuum *vacuum, int array)
{
	LokiSlotArray *slots = &vacuum->state->arrays[array];

	for (uint32 ordinal = 0; ordinal < slots->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, array, ordinal);
		int			n = 0;

		for (int i = 0; i < used; i++)
		{
			uint32		number = ordinal * slots->per_page + i;
			const LokiUpperData *upper = loki_vacuum_slot(vacuum, array, i);

			if (array == LOKI_SLOTS_UPPER ?
				loki_bitmap_test(&vacuum->upper_used, number) && loki_bitmap_test(&vacuum->dead, upper->node) :
				array == LOKI_SLOTS_DUPLICATE ?
				loki_bitmap_test(&vacuum->duplicate_used, number) &&
				!loki_bitmap_test(&vacuum->duplicate_listed, number) :
				loki_bitmap_test(&vacuum->dead, number))
				vacuum->places[n++] = (uint16) i;
		}
		free_copied_places(vacuum, array, ordinal, n);
	}
}

/*
 * Repair the graph and free what is dead.  No page may be locked.
 *
 * Slots in use are noted before the wait for inserts.  After it, a slot that was claimed
 * before is part of a TID list or of a node, or it never will be.  Dead nodes are noted
 * after the wait, since no insert links to them from then on.
 *
 * A pending index has no graph.  One that gets its codes after the wait has none of the dead nodes
 * in its graph; one that got them before may have.  Its UPPER slots are all of that graph.
 */
static void
repair_and_free(LokiVacuum *vacuum)
{
	bool		was_pending = vacuum->state->pending;
	const LokiSlotArray *arrays;
	LokiChange	change;
	LokiMetaPage meta;

	Assert(loki_no_buffer_locked() && vacuum->ndead == 0);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_WAITING, 0);
	loki_index_refresh(vacuum->state, vacuum->index);
	note_used(vacuum, LOKI_SLOTS_UPPER, &vacuum->upper_used);
	note_used(vacuum, LOKI_SLOTS_DUPLICATE, &vacuum->duplicate_used);

	loki_inserts_wait(vacuum->index);	/* V1, V2 */

	/* an insert may have given the index its codes, and so another state */
	vacuum->state = loki_index_open(vacuum->index, NULL);
	loki_index_refresh(vacuum->state, vacuum->index);
	Assert(was_pending || !vacuum->state->pending);	/* an index does not become pending again */
	if (was_pending && !vacuum->state->pending)
		note_used(vacuum, LOKI_SLOTS_UPPER, &vacuum->upper_used);
	note_nodes(vacuum);
	arrays = vacuum->state->arrays;
	loki_vacuum_phase(vacuum, LOKI_VACUUM_REPAIRING, arrays[LOKI_SLOTS_UPPER].npages + arrays[LOKI_SLOTS_LINK].npages);
	if (!vacuum->state->pending)
		loki_repair_entry(vacuum);
	if (vacuum->ndead > 0 && !vacuum->state->pending)
		loki_repair_graph(vacuum);

	loki_vacuum_phase(vacuum, LOKI_VACUUM_FREEING, arrays[LOKI_SLOTS_UPPER].npages +
					  arrays[LOKI_SLOTS_DUPLICATE].npages + arrays[LOKI_SLOTS_TID].npages);
	if (!vacuum->state->pending)
		free_array(vacuum, LOKI_SLOTS_UPPER);
	free_array(vacuum, LOKI_SLOTS_DUPLICATE);

	/*
	 * TID slots come last: as long as they say which nodes are dead, another
	 * vacuum can do all of this again (V3).  One that ends while it frees
	 * them leaves no trace of the nodes that were freed, so these are
	 * counted before
	 */
	loki_calibrate_note_changed(vacuum->index, vacuum->ndead);
	free_array(vacuum, LOKI_SLOTS_TID);

	loki_change_begin(&change, vacuum->state, vacuum->index);
	meta = loki_change_meta(&change);
	/* nobody else clears the flag */
	Assert(meta->flags & LOKI_META_VACUUM_UNFINISHED);	/* V3 */
	meta->flags &= ~LOKI_META_VACUUM_UNFINISHED;
	meta->vacuum_cycles++;
	meta->upper_version++;		/* nodes of upper layers are gone: update_entry() */
	loki_change_finish(&change);
}

/* amvacuumcleanup: finish what marking began, in this vacuum or in one that failed. */
IndexBulkDeleteResult *
loki_hnsw_vacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	LokiMetaPageData meta;
	LokiVacuum *vacuum;
	MemoryContext context;
	MemoryContext old;
	LokiCounts	counts = {.of[LOKI_COUNT_VACUUMS] = 1};
	instr_time	start;
	bool		calibrated;

	if (info->analyze_only || loki_index_is_unbuilt(info->index))
		return stats;
	INSTR_TIME_SET_CURRENT(start);
	if (stats == NULL)
	{
		stats = palloc0(sizeof(IndexBulkDeleteResult));
		stats->num_index_tuples = info->num_heap_tuples;
		stats->estimated_count = true;
	}

	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw vacuum",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	vacuum = palloc0(sizeof(LokiVacuum));
	vacuum->index = info->index;
	vacuum->state = loki_index_open(info->index, &meta);
	vacuum->strategy = info->strategy;
	vacuum->refused = loki_extensions_refused();
	/* bitmaps are in the context: some five bits a node, whatever maintenance_work_mem is */
	if (meta.flags & LOKI_META_VACUUM_UNFINISHED)
		repair_and_free(vacuum);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_ENCODING, 0);
	vacuum->new_codes = loki_codes_make_anew(info->index);
	loki_make_new_reachable(vacuum);
	MemoryContextSwitchTo(old);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_CALIBRATING, 0);
	calibrated = loki_calibrate_again(info->index);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_SORTING, 0);
	/* posting lists are made of rows (recall/table_rows.c) */
	loki_derived_make(info->index, loki_rows_need_no_snapshot(info->index) ? loki_build_terms : NULL,
					  WARNING);
	loki_vacuum_phase(vacuum, LOKI_VACUUM_NONE, 0);
	loki_vacuum_report(info, vacuum, calibrated);
	counts.of[LOKI_COUNT_NODES_FREED] = vacuum->ndead;
	counts.of[LOKI_TIME_VACUUM] = loki_microseconds_since(start);
	loki_count(info->index, &counts);
	MemoryContextDelete(context);
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
