/*-------------------------------------------------------------------------
 *
 * rerank.c
 *	  Reranking the candidates of a scan by the vectors of their rows.
 *
 * This is what the executor does above a GiST scan that sets xs_recheckorderby (IndexNextWithReorder()):
 * a queue by lower bounds, of which a row is returned once its exact distance is below all of them.  It
 * is done here, since there it would fetch one row at a time.
 *
 * Vectors are read in the order of their lower bounds, and only as long as a bound says
 * that a nearer row may still come.  Each vector is some kilobytes from elsewhere, so the
 * bounds are made from REFINE, in the index, first (scan/refine.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/rerank.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "catalog/index.h"
#include "compat/grow.h"
#include "executor/executor.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* Rows that are prefetched while one is read */
#define ROWS_AHEAD		2

/* Rows of a node that are read at first; many more if these are not enough */
#define FIRST_PART		32

/* What values out of line are read through */
static BufferAccessStrategy
toast_ring(void *arg, Relation toast)
{
	LokiScan   *so = arg;

	return loki_row_ring(so->state, toast);
}

/* Prepare for reading rows; the scan's heap relation must be set. */
void
loki_rerank_begin(LokiScan *so)
{
	IndexScanDesc scan = so->scan;

	loki_refine_begin(so);
	so->ranking.fetch_most = PG_UINT32_MAX;
	so->ranking.nrows = so->ranking.next_row = 0;
	so->ranking.npartials = 0;
	so->ranking.dropped = so->ranking.passed = so->ranking.rejected_nearer = 0;
	so->ranking.found = so->ranking.rowless.n = so->ranking.rowless.unseen = so->ranking.rowless.marked = 0;
	so->ranking.bound = so->ranking.passed_bound = FLT_MAX;
	loki_rest_end(so);
	if (so->heap.slot != NULL)
		return;
	so->heap.context = AllocSetContextCreate(so->context, "hnsw scan row",
											 ALLOCSET_DEFAULT_SIZES);
	so->heap.toast.context = so->context;
	so->heap.toast.choose = toast_ring;
	so->heap.toast.choose_arg = so;
	so->heap.slot = table_slot_create(scan->heapRelation, NULL);
	so->heap.is_heap = scan->heapRelation->rd_tableam == GetHeapamTableAmRoutine();
	so->heap.ring = loki_row_ring(so->state, scan->heapRelation);
	so->heap.attribute = scan->indexRelation->rd_index->indkey.values[0];
	if (so->heap.attribute == 0)
	{
		so->heap.index_info = BuildIndexInfo(scan->indexRelation);
		so->heap.estate = CreateExecutorState();
		GetPerTupleExprContext(so->heap.estate)->ecxt_scantuple = so->heap.slot;
	}
}

/* Close the tables, and release the pin of the visibility map that the scan kept. */
void
loki_rerank_end(LokiScan *so)
{
	loki_rest_end(so);
	loki_toast_close(&so->heap.toast);
	if (BufferIsValid(so->heap.visibility))
		ReleaseBuffer(so->heap.visibility);
	if (so->heap.slot != NULL)
		ExecDropSingleTupleTableSlot(so->heap.slot);
	if (so->heap.estate != NULL)
		FreeExecutorState(so->heap.estate);
}

/* See scan.h.  A row that is beyond the scan's bound is left out. */
void
loki_rerank_add(LokiScan *so, double distance, ItemPointerData tid, bool passed)
{
	so->ranking.found++;
	if (loki_is_beyond(so, distance))
		return;
	so->ranking.rows = loki_grow(so->context, so->ranking.rows, &so->ranking.rows_allocated,
								 so->ranking.nrows + 1, 64, sizeof(LokiRow));
	so->ranking.rows[so->ranking.nrows++] = (LokiRow) {distance, tid, passed};
}

/* Whether the page of the visibility map is pinned that tells of a row's page */
bool
loki_map_is_pinned(const LokiScan *so, const ItemPointerData *tid)
{
	return visibilitymap_pin_ok(ItemPointerGetBlockNumberNoCheck(tid), so->heap.visibility);
}

/*
 * Whether a row need not be read to know that it is visible.  Vacuum may have removed the row and
 * marked its page since the TID was read.  The executor drops such a row, unless it does not fetch
 * it (columns.c).  Keeps a page of the visibility map pinned.  That of another row may have to be read,
 * and then no page may be locked.
 */
