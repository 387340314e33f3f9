/*-------------------------------------------------------------------------
 *
 * reachability.c
 *	  Making nodes of an index found by the search for their own row.
 *
 * This does for a graph in pages what build/reachability.c does for a new one.  If the search
 * for a node misses it, nodes that the search has expanded are linked to it, so that the
 * same search finds it.  src/hnsw/graph/README, "Nothing is lost".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/reachability.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/neighbors.h"
#include "hnsw/page/held.h"
#include "hnsw/page/page.h"

/* How many links to it a node gets that its search missed */
#define NEW_LINKS			16

/*
 * How many nodes are searched for, at most, after a link was forced.  If that is not enough
 * in more than one case of EXHAUSTED_SHARE, and was not in MAX_EXHAUSTED cases, there are not
 * links enough for all nodes.  Then no more are searched for.
 */
#define MAX_REPAIRED		64
#define MAX_EXHAUSTED		64
#define EXHAUSTED_SHARE		5

/* Leave a node out of those that a search of layer 0 starts from; their number */
static int
leave_out(LokiUpperFound *entries, int nentries, uint32 node)
{
	int			kept = 0;

	for (int i = 0; i < nentries; i++)
		if (entries[i].node != node)
			entries[kept++] = entries[i];
	Assert(kept >= nentries - 1);	/* R3 */
	return kept;
}

/*
 * Whether the search of some width for a node, whose query the search has, finds it, or
 * one that its code cannot tell from it; or if others are nearer, as there may be
 * by inner product.  If not, the search's pool has where it ended.  It does not
 * start at the node itself, which may not be found any more on the layers above.
 */
bool
loki_node_is_reachable(LokiSearch *search, const LokiMetaPageData *meta, uint32 node, int width)
{
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries = loki_search_entries(search, meta, LOKI_ENTRY_WIDTH, entries);
	float		self;

	Assert(!search->in_recovery);
	nentries = leave_out(entries, nentries, node);
	if (nentries == 0)
		return true;
	loki_search_score(search, &node, 1, &self);
	search->target.distance = self;
	search->target.tolerance = 0;
	search->target.stop = true;
	loki_search_layer0(search, entries, nentries, width);
	search->target.tolerance = -1;
	search->target.stop = false;
	return search->target.met ||
		(search->pool.n == width &&
		 !(self < search->pool.nearest[search->pool.n - 1].distance));
}

/*
 * Whether a node that the narrow search has just found, since others of its cluster have codes
 * as near, is met itself by a search as wide as those of scans that are to find every row; or if that
 * is full of such.  If not, the search's pool has where it ended.
 */
static bool
is_met_in_crowd(LokiSearch *search, const LokiMetaPageData *meta, uint32 node)
{
	LokiUpperFound entries[LOKI_ENTRY_WIDTH];
	int			nentries;
	float		self;

	if (!loki_visit(search, node))
		return true;			/* the narrow search met it */
	nentries = leave_out(entries, loki_search_entries(search, meta, LOKI_ENTRY_WIDTH, entries), node);
	if (nentries == 0)
		return true;
	loki_search_score(search, &node, 1, &self);
	loki_search_layer0(search, entries, nentries, LOKI_ROW_SEARCH);
	return !loki_visit(search, node) ||
		(search->pool.n == LOKI_ROW_SEARCH && !(self < search->pool.nearest[search->pool.n - 1].distance));
}

/*
 * Link a node on a layer from some of those where the search for it ended, several
 * of them, as no other search ends in quite the same place.  If none has a link for
 * it, one gives up a link that is not needed, or else any, by force: another one each
 * time, so that nodes that push each other out come to different lists in the end.
 * With `most` less than LOKI_LINK_FORCED it may get no link.
 */
static void
link_from(LokiLinker *linker, const LokiUpperFound *from, int nfrom, int level,
		  uint32 node, uint32 slot, LokiLinkForce most)
{
	int			linked = 0;

	for (int force = LOKI_LINK_CHOSEN; force <= (int) most && linked == 0; force++)
	{
		int			wanted = force == LOKI_LINK_CHOSEN ? NEW_LINKS : 1;
		uint32		first = force == LOKI_LINK_FORCED ? linker->nforced : 0;

		for (int i = 0; i < nfrom && linked < wanted; i++)
		{
			const LokiUpperFound *found = &from[(first + i) % nfrom];
			LokiListRef ref = {found->node, found->slot, level};

			if (loki_node_is_live(linker->state, linker->index, ref.node) &&
				loki_list_add(linker, &ref, node, slot, force))
				linked++;
			CHECK_FOR_INTERRUPTS();
		}
	}
}

/* The nodes of the pool of a narrow search; how many they are */
static int
ends_of(const LokiSearch *search, LokiUpperFound *from)
{
	int			n = Min(search->pool.n, LOKI_NARROW_SEARCH);

	for (int i = 0; i < n; i++)
	{
		from[i].node = search->pool.nearest[i].node & ~LOKI_EXPANDED;
		from[i].slot = LOKI_NONE;
	}
	return n;
}

/* Link a node that its search did not find from nodes of the search's pool. */
void
loki_node_link_from_search(LokiLinker *linker, const LokiSearch *search, uint32 node)
{
	LokiUpperFound from[LOKI_NARROW_SEARCH];
	int			n = ends_of(search, from);

	Assert(linker->state == search->state);
	link_from(linker, from, n, 0, node, LOKI_NONE, LOKI_LINK_FORCED);
}

