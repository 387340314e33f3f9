/*-------------------------------------------------------------------------
 *
 * hybrid_cost.c
 *	  What a scan within a bitmap or a distance costs.
 *
 * The same estimate is made twice: by the planner from selectivities, and by the scan
 * when it knows how many rows the bitmap has.  With S rows in the bitmap on P pages, and I of
 * the n nodes inside, ef the larger of hnsw.ef_search and the rows wanted, and the other names
 * of cost/cost.c:
 *
 *		walk	= u * (0.5 S + scan_cost + min(ef, I) * row_cost)
 *				  + min(nodes * n / I * score, n * flat_node_cost * u + I * score,
 *						25 u * S + I * score)			the third by the row map
 *		total	= bitmap + walk + heap pages of the rows that match
 *				  + (matches - min(ef, I)) * row_cost * u + matches * cpu_tuple_cost
 *		rows	= u * S * (400 + detoast_cost * chunks) + P * page
 *
 * Without a bitmap, heap pages cost what they do in a bitmap heap scan.  Nodes newer than the map are
 * added.  If I is at least 5 % of n, a walk costs at most four
 * times an unrestricted one.  page is random_page_cost times the share of the table that is not
 * cached, at least 1 %.  If reading all rows would return the first row earlier, the path has
 * those costs; a tenth is taken off if more rows are expected than wanted and the bitmap is not
 * of b-trees alone, since the planner often misjudges the rows of GIN and GiST.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/hybrid_cost.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "access/heaptoast.h"
#include "catalog/pg_am.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/filter/tid_set.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "planner/cost/cost.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/level.h"
#include "planner/query/promise.h"
#include "utils/array.h"
#include "utils/rel.h"
#include "utils/spccache.h"

/* In units of cpu_operator_cost */
#define TID_OPERATIONS			0.5 /* adding a row of a bitmap to a set */
#define ROW_OPERATIONS			400 /* reading a row in the order of the heap,
									 * and measuring it */
#define MAP_OPERATIONS			25	/* finding the node of a row by its TID */

/* Nanoseconds, as scan/strategy.c counts them: looking a key of an array up in another index */
#define KEY_TIME				375

/* Vectors of more bytes than this are assumed to be out of line */
#define INLINE_BYTES			2000

#define COLUMNS_OPERATIONS		5	/* a row out of the index alone ... */
#define COLUMNS_TID_OPERATIONS	3	/* ... and whether one, in the order of
									 * nodes, is in the set */

/* Rows that are read to rerank them, besides those that are returned */
#define RERANKED_ROWS			10

/*
 * The rows of a bitmap are often misjudged, unless it is made of b-trees.  This scan decides when
 * it has them (loki_hybrid_rows_pay), and a bitmap heap scan cannot.  So it costs this part less
 * where it would read every row, as a bitmap heap scan does, unless all rows are wanted anyway.
 */
#define DECIDES_LATER			0.1

/*
 * As long as the nodes inside the set are connected, a walk that skips nodes outside
 * it scores this many times as many nodes at most.
 */
#define WALK_MOST				4.0
#define WALK_SHARE				0.05

/*
 * The share of rows with words that a generic plan does not know.  The server takes it for 0.5 %, so that
 * such a plan would be cheaper than any for frequent words.
 */
#define UNKNOWN_WORDS			0.1

/* What a search is to find, and where */
typedef struct HybridSearch
{
	LokiHnswShape shape;
	double		nodes;			/* of the index */
	double		inside;			/* of these, in the set */
	double		width;			/* rows to be found */
	bool		exact;			/* by a flat scan in any case */
	double		set_rows;		/* rows of the bitmap */
	Cost		page;			/* reading a heap page of them at random, if
								 * it is not cached */
} HybridSearch;

/* Measuring a row of a page that was read */
static Cost
row_cost(const HybridSearch *search)
{
	double		bytes = search->shape.code_dims * sizeof(float);
	double		operations = ROW_OPERATIONS;

	if (bytes > INLINE_BYTES)
		operations += loki_detoast_cost * ceil(bytes / TOAST_MAX_CHUNK_SIZE);
	return operations * cpu_operator_cost;
}

/*
 * Testing whether a node is in the set, in units of cpu_operator_cost.  The test needs
 * the node's heap TID, which costs much more to look at than an attribute.
 */
#define TEST_OPERATIONS			35

/*
 * Testing all nodes, and scoring those inside the set; or scoring those that the row map finds by the TIDs of
 * their rows, and testing newer ones, if there is a bitmap and that is cheaper
 */