bool
loki_on_visible_page(LokiScan *so, const ItemPointerData *tid)
{
	Assert(loki_map_is_pinned(so, tid) || loki_no_buffer_locked());
	return so->heap.is_heap &&
		VM_ALL_VISIBLE(so->scan->heapRelation, ItemPointerGetBlockNumberNoCheck(tid),
					   &so->heap.visibility);
}

/*
 * Fetch the row of an index entry into so->heap.slot, if it is visible; a row that is dead
 * to everyone is noted.  The TID is copied, since fetching moves it along the HOT chain,
 * and the executor wants the root.  No page may be locked by the caller: the row's page is
 * locked here, and pages of the index when notes are full.
 */
static bool
fetch_row(LokiScan *so, const LokiEntryRef *entry)
{
	bool		call_again = false;
	bool		all_dead = false;
	ItemPointerData tid = entry->heap;

	Assert(loki_no_buffer_locked());
	so->work.heap_fetches++;
	loki_pin_row_page(so, ItemPointerGetBlockNumberNoCheck(&tid), false);
	if (table_index_fetch_tuple(so->scan->xs_heapfetch, &tid, so->scan->xs_snapshot,
								so->heap.slot, &call_again, &all_dead))
		return true;
	if (all_dead)
		loki_kill_note(so, entry);
	return false;
}

/* The exact distance of a vector; false if it is none or has no direction. */
static bool
value_distance(LokiScan *so, Datum value, bool isnull, double *distance)
{
	const float *values;

	if (so->state->column.type->distance != NULL)
		return loki_value_distance(&so->state->column, value, isnull, so->query.value,
								   distance);
	if (loki_value_open(&so->state->column, value, isnull, &values) != LOKI_VALUE_VECTOR)
		return false;
	*distance = loki_exact_distance(so->query.metric, so->state->dim, so->query.values, values);
	return true;
}

/* The exact distance of the row in so->heap.slot by its vector */
static bool
slot_distance(LokiScan *so, double *distance)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	bool		found;
	MemoryContext old = MemoryContextSwitchTo(so->heap.context);

	if (so->heap.attribute == 0)
	{
		ResetPerTupleExprContext(so->heap.estate);
		FormIndexDatum(so->heap.index_info, so->heap.slot, so->heap.estate, values, nulls);
	}
	else
	{
		values[0] = slot_getattr(so->heap.slot, so->heap.attribute, &nulls[0]);

		/*
		 * rows come in the order of distances: the end of one value shows
		 * nothing of the next
		 */
		so->heap.toast.ahead.block = InvalidBlockNumber;
		if (!nulls[0])
			values[0] = PointerGetDatum(loki_toast_read(&so->heap.toast,
														(struct varlena *) DatumGetPointer(values[0])));
	}
	found = value_distance(so, values[0], nulls[0], distance);
	MemoryContextSwitchTo(old);
	MemoryContextReset(so->heap.context);
	return found;
}

/*
 * Whether the caller will take the row in so->heap.slot, if it said how it filters rows.  The filter's
 * functions may reveal what they see.  So the snapshot must see the row, which holds for all that fetch_row()
 * leaves in the slot.  The row must also match the keys: the filter evaluates these first if slots did not
 * decide them.  The functions may scan the same index, so no page may be locked.
 *
 * A row beyond the bound is not asked about, as loki_rerank_add() leaves it out.  The distance may be unknown (NaN)
 * unless the caller asks for it.
 */
static bool
slot_passes(LokiScan *so, double distance)
{
	if (!loki_filters_rows(so) || (so->plan.caller->by_distance && loki_is_beyond(so, distance)))
		return true;
	Assert(!TTS_EMPTY(so->heap.slot) && loki_no_buffer_locked());
	if (so->plan.caller->passes(so->plan.caller, so->heap.slot,
								loki_filter_needs_recheck(&so->filter.keys), distance))
	{
		if (so->ranking.passed++ == 0)
			so->ranking.rejected_nearer += so->course.returned;
		so->ranking.passed_bound = Min(so->ranking.passed_bound, so->ranking.bound);
		return true;
	}
	so->ranking.dropped++;
	so->ranking.rejected_nearer += so->ranking.bound < so->ranking.passed_bound;
	return false;
}

