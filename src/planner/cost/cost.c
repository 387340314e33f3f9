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
 *	  src/planner/cost/cost.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "planner/cost/cost.h"
#include "planner/query/promise.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/selfuncs.h"

/*
 * Settings, in units of cpu_operator_cost; src/planner/README says where the
 * defaults are from.
 */
double		loki_scan_cost = 600;	/* beginning: metapage, query, upper
									 * layers */
double		loki_node_cost = 1.5;	/* scoring one node of a walk ... */
double		loki_pass_cost = 0.17;	/* passing one node's attributes */
double		loki_row_cost = 120;	/* refining, fetching and ranking a row */
double		loki_late_row_cost = 1400;	/* ... that scan memory has no room
										 * for */
double		loki_detoast_cost = 135;	/* reading a chunk of a vector out of
										 * line */

/* ... and loki_node_cost is for a code of few bits: 1 for as many more */
#define SCORE_BITS				3000.0

/* Codes used per touched page, where nodes are numbered for locality */
#define NODES_PER_PAGE			3

/* A walk with a filter that few match is longer by this over their share */
#define FILTER_DETOUR			0.1

/* Reading the code of a node that matches, in a pass, beside scoring it */
#define MATCH_OPERATIONS		8

/* Slots of an attribute on a page */
#define ATTRIBUTES_PER_PAGE		1000

/* Pages that are read though the cache has room for the index */
#define LEAST_MISS				0.01

/* Memory of a scan per row returned */
#define ROW_BYTES				512

/*
 * Where the executor drops most rows, those that it takes come in batches, each
 * of which widens the walk: times loki_row_cost, and a third for that fewer rows
 * may match than was thought, when other plans cost no more.
 */
#define DROPPED_ROW				4.0

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
		(loki_node_cost + shape->code_bits * (double) shape->code_dims / SCORE_BITS);
}

/*
 * Rows that will be taken out of a scan which has so many, or 0 where that cannot
 * be known but is not all of them: for a cursor, or a LIMIT that is a parameter.
 */
static double
rows_taken(PlannerInfo *root, IndexPath *path, double rows)
{
	double		matching = path->path.param_info ?
		path->path.param_info->ppi_rows : path->indexinfo->rel->rows;
	double		wanted = loki_promise_wanted(root);

	if (wanted <= 0)
		return root->tuple_fraction > 0 ? 0 : rows;
	/* the executor filters rows out, too */
	return Min(rows, wanted * Max(rows / Max(matching, 1), 1));
}

/* The share of rows that the executor drops, before it has enough */
static double
share_dropped(PlannerInfo *root, IndexPath *path, double rows)
{
	double		matching = path->path.param_info ?
		path->path.param_info->ppi_rows : path->indexinfo->rel->rows;

	if (root->limit_tuples <= 0 && root->tuple_fraction <= 0)
		return 0;
	return 1 - Min(matching / rows, 1);
}

/*
 * What a further row costs: little as long as the scan has memory for the rows
 * taken; then it passes over the index again and again.
 */
static Cost
further_row_cost(double taken, double dropped)
{
	double		room = work_mem * 1024.0 * loki_scan_mem_multiplier / ROW_BYTES;
	double		late = taken > 0 ? (taken - room / 2) / room : 0;
	double		row = loki_row_cost * (1 + (DROPPED_ROW - 1) * dropped);

	late = Max(0, Min(late, 1));
	return cpu_operator_cost * (row + late * Max(loki_late_row_cost - row, 0));
}

/*
 * A path that must never be chosen while there is another.  Its cost is a number,
 * since what core makes of infinite ones, as a sort's above it, is NaN, which is less
 * than any other cost.
 */
static void
forbid(IndexPath *path, Cost *startup_cost, Cost *total_cost, Selectivity *selectivity,
	   double *correlation, double *pages)
{
	*startup_cost = LOKI_FORBIDDEN_COST;
	*total_cost = LOKI_FORBIDDEN_COST;
	*selectivity = 0;
	*correlation = 0;
	*pages = 0;
	LokiDisablePath(path);
}

/*
 * Open an index of a query that is planned, whose lock is held.  There are other
 * extensions that plan with indexes of which there is no file: those are not ours
 * to open.
 */
