/*-------------------------------------------------------------------------
 *
 * custom_node.c
 *	  Nodes of ours above a plan whose rows they take: what they have in common.
 *
 * Each reads a single child and returns rows made of the child's columns; one that chooses has two children with the same
 * columns.  Those that are
 * ordered stand below a Limit, and the scan below them is a search as below any Limit
 * (order/limit_search.c); they keep what they have to know of rows within work_mem, and sort the
 * rest of the rows where that is not enough.
 *
 * How a row passes: the child's slot -> the node's own (custom_scan_tlist, by INDEX_VAR) -> filter ->
 * projection.  setrefs.c of core makes Vars of INDEX_VAR of all expressions of the plan that are in
 * custom_scan_tlist.  So a kind says what it needs as expressions, and never counts columns by itself.
 *
 * Memory: `context` has what a kind keeps of rows, and is reset at each rescan.  Sorts have memory of their own, as
 * they may be longer than that (groups_node.c).  The per-tuple context is reset with each row that is asked for.
 *
 * IDENTIFICATION
 *	  src/planner/order/custom_node.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "planner/order/node.h"
#include "planner/query/make_expr.h"
#include "utils/memutils.h"
#include "utils/ruleutils.h"

/* ----------------------------------------------------------------
 * Paths and plans
 * ----------------------------------------------------------------
 */

/* An ordered node projects, so that core puts no Result above it. */
CustomPath *
loki_node_path(const LokiNodeKind *kind, RelOptInfo *rel, PathTarget *target, Path *child,
			   List *columns, List *exprs, List *filter, List *private)
{
	CustomPath *path = makeNode(CustomPath);

	path->path.pathtype = T_CustomScan;
	path->path.parent = rel;
	path->path.pathtarget = target;
	path->path.parallel_safe = rel->consider_parallel && child->parallel_safe;
	LokiInheritDisabled(&path->path, child);
	path->flags = kind->ordered ? CUSTOMPATH_SUPPORT_PROJECTION : 0;
	path->custom_paths = list_make1(child);
	path->custom_private = list_make4(columns, exprs, filter, private);
	path->methods = &kind->path;
	return path;
}

/*
 * The kind that a path's methods are part of.  custom_private has nodes alone, which core can copy, and
 * the kind is none; but the methods are a part of it, and core keeps their address.
 */
const LokiNodeKind *
loki_node_kind(const CustomPath *path)
{
	return (const LokiNodeKind *) ((const char *) path->methods - offsetof(LokiNodeKind, path));
}

Path *
loki_node_input(const CustomPath *path)
{
	return path->methods->PlanCustomPath == loki_node_plan && loki_node_kind(path)->ordered ?
		linitial(path->custom_paths) : NULL;
}

/*
 * PlanCustomPath: expressions of the result become columns of the child where they can.
 *
 * The path's columns are those that the child's target has, in order, since loki_node_store() copies
 * them by their places.  The filter is copied, as core changes a plan's expressions in place, and the
 * path has it still.
 */
Plan *
loki_node_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
			   List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);

	foreach_ptr(Expr, column, (List *) linitial(path->custom_private))
		scan->custom_scan_tlist =
			lappend(scan->custom_scan_tlist,
					makeTargetEntry(column, list_length(scan->custom_scan_tlist) + 1,
									NULL, false));
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = copyObject((List *) lthird(path->custom_private));
	scan->custom_plans = children;
	scan->custom_exprs = lsecond(path->custom_private);
	scan->custom_private = lfourth(path->custom_private);
	scan->flags = path->flags;
	scan->methods = &loki_node_kind(path)->plan;
	return &scan->scan.plan;
}

/* The same of a plan */
static const LokiNodeKind *
kind_of_plan(const CustomScan *scan)
{
	return (const LokiNodeKind *) ((const char *) scan->methods - offsetof(LokiNodeKind, plan));
}

/* Window functions become ordinary calls. */
static Node *
name_functions(Node *node, void *context)
{
	const WindowFunc *function = (const WindowFunc *) node;

	if (node != NULL && IsA(node, WindowFunc))
		return (Node *) loki_make_call(function->winfnoid, function->wintype, NIL);
	return node == NULL ? NULL : expression_tree_mutator(node, name_functions, context);
}