static Cost
flat_cost(const HybridSearch *search, Cost score)
{
	Cost		test = TEST_OPERATIONS * cpu_operator_cost;
	Cost		scores = search->inside * score;
	Cost		flat = search->nodes * loki_flat_node_cost * cpu_operator_cost;

	if (search->set_rows == 0)
		return flat + scores;
	flat += search->nodes * test;
	if (search->shape.mapped > 0)
		flat = Min(flat, search->set_rows * MAP_OPERATIONS * cpu_operator_cost +
				   Max(search->nodes - search->shape.mapped, 0) * test);
	return flat + scores;
}

/*
 * What a flat scan costs that returns every row that matches.  It goes by bounds of the
 * distance that always hold.  A node costs CERTAIN_OPERATIONS, and one more for each
 * CERTAIN_BITS of its code.  If codes give no bounds, all rows are read.
 */
#define CERTAIN_OPERATIONS		20
#define CERTAIN_BITS			90

/* Bounding the distance of a node by its code, in units of cpu_operator_cost */
static double
bound_operations(const LokiHnswShape *shape)
{
	return CERTAIN_OPERATIONS + shape->full_bits * (double) shape->code_dims / CERTAIN_BITS;
}

/*
 * What the access method does: a walk or a flat scan, whichever is cheaper; or a flat scan that misses no
 * row
 */
static Cost
search_cost(const HybridSearch *search)
{
	const LokiHnswShape *shape = &search->shape;
	Cost		score = loki_score_cost(shape);
	double		share = Max(search->inside / Max(search->nodes, 1), 1e-9);
	double		walk = loki_walk_nodes(search->nodes, Max(search->width, 2), shape->m);
	Cost		test = search->set_rows > 0 ? TEST_OPERATIONS * cpu_operator_cost : 0;
	Cost		cost = Min(walk / share, search->nodes) * (score + test);

	Assert(search->inside >= 1 && search->inside <= search->nodes);
	if (share >= WALK_SHARE)
		cost = Min(cost, walk * WALK_MOST * (score + test));
	if (!search->exact && !shape->pending)
		cost = Min(cost, flat_cost(search, score));
	else
		cost = flat_cost(search, shape->listed ? score :
						 shape->certain ? cpu_operator_cost * bound_operations(shape) :
						 row_cost(search) + search->page);
	return loki_scan_cost * cpu_operator_cost + cost +
		Min(search->width, search->inside) * loki_row_cost * cpu_operator_cost;
}

/* Whether a bitmap is made of b-trees alone, whose rows are judged well */
static bool
is_of_btrees(Path *bitmap)
{
	List	   *parts;

	if (IsA(bitmap, IndexPath))
		return ((IndexPath *) bitmap)->indexinfo->relam == BTREE_AM_OID;
	parts = IsA(bitmap, BitmapAndPath) ? ((BitmapAndPath *) bitmap)->bitmapquals :
		castNode(BitmapOrPath, bitmap)->bitmapquals;
	foreach_ptr(Path, part, parts)
		if (!is_of_btrees(part))
		return false;
	return true;
}

/*
 * If reading every row of the bitmap begins to return rows earlier, its costs count:
 * those of the bitmap heap scan, and of the distances of its rows.  `all`: they are all wanted.
 */
static void
cost_rows(PlannerInfo *root, CustomPath *path, bool all)
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
		double		share = all || is_of_btrees(LokiHybridBitmap(path)->bitmapqual) ? 1 :
			1 - DECIDES_LATER;

		path->path.startup_cost = startup * share;
		path->path.total_cost = total * share;
	}
}

