/*-------------------------------------------------------------------------
 *
 * vacuum.c
 *	  Vacuum: mark the nodes of dead rows, have the graph repaired, free them.
 *
 * ambulkdelete sets the metapage's flag "dead pending" and marks nodes dead in
 * one pass over TID.  amvacuumcleanup is driven by that flag alone, so that it
 * finishes what a crash or a cancelled vacuum left: it waits for the inserts
 * that may have seen a dead node as live, repairs the graph, and frees.
 * Only one vacuum runs at a time, and only vacuum frees slots.
 * src/hnsw/vacuum/README, "Vacuum".
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/vacuum.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "commands/vacuum.h"
#include "compat/pgcompat.h"
#include "hnsw/filter/side_array.h"
#include "hnsw/graph/requantize.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/calibrate.h"
#include "hnsw/vacuum/vacuum.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Copy a page under share lock; the number of its used slots */
int
loki_vacuum_read_page(LokiVacuum *vacuum, int array, uint32 ordinal)
{
	LokiVacuumDelayPoint();
	return loki_page_copy(vacuum->state, vacuum->index, array, ordinal, vacuum->strategy,
						  vacuum->page.data);
}

/* Begin a change. */
void
loki_vacuum_change(LokiVacuum *vacuum, LokiChange *change)
{
	loki_change_begin(change, vacuum->state, vacuum->index);
	change->strategy = vacuum->strategy;
}

/* Slot i of the page copy */
static inline void *
page_slot(LokiVacuum *vacuum, int array, int i)
{
	return LokiPageSlot(vacuum->page.data, vacuum->state->arrays[array].slot_size, i);
}

/*
 * Free slots of a page, those whose numbers on it are in vacuum->places, in
 * one record, and give the page to the free list.
 */
static void
free_places(LokiVacuum *vacuum, int array, uint32 ordinal, int n)
{
	uint32		slot_size = vacuum->state->arrays[array].slot_size;
	LokiChange	change;
	Page		page;

	if (n == 0)
		return;
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, array, ordinal));
	for (int i = 0; i < n; i++)
		loki_page_free_slot(page, array, slot_size, vacuum->places[i]);
	loki_change_finish(&change);
	loki_freelist_add(vacuum->state, vacuum->index, array, ordinal);
}

/*
 * The same for the page that was copied last.  If there is nothing to free, but
 * a crash kept the page from the free list, it is put there now.
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

/* Whether vacuum may remove the index entry of a heap TID; counts it */
static bool
is_removable(LokiVacuum *vacuum, ItemPointerData *heap)
{
	if (vacuum->callback(heap, vacuum->callback_state))
	{
		vacuum->stats->tuples_removed += 1;
		return true;
	}
	vacuum->stats->num_index_tuples += 1;
	return false;
}

/*
 * Log the flag, before the first dead node is.  No buffer lock may be held.
 */
static void
set_dead_pending(LokiVacuum *vacuum)
{
	LokiChange	change;

	if (vacuum->flagged)
		return;
	loki_change_begin(&change, vacuum->state, vacuum->index);
	loki_change_meta(&change)->flags |= LOKI_META_DEAD_PENDING;
	loki_change_finish(&change);
	vacuum->flagged = true;
}

static void
add_unchained(LokiVacuum *vacuum, uint32 number)
{
	if (vacuum->nunchained == vacuum->unchained_allocated)
	{
		uint32		allocated = Max(256, vacuum->unchained_allocated * 2);

		if (vacuum->unchained == NULL)
			vacuum->unchained = palloc_array(uint32, allocated);
		else
			vacuum->unchained = repalloc_huge(vacuum->unchained,
											  mul_size(allocated, sizeof(uint32)));
		vacuum->unchained_allocated = allocated;
	}
	vacuum->unchained[vacuum->nunchained++] = number;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return (x > y) - (x < y);
}

/* Free the DUPLICATE slots that were taken out of chains, page by page. */
static void
free_unchained(LokiVacuum *vacuum)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_DUPLICATE];
	uint32		ordinal = LOKI_NONE;
	int			n = 0;

	if (vacuum->nunchained == 0)
		return;
	qsort(vacuum->unchained, vacuum->nunchained, sizeof(uint32), compare_numbers);
	for (uint32 i = 0; i < vacuum->nunchained; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(array, vacuum->unchained[i], &place);

		if (page != ordinal)
		{
			free_places(vacuum, LOKI_SLOTS_DUPLICATE, ordinal, n);
			ordinal = page;
			n = 0;
		}
		vacuum->places[n++] = (uint16) place;
	}
	free_places(vacuum, LOKI_SLOTS_DUPLICATE, ordinal, n);
	vacuum->nunchained = 0;
}

