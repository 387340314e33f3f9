/*-------------------------------------------------------------------------
 *
 * heap.c
 *	  lokivector_check: whether the index has every row of its table once, with
 *	  the values of the row.
 *
 * Each entry of the index, and each row that should have one, becomes a 64-bit number.  Its
 * upper 48 bits are the heap TID.  The others are a fingerprint, the end of a hash of the node's
 * slots: for entries, as they are; for rows, as they would be made.  Both sides are sorted and
 * merged, within maintenance_work_mem.  Codes of a vector are the same bytes on every processor, so
 * fingerprints that differ are a fault.
 *
 * The rows are those visible to a snapshot that was taken before the index was read.  Vacuum
 * cannot remove their entries while the snapshot is held, and it has removed entries of
 * earlier rows with the same heap TIDs.  So if a row's entry is missing, twice or different,
 * it is a fault, whatever runs meanwhile.  Entries of other rows are ignored.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/heap.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "commands/progress.h"
#include "common/hashfn.h"
#include "compat/pgcompat.h"
#include "hnsw/check/check.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/page/lock_assert.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#define FINGERPRINT_BITS	16
StaticAssertDecl(8 * (sizeof(BlockNumber) + sizeof(OffsetNumber)) + FINGERPRINT_BITS == 64,
				 "a heap TID and a fingerprint fill a number");

/* The comparison of an index with its table */
typedef struct HeapCheck
{
	LokiCheck  *check;
	bool		skip_killed;	/* leave out entries marked killed */
	MemoryContext row_context;	/* reset after every row */
	Tuplesortstate *entries;	/* of the index */
	Tuplesortstate *rows;		/* of the table */
	char	   *code;			/* of a row or a node ... */
	char	   *refine;			/* ... likewise */
} HeapCheck;

/* Heap TID of an entry, for comparing and for messages; unsigned, as blocks go up to 2^32 */
static inline int64
entry_tid(int64 entry)
{
	return (int64) ((uint64) entry >> FINGERPRINT_BITS);
}

/* Add an attribute's slot to a hash. */
static uint64
hash_attribute(HeapCheck *state, uint64 hash, int attribute, const char *slot)
{
	LokiAttrType type = (LokiAttrType) state->check->state->attr_type[attribute];

	return hash_bytes_extended((const unsigned char *) slot,
							   (int) loki_attr_slot_size(type), hash);
}

/* What stands for the vector of a row outside the graph */
static uint64
outside_hash(bool zero_norm)
{
	return zero_norm ? 1 : 2;
}

/* Add a number to those that are sorted. */
static void
put_entry(Tuplesortstate *sort, const ItemPointerData *tid, uint64 hash)
{
	uint64		entry = ItemPointerGetBlockNumber(tid);

	/* of two rows that differ one in 65,536 pairs has equal fingerprints: damage of a single row may be missed */
	entry = (entry << 16) | ItemPointerGetOffsetNumber(tid);
	entry = (entry << FINGERPRINT_BITS) | (hash & PG_UINT16_MAX);
	tuplesort_putdatum(sort, Int64GetDatum((int64) entry), false);
}

/* ----------------------------------------------------------------
 * The index side
 * ----------------------------------------------------------------
 */

/* Add a code, and what refines it, to a hash; of a pending index they are zeros. */
static uint64
hash_codes(HeapCheck *state, uint64 hash)
{
	const LokiQuantizer *quantizer = state->check->state->quantizer;

	hash = hash_bytes_extended((unsigned char *) state->code, (int) quantizer->code_size, hash);
	if (quantizer->refine_size > 0)
		hash = hash_bytes_extended((unsigned char *) state->refine,
								   (int) quantizer->refine_size, hash);
	return hash;
}

