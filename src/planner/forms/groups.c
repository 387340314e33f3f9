/*-------------------------------------------------------------------------
 *
 * groups.c
 *	  Queries for the nearest groups of rows.
 *
 *		SELECT doc, min(v <-> $1) FROM chunks GROUP BY doc ORDER BY 2 LIMIT 10
 *		SELECT * FROM (SELECT DISTINCT ON (doc) doc, id, v <-> $1 AS d FROM chunks
 *		  ORDER BY doc, d) s ORDER BY d LIMIT 10
 *		SELECT * FROM (SELECT doc, id, v <-> $1 AS d,
 *		  row_number() OVER (PARTITION BY doc ORDER BY v <-> $1) AS n FROM chunks) s
 *		WHERE n <= 3 ORDER BY d LIMIT 10
 *
 * If rows come in the order of the distance, the first row of a group is its nearest, and
 * groups come in the order of the result.  So LIMIT can end it after a few rows.
 *
 * For that the order of the result, and the order within a group, must be the same distance.  An aggregate that is no
 * such min() or max(), as count(*), needs all rows of its group.  Several aggregates are possible if they are of the
 * same distance, and rise or fall alike: min(d), min(2 * d).  max(1 - d) beside min(d) is that of another row, if there
 * is a NaN.
 *
 * IDENTIFICATION
 *	  src/planner/forms/groups.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "planner/forms/groups.h"
#include "planner/query/distance_expr.h"
#include "utils/fmgroids.h"

/*
 * Whether an aggregate is a min() or a max(), and which: of types that scores have.  With a FILTER the
 * first row of a group may be left out.  DISTINCT makes no difference to them.
 */
static bool
is_extreme(const Aggref *aggregate, bool *max)
{
	*max = aggregate->aggfnoid == F_MAX_FLOAT8 || aggregate->aggfnoid == F_MAX_FLOAT4 ||
		aggregate->aggfnoid == F_MAX_NUMERIC;
	return (*max || aggregate->aggfnoid == F_MIN_FLOAT8 ||
			aggregate->aggfnoid == F_MIN_FLOAT4 || aggregate->aggfnoid == F_MIN_NUMERIC) &&
		aggregate->aggfilter == NULL && aggregate->aggorder == NIL;
}

/* Another aggregate may have no argument, and what it is part of becomes no distance. */
Node *
loki_without_aggregates(Node *node, void *context)
{
	bool		max;

	if (node == NULL)
		return NULL;
	if (IsA(node, Aggref))
		return !is_extreme((Aggref *) node, &max) ?
			(Node *) makeNullConst(((Aggref *) node)->aggtype, -1, InvalidOid) :
			(Node *) copyObject(linitial_node(TargetEntry, ((Aggref *) node)->args)->expr);
	return expression_tree_mutator(node, loki_without_aggregates, context);
}

/*
 * The first sort key of the level whose LIMIT takes the rows of a level: itself, or the one
 * that this is a subquery of.  Returns the expression of this level, or NULL.
 */
static Expr *
wanted_order(const PlannerInfo *root, const Query *parse, const Query *outer, LokiGroups *groups,
			 const SortGroupClause **clause)
{
	Var		   *column;
	TargetEntry *entry;

	if (parse->limitCount != NULL || parse->limitOffset != NULL)
	{
		groups->limit = root;
		if (!loki_has_limit(parse) || parse->sortClause == NIL || parse->hasDistinctOn)
			return NULL;
		*clause = linitial_node(SortGroupClause, parse->sortClause);
		return (Expr *) get_sortgroupclause_expr(unconstify(SortGroupClause *, *clause),
												 root->processed_tlist);
	}

	/*
	 * the level above has no target list yet if this is a WITH of it, or in
	 * an expression
	 */
	groups->limit = root->parent_root;
	if (outer == NULL || groups->limit->processed_tlist == NIL ||
		(parse->sortClause != NIL && !parse->hasDistinctOn) ||
		!loki_has_limit(outer) || outer->sortClause == NIL || loki_consumes_order(outer))
		return NULL;
	*clause = linitial_node(SortGroupClause, outer->sortClause);
	column = (Var *) get_sortgroupclause_expr(unconstify(SortGroupClause *, *clause),
											  groups->limit->processed_tlist);

	/*
	 * If it is a column of another subquery, the order that we offer is of no
	 * use there, and does no harm.  Nor is it on the nullable side of an outer
	 * join, which needs all groups: these cost more than what LIMIT takes.
	 */
	if (!IsA(column, Var) || column->varattno <= 0 || column->varlevelsup > 0 || LokiMayBeNulled(groups->limit, column) ||
		rt_fetch(column->varno, outer->rtable)->rtekind != RTE_SUBQUERY)
		return NULL;
	entry = get_tle_by_resno(root->processed_tlist, column->varattno);
	return entry != NULL && !entry->resjunk ? entry->expr : NULL;
}

