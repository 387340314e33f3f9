/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Reading the table into the arrays of a build.
 *
 * Vectors are encoded as they come, and not kept.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/load.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "distance/distance.h"
#include "hnsw/build/build.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/graph/select.h"
#include "optimizer/plancat.h"
#include "pgstat.h"
#include "utils/memutils.h"

/* Reserve addresses for this many times the expected rows; they cost nothing */
#define MORE_THAN_EXPECTED	16

/* For a pending index: memory is allocated for this number of nodes at a time, and some besides */
#define PENDING_CHUNK		4096
#define PENDING_MEMORY		((Size) 1024 * 1024)

/* ----------------------------------------------------------------
 * Sampling
 * ----------------------------------------------------------------
 */
/* What the sample has shown so far.  Sums are in double, as each has up to all rows of a table. */
typedef struct SampleState
{
	LokiBuild  *build;
	double	   *sum;
	double		count;			/* rows with a vector */
	double		logarithms;		/* of the squares of their lengths */
	double		rows;			/* that the index will have */
	double		scanned;		/* of the table */
} SampleState;

/* The square of the mean is far if it is this many times that of a typical row's length */
#define FAR_MEAN		4

/* With fewer vectors than this, more blocks are sampled */
#define FEW_ROWS		(LOKI_SAMPLE_ROWS / 10)

/*
 * The row's vector, for loki_value_open().  The rows come more or less in the order in which
 * their values were stored in the TOAST table, so that it is read forward.
 */
static Datum
read_vector(LokiBuild *build, Datum value, bool isnull)
{
	if (isnull)
		return value;
	return PointerGetDatum(loki_toast_read(&build->toast,
										   (struct varlena *) DatumGetPointer(value)));
}

/*
 * Add a vector to the sample, as the code will see it: under cosine at unit length.  One of length
 * zero has no direction, and its scale is not finite.  Logarithms are summed for the geometric mean,
 * which a few very long vectors move little.
 *
 * If rows are kept, each is with the same chance (reservoir sampling, Vitter's algorithm R).
 */
static void
sample_vector(SampleState *sample, const float *x)
{
	LokiBuild  *build = sample->build;
	LokiSample *kept = build->sample;
	uint32		dim = build->geometry.dim;
	uint32		place;
	double		norm2 = loki_distance.dot_f32(dim, x, x);	/* infinite if it overflows */
	double		scale = build->meta.code.metric == LOKI_METRIC_COSINE ? 1 / sqrt(norm2) : 1;

	if (!isfinite(scale))
		return;
	if (norm2 > 0 && isfinite(norm2))
		sample->logarithms += log(norm2 * scale * scale);
	for (uint32 i = 0; i < dim; i++)
		sample->sum[i] += x[i] * scale;
	sample->count++;
	if (kept == NULL)
		return;
	place = kept->count < kept->capacity ? kept->count++ :
		(uint32) (pg_prng_double(&kept->prng) * sample->count);
	if (place >= kept->capacity)
		return;
	Assert(kept->count <= kept->capacity && place < kept->count && sample->count >= kept->count);
	for (uint32 i = 0; i < dim; i++)
		kept->rows[(Size) place * dim + i] = (float) (x[i] * scale);
}

/*
 * Callback of the sampling scan.  Rows without a vector count as well: the index has a slot for each.  So do
 * rows that are not live, but for CONCURRENTLY, where a snapshot decides.
 */
static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		   bool tuple_is_alive, void *arg)
{
	SampleState *sample = arg;
	LokiBuild  *build = sample->build;
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);
	const float *x;

	sample->rows++;
	if (loki_value_open(&build->geometry.column, read_vector(build, values[0], isnull[0]),
						isnull[0], &x) == LOKI_VALUE_VECTOR)
		sample_vector(sample, x);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/*
 * Set the centroid to the mean of the sample.
 *
 * A few rows that are much longer than most would move the mean far from these, and seen from
 * there all of them are alike.  Then the centroid is zero.  By inner product the long rows are
 * what is searched for.
 */
