/*-------------------------------------------------------------------------
 *
 * hnswcheck_heap.c
 *	  lokivector_check: whether the index has every row of its table, once, and
 *	  with the values that the row has.
 *
 * Each entry of the index, and each row that should have one, becomes a 64-bit
 * number: the heap TID in the upper 48 bits, 16 bits of a hash over the
 * vector's hash and the attributes in the others.  Both sides are sorted,
 * within maintenance_work_mem, and merged.
 *
 * The rows are those visible to a snapshot that was taken before the index was
 * read.  Vacuum cannot remove their entries while the snapshot is held, and
 * has removed whatever had the same heap TIDs before.  So what is missing,
 * twice or different on their side is a fault whatever runs meanwhile; entries
 * of other rows are passed over.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswcheck_heap.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "hnsw/hnswcheck.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/tuplesort.h"

#define FINGERPRINT_BITS	16

typedef struct HeapCheck
{
	LokiCheck  *check;
	MemoryContext row_context;	/* reset after every row */
	Tuplesortstate *entries;	/* of the index */
	Tuplesortstate *rows;		/* of the table */
	bool		outside;		/* reading NULLTID */
	bool		pass_killed;	/* leave out entries marked killed */
} HeapCheck;

static int64
make_entry(const ItemPointerData *tid, uint64 hash)
{
	uint64		entry = ItemPointerGetBlockNumberNoCheck(tid);

	entry = (entry << 16) | ItemPointerGetOffsetNumberNoCheck(tid);
	return (int64) ((entry << FINGERPRINT_BITS) | (hash & PG_UINT16_MAX));
}

/* Heap TID of an entry, for comparing and for messages */
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

static void
put_entry(Tuplesortstate *sort, const ItemPointerData *tid, uint64 hash)
{
	tuplesort_putdatum(sort, Int64GetDatum(make_entry(tid, hash)), false);
}

/* ----------------------------------------------------------------
 * The index side
 * ----------------------------------------------------------------
 */

/* Hash of what the index holds of a node, or of a row outside the graph */
static uint64
entry_hash(HeapCheck *state, uint32 number, const LokiTidData *tid)
{
	LokiCheck  *check = state->check;
	LokiHashData hash = {0};
	char		slot[LOKI_ATTR_MAX_SLOT] = {0};
	uint64		result;

	if (state->outside)
		result = outside_hash((tid->state & LOKI_TID_ZERO_NORM) != 0);
	else
	{
		loki_slot_read(check->state, check->index, LOKI_FAMILY_HASH, number, &hash);
		result = hash.h[0] ^ hash.h[1];
	}
	for (int i = 0; i < check->state->nattributes; i++)
	{
		int			family = (state->outside ? LOKI_FAMILY_NULLATTR : LOKI_FAMILY_ATTR) + i;

		loki_slot_read(check->state, check->index, family, number, slot);
		result = hash_attribute(state, result, i, slot);
	}
	return result;
}

/*
 * Whether a slot of this state is one row's entry.  What is marked killed is so
 * to nobody's snapshot but those of a standby, so that a row which is visible
 * must not be.
 */
static bool
is_entry(const HeapCheck *state, int slot_state)
{
	return slot_state == LOKI_TID_LIVE ||
		(slot_state == LOKI_TID_KILLED && !state->pass_killed);
}

/*
 * Put the heap TIDs of a node that had a chain.  The TID page is locked while
 * the chain is read, so that neither can change; by now the chain may have
 * been replaced by a single TID.
 */
static void
put_chain(HeapCheck *state, uint32 node, uint64 hash)
{
	LokiCheck  *check = state->check;
	uint32		place;
	BlockNumber block = loki_slot_block(check->state, check->index, LOKI_FAMILY_TID,
										node, &place);
	Buffer		buffer = loki_buffer_read(check->state, check->index, block);
	uint32		slot_size = check->state->families[LOKI_FAMILY_TID].slot_size;
	LokiTidData tid;
	uint32		number = LOKI_NONE;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	memcpy(&tid, LokiPageSlot(BufferGetPage(buffer), slot_size, place), LOKI_TID_SHORT);
	if (is_entry(state, LokiTidState(&tid)))
		put_entry(state->entries, &tid.u.heap, hash);
	else if (LokiTidState(&tid) == LOKI_TID_OVERFLOW)
		number = LokiTidOverflowHead(&tid);
	while (number != LOKI_NONE)
	{
		LokiOverflowData slot;

		if (!loki_slot_read(check->state, check->index, LOKI_FAMILY_OVERFLOW, number, &slot) ||
			slot.node != node)
			break;
		if (is_entry(state, slot.state & LOKI_TID_STATE_MASK))
			put_entry(state->entries, &slot.heap, hash);
		number = slot.next;
	}
	UnlockReleaseBuffer(buffer);
}