/*
 * GROUP BY: aggregates must be those of a group's first row: min() of what rises with the distance, or
 * max() of what falls.  HAVING is evaluated by the node, and may have further ones.
 */
static bool
grouped_rows(const PlannerInfo *root, const Query *parse, LokiGroups *groups,
			  LokiDistanceExpr *within, Oid *first)
{
	List	   *exprs = pull_var_clause((Node *) root->processed_tlist,
										PVC_INCLUDE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
										PVC_INCLUDE_PLACEHOLDERS);

	groups->filter = (List *) parse->havingQual;
	exprs = list_concat(exprs, pull_var_clause((Node *) groups->filter, PVC_INCLUDE_AGGREGATES |
											   PVC_INCLUDE_PLACEHOLDERS));
	foreach_ptr(Aggref, aggregate, exprs)
	{
		LokiDistanceExpr distance;
		Expr	   *score;
		bool		max;

		if (IsA(aggregate, GroupingFunc))
			return false;		/* which an Agg alone can compute */
		if (!IsA(aggregate, Aggref))
			continue;
		if (!is_extreme(aggregate, &max))
			return false;
		score = linitial_node(TargetEntry, aggregate->args)->expr;
		if (!loki_distance_expr((Node *) score, &distance) || distance.falling != max)
			return false;
		if (groups->score == NULL)
		{
			groups->score = score;
			*within = distance;
			*first = loki_order_first(false, &distance);
		}
		else if (!loki_same_distance(within->distance, distance.distance) ||
				 loki_order_first(false, &distance) != *first)
			return false;
		groups->aggregates = list_append_unique(groups->aggregates, aggregate);
	}
	groups->stage = UPPERREL_GROUP_AGG;
	groups->keys = parse->groupClause;
	return groups->score != NULL;
}

/* The order of the rows within a group; false if that is no distance, or goes from the farthest to the nearest. */
static bool
order_within(const PlannerInfo *root, LokiGroups *groups, const SortGroupClause *clause,
			 LokiDistanceExpr *within, Oid *first)
{
	PathKey    *key;

	groups->score = (Expr *) get_sortgroupclause_expr(unconstify(SortGroupClause *, clause),
													  root->processed_tlist);
	key = loki_sort_key(root, groups->score, clause);
	if (key == NULL || !loki_may_be_score_order(key) ||
		!loki_distance_expr((Node *) groups->score, within) ||
		LokiPathKeyIsDescending(key) != within->falling)
		return false;
	*first = loki_order_first(clause->nulls_first, within);
	return true;
}

/*
 * DISTINCT ON: the sort key after those of the groups decides, and no other.
 *
 *		SELECT DISTINCT ON (doc) ... ORDER BY doc, d		d decides
 *
 * A further key would choose among rows of the same distance, which the node returns in any order.
 */
static bool
distinct_rows(const PlannerInfo *root, const Query *parse, LokiGroups *groups,
			  LokiDistanceExpr *within, Oid *first)
{
	SortGroupClause *decides = NULL;

	groups->stage = UPPERREL_DISTINCT;
	groups->keys = parse->distinctClause;
	foreach_node(SortGroupClause, clause, parse->sortClause)
	{
		if (get_sortgroupref_clause_noerr(clause->tleSortGroupRef, groups->keys) != NULL)
			continue;
		if (decides != NULL)
			return false;
		decides = clause;
	}
	return decides != NULL && order_within(root, groups, decides, within, first);
}

/*
 * row_number(), rank() or dense_rank() OVER (PARTITION BY ... ORDER BY ...), with a condition on it.  Rows
 * of the same rank have the same distance, as float8.
 */
