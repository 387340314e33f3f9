/*-------------------------------------------------------------------------
 *
 * make_expr.c
 *	  Expressions that are made for plans, besides those of makefuncs.h.
 *
 * They are what the parser would have made: operators have their functions, and no node a location.
 *
 * IDENTIFICATION
 *	  src/planner/query/make_expr.c
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
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "planner/query/distance_expr.h"
#include "planner/query/make_expr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

/*
 * What a call takes longer that reads a value of variable length, in operators.  Core costs numbers, texts and jsonb
 * as one operator each.
 */
#define LONG_VALUE_OPERATORS	5

Expr *
loki_float_const(double value)
{
	return (Expr *) makeConst(FLOAT8OID, -1, InvalidOid, sizeof(float8), Float8GetDatum(value),
							  false, FLOAT8PASSBYVAL);
}

Expr *
loki_bigint_const(int64 value)
{
	return (Expr *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(value),
							  false, FLOAT8PASSBYVAL);
}

OpExpr *
loki_make_operator(Oid opno, void *left, void *right, Oid collation)
{
	OpExpr	   *result = (OpExpr *) make_opclause(opno, get_op_rettype(opno), false, left, right,
												  InvalidOid, collation);

	set_opfuncid(result);
	Assert(OidIsValid(result->opfuncid) && OidIsValid(result->opresulttype));
	return result;
}

/* The collation of the operator stays: it is that of both sides. */
OpExpr *
loki_commuted(const OpExpr *op)
{
	OpExpr	   *result = copyObject(unconstify(OpExpr *, op));

	Assert(list_length(op->args) == 2);
	result->opno = get_commutator(op->opno);
	if (!OidIsValid(result->opno))
		return NULL;
	result->opfuncid = InvalidOid;
	set_opfuncid(result);
	result->args = list_make2(lsecond(result->args), linitial(result->args));
	return result;
}

Expr *
loki_make_call(Oid function, Oid type, List *args)
{
	return (Expr *) makeFuncExpr(function, type, args, InvalidOid, InvalidOid,
								 COERCE_EXPLICIT_CALL);
}

Expr *
loki_make_cast(Oid function, Oid type, void *arg)
{
	return (Expr *) makeFuncExpr(function, type, list_make1(arg), InvalidOid, InvalidOid,
								 COERCE_IMPLICIT_CAST);
}

Expr *
loki_make_case(void *condition, void *result, void *other)
{
	CaseExpr   *expr = makeNode(CaseExpr);
	CaseWhen   *when = makeNode(CaseWhen);

	Assert(exprType(condition) == BOOLOID && exprType(result) == exprType(other));
	when->expr = condition;
	when->result = result;
	when->location = expr->location = -1;
	expr->casetype = exprType(result);
	expr->args = list_make1(when);
	expr->defresult = other;
	return (Expr *) expr;
}

Expr *
loki_make_extreme(MinMaxOp op, void *a, void *b)
{
	MinMaxExpr *expr = makeNode(MinMaxExpr);

	Assert(exprType(a) == exprType(b));
	expr->minmaxtype = exprType(a);
	expr->op = op;
	expr->args = list_make2(a, b);
	expr->location = -1;
	return (Expr *) expr;
}

Expr *
loki_make_null_test(void *arg, NullTestType type)
{
	NullTest   *test = makeNode(NullTest);

	test->arg = arg;
	test->nulltesttype = type;
	test->location = -1;
	return (Expr *) test;
}

Expr *
loki_is_not_true(void *condition)
{
	BooleanTest *test = makeNode(BooleanTest);

	test->arg = condition;
	test->booltesttype = IS_NOT_TRUE;
	test->location = -1;
	return (Expr *) test;
}

Expr *
loki_negative(void *expr)
{
	Assert(exprType(expr) == FLOAT8OID);
	return loki_make_call(F_FLOAT8UM, FLOAT8OID, list_make1(expr));
}

