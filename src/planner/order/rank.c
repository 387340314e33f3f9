/*-------------------------------------------------------------------------
 *
 * rank.c
 *	  Queries that number the rows of a search.
 *
 *		SELECT id, rank() OVER (ORDER BY v <-> $1) FROM items ORDER BY 2 LIMIT 20
 *
 * A window function may look at every row, so the scan below it is exact.  But rank(),
 * dense_rank() and row_number() of a row depend only on the rows before it.  For the rows
 * that LIMIT takes they are the same whether or not other rows follow.  order/search.c
 * makes the plans.
 *
 * IDENTIFICATION
 *	  src/planner/order/rank.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/pathnode.h"
#include "planner/order/order.h"
#include "planner/query/promise.h"

/*
 * Let the planner know that rows come out of their window in the order of their ranks, so it
 * need not sort all rows by these.
 */
void
loki_rank_paths(const PlannerInfo *root, RelOptInfo *windows)
{
	List	   *ranked = NIL;
	ListCell   *cell;

	Assert(windows->reloptkind == RELOPT_UPPER_REL);
	if (!loki_sorts_by_rank(root) || !loki_ranks_rows(root->parse))
		return;
	foreach(cell, windows->pathlist)
	{
		WindowAggPath *path = lfirst(cell);
		WindowAggPath *copy;

		if (!IsA(path, WindowAggPath))
			continue;
		copy = makeNode(WindowAggPath);
		*copy = *path;
		copy->path.pathkeys = root->sort_pathkeys;
		ranked = lappend(ranked, copy);
	}

	/* add_path() may free paths of the list, so they are added only now */
	foreach(cell, ranked)
		add_path(windows, lfirst(cell));
}
