/*-------------------------------------------------------------------------
 *
 * parallel.c
 *	  Building an index with several processes.
 *
 * The leader goes through the phases of a build.  Phases that go by rows, nodes or pages are
 * jobs, which it does together with the workers: each process claims what nobody has claimed
 * yet.  Between jobs the workers wait.
 *
 * If there are no workers, the leader does everything itself, by the same code.
 *
 *	leader		sets job | meets | does its part | meets | ...
 *	workers				 | meet  | do theirs     | meet  | wait for the next job
 *
 * Between the second meeting and the next first one the leader alone reads and writes the
 * shared state.  If a worker fails, the leader, which waits at the barrier, gets its error as an
 * interrupt, and the server ends the others with the parallel context.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/parallel.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <dlfcn.h>

#include "access/parallel.h"
#include "access/table.h"
#include "catalog/index.h"
#include "compat/buffer.h"
#include "compat/pgcompat.h"
#include "executor/instrument.h"
#include "hnsw/build/build.h"
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "pgstat.h"
#include "storage/shmem.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/wait_event.h"

/* Rows that make it worthwhile to start a worker: they take about as long as its start */
#define ROWS_PER_WORKER		5000

/* Keys of the table of contents */
#define KEY_SHARED			UINT64CONST(0x10C1000000000001)
#define KEY_CONSTANTS		UINT64CONST(0x10C1000000000002)
#define KEY_SCAN			UINT64CONST(0x10C1000000000003)
#define KEY_QUERY_TEXT		UINT64CONST(0x10C1000000000004)
#define KEY_USAGE			UINT64CONST(0x10C1000000000005)

/* What a worker has used */
typedef struct WorkerUsage
{
	WalUsage	wal;
	BufferUsage buffers;
} WorkerUsage;

/* What the leader keeps of its workers */
typedef struct LokiParallelBuild
{
	ParallelContext *context;
	Snapshot	snapshot;		/* of the scan of the table */
	WorkerUsage *usage;			/* of each */
} LokiParallelBuild;

extern PGDLLEXPORT void loki_build_worker(dsm_segment *segment, shm_toc *toc);

/* The tranche of a build's locks.  The server has few numbers, so all builds share one. */
int
loki_parallel_tranche(void)
{
	static int	tranche = 0;

	/* without shared_preload_libraries there is no other place to ask for shared memory than here */
	if (tranche == 0)
	{
		bool		found;
		int		   *shared;

		LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
		shared = ShmemInitStruct("lokivector build tranche", sizeof(int), &found);
		if (!found)
			*shared = LokiNewTranche("LokivectorBuild");
		tranche = *shared;
		LWLockRelease(AddinShmemInitLock);
		LokiNameTranche(tranche, "LokivectorBuild");
	}
	return tranche;
}

/* ----------------------------------------------------------------
 * The leader
 * ----------------------------------------------------------------
 */

/*
 * How many workers to ask for.  The server's answer is right about safety, but it goes by the
 * size of the table, which does not include vectors that are stored out of line.
 */
static int
count_workers(const LokiBuild *build)
{
	Relation	heap = build->heap;
	int			planned;
	int			wanted;

	/* a seed makes builds alike, which several processes cannot do */
	if (build->geometry.pending || max_parallel_maintenance_workers == 0 || IsInParallelMode() ||
		loki_build_seed >= 0 ||
		!loki_arena_can_share() || RelationUsesLocalBuffers(heap))
		return 0;
	/* 0 is for a small table, or for expressions that are not parallel safe; it does not say which */
	planned = plan_create_index_workers(RelationGetRelid(heap), RelationGetRelid(build->index));
	if (planned == 0 && (RelationGetIndexExpressions(build->index) != NIL ||
						 RelationGetIndexPredicate(build->index) != NIL))
		return 0;
	wanted = RelationGetParallelWorkers(heap, -1);
	if (wanted < 0)
		wanted = (int) Min(build->expected_rows / ROWS_PER_WORKER,
						   max_parallel_maintenance_workers);
	return Max(planned, Min(wanted, max_parallel_maintenance_workers));
}

/* Initialise the shared state, in a segment or in this process's memory. */
static void
init_shared(LokiBuild *build)
{
	LokiBuildShared *shared = build->part.shared;

	Assert(build->part.leader);
	memset(shared, 0, sizeof(*shared));
	shared->heap = RelationGetRelid(build->heap);
	shared->index = RelationGetRelid(build->index);
	shared->concurrently = build->index_info->ii_Concurrent;
	shared->nprocesses = 1;
	shared->meta = build->meta;
	pg_atomic_init_u64(&shared->work.next, 0);
	pg_atomic_init_u32(&shared->nodes, 0);
	pg_atomic_init_u32(&shared->nulls, 0);
	pg_atomic_init_u64(&shared->rows, 0);
	shared->rows_block = -1;
	LWLockInitialize(&shared->lock, loki_parallel_tranche());
	LWLockInitialize(&shared->reach.lock, loki_parallel_tranche());
}

