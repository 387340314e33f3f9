/*-------------------------------------------------------------------------
 *
 * bridge.c
 *	  Going around a node: the links that others would have if it had never existed.
 *
 * Links lead from a row's node to its neighbors, and stand in the place of links among these.  So a search for the
 * row may not take them, but has to make the others.  When it comes to a node that is linked to the row's, and that to
 * it, the rule of select.c chooses once more, without the row's node, from the list and from that node's
 * own neighbors.  What it chooses besides the list, because this node alone stood in the way, is what
 * the search takes instead.
 *
 * Works on copies of lists and codes; leaves no lock or pin.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/bridge.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "hnsw/graph/search.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/page.h"

/* What a list may lead to */
typedef struct Other
{
	float		distance;		/* from the node whose list it is */
	float		skipped;		/* from the node to go around */
	uint32		node;
	const char *code;
	bool		linked;			/* it is in the list */
} Other;

/* Nearest first; those at one distance by node ID */
#define ST_SORT sort_others
#define ST_ELEMENT_TYPE Other
#define ST_COMPARE(a, b) \
	((a)->distance != (b)->distance ? ((a)->distance < (b)->distance ? -1 : 1) : \
	 ((a)->node > (b)->node) - ((a)->node < (b)->node))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Whether a node is among n */
static bool
is_among(uint32 node, const uint32 *nodes, int n)
{
	for (int i = 0; i < n; i++)
		if (nodes[i] == node)
			return true;
	return false;
}

/* Distances from a query of a code to those of n nodes, one behind the other */
static void
score_codes(LokiSearch *search, const LokiQuery *query, const char *codes, int n, float *distances)
{
	const LokiQuantizer *quantizer = search->state->quantizer;
	const void *slots[LOKI_BRIDGE_NODES];

	for (int i = 0; i < n; i++)
		slots[i] = codes + (Size) i * quantizer->code_size;
	quantizer->score(quantizer, query, slots, n, distances);
	loki_make_finite(distances, n);
}

/*
 * Whether a link that the node to go around stands in the way of would have been made: two nodes of which no insert's
 * search for one found the other are not linked, whatever lies between them.  Of the links that it does not stand in
 * the way of, and that the rule chooses, some are missing; as many of the others would be, the same ones in each search.
 */
static bool
would_be_made(const LokiSkippedNode *skip, uint32 node, uint32 other)
{
	double		made = (double) skip->nmade + 1;

	return murmurhash32(node ^ other) <= made / (made + skip->nmissing) * PG_UINT32_MAX;
}

/*
 * Choose from what the list of a node may lead to, sorted, and add what is new and not visited to its n
 * neighbors.  `distance` is that of the node to go around.  The list has room for so many.
 */
static int
choose_bridges(LokiSearch *search, uint32 node, float distance, const Other *others, int nothers, int room,
			   uint32 *neighbors, int n)
{
	LokiSkippedNode *skip = &search->skip;
	LokiLinkChoice from = {nothers};
	float		distances[LOKI_BRIDGE_NODES];
	const void *codes[LOKI_BRIDGE_NODES];
	int			selected[LOKI_BRIDGE_NODES];
	int			nselected;

	for (int i = 0; i < nothers; i++)
	{
		distances[i] = others[i].distance;
		codes[i] = others[i].code;
	}
	from.distances = distances;
	from.codes = codes;
	nselected = loki_select_neighbors(search->state->quantizer, &from, 2 * search->state->m, 0,
									  skip->scratch, selected, NULL);
	for (int i = 0; i < nselected; i++)
	{
		const Other *other = &others[selected[i]];

		if (distance <= other->distance && other->skipped < other->distance)
		{
			/* ruled out by the node, unless it is in the list already */
			if (other->linked || room == 0 || !would_be_made(skip, node, other->node))
				continue;
			room--;
			if (n < 2 * LOKI_MAX_M && loki_visit(search, other->node))
				neighbors[n++] = other->node;
		}
		else if (!other->linked)
			skip->nmissing++;
		else if (is_among(other->node, skip->links, skip->nlinks))
			skip->nmade++;
	}
	return n;
}

