/*-------------------------------------------------------------------------
 *
 * keys_exec.c
 *	  Collect the values of a column into an array.
 *
 * The node reads its child to the end and returns one row, an array of the
 * values that are not NULL, each once; or no row, if there is none.  They are
 * kept over rescans as long as nothing that the child depends on changes.
 *
 * IDENTIFICATION
 *	  src/planner/join/keys_exec.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "planner/join/keys.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

/* Values that are collected before equal ones are looked for */
#define FIRST_VALUES	1024

typedef struct ValuesState
{
	CustomScanState css;
	PlanState  *child;

	/* the values' type */
	Oid			type;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	SortSupportData order;

	/* what was collected */
	MemoryContext context;
	Datum	   *values;
	int			nvalues;
	int			room;
	Size		bytes;			/* that they have in an array, alignment aside */
	Datum		array;
	bool		collected;
	bool		returned;
} ValuesState;

static void begin_node(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_node(CustomScanState *node);
static void end_node(CustomScanState *node);
static void rescan_node(CustomScanState *node);
static void explain_node(CustomScanState *node, List *ancestors, ExplainState *es);

static const CustomExecMethods exec_methods = {
	.CustomName = LOKI_JOIN_KEYS_NAME,
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/* CreateCustomScanState */
Node *
loki_join_keys_create_state(CustomScan *scan)
{
	ValuesState *state = palloc0_object(ValuesState);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/* BeginCustomScan */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	ValuesState *state = (ValuesState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	state->child = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	node->custom_ps = list_make1(state->child);

	state->type = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_TYPE);
	get_typlenbyvalalign(state->type, &state->typlen, &state->typbyval, &state->typalign);
	state->order.ssup_cxt = estate->es_query_cxt;
	state->order.ssup_collation = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_COLLATION);
	PrepareSortSupportFromOrderingOp(list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_ORDER),
									 &state->order);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "hnsw join values",
										   ALLOCSET_DEFAULT_SIZES);
}

/* EndCustomScan */
static void
end_node(CustomScanState *node)
{
	ExecEndNode(((ValuesState *) node)->child);
}

/* ReScanCustomScan */
static void
rescan_node(CustomScanState *node)
{
	ValuesState *state = (ValuesState *) node;

	state->returned = false;
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(state->child, node->ss.ps.chgParam);

	/* the same parameters make the same values */
	if (state->child->chgParam == NULL && state->collected)
		return;
	if (state->child->chgParam == NULL)
		ExecReScan(state->child);
	state->collected = false;
}

/* qsort_arg callback */
static int
compare_values(const void *a, const void *b, void *order)
{
	CHECK_FOR_INTERRUPTS();
	return ApplySortComparator(*(const Datum *) a, false, *(const Datum *) b, false,
							   (SortSupport) order);
}

/* Sort the values, and keep each once. */
static void
remove_equal(ValuesState *state)
{
	int			n = 0;

	if (state->nvalues == 0)
		return;
	qsort_arg(state->values, state->nvalues, sizeof(Datum), compare_values, &state->order);
	for (int i = 1; i < state->nvalues; i++)
	{
		if (compare_values(&state->values[n], &state->values[i], &state->order) == 0)
		{
			state->bytes -= datumGetSize(state->values[i], state->typbyval, state->typlen);
			if (!state->typbyval)
				pfree(DatumGetPointer(state->values[i]));
		}
		else
			state->values[++n] = state->values[i];
	}
	state->nvalues = n + 1;
}

/*
 * The planner expected fewer values, as its statistics are old, or there are none
 * of a subquery.  In an array there may be twice as much, with alignment.
 */
static void
report_too_many(ValuesState *state)
{
	remove_equal(state);
	if (state->bytes > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many values of a joined relation: %d", state->nvalues),
				 errhint("ANALYZE its tables, or turn lokivector.enable_join_keys off.")));
}

static void
add_value(ValuesState *state, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(state->context);

	if (state->nvalues == state->room)
	{
		remove_equal(state);
		if (state->nvalues > state->room / 2)
		{
			state->room *= 2;
			state->values = repalloc_huge(state->values,
										  mul_size(state->room, sizeof(Datum)));
		}
	}
	if (state->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, state->typbyval, state->typlen);
	state->values[state->nvalues++] = value;
	state->bytes += datumGetSize(value, state->typbyval, state->typlen);
	MemoryContextSwitchTo(old);
	if (state->bytes > MaxAllocSize / 2)
		report_too_many(state);
}

/* Read the child to its end. */
static void
collect_values(ValuesState *state)
{
	MemoryContext old;

	MemoryContextReset(state->context);
	state->nvalues = 0;
	state->bytes = 0;
	state->room = FIRST_VALUES;
	state->values = MemoryContextAlloc(state->context, state->room * sizeof(Datum));
	for (;;)
	{
		TupleTableSlot *slot = ExecProcNode(state->child);
		bool		isnull;
		Datum		value;

		CHECK_FOR_INTERRUPTS();
		if (TupIsNull(slot))
			break;
		value = slot_getattr(slot, 1, &isnull);
		if (!isnull)
			add_value(state, value);
	}
	remove_equal(state);
	old = MemoryContextSwitchTo(state->context);
	state->array = PointerGetDatum(construct_array(state->values, state->nvalues,
												   state->type, state->typlen,
												   state->typbyval, state->typalign));
	MemoryContextSwitchTo(old);
	state->collected = true;
}

/* ExecCustomScan */
static TupleTableSlot *
exec_node(CustomScanState *node)
{
	ValuesState *state = (ValuesState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	if (!state->collected)
		collect_values(state);
	ExecClearTuple(slot);
	if (state->returned || state->nvalues == 0)
		return slot;
	state->returned = true;
	slot->tts_values[0] = state->array;
	slot->tts_isnull[0] = false;
	return ExecStoreVirtualTuple(slot);
}

/* ExplainCustomScan */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	ValuesState *state = (ValuesState *) node;

	if (es->analyze && state->collected)
		ExplainPropertyInteger("Values", NULL, state->nvalues, es);
}
