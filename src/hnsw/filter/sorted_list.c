/*-------------------------------------------------------------------------
 *
 * sorted_list.c
 *	  Sorted node lists: the nodes in the order of an attribute, so that a few
 *	  matches need not be searched for among all nodes.
 *
 * SORTED of an attribute has the IDs of all nodes up to some end, in the order of their sort
 * keys, NULLs first.  SEPARATOR has the sort key of each LOKI_SEPARATOR_STEP-th of them.
 * Arrays are listed by their elements (filter/sorted_list_array.c).  Both are side arrays
 * (filter/side_array.c).  A node that is listed, and is not in REUSED, has the attribute
 * under which it is listed, but it may be dead.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/sorted_list.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "utils/memutils.h"

/* Lists are sorted by this number of bits at once */
#define RADIX_BITS		8
#define RADIX			(1 << RADIX_BITS)

/* A sort key with the sign bit inverted, and its node */
typedef struct Entry
{
	uint64		value;
	uint32		node;
} Entry;

static inline uint64
ordered_value(int64 sort_key)
{
	return (uint64) sort_key ^ (UINT64CONST(1) << 63);
}

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

/*
 * Read an attribute of the nodes below `end`, page by page under share lock: NULLs to
 * nulls[], the others to entries[], both by node ID.  Slots past the used part are left out.
 * No page may be locked.
 */
static uint32
read_values(LokiIndex *state, Relation index, int attribute, uint32 end,
			Entry *entries, uint32 *nulls, uint32 *nnulls)
{
	int			number = LOKI_SLOTS_ATTR + attribute;
	LokiSlotArray *array = &state->arrays[number];
	uint32		n = 0;

	Assert(loki_no_buffer_locked());
	*nnulls = 0;
	for (uint32 first = 0; first < end; first += array->per_page)
	{
		Buffer		buffer;
		int			used;
		Page		page;

		CHECK_FOR_INTERRUPTS();
		page = loki_page_lock(state, index, number, first / array->per_page, &buffer, &used);
		if (page == NULL)
			break;
		used = Min((uint32) used, end - first);
		for (int i = 0; i < used; i++)
		{
			const char *slot = LokiPageSlot(page, array->slot_size, i);

			if (slot[0] == LOKI_ATTR_NULL)
				nulls[(*nnulls)++] = first + i;
			else
			{
				entries[n].value = ordered_value(loki_attr_sort_key(array->slot_size - 1, slot));
				entries[n++].node = first + i;
			}
		}
		UnlockReleaseBuffer(buffer);
	}
	return n;
}

/*
 * Sort by sort key, least significant digits first.  Entries of equal keys stay as they come,
 * by node ID.  The result is in one of the two arrays.
 */
static Entry *
sort_entries(Entry *from, Entry *to, uint32 n)
{
	for (int shift = 0; shift < 64; shift += RADIX_BITS)
	{
		uint32		starts[RADIX] = {0};
		uint32		sum = 0;
		Entry	   *swap = from;
		bool		same = true;

		for (uint32 i = 0; i < n; i++)
		{
			starts[(from[i].value >> shift) % RADIX]++;
			same = same && ((from[i].value ^ from[0].value) >> shift) % RADIX == 0;
		}
		if (same)
			continue;
		for (int digit = 0; digit < RADIX; digit++)
		{
			uint32		count = starts[digit];

			starts[digit] = sum;
			sum += count;
		}
		for (uint32 i = 0; i < n; i++)
			to[starts[(from[i].value >> shift) % RADIX]++] = from[i];
		from = to;
		to = swap;
		CHECK_FOR_INTERRUPTS();
	}
	return from;
}

/* Whether there are so few values that a list is no use */
static bool
few_values(bool brief, const Entry *entries, uint32 n)
{
	uint32		few = brief ? LOKI_FEW_VALUES_BRIEF : LOKI_FEW_VALUES;
	uint32		values = 0;

	for (uint32 i = 0; i < n && values <= few; i++)
		values += i == 0 || entries[i].value != entries[i - 1].value;
	return values <= few;
}

int
loki_sorted_list_width(uint32 end)
{
	return end > 1 ? pg_leftmost_one_pos32(end - 1) + 1 : 1;
}

