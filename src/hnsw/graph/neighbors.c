/*-------------------------------------------------------------------------
 *
 * neighbors.c
 *	  Neighbor lists in pages: reading and choosing them.
 *
 * Layer 0 (LINK) and the layers above it (UPPER) differ only in the form of their slots; a
 * LokiList stands for either.  A LINK slot has node IDs plus 1, so that 0 ends the list and a page of
 * zeroes is one of empty lists.  An UPPER slot has a count, and for each neighbor its node ID and its
 * own UPPER slot.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/neighbors.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/neighbors.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"

/*
 * Allocate scratch memory for `capacity` candidates, or for the lists of a node and one more link if
 * that is more.  It is in the current context, and is not freed.
 */
void
loki_linker_begin(LokiLinker *linker, Relation index, LokiIndex *state, int capacity)
{
	capacity = Max(capacity, 2 * state->m + 1);

	memset(linker, 0, sizeof(LokiLinker));
	linker->index = index;
	linker->state = state;
	linker->capacity = capacity;
	linker->candidates = palloc_array(LokiLinkCandidate, capacity);
	linker->code_space = palloc(mul_size(capacity, state->quantizer->code_size));
	linker->own = palloc(state->quantizer->code_size);
	linker->query = loki_alloc_queries(CurrentMemoryContext, state->quantizer, 1);
	linker->scratch = loki_alloc_queries(CurrentMemoryContext, state->quantizer, 1);
	linker->codes = palloc_array(const void *, capacity);
	linker->distances = palloc_array(float, capacity);
	linker->selected = palloc_array(int, capacity);
	linker->slot = palloc(Max(state->arrays[LOKI_SLOTS_LINK].slot_size,
							  state->arrays[LOKI_SLOTS_UPPER].slot_size));
}

/* Add a candidate; those past the capacity are dropped. */
void
loki_linker_add(LokiLinker *linker, uint32 node, uint32 slot, float distance)
{
	if (linker->n < linker->capacity)
		linker->candidates[linker->n++] = (LokiLinkCandidate) {distance, node, slot, NULL};
}

/* Nearest first; those at one distance by node ID, as loki_compare_candidates() */
#define ST_SORT sort_candidates
#define ST_ELEMENT_TYPE LokiLinkCandidate
#define ST_COMPARE(a, b) \
	((a)->distance != (b)->distance ? ((a)->distance < (b)->distance ? -1 : 1) : \
	 ((a)->node > (b)->node) - ((a)->node < (b)->node))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Copy a node's slot out under a pin, without the lock of its page. */
static void
copy_pinned(LokiIndex *state, Relation index, int array, uint32 node, void *slot)
{
	uint32		place;
	uint32		size = state->arrays[array].slot_size;
	BlockNumber block = loki_slot_block(state, index, array, node, &place);
	Buffer		buffer = loki_buffer_read(state, index, block);

	Assert(!RecoveryInProgress());
	loki_slot_array_page_check(state, index, buffer, array);
	memcpy(slot, LokiPageSlot(BufferGetPage(buffer), size, place), size);
	ReleaseBuffer(buffer);
}

/*
 * Copy a node's code out.  It is read without content lock, because its bytes were written
 * before the node could be reached.  Leaves no pin.
 */
void
loki_code_read(LokiIndex *state, Relation index, uint32 node, char *code)
{
	if (!loki_slot_peek(state, index, LOKI_SLOTS_CODE, node, code))
		copy_pinned(state, index, LOKI_SLOTS_CODE, node, code);
}

#ifdef USE_ASSERT_CHECKING
/* Whether a place for a code has that of a candidate */
static bool
is_place_taken(const LokiLinker *linker, const char *place)
{
	for (int i = 0; i < linker->n; i++)
		if (linker->candidates[i].code == place)
			return true;
	return false;
}
#endif

/*
 * Copy the codes of candidates that have none yet, into the places that are theirs.  Those of a run are
 * copied at once, so that they are fetched together.  No content lock may be held; leaves no pin.
 */
