/*-------------------------------------------------------------------------
 *
 * join.c
 *	  Joins with one row that has the query vector.
 *
 *		WITH q AS (SELECT v FROM items WHERE id = 7)
 *		SELECT ... FROM items, q ORDER BY items.v <-> q.v LIMIT 10
 *
 * The only order of a join that core knows is that of its outer side, and this
 * distance depends on both sides.  But if the outer side has one row at most, a nested
 * loop returns rows in the order of its inner side: a scan of the index for the vector
 * of that row.
 *
 * IDENTIFICATION
 *	  src/planner/join/join.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "planner/join/join.h"
#include "planner/join/keys.h"
#include "planner/order/order.h"
#include "utils/lsyscache.h"

static set_join_pathlist_hook_type previous_joinpath = NULL;

static bool has_one_row(PlannerInfo *root, RelOptInfo *rel);

/* Whether a query certainly returns one row at most; it has been planned, with planned */
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

/* The same for the query of a WITH, of this level or one above */
static bool
cte_has_one_row(PlannerInfo *root, const RangeTblEntry *rte)
{
	int			i = 0;
	ListCell   *cell;

	for (Index up = rte->ctelevelsup; up > 0; up--)
		root = root->parent_root;
	foreach(cell, root->parse->cteList)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, cell);
		int			plan = list_nth_int(root->cte_plan_ids, i++);

		if (strcmp(cte->ctename, rte->ctename) == 0)
			return !cte->cterecursive && plan > 0 &&
				query_has_one_row(castNode(Query, cte->ctequery),
								  list_nth(root->glob->subroots, plan - 1));
	}
	return false;
}

/* Whether a relation has one row at most */
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
				relation_has_unique_index_for(root, rel, NIL, NIL, NIL);
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
	ListCell   *cell;

	foreach(cell, key->pk_eclass->ec_members)
	{
		EquivalenceMember *member = lfirst_node(EquivalenceMember, cell);
		OpExpr	   *op;

		if (!bms_overlap(member->em_relids, outer->relids) ||
			!bms_overlap(member->em_relids, inner->relids) ||
			!loki_distance_expr((Node *) member->em_expr, result))
			continue;
		op = copyObject(result->distance);
		if (bms_equal(pull_varnos(root, lsecond(op->args)), inner->relids))
		{
			op->opno = get_commutator(op->opno);
			op->opfuncid = InvalidOid;
			op->args = list_make2(lsecond(op->args), linitial(op->args));
		}
		if (OidIsValid(op->opno) &&
			bms_equal(pull_varnos(root, linitial(op->args)), inner->relids) &&
			bms_is_subset(pull_varnos(root, lsecond(op->args)), outer->relids))
		{
			set_opfuncid(op);
			return op;
		}
	}
	return NULL;
}

/*
 * Join the outer relation's one row with a scan of an index of the inner relation.  The
 * scan is made like another index path, which goes by the distance from a constant.
 */
static void
add_join_path(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			  JoinType jointype, JoinPathExtraData *extra,
			  IndexPath *like, OpExpr *distance, PathKey *key, Oid first)
{
	Path	   *row = outer->cheapest_total_path;
	List	   *pathkeys = list_make1(key);
	JoinCostWorkspace workspace;
	IndexPath  *scan;

	/*
	 * the row depends on nothing else, and the scan will depend on the row
	 * alone
	 */
	Assert(PATH_REQ_OUTER(row) == NULL && PATH_REQ_OUTER((Path *) like) == NULL);
	Assert(list_length(like->indexorderbys) == 1 && jointype == JOIN_INNER);
	distance = copyObject(distance);
	distance->inputcollid = first;
	scan = create_index_path(root, like->indexinfo, like->indexclauses,
							 list_make1(distance), like->indexorderbycols, pathkeys,
							 ForwardScanDirection, false, outer->relids, 1, false);
	initial_cost_nestloop(root, &workspace, jointype, row, (Path *) scan, extra);
	add_path(joinrel, (Path *)
			 create_nestloop_path(root, joinrel, jointype, &workspace, extra, row,
								  (Path *) scan, extra->restrictlist, pathkeys, NULL));
}

static void
add_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra)
{
	LokiDistanceExpr expr;
	PathKey    *key;
	OpExpr	   *distance;
	Oid			first;
	List	   *indexes;
	List	   *param_infos;
	ListCell   *cell;

	if (previous_joinpath)
		previous_joinpath(root, joinrel, outer, inner, jointype, extra);
	loki_join_keys_paths(root, joinrel, outer, inner, jointype, extra);
	if (root->query_pathkeys == NIL || jointype != JOIN_INNER ||
		inner->reloptkind != RELOPT_BASEREL || inner->rtekind != RTE_RELATION ||
		planner_rt_fetch(inner->relid, root)->tablesample != NULL ||
		inner->lateral_relids != NULL || joinrel->lateral_relids != NULL ||
		(indexes = loki_usable_indexes(inner)) == NIL ||
		outer->cheapest_total_path == NULL ||
		PATH_REQ_OUTER(outer->cheapest_total_path) != NULL ||
		!has_one_row(root, outer))
		return;
	key = linitial_node(PathKey, root->query_pathkeys);
	if (!loki_may_be_score_order(key) ||
		(distance = joined_distance(root, outer, inner, key, &expr)) == NULL ||
		LokiPathKeyIsDescending(key) != expr.falling || expr.nulls == LOKI_PLACE_BETWEEN)
		return;
	first = loki_order_first(key->pk_nulls_first, &expr);

	/*
	 * The genetic optimizer may free the memory of what is made here.  So the
	 * relation must not remember the new parameterizations.
	 */
	param_infos = inner->ppilist;
	inner->ppilist = list_copy(param_infos);
	foreach(cell, indexes)
	{
		List	   *paths = loki_core_index_paths(root, inner, lfirst(cell),
												  loki_constant_distance(distance));
		ListCell   *lc;

		foreach(lc, paths)
		{
			IndexPath  *like = lfirst_node(IndexPath, lc);

			if (PATH_REQ_OUTER((Path *) like) == NULL)
				add_join_path(root, joinrel, outer, jointype, extra, like,
							  loki_order_operator(distance, key), key, first);
		}
	}
	inner->ppilist = param_infos;
}

void
loki_join_init(void)
{
	previous_joinpath = set_join_pathlist_hook;
	set_join_pathlist_hook = add_join_paths;
}