/* Whether a TID slot names the TOAST value that is the vector of its rows */
bool
loki_value_known(const LokiScan *so, const LokiTidData *tid)
{
	return LokiTidIsLive(tid) && OidIsValid(LokiTidValue(tid)) &&
		OidIsValid(so->scan->heapRelation->rd_rel->reltoastrelid);
}

/*
 * The exact distance of a node's rows by the value in the TOAST table.  A visible row has
 * its value, and no other value has its ID.  For rows that are not visible, any result
 * will do.  False if the value is not in the place that the slot names.
 */
static bool
toast_distance(LokiScan *so, const LokiTidData *tid, Buffer recent, double *distance)
{
	struct varlena *value;

	Assert(loki_value_known(so, tid));
	value = loki_toast_read_at(&so->heap.toast, so->scan->heapRelation->rd_rel->reltoastrelid,
							   LokiTidValue(tid), &tid->chunk,
							   loki_value_size(&so->state->column), recent);
	if (value == NULL)
		return false;
	return value_distance(so, PointerGetDatum(value), false, distance);
}

/*
 * Measure the row in so->heap.slot, by the value that a TID slot names if there is one; false if it has no distance,
 * or if the caller will not take it.  It is asked first, unless a bound comes before its filter.
 */
static bool
slot_takes(LokiScan *so, const LokiTidData *tid, double *distance)
{
	bool		by_distance = loki_caller_filters(so) && so->plan.caller->by_distance;

	if (!by_distance && !slot_passes(so, get_float8_nan()))
		return false;
	if (!(tid != NULL && toast_distance(so, tid, InvalidBuffer, distance)) && !slot_distance(so, distance))
		return false;
	return !by_distance || slot_passes(so, *distance);
}

/* See scan.h. */
void
loki_rerank_slot(LokiScan *so, ItemPointerData root)
{
	double		distance;

	so->ranking.bound = FLT_MAX;	/* codes say nothing of these rows */
	if (slot_takes(so, NULL, &distance))
		loki_rerank_add(so, distance, root, loki_filters_rows(so));
}

/*
 * Append the row of an entry, whose distance is known, if it is visible and the caller will
 * take it; returns whether it is visible.  With `fetch` the row is always read: then vacuum
 * leaves the entry of a visible row in place.
 */
static bool
add_known_row(LokiScan *so, double distance, const LokiEntryRef *entry, bool fetch)
{
	if (!fetch && !loki_filters_rows(so) && loki_on_visible_page(so, &entry->heap))
	{
		so->work.heap_fetches += entry->duplicate == LOKI_NONE;	/* its vector; that of a list counts there */
		loki_rerank_add(so, distance, entry->heap, false);
		return true;
	}
	if (!fetch_row(so, entry))
		return false;
	if (slot_passes(so, distance))
		loki_rerank_add(so, distance, entry->heap, loki_filters_rows(so));
	ExecClearTuple(so->heap.slot);
	return true;
}

/*
 * Append the visible rows among so->tids, a part of a node's rows.  All have the
 * same vector, so one row that can be read gives the distance of all.  False if no row is
 * visible.
 *
 * With `more`, another part follows, and the last visible row is where it begins.  That row
 * is fetched: one that only the visibility map calls visible may have been removed by
 * vacuum just now, and its slot may be another's.  The rows are taken from the last to the
 * first, so none after that row is appended; it would come again.  The slots behind that row
 * are read again, so they do not count as read: those before the part were `length`.
 */
static bool
add_part_rows(LokiScan *so, LokiPartialNode *partial, uint64 length, bool *known, bool more)
{
	bool		any = false;

	for (uint32 i = so->tids.n; i-- > 0;)
	{
		LokiEntryRef entry = {partial->node, so->tids.rows[i].slot, so->tids.lsn,
		so->tids.rows[i].tid};
		bool		visible;

		CHECK_FOR_INTERRUPTS();
		if (*known)
			visible = add_known_row(so, partial->distance, &entry, more && !any);
		else
		{
			if (!fetch_row(so, &entry))
				continue;
			visible = *known = slot_distance(so, &partial->distance);
			if (visible && slot_passes(so, partial->distance))
				loki_rerank_add(so, partial->distance, entry.heap, loki_filters_rows(so));
			ExecClearTuple(so->heap.slot);
		}
		if (!visible || any)
			continue;
		any = true;
		partial->slot = entry.duplicate;
		partial->tid = entry.heap;
		partial->length = length + i + 1;
	}
	return any;
}

