/*-------------------------------------------------------------------------
 *
 * reachability.c
 *	  Making nodes found by the search for their own row.
 *
 * HNSW promises nothing about a single node: a search expands only the nearest nodes, and may end
 * elsewhere than at the one that it is for.  So nodes are searched for, and linked from where the search
 * ended if they are missed.  loki_make_reachable() is the same for graphs in memory, whose steps are in
 * build/make_reachable.c, and in pages, whose steps follow here.  src/hnsw/graph/README,
 * "Nothing is lost".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/reachability.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/reachability.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"

/*
 * How many nodes are searched for, at most, after a link was forced.  If that is not enough
 * in more than one case of EXHAUSTED_SHARE, and was not in MAX_EXHAUSTED cases, there are not
 * links enough for all nodes.  Then no more are searched for.
 */
#define MAX_REPAIRED		64
#define MAX_EXHAUSTED		64
#define EXHAUSTED_SHARE		5

/* Where a search ended: among the nodes of its pool from one place to another, evenly spread */
void
loki_search_ends(const LokiCandidate *pool, int first, int end, LokiSearchEnds *ends)
{
	int			step = Max(1, (end - first) / LOKI_NARROW_SEARCH);

	ends->n = 0;
	for (int i = first; i < end && ends->n < LOKI_NARROW_SEARCH; i += step)
		ends->nodes[ends->n++] = (LokiUpperFound) {pool[i].distance, pool[i].node & ~LOKI_EXPANDED,
			LOKI_NONE, LOKI_NONE};
}

/* Link a node from nodes that a search ended among, the one at `first` first; returns how many are linked. */
static int
link_from(const LokiReachSteps *steps, void *graph, const LokiSearchEnds *ends, uint32 first,
		  const LokiListRef *node, LokiLinkForce force, int wanted)
{
	int			linked = 0;

	Assert(ends->n <= LOKI_NARROW_SEARCH);
	for (int i = 0; i < ends->n && linked < wanted; i++)
	{
		const LokiUpperFound *from = &ends->nodes[(first + i) % ends->n];

		Assert(from->node != node->node);	/* R3 */
		linked += steps->link(graph, from, node, force);
		CHECK_FOR_INTERRUPTS();
	}
	return linked;
}

/* The same: where there is room, or else in place of one link that is not needed; whether one is linked */
static bool
link_without_force(const LokiReachSteps *steps, void *graph, const LokiSearchEnds *ends,
				   const LokiListRef *node, int wanted)
{
	return link_from(steps, graph, ends, 0, node, LOKI_LINK_CHOSEN, wanted) > 0 ||
		link_from(steps, graph, ends, 0, node, LOKI_LINK_SPARED, 1) > 0;
}

/*
 * Search for a node, and if it is missed, link it from nodes that the search ended among, so that
 * the same search finds it (R4): from several, as no other search ends in quite the same place.  If
 * none has room for the link, one gives up another that is not needed.
 *
 * If all of those links are needed, the search ended among hubs, which are nearest to more nodes than they
 * have links.  Then a wide search is to find the node, which goes on beyond the hubs, and is
 * linked from there.  Else the price may allow for force: another list each time, so that nodes that
 * push each other out come to different lists in the end (R8).  False if the node was missed, whether or
 * not it is linked now.
 */
bool
loki_make_reachable(const LokiReachSteps *steps, void *graph, const LokiListRef *node)
{
	LokiSearchEnds ends;
	LokiSearchEnds beyond;
	LokiLinkForce most;
	int			links;

	if (steps->find(graph, node, &ends))
		return true;
	most = steps->price(graph, node, &links);
	Assert(most >= LOKI_LINK_SPARED && most <= LOKI_LINK_FORCED && links > 0);
	if (link_without_force(steps, graph, &ends, node, links))
		return false;
	if (node->level == 0 && (steps->find_widely(graph, node, &beyond) ||
							 link_without_force(steps, graph, &beyond, node, LOKI_REACH_MORE_LINKS)))
		return false;
	if (most == LOKI_LINK_FORCED)
		(void) link_from(steps, graph, &ends, steps->nforced != NULL ? *steps->nforced : 0, node, LOKI_LINK_FORCED, 1);
	return false;
}