static void
put_slot(LokiCheck *check, uint32 number, const char *slot)
{
	HeapCheck  *state = check->slot_state;
	const LokiTidData *tid = (const LokiTidData *) slot;

	if (!loki_check_is_live(LokiTidState(tid)))
		return;
	if (LokiTidState(tid) == LOKI_TID_OVERFLOW)
		put_chain(state, number, entry_hash(state, number, tid));
	else if (is_entry(state, LokiTidState(tid)))
		put_entry(state->entries, &tid->u.heap, entry_hash(state, number, tid));
}

static void
read_index(HeapCheck *state)
{
	state->check->slot_state = state;
	loki_index_refresh(state->check->state, state->check->index);
	state->outside = false;
	loki_check_family(state->check, LOKI_FAMILY_TID, put_slot);
	state->outside = true;
	loki_check_family(state->check, LOKI_FAMILY_NULLTID, put_slot);
}

/* ----------------------------------------------------------------
 * The table side
 * ----------------------------------------------------------------
 */

/* Hash of what the index should hold of a row */
static uint64
row_hash(HeapCheck *state, const Datum *values, const bool *isnull)
{
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
		if (index_state->families[LOKI_FAMILY_HASH].slot_size < sizeof(hash))
			hash.h[1] = 0;
		result = hash.h[0] ^ hash.h[1];
	}
	else
		result = outside_hash(class == LOKI_VALUE_ZERO_NORM);
	for (int i = 0; i < index_state->nattributes; i++)
	{
		loki_attr_form((LokiAttrType) index_state->attr_type[i], values[i + 1],
					   isnull[i + 1], slot);
		result = hash_attribute(state, result, i, slot);
	}
	return result;
}

static void
put_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		bool alive, void *callback_state)
{
	HeapCheck  *state = callback_state;
	MemoryContext old = MemoryContextSwitchTo(state->row_context);
	uint64		hash = row_hash(state, values, isnull);

	MemoryContextSwitchTo(old);
	put_entry(state->rows, tid, hash);
	MemoryContextReset(state->row_context);
}

/* ----------------------------------------------------------------
 * Merging
 * ----------------------------------------------------------------
 */

/* A fault of a row's entry; both are printed as amcheck prints heap TIDs */
static void
report_row(HeapCheck *state, int64 row, const char *fault)
{
	uint64		tid = (uint64) entry_tid(row);

	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("heap row (%u,%u) from table \"%s\" %s index \"%s\"",
					(BlockNumber) (tid >> 16), (unsigned) (tid & 0xFFFF),
					RelationGetRelationName(state->check->heap), fault,
					RelationGetRelationName(state->check->index))));
}

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
 * Entries and rows come in the order of int64, in which those of a heap TID
 * are together.
 */
static void
merge(HeapCheck *state)
{
	int64		row;
	int64		entry = 0;
	bool		have_entry = next_entry(state->entries, &entry);

	while (next_entry(state->rows, &row))
	{
		CHECK_FOR_INTERRUPTS();
		while (have_entry && (entry >> FINGERPRINT_BITS) < (row >> FINGERPRINT_BITS))
			have_entry = next_entry(state->entries, &entry);
		if (!have_entry || entry_tid(entry) != entry_tid(row))
			report_row(state, row, "has no entry in");
		if (entry != row)
			report_row(state, row, "has other values than its entry in");
		have_entry = next_entry(state->entries, &entry);
		if (have_entry && entry_tid(entry) == entry_tid(row))
			report_row(state, row, "has more than one entry in");
	}
}

static Tuplesortstate *
begin_sort(void)
{
	return tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid, false,
								 Max(maintenance_work_mem / 2, 64), NULL, TUPLESORT_NONE);
}

/*
 * Check that each row visible to the snapshot that the index should have has
 * one entry, with its values.
 */
void
loki_check_heap(LokiCheck *check, IndexInfo *info, Snapshot snapshot)
{
	HeapCheck	state = {0};
	TableScanDesc scan;

	state.check = check;
	state.pass_killed = !TransactionStartedDuringRecovery();
	state.row_context = AllocSetContextCreate(CurrentMemoryContext, "row",
											  ALLOCSET_DEFAULT_SIZES);
	state.entries = begin_sort();
	state.rows = begin_sort();

	read_index(&state);
	tuplesort_performsort(state.entries);

	/* as CREATE INDEX CONCURRENTLY: the scan's snapshot decides */
	scan = table_beginscan_strat(check->heap, snapshot, 0, NULL, true, false);
	info->ii_Concurrent = true;
	info->ii_Unique = false;
	info->ii_ExclusionOps = NULL;
	info->ii_ExclusionProcs = NULL;
	info->ii_ExclusionStrats = NULL;
	table_index_build_scan(check->heap, check->index, info, false, false,
						   put_row, &state, scan);
	tuplesort_performsort(state.rows);

	merge(&state);
	tuplesort_end(state.entries);
	tuplesort_end(state.rows);
	MemoryContextDelete(state.row_context);
}
