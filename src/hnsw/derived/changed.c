/*-------------------------------------------------------------------------
 *
 * changed.c
 *	  Nodes that derived lists do not know as they are: bits in REUSED and GAINED.
 *
 * Bits are set while lists can be read, or are being made, each in the set of notes that goes with them.
 * They are cleared only before lists are made, in the set that no list goes with (make.c).  A reader looks
 * at them after it has read the metapage: whoever changed a node since had noted it before (D4).
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/changed.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

/* About this number of pages are read to estimate how many nodes are noted */
#define SAMPLE_PAGES	4

/*
 * Clear the bits of the nodes below an end, all slots of them, so that these exist when inserts note
 * nodes.  See derived.h.  A record for each page; no content lock may be held.
 */
bool
loki_bits_forget(LokiIndex *state, Relation index, int array, uint32 end)
{
	uint32		per_page = state->arrays[array].per_page;
	uint32		n = loki_bit_slots(end);

	for (uint32 first = 0; first < n; first += per_page)
		if (!loki_derived_write(state, index, array, first / per_page, NULL,
								Min(per_page, n - first), 0))
			return false;
	return true;
}

/* Whether a node is noted: from the slot, under share lock.  See derived.h. */
bool
loki_bits_noted(LokiIndex *state, Relation index, int array, uint32 node)
{
	uint64		word;

	return loki_slot_read(state, index, array, node / 64, &word) && (word >> (node % 64) & 1) != 0;
}

/*
 * Note a node, in a record of its own unless it is noted.  See derived.h.  An insert does so before the
 * node's slots change (D4).  It holds the lock of inserts, and
 * read the metapage that has `end` under it.  The slot may be the first of its array that is
 * written.
 */
void
loki_bits_note(LokiIndex *state, Relation index, int array, uint32 end, uint32 node)
{
	uint64		mask = UINT64CONST(1) << (node % 64);
	uint32		place;
	uint64		word;
	LokiChange	change;
	int			page;

	Assert(loki_no_buffer_locked());
	/* often noted already; looked up under share lock, as others do */
	if (node >= end || loki_bits_noted(state, index, array, node))
		return;
	loki_change_begin(&change, state, index);
	page = loki_change_lock(&change, array, node / 64, &place);
	memcpy(&word, LokiPageSlot(loki_change_page(&change, page), sizeof(word), place),
		   sizeof(word));
	if ((word & mask) == 0)
	{
		word |= mask;
		loki_change_slot(&change, page, sizeof(word), place, &word);
	}
	loki_change_finish(&change);
}

/* See derived.h.  Up to two records; no content lock may be held. */
void
loki_note_change(LokiIndex *state, Relation index, const LokiMetaPageData *meta, int array, uint32 node)
{
	const LokiDerivedData *derived = &meta->derived;
	bool		rows = array == LOKI_SLOTS_GAINED;

	Assert(loki_insert_lock_held(index));
	loki_bits_note(state, index, LokiNotesArray(array, derived->notes.set),
				   rows ? derived->rowmap.end : derived->sorted.end, node);
	if (!rows || loki_has_rowmap(state))
		loki_bits_note(state, index, LokiNotesArray(array, 1 - derived->notes.set),
					   derived->notes.next_end, node);
}

/*
 * Copy notes out.  See derived.h.  Each page is share locked while its bits are copied.  No lock or pin
 * is left.  An end that is damaged takes no more memory than there are slots.
 */
void
loki_bits_read(LokiIndex *state, Relation index, int array, uint32 end, LokiNodeBits *bits)
{
	uint32		per_page = state->arrays[array].per_page;
	uint32		most = loki_bit_slots(end);

	if (!loki_array_has(state, array, 0, most))
		loki_index_refresh(state, index);
	if (!loki_array_has(state, array, 0, most))
		most = state->arrays[array].npages * per_page;
	bits->end = end;
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
		/* most pages have no bit that is set, and memory is taken at the first that has */
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

/* Free a copy.  No node is noted in it afterwards. */
void
loki_bits_release(LokiNodeBits *bits)
{
	if (bits->words != NULL)
		pfree(bits->words);
	bits->words = NULL;
	bits->nwords = 0;
}

/* See derived.h. */
void
loki_bits_clear(LokiNodeBits *bits, uint32 first, uint32 n)
{
	for (uint32 node = first; node < first + n && node / 64 < bits->nwords; node++)
		bits->words[node / 64] &= ~(UINT64CONST(1) << (node % 64));
}

/* How many nodes a copy notes.  See derived.h. */
double
loki_bits_count(const LokiNodeBits *bits)
{
	Assert((bits->nwords == 0) == (bits->words == NULL));
	return (double) pg_popcount((const char *) bits->words, (int) (bits->nwords * sizeof(uint64)));
}

/*
 * Estimate how many nodes are noted.  See derived.h.  Each page of the sample is share locked while its
 * bits are counted.  No lock or pin is left.
 */
double
loki_bits_estimate(LokiIndex *state, Relation index, int array, uint32 end)
{
	uint32		npages = (loki_bit_slots(end) - 1) / state->arrays[array].per_page + 1;
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
	return looked == 0 ? 0 : (double) nbits * npages / looked;
}

/* The next node that is noted.  See derived.h. */
bool
loki_bits_next(const LokiNodeBits *bits, uint32 *next, uint32 *node)
{
	for (uint32 i = *next / 64; i < bits->nwords; *next = ++i * 64)
	{
		uint64		word = bits->words[i] & (~UINT64CONST(0) << (*next % 64));

		if (word == 0)
			continue;
		*node = i * 64 + pg_rightmost_one_pos64(word);
		*next = *node + 1;
		return *node < bits->end;
	}
	return false;
}

/*
 * See derived.h.  TID is read through a ring, as a scan of a large table would be, and pauses as
 * vacuum does.
 */
uint32
loki_count_live(LokiIndex *state, Relation index, uint8 *live, uint32 *uncounted)
{
	LokiAllSlots all = {state, index, LOKI_SLOTS_TID, GetAccessStrategy(BAS_BULKREAD)};
	const LokiTidData *tid;
	uint32		count = 0;

	if (uncounted != NULL)
		*uncounted = 0;
	while ((tid = loki_all_slots_next(&all)) != NULL)
	{
		if (uncounted != NULL && (LokiTidState(tid) == LOKI_TID_DEAD ||
								  (LokiTidIsLive(tid) && (tid->state & LOKI_TID_NEW) != 0)))
			(*uncounted)++;
		if (!LokiTidIsLive(tid))
			continue;
		count++;
		if (live != NULL)
			live[all.number / 8] |= 1 << (all.number % 8);
	}
	FreeAccessStrategy(all.strategy);
	return count;
}