/* The second value of a volatile function may be another, and a sub-plan is in a plan only once. */
bool
loki_is_repeatable(void *expr)
{
	return !contain_volatile_functions(expr) && !contain_subplans(expr);
}

List *
loki_repeatable_part(List *quals)
{
	int			n = 0;

	while (n < list_length(quals) && loki_is_repeatable(list_nth(quals, n)))
		n++;
	return list_truncate(list_copy(quals), n);
}

/*
 * Count distances, and calls that read a value of variable length; an array of ScalarArrayOpExpr is read once.  What the
 * planner's costs say of a distance is not an operator's, as it depends on settings and may be detoasting.
 */
static bool
count_work(Node *node, LokiConditionWork *work)
{
	Oid			function;
	List	   *args;
	bool		reads = false;
	bool		falling;
	QualCost	cost;

	if (node == NULL)
		return false;
	if (loki_base_distance(node, &falling) != NULL)
	{
		cost_qual_eval_node(&cost, node, NULL);
		if (cpu_operator_cost > 0)
			work->operators -= cost.per_tuple / cpu_operator_cost;
		work->distances++;
		return false;
	}
	if (loki_function_call(node, &function, &args))
		foreach_ptr(Node, arg, args)
			reads |= get_typlen(exprType(arg)) == -1;
	work->operators += reads * LONG_VALUE_OPERATORS;
	return expression_tree_walker(node, count_work, work);
}

LokiConditionWork *
loki_work_of(List *quals)
{
	LokiConditionWork *works = palloc0_array(LokiConditionWork, list_length(quals));

	foreach_ptr(Node, qual, quals)
	{
		LokiConditionWork *work = &works[foreach_current_index(qual)];
		QualCost	cost;

		cost_qual_eval_node(&cost, qual, NULL);
		work->operators = cpu_operator_cost > 0 ? cost.per_tuple / cpu_operator_cost : 1;
		(void) count_work(qual, work);
		work->operators = Max(work->operators, 0);
	}
	return works;
}

bool
loki_may_repeat(Node *count, Node *offset)
{
	return loki_is_repeatable(count) && loki_is_repeatable(offset);
}

/*
 * The outer Limit evaluates count and offset first and raises an error if one is negative.  The sum
 * raises none, however large they are.  It is made of what postgres_fdw sends to other servers: CASE,
 * but not COALESCE.
 *
 *		CASE WHEN offset > 0 THEN CASE WHEN count > 9223372036854775807 - offset
 *			THEN 9223372036854775807 ELSE count + offset END ELSE count END
 *
 * An offset that is NULL is none, and its comparison not true; a count that is NULL is all, and makes
 * the sum NULL.
 */
Node *
loki_rows_taken(Node *count, Node *offset)
{
	Expr	   *most = loki_bigint_const(PG_INT64_MAX);
	Expr	   *room;
	Expr	   *sum;

	Assert(count == NULL || exprType(count) == INT8OID);
	Assert(offset == NULL || exprType(offset) == INT8OID);
	if (offset == NULL)
		return copyObject(count);
	room = loki_make_call(F_INT8MI, INT8OID, list_make2(most, copyObject(offset)));
	sum = loki_make_call(F_INT8PL, INT8OID, list_make2(copyObject(count), copyObject(offset)));
	sum = loki_make_case(loki_make_call(F_INT8GT, BOOLOID, list_make2(copyObject(count), room)),
						 copyObject(most), sum);
	return (Node *) loki_make_case(loki_make_call(F_INT8GT, BOOLOID,
												  list_make2(copyObject(offset),
															 loki_bigint_const(0))),
								   sum, copyObject(count));
}

int64
loki_rows_taken_estimate(const FinalPathExtraData *final)
{
	if (final->count_est <= 0 || final->offset_est < 0 ||
		final->offset_est > PG_INT64_MAX - final->count_est)
		return -1;
	return final->count_est + final->offset_est;
}