/*
 * EXPLAIN of PostgreSQL 18 fails for a window function without a WindowAgg.  Nodes above know columns by their numbers
 * when a plan is finished, and what a node's columns are made of is not executed.
 */
void
loki_node_finish(CustomScan *scan)
{
	if (scan->methods->CreateCustomScanState == loki_node_create_state)
		scan->custom_scan_tlist = (List *) name_functions((Node *) scan->custom_scan_tlist, NULL);
}

/* ----------------------------------------------------------------
 * The executor's methods
 * ----------------------------------------------------------------
 */

/*
 * Drop all of these rows.  The node's slot may hold one of them, whose memory is that of the sort.  A
 * node may be rescanned very often below a lateral join, so that nothing may be left in the memory of
 * the query.
 */
static void
end_sort(LokiNode *node, int i)
{
	LokiSortedRows *rows = &node->sorted[i];
	TupleDesc	desc;

	if (rows->sort == NULL)
		return;
	desc = rows->slot->tts_tupleDescriptor;
	ExecClearTuple(node->css.ss.ss_ScanTupleSlot);
	ExecDropSingleTupleTableSlot(rows->slot);
	tuplesort_end(rows->sort);
	FreeTupleDesc(desc);
	rows->sort = NULL;
}

/* What ReScanCustomScan and EndCustomScan have to end, and not only to forget */
static void
end_sorts(LokiNode *node)
{
	for (int i = 0; i < LOKI_NODE_SORTS; i++)
		end_sort(node, i);
}

/* Forget the rows that wait; false if the child need not be read again. */
static bool
restart(LokiNode *node)
{
	end_sorts(node);
	node->unordered = false;
	return node->kind->restart(node);
}

/* BeginCustomScan.  Core has made the slots and the filter (ExecInitCustomScan()), but knows no children. */
static void
begin_node(CustomScanState *css, EState *estate, int eflags)
{
	LokiNode   *node = (LokiNode *) css;
	CustomScan *scan = (CustomScan *) css->ss.ps.plan;

	foreach_ptr(Plan, plan, scan->custom_plans)
		css->custom_ps = lappend(css->custom_ps, ExecInitNode(plan, estate, eflags));
	node->child = linitial(css->custom_ps);
	node->context = AllocSetContextCreate(estate->es_query_cxt, "hnsw node",
										  ALLOCSET_DEFAULT_SIZES);
	if (node->kind->begin != NULL)
		node->kind->begin(node, scan);
	restart(node);
}

/*
 * ExecCustomScan.  It is not ExecScan(), since this may take a node without a relation for a join whose
 * row is known when EvalPlanQual() runs a sub-plan.
 *
 * As there, a row that passes may be returned in the scan's slot, without a projection, if the result
 * has just the columns of the rows below.
 */
static TupleTableSlot *
exec_node(CustomScanState *css)
{
	PlanState  *ps = &css->ss.ps;
	TupleTableSlot *slot;

	while ((slot = ((LokiNode *) css)->kind->next((LokiNode *) css)) != NULL)
	{
		ResetExprContext(ps->ps_ExprContext);
		ps->ps_ExprContext->ecxt_scantuple = slot;
		if (ExecQual(ps->qual, ps->ps_ExprContext))
			return ps->ps_ProjInfo != NULL ? ExecProject(ps->ps_ProjInfo) : slot;
		InstrCountFiltered1(css, 1);
	}
	return ExecClearTuple(ps->ps_ResultTupleSlot);
}

/* EndCustomScan */
static void
end_node(CustomScanState *css)
{
	end_sorts((LokiNode *) css);
	foreach_ptr(PlanState, child, css->custom_ps)
		ExecEndNode(child);
}

/*
 * ReScanCustomScan.  Core has passed chgParam on to its own kinds of children only.  A child whose
 * parameters have changed is rescanned by its first ExecProcNode(), as everywhere in the executor; another one
 * than the one that is read, when the node chooses that.
 */
