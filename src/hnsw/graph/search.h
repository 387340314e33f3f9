/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Walking the graph of an index on its codes.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/search.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_GRAPH_SEARCH_H
#define LOKI_GRAPH_SEARCH_H

#include "distance/pool.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"

/* A bit of a candidate's node: it was expanded, that is, its neighbors were scored */
#define LOKI_EXPANDED ((uint32) 0x80000000)

/*
 * The set of nodes that a search has met: a hash table with linear probing.  simplehash would keep a
 * status beside each node ID; four bytes an entry keep the set in the processor's caches longer.
 */
typedef struct LokiVisited
{
	uint32	   *slots;			/* LOKI_NONE = empty */
	uint32		size;			/* a power of two, at least twice `used` */
	int			shift;			/* 32 - log2(size) */
	uint32		used;
} LokiVisited;

/* A scored node, if the walk keeps more than its pool */
typedef struct LokiScored
{
	float		distance;		/* estimate, in the unit of codes: L2 squared */
	uint32		node;
	uint8		flags;			/* of these: */
} LokiScored;

enum
{
	LOKI_SCORED_EXPANDED = 1,
	LOKI_SCORED_MATCHES = 2,	/* passes the filter */
	LOKI_SCORED_TAKEN = 4,		/* handed to the caller */
	LOKI_SCORED_CHECKED = 8,	/* MATCHES is known */
	LOKI_SCORED_ROWLESS = 16,	/* LokiRowTest finds no row, ... */
	LOKI_SCORED_ROWS_KNOWN = 32 /* ... which was asked */
};

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
	LOKI_STRATEGY_HOPS,			/* a walk that scores the nodes that match */
	LOKI_STRATEGY_FLAT			/* no walk: all nodes that match are scored */
} LokiStrategy;

/* Matching nodes that are kept of a sample, at most */
#define LOKI_STRATEGY_SEEDS	64

/* From what a walk with a filter chooses its strategy (scan/strategy.c) */
typedef struct LokiStrategyChoice
{
	bool		adapts;
	bool		hops;			/* it goes by hops */
	uint32		rows;			/* wanted, and ... */
	uint32		width;			/* ... the width of a walk for them without a
								 * filter */
	uint64		window_filtered;	/* count.filtered and count.matched at the
									 * last choice */
	uint64		window_matched;
	uint32		window;			/* expansions until the next choice */
	double		listed;			/* nodes that a flat scan reads one by one
								 * with a sorted list; below 0: no list */
	bool		sketches;		/* by their 1-bit sketches first */
	double		second;			/* nodes of a second list; below 0: none */
	double		unlisted;		/* nodes that it reads besides */
	double		listed_tests;	/* attributes of listed nodes that it tests */
	bool		mapped;			/* the listed nodes are those of a TID set */
	double		share;			/* of the nodes that match: sampled, or known
								 * from a sorted list; 0: not yet */
	bool		share_known;
	double		correlated;		/* share of the neighbors of matching nodes
								 * that match, too; below 0: not sampled */
	uint32	   *seeds;			/* nodes of the sample that match */
	uint32		nseeds;
} LokiStrategyChoice;

/* The distance of a node that a walk with a pool looks for */
typedef struct LokiSearchTarget
{
	float		distance;
	float		tolerance;		/* below 0: none */
	bool		met;			/* there was a node at this distance */
	bool		stop;			/* the walk ends when it is met */
} LokiSearchTarget;

/* A search for more rows looks at least as far, and finds as much, as one for so many; one for fewer looks no farther */
#define LOKI_FEW_ROWS		10

/*
 * How far a search looks: no node is expanded that is farther than loki_reach() (README, "How far
 * a search looks").  The caller sets all but the error, which the walk notes, and
 * which raises the ratio.
 */
typedef struct LokiReach
{
	int			rows;			/* wanted; 0: the width alone counts */
	int			width;			/* nodes that are kept in any case */
	int			least;			/* nodes that are expanded in any case */
	int			grown;			/* nodes within the growth at most */
	int			most;			/* nodes that are kept at most */
	float		ratio;			/* the growth: to the distance of the rows-th;
								 * 0: that of the width-th node counts;
								 * FLT_MAX: no end before grown */
	float		few_ratio;		/* that of a search for LOKI_FEW_ROWS */
	float		errors;			/* errors beyond it, at least */
	float		error;			/* of an estimate; below 0: not known yet */
	float		floor;			/* as far in any case, by rows that were read */
} LokiReach;

