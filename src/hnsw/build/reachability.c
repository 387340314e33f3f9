/*-------------------------------------------------------------------------
 *
 * reachability.c
 *	  Making every row of a new graph found by a search for its own vector.
 *
 * That a node can be reached does not mean that it is found: on hard data a
 * search may end in another region, from which no short way leads to it.  So
 * every node is searched for as a scan would.  One that is not found is linked
 * from nodes that its search has expanded, so that the same search finds it.
 *
 * The searches are those of scans: on the codes that scans walk on, from where
 * scans begin, for the query that a wide scan makes of the row's vector
 * (loki_search_walk_as_row()), only narrower.  What a narrow walk finds, a wider
 * one from the same nodes finds as well, since it expands all that the narrow
 * one does: src/hnsw/graph/README, "Nothing is lost".
 *
 * All processes search, and change nothing.  The leader alone links what they
 * missed, searching once more, since a link made for one node may lead to the
 * next.  New links lead other searches elsewhere now and then.  Where those that
 * no wide search finds are many, everything is searched for again that is not
 * found for certain, as a neighbor of the node at which its search enters layer 0,
 * else only what was linked and what lost a link.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/reachability.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/build.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Times that all nodes that are not settled are searched for at most */
#define MAX_ROUNDS		4

/* As long as one of so many was not found, the others are searched for again */
#define MISSED_OF		200

/* Times that those missed are at most */
#define MAX_REPEATS		4

/* Links that a node gets which a wide search did not find, or only that did */
#define NEW_LINKS		16
#define MORE_LINKS		4

#define QUERY_ALIGN		64

/* What is known of a node */
typedef enum NodeState
{
	NODE_SETTLED,				/* found, whatever links are made for others */
	NODE_FOUND,
	NODE_MISSED,				/* was not found, or lost a link */
} NodeState;

/* A process's searches */
typedef struct ReachState
{
	LokiBuild  *build;
	LokiGraph  *graph;
	LokiQuery  *query;
	uint8	   *states;			/* NodeState of each node */
	uint32	   *entries;		/* of each node: LOKI_ENTRY_WIDTH of layer 0,
								 * for the next search for it */
	LokiCandidate found[LOKI_NARROW_SEARCH];	/* where the last search ended */
	int			nfound;
} ReachState;

static void
begin_searches(ReachState *state, LokiBuild *build)
{
	state->build = build;
	state->graph = loki_build_open_graph(build);
	loki_arena_map_blocks(&build->arenas[LOKI_ARENA_NODES]);
	state->states = (uint8 *) build->arenas[LOKI_ARENA_NODES].blocks[build->shared->states_block];
	state->entries = (uint32 *) build->arenas[LOKI_ARENA_NODES].blocks[build->shared->entries_block];
	state->query = (LokiQuery *)
		TYPEALIGN(QUERY_ALIGN, palloc(build->geometry.quantizer->query_size + QUERY_ALIGN));
}

/* See whether a node is found; if not, state->found tells what is. */
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
	loki_graph_enter_base(state->graph, state->query,
						  state->entries + (Size) node * LOKI_ENTRY_WIDTH);
	if (loki_graph_entered_beside(state->graph, node))
		return NODE_SETTLED;
	if (loki_graph_finds(state->graph, state->query, node, LOKI_NARROW_SEARCH,
						 &found, &state->nfound))
		return NODE_FOUND;
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
 * A process's part of the searches, for all nodes that are not settled.
 */
void
loki_build_search_nodes(LokiBuild *build)
{
	MemoryContext old = MemoryContextSwitchTo(build->context);
	ReachState	state;
	uint32		node;
	uint32		end;

	begin_searches(&state, build);
	while (loki_build_claim_nodes(build, &node, &end))
		for (; node < end; node++)
		{
			CHECK_FOR_INTERRUPTS();
			if (state.states[node] != NODE_SETTLED)
				state.states[node] = search(&state, node);
		}
	MemoryContextSwitchTo(old);
}

/* Link a node from another.  A node that loses a link for it counts as missed. */
static bool
attach(ReachState *state, LokiConnection *connection, const LokiCandidate *from,
	   uint32 node)
{
	if (loki_graph_linked(state->graph, from->node, node) ||
		!loki_graph_attach(connection, from->node, node, from->distance))
		return false;
	if (connection->lost != LOKI_NONE)
		state->states[connection->lost] = NODE_MISSED;
	return true;
}

/*
 * Link a node that was searched for in vain from the nodes where the search
 * ended, all of which it has expanded; from several, as no other search ends in
 * quite the same place: from those with room in their lists, or else from one that
 * has a link to give up.
 */
static void
link_found(ReachState *state, LokiConnection *connection, uint32 node, int wanted)
{
	LokiGraph  *graph = state->graph;
	bool		linked = false;

	for (int i = 0; i < state->nfound && wanted > 0; i++)
		if (graph->base.counts[state->found[i].node] < graph->base.width &&
			attach(state, connection, &state->found[i], node))
		{
			linked = true;
			wanted--;
		}
	for (int i = 0; i < state->nfound && !linked; i++)
		linked = attach(state, connection, &state->found[i], node);
}

/*
 * Link the nodes that were missed, if they still are.  Counts them, and those that
 * a wide search does not find either.
 */
static uint32
link_missed(ReachState *state, LokiConnection *connection, uint32 *lost)
{
	uint32		linked = 0;

	*lost = 0;
	for (uint32 node = 0; node < state->graph->nnodes; node++)
	{
		bool		widely;

		if (state->states[node] != NODE_MISSED)
			continue;
		CHECK_FOR_INTERRUPTS();
		state->states[node] = search(state, node);
		if (state->states[node] != NODE_MISSED)
			continue;
		widely = is_found_widely(state, node);
		link_found(state, connection, node, widely ? MORE_LINKS : NEW_LINKS);
		*lost += !widely;
		linked++;
	}
	elog(DEBUG1, "linked %u nodes that were not found, %u of them by no wide search",
		 linked, *lost);
	return linked;
}

/*
 * Make every node found.  Links of the connection's tree stay.
 */
void
loki_build_make_reachable(LokiBuild *build, LokiConnection *connection)
{
	MemoryContext context = AllocSetContextCreate(build->context, "hnsw build verification",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	Size		entries_size = mul_size(build->nnodes, LOKI_ENTRY_WIDTH * sizeof(uint32));
	ReachState	state;
	uint32		linked;
	uint32		lost;

	build->shared->states_block = loki_arena_add_block(&build->arenas[LOKI_ARENA_NODES], build->nnodes);
	build->shared->entries_block = loki_arena_add_block(&build->arenas[LOKI_ARENA_NODES], entries_size);
	old = MemoryContextSwitchTo(context);
	begin_searches(&state, build);
	memset(state.states, NODE_FOUND, build->nnodes);
	memset(state.entries, 0xFF, entries_size);
	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		loki_parallel_job(build, LOKI_JOB_SEARCH, build->nnodes);
		linked = link_missed(&state, connection, &lost);
		if (lost <= build->nnodes / MISSED_OF)
			break;
	}
	for (int repeat = 0; repeat < MAX_REPEATS && linked > 0; repeat++)
		linked = link_missed(&state, connection, &lost);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
