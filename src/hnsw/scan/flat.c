/*-------------------------------------------------------------------------
 *
 * flat.c
 *	  Flat scans, which make a scan complete: they find the nodes that the walk
 *	  did not reach, in the order of their codes.
 *
 * A flat scan is to the walk what a sequential scan of the index would be, with a top-N sort above it.  It
 * reads the attributes that the filter names, in the order of their pages, and TID and CODE of the nodes
 * that match.  It keeps the best of them, as many as fit the scan's memory.  When these are used up,
 * the next flat scan finds the best of the rest, and keeps more.
 *
 *	source of nodes		all, a sorted list, or the row map			select_nodes()
 *	tests				attributes, rows of the set					loki_flat_test()
 *	gathered			batches, of which one is fetched while		loki_flat_score()
 *						the one before is scored
 *	selection			the best so far, a max-heap once full		loki_flat_keep()
 *	queue				sorted, for refine.c						loki_flat_select()
 *
 * No node may come twice: `seen` has a bit for each that was queued, by a walk or a flat scan.  It
 * is made only when there is something left to find, since it costs more than a short flat scan.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/flat.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/candidate_heap.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/flat.h"
#include "utils/memutils.h"

/* ----------------------------------------------------------------
 * Selections by code
 * ----------------------------------------------------------------
 */

/* Remember that a node is queued, if that is remembered yet. */
static void
mark_seen(LokiScan *so, uint32 node)
{
	if (so->flat.seen != NULL && node < so->flat.seen_nodes)
		so->flat.seen[node / 8] |= 1 << (node % 8);
}

