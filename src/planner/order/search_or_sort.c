/*-------------------------------------------------------------------------
 *
 * search_or_sort.c
 *	  A search that is given up for the plan that core would have chosen without it.
 *
 *		SELECT d.id FROM docs d JOIN chunks c ON c.doc = d.id WHERE c.id % 2 = 3
 *		ORDER BY d.v <-> $1 LIMIT 10
 *
 *		Custom Scan (LokivectorSearchOrSort)
 *		  ->  Limit								a search (order/limit_search.c)
 *				->  Sort
 *					  ->  Limit
 *							->  Nested Loop
 *								  ->  Index Scan using ...
 *								  ->  ...
 *		  ->  Limit								what is done without it
 *				->  Sort
 *					  ->  Hash Join ...
 *
 * Joins and HAVING drop rows of a scan, or of groups of them (forms/groups_node.c), also below ranks of which the first
 * are wanted.  How many is a guess of the server, or an estimate that multiplies shares of conditions that may exclude
 * each other.  A search is right if some pass, and takes a hundred times as long as the other plan if none do.  So it
 * does if the nearest rows are all of a few groups.  Both are planned where guesses or HAVING drop rows, or joins more
 * than half, and for groups, of which those in a subquery may have joins and conditions above them.  The other plan
 * of these is the same but for all groups in their order.  The scan knows what both cost
 * (LokiScanCaller), and when its account says that the other plan is due, it ends.  Rows that LIMIT takes of a search
 * are sorted before the first is returned (P3), so none was returned yet, and the other plan begins.  Its rows are in
 * exact order.
 *
 * IDENTIFICATION
 *	  src/planner/order/search_or_sort.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "optimizer/pathnode.h"
#include "planner/cost/cost.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/query/level.h"

typedef struct SearchOrSort
{
	LokiNode	node;			/* whose child is the plan that is executed */
	double		most;			/* rows of the search's scan that cost as much
								 * as the other plan */
	bool		attached;		/* to that scan, if it asks its caller */
	bool		decided;		/* between the two */
	bool		given_up;		/* the search */
} SearchOrSort;

static const LokiNodeKind search_or_sort_kind;

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/*
 * A copy of a path with core's path for all groups in the place of the first ones (forms/groups_node.c), which has their
 * order and columns; NULL if there is none.  `groups` becomes that of the first ones.
 */
static Path *
for_all_groups(PlannerInfo *root, Path *path, CustomPath **groups)
{
	Path	  **below;
	Path	   *all;

	switch (nodeTag(path))
	{
		case T_CustomPath:
			if (loki_node_input((CustomPath *) path) == NULL)
				return NULL;
			*groups = (CustomPath *) path;
			all = loki_query_level(root)->asked.otherwise;
			/* the node may compute what the query selects of a group */
			return all == NULL || equal(all->pathtarget->exprs, path->pathtarget->exprs) ? all :
				(Path *) create_projection_path(root, all->parent, all, path->pathtarget);
		case T_ProjectionPath:
			path = memcpy(makeNode(ProjectionPath), path, sizeof(ProjectionPath));
			below = &((ProjectionPath *) path)->subpath;
			break;
		case T_SortPath:
			path = memcpy(makeNode(SortPath), path, sizeof(SortPath));
			below = &((SortPath *) path)->subpath;
			break;
		case T_IncrementalSortPath:
			path = memcpy(makeNode(IncrementalSortPath), path, sizeof(IncrementalSortPath));
			below = &((IncrementalSortPath *) path)->spath.subpath;
			break;
		case T_NestPath:
			path = memcpy(makeNode(NestPath), path, sizeof(NestPath));
			below = &((NestPath *) path)->jpath.outerjoinpath;
			break;
		case T_HashPath:
			path = memcpy(makeNode(HashPath), path, sizeof(HashPath));
			below = &((HashPath *) path)->jpath.outerjoinpath;
			break;
		case T_SubqueryScanPath:
			root = path->parent->subroot;
			path = memcpy(makeNode(SubqueryScanPath), path, sizeof(SubqueryScanPath));
			below = &((SubqueryScanPath *) path)->subpath;
			break;
		default:
			return NULL;
	}
	all = for_all_groups(root, *below, groups);
	if (all == NULL)
		return NULL;
	/* a sort returns no row before it has all */
	path->startup_cost += IsA(path, SortPath) ? all->total_cost - (*below)->total_cost : all->startup_cost - (*below)->startup_cost;
	path->total_cost += all->total_cost - (*below)->total_cost;
	LokiInheritDisabled(path, all);
	*below = all;
	return path;
}