void
loki_sorted_list_write(LokiIndex *state, Relation index, int attribute, const uint32 *nodes,
					   const int64 *separators, uint32 total, LokiSortedListsData *sorted_lists)
{
	Assert(sorted_lists->listed[attribute] == LOKI_NONE);
	if (loki_entries_write(state, index, LOKI_SLOTS_SORTED + attribute, nodes, total,
						   loki_sorted_list_width(sorted_lists->end)) &&
		loki_side_write(state, index, LOKI_SLOTS_SEPARATOR + attribute, (const char *) separators,
						(total + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP))
		sorted_lists->listed[attribute] = total;
}

/* Make the list of an attribute that is no array, unless it has few values. */
static void
make_attribute(LokiIndex *state, Relation index, int attribute, bool brief, Entry *entries,
			   Entry *scratch, LokiSortedListsData *sorted_lists)
{
	uint32	   *nodes = palloc_extended(mul_size(sizeof(uint32), (Size) sorted_lists->end + 1),
										MCXT_ALLOC_HUGE);
	uint32		nnulls;
	uint32		n = read_values(state, index, attribute, sorted_lists->end, entries, nodes,
								&nnulls);
	uint32		total = nnulls + n;
	Entry	   *sorted = sort_entries(entries, scratch, n);
	int64	   *separators;

	Assert(total <= sorted_lists->end);
	sorted_lists->listed[attribute] = LOKI_NONE;
	if (!few_values(brief, sorted, n))
	{
		separators = palloc_extended(mul_size(sizeof(int64), total / LOKI_SEPARATOR_STEP + 1),
									 MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < n; i++)
			nodes[nnulls + i] = sorted[i].node;
		for (uint32 i = 0; i < total; i += LOKI_SEPARATOR_STEP)
			separators[i / LOKI_SEPARATOR_STEP] = i < nnulls ? PG_INT64_MIN :
				(int64) ordered_value((int64) sorted[i - nnulls].value);
		loki_sorted_list_write(state, index, attribute, nodes, separators, total, sorted_lists);
		sorted_lists->nulls[attribute] = nnulls;
		pfree(separators);
	}
	pfree(nodes);
}

void
loki_sorted_lists_make(LokiIndex *state, Relation index, bool brief,
					   LokiSortedListsData *sorted_lists)
{
	Size		size = mul_size(sizeof(Entry), sorted_lists->end + 1);
	Entry	   *entries = palloc_extended(size, MCXT_ALLOC_HUGE);
	Entry	   *scratch = palloc_extended(size, MCXT_ALLOC_HUGE);

	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] != LOKI_ATTR_ARRAY)
			make_attribute(state, index, i, brief, entries, scratch, sorted_lists);
	pfree(entries);
	pfree(scratch);
	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] == LOKI_ATTR_ARRAY)
			loki_array_list_make(state, index, i, sorted_lists);
}

double
loki_sorted_lists_memory(const LokiIndex *state)
{
	Size		size = 2 * sizeof(Entry) + sizeof(uint32);

	for (int i = 0; i < state->nattributes; i++)
		if (state->attr_type[i] == LOKI_ATTR_ARRAY)
			size = Max(size, LOKI_ARRAY_LIST_BYTES);
	return size;
}

/* ----------------------------------------------------------------
 * Looking up
 * ----------------------------------------------------------------
 */

/* Whether a separator is less than `number`, or with `after` equal to it */
static bool
separator_before(LokiLookup *lookup, uint32 separator, int64 number, bool after)
{
	int64		value;

	loki_slots_copy(lookup->state, lookup->index,
					LOKI_SLOTS_SEPARATOR + lookup->key->attribute, &separator, 1,
					!RecoveryInProgress(), (char *) &value);
	return value < number || (after && value == number);
}

/*
 * The first separator, from `low` on, that is not before a sort key.  It is searched for among
 * the next `near` separators first, then among twice as many.
 */
