/*-------------------------------------------------------------------------
 *
 * tids.c
 *	  Make the set of rows that a scan stays in, from the bitmap below it.
 *
 * A TIDBitmap is a hash table of pages, which is sorted before it is read.  If there is
 * only a row or so on each page, that takes as long as the search itself.  So if one
 * index alone makes the bitmap, and it can return row by row, it is asked for the rows.
 * Rows that do not fit into work_mem become a bitmap after all, which grows lossy where core's would.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/tids.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_am.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "planner/hybrid/hybrid.h"
#include "utils/memutils.h"

/* Rows that are allocated at first */
#define FIRST_ROWS	1024

/* Rows of an index scan */
typedef struct TidCollector
{
	Relation	index;
	LokiTidRow *rows;
	uint32		n;
	uint64		allocated;
	uint32		most;			/* that work_mem has room for: a power of two */
	double		count;			/* of all rows, those in the bitmap too */
	TIDBitmap  *bitmap;			/* rows that there was no room for, or NULL */
} TidCollector;

/*
 * Whether one index alone makes a plan's bitmap, and can return row by row.  The scan was begun for a
 * bitmap and knows no table.  These access methods of the server do not look at the table when they
 * return TIDs.  GIN and BRIN return bitmaps only, and those of extensions are not known.  Array keys
 * make the node scan several times (MultiExecBitmapIndexScan()), which is left to it.
 */
static bool
returns_rows(PlanState *ps)
{
	BitmapIndexScanState *scan = (BitmapIndexScanState *) ps;
	Oid			am;

	if (!IsA(ps, BitmapIndexScanState) || scan->biss_NumArrayKeys > 0)
		return false;
	am = scan->biss_RelationDesc->rd_rel->relam;
	return am == BTREE_AM_OID || am == GIST_AM_OID || am == SPGIST_AM_OID ||
		am == HASH_AM_OID;
}

/* Move the rows to a bitmap, which keeps to work_mem by itself. */
static void
move_rows(TidCollector *collector)
{
	Assert(collector->n <= collector->most);
	if (collector->bitmap == NULL)
		collector->bitmap = tbm_create(work_mem * (Size) 1024, NULL);
	for (uint32 i = 0; i < collector->n; i++)
	{
		ItemPointerData tid;

		ItemPointerSet(&tid, collector->rows[i].block, collector->rows[i].offset);
		tbm_add_tuples(collector->bitmap, &tid, 1, collector->rows[i].recheck);
	}
	collector->n = 0;
	CHECK_FOR_INTERRUPTS();
}

/* Add a row that the index returned; ERROR if no heap page can have it. */
static void
add_row(TidCollector *collector, ItemPointer tid, bool recheck)
{
	LokiTidRow	row = {
		ItemPointerGetBlockNumberNoCheck(tid), ItemPointerGetOffsetNumberNoCheck(tid), recheck
	};

	if (row.offset < FirstOffsetNumber || row.offset > MaxHeapTuplesPerPage)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("index \"%s\" has an entry for row %u of block %u",
						RelationGetRelationName(collector->index), row.offset, row.block)));
	Assert(collector->n <= collector->allocated && collector->allocated <= collector->most);
	if (collector->n == collector->most)
		move_rows(collector);
	collector->rows = loki_grow(CurrentMemoryContext, collector->rows, &collector->allocated,
								collector->n + 1, FIRST_ROWS, sizeof(LokiTidRow));
	collector->rows[collector->n++] = row;
	collector->count++;
}

/*
 * Do all that MultiExecProcNode() would do, but without a bitmap: rescans for changed parameters,
 * runtime keys, and what EXPLAIN ANALYZE shows.
 */
static void
collect_rows(TidCollector *collector, BitmapIndexScanState *node)
{
	PlanState  *ps = &node->ss.ps;
	IndexScanDesc scan = node->biss_ScanDesc;
	ItemPointer tid;

	if (ps->chgParam != NULL)
		ExecReScan(ps);
	if (ps->instrument)
		InstrStartNode(ps->instrument);
	if (!node->biss_RuntimeKeysReady && node->biss_NumRuntimeKeys > 0)
		ExecReScan(ps);
	while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		if (collector->n % FIRST_ROWS == 0)
			CHECK_FOR_INTERRUPTS();
		add_row(collector, tid, scan->xs_recheck);
	}
	if (ps->instrument)
		InstrStopNode(ps->instrument, collector->count);
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

/* The rows that one index returns; a bitmap holds those that work_mem has no room for. */
static LokiTidSet *
tids_of_index(BitmapIndexScanState *node, Relation table)
{
	TidCollector collector = {.index = node->biss_RelationDesc};
	LokiTidSet *tids;

	collector.most = pg_prevpower2_32(Min(work_mem * (Size) 1024 / sizeof(LokiTidRow), LOKI_TIDS_MOST));
	Assert(collector.most >= FIRST_ROWS);
	collect_rows(&collector, node);
	if (collector.bitmap != NULL)
	{
		move_rows(&collector);
		tids = tids_of_bitmap(collector.bitmap, table);
	}
	else
		tids = loki_tids_of_rows(collector.rows, collector.n);
	if (collector.rows != NULL)
		pfree(collector.rows);
	return tids;
}

/*
 * Make the set of rows that the scan stays in.  The set is in the query's memory, and
 * stays until it is freed.
 */
void
loki_hybrid_make_tids(LokiHybridState *state)
{
	Relation	table = state->css.ss.ss_currentRelation;
	MemoryContext old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);

	Assert(state->bitmap != NULL && state->tids == NULL);
	if (returns_rows(state->bitmap))
		state->tids = tids_of_index((BitmapIndexScanState *) state->bitmap, table);
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
