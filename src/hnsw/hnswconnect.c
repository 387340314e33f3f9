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
 * Reachable is not found: on hard data a search for a node may end in another
 * region from which no short way leads to it.  So we then search for every
 * node, and link those that are not found from where the search ended.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswconnect.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswgraph.h"
#include "miscadmin.h"

/* Pool of the search that most nodes are found by */
#define NARROW_SEARCH	24

/* Rounds of searches for all nodes at most */
#define SEARCH_ROUNDS	3

/* Links that a node gets which was searched for in vain */
#define NEW_LINKS		16

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
	bool		itself;

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

	nfound = loki_graph_nearest(graph, node, graph->ef_construction, &found, &itself);
	for (int i = 0; i < nfound; i++)
	{
		/* over the layers above, the search may have come to such a node */
		if (state->parent[found[i].node] != LOKI_NONE &&
			attach(state, found[i].node, node, found[i].distance))
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

static bool
is_linked(const LokiGraphLists *lists, uint32 from, uint32 node)
{
	const uint32 *neighbors = lists->neighbors + (Size) from * lists->capacity;

	for (int i = 0; i < lists->counts[from]; i++)
		if (neighbors[i] == node)
			return true;
	return false;
}

/*
 * Link a node that was searched for in vain from the nodes where the search
 * ended, several of them, as no other search ends in quite the same place:
 * from those with room in their lists, or else from those that have a link to
 * give up.
 */
static void
link_found(ConnectState *state, uint32 node, const LokiCandidate *found, int nfound)
{
	LokiGraphLists *lists = &state->graph->base;
	int			wanted = NEW_LINKS;

	for (int i = 0; i < nfound && wanted > 0; i++)
		if (lists->counts[found[i].node] < lists->width &&
			!is_linked(lists, found[i].node, node) &&
			attach(state, found[i].node, node, found[i].distance))
			wanted--;
	for (int i = 0; i < nfound && wanted == NEW_LINKS; i++)
		if (!is_linked(lists, found[i].node, node) &&
			attach(state, found[i].node, node, found[i].distance))
			wanted--;
}

/*
 * Search for every node; the number of those that had to be linked.
 */
static uint32
find_all(ConnectState *state)
{
	LokiGraph  *graph = state->graph;
	const LokiCandidate *found;
	uint32		linked = 0;
	bool		itself;

	for (uint32 node = 0; node < graph->nnodes; node++)
	{
		int			nfound;

		CHECK_FOR_INTERRUPTS();
		loki_graph_nearest(graph, node, NARROW_SEARCH, &found, &itself);
		if (itself)
			continue;
		nfound = loki_graph_nearest(graph, node, graph->ef_construction, &found, &itself);
		if (itself)
			continue;
		link_found(state, node, found, nfound);
		linked++;
	}
	return linked;
}

/*
 * Make every node reachable from the entry point on layer 0, and found by a
 * search for it.  The lists have been trimmed and stay so.
 */
void
loki_graph_connect(LokiGraph *graph)
{
	ConnectState state;
	uint32		reached = 0;
	uint32		linked = 0;

	if (graph->nnodes == 0)
		return;

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
		reached++;
	}
	Assert(state.tail == graph->nnodes);

	/* giving up a link can hide what was found before */
	for (int round = 0; round < SEARCH_ROUNDS; round++)
	{
		uint32		now = find_all(&state);

		linked += now;
		if (now == 0)
			break;
	}
	elog(DEBUG1, "linked %u nodes that were not reached and %u that were not found",
		 reached, linked);
	pfree(state.queue);
	pfree(state.parent);
}
