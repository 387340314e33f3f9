/*-------------------------------------------------------------------------
 *
 * index.h
 *	  An index as this backend knows it.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/index.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_INDEX_H
#define LOKI_PAGE_INDEX_H

#include "compat/pgcompat.h"
#include "hnsw/definition/column.h"
#include "quantize/quantize.h"
#include "storage/buf.h"

/* A slot array: its geometry, and where its pages are as far as the directory was read */
typedef struct LokiSlotArray
{
	uint32		slot_size;		/* bytes; 0: the index has no such slot array */
	int			stored;			/* the number that its pages have */
	uint32		per_page;		/* slots */
	uint64		reciprocal;		/* ceil(2^64 / per_page), 0 where that is 1 */
	uint32		nextents;
	uint32		npages;			/* pages of these extents */
	uint64		allocated;		/* length of extents[] */
	BlockNumber *extents;		/* by extent: its first block less the ordinal of that page, modulo 2^32 */
} LokiSlotArray;

/*
 * Which buffer held a block of some table last: a hint.  The entry of a block is at the
 * block modulo `size`, which is a power of two.
 */
typedef struct LokiBufferMap
{
	uint32		size;
	Buffer	   *buffers;
} LokiBufferMap;

/* The directory as far as it was read */
typedef struct LokiDirectory
{
	uint32		entries;
	BlockNumber named;			/* blocks of all extents */
	BlockNumber end;			/* behind the last one of these */
	BlockNumber block;			/* the last page that was read, ... */
	uint32		ordinal;		/* which one that is, ... */
	uint32		passed;			/* and the entries on those before it */
} LokiDirectory;

/* Whose state it is, and since when */
typedef struct LokiCached
{
	LokiMainFork fork;			/* its locator is the key */
	uint64		uid;
	uint32		set;			/* of codes and graph: arrays[] has this one */
	Oid			typid;			/* of the indexed column, as the catalog has it */
	int32		typmod;
	LocalTransactionId last_used;
} LokiCached;

/* Where slots were added last */
typedef struct LokiHints
{
	uint32		tail[LOKI_FREELISTS];	/* page where the used part of a slot
										 * array was seen to end */
	uint32		generation;		/* of lists, by which these were found; 0: they
								 * were not */
	uint32		element[2];		/* pages of ELEMENT and ELEMENT2 */
} LokiHints;

/*
 * An index as this backend knows it.  Open scans of the running transaction may point here, so it is
 * not freed before the transaction ends, unless the index has another file.  The parts that grow are
 * behind the file at most, and catch up when a number is past their end (I3).
 */
typedef struct LokiIndex
{
	LokiCached	cached;
	MemoryContext context;		/* everything below lives here */

	/* geometry, never changes */
	LokiColumn	column;			/* the indexed one */
	LokiCodeSpec code;
	uint8		profile;		/* LokiProfile */
	uint32		dim;
	int			m;
	int			nattributes;
	uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1];
	bool		local;			/* temporary table: local buffers */

	/* grows */
	LokiDirectory directory;
	LokiSlotArray arrays[LOKI_SLOT_ARRAYS];
	LokiHints	hints;

	/* codes */
	bool		pending;		/* there are none, nor a graph: insert/README */
	float	   *centroid;		/* and the basis, if the code has one */
	LokiQuantizer *quantizer;
	LokiQuantizer *sketch;		/* of 1-bit sketches; NULL: there are none */

	LokiBufferMap map;			/* of the index itself: the entry of a block
								 * is at the block */
	LokiBufferMap heap_map;		/* of the indexed table ... */
	LokiBufferMap toast_map;	/* ... and its TOAST table */
} LokiIndex;

/*
 * The index of a relation; *meta, unless meta is NULL, becomes a copy of the metapage.
 * Reads block 0 under share lock: no content lock may be held, and no pin or lock is
 * left.  The result stays valid until the end of the transaction, or until the index is dropped
 * or has another file, which the server refuses while somebody in this session has it open.
 * ERROR if the relation is not an index that this release reads.
 */