/* From now on, remember which nodes are queued. */
static void
begin_seen(LokiScan *so)
{
	Assert(so->flat.seen == NULL);
	so->flat.seen = MemoryContextAllocExtended(so->context, (Size) so->flat.seen_nodes / 8 + 1,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * The scan becomes certain: what was queued by estimates gets bounds that always hold, and flat
 * scans go by such bounds from now on, not by 1-bit sketches.
 */
void
loki_flat_certain(LokiScan *so)
{
	so->filter.choice.sketches = false;
	loki_refine_certain(so);
	so->flat.horizon = so->flat.last ? get_float8_infinity() : -get_float8_infinity();
}

/*
 * Flat scans follow the walk: remember which nodes it queued.  Nodes that come later are not
 * looked at, since the scan's snapshot does not see their rows.
 */
void
loki_flat_begin(LokiScan *so)
{
	LokiSearch *search = &so->search;

	Assert(so->course.phase == LOKI_SCAN_WALK);
	loki_index_refresh(so->state, so->scan->indexRelation);
	if (so->flat.seen != NULL)
		pfree(so->flat.seen);
	if (so->flat.selected != NULL)
		pfree(so->flat.selected);
	so->flat = (LokiFlatCourse)
	{
		.seen_nodes = loki_node_end(so->state, so->scan->indexRelation),
			.horizon = -get_float8_infinity(),
			.returned = so->course.returned,
			.rowless = so->ranking.rowless.n
	};

	/* a walk that was not taken has queued nothing, however much it scored */
	if (so->search.state != so->state || !so->course.walk_taken)
		return;
	begin_seen(so);
	for (uint32 i = 0; i < search->kept.nscored; i++)
		if (search->kept.scored[i].flags & LOKI_SCORED_TAKEN)
			mark_seen(so, search->kept.scored[i].node);
	if (!search->kept.by_heap)
		for (int i = 0; i < search->pool.n; i++)
			mark_seen(so, search->pool.nearest[i].node & ~LOKI_EXPANDED);
}

/* See flat.h.  Until the selection is full it is no heap, and nothing is compared. */
void
loki_flat_keep(LokiSelection *selection, float distance, uint32 node)
{
	Assert(selection->n <= selection->capacity && selection->capacity > 0);
	if (selection->n < selection->capacity)
	{
		if (selection->n == selection->allocated)
		{
			selection->allocated = Min(selection->capacity, selection->allocated * 2);
			selection->heap = repalloc_huge(selection->heap,
											mul_size(selection->allocated, sizeof(LokiCandidate)));
		}
		selection->heap[selection->n++] = (LokiCandidate) {distance, node};
		/* it is full: from here on, only better ones replace the worst */
		if (selection->n == selection->capacity)
			for (uint32 i = selection->n / 2; i-- > 0;)
				loki_heap_sift_down(selection->heap, selection->n, i, -1);
		return;
	}
	selection->overflowed = true;
	if (distance < selection->heap[0].distance)
	{
		selection->heap[0] = (LokiCandidate) {distance, node};
		loki_heap_sift_down(selection->heap, selection->n, 0, -1);
	}
}

/* Whether a node with such a TID slot is live and has a row that the scan is kept to */
static bool
is_wanted(LokiScan *so, uint32 node, const char *bytes)
{
	LokiTidData slot = {0};

	memcpy(&slot, bytes, so->state->arrays[LOKI_SLOTS_TID].slot_size);
	if (!LokiTidIsLive(&slot) || loki_is_killed(so, &slot))
		return false;
	if (so->filter.within == NULL || LokiTidState(&slot) != LOKI_TID_LIST)
		return loki_is_within(so, &slot.u.heap);
	loki_node_tids(so, node);
	return so->tids.n > 0;
}

/*
 * Keep those of n nodes, a batch at most, that are live and have a row that the scan is kept
 * to, with their estimates if there are any.  Returns how many they are.  No page may be
 * locked.
 *
 * Slots are read without a lock if possible.  Then a state is read whole, but the TID may
 * not belong to it.  A node that passes by mistake is found out when its row is read; one
 * that does not pass is looked at again under lock.
 */
static int
keep_live(LokiScan *so, uint32 *nodes, float *estimates, int n)
{
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	char		slots[LOKI_SCORE_BATCH * LOKI_TID_LONG];
	int			kept = 0;

	Assert(n <= LOKI_SCORE_BATCH && slot_size <= LOKI_TID_LONG);
	loki_slots_copy(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, nodes, n,
					!so->search.in_recovery, slots);
	for (int i = 0; i < n; i++)
	{
		char	   *slot = slots + (Size) i * slot_size;

		if (!is_wanted(so, nodes[i], slot) &&
			(so->filter.within == NULL || so->search.in_recovery ||
			 !loki_slot_read(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, nodes[i],
							 slot) ||
			 !is_wanted(so, nodes[i], slot)))
			continue;
		if (estimates != NULL)
			estimates[kept] = estimates[i];
		nodes[kept++] = nodes[i];
	}
	return kept;
}

/*
 * Take the best of a batch that was scored.  Only these are checked to be live: TID is another page for each,
 * and most nodes are too far.
 */
static void
select_batch(LokiFlatScan *flat, LokiBatch *batch, float *estimates)
{
	LokiSelection *selection = &flat->selection;
	int			n = 0;

	for (int i = 0; i < batch->n; i++)
		if (selection->n < selection->capacity ||
			estimates[i] < selection->heap[0].distance)
		{
			estimates[n] = estimates[i];
			batch->nodes[n++] = batch->nodes[i];
		}
	selection->overflowed = selection->overflowed || n < batch->n;
	if (n > 0 && flat->check == LOKI_CHECK_SELECTED)
		n = keep_live(flat->so, batch->nodes, estimates, n);
	for (int i = 0; i < n; i++)
		loki_flat_keep(selection, estimates[i], batch->nodes[i]);
}

/*
 * Score the waiting nodes, while the codes of the gathered ones are prefetched.  If the scan is certain, the gathered
 * ones get bounds that always hold, and nodes beyond the scan's bound are left behind for good.
 */
void
loki_flat_score(LokiFlatScan *flat)
{
	LokiScan   *so = flat->so;
	LokiBatch  *gathered = flat->gathered;
	LokiBatch  *waiting = flat->waiting;
	float		estimates[LOKI_SCORE_BATCH];
	int			n = 0;

	CHECK_FOR_INTERRUPTS();
	if (flat->check == LOKI_CHECK_GATHERED)
		gathered->n = keep_live(so, gathered->nodes, NULL, gathered->n);
	if (so->plan.certain)
	{
		Assert(waiting->n == 0);
		loki_refine_bounds(so, gathered->nodes, gathered->n, estimates, NULL);
		for (int i = 0; i < gathered->n; i++)
			if (!loki_is_bounded(so) || !(estimates[i] > so->filter.bound))
			{
				estimates[n] = estimates[i];
				gathered->nodes[n++] = gathered->nodes[i];
			}
		so->flat.beyond |= n < gathered->n;
		gathered->n = n;
		select_batch(flat, gathered, estimates);
		gathered->n = 0;
		return;
	}
	loki_search_fetch(&so->search, gathered);
	if (waiting->n > 0)
	{
		loki_scan_query(so);
		loki_search_score_batch(&so->search, waiting, estimates);
		so->work.flat_scored += waiting->n;
		select_batch(flat, waiting, estimates);
	}
	waiting->n = 0;
	flat->waiting = gathered;
	flat->gathered = waiting;
}

/*
 * Score what is left.  If the flat scan found no more nodes than rows are wanted, all their
 * rows are read.  Then it is not worth reading their codes, nor making the query ready for
 * that.
 */
void
loki_flat_finish(LokiFlatScan *flat)
{
	LokiScan   *so = flat->so;
	LokiBatch  *found = flat->gathered;

	if (flat->waiting->n == 0 && flat->selection.n == 0 && !flat->selection.overflowed &&
		found->n <= so->course.batch_left && !loki_is_bounded(so) && !so->filter.nodes.guess)
	{
		flat->few = found;
		found->n = keep_live(so, found->nodes, NULL, found->n);
		return;
	}
	loki_flat_score(flat);
	loki_flat_score(flat);
	Assert(flat->gathered->n == 0 && flat->waiting->n == 0);
}

/* Gather a node that matches, unless it was queued before; no node was if nothing is remembered yet. */
static inline void
gather(LokiFlatScan *flat, uint32 node)
{
	LokiScan   *so = flat->so;

	if (so->flat.seen != NULL && (so->flat.seen[node / 8] & (1 << (node % 8))))
		return;
	if (flat->check == LOKI_CHECK_GATHERED)
		loki_slot_prefetch(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, node);
	flat->gathered->nodes[flat->gathered->n++] = node;
	if (flat->gathered->n == LOKI_SCORE_BATCH)
		loki_flat_score(flat);
}

/* Nodes from `first` on */
typedef struct NodeRange
{
	LokiScan   *so;
	uint32		first;
} NodeRange;

/*
 * LokiKeyTester: test an attribute of n nodes, page by page under share lock.  No page may be
 * locked before, and none is afterwards.  A node that is written later is missed, but the
 * scan does not see its row either.
 */
static void
test_pages(void *arg, const LokiTest *test, int ntested, uint8 *passes)
{
	LokiScan   *so = ((NodeRange *) arg)->so;
	uint32		first = ((NodeRange *) arg)->first;
	uint32		n = (uint32) ntested;
	int			array = LOKI_SLOTS_ATTR + test->attribute;
	LokiPagePart part;

	for (uint32 done = 0; done < n; done += part.n)
	{
		loki_part_lock(so->state, so->scan->indexRelation, array, first + done, n - done, &part);
		if (part.used > 0)
		{
			loki_slots_test(test, so->filter.nodes.guess, part.slots,
							so->state->arrays[array].slot_size, (int) part.used, passes + done);
			UnlockReleaseBuffer(part.buffer);
		}
		memset(passes + done + part.used, 0, part.n - part.used);
	}
}

/*
 * See flat.h.  The tests count as filtered nodes, those without any do not.  Whether the nodes' rows are in the set that
 * the scan is kept to is tested page by page under share lock.  Nodes with duplicates pass; they are tested when their
 * slots are read.
 */
void
loki_flat_test(LokiScan *so, uint32 first, uint32 n, uint8 *passes)
{
	NodeRange	range = {so, first};
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	LokiPagePart part;

	Assert(n <= LOKI_TEST_BATCH && loki_no_buffer_locked());
	CHECK_FOR_INTERRUPTS();
	for (int i = 0; i < so->filter.nodes.ntests; i++)
		loki_test(&so->filter.nodes.tests[i], test_pages, &range, (int) n, passes);
	for (uint32 done = 0; done < n && so->filter.within != NULL; done += part.n)
	{
		loki_part_lock(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, first + done, n - done, &part);
		for (uint32 i = 0; i < part.used; i++)
		{
			LokiTidData *slot = (LokiTidData *) (part.slots + (Size) i * slot_size);

			if (LokiTidState(slot) != LOKI_TID_LIST)
				passes[done + i] &= loki_is_within(so, &slot->u.heap);
		}
		if (part.used > 0)
			UnlockReleaseBuffer(part.buffer);
	}
	if (so->filter.nodes.ntests > 0 || so->filter.within != NULL)
	{
		so->search.count.filtered += n;
		so->work.tested += n;
	}
}

/* Test and gather all nodes from `first` up to `end`. */
void
loki_flat_nodes(LokiFlatScan *flat, uint32 first, uint32 end)
{
	LokiScan   *so = flat->so;
	uint8		passes[LOKI_TEST_BATCH];

	for (uint32 n; first < end; first += n)
	{
		bool		near = so->terms.bounded && flat->selection.n == flat->selection.capacity &&
			!loki_is_bounded(so);

		n = Min(LOKI_TEST_BATCH, end - first);
		if (near)
		{
			uint32		left = loki_scan_terms_left(so, first);

			/* one window of posting lists is in memory at a time: what was gathered from it is scored first */
			if (left == 0 && flat->gathered->n > 0)
				loki_flat_score(flat);
			if (left == 0)
				left = loki_scan_terms_enter(so, first);
			n = left > 0 ? Min(n, left) : n;
		}
		memset(passes, 1, n);
		memset(passes + n, 0, LOKI_TEST_BATCH - n);
		if (near)
			flat->selection.overflowed |=
				loki_scan_terms_near(so, first, n, flat->selection.heap[0].distance, passes);
		loki_flat_test(so, first, n, passes);
		for (uint32 i = 0; i < n; i += sizeof(uint64))
		{
			uint64		word;

			/* eight nodes at once: mostly none of them passes */
			memcpy(&word, passes + i, sizeof(word));
			if (word == 0)
				continue;
			so->search.count.matched += pg_popcount64(word);
			for (uint32 k = i; k < i + sizeof(uint64); k++)
				if (passes[k])
					gather(flat, first + k);
		}
	}
}

/* Test and gather n nodes, which lie anywhere. */
void
loki_flat_batch(LokiFlatScan *flat, const uint32 *nodes, int n)
{
	uint8		passes[LOKI_SCORE_BATCH];

	for (int batch; n > 0; nodes += batch, n -= batch)
	{
		batch = Min(n, LOKI_SCORE_BATCH);
		loki_filter_nodes(&flat->so->search, nodes, batch, passes);
		for (int i = 0; i < batch; i++)
			if (passes[i])
				gather(flat, nodes[i]);
	}
}

/* See flat.h.  The selection's heap is the caller's, and may be larger than what it holds. */
void
loki_flat_start(LokiScan *so, LokiFlatScan *flat)
{
	flat->so = so;
	flat->gathered = &so->search.scratch.batches[0];
	flat->waiting = &so->search.scratch.batches[1];
	flat->gathered->n = flat->waiting->n = 0;
	flat->selection.n = 0;
	flat->selection.overflowed = false;
	flat->horizon = get_float4_infinity();
	flat->nearest = 0;
	flat->check = LOKI_CHECK_SELECTED;
	flat->joint = NULL;
	flat->few = NULL;
}

/*
 * LokiRowMapVisit: test and gather nodes that the row map names, each once.  Those that are noted are looked up in the
 * set first: mostly they are not in it, and a test takes less than a score.
 */
static void
visit_mapped(void *arg, const uint32 *nodes, int n, bool noted)
{
	LokiFlatScan *flat = arg;
	LokiScan   *so = flat->so;
	uint32		kept[LOKI_ROWMAP_NOTED];
	uint8		passes[LOKI_ROWMAP_NOTED];
	int			nkept = 0;

	Assert(n <= (noted ? LOKI_ROWMAP_NOTED : LOKI_ROWMAP_NODES));
	if (noted)
	{
		so->filter.nodes.tids = so->filter.within;
		loki_filter_nodes(&so->search, nodes, n, passes);
		so->filter.nodes.tids = NULL;
	}
	for (int i = 0; i < n; i++)
		if ((!noted || passes[i]) && loki_visit(&so->search, nodes[i]))
			kept[nkept++] = nodes[i];
	loki_flat_batch(flat, kept, nkept);
}

/*
 * Make one flat scan: over the nodes that the row map has for the set's rows, over those of a sorted list, both with
 * those that these do not have, or over all nodes.  If the map or list was made again meanwhile, nothing counts.
 */
static void
select_nodes(LokiScan *so, LokiFlatScan *flat)
{
	const LokiTidSet *tids = so->filter.nodes.tids;

	if (so->filter.has_map)
	{
		Assert(so->filter.within != NULL && so->filter.within == tids);
		loki_flat_start(so, flat);
		/* few of the nodes have other rows, as those that are noted are looked up: TID need not be read of all */
		flat->check = LOKI_CHECK_LATER;
		loki_visited_reset(&so->search);
		loki_visited_reserve(&so->search, so->filter.map.count);
		/* what the map finds need not be looked up in the set; what it does not know is, below */
		so->filter.nodes.tids = NULL;
		loki_row_lookup_read(&so->filter.map, so->filter.within, visit_mapped, flat);
		so->filter.nodes.tids = tids;
		loki_flat_nodes(flat, so->filter.map.list.end, so->flat.seen_nodes);
		loki_flat_finish(flat);
		if (loki_sorted_list_valid(&so->filter.map.list))
			return;
		so->filter.has_map = false;
	}
	if (so->filter.has_list)
	{
		if (loki_flat_list(so, flat))
			return;
		so->filter.has_list = false;
	}
	loki_flat_start(so, flat);
	loki_flat_nodes(flat, 0, so->flat.seen_nodes);
	loki_flat_finish(flat);
}

/*
 * How many candidates the first flat scan keeps, as far as memory allows: more by coarse codes, whose errors put
 * the nearest rows farther back.
 */
static double
first_size(const LokiScan *so)
{
	int			first = so->state->code.bits < 4 ||
		loki_column_encoded(&so->state->column) ? 256 : LOKI_FIRST_SELECTION;

	return Max(first, 4.0 * so->course.batch_left);
}

/*
 * Whether flat scans of this list read its 1-bit sketches first: not those that may leave nothing to
 * chance, and not if the list is hardly longer than what they keep.
 */
bool
loki_flat_goes_by_sketches(const LokiScan *so)
{
	return so->filter.list.sketched && !so->plan.exact && !so->plan.certain &&
		first_size(so) * LOKI_SHORT_LIST <= so->filter.list.count;
}

/*
 * How many candidates to keep: a few of those that the caller will want, many if only bounds
 * are known of them, and eight times as many each time; not more than fit the scan's memory.
 */
static uint32
selection_size(LokiScan *so)
{
	/* settings may allow for more memory than there are node IDs */
	double		most = Min(Max(1000, so->search.budget.memory_limit / 4 / sizeof(LokiCandidate)),
						   LOKI_MAX_NUMBER);
	double		wanted = first_size(so);

	/* all nodes within the bound; otherwise there may be another flat scan */
	if (so->plan.certain && so->filter.bound_all)
		wanted = most;
	else if (so->plan.certain && !so->terms.bounded)
		wanted = Max(wanted, 4096);
	else
		wanted = Max(wanted, loki_account_needed(so));
	for (int i = 0; i < so->flat.selections && wanted < most; i++)
		wanted *= 8;
	return (uint32) Min(wanted, most);
}

/*
 * When flat scans have found all nodes that pass the filter: let those pass that only a
 * guess excludes.  False if there are none.
 */
bool
loki_flat_doubt(LokiScan *so)
{
	Assert(so->course.phase == LOKI_SCAN_FLAT && !(so->filter.nodes.guess && so->plan.exact));
	if (!so->filter.nodes.guess || !so->flat.last)
		return false;
	so->filter.nodes.guess = false;
	so->flat.last = false;
	return true;
}

/*
 * Whether flat scans have left nodes behind that may be nearer than the rows at hand, which are the
 * batch's.  That is so
 *	- if codes do not show which nodes are the nearest, as in a walk, or excluded none of those
 *	  that were kept: the more nodes were kept for each row, the farther the errors of codes are followed.
 *	  But not if a row is as far as the last one since values are few: codes are exact, or nine of ten rows
 *	  are tied.  In a tight cluster some are, by chance;
 *	- if a row is beyond the horizon, and more nodes were needed than are known up to it: more rows
 *	  are wanted than the scan expected, or many nodes are dead.  If flat scans took the place of
 *	  a walk, a row beyond the horizon is enough: the filter may drop all rows of the best codes.
 */
bool
loki_flat_falls_short(const LokiScan *so)
{
	const LokiRow *rows = so->ranking.rows;
	uint32		n = so->course.batch_left;
	double		farthest = rows[n - 1].distance;
	bool		tied = so->ranking.nrows > n && rows[n].distance == farthest;
	double		ties = 0;
	/* nodes for the rows that flat scans have been asked for, or found to be none */
	double		needed = so->course.returned - so->flat.returned + n +
		so->ranking.rowless.n - so->flat.rowless;

	if (so->course.phase != LOKI_SCAN_FLAT || so->plan.certain || so->flat.last)
		return false;
	for (uint32 i = 1; i < so->ranking.nrows && tied; i++)
		ties += rows[i].distance == rows[i - 1].distance;
	if (!(tied && (so->queue.error == 0 || ties >= 0.9 * (so->ranking.nrows - 1))) &&
		((so->queue.next == so->queue.n && so->rerank.next == so->rerank.n &&
		  (!loki_column_encoded(&so->state->column) ||
		   so->flat.kept < LOKI_ENCODINGS_PER_ROW(&so->state->column) * needed)) ||
		 loki_refine_doubts(so, farthest, 1 - Min(needed / so->flat.kept, 1))))
		return true;
	return (so->course.walk_end == LOKI_WALK_CONVERGED || needed > so->flat.known) &&
		!(loki_operator_distance(so->query.metric, so->flat.horizon) > farthest);
}

/* There is a next selection: the nodes of the first are queued. */
static void
see_selected(LokiScan *so)
{
	if (so->flat.selected == NULL)
		return;
	begin_seen(so);
	for (uint32 i = 0; i < so->flat.nselected; i++)
		mark_seen(so, so->flat.selected[i]);
	pfree(so->flat.selected);
	so->flat.selected = NULL;
}

/* Nodes that are queued by the refine or the rerank queue are to be read. */
static void
unsee_queued(LokiScan *so, const LokiCandidate *nodes, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
		if (nodes[i].node < so->flat.seen_nodes)
			so->flat.seen[nodes[i].node / 8] &= ~(1 << (nodes[i].node % 8));
}

/*
 * See scan.h.  If a flat scan has left nothing behind, what is queued is all that is left.  Nodes that only a guess
 * excludes are left in any case.
 */
const uint8 *
loki_flat_end(LokiScan *so)
{
	Assert(so->course.phase == LOKI_SCAN_FLAT);
	see_selected(so);
	if (so->flat.seen == NULL)
		begin_seen(so);
	if (so->flat.last && !so->filter.nodes.guess)
		memset(so->flat.seen, 0xff, (Size) so->flat.seen_nodes / 8 + 1);
	unsee_queued(so, so->queue.candidates + so->queue.next, so->queue.n - so->queue.next);
	unsee_queued(so, so->rerank.nodes + so->rerank.next, so->rerank.n - so->rerank.next);
	so->filter.nodes.guess = false;
	so->flat.last = true;
	so->flat.beyond = false;
	so->flat.horizon = get_float8_infinity();
	return so->flat.seen;
}

/* Queue the best nodes that were not queued before; false if there are none. */
bool
loki_flat_select(LokiScan *so)
{
	LokiFlatScan flat = {0};
	LokiSelection *selection = &flat.selection;
	bool		narrow;

	Assert(so->course.phase == LOKI_SCAN_FLAT);
	if (so->flat.last)
		return loki_rest_more(so);
	see_selected(so);
	selection->capacity = selection_size(so);
	selection->allocated = Min(selection->capacity, 1024);
	selection->heap = palloc_array(LokiCandidate, selection->allocated);
	select_nodes(so, &flat);
	so->work.flat_scans++;
	so->flat.selections++;
	Assert(!selection->overflowed || selection->n == selection->capacity);
	so->flat.last = !selection->overflowed;
	so->flat.horizon = so->flat.last ? get_float8_infinity() : selection->heap[0].distance;

	/*
	 * what 1-bit sketches left behind may be nearer than the last of the
	 * selection
	 */
	narrow = flat.horizon < so->flat.horizon;
	if (narrow)
		so->flat.horizon = flat.horizon;
	so->flat.kept += selection->n;
	so->flat.known += narrow ? flat.nearest : selection->n;
	Assert(so->flat.known <= so->flat.kept);
	if (flat.few != NULL)
	{
		loki_refine_pass_by(so, flat.few->nodes, flat.few->n);
		pfree(selection->heap);
		return flat.few->n > 0;
	}

	loki_candidates_sort(selection->heap, selection->n);
	if ((!so->flat.last || so->flat.beyond || so->filter.nodes.guess) && so->flat.seen == NULL)
	{
		/*
		 * In case there is a next selection.  Mostly there is none, and a
		 * bitmap of all nodes costs more than a short flat scan.
		 */
		so->flat.selected = MemoryContextAllocHuge(so->context,
												   mul_size(selection->n, sizeof(uint32)));
		so->flat.nselected = selection->n;
		for (uint32 i = 0; i < selection->n; i++)
			so->flat.selected[i] = selection->heap[i].node;
	}
	for (uint32 i = 0; i < selection->n; i++)
		mark_seen(so, selection->heap[i].node);
	if (so->plan.certain)
		loki_refine_queue(so, selection->heap, selection->n);
	else
		loki_refine_add(so, selection->heap, selection->n);
	pfree(selection->heap);
	return selection->n > 0;
}
