/*-------------------------------------------------------------------------
 *
 * sorted_lists.c
 *	  lokivector_check(): the lists of nodes in the order of attributes.
 *
 * A list has each node under its number in ATTR, an array under that of each of
 * its hashes, ascending by number and then by node.  So of the nodes that are
 * known to be what they were when it was made, it is checked entry by entry:
 * nothing is missing, nothing is twice, nothing is under another number.
 *
 * Attributes of a node do not change but when its number is used again, which
 * REUSED says; so that is read after attributes and lists.  A vacuum may make
 * the lists anew meanwhile: a fault counts only if the metapage says afterwards
 * that they are still those that were looked at.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/sorted_lists.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Nodes after which an interrupt is looked for */
#define INTERRUPT_NODES	65536

typedef struct SortedListsCheck
{
	LokiSortedListsData sorted_lists;
	uint64	   *reused;
	int			array;			/* being read */
	uint32		nslots;			/* that it should have */
	uint32		found;
	int			bits;			/* of an entry of SORTED */
	uint32		slots[LOKI_SORTED_LIST_MAX_SLOTS];	/* as far as they were
													 * read */

	/* of the attribute being checked */
	LokiAttrType type;
	uint32		slot_size;
	char	   *values;			/* ATTR, of nodes below the end */
	uint32		entries;
	uint32	   *nodes;			/* SORTED */
	int64	   *separators;
	uint8	   *times;			/* that each node is listed */

	/* the first fault */
	const char *fault;
	int			fault_array;
	uint32		number;
} SortedListsCheck;

static void
note_fault(SortedListsCheck *lists, int array, uint32 number, const char *fault)
{
	if (lists->fault != NULL)
		return;
	lists->fault = fault;
	lists->fault_array = array;
	lists->number = number;
}

/* Raise an error for a fault, if the lists are still the same. */
static void
report_fault(LokiCheck *check, SortedListsCheck *lists)
{
	LokiMetaPageData meta;

	if (lists->fault == NULL)
		return;
	loki_check_meta(check, &meta);
	if ((meta.flags & LOKI_META_SORTED_LISTS) != 0 &&
		meta.sorted_lists.generation == lists->sorted_lists.generation)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						lists->number, loki_slot_array_name(lists->fault_array),
						RelationGetRelationName(check->index), lists->fault)));
	lists->fault = NULL;
}

/* ----------------------------------------------------------------
 * Reading
 * ----------------------------------------------------------------
 */
static void
read_value(LokiCheck *check, uint32 number, const char *slot)
{
	SortedListsCheck *lists = check->slot_state;

	if (number < lists->sorted_lists.end)
		memcpy(lists->values + (Size) number * lists->slot_size, slot, lists->slot_size);
}

static void
read_sorted_lists(LokiCheck *check, uint32 number, const char *slot)
{
	SortedListsCheck *lists = check->slot_state;
	uint32		nslots = LokiSortedListSlots(lists->bits);

	/* what is behind the end of a list is left from an earlier one */
	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&lists->slots[number % nslots], slot, sizeof(uint32));
	if ((number + 1) % nslots == 0)
		loki_sorted_list_unpack(lists->slots, lists->bits,
								lists->nodes + number / nslots * LOKI_SEPARATOR_STEP);
}

static void
read_separator(LokiCheck *check, uint32 number, const char *slot)
{
	SortedListsCheck *lists = check->slot_state;

	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&lists->separators[number], slot, sizeof(int64));
	if (number > 0 && lists->separators[number] < lists->separators[number - 1])
		note_fault(lists, lists->array, number, "is out of order");
}

static void
read_list(LokiCheck *check, SortedListsCheck *lists, int array, uint32 nslots,
		  void (*read_slot) (LokiCheck *check, uint32 number, const char *slot))
{
	lists->array = array;
	lists->nslots = nslots;
	lists->found = 0;
	check->slot_state = lists;
	loki_check_slot_array(check, array, read_slot);
	if (lists->found < nslots)
		note_fault(lists, array, lists->found, "is missing");
}

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
		!loki_is_reused(lists->reused, node);
}

