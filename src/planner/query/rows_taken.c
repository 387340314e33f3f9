/*-------------------------------------------------------------------------
 *
 * rows_taken.c
 *	  The rows that a Limit takes, as an expression.
 *
 * IDENTIFICATION
 *	  src/planner/query/rows_taken.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "planner/query/rows_taken.h"
#include "utils/fmgroids.h"

Node *
loki_bigint_const(int64 value)
{
	return (Node *) makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(value),
							  false, FLOAT8PASSBYVAL);
}

/* A call of a function of two bigints, which are copied */
Node *
loki_bigint_call(Oid function, Oid type, Node *left, Node *right)
{
	return (Node *) makeFuncExpr(function, type,
								 list_make2(copyObject(left), copyObject(right)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* CASE WHEN condition THEN result ELSE other END */
static Node *
bigint_case(Node *condition, Node *result, Node *other)
{
	CaseExpr   *expr = makeNode(CaseExpr);
	CaseWhen   *when = makeNode(CaseWhen);

	when->expr = (Expr *) condition;
	when->result = (Expr *) result;
	when->location = -1;
	expr->casetype = INT8OID;
	expr->args = list_make1(when);
	expr->defresult = (Expr *) copyObject(other);
	expr->location = -1;
	return (Node *) expr;
}

/*
 * How many rows a Limit takes, including those that it skips: a bigint expression that is
 * NULL, or very large, for all rows.  The outer Limit evaluates count and offset first
 * and raises an error if one is negative.  The sum raises none, however large they are.
 * It is made of what postgres_fdw sends to other servers: CASE, but not COALESCE.
 */
Node *
loki_rows_taken(Node *count, Node *offset)
{
	Node	   *most = loki_bigint_const(PG_INT64_MAX);
	Node	   *sum;

	if (offset == NULL)
		return copyObject(count);
	sum = bigint_case(loki_bigint_call(F_INT8GT, BOOLOID, count,
									   loki_bigint_call(F_INT8MI, INT8OID, most, offset)),
					  most, loki_bigint_call(F_INT8PL, INT8OID, count, offset));
	return bigint_case(loki_bigint_call(F_INT8GT, BOOLOID, offset, loki_bigint_const(0)),
					   sum, count);
}
