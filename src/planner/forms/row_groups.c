/*-------------------------------------------------------------------------
 *
 * row_groups.c
 *	  Groups of a table's rows, in the order of a distance of these.
 *
 *		SELECT d.id, count(c.id) FROM docs d LEFT JOIN chunks c ON c.doc = d.id
 *		GROUP BY d.id ORDER BY d.v <-> $1 LIMIT 10
 *		SELECT DISTINCT d.id, d.v <-> $1 AS dist FROM docs d JOIN tags t ON t.doc = d.id
 *		ORDER BY dist LIMIT 10
 *
 *		Limit
 *		  ->  GroupAggregate							Group Key: d.id
 *				->  Incremental Sort					Sort Key: (d.v <-> $1), d.id
 *					  ->  Nested Loop
 *							->  Index Scan using ...	Order By: (d.v <-> $1)
 *							->  ...
 *
 * The keys of a group hold a key of docs, so all of its rows are joined to one row of docs.  If rows of docs come one
 * by one, a group is whole before the next one begins, even where a row comes late.  The distance is the same for all
 * rows of a group, so that they follow each other in this order too.  Core sorts rows by the keys of groups first, and
 * the groups by the distance then, which reads all rows.  All nodes are core's, and keep to what they say of their
 * order.
 *
 * order/limit_search.c goes down through Agg and Unique to scans of the table: each row that comes brings its whole group
 * (LokiLevel.whole).  A search does without the sort.
 *
 * IDENTIFICATION
 *	  src/planner/forms/row_groups.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "planner/forms/forms.h"
#include "planner/forms/groups.h"
#include "planner/order/order.h"
#include "planner/query/bounds.h"
#include "planner/query/distance_expr.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* Groups of which each has the rows that are joined to one row of a table */
typedef struct RowGroups
{
	UpperRelationKind stage;	/* GROUP BY or DISTINCT */
	List	   *keys;			/* SortGroupClause: they hold a key of the
								 * table */
	List	   *having;			/* conditions on groups */
	PathKey    *input;			/* a distance of the table's rows ... */
	PathKey    *output;			/* ... which the result is sorted by; or its
								 * min(), the same for all rows of a group */
} RowGroups;

/*
 * Whether keys of groups have a column of a unique index, which is never NULL, and take no values for equal that the
 * index tells apart
 */
static bool
has_column(PlannerInfo *root, const IndexOptInfo *info, int column, List *keys)
{
	foreach_node(SortGroupClause, key, keys)
	{
		Var		   *var = (Var *) get_sortgroupclause_expr(key, root->processed_tlist);

		if (IsA(var, Var) && var->varlevelsup == 0 && var->varno == (int) info->rel->relid &&
			var->varattno == info->indexkeys[column] && var->varcollid == info->indexcollations[column] &&
			get_op_opfamily_strategy(key->eqop, info->opfamily[column]) == BTEqualStrategyNumber)
			return !LokiMayBeNulled(root, var) && !loki_may_be_null(root, info->rel, (Node *) var);
	}
	return false;
}

/*
 * Whether keys of groups hold a key of a table.  A deferred constraint is checked after the statement; and a snapshot
 * that is older than a constraint may see rows that do not meet it.
 */
static bool
hold_key(PlannerInfo *root, const RelOptInfo *rel, List *keys)
{
	foreach_node(IndexOptInfo, info, rel->indexlist)
	{
		int			column = 0;

		if (!info->unique || !info->immediate || info->hypothetical || info->relam != BTREE_AM_OID ||
			(info->indpred != NIL && !info->predOK))
			continue;
		while (column < info->nkeycolumns && info->indexkeys[column] > 0 &&
			   has_column(root, info, column, keys))
			column++;
		if (column == info->nkeycolumns)
			return loki_constraints_hold(root, planner_rt_fetch(rel->relid, root)->relid, 0);
	}
	return false;
}

/*
 * Find the distance that the result is sorted by, and its table.  min() of it is the same, as it is the same for all
 * rows of a group.
 */
static RelOptInfo *
find_groups_order(PlannerInfo *root, const Query *parse, RowGroups *groups)
{
	LokiDistanceExpr distance;
	int			relid;

	groups->output = linitial_node(PathKey, root->sort_pathkeys);
	foreach_node(SortGroupClause, clause, parse->sortClause)
	{
		Expr	   *expr = (Expr *) get_sortgroupclause_expr(clause, root->processed_tlist);
		Expr	   *row;

		if (loki_sort_key(root, expr, clause) != groups->output)
			continue;
		row = (Expr *) loki_without_aggregates((Node *) expr, NULL);
		groups->input = loki_sort_key(root, row, clause);
		if (groups->input == NULL || !loki_may_be_score_order(groups->input) ||
			!loki_distance_expr((Node *) row, &distance) || distance.nulls == LOKI_PLACE_BETWEEN ||
			LokiPathKeyIsDescending(groups->input) != distance.falling ||
			!bms_get_singleton_member(pull_varnos(root, (Node *) row), &relid))
			return NULL;
		return root->simple_rel_array[relid];
	}
	return NULL;
}

