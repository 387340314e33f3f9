/*-------------------------------------------------------------------------
 *
 * derived.c
 *	  lokivector_check(): derived lists, compared with what nodes say.
 *
 * A list is gathered again, as a build or a vacuum does, and both are read side by side.  They
 * must agree in all nodes that have not changed since the list was made: none is missing, twice,
 * or under another key.  A row map may also have rows that vacuum has removed.
 *
 * REUSED and GAINED say which nodes have changed.  An insert notes a node before it writes the
 * slots that a list is made of, so they are read after these.  Vacuum may make lists again
 * at any time.  A fault counts only if the metapage says afterwards that they are still the same.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/derived.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Interrupts are checked for after this number of entries */
#define INTERRUPT_ENTRIES	65536

/*
 * A list as it was written, and as it is made of what nodes say now: both in memory, of 4 bytes an entry.
 */
typedef struct ListCheck
{
	LokiCheck  *check;
	LokiSortedList list;
	uint32	   *entries;
	char	   *bounds;
	uint32		nbounds;		/* that were found */
	LokiGathered gathered;
	LokiNodeBits reused;
	LokiNodeBits gained;
} ListCheck;

/*
 * ERROR for a fault of a slot, which is numbered from the beginning of the list on, if the lists are still
 * the same.  No page may be locked.
 */
static void
report_sorted_list(LokiCheck *check, const LokiSortedList *list, int array, uint32 number, const char *fault)
{
	LokiMetaPageData meta;
	LokiSortedList now;
	uint32		first_page = array == list->entries ? list->pages.entries : array == list->bounds ? list->pages.bounds :
		LokiSlotArrayIsBrief(array) ? list->pages.sketches : 0;

	number += first_page * check->state->arrays[array].per_page;
	loki_meta_read(check->index, &meta);
	if (loki_sorted_list_open(&now, check->state, check->index, &meta, list->number) &&
		now.generation == list->generation)
		loki_check_fault(check, psprintf("slot %u of the %s array", number, loki_slot_array_name(array)),
						 NULL, "%s", fault);
}

/* Whether a node is live, and was so when the check began */
static bool
is_checked_live(const LokiCheck *check, uint32 node)
{
	return node < check->nodes && loki_check_is_live(check->node[node] & LOKI_CHECK_STATE);
}

/*
 * Whether what a list has of a node may be something else than what the node says now.  Inserts and vacuum
 * go on, so all that they can have changed is left out: a fault must never be reported of a sound index.
 */
static bool
is_changed(const ListCheck *state, uint32 node)
{
	return node >= state->list.end || !is_checked_live(state->check, node) ||
		loki_bits_have(&state->reused, node) ||
		(state->gathered.lost.nwords > 0 && loki_bits_have(&state->gathered.lost, node)) ||
		(state->gained.nwords > 0 && loki_bits_have(&state->gained, node));
}

/*
 * Whether a row was gathered before.  Vacuum leaves the last row of a TID list to the node's TID slot,
 * and frees the slot of DUPLICATE later; in between both have it.
 */
static bool
is_again(ListCheck *state, uint32 place)
{
	LokiGathered *gathered = &state->gathered;

	Assert(place < gathered->list.n);
	return gathered->list.number == LOKI_SORTED_ROWS &&
		place > gathered->starts[loki_gathered_key(gathered, place)] &&
		gathered->entries[place] == gathered->entries[place - 1];
}

/* The bound of a group of heap blocks: its first entry */
static uint32
group_start(const ListCheck *state, uint32 group)
{
	return ((const uint32 *) state->bounds)[group];
}

/* The bound of each LOKI_SEPARATOR_STEP-th entry: its sort key */
static int64
separator(const ListCheck *state, uint32 number)
{
	return ((const int64 *) state->bounds)[number];
}

