/*-------------------------------------------------------------------------
 *
 * cost.c
 *	  What a scan of an hnsw index costs.
 *
 * A scan does nearly all of its work before the first row, so that work is startup
 * cost.  The cost of further rows matters when the executor filters rows out, or when
 * there is no LIMIT.  Let u be cpu_operator_cost, n the rows of the index, s the selectivity
 * of the clauses that it evaluates, ef the larger of hnsw.ef_search and LIMIT, or what a walk
 * is as wide for.
 *
 *		nodes	= m * ln(n) / ln(m)
 *				  + 2 m * ef * 0.55 * ln(n) / (ln(m) * (1 + ln(ef)))	at most n
 *		score	= u * (node_cost + bits * dimensions / 3000)
 *		walk	= min(nodes * (1 + 0.1 / s) * score,
 *					  n * flat_node_cost * u + n * s * (score + 8 u))	a flat scan
 *		startup	= scan_cost * u + walk
 *				  + min(nodes / 3, pages) * miss * random_page_cost
 *		total	= startup + n * s * u * (row_cost .. late_row_cost)
 *
 * The number of nodes is pgvector's estimate.  miss is the share of the index that
 * effective_cache_size does not cover, at least 1 %; a walk reads three nodes of a page.  A row
 * costs row_cost as long as the scan has memory for the rows that LIMIT takes (work_mem *
 * hnsw.scan_mem_multiplier; rows that its own filter drops take none), and up to late_row_cost
 * beyond.  A cursor is taken to be small.
 *
 * A generic plan does not know LIMIT $1.  The server takes it for a tenth of the rows that a
 * path returns, which is far from what searches ask for.  So it is taken for k = 40 rows (or
 * for LIMIT, if OFFSET alone is not known and LIMIT is more; a known OFFSET is added).  With M
 * rows that the executor keeps, and P the cost of the heap's pages, this cost of further rows
 * makes a tenth of it the cost of k rows:
 *
 *		share	= min(k / M, 1)			at least 0.1 if there is a join, which may drop rows
 *		further	= max(10 * share * n * s * u * row + (10 * share - 1) * P, 0)
 *
 * bench/shapes.py measures.  Cost, milliseconds, microseconds a unit (a sequential scan: 1.1
 * to 3.8), with everything cached:
 *
 *		200,000 x 128, LIMIT 10				31		0.028	0.9
 *		LIMIT 1,000							974		1.5		1.6
 *		LIMIT 50,000						200,678	313		1.6
 *		40,000 x 768, TOAST, LIMIT 10		38		0.028	0.7
 *		all rows							195,722	168		0.9
 *		200,000 x 128, executor keeps 0.1 %	15,140	46		3.0
 *		filter in the index, 50 %			37		0.037	1.0
 *		3 %									104		0.55	5.3
 *		0.1 %								155		0.19	1.2
 *		sort of 200,000 x 128, LIMIT 10		71,656	213		3.0
 *
 * IDENTIFICATION
 *	  src/planner/cost/cost.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/genam.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/query/condition.h"
#include "planner/query/level.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"
#include "utils/guc.h"
#include "utils/selfuncs.h"
#include "utils/spccache.h"

/* Settings, in units of cpu_operator_cost */
double		loki_scan_cost = 600;	/* beginning: metapage, query, upper
									 * layers */
static double node_cost = 1.5;	/* scoring one node of a walk ... */
double		loki_flat_node_cost = 0.17; /* testing one node's attributes in a
										 * flat scan */
double		loki_row_cost = 120;	/* refining, fetching and reranking a row */
static double late_row_cost = 1400; /* ... that scan memory has no room for */
double		loki_detoast_cost = 135;	/* reading a chunk of a vector out of
										 * line */

/* node_cost is for a code of few bits; this many more bits add one unit */
#define SCORE_BITS				3000.0

/* Codes read from each page, since near nodes have near node IDs */
#define NODES_PER_PAGE			3

/* A filter makes a walk longer by this, divided by the share of nodes that match */
#define FILTER_DETOUR			0.1

/* Reading the code of a node that matches in a flat scan, without scoring it */
#define MATCH_OPERATIONS		8

/* Slots of an attribute on a page */
#define ATTRIBUTES_PER_PAGE		1000

/* The least share of pages that are read although the cache has room for the index */
#define LEAST_MISS				0.01

/* What posting lists add to the cost of a node: some postings, and a comparison */
#define LISTED_NODE				0.6

/* Memory of a scan for each row returned */
#define ROW_BYTES				512

/*
 * If the executor drops nearly all rows, a row costs loki_row_cost times this.  The
 * scan finds rows in batches, and widens its walk for each.  A third of it allows for
 * fewer matches than expected, which costs other plans nothing.
 */
#define DROPPED_ROW				4.0

