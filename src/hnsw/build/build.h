/*-------------------------------------------------------------------------
 *
 * build.h
 *	  The state of an index build.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/build.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BUILD_BUILD_H
#define LOKI_BUILD_BUILD_H

#include "access/tableam.h"
#include "hnsw/build/graph.h"
#include "hnsw/definition/options.h"
#include "hnsw/derived/derived.h"
#include "hnsw/recall/calibrate.h"
#include "storage/barrier.h"
#include "types/bm25.h"
#include "types/toast.h"

/* An array of slots that grows in one process */
typedef struct LokiBuildSlots
{
	uint32		count;
	uint64		allocated;		/* for loki_grow() */
} LokiBuildSlots;

/* Rows to sample: enough for a centroid with an error below a hundredth of a standard
 * deviation */
#define LOKI_SAMPLE_ROWS	20000

/* Sampled rows that are kept */
typedef struct LokiSample
{
	MemoryContext context;
	int			nalternatives;	/* codes to choose among */
	LokiCodeSpec alternatives[LOKI_COMPACT_ALTERNATIVES];
	uint32		capacity;
	uint32		count;
	float	   *rows;			/* of unit length under cosine */
	pg_prng_state prng;			/* its own: a sample changes nothing else of a
								 * build */
} LokiSample;

/* Codes to build the graph on have an array behind those of the slot arrays */
#define LOKI_ARRAY_GRAPH_CODES	LOKI_SLOT_ARRAYS
#define LOKI_ARRAYS				(LOKI_SLOT_ARRAYS + 1)

StaticAssertDecl(LOKI_ARRAYS <= LOKI_ARENA_ARRAYS, "an arena has room for all arrays");

/*
 * Arenas of a build.  Arrays that the graph is built from are kept apart from the others,
 * which nobody reads meanwhile, and which may be in a file if memory is short.
 */
typedef enum LokiBuildArena
{
	LOKI_ARENA_NODES,			/* codes, and blocks for the graph */
	LOKI_ARENA_ROWS,			/* everything else of nodes */
	LOKI_ARENA_NULLS
} LokiBuildArena;

#define LOKI_BUILD_ARENAS		3

/*
 * Nodes that a process claims at a time.  They are near each other, so claims should be large
 * lest processes write to the same lists; but not so large that processes wait for the last
 * one in the end.
 */
#define LOKI_CLAIM_MIN			64
#define LOKI_CLAIM_MAX			4096
#define LOKI_CLAIMS				16	/* of each process, about */

/* A step of a build that all processes do together */
typedef enum LokiBuildJob
{
	LOKI_JOB_LOAD,
	LOKI_JOB_GRAPH,
	LOKI_JOB_TRIM,
	LOKI_JOB_SEARCH,
	LOKI_JOB_LINK,
	LOKI_JOB_WRITE,
	LOKI_JOB_CALIBRATE,
	LOKI_JOB_END
} LokiBuildJob;

/* What the index's file is written from; ..._block are blocks of LOKI_ARENA_NODES */
typedef struct LokiWriteShared
{
	uint32		counts[LOKI_SLOT_ARRAYS];	/* slots */
	int			duplicate_block;
	int			upper_block;
	int			upper_number_block;
} LokiWriteShared;

/* Making nodes reachable (build/make_reachable.c); ..._block are blocks of LOKI_ARENA_NODES */
typedef struct LokiReachShared
{
	int			states_block;
	int			parent_block;	/* of the tree */
	int			round;			/* of searches for all nodes */
	LWLock		lock;			/* held by who links a missed node; protects
								 * the next two */
	uint32		missed;
	uint32		lost;
} LokiReachShared;

/* The job at hand (build/parallel.c) */
typedef struct LokiJobShared
{
	Barrier		barrier;		/* before and after each job */
	LokiBuildJob job;
	uint32		units;			/* of the job: nodes or pages */
	pg_atomic_uint64 next;		/* the first that nobody has claimed */
} LokiJobShared;

/* What the processes of a build share */
typedef struct LokiBuildShared
{
	Oid			heap;
	Oid			index;
	bool		concurrently;
	int			nprocesses;
	LokiMetaPageData meta;

	LokiJobShared work;			/* that they do now */

	pg_atomic_uint32 nodes;		/* slots in use */
	pg_atomic_uint32 nulls;
	pg_atomic_uint64 rows;		/* loaded from the table */
	LWLock		lock;			/* protects the next two */
	double		heap_tuples;
	bool		broken_hot_chain;

	LokiArenaShared arenas[LOKI_BUILD_ARENAS];
	LokiGraphShared graph;
	int			rows_block;		/* of LOKI_ARENA_NODES; -1 before nodes are
								 * renumbered */
	LokiReachShared reach;
	int			position_block;
	int			order_block;
	LokiWriteShared write;
	LokiCalibrationSums calibration;	/* under `lock` */
} LokiBuildShared;

struct LokiParallelBuild;

/*
 * Slots as they will stand in the index, by slot array: of nodes in the order of the
 * table, NULLTID and NULLATTR, DUPLICATE (whose `node` is that order, too; the
 * leader's alone).
 */
