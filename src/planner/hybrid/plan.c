/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  From a path of ours to its plan.
 *
 * The server has made plans of the path's children: an index scan, and a bitmap
 * heap scan.  These are taken apart.  Their expressions are as the executor
 * wants them (index columns, parameters of nested loops), and what each of them
 * leaves to its filter tells which clauses it answers for.
 *
 * IDENTIFICATION
 *	  src/planner/hybrid/plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/appendinfo.h"
#include "optimizer/optimizer.h"
#include "optimizer/paramassign.h"
#include "planner/hybrid/hybrid.h"
#include "planner/query/distance_expr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

static Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
					   List *clauses, List *children);
static List *translate_private(PlannerInfo *root, List *custom_private, RelOptInfo *child);

const CustomPathMethods loki_hybrid_path_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.PlanCustomPath = plan_path,
	.ReparameterizeCustomPathByChild = translate_private,
};

static const CustomScanMethods plan_methods = {
	.CustomName = LOKI_HYBRID_NAME,
	.CreateCustomScanState = loki_hybrid_create_state,
};

/* A child's scan: clauses without variables are tested by a node above it. */
static Plan *
scan_of(Plan *plan)
{
	return IsA(plan, Result) ? plan->lefttree : plan;
}

/* Whether a distance is that of the scan, which has the index's column first */
static bool
is_distance(OpExpr *distance, OpExpr *order)
{
	if (distance->opno == order->opno && equal(distance->args, order->args))
		return true;
	return get_commutator(distance->opno) == order->opno &&
		equal(linitial(distance->args), lsecond(order->args)) &&
		equal(lsecond(distance->args), linitial(order->args));
}

/*
 * Whether a clause bounds the distance of the scan.  The path was made because
 * there is one; those that may not be evaluated early are told by their level.
 */
static bool
find_bound(Expr *clause, List *early, OpExpr *order, LokiDistanceBound *bound)
{
	if (!loki_distance_bound((Node *) clause, bound) || !bound->upper ||
		contain_volatile_functions((Node *) bound->bound) ||
		contain_vars_of_level((Node *) bound->bound, 0))
		return false;
	return is_distance(bound->distance, order) && list_member(early, clause);
}

/*
 * Split the clauses that are left for rows: those that bound the distance, and
 * those that remain a filter, as clauses do of which a bound is only an
 * approximation.
 */
static List *
take_bounds(List *filter, List *early, OpExpr *order, List **bounds, List **values,
			List **flags)
{
	List	   *rest = NIL;
	ListCell   *cell;

	foreach(cell, filter)
	{
		Expr	   *clause = lfirst(cell);
		LokiDistanceBound bound;

		if (!find_bound(clause, early, order, &bound))
		{
			rest = lappend(rest, clause);
			continue;
		}
		*bounds = lappend(*bounds, clause);
		*values = lappend(*values, bound.bound);
		*flags = lappend_int(*flags, (bound.nans ? LOKI_BOUND_NANS : 0) |
							 (bound.exact ? LOKI_BOUND_EXACT : 0));
		if (!bound.exact)
			rest = lappend(rest, clause);
	}
	return rest;
}

/*
 * Clauses that may be evaluated before all others, as the path's bounds are;
 * in the form that the index scan's plan has them in.
 */
static List *
early_clauses(RelOptInfo *rel, List *clauses, List *planned)
{
	bool		late = false;
	ListCell   *cell;

	foreach(cell, clauses)
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);

		late |= clause->security_level > rel->baserestrict_min_security &&
			!clause->leakproof;
	}
	if (!late)
		return planned;

	/* a clause that is parameterized is not found, and remains a filter */
	planned = NIL;
	foreach(cell, clauses)
	{
		RestrictInfo *clause = lfirst_node(RestrictInfo, cell);

		if (clause->security_level <= rel->baserestrict_min_security || clause->leakproof)
			planned = lappend(planned, clause->clause);
	}
	return planned;
}

/* An expression in which parameters stand for what is of the outer side of joins */
static Node *
with_parameters(Node *node, PlannerInfo *root)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var) && bms_is_member(((Var *) node)->varno, root->curOuterRels))
		return (Node *) replace_nestloop_param_var(root, (Var *) node);
	if (IsA(node, PlaceHolderVar) &&
		bms_is_subset(((PlaceHolderVar *) node)->phrels, root->curOuterRels))
		return (Node *) replace_nestloop_param_placeholdervar(root, (PlaceHolderVar *) node);
	return expression_tree_mutator(node, with_parameters, (void *) root);
}

