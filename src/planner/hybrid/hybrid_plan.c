/*-------------------------------------------------------------------------
 *
 * hybrid_plan.c
 *	  From a path of ours to its plan.
 *
 * The server has made plans of the path's children, an index scan and a bitmap heap scan.
 * These are taken apart.  Their expressions have the form that the executor wants (index
 * columns, parameters of nested loops).  Each child answers the clauses that it does not
 * leave to its filter.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/hybrid_plan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paramassign.h"
#include "optimizer/restrictinfo.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/guc.h"

static const CustomScanMethods plan_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.CreateCustomScanState = loki_hybrid_create_state,
};

/* The scan of a child; it may have a Result above it that tests clauses without Vars (a gating plan). */
static Plan *
scan_of(Plan *plan)
{
	return IsA(plan, Result) ? plan->lefttree : plan;
}

/*
 * Take the clauses that bound the distance out of a filter, and return the rest of it.  A
 * clause that does not compare the distance itself remains in the filter as well, since
 * its bound is only an approximation; but not if rows near a bound are `checked` by all clauses.
 */
static List *
take_bounds(List *filter, List *early, OpExpr *order, bool checked, List **bounds, List **values,
			List **flags)
{
	List	   *rest = NIL;

	foreach_ptr(Expr, clause, filter)
	{
		LokiDistanceBound bound;

		/* it must be one of those that may be evaluated early */
		if (!loki_distance_bound((Node *) clause, &bound) || !bound.upper ||
			contain_volatile_functions((Node *) bound.bound) ||
			contain_vars_of_level((Node *) bound.bound, 0) ||
			!loki_bounds_order(&bound, order) || !list_member(early, clause))
		{
			rest = lappend(rest, clause);
			continue;
		}
		*bounds = lappend(*bounds, clause);
		*values = lappend(*values, bound.bound);
		*flags = lappend_int(*flags, (bound.nans ? LOKI_BOUND_NANS : 0) |
							 (bound.exact ? LOKI_BOUND_EXACT : 0) |
							 (bound.strict ? LOKI_BOUND_STRICT : 0));
		if (!bound.exact && !checked)
			rest = lappend(rest, clause);
	}
	Assert(list_length(*bounds) == list_length(*values) &&
		   list_length(*bounds) == list_length(*flags));
	return rest;
}

/*
 * Without the condition that the conditions of a part imply, where a table is read in parts for that
 * (forms/parts.c).  The path was made without it, and its rows may lack columns that it reads.
 */
static List *
without_implied(List *filter, const ParamPathInfo *part)
{
	List	   *conditions = extract_actual_clauses(part->ppi_clauses, false);
	List	   *rest = NIL;

	foreach_ptr(Expr, clause, filter)
		if (list_member(conditions, clause) ||
			!predicate_implied_by(list_make1(clause), conditions, false))
		rest = lappend(rest, clause);
	return rest;
}

/*
 * The clauses that may be evaluated before all others (P6), as bounds are; and those that may not.  `planned` has the
 * clauses in the form of the index scan's plan.
 */
static List *
early_clauses(RelOptInfo *rel, List *clauses, List *planned, List **late)
{
	List	   *early = NIL;

	*late = NIL;
	foreach_node(RestrictInfo, clause, clauses)
	{
		if (loki_hybrid_is_early(rel, clause))
			early = lappend(early, clause->clause);
		else
			*late = lappend(*late, clause->clause);
	}

	/*
	 * a parameterized clause has another form here, so it remains in the
	 * filter
	 */
	return *late != NIL ? early : planned;
}

/*
 * Whether the filter is to be evaluated on rows that may be beyond a bound: where it costs less than the distance, and
 * none of it waits behind others (P6).  A clause counts for the rows that those before it pass.  What may not be repeated
 * sees rows within the bound alone.
 */
static bool
filter_comes_first(PlannerInfo *root, List *filter, List *distance, List *late)
{
	QualCost	measuring;
	Cost		filtering = 0;
	Selectivity passed = 1;

	if (filter == NIL || late != NIL || !loki_is_repeatable(filter))
		return false;
	foreach_ptr(Node, clause, filter)
	{
		QualCost	cost;

		cost_qual_eval_node(&cost, clause, root);
		filtering += passed * cost.per_tuple;
		passed *= clause_selectivity(root, clause, 0, JOIN_INNER, NULL);
	}
	cost_qual_eval(&measuring, distance, root);
	return filtering < measuring.per_tuple;
}

/*
 * Take the clauses that a partial index implies out of a filter.  Core has them in it where rows may be looked at
 * again, as in FOR UPDATE and DELETE; but a distance may be an error for rows that do not meet them, which may have
 * another size (query/distance.c).
 */
static List *
take_implied(List *filter, const List *early, List *predicate, List **implied)
{
	List	   *rest = NIL;

	foreach_ptr(Expr, clause, filter)
	{
		if (list_member(early, clause) && loki_is_repeatable(clause) &&
			predicate_implied_by(list_make1(clause), predicate, false))
			*implied = lappend(*implied, clause);
		else
			rest = lappend(rest, clause);
	}
	return rest;
}

/* Mutator: replace what the outer side of a nested loop supplies by its parameters. */
static Node *
replace_outer_columns(Node *node, PlannerInfo *root)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && bms_is_member(((Var *) node)->varno, root->curOuterRels))
		return (Node *) replace_nestloop_param_var(root, (Var *) node);
	if (IsA(node, PlaceHolderVar) &&
		bms_is_subset(((PlaceHolderVar *) node)->phrels, root->curOuterRels))
		return (Node *) replace_nestloop_param_placeholdervar(root, (PlaceHolderVar *) node);
	return expression_tree_mutator(node, replace_outer_columns, (void *) root);
}

