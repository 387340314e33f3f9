/*-------------------------------------------------------------------------
 *
 * graph.h
 *	  The graph in memory, while an index is being built.
 *
 * Arrays indexed by node number over codes that the caller owns; nothing here
 * knows about pages.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/graph.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BUILD_GRAPH_H
#define LOKI_BUILD_GRAPH_H

#include "postgres.h"

#include "common/pg_prng.h"
#include "hnsw/build/arena.h"
#include "hnsw/graph/search.h"
#include "port/atomics.h"

/*
 * Locks of the lists.  Whoever changes a list holds that of its number; lists
 * are read without.
 */
#define LOKI_GRAPH_LOCKS	2048

/* What the processes that build a graph share; the arrays are in an arena */
typedef struct LokiGraphShared
{
	uint32		nnodes;
	uint32		nupper;
	int			first_block;	/* of the arena, of the graph's arrays */
	int			twins_block;	/* of twin_of; -1: all codes differ */
	pg_atomic_uint64 entry;		/* layer and number of the entry point */
	LWLock		entry_lock;		/* who changes it holds this */
	LWLock		locks[LOKI_GRAPH_LOCKS];
} LokiGraphShared;

/*
 * Neighbor lists: of every node on layer 0, or of every node and layer above.
 *
 * A list has room for more links than it may have in the end, so that one in
 * many reverse links makes it necessary to choose again; then it is cut to
 * `width`.  The distances are kept, because choosing needs them.
 */
typedef struct LokiGraphLists
{
	int			width;			/* most links in the end */
	int			capacity;		/* most links meanwhile */
	uint16	   *counts;
	uint32	   *neighbors;		/* capacity for each list */
	float	   *distances;
} LokiGraphLists;

typedef struct LokiGraph
{
	/* set by loki_graph_open() and the same from then on */
	MemoryContext context;
	LokiGraphShared *shared;
	bool		concurrent;		/* several processes insert at once */
	const LokiQuantizer *quantizer;
	const char *codes;			/* code_size bytes each */
	Size		code_size;

	/*
	 * the codes that scans will walk on, of which queries of the quantizer
	 * above can be scored
	 */
	const LokiQuantizer *scan_quantizer;
	const char *scan_codes;
	bool		scan_walk;		/* insertions walk on them, too */
	bool		at_once;		/* searches score neighbors before they go on */
	uint32		nnodes;
	int			m;
	int			ef_construction;
	uint8	   *levels;			/* highest layer of each node */
	uint32	   *upper_first;	/* number in `upper` of the node's list on
								 * layer 1, those of higher layers follow;
								 * LOKI_NONE for a node on layer 0 only */
	uint32		nupper;
	const uint32 *twin_of;		/* the first node of the same code, LOKI_NONE
								 * for that itself; NULL: all codes differ */

	/* the graph */
	LokiGraphLists base;		/* layer 0 */
	LokiGraphLists upper;
	uint32		entry_node;		/* LOKI_NONE before the first node; as it was
								 * when this process looked last */
	int			entry_level;

	/* scratch of one insertion */
	uint8	   *visited;		/* = visit: seen in this search */
	uint8		visit;
	LokiQuery  *query;			/* of the node being inserted */
	LokiQuery  *scratch;		/* for loki_select_neighbors */
	LokiCandidate *pool;		/* ef_construction */
	int			npool;
	LokiCandidate *sorted;		/* a list plus one link, or a pool */
	const void **batch_codes;	/* of nodes being scored, as large as the
								 * larger of a list and ef_construction */
	float	   *estimates;
	int		   *selected;
	LokiCandidate entries[LOKI_ENTRY_WIDTH];	/* where a search enters layer
												 * 0 */
	int			nentries;
} LokiGraph;

/* The list of a node on a layer */
static inline uint32
loki_graph_list(const LokiGraph *graph, uint32 node, int layer)
{
	return layer == 0 ? node : graph->upper_first[node] + layer - 1;
}

static inline const char *
loki_graph_code(const LokiGraph *graph, uint32 node)
{
	return graph->codes + graph->code_size * node;
}

/* Whether a node is not inserted, as another of the same code stands for it */
static inline bool
loki_graph_is_twin(const LokiGraph *graph, uint32 node)
{
	return graph->twin_of != NULL && graph->twin_of[node] != LOKI_NONE;
}

/* functions in build/graph.c */
extern Size loki_graph_node_memory(int m);
extern void loki_graph_create(LokiGraphShared *shared, LokiArena *arena, uint32 nnodes,
							  int m, int ratio, int twins_block, int tranche,
							  pg_prng_state *prng);
extern LokiGraph *loki_graph_open(LokiGraphShared *shared, LokiArena *arena,
								  MemoryContext context,
								  const LokiQuantizer *quantizer, const char *codes,
								  int m, int ef_construction, bool concurrent);
extern void loki_graph_refresh(LokiGraph *graph);
extern void loki_graph_insert(LokiGraph *graph, uint32 node);
extern void loki_graph_trim(LokiGraph *graph, uint32 node);
extern void loki_graph_cut(LokiGraph *graph, uint32 node, int width);
extern float loki_graph_self_distance(LokiGraph *graph, uint32 node);
extern const float *loki_graph_distances(LokiGraph *graph, uint32 node, uint32 other);
extern int	loki_graph_nearest(LokiGraph *graph, uint32 node,
							   const LokiCandidate **found);
extern void loki_graph_enter_base(LokiGraph *graph, LokiQuery *query, uint32 *known);
extern bool loki_graph_entered_beside(const LokiGraph *graph, uint32 node);
extern bool loki_graph_finds(LokiGraph *graph, LokiQuery *query, uint32 node, int ef,
							 const LokiCandidate **found, int *nfound);

/*
 * A graph all of whose nodes can be reached from the entry point on layer 0,
 * over links that form a tree and that are not given up
 */
typedef struct LokiConnection
{
	LokiGraph  *graph;
	uint32	   *parent;			/* the node it is reached from, itself for the
								 * entry point, LOKI_NONE if not reached */
	uint32	   *queue;			/* nodes in the order of being reached */
	uint32		head;
	uint32		tail;
	uint32		lost;			/* the node whose link the last one added took
								 * the place of, or LOKI_NONE */
} LokiConnection;

/* functions in build/connect.c */
extern void loki_graph_connect(LokiGraph *graph, LokiConnection *connection);
extern bool loki_graph_attach(LokiConnection *connection, uint32 from, uint32 node,
							  float distance);
extern bool loki_graph_linked(const LokiGraph *graph, uint32 from, uint32 node);

/* functions in build/twins.c */
extern int	loki_twins_find(LokiArena *arena, const char *codes, Size code_size,
							uint32 nnodes);
extern void loki_graph_link_twins(LokiGraph *graph);

/* functions in build/node_layout.c */
extern void loki_graph_order(const LokiGraph *graph, uint32 per_page,
							 uint32 *position);

#endif							/* LOKI_BUILD_GRAPH_H */