static void
set_centroid(SampleState *sample)
{
	LokiBuild  *build = sample->build;
	uint32		dim = build->geometry.dim;
	float	   *centroid = build->geometry.centroid;

	for (uint32 i = 0; i < dim; i++)
		centroid[i] = sample->count > 0 ? sample->sum[i] / sample->count : 0;
	if (build->meta.code.metric != LOKI_METRIC_IP &&
		loki_distance.dot_f32(dim, centroid, centroid) >
		FAR_MEAN * exp(sample->logarithms / Max(sample->count, 1)))
		memset(centroid, 0, dim * sizeof(float));
	pfree(sample->sum);
}

/* Set the centroid to the mean of n vectors; returns how many could be read. */
double
loki_build_sample_vectors(LokiBuild *build, uint32 n, LokiBuildVector vector, void *arg)
{
	SampleState sample = {build};

	sample.sum = MemoryContextAllocZero(build->context, build->geometry.dim * sizeof(double));
	for (uint32 i = 0; i < n; i++)
	{
		const float *x = vector(arg, i);

		CHECK_FOR_INTERRUPTS();
		if (x == NULL)
			continue;
		sample.rows++;
		sample_vector(&sample, x);
	}
	set_centroid(&sample);
	return sample.rows;
}

/*
 * Set the centroid to the mean of a sample of the rows: all rows of a small table, else
 * those of some blocks.  The sample also shows how many rows to expect.
 */
