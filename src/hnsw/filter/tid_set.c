/*-------------------------------------------------------------------------
 *
 * tid_set.c
 *	  A set of heap TIDs that a scan stays in, made of a bitmap or of rows that
 *	  another index has found.
 *
 * A bitmap heap scan goes through a TIDBitmap once, from front to back, and that is all that one can do:
 * it cannot be asked for one TID.  It returns its pages in order, so the set is written from front to
 * back.  The set takes less memory than the bitmap, which stays within work_mem by forgetting offsets.
 *
 *	pages	| a bit for each block from the first to the last |	whether it has rows of the set
 *	ranks	| for each word of pages: how many bits are before it |
 *	entries	| by rank of the page: where its words of offsets begin, and whether to recheck |
 *	offsets	| words of bits, one for each line pointer up to the last of the page |
 *
 * So a TID is found by arithmetic: its block's bit, its rank, its entry, and a bit of a word.  A page
 * that is lossy has no words of offsets, and all of its rows are in the set, to be rechecked.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/tid_set.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/filter/tid_set.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define PAGE_WORDS		((MaxHeapTuplesPerPage + 63) / 64)

/* A set that grows, page by page */
typedef struct TidSetBuilder
{
	LokiTidSet *set;			/* its entries and offsets are filled */
	BlockNumber *blocks;		/* of its pages, ascending */
	uint32		noffsets;		/* words of offsets that are set */
	uint64		blocks_allocated;
	uint64		entries_allocated;
	uint64		offsets_allocated;
	double		rows_per_page;	/* of the heap: rows of a lossy page */
} TidSetBuilder;

/* Make room for one more page, and its words of offsets; entries[npages] is the end of the last page. */
static void
make_room_for_page(TidSetBuilder *builder)
{
	LokiTidSet *set = builder->set;

	builder->blocks = loki_grow(set->context, builder->blocks, &builder->blocks_allocated,
								set->npages + 1, 64, sizeof(BlockNumber));
	set->entries = loki_grow(set->context, set->entries, &builder->entries_allocated,
							 set->npages + 1, 64, sizeof(uint32));
	set->offsets = loki_grow(set->context, set->offsets, &builder->offsets_allocated,
							 (uint64) builder->noffsets + PAGE_WORDS, 64 * PAGE_WORDS,
							 sizeof(uint64));
}

/* Append a page of a bitmap, which returns pages and offsets in ascending order. */
static void
add_bitmap_page(TidSetBuilder *builder, const LokiTbmPage *page)
{
	LokiTidSet *set = builder->set;
	bool		lossy = page->ntuples < 0 || builder->noffsets >= LOKI_TIDS_RECHECK / 2;
	uint32		words;

	Assert(set->npages == 0 || page->block > builder->blocks[set->npages - 1]);
	make_room_for_page(builder);
	builder->blocks[set->npages] = page->block;
	set->entries[set->npages++] = builder->noffsets |
		(lossy || page->recheck ? LOKI_TIDS_RECHECK : 0);
	set->recheck |= lossy || page->recheck;
	if (lossy)
	{
		set->nlossy++;
		set->count += builder->rows_per_page;
		return;
	}
	/* up to the last offset: most pages of a heap of wide rows take one word */
	words = page->ntuples == 0 ? 1 : (page->offsets[page->ntuples - 1] - 1) / 64 + 1;
	Assert(words <= PAGE_WORDS);
	memset(set->offsets + builder->noffsets, 0, words * sizeof(uint64));
	for (int i = 0; i < page->ntuples; i++)
	{
		uint32		bit = page->offsets[i] - 1;

		set->offsets[builder->noffsets + bit / 64] |= UINT64CONST(1) << (bit % 64);
	}
	builder->noffsets += words;
	set->count += page->ntuples;
}

/* Make room for the bits by block. */
static void
begin_pages(LokiTidSet *set, BlockNumber first, uint64 nblocks)
{
	set->first = first;
	set->nblocks = nblocks;
	set->pages = MemoryContextAllocExtended(set->context,
											mul_size(nblocks / 64 + 1, sizeof(uint64)),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->ranks = MemoryContextAllocExtended(set->context,
											mul_size(nblocks / 64 + 1, sizeof(uint32)),
											MCXT_ALLOC_HUGE);
}

/* Set the bit of a block. */
static inline void
set_page(LokiTidSet *set, BlockNumber block)
{
	uint32		bit = block - set->first;

	Assert(block >= set->first && bit < set->nblocks);
	set->pages[bit / 64] |= UINT64CONST(1) << (bit % 64);
}

/* Count the pages before each word; returns how many there are. */
static uint32
rank_pages(LokiTidSet *set)
{
	uint32		rank = 0;

	for (uint64 i = 0; i < set->nblocks / 64 + 1; i++)
	{
		set->ranks[i] = rank;
		rank += pg_popcount64(set->pages[i]);
	}
	return rank;
}

/*
 * The TIDs of a bitmap, in a memory context below the current one.  rows_per_page is the
 * average of the heap, by which rows of lossy pages are counted.
 */
LokiTidSet *
loki_tids_create(TIDBitmap *bitmap, double rows_per_page)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw scan TIDs",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiTidSet *set = palloc0_object(LokiTidSet);
	TidSetBuilder builder = {.set = set, .rows_per_page = rows_per_page};
	LokiTbmIterator iterator;
	LokiTbmPage page;
	uint32		n;

	set->context = context;
	loki_tbm_begin(&iterator, bitmap);
	while (loki_tbm_next(&iterator, &page))
	{
		CHECK_FOR_INTERRUPTS();
		add_bitmap_page(&builder, &page);
	}
	loki_tbm_end(&iterator);
	make_room_for_page(&builder);
	set->entries[set->npages] = builder.noffsets;
	n = set->npages;
	begin_pages(set, n > 0 ? builder.blocks[0] : 0,
				n > 0 ? (uint64) builder.blocks[n - 1] - builder.blocks[0] + 1 : 0);
	for (uint32 i = 0; i < n; i++)
		set_page(set, builder.blocks[i]);
	set->npages = rank_pages(set);
	Assert(set->npages == n);
	pfree(builder.blocks);
	MemoryContextSwitchTo(old);
	return set;
}

