/*-------------------------------------------------------------------------
 *
 * codes.c
 *	  lokivector_check: whether the slots of a node are those of its row.
 *
 * For most rows, check/heap.c has found that the index has the slots that would be made of
 * them, byte for byte.  The others are compared here, one by one: all slots must be equal.
 *
 * Rows are read under the snapshot of the comparison, which keeps their entries, and values
 * out of line, from vacuum.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/codes.c
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
#include "hnsw/check/check.h"
#include "hnsw/definition/attribute.h"
#include "miscadmin.h"
#include "utils/memutils.h"

typedef struct Unlike
{
	LokiCheck  *check;
	const ItemPointerData *rows;	/* ascending, as their entries were sorted */
	uint64		nrows;
	LokiCheckEntry *entries;	/* of each */
	bool	   *found;
	TupleTableSlot *slot;
	IndexInfo  *info;
	EState	   *estate;
	MemoryContext row_context;
	char	   *stored;			/* scratch: slots as they are ... */
	char	   *wanted;			/* ... and as a row makes them: CODE, REFINE */
} Unlike;

/* ----------------------------------------------------------------
 * The entries of these rows
 * ----------------------------------------------------------------
 */

/* qsort: the order of entries, in which blocks are compared as signed numbers */
static int
compare_rows(const void *a, const void *b)
{
	const ItemPointerData *x = a;
	const ItemPointerData *y = b;
	int32		x_block = (int32) ItemPointerGetBlockNumberNoCheck(x);
	int32		y_block = (int32) ItemPointerGetBlockNumberNoCheck(y);

	if (x_block != y_block)
		return x_block < y_block ? -1 : 1;
	return (int) ItemPointerGetOffsetNumberNoCheck(x) -
		(int) ItemPointerGetOffsetNumberNoCheck(y);
}

static void
note_entry(void *arg, const LokiCheckEntry *entry)
{
	Unlike	   *unlike = arg;
	const ItemPointerData *row = bsearch(&entry->heap, unlike->rows, unlike->nrows,
										 sizeof(ItemPointerData), compare_rows);

	if (row == NULL)
		return;
	unlike->entries[row - unlike->rows] = *entry;
	unlike->found[row - unlike->rows] = true;
}

/* ----------------------------------------------------------------
 * Slots
 * ----------------------------------------------------------------
 */

static void
report_slot(Unlike *unlike, const LokiCheckEntry *entry, int array)
{
	LokiCheck  *check = unlike->check;

	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("heap row (%u,%u) from table \"%s\" has other values than its entry in index \"%s\"",
					ItemPointerGetBlockNumber(&entry->heap),
					(unsigned) ItemPointerGetOffsetNumber(&entry->heap),
					RelationGetRelationName(check->heap),
					RelationGetRelationName(check->index)),
			 loki_check_where(check, array, entry->number)));
}

/* ERROR if a slot is not `wanted`. */
static void
require_slot(Unlike *unlike, const LokiCheckEntry *entry, int array, const char *wanted)
{
	LokiCheck  *check = unlike->check;

	if (!loki_check_read(check, array, entry->number, unlike->stored) ||
		memcmp(unlike->stored, wanted, check->state->arrays[array].slot_size) != 0)
		report_slot(unlike, entry, array);
}

/*
 * Whether the codes of a node, as they are now, are those of a vector.  *array is the slot
 * array of the one that is not.
 */
static bool
codes_equal(Unlike *unlike, const LokiCheckEntry *entry, const float *x, int *array)
{
	LokiCheck  *check = unlike->check;
	const LokiQuantizer *quantizer = check->state->quantizer;
	char	   *wanted_refine = unlike->wanted + MAXALIGN(quantizer->code_size);

	Assert(!entry->outside);
	*array = LOKI_SLOTS_CODE;
	if (!loki_check_read(check, LOKI_SLOTS_CODE, entry->number, unlike->stored))
		return false;
	quantizer->encode(quantizer, x, unlike->wanted, wanted_refine);
	if (memcmp(unlike->stored, unlike->wanted, quantizer->code_size) != 0)
		return false;
	*array = LOKI_SLOTS_REFINE;
	return quantizer->refine_size == 0 ||
		(loki_check_read(check, LOKI_SLOTS_REFINE, entry->number, unlike->stored) &&
		 memcmp(unlike->stored, wanted_refine, quantizer->refine_size) == 0);
}