static void
copy_candidate_codes(LokiLinker *linker)
{
	uint32		size = linker->state->quantizer->code_size;
	uint32		nodes[64];
	int			n;

	for (int first = 0; first < linker->n; first += Max(n, 1))
	{
		char	   *codes = linker->code_space + (Size) first * size;

		for (n = 0; n < (int) lengthof(nodes) && first + n < linker->n; n++)
		{
			LokiLinkCandidate *candidate = &linker->candidates[first + n];

			if (candidate->code != NULL)
				break;
			Assert(first + n < linker->capacity && !is_place_taken(linker, codes + (Size) n * size));
			candidate->code = codes + (Size) n * size;
			nodes[n] = candidate->node;
		}
		loki_slots_copy(linker->state, linker->index, LOKI_SLOTS_CODE, nodes, n, true, codes);
	}
}

/* See neighbors.h.  Takes no content lock, and leaves no pin. */
void
loki_linker_score(LokiLinker *linker, uint32 node)
{
	const LokiQuantizer *quantizer = linker->state->quantizer;

	copy_candidate_codes(linker);
	loki_code_read(linker->state, linker->index, node, linker->own);
	quantizer->prepare_code(quantizer, linker->own, linker->query);
	for (int i = 0; i < linker->n; i++)
		linker->codes[i] = linker->candidates[i].code;
	quantizer->score(quantizer, linker->query, linker->codes, linker->n,
					 linker->distances);
	for (int i = 0; i < linker->n; i++)
		linker->candidates[i].distance =
			isfinite(linker->distances[i]) ? linker->distances[i] : FLT_MAX;
	sort_candidates(linker->candidates, linker->n);
}

/*
 * Whether a node is in the graph and may be linked to.  Its state, which changes in two bytes (I6), is read
 * without a lock: inserts hold the lock of the page of the newest nodes for whole records.  An insert that
 * takes a node for live which vacuum marks just now is one that vacuum waits for (V1 of vacuum/README).
 */
bool
loki_node_is_live(LokiIndex *state, Relation index, uint32 node)
{
	LokiTidData tid;

	if (!loki_slot_peek(state, index, LOKI_SLOTS_TID, node, &tid))
		copy_pinned(state, index, LOKI_SLOTS_TID, node, &tid);
	return LokiTidIsLive(&tid);
}

/* Begin to fetch the slots of a list's nodes, of a slot array that has one for each node. */
void
loki_list_prefetch(LokiLinker *linker, const LokiList *list, int array)
{
	for (int i = 0; i < list->count; i++)
		loki_slot_prefetch(linker->state, linker->index, array, list->nodes[i]);
}

/*
 * Whether a node may be linked to on a layer.  Above layer 0 the UPPER slot must be its own:
 * the slot of a dead node may have been reused, and so may the node.  If they are looked at
 * in this order, both stay as they are while the insert lock is held.
 */
static bool
may_link(LokiLinker *linker, int level, uint32 node, uint32 slot)
{
	LokiListRef ref = {node, slot, level};
	LokiList	list;

	Assert(level >= 0 && level <= LOKI_MAX_LEVEL);
	return loki_node_is_live(linker->state, linker->index, node) &&
		(level == 0 || loki_list_read(linker, &ref, &list));
}

/*
 * Drop candidates that may not be linked to; whether there were any.  The codes of those behind them
 * are to be read again.
 */
bool
loki_linker_drop_dead(LokiLinker *linker, int level)
{
	int			kept = 0;
	int			n = linker->n;

	for (int i = 0; i < n; i++)
	{
		LokiLinkCandidate *candidate = &linker->candidates[i];

		if (!may_link(linker, level, candidate->node, candidate->slot))
			continue;
		if (kept < i)
			candidate->code = NULL; /* its place is that of another now */
		linker->candidates[kept++] = *candidate;
	}
	linker->n = kept;
	return kept < n;
}

