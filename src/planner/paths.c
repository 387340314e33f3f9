/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  The hook that adds paths to base relations.
 *
 * IDENTIFICATION
 *	  src/planner/paths.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/paths.h"
#include "planner/planner.h"
#include "planner/selectivity.h"

static set_rel_pathlist_hook_type previous_pathlist = NULL;

/*
 * Rows first, as paths are made of them; then index paths for forms of ORDER BY
 * that core does not match to an index.
 */
static void
add_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	if (previous_pathlist)
		previous_pathlist(root, rel, rti, rte);
	if (rte->rtekind != RTE_RELATION || !IS_SIMPLE_REL(rel))
		return;
	loki_distance_rows(root, rel);
	if (rel->indexlist != NIL)
		loki_order_paths(root, rel);
}

void
loki_paths_init(void)
{
	previous_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_paths;
}
