/*-------------------------------------------------------------------------
 *
 * build.c
 *	  CREATE INDEX.
 *
 * A build samples the table for the centroid, loads the rows into arrays (build/load.c),
 * connects them to a graph in memory (build/graph.c, build/make_reachable.c), lays the nodes
 * out for locality (build/node_layout.c), and writes the index (build/write.c).
 *
 * Several processes share the work (build/parallel.c).  If the arrays do not fit into
 * maintenance_work_mem, the rest of them is in a temporary file (build/arena.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/build/build.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "hnsw/build/build.h"
#include "hnsw/derived/derived.h"
#include "hnsw/filter/key.h"
#include "hnsw/graph/select.h"
#include "hnsw/page/page.h"
#include "hnsw/statistics/statistics.h"
#include "optimizer/plancat.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* Nodes at which an index of up to 768 dimensions gets its codes */
#define PENDING_NODES	1024

/* The fewest bits of the codes that the graph is built on: see doc/design/graph.md */
#define GRAPH_BITS(dim)		((dim) <= LOKI_FOUR_BITS_MAX_DIM ? 4 : 2)

/* Name of a phase in pg_stat_progress_create_index; NULL if there is no such phase */
char *
loki_build_phase_name(int64 phase)
{
	static char *const names[] = {
		[PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE] = "initializing",
		[LOKI_PROGRESS_SAMPLING] = "sampling table",
		[LOKI_PROGRESS_LOADING] = "loading tuples",
		[LOKI_PROGRESS_GRAPH] = "building graph",
		[LOKI_PROGRESS_REACHABILITY] = "making nodes reachable",
		[LOKI_PROGRESS_LAYOUT] = "laying out nodes",
		[LOKI_PROGRESS_WRITING] = "writing pages",
		[LOKI_PROGRESS_CALIBRATING] = "calibrating",
	};

	/* the number comes from SQL, so it may be any */
	return phase >= 0 && phase < (int64) lengthof(names) ? names[phase] : NULL;
}

/* Begin a phase, of `total` rows or nodes: 0 if that is not known. */
static void
set_phase(const LokiBuild *build, int phase, uint32 total)
{
	const int	params[] = {
		PROGRESS_CREATEIDX_SUBPHASE,
		PROGRESS_CREATEIDX_TUPLES_TOTAL,
		PROGRESS_CREATEIDX_TUPLES_DONE,
		LOKI_PROGRESS_BEGAN
	};
	const int64 values[] = {phase, total, 0, GetCurrentTimestamp()};

	/* an insert may be part of another command, which reports its own progress */
	if (!build->geometry.pending)
		pgstat_progress_update_multi_param(lengthof(params), params, values);
	elog(DEBUG1, "%s", loki_build_phase_name(phase));
}

/*
 * Form the metapage of an index with these options: geometry and code.  ERROR, with pgvector's message, if there
 * are fewer candidates than a list has links on layer 0.
 *
 * Up to the number of pending nodes, scans read the vectors of all rows; the longer they are, the fewer: 3 MB, up to
 * 3,072 dimensions.  A compact index needs enough of them to choose its code: MIN_ROWS of compact.c, and some to
 * spare.  One of posting lists has no codes.
 */
