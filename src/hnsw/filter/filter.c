/*-------------------------------------------------------------------------
 *
 * filter.c
 *	  Filters over nodes: for the neighbors of a node, or the slots of a page,
 *	  at a time.
 *
 * The executor evaluates a filter row by row, and an index-only scan of nbtree tests one tuple at a
 * time.  Here, for each node that is scored, a filter is tested on hundreds, and a call for each would
 * take too long.  So slots of an attribute are brought together, and tested all at once
 * (filter/match.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/filter.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/filter/filter.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"

/* Nodes whose slots are copied out together: the neighbors of a node on layer 0, with m = 32 */
#define FILTER_BATCH	64

/* Duplicates of a node that are looked up in a set; one that has more passes, to be tested by its rows */
#define FILTER_DUPLICATES	64

/* Pages of DUPLICATE that are told apart by their ordinal modulo this */
#define LIST_PAGES			128

/* See filter.h.  Tests point to the keys, which note by themselves whether rows need a recheck. */
void
loki_node_filter_make(LokiNodeFilter *filter, const LokiFilter *keys,
					  const LokiTidSet *tids)
{
	int			most = keys->nkeys + 1;

	filter->ntests = 0;
	filter->never = keys->never;
	filter->guess = keys->guesses;
	filter->known = NULL;
	filter->tids = tids;
	filter->tests = loki_grow(CurrentMemoryContext, filter->tests, &filter->tests_allocated, most, 1,
							  sizeof(LokiTest));
	for (int i = 0; i < keys->nkeys; i++)
	{
		LokiTest	test = {.kind = LOKI_CONDITION_KEY, .key = &keys->keys[i]};

		test.attribute = test.key->attribute;
		filter->tests[filter->ntests++] = test;
	}
	if (keys->has_condition)
		filter->tests[filter->ntests++] = keys->condition;
	Assert(filter->ntests <= most);
	filter->any = filter->ntests > 0 || tids != NULL;
}

/* Clear passes[] of those of n nodes, LOKI_TEST_BATCH at most, that pass none of a test's parts. */
static void
test_any(const LokiTest *test, LokiKeyTester tester, void *arg, int n, uint8 *passes)
{
	uint8		any[LOKI_TEST_BATCH];
	uint8		part[LOKI_TEST_BATCH];

	Assert(n <= LOKI_TEST_BATCH);
	check_stack_depth();
	memset(any, 0, n);
	for (int i = 0; i < test->nparts; i++)
	{
		memcpy(part, passes, n);
		loki_test(&test->parts[i], tester, arg, n, part);
		for (int k = 0; k < n; k++)
			any[k] |= part[k];
	}
	memcpy(passes, any, n);
}

/* See filter.h.  A test is a tree as deep as the condition: test_any() checks the stack. */
void
loki_test(const LokiTest *test, LokiKeyTester tester, void *arg, int n, uint8 *passes)
{
	if (test->kind == LOKI_CONDITION_KEY)
		tester(arg, test, n, passes);
	else if (test->kind == LOKI_CONDITION_ANY)
		test_any(test, tester, arg, n, passes);
	else
		for (int i = 0; i < test->nparts; i++)
			loki_test(&test->parts[i], tester, arg, n, passes);
}

/* ----------------------------------------------------------------
 * Testing nodes
 * ----------------------------------------------------------------
 */

/* TID lists of nodes, of which none has passed yet */
typedef struct NodeLists
{
	int			n;
	struct
	{
		uint32		head;		/* the next slot */
		int16		place;		/* of its node */
		int16		next;		/* list whose next slot may be on the same
								 * page; -1: none */
		uint8		read;		/* slots before this one */
	}			lists[LOKI_TEST_BATCH];
} NodeLists;

/*
 * Follow a list as long as it stays on a page of DUPLICATE, which is share locked: to LOKI_NONE at its end, or if its
 * node passes.  That has its slots next to each other, as two are claimed together.  A list that changes in between
 * passes, and so does a long one.
 */
static uint32
follow_list(const LokiTidSet *tids, uint32 node, Page page, uint32 used, uint32 first, uint32 head, uint8 *read,
			uint8 *pass)
{
	LokiDuplicateData *slots = (LokiDuplicateData *) LokiPageSlot(page, sizeof(LokiDuplicateData), 0);

	*pass = false;
	while (head - first < used && !*pass)
	{
		LokiDuplicateData *slot = &slots[head - first];

		*pass = slot->node != node || (*read)++ == FILTER_DUPLICATES || loki_tids_has(tids, &slot->heap);
		head = slot->next;
	}
	return *pass ? LOKI_NONE : head;
}

/*
 * Set passes[] of nodes that have TID lists: whether some row may be in the set.  Each page of DUPLICATE is locked once
 * for all lists that go on there, as a lock takes longer than to look up a row.
 */