/*
 * Append the rows of the next `most` slots of a node's TID list.  If none of them is
 * visible, more slots are read from the same place.  False if the list ends.
 */
static bool
fetch_part(LokiScan *so, LokiPartialNode *partial, bool known, uint32 most)
{
	for (;;)
	{
		LokiPartialNode before = *partial;

		if (!loki_node_part(so, partial, most))
		{
			(void) add_part_rows(so, partial, before.length, &known, false);
			return false;
		}
		if (add_part_rows(so, partial, before.length, &known, true))
			return true;
		partial->length = before.length;
		most = most > PG_UINT32_MAX / 4 ? PG_UINT32_MAX : most * 4;
	}
}

/*
 * Append the visible rows of a node; if there are very many, the first part.  Its TID slot
 * was `tid`, on a page with this LSN.
 */
static void
fetch_node(LokiScan *so, uint32 node, const LokiTidData *tid, XLogRecPtr lsn,
		   Buffer recent)
{
	LokiEntryRef entry = {node, LOKI_NONE, lsn, tid->u.heap};
	LokiPartialNode partial = {.node = node, .slot = LOKI_NONE};
	bool		single = LokiTidState(tid) == LOKI_TID_LIVE ||
		LokiTidState(tid) == LOKI_TID_KILLED;
	bool		known;
	double		distance;

	CHECK_FOR_INTERRUPTS();
	if (single && !loki_is_within(so, &entry.heap))
		return;
	if (single && (loki_filters_rows(so) || !loki_value_known(so, tid)))
	{
		/*
		 * Rows that are not visible, or that the caller will not take, are
		 * not measured.  The TID slot need not be read again: if the TID
		 * belongs to another row by now, the snapshot does not see that row.
		 */
		if (!fetch_row(so, &entry))
			return;
		if (slot_takes(so, loki_value_known(so, tid) ? tid : NULL, &distance))
			loki_rerank_add(so, distance, entry.heap, loki_filters_rows(so));
		ExecClearTuple(so->heap.slot);
		return;
	}
	known = loki_value_known(so, tid) && toast_distance(so, tid, recent, &partial.distance);
	so->work.heap_fetches += known && !single;
	if (known && single)
		(void) add_known_row(so, partial.distance, &entry, false);
	else if (fetch_part(so, &partial, known, so->plan.certain ? PG_UINT32_MAX : FIRST_PART))
	{
		so->ranking.partials = loki_grow(so->context, so->ranking.partials,
										 &so->ranking.partials_allocated,
										 so->ranking.npartials + 1, 8, sizeof(LokiPartialNode));
		so->ranking.partials[so->ranking.npartials++] = partial;
	}
}

/* The nearest node that has rows left to read, or NULL */
static LokiPartialNode *
nearest_partial(LokiScan *so)
{
	LokiPartialNode *nearest = NULL;

	for (uint32 i = 0; i < so->ranking.npartials; i++)
		if (nearest == NULL || loki_is_nearer(so->ranking.partials[i].distance, nearest->distance))
			nearest = &so->ranking.partials[i];
	return nearest;
}

/* Append the next rows of a node that was read in part; forget it if there are no more. */
static void
continue_partial(LokiScan *so, LokiPartialNode *partial, uint32 most)
{
	Assert(partial >= so->ranking.partials &&
		   partial < so->ranking.partials + so->ranking.npartials);
	if (!fetch_part(so, partial, true, most))
		*partial = so->ranking.partials[--so->ranking.npartials];
}

/*
 * Copy a TID slot out, and the LSN of its page, under its share lock.  A slot past the end
 * is FREE.  No page may be locked by the caller.
 */
static void
read_tid(LokiScan *so, BlockNumber block, uint32 offset, LokiTidData *tid, XLogRecPtr *lsn)
{
	Relation	index = so->scan->indexRelation;
	uint32		slot_size = so->state->arrays[LOKI_SLOTS_TID].slot_size;
	Buffer		buffer = loki_buffer_read(so->state, index, block);
	Page		page = BufferGetPage(buffer);

	Assert(loki_no_buffer_locked());
	memset(tid, 0, sizeof(LokiTidData));
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_slot_array_page_check(so->state, index, buffer, LOKI_SLOTS_TID);
	*lsn = BufferGetLSNAtomic(buffer);
	if (offset < ((PageHeader) page)->pd_lower)
		memcpy(tid, (char *) page + offset, slot_size);
	UnlockReleaseBuffer(buffer);
}