/* Bounds ascend, those of groups from 0 to the number of entries.  False if not. */
static bool
check_bounds(ListCheck *state)
{
	const LokiSortedList *list = &state->list;
	bool		rows = list->number == LOKI_SORTED_ROWS;

	for (uint32 i = 0; i < list->nbounds; i++)
	{
		if (i % INTERRUPT_ENTRIES == 0)
			CHECK_FOR_INTERRUPTS();
		if (rows && i == list->map.groups && group_start(state, i) != list->n)
			report_sorted_list(state->check, list, list->bounds, i, "is not the end");
		else if (i == 0 ? rows && group_start(state, i) != 0 :
				 rows ? group_start(state, i) < group_start(state, i - 1) :
				 separator(state, i) < separator(state, i - 1))
			report_sorted_list(state->check, list, list->bounds, i, "is out of order");
		else
			continue;
		return false;
	}
	return true;
}

/*
 * Compare the list with what was gathered, entry by entry.  Groups of both are sorted, and their
 * bounds are in order.
 *
 * It is a merge: `next` is the first gathered entry that has not been met.  What has changed since
 * the list was made is passed over on both sides, so that the rest must be the same, place by place.
 * A list may not have more than was gathered, but a row map may: vacuum takes rows from nodes, and
 * leaves the map.
 */
static void
compare_entries(ListCheck *state)
{
	const LokiSortedList *list = &state->list;
	LokiGathered *gathered = &state->gathered;
	bool		rows = list->number == LOKI_SORTED_ROWS;
	uint32		none = (uint32) ((UINT64CONST(1) << list->width) - 1);
	uint32		slots = loki_entry_slots(list->n, list->width);
	uint32		group = 0;
	uint32		next = 0;

	Assert(list->end == gathered->list.end && list->node_bits == gathered->list.node_bits);
	for (uint32 place = 0;; place++)
	{
		uint32		entry;
		int64		key;

		if (place % INTERRUPT_ENTRIES == 0)
			CHECK_FOR_INTERRUPTS();
		while (next < gathered->list.n &&
			   (is_again(state, next) ||
				is_changed(state, loki_entry_node(list, gathered->entries[next]))))
			next++;
		if (place == list->n)
			break;
		entry = state->entries[place];
		if (loki_entry_node(list, entry) >= list->end && entry != none)
		{
			report_sorted_list(state->check, list, list->entries, loki_entry_slots(place, list->width),
							   "names a node that is not to be listed");
			return;
		}
		if (is_changed(state, loki_entry_node(list, entry)))
			continue;
		while (rows && place >= group_start(state, group + 1))
			group++;
		key = next < gathered->list.n ? loki_gathered_key(gathered, next) : 0;
		if (next == gathered->list.n || entry != gathered->entries[next] ||
			(place < list->nulls) != (next < gathered->list.nulls) || (rows && group != key))
		{
			/* a row that is no longer there */
			if (rows)
				continue;
			report_sorted_list(state->check, list, list->entries, loki_entry_slots(place, list->width),
							   "names a node that is not to be there");
			return;
		}
		if (!rows && place % LOKI_SEPARATOR_STEP == 0 &&
			separator(state, place / LOKI_SEPARATOR_STEP) != key)
		{
			report_sorted_list(state->check, list, list->bounds, place / LOKI_SEPARATOR_STEP,
							   "is not the key of its entry");
			return;
		}
		next++;
	}
	if (next == gathered->list.n)
		return;
	if (rows)
		report_sorted_list(state->check, list, LOKI_SLOTS_TID,
						   loki_entry_node(list, gathered->entries[next]),
						   "names a row that is not mapped to its node");
	else
		report_sorted_list(state->check, list, list->entries, slots,
						   "does not follow, with a node that is not listed");
}

/* LokiSlotCheck: copy a bound.  Its page was checked by itself. */
static void
copy_bound(LokiCheck *check, int array, uint32 number, const char *slot)
{
	ListCheck  *state = check->slot_state;
	uint32		size = check->state->arrays[array].slot_size;

	uint32		first = loki_bound_slot(&state->list, 0);

	/* others are left from earlier lists, or are of one that is being made */
	if (number < first || number - first >= state->list.nbounds)
		return;
	memcpy(state->bounds + (Size) (number - first) * size, slot, size);
	state->nbounds++;
}

