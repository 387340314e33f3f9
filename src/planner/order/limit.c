/*-------------------------------------------------------------------------
 *
 * limit.c
 *	  Let index scans know what LIMIT and their filter take of their rows.
 *
 * The access method's interface does not carry LIMIT, but a scan that knows it makes its
 * first walk as wide as needed and no wider.  When an executor starts, each hnsw index scan
 * below a Limit is begun, and gets a struct by which it can ask the two nodes.  Between
 * them there may be nodes that pass rows on in order.  Limit evaluates count and offset
 * before it asks for its first row, so this works for parameters too.
 *
 * The scan can also evaluate the filter of its node: the conditions that the index does not
 * decide, and those of its own that slots left open.  If these drop rows, the scan evaluates them on further rows
 * itself, before it measures and sorts them, and the executor does not evaluate the filter on these: what is volatile
 * is evaluated once for each row.
 *
 * On the way the hook makes sure that scans in parallel workers get their parameters.
 *
 * IDENTIFICATION
 *	  src/planner/order/limit.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/nodeFuncs.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/node.h"
#include "planner/order/order.h"
#include "planner/query/condition.h"
#include "planner/query/make_expr.h"

/* The nodes that take the rows of an index scan; in the memory of their executor */
typedef struct PlanCaller
{
	LokiScanCaller caller;
	IndexScanState *scan;
	ExprState  *filter;			/* its own ... */
	ExprContext *econtext;		/* ... evaluated here; NULL: none yet */
} PlanCaller;

static ExecutorStart_hook_type previous_executor_start = NULL;

/* A LIMIT that is above the rows of any table means all */
#define ALL_ROWS	1e18

/* LokiScanCaller's callback: rows that the Limit takes; 0 if all, or not known yet (P5) */
static double
limit_rows(LokiScanCaller *caller)
{
	LimitState *limit = caller->limit_node;
	double		rows = (double) limit->count + (double) limit->offset + caller->ahead;

	Assert(rows >= 0);			/* Limit has raised an error otherwise */
	if (limit->noCount || limit->lstate == LIMIT_INITIAL || rows >= ALL_ROWS)
		return 0;
	return rows;
}

/* ... and how many it has taken, since it was last rescanned */
static double
taken_rows(LokiScanCaller *caller)
{
	Assert(((LimitState *) caller->limit_node)->position >= 0);
	return (double) ((LimitState *) caller->limit_node)->position;
}

/*
 * LokiScanCaller's callback: whether a row passes.  As in the executor, index conditions
 * that slots did not decide come first, and then the others in the planner's order.  No
 * condition sees a row that an earlier one excludes (P6).
 */
static bool
filter_passes(LokiScanCaller *caller, TupleTableSlot *slot, bool recheck, double distance)
{
	IndexScanState *scan = ((PlanCaller *) caller)->scan;
	ExprContext *econtext = ((PlanCaller *) caller)->econtext;
	bool		matches;
	bool		passes;

	if (econtext == NULL)
		econtext = ((PlanCaller *) caller)->econtext = CreateExprContext(scan->ss.ps.state);
	Assert(econtext->ecxt_scantuple == NULL);	/* conditions do not nest */
	econtext->ecxt_scantuple = slot;
	matches = !recheck || ExecQual(scan->indexqualorig, econtext);
	passes = matches && ExecQual(((PlanCaller *) caller)->filter, econtext);
	econtext->ecxt_scantuple = NULL;
	ResetExprContext(econtext);
	if (!matches)
		InstrCountFiltered2(scan, 1);
	else if (!passes)
		InstrCountFiltered1(scan, 1);
	return passes;
}

/* Have a scan ask a Limit, which is above it for as long as the executor runs. */
static void
attach_limit(LokiScanCaller *caller, LimitState *limit, double ahead)
{
	Assert(caller->limit_node == NULL || caller->limit_node == limit);
	caller->limit = limit_rows;
	caller->taken = taken_rows;
	caller->limit_node = limit;
	caller->ahead = ahead;
}

/*
 * Begin an index scan as IndexNext() would, and give it what it asks.  The executor ends it
 * with its node.  Nothing is left to do for a scan that was met before: expressions for
 * several partitions share one sub-plan, and so do an index condition and its recheck.
 * Gap P37; no version lets a scan know its caller; sql/planner_callers.
 */
static void
begin_limited(IndexScanState *scan, LimitState *limit, double ahead, LokiNode *any_order)
{
	EState	   *estate = scan->ss.ps.state;
	List	   *qual = scan->ss.ps.plan->qual;
	PlanCaller *plan;
	MemoryContext old;

	Assert(!scan->iss_RuntimeKeysReady && loki_is_hnsw_index(scan->iss_RelationDesc));
	if (scan->iss_ScanDesc != NULL)
		return;
	/* the plan's label has come here in the order (P21) */
	Assert(scan->iss_NumOrderByKeys != 1 ||
		   loki_label_of_key(scan->iss_OrderByKeys).promise != LOKI_PROMISE_NONE);
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	plan = palloc0_object(PlanCaller);
	plan->scan = scan;
	attach_limit(&plan->caller, limit, ahead);
	if (any_order != NULL)
	{
		plan->caller.unordered = &any_order->unordered;
		plan->caller.above = *any_order->work;
	}

	plan->caller.passes = filter_passes;
	if (qual != NIL)
	{
		plan->caller.nconditions = list_length(qual);
		plan->caller.work = loki_work_of(qual);
		plan->filter = scan->ss.ps.qual;
		scan->ss.ps.qual = loki_filter_once(plan->filter, &plan->caller.passed);
	}
	loki_condition_attach(&plan->caller, &scan->ss, scan->iss_RelationDesc);
	scan->iss_ScanDesc = LokiIndexBeginScanKeys(scan->ss.ss_currentRelation,
												scan->iss_RelationDesc, estate->es_snapshot,
												LokiScanInstrument(scan), scan->iss_NumScanKeys,
												scan->iss_NumOrderByKeys);
	loki_hnsw_set_caller(scan->iss_ScanDesc, &plan->caller);

	/* with runtime keys, ExecIndexScan() does this before the first row */
	if (scan->iss_NumRuntimeKeys == 0)
		index_rescan(scan->iss_ScanDesc, scan->iss_ScanKeys, scan->iss_NumScanKeys,
					 scan->iss_OrderByKeys, scan->iss_NumOrderByKeys);
	MemoryContextSwitchTo(old);
}

