/*-------------------------------------------------------------------------
 *
 * reachability.c
 *	  Making every row of a new graph found by a search for its own vector.
 *
 * A node that can be reached need not be found: on hard data a search may end in another
 * region, from which no short path leads to the node.  So every node is searched for as a
 * scan would.  If a node is not found, nodes that its search has expanded are linked to it,
 * so that the same search finds it (R4).
 *
 * The searches are those of scans, only narrower: on the same codes, from the same entries,
 * for the query that a wide scan makes of the row's vector (loki_search_walk_as_row()).
 * A wider walk from the same entries expands all that a narrow one does, and so finds all
 * that it finds: src/hnsw/graph/README, "Nothing is lost".
 *
 * All processes search, and change nothing.  What they miss they search for widely, too.
 * Then they search once more for the nodes that they missed, since a link made for one node
 * may lead to the next, and link those that are still missed, one process at a time.  New
 * links now and then lead other searches elsewhere.  If many nodes are missed even by wide searches,
 * all nodes are searched for again that are not settled; a node is settled if it is a
 * neighbor of the node at which its search enters layer 0.  Otherwise only the nodes that
 * were linked or lost a link are.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/reachability.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/build.h"
#include "hnsw/graph/search.h"
#include "utils/memutils.h"

/* How often all nodes that are not settled are searched for, at most */
#define MAX_ROUNDS		4

/* All are searched for again as long as more than one node of this many was lost */
#define MISSED_OF		200

/* Nodes that tell whether there will be another round */
#define REPORT_MIN		1000

/* How often the missed nodes are searched for after that, at most */
#define MAX_REPEATS		4

/* Links for a node that no wide search finds, and for one that only a wide search finds */
#define NEW_LINKS		16
#define MORE_LINKS		4

#define QUERY_ALIGN		64

/* What is known of a node */
typedef enum NodeState
{
	NODE_SETTLED,				/* found whatever links are made for others */
	NODE_FOUND,
	NODE_MISSED,				/* was not found, or lost a link */
	NODE_LOST,					/* was not found by a wide search either */
} NodeState;

/* A process's searches */
typedef struct ReachState
{
	LokiBuild  *build;
	LokiGraph  *graph;
	LokiConnection connection;
	LokiQuery  *query;
	uint8	   *states;			/* NodeState of each node */
	uint32	   *entries;		/* for each node LOKI_ENTRY_WIDTH, at which
								 * the search for it enters layer 0 */
	LokiCandidate found[LOKI_NARROW_SEARCH];	/* the nodes that the last
												 * search ended among */
	int			nfound;
} ReachState;

static void
begin_searches(ReachState *state, LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	LokiReachShared *reach = &build->part.shared->reach;

	state->build = build;
	state->graph = loki_build_open_graph(build);
	loki_arena_map_blocks(arena);
	state->connection.graph = state->graph;
	state->connection.parent = (uint32 *) arena->blocks[reach->parent_block];
	state->states = (uint8 *) arena->blocks[reach->states_block];
	state->entries = (uint32 *) arena->blocks[reach->entries_block];
	state->query = (LokiQuery *)
		TYPEALIGN(QUERY_ALIGN, palloc(build->geometry.quantizer->query_size + QUERY_ALIGN));
}

/*
 * Search for a node.  If it is missed, state->found has the nodes that the search ended among.
 */
static NodeState
search(ReachState *state, uint32 node)
{
	LokiBuild  *build = state->build;
	const LokiQuantizer *quantizer = build->geometry.quantizer;
	const char *code = loki_build_slot(build, LOKI_SLOTS_CODE, node);
	const LokiCandidate *found;

	if (quantizer->prepare_refined != NULL)
		quantizer->prepare_refined(quantizer, code,
								   loki_build_slot(build, LOKI_SLOTS_REFINE,
												   loki_build_row(build, node)),
								   state->query);
	else
		quantizer->prepare_code(quantizer, code, state->query);
	loki_graph_enter_base(state->graph, state->query, node,
						  state->entries + (Size) node * LOKI_ENTRY_WIDTH);
	if (loki_graph_entered_beside(state->graph, node))
		return NODE_SETTLED;
	if (loki_graph_finds(state->graph, state->query, node, LOKI_NARROW_SEARCH,
						 &found, &state->nfound))
		return NODE_FOUND;
	Assert(state->nfound <= LOKI_NARROW_SEARCH);
	memcpy(state->found, found, sizeof(LokiCandidate) * state->nfound);
	return NODE_MISSED;
}

/* Whether a wide search finds a node that search() has just missed */
static bool
is_found_widely(ReachState *state, uint32 node)
{
	const LokiCandidate *found;
	int			nfound;

	return loki_graph_finds(state->graph, state->query, node,
							state->graph->ef_construction, &found, &nfound);
}

/*
 * A process's part of the searches for all nodes that are not settled.  As soon as the leader
 * sees that another round will be needed, progress counts it.
 */
