/*-------------------------------------------------------------------------
 *
 * lookup.c
 *	  Looking up keys in the lists of attributes, so that a few matches need not
 *	  be searched for among all nodes.
 *
 * A list is as a sorted array of nbtree's leaf tuples, and its separators are what internal pages are
 * there: every LOKI_SEPARATOR_STEP-th sort key.  But it does not change (derived/README).  A node that
 * is listed, and is not in REUSED, has the attribute under which it is listed, but it may be dead.
 * A key on the elements of arrays is looked up under their hashes, and tested on all signatures.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/lookup.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/lookup.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* ----------------------------------------------------------------
 * Places
 * ----------------------------------------------------------------
 */

/*
 * Whether a separator is less than `number`, or with `after` equal to it.  Each is read from its page by
 * itself: a search reads some 15 of them, of pages that stay in memory.
 */
static bool
separator_before(LokiLookup *lookup, uint32 separator, int64 number, bool after)
{
	int64		value;

	separator = loki_bound_slot(&lookup->list, separator);
	loki_slots_copy(lookup->list.state, lookup->list.index, lookup->list.bounds, &separator, 1,
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
	uint32		end = lookup->list.nbounds;
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

/*
 * Add the places of the sort keys from low to high, and a few around them.  The calls must be in
 * ascending order.
 */
static void
add_keys(LokiLookup *lookup, int64 low, int64 high)
{
	uint32		nulls = lookup->list.nulls;
	/* in [first, end) separators are in the range; entries before the first and behind the last may be */
	uint32		first = find_separator(lookup, 0, PG_UINT32_MAX, low, false);
	uint32		end = find_separator(lookup, first, 1, high, true);
	LokiPlaces	places;

	Assert(lookup->nplaces < LOKI_LOOKUP_PLACES);
	places.first = Max(nulls, first > 0 ? (first - 1) * LOKI_SEPARATOR_STEP : 0);
	places.end = Min(lookup->list.n, end * LOKI_SEPARATOR_STEP);
	/* between two separators that are in the range, all keys are in it */
	places.sure_first = Max(nulls, first * LOKI_SEPARATOR_STEP);
	places.sure_end = end > 0 ? (end - 1) * LOKI_SEPARATOR_STEP : 0;

	/* neighboring keys share the entries between two separators */
	if (lookup->nplaces > 0)
		places.first = Max(places.first, lookup->places[lookup->nplaces - 1].end);
	if (places.first >= places.end)
		return;
	places.sure_first = Min(Max(places.sure_first, places.first), places.end);
	places.sure_end = Min(Max(places.sure_end, places.sure_first), places.end);
	Assert(lookup->nplaces == 0 || places.first >= lookup->places[lookup->nplaces - 1].end);
	lookup->places[lookup->nplaces++] = places;
	lookup->count += places.end - places.first;
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */

/*
 * Add the nodes that are listed under a number: the hash of an element, or one of those for arrays
 * without any.  Unless it is sure that they pass, all need to be tested for the filter's key.
 */
static void
add_number(LokiLookup *lookup, int64 number, bool sure)
{
	int			before = lookup->nplaces;
	double		count = lookup->count;

	add_keys(lookup, number, number);
	if (sure)
		return;
	if (lookup->nplaces > before)
		lookup->places[before].sure_end = lookup->places[before].sure_first;
	lookup->tested += lookup->count - count;
}

/* Add the nodes of the rarest of a key's elements, which every node that passes has. */
static void
add_rarest(LokiLookup *lookup, bool sure)
{
	LokiFilterKey *key = lookup->key;
	LokiLookup	rarest;

	Assert(lookup->nplaces == 0 && key->nexact > 0);
	for (int i = 0; i < key->nexact; i++)
	{
		lookup->nplaces = 0;
		lookup->count = lookup->tested = 0;
		add_number(lookup, LOKI_ARRAY_HASH(key->set[i]), sure);
		if (i == 0 || lookup->count < rarest.count)
			rarest = *lookup;
	}
	*lookup = rarest;
}

/* Whether an array that is equal to a key's constant is listed under its elements */
static bool
is_by_elements(const LokiFilterKey *key)
{
	return key->nexact >= 1 && key->nexact <= LOKI_SLOT_ELEMENTS;
}

/* Find the places of a key on elements; false if lists are no use. */
static bool
find_array(LokiLookup *lookup)
{
	LokiFilterKey *key = lookup->key;

	Assert(loki_attr_has_elements(key->type));
	/* there are places for each element, empty arrays and signatures */
	if (key->nexact + 2 > LOKI_LOOKUP_PLACES)
		return false;
	lookup->repeats = true;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_OVERLAPS:
			for (int i = 0; i < key->nexact; i++)
				add_number(lookup, LOKI_ARRAY_HASH(key->set[i]), true);
			add_number(lookup, LOKI_ARRAY_SIGNATURE, false);
			return true;
		case LOKI_FILTER_CONTAINS:
			if (is_by_elements(key))
				add_rarest(lookup, key->nexact == 1);
			add_number(lookup, LOKI_ARRAY_SIGNATURE, false);
			return true;
		case LOKI_FILTER_SAME:
			if (key->lossy && is_by_elements(key))
				add_rarest(lookup, false);
			else
				add_number(lookup, key->lossy ? LOKI_ARRAY_SIGNATURE : LOKI_ARRAY_EMPTY, false);
			return true;
		case LOKI_FILTER_CONTAINED:
			add_number(lookup, LOKI_ARRAY_EMPTY, false);
			for (int i = 0; i < key->nexact; i++)
				add_number(lookup, LOKI_ARRAY_HASH(key->set[i]), false);
			add_number(lookup, LOKI_ARRAY_SIGNATURE, false);
			return true;
		default:
			return false;
	}
}

/* ----------------------------------------------------------------
 * Any key
 * ----------------------------------------------------------------
 */

/*
 * Find the places of the values that may match a key; false if lists are no use.  NULLs come first in a list,
 * and have no sort key that counts.
 */
static bool
find_key(LokiLookup *lookup, const LokiMetaPageData *meta)
{
	LokiFilterKey *key = lookup->key;
	int64		set[LOKI_LOOKUP_PLACES];

	if (!loki_sorted_list_open(&lookup->list, lookup->list.state, lookup->list.index, meta,
							   key->attribute))
		return false;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_RANGE:
			add_keys(lookup, key->lo, (int64) ((uint64) key->lo + key->span));
			return true;
		case LOKI_FILTER_SET:
			if (key->n > LOKI_LOOKUP_PLACES)
				return false;
			memcpy(set, key->set, sizeof(int64) * key->n);
			qsort(set, key->n, sizeof(int64), loki_compare_numbers);
			for (int i = 0; i < key->n; i++)
				add_keys(lookup, set[i], set[i]);
			return true;
		case LOKI_FILTER_ISNULL:
			lookup->count = lookup->list.nulls;
			lookup->nplaces = lookup->count > 0;
			lookup->places[0] = (LokiPlaces)
			{
				0, 0, lookup->list.nulls, lookup->list.nulls
			};
			return true;
		default:
			return loki_attr_has_elements(key->type) && find_array(lookup);
	}
}

/* See lookup.h.  Pages are share locked one at a time. */
bool
loki_lookup_begin(LokiLookup *lookup, LokiLookup *second, LokiIndex *state, Relation index,
				  const LokiMetaPageData *meta, const LokiNodeFilter *filter)
{
	LokiLookup	found;

	lookup->key = second->key = NULL;
	if ((meta->flags & LOKI_META_SORTED_LISTS) == 0)
		return false;
	for (int i = 0; i < filter->ntests; i++)
	{
		if (filter->tests[i].kind != LOKI_CONDITION_KEY || filter->tests[i].negated)
			continue;
		memset(&found, 0, sizeof(found));
		found.list.state = state;
		found.list.index = index;
		found.key = filter->tests[i].key;
		if (!find_key(&found, meta))
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
	lookup->sketched = lookup->count >= LOKI_LEAST_SKETCHED && !lookup->repeats &&
		loki_has_sketches(&lookup->list);
	loki_bits_read(state, index, lookup->list.reused, lookup->list.end, &lookup->reused);
	return true;
}

/* See lookup.h.  Pages are share locked one at a time.  A list is 4 bytes a node, a bitmap one bit. */
bool
loki_lookup_mark(LokiLookup *lookup, uint64 *bits)
{
	uint32		nodes[LOKI_LOOKUP_READ];

	for (int i = 0; i < lookup->nplaces; i++)
		for (uint32 place = lookup->places[i].first; place < lookup->places[i].end;)
		{
			uint32		n = Min(lookup->places[i].end - place, LOKI_LOOKUP_READ);

			if (!loki_sorted_list_read(&lookup->list, NULL, place, n, nodes))
				return false;
			place += n;
			/* many nodes have a word in common, which is written once for them */
			for (uint32 k = 0; k < n;)
			{
				uint32		at = nodes[k] / 64;
				uint64		word = 0;

				for (; k < n && nodes[k] / 64 == at; k++)
					word |= nodes[k] < lookup->list.end ? UINT64CONST(1) << (nodes[k] % 64) : 0;
				if (word != 0)
					bits[at] |= word;
			}
			CHECK_FOR_INTERRUPTS();
		}
	return true;
}
