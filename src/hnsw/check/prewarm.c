/*-------------------------------------------------------------------------
 *
 * prewarm.c
 *	  lokivector_prewarm: reading an index into shared buffers.
 *
 * The parts of an index are read in the order in which searches need them, so that a bound
 * leaves out what they need least.  Every page is checked when it is read, since readers
 * without a pin rely on that (src/hnsw/page/README, "Reading without locks").
 *
 * IDENTIFICATION
 *	  src/hnsw/check/prewarm.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "compat/pgcompat.h"
#include "hnsw/check/check.h"
#include "hnsw/page/page.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/guc.h"

LOKI_FUNCTION(lokivector_prewarm);

/* Slot arrays from one on, in the order in which they are read */
static const struct
{
	int			first;
	int			n;
}			parts[] = {
	/* what every search reads */
	{LOKI_SLOTS_CENTROID, 1}, {LOKI_SLOTS_UPPER, 1}, {LOKI_SLOTS_CODE, 1}, {LOKI_SLOTS_LINK, 1},
	{LOKI_SLOTS_TID, 1}, {LOKI_SLOTS_WINDOW, 1}, {LOKI_SLOTS_TERM, 1}, {LOKI_SLOTS_POSTING, 1},
	{LOKI_SLOTS_ELEMENT, 2},
	/* what those with conditions read besides, of each attribute */
	{LOKI_SLOTS_ATTR, LOKI_MAX_ATTRIBUTES}, {LOKI_SLOTS_SEPARATOR, LOKI_MAX_ATTRIBUTES},
	{LOKI_SLOTS_SORTED, LOKI_MAX_ATTRIBUTES}, {LOKI_SLOTS_BRIEF, LOKI_MAX_ATTRIBUTES},
	/* all else, for those who name a number of bytes */
	{LOKI_SLOTS_REFINE, 2}, {LOKI_SLOTS_DUPLICATE, 2}, {LOKI_SLOTS_REUSED, 4}, {LOKI_SLOTS_REUSED2, 6},
	{LOKI_SLOTS_NULLATTR, LOKI_MAX_ATTRIBUTES}
};

#define HOT_PARTS		13

typedef struct Prewarm
{
	int			nindexes;
	Relation   *indexes;
	LokiIndex **states;
	uint64		most;			/* pages that may be read, besides directories */
	uint64		read;			/* pages that were read */
} Prewarm;

/* Pages of a slot array that are to be read */
typedef struct PageRange
{
	const LokiSlotArray *slots;
	uint32		next;
	uint32		end;
} PageRange;

/* LokiReadStreamCallback: the block of the next page of the range */
static BlockNumber
next_block(LokiReadStream *stream, void *range, void *per_buffer)
{
	PageRange  *pages = range;

	if (pages->next >= pages->end)
		return InvalidBlockNumber;
	return loki_page_block(pages->slots, pages->next++);
}

/* Read the pages of a slot array, as many of them as may be read yet. */
static void
read_array(Prewarm *prewarm, int i, int array)
{
	Relation	index = prewarm->indexes[i];
	LokiIndex  *state = prewarm->states[i];
	uint64		left = prewarm->most - Min(prewarm->most, prewarm->read);
	PageRange	range = {.slots = &state->arrays[array]};
	LokiReadStream *stream;
	Buffer		buffer;

	/* metapage and directory, which are no slots, were read before */
	Assert((array != LOKI_SLOTS_META && array != LOKI_SLOTS_DIRECTORY) || range.slots->npages == 0);
	range.end = (uint32) Min(range.slots->npages, left);
	if (range.end == 0)
		return;
	/* from server 17 on, the server reads ahead and joins neighboring blocks */
	stream = loki_read_stream_begin(index, next_block, &range);
	while ((buffer = loki_read_stream_next(stream)) != InvalidBuffer)
	{
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_slot_array_page_check(state, index, buffer, array);
		UnlockReleaseBuffer(buffer);
		prewarm->read++;
		CHECK_FOR_INTERRUPTS();
	}
	loki_read_stream_end(stream);
}

/* Read the directory.  The metapage, which has been read, is counted as well. */
static void
read_directory(Prewarm *prewarm, Relation index)
{
	BlockNumber block = LOKI_DIRECTORY_BLKNO;
	uint32		ordinal = 0;

	prewarm->read++;
	while (block != 0)
	{
		Buffer		buffer = ReadBuffer(index, block);

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, BufferGetPage(buffer), LOKI_SLOTS_DIRECTORY, ordinal++);
		block = LokiPageOpaque(BufferGetPage(buffer))->next;
		UnlockReleaseBuffer(buffer);
		prewarm->read++;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * Open the indexes that a relation stands for, and read their directories.  Those of a table that sessions of this
 * server cannot search are left out; one that the caller has named is opened in any case, so that it is an ERROR then.
 */
static void
open_indexes(Prewarm *prewarm, Oid relid)
{
	List	   *indexes = loki_indexes_of(relid, LOKI_RIGHT_TABLE);

	prewarm->indexes = palloc_array(Relation, list_length(indexes));
	prewarm->states = palloc_array(LokiIndex *, list_length(indexes));
	foreach_oid(indexid, indexes)
	{
		Relation	index = loki_open_allowed(indexid, AccessShareLock,
											  LOKI_RIGHT_TABLE, NULL);

		/* one that is not valid is being built, or that has failed */
		if (indexid == relid)
			loki_require_valid(index, "prewarm");
		else if (!index->rd_index->indisvalid || (!RelationIsPermanent(index) && RecoveryInProgress()))
		{
			relation_close(index, AccessShareLock);
			continue;
		}
		prewarm->indexes[prewarm->nindexes] = index;
		prewarm->states[prewarm->nindexes] = loki_index_open(index, NULL);
		loki_index_refresh(prewarm->states[prewarm->nindexes], index);
		read_directory(prewarm, index);
		prewarm->nindexes++;
	}
	Assert(prewarm->nindexes <= list_length(indexes));
}

/*
 * lokivector_prewarm(index regclass, max_bytes bigint): bytes that were read, or were there
 */
Datum
lokivector_prewarm(PG_FUNCTION_ARGS)
{
	Prewarm		prewarm = {0};
	int			nparts = PG_ARGISNULL(1) ? HOT_PARTS : (int) lengthof(parts);

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1) && PG_GETARG_INT64(1) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_bytes must not be negative")));
	open_indexes(&prewarm, PG_GETARG_OID(0));
	if (prewarm.nindexes == 0)
		PG_RETURN_INT64(0);

	/* more than there are buffers would only drive out what came first */
	prewarm.most = RelationUsesLocalBuffers(prewarm.indexes[0]) ? num_temp_buffers : NBuffers;
	/* unless asked for more, a quarter is left to tables, whose rows are reranked */
	if (PG_ARGISNULL(1))
		prewarm.most = prewarm.most / 4 * 3;
	else
		prewarm.most = Min(prewarm.most, (uint64) PG_GETARG_INT64(1) / BLCKSZ);
	/* part by part and not index by index, so that a bound cuts all of them alike */
	for (int i = 0; i < nparts; i++)
		for (int k = 0; k < parts[i].n; k++)
			for (int j = 0; j < prewarm.nindexes; j++)
				read_array(&prewarm, j, parts[i].first + k);
	for (int j = 0; j < prewarm.nindexes; j++)
		relation_close(prewarm.indexes[j], NoLock);
	PG_RETURN_INT64(prewarm.read * BLCKSZ);
}
