/*-------------------------------------------------------------------------
 *
 * flat.c
 *	  Passes over all nodes, which make a scan complete: those that the walk
 *	  did not reach, in the order of their codes.
 *
 * A pass reads the attributes that the filter names, in the order of their
 * pages, and TID and CODE of the nodes that pass.  It keeps the best, more from
 * pass to pass, as far as they fit the scan's memory; when they are used up, the
 * next pass finds the best of the rest.  Which nodes were handed out is one bit
 * a node, once there is something left to find.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/flat.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/* Nodes whose attributes are tested at once, and those that are scored so */
#define TEST_BATCH		2048
#define SCORE_BATCH		64

/*
 * Candidates that the first pass keeps, at least, by codes of at least so many
 * bits, and by coarser ones; each later one keeps more
 */
#define FINE_BITS			4
#define FIRST_SELECTION		64
#define FIRST_COARSE		256
#define FIRST_CERTAIN		4096
#define MORE_SELECTION	8

/* Nodes that are only looked at again, for each of a row that the map knows, as
 * long as what it names is selected without a look at TID */
#define MAX_STALE	0.25

/* The best nodes of a pass: a max-heap by distance */
typedef struct Selection
{
	LokiCandidate *heap;
	uint32		n;
	uint32		allocated;
	uint32		capacity;
	bool		overflowed;		/* something was left behind */
} Selection;

/* When to look whether nodes are live and have a row that the scan is kept to */
typedef enum PassCheck
{
	CHECK_GATHERED,				/* before they are scored: few may have */
	CHECK_SELECTED,				/* once they are known to be near */
	CHECK_LATER					/* when their rows are read: hardly any has
								 * not */
} PassCheck;

/* A pass: nodes that wait to be scored, while the codes of others are fetched */
typedef struct Pass
{
	LokiScan   *so;
	Selection	selection;
	LokiBatch  *gathered;		/* nodes that passed so far ... */
	LokiBatch  *waiting;		/* ... and those before them */
	PassCheck	check;
	LokiBatch  *few;			/* all that were found, not scored; or NULL */
} Pass;

/* Whether some row of a node is one that the scan is kept to */
static bool
passes_tids(LokiScan *so, uint32 node, LokiTidData *slot)
{
	if (so->filter.within == NULL)
		return true;
	if (LokiTidState(slot) != LOKI_TID_LIST)
		return loki_is_within(so, &slot->u.heap);
	loki_node_tids(so, node, &so->ranking.tids);
	return so->ranking.tids.n > 0;
}

/* ----------------------------------------------------------------
 * Selections by code
 * ----------------------------------------------------------------
 */

static bool
is_seen(const LokiScan *so, uint32 node)
{
	return so->flat.seen != NULL && (so->flat.seen[node / 8] & (1 << (node % 8)));
}

static void
mark_seen(LokiScan *so, uint32 node)
{
	if (so->flat.seen != NULL && node < so->flat.seen_nodes)
		so->flat.seen[node / 8] |= 1 << (node % 8);
}

