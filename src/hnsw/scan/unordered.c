/*-------------------------------------------------------------------------
 *
 * unordered.c
 *	  Streams of TIDs without an order: rows whose distance is NULL or NaN.
 *
 * ORDER BY puts them last, NaN before NULL.  So they are asked for only when a scan has returned all
 * others, which few do, or when the query itself has no direction.  A pass over the slots is good enough.
 * Pages are copied one at a time, and nothing stays locked or pinned between two rows.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/unordered.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"

/* Begin a stream, in one of the phases that return rows without a distance. */
void
loki_stream_begin(LokiScan *so)
{
	Assert(so->course.phase == LOKI_SCAN_UNORDERED || so->course.phase == LOKI_SCAN_ZERO_NORM ||
		   so->course.phase == LOKI_SCAN_NULL);
	if (so->unordered.page == NULL)
		so->unordered.page = MemoryContextAlloc(so->context, BLCKSZ);
	/* rows that were committed before the scan's snapshot have slots on pages that are known from here on */
	loki_index_refresh(so->state, so->scan->indexRelation);
	so->unordered.ordinal = so->unordered.place = so->unordered.tid = 0;
	loki_set_tid(so, NULL);
}

/* A slot of TID or NULLTID, and the arrays of its attributes */
typedef struct StreamSlot
{
	LokiScan   *so;
	int			first_array;
	uint32		number;
} StreamSlot;

/* LokiKeyTester: attributes are read slot by slot; what only a guess excludes passes */
static void
test_slot(void *arg, const LokiTest *test, int n, uint8 *passes)
{
	StreamSlot *slot = arg;
	char		value[LOKI_ATTR_MAX_SLOT];

	Assert(n == 1);
	if (loki_slot_read(slot->so->state, slot->so->scan->indexRelation,
					   slot->first_array + test->attribute, slot->number, value))
		loki_slots_test(test, false, value, 0, 1, passes);
	else
		*passes = 0;			/* not written yet, so the row is newer than the snapshot */
}

/* Whether one row passes the filter */
static bool
stream_matches(LokiScan *so, int first_array, uint32 number)
{
	StreamSlot	slot = {so, first_array, number};
	uint8		passes = 1;

	for (int i = 0; i < so->filter.nodes.ntests && passes; i++)
		loki_test(&so->filter.nodes.tests[i], test_slot, &slot, 1, &passes);
	return passes != 0;
}

/*
 * The next TID; false at the end.  For NULLTID, flags is LOKI_TID_ZERO_NORM or 0; for TID it
 * is not used.  No page may be locked by the caller; none is locked or pinned afterwards.
 */
bool
loki_stream_next(LokiScan *so, int array, uint16 flags, ItemPointer tid)
{
	LokiSlotArray *slots = &so->state->arrays[array];

	for (;;)
	{
		if (so->unordered.tid < so->tids.n)
		{
			*tid = so->tids.rows[so->unordered.tid++].tid;
			return true;
		}
		if (so->unordered.ordinal >= slots->npages)
			return false;
		if (so->unordered.place == 0)
		{
			CHECK_FOR_INTERRUPTS();
			(void) loki_page_copy(so->state, so->scan->indexRelation, array,
								  so->unordered.ordinal, NULL, so->unordered.page);
			/* rows of NULLTID go without a change of the metapage */
			TestForOldSnapshot(so->scan->xs_snapshot, so->scan->indexRelation, (Page) so->unordered.page);
		}
		if ((int) so->unordered.place < LokiPageUsed((Page) so->unordered.page, slots->slot_size))
		{
			uint32		number = so->unordered.ordinal * slots->per_page + so->unordered.place;
			LokiTidData *slot = (LokiTidData *)
				LokiPageSlot(so->unordered.page, slots->slot_size, so->unordered.place++);

			so->unordered.tid = 0;
			loki_set_tid(so, NULL);
			/* a node's rows may be many; both kinds of NULLTID rows are in one array, told apart by the flag */
			if (!LokiTidIsLive(slot))
				continue;
			if (array == LOKI_SLOTS_TID && stream_matches(so, LOKI_SLOTS_ATTR, number))
				loki_node_tids(so, number);
			else if (array != LOKI_SLOTS_TID && (slot->state & LOKI_TID_ZERO_NORM) == flags &&
					 loki_is_within(so, &slot->u.heap) && stream_matches(so, LOKI_SLOTS_NULLATTR, number))
				loki_set_tid(so, &slot->u.heap);
		}
		else
		{
			so->unordered.ordinal++;
			so->unordered.place = 0;
		}
	}
}
