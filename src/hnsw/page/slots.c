/*-------------------------------------------------------------------------
 *
 * slots.c
 *	  Reading slots through a backend's map from blocks to buffers.
 *
 * Looking a block up in the buffer table, pinning and locking it cost several times as much
 * as reading a slot.  So a walk reads most slots without pin or lock: the map says which
 * buffer held the block last, and the buffer's tag is compared before and after the read.
 * If the buffer holds another block, the slot is read the ordinary way.
 *
 * Such a read may see a mixture of two states of the slot, in which every aligned word is
 * the old or the new one: a page under exclusive lock is changed in place, word by word
 * (page/change.c).  src/hnsw/page/README, "Reading without locks", says where that does no
 * harm.  In recovery it would, because the replay of a page image shows a zeroed page for a
 * moment; callers do not read without locks there.
 *
 * Reading a buffer without a pin raises its usage count as a pin would, so that the clock
 * sweep sees a page in use.  Pages of REFINE are an exception: a walk comes back to the
 * pages of CODE and LINK, which are fewer and should stay where memory is short.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/slots.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "executor/instrument.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "utils/memutils.h"

/* Pages of a temporary table pinned at once */
#define LOCAL_PINS		32

/* Blocks that the buffer map covers at most: 64 MB of map, 128 GB of index */
#define MAX_MAP_SIZE	((uint32) 16 * 1024 * 1024)

/* ----------------------------------------------------------------
 * The map
 * ----------------------------------------------------------------
 */

/* See slots.h.  Entries keep their places, since the size doubles. */
void
loki_buffer_map_grow(LokiIndex *state, LokiBufferMap *map, BlockNumber block, uint32 most)
{
	uint32		size = Max(1024, map->size);

	Assert((map->size & (map->size - 1)) == 0 && (most & (most - 1)) == 0);
	while (size <= block && size < most)
		size *= 2;
	if (map->buffers == NULL)
		map->buffers = MemoryContextAllocHuge(state->context, mul_size(size, sizeof(Buffer)));
	else
		map->buffers = repalloc_huge(map->buffers, mul_size(size, sizeof(Buffer)));
	memset(map->buffers + map->size, 0, mul_size(size - map->size, sizeof(Buffer)));
	map->size = size;
}

/* The buffer that held a block last, as far as the map knows */
static inline Buffer
mapped(const LokiIndex *state, BlockNumber block)
{
	return block < state->map.size ? state->map.buffers[block] : InvalidBuffer;
}

/* Raise a buffer's usage count, which ReadRecentBuffer leaves alone. */
static inline void
touch(BufferDesc *desc, LokiBufferState state)
{
	if (BUF_STATE_GET_USAGECOUNT(state) < BM_MAX_USAGE_COUNT && (state & BM_LOCKED) == 0)
		(void) LokiExchangeBufferState(desc, &state, state + BUF_USAGECOUNT_ONE);
}

/*
 * Pin a block if it is in the buffer that held it last; false if it is not.  Saves the look-up
 * in the shared buffer table.  The content is not locked.  With `hot`, count a use.
 */
bool
loki_buffer_pin_recent(Relation relation, BlockNumber block, Buffer recent, bool hot)
{
	BufferDesc *desc;

	Assert(BufferIsValid(recent) && !BufferIsLocal(recent));
	if (!ReadRecentBuffer(LokiRelationLocator(relation), MAIN_FORKNUM, block, recent))
		return false;
	pgstat_count_buffer_read(relation);
	pgstat_count_buffer_hit(relation);
	desc = GetBufferDescriptor(recent - 1);
	if (hot)
		touch(desc, LokiReadBufferState(desc));
	return true;
}

