/*-------------------------------------------------------------------------
 *
 * condition.c
 *	  What slots of attributes can decide of a scan's filter.
 *
 * An index condition is a column, an operator of its operator class and a constant.  Other
 * clauses about attributes are left to the scan's filter, which sees rows:
 *
 *		column <> x, column <> ALL (x), column IS [NOT] DISTINCT FROM x
 *		OR and AND of these and of what could be index conditions
 *		... and of conditions that are the same for all rows: $2 IS NULL OR column = $2 (optional.c)
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

#include "access/stratnum.h"
#include "catalog/pg_operator.h"
#include "compat/pgcompat.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "planner/query/condition.h"
#include "planner/query/index_clause.h"
#include "planner/query/make_expr.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

/*
 * A condition, of which a scan that begins gets a copy (evaluate()).  That may be smaller: $2 IS NULL OR
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
	Index		relid;			/* of the table, in the clauses */
	Relation	index;			/* stays open as long as the scan */
	List	   *expressions;	/* of the index's columns that have one */
	ExprContext *econtext;		/* in which constants are evaluated */
} Conditions;

static LateCondition *make_condition(Conditions *conditions, Node *clause);

/*
 * The attribute number of the index for an operand; 0 if it is no attribute.  This is
 * match_index_to_operand() for an executor, which has no IndexOptInfo.
 */
static AttrNumber
find_attribute(const Conditions *conditions, Node *operand)
{
	Form_pg_index index = conditions->index->rd_index;
	ListCell   *expression = list_head(conditions->expressions);

	while (operand != NULL && IsA(operand, RelabelType))
		operand = (Node *) ((RelabelType *) operand)->arg;
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		AttrNumber	column = index->indkey.values[i];
		bool		same;

		if (column == 0)
		{
			same = equal(operand, lfirst(expression));
			expression = lnext(conditions->expressions, expression);
		}
		else
			same = IsA(operand, Var) && ((Var *) operand)->varno == (int) conditions->relid &&
				((Var *) operand)->varattno == column;
		/* the first column is the vector */
		if (same && i > 0)
			return i + 1;
	}
	return 0;
}

/* A condition on one attribute, without operator and constant */
static LateCondition *
make_key(AttrNumber attribute, int flags)
{
	LateCondition *condition = palloc0_object(LateCondition);

	Assert(attribute > 1);		/* the first column is the vector */
	condition->made.kind = LOKI_CONDITION_KEY;
	condition->made.key.sk_attno = attribute;
	condition->made.key.sk_flags = flags;
	return condition;
}

/*
 * Whether an expression depends on no row, and no sub-plan.  Parameters are constants here, those of
 * outer rows too.  A volatile function would have another value in the filter.
 */
static bool
is_constant(Node *expr)
{
	return !contain_var_clause(expr) && loki_is_repeatable(expr);
}

/*
 * column op x, or column op ANY (x).  With `other`, of an operator that is no index
 * condition, and is the negator of an equality that is one: column <> x, or <> ALL (x).
 *
 * Negators of <, as >=, are index conditions by themselves, so that only equality is negated.
 */
static LateCondition *
make_comparison(Conditions *conditions, Oid op, Oid collation, Node *column, Node *x,
				int flags, bool other)
{
	AttrNumber	attribute = find_attribute(conditions, column);
	LateCondition *condition;
	Oid			family;
	Oid			left;
	Oid			right;
	int			strategy;

	if (attribute == 0 || !OidIsValid(op) || !is_constant(x))
		return NULL;
	family = conditions->index->rd_opfamily[attribute - 1];
	if (other)
		op = get_negator(op);
	if (!OidIsValid(op) || !op_in_opfamily(op, family))
		return NULL;
	get_op_opfamily_properties(op, family, false, &strategy, &left, &right);
	if (other && strategy != BTEqualStrategyNumber)
		return NULL;

	Assert(OidIsValid(right) && strategy > 0);
	condition = make_key(attribute, flags);
	condition->made.negated = other;
	condition->made.key.sk_strategy = (StrategyNumber) strategy;
	condition->made.key.sk_subtype = right;
	condition->made.key.sk_collation = collation;
	condition->expr = ExecInitExpr((Expr *) x, &conditions->scan->ps);
	return condition;
}