/* A LokiForm's method */
static void *
find_row_groups(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level)
{
	RowGroups  *groups = palloc0_object(RowGroups);
	const RelOptInfo *rel;

	groups->stage = parse->groupClause != NIL ? UPPERREL_GROUP_AGG : UPPERREL_DISTINCT;
	groups->keys = parse->groupClause != NIL ? parse->groupClause : parse->distinctClause;
	groups->having = (List *) parse->havingQual;
	if (parse->commandType != CMD_SELECT || !loki_has_limit(parse) || root->sort_pathkeys == NIL ||
		(parse->groupClause != NIL) + (parse->distinctClause != NIL) != 1 || parse->hasDistinctOn ||
		(parse->hasAggs && parse->groupClause == NIL) || parse->groupingSets != NIL ||
		parse->hasWindowFuncs || parse->hasTargetSRFs || parse->setOperations != NULL ||
		parse->rowMarks != NIL || !grouping_is_sortable(groups->keys) ||
		!loki_may_repeat(parse->limitCount, parse->limitOffset))
		return NULL;
	rel = find_groups_order(root, parse, groups);
	if (rel == NULL || !hold_key(root, rel, groups->keys) ||
		(groups->stage == UPPERREL_DISTINCT && linitial(root->distinct_pathkeys) != groups->input))
		return NULL;
	level->asked.limit = root;
	level->asked.input = groups->input;
	level->asked.input_is_new = groups->input != groups->output;
	level->asked.whole = rel->relid;
	/* what is volatile has other values for each row, also in a sub-plan, and lets some of several rows pass */
	if (!parse->hasAggs && level->repeatable && !contain_volatile_functions((Node *) parse) &&
		loki_is_repeatable(root->processed_tlist))
		level->asked.once = rel->relid;
	return groups;
}

/* Sort keys behind the distance, which may be among them */
static List *
behind_distance(const PathKey *distance, List *keys)
{
	List	   *result = list_make1(unconstify(PathKey *, distance));

	foreach_node(PathKey, key, keys)
		if (key->pk_eclass != distance->pk_eclass)
		result = lappend(result, key);
	return result;
}

/*
 * A LokiForm's method: rows are sorted by further keys among those of the same distance.  Above an Agg they are sorted by
 * the distance and the keys, and not by what aggregates are sorted by.  The keys of DISTINCT begin with those of ORDER BY.
 */
static void
add_row_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output,
					 const void *state)
{
	const RowGroups *groups = state;
	AggClauseCosts costs = {0};
	List	   *exprs;
	List	   *keys = root->distinct_pathkeys;

	if (output->reloptkind != RELOPT_UPPER_REL || groups->stage != stage || !enable_incremental_sort)
		return;
	exprs = get_sortgrouplist_exprs(groups->keys, root->processed_tlist);
	if (stage == UPPERREL_GROUP_AGG)
	{
		get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
		keys = behind_distance(groups->input, root->group_pathkeys);
	}
	foreach_ptr(Path, path, input->pathlist)
	{
		double		ngroups = estimate_num_groups(root, exprs, Max(path->rows, 1), NULL, NULL);

		if (path->param_info != NULL || !pathkeys_contained_in(list_make1(groups->input), path->pathkeys))
			continue;
		if (!pathkeys_contained_in(keys, path->pathkeys))
		{
			Path	   *sorted = (Path *) create_incremental_sort_path(root, output, path, keys, 1, -1);

			/* which a search does without, as in loki_sort_late() */
			if (loki_limit_saves(root, path) > 0)
				sorted->startup_cost = path->startup_cost;
			path = sorted;
		}
		if (stage == UPPERREL_GROUP_AGG)
		{
			path = (Path *) create_agg_path(root, output, path, root->upper_targets[UPPERREL_GROUP_AGG],
											AGG_SORTED, AGGSPLIT_SIMPLE, LokiGroupClause(root),
											groups->having, &costs, ngroups);
			path->pathkeys = behind_distance(groups->output, list_copy_head(root->group_pathkeys, LokiGroupKeys(root)));
		}
		else
			path = (Path *) loki_create_unique_path(root, output, path, list_length(keys), ngroups);
		add_path(output, path);
	}
}

const LokiForm loki_row_groups_form = {
	.level = find_row_groups,
	.upper = add_row_group_paths,
};