/*
 * Read an DUPLICATE slot of a node's chain.  What is behind the head of a chain
 * stays as it is but for vacuum, so that no lock on TID is needed.  *length
 * counts the slots read, so that a chain that goes in a circle is noticed.
 */
static void
read_chain_slot(LokiVacuum *vacuum, uint32 node, uint32 number, uint64 *length,
				LokiDuplicateData *slot)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_DUPLICATE];

	if (!loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_DUPLICATE, number, slot) ||
		slot->node != node ||
		(*length)++ > (uint64) array->npages * array->per_page)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" has a damaged chain of heap TIDs",
						RelationGetRelationName(vacuum->index)),
				 errdetail("Slot %u does not belong to node %u.", number, node),
				 errhint("Please REINDEX it.")));
	CHECK_FOR_INTERRUPTS();
}

/* Begin a change by locking the TID page of a node; *tid is the slot's copy */
static void
lock_tid(LokiVacuum *vacuum, uint32 node, LokiChange *change, uint32 *place, LokiTidData *tid)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	int			page;

	loki_vacuum_change(vacuum, change);
	page = loki_change_lock(change, LOKI_SLOTS_TID, node, place);
	memcpy(tid, LokiPageSlot(loki_change_page(change, page), slot_size, *place), slot_size);
}

/*
 * Write a slot of a node's chain, whose TID page is locked.  The TID page is
 * part of the record, although nothing changes there: replay then waits for a
 * standby's readers of the chain, before it comes to where slots are freed.
 */
static void
change_chain_slot(LokiChange *change, uint32 number, const LokiDuplicateData *slot)
{
	uint32		place;
	int			page = loki_change_lock(change, LOKI_SLOTS_DUPLICATE, number, &place);

	loki_change_keep(change, 0);
	loki_change_slot(change, page, sizeof(LokiDuplicateData), place, slot);
}

/*
 * Take slots out of a node's chain: those from `first` to before `next`, which
 * follow `before` (LOKI_NONE: the head, but for slots chained meanwhile).  A
 * node whose chain is empty then is dead.
 */
static void
unchain(LokiVacuum *vacuum, uint32 node, uint32 before, uint32 first, uint32 next)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	LokiTidData tid;
	LokiChange	change;
	uint32		place;
	uint32		number;
	uint64		length = 0;
	LokiDuplicateData slot;

	lock_tid(vacuum, node, &change, &place, &tid);
	number = LokiTidListHead(&tid);
	for (; before == LOKI_NONE && number != first; number = slot.next)
	{
		read_chain_slot(vacuum, node, number, &length, &slot);
		if (slot.next == first)
			before = number;
	}
	if (before != LOKI_NONE)
	{
		read_chain_slot(vacuum, node, before, &length, &slot);
		slot.next = next;
		change_chain_slot(&change, before, &slot);
	}
	else
	{
		tid.state = next == LOKI_NONE ? LOKI_TID_DEAD : LOKI_TID_LIST;
		if (next == LOKI_NONE)
			ItemPointerSetInvalid(&tid.u.heap);
		else
			LokiTidSetListHead(&tid, next);
		loki_change_slot(&change, 0, slot_size, place, &tid);
	}
	loki_change_finish(&change);
}

/*
 * Put the only heap TID left in a chain back into the TID slot.
 */
static void
collapse_chain(LokiVacuum *vacuum, uint32 node, uint32 number)
{
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	LokiTidData tid;
	LokiChange	change;
	uint32		place;
	LokiDuplicateData slot;
	uint64		length = 0;

	lock_tid(vacuum, node, &change, &place, &tid);
	if (LokiTidListHead(&tid) == number)
	{
		read_chain_slot(vacuum, node, number, &length, &slot);
		Assert(slot.next == LOKI_NONE);
		tid.u.heap = slot.heap;
		tid.state = LOKI_TID_LIVE;
		loki_change_slot(&change, 0, slot_size, place, &tid);
		add_unchained(vacuum, number);
	}
	loki_change_finish(&change);
}

