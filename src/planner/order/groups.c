/*-------------------------------------------------------------------------
 *
 * groups.c
 *	  Paths for the first rows of each group, in the order of a distance.
 *
 *		Limit
 *		  ->  Custom Scan (LokivectorGroupSearch)		Group Key: doc
 *				->  Index Scan using ...				Order By: (v <-> $1)
 *
 * query/groups.c says which queries have such a path.  It takes the place of the node that
 * makes groups: its rows have the columns of that node's rows, aggregates and row_number()
 * included.  Rows below it come in the order of the distance.  If a LIMIT takes the rows,
 * the scan is a search as below any Limit (order/search.c).
 *
 * IDENTIFICATION
 *	  src/planner/order/groups.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>

#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "planner/order/groups.h"
#include "planner/order/order.h"
#include "planner/query/promise.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* Bytes of a group in the hash table, besides its keys */
#define GROUP_BYTES		100

/* Rows of each group that are wanted, if the planner does not know how many */
#define UNKNOWN_NUMBER	10

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
					   List *clauses, List *children);

static const CustomPathMethods path_methods = {
	.CustomName = LOKI_GROUPS_NAME,
	.PlanCustomPath = plan_path,
};

static const CustomScanMethods plan_methods = {
	.CustomName = LOKI_GROUPS_NAME,
	.CreateCustomScanState = loki_groups_create_state,
};

/* The expressions that rows of a group have in common */
static List *
group_keys(PlannerInfo *root, const LokiGroups *groups)
{
	return get_sortgrouplist_exprs(groups->keys, root->processed_tlist);
}

/*
 * Whether the groups that LIMIT is expected to take, and those that the filter drops, fit
 * into the memory of a hash table
 */
static bool
groups_fit(PlannerInfo *root, List *keys, double most, Selectivity kept)
{
	double		bytes = GROUP_BYTES;
	double		taken = loki_promise_wanted(root) / kept;
	ListCell   *cell;

	foreach(cell, keys)
		bytes += get_typavgwidth(exprType(lfirst(cell)), exprTypmod(lfirst(cell)));
	return Min(taken, most) * bytes <= (double) get_hash_memory_limit();
}

/* Whether all keys are columns that rows have below the node; others have no number there. */
static bool
has_columns(List *keys, const PathTarget *target)
{
	ListCell   *cell;

	foreach(cell, keys)
		if (IsA(lfirst(cell), Const) || !list_member(target->exprs, lfirst(cell)))
		return false;
	return true;
}

/*
 * The rows of a path with further columns: what aggregates are made of, and the score if
 * the node looks at it
 */
static Path *
with_scores(PlannerInfo *root, const LokiGroups *groups, Path *path)
{
	PathTarget *target = copy_pathtarget(path->pathtarget);
	ListCell   *cell;

	foreach(cell, groups->aggregates)
		add_column_to_pathtarget(target, linitial_node(TargetEntry,
													   lfirst_node(Aggref, cell)->args)->expr, 0);
	if (groups->aside != 0)
		add_column_to_pathtarget(target, groups->score, 0);
	if (list_length(target->exprs) == list_length(path->pathtarget->exprs))
		return path;
	return (Path *) create_projection_path(root, path->parent, path,
										   set_pathtarget_cost_width(root, target));
}

/*
 * What a plan needs beyond its path: the clauses of the groups, what is computed of a row,
 * and the filter
 */
static List *
describe(const LokiGroups *groups, List *keys, const PathTarget *target)
{
	List	   *results = list_copy(groups->aggregates);
	List	   *inputs = copyObject(keys);

	if (groups->aside != 0)
	{
		results = lappend(results, groups->score);
		inputs = lappend(inputs, groups->score);
	}
	if (groups->number != NULL)
		results = lappend(results, groups->number);
	return list_make4(list_concat_copy(target->exprs, results), inputs, groups->filter,
					  list_make3(groups->keys, makeInteger((int) groups->aside),
								 makeBoolean(groups->number != NULL)));
}