/*
 * ReparameterizeCustomPathByChild: a path that is parameterized by a partitioned table is
 * to be parameterized by a partition of it.
 */
static List *
translate_private(PlannerInfo *root, List *custom_private, RelOptInfo *child)
{
	return (List *) LokiAdjustToChild(root, (Node *) custom_private, child);
}

/*
 * PlanCustomPath; rows may come out of the index alone.
 *
 * Of the filters of the two children only what both have is left to the node: what the one lacks, it has
 * answered by its index.  Both have the same clauses otherwise, except those that a partial index implies.  The bitmap's child is kept, a BitmapIndexScan, And or Or, and its heap scan
 * dropped.
 */
static Plan *
make_plan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *children)
{
	bool		alone = path->methods == &loki_hybrid_columns_methods;
	CustomScan *scan = makeNode(CustomScan);
	IndexScan  *walk = castNode(IndexScan, scan_of(linitial(children)));
	List	   *filter = walk->scan.plan.qual;
	List	   *bitmap_row = NIL;
	List	   *index_row = NIL;
	List	   *checked;
	List	   *predicate = LokiHybridWalk(path)->indexinfo->indpred;
	List	   *early;
	List	   *late;
	List	   *bounds = NIL;
	List	   *values = NIL;
	List	   *flags = NIL;
	int			has;

	Assert(list_length(children) == list_length(path->custom_paths));
	Assert(walk->scan.scanrelid == rel->relid && list_length(walk->indexorderby) == 1);
	if (list_length(children) > 1)
	{
		BitmapHeapScan *bitmap = castNode(BitmapHeapScan, scan_of(lsecond(children)));

		index_row = list_difference(bitmap->scan.plan.qual, filter);
		filter = bitmap->scan.plan.qual;
		bitmap_row = bitmap->bitmapqualorig;
		scan->custom_plans = list_make1(bitmap->scan.plan.lefttree);
	}
	if (alone && path->path.param_info != NULL)
		filter = without_implied(filter, path->path.param_info);

	/*
	 * The index path was made without the query vector: hybrid/path.c has put
	 * NULL in its place.  Vars of the outer relation become parameters of the
	 * nested loop, as in create_indexscan_plan().
	 */
	if (path->custom_private != NIL && !alone)
	{
		Node	   *query = replace_outer_columns(lsecond(linitial_node(OpExpr, path->custom_private)->args), root);

		Assert(!contain_vars_of_level(query, 0));
		lsecond(linitial_node(OpExpr, walk->indexorderby)->args) = query;
		lsecond(linitial_node(OpExpr, walk->indexorderbyorig)->args) = copyObject(query);
	}
	early = early_clauses(rel, clauses, filter, &late);

	/* what a partial index implies keeps its place if that is behind a policy (P6) */
	index_row = list_difference(index_row, late);
	filter = list_difference(filter, index_row);
	if (!alone && predicate != NIL)
		filter = take_implied(filter, early, predicate, &index_row);
	filter = take_bounds(filter, early,
						 linitial_node(OpExpr, walk->indexorderbyorig), alone, &bounds, &values,
						 &flags);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = filter;
	scan->scan.scanrelid = rel->relid;
	scan->flags = path->flags;
	scan->custom_exprs = list_concat(list_make4(walk->indexqual, walk->indexorderby,
												walk->indexqualorig, walk->indexorderbyorig),
									 list_make4(index_row, bitmap_row, bounds, values));
	Assert(list_length(scan->custom_exprs) == LOKI_HYBRID_NEXPRS);
	checked = list_concat(list_concat_copy(index_row, bitmap_row), walk->indexqualorig);
	has = (alone ? LOKI_HYBRID_ALONE : 0) |
		(filter_comes_first(root, filter, walk->indexorderbyorig, late) ? LOKI_HYBRID_FILTERS : 0);

	/*
	 * A row of a bitmap that is not in the index may have another size, and
	 * its distance would be an error.  What may not be repeated is evaluated
	 * after the distance, with all that follows it.
	 */
	if (loki_is_repeatable(filter) ||
		predicate_implied_by(predicate, list_concat(checked, loki_repeatable_part(filter)), false))
		has |= LOKI_HYBRID_MEASURES;
	/* unlike those of a cursor; LIMIT above such a window may take few of its rows */
	if (root->tuple_fraction == 0 || loki_query_level(root)->windows_need_all)
		has |= LOKI_HYBRID_ALL;
	scan->custom_private = list_make4(list_make1_oid(walk->indexid), flags, alone ? path->custom_private : NIL,
									  makeInteger(has));
	scan->methods = &plan_methods;
	return &scan->scan.plan;
}

const CustomPathMethods loki_hybrid_path_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.PlanCustomPath = make_plan,
	.ReparameterizeCustomPathByChild = translate_private,
};

const CustomPathMethods loki_hybrid_columns_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.PlanCustomPath = make_plan,
};

/* The distance that a hybrid scan orders by; NULL if the plan is no hybrid scan */
Expr *
loki_hybrid_distance(Plan *plan)
{
	CustomScan *scan = (CustomScan *) plan;

	if (plan == NULL || !IsA(plan, CustomScan) || scan->methods != &plan_methods)
		return NULL;
	return linitial(LokiHybridExpr(scan, LOKI_HYBRID_ORDER_ROW));
}

/* Define the setting, register the node for plans that are read back, install hooks. */
void
loki_hybrid_init(void)
{
	DefineCustomBoolVariable("lokivector.enable_hybrid_scan",
							 "Enables the planner's use of scans within bitmaps and distances",
							 NULL, &loki_enable_hybrid_scan, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
	RegisterCustomScanMethods(&plan_methods);
	loki_hybrid_explain_init();
}
