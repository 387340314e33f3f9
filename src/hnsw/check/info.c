/*-------------------------------------------------------------------------
 *
 * info.c
 *	  lokivector_index_info and lokivector_index_slot_arrays: what an index is and
 *	  how large its parts are.
 *
 * Counts are taken page by page under share lock.  If the index changes meanwhile, they do
 * not belong to one moment.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/info.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "hnsw/build/build.h"
#include "hnsw/check/check.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/lock_assert.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

LOKI_FUNCTION(lokivector_index_info);
LOKI_FUNCTION(lokivector_index_slot_arrays);

#define INFO_COLUMNS		31
#define SLOT_ARRAY_COLUMNS		6

/* Slots of TID, NULLTID and DUPLICATE by state */
typedef struct SlotCounts
{
	uint64		used;
	uint64		by_state[LOKI_TID_STATE_MASK + 1];
} SlotCounts;

/*
 * The end of the used part of an array.  Pages come into use in order, so the last page in use
 * is found by bisection.
 */
static uint64
count_slots(LokiIndex *state, Relation index, int array)
{
	LokiSlotArray *slots = &state->arrays[array];
	uint32		low = 0;
	uint32		high = slots->npages;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (loki_page_used(state, index, array, middle) == 0)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0)
		return 0;
	return (uint64) (low - 1) * slots->per_page + loki_page_used(state, index, array, low - 1);
}

/*
 * Count the slots of an array with a free list by their states.  Share locks, one page at a time.  Reads the
 * whole array, through a ring of buffers.
 */
static void
count_states(LokiIndex *state, Relation index, int array, SlotCounts *counts)
{
	LokiAllSlots all = {state, index, array, GetAccessStrategy(BAS_BULKREAD)};
	const void *slot;

	/* slots of these arrays have a state */
	Assert(LokiSlotArrayFreeList(array) >= 0);
	memset(counts, 0, sizeof(SlotCounts));
	for (; (slot = loki_all_slots_next(&all)) != NULL; counts->used++)
		counts->by_state[loki_slot_state(array, slot)]++;
	FreeAccessStrategy(all.strategy);
}

/* Names of metrics and kinds of codes; loki_meta_validate() has seen to their numbers */
static const char *const metric_names[] = {
	[LOKI_METRIC_L2] = "l2",
	[LOKI_METRIC_IP] = "ip",
	[LOKI_METRIC_COSINE] = "cosine",
	[LOKI_METRIC_L1] = "l1",
	[LOKI_METRIC_HAMMING] = "hamming",
	[LOKI_METRIC_JACCARD] = "jaccard"
};

static const char *const code_names[] = {
	[LOKI_CODE_ROTATED] = "rotated",
	[LOKI_CODE_EXACT] = "exact",
	[LOKI_CODE_SCALAR] = "scalar",
	[LOKI_CODE_BITS] = "bits"
};

/* Columns 1 to 11: what the index is */
static int
put_definition(const LokiIndex *state, Relation index, const LokiMetaPageData *meta,
			   Datum *values, bool *isnull)
{
	bool		listed = loki_column_listed(&state->column);
	bool		of_bits = meta->code.kind == LOKI_CODE_BITS;
	TupleDesc	desc = RelationGetDescr(index);
	Datum		types[LOKI_MAX_ATTRIBUTES + 1];
	int			i = 0;

	Assert(desc->natts >= 1 && desc->natts <= INDEX_MAX_KEYS);
	for (int column = 1; column < desc->natts; column++)
		types[column - 1] = CStringGetTextDatum(format_type_be(TupleDescAttr(desc, column)->atttypid));
	Assert(meta->code.metric < lengthof(metric_names) && meta->code.kind < lengthof(code_names));
	values[i++] = Int32GetDatum(state->column.declared);
	values[i++] = CStringGetTextDatum(metric_names[meta->code.metric]);
	values[i++] = CStringGetTextDatum(listed ? "lists" : code_names[meta->code.kind]);
	/* posting lists have no codes, and so neither dimensions nor bits of them */
	isnull[i] = isnull[i + 1] = isnull[i + 2] = isnull[i + 3] = listed;
	values[i++] = Int32GetDatum(of_bits ? state->column.declared :
								loki_code_dims(&meta->code));
	values[i++] = Int32GetDatum(of_bits ? 1 : meta->code.bits);
	values[i++] = Int32GetDatum(meta->code.refine_bits);
	values[i++] = Int32GetDatum(meta->code.centers);
	values[i++] = CStringGetTextDatum(meta->profile == LOKI_PROFILE_COMPACT ?
									  "compact" : "balanced");
	values[i++] = Int32GetDatum(meta->m);
	values[i++] = Int32GetDatum(meta->ef_construction);
	values[i++] = PointerGetDatum(construct_array(types, desc->natts - 1, TEXTOID, -1, false, TYPALIGN_INT));
	return i;
}

/*
 * The next 8: nodes by state, rows marked killed among them, and rows, each of a node of
 * its own or of a TID list; last those of NULLTID.  Killed ones count until vacuum has removed them.
 */
