/*-------------------------------------------------------------------------
 *
 * sketch.c
 *	  1-bit sketches of listed nodes, in the order of their list.
 *
 * BRIEF of an attribute has, for each entry of SORTED, a code of one bit a dimension
 * (src/quantize/README, "1-bit sketches").  Its slots are blocks of LOKI_SKETCH_BLOCK codes.  A flat
 * scan by the list reads them one behind the other, and by their bounds leaves out most nodes,
 * whose own codes lie anywhere.
 *
 * Each page of BRIEF names the generation of the lists that it belongs to.  One that names another
 * is of no use, nor is one whose codes are not in blocks.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/sketch.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Bytes of a node's sketch in memory; 0 without sketches.  See derived.h.  All nodes' are gathered at once. */
double
loki_sketch_memory(const LokiIndex *state)
{
	return state->sketch != NULL ? state->sketch->code_size : 0;
}

/* See derived.h.  Pages are share locked, one at a time; no content lock may be held. */
char *
loki_sketches_gather(LokiIndex *state, Relation index, uint32 begin, uint32 end)
{
	const LokiQuantizer *sketch = state->sketch;
	const LokiSlotArray *array = &state->arrays[LOKI_SLOTS_CODE];
	char	   *sketches = palloc_extended(mul_size(sketch->code_size, (Size) (end - begin) + 1),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	Assert(loki_no_buffer_locked() && begin <= end);
	for (uint32 node = begin; node < end;)
	{
		uint32		place = node % array->per_page;
		Buffer		buffer;
		int			used;
		Page		page;

		LokiVacuumDelayPoint();
		page = loki_page_lock(state, index, LOKI_SLOTS_CODE, node / array->per_page, &buffer,
							  &used);
		if (page == NULL)
			break;
		for (; place < array->per_page && node < end; place++, node++)
			if (place < (uint32) used)
				sketch->shorten(sketch, state->quantizer,
								LokiPageSlot(page, array->slot_size, place),
								sketches + (Size) (node - begin) * sketch->code_size);
		UnlockReleaseBuffer(buffer);
	}
	return sketches;
}

/*
 * Write the sketches of a list.  Its first page, by which they are found, comes last: so all are
 * there, or none is found, also after a crash.  False if there is no room for a page.
 */
static bool
write_sketches(const LokiSortedList *list, const char *sketches)
{
	int			array = LOKI_SLOTS_BRIEF + list->number;
	uint32		size = list->state->sketch->code_size;
	uint32		block_size = list->state->arrays[array].slot_size;
	uint32		per_page = list->state->arrays[array].per_page * LOKI_SKETCH_BLOCK;
	uint32	   *nodes = palloc_array(uint32, per_page);
	PGAlignedBlock page;

	Assert(list->n >= LOKI_LEAST_SKETCHED && list->generation > 0);
	for (uint32 ordinal = (list->n + per_page - 1) / per_page; ordinal-- > 0;)
	{
		uint32		place = ordinal * per_page;
		uint32		n = Min(per_page, list->n - place);

		/* the list is this vacuum's or build's own, and lies in pages by now */
		if (!loki_sorted_list_read(list, NULL, place, n, nodes))
			return false;
		memset(page.data, 0, sizeof(page.data));
		for (uint32 i = 0; i < n; i++)
		{
			if (nodes[i] >= list->end)
				return false;
			loki_sketch_put(size, sketches + (Size) nodes[i] * size, i % LOKI_SKETCH_BLOCK,
						   page.data + i / LOKI_SKETCH_BLOCK * block_size);
		}
		if (!loki_derived_write(list->state, list->index, array, list->pages.sketches + ordinal, page.data,
								loki_sketch_blocks(n), list->generation))
			return false;
	}
	pfree(nodes);
	return true;
}

/*
 * Lock a page of sketches that are of the list as it was opened.  See derived.h.  Flags on the metapage say
 * which lists there are, and have no bit for sketches: vacuum makes these for lists that stay as they are.
 */
Page
loki_sketch_lock(const LokiSortedList *list, uint32 ordinal, Buffer *buffer, int *used)
{
	Page		page = loki_page_lock(list->state, list->index, LOKI_SLOTS_BRIEF + list->number,
									  list->pages.sketches + ordinal, buffer, used);

	if (page == NULL)
		return NULL;
	if (LokiPageOpaque(page)->next == list->generation)
		return page;
	UnlockReleaseBuffer(*buffer);
	return NULL;
}

/* Whether a list has sketches: all or none (D6) */
bool
loki_has_sketches(const LokiSortedList *list)
{
	Buffer		buffer;
	int			used;

	if (list->state->arrays[LOKI_SLOTS_BRIEF + list->number].npages == 0 ||
		loki_sketch_lock(list, 0, &buffer, &used) == NULL)
		return false;
	UnlockReleaseBuffer(buffer);
	return true;
}

/* Open the list of an attribute; false if it is none that can have sketches. */
static bool
may_have_sketches(LokiSortedList *list, LokiIndex *state, Relation index, const LokiMetaPageData *meta,
				  int attribute)
{
	return state->arrays[LOKI_SLOTS_BRIEF + attribute].slot_size > 0 &&
		loki_sorted_list_open(list, state, index, meta, attribute) && list->n >= LOKI_LEAST_SKETCHED;
}

/*
 * Make, or give up, the sketches of all lists.  See derived.h.  No content lock may be held.
 *
 * Nothing but the pages of these lists is written, so those of lists in use stay while others are made beside
 * them.  What is left on their pages, of lists that never came into use, names an earlier generation.
 */
void
loki_sketches_make(LokiIndex *state, Relation index, const LokiMetaPageData *meta, bool wanted)
{
	char	   *sketches = NULL;

	for (int i = 0; i < state->nattributes; i++)
	{
		int			array = LOKI_SLOTS_BRIEF + i;
		uint32		per_page = state->arrays[array].per_page;
		LokiSortedList list;

		if (!may_have_sketches(&list, state, index, meta, i) || loki_has_sketches(&list) == wanted)
			continue;
		if (!wanted)
		{
			/* the first page, by which they are found, first (D6) */
			for (uint32 ordinal = 0; ordinal * per_page < loki_sketch_blocks(list.n); ordinal++)
				if (!loki_derived_write(state, index, array, list.pages.sketches + ordinal, NULL, 0, 0))
					break;
		}
		else
		{
			if (sketches == NULL)
				sketches = loki_sketches_gather(state, index, 0, list.end);
			(void) write_sketches(&list, sketches);
		}
	}
	if (sketches != NULL)
		pfree(sketches);
}

/* Whether sketches are not as they are wanted.  See derived.h.  Share locks, one at a time. */
bool
loki_sketches_stale(LokiIndex *state, Relation index, const LokiMetaPageData *meta, bool wanted)
{
	for (int i = 0; i < state->nattributes; i++)
	{
		LokiSortedList list;

		if (may_have_sketches(&list, state, index, meta, i) && loki_has_sketches(&list) != wanted)
			return true;
	}
	return false;
}

/* See derived.h.  Pages are share locked, one at a time; no content lock may be held. */
bool
loki_sketch_bounds(const LokiSortedList *list, const LokiQuery *query, uint32 block, uint32 n,
				   float *bounds, float *least)
{
	const LokiQuantizer *sketch = list->state->sketch;
	const LokiSlotArray *slots = &list->state->arrays[LOKI_SLOTS_BRIEF + list->number];

	Assert(loki_no_buffer_locked());
	Assert((uint64) block + n <= loki_sketch_blocks(list->n));
	while (n > 0)
	{
		uint32		first = block % slots->per_page;
		uint32		end = Min(first + n, slots->per_page);
		Buffer		buffer;
		int			used;
		Page		page = loki_sketch_lock(list, block / slots->per_page, &buffer, &used);

		if (page == NULL)
			return false;
		for (uint32 i = first; i < Min(end, (uint32) used); i++)
		{
			sketch->bounds(sketch, query, LokiPageSlot(page, slots->slot_size, i), bounds, least);
			bounds += LOKI_SKETCH_BLOCK;
			least += LOKI_SKETCH_LEAST;
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
