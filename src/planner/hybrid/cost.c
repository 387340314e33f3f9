/*-------------------------------------------------------------------------
 *
 * cost/cost.c
 *	  What a scan within a bitmap or a distance costs.
 *
 * The same estimate is made twice: by the planner, from selectivities, and by
 * the scan, when it knows how many rows the bitmap has.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/heaptoast.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "planner/cost/cost.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/promise.h"
#include "utils/rel.h"

/* In units of cpu_operator_cost */
#define TID_OPERATIONS			0.5 /* a row of a bitmap, made one of a set */
#define ROW_OPERATIONS			400 /* a row read in the order of the heap,
									 * and measured */
#define MAP_OPERATIONS			25	/* the node of a row, found by its TID */

/* Vectors of more bytes than this are thought to be out of line */
#define INLINE_BYTES			2000

/* Rows that are read to rank them, besides those that are returned */
#define RANKED_ROWS				10

/* Pages that are read though the cache has room for the table */
#define LEAST_MISS				0.01

/*
 * A walk that skips what is not in the set scores a few times as many nodes at
 * most, as long as the nodes inside hang together.
 */
#define WALK_MOST				4.0
#define WALK_SHARE				0.05

/* What a search is to find, and where */
typedef struct HybridSearch
{
	LokiHnswShape shape;
	double		nodes;			/* of the index */
	double		inside;			/* of these, in the set */
	double		width;			/* rows to be found */
	bool		exact;			/* by a pass in any case */
	double		set_rows;		/* of the bitmap, on ... */
	double		set_pages;		/* ... so many pages of the heap */
	Cost		page;			/* reading one of them */
} HybridSearch;

/* Reading a row and measuring it, page aside */
static Cost
row_cost(const HybridSearch *search)
{
	double		bytes = search->shape.code_dims * sizeof(float);
	double		operations = ROW_OPERATIONS;

	if (bytes > INLINE_BYTES)
		operations += loki_detoast_cost * ceil(bytes / TOAST_MAX_CHUNK_SIZE);
	return operations * cpu_operator_cost;
}

/* Measuring every row of the bitmap */
static Cost
rows_cost(const HybridSearch *search)
{
	return search->set_rows * row_cost(search) + search->set_pages * search->page;
}

/*
 * What the access method does about it: the cheaper of a walk and a pass.  Whether
 * a node is in a set is known by its heap TID, which costs much more to look at
 * than an attribute, in units of cpu_operator_cost:
 */
#define TEST_OPERATIONS			35

/* Ranking all nodes of the set, which the index knows by their rows' TIDs */
static Cost
mapped_cost(const HybridSearch *search, Cost score)
{
	double		unmapped = Max(search->nodes - search->shape.mapped, 0);

	return search->set_rows * MAP_OPERATIONS * cpu_operator_cost +
		search->inside * score + unmapped * TEST_OPERATIONS * cpu_operator_cost;
}

/*
 * What a pass costs whose rows are all that match, by bounds that hold always: a node
 * costs so many operations, and one more for so many bits of its code.  Where codes
 * bound nothing, all rows are read.
 */
#define CERTAIN_OPERATIONS		20
#define CERTAIN_BITS			90

static Cost
certain_cost(const HybridSearch *search)
{
	const LokiHnswShape *shape = &search->shape;
	Cost		node = shape->certain ? cpu_operator_cost *
		(CERTAIN_OPERATIONS + shape->full_bits * (double) shape->code_dims / CERTAIN_BITS) :
		row_cost(search) + search->page;
	Cost		test = search->set_rows > 0 ? TEST_OPERATIONS * cpu_operator_cost : 0;
	Cost		pass = search->nodes * (loki_pass_cost * cpu_operator_cost + test) +
		search->inside * node;

	if (search->set_rows > 0 && shape->mapped > 0)
		pass = Min(pass, mapped_cost(search, node));
	return loki_scan_cost * cpu_operator_cost + pass +
		Min(search->width, search->inside) * loki_row_cost * cpu_operator_cost;
}

static Cost
search_cost(const HybridSearch *search)
{
	Cost		score = loki_score_cost(&search->shape);
	double		share = Max(search->inside / Max(search->nodes, 1), 1e-9);
	double		walk = loki_walk_nodes(search->nodes, Max(search->width, 2), search->shape.m);
	Cost		test = search->set_rows > 0 ? TEST_OPERATIONS * cpu_operator_cost : 0;
	Cost		pass = search->nodes * loki_pass_cost * cpu_operator_cost +
		search->inside * score + search->nodes * test;
	Cost		cost = Min(walk / share, search->nodes) * (score + test);

	if (search->exact)
		return certain_cost(search);
	if (share >= WALK_SHARE)
		cost = Min(cost, walk * WALK_MOST * (score + test));
	if (search->set_rows > 0 && search->shape.mapped > 0)
		pass = Min(pass, mapped_cost(search, score));
	return loki_scan_cost * cpu_operator_cost +
		Min(cost, pass) +
		Min(search->width, search->inside) * loki_row_cost * cpu_operator_cost;
}

