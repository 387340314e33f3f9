/*-------------------------------------------------------------------------
 *
 * resjunk.c
 *	  Spare the executor distances that nobody reads.
 *
 * ORDER BY v <-> q LIMIT k, or by a score made of it, puts the distance into the
 * target list of the index scan, for sorting, although the scan already returns
 * rows in order.  The executor would detoast both vectors of every returned row
 * for a column that is then thrown away.  If a Limit stands right above such a scan,
 * that entry becomes a NULL constant (gap P36; 19 has planner_shutdown_hook for it; sql/planner_order, a distance
 * that nobody reads).
 *
 * IDENTIFICATION
 *	  src/planner/order/resjunk.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"

bool		loki_walks_plans = false;

/*
 * Replace the distance below a Limit by NULL if nobody reads it.  The Limit reads sort
 * columns only for WITH TIES.  Above it only a Sort of the rows that it takes sees a
 * resjunk column of its child (order/limit_search.c).  The columns that a WindowAgg sorts by are
 * not resjunk.  Only classes of ours have such a distance FOR ORDER BY, so the index is one of ours.
 */
static void
drop_distance(Limit *limit, const Sort *above)
{
	Plan	   *scan = limit->plan.lefttree;
	Expr	   *orderby = !IsA(scan, IndexScan) ? loki_hybrid_distance(scan) :
		list_length(((IndexScan *) scan)->indexorderbyorig) == 1 ?
		linitial(((IndexScan *) scan)->indexorderbyorig) : NULL;
	LokiDistanceExpr distance;

	Assert(limit->limitOption == LIMIT_OPTION_COUNT);
	if (orderby == NULL || !IsA(orderby, OpExpr))
		return;
	foreach_node(TargetEntry, entry, scan->targetlist)
	{
		bool		sorted = false;

		for (int i = 0; above != NULL && i < above->numCols; i++)
			sorted |= above->sortColIdx[i] == entry->resno;
		if (!entry->resjunk || sorted ||
			!loki_distance_expr((Node *) entry->expr, &distance) ||
			!loki_same_distance(distance.distance, (OpExpr *) orderby))
			continue;
		/* the Limit passes columns on by their places (P36) */
		Assert(list_nth_node(TargetEntry, limit->plan.targetlist, entry->resno - 1)->resjunk);
		entry->expr = (Expr *) makeNullConst(exprType((Node *) entry->expr), -1, InvalidOid);
	}
}

/* Go down a plan; `above` is the Sort directly above it, or NULL. */
static void
walk_plan(Plan *plan, const Sort *above)
{
	const Sort *sort;
	List	   *children = NIL;

	if (plan == NULL)
		return;
	if (IsA(plan, Limit) && ((Limit *) plan)->limitOption == LIMIT_OPTION_COUNT)
		drop_distance((Limit *) plan, above);
	sort = IsA(plan, Sort) ? (const Sort *) plan : NULL;
	walk_plan(plan->lefttree, sort);
	walk_plan(plan->righttree, NULL);
	if (IsA(plan, Append))
		children = ((Append *) plan)->appendplans;
	else if (IsA(plan, MergeAppend))
		children = ((MergeAppend *) plan)->mergeplans;
	else if (IsA(plan, SubqueryScan))
		walk_plan(((SubqueryScan *) plan)->subplan, NULL);
	else if (IsA(plan, CustomScan))
	{
		loki_node_finish((CustomScan *) plan);
		children = ((CustomScan *) plan)->custom_plans;
	}
	foreach_ptr(Plan, child, children)
		walk_plan(child, NULL);
}

void
loki_finish_plans(PlannedStmt *statement)
{
	walk_plan(statement->planTree, NULL);
	foreach_ptr(Plan, subplan, statement->subplans)
		walk_plan(subplan, NULL);
}