/* Pin a block, and remember its buffer.  The content is not locked.  See slots.h. */
Buffer
loki_buffer_read_ring(LokiIndex *state, Relation index, BlockNumber block, BufferAccessStrategy ring)
{
	Buffer		buffer;

	Assert(LokiLocatorEquals(state->cached.fork.locator, LokiRelationLocator(index)));
	if (state->local || block >= MAX_MAP_SIZE)
		return ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, ring);
	if (block >= state->map.size)
		loki_buffer_map_grow(state, &state->map, block, MAX_MAP_SIZE);

	buffer = state->map.buffers[block];
	if (buffer != InvalidBuffer && loki_buffer_pin_recent(index, block, buffer, ring == NULL))
		return buffer;
	buffer = ReadBufferExtended(index, MAIN_FORKNUM, block, RBM_NORMAL, ring);
	state->map.buffers[block] = buffer;
	return buffer;
}

/*
 * Set the usage count of a buffer to 0, because its page is not what it should be: readers
 * without a pin look at the page while the count is low.
 */
void
loki_buffer_distrust(Buffer buffer)
{
	BufferDesc *desc;
	LokiBufferState flags;

	if (BufferIsLocal(buffer))
		return;
	desc = GetBufferDescriptor(buffer - 1);
	flags = LockBufHdr(desc);
	LokiUnlockBufferCleared(desc, flags, BUF_USAGECOUNT_MASK);
}

/* Start fetching `size` bytes at `offset` of a buffer's page into the processor's caches. */
static pg_attribute_always_inline void
prefetch_bytes(Buffer buffer, uint32 offset, uint32 size)
{
	if (buffer == InvalidBuffer)
		return;
	Assert(offset + size <= BLCKSZ);
	loki_prefetch_bytes((char *) BufferGetBlock(buffer) + offset, size);
}

/* The same, and the buffer's descriptor */
static pg_attribute_always_inline void
prefetch(Buffer buffer, uint32 offset, uint32 size)
{
	if (buffer == InvalidBuffer)
		return;
	__builtin_prefetch(GetBufferDescriptor(buffer - 1));
	prefetch_bytes(buffer, offset, size);
}

/* The same for a block, if the map knows it. */
void
loki_buffer_prefetch(LokiIndex *state, BlockNumber block, uint32 offset, uint32 size)
{
	prefetch(mapped(state, block), offset, size);
}

/*
 * Start fetching a node's slot: into the processor's caches if the map knows its block, else
 * by asking the kernel to read the block.
 */
void
loki_slot_prefetch(LokiIndex *state, Relation index, int array, uint32 node)
{
	LokiSlotArray *slot_array = &state->arrays[array];
	uint32		place;
	uint32		page = loki_slot_page(slot_array, node, &place);
	BlockNumber block;
	Buffer		buffer;

	if (page >= slot_array->npages)
		return;
	block = loki_page_block(slot_array, page);
	buffer = mapped(state, block);
	if (buffer != InvalidBuffer)
		prefetch(buffer, SizeOfPageHeaderData + place * slot_array->slot_size,
				 slot_array->slot_size);
	else if (!state->local)
		(void) PrefetchBuffer(index, MAIN_FORKNUM, block);
}

/* ----------------------------------------------------------------
 * One slot
 * ----------------------------------------------------------------
 */

/*
 * Keeps two volatile loads in order.  A processor that does so by itself needs no barrier; one
 * for the compiler alone costs 5 % of a query.
 */
#if defined(__x86_64__)
#define loki_load_barrier()		((void) 0)
#else
#define loki_load_barrier()		pg_read_barrier()
#endif

/*
 * Whether a shared buffer holds this block of the index right now.  Its state is read after
 * its tag.  A buffer whose header is locked counts as holding nothing: servers up to 15
 * write the tag of another block before they clear the valid bit.
 */
static inline bool
buffer_holds(const LokiIndex *state, Buffer buffer, BlockNumber block,
			 LokiBufferState *flags)
{
	BufferDesc *desc = GetBufferDescriptor(buffer - 1);

	if (!loki_tag_is(&desc->tag, &state->cached.fork, block))
		return false;
	loki_load_barrier();
	*flags = LokiReadBufferState(desc);
	return (*flags & (BM_VALID | BM_LOCKED)) == BM_VALID;
}

