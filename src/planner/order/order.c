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
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "planner/cost/cost.h"
#include "planner/order/order.h"
#include "planner/query/level.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"
#include "utils/lsyscache.h"

/*
 * Drop scans of the same index, in the same order, that leave to the executor what this
 * one filters in the index.  They are no better, and a thousand times worse if the rows
 * that match are far from the query.  Gap P27, as in join/keys.c; 17 makes these for IN; sql/planner_order.
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
 * Have the rows of a level come by a sort key, which nodes of ours ask for.  Paths that core has made
 * of this relation keep theirs.
 */
static void
ask_for_order(PlannerInfo *root, RelOptInfo *rel, const PathKey *key, bool translate)
{
	Assert(root->query_pathkeys != NIL && loki_may_be_score_order(key));
	if (linitial(root->query_pathkeys) == key)
		return;
	if (translate)
		loki_translate_to_children(root, unconstify(PathKey *, key));
	loki_ask_for_pathkeys(root, rel, list_make1(unconstify(PathKey *, key)));
}

/*
 * If the level sorts by a score that is made of a distance and other columns, have its rows
 * come by a distance that an index of the relation knows (order/scores.c).
 */
static void
ask_for_score(PlannerInfo *root, RelOptInfo *rel)
{
	LokiScore  *score = loki_query_level(root)->score;
	int			orders = 0;		/* and paths, that are equal to the score's */

	if (score == NULL || score->input != NULL)
		return;
	Assert(linitial(root->query_pathkeys) == score->output);

	/*
	 * Core frees some of the paths that are in the order of the score, before
	 * loki_score_paths() looks for those in the order of the distance.  So
	 * there must be none: a btree index on the score has some, and where the
	 * score equals another expression, as WHERE says, a merge join.
	 */
	foreach_node(EquivalenceMember, member, score->output->pk_eclass->ec_members)
		orders += !member->em_is_child;
	foreach_ptr(Path, path, rel->pathlist)
		orders += path->pathkeys != NIL && linitial(path->pathkeys) == score->output;
	if (orders > 1)
		return;
	foreach_node(OpExpr, distance, loki_score_distances(score))
	{
		/* how many rows are within a distance is known of one relation */
		if (!bms_equal(pull_varnos(root, (Node *) distance), rel->relids))
			continue;
		foreach_node(IndexOptInfo, info, loki_usable_indexes(rel))
		{
			if (loki_match_distance(root, info, distance) == NULL)
				continue;
			if (!loki_score_choose(root, score, distance))
				return;
			ask_for_order(root, rel, score->input, true);
			return;
		}
	}
}

/* A path of core's in this order stays, unless the index answers more. */
void
loki_distance_order_paths(PlannerInfo *root, RelOptInfo *rel, PathKey *key,
						  const LokiDistanceExpr *distance)
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

/*
 * Three orders may be wanted: the query's own; that of rows of groups, in the place of the order by the
 * group's keys; or that of a distance within a score.
 */
void
loki_order_paths(PlannerInfo *root, RelOptInfo *rel)
{
	LokiDistanceExpr distance;
	const LokiLevel *level;
	const LokiGroups *groups;
	PathKey    *key;
	MemoryContext old;

	if (root->query_pathkeys == NIL)
		return;
	level = loki_query_level(root);
	groups = level->groups;

	/*
	 * Core's own plans for groups sort or hash rows in no order, and no path
	 * of core's has the order of such a score, so joins may keep this one.
	 * The memory of the genetic optimizer would be too short-lived for it.
	 */
	old = MemoryContextSwitchTo(root->planner_cxt);
	if (groups != NULL)
	{
		ask_for_order(root, rel, groups->input, groups->stage == UPPERREL_GROUP_AGG);
		rel->consider_startup = true;
	}
	else if (level->row_groups != NULL && level->row_groups->stage == UPPERREL_GROUP_AGG)
		ask_for_order(root, rel, level->row_groups->input,
					  level->row_groups->input != level->row_groups->output);
	else if (root->sort_pathkeys != NIL)
		ask_for_score(root, rel);
	MemoryContextSwitchTo(old);
	key = linitial_node(PathKey, root->query_pathkeys);
	if (loki_orders_by_distance(root, rel, key, &distance))
		loki_distance_order_paths(root, rel, key, &distance);
}
