/*-------------------------------------------------------------------------
 *
 * equal_codes.c
 *	  Nodes of equal codes: one of them represents all while the graph is built.
 *
 * Rows with equal vectors that differ in attributes are nodes of their own.  If all of them
 * were inserted, the search for a node's neighbors would end among those equal to the node,
 * since a hundred of them fill its pool, and their links would lead nowhere else.  So only
 * the first of them is inserted, and the graph is that of the distinct codes.
 *
 * The others are on layer 0 alone.  Together with their representative they form a tree, in
 * which each node is linked to those below and above it.  With two below each node:
 *
 *	0 (representative) -- 1 -- 3, 4
 *					   `- 2 -- 5, 6
 *
 * The room that is left takes links of the representative, which are as good for all.  A
 * search that meets one of the tree goes on to all others before anything farther away,
 * since they are all at the same distance, and scores little besides them.  A tree keeps the
 * path from any node to any other short: a chain would make the search expand each.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/equal_codes.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/build/graph.h"
#include "utils/memutils.h"

/* Most nodes below a node in the tree: a quarter of its list, so that most links lead elsewhere */
#define LinksBelow(m)		Max((m) / 2, 1)

/* ----------------------------------------------------------------
 * Finding them
 * ----------------------------------------------------------------
 */

/*
 * Find the nodes whose code a node before them has.  Returns the arena's block that has the first
 * node with the same code for each of them, and LOKI_NONE for all other nodes; -1 if all codes
 * differ.  Codes that the graph is built of decide, not vectors: a search of the build cannot
 * separate nodes that they do not.
 */
int
loki_equal_codes_find(LokiArena *arena, const char *codes, Size code_size, uint32 nnodes)
{
	LokiEqualNodes nodes = {.narrays = 1, .slots = {codes}, .sizes = {code_size}};
	uint32	   *representative = NULL;
	int			block = -1;

	loki_equal_begin(&nodes, CurrentMemoryContext, nnodes);
	for (uint32 node = 0; node < nnodes; node++)
	{
		uint32		first = loki_equal_first(&nodes, node);

		CHECK_FOR_INTERRUPTS();
		if (first == node)
			continue;
		if (representative == NULL)
		{
			block = loki_arena_add_block(arena, mul_size(nnodes, sizeof(uint32)));
			representative = (uint32 *) arena->blocks[block];
			memset(representative, 0xFF, sizeof(uint32) * (Size) nnodes);
		}
		Assert(representative[first] == LOKI_NONE);	/* it has none itself */
		representative[node] = first;
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
compare_represented(const void *a, const void *b, void *arg)
{
	const uint32 *representative = arg;
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	CHECK_FOR_INTERRUPTS();
	if (representative[x] != representative[y])
		return representative[x] < representative[y] ? -1 : 1;
	return (x > y) - (x < y);
}

/* Add a link to a list that has room. */
static void
add_free_link(LokiGraphLists *lists, uint32 from, uint32 node, float distance)
{
	Size		place = (Size) from * lists->capacity + lists->counts[from]++;

	Assert(lists->counts[from] <= lists->capacity);
	lists->neighbors[place] = node;
	lists->distances[place] = distance;
}

/*
 * Link the n nodes that `first` represents; its own list has been trimmed.  It is number 0 of the
 * tree, nodes[i - 1] is number i; below number i are those from i * below + 1 on.
 *
 * The list of `first` is cut before its links are copied, and gets its own links into the tree
 * only in the end: those would be copied, too, and all nodes would link to the top of the tree.
 */
static void
link_represented(LokiGraph *graph, uint32 first, const uint32 *nodes, uint32 n)
{
	LokiGraphLists *lists = &graph->base;
	uint64		below = LinksBelow(graph->m);
	float		self = loki_graph_self_distance(graph, first);
	Size		links = (Size) first * lists->capacity;

	Assert(lists->counts[first] <= lists->width);
	loki_graph_cut(graph, first, lists->width - (int) Min(below, n));
	for (uint32 i = 1; i <= n; i++)
	{
		uint32		node = nodes[i - 1];
		uint64		last = Min((i + 1) * below, n);
		uint32		above = (i - 1) / below;
		int			room = lists->width - 1;

		Assert(graph->representative[node] == first && graph->levels[node] == 0);

		lists->counts[node] = 0;
		add_free_link(lists, node, above == 0 ? first : nodes[above - 1], self);
		for (uint64 j = i * below + 1; j <= last; j++, room--)
			add_free_link(lists, node, nodes[j - 1], self);
		for (int j = 0; j < Min(room, lists->counts[first]); j++)
			add_free_link(lists, node, lists->neighbors[links + j], lists->distances[links + j]);
		loki_graph_trim(graph, node);
		CHECK_FOR_INTERRUPTS();
	}
	for (uint32 i = 0; i < Min(below, n); i++)
		add_free_link(lists, first, nodes[i], self);
	loki_graph_trim(graph, first);
}

/*
 * Link all nodes that are represented, when those that are inserted have their links.  All other
 * lists have been trimmed, and stay so.
 */
void
loki_graph_link_equal_codes(LokiGraph *graph)
{
	const uint32 *representative = graph->representative;
	uint32	   *nodes;
	uint32		n = 0;
	uint32		end;

	if (representative == NULL)
		return;
	for (uint32 node = 0; node < graph->nnodes; node++)
		n += representative[node] != LOKI_NONE;
	nodes = MemoryContextAllocHuge(graph->context, mul_size(n, sizeof(uint32)));
	n = 0;
	for (uint32 node = 0; node < graph->nnodes; node++)
		if (representative[node] != LOKI_NONE)
			nodes[n++] = node;
	qsort_arg(nodes, n, sizeof(uint32), compare_represented, unconstify(uint32 *, representative));
	for (uint32 i = 0; i < n; i = end)
	{
		for (end = i + 1; end < n && representative[nodes[end]] == representative[nodes[i]];)
			end++;
		link_represented(graph, representative[nodes[i]], nodes + i, end - i);
	}
	elog(DEBUG1, "%u nodes have the code of another", n);
	pfree(nodes);
}