/*
 * Fetch the rows of the n nodes at the head of the queue, and prefetch those of
 * ROWS_AHEAD nodes after them, which may be next.  No page may be locked, and no lock or pin is left.
 */
static void
fetch_nodes(LokiScan *so, int n)
{
	Relation	index = so->scan->indexRelation;
	LokiSlots  *slots = &so->queue.slots;
	uint32		nodes[LOKI_PREFETCH_NODES] = {0};
	float		bounds[LOKI_PREFETCH_NODES];
	LokiTidData tids[LOKI_PREFETCH_NODES];
	XLogRecPtr	lsns[LOKI_PREFETCH_NODES];
	Buffer		recent[LOKI_PREFETCH_NODES] = {InvalidBuffer};
	int			known = (int) Min(n + ROWS_AHEAD, so->rerank.n - so->rerank.next);
	int			ahead = 0;
	bool		prefetches = so->heap.is_heap && !so->state->local;

	known = Max(n, Min(known, LOKI_PREFETCH_NODES));
	Assert(n >= 1 && n <= LOKI_PREFETCH_NODES);
	for (int i = 0; i < known; i++)
	{
		nodes[i] = so->rerank.nodes[so->rerank.next + i].node;
		bounds[i] = so->rerank.nodes[so->rerank.next + i].distance;
	}
	loki_slots_find(so->state, index, LOKI_SLOTS_TID, nodes, known, slots);
	/* blocks that are not in memory are asked for together */
	for (int i = 0; i < known; i++)
		if (slots->buffers[i] == InvalidBuffer && !so->state->local)
			(void) PrefetchBuffer(index, MAIN_FORKNUM, slots->blocks[i]);
	for (int i = 0; i < known; i++)
		read_tid(so, slots->blocks[i], slots->offsets[i], &tids[i], &lsns[i]);
	if (prefetches)
		loki_prefetch_vectors(so, tids, known, recent);
	so->rerank.next += n;
	for (int i = 0; i < n; i++)
	{
		uint32		rows = so->ranking.nrows;
		uint64		found = so->ranking.found;
		uint64		dropped = so->ranking.dropped;

		while (prefetches && ahead < Min(i + 1 + ROWS_AHEAD, known))
			loki_prefetch_row(so, &tids[ahead++]);
		if (loki_is_killed(so, &tids[i]))
		{
			so->ranking.rowless.n++;
			so->ranking.rowless.unseen++;
			so->ranking.rowless.marked++;
			continue;
		}
		Assert(so->ranking.fetch_most > 0);
		so->ranking.fetch_most--;
		so->ranking.bound = bounds[i];
		fetch_node(so, nodes[i], &tids[i], lsns[i], recent[i]);
		if (so->ranking.nrows > rows)
			loki_refine_measured(so, bounds[i], so->ranking.rows[rows].distance);
		so->ranking.rowless.n += so->ranking.found == found;
		if (so->ranking.found == found && so->ranking.dropped == dropped)
		{
			so->ranking.rowless.unseen++;
			so->ranking.rowless.marked += LokiTidState(&tids[i]) == LOKI_TID_LIST && so->tids.n == 0;
		}
	}
}

/*
 * Whether a node's TID list may have a row that the snapshot sees.  The first are versions of the last rows, so parts
 * from the beginning are read, up to the first such row.
 */
static bool
list_has_row(LokiScan *so, uint32 node)
{
	for (uint32 most = FIRST_PART;; most *= 4)
	{
		LokiPartialNode partial = {.node = node, .slot = LOKI_NONE};
		bool		more = loki_node_part(so, &partial, most);

		for (uint32 i = 0; i < so->tids.n; i++)
		{
			LokiEntryRef entry = {node, so->tids.rows[i].slot, so->tids.lsn, so->tids.rows[i].tid};

			CHECK_FOR_INTERRUPTS();
			if (so->search.rows.by_marks || loki_on_visible_page(so, &entry.heap))
				return true;
			if (!fetch_row(so, &entry))
				continue;
			ExecClearTuple(so->heap.slot);
			return true;
		}
		if (!more || most > PG_UINT32_MAX / 4)
			return more;
	}
}

