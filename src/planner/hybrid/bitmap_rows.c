/*-------------------------------------------------------------------------
 *
 * bitmap_rows.c
 *	  The rows of a bitmap: the set that a scan stays in, and the nearest of them by reading them all.
 *
 * A TIDBitmap is a hash table of pages, which is sorted before it is read.  If there is
 * only a row or so on each page, that takes as long as the search itself.  So if one
 * index alone makes the bitmap, and it can return row by row, it is asked for the rows.
 * Rows that do not fit into work_mem become a bitmap after all, which grows lossy where core's would.
 *
 * For a bitmap of few rows, reading them all costs less than any search, and does not touch the hnsw
 * index.  Rows are read in the order of the heap.  Those that pass all clauses are
 * remembered by TID and distance, and read once more when the caller gets them, in the
 * order of their distances.
 *
 * All of that is exact: distances are those of the operator itself, and not of the index's codes.  No order is trusted
 * but that of the sort, so rows whose distances are equal, NaN or NULL are where a Sort node would have them.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/bitmap_rows.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "compat/grow.h"
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "optimizer/clauses.h"
#include "planner/hybrid/hybrid.h"
#include "storage/bufmgr.h"

/* ----------------------------------------------------------------
 * The set of rows
 * ----------------------------------------------------------------
 */

/* Rows that are allocated at first */
#define FIRST_ROWS	1024

/* Move rows to a bitmap, which keeps to work_mem by itself; it is made if there is none. */
static TIDBitmap *
move_rows(TIDBitmap *bitmap, const LokiTidRow *rows, uint32 n)
{
	if (bitmap == NULL)
		bitmap = tbm_create(work_mem * (Size) 1024, NULL);
	for (uint32 i = 0; i < n; i++)
	{
		ItemPointerData tid;

		ItemPointerSet(&tid, rows[i].block, rows[i].offset);
		tbm_add_tuples(bitmap, &tid, 1, rows[i].recheck);
	}
	CHECK_FOR_INTERRUPTS();
	return bitmap;
}

/* The rows of a bitmap, which is freed; the set has a context below the current one. */
static LokiTidSet *
tids_of_bitmap(TIDBitmap *bitmap, Relation table)
{
	LokiTidSet *tids = loki_tids_create(bitmap, Max(table->rd_rel->reltuples, 1) /
										Max(table->rd_rel->relpages, 1));

	tbm_free(bitmap);
	return tids;
}

/*
 * The rows that one index returns; a bitmap holds those that work_mem has no room for.  Does all that MultiExecProcNode()
 * would do, but without a bitmap: rescans for changed parameters, runtime keys, and what EXPLAIN ANALYZE shows.  ERROR if
 * no heap page can have a row that the index returns.
 */
static LokiTidSet *
tids_of_index(BitmapIndexScanState *node, Relation table)
{
	PlanState  *ps = &node->ss.ps;
	IndexScanDesc scan = node->biss_ScanDesc;
	LokiTidRow *rows = NULL;
	uint32		n = 0;
	uint64		allocated = 0;
	/* that work_mem has room for: a power of two */
	uint32		most = pg_prevpower2_32(Min(work_mem * (Size) 1024 / sizeof(LokiTidRow), LOKI_TIDS_MOST));
	double		count = 0;		/* of all rows, those in the bitmap too */
	TIDBitmap  *bitmap = NULL;	/* rows that there was no room for */
	ItemPointer tid;
	LokiTidSet *tids;

	Assert(most >= FIRST_ROWS);
	if (ps->chgParam != NULL)
		ExecReScan(ps);
	if (ps->instrument)
		InstrStartNode(ps->instrument);
	if (!node->biss_RuntimeKeysReady && node->biss_NumRuntimeKeys > 0)
		ExecReScan(ps);
	while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		LokiTidRow	row = {
			ItemPointerGetBlockNumberNoCheck(tid), ItemPointerGetOffsetNumberNoCheck(tid), scan->xs_recheck
		};

		if (n % FIRST_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		if (row.offset < FirstOffsetNumber || row.offset > MaxHeapTuplesPerPage)
			ereport(ERROR,
					(errcode(ERRCODE_INDEX_CORRUPTED),
					 errmsg("index \"%s\" has an entry for row %u of block %u",
							RelationGetRelationName(node->biss_RelationDesc), row.offset, row.block)));
		Assert(n <= allocated && allocated <= most);
		if (n == most)
		{
			bitmap = move_rows(bitmap, rows, n);
			n = 0;
		}
		rows = loki_grow(CurrentMemoryContext, rows, &allocated, n + 1, FIRST_ROWS, sizeof(LokiTidRow));
		rows[n++] = row;
		count++;
	}
	if (ps->instrument)
		InstrStopNode(ps->instrument, count);
	if (bitmap != NULL)
		tids = tids_of_bitmap(move_rows(bitmap, rows, n), table);
	else
		tids = loki_tids_of_rows(rows, n);
	if (rows != NULL)
		pfree(rows);
	return tids;
}

