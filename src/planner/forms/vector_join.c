/*-------------------------------------------------------------------------
 *
 * vector_join.c
 *	  Joins with rows that have the query vectors.
 *
 *		WITH q AS (SELECT v FROM items WHERE id = 7)
 *		SELECT ... FROM items, q ORDER BY items.v <-> q.v LIMIT 10
 *
 * The only order of a join that core knows is that of its outer side, and this
 * distance depends on both sides.  But if the outer side has one row at most, a nested
 * loop returns rows in the order of its inner side: a scan of the index for the vector
 * of that row.  If it has several, the first rows of the join are among the nearest ones
 * to each, which are searched for one after the other, and then sorted.  Then no condition may compare
 * the two sides, no further sort key choose among ties, and the join is all of FROM.
 *
 *		Nested Loop							Limit
 *		  ->  CTE Scan on q	(one row)		  ->  Sort
 *		  ->  Index Scan on items				    ->  Nested Loop
 *				Order By: (v <-> q.v)				      ->  Seq Scan on q
 *												      ->  Limit
 *												            ->  Index Scan on items
 *
 * That a side has one row at most must be certain: statistics are not enough, as a second row would be
 * returned behind all of the first, without any sort.
 *
 * IDENTIFICATION
 *	  src/planner/forms/vector_join.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/forms/forms.h"
#include "planner/order/order.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"

static bool has_one_row(PlannerInfo *root, RelOptInfo *rel);

/*
 * Whether a query certainly returns one row at most; it has been planned, with `planned`: by LIMIT 1, as
 * an aggregate without GROUP BY, without FROM, or as it reads one relation of one row.
 */
static bool
query_has_one_row(Query *query, PlannerInfo *planned)
{
	/* LIMIT 1 is a cast of an integer */
	Const	   *limit = (Const *) eval_const_expressions(NULL, query->limitCount);
	int			relid;

	if (query->commandType != CMD_SELECT || query->setOperations != NULL)
		return false;
	if (limit != NULL && IsA(limit, Const) && !limit->constisnull &&
		limit->consttype == INT8OID && DatumGetInt64(limit->constvalue) <= 1)
		return query->limitOption == LIMIT_OPTION_COUNT;
	if (query->hasTargetSRFs || query->groupingSets != NIL)
		return false;
	if ((query->hasAggs && query->groupClause == NIL) || query->jointree->fromlist == NIL)
		return true;
	return planned != NULL && bms_get_singleton_member(planned->all_baserels, &relid) &&
		has_one_row(planned, planned->simple_rel_array[relid]);
}

/* The same for the query of a WITH, of this level or one above.  An inlined one is a subquery, with no plan here. */
static bool
cte_has_one_row(PlannerInfo *root, const RangeTblEntry *rte)
{
	int			i = 0;

	for (Index up = rte->ctelevelsup; up > 0; up--)
		root = root->parent_root;
	/* one that is being planned sees those before it, and itself */
	Assert(root != NULL && list_length(root->cte_plan_ids) <= list_length(root->parse->cteList));
	foreach_node(CommonTableExpr, cte, root->parse->cteList)
	{
		int			plan = i < list_length(root->cte_plan_ids) ? list_nth_int(root->cte_plan_ids, i++) : 0;

		if (strcmp(cte->ctename, rte->ctename) == 0)
			return !cte->cterecursive && plan > 0 &&
				query_has_one_row(castNode(Query, cte->ctequery),
								  list_nth(root->glob->subroots, plan - 1));
	}
	return false;
}

/*
 * Whether a relation has one row at most.  A table has, if conditions with constants cover a unique index:
 * WHERE id = 7.  With children a unique index is one of the parent alone.
 */
static bool
has_one_row(PlannerInfo *root, RelOptInfo *rel)
{
	RangeTblEntry *rte;

	if (rel->reloptkind != RELOPT_BASEREL)
		return false;
	rte = planner_rt_fetch(rel->relid, root);
	switch (rte->rtekind)
	{
		case RTE_RELATION:
			return !rte->inh && rte->tablesample == NULL &&
				loki_has_unique_row(root, rel);
		case RTE_SUBQUERY:
			return query_has_one_row(rte->subquery, rel->subroot);
		case RTE_CTE:
			return !rte->self_reference && cte_has_one_row(root, rte);
		case RTE_FUNCTION:
			return list_length(rte->functions) == 1 &&
				!expression_returns_set(linitial_node(RangeTblFunction, rte->functions)->funcexpr);
		case RTE_VALUES:
			return list_length(rte->values_lists) == 1;
		case RTE_RESULT:
			return true;
		default:
			return false;
	}
}

/*
 * The distance that the first sort key rises or falls with.  On its left is a column of
 * the inner relation, on its right an expression of the outer one.
 */