/*
 * See search.h.  A list leads no farther than to what was thought of, so the farthest of its links is as far as
 * a new one may lead.
 */
int
loki_bridge(LokiSearch *search, uint32 node, const LokiLinkData *link, uint32 *neighbors, int n)
{
	LokiIndex  *state = search->state;
	const LokiQuantizer *quantizer = state->quantizer;
	LokiSkippedNode *skip = &search->skip;
	int			count = loki_link_count(link, state->m);
	uint32		nodes[LOKI_BRIDGE_NODES];
	float		distances[LOKI_BRIDGE_NODES];
	float		skipped[LOKI_BRIDGE_NODES];
	Other		others[LOKI_BRIDGE_NODES];
	int			nothers = 0;
	int			nlinked = 2;	/* the node to go around, this one, its links;
								 * then what is new */
	int			nnodes;
	float		far = -FLT_MAX;
	bool		any = false;

	/* 0 is the end of a list */
	if (!is_among(node, skip->links, skip->nlinks) || !is_among(skip->node + 1, link->neighbors, count))
		return n;
	nodes[0] = skip->node;
	nodes[1] = node;
	for (int i = 0; i < count; i++)
	{
		uint32		neighbor = link->neighbors[i] - 1;

		if (neighbor != skip->node && neighbor < LOKI_MAX_NUMBER)
			nodes[nlinked++] = neighbor;
	}
	nnodes = nlinked;
	for (int i = 0; i < skip->nlinks; i++)
		if (!is_among(skip->links[i], nodes + 1, nlinked - 1))
		{
			nodes[nnodes++] = skip->links[i];
			any |= !loki_is_visited(&search->visited, skip->links[i]);
		}
	if (!any)
		return n;

	Assert(nnodes <= LOKI_BRIDGE_NODES);
	loki_slots_copy(state, search->index, LOKI_SLOTS_CODE, nodes, nnodes, !search->in_recovery, skip->codes);
	score_codes(search, skip->query, skip->codes, nnodes, skipped);
	quantizer->prepare_code(quantizer, skip->codes + quantizer->code_size, skip->scratch);
	score_codes(search, skip->scratch, skip->codes, nnodes, distances);
	for (int i = 2; i < nnodes; i++)
	{
		if (i < nlinked)
			far = Max(far, distances[i]);
		if (i < nlinked || distances[i] <= far)
			others[nothers++] = (Other)
		{
			distances[i], skipped[i], nodes[i], skip->codes + (Size) i * quantizer->code_size, i < nlinked
		};
	}
	if (nothers + 2 == nlinked)
		return n;
	sort_others(others, nothers);
	return choose_bridges(search, node, distances[0], others, nothers, 2 * state->m - count + 1, neighbors, n);
}

/* Get ready to go around a node.  No page may be locked. */
static void
open_skipped(LokiSearch *search)
{
	LokiSkippedNode *skip = &search->skip;
	const LokiQuantizer *quantizer = search->state->quantizer;

	if (skip->codes == NULL)
	{
		skip->codes = MemoryContextAlloc(search->context, mul_size(LOKI_BRIDGE_NODES, quantizer->code_size));
		skip->query = loki_alloc_queries(search->context, quantizer, 1);
		skip->scratch = loki_alloc_queries(search->context, quantizer, 1);
	}
	loki_slots_copy(search->state, search->index, LOKI_SLOTS_CODE, &skip->node, 1, !search->in_recovery, skip->codes);
	quantizer->prepare_code(quantizer, skip->codes, skip->query);
	skip->nlinks = loki_search_links(search, skip->node, skip->links);
}

/* See search.h. */
void
loki_search_skip(LokiSearch *search, uint32 node)
{
	search->skip.node = node;
	search->skip.nlinks = 0;
	loki_visited_reset(search);
	if (node != LOKI_NONE && !search->state->pending)
		open_skipped(search);
	loki_visited_reset(search);
}
