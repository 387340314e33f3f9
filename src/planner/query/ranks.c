/*-------------------------------------------------------------------------
 *
 * ranks.c
 *	  Queries whose window functions are ranks.
 *
 *		SELECT id, rank() OVER (ORDER BY v <-> $1) FROM items ORDER BY v <-> $1 LIMIT 10
 *		SELECT * FROM (SELECT id, row_number() OVER (ORDER BY v <-> $1) AS r FROM items) s
 *		WHERE r <= 10
 *
 * A window function may look at any row of its partition, so core asks for all of them.  But the
 * rank of a row depends only on the rows before it, so that the first ranks need the first rows
 * alone.  The condition r <= 10 is what core calls a run condition of the WindowAgg: it ends the
 * node, though not the scan's own work.  rank() <= 10 holds for the first ten rows and for those
 * that are as near as the tenth.
 *
 * IDENTIFICATION
 *	  src/planner/query/ranks.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator_d.h"
#include "catalog/pg_opfamily_d.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/fmgroids.h"

bool
loki_is_rank(const WindowFunc *function)
{
	return function->winfnoid == F_ROW_NUMBER || function->winfnoid == F_RANK_ ||
		function->winfnoid == F_DENSE_RANK_;
}

/*
 * Walker: whether there is a window function that looks at further rows, or one whose
 * window is not that of the functions before it (0: there was none).
 */
static bool
has_other_function(Node *node, Index *window)
{
	if (node == NULL)
		return false;
	if (IsA(node, WindowFunc))
	{
		WindowFunc *function = (WindowFunc *) node;

		if (!loki_is_rank(function) || (*window != 0 && *window != function->winref))
			return true;
		*window = function->winref;
		return false;
	}
	return expression_tree_walker(node, has_other_function, window);
}

/*
 * The window of a query whose functions are all ranks of its rows; NULL for others.  With PARTITION BY
 * the rows of a partition are ranked, which forms/groups.c sees to.  Functions that return sets, and
 * DISTINCT, come after the window and change how many rows a LIMIT counts.
 */
static const WindowClause *
window_of_ranks(const Query *parse)
{
	Index		window = 0;

	if (!parse->hasWindowFuncs || parse->hasTargetSRFs || parse->distinctClause != NIL ||
		has_other_function((Node *) parse->targetList, &window))
		return NULL;
	foreach_ptr(const WindowClause, clause, parse->windowClause)
		if (clause->winref == window)
		return clause->partitionClause == NIL ? clause : NULL;
	return NULL;
}

/* This is asked of queries that are not planned yet as well (forms/arms.c), so it looks at nothing else. */
bool
loki_ranks_rows(const Query *parse)
{
	return window_of_ranks(parse) != NULL;
}

List *
loki_order_of_ranks(const Query *parse)
{
	const WindowClause *window = window_of_ranks(parse);
	const SortGroupClause *first;
	const WindowFunc *rank;

	if (window == NULL || parse->sortClause == NIL)
		return NIL;
	first = linitial(parse->sortClause);
	rank = (WindowFunc *) get_sortgroupclause_expr(unconstify(SortGroupClause *, first),
												   parse->targetList);
	if (IsA(rank, WindowFunc) && loki_is_rank(rank) && list_length(parse->sortClause) == 1)
		return first->sortop == Int8LessOperator ? window->orderClause : NIL;
	return equal(window->orderClause, parse->sortClause) ? window->orderClause : NIL;
}

/* The first member of the class is the sort key's own: no condition of the query can equal a window function. */
bool
loki_sorts_by_rank(const PlannerInfo *root)
{
	PathKey    *key;
	Expr	   *expr;

	if (list_length(root->sort_pathkeys) != 1)
		return false;
	key = linitial_node(PathKey, root->sort_pathkeys);
	expr = linitial_node(EquivalenceMember, key->pk_eclass->ec_members)->em_expr;
	return IsA(expr, WindowFunc) && loki_is_rank((WindowFunc *) expr) &&
		key->pk_opfamily == INTEGER_BTREE_FAM_OID && !LokiPathKeyIsDescending(key);
}

/*
 * Run conditions are r < n, r <= n, or the same with the sides exchanged; r = n has become r <= n
 * (find_window_run_conditions()).  The bound of r < n is n too, one row more than needed.
 */
Node *
loki_number_bound(List *conditions, Oid function)
{
	foreach_node(OpExpr, condition, conditions)
	{
		List	   *args = condition->args;
		bool		left = IsA(linitial(args), WindowFunc);
		WindowFunc *number = left ? linitial(args) : lsecond(args);
		Node	   *most = copyObject(left ? lsecond(args) : linitial(args));

		Assert(list_length(args) == 2);
		if (!IsA(number, WindowFunc) || number->winfnoid != function)
			continue;
		if (exprType(most) == INT4OID)
			most = (Node *) loki_make_cast(F_INT8_INT4, INT8OID, most);
		if (exprType(most) == INT8OID)
			return (Node *) loki_make_extreme(IS_GREATEST, most, loki_bigint_const(0));
	}
	return NULL;
}

/*
 * The first function of the select list with a run condition gives the bound.  A further one with a
 * condition only ends the node earlier.  dense_rank() <= n holds for any number of rows.
 */
Node *
loki_ranks_wanted(const Query *parse, List *tlist, List **ties)
{
	List	   *exprs;
	Node	   *bound = NULL;

	*ties = NIL;
	if (!parse->hasWindowFuncs || loki_consumes_order(parse))
		return NULL;
	exprs = pull_var_clause((Node *) tlist,
							PVC_INCLUDE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS);
	foreach_ptr(WindowFunc, function, exprs)
	{
		if (!IsA(function, WindowFunc) || function->winfnoid == F_DENSE_RANK_)
			continue;
		foreach_node(WindowClause, window, parse->windowClause)
		{
			if (bound != NULL || window->winref != function->winref)
				continue;
			bound = loki_number_bound(loki_run_conditions(window, function), function->winfnoid);
			if (bound != NULL && function->winfnoid == F_RANK_)
				*ties = window->orderClause;
		}
	}
	return bound;
}
