/*-------------------------------------------------------------------------
 *
 * hnswsequential.c
 *	  Passes over all nodes, which make a scan complete: those that the walk
 *	  did not reach, in the order of their codes, and streams of TIDs that
 *	  have no order.
 *
 * A pass reads TID, the attributes that the filter names, and the codes of
 * the nodes that pass.  It keeps the best that fit the scan's memory; when
 * they are used up, the next pass finds the best of the rest.  Which nodes
 * were handed out is one bit a node.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswsequential.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswscan.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#define SCORE_BATCH		64

/*
 * A pass's copies of the attribute pages that it is on, and which of their slots
 * pass
 */
typedef struct TestPages
{
	int			first_family;	/* LOKI_FAMILY_ATTR or _NULLATTR */
	int			n;
	struct
	{
		uint32		page;		/* LOKI_NONE: none yet */
		int			used;
		uint8	   *passes;
	}		   *tests;			/* as in the scan's filter */
} TestPages;

/* The best nodes of a pass: a max-heap by distance */
typedef struct Selection
{
	LokiCandidate *heap;
	uint32		n;
	uint32		allocated;
	uint32		capacity;
	bool		overflowed;		/* something was left behind */
} Selection;

/* Copy a page of a family out under share lock. */
static void
copy_page(LokiScan *so, int family, uint32 ordinal, char *copy)
{
	Relation	index = so->scan->indexRelation;
	Buffer		buffer = loki_buffer_read(so->state, index,
										  loki_page_block(&so->state->families[family], ordinal));

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_page_check(index, buffer, BufferGetPage(buffer), family, ordinal);
	memcpy(copy, BufferGetPage(buffer), BLCKSZ);
	UnlockReleaseBuffer(buffer);
}

static void
test_pages_begin(LokiScan *so, TestPages *pages, int first_family)
{
	pages->first_family = first_family;
	pages->n = so->nodes.ntests;
	pages->tests = palloc(sizeof(*pages->tests) * Max(1, pages->n));
	for (int i = 0; i < pages->n; i++)
	{
		pages->tests[i].page = LOKI_NONE;
		pages->tests[i].passes =
			palloc(so->state->families[first_family + so->nodes.tests[i].attribute].per_page);
	}
}

static void
test_pages_end(TestPages *pages)
{
	for (int i = 0; i < pages->n; i++)
		pfree(pages->tests[i].passes);
	pfree(pages->tests);
}

/* Test all slots of a page. */
static void
test_page(LokiScan *so, TestPages *pages, int i, uint32 page)
{
	const LokiTest *test = &so->nodes.tests[i];
	int			number = pages->first_family + test->attribute;
	LokiFamily *family = &so->state->families[number];

	pages->tests[i].page = page;
	pages->tests[i].used = 0;
	if (page >= family->npages)
		loki_index_refresh(so->state, so->scan->indexRelation);
	if (page >= family->npages)
		return;
	copy_page(so, number, page, so->attribute_page);
	pages->tests[i].used = LokiPageUsed((Page) so->attribute_page, family->slot_size);
	memset(pages->tests[i].passes, 1, family->per_page);
	loki_key_test(test->key, LokiPageSlot(so->attribute_page, family->slot_size, 0),
				  family->slot_size, pages->tests[i].used, pages->tests[i].passes);
}

/*
 * Whether the row with this number has attributes that pass.  Pages are read
 * when a pass comes to them, so an attribute written later is not seen, nor is
 * its row visible to the scan.
 */
static bool
passes_tests(LokiScan *so, TestPages *pages, uint32 number)
{
	for (int i = 0; i < pages->n; i++)
	{
		LokiFamily *family = &so->state->families[pages->first_family +
												  so->nodes.tests[i].attribute];
		uint32		place;
		uint32		page = loki_slot_page(family, number, &place);

		if (page != pages->tests[i].page)
			test_page(so, pages, i, page);
		if ((int) place >= pages->tests[i].used || !pages->tests[i].passes[place])
			return false;
	}
	return true;
}

/* Whether some row of a node is one that the scan is kept to */
static bool
passes_tids(LokiScan *so, uint32 node, LokiTidData *slot)
{
	if (so->within == NULL)
		return true;
	if (LokiTidState(slot) != LOKI_TID_OVERFLOW)
		return loki_is_within(so, &slot->u.heap);
	loki_node_tids(so, node, &so->tids);
	return so->tids.n > 0;
}

/* ----------------------------------------------------------------
 * Selections by code
 * ----------------------------------------------------------------
 */

static bool
is_seen(const LokiScan *so, uint32 node)
{
	return node < so->seen_nodes && (so->seen[node / 8] & (1 << (node % 8)));
}

static void
mark_seen(LokiScan *so, uint32 node)
{
	if (node < so->seen_nodes)
		so->seen[node / 8] |= 1 << (node % 8);
}

