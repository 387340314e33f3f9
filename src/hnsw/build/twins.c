/*-------------------------------------------------------------------------
 *
 * twins.c
 *	  Nodes of equal codes: one of them stands for all while the graph is built.
 *
 * Rows with equal vectors that differ in attributes are nodes of their own.  If all of them
 * were inserted, the search for a node's neighbors would end among those equal to the node,
 * since a hundred of them fill its pool, and their links would lead nowhere else.  So only
 * the first of them is inserted, and the graph is that of the distinct codes.
 *
 * The others, its twins, are on layer 0 alone.  Together with the first they form a tree, in
 * which each node is linked to those below and above it.  The room that is left takes links
 * of the first, which are as good for all.  A search that meets the first goes on to all
 * twins before anything farther away, and scores little besides them.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/twins.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/graph.h"
#include "utils/memutils.h"

/* Most nodes below a node in the tree */
#define LinksBelow(m)		Max((m) / 2, 1)

/* ----------------------------------------------------------------
 * Finding twins
 * ----------------------------------------------------------------
 */

/*
 * Find the nodes that are twins.  Returns the arena's block that has the first node with the
 * same code for each twin, and LOKI_NONE for all other nodes; -1 if all codes differ.
 */
int
loki_twins_find(LokiArena *arena, const char *codes, Size code_size, uint32 nnodes)
{
	LokiEqualNodes nodes = {.narrays = 1, .slots = {codes}, .sizes = {code_size}};
	uint32	   *twin_of = NULL;
	int			block = -1;

	loki_equal_begin(&nodes, CurrentMemoryContext, nnodes);
	for (uint32 node = 0; node < nnodes; node++)
	{
		uint32		first = loki_equal_first(&nodes, node);

		CHECK_FOR_INTERRUPTS();
		if (first == node)
			continue;
		if (twin_of == NULL)
		{
			block = loki_arena_add_block(arena, mul_size(nnodes, sizeof(uint32)));
			twin_of = (uint32 *) arena->blocks[block];
			memset(twin_of, 0xFF, sizeof(uint32) * (Size) nnodes);
		}
		Assert(twin_of[first] == LOKI_NONE);	/* a twin of none */
		twin_of[node] = first;
	}
	loki_equal_end(&nodes);
	return block;
}

/* ----------------------------------------------------------------
 * Linking them
 * ----------------------------------------------------------------
 */

/* qsort_arg: by the first node with the code, and then by node */
static int
compare_twins(const void *a, const void *b, void *arg)
{
	const uint32 *twin_of = arg;
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	CHECK_FOR_INTERRUPTS();
	if (twin_of[x] != twin_of[y])
		return twin_of[x] < twin_of[y] ? -1 : 1;
	return (x > y) - (x < y);
}

/* Add a link to a list that has room. */
static void
add_link(LokiGraphLists *lists, uint32 from, uint32 node, float distance)
{
	Size		place = (Size) from * lists->capacity + lists->counts[from]++;

	Assert(lists->counts[from] <= lists->capacity);
	lists->neighbors[place] = node;
	lists->distances[place] = distance;
}

/*
 * Link the n twins of a node, whose list has been trimmed.  The node itself is number 0 of the
 * tree; below number i are those from i * below + 1 on.
 */
static void
link_twins_of(LokiGraph *graph, uint32 first, const uint32 *twins, uint32 n)
{
	LokiGraphLists *lists = &graph->base;
	uint64		below = LinksBelow(graph->m);
	float		self = loki_graph_self_distance(graph, first);
	Size		links = (Size) first * lists->capacity;

	Assert(lists->counts[first] <= lists->width);
	loki_graph_cut(graph, first, lists->width - (int) Min(below, n));
	for (uint32 i = 1; i <= n; i++)
	{
		uint32		node = twins[i - 1];
		uint64		last = Min((i + 1) * below, n);
		uint32		above = (i - 1) / below;
		int			room = lists->width - 1;

		Assert(graph->twin_of[node] == first && graph->levels[node] == 0);

		lists->counts[node] = 0;
		add_link(lists, node, above == 0 ? first : twins[above - 1], self);
		for (uint64 j = i * below + 1; j <= last; j++, room--)
			add_link(lists, node, twins[j - 1], self);
		for (int j = 0; j < Min(room, lists->counts[first]); j++)
			add_link(lists, node, lists->neighbors[links + j], lists->distances[links + j]);
		loki_graph_trim(graph, node);
		CHECK_FOR_INTERRUPTS();
	}
	for (uint32 i = 0; i < Min(below, n); i++)
		add_link(lists, first, twins[i], self);
	loki_graph_trim(graph, first);
}

/* Link all twins.  All other lists have been trimmed, and stay so. */
void
loki_graph_link_twins(LokiGraph *graph)
{
	const uint32 *twin_of = graph->twin_of;
	uint32	   *twins;
	uint32		n = 0;
	uint32		end;

	if (twin_of == NULL)
		return;
	for (uint32 node = 0; node < graph->nnodes; node++)
		n += twin_of[node] != LOKI_NONE;
	twins = MemoryContextAllocHuge(graph->context, mul_size(n, sizeof(uint32)));
	n = 0;
	for (uint32 node = 0; node < graph->nnodes; node++)
		if (twin_of[node] != LOKI_NONE)
			twins[n++] = node;
	qsort_arg(twins, n, sizeof(uint32), compare_twins, unconstify(uint32 *, twin_of));
	for (uint32 i = 0; i < n; i = end)
	{
		for (end = i + 1; end < n && twin_of[twins[end]] == twin_of[twins[i]];)
			end++;
		link_twins_of(graph, twin_of[twins[i]], twins + i, end - i);
	}
	elog(DEBUG1, "%u nodes have the code of another", n);
	pfree(twins);
}