/*
 * See order.h.  The rows of a scan that is given up are as expensive as those of one whose rows are nearly all dropped.
 * Paths of all rows of a subquery are known for groups alone.  Guesses above it count as those do beside a table
 * (cost/cost.c).
 */
Path *
loki_search_or_sort(PlannerInfo *root, RelOptInfo *rel, const LimitPath *limit, const FinalPathExtraData *final,
					const Path *source, const IndexPath *scan, Path *search, Path *instead)
{
	CustomPath *groups = NULL;
	Path	   *all = for_all_groups(root, limit->subpath, &groups);
	Path	   *whole = groups != NULL ? loki_node_input(groups) : limit->subpath;
	const RelOptInfo *table = source->parent;
	bool		limited = instead == NULL;
	CustomPath *path;
	bool		in_subquery = table->relid >= root->simple_rel_array_size || root->simple_rel_array[table->relid] != table;
	Selectivity part = in_subquery ? loki_joined_by_guess(root, NULL) / LOKI_LEAST_GUESS : 1;
	Cost		columns = 0;
	Path		compared;
	double		row;
	double		most;

	if (table->reloptkind != RELOPT_BASEREL || source->param_info != NULL ||
		!loki_planned_settings(scan->indexinfo).complete ||
		(all == NULL && (in_subquery || (!root->hasHavingQual && whole->rows >= source->rows / 2 &&
										 loki_joined_by_guess(root, table) == 1))) ||
		!loki_may_be_planned_twice(root))
		return search;
	if (limited)
		foreach_ptr(Path, ordered, fetch_upper_rel(root, UPPERREL_ORDERED, NULL)->pathlist)
		{
			CustomPath *first = NULL;
			Path	   *other = for_all_groups(root, ordered, &first);

			if (other == NULL && first == NULL && (!in_subquery || groups != NULL))
				other = ordered;
			if (other != NULL && (instead == NULL || compare_path_costs(other, instead, TOTAL_COST) < 0))
				instead = other;
		}
	/* columns of the rows that LIMIT takes, which core costs for all groups */
	if (groups != NULL)
		columns = limit->subpath->pathtarget->cost.per_tuple * limit->subpath->rows;
	compared = *whole;
	compared.total_cost += columns;
	if (instead == NULL || compare_path_costs(instead, &compared, TOTAL_COST) >= 0 ||
		!equal(instead->pathtarget->exprs, search->pathtarget->exprs))
		return search;
	row = (whole->total_cost - source->total_cost) / source->rows + loki_dropped_row_cost();
	/* what the groups themselves cost is what LIMIT expects of them; nearly each of the first rows is one */
	if (groups != NULL)
		row += Max(limit->subpath->total_cost - columns - groups->path.total_cost, 0) / groups->path.rows;
	most = Max(instead->total_cost - columns, 1) / row;
	if (most >= source->rows)
		return search;
	if (limited)
		instead = (Path *) create_limit_path(root, rel, instead, limit->limitOffset, limit->limitCount,
											 limit->limitOption, final->offset_est, final->count_est);
	path = loki_node_path(&search_or_sort_kind, rel, search->pathtarget, search, search->pathtarget->exprs, NIL, NIL,
						  list_make1(makeInteger((int) Min(most, PG_INT32_MAX))));
	path->custom_paths = lappend(path->custom_paths, instead);
	path->path.parallel_safe = false;
	part = part > 0 ? Min(part, 1) : 1;
	path->path.rows = search->rows;
	path->path.startup_cost = search->startup_cost * part;
	path->path.total_cost = search->total_cost * part;
	path->path.pathkeys = search->pathkeys;
	return &path->path;
}

/* ----------------------------------------------------------------
 * Execution
 * ----------------------------------------------------------------
 */

/*
 * A LokiNodeKind's method: which of the two Limits below is the search, and how many of its rows cost as much as the other
 */
static void
explain_both(LokiNode *node, List *ancestors, ExplainState *es)
{
	double		most = ((SearchOrSort *) node)->most;

	ExplainPropertyText("First Plan", "search", es);
	ExplainPropertyText("Second Plan", es->costs ? psprintf("all rows, if too few of %.0f are left", most) :
						"all rows, if too few are left", es);
}