/* LokiRowTest.test.  Rows of pages that everyone sees are not read, nor any if the search goes by marks. */
void
loki_rerank_test_rows(void *scan, const uint32 *nodes, int n, uint8 *has_row)
{
	LokiScan   *so = scan;
	LokiSlots  *slots = &so->queue.slots;

	Assert(loki_no_buffer_locked());
	loki_slots_find(so->state, so->scan->indexRelation, LOKI_SLOTS_TID, nodes, n, slots);
	for (int i = 0; i < n; i++)
	{
		LokiTidData tid;
		LokiEntryRef entry = {nodes[i], LOKI_NONE};

		CHECK_FOR_INTERRUPTS();
		read_tid(so, slots->blocks[i], slots->offsets[i], &tid, &entry.lsn);
		entry.heap = tid.u.heap;
		has_row[i] = LokiTidIsLive(&tid) && !loki_is_killed(so, &tid);
		if (!has_row[i])
			continue;
		if (LokiTidState(&tid) == LOKI_TID_LIST)
			has_row[i] = list_has_row(so, nodes[i]);
		else if (!so->search.rows.by_marks && !loki_on_visible_page(so, &entry.heap))
		{
			has_row[i] = fetch_row(so, &entry);
			ExecClearTuple(so->heap.slot);
		}
	}
}

/* See scan.h.  Under pgvector's limits a scan reads hnsw.ef_search rows, and then has no more. */
void
loki_rerank_most(LokiScan *so, uint32 most)
{
	so->ranking.fetch_most = most;
}

/*
 * NaN distances last; ties by TID, so that answers can be repeated.  (A node that has very many
 * rows is read in parts, each of which has this order.)
 */
static inline int
compare_rows(const LokiRow *a, const LokiRow *b)
{
	if (loki_is_nearer(a->distance, b->distance))
		return -1;
	if (loki_is_nearer(b->distance, a->distance))
		return 1;
	return ItemPointerCompare(unconstify(ItemPointerData *, &a->tid),
							  unconstify(ItemPointerData *, &b->tid));
}

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE LokiRow
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* See scan.h. */
void
loki_rerank_sort(LokiScan *so)
{
	sort_rows(so->ranking.rows + so->ranking.next_row, so->ranking.nrows - so->ranking.next_row);
}

/*
 * Move rows that were added after `sorted` to their places.  Mostly that is one row; a node
 * with duplicates brings them all.
 */
static void
merge_rows(LokiScan *so, uint32 sorted)
{
	Assert(sorted >= so->ranking.next_row && sorted <= so->ranking.nrows);
	if (so->ranking.nrows - sorted > 16)
	{
		sort_rows(so->ranking.rows + so->ranking.next_row,
				  so->ranking.nrows - so->ranking.next_row);
		return;
	}
	for (uint32 i = sorted; i < so->ranking.nrows; i++)
	{
		LokiRow		row = so->ranking.rows[i];
		uint32		place = i;

		while (place > so->ranking.next_row && compare_rows(&so->ranking.rows[place - 1], &row) > 0)
			place--;
		memmove(&so->ranking.rows[place + 1], &so->ranking.rows[place],
				sizeof(LokiRow) * (i - place));
		so->ranking.rows[place] = row;
	}
}

/*
 * How many nodes may be fetched from the head of the queue, `wanted` at most.  They have the
 * lowest bounds of all candidates.
 */
static int
known_nodes(LokiScan *so, uint32 wanted)
{
	wanted = Min(Min(wanted, so->ranking.fetch_most), LOKI_MAX_NUMBER);
	if (wanted > 0)
		loki_refine_first(so, wanted);
	if (loki_refine_beyond(so))
		return 0;
	return (int) Min(wanted, so->rerank.n - so->rerank.next);
}

/*
 * The nearest `wanted` rows are first, in order, except for rows that were added after `known`: make that
 * true of all.  The others stay in any order.
 */
static void
move_nearest(LokiScan *so, uint32 wanted, uint32 known)
{
	LokiRow    *rows = so->ranking.rows;
	uint32		end = wanted;

	Assert(so->ranking.next_row == 0 && wanted > 0 && wanted <= known);
	for (uint32 i = known; i < so->ranking.nrows; i++)
	{
		LokiRow		row = rows[i];

		if (compare_rows(&row, &rows[wanted - 1]) < 0)
		{
			rows[i] = rows[end];
			rows[end++] = row;
		}
	}
	sort_rows(rows, end);
}

