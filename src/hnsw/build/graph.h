/*-------------------------------------------------------------------------
 *
 * graph.h
 *	  The graph in memory, while an index is being built.
 *
 * Arrays by node, over codes that the caller owns; nothing here knows about pages.  While a
 * graph is built, nodes are numbered for insertion; build/node_layout.c gives them their IDs.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/graph.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BUILD_GRAPH_H
#define LOKI_BUILD_GRAPH_H

#include "common/pg_prng.h"
#include "hnsw/build/arena.h"
#include "hnsw/definition/layout.h"
#include "miscadmin.h"
#include "port/atomics.h"

struct LokiCandidate;
struct LokiSearchEnds;

/* Locks of the lists: a process holds one while it changes a list; lists are read without */
#define LOKI_GRAPH_LOCKS	2048

/* Links that a list has room for, if `width` may stay in the end */
#define LokiSlackCapacity(width) ((width) + (width) * 3 / 10 + 1)

/* What the processes that build a graph share; the arrays are in an arena */
typedef struct LokiGraphShared
{
	uint32		nnodes;
	uint32		nupper;
	int			first_block;	/* of the arena: the graph's first array */
	int			equal_block;	/* ... its array `representative`; -1: all
								 * codes differ */
	pg_atomic_uint64 entry;		/* layer and node of the entry point */
	LWLock		entry_lock;		/* held by who changes it */
	LWLock		locks[LOKI_GRAPH_LOCKS];
} LokiGraphShared;

/*
 * Neighbor lists: of every node on layer 0, or of every node on every layer above.
 *
 * A list has room for more links than it may have in the end.  So only one in many reverse
 * links makes it full; then it is pruned to `width`.  The distances are kept, because
 * pruning needs them.
 */
typedef struct LokiGraphLists
{
	int			width;			/* most links in the end */
	int			capacity;		/* most links meanwhile */
	uint16	   *counts;
	uint32	   *neighbors;		/* capacity for each list */
	float	   *distances;
} LokiGraphLists;

/* Scratch of one insertion or search (build/graph.c) */
typedef struct LokiGraphScratch
{
	uint16	   *visited;		/* = visit: seen in this search */
	uint16		visit;
	LokiQuery  *query;			/* of the node being inserted */
	LokiQuery  *chosen;			/* for loki_select_neighbors */
	struct LokiCandidate *pool; /* for searches of any width that is used */
	int			npool;
	struct LokiCandidate *sorted;	/* a list plus one link, or a pool */
	struct LokiCandidate *candidates;	/* of a node in a cluster: a pool and
										 * LOKI_BEYOND_CLUSTER */
	const void **batch_codes;	/* of nodes being scored: as many as the
								 * largest of these has */
	float	   *estimates;
	int		   *selected;
} LokiGraphScratch;

/* Codes of all nodes */
typedef struct LokiGraphCode
{
	const LokiQuantizer *quantizer;
	const char *codes;
	Size		size;			/* of each */
} LokiGraphCode;

typedef struct LokiGraph
{
	/* set by loki_graph_open() and the same from then on */
	MemoryContext context;
	LokiGraphShared *shared;
	bool		concurrent;		/* several processes insert at once */
	LokiGraphCode code;			/* that it is built on */
	LokiGraphCode scan_code;	/* that scans will walk on; its quantizer can
								 * score queries of the other */
	bool		scan_walk;		/* inserts walk on these, too */
	bool		at_once;		/* searches score all neighbors before they go
								 * on */
	uint32		nnodes;
	int			m;
	int			ef_construction;
	uint8	   *levels;			/* highest layer of each node */
	uint32	   *upper_first;	/* the node's list on layer 1, in `upper`;
								 * those of higher layers follow; LOKI_NONE
								 * for a node on layer 0 only */
	uint32		nupper;
	const uint32 *representative;	/* the node of an equal code that is
									 * inserted for this one; LOKI_NONE: this
									 * one is; NULL: all codes differ */

	/* the graph */
	LokiGraphLists base;		/* layer 0 */
	LokiGraphLists upper;
	uint32		entry_node;		/* LOKI_NONE before the first node; as of the
								 * last loki_graph_refresh() */
	int			entry_level;
	LokiGraphScratch scratch;
} LokiGraph;

/* The list of a node on a layer */
static inline uint32
loki_graph_list(const LokiGraph *graph, uint32 node, int layer)
{
	Assert(layer >= 0 && layer <= graph->levels[node]);
	return layer == 0 ? node : graph->upper_first[node] + layer - 1;
}

static inline const char *
loki_graph_code(const LokiGraph *graph, uint32 node)
{
	return graph->code.codes + graph->code.size * node;
}

/* Whether a node is not inserted, as another of the same code stands for it */
static inline bool
loki_graph_is_represented(const LokiGraph *graph, uint32 node)
{
	return graph->representative != NULL && graph->representative[node] != LOKI_NONE;
}

/* functions in build/graph_memory.c */
extern Size loki_graph_node_memory(int m);
extern void loki_graph_create(LokiGraphShared *shared, LokiArena *arena, uint32 nnodes,
							  int m, int ratio, int equal_block, int tranche,
							  pg_prng_state *prng);
extern LokiGraph *loki_graph_open(LokiGraphShared *shared, LokiArena *arena,
								  MemoryContext context,
								  const LokiQuantizer *quantizer, const char *codes,
								  int m, int ef_construction, bool concurrent);

/* functions in build/graph.c */
extern void loki_graph_refresh(LokiGraph *graph);
extern void loki_graph_insert(LokiGraph *graph, uint32 node);
extern void loki_graph_trim(LokiGraph *graph, uint32 node);
extern void loki_graph_cut(LokiGraph *graph, uint32 node, int width);
extern float loki_graph_self_distance(LokiGraph *graph, uint32 node);
extern const float *loki_graph_distances(LokiGraph *graph, uint32 node, uint32 other);
extern int	loki_graph_nearest(LokiGraph *graph, uint32 node,
							   const struct LokiCandidate **found);
extern bool loki_graph_finds(LokiGraph *graph, LokiQuery *query, uint32 node, int ef,
							 struct LokiSearchEnds *ends);

/*
 * Nodes that are compared by their bytes in some arrays (build/equal_nodes.c); the caller sets the
 * arrays, which may change only for nodes that were not asked for yet.
 */
typedef struct LokiEqualNodes
{
	int			narrays;
	const char *slots[LOKI_MAX_ATTRIBUTES + 1]; /* of node 0 */
	Size		sizes[LOKI_MAX_ATTRIBUTES + 1];
	struct equal_hash *table;
} LokiEqualNodes;

/* functions in build/equal_nodes.c */
extern Size loki_equal_node_memory(void);
extern void loki_equal_begin(LokiEqualNodes *nodes, MemoryContext context, uint32 nnodes);
extern uint32 loki_equal_first(LokiEqualNodes *nodes, uint32 node);
extern void loki_equal_end(LokiEqualNodes *nodes);

/* functions in build/equal_codes.c */
extern int	loki_equal_codes_find(LokiArena *arena, const char *codes, Size code_size,
							uint32 nnodes);
extern void loki_graph_link_equal_codes(LokiGraph *graph);

/* functions in build/node_layout.c */
extern void loki_graph_layout(const LokiGraph *graph, uint32 per_page, uint32 *position);

#endif							/* LOKI_BUILD_GRAPH_H */