void
loki_build_describe(const LokiHnswOptions *options, const LokiColumn *column,
					int nattributes, const uint8 *attr_type, uint64 seed,
					LokiMetaPageData *meta)
{
	int			m = loki_option_m(options);
	int			bits = options->bits;
	int			refine_bits = options->refine_bits;
	LokiProfile profile = (LokiProfile) options->profile;
	LokiCodeSpec code;
	uint32		pending;

	if (options->ef_construction < 2 * m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ef_construction must be greater than or equal to 2 * m"),
				 errhint("Set ef_construction to %d or more, or m to %d or less.",
						 2 * m, options->ef_construction / 2)));
	if (options->centers > 0 && (profile == LOKI_PROFILE_COMPACT || bits == 8))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("centers cannot be combined with %s",
						bits == 8 ? "bits = 8" : "profile = compact"),
				 errhint("Leave out centers, or set it to 0.")));

	/*
	 * an encoding has errors of its own, which a finer code of it does not make
	 * smaller
	 */
	if (loki_column_encoded(column) && bits == LOKI_BITS_AUTO &&
		refine_bits == LOKI_BITS_AUTO)
		refine_bits = LOKI_ENCODING_REFINE_BITS;
	if (profile == LOKI_PROFILE_COMPACT)
		code = loki_code_compact(column->metric, column->dim, bits == LOKI_BITS_AUTO ? 0 : bits,
								 refine_bits == LOKI_BITS_AUTO ? 0 : refine_bits,
								 LOKI_PAGE_PAYLOAD, seed);
	else
		code = loki_code_default(column->metric, column->dim, bits == LOKI_BITS_AUTO ? 0 : bits,
								 refine_bits == LOKI_BITS_AUTO ? 0 : refine_bits,
								 refine_bits != LOKI_BITS_AUTO,
								 LOKI_PAGE_PAYLOAD, seed);
	if (loki_column_listed(column))
		pending = LOKI_MAX_NUMBER;
	else if (loki_pending_nodes > 0)
		pending = loki_pending_nodes;
	else if (profile == LOKI_PROFILE_COMPACT)
		pending = 2 * PENDING_NODES;
	else
		pending = Max(PENDING_NODES / 4, Min(PENDING_NODES, PENDING_NODES * 768 / code.dim));
	loki_meta_init(meta, &code, profile, m, options->ef_construction, nattributes, attr_type, pending);
}

/*
 * Make the quantizers of the index and of the graph, and set the slot sizes.  A graph that was built by
 * codes of 1 bit has worse links for good, while finer codes are needed only as long as the build lasts.
 */
void
loki_build_set_code(LokiBuild *build)
{
	LokiIndex  *geometry = &build->geometry;
	LokiCodeSpec spec;

	geometry->code = build->meta.code;
	geometry->quantizer = loki_make_quantizer(build->context, &geometry->code,
											  geometry->centroid);
	loki_index_geometry(geometry);
	build->meta.code_size = geometry->quantizer->code_size;
	build->meta.refine_size = geometry->quantizer->refine_size;

	build->graph_quantizer = geometry->quantizer;
	if (geometry->code.kind == LOKI_CODE_ROTATED &&
		geometry->code.bits < GRAPH_BITS(geometry->dim))
	{
		spec = geometry->code;
		spec.bits = GRAPH_BITS(geometry->dim);
		spec.refine_bits = 0;
		build->graph_quantizer = loki_make_quantizer(build->context, &spec,
													 geometry->centroid);
	}
}

/*
 * Begin a process's part of a build.  The leader passes no metapage, and makes it from the
 * index's definition.  The quantizers are made later, by loki_build_set_code().
 */
