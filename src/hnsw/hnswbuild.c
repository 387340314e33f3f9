/*-------------------------------------------------------------------------
 *
 * hnswbuild.c
 *	  CREATE INDEX.
 *
 * A build samples the table for the point that codes are centred on, loads
 * the rows into arrays (hnswload.c), connects them to a graph in memory
 * (hnswgraph.c, hnswconnect.c), numbers the nodes for locality (hnsworder.c),
 * and writes the index from its first block to its last (hnswwrite.c).
 *
 * If the arrays outgrow maintenance_work_mem, the index is completed with the
 * rows so far, and the scan of the table goes on with ordinary insertion.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswbuild.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/progress.h"
#include "hnsw/hnswbuild.h"
#include "hnsw/hnswcalibrate.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* The bits of the codes that the graph is built on, see doc/design/graph.md */
#define GRAPH_BITS 4

#define QUANTIZER_ALIGN 64

static void
set_phase(int phase, uint32 total)
{
	const int	params[] = {
		PROGRESS_CREATEIDX_SUBPHASE,
		PROGRESS_CREATEIDX_TUPLES_TOTAL,
		PROGRESS_CREATEIDX_TUPLES_DONE
	};
	const int64 values[] = {phase, total, 0};

	pgstat_progress_update_multi_param(3, params, values);
}

/*
 * The quantizer of a code, with its centroid and basis.
 */
LokiQuantizer *
loki_build_quantizer(MemoryContext context, const LokiCodeSpec *spec,
					 const float *constants)
{
	Size		size = add_size(loki_quantizer_size(spec), QUANTIZER_ALIGN);
	LokiQuantizer *quantizer = (LokiQuantizer *)
		TYPEALIGN(QUANTIZER_ALIGN, MemoryContextAllocHuge(context, size));

	loki_quantizer_init(quantizer, spec, constants);
	return quantizer;
}

/*
 * The metapage of an index from its definition: options, columns, code.
 */
static void
describe_index(Relation index, pg_prng_state *prng, LokiMetaPageData *meta)
{
	LokiMetric	metric = loki_index_metric(index);
	uint32		dim = loki_index_dimensions(index);
	int			m = loki_option_m(index);
	int			ef_construction = loki_option_ef_construction(index);
	int			bits = loki_option_bits(index);
	int			refine_bits = loki_option_refine_bits(index);
	LokiProfile profile = loki_option_profile(index);
	int			nattributes = IndexRelationGetNumberOfKeyAttributes(index) - 1;
	uint8		attr_type[LOKI_MAX_ATTRIBUTES + 1] = {0};
	LokiCodeSpec code;

	if (ef_construction < 2 * m)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ef_construction must be greater than or equal to 2 * m")));

	Assert(nattributes <= LOKI_MAX_ATTRIBUTES);
	for (int i = 0; i < nattributes; i++)
		attr_type[i] = loki_attr_type(TupleDescAttr(index->rd_att, i + 1)->atttypid);

	if (profile == LOKI_PROFILE_COMPACT)
		code = loki_code_compact(metric, dim, bits == LOKI_BITS_AUTO ? 0 : bits,
								 refine_bits == LOKI_BITS_AUTO ? 0 : refine_bits,
								 LOKI_PAGE_PAYLOAD, pg_prng_uint64(prng));
	else
		code = loki_code_default(metric, dim, bits == LOKI_BITS_AUTO ? 0 : bits,
								 refine_bits == LOKI_BITS_AUTO ? 0 : refine_bits,
								 refine_bits != LOKI_BITS_AUTO,
								 LOKI_PAGE_PAYLOAD, pg_prng_uint64(prng));
	loki_meta_init(meta, &code, profile, m, ef_construction, nattributes, attr_type);
}

static void
seed_prng(pg_prng_state *prng)
{
	if (loki_build_seed >= 0)
		pg_prng_seed(prng, loki_build_seed);
	else
		pg_prng_seed(prng, pg_prng_uint64(&pg_global_prng_state));
}

/*
 * The quantizer of the index, and the slot sizes that follow.
 */
static void
set_code(LokiBuild *build)
{
	LokiIndex  *geometry = &build->geometry;

	geometry->code = build->meta.code;
	geometry->quantizer = loki_build_quantizer(build->context, &geometry->code,
											   geometry->centroid);
	loki_index_geometry(geometry);
	build->meta.code_size = geometry->quantizer->code_size;
	build->meta.refine_size = geometry->quantizer->refine_size;
}

static void
set_geometry(LokiBuild *build)
{
	LokiIndex  *geometry = &build->geometry;

	geometry->context = build->context;
	geometry->profile = build->meta.profile;
	geometry->dim = build->meta.code.dim;
	geometry->m = build->m;
	geometry->nattributes = build->meta.nattributes;
	memcpy(geometry->attr_type, build->meta.attr_type, sizeof(geometry->attr_type));
	geometry->centroid = MemoryContextAllocZero(build->context,
												loki_code_constants(&build->meta.code) *
												sizeof(float));
	set_code(build);
}

static LokiBuild *
begin_build(Relation heap, Relation index, IndexInfo *index_info)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "hnsw build",
												  ALLOCSET_DEFAULT_SIZES);
	LokiBuild  *build = palloc0(sizeof(LokiBuild));

	build->context = context;
	build->toast.context = CurrentMemoryContext;
	build->row_context = AllocSetContextCreate(CurrentMemoryContext, "hnsw build row",
											   ALLOCSET_DEFAULT_SIZES);
	build->heap = heap;
	build->index = index;
	build->index_info = index_info;
	seed_prng(&build->prng);
	describe_index(index, &build->prng, &build->meta);
	build->metric = build->meta.code.metric;
	build->m = build->meta.m;
	build->ef_construction = build->meta.ef_construction;
	set_geometry(build);
	return build;
}

