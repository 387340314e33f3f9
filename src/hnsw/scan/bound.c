/*-------------------------------------------------------------------------
 *
 * bound.c
 *	  Where a search within a bound of distances ends.
 *
 * It ends when all that was found and not returned is beyond the bound.  Estimates say so of
 * what the walk has met, which may be another region than that of the nearest rows.  Too few
 * rows are a worse answer than a few that are not the nearest.  So a walk is made wider
 * before it is believed, and if all nodes can be looked at in little time, they are.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/bound.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/scan/scan.h"

/* See scan.h.  A flat scan has seen all nodes, so nothing nearer is to be expected of a next one. */
bool
loki_bound_ends(LokiScan *so, bool may_widen)
{
	if (!loki_refine_beyond(so))
		return false;
	return so->course.phase != LOKI_SCAN_WALK || !may_widen || so->course.ef >= LOKI_BOUND_ROWS;
}

/*
 * See scan.h.  No rows are missed from here on: flat scans find the nodes that the walk, or
 * flat scans by estimates, have not queued.
 */
bool
loki_bound_begin_certain(LokiScan *so)
{
	if (so->plan.certain ||
		!(so->plan.exact || (so->plan.complete && loki_strategy_certain(so))))
		return false;
	Assert(loki_is_bounded(so) && so->ranking.npartials == 0);
	if (so->course.phase == LOKI_SCAN_WALK)
		loki_flat_begin(so);
	Assert(so->course.phase == LOKI_SCAN_FLAT);
	so->plan.certain = true;
	loki_flat_certain(so);
	return true;
}
