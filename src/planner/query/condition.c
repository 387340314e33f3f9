/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  What slots of attributes can decide of a scan's filter.
 *
 * An index condition is a column, an operator of its operator class and a constant.  Other tests of
 * columns (column_test.c) are left to the scan's filter, which sees rows, and so are OR and AND of tests,
 * and of conditions that are the same for all rows: $2 IS NULL OR column = $2 (optional_as_or()).
 *
 *		WHERE (kind = 3 OR lang <> $1) AND length(title) > 9 ORDER BY v <-> $2
 *				ANY(kind = 3, not lang = $1), of an index on (v, kind, lang)
 *
 * These become a tree of scan keys (src/hnsw/hnsw.h, LokiCondition), which the scan tests as
 * it tests index conditions.  The condition holds for each row that passes the filter, and
 * for others too: parts that are about anything else are left out, and a part of an OR that
 * is left out takes the OR with it.  The filter is still evaluated on each row.
 *
 * No function sees a row, so security barriers are not concerned: slots are compared with
 * constants, which row-independent expressions make, as those of index conditions are.
 *
 * The tree is made once, as an executor starts, and its constants are evaluated as each scan begins: they
 * may be parameters of a nested loop or of a sub-plan.
 *
 * IDENTIFICATION
 *	  src/planner/query/condition.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner/query/column_test.h"
#include "planner/query/condition.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"

/*
 * A condition, of which a scan that begins gets a copy (evaluate_late()).  That may be smaller: $2 IS NULL OR
 * kind = 3 is either kind = 3 or nothing.
 */
typedef struct LateCondition
{
	LokiCondition made;			/* its parts are LateConditions, too */
	bool		equals_null;	/* KEY: a constant that is NULL is equal to NULL */
	ExprState  *expr;			/* KEY: its sk_argument; others: the condition, which
								 * is the same for all rows; NULL: none */
} LateCondition;

/* The conditions of a scan; in the memory of its executor */
typedef struct Conditions
{
	LateCondition *root;		/* NULL: slots decide nothing */
	ScanState  *scan;
	IndexOptInfo *columns;		/* of its index */
	ExprContext *econtext;		/* in which constants are evaluated */
} Conditions;

static LateCondition *make_condition(Conditions *conditions, Node *clause);

/* ----------------------------------------------------------------
 * Conditions that may ask for nothing, as applications write them
 * ----------------------------------------------------------------
 */

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

