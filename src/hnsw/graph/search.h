/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Walking the graph of an index on its codes.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/search.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_SEARCH_H
#define LOKI_GRAPH_SEARCH_H

#include "postgres.h"

#include "distance/pool.h"
#include "hnsw/page/slots.h"
#include "utils/rel.h"

/* Of a candidate's node: its neighbors were scored */
#define LOKI_EXPANDED ((uint32) 0x80000000)

typedef struct LokiVisited
{
	uint32	   *slots;			/* open addressing; LOKI_NONE = empty */
	uint32		size;			/* a power of two */
	int			shift;			/* 32 - log2(size) */
	uint32		used;
} LokiVisited;

/* A scored node, once the walk keeps more than its pool */
typedef struct LokiScored
{
	float		distance;
	uint32		node;
	uint8		flags;			/* LOKI_SCORED_* */
} LokiScored;

#define LOKI_SCORED_EXPANDED	0x01
#define LOKI_SCORED_MATCHES		0x02	/* passes the filter */
#define LOKI_SCORED_TAKEN		0x04	/* handed to the caller */
#define LOKI_SCORED_CHECKED		0x08	/* MATCHES is known */

/* Neighbors of a node that wait to be scored, while their codes are fetched */
typedef struct LokiBatch
{
	int			n;
	uint32		nodes[2 * LOKI_MAX_M];
	LokiSlots	slots;
} LokiBatch;

/* How a scan with a filter finds its nodes */
typedef enum LokiStrategy
{
	LOKI_STRATEGY_PLAIN,		/* a walk that scores all nodes */
	LOKI_STRATEGY_HOPS,			/* one that scores those that match */
	LOKI_STRATEGY_FLAT			/* no walk: all that match are scored */
} LokiStrategy;

/* Matching nodes of a sample, at most */
#define LOKI_STRATEGY_SEEDS	64

/* What a walk with a filter chooses its strategy by (scan/strategy.c) */
typedef struct LokiStrategyChoice
{
	bool		adapts;
	bool		hops;			/* it goes by hops */
	LokiStrategy strategy;		/* chosen last */
	uint32		rows;			/* that are wanted, and ... */
	uint32		width;			/* ... of a walk without a filter for them */
	uint64		window_filtered;	/* nodes_filtered and nodes_matched at the
									 * last choice */
	uint64		window_matched;
	uint32		window;			/* expansions until the next */
	double		listed;			/* nodes that a pass reads one by one, in
								 * place of all but so many; below 0: no list */
	double		unlisted;
	double		listed_tests;	/* attributes of those listed that it tests */
	bool		mapped;			/* they are those of a set's rows */
	double		share;			/* of the index that matches: as sampled, or
								 * known by a list */
	bool		share_known;
	double		correlated;		/* of neighbors of nodes that match, the share
								 * that does, too; below 0: not sampled */
	uint32	   *seeds;			/* nodes of the sample that match */
	uint32		nseeds;
} LokiStrategyChoice;

/* A distance that a walk with a pool takes note of */
typedef struct LokiSearchTarget
{
	float		distance;
	float		tolerance;		/* below 0: none */
	bool		met;			/* there was a node at this distance */
	bool		stop;			/* then the walk ends */
} LokiSearchTarget;

/* Everything scored that is not in the pool, for resuming */
typedef struct LokiKeptNodes
{
	LokiScored *scored;
	uint32		nscored;
	uint32		scored_allocated;
	uint32	   *frontier;		/* min-heap of indexes into scored[] */
	uint32		nfrontier;
	uint32		frontier_allocated;
	uint32	   *best;			/* max-heap of the ef best that match */
	uint32		nbest;
	uint32		best_allocated;
	bool		by_heap;		/* scored/frontier/best are in use, not pool */
	bool		rejected;
} LokiKeptNodes;

/* Arrays for one batch of neighbors */
typedef struct LokiSearchScratch
{
	float	   *estimates;
	uint8	   *passes;			/* the filter */
	LokiSlots	slots;
	LokiBatch	batches[2];		/* of the walk of layer 0 */
	char	   *link;			/* copy of a LINK or UPPER slot */
	uint32	   *nodes;
	uint32		allocated;		/* >= 2 * m, and 64 */
} LokiSearchScratch;

/* Counters of a search */
typedef struct LokiSearchCounts
{
	uint64		scored;
	uint64		expanded;
	uint64		filtered;
	uint64		matched;		/* of these */
} LokiSearchCounts;

/* When a walk stops that finds no end */
typedef struct LokiSearchBudget
{
	double		flat_nodes;		/* nodes that a flat scan would read; 0 = walk
								 * on whatever it costs */
	Size		memory_limit;	/* of scored, visited and heaps; 0 = none */
	uint64		scored_limit;	/* stop walking here, 0 = never */
} LokiSearchBudget;

