/*-------------------------------------------------------------------------
 *
 * sorted_lists.c
 *	  lokivector_check(): the sorted node lists of attributes.
 *
 * A list has each node under its sort key in ATTR, an array under the list key of each of its
 * hashes, ascending by key and then by node ID.  It is checked entry by entry, for the nodes
 * that have not changed since it was made: none is missing, twice, or under another key.
 *
 * The attributes of a node change only if its ID is reused, which REUSED says.  So REUSED is
 * read after attributes and lists.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/sorted_lists.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/filter/sorted_list.h"
#include "utils/memutils.h"

/* Interrupts are checked for after so many nodes */
#define INTERRUPT_NODES	65536

typedef struct SortedListsCheck
{
	LokiSideCheck side;
	LokiSortedListsData sorted_lists;
	LokiNodeBits reused;

	/* of the attribute being checked */
	LokiAttrType type;
	uint32		slot_size;
	char	   *values;			/* ATTR, of nodes below the end */
	bool		listed;			/* there is a list, whose entries are so many */
	uint32		entries;
	uint32		width;
	char	   *words;			/* SORTED */
	int64	   *separators;
	uint8	   *times;			/* that each node is listed */
} SortedListsCheck;

/* ----------------------------------------------------------------
 * Entries
 * ----------------------------------------------------------------
 */

/* Whether the attribute of a node is what it was when the lists were made */
static bool
is_unchanged(LokiCheck *check, SortedListsCheck *lists, uint32 node)
{
	return node < check->nodes && node < lists->sorted_lists.end &&
		loki_check_is_live(check->node[node] & LOKI_CHECK_STATE) &&
		!loki_bits_have(&lists->reused, node);
}

/* The keys under which a node must be listed, ascending; returns how many there are */
static int
node_numbers(SortedListsCheck *lists, uint32 node, int64 *numbers)
{
	const char *slot = lists->values + (Size) node * lists->slot_size;
	uint32		of_array[LOKI_SLOT_ELEMENTS];
	int			n = 1;

	Assert(node < lists->sorted_lists.end);
	if (slot[0] == LOKI_ATTR_NULL)
		numbers[0] = PG_INT64_MIN;
	else if (lists->type != LOKI_ATTR_ARRAY)
		numbers[0] = loki_attr_sort_key(lists->slot_size - 1, slot);
	else
	{
		n = loki_array_list_keys(slot, of_array);
		for (int i = 0; i < n; i++)
			numbers[i] = of_array[i];
	}
	return n;
}

static bool
is_null(SortedListsCheck *lists, uint32 node)
{
	return lists->values[(Size) node * lists->slot_size] == LOKI_ATTR_NULL;
}

/*
 * Check the entries.  Each must be under the least of its node's keys that keeps the list
 * ascending: with any other, the list would not be in order.
 */