static void
test_lists(LokiSearch *search, const uint32 *nodes, NodeLists *waiting, uint8 *passes)
{
	const LokiSlotArray *slots = &search->state->arrays[LOKI_SLOTS_DUPLICATE];
	int16		first[LIST_PAGES];
	int			n = waiting->n;

	for (int left; n > 0; n = left)
	{
		memset(first, -1, sizeof(first));
		for (int i = 0; i < n; i++)
		{
			uint32		place;
			uint32		bucket = loki_slot_page(slots, waiting->lists[i].head, &place) % LIST_PAGES;

			waiting->lists[i].next = first[bucket];
			first[bucket] = (int16) i;
		}
		for (int bucket = 0; bucket < LIST_PAGES; bucket++)
		{
			uint32		ordinal;
			uint32		place;
			Buffer		buffer;
			Page		page;
			int			used;

			if (first[bucket] < 0)
				continue;
			ordinal = loki_slot_page(slots, waiting->lists[first[bucket]].head, &place);
			page = loki_page_lock(search->state, search->index, LOKI_SLOTS_DUPLICATE, ordinal, &buffer, &used);
			for (int i = first[bucket]; i >= 0; i = waiting->lists[i].next)
				if (loki_slot_page(slots, waiting->lists[i].head, &place) == ordinal)
				{
					uint8	   *pass = &passes[waiting->lists[i].place];

					*pass = page == NULL || (int) place >= used;
					waiting->lists[i].head = *pass ? LOKI_NONE :
						follow_list(search->filter->tids, nodes[waiting->lists[i].place], page, used,
									ordinal * slots->per_page, waiting->lists[i].head, &waiting->lists[i].read, pass);
				}
			if (page != NULL)
				UnlockReleaseBuffer(buffer);
		}
		left = 0;
		for (int i = 0; i < n; i++)
			if (waiting->lists[i].head != LOKI_NONE)
				waiting->lists[left++] = waiting->lists[i];
	}
}

/* Clear passes[] of nodes that have no row in the set; those with TID lists wait, from `first` on. */
static void
test_tids(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes, int first, NodeLists *waiting)
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
		if (LokiTidIsLive(&tid) && LokiTidState(&tid) == LOKI_TID_LIST)
		{
			waiting->lists[waiting->n].head = LokiTidListHead(&tid);
			waiting->lists[waiting->n].place = (int16) (first + place[i]);
			waiting->lists[waiting->n++].read = 0;
		}
		passes[place[i]] = LokiTidIsLive(&tid) && LokiTidState(&tid) != LOKI_TID_LIST &&
			loki_tids_has(search->filter->tids, &tid.u.heap);
	}
}

/* Nodes that lie anywhere, and their slots of an attribute */
typedef struct CopiedSlots
{
	LokiSearch *search;
	const uint32 *nodes;
	int			attribute;		/* -1: none yet */
	char		slots[FILTER_BATCH * LOKI_ATTR_MAX_SLOT];
} CopiedSlots;

/* LokiKeyTester: slots are copied once for all tests on an attribute that follow each other. */
static void
test_copied(void *arg, const LokiTest *test, int n, uint8 *passes)
{
	CopiedSlots *copied = arg;
	LokiSearch *search = copied->search;
	int			array = LOKI_SLOTS_ATTR + test->attribute;

	Assert(test->attribute < search->state->nattributes);
	if (test->attribute != copied->attribute)
		loki_slots_copy(search->state, search->index, array, copied->nodes, n,
						!search->in_recovery, copied->slots);
	copied->attribute = test->attribute;
	loki_slots_test(test, search->filter->guess, copied->slots,
					search->state->arrays[array].slot_size, n, passes);
}

/*
 * See filter.h.  Counts the nodes as filtered, and those that pass as matched.  Tests that most often fail need not come
 * first: all are made.
 */
int
loki_filter_nodes(LokiSearch *search, const uint32 *nodes, int n, uint8 *passes)
{
	const LokiNodeFilter *filter = search->filter;
	NodeLists	waiting;
	CopiedSlots copied;
	int			passed = 0;

	waiting.n = 0;
	copied.search = search;
	memset(passes, 1, n);
	Assert(n <= LOKI_TEST_BATCH);
	Assert(filter->any && !filter->never);
	Assert(loki_no_buffer_locked());
	for (int first = 0; first < n; first += FILTER_BATCH)
	{
		int			batch = Min(FILTER_BATCH, n - first);

		copied.nodes = nodes + first;
		copied.attribute = -1;
		for (int i = 0; i < filter->ntests; i++)
		{
			const LokiTest *test = &filter->tests[i];

			if (test->kind != LOKI_CONDITION_KEY)
				loki_test(test, test_copied, &copied, batch, passes + first);
			else if (test->key != filter->known)
				test_copied(&copied, test, batch, passes + first);
		}
		if (filter->tids != NULL)
			test_tids(search, nodes + first, batch, passes + first, first, &waiting);
	}
	test_lists(search, nodes, &waiting, passes);
	for (int i = 0; i < n; i++)
		passed += passes[i];
	search->count.filtered += n;
	search->count.matched += passed;
	return passed;
}