/* From now on remember what is handed out. */
static void
begin_seen(LokiScan *so)
{
	so->flat.seen = MemoryContextAllocExtended(so->context, (Size) so->flat.seen_nodes / 8 + 1,
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * Go on with new codes, in a scan that is certain: what is queued is not known to be
 * anywhere, and what was left behind may not be beyond the bound.
 */
void
loki_flat_requantized(LokiScan *so)
{
	loki_refine_forget(so);
	so->flat.last = so->flat.last && !so->flat.beyond;
	so->queue.horizon = so->flat.last ? get_float8_infinity() : -get_float8_infinity();
	so->flat.beyond = false;
}

/* Begin passes: remember what the walk handed out. */
void
loki_flat_begin(LokiScan *so)
{
	LokiSearch *search = &so->search;

	loki_index_refresh(so->state, so->scan->indexRelation);
	so->flat.seen_nodes = loki_node_end(so->state, so->scan->indexRelation);
	if (so->flat.seen != NULL)
		pfree(so->flat.seen);
	if (so->flat.selected != NULL)
		pfree(so->flat.selected);
	so->flat.seen = NULL;
	so->flat.selected = NULL;
	so->flat.selections = 0;
	so->flat.last = so->flat.beyond = false;
	so->queue.horizon = -get_float8_infinity();

	if (!so->search_ready || !so->flat.walk_taken)
		return;
	begin_seen(so);
	for (uint32 i = 0; i < search->kept.nscored; i++)
		if (search->kept.scored[i].flags & LOKI_SCORED_TAKEN)
			mark_seen(so, search->kept.scored[i].node);
	if (!search->kept.by_heap)
		for (int i = 0; i < search->npool; i++)
			mark_seen(so, search->pool[i].node & ~LOKI_EXPANDED);
}

static void
sift_down(LokiCandidate *heap, uint32 n, uint32 i)
{
	LokiCandidate item = heap[i];

	for (;;)
	{
		uint32		child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && heap[child + 1].distance > heap[child].distance)
			child++;
		if (heap[child].distance <= item.distance)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = item;
}

static void
select_candidate(Selection *selection, float distance, uint32 node)
{
	if (selection->n < selection->capacity)
	{
		if (selection->n == selection->allocated)
		{
			selection->allocated = Min(selection->capacity, selection->allocated * 2);
			selection->heap = repalloc_huge(selection->heap,
											mul_size(selection->allocated, sizeof(LokiCandidate)));
		}
		selection->heap[selection->n].distance = distance;
		selection->heap[selection->n++].node = node;
		/* full: from here on only better ones replace the worst */
		if (selection->n == selection->capacity)
			for (uint32 i = selection->n / 2; i-- > 0;)
				sift_down(selection->heap, selection->n, i);
		return;
	}
	selection->overflowed = true;
	if (distance < selection->heap[0].distance)
	{
		selection->heap[0].distance = distance;
		selection->heap[0].node = node;
		sift_down(selection->heap, selection->n, 0);
	}
}

/* Whether a node with such a TID slot is live and has a row that the scan is kept to */
static bool
is_wanted(LokiScan *so, uint32 node, const char *bytes)
{
	LokiTidData slot = {0};
	int			state;

	memcpy(&slot, bytes, so->state->arrays[LOKI_SLOTS_TID].slot_size);
	state = LokiTidState(&slot);
	if (state != LOKI_TID_LIVE && state != LOKI_TID_LIST && state != LOKI_TID_KILLED)
		return false;
	return !loki_is_killed(so, &slot) && passes_tids(so, node, &slot);
}

/*
 * Keep those of n nodes, no more than a batch, that are live and have a row that
 * the scan is kept to; estimates[], if any, with them.  Returns how many they are.
 *
 * Without a lock a state is read whole, but not with the TID that goes with it.  A
 * node that passes all the same is found out when its row is to be read; one that
 * does not is looked at again.
 */
static int
keep_live(LokiScan *so, uint32 *nodes, float *estimates, int n)
{
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	char		slots[SCORE_BATCH * LOKI_TID_LONG];
	int			kept = 0;

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
 * Take the best of a batch that was scored.  Only of these need be known whether
 * they are live.
 */
static void
select_batch(Pass *pass, LokiBatch *batch, float *estimates)
{
	Selection  *selection = &pass->selection;
	int			n = 0;

	for (int i = 0; i < batch->n; i++)
		if (selection->n < selection->capacity ||
			estimates[i] < selection->heap[0].distance)
		{
			estimates[n] = estimates[i];
			batch->nodes[n++] = batch->nodes[i];
		}
	selection->overflowed = selection->overflowed || n < batch->n;
	if (n > 0 && pass->check == CHECK_SELECTED)
		n = keep_live(pass->so, batch->nodes, estimates, n);
	for (int i = 0; i < n; i++)
		select_candidate(selection, estimates[i], batch->nodes[i]);
}

/*
 * Take the best of those gathered by bounds that hold always.  What is beyond the
 * scan's bound is left behind for good.
 */
static void
select_certain(Pass *pass)
{
	LokiScan   *so = pass->so;
	LokiBatch  *batch = pass->gathered;
	float		bounds[SCORE_BATCH];
	int			n = 0;

	loki_refine_bounds(so, batch->nodes, batch->n, bounds);
	for (int i = 0; i < batch->n; i++)
		if (!loki_is_bounded(so) || !(bounds[i] > so->filter.bound))
		{
			bounds[n] = bounds[i];
			batch->nodes[n++] = batch->nodes[i];
		}
	so->flat.beyond |= n < batch->n;
	batch->n = n;
	select_batch(pass, batch, bounds);
	batch->n = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Score the nodes before those gathered, while the codes of these are fetched. */
static void
score_gathered(Pass *pass)
{
	LokiSearch *search = &pass->so->search;
	LokiBatch  *batch = pass->waiting;
	float		estimates[SCORE_BATCH];

	if (pass->check == CHECK_GATHERED)
		pass->gathered->n = keep_live(pass->so, pass->gathered->nodes, NULL,
									  pass->gathered->n);
	if (pass->so->plan.certain)
	{
		select_certain(pass);
		return;
	}
	loki_search_fetch(search, pass->gathered);
	if (batch->n > 0)
	{
		loki_scan_query(pass->so);
		loki_search_score_batch(search, batch, estimates);
		select_batch(pass, batch, estimates);
	}
	batch->n = 0;
	pass->waiting = pass->gathered;
	pass->gathered = batch;
	CHECK_FOR_INTERRUPTS();
}

/*
 * Score what is left.  Where a pass found no more nodes than rows are wanted, these
 * are all looked at: their codes say nothing that is worth to read them, and to make
 * the query ready for that.
 */
static void
finish_pass(Pass *pass)
{
	LokiScan   *so = pass->so;
	LokiBatch  *found = pass->gathered;

	if (pass->waiting->n == 0 && pass->selection.n == 0 && !pass->selection.overflowed &&
		found->n <= so->course.batch_left && !loki_is_bounded(so))
	{
		pass->few = found;
		found->n = keep_live(so, found->nodes, NULL, found->n);
		return;
	}
	score_gathered(pass);
	score_gathered(pass);
}

/* A node whose attributes pass */
static inline void
gather(Pass *pass, uint32 node)
{
	LokiScan   *so = pass->so;

	if (is_seen(so, node))
		return;
	if (pass->check == CHECK_GATHERED)
		loki_slot_prefetch(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, node);
	pass->gathered->nodes[pass->gathered->n++] = node;
	if (pass->gathered->n == SCORE_BATCH)
		score_gathered(pass);
}

/*
 * Test an attribute of the n nodes from `first` on, page by page.  What is
 * written later is not seen, nor is its row visible to the scan.
 */
static void
test_nodes(LokiScan *so, const LokiTest *test, uint32 first, uint32 n, uint8 *passes)
{
	Relation	index = so->scan->indexRelation;
	int			number = LOKI_SLOTS_ATTR + test->attribute;
	LokiSlotArray *array = &so->state->arrays[number];

	while (n > 0)
	{
		uint32		place;
		uint32		ordinal = loki_slot_page(array, first, &place);
		uint32		most = Min(n, array->per_page - place);
		int			used = 0;

		if (ordinal < array->npages)
		{
			Buffer		buffer;
			Page		page = loki_page_lock(so->state, index, number, ordinal, &buffer, &used);

			used = Max(0, Min(used - (int) place, (int) most));
			loki_key_test(test->key, LokiPageSlot(page, array->slot_size, place),
						  array->slot_size, used, passes);
			UnlockReleaseBuffer(buffer);
		}
		memset(passes + used, 0, most - used);
		first += most;
		passes += most;
		n -= most;
	}
}

/*
 * Test whether the nodes' rows are in the set that the scan is kept to, page by
 * page; chains are left for when a node's slot is read.
 */
static void
test_rows(LokiScan *so, uint32 first, uint32 n, uint8 *passes)
{
	Relation	index = so->scan->indexRelation;
	LokiSlotArray *array = &so->state->arrays[LOKI_SLOTS_TID];

	while (n > 0)
	{
		uint32		place;
		uint32		ordinal = loki_slot_page(array, first, &place);
		uint32		most = Min(n, array->per_page - place);

		if (ordinal < array->npages)
		{
			Buffer		buffer;
			int			used;
			Page		page = loki_page_lock(so->state, index, LOKI_SLOTS_TID, ordinal, &buffer,
											  &used);

			for (int i = 0; i < Min(used - (int) place, (int) most); i++)
			{
				LokiTidData *slot = (LokiTidData *)
					LokiPageSlot(page, array->slot_size, place + i);

				if (LokiTidState(slot) != LOKI_TID_LIST)
					passes[i] &= loki_is_within(so, &slot->u.heap);
			}
			UnlockReleaseBuffer(buffer);
		}
		first += most;
		passes += most;
		n -= most;
	}
}

/* Nodes up to `end`, all of which may exist */
static void
pass_nodes(Pass *pass, uint32 first, uint32 end)
{
	LokiScan   *so = pass->so;
	uint8		passes[TEST_BATCH];
	uint32		begin = Min(first, end);

	for (; first < end; first += TEST_BATCH)
	{
		uint32		n = Min(TEST_BATCH, end - first);

		CHECK_FOR_INTERRUPTS();
		memset(passes, 1, n);
		memset(passes + n, 0, TEST_BATCH - n);
		for (int i = 0; i < so->filter.nodes.ntests; i++)
			test_nodes(so, &so->filter.nodes.tests[i], first, n, passes);
		if (so->filter.within != NULL)
			test_rows(so, first, n, passes);
		for (uint32 i = 0; i < n; i += sizeof(uint64))
		{
			uint64		word;

			memcpy(&word, passes + i, sizeof(word));
			if (word == 0)
				continue;
			so->search.count.matched += pg_popcount64(word);
			for (uint32 k = i; k < i + sizeof(uint64); k++)
				if (passes[k])
					gather(pass, first + k);
		}
	}
	if (so->filter.nodes.ntests > 0 || so->filter.within != NULL)
		so->search.count.filtered += end - begin;
}

/* Test n nodes, no more than a batch, one by one. */
static void
pass_batch(Pass *pass, const uint32 *nodes, int n)
{
	uint8		passes[SCORE_BATCH];

	if (n == 0)
		return;
	loki_filter_nodes(&pass->so->search, nodes, n, passes);
	for (int i = 0; i < n; i++)
		if (passes[i])
			gather(pass, nodes[i]);
}

/* Nodes of a list, but for those that REUSED names */
static void
pass_places(Pass *pass, uint32 place, uint32 end)
{
	LokiLookup *lookup = &pass->so->filter.list;
	uint32		listed[LOKI_LOOKUP_READ];
	uint32		batch[SCORE_BATCH];
	int			n = 0;

	while (place < end)
	{
		uint32		read = loki_lookup_read(lookup, place, end, listed);

		if (read == 0)
			break;
		place += read;
		for (uint32 i = 0; i < read; i++)
		{
			if (listed[i] >= lookup->sorted_lists.end ||
				loki_bits_have(&lookup->reused, listed[i]) ||
				(lookup->repeats && !loki_visit(&pass->so->search, listed[i])))
				continue;
			batch[n++] = listed[i];
			if (n == SCORE_BATCH)
			{
				pass_batch(pass, batch, n);
				n = 0;
			}
		}
		CHECK_FOR_INTERRUPTS();
	}
	pass_batch(pass, batch, n);
}

/*
 * The same for places of one value, or range.  Where the list says that a node
 * passes the key, its attribute is not read: it was not used again, so that it
 * is what it was.  Numbers do not tell lossy values from exact ones, so rows are
 * checked again where there may be both.
 */
static void
pass_range(Pass *pass, const LokiPlaces *places)
{
	LokiScan   *so = pass->so;
	LokiFilterKey *key = so->filter.list.key;

	pass_places(pass, places->first, places->sure_first);
	if (places->sure_first < places->sure_end)
	{
		key->perhaps |= loki_attr_type_lossy((LokiAttrType) key->type) &&
			key->kind != LOKI_FILTER_ISNULL;
		so->filter.nodes.known = key;
		pass_places(pass, places->sure_first, places->sure_end);
		so->filter.nodes.known = NULL;
	}
	pass_places(pass, Max(places->first, places->sure_end), places->end);
}

/* Nodes that REUSED names */
static void
pass_reused(Pass *pass)
{
	uint32		nodes[LOKI_REUSED_UNIT];
	uint32		next = 0;
	int			n;

	while ((n = loki_bits_next(&pass->so->filter.list.reused, &next, nodes)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		pass_batch(pass, nodes, n);
	}
}

static void
begin_pass(LokiScan *so, Pass *pass)
{
	pass->so = so;
	pass->gathered = &so->search.scratch.batches[0];
	pass->waiting = &so->search.scratch.batches[1];
	pass->gathered->n = pass->waiting->n = 0;
	pass->selection.n = 0;
	pass->selection.overflowed = false;
	pass->check = CHECK_SELECTED;
	pass->few = NULL;
}

/*
 * A pass over the nodes of a list, and those that lists do not know; false if the
 * lists were made anew meanwhile.
 */
static bool
select_listed(LokiScan *so, Pass *pass)
{
	LokiLookup *lookup = &so->filter.list;
	const LokiTidSet *tids = so->filter.nodes.tids;

	/* rows of a set are looked up under lock, when TID is read */
	begin_pass(so, pass);
	pass->check = so->filter.within != NULL ? CHECK_GATHERED : CHECK_SELECTED;
	if (lookup->repeats)
	{
		loki_visited_reset(&so->search);
		loki_visited_reserve(&so->search, lookup->count);
	}
	so->filter.nodes.tids = NULL;
	for (int i = 0; i < lookup->nplaces; i++)
		pass_range(pass, &lookup->places[i]);
	pass_reused(pass);
	so->filter.nodes.tids = tids;
	pass_nodes(pass, lookup->sorted_lists.end, so->flat.seen_nodes);
	finish_pass(pass);
	return loki_side_valid(so->scan->indexRelation, LOKI_META_SORTED_LISTS,
						   lookup->sorted_lists.generation);
}

/* Nodes that the map has of the set's rows: each is tested once. */
static void
visit_mapped(void *arg, const uint32 *nodes, int n)
{
	Pass	   *pass = arg;
	uint32		batch[SCORE_BATCH];
	int			nbatch = 0;

	for (int i = 0; i < n; i++)
	{
		if (!loki_visit(&pass->so->search, nodes[i]))
			continue;
		batch[nbatch++] = nodes[i];
		if (nbatch == SCORE_BATCH)
		{
			pass_batch(pass, batch, nbatch);
			nbatch = 0;
		}
	}
	pass_batch(pass, batch, nbatch);
}

/*
 * A pass over the nodes of the set's rows; false if the map was made anew
 * meanwhile.
 */
static bool
select_mapped(LokiScan *so, Pass *pass)
{
	const LokiTidSet *tids = so->filter.nodes.tids;

	begin_pass(so, pass);
	if (so->filter.map.stale <= so->filter.map.count * MAX_STALE)
		pass->check = CHECK_LATER;
	loki_visited_reset(&so->search);
	loki_visited_reserve(&so->search, so->filter.map.count + so->filter.map.stale);
	so->filter.nodes.tids = NULL;
	loki_row_lookup_read(&so->filter.map, so->filter.within, visit_mapped, pass);
	so->filter.nodes.tids = tids;
	pass_nodes(pass, so->filter.map.map.end, so->flat.seen_nodes);
	finish_pass(pass);
	return loki_side_valid(so->scan->indexRelation, LOKI_META_ROWMAP,
						   so->filter.map.generation);
}

/*
 * One pass over all nodes not seen yet, or those of a list, or of the set's rows.
 */
static void
select_nodes(LokiScan *so, Pass *pass)
{
	if (so->filter.has_map)
	{
		if (select_mapped(so, pass))
			return;
		so->filter.has_map = false;
	}
	if (so->filter.has_list)
	{
		if (select_listed(so, pass))
			return;
		so->filter.has_list = false;
	}
	begin_pass(so, pass);
	pass_nodes(pass, 0, so->flat.seen_nodes);
	finish_pass(pass);
}

/*
 * How many candidates to keep: a few of those that the caller will want, and
 * more each time; not more than fit the scan's memory.
 */
static uint32
selection_size(LokiScan *so)
{
	/* settings allow for more memory than numbers of nodes have bits */
	double		most = Min(Max(1000, so->search.budget.memory_limit / 4 / sizeof(LokiCandidate)),
						   LOKI_MAX_NUMBER);
	int			first = so->state->code.bits < FINE_BITS ||
		loki_column_sketched(&so->state->column) ? FIRST_COARSE : FIRST_SELECTION;
	double		wanted = Max(first, 4.0 * so->course.batch_left);

	/* all within the bound, or as many as there is another pass for */
	if (so->plan.certain)
		wanted = so->filter.bound_all ? most : Max(wanted, FIRST_CERTAIN);
	for (int i = 0; i < so->flat.selections && wanted < most; i++)
		wanted *= MORE_SELECTION;
	return (uint32) Min(wanted, most);
}

/*
 * Keep the nodes of the first selection, for the next one to know them: there is
 * none mostly, and a bit for each node of the index costs more than a short pass.
 */
static void
keep_selected(LokiScan *so, const Selection *selection)
{
	so->flat.selected = MemoryContextAllocHuge(so->context, mul_size(selection->n, sizeof(uint32)));
	so->flat.nselected = selection->n;
	for (uint32 i = 0; i < selection->n; i++)
		so->flat.selected[i] = selection->heap[i].node;
}

static void
mark_selected(LokiScan *so)
{
	begin_seen(so);
	for (uint32 i = 0; i < so->flat.nselected; i++)
		mark_seen(so, so->flat.selected[i]);
	pfree(so->flat.selected);
	so->flat.selected = NULL;
}

/*
 * Queue the best nodes not seen before for ranking; false if there are none.
 */
bool
loki_flat_select(LokiScan *so)
{
	Pass		pass = {0};
	Selection  *selection = &pass.selection;

	if (so->flat.last)
		return false;
	if (so->flat.selected != NULL)
		mark_selected(so);
	selection->capacity = selection_size(so);
	selection->allocated = Min(selection->capacity, 1024);
	selection->heap = palloc_array(LokiCandidate, selection->allocated);
	select_nodes(so, &pass);
	so->work.flat_scans++;
	so->flat.selections++;
	so->flat.last = !selection->overflowed;
	so->queue.horizon = so->flat.last ? get_float8_infinity() : selection->heap[0].distance;
	if (pass.few != NULL)
	{
		loki_refine_pass_by(so, pass.few->nodes, pass.few->n);
		pfree(selection->heap);
		return pass.few->n > 0;
	}

	qsort(selection->heap, selection->n, sizeof(LokiCandidate), loki_compare_candidates);
	if ((!so->flat.last || so->flat.beyond) && so->flat.seen == NULL)
		keep_selected(so, selection);
	for (uint32 i = 0; i < selection->n; i++)
		mark_seen(so, selection->heap[i].node);
	if (so->plan.certain)
		loki_refine_queue(so, selection->heap, selection->n);
	else
		loki_refine_add(so, selection->heap, selection->n);
	pfree(selection->heap);
	return selection->n > 0;
}
