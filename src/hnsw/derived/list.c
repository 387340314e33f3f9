/*-------------------------------------------------------------------------
 *
 * list.c
 *	  Derived lists in pages: what they are, writing and reading their entries.
 *
 * Entries are packed as those of a bitmap index or of GIN's compressed posting lists are, but all
 * entries of a list have one width, so that the place of an entry gives its page and its bits.  A
 * place is found by the bounds, which filter/ searches.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/list.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

/*
 * Describe a list by what a metapage says.  See derived.h.  A list that is to be made is described as
 * well, though false is returned for it: of that only `end`, the slot arrays and, in a list of an
 * attribute, the widths are set.
 */
bool
loki_sorted_list_open(LokiSortedList *list, LokiIndex *state, Relation index, const LokiMetaPageData *meta,
					  int number)
{
	const LokiSortedListsData *lists = &meta->derived.sorted;
	bool		rows = number == LOKI_SORTED_ROWS;

	Assert(number >= 0 && (rows || number < state->nattributes));
	memset(list, 0, sizeof(LokiSortedList));
	list->state = state;
	list->index = index;
	list->number = number;
	list->generation = lists->generation;
	list->end = lists->end;
	list->entries = rows ? LOKI_SLOTS_ROW : LOKI_SLOTS_SORTED + number;
	list->bounds = rows ? LOKI_SLOTS_BLOCK : LOKI_SLOTS_SEPARATOR + number;
	list->pages = meta->derived.pages[number];
	list->reused = LokiNotesArray(LOKI_SLOTS_REUSED, meta->derived.notes.set);
	list->gained = LokiNotesArray(LOKI_SLOTS_GAINED, meta->derived.notes.set);
	if (rows)
	{
		list->map = meta->derived.rowmap;
		list->n = list->map.entries;
		list->node_bits = list->map.node_bits;
		list->width = list->map.node_bits + list->map.key_bits;
		list->nbounds = list->map.groups + 1;
		return (meta->flags & LOKI_META_ROWMAP) != 0;
	}
	/* bits for the numbers up to `end`, one more than nodes take: a node whose bits are all set is none (D5) */
	list->node_bits = list->width = pg_leftmost_one_pos32(Max(list->end, 1)) + 1;
	if ((meta->flags & LOKI_META_SORTED_LISTS) == 0 || lists->listed[number] == LOKI_NONE)
		return false;
	list->n = lists->listed[number];
	list->nulls = lists->nulls[number];
	list->nbounds = loki_separators(list->n);
	return true;
}

/* Whether what was read of a list was that list (D1).  See derived.h. */
bool
loki_sorted_list_valid(const LokiSortedList *list)
{
	LokiMetaPageData meta;

	loki_meta_read(list->index, &meta);
	return meta.derived.sorted.generation == list->generation &&
		(meta.flags & (list->number == LOKI_SORTED_ROWS ? LOKI_META_ROWMAP :
					   LOKI_META_SORTED_LISTS)) != 0;
}

/*
 * The entry at a place of a page.  It may cross words.  The word after the one that it
 * begins in is always read, which may be in the special space.
 */
static inline uint32
get_entry(const char *slots, uint32 place, uint32 width)
{
	uint32		bit = place * width;
	uint64		word;

	Assert(width > 0 && width <= 32 && place < loki_entries_per_page(width));

#ifdef WORDS_BIGENDIAN
	uint64		next;

	memcpy(&word, slots + bit / 64 * sizeof(uint64), sizeof(word));
	memcpy(&next, slots + bit / 64 * sizeof(uint64) + sizeof(word), sizeof(next));
	word = word >> (bit % 64) | next << 1 << (63 - bit % 64);
#else

	/*
	 * an entry of 32 bits begins in a byte, and ends at most 39 bits after
	 * its beginning
	 */
	memcpy(&word, slots + bit / 8, sizeof(word));
	word >>= bit % 8;
#endif
	return (uint32) (word & ((UINT64CONST(1) << width) - 1));
}

/*
 * Copy entries out.  See derived.h.  Entries of one page are copied under one lock; false as soon as a
 * page is not there, or has fewer entries, as when the lists are being made again.
 */