/* Whether it still does, after the read */
static inline bool
buffer_held(const LokiIndex *state, Buffer buffer, BlockNumber block)
{
	LokiBufferState flags;

	return buffer_holds(state, buffer, block, &flags);
}

/* Whether the page of a buffer is that of the slot array; if so, and `hot`, count a use. */
static pg_noinline bool
look_at_page(const LokiIndex *state, int array, bool hot, Buffer buffer,
			 BlockNumber block, LokiBufferState flags)
{
	pg_read_barrier();
	if (!loki_page_is_of(state, BufferGetPage(buffer), array, block))
		return false;
	if (hot)
		touch(GetBufferDescriptor(buffer - 1), flags);
	return true;
}

/*
 * Whether a shared buffer holds this block and may be read without a pin; with `hot`, count
 * a use.
 *
 * The page has to be one of the slot array.  Looking at its special space costs a cache line
 * for each page, so it is done only while the buffer's usage count, which is at hand, is below
 * the highest.  The count is 1 when a page is brought in, and nobody here raises it without having
 * looked at the page; who finds a wrong page sets it to 0 (loki_buffer_distrust()).  So a damaged
 * page gets to the highest count, 5, only if others pin it four times in a row.  Pages of REFINE,
 * whose counts are not raised, are always looked at.
 */
static inline bool
buffer_use(const LokiIndex *state, int array, bool hot, Buffer buffer, BlockNumber block)
{
	LokiBufferState flags;

	if (!buffer_holds(state, buffer, block, &flags))
		return false;
	return likely(BUF_STATE_GET_USAGECOUNT(flags) == BM_MAX_USAGE_COUNT) ||
		look_at_page(state, array, hot, buffer, block, flags);
}

/*
 * Count blocks that were read without a pin as hits of ReadBuffer.  The statistics take
 * reads that are not hits for reads from disk.
 */
static inline void
count_hits(Relation index, int n)
{
	pgBufferUsage.shared_blks_hit += n;
	if (pgstat_should_count_relation(index))
		LokiCountHits(index, n);
}

/*
 * Copy a slot out without pin or lock.  False if that cannot be done; the caller then reads
 * the slot under lock, which also checks the page.
 */
bool
loki_slot_peek(LokiIndex *state, Relation index, int array, uint32 number, void *slot)
{
	LokiSlotArray *slot_array = &state->arrays[array];
	uint32		place;
	uint32		page = loki_slot_page(slot_array, number, &place);
	BlockNumber block;
	Buffer		buffer;

	Assert(!RecoveryInProgress());
	if (state->local || page >= slot_array->npages)
		return false;
	block = loki_page_block(slot_array, page);
	buffer = mapped(state, block);
	if (buffer == InvalidBuffer || !buffer_use(state, array, true, buffer, block))
		return false;
	pg_read_barrier();
	memcpy(slot, LokiPageSlot(BufferGetPage(buffer), slot_array->slot_size, place),
		   slot_array->slot_size);
	pg_read_barrier();
	if (!buffer_held(state, buffer, block))
		return false;
	count_hits(index, 1);
	return true;
}

/* Pages that copy_unlocked() remembers, by their ordinal modulo this; slots at once */
#define COPY_PAGES		32
#define COPY_SLOTS		64

/* A page that slots are copied from without a pin */
typedef struct CopiedPage
{
	uint32		page;			/* its ordinal; LOKI_NONE: none */
	Buffer		buffer;			/* InvalidBuffer: not to be read without a pin */
	BlockNumber block;
} CopiedPage;

/*
 * Copy up to COPY_SLOTS slots without pin or lock; missing[] says which of them could not be
 * read that way.  False if a page was evicted meanwhile.
 */
