/*-------------------------------------------------------------------------
 *
 * hnswverify.c
 *	  Making every row of a new graph found by a search for its own vector.
 *
 * That a node can be reached does not mean that it is found: on hard data a
 * search may end in another region, from which no short way leads to it.  So
 * the table is read once more and every node searched for as a scan would.  One
 * that is not found is linked from where its search ended.  New links lead other
 * searches elsewhere now and then, so that all of this is done again until no
 * node is missed.
 *
 * The searches are those of scans to the letter: made of the rows' vectors, on
 * the codes that scans walk on, from where scans begin, only narrower.  What a
 * narrow walk finds, a wider one from the same nodes finds as well, since it
 * expands all that the narrow one does.  A search by a node's own code, which
 * would not need the table, ends elsewhere now and then (doc/design/graph.md).
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswverify.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "hnsw/hnswbuild.h"
#include "utils/memutils.h"

/* Pool of the search that most nodes are found by */
#define NARROW_SEARCH	24

/* Times that the table is read at most */
#define MAX_ROUNDS		4

/* Links that a node gets which was searched for in vain */
#define NEW_LINKS		16

#define QUERY_ALIGN		64

/* A node and one of its rows */
typedef struct NodeRow
{
	ItemPointerData tid;
	uint32		node;
} NodeRow;

typedef struct VerifyState
{
	LokiBuild  *build;
	LokiConnection *connection;
	MemoryContext row_context;	/* reset after every row */
	LokiToastReader toast;
	LokiQuery  *query;
	NodeRow    *rows;			/* of all nodes, ascending by TID */
	uint32		next;			/* the row after the last that was looked up */
	uint32		linked;			/* nodes not found, in this round */
} VerifyState;

static int
compare_rows(const void *a, const void *b)
{
	return ItemPointerCompare((ItemPointer) &((const NodeRow *) a)->tid,
							  (ItemPointer) &((const NodeRow *) b)->tid);
}

/* List the nodes, each with one of its rows. */
static void
list_rows(VerifyState *state)
{
	LokiBuild  *build = state->build;
	uint32		nnodes = build->nnodes;

	state->rows = MemoryContextAllocHuge(CurrentMemoryContext,
										 mul_size(nnodes, sizeof(NodeRow)));
	for (uint32 node = 0; node < nnodes; node++)
	{
		LokiTidData *tid = (LokiTidData *) loki_build_slot(build, LOKI_FAMILY_TID, node);
		ItemPointer heap = &tid->u.heap;

		if (LokiTidState(tid) == LOKI_TID_OVERFLOW)
			heap = &((LokiOverflowData *)
					 loki_build_slot(build, LOKI_FAMILY_OVERFLOW,
									 LokiTidOverflowHead(tid)))->heap;
		state->rows[node].tid = *heap;
		state->rows[node].node = node;
	}
	qsort(state->rows, nnodes, sizeof(NodeRow), compare_rows);
}

/* The row with a TID, NULL if another stands for its node */
static NodeRow *
find_row(VerifyState *state, ItemPointer tid)
{
	NodeRow		key = {.tid = *tid};
	NodeRow    *row;

	/* the table is read in the order of TIDs, mostly */
	if (state->next < state->build->nnodes &&
		compare_rows(&key, &state->rows[state->next]) == 0)
		return &state->rows[state->next++];
	row = bsearch(&key, state->rows, state->build->nnodes, sizeof(NodeRow), compare_rows);
	if (row != NULL)
		state->next = row - state->rows + 1;
	return row;
}

/*
 * Link a node that was searched for in vain from the nodes where the search
 * ended, several of them, as no other search ends in quite the same place:
 * from those with room in their lists, or else from one that has a link to give
 * up.
 */
static void
link_found(VerifyState *state, uint32 node, const LokiCandidate *found, int nfound)
{
	LokiGraph  *graph = state->build->graph;
	int			wanted = NEW_LINKS;

	for (int i = 0; i < nfound && wanted > 0; i++)
		if (graph->base.counts[found[i].node] < graph->base.width &&
			!loki_graph_linked(graph, found[i].node, node) &&
			loki_graph_attach(state->connection, found[i].node, node,
							  found[i].distance))
			wanted--;
	for (int i = 0; i < nfound && wanted == NEW_LINKS; i++)
		if (!loki_graph_linked(graph, found[i].node, node) &&
			loki_graph_attach(state->connection, found[i].node, node,
							  found[i].distance))
			wanted--;
	state->linked++;
}

/* Callback of the table scan */
static void
verify_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		   bool tuple_is_alive, void *arg)
{
	VerifyState *state = arg;
	LokiBuild  *build = state->build;
	NodeRow    *row = find_row(state, tid);
	MemoryContext old;
	const LokiCandidate *found;
	const float *x;
	int			nfound;
	Datum		value;

	if (row == NULL || isnull[0])
		return;
	old = MemoryContextSwitchTo(state->row_context);
	value = PointerGetDatum(loki_toast_read(&state->toast,
											(struct varlena *) DatumGetPointer(values[0])));
	if (loki_value_open(build->metric, build->geometry.dim, value, false, &x) == LOKI_VALUE_VECTOR)
	{
		build->geometry.quantizer->prepare(build->geometry.quantizer, x, state->query);
		if (!loki_graph_finds(build->graph, state->query, row->node, NARROW_SEARCH,
							  &found, &nfound) &&
			!loki_graph_finds(build->graph, state->query, row->node,
							  build->graph->ef_construction, &found, &nfound))
			link_found(state, row->node, found, nfound);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(state->row_context);
}

/*
 * Read the table and search for every node.  What the outer scan
 * of the table keeps in its IndexInfo, if there is one, is left alone.
 */
static void
verify_rows(VerifyState *state)
{
	LokiBuild  *build = state->build;
	IndexInfo  *info = BuildIndexInfo(build->index);

	info->ii_Concurrent = build->index_info->ii_Concurrent;
	table_index_build_scan(build->heap, build->index, info, false, false, verify_row,
						   state, NULL);
	loki_toast_close(&state->toast);
	pfree(info);
}

/*
 * Make every node found.  Links of the connection's tree stay.
 */
void
loki_build_verify(LokiBuild *build, LokiConnection *connection)
{
	MemoryContext context = AllocSetContextCreate(build->context, "hnsw build verification",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	VerifyState state = {.build = build, .connection = connection};

	state.row_context = AllocSetContextCreate(context, "hnsw build verified row",
											  ALLOCSET_DEFAULT_SIZES);
	state.toast.context = context;
	state.query = (LokiQuery *)
		TYPEALIGN(QUERY_ALIGN, palloc(build->geometry.quantizer->query_size + QUERY_ALIGN));
	list_rows(&state);
	for (int round = 0; round < MAX_ROUNDS; round++)
	{
		state.linked = state.next = 0;
		verify_rows(&state);
		elog(DEBUG1, "linked %u nodes that were not found", state.linked);
		if (state.linked == 0)
			break;
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