/* The place among the nearest of the last of few rows: a pool may be narrower */
static inline int
loki_reach_few(const LokiReach *reach)
{
	return Min(reach->width, LOKI_FEW_ROWS);
}

/*
 * The distance that the growth reaches, by those of the rows-th and the few-th: what it is for few rows is the least
 * for more, and the most for fewer, so that the first rows of more are found as well.
 */
static inline float
loki_reach_growth(const LokiReach *reach, float row, float few)
{
	row *= reach->ratio;
	few *= reach->few_ratio;
	return reach->rows < loki_reach_few(reach) ? Min(row, few) : Max(row, few);
}

/*
 * The distance beyond which nothing is expanded.  nearest[0 .. n) are the nearest nodes that may be
 * in the answer, ascending; n is at most reach->most.
 */
static inline float
loki_reach(const LokiReach *reach, const LokiCandidate *nearest, int n)
{
	float		row;
	float		far;

	Assert(reach->rows <= reach->width && reach->least <= reach->width);
	Assert(reach->width <= reach->grown && reach->grown <= reach->most);
	if (reach->width == 0 || n < reach->width || reach->error < 0)
		return FLT_MAX;
	far = nearest[reach->width - 1].distance;
	if (reach->rows == 0)
		return far;
	row = nearest[reach->rows - 1].distance;
	if (reach->ratio > 0)
		far = reach->ratio == FLT_MAX ? FLT_MAX :
			Max(loki_reach_growth(reach, row, nearest[loki_reach_few(reach) - 1].distance),
				nearest[reach->least - 1].distance);
	if (n >= reach->grown)
		far = Min(far, nearest[reach->grown - 1].distance);
	far = Max(far, Max(row + reach->errors * reach->error, reach->floor));
	return n < reach->most ? far : Min(far, nearest[n - 1].distance);
}

/* Whether it says something how distances grow: an inner product is none, and those of encodings say little */
static inline bool
loki_distances_grow(const LokiIndex *state)
{
	return state->code.metric != LOKI_METRIC_IP && !loki_column_encoded(&state->column);
}

/*
 * Whether inserts have to measure how distances grow: node IDs have doubled since that was done, or it
 * never was.
 */
static inline bool
loki_growth_is_due(const LokiIndex *state, const LokiMetaPageData *meta, uint32 end)
{
	return meta->pending == 0 && loki_distances_grow(state) &&
		log2(Max(end, 1)) * LOKI_GROWN_SCALE >=
		meta->calibration.at[LOKI_CALIBRATION_GROWN].other + LOKI_GROWN_SCALE;
}

/* Scored nodes that are not in the pool, to go on from later */
typedef struct LokiKeptNodes
{
	LokiScored *scored;
	uint32		nscored;
	uint64		scored_allocated;
	LokiCandidate *frontier;	/* the nearest on top; a node is an index into
								 * scored[] */
	uint32		nfrontier;
	uint64		frontier_allocated;
	LokiCandidate *best;		/* the nearest that match; nodes likewise */
	uint32		nbest;
	uint64		best_allocated;
	bool		best_is_heap;	/* the farthest on top; not: ascending */
	LokiCandidate *rows;		/* then a heap of the nearest of them, as many
								 * as rows are wanted ... */
	uint32		nrows;			/* ... or 0, until there are as many as the
								 * width */
	uint64		rows_allocated;
	float		few;			/* distance of the reach's few-th, when rows
								 * were noted */
	bool		by_heap;		/* scored/frontier/best are in use, not pool */
	bool		rejected;		/* keep nodes that leave the pool; without a
								 * reach, all that are scored */
} LokiKeptNodes;

/*
 * Nodes whose rows the scan's snapshot does not see lie among the others until vacuum has removed them.  A
 * walk that has met many asks for the rows of its candidates: such nodes lead on, but take no place.
 */
typedef struct LokiRowTest
{
	/* which of n nodes may have a visible row; NULL: nobody knows.  No page may be locked */
	void		(*test) (void *scan, const uint32 *nodes, int n, uint8 *has_row);
	void	   *scan;
	bool		asked;			/* candidates have to have one ... */
	bool		by_marks;		/* ... as far as marks in the index say, which takes no read of the table */
} LokiRowTest;