static bool
copy_unlocked(LokiIndex *state, Relation index, int array,
			  const uint32 *nodes, int n, char *slots, bool *missing)
{
	const LokiSlotArray *slot_array = &state->arrays[array];
	CopiedPage	pages[COPY_PAGES];
	CopiedPage	evicted[COPY_SLOTS];
	const char *from[COPY_SLOTS];
	uint32		size = slot_array->slot_size;
	int			nevicted = 0;
	int			nhits = 0;

	Assert(!RecoveryInProgress());
	Assert(n <= COPY_SLOTS);
	for (int i = 0; i < COPY_PAGES; i++)
		pages[i].page = LOKI_NONE;
	for (int i = 0; i < n; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(slot_array, nodes[i], &place);
		CopiedPage *copied = &pages[page % COPY_PAGES];

		if (copied->page != page)
		{
			if (copied->page != LOKI_NONE)
				evicted[nevicted++] = *copied;
			copied->page = page;
			copied->buffer = InvalidBuffer;
			if (page < slot_array->npages)
			{
				copied->block = loki_page_block(slot_array, page);
				copied->buffer = mapped(state, copied->block);
			}
			if (copied->buffer != InvalidBuffer &&
				!buffer_use(state, array, true, copied->buffer, copied->block))
				copied->buffer = InvalidBuffer;
		}
		missing[i] = copied->buffer == InvalidBuffer;
		from[i] = missing[i] ? NULL :
			LokiPageSlot(BufferGetPage(copied->buffer), size, place);
		__builtin_prefetch(from[i]);
	}
	pg_read_barrier();
	for (int i = 0; i < n; i++)
		if (!missing[i])
			memcpy(slots + (Size) i * size, from[i], size);
	pg_read_barrier();
	for (int i = 0; i < COPY_PAGES; i++)
		if (pages[i].page != LOKI_NONE)
			evicted[nevicted++] = pages[i];
	/* each slot has brought in one page at most */
	Assert(nevicted <= n);
	for (int i = 0; i < nevicted; i++)
		if (evicted[i].buffer != InvalidBuffer)
		{
			if (!buffer_held(state, evicted[i].buffer, evicted[i].block))
				return false;
			nhits++;
		}
	count_hits(index, nhits);
	return true;
}

/*
 * Copy the slots of n nodes out, one behind the other; with `peek`, without pin or lock where
 * that can be done.  Slots past the used part are zero.  Locks as in loki_slot_read().
 */
void
loki_slots_copy(LokiIndex *state, Relation index, int array, const uint32 *nodes,
				int n, bool peek, char *slots)
{
	LokiSlotArray *slot_array = &state->arrays[array];
	uint32		size = slot_array->slot_size;
	bool		missing[COPY_SLOTS];

	if (n == 1 && peek && loki_slot_peek(state, index, array, *nodes, slots))
		return;
	while (n > 0)
	{
		int			most = Min(n, COPY_SLOTS);

		if (!peek || state->local ||
			!copy_unlocked(state, index, array, nodes, most, slots, missing))
			memset(missing, true, sizeof(missing));
		for (int i = 0; i < most && peek; i++)
			if (missing[i])
				loki_slot_prefetch(state, index, array, nodes[i]);
		for (int i = 0; i < most; i++)
			if (missing[i] &&
				!loki_slot_read(state, index, array, nodes[i], slots + (Size) i * size))
				memset(slots + (Size) i * size, 0, size);
		nodes += most;
		slots += (Size) most * size;
		n -= most;
	}
}

/* ----------------------------------------------------------------
 * Slots of several nodes
 * ----------------------------------------------------------------
 */

/*
 * How many pages a backend may pin at once, so that all backends can do so together: there
 * may be as few as 16 shared buffers and 100 local ones.
 */
int
loki_max_pins(const LokiIndex *state)
{
	static int	shared = 0;		/* walks ask for each batch: do not divide again */

	StaticAssertStmt(LOCAL_PINS <= LOKI_MAX_SLOTS, "LokiSlots has room for as many");
	if (state->local)
		return LOCAL_PINS;
	if (shared == 0)
		shared = Max(1, Min(LOKI_MAX_SLOTS, NBuffers / MaxBackends));
	return shared;
}

/*
 * Find the slots of n nodes, and start fetching those that are in memory into the processor's
 * caches.  Takes no pin and no lock.  ERROR for node IDs past the end of the slot array.
 */
