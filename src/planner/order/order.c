/*-------------------------------------------------------------------------
 *
 * order.c
 *	  Index paths for forms of ORDER BY that core does not match to an index.
 *
 * Core matches ORDER BY v <-> q.  People also write
 *
 *		ORDER BY 1 - (v <=> q) DESC			a score, often by an alias
 *		ORDER BY l2_distance(v, q)			the function of an operator
 *		ORDER BY greatest(0, 1 - (v <=> q)) DESC
 *		ORDER BY v <-> q NULLS FIRST
 *		ORDER BY v <-> q, id				up to PostgreSQL 16
 *		WHERE a IN (...) ORDER BY v <-> q	up to PostgreSQL 16
 *		WHERE x = ANY (a) ORDER BY v <-> q
 *
 * For these, an index path has the clauses that core has matched (query/matches.c), and the order that the query
 * asks for.  It is the order of the plain distance: query/distance_expr.c proves that the expression is monotone,
 * rows without a distance come first where a sort would put them first (src/hnsw/hnsw.h), and rows with equal
 * values have no order.
 *
 * IDENTIFICATION
 *	  src/planner/order/order.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "optimizer/appendinfo.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/query/bounds.h"
#include "planner/query/level.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"
#include "utils/lsyscache.h"

/*
 * Drop scans of the same index, in the same order, that leave to the executor what this
 * one filters in the index.  They are no better, and a thousand times worse if the rows
 * that match are far from the query.  Gap P27; 17 makes these for IN; sql/planner_order.
 */
static void
drop_with_less(RelOptInfo *rel, const IndexPath *more)
{
	ListCell   *cell;

	Assert(more->indexorderbys != NIL && more->path.pathkeys != NIL && rel->cheapest_total_path == NULL);
	foreach(cell, rel->pathlist)
	{
		IndexPath  *path = lfirst(cell);

		if (IsA(path, IndexPath) && path != more && path->indexinfo == more->indexinfo &&
			path->indexorderbys != NIL && path->path.param_info == more->path.param_info &&
			list_length(path->indexclauses) < list_length(more->indexclauses))
			rel->pathlist = foreach_delete_current(rel->pathlist, cell);
	}
}

/*
 * ORDER BY round((v <=> q)::numeric, 2) has a key of numeric_ops, and the scan goes by a float8.
 *
 * Core looks in the key's operator family for an operator that compares the distance's type
 * (create_indexscan_plan()).  It would sort rows with it that an index does not return in order, which
 * ours never does.  The type is not used otherwise, so a copy says that it is numeric.
 * Gap P28; no version asks an index for the type; sql/planner_order, rounded scores.
 */
OpExpr *
loki_order_operator(OpExpr *distance, const PathKey *key)
{
	Assert(loki_may_be_score_order(key));
	if (key->pk_opfamily == LOKI_FLOAT_OPFAMILY)
		return distance;
	Assert(OidIsValid(get_opfamily_member(key->pk_opfamily, NUMERICOID, NUMERICOID, BTLessStrategyNumber)));
	distance = copyObject(distance);
	distance->opresulttype = NUMERICOID;
	return distance;
}

bool
loki_mixes_nulls(PlannerInfo *root, RelOptInfo *rel, const LokiDistanceExpr *distance)
{
	return distance->nulls == LOKI_PLACE_BETWEEN &&
		loki_may_be_null(root, rel, loki_distance_column(root, distance->distance));
}

/*
 * The key's equivalence class has all expressions that are equal by the query's conditions, of any
 * relation.  For a child, as core does, an expression of its parent is translated: members of children
 * are no longer in that list since 18.
 */
bool
loki_orders_by_distance(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
						LokiDistanceExpr *distance)
{
	Relids		relids = IS_OTHER_REL(rel) ? rel->top_parent_relids : rel->relids;

	if (!loki_may_be_score_order(key))
		return false;
	foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
	{
		Node	   *expr = (Node *) member->em_expr;

		if (!bms_equal(member->em_relids, relids))
			continue;
		if (IS_OTHER_REL(rel))
			expr = LokiAdjustToChild(root, expr, rel);
		if (loki_distance_expr(expr, distance))
			return LokiPathKeyIsDescending(key) == distance->falling &&
				!loki_mixes_nulls(root, rel, distance);
	}
	return false;
}

/*
 * Core's own plans for what a form makes of rows sort or hash these in no order, and no path of core's has the order of
 * a score, so joins may keep another one.  Paths that core has made of this relation keep theirs.
 */
void
loki_ask_for_order(PlannerInfo *root, RelOptInfo *rel, const PathKey *key, bool is_new)
{
	Assert(root->query_pathkeys != NIL && loki_may_be_score_order(key));
	if (linitial(root->query_pathkeys) == key)
		return;
	if (is_new)
		loki_translate_to_children(root, unconstify(PathKey *, key));
	loki_ask_for_pathkeys(root, rel, list_make1(unconstify(PathKey *, key)));
}

/*
 * Add the paths of indexes that return rows in the order of a distance, which is that of a sort key.  A path of core's
 * in this order stays, unless the index answers more.
 */
