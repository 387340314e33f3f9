/*-------------------------------------------------------------------------
 *
 * slots.c
 *	  Reading slots through a backend's map from blocks to buffers.
 *
 * Looking a block up in the buffer table, pinning and locking it cost several
 * times what reading a slot costs.  So a walk reads most slots without pin or
 * lock: the map says which buffer held the block last, and the buffer's tag is
 * looked at before and after the read.  Where it is another block's, the slot
 * is read the long way.
 *
 * What such a read sees is a state of the slot in which every aligned word is
 * the old or the new one, because a page under exclusive lock is changed in
 * place, word by word (page/change.c).  That is enough where a mixture of
 * two states does no harm: src/hnsw/page/README, "Reading without locks".  During
 * recovery it is not, since the replay of a page image shows a zeroed page for
 * a moment, and callers don't read so.
 *
 * A buffer that is read without a pin is touched as a pin would do it: its
 * usage count goes up, so that the clock sweep sees a page in use.  Pages of
 * REFINE are not: a walk comes back to those of CODE and LINK, which are fewer,
 * and where memory is short they are to stay.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/slots.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "compat/pgcompat.h"
#include "executor/instrument.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/buf_internals.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Pages of a temporary table pinned at once */
#define LOCAL_PINS		32

/* Blocks that the buffer map covers at most: 64 MB of map, 128 GB of index */
#define MAX_MAP_SIZE	((uint32) 16 * 1024 * 1024)

/* ----------------------------------------------------------------
 * The map
 * ----------------------------------------------------------------
 */

static void
grow_map(LokiIndex *state, BlockNumber block)
{
	uint32		size = Max(1024, state->map_size);

	while (size <= block)
		size *= 2;
	if (state->map == NULL)
		state->map = MemoryContextAllocHuge(state->context, mul_size(size, sizeof(Buffer)));
	else
		state->map = repalloc_huge(state->map, mul_size(size, sizeof(Buffer)));
	memset(state->map + state->map_size, 0,
		   mul_size(size - state->map_size, sizeof(Buffer)));
	state->map_size = size;
}

static inline Buffer
mapped(const LokiIndex *state, BlockNumber block)
{
	return block < state->map_size ? state->map[block] : InvalidBuffer;
}

/* Raise a buffer's usage count, which ReadRecentBuffer leaves alone. */
static inline void
touch(BufferDesc *desc, uint32 state)
{
	if (BUF_STATE_GET_USAGECOUNT(state) < BM_MAX_USAGE_COUNT && (state & BM_LOCKED) == 0)
		(void) pg_atomic_compare_exchange_u32(&desc->state, &state,
											  state + BUF_USAGECOUNT_ONE);
}

/*
 * Pin a block.
 */
Buffer
loki_buffer_read(LokiIndex *state, Relation index, BlockNumber block)
{
	Buffer		buffer;

	if (state->local || block >= MAX_MAP_SIZE)
		return ReadBuffer(index, block);
	if (block >= state->map_size)
		grow_map(state, block);

	buffer = state->map[block];
	if (buffer != InvalidBuffer &&
		ReadRecentBuffer(LokiRelationLocator(index), MAIN_FORKNUM, block, buffer))
	{
		BufferDesc *desc = GetBufferDescriptor(buffer - 1);

		touch(desc, pg_atomic_read_u32(&desc->state));
		return buffer;
	}
	buffer = ReadBuffer(index, block);
	state->map[block] = buffer;
	return buffer;
}

/*
 * Forget that a buffer was used: its page is not what it should be, and who reads
 * without a pin looks at the page as long as the count is low.
 */
void
loki_buffer_distrust(Buffer buffer)
{
	BufferDesc *desc;
	uint32		flags;

	if (BufferIsLocal(buffer))
		return;
	desc = GetBufferDescriptor(buffer - 1);
	flags = LockBufHdr(desc);
	UnlockBufHdr(desc, flags & ~BUF_USAGECOUNT_MASK);
}

/*
 * Start fetching `size` bytes at `offset` of a buffer's page into the processor's
 * caches.  Always inlined: a call of a function that
 * does nothing but prefetch looks superfluous to gcc, which drops it.
 */