/* Hash of what the index holds of a node, or, if `tid` is of NULLTID, of a row outside the graph */
static uint64
entry_hash(HeapCheck *state, bool outside, uint32 number, const LokiTidData *tid)
{
	LokiCheck  *check = state->check;
	LokiHashData hash = {0};
	char		slot[LOKI_ATTR_MAX_SLOT] = {0};
	uint64		result;

	if (outside)
		result = outside_hash((tid->state & LOKI_TID_ZERO_NORM) != 0);
	else
	{
		loki_check_read(check, LOKI_SLOTS_HASH, number, &hash);
		if (!check->state->pending)
			loki_check_read(check, LOKI_SLOTS_CODE, number, state->code);
		if (!check->state->pending && check->state->quantizer->refine_size > 0)
			loki_check_read(check, LOKI_SLOTS_REFINE, number, state->refine);
		result = hash_codes(state, hash.h[0] ^ hash.h[1]);
	}
	for (int i = 0; i < check->state->nattributes; i++)
	{
		loki_check_read(check, (outside ? LOKI_SLOTS_NULLATTR : LOKI_SLOTS_ATTR) + i, number, slot);
		result = hash_attribute(state, result, i, slot);
	}
	return result;
}

/* Add the row of a slot in this state, if it is an entry. */
static void
put_slot(HeapCheck *state, int slot_state, const ItemPointerData *heap, uint64 hash)
{
	if (slot_state == LOKI_TID_LIVE || (slot_state == LOKI_TID_KILLED && !state->skip_killed))
		put_entry(state->entries, heap, hash);
}

/* Add the rows of a slot of TID or NULLTID; duplicates share the slots of their node. */
static void
put_rows(LokiCheck *check, int array, uint32 number, const char *slot)
{
	HeapCheck  *state = check->slot_state;
	LokiTidData tid;
	uint64		hash;

	memcpy(&tid, slot, LOKI_TID_SHORT);
	if (!loki_check_is_live(LokiTidState(&tid)))
		return;
	hash = entry_hash(state, array == LOKI_SLOTS_NULLTID, number, &tid);
	check->tid_list.n = 0;
	/*
	 * Read again, with the list, under the lock of the TID page: what is on
	 * the copied page may be older.  Meanwhile the list may have been replaced
	 * by a single TID.
	 */
	if (LokiTidState(&tid) == LOKI_TID_LIST)
		loki_check_duplicates(check, number, &tid);
	put_slot(state, LokiTidState(&tid), &tid.u.heap, hash);
	for (uint64 i = 0; i < check->tid_list.n; i++)
		put_slot(state, check->tid_list.slots[i].state, &check->tid_list.slots[i].heap, hash);
}

/* ----------------------------------------------------------------
 * The table side
 * ----------------------------------------------------------------
 */

/* Callback of the table scan: add a row that should have an entry, by a hash of what the index should hold of it. */
static void
put_expected_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
				 bool alive, void *callback_state)
{
	HeapCheck  *state = callback_state;
	MemoryContext old = MemoryContextSwitchTo(state->row_context);
	LokiIndex  *index_state = state->check->state;
	LokiHashData hash;
	const float *elements;
	char		slot[LOKI_ATTR_MAX_SLOT];
	uint64		result;
	LokiValueClass class = loki_value_open(&index_state->column, values[0], isnull[0],
										   &elements);

	if (class == LOKI_VALUE_VECTOR)
	{
		loki_value_hash(&index_state->column, elements, &hash);
		/* a compact index keeps the first half */
		if (index_state->arrays[LOKI_SLOTS_HASH].slot_size < sizeof(hash))
			hash.h[1] = 0;
		if (!index_state->pending)
			index_state->quantizer->encode(index_state->quantizer, elements, state->code,
										   state->refine);
		result = hash_codes(state, hash.h[0] ^ hash.h[1]);
	}
	else
		result = outside_hash(class == LOKI_VALUE_ZERO_NORM);
	for (int i = 0; i < index_state->nattributes; i++)
	{
		loki_attr_form((LokiAttrType) index_state->attr_type[i], values[i + 1],
					   isnull[i + 1], slot);
		result = hash_attribute(state, result, i, slot);
	}
	MemoryContextSwitchTo(old);
	put_entry(state->rows, tid, result);
	MemoryContextReset(state->row_context);
}

/* ----------------------------------------------------------------
 * Merging
 * ----------------------------------------------------------------
 */

