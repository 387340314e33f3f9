/*-------------------------------------------------------------------------
 *
 * guess.c
 *	  Shares of rows that the server guesses, as nothing is known of what a condition looks at.
 *
 * It takes 0.5 % of the rows for those of meta->>'lang' = 'en' if there are no statistics of that expression, and
 * 0.0025 % for those of two such conditions.  A guess says nothing of which plan is better, so plans are chosen by what
 * an error costs: a search that is chosen for too many rows ends at a small multiple of reading the table, and a table
 * that is read although many rows pass costs a hundred searches.  So searches are costed as if LOKI_LEAST_GUESS of the rows
 * passed all guesses together, where the server guesses less.  Its own estimates of rows remain, but for joins.
 *
 * What is no guess: a share by statistics, a unique key, a comparison with a value of average frequency, and a
 * condition that another index answers, whose path has the same guess in its favor.
 *
 * IDENTIFICATION
 *	  src/planner/cost/guess.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/query/condition.h"
#include "planner/query/level.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/selfuncs.h"

/* Whether another index than ours has an operand as its column */
static bool
has_other_index(const RelOptInfo *rel, Node *operand)
{
	foreach_node(IndexOptInfo, info, rel->indexlist)
		for (int i = 0; !loki_may_scan(info) && i < info->nkeycolumns; i++)
			if (match_index_to_operand(operand, i, info))
				return true;
	return false;
}

/*
 * The same of the operands of a condition on two, which an operator compares; without one a function does.  The server
 * knows nothing of two that both depend on the row, as a = b, or a = (SELECT ... WHERE b = ...).
 */
static bool
is_guess_of_operands(PlannerInfo *root, RelOptInfo *rel, List *args, Oid operator)
{
	VariableStatData variable;
	Node	   *other;
	bool		left;
	bool		guess;

	if (list_length(args) != 2)
		return false;
	if (!get_restriction_variable(root, args, rel->relid, &variable, &other, &left))
		return true;
	if (HeapTupleIsValid(variable.statsTuple))
		guess = !IsA(other, Const) && (!OidIsValid(operator) || get_oprrest(operator) != F_EQSEL);
	else
		guess = !variable.isunique;
	guess = guess && !has_other_index(rel, linitial(args)) && !has_other_index(rel, lsecond(args));
	ReleaseVariableStats(variable);
	return guess;
}

/*
 * Whether it is one of join keys (forms/keys.c), of which nothing is known: they come of a function, a recursion, or a table
 * that was filled since.  Their array has the number of the column that they come of.
 */
static bool
is_guess_of_keys(PlannerInfo *root, const RelOptInfo *rel, Node *keys)
{
	VariableStatData variable;
	bool		guess;

	if (!IsA(keys, Var) || ((Var *) keys)->varno == (int) rel->relid || ((Var *) keys)->varlevelsup > 0)
		return false;
	examine_variable(root, keys, 0, &variable);
	guess = !HeapTupleIsValid(variable.statsTuple);
	ReleaseVariableStats(variable);
	return guess;
}

/* Whether the share of rows that pass a condition is a guess */
static bool
is_guess(PlannerInfo *root, RelOptInfo *rel, Node *clause)
{
	if (IsA(clause, RestrictInfo))
		clause = (Node *) ((RestrictInfo *) clause)->clause;
	switch (nodeTag(clause))
	{
		case T_BoolExpr:
			foreach_ptr(Node, arg, ((BoolExpr *) clause)->args)
				if (!is_guess(root, rel, arg))
				return false;
			return true;
		case T_OpExpr:
			return is_guess_of_operands(root, rel, ((OpExpr *) clause)->args, ((OpExpr *) clause)->opno);
		case T_ScalarArrayOpExpr:
			return is_guess_of_keys(root, rel, lsecond(((ScalarArrayOpExpr *) clause)->args)) ||
				is_guess_of_operands(root, rel, ((ScalarArrayOpExpr *) clause)->args,
									 ((ScalarArrayOpExpr *) clause)->opno);
		case T_FuncExpr:
			return is_guess_of_operands(root, rel, ((FuncExpr *) clause)->args, InvalidOid);
		default:
			return false;
	}
}

/*
 * The guess that all pass is that of the server, unless it leaves less than a row; so rows are counted in both ways, of
 * which the second has the conditions alone that are no guesses.
 */
