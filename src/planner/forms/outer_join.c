/*-------------------------------------------------------------------------
 *
 * outer_join.c
 *	  Left joins in the order of a distance of their nullable side.
 *
 *		SELECT ... FROM docs LEFT JOIN chunks ON chunks.doc = docs.id
 *		ORDER BY chunks.v <-> $1 LIMIT 10
 *
 * Core knows no order of these rows.  But rows of docs without a chunk have no distance, so they come last:
 *
 *		Append
 *		  ->  Nested Loop Left Join		chunks in order, each with its docs
 *				Filter: (docs.id IS NOT NULL)
 *		  ->  Hash Left Join			docs and all chunks; read only if more rows are wanted
 *				Filter: (chunks.doc IS NULL)
 *
 * Both conditions are about columns that a strict join clause compares, which no joined row has NULL.
 * The inner side of the nested loop is found by an index that answers such a clause.  Both tables are
 * read twice (P10).
 *
 * IDENTIFICATION
 *	  src/planner/forms/outer_join.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "hnsw/hnsw.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/forms/forms.h"
#include "planner/order/order.h"
#include "planner/query/column_test.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"

/*
 * Whether rows without a partner come last by a sort key, which is a distance of the nullable side.
 *
 * Since 16, a Var above the join says that the join may make it NULL (varnullingrels), and equals no
 * column of the table.  Without that it is the expression that an index knows.
 */
static bool
comes_last(PlannerInfo *root, RelOptInfo *outer, RelOptInfo *inner, const PathKey *key,
		   LokiDistanceExpr *distance)
{
	foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
	{
		Node	   *expr = (Node *) member->em_expr;
		Node	   *column;

		if (!bms_overlap(member->em_relids, inner->relids) ||
			bms_overlap(member->em_relids, outer->relids) ||
			!loki_distance_expr(expr, distance))
			continue;
		column = loki_distance_column(root, distance->distance);
		if (!IsA(column, Var) ||
			!loki_distance_expr(LokiRemoveNulling(expr, (Var *) column), distance) ||
			!bms_equal(pull_varnos(root, (Node *) distance->distance), inner->relids))
			continue;
		return distance->nulls != LOKI_PLACE_BETWEEN &&
			LokiPathKeyIsDescending(key) == distance->falling &&
			(loki_order_first(key->pk_nulls_first, distance) & LOKI_FIRST_NULLS) == 0;
	}
	return false;
}

/*
 * The column of a relation that a strict join clause compares with one of another; NULL if it does not.
 * It must be a plain one: an expression such as coalesce(doc, 0) is not NULL for rows without a partner.
 */
static Var *
joined_column(const RestrictInfo *clause, const RelOptInfo *rel)
{
	const OpExpr *op = (const OpExpr *) clause->clause;
	Var		   *left;
	Var		   *right;

	if (!IsA(op, OpExpr) || !clause->can_join || !op_strict(op->opno))
		return NULL;
	left = (Var *) loki_strip_relabel(linitial(op->args));
	right = (Var *) loki_strip_relabel(lsecond(op->args));
	if (!IsA(left, Var) || !IsA(right, Var) || left->varattno <= 0 || right->varattno <= 0)
		return NULL;
	return left->varno == (int) rel->relid ? left : right->varno == (int) rel->relid ? right : NULL;
}

/*
 * Offer the join by one join clause: the rows that have a partner, and then those that have none.  Those of the
 * outer side for one of the inner side are found by an index for the clause.  Core makes no such path itself: it never
 * puts the nullable side of a join on the outside of a loop.
 *
 * Those that have none are found by a join of all rows that is there already, with a further condition of its rows.
 * Core's path stays in the list, and a loop for each row would take too long for what may be the whole of both tables.
 */
