/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  What EXPLAIN ANALYZE shows for scans within a bitmap or a distance that
 *	  parallel workers made.
 *
 * One process runs such a scan as a whole.  Only its counters are shared: workers add
 * theirs to those in a segment of the leader.  That segment lasts as long as the
 * query; the workers' own does not.  The server asks only nodes that are aware of
 * parallelism about shared memory.  So nodes below a Gather get a copy of their plan that
 * says so while a query runs for EXPLAIN ANALYZE.  When it has run, the copy is reset, so
 * that EXPLAIN does not show it.
 *
 * The leader marks the nodes that it reaches from the child of a Gather.  A worker marks
 * those that it reaches from the top of its plan, which is that child.  So both mark the
 * same nodes.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/parallel.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "nodes/nodeFuncs.h"
#include "planner/hybrid/hybrid.h"
#include "storage/spin.h"

/* What workers have counted, in the leader's segment; `lock` protects the rest */
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
	sum->walks += work->walks;
	sum->flats += work->flats;
}

/* The work of a node; in the leader, with that of its workers.  Takes the spinlock. */
void
loki_hybrid_total(LokiHybridState *state, LokiHybridCounts *counts, LokiScanWork *work)
{
	Assert((state->segment == NULL) == (state->shared == NULL));
	*counts = state->counts;
	memset(work, 0, sizeof(LokiScanWork));
	if (state->walk.scan != NULL)
		loki_hnsw_scan_work(state->walk.scan, work);
	if (state->shared == NULL || IsParallelWorker())
		return;
	SpinLockAcquire(&state->shared->lock);
	add_counts(counts, &state->shared->counts);
	add_work(work, &state->shared->work);
	SpinLockRelease(&state->shared->lock);
}

/*
 * When a node ends, a worker adds its counters to those that its leader will read.  Takes
 * the spinlock, and detaches from the segment.
 */
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

/* EstimateDSMCustomScan: the workers' segment holds the handle of ours. */
Size
loki_hybrid_estimate_dsm(CustomScanState *node, ParallelContext *pcxt)
{
	Assert(node->ss.ps.plan->parallel_aware);
	return sizeof(dsm_handle);
}

/*
 * InitializeDSMCustomScan, which is called again if a Gather begins again.  If there is no
 * room for a segment, EXPLAIN shows the leader's work alone.
 */
void
loki_hybrid_initialize_dsm(CustomScanState *node, ParallelContext *pcxt, void *coordinate)
{
	LokiHybridState *state = (LokiHybridState *) node;

	Assert(!IsParallelWorker());
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

/* ReInitializeDSMCustomScan: the counters go on. */
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

	Assert(IsParallelWorker() && state->segment == NULL);
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

/* planstate_tree_walker callback.  Init plans of a Gather may have a Gather too. */
static bool
share_below_gather(PlanState *ps, void *context)
{
	if (IsA(ps, GatherState) || IsA(ps, GatherMergeState))
		share_counters(outerPlanState(ps), context);
	return planstate_tree_walker(ps, share_below_gather, context);
}

/* The plan of a marked node is the copy that share_counters() made. */
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
