/*-------------------------------------------------------------------------
 *
 * hnswload.c
 *	  Reading the table into the arrays of a build.
 *
 * A row's vector is encoded at once and not kept.  Rows that are equal in
 * vector and attributes become one node; vectors count as equal if their
 * hashes are, which are kept in the index as well.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswload.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/tableam.h"
#include "commands/progress.h"
#include "common/hashfn.h"
#include "distance/distance.h"
#include "hnsw/hnswbuild.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/sampling.h"

/* Slots allocated at first where nothing better is known */
#define INITIAL_SLOTS		1024

/* A node, found by vector and attributes */
typedef struct EqualEntry
{
	uint32		node;
	uint32		hash;
	char		status;
} EqualEntry;

static bool
nodes_equal(const LokiBuild *build, uint32 a, uint32 b)
{
	if (memcmp(loki_build_slot(build, LOKI_FAMILY_HASH, a),
			   loki_build_slot(build, LOKI_FAMILY_HASH, b),
			   build->geometry.families[LOKI_FAMILY_HASH].slot_size) != 0)
		return false;
	for (int i = 0; i < build->meta.nattributes; i++)
	{
		int			family = LOKI_FAMILY_ATTR + i;

		if (memcmp(loki_build_slot(build, family, a),
				   loki_build_slot(build, family, b),
				   build->geometry.families[family].slot_size) != 0)
			return false;
	}
	return true;
}

/*
 * Attributes count as well: there may be many rows of one vector that differ
 * in them alone.
 */
static uint32
node_hash(const LokiBuild *build, uint32 node)
{
	uint64		hash;
	uint32		result;

	memcpy(&hash, loki_build_slot(build, LOKI_FAMILY_HASH, node), sizeof(hash));
	result = (uint32) hash;
	for (int i = 0; i < build->meta.nattributes; i++)
	{
		int			family = LOKI_FAMILY_ATTR + i;

		result = hash_combine(result,
							  hash_bytes((unsigned char *) loki_build_slot(build, family, node),
										 build->geometry.families[family].slot_size));
	}
	return result;
}

#define SH_PREFIX equal
#define SH_ELEMENT_TYPE EqualEntry
#define SH_KEY_TYPE uint32
#define SH_KEY node
#define SH_HASH_KEY(tb, key) node_hash((const LokiBuild *) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b) nodes_equal((const LokiBuild *) (tb)->private_data, a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* ----------------------------------------------------------------
 * Sampling
 * ----------------------------------------------------------------
 */
typedef struct SampleState
{
	LokiBuild  *build;
	double	   *sum;
	double		count;
} SampleState;

/* Expected rows of the table, and its blocks */
static double
estimate_rows(Relation heap, BlockNumber *nblocks)
{
	double		tuples;
	double		all_visible;

	estimate_rel_size(heap, NULL, nblocks, &tuples, &all_visible);
	return tuples;
}

/*
 * The row's vector, for loki_value_open().  The table is read in the order in
 * which its values were stored, more or less, so that they follow one another.
 */
static Datum
read_vector(LokiBuild *build, Datum value, bool isnull)
{
	if (isnull)
		return value;
	return PointerGetDatum(loki_toast_read(&build->toast,
										   (struct varlena *) DatumGetPointer(value)));
}

static void
sample_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		   bool tuple_is_alive, void *arg)
{
	SampleState *sample = arg;
	LokiBuild  *build = sample->build;
	uint32		dim = build->geometry.dim;
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);
	const float *x;

	if (loki_value_open(build->metric, dim, read_vector(build, values[0], isnull[0]),
						isnull[0], &x) == LOKI_VALUE_VECTOR)
	{
		double		scale = 1;

		if (build->metric == LOKI_METRIC_COSINE)
			scale = 1 / sqrt(loki_distance.dot_f32(dim, x, x));
		if (isfinite(scale))
		{
			for (uint32 i = 0; i < dim; i++)
				sample->sum[i] += x[i] * scale;
			sample->count++;
			if (build->sample != NULL)
				loki_sample_add(build, x, scale, sample->count);
		}
	}
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/*
 * Set the centroid to the mean of a sample of the rows: all of a small table,
 * else those of random blocks.
 */
