/*-------------------------------------------------------------------------
 *
 * connect.c
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
 *	  src/hnsw/build/connect.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/graph.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Of a node's own neighbors, those whose neighbors are looked at */
#define MAX_LISTS		8

/* Mark everything reachable from a node that was just reached */
static void
reach(LokiConnection *state, uint32 node, uint32 from)
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

/* Whether a node names another on layer 0 */
bool
loki_graph_linked(const LokiGraph *graph, uint32 from, uint32 node)
{
	const LokiGraphLists *lists = &graph->base;
	const uint32 *neighbors = lists->neighbors + (Size) from * lists->capacity;

	for (int i = 0; i < lists->counts[from]; i++)
		if (neighbors[i] == node)
			return true;
	return false;
}

/*
 * Whether another neighbor of a node leads to the one at `place` of its list,
 * and is nearer to it.
 */
static bool
is_redundant(const LokiGraphLists *lists, uint32 from, int place)
{
	Size		first = (Size) from * lists->capacity;
	uint32		node = lists->neighbors[first + place];
	float		distance = lists->distances[first + place];

	for (int i = 0; i < lists->counts[from]; i++)
	{
		uint32		other = lists->neighbors[first + i];
		Size		theirs = (Size) other * lists->capacity;

		for (int j = 0; j < lists->counts[other]; j++)
			if (lists->neighbors[theirs + j] == node)
			{
				if (lists->distances[theirs + j] < distance)
					return true;
				break;
			}
	}
	return false;
}

/*
 * The place of the link that a full list is to give up: none of the tree, the
 * farthest of those that are redundant, or else the farthest; -1 if all are of
 * the tree.
 */
static int
dispensable_link(const LokiConnection *state, uint32 from)
{
	const LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) from * lists->capacity;
	int			farthest = -1;

	for (int place = lists->counts[from] - 1; place >= 0; place--)
	{
		if (state->parent[lists->neighbors[first + place]] == from)
			continue;
		if (is_redundant(lists, from, place))
			return place;
		if (farthest < 0)
			farthest = place;
	}
	return farthest;
}

/*
 * Link `from`, which was reached, to a node; false if every link of a full list
 * belongs to the tree.
 */
bool
loki_graph_attach(LokiConnection *state, uint32 from, uint32 node, float distance)
{
	LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) from * lists->capacity;
	int			place = lists->counts[from];

	state->lost = LOKI_NONE;
	if (place < lists->width)
		lists->counts[from]++;
	else
	{
		place = dispensable_link(state, from);
		if (place < 0)
			return false;
		state->lost = lists->neighbors[first + place];
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
 * The nearest node to one among the neighbors of its own neighbors that was
 * reached and has room in its list; LOKI_NONE if there is none.
 */
static uint32
nearest_with_room(LokiConnection *state, uint32 node, float *distance)
{
	LokiGraphLists *lists = &state->graph->base;
	Size		own = (Size) node * lists->capacity;
	uint32		nearest = LOKI_NONE;

	for (int i = 0; i < Min(lists->counts[node], MAX_LISTS); i++)
	{
		uint32		neighbor = lists->neighbors[own + i];
		Size		first = (Size) neighbor * lists->capacity;
		const float *distances = loki_graph_distances(state->graph, node, neighbor);

		for (int j = 0; j < lists->counts[neighbor]; j++)
		{
			uint32		other = lists->neighbors[first + j];

			if (other == node || lists->counts[other] >= lists->width ||
				state->parent[other] == LOKI_NONE ||
				(nearest != LOKI_NONE && distances[j] >= *distance))
				continue;
			nearest = other;
			*distance = distances[j];
		}
	}
	return nearest;
}

/* Reach a node from another, if that was reached itself and has a link for it. */
static bool
reach_from(LokiConnection *state, uint32 node, uint32 from, float distance)
{
	if (state->parent[from] == LOKI_NONE ||
		!loki_graph_attach(state, from, node, distance))
		return false;
	reach(state, node, from);
	return true;
}

/* Reach a node over one of its own neighbors, with room or without. */
static bool
reach_from_own(LokiConnection *state, uint32 node, bool room)
{
	LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) node * lists->capacity;

	for (int i = 0; i < lists->counts[node]; i++)
	{
		uint32		from = lists->neighbors[first + i];

		if ((!room || lists->counts[from] < lists->width) &&
			reach_from(state, node, from, lists->distances[first + i]))
			return true;
	}
	return false;
}

/*
 * Reach a node over one of its own neighbors, or theirs, or else over what a
 * search from the entry point finds near it, or at the very last over any node
 * that still has room.  There always is one: n nodes reached need n - 1 links.
 *
 * No link is given up where one of these lists has room.  By inner product most
 * nodes are reached in this way, as all are nearest to the few long ones, and
 * links among those are what searches go by.
 */
static void
reach_somehow(LokiConnection *state, uint32 node)
{
	const LokiCandidate *found;
	int			nfound;
	float		distance;
	uint32		other;

	if (reach_from_own(state, node, true))
		return;
	other = nearest_with_room(state, node, &distance);
	if (other != LOKI_NONE && reach_from(state, node, other, distance))
		return;
	if (reach_from_own(state, node, false))
		return;

	/* over the layers above, the search may have come to what is not reached */
	nfound = loki_graph_nearest(state->graph, node, &found);
	for (int i = 0; i < nfound; i++)
		if (reach_from(state, node, found[i].node, found[i].distance))
			return;
	for (uint32 i = state->tail; i-- > 0;)
		if (reach_from(state, node, state->queue[i], found[nfound - 1].distance))
			return;
	elog(ERROR, "could not connect the graph");
}

/*
 * Make every node reachable from the entry point on layer 0.  The lists have
 * been trimmed and stay so.  *state keeps what is needed to add links without
 * making a node unreachable.
 */
void
loki_graph_connect(LokiGraph *graph, LokiConnection *state)
{
	Size		size = mul_size(graph->nnodes, sizeof(uint32));
	uint32		reached = 0;

	state->graph = graph;
	state->parent = MemoryContextAllocHuge(graph->context, size);
	state->queue = MemoryContextAllocHuge(graph->context, size);
	state->head = state->tail = 0;
	for (uint32 node = 0; node < graph->nnodes; node++)
		state->parent[node] = LOKI_NONE;

	reach(state, graph->entry_node, graph->entry_node);
	for (uint32 node = 0; node < graph->nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		if (state->parent[node] != LOKI_NONE)
			continue;
		reach_somehow(state, node);
		reached++;
	}
	Assert(state->tail == graph->nnodes);
	elog(DEBUG1, "linked %u nodes that were not reached", reached);
	pfree(state->queue);
	state->queue = NULL;
}