/* The share of rows that the server expects a LIMIT to take whose value it does not know */
#define SERVERS_SHARE			0.1

double
loki_share_missed(double pages)
{
	return Max(1 - effective_cache_size / Max(pages, 1.0), LEAST_MISS);
}

double
loki_walk_nodes(double n, double ef, int m)
{
	double		layers = log(n + 1) / log(m);
	double		nodes = layers * m +
		2 * m * ef * 0.55 * log(n + 1) / (log(m) * (1 + log(ef)));

	Assert(n >= 1 && ef >= 1 && m > 1 && nodes >= 0);
	return Min(nodes, n);
}

Cost
loki_score_cost(const LokiHnswShape *shape)
{
	if (shape->listed)
		return cpu_operator_cost * LISTED_NODE;
	if (shape->pending)
		return cpu_operator_cost * loki_row_cost;
	return cpu_operator_cost *
		(node_cost + shape->code_bits * (double) shape->code_dims / SCORE_BITS);
}

/*
 * The share of rows that pass what slots decide besides the index conditions, as below a LIMIT (query/condition.c); as the
 * server guesses
 */
static Selectivity
slots_share(PlannerInfo *root, const IndexPath *path)
{
	Selectivity share = 1;

	foreach_node(RestrictInfo, rinfo, path->indexinfo->indrestrictinfo)
		if (!is_redundant_with_indexclauses(rinfo, path->indexclauses) &&
			loki_slots_decide(path->indexinfo, (Node *) rinfo->clause))
		share *= clause_selectivity(root, (Node *) rinfo, 0, JOIN_INNER, NULL);
	return share;
}

Cost
loki_dropped_row_cost(void)
{
	return cpu_operator_cost * loki_row_cost * DROPPED_ROW;
}

/*
 * What all rows have to cost, so that the share of it that the server takes for a LIMIT that
 * it does not know is the cost of the rows that we expect such a LIMIT to take.  A join may
 * drop rows, so it takes no less than the server's share.
 */
static Cost
cost_of_unknown_limit(PlannerInfo *root, const IndexPath *path, double rows, double kept, Cost all)
{
	const RelOptInfo *rel = path->indexinfo->rel;
	double		share = Min(loki_query_level(root)->wanted / kept, 1);
	double		ratio = share / SERVERS_SHARE;
	double		page;

	Assert(share > 0);
	if (bms_membership(root->all_baserels) != BMS_SINGLETON)
		ratio = Max(ratio, 1);
	/* the server adds the heap's pages of rows in no order (cost_index()) */
	get_tablespace_page_costs(rel->reltablespace, &page, NULL);
	return Max(ratio * all + (ratio - 1) * page *
			   index_pages_fetched(rows, rel->pages, path->indexinfo->pages, root), 0);
}

/*
 * What a scan's rows cost beyond the first ones.  A further row costs little while the scan has memory for the rows that
 * are taken and not dropped.  Beyond that, it needs one flat scan after the other.
 * If most are dropped, the walk is widened for few, and many come of one flat scan of all nodes.
 *
 * The server takes as large a share of all costs for a LIMIT as that has of the rows that it guesses.  So where more of
 * them are to be expected, a part of all rows is costed: that which LIMIT takes.  Of a filter in the index it is what the
 * server guesses, as it leaves few rows to read if the guess was right.  And no more is costed than makes the
 * server's share twice the flat way: to read the table, to test each row, and to measure those that pass.
 *
 * Where a guess is wrong, a scan reads the table a few times, and a table that is read costs hundreds of searches.  So
 * where guesses alone decide, and LIMIT takes no more than the rows that they leave, a part costs at most a quarter of
 * the flat way.
 *
 * A hash join or groups may read all rows.  So where these cost more, `whole` is by how much: as if the table was read
 * besides (order/limit_cost.c).  It is the same for all orders of a table, so that core compares paths in order by what
 * LIMIT takes of them.
 */