/* The numbers under which a node is to be listed, ascending; how many they are */
static int
node_numbers(SortedListsCheck *lists, uint32 node, int64 *numbers)
{
	const char *slot = lists->values + (Size) node * lists->slot_size;
	uint32		of_array[LOKI_SLOT_ELEMENTS];
	int			n = 1;

	if (slot[0] == LOKI_ATTR_NULL)
		numbers[0] = PG_INT64_MIN;
	else if (lists->type != LOKI_ATTR_ARRAY)
		numbers[0] = loki_attr_number(lists->slot_size - 1, slot);
	else
	{
		n = loki_postarray_numbers(slot, of_array);
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
 * Check the entries.  Each is under the least of its node's numbers that keeps
 * them ascending: the list would not be in order with any other.
 */
static void
check_entries(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	int			array = LOKI_SLOTS_SORTED + attribute;
	uint32		nslots = LokiSortedListSlots(lists->bits);
	uint32		nulls = lists->sorted_lists.nulls[attribute];
	bool		first = true;
	uint32		last_node = 0;
	int64		last_number = 0;

	for (uint32 place = 0; place < lists->entries; place++)
	{
		uint32		node = lists->nodes[place];
		uint32		slot = place / LOKI_SEPARATOR_STEP * nslots;
		int64		numbers[LOKI_SLOT_ELEMENTS];
		int			n;
		int			i = 0;

		if (place % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
		if (node >= lists->sorted_lists.end)
			note_fault(lists, array, slot, "names a node that is not to be listed");
		if (!is_unchanged(check, lists, node))
			continue;
		n = node_numbers(lists, node, numbers);
		while (i < n && !first && (numbers[i] < last_number ||
								   (numbers[i] == last_number && node <= last_node)))
			i++;
		if (i == n || is_null(lists, node) != (place < nulls))
		{
			note_fault(lists, array, slot, "names a node that is not to be there");
			return;
		}
		if (place % LOKI_SEPARATOR_STEP == 0 && lists->separators[place / LOKI_SEPARATOR_STEP] != numbers[i])
			note_fault(lists, LOKI_SLOTS_SEPARATOR + attribute, place / LOKI_SEPARATOR_STEP,
					   "is not the number of its entry");
		lists->times[node]++;
		first = false;
		last_number = numbers[i];
		last_node = node;
	}
}

/* Every node is there, as many times as it has numbers. */
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
			note_fault(lists, LOKI_SLOTS_SORTED + attribute,
					   (lists->entries + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP *
					   LokiSortedListSlots(lists->bits),
					   "does not follow, with a node that is not listed");
	}
}

static void
check_attribute(LokiCheck *check, SortedListsCheck *lists, int attribute)
{
	uint32		steps = (lists->entries + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP;
	Size		end = Max(lists->sorted_lists.end, 1);
	uint32		nwords;

	lists->type = (LokiAttrType) check->state->attr_type[attribute];
	lists->slot_size = loki_attr_slot_size(lists->type);
	lists->values = MemoryContextAllocExtended(CurrentMemoryContext,
											   mul_size(end, lists->slot_size),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	lists->times = MemoryContextAllocExtended(CurrentMemoryContext, end,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	lists->nodes = palloc_extended(mul_size(sizeof(uint32), (Size) steps * LOKI_SEPARATOR_STEP + 1),
								   MCXT_ALLOC_HUGE);
	lists->separators = palloc_extended(mul_size(sizeof(int64), (Size) steps + 1), MCXT_ALLOC_HUGE);

	if (steps > 0)
	{
		check->slot_state = lists;
		loki_check_slot_array(check, LOKI_SLOTS_ATTR + attribute, read_value);
	}
	read_list(check, lists, LOKI_SLOTS_SEPARATOR + attribute, steps, read_separator);
	read_list(check, lists, LOKI_SLOTS_SORTED + attribute,
			  steps * LokiSortedListSlots(lists->bits), read_sorted_lists);
	lists->reused = loki_reused_read(check->state, check->index, lists->sorted_lists.end,
									 &nwords);
	if (steps > 0 && lists->fault == NULL)
		check_entries(check, lists, attribute);
	if (steps > 0 && lists->fault == NULL)
		check_listed(check, lists, attribute);
	report_fault(check, lists);

	if (lists->reused != NULL)
		pfree(lists->reused);
	pfree(lists->separators);
	pfree(lists->nodes);
	pfree(lists->times);
	pfree(lists->values);
}

/*
 * Check the lists of all attributes; nodes were collected before.
 */
void
loki_check_sorted_lists(LokiCheck *check)
{
	LokiMetaPageData meta;
	SortedListsCheck lists = {.fault = NULL};

	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	loki_check_slot_array(check, LOKI_SLOTS_REUSED, NULL);
	lists.sorted_lists = meta.sorted_lists;
	lists.bits = loki_sorted_list_bits(meta.sorted_lists.end);
	for (int i = 0; i < check->state->nattributes; i++)
	{
		lists.entries = meta.sorted_lists.listed[i];
		if ((meta.flags & LOKI_META_SORTED_LISTS) == 0 || lists.entries == LOKI_NONE)
			lists.entries = 0;
		check_attribute(check, &lists, i);
	}
}