double
loki_rows_by_guess(PlannerInfo *root, const IndexPath *path, double guessed, double rows)
{
	RelOptInfo *rel = path->indexinfo->rel;
	List	   *others = NIL;
	Selectivity share = 1;

	foreach_node(RestrictInfo, rinfo, path->indexinfo->indrestrictinfo)
	{
		/* the scan decides these by itself, so that few other rows are read */
		if (is_redundant_with_indexclauses(rinfo, path->indexclauses) ||
			loki_slots_decide(path->indexinfo, (Node *) rinfo->clause))
			continue;
		if (is_guess(root, rel, (Node *) rinfo))
			share *= clause_selectivity(root, (Node *) rinfo, 0, JOIN_INNER, NULL);
		else
			others = lappend(others, rinfo);
	}
	if (share <= 0 || share >= LOKI_LEAST_GUESS)
		return guessed;
	rows *= LOKI_LEAST_GUESS * clauselist_selectivity(root, others, 0, JOIN_INNER, NULL);
	return Max(guessed, Min(guessed * LOKI_LEAST_GUESS / share, rows));
}

/*
 * Whether a condition on a join drops rows by a guess: WHERE chunks.size > document.size, or one on the nullable side of an
 * outer join.  One that joins by = does not, nor those of an outer join itself, whose other side keeps its rows.
 */
static bool
joins_by_guess(PlannerInfo *root, const RestrictInfo *rinfo)
{
	int			i = -1;

	if (!rinfo->is_pushed_down || (rinfo->can_join && (rinfo->mergeopfamilies != NIL || OidIsValid(rinfo->hashjoinoperator))))
		return false;
	while ((i = bms_next_member(rinfo->clause_relids, i)) >= 0)
	{
		RelOptInfo *rel = i > 0 ? root->simple_rel_array[i] : NULL;

		if (rel != NULL && is_guess(root, rel, (Node *) rinfo->clause))
			return true;
	}
	return false;
}

/*
 * The share of rows that guesses leave of a table, by what is joined to it: ON chunks.document = id WHERE chunks.kind % 2 = 0
 */
Selectivity
loki_joined_by_guess(PlannerInfo *root, const RelOptInfo *rel)
{
	List	   *seen = NIL;
	Selectivity share = 1;

	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *other = root->simple_rel_array[i];

		if (other == NULL || other->reloptkind != RELOPT_BASEREL)
			continue;
		foreach_node(RestrictInfo, rinfo, other->joininfo)
			if (!list_member_ptr(seen, rinfo) && joins_by_guess(root, rinfo))
		{
			seen = lappend(seen, rinfo);
			share *= clause_selectivity(root, (Node *) rinfo, 0, JOIN_INNER, NULL);
		}
		if (other == rel)
			continue;
		foreach_node(RestrictInfo, rinfo, other->baserestrictinfo)
			if (is_guess(root, other, (Node *) rinfo))
			share *= clause_selectivity(root, (Node *) rinfo, 0, JOIN_INNER, NULL);
	}
	return share;
}

/*
 * A partial index knows how many rows meet its predicate.  Guesses that the predicate implies leave its rows together:
 * the first of them has that share, and the others leave all of these.
 */
bool
loki_share_by_predicate(PlannerInfo *root, RelOptInfo *rel)
{
	bool		found = false;

	foreach_node(IndexOptInfo, info, loki_usable_indexes(rel))
	{
		Selectivity share = info->tuples / Max(rel->tuples, 1);

		/* an index that is empty says nothing of a table that has grown since */
		if (info->indpred == NIL || info->tuples < 1 || found)
			continue;
		CLAMP_PROBABILITY(share);
		foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
		{
			if (!is_guess(root, rel, (Node *) rinfo) ||
				!predicate_implied_by(list_make1(rinfo->clause), info->indpred, false))
				continue;
			rinfo->norm_selec = found ? 1 : share;
			found = true;
		}
	}
	return found;
}

/*
 * The rows that core expects of a table whose search is joined: no fewer than guesses may leave.  Of one or two rows a nested
 * loop compares each with all of another table, and takes seconds if thousands pass.  Where nothing is joined the server's
 * own estimate stays, by which LIMIT takes a share.
 */
double
loki_rows_for_joins(PlannerInfo *root, RelOptInfo *rel, double rows)
{
	List	   *others = NIL;
	Selectivity share = 1;

	if (bms_membership(root->all_baserels) != BMS_MULTIPLE || planner_rt_fetch(rel->relid, root)->inh ||
		loki_query_level(root)->wanted <= 0 || loki_usable_indexes(rel) == NIL)
		return rows;
	foreach_node(RestrictInfo, rinfo, rel->baserestrictinfo)
	{
		if (is_guess(root, rel, (Node *) rinfo))
			share *= clause_selectivity(root, (Node *) rinfo, 0, JOIN_INNER, NULL);
		else
			others = lappend(others, rinfo);
	}
	if (share <= 0 || share >= LOKI_LEAST_GUESS)
		return rows;
	return Max(rows, clamp_row_est(rel->tuples * LOKI_LEAST_GUESS *
								   clauselist_selectivity(root, others, 0, JOIN_INNER, NULL)));
}
