/*-------------------------------------------------------------------------
 *
 * walk.c
 *	  The walk of an index scan over layer 0: with a filter, and resumable.
 *
 * An unfiltered walk uses the sorted pool of graph/search.c.  A walk that is filtered or widened,
 * that would fill the pool or does, keeps everything that was scored in one array, with two heaps
 * of its nodes: the frontier (unexpanded nodes, the nearest on top) and the best
 * (matching nodes, the farthest on top).  Widening builds both heaps again from the array,
 * so nothing is scored twice.
 *
 *	scored[]	every node that was scored, in that order: distance, ID, flags
 *				CHECKED		tested by the filter
 *				MATCHES		and it passed
 *				EXPANDED	its neighbors were scored
 *				TAKEN		queued for reranking
 *				ROWLESS		has no row that the snapshot sees, if that was asked (ROWS_KNOWN)
 *	frontier[]	a heap of places in scored[], which expansion takes from
 *	best[]		places of those that match and are not ROWLESS: sorted, and a heap from LOKI_POOL_MAX on
 *
 * The frontier may have nodes that have come to be out of reach since; it is asked again when
 * one is on top.  In HNSW's own terms, frontier and best are C and W of algorithm 2, but a filter
 * decides only about W.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/walk.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/filter/filter.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/scan/walk.h"
#include "utils/memutils.h"

/*
 * The share of matching nodes is estimated again after this number of expansions, if as many
 * matching nodes were met since then, or should have been
 */
#define SHARE_WINDOW			16

/*
 * An expansion by hops goes on through nodes that do not match until it has found HOP_FOUND
 * nodes that do, or read HOP_LISTS neighbor lists.  It reads HOP_AT_ONCE lists at once.
 */
#define HOP_FOUND				20
#define HOP_LISTS				8
#define HOP_AT_ONCE				4

/* Nodes whose rows are asked for before the nearest of them are known */
#define ROWS_AT_ONCE			16

/* Add scored[item] to the frontier. */
static void
push_frontier(LokiSearch *search, uint32 item)
{
	search->kept.frontier = loki_grow(search->context, search->kept.frontier,
									  &search->kept.frontier_allocated,
									  search->kept.nfrontier + 1, 1024,
									  sizeof(LokiCandidate));
	search->kept.frontier[search->kept.nfrontier] =
		(LokiCandidate) {search->kept.scored[item].distance, item};
	loki_heap_sift_up(search->kept.frontier, search->kept.nfrontier++, 1);
}

/* ----------------------------------------------------------------
 * The walk
 * ----------------------------------------------------------------
 */

/* Whether nodes have to pass a filter to be among the best; without one all match, untested */
static inline bool
filtered(const LokiSearch *search)
{
	return search->filter != NULL && search->filter->any;
}

/* The distance of nodes that may be among the rows, or lead there: loki_reach() without the least */
static float
reach_of_rows(const LokiSearch *search)
{
	const LokiReach *reach = &search->reach;
	float		row;

	if (search->kept.nrows == 0)
		return -FLT_MAX;
	if (reach->ratio == FLT_MAX)
		return FLT_MAX;
	row = search->kept.rows[0].distance;
	return Max(reach->ratio > 0 ? loki_reach_growth(reach, row, search->kept.few) : row,
			   Max(row + reach->errors * reach->error, reach->floor));
}

/*
 * Whether the walk may still need a node at this distance: asked of each scored node before it comes into
 * the frontier and is tested by the filter, and of the top of the frontier, where the walk ends.
 */
static inline bool
near_enough(const LokiSearch *search, float distance)
{
	const LokiKeptNodes *kept = &search->kept;

	if (kept->best_is_heap)
		return kept->nbest < (uint32) search->reach.width || distance < kept->best[0].distance ||
			(kept->nbest < (uint32) search->reach.most && distance <= reach_of_rows(search));
	return distance <= loki_reach(&search->reach, kept->best, (int) kept->nbest);
}

/*
 * The best are a heap, and as many as the width: note what the reach has to know, and which of them
 * are nearest.
 */