/* Rows in the order of a distance, or within it */
static void
cost_search(PlannerInfo *root, CustomPath *path, HybridSearch *search, Cost set, double matches)
{
	const RelOptInfo *rel = path->path.parent;
	BlockNumber index_pages = LokiHybridWalk(path)->indexinfo->pages;
	double		wanted = matches;
	double		pages = index_pages_fetched(matches, rel->pages, index_pages, root);
	double		reranked = 0;
	Cost		heap;
	const LokiLevel *level = loki_query_level(root);

	search->exact = path->path.pathkeys == NIL || !level->likely_search[true];
	search->page = random_page_cost * loki_share_missed(rel->pages);
	if (level->wanted > 0 && path->path.pathkeys != NIL)
		wanted = Min(matches, level->wanted * matches / Max(path->path.rows, 1));
	search->width = Max(wanted, search->shape.ef);

	/*
	 * rows that the search reads and measures are part of its cost, others
	 * come on top
	 */
	if (LokiHybridBitmap(path) != NULL)
	{
		reranked = index_pages_fetched(Min(search->inside, wanted + RERANKED_ROWS), rel->pages,
									   index_pages, root);
		heap = Max(pages - reranked, 0) * random_page_cost;
	}
	else
	{
		double		random_page;
		double		seq_page;

		/*
		 * Pages of the rows within a bound are prefetched, many at a time, as
		 * those of a bitmap heap scan are, so one costs as much
		 * (cost_bitmap_heap_scan()).
		 */
		get_tablespace_page_costs(rel->reltablespace, &random_page, &seq_page);
		heap = pages * (random_page - (random_page - seq_page) * sqrt(Min(pages / Max(rel->pages, 1), 1)));
	}
	path->path.startup_cost = set + rel->baserestrictcost.startup +
		search_cost(search) + reranked * random_page_cost;
	path->path.total_cost = path->path.startup_cost + heap +
		Max(matches - Min(search->width, search->inside), 0) * loki_row_cost * cpu_operator_cost +
		matches * (cpu_tuple_cost + rel->baserestrictcost.per_tuple);

	/*
	 * all rows, as a Sort by a score takes them, are found by looking at every node: no search says that
	 * there are no more
	 */
	if (!search->exact && level->asked.reorders)
	{
		Cost		late = search_cost(search);

		search->exact = true;
		path->path.total_cost += Max(search_cost(search) - late, 0);
	}
	if (LokiHybridBitmap(path) != NULL)
		cost_rows(root, path, wanted >= matches);
	if (path->path.pathkeys != NIL && level->windows_need_all)
		path->path.startup_cost = path->path.total_cost;
}

/* What it costs at least to take rows out of an index alone: all nodes are looked at */
Cost
loki_hybrid_columns_least(const IndexOptInfo *index)
{
	return (loki_scan_cost + Max(index->tuples, 1) * loki_flat_node_cost) * cpu_operator_cost;
}

/*
 * Rows out of the index alone: all nodes are tested, those that match are bounded, and rows that are not
 * visible to everyone are fetched.
 */
static void
cost_columns(PlannerInfo *root, CustomPath *path, const HybridSearch *search, Cost set,
			 double matches, bool bounded)
{
	const RelOptInfo *rel = path->path.parent;
	const IndexOptInfo *index = LokiHybridWalk(path)->indexinfo;
	double		operations = COLUMNS_OPERATIONS;

	if (LokiHybridBitmap(path) != NULL)
		set += search->nodes * COLUMNS_TID_OPERATIONS * cpu_operator_cost;
	if (bounded)
		operations += bound_operations(&search->shape);
	path->path.startup_cost = set + rel->baserestrictcost.startup;
	path->path.total_cost = path->path.startup_cost + loki_hybrid_columns_least(index) +
		search->inside * operations * cpu_operator_cost +
		matches * (cpu_tuple_cost + rel->baserestrictcost.per_tuple) +
		index_pages_fetched(matches, rel->pages, index->pages, root) *
		(1 - rel->allvisfrac) * random_page_cost;
}

/*
 * Set the costs of a path that has its children, and of whose rows bounds of the distance, if there are
 * any, let a share pass.  False if it can have no rows out of the index alone: codes may give no bounds.
 */
bool
loki_hybrid_cost(PlannerInfo *root, CustomPath *path, Selectivity selectivity, bool bounded)
{
	const IndexPath *walk = LokiHybridWalk(path);
	bool		alone = path->methods == &loki_hybrid_columns_methods;
	HybridSearch search = {0};
	bool		readable = walk->path.total_cost < LOKI_FORBIDDEN_COST;
	Cost		set = 0;
	Selectivity inside = 1;
	Selectivity first;
	Selectivity part = loki_noted_saving(root, &walk->path).part;
	const LokiLevel *level = loki_query_level(root);
	bool		unknown;
	double		matches;

	Assert(selectivity >= 0 && selectivity <= 1);
	if (readable)
	{
		Relation	index = loki_open_planned(walk->indexinfo);

		readable = loki_hnsw_shape(index, &search.shape);
		index_close(index, NoLock);
	}
	if (!readable)
	{
		/* other plans are possible until this index is rebuilt */
		path->path.startup_cost = path->path.total_cost = LOKI_FORBIDDEN_COST;
		LokiDisablePath(path);
		return !alone;
	}
	if (alone && bounded && (!search.shape.certain || search.shape.listed))
		return false;
	first = loki_words_first(root, walk, &unknown);
	search.nodes = Max(walk->indexinfo->tuples, 1);
	if (LokiHybridBitmap(path) != NULL)
	{
		cost_bitmap_tree_node(LokiHybridBitmap(path)->bitmapqual, &set, &inside);
		if (unknown)
			inside = Max(inside, UNKNOWN_WORDS);
		search.set_rows = search.nodes * inside;
		set += search.set_rows * TID_OPERATIONS * cpu_operator_cost;
	}
	Assert(first > 0 && inside >= 0 && inside <= 1);
	search.inside = Max(search.nodes * inside * Min(walk->indexselectivity / first / (alone ? 1 : part), 1), 1);
	matches = clamp_row_est(search.inside * selectivity);
	if (alone)
		cost_columns(root, path, &search, set, matches, bounded);
	else
		cost_search(root, path, &search, set, matches);
	if (part < 1 && !alone)
	{
		/*
		 * what LIMIT is expected to take of the rows; if they come in its order, its share of them is of a cost that is
		 * less by the rest
		 */
		Cost		all = path->path.total_cost;

		search.inside = Max(search.inside * part, 1);
		cost_search(root, path, &search, set, clamp_row_est(search.inside * selectivity));
		all = path->path.pathkeys == NIL ? 0 : Max(all - path->path.total_cost, 0);
		path->path.total_cost += all;
		loki_note_saving(root, &path->path, level->windows_need_all ? 0 : all, part);
	}
	Assert(path->path.startup_cost <= path->path.total_cost);
	return true;
}

