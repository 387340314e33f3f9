/*-------------------------------------------------------------------------
 *
 * table_rows.c
 *	  The rows of an index's table, and their values, for measuring by them.
 *
 * A value is what FormIndexDatum() makes of a row, as in CREATE INDEX; the scan of the table, or the
 * fetch of a row, is the caller's part of the table access method.  Expressions of the index are
 * evaluated as its owner, who made them, as REINDEX evaluates them.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/table_rows.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/*
 * Whether a function is not written in C.  Such a one may run queries, for which it needs a snapshot
 * that keeps the rows it sees.  Vacuum has none, as that would hold back what can be removed.
 */
static bool
is_not_in_c(Oid function, void *context)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			language;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	language = ((Form_pg_proc) GETSTRUCT(tuple))->prolang;
	ReleaseSysCache(tuple);
	return language != INTERNALlanguageId && language != ClanguageId;
}

/* expression_tree_walker: whether an expression calls such a function */
static bool
calls_not_in_c(Node *node, void *context)
{
	return node != NULL && (check_functions_in_node(node, is_not_in_c, context) ||
							expression_tree_walker(node, calls_not_in_c, context));
}

/* See recall.h.  Expressions are looked at, and not evaluated. */
bool
loki_rows_need_no_snapshot(Relation index)
{
	return !calls_not_in_c((Node *) RelationGetIndexExpressions(index), NULL) &&
		!calls_not_in_c((Node *) RelationGetIndexPredicate(index), NULL);
}

/*
 * If values may be gone, bring those out of line that the index is made of into memory, so that no function
 * looks for them.  False if one of them is gone.
 */
static bool
read_arguments(LokiRows *rows)
{
	TupleTableSlot *slot = rows->slot;
	bool		first = true;

	for (int i = -1; rows->toast.may_be_gone && (i = bms_next_member(rows->attributes, i)) >= 0;)
	{
		AttrNumber	attribute = i + FirstLowInvalidHeapAttributeNumber;
		bool		isnull;
		Datum		datum;
		struct varlena *value;

		if (attribute <= 0)
			continue;
		datum = slot_getattr(slot, attribute, &isnull);
		if (isnull || TupleDescAttr(slot->tts_tupleDescriptor, attribute - 1)->attlen != -1 ||
			!VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
			continue;
		if (first)
			MemoryContextReset(rows->arguments);
		first = false;
		value = loki_toast_try(&rows->toast, (struct varlena *) DatumGetPointer(datum));
		if (value == NULL)
			return false;
		slot->tts_values[attribute - 1] = PointerGetDatum(memcpy(MemoryContextAlloc(rows->arguments, VARSIZE(value)),
																 value, VARSIZE(value)));
	}
	return true;
}

/* See recall.h.  An ERROR undoes it: the abort restores user and settings, and frees the rest. */
void
loki_rows_begin(LokiRows *rows, Relation heap, Relation index, Snapshot snapshot)
{
	Assert(index->rd_index->indrelid == RelationGetRelid(heap));
	rows->heap = heap;
	rows->index = index;
	GetUserIdAndSecContext(&rows->userid, &rows->sec_context);
	SetUserIdAndSecContext(heap->rd_rel->relowner,
						   rows->sec_context | SECURITY_RESTRICTED_OPERATION);
	rows->nestlevel = NewGUCNestLevel();
	LokiRestrictSearchPath();
	rows->snapshot = snapshot;
	rows->column = loki_index_open(index, NULL)->column;
	rows->slot = table_slot_create(heap, NULL);
	rows->fetch = loki_table_index_fetch_begin(heap);
	rows->index_info = BuildIndexInfo(index);
	rows->estate = CreateExecutorState();
	GetPerTupleExprContext(rows->estate)->ecxt_scantuple = rows->slot;
	rows->predicate = ExecPrepareQual(rows->index_info->ii_Predicate, rows->estate);
	rows->context = AllocSetContextCreate(CurrentMemoryContext, "lokivector rows",
										  ALLOCSET_DEFAULT_SIZES);
	rows->toast = (LokiToastReader) {.context = CurrentMemoryContext};
	rows->arguments = AllocSetContextCreate(CurrentMemoryContext, "lokivector arguments",
											ALLOCSET_DEFAULT_SIZES);

	/*
	 * The columns that the index is made of, as pull_varattnos() numbers them:
	 * the vector, and what expressions and the predicate read. Attributes are
	 * not needed here.
	 */
	rows->attributes = rows->index_info->ii_IndexAttrNumbers[0] <= 0 ? NULL :
		bms_make_singleton(rows->index_info->ii_IndexAttrNumbers[0] - FirstLowInvalidHeapAttributeNumber);
	pull_varattnos((Node *) rows->index_info->ii_Expressions, 1, &rows->attributes);
	pull_varattnos((Node *) rows->index_info->ii_Predicate, 1, &rows->attributes);
	/* a whole row is made with all of its values */
	if (bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, rows->attributes))
		rows->attributes = bms_add_range(rows->attributes, 1 - FirstLowInvalidHeapAttributeNumber,
										 RelationGetNumberOfAttributes(heap) - FirstLowInvalidHeapAttributeNumber);
}

