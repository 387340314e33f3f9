/*-------------------------------------------------------------------------
 *
 * cost.c
 *	  What a scan of an hnsw index costs.
 *
 * Nearly all the work is done before the first row: it is startup cost.  What
 * a further row costs matters when the executor filters rows out, or when
 * there is no LIMIT.  src/planner/README derives the formula.
 *
 * IDENTIFICATION
 *	  src/planner/cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "planner/planner.h"
#include "utils/float.h"
#include "utils/selfuncs.h"

/* In units of cpu_operator_cost */
#define SCAN_OPERATIONS			600 /* beginning: metapage, query, upper layers */
#define SCORE_OPERATIONS		1.5 /* one node of the walk ... */
#define SCORE_BITS				3000.0	/* ... and 1 for as many bits of code */
#define SEQUENTIAL_OPERATIONS	0.3 /* one node of a sequential pass */
#define ROW_OPERATIONS			25	/* refining, fetching and ranking a row */

/* Nodes scored when a walk is widened by one row */
#define NODES_PER_ROW			12

/* Codes used per touched page, where nodes are numbered for locality */
#define NODES_PER_PAGE			3

/*
 * Nodes that a walk of this width scores in a graph of n nodes.
 */
double
loki_walk_nodes(double n, double ef, int m)
{
	double		layers = log(n + 1) / log(m);
	double		nodes = layers * m +
		2 * m * ef * 0.55 * log(n + 1) / (log(m) * (1 + log(ef)));

	return Min(nodes, n);
}

/* Scoring one node */
Cost
loki_score_cost(const LokiHnswShape *shape)
{
	return cpu_operator_cost *
		(SCORE_OPERATIONS + shape->code_bits * (double) shape->code_dims / SCORE_BITS);
}

/* A path that must never be chosen while there is another */
static void
forbid(IndexPath *path, Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
	   double *correlation, double *pages)
{
	*startup_cost = get_float8_infinity();
	*total_cost = get_float8_infinity();
	*selectivity = 0;
	*correlation = 0;
	*pages = 0;
	LokiDisablePath(path);
}

/*
 * amcostestimate
 */
void
loki_cost_estimate(PlannerInfo *root, IndexPath *path, double loop_count,
				   Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
				   double *correlation, double *pages)
{
	IndexOptInfo *info = path->indexinfo;
	GenericCosts costs = {0};
	LokiHnswShape shape;
	Relation	index;
	bool		readable;
	double		n = Max(info->tuples, 1);
	LokiScanSettings settings;
	double		ef;
	double		width;
	double		score_cost;
	double		miss;
	double		nodes;
	double		touched;
	double		share;
	Cost		walk;

	/* the scan has no other order than distance, and one distance only */
	if (list_length(path->indexorderbys) != 1)
	{
		forbid(path, startup_cost, total_cost, selectivity, correlation, pages);
		return;
	}
	index = index_open(info->indexoid, NoLock);
	readable = loki_hnsw_shape(index, &shape);
	loki_scan_settings(index, &settings);
	width = readable ? loki_hnsw_target_width(index, root->limit_tuples) : 0;
	index_close(index, NoLock);
	if (!readable)
	{
		forbid(path, startup_cost, total_cost, selectivity, correlation, pages);
		return;
	}
	genericcostestimate(root, path, loop_count, &costs);

	ef = settings.ef;
	if (width > 0)
		ef = width;
	else if (root->limit_tuples > ef)
		ef = root->limit_tuples;
	score_cost = loki_score_cost(&shape);
	nodes = loki_walk_nodes(n, ef, shape.m);
	walk = nodes * score_cost;

	/*
	 * A filter in the index: walk until ef match, or pass over all nodes.  The
	 * selectivity is one of the table, of which a partial index has a part.
	 */
	share = path->indexclauses != NIL ? Min(costs.numIndexTuples / n, 1) : 1;
	if (share < 1)
	{
		Cost		pass = n * SEQUENTIAL_OPERATIONS * cpu_operator_cost +
			n * share * score_cost;

		nodes = Min(nodes / Max(share, 1e-9), n);
		walk = Min(nodes * score_cost, pass);
	}

	/* pages that have to be read: the share of the index that is not cached */
	miss = 1 - Min(1.0, effective_cache_size / Max(info->pages, 1.0));
	miss = Max(miss, 0.05);
	touched = Min(nodes / NODES_PER_PAGE, (double) info->pages);

	*startup_cost = costs.indexStartupCost + SCAN_OPERATIONS * cpu_operator_cost +
		walk + touched * miss * costs.spc_random_page_cost;
	*total_cost = *startup_cost + n * share *
		(NODES_PER_ROW * score_cost + ROW_OPERATIONS * cpu_operator_cost);
	*selectivity = costs.indexSelectivity;
	*correlation = 0;
	*pages = touched;
}

/* Called by _PG_init. */
void
loki_planner_init(void)
{
	loki_hnsw_costestimate = loki_cost_estimate;
	loki_hybrid_init();
	loki_limit_init();
	loki_paths_init();
	loki_resjunk_init();
}
