/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  The hook that adds paths to base relations, and installing all that the planner and
 *	  the executor call.
 *
 * IDENTIFICATION
 *	  src/planner/planner.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/plan.h"
#include "optimizer/paths.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/hybrid/hybrid.h"
#include "planner/join/join.h"
#include "planner/order/order.h"
#include "planner/planner.h"

static set_rel_pathlist_hook_type previous_pathlist = NULL;

/*
 * The estimate of rows is corrected first, since the costs of paths depend on it.
 * Then come index paths for forms of ORDER BY that core does not match to an index,
 * then the hybrid paths, which are made of index paths, and last those of parts of the table,
 * which are made of both.
 */
static void
add_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	if (previous_pathlist)
		previous_pathlist(root, rel, rti, rte);
	if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_SUBQUERY) || !IS_SIMPLE_REL(rel) ||
		LokiIsGrouped(rel))
		return;
	Assert(rel->relid == rti && root->simple_rel_array[rti] == rel);
	loki_distance_rows(root, rel);
	if (rte->rtekind == RTE_SUBQUERY)
		return;

	/* a sample of a table cannot be read by an index; a dummy has no rows */
	if (loki_usable_indexes(rel) == NIL || rte->tablesample != NULL || IS_DUMMY_REL(rel))
		return;
	loki_order_paths(root, rel);
	loki_hybrid_paths(root, rel, rte);
	loki_part_paths(root, rel, rte);
}

void
loki_planner_init(void)
{
	/* a hook that is installed twice would call itself */
	Assert(loki_hnsw_costestimate == NULL);
	loki_cost_init();
	loki_hybrid_init();
	loki_join_init();
	loki_limit_init();
	previous_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_paths;
	RegisterCustomScanMethods(&loki_groups_kind.plan);
	RegisterCustomScanMethods(&loki_scores_kind.plan);
	loki_search_init();
	loki_resjunk_init();
	loki_join_keys_init();
}