static OpExpr *
joined_distance(PlannerInfo *root, RelOptInfo *outer, RelOptInfo *inner, PathKey *key,
				LokiDistanceExpr *result)
{
	foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
	{
		OpExpr	   *op;

		if (!bms_overlap(member->em_relids, outer->relids) ||
			!bms_overlap(member->em_relids, inner->relids) ||
			!loki_distance_expr((Node *) member->em_expr, result))
			continue;
		op = result->distance;
		if (bms_equal(pull_varnos(root, lsecond(op->args)), inner->relids))
			op = loki_commuted(op);
		if (op != NULL && bms_equal(pull_varnos(root, linitial(op->args)), inner->relids) &&
			bms_is_subset(pull_varnos(root, lsecond(op->args)), outer->relids))
			return op;
	}
	return NULL;
}

/*
 * Join rows of the outer relation with scans of an index of the inner relation: a single
 * row, or each with those that LIMIT takes, found by a search.
 */
static void
add_join_path(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer, bool single,
			  JoinPathExtraData *extra, IndexOptInfo *info, OpExpr *distance, Oid first)
{
	const LokiLevel *level = loki_query_level(root);
	Path	   *rows = outer->cheapest_total_path;
	PathKey    *key = linitial(root->query_pathkeys);
	LokiMatch	match = *(LokiMatch *) linitial(loki_matches(root, info));
	IndexPath  *scan;
	Path	   *taken;
	NestPath   *join;

	/* the rows depend on nothing else, and a scan will depend on a row alone */
	Assert(PATH_REQ_OUTER(rows) == NULL && match.outer == NULL);
	match.outer = outer->relids;
	scan = loki_match_path(root, info, &match, distance, key);
	loki_promise_first(scan, first);
	taken = &scan->path;
	if (!single)
	{
		/*
		 * order/limit_search.c does not come here: the Sort above takes all
		 * rows of the loop.  So the scan is permitted to be a search at once.
		 */
		Assert(level->wanted > 0);
		loki_promise_permit(scan, loki_planned_settings(info).complete, true);
		taken = (Path *) create_limit_path(root, taken->parent, taken, NULL,
										   loki_rows_taken(level->limit_count, level->limit_offset),
										   LIMIT_OPTION_COUNT, 0, (int64) level->wanted);
		loki_cost_limit((LimitPath *) taken, loki_limit_saves(root, &scan->path));

		/*
		 * core makes a Limit above all joins, so that this one says nothing
		 * of the other relation; nobody looks at that but the loop
		 */
		Assert(taken->param_info == NULL && scan->path.param_info != NULL);
	}
	join = loki_create_nestloop_path(root, joinrel, JOIN_INNER, extra, rows, taken, extra->restrictlist,
									 single ? list_make1(key) : NIL);
	if (!single)
		join->jpath.path.rows = clamp_row_est(rows->rows * taken->rows);
	add_path(joinrel, (Path *) join);
}

/* Only the direction with the indexed table as the inner side is looked at. */
static void
add_vector_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
					   RelOptInfo *inner, PathKey *key, JoinType jointype, JoinPathExtraData *extra)
{
	LokiDistanceExpr expr;
	OpExpr	   *distance;
	Oid			first;
	bool		single;
	List	   *indexes;
	MemoryContext old;

	if (jointype != JOIN_INNER ||
		inner->reloptkind != RELOPT_BASEREL || inner->rtekind != RTE_RELATION ||
		planner_rt_fetch(inner->relid, root)->tablesample != NULL ||
		inner->lateral_relids != NULL || joinrel->lateral_relids != NULL ||
		(indexes = loki_usable_indexes(inner)) == NIL ||
		outer->cheapest_total_path == NULL ||
		PATH_REQ_OUTER(outer->cheapest_total_path) != NULL)
		return;
	single = has_one_row(root, outer);

	/*
	 * The rows that the query's LIMIT takes of a join must be among those
	 * that it would take for each row of the outer side: no condition, row or
	 * key of the order depends on both sides otherwise.
	 */
	if (!single && (!bms_equal(joinrel->relids, root->all_baserels) || extra->restrictlist != NIL ||
					list_length(root->query_pathkeys) != 1 || root->query_pathkeys != root->sort_pathkeys ||
					!loki_query_level(root)->takes_first || loki_query_level(root)->wanted <= 0))
		return;
	if ((distance = joined_distance(root, outer, inner, key, &expr)) == NULL ||
		LokiPathKeyIsDescending(key) != expr.falling || expr.nulls == LOKI_PLACE_BETWEEN)
		return;
	first = loki_order_first(key->pk_nulls_first, &expr);

	/* the relation remembers it, and the genetic optimizer frees other memory */
	old = MemoryContextSwitchTo(root->planner_cxt);
	(void) get_baserel_parampathinfo(root, inner, outer->relids);
	MemoryContextSwitchTo(old);
	foreach_ptr(IndexOptInfo, info, indexes)
	{
		OpExpr	   *matched = loki_match_distance(root, info, distance);

		if (matched != NULL)
			add_join_path(root, joinrel, outer, single, extra, info,
						  loki_order_operator(matched, key), first);
	}
}

const LokiForm loki_vector_join_form = {.join = add_vector_join_paths};