static pg_attribute_always_inline void
prefetch_bytes(Buffer buffer, uint32 offset, uint32 size)
{
	char	   *bytes;
	char	   *end;

	if (buffer == InvalidBuffer)
		return;
	bytes = (char *) BufferGetBlock(buffer) + offset;
	end = bytes + size;
	for (bytes = (char *) TYPEALIGN_DOWN(64, bytes); bytes < end; bytes += 64)
		__builtin_prefetch(bytes);
}

/* The same, and the descriptor */
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
 * Bring in the page of a node's slot in a slot array: into the processor's caches
 * where the map knows it, else by having the kernel read it ahead.
 */
void
loki_slot_prefetch(LokiIndex *state, Relation index, int array, uint32 node)
{
	LokiSlotArray *fam = &state->arrays[array];
	uint32		place;
	uint32		page = loki_slot_page(fam, node, &place);
	BlockNumber block;
	Buffer		buffer;

	if (page >= fam->npages)
		return;
	block = loki_page_block(fam, page);
	buffer = mapped(state, block);
	if (buffer != InvalidBuffer)
		prefetch(buffer, SizeOfPageHeaderData + place * fam->slot_size, fam->slot_size);
	else if (!state->local)
		(void) PrefetchBuffer(index, MAIN_FORKNUM, block);
}

/* ----------------------------------------------------------------
 * One slot
 * ----------------------------------------------------------------
 */

/*
 * Between two volatile loads.  Where the processor keeps loads in order, a barrier
 * for the compiler would only make it forget what else it knows: 5 % of a query.
 */
#if defined(__x86_64__)
#define loki_load_barrier()		((void) 0)
#else
#define loki_load_barrier()		pg_read_barrier()
#endif

/*
 * Whether a shared buffer holds this block of the index, as of now.  Its state is
 * read after its tag, and while the header is locked the buffer holds nothing: the
 * servers up to 15 write the tag of another block before they say that what the
 * buffer has is not valid.
 */
static inline bool
buffer_holds(const LokiIndex *state, Buffer buffer, BlockNumber block, uint32 *flags)
{
	BufferDesc *desc = GetBufferDescriptor(buffer - 1);

	if (!LokiTagIs((volatile BufferTag *) &desc->tag, state->locator, block))
		return false;
	loki_load_barrier();
	*flags = pg_atomic_read_u32(&desc->state);
	return (*flags & (BM_VALID | BM_LOCKED)) == BM_VALID;
}

/* The same, after what was read */
static inline bool
buffer_held(const LokiIndex *state, Buffer buffer, BlockNumber block)
{
	uint32		flags;

	return buffer_holds(state, buffer, block, &flags);
}

/* Look at the page of a buffer that holds a block; with `hot`, count a use. */
static pg_noinline bool
look_at_page(const LokiIndex *state, int array, bool hot, Buffer buffer,
			 BlockNumber block, uint32 flags)
{
	pg_read_barrier();
	if (!loki_page_is_of(state, BufferGetPage(buffer), array, block))
		return false;
	if (hot)
		touch(GetBufferDescriptor(buffer - 1), flags);
	return true;
}

/*
 * Whether a shared buffer holds this block and may be read without a pin; with
 * `hot` that is counted as a use.
 *
 * What is read must be a page of the slot array.  One more cache line for each page
 * would be felt, so that it is looked at as long as the buffer's usage count, which
 * is at hand, is not the highest: it begins at 1 when a page is brought in, and only
 * those raise it who have looked at the page, or whose look at it raises an error
 * and sets the count back.
 */
static inline bool
buffer_use(const LokiIndex *state, int array, bool hot, Buffer buffer, BlockNumber block)
{
	uint32		flags;

	if (!buffer_holds(state, buffer, block, &flags))
		return false;
	return likely(BUF_STATE_GET_USAGECOUNT(flags) == BM_MAX_USAGE_COUNT) ||
		look_at_page(state, array, hot, buffer, block, flags);
}

/*
 * Count a block that was read without a pin as one that ReadBuffer finds in
 * shared buffers; the statistics show as read from disk what was asked for
 * and not hit.
 */
