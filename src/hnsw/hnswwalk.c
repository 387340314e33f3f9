/*-------------------------------------------------------------------------
 *
 * hnswwalk.c
 *	  The walk of an index scan over layer 0: with a filter, and resumable.
 *
 * A small unfiltered walk uses the sorted pool of hnswsearch.c.  A filtered
 * one, a large one, and one that goes on, keep everything that was scored in
 * one array, with two heaps of indexes into it: the frontier (unexpanded, the
 * nearest on top) and the best (matching, the farthest on top).  Widening
 * builds both heaps again from the array, so that nothing is scored twice.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswwalk.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswfilter.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Nodes whose attributes say how many match, and costs by which to choose */
#define SHARE_SAMPLE			256
#define WALK_NODES_PER_MATCH	8	/* scored per row of width and share */
#define WALK_NODE_TIME			45
#define PASS_NODE_TIME			4
#define PASS_MATCH_TIME			25

/* A pool larger than this costs more to shift than a heap to sift */
#define POOL_MAX_EF		512

/* ----------------------------------------------------------------
 * Binary heaps of indexes into scored[]
 * ----------------------------------------------------------------
 */

/* Whether a belongs above b: sign is +1 in a min-heap, -1 in a max-heap */
#define ABOVE(scored, a, b, sign) \
	((sign) * (scored)[a].distance < (sign) * (scored)[b].distance)

static void
sift_up(const LokiScored *scored, uint32 *heap, uint32 i, float sign)
{
	uint32		item = heap[i];

	while (i > 0)
	{
		uint32		parent = (i - 1) / 2;

		if (!ABOVE(scored, item, heap[parent], sign))
			break;
		heap[i] = heap[parent];
		i = parent;
	}
	heap[i] = item;
}

static void
sift_down(const LokiScored *scored, uint32 *heap, uint32 n, uint32 i, float sign)
{
	uint32		item = heap[i];

	for (;;)
	{
		uint32		child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && ABOVE(scored, heap[child + 1], heap[child], sign))
			child++;
		if (!ABOVE(scored, heap[child], item, sign))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

static void
reserve(MemoryContext context, uint32 **heap, uint32 *allocated, uint32 wanted)
{
	if (wanted <= *allocated)
		return;
	wanted = Max(wanted, Max(1024, *allocated * 2));
	if (*heap == NULL)
		*heap = MemoryContextAllocHuge(context, mul_size(wanted, sizeof(uint32)));
	else
		*heap = repalloc_huge(*heap, mul_size(wanted, sizeof(uint32)));
	*allocated = wanted;
}

static void
push_frontier(LokiSearch *search, uint32 item)
{
	reserve(search->context, &search->frontier, &search->frontier_allocated,
			search->nfrontier + 1);
	search->frontier[search->nfrontier] = item;
	sift_up(search->scored, search->frontier, search->nfrontier++, 1);
}

static uint32
pop_frontier(LokiSearch *search)
{
	uint32		item = search->frontier[0];

	search->frontier[0] = search->frontier[--search->nfrontier];
	if (search->nfrontier > 0)
		sift_down(search->scored, search->frontier, search->nfrontier, 0, 1);
	return item;
}

/* ----------------------------------------------------------------
 * The walk
 * ----------------------------------------------------------------
 */

static inline bool
filtered(const LokiSearch *search)
{
	return search->filter != NULL && search->filter->any;
}

/* Whether a node at this distance could still be among the ef best */
static inline bool
near_enough(const LokiSearch *search, uint32 ef, float distance)
{
	return search->nbest < ef ||
		distance < search->scored[search->best[0]].distance;
}

/* Take a node that matches into the best, if it is near enough. */
static void
offer_best(LokiSearch *search, uint32 ef, uint32 item)
{
	if (!near_enough(search, ef, search->scored[item].distance) ||
		!(search->scored[item].flags & LOKI_SCORED_MATCHES))
		return;
	if (search->nbest < ef)
	{
		reserve(search->context, &search->best, &search->best_allocated,
				search->nbest + 1);
		search->best[search->nbest] = item;
		sift_up(search->scored, search->best, search->nbest++, -1);
	}
	else
	{
		search->best[0] = item;
		sift_down(search->scored, search->best, search->nbest, 0, -1);
	}
}

/*
 * Offer the n nodes from `first` on, of which those that are near enough are
 * tested.  They are no more than a batch.
 */
static void
offer_nodes(LokiSearch *search, uint32 ef, uint32 first, int n)
{
	uint32		items[2 * LOKI_MAX_M];
	uint32		nodes[2 * LOKI_MAX_M];
	int			ntests = 0;

	Assert(n <= (int) lengthof(items));
	for (uint32 item = first; item < first + n; item++)
	{
		LokiScored *scored = &search->scored[item];

		if ((scored->flags & LOKI_SCORED_CHECKED) ||
			!near_enough(search, ef, scored->distance))
			continue;
		scored->flags |= LOKI_SCORED_CHECKED;
		if (filtered(search))
		{
			items[ntests] = item;
			nodes[ntests++] = scored->node;
		}
		else
			scored->flags |= LOKI_SCORED_MATCHES;
	}
	if (ntests > 0)
		loki_filter_nodes(search, nodes, ntests, search->passes);
	for (int i = 0; i < ntests; i++)
		if (search->passes[i])
			search->scored[items[i]].flags |= LOKI_SCORED_MATCHES;
	for (uint32 item = first; item < first + n; item++)
		offer_best(search, ef, item);
}

/*
 * Whether a pass over all nodes costs less than a walk of this width, as far
 * as the share of matching nodes met so far tells.  Times in nanoseconds, from
 * doc/design/search.md.
 */
static bool
pass_is_cheaper(const LokiSearch *search, uint32 ef)
{
	double		share;
	double		walk;
	double		pass;

	if (search->pass_nodes == 0 || search->nodes_filtered < SHARE_SAMPLE)
		return false;
	share = Max(search->nodes_matched, 0.5) / search->nodes_filtered;
	walk = ef / share * WALK_NODES_PER_MATCH * WALK_NODE_TIME;
	pass = search->pass_nodes * (PASS_NODE_TIME + share * PASS_MATCH_TIME);
	return pass < walk;
}

static bool
over_limit(LokiSearch *search, uint32 ef)
{
	if (search->memory_limit > 0 && loki_search_memory(search) > search->memory_limit)
		return true;
	if (search->scored_limit > 0 && search->nodes_scored > search->scored_limit)
		return true;
	return pass_is_cheaper(search, ef);
}

/* Expand one node: score its unvisited neighbors and offer them. */
static void
expand(LokiSearch *search, uint32 ef, uint32 item)
{
	int			n = loki_search_links(search, search->scored[item].node, search->batch);

	uint32		first = search->nscored;

	search->scored[item].flags |= LOKI_SCORED_EXPANDED;
	if (filtered(search))
		loki_filter_prefetch(search, search->batch, n);
	loki_search_score(search, search->batch, n, search->estimates);
	for (int i = 0; i < n; i++)
	{
		uint32		new = loki_search_keep(search, search->estimates[i], search->batch[i], 0);

		if (near_enough(search, ef, search->estimates[i]))
			push_frontier(search, new);
	}
	offer_nodes(search, ef, first, n);
}

static LokiWalkEnd
walk_by_heap(LokiSearch *search, uint32 ef)
{
	while (search->nfrontier > 0)
	{
		uint32		item = search->frontier[0];

		if (!near_enough(search, ef, search->scored[item].distance))
			return LOKI_WALK_CONVERGED;
		if (over_limit(search, ef))
			return LOKI_WALK_LIMIT;
		pop_frontier(search);
		expand(search, ef, item);
		CHECK_FOR_INTERRUPTS();
	}
	return search->nbest < ef ? LOKI_WALK_DRY : LOKI_WALK_CONVERGED;
}

/*
 * Move the pool, whose nodes are all expanded and taken, into scored[], from
 * where widening goes on.
 */
static void
pool_to_scored(LokiSearch *search)
{
	for (int i = 0; i < search->npool; i++)
		loki_search_keep(search, search->pool[i].distance, search->pool[i].node,
						 LOKI_SCORED_EXPANDED | LOKI_SCORED_CHECKED |
						 LOKI_SCORED_MATCHES | LOKI_SCORED_TAKEN);
	search->npool = 0;
	search->by_heap = true;
}

/*
 * Begin layer 0 at some nodes.  Everything scored is kept, so that the walk can
 * be widened.
 */
LokiWalkEnd
loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries, int nentries,
				uint32 ef)
{
	search->keep_rejected = true;
	if (!filtered(search) && ef <= POOL_MAX_EF)
	{
		loki_search_layer0(search, entries, nentries, ef);
		return search->npool < ef ? LOKI_WALK_DRY : LOKI_WALK_CONVERGED;
	}

	loki_visited_reset(search);
	search->nscored = search->nfrontier = search->nbest = 0;
	search->npool = 0;
	search->by_heap = true;
	for (int i = 0; i < nentries; i++)
		if (loki_visit(search, entries[i].node))
		{
			uint32		item = loki_search_keep(search, entries[i].distance,
												entries[i].node, 0);

			push_frontier(search, item);
			offer_nodes(search, ef, item, 1);
		}
	return walk_by_heap(search, ef);
}