static void
rescan_node(CustomScanState *css)
{
	LokiNode   *node = (LokiNode *) css;

	foreach_ptr(PlanState, child, css->custom_ps)
		if (css->ss.ps.chgParam != NULL)
		UpdateChangedParamSet(child, css->ss.ps.chgParam);
	if (restart(node))
	{
		node->ended = false;
		if (node->child->chgParam == NULL)
			ExecReScan(node->child);
	}
	ExecScanReScan(&css->ss);
}

/* ExplainCustomScan */
static void
explain_node(CustomScanState *css, List *ancestors, ExplainState *es)
{
	if (((LokiNode *) css)->kind->explain != NULL)
		((LokiNode *) css)->kind->explain((LokiNode *) css, ancestors, es);
}

static const CustomExecMethods exec_methods = {
	.CustomName = "lokivector",
	.BeginCustomScan = begin_node,
	.ExecCustomScan = exec_node,
	.EndCustomScan = end_node,
	.ReScanCustomScan = rescan_node,
	.ExplainCustomScan = explain_node,
};

/* CreateCustomScanState.  A plan that was read back, in a worker, finds its methods by their name. */
Node *
loki_node_create_state(CustomScan *scan)
{
	const LokiNodeKind *kind = kind_of_plan(scan);
	LokiNode   *node = palloc0(kind->size);

	Assert(kind->size >= sizeof(LokiNode));
	NodeSetTag(node, T_CustomScanState);
	node->css.methods = &exec_methods;
	node->kind = kind;
	return (Node *) node;
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

PlanState *
loki_node_child(PlanState *ps, LimitState *limit)
{
	LokiNode   *node = (LokiNode *) ps;

	if (!IsA(ps, CustomScanState) || node->css.methods != &exec_methods || !node->kind->ordered)
		return NULL;
	/* it counts rows of the node, which are not those of the child: the node asks it by itself */
	Assert(node->limit == NULL || node->limit == limit);
	node->limit = limit;
	return node->child;
}

void
loki_node_beside(PlanState *outer, PlanState *inner)
{
	LokiNode   *node = (LokiNode *) outer;

	if (IsA(outer, CustomScanState) && node->css.methods == &exec_methods && node->kind->beside != NULL)
		node->kind->beside(node, inner);
}

LokiNode *
loki_node_any_order(PlanState *ps)
{
	LokiNode   *node = (LokiNode *) ps;

	return node->css.methods == &exec_methods && node->kind->any_order ? node : NULL;
}

/* Values are not copied: those by reference stay in the memory of the row. */
TupleTableSlot *
loki_node_store(LokiNode *node, TupleTableSlot *row)
{
	TupleTableSlot *slot = ExecClearTuple(node->css.ss.ss_ScanTupleSlot);
	int			n = Min(slot->tts_tupleDescriptor->natts, row->tts_tupleDescriptor->natts);

	Assert(!TTS_EMPTY(row) && row != slot);
	slot_getallattrs(row);
	memcpy(slot->tts_values, row->tts_values, n * sizeof(Datum));
	memcpy(slot->tts_isnull, row->tts_isnull, n * sizeof(bool));
	for (int i = n; i < slot->tts_tupleDescriptor->natts; i++)
		slot->tts_isnull[i] = true;
	return ExecStoreVirtualTuple(slot);
}

/* Some nodes fail or begin again if they are asked after their end, so that this is kept. */
TupleTableSlot *
loki_node_next_of_child(LokiNode *node)
{
	TupleTableSlot *row;

	CHECK_FOR_INTERRUPTS();
	if (node->ended)
		return NULL;
	ResetExprContext(node->css.ss.ps.ps_ExprContext);
	row = ExecProcNode(node->child);
	node->ended = TupIsNull(row);
	return node->ended ? NULL : loki_node_store(node, row);
}

/* As EXPLAIN shows sort keys: columns with their tables only if there are several, or if VERBOSE asks for it */
List *
loki_node_deparse(LokiNode *node, List *ancestors, ExplainState *es, int n)
{
	CustomScan *scan = (CustomScan *) node->css.ss.ps.plan;
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &scan->scan.plan, ancestors);
	bool		prefix = LokiExplainedTables(es) > 1 || es->verbose;
	List	   *result = NIL;

	Assert(n <= list_length(scan->custom_exprs));
	for (int i = 0; i < n; i++)
		result = lappend(result, deparse_expression(list_nth(scan->custom_exprs, i), context,
													prefix, true));
	return result;
}

