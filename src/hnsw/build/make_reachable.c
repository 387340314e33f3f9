/*-------------------------------------------------------------------------
 *
 * make_reachable.c
 *	  Making every row of a new graph found by a search for its own vector.
 *
 * First every node is connected.  Choosing neighbors leaves a few nodes that no list names, and
 * now and then a group of nodes that name only each other.  So layer 0 is walked from the entry
 * point, and the link by which each node was reached first is remembered; these links form a
 * tree.  A node that was not reached gets a link from a near one that was.  If the list there is
 * full, the link replaces the farthest one that is not of the tree; so no node loses the link
 * that it was reached by.
 *
 * Then every node is searched for, and linked if it is missed, by loki_make_reachable()
 * (src/hnsw/graph/README, "Nothing is lost").  All processes search, and change nothing.
 * What they miss they search for widely, too.  Then they search once more for the nodes that they
 * missed, since a link made for one node may lead to the next, and link those that are still
 * missed.  New links now and then lead other searches elsewhere.  If many nodes are missed even
 * by wide searches, all nodes are searched for again.  Otherwise only the nodes that were linked
 * or lost a link are.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/make_reachable.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/build.h"
#include "hnsw/graph/reachability.h"
#include "utils/memutils.h"

/* How many neighbors of a node have their own neighbors looked at */
#define MAX_LISTS		8

/* How often all nodes are searched for, at most */
#define MAX_ROUNDS		4

/* All are searched for again as long as more than one node of this many was lost */
#define MISSED_OF		200

/* Nodes that decide whether there will be another round */
#define REPORT_MIN		1000

/* How often the missed nodes are searched for after that, at most */
#define MAX_REPEATS		4

/* What is known of a node */
typedef enum NodeState
{
	NODE_FOUND,
	NODE_MISSED,				/* was not found, or lost a link */
	NODE_LOST,					/* was not found by a wide search either */
} NodeState;

/* The graph in memory, as a process makes its nodes reachable */
typedef struct MemoryGraph
{
	LokiBuild  *build;
	LokiGraph  *graph;
	LokiGraphLists *lists;		/* of layer 0 */
	uint32	   *parent;			/* the tree: for each node the one that it was
								 * reached from, itself for the entry point,
								 * LOKI_NONE if not reached */
	uint8	   *states;			/* NodeState of each node */
	LokiQuery  *query;
	NodeState	before;			/* of the node that is searched for again */
	uint32	   *queue;			/* the leader's: nodes in the order of being
								 * reached, while the tree is made */
	uint32		head;
	uint32		tail;
} MemoryGraph;

static void
open_graph(MemoryGraph *state, LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	LokiReachShared *reach = &build->part.shared->reach;

	memset(state, 0, sizeof(MemoryGraph));
	state->build = build;
	state->graph = loki_build_open_graph(build);
	state->lists = &state->graph->base;
	loki_arena_map_blocks(arena);
	state->parent = (uint32 *) arena->blocks[reach->parent_block];
	state->states = (uint8 *) arena->blocks[reach->states_block];
	state->query = loki_alloc_queries(CurrentMemoryContext, build->geometry.quantizer, 1);
}

/* ----------------------------------------------------------------
 * Links, and the tree
 * ----------------------------------------------------------------
 */