void
loki_build_search_nodes(LokiBuild *build)
{
	MemoryContext old = MemoryContextSwitchTo(build->context);
	int			round = build->part.shared->reach.round;
	bool		reports = build->part.leader && round + 1 < MAX_ROUNDS;
	ReachState	state;
	uint32		searched = 0;
	uint32		lost = 0;
	uint32		node;
	uint32		end;

	begin_searches(&state, build);
	while (loki_build_claim_nodes(build, &node, &end))
	{
		searched += end - node;
		for (; node < end; node++)
		{
			CHECK_FOR_INTERRUPTS();
			if (state.states[node] == NODE_SETTLED)
				continue;
			state.states[node] = search(&state, node);
			if (state.states[node] == NODE_MISSED && !is_found_widely(&state, node))
			{
				state.states[node] = NODE_LOST;
				lost++;
			}
		}
		if (reports && lost > searched / MISSED_OF && searched >= REPORT_MIN)
		{
			loki_build_report_round(build, round, round + 2);
			reports = false;
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * Link another node to a node.  A node that loses its link for that counts as missed.  The
 * caller holds the lock.
 */
static bool
attach(ReachState *state, const LokiCandidate *from, uint32 node)
{
	LokiConnection *connection = &state->connection;

	if (loki_graph_linked(state->graph, from->node, node) ||
		!loki_graph_attach(connection, from->node, node, from->distance))
		return false;
	if (connection->lost != LOKI_NONE && state->states[connection->lost] != NODE_LOST)
	{
		pg_write_barrier();		/* see link_missed() */
		state->states[connection->lost] = NODE_MISSED;
	}
	loki_graph_adopt(connection, from->node, node);
	return true;
}

/*
 * Link several of the nodes that its search ended among, and so has expanded, to a node that
 * was missed; other searches for it end in slightly other places.  Those with room in their
 * lists are linked, or, if none has room, one that has a link to replace.  The caller holds
 * the lock.
 */
static void
link_found(ReachState *state, uint32 node, int wanted)
{
	LokiGraph  *graph = state->graph;
	bool		linked = false;

	Assert(LWLockHeldByMeInMode(&state->build->part.shared->reach.lock, LW_EXCLUSIVE));
	for (int i = 0; i < state->nfound && wanted > 0; i++)
		if (graph->base.counts[state->found[i].node] < graph->base.width &&
			attach(state, &state->found[i], node))
		{
			linked = true;
			wanted--;
		}
	for (int i = 0; i < state->nfound && !linked; i++)
		linked = attach(state, &state->found[i], node);
}

/*
 * Search again for a node that was missed, and link it if it still is.  Takes the lock to
 * link it, and releases it.
 *
 * The node counts as found before the search.  So if another process takes a link to it away
 * after the search has looked, the state that the other process sets is the one that stays.
 */
static void
link_missed(ReachState *state, uint32 node)
{
	LokiReachShared *reach = &state->build->part.shared->reach;
	NodeState	before = state->states[node];

	state->states[node] = NODE_FOUND;
	pg_memory_barrier();		/* the state is set before lists are read */
	if (search(state, node) != NODE_MISSED)
		return;
	LWLockAcquire(&reach->lock, LW_EXCLUSIVE);
	link_found(state, node, before == NODE_LOST ? NEW_LINKS : MORE_LINKS);
	state->states[node] = before;
	reach->linked++;
	reach->lost += before == NODE_LOST;
	LWLockRelease(&reach->lock);
}

/* A process's part of linking the nodes that were missed */
void
loki_build_link_nodes(LokiBuild *build)
{
	MemoryContext old = MemoryContextSwitchTo(build->context);
	ReachState	state;
	uint32		node;
	uint32		end;

	begin_searches(&state, build);
	while (loki_build_claim_nodes(build, &node, &end))
		for (; node < end; node++)
		{
			if (state.states[node] != NODE_MISSED && state.states[node] != NODE_LOST)
				continue;
			CHECK_FOR_INTERRUPTS();
			link_missed(&state, node);
		}
	MemoryContextSwitchTo(old);
}

/*
 * Have all processes link the nodes that were missed and still are; returns their number.
 * *lost counts those that a wide search missed, too.
 */
static uint32
link_nodes(LokiBuild *build, uint32 *lost)
{
	LokiReachShared *reach = &build->part.shared->reach;

	Assert(build->part.leader);
	reach->linked = reach->lost = 0;
	loki_parallel_job(build, LOKI_JOB_LINK, build->nnodes);
	*lost = reach->lost;
	elog(DEBUG1, "linked %u nodes that were not found, %u of them by no wide search",
		 reach->linked, *lost);
	return reach->linked;
}

/*
 * Make the searches for all nodes find them.  Links of the tree, which is in the block of
 * parents, stay.
 */
void
loki_build_make_reachable(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	LokiReachShared *reach = &build->part.shared->reach;
	Size		entries_size = mul_size(build->nnodes, LOKI_ENTRY_WIDTH * sizeof(uint32));
	uint32		linked;
	uint32		lost;

	reach->states_block = loki_arena_add_block(arena, build->nnodes);
	reach->entries_block = loki_arena_add_block(arena, entries_size);
	memset(arena->blocks[reach->states_block], NODE_FOUND, build->nnodes);
	memset(arena->blocks[reach->entries_block], 0xFF, entries_size);
	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		reach->round = round;
		loki_build_report_round(build, round, round + 1);
		loki_parallel_job(build, LOKI_JOB_SEARCH, build->nnodes);
		linked = link_nodes(build, &lost);
		if (lost <= build->nnodes / MISSED_OF)
			break;
	}
	for (int repeat = 0; repeat < MAX_REPEATS && linked > 0; repeat++)
		linked = link_nodes(build, &lost);
}