/* Undo loki_rows_begin().  Relations and snapshot are the caller's. */
void
loki_rows_end(LokiRows *rows)
{
	/* nobody has changed the user in between */
	Assert(GetUserId() == rows->heap->rd_rel->relowner);
	loki_toast_close(&rows->toast);
	table_index_fetch_end(rows->fetch);
	ExecDropSingleTupleTableSlot(rows->slot);
	FreeExecutorState(rows->estate);
	AtEOXact_GUC(false, rows->nestlevel);
	SetUserIdAndSecContext(rows->userid, rows->sec_context);
}

/* See recall.h.  Reads values that may be gone first; a row without one does not match. */
bool
loki_rows_match(LokiRows *rows)
{
	return read_arguments(rows) &&
		(rows->predicate == NULL ||
		 ExecQual(rows->predicate, GetPerTupleExprContext(rows->estate)));
}

/*
 * See recall.h.  They live in rows->context; of the first, those in the TOAST table are read by the reader of
 * types/toast.h, which is faster than detoasting.
 */
bool
loki_rows_values(LokiRows *rows, Datum *values, bool *nulls)
{
	MemoryContext old;

	Assert(!TTS_EMPTY(rows->slot) && CurrentMemoryContext != rows->context);
	if (!read_arguments(rows))
		return false;
	ResetPerTupleExprContext(rows->estate);
	MemoryContextReset(rows->context);
	old = MemoryContextSwitchTo(rows->context);
	FormIndexDatum(rows->index_info, rows->slot, rows->estate, values, nulls);
	if (!nulls[0] && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(values[0])))
		values[0] = PointerGetDatum(loki_toast_read(&rows->toast, (struct varlena *) DatumGetPointer(values[0])));
	MemoryContextSwitchTo(old);
	return true;
}

/* See recall.h.  NULL, too, if a value that it is made of is gone. */
Datum
loki_rows_value(LokiRows *rows, bool *isnull)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		nulls[INDEX_MAX_KEYS];

	*isnull = !loki_rows_values(rows, values, nulls) || nulls[0];
	return *isnull ? (Datum) 0 : values[0];
}

/* See recall.h.  Its memory is that of the value. */
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

/*
 * Get a version of the row with this TID into the slot, or the next one of its HOT chain, so the row may have another
 * TID.  The TID is what a page says, and a damaged one may say that there is none: that block number would make the
 * table longer.
 */
static bool
fetch_version(LokiRows *rows, ItemPointer tid, Snapshot snapshot, bool *next)
{
	Assert(loki_no_buffer_locked());
	return ItemPointerIsValid(tid) && BlockNumberIsValid(ItemPointerGetBlockNumber(tid)) &&
		table_index_fetch_tuple(rows->fetch, tid, snapshot, rows->slot, next, NULL);
}

/* See recall.h. */
bool
loki_rows_fetch(LokiRows *rows, ItemPointer tid)
{
	bool		next = false;

	return fetch_version(rows, tid, rows->snapshot, &next);
}