static inline void
count_hit(Relation index)
{
	pgBufferUsage.shared_blks_hit++;
	pgstat_count_buffer_read(index);
	pgstat_count_buffer_hit(index);
}

/*
 * Copy a slot out without pin or lock.  False if it cannot be had so: the
 * caller then reads it under lock, which also checks the page.
 */
bool
loki_slot_peek(LokiIndex *state, Relation index, int array, uint32 number, void *slot)
{
	LokiSlotArray *fam = &state->arrays[array];
	uint32		place;
	uint32		page = loki_slot_page(fam, number, &place);
	BlockNumber block;
	Buffer		buffer;

	if (state->local || page >= fam->npages)
		return false;
	block = loki_page_block(fam, page);
	buffer = mapped(state, block);
	if (buffer == InvalidBuffer || !buffer_use(state, array, true, buffer, block))
		return false;
	pg_read_barrier();
	memcpy(slot, LokiPageSlot(BufferGetPage(buffer), fam->slot_size, place),
		   fam->slot_size);
	pg_read_barrier();
	if (!buffer_held(state, buffer, block))
		return false;
	count_hit(index);
	return true;
}

/* Pages that a copy remembers, by their number modulo this; slots at once */
#define COPY_PAGES		32
#define COPY_SLOTS		64

typedef struct CopiedPage
{
	uint32		page;
	Buffer		buffer;			/* InvalidBuffer: not to be read without a pin */
	BlockNumber block;
} CopiedPage;

/* The page of a slot array, as the map knows it */
static inline Buffer
copied_page(LokiIndex *state, int array, uint32 page, CopiedPage *copied)
{
	const LokiSlotArray *fam = &state->arrays[array];

	copied->page = page;
	copied->buffer = InvalidBuffer;
	if (page < fam->npages)
	{
		copied->block = loki_page_block(fam, page);
		copied->buffer = mapped(state, copied->block);
		if (copied->buffer != InvalidBuffer &&
			!buffer_use(state, array, true, copied->buffer, copied->block))
			copied->buffer = InvalidBuffer;
	}
	return copied->buffer;
}

/*
 * Copy up to COPY_SLOTS slots without pin or lock; sets missing[] of those that
 * cannot be had so.  False if a page went away meanwhile.
 */
