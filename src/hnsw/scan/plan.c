/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  What a plan tells its scans: their LIMIT, and the rows that they stay in.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/scan/scan.h"

/* A LIMIT for the next scan of an index that begins, and what follows it */
static Oid	limit_index = InvalidOid;
static double limit_rows = 0;
static LokiRowFilter *limit_filter = NULL;

/*
 * Tell a scan how many rows its caller takes at most, and what it does with them.  With
 * scan = NULL, tell the next scan of the index that begins.
 */
void
loki_hnsw_set_limit(IndexScanDesc scan, Oid index, double limit, LokiRowFilter *filter)
{
	LokiScan   *so = scan != NULL ? (LokiScan *) scan->opaque : NULL;

	Assert(limit >= 0);
	if (so != NULL)
	{
		so->plan.limit = limit;
		so->plan.row_filter = filter;
	}
	else
	{
		limit_index = limit > 0 ? index : InvalidOid;
		limit_rows = limit;
		limit_filter = filter;
	}
}

/* Give a scan that begins the LIMIT that was left for it, if there is one. */
void
loki_plan_take_limit(LokiScan *so)
{
	Assert(so->course.phase == LOKI_SCAN_START);
	if (limit_index == RelationGetRelid(so->scan->indexRelation))
	{
		so->plan.limit = limit_rows;
		so->plan.row_filter = limit_filter;
		limit_index = InvalidOid;
	}
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
