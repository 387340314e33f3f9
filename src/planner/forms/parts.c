/*-------------------------------------------------------------------------
 *
 * parts.c
 *	  Tables that are read in parts, each by an index in its own way.
 *
 *		WHERE words @@ q OR v <=> $1 < 0.3
 *				the rows with the words, and those within the bound that have not
 *		ORDER BY least(v <=> $1, v <=> $2)
 *				the rows that are nearer to $1, and those that are nearer to $2
 *		ORDER BY 1 - (v <=> $1) + 0.1 * (kind = 3)::int DESC
 *				the rows of the kind, and the others
 *		ORDER BY coalesce(1 - (v <=> $1), 0) DESC
 *				the rows that have a vector, and those that have none
 *		ORDER BY CASE WHEN active THEN v <=> $1 END
 *				the active rows, and the others, in any order
 *
 * No row is in two parts.  In each part of the last four, the score rises or falls with one
 * distance, or is the same for all, so a Merge Append of their scans is in the order of the score;
 * an Append, if all rows of the second part come after those of the first.
 *
 * The table is read several times (P10), so there are no parts for locked rows, nor for partitions:
 * core would take the Append for one of partitions.  For the condition, the parts are an Append, or a
 * Merge Append in the order of the query.  Conditions of a score come after all others (P6).
 *
 * The paths of a part are those of a relation of our own, which has its conditions as further ones of the table.
 *
 * IDENTIFICATION
 *	  src/planner/forms/parts.c
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
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/forms/forms.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/query/bounds.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/* A score may lead to as many parts.  Each CASE or cast doubles them, and each part costs a scan. */
#define MOST_PARTS	4

/* Rows of a table for which conditions hold */
typedef struct Part
{
	List	   *conditions;		/* expressions */
	LokiDistanceExpr distance;	/* that the score rises or falls with; it is
								 * the same for all rows if there is none */
	bool		last;			/* it is NULL, which is last */
} Part;

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

/*
 * Offer a table in parts: in the order of a sort key, by a distance in each; or in place of a condition,
 * in the order of the query and in none.
 *
 *		Merge Append (or Append, if rows of the second part are last)
 *		  ->  Index Scan		rows of the first part
 *		  ->  Index Scan		rows of the second
 *
 * Parts of a condition have its security level: the same functions see the same rows.  What a sort key calls
 * sees only rows that pass all conditions (P6), and those before it in CASE, so those have levels above all.
 *
 * If a part has no path in the order, there is none of the whole.  Each part is expected to give as many
 * rows as are wanted in all, since the planner does not know which rows come first.
 */
static void
offer_parts(PlannerInfo *root, RelOptInfo *rel, List *parts, PathKey *key, RestrictInfo *without)
{
	List	   *pathkeys = key != NULL ? list_make1(key) :
		root->query_pathkeys != NIL ? list_make1(linitial(root->query_pathkeys)) : NIL;
	List	   *ordered = NIL;
	List	   *all = NIL;
	LokiLevel  *level = unconstify(LokiLevel *, loki_query_level(root));

	Assert(list_length(parts) > 1 && (key == NULL) == (without != NULL));
	foreach_ptr(Part, part, parts)
	{
		List	   *conditions = NIL;
		List	   *clauses = NIL;
		List	   *paths;
		double		fraction;
		Path	   *path;

		/* no clause may be an AND, as of WHEN n <> 0 AND 1 / n > 0; its parts keep their order */
		foreach_ptr(Expr, condition, part->conditions)
			conditions = list_concat(conditions, make_ands_implicit(condition));
		foreach_ptr(Expr, condition, conditions)
			clauses = lappend(clauses,
							  loki_make_restrictinfo(root, condition, without != NULL ? without->security_level :
													 root->qual_security_level + 1 +
													 foreach_current_index(condition), NULL));
		paths = loki_paths_with(root, rel, clauses, without, NULL, 0, key, key != NULL ? &part->distance : NULL);
		fraction = paths == NIL ? 0 :
			Max(level->wanted, 0) / ((Path *) linitial(paths))->parent->rows;
		path = pathkeys == NIL ? NULL :
			get_cheapest_fractional_path_for_pathkeys(paths, pathkeys, NULL, fraction);
		if (path != NULL)
			ordered = lappend(ordered, path);
		path = get_cheapest_fractional_path_for_pathkeys(paths, NIL, NULL, 0);
		if (path != NULL)
			all = lappend(all, path);
	}
	if (list_length(ordered) == list_length(parts))
	{
		Path	   *path = list_length(parts) == 2 && ((Part *) lsecond(parts))->last ?
			(Path *) loki_create_append_path(root, rel, ordered, pathkeys, -1) :
			(Path *) loki_create_merge_append_path(root, rel, ordered, pathkeys);

		/* rows come in another order than that of the query */
		if (key != NULL && level->asked.reorders && linitial(root->sort_pathkeys) == key)
			level->asked.in_order = bms_equal(rel->relids, root->all_baserels) ? lappend(level->asked.in_order, path) : NIL;
		else
			add_path(rel, path);
	}
	if (key == NULL && list_length(all) == list_length(parts))
		add_path(rel, (Path *) loki_create_append_path(root, rel, all, NIL, -1));
}

