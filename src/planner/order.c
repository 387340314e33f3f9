/*-------------------------------------------------------------------------
 *
 * order.c
 *	  Index paths for forms of ORDER BY that core does not match to an index.
 *
 * IDENTIFICATION
 *	  src/planner/order.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "planner/planner.h"

void
loki_order_paths(PlannerInfo *root, RelOptInfo *rel)
{
}
