/*-------------------------------------------------------------------------
 *
 * scores.c
 *	  Paths for the best rows by a score of a distance and other columns.
 *
 *		Limit
 *		  ->  Custom Scan (LokivectorScoreSearch)		Score: ...
 *				->  Index Scan using ...				Order By: (v <-> $1)
 *
 * query/score.c says which queries have such a path.  Rows below the node come in the order
 * of the distance, and leave it in the order of the score (order/scores_exec.c).  It takes the
 * place of a Sort.
 *
 * IDENTIFICATION
 *	  src/planner/order/scores.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "planner/cost/selectivity.h"
#include "planner/order/order.h"
#include "planner/order/scores.h"
#include "planner/query/promise.h"
#include "planner/query/score.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* Bytes of a row that waits, besides its columns */
#define WAITING_BYTES	64

/* Distances are looked for between -2^MOST_BITS and 2^MOST_BITS, in SEARCH_STEPS steps. */
#define MOST_BITS	30
#define SEARCH_STEPS	14

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
					   List *clauses, List *children);

static const CustomPathMethods path_methods = {
	.CustomName = LOKI_SCORES_NAME,
	.PlanCustomPath = plan_path,
};

static const CustomScanMethods plan_methods = {
	.CustomName = LOKI_SCORES_NAME,
	.CreateCustomScanState = loki_scores_create_state,
};

static Node *
float_const(double value)
{
	return (Node *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(value),
							  false, FLOAT8PASSBYVAL);
}

/* ----------------------------------------------------------------
 * How many rows are read
 * ----------------------------------------------------------------
 */

/* A score whose rows are estimated; parameters and stable functions have values, if known. */
typedef struct Estimate
{
	PlannerInfo *root;
	LokiScore	score;
	List	   *columns;		/* LokiScoreColumn */
	double		least;			/* distances that there can be */
	double		farthest;
	double		rows;			/* of the path */
	double		wanted;
	double		enough;			/* the score that the last row wanted has */
} Estimate;

/* The share of rows within a distance */
static double
share_within(const Estimate *estimate, double distance)
{
	Relids		relids = pull_varnos(estimate->root, (Node *) estimate->score.distance);
	Expr	   *clause = make_opclause(Float8LessOperator, BOOLOID, false,
									   (Expr *) estimate->score.distance,
									   (Expr *) float_const(distance), InvalidOid, InvalidOid);

	return loki_distance_selectivity(estimate->root,
									 find_base_rel(estimate->root, bms_singleton_member(relids)),
									 (Node *) clause);
}

/* The distance at a place between -1 and 1 of a scale that is fine near zero */
static double
distance_at(const Estimate *estimate, double place)
{
	double		distance = exp2((2 * fabs(place) - 1) * MOST_BITS);

	return Min(Max(place < 0 ? -distance : distance, estimate->least), estimate->farthest);
}

static bool
has_wanted_rows(const Estimate *estimate, double distance)
{
	return share_within(estimate, distance) * estimate->rows >= estimate->wanted;
}

static bool
has_best_rows(const Estimate *estimate, double distance)
{
	return loki_score_estimate(estimate->root, &estimate->score, estimate->columns, distance,
							   estimate->farthest, false) <= estimate->enough;
}

/* The least distance that is far enough, or the greatest of all */
static double
first_distance(const Estimate *estimate, bool (*enough) (const Estimate *, double))
{
	double		low = estimate->least < 0 ? -1 : 0;
	double		high = 1;

	for (int i = 0; i < SEARCH_STEPS; i++)
	{
		double		middle = (low + high) / 2;

		if (enough(estimate, distance_at(estimate, middle)))
			high = middle;
		else
			low = middle;
	}
	return distance_at(estimate, high);
}

/*
 * How many rows of a path are read until the best are known: those within the distance where
 * no row has a better score than a typical row among the nearest.  -1 if the score has no
 * bound.
 */