/* Check the pages of a list, if the index has any, and its contents if it is one now. */
static void
check_list(LokiCheck *check, const LokiMetaPageData *meta, int number)
{
	ListCheck	state = {.check = check};
	LokiSortedList *list = &state.list;
	bool		rows = number == LOKI_SORTED_ROWS;
	bool		listed = loki_sorted_list_open(list, check->state, check->index, meta, number);

	if (!listed)
		list->n = list->nbounds = 0;
	state.bounds = MemoryContextAllocExtended(CurrentMemoryContext,
											  mul_size(sizeof(int64), (Size) list->nbounds + 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	state.entries = palloc_extended(mul_size(sizeof(uint32), (Size) list->n + 1),
									MCXT_ALLOC_HUGE);
	check->slot_state = &state;
	(void) loki_check_slot_array(check, list->bounds, copy_bound);
	(void) loki_check_slot_array(check, list->entries, NULL);
	if (!rows)
		loki_check_slot_array(check, LOKI_SLOTS_ATTR + number, NULL);
	if (listed && state.nbounds < list->nbounds)
		report_sorted_list(check, list, list->bounds, state.nbounds, "is missing");
	else if (listed && !loki_sorted_list_read(list, NULL, 0, list->n, state.entries))
		report_sorted_list(check, list, list->entries, 0, "or one that follows is missing");
	else if (listed && check_bounds(&state))
	{
		state.gathered.list = *list;
		/*
		 * Gathered first, and then the bits are read: an insert notes its node
		 * before it writes what is gathered, so no change is missed.
		 */
		if (loki_gather(&state.gathered))
		{
			loki_bits_read(check->state, check->index, list->reused, list->end,
						   &state.reused);
			if (rows)
			{
				loki_bits_read(check->state, check->index, list->gained, list->end,
							   &state.gained);
				loki_groups_sort(state.entries, (const uint32 *) state.bounds, list->map.groups);
				loki_groups_sort(state.gathered.entries, state.gathered.starts,
								 state.gathered.nkeys);
			}
			compare_entries(&state);
		}
		loki_gathered_free(&state.gathered);
		loki_bits_release(&state.reused);
		loki_bits_release(&state.gained);
	}
	pfree(state.entries);
	pfree(state.bounds);
}

/* ----------------------------------------------------------------
 * Sketches
 * ----------------------------------------------------------------
 */

/*
 * Compare the sketches of a page with what the codes of their nodes make: nodes in a range, whose
 * sketches were gathered.  A node that was reused since has another code.  False after a fault, or
 * if the page is not in use.
 */
static bool
compare_sketches(LokiCheck *check, const LokiSortedList *list, uint32 ordinal, const char *sketches,
				 uint32 begin, uint32 end)
{
	int			array = LOKI_SLOTS_BRIEF + list->number;
	const LokiSlotArray *slots = &check->state->arrays[array];
	uint32		size = check->state->sketch->code_size;
	uint32		first = ordinal * slots->per_page * LOKI_SKETCH_BLOCK;
	uint32		n = Min(slots->per_page * LOKI_SKETCH_BLOCK, list->n - first);
	uint32		nodes[LOKI_PAGE_PAYLOAD / sizeof(uint64)];
	char		sketch[LOKI_SKETCH_SIZE];
	PGAlignedBlock copy;
	Buffer		buffer;
	int			used;
	Page		page;

	CHECK_FOR_INTERRUPTS();
	Assert(n > 0 && n <= lengthof(nodes) && size <= sizeof(sketch));
	/* copied, since the list and the bits of REUSED are read afterwards, without a lock */
	page = loki_sketch_lock(list, ordinal, &buffer, &used);
	if (page == NULL)
	{
		/*
		 * they may be given up at any time, of which the first page is the
		 * first
		 */
		if (ordinal > 0 && loki_has_sketches(list))
			report_sorted_list(check, list, array, ordinal * slots->per_page,
							   "is of other lists than those before it");
		return false;
	}
	memcpy(copy.data, LokiPageSlot(page, slots->slot_size, 0), (Size) used * slots->slot_size);
	UnlockReleaseBuffer(buffer);
	if ((uint32) used < loki_sketch_blocks(n))
	{
		report_sorted_list(check, list, array, ordinal * slots->per_page + used, "is missing");
		return false;
	}
	if (!loki_sorted_list_read(list, NULL, first, n, nodes))
		return false;
	for (uint32 i = 0; i < n; i++)
	{
		if (nodes[i] < begin || nodes[i] >= end || !is_checked_live(check, nodes[i]))
			continue;
		loki_sketch_get(size, copy.data + (Size) (i / LOKI_SKETCH_BLOCK) * slots->slot_size,
					   i % LOKI_SKETCH_BLOCK, sketch);
		if (memcmp(sketch, sketches + (Size) (nodes[i] - begin) * size, size) == 0 ||
			loki_bits_noted(check->state, check->index, list->reused, nodes[i]))
			continue;
		report_sorted_list(check, list, array, (first + i) / LOKI_SKETCH_BLOCK,
						   "is not made of the codes of its nodes");
		return false;
	}
	return true;
}

/*
 * Check the sketches of all lists, of as many nodes at a time as maintenance_work_mem has room for.  Lists are
 * in the order of attributes, and codes in that of nodes: to read a code for each entry would be a
 * random read each, so lists are read once for each part of the nodes.
 */
static void
check_sketches(LokiCheck *check, const LokiMetaPageData *meta)
{
	uint32		lists_end = meta->derived.sorted.end;
	uint32		at_once = (uint32) Max(Min(maintenance_work_mem * 1024.0 /
										   check->state->sketch->code_size, LOKI_MAX_NUMBER), 1024);
	bool		sketched = false;
	LokiSortedList list;

	for (int i = 0; i < check->state->nattributes; i++)
	{
		loki_check_slot_array(check, LOKI_SLOTS_BRIEF + i, NULL);
		if (loki_sorted_list_open(&list, check->state, check->index, meta, i) &&
			loki_has_sketches(&list))
			sketched = true;
	}
	for (uint32 begin = 0; sketched && begin < lists_end;)
	{
		uint32		end = begin + Min(lists_end - begin, at_once);	/* not past 2^32 */
		char	   *sketches = loki_sketches_gather(check->state, check->index, begin, end);

		for (int i = 0; i < check->state->nattributes; i++)
		{
			uint32		per_page = check->state->arrays[LOKI_SLOTS_BRIEF + i].per_page *
				LOKI_SKETCH_BLOCK;

			if (per_page == 0 ||
				!loki_sorted_list_open(&list, check->state, check->index, meta, i))
				continue;
			for (uint32 ordinal = 0; ordinal * per_page < list.n; ordinal++)
				if (!compare_sketches(check, &list, ordinal, sketches, begin, end))
					break;
		}
		pfree(sketches);
		begin = end;
	}
}

/* Check all derived lists; loki_check_nodes() has run. */
void
loki_check_derived(LokiCheck *check)
{
	LokiMetaPageData meta;

	Assert(check->node != NULL || check->nodes == 0);
	loki_meta_read(check->index, &meta);
	loki_index_refresh(check->state, check->index);
	if (!loki_derived_possible(check->state, &meta))
		loki_meta_damaged(check->index);
	for (int set = 0; set < 2; set++)
	{
		loki_check_slot_array(check, LokiNotesArray(LOKI_SLOTS_REUSED, set), NULL);
		loki_check_slot_array(check, LokiNotesArray(LOKI_SLOTS_GAINED, set), NULL);
	}
	for (int i = 0; i < check->state->nattributes; i++)
		check_list(check, &meta, i);
	if (check->state->sketch != NULL)
		check_sketches(check, &meta);
	if (loki_has_rowmap(check->state))
		check_list(check, &meta, LOKI_SORTED_ROWS);
}
