/*-------------------------------------------------------------------------
 *
 * sorted_list_array.c
 *	  Sorted node lists of array attributes: the nodes in the order of elements.
 *
 * Such a list has a node once for each hash of an element in its slot.  Empty arrays come
 * before all others.  A slot that is a signature does not have its elements; its node is
 * listed once, after all others.  A key on elements is looked up under their hashes, and
 * tested on all signatures.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/sorted_list_array.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/page.h"
#include "utils/memutils.h"

/* List keys: what nodes with arrays are listed under, in this order */
#define NUMBER_EMPTY		0
#define NUMBER_OF_HASH(hash) ((hash) + 1)
#define NUMBER_SIGNATURE	NUMBER_OF_HASH(PG_UINT16_MAX + 1)
#define NUMBERS				(NUMBER_SIGNATURE + 1)

/* The most entries of a list */
#define MAX_ENTRIES			((uint64) PG_INT32_MAX)

/* Interrupts are checked for after this number of nodes */
#define INTERRUPT_NODES		65536

/* The slots of an attribute, as they were when they were read */
typedef struct ArraySlots
{
	char	   *slots;
	uint32		n;
	uint32		size;			/* of each */
} ArraySlots;

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

/* The list keys of a slot, ascending; returns how many there are, 0 for NULL */
int
loki_array_list_keys(const char *slot, uint32 *numbers)
{
	uint16		hashes[LOKI_SLOT_ELEMENTS];
	int			n = 0;

	switch (slot[0])
	{
		case LOKI_ATTR_NULL:
			return 0;
		case LOKI_ATTR_EXACT:
			numbers[0] = NUMBER_EMPTY;
			return 1;
		case LOKI_ATTR_ELEMENTS:
			loki_slot_elements(slot, hashes);
			for (int i = 0; i < LOKI_SLOT_ELEMENTS; i++)
				if (i == 0 || hashes[i] != hashes[i - 1])
					numbers[n++] = NUMBER_OF_HASH((uint32) hashes[i]);
			return n;
		default:
			numbers[0] = NUMBER_SIGNATURE;
			return 1;
	}
}

/*
 * Copy the slots of an attribute out, of nodes below `end`.  To be called with no page
 * locked; each page is share locked for the copy.  Slots past a page's used part are no
 * nodes, and are listed with the NULLs.
 */
static void
read_slots(LokiIndex *state, Relation index, int attribute, uint32 end,
		   ArraySlots *slots)
{
	int			number = LOKI_SLOTS_ATTR + attribute;
	LokiSlotArray *array = &state->arrays[number];

	slots->n = 0;
	slots->size = array->slot_size;
	slots->slots = palloc_extended(mul_size(slots->size, Max(end, 1)), MCXT_ALLOC_HUGE);
	for (uint32 first = 0; first < end; first += array->per_page)
	{
		uint32		n = Min(array->per_page, end - first);
		char	   *copy = slots->slots + (Size) first * slots->size;
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, number, first / array->per_page, &buffer,
										  &used);

		CHECK_FOR_INTERRUPTS();
		if (page == NULL)
			break;
		used = Min((uint32) used, n);
		memcpy(copy, LokiPageSlot(page, array->slot_size, 0), (Size) used * slots->size);
		UnlockReleaseBuffer(buffer);
		memset(copy + (Size) used * slots->size, LOKI_ATTR_NULL,
			   (Size) (n - used) * slots->size);
		slots->n = first + n;
	}
}

/*
 * Set starts[] to the place where the entries of each list key begin; NULLs come first.
 * Returns how many entries there are.  Sets `few` if there are so few list keys that a
 * list is no use.
 */