/* Compare the slots of an entry with the values of its row. */
static void
check_values(Unlike *unlike, const LokiCheckEntry *entry, const Datum *values,
			 const bool *isnull)
{
	LokiIndex  *state = unlike->check->state;
	int			attributes = entry->outside ? LOKI_SLOTS_NULLATTR : LOKI_SLOTS_ATTR;
	int			array;
	const float *x;
	LokiHashData hash;
	char		slot[LOKI_ATTR_MAX_SLOT];
	LokiValueClass class = loki_value_open(&state->column, values[0], isnull[0], &x);

	if ((class != LOKI_VALUE_VECTOR) != entry->outside ||
		(entry->outside && (class == LOKI_VALUE_ZERO_NORM) != entry->zero_norm))
		report_slot(unlike, entry, entry->outside ? LOKI_SLOTS_NULLTID : LOKI_SLOTS_TID);
	if (!entry->outside)
	{
		loki_value_hash(&state->column, x, &hash);
		require_slot(unlike, entry, LOKI_SLOTS_HASH, (const char *) &hash);
	}
	for (int i = 0; i < state->nattributes; i++)
	{
		loki_attr_form((LokiAttrType) state->attr_type[i], values[i + 1], isnull[i + 1], slot);
		require_slot(unlike, entry, attributes + i, slot);
	}
	if (!entry->outside && !state->pending && !codes_equal(unlike, entry, x, &array))
		report_slot(unlike, entry, array);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */
static void
check_row(Unlike *unlike, IndexFetchTableData *fetch, Snapshot snapshot, uint64 i)
{
	ItemPointerData tid = unlike->rows[i];
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	bool		call_again = false;
	MemoryContext old;

	Assert(i < unlike->nrows);
	if (!unlike->found[i])
		loki_check_row_fault(unlike->check, &tid, "has no entry in");
	if (!table_index_fetch_tuple(fetch, &tid, snapshot, unlike->slot, &call_again, NULL))
		return;
	ResetPerTupleExprContext(unlike->estate);
	MemoryContextReset(unlike->row_context);
	old = MemoryContextSwitchTo(unlike->row_context);
	FormIndexDatum(unlike->info, unlike->slot, unlike->estate, values, isnull);
	check_values(unlike, &unlike->entries[i], values, isnull);
	MemoryContextSwitchTo(old);
	ExecClearTuple(unlike->slot);
}

static void
begin_rows(Unlike *unlike)
{
	const LokiIndex *state = unlike->check->state;
	Size		size = MAXALIGN(state->quantizer->code_size) + state->quantizer->refine_size;

	unlike->entries = palloc_extended(mul_size(sizeof(LokiCheckEntry), unlike->nrows),
									  MCXT_ALLOC_HUGE);
	unlike->found = palloc_extended(unlike->nrows, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	unlike->slot = table_slot_create(unlike->check->heap, NULL);
	unlike->estate = CreateExecutorState();
	GetPerTupleExprContext(unlike->estate)->ecxt_scantuple = unlike->slot;
	unlike->row_context = AllocSetContextCreate(CurrentMemoryContext, "row",
												ALLOCSET_DEFAULT_SIZES);
	unlike->stored = palloc0(Max(size, Max(LOKI_ATTR_MAX_SLOT, sizeof(LokiHashData))));
	unlike->wanted = palloc0(size);
}

static void
end_rows(Unlike *unlike)
{
	ExecDropSingleTupleTableSlot(unlike->slot);
	FreeExecutorState(unlike->estate);
	MemoryContextDelete(unlike->row_context);
	pfree(unlike->entries);
	pfree(unlike->found);
	pfree(unlike->stored);
	pfree(unlike->wanted);
}

/*
 * Look once more at rows whose entries seemed to have other values, which come in the order of
 * entries.  ERROR if one of them has.  Takes LOKI_CHECK_UNLIKE_SIZE of memory for each, `rows`
 * included.
 */
void
loki_check_unlike(LokiCheck *check, IndexInfo *info, Snapshot snapshot,
				  const ItemPointerData *rows, uint64 nrows)
{
	Unlike		unlike = {.check = check, .rows = rows, .nrows = nrows, .info = info};
	IndexFetchTableData *fetch;

	Assert(nrows > 0 && compare_rows(&rows[0], &rows[nrows - 1]) <= 0);
	/* the expressions were prepared for the table scan, which has ended */
	info->ii_ExpressionsState = NIL;
	begin_rows(&unlike);
	loki_check_visit(check, note_entry, &unlike);
	fetch = table_index_fetch_begin(check->heap);
	for (uint64 i = 0; i < nrows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check_row(&unlike, fetch, snapshot, i);
	}
	table_index_fetch_end(fetch);
	end_rows(&unlike);
}