static Cost
further_cost(PlannerInfo *root, const IndexPath *path, double rows, Cost *whole, double *part)
{
	const LokiLevel *level = loki_query_level(root);
	const RelOptInfo *rel = path->indexinfo->rel;
	/* the rows that the executor keeps */
	double		guessed = Max(path->path.param_info != NULL ? path->path.param_info->ppi_rows : rel->rows, 1);
	double		kept = guessed;
	double		dropped = 0;	/* share of rows, before the executor has
								 * enough */
	double		room = work_mem * 1024.0 * loki_scan_mem_multiplier / ROW_BYTES;
	double		taken;
	double		late;
	double		walks;
	double		row;
	double		page;
	double		random_page;
	Selectivity joined;
	QualCost	distance;
	Cost		all = rows * loki_row_cost * cpu_operator_cost;
	Cost		cost;
	Cost		flat;

	if (level->wanted > 0 && kept < rows)
		kept = loki_rows_by_guess(root, path, guessed, rows);
	*part = 1;
	*whole = 0;
	if (root->limit_tuples > 0 || root->tuple_fraction > 0)
		dropped = 1 - Min(kept / rows, 1);
	Assert(dropped >= 0 && dropped <= 1);
	/* how many the scan is asked for, since the executor drops some; 0: not all, but not known, as for a cursor */
	taken = level->wanted > 0 ? Min(rows, level->wanted * Max(rows / kept, 1)) : root->tuple_fraction > 0 ? 0 : rows;
	late = taken > 0 ? (taken * (1 - dropped) - room / 2) / room : 0;
	walks = loki_row_cost * (DROPPED_ROW - 1) * dropped;
	row = loki_row_cost + (taken > 0 ? Min(walks, MATCH_OPERATIONS * rows / taken) : walks);
	cost = rows * (cpu_operator_cost * (row + Max(0, Min(late, 1)) * Max(late_row_cost - row, 0)));
	if (level->unknown_limit == NULL && level->wanted <= 0)
		return cost;
	/* a vector out of line costs more than all else of a row */
	cost_qual_eval_node(&distance, (Node *) path->indexorderbys, root);
	get_tablespace_page_costs(rel->reltablespace, &random_page, &page);
	flat = rel->pages * page + rel->tuples * (cpu_tuple_cost + rel->baserestrictcost.per_tuple) +
		kept * distance.per_tuple;
	if (level->unknown_limit != NULL)
		cost = cost_of_unknown_limit(root, path, rows, kept, cost);
	else
	{
		if (kept > guessed)
		{
			*part = Max(guessed, path->indexclauses != NIL ? 0 : Min(level->wanted, kept)) / kept;
			if (level->wanted <= kept && kept >= rows * LOKI_LEAST_GUESS / 2)
				*part = Min(*part, flat / 4 / (rows * (cost / rows + random_page)));
		}
		/* scans for what another relation has know it */
		joined = path->path.param_info == NULL ? loki_joined_by_guess(root, rel) : 1;
		if (joined > 0 && joined < LOKI_LEAST_GUESS)
			*part *= joined / LOKI_LEAST_GUESS;
		cost = Min(cost * *part, 2 * flat / Min(level->wanted / guessed, 1));
	}
	if (cost < all)
		*whole = Min(all, flat);
	return cost;
}

bool
loki_may_scan(const IndexOptInfo *info)
{
	return (amcostestimate_function) info->amcostestimate == loki_cost_estimate &&
		!info->hypothetical;
}

List *
loki_usable_indexes(RelOptInfo *rel)
{
	List	   *indexes = NIL;

	foreach_node(IndexOptInfo, info, rel->indexlist)
		if (loki_may_scan(info) && (info->indpred == NIL || info->predOK))
		indexes = lappend(indexes, info);
	return indexes;
}

Relation
loki_open_planned(const IndexOptInfo *info)
{
	Assert(!info->hypothetical);
	return index_open(info->indexoid, NoLock);
}

LokiScanSettings
loki_planned_settings(const IndexOptInfo *info)
{
	Relation	index = loki_open_planned(info);
	LokiScanSettings settings;

	loki_scan_settings(index, &settings);
	index_close(index, NoLock);
	return settings;
}

bool
loki_scans_are_complete(RelOptInfo *rel)
{
	foreach_node(IndexOptInfo, info, loki_usable_indexes(rel))
		if (!loki_planned_settings(info).complete)
		return false;
	return true;
}

/*
 * Read what an index says of a path's scans, and label the path.  False if it cannot be scanned:
 * a scan goes by exactly one distance, and nothing is known of a hypothetical index.
 */
static bool
read_index_facts(IndexPath *path, double wanted, LokiHnswShape *shape, LokiScanSettings *settings,
				 double *ef)
{
	Relation	index;
	bool		readable;

	if (list_length(path->indexorderbys) != 1 || path->indexinfo->hypothetical)
		return false;
	index = loki_open_planned(path->indexinfo);
	/* an index of another format is an error, unless index scans are disabled */
	readable = (LokiIndexScansEnabled(path->path.parent) || !loki_hnsw_is_incompatible(index)) &&
		loki_hnsw_shape(index, shape);
	shape->listed = readable && shape->listed &&
		!loki_words_weighed_otherwise(linitial_node(OpExpr, path->indexorderbys), index);
	loki_scan_settings(index, settings);
	loki_promise_label(path);
	*ef = readable ? loki_hnsw_rows_width(index, wanted) : 1;
	index_close(index, NoLock);
	return readable;
}

