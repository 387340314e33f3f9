/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  The rows of an index's table, and their values, for measuring by them.
 *
 * Expressions of the index are evaluated as its owner, who made them.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/rows.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/index.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

void
loki_rows_begin(LokiRows *rows, Relation heap, Relation index, Snapshot snapshot)
{
	rows->heap = heap;
	rows->index = index;
	GetUserIdAndSecContext(&rows->userid, &rows->sec_context);
	SetUserIdAndSecContext(heap->rd_rel->relowner,
						   rows->sec_context | SECURITY_RESTRICTED_OPERATION);
	rows->nestlevel = NewGUCNestLevel();
	LokiRestrictSearchPath();
	rows->snapshot = snapshot;
	rows->inline_only = false;
	rows->column = loki_index_open(index, NULL)->column;
	rows->slot = table_slot_create(heap, NULL);
	rows->fetch = table_index_fetch_begin(heap);
	rows->index_info = BuildIndexInfo(index);
	rows->estate = CreateExecutorState();
	GetPerTupleExprContext(rows->estate)->ecxt_scantuple = rows->slot;
	rows->predicate = ExecPrepareQual(rows->index_info->ii_Predicate, rows->estate);
	rows->context = AllocSetContextCreate(CurrentMemoryContext, "lokivector rows",
										  ALLOCSET_DEFAULT_SIZES);
}

void
loki_rows_end(LokiRows *rows)
{
	table_index_fetch_end(rows->fetch);
	ExecDropSingleTupleTableSlot(rows->slot);
	FreeExecutorState(rows->estate);
	AtEOXact_GUC(false, rows->nestlevel);
	SetUserIdAndSecContext(rows->userid, rows->sec_context);
}

bool
loki_rows_match(LokiRows *rows)
{
	return rows->predicate == NULL ||
		ExecQual(rows->predicate, GetPerTupleExprContext(rows->estate));
}

Datum
loki_rows_value(LokiRows *rows, bool *isnull)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];
	MemoryContext old;

	Assert(!TTS_EMPTY(rows->slot));
	ResetPerTupleExprContext(rows->estate);
	MemoryContextReset(rows->context);
	old = MemoryContextSwitchTo(rows->context);
	FormIndexDatum(rows->index_info, rows->slot, rows->estate, values, nulls);
	MemoryContextSwitchTo(old);
	*isnull = nulls[0];
	return values[0];
}

const float *
loki_rows_vector(LokiRows *rows, Datum value, bool isnull)
{
	const float *x = NULL;
	MemoryContext old = MemoryContextSwitchTo(rows->context);

	if (loki_value_open(&rows->column, value, isnull, &x) != LOKI_VALUE_VECTOR)
		x = NULL;
	MemoryContextSwitchTo(old);
	return x;
}

bool
loki_rows_fetch(LokiRows *rows, ItemPointer tid)
{
	bool		call_again = false;

	return table_index_fetch_tuple(rows->fetch, tid, rows->snapshot, rows->slot,
								   &call_again, NULL);
}

void
loki_rows_release(LokiRows *rows)
{
	ExecClearTuple(rows->slot);
	table_index_fetch_reset(rows->fetch);
}

IndexScanDesc
loki_rows_begin_scan(LokiRows *rows, ScanKey order)
{
	Oid			type = rows->index->rd_opcintype[0];
	Oid			operator = get_opfamily_member(rows->index->rd_opfamily[0], type, type, 1);

	ScanKeyEntryInitialize(order, SK_ORDER_BY, 1, 1, type, InvalidOid,
						   get_opcode(operator), (Datum) 0);
	return LokiIndexBeginOrderedScan(rows->heap, rows->index, rows->snapshot, 1);
}