/* How many versions a snapshot sees of the row with this TID, in its HOT chain; the slot may be invalid then. */
static int
count_versions(LokiRows *rows, ItemPointerData tid, Snapshot snapshot)
{
	bool		next = false;
	int			n = 0;

	while (n < MaxHeapTuplesPerPage && fetch_version(rows, &tid, snapshot, &next))
	{
		n++;
		if (!next)
			break;
	}
	return n;
}

/* Get the n-th of these versions into the slot, from 1.  None is pruned while the fetch has the page. */
static bool
fetch_nth_version(LokiRows *rows, ItemPointerData tid, Snapshot snapshot, int n)
{
	bool		next = false;

	for (int i = 1; i <= n && fetch_version(rows, &tid, snapshot, &next); i++)
	{
		if (i == n)
			return true;
		if (!next)
			break;
	}
	return false;
}

/*
 * See recall.h.  The rows of a node come newest first; vacuum may remove some of them meanwhile.  A snapshot that is
 * not MVCC sees several versions: those before the newest may be older than the index, and its expressions, which
 * have not been evaluated for them, may raise errors.
 */
bool
loki_rows_fetch_node(LokiRows *rows, LokiIndex *state, uint32 node)
{
	LokiNodeRows row = {0};
	ItemPointerData tid;

	do
	{
		CHECK_FOR_INTERRUPTS();
		if (loki_node_row(state, rows->index, node, &row, &tid) &&
			(IsMVCCSnapshot(rows->snapshot) ? loki_rows_fetch(rows, &tid) :
			 fetch_nth_version(rows, tid, rows->snapshot, count_versions(rows, tid, rows->snapshot))) &&
			read_arguments(rows))
			return true;
	} while (row.next != LOKI_NONE);
	return false;
}

/* See recall.h.  The index may have the first half of the hash. */
bool
loki_rows_vector_is_of(LokiRows *rows, LokiIndex *state, uint32 node, const float *values)
{
	LokiHashData hash;
	LokiHashData indexed;
	uint32		size = state->arrays[LOKI_SLOTS_HASH].slot_size;

	Assert(size <= sizeof(LokiHashData));
	loki_value_hash(&rows->column, values, &hash);
	return loki_slot_read(state, rows->index, LOKI_SLOTS_HASH, node, &indexed) &&
		memcmp(&hash, &indexed, size) == 0;
}

/*
 * See recall.h.  What is there is of the node's rows, as no TID is used again before vacuum has removed its entry (I12).
 * In a HOT chain that was broken for the index, older versions have other vectors: they may be none that the index
 * could have, so the newest is read first, and those alone that the predicate takes.
 */
const float *
loki_rows_indexed_vector(LokiRows *rows, LokiIndex *state, uint32 node, bool any)
{
	LokiNodeRows row = {0};
	ItemPointerData tid;

	do
	{
		int			n = 0;

		CHECK_FOR_INTERRUPTS();
		if (loki_node_row(state, rows->index, node, &row, &tid))
			n = count_versions(rows, tid, SnapshotAny);
		for (; n > 0; n--)
		{
			bool		isnull;
			Datum		value;
			const float *x;

			if (!fetch_nth_version(rows, tid, SnapshotAny, n) || !loki_rows_match(rows))
				continue;
			value = loki_rows_value(rows, &isnull);
			x = loki_rows_vector(rows, value, isnull);
			if (x != NULL && (any || loki_rows_vector_is_of(rows, state, node, x)))
				return x;
		}
	} while (row.next != LOKI_NONE);
	return NULL;
}

/* Empty the slot, and release the pin of the row's page. */
void
loki_rows_release(LokiRows *rows)
{
	ExecClearTuple(rows->slot);
	table_index_fetch_reset(rows->fetch);
}

/* See recall.h.  Builds with a seed have no workers, which would choose the same queries. */
void
loki_seed_prng(pg_prng_state *prng)
{
	pg_prng_seed(prng, loki_build_seed >= 0 ? (uint64) loki_build_seed :
				 pg_prng_uint64(&pg_global_prng_state));
}