/*
 * Remove the heap TIDs of dead rows from a node's chain.  Equal rows that are
 * inserted meanwhile come before what is seen here.
 */
static void
vacuum_chain(LokiVacuum *vacuum, uint32 node)
{
	LokiTidData tid;
	LokiDuplicateData slot;
	uint32		before = LOKI_NONE; /* last slot that stays */
	uint32		first = LOKI_NONE;	/* first of a run that goes */
	uint32		stay = 0;
	uint64		length = 0;

	if (!loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_TID, node, &tid) ||
		LokiTidState(&tid) != LOKI_TID_LIST)
		return;
	for (uint32 number = LokiTidListHead(&tid); number != LOKI_NONE; number = slot.next)
	{
		read_chain_slot(vacuum, node, number, &length, &slot);
		if (is_removable(vacuum, &slot.heap))
		{
			if (first == LOKI_NONE)
				first = number;
			add_unchained(vacuum, number);
			continue;
		}
		if (first != LOKI_NONE)
		{
			set_dead_pending(vacuum);
			unchain(vacuum, node, before, first, number);
		}
		first = LOKI_NONE;
		before = number;
		stay++;
	}
	if (first != LOKI_NONE)
	{
		set_dead_pending(vacuum);
		unchain(vacuum, node, before, first, LOKI_NONE);
	}
	if (stay == 1)
		collapse_chain(vacuum, node, before);
}

/*
 * Mark slots of a TID page dead, those in vacuum->places, if they still hold
 * the heap TIDs of the page copy.  A node that has got a chain meanwhile is
 * left for vacuum_chain(); returns how many there are, moved to the beginning
 * of vacuum->places.
 */
static int
mark_dead(LokiVacuum *vacuum, uint32 ordinal, int n)
{
	LokiChange	change;
	Page		page;
	uint32		slot_size = vacuum->state->arrays[LOKI_SLOTS_TID].slot_size;
	int			nchained = 0;

	if (n == 0)
		return 0;
	set_dead_pending(vacuum);
	loki_vacuum_change(vacuum, &change);
	page = loki_change_copy(&change, loki_change_lock_page(&change, LOKI_SLOTS_TID, ordinal));
	for (int i = 0; i < n; i++)
	{
		LokiTidData *tid = (LokiTidData *) LokiPageSlot(page, slot_size, vacuum->places[i]);

		if (LokiTidState(tid) == LOKI_TID_LIST)
		{
			vacuum->stats->tuples_removed -= 1;
			vacuum->places[nchained++] = vacuum->places[i];
			continue;
		}
		Assert(LokiTidState(tid) != LOKI_TID_FREE);
		tid->state = LOKI_TID_DEAD;
	}
	loki_change_finish(&change);
	return nchained;
}

/* Mark what is dead on one page of TID, chains included. */
static void
vacuum_tid_page(LokiVacuum *vacuum, uint32 ordinal)
{
	uint32		first = ordinal * vacuum->state->arrays[LOKI_SLOTS_TID].per_page;
	int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_TID, ordinal);
	int			ndead = 0;
	int			nchained;

	for (int i = 0; i < used; i++)
	{
		LokiTidData *tid = page_slot(vacuum, LOKI_SLOTS_TID, i);

		switch (LokiTidState(tid))
		{
			case LOKI_TID_RESERVED:
			case LOKI_TID_LIVE:
			case LOKI_TID_KILLED:
				if (is_removable(vacuum, &tid->u.heap))
					vacuum->places[ndead++] = (uint16) i;
				break;
			default:
				break;
		}
	}
	nchained = mark_dead(vacuum, ordinal, ndead);
	for (int i = 0; i < nchained; i++)
		vacuum_chain(vacuum, first + vacuum->places[i]);
	for (int i = 0; i < used; i++)
	{
		LokiTidData *tid = page_slot(vacuum, LOKI_SLOTS_TID, i);

		if (LokiTidState(tid) == LOKI_TID_LIST)
			vacuum_chain(vacuum, first + i);
	}
	free_unchained(vacuum);
}

/* Free what is dead on one page of NULLTID: nothing refers to those rows. */
static void
vacuum_nulltid_page(LokiVacuum *vacuum, uint32 ordinal)
{
	int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_NULLTID, ordinal);
	int			ndead = 0;

	for (int i = 0; i < used; i++)
	{
		LokiTidData *tid = page_slot(vacuum, LOKI_SLOTS_NULLTID, i);

		if (LokiTidState(tid) != LOKI_TID_FREE && is_removable(vacuum, &tid->u.heap))
			vacuum->places[ndead++] = (uint16) i;
	}
	free_copied_places(vacuum, LOKI_SLOTS_NULLTID, ordinal, ndead);
}