static uint64
count_entries(const ArraySlots *slots, uint32 *starts, uint32 *nulls, bool *few)
{
	uint64		total = 0;
	uint32		used = 0;

	memset(starts, 0, sizeof(uint32) * NUMBERS);
	*nulls = 0;
	for (uint32 node = 0; node < slots->n; node++)
	{
		uint32		numbers[LOKI_SLOT_ELEMENTS];
		int			n = loki_array_list_keys(slots->slots + (Size) node * slots->size, numbers);

		*nulls += n == 0;
		for (int i = 0; i < n; i++)
			starts[numbers[i]]++;
		if (node % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
	}
	total = *nulls;
	for (uint32 number = 0; number < NUMBERS; number++)
	{
		uint32		count = starts[number];

		starts[number] = (uint32) total;
		total += count;
		used += count > 0;
	}
	*few = used <= LOKI_FEW_VALUES;
	return total;
}

/* Fill in the nodes of each list key, ascending; starts[] become the ends. */
static void
place_nodes(const ArraySlots *slots, uint32 *starts, uint32 *nodes)
{
	uint32		nulls = 0;

	for (uint32 node = 0; node < slots->n; node++)
	{
		uint32		numbers[LOKI_SLOT_ELEMENTS];
		int			n = loki_array_list_keys(slots->slots + (Size) node * slots->size, numbers);

		if (n == 0)
			nodes[nulls++] = node;
		for (int i = 0; i < n; i++)
			nodes[starts[numbers[i]]++] = node;
		if (node % INTERRUPT_NODES == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/* The list key of each LOKI_SEPARATOR_STEP-th entry */
static int64 *
make_separators(const uint32 *ends, uint32 nulls, uint32 total)
{
	int64	   *separators = palloc_extended(mul_size(sizeof(int64), total / LOKI_SEPARATOR_STEP + 1),
											 MCXT_ALLOC_HUGE);
	uint32		number = 0;

	for (uint32 i = 0; i < total; i += LOKI_SEPARATOR_STEP)
	{
		while (i >= nulls && i >= ends[number])
			number++;
		Assert(number < NUMBERS);
		separators[i / LOKI_SEPARATOR_STEP] = i < nulls ? PG_INT64_MIN : (int64) number;
	}
	return separators;
}

void
loki_array_list_make(LokiIndex *state, Relation index, int attribute,
					 LokiSortedListsData *sorted_lists)
{
	uint32	   *starts = palloc_array(uint32, NUMBERS);
	uint32		nulls;
	bool		few;
	uint64		total;
	ArraySlots	slots;

	Assert(state->attr_type[attribute] == LOKI_ATTR_ARRAY);
	sorted_lists->listed[attribute] = LOKI_NONE;
	read_slots(state, index, attribute, sorted_lists->end, &slots);
	total = count_entries(&slots, starts, &nulls, &few);
	if (!few && total <= MAX_ENTRIES)
	{
		uint32	   *nodes = palloc_extended(mul_size(sizeof(uint32), total + 1),
											MCXT_ALLOC_HUGE);
		int64	   *separators;

		place_nodes(&slots, starts, nodes);
		Assert(starts[NUMBER_SIGNATURE] == total);
		separators = make_separators(starts, nulls, (uint32) total);
		loki_sorted_list_write(state, index, attribute, nodes, separators, (uint32) total,
							   sorted_lists);
		sorted_lists->nulls[attribute] = nulls;
		pfree(separators);
		pfree(nodes);
	}
	pfree(slots.slots);
	pfree(starts);
}

/* ----------------------------------------------------------------
 * Looking up
 * ----------------------------------------------------------------
 */

/* Add the nodes of a list key, all of which need to be tested for the filter's key. */
static void
add_tested(LokiLookup *lookup, uint32 number)
{
	int			before = lookup->nplaces;
	double		count = lookup->count;

	loki_lookup_add(lookup, number, number);
	if (lookup->nplaces > before)
		lookup->places[before].sure_end = lookup->places[before].sure_first;
	lookup->tested += lookup->count - count;
}

/* Add the nodes of the rarest of a key's elements, which every node that passes has. */
static void
add_rarest(LokiLookup *lookup, bool sure)
{
	LokiFilterKey *key = lookup->key;
	double		least = -1;
	LokiPlaces	places = {0};

	Assert(lookup->nplaces == 0);
	for (int i = 0; i < key->nexact; i++)
	{
		uint32		number = NUMBER_OF_HASH((uint32) key->set[i]);

		lookup->nplaces = 0;
		lookup->count = 0;
		if (sure)
			loki_lookup_add(lookup, number, number);
		else
			add_tested(lookup, number);
		if (least < 0 || lookup->count < least)
		{
			least = lookup->count;
			if (lookup->nplaces > 0)
				places = lookup->places[0];
		}
	}
	lookup->count = Max(least, 0);
	lookup->tested = sure ? 0 : lookup->count;
	lookup->nplaces = lookup->count > 0;
	lookup->places[0] = places;
}

/* Whether an array that is equal to a key's constant is listed under its elements */
static bool
is_by_elements(const LokiFilterKey *key)
{
	return key->nexact >= 1 && key->nexact <= LOKI_SLOT_ELEMENTS;
}

bool
loki_array_list_find(LokiLookup *lookup)
{
	LokiFilterKey *key = lookup->key;

	Assert(key->type == LOKI_ATTR_ARRAY);
	/* there are places for each element, empty arrays and signatures */
	if (key->nexact + 2 > LOKI_LOOKUP_PLACES)
		return false;
	lookup->repeats = true;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_OVERLAPS:
			for (int i = 0; i < key->nexact; i++)
				loki_lookup_add(lookup, NUMBER_OF_HASH(key->set[i]), NUMBER_OF_HASH(key->set[i]));
			add_tested(lookup, NUMBER_SIGNATURE);
			return true;
		case LOKI_FILTER_CONTAINS:
			if (is_by_elements(key))
				add_rarest(lookup, key->nexact == 1);
			add_tested(lookup, NUMBER_SIGNATURE);
			return true;
		case LOKI_FILTER_SAME:
			if (!key->lossy)
				add_tested(lookup, NUMBER_EMPTY);
			else if (is_by_elements(key))
				add_rarest(lookup, false);
			else
				add_tested(lookup, NUMBER_SIGNATURE);
			return true;
		case LOKI_FILTER_CONTAINED:
			add_tested(lookup, NUMBER_EMPTY);
			for (int i = 0; i < key->nexact; i++)
				add_tested(lookup, NUMBER_OF_HASH((uint32) key->set[i]));
			add_tested(lookup, NUMBER_SIGNATURE);
			return true;
		default:
			return false;
	}
}
