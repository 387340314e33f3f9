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
 * RENEWED says; so that is read after attributes and lists.  A vacuum may make
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

typedef struct PostingsCheck
{
	LokiPostingsData postings;
	uint64	   *renewed;
	int			family;			/* being read */
	uint32		nslots;			/* that it should have */
	uint32		found;
	int			bits;			/* of an entry of POSTING */
	uint32		slots[LOKI_POSTING_MAX_SLOTS];	/* as far as they were read */

	/* of the attribute being checked */
	LokiAttrType type;
	uint32		slot_size;
	char	   *values;			/* ATTR, of nodes below the end */
	uint32		entries;
	uint32	   *nodes;			/* POSTING */
	int64	   *fences;
	uint8	   *times;			/* that each node is listed */

	/* the first fault */
	const char *fault;
	int			fault_family;
	uint32		number;
} PostingsCheck;

static void
note_fault(PostingsCheck *lists, int family, uint32 number, const char *fault)
{
	if (lists->fault != NULL)
		return;
	lists->fault = fault;
	lists->fault_family = family;
	lists->number = number;
}

/* Raise an error for a fault, if the lists are still the same. */
static void
report_fault(LokiCheck *check, PostingsCheck *lists)
{
	LokiMetaPageData meta;

	if (lists->fault == NULL)
		return;
	loki_check_meta(check, &meta);
	if ((meta.flags & LOKI_META_POSTINGS) != 0 &&
		meta.postings.generation == lists->postings.generation)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						lists->number, loki_family_name(lists->fault_family),
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
	PostingsCheck *lists = check->slot_state;

	if (number < lists->postings.end)
		memcpy(lists->values + (Size) number * lists->slot_size, slot, lists->slot_size);
}

static void
read_posting(LokiCheck *check, uint32 number, const char *slot)
{
	PostingsCheck *lists = check->slot_state;
	uint32		nslots = LokiPostingSlots(lists->bits);

	/* what is behind the end of a list is left from an earlier one */
	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&lists->slots[number % nslots], slot, sizeof(uint32));
	if ((number + 1) % nslots == 0)
		loki_posting_unpack(lists->slots, lists->bits,
							lists->nodes + number / nslots * LOKI_FENCE_STEP);
}

static void
read_fence(LokiCheck *check, uint32 number, const char *slot)
{
	PostingsCheck *lists = check->slot_state;

	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&lists->fences[number], slot, sizeof(int64));
	if (number > 0 && lists->fences[number] < lists->fences[number - 1])
		note_fault(lists, lists->family, number, "is out of order");
}

static void
read_list(LokiCheck *check, PostingsCheck *lists, int family, uint32 nslots,
		  void (*read_slot) (LokiCheck *check, uint32 number, const char *slot))
{
	lists->family = family;
	lists->nslots = nslots;
	lists->found = 0;
	check->slot_state = lists;
	loki_check_family(check, family, read_slot);
	if (lists->found < nslots)
		note_fault(lists, family, lists->found, "is missing");
}

/* ----------------------------------------------------------------
 * Entries
 * ----------------------------------------------------------------
 */

/* Whether the attribute of a node is what it was when the lists were made */
static bool
is_unchanged(LokiCheck *check, PostingsCheck *lists, uint32 node)
{
	return node < check->nodes && node < lists->postings.end &&
		loki_check_is_live(check->node[node] & LOKI_CHECK_STATE) &&
		!loki_is_renewed(lists->renewed, node);
}

/* The numbers under which a node is to be listed, ascending; how many they are */
static int
node_numbers(PostingsCheck *lists, uint32 node, int64 *numbers)
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
is_null(PostingsCheck *lists, uint32 node)
{
	return lists->values[(Size) node * lists->slot_size] == LOKI_ATTR_NULL;
}

/*
 * Check the entries.  Each is under the least of its node's numbers that keeps
 * them ascending: the list would not be in order with any other.
 */
