/*-------------------------------------------------------------------------
 *
 * scores_exec.c
 *	  Return the best rows by a score of a distance and other columns.
 *
 * The child returns rows in the order of the distance.  They wait in a heap until no row that
 * is still to come can have a better score than the best of them: all of these are at least as
 * far away as the last one, and their other columns are within the ranges that the planner
 * knows.
 *
 * A row that is worse than as many as the Limit takes is dropped.  Rows that came late, since
 * a search found them late, are in the result if they are good enough.
 *
 * IDENTIFICATION
 *	  src/planner/order/scores_exec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "lib/pairingheap.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "planner/order/order.h"
#include "planner/order/scores.h"
#include "planner/query/score.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

/* Rows that may wait before those are dropped that no Limit takes */
#define LEAST_WAITING	256

/* A row that waits */
typedef struct WaitingRow
{
	pairingheap_node node;
	double		score;			/* greater is better; infinite for NULL and NaN
								 * that are first or last */
	MinimalTuple row;
} WaitingRow;

typedef struct ScoresState
{
	CustomScanState css;
	PlanState  *child;
	ExprState  *score;
	bool		descending;
	bool		nulls_first;
	AttrNumber	distance;		/* its column */
	LokiRange	reached;		/* distances of rows that are to come */
	LokiRange  *columns;
	LimitState *limit;			/* directly above, or NULL */

	Node	   *expr;			/* the score, parameters replaced; NULL before
								 * the first row */
	pairingheap *waiting;
	int64		nwaiting;
	int64		returned;
	double		dropped;		/* rows of worse scores are not wanted */
	double		bound;			/* no row to come has a better score */
	bool		ended;			/* the child, which must not be asked again */
	MemoryContext context;		/* of rows and expr */
	TupleTableSlot *slot;		/* holds the row that is returned */
} ScoresState;