/* Whether rows of a node come from an hnsw index */
static bool
scans_hnsw(PlanState *ps)
{
	Relation	index;

	if (!IsA(ps, IndexScanState))
		return loki_hybrid_caller(ps) != NULL;
	index = ((IndexScanState *) ps)->iss_RelationDesc;
	return index != NULL && loki_is_hnsw_index(index);
}

/*
 * Find the scans whose rows a Limit takes: those that it reaches through nodes that pass
 * rows on.  Sub-plans of these nodes are not asked for LIMIT rows.  `any_order` is the last node on the way, if that
 * takes rows so, and none that relies on their order is below it.
 */
static void
find_limited(PlanState *ps, LimitState *limit, double ahead, LokiNode *any_order)
{
	if (ps == NULL)
		return;
	switch (nodeTag(ps))
	{
		case T_IndexScanState:
			if (scans_hnsw(ps))
				begin_limited((IndexScanState *) ps, limit, ahead, any_order);
			break;
		case T_CustomScanState:
			if (loki_hybrid_caller(ps) != NULL)
				attach_limit(loki_hybrid_caller(ps), limit, ahead);
			else
				find_limited(loki_node_child(ps, limit), limit, ahead, loki_node_any_order(ps));
			break;
		case T_AppendState:
			for (int i = 0; i < ((AppendState *) ps)->as_nplans; i++)
				find_limited(((AppendState *) ps)->appendplans[i], limit, ahead, any_order);
			break;
		case T_MergeAppendState:
			for (int i = 0; i < ((MergeAppendState *) ps)->ms_nplans; i++)
				find_limited(((MergeAppendState *) ps)->mergeplans[i], limit, ahead, any_order);
			break;
		case T_NestLoopState:
			/* the outer side is in order, or has one row (forms/vector_join.c) */
			if (scans_hnsw(innerPlanState(ps)))
				loki_node_beside(outerPlanState(ps), innerPlanState(ps));
			find_limited(outerPlanState(ps), limit, ahead, any_order);
			find_limited(innerPlanState(ps), limit, ahead, any_order);
			break;
		case T_SubqueryScanState:
			find_limited(((SubqueryScanState *) ps)->subplan, limit, ahead, any_order);
			break;
		case T_AggState:
			/* a group ends with the next one's first row (forms/row_groups.c) */
			if (((Agg *) ps->plan)->aggstrategy == AGG_SORTED)
				find_limited(outerPlanState(ps), limit, 1, NULL);
			break;
		case T_ResultState:
		case T_ProjectSetState:
			find_limited(outerPlanState(ps), limit, ahead, any_order);
			break;
		case T_UniqueState:
		case T_IncrementalSortState:
		case T_LockRowsState:
			find_limited(outerPlanState(ps), limit, ahead, NULL);
			break;
		default:
			break;
	}
}

/*
 * planstate_tree_walker callback.  `missing` are parameters that do not reach the process
 * that executes a node: for a scan they would be null pointers, so it must not begin.  NULL if there are none, as in
 * every plan that is right (P9).
 */
static bool
find_limits(PlanState *ps, void *missing)
{
	if (IsA(ps, LimitState))
		find_limited(outerPlanState(ps), (LimitState *) ps, 0, NULL);
	else if (IsA(ps, GatherState) || IsA(ps, GatherMergeState))
	{
		const Gather *gather = (const Gather *) ps->plan;
		const GatherMerge *merge = (const GatherMerge *) ps->plan;
		bool		merges = IsA(merge, GatherMerge);
		int			rescan = merges ? merge->rescan_param : gather->rescan_param;

		missing = bms_difference(outerPlan(ps->plan)->extParam, merges ? merge->initParam : gather->initParam);
		if (rescan >= 0)
			missing = bms_del_member(missing, rescan);
	}
	else if (missing != NULL && scans_hnsw(ps) &&
			 bms_overlap(ps->plan->extParam, (Bitmapset *) missing))
		elog(ERROR, "plan has a scan of an hnsw index in a parallel worker without its parameters");
	return planstate_tree_walker(ps, find_limits, missing);
}

/* ExecutorStart_hook; EXPLAIN without ANALYZE begins no scan. */
static void
limit_executor_start(QueryDesc *query, int flags)
{
	if (!(flags & EXEC_FLAG_EXPLAIN_ONLY))
		loki_hnsw_query_begins();
	if (previous_executor_start)
		previous_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	if (!(flags & EXEC_FLAG_EXPLAIN_ONLY) && query->planstate != NULL)
		find_limits(query->planstate, NULL);
}

void
loki_limit_init(void)
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = limit_executor_start;
}
