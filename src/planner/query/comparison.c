/*-------------------------------------------------------------------------
 *
 * comparison.c
 *	  Conditions of a scan's filter that an attribute could decide, if the index had it.
 *
 * Only conditions that must hold are looked at, not parts of an OR.  Whether hnsw has the
 * operator is left to who reads them.
 *
 * IDENTIFICATION
 *	  src/planner/query/comparison.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "optimizer/optimizer.h"
#include "planner/query/condition.h"
#include "planner/query/index_clause.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/* The number of the column that an operand is; 0 if it is none */
static AttrNumber
column_of(Node *operand, Index relid)
{
	Var		   *var = (Var *) loki_strip_relabel(operand);

	return IsA(var, Var) && var->varno == (int) relid ? Max(var->varattno, 0) : 0;
}

/* column op x, or x op column */
static bool
find_operands(OpExpr *op, Index relid, LokiComparison *comparison)
{
	Node	   *first = linitial(op->args);
	Node	   *second;

	if (list_length(op->args) != 2)
		return false;
	second = lsecond(op->args);
	comparison->column = column_of(first, relid);
	comparison->operator = op->opno;
	if (comparison->column == 0)
	{
		comparison->column = column_of(second, relid);
		comparison->operator = get_commutator(op->opno);
		second = first;
	}
	return OidIsValid(comparison->operator) && !contain_var_clause(second);
}

/* What a clause compares; false if that is no column, or not with a constant. */
static bool
find_comparison(Node *clause, Index relid, LokiComparison *comparison)
{
	comparison->column = 0;
	if (IsA(clause, OpExpr))
	{
		if (!find_operands((OpExpr *) clause, relid, comparison))
			return false;
	}
	else if (IsA(clause, ScalarArrayOpExpr))
	{
		ScalarArrayOpExpr *op = (ScalarArrayOpExpr *) clause;

		if (!op->useOr || contain_var_clause(lsecond(op->args)))
			return false;
		comparison->column = column_of(linitial(op->args), relid);
		comparison->operator = op->opno;
	}
	else
	{
		if (IsA(clause, BoolExpr) && ((BoolExpr *) clause)->boolop == NOT_EXPR)
			clause = linitial(((BoolExpr *) clause)->args);
		comparison->column = IsA(clause, Var) ? column_of(clause, relid) : 0;
		comparison->operator = BooleanEqualOperator;
	}
	return comparison->column > 0;
}

static bool
has_column(Relation index, AttrNumber column)
{
	for (int i = 0; i < index->rd_index->indnkeyatts; i++)
		if (index->rd_index->indkey.values[i] == column)
			return true;
	return false;
}

/* Whether comparison n is one of those before it */
static bool
is_repeated(const LokiComparison *comparisons, int n)
{
	for (int i = 0; i < n; i++)
		if (comparisons[i].column == comparisons[n].column &&
			comparisons[i].operator == comparisons[n].operator)
			return true;
	return false;
}

int
loki_filter_comparisons(const Scan *plan, Relation index, LokiComparison *comparisons, int most)
{
	ListCell   *lc;
	int			n = 0;

	foreach(lc, plan->plan.qual)
	{
		if (n < most && find_comparison(lfirst(lc), plan->scanrelid, &comparisons[n]) &&
			!has_column(index, comparisons[n].column) && !is_repeated(comparisons, n))
			n++;
	}
	return n;
}