/* Begin passes: remember what the walk handed out. */
void
loki_sequential_begin(LokiScan *so)
{
	LokiFamily *tid = &so->state->families[LOKI_FAMILY_TID];
	LokiSearch *search = &so->search;
	Size		bytes;

	loki_index_refresh(so->state, so->scan->indexRelation);
	so->seen_nodes = tid->npages * tid->per_page;
	bytes = (Size) so->seen_nodes / 8 + 1;
	if (so->seen != NULL)
		pfree(so->seen);
	so->seen = MemoryContextAllocExtended(so->context, bytes,
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	so->last_selection = false;

	if (!so->search_ready)
		return;
	for (uint32 i = 0; i < search->nscored; i++)
		if (search->scored[i].flags & LOKI_SCORED_TAKEN)
			mark_seen(so, search->scored[i].node);
	if (!search->by_heap)
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

static void
score_batch(LokiScan *so, Selection *selection, uint32 *batch, int n)
{
	float		estimates[SCORE_BATCH];

	loki_search_score(&so->search, batch, n, estimates);
	for (int i = 0; i < n; i++)
		select_candidate(selection, estimates[i], batch[i]);
}

/* One pass over all nodes not seen yet. */
static void
select_nodes(LokiScan *so, Selection *selection)
{
	uint32		per_page = so->state->families[LOKI_FAMILY_TID].per_page;
	uint32		slot_size = so->state->families[LOKI_FAMILY_TID].slot_size;
	uint32		npages = so->seen_nodes / per_page;
	TestPages	tests;
	uint32		batch[SCORE_BATCH];
	int			nbatch = 0;

	test_pages_begin(so, &tests, LOKI_FAMILY_ATTR);
	for (uint32 page = 0; page < npages; page++)
	{
		int			used;

		CHECK_FOR_INTERRUPTS();
		copy_page(so, LOKI_FAMILY_TID, page, so->page);
		used = LokiPageUsed((Page) so->page, slot_size);
		for (int i = 0; i < used; i++)
		{
			LokiTidData *slot = (LokiTidData *) LokiPageSlot(so->page, slot_size, i);
			int			state = LokiTidState(slot);
			uint32		node = page * per_page + i;

			if (state != LOKI_TID_LIVE && state != LOKI_TID_OVERFLOW &&
				state != LOKI_TID_KILLED)
				continue;
			if (loki_is_killed(so, slot) || is_seen(so, node))
				continue;
			if (!passes_tests(so, &tests, node) || !passes_tids(so, node, slot))
				continue;
			batch[nbatch++] = node;
			if (nbatch == SCORE_BATCH)
			{
				score_batch(so, selection, batch, nbatch);
				nbatch = 0;
			}
		}
	}
	score_batch(so, selection, batch, nbatch);
	test_pages_end(&tests);
}

/*
 * Queue the best nodes not seen before for ranking; false if there are none.
 */
bool
loki_sequential_select(LokiScan *so)
{
	Selection	selection = {0};

	if (so->last_selection)
		return false;
	/* settings allow for more memory than numbers of nodes have bits */
	selection.capacity = (uint32)
		Min(Max(1000, so->search.memory_limit / 4 / sizeof(LokiCandidate)), LOKI_MAX_NUMBER);
	selection.allocated = 1000;
	selection.heap = palloc_array(LokiCandidate, selection.allocated);
	select_nodes(so, &selection);
	so->sequential_passes++;
	so->last_selection = !selection.overflowed;

	qsort(selection.heap, selection.n, sizeof(LokiCandidate), loki_compare_candidates);
	for (uint32 i = 0; i < selection.n; i++)
		mark_seen(so, selection.heap[i].node);
	loki_refine_add(so, selection.heap, selection.n);
	pfree(selection.heap);
	return selection.n > 0;
}

/* ----------------------------------------------------------------
 * Streams of TIDs without order
 * ----------------------------------------------------------------
 */

void
loki_stream_begin(LokiScan *so)
{
	loki_index_refresh(so->state, so->scan->indexRelation);
	so->stream_page = so->stream_place = so->stream_tid = 0;
	so->tids.n = 0;
}

/* Whether one row passes the filter, read slot by slot */
static bool
stream_matches(LokiScan *so, int first_family, uint32 number)
{
	char		value[LOKI_ATTR_MAX_SLOT];
	uint8		passes = 1;

	for (int i = 0; i < so->nodes.ntests; i++)
	{
		const LokiTest *test = &so->nodes.tests[i];

		if (!loki_slot_read(so->state, so->scan->indexRelation,
							first_family + test->attribute, number, value))
			return false;
		loki_key_test(test->key, value, 0, 1, &passes);
	}
	return passes != 0;
}

/* Fill so->tids from the current slot of the stream's page. */
static void
stream_slot(LokiScan *so, int family, uint16 flags)
{
	LokiFamily *fam = &so->state->families[family];
	uint32		number = so->stream_page * fam->per_page + so->stream_place;
	LokiTidData *slot = (LokiTidData *)
		LokiPageSlot(so->page, fam->slot_size, so->stream_place);
	int			state = LokiTidState(slot);

	so->tids.n = so->stream_tid = 0;
	if (state != LOKI_TID_LIVE && state != LOKI_TID_KILLED && state != LOKI_TID_OVERFLOW)
		return;
	if (family == LOKI_FAMILY_TID)
	{
		if (stream_matches(so, LOKI_FAMILY_ATTR, number))
			loki_node_tids(so, number, &so->tids);
	}
	else if ((slot->state & LOKI_TID_ZERO_NORM) == flags &&
			 loki_is_within(so, &slot->u.heap) &&
			 stream_matches(so, LOKI_FAMILY_NULLATTR, number))
		loki_tid_list_add(so, &so->tids, &slot->u.heap);
}

/*
 * The next TID; flags is LOKI_TID_ZERO_NORM or 0 for NULLTID, and not looked
 * at for TID.
 */
bool
loki_stream_next(LokiScan *so, int family, uint16 flags, ItemPointer tid)
{
	LokiFamily *fam = &so->state->families[family];

	for (;;)
	{
		if (so->stream_tid < so->tids.n)
		{
			*tid = so->tids.tids[so->stream_tid++];
			return true;
		}
		if (so->stream_page >= fam->npages)
			return false;
		if (so->stream_place == 0)
		{
			CHECK_FOR_INTERRUPTS();
			copy_page(so, family, so->stream_page, so->page);
		}
		if ((int) so->stream_place < LokiPageUsed((Page) so->page, fam->slot_size))
		{
			stream_slot(so, family, flags);
			so->stream_place++;
		}
		else
		{
			so->stream_page++;
			so->stream_place = 0;
		}
	}
}
