/*-------------------------------------------------------------------------
 *
 * hnswbuild.h
 *	  The state of an index build.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswbuild.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HNSWBUILD_H
#define LOKI_HNSWBUILD_H

#include "hnsw/hnswgraph.h"
#include "types/toast.h"

struct equal_hash;

/* Slots that grow together: of nodes, of NULLTID, or of OVERFLOW */
typedef struct LokiBuildSlots
{
	uint32		count;
	uint32		allocated;
} LokiBuildSlots;

/*
 * Rows to sample: enough for a centroid that is off by less than a hundredth
 * of a standard deviation.
 */
#define LOKI_SAMPLE_ROWS	20000

/* Those that are kept */
typedef struct LokiSample
{
	MemoryContext context;
	uint32		capacity;
	uint32		count;
	float	   *rows;			/* of unit length under cosine */
} LokiSample;

typedef struct LokiBuild
{
	Relation	heap;
	Relation	index;
	IndexInfo  *index_info;
	LokiMetric	metric;
	int			m;
	int			ef_construction;
	pg_prng_state prng;			/* of this build alone, so that a seed
								 * determines all that follows from it */
	LokiMetaPageData meta;
	LokiIndex	geometry;		/* slot sizes and the quantizer of the index */
	LokiQuantizer *graph_quantizer; /* of graph_codes */

	MemoryContext context;		/* everything that lives until the index is
								 * written */
	MemoryContext row_context;	/* reset after every row */
	LokiToastReader toast;		/* of the vectors */

	/*
	 * Slots as they will stand in the index, by family: of nodes in the order
	 * of the table, NULLTID and NULLATTR, OVERFLOW (whose `node` is that
	 * order, too).
	 */
	char	   *slots[LOKI_FAMILIES];
	char	   *graph_codes;	/* slots[LOKI_FAMILY_CODE], or codes of more
								 * bits, to build the graph on */
	LokiBuildSlots nodes;
	LokiBuildSlots nulls;
	LokiBuildSlots overflow;
	struct equal_hash *equal;	/* nodes by vector and attributes */
	uint32		expected_nodes;
	Size		node_memory;	/* what a node costs until the end */
	Size		null_memory;
	Size		memory_limit;
	LokiSample *sample;			/* NULL where it is not kept */

	LokiGraph  *graph;
	uint32	   *position;		/* the number a node gets */
	uint32	   *order;			/* the node that gets a number */

	bool		written;		/* the index is on disk: memory was short, and
								 * the remaining rows are inserted singly */
	double		index_tuples;
} LokiBuild;

/* Where slot number of a family is kept */
static inline char *
loki_build_slot(const LokiBuild *build, int family, uint32 number)
{
	return build->slots[family] +
		(Size) build->geometry.families[family].slot_size * number;
}

/* functions in hnswbuild.c */
extern void loki_build_finish(LokiBuild *build);
extern LokiQuantizer *loki_build_quantizer(MemoryContext context, const LokiCodeSpec *spec,
										   const float *constants);

/* functions in hnswcompact.c */
extern void loki_compact_begin(LokiBuild *build);
extern void loki_sample_add(LokiBuild *build, const float *x, double scale, double seen);
extern void loki_compact_choose(LokiBuild *build);

/* functions in hnswload.c */
extern void loki_build_sample(LokiBuild *build);
extern double loki_build_load(LokiBuild *build);

/* functions in hnswverify.c */
extern void loki_build_verify(LokiBuild *build, LokiConnection *connection);

/* functions in hnswwrite.c */
extern void loki_build_write(LokiBuild *build);

#endif							/* LOKI_HNSWBUILD_H */