static void
check_entries(LokiCheck *check, PostingsCheck *lists, int attribute)
{
	int			family = LOKI_FAMILY_POSTING + attribute;
	uint32		nslots = LokiPostingSlots(lists->bits);
	uint32		nulls = lists->postings.nulls[attribute];
	bool		first = true;
	uint32		last_node = 0;
	int64		last_number = 0;

	for (uint32 place = 0; place < lists->entries; place++)
	{
		uint32		node = lists->nodes[place];
		uint32		slot = place / LOKI_FENCE_STEP * nslots;
		int64		numbers[LOKI_SLOT_ELEMENTS];
		int			n;
		int			i = 0;

		if (place % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
		if (node >= lists->postings.end)
			note_fault(lists, family, slot, "names a node that is not to be listed");
		if (!is_unchanged(check, lists, node))
			continue;
		n = node_numbers(lists, node, numbers);
		while (i < n && !first && (numbers[i] < last_number ||
								   (numbers[i] == last_number && node <= last_node)))
			i++;
		if (i == n || is_null(lists, node) != (place < nulls))
		{
			note_fault(lists, family, slot, "names a node that is not to be there");
			return;
		}
		if (place % LOKI_FENCE_STEP == 0 && lists->fences[place / LOKI_FENCE_STEP] != numbers[i])
			note_fault(lists, LOKI_FAMILY_FENCE + attribute, place / LOKI_FENCE_STEP,
					   "is not the number of its entry");
		lists->times[node]++;
		first = false;
		last_number = numbers[i];
		last_node = node;
	}
}

/* Every node is there, as many times as it has numbers. */
static void
check_listed(LokiCheck *check, PostingsCheck *lists, int attribute)
{
	int64		numbers[LOKI_SLOT_ELEMENTS];

	for (uint32 node = 0; node < check->nodes && node < lists->postings.end; node++)
	{
		if (node % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_unchanged(check, lists, node) &&
			lists->times[node] != node_numbers(lists, node, numbers))
			note_fault(lists, LOKI_FAMILY_POSTING + attribute,
					   (lists->entries + LOKI_FENCE_STEP - 1) / LOKI_FENCE_STEP *
					   LokiPostingSlots(lists->bits),
					   "does not follow, with a node that is not listed");
	}
}

static void
check_attribute(LokiCheck *check, PostingsCheck *lists, int attribute)
{
	uint32		steps = (lists->entries + LOKI_FENCE_STEP - 1) / LOKI_FENCE_STEP;
	Size		end = Max(lists->postings.end, 1);
	uint32		nwords;

	lists->type = (LokiAttrType) check->state->attr_type[attribute];
	lists->slot_size = loki_attr_slot_size(lists->type);
	lists->values = MemoryContextAllocExtended(CurrentMemoryContext,
											   mul_size(end, lists->slot_size),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	lists->times = MemoryContextAllocExtended(CurrentMemoryContext, end,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	lists->nodes = palloc_extended(mul_size(sizeof(uint32), (Size) steps * LOKI_FENCE_STEP + 1),
								   MCXT_ALLOC_HUGE);
	lists->fences = palloc_extended(mul_size(sizeof(int64), (Size) steps + 1), MCXT_ALLOC_HUGE);

	if (steps > 0)
	{
		check->slot_state = lists;
		loki_check_family(check, LOKI_FAMILY_ATTR + attribute, read_value);
	}
	read_list(check, lists, LOKI_FAMILY_FENCE + attribute, steps, read_fence);
	read_list(check, lists, LOKI_FAMILY_POSTING + attribute,
			  steps * LokiPostingSlots(lists->bits), read_posting);
	lists->renewed = loki_postings_renewed(check->state, check->index, lists->postings.end,
										   &nwords);
	if (steps > 0 && lists->fault == NULL)
		check_entries(check, lists, attribute);
	if (steps > 0 && lists->fault == NULL)
		check_listed(check, lists, attribute);
	report_fault(check, lists);

	if (lists->renewed != NULL)
		pfree(lists->renewed);
	pfree(lists->fences);
	pfree(lists->nodes);
	pfree(lists->times);
	pfree(lists->values);
}

/*
 * Check the lists of all attributes; nodes were collected before.
 */
void
loki_check_postings(LokiCheck *check)
{
	LokiMetaPageData meta;
	PostingsCheck lists = {.fault = NULL};

	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	loki_check_family(check, LOKI_FAMILY_RENEWED, NULL);
	lists.postings = meta.postings;
	lists.bits = loki_posting_bits(meta.postings.end);
	for (int i = 0; i < check->state->nattributes; i++)
	{
		lists.entries = meta.postings.listed[i];
		if ((meta.flags & LOKI_META_POSTINGS) == 0 || lists.entries == LOKI_NONE)
			lists.entries = 0;
		check_attribute(check, &lists, i);
	}
}