/*
 * Every path of an index comes here before it is compared with others.  So it is labelled
 * here (P1, query/promise.c), and kept out of parallel workers if its order cannot be computed
 * there (P9).
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
	bool		exact;
	double		n = Max(info->tuples, 1);
	const LokiLevel *level = loki_query_level(root);
	double		wanted = level->wanted;
	bool		unknown;
	Selectivity first;
	Selectivity passed;
	double		ef;
	double		score_cost;
	double		miss;
	double		nodes;
	double		touched;
	double		share;
	double		rows;
	double		part;
	Cost		walk;
	Cost		whole;

	loki_note_match(root, path, loop_count);

	/*
	 * Core asks this of conditions and columns, and not of the order.  A
	 * parameter of an outer query does not reach a worker.
	 */
	if (!is_parallel_safe(root, (Node *) path->indexorderbys))
		path->path.parallel_safe = false;

	/*
	 * A path that cannot be scanned is so expensive that it is never chosen
	 * while there is another.  The cost is finite: from infinite costs core
	 * computes NaN, for a Sort above the path for example, and a cost that is
	 * NaN beats every other.
	 */
	if (!read_index_facts(path, wanted, &shape, &settings, &ef))
	{
		*startup_cost = *total_cost = LOKI_FORBIDDEN_COST;
		*selectivity = *correlation = *pages = 0;
		LokiDisablePath(path);
		return;
	}
	genericcostestimate(root, path, loop_count, &costs);
	first = loki_words_first(root, path, &unknown);
	Assert(first > 0 && first <= 1 && ef >= 1);
	score_cost = loki_score_cost(&shape);
	exact = settings.exact || shape.pending || !level->likely_search[settings.complete];
	nodes = exact ? n : loki_walk_nodes(n, ef, shape.m);
	walk = nodes * score_cost;
	touched = nodes / NODES_PER_PAGE;

	/*
	 * With a filter in the index, the scan walks around nodes that do not
	 * match, or it is a flat scan.  The share is taken of the index's tuples,
	 * since a partial index has only a part of the table.  Core estimates the
	 * tuples for each element of IN, but one scan finds them all.
	 */
	share = path->indexclauses != NIL ?
		Min(costs.numIndexTuples * Max(costs.num_sa_scans, 1) / n, 1) : 1;
	if (share < 1)
	{
		Cost		flat = n * loki_flat_node_cost * cpu_operator_cost +
			n * share * (score_cost + MATCH_OPERATIONS * cpu_operator_cost);

		nodes = Min(nodes * (1 + FILTER_DETOUR / Max(share, 1e-9)), n);
		walk = nodes * score_cost;
		touched = nodes / NODES_PER_PAGE;
		if (flat < walk)
		{
			walk = flat;
			touched = n / ATTRIBUTES_PER_PAGE + n * share / NODES_PER_PAGE;
		}
	}

	/*
	 * a condition that the first rows meet drops none of them; others have
	 * none of its words
	 */
	passed = first * (wanted > 0 ? slots_share(root, path) : 1);
	rows = Max(n * share * passed, 1);
	costs.indexSelectivity *= passed;

	/* without LIMIT a search ends where pgvector's limits end it */
	if (!exact && !settings.complete && wanted <= 0)
	{
		double		most = Min(settings.iterative_scan == LOKI_ITERATIVE_OFF ? settings.ef :
							   settings.max_tuples, rows);

		costs.indexSelectivity *= most / rows;
		rows = most;
	}

	/* the share of the index that is not cached has to be read */
	miss = loki_share_missed(info->pages);
	touched = Min(touched, (double) info->pages);

	*startup_cost = costs.indexStartupCost + loki_scan_cost * cpu_operator_cost +
		(walk + touched * miss * costs.spc_random_page_cost) * first;
	*total_cost = *startup_cost + further_cost(root, path, rows, &whole, &part) + whole;
	if (level->windows_need_all)
		*startup_cost = *total_cost;
	if (whole > 0 || part < 1)
		loki_note_saving(root, &path->path, level->windows_need_all ? 0 : whole, part);
	/* the server adds what it costs to read so many rows of the heap, in no order */
	*selectivity = costs.indexSelectivity * part;
	*correlation = 0;
	*pages = touched;
	Assert(share >= 0 && share <= 1 && nodes <= n);
	Assert(*startup_cost <= *total_cost);	/* neither is NaN */
}

/* Define the setting of a cost, whose default is the value that the variable has. */
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
				"Cost of scoring a node of an hnsw index.", &node_cost);
	define_cost("lokivector.flat_node_cost",
				"Cost of testing a node's attributes in a flat scan.", &loki_flat_node_cost);
	define_cost("lokivector.row_cost",
				"Cost of reranking and fetching a row found by an hnsw index.",
				&loki_row_cost);
	define_cost("lokivector.late_row_cost",
				"Cost of such a row when scan memory has no room for it.",
				&late_row_cost);
	define_cost("lokivector.detoast_cost",
				"Cost of reading 2 kB of a vector that is out of line.",
				&loki_detoast_cost);
}