static void
note_nearest_rows(LokiSearch *search)
{
	LokiKeptNodes *kept = &search->kept;
	uint32		n = (uint32) search->reach.rows;
	LokiCandidate *nearest = palloc_extended(mul_size(kept->nbest, sizeof(LokiCandidate)),
											 MCXT_ALLOC_HUGE);

	Assert(kept->best_is_heap && n > 0 && n < kept->nbest && kept->nrows == 0);
	memcpy(nearest, kept->best, sizeof(LokiCandidate) * kept->nbest);
	loki_candidates_sort(nearest, kept->nbest);
	loki_search_note_error(search, nearest, kept->scored[nearest[n - 1].node].node);
	kept->rows = loki_grow(search->context, kept->rows, &kept->rows_allocated, n, 16,
						   sizeof(LokiCandidate));
	/* an array that descends is a heap */
	for (uint32 i = 0; i < n; i++)
		kept->rows[i] = nearest[n - 1 - i];
	kept->nrows = n;
	kept->few = nearest[loki_reach_few(&search->reach) - 1].distance;
	pfree(nearest);
}

/* The best are a heap: drop the farthest, as long as they are neither of the nearest nor in reach. */
static void
trim_heap(LokiSearch *search)
{
	LokiKeptNodes *kept = &search->kept;
	const LokiReach *reach = &search->reach;

	if (kept->nrows == 0 && reach->rows > 0 && kept->nbest >= (uint32) reach->width)
		note_nearest_rows(search);
	while (kept->nbest > (uint32) reach->width &&
		   (kept->nbest > (uint32) reach->most || kept->best[0].distance > reach_of_rows(search)))
	{
		kept->best[0] = kept->best[--kept->nbest];
		loki_heap_sift_down(kept->best, kept->nbest, 0, -1);
	}
}

/* The best, which are sorted, become a heap: an array that descends is one. */
static void
make_heap(LokiSearch *search)
{
	LokiKeptNodes *kept = &search->kept;

	Assert(!kept->best_is_heap);
	for (uint32 i = 0; i < kept->nbest / 2; i++)
	{
		LokiCandidate nearer = kept->best[i];

		kept->best[i] = kept->best[kept->nbest - 1 - i];
		kept->best[kept->nbest - 1 - i] = nearer;
	}
	kept->best_is_heap = true;
	trim_heap(search);
}

/* Whether so wide a walk would fill a sorted pool, so that it keeps a heap from its beginning */
static inline bool
fills_pool(uint32 width)
{
	return width > LOKI_POOL_MAX / 4;
}

/*
 * Take a node that matches into the best, if it is near enough.  Nodes that do not match are expanded
 * like others, since they may lead to some that do, but they never make the reach shorter: a filter
 * that few nodes pass makes a walk go farther by itself.
 */
static void
offer_best(LokiSearch *search, uint32 item)
{
	LokiKeptNodes *kept = &search->kept;
	LokiCandidate candidate = {kept->scored[item].distance, item};
	uint32		most = search->reach.most;
	uint32		low;

	if (!near_enough(search, candidate.distance) ||
		(kept->scored[item].flags & (LOKI_SCORED_MATCHES | LOKI_SCORED_ROWLESS)) != LOKI_SCORED_MATCHES)
		return;
	if (kept->nbest < most || kept->best_is_heap)
		kept->best = loki_grow(search->context, kept->best, &kept->best_allocated,
							   kept->nbest + 1, 1024, sizeof(LokiCandidate));
	if (kept->best_is_heap)
	{
		kept->best[kept->nbest] = candidate;
		loki_heap_sift_up(kept->best, kept->nbest++, -1);
		if (kept->nrows > 0 && candidate.distance < kept->rows[0].distance)
		{
			kept->rows[0] = candidate;
			loki_heap_sift_down(kept->rows, kept->nrows, 0, -1);
		}
		trim_heap(search);
		return;
	}
	low = loki_candidates_place(kept->best, kept->nbest, candidate.distance);
	if (low == most)
		return;
	/* what has come to be out of reach makes room before there are most */
	if (kept->nbest == most ||
		(kept->nbest > (uint32) search->reach.width &&
		 kept->best[kept->nbest - 1].distance > loki_reach(&search->reach, kept->best, (int) kept->nbest)))
		kept->nbest--;
	Assert(low <= kept->nbest);
	memmove(&kept->best[low + 1], &kept->best[low], sizeof(LokiCandidate) * (kept->nbest - low));
	kept->best[low] = candidate;
	if (++kept->nbest == (uint32) search->reach.width && search->reach.rows > 0)
		loki_search_note_error(search, kept->best,
							   kept->scored[kept->best[search->reach.rows - 1].node].node);
	if (kept->nbest == LOKI_POOL_MAX)
		make_heap(search);
}