Relation
loki_open_planned(const IndexOptInfo *info)
{
	Assert(!info->hypothetical);
	return index_open(info->indexoid, NoLock);
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
	LokiScanSettings settings;
	Relation	index;
	bool		readable;
	bool		exact;
	double		n = Max(info->tuples, 1);
	double		wanted = loki_promise_wanted(root);
	double		ef;
	double		width;
	double		score_cost;
	double		miss;
	double		nodes;
	double		touched;
	double		share;
	double		rows;
	Cost		walk;

	/*
	 * The scan has no other order than distance, and one distance only.
	 * Nothing is known of an index that an extension only supposes.
	 */
	if (list_length(path->indexorderbys) != 1 || info->hypothetical)
	{
		forbid(path, startup_cost, total_cost, selectivity, correlation, pages);
		return;
	}
	index = loki_open_planned(info);
	/* an old index is an error, unless scans of it are not wanted anyway */
	readable = (enable_indexscan || !loki_hnsw_is_old(index)) &&
		loki_hnsw_shape(index, &shape);
	loki_scan_settings(index, &settings);
	loki_promise_label(path, settings.complete);
	width = readable ? loki_hnsw_target_width(index, wanted) : 0;
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
	else if (wanted > ef)
		ef = wanted;
	score_cost = loki_score_cost(&shape);
	exact = settings.exact || (settings.complete && !loki_promise_likely_search(root));
	nodes = exact ? n : loki_walk_nodes(n, ef, shape.m);
	walk = nodes * score_cost;
	touched = nodes / NODES_PER_PAGE;

	/*
	 * A filter in the index: go around what does not match, or pass over all
	 * nodes.  The selectivity is one of the table, of which a partial index
	 * has a part; rows are given for each element of IN, but there is one
	 * scan.
	 */
	share = path->indexclauses != NIL ?
		Min(costs.numIndexTuples * Max(costs.num_sa_scans, 1) / n, 1) : 1;
	if (share < 1)
	{
		Cost		pass = n * loki_pass_cost * cpu_operator_cost +
			n * share * (score_cost + MATCH_OPERATIONS * cpu_operator_cost);

		nodes = Min(nodes * (1 + FILTER_DETOUR / Max(share, 1e-9)), n);
		walk = nodes * score_cost;
		touched = nodes / NODES_PER_PAGE;
		if (pass < walk)
		{
			walk = pass;
			touched = n / ATTRIBUTES_PER_PAGE + n * share / NODES_PER_PAGE;
		}
	}
	rows = Max(n * share, 1);

	/* pages that have to be read: the share of the index that is not cached */
	miss = 1 - Min(1.0, effective_cache_size / Max(info->pages, 1.0));
	miss = Max(miss, LEAST_MISS);
	touched = Min(touched, (double) info->pages);

	*startup_cost = costs.indexStartupCost + loki_scan_cost * cpu_operator_cost +
		walk + touched * miss * costs.spc_random_page_cost;
	*total_cost = *startup_cost + rows *
		further_row_cost(rows_taken(root, path, rows), share_dropped(root, path, rows));
	*selectivity = costs.indexSelectivity;
	*correlation = 0;
	*pages = touched;
}

static void
define_cost(const char *name, const char *description, double *value)
{
	DefineCustomRealVariable(name, description, "In units of cpu_operator_cost.",
							 value, *value, 0, 1e6, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
}

/* Called by loki_planner_init() */
void
loki_cost_init(void)
{
	loki_hnsw_costestimate = loki_cost_estimate;
	define_cost("lokivector.scan_cost",
				"Cost of beginning a scan of an hnsw index.", &loki_scan_cost);
	define_cost("lokivector.node_cost",
				"Cost of scoring a node of an hnsw index.", &loki_node_cost);
	define_cost("lokivector.pass_cost",
				"Cost of passing over a node's attributes.", &loki_pass_cost);
	define_cost("lokivector.row_cost",
				"Cost of ranking and fetching a row found by an hnsw index.",
				&loki_row_cost);
	define_cost("lokivector.late_row_cost",
				"Cost of such a row when scan memory has no room for it.",
				&loki_late_row_cost);
	define_cost("lokivector.detoast_cost",
				"Cost of reading 2 kB of a vector that is out of line.",
				&loki_detoast_cost);
}
