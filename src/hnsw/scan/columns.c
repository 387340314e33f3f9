/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  Rows out of the index alone, as an index-only scan has them: in no order, with the values
 *	  of attributes.
 *
 * Attributes of a range of nodes are tested and copied, then distances are bounded from below and
 * above, then heap TIDs are read.  A row that is within the bound for certain need not be fetched if
 * the visibility map says that all rows of its page are visible to everyone.  Core's index-only scans
 * keep VACUUM from removing the row before they look at the map by a pin of the index page.  Here:
 *
 * - The map is looked at while the TID page is share locked, and has the entry.  VACUUM takes the
 *	 entry away, under the exclusive lock, before it lets the heap TID be used again and marks its
 *	 page; so the map is right about this row.  Rows of a TID list are looked at without the lock.  They
 *	 count as fetched if the page has another LSN afterwards (every change of an entry is a record
 *	 that the TID page is part of, I8 in src/hnsw/README).  Reading a page of the map
 *	 may take long, so the lock is given up for it, and the entry looked at again.
 *
 * - The attributes that were read before are the row's.  Otherwise the node was freed and used again
 *	 since, by a transaction that ran when the scan's snapshot was taken, and no row of that is
 *	 visible to everyone as long as the snapshot is there; on a standby, replay cancels it before.
 *
 * An insert clears the bit of its page in the map before it writes the index entry.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/columns.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/flat.h"
#include "hnsw/statistics/statistics.h"
#include "storage/predicate.h"

/* What is known of a node: passes[] of the flat scans' tests, and more */
enum
{
	BEYOND,						/* none of its rows is wanted */
	OPEN,						/* they have to be fetched */
	WITHIN						/* they match for certain */
};

/* See hnsw.h.  What is wanted of a row must not change while there is memory for slots of a range. */
void
loki_hnsw_return_columns(IndexScanDesc scan, LokiIndexRow *row)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	Assert(so->course.phase == LOKI_SCAN_START);
	so->columns.row = row;
}

/* Begin the phase: note which nodes there are, and make room for the slots of a range of them. */
void
loki_columns_begin(LokiScan *so)
{
	LokiColumns *columns = &so->columns;
	Size		size = 0;

	Assert(so->course.phase == LOKI_SCAN_COLUMNS);
	loki_index_refresh(so->state, so->scan->indexRelation);
	columns->node = 0;
	columns->end = loki_node_end(so->state, so->scan->indexRelation);
	columns->n = columns->next = 0;
	for (int i = 0; i < so->state->nattributes; i++)
	{
		columns->offsets[i] = size;
		if (columns->row->wanted[i])
			size += LOKI_TEST_BATCH * (Size) so->state->arrays[LOKI_SLOTS_ATTR + i].slot_size;
	}
	if (columns->slots == NULL)
		columns->slots = MemoryContextAlloc(so->context, size + 1);
	so->work.flat_scans++;
}

/* ----------------------------------------------------------------
 * Nodes
 * ----------------------------------------------------------------
 */

/* Whether a float may overflow in which an operator adds up what makes such a distance, such as squares */
static bool
may_overflow(float distance)
{
	return isinf(2 * distance * distance);
}

