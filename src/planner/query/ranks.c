/*-------------------------------------------------------------------------
 *
 * ranks.c
 *	  Queries whose window functions are ranks.
 *
 * IDENTIFICATION
 *	  src/planner/query/ranks.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_opfamily_d.h"
#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "planner/query/promise.h"
#include "utils/fmgroids.h"

/* Whether a window function is a rank, which depends only on the rows before its own */
static bool
is_rank(const WindowFunc *function)
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

		if (!is_rank(function) || (*window != 0 && *window != function->winref))
			return true;
		*window = function->winref;
		return false;
	}
	return expression_tree_walker(node, has_other_function, window);
}

/*
 * Whether all window functions of a query are ranks within one window that has no
 * PARTITION BY, and nothing but a Sort and a Limit follows.
 */
bool
loki_ranks_rows(const Query *parse)
{
	Index		window = 0;
	ListCell   *cell;

	if (!parse->hasWindowFuncs || parse->hasTargetSRFs || parse->distinctClause != NIL ||
		has_other_function((Node *) parse->targetList, &window))
		return false;
	foreach(cell, parse->windowClause)
	{
		WindowClause *clause = lfirst_node(WindowClause, cell);

		if (clause->winref == window)
			return clause->partitionClause == NIL;
	}
	return false;
}

/*
 * Whether a window function needs all rows before it returns one: its frame ends with the
 * last row, or all rows are peers.  Core's costs know of this since 16.
 */
bool
loki_windows_need_all(const Query *parse)
{
	ListCell   *cell;

	if (!parse->hasWindowFuncs || loki_ranks_rows(parse))
		return false;
	foreach(cell, parse->windowClause)
	{
		WindowClause *clause = lfirst_node(WindowClause, cell);

		if (clause->partitionClause == NIL &&
			((clause->frameOptions & FRAMEOPTION_END_UNBOUNDED_FOLLOWING) ||
			 (clause->orderClause == NIL && !(clause->frameOptions & FRAMEOPTION_ROWS))))
			return true;
	}
	return false;
}

/* Whether a query's sort keys are one of its ranks, ascending */
bool
loki_sorts_by_rank(const PlannerInfo *root)
{
	PathKey    *key;
	Expr	   *expr;

	if (list_length(root->sort_pathkeys) != 1)
		return false;
	key = linitial_node(PathKey, root->sort_pathkeys);
	expr = linitial_node(EquivalenceMember, key->pk_eclass->ec_members)->em_expr;
	return IsA(expr, WindowFunc) && is_rank((WindowFunc *) expr) &&
		key->pk_opfamily == INTEGER_BTREE_FAM_OID && !LokiPathKeyIsDescending(key);
}