void
loki_slots_find(LokiIndex *state, Relation index, int array, const uint32 *nodes,
				int n, LokiSlots *slots)
{
	LokiSlotArray *slot_array = &state->arrays[array];

	Assert(n >= 0 && n <= LOKI_MAX_SLOTS && slot_array->slot_size > 0);
	slots->n = n;
	slots->array = array;
	slots->hot = array != LOKI_SLOTS_REFINE;
	/* neighbors often share a page, but the processor cannot predict which do: each slot is found by itself */
	for (int i = 0; i < n; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(slot_array, nodes[i], &place);

		slots->offsets[i] = SizeOfPageHeaderData + place * slot_array->slot_size;
		slots->blocks[i] = likely(page < slot_array->npages) ? loki_page_block(slot_array, page) :
			loki_slot_block(state, index, array, nodes[i], &place);
		slots->buffers[i] = mapped(state, slots->blocks[i]);
		if (unlikely(slots->buffers[i] == InvalidBuffer))
			continue;
		slots->slots[i] = (char *) BufferGetPage(slots->buffers[i]) + slots->offsets[i];
		__builtin_prefetch(GetBufferDescriptor(slots->buffers[i] - 1));
		loki_prefetch_bytes(slots->slots[i], slot_array->slot_size);
		if (!slots->hot)
			prefetch_bytes(slots->buffers[i], BLCKSZ - sizeof(LokiPageOpaqueData),
						   sizeof(LokiPageOpaqueData));
	}
}

/* Whether a slot is on the page of the one before */
static inline bool
same_page(const LokiSlots *slots, int i)
{
	return i > 0 && slots->blocks[i] == slots->blocks[i - 1];
}

/*
 * Make the slots that were found readable until loki_slots_close(): slots[i] points to each.
 * With `peek`, pages are pinned only where the map does not know their buffer; else all
 * are.  Nothing is locked.  In recovery the caller locks the pages, and checks them then.
 */
void
loki_slots_open(LokiIndex *state, Relation index, bool peek, LokiSlots *slots)
{
	int			pinned = 0;

	Assert(!peek || !RecoveryInProgress());
	peek = peek && !state->local;
	for (int i = 0; i < slots->n; i++)
	{
		if (same_page(slots, i))
			slots->peeked[i] = slots->peeked[i - 1];
		else
			slots->peeked[i] = peek && slots->buffers[i] != InvalidBuffer &&
				buffer_use(state, slots->array, slots->hot, slots->buffers[i],
						   slots->blocks[i]);
		pinned += !slots->peeked[i];
	}
	/* ask the kernel to read the blocks that have to be pinned */
	for (int i = 0; i < slots->n && peek && pinned > 1; i++)
		if (!slots->peeked[i] && !same_page(slots, i))
			(void) PrefetchBuffer(index, MAIN_FORKNUM, slots->blocks[i]);
	for (int i = 0; i < slots->n && pinned > 0; i++)
		if (!slots->peeked[i])
		{
			slots->buffers[i] = loki_buffer_read(state, index, slots->blocks[i]);
			if (!RecoveryInProgress())
				loki_slot_array_page_check(state, index, slots->buffers[i], slots->array);
			slots->slots[i] = (char *) BufferGetPage(slots->buffers[i]) + slots->offsets[i];
		}
	pg_read_barrier();
}

/*
 * Release the pins.  False if a buffer that was not pinned stopped holding its block
 * meanwhile, so that what was read there means nothing: the caller then does the same again
 * with pins.
 */
bool
loki_slots_close(LokiIndex *state, Relation index, LokiSlots *slots)
{
	bool		valid = true;
	int			nhits = 0;

	pg_read_barrier();
	for (int i = 0; i < slots->n; i++)
		if (!slots->peeked[i])
			ReleaseBuffer(slots->buffers[i]);
		else if (!same_page(slots, i))
		{
			if (!buffer_held(state, slots->buffers[i], slots->blocks[i]))
				valid = false;
			nhits++;
		}
	count_hits(index, nhits);
	return valid;
}