/*
 * Make the set of rows that the scan stays in.  The set is in the query's memory, and
 * stays until it is freed.
 *
 * One index alone can return row by row, though its scan was begun for a bitmap and knows no table, if its access method
 * does not look at the table when it returns TIDs.  These of the server do not.  GIN and BRIN return bitmaps only, and
 * those of extensions are not known.  Array keys make the node scan several times (MultiExecBitmapIndexScan()), which is
 * left to it.
 */
void
loki_hybrid_make_tids(LokiHybridState *state)
{
	Relation	table = state->css.ss.ss_currentRelation;
	BitmapIndexScanState *scan = (BitmapIndexScanState *) state->bitmap;
	Oid			am = IsA(scan, BitmapIndexScanState) && scan->biss_NumArrayKeys == 0 ?
		scan->biss_RelationDesc->rd_rel->relam : InvalidOid;
	MemoryContext old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);

	Assert(state->bitmap != NULL && state->tids == NULL);
	if (am == BTREE_AM_OID || am == GIST_AM_OID || am == SPGIST_AM_OID || am == HASH_AM_OID)
		state->tids = tids_of_index(scan, table);
	else
	{
		TIDBitmap  *bitmap = (TIDBitmap *) MultiExecProcNode(state->bitmap);

		if (bitmap == NULL || !IsA(bitmap, TIDBitmap))
			elog(ERROR, "unrecognized result from subplan");
		state->tids = tids_of_bitmap(bitmap, table);
	}
	MemoryContextSwitchTo(old);
	state->counts.bitmaps++;
	state->counts.bitmap_rows += state->tids->count;
	state->counts.lossy_pages += state->tids->nlossy;
}

/* ----------------------------------------------------------------
 * The nearest rows
 * ----------------------------------------------------------------
 */

/* Ties are broken by TID, so that answers can be repeated. */
static int
compare_measured_rows(const void *a, const void *b)
{
	const LokiHybridRow *x = a;
	const LokiHybridRow *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->rank == 2 && x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return ItemPointerCompare((ItemPointer) &x->tid, (ItemPointer) &y->tid);
}

/*
 * Read the version of a row that the snapshot sees; false if it sees none.  The TID is the root of a HOT
 * chain, as indexes have it, and is changed by the call, so it is a copy.
 */
static bool
fetch_visible_version(LokiHybridState *state, ItemPointerData tid, TupleTableSlot *slot)
{
	bool		again = false;

	return table_index_fetch_tuple(state->rows.fetch, &tid, state->css.ss.ps.state->es_snapshot,
								   slot, &again, NULL);
}

/*
 * Measure the rows of one page, and keep those that pass.  Of a lossy page all TIDs that a page can have are tried; most
 * of them are no rows, which the heap says without reading anything else.
 */
