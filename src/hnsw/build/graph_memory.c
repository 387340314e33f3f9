/*-------------------------------------------------------------------------
 *
 * graph_memory.c
 *	  The arrays of the graph in memory, and a process's view of them.
 *
 * The arrays are blocks of the build's arena, which other processes map at addresses of their own.  So
 * what is shared refers to nodes and lists by number, never by pointer:
 *
 *	levels[node]		highest layer
 *	upper_first[node]	its list on layer 1 among those of `upper`, the others follow
 *	base, upper			counts, neighbors and distances, LokiSlackCapacity() links for each list
 *
 * Blocks begin zeroed: all lists are empty, and no list has to be touched before its node is inserted.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/graph_memory.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/pool.h"
#include "hnsw/build/graph.h"
#include "hnsw/graph/search.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/index.h"
#include "utils/memutils.h"

/* Bytes of the graph for each node, on average */
Size
loki_graph_node_memory(int m)
{
	Size		link = sizeof(uint32) + sizeof(float);
	Size		base = LokiSlackCapacity(2 * m) * link + sizeof(uint16);
	Size		upper = LokiSlackCapacity(m) * link + sizeof(uint16);

	/*
	 * one list above layer 0 for each m - 1 nodes; levels, upper_first,
	 * visited
	 */
	return base + upper / Max(m - 1, 1) + 1 + sizeof(uint32) + sizeof(uint16);
}

/* Blocks of the arena, in the order in which they are added */
enum
{
	BLOCK_LEVELS,
	BLOCK_UPPER_FIRST,
	BLOCK_BASE,
	BLOCK_UPPER = BLOCK_BASE + 3
};

/* Add the blocks of nlists lists: counts, neighbors, distances. */
static void
add_list_blocks(LokiArena *arena, int width, uint32 nlists)
{
	Size		nlinks = mul_size(nlists, LokiSlackCapacity(width));

	loki_arena_add_block(arena, mul_size(nlists, sizeof(uint16)));
	loki_arena_add_block(arena, mul_size(nlinks, sizeof(uint32)));
	loki_arena_add_block(arena, mul_size(nlinks, sizeof(float)));
}

/* Find lists in their blocks, which are in the order of add_list_blocks(). */
static void
view_lists(LokiGraphLists *lists, int width, char **blocks)
{
	lists->width = width;
	lists->capacity = LokiSlackCapacity(width);
	lists->counts = (uint16 *) blocks[0];
	lists->neighbors = (uint32 *) blocks[1];
	lists->distances = (float *) blocks[2];
}

/*
 * Make the arrays of a graph of nnodes nodes, none of which is inserted yet.  Their layers are drawn, and their lists
 * above layer 0 numbered, here and not when they are inserted: without locks, and so that the graph of one process
 * depends on the seed alone.
 */
void
loki_graph_create(LokiGraphShared *shared, LokiArena *arena, uint32 nnodes, int m,
				  int ratio, int equal_block, int tranche, pg_prng_state *prng)
{
	const uint32 *representative = equal_block < 0 ? NULL : (const uint32 *) arena->blocks[equal_block];
	uint8	   *levels;
	uint32	   *upper_first;

	Assert(nnodes > 0 && nnodes <= LOKI_MAX_NUMBER);
	memset(shared, 0, sizeof(*shared));
	shared->nnodes = nnodes;
	shared->equal_block = equal_block;
	pg_atomic_init_u64(&shared->entry, LOKI_NONE);
	LWLockInitialize(&shared->entry_lock, tranche);
	for (int i = 0; i < LOKI_GRAPH_LOCKS; i++)
		LWLockInitialize(&shared->locks[i], tranche);

	shared->first_block = loki_arena_add_block(arena, nnodes);
	loki_arena_add_block(arena, mul_size(nnodes, sizeof(uint32)));
	levels = (uint8 *) arena->blocks[shared->first_block + BLOCK_LEVELS];
	upper_first = (uint32 *) arena->blocks[shared->first_block + BLOCK_UPPER_FIRST];
	for (uint32 node = 0; node < nnodes; node++)
	{
		int			level = loki_random_level(ratio, prng);

		CHECK_FOR_INTERRUPTS();
		Assert(level >= 0 && level <= LOKI_MAX_LEVEL);
		/* layers above 0 consist of distinct codes */
		if (representative != NULL && representative[node] != LOKI_NONE)
			level = 0;
		levels[node] = level;
		upper_first[node] = level > 0 ? shared->nupper : LOKI_NONE;
		shared->nupper += level;
	}
	add_list_blocks(arena, 2 * m, nnodes);
	add_list_blocks(arena, m, shared->nupper);
}

/*
 * A process's view of a graph.  The code of node n is at codes + n * quantizer->code_size.
 * The memory is freed with the context.
 */
LokiGraph *
loki_graph_open(LokiGraphShared *shared, LokiArena *arena, MemoryContext context,
				const LokiQuantizer *quantizer, const char *codes, int m,
				int ef_construction, bool concurrent)
{
	LokiGraph  *graph = MemoryContextAllocZero(context, sizeof(LokiGraph));
	char	  **blocks;
	int			pool;
	int			batch;

	graph->context = context;
	graph->shared = shared;
	graph->concurrent = concurrent;
	graph->code = (LokiGraphCode)
	{
		quantizer, codes, quantizer->code_size
	};
	graph->nnodes = shared->nnodes;
	graph->nupper = shared->nupper;
	graph->m = m;
	graph->ef_construction = ef_construction;

	loki_arena_map_blocks(arena);
	if (shared->equal_block >= 0)
		graph->representative = (const uint32 *) arena->blocks[shared->equal_block];
	blocks = arena->blocks + shared->first_block;
	graph->levels = (uint8 *) blocks[BLOCK_LEVELS];
	graph->upper_first = (uint32 *) blocks[BLOCK_UPPER_FIRST];
	view_lists(&graph->base, 2 * m, blocks + BLOCK_BASE);
	view_lists(&graph->upper, m, blocks + BLOCK_UPPER);
	loki_graph_refresh(graph);

	/* the widest pool of any search, and the most nodes that are scored or sorted at once */
	pool = Max(ef_construction, Max(LOKI_BEYOND_CLUSTER, LOKI_ROW_SEARCH));
	batch = Max(graph->base.capacity + 1, ef_construction + LOKI_BEYOND_CLUSTER);
	graph->scratch.visited =
		MemoryContextAllocExtended(context, mul_size(Max(graph->nnodes, 1), sizeof(uint16)),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	graph->scratch.query = loki_alloc_queries(context, quantizer, 1);
	graph->scratch.chosen = loki_alloc_queries(context, quantizer, 1);
	graph->scratch.pool = MemoryContextAlloc(context,
											 LokiPoolRoom(pool) * sizeof(LokiCandidate));
	graph->scratch.candidates = MemoryContextAlloc(context, (ef_construction + LOKI_BEYOND_CLUSTER) *
												   sizeof(LokiCandidate));
	graph->scratch.sorted = MemoryContextAlloc(context, LokiPoolRoom(batch) *
											   sizeof(LokiCandidate));
	graph->scratch.batch_codes = MemoryContextAlloc(context, batch * sizeof(void *));
	graph->scratch.estimates = MemoryContextAlloc(context, batch * sizeof(float));
	graph->scratch.selected = MemoryContextAlloc(context, batch * sizeof(int));
	return graph;
}
