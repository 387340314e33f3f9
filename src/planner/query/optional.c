/*-------------------------------------------------------------------------
 *
 * optional.c
 *	  Conditions that may ask for nothing, as applications write them.
 *
 *		coalesce($2, tenant) = tenant
 *		tenant = CASE WHEN $2 IS NULL THEN tenant ELSE $2 END
 *		CASE WHEN $2 IS NULL THEN true ELSE tenant = $2 END
 *		(tenant = $2) IS NOT FALSE
 *
 * All say $2 IS NULL OR tenant = $2, of which slots decide (condition.c).  What is made here holds for each row
 * for which the condition does; of NULL it may hold where that does not.  What is the same for all rows is evaluated
 * once, as the scan begins, whether a row needs it or not; so nothing of that may be an error, as 10 / $2 may.
 *
 * IDENTIFICATION
 *	  src/planner/query/optional.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner/query/column_test.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"

/* A value that is one of two: the first if a condition holds, which is the same for all rows */
typedef struct Choice
{
	Node	   *when;			/* boolean; NULL: none */
	Node	   *otherwise;		/* holds where `when` does not */
	Node	   *first;
	Node	   *second;			/* NULL: nothing */
} Choice;

/* coalesce($2, column), whose first value is the same for all rows, or CASE WHEN ... THEN ... ELSE ... END */
static bool
find_choice(Node *expr, Choice *choice)
{
	expr = loki_strip_relabel(expr);
	if (!contain_var_clause(expr))
		return false;
	if (IsA(expr, CoalesceExpr))
	{
		List	   *args = ((CoalesceExpr *) expr)->args;

		/* coalesce(NULL, column) has become coalesce(column) */
		if (list_length(args) != 2 || contain_var_clause(linitial(args)))
			return false;
		*choice = (Choice) {(Node *) loki_make_null_test(linitial(args), IS_NULL), (Node *) loki_make_null_test(linitial(args), IS_NOT_NULL),
			lsecond(args), linitial(args)
		};
		return true;
	}
	if (IsA(expr, CaseExpr) && ((CaseExpr *) expr)->arg == NULL && list_length(((CaseExpr *) expr)->args) == 1)
	{
		CaseWhen   *when = linitial_node(CaseWhen, ((CaseExpr *) expr)->args);

		*choice = (Choice) {(Node *) when->expr, (Node *) loki_is_not_true(when->expr), (Node *) when->result,
			(Node *) ((CaseExpr *) expr)->defresult
		};
		return !contain_var_clause(choice->when);
	}
	return false;
}

/* Whether a part holds for all rows, or for none: true and false, and column = column, which is NULL at most */
static bool
is_sure(Node *part, bool holds)
{
	OpExpr	   *op = (OpExpr *) part;

	if (part == NULL)
		return !holds;
	if (IsA(part, Const))
		return (!((Const *) part)->constisnull && DatumGetBool(((Const *) part)->constvalue)) == holds;
	return holds && IsA(part, OpExpr) && equal(linitial(op->args), llast(op->args));
}

/* WHEN and a part that holds then */
static List *
add_arm(List *arms, Node *when, Node *part)
{
	if (is_sure(part, false))
		return arms;
	return lappend(arms, is_sure(part, true) ? when : (Node *) make_andclause(list_make2(when, part)));
}

static Node *
arms_of(const Choice *choice, Node *first, Node *second)
{
	List	   *arms = add_arm(add_arm(NIL, choice->when, first), choice->otherwise, second);

	Assert(choice->when != NULL);
	return list_length(arms) == 2 ? (Node *) make_orclause(arms) : NULL;
}

/* An operator with a choice in the place of one of its operands */
static Node *
operator_with(OpExpr *op, int place, Node *operand)
{
	if (operand == NULL)
		return NULL;
	op = copyObject(op);
	lfirst(list_nth_cell(op->args, place)) = operand;
	return (Node *) op;
}

/* check_functions_in_node callback: functions that are leakproof raise no errors */
static bool
is_not_leakproof(Oid function, void *context)
{
	return !get_func_leakproof(function);
}

/* Whether an expression without columns may be an error */
static bool
may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Const:
		case T_Param:
		case T_RelabelType:
		case T_ArrayExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_BoolExpr:
		case T_OpExpr:
		case T_FuncExpr:
		case T_ScalarArrayOpExpr:
		case T_List:
			return check_functions_in_node(node, is_not_leakproof, context) ||
				expression_tree_walker(node, may_fail, context);
		default:
			return true;
	}
}

/* expression_tree_walker callback: whether some part that is the same for all rows may be an error */
static bool
has_part_that_may_fail(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (!contain_var_clause(node))
		return may_fail(node, context);
	return expression_tree_walker(node, has_part_that_may_fail, context);
}

Node *
loki_optional_as_or(Node *clause)
{
	Choice		choice;
	Node	   *result = NULL;

	if (IsA(clause, CaseExpr) && find_choice(clause, &choice))
		result = arms_of(&choice, choice.first, choice.second);
	else if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		OpExpr	   *op = (OpExpr *) clause;

		for (int i = 0; i < 2 && result == NULL; i++)
			if (find_choice(list_nth(op->args, i), &choice))
				result = arms_of(&choice, operator_with(op, i, choice.first),
								 operator_with(op, i, choice.second));
	}
	else if (IsA(clause, BooleanTest) && ((BooleanTest *) clause)->booltesttype == IS_NOT_FALSE)
	{
		OpExpr	   *op = (OpExpr *) ((BooleanTest *) clause)->arg;

		if (IsA(op, OpExpr) && list_length(op->args) == 2 && op_strict(op->opno))
			result = (Node *) make_orclause(list_make3(loki_make_null_test(lsecond(op->args), IS_NULL),
													   loki_make_null_test(linitial(op->args), IS_NULL), op));
	}
	return result != NULL && !has_part_that_may_fail(clause, NULL) ? result : clause;
}
