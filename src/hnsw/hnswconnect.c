/*-------------------------------------------------------------------------
 *
 * hnswconnect.c
 *	  Making every node of a new graph reachable.
 *
 * Choosing neighbors leaves a few nodes that no list names, and now and then
 * a group of nodes that name each other only.  Starting at the entry point we
 * walk layer 0 and remember over which link each node was reached first; those
 * links form a tree.  A node that was not reached is given a link from a near
 * one that was, in place of the farthest link that is not of the tree if the
 * list is full; so no node loses the link that it was reached by.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswconnect.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswgraph.h"
#include "miscadmin.h"

typedef struct ConnectState
{
	LokiGraph  *graph;
	uint32	   *parent;			/* the node it was reached from, itself for
								 * the entry point, LOKI_NONE if not reached */
	uint32	   *queue;
	uint32		head;
	uint32		tail;
} ConnectState;

/* Mark everything reachable from a node that was just reached */
static void
reach(ConnectState *state, uint32 node, uint32 from)
{
	LokiGraphLists *lists = &state->graph->base;

	state->parent[node] = from;
	state->queue[state->tail++] = node;
	while (state->head < state->tail)
	{
		uint32		current = state->queue[state->head++];
		Size		first = (Size) current * lists->capacity;

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < lists->counts[current]; i++)
		{
			uint32		neighbor = lists->neighbors[first + i];

			if (state->parent[neighbor] != LOKI_NONE)
				continue;
			state->parent[neighbor] = current;
			state->queue[state->tail++] = neighbor;
		}
	}
}

/*
 * Link `from`, which was reached, to a node that was not; false if every link
 * of a full list belongs to the tree.
 */
static bool
attach(ConnectState *state, uint32 from, uint32 node, float distance)
{
	LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) from * lists->capacity;
	int			place = lists->counts[from];

	if (place < lists->width)
		lists->counts[from]++;
	else
	{
		do
		{
			if (place == 0)
				return false;
			place--;
		} while (state->parent[lists->neighbors[first + place]] == from);
	}

	/* keep the list ascending */
	for (; place + 1 < lists->counts[from]; place++)
	{
		lists->neighbors[first + place] = lists->neighbors[first + place + 1];
		lists->distances[first + place] = lists->distances[first + place + 1];
	}
	for (; place > 0 && lists->distances[first + place - 1] > distance; place--)
	{
		lists->neighbors[first + place] = lists->neighbors[first + place - 1];
		lists->distances[first + place] = lists->distances[first + place - 1];
	}
	lists->neighbors[first + place] = node;
	lists->distances[first + place] = distance;
	return true;
}

/*
 * Reach a node over one of its own neighbors, or else over what a search from
 * the entry point finds near it, or at the very last over any node that still
 * has room.  There always is one: n nodes reached need n - 1 links.
 */
static void
reach_somehow(ConnectState *state, uint32 node)
{
	LokiGraph  *graph = state->graph;
	LokiGraphLists *lists = &graph->base;
	Size		first = (Size) node * lists->capacity;
	const LokiCandidate *found;
	int			nfound;

	for (int i = 0; i < lists->counts[node]; i++)
	{
		uint32		from = lists->neighbors[first + i];

		if (state->parent[from] != LOKI_NONE &&
			attach(state, from, node, lists->distances[first + i]))
		{
			reach(state, node, from);
			return;
		}
	}

	nfound = loki_graph_nearest(graph, node, graph->entry_node, &found);
	for (int i = 0; i < nfound; i++)
	{
		if (attach(state, found[i].node, node, found[i].distance))
		{
			reach(state, node, found[i].node);
			return;
		}
	}

	for (uint32 i = state->tail; i-- > 0;)
	{
		if (attach(state, state->queue[i], node, found[nfound - 1].distance))
		{
			reach(state, node, state->queue[i]);
			return;
		}
	}
	elog(ERROR, "could not connect the graph");
}

/*
 * Make every node reachable from the entry point on layer 0.  The lists have
 * been trimmed and stay so.  Returns the number of links that were added.
 */
uint32
loki_graph_connect(LokiGraph *graph)
{
	ConnectState state;
	uint32		added = 0;

	if (graph->nnodes == 0)
		return 0;

	state.graph = graph;
	state.parent = MemoryContextAllocHuge(graph->context,
										  mul_size(graph->nnodes, sizeof(uint32)));
	state.queue = MemoryContextAllocHuge(graph->context,
										 mul_size(graph->nnodes, sizeof(uint32)));
	state.head = state.tail = 0;
	for (uint32 node = 0; node < graph->nnodes; node++)
		state.parent[node] = LOKI_NONE;

	reach(&state, graph->entry_node, graph->entry_node);
	for (uint32 node = 0; node < graph->nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		if (state.parent[node] != LOKI_NONE)
			continue;
		reach_somehow(&state, node);
		added++;
	}
	Assert(state.tail == graph->nnodes);

	pfree(state.queue);
	pfree(state.parent);
	return added;
}