/*
 * If rows are asked for, note which of n scored nodes from `first` on have none, of those that match and are near.
 * Marks do not say that a node has a row.
 */
static void
note_rowless(LokiSearch *search, uint32 first, int n)
{
	uint32		items[LOKI_MAX_SLOTS];
	uint32		nodes[LOKI_MAX_SLOTS];
	uint8		has_row[LOKI_MAX_SLOTS];
	int			ntests = 0;

	if (!search->rows.asked)
		return;
	for (uint32 item = first; item < first + n; item++)
	{
		LokiScored *scored = &search->kept.scored[item];

		if ((scored->flags & (LOKI_SCORED_MATCHES | LOKI_SCORED_ROWS_KNOWN)) != LOKI_SCORED_MATCHES ||
			!near_enough(search, scored->distance))
			continue;
		if (!search->rows.by_marks)
			scored->flags |= LOKI_SCORED_ROWS_KNOWN;
		items[ntests] = item;
		nodes[ntests++] = scored->node;
	}
	if (ntests > 0)
		search->rows.test(search->rows.scan, nodes, ntests, has_row);
	for (int i = 0; i < ntests; i++)
		if (!has_row[i])
			search->kept.scored[items[i]].flags |= LOKI_SCORED_ROWLESS | LOKI_SCORED_ROWS_KNOWN;
}

/*
 * Offer n scored nodes from `first` on, a batch at most.  Those that are near enough are
 * tested by the filter.
 */