/* Put the query's vector into an index scan whose path was made without it. */
static void
set_query(PlannerInfo *root, IndexScan *walk, OpExpr *distance)
{
	Node	   *query = with_parameters(lsecond(distance->args), root);

	lsecond(linitial_node(OpExpr, walk->indexorderby)->args) = query;
	lsecond(linitial_node(OpExpr, walk->indexorderbyorig)->args) = copyObject(query);
}

/*
 * ReparameterizeCustomPathByChild: a path for a child of a partitioned table,
 * parameterized by a parent, becomes one for a child of that.
 */
static List *
translate_private(PlannerInfo *root, List *custom_private, RelOptInfo *child)
{
	return (List *) LokiAdjustToChild(root, (Node *) custom_private, child);
}

/* PlanCustomPath */
static Plan *
plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist,
		  List *clauses, List *children)
{
	CustomScan *scan = makeNode(CustomScan);
	IndexScan  *walk = castNode(IndexScan, scan_of(linitial(children)));
	List	   *filter = walk->scan.plan.qual;
	List	   *bitmap_row = NIL;
	List	   *index_row = NIL;
	List	   *bounds = NIL;
	List	   *values = NIL;
	List	   *flags = NIL;

	if (list_length(children) > 1)
	{
		BitmapHeapScan *bitmap = castNode(BitmapHeapScan, scan_of(lsecond(children)));

		/* both began with the same clauses, but for a partial index's */
		index_row = list_difference(bitmap->scan.plan.qual, filter);
		filter = list_intersection(filter, bitmap->scan.plan.qual);
		bitmap_row = bitmap->bitmapqualorig;
		scan->custom_plans = list_make1(bitmap->scan.plan.lefttree);
	}
	if (path->custom_private != NIL)
		set_query(root, walk, linitial_node(OpExpr, path->custom_private));
	filter = take_bounds(filter, early_clauses(rel, clauses, filter),
						 linitial_node(OpExpr, walk->indexorderbyorig), &bounds, &values,
						 &flags);

	scan->scan.plan.targetlist = tlist;
	scan->scan.plan.qual = filter;
	scan->scan.scanrelid = rel->relid;
	scan->flags = path->flags;
	scan->custom_exprs = lappend(scan->custom_exprs, walk->indexqual);
	scan->custom_exprs = lappend(scan->custom_exprs, walk->indexorderby);
	scan->custom_exprs = lappend(scan->custom_exprs, walk->indexqualorig);
	scan->custom_exprs = lappend(scan->custom_exprs, walk->indexorderbyorig);
	scan->custom_exprs = lappend(scan->custom_exprs, index_row);
	scan->custom_exprs = lappend(scan->custom_exprs, bitmap_row);
	scan->custom_exprs = lappend(scan->custom_exprs, bounds);
	scan->custom_exprs = lappend(scan->custom_exprs, values);
	Assert(list_length(scan->custom_exprs) == LOKI_HYBRID_NEXPRS);
	scan->custom_private = list_make2(list_make1_oid(walk->indexid), flags);
	scan->methods = &plan_methods;
	return &scan->scan.plan;
}

/* The distance that a plan of ours sorts by; NULL if it is another plan */
Expr *
loki_hybrid_distance(Plan *plan)
{
	CustomScan *scan = (CustomScan *) plan;

	if (plan == NULL || !IsA(plan, CustomScan) || scan->methods != &plan_methods)
		return NULL;
	return linitial(LokiHybridExpr(scan, LOKI_HYBRID_ORDER_ROW));
}

/* The setting, and what plans are known by when they are read back */
void
loki_hybrid_init(void)
{
	DefineCustomBoolVariable("lokivector.enable_hybrid_scan",
							 "Enables the planner's use of scans within bitmaps and distances",
							 NULL, &loki_enable_hybrid_scan, true, PGC_USERSET, GUC_EXPLAIN,
							 NULL, NULL, NULL);
	RegisterCustomScanMethods(&plan_methods);
	loki_hybrid_explain_init();
	loki_hybrid_parallel_init();
}