/* ----------------------------------------------------------------
 * Graphs in pages
 * ----------------------------------------------------------------
 */

/* The search for a node, whose query the search has */
typedef struct PageGraph
{
	LokiLinker *linker;
	LokiSearch *search;
	const LokiMetaPageData *meta;
	bool		wide;			/* by a wide search, too, on layer 0 */
	bool		hidden;			/* only its cluster hides the node that was
								 * missed */
} PageGraph;

/*
 * Whether a search of layer 0 of some width finds a node: one that its code does not separate from
 * it or, if `itself`, the node.  Also if others fill the pool that are as near, as there may
 * be by inner product.  If not, the search's pool has where it ended.  It does not start at
 * the node, which may not be found any more on the layers above (R3).
 */
static bool
search_base_for(PageGraph *graph, uint32 node, int width, bool itself)
{
	LokiSearch *search = graph->search;
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			n = loki_search_entries(search, graph->meta, LOKI_ENTRY_WIDTH, entries);
	int			kept = 0;
	float		self;

	Assert(!search->in_recovery);
	for (int i = 0; i < n; i++)
		if (entries[i].node != node)
			entries[kept++] = entries[i];
	Assert(kept >= n - 1);
	if (kept == 0)
		return true;
	loki_search_score(search, &node, 1, &self);
	search->target.distance = self;
	search->target.tolerance = itself ? -1 : 0;
	search->target.stop = !itself;
	loki_search_layer0(search, entries, kept, width);
	search->target.tolerance = -1;
	search->target.stop = false;
	return search->target.met || (itself && !loki_visit(search, node)) ||
		(search->pool.n == width &&
		 !(self < search->pool.nearest[search->pool.n - 1].distance));
}

/*
 * LokiReachSteps.find for graphs in pages.  Above layer 0 others may be as near (R5).  On layer 0, with `wide`, a
 * node that the narrow search does not meet itself, since others of its cluster have codes as near, is to be met by
 * one as wide as those of scans that are to find every row (R6).  No page may be locked.
 */
static bool
find_in_pages(void *arg, const LokiListRef *node, LokiSearchEnds *ends)
{
	PageGraph  *graph = arg;
	LokiSearch *search = graph->search;
	LokiUpperFound found[LOKI_ENTRY_WIDTH];
	LokiDescent descent;
	float		self;

	if (node->level > 0)
	{
		if (!loki_descent_begin(search, graph->meta, &descent, found))
			return true;
		loki_descent_to(search, &descent, node->level, LOKI_ENTRY_WIDTH);
		if (descent.level < node->level)
			return true;		/* vacuum has just freed the way there */
		loki_descent_search(search, &descent, LOKI_ENTRY_WIDTH);
		for (int i = 0; i < descent.nnarrow; i++)
			if (descent.narrow[i].node == node->node)
				return true;
		loki_search_score(search, &node->node, 1, &self);
		ends->n = descent.nnarrow;
		memcpy(ends->nodes, descent.narrow, sizeof(LokiUpperFound) * ends->n);
		return ends->n == LOKI_ENTRY_WIDTH && !(self < ends->nodes[ends->n - 1].distance);
	}
	graph->hidden = search_base_for(graph, node->node, LOKI_NARROW_SEARCH, false);
	if (graph->hidden &&
		(!graph->wide || search->state->code.metric == LOKI_METRIC_IP ||
		 !loki_visit(search, node->node) || search_base_for(graph, node->node, LOKI_ROW_SEARCH, true)))
		return true;
	loki_search_ends(search->pool.nearest, 0, Min(search->pool.n, LOKI_NARROW_SEARCH), ends);
	return false;
}