/* Reading a page of the heap at random, as far as it is not cached */
static Cost
page_cost(double pages)
{
	double		miss = 1 - Min(1.0, effective_cache_size / Max(pages, 1.0));

	return random_page_cost * Max(miss, LEAST_MISS);
}

/* What is known of the index, from its metapage; false if that is nothing */
static bool
read_shape(const IndexOptInfo *info, LokiHnswShape *shape)
{
	Relation	index = loki_open_planned(info);
	bool		readable = loki_hnsw_shape(index, shape);

	index_close(index, NoLock);
	return readable;
}

/*
 * The costs of reading every row of the bitmap, where that is what the scan will
 * come to: those of the bitmap heap scan, and of the distances of its rows.
 */
static void
cost_rows(PlannerInfo *root, CustomPath *path)
{
	Path	   *bitmap = &LokiHybridBitmap(path)->path;
	QualCost	distance;
	Cost		startup;
	Cost		total;

	cost_qual_eval_node(&distance, linitial(LokiHybridWalk(path)->indexorderbys), root);
	startup = bitmap->total_cost + distance.startup + bitmap->rows * distance.per_tuple;
	total = startup + bitmap->rows * cpu_tuple_cost;
	if (startup < path->path.startup_cost ||
		(startup == path->path.startup_cost && total < path->path.total_cost))
	{
		path->path.startup_cost = startup;
		path->path.total_cost = total;
	}
}

/*
 * The costs of a path: its children, and the share of rows that bounds on the
 * distance let pass, are known.
 */
void
loki_hybrid_cost(PlannerInfo *root, CustomPath *path, Selectivity bounded)
{
	RelOptInfo *rel = path->path.parent;
	IndexPath  *walk = LokiHybridWalk(path);
	BitmapHeapPath *bitmap = LokiHybridBitmap(path);
	HybridSearch search = {0};
	Selectivity inside = 1;
	Cost		set = 0;
	double		matches;
	double		wanted;
	double		pages;

	/* an index that has yet to be rebuilt; until then there are other plans */
	if (walk->path.total_cost >= LOKI_FORBIDDEN_COST)
	{
		path->path.startup_cost = path->path.total_cost = LOKI_FORBIDDEN_COST;
		LokiDisablePath(path);
		return;
	}
	search.nodes = Max(walk->indexinfo->tuples, 1);
	if (!read_shape(walk->indexinfo, &search.shape))
		search.shape.m = LOKI_DEFAULT_M;
	if (bitmap != NULL)
	{
		cost_bitmap_tree_node(bitmap->bitmapqual, &set, &inside);
		search.set_rows = search.nodes * inside;
		search.set_pages = index_pages_fetched(search.set_rows, rel->pages,
											   walk->indexinfo->pages, root);
		set += search.set_rows * TID_OPERATIONS * cpu_operator_cost;
	}
	inside *= Min(walk->indexselectivity, 1);
	search.inside = Max(search.nodes * inside, 1);
	search.exact = path->path.pathkeys == NIL || !loki_promise_likely_search(root);
	search.page = page_cost(rel->pages);

	/* of the rows found, some do not pass the clauses that remain */
	matches = clamp_row_est(search.inside * bounded);
	wanted = matches;
	if (loki_promise_wanted(root) > 0 && path->path.pathkeys != NIL)
		wanted = Min(matches, loki_promise_wanted(root) * matches / Max(path->path.rows, 1));
	search.width = Max(wanted, loki_ef_search);

	pages = index_pages_fetched(matches, rel->pages, walk->indexinfo->pages, root);
	path->path.startup_cost = set + rel->baserestrictcost.startup +
		search_cost(&search);
	if (bitmap != NULL)
		path->path.startup_cost += random_page_cost *
			index_pages_fetched(Min(search.inside, wanted + RANKED_ROWS), rel->pages,
								walk->indexinfo->pages, root);
	path->path.total_cost = path->path.startup_cost + pages * random_page_cost +
		matches * (loki_row_cost * cpu_operator_cost + rel->baserestrictcost.per_tuple);
	if (bitmap != NULL)
		cost_rows(root, path);
}

/* Whether a search would be for all rows, of the plan or within a bound */
static bool
is_certain(const LokiHybridState *state)
{
	return (state->plan & LOKI_PLAN_EXACT) != 0 || (state->nbounds > 0 && state->limit == 0);
}

/*
 * Whether a scan whose bitmap is there had better measure all of its rows than
 * search the index.
 */
bool
loki_hybrid_rows_pay(const LokiHybridState *state)
{
	HybridSearch search = {0};
	Relation	table = state->css.ss.ss_currentRelation;

	if (!loki_hnsw_shape(state->index, &search.shape))
		return true;
	search.set_rows = loki_tids_count(state->tids);
	search.set_pages = state->tids->npages;
	search.nodes = Max(state->index->rd_rel->reltuples, search.set_rows);
	search.inside = search.set_rows;
	search.page = page_cost(table->rd_rel->relpages);
	search.width = Max(state->limit, loki_ef_search);
	search.exact = is_certain(state);
	return rows_cost(&search) <= search_cost(&search);
}
