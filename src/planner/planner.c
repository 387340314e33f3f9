/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  Installing what the planner and the executor call.
 *
 * IDENTIFICATION
 *	  src/planner/planner.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "planner/cost/cost.h"
#include "planner/hybrid/hybrid.h"
#include "planner/join/join.h"
#include "planner/join/keys.h"
#include "planner/order/order.h"
#include "planner/planner.h"

/* Called by _PG_init. */
void
loki_planner_init(void)
{
	/* a hook that is installed twice would call itself */
	Assert(loki_hnsw_costestimate == NULL);
	loki_cost_init();
	loki_hybrid_init();
	loki_join_init();
	loki_limit_init();
	loki_paths_init();
	RegisterCustomScanMethods(&loki_groups_kind.plan);
	RegisterCustomScanMethods(&loki_scores_kind.plan);
	loki_search_init();
	loki_resjunk_init();
	loki_join_keys_init();
}