static void
add_distance_paths(PlannerInfo *root, RelOptInfo *rel, PathKey *key, const LokiDistanceExpr *distance)
{
	Oid			first = loki_order_first(key->pk_nulls_first, distance);

	foreach_ptr(IndexOptInfo, info, loki_usable_indexes(rel))
	{
		OpExpr	   *operator = loki_match_distance(root, info, distance->distance);

		if (operator == NULL)
			continue;
		operator = loki_order_operator(operator, key);
		foreach_ptr(LokiMatch, match, loki_matches(root, info))
		{
			IndexPath  *path;

			if (match->pathkeys != NIL && linitial(match->pathkeys) == key &&
				match->nordered >= list_length(match->clauses))
				continue;
			/* with the rows that this order puts first (P7) */
			path = loki_match_path(root, info, match, operator, key);
			loki_promise_first(path, first);
			drop_with_less(rel, path);
			add_path(rel, (Path *) path);
		}
	}
}

/* The order is the query's own, or one that a form has in the place of it. */
void
loki_order_paths(PlannerInfo *root, RelOptInfo *rel)
{
	LokiDistanceExpr distance;
	const LokiLevel *level;
	PathKey    *key;
	MemoryContext old;

	if (root->query_pathkeys == NIL)
		return;
	level = loki_query_level(root);

	/* the memory of the genetic optimizer would be too short-lived for it */
	old = MemoryContextSwitchTo(root->planner_cxt);
	if (level->asked.form != NULL && level->asked.form->order != NULL)
		level->asked.form->order(root, rel);
	else if (level->asked.input != NULL)
	{
		loki_ask_for_order(root, rel, level->asked.input, level->asked.input_is_new);
		rel->consider_startup = true;
	}
	MemoryContextSwitchTo(old);
	key = linitial_node(PathKey, root->query_pathkeys);
	if (loki_orders_by_distance(root, rel, key, &distance))
		add_distance_paths(root, rel, key, &distance);
}

/* ----------------------------------------------------------------
 * Paths with further conditions
 * ----------------------------------------------------------------
 */

/* Conditions, with further ones and without one */
static List *
with_conditions(List *all, List *more, const RestrictInfo *without)
{
	return list_concat(list_delete_ptr(list_copy(all), unconstify(RestrictInfo *, without)), more);
}

/*
 * Plans of the paths take their conditions from the relation and indexes of our own.  Core matches indexes to
 * indrestrictinfo; a partial index is usable only if the query's own conditions imply its predicate (predOK).
 * Joins are left out: no path of a part depends on other relations by them.
 */
List *
loki_paths_with(PlannerInfo *root, const RelOptInfo *rel, List *conditions, const RestrictInfo *without,
				Relids outer, double rows, PathKey *key, const LokiDistanceExpr *distance)
{
	RelOptInfo *own = loki_own_relation(rel, rel->indexlist);
	bool		constant = key != NULL && distance->distance == NULL;
	ParamPathInfo *param_info = makeNode(ParamPathInfo);
	List	   *result = NIL;
	ListCell   *child;

	Assert(rel->reloptkind == RELOPT_BASEREL && (key == NULL) == (distance == NULL));
	own->ppilist = own->joininfo = NIL;
	own->has_eclass_joins = false;
	own->baserestrictinfo = with_conditions(rel->baserestrictinfo, conditions, without);
	foreach_node(IndexOptInfo, info, own->indexlist)
		info->indrestrictinfo = with_conditions(info->indrestrictinfo, conditions, without);
	if (outer == NULL)
	{
		own->rows = clamp_row_est(own->tuples * clauselist_selectivity(root, own->baserestrictinfo,
																	   0, JOIN_INNER, NULL));
		loki_distance_rows(root, own);
		cost_qual_eval(&own->baserestrictcost, own->baserestrictinfo, root);
	}
	else
		own->rows = rows;
	loki_make_index_paths(root, own);
	if (constant)
		add_path(own, create_seqscan_path(root, own, NULL, 0));
	else if (key == NULL)
		loki_order_paths(root, own);
	else
		add_distance_paths(root, own, key, distance);
	if (!constant)
		loki_hybrid_paths(root, own, planner_rt_fetch(rel->relid, root));
	param_info->ppi_req_outer = bms_copy(outer);
	param_info->ppi_rows = own->rows;
	own->ppilist = list_make1(param_info);
	foreach_ptr(Path, path, own->pathlist)
	{
		if (path->param_info != NULL)
			continue;
		if (constant)
		{
			/* any order of rows that are the same by a key is that of the key; a distance has another one's operators */
			List	   *distances = IsA(path, IndexPath) ? ((IndexPath *) path)->indexorderbys : NIL;

			path->pathkeys = list_make1(key);
			if (distances != NIL)
				((IndexPath *) path)->indexorderbys =
					list_make1(loki_order_operator(linitial_node(OpExpr, distances), key));
		}

		/*
		 * as often as one row of the others is there; core makes such paths
		 * for lateral_relids, but expects a loop for each row
		 */
		if (outer != NULL && IsA(path, CustomPath))
		{
			path->param_info = get_baserel_parampathinfo(root, path->parent, outer);
			foreach(child, ((CustomPath *) path)->custom_paths)
				lfirst(child) = reparameterize_path(root, lfirst(child), outer, 1);
		}
		else if (outer != NULL)
			path = reparameterize_path(root, path, outer, 1);
		Assert(path != NULL && path->param_info == (outer != NULL ? param_info : NULL));
		result = lappend(result, path);
	}
	loki_own_paths_done(root, own);
	return result;
}