/*
 * Mark the nodes of rows that the callback names.  It may name none, as when
 * CREATE INDEX CONCURRENTLY collects the heap TIDs that are indexed.
 */
IndexBulkDeleteResult *
loki_hnsw_bulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
					 IndexBulkDeleteCallback callback, void *callback_state)
{
	LokiVacuum *vacuum = palloc0(sizeof(LokiVacuum));
	LokiIndex  *state = loki_index_open(info->index, NULL);

	if (stats == NULL)
		stats = palloc0(sizeof(IndexBulkDeleteResult));
	stats->estimated_count = false;
	stats->num_index_tuples = 0;
	vacuum->index = info->index;
	vacuum->state = state;
	vacuum->strategy = info->strategy;
	vacuum->stats = stats;
	vacuum->callback = callback;
	vacuum->callback_state = callback_state;

	loki_index_refresh(state, info->index);
	for (uint32 i = 0; i < state->arrays[LOKI_SLOTS_TID].npages; i++)
		vacuum_tid_page(vacuum, i);
	for (uint32 i = 0; i < state->arrays[LOKI_SLOTS_NULLTID].npages; i++)
		vacuum_nulltid_page(vacuum, i);

	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	if (vacuum->unchained)
		pfree(vacuum->unchained);
	pfree(vacuum);
	return stats;
}

/* ----------------------------------------------------------------
 * amvacuumcleanup: repairing and freeing
 * ----------------------------------------------------------------
 */

static uint32
array_slots(LokiVacuum *vacuum, int array)
{
	LokiSlotArray *fam = &vacuum->state->arrays[array];

	return fam->npages * fam->per_page;
}

/* Note which slots of a slot array are in use. */
static void
note_used(LokiVacuum *vacuum, int array, LokiBitmap *used_slots)
{
	LokiSlotArray *fam = &vacuum->state->arrays[array];

	loki_bitmap_init(used_slots, array_slots(vacuum, array));
	for (uint32 ordinal = 0; ordinal < fam->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, array, ordinal);

		for (int i = 0; i < used; i++)
			if (loki_slot_state(array, page_slot(vacuum, array, i)) != LOKI_TID_FREE)
				loki_bitmap_set(used_slots, ordinal * fam->per_page + i);
	}
}

/* Note which DUPLICATE slots a node's chain consists of. */
static void
note_chain(LokiVacuum *vacuum, uint32 node)
{
	LokiTidData tid;
	LokiDuplicateData slot;
	uint64		length = 0;

	if (!loki_slot_read(vacuum->state, vacuum->index, LOKI_SLOTS_TID, node, &tid) ||
		LokiTidState(&tid) != LOKI_TID_LIST)
		return;
	for (uint32 number = LokiTidListHead(&tid); number != LOKI_NONE; number = slot.next)
	{
		read_chain_slot(vacuum, node, number, &length, &slot);
		loki_bitmap_set(&vacuum->duplicate_chained, number);
	}
}

/* Note which nodes are dead and which are in the graph, and their chains. */
static void
note_nodes(LokiVacuum *vacuum)
{
	LokiSlotArray *array = &vacuum->state->arrays[LOKI_SLOTS_TID];

	loki_bitmap_init(&vacuum->dead, array_slots(vacuum, LOKI_SLOTS_TID));
	loki_bitmap_init(&vacuum->live, array_slots(vacuum, LOKI_SLOTS_TID));
	loki_bitmap_init(&vacuum->duplicate_chained, vacuum->duplicate_used.size);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, LOKI_SLOTS_TID, ordinal);

		for (int i = 0; i < used; i++)
		{
			LokiTidData *tid = page_slot(vacuum, LOKI_SLOTS_TID, i);
			uint32		node = ordinal * array->per_page + i;

			switch (LokiTidState(tid))
			{
				case LOKI_TID_DEAD:
					loki_bitmap_set(&vacuum->dead, node);
					vacuum->ndead++;
					break;
				case LOKI_TID_LIST:
					note_chain(vacuum, node);
					/* FALLTHROUGH */
				case LOKI_TID_LIVE:
				case LOKI_TID_KILLED:
					loki_bitmap_set(&vacuum->live, node);
					break;
				default:
					break;
			}
		}
	}
}