/* Put the arguments of workers into the segment; build->part.shared is set. */
static void
fill_toc(LokiBuild *build, LokiParallelBuild *parallel)
{
	shm_toc    *toc = parallel->context->toc;
	int			nworkers = parallel->context->nworkers;
	Size		constants = loki_code_constants(&build->meta.code) * sizeof(float);
	float	   *shared_constants = shm_toc_allocate(toc, constants);
	ParallelTableScanDesc scan =
		shm_toc_allocate(toc, table_parallelscan_estimate(build->heap, parallel->snapshot));

	build->part.shared = shm_toc_allocate(toc, sizeof(LokiBuildShared));
	init_shared(build);
	shm_toc_insert(toc, KEY_SHARED, build->part.shared);
	memcpy(shared_constants, build->geometry.centroid, constants);
	shm_toc_insert(toc, KEY_CONSTANTS, shared_constants);
	table_parallelscan_initialize(build->heap, scan, parallel->snapshot);
	shm_toc_insert(toc, KEY_SCAN, scan);
	parallel->usage = shm_toc_allocate(toc, mul_size(sizeof(WorkerUsage), nworkers));
	shm_toc_insert(toc, KEY_USAGE, parallel->usage);
	if (debug_query_string)
	{
		char	   *text = shm_toc_allocate(toc, strlen(debug_query_string) + 1);

		strcpy(text, debug_query_string);
		shm_toc_insert(toc, KEY_QUERY_TEXT, text);
	}
	build->part.scan = loki_table_beginscan_parallel(build->heap, scan);
}

/* Set up a build by this process alone. */
static void
begin_alone(LokiBuild *build)
{
	build->part.shared = MemoryContextAllocZero(build->context, sizeof(LokiBuildShared));
	init_shared(build);
	loki_build_create_arrays(build, NULL);
}

/* Set up the shared state and the arrays, and start workers.  Only the leader calls this. */
void
loki_parallel_begin(LokiBuild *build)
{
	LokiParallelBuild *parallel;
	int			nworkers = count_workers(build);
	shm_toc_estimator *estimator;
	Barrier    *barrier;
	Dl_info		info;

	Assert(build->part.leader && build->part.shared == NULL);
	if (nworkers == 0)
	{
		begin_alone(build);
		return;
	}

	/*
	 * The library that this code is in, whatever name it was installed under:
	 * one server may have two releases, and a worker has to run the one that
	 * its leader runs
	 */
	if (dladdr((void *) loki_build_worker, &info) == 0)
		elog(ERROR, "could not find out the name of the library");
	parallel = MemoryContextAllocZero(build->context, sizeof(LokiParallelBuild));
	EnterParallelMode();
	/* as core's builds: CONCURRENTLY indexes what a snapshot sees, others all that is not dead to everyone */
	parallel->context = CreateParallelContext(info.dli_fname, "loki_build_worker", nworkers);
	parallel->snapshot = build->index_info->ii_Concurrent ?
		RegisterSnapshot(GetTransactionSnapshot()) : SnapshotAny;

	/* space for what fill_toc() puts there */
	estimator = &parallel->context->estimator;
	shm_toc_estimate_chunk(estimator, sizeof(LokiBuildShared));
	shm_toc_estimate_chunk(estimator, loki_code_constants(&build->meta.code) * sizeof(float));
	shm_toc_estimate_chunk(estimator, table_parallelscan_estimate(build->heap, parallel->snapshot));
	shm_toc_estimate_chunk(estimator, mul_size(sizeof(WorkerUsage), parallel->context->nworkers));
	shm_toc_estimate_keys(estimator, 4);
	if (debug_query_string)
	{
		shm_toc_estimate_chunk(estimator, strlen(debug_query_string) + 1);
		shm_toc_estimate_keys(estimator, 1);
	}
	InitializeParallelDSM(parallel->context);
	if (parallel->context->seg == NULL)
	{
		/*
		 * there is no room for a segment: everything is in this process's
		 * memory
		 */
		if (IsMVCCSnapshot(parallel->snapshot))
			UnregisterSnapshot(parallel->snapshot);
		DestroyParallelContext(parallel->context);
		ExitParallelMode();
		begin_alone(build);
		return;
	}
	build->part.parallel = parallel;
	fill_toc(build, parallel);
	loki_build_create_arrays(build, parallel->context->seg);

	/*
	 * Whoever comes to the barrier before the leader knows how many workers
	 * there are has to wait there.  So all that were asked for are counted at
	 * it before they start, and those that the server has not are taken off.
	 */
	barrier = &build->part.shared->work.barrier;
	BarrierInit(barrier, 0);
	for (int i = 0; i <= parallel->context->nworkers; i++)
		BarrierAttach(barrier);
	LaunchParallelWorkers(parallel->context);
	nworkers = parallel->context->nworkers_launched;
	build->part.shared->nprocesses = 1 + nworkers;
	for (int i = nworkers; i < parallel->context->nworkers; i++)
		BarrierDetach(barrier);
	/* without this a worker that cannot start would be waited for at the barrier for ever */
	WaitForParallelWorkersToAttach(parallel->context);
	elog(DEBUG1, "using %d parallel workers", nworkers);
}

