/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  The work of index scans, for users.
 *
 * lokivector_scan_stats() shows the last scan of its own query, or of the query before it.
 * Queries that call it do not count as one before: so it can be called again.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/stats.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "funcapi.h"
#include "hnsw/definition/access.h"
#include "hnsw/scan/scan.h"
#include "hnsw/statistics/statistics.h"
#include "lokivector.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

LOKI_FUNCTION(lokivector_scan_stats);

/* Columns of lokivector_scan_stats() */
#define STRATEGY	8
#define COLUMNS		10

/* What it returns, in plain numbers, as the scan may have ended */
typedef struct LastScan
{
	bool		known;			/* there was one */
	Oid			index;			/* by which rights are checked */
	uint64		values[COLUMNS];
	const char *strategy;
} LastScan;

/* Work of this backend's last scan, in the query that runs, and in the one before */
static LastScan last_scan;
static LastScan scan_before;

/* The query that runs: when its message came, and whether it has asked for the work */
static TimestampTz query_came = 0;
static bool query_asked = false;

/* Names of strategies, by their counts; a scan that has not begun has none */
static const char *const strategy_names[LOKI_COUNTS] = {
	[LOKI_COUNT_WALKS] = "walk",
	[LOKI_COUNT_HOPS] = "hops",
	[LOKI_COUNT_FLAT_SCANS] = "flat",
	[LOKI_COUNT_LIST_SCANS] = "list",
	[LOKI_COUNT_MAP_SCANS] = "map",
};

/* How a scan finds its rows; LOKI_COUNT_SCANS if it has not begun to */
static LokiCount
strategy_of(const LokiScan *so)
{
	if (so->work.flat_scans > 0)
		return so->filter.has_list ? LOKI_COUNT_LIST_SCANS :
			so->filter.has_map ? LOKI_COUNT_MAP_SCANS : LOKI_COUNT_FLAT_SCANS;
	if (!so->course.walked)
		return LOKI_COUNT_SCANS;
	return so->filter.choice.hops ? LOKI_COUNT_HOPS : LOKI_COUNT_WALKS;
}

/*
 * An executor starts.  If it is that of another query, what is known of the last one becomes
 * that of the one before.  A query is one message of the client.  But the protocol for
 * prepared statements has one message by which the executor starts, and another by which it
 * runs.  An executor that starts while that runs, for a function, is part of the query.
 */
void
loki_hnsw_query_begins(void)
{
	TimestampTz came = GetCurrentStatementStartTimestamp();

	if (came == query_came || (ActivePortal != NULL && ActivePortal->status == PORTAL_ACTIVE &&
							   ActivePortal->strategy == PORTAL_ONE_SELECT))
		return;
	query_came = came;
	if (last_scan.known || !query_asked)
		scan_before = last_scan;
	memset(&last_scan, 0, sizeof(last_scan));
	query_asked = false;
}

/*
 * Nodes that were scored by codes, or by entries of posting lists.  The latter are not in search.count,
 * by which pgvector's limits end scans.
 */
static uint64
nodes_scored(const LokiScan *so)
{
	return so->search.count.scored + so->work.postings;
}

/* See scan.h.  It is called for every row that a scan returns, and once at its end. */
void
loki_scan_report(LokiScan *so)
{
	const uint64 values[COLUMNS] = {
		nodes_scored(so), so->search.count.expanded, so->search.count.filtered,
		so->work.nodes_refined, so->work.heap_fetches, so->work.flat_scans,
		so->course.returned, so->search.count.matched, 0, so->work.late_rows
	};

	last_scan.known = true;
	last_scan.index = RelationGetRelid(so->scan->indexRelation);
	memcpy(last_scan.values, values, sizeof(values));
	last_scan.strategy = so->work.rests > 0 ? "rest" : strategy_names[strategy_of(so)];
}

/* The work that a scan has done, over all of its rescans */
void
loki_hnsw_scan_work(IndexScanDesc scan, LokiScanWork *work)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	*work = so->work.done;
	if (so->course.phase == LOKI_SCAN_START)
		return;
	work->nodes_scored += nodes_scored(so);
	work->nodes_filtered += so->search.count.filtered;
	work->nodes_refined += so->work.nodes_refined;
	work->heap_fetches += so->work.heap_fetches;
	work->flat_scans += so->work.flat_scans;
	work->late_rows += so->work.late_rows;
	if (so->work.flat_scans > 0 || !so->course.walked)
		work->flats += so->work.flat_scans > 0 || so->work.rests == 0;
	else
		work->walks += so->course.walk_taken || so->work.rests == 0;
	work->rests += so->work.rests;
}

/* Count what a scan has done since it began, or began again, if it did. */
void
loki_scan_count(LokiScan *so)
{
	LokiCounts	counts = {{0}};

	if (so->course.phase == LOKI_SCAN_START)
		return;
	counts.of[strategy_of(so)] = 1;
	counts.of[LOKI_COUNT_SCANS] = 1;
	counts.of[LOKI_COUNT_EXACT_SCANS] = so->plan.exact;
	counts.of[LOKI_COUNT_WIDENED_SCANS] = so->course.widened;
	counts.of[LOKI_COUNT_NODES_SCORED] = nodes_scored(so);
	counts.of[LOKI_COUNT_NODES_FILTERED] = so->search.count.filtered;
	counts.of[LOKI_COUNT_NODES_REFINED] = so->work.nodes_refined;
	counts.of[LOKI_COUNT_HEAP_FETCHES] = so->work.heap_fetches;
	counts.of[LOKI_COUNT_ROWS] = so->course.returned;
	/* those that the scan tested, once the caller had asked for more than it takes, and its caller's */
	counts.of[LOKI_COUNT_ROWS_DROPPED] = so->ranking.dropped;
	if (loki_caller_filters(so) && so->plan.limit > 0 &&
		(double) so->course.returned > so->plan.limit)
		counts.of[LOKI_COUNT_ROWS_DROPPED] += so->course.returned - (uint64) so->plan.limit;
	counts.of[LOKI_COUNT_LATE_ROWS] = so->work.late_rows;
	counts.of[LOKI_TIME_SEARCH] = so->work.microseconds;
	loki_count(so->scan->indexRelation, &counts);
	if (so->work.sample.query != NULL)
		loki_scan_end_sample(so);
}

/*
 * lokivector_scan_stats(): the work of this backend's last index scan, if this query or the
 * one before had one.  It counts all rows, so who does not see them all learns nothing of it.
 */
Datum
lokivector_scan_stats(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[COLUMNS];
	bool		nulls[COLUMNS] = {0};
	const LastScan *scan = last_scan.known ? &last_scan : &scan_before;

	query_asked = true;
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Assert(desc->natts == lengthof(values));
	for (int i = 0; i < COLUMNS; i++)
		values[i] = Int64GetDatum(scan->values[i]);
	nulls[STRATEGY] = scan->strategy == NULL;
	if (scan->known && !loki_sees_all_rows(scan->index))
		memset(nulls, true, sizeof(nulls));
	if (!nulls[STRATEGY])
		values[STRATEGY] = CStringGetTextDatum(scan->strategy);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