/* An OR of what a choice depends on, each with the part that holds then; NULL if one of these holds for no row */
static Node *
arms_of(const Choice *choice, Node *first, Node *second)
{
	Node	   *when = choice->when;
	Node	   *otherwise = choice->otherwise;

	Assert(when != NULL);
	if (is_sure(first, false) || is_sure(second, false))
		return NULL;
	if (!is_sure(first, true))
		when = (Node *) make_andclause(list_make2(when, first));
	if (!is_sure(second, true))
		otherwise = (Node *) make_andclause(list_make2(otherwise, second));
	return (Node *) make_orclause(list_make2(when, otherwise));
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

/*
 * An OR that holds for each row for which a condition does, if that is written in another way and may ask for nothing;
 * or the condition itself.
 *
 *		coalesce($2, tenant) = tenant
 *		tenant = CASE WHEN $2 IS NULL THEN tenant ELSE $2 END
 *		CASE WHEN $2 IS NULL THEN true ELSE tenant = $2 END
 *		(tenant = $2) IS NOT FALSE
 *
 * All say $2 IS NULL OR tenant = $2.  Of NULL the OR may hold where the condition does not.  What is the same for all
 * rows is evaluated once, as the scan begins, whether a row needs it or not; so nothing of that may be an error, as
 * 10 / $2 may.
 */
static Node *
optional_as_or(Node *clause)
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

/* ----------------------------------------------------------------
 * A tree of tests
 * ----------------------------------------------------------------
 */

/*
 * AND or OR of clauses; NULL if slots decide nothing of it.  A part of an AND may be left out, for the
 * rest still holds for each row that passes.  A part of an OR may not: a row may pass by that alone.
 */
static LateCondition *
make_and_or(Conditions *conditions, List *clauses, LokiConditionKind kind)
{
	LateCondition *condition = palloc0_object(LateCondition);

	Assert(kind == LOKI_CONDITION_ALL || kind == LOKI_CONDITION_ANY);
	condition->made.kind = kind;
	condition->made.parts = palloc_array(LokiCondition *, Max(list_length(clauses), 1));
	foreach_ptr(Node, clause, clauses)
	{
		LateCondition *part = make_condition(conditions, clause);

		if (part != NULL)
			condition->made.parts[condition->made.nparts++] = &part->made;
		else if (kind == LOKI_CONDITION_ANY)
			return NULL;
	}
	return condition->made.nparts > 0 ? condition : NULL;
}

/*
 * The condition of a clause; NULL if slots decide nothing of it.  Whatever else the planner may write,
 * as a function call or a join clause, is left to the filter.
 */
static LateCondition *
make_condition(Conditions *conditions, Node *clause)
{
	LateCondition *condition;
	LokiColumnTest test;

	check_stack_depth();

	/*
	 * the same for all rows, such as $2 IS NULL: an AND without parts holds always, and an OR without parts
	 * never.  evaluate_late() finds out which.
	 */
	if (loki_is_constant(clause, conditions->columns->rel->relid))
	{
		condition = palloc0_object(LateCondition);
		condition->made.kind = LOKI_CONDITION_ALL;
		condition->expr = ExecInitExpr((Expr *) clause, &conditions->scan->ps);
		return condition;
	}
	clause = optional_as_or(clause);
	if (is_andclause(clause) || is_orclause(clause))
		return make_and_or(conditions, ((BoolExpr *) clause)->args,
						   is_andclause(clause) ? LOKI_CONDITION_ALL : LOKI_CONDITION_ANY);
	/* a test of one attribute, as a scan key; the first column is the vector */
	if (!loki_column_test(conditions->columns, clause, &test) || test.column == 0)
		return NULL;
	condition = palloc0_object(LateCondition);
	condition->made.kind = LOKI_CONDITION_KEY;
	condition->made.negated = test.negated;
	condition->made.nulls = test.nulls;
	condition->made.key.sk_attno = test.column + 1;
	condition->made.key.sk_flags = test.flags;
	condition->made.key.sk_strategy = (StrategyNumber) test.strategy;
	condition->made.key.sk_subtype = test.subtype;
	condition->made.key.sk_collation = test.collation;
	condition->equals_null = test.equals_null;
	condition->expr = ExecInitExpr((Expr *) test.constant, &conditions->scan->ps);
	return condition;
}

/* See condition.h: a condition that make_condition() makes without leaving anything out. */
bool
loki_slots_decide(const IndexOptInfo *info, Node *clause)
{
	LokiColumnTest test;

	check_stack_depth();
	if (loki_is_constant(clause, info->rel->relid))
		return true;
	clause = optional_as_or(clause);
	if (!is_andclause(clause) && !is_orclause(clause))
		return loki_column_test(info, clause, &test) && test.column > 0;
	foreach_ptr(Node, part, ((BoolExpr *) clause)->args)
		if (!loki_slots_decide(info, part))
		return false;
	return true;
}

/*
 * A condition with its constants.  Those of an OR are evaluated in turn, and no more if one is true, as
 * in the executor: $2 = '' OR tenant = $2::int.  A part that decides the whole takes its place; so does
 * one that is left alone.
 */
static LokiCondition *
evaluate_late(Conditions *conditions, const LateCondition *late)
{
	LokiCondition *condition = palloc_object(LokiCondition);
	Datum		value = 0;
	bool		isnull = false;

	*condition = late->made;
	if (late->expr != NULL)
		value = ExecEvalExprSwitchContext(late->expr, conditions->econtext, &isnull);
	if (condition->kind == LOKI_CONDITION_KEY)
	{
		condition->key.sk_argument = value;
		if (isnull)
			condition->key.sk_flags |= SK_ISNULL | (late->equals_null ? SK_SEARCHNULL : 0);
		return condition;
	}
	if (late->expr != NULL && (isnull || !DatumGetBool(value)))
		condition->kind = LOKI_CONDITION_ANY;
	condition->parts = palloc_array(LokiCondition *, Max(late->made.nparts, 1));
	condition->nparts = 0;
	for (int i = 0; i < late->made.nparts; i++)
	{
		LokiCondition *part = evaluate_late(conditions, (LateCondition *) late->made.parts[i]);

		/* one without parts holds for all rows (ALL), or for none (ANY) */
		if (part->kind == LOKI_CONDITION_KEY || part->nparts > 0)
			condition->parts[condition->nparts++] = part;
		else if (part->kind != condition->kind)
			return part;
	}
	return condition->nparts == 1 ? condition->parts[0] : condition;
}

/* LokiScanCaller's callback: the result is good until the next call, as memory is reset by that */
static LokiCondition *
evaluate_condition(LokiScanCaller *caller)
{
	Conditions *conditions = caller->conditions;
	MemoryContext old;
	LokiCondition *condition;

	ResetExprContext(conditions->econtext);
	old = MemoryContextSwitchTo(conditions->econtext->ecxt_per_tuple_memory);
	condition = evaluate_late(conditions, conditions->root);
	MemoryContextSwitchTo(old);
	return condition;
}

/* The plan's filter is an implicit AND.  The index stays open as long as the scan. */
void
loki_condition_attach(LokiScanCaller *caller, ScanState *scan, Relation index)
{
	Conditions *conditions = palloc0_object(Conditions);

	Assert(loki_is_hnsw_index(index) && caller->conditions == NULL);
	conditions->scan = scan;
	conditions->columns = loki_index_columns(index, ((Scan *) scan->ps.plan)->scanrelid);
	conditions->root = make_and_or(conditions, scan->ps.plan->qual, LOKI_CONDITION_ALL);
	if (conditions->root == NULL)
		return;
	conditions->econtext = CreateExprContext(scan->ps.state);
	caller->conditions = conditions;
	caller->condition = evaluate_condition;
}

typedef struct FilterOnce
{
	ExprState  *filter;
	const bool *passed;
} FilterOnce;

/* ExprStateEvalFunc */
static Datum
evaluate_once(ExprState *state, ExprContext *econtext, bool *isnull)
{
	const FilterOnce *once = state->evalfunc_private;

	*isnull = false;
	return BoolGetDatum(*once->passed || ExecQual(once->filter, econtext));
}

/*
 * See condition.h.  Gap P38: the executor evaluates the filter on all rows of a scan; no version lets a scan do it;
 * sql/planner_row_filter.
 */
ExprState *
loki_filter_once(ExprState *filter, const bool *passed)
{
	ExprState  *state = makeNode(ExprState);
	FilterOnce *once = palloc_object(FilterOnce);

	/* ExecQual() asks no more of one than this (P38) */
	Assert((filter->flags & EEO_FLAG_IS_QUAL) != 0 && filter->resultslot == NULL);
	*once = (FilterOnce) {filter, passed};
	state->flags = EEO_FLAG_IS_QUAL;
	state->evalfunc = evaluate_once;
	state->evalfunc_private = once;
	return state;
}