static uint32
find_separator(LokiLookup *lookup, uint32 low, uint32 near, int64 number, bool after)
{
	uint32		listed = lookup->sorted_lists.listed[lookup->key->attribute];
	uint32		end = (listed + LOKI_SEPARATOR_STEP - 1) / LOKI_SEPARATOR_STEP;
	uint32		high = low + Min(near, end - low);

	Assert(low <= end && near > 0);
	while (high < end && separator_before(lookup, high - 1, number, after))
	{
		near *= 2;
		low = high;
		high = low + Min(near, end - low);
	}
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (separator_before(lookup, middle, number, after))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Add the places of the sort keys from low to high, and a few around them. */
void
loki_lookup_add(LokiLookup *lookup, int64 low, int64 high)
{
	int			attribute = lookup->key->attribute;
	uint32		listed = lookup->sorted_lists.listed[attribute];
	uint32		nulls = lookup->sorted_lists.nulls[attribute];
	uint32		first_separator = find_separator(lookup, 0, PG_UINT32_MAX, low, false);
	uint32		end_separator = find_separator(lookup, first_separator, 1, high, true);
	LokiPlaces	places;

	Assert(lookup->nplaces < LOKI_LOOKUP_PLACES);
	places.first = Max(nulls, first_separator > 0 ?
					   (first_separator - 1) * LOKI_SEPARATOR_STEP : 0);
	places.end = Min(listed, end_separator * LOKI_SEPARATOR_STEP);
	/* between two separators that are in the range, all keys are in it */
	places.sure_first = Max(nulls, first_separator * LOKI_SEPARATOR_STEP);
	places.sure_end = end_separator > 0 ? (end_separator - 1) * LOKI_SEPARATOR_STEP : 0;

	/* neighboring keys share the entries between two separators */
	if (lookup->nplaces > 0)
		places.first = Max(places.first, lookup->places[lookup->nplaces - 1].end);
	if (places.first >= places.end)
		return;
	places.sure_first = Min(Max(places.sure_first, places.first), places.end);
	places.sure_end = Min(Max(places.sure_end, places.sure_first), places.end);
	lookup->places[lookup->nplaces++] = places;
	lookup->count += places.end - places.first;
}

/* Find the places of the values that may match a key; false if lists are no use. */
static bool
find_key(LokiLookup *lookup, LokiFilterKey *key)
{
	int64		set[LOKI_LOOKUP_PLACES];
	uint32		nulls = lookup->sorted_lists.nulls[key->attribute];

	lookup->key = key;
	lookup->nplaces = 0;
	lookup->count = 0;
	lookup->tested = 0;
	lookup->repeats = false;
	if (lookup->sorted_lists.listed[key->attribute] == LOKI_NONE)
		return false;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_RANGE:
			loki_lookup_add(lookup, key->lo, (int64) ((uint64) key->lo + key->span));
			return true;
		case LOKI_FILTER_SET:
			if (key->n > LOKI_LOOKUP_PLACES)
				return false;
			memcpy(set, key->set, sizeof(int64) * key->n);
			qsort(set, key->n, sizeof(int64), loki_compare_numbers);
			for (int i = 0; i < key->n; i++)
				loki_lookup_add(lookup, set[i], set[i]);
			return true;
		case LOKI_FILTER_ISNULL:
			if (nulls > 0)
			{
				lookup->nplaces = 1;
				lookup->places[0] = (LokiPlaces)
				{
					0, 0, nulls, nulls
				};
				lookup->count = nulls;
			}
			return true;
		default:
			return key->type == LOKI_ATTR_ARRAY && loki_array_list_find(lookup);
	}
}

/* See sorted_list.h.  Pages are share locked one at a time. */
bool
loki_lookup_begin(LokiLookup *lookup, LokiLookup *second, LokiIndex *state, Relation index,
				  const LokiMetaPageData *meta, const LokiNodeFilter *filter)
{
	LokiLookup	found = {0};

	lookup->key = second->key = NULL;
	if ((meta->flags & LOKI_META_SORTED_LISTS) == 0)
		return false;
	found.state = state;
	found.index = index;
	found.sorted_lists = meta->sorted_lists;
	for (int i = 0; i < filter->ntests; i++)
	{
		if (filter->tests[i].kind != LOKI_CONDITION_KEY || filter->tests[i].negated ||
			!find_key(&found, filter->tests[i].key))
			continue;
		if (lookup->key == NULL || found.count < lookup->count)
		{
			*second = *lookup;
			*lookup = found;
		}
		else if (second->key == NULL || found.count < second->count)
			*second = found;
	}
	if (lookup->key == NULL)
		return false;
	lookup->brief = loki_brief_found(lookup);
	loki_bits_read(state, index, LOKI_SLOTS_REUSED, meta->sorted_lists.end, &lookup->reused);
	return true;
}

/*
 * Copy entries of a list out, from a place up to `end`, LOKI_LOOKUP_READ at most.  Returns how
 * many; 0 if the list does not have them any more.  Pages are share locked one at a time.
 */
uint32
loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end, uint32 *nodes)
{
	uint32		n = Min(end - place, LOKI_LOOKUP_READ);

	Assert(place < end);
	return loki_entries_read(lookup->state, lookup->index,
							 LOKI_SLOTS_SORTED + lookup->key->attribute, place, n,
							 loki_sorted_list_width(lookup->sorted_lists.end), nodes) ? n : 0;
}

/* See sorted_list.h.  Pages are share locked one at a time. */
bool
loki_lookup_mark(LokiLookup *lookup, uint64 *bits)
{
	uint32		nodes[LOKI_LOOKUP_READ];

	for (int i = 0; i < lookup->nplaces; i++)
		for (uint32 place = lookup->places[i].first; place < lookup->places[i].end;)
		{
			uint32		n = loki_lookup_read(lookup, place, lookup->places[i].end, nodes);

			if (n == 0)
				return false;
			place += n;
			for (uint32 k = 0; k < n; k++)
				if (nodes[k] < lookup->sorted_lists.end)
					bits[nodes[k] / 64] |= UINT64CONST(1) << (nodes[k] % 64);
			CHECK_FOR_INTERRUPTS();
		}
	return true;
}

/* See sorted_list.h.  Pages are share locked one at a time. */
bool
loki_lookup_pick(LokiLookup *lookup, const uint32 *places, int n, uint32 *nodes)
{
	return loki_entries_pick(lookup->state, lookup->index,
							 LOKI_SLOTS_SORTED + lookup->key->attribute, places, n,
							 loki_sorted_list_width(lookup->sorted_lists.end), nodes);
}
