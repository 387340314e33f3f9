/*-------------------------------------------------------------------------
 *
 * keys_exec.c
 *	  Collect the values of a column, the join keys, into an array.
 *
 * The node reads its child to the end and returns one row: an array of the keys that
 * are not NULL, each once.  If there is none, it returns no row.  It keeps the array
 * over rescans as long as nothing that the child depends on changes.
 *
 * IDENTIFICATION
 *	  src/planner/join/keys_exec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "planner/join/keys.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

/* Keys that are collected before equal ones are looked for */
#define FIRST_KEYS	1024

typedef struct JoinKeysState
{
	CustomScanState css;
	PlanState  *child;

	/* the keys' type */
	Oid			type;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	SortSupportData order;

	/* what was collected */
	MemoryContext context;
	Datum	   *keys;
	int			nkeys;
	int			room;
	Size		bytes;			/* of the keys in an array, without alignment */
	Datum		array;
	bool		collected;
	bool		returned;
} JoinKeysState;

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
	JoinKeysState *state = palloc0_object(JoinKeysState);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/* BeginCustomScan */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	JoinKeysState *state = (JoinKeysState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	Assert(list_length(scan->custom_private) == LOKI_JOIN_KEYS_COLLATION + 1);
	state->child = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	node->custom_ps = list_make1(state->child);

	state->type = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_TYPE);
	get_typlenbyvalalign(state->type, &state->typlen, &state->typbyval, &state->typalign);
	state->order.ssup_cxt = estate->es_query_cxt;
	state->order.ssup_collation = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_COLLATION);
	PrepareSortSupportFromOrderingOp(list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_ORDER),
									 &state->order);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "hnsw join keys",
										   ALLOCSET_DEFAULT_SIZES);
}

/* EndCustomScan */
static void
end_node(CustomScanState *node)
{
	ExecEndNode(((JoinKeysState *) node)->child);
}

/* ReScanCustomScan */
static void
rescan_node(CustomScanState *node)
{
	JoinKeysState *state = (JoinKeysState *) node;

	state->returned = false;
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(state->child, node->ss.ps.chgParam);

	/* the same parameters give the same keys */
	if (state->child->chgParam == NULL && state->collected)
		return;
	if (state->child->chgParam == NULL)
		ExecReScan(state->child);
	state->collected = false;
}

/* qsort_arg callback */
static int
compare_keys(const void *a, const void *b, void *order)
{
	CHECK_FOR_INTERRUPTS();
	return ApplySortComparator(*(const Datum *) a, false, *(const Datum *) b, false,
							   (SortSupport) order);
}

/* Sort the keys, and keep each once. */
static void
remove_equal(JoinKeysState *state)
{
	int			n = 0;

	if (state->nkeys == 0)
		return;
	qsort_arg(state->keys, state->nkeys, sizeof(Datum), compare_keys, &state->order);
	for (int i = 1; i < state->nkeys; i++)
	{
		if (compare_keys(&state->keys[n], &state->keys[i], &state->order) == 0)
		{
			state->bytes -= datumGetSize(state->keys[i], state->typbyval, state->typlen);
			if (!state->typbyval)
				pfree(DatumGetPointer(state->keys[i]));
		}
		else
			state->keys[++n] = state->keys[i];
	}
	state->nkeys = n + 1;
}

/*
 * ERROR if there are still too many keys without equal ones.  The planner expected fewer,
 * because its statistics are old, or because a subquery has none.  With alignment, the
 * array may take twice as many bytes.
 */
static void
report_too_many(JoinKeysState *state)
{
	remove_equal(state);
	if (state->bytes > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many join keys: %d", state->nkeys),
				 errhint("ANALYZE its tables, or turn lokivector.enable_join_keys off.")));
}

static void
add_key(JoinKeysState *state, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(state->context);

	if (state->nkeys == state->room)
	{
		remove_equal(state);
		if (state->nkeys > state->room / 2)
		{
			state->room *= 2;
			state->keys = repalloc_huge(state->keys,
										mul_size(state->room, sizeof(Datum)));
		}
	}
	if (state->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, state->typbyval, state->typlen);
	Assert(state->nkeys < state->room);
	state->keys[state->nkeys++] = value;
	state->bytes += datumGetSize(value, state->typbyval, state->typlen);
	MemoryContextSwitchTo(old);
	if (state->bytes > MaxAllocSize / 2)
		report_too_many(state);
}

/* Read the child to its end. */
static void
collect_keys(JoinKeysState *state)
{
	MemoryContext old;

	/* the array that was returned before is freed here */
	Assert(!state->returned);
	MemoryContextReset(state->context);
	state->nkeys = 0;
	state->bytes = 0;
	state->room = FIRST_KEYS;
	state->keys = MemoryContextAlloc(state->context, state->room * sizeof(Datum));
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
			add_key(state, value);
	}
	remove_equal(state);
	Assert(state->nkeys <= state->room);
	old = MemoryContextSwitchTo(state->context);
	state->array = PointerGetDatum(construct_array(state->keys, state->nkeys,
												   state->type, state->typlen,
												   state->typbyval, state->typalign));
	MemoryContextSwitchTo(old);
	state->collected = true;
}

/* ExecCustomScan */
static TupleTableSlot *
exec_node(CustomScanState *node)
{
	JoinKeysState *state = (JoinKeysState *) node;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	if (!state->collected)
		collect_keys(state);
	ExecClearTuple(slot);
	if (state->returned || state->nkeys == 0)
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
	JoinKeysState *state = (JoinKeysState *) node;

	if (es->analyze && state->collected)
		ExplainPropertyInteger("Keys", NULL, state->nkeys, es);
}
