/*-------------------------------------------------------------------------
 *
 * keys_exec.c
 *	  Collect the values of a column, the join keys, into an array.
 *
 *		SELECT id FROM kinds WHERE region = 3	->	{3,23,43}
 *
 * The node reads its child to the end and returns one row: an array of the keys that are
 * not NULL, which no row equals.  If there is none, it returns no row, so that the scan on the inner side of the
 * nested loop does not run at all.  Keys are sorted, so that each is there
 * once.  If what takes the array hashes it, they are not, unless they outgrow the memory:
 * sorting costs more than hashing a key twice.  The node keeps the array over rescans as long
 * as nothing that the child depends on changes.
 *
 * IDENTIFICATION
 *	  src/planner/forms/keys_exec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "planner/forms/keys.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"

/* Room for keys at first, in the array that grows */
#define FIRST_KEYS	1024

typedef struct JoinKeysState
{
	LokiNode	node;

	/* the keys' type */
	Oid			type;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	SortSupportData order;
	bool		hashed;			/* by what takes the array */

	/* what was collected, in the node's context */
	Datum	   *keys;			/* sorted, each once, if remove_equal() was last */
	int			nkeys;
	uint64		room;			/* for keys */
	Size		bytes;			/* of the keys in an array, without alignment */
	Datum		array;			/* once `collected` */
	bool		collected;
	bool		returned;		/* the row, since the last rescan */
} JoinKeysState;

/* A LokiNodeKind's method */
static void
begin_keys(LokiNode *node, CustomScan *scan)
{
	JoinKeysState *state = (JoinKeysState *) node;

	Assert(list_length(scan->custom_private) == LOKI_JOIN_KEYS_HASH + 1);
	state->type = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_TYPE);
	/* the column's number has come here with the type of the array (P30) */
	Assert(TupleDescAttr(node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor, 0)->atttypid ==
		   get_array_type(state->type));
	get_typlenbyvalalign(state->type, &state->typlen, &state->typbyval, &state->typalign);
	state->order.ssup_cxt = node->css.ss.ps.state->es_query_cxt;
	state->order.ssup_collation = list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_COLLATION);
	PrepareSortSupportFromOrderingOp(list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_ORDER),
									 &state->order);
	state->hashed = OidIsValid(list_nth_oid(scan->custom_private, LOKI_JOIN_KEYS_HASH));
}

/* A LokiNodeKind's method: the same parameters give the same keys, as a Material node has it. */
static bool
restart_keys(LokiNode *node)
{
	JoinKeysState *state = (JoinKeysState *) node;

	state->returned = false;
	if (node->child->chgParam == NULL && state->collected)
		return false;
	state->collected = false;
	return true;
}

/* qsort_arg callback.  A sort of millions of texts takes seconds, in which it must be possible to cancel it. */
static int
compare_keys(const void *a, const void *b, void *order)
{
	CHECK_FOR_INTERRUPTS();
	return ApplySortComparator(*(const Datum *) a, false, *(const Datum *) b, false,
							   (SortSupport) order);
}

/*
 * Sort the keys, and keep each once.  Equal is what the join's operator family compares as equal, so
 * that 1.0 and 1.00 are one key.
 */
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
	Assert(n < state->nkeys);
	state->nkeys = n + 1;
}

/*
 * Add a key; ERROR if an array cannot have them all.
 *
 * When the room is full, equal keys go first.  Only if more than half are left is the room doubled, so
 * that at least half of what is sorted is new each time: the time stays that of a few sorts, and the
 * memory that of the keys.  Where nobody needs them sorted, this begins with half the memory of a hash
 * table.
 */
static void
add_key(JoinKeysState *state, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(state->node.context);

	if (state->nkeys == state->room)
	{
		if (!state->hashed ||
			state->bytes + state->room * sizeof(Datum) > get_hash_memory_limit() / 2)
			remove_equal(state);
		if (state->nkeys >= state->room / 2)
			state->keys = loki_grow(state->node.context, state->keys, &state->room, state->room + 1,
									FIRST_KEYS, sizeof(Datum));
	}
	if (state->typlen == -1)
		value = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
	else
		value = datumCopy(value, state->typbyval, state->typlen);
	Assert(state->nkeys < state->room);
	state->keys[state->nkeys++] = value;
	state->bytes += datumGetSize(value, state->typbyval, state->typlen);
	MemoryContextSwitchTo(old);

	/*
	 * The planner expected fewer, because its statistics are old, or because
	 * a subquery has none.  With alignment, the array may take twice as many
	 * bytes, and a value in memory has MaxAllocSize of them at most.
	 */
	if (state->bytes > MaxAllocSize / 2)
		remove_equal(state);
	if (state->bytes > MaxAllocSize / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many join keys: %d", state->nkeys),
				 errhint("ANALYZE its tables, or turn lokivector.enable_join_keys off.")));
}

/*
 * Read the child to its end.  The memory of the keys before is given back only now: the scan that has
 * the array may be rescanned with it until then.
 */
static void
collect_keys(JoinKeysState *state)
{
	TupleTableSlot *slot;
	MemoryContext old;

	/* the array that was returned before is freed here */
	Assert(!state->returned);
	MemoryContextReset(state->node.context);
	state->nkeys = 0;
	state->bytes = 0;
	state->room = 0;
	state->keys = NULL;
	while ((slot = loki_node_next_of_child(&state->node)) != NULL)
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, 1, &isnull);

		if (!isnull)
			add_key(state, value);
	}
	if (!state->hashed)
		remove_equal(state);
	Assert(state->nkeys <= state->room);
	old = MemoryContextSwitchTo(state->node.context);
	state->array = PointerGetDatum(construct_array(state->keys, state->nkeys,
												   state->type, state->typlen,
												   state->typbyval, state->typalign));
	MemoryContextSwitchTo(old);
	state->collected = true;
}

/* A LokiNodeKind's method: the one row, again after each rescan, or none if there are no keys */
static TupleTableSlot *
next_of_keys(LokiNode *node)
{
	JoinKeysState *state = (JoinKeysState *) node;
	TupleTableSlot *slot = node->css.ss.ss_ScanTupleSlot;

	if (!state->collected)
		collect_keys(state);
	Assert(node->ended && state->nkeys <= state->room);
	if (state->returned || state->nkeys == 0)
		return NULL;
	state->returned = true;
	ExecClearTuple(slot);
	slot->tts_values[0] = state->array;
	slot->tts_isnull[0] = false;
	return ExecStoreVirtualTuple(slot);
}

/* A LokiNodeKind's method */
static void
explain_keys(LokiNode *node, List *ancestors, ExplainState *es)
{
	JoinKeysState *state = (JoinKeysState *) node;

	if (es->analyze && state->collected)
		ExplainPropertyInteger("Keys", NULL, state->nkeys, es);
}

const LokiNodeKind loki_join_keys_kind = {
	.path = {.CustomName = "LokivectorJoinKeys",.PlanCustomPath = loki_node_plan},
	.plan = {.CustomName = "LokivectorJoinKeys",.CreateCustomScanState = loki_node_create_state},
	.size = sizeof(JoinKeysState),
	.begin = begin_keys,
	.restart = restart_keys,
	.next = next_of_keys,
	.explain = explain_keys,
};