/*
 * Make sure that the narrow search for a node, whose query the search has, comes to
 * it on a layer above 0, where it has an UPPER slot; or to others that are as near.
 */
void
loki_upper_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta,
						  uint32 node, uint32 slot, int level)
{
	LokiUpperFound found[LOKI_ENTRY_WIDTH];
	LokiDescent descent;
	float		self;

	if (!loki_descent_begin(search, meta, &descent, found))
		return;
	while (descent.level > level)
	{
		loki_descent_search(search, &descent, LOKI_ENTRY_WIDTH);
		loki_descent_lower(&descent);
	}
	if (descent.level < level)
		return;					/* vacuum has just freed the way there */
	loki_descent_search(search, &descent, LOKI_ENTRY_WIDTH);
	for (int i = 0; i < descent.nnarrow; i++)
		if (descent.narrow[i].node == node)
			return;
	loki_search_score(search, &node, 1, &self);
	if (descent.nnarrow < LOKI_ENTRY_WIDTH ||
		self < descent.narrow[LOKI_ENTRY_WIDTH - 1].distance)
		link_from(linker, descent.narrow, descent.nnarrow, level, node, slot,
				  LOKI_LINK_FORCED);
}

/*
 * The same on layer 0.  If a wide search may find the node, and does, it is linked only where
 * no other needs the link.  So is one that only its cluster hides, or the nodes of a cluster would push
 * each other out.
 */
static void
layer0_make_reachable(LokiLinker *linker, LokiSearch *search, const LokiMetaPageData *meta,
					  uint32 node, bool wide)
{
	LokiUpperFound from[LOKI_NARROW_SEARCH];
	bool		found = loki_node_is_reachable(search, meta, node, LOKI_NARROW_SEARCH);
	int			n;

	if (found && (!wide || search->state->code.metric == LOKI_METRIC_IP ||
				  is_met_in_crowd(search, meta, node)))
		return;
	n = ends_of(search, from);
	link_from(linker, from, n, 0, node, LOKI_NONE,
			  found || (wide && loki_node_is_reachable(search, meta, node, LOKI_ROW_WIDTH)) ?
			  LOKI_LINK_SPARED : LOKI_LINK_FORCED);
}

/*
 * Search for a live node by its codes on a layer, where it has an UPPER slot if that
 * is above 0, and link it if it is not found: by the narrow search, or on layer 0 with `wide`
 * by one as wide as those that are to find every row.  So near the end of a graph's links
 * nodes do not push each other out that are found.  code and refine have room for one slot
 * each.  Only vacuum calls this, and inserts under their lock, so that nobody frees nodes
 * meanwhile.  No content lock may be held.
 */
void
loki_node_make_reachable(LokiLinker *linker, LokiSearch *search, uint32 node, uint32 slot,
						 int level, bool wide, char *code, char *refine)
{
	LokiMetaPageData meta;

	Assert(loki_no_buffer_locked());
	loki_meta_read(linker->index, &meta);
	loki_code_read(linker->state, linker->index, node, code);
	if (linker->state->quantizer->prepare_refined == NULL)
		loki_search_query_code(search, code);
	else
	{
		if (!loki_slot_read(linker->state, linker->index, LOKI_SLOTS_REFINE, node, refine))
			return;
		loki_search_query_row(search, code, refine, NULL);
	}
	if (level > 0)
		loki_upper_make_reachable(linker, search, &meta, node, slot, level);
	else
		layer0_make_reachable(linker, search, &meta, node, wide);
}

/*
 * Search for the nodes that lost a link to a forced one, and link those that are not found
 * any more, which may push out others in turn (R8).  Each may be linked from several lists, and
 * takes another one each time, so that this ends soon if there are links enough; if there
 * are not, at the limit, where the last one hands over the link that it pushes out.  Only
 * vacuum calls this, and inserts under their lock.  No content lock may be held.
 */
void
loki_pushed_out_make_reachable(LokiLinker *linker, LokiSearch *search)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;
	int			most = linker->exhausted < MAX_EXHAUSTED * EXHAUSTED_SHARE ? MAX_REPAIRED : 0;
	LokiList	own;
	char	   *code;
	char	   *refine;

	Assert(linker->npushed_out <= LOKI_MAX_PUSHED_OUT);
	if (linker->npushed_out == 0)
		return;
	code = palloc(quantizer->code_size);
	refine = palloc(Max(quantizer->refine_size, 1));
	for (int i = 0; i < most && linker->npushed_out > 0; i++)
	{
		LokiListRef ref = linker->pushed_out[--linker->npushed_out];

		linker->repairing = i + 1 < most;
		if (loki_node_is_live(linker->state, linker->index, ref.node) &&
			(ref.level == 0 || loki_list_read(linker, &ref, &own)))
			loki_node_make_reachable(linker, search, ref.node, ref.slot, ref.level, false, code,
									 refine);
		CHECK_FOR_INTERRUPTS();
	}
	if (linker->npushed_out > 0)
		linker->exhausted += EXHAUSTED_SHARE;
	else if (linker->exhausted > 0 && most > 0)
		linker->exhausted--;
	linker->npushed_out = 0;
	linker->repairing = false;
	pfree(code);
	pfree(refine);
}