LokiBuild *
loki_build_begin(Relation heap, Relation index, IndexInfo *index_info,
				 const LokiMetaPageData *meta)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "hnsw build",
												  ALLOCSET_DEFAULT_SIZES);
	LokiBuild  *build = MemoryContextAllocZero(context, sizeof(LokiBuild));
	LokiIndex  *geometry = &build->geometry;

	/* all that a build keeps is in its context, and is gone with it, also after an error */
	Assert(index != NULL || meta != NULL);
	build->context = context;
	build->toast.context = context;
	build->toast.bulk = true;
	build->row_context = AllocSetContextCreate(context, "hnsw build row",
											   ALLOCSET_DEFAULT_SIZES);
	build->heap = heap;
	build->index = index;
	build->index_info = index_info;
	loki_seed_prng(&build->prng);
	if (index != NULL)
		geometry->column = loki_index_column(index, NULL);
	if (meta != NULL)
		build->meta = *meta;
	else
	{
		int			nattributes = IndexRelationGetNumberOfKeyAttributes(index) - 1;
		uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1] = {0};

		Assert(nattributes <= LOKI_MAX_ATTRIBUTES);
		for (int i = 0; i < nattributes; i++)
		{
			/* the class of all arrays does not know whether elements have a hash: ERROR if not */
			(void) loki_attr_type(TupleDescAttr(index->rd_att, i + 1)->atttypid);
			attr_type[i] = loki_index_attr_type(index, i);
		}
		build->part.leader = true;
		loki_build_describe(LokiIndexOptions(index), &geometry->column, nattributes, attr_type,
							pg_prng_uint64(&build->prng), &build->meta);
	}

	/* what the metapage says of the index, except for its code */
	Assert(build->meta.m >= LOKI_MIN_M && build->meta.nattributes <= LOKI_MAX_ATTRIBUTES);
	geometry->context = context;
	geometry->profile = build->meta.profile;
	geometry->dim = build->meta.code.dim;
	geometry->m = build->meta.m;
	geometry->nattributes = build->meta.nattributes;
	memcpy(geometry->attr_type, build->meta.attr_type, sizeof(geometry->attr_type));
	/* zeros: of the codes that need no centroid, and for an index that is left pending */
	geometry->centroid = MemoryContextAllocZero(context, loki_code_constants(&build->meta.code) *
												sizeof(float));
	return build;
}

/* ----------------------------------------------------------------
 * Jobs of all processes
 * ----------------------------------------------------------------
 */

/*
 * Claim the next nodes or pages of a job, at most `step`; false if there are none left.  A counter that
 * goes beyond the units in the end is all that processes share: none waits for another.
 */
bool
loki_build_claim(LokiBuild *build, uint32 step, uint32 *first, uint32 *end)
{
	LokiJobShared *work = &build->part.shared->work;
	uint64		next = pg_atomic_fetch_add_u64(&work->next, step);

	Assert(step > 0);
	CHECK_FOR_INTERRUPTS();
	if (next >= work->units)
		return false;
	*first = (uint32) next;
	*end = (uint32) Min(next + step, work->units);
	/* trimming and linking go over nodes that were counted */
	if (build->part.leader && !build->geometry.pending && work->job != LOKI_JOB_TRIM &&
		work->job != LOKI_JOB_LINK)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, build->reported + next);
	return true;
}

/* Report that a phase over all nodes is in its round `round`, counted from 0, of `rounds`. */
void
loki_build_report_round(LokiBuild *build, int round, int rounds)
{
	Assert(build->part.leader && round < rounds);
	build->reported = (uint64) round * build->nnodes;
	if (!build->geometry.pending)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL,
									 (int64) rounds * build->nnodes);
}

/* Claim the next nodes of a job, a suitable number; see LOKI_CLAIM_MIN. */
bool
loki_build_claim_nodes(LokiBuild *build, uint32 *first, uint32 *end)
{
	uint32		step = build->part.shared->work.units / (LOKI_CLAIMS * build->part.shared->nprocesses);

	return loki_build_claim(build, Max(Min(step, LOKI_CLAIM_MAX), LOKI_CLAIM_MIN), first, end);
}

/*
 * This process's view of the graph, which the leader has made.  Each job begins with it: a job before
 * may have added blocks to the arena, moved the entry point, or renumbered nodes.
 */
LokiGraph *
loki_build_open_graph(LokiBuild *build)
{
	Assert(build->part.shared->graph.nnodes > 0);
	if (build->graph == NULL)
	{
		loki_build_grow_arrays(build, build->part.shared->graph.nnodes, 0);

		/*
		 * Searches are wider than ef_construction by the links of a node. That
		 * takes a third more time, and makes the graph of data that fall into
		 * many regions much better.
		 */
		build->graph = loki_graph_open(&build->part.shared->graph, &build->arenas[LOKI_ARENA_NODES],
									   build->context, build->graph_quantizer,
									   build->arrays.graph_codes, build->meta.m,
									   build->meta.ef_construction + 2 * build->meta.m,
									   build->part.shared->nprocesses > 1);
		build->graph->scan_code = (LokiGraphCode)
		{
			build->geometry.quantizer, build->arrays.slots[LOKI_SLOTS_CODE],
				build->geometry.quantizer->code_size
		};
		/* of many dimensions, the longer code takes more time to walk on than its links are worth */
		build->graph->scan_walk = build->graph_quantizer != build->geometry.quantizer &&
			loki_code_dims(&build->geometry.code) > LOKI_TWO_BITS_MAX_DIM;
	}
	loki_graph_refresh(build->graph);
	if (build->part.shared->rows_block >= 0)
		build->arrays.rows = (uint32 *)
			build->arenas[LOKI_ARENA_NODES].blocks[build->part.shared->rows_block];
	return build->graph;
}