static double
rows_read(PlannerInfo *root, const LokiScore *score, List *columns, double rows)
{
	Estimate	estimate = {.root = root,.score = *score,.columns = columns,.rows = rows,
	.wanted = Max(loki_promise_wanted(root), 1)};
	double		near;

	estimate.score.expr = (Expr *) estimate_expression_value(root, (Node *) score->expr);
	estimate.score.distance = (OpExpr *) estimate_expression_value(root, (Node *) score->distance);
	if (!IsA(estimate.score.distance, OpExpr))
		return -1;
	loki_distance_range(score->distance->opno, &estimate.least, &estimate.farthest);
	if (isinf(loki_score_estimate(root, &estimate.score, columns,
								  distance_at(&estimate, 0.9), estimate.farthest, false)))
		return -1;
	near = first_distance(&estimate, has_wanted_rows);
	estimate.enough = loki_score_estimate(root, &estimate.score, columns, near, near, true);
	if (!has_best_rows(&estimate, distance_at(&estimate, 1)))
		return rows;
	return Min(Max(share_within(&estimate, first_distance(&estimate, has_best_rows)) * rows,
				   estimate.wanted), rows);
}

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/*
 * The columns of the rows below the node: the distance, and what the result and the score are
 * made of.  NULL if a path does not have them.
 */
static PathTarget *
input_target(PlannerInfo *root, const LokiScore *score, const Path *path)
{
	const PathTarget *have = IsA(path, ProjectionPath) ?
		((const ProjectionPath *) path)->subpath->pathtarget : path->pathtarget;
	PathTarget *target = create_empty_pathtarget();
	List	   *exprs = list_make1(score->expr);
	List	   *columns;
	ListCell   *cell;

	exprs = list_concat(exprs, root->upper_targets[UPPERREL_ORDERED]->exprs);
	if (root->upper_targets[UPPERREL_DISTINCT] != NULL)
		exprs = list_concat(exprs, root->upper_targets[UPPERREL_DISTINCT]->exprs);
	columns = loki_columns_outside((Node *) exprs, score->distance);
	foreach(cell, list_concat_copy(columns, pull_var_clause((Node *) score->distance,
															PVC_INCLUDE_PLACEHOLDERS)))
		if (!list_member(have->exprs, lfirst(cell)))
		return NULL;
	add_column_to_pathtarget(target, (Expr *) score->distance, 0);
	add_new_columns_to_pathtarget(target, columns);
	return set_pathtarget_cost_width(root, target);
}

/* What a plan needs beyond its path: the columns below, the score, and what is known of it */
static List *
describe(const LokiScore *score, const List *columns, const PathTarget *target)
{
	Expr	   *expr = score->expr;
	List	   *lows = NIL;
	List	   *highs = NIL;
	List	   *nulls = NIL;
	double		least;
	double		farthest;
	ListCell   *cell;

	loki_distance_range(score->distance->opno, &least, &farthest);
	foreach(cell, target->exprs)
	{
		LokiRange	range = {.low = -INFINITY,.high = INFINITY,.nulls = true,.nans = true};
		ListCell   *lc;

		foreach(lc, columns)
			if (equal(((LokiScoreColumn *) lfirst(lc))->column, lfirst(cell)))
			range = ((LokiScoreColumn *) lfirst(lc))->range;
		lows = lappend(lows, float_const(range.low));
		highs = lappend(highs, float_const(range.high));
		nulls = lappend_int(nulls, (range.nulls ? LOKI_SCORES_MAY_BE_NULL : 0) |
							(range.nans ? LOKI_SCORES_MAY_BE_NAN : 0));
	}
	if (exprType((Node *) expr) != FLOAT8OID)
		expr = (Expr *) makeFuncExpr(exprType((Node *) expr) == FLOAT4OID ? F_FLOAT8_FLOAT4 :
									 F_FLOAT8_NUMERIC, FLOAT8OID, list_make1(expr), InvalidOid,
									 InvalidOid, COERCE_IMPLICIT_CAST);
	return list_make3(target->exprs, list_make1(expr),
					  list_concat(list_make4(makeBoolean(score->descending),
											 makeBoolean(score->nulls_first), makeInteger(1),
											 float_const(farthest)),
								  list_make3(lows, highs, nulls)));
}

