/*-------------------------------------------------------------------------
 *
 * hnswtids.c
 *	  A set of heap TIDs that a scan stays in, made of a bitmap of another
 *	  index.
 *
 * A TIDBitmap cannot be asked for one TID.  It returns its pages in order, so
 * that the set is written from front to back.  It takes less memory than the
 * bitmap, which stays within work_mem by forgetting offsets.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswtids.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "compat/pgcompat.h"
#include "hnsw/hnswtids.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define PAGE_WORDS		((MaxHeapTuplesPerPage + 63) / 64)

/* A set that grows */
typedef struct TidSetBuilder
{
	LokiTidSet *set;
	BlockNumber *blocks;
	uint32		allocated;		/* of blocks and entries */
	uint32		noffsets;
	uint32		offsets_allocated;
	double		rows_per_page;
} TidSetBuilder;

static void
make_room(TidSetBuilder *builder)
{
	LokiTidSet *set = builder->set;

	if (set->npages == builder->allocated)
	{
		builder->allocated *= 2;
		builder->blocks = repalloc_huge(builder->blocks,
										mul_size(builder->allocated, sizeof(BlockNumber)));
		set->entries = repalloc_huge(set->entries,
									 mul_size(builder->allocated, sizeof(uint32)));
	}
	if (builder->noffsets + PAGE_WORDS > builder->offsets_allocated)
	{
		builder->offsets_allocated *= 2;
		set->offsets = repalloc_huge(set->offsets,
									 mul_size(builder->offsets_allocated, sizeof(uint64)));
	}
}

/* Append a page; offsets are in order, as the bitmap has them. */
static void
add_page(TidSetBuilder *builder, const LokiTbmPage *page)
{
	LokiTidSet *set = builder->set;
	bool		lossy = page->ntuples < 0 || builder->noffsets >= LOKI_TIDS_RECHECK / 2;
	uint32		words;

	make_room(builder);
	builder->blocks[set->npages] = page->block;
	set->entries[set->npages++] = builder->noffsets |
		(lossy || page->recheck ? LOKI_TIDS_RECHECK : 0);
	if (lossy)
	{
		set->nlossy++;
		set->count += builder->rows_per_page;
		return;
	}
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

/* Make the bits by block, and the numbers of them before each word. */
static void
index_pages(LokiTidSet *set, const BlockNumber *blocks)
{
	uint64		nwords;
	uint32		rank = 0;

	set->first = set->npages > 0 ? blocks[0] : 0;
	set->nblocks = set->npages > 0 ? (uint64) blocks[set->npages - 1] - set->first + 1 : 0;
	nwords = set->nblocks / 64 + 1;
	set->pages = MemoryContextAllocExtended(set->context, mul_size(nwords, sizeof(uint64)),
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	set->ranks = MemoryContextAllocExtended(set->context, mul_size(nwords, sizeof(uint32)),
											MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < set->npages; i++)
	{
		uint32		bit = blocks[i] - set->first;

		set->pages[bit / 64] |= UINT64CONST(1) << (bit % 64);
	}
	for (uint64 i = 0; i < nwords; i++)
	{
		set->ranks[i] = rank;
		rank += pg_popcount64(set->pages[i]);
	}
}

/*
 * The TIDs of a bitmap, in a memory context below the current one.  A page of
 * the heap has so many rows, on average.
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

	set->context = context;
	builder.allocated = 64;
	builder.offsets_allocated = 64 * PAGE_WORDS;
	builder.blocks = palloc_array(BlockNumber, builder.allocated);
	set->entries = palloc_array(uint32, builder.allocated);
	set->offsets = palloc_array(uint64, builder.offsets_allocated);
	loki_tbm_begin(&iterator, bitmap);
	while (loki_tbm_next(&iterator, &page))
	{
		CHECK_FOR_INTERRUPTS();
		add_page(&builder, &page);
	}
	loki_tbm_end(&iterator);
	make_room(&builder);
	set->entries[set->npages] = builder.noffsets;
	index_pages(set, builder.blocks);
	pfree(builder.blocks);
	MemoryContextSwitchTo(old);
	return set;
}

void
loki_tids_free(LokiTidSet *set)
{
	MemoryContextDelete(set->context);
}

/* Begin to go through the pages of a set. */
void
loki_tids_begin(LokiTidPages *pages, const LokiTidSet *set)
{
	memset(pages, 0, sizeof(LokiTidPages));
	pages->set = set;
	pages->bits = set->pages[0];
}

/* The next page; false at the end. */
bool
loki_tids_next(LokiTidPages *pages)
{
	const LokiTidSet *set = pages->set;
	uint32		start;

	if (pages->rank == set->npages)
		return false;
	while (pages->bits == 0)
		pages->bits = set->pages[++pages->word];
	pages->block = set->first + pages->word * 64 + pg_rightmost_one_pos64(pages->bits);
	pages->bits &= pages->bits - 1;
	start = set->entries[pages->rank] & ~LOKI_TIDS_RECHECK;
	pages->offsets = set->offsets + start;
	pages->nwords = (set->entries[++pages->rank] & ~LOKI_TIDS_RECHECK) - start;
	return true;
}
