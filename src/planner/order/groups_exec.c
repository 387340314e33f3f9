/*-------------------------------------------------------------------------
 *
 * groups_exec.c
 *	  Return the first rows of each group.
 *
 * The child returns rows in the order of the result.  The first row of a group is the one
 * that is wanted; a hash table knows the groups that were met.  Where the rows of a group
 * are numbered, all are returned, with their number, and the node's filter drops those
 * beyond the last that is wanted.
 *
 * Rows without a distance may be first in the result and last in their group: NULL, where
 * the score is sorted DESC.  They come first, and wait until the child has returned another
 * row of each of their groups; groups that have none are the first of the result.
 *
 * The table holds groups that were returned, and those that the filter drops: the planner
 * expects that they fit, and as in other nodes that hash groups it may grow beyond that.
 *
 * IDENTIFICATION
 *	  src/planner/order/groups_exec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/nodeFuncs.h"
#include "planner/order/groups.h"
#include "planner/order/order.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"
#include "utils/tuplestore.h"

typedef struct GroupsState
{
	CustomScanState css;
	PlanState  *child;
	int			nkeys;
	AttrNumber *columns;		/* of the keys */
	AttrNumber	score;			/* 0: no row is put aside */
	Oid			aside;			/* LOKI_FIRST_xxx of rows that are */
	bool		numbered;

	TupleHashTable groups;		/* and how many rows each had */
	TupleTableSlot *key;
	MemoryContext context;
	bool		begun;
	bool		ended;			/* the child, which must not be asked again */
	Tuplestorestate *kept;		/* rows that were read first */
	TupleTableSlot *kept_slot;
} GroupsState;

