/*-------------------------------------------------------------------------
 *
 * prefetch.c
 *	  Prefetching tuples that a scan will read, and pinning their pages.
 *
 * A scan knows which rows it will read next, and each of them lies elsewhere.  Read one by
 * one, each costs a wait for the disk or for memory.  So several are prefetched together.
 * Blocks that are not in shared buffers are prefetched by the kernel, the others into the
 * processor's caches.
 *
 * Buffers are looked at without pin or lock, and found by a map that is only a hint.  The
 * scan pins a buffer by the hint only if it holds the block.  A wrong hint only costs time.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/prefetch.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "hnsw/page/slots.h"
#include "hnsw/scan/scan.h"
#include "storage/buf_internals.h"
#include "utils/memutils.h"

/* The most entries of a map: 4 MB, which map 8 GB without collisions */
#define MAX_MAP_SIZE	(1024 * 1024)

/* Bytes of each of many rows that are prefetched together */
#define SHORT_ROW		1024

/* A tuple that will be read, and bytes of it and those behind it */
typedef struct TuplePrefetch
{
	ItemPointerData tid;
	Size		size;
	Size		most;			/* bytes of each tuple, at most */
	Buffer		buffer;			/* where it is thought to be */
} TuplePrefetch;

/* The map's entry for a block, which other blocks may share */
static inline Buffer *
map_entry(LokiIndex *state, LokiBufferMap *map, BlockNumber block)
{
	if (unlikely(block >= map->size && map->size < MAX_MAP_SIZE))
		loki_buffer_map_grow(state, map, block, MAX_MAP_SIZE);
	Assert(map->size > 0 && (map->size & (map->size - 1)) == 0);
	return &map->buffers[block & (map->size - 1)];
}

/* Whether a buffer holds a block of a relation now; neither pinned nor locked, it may not in a moment. */
static inline bool
heap_buffer_holds(Relation relation, Buffer buffer, BlockNumber block)
{
	BufferDesc *desc = GetBufferDescriptor(buffer - 1);
	LokiMainFork fork = {LokiRelationLocator(relation), MAIN_FORKNUM};

	return loki_tag_is(&desc->tag, &fork, block) &&
		(LokiReadBufferState(desc) & BM_VALID) != 0;
}

/*
 * Prefetch `size` bytes of a tuple and those after it, but no more than the first `most` of each.
 * The page is not locked and may be changing, so every offset that it names is brought within
 * the page.
 */
static inline void
prefetch_tuples(Buffer buffer, OffsetNumber offset, Size size, Size most)
{
	Page		page = BufferGetPage(buffer);
	int			left = (int) Min(size, BLCKSZ);
	OffsetNumber last = Min(PageGetMaxOffsetNumber(page), MaxHeapTuplesPerPage);

	for (; left > 0 && offset <= last; offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		uint32		start = ItemIdGetOffset(item) % BLCKSZ;
		uint32		length = ItemIdGetLength(item);

		loki_prefetch_bytes((char *) page + start, Min(Min(length, most), BLCKSZ - start));
		left -= length;
	}
}

/*
 * Prefetch n tuples, whose `tid` and `size` are set, of a relation in shared buffers.  Sets
 * `buffer` to the buffer that each is probably in, or InvalidBuffer.  Takes no pin or lock.
 */
static void
prefetch_relation(LokiIndex *state, Relation relation, LokiBufferMap *map,
				  TuplePrefetch *tuples, int n)
{
	Assert(!RelationUsesLocalBuffers(relation));
	for (int i = 0; i < n; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&tuples[i].tid);

		tuples[i].buffer = *map_entry(state, map, block);
		if (tuples[i].buffer == InvalidBuffer)
			continue;
		__builtin_prefetch(GetBufferDescriptor(tuples[i].buffer - 1));
		loki_prefetch_bytes((char *) BufferGetBlock(tuples[i].buffer), SizeOfPageHeaderData +
							tuples[i].tid.ip_posid % MaxHeapTuplesPerPage * sizeof(ItemIdData));
	}
	for (int i = 0; i < n; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&tuples[i].tid);

		if (tuples[i].buffer == InvalidBuffer ||
			!heap_buffer_holds(relation, tuples[i].buffer, block))
		{
			tuples[i].buffer = InvalidBuffer;
			if (!loki_relation_has_block(relation, block))
				continue;
			tuples[i].buffer = PrefetchBuffer(relation, MAIN_FORKNUM, block).recent_buffer;
			*map_entry(state, map, block) = tuples[i].buffer;
		}
		if (tuples[i].buffer != InvalidBuffer)
			prefetch_tuples(tuples[i].buffer, tuples[i].tid.ip_posid, tuples[i].size,
							tuples[i].most);
	}
}