static int
put_counts(LokiIndex *state, Relation index, Datum *values)
{
	SlotCounts	nodes;
	SlotCounts	duplicate;
	SlotCounts	nulls;
	uint64		single;			/* nodes with one row */
	int			i = 0;

	count_states(state, index, LOKI_SLOTS_TID, &nodes);
	count_states(state, index, LOKI_SLOTS_DUPLICATE, &duplicate);
	count_states(state, index, LOKI_SLOTS_NULLTID, &nulls);
	single = nodes.by_state[LOKI_TID_LIVE] + nodes.by_state[LOKI_TID_KILLED];

	values[i++] = Int64GetDatum(nodes.used);
	values[i++] = Int64GetDatum(single + nodes.by_state[LOKI_TID_LIST]);
	values[i++] = Int64GetDatum(nodes.by_state[LOKI_TID_KILLED] +
								duplicate.by_state[LOKI_TID_KILLED]);
	values[i++] = Int64GetDatum(nodes.by_state[LOKI_TID_DEAD]);
	values[i++] = Int64GetDatum(nodes.by_state[LOKI_TID_RESERVED]);
	values[i++] = Int64GetDatum(nodes.by_state[LOKI_TID_FREE]);
	values[i++] = Int64GetDatum(single + duplicate.by_state[LOKI_TID_LIVE] +
								duplicate.by_state[LOKI_TID_KILLED]);
	values[i++] = Int64GetDatum(nulls.by_state[LOKI_TID_LIVE] +
								nulls.by_state[LOKI_TID_KILLED]);
	return i;
}

/*
 * lokivector_index_info(index regclass): one row
 */
Datum
lokivector_index_info(PG_FUNCTION_ARGS)
{
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	uint64		blocks = RelationGetNumberOfBlocks(index);
	uint64		named;
	TupleDesc	desc;
	Datum		values[INFO_COLUMNS];
	bool		isnull[INFO_COLUMNS] = {0};
	double		crowded;
	int			i;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE ||
		desc->natts != INFO_COLUMNS)
		elog(ERROR, "return type must be a row type");

	/* columns in the order of the function's OUT parameters (sql/install) */
	loki_index_refresh(state, index);
	i = put_definition(state, index, &meta, values, isnull);
	i += put_counts(state, index, values + i);
	values[i++] = Int32GetDatum(meta.entry.level);
	isnull[i] = meta.entry.node == LOKI_NONE;
	values[i++] = Int64GetDatum(meta.entry.node);
	values[i++] = Int64GetDatum(loki_column_listed(&state->column) ? 0 : meta.pending);
	values[i++] = Int64GetDatum(meta.vacuum_cycles);
	values[i++] = BoolGetDatum((meta.flags & LOKI_META_VACUUM_UNFINISHED) != 0);
	isnull[i] = meta.calibration.nodes == 0;
	values[i++] = Int64GetDatum(meta.calibration.nodes);
	isnull[i] = meta.calibration.nodes == 0;
	/* the share of nodes that has changed since, as a number of nodes */
	values[i++] = Int64GetDatum((int64) rint((double) meta.calibration.at[LOKI_CALIBRATION_CHANGED].other *
											 meta.calibration.nodes / LOKI_CALIBRATION_SCALE));
	values[i++] = Int64GetDatum((int64) loki_derived_unlisted(state, index, &meta,
															  loki_node_end(state, index)));
	crowded = loki_crowded_share(state, index, &meta);
	isnull[i] = isnan(crowded);
	values[i++] = Float8GetDatum(crowded);
	values[i++] = Int64GetDatum(blocks);

	/*
	 * The metapage, the first page of the directory, those after it, and its
	 * extents.  Others were added to the file by a process that did not come
	 * to name them, after an error or a crash; the next extent takes them.
	 */
	named = 2 + state->directory.named;
	if (state->directory.entries > 0)
		named += (state->directory.entries - 1) / LOKI_EXTENTS_PER_PAGE;
	values[i++] = Int64GetDatum(blocks - Min(blocks, named));
	values[i++] = Int64GetDatum(blocks * BLCKSZ);
	Assert(i == INFO_COLUMNS);

	relation_close(index, NoLock);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}

/*
 * lokivector_index_slot_arrays(index regclass): a row for each array
 */
Datum
lokivector_index_slot_arrays(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Relation	index = loki_open_allowed(PG_GETARG_OID(0), AccessShareLock,
										  LOKI_RIGHT_READ, NULL);
	LokiIndex  *state = loki_index_open(index, NULL);

	InitMaterializedSRF(fcinfo, 0);
	loki_index_refresh(state, index);
	for (int array = 0; array < LOKI_SLOT_ARRAYS; array++)
	{
		LokiSlotArray *slots = &state->arrays[array];
		Datum		values[SLOT_ARRAY_COLUMNS];
		bool		isnull[SLOT_ARRAY_COLUMNS] = {0};

		if (slots->slot_size == 0)
			continue;
		values[0] = CStringGetTextDatum(loki_slot_array_name(array));
		isnull[1] = LokiSlotArrayAttribute(array) == 0;
		values[1] = Int32GetDatum(LokiSlotArrayAttribute(array));
		values[2] = Int32GetDatum(slots->slot_size);
		values[3] = Int64GetDatum(count_slots(state, index, array));
		values[4] = Int64GetDatum(slots->npages);
		values[5] = Int64GetDatum((int64) slots->npages * BLCKSZ);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	relation_close(index, NoLock);
	return (Datum) 0;
}