/* LokiReachSteps.find_widely.  Of a node that only its cluster hides find_in_pages() knows more (R6). */
static bool
find_widely_in_pages(void *arg, const LokiListRef *node, LokiSearchEnds *ends)
{
	PageGraph  *graph = arg;

	Assert(node->level == 0);
	if (graph->hidden || search_base_for(graph, node->node, LOKI_REACH_WIDTH, false))
		return true;
	loki_search_ends(graph->search->pool.nearest, LOKI_NARROW_SEARCH, graph->search->pool.n, ends);
	return false;
}

/*
 * LokiReachSteps.price.  A node that only its cluster hides is linked where no other needs the link, or the
 * nodes of a cluster would push each other out (R6).
 */
static LokiLinkForce
price_in_pages(void *arg, const LokiListRef *node, int *links)
{
	PageGraph  *graph = arg;

	*links = LOKI_REACH_LINKS;
	return node->level == 0 && graph->hidden ? LOKI_LINK_SPARED : LOKI_LINK_FORCED;
}

/* LokiReachSteps.link: a node that vacuum has marked is not linked from, since it goes soon (I11). */
static bool
link_in_pages(void *arg, const LokiUpperFound *from, const LokiListRef *node, LokiLinkForce force)
{
	LokiLinker *linker = ((PageGraph *) arg)->linker;
	LokiListRef ref = {from->node, from->slot, node->level};

	return loki_node_is_live(linker->state, linker->index, ref.node) &&
		loki_list_add(linker, &ref, node->node, node->slot, force);
}

/*
 * Make a node reachable on a layer, whose query the search has: by the narrow search, or on layer 0
 * with `wide` by one as wide as those that are to find every row.  Only vacuum calls this, and inserts
 * under their lock, so that nobody frees nodes meanwhile (I11).  No content lock may be held.
 */
void
loki_query_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta,
						  const LokiListRef *node, bool wide)
{
	PageGraph	graph = {linker, search, meta, wide};
	LokiReachSteps steps = {find_in_pages, find_widely_in_pages, price_in_pages, link_in_pages, &linker->nforced};

	Assert(linker->state == search->state && loki_no_buffer_locked());
	(void) loki_make_reachable(&steps, &graph, node);
}

/* The same for a node whose codes are read.  `meta` is NULL if the metapage names the graph. */
void
loki_node_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta,
						 const LokiListRef *node, bool wide)
{
	LokiMetaPageData named;

	if (meta == NULL)
		loki_meta_read(linker->index, &named);
	if (loki_search_query_node(search, node->node))
		loki_query_make_reachable(linker, search, meta != NULL ? meta : &named, node, wide);
}

/*
 * Search for the nodes that lost a link to a forced one, and link those that are not found
 * any more, which may push out others in turn (R8).  Each may be linked from several lists, and
 * takes another one each time, so that this ends soon if there are links enough; if there
 * are not, at the limit, where the last one hands over the link that it pushes out.
 */
void
loki_pushed_out_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta)
{
	int			most = linker->exhausted < MAX_EXHAUSTED * EXHAUSTED_SHARE ? MAX_REPAIRED : 0;
	LokiList	own;

	Assert(linker->npushed_out <= LOKI_MAX_PUSHED_OUT);
	if (linker->npushed_out == 0)
		return;
	for (int i = 0; i < most && linker->npushed_out > 0; i++)
	{
		LokiListRef ref = linker->pushed_out[--linker->npushed_out];

		linker->repairing = i + 1 < most;
		if (loki_node_is_live(linker->state, linker->index, ref.node) &&
			(ref.level == 0 || loki_list_read(linker, &ref, &own)))
			loki_node_make_reachable(linker, search, meta, &ref, false);
		CHECK_FOR_INTERRUPTS();
	}
	if (linker->npushed_out > 0)
		linker->exhausted += EXHAUSTED_SHARE;
	else if (linker->exhausted > 0 && most > 0)
		linker->exhausted--;
	linker->npushed_out = 0;
	linker->repairing = false;
}