/* Whether rows are long, and no filter drops them before their vectors are read */
static inline bool
is_read_whole(const LokiScan *so)
{
	return loki_value_size(&so->state->column) > SHORT_ROW && !loki_filters_rows(so);
}

/*
 * Prefetch what the vectors of nodes will be read from: rows that must be read, and values in the TOAST
 * table, unless rows are filtered first.  Sets recent[] to the buffers that the values are probably in.
 */
void
loki_prefetch_vectors(LokiScan *so, const LokiTidData *tids, int n, Buffer *recent)
{
	Relation	heap = so->scan->heapRelation;
	TuplePrefetch rows[LOKI_PREFETCH_NODES];
	TuplePrefetch values[LOKI_PREFETCH_NODES];
	int			place[LOKI_PREFETCH_NODES];
	int			nrows = 0;
	int			nvalues = 0;

	for (int i = 0; i < n; i++)
	{
		bool		known = loki_value_known(so, &tids[i]) && !loki_filters_rows(so);
		int			state = LokiTidState(&tids[i]);

		place[i] = -1;
		if (loki_is_killed(so, &tids[i]))
			continue;
		if (known)
		{
			place[i] = nvalues;
			values[nvalues++] = (TuplePrefetch) {tids[i].chunk, loki_value_size(&so->state->column), BLCKSZ};
		}
		if ((state == LOKI_TID_LIVE || state == LOKI_TID_KILLED) &&
			!(known && loki_on_visible_page(so, &tids[i].u.heap)))
			rows[nrows++] = (TuplePrefetch) {tids[i].u.heap, 1, is_read_whole(so) ? 128 : SHORT_ROW};
	}
	if (nrows > 0)
		prefetch_relation(so->state, heap, &so->state->heap_map, rows, nrows);
	if (nvalues > 0)
	{
		Relation	toast = loki_toast_open(&so->heap.toast, heap->rd_rel->reltoastrelid);

		prefetch_relation(so->state, toast, &so->state->toast_map, values, nvalues);
	}
	for (int i = 0; i < n; i++)
		recent[i] = place[i] < 0 ? InvalidBuffer : values[place[i]].buffer;
}

/*
 * Prefetch the vector of a node that loki_prefetch_vectors() was given, if it is in the row and long.  Only a few
 * rows ahead: the processor's queue of loads is short, and who fills it waits.
 */
void
loki_prefetch_row(LokiScan *so, const LokiTidData *tid)
{
	Buffer		buffer;

	if ((LokiTidState(tid) != LOKI_TID_LIVE && LokiTidState(tid) != LOKI_TID_KILLED) || loki_is_killed(so, tid) ||
		loki_value_known(so, tid) || !is_read_whole(so))
		return;
	buffer = *map_entry(so->state, &so->state->heap_map, ItemPointerGetBlockNumberNoCheck(&tid->u.heap));
	if (buffer != InvalidBuffer)
		prefetch_tuples(buffer, ItemPointerGetOffsetNumberNoCheck(&tid->u.heap), 1, BLCKSZ);
}