static void begin_node(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *exec_node(CustomScanState *node);
static void end_node(CustomScanState *node);
static void rescan_node(CustomScanState *node);
static void explain_node(CustomScanState *node, List *ancestors, ExplainState *es);

static const CustomExecMethods exec_methods = {
	.CustomName = LOKI_SCORES_NAME,
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/* CreateCustomScanState */
Node *
loki_scores_create_state(CustomScan *scan)
{
	ScoresState *state = palloc0_object(ScoresState);

	NodeSetTag(state, T_CustomScanState);
	state->css.methods = &exec_methods;
	return (Node *) state;
}

/*
 * The node that returns the rows of a node of ours, which is told of the Limit above it; NULL
 * for others
 */
PlanState *
loki_scores_child(PlanState *ps, LimitState *limit)
{
	ScoresState *state = (ScoresState *) ps;

	if (!IsA(ps, CustomScanState) || state->css.methods != &exec_methods)
		return NULL;
	state->limit = limit;
	return state->child;
}

/* pairingheap_comparator: the best row first */
static int
compare_rows(const pairingheap_node *a, const pairingheap_node *b, void *arg)
{
	double		left = pairingheap_const_container(WaitingRow, node, a)->score;
	double		right = pairingheap_const_container(WaitingRow, node, b)->score;

	return left < right ? -1 : left > right ? 1 : 0;
}

/* Make the node as it is before its first row. */
static void
reset(ScoresState *state)
{
	Const	   *farthest = list_nth_node(Const, ((CustomScan *) state->css.ss.ps.plan)->custom_private,
										 LOKI_SCORES_FARTHEST);

	MemoryContextReset(state->context);
	state->waiting = NULL;
	state->expr = NULL;
	state->nwaiting = state->returned = 0;
	state->ended = false;
	state->dropped = -INFINITY;
	state->bound = INFINITY;

	/* rows without a distance come first where the score has them first */
	state->reached.low = -INFINITY;
	state->reached.high = DatumGetFloat8(farthest->constvalue);
	state->reached.nulls = !state->nulls_first;
	state->reached.nans = !state->descending;
}

/* BeginCustomScan */
static void
begin_node(CustomScanState *node, EState *estate, int eflags)
{
	ScoresState *state = (ScoresState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *lows = list_nth(scan->custom_private, LOKI_SCORES_LOW);
	List	   *highs = list_nth(scan->custom_private, LOKI_SCORES_HIGH);
	List	   *flags = list_nth(scan->custom_private, LOKI_SCORES_NULLS);
	int			ncolumns = list_length(scan->custom_scan_tlist);

	state->child = ExecInitNode(linitial(scan->custom_plans), estate, eflags);
	node->custom_ps = list_make1(state->child);
	state->score = ExecInitExpr(linitial(scan->custom_exprs), &node->ss.ps);
	state->descending = boolVal(list_nth(scan->custom_private, LOKI_SCORES_DESCENDING));
	state->nulls_first = boolVal(list_nth(scan->custom_private, LOKI_SCORES_NULLS_FIRST));
	state->distance = intVal(list_nth(scan->custom_private, LOKI_SCORES_DISTANCE));
	state->columns = palloc0_array(LokiRange, ncolumns);
	Assert(list_length(lows) == ncolumns && list_length(highs) == ncolumns);
	for (int i = 0; i < ncolumns; i++)
	{
		state->columns[i].low = DatumGetFloat8(list_nth_node(Const, lows, i)->constvalue);
		state->columns[i].high = DatumGetFloat8(list_nth_node(Const, highs, i)->constvalue);
		state->columns[i].nulls = (list_nth_int(flags, i) & LOKI_SCORES_MAY_BE_NULL) != 0;
		state->columns[i].nans = (list_nth_int(flags, i) & LOKI_SCORES_MAY_BE_NAN) != 0;
	}
	state->slot = ExecInitExtraTupleSlot(estate, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
										 &TTSOpsMinimalTuple);
	state->context = AllocSetContextCreate(estate->es_query_cxt, "hnsw scores",
										   ALLOCSET_DEFAULT_SIZES);
	reset(state);
}

/* EndCustomScan */
static void
end_node(CustomScanState *node)
{
	ExecEndNode(((ScoresState *) node)->child);
}

/* ReScanCustomScan */
static void
rescan_node(CustomScanState *node)
{
	ScoresState *state = (ScoresState *) node;

	ExecClearTuple(state->slot);
	reset(state);
	if (node->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(state->child, node->ss.ps.chgParam);
	if (state->child->chgParam == NULL)
		ExecReScan(state->child);
	ExecScanReScan(&node->ss);
}

/* ----------------------------------------------------------------
 * What rows to come can have
 * ----------------------------------------------------------------
 */

/* The value of an expression without columns, as a constant of the same type or of float8 */
static Const *
evaluate(ScoresState *state, Node *expr)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	ExprState  *compiled = ExecInitExpr((Expr *) expr, &state->css.ss.ps);
	Oid			type = exprType(expr);
	int16		length;
	bool		by_value;
	bool		isnull;
	double		number;
	Datum		value = ExecEvalExprSwitchContext(compiled, econtext, &isnull);

	if (!isnull && type == NUMERICOID && loki_range_number(value, type, &number))
		return makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(number),
						 false, FLOAT8PASSBYVAL);
	get_typlenbyval(type, &length, &by_value);
	return makeConst(type, -1, exprCollation(expr), length,
					 isnull ? (Datum) 0 : datumCopy(value, by_value, length), isnull, by_value);
}

/* expression_tree_walker callback: whether an expression has a value only where it stands */
static bool
depends_on_row(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, Var) || IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue) ||
		expression_tree_walker(node, depends_on_row, context);
}

/* expression_tree_mutator callback: parameters become constants. */
static Node *
with_parameters(Node *node, void *state)
{
	if (node != NULL && IsA(node, Param))
		return (Node *) evaluate(state, node);
	return expression_tree_mutator(node, with_parameters, state);
}