/* Wait until all processes have come here.  No lock may be held: a process that waits for it never comes. */
static void
meet(LokiBuild *build)
{
	if (!build->part.leader || build->part.parallel != NULL)
		BarrierArriveAndWait(&build->part.shared->work.barrier,
							 WAIT_EVENT_PARALLEL_CREATE_INDEX_SCAN);
}

/*
 * Do a job of a number of nodes or pages in all processes.  Only the leader calls this.  Whatever a job
 * has written, the next one reads without a lock: the barrier between them orders memory, too.
 */
void
loki_parallel_job(LokiBuild *build, LokiBuildJob job, uint32 units)
{
	LokiBuildShared *shared = build->part.shared;

	/* the workers wait at the barrier, so that nobody reads what is set here */
	Assert(build->part.leader);
	shared->work.job = job;
	shared->work.units = units;
	pg_atomic_write_u64(&shared->work.next, 0);
	meet(build);
	loki_build_job(build, job);
	/* nobody comes back from the last one */
	if (job != LOKI_JOB_END)
		meet(build);
}

/* End the workers, and release the arrays and build->part.shared.  Only the leader calls this. */
void
loki_parallel_end(LokiBuild *build)
{
	LokiParallelBuild *parallel = build->part.parallel;

	loki_parallel_job(build, LOKI_JOB_END, 0);
	loki_build_release_arrays(build);
	build->part.shared = NULL;
	if (parallel == NULL)
		return;
	WaitForParallelWorkersToFinish(parallel->context);
	for (int i = 0; i < parallel->context->nworkers_launched; i++)
		InstrAccumParallelQuery(&parallel->usage[i].buffers, &parallel->usage[i].wal);
	if (IsMVCCSnapshot(parallel->snapshot))
		UnregisterSnapshot(parallel->snapshot);
	DestroyParallelContext(parallel->context);
	ExitParallelMode();
	build->part.parallel = NULL;
}

/* ----------------------------------------------------------------
 * A worker
 * ----------------------------------------------------------------
 */

/* Entry point of workers */
void
loki_build_worker(dsm_segment *segment, shm_toc *toc)
{
	LokiBuildShared *shared = shm_toc_lookup(toc, KEY_SHARED, false);
	bool		concurrently = shared->concurrently;
	LokiBuild  *build;
	Relation	heap;
	Relation	index;
	IndexInfo  *index_info;
	WorkerUsage *usage;

	/* the name of the tranche is known in a process only after it has registered it */
	Assert(IsParallelWorker());
	loki_parallel_tranche();
	debug_query_string = shm_toc_lookup(toc, KEY_QUERY_TEXT, true);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	InstrStartParallelQuery();

	/* the locks of the leader, with which a worker's do not conflict */
	heap = table_open(shared->heap, concurrently ? ShareUpdateExclusiveLock : ShareLock);
	index = index_open(shared->index, concurrently ? RowExclusiveLock : AccessExclusiveLock);
	index_info = BuildIndexInfo(index);
	index_info->ii_Concurrent = concurrently;

	build = loki_build_begin(heap, index, index_info, &shared->meta);
	build->part.shared = shared;
	memcpy(build->geometry.centroid, shm_toc_lookup(toc, KEY_CONSTANTS, false),
		   loki_code_constants(&build->meta.code) * sizeof(float));
	loki_build_set_code(build);
	if (loki_build_attach_arrays(build, segment))
	{
		build->part.scan = loki_table_beginscan_parallel(heap, shm_toc_lookup(toc, KEY_SCAN, false));
		for (;;)
		{
			meet(build);
			if (shared->work.job == LOKI_JOB_END)
				break;
			loki_build_job(build, shared->work.job);
			meet(build);
		}
	}
	else
		BarrierDetach(&shared->work.barrier);	/* others do its work */
	loki_build_release_arrays(build);
	MemoryContextDelete(build->context);

	usage = (WorkerUsage *) shm_toc_lookup(toc, KEY_USAGE, false) + ParallelWorkerNumber;
	InstrEndParallelQuery(&usage->buffers, &usage->wal);
	index_close(index, concurrently ? RowExclusiveLock : AccessExclusiveLock);
	table_close(heap, concurrently ? ShareUpdateExclusiveLock : ShareLock);
}