/* Arrays for one batch of neighbors */
typedef struct LokiSearchScratch
{
	float	   *estimates;
	uint8	   *passes;			/* whether each passes the filter */
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

/* When a walk stops before its end */
typedef struct LokiSearchBudget
{
	double		flat_nodes;		/* nodes that a flat scan would read; 0 = walk
								 * on whatever it costs */
	Size		memory_limit;	/* of scored, visited and heaps; 0 = none */
	uint64		scored_limit;	/* of nodes scored; 0 = none */
	uint32		kept_limit;		/* of nodes kept, if flat_nodes is 0, as a
								 * walk with a filter widens itself by its own
								 * account; 0 = none: the reach's */
} LokiSearchBudget;

/* What nodes are scored for */
typedef struct LokiSearchQuery
{
	LokiQuery  *used;			/* one of the others */
	LokiQuery  *given;			/* prepared, query_size bytes */
	LokiQuery  *as_row;			/* loki_search_walk_as_row(); NULL before */
	void	   *row_code;
	void	   *row_refine;
} LokiSearchQuery;

/* Nodes that are looked at to go around one: that, another, what this is linked to, and what the first is */
#define LOKI_BRIDGE_NODES	(2 + 2 * 2 * LOKI_MAX_M)

/* A node to go around, as if it did not exist */
typedef struct LokiSkippedNode
{
	uint32		node;			/* LOKI_NONE: none */
	int			nlinks;
	uint32		links[2 * LOKI_MAX_M];	/* its links; others are made in their
										 * place */
	char	   *codes;			/* room for LOKI_BRIDGE_NODES; NULL before the
								 * first node */
	LokiQuery  *query;			/* of its code */
	LokiQuery  *scratch;
	uint32		nmade;			/* links that no node stood in the way of, of
								 * all lists so far */
	uint32		nmissing;		/* and that were not made */
} LokiSkippedNode;

/* The nearest nodes so far, ascending */
typedef struct LokiPool
{
	LokiCandidate *nearest;
	int			n;
	int			allocated;
	int			next;			/* none before this is unexpanded */
} LokiPool;

/*
 * A search of the graph in pages: of a scan, an insert, vacuum or a calibration, each of which keeps
 * one.  It holds no pin and no lock between two calls, so it may be left at any time.
 */
typedef struct LokiSearch
{
	Relation	index;
	LokiIndex  *state;			/* what codes and slots are read by */
	MemoryContext context;		/* scratch memory lives here, reused */
	bool		in_recovery;	/* share lock for every slot array */
	LokiSearchQuery query;
	const struct LokiNodeFilter *filter;	/* NULL or empty: none */
	LokiRowTest rows;			/* of scans */
	LokiVisited visited;
	LokiSkippedNode skip;
	LokiPool	pool;			/* of inserts, vacuum, and scans without a
								 * filter */
	LokiStrategyChoice *choice; /* NULL: it has no filter, and never will */
	LokiSearchTarget target;
	LokiReach	reach;			/* of scans; zeroes: the width alone counts */
	LokiKeptNodes kept;			/* of scans (walk.c), and of offers */
	LokiSearchScratch scratch;
	LokiSearchCounts count;
	LokiSearchBudget budget;
} LokiSearch;

/* Set up a search, without a query, a filter or a reach; nothing of it needs to be closed */
extern void loki_search_begin(LokiSearch *search, Relation index, LokiIndex *state,
							  MemoryContext context);

/* Forget what was found before, and free large arrays */
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
 * function in graph/bridge.c.  Go around a node from now on, or around none; before each search, since what was
 * found is forgotten
 */
extern void loki_search_skip(LokiSearch *search, uint32 node);

/*
 * Prepare for a node, by its codes.  False if they are not written.  No page may be locked, and none is
 * afterwards.
 */
extern bool loki_search_query_node(LokiSearch *search, uint32 node);

/*
 * Score nodes: their codes are pinned where necessary (and share-locked in recovery), scored
 * and released.  ERROR for node IDs past the end of CODE; estimates that are not finite
 * become FLT_MAX.
 */
extern void loki_search_score(LokiSearch *search, const uint32 *nodes, int n,
							  float *estimates);

/* The same in two steps: the codes of one batch are fetched while another is scored */
extern void loki_search_fetch(LokiSearch *search, LokiBatch *batch);
extern void loki_search_score_batch(LokiSearch *search, LokiBatch *batch, float *estimates);

/*
 * Find the neighbors of a node on layer 0 that were not visited, and mark them as visited.
 * Returns their number: 0 for a slot past the used part; ERROR for a node ID past the end of
 * LINK.
 */
extern int	loki_search_links(LokiSearch *search, uint32 node, uint32 *neighbors);

/* Estimates that are not finite become FLT_MAX */
extern void loki_make_finite(float *estimates, int n);

/*
 * function in graph/bridge.c.  Add to the n neighbors found in a copy of a node's links those that it would have
 * without the node to go around, and that were not visited; returns their number.  No page may be locked.
 */
extern int	loki_bridge(LokiSearch *search, uint32 node, const LokiLinkData *link, uint32 *neighbors, int n);

/* Copy out a slot of LINK or UPPER; false if it is past the used part */
extern bool loki_search_read_list(LokiSearch *search, int array, uint32 number, void *slot);

/* The narrow search of layer 0 starts from so many nodes at most, and a scan's walk from so many */
#define LOKI_ENTRY_WIDTH	4
#define LOKI_SCAN_ENTRIES	(LOKI_ENTRY_WIDTH + LOKI_NARROW_SEARCH)

/* Pool of the search that has to find every node: README, "Nothing is lost" */
#define LOKI_NARROW_SEARCH	24

/*
 * From this width on, a walk is to find every node by its own vector, and uses the codes that the
 * query would have as a row.  Making them costs a narrower walk more than it gains.
 */
#define LOKI_ROW_WIDTH		256

/* A node found on a layer above 0 */
typedef struct LokiUpperFound
{
	float		distance;
	uint32		node;
	uint32		slot;			/* UPPER slot on the layer */
	uint32		down;			/* on the one below; LOKI_NONE: none, or stale */
} LokiUpperFound;

/*
 * The way down the layers above 0: what was found on one, ascending by distance.
 * The narrow search, which keeps LOKI_ENTRY_WIDTH and goes on from the nearest
 * alone, is part of each.
 */
typedef struct LokiDescent
{
	int			level;
	int			nfound;
	LokiUpperFound *found;
	int			nnarrow;
	LokiUpperFound narrow[LOKI_ENTRY_WIDTH];
} LokiDescent;

/*
 * functions in graph/descent.c.  Begin at the entry point; then, layer by layer, search and go down.
 * No page may be locked, and none is afterwards.
 */
extern bool loki_descent_begin(LokiSearch *search, const LokiMetaPageData *meta,
							   LokiDescent *descent, LokiUpperFound *found);
extern void loki_descent_search(LokiSearch *search, LokiDescent *descent, int ef);
extern void loki_descent_lower(LokiDescent *descent);
extern void loki_descent_to(LokiSearch *search, LokiDescent *descent, int level, int ef);

/*
 * functions in graph/search.c.  Begin layer 0 with an empty pool of ef.  Then walk: add entries, and expand nodes until the
 * nearest `width` of the pool are expanded, or the target is met.  A walk can be continued
 * with a larger width.  It comes to the same nearest `width` as one with a pool of `width`.
 */
extern void loki_search_start(LokiSearch *search, int ef);
extern void loki_search_walk(LokiSearch *search, const LokiUpperFound *entries,
							 int nentries, int width, int ef);

/*
 * Note what the reach has to know of this query, unless it was noted: now that the nearest
 * candidates are as many as the width, the error of the last row's estimate, whose node is given,
 * and whether most are at the distance of the one before.  No page may be locked.
 */
extern void loki_search_note_error(LokiSearch *search, const LokiCandidate *nearest, uint32 node);

/*
 * A best-first search: expand the nearest node, score its neighbors, and so on.  Its steps
 * say where nodes are kept, and which of them is next.
 */
typedef struct LokiWalk LokiWalk;

typedef struct LokiWalkSteps
{
	/*
	 * Choose the node that is expanded next.  If there is none, the batch
	 * that waits is scored, and then this is called again.
	 */
	bool		(*next) (LokiWalk *walk, LokiBatch *waiting);

	/*
	 * Expand it: put its neighbors into an empty batch and begin to fetch
	 * their codes, or score them at once
	 */
	void		(*expand) (LokiWalk *walk, LokiBatch *batch);

	/* Score a batch, and empty it */
	void		(*score) (LokiWalk *walk, LokiBatch *batch);
} LokiWalkSteps;

struct LokiWalk
{
	LokiSearch *search;
	uint32		width;			/* nodes that are expanded at most: the
								 * nearest; in a scan loki_reach() ends the
								 * walk sooner */
	uint32		ef;				/* nodes that are kept */
};

/*
 * Walk until there is no next node.  The codes of one node's neighbors are fetched while
 * those of the node before are scored.  So a node is chosen before the neighbors of the last
 * one are known.  That expands a few more nodes, but hides most of the latency of memory.
 *
 * Inline, so that the steps are.
 */
static pg_attribute_always_inline void
loki_walk(LokiWalk *walk, const LokiWalkSteps *steps)
{
	LokiBatch  *waiting = &walk->search->scratch.batches[0];
	LokiBatch  *batch = &walk->search->scratch.batches[1];

	waiting->n = batch->n = 0;
	for (;;)
	{
		LokiBatch  *scored = waiting;

		if (steps->next(walk, waiting))
			steps->expand(walk, batch);
		else if (waiting->n == 0)
			break;
		if (waiting->n > 0)
			steps->score(walk, waiting);
		waiting = batch;
		batch = scored;
		CHECK_FOR_INTERRUPTS();
	}
}

/* Begin layer 0 at some nodes, and walk until the ef nearest are expanded */
extern void loki_search_layer0(LokiSearch *search, const LokiUpperFound *entries,
							   int nentries, int ef);

/* The width of searches that come to every node: scans of hnsw.ef_search = 400 are wider */
#define LOKI_ROW_SEARCH		400

/* Nodes that the narrow search of layer 0 starts from, `width` at most; and those that a scan's walk starts from */
extern int	loki_search_entries(LokiSearch *search, const LokiMetaPageData *meta,
								int width, LokiUpperFound *entries);
extern int	loki_scan_entries(LokiSearch *search, const LokiMetaPageData *meta, bool wide,
							  LokiUpperFound *entries, int *nnarrow);

/* A pool of more costs more to shift than a heap to sift */
#define LOKI_POOL_MAX		16384

/* Candidates that the errors of codes may make a search keep, even a narrow one */
#define LOKI_REACH_MOST		1024

/* Keep a scored node in scored[]; returns its index there */
extern uint32 loki_search_keep(LokiSearch *search, float distance, uint32 node, uint8 flags);

/* Make room for n candidates in the pool, and forget those that are there */
extern void loki_pool_reserve(LokiSearch *search, uint32 n);

extern void loki_visited_reset(LokiSearch *search);
extern void loki_visited_reserve(LokiSearch *search, double n);
extern void loki_visited_grow(LokiSearch *search);

/*
 * Add a node to the set, which has room; false if it is there already.  Open addressing with linear probing:
 * the set is at most half full, so that a probe mostly ends in the cache line where it began.  Node IDs
 * follow each other where nodes lie near each other, so they are spread by Fibonacci hashing: the high bits
 * of a product with 2^32 divided by the golden section.
 *
 * Most probes end at once, at the node or at an empty place.  Which of the two, the processor cannot predict,
 * so nothing branches on it.
 */
static inline bool
loki_visited_insert(LokiVisited *visited, uint32 node)
{
	uint32		i = (node * 0x9E3779B1u) >> visited->shift;

	Assert(visited->used < visited->size);
	for (;; i = (i + 1) & (visited->size - 1))
	{
		uint32		met = visited->slots[i];
		bool		is_new = met == LOKI_NONE;

		/* zero if either is: compilers would branch on two comparisons */
		if (likely((uint64) (met ^ node) * (met ^ LOKI_NONE) == 0))
		{
			visited->slots[i] = node;
			visited->used += is_new;
			return is_new;
		}
	}
}

/* Whether a node is in the set */
static inline bool
loki_is_visited(const LokiVisited *visited, uint32 node)
{
	uint32		i = (node * 0x9E3779B1u) >> visited->shift;

	while (visited->slots[i] != node && visited->slots[i] != LOKI_NONE)
		i = (i + 1) & (visited->size - 1);
	return visited->slots[i] == node;
}

/* Mark a node as visited; true if it was not before */
static inline bool
loki_visit(LokiSearch *search, uint32 node)
{
	if (search->visited.used * 2 >= search->visited.size)
		loki_visited_grow(search);
	return loki_visited_insert(&search->visited, node);
}

#endif							/* LOKI_GRAPH_SEARCH_H */
