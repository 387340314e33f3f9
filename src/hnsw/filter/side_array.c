/*-------------------------------------------------------------------------
 *
 * side_array.c
 *	  Pages of side arrays, and the nodes that they do not have.
 *
 * Sorted lists and the row map do not change after they were made.  The nodes that they
 * lack are known by ID: those from their end on, and those that are noted as bits.
 * src/hnsw/filter/README, "Side arrays".
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/side_array.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/side_array.h"
#include "hnsw/page/change.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* About so many pages are read to estimate how many nodes are noted */
#define SAMPLE_PAGES	4

/* ----------------------------------------------------------------
 * Pages
 * ----------------------------------------------------------------
 */

/*
 * Write the n slots of a page, which has no others then, in one record.  A page of brief codes
 * is noted to be of a generation of sorted lists; others of 0.  No content lock may be held, and
 * none is left.  False if there is no room for the page.
 */
static bool
write_page(LokiIndex *state, Relation index, int array, uint32 ordinal, const char *slots,
		   uint32 n, uint32 generation)
{
	LokiSlotArray *array_slots = &state->arrays[array];
	LokiChange	change;
	int			number;
	Page		page;

	Assert(n <= array_slots->per_page && loki_no_buffer_locked());
	CHECK_FOR_INTERRUPTS();
	if (!loki_reserve_slot(state, index, array, ordinal * array_slots->per_page, WARNING))
		return false;
	loki_change_begin(&change, state, index);
	number = loki_change_lock_page(&change, array, ordinal);
	page = loki_change_copy(&change, number);
	loki_change_image(&change, number);
	if (slots != NULL)
		memcpy(LokiPageSlot(page, array_slots->slot_size, 0), slots, n * array_slots->slot_size);
	else
		memset(LokiPageSlot(page, array_slots->slot_size, 0), 0, n * array_slots->slot_size);
	((PageHeader) page)->pd_lower = SizeOfPageHeaderData + n * array_slots->slot_size;
	LokiPageOpaque(page)->next = generation;
	LokiPageOpaque(page)->flags = generation > 0 ? LOKI_PAGE_IN_BLOCKS : 0;
	loki_change_finish(&change);
	return true;
}

bool
loki_side_write_brief(LokiIndex *state, Relation index, int array, uint32 ordinal,
					  const char *slots, uint32 n, uint32 generation)
{
	Assert(array >= LOKI_SLOTS_BRIEF);
	return write_page(state, index, array, ordinal, slots, n, generation);
}

bool
loki_side_write(LokiIndex *state, Relation index, int array, const char *slots, uint32 n)
{
	LokiSlotArray *array_slots = &state->arrays[array];

	for (uint32 i = 0; i < n; i += array_slots->per_page)
		if (!write_page(state, index, array, i / array_slots->per_page,
						slots ? slots + (Size) i * array_slots->slot_size : NULL,
						Min(array_slots->per_page, n - i), 0))
			return false;
	return true;
}

bool
loki_entries_write(LokiIndex *state, Relation index, int array, const uint32 *entries,
				   uint32 n, uint32 width)
{
	uint32		per_page = loki_entries_per_page(width);
	uint64		mask = (UINT64CONST(1) << width) - 1;
	uint64		slots[LOKI_ENTRY_WORDS];

	for (uint32 first = 0; first < n; first += per_page)
	{
		uint32		count = Min(per_page, n - first);

		Assert(loki_entry_slots(count, width) <= LOKI_ENTRY_WORDS);
		memset(slots, 0, sizeof(slots));
		for (uint32 i = 0; i < count; i++)
		{
			uint32		bit = i * width;
			uint64		entry = entries[first + i] & mask;

			slots[bit / 64] |= entry << (bit % 64);
			if (bit % 64 + width > 64)
				slots[bit / 64 + 1] |= entry >> (64 - bit % 64);
		}
		if (!write_page(state, index, array, first / per_page, (char *) slots,
						loki_entry_slots(count, width), 0))
			return false;
	}
	return true;
}

/* Each page is share locked while its entries are copied.  No lock or pin is left. */
bool
loki_entries_read(LokiIndex *state, Relation index, int array, uint32 first, uint32 n,
				  uint32 width, uint32 *entries)
{
	uint32		per_page = loki_entries_per_page(width);

	while (n > 0)
	{
		uint32		place = first % per_page;
		uint32		count = Min(n, per_page - place);
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, array, first / per_page, &buffer, &used);
		bool		found;

		if (page == NULL)
			return false;
		found = loki_entry_slots(place + count, width) <= (uint32) used;
		for (uint32 i = 0; i < (found ? count : 0); i++)
			entries[i] = loki_entry(LokiPageSlot(page, sizeof(uint64), 0), place + i, width);
		UnlockReleaseBuffer(buffer);
		if (!found)
			return false;
		first += count;
		entries += count;
		n -= count;
	}
	return true;
}

/* See side_array.h.  A page is share locked while its entries are copied.  No lock or pin is left. */
bool
loki_entries_pick(LokiIndex *state, Relation index, int array, const uint32 *places, int n,
				  uint32 width, uint32 *entries)
{
	uint32		per_page = loki_entries_per_page(width);

	for (int i = 0; i < n;)
	{
		uint32		ordinal = places[i] / per_page;
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, array, ordinal, &buffer, &used);
		bool		found = page != NULL;

		for (; found && i < n && places[i] / per_page == ordinal; i++)
		{
			uint32		place = places[i] % per_page;

			found = loki_entry_slots(place + 1, width) <= (uint32) used;
			if (found)
				entries[i] = loki_entry(LokiPageSlot(page, sizeof(uint64), 0), place, width);
		}
		if (page != NULL)
			UnlockReleaseBuffer(buffer);
		if (!found)
			return false;
	}
	return true;
}