typedef struct LokiBuildArrays
{
	char	   *slots[LOKI_SLOT_ARRAYS];
	char	   *graph_codes;	/* slots[LOKI_SLOTS_CODE], or codes of more
								 * bits, to build the graph on */
	LokiBuildSlots duplicate;
	uint32	   *rows;			/* where each node's elements are in
								 * LOKI_ARENA_ROWS; NULL: at its number */
} LokiBuildArrays;

/* A process among those of a build */
typedef struct LokiBuildPart
{
	bool		leader;
	LokiBuildShared *shared;
	struct LokiParallelBuild *parallel; /* the leader's, if there are workers */
	TableScanDesc scan;			/* of its part of the table; NULL: all */
} LokiBuildPart;

/* Final IDs of nodes */
typedef struct LokiFinalIds
{
	uint32	   *position;		/* of each node */
	uint32	   *order;			/* node of each; LOKI_NONE: none */
} LokiFinalIds;

/* A build, as one of its processes knows it */
typedef struct LokiBuild
{
	Relation	heap;
	Relation	index;
	IndexInfo  *index_info;
	pg_prng_state prng;			/* of this build alone, so that a seed
								 * determines the result */
	LokiMetaPageData meta;
	LokiIndex	geometry;		/* slot sizes and the quantizer of the index;
								 * pending: codes and graph of its nodes are
								 * made (build/make_pending.c) */
	LokiQuantizer *graph_quantizer; /* of graph_codes */

	MemoryContext context;		/* everything that lives until the index is
								 * written */
	MemoryContext row_context;	/* reset after every row */
	LokiToastReader toast;		/* of the vectors */
	LokiBuildPart part;

	LokiArena	arenas[LOKI_BUILD_ARENAS];
	LokiBuildArrays arrays;
	double		expected_rows;
	LokiSample *sample;			/* NULL if it is not kept */

	/* known when the rows are loaded */
	uint32		nnodes;
	uint32		nnulls;
	LokiGraph  *graph;
	uint64		reported;		/* nodes of earlier rounds of this phase, in
								 * what progress says */
	LokiFinalIds final;
} LokiBuild;

/* A slot of a slot array; one of LOKI_ARENA_ROWS goes by loki_build_row() */
static inline char *
loki_build_slot(const LokiBuild *build, int array, uint32 number)
{
	return build->arrays.slots[array] +
		(Size) build->geometry.arrays[array].slot_size * number;
}

static inline uint32
loki_build_row(const LokiBuild *build, uint32 node)
{
	return build->arrays.rows != NULL ? build->arrays.rows[node] : node;
}

/* The i-th of some vectors, until the next call; NULL if it cannot be read */
typedef const float *(*LokiBuildVector) (void *arg, uint32 i);

/* functions in build/build.c */
extern void loki_build_describe(const LokiHnswOptions *options, const LokiColumn *column,
								int nattributes, const uint8 *attr_type,
								uint64 seed, LokiMetaPageData *meta);
extern void loki_build_set_code(LokiBuild *build);
extern LokiBuild *loki_build_begin(Relation heap, Relation index, IndexInfo *index_info,
								   const LokiMetaPageData *meta);
extern LokiGraph *loki_build_open_graph(LokiBuild *build);
extern void loki_build_make_graph(LokiBuild *build);
extern void loki_build_job(LokiBuild *build, LokiBuildJob job);
extern bool loki_build_claim_nodes(LokiBuild *build, uint32 *first, uint32 *end);
extern void loki_build_report_round(LokiBuild *build, int round, int rounds);
extern bool loki_build_claim(LokiBuild *build, uint32 step, uint32 *first, uint32 *end);

/*
 * A row is in a crowd if some of so many random rows are that near to it: the square of the distance is no
 * more than this part of that to the mean.  Then the crowd has a hundredth of the rows or more, and centers
 * of its own; smaller ones would have none.  Duplicates count for nothing: they share a node, or have one
 * code.
 */
#define LOKI_CROWD_LOOKED_AT	300
#define LOKI_CROWD_SEEN_FROM	128
#define LOKI_CROWD_ROWS			3
#define LOKI_CROWD_SQUARE		(1.0f / 8)

/* functions in build/centers.c */
extern void loki_centers_begin(LokiBuild *build);
extern void loki_centers_choose(LokiBuild *build);

/* If the rows of a crowd are one in so many, it is worth centers */
#define LOKI_CROWDED_SHARE		30

/*
 * function in build/crowds.c: the share of rows in crowds that the codes do not tell apart; NaN if codes do
 * not show that, or the nodes are few
 */
extern double loki_crowded_share(LokiIndex *state, Relation index, const LokiMetaPageData *meta);

/* functions in build/make_pending.c */
extern bool loki_codes_make_anew(Relation index);

/* functions in build/compact.c */
extern LokiSample *loki_sample_make(LokiBuild *build, uint32 rows);
extern void loki_compact_begin(LokiBuild *build);
extern void loki_compact_choose(LokiBuild *build);

/* functions in build/duplicates.c */
extern void loki_build_find_duplicates(LokiBuild *build);