/* ----------------------------------------------------------------
 * Parts of a condition
 * ----------------------------------------------------------------
 */

/* What is true where one of these conditions is */
static Expr *
any_of(List *conditions)
{
	Assert(conditions != NIL);
	return list_length(conditions) == 1 ? linitial(conditions) :
		make_orclause(list_copy(conditions));
}

/* Whether a condition, or one that it requires, bounds a distance from above: v <-> $1 < 0.3 AND lang = 'en' */
static bool
has_bound(PlannerInfo *root, Node *condition)
{
	LokiDistanceBound bound;

	if (is_andclause(condition))
		foreach_ptr(Node, arg, ((BoolExpr *) condition)->args)
			if (has_bound(root, arg))
			return true;
	return loki_distance_bound(condition, &bound) && bound.upper &&
		!bms_is_empty(pull_varnos(root, (Node *) bound.distance));
}

/*
 * The parts of an OR: what other indexes may find, and what each bound has besides.
 *
 *		a OR v <-> $1 < r OR v <-> $2 < s
 *				a
 *				v <-> $1 < r AND a IS NOT TRUE
 *				v <-> $2 < s AND (a OR v <-> $1 < r) IS NOT TRUE
 *
 * IS NOT TRUE, and not NOT, since a row for which a is NULL is in none of the parts before.
 */
static List *
parts_of_or(PlannerInfo *root, const RestrictInfo *rinfo)
{
	List	   *others = NIL;
	List	   *bounds = NIL;
	List	   *before = NIL;
	List	   *parts = NIL;

	Assert(is_orclause(rinfo->clause));
	foreach_ptr(Node, arg, ((BoolExpr *) rinfo->clause)->args)
	{
		if (has_bound(root, arg))
			bounds = lappend(bounds, arg);
		else
			others = lappend(others, arg);
	}
	if (bounds == NIL)
		return NIL;
	if (others != NIL)
		bounds = lcons(any_of(others), bounds);
	foreach_ptr(Expr, condition, bounds)
	{
		Part	   *part = palloc0_object(Part);

		part->conditions = list_copy(make_ands_implicit(condition));
		if (before != NIL)
			part->conditions = lappend(part->conditions, loki_is_not_true(any_of(before)));
		before = lappend(before, condition);
		parts = lappend(parts, part);
	}
	return parts;
}

/* ----------------------------------------------------------------
 * Parts of a score
 * ----------------------------------------------------------------
 */

/* What a score is taken apart into */
typedef struct Split
{
	PlannerInfo *root;
	RelOptInfo *rel;
	PathKey    *key;
	List	   *parts;
	bool		distance;		/* a part has one */
} Split;

/* What a score depends on */
typedef struct Condition
{
	Node	   *expr;
	bool		cast;			/* it is a number in the score */
	bool		value;
} Condition;

static bool split(Split *into, Node *expr, List *conditions);

/*
 * expression_tree_walker callback: find the first condition that a score depends on, of those that are
 * evaluated for every row.  CASE takes one that is NULL for false; a cast does not.
 */