void
loki_build_sample(LokiBuild *build)
{
	SampleState sample = {build};
	BlockNumber nblocks;
	double		rows;
	double		all_visible;

	Assert(build->part.leader);
	estimate_rel_size(build->heap, NULL, &nblocks, &rows, &all_visible);
	sample.sum = MemoryContextAllocZero(build->context, build->geometry.dim * sizeof(double));
	if (rows <= LOKI_SAMPLE_ROWS)
		table_index_build_range_scan(build->heap, build->index, build->index_info,
									 false, !build->index_info->ii_Concurrent, false, 0, InvalidBlockNumber,
									 sample_row, &sample, NULL);
	else
	{
		uint64		step = loki_golden_step(nblocks);
		uint64		block = pg_prng_uint64(&build->prng) % nblocks;
		BlockNumber read;

		/*
		 * As many blocks as are enough, from a random one on. Any few of them
		 * are spread over the table, so that nobody need know beforehand how
		 * many it takes: of a table without statistics the server takes rows
		 * for much shorter than vectors are. Few rows may have a vector, or
		 * belong into a partial index; for these no more than an eighth of the
		 * table is read.
		 */
		for (read = 0; read < nblocks && (sample.scanned < LOKI_SAMPLE_ROWS ||
										  (sample.count < FEW_ROWS && read < nblocks / 8)); read++)
		{
			CHECK_FOR_INTERRUPTS();
			sample.scanned +=
				table_index_build_range_scan(build->heap, build->index, build->index_info, false,
											 !build->index_info->ii_Concurrent, false,
											 (BlockNumber) block, 1, sample_row, &sample, NULL);
			block = (block + step) % nblocks;
		}
		sample.rows *= (double) nblocks / read;
	}
	build->expected_rows = sample.rows;

	loki_toast_close(&build->toast);
	set_centroid(&sample);
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */

/* Find the bytes of an element in each array of an arena; returns their sum. */
static Size
arena_strides(const LokiBuild *build, LokiBuildArena arena, Size *strides)
{
	const LokiSlotArray *arrays = build->geometry.arrays;
	Size		size = 0;

	memset(strides, 0, LOKI_ARRAYS * sizeof(Size));
	switch (arena)
	{
		case LOKI_ARENA_NODES:
			strides[LOKI_SLOTS_CODE] = arrays[LOKI_SLOTS_CODE].slot_size;
			if (build->graph_quantizer != build->geometry.quantizer)
				strides[LOKI_ARRAY_GRAPH_CODES] = build->graph_quantizer->code_size;
			break;
		case LOKI_ARENA_ROWS:
			strides[LOKI_SLOTS_TID] = arrays[LOKI_SLOTS_TID].slot_size;
			strides[LOKI_SLOTS_REFINE] = arrays[LOKI_SLOTS_REFINE].slot_size;
			strides[LOKI_SLOTS_HASH] = arrays[LOKI_SLOTS_HASH].slot_size;
			for (int i = 0; i < build->meta.nattributes; i++)
				strides[LOKI_SLOTS_ATTR + i] = arrays[LOKI_SLOTS_ATTR + i].slot_size;
			break;
		case LOKI_ARENA_NULLS:
			strides[LOKI_SLOTS_NULLTID] = arrays[LOKI_SLOTS_NULLTID].slot_size;
			for (int i = 0; i < build->meta.nattributes; i++)
				strides[LOKI_SLOTS_NULLATTR + i] = arrays[LOKI_SLOTS_NULLATTR + i].slot_size;
			break;
	}
	for (int i = 0; i < LOKI_ARRAYS; i++)
		size += strides[i];
	return size;
}

/*
 * Bytes of a node, on average, that are in use while the graph is built and nodes are laid
 * out.  The table of equal nodes is freed before the graph is made, so the larger of the two counts;
 * the graph comes with five arrays of numbers, among them rows, parents, and positions.
 */
Size
loki_build_hot_memory(const LokiBuild *build)
{
	Size		strides[LOKI_ARRAYS];

	return arena_strides(build, LOKI_ARENA_NODES, strides) +
		Max(loki_equal_node_memory(),
			loki_graph_node_memory(build->meta.m) + 5 * sizeof(uint32));
}

/* Bytes of a node, on average, that the build needs in all */
Size
loki_build_node_memory(const LokiBuild *build)
{
	Size		strides[LOKI_ARRAYS];

	return loki_build_hot_memory(build) + arena_strides(build, LOKI_ARENA_ROWS, strides);
}

/* Find out where the arenas have the arrays. */
static void
view_arrays(LokiBuild *build)
{
	for (int array = 0; array < LOKI_SLOT_ARRAYS; array++)
		for (int i = 0; i < LOKI_BUILD_ARENAS; i++)
			if (build->arenas[i].arrays[array] != NULL)
				build->arrays.slots[array] = build->arenas[i].arrays[array];
	build->arrays.graph_codes = build->graph_quantizer != build->geometry.quantizer ?
		build->arenas[LOKI_ARENA_NODES].arrays[LOKI_ARRAY_GRAPH_CODES] :
		build->arrays.slots[LOKI_SLOTS_CODE];
}

/*
 * Make the arrays for the rows of the table.  They have room for as many rows as heap pages
 * can hold or, if the table is not a heap, for many more than are expected.  build->part.shared
 * is in the segment, if there is one.
 *
 * The arenas share one limit in proportion to what a node takes in each.  Blocks, which are the graph and
 * node IDs, go to the arena of NODES: its codes may not take the memory that these need later.  If memory is not expected to suffice for everything, arrays that the graph is not built
 * from go to the file at once, and all memory is left to those that it is built from.
 *
 * The capacity costs addresses only.  It has to be an upper bound, as arrays never move: other
 * processes have them mapped.
 */
void
loki_build_create_arrays(LokiBuild *build, dsm_segment *segment)
{
	Size		node_memory = loki_build_node_memory(build);
	Size		limit = (Size) maintenance_work_mem * 1024;
	Size		hot_memory = loki_build_hot_memory(build);
	bool		all;
	BlockNumber nblocks = RelationGetNumberOfBlocks(build->heap);
	uint32		expected = (uint32) Min(build->expected_rows * 1.05, LOKI_MAX_NUMBER);
	uint32		capacity = (uint32) Min(Max(((uint64) nblocks + 1000) * MaxHeapTuplesPerPage,
											(uint64) expected * MORE_THAN_EXPECTED),
										LOKI_MAX_NUMBER);

	Assert(build->part.leader);
	/* an insert must not fail for want of a temporary file: then all is in memory, whatever its size */
	if (build->geometry.pending)
		limit = Max(limit, add_size(mul_size(TYPEALIGN(PENDING_CHUNK, expected), node_memory),
									PENDING_MEMORY));
	all = build->expected_rows * node_memory <= limit;
	for (int i = 0; i < LOKI_BUILD_ARENAS; i++)
	{
		Size		strides[LOKI_ARRAYS];
		double		size = arena_strides(build, i, strides);
		LokiArenaExtent extent = {strides, LOKI_ARRAYS, capacity, expected, limit, limit};

		if (all)
			extent.memory_limit = (Size) (limit * ((double) hot_memory / node_memory));
		if (i == LOKI_ARENA_NODES)
			extent.chunk_memory_limit = (Size) (limit * size / (all ? node_memory : hot_memory));
		else if (i == LOKI_ARENA_ROWS)
			extent.chunk_memory_limit = all ? (Size) (limit * size / node_memory) : 0;
		else
			extent.expected = 0;	/* rows without a vector: mostly there are none */
		loki_arena_create(&build->arenas[i], &build->part.shared->arenas[i], build->context,
						  segment, loki_parallel_tranche(), &extent);
	}
	view_arrays(build);
}

/*
 * View the arrays that the leader has made; false if they cannot be opened.  Then the build goes on
 * without this process.
 */
bool
loki_build_attach_arrays(LokiBuild *build, dsm_segment *segment)
{
	Assert(!build->part.leader);
	for (int i = 0; i < LOKI_BUILD_ARENAS; i++)
		if (!loki_arena_attach(&build->arenas[i], &build->part.shared->arenas[i],
							   build->context, segment))
			return false;
	view_arrays(build);
	return true;
}

/* Make sure that this process can use the elements that all processes have loaded. */
void
loki_build_grow_arrays(LokiBuild *build, uint32 nnodes, uint32 nnulls)
{
	loki_arena_grow(&build->arenas[LOKI_ARENA_NODES], nnodes);
	loki_arena_grow(&build->arenas[LOKI_ARENA_ROWS], nnodes);
	loki_arena_grow(&build->arenas[LOKI_ARENA_NULLS], nnulls);
}

/* Release this process's view of the arrays; nothing may be read of them afterwards. */
void
loki_build_release_arrays(LokiBuild *build)
{
	for (int i = 0; i < LOKI_BUILD_ARENAS; i++)
		loki_arena_release(&build->arenas[i]);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/* Form the slots of a row's attributes, from slot array `array` on. */
static void
set_attributes(LokiBuild *build, int array, uint32 number,
			   const Datum *values, const bool *isnull)
{
	for (int i = 0; i < build->meta.nattributes; i++)
		loki_attr_form((LokiAttrType) build->meta.attr_type[i], values[i + 1],
					   isnull[i + 1], loki_build_slot(build, array + i, number));
}

/* Encode the vector of a node. */
static void
encode_node(LokiBuild *build, uint32 node, const float *x)
{
	const LokiQuantizer *quantizer = build->geometry.quantizer;
	const LokiQuantizer *graph_quantizer = build->graph_quantizer;

	quantizer->encode(quantizer, x, loki_build_slot(build, LOKI_SLOTS_CODE, node),
					  build->arrays.slots[LOKI_SLOTS_REFINE] == NULL ? NULL :
					  loki_build_slot(build, LOKI_SLOTS_REFINE, node));
	if (graph_quantizer != quantizer)
		graph_quantizer->encode(graph_quantizer, x,
								build->arrays.graph_codes + (Size) graph_quantizer->code_size * node, NULL);
}

/*
 * Callback of the table scan: add a row, for the time being with a node of its own if it has a vector.  Numbers are
 * drawn without a lock; so a process may have to grow an arena up to numbers that others have drawn, and leaves their
 * slots alone.
 */
static void
load_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		 bool tuple_is_alive, void *arg)
{
	LokiBuild  *build = arg;
	LokiBuildShared *shared = build->part.shared;
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);
	const float *x;
	LokiValueClass class;
	LokiTidData *slot;
	LokiHashData hash;
	uint64		rows;

	Assert(ItemPointerIsValid(tid));
	class = loki_value_open(&build->geometry.column,
							read_vector(build, values[0], isnull[0]), isnull[0], &x);
	if (class == LOKI_VALUE_VECTOR)
	{
		uint32		node = pg_atomic_fetch_add_u32(&shared->nodes, 1);

		loki_build_grow_arrays(build, node + 1, 0);
		Assert(node < loki_arena_elements(&build->arenas[LOKI_ARENA_ROWS]));
		loki_value_hash(&build->geometry.column, x, &hash);
		/* the slot may be shorter than the hash, of which it keeps the first bytes */
		memcpy(loki_build_slot(build, LOKI_SLOTS_HASH, node), &hash,
			   build->geometry.arrays[LOKI_SLOTS_HASH].slot_size);
		set_attributes(build, LOKI_SLOTS_ATTR, node, values, isnull);
		encode_node(build, node, x);
		slot = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_TID, node);
	}
	else
	{
		uint32		number = pg_atomic_fetch_add_u32(&shared->nulls, 1);

		loki_build_grow_arrays(build, 0, number + 1);
		set_attributes(build, LOKI_SLOTS_NULLATTR, number, values, isnull);
		slot = (LokiTidData *) loki_build_slot(build, LOKI_SLOTS_NULLTID, number);
	}
	slot->u.heap = *tid;
	slot->state = LOKI_TID_LIVE | (class == LOKI_VALUE_ZERO_NORM ? LOKI_TID_ZERO_NORM : 0);

	/*
	 * TID slots name the column's values in the TOAST table. Those of an
	 * expression are made anew for each row, and may have been read from the
	 * TOAST table of something else.
	 */
	if (class == LOKI_VALUE_VECTOR && OidIsValid(build->toast.valueid) &&
		build->geometry.arrays[LOKI_SLOTS_TID].slot_size == LOKI_TID_LONG &&
		build->index_info->ii_IndexAttrNumbers[0] != 0 &&
		RelationGetRelid(build->toast.relation) == build->heap->rd_rel->reltoastrelid)
		LokiTidSetValue(slot, build->toast.valueid, build->toast.first);

	rows = pg_atomic_add_fetch_u64(&shared->rows, 1);
	/* only the leader's command has an entry in pg_stat_progress_create_index */
	if (build->part.leader)
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, (int64) rows);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/*
 * Read the table, or this process's part of it.  Takes the lock of the shared state at the end,
 * to add what was read, and releases it.
 *
 * With a seed the scan begins at the first block, since the graph depends on the order of
 * the rows.
 */