static void
measure_page(LokiHybridState *state, const LokiTidPages *page, ExprState *filter,
			 uint64 *allocated)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
	bool		recheck = loki_tids_recheck(state->tids, page->block);
	int			last = page->nwords > 0 ? page->nwords * 64 : MaxHeapTuplesPerPage;

	Assert(page->nwords > 0 || recheck);	/* a lossy page */
	for (int i = 0; i < last; i++)
	{
		ItemPointerData tid;
		LokiHybridRow *row;
		Datum		value;
		double		distance;
		bool		isnull;

		if (page->nwords > 0 && ((page->offsets[i / 64] >> (i % 64)) & 1) == 0)
			continue;
		ItemPointerSet(&tid, page->block, i + 1);
		if (!fetch_visible_version(state, tid, slot))
			continue;
		state->counts.heap_fetches++;
		ResetExprContext(econtext);
		if (!ExecQual(state->checks.keys, econtext) || !ExecQual(state->checks.index, econtext) ||
			(recheck && !ExecQual(state->checks.bitmap, econtext)))
		{
			state->counts.rechecked++;
			continue;
		}
		if (!ExecQual(filter, econtext))
			continue;
		value = ExecEvalExprSwitchContext(state->checks.distance, econtext, &isnull);
		distance = isnull ? 0 : DatumGetFloat8(value);
		if (!loki_hybrid_within(state, econtext, distance, isnull))
			continue;
		state->rows.rows = loki_grow(state->rows.context, state->rows.rows, allocated,
									 state->rows.n + 1, 256, sizeof(LokiHybridRow));
		Assert(state->rows.n < *allocated);
		row = &state->rows.rows[state->rows.n++];
		row->distance = distance;
		row->rank = isnull ? (state->label.first & LOKI_FIRST_NULLS ? 0 : 4) :
			isnan(distance) ? (state->label.first & LOKI_FIRST_NANS ? 1 : 3) : 2;
		row->tid = tid;
	}
}

/* Ask for the next pages before they are needed: a second reader of the set, which is some pages ahead of the first */
static void
prefetch_pages(LokiHybridState *state, LokiTidPages *next, int pages)
{
	while (pages-- > 0 && loki_tids_next(next))
		(void) PrefetchBuffer(state->css.ss.ss_currentRelation, MAIN_FORKNUM, next->block);
}

/*
 * Find all rows of the bitmap that the scan will return, and sort them.
 *
 * The filter is evaluated here, before the distance, as policies are parts of it (P6).  Sub-plans are spared for rows
 * that nobody wants, unless a policy may hide rows: then ExecScan() evaluates the filter on the rows that are returned.
 */
void
loki_hybrid_read_rows(LokiHybridState *state)
{
	List	   *qual = state->css.ss.ps.plan->qual;
	ExprState  *filter = state->filter;
	LokiTidPages pages;
	LokiTidPages prefetched;
	uint64		allocated = 0;

	/* a policy comes before distances, whose errors would show hidden rows */
	state->caller.passed = !contain_subplans((Node *) qual) ||
		!loki_sees_all_rows(RelationGetRelid(state->walk.index));
	if (!state->caller.passed)
		filter = state->filter_first;
	Assert(state->strategy == LOKI_HYBRID_ROWS && state->tids != NULL);
	if (state->rows.fetch == NULL)
		state->rows.fetch = loki_table_index_fetch_begin(state->css.ss.ss_currentRelation);
	state->css.ss.ps.ps_ExprContext->ecxt_scantuple = state->css.ss.ss_ScanTupleSlot;
	state->rows.rows = NULL;
	state->rows.n = state->rows.next = 0;
	loki_tids_begin(&pages, state->tids);
	loki_tids_begin(&prefetched, state->tids);
	prefetch_pages(state, &prefetched, effective_io_concurrency);
	while (loki_tids_next(&pages))
	{
		CHECK_FOR_INTERRUPTS();
		if (effective_io_concurrency > 0)
			prefetch_pages(state, &prefetched, 1);
		measure_page(state, &pages, filter, &allocated);
	}
	Assert(state->rows.next == 0 && state->rows.n <= allocated);
	if (state->rows.n > 0)
		qsort(state->rows.rows, state->rows.n, sizeof(LokiHybridRow), compare_measured_rows);
}

/* Read the next of the rows that loki_hybrid_read_rows() found; false at their end.  The snapshot sees them again. */
bool
loki_hybrid_next_row(LokiHybridState *state, TupleTableSlot *slot)
{
	Assert(state->strategy == LOKI_HYBRID_ROWS && state->rows.next <= state->rows.n);
	while (state->rows.next < state->rows.n)
		if (fetch_visible_version(state, state->rows.rows[state->rows.next++].tid, slot))
			return true;
	return false;
}
