/*-------------------------------------------------------------------------
 *
 * node_layout.c
 *	  Laying out the nodes of a new index for locality.
 *
 * A search reads a node and then its neighbors, so neighbors should share pages.  Pages are
 * filled one after another: the next node of a page is the one that most of the page's nodes
 * link to.  A page starts with a node that an earlier page links to, the oldest first, so
 * that pages near each other in the file hold nodes near each other in space.
 *
 * The nodes that the page links to are kept in buckets by their count of links from the
 * page.  A bucket is a stack, in which a node may stand several times; an entry is valid
 * only in the bucket of the node's present count.  So the layout takes time in proportion to
 * the links.  The result depends on the graph alone.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/node_layout.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/graph.h"
#include "utils/memutils.h"

/* Counts above this share the last bucket */
#define BUCKETS		64

/* Nodes that a page proposes as starts of later pages */
#define SEEDS			8

typedef struct LayoutEntry
{
	uint32		node;
	uint32		next;			/* entry below in the bucket */
} LayoutEntry;

/* The layout so far */
typedef struct LayoutState
{
	const LokiGraph *graph;
	uint32	   *position;		/* of each node; LOKI_NONE: not placed */
	uint32		placed;			/* nodes */

	/* of the page being filled */
	uint8	   *count;			/* of each node: links from the page */
	LayoutEntry *entries;
	uint32		nentries;
	uint32		bucket[BUCKETS + 1];	/* top entry or LOKI_NONE */
	int			highest;		/* no bucket above it has entries */

	/* starts of later pages */
	uint32	   *queue;
	uint32		head;
	uint32		tail;
} LayoutState;

/*
 * Give a node the next node ID, and count its links.  A neighbor moves to the next bucket by a new entry; the
 * one in its old bucket is stale from then on.  The page places per_page nodes, each with at most
 * `width` links, for which there are entries.
 */
static void
place(LayoutState *state, uint32 node)
{
	const LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) node * lists->capacity;

	Assert(state->position[node] == LOKI_NONE && state->placed < state->graph->nnodes);
	Assert(lists->counts[node] <= lists->width);	/* loki_graph_trim() */
	state->position[node] = state->placed++;
	for (int i = 0; i < lists->counts[node]; i++)
	{
		uint32		neighbor = lists->neighbors[first + i];
		LayoutEntry *entry = &state->entries[state->nentries];
		int			count;

		if (state->position[neighbor] != LOKI_NONE)
			continue;
		count = state->count[neighbor];
		if (count < BUCKETS)
			count = ++state->count[neighbor];
		entry->node = neighbor;
		entry->next = state->bucket[count];
		state->bucket[count] = state->nentries++;
		state->highest = Max(state->highest, count);
	}
}

/*
 * The unplaced node that the page links to most; LOKI_NONE if there is none.  Of several, the one that was
 * linked to last.  Each entry is taken off once, valid or not.
 */
static uint32
best_linked(LayoutState *state)
{
	Assert(state->highest <= BUCKETS);
	while (state->highest > 0)
	{
		uint32		top = state->bucket[state->highest];
		LayoutEntry *entry;

		if (top == LOKI_NONE)
		{
			state->highest--;
			continue;
		}
		entry = &state->entries[top];
		state->bucket[state->highest] = entry->next;
		if (state->position[entry->node] == LOKI_NONE &&
			state->count[entry->node] == state->highest)
			return entry->node;
	}
	return LOKI_NONE;
}

/*
 * Close a page: queue some nodes that it links to as starts of later pages, and reset the
 * counts.  Only counts of nodes with entries can differ from zero, so that this takes time in proportion
 * to the page.  A node may be queued by several pages; the queue holds nnodes, and what does not fit is
 * found by next_start()'s pass over all nodes.
 */
static void
close_page(LayoutState *state)
{
	int			seeds = 0;

	for (uint32 i = 0; i < state->nentries; i++)
	{
		uint32		node = state->entries[i].node;

		if (state->count[node] == 0)
			continue;
		state->count[node] = 0;
		if (state->position[node] == LOKI_NONE && seeds < SEEDS &&
			state->tail < state->graph->nnodes)
		{
			state->queue[state->tail++] = node;
			seeds++;
		}
	}
	state->nentries = 0;
	state->highest = 0;
	for (int i = 0; i <= BUCKETS; i++)
		state->bucket[i] = LOKI_NONE;
}

/* The node that the next page starts with; LOKI_NONE if all are placed */
static uint32
next_start(LayoutState *state, uint32 *unplaced)
{
	while (state->head < state->tail)
	{
		uint32		node = state->queue[state->head++];

		if (state->position[node] == LOKI_NONE)
			return node;
	}
	/* parts of the graph that no page links to; the pass goes on where it was */
	for (; *unplaced < state->graph->nnodes; (*unplaced)++)
	{
		if (state->position[*unplaced] == LOKI_NONE)
			return *unplaced;
	}
	return LOKI_NONE;
}

/* Compute position[node], the final ID of each node, for pages of per_page nodes. */
void
loki_graph_layout(const LokiGraph *graph, uint32 per_page, uint32 *position)
{
	LayoutState state = {0};
	MemoryContext context = graph->context;
	uint32		unplaced = 0;
	uint32		node;

	state.graph = graph;
	state.position = position;
	for (uint32 i = 0; i < graph->nnodes; i++)
		position[i] = LOKI_NONE;
	state.count = MemoryContextAllocExtended(context, Max(graph->nnodes, 1),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	state.entries = MemoryContextAllocHuge(context,
										   mul_size(mul_size(per_page, graph->base.width),
													sizeof(LayoutEntry)));
	state.queue = MemoryContextAllocHuge(context,
										 mul_size(Max(graph->nnodes, 1), sizeof(uint32)));
	close_page(&state);

	while ((node = next_start(&state, &unplaced)) != LOKI_NONE)
	{
		/* a page that was left for want of linked nodes is filled by the next start */
		uint32		end = state.placed + (per_page - state.placed % per_page);

		Assert(state.nentries == 0 && end > state.placed && end % per_page == 0);
		CHECK_FOR_INTERRUPTS();
		while (node != LOKI_NONE && state.placed < end)
		{
			place(&state, node);
			if (state.placed < end)
				node = best_linked(&state);
		}
		close_page(&state);
	}
	Assert(state.placed == graph->nnodes);

	pfree(state.queue);
	pfree(state.entries);
	pfree(state.count);
}
