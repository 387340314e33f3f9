/*-------------------------------------------------------------------------
 *
 * prefetch.c
 *	  Having tuples brought in before they are read.
 *
 * A scan knows which rows it will read next, and each of them lies elsewhere.
 * Read one by one they cost as many waits, be it for the disk or for memory.
 * So reads are begun for several: of blocks that are not in shared buffers by
 * the kernel, of the others into the processor's caches.
 *
 * Buffers are looked at without pin or lock, and found by a map that is only a
 * hint: whoever reads a tuple finds it by the usual ways.  What is wrong here
 * costs time alone.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/prefetch.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/scan/scan.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Entries of a map, least and most: 4 MB, which map 8 GB without collisions */
#define MIN_MAP_SIZE	1024
#define MAX_MAP_SIZE	(1024 * 1024)

static void
grow_map(LokiIndex *state, LokiBufferMap *map, BlockNumber block)
{
	uint32		size = Max(MIN_MAP_SIZE, map->size);

	while (size <= block && size < MAX_MAP_SIZE)
		size *= 2;
	if (map->buffers == NULL)
		map->buffers = MemoryContextAlloc(state->context, sizeof(Buffer) * size);
	else
		map->buffers = repalloc(map->buffers, sizeof(Buffer) * size);
	memset(map->buffers + map->size, 0, sizeof(Buffer) * (size - map->size));
	map->size = size;
}

/* The map's entry for a block, which other blocks may share */
static inline Buffer *
map_entry(LokiIndex *state, LokiBufferMap *map, BlockNumber block)
{
	if (unlikely(block >= map->size && map->size < MAX_MAP_SIZE))
		grow_map(state, map, block);
	return &map->buffers[block & (map->size - 1)];
}

static inline bool
buffer_holds(Relation relation, Buffer buffer, BlockNumber block)
{
	BufferDesc *desc = GetBufferDescriptor(buffer - 1);

	return LokiTagIs(&desc->tag, LokiRelationLocator(relation), block) &&
		(pg_atomic_read_u32(&desc->state) & BM_VALID) != 0;
}

/*
 * Always inlined: a call of a function that does nothing but prefetch looks
 * superfluous to gcc, which drops it.
 */
static pg_attribute_always_inline void
prefetch(const char *bytes, Size size)
{
	const char *end = bytes + size;

	for (bytes = (const char *) TYPEALIGN_DOWN(64, bytes); bytes < end; bytes += 64)
		__builtin_prefetch(bytes);
}

/*
 * Bring in a tuple, and those behind it, until `size` bytes are on their way.
 * The page may be changing: any offset that it names is taken for one within.
 */
static inline void
prefetch_tuples(Buffer buffer, OffsetNumber offset, Size size)
{
	Page		page = BufferGetPage(buffer);
	int			left = (int) Min(size, BLCKSZ);
	OffsetNumber last = Min(PageGetMaxOffsetNumber(page), MaxHeapTuplesPerPage);

	for (; left > 0 && offset <= last; offset++)
	{
		ItemId		item = PageGetItemId(page, offset);
		uint32		start = ItemIdGetOffset(item) % BLCKSZ;
		uint32		length = ItemIdGetLength(item);

		prefetch((char *) page + start, Min(length, BLCKSZ - start));
		left -= length;
	}
}

/*
 * Begin to bring in the n tuples of `ahead`, whose `tid`s are set, of a
 * relation in shared buffers.  Sets `buffer` to where they are, if it is known.
 */
void
loki_prefetch_tuples(LokiIndex *state, Relation relation, LokiBufferMap *map,
					 LokiPrefetch *ahead, int n)
{
	for (int i = 0; i < n; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&ahead[i].tid);

		ahead[i].buffer = *map_entry(state, map, block);
		if (ahead[i].buffer == InvalidBuffer)
			continue;
		__builtin_prefetch(GetBufferDescriptor(ahead[i].buffer - 1));
		prefetch((char *) BufferGetBlock(ahead[i].buffer), SizeOfPageHeaderData +
				 ahead[i].tid.ip_posid % MaxHeapTuplesPerPage * sizeof(ItemIdData));
	}
	for (int i = 0; i < n; i++)
	{
		BlockNumber block = ItemPointerGetBlockNumberNoCheck(&ahead[i].tid);

		if (ahead[i].buffer == InvalidBuffer ||
			!buffer_holds(relation, ahead[i].buffer, block))
		{
			ahead[i].buffer = InvalidBuffer;
			if (!loki_relation_has_block(relation, block))
				continue;
			ahead[i].buffer = PrefetchBuffer(relation, MAIN_FORKNUM, block).recent_buffer;
			*map_entry(state, map, block) = ahead[i].buffer;
		}
		if (ahead[i].buffer != InvalidBuffer)
			prefetch_tuples(ahead[i].buffer, ahead[i].tid.ip_posid, ahead[i].size);
	}
}