bool
loki_sorted_list_read(const LokiSortedList *list, const uint32 *places, uint32 first, uint32 n,
					  uint32 *entries)
{
	uint32		per_page = loki_entries_per_page(list->width);

	Assert(list->width >= list->node_bits && list->width <= LOKI_ROWMAP_MAX_WIDTH);
	for (uint32 i = 0; i < n;)
	{
		uint32		before = i;
		uint32		passed = (places != NULL ? places[i] : first + i) / per_page;
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(list->state, list->index, list->entries,
										  list->pages.entries + passed, &buffer, &used);
		uint32		has;

		if (page == NULL)
			return false;
		/* whole entries that the words in use have */
		has = Min((uint32) used * 64 / list->width, per_page);
		for (; i < n; i++)
		{
			uint32		place = (places != NULL ? places[i] : first + i) - passed * per_page;

			if (place >= has)
				break;
			entries[i] = get_entry(LokiPageSlot(page, sizeof(uint64), 0), place, list->width);
		}
		UnlockReleaseBuffer(buffer);
		if (i == before)
			return false;
	}
	return true;
}

/*
 * One record for a page, of which nothing else is kept.  No content lock may be held, and none is
 * left.
 */
bool
loki_derived_write(LokiIndex *state, Relation index, int array, uint32 ordinal,
				   const void *slots, uint32 n, uint32 generation)
{
	LokiSlotArray *of_array = &state->arrays[array];
	Size		size = (Size) n * of_array->slot_size;
	LokiChange	change;
	int			number;
	Page		page;

	Assert(n <= of_array->per_page && loki_no_buffer_locked());
	LokiVacuumDelayPoint();
	if (!loki_reserve_page(state, index, array, ordinal, WARNING))
		return false;
	loki_change_begin(&change, state, index);
	number = loki_change_lock_page(&change, array, ordinal);
	page = loki_change_copy(&change, number);
	loki_change_image(&change, number);
	if (slots != NULL)
		memcpy(LokiPageSlot(page, of_array->slot_size, 0), slots, size);
	else
		memset(LokiPageSlot(page, of_array->slot_size, 0), 0, size);
	((PageHeader) page)->pd_lower = SizeOfPageHeaderData + size;
	/* only pages of sketches name a generation */
	Assert(generation == 0 || LokiSlotArrayIsBrief(array));
	LokiPageOpaque(page)->next = generation;
	LokiPageOpaque(page)->flags = generation > 0 ? LOKI_PAGE_IN_BLOCKS : 0;
	loki_change_finish(&change);
	return true;
}

/*
 * Write a list: the words of its entries, page by page, and then its bounds.  Nobody reads it, as the
 * metapage says that there is none (D1).  See derived.h.
 */
bool
loki_sorted_list_write(const LokiSortedList *list, const uint32 *entries, const void *bounds)
{
	const LokiSlotArray *of_bounds = &list->state->arrays[list->bounds];
	uint32		per_page = loki_entries_per_page(list->width);
	uint64		mask = (UINT64CONST(1) << list->width) - 1;
	uint64		words[LOKI_ENTRY_WORDS];

	Assert(list->end <= mask);	/* D5 */
	for (uint32 first = 0; first < list->n; first += per_page)
	{
		uint32		n = Min(per_page, list->n - first);

		Assert(loki_entry_slots(n, list->width) <= LOKI_ENTRY_WORDS);
		memset(words, 0, sizeof(words));
		for (uint32 i = 0; i < n; i++)
		{
			uint32		bit = i * list->width;
			uint64		entry = entries[first + i] & mask;

			Assert(entry == mask || loki_entry_node(list, (uint32) entry) < list->end); /* D5 */
			words[bit / 64] |= entry << (bit % 64);
			if (bit % 64 + list->width > 64)
				words[bit / 64 + 1] |= entry >> (64 - bit % 64);
		}
		if (!loki_derived_write(list->state, list->index, list->entries,
								list->pages.entries + first / per_page, words,
								loki_entry_slots(n, list->width), 0))
			return false;
	}
	for (uint32 first = 0; first < list->nbounds; first += of_bounds->per_page)
		if (!loki_derived_write(list->state, list->index, list->bounds,
								list->pages.bounds + first / of_bounds->per_page,
								(const char *) bounds + (Size) first * of_bounds->slot_size,
								Min(of_bounds->per_page, list->nbounds - first), 0))
			return false;
	return true;
}