/*
 * An operator of two operands, either of which may be the column.  IS DISTINCT FROM (`distinct`) is a node
 * of the same kind, of which NULL on one side makes true and not NULL.
 */
static LateCondition *
make_operator(Conditions *conditions, OpExpr *op, bool distinct)
{
	LateCondition *condition;

	if (list_length(op->args) != 2 || (find_attribute(conditions, linitial(op->args)) == 0 &&
									   (op = loki_commuted(op)) == NULL))
		return NULL;
	condition = make_comparison(conditions, op->opno, op->inputcollid, linitial(op->args),
								lsecond(op->args), 0, false);
	if (!distinct)
		return condition != NULL ? condition :
			make_comparison(conditions, op->opno, op->inputcollid, linitial(op->args),
							lsecond(op->args), 0, true);

	/* of a DistinctExpr the operator is equality */
	if (condition == NULL || condition->made.key.sk_strategy != BTEqualStrategyNumber)
		return NULL;
	condition->made.negated = condition->made.nulls = true;
	return condition;
}

/* column op ANY (array), column <> ALL (array), x = ANY (column); the last is column @> ARRAY[x] */
static LateCondition *
make_any(Conditions *conditions, ScalarArrayOpExpr *op)
{
	Node	   *column = loki_strip_relabel(lsecond(op->args));

	if (op->useOr && find_attribute(conditions, column) != 0)
	{
		Node	   *array = loki_array_of_element(op, getBaseType(exprType(column)));

		return array == NULL ? NULL :
			make_comparison(conditions, OID_ARRAY_CONTAINS_OP, op->inputcollid, column, array,
							0, false);
	}
	return make_comparison(conditions, op->opno, op->inputcollid, linitial(op->args),
						   lsecond(op->args), SK_SEARCHARRAY, !op->useOr);
}

/* A boolean column that is a value, or is anything else: a DistinctExpr with a constant */
static LateCondition *
make_boolean(Conditions *conditions, Node *column, bool value, bool negated)
{
	LateCondition *condition = make_comparison(conditions, BooleanEqualOperator, InvalidOid,
											   column, makeBoolConst(value, false), 0, false);

	if (condition != NULL)
		condition->made.negated = condition->made.nulls = negated;
	return condition;
}

/* column IS [NOT] NULL */
static LateCondition *
make_null_test(Conditions *conditions, Node *column, bool isnull)
{
	AttrNumber	attribute = find_attribute(conditions, column);

	return attribute == 0 ? NULL :
		make_key(attribute, SK_ISNULL | (isnull ? SK_SEARCHNULL : SK_SEARCHNOTNULL));
}

/* column IS [NOT] TRUE, FALSE or UNKNOWN.  Slots know NULL apart from both values, so that all six are decided. */
static LateCondition *
make_boolean_test(Conditions *conditions, BooleanTest *test)
{
	Node	   *column = (Node *) test->arg;

	switch (test->booltesttype)
	{
		case IS_TRUE:
		case IS_NOT_TRUE:
			return make_boolean(conditions, column, true, test->booltesttype == IS_NOT_TRUE);
		case IS_FALSE:
		case IS_NOT_FALSE:
			return make_boolean(conditions, column, false, test->booltesttype == IS_NOT_FALSE);
		default:
			return make_null_test(conditions, column, test->booltesttype == IS_UNKNOWN);
	}
}

/*
 * AND or OR of clauses; NULL if slots decide nothing of it.  A part of an AND may be left out, for the
 * rest still holds for each row that passes.  A part of an OR may not: a row may pass by that alone.
 */
static LateCondition *
make_list(Conditions *conditions, List *clauses, LokiConditionKind kind)
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
 * NOT of a boolean column; AND; OR; and column IS NOT DISTINCT FROM x, which the parser writes as NOT (column IS
 * DISTINCT FROM x).  Core has moved NOT below AND and OR.
 */