extern LokiIndex *loki_index_open(Relation index, LokiMetaPageData *meta);

/* Whether an index has no pages, since a commit that emptied its table could not build it (build/build.c) */
extern bool loki_index_is_unbuilt(Relation index);

/* Whether a metapage describes the columns that the catalogs have; the first is `column` */
extern bool loki_definition_valid(Relation index, const LokiColumn *column,
								  const LokiMetaPageData *meta);

/* Kernels load queries, and constants of quantizers, in vectors of up to this size */
#define LOKI_QUANTIZER_ALIGN	64

/* Bytes from one prepared query to the next */
static inline Size
loki_query_stride(const LokiQuantizer *quantizer)
{
	return TYPEALIGN(LOKI_QUANTIZER_ALIGN, quantizer->query_size);
}

/* Memory for n prepared queries; like a quantizer it is freed with the context alone */
extern LokiQuery *loki_alloc_queries(MemoryContext context, const LokiQuantizer *quantizer,
									 Size n);

/* The quantizer of a code, with its centroid and basis */
extern LokiQuantizer *loki_make_quantizer(MemoryContext context, const LokiCodeSpec *spec,
										  const float *constants);

/* Read the directory entries added since the last time; raises arrays[].npages */
extern void loki_index_refresh(LokiIndex *index_state, Relation index);

/*
 * The same for a metapage that the index is to have: not remembered, in a child of the current
 * memory context.  Locks pages of the directory and of CENTROID in share mode, one at a time.
 */
extern LokiIndex *loki_index_for_meta(Relation index, const LokiMetaPageData *meta);

/* Set slot sizes from code, m and attributes; used by build too */
extern void loki_index_geometry(LokiIndex *index_state);

/* The page of a slot and the slot's place there, by arithmetic alone */
static inline uint32
loki_slot_page(const LokiSlotArray *array, uint32 number, uint32 *place)
{
	uint32		page = (uint32) (((unsigned __int128) number * array->reciprocal) >> 64);

	if (unlikely(array->per_page == 1))
		page = number;
	*place = number - page * array->per_page;
	Assert(*place < array->per_page);	/* I1 */
	return page;
}

/* Whether a slot has a page, as far as this backend has read the directory; false without the array */
static inline bool
loki_slot_has_page(const LokiIndex *index_state, int array, uint32 number)
{
	const LokiSlotArray *slots = &index_state->arrays[array];
	uint32		place;

	Assert(array >= 0 && array < LOKI_SLOT_ARRAYS);
	return slots->slot_size > 0 && loki_slot_page(slots, number, &place) < slots->npages;
}

/*
 * Block of a slot array's page, which is one of its array->npages.  Counted from LOKI_EXTENT_GROUP on, the pages of
 * extents of 2^shift pages begin at LOKI_EXTENT_GROUP << shift, and so end where those of larger ones begin.
 */
static inline BlockNumber
loki_page_block(const LokiSlotArray *array, uint32 page)
{
	uint32		counted = page + LOKI_EXTENT_GROUP;
	uint32		shift = Min(31 - __builtin_clz(counted / LOKI_EXTENT_GROUP), LOKI_EXTENT_MAX_SHIFT);
	uint32		extent = LOKI_EXTENT_GROUP * shift + (counted >> shift) - LOKI_EXTENT_GROUP;

	Assert(page < array->npages);
	Assert(extent < array->nextents);
	Assert(page - LokiExtentStart(extent) < LokiExtentBlocks(extent));
	return array->extents[extent] + page;
}

/*
 * Where a slot lies.  If it is past the pages that are known, the directory is read
 * again, under share locks; false if it is past the end even then.
 */
extern bool loki_slot_locate(LokiIndex *index_state, Relation index, int array,
							 uint32 number, BlockNumber *block, uint32 *place);

/* The same for a number that was read from a page: ERRCODE_INDEX_CORRUPTED if it is past
 * the end */
extern BlockNumber loki_slot_block(LokiIndex *index_state, Relation index, int array,
								   uint32 number, uint32 *place);

#endif							/* LOKI_PAGE_INDEX_H */