/* ----------------------------------------------------------------
 * Sets of rows in no order
 * ----------------------------------------------------------------
 */

/*
 * The set of n rows, LOKI_TIDS_MOST at most, in a memory context below the current one.
 * The rows may come in any order, and more than once.  They need not be sorted: the bits
 * by block give the place of each.
 */
LokiTidSet *
loki_tids_of_rows(const LokiTidRow *rows, uint32 n)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw scan TIDs",
												  ALLOCSET_DEFAULT_SIZES);
	LokiTidSet *set = MemoryContextAllocZero(context, sizeof(LokiTidSet));
	BlockNumber first = n > 0 ? rows[0].block : 0;
	BlockNumber last = first;
	uint32		nwords = 0;

	Assert(n <= LOKI_TIDS_MOST);
	set->context = context;
	for (uint32 i = 0; i < n; i++)
	{
		first = Min(first, rows[i].block);
		last = Max(last, rows[i].block);
	}
	begin_pages(set, first, n > 0 ? (uint64) last - first + 1 : 0);
	for (uint32 i = 0; i < n; i++)
		set_page(set, rows[i].block);
	set->npages = rank_pages(set);

	/* entries[] has the number of words of a page first, and then where they begin */
	set->entries = MemoryContextAllocExtended(context,
											  mul_size((Size) set->npages + 1, sizeof(uint32)),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		words = (rows[i].offset - 1) / 64 + 1;
		uint32		rank;

		if (!loki_tids_find(set, rows[i].block, &rank))
			continue;
		words = Max(words, set->entries[rank] & ~LOKI_TIDS_RECHECK);
		set->entries[rank] = words | (set->entries[rank] & LOKI_TIDS_RECHECK) |
			(rows[i].recheck ? LOKI_TIDS_RECHECK : 0);
		set->recheck |= rows[i].recheck;
	}
	for (uint32 rank = 0; rank < set->npages; rank++)
	{
		uint32		words = set->entries[rank] & ~LOKI_TIDS_RECHECK;

		Assert(words > 0 && words <= PAGE_WORDS);
		set->entries[rank] += nwords - words;
		nwords += words;
	}
	set->entries[set->npages] = nwords;
	set->offsets = MemoryContextAllocExtended(context, mul_size((Size) nwords + 1, sizeof(uint64)),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < n; i++)
	{
		uint32		bit = rows[i].offset - 1;
		uint32		rank;

		if (loki_tids_find(set, rows[i].block, &rank))
			set->offsets[(set->entries[rank] & ~LOKI_TIDS_RECHECK) + bit / 64] |=
				UINT64CONST(1) << (bit % 64);
	}
	/* each row of the set has one bit, however often it came */
	Assert((uint64) nwords * sizeof(uint64) <= PG_INT32_MAX);
	set->count = (double) pg_popcount((char *) set->offsets, (int) (nwords * sizeof(uint64)));
	return set;
}

/* Begin to go through the pages of a set. */
void
loki_tids_begin(LokiTidPages *pages, const LokiTidSet *set)
{
	memset(pages, 0, sizeof(LokiTidPages));
	pages->set = set;
	pages->bits = set->pages[0];
}

/* The next page, in the order of blocks; false at the end.  Its offsets are bits, of nwords words. */
bool
loki_tids_next(LokiTidPages *pages)
{
	const LokiTidSet *set = pages->set;
	uint32		start;

	if (pages->rank == set->npages)
		return false;
	Assert(pages->rank < set->npages);
	Assert(pages->word <= set->nblocks / 64);
	while (pages->bits == 0)
		pages->bits = set->pages[++pages->word];
	pages->block = set->first + pages->word * 64 + pg_rightmost_one_pos64(pages->bits);
	pages->bits &= pages->bits - 1;
	start = set->entries[pages->rank] & ~LOKI_TIDS_RECHECK;
	pages->offsets = set->offsets + start;
	pages->nwords = (set->entries[++pages->rank] & ~LOKI_TIDS_RECHECK) - start;
	return true;
}
