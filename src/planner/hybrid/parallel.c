/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  What EXPLAIN ANALYZE tells of scans within a bitmap or a distance that
 *	  parallel workers made.
 *
 * Such a scan is run as a whole by one process.  Only its counters are shared: workers
 * add theirs to those in a segment of the leader's, which is there for as long as the
 * query is, other than that of the workers.  The server asks nodes about shared memory
 * that are aware of parallelism.  So while a query runs for EXPLAIN ANALYZE, nodes below
 * a Gather are, by a copy of their plan; when it has run and is to be told of, they are
 * not any more.
 *
 * The leader marks the nodes that it comes to from a Gather's child, a worker those that
 * it comes to from the top of its plan, which is that child: the same.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/parallel.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/nodeFuncs.h"
#include "planner/hybrid/hybrid.h"
#include "storage/dsm.h"
#include "storage/spin.h"

/* What workers have counted */
struct LokiHybridShared
{
	slock_t		lock;
	LokiHybridCounts counts;
	LokiScanWork work;
};

static ExecutorStart_hook_type previous_executor_start = NULL;
static ExecutorFinish_hook_type previous_executor_finish = NULL;

/* ----------------------------------------------------------------
 * Counters
 * ----------------------------------------------------------------
 */

static void
add_counts(LokiHybridCounts *sum, const LokiHybridCounts *counts)
{
	sum->walks += counts->walks;
	sum->row_scans += counts->row_scans;
	sum->bitmaps += counts->bitmaps;
	sum->bitmap_rows += counts->bitmap_rows;
	sum->lossy_pages += counts->lossy_pages;
	sum->rechecked += counts->rechecked;
	sum->heap_fetches += counts->heap_fetches;
}

static void
add_work(LokiScanWork *sum, const LokiScanWork *work)
{
	sum->nodes_scored += work->nodes_scored;
	sum->nodes_filtered += work->nodes_filtered;
	sum->nodes_refined += work->nodes_refined;
	sum->heap_fetches += work->heap_fetches;
	sum->flat_scans += work->flat_scans;
	sum->late_rows += work->late_rows;
}

/* The work of a node, with that of workers in the leader */
void
loki_hybrid_total(LokiHybridState *state, LokiHybridCounts *counts, LokiScanWork *work)
{
	*counts = state->counts;
	memset(work, 0, sizeof(LokiScanWork));
	if (state->scan != NULL)
		loki_hnsw_scan_work(state->scan, work);
	if (state->shared == NULL || IsParallelWorker())
		return;
	SpinLockAcquire(&state->shared->lock);
	add_counts(counts, &state->shared->counts);
	add_work(work, &state->shared->work);
	SpinLockRelease(&state->shared->lock);
}

/* As a node ends: a worker adds its counters to those that its leader will read. */
void
loki_hybrid_end_counts(LokiHybridState *state)
{
	LokiHybridCounts counts;
	LokiScanWork work;

	if (state->segment == NULL)
		return;
	if (IsParallelWorker())
	{
		loki_hybrid_total(state, &counts, &work);
		SpinLockAcquire(&state->shared->lock);
		add_counts(&state->shared->counts, &counts);
		add_work(&state->shared->work, &work);
		SpinLockRelease(&state->shared->lock);
	}
	dsm_detach(state->segment);
	state->segment = NULL;
	state->shared = NULL;
}

/* ----------------------------------------------------------------
 * Shared memory
 * ----------------------------------------------------------------
 */

/* EstimateDSMCustomScan: of the workers' segment, the handle of ours */
Size
loki_hybrid_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	return sizeof(dsm_handle);
}

/*
 * InitializeDSMCustomScan, which comes again where a Gather begins anew.  Without a
 * segment of its own the node tells what its leader did.
 */
void
loki_hybrid_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	LokiHybridState *state = (LokiHybridState *) node;

	if (state->segment == NULL)
	{
		state->segment = dsm_create(sizeof(LokiHybridShared), DSM_CREATE_NULL_IF_MAXSEGMENTS);
		if (state->segment != NULL)
		{
			state->shared = dsm_segment_address(state->segment);
			memset(state->shared, 0, sizeof(LokiHybridShared));
			SpinLockInit(&state->shared->lock);
		}
	}
	*(dsm_handle *) coordinate = state->segment != NULL ?
		dsm_segment_handle(state->segment) : DSM_HANDLE_INVALID;
}

/* ReInitializeDSMCustomScan: counters go on. */
void
loki_hybrid_reinitialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
}

/* InitializeWorkerCustomScan */
void
loki_hybrid_initialize_worker(CustomScanState *node, shm_toc *toc, void *coordinate)
{
	LokiHybridState *state = (LokiHybridState *) node;
	dsm_handle	handle = *(dsm_handle *) coordinate;

	if (handle == DSM_HANDLE_INVALID)
		return;
	state->segment = dsm_attach(handle);
	if (state->segment != NULL)
		state->shared = dsm_segment_address(state->segment);
}

/* ----------------------------------------------------------------
 * Which nodes
 * ----------------------------------------------------------------
 */

/* planstate_tree_walker callback */
static bool
share_counters(PlanState *ps, void *context)
{
	if (loki_is_hybrid_scan(ps) && !ps->plan->parallel_aware)
	{
		CustomScan *copy = MemoryContextAlloc(ps->state->es_query_cxt, sizeof(CustomScan));

		memcpy(copy, ps->plan, sizeof(CustomScan));
		copy->scan.plan.parallel_aware = true;
		ps->plan = (Plan *) copy;
	}
	return planstate_tree_walker(ps, share_counters, context);
}

static bool
share_below_gather(PlanState *ps, void *context)
{
	if (IsA(ps, GatherState) || IsA(ps, GatherMergeState))
		return share_counters(outerPlanState(ps), context);
	return planstate_tree_walker(ps, share_below_gather, context);
}

/* Of nodes that are marked the plan is the copy. */
static bool
end_sharing(PlanState *ps, void *context)
{
	if (loki_is_hybrid_scan(ps) && ps->plan->parallel_aware)
		ps->plan->parallel_aware = false;
	return planstate_tree_walker(ps, end_sharing, context);
}

static void
start_executor(QueryDesc *query, int flags)
{
	if (previous_executor_start)
		previous_executor_start(query, flags);
	else
		standard_ExecutorStart(query, flags);
	if (query->instrument_options == 0 || (flags & EXEC_FLAG_EXPLAIN_ONLY) ||
		query->planstate == NULL)
		return;
	if (IsParallelWorker())
		share_counters(query->planstate, NULL);
	else if (query->plannedstmt->parallelModeNeeded)
		share_below_gather(query->planstate, NULL);
}

static void
finish_executor(QueryDesc *query)
{
	if (previous_executor_finish)
		previous_executor_finish(query);
	else
		standard_ExecutorFinish(query);
	if (query->instrument_options != 0 && !IsParallelWorker() && query->planstate != NULL)
		end_sharing(query->planstate, NULL);
}

void
loki_hybrid_parallel_init(void)
{
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = start_executor;
	previous_executor_finish = ExecutorFinish_hook;
	ExecutorFinish_hook = finish_executor;
}