void
loki_build_sample(LokiBuild *build)
{
	uint32		dim = build->geometry.dim;
	SampleState sample = {build, NULL, 0};
	BlockNumber nblocks;
	double		rows = estimate_rows(build->heap, &nblocks);

	sample.sum = MemoryContextAllocZero(build->context, dim * sizeof(double));
	if (rows <= LOKI_SAMPLE_ROWS)
		table_index_build_range_scan(build->heap, build->index, build->index_info,
									 false, true, false, 0, InvalidBlockNumber,
									 sample_row, &sample, NULL);
	else
	{
		BlockSamplerData sampler;
		int			wanted = (int) Min(nblocks, ceil(nblocks / rows * LOKI_SAMPLE_ROWS));

		BlockSampler_Init(&sampler, nblocks, wanted,
						  (uint32) pg_prng_uint64(&build->prng));
		while (BlockSampler_HasMore(&sampler))
		{
			CHECK_FOR_INTERRUPTS();
			table_index_build_range_scan(build->heap, build->index, build->index_info,
										 false, true, false,
										 BlockSampler_Next(&sampler), 1,
										 sample_row, &sample, NULL);
		}
	}

	loki_toast_close(&build->toast);

	for (uint32 i = 0; i < dim; i++)
		build->geometry.centroid[i] = sample.count > 0 ? sample.sum[i] / sample.count : 0;
	pfree(sample.sum);
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */
static void *
resize(MemoryContext context, void *array, Size size)
{
	return array ? repalloc_huge(array, size) : MemoryContextAllocHuge(context, size);
}

static void
resize_family(LokiBuild *build, int family, uint32 allocated)
{
	build->slots[family] = resize(build->context, build->slots[family],
								  mul_size(build->geometry.families[family].slot_size,
										   allocated));
}

/* Slots to allocate when `count` of them are in use */
static uint32
grown(uint32 count, uint32 expected)
{
	uint64		allocated = Max((uint64) count + count / 2, Max(expected, INITIAL_SLOTS));

	if (count >= LOKI_MAX_NUMBER)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot index more than %u rows", LOKI_MAX_NUMBER)));
	return (uint32) Min(allocated, LOKI_MAX_NUMBER);
}

/* Make room for one more node */
static void
ensure_node(LokiBuild *build)
{
	static const int families[] = {
		LOKI_FAMILY_TID, LOKI_FAMILY_CODE, LOKI_FAMILY_REFINE, LOKI_FAMILY_HASH
	};
	uint32		allocated;

	if (build->nodes.count < build->nodes.allocated)
		return;
	allocated = grown(build->nodes.count, build->expected_nodes);
	for (int i = 0; i < lengthof(families); i++)
	{
		if (build->geometry.families[families[i]].slot_size > 0)
			resize_family(build, families[i], allocated);
	}
	for (int i = 0; i < build->meta.nattributes; i++)
		resize_family(build, LOKI_FAMILY_ATTR + i, allocated);

	if (build->graph_quantizer == build->geometry.quantizer)
		build->graph_codes = build->slots[LOKI_FAMILY_CODE];
	else
		build->graph_codes = resize(build->context, build->graph_codes,
									mul_size(build->graph_quantizer->code_size, allocated));
	build->nodes.allocated = allocated;
}

/*
 * What a node costs in the arrays, in the hash table of equal rows (which is
 * between half and all full), in the graph, and when it is numbered.
 */
static Size
node_memory(const LokiBuild *build)
{
	const LokiFamily *families = build->geometry.families;
	Size		size;

	size = families[LOKI_FAMILY_TID].slot_size + families[LOKI_FAMILY_CODE].slot_size +
		families[LOKI_FAMILY_REFINE].slot_size + families[LOKI_FAMILY_HASH].slot_size;
	for (int i = 0; i < build->meta.nattributes; i++)
		size += families[LOKI_FAMILY_ATTR + i].slot_size;
	if (build->graph_quantizer != build->geometry.quantizer)
		size += build->graph_quantizer->code_size;
	size += loki_graph_node_memory(build->m);
	size += 2 * sizeof(EqualEntry);
	size += 4 * sizeof(uint32);
	return size;
}

static Size
memory_used(const LokiBuild *build)
{
	return (Size) build->nodes.count * build->node_memory +
		(Size) build->nulls.count * build->null_memory +
		(Size) build->overflow.count * sizeof(LokiOverflowData);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */
static void
set_attributes(LokiBuild *build, int family, uint32 number,
			   const Datum *values, const bool *isnull)
{
	for (int i = 0; i < build->meta.nattributes; i++)
		loki_attr_form((LokiAttrType) build->meta.attr_type[i], values[i + 1],
					   isnull[i + 1], loki_build_slot(build, family + i, number));
}

/* A row without a place in the graph */
static void
add_null(LokiBuild *build, LokiValueClass class, const Datum *values,
		 const bool *isnull, ItemPointer tid)
{
	uint32		number = build->nulls.count;
	LokiTidData *slot;

	if (number == build->nulls.allocated)
	{
		build->nulls.allocated = grown(number, 0);
		resize_family(build, LOKI_FAMILY_NULLTID, build->nulls.allocated);
		for (int i = 0; i < build->meta.nattributes; i++)
			resize_family(build, LOKI_FAMILY_NULLATTR + i, build->nulls.allocated);
	}
	slot = (LokiTidData *) loki_build_slot(build, LOKI_FAMILY_NULLTID, number);
	slot->u.heap = *tid;
	slot->state = LOKI_TID_LIVE;
	if (class == LOKI_VALUE_ZERO_NORM)
		slot->state |= LOKI_TID_ZERO_NORM;
	set_attributes(build, LOKI_FAMILY_NULLATTR, number, values, isnull);
	build->nulls.count++;
}

/* Append an OVERFLOW slot that goes on with `next`; returns its number */
static uint32
add_overflow_slot(LokiBuild *build, uint32 node, uint32 next, const ItemPointerData *tid)
{
	uint32		number = build->overflow.count;
	LokiOverflowData *slot;

	if (number == build->overflow.allocated)
	{
		build->overflow.allocated = grown(number, 0);
		resize_family(build, LOKI_FAMILY_OVERFLOW, build->overflow.allocated);
	}
	slot = (LokiOverflowData *) loki_build_slot(build, LOKI_FAMILY_OVERFLOW, number);
	slot->node = node;
	slot->next = next;
	slot->heap = *tid;
	slot->state = LOKI_TID_LIVE;
	build->overflow.count++;
	return number;
}

/* A further row of a node: all its rows go into a chain, newest first */
static void
add_equal_row(LokiBuild *build, uint32 node, ItemPointer tid)
{
	LokiTidData *slot = (LokiTidData *) loki_build_slot(build, LOKI_FAMILY_TID, node);
	uint32		head;

	if (LokiTidState(slot) == LOKI_TID_LIVE)
		head = add_overflow_slot(build, node, LOKI_NONE, &slot->u.heap);
	else
		head = LokiTidOverflowHead(slot);
	head = add_overflow_slot(build, node, head, tid);
	memset(&slot->u, 0, sizeof(slot->u));
	LokiTidSetOverflowHead(slot, head);
	slot->state = LOKI_TID_OVERFLOW;
	if (build->geometry.families[LOKI_FAMILY_TID].slot_size == LOKI_TID_LONG &&
		LokiTidValue(slot) != build->toast.valueid)
		LokiTidClearValue(slot);
}

/* Whether TID slots tell where the vectors of a column are out of line */
static bool
knows_values(const LokiBuild *build)
{
	return build->geometry.families[LOKI_FAMILY_TID].slot_size == LOKI_TID_LONG &&
		build->index_info->ii_IndexAttrNumbers[0] != 0 &&
		RelationGetRelid(build->toast.relation) == build->heap->rd_rel->reltoastrelid;
}

/*
 * A row with a vector.  Hash and attributes are put where those of the next
 * node go, so that the hash table can compare them there.
 */
static void
add_vector(LokiBuild *build, const float *x, const Datum *values,
		   const bool *isnull, ItemPointer tid)
{
	uint32		node = build->nodes.count;
	LokiTidData *slot;
	LokiHashData hash;
	EqualEntry *entry;
	bool		found;

	ensure_node(build);
	loki_value_hash(x, build->geometry.dim, &hash);
	memcpy(loki_build_slot(build, LOKI_FAMILY_HASH, node), &hash,
		   build->geometry.families[LOKI_FAMILY_HASH].slot_size);
	set_attributes(build, LOKI_FAMILY_ATTR, node, values, isnull);
	entry = equal_insert(build->equal, node, &found);
	if (found)
	{
		add_equal_row(build, entry->node, tid);
		return;
	}

	build->geometry.quantizer->encode(build->geometry.quantizer, x,
									  loki_build_slot(build, LOKI_FAMILY_CODE, node),
									  build->slots[LOKI_FAMILY_REFINE] ?
									  loki_build_slot(build, LOKI_FAMILY_REFINE, node) : NULL);
	if (build->graph_quantizer != build->geometry.quantizer)
		build->graph_quantizer->encode(build->graph_quantizer, x,
									   build->graph_codes + (Size) build->graph_quantizer->code_size * node,
									   NULL);
	slot = (LokiTidData *) loki_build_slot(build, LOKI_FAMILY_TID, node);
	memset(slot, 0, build->geometry.families[LOKI_FAMILY_TID].slot_size);
	slot->u.heap = *tid;
	slot->state = LOKI_TID_LIVE;
	if (OidIsValid(build->toast.valueid) && knows_values(build))
		LokiTidSetValue(slot, build->toast.valueid, build->toast.first);
	build->nodes.count++;
}

/*
 * Memory is used up: complete the index with what there is, and give the memory
 * back.
 */
static void
spill(LokiBuild *build)
{
	ereport(NOTICE,
			(errmsg("hnsw graph no longer fits into maintenance_work_mem after " INT64_FORMAT " tuples",
					(int64) build->index_tuples),
			 errdetail("Building will take significantly more time."),
			 errhint("Increase maintenance_work_mem to speed up builds.")));
	loki_build_finish(build);
	MemoryContextReset(build->context);
	pgstat_progress_update_param(PROGRESS_CREATEIDX_SUBPHASE, LOKI_PROGRESS_LOADING);
}

/* Callback of the table scan */
static void
load_row(Relation index, ItemPointer tid, Datum *values, bool *isnull,
		 bool tuple_is_alive, void *arg)
{
	LokiBuild  *build = arg;
	MemoryContext old_context = MemoryContextSwitchTo(build->row_context);

	if (!build->written && memory_used(build) >= build->memory_limit)
		spill(build);

	if (build->written)
		loki_hnsw_insert(index, values, isnull, tid, build->heap, UNIQUE_CHECK_NO,
						 false, build->index_info);
	else
	{
		const float *x;
		LokiValueClass class = loki_value_open(build->metric, build->geometry.dim,
											   read_vector(build, values[0], isnull[0]),
											   isnull[0], &x);

		if (class == LOKI_VALUE_VECTOR)
			add_vector(build, x, values, isnull, tid);
		else
			add_null(build, class, values, isnull, tid);
	}

	build->index_tuples++;
	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE,
								 (int64) build->index_tuples);
	MemoryContextSwitchTo(old_context);
	MemoryContextReset(build->row_context);
}

/*
 * Read the table.  Returns the number of its rows.
 *
 * With a seed the scan begins at the first block, as the order of the rows
 * decides on the graph.
 */
double
loki_build_load(LokiBuild *build)
{
	BlockNumber nblocks;
	double		rows = estimate_rows(build->heap, &nblocks);
	double		result;

	build->memory_limit = (Size) maintenance_work_mem * 1024;
	build->node_memory = node_memory(build);
	build->null_memory = build->geometry.families[LOKI_FAMILY_NULLTID].slot_size;
	for (int i = 0; i < build->meta.nattributes; i++)
		build->null_memory += build->geometry.families[LOKI_FAMILY_NULLATTR + i].slot_size;
	build->expected_nodes = (uint32) Min(rows * 1.05, build->memory_limit / build->node_memory + 1);
	build->equal = equal_create(build->context, INITIAL_SLOTS, build);

	pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_TOTAL, (int64) rows);
	result = table_index_build_scan(build->heap, build->index, build->index_info,
									loki_build_seed < 0, true, load_row, build, NULL);
	loki_toast_close(&build->toast);
	return result;
}