/*
 * Choose up to max of the candidates, which are sorted, into selected[], and fill up to `fill`; returns the
 * number chosen.  Their codes are known, unless no more than `fill` are there.  If `wanted` is not chosen,
 * unless that is LOKI_NONE, none may be.
 */
static int
select_candidates(LokiLinker *linker, int max, int fill, uint32 wanted)
{
	LokiLinkChoice from = {linker->n, linker->distances, linker->codes};

	for (int i = 0; i < linker->n; i++)
	{
		Assert(linker->candidates[i].code != NULL || linker->n <= fill);
		Assert(i == 0 || linker->candidates[i - 1].distance <= linker->candidates[i].distance);
		linker->codes[i] = linker->candidates[i].code;
		linker->distances[i] = linker->candidates[i].distance;
		if (linker->candidates[i].node == wanted)
			from.sought = i;
	}
	return loki_select_neighbors(linker->state->quantizer, &from, max, fill, linker->scratch,
								 linker->selected, &linker->nkept);
}

/*
 * Choose up to max of the candidates, which are sorted.  With check_live, only the chosen
 * ones are looked at, until one proves to be dead; then all are, once.  Share locks, one at a time.  A
 * list without `wanted` may be left empty, unless that is LOKI_NONE.
 */
int
loki_linker_choose(LokiLinker *linker, int level, int max, bool check_live, uint32 wanted, LokiList *list)
{
	int			fill = Min(LokiFillLinks(linker->state->m), max);

	for (;; check_live = false)
	{
		int			nselected;
		int			nlive = 0;

		if (linker->n > fill)
			copy_candidate_codes(linker);
		nselected = select_candidates(linker, max, fill, wanted);
		list->count = 0;
		for (int i = 0; i < nselected; i++)
			loki_list_push(list, linker->candidates[linker->selected[i]].node,
						   linker->candidates[linker->selected[i]].slot);
		if (check_live)
			loki_list_prefetch(linker, list, LOKI_SLOTS_TID);
		while (check_live && nlive < list->count &&
			   may_link(linker, level, list->nodes[nlive], list->slots[nlive]))
			nlive++;
		if (!check_live || nlive == list->count)
			break;
		loki_linker_drop_dead(linker, level);
	}
	Assert(list->count <= max && max <= loki_list_max(level, linker->state->m));
	return list->count;
}

/*
 * Add to a list on layer 0, which was chosen among the candidates before `first`, those that are
 * farther, live, and kept by the rule among all.  Share locks, one at a time.
 */
void
loki_linker_choose_farther(LokiLinker *linker, int first, LokiList *list)
{
	int			max = loki_list_max(0, linker->state->m);
	int			nselected;

	copy_candidate_codes(linker);
	nselected = select_candidates(linker, max, 0, LOKI_NONE);
	for (int i = 0; i < nselected && list->count < max; i++)
	{
		uint32		node = linker->candidates[linker->selected[i]].node;

		Assert(i == 0 || linker->selected[i] > linker->selected[i - 1]);
		if (linker->selected[i] >= first && may_link(linker, 0, node, LOKI_NONE))
			loki_list_push(list, node, LOKI_NONE);
	}
}

/* ----------------------------------------------------------------
 * Lists in slots
 * ----------------------------------------------------------------
 */

/* Read the list of a slot, which is a copy or on a locked page. */
void
loki_list_get(Relation index, const void *slot, int level, int m, LokiList *list)
{
	const LokiLinkData *link = slot;
	const LokiUpperData *upper = slot;

	list->count = level == 0 ? loki_link_count(link, m) : upper->count;
	if (level > LOKI_MAX_LEVEL || list->count > loki_list_max(level, m))
		loki_damaged(index, psprintf("It has %d neighbors on layer %d, of at most %d.",
									 list->count, level, loki_list_max(level, m)),
					 "has a damaged list of links");
	for (int i = 0; i < list->count; i++)
	{
		list->nodes[i] = level == 0 ? link->neighbors[i] - 1 : upper->neighbors[i].node;
		list->slots[i] = level == 0 ? LOKI_NONE : upper->neighbors[i].slot;
	}
}