static void
check_entries(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	int			array = LOKI_SLOTS_SORTED + attribute;
	uint32		per_page = loki_entries_per_page(lists->width);
	uint32		nulls = lists->sorted_lists.nulls[attribute];
	bool		first = true;
	uint32		last_node = 0;
	int64		last_number = 0;

	Assert(lists->side.fault == NULL && nulls <= lists->entries);
	for (uint32 place = 0; place < lists->entries; place++)
	{
		uint32		page = place / per_page * LOKI_ENTRY_WORDS;
		uint32		slot = page + place % per_page * lists->width / 64;
		uint32		node = loki_entry(lists->words + (Size) page * sizeof(uint64),
									  place % per_page, lists->width);
		int64		numbers[LOKI_SLOT_ELEMENTS];
		int			n;
		int			i = 0;

		if (place % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
		/* NULLs have the number of the least bigint, but their nodes come before its nodes */
		if (place == nulls)
			first = true;
		if (node >= lists->sorted_lists.end)
			loki_check_side_fault(&lists->side, array, slot, "names a node that is not to be listed");
		if (!is_unchanged(check, lists, node))
			continue;
		n = node_numbers(lists, node, numbers);
		while (i < n && !first && (numbers[i] < last_number ||
								   (numbers[i] == last_number && node <= last_node)))
			i++;
		if (i == n || is_null(lists, node) != (place < nulls))
		{
			loki_check_side_fault(&lists->side, array, slot, "names a node that is not to be there");
			return;
		}
		if (place % LOKI_SEPARATOR_STEP == 0 &&
			lists->separators[place / LOKI_SEPARATOR_STEP] != numbers[i])
			loki_check_side_fault(&lists->side, LOKI_SLOTS_SEPARATOR + attribute,
								  place / LOKI_SEPARATOR_STEP, "is not the key of its entry");
		lists->times[node]++;
		first = false;
		last_number = numbers[i];
		last_node = node;
	}
}

/* Check that every node is listed, as many times as it has keys. */
static void
check_listed(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	int64		numbers[LOKI_SLOT_ELEMENTS];

	for (uint32 node = 0; node < check->nodes && node < lists->sorted_lists.end; node++)
	{
		if (node % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_unchanged(check, lists, node) &&
			lists->times[node] != node_numbers(lists, node, numbers))
			loki_check_side_fault(&lists->side, LOKI_SLOTS_SORTED + attribute,
								  loki_entry_slots(lists->entries, lists->width),
								  "does not follow, with a node that is not listed");
	}
}

/* Separators ascend. */
static void
check_separators(SortedListsCheck *lists, int attribute, uint32 n)
{
	for (uint32 i = 1; i < Min(n, lists->side.found); i++)
		if (lists->separators[i] < lists->separators[i - 1])
			loki_check_side_fault(&lists->side, LOKI_SLOTS_SEPARATOR + attribute, i,
								  "is out of order");
}

/* Check the entries of an attribute, whose arrays were read. */
static void
check_contents(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	uint32		end = lists->sorted_lists.end;

	/* loki_check_side_read() has found as many slots possible */
	Assert(lists->side.fault == NULL && lists->listed);
	lists->times = MemoryContextAllocExtended(CurrentMemoryContext, Max(end, 1),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	loki_bits_read(check->state, check->index, LOKI_SLOTS_REUSED, end, &lists->reused);
	check_entries(check, lists, attribute);
	if (lists->side.fault == NULL)
		check_listed(check, lists, attribute);
	loki_bits_release(&lists->reused);
	pfree(lists->times);
}

static void
check_attribute(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	LokiSideCheck *side = &lists->side;
	uint32		separators = lists->entries / LOKI_SEPARATOR_STEP +
		(lists->entries % LOKI_SEPARATOR_STEP != 0);

	lists->type = (LokiAttrType) check->state->attr_type[attribute];
	lists->slot_size = loki_attr_slot_size(lists->type);
	lists->values = loki_check_side_read(check, side, LOKI_SLOTS_ATTR + attribute,
										 lists->listed ? lists->sorted_lists.end : 0);
	lists->words = loki_check_side_read_all(check, side, LOKI_SLOTS_SORTED + attribute,
											loki_entry_slots(lists->entries, lists->width));
	lists->separators = (int64 *) loki_check_side_read_all(check, side,
														   LOKI_SLOTS_SEPARATOR + attribute,
														   separators);
	check_separators(lists, attribute, separators);
	if (lists->listed && side->fault == NULL)
		check_contents(check, lists, attribute);
	loki_check_side_report(check, side);

	pfree(lists->separators);
	pfree(lists->words);
	pfree(lists->values);
}

/* Check the sorted lists of all attributes; loki_check_nodes() has run. */
void
loki_check_sorted_lists(LokiCheck *check)
{
	LokiMetaPageData meta;
	SortedListsCheck lists = {.side.flag = LOKI_META_SORTED_LISTS};

	Assert(check->node != NULL);
	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	loki_check_slot_array(check, LOKI_SLOTS_REUSED, NULL);
	lists.sorted_lists = meta.sorted_lists;
	lists.side.generation = meta.sorted_lists.generation;
	lists.width = loki_sorted_list_width(meta.sorted_lists.end);
	for (int i = 0; i < check->state->nattributes; i++)
	{
		lists.listed = (meta.flags & LOKI_META_SORTED_LISTS) != 0 &&
			meta.sorted_lists.listed[i] != LOKI_NONE;
		lists.entries = lists.listed ? meta.sorted_lists.listed[i] : 0;
		check_attribute(check, &lists, i);
	}
}
