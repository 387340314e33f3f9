/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Walking the graph of an index on its codes.
 *
 * SEARCH-LAYER of the paper (Malkov and Yashunin, 2016, algorithm 2).  The neighbors of a node are
 * handled as one batch: gathered, fetched, scored in one call of the quantizer, released.  Nothing here
 * allocates per node or calls through fmgr.  src/hnsw/graph/README, "Search".
 *
 * Slots are read without locks where that can be done (page/slots.c).  A search that begins
 * in recovery locks every page.  No function here is called under a content lock, and none
 * leaves one or a pin.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/search.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/graph/candidate_heap.h"
#include "hnsw/graph/search.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "utils/memutils.h"

#define VISITED_MIN_SIZE	4096

/* Memory that a search keeps for the next one: what one of some thousand nodes needs */
#define KEPT_MEMORY			((Size) 256 * 1024)

/* Tied candidates whose rows are looked for */
#define TIES_TESTED			8

/* An empty set of visited nodes; size is a power of two. */
static void
visited_allocate(LokiSearch *search, uint32 size)
{
	LokiVisited *visited = &search->visited;

	Assert((size & (size - 1)) == 0);
	visited->slots = MemoryContextAllocHuge(search->context, mul_size(size, sizeof(uint32)));
	visited->size = size;
	visited->shift = 32 - pg_leftmost_one_pos32(size);
	loki_visited_reset(search);
}

/* Set up a search; its scratch memory lives in `context` and is reused. */
void
loki_search_begin(LokiSearch *search, Relation index, LokiIndex *state,
				  MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Size		slot_size = Max(state->arrays[LOKI_SLOTS_LINK].slot_size,
								state->arrays[LOKI_SLOTS_UPPER].slot_size);

	memset(search, 0, sizeof(LokiSearch));
	search->index = index;
	search->state = state;
	search->context = context;
	search->in_recovery = RecoveryInProgress();
	search->skip.node = LOKI_NONE;
	search->target.tolerance = -1;	/* no difference is as small: there is no target */
	search->query.given = loki_alloc_queries(context, state->quantizer, 1);
	search->query.used = search->query.given;

	search->scratch.allocated = 2 * LOKI_MAX_M;
	search->scratch.nodes = palloc_array(uint32, search->scratch.allocated);
	search->scratch.estimates = palloc_array(float, search->scratch.allocated);
	search->scratch.passes = palloc_array(uint8, search->scratch.allocated);
	search->scratch.link = palloc(slot_size);

	visited_allocate(search, VISITED_MIN_SIZE);
	MemoryContextSwitchTo(old);
}

/* See search.h.  The pool is not among them: its size is known before. */
Size
loki_search_memory(const LokiSearch *search)
{
	return mul_size(search->visited.size, sizeof(uint32)) +
		mul_size(search->kept.scored_allocated, sizeof(LokiScored)) +
		mul_size((Size) search->kept.frontier_allocated + search->kept.best_allocated +
				 search->kept.rows_allocated, sizeof(LokiCandidate));
}

