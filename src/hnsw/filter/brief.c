/*-------------------------------------------------------------------------
 *
 * brief.c
 *	  Brief codes of listed nodes, in the order of their lists.
 *
 * BRIEF of an attribute has, for each entry of SORTED, a code of one bit a dimension
 * (src/quantize/README, "Brief codes").  Its slots are blocks of LOKI_BRIEF_BLOCK codes.  A flat
 * scan by the list reads them one behind the other, and by their bounds leaves out most nodes,
 * whose own codes lie anywhere.
 *
 * Each page of BRIEF names the generation of the lists that it belongs to.  One that names
 * another is of no use.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/brief.c
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

/* No flat scan looks at the brief codes of a shorter list */
#define LEAST_LISTED	(LOKI_FIRST_SELECTION * LOKI_SHORT_LIST)

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

double
loki_brief_memory(const LokiIndex *state)
{
	return state->brief != NULL ? state->brief->code_size : 0;
}

/* See sorted_list.h.  Pages are share locked, one at a time; no content lock may be held. */
char *
loki_brief_codes(LokiIndex *state, Relation index, uint32 begin, uint32 end)
{
	const LokiQuantizer *brief = state->brief;
	const LokiSlotArray *array = &state->arrays[LOKI_SLOTS_CODE];
	char	   *codes = palloc_extended(mul_size(brief->code_size, (Size) (end - begin) + 1),
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	Assert(loki_no_buffer_locked() && begin <= end);
	for (uint32 node = begin; node < end;)
	{
		uint32		place = node % array->per_page;
		Buffer		buffer;
		int			used;
		Page		page;

		CHECK_FOR_INTERRUPTS();
		page = loki_page_lock(state, index, LOKI_SLOTS_CODE, node / array->per_page, &buffer,
							  &used);
		if (page == NULL)
			break;
		for (; place < array->per_page && node < end; place++, node++)
			if (place < (uint32) used)
				brief->shorten(brief, state->quantizer, LokiPageSlot(page, array->slot_size, place),
							   codes + (Size) (node - begin) * brief->code_size);
		UnlockReleaseBuffer(buffer);
	}
	return codes;
}

/*
 * Write the brief codes of a list.  Its first page, by which they are found, comes last: so all are
 * there, or none is found, also after a crash.  False if there is no room for a page.
 */
static bool
write_list(LokiIndex *state, Relation index, int attribute, const char *codes,
		   const LokiSortedListsData *lists)
{
	int			array = LOKI_SLOTS_BRIEF + attribute;
	uint32		size = state->brief->code_size;
	uint32		block_size = state->arrays[array].slot_size;
	uint32		per_page = state->arrays[array].per_page * LOKI_BRIEF_BLOCK;
	uint32		listed = lists->listed[attribute];
	uint32	   *nodes = palloc_array(uint32, per_page);
	PGAlignedBlock page;

	for (uint32 ordinal = (listed + per_page - 1) / per_page; ordinal-- > 0;)
	{
		uint32		place = ordinal * per_page;
		uint32		n = Min(per_page, listed - place);

		if (!loki_entries_read(state, index, LOKI_SLOTS_SORTED + attribute, place, n,
							   loki_sorted_list_width(lists->end), nodes))
			return false;
		memset(page.data, 0, sizeof(page.data));
		for (uint32 i = 0; i < n; i++)
		{
			if (nodes[i] >= lists->end)
				return false;
			loki_brief_put(size, codes + (Size) nodes[i] * size, i % LOKI_BRIEF_BLOCK,
						   page.data + i / LOKI_BRIEF_BLOCK * block_size);
		}
		if (!loki_side_write_brief(state, index, array, ordinal, page.data,
								   loki_brief_blocks(n), lists->generation))
			return false;
	}
	pfree(nodes);
	return true;
}

/*
 * Note that a list has no brief codes, by pages without slots.  Those that an earlier attempt left
 * behind may name its generation.
 */
static void
forget_list(LokiIndex *state, Relation index, int attribute)
{
	int			array = LOKI_SLOTS_BRIEF + attribute;

	for (uint32 ordinal = 0; ordinal < state->arrays[array].npages; ordinal++)
	{
		Buffer		buffer;
		int			used;
		Page		page;
		bool		empty;

		CHECK_FOR_INTERRUPTS();
		page = loki_page_lock(state, index, array, ordinal, &buffer, &used);
		if (page == NULL)
			return;
		empty = used == 0 && LokiPageOpaque(page)->next == 0;
		UnlockReleaseBuffer(buffer);
		if (!empty)
			(void) loki_side_write_brief(state, index, array, ordinal, NULL, 0, 0);
	}
}

/* Whether an attribute has a list that is long enough for brief codes */
static bool
is_worth_it(const LokiSortedListsData *lists, int attribute)
{
	return lists->listed[attribute] != LOKI_NONE && lists->listed[attribute] >= LEAST_LISTED;
}

void
loki_brief_make(LokiIndex *state, Relation index, const LokiSortedListsData *lists, bool wanted)
{
	char	   *codes = NULL;

	for (int i = 0; i < state->nattributes; i++)
	{
		if (state->arrays[LOKI_SLOTS_BRIEF + i].slot_size == 0)
			continue;
		if (!wanted || !is_worth_it(lists, i))
		{
			forget_list(state, index, i);
			continue;
		}
		if (codes == NULL)
			codes = loki_brief_codes(state, index, 0, lists->end);
		if (!write_list(state, index, i, codes, lists))
			forget_list(state, index, i);
	}
	if (codes != NULL)
		pfree(codes);
}

/* ----------------------------------------------------------------
 * Using them
 * ----------------------------------------------------------------
 */

/* See sorted_list.h. */
Page
loki_brief_page_lock(LokiIndex *state, Relation index, int array, uint32 ordinal, uint32 generation,
					 Buffer *buffer, int *used)
{
	Page		page = loki_page_lock(state, index, array, ordinal, buffer, used);

	if (page == NULL)
		return NULL;
	if (LokiPageOpaque(page)->next == generation &&
		(LokiPageOpaque(page)->flags & LOKI_PAGE_IN_BLOCKS) != 0)
		return page;
	UnlockReleaseBuffer(*buffer);
	return NULL;
}

/* See sorted_list.h.  Pages are share locked, one at a time; no content lock may be held. */
bool
loki_brief_amiss(LokiIndex *state, Relation index, const LokiSortedListsData *lists, bool wanted)
{
	for (int i = 0; i < state->nattributes; i++)
	{
		bool		shall = wanted && is_worth_it(lists, i);
		Buffer		buffer;
		int			used;

		if (state->arrays[LOKI_SLOTS_BRIEF + i].slot_size == 0)
			continue;
		if (loki_brief_page_lock(state, index, LOKI_SLOTS_BRIEF + i, 0, lists->generation,
								 &buffer, &used) != NULL)
		{
			UnlockReleaseBuffer(buffer);
			if (!shall)
				return true;
		}
		else if (shall)
			return true;
	}
	return false;
}

/* Whether the list of a lookup has brief codes, and is long enough for them. */
bool
loki_brief_found(const LokiLookup *lookup)
{
	int			array = LOKI_SLOTS_BRIEF + lookup->key->attribute;
	Buffer		buffer;
	int			used;

	if (lookup->count < LEAST_LISTED || lookup->repeats ||
		lookup->state->arrays[array].npages == 0 ||
		loki_brief_page_lock(lookup->state, lookup->index, array, 0,
							 lookup->sorted_lists.generation, &buffer, &used) == NULL)
		return false;
	UnlockReleaseBuffer(buffer);
	return true;
}

/* See sorted_list.h.  Pages are share locked, one at a time; no content lock may be held. */
bool
loki_brief_bounds(LokiLookup *lookup, const LokiQuery *query, uint32 block, uint32 n,
				  float *bounds, float *least)
{
	const LokiQuantizer *brief = lookup->state->brief;
	int			array = LOKI_SLOTS_BRIEF + lookup->key->attribute;
	const LokiSlotArray *slots = &lookup->state->arrays[array];

	Assert(loki_no_buffer_locked());
	while (n > 0)
	{
		uint32		first = block % slots->per_page;
		uint32		end = Min(first + n, slots->per_page);
		Buffer		buffer;
		int			used;
		Page		page = loki_brief_page_lock(lookup->state, lookup->index, array,
												block / slots->per_page,
												lookup->sorted_lists.generation, &buffer, &used);

		if (page == NULL)
			return false;
		for (uint32 i = first; i < Min(end, (uint32) used); i++)
		{
			brief->bounds(brief, query, LokiPageSlot(page, slots->slot_size, i), bounds, least);
			bounds += LOKI_BRIEF_BLOCK;
			least += LOKI_BRIEF_LEAST;
		}
		UnlockReleaseBuffer(buffer);
		if (end > (uint32) used)
			return false;
		block += end - first;
		n -= end - first;
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}