/* How many rows of a group have a number that is wanted */
static double
wanted_of_group(PlannerInfo *root, const LokiGroups *groups)
{
	Node	   *bound = loki_number_bound(groups->filter);
	Const	   *most = bound == NULL ? NULL : (Const *) estimate_expression_value(root, bound);

	return most != NULL && IsA(most, Const) ? Max(DatumGetInt64(most->constvalue), 1) :
		UNKNOWN_NUMBER;
}

/* Whether a condition on the table of a column drops its NULLs */
static bool
drops_nulls(PlannerInfo *root, Var *column)
{
	ListCell   *cell;

	foreach(cell, find_base_rel(root, column->varno)->baserestrictinfo)
	{
		Node	   *clause = (Node *) lfirst_node(RestrictInfo, cell)->clause;
		NullTest   *test = (NullTest *) clause;

		if (IsA(clause, NullTest) ? test->nulltesttype == IS_NOT_NULL && equal(test->arg, column) :
			!contain_nonstrict_functions(clause) &&
			list_member(pull_var_clause(clause, PVC_RECURSE_PLACEHOLDERS), column))
			return true;
	}
	return false;
}

/*
 * Whether rows without a vector may have to wait for another one of their group: then a group
 * that has only such rows makes the scan go on to its end.
 */