void
loki_build_load(LokiBuild *build)
{
	LokiBuildShared *shared = build->part.shared;
	double		rows;

	Assert(build->arrays.rows == NULL); /* nodes are not renumbered yet */
	/* a scan that is shared with other processes is known by its beginning */
	rows = table_index_build_scan(build->heap, build->index, build->index_info,
								  build->part.scan != NULL || loki_build_seed < 0, build->part.leader,
								  load_row, build,
								  build->part.scan);
	loki_toast_close(&build->toast);

	LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
	shared->heap_tuples += rows;
	if (build->index_info->ii_BrokenHotChain)
		shared->broken_hot_chain = true;
	LWLockRelease(&shared->lock);
}

/*
 * Encode n vectors, as those of the nodes from 0 on.  A vector that cannot be read belongs to a
 * row that is dead to everyone: its node gets the codes of the one before it, or of the first
 * that can be read, of which there is one.
 */
void
loki_build_load_vectors(LokiBuild *build, uint32 n, LokiBuildVector vector, void *arg)
{
	float	   *x = MemoryContextAlloc(build->context, build->geometry.dim * sizeof(float));
	const float *read = NULL;

	for (uint32 i = 0; i < n && read == NULL; i++)
		read = vector(arg, i);
	Assert(read != NULL);
	memcpy(x, read, build->geometry.dim * sizeof(float));

	loki_build_grow_arrays(build, n, 0);
	for (uint32 i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read = vector(arg, i);
		if (read != NULL)
			memcpy(x, read, build->geometry.dim * sizeof(float));
		encode_node(build, i, x);
	}
	pfree(x);
}