static LateCondition *
make_bool_expr(Conditions *conditions, BoolExpr *expr)
{
	Node	   *first = linitial(expr->args);
	LateCondition *same;

	if (expr->boolop != NOT_EXPR)
		return make_list(conditions, expr->args, expr->boolop == AND_EXPR ?
						 LOKI_CONDITION_ALL : LOKI_CONDITION_ANY);
	if (!IsA(first, DistinctExpr))
		return make_boolean(conditions, first, false, false);
	same = make_operator(conditions, (OpExpr *) first, true);
	if (same != NULL)
	{
		same->made.negated = same->made.nulls = false;
		same->equals_null = true;
	}
	return same;
}

/*
 * The condition of a clause; NULL if slots decide nothing of it.  Whatever else the planner may write,
 * as a function call or a join clause, is left to the filter.
 */
static LateCondition *
make_condition(Conditions *conditions, Node *clause)
{
	check_stack_depth();

	/*
	 * the same for all rows, such as $2 IS NULL: an AND without parts holds always, and an OR without parts
	 * never.  evaluate() finds out which.
	 */
	if (is_constant(clause))
	{
		LateCondition *condition = palloc0_object(LateCondition);

		condition->made.kind = LOKI_CONDITION_ALL;
		condition->expr = ExecInitExpr((Expr *) clause, &conditions->scan->ps);
		return condition;
	}
	clause = loki_optional_as_or(clause);
	switch (nodeTag(clause))
	{
		case T_OpExpr:
			return make_operator(conditions, (OpExpr *) clause, false);
		case T_DistinctExpr:
			return make_operator(conditions, (OpExpr *) clause, true);
		case T_ScalarArrayOpExpr:
			return make_any(conditions, (ScalarArrayOpExpr *) clause);
		case T_NullTest:
			return make_null_test(conditions, (Node *) ((NullTest *) clause)->arg,
								  ((NullTest *) clause)->nulltesttype == IS_NULL);
		case T_BooleanTest:
			return make_boolean_test(conditions, (BooleanTest *) clause);
		case T_BoolExpr:
			return make_bool_expr(conditions, (BoolExpr *) clause);
		case T_Var:
			return make_boolean(conditions, clause, true, false);
		default:
			return NULL;
	}
}

/* Whether a condition holds for all rows (ALL), or for none (ANY) */
static bool
is_decided_as(const LokiCondition *condition, LokiConditionKind kind)
{
	return condition->kind == kind && condition->nparts == 0;
}

/*
 * A condition with its constants.  Those of an OR are evaluated in turn, and no more if one is true, as
 * in the executor: $2 = '' OR tenant = $2::int.  A part that decides the whole takes its place; so does
 * one that is left alone.
 */
static LokiCondition *
evaluate(Conditions *conditions, const LateCondition *late)
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
		LokiCondition *part = evaluate(conditions, (LateCondition *) late->made.parts[i]);

		if (is_decided_as(part, condition->kind == LOKI_CONDITION_ALL ?
						  LOKI_CONDITION_ANY : LOKI_CONDITION_ALL))
			return part;
		if (!is_decided_as(part, condition->kind))
			condition->parts[condition->nparts++] = part;
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
	condition = evaluate(conditions, conditions->root);
	MemoryContextSwitchTo(old);
	return condition;
}

/*
 * Expressions of an index have varno 1 in the relation cache, and those of the plan the table's number
 * in the range table.  The plan's filter is an implicit AND.
 */
void
loki_condition_attach(LokiScanCaller *caller, ScanState *scan, Relation index)
{
	Conditions *conditions = palloc0_object(Conditions);

	Assert(loki_is_hnsw_index(index) && caller->conditions == NULL);
	conditions->scan = scan;
	conditions->relid = ((Scan *) scan->ps.plan)->scanrelid;
	conditions->index = index;
	conditions->expressions = copyObject(RelationGetIndexExpressions(index));
	if (conditions->relid != 1)
		ChangeVarNodes((Node *) conditions->expressions, 1, (int) conditions->relid, 0);
	conditions->root = make_list(conditions, scan->ps.plan->qual, LOKI_CONDITION_ALL);
	if (conditions->root == NULL)
		return;
	conditions->econtext = CreateExprContext(scan->ps.state);
	caller->conditions = conditions;
	caller->condition = evaluate_condition;
}