/* functions in build/load.c */
extern Size loki_build_node_memory(const LokiBuild *build);
extern Size loki_build_hot_memory(const LokiBuild *build);
extern void loki_build_sample(LokiBuild *build);
extern double loki_build_sample_vectors(LokiBuild *build, uint32 n, LokiBuildVector vector,
										void *arg);
extern void loki_build_load_vectors(LokiBuild *build, uint32 n, LokiBuildVector vector,
									void *arg);
extern void loki_build_create_arrays(LokiBuild *build, dsm_segment *segment);
extern bool loki_build_attach_arrays(LokiBuild *build, dsm_segment *segment);
extern void loki_build_grow_arrays(LokiBuild *build, uint32 nnodes, uint32 nnulls);
extern void loki_build_release_arrays(LokiBuild *build);
extern void loki_build_load(LokiBuild *build);

/* functions in build/parallel.c */
extern int	loki_parallel_tranche(void);
extern void loki_parallel_begin(LokiBuild *build);
extern void loki_parallel_job(LokiBuild *build, LokiBuildJob job, uint32 units);
extern void loki_parallel_end(LokiBuild *build);

/* functions in build/insertion_order.c */
extern void loki_build_renumber(LokiBuild *build);
extern uint32 loki_insertion_node(const LokiBuild *build, uint32 i);

/* functions in build/make_reachable.c */
extern void loki_build_find_nodes(LokiBuild *build, bool link);
extern void loki_build_make_reachable(LokiBuild *build);

/* functions in build/make_postings.c */

/* Takes the entries of a window of nodes, in the order of (term, place); false ends it */
typedef bool (*LokiTermsWindow) (void *arg, const LokiWindowData *window,
								 const LokiTermEntry *entries, uint32 n);

/* A range of nodes, whose elements are to be gathered */
typedef struct LokiTermsRange
{
	uint32		first;
	uint32		end;
	uint32		changed;		/* nodes below this are noted if they cannot be
								 * listed, ... */
	int			notes;			/* ... in this slot array */
	LokiTermsWindow take;
	void	   *arg;
	Snapshot	snapshot;		/* NULL: rows that are not dead to everyone */
	TimestampTz deadline;		/* no window is taken after it; 0: there is none */

	/*
	 * Words: by what they are weighed.  If the mean is not given, it is that
	 * of the documents so far, of which the caller may know some before.
	 */
	LokiBm25	by;
	double		documents;		/* how many there were, ... */
	double		length;			/* ... and the length of them all */
} LokiTermsRange;

/*
 * Gather what the vectors of nodes in a range have, as the posting lists are made of, in windows of
 * which each ends where memory does.  False if one was not taken.  No page may be locked.
 */
extern bool loki_build_terms_gather(LokiIndex *state, Relation index, LokiTermsRange *range);

/* Sums over the documents of a tenant */
typedef struct LokiTenantWords
{
	LokiWord   *words;			/* of a search, by term; `documents` of each is
								 * added to */
	int			n;
	double		documents;
	double		length;
} LokiTenantWords;

/* Add the documents of a tenant that the active snapshot sees.  No page may be locked. */
extern void loki_tenant_words(LokiIndex *state, Relation index, const Bm25Tenant *tenant, Datum value,
							  LokiTenantWords *words);

/* LokiTermsMaker: make posting lists of what the rows of nodes have */
extern bool loki_build_terms(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
							 LokiMetaPageData *next);

/* The same, unless it takes half of the time that the statement has */
extern bool loki_build_terms_in_time(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
									 LokiMetaPageData *next);

/* functions in build/write.c */
extern void loki_build_write(LokiBuild *build);
extern void loki_build_write_pages(LokiBuild *build);
extern LokiEntryPoint loki_build_write_set(LokiBuild *build, LokiIndex *state, uint32 end);
extern void loki_build_name_set(LokiBuild *build, LokiIndex *state, const LokiEntryPoint *entry);

/* Phases of a build, after PROGRESS_CREATEIDX_SUBPHASE_INITIALIZE = 1 */
#define LOKI_PROGRESS_SAMPLING	2
#define LOKI_PROGRESS_LOADING	3
#define LOKI_PROGRESS_GRAPH		4
#define LOKI_PROGRESS_REACHABILITY 5
#define LOKI_PROGRESS_LAYOUT	6
#define LOKI_PROGRESS_WRITING	7
#define LOKI_PROGRESS_CALIBRATING 8

/* When the phase began: a parameter of progress that the server does not use */
#define LOKI_PROGRESS_BEGAN		19

/* Name of a phase in pg_stat_progress_create_index; NULL if there is no such phase */
extern char *loki_build_phase_name(int64 phase);

/* Entry points of the access method */
extern bool loki_hnsw_insert(Relation index, Datum *values, bool *isnull,
							 ItemPointer heap_tid, Relation heap,
							 IndexUniqueCheck checkUnique, bool indexUnchanged,
							 IndexInfo *indexInfo);
extern IndexBuildResult *loki_hnsw_build(Relation heap, Relation index,
										 IndexInfo *indexInfo);
extern void loki_hnsw_buildempty(Relation index);

#endif							/* LOKI_BUILD_BUILD_H */