/*
 * LokiScanCaller's callback.  The search is given up when the rows that LIMIT still wants cost as much as the other plan,
 * if those to come are dropped as often as those that were returned; or when it has cost as much.  This is the rule by
 * which a scan goes on to the rest of its rows (rows_until_due() in hnsw/scan/strategy.c).
 */
static double
rows_left(LokiScanCaller *caller, double returned)
{
	SearchOrSort *state = caller->node;
	double		taken = caller->taken(caller);
	double		wanted = Max(caller->limit(caller) - taken, 1);
	double		left = Min((taken + LOKI_UNSEEN_ROWS) / wanted, 1) * state->most - returned;

	state->given_up = left < 1;
	return left;
}

/*
 * The caller of the scan that the search's order comes from, which is the outermost one.  NULL if it does not know of a
 * Limit, as order/limit.c has not seen it: where EvalPlanQual() runs a sub-plan, a search is not given up.
 */
static LokiScanCaller *
caller_of_search(PlanState *ps)
{
	LokiScanCaller *caller = NULL;
	LimitState *limit = NULL;

	while (ps != NULL && !IsA(ps, IndexScanState) && caller == NULL)
	{
		if (IsA(ps, LimitState))
			limit = (LimitState *) ps;
		if (IsA(ps, CustomScanState))
			caller = loki_hybrid_caller(ps);
		ps = IsA(ps, CustomScanState) ? loki_node_child(ps, limit) :
			IsA(ps, SubqueryScanState) ? ((SubqueryScanState *) ps)->subplan : outerPlanState(ps);
	}
	if (ps != NULL && ((IndexScanState *) ps)->iss_ScanDesc != NULL)
		caller = loki_hnsw_caller(((IndexScanState *) ps)->iss_ScanDesc);
	return caller != NULL && caller->limit != NULL ? caller : NULL;
}

/* A LokiNodeKind's method */
static void
begin_search(LokiNode *node, CustomScan *scan)
{
	((SearchOrSort *) node)->most = intVal(linitial(scan->custom_private));
}

/*
 * A LokiNodeKind's method.  The search's Sort may have kept its rows, which are not all if it was given up; unless those
 * below it are others now, the search would end as before.
 */
static bool
restart_search(LokiNode *node)
{
	SearchOrSort *state = (SearchOrSort *) node;
	PlanState  *search = linitial(node->css.custom_ps);
	PlanState  *sort = search;

	while (!IsA(sort, SortState))
		sort = outerPlanState(sort);
	if (state->given_up && !bms_overlap(search->chgParam, outerPlan(sort->plan)->allParam))
		return true;
	node->child = search;
	state->decided = state->given_up = false;
	return true;
}

/* A LokiNodeKind's method.  The search has ended, or was given up, when its first row comes, as that is sorted. */
static TupleTableSlot *
next_row(LokiNode *node)
{
	SearchOrSort *state = (SearchOrSort *) node;
	LokiScanCaller *caller = state->attached ? NULL : caller_of_search(node->child);
	TupleTableSlot *row;

	if (caller != NULL)
	{
		caller->left = rows_left;
		caller->node = state;
	}
	state->attached = true;
	row = loki_node_next_of_child(node);
	Assert(!state->decided || node->child != linitial(node->css.custom_ps) || !state->given_up);
	if (!state->decided && state->given_up)
	{
		node->child = lsecond(node->css.custom_ps);
		node->ended = false;
		if (node->child->chgParam == NULL)
			ExecReScan(node->child);
		row = loki_node_next_of_child(node);
	}
	state->decided = true;
	return row;
}

static const LokiNodeKind search_or_sort_kind = {
	.path = {.CustomName = "LokivectorSearchOrSort", .PlanCustomPath = loki_node_plan},
	.plan = {.CustomName = "LokivectorSearchOrSort", .CreateCustomScanState = loki_node_create_state},
	.size = sizeof(SearchOrSort),
	.begin = begin_search,
	.restart = restart_search,
	.next = next_row,
	.explain = explain_both,
};

void
loki_search_or_sort_init(void)
{
	RegisterCustomScanMethods(&search_or_sort_kind.plan);
}