/*
 * Rows of the bitmap that the caller takes, if it takes all that pass, as by LIMIT NULL: the access method reads each of
 * them as well, and at random.  Bounds and conditions of the index leave out the share that the planner expects.  0 if
 * others are taken, or memory has no room for all.
 */
static double
rows_taken(const LokiHybridState *state)
{
	const CustomScan *scan = (const CustomScan *) state->css.ss.ps.plan;
	const Plan *bitmap = linitial(scan->custom_plans);
	double		rows = state->tids->count;

	if (state->limit > 0 || (state->caller.limit == NULL && !LokiHybridHas(scan, LOKI_HYBRID_ALL)) ||
		rows * sizeof(LokiHybridRow) > work_mem * 1024.0)
		return 0;
	return state->bounds.n == 0 && state->walk.nkeys == 0 ? rows :
		rows * Min(scan->scan.plan.plan_rows / Max(bitmap->plan_rows, 1), 1);
}

/*
 * Whether measuring all rows of the bitmap, which has some, costs less than asking the
 * index.  Reads the metapage; leaves nothing pinned.
 */
bool
loki_hybrid_rows_pay(const LokiHybridState *state)
{
	HybridSearch search = {0};
	Relation	table = state->css.ss.ss_currentRelation;

	Assert(state->tids != NULL && state->tids->npages > 0);
	if (!loki_hnsw_shape(state->walk.index, &search.shape))
		return true;
	search.set_rows = state->tids->count;
	search.nodes = Max(loki_hnsw_nodes(state->walk.index), Max(search.set_rows, 1));
	search.inside = Max(search.set_rows, 1);
	search.page = random_page_cost * loki_share_missed(table->rd_rel->relpages);
	search.width = Max(state->limit, search.shape.ef);

	/*
	 * whether the access method would return every row, of the plan or within
	 * a bound
	 */
	search.exact = state->label.promise == LOKI_PROMISE_EXACT ||
		(state->bounds.n > 0 && state->limit == 0);
	return search.set_rows * row_cost(&search) + state->tids->npages * search.page <=
		search_cost(&search) + rows_taken(state) * (row_cost(&search) + search.page);
}

/*
 * Whether so many more keys of arrays have come, for the one index of a bitmap to look up, than the planner knew of that
 * this costs more than reading the table, which is the most that a search costs that drops the rows of other keys
 */
bool
loki_hybrid_keys_outgrow(const LokiHybridState *state)
{
	PlanState  *bitmap = state->bitmap;
	BitmapIndexScanState *scan = (BitmapIndexScanState *) bitmap;
	double		keys = 0;

	Assert(bitmap != NULL && state->tids == NULL);
	if (!IsA(bitmap, BitmapIndexScanState))
		return false;
	if (bitmap->chgParam != NULL || (!scan->biss_RuntimeKeysReady && scan->biss_NumRuntimeKeys > 0))
		ExecReScan(bitmap);
	for (int i = 0; i < scan->biss_NumScanKeys; i++)
	{
		const ScanKeyData *key = &scan->biss_ScanKeys[i];

		if ((key->sk_flags & (SK_SEARCHARRAY | SK_ISNULL)) == SK_SEARCHARRAY)
		{
			ArrayType  *array = DatumGetArrayTypeP(key->sk_argument);

			keys += ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		}
	}
	return keys * KEY_TIME > loki_table_time(loki_hnsw_nodes(state->walk.index),
											 RelationGetNumberOfBlocks(state->css.ss.ss_currentRelation));
}