static bool
find_condition(Node *node, Condition *found)
{
	if (node == NULL)
		return false;
	if (IsA(node, CoalesceExpr))
		return find_condition(linitial(((CoalesceExpr *) node)->args), found);
	if (IsA(node, CaseExpr) && ((CaseExpr *) node)->arg != NULL)
		return find_condition((Node *) ((CaseExpr *) node)->arg, found);
	if (IsA(node, CaseExpr))
		found->expr = (Node *) linitial_node(CaseWhen, ((CaseExpr *) node)->args)->expr;
	else if (IsA(node, FuncExpr) && ((FuncExpr *) node)->funcid == F_INT4_BOOL)
	{
		found->expr = linitial(((FuncExpr *) node)->args);
		found->cast = true;
	}
	return found->expr != NULL || expression_tree_walker(node, find_condition, found);
}

/*
 * expression_tree_mutator callback: the condition becomes its value.  One that is not true may be NULL:
 * then only WHEN takes it for false, and not what else depends on it, as in WHEN active IS NULL.
 */
static Node *
with_value(Node *node, Condition *condition)
{
	CaseWhen   *when = (CaseWhen *) node;
	bool		found;

	if (node == NULL)
		return NULL;
	if ((condition->value || condition->cast) && equal(node, condition->expr))
		return makeBoolConst(condition->value, false);
	found = IsA(node, CaseWhen) && equal(when->expr, condition->expr);
	when = (CaseWhen *) expression_tree_mutator(node, with_value, condition);
	if (found)
		when->expr = (Expr *) makeBoolConst(condition->value, false);
	return (Node *) when;
}

/*
 * A score that depends on a condition; not if NULL of that makes it NULL, which is at an end.
 *
 *		ORDER BY 1 - (v <=> $1) + 0.1 * (kind = 3)::int DESC
 *				1 - (v <=> $1) + 0.1	where kind = 3
 *				1 - (v <=> $1)			where kind = 3 IS NOT TRUE
 *
 * What is left of the score is simplified, and may depend on further conditions.
 */
static bool
split_by_condition(Split *into, Node *expr, List *conditions)
{
	Condition	found = {.value = true};

	find_condition(expr, &found);
	if (found.expr == NULL || (found.cast && loki_may_be_null(into->root, into->rel, found.expr)))
		return false;
	do
	{
		Node	   *with = eval_const_expressions(into->root, with_value(expr, &found));
		Expr	   *holds = (Expr *) found.expr;

		if (!split(into, with, lappend(list_copy(conditions),
									   found.value ? holds : loki_is_not_true(holds))))
			return false;
		found.value = !found.value;
	} while (!found.value);
	return true;
}

/*
 * Whether a score is the result of LEAST or GREATEST rather than a later argument: NULL is worse.  If
 * both are equal, the earlier one has the row, so that it is in one part only.
 */
static Expr *
is_no_worse(const MinMaxExpr *expr, Expr *score, Expr *later)
{
	Oid			opno = get_opfamily_member(LOKI_FLOAT_OPFAMILY, FLOAT8OID, FLOAT8OID,
										   expr->op == IS_LEAST ? BTLessEqualStrategyNumber :
										   BTGreaterEqualStrategyNumber);

	return make_orclause(list_make2(loki_make_operator(opno, score, later, InvalidOid),
									loki_make_null_test(later, IS_NULL)));
}

/* LEAST or GREATEST of scores, each of which is the result in a part */
static bool
split_by_extreme(Split *into, const MinMaxExpr *expr, List *conditions)
{
	ListCell   *cell;

	if (expr->minmaxtype != FLOAT8OID)
		return false;
	foreach(cell, expr->args)
	{
		List	   *more = list_copy(conditions);
		Expr	   *score = lfirst(cell);
		ListCell   *other;

		foreach(other, expr->args)
		{
			if (foreach_current_index(other) < foreach_current_index(cell))
				more = lappend(more, loki_is_not_true(is_no_worse(expr, lfirst(other), score)));
			else if (other != cell)
				more = lappend(more, is_no_worse(expr, score, lfirst(other)));
		}
		if (!split(into, (Node *) score, more))
			return false;
	}
	return true;
}