/*
 * expression_tree_mutator callback: what does not depend on the row becomes a constant, unless
 * it might raise an error that a row does not: a branch may never be taken.
 */
static Node *
with_values(Node *node, void *state)
{
	if (node == NULL || IsA(node, List))
		return expression_tree_mutator(node, with_values, state);
	if (IsA(node, Const) || exprType(node) == BOOLOID)
		return node;
	if (!depends_on_row(node, NULL))
		return (Node *) evaluate(state, node);
	if (IsA(node, CaseExpr) || IsA(node, CoalesceExpr))
		return with_parameters(node, state);
	return expression_tree_mutator(node, with_values, state);
}

/* LokiRangeOf: the columns of the child */
static bool
known_column(Node *expr, void *context, LokiRange *range)
{
	const ScoresState *state = context;
	AttrNumber	column;

	if (!IsA(expr, Var))
		return false;
	column = ((Var *) expr)->varattno;
	Assert(((Var *) expr)->varno == INDEX_VAR);
	*range = column == state->distance ? state->reached : state->columns[column - 1];
	return true;
}

/* The child has come to a distance: rows that are to come are not nearer. */
static void
reach(ScoresState *state, double distance, bool isnull)
{
	LokiRange	range;
	double		reached = state->reached.low;

	/* after numbers there is nothing but NaN, and then NULL, unless they were first */
	if (isnull ? !state->nulls_first : isnan(distance) && !state->descending)
		reached = state->reached.high;
	else if (!isnull && !isnan(distance))
		reached = Min(Max(reached, distance), state->reached.high);
	if (reached == state->reached.low)
		return;
	state->reached.low = reached;
	loki_range_of_expr(state->expr, known_column, state, &range);
	state->bound = loki_score_best(&range, state->descending, state->nulls_first);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* The score of a row as a number that is greater the better it is */
static double
score_of(const ScoresState *state, TupleTableSlot *slot)
{
	ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
	bool		isnull;
	double		score;

	econtext->ecxt_scantuple = slot;
	score = DatumGetFloat8(ExecEvalExprSwitchContext(state->score, econtext, &isnull));
	if (isnull)
		return state->nulls_first ? INFINITY : -INFINITY;
	if (isnan(score))
		return state->descending ? INFINITY : -DBL_MAX;
	return state->descending ? score : -score;
}

/* How many rows the Limit takes from now on; 0 if that is not known */
static int64
still_wanted(const ScoresState *state)
{
	const LimitState *limit = state->limit;

	if (limit == NULL || limit->noCount || limit->lstate == LIMIT_INITIAL)
		return 0;
	return Max(limit->count + limit->offset - state->returned, 1);
}

/* Drop rows that are worse than as many as are wanted.  Those as good as the last stay. */
static void
drop_rows(ScoresState *state, int64 wanted)
{
	WaitingRow **rows = palloc_array(WaitingRow *, state->nwaiting);
	int64		n = 0;

	while (!pairingheap_is_empty(state->waiting))
		rows[n++] = pairingheap_container(WaitingRow, node,
										  pairingheap_remove_first(state->waiting));
	Assert(n == state->nwaiting && wanted < n);
	state->dropped = rows[wanted - 1]->score;
	state->nwaiting = 0;
	for (int64 i = 0; i < n; i++)
	{
		if (rows[i]->score >= state->dropped)
		{
			pairingheap_add(state->waiting, &rows[i]->node);
			state->nwaiting++;
			continue;
		}
		pfree(rows[i]->row);
		pfree(rows[i]);
	}
	pfree(rows);
}

/* Begin: the ranges depend on parameters, which have their values now. */
static void
begin_rows(ScoresState *state)
{
	Node	   *expr = linitial(((CustomScan *) state->css.ss.ps.plan)->custom_exprs);
	MemoryContext old = MemoryContextSwitchTo(state->context);

	state->waiting = pairingheap_allocate(compare_rows, NULL);
	state->expr = with_values(expr, state);
	MemoryContextSwitchTo(old);
}

/* The columns of a row, in the node's own slot; they are good as long as the row is. */
static TupleTableSlot *
store_row(ScoresState *state, TupleTableSlot *row)
{
	TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
	int			n = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	slot_getallattrs(row);
	Assert(row->tts_tupleDescriptor->natts >= n);
	memcpy(slot->tts_values, row->tts_values, n * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, n * sizeof(bool));
	return ExecStoreVirtualTuple(slot);
}

/* Let a row of the child wait, unless it is worse than those that are wanted. */
static void
add_row(ScoresState *state, TupleTableSlot *row)
{
	TupleTableSlot *slot = store_row(state, row);
	int64		wanted = still_wanted(state);
	double		score = score_of(state, slot);
	WaitingRow *waiting;
	MemoryContext old;
	bool		isnull;
	Datum		distance;

	distance = slot_getattr(slot, state->distance, &isnull);
	old = MemoryContextSwitchTo(state->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	reach(state, isnull ? 0 : DatumGetFloat8(distance), isnull);
	MemoryContextSwitchTo(old);
	if (score < state->dropped)
		return;
	old = MemoryContextSwitchTo(state->context);
	waiting = palloc_object(WaitingRow);
	waiting->score = score;
	waiting->row = ExecCopySlotMinimalTuple(slot);
	pairingheap_add(state->waiting, &waiting->node);
	state->nwaiting++;
	if (wanted > 0 && state->nwaiting > Max(2 * wanted, LEAST_WAITING))
		drop_rows(state, wanted);
	MemoryContextSwitchTo(old);
}

/* The best row; NULL after the last */
static TupleTableSlot *
next_row(ScoresState *state)
{
	WaitingRow *best;

	while (!state->ended)
	{
		TupleTableSlot *row;

		CHECK_FOR_INTERRUPTS();
		ResetExprContext(state->css.ss.ps.ps_ExprContext);
		if (!pairingheap_is_empty(state->waiting) &&
			pairingheap_container(WaitingRow, node,
								  pairingheap_first(state->waiting))->score >= state->bound)
			break;
		row = ExecProcNode(state->child);
		state->ended = TupIsNull(row);
		if (!state->ended)
			add_row(state, row);
	}
	if (pairingheap_is_empty(state->waiting))
		return NULL;
	best = pairingheap_container(WaitingRow, node, pairingheap_remove_first(state->waiting));
	state->nwaiting--;
	state->returned++;
	ExecStoreMinimalTuple(best->row, state->slot, true);
	pfree(best);
	return store_row(state, state->slot);
}

/*
 * ExecCustomScan.  It is not ExecScan(), since this may take a node without a relation for
 * a join whose row is known when EvalPlanQual() runs a sub-plan.
 */
static TupleTableSlot *
exec_node(CustomScanState *node)
{
	ScoresState *state = (ScoresState *) node;
	ScanState  *scan = &node->ss;
	TupleTableSlot *slot;

	if (state->expr == NULL)
		begin_rows(state);
	slot = next_row(state);
	if (slot == NULL)
		return ExecClearTuple(scan->ps.ps_ResultTupleSlot);
	ResetExprContext(scan->ps.ps_ExprContext);
	scan->ps.ps_ExprContext->ecxt_scantuple = slot;
	return scan->ps.ps_ProjInfo != NULL ? ExecProject(scan->ps.ps_ProjInfo) : slot;
}

/* ExplainCustomScan */
static void
explain_node(CustomScanState *node, List *ancestors, ExplainState *es)
{
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan, ancestors);

	ExplainPropertyText("Score", deparse_expression(linitial(scan->custom_exprs), context,
													LokiExplainedTables(es) > 1 || es->verbose,
													true), es);
}