/* Decide by codes which of the nodes that match are within the bound, where operators do not overflow. */
static void
judge_nodes(LokiScan *so, uint32 first, uint32 n, uint8 *nodes)
{
	uint32		batch[LOKI_SCORE_BATCH];
	float		least[LOKI_SCORE_BATCH];
	float		most[LOKI_SCORE_BATCH];
	int			nbatch = 0;

	for (uint32 i = 0; i <= n; i++)
	{
		if (i < n && nodes[i] != BEYOND)
			batch[nbatch++] = first + i;
		if (nbatch < LOKI_SCORE_BATCH && (i < n || nbatch == 0))
			continue;
		CHECK_FOR_INTERRUPTS();
		loki_refine_bounds(so, batch, nbatch, least, most);
		for (int k = 0; k < nbatch; k++)
			nodes[batch[k] - first] = may_overflow(least[k]) ? OPEN :
				least[k] > so->filter.bound ? BEYOND :
				most[k] <= so->columns.row->sure && !may_overflow(most[k]) ? WITHIN : OPEN;
		nbatch = 0;
	}
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* Append a row of the node at a place of the range; it is known if it is visible to everyone, too. */
static void
add_column_row(LokiScan *so, const ItemPointerData *tid, uint32 place, bool within)
{
	LokiColumns *columns = &so->columns;

	Assert(place < LOKI_TEST_BATCH);
	columns->rows = loki_grow(so->context, columns->rows, &columns->allocated, columns->n + 1,
							  LOKI_TEST_BATCH, sizeof(LokiColumnsRow));
	columns->rows[columns->n++] =
		(LokiColumnsRow) {*tid, (uint16) place, within && loki_on_visible_page(so, tid)};
}

/* Add the rows of a node that has a TID list; no page may be locked. */
static void
add_listed_rows(LokiScan *so, uint32 first, uint32 place, bool within)
{
	Relation	index = so->scan->indexRelation;
	uint32		begin = so->columns.n;
	LokiPagePart part;
	bool		same;

	loki_node_tids(so, first + place);
	for (uint32 i = 0; i < so->tids.n; i++)
		add_column_row(so, &so->tids.rows[i].tid, place, within);
	loki_part_lock(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, first + place, 1, &part);
	same = part.used > 0 && RelationNeedsWAL(index) &&
		BufferGetLSNAtomic(part.buffer) == so->tids.lsn;
	if (part.used > 0)
		UnlockReleaseBuffer(part.buffer);
	for (uint32 i = begin; i < so->columns.n && !same; i++)
		so->columns.rows[i].known = false;
}

/*
 * Add the rows of nodes from `first` on.  A row whose page of the visibility map is not pinned ends what is
 * done under one lock.  It is the first under the next one, unless the map has no such page.
 */
static void
add_column_rows(LokiScan *so, uint32 first, uint32 n, const uint8 *nodes)
{
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	uint16		lists[LOKI_TEST_BATCH];
	int			nlists = 0;
	uint32		done = 0;

	while (done < n)
	{
		ItemPointerData unknown;
		LokiPagePart part;

		ItemPointerSetInvalid(&unknown);
		loki_part_lock(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, first + done, n - done, &part);
		for (uint32 i = 0; i < part.used; i++)
		{
			LokiTidData *slot = (LokiTidData *) (part.slots + (Size) i * slot_size);
			bool		within = nodes[done + i] == WITHIN && so->heap.is_heap;

			if (nodes[done + i] == BEYOND || !LokiTidIsLive(slot) || loki_is_killed(so, slot))
				continue;
			if (LokiTidState(slot) == LOKI_TID_LIST)
				lists[nlists++] = (uint16) (done + i);
			else if (loki_is_within(so, &slot->u.heap))
			{
				if (within && !loki_map_is_pinned(so, &slot->u.heap))
				{
					unknown = slot->u.heap;
					part.n = i;
					break;
				}
				add_column_row(so, &slot->u.heap, done + i, within);
			}
		}
		if (part.used > 0)
			UnlockReleaseBuffer(part.buffer);
		done += part.n;
		if (ItemPointerIsValid(&unknown) && !loki_on_visible_page(so, &unknown) &&
			!loki_map_is_pinned(so, &unknown))
			add_column_row(so, &unknown, done++, false);
	}
	for (int i = 0; i < nlists; i++)
		add_listed_rows(so, first, lists[i], nodes[lists[i]] == WITHIN);
}

/* Find the rows of the next range of nodes. */
static void
next_range(LokiScan *so)
{
	LokiColumns *columns = &so->columns;
	uint32		first = columns->node;
	uint32		n = Min(LOKI_TEST_BATCH, columns->end - first);
	bool		judged = loki_is_bounded(so) && !so->query.isnull && !so->query.zero;
	uint8		nodes[LOKI_TEST_BATCH];
	instr_time	start;

	Assert(n > 0 && columns->next == columns->n);
	INSTR_TIME_SET_CURRENT(start);
	columns->node += n;
	columns->n = columns->next = 0;
	memset(nodes, OPEN, sizeof(nodes));
	memset(nodes + n, BEYOND, LOKI_TEST_BATCH - n);
	loki_flat_test(so, first, n, nodes);
	if (memchr(nodes, OPEN, n) != NULL)
	{
		/* the slots of attributes that are wanted; a node whose slot has not been written is not live */
		for (int i = 0; i < so->state->nattributes; i++)
		{
			uint32		slot_size = so->state->arrays[LOKI_SLOTS_ATTR + i].slot_size;
			char	   *copy = columns->slots + columns->offsets[i];
			LokiPagePart part;

			for (uint32 done = 0; done < n && columns->row->wanted[i]; done += part.n)
			{
				loki_part_lock(so->state, so->scan->indexRelation, LOKI_SLOTS_ATTR + i, first + done, n - done, &part);
				if (part.used == 0)
					continue;
				memcpy(copy + (Size) done * slot_size, part.slots, (Size) part.used * slot_size);
				UnlockReleaseBuffer(part.buffer);
			}
		}
		if (judged)
			judge_nodes(so, first, n, nodes);

		/*
		 * A scan without a bound may have a caller with one that is no
		 * number, or that no distance from a zero vector meets: its rows stay
		 * open.
		 */
		else if (columns->row->sure == get_float8_infinity())
			for (uint32 i = 0; i < n; i++)
				if (nodes[i] == OPEN)
					nodes[i] = WITHIN;
		add_column_rows(so, first, n, nodes);
	}
	so->work.microseconds += loki_microseconds_since(start);
}

/* Set the caller's values from the slots of a node; false if a slot does not show its value. */
static bool
set_values(LokiScan *so, uint32 place)
{
	LokiIndexRow *row = so->columns.row;

	for (int i = 0; i < so->state->nattributes; i++)
	{
		const char *slot = so->columns.slots + so->columns.offsets[i] +
			(Size) place * so->state->arrays[LOKI_SLOTS_ATTR + i].slot_size;

		if (row->wanted[i] && !loki_attr_returned((LokiAttrType) so->state->attr_type[i], slot,
												  &row->values[i], &row->isnull[i],
												  so->columns.texts[i]))
			return false;
	}
	return true;
}

/*
 * The next row: sets the scan's TID, and the caller's row.  False if the graph has no more.  No page may
 * be locked, and none is afterwards.
 */
bool
loki_columns_next(LokiScan *so)
{
	LokiColumns *columns = &so->columns;
	const LokiColumnsRow *row;

	Assert(loki_no_buffer_locked());
	while (columns->next == columns->n)
	{
		if (columns->node >= columns->end)
			return false;
		next_range(so);
	}
	row = &columns->rows[columns->next++];
	so->scan->xs_heaptid = row->tid;
	columns->row->known = row->known && !loki_filter_needs_recheck(&so->filter.keys) &&
		set_values(so, row->place);
	if (columns->row->known)
		PredicateLockPage(so->scan->heapRelation, ItemPointerGetBlockNumber(&row->tid),
						  so->scan->xs_snapshot);
	return true;
}
