/*-------------------------------------------------------------------------
 *
 * slots.h
 *	  Reading slots through the map from blocks to buffers.
 *
 * IDENTIFICATION
 *	  src/hnsw/page/slots.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PAGE_SLOTS_H
#define LOKI_PAGE_SLOTS_H

#include "hnsw/hnsw.h"
#include "hnsw/page/index.h"

/*
 * Make a map cover a block; one past `most` entries, a power of two, shares the entry of
 * another.
 */
extern void loki_buffer_map_grow(LokiIndex *index_state, LokiBufferMap *map,
								 BlockNumber block, uint32 most);

/*
 * Start fetching bytes into the processor's caches.  Always inlined: gcc drops calls of a
 * function that does nothing but prefetch.
 */
static pg_attribute_always_inline void
loki_prefetch_bytes(const char *bytes, Size size)
{
	const char *end = bytes + size;

	for (bytes = (const char *) TYPEALIGN_DOWN(64, bytes); bytes < end; bytes += 64)
		__builtin_prefetch(bytes);
}

/*
 * Pin a block if it is in the buffer that held it last; not for temporary relations.  `recent` is a
 * guess, of whoever pinned the block before, and may hold anything.  With `hot`, count a use.
 */
extern bool loki_buffer_pin_recent(Relation relation, BlockNumber block, Buffer recent, bool hot);

/*
 * Pin a block through the block map and ReadRecentBuffer, and note its buffer there.  The content is
 * not locked, nor checked: the caller does both.  The index is the one that index_state is of.  Who visits all
 * pages gives a ring of buffers, as VACUUM does, and leaves the usage counts of pages that are in memory.
 */
extern Buffer loki_buffer_read_ring(LokiIndex *index_state, Relation index, BlockNumber block,
									BufferAccessStrategy ring);

static inline Buffer
loki_buffer_read(LokiIndex *index_state, Relation index, BlockNumber block)
{
	return loki_buffer_read_ring(index_state, index, block, NULL);
}

/* Make whoever reads the page of a buffer next look at its special space.  The buffer is pinned. */
extern void loki_buffer_distrust(Buffer buffer);

/* Start fetching into the processor's cache (descriptor and bytes), if the
 * block is known to be in memory */
extern void loki_buffer_prefetch(LokiIndex *index_state, BlockNumber block,
								 uint32 offset, uint32 size);

/* The same for a node's slot, and from disk where it is not known to be there */
extern void loki_slot_prefetch(LokiIndex *index_state, Relation index, int array,
							   uint32 node);

/*
 * Copy a slot out without pin or lock; false if that cannot be done and the slot is to be
 * read under lock.  Not in recovery.  The copy may be a mixture of two states of the slot,
 * word by word.
 */
extern bool loki_slot_peek(LokiIndex *index_state, Relation index, int array,
						   uint32 number, void *slot);

/*
 * Copy slots of n nodes out, one behind the other, to room for n * slot_size bytes: likewise, or
 * without `peek` under lock.  A slot past the used part is zeroes.
 */
extern void loki_slots_copy(LokiIndex *index_state, Relation index, int array,
							const uint32 *nodes, int n, bool peek, char *slots);

/*
 * Slots of several nodes that are read without content lock.  A pin and its release cost
 * more than the reading, so most slots are read without pin, too: the buffer's tag is checked
 * before and after.
 */
#define LOKI_MAX_SLOTS	(2 * LOKI_MAX_M)

/* Filled by loki_slots_find(); from loki_slots_open() to loki_slots_close() pins are held */
typedef struct LokiSlots
{
	int			n;
	int			array;
	bool		hot;			/* pages that a walk comes back to */
	BlockNumber blocks[LOKI_MAX_SLOTS];
	uint32		offsets[LOKI_MAX_SLOTS];	/* in the page */
	Buffer		buffers[LOKI_MAX_SLOTS];	/* a guess of the map until the page is
											 * opened; InvalidBuffer: none */
	bool		peeked[LOKI_MAX_SLOTS]; /* not pinned; set by opening */
	const void *slots[LOKI_MAX_SLOTS];	/* valid while they are open */
} LokiSlots;

/* Slots to open at once: each may pin a page, and a backend has its share of buffers */
extern int	loki_max_pins(const LokiIndex *index_state);

/*
 * Find slots, and start fetching them into the processor's cache.  Between this and opening them there
 * should be some work, as for all prefetching.  ERROR for a node past the end of the array.
 */
extern void loki_slots_find(LokiIndex *index_state, Relation index, int array,
							const uint32 *nodes, int n, LokiSlots *slots);

/*
 * Make the slots found readable; blocks not in memory are asked for together.  Not with `peek` in
 * recovery, where the caller locks the pages and checks them.
 */
extern void loki_slots_open(LokiIndex *index_state, Relation index, bool peek,
							LokiSlots *slots);

/* Release them; false if what was read means nothing: open them again with pins */
extern bool loki_slots_close(LokiIndex *index_state, Relation index, LokiSlots *slots);

#endif							/* LOKI_PAGE_SLOTS_H */