static void
offer_both(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer, RelOptInfo *inner,
		   JoinPathExtraData *extra, RestrictInfo *clause, List *scans)
{
	Expr	   *preserved = loki_make_null_test((Node *) joined_column(clause, outer), IS_NOT_NULL);
	Expr	   *nullable = loki_make_null_test((Node *) joined_column(clause, inner), IS_NULL);
	JoinPathExtraData reversed = *extra;
	RestrictInfo *one_side = makeNode(RestrictInfo);
	double		rows;
	Path	   *found;
	JoinPath   *unjoined = NULL;
	Size		size;
	List	   *joined = lappend(list_delete_ptr(list_copy(extra->restrictlist), clause),
								 loki_make_restrictinfo(root, preserved, 0, outer->relids));

	/* core matches it to indexes as a condition on the outer side alone */
	*one_side = *clause;
	one_side->clause_relids = one_side->required_relids = bms_copy(outer->relids);
	rows = clamp_row_est(outer->rows * clause_selectivity(root, (Node *) clause->clause, (int) outer->relid,
														  JOIN_INNER, NULL));
	found = get_cheapest_fractional_path_for_pathkeys(loki_paths_with(root, outer, list_make1(one_side), NULL,
																	  inner->relids, rows, NULL, NULL),
													  NIL, inner->relids, 0);
	foreach_ptr(JoinPath, path, joinrel->pathlist)
		if ((IsA(path, HashPath) || IsA(path, MergePath)) && path->outerjoinpath->parent == outer &&
			path->path.param_info == NULL &&
			(unjoined == NULL || path->path.total_cost < unjoined->path.total_cost))
		unjoined = path;
	if (found == NULL || unjoined == NULL)
		return;
	size = IsA(unjoined, HashPath) ? sizeof(HashPath) : sizeof(MergePath);
	unjoined = memcpy(palloc(size), unjoined, size);
	/* their distances are all NULL */
	unjoined->path.pathkeys = list_make1(linitial(root->query_pathkeys));
	unjoined->joinrestrictinfo = lappend(list_copy(unjoined->joinrestrictinfo),
										 make_simple_restrictinfo(root, nullable));
	/* what is known of the inner side is not known of the outer one */
	reversed.inner_unique = false;
	foreach_ptr(Path, scan, scans)
	{
		NestPath   *loop = loki_create_nestloop_path(root, joinrel, JOIN_LEFT, &reversed, scan, found, joined,
													 scan->pathkeys);
		AppendPath *both;

		/* none is left out, as if it had been evaluated below */
		Assert(equal(loop->jpath.joinrestrictinfo, joined));
		both = loki_create_append_path(root, joinrel, list_make2(loop, unjoined), scan->pathkeys, joinrel->rows);
		/* core would begin with both */
		both->path.startup_cost = loop->jpath.path.startup_cost;
		add_path(joinrel, (Path *) both);
	}
}

/*
 * A condition that is evaluated above the join (RINFO_IS_PUSHED_DOWN()) could be met by rows without a
 * partner alone, so there must be none.  The hook comes after core's own paths of the join, of which
 * offer_both() needs one.
 */
static void
add_outer_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
					  RelOptInfo *inner, PathKey *key, JoinType jointype,
					  JoinPathExtraData *extra)
{
	LokiDistanceExpr distance;
	List	   *scans;

	if (jointype != JOIN_LEFT ||
		outer->reloptkind != RELOPT_BASEREL || inner->reloptkind != RELOPT_BASEREL ||
		outer->rtekind != RTE_RELATION || inner->rtekind != RTE_RELATION ||
		joinrel->lateral_relids != NULL || loki_usable_indexes(inner) == NIL ||
		planner_rt_fetch(inner->relid, root)->inh || planner_rt_fetch(outer->relid, root)->inh ||
		!comes_last(root, outer, inner, key, &distance) ||
		!loki_may_read_twice(root, outer) || !loki_may_read_twice(root, inner))
		return;

	/*
	 * pgvector's limits would put rows without a partner in the place of
	 * others
	 */
	if (!loki_scans_are_complete(inner))
		return;
	foreach_node(RestrictInfo, rinfo, extra->restrictlist)
		if (RINFO_IS_PUSHED_DOWN(rinfo, joinrel->relids))
		return;
	scans = loki_paths_with(root, inner, NIL, NULL, NULL, 0, key, &distance);
	foreach_node(RestrictInfo, clause, extra->restrictlist)
	{
		if (joined_column(clause, outer) != NULL && joined_column(clause, inner) != NULL &&
			restriction_is_securely_promotable(clause, outer))
		{
			offer_both(root, joinrel, outer, inner, extra, clause, scans);
			return;
		}
	}
}

const LokiForm loki_outer_join_form = {.join = add_outer_join_paths};