/* Whether vacuum frees a slot of the page copy */
static bool
is_to_be_freed(LokiVacuum *vacuum, int array, uint32 number, const void *slot)
{
	switch (array)
	{
		case LOKI_SLOTS_UPPER:
			return loki_bitmap_test(&vacuum->upper_used, number) &&
				loki_bitmap_test(&vacuum->dead, ((const LokiUpperData *) slot)->node);
		case LOKI_SLOTS_DUPLICATE:
			return loki_bitmap_test(&vacuum->duplicate_used, number) &&
				!loki_bitmap_test(&vacuum->duplicate_chained, number);
		default:
			Assert(array == LOKI_SLOTS_TID);
			return loki_bitmap_test(&vacuum->dead, number);
	}
}

/*
 * Free the slots of a slot array that belong to dead nodes, or to nobody.
 */
static void
free_array(LokiVacuum *vacuum, int array)
{
	LokiSlotArray *fam = &vacuum->state->arrays[array];

	for (uint32 ordinal = 0; ordinal < fam->npages; ordinal++)
	{
		int			used = loki_vacuum_read_page(vacuum, array, ordinal);
		int			n = 0;

		for (int i = 0; i < used; i++)
			if (is_to_be_freed(vacuum, array, ordinal * fam->per_page + i,
							   page_slot(vacuum, array, i)))
				vacuum->places[n++] = (uint16) i;
		free_copied_places(vacuum, array, ordinal, n);
	}
}

/* Clear the flag: the next scan may find the graph as it is now. */
static void
finish_cleanup(LokiVacuum *vacuum)
{
	LokiChange	change;
	LokiMetaPage meta;

	loki_change_begin(&change, vacuum->state, vacuum->index);
	meta = loki_change_meta(&change);
	meta->flags &= ~LOKI_META_DEAD_PENDING;
	meta->vacuum_cycles++;
	meta->upper_version++;
	loki_change_finish(&change);
}

/*
 * Repair the graph and free what is dead.
 *
 * Slots in use are noted before the wait for inserts: what was claimed by then
 * has been made part of a chain or of a node afterwards, or never will be.
 * The dead are noted after it: from then on none is linked to.
 */
static void
repair_and_free(LokiVacuum *vacuum)
{
	LokiMetaPageData meta;

	loki_index_refresh(vacuum->state, vacuum->index);
	note_used(vacuum, LOKI_SLOTS_UPPER, &vacuum->upper_used);
	note_used(vacuum, LOKI_SLOTS_DUPLICATE, &vacuum->duplicate_used);

	loki_inserts_wait(vacuum->index);

	/* until the flag is cleared nobody begins to requantize */
	vacuum->state = loki_index_open(vacuum->index, &meta);
	if (meta.flags & LOKI_META_REQUANTIZING)
	{
		loki_requantize_finish(vacuum->index);
		vacuum->state = loki_index_open(vacuum->index, NULL);
	}
	loki_index_refresh(vacuum->state, vacuum->index);
	note_nodes(vacuum);
	loki_repair_entry(vacuum);
	if (vacuum->ndead > 0)
		loki_repair_graph(vacuum);

	free_array(vacuum, LOKI_SLOTS_UPPER);
	free_array(vacuum, LOKI_SLOTS_DUPLICATE);
	free_array(vacuum, LOKI_SLOTS_TID);
	finish_cleanup(vacuum);
}

/*
 * Finish what marking began, be it in this vacuum or in one that failed.
 */
IndexBulkDeleteResult *
loki_hnsw_vacuumcleanup(IndexVacuumInfo *info, IndexBulkDeleteResult *stats)
{
	LokiMetaPageData meta;
	LokiVacuum *vacuum;
	MemoryContext context;
	MemoryContext old;

	if (info->analyze_only)
		return stats;
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
	if (meta.flags & LOKI_META_DEAD_PENDING)
		repair_and_free(vacuum);
	MemoryContextSwitchTo(old);
	loki_side_make(info->index, WARNING);
	loki_calibrate_again(info->index);
	MemoryContextSwitchTo(context);
	loki_vacuum_report(info, vacuum);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	stats->num_pages = RelationGetNumberOfBlocks(info->index);
	return stats;
}