static void
offer_nodes(LokiSearch *search, uint32 first, int n)
{
	uint32		items[2 * LOKI_MAX_M];
	uint32		nodes[2 * LOKI_MAX_M];
	int			ntests = 0;

	Assert(n <= (int) lengthof(items) && first + n <= search->kept.nscored);
	for (uint32 item = first; item < first + n; item++)
	{
		LokiScored *scored = &search->kept.scored[item];

		if ((scored->flags & LOKI_SCORED_CHECKED) ||
			!near_enough(search, scored->distance))
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
		loki_filter_nodes(search, nodes, ntests, search->scratch.passes);
	for (int i = 0; i < ntests; i++)
		if (search->scratch.passes[i])
			search->kept.scored[items[i]].flags |= LOKI_SCORED_MATCHES;
	note_rowless(search, first, n);
	for (uint32 item = first; item < first + n; item++)
		offer_best(search, item);
}

/*
 * Keep a scored node, in the frontier too if it is near enough; returns its place in scored[].  What is
 * too far now may be near enough when the walk is widened, and is not scored again.
 */
static uint32
keep_scored(LokiSearch *search, float distance, uint32 node, uint8 flags)
{
	uint32		item = loki_search_keep(search, distance, node, flags);

	if (near_enough(search, distance))
		push_frontier(search, item);
	return item;
}

/* LokiWalkSteps.score: score a batch, if there is one, and offer its nodes. */
static void
heap_score(LokiWalk *walk, LokiBatch *batch)
{
	LokiSearch *search = walk->search;
	uint32		first = search->kept.nscored;

	if (batch->n == 0)
		return;
	loki_search_score_batch(search, batch, search->scratch.estimates);
	for (int i = 0; i < batch->n; i++)
		(void) keep_scored(search, search->scratch.estimates[i], batch->nodes[i], 0);
	offer_nodes(search, first, batch->n);
	batch->n = 0;
}

/* ----------------------------------------------------------------
 * Hops: only nodes that match are scored
 * ----------------------------------------------------------------
 */

/*
 * A graph of the matching nodes alone would fall apart, as most links lead to others.  Hops make
 * up for it: the neighbors of a node are taken to be those that match among its neighbors, their
 * neighbors, and so on.  Codes are read of matching nodes only.
 */

/* Matching nodes that an expansion found, and other nodes through which it goes on */
typedef struct Hop
{
	uint32		found[HOP_FOUND + 2 * LOKI_MAX_M];
	int			nfound;
	uint32		through[HOP_LISTS];
	int			nthrough;
} Hop;

/* Divide nodes into those that match and those that do not; the hop keeps both. */
static void
hop_divide(LokiSearch *search, Hop *hop, const uint32 *nodes, int n)
{
	loki_filter_nodes(search, nodes, n, search->scratch.passes);
	Assert(hop->nfound + n <= (int) lengthof(hop->found));
	for (int i = 0; i < n; i++)
		if (search->scratch.passes[i])
			hop->found[hop->nfound++] = nodes[i];
		else if (hop->nthrough < HOP_LISTS)
			hop->through[hop->nthrough++] = nodes[i];
}

/* Score nodes that match, and offer them. */
static void
hop_score(LokiSearch *search, const uint32 *nodes, int n)
{
	for (int batch; n > 0; nodes += batch, n -= batch)
	{
		uint32		first = search->kept.nscored;

		batch = Min(n, Min((int) search->scratch.allocated, LOKI_MAX_SLOTS));
		loki_search_score(search, nodes, batch, search->scratch.estimates);
		for (int i = 0; i < batch; i++)
			(void) keep_scored(search, search->scratch.estimates[i], nodes[i],
							   LOKI_SCORED_CHECKED | LOKI_SCORED_MATCHES);
		note_rowless(search, first, batch);
		for (int i = 0; i < batch; i++)
			offer_best(search, first + i);
	}
}

/*
 * Expand a node by hops, to the nodes around it that match.  The way leads through nodes
 * that do not match.  Their neighbor lists are read in the order in which the nodes were
 * met, near ones first.  Several are read at a time, since lists and attributes of
 * neighbors are anywhere in memory.
 */
static void
expand_by_hops(LokiSearch *search, uint32 item)
{
	uint32		nodes[2 * LOKI_MAX_M];
	Hop			hop = {.nfound = 0};
	int			next = 0;
	int			n = loki_search_links(search, search->kept.scored[item].node, nodes);

	Assert(search->choice->hops && (search->kept.scored[item].flags & LOKI_SCORED_MATCHES));
	search->kept.scored[item].flags |= LOKI_SCORED_EXPANDED;
	hop_divide(search, &hop, nodes, n);
	for (int i = 0; i < hop.nthrough && hop.nfound < HOP_FOUND; i++)
		loki_slot_prefetch(search->state, search->index, LOKI_SLOTS_LINK, hop.through[i]);
	while (next < hop.nthrough && hop.nfound < HOP_FOUND)
	{
		int			end = Min(next + HOP_AT_ONCE, hop.nthrough);

		/* as many lists as nodes[] has room for */
		for (n = 0; next < end && n + 2 * search->state->m <= 2 * LOKI_MAX_M; next++)
			n += loki_search_links(search, hop.through[next], nodes + n);
		hop_divide(search, &hop, nodes, n);
	}
	hop_score(search, hop.found, hop.nfound);
}

/*
 * Go on by hops.  They begin at the scored nodes that match, and at matching nodes from all
 * over the index, since other matching nodes may be far from here, and far from one another.
 */
static void
begin_hops(LokiSearch *search)
{
	uint32		seeds[LOKI_STRATEGY_SEEDS];
	int			n = 0;

	search->choice->hops = true;
	search->kept.nfrontier = 0;
	loki_strategy_sample(search, (uint32) search->budget.flat_nodes, true);
	for (uint32 i = 0; i < search->kept.nscored; i++)
		if ((search->kept.scored[i].flags & LOKI_SCORED_MATCHES) &&
			!(search->kept.scored[i].flags & LOKI_SCORED_EXPANDED))
			push_frontier(search, i);
	for (uint32 i = 0; i < search->choice->nseeds; i++)
		if (loki_visit(search, search->choice->seeds[i]))
			seeds[n++] = search->choice->seeds[i];
	hop_score(search, seeds, n);
}

/* The share, of the nodes that failed the filter last, of those that have a row, as far as marks say; 1 if none failed */
static double
share_with_row(LokiSearch *search)
{
	uint32		nodes[ROWS_AT_ONCE];
	uint8		has_row[ROWS_AT_ONCE];
	bool		by_marks = search->rows.by_marks;
	int			n = 0;
	double		rows = 1;

	for (uint32 item = search->kept.nscored; item-- > 0 && n < ROWS_AT_ONCE;)
	{
		CHECK_FOR_INTERRUPTS();
		if ((search->kept.scored[item].flags & (LOKI_SCORED_CHECKED | LOKI_SCORED_MATCHES)) == LOKI_SCORED_CHECKED)
			nodes[n++] = search->kept.scored[item].node;
	}
	if (n == 0 || search->rows.test == NULL)
		return 1;
	search->rows.by_marks = true;
	search->rows.test(search->rows.scan, nodes, n, has_row);
	search->rows.by_marks = by_marks;
	for (int i = 0; i < n; i++)
		rows += has_row[i];
	return rows / (n + 1);
}

/*
 * Choose the strategy again after some expansions.  If few nodes match here, it becomes
 * hops with a wider pool, or a flat scan; not if those that fail are mostly versions of rows that vacuum will remove.
 */
static LokiStrategy
choose_strategy(LokiSearch *search)
{
	LokiStrategy strategy = LOKI_STRATEGY_PLAIN;
	double		filtered = search->count.filtered - search->choice->window_filtered;
	double		matched = search->count.matched - search->choice->window_matched;
	double		share;

	Assert(search->choice->adapts && !search->choice->hops && search->choice->share > 0);
	/* or it would have to grow with the reach */
	Assert(search->budget.kept_limit == 0);
	search->choice->window = SHARE_WINDOW;
	share = search->choice->share;
	if (Max(filtered * share, matched) >= SHARE_WINDOW)
	{
		/* the share of all nodes counts as much as three that were met */
		share = (matched + 3) / (filtered + 3 / share);
		search->choice->window_filtered = search->count.filtered;
		search->choice->window_matched = search->count.matched;
	}
	if (filtered > 0)
		strategy = loki_strategy_choose(search, share);
	if (strategy != LOKI_STRATEGY_PLAIN)
	{
		share = Min(share / (share + (1 - share) * share_with_row(search)), 1);
		strategy = loki_strategy_choose(search, share);
	}
	if (strategy != LOKI_STRATEGY_PLAIN && search->choice->correlated < 0)
	{
		loki_strategy_sample(search, (uint32) search->budget.flat_nodes, false);
		strategy = loki_strategy_choose(search, share);
	}

	if (strategy != LOKI_STRATEGY_FLAT)
	{
		LokiReach  *reach = &search->reach;

		reach->width = (int) Max(reach->width, loki_strategy_width(search, strategy, share));
		reach->grown = Max(reach->grown, reach->width);
		reach->most = Max(reach->most, reach->grown);
		if (fills_pool(reach->width) && !search->kept.best_is_heap)
			make_heap(search);
	}
	if (strategy == LOKI_STRATEGY_HOPS)
		begin_hops(search);
	return strategy;
}

/* A walk with heaps */
typedef struct HeapWalk
{
	LokiWalk	walk;
	bool		limited;		/* it stopped before its end */
} HeapWalk;

/* LokiWalkSteps.next: whether the frontier has a node that is near enough.  Chooses the strategy again. */
static bool
heap_next(LokiWalk *walk, LokiBatch *waiting)
{
	LokiSearch *search = walk->search;
	const LokiSearchBudget *budget = &search->budget;
	LokiStrategyChoice *choice = search->choice;
	HeapWalk   *heap = (HeapWalk *) walk;

	if (heap->limited || search->kept.nfrontier == 0 ||
		!near_enough(search, search->kept.frontier[0].distance))
		return false;
	/* hnsw.scan_mem_multiplier * work_mem, then hnsw.max_scan_tuples; or a flat scan costs less */
	heap->limited = (budget->memory_limit > 0 && loki_search_memory(search) > budget->memory_limit) ||
		(budget->scored_limit > 0 && search->count.scored >= budget->scored_limit) ||
		(choice->adapts && loki_account_ends_walk(search));
	if (heap->limited || !choice->adapts || choice->hops || choice->window-- > 0)
		return !heap->limited;

	/* its counts are to have all nodes that were met; after it, perhaps other nodes are on top */
	heap_score(walk, waiting);
	heap->limited = choose_strategy(search) == LOKI_STRATEGY_FLAT;
	return heap_next(walk, waiting);
}

/* LokiWalkSteps.expand: expand the top of the frontier. */
static void
heap_expand(LokiWalk *walk, LokiBatch *batch)
{
	LokiSearch *search = walk->search;
	LokiKeptNodes *kept = &search->kept;
	uint32		item = kept->frontier[0].node;	/* its place in scored[] */

	Assert(kept->nfrontier > 0 && item < kept->nscored);
	kept->frontier[0] = kept->frontier[--kept->nfrontier];
	if (kept->nfrontier > 0)
		loki_heap_sift_down(kept->frontier, kept->nfrontier, 0, 1);
	if (search->choice->hops)
	{
		expand_by_hops(search, item);
		return;
	}
	Assert(!(kept->scored[item].flags & LOKI_SCORED_EXPANDED));
	batch->n = loki_search_links(search, kept->scored[item].node, batch->nodes);
	kept->scored[item].flags |= LOKI_SCORED_EXPANDED;
	loki_search_fetch(search, batch);
	if (kept->nfrontier > 0)
		loki_slot_prefetch(search->state, search->index, LOKI_SLOTS_LINK,
						   kept->scored[kept->frontier[0].node].node);
}

/* Whether a walk that keeps n nodes ends since a flat scan costs less than to keep more */
static inline bool
reached_most(const LokiSearch *search, uint32 n)
{
	return search->budget.kept_limit > 0 && n >= search->budget.kept_limit;
}

/* Walk until nothing within reach is left to expand. */
static LokiWalkEnd
walk_by_heap(LokiSearch *search)
{
	static const LokiWalkSteps steps = {heap_next, heap_expand, heap_score};
	HeapWalk	heap = {{search, 0, 0}, false};

	loki_walk(&heap.walk, &steps);
	if (heap.limited || reached_most(search, search->kept.nbest))
		return LOKI_WALK_LIMIT;
	/* dry: fewer were found than wanted, though nothing was left to expand */
	if (search->kept.nfrontier > 0 || search->kept.nbest >= (uint32) search->reach.width)
		return LOKI_WALK_CONVERGED;

	/* hops do not reach everything */
	return search->choice->hops ? LOKI_WALK_LIMIT : LOKI_WALK_DRY;
}

/*
 * Begin the walk over layer 0 at the nodes that the upper layers led to.  All scored nodes
 * are kept, so that the walk can be widened.
 */
LokiWalkEnd
loki_walk_begin(LokiSearch *search, const LokiUpperFound *entries, int nentries, int nnarrow)
{
	uint32		width = (uint32) search->reach.width;

	Assert(nentries > 0 && width > 0);
	search->kept.rejected = true;
	if (!filtered(search) && !fills_pool(width))
	{
		int			most = Min(search->reach.most, LOKI_POOL_MAX);

		/* as a narrow search would, and then from the other entries (R2) */
		loki_search_start(search, most);
		if (nnarrow > 0)
			loki_search_walk(search, entries, nnarrow, Min(LOKI_NARROW_SEARCH, most), most);
		loki_search_walk(search, entries + nnarrow, nentries - nnarrow, most, most);
		if (search->pool.n < search->reach.width)
			return LOKI_WALK_DRY;
		/* full, and all were expanded: those that had no room may still be within reach */
		if (most < search->reach.most && search->pool.n == most && search->pool.next >= most)
			return loki_walk_widen(search);
		return reached_most(search, search->pool.n) && search->pool.next >= search->pool.n ?
			LOKI_WALK_LIMIT : LOKI_WALK_CONVERGED;
	}

	loki_visited_reset(search);
	search->kept.nscored = search->kept.nfrontier = search->kept.nbest = search->kept.nrows = 0;
	search->pool.n = 0;
	search->kept.by_heap = true;
	search->kept.best_is_heap = fills_pool(width);
	search->choice->adapts = filtered(search) && search->budget.flat_nodes > 0;
	search->choice->hops = false;
	search->choice->window = SHARE_WINDOW;
	search->choice->window_filtered = search->count.filtered;
	search->choice->window_matched = search->count.matched;
	for (int i = 0; i < nentries; i++)
		if (loki_visit(search, entries[i].node))
		{
			uint32		item = loki_search_keep(search, entries[i].distance,
												entries[i].node, 0);

			push_frontier(search, item);
			offer_nodes(search, item, 1);
		}
	return walk_by_heap(search);
}

/* See walk.h.  20 for each of its width, if there are. */
void
loki_walk_reserve(LokiSearch *search, double width)
{
	const LokiSlotArray *links = &search->state->arrays[LOKI_SLOTS_LINK];

	loki_visited_reserve(search, Min(width * 20, (double) links->npages * links->per_page));
}

/* See walk.h. */
float
loki_walk_reach(const LokiSearch *search)
{
	const LokiReach *reach = &search->reach;
	const LokiCandidate *nearest = search->kept.by_heap ? search->kept.best : search->pool.nearest;
	int			n = search->kept.by_heap ? (int) search->kept.nbest : search->pool.n;

	if (reach->rows == 0 || n >= reach->most)
		return FLT_MAX;
	if (search->kept.by_heap && search->kept.best_is_heap)
		return n < reach->width ? FLT_MAX : Max(nearest[0].distance, reach_of_rows(search));
	return loki_reach(reach, nearest, n);
}

#define ST_SORT sort_scored
#define ST_ELEMENT_TYPE LokiScored
#define ST_COMPARE(a, b) (((a)->distance < (b)->distance) - ((a)->distance > (b)->distance))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * Go on with a larger reach, or with heaps as the pool is full.  The nodes of the pool, if there is one, come
 * into scored[].  They were taken, unless they still have LOKI_EXPANDED.  Behind the first that was out of
 * reach, all count as not expanded.  Nodes that were scored last are offered first: they are the nearest, so
 * the others are soon known to be too far.  Such nodes are not expanded, unless the filter makes the walk
 * still wider.  If rows are asked for, the nearest are sorted to the end: no more rows are read than have to be.
 */
LokiWalkEnd
loki_walk_widen(LokiSearch *search)
{
	Assert(search->pool.n == 0 || !search->kept.by_heap);
	for (int i = 0; i < search->pool.n; i++)
	{
		uint32		node = search->pool.nearest[i].node;

		loki_search_keep(search, search->pool.nearest[i].distance, node & ~LOKI_EXPANDED,
						 (i < search->pool.next ? LOKI_SCORED_EXPANDED : 0) |
						 LOKI_SCORED_CHECKED | LOKI_SCORED_MATCHES |
						 (node & LOKI_EXPANDED ? 0 : LOKI_SCORED_TAKEN));
	}
	search->pool.n = 0;
	search->kept.by_heap = true;
	search->kept.best_is_heap = fills_pool(search->reach.width);
	/* rows that were taken count among the nearest, as the reach is that of all rows returned */
	search->kept.nfrontier = search->kept.nbest = search->kept.nrows = 0;
	if (search->rows.asked)
		sort_scored(search->kept.scored, search->kept.nscored);
	for (uint32 end = search->kept.nscored; end > 0;)
	{
		uint32		n = Min(search->rows.asked ? ROWS_AT_ONCE : 2 * LOKI_MAX_M, end);

		end -= n;
		offer_nodes(search, end, n);
		CHECK_FOR_INTERRUPTS();
	}
	for (uint32 item = 0; item < search->kept.nscored; item++)
	{
		if (item % (2 * LOKI_MAX_M) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!(search->kept.scored[item].flags & LOKI_SCORED_EXPANDED) &&
			(!search->choice->hops || (search->kept.scored[item].flags & LOKI_SCORED_MATCHES)) &&
			(search->choice->adapts || near_enough(search, search->kept.scored[item].distance)))
			push_frontier(search, item);
	}
	return walk_by_heap(search);
}

/* Take the matching nodes that were not taken before (walk.h). */
uint32
loki_walk_take(LokiSearch *search, LokiCandidate **taken)
{
	uint32		n = 0;

	if (!search->kept.by_heap)
	{
		for (int i = 0; i < search->pool.n; i++)
			search->pool.nearest[i].node &= ~LOKI_EXPANDED;
		*taken = search->pool.nearest;
		return search->pool.n;
	}

	Assert(search->pool.n == 0);
	loki_pool_reserve(search, search->kept.nbest);
	for (uint32 i = 0; i < search->kept.nbest; i++)
	{
		LokiScored *scored = &search->kept.scored[search->kept.best[i].node];

		Assert(scored->flags & LOKI_SCORED_MATCHES);
		if (scored->flags & LOKI_SCORED_TAKEN)
			continue;
		scored->flags |= LOKI_SCORED_TAKEN;
		search->pool.nearest[n++] = (LokiCandidate) {scored->distance, scored->node};
	}
	loki_candidates_sort(search->pool.nearest, n);
	*taken = search->pool.nearest;
	return n;
}