/*
 * Insert this process's share of the nodes into the graph or, when all are there, trim their lists: they have room
 * for more links than they may keep (LokiSlackCapacity), and none grows any more, so none is changed by two
 * processes.
 */
static void
insert_or_trim_nodes(LokiBuild *build, bool trim)
{
	LokiGraph  *graph = loki_build_open_graph(build);
	uint32		i;
	uint32		end;

	while (loki_build_claim_nodes(build, &i, &end))
		for (; i < end; i++)
		{
			uint32		node = trim ? i : loki_insertion_node(build, i);

			CHECK_FOR_INTERRUPTS();
			if (trim)
				loki_graph_trim(graph, node);
			/* nodes of equal codes would link to nothing but one another: one is inserted for all (equal_codes.c) */
			else if (!loki_graph_is_represented(graph, node))
				loki_graph_insert(graph, node);
		}
}

/*
 * Measure what searches of several widths find, with a share of the queries.  The index is written by
 * now, and scanned as by any query.  The arrays are not needed any more, and their memory is used for
 * this.  The sums of all processes are added up under the lock of the shared state.
 */
static void
calibrate_share(LokiBuild *build)
{
	LokiBuildShared *shared = build->part.shared;
	MemoryContext context = AllocSetContextCreate(build->context, "hnsw calibration",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	uint32		share;
	uint32		end;

	loki_build_release_arrays(build);
	while (loki_build_claim(build, 1, &share, &end))
	{
		LokiCalibrationSums sums;

		if (loki_calibrate_share(build->heap, build->index, shared->work.units, &sums))
		{
			LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
			loki_calibrate_add(&shared->calibration, &sums);
			LWLockRelease(&shared->lock);
		}
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* Do this process's part of a job. */
void
loki_build_job(LokiBuild *build, LokiBuildJob job)
{
	Assert(job == build->part.shared->work.job);
	switch (job)
	{
		case LOKI_JOB_LOAD:
			loki_build_load(build);
			break;
		case LOKI_JOB_GRAPH:
		case LOKI_JOB_TRIM:
			insert_or_trim_nodes(build, job == LOKI_JOB_TRIM);
			break;
		case LOKI_JOB_SEARCH:
		case LOKI_JOB_LINK:
			loki_build_find_nodes(build, job == LOKI_JOB_LINK);
			break;
		case LOKI_JOB_WRITE:
			loki_build_write_pages(build);
			break;
		case LOKI_JOB_CALIBRATE:
			calibrate_share(build);
			break;
		case LOKI_JOB_END:
			break;
	}
}

/* ----------------------------------------------------------------
 * The course of a build
 * ----------------------------------------------------------------
 */

/*
 * Load the rows of the table; join equal ones, and number nodes for insertion.  Nodes of posting lists have a row
 * each, as those that are inserted have: BM25 counts documents by them.
 */
static void
load_rows(LokiBuild *build)
{
	LokiBuildShared *shared = build->part.shared;
	Size		hot_memory = loki_build_hot_memory(build);
	Size		limit = (Size) maintenance_work_mem * 1024;
	Size		needed;
	Size		megabytes;

	Assert(build->part.leader && build->nnodes == 0);
	set_phase(build, LOKI_PROGRESS_LOADING, (uint32) Min(build->expected_rows, LOKI_MAX_NUMBER));
	loki_parallel_job(build, LOKI_JOB_LOAD, 0);
	/* as in core's builds: such an index is not used by snapshots that are older than it */
	if (shared->broken_hot_chain)
		build->index_info->ii_BrokenHotChain = true;
	build->nnodes = pg_atomic_read_u32(&shared->nodes);
	build->nnulls = pg_atomic_read_u32(&shared->nulls);
	loki_build_grow_arrays(build, build->nnodes, build->nnulls);
	if (!loki_column_listed(&build->geometry.column))
	{
		needed = mul_size(build->nnodes, loki_build_node_memory(build));
		megabytes = needed / (1024 * 1024) + (needed % (1024 * 1024) != 0);
		/* the first line is pgvector's, which people know to look for; here it is a matter of speed alone */
		if (mul_size(build->nnodes, hot_memory) > limit)
			ereport(NOTICE,
					(errmsg("hnsw graph no longer fits into maintenance_work_mem after %zu tuples",
							limit / hot_memory),
					 errdetail("The build needs %zu MB for %u tuples; what does not fit is kept in a temporary file.",
							   megabytes, build->nnodes),
					 errhint("Increase maintenance_work_mem to speed up builds.")));
		else
			elog(DEBUG1, "the build needs %zu MB for %u tuples", megabytes, build->nnodes);
		loki_build_find_duplicates(build);
	}
	loki_build_renumber(build);
}

/*
 * Connect the nodes that were loaded, of which there is one at least, and make sure that every node can
 * be reached, and that the search for its own row finds it.  Lists are trimmed first, since a link that is
 * cut off later would be missing; nodes that others represent get their links before the search for all
 * nodes, which covers them, too.
 */
void
loki_build_make_graph(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	int			equal_block;

	Assert(build->graph == NULL);
	set_phase(build, LOKI_PROGRESS_GRAPH, build->nnodes);
	equal_block = loki_equal_codes_find(arena, build->arrays.graph_codes,
										build->graph_quantizer->code_size, build->nnodes);
	loki_graph_create(&build->part.shared->graph, arena, build->nnodes, build->meta.m,
					  loki_layer_ratio(build->meta.profile, build->meta.m), equal_block,
					  loki_parallel_tranche(), &build->prng);
	loki_parallel_job(build, LOKI_JOB_GRAPH, build->nnodes);

	set_phase(build, LOKI_PROGRESS_REACHABILITY, build->nnodes);
	loki_parallel_job(build, LOKI_JOB_TRIM, build->nnodes);
	loki_graph_refresh(build->graph);
	Assert(build->graph->entry_node != LOKI_NONE);
	loki_graph_link_equal_codes(build->graph);
	loki_build_make_reachable(build);
	build->reported = 0;
}

/* Lay the nodes out: choose their final node IDs.  Those of a pending index stay as they are. */
static void
lay_out_nodes(LokiBuild *build)
{
	LokiArena  *arena = &build->arenas[LOKI_ARENA_NODES];
	uint32		nnodes = build->nnodes;
	Size		size = mul_size(nnodes, sizeof(uint32));

	set_phase(build, LOKI_PROGRESS_LAYOUT, nnodes);
	/* position: from a node of the build to its ID in the index; order: back */
	build->part.shared->position_block = loki_arena_add_block(arena, size);
	build->part.shared->order_block = build->graph == NULL ? loki_arena_add_block(arena, size) :
		build->part.shared->reach.parent_block; /* not needed any more */
	build->final.position = (uint32 *) arena->blocks[build->part.shared->position_block];
	build->final.order = (uint32 *) arena->blocks[build->part.shared->order_block];
	if (build->graph != NULL)
		loki_graph_layout(build->graph, build->geometry.arrays[LOKI_SLOTS_CODE].per_page,
						  build->final.position);
	for (uint32 node = 0; node < nnodes; node++)
	{
		if (build->graph == NULL)
			build->final.position[node] = node;
		Assert(build->final.position[node] < nnodes);
		build->final.order[build->final.position[node]] = node;
	}
}

/*
 * ambuild: build the index of a table.  The last three steps use the index that was written, by
 * ordinary scans and changes: it is complete before them, so that an error of theirs costs nothing but the
 * command.  Calibration goes first, while there are workers.  Its memory is that of the arrays, and that of
 * derived lists is maintenance_work_mem again, so the build's is freed in between.
 */
IndexBuildResult *
loki_hnsw_build(Relation heap, Relation index, IndexInfo *indexInfo)
{
	IndexBuildResult *result = palloc0(sizeof(IndexBuildResult));
	LokiBuild  *build;
	LokiCalibrationSums calibration;
	LokiCounts	counts = {.of[LOKI_COUNT_BUILDS] = 1};
	instr_time	start;
	BlockNumber nblocks;
	double		all_visible;

	/*
	 * The commit that empties a temporary table builds its indexes.  If the
	 * column of this one has lost its dimensions, that cannot be done: it
	 * stays without pages, and what uses it gets the error (loki_index_open).
	 * An error here would leave later indexes, whose files are not cut to no
	 * blocks yet, with entries of rows that are gone.
	 */
	if (loki_index_is_unbuilt(index) && RelationGetNumberOfBlocks(heap) == 0 &&
		index->rd_createSubid == InvalidSubTransactionId &&
		LokiNewFileSubid(index) == InvalidSubTransactionId)
		return result;
	/* no error: the column may have been renamed, and TRUNCATE, VACUUM FULL and restores of dumps build, too */
	(void) loki_statistics_column(index, WARNING);
	INSTR_TIME_SET_CURRENT(start);
	build = loki_build_begin(heap, index, indexInfo, NULL);

	/*
	 * Rows are encoded as they are loaded, so first come the centroid, local
	 * centers, and the code of a compact index, from which the quantizers
	 * derive their constants.  Without a rotation there is no centroid, and
	 * posting lists need neither: no sample is read.
	 */
	if (build->meta.code.kind != LOKI_CODE_ROTATED || loki_column_listed(&build->geometry.column))
		estimate_rel_size(heap, NULL, &nblocks, &build->expected_rows, &all_visible);
	else
	{
		set_phase(build, LOKI_PROGRESS_SAMPLING, 0);
		loki_compact_begin(build);
		loki_centers_begin(build);
		loki_build_sample(build);
		loki_centers_choose(build);
		loki_compact_choose(build);
	}
	loki_build_set_code(build);
	loki_parallel_begin(build);
	load_rows(build);
	if (build->nnodes > 0)
	{
		if (build->nnodes >= build->meta.pending)
		{
			loki_build_make_graph(build);
			build->meta.pending = 0;
		}
		lay_out_nodes(build);
	}
	/* an empty table has an index, too: a metapage, which is pending */
	set_phase(build, LOKI_PROGRESS_WRITING, 0);
	loki_build_write(build);
	result->heap_tuples = build->part.shared->heap_tuples;
	result->index_tuples = pg_atomic_read_u64(&build->part.shared->rows);
	Assert(build->nnodes + (uint64) build->nnulls <= (uint64) result->index_tuples);

	set_phase(build, LOKI_PROGRESS_CALIBRATING, 0);
	loki_parallel_job(build, LOKI_JOB_CALIBRATE, build->part.shared->nprocesses);
	calibration = build->part.shared->calibration;
	loki_parallel_end(build);
	MemoryContextDelete(build->context);
	loki_calibrate_store(index, &calibration, 0);
	loki_derived_make(index, loki_build_terms, NOTICE);
	counts.of[LOKI_TIME_BUILD] = loki_microseconds_since(start);
	loki_count(index, &counts);
	return result;
}

/*
 * ambuildempty: write the init fork, to which an unlogged index is reset after a crash.  It is empty, and
 * so pending, whatever the table had.
 */
void
loki_hnsw_buildempty(Relation index)
{
	LokiBuild  *build = loki_build_begin(NULL, index, NULL, NULL);

	loki_build_set_code(build);
	loki_create_empty(index, INIT_FORKNUM, &build->meta);
	MemoryContextDelete(build->context);
}