static bool
may_wait(PlannerInfo *root, const LokiGroups *groups)
{
	ListCell   *cell;
	bool		nulls = false;

	if ((groups->aside & LOKI_FIRST_NULLS) == 0)
		return false;
	foreach(cell, pull_var_clause((Node *) groups->score, PVC_RECURSE_AGGREGATES |
								  PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
	{
		VariableStatData column;

		examine_variable(root, lfirst(cell), 0, &column);
		if (HeapTupleIsValid(column.statsTuple) &&
			((Form_pg_statistic) GETSTRUCT(column.statsTuple))->stanullfrac > 0)
			nulls |= !drops_nulls(root, lfirst_node(Var, cell));
		ReleaseVariableStats(column);
	}
	return nulls;
}

/* Offer the first rows of groups of a path's rows, which are in order. */
static void
offer_path(PlannerInfo *root, RelOptInfo *output, const LokiGroups *groups, Path *path,
		   PathTarget *target)
{
	List	   *keys = group_keys(root, groups);
	double		ngroups = estimate_num_groups(root, keys, Max(path->rows, 1), NULL, NULL);
	Selectivity kept = groups->number != NULL ? 1 :
		clauselist_selectivity(root, groups->filter, 0, JOIN_INNER, NULL);
	CustomPath *custom;
	Path	   *input;

	if (!has_columns(keys, path->pathtarget) ||
		!groups_fit(root, keys, ngroups, Max(kept, DBL_EPSILON)))
		return;
	input = with_scores(root, groups, path);
	custom = makeNode(CustomPath);
	custom->path.pathtype = T_CustomScan;
	custom->path.parent = output;
	custom->path.pathtarget = target;
	custom->path.parallel_safe = output->consider_parallel && input->parallel_safe;
	custom->path.rows = clamp_row_est(groups->number != NULL ?
									  Min(path->rows, ngroups * wanted_of_group(root, groups)) :
									  ngroups * kept);
	custom->path.startup_cost = may_wait(root, groups) ? input->total_cost : input->startup_cost;
	custom->path.total_cost = input->total_cost +
		input->rows * (list_length(keys) + 1) * cpu_operator_cost +
		custom->path.rows * target->cost.per_tuple;
	LokiInheritDisabled(&custom->path, input);
	custom->path.pathkeys = list_make1(groups->output);
	custom->flags = CUSTOMPATH_SUPPORT_PROJECTION;
	custom->custom_paths = list_make1(input);
	custom->custom_private = describe(groups, keys, path->pathtarget);
	custom->methods = &path_methods;
	add_path(output, &custom->path);
}

/* The rows below the node that makes groups; NULL if a path has none. */
Path *
loki_groups_input(const CustomPath *path)
{
	return path->methods == &path_methods ? linitial(path->custom_paths) : NULL;
}

/* Whether a path is one of ours */
static bool
is_group_path(Path *path)
{
	return IsA(path, CustomPath) && loki_groups_input((CustomPath *) path) != NULL;
}

/*
 * Add paths to a stage of a query.  DISTINCT ON has an order of its own, ORDER BY doc, d,
 * which nobody relies on if the level above has another: so paths skip that.
 */
void
loki_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
				 RelOptInfo *output)
{
	LokiGroups	groups;
	ListCell   *cell;

	if (output->reloptkind != RELOPT_UPPER_REL)
		return;
	if (stage == UPPERREL_ORDERED && root->parse->hasDistinctOn)
	{
		PathTarget *target = root->upper_targets[UPPERREL_ORDERED];

		foreach(cell, input->pathlist)
		{
			Path	   *path = lfirst(cell);

			/* a path of its own, since add_path() may free it */
			if (is_group_path(path) &&
				!pathkeys_contained_in(root->sort_pathkeys, path->pathkeys))
				add_path(output, (Path *)
						 create_projection_path(root, output, path, target));
		}
		return;
	}
	if ((stage != UPPERREL_GROUP_AGG && stage != UPPERREL_DISTINCT && stage != UPPERREL_WINDOW) ||
		!loki_groups(root, &groups) || groups.stage != stage ||
		(groups.number != NULL && !loki_walks_plans()))
		return;
	output->consider_startup = true;
	foreach(cell, input->pathlist)
	{
		Path	   *path = lfirst(cell);

		if (path->param_info == NULL &&
			pathkeys_contained_in(list_make1(groups.input), path->pathkeys))
			offer_path(root, output, &groups, path, root->upper_targets[stage]);
	}
}

/* ----------------------------------------------------------------
 * Plans
 * ----------------------------------------------------------------
 */

/* PlanCustomPath: the columns of a row are those of the child, under other names */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	List	   *details = lfourth(path->custom_private);
	List	   *operators = NIL;
	ListCell   *cell;

	foreach(cell, (List *) linitial(path->custom_private))
		scan->custom_scan_tlist =
			lappend(scan->custom_scan_tlist,
					makeTargetEntry(lfirst(cell), list_length(scan->custom_scan_tlist) + 1,
									NULL, false));
	foreach(cell, (List *) linitial(details))
		operators = lappend_oid(operators, lfirst_node(SortGroupClause, cell)->eqop);
	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = copyObject((List *) lthird(path->custom_private));
	scan->custom_plans = children;
	scan->custom_exprs = lsecond(path->custom_private);
	scan->custom_private = list_make3(operators, lsecond(details), lthird(details));
	scan->flags = path->flags;
	scan->methods = &plan_methods;
	return &scan->scan.plan;
}

/*
 * EXPLAIN of PostgreSQL 18 fails for a window function without a WindowAgg.  Nodes above
 * know columns by their numbers when a plan is finished, so row_number() becomes an
 * ordinary call, which is never executed.
 */
void
loki_groups_name_number(CustomScan *scan)
{
	if (scan->methods == &plan_methods &&
		boolVal(list_nth(scan->custom_private, LOKI_GROUPS_NUMBERED)))
		llast_node(TargetEntry, scan->custom_scan_tlist)->expr = (Expr *)
			makeFuncExpr(F_ROW_NUMBER, INT8OID, NIL, InvalidOid, InvalidOid,
						 COERCE_EXPLICIT_CALL);
}

/* Register the node for plans that are read back. */
void
loki_groups_init(void)
{
	RegisterCustomScanMethods(&plan_methods);
}