/*
 * Choose the centroid, and a compact index's code, and with them make the
 * quantizers.
 */
static void
prepare_codes(LokiBuild *build)
{
	LokiIndex  *geometry = &build->geometry;
	LokiCodeSpec spec;

	build->graph_quantizer = geometry->quantizer;
	if (geometry->code.kind != LOKI_CODE_ROTATED)
		return;

	set_phase(LOKI_PROGRESS_SAMPLING, 0);
	if (geometry->profile == LOKI_PROFILE_COMPACT)
		loki_compact_begin(build);
	loki_build_sample(build);
	if (geometry->profile == LOKI_PROFILE_COMPACT)
		loki_compact_choose(build);
	set_code(build);
	build->graph_quantizer = geometry->quantizer;

	if (geometry->code.bits < GRAPH_BITS)
	{
		spec = geometry->code;
		spec.bits = GRAPH_BITS;
		spec.refine_bits = 0;
		build->graph_quantizer = loki_build_quantizer(build->context, &spec,
													  geometry->centroid);
	}
}

/*
 * The nodes that a search during the build keeps.  As many more than
 * ef_construction as a node has links, which costs a third more time, make the
 * graph of data that fall into many regions much better.
 */
static int
build_width(const LokiBuild *build)
{
	return build->ef_construction + 2 * build->m;
}

/*
 * Connect the nodes to a graph, in the order of the table.  Where similar rows
 * are stored near each other that is faster than any other order, since the
 * part of the graph that is needed stays in the processor's cache, and the
 * graph is as good (doc/design/graph.md).
 */
static void
build_graph(LokiBuild *build)
{
	uint32		nnodes = build->nodes.count;

	set_phase(LOKI_PROGRESS_GRAPH, nnodes);
	build->graph = loki_graph_create(build->context, build->graph_quantizer,
									 build->graph_codes, nnodes, build->m,
									 loki_layer_ratio(build->meta.profile, build->m),
									 build_width(build), &build->prng);
	build->graph->scan_quantizer = build->geometry.quantizer;
	build->graph->scan_codes = build->slots[LOKI_FAMILY_CODE];
	for (uint32 node = 0; node < nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		loki_graph_insert(build->graph, node);
		pgstat_progress_update_param(PROGRESS_CREATEIDX_TUPLES_DONE, node + 1);
	}
}

/*
 * Bring the graph into its final form and number the nodes.
 */
static void
order_nodes(LokiBuild *build)
{
	uint32		nnodes = build->nodes.count;
	Size		size = mul_size(nnodes, sizeof(uint32));
	LokiConnection connection;

	set_phase(LOKI_PROGRESS_ORDERING, nnodes);
	for (uint32 node = 0; node < nnodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		loki_graph_trim(build->graph, node);
	}
	loki_graph_connect(build->graph, &connection);
	loki_build_verify(build, &connection);
	pfree(connection.parent);

	build->position = MemoryContextAllocHuge(build->context, size);
	build->order = MemoryContextAllocHuge(build->context, size);
	loki_graph_order(build->graph,
					 build->geometry.families[LOKI_FAMILY_CODE].per_page,
					 build->position);
	for (uint32 node = 0; node < nnodes; node++)
		build->order[build->position[node]] = node;
}

/*
 * Make an index of the rows that were loaded.
 */
void
loki_build_finish(LokiBuild *build)
{
	Assert(!build->written);

	if (build->nodes.count > 0)
	{
		build_graph(build);
		order_nodes(build);
	}
	set_phase(LOKI_PROGRESS_WRITING, build->nodes.count);
	loki_build_write(build);
	build->written = true;
}

/*
 * ambuild: build the index of a table.
 */
IndexBuildResult *
loki_hnsw_build(Relation heap, Relation index, IndexInfo *indexInfo)
{
	IndexBuildResult *result = palloc(sizeof(IndexBuildResult));
	LokiBuild  *build = begin_build(heap, index, indexInfo);

	prepare_codes(build);
	set_phase(LOKI_PROGRESS_LOADING, 0);
	result->heap_tuples = loki_build_load(build);
	if (!build->written)
		loki_build_finish(build);
	result->index_tuples = build->index_tuples;

	set_phase(LOKI_PROGRESS_CALIBRATING, 0);
	MemoryContextDelete(build->context);
	MemoryContextDelete(build->row_context);
	pfree(build);
	loki_calibrate(index, NULL);
	return result;
}

/*
 * ambuildempty: write what an unlogged index is reset to after a crash.
 */
void
loki_hnsw_buildempty(Relation index)
{
	LokiMetaPageData meta;
	pg_prng_state prng;
	LokiCodeSpec code;
	LokiQuantizer *quantizer;
	float	   *centroid;

	seed_prng(&prng);
	describe_index(index, &prng, &meta);
	code = meta.code;
	centroid = palloc0(loki_code_constants(&code) * sizeof(float));
	quantizer = loki_build_quantizer(CurrentMemoryContext, &code, centroid);
	meta.code_size = quantizer->code_size;
	meta.refine_size = quantizer->refine_size;
	loki_create_empty(index, INIT_FORKNUM, &meta);
}