/* pfree() for what may not be allocated */
static void
release(void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

/*
 * Forget what was found before.  Large arrays are freed: clearing them would slow down all
 * searches that follow a large one, and a walk that begins with them would exceed its
 * memory limit at once.
 */
void
loki_search_reset(LokiSearch *search)
{
	search->pool.n = 0;
	search->kept.nscored = 0;
	search->kept.nfrontier = search->kept.nbest = search->kept.nrows = 0;
	search->kept.by_heap = false;
	if (loki_search_memory(search) <= Min(KEPT_MEMORY, search->budget.memory_limit / 4))
		return;

	release(search->kept.scored);
	release(search->kept.frontier);
	release(search->kept.best);
	release(search->kept.rows);
	search->kept.scored = NULL;
	search->kept.frontier = search->kept.best = search->kept.rows = NULL;
	search->kept.scored_allocated = search->kept.rows_allocated = 0;
	search->kept.frontier_allocated = search->kept.best_allocated = 0;

	pfree(search->visited.slots);
	search->visited.slots = NULL;
	visited_allocate(search, VISITED_MIN_SIZE);
}

/* Prepare for a query of dim floats. */
void
loki_search_query(LokiSearch *search, const float *values)
{
	search->query.used = search->query.given;
	search->state->quantizer->prepare(search->state->quantizer, values, search->query.used);
}

/*
 * Prepare for a row, by the codes that are or would be stored for its vector, `values`.  The
 * build or the insert has made sure that this very query finds the row.
 */
void
loki_search_query_row(LokiSearch *search, const void *code, const void *refine,
					  const float *values)
{
	const LokiQuantizer *quantizer = search->state->quantizer;

	Assert(values != NULL || quantizer->prepare_refined != NULL);
	search->query.used = search->query.given;
	if (quantizer->prepare_refined != NULL)
		quantizer->prepare_refined(quantizer, code, refine, search->query.used);
	else
		quantizer->prepare(quantizer, values, search->query.used);
}

/*
 * Walk for the row whose vector is `values`, if there is one, by the query of
 * loki_search_query_row().  The query prepared before stays in search->query.given.
 */
void
loki_search_walk_as_row(LokiSearch *search, const float *values)
{
	const LokiQuantizer *quantizer = search->state->quantizer;

	if (quantizer->prepare_refined == NULL)
		return;
	if (search->query.as_row == NULL)
	{
		search->query.as_row = loki_alloc_queries(search->context, quantizer, 1);
		search->query.row_code = MemoryContextAllocZero(search->context, quantizer->code_size);
		search->query.row_refine = MemoryContextAllocZero(search->context, quantizer->refine_size);
	}
	quantizer->encode(quantizer, values, search->query.row_code, search->query.row_refine);
	quantizer->prepare_refined(quantizer, search->query.row_code, search->query.row_refine, search->query.as_row);
	search->query.used = search->query.as_row;
}

/* Prepare for a stored code. */
void
loki_search_query_code(LokiSearch *search, const void *code)
{
	search->query.used = search->query.given;
	search->state->quantizer->prepare_code(search->state->quantizer, code, search->query.used);
}

/* See search.h. */
bool
loki_search_query_node(LokiSearch *search, uint32 node)
{
	const LokiQuantizer *quantizer = search->state->quantizer;
	char	   *code = palloc(quantizer->code_size);
	char	   *refine = quantizer->prepare_refined != NULL ? palloc(quantizer->refine_size) : NULL;
	bool		known;

	loki_slots_copy(search->state, search->index, LOKI_SLOTS_CODE, &node, 1,
					!search->in_recovery, code);
	known = refine == NULL || loki_slot_read(search->state, search->index, LOKI_SLOTS_REFINE, node, refine);
	if (refine == NULL)
		loki_search_query_code(search, code);
	else if (known)
		loki_search_query_row(search, code, refine, NULL);
	pfree(code);
	if (refine != NULL)
		pfree(refine);
	return known;
}

/* ----------------------------------------------------------------
 * Visited nodes
 * ----------------------------------------------------------------
 */

/* Empty the set of visited nodes, except for the node to go around, which counts as visited. */
void
loki_visited_reset(LokiSearch *search)
{
	memset(search->visited.slots, 0xFF, sizeof(uint32) * (Size) search->visited.size);
	search->visited.used = 0;
	if (search->skip.node != LOKI_NONE)
		loki_visited_insert(&search->visited, search->skip.node);
}

/*
 * Make room for n nodes without growing, or for the most that are worth it: a table that is larger than
 * the processor's caches costs more than growing it.  Marks may be lost.
 */
void
loki_visited_reserve(LokiSearch *search, double n)
{
	uint32		size = search->visited.size;

	while (size < 2 * n && size < 65536)
		size *= 2;
	if (size == search->visited.size)
		return;
	pfree(search->visited.slots);
	visited_allocate(search, size);
}

/* Double the set of visited nodes. */
void
loki_visited_grow(LokiSearch *search)
{
	LokiVisited *visited = &search->visited;
	uint32		old_size = visited->size;
	uint32	   *old = visited->slots;

	visited_allocate(search, old_size * 2);
	for (uint32 i = 0; i < old_size; i++)
		if (old[i] != LOKI_NONE)
			loki_visited_insert(visited, old[i]);
	pfree(old);
}

/* ----------------------------------------------------------------
 * Reading the arrays
 * ----------------------------------------------------------------
 */

/*
 * Score slots that were found; few enough to be pinned at once.  Leaves no pin or lock.
 *
 * The first try is without pins.  If a buffer was given to another page meanwhile, as
 * loki_slots_close() finds out, what was scored is thrown away, and the second try pins them.  It cannot
 * fail, so there are two rounds at most.
 */
static void
score_slots(LokiSearch *search, LokiSlots *slots, float *estimates)
{
	LokiIndex  *state = search->state;
	const LokiQuantizer *quantizer = state->quantizer;
	bool		peek = !search->in_recovery;

	Assert(peek || loki_no_buffer_locked());
	do
	{
		loki_slots_open(state, search->index, peek, slots);
		if (!search->in_recovery)
			quantizer->score(quantizer, search->query.used, slots->slots, slots->n, estimates);
		/* one by one: as soon as a lock is gone, replay may rewrite the page */
		for (int i = 0; i < slots->n && search->in_recovery; i++)
		{
			LockBuffer(slots->buffers[i], BUFFER_LOCK_SHARE);
			loki_slot_array_page_check(state, search->index, slots->buffers[i], LOKI_SLOTS_CODE);
			quantizer->score(quantizer, search->query.used, &slots->slots[i], 1, &estimates[i]);
			LockBuffer(slots->buffers[i], BUFFER_LOCK_UNLOCK);
		}
		peek = false;
	} while (!loki_slots_close(state, search->index, slots));
}

/*
 * Non-finite estimates become FLT_MAX, so that they rank last.  One that is no number would break the order
 * of pools and heaps: no comparison with it is true, and so the one here is not either.
 */
void
loki_make_finite(float *estimates, int n)
{
	for (int i = 0; i < n; i++)
		estimates[i] = fabsf(estimates[i]) <= FLT_MAX ? estimates[i] : FLT_MAX;
}

/* Score nodes.  Leaves no pin or lock.  See search.h. */
void
loki_search_score(LokiSearch *search, const uint32 *nodes, int n, float *estimates)
{
	int			most = loki_max_pins(search->state);

	for (int i = 0; i < n; i += most)
	{
		loki_slots_find(search->state, search->index, LOKI_SLOTS_CODE, nodes + i,
						Min(most, n - i), &search->scratch.slots);
		score_slots(search, &search->scratch.slots, estimates + i);
	}
	loki_make_finite(estimates, n);
	search->count.scored += n;
}

/*
 * Copy a slot of LINK or UPPER out; false if it is past the used part.  A copy made without
 * a lock may have neighbors of two states of the list: all were neighbors a moment ago, and
 * their IDs are checked before use.
 */
bool
loki_search_read_list(LokiSearch *search, int array, uint32 number, void *slot)
{
	Assert(array == LOKI_SLOTS_LINK || array == LOKI_SLOTS_UPPER);
	if (!search->in_recovery &&
		loki_slot_peek(search->state, search->index, array, number, slot))
		return true;
	return loki_slot_read(search->state, search->index, array, number, slot);
}

/* The neighbors of a node on layer 0 that were not visited before.  See search.h. */
int
loki_search_links(LokiSearch *search, uint32 node, uint32 *neighbors)
{
	LokiLinkData *link = (LokiLinkData *) search->scratch.link;
	LokiVisited *visited = &search->visited;
	uint32		most = 2 * search->state->m;
	int			n = 0;

	search->count.expanded++;
	if (!loki_search_read_list(search, LOKI_SLOTS_LINK, node, link))
	{
		uint32		place;

		/* not written yet, or past the end of the array, which is an ERROR */
		(void) loki_slot_block(search->state, search->index, LOKI_SLOTS_LINK, node, &place);
		return 0;
	}
	/* once for the list: loki_visited_insert() does not look */
	while ((visited->used + most) * 2 >= visited->size)
		loki_visited_grow(search);
	for (uint32 i = 0; i < most && link->neighbors[i] != 0; i++)
	{
		uint32		neighbor = link->neighbors[i] - 1;	/* 0 is the end */

		/* written in any case, so that the loop has no branch that the processor cannot predict */
		neighbors[n] = neighbor;
		n += neighbor < LOKI_MAX_NUMBER && loki_visited_insert(visited, neighbor);
	}
	return search->skip.nlinks > 0 ? loki_bridge(search, node, link, neighbors, n) : n;
}

/* ----------------------------------------------------------------
 * Layer 0 with a sorted pool
 * ----------------------------------------------------------------
 */

/* Append to scored[]; returns the index of the new entry. */
uint32
loki_search_keep(LokiSearch *search, float distance, uint32 node, uint8 flags)
{
	search->kept.scored = loki_grow(search->context, search->kept.scored,
									&search->kept.scored_allocated, search->kept.nscored + 1,
									1024, sizeof(LokiScored));
	search->kept.scored[search->kept.nscored] = (LokiScored) {distance, node, flags};
	return search->kept.nscored++;
}

/*
 * Whether most of the nearest `width` have no visible row, by some of them.  Versions of a row have the same code, so
 * they are tied without saying that codes tell little apart.
 */
static bool
most_are_rowless(const LokiSearch *search, const LokiCandidate *nearest)
{
	uint32		nodes[TIES_TESTED];
	uint8		has_row[TIES_TESTED];
	int			rowless = 0;

	if (search->rows.test == NULL || search->rows.asked)
		return false;
	for (int i = 0; i < TIES_TESTED; i++)
	{
		uint32		nearer = nearest[(int64) i * search->reach.width / TIES_TESTED].node;

		nodes[i] = search->kept.by_heap ? search->kept.scored[nearer].node : nearer & ~LOKI_EXPANDED;
	}
	search->rows.test(search->rows.scan, nodes, TIES_TESTED, has_row);
	for (int i = 0; i < TIES_TESTED; i++)
		rowless += !has_row[i];
	return rowless * 2 > TIES_TESTED;
}

/* See search.h.  The walk pauses for one page of CODE; it comes here once for each query. */
void
loki_search_note_error(LokiSearch *search, const LokiCandidate *nearest, uint32 node)
{
	const LokiQuantizer *quantizer = search->state->quantizer;
	LokiReach  *reach = &search->reach;
	float		estimate = nearest[reach->rows - 1].distance;
	float		error;
	int			nties = 0;
	char	   *code;

	if (reach->error >= 0)
		return;
	Assert(reach->rows > 0 && loki_no_buffer_locked());
	code = palloc(quantizer->code_size);
	loki_slots_copy(search->state, search->index, LOKI_SLOTS_CODE, &node, 1,
					!search->in_recovery, code);
	error = quantizer->error(quantizer, search->query.used, code, estimate);
	pfree(code);
	reach->error = error >= 0 && !loki_column_encoded(&search->state->column) ? error : FLT_MAX;
	for (int i = 1; i < reach->width; i++)
		nties += nearest[i].distance == nearest[i - 1].distance;
	if (nties * 2 > reach->width && !most_are_rowless(search, nearest))
		reach->ratio = FLT_MAX;
}

/*
 * Insert a scored node into the sorted pool, unless it is not among the ef nearest, or out of reach.
 *
 * An array that is kept sorted, not a heap: pools have some hundred entries, most nodes are turned away by
 * one comparison with the last, and a walk reads the nearest unexpanded one from it at once.
 */
static inline void
pool_add(LokiSearch *search, int ef, float distance, uint32 node)
{
	LokiCandidate *pool = search->pool.nearest;
	int			place;
	int			high = search->pool.n;
	float		reach = loki_reach(&search->reach, pool, high);

	Assert(high <= ef && ef < search->pool.allocated);
	if ((high == ef && distance >= pool[ef - 1].distance) ||
		(distance > reach && distance >= pool[search->reach.width - 1].distance))
	{
		if (search->kept.rejected)
			loki_search_keep(search, distance, node, 0);
		return;
	}
	/* what has come to be out of reach makes room before the pool is full */
	if (high == ef || (reach < FLT_MAX && high > search->reach.width && pool[high - 1].distance > reach))
	{
		search->pool.n = --high;
		if (search->kept.rejected)
			loki_search_keep(search, pool[high].distance, pool[high].node & ~LOKI_EXPANDED,
							 pool[high].node & LOKI_EXPANDED ? LOKI_SCORED_EXPANDED : 0);
	}
	place = (int) loki_candidates_place(pool, (uint32) high, distance);
	memmove(&pool[place + 1], &pool[place], sizeof(LokiCandidate) * (high - place));
	pool[place] = (LokiCandidate) {distance, node};
	search->pool.n++;
	Assert(place == 0 || pool[place - 1].distance <= distance);
	/* all before pool.next are expanded */
	if (place < search->pool.next)
		search->pool.next = place;
}

/* The nearest unexpanded candidate among the nearest `width`; NULL if there is none */
static LokiCandidate *
next_candidate(LokiSearch *search, int width)
{
	int			end = Min(search->pool.n, width);

	while (search->pool.next < end &&
		   (search->pool.nearest[search->pool.next].node & LOKI_EXPANDED) != 0)
		search->pool.next++;
	return search->pool.next < end ? &search->pool.nearest[search->pool.next] : NULL;
}

/*
 * Begin to fetch the codes of a batch into the processor's caches.  Leaves no pin or lock: pages
 * are pinned, where that is necessary, when the batch is scored.
 */
void
loki_search_fetch(LokiSearch *search, LokiBatch *batch)
{
	if (batch->n <= loki_max_pins(search->state))
		loki_slots_find(search->state, search->index, LOKI_SLOTS_CODE, batch->nodes,
						batch->n, &batch->slots);
}

/* Score a batch whose codes are being fetched.  Leaves no pin or lock. */
void
loki_search_score_batch(LokiSearch *search, LokiBatch *batch, float *estimates)
{
	if (batch->n > loki_max_pins(search->state))
	{
		loki_search_score(search, batch->nodes, batch->n, estimates);
		return;
	}
	score_slots(search, &batch->slots, estimates);
	loki_make_finite(estimates, batch->n);
	search->count.scored += batch->n;
}

/* LokiWalkSteps.next: whether there is a candidate within reach to expand.  No page may be locked. */
static bool
pool_next(LokiWalk *walk, LokiBatch *waiting)
{
	LokiSearch *search = walk->search;
	const LokiReach *reach = &search->reach;
	const LokiCandidate *next;

	if (search->target.met && search->target.stop)
		return false;
	next = next_candidate(search, (int) walk->width);
	if (next == NULL || reach->rows == 0 || search->pool.n < reach->width)
		return next != NULL;
	loki_search_note_error(search, search->pool.nearest,
						   search->pool.nearest[reach->rows - 1].node & ~LOKI_EXPANDED);
	return next->distance <= loki_reach(reach, search->pool.nearest, search->pool.n);
}

/*
 * Prefetch the links of the candidate that is next, and of the one after it: one expansion takes less time than
 * they need to come.
 */
static void
pool_prefetch(LokiSearch *search, int width)
{
	const LokiCandidate *candidate = next_candidate(search, width);
	const LokiCandidate *end = &search->pool.nearest[Min(search->pool.n, width)];

	for (int ahead = 0; ahead < 2 && candidate != NULL && candidate < end; candidate++)
		if ((candidate->node & LOKI_EXPANDED) == 0)
		{
			loki_slot_prefetch(search->state, search->index, LOKI_SLOTS_LINK, candidate->node);
			ahead++;
		}
}

/* LokiWalkSteps.expand: expand the candidate that is next, and prefetch what follows. */
static void
pool_expand(LokiWalk *walk, LokiBatch *batch)
{
	LokiSearch *search = walk->search;
	LokiCandidate *candidate = &search->pool.nearest[search->pool.next];

	batch->n = loki_search_links(search, candidate->node, batch->nodes);
	candidate->node |= LOKI_EXPANDED;
	loki_search_fetch(search, batch);
	pool_prefetch(search, (int) walk->width);
}

/*
 * Add scored nodes to the pool, and note whether one is at the distance that is looked for.  Without a reach
 * the pool is a build's, which takes a batch at once, and all nodes are kept, not those alone that leave it.
 */
static void
pool_add_all(LokiSearch *search, int ef, const float *estimates, const uint32 *nodes, int n)
{
	const LokiSearchTarget *target = &search->target;
	bool		met = false;
	int			first;

	for (int i = 0; i < n && target->tolerance >= 0; i++)
		met |= fabsf(estimates[i] - target->distance) <= target->tolerance;
	search->target.met |= met;
	if (search->reach.width > 0)
	{
		for (int i = 0; i < n; i++)
			pool_add(search, ef, estimates[i], nodes[i]);
		return;
	}
	if (search->kept.rejected)
		search->kept.scored = loki_grow(search->context, search->kept.scored, &search->kept.scored_allocated,
										search->kept.nscored + n, 1024, sizeof(LokiScored));
	for (int i = 0; i < n && search->kept.rejected; i++)
		search->kept.scored[search->kept.nscored++] = (LokiScored) {estimates[i], nodes[i], 0};
	first = loki_pool_merge(search->pool.nearest, &search->pool.n, LokiPoolRoom(ef), estimates, nodes, n);
	search->pool.next = Min(search->pool.next, first);
}

/*
 * LokiWalkSteps.score: score a batch, and add its nodes to the pool.  One that is nearer than all that wait is
 * expanded next: its links are prefetched.
 */
static void
pool_score(LokiWalk *walk, LokiBatch *batch)
{
	LokiSearch *search = walk->search;
	int			next = search->pool.next;

	loki_search_score_batch(search, batch, search->scratch.estimates);
	pool_add_all(search, (int) walk->ef, search->scratch.estimates, batch->nodes, batch->n);
	batch->n = 0;
	if (search->pool.next < next)
		loki_slot_prefetch(search->state, search->index, LOKI_SLOTS_LINK,
						   search->pool.nearest[search->pool.next].node);
}

/* Make room for n candidates in the pool, whose contents are lost. */
void
loki_pool_reserve(LokiSearch *search, uint32 n)
{
	if ((uint32) search->pool.allocated >= n)
		return;
	release(search->pool.nearest);
	search->pool.nearest = MemoryContextAllocHuge(search->context,
												  mul_size(n, sizeof(LokiCandidate)));
	search->pool.allocated = (int) n;
}

/* Begin layer 0 with an empty pool, which will be ef wide; one more place is for pool_add(). */
void
loki_search_start(LokiSearch *search, int ef)
{
	loki_pool_reserve(search, LokiPoolRoom((uint32) ef + 1));
	loki_visited_reset(search);
	search->kept.nscored = 0;
	search->kept.by_heap = false;
	search->pool.n = 0;
	search->pool.next = 0;
	search->target.met = false;
}

/*
 * Add nodes to the pool, and walk until the nearest `width` of its ef are expanded.  If the
 * search has a target and `stop` is set, the walk ends when a node at the target's distance
 * is met.
 */
void
loki_search_walk(LokiSearch *search, const LokiUpperFound *entries, int nentries,
				 int width, int ef)
{
	static const LokiWalkSteps steps = {pool_next, pool_expand, pool_score};
	LokiWalk	walk = {search, width, ef};

	Assert(width <= ef && ef < search->pool.allocated);
	Assert(!search->kept.by_heap && search->pool.n <= ef);
	if (search->reach.width == 0)
		loki_pool_clear(search->pool.nearest, search->pool.n, LokiPoolRoom(ef));
	for (int i = 0; i < nentries; i++)
		if (loki_visit(search, entries[i].node))
			pool_add_all(search, ef, &entries[i].distance, &entries[i].node, 1);
	loki_walk(&walk, &steps);
	search->pool.n = Min(search->pool.n, ef);	/* a merge fills up its room */
}

/*
 * Begin layer 0 at some nodes, and walk until the ef nearest are expanded.  The pool then
 * holds them, ascending by distance, each with LOKI_EXPANDED set.
 */
void
loki_search_layer0(LokiSearch *search, const LokiUpperFound *entries, int nentries, int ef)
{
	loki_search_start(search, ef);
	loki_search_walk(search, entries, nentries, ef, ef);
}