typedef struct LokiSearch
{
	Relation	index;
	LokiIndex  *state;
	MemoryContext context;		/* scratch memory lives here, reused */
	bool		in_recovery;	/* share lock for every slot array */
	LokiQuery  *query;			/* that nodes are scored for: one of these */
	LokiQuery  *given;			/* prepared, query_size bytes */
	LokiQuery  *as_row;			/* loki_search_walk_as_row(); NULL before */
	void	   *row_code;
	void	   *row_refine;
	const struct LokiNodeFilter *filter;	/* NULL, or nothing in it: none */
	LokiVisited visited;
	uint32		skip;			/* a node to go around, LOKI_NONE: none */
	LokiCandidate *pool;
	int			npool;
	int			pool_allocated;
	int			next;			/* none before this is unexpanded */
	LokiStrategyChoice *choice; /* NULL: it has no filter, and never will */
	LokiSearchTarget target;
	LokiKeptNodes kept;
	LokiSearchScratch scratch;
	LokiSearchCounts count;
	LokiSearchBudget budget;
} LokiSearch;

extern void loki_search_begin(LokiSearch *search, Relation index, LokiIndex *state,
							  MemoryContext context);

/* Forget what was found before, and give large arrays back */
extern void loki_search_reset(LokiSearch *search);

/* Memory of the arrays that grow with a walk */
extern Size loki_search_memory(const LokiSearch *search);

/* Prepare for a query (dim floats) or for a stored code (repair) */
extern void loki_search_query(LokiSearch *search, const float *values);
extern void loki_search_query_row(LokiSearch *search, const void *code, const void *refine,
								  const float *values);
extern void loki_search_walk_as_row(LokiSearch *search, const float *values);
extern void loki_search_query_code(LokiSearch *search, const void *code);

/*
 * Score nodes: codes are pinned (shared-locked in recovery), scored and
 * released.  Nodes past the end of CODE raise an ERROR; non-finite estimates
 * become FLT_MAX.
 */
extern void loki_search_score(LokiSearch *search, const uint32 *nodes, int n,
							  float *estimates);

/*
 * The same in two steps: codes of a batch, no more than batch_allocated, are on
 * their way while others are scored.
 */
extern void loki_search_fetch(LokiSearch *search, LokiBatch *batch);
extern void loki_search_score_batch(LokiSearch *search, LokiBatch *batch, float *estimates);

/*
 * The neighbors of a node on layer 0 that were not visited; they are now.
 * Returns their number, 0 for a slot past the used part; ERROR for a damaged
 * count.
 */
extern int	loki_search_links(LokiSearch *search, uint32 node, uint32 *neighbors);

/*
 * Where to enter: the metapage's entry point, or, when it is stale, none.
 */
typedef struct LokiEntry
{
	uint32		node;
	uint32		slot;			/* UPPER slot on level, LOKI_NONE on 0 */
	int			level;
	float		distance;
} LokiEntry;

extern bool loki_search_entry(LokiSearch *search, const LokiMetaPageData *meta,
							  LokiEntry *entry);

/* Descend greedily until entry->level = level */
extern void loki_search_descend(LokiSearch *search, LokiEntry *entry, int level);

/*
 * Search one layer above 0 from entry with a pool of ef; fills found[] (node
 * and UPPER slot, ascending by distance) and returns their number.
 */
typedef struct LokiUpperFound
{
	float		distance;
	uint32		node;
	uint32		slot;
} LokiUpperFound;

extern int	loki_search_upper(LokiSearch *search, const LokiEntry *entry, int level,
							  int ef, LokiUpperFound *found);

/*
 * Begin layer 0, and walk it: more entries, until the nearest `width` of the
 * pool of ef are expanded, or `wanted` is met.  Can be repeated.  A walk in a
 * pool of `width` comes to the same nearest ones.
 */
extern void loki_search_start(LokiSearch *search, int ef);
extern void loki_search_walk(LokiSearch *search, const LokiUpperFound *entries,
							 int nentries, int width, int ef);

/* Begin layer 0 at some nodes and walk until the ef best are expanded */
extern void loki_search_layer0(LokiSearch *search, const LokiUpperFound *entries,
							   int nentries, int ef);

/* Pool of the search that every node is to be found by: README, "Nothing is lost" */
#define LOKI_NARROW_SEARCH	24

/* Nodes that a walk of layer 0 starts from, LOKI_ENTRY_WIDTH at most */
#define LOKI_ENTRY_WIDTH	4
extern int	loki_search_entries(LokiSearch *search, const LokiMetaPageData *meta,
								LokiUpperFound *entries);

/* Keep a scored node in scored[]; its index there */
extern uint32 loki_search_keep(LokiSearch *search, float distance, uint32 node, uint8 flags);

/* True when a node was not visited before; marks it */
extern bool loki_visit(LokiSearch *search, uint32 node);
extern void loki_visited_reset(LokiSearch *search);
extern void loki_visited_reserve(LokiSearch *search, double n);
extern int	loki_compare_candidates(const void *a, const void *b);

#endif							/* LOKI_GRAPH_SEARCH_H */