static bool
copy_unlocked(LokiIndex *state, Relation index, int array,
			  const uint32 *nodes, int n, char *slots, bool *missing)
{
	const LokiSlotArray *fam = &state->arrays[array];
	CopiedPage	pages[COPY_PAGES];
	CopiedPage	evicted[COPY_SLOTS];
	const char *from[COPY_SLOTS];
	uint32		size = fam->slot_size;
	int			nevicted = 0;

	for (int i = 0; i < COPY_PAGES; i++)
		pages[i].page = LOKI_NONE;
	for (int i = 0; i < n; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(fam, nodes[i], &place);
		CopiedPage *copied = &pages[page % COPY_PAGES];

		if (copied->page != page)
		{
			if (copied->page != LOKI_NONE)
				evicted[nevicted++] = *copied;
			copied_page(state, array, page, copied);
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
	for (int i = 0; i < nevicted; i++)
		if (evicted[i].buffer != InvalidBuffer)
		{
			if (!buffer_held(state, evicted[i].buffer, evicted[i].block))
				return false;
			count_hit(index);
		}
	return true;
}

/*
 * Copy the slots of n nodes out, one behind the other; with `peek` without pin
 * or lock where that can be done.  What is past the used part is zero.
 */
void
loki_slots_copy(LokiIndex *state, Relation index, int array, const uint32 *nodes,
				int n, bool peek, char *slots)
{
	LokiSlotArray *fam = &state->arrays[array];
	uint32		size = fam->slot_size;
	bool		missing[COPY_SLOTS];

	if (n == 1 && peek && loki_slot_peek(state, index, array, *nodes, slots))
		return;
	while (n > 0)
	{
		int			most = Min(n, COPY_SLOTS);

		if (!peek || state->local ||
			!copy_unlocked(state, index, array, nodes, most, slots, missing))
			memset(missing, true, sizeof(missing));
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
 * How many pages to pin at once, so that all backends together can do so:
 * there may be as few as 16 shared buffers and 100 local ones.
 */
int
loki_max_pins(const LokiIndex *state)
{
	if (state->local)
		return LOCAL_PINS;
	return Max(1, Min(LOKI_MAX_SLOTS, NBuffers / MaxBackends));
}

/*
 * Find the slots of n nodes and start fetching those that are in memory into
 * the processor's caches.  ERROR for nodes past the end of the slot array.
 */
void
loki_slots_find(LokiIndex *state, Relation index, int array, const uint32 *nodes,
				int n, LokiSlots *slots)
{
	LokiSlotArray *fam = &state->arrays[array];
	uint32		last = LOKI_NONE;

	Assert(n <= LOKI_MAX_SLOTS);
	slots->n = n;
	slots->array = array;
	slots->hot = array != LOKI_SLOTS_REFINE;
	for (int i = 0; i < n; i++)
	{
		uint32		place;
		uint32		page = loki_slot_page(fam, nodes[i], &place);

		slots->offsets[i] = SizeOfPageHeaderData + place * fam->slot_size;
		if (page == last)
		{
			slots->blocks[i] = slots->blocks[i - 1];
			slots->buffers[i] = slots->buffers[i - 1];
			prefetch_bytes(slots->buffers[i], slots->offsets[i], fam->slot_size);
			continue;
		}
		last = page;
		slots->blocks[i] = likely(page < fam->npages) ? loki_page_block(fam, page) :
			loki_slot_block(state, index, array, nodes[i], &place);
		slots->buffers[i] = mapped(state, slots->blocks[i]);
		prefetch(slots->buffers[i], slots->offsets[i], fam->slot_size);
		if (!slots->hot)
			prefetch_bytes(slots->buffers[i], BLCKSZ - sizeof(LokiPageOpaqueData),
						   sizeof(LokiPageOpaqueData));
	}
}

/*
 * Have the kernel read ahead what is not in shared buffers.
 */
static void
read_ahead(Relation index, LokiSlots *slots)
{
	BlockNumber last = InvalidBlockNumber;

	for (int i = 0; i < slots->n; i++)
		if (!slots->peeked[i] && slots->blocks[i] != last)
		{
			last = slots->blocks[i];
			(void) PrefetchBuffer(index, MAIN_FORKNUM, last);
		}
}

/* Whether a slot is on the page of the one before */
static inline bool
same_page(const LokiSlots *slots, int i)
{
	return i > 0 && slots->blocks[i] == slots->blocks[i - 1];
}

/*
 * Make the slots that were found readable until loki_slots_close(): slots[i]
 * points to each.  With peek = true only those are pinned whose buffer is not
 * known.  In recovery the caller locks their pages, and checks them then.
 */
void
loki_slots_open(LokiIndex *state, Relation index, bool peek, LokiSlots *slots)
{
	int			pinned = 0;

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
	if (peek && pinned > 1)
		read_ahead(index, slots);
	for (int i = 0; i < slots->n; i++)
	{
		if (!slots->peeked[i])
		{
			slots->buffers[i] = loki_buffer_read(state, index, slots->blocks[i]);
			if (!RecoveryInProgress())
				loki_slot_array_page_check(state, index, slots->buffers[i], slots->array);
		}
		slots->slots[i] = (char *) BufferGetPage(slots->buffers[i]) + slots->offsets[i];
	}
	pg_read_barrier();
}

/*
 * Release the slots.  False if a buffer that was not pinned stopped holding
 * its block meanwhile, so that what was read there is worth nothing: the
 * caller then does the same again with pins.
 */
bool
loki_slots_close(LokiIndex *state, Relation index, LokiSlots *slots)
{
	bool		valid = true;

	pg_read_barrier();
	for (int i = 0; i < slots->n; i++)
		if (!slots->peeked[i])
			ReleaseBuffer(slots->buffers[i]);
		else if (!same_page(slots, i))
		{
			if (!buffer_held(state, slots->buffers[i], slots->blocks[i]))
				valid = false;
			count_hit(index);
		}
	return valid;
}
