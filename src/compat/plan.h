/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  Differences between the supported server versions in what the planner calls.
 *
 * IDENTIFICATION
 *	  src/compat/plan.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLAN_H
#define LOKI_PLAN_H

#include "optimizer/cost.h"
#include "optimizer/pathnode.h"

/*
 * A Sort that enable_sort = off says nothing about.  Until 17 that adds a cost, since 18 it counts a node as
 * disabled.
 */
static inline Path *
loki_create_sort_path(PlannerInfo *root, RelOptInfo *rel, Path *input, List *pathkeys)
{
	Path	   *sort = (Path *) create_sort_path(root, rel, input, pathkeys, -1);

	if (enable_sort)
		return sort;
#if PG_VERSION_NUM >= 180000
	Assert(sort->disabled_nodes == input->disabled_nodes + 1);
	sort->disabled_nodes = input->disabled_nodes;
#else
	Assert(sort->startup_cost >= input->total_cost + disable_cost);
	sort->startup_cost -= disable_cost;
	sort->total_cost -= disable_cost;
#endif
	return sort;
}

#endif							/* LOKI_PLAN_H */