bool
loki_side_valid(Relation index, uint32 flag, uint32 generation)
{
	LokiMetaPageData meta;

	loki_meta_read(index, &meta);
	return loki_side_same(&meta, flag, generation);
}

/* ----------------------------------------------------------------
 * Nodes that side arrays do not know
 * ----------------------------------------------------------------
 */

bool
loki_bits_forget(LokiIndex *state, Relation index, int array, uint32 end)
{
	return loki_side_write(state, index, array, NULL, loki_bit_slots(array, end));
}

/*
 * An insert notes a node before its slots change.  It holds the lock of inserts, and
 * read the metapage that has `end` under it.  The slot may be the first of its array that is
 * written.
 */
void
loki_bits_note(LokiIndex *state, Relation index, int array, uint32 end, uint32 node)
{
	uint32		bit = node >> loki_bits_shift(array);
	uint64		mask = UINT64CONST(1) << (bit % 64);
	uint32		place;
	uint64		word;
	LokiChange	change;
	int			page;

	Assert(loki_no_buffer_locked());
	if (node >= end || (loki_slot_read(state, index, array, bit / 64, &word) &&
						(word & mask) != 0))
		return;
	loki_change_begin(&change, state, index);
	page = loki_change_lock(&change, array, bit / 64, &place);
	memcpy(&word, LokiPageSlot(loki_change_page(&change, page), sizeof(word), place),
		   sizeof(word));
	if ((word & mask) == 0)
	{
		word |= mask;
		loki_change_slot(&change, page, sizeof(word), place, &word);
	}
	loki_change_finish(&change);
}

/*
 * Each page is share locked while its bits are copied.  No lock or pin is left.  An end that is
 * damaged takes no more memory than there are slots.
 */
void
loki_bits_read(LokiIndex *state, Relation index, int array, uint32 end, LokiNodeBits *bits)
{
	uint32		per_page = state->arrays[array].per_page;
	uint32		most = loki_bit_slots(array, end);

	if (!loki_array_has(state, array, most))
		loki_index_refresh(state, index);
	if (!loki_array_has(state, array, most))
		most = state->arrays[array].npages * per_page;
	bits->end = end;
	bits->shift = loki_bits_shift(array);
	bits->nwords = 0;
	bits->words = NULL;
	for (uint32 i = 0; i < most; i += per_page)
	{
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, array, i / per_page, &buffer, &used);
		Size		size;

		if (page == NULL)
			break;
		size = Min((uint32) used, most - i) * sizeof(uint64);
		if (pg_popcount(LokiPageSlot(page, sizeof(uint64), 0), (int) size) > 0)
		{
			if (bits->words == NULL)
				bits->words = palloc0(mul_size(sizeof(uint64), most));
			bits->nwords = most;
			memcpy(bits->words + i, LokiPageSlot(page, sizeof(uint64), 0), size);
		}
		UnlockReleaseBuffer(buffer);
	}
}

void
loki_bits_release(LokiNodeBits *bits)
{
	if (bits->words != NULL)
		pfree(bits->words);
	bits->words = NULL;
	bits->nwords = 0;
}

double
loki_bits_count(const LokiNodeBits *bits)
{
	return (double) (UINT64CONST(1) << bits->shift) *
		pg_popcount((const char *) bits->words, (int) (bits->nwords * sizeof(uint64)));
}

/* Each page of the sample is share locked while its bits are counted.  No lock or pin is left. */
double
loki_bits_estimate(LokiIndex *state, Relation index, int array, uint32 end)
{
	uint32		npages = (loki_bit_slots(array, end) - 1) / state->arrays[array].per_page + 1;
	uint32		step = npages / SAMPLE_PAGES + 1;
	uint64		nbits = 0;
	uint32		looked = 0;

	for (uint32 ordinal = 0; ordinal < npages; ordinal += step)
	{
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, array, ordinal, &buffer, &used);

		if (page == NULL)
			break;
		nbits += pg_popcount(LokiPageSlot(page, sizeof(uint64), 0), used * (int) sizeof(uint64));
		UnlockReleaseBuffer(buffer);
		looked++;
	}
	return looked == 0 ? 0 :
		(double) (nbits << loki_bits_shift(array)) * npages / looked;
}

int
loki_bits_next(const LokiNodeBits *bits, uint32 *next, uint32 *nodes)
{
	for (uint32 i = *next / 64; i < bits->nwords; *next = ++i * 64)
	{
		uint64		word = bits->words[i] & (~UINT64CONST(0) << (*next % 64));
		uint32		bit = i * 64;
		int			n = 0;

		if (word == 0)
			continue;
		bit += pg_rightmost_one_pos64(word);
		*next = bit + 1;
		for (uint32 node = bit << bits->shift;
			 node < bits->end && node >> bits->shift == bit; node++)
			nodes[n++] = node;
		Assert(n <= LOKI_REUSED_UNIT);
		return n;
	}
	return 0;
}
