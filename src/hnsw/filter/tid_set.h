/*-------------------------------------------------------------------------
 *
 * tid_set.h
 *	  A set of heap TIDs that a scan stays in.
 *
 * A walk asks of every node whether its row is in the set, so that a look-up
 * must be cheap: one bit a block of the heap says whether the block has rows
 * in the set, the number of such blocks before it is where its offsets are
 * found, and these are bits again.  Blocks of which the other index kept no
 * more than their number (lossy ones) have no offsets: all of their rows may
 * be in the set, and are checked by whoever made it.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/tid_set.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_FILTER_TID_SET_H
#define LOKI_FILTER_TID_SET_H

#include "nodes/tidbitmap.h"
#include "port/pg_bitutils.h"
#include "storage/itemptr.h"

/* A bit of a page's entry: its rows need a recheck */
#define LOKI_TIDS_RECHECK	((uint32) 1 << 31)

/* The most rows of a set: their words of offsets stay below LOKI_TIDS_RECHECK */
#define LOKI_TIDS_MOST		((uint32) 1 << 24)

/* A row of another index */
typedef struct LokiTidRow
{
	BlockNumber block;
	OffsetNumber offset;		/* 1 to MaxHeapTuplesPerPage */
	bool		recheck;
} LokiTidRow;

typedef struct LokiTidSet
{
	MemoryContext context;		/* all of the set, and nothing else: freed
								 * with it */
	BlockNumber first;			/* the block of bit 0 of pages */
	uint64		nblocks;		/* bits of pages */
	uint64	   *pages;			/* by block: has rows in the set */
	uint32	   *ranks;			/* by word of pages: bits before it */
	uint32		npages;			/* bits that are set */
	uint32	   *entries;		/* by rank: its first word of offsets, and
								 * LOKI_TIDS_RECHECK; one more at the end */
	uint64	   *offsets;		/* bit 0 is offset number 1 */
	uint32		nlossy;			/* pages without offsets */
	bool		recheck;		/* some page's rows need a recheck */
	double		count;			/* rows, those of lossy pages estimated */
} LokiTidSet;

/* The pages of a set, in order */
typedef struct LokiTidPages
{
	const LokiTidSet *set;
	uint32		word;			/* of pages */
	uint64		bits;			/* of that word, not returned yet */
	uint32		rank;
	BlockNumber block;			/* of the page returned */
	const uint64 *offsets;
	int			nwords;			/* 0: lossy */
} LokiTidPages;

/*
 * functions in filter/tid_set.c: make a set of a bitmap, or of rows in any order, and go through its
 * pages
 */
extern LokiTidSet *loki_tids_create(TIDBitmap *bitmap, double rows_per_page);
extern LokiTidSet *loki_tids_of_rows(const LokiTidRow *rows, uint32 n);
extern void loki_tids_begin(LokiTidPages *pages, const LokiTidSet *set);
extern bool loki_tids_next(LokiTidPages *pages);

/* Find the entry of a block; false if it has no rows in the set. */
static inline bool
loki_tids_find(const LokiTidSet *set, BlockNumber block, uint32 *rank)
{
	uint64		bit = (uint64) block - set->first;
	uint64		word;

	/* a block before the first wraps around */
	if (bit >= set->nblocks)
		return false;
	word = set->pages[bit / 64];
	if (((word >> (bit % 64)) & 1) == 0)
		return false;
	*rank = set->ranks[bit / 64] +
		pg_popcount64(word & ((UINT64CONST(1) << (bit % 64)) - 1));
	Assert(*rank < set->npages);
	return true;
}

/* Whether the row may be in the set */
static inline bool
loki_tids_has(const LokiTidSet *set, ItemPointer tid)
{
	uint32		rank;
	uint32		start;
	uint32		end;
	uint32		bit = ItemPointerGetOffsetNumberNoCheck(tid) - 1;

	if (!loki_tids_find(set, ItemPointerGetBlockNumberNoCheck(tid), &rank))
		return false;
	start = set->entries[rank] & ~LOKI_TIDS_RECHECK;
	end = set->entries[rank + 1] & ~LOKI_TIDS_RECHECK;
	Assert(start <= end);
	if (start == end)
		return true;
	return bit / 64 < end - start &&
		((set->offsets[start + bit / 64] >> (bit % 64)) & 1) != 0;
}

/* Whether rows of this block, which has rows in the set, need a recheck */
static inline bool
loki_tids_recheck(const LokiTidSet *set, BlockNumber block)
{
	uint32		rank;

	return !loki_tids_find(set, block, &rank) ||
		(set->entries[rank] & LOKI_TIDS_RECHECK) != 0;
}

#endif							/* LOKI_FILTER_TID_SET_H */