static void begin_node(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_node(CustomScanState *node);
static void end_node(CustomScanState *node);
static void rescan_node(CustomScanState *node);
static void explain_node(CustomScanState *node, List *ancestors, ExplainState *es);

static const CustomExecMethods exec_methods = {
	.CustomName = LOKI_GROUPS_NAME,
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/* CreateCustomScanState */
Node *
loki_groups_create_state(CustomScan *scan)
{
	GroupsState *state = palloc0_object(GroupsState);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/* The node that returns the rows of a node of ours; NULL for others */
PlanState *
loki_groups_child(PlanState *ps)
{
	return IsA(ps, CustomScanState) && ((CustomScanState *) ps)->methods == &exec_methods ?
		((GroupsState *) ps)->child : NULL;
}

/* Make the hash table, whose keys are rows of their own. */
static void
init_groups(GroupsState *state, CustomScan *scan, EState *estate)
{
	List	   *operators = list_nth(scan->custom_private, LOKI_GROUPS_OPERATORS);
	List	   *keys = list_copy_head(scan->custom_exprs, list_length(operators));
	Oid		   *equal = palloc_array(Oid, list_length(operators));
	Oid		   *collations = palloc_array(Oid, list_length(operators));
	AttrNumber *numbers = palloc_array(AttrNumber, list_length(operators));
	Oid		   *functions;
	FmgrInfo   *hash;

	state->nkeys = list_length(operators);
	state->columns = palloc_array(AttrNumber, state->nkeys);
	for (int i = 0; i < state->nkeys; i++)
	{
		Var		   *key = list_nth_node(Var, keys, i);

		Assert(key->varno == INDEX_VAR);
		state->columns[i] = key->varattno;
		numbers[i] = i + 1;
		equal[i] = list_nth_oid(operators, i);
		collations[i] = exprCollation((Node *) key);
	}
	execTuplesHashPrepare(state->nkeys, equal, &functions, &hash);
	state->key = ExecInitExtraTupleSlot(estate, ExecTypeFromExprList(keys), &TTSOpsVirtual);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "hnsw groups",
										   ALLOCSET_DEFAULT_SIZES);
	state->groups = LokiBuildGroupTable(&state->css.ss.ps, state->key, state->nkeys, numbers,
										functions, hash, collations, estate->es_query_cxt,
										state->context,
										state->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
}

/* BeginCustomScan */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	GroupsState *state = (GroupsState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;

	state->child = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	node->custom_ps = list_make1(state->child);
	state->aside = intVal(list_nth(scan->custom_private, LOKI_GROUPS_ASIDE));
	state->numbered = boolVal(list_nth(scan->custom_private, LOKI_GROUPS_NUMBERED));
	if (state->aside != 0)
		state->score = llast_node(Var, scan->custom_exprs)->varattno;
	init_groups(state, scan, estate);
	Assert(state->aside == 0 || !state->numbered);
	state->kept_slot = ExecInitExtraTupleSlot(estate, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
											  &TTSOpsMinimalTuple);
}

static void
forget_rows(GroupsState *state)
{
	if (state->kept != NULL)
		tuplestore_end(state->kept);
	state->kept = NULL;
}

/* EndCustomScan */
static void
end_node(CustomScanState *node)
{
	forget_rows((GroupsState *) node);
	ExecEndNode(((GroupsState *) node)->child);
}

/* ReScanCustomScan */
static void
rescan_node(CustomScanState *node)
{
	GroupsState *state = (GroupsState *) node;

	forget_rows(state);
	state->begun = state->ended = false;
	ResetTupleHashTable(state->groups);
	MemoryContextReset(state->context);
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(state->child, node->ss.ps.chgParam);
	if (state->child->chgParam == NULL)
		ExecReScan(state->child);
	ExecScanReScan(&node->ss);
}

/* The columns of a row, in the node's own slot; they are good as long as the row is. */
static TupleTableSlot *
store_row(GroupsState *state, TupleTableSlot *row)
{
	TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
	int			n = slot->tts_tupleDescriptor->natts - state->numbered;

	ExecClearTuple(slot);
	slot_getallattrs(row);
	Assert(row->tts_tupleDescriptor->natts >= n);
	memcpy(slot->tts_values, row->tts_values, n * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, n * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

/* The next row of the child, or NULL */
static TupleTableSlot *
next_of_child(GroupsState *state)
{
	TupleTableSlot *row;

	CHECK_FOR_INTERRUPTS();
	if (state->ended)
		return NULL;
	ResetExprContext(state->css.ss.ps.ps_ExprContext);
	row = ExecProcNode(state->child);
	state->ended = TupIsNull(row);
	return state->ended ? NULL : store_row(state, row);
}

/* How many rows the group of a row had so far; it is entered if it is new. */
static Size *
rows_of_group(GroupsState *state, TupleTableSlot *slot, bool *isnew)
{
	ExecClearTuple(state->key);
	for (int i = 0; i < state->nkeys; i++)
		state->key->tts_values[i] = slot_getattr(slot, state->columns[i],
												 &state->key->tts_isnull[i]);
	ExecStoreVirtualTuple(state->key);
	return LokiGroupRows(state->groups,
						 LookupTupleHashEntry(state->groups, state->key, isnew, NULL));
}

/* Rows of a group are last in it where they have no score; NaN is before NULL. */
typedef enum Rank
{
	RANK_NONE,
	RANK_NULL,
	RANK_NAN,
	RANK_FIRST
} Rank;

static Rank
rank_of(const GroupsState *state, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		score = slot_getattr(slot, state->score, &isnull);

	if (isnull)
		return RANK_NULL;
	return (state->aside & LOKI_FIRST_NANS) != 0 && isnan(DatumGetFloat8(score)) ?
		RANK_NAN : RANK_FIRST;
}

/* Whether rows of a rank wait for another one of their group */
static bool
waits(const GroupsState *state, Rank rank)
{
	return rank == RANK_NAN || (rank == RANK_NULL && (state->aside & LOKI_FIRST_NULLS) != 0);
}

/*
 * Read rows until no group is known by rows alone that wait, and keep the first row of each
 * group and rank.  The table has the best rank of each group.
 */
static void
read_first_rows(GroupsState *state)
{
	MemoryContext old = MemoryContextSwitchTo(state->css.ss.ps.state->es_query_cxt);
	int64		waiting = 0;
	Rank		rank;

	state->kept = tuplestore_begin_heap(false, false, work_mem);
	MemoryContextSwitchTo(old);
	do
	{
		TupleTableSlot *slot = next_of_child(state);
		bool		isnew;
		Size	   *best;

		if (slot == NULL)
			break;
		rank = rank_of(state, slot);
		best = rows_of_group(state, slot, &isnew);
		if (rank <= (Rank) *best)
			continue;
		tuplestore_puttupleslot(state->kept, slot);
		waiting += waits(state, rank) - waits(state, (Rank) *best);
		*best = rank;
		Assert(waiting >= 0);
	} while (waits(state, rank) || waiting > 0);
}

/* The next of these rows that is of its group's best rank; NULL after the last */
static TupleTableSlot *
next_kept(GroupsState *state)
{
	while (tuplestore_gettupleslot(state->kept, true, false, state->kept_slot))
	{
		TupleTableSlot *slot = store_row(state, state->kept_slot);
		bool		isnew;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(state->css.ss.ps.ps_ExprContext);
		if (*rows_of_group(state, slot, &isnew) == rank_of(state, slot))
			return slot;
	}
	forget_rows(state);
	return NULL;
}

/* The next row that is to be returned if it passes the node's filter; NULL after the last */
static TupleTableSlot *
next_row(GroupsState *state)
{
	TupleTableSlot *slot;

	if (!state->begun && state->aside != 0)
		read_first_rows(state);
	state->begun = true;
	if (state->kept != NULL && (slot = next_kept(state)) != NULL)
		return slot;
	while ((slot = next_of_child(state)) != NULL)
	{
		bool		isnew;
		Size	   *rows = rows_of_group(state, slot, &isnew);

		if (state->numbered)
		{
			slot->tts_values[slot->tts_tupleDescriptor->natts - 1] = Int64GetDatum((int64) ++*rows);
			slot->tts_isnull[slot->tts_tupleDescriptor->natts - 1] = false;
			return slot;
		}
		if (isnew)
			return slot;
	}
	return NULL;
}

/*
 * ExecCustomScan.  It is not ExecScan(), since this may take a node without a relation for
 * a join whose row is known when EvalPlanQual() runs a sub-plan.
 */
static TupleTableSlot *
exec_node(CustomScanState *node)
{
	ScanState  *scan = &node->ss;
	ExprContext *econtext = scan->ps.ps_ExprContext;
	TupleTableSlot *slot;

	while ((slot = next_row((GroupsState *) node)) != NULL)
	{
		econtext->ecxt_scantuple = slot;
		if (ExecQual(scan->ps.qual, econtext))
			return scan->ps.ps_ProjInfo != NULL ? ExecProject(scan->ps.ps_ProjInfo) : slot;
		InstrCountFiltered1(node, 1);
	}
	return ExecClearTuple(scan->ps.ps_ResultTupleSlot);
}

/* ExplainCustomScan */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	List	   *exprs = ((CustomScan *) node->ss.ps.plan)->custom_exprs;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);
	bool		prefix = LokiExplainedTables(es) > 1 || es->verbose;
	List	   *keys = NIL;

	for (int i = 0; i < ((GroupsState *) node)->nkeys; i++)
		keys = lappend(keys, deparse_expression(list_nth(exprs, i), context, prefix, true));
	ExplainPropertyList("Group Key", keys, es);
}