/* Mark a node as reached from another, and all nodes that can be reached from it. */
static void
mark_reached(MemoryGraph *state, uint32 node, uint32 from)
{
	LokiGraphLists *lists = state->lists;

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

/* The place of a node in the list of another one; -1 if they are not linked */
static int
find_link(const LokiGraphLists *lists, uint32 from, uint32 node)
{
	const uint32 *neighbors = lists->neighbors + (Size) from * lists->capacity;

	for (int i = 0; i < lists->counts[from]; i++)
		if (neighbors[i] == node)
			return i;
	return -1;
}

/*
 * Whether another neighbor of a node is linked to the neighbor at `place` of its list, and
 * is nearer to it.
 */
static bool
is_redundant(const LokiGraphLists *lists, uint32 from, int place)
{
	Size		first = (Size) from * lists->capacity;

	for (int i = 0; i < lists->counts[from]; i++)
	{
		uint32		other = lists->neighbors[first + i];
		int			theirs = find_link(lists, other, lists->neighbors[first + place]);

		if (theirs >= 0 && lists->distances[(Size) other * lists->capacity + theirs] <
			lists->distances[first + place])
			return true;
	}
	return false;
}

/*
 * The place of the link that a full list gives up: the farthest redundant one or, if there
 * is none, the farthest one, but none of the tree and, without force, none of the nearest.
 * -1 if there is no other.
 */
static int
dispensable_link(const MemoryGraph *state, uint32 from, LokiLinkForce force)
{
	const LokiGraphLists *lists = state->lists;
	int			near = force == LOKI_LINK_FORCED ? 0 : lists->width / LOKI_NEAR_LINKS;
	int			farthest = -1;

	Assert(lists->counts[from] == lists->width);
	/* from the farthest on, as lists ascend */
	for (int place = lists->counts[from] - 1; place >= near; place--)
	{
		if (state->parent[lists->neighbors[(Size) from * lists->capacity + place]] == from)
			continue;
		if (is_redundant(lists, from, place))
			return place;
		if (farthest < 0)
			farthest = place;
	}
	return farthest;
}

/*
 * Add a link to a list, which stays ascending, in place of the one at `place`, or behind the last.
 *
 * Other processes may read the list meanwhile.  They may see a link twice, or miss one that
 * is being moved, but all that they see leads to nodes.
 */
static void
put_link(LokiGraphLists *lists, uint32 from, int place, uint32 node, float distance)
{
	uint32	   *neighbors = lists->neighbors + (Size) from * lists->capacity;
	float	   *distances = lists->distances + (Size) from * lists->capacity;
	int			count = lists->counts[from];

	Assert(place < lists->width && place <= count);
	/* what is behind the replaced link moves up; then what is farther than the new one moves back */
	for (; place + 1 < count; place++)
	{
		neighbors[place] = neighbors[place + 1];
		distances[place] = distances[place + 1];
	}
	for (; place > 0 && distances[place - 1] > distance; place--)
	{
		neighbors[place] = neighbors[place - 1];
		distances[place] = distances[place - 1];
	}
	neighbors[place] = node;
	distances[place] = distance;
	if (count < lists->width)
	{
		pg_write_barrier();		/* the links are there before they are counted */
		lists->counts[from] = count + 1;
	}
}

/*
 * Link one node, if it was reached, to another: if it has room, or unless the link is only to be chosen,
 * in place of a link that is not of the tree.  The node whose link is replaced counts as missed.
 * The tree takes the new link, unless it would have a circle then.  Only one process links at a time.
 */
static bool
link_node(MemoryGraph *state, uint32 from, uint32 node, float distance, LokiLinkForce force)
{
	LokiGraphLists *lists = state->lists;
	int			place = lists->counts[from];
	uint32		above = from;

	if (state->parent[from] == LOKI_NONE || find_link(lists, from, node) >= 0)
		return false;
	Assert(from != node);		/* one that was not reached finds itself, too */
	if (place == lists->width)
	{
		uint32		lost;

		place = force == LOKI_LINK_CHOSEN ? -1 : dispensable_link(state, from, force);
		if (place < 0)
			return false;
		lost = lists->neighbors[(Size) from * lists->capacity + place];
		put_link(lists, from, place, node, distance);
		pg_write_barrier();		/* see link_missed() */
		if (state->states[lost] != NODE_LOST)
			state->states[lost] = NODE_MISSED;
	}
	else
		put_link(lists, from, place, node, distance);
	if (state->parent[node] == LOKI_NONE)
	{
		mark_reached(state, node, from);
		return true;
	}
	while (above != node && state->parent[above] != above)
		above = state->parent[above];
	if (above != node)
		state->parent[node] = from;
	return true;
}

/* ----------------------------------------------------------------
 * Connecting all nodes
 * ----------------------------------------------------------------
 */

/*
 * The nearest neighbor of a node's neighbors that was reached and has room in its list;
 * LOKI_NONE if there is none.
 */
static uint32
nearest_with_room(MemoryGraph *state, uint32 node, float *distance)
{
	LokiGraphLists *lists = state->lists;
	uint32		nearest = LOKI_NONE;

	for (int i = 0; i < Min(lists->counts[node], MAX_LISTS); i++)
	{
		uint32		neighbor = lists->neighbors[(Size) node * lists->capacity + i];
		const float *distances = loki_graph_distances(state->graph, node, neighbor);

		for (int j = 0; j < lists->counts[neighbor]; j++)
		{
			uint32		other = lists->neighbors[(Size) neighbor * lists->capacity + j];

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

/*
 * Link one of its own neighbors to a node.  By codes distances are about the same in both directions,
 * so the one that the node's list has serves for the link back.
 */
static bool
link_from_own(MemoryGraph *state, uint32 node, LokiLinkForce force)
{
	LokiGraphLists *lists = state->lists;
	Size		first = (Size) node * lists->capacity;

	for (int i = 0; i < lists->counts[node]; i++)
		if (link_node(state, lists->neighbors[first + i], node, lists->distances[first + i], force))
			return true;
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
connect_node(MemoryGraph *state, uint32 node)
{
	const LokiCandidate *found;
	int			nfound;
	float		distance;
	uint32		other;

	if (link_from_own(state, node, LOKI_LINK_CHOSEN))
		return;
	other = nearest_with_room(state, node, &distance);
	if (other != LOKI_NONE && link_node(state, other, node, distance, LOKI_LINK_CHOSEN))
		return;
	if (link_from_own(state, node, LOKI_LINK_SPARED))
		return;

	/*
	 * the search may have come to nodes that are not reached, over the layers
	 * above
	 */
	nfound = loki_graph_nearest(state->graph, node, &found);
	for (int i = 0; i < nfound; i++)
		if (link_node(state, found[i].node, node, found[i].distance, LOKI_LINK_SPARED))
			return;
	for (uint32 i = state->tail; i-- > 0;)
		if (link_node(state, state->queue[i], node, found[nfound - 1].distance, LOKI_LINK_FORCED))
			return;
	elog(ERROR, "could not connect the graph");
}

/* ----------------------------------------------------------------
 * Searching for all nodes
 * ----------------------------------------------------------------
 */

/* LokiReachSteps.find */
static bool
find_in_memory(void *graph, const LokiListRef *node, LokiSearchEnds *ends)
{
	MemoryGraph *state = graph;
	LokiBuild  *build = state->build;
	const LokiQuantizer *quantizer = build->geometry.quantizer;
	const char *code = loki_build_slot(build, LOKI_SLOTS_CODE, node->node);

	if (quantizer->prepare_refined != NULL)
		quantizer->prepare_refined(quantizer, code,
								   loki_build_slot(build, LOKI_SLOTS_REFINE,
												   loki_build_row(build, node->node)),
								   state->query);
	else
		quantizer->prepare_code(quantizer, code, state->query);
	return loki_graph_finds(state->graph, state->query, node->node,
							Min(LOKI_NARROW_SEARCH, state->graph->ef_construction), ends);
}

/* LokiReachSteps.find_widely, by the query that find_in_memory() has made */
static bool
find_widely_in_memory(void *graph, const LokiListRef *node, LokiSearchEnds *ends)
{
	MemoryGraph *state = graph;

	return loki_graph_finds(state->graph, state->query, node->node, LOKI_REACH_WIDTH, ends);
}

/* LokiReachSteps.price: a node that only a wide search finds gets fewer links. */
static LokiLinkForce
price_in_memory(void *graph, const LokiListRef *node, int *links)
{
	MemoryGraph *state = graph;

	*links = state->before == NODE_LOST ? LOKI_REACH_LINKS : LOKI_REACH_MORE_LINKS;
	return LOKI_LINK_FORCED;
}

/* LokiReachSteps.link.  Takes the lock, and releases it. */
static bool
link_in_memory(void *graph, const LokiUpperFound *from, const LokiListRef *node, LokiLinkForce force)
{
	MemoryGraph *state = graph;
	LWLock	   *lock = &state->build->part.shared->reach.lock;
	bool		linked;

	LWLockAcquire(lock, LW_EXCLUSIVE);
	linked = link_node(state, from->node, node->node, from->distance, force);
	LWLockRelease(lock);
	return linked;
}

/*
 * Search again for a node that was missed, and link it if it still is; then its state is what it was.
 *
 * The node counts as found before the search.  So if another process takes a link to it away
 * after the search has looked, the state that the other process sets is the one that stays.
 */
static void
link_missed(MemoryGraph *state, uint32 node)
{
	static const LokiReachSteps steps = {find_in_memory, find_widely_in_memory, price_in_memory, link_in_memory};
	LokiListRef ref = {node, LOKI_NONE, 0};

	state->before = state->states[node];
	state->states[node] = NODE_FOUND;
	/* a store before loads, so a full barrier; link_node() changes the list first, and then the state */
	pg_memory_barrier();
	if (!loki_make_reachable(&steps, state, &ref))
		state->states[node] = state->before;
}

/*
 * A process's part of the searches for all nodes or, with `link`, of linking those that were missed.
 * As soon as the leader sees that another round will be needed, progress counts it.
 */
void
loki_build_find_nodes(LokiBuild *build, bool link)
{
	MemoryContext old = MemoryContextSwitchTo(build->context);
	LokiReachShared *reach = &build->part.shared->reach;
	bool		reports = !link && build->part.leader && reach->round + 1 < MAX_ROUNDS;
	MemoryGraph state;
	LokiSearchEnds ends;
	uint32		searched = 0;
	uint32		missed = 0;
	uint32		lost = 0;
	uint32		node;
	uint32		end;

	open_graph(&state, build);
	while (loki_build_claim_nodes(build, &node, &end))
	{
		searched += end - node;
		for (; node < end; node++)
		{
			LokiListRef ref = {node, LOKI_NONE, 0};

			CHECK_FOR_INTERRUPTS();
			if (!link)
				state.states[node] = find_in_memory(&state, &ref, &ends) ? NODE_FOUND :
					loki_graph_finds(state.graph, state.query, node, state.graph->ef_construction, &ends) ?
					NODE_MISSED : NODE_LOST;
			else if (state.states[node] != NODE_FOUND)
				link_missed(&state, node);
			missed += state.states[node] != NODE_FOUND;
			lost += state.states[node] == NODE_LOST;
		}
		if (reports && lost > searched / MISSED_OF && searched >= REPORT_MIN)
		{
			loki_build_report_round(build, reach->round, reach->round + 2);
			reports = false;
		}
	}
	/* once for each process, since the lock is also that of linking */
	LWLockAcquire(&reach->lock, LW_EXCLUSIVE);
	reach->missed += missed;
	reach->lost += lost;
	LWLockRelease(&reach->lock);
	MemoryContextSwitchTo(old);
}

/* Have all processes search for all nodes or, with LOKI_JOB_LINK, link those that are missed. */
static void
find_all(LokiBuild *build, LokiBuildJob job)
{
	LokiReachShared *reach = &build->part.shared->reach;

	Assert(build->part.leader);
	reach->missed = reach->lost = 0;
	loki_parallel_job(build, job, build->nnodes);
	if (job == LOKI_JOB_LINK)
		elog(DEBUG1, "linked %u nodes that were not found, %u of them by no wide search",
			 reach->missed, reach->lost);
}

/*
 * Connect all nodes to the entry point on layer 0, and make the searches for them find them.  Lists have been trimmed
 * and stay so; links of the tree stay.
 */
void
loki_build_make_reachable(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	LokiReachShared *reach = &build->part.shared->reach;
	MemoryGraph state;
	uint32		entry;
	uint32		connected = 0;

	reach->parent_block = loki_arena_add_block(arena, mul_size(build->nnodes, sizeof(uint32)));
	reach->states_block = loki_arena_add_block(arena, build->nnodes);
	memset(arena->blocks[reach->states_block], NODE_FOUND, build->nnodes);
	open_graph(&state, build);

	/* each node enters the queue once, when it is reached */
	state.queue = MemoryContextAllocHuge(state.graph->context, mul_size(build->nnodes, sizeof(uint32)));
	memset(state.parent, 0xFF, sizeof(uint32) * (Size) build->nnodes);
	entry = state.graph->entry_node;
	mark_reached(&state, entry, entry);
	for (uint32 node = 0; node < build->nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		Assert(state.lists->counts[node] <= state.lists->width);
		if (state.parent[node] != LOKI_NONE)
			continue;
		connect_node(&state, node);
		connected++;
	}
	Assert(state.tail == build->nnodes);
	elog(DEBUG1, "linked %u nodes that were not reached", connected);
	pfree(state.queue);

	for (reach->round = 0; reach->round < MAX_ROUNDS; reach->round++)
	{
		loki_build_report_round(build, reach->round, reach->round + 1);
		find_all(build, LOKI_JOB_SEARCH);
		find_all(build, LOKI_JOB_LINK);
		if (reach->lost <= build->nnodes / MISSED_OF)
			break;
	}
	for (int repeat = 0; repeat < MAX_REPEATS && reach->missed > 0; repeat++)
		find_all(build, LOKI_JOB_LINK);
}