/*
 * The last step of loki_rerank_complete() for certain scans, which fetch many rows at once.
 * Nodes that are not queued are not nearer than the horizon, so rows beyond it are not known to
 * be next.  Without bounds all rows are fetched, so they are sorted once.
 */
static bool
complete_certain(LokiScan *so, uint32 wanted)
{
	uint32		sorted = so->ranking.nrows;
	bool		complete;

	Assert(so->plan.certain && wanted > 0 && so->ranking.nrows >= wanted);
	for (;;)
	{
		double		farthest = so->ranking.rows[wanted - 1].distance;
		uint32		most = Max(LOKI_PREFETCH_NODES, wanted / 4);
		uint32		known = so->ranking.nrows;
		uint32		n = 0;

		complete = loki_is_least(so, farthest) || farthest <= so->flat.horizon;
		if (loki_is_least(so, farthest))
			break;
		while (n < most)
		{
			uint32		next = so->rerank.next;
			int			nearer = 0;

			/* NaN is the farthest of all; ties are as good as what is there */
			while (nearer < (int) Min(LOKI_PREFETCH_NODES, so->ranking.fetch_most) &&
				   next + nearer < so->rerank.n &&
				   !(so->rerank.nodes[next + nearer].distance >= farthest))
				nearer++;
			if (nearer == 0)
				break;
			fetch_nodes(so, nearer);
			n += nearer;
		}
		if (n == 0)
			break;
		move_nearest(so, wanted, known);
	}
	if (so->ranking.nrows > sorted)
		sort_rows(so->ranking.rows, so->ranking.nrows);
	return complete;
}

/*
 * Fetch rows until the nearest `wanted` of all that are queued are known, in order from
 * rows[next_row] on.  False if the queue ran empty before there were so many rows whose
 * distance is a number.  NaN, which codes cannot show, comes after all that is not found
 * yet.  If the caller drops rows, more are fetched at once.
 */
bool
loki_rerank_complete(LokiScan *so, uint32 wanted)
{
	uint32		left = so->ranking.nrows - so->ranking.next_row;
	/* the rows of all nodes that match are read, if these are no more than the first flat scan keeps */
	bool		all = so->course.phase == LOKI_SCAN_FLAT && so->flat.last &&
		so->ranking.found + so->ranking.rowless.n + (so->queue.n - so->queue.next) +
		(so->rerank.n - so->rerank.next) <= LOKI_FIRST_SELECTION;
	uint32		at_end = all ? LOKI_PREFETCH_NODES : loki_filters_rows(so) ? 8 : 1;
	int			known;

	so->ranking.announced = 0;
	if (so->ranking.next_row > 0)
	{
		memmove(so->ranking.rows, so->ranking.rows + so->ranking.next_row, sizeof(LokiRow) * left);
		so->ranking.nrows = left;
		so->ranking.next_row = 0;
	}
	while (so->ranking.nrows < wanted)
	{
		LokiPartialNode *partial = nearest_partial(so);

		known = known_nodes(so, loki_filters_rows(so) ? LOKI_PREFETCH_NODES :
							wanted - so->ranking.nrows);
		if (partial != NULL &&
			(known == 0 || partial->distance < so->rerank.nodes[so->rerank.next].distance))
			continue_partial(so, partial, wanted - so->ranking.nrows);
		else if (known > 0)
			fetch_nodes(so, Min(known, LOKI_PREFETCH_NODES));
		else
			break;
	}
	if (so->ranking.nrows > left)
		sort_rows(so->ranking.rows, so->ranking.nrows);
	if (so->ranking.nrows < wanted)
		return false;
	if (so->plan.certain)
		return complete_certain(so, wanted);

	for (;;)
	{
		double		farthest = so->ranking.rows[wanted - 1].distance;
		uint32		sorted = so->ranking.nrows;
		LokiPartialNode *partial = nearest_partial(so);

		if (loki_is_least(so, farthest))
			return true;
		loki_refine_within(so, farthest);
		if (partial != NULL && loki_is_nearer(partial->distance, farthest))
			continue_partial(so, partial, FIRST_PART);
		else if ((known = known_nodes(so, at_end)) == 0 ||
				 !(all || loki_refine_may_be_within(so, farthest)))
			return !isnan(farthest);
		else
			fetch_nodes(so, known);
		merge_rows(so, sorted);
	}
}