/* Prefetch the next rows: the executor reads them once more, and wide batches leave the caches. */
void
loki_prefetch_ranked(LokiScan *so, uint32 wanted)
{
	TuplePrefetch tuples[LOKI_PREFETCH_NODES];
	int			n = 0;

	if (!so->heap.is_heap || so->state->local || so->ranking.next_row < so->ranking.announced)
		return;
	wanted = Min(Min(wanted, LOKI_PREFETCH_NODES), so->ranking.nrows - so->ranking.next_row);
	so->ranking.announced = so->ranking.next_row + wanted;
	/* header and short columns */
	for (uint32 i = so->ranking.next_row; i < so->ranking.announced; i++)
		tuples[n++] = (TuplePrefetch) {so->ranking.rows[i].tid, 1, 128};
	if (n > 0)
		prefetch_relation(so->state, so->scan->heapRelation, &so->state->heap_map, tuples, n);
}

/*
 * The ring of buffers through which this backend reads the rows of a table, or its TOAST values;
 * NULL if it reads them as any other blocks.
 *
 * Searches often come back to the codes, links and TIDs of an index, and seldom to a row.  If
 * these need most of the shared buffers, a row that is read drives a page of the index out.  In
 * the ring it drives out a row that was read long ago.  A page that is read again in between
 * leaves the ring and stays, as in any ring of the server.
 */
BufferAccessStrategy
loki_row_ring(const LokiIndex *state, Relation rows)
{
	static const int hot[] = {LOKI_SLOTS_CODE, LOKI_SLOTS_LINK, LOKI_SLOTS_UPPER, LOKI_SLOTS_TID};
	static BufferAccessStrategy ring = NULL;
	uint64		pages = 0;

	if (state->local)
		return NULL;
	for (int i = 0; i < lengthof(hot); i++)
		pages += state->arrays[hot[i]].npages;
	if (pages <= NBuffers / 2 || pages + RelationGetNumberOfBlocks(rows) <= NBuffers)
		return NULL;
	if (ring == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		ring = LokiRowRing();
		MemoryContextSwitchTo(old);
	}
	return ring;
}

/*
 * Pin the page of a row that table_index_fetch_tuple() is asked for next, if the map knows its
 * buffer.  That saves the look-up in the shared buffer table.
 *
 * If rows are read through a ring, the page is read here in any case, since heapam has no ring.
 * A row that the scan reads `again`, for the executor, is not one that is wanted often: only a
 * look-up by the ring leaves the buffer's usage count alone.
 *
 * heapam keeps the page that it read last pinned, in xs_cbuf, and looks no other page up for a
 * row of the same block.  Here xs_cbuf is moved to the row's block as heapam would move it: the
 * old pin is released, and the resource owner is that of the fetch.  heapam locks the page,
 * and follows the row, as ever.  Only heap_page_prune_opt() is not called for a page that is
 * pinned already, so it is called here for a row that nobody read before.
 */
void
loki_pin_row_page(LokiScan *so, BlockNumber block, bool again)
{
	IndexFetchHeapData *fetch = (IndexFetchHeapData *) so->scan->xs_heapfetch;
	Relation	heap = so->scan->heapRelation;
	BufferAccessStrategy ring = so->heap.ring;
	Buffer		kept;
	Buffer		page;
	Buffer	   *entry;

	if (!so->heap.is_heap || so->state->local)
		return;
	kept = fetch->xs_cbuf;
	entry = map_entry(so->state, &so->state->heap_map, block);
	page = *entry;
	if (page == InvalidBuffer || !heap_buffer_holds(heap, page, block))
		page = InvalidBuffer;
	else if (page == kept)
		return;
	else if ((again && ring != NULL) || !loki_buffer_pin_recent(heap, block, page, true))
		page = InvalidBuffer;
	if (page == InvalidBuffer)
	{
		if (ring == NULL || !loki_relation_has_block(heap, block))
			return;
		page = *entry = ReadBufferExtended(heap, MAIN_FORKNUM, block, RBM_NORMAL, ring);
		if (page == kept)
		{
			ReleaseBuffer(page);
			return;
		}
	}
	Assert(BufferGetBlockNumber(page) == block);
	if (BufferIsValid(kept))
		ReleaseBuffer(kept);
	LokiFetchFromPage(fetch, page, block);
	if (!again)
		LokiPruneFetchedPage(fetch, heap);
}