static bool
numbered_rows(const PlannerInfo *root, const Query *parse, LokiGroups *groups,
			  LokiDistanceExpr *within, Oid *first)
{
	WindowClause *window = linitial_node(WindowClause, parse->windowClause);
	List	   *exprs = pull_var_clause((Node *) root->processed_tlist,
										PVC_INCLUDE_WINDOWFUNCS | PVC_INCLUDE_PLACEHOLDERS);

	if (list_length(parse->windowClause) != 1 || window->partitionClause == NIL ||
		list_length(window->orderClause) != 1)
		return false;
	foreach_ptr(WindowFunc, function, exprs)
	{
		if (!IsA(function, WindowFunc))
			continue;
		if (!loki_is_rank(function) || (groups->number != NULL && !equal(groups->number, function)))
			return false;
		groups->number = function;
	}
	if (groups->number == NULL)
		return false;
	groups->stage = UPPERREL_WINDOW;
	groups->keys = window->partitionClause;
	groups->filter = loki_run_conditions(window, groups->number);
	return groups->filter != NIL &&
		order_within(root, groups, linitial_node(SortGroupClause, window->orderClause), within,
					 first) &&
		(groups->number->winfnoid == F_ROW_NUMBER || exprType((Node *) groups->score) == FLOAT8OID);
}

void *
loki_find_groups(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level)
{
	LokiGroups *groups = palloc0_object(LokiGroups);
	const SortGroupClause *clause;
	LokiDistanceExpr within;
	LokiDistanceExpr distance;
	Oid			first;
	Oid			first_within;
	Expr	   *result;
	Expr	   *row;
	bool		found;

	/* exactly one way to make groups */
	if ((parse->groupClause != NIL) + parse->hasDistinctOn + parse->hasWindowFuncs != 1 ||
		parse->commandType != CMD_SELECT || parse->groupingSets != NIL || parse->hasTargetSRFs ||
		parse->setOperations != NULL || parse->rowMarks != NIL ||
		(parse->distinctClause != NIL && !parse->hasDistinctOn) ||
		(parse->hasAggs && parse->groupClause == NIL) ||
		!grouping_is_hashable(parse->groupClause) || !grouping_is_hashable(parse->distinctClause))
		return NULL;
	result = wanted_order(root, parse, outer, groups, &clause);
	if (result == NULL || contain_volatile_functions((Node *) root->processed_tlist) ||
		contain_volatile_functions(parse->havingQual))
		return NULL;

	/*
	 * the score, as that of a row: an order of the rows that is the groups'
	 * as well
	 */
	row = (Expr *) loki_without_aggregates((Node *) result, NULL);
	if (!loki_distance_expr((Node *) row, &distance) || distance.nulls == LOKI_PLACE_BETWEEN)
		return NULL;
	groups->input = loki_sort_key(root, row, clause);
	groups->output = loki_sort_key(root, result, clause);
	if (groups->input == NULL || groups->output == NULL ||
		!loki_may_be_score_order(groups->input) ||
		LokiPathKeyIsDescending(groups->input) != distance.falling)
		return NULL;
	found = parse->groupClause != NIL ? grouped_rows(root, parse, groups, &within, &first_within) :
		parse->hasDistinctOn ? distinct_rows(root, parse, groups, &within, &first_within) :
		numbered_rows(root, parse, groups, &within, &first_within);
	if (!found || !grouping_is_hashable(groups->keys) || within.nulls == LOKI_PLACE_BETWEEN ||
		!loki_same_distance(within.distance, distance.distance))
		return NULL;

	/*
	 * Rows without a distance may have another place in the result than in
	 * their group: the score is DESC, which puts NULL first.  Such rows can
	 * wait for another one of their group, but not the other way round.
	 */
	Assert(groups->keys != NIL && groups->score != NULL && groups->limit != NULL);
	Assert((groups->number != NULL) == (groups->stage == UPPERREL_WINDOW));
	first = loki_order_first(clause->nulls_first, &distance);
	groups->aside = first & ~first_within;
	if ((first_within & ~first) != 0 || (groups->aside != 0 && groups->number != NULL))
		return NULL;
	if (((groups->aside & LOKI_FIRST_NULLS) != 0 && within.nulls != LOKI_PLACE_ITSELF) ||
		((groups->aside & LOKI_FIRST_NANS) != 0 &&
		 (within.nans != LOKI_PLACE_ITSELF || exprType((Node *) groups->score) != FLOAT8OID)))
		return NULL;
	level->asked.limit = groups->limit;
	level->asked.input = groups->input;
	level->asked.input_is_new = groups->stage == UPPERREL_GROUP_AGG;
	level->asked.number = (Expr *) groups->number;
	return groups;
}
