/*-------------------------------------------------------------------------
 *
 * selectivity.c
 *	  How many rows a distance predicate lets pass.
 *
 * IDENTIFICATION
 *	  src/planner/selectivity.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "planner/distexpr.h"
#include "planner/selectivity.h"

Selectivity
loki_distance_selectivity(PlannerInfo *root, RelOptInfo *rel, Node *clause)
{
	return -1;
}

void
loki_distance_rows(PlannerInfo *root, RelOptInfo *rel)
{
}