/* ----------------------------------------------------------------
 * Rows that do not fit into memory
 * ----------------------------------------------------------------
 */

/*
 * Begin a sort, ascending by some numbers, which follow the columns of each row.  NaN comes last, by
 * float8's own order, and no number is NULL.
 */
static void
begin_sort(LokiNode *node, LokiSortedRows *rows, int nnumbers)
{
	TupleDesc	columns = node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor;
	MemoryContext old = MemoryContextSwitchTo(node->css.ss.ps.state->es_query_cxt);
	TupleDesc	desc = CreateTemplateTupleDesc(columns->natts + nnumbers);
	AttrNumber	numbers[LOKI_SORT_NUMBERS];
	Oid			operators[LOKI_SORT_NUMBERS];
	Oid			collations[LOKI_SORT_NUMBERS] = {0};
	bool		nulls_first[LOKI_SORT_NUMBERS] = {0};

	Assert(rows->sort == NULL && nnumbers > 0 && nnumbers <= LOKI_SORT_NUMBERS);
	for (int i = 1; i <= columns->natts; i++)
		TupleDescCopyEntry(desc, i, columns, i);
	for (int i = 0; i < nnumbers; i++)
	{
		numbers[i] = columns->natts + i + 1;
		operators[i] = Float8LessOperator;
		TupleDescInitEntry(desc, numbers[i], NULL, FLOAT8OID, -1, 0);
	}
	LokiFinishTupleDesc(desc);
	rows->nnumbers = nnumbers;
	rows->sorted = false;
	rows->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	/* two sorts at most, each with a half; 64 is the least that work_mem can be set to */
	rows->sort = tuplesort_begin_heap(desc, nnumbers, numbers, operators, collations,
									  nulls_first, Max(work_mem / 2, 64), NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(old);
}

/* tuplesort copies the row, so that the node's slot is free for the next. */
void
loki_sorted_put(LokiNode *node, int i, int nnumbers, const double *numbers)
{
	LokiSortedRows *rows = &node->sorted[i];
	TupleTableSlot *row = node->css.ss.ss_ScanTupleSlot;
	int			n = row->tts_tupleDescriptor->natts;

	Assert(i >= 0 && i < LOKI_NODE_SORTS && !TTS_EMPTY(row));
	if (rows->sort == NULL)
		begin_sort(node, rows, nnumbers);
	Assert(rows->nnumbers == nnumbers && !rows->sorted);
	ExecClearTuple(rows->slot);
	memcpy(rows->slot->tts_values, row->tts_values, n * sizeof(Datum));
	memcpy(rows->slot->tts_isnull, row->tts_isnull, n * sizeof(bool));
	for (int j = 0; j < nnumbers; j++)
	{
		rows->slot->tts_values[n + j] = Float8GetDatum(numbers[j]);
		rows->slot->tts_isnull[n + j] = false;
	}
	tuplesort_puttupleslot(rows->sort, ExecStoreVirtualTuple(rows->slot));
}

/* The row is in the memory of the sort, and good until the next one is taken. */
TupleTableSlot *
loki_sorted_next(LokiNode *node, int i, double *numbers)
{
	LokiSortedRows *rows = &node->sorted[i];
	int			n = node->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor->natts;

	Assert(i >= 0 && i < LOKI_NODE_SORTS);
	CHECK_FOR_INTERRUPTS();
	ResetExprContext(node->css.ss.ps.ps_ExprContext);
	if (rows->sort == NULL)
		return NULL;
	if (!rows->sorted)
	{
		ExecClearTuple(rows->slot);
		tuplesort_performsort(rows->sort);
	}
	rows->sorted = true;
	if (!tuplesort_gettupleslot(rows->sort, true, false, rows->slot, NULL))
	{
		end_sort(node, i);
		return NULL;
	}
	slot_getallattrs(rows->slot);
	for (int j = 0; numbers != NULL && j < rows->nnumbers; j++)
		numbers[j] = DatumGetFloat8(rows->slot->tts_values[n + j]);
	return loki_node_store(node, rows->slot);
}