/* Report a fault of a row; heap TIDs are printed as amcheck does. */
static void
report_row(HeapCheck *state, int64 row, const char *fault)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("heap row (%u,%u) from table \"%s\" %s index \"%s\"",
					(BlockNumber) (entry_tid(row) >> 16),
					(unsigned) (entry_tid(row) & PG_UINT16_MAX),
					RelationGetRelationName(state->check->heap), fault,
					RelationGetRelationName(state->check->index))));
}

/* The next number in order; false at the end */
static bool
next_entry(Tuplesortstate *sort, int64 *entry)
{
	Datum		value;
	bool		isnull;

	if (!LokiTuplesortGetDatum(sort, &value, &isnull))
		return false;
	*entry = DatumGetInt64(value);
	return true;
}

/*
 * Merge entries and rows.  Both come in the order of int64, in which those of a heap TID are
 * together.
 */
static void
merge_entries_and_rows(HeapCheck *state)
{
	int64		row;
	int64		entry = 0;
	bool		have_entry = next_entry(state->entries, &entry);
	bool		differs;

	while (next_entry(state->rows, &row))
	{
		CHECK_FOR_INTERRUPTS();
		/* entries of rows that the snapshot does not see; signed, as the sort is */
		while (have_entry && (entry >> FINGERPRINT_BITS) < (row >> FINGERPRINT_BITS))
			have_entry = next_entry(state->entries, &entry);
		if (!have_entry || entry_tid(entry) != entry_tid(row))
			report_row(state, row, "has no entry in");
		differs = entry != row;
		have_entry = next_entry(state->entries, &entry);
		if (have_entry && entry_tid(entry) == entry_tid(row))
			report_row(state, row, "has more than one entry in");
		if (differs)
			report_row(state, row, "has other values than its entry in");
	}
}

/* Two of them share the memory */
static Tuplesortstate *
begin_entry_sort(void)
{
	return tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
								 Max(maintenance_work_mem / 2, 64), NULL, TUPLESORT_NONE);
}

/*
 * Check that each row has one entry, with its values, if the snapshot sees it and the index
 * should have it.
 */
void
loki_check_heap(LokiCheck *check, IndexInfo *info, Snapshot snapshot)
{
	HeapCheck	state = {.check = check};
	const LokiQuantizer *quantizer = check->state->quantizer;
	TableScanDesc scan;

	Assert(IsMVCCSnapshot(snapshot) && check->node != NULL && loki_no_buffer_locked());
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "row",
											  ALLOCSET_DEFAULT_SIZES);
	/* encode() writes every byte but padding, which is zero */
	state.code = palloc0(quantizer->code_size);
	state.refine = palloc0(Max(quantizer->refine_size, 1));
	state.entries = begin_entry_sort();
	state.rows = begin_entry_sort();

	loki_check_phase(check, PROGRESS_CREATEIDX_PHASE_VALIDATE_SORT, 0);
	/*
	 * All rows that the index has.  No snapshot but those of a standby sees a row whose entry is marked killed,
	 * so these entries are left out: a visible row must have another.
	 */
	state.skip_killed = !TransactionStartedDuringRecovery();
	check->slot_state = &state;
	loki_index_refresh(check->state, check->index);
	loki_check_slot_array(check, LOKI_SLOTS_TID, put_rows);
	loki_check_slot_array(check, LOKI_SLOTS_NULLTID, put_rows);
	tuplesort_performsort(state.entries);

	loki_check_phase(check, PROGRESS_CREATEIDX_PHASE_VALIDATE_TABLESCAN, 0);
	scan = table_beginscan_strat(check->heap, snapshot, 0, NULL, true, false);
	/* ii_Concurrent: by the snapshot of the scan.  The others would have rows checked against each other. */
	info->ii_Concurrent = true;
	info->ii_Unique = false;
	info->ii_ExclusionOps = NULL;
	info->ii_ExclusionProcs = NULL;
	info->ii_ExclusionStrats = NULL;
	/* whether to join other scans of the table was said when this one began */
	table_index_build_scan(check->heap, check->index, info, true, true,
						   put_expected_row, &state, scan);
	tuplesort_performsort(state.rows);

	merge_entries_and_rows(&state);
	tuplesort_end(state.entries);
	tuplesort_end(state.rows);
	MemoryContextDelete(state.row_context);
}
