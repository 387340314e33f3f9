/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  Memory of a build: arrays that grow, shared by several processes, in
 *	  memory up to a limit and in a temporary file beyond.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/arena.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BUILD_ARENA_H
#define LOKI_BUILD_ARENA_H

#include "storage/fd.h"
#include "storage/lwlock.h"
#include "storage/sharedfileset.h"

#define LOKI_ARENA_ARRAYS	192 /* most arrays that grow together */
#define LOKI_ARENA_CHUNKS	2048	/* most steps in which they grow */
#define LOKI_ARENA_BLOCKS	24	/* most arrays of a fixed size */

/* A stretch of the memory object or of the file */
typedef struct LokiArenaRange
{
	uint64		offset;
	uint64		size;
	bool		in_file;
} LokiArenaRange;

/* What the processes share; allocated by the caller */
typedef struct LokiArenaShared
{
	LWLock		lock;			/* protects all that changes */
	int			owner;			/* PID of the process that made the memory
								 * object, and its descriptor there */
	int			memory_fd;
	bool		shared;			/* the file is in the file set */
	SharedFileSet files;
	bool		file_exists;

	Size		memory_limit;
	Size		memory_size;	/* of the memory object */
	Size		file_size;

	int			narrays;
	Size		stride[LOKI_ARENA_ARRAYS];	/* 0: not there */
	uint32		capacity;		/* most elements */
	uint32		chunk_elements;
	Size		chunk_size;
	Size		chunk_memory_limit; /* chunks beyond this go to the file */
	int			nchunks;
	LokiArenaRange chunks[LOKI_ARENA_CHUNKS];

	int			nblocks;
	LokiArenaRange blocks[LOKI_ARENA_BLOCKS][2];	/* in memory, in the file */
} LokiArenaShared;

/* How large an arena is to be */
typedef struct LokiArenaExtent
{
	const Size *strides;		/* sizes of the arrays' elements */
	int			narrays;
	uint32		capacity;		/* most elements, and ... */
	uint32		expected;		/* ... those that there probably are */
	Size		memory_limit;	/* of chunks and blocks in memory, and ... */
	Size		chunk_memory_limit; /* ... of chunks alone */
} LokiArenaExtent;

/* A process's view of an arena; can be released after *shared is gone */
typedef struct LokiArena
{
	LokiArenaShared *shared;
	int			memory_fd;
	File		file;			/* 0: not opened yet */
	char	   *arrays[LOKI_ARENA_ARRAYS];	/* where they are mapped */
	Size		array_size[LOKI_ARENA_ARRAYS];	/* of the reserved addresses */
	int			nchunks;		/* mapped */
	char	   *blocks[LOKI_ARENA_BLOCKS];
	Size		block_size[LOKI_ARENA_BLOCKS];
	int			nblocks;		/* mapped */
	MemoryContextCallback callback;
} LokiArena;

/* Whether other processes can attach */
extern bool loki_arena_can_share(void);

/* Make an empty arena; others can attach if *shared lies in a segment */
extern void loki_arena_create(LokiArena *arena, LokiArenaShared *shared,
							  MemoryContext context, dsm_segment *segment, int tranche,
							  const LokiArenaExtent *extent);

/* View an arena of another process; false if its memory cannot be opened */
extern bool loki_arena_attach(LokiArena *arena, LokiArenaShared *shared,
							  MemoryContext context, dsm_segment *segment);

/* Have room for a number of elements in each array; arrays do not move */
extern void loki_arena_grow(LokiArena *arena, uint32 elements);

/* Add a block of zeroes, in the process that made the arena; returns its number */
extern int	loki_arena_add_block(LokiArena *arena, Size size);

/* View the blocks that were added */
extern void loki_arena_map_blocks(LokiArena *arena);

/* End this process's view; also done when the memory context is deleted */
extern void loki_arena_release(LokiArena *arena);

/* Elements that can be used in this process */
static inline uint32
loki_arena_elements(const LokiArena *arena)
{
	return Min((uint32) arena->nchunks * arena->shared->chunk_elements,
			   arena->shared->capacity);
}

#endif							/* LOKI_BUILD_ARENA_H */