/*
 * Go on with a larger ef.  The pool, if there is one, was taken.
 */
LokiWalkEnd
loki_walk_widen(LokiSearch *search, uint32 ef)
{
	if (!search->by_heap)
		pool_to_scored(search);
	search->nfrontier = search->nbest = 0;
	for (uint32 i = 0; i < search->nscored; i += 2 * LOKI_MAX_M)
	{
		uint32		n = Min(2 * LOKI_MAX_M, search->nscored - i);

		offer_nodes(search, ef, i, n);
		for (uint32 item = i; item < i + n; item++)
			if (!(search->scored[item].flags & LOKI_SCORED_EXPANDED))
				push_frontier(search, item);
		CHECK_FOR_INTERRUPTS();
	}
	return walk_by_heap(search, ef);
}

/* qsort: ascending by distance, ties by number */
int
loki_compare_candidates(const void *a, const void *b)
{
	const LokiCandidate *x = a;
	const LokiCandidate *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/*
 * The matching nodes that were found and not taken before, ascending by
 * distance; the array lives until the next call.
 */
uint32
loki_walk_take(LokiSearch *search, LokiCandidate **taken)
{
	uint32		n = 0;

	if (!search->by_heap)
	{
		for (int i = 0; i < search->npool; i++)
			search->pool[i].node &= ~LOKI_EXPANDED;
		*taken = search->pool;
		return search->npool;
	}

	if (search->pool_allocated < search->nbest)
	{
		if (search->pool)
			pfree(search->pool);
		search->pool = MemoryContextAllocHuge(search->context,
											  mul_size(search->nbest, sizeof(LokiCandidate)));
		search->pool_allocated = search->nbest;
	}
	for (uint32 i = 0; i < search->nbest; i++)
	{
		LokiScored *scored = &search->scored[search->best[i]];

		if (scored->flags & LOKI_SCORED_TAKEN)
			continue;
		scored->flags |= LOKI_SCORED_TAKEN;
		search->pool[n].distance = scored->distance;
		search->pool[n++].node = scored->node;
	}
	qsort(search->pool, n, sizeof(LokiCandidate), loki_compare_candidates);
	*taken = search->pool;
	return n;
}