/*
 * Take a score apart until each part rises or falls with a distance, or is constant; false if it does
 * not.
 *
 * A constant NULL can be last as a whole.  Another constant is somewhere among the scores of the other
 * parts, which a Merge Append sees to.  Parts that would need the distance's opposite order have no
 * path.
 */
static bool
split(Split *into, Node *expr, List *conditions)
{
	Part	   *part = palloc0_object(Part);

	if (list_length(into->parts) >= MOST_PARTS)
		return false;
	if (IsA(expr, Const))
	{
		part->conditions = conditions;
		part->last = ((Const *) expr)->constisnull && !into->key->pk_nulls_first;
		into->parts = lappend(into->parts, part);
		return true;
	}
	if (loki_distance_expr(expr, &part->distance))
	{
		if (part->distance.falling != LokiPathKeyIsDescending(into->key))
			return false;
		part->conditions = conditions;
		into->distance = true;
		into->parts = lappend(into->parts, part);

		/* the rows that have a vector, and those that have none, whose score is the same for all */
		if (loki_mixes_nulls(into->root, into->rel, &part->distance))
		{
			Node	   *column = loki_distance_column(into->root, part->distance.distance);
			Part	   *nulls = memcpy(palloc_object(Part), part, sizeof(Part));

			Assert(part->distance.nulls == LOKI_PLACE_BETWEEN);
			part->conditions = lappend(list_copy(conditions), loki_make_null_test(column, IS_NOT_NULL));
			nulls->conditions = lappend(list_copy(conditions), loki_make_null_test(column, IS_NULL));
			into->parts = lappend(into->parts, nulls);
		}
		return true;
	}
	if (IsA(expr, MinMaxExpr))
		return split_by_extreme(into, (MinMaxExpr *) expr, conditions);
	return split_by_condition(into, expr, conditions);
}

/* The parts in which a sort key is the order of a distance; NIL if there are none */
static List *
parts_of_key(PlannerInfo *root, RelOptInfo *rel, PathKey *key)
{
	if (!loki_may_be_score_order(key))
		return NIL;
	foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
	{
		Split		into = {.root = root, .rel = rel, .key = key};
		Node	   *expr = (Node *) member->em_expr;

		if (bms_equal(member->em_relids, rel->relids) && !contain_subplans(expr) &&
			split(&into, expr, NIL) && into.distance && list_length(into.parts) > 1)
			return into.parts;
	}
	return NIL;
}

/*
 * The table is scanned once for each part with one snapshot, so its rows are the same.  Statements that
 * lock or change rows are left out, as EvalPlanQual() expects one scan of a table; so are lateral
 * relations, as a part's paths have no parameters.
 */
static void
add_part_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte)
{
	const LokiLevel *level = loki_query_level(root);
	List	   *keys = list_copy_head(root->query_pathkeys, 1);
	List	   *parts;

	if (rte->inh || IS_OTHER_REL(rel) || level->locks || !level->selects || !bms_is_empty(rel->lateral_relids))
		return;
	/* nodes of ours may have asked for another order */
	if (root->sort_pathkeys != NIL)
		keys = list_append_unique_ptr(keys, linitial(root->sort_pathkeys));

	/* worse rows of another part would take the places of those that pgvector's limits leave out */
	foreach_ptr(PathKey, key, keys)
		if ((parts = parts_of_key(root, rel, key)) != NIL && loki_scans_are_complete(rel))
		offer_parts(root, rel, parts, key, NULL);

	/*
	 * UPDATE ... WHERE CURRENT OF may take the rows of a cursor: the table
	 * must be scanned once then, without a node above that sorts or joins.
	 * Only of a cursor a part of the rows is expected to be taken without a
	 * LIMIT.
	 */
	if (root->parent_root == NULL && root->tuple_fraction > 0 && level->limit_count == NULL &&
		!level->sorts && !level->changes_rows && bms_membership(root->all_baserels) == BMS_SINGLETON)
		return;
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
		if (is_orclause(rinfo->clause) && restriction_is_securely_promotable(rinfo, rel) &&
			loki_is_repeatable(rinfo->clause) && (parts = parts_of_or(root, rinfo)) != NIL)
			offer_parts(root, rel, parts, NULL, rinfo);
}

const LokiForm loki_parts_form = {.relation = add_part_paths};
