/*-------------------------------------------------------------------------
 *
 * stats.c
 *	  The work of index scans, for users.
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/stats.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "hnsw/scan/scan.h"
#include "hnsw/statistics/statistics.h"
#include "lokivector.h"
#include "utils/builtins.h"

LOKI_FUNCTION(lokivector_scan_stats);

/* Work of this backend's last scan */
static struct
{
	uint64		nodes_scored;
	uint64		nodes_expanded;
	uint64		nodes_filtered;
	uint64		nodes_matched;
	uint64		nodes_refined;
	uint64		heap_fetches;
	uint64		flat_scans;
	uint64		rows;
	uint64		late_rows;
	const char *strategy;
}			last_scan;

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
	return so->choice.hops ? LOKI_COUNT_HOPS : LOKI_COUNT_WALKS;
}

void
loki_scan_report(LokiScan *so)
{
	last_scan.nodes_scored = so->search.count.scored;
	last_scan.nodes_expanded = so->search.count.expanded;
	last_scan.nodes_filtered = so->search.count.filtered;
	last_scan.nodes_matched = so->search.count.matched;
	last_scan.nodes_refined = so->work.nodes_refined;
	last_scan.heap_fetches = so->work.heap_fetches;
	last_scan.flat_scans = so->work.flat_scans;
	last_scan.rows = so->course.returned;
	last_scan.late_rows = so->work.late_rows;
	last_scan.strategy = strategy_names[strategy_of(so)];
}

/* The work that a scan has done, over all of its rescans */
void
loki_hnsw_scan_work(IndexScanDesc scan, LokiScanWork *work)
{
	LokiScan   *so = (LokiScan *) scan->opaque;

	*work = so->work.done;
	if (so->course.phase == LOKI_SCAN_START)
		return;
	work->nodes_scored += so->search.count.scored;
	work->nodes_filtered += so->search.count.filtered;
	work->nodes_refined += so->work.nodes_refined;
	work->heap_fetches += so->work.heap_fetches;
	work->flat_scans += so->work.flat_scans;
	work->late_rows += so->work.late_rows;
	if (so->course.walked && so->work.flat_scans == 0)
		work->walks++;
	else
		work->flats++;
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
	counts.of[LOKI_COUNT_NODES_SCORED] = so->search.count.scored;
	counts.of[LOKI_COUNT_NODES_FILTERED] = so->search.count.filtered;
	counts.of[LOKI_COUNT_NODES_REFINED] = so->work.nodes_refined;
	counts.of[LOKI_COUNT_HEAP_FETCHES] = so->work.heap_fetches;
	counts.of[LOKI_COUNT_ROWS] = so->course.returned;
	counts.of[LOKI_COUNT_ROWS_DROPPED] = so->ranking.dropped;
	counts.of[LOKI_COUNT_LATE_ROWS] = so->work.late_rows;
	counts.of[LOKI_TIME_SEARCH] = so->work.microseconds;
	loki_count(so->scan->indexRelation, &counts);
	if (so->sample.query != NULL)
		loki_scan_end_sample(so);
}

/*
 * lokivector_scan_stats(): the work of this backend's last index scan.
 */
Datum
lokivector_scan_stats(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[10];
	bool		nulls[10] = {0};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	Assert(desc->natts == lengthof(values));
	values[0] = Int64GetDatum(last_scan.nodes_scored);
	values[1] = Int64GetDatum(last_scan.nodes_expanded);
	values[2] = Int64GetDatum(last_scan.nodes_filtered);
	values[3] = Int64GetDatum(last_scan.nodes_refined);
	values[4] = Int64GetDatum(last_scan.heap_fetches);
	values[5] = Int64GetDatum(last_scan.flat_scans);
	values[6] = Int64GetDatum(last_scan.rows);
	values[7] = Int64GetDatum(last_scan.nodes_matched);
	nulls[8] = last_scan.strategy == NULL;
	if (!nulls[8])
		values[8] = CStringGetTextDatum(last_scan.strategy);
	values[9] = Int64GetDatum(last_scan.late_rows);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
