/*-------------------------------------------------------------------------
 *
 * connect.c
 *	  Making every node of a new graph reachable.
 *
 * Choosing neighbors leaves a few nodes that no list names, and now and then a group of nodes
 * that name only each other.  So layer 0 is walked from the entry point, and the link by
 * which each node was reached first is remembered; these links form a tree.  A node that was
 * not reached gets a link from a near one that was.  If the list there is full, the link
 * replaces the farthest one that is not of the tree; so no node loses the link that it was
 * reached by.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/connect.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/pool.h"
#include "hnsw/build/graph.h"
#include "utils/memutils.h"

/* How many neighbors of a node have their own neighbors looked at */
#define MAX_LISTS		8

/* Mark a node as reached from another, and all nodes that can be reached from it. */
static void
reach(LokiConnection *state, uint32 node, uint32 from)
{
	LokiGraphLists *lists = &state->graph->base;

	Assert(state->parent[node] == LOKI_NONE);
	Assert(state->tail < state->graph->nnodes);
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

/* Whether a node is linked to another one on layer 0 */
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
 * Whether another neighbor of a node is linked to the neighbor at `place` of its list, and
 * is nearer to it.
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
 * The place of the link that a full list gives up: the farthest redundant one or, if there
 * is none, the farthest one, but none of the tree.  -1 if all are of the tree.
 */
static int
dispensable_link(const LokiConnection *state, uint32 from)
{
	const LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) from * lists->capacity;
	int			farthest = -1;

	Assert(lists->counts[from] == lists->width);
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
 * Link `from`, which was reached, to a node; false if its list is full and every link belongs
 * to the tree.  state->lost becomes the node whose link was replaced.
 *
 * Other processes may read the list meanwhile.  They may see a link twice, or miss one that
 * is being moved, but all that they see leads to nodes.
 */
bool
loki_graph_attach(LokiConnection *state, uint32 from, uint32 node, float distance)
{
	LokiGraphLists *lists = &state->graph->base;
	Size		first = (Size) from * lists->capacity;
	int			count = lists->counts[from];
	int			place = count;

	Assert(from != node && state->parent[from] != LOKI_NONE);
	Assert(!loki_graph_linked(state->graph, from, node));
	state->lost = LOKI_NONE;
	if (count == lists->width)
	{
		place = dispensable_link(state, from);
		if (place < 0)
			return false;
		state->lost = lists->neighbors[first + place];
	}

	/* keep the list ascending */
	for (; place + 1 < count; place++)
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
	if (count < lists->width)
	{
		pg_write_barrier();		/* the links are there before they are counted */
		lists->counts[from] = count + 1;
	}
	Assert(lists->counts[from] <= lists->width);
	return true;
}

/*
 * Let a link that was added be that of the tree to its node, in place of the one that it was
 * reached by before; unless the tree would have a circle then.
 */
void
loki_graph_adopt(LokiConnection *state, uint32 from, uint32 node)
{
	uint32		ancestor = from;

	Assert(loki_graph_linked(state->graph, from, node));
	while (ancestor != node && state->parent[ancestor] != ancestor)
		ancestor = state->parent[ancestor];
	if (ancestor != node)
		state->parent[node] = from;
}

/*
 * The nearest neighbor of a node's neighbors that was reached and has room in its list;
 * LOKI_NONE if there is none.
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

/* Link another node to a node, if the other was reached and can give a link. */
static bool
reach_from(LokiConnection *state, uint32 node, uint32 from, float distance)
{
	if (state->parent[from] == LOKI_NONE ||
		!loki_graph_attach(state, from, node, distance))
		return false;
	reach(state, node, from);
	return true;
}

/* Link one of its own neighbors to a node; only one with room, if `room` says so. */
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
 * Link some node to a node that was not reached: one of its own neighbors, or of theirs, or
 * else one that a search from the entry point finds near it, or in the end any node that
 * can give a link.  There always is one: n nodes reached need n - 1 links.
 *
 * A link is replaced only if none of the near lists has room.  Under inner product most nodes
 * are reached in this way, as all are nearest to the few long ones, and searches go by the
 * links among those.
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

	/*
	 * the search may have come to nodes that are not reached, over the layers
	 * above
	 */
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
 * Make every node reachable from the entry point on layer 0.  The lists have been trimmed and
 * stay so.  parent[], of each node, gets the tree, so that links can be added later without
 * making a node unreachable.
 */
void
loki_graph_connect(LokiGraph *graph, uint32 *parent)
{
	LokiConnection connection = {.graph = graph, .parent = parent};
	LokiConnection *state = &connection;
	Size		size = mul_size(graph->nnodes, sizeof(uint32));
	uint32		reached = 0;

	state->queue = MemoryContextAllocHuge(graph->context, size);
	for (uint32 node = 0; node < graph->nnodes; node++)
		state->parent[node] = LOKI_NONE;

	reach(state, graph->entry_node, graph->entry_node);
	for (uint32 node = 0; node < graph->nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		Assert(graph->base.counts[node] <= graph->base.width);
		if (state->parent[node] != LOKI_NONE)
			continue;
		reach_somehow(state, node);
		reached++;
	}
	Assert(state->tail == graph->nnodes);
	elog(DEBUG1, "linked %u nodes that were not reached", reached);
	pfree(state->queue);
}
