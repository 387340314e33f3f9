/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  What a plan gives its scans: their LIMIT, the rows that they stay in, and what the
 *	  nodes above rely on.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/plan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/scan/scan.h"
#include "utils/float.h"

/* See hnsw.h. */
void
loki_hnsw_set_caller(IndexScanDesc scan, LokiScanCaller *caller)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	Assert(so->course.phase == LOKI_SCAN_START && so->plan.caller == NULL);
	so->plan.caller = caller;
}

LokiScanCaller *
loki_hnsw_caller(IndexScanDesc scan)
{
	return ((LokiScan *) scan->opaque)->plan.caller;
}

/* Keep a scan to the rows of a set, and to those that are not beyond a bound. */
void
loki_hnsw_restrict(IndexScanDesc scan, const LokiTidSet *tids, double bound, bool nans,
				   bool all)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	/* the scan reads these when its first row is asked for */
	Assert(so->course.phase == LOKI_SCAN_START);
	so->filter.within = tids;
	so->filter.bound = bound;
	so->filter.bound_nans = nans;
	so->filter.bound_all = all;
}

/*
 * Ask for the LIMIT, and decide whether the scan is complete, exact and in order.  It is
 * what the plan says, since nodes above it rely on that, whatever the settings have become.
 * A search is in order as long as its first batch has all rows that the caller takes.  If
 * these are not known, the scan is exact.
 */
void
loki_plan_completeness(LokiScan *so)
{
	LokiPromise promise = loki_label_of_key(so->scan->orderByData).promise;
	LokiScanCaller *caller = so->plan.caller;

	if (caller != NULL && caller->limit != NULL)
		so->plan.limit = caller->limit(caller);
	Assert(so->plan.limit >= 0);
	if (so->plan.given != NULL)
		so->plan.settings = *so->plan.given;
	else
		loki_scan_settings(so->scan->indexRelation, &so->plan.settings);
	so->plan.complete = so->plan.settings.complete;
	so->plan.exact = so->plan.settings.exact;
	so->plan.ordered = false;
	if (promise != LOKI_PROMISE_NONE)
	{
		so->plan.complete = promise < LOKI_PROMISE_LIMITED;
		so->plan.ordered = promise != LOKI_PROMISE_SEARCH_LATE && promise != LOKI_PROMISE_LIMITED_LATE;
	}

	/*
	 * The plan relies on the order of all rows; or the scan is for all rows
	 * within a bound, which is a condition then, and not a search.
	 */
	so->plan.certain = promise == LOKI_PROMISE_EXACT ||
		(so->plan.complete && so->plan.ordered && so->plan.limit == 0) ||
		(so->plan.complete && so->filter.bound_all && loki_is_bounded(so));
	so->plan.complete |= so->plan.certain;
	so->plan.exact |= so->plan.certain;
}

/* The scan reads the rest, which has all rows that the limits of an iterative scan would have let it find. */
void
loki_plan_all_rows(LokiScan *so)
{
	so->plan.ordered |= !so->plan.complete && so->plan.settings.iterative_scan == LOKI_ITERATIVE_STRICT;
	so->plan.complete = true;
}
