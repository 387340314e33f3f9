/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Filters over nodes: for the neighbors of a node, or the slots of a page,
 *	  at a time.
 *
 * For each node that is scored, a filter is tested on hundreds.  A call for each
 * would take too long.  So slots of an attribute are brought together, and tested
 * all at once (filter/match.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/filter.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/filter/filter.h"
#include "hnsw/page/page.h"

/* Nodes whose slots are copied out together */
#define FILTER_BATCH	64

/* Duplicates of a node that are looked up in a set; one that has more passes */
#define FILTER_DUPLICATES	64

void
loki_node_filter_make(LokiNodeFilter *filter, const LokiFilter *keys,
					  const LokiTidSet *tids)
{
	filter->ntests = 0;
	filter->never = keys->never;
	filter->known = NULL;
	filter->tids = tids;
	filter->any = keys->nkeys > 0 || tids != NULL;
	if (keys->nkeys > filter->tests_allocated)
	{
		if (filter->tests != NULL)
			pfree(filter->tests);
		filter->tests = palloc_array(LokiTest, keys->nkeys);
		filter->tests_allocated = keys->nkeys;
	}
	for (int i = 0; i < keys->nkeys; i++)
	{
		LokiTest   *test = &filter->tests[filter->ntests++];

		test->key = &keys->keys[i];
		test->attribute = test->key->attribute;
	}
}

/* ----------------------------------------------------------------
 * Testing nodes
 * ----------------------------------------------------------------
 */

/*
 * Whether some duplicate of a node's TID list may be in the set.  Each slot is copied out
 * under its own lock.  A list that changes meanwhile passes, and so does a long one.
 */
static bool
duplicates_pass(LokiSearch *search, uint32 node, uint32 head)
{
	LokiDuplicateData slot;

	for (int i = 0; i < FILTER_DUPLICATES && head != LOKI_NONE; i++)
	{
		if (!loki_slot_read(search->state, search->index, LOKI_SLOTS_DUPLICATE, head, &slot) ||
			slot.node != node)
			return true;
		if (loki_tids_has(search->filter->tids, &slot.heap))
			return true;
		head = slot.next;
	}
	return head != LOKI_NONE;
}

static bool
tid_passes(LokiSearch *search, uint32 node, const LokiTidData *slot)
{
	switch (LokiTidState(slot))
	{
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
			return loki_tids_has(search->filter->tids, (ItemPointer) &slot->u.heap);
		case LOKI_TID_LIST:
			return duplicates_pass(search, node, LokiTidListHead(slot));
		default:
			return false;
	}
}

/* Clear passes[] of nodes that have no row in the set. */
static void
test_tids(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	uint32		slot_size = search->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint32		left[FILTER_BATCH];
	int			place[FILTER_BATCH];
	char		slots[FILTER_BATCH * LOKI_TID_LONG];
	int			nleft = 0;

	Assert(n <= FILTER_BATCH && slot_size <= LOKI_TID_LONG);
	for (int i = 0; i < n; i++)
		if (passes[i])
		{
			place[nleft] = i;
			left[nleft++] = nodes[i];
		}
	loki_slots_copy(search->state, search->index, LOKI_SLOTS_TID, left, nleft,
					!search->in_recovery, slots);
	for (int i = 0; i < nleft; i++)
	{
		LokiTidData tid = {0};

		memcpy(&tid, slots + (Size) i * slot_size, slot_size);
		passes[place[i]] = tid_passes(search, left[i], &tid);
	}
}

static void
filter_batch(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	const LokiNodeFilter *filter = search->filter;
	char		slots[FILTER_BATCH * LOKI_ATTR_MAX_SLOT];
	int			attribute = -1;

	memset(passes, 1, n);
	for (int i = 0; i < filter->ntests; i++)
	{
		const LokiTest *test = &filter->tests[i];
		int			array = LOKI_SLOTS_ATTR + test->attribute;

		Assert(test->attribute < search->state->nattributes);
		if (test->key == filter->known)
			continue;
		if (test->attribute != attribute)
			loki_slots_copy(search->state, search->index, array, nodes, n,
							!search->in_recovery, slots);
		attribute = test->attribute;
		loki_key_test(test->key, slots, search->state->arrays[array].slot_size, n, passes);
	}
	if (filter->tids != NULL)
		test_tids(search, nodes, n, passes);
}

int
loki_filter_nodes(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	int			passed = 0;

	Assert(search->filter->any && !search->filter->never);
	for (int i = 0; i < n; i += FILTER_BATCH)
		filter_batch(search, nodes + i, Min(FILTER_BATCH, n - i), passes + i);
	for (int i = 0; i < n; i++)
		passed += passes[i];
	search->count.filtered += n;
	search->count.matched += passed;
	return passed;
}