/* Offer the best rows of a path, which are in the order of the distance. */
static void
offer_path(PlannerInfo *root, RelOptInfo *output, const LokiScore *score, List *columns,
		   Path *path)
{
	PathTarget *final = root->upper_targets[UPPERREL_ORDERED];
	PathTarget *target = input_target(root, score, path);
	double		rows = rows_read(root, score, columns, path->rows);
	CustomPath *custom;
	Path	   *input;
	QualCost	cost;

	/* twice as many rows as are wanted may wait */
	if (target == NULL || rows < 0 ||
		2 * loki_promise_wanted(root) * (target->width + WAITING_BYTES) > work_mem * 1024.0)
		return;
	input = (Path *) create_projection_path(root, path->parent, path, target);
	cost_qual_eval_node(&cost, (Node *) score->expr, root);
	custom = makeNode(CustomPath);
	custom->path.pathtype = T_CustomScan;
	custom->path.parent = output;
	custom->path.pathtarget = final;
	custom->path.rows = path->rows;
	custom->path.startup_cost = input->startup_cost + cost.startup + final->cost.startup +
		(input->total_cost - input->startup_cost) * rows / Max(input->rows, 1) +
		rows * (cost.per_tuple + 4 * cpu_operator_cost);
	custom->path.total_cost = custom->path.startup_cost +
		path->rows * (final->cost.per_tuple + cpu_operator_cost);
	LokiInheritDisabled(&custom->path, input);
	custom->path.pathkeys = list_make1(score->output);
	custom->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	custom->custom_paths = list_make1(input);
	custom->custom_private = describe(score, columns, target);
	custom->methods = &path_methods;
	input = &custom->path;
	if (list_length(root->sort_pathkeys) > 1)
		input = (Path *) create_incremental_sort_path(root, output, input, root->sort_pathkeys,
													  1, root->limit_tuples);
	add_path(output, input);
}

/* The rows below the node; NULL if a path has none. */
Path *
loki_scores_input(const CustomPath *path)
{
	return path->methods == &path_methods ? linitial(path->custom_paths) : NULL;
}

/* Add paths to the rows in the order of the query. */
void
loki_score_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
				 RelOptInfo *output)
{
	LokiScore	score;
	List	   *columns;
	ListCell   *cell;

	if (stage != UPPERREL_ORDERED || !loki_score_chosen(root, &score))
		return;
	columns = loki_score_columns(root, &score);
	foreach(cell, input->pathlist)
	{
		Path	   *path = lfirst(cell);

		if (path->param_info == NULL &&
			pathkeys_contained_in(list_make1(score.input), path->pathkeys))
			offer_path(root, output, &score, columns, path);
	}
}

/* ----------------------------------------------------------------
 * Plans
 * ----------------------------------------------------------------
 */

/* PlanCustomPath: expressions of the result become columns of the child where they can */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	ListCell   *cell;

	foreach(cell, (List *) linitial(path->custom_private))
		scan->custom_scan_tlist =
			lappend(scan->custom_scan_tlist,
					makeTargetEntry(lfirst(cell), list_length(scan->custom_scan_tlist) + 1,
									NULL, false));
	scan->scan.plan.targetlist = tlist;
	scan->custom_plans = children;
	scan->custom_exprs = lsecond(path->custom_private);
	scan->custom_private = lthird(path->custom_private);
	scan->flags = path->flags;
	scan->methods = &plan_methods;
	return &scan->scan.plan;
}

/* Register the node for plans that are read back. */
void
loki_scores_init(void)
{
	RegisterCustomScanMethods(&plan_methods);
}