/*
 * Read the list of a slot as loki_list_get() does, if it is the one that is meant.  An UPPER slot whose
 * node vacuum has freed may be another's, and is not then.
 */
bool
loki_list_get_own(LokiLinker *linker, const void *slot, const LokiListRef *ref, LokiList *list)
{
	const LokiUpperData *upper = slot;

	Assert(ref->level >= 0 && ref->level <= LOKI_MAX_LEVEL);
	if (ref->level > 0 && (upper->node != ref->node || upper->level != ref->level))
		return false;
	loki_list_get(linker->index, slot, ref->level, linker->state->m, list);
	return true;
}

/* Copy a list out under share lock; false if the slot is now another's */
bool
loki_list_read(LokiLinker *linker, const LokiListRef *ref, LokiList *list)
{
	return loki_slot_read(linker->state, linker->index, loki_list_slot_array(ref->level),
						  loki_list_slot(ref), linker->slot) &&
		loki_list_get_own(linker, linker->slot, ref, list);
}

/*
 * The same without a lock where that can be done, for callers that only want to know what
 * surrounds a node: the copy may have links of two states.
 */
bool
loki_list_peek(LokiLinker *linker, const LokiListRef *ref, LokiList *list)
{
	if (!loki_slot_peek(linker->state, linker->index, loki_list_slot_array(ref->level),
						loki_list_slot(ref), linker->slot))
		return loki_list_read(linker, ref, list);
	return loki_list_get_own(linker, linker->slot, ref, list);
}

/*
 * Whether a list has a link, without a lock where that can be done.  On layer 0 all words of the slot are
 * compared, since those behind its end are zero or were links a moment ago.
 */
bool
loki_list_leads_to(LokiLinker *linker, const LokiListRef *ref, uint32 node)
{
	const LokiLinkData *link = (const LokiLinkData *) linker->slot;
	LokiList	list;
	bool		found = false;

	if (ref->level > 0)
		return loki_list_peek(linker, ref, &list) && loki_list_contains(&list, node);
	if (!loki_slot_peek(linker->state, linker->index, LOKI_SLOTS_LINK, ref->node, linker->slot) &&
		!loki_slot_read(linker->state, linker->index, LOKI_SLOTS_LINK, ref->node, linker->slot))
		return false;
	for (int i = 0; i < 2 * linker->state->m; i++)
		found |= link->neighbors[i] == node + 1;
	return found;
}

/* Write a list into a slot that is a copy, and zeroes into its unused part. */
void
loki_list_put(void *slot, int level, int m, const LokiList *list)
{
	LokiLinkData *link = slot;
	LokiUpperData *upper = slot;
	int			max = loki_list_max(level, m);

	Assert(list->count <= max);
	if (level == 0)
	{
		for (int i = 0; i < list->count; i++)
			link->neighbors[i] = list->nodes[i] + 1;
		memset(link->neighbors + list->count, 0, sizeof(uint32) * (max - list->count));
		return;
	}
	Assert(upper->level == level && upper->node < LOKI_MAX_NUMBER);
	upper->count = (uint8) list->count;
	for (int i = 0; i < list->count; i++)
	{
		upper->neighbors[i].node = list->nodes[i];
		upper->neighbors[i].slot = list->slots[i];
	}
	memset(upper->neighbors + list->count, 0,
		   sizeof(LokiUpperNeighbor) * (max - list->count));
}

/* See neighbors.h.  Lists are compared byte by byte, but not the slots of layer 0, which are not set. */
bool
loki_list_equal(const LokiList *a, const LokiList *b, int level)
{
	Size		size = sizeof(uint32) * a->count;

	return a->count == b->count && memcmp(a->nodes, b->nodes, size) == 0 &&
		(level == 0 || memcmp(a->slots, b->slots, size) == 0);
}
