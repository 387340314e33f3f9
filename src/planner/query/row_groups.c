/*-------------------------------------------------------------------------
 *
 * row_groups.c
 *	  Queries whose groups are those of a table's rows, in the order of a distance of these.
 *
 *		SELECT d.id, count(c.id) FROM docs d LEFT JOIN chunks c ON c.doc = d.id
 *		GROUP BY d.id ORDER BY d.v <-> $1 LIMIT 10
 *		SELECT DISTINCT d.id, d.v <-> $1 AS dist FROM docs d JOIN tags t ON t.doc = d.id
 *		ORDER BY dist LIMIT 10
 *
 * The keys of a group hold a key of docs, so all of its rows are joined to one row of docs.  If rows of docs come one
 * by one, a group is whole before the next one begins, even where a row comes late.
 *
 * IDENTIFICATION
 *	  src/planner/query/row_groups.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "compat/pgcompat.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "planner/query/bounds.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"

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
	if (!loki_constraints_hold())
		return false;
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
			return true;
	}
	return false;
}

/*
 * Find the distance that the result is sorted by, and its table.  min() of it is the same, as it is the same for all
 * rows of a group.
 */
static RelOptInfo *
find_groups_order(PlannerInfo *root, const Query *parse, LokiRowGroups *groups)
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
		row = (Expr *) loki_without_aggregates((Node *) expr);
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

bool
loki_find_row_groups(const PlannerInfo *const_root, const Query *parse, LokiRowGroups *groups)
{
	PlannerInfo *root = unconstify(PlannerInfo *, const_root);
	const RelOptInfo *rel;

	groups->stage = parse->groupClause != NIL ? UPPERREL_GROUP_AGG : UPPERREL_DISTINCT;
	groups->keys = parse->groupClause != NIL ? parse->groupClause : parse->distinctClause;
	if (parse->commandType != CMD_SELECT || !loki_has_limit(parse) || root->sort_pathkeys == NIL ||
		(parse->groupClause != NIL) + (parse->distinctClause != NIL) != 1 || parse->hasDistinctOn ||
		(parse->hasAggs && parse->groupClause == NIL) || parse->groupingSets != NIL ||
		parse->hasWindowFuncs || parse->hasTargetSRFs || parse->setOperations != NULL ||
		parse->rowMarks != NIL || !grouping_is_sortable(groups->keys) ||
		!loki_may_repeat(parse->limitCount, parse->limitOffset))
		return false;
	rel = find_groups_order(root, parse, groups);
	if (rel == NULL || !hold_key(root, rel, groups->keys))
		return false;
	groups->relid = rel->relid;
	return true;
}
